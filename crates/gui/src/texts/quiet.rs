//! Words of the Quiet hours page.

/// Page.
pub const TITLE: &str = "Quiet hours";
/// Under the title.
pub const SUB: &str =
    "No banner and no sound for a while; badges go on counting, and what came is summed up afterwards";
/// Card.
pub const PAUSE: &str = "Pause notifications";
/// What it means.
pub const PAUSE_HINT: &str = "Nothing is lost: Activity lists everything, and one summary is shown when the pause ends";
/// Button.
pub const HALF_HOUR: &str = "30 minutes";
/// Button.
pub const HOUR: &str = "1 hour";
/// Button.
pub const TOMORROW: &str = "Until tomorrow";
/// Button.
pub const UNTIL_RESUMED: &str = "Until I resume";
/// Label of the field.
pub const CUSTOM: &str = "For another time";
/// Choice of a unit.
pub const MINUTES: &str = "minutes";
/// Choice of a unit.
pub const HOURS: &str = "hours";
/// Name of the field.
pub const HOW_LONG: &str = "How long";
/// Button.
pub const BEGIN: &str = "Pause";
/// Why the button is disabled.
pub const NO_NUMBER: &str = "Write a number from 1 to 999 first";
/// Card.
pub const SNOOZED: &str = "Snoozed";
/// Where nothing is snoozed.
pub const NOTHING_SNOOZED: &str =
    "Snooze on a banner hides it and shows it again ten minutes later, also after a restart";
/// While nothing is paused.
pub const NOT_PAUSED: &str = "Notifications are on";
