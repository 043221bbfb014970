//! Posts: writing, changing, deleting, and what follows from each.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Outcome, State};
use crate::error::Refused;
use crate::model::{Channel, Post};
use crate::rules::{
    Audience, FollowerFacts, Listener, MentionSource, Named, Scan, ThreadVoices, channel_name, in_followers,
    in_notify_list, is_coming_or_going, sender_name, should_ack, who_is_mentioned,
};
use crate::wire::{Event, Personal, Scope, go_json};

/// `MaxPostSize`, in characters.
const MAX_MESSAGE: usize = 16_383;

/// How long a repeated `pending_post_id` returns the first post.
const PENDING_MS: i64 = 30_000;

/// A post that somebody wants to write.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewPost {
    pub(crate) channel_id: String,
    pub(crate) root_id: String,
    pub(crate) message: String,
    pub(crate) kind: String,
    pub(crate) props: Map<String, Value>,
    pub(crate) pending_post_id: String,
    /// `urgent`, `important` or empty.
    pub(crate) priority: String,
    /// Names of attached files.
    pub(crate) files: Vec<String>,
    pub(crate) set_online: bool,
}

impl State {
    /// Writes a post.
    pub(crate) fn create_post(&mut self, author: &str, new: NewPost) -> Outcome<Post> {
        let now = self.now();
        self.pending.retain(|_, (_, at)| now - *at < PENDING_MS);
        if let Some((id, _)) = self.pending.get(&new.pending_post_id)
            && let Some(post) = self.posts.get(id)
        {
            return Ok((post.clone(), Vec::new()));
        }
        self.may_post(author, &new)?;
        let mut post = self.draft_post(author, &new);
        let scan = self.scan(&post)?;
        post.mentioned = scan.mentions.keys().cloned().collect();
        let events = self.store_post(post, &scan, new.set_online)?;
        let id = self.last_post_id(&new.channel_id);
        if !new.pending_post_id.is_empty() {
            self.pending.insert(new.pending_post_id, (id.clone(), now));
        }
        Ok((self.post(&id)?.clone(), events))
    }

    fn last_post_id(&self, channel: &str) -> String {
        self.by_channel.get(channel).and_then(|ids| ids.last()).cloned().unwrap_or_default()
    }

    fn may_post(&self, author: &str, new: &NewPost) -> Result<(), Refused> {
        let channel = self.channel(&new.channel_id)?;
        let webhook = new.props.get("from_webhook").and_then(Value::as_str) == Some("true");
        if !webhook && !new.kind.starts_with("system_") && !channel.members.contains_key(author) {
            return Err(Refused::permission());
        }
        if channel.delete_at != 0 {
            return Err(Refused::new(
                400,
                "api.post.create_post.can_not_post_to_deleted.error",
                "Can not post to deleted channel.",
            ));
        }
        if new.message.chars().count() > MAX_MESSAGE {
            return Err(Refused::new(
                400,
                "model.post.is_valid.message_length.app_error",
                "Post Message property is longer than the maximum permitted length.",
            ));
        }
        let root_fits = new.root_id.is_empty()
            || self.post(&new.root_id).is_ok_and(|root| root.root_id.is_empty() && root.channel_id == new.channel_id);
        if root_fits {
            Ok(())
        } else {
            Err(Refused::new(400, "api.post.create_post.root_id.app_error", "Invalid RootId parameter."))
        }
    }

    fn draft_post(&mut self, author: &str, new: &NewPost) -> Post {
        let at = self.tick();
        let id = self.ids.id();
        let modern = self.version.modern_posts();
        let mut metadata = Map::new();
        if !new.priority.is_empty() && self.version.knows_urgent() {
            metadata.insert(
                "priority".to_owned(),
                json!({ "priority": new.priority, "requested_ack": null, "persistent_notifications": null }),
            );
        }
        let mut file_ids = Vec::new();
        let mut files = Vec::new();
        for name in &new.files {
            let file = self.ids.id();
            let extension = name.rsplit_once('.').map_or("", |(_, e)| e);
            files.push(json!({
                "id": file, "user_id": author, "post_id": id, "channel_id": new.channel_id, "create_at": at,
                "update_at": at, "delete_at": 0, "name": name, "extension": extension, "size": 1024,
                "mime_type": mime_type(extension), "has_preview_image": is_image(extension), "archived": false,
            }));
            file_ids.push(file);
        }
        if !files.is_empty() {
            metadata.insert("files".to_owned(), Value::Array(files));
        }
        if new.props.contains_key("attachments") {
            metadata.insert("embeds".to_owned(), json!([{ "type": "message_attachment" }]));
        }
        let mut props = new.props.clone();
        if self.users.get(author).is_some_and(|u| u.is_bot) {
            props.insert("from_bot".to_owned(), json!("true"));
        }
        let ordinary = new.kind.is_empty() && !new.props.contains_key("from_webhook");
        Post {
            id,
            create_at: at,
            update_at: at,
            user_id: author.to_owned(),
            channel_id: new.channel_id.clone(),
            root_id: new.root_id.clone(),
            parent_id: (!modern).then(|| new.root_id.clone()),
            message: new.message.clone(),
            kind: new.kind.clone(),
            props,
            file_ids: (modern || !file_ids.is_empty()).then_some(file_ids),
            pending_post_id: new.pending_post_id.clone(),
            remote_id: (modern && ordinary).then(String::new),
            metadata: Some(metadata),
            ..Post::default()
        }
    }

    /// Whether there is a small picture of a file.
    pub(crate) fn has_preview(&self, file: &str) -> bool {
        let files = self.posts.values().filter_map(|post| post.metadata.as_ref()?.get("files")?.as_array());
        files.flatten().any(|found| found["id"] == file && found["has_preview_image"] == true)
    }

    /// Everybody whom a post mentions.
    fn scan(&self, post: &Post) -> Result<Scan, Refused> {
        let channel = self.channel(&post.channel_id)?;
        let crt: Vec<(&str, bool)> = channel.members.keys().map(|id| (id.as_str(), self.threads_on(id))).collect();
        let members: Vec<Listener<'_>> = crt
            .iter()
            .filter_map(|(id, crt)| {
                let user = self.users.get(*id).filter(|u| u.delete_at == 0)?;
                Some(Listener {
                    id: &user.id,
                    username: &user.username,
                    first_name: &user.first_name,
                    user_props: &user.notify_props,
                    channel_props: &channel.members.get(*id)?.notify_props,
                    status: Some(user.status.status.as_str()),
                    crt: *crt,
                })
            })
            .collect();
        let none = Vec::new();
        let attachments = post.props.get("attachments").and_then(Value::as_array).unwrap_or(&none);
        let limit = self.config_value("MaxNotificationsPerChannel").parse().unwrap_or(1000);
        Ok(who_is_mentioned(&Audience {
            channel_type: &channel.kind,
            archived: channel.delete_at != 0,
            members: &members,
            author: &post.user_id,
            from_webhook: post.is_webhook(),
            post_type: &post.kind,
            message: &post.message,
            attachments,
            added_user: post.props.get("addedUserId").and_then(Value::as_str),
            thread: (!post.root_id.is_empty()).then(|| self.voices(&post.root_id)),
            groups: &self.groups,
            channel_wide_permission: true,
            channel_wide_limit: limit,
            source: MentionSource {
                group_messages: self.version.group_messages_mention(),
                comments_respect_threads: self.version.follows(),
            },
        }))
    }

    fn voices<'a>(&'a self, root: &str) -> ThreadVoices<'a> {
        let mut voices = ThreadVoices::default();
        if let Some(root) = self.posts.get(root)
            && (!root.is_webhook() || root.prop("override_username").is_empty())
        {
            voices.root_author = Some(&root.user_id);
            voices.authors.insert(&root.user_id);
        }
        let replies = self.replies.get(root).into_iter().flatten().filter_map(|id| self.posts.get(id));
        voices.authors.extend(replies.filter(|p| p.delete_at == 0).map(|p| p.user_id.as_str()));
        voices
    }

    /// Counts, stores and announces a post.
    fn store_post(&mut self, mut post: Post, scan: &Scan, set_online: bool) -> Result<Vec<Event>, Refused> {
        let root = post.root_id.is_empty();
        let counted = !is_coming_or_going(&post.kind);
        let urgent = root && post.is_urgent();
        {
            let channel = self.channel_mut(&post.channel_id)?;
            channel.last_post_at = post.create_at;
            if root {
                channel.last_root_post_at = channel.last_root_post_at.map(|_| post.create_at);
            }
            if counted {
                channel.total_msg_count += 1;
                channel.total_msg_count_root += i64::from(root);
            }
            for person in &post.mentioned {
                if let Some(member) = channel.members.get_mut(person) {
                    member.mention_count += 1;
                    member.mention_count_root += i64::from(root);
                    member.urgent_mention_count += i64::from(urgent);
                }
            }
        }
        let id = post.id.clone();
        self.by_channel.entry(post.channel_id.clone()).or_default().push(id.clone());
        if !root {
            self.replies.entry(post.root_id.clone()).or_default().push(id.clone());
            post.reply_count = self.reply_count(&post.root_id);
        }
        self.posts.insert(id.clone(), post.clone());
        let threads = if root { Vec::new() } else { self.thread_after_reply(&post, scan) };

        let author = post.user_id.clone();
        let own = !post.is_webhook() && !post.is_system();
        let mut viewed = Vec::new();
        if own && (root || !self.threads_on(&author)) && self.member(&post.channel_id, &author).is_ok() {
            viewed = self.mark_read(&author, std::slice::from_ref(&post.channel_id))?;
        }
        let mut events = Vec::new();
        if set_online && own {
            events.extend(self.active(&author, "post"));
        }
        let posted = self.posted(&post, set_online && !post.is_webhook())?;
        // The order of an own post and its reading is not guaranteed, so now and then it is the other way round.
        if !viewed.is_empty() && self.ids.one_in(4) {
            events.append(&mut viewed);
        }
        events.push(posted);
        events.extend(threads);
        events.extend(viewed);
        Ok(events)
    }

    /// The `posted` event with everybody's personal parts.
    fn posted(&self, post: &Post, set_online: bool) -> Result<Event, Refused> {
        let mut event = Event::new("posted", Scope::channel(&post.channel_id), []);
        let mut data = self.post_data(post)?;
        data.insert("set_online".to_owned(), json!(set_online));
        event.data = Some(data);
        let channel = self.channel(&post.channel_id)?;
        let mut personal = Personal { mentions: post.mentioned.iter().cloned().collect(), ..Personal::default() };
        for (id, member) in &channel.members {
            let Some(user) = self.users.get(id) else { continue };
            let author = *id == post.user_id;
            let mentioned = post.mentioned.contains(id);
            let following = self.version.follows()
                && !post.root_id.is_empty()
                && (!author || post.is_webhook())
                && (mentioned || !self.withholds_followers)
                && in_followers(&FollowerFacts {
                    user_props: &user.notify_props,
                    channel_props: &member.notify_props,
                    mentioned,
                    following: self.follows(&post.root_id, id),
                    crt: self.threads_on(id),
                });
            if following {
                personal.followers.push(id.clone());
            }
            let level = |props: &crate::rules::Props| props.get("desktop").cloned().unwrap_or_default();
            let listed = in_notify_list(&channel.kind, &level(&user.notify_props), &level(&member.notify_props));
            if should_ack(true, author, &channel.kind, mentioned, following, listed) {
                personal.ack.push(id.clone());
            }
        }
        event.personal = Some(Box::new(personal));
        Ok(event)
    }

    /// What `posted` and `persistent_notification_triggered` have in common.
    fn post_data(&self, post: &Post) -> Result<Map<String, Value>, Refused> {
        let channel = self.channel(&post.channel_id)?;
        let nobody = Named::default();
        let sender = self.users.get(&post.user_id).map_or(nobody, |u| u.named());
        let mut data = Map::new();
        let mut put = |key: &str, value: String| {
            data.insert(key.to_owned(), Value::String(value));
        };
        put("channel_type", channel.kind.clone());
        put("channel_name", channel.name.clone());
        put("channel_display_name", self.title(channel, &sender));
        let overrides = self.config_value("EnablePostUsernameOverride") == "true";
        put("sender_name", sender_name(&channel.kind, &post.kind, &post.props, &sender, "username", overrides));
        put("team_id", channel.team_id.clone());
        put("post", go_json(post));
        let files = post.metadata.as_ref().and_then(|m| m.get("files")).and_then(Value::as_array);
        if let Some(files) = files {
            put("otherFile", "true".to_owned());
            if files.iter().any(|f| f.get("has_preview_image") == Some(&Value::Bool(true))) {
                put("image", "true".to_owned());
            }
        }
        Ok(data)
    }

    fn title(&self, channel: &Channel, sender: &Named<'_>) -> String {
        let members: Vec<Named<'_>> =
            channel.members.keys().filter_map(|id| self.users.get(id)).map(|u| u.named()).collect();
        channel_name(&channel.kind, &channel.display_name, sender, &members, "", "username")
    }

    /// A post that the server writes itself.
    pub(crate) fn system_post(
        &mut self,
        by: &str,
        channel: &str,
        kind: &str,
        message: &str,
        props: &Value,
    ) -> Result<Vec<Event>, Refused> {
        let new = NewPost {
            channel_id: channel.to_owned(),
            kind: kind.to_owned(),
            message: message.to_owned(),
            props: props.as_object().cloned().unwrap_or_default(),
            set_online: true,
            ..NewPost::default()
        };
        Ok(self.create_post(by, new)?.1)
    }

    /// Changes the text of a post.
    pub(crate) fn edit_post(&mut self, by: &str, id: &str, message: &str) -> Outcome<Post> {
        if self.post(id)?.user_id != by {
            return Err(Refused::permission());
        }
        let at = self.tick();
        self.change_post(id, |post| {
            message.clone_into(&mut post.message);
            post.edit_at = at;
        })
    }

    /// Changes a post in some way that is told as an edit; the text need not change.
    pub(crate) fn change_post(&mut self, id: &str, change: impl FnOnce(&mut Post)) -> Outcome<Post> {
        let at = self.tick();
        let post = self.posts.get_mut(id).filter(|p| p.delete_at == 0).ok_or_else(Refused::no_post)?;
        change(post);
        post.update_at = at;
        let post = post.clone();
        let told = Post { remote_id: None, ..post.clone() };
        let data = [("post", Value::String(go_json(&told)))];
        let event = Event::new("post_edited", Scope::channel(&post.channel_id), data);
        Ok((post, vec![event]))
    }

    /// Deletes a post. The channel's totals stay; thread counters follow.
    pub(crate) fn delete_post(&mut self, id: &str) -> Outcome<()> {
        let told = self.post(id)?.clone();
        let at = self.tick();
        if let Some(post) = self.posts.get_mut(id) {
            post.delete_at = at;
            post.update_at = at;
        }
        let metadata = told.metadata.clone().filter(|_| !self.version.modern_posts());
        let bare = Post { metadata, ..told.clone() };
        let scope = Scope::channel(&told.channel_id).without_private_data();
        let mut events = vec![Event::new("post_deleted", scope, [("post", Value::String(go_json(&bare)))])];
        if told.root_id.is_empty() {
            self.drop_thread(id, at);
        } else {
            events.extend(self.thread_after_deletion(&told));
        }
        Ok(((), events))
    }

    /// A persistent notification of an urgent post goes out (once more).
    pub(crate) fn notify_persistently(&self, id: &str) -> Outcome<()> {
        let post = self.post(id)?;
        let channel = self.channel(&post.channel_id)?;
        let data = self.post_data(post)?;
        let reached: BTreeSet<&String> = post
            .mentioned
            .iter()
            .filter(|id| {
                self.users.get(*id).is_some_and(|u| {
                    !matches!(u.status.status.as_str(), "dnd" | "ooo")
                        && u.notify_props.get("desktop").is_none_or(|level| level != "none")
                })
            })
            .collect();
        let events = reached.iter().map(|id| {
            let scope = Scope::user(id).in_channel(&channel.id).in_team(&channel.team_id);
            let mut event = Event::new("persistent_notification_triggered", scope, []);
            let mut data = data.clone();
            data.insert("mentions".to_owned(), Value::String(go_json(&reached)));
            event.data = Some(data);
            event
        });
        Ok(((), events.collect()))
    }

    /// A message that only one person sees and that is not stored.
    pub(crate) fn ephemeral(&mut self, to: &str, channel: &str, message: &str) -> Outcome<()> {
        self.member(channel, to)?;
        let post = Post {
            id: self.ids.id(),
            create_at: self.tick(),
            user_id: to.to_owned(),
            channel_id: channel.to_owned(),
            message: message.to_owned(),
            kind: "system_ephemeral".to_owned(),
            metadata: Some(Map::new()),
            ..Post::default()
        };
        let scope = Scope::user(to).in_channel(channel);
        Ok(((), vec![Event::new("ephemeral_message", scope, [("post", Value::String(go_json(&post)))])]))
    }

    /// Somebody is writing.
    pub(crate) fn typing(user: &str, channel: &str, root: &str) -> Event {
        let data = [("parent_id", json!(root)), ("user_id", json!(user))];
        Event::new("typing", Scope::channel(channel).omitting(user), data)
    }
}

fn is_image(extension: &str) -> bool {
    matches!(extension, "png" | "jpg" | "jpeg" | "gif" | "webp")
}

fn mime_type(extension: &str) -> &'static str {
    match extension {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "pdf" => "application/pdf",
        "txt" | "log" => "text/plain",
        _ => "application/octet-stream",
    }
}
