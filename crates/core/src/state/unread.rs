//! Counting: what each post and each read does to a channel (notifications §2.9), and what a server's badge is made of (§4.2).

use core::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::badge::Badge;
use crate::event::{ChannelType, PostUnread, Posted, Priority, ThreadCounts, User};
use crate::ids::{ChannelId, IdMap, TeamId, UserId};
use crate::state::channel::ChannelState;
use crate::state::{ServerState, teammate};

/// Types that never count as messages (rule U1).
pub fn is_join_leave_like(kind: &str) -> bool {
    matches!(
        kind,
        "system_add_remove"
            | "system_add_to_channel"
            | "system_channel_deleted"
            | "system_channel_restored"
            | "system_join_leave"
            | "system_join_channel"
            | "system_leave_channel"
            | "system_remove_from_channel"
            | "system_join_team"
            | "system_leave_team"
            | "system_add_to_team"
            | "system_remove_from_team"
    )
}

impl ServerState {
    /// Counts a post as the server does (rules U0–U3). `false` where the channel or my membership of it is unknown: nothing
    /// is counted then.
    pub fn count_post(&mut self, posted: &Posted<'_>) -> bool {
        let id = posted.post.channel_id;
        // Every post comes here, so its channel is looked up once for all that is done with it.
        let Some(channel) = self.channels.get_mut(&id).filter(|channel| channel.prefs.is_some()) else { return false };
        let views_are_sent = self.config.enable_channel_viewed_messages;
        count(channel, posted, self.me.id, self.crt, views_are_sent);
        let now = part(channel, self.crt, &self.me, &self.users);
        let before = core::mem::replace(&mut channel.part, now);
        self.sum.replace(id, before, now);
        true
    }

    /// A channel was read, here or elsewhere. Where a server does not say when, everything was read that came before it says
    /// so: it may say so late. `false` where messages came after the moment that it names (protocol §7): only the server can
    /// say how much of the channel is unread then, and nothing is changed.
    pub fn mark_channel_read(&mut self, id: ChannelId, at_ms: Option<i64>) -> bool {
        let has_unread = self.has_unread(id);
        let Some(channel) = self.channels.get_mut(&id) else { return true };
        if has_unread && at_ms.is_some_and(|at| at < channel.last_post_at) {
            return false;
        }
        mark_read(channel, at_ms.unwrap_or(channel.last_post_at));
        channel.viewed_at_last = at_ms.is_none();
        self.touch(id);
        true
    }

    /// Whether a channel has anything unread.
    pub fn has_unread(&self, id: ChannelId) -> bool {
        let unread = self.channels.get(&id).map(|channel| channel.counts.unread(self.crt()));
        unread.is_some_and(|unread| unread.mentions > 0 || unread.messages > 0)
    }

    /// `post_unread`: the read counters, absolutely. `true` where a root count was needed and missing.
    pub fn apply_post_unread(&mut self, event: &PostUnread) -> bool {
        let crt = self.crt();
        let Some(channel) = self.channels.get_mut(&event.channel_id) else { return false };
        let counts = &mut channel.counts;
        let set = |slot: &mut i64, value: Option<i64>| {
            if let Some(value) = value {
                *slot = value;
            }
        };
        set(&mut counts.read, event.msg_count);
        set(&mut counts.read_root, event.msg_count_root);
        set(&mut counts.mentions, event.mention_count);
        set(&mut counts.mentions_root, event.mention_count_root);
        set(&mut counts.urgent, event.urgent_mention_count);
        set(&mut counts.last_viewed_at, event.last_viewed_at);
        channel.manually_unread = true;
        let missing = crt && (event.msg_count_root.is_none() || event.mention_count_root.is_none());
        channel.stale |= missing;
        self.touch(event.channel_id);
        missing
    }

    /// This server's share of the badge (notifications §4.2, with the order-dependent defects mended as §6 says).
    ///
    /// Channels are summed as they change ([`Self::touch`]), so that a frame costs the same with ten channels or fifty thousand.
    pub fn badge(&self) -> Badge {
        let mut mentions = self.sum.mentions();
        let mut unread = !self.sum.is_empty();
        for (_, counts) in self.counted_threads() {
            mentions = mentions.saturating_add(clamped(counts.unread_mentions).into());
            unread |= counts.unread_threads > 0;
        }
        let mentions = u32::try_from(mentions).unwrap_or(u32::MAX);
        Badge { mentions, unread: unread || mentions > 0, signed_out: false, dot_hidden: false }
    }

    /// The thread counters that the badge counts: those of direct and group messages (`None`), then each team's own.
    pub fn counted_threads(&self) -> impl Iterator<Item = (Option<TeamId>, ThreadCounts)> {
        self.threads.counted().filter(|_| self.crt())
    }

    /// Brings a channel's part of the sum up to date. Called after every change of a channel.
    pub fn touch(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let now = part(channel, self.crt, &self.me, &self.users);
        let before = core::mem::replace(&mut channel.part, now);
        self.sum.replace(id, before, now);
    }

    /// Sums every channel anew: after a snapshot, or when reply threads were switched.
    pub fn recount(&mut self) {
        self.sum = BadgeSum::default();
        // A sum is the same in any order.
        self.channels.iter_mut().for_each(|(id, channel)| {
            channel.part = part(channel, self.crt, &self.me, &self.users);
            self.sum.replace(*id, BadgePart::default(), channel.part);
        });
    }
}

const MINUTE_MS: i64 = 60_000;

/// What a channel adds to the badge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BadgePart {
    /// Its mentions.
    pub mentions: u32,
    /// Whether anything is unread.
    pub unread: bool,
    /// Where anything is unread: the time of its last post, in minutes since the epoch. By the minute, because a busy
    /// channel would change its place with every post; whoever lists a few of them looks at the exact times.
    pub minute: i64,
}

/// The sum of all parts, and what it is the sum of.
#[derive(Debug, Default)]
pub struct BadgeSum {
    mentions: u64,
    /// In the order in which they are listed: the most mentions first, then the newest, to the minute.
    channels: BTreeSet<(Reverse<u32>, Reverse<i64>, ChannelId)>,
}

impl BadgeSum {
    /// Exchanges one part of a channel for another.
    pub fn replace(&mut self, id: ChannelId, before: BadgePart, now: BadgePart) {
        if before == now {
            return;
        }
        self.mentions = self.mentions.saturating_sub(before.mentions.into()).saturating_add(now.mentions.into());
        let place = |part: BadgePart| (Reverse(part.mentions), Reverse(part.minute), id);
        if before.unread {
            self.channels.remove(&place(before));
        }
        if now.unread {
            self.channels.insert(place(now));
        }
    }

    /// All mentions.
    pub fn mentions(&self) -> u64 {
        self.mentions
    }

    /// How many channels have anything unread.
    pub fn len(&self) -> usize {
        self.channels.len()
    }

    /// Whether no channel has anything unread.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty()
    }

    /// Channels with anything unread, and how many mentions each has: the most mentions first, then the newest, to the minute.
    pub fn channels(&self) -> impl Iterator<Item = (ChannelId, u32)> {
        self.channels.iter().map(|(mentions, _, id)| (*id, mentions.0))
    }
}

/// A count as it is shown: servers may tell any number.
pub fn clamped(count: i64) -> u32 {
    u32::try_from(count.max(0)).unwrap_or(u32::MAX)
}

/// What a post does to the counters of its channel.
fn count(channel: &mut ChannelState, posted: &Posted<'_>, me: Option<UserId>, crt: bool, views_are_sent: bool) {
    let post = &posted.post;
    let mentioned = me.is_some_and(|me| posted.mentions.as_ref().is_some_and(|list| list.contains(&me)));
    let counted_already = post.create_at != 0 && post.create_at <= channel.counted_up_to;
    channel.last_post_at = channel.last_post_at.max(post.create_at);
    if counted_already {
        return;
    }
    let root = post.root_id.is_none();
    let viewed_at_last = core::mem::take(&mut channel.viewed_at_last);
    let counts = &mut channel.counts;
    if is_join_leave_like(&post.kind) {
        if mentioned && post.props.added_user_id.is_some() && post.props.added_user_id == me {
            counts.mentions = counts.mentions.saturating_add(1);
            counts.mentions_root = counts.mentions_root.saturating_add(1);
            channel.mentions_since = channel.mentions_since.saturating_add(1);
        }
        return;
    }
    counts.total = counts.total.saturating_add(1);
    if root {
        counts.total_root = counts.total_root.saturating_add(1);
    }
    let mine =
        post.user_id.is_some() && post.user_id == me && !post.props.from_webhook && !post.kind.starts_with("system_");
    if mine {
        if !views_are_sent && !channel.manually_unread && (!crt || root) {
            mark_read(channel, post.create_at);
        } else if (viewed_at_last || (post.create_at != 0 && post.create_at <= counts.last_viewed_at)) && (!crt || root)
        {
            // The event that says that I read it may come before it (protocol §10).
            counts.read = counts.read.saturating_add(1);
            counts.read_root = counts.read_root.saturating_add(i64::from(root));
        }
        return;
    }
    if mentioned {
        counts.mentions = counts.mentions.saturating_add(1);
        if root {
            counts.mentions_root = counts.mentions_root.saturating_add(1);
        }
        channel.mentions_since = channel.mentions_since.saturating_add((!crt || root).into());
        if post.priority == Priority::Urgent {
            counts.urgent = counts.urgent.saturating_add(1);
        }
    }
}

/// What a channel adds to the badge.
fn part(channel: &ChannelState, crt: bool, me: &User, users: &IdMap<UserId, Arc<User>>) -> BadgePart {
    let unread = channel.counts.unread(crt);
    if (unread.mentions == 0 && unread.messages == 0) || !counts_for_badge(channel, me, users) {
        return BadgePart::default();
    }
    BadgePart { mentions: clamped(unread.mentions), unread: true, minute: channel.last_post_at.div_euclid(MINUTE_MS) }
}

fn counts_for_badge(channel: &ChannelState, me: &User, users: &IdMap<UserId, Arc<User>>) -> bool {
    let Some(prefs) = channel.prefs.as_deref() else { return false };
    if prefs.is_muted() {
        return false;
    }
    match channel.channel_type {
        // A teammate whose profile is not loaded counts (notifications §6.11).
        Some(ChannelType::Direct) => {
            teammate(me, &channel.name).and_then(|id| users.get(&id)).is_none_or(|user| user.delete_at == 0)
        }
        Some(ChannelType::Public | ChannelType::Private | ChannelType::Group) | None => channel.delete_at == 0,
    }
}

/// My counters become the totals; a manual mark is cleared.
fn mark_read(channel: &mut ChannelState, at_ms: i64) {
    let counts = &mut channel.counts;
    counts.read = counts.total;
    counts.read_root = counts.total_root;
    counts.mentions = 0;
    counts.mentions_root = 0;
    counts.urgent = 0;
    counts.last_viewed_at = counts.last_viewed_at.max(at_ms);
    channel.manually_unread = false;
}
