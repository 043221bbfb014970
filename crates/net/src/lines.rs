//! The lines of `belfry replay` and `belfry headless`: one printer for both. `docs/headless.md` describes them.
//!
//! A JSON line may hold a message's text: it is meant for the program that reads it. A plain line of `headless` never does,
//! because it often ends in a log.

use belfry_core::activity::{Decision, DecisionKind, RingVerdict};
use belfry_core::badge::Badge;
use belfry_core::decide::reason::Reason;
use belfry_core::ids::CallId;
use belfry_core::problem::{Problem, ProblemKind};
use belfry_core::sound::SoundChoice;
use belfry_core::view::{Health, ServerView};
use serde_json::{Value, json};

/// How a server is: a `state` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its address.
    pub server: String,
    /// Its name for people; empty where it is not known yet.
    pub name: String,
    /// Who is signed in; empty where nobody is yet.
    pub username: String,
    /// [`Health::code`], or `removed`.
    pub code: &'static str,
    /// Why, one sentence without a full stop; empty where there is nothing to say.
    pub reason: String,
}

impl State {
    /// How a server of the list is.
    pub fn of(server: &ServerView) -> Self {
        Self {
            server: server.url.clone(),
            name: server.name.clone(),
            username: server.username.clone(),
            code: server.health.code(),
            reason: server.health.reason().to_owned(),
        }
    }

    /// How one is that is not in the list yet.
    pub fn unlisted(server: &str, health: &Health) -> Self {
        Self {
            server: server.to_owned(),
            name: String::new(),
            username: String::new(),
            code: health.code(),
            reason: health.reason().to_owned(),
        }
    }

    /// The same server, taken out of the list.
    #[must_use]
    pub fn removed(self) -> Self {
        Self { code: "removed", reason: String::new(), ..self }
    }

    /// The `state` line of `headless --json`.
    pub fn json(&self) -> String {
        let Self { server, name, username, code, reason } = self;
        json!({"kind": "state", "server": server, "name": name, "username": username, "state": code, "reason": said(reason)})
            .to_string()
    }

    /// The same in words.
    pub fn plain(&self) -> String {
        let Self { server, name, code, reason, .. } = self;
        let whom = if name.is_empty() { server.clone() } else { format!("{name} ({server})") };
        let words = match *code {
            "unreachable" => "not reachable",
            "signed_out" => "signed out",
            "not_signed_in" => "not signed in",
            "failed" => "not working",
            other => other,
        };
        if reason.is_empty() { format!("{whom}: {words}") } else { format!("{whom}: {words}: {reason}") }
    }
}

fn said(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

/// The `badge` line of `replay --json` and `headless --json`.
pub fn badge(badge: Badge, action: Option<i64>) -> String {
    let line = json!({
        "kind": "badge",
        "mentions": badge.mentions,
        "unread": badge.unread,
        "signed_out": badge.signed_out,
        "text": badge.text(),
    });
    with_action(line, action)
}

/// The same in words.
pub fn badge_plain(badge: Badge) -> String {
    let number = match badge.mentions {
        0 if badge.unread => "unread messages, none of which needs you".to_owned(),
        0 => "nothing unread".to_owned(),
        1 => "1 message needs you".to_owned(),
        count => format!("{count} messages need you"),
    };
    if badge.signed_out { format!("{number}; a server is signed out") } else { number }
}

/// Whether a decision is about a message or a call. Others are said in other lines, or are samples.
pub fn is_news(decision: &Decision) -> bool {
    match decision.kind {
        DecisionKind::Post | DecisionKind::Urgent | DecisionKind::Call => true,
        DecisionKind::SignedOut | DecisionKind::SessionEnds | DecisionKind::Sample => false,
    }
}

/// The `decision` or `ring` line of `replay --json` and `headless --json`.
pub fn decision(decision: &Decision, action: Option<i64>) -> String {
    let reason = decision.reason.map(Reason::code);
    let sound = decision.sound.map(SoundChoice::name);
    let line = if decision.kind == DecisionKind::Call {
        let verdict = match decision.ring {
            Some(RingVerdict::Ring) => "ring",
            Some(RingVerdict::Quiet) => "quiet",
            Some(RingVerdict::None) | None => "none",
        };
        json!({"kind": "ring", "call_id": decision.call_id, "verdict": verdict, "reason": reason, "sound": sound})
    } else {
        json!({
            "kind": "decision",
            "post_id": decision.post_id,
            "channel_id": decision.channel_id,
            "verdict": decision.verdict,
            "reason": reason,
            "recovered": decision.recovered.is_some(),
            "title": decision.title,
            "body": decision.body,
            "sound": sound,
            "trace": decision.trace,
        })
    };
    with_action(line, action)
}

/// A decision in words, without the message's text.
pub fn decision_plain(decision: &Decision) -> String {
    let verdict = match (decision.reason, &decision.recovered) {
        (None, None) => "shown".to_owned(),
        (None, Some(rule)) => format!("shown ({rule})"),
        (Some(reason), _) => format!("not shown: {}", reason.code()),
    };
    let sound = decision.sound.map_or_else(String::new, |sound| format!(" [{}]", sound.name()));
    format!("{verdict}{sound}  {}", decision.title)
}

/// The `ring_stopped` line of `replay --json` and `headless --json`.
pub fn ring_stopped(call_id: CallId, action: Option<i64>) -> String {
    with_action(json!({"kind": "ring_stopped", "call_id": call_id}), action)
}

/// The `summary` line of `headless --json`: what was held back, in one sentence.
pub fn summary(text: &str) -> String {
    json!({"kind": "summary", "text": text}).to_string()
}

/// The `problem` line of `headless --json`.
pub fn problem(problem: &Problem) -> String {
    json!({"kind": "problem", "part": part(problem.kind), "what": problem.what, "advice": problem.advice}).to_string()
}

/// The `problem_over` line of `headless --json`.
pub fn problem_over(kind: ProblemKind) -> String {
    json!({"kind": "problem_over", "part": part(kind)}).to_string()
}

/// The `lost` line of `headless --json`: so many lines were left out, because nobody took them.
pub fn lost(lines: u64) -> String {
    json!({"kind": "lost", "lines": lines}).to_string()
}

/// One stable word for a part that can have trouble.
pub fn part(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Sound => "sound",
        ProblemKind::Toasts => "notifications",
        ProblemKind::Banners => "banners",
        ProblemKind::Tray => "tray",
        ProblemKind::Prefs => "preferences",
        ProblemKind::History => "history",
        ProblemKind::Keyring => "keyring",
        ProblemKind::Links => "links",
        ProblemKind::Window => "window",
        ProblemKind::Overload => "overload",
        ProblemKind::Wire(_) => "server",
    }
}

fn with_action(mut line: Value, action: Option<i64>) -> String {
    if let (Some(map), Some(action)) = (line.as_object_mut(), action) {
        map.insert("action".to_owned(), action.into());
    }
    line.to_string()
}
