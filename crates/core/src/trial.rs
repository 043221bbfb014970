//! Questions of the kind "what would happen if": a typed message, or a recorded one under other settings.

use serde::{Deserialize, Serialize};

use crate::activity::{TraceStep, Verdict};
use crate::decide::reason::Reason;
use crate::decide::setting::Setting;
use crate::event::ChannelType;
use crate::ids::{ChannelId, ServerId, UserId};
use crate::sound::SoundChoice;

/// A message as it might come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialMessage {
    /// On which server.
    pub server: ServerId,
    /// Its text, in markdown.
    pub text: String,
    /// In this channel, with its preferences; `None` = in one with nothing set, of the kind below.
    pub channel: Option<ChannelId>,
    /// The kind of channel where none is named.
    pub kind: ChannelType,
    /// From this person; `None` = from anybody.
    pub author: Option<UserId>,
    /// It is a reply.
    pub reply: TrialReply,
}

/// To what a message replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrialReply {
    /// To nothing.
    #[default]
    No,
    /// In a thread that the person follows.
    Followed,
    /// In another thread.
    NotFollowed,
}

/// A setting as it might be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhatIf {
    /// The channel is muted, or not.
    ChannelMuted(bool),
    /// The channel has this level: `all`, `mention`, `none` or `default`.
    ChannelLevel(String),
    /// The account has this level.
    AccountLevel(String),
    /// The thread is followed.
    ThreadFollowed,
    /// The person's status does not stand in the way.
    StatusOnline,
    /// The server may notify.
    Allowed,
    /// Nothing is paused, the screen is not locked, and the system's do-not-disturb is off.
    NotPaused,
}

/// What would happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Shown or not.
    pub verdict: Verdict,
    /// Why not.
    pub reason: Option<Reason>,
    /// The verdict in one sentence.
    pub sentence: String,
    /// The setting that decided.
    pub setting: Option<Setting>,
    /// The word of the person's that was found.
    pub word: Option<String>,
    /// The sound.
    pub sound: Option<SoundChoice>,
    /// Every rule consulted, in order.
    pub trace: Vec<TraceStep>,
}
