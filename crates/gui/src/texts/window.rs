//! Words that several pages share, and sentences made of what the engine says.

use std::fmt::Write as _;

use belfry_core::activity::Verdict;
use belfry_core::query::DoctorLine;
use belfry_core::sound::SoundChoice;
use belfry_core::trial::Trial;
use belfry_core::view::{Health, View};

use super::APP;

/// Name of a field's cross.
pub const CLEAR_SEARCH: &str = "Clear the search";
/// Button of the menu.
pub const EXPORT: &str = "Export without message texts";
/// While it is written.
pub const EXPORTING: &str = "Exporting…";
/// Button of the menu that asks more.
pub const CLEAR_MORE: &str = "Clear Activity…";
/// Button.
pub const CLEAR: &str = "Clear";
/// Title of the question.
pub const CLEAR_TITLE: &str = "Clear Activity?";
/// What is lost.
pub const CLEAR_TEXT: &str = "Everything that is listed is forgotten on this computer. Your messages stay on their servers, and what comes from now on is listed again.";
/// Button.
pub const ALL_OF_CHANNEL: &str = "All messages of this channel";
/// Button that leads to another page.
pub const CHANNEL_SETTINGS_MORE: &str = "Channel settings…";
/// Button that leads to another page.
pub const NOTIFICATION_SETTINGS_MORE: &str = "Notification settings…";
/// Button.
pub const DESKTOP_SETTINGS_MORE: &str = "Desktop settings…";
/// Why a button is disabled.
pub const MARKED_READ: &str = "It is marked as read";
/// Button.
pub const MOVE_UP: &str = "Move up";
/// Button.
pub const MOVE_DOWN: &str = "Move down";
/// Button, without its ellipsis.
pub const RENAME: &str = "Rename";
/// Button that asks more.
pub const RENAME_MORE: &str = "Rename…";
/// Title of the dialog.
pub const RENAME_TITLE: &str = "Name of the server";
/// Label.
pub const NAME: &str = "Name";

/// What the name is for.
pub fn rename_text(host: &str) -> String {
    format!("How {host} is called in Belfry, on this computer")
}

/// Title of the dialog.
pub fn sign_in_to(server: &str) -> String {
    format!("Sign in to {server}")
}

/// Parts of a name for screen readers, without the empty ones.
pub fn listed(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(", ")
}

/// "Desktop › Banners"
pub fn path(page: &str, section: &str) -> String {
    format!("{page} › {section}")
}

/// What an export came to.
pub fn exported(rows: u64) -> String {
    if rows == 1 { "1 row was written to".to_owned() } else { format!("{rows} rows were written to") }
}

/// "Belfry 0.1.0"
pub fn version(ours: &str) -> String {
    format!("{APP} {ours}")
}

/// "Northwind: Mattermost 11.1.0"
pub fn server_version(server: &str, version: &str) -> String {
    format!("{server} · Mattermost {version}")
}

/// When a server was last heard, to the second: for a tooltip.
pub fn last_heard(last_heard_ms: i64, now_ms: i64) -> String {
    let seconds = now_ms.saturating_sub(last_heard_ms).max(0) / 1000;
    if seconds < 2 { "Last heard just now".to_owned() } else { format!("Last heard {} ago", super::span(seconds)) }
}

/// In how many milliseconds [`super::health_sentence`] says something else, if it ever does by itself.
pub fn health_changes_in_ms(health: &Health, last_heard_ms: i64, now_ms: i64) -> Option<u64> {
    let left = match health {
        Health::Live if last_heard_ms > 0 => 60_000 - now_ms.saturating_sub(last_heard_ms).max(0) % 60_000,
        Health::Waiting { retry_at_ms, .. } => match retry_at_ms.saturating_sub(now_ms) {
            ..0 => return None,
            left @ 0..60_000 => left % 1000 + 1,
            left => left % 60_000 + 1,
        },
        Health::Live | Health::Connecting | Health::SignedOut { .. } | Health::NotSignedIn | Health::Failed { .. } => {
            return None;
        }
    };
    u64::try_from(left).ok()
}

fn heard(sound: Option<SoundChoice>) -> String {
    sound.map(|sound| format!("sound {}", sound.name())).unwrap_or_default()
}

/// "Would be shown · keyword deploy · sound Bing", "Would not be shown · not mentioned".
pub fn trial_tag(trial: &Trial) -> String {
    let shown = trial.verdict == Verdict::Notify;
    let first = if shown { super::notifications::WOULD_BE_SHOWN } else { super::notifications::WOULD_NOT_BE_SHOWN };
    let word = trial.word.as_ref().map(|word| format!("keyword {word}")).unwrap_or_default();
    let reason = trial.reason.filter(|_| !shown).map_or("", |reason| reason.tag());
    let sound = if shown { heard(trial.sound) } else { String::new() };
    let parts = [first, if shown { word.as_str() } else { "" }, reason, &sound];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// What the other setting would have changed.
pub fn it_would_have(trial: &Trial) -> String {
    outcome(trial, "With this change it would have been shown", "Even with this change it would not have been shown")
}

/// After the setting was changed.
pub fn now_it_would(trial: &Trial) -> String {
    outcome(trial, "Done: such a message would now be shown", "Done: but such a message would still not be shown")
}

fn outcome(trial: &Trial, shown: &str, hidden: &str) -> String {
    match (trial.verdict, trial.sound) {
        (Verdict::Notify, Some(sound)) => format!("{shown}, with the sound {}", sound.name()),
        (Verdict::Notify, None) => shown.to_owned(),
        (Verdict::Skip, _) => match trial.reason {
            Some(reason) => format!("{hidden}: {}", reason.tag()),
            None => hidden.to_owned(),
        },
    }
}

/// How things are, as text to be sent to somebody: no name of a server, person or channel, no token, no message.
pub fn diagnostics(ours: &str, view: &View, lines: &[DoctorLine]) -> String {
    let mut text = format!("{}\n", version(ours));
    for (number, server) in (1..).zip(&view.servers) {
        let health = super::health_word(&server.health);
        let permission = super::permission_word(server.permission);
        writeln!(text, "Server {number}: {}, {health}, {permission}", server.version).ok(); // a string takes everything
    }
    for problem in &view.problems {
        writeln!(text, "Problem: {}", problem.what).ok(); // a string takes everything
    }
    for line in lines {
        let mark = if line.ok { "ok" } else { "!!" };
        writeln!(text, "[{mark}] {}: {}", line.part, line.detail).ok(); // a string takes everything
    }
    text
}

#[cfg(test)]
mod tests {
    use belfry_core::decide::reason::Reason;
    use belfry_core::sound::MessageSound;

    use super::*;
    use crate::testing;

    fn trial(verdict: Verdict) -> Trial {
        Trial {
            verdict,
            reason: (verdict == Verdict::Skip).then_some(Reason::NotMentioned),
            sentence: String::new(),
            setting: None,
            word: Some("deploy".to_owned()),
            sound: Some(SoundChoice::Message(MessageSound::Bing)),
            trace: Vec::new(),
        }
    }

    #[test]
    fn a_trial_is_a_tag_and_a_sentence() {
        assert_eq!(trial_tag(&trial(Verdict::Notify)), "Would be shown · keyword deploy · sound Bing");
        assert_eq!(trial_tag(&trial(Verdict::Skip)), "Would not be shown · not mentioned");
        assert_eq!(
            it_would_have(&trial(Verdict::Notify)),
            "With this change it would have been shown, with the sound Bing"
        );
        assert_eq!(
            now_it_would(&trial(Verdict::Skip)),
            "Done: but such a message would still not be shown: not mentioned"
        );
    }

    #[test]
    fn a_live_server_asks_for_a_frame_once_a_minute_and_a_waiting_one_counts_down() {
        assert_eq!(health_changes_in_ms(&Health::Live, 1_000, 5_000), Some(56_000));
        assert_eq!(health_changes_in_ms(&Health::Live, 1_000, 61_000), Some(60_000));
        let waiting = |retry_at_ms| Health::Waiting { reason: String::new(), retry_at_ms };
        assert_eq!(health_changes_in_ms(&waiting(8_500), 0, 0), Some(501));
        assert_eq!(health_changes_in_ms(&waiting(125_000), 0, 0), Some(5_001));
        assert_eq!(health_changes_in_ms(&waiting(0), 0, 1), None, "it tries again: that comes as news");
        assert_eq!(health_changes_in_ms(&Health::NotSignedIn, 0, 1), None);
    }

    #[test]
    fn diagnostics_name_nobody() {
        let view = testing::view();
        let lines = [DoctorLine { part: "Display".to_owned(), ok: true, detail: "X11".to_owned() }];
        let text = diagnostics("1.2.3", &view, &lines);
        assert!(text.contains("Belfry 1.2.3") && text.contains("[ok] Display: X11"), "{text}");
        assert!(text.contains("Server 2: 11.1.0, signed out, Allow"), "{text}");
        for secret in ["Northwind", "northwind", "morgan", "Rosa", "release notes"] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}
