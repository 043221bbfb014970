//! Words of the Desktop page, and of what a person sets for this computer.

/// Page.
pub const TITLE: &str = "Desktop";
/// Under the title.
pub const SUB: &str = "How this computer tells you; kept here, not on any server";

/// Card.
pub const BANNERS: &str = "Banners";
/// Setting.
pub const CORNER: &str = "Corner";
/// What it means.
pub const CORNER_HINT: &str = "Where banners come in, inside the part of the screen that panels leave free";
/// Choice.
pub const TOP_RIGHT: &str = "Top right";
/// Choice.
pub const TOP_LEFT: &str = "Top left";
/// Choice.
pub const BOTTOM_RIGHT: &str = "Bottom right";
/// Choice.
pub const BOTTOM_LEFT: &str = "Bottom left";
/// Setting.
pub const DISPLAY: &str = "Display";
/// What it means.
pub const DISPLAY_HINT: &str = "A display that is not connected leaves banners to the main one until it is back";
/// Choice.
pub const MAIN_DISPLAY: &str = "The main one";
/// Setting.
pub const HOW_MANY: &str = "At most at a time";
/// What it means.
pub const HOW_MANY_HINT: &str = "What has no room waits, and a busy conversation becomes one banner";
/// Setting.
pub const MESSAGE_SECONDS: &str = "Messages stay for";
/// Setting.
pub const MENTION_SECONDS: &str = "Mentions and direct messages stay for";
/// Setting.
pub const CALL_SECONDS: &str = "Calls stay for";
/// What it means.
pub const SECONDS_HINT: &str =
    "The time stands still while the pointer is on a banner; urgent messages stay until you handle them";
/// Setting.
pub const HOW_MUCH: &str = "How much of the message";
/// What it means.
pub const HOW_MUCH_HINT: &str = "For screens that others see too";
/// Choice.
pub const NO_TEXT: &str = "Only who and where";
/// Choice.
pub const ONE_LINE: &str = "One line";
/// Choice.
pub const TWO_LINES: &str = "Two lines";
/// Choice.
pub const FOUR_LINES: &str = "Up to four lines";
/// Setting.
pub const THUMBNAILS: &str = "Small pictures of images";
/// What it means.
pub const THUMBNAILS_HINT: &str =
    "Of the first image that is attached, made by its server; not where the text is hidden";
/// Setting.
pub const SYSTEM_NOTIFICATIONS: &str = "Use system notifications instead";
/// What it means.
pub const SYSTEM_NOTIFICATIONS_HINT: &str =
    "Your desktop decides then where they are, how long they stay, and what they offer";
/// Setting.
pub const SYSTEM_DND: &str = "Follow the system's do not disturb";
/// What it means.
pub const SYSTEM_DND_HINT: &str = "While it is on nothing is shown or heard; what came is summed up afterwards";
/// Setting.
pub const FULL_SCREEN: &str = "Quiet behind a full-screen program";
/// What it means.
pub const FULL_SCREEN_HINT: &str =
    "A film, a game or a presentation on the display of the banners; what came is summed up afterwards";
/// Setting.
pub const REDUCE_MOTION: &str = "Reduce motion";
/// What it means.
pub const REDUCE_MOTION_HINT: &str = "Banners appear and leave without sliding or fading";

/// Card.
pub const APPEARANCE: &str = "Appearance";
/// Setting.
pub const THEME: &str = "Theme";
/// Choice.
pub const SYSTEM: &str = "As the system";
/// Choice.
pub const LIGHT: &str = "Light";
/// Choice.
pub const DARK: &str = "Dark";

/// Card.
pub const BADGE: &str = "Badge";
/// Setting.
pub const NUMBER: &str = "Number of messages that need you";
/// What it means.
pub const NUMBER_HINT: &str =
    "Direct and group messages, mentions and your keywords; on the window, the tray and the launcher";
/// Setting.
pub const DOT: &str = "Dot for any other unread message";
/// What it means.
pub const DOT_HINT: &str = "A server that is signed out is marked with ! in any case";

/// Card.
pub const RUNNING: &str = "Running";
/// Setting.
pub const TRAY: &str = "Icon in the tray";
/// What it means.
pub const TRAY_HINT: &str = "With its menu: pause, servers, the last five messages";
/// Setting.
pub const LOGIN: &str = "Start when you log in";
/// What it means.
pub const LOGIN_HINT: &str = "Without a window, ready for the first message";
/// Setting.
pub const KEEP_RUNNING: &str = "Keep running when the window is closed";
/// What it means.
pub const KEEP_RUNNING_HINT: &str = "Otherwise closing the window ends Belfry, and nothing is announced";

/// Card.
pub const HISTORY: &str = "History";
/// Setting.
pub const KEEP_HISTORY: &str = "Keep Activity on this computer";
/// What it means.
pub const KEEP_HISTORY_HINT: &str = "Otherwise it lists what came since Belfry was started";
/// Setting.
pub const HISTORY_DAYS: &str = "Forget it after";
/// What it means.
pub const HISTORY_DAYS_HINT: &str = "At most 20,000 messages are kept in any case";

/// "6 s".
pub fn seconds(count: u32) -> String {
    format!("{count} s")
}

/// "30 days".
pub fn days(count: u32) -> String {
    super::counted(count, "day", "days")
}

/// A display or device that was chosen and is not there.
pub fn not_connected(name: &str) -> String {
    format!("{name} (not connected)")
}

/// A number of lines for which there is no choice.
pub fn lines(count: u8) -> String {
    super::counted(u32::from(count), "line", "lines")
}
