//! Posts: `posted`, its repeats, edits and deletions (protocol §5.2, §5.3).

use std::borrow::Cow;

use belfry_core::event::{Attachment, ChannelType, Event, Post, PostProps, Posted, Priority};
use belfry_core::ids::{ChannelId, PostId, TeamId, UserId};
use serde::{Deserialize, Deserializer};

use super::WireError;
use super::kind::PostKind;
use crate::json::{Broken, Inner, Reader};
use crate::lenient;

/// `data` of an event about a post.
#[derive(Debug, Default)]
pub(super) struct PostData<'a> {
    found: Inner<'a, bool>,
    post: PostShape<'a>,
    channel_type: Option<ChannelType>,
    channel_display_name: Cow<'a, str>,
    channel_name: Cow<'a, str>,
    sender_name: Cow<'a, str>,
    team_id: Option<TeamId>,
    image: bool,
    other_file: bool,
    mentions: Option<Vec<UserId>>,
    followers: Option<Vec<UserId>>,
}

#[derive(Debug, Default)]
struct PostShape<'a> {
    id: Option<PostId>,
    user_id: Option<UserId>,
    channel_id: Option<ChannelId>,
    root_id: Option<PostId>,
    kind: Cow<'a, str>,
    message: Cow<'a, str>,
    create_at: i64,
    edit_at: i64,
    delete_at: i64,
    priority: Priority,
    props: PostProps<'a>,
}

impl<'a> PostData<'a> {
    /// Reads it; anything but an object says nothing.
    pub(super) fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Broken> {
        let mut within = reader.object()?;
        while let Some(key) = reader.key(&mut within)? {
            match &*key {
                "post" => self.found = reader.inner(|reader| self.post.read(reader))?,
                "channel_type" => self.channel_type = reader.cow()?.as_deref().and_then(ChannelType::parse),
                "channel_display_name" => self.channel_display_name = reader.cow()?.unwrap_or_default(),
                "channel_name" => self.channel_name = reader.cow()?.unwrap_or_default(),
                "sender_name" => self.sender_name = reader.cow()?.unwrap_or_default(),
                "team_id" => self.team_id = reader.id()?,
                "image" => self.image = present(reader)?,
                "otherFile" => self.other_file = present(reader)?,
                "mentions" => self.mentions = ids(reader)?,
                "followers" => self.followers = ids(reader)?,
                _ => reader.skip()?,
            }
        }
        Ok(())
    }

    /// Whether the post itself says where it was written.
    pub(super) fn knows_channel(&self) -> bool {
        matches!(self.found, Inner::Read(true)) && self.post.channel_id.is_some()
    }

    /// The event. `channel` is where it happened, unless the post itself says so.
    pub(super) fn into_event(self, kind: PostKind, channel: Option<ChannelId>) -> Result<Event<'a>, WireError> {
        let post = match self.found {
            Inner::Nothing | Inner::Read(false) => return Err(WireError::Incomplete),
            Inner::Read(true) => self.post.into_post(channel)?,
            Inner::Copy(copy) => {
                let mut reader = Reader::new(&copy);
                let mut post = PostShape::default();
                let is_object = post.read(&mut reader)?;
                reader.end()?;
                if !is_object {
                    return Err(WireError::Incomplete);
                }
                post.into_post(channel)?.into_owned()
            }
        };
        let posted = |post| {
            Box::new(Posted {
                post,
                channel_type: self.channel_type,
                channel_display_name: self.channel_display_name,
                channel_name: self.channel_name,
                sender_name: self.sender_name,
                team_id: self.team_id,
                image: self.image,
                other_file: self.other_file,
                mentions: self.mentions,
                followers: self.followers,
            })
        };
        Ok(match kind {
            PostKind::Posted => Event::Posted(posted(post)),
            PostKind::Persistent => Event::PersistentNotification(posted(post)),
            PostKind::Ephemeral => Event::EphemeralMessage(Box::new(post)),
            PostKind::Edited => Event::PostEdited(Box::new(post)),
            PostKind::Deleted => Event::PostDeleted(Box::new(post)),
        })
    }
}

/// Reads a post of a REST answer; `None` where it is none.
pub(crate) fn post<'a>(reader: &mut Reader<'a>) -> Result<Option<Post<'a>>, Broken> {
    let mut post = PostShape::default();
    Ok(if post.read(reader)? { post.into_post(None).ok() } else { None })
}

/// `"true"`, or a real truth value from a server that means well.
fn present(reader: &mut Reader<'_>) -> Result<bool, Broken> {
    if reader.is_string() { is_true(reader) } else { Ok(reader.boolean()?.unwrap_or(false)) }
}

/// Exactly the string `"true"` (notifications §6.1).
fn is_true<const QUOTED: bool>(reader: &mut Reader<'_, QUOTED>) -> Result<bool, Broken> {
    Ok(reader.cow()?.as_deref() == Some("true"))
}

/// A list of ids that was written inside a string; an unreadable one counts as empty, not as absent.
fn ids(reader: &mut Reader<'_>) -> Result<Option<Vec<UserId>>, Broken> {
    fn list<const QUOTED: bool>(reader: &mut Reader<'_, QUOTED>) -> Result<Vec<UserId>, Broken> {
        let mut ids = Vec::new();
        let mut within = reader.array()?;
        while reader.element(&mut within)? {
            let text = reader.text()?.ok_or(Broken)?;
            ids.extend(UserId::parse(&text.read()));
        }
        Ok(ids)
    }
    Ok(reader.inner(list)?.or_read(list).unwrap_or_else(|Broken| Some(Vec::new())))
}

impl<'a> PostShape<'a> {
    /// Reads a post; `false` where it is no object.
    fn read<const QUOTED: bool>(&mut self, reader: &mut Reader<'a, QUOTED>) -> Result<bool, Broken> {
        let is_object = reader.is_object();
        let mut within = reader.object()?;
        while let Some(key) = reader.key(&mut within)? {
            match &*key {
                "id" => self.id = reader.id()?,
                "user_id" => self.user_id = reader.id()?,
                "channel_id" => self.channel_id = reader.id()?,
                "root_id" => self.root_id = reader.id()?,
                "type" => self.kind = reader.cow()?.unwrap_or_default(),
                "message" => self.message = reader.cow()?.unwrap_or_default(),
                "create_at" => self.create_at = reader.int()?.unwrap_or(0),
                "edit_at" => self.edit_at = reader.int()?.unwrap_or(0),
                "delete_at" => self.delete_at = reader.int()?.unwrap_or(0),
                "props" => self.props = props(reader)?,
                "metadata" => self.priority = priority(reader)?,
                _ => reader.skip()?,
            }
        }
        Ok(is_object)
    }

    fn into_post(self, channel: Option<ChannelId>) -> Result<Post<'a>, WireError> {
        Ok(Post {
            id: self.id.ok_or(WireError::Incomplete)?,
            user_id: self.user_id,
            channel_id: self.channel_id.or(channel).ok_or(WireError::Incomplete)?,
            root_id: self.root_id,
            kind: self.kind,
            message: self.message,
            create_at: self.create_at,
            edit_at: self.edit_at,
            delete_at: self.delete_at,
            priority: self.priority,
            props: self.props,
        })
    }
}

fn props<'a, const QUOTED: bool>(reader: &mut Reader<'a, QUOTED>) -> Result<PostProps<'a>, Broken> {
    let mut props = PostProps::default();
    let mut within = reader.object()?;
    while let Some(key) = reader.key(&mut within)? {
        match &*key {
            "from_webhook" => props.from_webhook = is_true(reader)?,
            "override_username" => props.override_username = reader.cow()?,
            "addedUserId" => props.added_user_id = reader.id()?,
            "force_notification" => props.force_notification = reader.truthy()?,
            "attachments" => props.attachments = attachments(reader)?,
            "end_at" => props.end_at = reader.int()?,
            _ => reader.skip()?,
        }
    }
    Ok(props)
}

/// `metadata.priority.priority`.
fn priority<const QUOTED: bool>(reader: &mut Reader<'_, QUOTED>) -> Result<Priority, Broken> {
    let mut priority = Priority::Standard;
    let mut metadata = reader.object()?;
    while let Some(key) = reader.key(&mut metadata)? {
        if key != "priority" {
            reader.skip()?;
            continue;
        }
        let mut within = reader.object()?;
        while let Some(key) = reader.key(&mut within)? {
            if key != "priority" {
                reader.skip()?;
                continue;
            }
            priority = match reader.cow()?.as_deref() {
                Some("urgent") => Priority::Urgent,
                Some("important") => Priority::Important,
                _ => Priority::Standard,
            };
        }
    }
    Ok(priority)
}

/// One attachment, strictly: a text field that is no text makes all of them ignored, as in the official client
/// (notifications §3.3). Its list of fields may be null: servers write that for an empty one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AttachmentShape<'a> {
    #[serde(borrow)]
    fallback: Cow<'a, str>,
    #[serde(borrow)]
    pretext: Cow<'a, str>,
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow)]
    footer: Cow<'a, str>,
    #[serde(borrow)]
    image_url: Cow<'a, str>,
    #[serde(borrow)]
    fields: Option<Vec<FieldShape<'a>>>,
    #[serde(rename = "color")]
    _color: SomeText,
    #[serde(rename = "author_name")]
    _author_name: SomeText,
    #[serde(rename = "author_link")]
    _author_link: SomeText,
    #[serde(rename = "author_icon")]
    _author_icon: SomeText,
    #[serde(rename = "title_link")]
    _title_link: SomeText,
    #[serde(rename = "thumb_url")]
    _thumb_url: SomeText,
    #[serde(rename = "footer_icon")]
    _footer_icon: SomeText,
}

#[derive(Debug, Deserialize)]
struct FieldShape<'a> {
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    value: ValueShape<'a>,
}

/// A text that only has to be one.
#[derive(Debug, Default)]
struct SomeText;

impl<'de> Deserialize<'de> for SomeText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'_, str>::deserialize(deserializer).map(|_| Self)
    }
}

/// A field's value: text, or anything else (numbers are common).
#[derive(Debug)]
struct ValueShape<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for ValueShape<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::cow(deserializer).map(Self)
    }
}

fn attachments<'a, const QUOTED: bool>(reader: &mut Reader<'a, QUOTED>) -> Result<Vec<Attachment<'a>>, Broken> {
    let before = reader.clone();
    let Ok(list) = Option::<Vec<AttachmentShape<'a>>>::deserialize(&mut *reader) else {
        *reader = before;
        reader.skip()?;
        return Ok(Vec::new());
    };
    Ok(list
        .unwrap_or_default()
        .into_iter()
        .map(|shape| Attachment {
            fallback: shape.fallback,
            pretext: shape.pretext,
            title: shape.title,
            text: shape.text,
            footer: shape.footer,
            image_url: shape.image_url,
            fields: shape.fields.unwrap_or_default().into_iter().map(|field| (field.title, field.value.0)).collect(),
        })
        .collect())
}
