//! Frames become events: the only place that knows the websocket's wire (protocol §4.3, §5).
//!
//! Tolerant: a value of another type costs that field and nothing else; an unknown event is no error; text is borrowed
//! from the frame, or from the decoder where it was written inside a string.

mod posted;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use belfry_core::event::{CallEvent, Event, PostUnread, Status, ThreadReadChanged, ThreadUpdated};
use belfry_core::ids::{CallId, ChannelId, PostId, TeamId, UserId};
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::lenient::{self, TextMap};
use crate::shapes::{self, CallShape, ChannelShape, MemberShape, PreferenceShape, TeamShape, ThreadShape, UserShape};

/// A frame that could not be read. It never holds any of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// It is no JSON object.
    #[error("the frame is not a JSON object")]
    NotJson,
    /// An event without what makes it one, such as a post without id.
    #[error("the event lacks what it is about")]
    Incomplete,
}

/// Events of the Calls plugin begin with this.
const CALLS: &str = "custom_com.mattermost.calls_";

/// Reads frames. Keeps what was written inside strings until the next frame.
#[derive(Debug, Default)]
pub struct Decoder {
    inner: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Outer<'a> {
    #[serde(borrow, deserialize_with = "lenient::cow")]
    event: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(deserialize_with = "lenient::one")]
    broadcast: Option<Broadcast>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the wire's own names")]
struct Broadcast {
    #[serde(deserialize_with = "lenient::id")]
    user_id: Option<UserId>,
    #[serde(deserialize_with = "lenient::id")]
    channel_id: Option<ChannelId>,
    #[serde(deserialize_with = "lenient::id")]
    team_id: Option<TeamId>,
}

/// `data` of every event but the posts: each takes what it needs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow, deserialize_with = "lenient::cow")]
    post: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    thread: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    channel: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "channelMember", deserialize_with = "lenient::cow")]
    member: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    preferences: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    preference: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    team: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    status: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "lenient::one")]
    user: Option<UserShape>,
    #[serde(deserialize_with = "lenient::one")]
    config: Option<TextMap>,
    #[serde(deserialize_with = "lenient::one")]
    license: Option<TextMap>,
    #[serde(deserialize_with = "lenient::one")]
    channel_times: Option<Times>,
    #[serde(deserialize_with = "lenient::id")]
    channel_id: Option<ChannelId>,
    #[serde(rename = "channelID", deserialize_with = "lenient::id")]
    channel_id_of_call: Option<ChannelId>,
    #[serde(deserialize_with = "lenient::id")]
    team_id: Option<TeamId>,
    #[serde(deserialize_with = "lenient::id")]
    user_id: Option<UserId>,
    #[serde(rename = "userID", deserialize_with = "lenient::id")]
    user_id_of_call: Option<UserId>,
    #[serde(rename = "callID", deserialize_with = "lenient::id")]
    call_id: Option<CallId>,
    #[serde(deserialize_with = "lenient::text")]
    session_id: String,
    #[serde(deserialize_with = "lenient::id")]
    thread_id: Option<PostId>,
    #[serde(deserialize_with = "lenient::boolean")]
    state: Option<bool>,
    #[serde(deserialize_with = "lenient::int")]
    reply_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    delete_at: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    unread_replies: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    unread_mentions: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    previous_unread_replies: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    previous_unread_mentions: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    msg_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    msg_count_root: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    mention_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    mention_count_root: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    urgent_mention_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    last_viewed_at: Option<i64>,
}

/// `channel_times`: id to Unix milliseconds.
#[derive(Debug, Default)]
struct Times(Vec<(ChannelId, Option<i64>)>);

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimesVisitor;

        impl<'de> serde::de::Visitor<'de> for TimesVisitor {
            type Value = Times;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("times by channel")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Times, A::Error> {
                let mut times = Vec::new();
                while let Some((key, value)) = map.next_entry::<Cow<'de, str>, lenient::Scalar<'de>>()? {
                    let time = match value {
                        lenient::Scalar::Int(time) => Some(time),
                        _ => None,
                    };
                    times.extend(ChannelId::parse(&key).map(|id| (id, time)));
                }
                Ok(Times(times))
            }
        }

        deserializer.deserialize_map(TimesVisitor)
    }
}

/// Whether an event needs nothing of us; its content is not even looked at.
fn is_noise(event: &str) -> bool {
    matches!(
        event,
        "typing"
            | "reaction_added"
            | "reaction_removed"
            | "new_user"
            | "user_activation_status_change"
            | "sidebar_category_created"
            | "sidebar_category_updated"
            | "sidebar_category_deleted"
            | "sidebar_category_order_updated"
            | "emoji_added"
            | "hello"
            | "user_role_updated"
            | "memberrole_updated"
            | "role_updated"
            | "channel_created"
            | "post_acknowledgement_added"
            | "post_acknowledgement_removed"
            | "draft_created"
            | "draft_updated"
            | "draft_deleted"
    ) || event.starts_with("custom_") && !event.starts_with(CALLS)
}

/// The event's name where it stands first, as servers write it, and holds no escapes.
fn leading_event(frame: &str) -> Option<&str> {
    let rest = frame.strip_prefix("{\"event\":")?.trim_start().strip_prefix('"')?;
    rest.split_once('"').map(|(name, _)| name).filter(|name| !name.contains('\\'))
}

impl Decoder {
    /// A decoder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one frame. `Ok(None)` is a frame that needs nothing: a reply, noise, an event we do not know.
    pub fn decode<'a>(&'a mut self, frame: &'a str) -> Result<Option<Event<'a>>, WireError> {
        if leading_event(frame).is_some_and(is_noise) {
            return Ok(None);
        }
        let outer: Outer<'a> = serde_json::from_str(frame).map_err(|_syntax| WireError::NotJson)?;
        let Some(name) = outer.event.as_deref() else { return Ok(None) };
        if is_noise(name) {
            return Ok(None);
        }
        let broadcast = outer.broadcast.unwrap_or_default();
        let raw = outer.data.map_or("{}", RawValue::get);
        match name {
            "posted" => {
                let posted = self.posted(raw, broadcast.channel_id)?;
                Ok(Some(Event::Posted(Box::new(posted))))
            }
            "persistent_notification_triggered" => {
                let posted = self.posted(raw, broadcast.channel_id)?;
                Ok(Some(Event::PersistentNotification(Box::new(posted))))
            }
            _ => self.other(name, raw, broadcast),
        }
    }

    fn other<'a>(&'a mut self, name: &str, raw: &'a str, broadcast: Broadcast) -> Result<Option<Event<'a>>, WireError> {
        // `data` may be null, or anything: then every field is missing.
        let data: Data<'a> = serde_json::from_str::<lenient::One<Data<'a>>>(raw)
            .map_err(|_syntax| WireError::NotJson)?
            .0
            .unwrap_or_default();
        let channel = data.channel_id.or(data.channel_id_of_call).or(broadcast.channel_id);
        let need_channel = || channel.ok_or(WireError::Incomplete);
        let event = match name {
            "ephemeral_message" => Event::EphemeralMessage(Box::new(self.post(data.post, broadcast.channel_id)?)),
            "post_edited" => Event::PostEdited(Box::new(self.post(data.post, broadcast.channel_id)?)),
            "post_deleted" => Event::PostDeleted(Box::new(self.post(data.post, broadcast.channel_id)?)),
            "post_unread" => Event::PostUnread(PostUnread {
                channel_id: need_channel()?,
                msg_count: data.msg_count,
                msg_count_root: data.msg_count_root,
                mention_count: data.mention_count,
                mention_count_root: data.mention_count_root,
                urgent_mention_count: data.urgent_mention_count,
                last_viewed_at: data.last_viewed_at,
            }),
            "multiple_channels_viewed" => Event::ChannelsViewed(data.channel_times.unwrap_or_default().0),
            "channel_viewed" => Event::ChannelsViewed(vec![(need_channel()?, None)]),
            "thread_updated" => {
                let thread = inner::<ThreadShape>(data.thread.as_deref()).and_then(ThreadShape::into_thread);
                Event::ThreadUpdated(Box::new(ThreadUpdated {
                    thread: thread.ok_or(WireError::Incomplete)?,
                    team_id: broadcast.team_id,
                    previous_unread_replies: data.previous_unread_replies,
                    previous_unread_mentions: data.previous_unread_mentions,
                }))
            }
            "thread_read_changed" => {
                Event::ThreadReadChanged(match (data.thread_id, broadcast.channel_id, broadcast.team_id) {
                    (Some(thread_id), _, _) => ThreadReadChanged::One {
                        thread_id,
                        channel_id: channel,
                        team_id: broadcast.team_id,
                        unread_replies: data.unread_replies.unwrap_or(0),
                        unread_mentions: data.unread_mentions.unwrap_or(0),
                        previous_unread_replies: data.previous_unread_replies,
                        previous_unread_mentions: data.previous_unread_mentions,
                    },
                    (None, Some(channel), _) => ThreadReadChanged::Channel(channel),
                    (None, None, Some(team)) => ThreadReadChanged::Team(team),
                    (None, None, None) => return Err(WireError::Incomplete),
                })
            }
            "thread_follow_changed" => Event::ThreadFollowChanged {
                thread_id: data.thread_id.ok_or(WireError::Incomplete)?,
                team_id: broadcast.team_id,
                following: data.state.unwrap_or(false),
                reply_count: data.reply_count.unwrap_or(0),
            },
            "channel_updated" => {
                let read = inner::<ChannelShape>(data.channel.as_deref()).and_then(ChannelShape::into_channel);
                let channel_id = read.as_ref().map(|channel| channel.id).or(channel).ok_or(WireError::Incomplete)?;
                Event::ChannelUpdated { channel_id, channel: read.map(Box::new) }
            }
            "channel_converted" => Event::ChannelUpdated { channel_id: need_channel()?, channel: None },
            "channel_deleted" => {
                Event::ChannelDeleted { channel_id: need_channel()?, delete_at: data.delete_at.unwrap_or(1) }
            }
            "channel_restored" => Event::ChannelRestored(need_channel()?),
            "channel_member_updated" => {
                let member = inner::<MemberShape>(data.member.as_deref()).and_then(MemberShape::into_member);
                Event::MemberUpdated(Box::new(member.ok_or(WireError::Incomplete)?))
            }
            "user_added" => {
                Event::JoinedChannel { channel_id: need_channel()?, user_id: data.user_id.or(broadcast.user_id) }
            }
            "direct_added" | "group_added" => Event::JoinedChannel { channel_id: need_channel()?, user_id: None },
            "user_removed" => {
                Event::LeftChannel { channel_id: need_channel()?, user_id: data.user_id.or(broadcast.user_id) }
            }
            "added_to_team" => {
                let team_id = data.team_id.or(broadcast.team_id).ok_or(WireError::Incomplete)?;
                Event::JoinedTeam { team_id, user_id: data.user_id }
            }
            "leave_team" => {
                let team_id = data.team_id.or(broadcast.team_id).ok_or(WireError::Incomplete)?;
                Event::LeftTeam { team_id, user_id: data.user_id.or(broadcast.user_id) }
            }
            "delete_team" => {
                let team = inner::<TeamShape>(data.team.as_deref()).and_then(TeamShape::into_team).map(|team| team.id);
                Event::LeftTeam { team_id: team.or(broadcast.team_id).ok_or(WireError::Incomplete)?, user_id: None }
            }
            "restore_team" => {
                let team = inner::<TeamShape>(data.team.as_deref()).and_then(TeamShape::into_team).map(|team| team.id);
                Event::JoinedTeam { team_id: team.or(broadcast.team_id).ok_or(WireError::Incomplete)?, user_id: None }
            }
            "user_updated" => {
                let user = data.user.and_then(UserShape::into_user).ok_or(WireError::Incomplete)?;
                Event::UserUpdated(Box::new(user))
            }
            "status_change" => Event::StatusChanged {
                user_id: data.user_id.or(broadcast.user_id).ok_or(WireError::Incomplete)?,
                status: Status::parse(data.status.as_deref().ok_or(WireError::Incomplete)?),
            },
            "preferences_changed" | "preferences_deleted" => {
                let list = shapes::preferences(data.preferences.as_deref().ok_or(WireError::Incomplete)?)
                    .ok_or(WireError::Incomplete)?;
                if name == "preferences_deleted" {
                    Event::PreferencesDeleted(list)
                } else {
                    Event::PreferencesChanged(list)
                }
            }
            "preference_changed" => {
                let one =
                    inner::<PreferenceShape>(data.preference.as_deref()).and_then(PreferenceShape::into_preference);
                Event::PreferencesChanged(vec![one.ok_or(WireError::Incomplete)?])
            }
            "config_changed" => {
                let map = data.config.ok_or(WireError::Incomplete)?.0;
                // A limited map must never overwrite a full one (protocol §1.3).
                if !shapes::is_full_config(&map) {
                    return Ok(None);
                }
                Event::ConfigChanged(Box::new(shapes::config_of(map)))
            }
            "license_changed" => {
                Event::LicenseChanged(shapes::license_of(&data.license.ok_or(WireError::Incomplete)?.0))
            }
            _ => match name.strip_prefix(CALLS) {
                Some(call) => match call_event(call, raw, &data, channel)? {
                    Some(event) => Event::Call(event),
                    None => return Ok(None),
                },
                None => return Ok(None),
            },
        };
        Ok(Some(event))
    }
}

fn call_event(
    name: &str,
    raw: &str,
    data: &Data<'_>,
    channel: Option<ChannelId>,
) -> Result<Option<CallEvent>, WireError> {
    let need_channel = || channel.ok_or(WireError::Incomplete);
    let user_id = data.user_id.or(data.user_id_of_call);
    Ok(Some(match name {
        "call_start" => {
            let call = shapes::object::<CallShape>(raw.as_bytes()).and_then(|call| call.into_call(channel, None));
            CallEvent::Started(call.ok_or(WireError::Incomplete)?)
        }
        "call_end" => CallEvent::Ended { channel_id: need_channel()? },
        "user_joined" | "user_connected" => {
            CallEvent::UserJoined { channel_id: need_channel()?, user_id, session_id: session(data, user_id) }
        }
        "user_left" | "user_disconnected" => {
            CallEvent::UserLeft { channel_id: need_channel()?, user_id, session_id: session(data, user_id) }
        }
        "user_dismissed_notification" => {
            CallEvent::Dismissed { user_id, call_id: data.call_id.ok_or(WireError::Incomplete)? }
        }
        _ => return Ok(None),
    }))
}

/// Before plugin 0.21 a person had one session, named after them.
fn session(data: &Data<'_>, user: Option<UserId>) -> String {
    if data.session_id.is_empty() {
        user.map(|user| user.to_string()).unwrap_or_default()
    } else {
        data.session_id.clone()
    }
}

/// An object that was written inside a string.
fn inner<'a, T: Deserialize<'a>>(text: Option<&'a str>) -> Option<T> {
    shapes::object(text?.as_bytes())
}
