//! Words of the Channels page (notifications §5.9).

use belfry_core::settings::channels::{ChannelRow, Effective};

/// Page.
pub const TITLE: &str = "Channels";
/// Under the title.
pub const SUB: &str = "What each channel does differently from your own settings, on every server";
/// In the search field.
pub const SEARCH: &str = "Search channels, teams, people";
/// Filter.
pub const DIFFERS: &str = "Differs from default";
/// Filter.
pub const ALL: &str = "All";
/// Filter.
pub const MUTED: &str = "Muted";
/// Filter.
pub const DIRECT: &str = "Direct and group messages";

/// Column.
pub const CHANNEL: &str = "Channel";
/// Column.
pub const LEVEL: &str = "Notify me about";
/// Column.
pub const MUTE: &str = "Muted";
/// Column.
pub const THREADS: &str = "Threads";
/// Column.
pub const SOUND: &str = "Sound";
/// Column.
pub const IGNORE: &str = "Ignore @all";
/// In the narrow table.
pub const IGNORE_SHORT: &str = "No @all";

/// Choice.
pub const LEVEL_ALL: &str = "All new messages";
/// Choice.
pub const LEVEL_MENTION: &str = "Mentions, direct messages, and keywords only";
/// Choice.
pub const LEVEL_NONE: &str = "Nothing";
/// In the narrow column.
pub const SHORT_ALL: &str = "All messages";
/// In the narrow column.
pub const SHORT_MENTION: &str = "Mentions";
/// In the narrow column.
pub const SHORT_NONE: &str = "Nothing";
/// Choice of a sound.
pub const SOUND_OFF: &str = "No sound";
/// Choice.
pub const SOUND_ON: &str = "Sound as by default";

/// Button.
pub const MUTE_THEM: &str = "Mute";
/// Button.
pub const UNMUTE_THEM: &str = "Unmute";
/// Button.
pub const RESET: &str = "Reset to default";
/// Button.
pub const CLEAR_SELECTION: &str = "Select none";
/// Select of the strip.
pub const SET_LEVEL: &str = "Notify me about…";
/// Select of the strip.
pub const SET_SOUND: &str = "Sound…";
/// Select of the strip.
pub const SET_THREADS: &str = "Threads…";
/// Select of the strip.
pub const SET_IGNORE: &str = "Channel-wide mentions…";
/// Choice.
pub const THREADS_ON: &str = "Notify me about replies to threads I'm following";
/// Choice.
pub const THREADS_OFF: &str = "No replies unless mentioned";
/// Choice.
pub const IGNORE_ON: &str = "Ignore mentions for @channel, @here and @all";
/// Choice.
pub const IGNORE_OFF: &str = "Do not ignore them";
/// Said in the columns of a muted channel.
pub const IS_MUTED: &str = "This channel is muted";

/// Empty state.
pub const NOTHING_DIFFERS: &str = "No channel differs from your default";
/// Empty state.
pub const NOTHING_DIFFERS_HINT: &str = "Choose All to see every channel, then mute one or give it a level of its own";
/// Empty state.
pub const NO_MATCH: &str = "No channel has these words";
/// Empty state.
pub const NO_MATCH_HINT: &str = "Search for something else, or choose All";
/// Empty state.
pub const NOT_LOADED: &str = "No channel is known yet";
/// Empty state.
pub const NOT_LOADED_HINT: &str = "They are listed here once a server is connected";

/// In the search over all settings.
pub const FIND_MUTE: &str = "Mute channel";
/// In the search over all settings.
pub const FIND_LEVEL: &str = "Notify me about…";
/// In the search over all settings.
pub const FIND_IGNORE: &str = "Ignore mentions for @channel, @here and @all";

/// "3 selected".
pub fn selected(count: usize) -> String {
    format!("{count} selected")
}

/// "12 of 10,000 channels".
pub fn count(shown: usize, all: usize) -> String {
    if shown == all { format!("{all} channels") } else { format!("{shown} of {all} channels") }
}

/// What was just done to several.
pub fn changed(count: usize) -> String {
    if count == 1 { "1 channel changed".to_owned() } else { format!("{count} channels changed") }
}

/// Some of several could not be saved.
pub fn failed(count: usize, why: &str) -> String {
    if count == 1 {
        format!("1 channel was not saved: {why}")
    } else {
        format!("{count} channels were not saved: {why}")
    }
}

/// Name of a cell's control.
pub fn cell(column: &str, channel: &str) -> String {
    format!("{column}, {channel}")
}

/// A level in the narrow column; a word that is none is shown as it is.
pub fn short_level(level: &str) -> String {
    match level {
        "all" => SHORT_ALL.to_owned(),
        "mention" => SHORT_MENTION.to_owned(),
        "none" => SHORT_NONE.to_owned(),
        other => other.chars().take(40).collect(),
    }
}

/// A level in the official words, tagged where it is the account's.
pub fn level(level: &str, default: bool) -> String {
    let words = match level {
        "all" => LEVEL_ALL,
        "mention" => LEVEL_MENTION,
        "none" => LEVEL_NONE,
        other => other,
    };
    tagged(words, default)
}

/// With "(default)" behind it where it is the account's.
pub fn tagged(text: &str, default: bool) -> String {
    if default { format!("{text} (default)") } else { text.to_owned() }
}

/// The second line of a row: team and server, and why nothing can be changed.
pub fn place(row: &ChannelRow, server: &str, read_only: Option<&str>) -> String {
    // A team often has its server's name.
    let team = if row.team == server { "" } else { row.team.as_str() };
    [team, server, read_only.unwrap_or_default()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// A row that could not be saved.
pub fn not_saved(why: &str) -> String {
    format!("Not saved: {why}")
}

/// Name of a row's tick.
pub fn choose(channel: &str) -> String {
    format!("Select {channel}")
}

/// Name of a column's head.
pub fn sort_by(column: &str, descending: Option<bool>) -> String {
    match descending {
        None => format!("{column}, sort"),
        Some(false) => format!("{column}, sorted"),
        Some(true) => format!("{column}, sorted the other way round"),
    }
}

/// A whole row, for screen readers.
pub fn row_name(row: &ChannelRow, is: &Effective) -> String {
    let muted = if is.muted { "muted" } else { "" };
    let sound = if is.sound { is.sound_name.as_str() } else { SOUND_OFF };
    let ignored = if is.ignore_channel_mentions { "channel-wide mentions ignored" } else { "" };
    let level = level(&is.level, false);
    let trouble = row.trouble.as_deref().map(not_saved).unwrap_or_default();
    super::listed(&[&row.name, &row.team, muted, &level, sound, ignored, &trouble])
}

/// A row in a list of results: name, team, server.
pub fn found(row: &ChannelRow, server: &str) -> String {
    let team = if row.team == server { "" } else { row.team.as_str() };
    [row.name.as_str(), team, server].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// A channel with its team.
pub fn titled(row: &ChannelRow) -> String {
    found(row, "")
}
