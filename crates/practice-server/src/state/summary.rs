//! The server's own bookkeeping, as lists for clients and as truth for tests.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::State;
use crate::error::Refused;

/// What one person has not read in one channel, by the server's own count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelCounts {
    /// Address name.
    pub name: String,
    /// `O`, `P`, `D` or `G`.
    pub kind: String,
    /// Unread posts as this person counts them (roots only with collapsed threads).
    pub unread: i64,
    /// Mentions as this person counts them.
    pub mentions: i64,
    /// Urgent mentions.
    pub urgent: i64,
    /// Muted by this person.
    pub muted: bool,
    /// Archived.
    pub archived: bool,
}

/// What one person has not read in the threads of one team (empty key: direct and group messages).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ThreadCounts {
    /// Followed threads with unread replies.
    pub unread_threads: i64,
    /// Unread mentions in them.
    pub unread_mentions: i64,
}

/// Everything that one person has not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Collapsed reply threads are on for the person.
    pub threads_on: bool,
    /// By channel id.
    pub channels: BTreeMap<String, ChannelCounts>,
    /// By team id.
    pub threads: BTreeMap<String, ThreadCounts>,
    /// The number that a badge has to show (`protocol.md` §3.6).
    pub badge_mentions: i64,
    /// Without a number: whether there is a dot.
    pub badge_unread: bool,
}

impl State {
    /// The truth for one person.
    pub(crate) fn counts(&self, user: &str) -> Result<Counts, Refused> {
        self.user(user)?;
        let threads_on = self.threads_on(user);
        let mut counts = Counts {
            threads_on,
            channels: BTreeMap::new(),
            threads: BTreeMap::new(),
            badge_mentions: 0,
            badge_unread: false,
        };
        for (channel, member) in self.channels_of(user) {
            let (total, read, mentions) = if threads_on {
                (channel.total_msg_count_root, member.msg_count_root, member.mention_count_root)
            } else {
                (channel.total_msg_count, member.msg_count, member.mention_count)
            };
            let row = ChannelCounts {
                name: channel.name.clone(),
                kind: channel.kind.clone(),
                unread: (total - read).max(0),
                mentions,
                urgent: member.urgent_mention_count,
                muted: member.is_muted(),
                archived: channel.delete_at != 0,
            };
            let partner_left = channel.kind == "D"
                && channel.members.keys().any(|id| self.users.get(id).is_some_and(|u| u.delete_at != 0));
            if !row.muted && !row.archived && !partner_left {
                counts.badge_mentions += row.mentions;
                counts.badge_unread |= row.unread > 0;
            }
            counts.channels.insert(channel.id.clone(), row);
        }
        if threads_on {
            for (root, team, _) in self.followed_threads(user) {
                let (replies, mentions) = self.thread_unread(root, user);
                let row = counts.threads.entry(team.to_owned()).or_default();
                row.unread_threads += i64::from(replies > 0);
                row.unread_mentions += mentions;
                counts.badge_mentions += mentions;
                counts.badge_unread |= replies > 0;
            }
        }
        counts.badge_unread |= counts.badge_mentions > 0;
        Ok(counts)
    }

    /// `users/me/teams/unread`.
    pub(crate) fn teams_unread(&self, user: &str) -> Value {
        let mut rows = Vec::new();
        for team in self.teams_of(user) {
            let mut sums = [0_i64; 4];
            let mut any = false;
            for (channel, member) in self.channels_of(user).filter(|(c, _)| c.team_id == team.id && c.delete_at == 0) {
                any = true;
                let [messages, mentions, messages_root, mentions_root] = &mut sums;
                if !member.is_muted() {
                    *messages += (channel.total_msg_count - member.msg_count).max(0);
                    *messages_root += (channel.total_msg_count_root - member.msg_count_root).max(0);
                }
                *mentions += member.mention_count;
                *mentions_root += member.mention_count_root;
            }
            if !any {
                continue;
            }
            let [messages, mentions, messages_root, mentions_root] = sums;
            let mut row = json!({
                "team_id": team.id, "msg_count": messages, "mention_count": mentions,
                "mention_count_root": mentions_root, "msg_count_root": messages_root,
            });
            if let (true, Some(map)) = (self.version.follows(), row.as_object_mut()) {
                let [_, unread, mentions, urgent] =
                    if self.threads_on(user) { self.thread_totals(user, &team.id, false) } else { [0; 4] };
                map.insert("thread_count".to_owned(), json!(unread));
                map.insert("thread_mention_count".to_owned(), json!(mentions));
                map.insert("thread_urgent_mention_count".to_owned(), json!(urgent));
            }
            rows.push(row);
        }
        Value::Array(rows)
    }
}
