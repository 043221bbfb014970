//! From a post to a decision: decided once, recorded always.

use std::sync::Arc;

use crate::activity::DecisionKind;
use crate::decide::facts::{Facts, Focus};
use crate::decide::reason::Reason;
use crate::decide::says::{Step, Took};
use crate::decide::{Mode, Verdict, decide};
use crate::draft::Draft;
use crate::effect::{Effect, Effects, Fetch};
use crate::engine::cards::Outcome;
use crate::engine::parking::Wants;
use crate::engine::{Engine, Server, carry_out};
use crate::event::{Post, Posted};
use crate::ids::ServerId;
use crate::prefs::Permission;
use crate::present;
use crate::state::channel::Conversation;
use crate::time::Now;

impl Engine {
    pub(super) fn on_posted(&mut self, now: &Now, id: ServerId, posted: Box<Posted<'_>>, out: &mut Effects) {
        let post = &posted.post;
        if !self.decided.insert(id, post.id) {
            let verdict = Verdict {
                skip: Some(Reason::Duplicate),
                trace: vec![Step::plain(
                    "duplicate",
                    Took::Skip,
                    "This message was decided before; it is not announced twice",
                )],
            };
            self.conclude(now, id, posted, verdict, DecisionKind::Post, None, out);
            return;
        }
        self.note_mention_in_thread(id, &posted);
        let Some(server) = self.servers.get_mut(&id) else { return };
        server.state.saw_followers |= posted.followers.is_some();
        self.dirty = true;
        server.counts_check.moved(now);
        if !server.state.count_post(&posted) {
            // What is fetched now includes this post: nothing is added (notifications §2.2).
            let channel = post.channel_id;
            self.park(now, id, posted, Wants::Channel, out);
            self.ask(id, Fetch::Channel(channel), out);
            return;
        }
        if let Some(posted) = self.waits_for_missed(now, id, posted) {
            self.consider(now, id, posted, true, out);
        }
    }

    /// Repeats of an urgent post: decided again, counted never (notifications §2.10).
    pub(super) fn on_persistent(&mut self, now: &Now, id: ServerId, posted: Box<Posted<'_>>, out: &mut Effects) {
        let verdict = self.judge(id, &posted, false);
        self.conclude(now, id, posted, verdict, DecisionKind::Urgent, None, out);
    }

    /// Decides, unless a fact is missing that could change the decision.
    pub(super) fn consider(
        &mut self,
        now: &Now,
        id: ServerId,
        posted: Box<Posted<'_>>,
        may_park: bool,
        out: &mut Effects,
    ) {
        let verdict = self.judge(id, &posted, false);
        if may_park {
            if self.waits_for_settings(id, &posted, &verdict) {
                let channel = posted.post.channel_id;
                self.park(now, id, posted, Wants::Settings, out);
                self.ask_settings(id, channel, out);
                return;
            }
            if let Some(root) = self.waits_for_thread(id, &posted, &verdict) {
                self.park(now, id, posted, Wants::Thread(root), out);
                return;
            }
            if verdict.notifies()
                && let Some(author) = posted.post.user_id
                && self.servers.get(&id).is_some_and(|server| server.state.user(author).is_none())
            {
                self.park(now, id, posted, Wants::Author, out);
                self.ask(id, Fetch::Users(vec![author]), out);
                return;
            }
            if verdict.notifies() && self.is_read_along(now, id, &posted) {
                self.park(now, id, posted, Wants::View, out);
                return;
            }
        }
        self.conclude(now, id, posted, verdict, DecisionKind::Post, None, out);
    }

    pub(super) fn judge(&self, id: ServerId, posted: &Posted<'_>, follower_recovered: bool) -> Verdict {
        let Some(server) = self.servers.get(&id) else {
            return Verdict { skip: Some(Reason::NoMember), trace: Vec::new() };
        };
        decide(&facts(server, posted, follower_recovered, self.mode))
    }

    /// Asks what stands above all servers (permission, pause, do-not-disturb), shows the message and records the decision.
    #[expect(clippy::too_many_arguments, reason = "one decision and everything it was made from")]
    pub(super) fn conclude(
        &mut self,
        now: &Now,
        id: ServerId,
        posted: Box<Posted<'_>>,
        mut verdict: Verdict,
        kind: DecisionKind,
        recovered: Option<&'static str>,
        out: &mut Effects,
    ) {
        let conversation = self.conversation(id, &posted);
        if verdict.notifies() {
            self.ask_platform(id, &mut verdict);
        }
        let held_back = !verdict.notifies() && self.hold_back(id, &posted, verdict.skip);
        if kind == DecisionKind::Post && verdict.skip != Some(Reason::Duplicate) {
            self.note_decided(now, id, posted.post.create_at, out);
        }
        let sound = if verdict.notifies() { self.sound_of(id, &posted) } else { None };
        let put_off = self.put_off.remove(&(id, posted.post.id));
        if let Some(sound) = sound.filter(|_| put_off.is_none()) {
            verdict.trace.extend(self.play(now, sound, Some(conversation), out));
        }
        let outcome = Outcome { verdict, kind, recovered, sound, held_back };
        let Some(draft) = self.draft(now, id, posted, outcome) else { return };
        if let Some(about) = draft.about().filter(|about| about.verdict.notifies()) {
            let card = self.message_card(self.head(about), &draft, conversation, about.rank());
            match put_off {
                None => {
                    self.remember_recent(&draft);
                    self.show(now, card, out);
                }
                Some(put_off) => self.put_off_again(now, card, put_off),
            }
        }
        self.record(now, draft, out);
    }

    pub(super) fn record(&mut self, now: &Now, draft: Arc<Draft>, out: &mut Effects) {
        self.dirty = true;
        self.test_decided(now, &draft);
        out.push(Effect::Record(draft));
    }

    /// Whether only my status (do not disturb, out of office) speaks against a post.
    pub(super) fn would_notify_but_for_status(&self, id: ServerId, posted: &Posted<'_>) -> bool {
        let Some(server) = self.servers.get(&id) else { return false };
        let mut facts = facts(server, posted, false, self.mode);
        facts.status = None;
        decide(&facts).notifies()
    }

    pub(super) fn ask_platform(&self, id: ServerId, verdict: &mut Verdict) {
        let permission = self.permission(id);
        let objection = match permission {
            Permission::Allowed => None,
            Permission::Ask | Permission::Dismissed => Some((
                Reason::NotificationsPermissionDisallowed,
                "You have not yet said whether this server may notify you",
            )),
            Permission::Denied | Permission::DeniedForGood => {
                Some((Reason::NotificationsPermissionDisallowed, "Notifications are off for this server"))
            }
        };
        let objection = objection
            .or_else(|| self.paused_until_ms.map(|_| (Reason::Paused, "Notifications are paused")))
            .or_else(|| self.is_quiet_by_system().then_some((Reason::OsDnd, "The system's do not disturb is on")))
            .or_else(|| self.screen_locked.then_some((Reason::ScreenLocked, "The screen was locked")))
            .or_else(|| {
                self.is_quiet_by_full_screen().then_some((Reason::FullScreen, "A full-screen program was in front"))
            })
            .or_else(|| self.display_asleep.then_some((Reason::DisplayAsleep, "The display was off")));
        match objection {
            Some((reason, sentence)) => {
                verdict.skip = Some(reason);
                verdict.trace.push(Step::plain(reason.code(), Took::Skip, sentence));
            }
            None => verdict.trace.push(Step::plain("shown", Took::Notify, "Nothing speaks against it, so it is shown")),
        }
    }

    pub(super) fn conversation(&self, id: ServerId, posted: &Posted<'_>) -> Conversation {
        let crt = self.servers.get(&id).is_some_and(|server| server.state.crt());
        Conversation { server: id, channel: posted.post.channel_id, thread: posted.post.root_id.filter(|_| crt) }
    }

    pub(super) fn on_post_edited(&mut self, now: &Now, id: ServerId, post: &Post<'_>, out: &mut Effects) {
        if post.kind == "custom_calls" && post.props.end_at.is_some_and(|at| at > 0) {
            self.call_post_ended(now, id, post.id, out);
        }
        // Embeds and acknowledgements send this too: the text changed only if `edit_at` is set (protocol §5.3).
        // The official client leaves a banner as it was.
        if post.edit_at <= 0 || !self.prefs.banner.show_text || self.mode == Mode::Strict {
            return;
        }
        let text = present::plain_text(post, self.mode);
        if text.is_empty() {
            return;
        }
        let shown = present::for_people(post, &text);
        let Some(state) = self.servers.get(&id).map(|server| &server.state) else { return };
        let author = post.user_id.and_then(|user| state.user(user));
        let overrides = state.config.enable_post_username_override;
        let author = present::author_name(post, "", author.map(|user| &**user), state.name_format(), overrides);
        let body = crate::text::for_people(&present::body(&author, &text, ""));
        if self.stack.edit(id, post.id, &shown, &body) {
            self.dirty = true;
        }
    }

    pub(super) fn on_post_deleted(&mut self, now: &Now, id: ServerId, post: &Post<'_>, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        self.dirty = true;
        if post.root_id.is_none() && server.state.threads.get(post.id).is_some() {
            // Deleting a root sends nothing about its thread (protocol §12.8).
            server.state.threads.forget(post.id);
            self.ask(id, Fetch::ThreadTotals, out);
        }
        self.parked.retain(|parked| parked.server != id || parked.posted.post.id != post.id);
        self.forget_waiting(id, post.id);
        let mut effects = Vec::new();
        self.stack.retract_post(now.mono, id, post.channel_id, post.id, &self.prefs.banner, &mut effects);
        self.forget_snoozed(|card| card.head.server == id && card.head.post_id == Some(post.id));
        self.held_back.retract_post(id, post.id);
        carry_out(effects, out);
        self.call_post_ended(now, id, post.id, out);
    }
}

/// What the rules may look at.
pub(super) fn facts<'a>(server: &'a Server, posted: &'a Posted<'a>, follower_recovered: bool, mode: Mode) -> Facts<'a> {
    let Server { state, calls, .. } = server;
    let channel = state.channels.get(&posted.post.channel_id);
    let known_type = channel.and_then(|channel| channel.channel_type);
    Facts {
        mode,
        me: &state.me,
        account: &state.account,
        status: state.status.as_ref(),
        channel_prefs: channel.and_then(|channel| channel.prefs.as_deref()),
        channel_archived: channel.is_some_and(|channel| channel.delete_at != 0),
        channel_type: known_type.or(posted.channel_type),
        event_channel_type: posted.channel_type.or(known_type),
        crt: state.crt(),
        post: &posted.post,
        mentions: posted.mentions.as_deref(),
        followers: posted.followers.as_deref(),
        follower_recovered,
        groups: &[],
        focus: Focus::default(),
        ringing: calls.ringing_enabled(),
        in_this_calls_thread: calls.is_my_calls_thread(posted.post.root_id),
    }
}
