//! The Servers page: where messages come from, how each connection is, and whether it may notify.

mod add;
mod connection;
mod quiet;
mod sign_in;
mod unread;

use std::collections::BTreeSet;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{AuthKind, Permission, ServerPrefs};
use belfry_core::query::{Answer, Query};
use belfry_core::view::{Health, ServerView};
use egui::{Align, Layout, Rect, Sense, Ui, vec2};

use super::find::{Spot, spot};
use super::permission::server_disc;
use crate::bridge::QueryId;
use crate::icons::{self, Icon};
use crate::outbox::Outbox;
use crate::pictures::Pictures;
use crate::texts;
use crate::theme::{CARD_GAP, Palette, Type};
use crate::widgets::{self, Button, Kind};

/// The slice of the view that the page draws.
#[derive(Clone, Copy, Debug)]
pub struct ServersModel<'a> {
    /// All servers.
    pub servers: &'a [ServerView],
    /// Their local preferences: how each signed in.
    pub prefs: &'a [ServerPrefs],
    /// Wall clock, Unix milliseconds.
    pub now_ms: i64,
}

/// What the page remembers.
#[derive(Debug, Default)]
pub struct ServersState {
    flow: Option<add::Flow>,
    sign_in: Option<sign_in::SignIn>,
    /// The dialog for this server is opened with the next frame, which knows it.
    sign_in_wanted: Option<ServerId>,
    /// How to silence other apps is being told.
    quiet: bool,
    /// Whether there was no server yet when the dialogs opened.
    was_empty: Option<bool>,
    /// The dialog for this server's connection is opened in this frame.
    connecting: Option<ServerId>,
    removing: Option<ServerId>,
    /// The name that is being written.
    renaming: Option<Renaming>,
    signing_out: Option<(QueryId, ServerId)>,
    failed: Option<(ServerId, String)>,
    /// Servers whose unread list is open.
    listed: BTreeSet<ServerId>,
}

impl ServersState {
    /// Opens the form for a new server.
    pub fn begin_adding(&mut self) {
        self.flow = Some(add::Flow::new());
    }

    /// Opens the dialog that signs in to a server of the list.
    pub fn wants_sign_in(&mut self, server: ServerId) {
        self.sign_in_wanted = Some(server);
    }

    /// Opens the lists of everything that makes up the number over all servers.
    pub fn list_unread(&mut self, servers: &[ServerView]) {
        let listed = |wanted: &dyn Fn(&ServerView) -> bool| -> BTreeSet<ServerId> {
            servers.iter().filter(|server| wanted(server)).map(|server| server.id).collect()
        };
        self.listed = listed(&|server| server.badge.mentions > 0);
        if self.listed.is_empty() {
            // A dot counts nothing; what made it is listed all the same.
            self.listed = listed(&|server| !server.unread.is_empty());
        }
    }

    /// Whether a dialog of this page is open.
    pub fn is_dialog_open(&self) -> bool {
        self.flow.is_some()
            || self.sign_in.is_some()
            || self.quiet
            || self.removing.is_some()
            || self.renaming.is_some()
    }

    /// Takes an answer that this page asked for; gives back any other.
    pub fn on_answer(&mut self, id: QueryId, answer: Answer) -> Option<Answer> {
        if let Some((_, server)) = self.signing_out.filter(|(wanted, _)| *wanted == id) {
            self.signing_out = None;
            match answer {
                Answer::Failed { message } | Answer::SignedOut { remains: Some(message) } => {
                    self.failed = Some((server, message));
                }
                _ => {}
            }
            return None;
        }
        let mut answer = answer;
        if let Some(sign_in) = &mut self.sign_in {
            match sign_in.on_answer(id, answer) {
                sign_in::Heard::NotOurs(theirs) => answer = theirs,
                sign_in::Heard::GoOn => return None,
                sign_in::Heard::Finished => {
                    self.sign_in = None;
                    self.quiet = self.was_empty == Some(true);
                    return None;
                }
            }
        }
        let Some(flow) = &mut self.flow else { return Some(answer) };
        match flow.on_answer(id, answer) {
            add::Heard::NotOurs(answer) => Some(answer),
            add::Heard::GoOn => None,
            add::Heard::Found(found, reach) => {
                self.flow = None;
                self.sign_in = Some(sign_in::SignIn::to(found, Some(reach)));
                None
            }
            add::Heard::Saved => {
                self.flow = None;
                None
            }
        }
    }
}

/// Draws the page. Names and order are changed in `entries`. `notices` stand between the title and the list.
pub(super) fn ui(
    ui: &mut Ui,
    model: &ServersModel<'_>,
    state: &mut ServersState,
    entries: &mut [ServerPrefs],
    pictures: &mut Pictures,
    out: &mut Outbox,
    notices: impl FnOnce(&mut Ui, &mut Outbox),
) {
    let ServersModel { servers, prefs, now_ms } = *model;
    if state.was_empty.is_none() || (state.flow.is_none() && state.sign_in.is_none()) {
        state.was_empty = Some(servers.is_empty());
    }
    let top = ui.cursor().min;
    super::page_head(ui, texts::SERVERS, texts::SERVERS_SUB);
    if !servers.is_empty() {
        let corner = Rect::from_min_size(top, vec2(ui.available_width(), 30.0));
        let mut corner = ui.new_child(
            egui::UiBuilder::new().max_rect(corner).layout(Layout::right_to_left(Align::Center)).id_salt("add"),
        );
        spot(&mut corner, Spot::AddServer, |ui| {
            if ui.add(Button::new(texts::ADD_SERVER, Kind::Primary)).clicked() {
                state.begin_adding();
            }
        });
    }
    notices(ui, out);
    if servers.is_empty() {
        if widgets::empty(ui, texts::NO_SERVERS, texts::NO_SERVERS_HINT, Some(texts::ADD_SERVER)) {
            state.begin_adding();
        }
    } else {
        let mut moved = None;
        widgets::page_scroll(ui, "server-cards", |ui| {
            for (index, server) in servers.iter().enumerate() {
                let first = index == 0;
                let place = Place { first, last: index + 1 == servers.len() };
                ui.push_id(server.id, |ui| {
                    if let Some(step) = card(ui, server, place, now_ms, state, pictures, out) {
                        moved = Some((server.id, step));
                    }
                });
                ui.add_space(CARD_GAP);
            }
        });
        if let Some((id, step)) = moved {
            move_entry(entries, id, step);
        }
        // One frame when a text would say something else; a live server's says nothing new for a minute.
        let changes =
            servers.iter().map(|server| texts::health_changes_in_ms(&server.health, server.last_heard_ms, now_ms));
        if let Some(changes_in_ms) = changes.flatten().min() {
            ui.ctx().request_repaint_after(Duration::from_millis(changes_in_ms));
        }
    }
    if let Some(server) = state.removing.and_then(|id| servers.iter().find(|server| server.id == id)) {
        confirm_removal(ui, server, state, out);
    } else {
        state.removing = None;
    }
    rename(ui, state, entries);
    if let Some(server) = state.sign_in_wanted.take().and_then(|id| servers.iter().find(|server| server.id == id)) {
        state.flow = None;
        state.sign_in = Some(sign_in::SignIn::again(server, auth_of(prefs, server.id)));
    }
    if let Some(id) = state.connecting.take() {
        state.flow = prefs.iter().find(|server| server.id == id).map(add::Flow::connection);
    }
    if state.quiet {
        state.quiet = quiet::ui(ui);
    }
    if let Some(flow) = &mut state.flow
        && !add::ui(ui, flow, out)
    {
        state.flow = None;
    }
    if let Some(flow) = &mut state.sign_in {
        let insecure = |id: ServerId| prefs.iter().any(|server| server.id == id && server.insecure);
        match sign_in::ui(ui, flow, insecure, out) {
            sign_in::Left::No => {}
            sign_in::Left::Closed => state.sign_in = None,
            sign_in::Left::Back => {
                state.flow = Some(add::Flow::at(flow.address().to_owned(), flow.reach()));
                state.sign_in = None;
            }
        }
    }
}

fn auth_of(prefs: &[ServerPrefs], id: ServerId) -> AuthKind {
    prefs.iter().find(|server| server.id == id).map_or(AuthKind::Password, |server| server.auth)
}

/// Whether a card can go further up or down.
#[derive(Clone, Copy)]
struct Place {
    first: bool,
    last: bool,
}

/// Puts an entry before the one above it, or behind the one below it.
fn move_entry(entries: &mut [ServerPrefs], id: ServerId, step: isize) {
    if let Some(from) = entries.iter().position(|entry| entry.id == id)
        && let Some(to) = from.checked_add_signed(step).filter(|to| *to < entries.len())
    {
        entries.swap(from, to);
    }
}

/// Two arrows; returns where the card goes.
fn mover(ui: &mut Ui, server: &ServerView, place: Place) -> Option<isize> {
    let mut step = None;
    ui.spacing_mut().item_spacing.x = 2.0;
    for (icon, text, possible, by) in
        [(Icon::Down, texts::MOVE_DOWN, !place.last, 1), (Icon::Up, texts::MOVE_UP, !place.first, -1)]
    {
        ui.scope(|ui| {
            if !possible {
                ui.disable();
            }
            if widgets::icon_button(ui, icon, &texts::listed(&[text, &server.name]), Kind::Quiet).clicked() {
                step = Some(by);
            }
        });
    }
    step
}

/// One server; returns where its card goes, if it is moved.
fn card(
    ui: &mut Ui,
    server: &ServerView,
    place: Place,
    now_ms: i64,
    state: &mut ServersState,
    pictures: &mut Pictures,
    out: &mut Outbox,
) -> Option<isize> {
    let palette = Palette::of(ui);
    let mut step = None;
    widgets::card(ui).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 14.0;
            let (rect, _) = ui.allocate_exact_size(vec2(36.0, 36.0), Sense::hover());
            server_disc(ui, rect, &server.name);
            ui.vertical(|ui| {
                ui.horizontal(|ui| {
                    ui.set_min_height(20.0);
                    let arrows = if place.first && place.last { 0.0 } else { 60.0 };
                    ui.scope(|ui| {
                        ui.set_max_width(ui.available_width() - arrows);
                        widgets::label_truncated(ui, &server.name, Type::CardTitle, palette.text);
                    });
                    if arrows > 0.0 {
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| step = mover(ui, server, place));
                    }
                });
                widgets::label_truncated(ui, texts::about_server(server), Type::Body, palette.dim);
                ui.add_space(4.0);
                health(ui, server, now_ms);
                if let Some(ends_ms) = server.session_ends_ms.filter(|_| !is_signed_out(server)) {
                    let soon = texts::session_ends_soon(now_ms, ends_ms);
                    let ink = if soon { palette.amber } else { palette.dim };
                    // Under the words of the line above, not under its dot.
                    ui.horizontal(|ui| {
                        ui.add_space(16.0);
                        widgets::label(ui, texts::session_ends(now_ms, ends_ms), Type::Body, ink);
                    });
                }
            });
        });
        // What is unread on a server that is signed out is not known.
        if !is_signed_out(server) {
            ui.add_space(14.0);
            let mut open = state.listed.contains(&server.id);
            unread::ui(ui, server, &mut open, pictures, out);
            if open {
                state.listed.insert(server.id);
            } else {
                state.listed.remove(&server.id);
            }
        }
        ui.add_space(14.0);
        let mut permission_row = |ui: &mut Ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.y = 8.0;
                widgets::label(ui, texts::PERMISSION, Type::Body, palette.dim);
                permission(ui, server, out);
                if server.permission == Permission::Denied {
                    widgets::label(ui, texts::NOTIFICATIONS_OFF, Type::Body, palette.amber);
                }
            });
        };
        // The search leads to the first card.
        if place.first {
            spot(ui, Spot::Permission, permission_row);
        } else {
            permission_row(ui);
        }
        ui.add_space(14.0);
        let mut actions = |ui: &mut Ui| actions(ui, server, state, out);
        if place.first {
            spot(ui, Spot::Connection, actions);
        } else {
            actions(ui);
        }
        if let Some((_, message)) = state.failed.as_ref().filter(|(id, _)| *id == server.id) {
            ui.add_space(8.0);
            widgets::label(ui, message, Type::Body, palette.red);
        }
    });
    step
}

/// A name that is being changed.
#[derive(Debug)]
struct Renaming {
    id: ServerId,
    name: String,
    /// The field is to be typed into at once.
    focus: bool,
}

/// The dialog for the name.
fn rename(ui: &Ui, state: &mut ServersState, entries: &mut [ServerPrefs]) {
    let Some(Renaming { id, name, focus }) = &mut state.renaming else { return };
    let Some(entry) = entries.iter_mut().find(|entry| entry.id == *id) else {
        state.renaming = None;
        return;
    };
    let palette = Palette::of(ui);
    let (escaped, done) = widgets::dialog(ui.ctx(), "rename", texts::RENAME_TITLE, palette, |ui| {
        widgets::label(ui, texts::RENAME_TITLE, Type::DialogTitle, palette.text);
        ui.add_space(6.0);
        widgets::label(ui, texts::rename_text(texts::host(&entry.url)), Type::Body, palette.dim);
        let edit = widgets::TextField::new(name, texts::NAME).limit(100);
        let entered = add::field(ui, texts::NAME, edit, std::mem::take(focus));
        ui.add_space(20.0);
        let blocked = name.trim().is_empty().then_some(texts::FILL_IN_FIRST);
        widgets::answers(ui, |ui| {
            let pressed = ui.add(Button::new(texts::SAVE, Kind::Primary).disabled(blocked)).clicked();
            let saved = blocked.is_none() && (pressed || entered);
            if saved {
                name.trim().clone_into(&mut entry.name);
            }
            ui.add(Button::new(texts::CANCEL, Kind::Quiet)).clicked() || saved
        })
    });
    if escaped || done {
        state.renaming = None;
    }
}

fn health(ui: &mut Ui, server: &ServerView, now_ms: i64) {
    let palette = Palette::of(ui);
    let (dot, ink, kind) = match server.health {
        Health::Live => (palette.green, palette.dim, Type::Body),
        Health::Connecting => (palette.amber, palette.dim, Type::Body),
        Health::Waiting { .. } => (palette.amber, palette.amber, Type::Body),
        Health::SignedOut { .. } | Health::Failed { .. } => (palette.red, palette.red, Type::BodyStrong),
        Health::NotSignedIn => (palette.faint, palette.dim, Type::Body),
    };
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let (rect, _) = ui.allocate_exact_size(vec2(10.0, 18.0), Sense::hover());
        icons::dot(ui.painter(), rect.center(), dot);
        let words = texts::health_sentence(&server.health, server.last_heard_ms, now_ms);
        let label = widgets::label(ui, words, kind, ink);
        if server.health == Health::Live && server.last_heard_ms > 0 {
            label.on_hover_text(texts::last_heard(server.last_heard_ms, now_ms));
        }
    });
}

fn permission(ui: &mut Ui, server: &ServerView, out: &mut Outbox) {
    let chosen = match server.permission {
        Permission::Allowed => Permission::Allowed,
        Permission::Denied => Permission::Denied,
        Permission::DeniedForGood => Permission::DeniedForGood,
        Permission::Ask | Permission::Dismissed => Permission::Ask,
    };
    let mut choices = vec![(Permission::Allowed, texts::ALLOW), (Permission::Denied, texts::DENY)];
    if chosen == Permission::DeniedForGood {
        choices.push((Permission::DeniedForGood, texts::DENY_FOR_GOOD));
    }
    choices.push((Permission::Ask, texts::ASK_AGAIN));
    let group = texts::listed(&[&server.name, texts::PERMISSION]);
    if let Some(permission) = widgets::choice_row(ui, &group, Some(chosen), &choices) {
        out.command(Command::SetPermission { server: server.id, permission });
    }
}

fn is_signed_out(server: &ServerView) -> bool {
    matches!(server.health, Health::SignedOut { .. } | Health::NotSignedIn)
}

fn actions(ui: &mut Ui, server: &ServerView, state: &mut ServersState, out: &mut Outbox) {
    let named = |text: &str| texts::listed(&[text, &server.name]);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        if is_signed_out(server) {
            let name = named(texts::SIGN_IN);
            if ui.add(Button::new(texts::SIGN_IN_MORE, Kind::Secondary).name(&name)).clicked() {
                state.wants_sign_in(server.id);
            }
        } else {
            if server.session_ends_ms.is_some() {
                let name = named(texts::SIGN_IN);
                if ui.add(Button::new(texts::SIGN_IN_AGAIN_MORE, Kind::Secondary).name(&name)).clicked() {
                    state.wants_sign_in(server.id);
                }
            }
            let name = named(texts::CHECK_AGAIN);
            if ui.add(Button::new(texts::CHECK_AGAIN, Kind::Secondary).name(&name)).clicked() {
                out.command(Command::CheckAgain(server.id));
            }
            let name = named(texts::SIGN_OUT);
            let busy = state.signing_out.is_some_and(|(_, id)| id == server.id).then_some(texts::LOADING);
            if ui.add(Button::new(texts::SIGN_OUT, Kind::Secondary).name(&name).disabled(busy)).clicked() {
                state.failed = None;
                state.signing_out = Some((out.query(Query::SignOut(server.id)), server.id));
            }
        }
        let name = named(texts::CONNECTION);
        if ui.add(Button::new(texts::CONNECTION_MORE, Kind::Secondary).name(&name)).clicked() {
            state.connecting = Some(server.id);
        }
        let name = named(texts::RENAME);
        if ui.add(Button::new(texts::RENAME_MORE, Kind::Secondary).name(&name)).clicked() {
            state.renaming = Some(Renaming { id: server.id, name: server.name.clone(), focus: true });
        }
        let name = named(texts::REMOVE);
        if ui.add(Button::new(texts::REMOVE_MORE, Kind::Quiet).name(&name)).clicked() {
            state.removing = Some(server.id);
        }
    });
}

fn confirm_removal(ui: &Ui, server: &ServerView, state: &mut ServersState, out: &mut Outbox) {
    let palette = Palette::of(ui);
    let title = texts::remove_title(&server.name);
    let (escaped, done) = widgets::dialog(ui.ctx(), "remove", &title, palette, |ui| {
        let mut done = false;
        widgets::label(ui, &title, Type::DialogTitle, palette.text);
        ui.add_space(6.0);
        widgets::label(ui, texts::remove_text(texts::host(&server.url), server.permission), Type::Body, palette.dim);
        ui.add_space(20.0);
        widgets::answers(ui, |ui| {
            if ui.add(Button::new(texts::REMOVE, Kind::Danger)).clicked() {
                out.command(Command::RemoveServer(server.id));
                done = true;
            }
            if ui.add(Button::new(texts::CANCEL, Kind::Quiet)).clicked() {
                done = true;
            }
        });
        done
    });
    if escaped || done {
        state.removing = None;
    }
}
