//! Who is mentioned by a post (`notifications.md` §1.8).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{KeywordOwner, Keywords, Kind, Props, Scan, keywords_of, prop, scan_post};

/// One active member of the channel.
#[derive(Clone, Debug)]
pub struct Listener<'a> {
    /// Person's id.
    pub id: &'a str,
    /// User name.
    pub username: &'a str,
    /// First name, may be empty.
    pub first_name: &'a str,
    /// The account's notification settings.
    pub user_props: &'a Props,
    /// The membership's notification settings.
    pub channel_props: &'a Props,
    /// Availability; absent if the server does not know it.
    pub status: Option<&'a str>,
    /// Collapsed reply threads are on for this person.
    pub crt: bool,
}

/// Who has spoken in the thread that a reply goes to.
#[derive(Clone, Debug, Default)]
pub struct ThreadVoices<'a> {
    /// Author of the root, unless an integration wrote it under another name.
    pub root_author: Option<&'a str>,
    /// Authors of every post of the thread, the root's included on the same condition.
    pub authors: BTreeSet<&'a str>,
}

/// A post and everybody who could be mentioned by it.
#[derive(Clone, Debug)]
pub struct Audience<'a> {
    /// `O`, `P`, `D` or `G`.
    pub channel_type: &'a str,
    /// The channel is archived: nobody is mentioned.
    pub archived: bool,
    /// Active members, the author included.
    pub members: &'a [Listener<'a>],
    /// Author's id.
    pub author: &'a str,
    /// Written by an incoming webhook.
    pub from_webhook: bool,
    /// Post type.
    pub post_type: &'a str,
    /// Text.
    pub message: &'a str,
    /// `props.attachments`.
    pub attachments: &'a [Value],
    /// `props.addedUserId`.
    pub added_user: Option<&'a str>,
    /// Set for a reply.
    pub thread: Option<ThreadVoices<'a>>,
    /// Name to member ids of the groups that may be mentioned; empty without the licence.
    pub groups: &'a BTreeMap<String, BTreeSet<String>>,
    /// The author may use channel-wide mentions.
    pub channel_wide_permission: bool,
    /// `MaxNotificationsPerChannel`.
    pub channel_wide_limit: usize,
    /// Where servers differ.
    pub source: MentionSource,
}

/// Differences between server generations.
#[derive(Clone, Copy, Debug)]
pub struct MentionSource {
    /// Every post of a group message mentions its members (since 9.1).
    pub group_messages: bool,
    /// `comments` settings are inert for people with threads on (not on 5.37).
    pub comments_respect_threads: bool,
}

impl Default for MentionSource {
    fn default() -> Self {
        Self { group_messages: true, comments_respect_threads: true }
    }
}

/// Whether `@channel`, `@all` and `@here` count for a post.
pub fn channel_wide_allowed(permission: bool, post_type: &str, members: usize, limit: usize) -> bool {
    permission && !matches!(post_type, "system_header_change" | "system_purpose_change") && members < limit
}

/// Everybody whom a post mentions, with the strongest reason.
pub fn who_is_mentioned(post: &Audience<'_>) -> Scan {
    let mut scan = Scan::default();
    if post.archived {
        return scan;
    }
    if post.channel_type == "D" {
        for member in post.members.iter().filter(|m| m.id != post.author || post.from_webhook) {
            scan.add(member.id, Kind::Direct);
        }
        return scan;
    }
    scan = scan_post(post.message, post.attachments, &keywords_for(post));
    if post.channel_type == "G" && post.source.group_messages {
        for member in post.members {
            scan.add(member.id, Kind::GroupMessage);
        }
    }
    if post.post_type == "system_add_to_channel"
        && let Some(added) = post.added_user
    {
        scan.add(added, Kind::Keyword);
    }
    if let Some(thread) = &post.thread {
        comments(post, thread, &mut scan);
    }
    for group in scan.groups.clone() {
        for person in post.groups.get(&group).into_iter().flatten() {
            if person != post.author && post.members.iter().any(|m| m.id == person) {
                scan.add(person, Kind::Group);
            }
        }
    }
    if !post.from_webhook {
        scan.mentions.remove(post.author);
    }
    scan
}

fn keywords_for(post: &Audience<'_>) -> Keywords {
    let channel_wide =
        channel_wide_allowed(post.channel_wide_permission, post.post_type, post.members.len(), post.channel_wide_limit);
    let mut keywords = Keywords::default();
    for member in post.members {
        let owner = KeywordOwner {
            username: member.username,
            first_name: member.first_name,
            user_props: member.user_props,
            channel_props: member.channel_props,
            status: member.status,
        };
        for word in keywords_of(&owner, channel_wide) {
            keywords.add(word, member.id);
        }
    }
    for name in post.groups.keys() {
        keywords.add_group(name, name.clone());
    }
    keywords
}

/// Rule 6: a reply mentions those who listen to comments.
fn comments(post: &Audience<'_>, thread: &ThreadVoices<'_>, scan: &mut Scan) {
    for member in post.members.iter().filter(|m| !m.crt || !post.source.comments_respect_threads) {
        let root = thread.root_author == Some(member.id);
        match prop(member.user_props, "comments") {
            "any" if root || thread.authors.contains(member.id) => {
                scan.add(member.id, if root { Kind::RootAuthor } else { Kind::ThreadVoice });
            }
            "root" if root => scan.add(member.id, Kind::RootAuthor),
            _ => {}
        }
    }
}
