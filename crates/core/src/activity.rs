//! What was decided and why: the rows of Activity, the lines of `belfry replay`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::decide::reason::Reason;
use crate::decide::setting::Setting;
use crate::event::Priority;
use crate::ids::{CallId, ChannelId, PostId, ServerId, UserId};
use crate::sound::SoundChoice;

/// One decision, with everything a person may ask about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Counts decisions of this run, from 1.
    pub seq: u64,
    /// What was decided about.
    pub kind: DecisionKind,
    /// Which server.
    pub server: ServerId,
    /// Its name at that time.
    pub server_name: String,
    /// Which channel.
    pub channel_id: Option<ChannelId>,
    /// Which post.
    pub post_id: Option<PostId>,
    /// Root of its thread.
    pub root_id: Option<PostId>,
    /// Which call.
    pub call_id: Option<CallId>,
    /// Who wrote or called.
    pub user_id: Option<UserId>,
    /// Their name for people, without `@`.
    pub sender: String,
    /// The name is not the account's own, so neither is its picture: a webhook that signs as somebody.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub alias: bool,
    /// "Release train", or empty for a direct message.
    pub place: String,
    /// Whether it is a direct message.
    pub direct: bool,
    /// The thread's root in one line, where it is a reply and the root is known.
    pub thread: Option<String>,
    /// Title in the plain wording (notifications §3.1).
    pub title: String,
    /// Body in the plain wording (notifications §3.2).
    pub body: String,
    /// The text alone, without the sender.
    pub text: String,
    /// Shown or not.
    pub verdict: Verdict,
    /// Why not, or what made it special.
    pub reason: Option<Reason>,
    /// The verdict in one sentence that a person can act on.
    pub sentence: String,
    /// The setting that decided, where one did.
    #[serde(default)]
    pub setting: Option<Setting>,
    /// Shown by a rule of ours where the official client shows nothing; its name.
    pub recovered: Option<Cow<'static, str>>,
    /// Priority of the post.
    pub priority: Priority,
    /// It mentions the person.
    pub mentioned: bool,
    /// The sound that the rules chose, before throttling.
    pub sound: Option<SoundChoice>,
    /// Time of the message, Unix milliseconds.
    pub at_ms: i64,
    /// How a call rings; `None` for anything else.
    pub ring: Option<RingVerdict>,
    /// Where the message can be opened; empty = nowhere.
    pub permalink: String,
    /// Every rule consulted, in order.
    pub trace: Vec<TraceStep>,
}

/// What a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// A `posted` event.
    Post,
    /// A repeated urgent notification.
    Urgent,
    /// An incoming call.
    Call,
    /// A session that ended.
    SignedOut,
    /// A session that ends within a day.
    SessionEnds,
    /// The sample shown on Allow.
    Sample,
}

/// How a call rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RingVerdict {
    /// It rings.
    Ring,
    /// Its card is shown without a sound.
    Quiet,
    /// Nothing is shown.
    None,
}

/// Shown or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Shown.
    Notify,
    /// Not shown.
    Skip,
}

/// One rule that was consulted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceStep {
    /// Name of the rule, stable.
    pub rule: Cow<'static, str>,
    /// `continue`, `skip` or `notify`.
    pub outcome: Cow<'static, str>,
    /// What it saw, one sentence for people without a full stop.
    pub detail: String,
}

/// Which rows of Activity are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityFilter {
    /// Shown only (`Some(true)`), not shown only (`Some(false)`), or both.
    pub shown: Option<bool>,
    /// Mentions and direct messages only.
    pub mentions: bool,
    /// One server only.
    pub server: Option<ServerId>,
    /// Words looked for in people, places and text; empty = any.
    pub text: String,
}

/// A row of Activity: a decision and its number in the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityRow {
    /// Number in the history: higher is newer.
    pub row: i64,
    /// What was decided.
    pub decision: Decision,
}
