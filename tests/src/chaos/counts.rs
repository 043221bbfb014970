//! The unread counts: the server's own beside those that a person sees.

use std::collections::BTreeMap;

use belfry_core::ids::ServerId;
use belfry_core::view::{UnreadPlace, View};
use belfry_practice_server::Counts;

/// What differs between the server's counts and what a person sees.
pub(super) fn miscounted(counts: &Counts, view: &View, server: ServerId) -> Vec<String> {
    let Some(server) = view.server(server) else { return vec!["there is no server".to_owned()] };
    let mut lines = Vec::new();
    let badge = (i64::from(server.badge.mentions), server.badge.unread);
    if badge != (counts.badge_mentions, counts.badge_unread) {
        lines.push(format!("badge {badge:?} instead of {:?}", (counts.badge_mentions, counts.badge_unread)));
    }
    let mut threads = 0;
    let mut held: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for row in &server.unread.rows {
        match &row.place {
            UnreadPlace::Channel(id) | UnreadPlace::Direct(id, _) | UnreadPlace::Group(id) => {
                held.insert(id.as_str(), (i64::from(row.mentions), i64::from(row.messages)));
            }
            UnreadPlace::Thread(_) | UnreadPlace::Threads(..) => threads += i64::from(row.mentions),
        }
    }
    for (id, channel) in counts.channels.iter().filter(|(_, channel)| !channel.muted && !channel.archived) {
        let held = held.remove(id.as_str()).unwrap_or_default();
        if held != (channel.mentions, channel.unread) {
            let told = (channel.mentions, channel.unread);
            lines.push(format!("{}: mentions and messages {held:?} instead of {told:?}", channel.name));
        }
    }
    lines.extend(held.iter().map(|(id, held)| format!("channel {id}: {held:?} instead of nothing")));
    let told: i64 = counts.threads.values().map(|threads| threads.unread_mentions).sum();
    if counts.threads_on && threads != told {
        lines.push(format!("threads: {threads} mentions instead of {told}"));
    }
    lines
}
