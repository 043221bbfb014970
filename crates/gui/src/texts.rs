//! Every word that both faces show, in one place. Sentence case, no colon after labels, no full stop after one sentence.

pub mod about;
pub mod channels;
pub mod desktop;
pub mod find;
pub mod find_words;
pub mod notifications;
pub mod quiet;
mod reach;
pub mod reply;
mod sign_in;
pub mod sounds;
mod unread;
mod window;

use belfry_core::activity::{Decision, DecisionKind, Verdict};
use belfry_core::badge::Badge;
use belfry_core::event::Priority;
use belfry_core::prefs::Permission;
use belfry_core::view::{AttachedFiles, BannerView, Health, ServerView};

pub use reach::{
    CERTIFICATE_ADVICE, CERTIFICATE_CHANGED_TITLE, CERTIFICATE_MEANS, CERTIFICATE_TITLE, CONNECTION, CONNECTION_MORE,
    FINGERPRINT, FORGET_CERTIFICATE, FRONT, FRONT_PASSWORD, FRONT_USER, GO_THERE, IDENTITY, IDENTITY_FILE,
    IDENTITY_HINT, IDENTITY_KEY, IDENTITY_PASSWORD, ISSUED_BY, ISSUED_TO, NOT_SAID, OPTIONS, PRE_AUTH, PRE_AUTH_SECRET,
    PROXY, PROXY_ADDRESS, PROXY_HINT, PROXY_NONE, PROXY_OWN, PROXY_PASSWORD, PROXY_SYSTEM, PROXY_USER, QUIET_HOW,
    QUIET_TITLE, QUIET_WHY, SAVE, SAVE_ANYWAY, TRUST, TRUSTED, TRUSTED_UNTIL_NOW, TRYING, UNCHANGED, UNDERSTOOD,
    VALID_FOR, VALID_FROM, VALID_UNTIL, connection_title, obstacle,
};
pub use sign_in::{
    ASKING_WAYS, BROWSER_TOO_OLD, COPIED, COPY_ADDRESS, FINISH_IN_BROWSER, HAND_OVER, HAND_OVER_HINT, IN_BROWSER,
    KEEP_IN_FILE, KEYRING_TITLE, PASTE, PASTE_INSTEAD, PROVIDER, SIGN_IN_AGAIN_MORE, WAITING_FOR_LINK,
    WAITING_FOR_PASTE, continue_with, keyring_question, session_ends, session_ends_soon,
};
pub use unread::{
    counted, list_unread, unread_conversations, unread_left_over, unread_line, unread_name, unread_place, unread_rest,
    unread_summary, unread_title,
};
pub use window::{
    ALL_OF_CHANNEL, CHANNEL_SETTINGS_MORE, CLEAR, CLEAR_MORE, CLEAR_SEARCH, CLEAR_TEXT, CLEAR_TITLE,
    DESKTOP_SETTINGS_MORE, EXPORT, EXPORTING, MARKED_READ, MOVE_DOWN, MOVE_UP, NAME, NOTIFICATION_SETTINGS_MORE,
    RENAME, RENAME_MORE, RENAME_TITLE, diagnostics, exported, health_changes_in_ms, it_would_have, last_heard, listed,
    now_it_would, path, rename_text, server_version, sign_in_to, trial_tag, version,
};

/// The program.
pub const APP: &str = "Belfry";

// Navigation
/// Page.
pub const ACTIVITY: &str = "Activity";
/// Page.
pub const SERVERS: &str = "Servers";
/// Page.
pub const ABOUT: &str = "About & test";
/// For screen readers.
pub const NAVIGATION: &str = "Navigation";

// Activity
/// Under the title.
pub const ACTIVITY_SUB: &str = "Everything that reached you, and everything that did not, with the reason";
/// Filter.
pub const ALL: &str = "All";
/// Filter and tag.
pub const SHOWN: &str = "Shown";
/// Filter and tag.
pub const NOT_SHOWN: &str = "Not shown";
/// Filter.
pub const MENTIONS: &str = "Mentions";
/// Filter by server.
pub const ALL_SERVERS: &str = "All servers";
/// Filter by server, for screen readers.
pub const SERVER_FILTER: &str = "Server";
/// In the search field.
pub const SEARCH: &str = "Search people, channels, words";
/// Button of a shown message.
pub const OPEN_MESSAGE: &str = "Open message";
/// Title of the panel.
pub const WHY_SHOWN: &str = "Why was this shown?";
/// Title of the panel.
pub const WHY_NOT_SHOWN: &str = "Why was this not shown?";
/// Button.
pub const UNMUTE_CHANNEL: &str = "Unmute channel";
/// Button.
pub const MUTE_CHANNEL: &str = "Mute channel";
/// Button.
pub const ALLOW_NOTIFICATIONS: &str = "Allow notifications";
/// Button.
pub const RESUME: &str = "Resume notifications";
/// After a button was pressed.
pub const ASKED: &str = "Done: it counts from the next message on";
/// Empty state.
pub const NOTHING_YET: &str = "Nothing has arrived yet";
/// Empty state.
pub const NOTHING_YET_HINT: &str =
    "Every message that arrives from now on is listed here, shown or not, with the reason";
/// What Why? was to be asked about is not there.
pub const NOT_IN_ACTIVITY: &str = "Nothing about that message is kept in Activity";
/// Empty state.
pub const NO_MATCH: &str = "Nothing matches";
/// Empty state.
pub const NO_MATCH_HINT: &str = "Choose All, or search for something else";
/// Empty state.
pub const NO_SERVERS: &str = "No server yet";
/// Empty state.
pub const NO_SERVERS_HINT: &str = "Add the address of your Mattermost server to be told when something needs you";
/// While rows come.
pub const LOADING: &str = "Loading…";

// Servers
/// Under the title.
pub const SERVERS_SUB: &str = "Where messages come from, how each connection is, and whether it may notify you";
/// Button.
pub const ADD_SERVER: &str = "Add server…";
/// Label.
pub const PERMISSION: &str = "Notifications";
/// Label.
pub const UNREAD: &str = "Unread";
/// In its place.
pub const UNREAD_NOT_COUNTED: &str = "Not counted while notifications are not allowed";
/// Choice.
pub const ALLOW: &str = "Allow";
/// Choice.
pub const DENY: &str = "Deny";
/// Choice.
pub const DENY_FOR_GOOD: &str = "Deny permanently";
/// Choice.
pub const ASK_AGAIN: &str = "Ask again";
/// Button.
pub const SIGN_IN: &str = "Sign in";
/// Button that asks more.
pub const SIGN_IN_MORE: &str = "Sign in…";
/// Button.
pub const SIGN_OUT: &str = "Sign out";
/// Button.
pub const CHECK_AGAIN: &str = "Check again";
/// Button that asks more.
pub const REMOVE_MORE: &str = "Remove…";
/// Button.
pub const REMOVE: &str = "Remove";
/// Button.
pub const CANCEL: &str = "Cancel";
/// Button.
pub const BACK: &str = "Back";
/// Button.
pub const CLOSE: &str = "Close";
/// Said where a server may not notify.
pub const NOTIFICATIONS_OFF: &str = "Notifications are off for this server";

// Adding a server
/// Title.
pub const ADD_TITLE: &str = "Add a server";
/// Label.
pub const ADDRESS: &str = "Address";
/// In the empty field.
pub const ADDRESS_HINT: &str = "chat.example.org";
/// Button.
pub const CONTINUE: &str = "Continue";
/// While it is looked up.
pub const LOOKING: &str = "Looking for a Mattermost server…";
/// While it signs in.
pub const SIGNING_IN: &str = "Signing in…";
/// Consent.
pub const INSECURE_CONSENT: &str = "I understand that others on the network can read my password and messages";
/// Why the button is disabled.
pub const INSECURE_REASON: &str = "Agree to the unencrypted connection first";
/// Choice.
pub const WITH_PASSWORD: &str = "Password";
/// Choice.
pub const WITH_TOKEN: &str = "Personal access token";
/// Label.
pub const LOGIN_ID: &str = "Username or email";
/// Label.
pub const PASSWORD: &str = "Password";
/// Label.
pub const TOKEN: &str = "Personal access token";
/// Label.
pub const MFA_CODE: &str = "Code from your authenticator app";
/// Said when a code was wrong.
pub const MFA_REFUSED: &str = "That code was not accepted, wait for the next one and try again";
/// Why a button is disabled.
pub const FILL_IN_FIRST: &str = "Fill in the fields first";
/// Said where an entry exists.
pub const ALREADY_THERE: &str =
    "This address is in your list already: the same account is signed in again, another one is added";

// Permission prompt
/// Closing it.
pub const DISMISS_PROMPT: &str = "Not now";

// About
/// Title.
pub const ABOUT_TITLE: &str = "About & test";
/// Button.
pub const RUN_AGAIN: &str = "Check again";
/// Text.
pub const NOT_AFFILIATED: &str = "Not affiliated with Mattermost, Inc.";

// Banners
/// Button.
pub const MARK_AS_READ: &str = "Mark as read";
/// Button.
pub const SNOOZE: &str = "Snooze";
/// Tooltip and name.
pub const SNOOZE_NAME: &str = "Show again in 10 minutes";
/// How long a snooze lasts, minutes.
pub const SNOOZE_MINUTES: u32 = 10;
/// Button, name of the three dots.
pub const MORE: &str = "More";
/// Button.
pub const WHY: &str = "Why?";
/// Button.
pub const SETTINGS: &str = "Settings";
/// Button of a call.
pub const JOIN: &str = "Join";
/// Name of the cross.
pub const DISMISS: &str = "Dismiss";
/// Tag.
pub const URGENT: &str = "URGENT";
/// Tag.
pub const IMPORTANT: &str = "IMPORTANT";
/// Card of a call.
pub const CALLING: &str = "is calling";
/// Card of a server that is signed out.
pub const SIGNED_OUT_CARD: &str = "You are signed out";
/// The link to the agent has no view yet.
pub const CONNECTING: &str = "Connecting…";

/// How long ago, short: "now", "2 min", "3 h", "4 d".
pub fn ago(now_ms: i64, then_ms: i64) -> String {
    let minutes = (now_ms.saturating_sub(then_ms)).max(0) / 60_000;
    match minutes {
        0 => "now".to_owned(),
        1..60 => format!("{minutes} min"),
        60..1440 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    }
}

/// In how many milliseconds [`ago`] says something else.
pub fn ago_changes_in_ms(now_ms: i64, then_ms: i64) -> u64 {
    let age = now_ms.saturating_sub(then_ms).max(0);
    let step = match age / 60_000 {
        0..60 => 60_000,
        60..1440 => 3_600_000,
        _ => 86_400_000,
    };
    u64::try_from(step - age % step).unwrap_or(60_000)
}

/// What stands behind the sender's name in Activity; `server` is its name, empty where there is only one.
pub fn place_of(decision: &Decision, server: &str) -> String {
    let place = match (&decision.thread, decision.kind) {
        (_, DecisionKind::SignedOut) => "signed out".to_owned(),
        (_, DecisionKind::SessionEnds) => "sign-in ends".to_owned(),
        (_, DecisionKind::Sample) => "sample".to_owned(),
        (Some(root), DecisionKind::Post | DecisionKind::Urgent | DecisionKind::Call) => format!("thread: {root}"),
        (None, DecisionKind::Post | DecisionKind::Urgent) if decision.direct => "direct message".to_owned(),
        (None, DecisionKind::Call) if decision.direct => "call".to_owned(),
        (None, DecisionKind::Call) => format!("call in {}", decision.place),
        (None, DecisionKind::Post | DecisionKind::Urgent) => format!("in {}", decision.place),
    };
    if server.is_empty() { place } else { format!("{place} · {server}") }
}

/// How a tag is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Shown.
    Good,
    /// Not shown.
    Plain,
    /// Urgent.
    Urgent,
    /// Can wait.
    Warn,
}

/// The verdict in a tag, as the look has it.
pub fn verdict_tag(decision: &Decision) -> (String, Tone) {
    match decision.verdict {
        Verdict::Notify if decision.priority == Priority::Urgent => ("Urgent · shown".to_owned(), Tone::Urgent),
        Verdict::Notify if decision.recovered.is_some() => ("Shown · recovered".to_owned(), Tone::Good),
        Verdict::Notify => (SHOWN.to_owned(), Tone::Good),
        Verdict::Skip => match decision.reason {
            Some(reason) => (format!("{NOT_SHOWN} · {}", reason.tag()), Tone::Plain),
            None => (NOT_SHOWN.to_owned(), Tone::Plain),
        },
    }
}

/// A server's health in the navigation: at most two words.
pub fn health_word(health: &Health) -> &'static str {
    match health {
        Health::Connecting => "connecting",
        Health::Live => "live",
        Health::Waiting { .. } => "waiting",
        Health::SignedOut { .. } => "signed out",
        Health::NotSignedIn => "not signed in",
        Health::Failed { .. } => "failed",
    }
}

/// A server's health in a sentence. `now_ms` and the rest are Unix milliseconds.
pub fn health_sentence(health: &Health, last_heard_ms: i64, now_ms: i64) -> String {
    match health {
        Health::Connecting => "Connecting".to_owned(),
        Health::Live if last_heard_ms > 0 => format!("Live, heard {}", heard(now_ms, last_heard_ms)),
        Health::Live => "Live".to_owned(),
        Health::Waiting { reason, retry_at_ms } => {
            let seconds = retry_at_ms.saturating_sub(now_ms).max(0) / 1000;
            if seconds == 0 {
                format!("{}, trying again now", sentence(reason))
            } else {
                format!("{}, trying again in {}", sentence(reason), span(seconds))
            }
        }
        Health::SignedOut { reason } if reason.is_empty() => "Signed out".to_owned(),
        Health::SignedOut { reason } => format!("Signed out: {reason}"),
        Health::NotSignedIn => "Not signed in".to_owned(),
        Health::Failed { reason } => sentence(reason),
    }
}

/// Precise to a minute: a live server is heard every half minute, and no frame is drawn to count seconds.
fn heard(now_ms: i64, then_ms: i64) -> String {
    let seconds = now_ms.saturating_sub(then_ms).max(0) / 1000;
    if seconds < 60 { "within the last minute".to_owned() } else { format!("{} ago", span(seconds)) }
}

/// "4 s", "3 min", "2 h".
pub fn span(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

/// With a capital letter.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Which of the choices on the server's card is chosen.
pub fn permission_word(permission: Permission) -> &'static str {
    match permission {
        Permission::Ask | Permission::Dismissed => ASK_AGAIN,
        Permission::Allowed => ALLOW,
        Permission::Denied => DENY,
        Permission::DeniedForGood => DENY_FOR_GOOD,
    }
}

/// Title of the permission prompt.
pub fn permission_title(server: &str) -> String {
    format!("Let {server} notify you?")
}

/// Text of the permission prompt.
pub fn permission_text(host: &str) -> String {
    format!(
        "{host} wants to show banners, play sounds and count unread messages on this computer. Nothing is shown until you choose."
    )
}

/// Title of the question before a server is removed.
pub fn remove_title(server: &str) -> String {
    format!("Remove {server}?")
}

/// What is lost when a server is removed.
pub fn remove_text(host: &str, permission: Permission) -> String {
    let kept = if permission == Permission::DeniedForGood {
        " That you denied its notifications permanently is remembered."
    } else {
        ""
    };
    format!(
        "Belfry signs out of {host} and forgets its token and this computer's settings for it.{kept} Your account, your messages and what is saved on the server stay."
    )
}

/// How long the pause still lasts.
pub fn paused(now_ms: i64, until_ms: i64) -> String {
    if until_ms == i64::MAX {
        "Notifications are paused until you resume them".to_owned()
    } else {
        let seconds = until_ms.saturating_sub(now_ms).max(0) / 1000;
        format!("Notifications are paused for {} more", span(seconds.max(60)))
    }
}

/// The address without its scheme.
pub fn host(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// Address and version of what was found.
pub fn about_address(url: &str, version: &str) -> String {
    let host = host(url);
    if version.is_empty() { host.to_owned() } else { format!("{host} · version {version}") }
}

/// Address, account and version of a server of the list.
pub fn about_server(server: &ServerView) -> String {
    let ServerView { url, username, version, health, .. } = server;
    let account = match health {
        _ if username.is_empty() => String::new(),
        Health::SignedOut { .. } | Health::NotSignedIn => format!(" · account {username}"),
        Health::Connecting | Health::Live | Health::Waiting { .. } | Health::Failed { .. } => {
            format!(" · signed in as {username}")
        }
    };
    let version = if version.is_empty() { String::new() } else { format!(" · version {version}") };
    format!("{}{account}{version}", host(url))
}

/// "(3) Belfry"; "(3!) Belfry" when a server is signed out too.
pub fn window_title(badge: Badge) -> String {
    let riding = if badge.rides() { "!" } else { "" };
    match badge.text() {
        text if text.is_empty() => APP.to_owned(),
        text => format!("({text}{riding}) {APP}"),
    }
}

/// What stands behind the sender's name on a banner.
pub fn banner_place(banner: &BannerView) -> String {
    let mut place = if banner.place.is_empty() { String::new() } else { format!("in {}", banner.place) };
    if !banner.server_name.is_empty() {
        if !place.is_empty() {
            place.push_str(" · ");
        }
        place.push_str(&banner.server_name);
    }
    place
}

/// The line of a merged card.
pub fn more_in(banner: &BannerView) -> String {
    let place = if banner.place.is_empty() { &banner.sender } else { &banner.place };
    format!("and {} more in {place}", banner.more)
}

/// The name of what is attached; a word where it has none.
pub fn file_name(files: &AttachedFiles) -> &str {
    match files.name.as_str() {
        "" if files.is_picture => "Image",
        "" => "File",
        name => name,
    }
}

/// "and 2 more files".
pub fn more_files(count: u32) -> String {
    format!("and {} more {}", count, if count == 1 { "file" } else { "files" })
}

/// What is attached, in one line.
pub fn attached(files: &AttachedFiles) -> String {
    let name = file_name(files);
    if files.more == 0 { name.to_owned() } else { format!("{name} {}", more_files(files.more)) }
}

/// The pill under the stack.
pub fn waiting(count: u32) -> String {
    format!("+{count} more waiting")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short_and_say_when_they_change() {
        for (seconds, text, changes_in) in [
            (0, "now", 60),
            (59, "now", 1),
            (60, "1 min", 60),
            (3_599, "59 min", 1),
            (3_600, "1 h", 3_600),
            (86_399, "23 h", 1),
            (200_000, "2 d", 59_200),
        ] {
            let now = 1_700_000_000_000;
            let then = now - seconds * 1000;
            assert_eq!(ago(now, then), text);
            assert_eq!(ago_changes_in_ms(now, then), changes_in * 1000, "{text}");
        }
        assert_eq!(ago(0, i64::MAX), "now", "a message from the future");
        assert_eq!(ago_changes_in_ms(i64::MIN, i64::MAX), 60_000);
    }

    #[test]
    fn the_title_of_the_window_begins_with_the_badge() {
        let title =
            |mentions, unread, signed_out| window_title(Badge { mentions, unread, signed_out, dot_hidden: false });
        assert_eq!(title(0, false, false), "Belfry");
        assert_eq!(title(3, true, false), "(3) Belfry");
        assert_eq!(title(120, true, true), "(99+!) Belfry");
        assert_eq!(title(0, true, false), "(•) Belfry");
        assert_eq!(title(0, true, true), "(•!) Belfry");
        assert_eq!(title(0, false, true), "(!) Belfry");
    }

    #[test]
    fn health_is_a_sentence_with_a_next_step() {
        let waiting = Health::Waiting { reason: "the server does not answer".to_owned(), retry_at_ms: 12_000 };
        assert_eq!(health_sentence(&waiting, 0, 4_000), "The server does not answer, trying again in 8 s");
        assert_eq!(health_sentence(&Health::Live, 1_000, 60_400), "Live, heard within the last minute");
        assert_eq!(health_sentence(&Health::Live, 1_000, 500), "Live, heard within the last minute");
        assert_eq!(health_sentence(&Health::Live, 1_000, 121_000), "Live, heard 2 min ago");
    }
}
