//! From a post to a decision: parked while a fact is missing, decided once, recorded always.

use core::time::Duration;
use std::borrow::Cow;

use crate::activity::{Decision, DecisionKind, TraceStep, Verdict as Shown};
use crate::banner::{Card, Rank, lifetime_ms};
use crate::decide::facts::{Facts, Focus};
use crate::decide::reason::Reason;
use crate::decide::setting::Setting;
use crate::decide::{Verdict, decide};
use crate::effect::{Effect, Effects, Fetch, PlaySound};
use crate::engine::{Engine, RECENT_ITEMS, carry_out};
use crate::event::{ChannelType, Post, Posted, Priority};
use crate::ids::{BannerId, PostId, ServerId};
use crate::prefs::Permission;
use crate::present;
use crate::sound::{MessageSound, SoundChoice};
use crate::state::ServerState;
use crate::state::channel::{Conversation, Level};
use crate::time::{MonoTime, Now};
use crate::view::{BannerKind, BannerView, RecentItem};

/// A missing fact is waited for so long, then the decision is made with what there is.
const PARK_FOR: Duration = Duration::from_secs(2);
/// A conversation that was read on another device this recently is being read along.
const READ_RECENTLY: Duration = Duration::from_mins(1);
/// A post in a conversation that is read along waits so long for being read.
const VIEW_WAIT: Duration = Duration::from_secs(1);
/// Posts parked at a time; beyond it the oldest is decided at once.
const PARKED_LIMIT: usize = 256;

/// A post that waits for a fact.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) server: ServerId,
    pub(super) deadline: MonoTime,
    posted: Posted<'static>,
    wants: Wants,
}

/// Which fact is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    /// The channel or my membership.
    Channel,
    /// The author's profile.
    Author,
    /// Whether the thread's unread count grows (rule F1).
    Thread(PostId),
    /// Whether the person reads it on another device (rule "reading along").
    View,
}

impl Engine {
    pub(super) fn on_posted(&mut self, now: &Now, id: ServerId, posted: &Posted<'_>, out: &mut Effects) {
        let post = &posted.post;
        if !self.decided.insert(id, post.id) {
            let verdict = Verdict {
                skip: Some(Reason::Duplicate),
                data: None,
                trace: vec![step("duplicate", "skip", "This message was decided before; it is not announced twice")],
            };
            self.conclude(now, id, posted, verdict, DecisionKind::Post, None, out);
            return;
        }
        let Some(server) = self.servers.get_mut(&id) else { return };
        server.state.saw_followers |= posted.followers.is_some();
        let known = server.state.channels.get(&post.channel_id).is_some_and(|channel| channel.prefs.is_some());
        self.dirty = true;
        if !known {
            // What is fetched now includes this post: nothing is added (notifications §2.2).
            self.park(now, id, posted, Wants::Channel, out);
            self.ask(id, Fetch::Channel(post.channel_id), out);
            return;
        }
        server.state.count_post(posted);
        self.consider(now, id, posted, true, out);
    }

    /// Repeats of an urgent post: decided again, counted never (notifications §2.10).
    pub(super) fn on_persistent(&mut self, now: &Now, id: ServerId, posted: &Posted<'_>, out: &mut Effects) {
        let verdict = self.judge(id, posted, false);
        self.conclude(now, id, posted, verdict, DecisionKind::Urgent, None, out);
    }

    /// Decides, unless a fact is missing that could change the decision.
    fn consider(&mut self, now: &Now, id: ServerId, posted: &Posted<'_>, may_park: bool, out: &mut Effects) {
        let verdict = self.judge(id, posted, false);
        if may_park {
            if let Some(root) = self.waits_for_thread(id, posted, &verdict) {
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
            if verdict.notifies() && self.is_read_along(now, id, posted) {
                self.park(now, id, posted, Wants::View, out);
                return;
            }
        }
        self.conclude(now, id, posted, verdict, DecisionKind::Post, None, out);
    }

    fn judge(&self, id: ServerId, posted: &Posted<'_>, follower_recovered: bool) -> Verdict {
        let Some(server) = self.servers.get(&id) else {
            return Verdict { skip: Some(Reason::NoMember), data: None, trace: Vec::new() };
        };
        let name = place_name(&server.state, posted);
        let facts = facts(&server.state, posted, &name, follower_recovered, self.mode, &server.calls);
        decide(&facts)
    }

    /// The thread to wait for, where rule F1 could turn the verdict round (notifications §1.8).
    fn waits_for_thread(&self, id: ServerId, posted: &Posted<'_>, verdict: &Verdict) -> Option<PostId> {
        if self.mode == crate::decide::Mode::Strict || verdict.notifies() {
            return None;
        }
        let server = self.servers.get(&id)?;
        let state = &server.state;
        let root = posted.post.root_id?;
        let mentioned = state.me_id().is_some_and(|me| posted.mentions.as_ref().is_some_and(|list| list.contains(&me)));
        // A server that never sends `followers` (5.37) leaves them out for mentions too.
        if !state.crt() || posted.followers.is_some() || (mentioned && state.saw_followers) {
            return None;
        }
        let name = place_name(state, posted);
        let facts = facts(state, posted, &name, true, self.mode, &server.calls);
        if facts.is_mine() || !facts.would_be_follower(state.saw_followers) {
            return None;
        }
        decide(&facts).notifies().then_some(root)
    }

    fn park(&mut self, now: &Now, id: ServerId, posted: &Posted<'_>, wants: Wants, out: &mut Effects) {
        if self.parked.len() >= PARKED_LIMIT {
            let oldest = self.parked.remove(0);
            self.consider(now, oldest.server, &oldest.posted, false, out);
        }
        let wait = if wants == Wants::View { VIEW_WAIT } else { PARK_FOR };
        self.parked.push(Parked {
            server: id,
            deadline: now.mono.after(wait),
            posted: posted.clone().into_owned(),
            wants,
        });
    }

    /// Rule "reading along" (not in strict mode): the conversation was read on another device a moment ago, so this post
    /// probably is in front of the person already. Urgent and forced posts do not wait.
    fn is_read_along(&self, now: &Now, id: ServerId, posted: &Posted<'_>) -> bool {
        if self.mode == crate::decide::Mode::Strict
            || posted.post.priority == Priority::Urgent
            || posted.post.props.force_notification
        {
            return false;
        }
        let Some(server) = self.servers.get(&id) else { return false };
        let state = &server.state;
        let read = match posted.post.root_id.filter(|_| state.crt()) {
            Some(root) => state.threads.get(root).and_then(|thread| thread.read_elsewhere),
            None => state.channels.get(&posted.post.channel_id).and_then(|channel| channel.read_elsewhere),
        };
        read.is_some_and(|at| now.mono.since(at) < READ_RECENTLY)
    }

    /// Posts that waited for being read, and were: silent, with their reason.
    pub(super) fn read_along(
        &mut self,
        now: &Now,
        id: ServerId,
        is_read: impl Fn(&Conversation) -> bool,
        out: &mut Effects,
    ) {
        let mut index = 0;
        while let Some(parked) = self.parked.get(index) {
            if parked.server == id && parked.wants == Wants::View && is_read(&self.conversation(id, &parked.posted)) {
                let parked = self.parked.remove(index);
                let mut verdict = self.judge(id, &parked.posted, false);
                verdict.skip = Some(Reason::ReadElsewhere);
                verdict.trace.push(step("reading_along", "skip", "You read it on another device as it came"));
                self.conclude(now, id, &parked.posted, verdict, DecisionKind::Post, None, out);
            } else {
                index += 1;
            }
        }
    }

    /// Decides what has waited long enough.
    pub(super) fn decide_overdue(&mut self, now: &Now, out: &mut Effects) {
        while let Some(index) = self.parked.iter().position(|parked| parked.deadline <= now.mono) {
            let parked = self.parked.remove(index);
            self.consider(now, parked.server, &parked.posted, false, out);
        }
    }

    /// Decides what waited for an answer that came.
    pub(super) fn decide_waiting_for(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        let mut index = 0;
        while let Some(parked) = self.parked.get(index) {
            let ready = parked.server == id
                && self.servers.get(&id).is_some_and(|server| match parked.wants {
                    Wants::Channel => server
                        .state
                        .channels
                        .get(&parked.posted.post.channel_id)
                        .is_some_and(|channel| channel.prefs.is_some()),
                    Wants::Author => {
                        parked.posted.post.user_id.is_none_or(|author| server.state.user(author).is_some())
                    }
                    Wants::Thread(_) | Wants::View => false,
                });
            if ready {
                let parked = self.parked.remove(index);
                self.consider(now, id, &parked.posted, true, out);
            } else {
                index += 1;
            }
        }
    }

    /// A followed thread changed: decides the replies that waited for it (rule F1).
    pub(super) fn thread_grew(&mut self, now: &Now, id: ServerId, root: PostId, grew: bool, out: &mut Effects) {
        while let Some(index) =
            self.parked.iter().position(|parked| parked.server == id && parked.wants == Wants::Thread(root))
        {
            let parked = self.parked.remove(index);
            if grew {
                let verdict = self.judge(id, &parked.posted, true);
                let recovered = verdict.notifies().then_some("followers_recovered");
                self.conclude(now, id, &parked.posted, verdict, DecisionKind::Post, recovered, out);
            } else {
                self.consider(now, id, &parked.posted, false, out);
            }
        }
    }

    /// Words a verdict, asks what stands above all servers (permission, pause, do-not-disturb), shows and records it.
    #[expect(clippy::too_many_arguments, reason = "one decision and everything it was made from")]
    fn conclude(
        &mut self,
        now: &Now,
        id: ServerId,
        posted: &Posted<'_>,
        mut verdict: Verdict,
        kind: DecisionKind,
        recovered: Option<&'static str>,
        out: &mut Effects,
    ) {
        if verdict.notifies() {
            self.ask_platform(id, &mut verdict);
        }
        let Some(mut decision) = self.word(now, id, posted, &verdict, kind, recovered) else { return };
        if verdict.notifies() {
            let conversation = Some(self.conversation(id, posted));
            if let Some(sound) = decision.sound {
                self.play(now, sound, conversation, &mut decision.trace, out);
            }
            let card = self.card(id, posted, &decision, conversation);
            self.remember_recent(&decision);
            self.show(now, card, out);
        } else {
            self.hold_back(id, posted, verdict.skip);
        }
        self.record(decision, out);
    }

    /// Whether only my status (do not disturb, out of office) speaks against a post.
    pub(super) fn would_notify_but_for_status(&self, id: ServerId, posted: &Posted<'_>) -> bool {
        let Some(server) = self.servers.get(&id) else { return false };
        let name = place_name(&server.state, posted);
        let mut facts = facts(&server.state, posted, &name, false, self.mode, &server.calls);
        facts.status = None;
        decide(&facts).notifies()
    }

    fn ask_platform(&self, id: ServerId, verdict: &mut Verdict) {
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
            .or_else(|| self.system_dnd.then_some((Reason::OsDnd, "The system's do not disturb is on")))
            .or_else(|| self.screen_locked.then_some((Reason::ScreenLocked, "The screen was locked")));
        match objection {
            Some((reason, sentence)) => {
                verdict.skip = Some(reason);
                verdict.trace.push(step(reason.code(), "skip", sentence));
            }
            None => verdict.trace.push(step("shown", "notify", "Nothing speaks against it, so it is shown")),
        }
    }

    /// The decision's words.
    fn word(
        &mut self,
        now: &Now,
        id: ServerId,
        posted: &Posted<'_>,
        verdict: &Verdict,
        kind: DecisionKind,
        recovered: Option<&'static str>,
    ) -> Option<Decision> {
        let server = self.servers.get(&id)?;
        let (server_name, url) = self.server_prefs(id).map(|prefs| (prefs.name.clone(), prefs.url.clone()))?;
        let state = &server.state;
        let post = &posted.post;
        let channel = state.channels.get(&post.channel_id);
        let channel_prefs = channel.and_then(|channel| channel.prefs.as_deref());
        let channel_type = channel.and_then(|channel| channel.channel_type).or(posted.channel_type);
        let crt_reply = state.crt() && post.root_id.is_some();
        let author = post.user_id.and_then(|user| state.user(user));
        let sender = present::author_name(
            post,
            &posted.sender_name,
            author,
            state.name_format(),
            state.config.enable_post_username_override,
        );
        let text = present::plain_text(post);
        let phrase = present::fallback_phrase(posted);
        let known_title = known_title(state, posted);
        let title = present::title(known_title.as_deref(), posted, crt_reply);
        let body = present::body(&sender, &text, phrase);
        let direct = channel_type == Some(ChannelType::Direct);
        let place = if direct { String::new() } else { place_name(state, posted) };
        let mentioned = state.me_id().is_some_and(|me| posted.mentions.as_ref().is_some_and(|list| list.contains(&me)));
        let sound = if verdict.notifies() {
            present::message_sound(channel_prefs, &state.props).map(SoundChoice::Message)
        } else {
            None
        };
        let team = posted.team_id.and_then(|team| state.teams.get(&team)).map(|team| team.name.as_str());
        let thread = post
            .root_id
            .and_then(|root| state.threads.get(root))
            .filter(|held| crt_reply && !held.root_message.is_empty())
            .map(|held| {
                crate::text::shorten(&crate::text::neutralize(&crate::text::strip_markdown(&held.root_message)), 80)
            });
        let setting = setting_of(verdict.skip, channel_prefs.is_some_and(|prefs| prefs.desktop != Level::Default));
        let sentence = sentence(verdict, setting, &place, &sender, direct);
        self.decisions = self.decisions.saturating_add(1);
        let shown_text = if text.is_empty() { capitalized(phrase) } else { crate::text::for_people(&text) };
        Some(Decision {
            seq: self.decisions,
            kind,
            server: id,
            server_name,
            channel_id: Some(post.channel_id),
            post_id: Some(post.id),
            root_id: post.root_id,
            call_id: None,
            user_id: post.user_id,
            sender: crate::text::neutralize(&sender).into_owned(),
            place: crate::text::neutralize(&place).into_owned(),
            direct,
            thread,
            title,
            body,
            text: shown_text,
            verdict: if verdict.notifies() { Shown::Notify } else { Shown::Skip },
            reason: verdict.skip,
            sentence,
            setting,
            recovered: recovered.filter(|_| verdict.notifies()).map(Cow::Borrowed),
            priority: post.priority,
            mentioned,
            sound,
            at_ms: if post.create_at > 0 { post.create_at } else { now.wall_ms() },
            ring: None,
            permalink: present::permalink(&url, team, post.id.as_str()),
            trace: verdict.trace.clone(),
        })
    }

    pub(super) fn conversation(&self, id: ServerId, posted: &Posted<'_>) -> Conversation {
        let crt = self.servers.get(&id).is_some_and(|server| server.state.crt());
        Conversation { server: id, channel: posted.post.channel_id, thread: posted.post.root_id.filter(|_| crt) }
    }

    fn card(&self, id: ServerId, posted: &Posted<'_>, decision: &Decision, conversation: Option<Conversation>) -> Card {
        let group = posted.channel_type == Some(ChannelType::Group);
        let personal = decision.mentioned || decision.direct || group;
        let rank = match (decision.priority, decision.mentioned, decision.direct || group) {
            (Priority::Urgent, _, _) => Rank::Urgent,
            // Every direct message mentions its reader: that alone is no mention.
            (_, _, true) => Rank::Direct,
            (_, true, false) => Rank::Mention,
            (_, false, false) => Rank::Other,
        };
        let lifetime = lifetime_ms(&self.prefs.banner, BannerKind::Message, decision.priority, personal);
        let view = BannerView {
            id: BannerId(0),
            version: 1,
            kind: BannerKind::Message,
            server: id,
            server_name: if self.prefs.servers.len() > 1 { decision.server_name.clone() } else { String::new() },
            channel_id: decision.channel_id,
            post_id: decision.post_id,
            user_id: decision.user_id,
            sender: decision.sender.clone(),
            place: decision.place.clone(),
            thread: decision.thread.clone(),
            text: if self.prefs.banner.show_text { decision.text.clone() } else { "New message".to_owned() },
            priority: decision.priority,
            mentioned: personal,
            more: 0,
            at_ms: decision.at_ms,
            lifetime_ms: lifetime,
            remaining_ms: None,
            title: crate::text::neutralize(&self.titled(&decision.server_name, &decision.title)).into_owned(),
            body: if self.prefs.banner.show_text {
                crate::text::for_people(&decision.body)
            } else {
                format!("@{}", decision.sender)
            },
        };
        Card::new(view, conversation, rank)
    }

    /// The title with the server's name before it, where there is more than one (notifications §3.1).
    fn titled(&self, server_name: &str, title: &str) -> String {
        if self.prefs.servers.len() > 1 { format!("{server_name}: {title}") } else { title.to_owned() }
    }

    /// Plays a sound unless one was heard a moment ago.
    pub(super) fn play(
        &mut self,
        now: &Now,
        sound: SoundChoice,
        conversation: Option<Conversation>,
        trace: &mut Vec<TraceStep>,
        out: &mut Effects,
    ) {
        if self.prefs.sound.volume_percent == 0 {
            trace.push(step("sound", "continue", "Belfry's volume is at zero, so there was no sound"));
        } else if self.ringing.is_some() {
            trace.push(step("sound_throttled", "continue", "A call was ringing, so there was no sound of its own"));
        } else if self.sounds.allows(now.mono, conversation) {
            out.push(Effect::PlaySound(PlaySound {
                sound,
                volume_percent: self.prefs.sound.volume_percent,
                loop_for_ms: None,
            }));
        } else {
            trace.push(step(
                "sound_throttled",
                "continue",
                "Another sound was heard just before, so there was none of its own",
            ));
        }
    }

    pub(super) fn remember_recent(&mut self, decision: &Decision) {
        if self.recent.len() == RECENT_ITEMS {
            self.recent.pop_back();
        }
        let line = crate::text::shorten(&format!("{}: {}", decision.sender, decision.text), 60);
        self.recent.push_front(RecentItem { server: decision.server, post_id: decision.post_id, line });
    }

    pub(super) fn record(&mut self, decision: Decision, out: &mut Effects) {
        self.dirty = true;
        out.push(Effect::Record(Box::new(decision)));
    }

    /// A notice without a post: a session's end, the sample on Allow.
    #[expect(clippy::too_many_arguments, reason = "one notice and its words")]
    pub(super) fn announce_plain(
        &mut self,
        now: &Now,
        id: ServerId,
        kind: DecisionKind,
        banner: BannerKind,
        title: &str,
        text: &str,
        out: &mut Effects,
    ) {
        let Some(prefs) = self.server_prefs(id) else { return };
        let server_name = prefs.name.clone();
        let mut verdict = Verdict { skip: None, data: None, trace: Vec::new() };
        self.ask_platform(id, &mut verdict);
        self.decisions = self.decisions.saturating_add(1);
        let sound = verdict.notifies().then_some(SoundChoice::Message(MessageSound::Bing));
        let mut decision = Decision {
            seq: self.decisions,
            kind,
            server: id,
            server_name: server_name.clone(),
            channel_id: None,
            post_id: None,
            root_id: None,
            call_id: None,
            user_id: None,
            sender: server_name.clone(),
            place: String::new(),
            direct: false,
            thread: None,
            title: title.to_owned(),
            body: text.to_owned(),
            text: format!("{title}. {text}"),
            verdict: if verdict.notifies() { Shown::Notify } else { Shown::Skip },
            reason: verdict.skip,
            sentence: sentence(&verdict, setting_of(verdict.skip, false), "", &server_name, false),
            setting: setting_of(verdict.skip, false),
            recovered: None,
            priority: Priority::Standard,
            mentioned: false,
            sound,
            at_ms: now.wall_ms(),
            ring: None,
            permalink: String::new(),
            trace: verdict.trace.clone(),
        };
        if verdict.notifies() {
            if let Some(sound) = sound {
                self.play(now, sound, None, &mut decision.trace, out);
            }
            let view = BannerView {
                id: BannerId(0),
                version: 1,
                kind: banner,
                server: id,
                server_name: String::new(),
                channel_id: None,
                post_id: None,
                user_id: None,
                sender: server_name.clone(),
                place: String::new(),
                thread: None,
                text: decision.text.clone(),
                priority: Priority::Standard,
                mentioned: true,
                more: 0,
                at_ms: decision.at_ms,
                lifetime_ms: lifetime_ms(&self.prefs.banner, banner, Priority::Standard, true),
                remaining_ms: None,
                title: self.titled(&server_name, title),
                body: text.to_owned(),
            };
            self.show(now, Card::new(view, None, Rank::Direct), out);
        }
        self.record(decision, out);
    }

    pub(super) fn on_post_edited(&mut self, now: &Now, id: ServerId, post: &Post<'_>, out: &mut Effects) {
        if post.kind == "custom_calls" && post.props.end_at.is_some_and(|at| at > 0) {
            self.call_post_ended(now, id, post.id, out);
        }
        // Embeds and acknowledgements send this too: the text changed only if `edit_at` is set (protocol §5.3).
        if post.edit_at <= 0 || !self.prefs.banner.show_text {
            return;
        }
        let text = present::plain_text(post);
        if text.is_empty() {
            return;
        }
        let shown = crate::text::for_people(&text);
        let author = self
            .servers
            .get(&id)
            .and_then(|server| {
                server.state.user(post.user_id?).map(|user| present::display_name(user, server.state.name_format()))
            })
            .unwrap_or_else(|| "Someone".to_owned());
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
        let mut effects = Vec::new();
        self.stack.retract_post(now.mono, id, post.channel_id, post.id, &self.prefs.banner, &mut effects);
        self.snoozed.retain(|(_, card)| card.view.server != id || card.view.post_id != Some(post.id));
        self.held_back.retract_post(id, post.id);
        carry_out(effects, out);
        self.call_post_ended(now, id, post.id, out);
    }
}

/// A trace step.
pub(super) fn step(rule: &'static str, outcome: &'static str, detail: &str) -> TraceStep {
    TraceStep { rule: Cow::Borrowed(rule), outcome: Cow::Borrowed(outcome), detail: detail.to_owned() }
}

fn capitalized(phrase: &str) -> String {
    let mut chars = phrase.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The setting behind a reason; the channel's own level stands before the account's.
fn setting_of(reason: Option<Reason>, channel_has_own_level: bool) -> Option<Setting> {
    let level = if channel_has_own_level { Setting::ChannelLevel } else { Setting::AccountLevel };
    match reason? {
        Reason::ChannelMuted => Some(Setting::ChannelMuted),
        Reason::NotifyLevelNone | Reason::NotMentioned => Some(level),
        Reason::NotExplicitlyMentioned => Some(Setting::ChannelLevel),
        Reason::NotFollowingThread => Some(Setting::ThreadFollowing),
        Reason::UserStatus => Some(Setting::Status),
        Reason::NotificationsPermissionDisallowed => Some(Setting::Permission),
        Reason::Paused => Some(Setting::Pause),
        Reason::OsDnd => Some(Setting::SystemDoNotDisturb),
        Reason::CallSoundOff => Some(Setting::CallSound),
        Reason::OwnPost
        | Reason::SystemMessage
        | Reason::NoMember
        | Reason::ThreadIsOpen
        | Reason::ChannelIsOpen
        | Reason::DesktopNotificationHook
        | Reason::TooManyPosts
        | Reason::Duplicate
        | Reason::ReadElsewhere
        | Reason::ScreenLocked
        | Reason::ArchivedChannel
        | Reason::CallRingingDisabled
        | Reason::CallInSameCall
        | Reason::CallNotDmGm
        | Reason::CallDismissed
        | Reason::CallDuplicate
        | Reason::CallOwn
        | Reason::CallInCall
        | Reason::CallOtherRinging
        | Reason::CallAlreadyRang
        | Reason::CallWindowVisible => None,
    }
}

/// The verdict in one or two sentences that a person can act on: "Not shown: Ops room is muted. Change it in Channels."
fn sentence(verdict: &Verdict, setting: Option<Setting>, place: &str, sender: &str, direct: bool) -> String {
    if verdict.notifies() {
        return if direct { format!("Shown: {sender} wrote to you directly.") } else { shown_because(verdict, place) };
    }
    let told = verdict.trace.last().map(|step| step.detail.as_str()).unwrap_or_default();
    match setting {
        Some(setting) => format!("Not shown: {}. {}", within_sentence(told), setting.advice()),
        None => format!("Not shown: {}.", within_sentence(told)),
    }
}

/// A detail after a colon: its first word loses the capital, unless it is a name.
fn within_sentence(detail: &str) -> Cow<'_, str> {
    const COMMON: [&str; 11] =
        ["You", "Your", "Only", "It", "The", "A", "This", "Notifications", "Another", "Nothing", "Direct"];
    let first = detail.split([' ', ',']).next().unwrap_or_default();
    if !COMMON.contains(&first) {
        return Cow::Borrowed(detail);
    }
    let mut chars = detail.chars();
    chars.next().map_or(Cow::Borrowed(detail), |letter| Cow::Owned(letter.to_lowercase().chain(chars).collect()))
}

fn shown_because(verdict: &Verdict, place: &str) -> String {
    let deciding = verdict
        .trace
        .iter()
        .rev()
        .find(|step| {
            matches!(
                step.rule.as_ref(),
                "forced" | "group_mention" | "mention" | "followers_recovered" | "following_thread" | "level"
            )
        })
        .map(|step| step.detail.as_str());
    match (deciding, place.is_empty()) {
        (Some(detail), _) => format!("Shown: {}.", within_sentence(detail)),
        (None, false) => format!("Shown: it came from {place}."),
        (None, true) => "Shown.".to_owned(),
    }
}

fn facts<'a>(
    state: &'a ServerState,
    posted: &'a Posted<'a>,
    name: &'a str,
    follower_recovered: bool,
    mode: crate::decide::Mode,
    calls: &super::calls::Calls,
) -> Facts<'a> {
    let channel = state.channels.get(&posted.post.channel_id);
    let known_type = channel.and_then(|channel| channel.channel_type);
    Facts {
        mode,
        me: &state.me,
        props: &state.props,
        status: state.status.as_ref(),
        channel_prefs: channel.and_then(|channel| channel.prefs.as_deref()),
        channel_name: name,
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

/// The channel's title where the client knows it (notifications §3.1).
fn known_title(state: &ServerState, posted: &Posted<'_>) -> Option<String> {
    let channel = state.channels.get(&posted.post.channel_id)?;
    // A group that was not fetched yet is named by the event, which lists every member.
    let Some(channel_type) = channel.channel_type else {
        return (posted.channel_type == Some(ChannelType::Group))
            .then(|| group_name(state, &posted.channel_display_name));
    };
    match channel_type {
        ChannelType::Group => Some(group_name(state, &channel.display_name)),
        ChannelType::Public | ChannelType::Private | ChannelType::Direct => state.channel_title(posted.post.channel_id),
    }
}

/// A group's name: the other members in my name format, sorted without regard to case.
fn group_name(state: &ServerState, display_name: &str) -> String {
    let mut names: Vec<String> = display_name
        .split(", ")
        .filter(|username| *username != state.me.username)
        .map(|username| {
            // Few are looked at, and the order of the map cannot be seen: usernames are unique.
            let known = state.users.values().find(|user| user.username == username);
            known.map_or_else(|| username.to_owned(), |user| present::display_name(user, state.name_format()))
        })
        .collect();
    names.sort_by_key(|name| name.to_lowercase());
    names.join(", ")
}

/// Where it was written, for people: "Ops room", a group's names, or the other person of a direct message.
fn place_name(state: &ServerState, posted: &Posted<'_>) -> String {
    match known_title(state, posted) {
        Some(title) if posted.channel_type != Some(ChannelType::Direct) => title,
        _ if posted.channel_type == Some(ChannelType::Direct) => String::new(),
        _ => posted.channel_display_name.clone().into_owned(),
    }
}

impl Posted<'_> {
    /// The same, owning its text.
    pub fn into_owned(self) -> Posted<'static> {
        Posted {
            post: self.post.into_owned(),
            channel_type: self.channel_type,
            channel_display_name: owned(self.channel_display_name),
            channel_name: owned(self.channel_name),
            sender_name: owned(self.sender_name),
            team_id: self.team_id,
            image: self.image,
            other_file: self.other_file,
            mentions: self.mentions,
            followers: self.followers,
        }
    }
}

impl Post<'_> {
    /// The same, owning its text.
    pub fn into_owned(self) -> Post<'static> {
        Post {
            id: self.id,
            user_id: self.user_id,
            channel_id: self.channel_id,
            root_id: self.root_id,
            kind: owned(self.kind),
            message: owned(self.message),
            create_at: self.create_at,
            edit_at: self.edit_at,
            delete_at: self.delete_at,
            priority: self.priority,
            props: crate::event::PostProps {
                from_webhook: self.props.from_webhook,
                override_username: self.props.override_username.map(owned),
                added_user_id: self.props.added_user_id,
                force_notification: self.props.force_notification,
                attachments: self
                    .props
                    .attachments
                    .into_iter()
                    .map(|attachment| crate::event::Attachment {
                        fallback: owned(attachment.fallback),
                        pretext: owned(attachment.pretext),
                        title: owned(attachment.title),
                        text: owned(attachment.text),
                        footer: owned(attachment.footer),
                        image_url: owned(attachment.image_url),
                        fields: attachment
                            .fields
                            .into_iter()
                            .map(|(title, value)| (owned(title), value.map(owned)))
                            .collect(),
                    })
                    .collect(),
                end_at: self.props.end_at,
            },
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
