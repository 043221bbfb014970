//! Events that are about no post (protocol §5.4 to §5.8).

use std::borrow::Cow;

use belfry_core::event::{CallEvent, Event, PostUnread, Preference, Status, ThreadReadChanged, ThreadUpdated};
use belfry_core::ids::{CallId, ChannelId, PostId, TeamId, UserId};
use serde::Deserialize;

use super::kind::OtherKind;
use super::{Broadcast, WireError};
use crate::json::{Broken, Reader};
use crate::lenient::{One, TextMap};
use crate::shapes::{self, CallShape, ChannelShape, MemberShape, PreferenceShape, TeamShape, ThreadShape, UserShape};

/// `data`: each event takes what it needs.
#[derive(Debug, Default)]
pub(super) struct OtherData<'a> {
    subject: Subject,
    channel_id: Option<ChannelId>,
    channel_id_of_call: Option<ChannelId>,
    team_id: Option<TeamId>,
    user_id: Option<UserId>,
    user_id_of_call: Option<UserId>,
    thread_id: Option<PostId>,
    call_id: Option<CallId>,
    session_id: Cow<'a, str>,
    status: Option<Cow<'a, str>>,
    state: Option<bool>,
    reply_count: Option<i64>,
    delete_at: Option<i64>,
    unread_replies: Option<i64>,
    unread_mentions: Option<i64>,
    previous_unread_replies: Option<i64>,
    previous_unread_mentions: Option<i64>,
    msg_count: Option<i64>,
    msg_count_root: Option<i64>,
    mention_count: Option<i64>,
    mention_count_root: Option<i64>,
    urgent_mention_count: Option<i64>,
    last_viewed_at: Option<i64>,
}

/// The object that an event is about.
#[derive(Debug, Default)]
enum Subject {
    #[default]
    Unknown,
    Thread(Box<ThreadShape>),
    Channel(Box<ChannelShape>),
    Member(Box<MemberShape>),
    Team(TeamShape),
    User(Box<UserShape>),
    Preferences(Vec<Preference>),
    Map(TextMap),
    Call(Box<CallShape>),
    Times(Vec<(ChannelId, Option<i64>)>),
}

/// An object of a known shape.
fn object<'de, T: Deserialize<'de>>(reader: &mut Reader<'de>) -> Result<Option<T>, Broken> {
    Ok(One::deserialize(reader)?.0)
}

/// What was written inside a string; `None` where it cannot be read.
fn inner<T: for<'de> Deserialize<'de>>(reader: &mut Reader<'_>) -> Result<Option<T>, Broken> {
    let inner = reader.inner(|reader| T::deserialize(reader))?;
    Ok(inner.or_read(|reader| T::deserialize(reader)).unwrap_or_default())
}

/// An object of a known shape that was written inside a string.
fn inner_object<T: for<'de> Deserialize<'de>>(reader: &mut Reader<'_>) -> Result<Option<T>, Broken> {
    Ok(inner::<One<T>>(reader)?.and_then(|one| one.0))
}

fn preference(reader: &mut Reader<'_>) -> Result<Option<Preference>, Broken> {
    Ok(inner_object(reader)?.and_then(PreferenceShape::into_preference))
}

/// An empty list may be null.
fn preferences(reader: &mut Reader<'_>) -> Result<Option<Vec<Preference>>, Broken> {
    let list = inner::<Option<Vec<One<PreferenceShape>>>>(reader)?;
    let known = |list: Vec<One<PreferenceShape>>| list.into_iter().filter_map(|one| one.0?.into_preference()).collect();
    Ok(list.map(|list| list.map(known).unwrap_or_default()))
}

/// `channel_times`: id to Unix milliseconds.
fn times(reader: &mut Reader<'_>) -> Result<Vec<(ChannelId, Option<i64>)>, Broken> {
    let mut times = Vec::new();
    let mut within = reader.object()?;
    while let Some(key) = reader.key(&mut within)? {
        let time = reader.int()?;
        times.extend(ChannelId::parse(&key).map(|id| (id, time)));
    }
    Ok(times)
}

impl<'a> OtherData<'a> {
    /// Reads it; anything but an object says nothing.
    pub(super) fn read(&mut self, reader: &mut Reader<'a>, kind: OtherKind) -> Result<(), Broken> {
        if matches!(kind, OtherKind::CallStart) {
            // The call itself, not an object about it.
            return self.about(object(reader)?, |call| Subject::Call(Box::new(call)));
        }
        let subject = kind.subject();
        let mut within = reader.object()?;
        while let Some(key) = reader.key(&mut within)? {
            if Some(&*key) == subject {
                self.read_subject(reader, kind)?;
                continue;
            }
            match &*key {
                "channel_id" => self.channel_id = reader.id()?,
                "channelID" => self.channel_id_of_call = reader.id()?,
                "team_id" => self.team_id = reader.id()?,
                "user_id" => self.user_id = reader.id()?,
                "userID" => self.user_id_of_call = reader.id()?,
                "callID" => self.call_id = reader.id()?,
                "session_id" => self.session_id = reader.cow()?.unwrap_or_default(),
                "thread_id" => self.thread_id = reader.id()?,
                "status" => self.status = reader.cow()?,
                "state" => self.state = reader.boolean()?,
                "reply_count" => self.reply_count = reader.int()?,
                "delete_at" => self.delete_at = reader.int()?,
                "unread_replies" => self.unread_replies = reader.int()?,
                "unread_mentions" => self.unread_mentions = reader.int()?,
                "previous_unread_replies" => self.previous_unread_replies = reader.int()?,
                "previous_unread_mentions" => self.previous_unread_mentions = reader.int()?,
                "msg_count" => self.msg_count = reader.int()?,
                "msg_count_root" => self.msg_count_root = reader.int()?,
                "mention_count" => self.mention_count = reader.int()?,
                "mention_count_root" => self.mention_count_root = reader.int()?,
                "urgent_mention_count" => self.urgent_mention_count = reader.int()?,
                "last_viewed_at" => self.last_viewed_at = reader.int()?,
                _ => reader.skip()?,
            }
        }
        Ok(())
    }

    /// Reads the object that an event of this kind is about.
    fn read_subject(&mut self, reader: &mut Reader<'a>, kind: OtherKind) -> Result<(), Broken> {
        match kind {
            OtherKind::ThreadUpdated => self.about(inner_object(reader)?, |it| Subject::Thread(Box::new(it))),
            OtherKind::ChannelUpdated => self.about(inner_object(reader)?, |it| Subject::Channel(Box::new(it))),
            OtherKind::MemberUpdated => self.about(inner_object(reader)?, |it| Subject::Member(Box::new(it))),
            OtherKind::DeleteTeam | OtherKind::RestoreTeam => self.about(inner_object(reader)?, Subject::Team),
            OtherKind::UserUpdated => self.about(object(reader)?, |it| Subject::User(Box::new(it))),
            OtherKind::PreferenceChanged => self.about(preference(reader)?, |it| Subject::Preferences(vec![it])),
            OtherKind::PreferencesChanged | OtherKind::PreferencesDeleted => {
                self.about(preferences(reader)?, Subject::Preferences)
            }
            OtherKind::ConfigChanged | OtherKind::LicenseChanged => self.about(object(reader)?, Subject::Map),
            OtherKind::ChannelsViewed => self.about(Some(times(reader)?), Subject::Times),
            _ => reader.skip(),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "every arm above is one expression with it")]
    fn about<T>(&mut self, found: Option<T>, subject: impl FnOnce(T) -> Subject) -> Result<(), Broken> {
        if let Some(found) = found {
            self.subject = subject(found);
        }
        Ok(())
    }

    /// The event; `None` for one that turns out to need nothing.
    pub(super) fn into_event(self, kind: OtherKind, broadcast: &Broadcast) -> Result<Option<Event<'a>>, WireError> {
        let missing = WireError::Incomplete;
        let told_channel = self.channel_id.or(self.channel_id_of_call).or(broadcast.channel_id);
        let channel = || told_channel.ok_or(missing);
        let team_id = self.team_id.or(broadcast.team_id);
        let user_id = self.user_id.or(broadcast.user_id);
        Ok(Some(match kind {
            OtherKind::PostUnread => Event::PostUnread(PostUnread {
                channel_id: channel()?,
                msg_count: self.msg_count,
                msg_count_root: self.msg_count_root,
                mention_count: self.mention_count,
                mention_count_root: self.mention_count_root,
                urgent_mention_count: self.urgent_mention_count,
                last_viewed_at: self.last_viewed_at,
            }),
            OtherKind::ChannelsViewed => match self.subject {
                Subject::Times(times) => Event::ChannelsViewed(times),
                _ => Event::ChannelsViewed(Vec::new()),
            },
            OtherKind::ChannelViewed => Event::ChannelsViewed(vec![(channel()?, None)]),
            OtherKind::ThreadUpdated => Event::ThreadUpdated(Box::new(ThreadUpdated {
                thread: match self.subject {
                    Subject::Thread(shape) => shape.into_thread().ok_or(missing)?,
                    _ => return Err(missing),
                },
                team_id: broadcast.team_id,
                previous_unread_replies: self.previous_unread_replies,
                previous_unread_mentions: self.previous_unread_mentions,
            })),
            OtherKind::ThreadReadChanged => {
                Event::ThreadReadChanged(match (self.thread_id, broadcast.channel_id, broadcast.team_id) {
                    (Some(thread_id), _, team_id) => ThreadReadChanged::One {
                        thread_id,
                        channel_id: told_channel,
                        team_id,
                        unread_replies: self.unread_replies.unwrap_or(0),
                        unread_mentions: self.unread_mentions.unwrap_or(0),
                        previous_unread_replies: self.previous_unread_replies,
                        previous_unread_mentions: self.previous_unread_mentions,
                    },
                    (None, Some(channel), _) => ThreadReadChanged::Channel(channel),
                    (None, None, team) => ThreadReadChanged::Team(team.ok_or(missing)?),
                })
            }
            OtherKind::ThreadFollowChanged => Event::ThreadFollowChanged {
                thread_id: self.thread_id.ok_or(missing)?,
                team_id: broadcast.team_id,
                following: self.state.unwrap_or(false),
                reply_count: self.reply_count.unwrap_or(0),
            },
            OtherKind::ChannelUpdated => {
                let read = match self.subject {
                    Subject::Channel(shape) => shape.into_channel(),
                    _ => None,
                };
                let channel_id = read.as_ref().map(|channel| channel.id).or(told_channel).ok_or(missing)?;
                Event::ChannelUpdated { channel_id, channel: read.map(Box::new) }
            }
            OtherKind::ChannelConverted => Event::ChannelUpdated { channel_id: channel()?, channel: None },
            OtherKind::ChannelDeleted => {
                Event::ChannelDeleted { channel_id: channel()?, delete_at: self.delete_at.unwrap_or(1) }
            }
            OtherKind::ChannelRestored => Event::ChannelRestored(channel()?),
            OtherKind::MemberUpdated => match self.subject {
                Subject::Member(shape) => Event::MemberUpdated(Box::new(shape.into_member().ok_or(missing)?)),
                _ => return Err(missing),
            },
            OtherKind::UserAdded => Event::JoinedChannel { channel_id: channel()?, user_id },
            OtherKind::DirectAdded => Event::JoinedChannel { channel_id: channel()?, user_id: None },
            OtherKind::UserRemoved => Event::LeftChannel { channel_id: channel()?, user_id },
            OtherKind::AddedToTeam => Event::JoinedTeam { team_id: team_id.ok_or(missing)?, user_id: self.user_id },
            OtherKind::LeaveTeam => Event::LeftTeam { team_id: team_id.ok_or(missing)?, user_id },
            OtherKind::DeleteTeam | OtherKind::RestoreTeam => {
                let told = match self.subject {
                    Subject::Team(shape) => shape.into_team().map(|team| team.id),
                    _ => None,
                };
                let team_id = told.or(broadcast.team_id).ok_or(missing)?;
                if matches!(kind, OtherKind::DeleteTeam) {
                    Event::LeftTeam { team_id, user_id: None }
                } else {
                    Event::JoinedTeam { team_id, user_id: None }
                }
            }
            OtherKind::UserUpdated => match self.subject {
                Subject::User(shape) => Event::UserUpdated(Box::new(shape.into_user().ok_or(missing)?)),
                _ => return Err(missing),
            },
            OtherKind::StatusChange => Event::StatusChanged {
                user_id: user_id.ok_or(missing)?,
                status: Status::parse(self.status.as_deref().ok_or(missing)?),
            },
            OtherKind::PreferencesChanged | OtherKind::PreferenceChanged => match self.subject {
                Subject::Preferences(list) => Event::PreferencesChanged(list),
                _ => return Err(missing),
            },
            OtherKind::PreferencesDeleted => match self.subject {
                Subject::Preferences(list) => Event::PreferencesDeleted(list),
                _ => return Err(missing),
            },
            OtherKind::ConfigChanged => {
                let Subject::Map(TextMap(map)) = self.subject else { return Err(missing) };
                // A limited map must never overwrite a full one (protocol §1.3).
                if !shapes::is_full_config(&map) {
                    return Ok(None);
                }
                Event::ConfigChanged(Box::new(shapes::config_of(map)))
            }
            OtherKind::LicenseChanged => {
                let Subject::Map(TextMap(map)) = self.subject else { return Err(missing) };
                Event::LicenseChanged(shapes::license_of(&map))
            }
            OtherKind::CallStart => {
                let Subject::Call(shape) = self.subject else { return Err(missing) };
                Event::Call(CallEvent::Started(shape.into_call(told_channel, None).ok_or(missing)?))
            }
            OtherKind::CallEnd => Event::Call(CallEvent::Ended { channel_id: channel()? }),
            OtherKind::CallJoined => Event::Call(CallEvent::UserJoined {
                channel_id: channel()?,
                user_id: self.caller(),
                session_id: self.session(),
            }),
            OtherKind::CallLeft => Event::Call(CallEvent::UserLeft {
                channel_id: channel()?,
                user_id: self.caller(),
                session_id: self.session(),
            }),
            OtherKind::CallDismissed => {
                Event::Call(CallEvent::Dismissed { user_id: self.caller(), call_id: self.call_id.ok_or(missing)? })
            }
        }))
    }

    fn caller(&self) -> Option<UserId> {
        self.user_id.or(self.user_id_of_call)
    }

    /// Before plugin 0.21 a person had one session, named after them.
    fn session(&self) -> String {
        match self.caller() {
            Some(user) if self.session_id.is_empty() => user.to_string(),
            _ => self.session_id.to_string(),
        }
    }
}
