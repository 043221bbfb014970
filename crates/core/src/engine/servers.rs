//! What servers tell: applied to state first, without opinions; then banners and counts follow.

use crate::activity::DecisionKind;
use crate::effect::{Effect, Effects, Fetch};
use crate::engine::{Engine, Server};
use crate::event::{Connection, Event, Fetched, Snapshot, ThreadReadChanged, ThreadUpdated};
use crate::ids::{ChannelId, ServerId};
use crate::problem::ProblemKind;
use crate::state::ServerState;
use crate::state::channel::{ChannelPrefs, ChannelState, Conversation};
use crate::state::threads::Before;
use crate::time::Now;
use crate::view::{BannerKind, Health};

/// "Last heard" is shown to this precision, so that a busy server does not repaint windows with every frame.
const HEARD_PRECISION_MS: i64 = 10_000;

impl Engine {
    pub(super) fn on_event(&mut self, now: &Now, id: ServerId, event: Event<'_>, out: &mut Effects) {
        if !self.servers.contains_key(&id) {
            return;
        }
        if !matches!(event, Event::Heard) {
            self.dirty |= self.note_settings(id, &event) | self.note_channels(id, &event);
            self.test_received(now, id, &event);
        }
        let Some(server) = self.servers.get_mut(&id) else { return };
        let wall = now.wall_ms();
        if !matches!(event, Event::Connection(_))
            && wall.saturating_sub(server.last_heard_ms).abs() >= HEARD_PRECISION_MS
        {
            server.last_heard_ms = wall;
            self.dirty = true;
        }
        if matches!(
            event,
            Event::PostUnread(_)
                | Event::ChannelsViewed(_)
                | Event::ThreadUpdated(_)
                | Event::ThreadReadChanged(_)
                | Event::ThreadFollowChanged { .. }
                | Event::ChannelUpdated { .. }
                | Event::ChannelDeleted { .. }
                | Event::ChannelRestored(_)
                | Event::MemberUpdated(_)
                | Event::JoinedChannel { .. }
                | Event::LeftChannel { .. }
        ) {
            server.counts_check.moved(now);
        }
        if matches!(event, Event::ThreadUpdated(_) | Event::ThreadReadChanged(_) | Event::ThreadFollowChanged { .. }) {
            server.thread_totals.moved(now);
        }
        match event {
            Event::Connection(connection) => self.on_connection(now, id, connection, out),
            Event::Snapshot(snapshot) => self.on_snapshot(now, id, *snapshot, out),
            Event::Posted(posted) => self.on_posted(now, id, posted, out),
            Event::PersistentNotification(posted) => self.on_persistent(now, id, posted, out),
            // The server does not count an ephemeral message, and the official client's phantom unread is a defect (notifications §4.5).
            Event::Heard | Event::EphemeralMessage(_) => {}
            Event::PostEdited(post) => self.on_post_edited(now, id, &post, out),
            Event::PostDeleted(post) => self.on_post_deleted(now, id, &post, out),
            Event::PostUnread(event) => {
                self.dirty = true;
                let missing = server.state.apply_post_unread(&event);
                if missing {
                    self.ask(id, Fetch::Member(event.channel_id), out);
                }
            }
            Event::ChannelsViewed(viewed) => {
                for (channel, at_ms) in viewed {
                    self.on_channel_viewed(now, id, channel, at_ms, out);
                }
            }
            Event::ThreadUpdated(update) => self.on_thread_updated(now, id, *update, out),
            Event::ThreadReadChanged(change) => self.on_thread_read(now, id, &change, out),
            Event::ThreadFollowChanged { thread_id, team_id, following, reply_count: _ } => {
                self.dirty = true;
                if following {
                    server.state.threads.follow(thread_id, team_id);
                } else {
                    server.state.threads.forget(thread_id);
                    self.retract(
                        now,
                        |other, place| other == id && place.is_some_and(|place| place.thread == Some(thread_id)),
                        out,
                    );
                }
                self.ask(id, Fetch::ThreadTotals, out);
            }
            Event::ChannelUpdated { channel_id, channel } => {
                self.dirty = true;
                match channel {
                    Some(channel) => server.state.apply_channel(&channel),
                    None => self.ask(id, Fetch::Channel(channel_id), out),
                }
            }
            Event::ChannelDeleted { channel_id, delete_at } => {
                self.dirty = true;
                server.state.set_deleted(channel_id, delete_at.max(1));
                self.retract_channel(now, id, channel_id, out);
            }
            Event::ChannelRestored(channel_id) => {
                self.dirty = true;
                server.state.set_deleted(channel_id, 0);
            }
            Event::MemberUpdated(member) => {
                if member.user_id.is_none() || member.user_id == server.state.me_id() {
                    self.dirty = true;
                    let fetch = !server.state.channels.contains_key(&member.channel_id);
                    server.state.apply_member(&member);
                    if fetch {
                        self.ask(id, Fetch::Channel(member.channel_id), out);
                    }
                }
            }
            Event::JoinedChannel { channel_id, user_id } => {
                if user_id.is_some() && user_id != server.state.me_id() {
                    return;
                }
                self.dirty = true;
                // Until the server answers: nothing counted, default preferences (notifications §4.5).
                let state = server.state.channels.entry(channel_id).or_insert_with(ChannelState::unknown);
                if state.prefs.is_none() {
                    state.prefs = Some(Box::new(ChannelPrefs::default()));
                }
                self.ask(id, Fetch::Channel(channel_id), out);
            }
            Event::LeftChannel { channel_id, user_id } => {
                if user_id.is_some() && user_id != server.state.me_id() {
                    return;
                }
                self.dirty = true;
                server.state.drop_channel(channel_id);
                self.retract_channel(now, id, channel_id, out);
            }
            Event::JoinedTeam { team_id: _, user_id } => {
                if user_id.is_none() || user_id == server.state.me_id() {
                    self.ask(id, Fetch::Everything, out);
                }
            }
            Event::LeftTeam { team_id: team, user_id } => {
                if user_id.is_some() && user_id != server.state.me_id() {
                    return;
                }
                self.dirty = true;
                let channels: Vec<ChannelId> = server
                    .state
                    .channels
                    .iter()
                    .filter(|(_, channel)| channel.team_id == Some(team))
                    .map(|(id, _)| *id)
                    .collect();
                server.state.drop_team(team);
                self.retract(
                    now,
                    |other, place| other == id && place.is_some_and(|place| channels.contains(&place.channel)),
                    out,
                );
            }
            Event::UserUpdated(user) => {
                self.dirty = true;
                if let Some(fetch) = server.state.apply_user(*user) {
                    self.ask(id, fetch, out);
                }
            }
            Event::StatusChanged { user_id, status } => {
                if server.state.me_id() == Some(user_id) && server.state.status.as_ref() != Some(&status) {
                    server.state.status = Some(status);
                    self.dirty = true;
                }
            }
            Event::PreferencesChanged(preferences) => {
                // Names for people may have changed.
                self.dirty = true;
                if server.state.apply_preferences(&preferences) {
                    self.ask(id, Fetch::Everything, out);
                }
            }
            Event::PreferencesDeleted(preferences) => {
                self.dirty = true;
                if server.state.delete_preferences(&preferences) {
                    self.ask(id, Fetch::Everything, out);
                }
            }
            Event::ConfigChanged(config) => {
                self.dirty = true;
                if server.state.apply_config(*config) {
                    self.ask(id, Fetch::Everything, out);
                }
            }
            Event::LicenseChanged(license) => server.state.license = license,
            Event::Call(call) => self.on_call(now, id, call, out),
            Event::Fetched(Fetched::Missed(missed)) => {
                server.asked.retain(|fetch| !matches!(fetch, Fetch::Missed(_)));
                self.on_missed(now, id, *missed, out);
            }
            Event::Fetched(Fetched::UnreadSums(sums)) => self.on_unread_sums(now, id, &sums, out),
            Event::Fetched(fetched) => self.on_fetched(now, id, fetched, out),
            Event::Written { number, outcome } => self.on_written(now, id, number, outcome, out),
            Event::CountsDue => self.on_counts_due(now, id, out),
        }
    }

    fn on_connection(&mut self, now: &Now, id: ServerId, connection: Connection, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let was_signed_out = server.signed_out;
        let (health, signed_out) = match connection {
            // A server that is merely unreachable is not signed out: it keeps its numbers.
            Connection::Connecting => (Health::Connecting, was_signed_out),
            Connection::Live { version } => {
                self.dirty |= server.version != version;
                server.version = version;
                server.last_heard_ms = now.wall_ms();
                (Health::Live, false)
            }
            Connection::Waiting { reason, retry_in_ms } => {
                server.asked.clear();
                let retry_at_ms = now.wall_ms().saturating_add(i64::try_from(retry_in_ms).unwrap_or(i64::MAX));
                (Health::Waiting { reason, retry_at_ms }, was_signed_out)
            }
            Connection::SignedOut { reason } => (Health::SignedOut { reason }, true),
            Connection::NotSignedIn => (Health::NotSignedIn, true),
            Connection::Failed { reason } => {
                server.asked.clear();
                (Health::Failed { reason }, was_signed_out)
            }
        };
        let expired = signed_out && !was_signed_out && matches!(health, Health::SignedOut { .. });
        if signed_out {
            // Counters are cleared on logout (notifications §4.6).
            server.state = ServerState::default();
            server.calls = super::calls::Calls::default();
            server.asked.clear();
            server.session = super::session_life::Session::default();
            server.catching = None;
            server.saves.forget();
            server.before_gap = None;
            server.passed.clear();
        }
        let was_live = server.health == Health::Live;
        if server.health != health || server.signed_out != signed_out {
            self.dirty = true;
        }
        server.health = health;
        server.signed_out = signed_out;
        if signed_out {
            self.parked.retain(|parked| parked.server != id);
            self.retract(now, |other, place| other == id && place.is_some(), out);
        } else if was_signed_out {
            self.take_signed_out_card(now, id);
        }
        if expired {
            self.announce_signed_out(now, id, out);
        }
        if self.servers.get(&id).is_some_and(|server| matches!(server.health, Health::Failed { .. })) {
            self.fail_writes(id, "the connection ended meanwhile");
        }
        if let Some(server) = self.servers.get_mut(&id) {
            server.anew = super::parking::Anew::default();
        }
        if self.servers.get(&id).is_some_and(|server| server.health == Health::Live) {
            self.no_gap(id);
            self.resume_catch_up(id, out);
        } else if was_live {
            self.gap_begins(id);
        }
    }

    fn on_snapshot(&mut self, now: &Now, id: ServerId, mut snapshot: Snapshot, out: &mut Effects) {
        let before = self.held_before(id);
        let taken_at_ms = snapshot.taken_at_ms;
        let Some(server) = self.servers.get_mut(&id) else { return };
        let calls = snapshot.calls.take();
        server.asked.clear();
        server.read_partly.clear();
        server.state.apply_snapshot(snapshot);
        server.counts_check.loaded(now);
        server.thread_totals.loaded(now, server.state.crt() && !server.state.threads.is_complete());
        self.dirty = true;
        if let Some(calls) = calls {
            self.on_calls_setup(now, id, calls, out);
        }
        self.decide_waiting_for(now, id, out);
        self.decide_waiting_calls(now, id, out);
        self.begin_catch_up(now, id, before.as_ref(), taken_at_ms, out);
        self.settings_are_known(now, id, out);
        self.ask_for_session(now, id, out);
    }

    fn on_channel_viewed(
        &mut self,
        now: &Now,
        id: ServerId,
        channel: ChannelId,
        at_ms: Option<i64>,
        out: &mut Effects,
    ) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        if !server.state.mark_channel_read(channel, at_ms) {
            server.read_partly.insert(channel);
            self.ask(id, Fetch::Channel(channel), out);
            return;
        }
        self.channel_is_read(now, id, channel, out);
    }

    fn channel_is_read(&mut self, now: &Now, id: ServerId, channel: ChannelId, out: &mut Effects) {
        let state = self.servers.get_mut(&id).and_then(|server| server.state.channels.get_mut(&channel));
        if let Some(state) = state {
            state.read_elsewhere = Some(now.mono);
        }
        self.dirty = true;
        self.read_along(now, id, |place| place.channel == channel && place.thread.is_none(), out);
        // With collapsed threads, reading a channel reads no thread.
        self.retract(
            now,
            |other, place| other == id && place.is_some_and(|place| place.channel == channel && place.thread.is_none()),
            out,
        );
    }

    fn on_thread_updated(&mut self, now: &Now, id: ServerId, update: ThreadUpdated, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let ThreadUpdated { thread, team_id, previous_unread_replies, previous_unread_mentions } = update;
        let root = thread.id;
        let replies = thread.unread_replies;
        let told =
            previous_unread_replies.map(|replies| Before { replies, mentions: previous_unread_mentions.unwrap_or(0) });
        // F1 asks the event first, the held value second.
        let before =
            told.map(|told| told.replies).or_else(|| server.state.threads.get(root).map(|held| held.unread_replies));
        let known = server.state.threads.update(&thread, team_id, told);
        self.dirty = true;
        if !known {
            self.ask(id, Fetch::ThreadTotals, out);
        }
        if replies <= 0 {
            self.retract(now, |other, place| other == id && place.is_some_and(|place| place.thread == Some(root)), out);
        }
        self.thread_grew(now, id, root, replies > before.unwrap_or(0), out);
    }

    fn on_thread_read(&mut self, now: &Now, id: ServerId, change: &ThreadReadChanged, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        self.dirty = true;
        match *change {
            ThreadReadChanged::One {
                thread_id,
                channel_id,
                team_id,
                unread_replies,
                unread_mentions,
                previous_unread_replies,
                previous_unread_mentions,
            } => {
                let told = previous_unread_replies
                    .map(|replies| Before { replies, mentions: previous_unread_mentions.unwrap_or(0) });
                let after = Before { replies: unread_replies, mentions: unread_mentions };
                if !server.state.threads.read_one(thread_id, channel_id, team_id, told, after) {
                    self.ask(id, Fetch::ThreadTotals, out);
                }
                if unread_replies <= 0 {
                    if let Some(server) = self.servers.get_mut(&id) {
                        server.state.threads.note_read_elsewhere(thread_id, now.mono);
                    }
                    self.read_along(now, id, |place| place.thread == Some(thread_id), out);
                    self.retract(
                        now,
                        |other, place| other == id && place.is_some_and(|place| place.thread == Some(thread_id)),
                        out,
                    );
                }
            }
            ThreadReadChanged::Channel(channel) => {
                if !server.state.threads.read_channel(channel) {
                    self.ask(id, Fetch::ThreadTotals, out);
                }
                self.retract(
                    now,
                    |other, place| {
                        other == id && place.is_some_and(|place| place.channel == channel && place.thread.is_some())
                    },
                    out,
                );
            }
            ThreadReadChanged::Team(team) => {
                server.state.threads.read_team(team);
                let of_team: Vec<ChannelId> = server
                    .state
                    .channels
                    .iter()
                    .filter(|(_, channel)| channel.team_id.is_none_or(|of| of == team))
                    .map(|(channel, _)| *channel)
                    .collect();
                let gone = |place: Conversation| place.thread.is_some() && of_team.contains(&place.channel);
                self.retract(now, |other, place| other == id && place.is_some_and(gone), out);
            }
        }
    }

    fn on_fetched(&mut self, now: &Now, id: ServerId, fetched: Fetched, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        self.dirty = true;
        match fetched {
            Fetched::Channel { channel_id, channel, member } => {
                // An answer to a question of an earlier connection may be from before the change.
                if member.is_some() && server.asked.contains(&Fetch::Channel(channel_id)) {
                    server.anew.channel(channel_id);
                }
                server
                    .asked
                    .retain(|fetch| *fetch != Fetch::Channel(channel_id) && *fetch != Fetch::Member(channel_id));
                if let Some(channel) = &channel {
                    server.state.apply_channel(channel);
                }
                if let Some(member) = &member {
                    server.state.set_member(member);
                }
                if let Some(state) = server.state.channels.get_mut(&channel_id) {
                    if channel.is_some() && member.is_some() {
                        // The counters that were fetched include every post up to here (protocol §3.7).
                        state.counted_up_to = state.last_post_at;
                        state.mentions_since = 0;
                    }
                    if member.is_some() {
                        state.stale = false;
                    }
                    server.counts_check.has_read(now);
                }
                if member.is_some() && server.read_partly.remove(&channel_id) && !server.state.has_unread(channel_id) {
                    self.channel_is_read(now, id, channel_id, out);
                }
            }
            Fetched::Users(users) => {
                server.asked.retain(|fetch| !matches!(fetch, Fetch::Users(_)));
                for user in users {
                    server.state.apply_user(user);
                }
            }
            Fetched::Me(me) => {
                if server.asked.contains(&Fetch::Me) {
                    server.anew.me();
                }
                server.asked.retain(|fetch| *fetch != Fetch::Me);
                server.state.apply_user(*me);
            }
            Fetched::ThreadTotals { teams, direct } => {
                server.asked.retain(|fetch| *fetch != Fetch::ThreadTotals);
                server.state.threads.reload_counters(&teams, direct);
                server.thread_totals.answered(now);
            }
            Fetched::CallsRinging(ringing) => server.calls.set_ringing(ringing),
            Fetched::Session(life) => {
                server.asked.retain(|fetch| !matches!(fetch, Fetch::Session(_)));
                server.session.told(now, life);
            }
            Fetched::Failed(fetch) => {
                server.asked.retain(|asked| *asked != fetch);
                match fetch {
                    Fetch::Missed(plan) => self.missed_failed(now, id, plan.number, out),
                    Fetch::UnreadSums(_) => server.counts_check.given_up(),
                    Fetch::Everything
                    | Fetch::Channel(_)
                    | Fetch::Member(_)
                    | Fetch::Users(_)
                    | Fetch::Me
                    | Fetch::ThreadTotals
                    | Fetch::Session(_) => {}
                }
            }
            // Taken before, where there is no snapshot to wait for.
            Fetched::Missed(_) | Fetched::UnreadSums(_) => {}
        }
        self.decide_waiting_for(now, id, out);
        self.decide_waiting_calls(now, id, out);
    }

    fn retract_channel(&mut self, now: &Now, id: ServerId, channel: ChannelId, out: &mut Effects) {
        self.retract(now, |other, place| other == id && place.is_some_and(|place| place.channel == channel), out);
    }

    /// The card that asks to sign in has done its work.
    pub(super) fn take_signed_out_card(&mut self, now: &Now, id: ServerId) {
        self.stack.retract_kind(now.mono, id, BannerKind::SignedOut, &self.prefs.banner);
        self.dirty = true;
    }

    /// Brings a server into being, or forgets what was known of it.
    pub(super) fn reset_server(&mut self, id: ServerId) {
        self.channels.everything();
        // Writes are numbered anew.
        self.stack.fail_replies(id, "the connection was changed meanwhile");
        self.servers.insert(id, Server::default());
        self.dirty = true;
    }

    /// Takes a server out with everything that belongs to it.
    pub(super) fn remove_server(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        if self.servers.remove(&id).is_none() {
            return;
        }
        self.channels.everything();
        self.parked.retain(|parked| parked.server != id);
        self.stop_ringing_of(id, out);
        self.stack.forget_replies(id);
        self.retract(now, |other, _| other == id, out);
        self.clear(ProblemKind::Wire(id));
        self.recent.retain(|recent| recent.draft.server() != id);
        self.marks.forget(id, out);
        out.push(Effect::StopSession(id));
    }

    /// One banner for a session that ended (notifications §4.6).
    fn announce_signed_out(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        let name = self.server_prefs(id).map(|server| server.name.clone()).unwrap_or_default();
        self.announce_plain(
            now,
            id,
            DecisionKind::SignedOut,
            BannerKind::SignedOut,
            &format!("Signed out of {name}"),
            "Sign in again to keep receiving notifications",
            out,
        );
    }
}
