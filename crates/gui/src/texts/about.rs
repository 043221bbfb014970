//! Words of the About & test page.

/// Card.
pub const TEST: &str = "Test notification";
/// What it means.
pub const TEST_SUB: &str = "The server sends you a message; each step on its way is timed";
/// Button.
pub const SEND_TEST: &str = "Send test notification";
/// Which server is tested.
pub const WITH: &str = "With";
/// While it is under way.
pub const UNDER_WAY: &str = "Under way…";
/// Said where there is no server that may notify.
pub const ALLOW_FIRST: &str = "Allow notifications of a server first";
/// Step.
pub const ACCEPTED: &str = "The server accepted it";
/// Step.
pub const RECEIVED: &str = "The message arrived";
/// Step.
pub const DECIDED: &str = "Belfry decided to show it";
/// Step.
pub const MAPPED: &str = "The banner was put on the screen";
/// Step.
pub const PAINTED: &str = "The banner was painted";
/// Step.
pub const SOUNDED: &str = "The sound began";
/// Step that has not come yet.
pub const WAITING: &str = "waiting";
/// Step that was not reached.
pub const NOT_REACHED: &str = "not reached";
/// All steps were reached.
pub const ALL_WELL: &str = "Everything works: a message is on your screen in";

/// Card.
pub const DIAGNOSTICS: &str = "How things are";
/// Button.
pub const COPY: &str = "Copy as text";
/// Said once it is copied.
pub const COPIED: &str = "Copied: it holds no password, no token and no message";
/// Card.
pub const LICENCES: &str = "Licences";
/// What it means.
pub const LICENCES_SUB: &str = "Belfry is free software, MIT or Apache-2.0. The typeface Inter is under the SIL Open Font License 1.1; the sounds and icons are Belfry's own.";
/// Button.
pub const SHOW_LICENCES: &str = "Show what Belfry is made of";
/// Button.
pub const HIDE_LICENCES: &str = "Hide the list";
/// Card.
pub const VERSIONS: &str = "Versions";

/// "after 38 ms".
pub fn after(ms: u64) -> String {
    format!("after {ms} ms")
}

/// "412 packages".
pub fn packages(count: usize) -> String {
    format!("{count} packages")
}

/// "42 ms".
pub fn all_well(ms: u64) -> String {
    format!("{ALL_WELL} {ms} ms")
}
