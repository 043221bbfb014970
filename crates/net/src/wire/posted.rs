//! Posts: `posted`, its repeats, edits and deletions (protocol §5.2, §5.3).

use std::borrow::Cow;

use belfry_core::event::{Attachment, ChannelType, Post, PostProps, Posted, Priority};
use belfry_core::ids::{ChannelId, PostId, TeamId, UserId};
use serde::{Deserialize, Deserializer};

use crate::lenient::{self, One, Scalar};
use crate::wire::{Decoder, WireError};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PostedData<'a> {
    #[serde(borrow, deserialize_with = "lenient::cow")]
    post: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    channel_type: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    channel_display_name: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    channel_name: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    sender_name: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "lenient::id")]
    team_id: Option<TeamId>,
    #[serde(deserialize_with = "present")]
    image: bool,
    #[serde(rename = "otherFile", deserialize_with = "present")]
    other_file: bool,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    mentions: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    followers: Option<Cow<'a, str>>,
}

/// `"true"`, or a real truth value from a server that means well.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) => text == "true",
        Scalar::Bool(value) => value,
        Scalar::Nothing | Scalar::Int(_) | Scalar::Float(_) => false,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PostShape<'a> {
    #[serde(deserialize_with = "lenient::id")]
    id: Option<PostId>,
    #[serde(deserialize_with = "lenient::id")]
    user_id: Option<UserId>,
    #[serde(deserialize_with = "lenient::id")]
    channel_id: Option<ChannelId>,
    #[serde(deserialize_with = "lenient::id")]
    root_id: Option<PostId>,
    #[serde(borrow, rename = "type", deserialize_with = "lenient::cow")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    message: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "lenient::int")]
    create_at: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    edit_at: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    delete_at: Option<i64>,
    #[serde(borrow, deserialize_with = "lenient::one")]
    props: Option<PropsShape<'a>>,
    #[serde(deserialize_with = "lenient::one")]
    metadata: Option<MetadataShape>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PropsShape<'a> {
    #[serde(deserialize_with = "webhook")]
    from_webhook: bool,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    override_username: Option<Cow<'a, str>>,
    #[serde(rename = "addedUserId", deserialize_with = "lenient::id")]
    added_user_id: Option<UserId>,
    #[serde(deserialize_with = "truthy")]
    force_notification: bool,
    #[serde(borrow, deserialize_with = "attachments")]
    attachments: Vec<Attachment<'a>>,
    #[serde(deserialize_with = "lenient::int")]
    end_at: Option<i64>,
}

/// Exactly the string `"true"` (notifications §6.1).
fn webhook<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(matches!(Scalar::deserialize(deserializer)?, Scalar::Text(text) if text == "true"))
}

/// Any value that is not empty.
fn truthy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Null => false,
        serde_json::Value::Bool(value) => value,
        serde_json::Value::Number(number) => number.as_f64() != Some(0.0),
        serde_json::Value::String(text) => !text.is_empty(),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => true,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MetadataShape {
    #[serde(deserialize_with = "lenient::one")]
    priority: Option<PriorityShape>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PriorityShape {
    #[serde(deserialize_with = "lenient::text")]
    priority: String,
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

fn attachments<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Attachment<'a>>, D::Error> {
    let raw = <&'de serde_json::value::RawValue>::deserialize(deserializer)?;
    let Ok(list) = serde_json::from_str::<Option<Vec<AttachmentShape<'de>>>>(raw.get()) else { return Ok(Vec::new()) };
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

impl<'a> PostShape<'a> {
    fn into_post(self, channel: Option<ChannelId>) -> Result<Post<'a>, WireError> {
        let priority =
            self.metadata.and_then(|metadata| metadata.priority).map(|priority| priority.priority).unwrap_or_default();
        let props = self.props.unwrap_or_default();
        Ok(Post {
            id: self.id.ok_or(WireError::Incomplete)?,
            user_id: self.user_id,
            channel_id: self.channel_id.or(channel).ok_or(WireError::Incomplete)?,
            root_id: self.root_id,
            kind: self.kind.unwrap_or_default(),
            message: self.message.unwrap_or_default(),
            create_at: self.create_at.unwrap_or(0),
            edit_at: self.edit_at.unwrap_or(0),
            delete_at: self.delete_at.unwrap_or(0),
            priority: match priority.as_str() {
                "urgent" => Priority::Urgent,
                "important" => Priority::Important,
                _ => Priority::Standard,
            },
            props: PostProps {
                from_webhook: props.from_webhook,
                override_username: props.override_username,
                added_user_id: props.added_user_id,
                force_notification: props.force_notification,
                attachments: props.attachments,
                end_at: props.end_at,
            },
        })
    }
}

/// A list of ids that was written inside a string; an unreadable one counts as empty, not as absent.
fn ids(text: Option<Cow<'_, str>>) -> Option<Vec<UserId>> {
    let text = text?;
    let list: Vec<Cow<'_, str>> = serde_json::from_str(&text).unwrap_or_default();
    Some(list.iter().filter_map(|id| UserId::parse(id)).collect())
}

impl Decoder {
    pub(super) fn posted<'a>(&'a mut self, raw: &'a str, channel: Option<ChannelId>) -> Result<Posted<'a>, WireError> {
        let data: PostedData<'a> = serde_json::from_str::<One<PostedData<'a>>>(raw)
            .map_err(|_syntax| WireError::NotJson)?
            .0
            .unwrap_or_default();
        let post = self.post(data.post, channel)?;
        Ok(Posted {
            post,
            channel_type: data.channel_type.as_deref().and_then(ChannelType::parse),
            channel_display_name: data.channel_display_name.unwrap_or_default(),
            channel_name: data.channel_name.unwrap_or_default(),
            sender_name: data.sender_name.unwrap_or_default(),
            team_id: data.team_id,
            image: data.image,
            other_file: data.other_file,
            mentions: ids(data.mentions),
            followers: ids(data.followers),
        })
    }

    /// A post that was written inside a string.
    pub(super) fn post<'a>(
        &'a mut self,
        text: Option<Cow<'a, str>>,
        channel: Option<ChannelId>,
    ) -> Result<Post<'a>, WireError> {
        self.inner = text.ok_or(WireError::Incomplete)?.into_owned();
        let shape = serde_json::from_str::<One<PostShape<'_>>>(&self.inner).map_err(|_syntax| WireError::NotJson)?.0;
        shape.ok_or(WireError::Incomplete)?.into_post(channel)
    }
}
