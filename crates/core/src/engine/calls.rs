//! Calls: which go on, which rings, and when it stops (notifications §2.8, protocol §12.11).

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::activity::{Decision, DecisionKind, RingVerdict, TraceStep, Verdict as Shown};
use crate::banner::{Card, Rank, lifetime_ms};
use crate::decide::calls::{CallFacts, decide_call};
use crate::decide::reason::Reason;
use crate::decide::setting::Setting;
use crate::draft::Draft;
use crate::effect::{Effect, Effects, Fetch};
use crate::engine::{Engine, Server, carry_out};
use crate::event::{ActiveCall, CallEvent, CallsSetup, ChannelType, Priority};
use crate::ids::{BannerId, CallId, ChannelId, PostId, ServerId};
use crate::official::wording;
use crate::prefs::Permission;
use crate::present;
use crate::sound::{MessageSound, RingSound, SoundChoice};
use crate::state::ServerState;
use crate::state::channel::Conversation;
use crate::text;
use crate::time::{MonoTime, Now};
use crate::view::{BannerKind, BannerView};

/// A call rings at most this long (C12).
const RING_FOR: Duration = Duration::from_secs(30);
/// A call whose channel or caller is not known is decided after so long at the latest, as posts are.
const WAIT_FOR_FACTS: Duration = Duration::from_secs(2);
/// Calls of one server that are kept at a time, and those that were dismissed: against servers that make them up.
const CALLS_LIMIT: usize = 1_000;
/// Sessions that are counted in one call, and of mine in all calls together.
const SESSIONS_LIMIT: usize = 5_000;

/// Calls of one server.
#[derive(Debug, Default)]
pub(super) struct Calls {
    ringing_enabled: bool,
    live: BTreeMap<CallId, LiveCall>,
    /// Dismissed in this run.
    dismissed: Vec<CallId>,
    /// The channel whose call I am in, on any device, and my sessions there.
    mine: Vec<(ChannelId, String)>,
}

#[derive(Debug)]
struct LiveCall {
    channel: ChannelId,
    post: Option<PostId>,
    sessions: Vec<String>,
    banner: Option<BannerId>,
    waiting: Option<Waiting>,
}

/// A call that is decided when its channel, my membership and the caller are known, or at the deadline (C5: "fetch the
/// channel if unknown").
#[derive(Debug)]
struct Waiting {
    call: ActiveCall,
    deadline: MonoTime,
}

/// The call that rings.
#[derive(Debug)]
pub(super) struct Ringing {
    server: ServerId,
    call: CallId,
    pub(super) until: MonoTime,
}

impl Calls {
    pub(super) fn set_ringing(&mut self, ringing: bool) {
        self.ringing_enabled = ringing;
    }

    pub(super) fn ringing_enabled(&self) -> bool {
        self.ringing_enabled
    }

    /// When the first of the calls that wait is decided at the latest.
    pub(super) fn deadline(&self) -> Option<MonoTime> {
        self.live.values().filter_map(|call| call.waiting.as_ref()).map(|waiting| waiting.deadline).min()
    }

    fn dismissed(&mut self, call: CallId) {
        if self.dismissed.len() >= CALLS_LIMIT {
            self.dismissed.remove(0);
        }
        self.dismissed.push(call);
    }

    /// C2: the thread of the call that I am in.
    pub(super) fn is_my_calls_thread(&self, root: Option<PostId>) -> bool {
        root.is_some()
            && self
                .live
                .values()
                .any(|call| call.post == root && self.mine.iter().any(|(channel, _)| *channel == call.channel))
    }
}

impl Engine {
    pub(super) fn on_calls_setup(&mut self, now: &Now, id: ServerId, setup: CallsSetup, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        server.calls.ringing_enabled = setup.ringing;
        let active: Vec<CallId> = setup.active.iter().map(|call| call.call_id).collect();
        let over: Vec<CallId> = server.calls.live.keys().copied().filter(|call| !active.contains(call)).collect();
        for call in over {
            self.call_over(now, id, call, out);
        }
        for call in setup.active {
            if !call.sessions.is_empty() {
                self.call_appeared(now, id, call, out);
            }
        }
    }

    pub(super) fn on_call(&mut self, now: &Now, id: ServerId, event: CallEvent, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let me = server.state.me_id();
        match event {
            CallEvent::Started(call) => self.call_appeared(now, id, call, out),
            CallEvent::Ended { channel_id } => {
                let over: Vec<CallId> = server
                    .calls
                    .live
                    .iter()
                    .filter(|(_, call)| call.channel == channel_id)
                    .map(|(call, _)| *call)
                    .collect();
                server.calls.mine.retain(|(channel, _)| *channel != channel_id);
                for call in over {
                    self.call_over(now, id, call, out);
                }
            }
            CallEvent::UserJoined { channel_id, user_id, session_id } => {
                let mine = me.is_some() && user_id == me;
                if mine && server.calls.mine.len() < SESSIONS_LIMIT {
                    server.calls.mine.push((channel_id, session_id.clone()));
                }
                let mut joined = None;
                for (call, live) in server.calls.live.iter_mut().filter(|(_, live)| live.channel == channel_id) {
                    if !live.sessions.contains(&session_id) && live.sessions.len() < SESSIONS_LIMIT {
                        live.sessions.push(session_id.clone());
                    }
                    joined = Some(*call);
                }
                if mine {
                    // C17: every ring stops, and this call's card goes.
                    self.stop_ringing(out);
                    if let Some(call) = joined {
                        self.take_call_card(now, id, call, out);
                    }
                }
            }
            CallEvent::UserLeft { channel_id, user_id: _, session_id } => {
                server.calls.mine.retain(|(channel, session)| *channel != channel_id || *session != session_id);
                let mut over = Vec::new();
                for (call, live) in server.calls.live.iter_mut().filter(|(_, live)| live.channel == channel_id) {
                    live.sessions.retain(|session| *session != session_id);
                    if live.sessions.is_empty() {
                        over.push(*call);
                    }
                }
                for call in over {
                    self.call_over(now, id, call, out);
                }
            }
            CallEvent::Dismissed { user_id, call_id } => {
                if user_id.is_none() || user_id == me {
                    server.calls.dismissed(call_id);
                    self.stop_ringing_call(id, call_id, out);
                    self.take_call_card(now, id, call_id, out);
                }
            }
        }
    }

    /// The call's post says that it ended, or is gone.
    pub(super) fn call_post_ended(&mut self, now: &Now, id: ServerId, post: PostId, out: &mut Effects) {
        let over = self.servers.get(&id).and_then(|server| {
            server.calls.live.iter().find(|(_, call)| call.post == Some(post)).map(|(call, _)| *call)
        });
        if let Some(call) = over {
            self.call_over(now, id, call, out);
        }
    }

    fn call_appeared(&mut self, now: &Now, id: ServerId, call: ActiveCall, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let sessions = call.sessions.iter().take(SESSIONS_LIMIT).map(|(session, _)| session.clone()).collect();
        if let Some(live) = server.calls.live.get_mut(&call.call_id) {
            live.sessions = sessions;
            return;
        }
        if server.calls.live.len() >= CALLS_LIMIT
            && let Some(other) = server.calls.live.keys().next().copied()
        {
            self.call_over(now, id, other, out);
        }
        let waits = self.call_waits(id, &call, out);
        let Some(server) = self.servers.get_mut(&id) else { return };
        let live = LiveCall { channel: call.channel_id, post: call.post_id, sessions, banner: None, waiting: None };
        let live = server.calls.live.entry(call.call_id).or_insert(live);
        if waits {
            live.waiting = Some(Waiting { call, deadline: now.mono.after(WAIT_FOR_FACTS) });
        } else {
            self.decide_live_call(now, id, &call, out);
        }
    }

    /// Asks for what is not known yet of a call that could ring. `true`: it waits for the answer.
    fn call_waits(&mut self, id: ServerId, call: &ActiveCall, out: &mut Effects) -> bool {
        let Some(server) = self.servers.get(&id) else { return false };
        let (state, calls) = (&server.state, &server.calls);
        let rings = calls.ringing_enabled
            && !call.dismissed_by_me
            && !calls.dismissed.contains(&call.call_id)
            && !calls.mine.iter().any(|(channel, _)| *channel == call.channel_id)
            && (call.owner_id.is_none() || call.owner_id != state.me_id());
        let channel = state.channels.get(&call.channel_id);
        let kind = channel.and_then(|channel| channel.channel_type);
        if !rings || !matches!(kind, None | Some(ChannelType::Direct | ChannelType::Group)) {
            return false;
        }
        let caller = call.owner_id.filter(|owner| state.user(*owner).is_none());
        let lacks_channel = kind.is_none() || channel.is_some_and(|channel| channel.prefs.is_none());
        if lacks_channel {
            self.ask(id, Fetch::Channel(call.channel_id), out);
        }
        if let Some(caller) = caller {
            self.ask(id, Fetch::Users(vec![caller]), out);
        }
        lacks_channel || caller.is_some()
    }

    /// Decides the calls that waited for an answer that came.
    pub(super) fn decide_waiting_calls(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        self.decide_calls(now, id, out, |state, waiting| {
            let channel = state.channels.get(&waiting.call.channel_id);
            channel.is_some_and(|channel| channel.channel_type.is_some() && channel.prefs.is_some())
                && waiting.call.owner_id.is_none_or(|owner| state.user(owner).is_some())
        });
    }

    /// Decides the calls that waited long enough.
    pub(super) fn decide_overdue_calls(&mut self, now: &Now, out: &mut Effects) {
        let overdue = |server: &Server| server.calls.deadline().is_some_and(|at| at <= now.mono);
        let servers: Vec<ServerId> =
            self.servers.iter().filter(|(_, server)| overdue(server)).map(|(id, _)| *id).collect();
        for id in servers {
            self.decide_calls(now, id, out, |_, waiting| waiting.deadline <= now.mono);
        }
    }

    fn decide_calls(
        &mut self,
        now: &Now,
        id: ServerId,
        out: &mut Effects,
        is_ready: impl Fn(&ServerState, &Waiting) -> bool,
    ) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let state = &server.state;
        let mut ready = Vec::new();
        for live in server.calls.live.values_mut() {
            if let Some(waiting) = live.waiting.take_if(|waiting| is_ready(state, waiting)) {
                ready.push(waiting.call);
            }
        }
        for call in ready {
            self.decide_live_call(now, id, &call, out);
        }
    }

    fn decide_live_call(&mut self, now: &Now, id: ServerId, call: &ActiveCall, out: &mut Effects) {
        let other_ringing = self.ringing.as_ref().is_some_and(|ringing| ringing.call != call.call_id);
        let Some(server) = self.servers.get(&id) else { return };
        let state = &server.state;
        let me = state.me_id();
        let channel = state.channels.get(&call.channel_id);
        let verdict = decide_call(&CallFacts {
            ringing: server.calls.ringing_enabled,
            channel_type: channel.and_then(|channel| channel.channel_type),
            own: me.is_some() && call.owner_id == me,
            dismissed: call.dismissed_by_me || server.calls.dismissed.contains(&call.call_id),
            // Seen before it comes here.
            duplicate: false,
            in_same_call: server.calls.mine.iter().any(|(channel, _)| *channel == call.channel_id),
            in_call: !server.calls.mine.is_empty(),
            other_ringing,
            already_rang: false,
            channel_prefs: channel.and_then(|channel| channel.prefs.as_deref()),
            status: state.status.as_ref(),
            props: state.account.props(),
            // Belfry's window shows no channel: a call is never on screen already.
            window_hidden: true,
        });
        self.dirty = true;
        let objection = self.call_objection(id);
        let reason = objection.or(verdict.reason);
        let ring = if objection.is_some() { None } else { verdict.ring };
        let banner = objection.is_none() && (verdict.banner || ring.is_some());
        let Some(mut decision) = self.word_call(now, id, call, reason, ring, verdict.card) else { return };
        let mut card = banner.then(|| {
            decision.verdict = Shown::Notify;
            self.call_card(id, call, &decision)
        });
        if let Some(card) = &mut card {
            card.head.id = self.stack.next_id();
            if let Some(live) = self.servers.get_mut(&id).and_then(|server| server.calls.live.get_mut(&call.call_id)) {
                live.banner = Some(card.head.id);
            }
        }
        if let Some(sound) = ring {
            self.stop_ringing(out);
            self.ringing = Some(Ringing { server: id, call: call.call_id, until: now.mono.after(RING_FOR) });
            if self.prefs.sound.volume_percent > 0 {
                let ring_for_ms = u64::try_from(RING_FOR.as_millis()).ok();
                out.push(Effect::PlaySound(self.sound_to_play(SoundChoice::Ring(sound), ring_for_ms)));
            }
        } else if banner && let Some(name) = verdict.banner_sound {
            let sound = SoundChoice::Message(MessageSound::parse(&name).unwrap_or_default());
            decision.trace.extend(self.play(now, sound, None, out).map(|step| step.worded("")));
        }
        let draft = Arc::new(Draft::from(decision));
        if let Some(card) = card {
            self.remember_recent(&draft);
            self.show(now, card, out);
        }
        self.record(now, draft, out);
    }

    fn call_objection(&self, id: ServerId) -> Option<Reason> {
        if self.permission(id) != Permission::Allowed {
            Some(Reason::NotificationsPermissionDisallowed)
        } else if self.paused_until_ms.is_some() {
            Some(Reason::Paused)
        } else if self.is_quiet_by_system() {
            Some(Reason::OsDnd)
        } else if self.is_quiet_by_full_screen() {
            // One that is locked or off can be heard, and somebody may be beside it.
            Some(Reason::FullScreen)
        } else {
            None
        }
    }

    fn word_call(
        &mut self,
        now: &Now,
        id: ServerId,
        call: &ActiveCall,
        reason: Option<Reason>,
        ring: Option<RingSound>,
        card: bool,
    ) -> Option<Decision> {
        let server_name = self.server_prefs(id)?.name.clone();
        let url = self.server_prefs(id)?.url.clone();
        let state = &self.servers.get(&id)?.state;
        let format = state.name_format();
        let channel = state.channels.get(&call.channel_id);
        let caller = call
            .owner_id
            .and_then(|owner| state.user(owner))
            .map_or_else(|| "Someone".to_owned(), |user| present::display_name(user, format));
        let caller = present::bounded(caller, self.mode);
        let channel_type = channel.and_then(|channel| channel.channel_type);
        let direct = channel_type == Some(ChannelType::Direct);
        let title = if direct {
            caller.clone()
        } else if matches!(channel_type, Some(ChannelType::Public | ChannelType::Private)) {
            present::bounded(state.place_title(call.channel_id), self.mode)
        } else {
            // The other members except caller and me (C15).
            let caller_username = call.owner_id.and_then(|owner| state.user(owner)).map(|user| user.username.as_str());
            let others: Vec<String> = channel
                .map(|channel| &*channel.display_name)
                .unwrap_or_default()
                .split(", ")
                .filter(|name| !name.is_empty() && *name != state.me.username && Some(*name) != caller_username)
                .map(|name| {
                    state.user_named(name).map_or_else(|| name.to_owned(), |user| present::display_name(user, format))
                })
                .collect();
            let others: Vec<&str> = others.iter().map(String::as_str).collect();
            present::bounded(wording::call_title(&caller, &others), self.mode)
        };
        let team = channel
            .and_then(|channel| channel.team_id)
            .and_then(|team| state.teams.get(&team))
            .map(|team| team.name.clone());
        let body = wording::call_body(&caller);
        let permalink =
            call.post_id.map(|post| present::permalink(&url, team.as_deref(), post.as_str())).unwrap_or_default();
        let (outcome, detail) = match (reason, ring) {
            (_, Some(sound)) => ("notify", format!("It rings with {}", sound.name())),
            (Some(reason), None) => ("skip", format!("It does not ring: {}", reason.tag())),
            (None, None) => ("continue", "It does not ring".to_owned()),
        };
        let setting = match reason {
            Some(Reason::CallSoundOff) => Some(Setting::CallSound),
            Some(Reason::NotificationsPermissionDisallowed) => Some(Setting::Permission),
            Some(Reason::ChannelMuted) => Some(Setting::ChannelMuted),
            Some(_) | None => None,
        };
        self.decisions = self.decisions.saturating_add(1);
        Some(Decision {
            seq: self.decisions,
            kind: DecisionKind::Call,
            server: id,
            server_name,
            channel_id: Some(call.channel_id),
            post_id: call.post_id,
            root_id: None,
            call_id: Some(call.call_id),
            user_id: call.owner_id,
            sender: text::neutralize(&caller).into_owned(),
            alias: false,
            place: if direct { String::new() } else { text::neutralize(&title).into_owned() },
            direct,
            thread: None,
            title,
            text: text::neutralize(&body).into_owned(),
            body,
            verdict: Shown::Skip,
            reason,
            sentence: match reason {
                Some(reason) if ring.is_none() => {
                    let advice = setting.map(Setting::advice).or_else(|| reason.advice());
                    let advice = advice.map(|advice| format!(" {advice}")).unwrap_or_default();
                    format!("Not announced with a ring: {}.{advice}", reason.tag())
                }
                _ => "An incoming call.".to_owned(),
            },
            setting,
            recovered: None,
            priority: Priority::Standard,
            mentioned: true,
            sound: ring.map(SoundChoice::Ring),
            at_ms: if call.start_at > 0 { call.start_at } else { now.wall_ms() },
            ring: Some(match (card, ring) {
                (false, _) => RingVerdict::None,
                (true, None) => RingVerdict::Quiet,
                (true, Some(_)) => RingVerdict::Ring,
            }),
            permalink,
            trace: vec![TraceStep { rule: "call".into(), outcome: outcome.into(), detail }],
        })
    }

    fn call_card(&self, id: ServerId, call: &ActiveCall, decision: &Decision) -> Card {
        let caller = decision.user_id.and_then(|user| self.servers.get(&id)?.state.user(user));
        let view = BannerView {
            id: BannerId(0),
            version: 1,
            kind: BannerKind::Call,
            server: id,
            server_name: if self.prefs.servers.len() > 1 { decision.server_name.clone() } else { String::new() },
            channel_id: decision.channel_id,
            post_id: decision.post_id,
            root_id: None,
            user_id: decision.user_id,
            picture: caller.map(|caller| caller.last_picture_update),
            sender: decision.sender.clone(),
            place: decision.place.clone(),
            thread: None,
            text: "is inviting you to a call".to_owned(),
            files: None,
            priority: Priority::Standard,
            mentioned: true,
            more: 0,
            at_ms: decision.at_ms,
            lifetime_ms: lifetime_ms(&self.prefs.banner, BannerKind::Call, Priority::Standard, true),
            remaining_ms: None,
            reply: None,
            title: decision.title.clone(),
            body: decision.body.clone(),
        };
        let conversation = Conversation { server: id, channel: call.channel_id, thread: call.post_id };
        let mut card = Card::new(view, Some(conversation), Rank::Urgent);
        card.call = Some(call.call_id);
        card
    }

    fn call_over(&mut self, now: &Now, id: ServerId, call: CallId, out: &mut Effects) {
        self.stop_ringing_call(id, call, out);
        self.take_call_card(now, id, call, out);
        if let Some(server) = self.servers.get_mut(&id) {
            server.calls.live.remove(&call);
        }
    }

    pub(super) fn take_call_card(&mut self, now: &Now, id: ServerId, call: CallId, out: &mut Effects) {
        let banner = self
            .servers
            .get_mut(&id)
            .and_then(|server| server.calls.live.get_mut(&call))
            .and_then(|live| live.banner.take());
        if let Some(banner) = banner {
            self.stack.remove(now.mono, banner, &self.prefs.banner);
            if self.stack.toast(banner).is_some() {
                let mut effects = Vec::new();
                self.stack.toast_gone(now.mono, banner, &mut effects);
                carry_out(effects, out);
                out.push(Effect::CloseToast(banner));
            }
            self.dirty = true;
        }
    }

    pub(super) fn stop_ringing_call(&mut self, id: ServerId, call: CallId, out: &mut Effects) {
        if self.ringing.as_ref().is_some_and(|ringing| ringing.server == id && ringing.call == call) {
            self.stop_ringing(out);
        }
    }

    pub(super) fn stop_ringing_of(&mut self, id: ServerId, out: &mut Effects) {
        if self.ringing.as_ref().is_some_and(|ringing| ringing.server == id) {
            self.stop_ringing(out);
        }
    }

    pub(super) fn stop_ringing(&mut self, out: &mut Effects) {
        if let Some(ringing) = self.ringing.take() {
            out.push(Effect::StopSound);
            out.push(Effect::RingStopped { server: ringing.server, call_id: ringing.call });
        }
    }

    pub(super) fn pass_ring_deadline(&mut self, now: &Now, out: &mut Effects) {
        if self.ringing.as_ref().is_some_and(|ringing| ringing.until <= now.mono) {
            self.stop_ringing(out);
        }
    }
}
