//! The main window: navigation on the left, one page on the right, the permission prompt above both.

mod about;
mod activity;
mod channels;
mod desktop;
mod draft;
mod face;
mod find;
mod navigation;
mod notifications;
mod permission;
mod quiet;
mod servers;
mod shortcuts;
mod sound_picker;
mod sounds;
mod why;

use std::time::Duration;

use belfry_core::command::{Command, Place};
use belfry_core::prefs::LocalPrefs;
use belfry_core::query::Answer;
use belfry_core::view::View;
use egui::{Align, CentralPanel, Frame, Id, Layout, Panel, Rect, Ui, UiBuilder, vec2};

pub use activity::{ActivityModel, ActivityState};
pub use channels::ChannelsState;
pub(crate) use face::{WindowFace, icon};
pub use notifications::NotificationsState;
pub use servers::{ServersModel, ServersState};
pub use sounds::SoundsState;

use crate::bridge::QueryId;
use crate::icons::Icon;
use crate::outbox::Outbox;
use crate::pictures::Pictures;
use crate::texts::{self, Tone};
use crate::theme::{self, NAVIGATION_WIDTH, PAGE_PADDING, Palette, Type};
use crate::widgets::{self, Button, Kind};

/// Pages of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// What arrived and what became of it.
    #[default]
    Activity,
    /// What an account is told about, saved on its server.
    Notifications,
    /// What channels do differently.
    Channels,
    /// Silence for a while.
    QuietHours,
    /// What is heard.
    Sounds,
    /// The list of servers.
    Servers,
    /// How this computer tells.
    Desktop,
    /// Version, licences, test, diagnostics.
    About,
}

impl Page {
    /// All of them, in the navigation's order.
    pub const ALL: [Self; 8] = [
        Self::Activity,
        Self::Notifications,
        Self::Channels,
        Self::QuietHours,
        Self::Sounds,
        Self::Servers,
        Self::Desktop,
        Self::About,
    ];

    /// Its name in the navigation.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Activity => texts::ACTIVITY,
            Self::Notifications => texts::notifications::TITLE,
            Self::Channels => texts::channels::TITLE,
            Self::QuietHours => texts::quiet::TITLE,
            Self::Sounds => texts::sounds::TITLE,
            Self::Servers => texts::SERVERS,
            Self::Desktop => texts::desktop::TITLE,
            Self::About => texts::ABOUT,
        }
    }

    const fn sub(self) -> &'static str {
        match self {
            Self::Activity => texts::ACTIVITY_SUB,
            Self::Notifications => texts::notifications::SUB,
            Self::Channels => texts::channels::SUB,
            Self::QuietHours => texts::quiet::SUB,
            Self::Sounds => texts::sounds::SUB,
            Self::Servers => texts::SERVERS_SUB,
            Self::Desktop => texts::desktop::SUB,
            Self::About => texts::NOT_AFFILIATED,
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Self::Activity => Icon::Clock,
            Self::Notifications => Icon::Bell,
            Self::Channels => Icon::Hash,
            Self::QuietHours => Icon::Moon,
            Self::Sounds => Icon::Note,
            Self::Servers => Icon::Server,
            Self::Desktop => Icon::Desktop,
            Self::About => Icon::Question,
        }
    }
}

/// Everything that belongs to the window and to nobody else: pages, drafts, selections.
#[derive(Debug, Default)]
pub struct WindowState {
    /// Which page is open.
    pub page: Page,
    /// The page of the last frame: another one now is opened.
    drawn: Option<Page>,
    /// The Activity page.
    pub activity: ActivityState,
    /// The Notifications page.
    pub notifications: NotificationsState,
    /// The Channels page.
    pub channels: ChannelsState,
    /// The Sounds page.
    pub sounds: SoundsState,
    /// The Servers page.
    pub servers: ServersState,
    quiet: quiet::QuietState,
    about: about::AboutState,
    find: find::FindState,
    shortcuts: bool,
    draft: draft::Draft,
    /// The list of what the badge counts is to be opened with this frame.
    unread_wanted: bool,
    /// The last change of the local preferences is to be undone with this frame.
    undo_wanted: bool,
    /// Pictures of people.
    pub pictures: Pictures,
    /// Eight o'clock tomorrow where the person is, Unix milliseconds; the face knows it.
    pub morning_ms: Option<i64>,
    /// Names of the displays that are connected; the face knows them.
    pub displays: Vec<String>,
}

impl WindowState {
    /// Hands an answer to the page that asked.
    pub fn on_answer(&mut self, id: QueryId, answer: Answer) {
        let Some(answer) = self.pictures.on_answer(id, answer) else { return };
        let Some(answer) = self.activity.on_answer(id, answer) else { return };
        let Some(answer) = self.notifications.on_answer(id, answer) else { return };
        let Some(answer) = self.channels.on_answer(id, answer) else { return };
        let Some(answer) = self.sounds.on_answer(id, answer) else { return };
        let Some(answer) = self.servers.on_answer(id, answer) else { return };
        // An answer that no page waits for any more is of no use.
        self.about.on_answer(id, answer);
    }

    /// Turns to a place that was asked for outside the window.
    pub fn turn_to(&mut self, place: Place) {
        self.page = match place {
            Place::Activity => Page::Activity,
            Place::Unread => {
                self.unread_wanted = true;
                Page::Servers
            }
            Place::Why(server, post) => {
                self.activity.show_decision(server, post);
                Page::Activity
            }
            Place::Notifications(server) => {
                self.notifications.show_server(server);
                Page::Notifications
            }
            Place::Servers => Page::Servers,
            Place::SignIn(server) => {
                self.servers.wants_sign_in(server);
                Page::Servers
            }
        };
    }

    fn is_dialog_open(&self) -> bool {
        self.servers.is_dialog_open() || self.find.is_open() || self.shortcuts
    }

    /// Undoes the last change of what the open page shows.
    fn undo(&mut self, view: &View, out: &mut Outbox) {
        match self.page {
            Page::Notifications => self.notifications.undo(out),
            Page::Channels => out.command(Command::UndoChannels),
            Page::Sounds | Page::Desktop | Page::Servers => self.draft.undo(&view.prefs, out),
            Page::Activity | Page::QuietHours | Page::About => {}
        }
    }

    /// What happens once when a page is opened.
    fn opened(&mut self, page: Page) {
        if self.drawn.replace(page) == Some(page) {
            return;
        }
        match page {
            Page::Notifications => self.notifications.opened(),
            Page::Sounds => self.sounds.opened(),
            Page::Activity | Page::Channels | Page::QuietHours | Page::Servers | Page::Desktop | Page::About => {}
        }
    }
}

/// Draws the whole window. `now_ms` is the wall clock in Unix milliseconds.
pub fn ui(ui: &mut Ui, view: &View, now_ms: i64, state: &mut WindowState, out: &mut Outbox) {
    state.pictures.begin(ui.ctx(), ui.input(|input| input.time));
    shortcuts::keys(ui, view, state, out);
    let palette = Palette::of(ui);
    let side = Frame::new().fill(palette.sunk);
    Panel::left("navigation")
        .exact_size(NAVIGATION_WIDTH)
        .resizable(false)
        .frame(side)
        .show_separator_line(false)
        .show(ui, |ui| match navigation::ui(ui, view, state.page) {
            Some(navigation::Target::Page(page)) => state.page = page,
            Some(navigation::Target::Unread) => state.turn_to(Place::Unread),
            Some(navigation::Target::Find) => state.find.open(),
            None => {}
        });
    if std::mem::take(&mut state.unread_wanted) {
        state.servers.list_unread(&view.servers);
    }
    let page = state.page;
    state.opened(page);
    let mut prefs = state.draft.current(&view.prefs);
    let before = prefs.clone();
    CentralPanel::default_margins().frame(Frame::new().fill(palette.bg).inner_margin(PAGE_PADDING)).show(ui, |ui| {
        ui.set_max_width(theme::CONTENT_MAX_WIDTH.min(ui.available_width()));
        // Each page scrolls on its own.
        ui.push_id(page.title(), |ui| page_ui(ui, page, view, now_ms, state, &mut prefs, out));
    });
    if std::mem::take(&mut state.undo_wanted) {
        state.draft.undo(&view.prefs, out);
    } else {
        state.draft.send(&view.prefs, before, prefs, out);
    }
    state.pictures.end(out);
    if let Some(page) = find::ui(ui, &mut state.find) {
        state.page = page;
        ui.ctx().request_repaint();
    }
    if state.shortcuts {
        state.shortcuts = shortcuts::ui(ui);
    }
    let asked = view.permission_prompts.first().and_then(|id| view.server(*id));
    if let Some(server) = asked.filter(|_| !state.is_dialog_open()) {
        permission::ui(ui, server, out);
    }
}

fn page_ui(
    ui: &mut Ui,
    page: Page,
    view: &View,
    now_ms: i64,
    state: &mut WindowState,
    prefs: &mut LocalPrefs,
    out: &mut Outbox,
) {
    let notices = |ui: &mut Ui, out: &mut Outbox| notices(ui, view, now_ms, out);
    let top = ui.cursor().min;
    match page {
        Page::Notifications => {
            let model =
                notifications::NotificationsModel { servers: &view.servers, previewing: view.previewing, now_ms };
            notifications::ui(ui, &model, &mut state.notifications, out, notices);
            if view.servers.is_empty() {
                no_server(ui, texts::notifications::NO_SERVER_HINT, state);
            }
        }
        Page::Channels => {
            let model = channels::ChannelsModel {
                servers: &view.servers,
                revision: view.channels_revision,
                undo: view.channels_undo,
                previewing: view.previewing,
            };
            channels::ui(ui, &model, &mut state.channels, out, notices);
            if view.servers.is_empty() {
                no_server(ui, texts::channels::NOT_LOADED_HINT, state);
            }
        }
        Page::Servers => {
            let model = ServersModel { servers: &view.servers, prefs: &view.prefs.servers, now_ms };
            let (pages, entries) = (&mut state.servers, prefs.servers.as_mut_slice());
            servers::ui(ui, &model, pages, entries, &mut state.pictures, out, notices);
        }
        Page::Activity => {
            page_head(ui, page.title(), page.sub());
            notices(ui, out);
            if view.servers.is_empty() {
                no_server(ui, texts::NO_SERVERS_HINT, state);
                return;
            }
            activity::head(ui, top, &mut state.activity, out);
            let model = ActivityModel {
                servers: &view.servers,
                revision: view.activity_revision,
                channels_revision: view.channels_revision,
                paused: view.paused_until_ms.is_some(),
                now_ms,
            };
            activity::ui(ui, &model, &mut state.activity, &mut state.pictures, out);
            match state.activity.take_leads() {
                Some(why::Leads::Channel(place)) => {
                    state.channels.show_channel(place);
                    state.page = Page::Channels;
                }
                Some(why::Leads::Notifications(server)) => {
                    state.notifications.show_server(server);
                    state.page = Page::Notifications;
                }
                Some(why::Leads::Desktop) => state.page = Page::Desktop,
                None => {}
            }
        }
        Page::QuietHours => {
            page_head(ui, page.title(), page.sub());
            notices(ui, out);
            let model =
                quiet::QuietModel { paused_until_ms: view.paused_until_ms, now_ms, morning_ms: state.morning_ms };
            quiet::ui(ui, &model, &mut state.quiet, out);
        }
        Page::Sounds => {
            page_head(ui, page.title(), page.sub());
            undo_of_local(ui, top, state);
            notices(ui, out);
            let model = sounds::SoundsModel { servers: &view.servers, previewing: view.previewing, now_ms };
            sounds::ui(ui, &model, &mut state.sounds, prefs, out);
        }
        Page::Desktop => {
            page_head(ui, page.title(), page.sub());
            undo_of_local(ui, top, state);
            notices(ui, out);
            desktop::ui(ui, prefs, &state.displays);
        }
        Page::About => {
            page_head(ui, page.title(), page.sub());
            notices(ui, out);
            about::ui(ui, view, &mut state.about, out);
        }
    }
}

/// An empty page without any server: its button begins to add one.
fn no_server(ui: &mut Ui, hint: &str, state: &mut WindowState) {
    if widgets::empty(ui, texts::NO_SERVERS, hint, Some(texts::ADD_SERVER)) {
        state.page = Page::Servers;
        state.servers.begin_adding();
    }
}

/// "Undo" at the right of the title, once something of this computer's was changed.
fn undo_of_local(ui: &mut Ui, top: egui::Pos2, state: &mut WindowState) {
    if !state.draft.can_undo() {
        return;
    }
    let corner = Rect::from_min_size(top, vec2(ui.available_width(), 30.0));
    let layout = Layout::right_to_left(Align::Center);
    let mut corner = ui.new_child(UiBuilder::new().max_rect(corner).layout(layout).id_salt("undo"));
    widgets::flush_link(&mut corner);
    if corner.add(Button::new(texts::notifications::UNDO, Kind::Link)).clicked() {
        state.undo_wanted = true;
    }
    widgets::label(&mut corner, texts::notifications::SAVED, Type::Small, Palette::of(ui).green);
}

/// Title and subtitle of a page.
fn page_head(ui: &mut Ui, title: &str, sub: &str) {
    widgets::heading(ui, title, Type::PageTitle);
    ui.add_space(4.0);
    widgets::label_truncated(ui, sub, Type::Body, Palette::of(ui).dim);
    ui.add_space(16.0);
}

/// Trouble that lasts, and the pause: quiet strips above the content.
fn notices(ui: &mut Ui, view: &View, now_ms: i64, out: &mut Outbox) {
    if let Some(until_ms) = view.paused_until_ms {
        let resume = widgets::strip(ui, Tone::Warn, &texts::paused(now_ms, until_ms), "", |ui| {
            ui.add(Button::new(texts::RESUME, Kind::Secondary)).clicked()
        });
        if resume {
            out.command(Command::Resume);
        }
        ui.add_space(4.0);
        if until_ms != i64::MAX {
            ui.ctx().request_repaint_after(Duration::from_secs(30));
        }
    }
    for problem in view.problems.iter().take(3) {
        widgets::strip(ui, Tone::Warn, &problem.what, &problem.advice, |_| ());
        ui.add_space(4.0);
    }
}

/// A stable id for something of ours.
fn id_of(part: &str, key: impl std::hash::Hash + std::fmt::Debug) -> Id {
    Id::unique((part, key))
}
