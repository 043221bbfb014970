//! Whether an incoming call rings (notifications §2.8, C3–C14).

use crate::decide::reason::Reason;
use crate::event::{ChannelType, NotifyProps, Status};
use crate::sound::{MessageSound, RingSound};
use crate::state::channel::{ChannelPrefs, Level, SoundName, Switch};

/// What is known when a call appears.
#[derive(Clone, Debug)]
pub struct CallFacts<'a> {
    /// `EnableRinging`
    pub ringing: bool,
    /// The channel's kind.
    pub channel_type: Option<ChannelType>,
    /// I started it, on any device.
    pub own: bool,
    /// I dismissed it already.
    pub dismissed: bool,
    /// It is in the list already.
    pub duplicate: bool,
    /// I am in this very call.
    pub in_same_call: bool,
    /// I am in any call.
    pub in_call: bool,
    /// Another call rings at this moment.
    pub other_ringing: bool,
    /// This one rang before.
    pub already_rang: bool,
    /// My channel preferences; `None` = membership unknown.
    pub channel_prefs: Option<&'a ChannelPrefs>,
    /// My status.
    pub status: Option<&'a Status>,
    /// My account preferences.
    pub props: &'a NotifyProps,
    /// Our window is hidden or unfocused.
    pub window_hidden: bool,
}

/// What to do about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallVerdict {
    /// Show it at all.
    pub card: bool,
    /// Ring with this sound.
    pub ring: Option<RingSound>,
    /// Show a banner too.
    pub banner: bool,
    /// The banner's sound.
    pub banner_sound: Option<String>,
    /// Why there is no card, no ring, or no banner: the first objection.
    pub reason: Option<Reason>,
    /// Why there is no banner.
    pub banner_reason: Option<Reason>,
}

/// Decides once, at the call's first appearance.
pub fn decide_call(facts: &CallFacts<'_>) -> CallVerdict {
    let none = |reason| CallVerdict {
        card: false,
        ring: None,
        banner: false,
        banner_sound: None,
        reason: Some(reason),
        banner_reason: Some(reason),
    };
    if !facts.ringing {
        return none(Reason::CallRingingDisabled);
    }
    if facts.in_same_call {
        return none(Reason::CallInSameCall);
    }
    if !matches!(facts.channel_type, Some(ChannelType::Direct | ChannelType::Group)) {
        return none(Reason::CallNotDmGm);
    }
    if facts.dismissed {
        return none(Reason::CallDismissed);
    }
    if facts.duplicate {
        return none(Reason::CallDuplicate);
    }
    if facts.own {
        return none(Reason::CallOwn);
    }
    let quiet = match (facts.channel_prefs, facts.status) {
        (None, _) => Some(Reason::NoMember),
        (Some(prefs), _) if prefs.is_muted() => Some(Reason::ChannelMuted),
        (Some(_), Some(Status::DoNotDisturb | Status::OutOfOffice)) => Some(Reason::UserStatus),
        (Some(_), Some(Status::Online | Status::Away | Status::Offline | Status::Other(_)) | None) => None,
    };
    if let Some(reason) = quiet {
        return CallVerdict { card: true, ..none(reason) };
    }
    let value = |key: &str| facts.props.get(key).map(String::as_str);
    let user_none = value("desktop") == Some("none");
    let ring_objection = if facts.in_call {
        Some(Reason::CallInCall)
    } else if facts.other_ringing {
        Some(Reason::CallOtherRinging)
    } else if facts.already_rang {
        Some(Reason::CallAlreadyRang)
    } else if user_none {
        Some(Reason::NotifyLevelNone)
    } else if value("calls_desktop_sound").is_some_and(|on| !on.is_empty() && on != "true") {
        Some(Reason::CallSoundOff)
    } else {
        None
    };
    let channel_none = facts.channel_prefs.is_some_and(|prefs| prefs.desktop == Level::None);
    let banner_objection = if user_none || channel_none {
        Some(Reason::NotifyLevelNone)
    } else if !facts.window_hidden {
        Some(Reason::CallWindowVisible)
    } else {
        None
    };
    let ring = ring_objection
        .is_none()
        .then(|| value("calls_notification_sound").and_then(RingSound::parse).unwrap_or_default());
    CallVerdict {
        card: true,
        ring,
        banner: banner_objection.is_none(),
        banner_sound: banner_objection.is_none().then(|| banner_sound(facts)).flatten(),
        reason: ring_objection,
        banner_reason: banner_objection,
    }
}

/// C14
fn banner_sound(facts: &CallFacts<'_>) -> Option<String> {
    let channel = facts.channel_prefs?;
    if channel.desktop_sound == Switch::Off || facts.props.get("desktop_sound").is_none_or(|value| value != "true") {
        return None;
    }
    Some(match &channel.sound {
        SoundName::Known(sound) => sound.name().to_owned(),
        SoundName::Other(name) => name.clone().into_string(),
        SoundName::Default => facts
            .props
            .get("desktop_notification_sound")
            .cloned()
            .unwrap_or_else(|| MessageSound::default().name().to_owned()),
    })
}
