//! One connection's protocol state, without sockets and without a clock (protocol §4.4–4.9, §12.1–12.5).
//!
//! Inputs say what happened and when; actions say what to do. The rules that clients get wrong live here: what a missing
//! `hello` means, when a sequence gap forces a full load, and what a silent or a refused connection tells of the session.

mod io;

use std::time::Duration;

use belfry_core::event::Connection;
use belfry_core::time::MonoTime;

use super::backoff::{Backoff, Jitter, LONGEST_WISH, Timing};
use super::presence::{Person, Told};
pub use io::{Action, Ending, Identity, Input};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Connect,
    CheckIdentity,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// Not begun, or over until the person does something.
    Stopped,
    Waiting {
        until: MonoTime,
        next: Next,
    },
    Opening,
    Open(Open),
    /// No socket; the session is in doubt and being asked about.
    Doubting(Cause),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    since: MonoTime,
    ready: bool,
    /// Whether a resume was asked for and no `hello` denied it.
    resuming: bool,
    /// The number of the last frame of ours.
    last_seq: i64,
    ping_seq: i64,
    unanswered: bool,
    ping_at: MonoTime,
    told: Told,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    Done,
    Wanted { at: MonoTime },
    Running,
}

/// Why there is no socket while the identity is being asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The server dropped it before it was ready: a try at once would end the same way.
    Refused,
    /// The session was over, or blocked, when last asked: go on as soon as it is not.
    Blocked,
}

/// Why the identity is being asked for while a socket is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// A ping was refused: the socket is no good whatever the answer.
    RefusedPing,
    /// Routine, or a REST call's complaint: an answer of "alive" changes nothing.
    Other,
}

/// The machine.
#[derive(Debug)]
pub struct Machine {
    timing: Timing,
    phase: Phase,
    connection_id: String,
    next_seq: i64,
    /// Frames since the last good event that may each have been one.
    unreadable: i64,
    backoff: Backoff,
    load_backoff: Backoff,
    load: Load,
    loaded_at: Option<MonoTime>,
    /// A gap was not closed since: what is shown may be old.
    stale: bool,
    overflowed: bool,
    lost_at: Option<MonoTime>,
    /// The server asked us not to come back before.
    wished: Option<MonoTime>,
    person: Person,
    /// Input before this moment tells nothing of who is there now: the computer slept in between.
    woke_at: Option<MonoTime>,
    doubt: Option<Doubt>,
    identity_at: MonoTime,
    counts_at: MonoTime,
    version: String,
    reported: Option<Connection>,
}

/// A close this soon after the upgrade, with a resume asked for, is how a malformed resume is refused (§4.6 case E).
const REFUSED_RESUME: Duration = Duration::from_secs(2);

impl Machine {
    /// A machine that waits for [`Input::Start`].
    pub fn new(timing: Timing) -> Self {
        Self {
            timing,
            phase: Phase::Stopped,
            connection_id: String::new(),
            next_seq: 0,
            unreadable: 0,
            backoff: Backoff::default(),
            load_backoff: Backoff::default(),
            load: Load::Done,
            loaded_at: None,
            stale: false,
            overflowed: false,
            lost_at: None,
            wished: None,
            person: Person::default(),
            woke_at: None,
            doubt: None,
            identity_at: MonoTime(u64::MAX),
            counts_at: MonoTime(u64::MAX),
            version: String::new(),
            reported: None,
        }
    }

    /// Whether frames must be held back until the load that runs, or is still to come, has been delivered (§3.1 "Race rule").
    pub fn holds_frames(&self) -> bool {
        self.load == Load::Running || self.loaded_at.is_none()
    }

    /// Whether the answer of a load is awaited; the answer of one that was given up is not.
    pub fn awaits_load(&self) -> bool {
        self.load == Load::Running
    }

    /// When [`Input::Tick`] is due.
    pub fn next_wake(&self) -> Option<MonoTime> {
        let phase = match &self.phase {
            Phase::Stopped | Phase::Opening | Phase::Doubting(_) => None,
            Phase::Waiting { until, .. } => Some(*until),
            // While the answer is awaited, nothing more is to be asked.
            Phase::Open(open) if open.ready && self.doubt.is_none() => Some(open.ping_at.min(self.identity_at)),
            Phase::Open(open) if open.ready => Some(open.ping_at),
            Phase::Open(open) => Some(open.ping_at.min(open.since.after(self.timing.ready_within))),
        };
        let load = match (self.load, &self.phase) {
            (Load::Wanted { at }, Phase::Open(open)) if open.ready => Some(at),
            (Load::Done | Load::Wanted { .. } | Load::Running, _) => None,
        };
        let presence = match &self.phase {
            Phase::Open(open) if open.ready => open.told.due(&self.person, &self.timing).map(|(at, _)| at),
            Phase::Stopped | Phase::Waiting { .. } | Phase::Opening | Phase::Open(_) | Phase::Doubting(_) => None,
        };
        [phase, load, self.counts_due(), presence].into_iter().flatten().min()
    }

    /// Handles one input. Never fails: what cannot be at this point is ignored.
    pub fn step(&mut self, now: MonoTime, jitter: Jitter, input: Input<'_>) -> Vec<Action> {
        let mut out = Vec::new();
        match input {
            Input::Start => {
                if self.phase == Phase::Stopped {
                    self.connect(&mut out);
                }
            }
            Input::Opened => self.on_opened(now, &mut out),
            Input::NotOpened { reason, retry_after, doubt } => {
                if self.phase == Phase::Opening {
                    self.lost_at = Some(now);
                    if doubt {
                        self.doubt_session(Cause::Refused, &mut out);
                    } else {
                        self.back_off(now, jitter.of(self.timing.jitter), retry_after, reason, &mut out);
                    }
                }
            }
            Input::Hello { connection_id, seq, version } => {
                self.on_hello(now, jitter, connection_id, seq, version, &mut out);
            }
            Input::Event { seq } => self.on_event(now, jitter, seq, &mut out),
            Input::Reply { seq_reply, ok } => self.on_reply(now, jitter, seq_reply, ok, &mut out),
            Input::Unreadable => self.unreadable = self.unreadable.saturating_add(1),
            Input::Closed(ending) => self.on_closed(now, jitter, ending, &mut out),
            Input::Identity(identity) => self.on_identity(now, jitter, identity, &mut out),
            Input::Loaded => {
                if self.load == Load::Running {
                    self.loaded_at = Some(now);
                    self.stale = false;
                    self.compare_counts_later(now, jitter);
                    self.load_backoff.reset();
                    self.load = if std::mem::take(&mut self.overflowed) { self.wanted(now) } else { Load::Done };
                }
            }
            Input::LoadFailed { reason, retry_after } => {
                self.on_load_failed(now, jitter, reason, retry_after, &mut out);
            }
            Input::Overflowed => self.overflowed = true,
            Input::Suspicion => {
                if self.doubt.is_none() && matches!(self.phase, Phase::Open(_) | Phase::Waiting { .. }) {
                    self.doubt = Some(Doubt::Other);
                    out.push(Action::CheckIdentity);
                }
            }
            Input::ResyncWanted => {
                if self.load == Load::Done {
                    self.load = self.wanted(now);
                }
            }
            Input::Woke => {
                self.woke_at = Some(now);
                self.person.last_input = None;
                self.on_change(now, self.timing.base, &mut out);
            }
            Input::NetworkUp => self.on_change(now, self.timing.base, &mut out),
            Input::Person(Person { last_input, locked }) => {
                let last_input = last_input.filter(|at| self.woke_at.is_none_or(|woke| *at > woke));
                self.person = Person { last_input, locked };
            }
            Input::CheckAgain => {
                if self.phase == Phase::Stopped {
                    self.backoff.reset();
                    self.doubt_session(Cause::Blocked, &mut out);
                    self.report(Connection::Connecting, &mut out);
                }
                if let Load::Wanted { at } = &mut self.load {
                    *at = now;
                }
                self.on_change(now, Duration::ZERO, &mut out);
            }
            Input::Tick => {}
        }
        self.pass_time(now, jitter, &mut out);
        out
    }

    /// What is due by now, and what follows from where we are.
    fn pass_time(&mut self, now: MonoTime, jitter: Jitter, out: &mut Vec<Action>) {
        match &mut self.phase {
            Phase::Waiting { until, next } if *until <= now => match *next {
                Next::Connect => self.connect(out),
                Next::CheckIdentity => self.doubt_session(Cause::Blocked, out),
            },
            Phase::Open(open) if open.ping_at <= now => {
                if open.unanswered {
                    out.push(Action::Close);
                    self.lose(now, jitter, "the server did not answer any more", out);
                } else {
                    Self::ping(open, now.after(self.timing.ping_every), out);
                }
            }
            Phase::Open(open) if !open.ready && open.since.after(self.timing.ready_within) <= now => {
                // Some proxies keep a connection open that the server has given up: the token is in doubt (§4.2).
                out.push(Action::Close);
                self.lost_at = Some(now);
                self.doubt_session(Cause::Refused, out);
            }
            Phase::Open(open) if open.ready && self.identity_at <= now && self.doubt.is_none() => {
                self.identity_at = now.after(self.timing.identity_every);
                self.doubt = Some(Doubt::Other);
                out.push(Action::CheckIdentity);
            }
            Phase::Stopped | Phase::Waiting { .. } | Phase::Opening | Phase::Open(_) | Phase::Doubting(_) => {}
        }
        let ready = matches!(&self.phase, Phase::Open(open) if open.ready);
        if ready && matches!(self.load, Load::Wanted { at } if at <= now) {
            self.load = Load::Running;
            self.overflowed = false;
            out.push(Action::Load);
        }
        if self.counts_due().is_some_and(|at| at <= now) {
            self.compare_counts_later(now, jitter);
            out.push(Action::CompareCounts);
        }
        if let Phase::Open(open) = &mut self.phase
            && open.ready
            && let Some(active) = open.told.take(&mut self.person, now, &self.timing)
        {
            open.last_seq = open.last_seq.saturating_add(1);
            out.push(Action::TellActivity { seq: open.last_seq, active });
        }
        if ready && self.loaded_at.is_some() && self.load != Load::Running && !self.stale {
            self.report(Connection::Live { version: self.version.clone() }, out);
        }
    }

    /// When the unread counts are compared next: only while they are kept by events.
    fn counts_due(&self) -> Option<MonoTime> {
        let ready = matches!(&self.phase, Phase::Open(open) if open.ready);
        (ready && self.load == Load::Done && self.loaded_at.is_some()).then_some(self.counts_at)
    }

    /// Events about reading may be dropped without a gap in their numbers (§4.6).
    fn compare_counts_later(&mut self, now: MonoTime, jitter: Jitter) {
        self.counts_at = now.after(self.timing.counts_every).after(jitter.of(self.timing.counts_jitter));
    }

    fn connect(&mut self, out: &mut Vec<Action>) {
        // A resume that asks for number 0 would be granted and replay nothing (§12.3).
        if self.connection_id.is_empty() || self.next_seq < 1 {
            self.forget_connection();
        }
        self.phase = Phase::Opening;
        self.unreadable = 0;
        self.report(Connection::Connecting, out);
        out.push(Action::Connect { connection_id: self.connection_id.clone(), sequence_number: self.next_seq });
    }

    fn forget_connection(&mut self) {
        self.connection_id.clear();
        self.next_seq = 0;
    }

    fn on_opened(&mut self, now: MonoTime, out: &mut Vec<Action>) {
        if self.phase != Phase::Opening {
            out.push(Action::Close);
            self.lost_at = Some(now);
            return;
        }
        let mut open = Open {
            since: now,
            ready: false,
            resuming: !self.connection_id.is_empty(),
            last_seq: 0,
            ping_seq: 0,
            unanswered: false,
            ping_at: now,
            told: Told::nothing(now),
        };
        Self::ping(&mut open, now.after(self.timing.ping_every), out);
        self.phase = Phase::Open(open);
    }

    fn ping(open: &mut Open, next: MonoTime, out: &mut Vec<Action>) {
        open.last_seq = open.last_seq.saturating_add(1);
        open.ping_seq = open.last_seq;
        open.unanswered = true;
        open.ping_at = next;
        out.push(Action::SendPing { seq: open.ping_seq });
    }

    /// Hello, a reply or a replayed event prove that the connection carries our session.
    fn ready(&mut self, now: MonoTime) {
        if let Phase::Open(open) = &mut self.phase
            && !open.ready
        {
            open.ready = true;
            self.backoff.reset();
            self.identity_at = now.after(self.timing.identity_every);
            // A load that runs goes on across a resume, which loses nothing; a new connection needs a new one.
            self.stale |= !open.resuming;
            if !open.resuming || (self.loaded_at.is_none() && self.load == Load::Done) {
                self.load = self.wanted(now);
            }
        }
    }

    /// A load as soon as the last one is long enough ago.
    fn wanted(&self, now: MonoTime) -> Load {
        let earliest = self.loaded_at.map_or(now, |at| at.after(self.timing.load_gap));
        Load::Wanted { at: earliest.max(now) }
    }

    fn on_hello(
        &mut self,
        now: MonoTime,
        jitter: Jitter,
        connection_id: &str,
        seq: i64,
        version: &str,
        out: &mut Vec<Action>,
    ) {
        let Phase::Open(open) = &mut self.phase else { return };
        if open.ready && !open.resuming && !self.connection_id.is_empty() {
            // A second hello on one socket: only a number check can tell what was lost.
            self.on_event(now, jitter, seq, out);
            return;
        }
        // No resume: cases A and D. Everything that happened meanwhile is unknown.
        open.resuming = false;
        open.ready = false;
        connection_id.clone_into(&mut self.connection_id);
        self.next_seq = seq.saturating_add(1).max(1);
        self.unreadable = 0;
        self.version = plain_version(version);
        self.ready(now);
    }

    fn on_event(&mut self, now: MonoTime, jitter: Jitter, seq: i64, out: &mut Vec<Action>) {
        let Phase::Open(open) = &self.phase else { return };
        let resuming = open.resuming;
        let slack = self.next_seq.saturating_add(std::mem::take(&mut self.unreadable));
        if seq < self.next_seq || seq > slack {
            self.forget_connection();
            out.push(Action::Close);
            self.lose(now, jitter, "events were missed", out);
            return;
        }
        self.next_seq = seq.saturating_add(1);
        if resuming {
            self.ready(now);
        }
    }

    fn on_reply(&mut self, now: MonoTime, _jitter: Jitter, seq_reply: Option<i64>, ok: bool, out: &mut Vec<Action>) {
        let Phase::Open(open) = &mut self.phase else { return };
        let about_ping = seq_reply.is_none_or(|seq| seq == open.ping_seq);
        if about_ping {
            open.unanswered = false;
            open.ping_at = now.after(self.timing.ping_every);
        }
        if ok {
            self.ready(now);
        } else if about_ping && self.doubt != Some(Doubt::RefusedPing) {
            // The socket of a revoked session stays open and silent; this is the only sign (§4.9).
            let asked = self.doubt.replace(Doubt::RefusedPing).is_some();
            if !asked {
                out.push(Action::CheckIdentity);
            }
        }
    }

    fn on_closed(&mut self, now: MonoTime, jitter: Jitter, ending: Ending, out: &mut Vec<Action>) {
        let Phase::Open(open) = &self.phase else { return };
        let open = *open;
        if ending == Ending::Broken {
            self.forget_connection();
        }
        if !open.ready {
            if open.resuming && now.since(open.since) <= REFUSED_RESUME {
                self.forget_connection();
            }
            self.lost_at = Some(now);
            self.doubt_session(Cause::Refused, out);
            return;
        }
        let reason = match ending {
            Ending::Lost => "the connection was lost",
            Ending::ByServer => "the server closed the connection",
            Ending::Broken => "the connection carried something unreadable",
        };
        if ending == Ending::ByServer {
            self.lose_with(now, jitter.of(self.timing.jitter_after_close), reason, out);
        } else {
            self.lose(now, jitter, reason, out);
        }
    }

    fn lose(&mut self, now: MonoTime, jitter: Jitter, reason: &str, out: &mut Vec<Action>) {
        self.lose_with(now, jitter.of(self.timing.jitter), reason, out);
    }

    fn lose_with(&mut self, now: MonoTime, jitter: Duration, reason: &str, out: &mut Vec<Action>) {
        self.lost_at = Some(now);
        self.back_off(now, jitter, None, reason.to_owned(), out);
    }

    /// Waits for the next try: longer with every failure, and as long as the server asks for.
    fn back_off(
        &mut self,
        now: MonoTime,
        jitter: Duration,
        retry_after: Option<Duration>,
        reason: String,
        out: &mut Vec<Action>,
    ) {
        self.wished = retry_after.map(|asked| now.after(asked.min(LONGEST_WISH)));
        let wait = self.backoff.fail(&self.timing, jitter, retry_after);
        self.wait(now, wait, reason, out);
    }

    fn wait(&mut self, now: MonoTime, wait: Duration, reason: String, out: &mut Vec<Action>) {
        let until = now.after(wait).max(self.earliest(now));
        self.phase = Phase::Waiting { until, next: Next::Connect };
        let retry_in_ms = until.0.saturating_sub(now.0);
        self.report(Connection::Waiting { reason, retry_in_ms }, out);
    }

    /// The earliest moment of the next connection.
    fn earliest(&self, now: MonoTime) -> MonoTime {
        self.lost_at.map_or(now, |lost| lost.after(self.timing.reconnect_gap)).max(now)
    }

    /// No socket any more, or none worth keeping; whether to go on depends on the session.
    fn doubt_session(&mut self, cause: Cause, out: &mut Vec<Action>) {
        self.phase = Phase::Doubting(cause);
        if self.doubt.replace(Doubt::Other).is_none() {
            out.push(Action::CheckIdentity);
        }
    }

    fn on_identity(&mut self, now: MonoTime, jitter: Jitter, identity: Identity, out: &mut Vec<Action>) {
        let doubt = self.doubt.take();
        let open = matches!(self.phase, Phase::Open(_));
        match identity {
            Identity::Over => {
                self.stop(now, out);
                self.report(Connection::SignedOut { reason: "the server ended the session".to_owned() }, out);
            }
            Identity::MfaRequired => {
                if open {
                    out.push(Action::Close);
                    self.lost_at = Some(now);
                }
                self.phase = Phase::Waiting { until: now.after(self.timing.cap), next: Next::CheckIdentity };
                let reason = "the server wants two-step sign-in; set it up in the browser".to_owned();
                self.report(Connection::Failed { reason }, out);
            }
            Identity::Alive => match (&self.phase, doubt) {
                (Phase::Open(_), Some(Doubt::RefusedPing)) => {
                    out.push(Action::Close);
                    self.lose(now, jitter, "the server did not accept the connection any more", out);
                }
                (Phase::Doubting(Cause::Blocked), _) => {
                    self.phase = Phase::Waiting { until: self.earliest(now), next: Next::Connect };
                }
                (Phase::Doubting(Cause::Refused), _) => {
                    let reason = "the server closed the connection at once".to_owned();
                    self.back_off(now, jitter.of(self.timing.jitter), None, reason, out);
                }
                (Phase::Stopped | Phase::Waiting { .. } | Phase::Opening | Phase::Open(_), _) => {}
            },
            Identity::Unreachable { reason, retry_after } => {
                let dead = open && doubt == Some(Doubt::RefusedPing);
                if dead {
                    out.push(Action::Close);
                    self.lost_at = Some(now);
                }
                if dead || matches!(self.phase, Phase::Doubting(_)) {
                    self.back_off(now, jitter.of(self.timing.jitter), retry_after, reason, out);
                }
            }
        }
    }

    fn stop(&mut self, now: MonoTime, out: &mut Vec<Action>) {
        if matches!(self.phase, Phase::Open(_) | Phase::Opening) {
            out.push(Action::Close);
            self.lost_at = Some(now);
        }
        self.phase = Phase::Stopped;
        self.forget_connection();
        self.load = Load::Done;
    }

    fn on_load_failed(
        &mut self,
        now: MonoTime,
        jitter: Jitter,
        reason: String,
        retry_after: Option<Duration>,
        out: &mut Vec<Action>,
    ) {
        if self.load != Load::Running {
            return;
        }
        let wait = self.load_backoff.fail(&self.timing, jitter.of(self.timing.jitter), retry_after);
        self.load = Load::Wanted { at: now.after(wait) };
        if (self.loaded_at.is_none() || self.stale) && matches!(self.phase, Phase::Open(_)) {
            let retry_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            self.report(Connection::Waiting { reason, retry_in_ms }, out);
        }
    }

    /// Something changed for the better, or may have: look soon, `settle` from now, however often it failed before. What
    /// the server asked for is only overruled by the person, who wants it at once.
    fn on_change(&mut self, now: MonoTime, settle: Duration, out: &mut Vec<Action>) {
        self.backoff.reset();
        let earliest = self.earliest(now);
        let at_once = settle.is_zero();
        match &mut self.phase {
            Phase::Open(open) => {
                let deadline = now.after(self.timing.urgent_ping);
                if open.unanswered {
                    open.ping_at = open.ping_at.min(deadline);
                } else {
                    Self::ping(open, deadline, out);
                }
            }
            Phase::Waiting { until, .. } => {
                let floor = self.wished.filter(|_| !at_once).map_or(earliest, |wished| wished.max(earliest));
                *until = (*until).min(now.after(settle)).max(floor);
            }
            // An attempt that began on another network may hang until its time is over.
            Phase::Opening if !at_once => {
                out.push(Action::Close);
                self.lost_at = Some(now);
                let settle = settle.max(self.timing.reconnect_gap);
                self.phase = Phase::Waiting { until: now.after(settle), next: Next::Connect };
            }
            Phase::Stopped | Phase::Opening | Phase::Doubting(_) => {}
        }
    }

    fn report(&mut self, connection: Connection, out: &mut Vec<Action>) {
        if self.reported.as_ref() != Some(&connection) {
            self.reported = Some(connection.clone());
            out.push(Action::Report(connection));
        }
    }
}

/// The first three numbers of `hello.server_version`; what follows is build and configuration (§1.5).
fn plain_version(version: &str) -> String {
    let numbers: Vec<&str> = version
        .split('.')
        .take(3)
        .take_while(|part| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty())
        .collect();
    numbers.join(".")
}

#[cfg(test)]
mod tests;
