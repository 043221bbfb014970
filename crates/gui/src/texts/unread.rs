//! Words about what is unread, the same in the window and in `belfry status`.

use belfry_core::view::{ServerView, UnreadList, UnreadPlace, UnreadRow};

/// "1 message", "2 messages".
pub fn counted(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How many conversations a row stands for.
pub fn unread_conversations(row: &UnreadRow) -> u32 {
    match row.place {
        UnreadPlace::Threads(_, count) => count,
        UnreadPlace::Channel(_) | UnreadPlace::Direct(..) | UnreadPlace::Group(_) | UnreadPlace::Thread(_) => 1,
    }
}

/// What needs the person on a server, in a line that opens the list.
pub fn unread_summary(server: &ServerView) -> String {
    let rows = server.unread.rows.iter().map(unread_conversations);
    let places = rows.fold(server.unread.more_places, u32::saturating_add);
    match (server.badge.mentions, places) {
        (0, 0) => "Nothing".to_owned(),
        (0, places) => format!("New messages in {}", counted(places, "conversation", "conversations")),
        (1, _) => "1 message needs you".to_owned(),
        (mentions, _) => format!("{mentions} messages need you"),
    }
}

/// The last line of a list that has no room for everything.
pub fn unread_rest(list: &UnreadList) -> Option<String> {
    let UnreadList { more_mentions, more_places, .. } = list;
    match (more_mentions, more_places) {
        (0, 0) => None,
        (0, _) => Some(format!("and {}", counted(*more_places, "more conversation", "more conversations"))),
        (mentions, _) => {
            Some(format!("and {mentions} more in {}", counted(*more_places, "conversation", "conversations")))
        }
    }
}

/// What a row of the unread list is called.
pub fn unread_title(row: &UnreadRow) -> String {
    match row.place {
        UnreadPlace::Threads(_, count) => format!("{} you follow", counted(count, "thread", "threads")),
        UnreadPlace::Thread(_) if row.title.is_empty() => "A thread you follow".to_owned(),
        _ => row.title.clone(),
    }
}

/// What stands behind it: where it is.
pub fn unread_place(row: &UnreadRow) -> String {
    let kind = match row.place {
        UnreadPlace::Thread(_) => "thread",
        UnreadPlace::Threads(None, _) => "in direct and group messages",
        UnreadPlace::Direct(..) => "direct message",
        UnreadPlace::Group(_) => "group message",
        UnreadPlace::Channel(_) | UnreadPlace::Threads(Some(_), _) => "",
    };
    let muted = if row.muted { "muted channel" } else { "" };
    [kind, row.channel.as_str(), row.team.as_str(), muted]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// What is unread besides the mentions; empty where that is nothing.
pub fn unread_left_over(row: &UnreadRow) -> String {
    if row.messages > row.mentions { format!("{} unread", row.messages) } else { String::new() }
}

/// A row without its number, for terminals.
pub fn unread_line(row: &UnreadRow) -> String {
    let urgent = if row.urgent { "urgent" } else { "" };
    let parts = [unread_title(row), unread_place(row), urgent.to_owned(), unread_left_over(row)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A whole row, for screen readers.
pub fn unread_name(row: &UnreadRow) -> String {
    let mentions = match (row.mentions, row.place) {
        (0, _) => String::new(),
        (count, UnreadPlace::Direct(..) | UnreadPlace::Group(_)) => counted(count, "message", "messages"),
        (count, _) => counted(count, "mention", "mentions"),
    };
    let urgent = if row.urgent { "urgent" } else { "" };
    let parts = [unread_title(row), unread_place(row), urgent.to_owned(), mentions, unread_left_over(row)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Name of the number in the navigation.
pub fn list_unread(count: u32) -> String {
    format!("List the {}", counted(count, "message that needs you", "messages that need you"))
}
