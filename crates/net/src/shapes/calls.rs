//! Shapes of the Calls plugin.

use std::collections::BTreeMap;

use belfry_core::event::ActiveCall;
use belfry_core::ids::{CallId, ChannelId, PostId, UserId};
use serde::Deserialize;
use serde::de::Deserializer;

use super::object;
use crate::lenient;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SessionShape {
    #[serde(deserialize_with = "lenient::text")]
    session_id: String,
    #[serde(deserialize_with = "lenient::id")]
    user_id: Option<UserId>,
}

/// A call of the Calls plugin (protocol §5.8 `CallState`, and `call_start`).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CallShape {
    #[serde(deserialize_with = "lenient::id")]
    id: Option<CallId>,
    #[serde(rename = "channelID", deserialize_with = "lenient::id")]
    channel_id: Option<ChannelId>,
    #[serde(deserialize_with = "lenient::int")]
    start_at: Option<i64>,
    #[serde(deserialize_with = "lenient::id")]
    owner_id: Option<UserId>,
    #[serde(deserialize_with = "lenient::id")]
    post_id: Option<PostId>,
    #[serde(deserialize_with = "lenient::many")]
    sessions: Option<Vec<SessionShape>>,
    #[serde(deserialize_with = "dismissals")]
    dismissed_notification: BTreeMap<String, bool>,
}

fn dismissals<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, bool>, D::Error> {
    struct Truths(BTreeMap<String, bool>);

    impl<'de> Deserialize<'de> for Truths {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let entries = BTreeMap::<String, lenient::Scalar<'de>>::deserialize(deserializer)?;
            Ok(Self(entries.into_iter().map(|(id, value)| (id, value == lenient::Scalar::Bool(true))).collect()))
        }
    }

    Ok(lenient::one::<D, Truths>(deserializer)?.map(|truths| truths.0).unwrap_or_default())
}

impl CallShape {
    /// The call; `None` without an id or a channel. `channel` is where it happens, unless the call itself says so;
    /// `me` is who is signed in, for [`ActiveCall::dismissed_by_me`].
    pub fn into_call(self, channel: Option<ChannelId>, me: Option<UserId>) -> Option<ActiveCall> {
        let dismissed = me.and_then(|me| self.dismissed_notification.get(me.as_str()).copied());
        Some(ActiveCall {
            call_id: self.id?,
            channel_id: self.channel_id.or(channel)?,
            owner_id: self.owner_id,
            post_id: self.post_id,
            start_at: self.start_at.unwrap_or(0),
            sessions: self
                .sessions
                .unwrap_or_default()
                .into_iter()
                .map(|session| (session.session_id, session.user_id))
                .collect(),
            dismissed_by_me: dismissed.unwrap_or(false),
        })
    }
}

/// A row of the Calls plugin's `/channels`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CallChannelShape {
    /// Which channel.
    #[serde(deserialize_with = "lenient::id")]
    pub channel_id: Option<ChannelId>,
    /// The call that goes on in it.
    #[serde(deserialize_with = "lenient::one")]
    pub call: Option<CallShape>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CallsConfigShape {
    #[serde(rename = "EnableRinging", deserialize_with = "lenient::boolean")]
    enable_ringing: Option<bool>,
}

/// Reads `EnableRinging` of the Calls plugin's configuration; absent or `null` is off.
pub fn calls_ringing(text: &str) -> Option<bool> {
    Some(object::<CallsConfigShape>(text.as_bytes())?.enable_ringing.unwrap_or(false))
}
