//! The official settings pages: what is stored when somebody saves (notifications §5.1, §5.9).

use crate::event::NotifyProps;

fn value<'a>(props: &'a NotifyProps, key: &str) -> Option<&'a str> {
    props.get(key).map(String::as_str)
}

/// A channel's preferences as they are stored when the dialog is saved (notifications §5.9): a value equal to the
/// account's becomes `default`. Keys that were not selected and have no account value are left out.
///
/// `mobile_differs` is the dialog's own choice; without it the phone's values follow the computer's.
pub fn channel_props_to_save(account: &NotifyProps, selected: &NotifyProps, mobile_differs: bool) -> NotifyProps {
    let mut saved = NotifyProps::new();
    let mut put = |key: &str, stored: Option<&str>| {
        if let Some(stored) = stored {
            saved.insert(key.to_owned(), stored.to_owned());
        }
    };
    for key in ["mark_unread", "ignore_channel_mentions", "channel_auto_follow_threads"] {
        put(key, value(selected, key));
    }
    let plain =
        |key: &str| if value(selected, key) == value(account, key) { Some("default") } else { value(selected, key) };
    let desktop = plain("desktop");
    let threads = threads_to_save(account, selected, "desktop_threads");
    put("desktop", desktop);
    put("desktop_threads", threads);

    let account_sound = if value(account, "desktop_sound") == Some("false") { "off" } else { "on" };
    let chosen = value(selected, "desktop_sound");
    put("desktop_sound", if chosen == Some(account_sound) { Some("default") } else { chosen });

    let name = value(selected, "desktop_notification_sound");
    let usual = match value(account, "desktop_notification_sound") {
        Some(own) if !own.is_empty() => name == Some(own),
        _ => matches!(name, Some("Bing" | "default")),
    };
    put("desktop_notification_sound", if usual { Some("default") } else { name });

    if mobile_differs {
        put("push", plain("push"));
        put("push_threads", threads_to_save(account, selected, "push_threads"));
    } else {
        // `default` would follow the account's value for phones, which is another one.
        put("push", if desktop == Some("default") { value(account, "desktop") } else { desktop });
        put("push_threads", if threads == Some("default") { value(account, "desktop_threads") } else { threads });
    }
    saved
}

/// `desktop_threads` and `push_threads`: where the account has no value, `mention` counts as the same.
fn threads_to_save<'a>(account: &NotifyProps, selected: &'a NotifyProps, key: &str) -> Option<&'a str> {
    let chosen = value(selected, key);
    let same = match value(account, key) {
        Some(own) if !own.is_empty() => chosen == Some(own),
        _ => matches!(chosen, Some("mention" | "default")),
    };
    if same { Some("default") } else { chosen }
}

/// The four values of an account that "Use different settings for my mobile devices" compares; `None` = absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DesktopAndMobile<'a> {
    /// `desktop`
    pub desktop: Option<&'a str>,
    /// `push`
    pub push: Option<&'a str>,
    /// `desktop_threads`
    pub desktop_threads: Option<&'a str>,
    /// `push_threads`
    pub push_threads: Option<&'a str>,
}

/// Whether "Use different settings for my mobile devices" is ticked at first (notifications §5.1): also where one of the
/// values is missing or no level.
pub fn mobile_differs(values: DesktopAndMobile<'_>, crt: bool) -> bool {
    let DesktopAndMobile { desktop, push, desktop_threads, push_threads } = values;
    let is_level = |value: Option<&str>| matches!(value, Some("default" | "all" | "mention" | "none"));
    ![desktop, push, desktop_threads, push_threads].into_iter().all(is_level)
        || desktop != push
        || (crt && desktop_threads != push_threads)
}

/// Whether "Notify me about replies to threads I'm following" is shown (notifications §5.1).
pub fn shows_threads_checkbox(crt: bool, desktop: Option<&str>) -> bool {
    crt && !matches!(desktop, Some("all" | "none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn props(pairs: &[(&str, &str)]) -> NotifyProps {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[track_caller]
    fn saves(account: &[(&str, &str)], selected: &[(&str, &str)], differs: bool, key: &str, stored: Option<&str>) {
        let saved = channel_props_to_save(&props(account), &props(selected), differs);
        assert_eq!(saved.get(key).map(String::as_str), stored, "{account:?} {selected:?}");
    }

    #[test]
    fn what_equals_the_account_becomes_default() {
        saves(&[("desktop", "all")], &[("desktop", "all")], true, "desktop", Some("default"));
        saves(&[("desktop", "mention")], &[("desktop", "all")], true, "desktop", Some("all"));
        saves(&[], &[("desktop_threads", "mention")], true, "desktop_threads", Some("default"));
        saves(
            &[("desktop_threads", "all")],
            &[("desktop_threads", "mention")],
            true,
            "desktop_threads",
            Some("mention"),
        );
        saves(&[], &[("desktop_sound", "on")], true, "desktop_sound", Some("default"));
        saves(&[("desktop_sound", "false")], &[("desktop_sound", "on")], true, "desktop_sound", Some("on"));
        saves(&[], &[("desktop_notification_sound", "Bing")], true, "desktop_notification_sound", Some("default"));
        saves(
            &[("desktop_notification_sound", "Down")],
            &[("desktop_notification_sound", "Bing")],
            true,
            "desktop_notification_sound",
            Some("Bing"),
        );
        saves(&[("mark_unread", "all")], &[("mark_unread", "all")], true, "mark_unread", Some("all"));
    }

    #[test]
    fn a_phone_that_follows_the_computer_gets_the_computers_values() {
        let account = [("desktop", "mention"), ("push", "none"), ("desktop_threads", "all")];
        saves(&account, &[("desktop", "mention"), ("push", "all")], false, "push", Some("mention"));
        saves(&account, &[("desktop", "none"), ("push", "all")], false, "push", Some("none"));
        saves(&account, &[("desktop_threads", "all")], false, "push_threads", Some("all"));
        saves(&account, &[("desktop_threads", "mention")], false, "push_threads", Some("mention"));
        saves(&[], &[("desktop", "all"), ("desktop_threads", "mention")], false, "push_threads", None);
    }

    #[test]
    fn a_missing_or_unknown_level_counts_as_different() {
        let same = DesktopAndMobile {
            desktop: Some("all"),
            push: Some("all"),
            desktop_threads: Some("all"),
            push_threads: Some("mention"),
        };
        assert!(mobile_differs(same, true));
        assert!(!mobile_differs(same, false));
        assert!(mobile_differs(DesktopAndMobile { push_threads: None, ..same }, false));
        assert!(mobile_differs(DesktopAndMobile { desktop: Some("mentions"), push: Some("mentions"), ..same }, false));
        assert!(mobile_differs(DesktopAndMobile { push: Some("none"), ..same }, false));
    }

    #[test]
    fn the_threads_box_is_for_levels_in_between() {
        assert!(shows_threads_checkbox(true, Some("mention")) && shows_threads_checkbox(true, None));
        assert!(!shows_threads_checkbox(true, Some("all")) && !shows_threads_checkbox(true, Some("none")));
        assert!(!shows_threads_checkbox(false, Some("mention")));
    }
}
