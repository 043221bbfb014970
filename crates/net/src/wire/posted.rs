//! Posts: `posted`, its repeats, edits and deletions (protocol §5.2, §5.3).

use std::borrow::Cow;

use belfry_core::event::{Attachment, ChannelType, Event, Files, Post, PostProps, Posted, Priority};
use belfry_core::ids::{ChannelId, FileId, PostId, UserId};
use belfry_core::text::cut_at_char;
use serde::{Deserialize, Deserializer};

use super::WireError;
use super::kind::PostKind;
use crate::json::{Broken, Inner, Reader};
use crate::lenient;

/// Bytes of a file's name that are kept: a card shows fewer.
const LONGEST_FILE_NAME: usize = 512;

/// `data` of an event about a post, read into the event itself: it is large, and every post passes here.
#[derive(Debug)]
pub(super) struct PostData<'a> {
    found: Inner<'a, bool>,
    posted: Box<Posted<'a>>,
}

impl Default for PostData<'_> {
    #[inline]
    fn default() -> Self {
        Self { found: Inner::Nothing, posted: Posted::blank() }
    }
}

impl<'a> PostData<'a> {
    /// Reads it; anything but an object says nothing.
    pub(super) fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Broken> {
        let posted = &mut *self.posted;
        let mut within = reader.object()?;
        while let Some(key) = reader.key(&mut within)? {
            match &*key {
                "post" => self.found = reader.inner(|reader| fill(&mut posted.post, reader))?,
                "channel_type" => posted.channel_type = reader.cow()?.as_deref().and_then(ChannelType::parse),
                "channel_display_name" => posted.channel_display_name = reader.cow()?.unwrap_or_default(),
                "channel_name" => posted.channel_name = reader.cow()?.unwrap_or_default(),
                "sender_name" => posted.sender_name = reader.cow()?.unwrap_or_default(),
                "team_id" => posted.team_id = reader.id()?,
                "image" => posted.image = present(reader)?,
                "otherFile" => posted.other_file = present(reader)?,
                "mentions" => posted.mentions = ids(reader)?,
                "followers" => posted.followers = ids(reader)?,
                _ => reader.skip()?,
            }
        }
        Ok(())
    }

    /// Whether the post itself says where it was written.
    pub(super) fn knows_channel(&self) -> bool {
        matches!(self.found, Inner::Read(true)) && self.posted.post.channel_id != ChannelId::BLANK
    }

    /// The event. `channel` is where it happened, unless the post itself says so.
    pub(super) fn into_event(self, kind: PostKind, channel: Option<ChannelId>) -> Result<Event<'a>, WireError> {
        let mut posted = self.posted;
        match self.found {
            Inner::Nothing | Inner::Read(false) => return Err(WireError::Incomplete),
            Inner::Read(true) => {}
            Inner::Copy(copy) => {
                let mut reader = Reader::new(&copy);
                let mut post = Post::blank();
                let is_object = fill(&mut post, &mut reader)?;
                reader.end()?;
                if !is_object {
                    return Err(WireError::Incomplete);
                }
                posted.post = post.into_owned();
            }
        }
        complete(&mut posted.post, channel)?;
        Ok(match kind {
            PostKind::Posted => Event::Posted(posted),
            PostKind::Persistent => Event::PersistentNotification(posted),
            PostKind::Ephemeral => Event::EphemeralMessage(Box::new(posted.post)),
            PostKind::Edited => Event::PostEdited(Box::new(posted.post)),
            PostKind::Deleted => Event::PostDeleted(Box::new(posted.post)),
        })
    }
}

/// Reads a post of a REST answer; `None` where it is none.
pub(crate) fn post<'a>(reader: &mut Reader<'a>) -> Result<Option<Post<'a>>, Broken> {
    let mut post = Post::blank();
    Ok(if fill(&mut post, reader)? { complete(&mut post, None).ok().map(|()| post) } else { None })
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

/// Reads a post; `false` where it is no object.
fn fill<'a, const QUOTED: bool>(post: &mut Post<'a>, reader: &mut Reader<'a, QUOTED>) -> Result<bool, Broken> {
    let is_object = reader.is_object();
    let mut within = reader.object()?;
    while let Some(key) = reader.key(&mut within)? {
        match &*key {
            "id" => post.id = reader.id()?.unwrap_or(PostId::BLANK),
            "user_id" => post.user_id = reader.id()?,
            "channel_id" => post.channel_id = reader.id()?.unwrap_or(ChannelId::BLANK),
            "root_id" => post.root_id = reader.id()?,
            "type" => post.kind = reader.cow()?.unwrap_or_default(),
            "message" => post.message = reader.cow()?.unwrap_or_default(),
            "create_at" => post.create_at = reader.int()?.unwrap_or(0),
            "edit_at" => post.edit_at = reader.int()?.unwrap_or(0),
            "delete_at" => post.delete_at = reader.int()?.unwrap_or(0),
            "props" => post.props = props(reader)?,
            "metadata" => (post.priority, post.files) = metadata(reader)?,
            _ => reader.skip()?,
        }
    }
    Ok(is_object)
}

/// A post without an id, or of which nobody says where it was written, is none.
fn complete(post: &mut Post<'_>, channel: Option<ChannelId>) -> Result<(), WireError> {
    if post.channel_id == ChannelId::BLANK {
        post.channel_id = channel.ok_or(WireError::Incomplete)?;
    }
    if post.id == PostId::BLANK { Err(WireError::Incomplete) } else { Ok(()) }
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

/// `metadata`: what of it decides or is shown.
fn metadata<const QUOTED: bool>(reader: &mut Reader<'_, QUOTED>) -> Result<(Priority, Option<Box<Files>>), Broken> {
    let (mut priority, mut attached) = (Priority::Standard, None);
    let mut metadata = reader.object()?;
    while let Some(key) = reader.key(&mut metadata)? {
        if key == "files" {
            attached = files(reader)?;
            continue;
        }
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
    Ok((priority, attached))
}

/// `metadata.files`; `None` where it lists nothing.
fn files<const QUOTED: bool>(reader: &mut Reader<'_, QUOTED>) -> Result<Option<Box<Files>>, Broken> {
    let mut files: Option<Box<Files>> = None;
    let mut within = reader.array()?;
    while reader.element(&mut within)? {
        let (mut id, mut name, mut has_picture, mut archived) = (None, Cow::Borrowed(""), false, false);
        let mut file = reader.object()?;
        while let Some(key) = reader.key(&mut file)? {
            match &*key {
                "id" => id = reader.id::<FileId>()?,
                "name" => name = reader.cow()?.unwrap_or_default(),
                "has_preview_image" => has_picture = reader.boolean()?.unwrap_or(false),
                // Beyond what the server's plan lets people see: there is no preview of it.
                "archived" => archived = reader.boolean()?.unwrap_or(false),
                _ => reader.skip()?,
            }
        }
        let image = id.filter(|_| has_picture && !archived);
        let first = files.is_none();
        let files = files.get_or_insert_default();
        files.count = files.count.saturating_add(1);
        if first || (files.image.is_none() && image.is_some()) {
            cut_at_char(&name, LONGEST_FILE_NAME).clone_into(&mut files.name);
            files.image = image;
        }
    }
    Ok(files)
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
