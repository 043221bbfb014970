//! Words of the Notifications page: the official client's, in its order (notifications §5).

use belfry_core::settings::SettingKey;
use belfry_core::settings::keywords::NeverFound;

/// Page.
pub const TITLE: &str = "Notifications";
/// Under the title.
pub const SUB: &str = "Saved on the server, so every app you use agrees";
/// Name of the select at the right.
pub const WHICH_SERVER: &str = "Server";

/// Card (§5.1).
pub const DESKTOP_AND_MOBILE: &str = "Desktop and mobile notifications";
/// Group of choices.
pub const SEND_FOR: &str = "Send notifications for";
/// Choice.
pub const ALL: &str = "All new messages";
/// Choice.
pub const MENTION: &str = "Mentions, direct messages, and group messages";
/// Choice.
pub const NONE: &str = "Nothing";
/// Tick.
pub const THREADS: &str = "Notify me about replies to threads I'm following";
/// Tick.
pub const DIFFERENT: &str = "Use different settings for my mobile devices";
/// Select.
pub const MOBILE_FOR: &str = "Send mobile notifications for";
/// Tick.
pub const MOBILE_THREADS: &str = "Notify me on mobile about replies to threads I'm following";
/// Select.
pub const TRIGGER: &str = "Trigger mobile notifications when I am";
/// Choice.
pub const ONLINE: &str = "Online, away, or offline";
/// Choice.
pub const AWAY: &str = "Away or offline";
/// Choice.
pub const OFFLINE: &str = "Offline";
/// Said where the server sends no pushes.
pub const NO_PUSH: &str = "Mobile notifications are not enabled on this server";

/// Card (§5.2).
pub const SOUNDS: &str = "Desktop notification sounds";
/// Tick.
pub const MESSAGE_SOUND: &str = "Message notification sound";
/// Tick.
pub const CALL_SOUND: &str = "Incoming call sound";
/// Button.
pub const PREVIEW: &str = "Preview";
/// Button, while it plays.
pub const STOP: &str = "Stop";

/// Card (§5.4).
pub const KEYWORDS: &str = "Keywords that trigger notifications";
/// Tick.
pub const CHANNEL_WIDE: &str = "Channel-wide mentions \"@channel\", \"@all\", \"@here\"";
/// Label of the chips.
pub const OTHER_WORDS: &str = "Other non case-sensitive words";
/// Button.
pub const ADD_WORD: &str = "Add a word";
/// Name of the field.
pub const NEW_WORD: &str = "New keyword, press Tab or use commas to separate keywords";
/// In the empty field.
pub const NEW_WORD_HINT: &str = "deploy";
/// Said where a word is there already.
pub const WORD_TWICE: &str = "This word is in the list already";
/// Said where a word is empty.
pub const WORD_EMPTY: &str = "A keyword needs at least one letter or digit";

/// Card (§5.5).
pub const HIGHLIGHT: &str = "Keywords that get highlighted";
/// What it means.
pub const HIGHLIGHT_SUB: &str = "Without notifications: only marked where you read them";
/// Button.
pub const ADD_PHRASE: &str = "Add a word or phrase";
/// Name of the field.
pub const NEW_PHRASE: &str = "New highlighted word or phrase";

/// Card (§5.3).
pub const EMAIL: &str = "Email notifications";
/// Group of choices.
pub const EMAIL_SEND: &str = "Send email notifications";
/// Choice.
pub const EMAIL_ON: &str = "On";
/// Choice.
pub const EMAIL_OFF: &str = "Off";
/// Choice.
pub const EMAIL_NEVER: &str = "Never";
/// Tick.
pub const EMAIL_THREADS: &str = "Notify me about replies to threads I'm following";
/// Choice.
pub const IMMEDIATELY: &str = "Immediately";
/// Choice.
pub const EVERY_15: &str = "Every 15 minutes";
/// Choice.
pub const EVERY_HOUR: &str = "Every hour";
/// Said where the server sends no mail.
pub const NO_EMAIL: &str = "Email notifications are not enabled";

/// Card (§5.6).
pub const REPLIES: &str = "Thread reply notifications";
/// Choice.
pub const ANY: &str = "Trigger notifications on messages in reply threads that I start or participate in";
/// Choice.
pub const ROOT: &str = "Trigger notifications on messages in reply threads that I start";
/// Choice.
pub const NEVER: &str = "Do not trigger notifications on messages in reply threads unless I'm mentioned";

/// Card (§5.7).
pub const AUTO_REPLY: &str = "Automatic direct message replies";
/// Tick.
pub const ENABLED: &str = "Enabled";
/// Name of the field.
pub const AUTO_REPLY_TEXT: &str = "Message";
/// What it means.
pub const AUTO_REPLY_SUB: &str = "At most once a day to each person; while it is on, nothing is announced to you";
/// What the server saves where the text is empty.
pub const AUTO_REPLY_DEFAULT: &str = "Hello, I am out of office and unable to respond to messages.";

/// Card: ours.
pub const TRY_IT: &str = "Try it";
/// What it means.
pub const TRY_IT_SUB: &str = "Would this message notify you? The same rules decide as for real ones";
/// Name of the field.
pub const TRY_TEXT: &str = "A message";
/// In the empty field.
pub const TRY_HINT: &str = "Starting the deploy now";
/// Select.
pub const TRY_PLACE: &str = "Where it is written";
/// Choice.
pub const TRY_CHANNEL: &str = "In a channel";
/// Choice.
pub const TRY_DIRECT: &str = "Direct message";
/// Choice.
pub const TRY_GROUP: &str = "Group message";
/// Choice.
pub const TRY_REPLY: &str = "Reply in a thread you follow";
/// Button.
pub const SHOW_TRACE: &str = "Why?";
/// Button.
pub const HIDE_TRACE: &str = "Hide why";
/// Tag.
pub const WOULD_BE_SHOWN: &str = "Would be shown";
/// Tag.
pub const WOULD_NOT_BE_SHOWN: &str = "Would not be shown";

/// Where there is no server.
pub const NO_SERVER_HINT: &str = "Add a server: its notification settings are shown here, and saved there";
/// While the server is not there.
pub const OFFLINE_READ_ONLY: &str =
    "Not connected: what you see is what was last known, and nothing can be changed until the server is back";
/// While nothing is known.
pub const NOT_KNOWN_YET: &str = "Waiting for the server's settings…";
/// Where the server is signed out.
pub const SIGNED_OUT: &str = "Signed out: sign in to see and change what is saved on this server";
/// Strip where the server may not notify.
pub const OFF_HERE: &str = "Notifications are off for this server on this computer";
/// What to do about it.
pub const OFF_HERE_HINT: &str = "What you set here still counts for your other devices";
/// Button.
pub const ALLOW: &str = "Allow notifications";

/// State of a change.
pub const SAVING: &str = "Saving…";
/// State of a change.
pub const SAVED: &str = "Saved";
/// Button.
pub const UNDO: &str = "Undo";
/// Button.
pub const TRY_AGAIN: &str = "Try again";
/// Button.
pub const KEEP_THEIRS: &str = "Keep it";
/// Button.
pub const USE_MINE: &str = "Use mine";

/// Tick (§5.4).
pub fn first_name(name: &str) -> String {
    format!("Your case-sensitive first name \"{name}\"")
}

/// Tick (§5.4).
pub fn username(name: &str) -> String {
    format!("Your non case-sensitive username \"{name}\"")
}

/// Below the keywords (§5.4).
pub fn always(username: &str) -> String {
    format!(
        "Notifications are triggered when someone sends a message that includes your username (\"@{username}\") or any of the options selected above."
    )
}

/// Name of a chip's cross.
pub fn remove(word: &str) -> String {
    format!("Remove {}", shorten(word))
}

/// A chip that will never match: the word and why.
pub fn never_matches(word: &str, why: &str) -> String {
    format!("{} · {why}", shorten(word))
}

/// A value that this version does not know, shown as it is.
pub fn unknown(value: &str) -> String {
    format!("{} (not known to Belfry)", shorten(value))
}

/// A save that did not work.
pub fn not_saved(why: &str) -> String {
    format!("Not saved: {why}")
}

/// Somebody changed the same at the same time.
pub fn conflict(what: &str) -> String {
    format!("{what} was changed elsewhere meanwhile")
}

/// Name of a preview button.
pub fn preview_of(sound: &str) -> String {
    format!("Preview {sound}")
}

/// Name of the button while it plays.
pub fn stop_of(sound: &str) -> String {
    format!("Stop {sound}")
}

/// Name of a sound's select.
pub fn sound_of(setting: &str) -> String {
    format!("{setting}, which")
}

/// More chips than are shown.
pub fn more_words(count: usize) -> String {
    format!("and {count} more")
}

/// The server saved something else.
pub fn saved_otherwise(what: &str) -> String {
    format!("The server saved something else for {what}")
}

/// What was wanted where something else is stored.
pub fn you_wanted(value: &str) -> String {
    format!("You wanted: {value}")
}

/// Why a server never finds a word.
pub fn never_found(why: NeverFound) -> String {
    match why {
        NeverFound::Space => "never matches: it has a space".to_owned(),
        NeverFound::Sign(sign) => format!("never matches: the server splits words at {sign}"),
        NeverFound::Begins(sign) => format!("never matches: the server ignores {sign} in front of a word"),
        NeverFound::TooLong => "never matches: it is longer than any message".to_owned(),
    }
}

/// A stored value in the page's words; one that has none is shown as it is, shortened.
pub fn value(key: SettingKey, value: &str) -> String {
    let words = match (key, value) {
        (SettingKey::Desktop | SettingKey::Push, "all") => ALL,
        (SettingKey::Desktop | SettingKey::Push, "mention") => MENTION,
        (SettingKey::Desktop | SettingKey::Push, "none") => NONE,
        (SettingKey::PushStatus, "online") => ONLINE,
        (SettingKey::PushStatus, "away") => AWAY,
        (SettingKey::PushStatus, "offline") => OFFLINE,
        (SettingKey::Comments, "any") => ANY,
        (SettingKey::Comments, "root") => ROOT,
        (SettingKey::Comments, "never") => NEVER,
        (SettingKey::DesktopThreads | SettingKey::PushThreads | SettingKey::EmailThreads, "all") => THREADS,
        (SettingKey::EmailInterval, "30") => IMMEDIATELY,
        (SettingKey::EmailInterval, "900") => EVERY_15,
        (SettingKey::EmailInterval, "3600") => EVERY_HOUR,
        (_, "true") => EMAIL_ON,
        (SettingKey::DesktopThreads | SettingKey::PushThreads | SettingKey::EmailThreads, "mention") | (_, "false") => {
            EMAIL_OFF
        }
        (_, other) => return shorten(other),
    };
    words.to_owned()
}

/// At most a line of something that may be 64 KiB long.
fn shorten(text: &str) -> String {
    const MOST: usize = 80;
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
