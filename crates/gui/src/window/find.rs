//! The search over all settings: a word leads to the setting on its page, which is then scrolled into sight and marked.

use egui::{Id, Key, Modifiers, Stroke, StrokeKind, Ui, vec2};

use super::Page;
use crate::texts::{
    self, about, channels, desktop, find as words, find_words as words_for, notifications, quiet, sounds,
};
use crate::theme::{Palette, RADIUS_CONTROL, Type};
use crate::widgets::{self, Button, Kind, TextField};

/// How long what was found stays marked, seconds.
const MARKED: f64 = 4.0;
/// Lines of results at most: who sees more writes another letter.
const MOST_RESULTS: usize = 30;

macro_rules! spots {
    ($($spot:ident: $page:ident, $section:expr, $title:expr, $more:expr;)*) => {
        /// A place that the search leads to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(super) enum Spot { $(#[doc = "See `ALL`."] $spot,)* }

        /// Where it is, the card that it is on, its words, and further words that people look for.
        const ALL: &[(Spot, Page, &str, &str, &str)] = &[$((Spot::$spot, Page::$page, $section, $title, $more),)*];
    };
}

spots! {
    Level: Notifications, notifications::DESKTOP_AND_MOBILE, notifications::SEND_FOR, words_for::LEVEL;
    Threads: Notifications, notifications::DESKTOP_AND_MOBILE, notifications::THREADS, words_for::THREADS;
    MobileDifferent: Notifications, notifications::DESKTOP_AND_MOBILE, notifications::DIFFERENT, words_for::MOBILE;
    MobileTrigger: Notifications, notifications::DESKTOP_AND_MOBILE, notifications::TRIGGER, words_for::MOBILE;
    MessageSound: Notifications, notifications::SOUNDS, notifications::MESSAGE_SOUND, words_for::SOUND;
    CallSound: Notifications, notifications::SOUNDS, notifications::CALL_SOUND, words_for::RING;
    Keywords: Notifications, notifications::KEYWORDS, notifications::KEYWORDS, words_for::KEYWORDS;
    ChannelWide: Notifications, notifications::KEYWORDS, notifications::CHANNEL_WIDE, words_for::KEYWORDS;
    Highlight: Notifications, notifications::HIGHLIGHT, notifications::HIGHLIGHT, words_for::KEYWORDS;
    Email: Notifications, notifications::EMAIL, notifications::EMAIL, words_for::EMAIL;
    Replies: Notifications, notifications::REPLIES, notifications::REPLIES, words_for::THREADS;
    AutoReply: Notifications, notifications::AUTO_REPLY, notifications::AUTO_REPLY, words_for::AWAY;
    TryIt: Notifications, notifications::TRY_IT, notifications::TRY_IT, words_for::TRY;
    ChannelTable: Channels, channels::TITLE, channels::FIND_MUTE, words_for::CHANNEL;
    ChannelLevel: Channels, channels::TITLE, channels::FIND_LEVEL, words_for::CHANNEL;
    ChannelIgnore: Channels, channels::TITLE, channels::FIND_IGNORE, words_for::CHANNEL;
    Pause: QuietHours, quiet::TITLE, quiet::PAUSE, words_for::PAUSE;
    ServerSounds: Sounds, sounds::SERVERS, sounds::SERVERS, words_for::SOUND;
    Volume: Sounds, sounds::PLAYBACK, sounds::VOLUME, words_for::SOUND;
    Device: Sounds, sounds::PLAYBACK, sounds::DEVICE, words_for::DEVICE;
    OwnFiles: Sounds, sounds::OWN, sounds::OWN, words_for::SOUND;
    Particular: Sounds, sounds::PARTICULAR, sounds::PARTICULAR, words_for::SOUND;
    AddServer: Servers, texts::SERVERS, texts::ADD_SERVER, words_for::SERVER;
    Permission: Servers, texts::SERVERS, texts::PERMISSION, words_for::PERMISSION;
    Connection: Servers, texts::SERVERS, texts::CONNECTION, words_for::CONNECTION;
    Corner: Desktop, desktop::BANNERS, desktop::CORNER, words_for::PLACE;
    Display: Desktop, desktop::BANNERS, desktop::DISPLAY, words_for::PLACE;
    HowMany: Desktop, desktop::BANNERS, desktop::HOW_MANY, words_for::PLACE;
    MessageSeconds: Desktop, desktop::BANNERS, desktop::MESSAGE_SECONDS, words_for::SECONDS;
    MentionSeconds: Desktop, desktop::BANNERS, desktop::MENTION_SECONDS, words_for::SECONDS;
    CallSeconds: Desktop, desktop::BANNERS, desktop::CALL_SECONDS, words_for::SECONDS;
    HowMuch: Desktop, desktop::BANNERS, desktop::HOW_MUCH, words_for::PRIVACY;
    Thumbnails: Desktop, desktop::BANNERS, desktop::THUMBNAILS, words_for::PRIVACY;
    SystemNotifications: Desktop, desktop::BANNERS, desktop::SYSTEM_NOTIFICATIONS, words_for::PLACE;
    SystemDnd: Desktop, desktop::BANNERS, desktop::SYSTEM_DND, words_for::PAUSE;
    FullScreen: Desktop, desktop::BANNERS, desktop::FULL_SCREEN, words_for::FULL_SCREEN;
    ReduceMotion: Desktop, desktop::BANNERS, desktop::REDUCE_MOTION, words_for::MOTION;
    Theme: Desktop, desktop::APPEARANCE, desktop::THEME, words_for::THEME;
    Number: Desktop, desktop::BADGE, desktop::NUMBER, words_for::BADGE;
    Dot: Desktop, desktop::BADGE, desktop::DOT, words_for::BADGE;
    Tray: Desktop, desktop::RUNNING, desktop::TRAY, words_for::TRAY;
    Login: Desktop, desktop::RUNNING, desktop::LOGIN, words_for::LOGIN;
    KeepRunning: Desktop, desktop::RUNNING, desktop::KEEP_RUNNING, words_for::LOGIN;
    History: Desktop, desktop::HISTORY, desktop::KEEP_HISTORY, words_for::PRIVACY;
    Test: About, about::TEST, about::SEND_TEST, words_for::TRY;
    Diagnostics: About, about::DIAGNOSTICS, about::DIAGNOSTICS, words_for::DIAGNOSTICS;
    Licences: About, about::LICENCES, about::LICENCES, words_for::LICENCES;
}

/// What is being looked at because the search led there: kept by the toolkit, lost without harm.
#[derive(Clone, Copy)]
struct Sought {
    spot: Spot,
    /// Seconds of egui's clock, once its page was drawn.
    since: Option<f64>,
    /// For so many frames it is scrolled into sight: the first of a page only measures it.
    scrolls: u8,
}

fn sought_id() -> Id {
    Id::unique("sought")
}

/// Draws a setting; the search can lead to it.
pub(super) fn spot<R>(ui: &mut Ui, spot: Spot, content: impl FnOnce(&mut Ui) -> R) -> R {
    let shown = ui.scope(content);
    let sought: Option<Sought> = ui.data(|data| data.get_temp(sought_id()));
    if let Some(sought) = sought.filter(|sought| sought.spot == spot) {
        mark(ui, sought, shown.response.rect);
    }
    shown.inner
}

fn mark(ui: &Ui, sought: Sought, rect: egui::Rect) {
    let now = ui.input(|input| input.time);
    let since = sought.since.unwrap_or(now);
    if sought.scrolls > 0 {
        ui.scroll_to_rect_animation(rect, Some(egui::Align::Center), egui::style::ScrollAnimation::none());
        let next = Sought { since: Some(since), scrolls: sought.scrolls - 1, ..sought };
        ui.data_mut(|data| data.insert_temp(sought_id(), next));
        ui.ctx().request_repaint();
    }
    let left = since + MARKED - now;
    if left <= 0.0 {
        ui.data_mut(|data| data.remove::<Sought>(sought_id()));
        return;
    }
    let ring = Stroke::new(2.0, Palette::of(ui).accent);
    ui.painter().rect_stroke(rect.expand(5.0), RADIUS_CONTROL, ring, StrokeKind::Outside);
    ui.ctx().request_repaint_after_secs(left as f32);
}

/// What the dialog remembers.
#[derive(Debug, Default)]
pub(super) struct FindState {
    open: bool,
    text: String,
    /// Which of the results Enter opens.
    cursor: usize,
    focus: bool,
}

impl FindState {
    pub(super) fn open(&mut self) {
        *self = Self { open: true, focus: true, ..Self::default() };
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }
}

/// Settings that have all these words, in the pages' order.
fn results(text: &str) -> Vec<&'static (Spot, Page, &'static str, &'static str, &'static str)> {
    let wanted: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let fits = |entry: &&(Spot, Page, &str, &str, &str)| {
        let (_, page, section, title, more) = **entry;
        let all = format!("{title} {section} {} {more}", page.title()).to_lowercase();
        wanted.iter().all(|word| all.contains(word.as_str()))
    };
    ALL.iter().filter(fits).take(MOST_RESULTS).collect()
}

/// Draws the dialog; returns the page that the person wants.
pub(super) fn ui(ui: &Ui, state: &mut FindState) -> Option<Page> {
    if !state.open {
        return None;
    }
    let palette = Palette::of(ui);
    let (escaped, chosen) = widgets::dialog(ui.ctx(), "find", words::TITLE, palette, |ui| {
        widgets::label(ui, words::TITLE, Type::DialogTitle, palette.text);
        ui.add_space(12.0);
        // Up and down belong to the results while the field has the focus.
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let (down, up, enter) = (pressed(Key::ArrowDown), pressed(Key::ArrowUp), pressed(Key::Enter));
        let before = state.text.clone();
        let field = TextField::new(&mut state.text, words::TITLE).hint(words::HINT).search().show(ui);
        if std::mem::take(&mut state.focus) {
            field.request_focus();
        }
        if state.text != before {
            state.cursor = 0;
        }
        let results = results(&state.text);
        let last = results.len().saturating_sub(1);
        if down {
            state.cursor = (state.cursor + 1).min(last);
        }
        if up {
            state.cursor = state.cursor.saturating_sub(1);
        }
        ui.add_space(10.0);
        let mut chosen = None;
        if results.is_empty() {
            widgets::label(ui, words::NOTHING, Type::Body, palette.dim);
        }
        let height = (ui.available_height() - 60.0).clamp(120.0, 320.0);
        widgets::dialog_scroll(ui, "results", height, |ui| {
            for (index, (spot, page, section, title, _)) in results.iter().enumerate() {
                let place = if section == title { page.title().to_owned() } else { texts::path(page.title(), section) };
                let response = result(ui, title, &place, index == state.cursor);
                if index == state.cursor && (down || up) {
                    response.scroll_to_me(None);
                }
                if response.clicked() || (enter && index == state.cursor) {
                    chosen = Some((*spot, *page));
                }
            }
        });
        ui.add_space(14.0);
        let closed = widgets::answers(ui, |ui| ui.add(Button::new(words::CLOSE, Kind::Quiet)).clicked());
        if closed {
            state.open = false;
        }
        chosen
    });
    if escaped {
        state.open = false;
    }
    let (spot, page) = chosen?;
    state.open = false;
    ui.data_mut(|data| data.insert_temp(sought_id(), Sought { spot, since: None, scrolls: 3 }));
    Some(page)
}

fn result(ui: &mut Ui, title: &str, place: &str, selected: bool) -> egui::Response {
    let palette = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 44.0), egui::Sense::click());
    response.widget_info(|| {
        let name = texts::listed(&[title, place]);
        egui::WidgetInfo::selected(egui::accesskit::Role::ListBoxOption, true, selected, name)
    });
    let fill = if selected { palette.accent_soft } else { palette.surface };
    let fill = if response.hovered() { palette.step(fill) } else { fill };
    ui.painter().rect_filled(rect, RADIUS_CONTROL, fill);
    let line = |text, kind, color| widgets::Line { text, kind, color, width: rect.width() - 20.0, rows: 1 };
    let title = widgets::galley(ui.painter(), line(title, Type::Body, palette.text));
    let place = widgets::galley(ui.painter(), line(place, Type::Small, palette.dim));
    let left = rect.left() + 10.0;
    ui.painter().galley(egui::pos2(left, rect.top() + 5.0), title, palette.text);
    ui.painter().galley(egui::pos2(left, rect.top() + 23.0), place, palette.dim);
    widgets::focus_ring(ui, &response, rect.shrink(4.0), 4);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_found_by_its_own_words_and_by_words_for_it() {
        for entry in ALL {
            assert!(results(entry.3).contains(&entry), "{entry:?}");
        }
        let first = |text: &str| results(text).first().map(|entry| entry.0);
        assert_eq!(first("dark"), Some(Spot::Theme));
        assert_eq!(first("proxy"), Some(Spot::Connection));
        assert_eq!(first("  VOLUME  "), Some(Spot::Volume));
        assert_eq!(first("autostart"), Some(Spot::Login));
        assert!(results("no such thing").is_empty());
    }
}
