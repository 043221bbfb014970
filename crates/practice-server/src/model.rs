//! The things that the server keeps, and their shapes on the wire.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::compat::Version;
use crate::rules::{Named, Props};

/// Availability of a person.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "named as on the wire")]
pub(crate) struct Status {
    pub(crate) user_id: String,
    pub(crate) status: String,
    pub(crate) manual: bool,
    pub(crate) last_activity_at: i64,
    /// Seconds; zero when not timed.
    pub(crate) dnd_end_time: i64,
    #[serde(skip)]
    pub(crate) before_dnd: String,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) nickname: String,
    pub(crate) roles: String,
    pub(crate) is_bot: bool,
    pub(crate) create_at: i64,
    pub(crate) update_at: i64,
    pub(crate) delete_at: i64,
    pub(crate) last_picture_update: i64,
    pub(crate) notify_props: Props,
    pub(crate) preferences: BTreeMap<(String, String), String>,
    pub(crate) status: Status,
    pub(crate) password: String,
    /// The fixed code that is accepted as second factor.
    pub(crate) mfa_code: Option<String>,
    pub(crate) failed_logins: u32,
}

impl User {
    pub(crate) fn named(&self) -> Named<'_> {
        Named {
            id: &self.id,
            username: &self.username,
            first_name: &self.first_name,
            last_name: &self.last_name,
            nickname: &self.nickname,
        }
    }

    /// Of what their picture is drawn: it changes with every change of it.
    pub(crate) fn picture_seed(&self) -> String {
        format!("{}{}", self.id, self.last_picture_update)
    }

    /// `full` is how a person sees themselves.
    pub(crate) fn json(&self, full: bool, version: Version) -> Value {
        let mut user = json!({
            "id": self.id, "create_at": self.create_at, "update_at": self.update_at, "delete_at": self.delete_at,
            "username": self.username, "auth_service": "", "email": format!("{}@example.com", self.username),
            "nickname": self.nickname, "first_name": self.first_name, "last_name": self.last_name, "position": "",
            "roles": self.roles, "locale": "en", "disable_welcome_email": false,
            "timezone": {"automaticTimezone": "UTC", "manualTimezone": "", "useAutomaticTimezone": "true"},
        });
        let Some(map) = user.as_object_mut() else { return user };
        if full {
            map.insert("notify_props".to_owned(), json!(self.notify_props));
            map.insert("last_password_update".to_owned(), json!(self.create_at));
        }
        if !full || !version.modern_posts() {
            map.insert("auth_data".to_owned(), json!(""));
        }
        if version.modern_posts() {
            map.insert("remote_id".to_owned(), json!(""));
        }
        if self.is_bot {
            map.insert("is_bot".to_owned(), json!(true));
            map.insert("bot_last_icon_update".to_owned(), json!(0));
        }
        if self.last_picture_update > 0 {
            map.insert("last_picture_update".to_owned(), json!(self.last_picture_update));
        }
        user
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) create_at: i64,
    pub(crate) delete_at: i64,
    pub(crate) members: BTreeSet<String>,
}

impl Team {
    pub(crate) fn json(&self, version: Version) -> Value {
        let mut team = json!({
            "id": self.id, "create_at": self.create_at, "update_at": self.create_at, "delete_at": self.delete_at,
            "display_name": self.display_name, "name": self.name, "description": "", "email": "", "type": "O",
            "company_name": "", "allowed_domains": "", "invite_id": "", "allow_open_invite": false,
            "scheme_id": null, "group_constrained": null, "policy_id": null,
        });
        if let (true, Some(map)) = (version.modern_posts(), team.as_object_mut()) {
            map.insert("cloud_limits_archived".to_owned(), json!(false));
        }
        team
    }

    pub(crate) fn member_json(&self, user: &str) -> Value {
        json!({
            "team_id": self.id, "user_id": user, "roles": "team_user", "delete_at": 0, "scheme_guest": false,
            "scheme_user": true, "scheme_admin": false, "explicit_roles": "",
        })
    }
}

/// A channel's fixed data and totals, in wire order.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) create_at: i64,
    pub(crate) update_at: i64,
    pub(crate) delete_at: i64,
    pub(crate) team_id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) display_name: String,
    pub(crate) name: String,
    pub(crate) header: String,
    pub(crate) purpose: String,
    pub(crate) last_post_at: i64,
    pub(crate) total_msg_count: i64,
    pub(crate) extra_update_at: i64,
    pub(crate) creator_id: String,
    pub(crate) scheme_id: (),
    pub(crate) props: (),
    pub(crate) group_constrained: (),
    pub(crate) shared: Option<bool>,
    pub(crate) total_msg_count_root: i64,
    pub(crate) policy_id: (),
    /// From here on: only on servers that have these fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_root_post_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) banner_info: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_enforced: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_category_name: Option<&'static str>,
    #[serde(skip)]
    pub(crate) members: BTreeMap<String, Member>,
}

impl Channel {
    pub(crate) fn is_direct(&self) -> bool {
        matches!(self.kind.as_str(), "D" | "G")
    }
}

/// One person's membership of a channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Member {
    pub(crate) last_viewed_at: i64,
    pub(crate) msg_count: i64,
    pub(crate) msg_count_root: i64,
    pub(crate) mention_count: i64,
    pub(crate) mention_count_root: i64,
    pub(crate) urgent_mention_count: i64,
    pub(crate) notify_props: Props,
    pub(crate) last_update_at: i64,
}

impl Member {
    pub(crate) fn is_muted(&self) -> bool {
        self.notify_props.get("mark_unread").is_some_and(|value| value == "mention")
    }

    pub(crate) fn wire<'a>(&'a self, channel: &'a str, user: &'a str, version: Version) -> MemberWire<'a> {
        MemberWire {
            channel_id: channel,
            user_id: user,
            roles: "channel_user",
            last_viewed_at: self.last_viewed_at,
            msg_count: self.msg_count,
            mention_count: self.mention_count,
            mention_count_root: self.mention_count_root,
            urgent_mention_count: version.knows_urgent().then_some(self.urgent_mention_count),
            msg_count_root: self.msg_count_root,
            notify_props: &self.notify_props,
            last_update_at: self.last_update_at,
            scheme_guest: false,
            scheme_user: true,
            scheme_admin: false,
            explicit_roles: "",
            team_display_name: None,
            team_name: None,
            team_update_at: None,
        }
    }
}

/// A membership in wire order.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MemberWire<'a> {
    channel_id: &'a str,
    user_id: &'a str,
    roles: &'static str,
    last_viewed_at: i64,
    msg_count: i64,
    mention_count: i64,
    mention_count_root: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    urgent_mention_count: Option<i64>,
    msg_count_root: i64,
    notify_props: &'a Props,
    last_update_at: i64,
    scheme_guest: bool,
    scheme_user: bool,
    scheme_admin: bool,
    explicit_roles: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) team_display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) team_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) team_update_at: Option<i64>,
}

/// A post in wire order.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Post {
    pub(crate) id: String,
    pub(crate) create_at: i64,
    pub(crate) update_at: i64,
    pub(crate) edit_at: i64,
    pub(crate) delete_at: i64,
    pub(crate) is_pinned: bool,
    pub(crate) user_id: String,
    pub(crate) channel_id: String,
    pub(crate) root_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<String>,
    pub(crate) original_id: String,
    pub(crate) message: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) props: Map<String, Value>,
    pub(crate) hashtags: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file_ids: Option<Vec<String>>,
    pub(crate) pending_post_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remote_id: Option<String>,
    pub(crate) reply_count: i64,
    pub(crate) last_reply_at: i64,
    pub(crate) participants: (),
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Map<String, Value>>,
    /// Whom the post mentioned when it was written; unread marks count from this.
    #[serde(skip)]
    pub(crate) mentioned: BTreeSet<String>,
}

impl Post {
    pub(crate) fn prop(&self, key: &str) -> &str {
        self.props.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn is_webhook(&self) -> bool {
        self.prop("from_webhook") == "true"
    }

    pub(crate) fn is_system(&self) -> bool {
        self.kind.starts_with("system_")
    }

    pub(crate) fn is_urgent(&self) -> bool {
        self.metadata.as_ref().and_then(|m| m.get("priority")).and_then(|p| p.get("priority")).and_then(Value::as_str)
            == Some("urgent")
    }
}

/// One person's relation to one thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Follower {
    pub(crate) following: bool,
    pub(crate) last_viewed_at: i64,
    pub(crate) unread_mentions: i64,
    /// Unfollowed by hand: only a new mention brings the person back.
    pub(crate) left: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) csrf: String,
    pub(crate) create_at: i64,
    pub(crate) expires_at: i64,
    /// A personal access token: never extended, cannot be logged out for good.
    pub(crate) personal: bool,
}

/// A running call.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) start_at: i64,
    pub(crate) sessions: Vec<CallSession>,
    pub(crate) thread_id: String,
    pub(crate) post_id: String,
    pub(crate) screen_sharing_session_id: String,
    pub(crate) owner_id: String,
    pub(crate) host_id: String,
    #[serde(skip)]
    pub(crate) dismissed: BTreeSet<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct CallSession {
    pub(crate) session_id: String,
    pub(crate) user_id: String,
    pub(crate) unmuted: bool,
    pub(crate) raised_hand: i64,
    pub(crate) video: bool,
}

/// Settings of a new account.
pub(crate) fn default_user_props(version: Version) -> Props {
    let mut props: Props = [
        ("channel", "true"),
        ("comments", "never"),
        ("desktop", "mention"),
        ("desktop_sound", "true"),
        ("email", "true"),
        ("first_name", "false"),
        ("mention_keys", ""),
        ("push", "mention"),
        ("push_status", if version.follows() { "online" } else { "away" }),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect();
    if version.follows() {
        for key in ["desktop_threads", "email_threads", "push_threads"] {
            props.insert(key.to_owned(), "all".to_owned());
        }
    }
    props
}

/// Settings of a new membership.
pub(crate) fn default_member_props(version: Version) -> Props {
    let mut props: Props = ["desktop", "email", "ignore_channel_mentions", "push"]
        .into_iter()
        .map(|key| (key.to_owned(), "default".to_owned()))
        .collect();
    props.insert("mark_unread".to_owned(), "all".to_owned());
    if version.auto_follows() {
        props.insert("channel_auto_follow_threads".to_owned(), "off".to_owned());
    }
    props
}
