//! The Desktop page: how this computer tells, kept in the local preferences.

use belfry_core::prefs::{BadgePrefs, BannerPrefs, Corner, LocalPrefs, ThemeChoice};
use egui::Ui;

use super::find::{Spot, spot};
use crate::texts::desktop as words;
use crate::widgets::{self, Range, setting};

/// Width of the selects, points.
const WIDTH: f32 = 200.0;

/// Draws the page; what is changed is changed in `prefs`. `displays` are the names of those that are connected.
pub(super) fn ui(ui: &mut Ui, prefs: &mut LocalPrefs, displays: &[String]) {
    widgets::page_scroll(ui, "desktop", |ui| {
        let LocalPrefs {
            version: _,
            theme,
            reduce_motion,
            keep_running,
            use_system_notifications,
            follow_system_dnd,
            quiet_in_full_screen,
            tray,
            banner,
            badge,
            sound: _,
            history: _,
            tokens_in_file: _,
            start_at_login,
            servers: _,
            last_server: _,
            denied_for_good: _,
            paused_until_ms: _,
        } = prefs;
        widgets::titled_card(
            ui,
            words::BANNERS,
            "",
            |_| (),
            |ui| {
                flag(
                    ui,
                    Spot::SystemNotifications,
                    words::SYSTEM_NOTIFICATIONS,
                    words::SYSTEM_NOTIFICATIONS_HINT,
                    use_system_notifications,
                );
                flag(ui, Spot::SystemDnd, words::SYSTEM_DND, words::SYSTEM_DND_HINT, follow_system_dnd);
                flag(ui, Spot::FullScreen, words::FULL_SCREEN, words::FULL_SCREEN_HINT, quiet_in_full_screen);
                let ours = !*use_system_notifications;
                ui.scope(|ui| {
                    if !ours {
                        ui.disable();
                    }
                    banners(ui, banner, displays);
                });
                ui.scope(|ui| {
                    if !ours {
                        ui.disable();
                    }
                    last_flag(ui, Spot::ReduceMotion, words::REDUCE_MOTION, words::REDUCE_MOTION_HINT, reduce_motion);
                });
            },
        );
        widgets::titled_card(
            ui,
            words::APPEARANCE,
            "",
            |_| (),
            |ui| {
                spot(ui, Spot::Theme, |ui| {
                    setting(ui, words::THEME, "", true, |ui| {
                        let choices = [
                            (ThemeChoice::System, words::SYSTEM),
                            (ThemeChoice::Light, words::LIGHT),
                            (ThemeChoice::Dark, words::DARK),
                        ];
                        if let Some(choice) = widgets::choice_row(ui, words::THEME, Some(*theme), &choices) {
                            *theme = choice;
                        }
                    });
                });
            },
        );
        widgets::titled_card(
            ui,
            words::BADGE,
            "",
            |_| (),
            |ui| {
                let BadgePrefs { dot, number } = badge;
                flag(ui, Spot::Number, words::NUMBER, words::NUMBER_HINT, number);
                last_flag(ui, Spot::Dot, words::DOT, words::DOT_HINT, dot);
            },
        );
        widgets::titled_card(
            ui,
            words::RUNNING,
            "",
            |_| (),
            |ui| {
                flag(ui, Spot::Tray, words::TRAY, words::TRAY_HINT, tray);
                flag(ui, Spot::Login, words::LOGIN, words::LOGIN_HINT, start_at_login);
                last_flag(ui, Spot::KeepRunning, words::KEEP_RUNNING, words::KEEP_RUNNING_HINT, keep_running);
            },
        );
        history(ui, prefs);
    });
}

fn history(ui: &mut Ui, prefs: &mut LocalPrefs) {
    let history = &mut prefs.history;
    widgets::titled_card(
        ui,
        words::HISTORY,
        "",
        |_| (),
        |ui| {
            flag(ui, Spot::History, words::KEEP_HISTORY, words::KEEP_HISTORY_HINT, &mut history.keep);
            setting(ui, words::HISTORY_DAYS, words::HISTORY_DAYS_HINT, true, |ui| {
                if !history.keep {
                    ui.disable();
                }
                let range = Range { least: 1, most: 365, step: 1 };
                if let Some(days) =
                    widgets::slider(ui, words::HISTORY_DAYS, u32::from(history.days), range, words::days)
                {
                    history.days = u16::try_from(days).unwrap_or(history.days);
                }
            });
        },
    );
}

fn banners(ui: &mut Ui, banner: &mut BannerPrefs, displays: &[String]) {
    let BannerPrefs {
        corner,
        max_shown,
        message_secs,
        mention_secs,
        call_secs,
        show_text,
        text_lines,
        thumbnails,
        display,
    } = banner;
    spot(ui, Spot::Corner, |ui| {
        setting(ui, words::CORNER, words::CORNER_HINT, false, |ui| {
            let choices = [
                (Corner::TopRight, words::TOP_RIGHT),
                (Corner::TopLeft, words::TOP_LEFT),
                (Corner::BottomRight, words::BOTTOM_RIGHT),
                (Corner::BottomLeft, words::BOTTOM_LEFT),
            ];
            if let Some(choice) = widgets::select(ui, words::CORNER, Some(*corner), &choices, "", WIDTH) {
                *corner = choice;
            }
        });
    });
    spot(ui, Spot::Display, |ui| {
        setting(ui, words::DISPLAY, words::DISPLAY_HINT, false, |ui| {
            let mut choices: Vec<(&str, &str)> = vec![("", words::MAIN_DISPLAY)];
            choices.extend(displays.iter().map(|name| (name.as_str(), name.as_str())));
            let missing = words::not_connected(display);
            let wanted = widgets::select(ui, words::DISPLAY, Some(display.as_str()), &choices, &missing, WIDTH);
            if let Some(wanted) = wanted.map(str::to_owned) {
                *display = wanted;
            }
        });
    });
    spot(ui, Spot::HowMany, |ui| {
        setting(ui, words::HOW_MANY, words::HOW_MANY_HINT, false, |ui| {
            let range = Range { least: 1, most: 6, step: 1 };
            let shown = |count: u32| count.to_string();
            if let Some(count) = widgets::slider(ui, words::HOW_MANY, u32::from(*max_shown), range, shown) {
                *max_shown = u8::try_from(count).unwrap_or(*max_shown);
            }
        });
    });
    for (place, title, hint, secs, (least, most)) in [
        (Spot::MessageSeconds, words::MESSAGE_SECONDS, "", message_secs, (1, 60)),
        (Spot::MentionSeconds, words::MENTION_SECONDS, "", mention_secs, (1, 120)),
        (Spot::CallSeconds, words::CALL_SECONDS, words::SECONDS_HINT, call_secs, (5, 60)),
    ] {
        spot(ui, place, |ui| {
            setting(ui, title, hint, false, |ui| {
                let range = Range { least, most, step: 1 };
                if let Some(wanted) = widgets::slider(ui, title, u32::from(*secs), range, words::seconds) {
                    *secs = u16::try_from(wanted).unwrap_or(*secs);
                }
            });
        });
    }
    spot(ui, Spot::HowMuch, |ui| {
        setting(ui, words::HOW_MUCH, words::HOW_MUCH_HINT, false, |ui| {
            let lines = if *show_text { *text_lines } else { 0 };
            let choices = [(0, words::NO_TEXT), (1, words::ONE_LINE), (2, words::TWO_LINES), (4, words::FOUR_LINES)];
            let other = words::lines(lines);
            if let Some(wanted) = widgets::select(ui, words::HOW_MUCH, Some(lines), &choices, &other, WIDTH) {
                *show_text = wanted > 0;
                *text_lines = if wanted > 0 { wanted } else { *text_lines };
            }
        });
    });
    spot(ui, Spot::Thumbnails, |ui| {
        setting(ui, words::THUMBNAILS, words::THUMBNAILS_HINT, false, |ui| {
            if !*show_text {
                ui.disable();
            }
            widgets::switch(ui, thumbnails, words::THUMBNAILS);
        });
    });
}

fn flag(ui: &mut Ui, place: Spot, title: &str, hint: &str, on: &mut bool) {
    spot(ui, place, |ui| setting(ui, title, hint, false, |ui| widgets::switch(ui, on, title)));
}

/// The last row of a card has no line below it.
fn last_flag(ui: &mut Ui, place: Spot, title: &str, hint: &str, on: &mut bool) {
    spot(ui, place, |ui| setting(ui, title, hint, true, |ui| widgets::switch(ui, on, title)));
}
