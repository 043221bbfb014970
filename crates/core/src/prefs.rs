//! Local preferences: what belongs to this computer and no server.
//!
//! Plain values with serde; the file itself (TOML, unknown keys kept) is the agent's business.

use serde::{Deserialize, Serialize};

use crate::ids::{ChannelId, ServerId, UserId};
use crate::reach::Reach;
use crate::sound::{MessageSound, SoundChoice};

/// The newest version of the preferences' shape.
pub const PREFS_VERSION: u32 = 1;

/// All local preferences. Every field has a default, so that an older or hand-made file reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LocalPrefs {
    /// The shape's version.
    pub version: u32,
    /// Colours.
    pub theme: ThemeChoice,
    /// Draw nothing that moves.
    pub reduce_motion: bool,
    /// Keep running when the window is closed.
    pub keep_running: bool,
    /// System notifications instead of banners.
    pub use_system_notifications: bool,
    /// Be quiet while the system's do-not-disturb is on; what came is summed up afterwards.
    pub follow_system_dnd: bool,
    /// Be quiet while a program fills the display that banners stand on; what came is summed up afterwards.
    pub quiet_in_full_screen: bool,
    /// Show an icon in the tray.
    pub tray: bool,
    /// Banners.
    pub banner: BannerPrefs,
    /// Badge.
    pub badge: BadgePrefs,
    /// Sounds.
    pub sound: SoundPrefs,
    /// History.
    pub history: HistoryPrefs,
    /// Tokens may be kept in a file only the person can read, because there is no keyring.
    pub tokens_in_file: bool,
    /// Start with the session.
    pub start_at_login: bool,
    /// Until when everything is paused, Unix milliseconds; 0 = it is not, [`i64::MAX`] = until the person resumes. Kept, so that a
    /// restart does not end a pause.
    pub paused_until_ms: i64,
    /// Servers, in the person's order.
    pub servers: Vec<ServerPrefs>,
    /// The highest number that an entry of `servers` ever had, entries that were removed included; 0 = none yet, or a file
    /// from before this was kept.
    pub last_server: u32,
    /// Addresses that were denied for good, remembered when the server is removed.
    pub denied_for_good: Vec<String>,
}

impl Default for LocalPrefs {
    fn default() -> Self {
        Self {
            version: PREFS_VERSION,
            theme: ThemeChoice::default(),
            reduce_motion: false,
            keep_running: true,
            use_system_notifications: false,
            follow_system_dnd: true,
            quiet_in_full_screen: true,
            tray: true,
            banner: BannerPrefs::default(),
            badge: BadgePrefs::default(),
            sound: SoundPrefs::default(),
            history: HistoryPrefs::default(),
            tokens_in_file: false,
            start_at_login: false,
            paused_until_ms: 0,
            servers: Vec::new(),
            last_server: 0,
            denied_for_good: Vec::new(),
        }
    }
}

/// Light, dark, or as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Where and how long banners are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BannerPrefs {
    /// Corner of the work area.
    pub corner: Corner,
    /// At most this many at a time, 1–6.
    pub max_shown: u8,
    /// For ordinary messages, seconds (1–60).
    pub message_secs: u16,
    /// For mentions and direct messages, seconds (1–120).
    pub mention_secs: u16,
    /// For calls, seconds (5–60).
    pub call_secs: u16,
    /// Show the message's text.
    pub show_text: bool,
    /// Lines of it at most, 1–4.
    pub text_lines: u8,
    /// Show a small picture of the first image that is attached, where the text is shown.
    pub thumbnails: bool,
    /// The display they are shown on, by the name that the system gives it; empty = the primary one. Where it is not there,
    /// the primary one.
    pub display: String,
}

impl Default for BannerPrefs {
    fn default() -> Self {
        Self {
            corner: Corner::default(),
            max_shown: 4,
            message_secs: 6,
            mention_secs: 10,
            call_secs: 30,
            show_text: true,
            text_lines: 4,
            thumbnails: true,
            display: String::new(),
        }
    }
}

/// A corner of the work area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corner {
    /// Top right: the default.
    #[default]
    TopRight,
    /// Top left
    TopLeft,
    /// Bottom right
    BottomRight,
    /// Bottom left
    BottomLeft,
}

/// What the badge shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BadgePrefs {
    /// A dot for unread activity without mentions (notifications §4.4 `showUnreadBadge`).
    pub dot: bool,
    /// The number of mentions; without it there is a dot instead.
    pub number: bool,
}

impl Default for BadgePrefs {
    fn default() -> Self {
        Self { dot: true, number: true }
    }
}

/// How loud, where, and which sounds are this computer's own choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SoundPrefs {
    /// Master volume, 0–100 percent; 0 is silent.
    pub volume_percent: u8,
    /// The output device, by the name that the system gives it; empty = the system's own choice. Where it is not there, the
    /// system's choice.
    pub device: String,
    /// Files of the person's own.
    pub own: Vec<OwnSound>,
    /// What is heard instead of what a server says, on this computer. Of several that fit, a person's goes before a
    /// channel's, and that before a server's.
    pub rules: Vec<SoundRule>,
}

impl SoundPrefs {
    /// What is heard on this computer where a server says `sound`.
    pub fn instead(
        &self,
        sound: Option<SoundChoice>,
        server: ServerId,
        channel: ChannelId,
        person: Option<UserId>,
    ) -> Option<SoundChoice> {
        sound?;
        let rules = || self.rules.iter().filter(|rule| rule.server == server);
        let of_person = rules().find(|rule| rule.person.is_some() && rule.person == person);
        let of_channel = || rules().find(|rule| rule.person.is_none() && rule.channel == Some(channel));
        let of_server = || rules().find(|rule| rule.person.is_none() && rule.channel.is_none());
        match of_person.or_else(of_channel).or_else(of_server) {
            Some(rule) => rule.choice(),
            None => sound,
        }
    }

    /// A file of the person's own.
    pub fn own_file(&self, id: u32) -> Option<&OwnSound> {
        self.own.iter().find(|own| own.id == id)
    }
}

/// A sound file of the person's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnSound {
    /// Its number.
    pub id: u32,
    /// Its name for people.
    pub name: String,
    /// Its copy in the data folder, a bare file name.
    pub file: String,
}

/// A sound that this computer plays instead of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundRule {
    /// On which server.
    pub server: ServerId,
    /// In this channel; neither this nor a person = everywhere on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// From this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    /// Who or what that is, for the list.
    #[serde(default)]
    pub title: String,
    /// What is heard: the name of a message sound, `own:` and the number of a file, or empty for silence.
    pub sound: String,
}

impl SoundRule {
    /// What is heard instead; `None` = silence. A name that is none is the default sound.
    pub fn choice(&self) -> Option<SoundChoice> {
        if self.sound.is_empty() {
            return None;
        }
        let own = self.sound.strip_prefix("own:").and_then(|number| number.parse().ok()).map(SoundChoice::Own);
        Some(own.unwrap_or_else(|| SoundChoice::Message(MessageSound::parse(&self.sound).unwrap_or_default())))
    }

    /// How a choice is written in [`Self::sound`].
    pub fn written(choice: Option<SoundChoice>) -> String {
        match choice {
            None => String::new(),
            Some(SoundChoice::Own(id)) => format!("own:{id}"),
            Some(other) => other.name().to_owned(),
        }
    }
}

impl Default for SoundPrefs {
    fn default() -> Self {
        Self { volume_percent: 80, device: String::new(), own: Vec::new(), rules: Vec::new() }
    }
}

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryPrefs {
    /// Keep it on disk.
    pub keep: bool,
    /// Days, 1–365.
    pub days: u16,
    /// Rows, 100–100 000.
    pub rows: u32,
}

impl Default for HistoryPrefs {
    fn default() -> Self {
        Self { keep: true, days: 30, rows: 20_000 }
    }
}

/// One server in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerPrefs {
    /// Our number for it.
    pub id: ServerId,
    /// Address without trailing slash.
    pub url: String,
    /// Name for people.
    pub name: String,
    /// The account.
    pub username: String,
    /// How it signed in.
    #[serde(default)]
    pub auth: AuthKind,
    /// May it notify?
    #[serde(default)]
    pub permission: Permission,
    /// Plain http was agreed to.
    #[serde(default)]
    pub insecure: bool,
    /// What stands between this computer and it.
    #[serde(flatten)]
    pub reach: Reach,
    /// What is remembered of the session. Its token is not here.
    #[serde(flatten)]
    pub session: SessionPrefs,
}

/// What is remembered of a session, so that a new start knows which one it is and does not warn again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPrefs {
    /// The server's number for it, which is no secret; empty = unknown, or an access token, which has no session to follow.
    #[serde(rename = "session_id", default)]
    pub id: String,
    /// When the person was last told that it ends soon, Unix milliseconds; 0 = never.
    #[serde(rename = "session_warned_ms", default)]
    pub warned_ms: i64,
}

impl ServerPrefs {
    /// Under which name the token is kept: the same server and account find it again.
    pub fn secret_key(&self) -> String {
        format!("{}#{}", self.url, self.username)
    }

    /// Under which name the secrets of its [`Reach`] are kept, together in one entry.
    pub fn reach_key(&self) -> String {
        format!("{} connection", self.secret_key())
    }
}

/// How a server was signed in to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthKind {
    /// With a password: the token is a session's.
    #[default]
    Password,
    /// With a personal access token: never call logout with it (protocol §2.2).
    AccessToken,
    /// In the browser, with single sign-on: the token is a session's.
    Browser,
}

/// May a server notify? (product.md "Permission prompt")
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Never asked, or the prompt was closed in an earlier run: asked at the next start.
    #[default]
    Ask,
    /// The prompt was closed in this run: nothing is shown, asked again at the next start. Written to the file as `ask`.
    Dismissed,
    /// Everything is shown.
    Allowed,
    /// Nothing is shown, and the server's page says so.
    Denied,
    /// As denied, without the reminder, and remembered if the server is removed and added again.
    DeniedForGood,
}
