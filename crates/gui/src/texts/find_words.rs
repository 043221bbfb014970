//! Further words that people look for: the search over all settings knows them, nobody reads them.

/// See the table of the search.
pub const LEVEL: &str = "desktop all new messages mentions nothing level notify";
/// See the table of the search.
pub const THREADS: &str = "replies following collapsed reply threads crt comments";
/// See the table of the search.
pub const MOBILE: &str = "phone push mobile away offline";
/// See the table of the search.
pub const SOUND: &str = "bing crackle down hello ripple upstairs loud silent mute audio wav mp3 ogg flac tone";
/// See the table of the search.
pub const RING: &str = "ring phone dynamic calm urgent cheerful incoming";
/// See the table of the search.
pub const KEYWORDS: &str = "words names username first name mention @channel @all @here trigger";
/// See the table of the search.
pub const EMAIL: &str = "mail inbox interval batch";
/// See the table of the search.
pub const AWAY: &str = "out of office vacation automatic reply absence";
/// See the table of the search.
pub const TRY: &str = "try test check why would this notify me sample receipt";
/// See the table of the search.
pub const CHANNEL: &str = "mute unmute channel level team";
/// See the table of the search.
pub const PAUSE: &str = "snooze do not disturb dnd silence break";
/// Words.
pub const FULL_SCREEN: &str = "film game video presentation silence fullscreen disturb";
/// See the table of the search.
pub const DEVICE: &str = "speaker headphones output card";
/// See the table of the search.
pub const SERVER: &str = "new account address url sign in log in login remove rename order";
/// See the table of the search.
pub const PERMISSION: &str = "allow deny ask permission banner";
/// See the table of the search.
pub const CONNECTION: &str = "proxy socks certificate tls ssl client certificate pre-authentication network";
/// See the table of the search.
pub const PLACE: &str = "banner position monitor screen stack libnotify toast";
/// See the table of the search.
pub const SECONDS: &str = "duration time timeout how long banner";
/// See the table of the search.
pub const PRIVACY: &str = "privacy preview thumbnail image hide content history activity delete";
/// See the table of the search.
pub const MOTION: &str = "animation accessibility";
/// See the table of the search.
pub const THEME: &str = "dark light colors colours appearance mode";
/// See the table of the search.
pub const BADGE: &str = "unread count number icon";
/// See the table of the search.
pub const TRAY: &str = "tray icon notification area menu";
/// See the table of the search.
pub const LOGIN: &str = "autostart startup boot background close quit";
/// See the table of the search.
pub const DIAGNOSTICS: &str = "doctor debug problem help support copy";
/// See the table of the search.
pub const LICENCES: &str = "license open source credits version";
