//! The official desktop shell: bursts, permission, the operating system's "do not disturb", and what is shown
//! (notifications §2.2, §2.4).

use std::borrow::Cow;

use crate::official::counting::Platform;

/// So many posts of a burst are handled at once (notifications §2.2).
const AT_ONCE: usize = 5;
/// A burst ends when this long nothing came, in milliseconds.
const IDLE_MS: i64 = 100;

/// Which posts of a row of arrival times (milliseconds, rising) the official client decides; the others it drops.
/// Ours drops none.
pub fn evaluated_of_burst(times_ms: &[i64]) -> Vec<bool> {
    let mut handled = 0;
    let mut last = None;
    times_ms
        .iter()
        .map(|time| {
            if last.is_none_or(|last: i64| time.saturating_sub(last) >= IDLE_MS) {
                handled = 0;
            }
            last = Some(*time);
            let at_once = handled < AT_ONCE;
            handled += usize::from(at_once);
            at_once
        })
        .collect()
}

/// What a server's stored permission holds (notifications §2.4, P4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredPermission {
    /// `allowed`; `None` = absent.
    pub allowed: Option<bool>,
    /// `alwaysDeny`; `None` = absent.
    pub always_deny: Option<bool>,
}

/// What a person answers when asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Allow
    Allow,
    /// Deny, or the dialog was closed: asked again next time.
    Deny,
    /// Deny Permanently
    DenyPermanently,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Under the server's address.
    Server,
    /// Under the address of a server that the system's policy preconfigured.
    Preconfigured,
    /// From anywhere else.
    Foreign,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permitted {
    /// It may notify.
    pub granted: bool,
    /// The dialog was shown.
    pub asked: bool,
    /// What is stored now.
    pub stored: Option<StoredPermission>,
}

/// P4 as the official shell has it: three states, and a plain Deny asks again.
pub fn permission(stored: Option<StoredPermission>, origin: Origin, answer: Answer) -> Permitted {
    let settled = |granted| Permitted { granted, asked: false, stored };
    let held = stored.unwrap_or_default();
    match origin {
        Origin::Preconfigured => return settled(true),
        Origin::Foreign => return settled(false),
        Origin::Server => {}
    }
    if held.allowed == Some(true) {
        return settled(true);
    }
    if held.always_deny == Some(true) {
        return settled(false);
    }
    let now = match answer {
        Answer::Allow => StoredPermission { allowed: Some(true), always_deny: None },
        Answer::Deny => StoredPermission { allowed: Some(false), always_deny: None },
        Answer::DenyPermanently => StoredPermission { allowed: Some(false), always_deny: Some(true) },
    };
    Permitted { granted: answer == Answer::Allow, asked: true, stored: Some(now) }
}

/// Whether an address lies under a server's address: the same scheme, host and port, and the server's path before its own.
pub fn is_under(address: &str, server: &str) -> bool {
    let (Some((origin, path)), Some((server_origin, server_path))) = (split(address), split(server)) else {
        return false;
    };
    let base = server_path.trim_end_matches('/');
    origin == server_origin
        && path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

/// Origin and path; `None` for what is no address.
fn split(address: &str) -> Option<(String, &str)> {
    let (scheme, rest) = address.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = (rest.get(..end)?, rest.get(end..)?);
    if scheme.is_empty() || host.is_empty() || !host.chars().all(|c| c.is_alphanumeric() || "-._:[]@".contains(c)) {
        return None;
    }
    let scheme = scheme.to_ascii_lowercase();
    let usual_port = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(usual_port).unwrap_or(&host);
    Some((format!("{scheme}://{host}"), path))
}

/// What the operating system answers when asked whether it is quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemQuiet<'a> {
    /// Windows' focus assist: -2 unsupported, -1 failed, 0 off, 1 priority only, 2 alarms only.
    FocusAssist {
        /// The value.
        value: i64,
        /// The application is in the priority list.
        app_is_priority: bool,
    },
    /// macOS: on, off, or not answered.
    Mac(Option<bool>),
    /// GNOME's `show-banners` as printed; `None` = the command failed.
    ShowBanners(Option<&'a str>),
}

/// P2: whether the operating system wants quiet. What cannot be told counts as no.
pub fn wants_quiet(answer: SystemQuiet<'_>) -> bool {
    match answer {
        SystemQuiet::FocusAssist { value: 2, .. } => true,
        SystemQuiet::FocusAssist { value: 1, app_is_priority } => !app_is_priority,
        SystemQuiet::FocusAssist { .. } => false,
        SystemQuiet::Mac(on) => on.unwrap_or(false),
        SystemQuiet::ShowBanners(printed) => printed.is_some_and(|text| text.trim_end_matches('\n') != "true"),
    }
}

/// What the operating system made of a banner (P5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// It was shown.
    #[default]
    Yes,
    /// It was not confirmed within 10 s.
    TimedOut,
    /// It failed.
    Failed {
        /// Windows' result code, where it gave one.
        code: Option<i64>,
    },
}

/// Windows: the system's own switch for notifications is off.
const NOTIFICATIONS_ARE_OFF: i64 = -2_143_420_143;

/// A banner on its way to the screen.
#[derive(Clone, Debug)]
pub struct Stage<'a> {
    /// The operating system.
    pub platform: Platform,
    /// It is Windows 7.
    pub windows_7: bool,
    /// The system can show notifications.
    pub supported: bool,
    /// The system wants quiet.
    pub system_dnd: bool,
    /// It comes from the server's first tab.
    pub primary_view: bool,
    /// P4 came out in favor.
    pub permitted: bool,
    /// What the system will make of it.
    pub shown: Shown,
    /// The message is to be silent.
    pub silent: bool,
    /// The message's sound.
    pub sound_name: &'a str,
    /// `notifications.flashWindow`: 0 = off.
    pub flash_window: i64,
    /// `notifications.bounceIcon`
    pub bounce_icon: bool,
    /// `notifications.bounceIconType`: `informational`, `critical` or empty.
    pub bounce_icon_type: &'a str,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staged {
    /// Why it was not shown: the wire's status and code; `None` = shown.
    pub objection: Option<(&'static str, &'static str)>,
    /// Our own sound, once shown.
    pub play_sound: Option<String>,
    /// The system's notification makes no sound of its own.
    pub system_silent: bool,
    /// The taskbar entry flashes.
    pub flash: bool,
    /// The Dock icon bounces, in this manner.
    pub bounce: Option<String>,
    /// The channel's previous notification is closed.
    pub closes_previous: bool,
}

impl Staged {
    /// Whether it was shown.
    pub fn is_shown(&self) -> bool {
        self.objection.is_none()
    }
}

/// P1–P6, and rule S3.
pub fn stage(stage: &Stage<'_>) -> Staged {
    let objection = if !stage.supported {
        Some(("error", "notification_api"))
    } else if stage.system_dnd {
        Some(("not_sent", "os_dnd"))
    } else if !stage.primary_view {
        Some(("not_sent", "view_should_not_notify"))
    } else if !stage.permitted {
        Some(("not_sent", "notifications_permission_disallowed"))
    } else {
        match stage.shown {
            Shown::Yes => None,
            Shown::TimedOut => Some(("error", "notification_timeout")),
            Shown::Failed { code: Some(NOTIFICATIONS_ARE_OFF) } if stage.platform == Platform::Windows => {
                Some(("not_sent", "windows_permissions_denied"))
            }
            Shown::Failed { .. } => Some(("error", "electron_notification_failed")),
        }
    };
    let sound = own_sound(stage);
    let system_silent = stage.silent || sound.is_some();
    if objection.is_some() {
        return Staged { objection, system_silent, ..Staged::default() };
    }
    let mac = stage.platform == Platform::MacOs;
    let bounces = mac && stage.bounce_icon && !stage.bounce_icon_type.is_empty();
    Staged {
        objection: None,
        play_sound: sound.map(Cow::into_owned),
        system_silent,
        flash: !mac && stage.flash_window != 0,
        bounce: bounces.then(|| stage.bounce_icon_type.to_owned()),
        closes_previous: stage.platform == Platform::Windows,
    }
}

/// S3: `None` means no sound of ours; Windows 7 alone has one for an empty name.
fn own_sound<'a>(stage: &Stage<'a>) -> Option<Cow<'a, str>> {
    match stage.sound_name {
        _ if stage.silent => None,
        "None" => None,
        "" => (stage.windows_7 && stage.platform == Platform::Windows).then_some(Cow::Borrowed("Ding")),
        name => Some(Cow::Borrowed(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_sixth_post_of_a_burst_on_all_are_dropped_until_it_pauses() {
        assert_eq!(evaluated_of_burst(&[0, 10, 20, 30, 40, 50, 149]), [true, true, true, true, true, false, false]);
        assert_eq!(evaluated_of_burst(&[0, 1, 2, 3, 4, 5, 105]), [true, true, true, true, true, false, true]);
        assert_eq!(evaluated_of_burst(&[0, 99, 198, 297, 396, 495]), [true, true, true, true, true, false]);
        assert!(evaluated_of_burst(&[]).is_empty());
    }

    #[test]
    fn a_plain_deny_is_asked_again_and_a_permanent_one_is_not() {
        let deny = permission(None, Origin::Server, Answer::Deny);
        assert_eq!((deny.granted, deny.asked), (false, true));
        let again = permission(deny.stored, Origin::Server, Answer::DenyPermanently);
        assert!(again.asked);
        let last = permission(again.stored, Origin::Server, Answer::Allow);
        assert_eq!((last.granted, last.asked), (false, false));
        assert_eq!(last.stored, again.stored);
    }

    #[test]
    fn policy_allows_and_strangers_are_refused_without_asking() {
        let policy = permission(None, Origin::Preconfigured, Answer::Deny);
        assert_eq!((policy.granted, policy.asked, policy.stored), (true, false, None));
        let allowed = Some(StoredPermission { allowed: Some(true), always_deny: None });
        assert!(!permission(allowed, Origin::Foreign, Answer::Allow).granted);
    }

    #[test]
    fn an_address_belongs_to_a_server_only_with_origin_and_path() {
        assert!(is_under("http://example.org:80/chat/north", "http://Example.org/chat/"));
        assert!(is_under("https://example.org", "https://example.org/"));
        assert!(!is_under("https://example.org/chatter", "https://example.org/chat"));
        assert!(!is_under("http://example.org", "https://example.org"));
        assert!(!is_under("https://example.org.evil.net", "https://example.org"));
        assert!(!is_under("abadurl!?", "https://example.org"));
    }

    #[test]
    fn quiet_is_what_the_system_says_clearly() {
        let assist = |value, app_is_priority| wants_quiet(SystemQuiet::FocusAssist { value, app_is_priority });
        assert!(assist(2, true) && assist(1, false));
        assert!(!assist(1, true) && !assist(0, false) && !assist(-1, false) && !assist(-2, false));
        assert!(!wants_quiet(SystemQuiet::Mac(None)) && wants_quiet(SystemQuiet::Mac(Some(true))));
        assert!(!wants_quiet(SystemQuiet::ShowBanners(None)));
        assert!(!wants_quiet(SystemQuiet::ShowBanners(Some("true\n"))));
        assert!(wants_quiet(SystemQuiet::ShowBanners(Some(""))));
    }

    fn usual() -> Stage<'static> {
        Stage {
            platform: Platform::Linux,
            windows_7: false,
            supported: true,
            system_dnd: false,
            primary_view: true,
            permitted: true,
            shown: Shown::Yes,
            silent: false,
            sound_name: "Bing",
            flash_window: 2,
            bounce_icon: true,
            bounce_icon_type: "critical",
        }
    }

    #[test]
    fn the_first_objection_of_the_shell_wins_and_then_nothing_is_heard() {
        let everything = Stage { supported: false, system_dnd: true, primary_view: false, permitted: false, ..usual() };
        assert_eq!(stage(&everything).objection, Some(("error", "notification_api")));
        let quiet = stage(&Stage { supported: true, ..everything.clone() });
        assert_eq!(quiet.objection, Some(("not_sent", "os_dnd")));
        assert_eq!((quiet.play_sound, quiet.flash), (None, false));
        let second = stage(&Stage { supported: true, system_dnd: false, ..everything });
        assert_eq!(second.objection, Some(("not_sent", "view_should_not_notify")));
        let late = stage(&Stage { shown: Shown::TimedOut, ..usual() });
        assert_eq!(late.objection, Some(("error", "notification_timeout")));
        let off = Shown::Failed { code: Some(NOTIFICATIONS_ARE_OFF) };
        let off = stage(&Stage { platform: Platform::Windows, shown: off, ..usual() });
        assert_eq!(off.objection, Some(("not_sent", "windows_permissions_denied")));
    }

    #[test]
    fn the_system_is_silent_where_we_play_or_nobody_should() {
        let none = stage(&Stage { sound_name: "None", ..usual() });
        assert_eq!((none.play_sound, none.system_silent), (None, false));
        let silent = stage(&Stage { silent: true, ..usual() });
        assert_eq!((silent.play_sound, silent.system_silent), (None, true));
        let ours = stage(&usual());
        assert_eq!(
            (ours.play_sound.as_deref(), ours.system_silent, ours.flash, ours.bounce),
            (Some("Bing"), true, true, None)
        );
        let old = stage(&Stage { platform: Platform::Windows, windows_7: true, sound_name: "", ..usual() });
        assert_eq!(old.play_sound.as_deref(), Some("Ding"));
        let mac = stage(&Stage { platform: Platform::MacOs, ..usual() });
        assert_eq!((mac.flash, mac.bounce.as_deref()), (false, Some("critical")));
    }
}
