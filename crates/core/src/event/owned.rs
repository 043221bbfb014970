//! Events that outlive their frame: what waits for a fact, and what is worded later, owns its text.

use std::borrow::Cow;

use crate::event::{Attachment, Post, PostProps, Posted};

impl Posted<'_> {
    /// The same, owning its text.
    pub fn into_owned(self: Box<Self>) -> Box<Posted<'static>> {
        Box::new(Posted {
            post: self.post.into_owned(),
            channel_type: self.channel_type,
            channel_display_name: owned(self.channel_display_name),
            channel_name: owned(self.channel_name),
            sender_name: owned(self.sender_name),
            team_id: self.team_id,
            image: self.image,
            other_file: self.other_file,
            mentions: self.mentions,
            followers: self.followers,
        })
    }
}

impl Post<'_> {
    /// The same, owning its text.
    pub fn into_owned(self) -> Post<'static> {
        Post {
            id: self.id,
            user_id: self.user_id,
            channel_id: self.channel_id,
            root_id: self.root_id,
            kind: owned(self.kind),
            message: owned(self.message),
            create_at: self.create_at,
            edit_at: self.edit_at,
            delete_at: self.delete_at,
            priority: self.priority,
            props: PostProps {
                from_webhook: self.props.from_webhook,
                override_username: self.props.override_username.map(owned),
                added_user_id: self.props.added_user_id,
                force_notification: self.props.force_notification,
                attachments: self
                    .props
                    .attachments
                    .into_iter()
                    .map(|attachment| Attachment {
                        fallback: owned(attachment.fallback),
                        pretext: owned(attachment.pretext),
                        title: owned(attachment.title),
                        text: owned(attachment.text),
                        footer: owned(attachment.footer),
                        image_url: owned(attachment.image_url),
                        fields: attachment
                            .fields
                            .into_iter()
                            .map(|(title, value)| (owned(title), value.map(owned)))
                            .collect(),
                    })
                    .collect(),
                end_at: self.props.end_at,
            },
            files: self.files,
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
