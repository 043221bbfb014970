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
use egui::{Align, Layout, Rect, ScrollArea, Sense, Ui, vec2};

use super::{empty, permission::server_disc};
use crate::bridge::QueryId;
use crate::icons;
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
        self.listed = servers.iter().filter(|server| server.badge.mentions > 0).map(|server| server.id).collect();
    }

    /// Whether a dialog of this page is open.
    pub fn is_dialog_open(&self) -> bool {
        self.flow.is_some() || self.sign_in.is_some() || self.quiet || self.removing.is_some()
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

/// Draws the page. `notices` stand between the title and the list.
pub(super) fn ui(
    ui: &mut Ui,
    model: &ServersModel<'_>,
    state: &mut ServersState,
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
        if corner.add(Button::new(texts::ADD_SERVER, Kind::Primary)).clicked() {
            state.begin_adding();
        }
    }
    notices(ui, out);
    if servers.is_empty() {
        if empty(ui, texts::NO_SERVERS, texts::NO_SERVERS_HINT, Some(texts::ADD_SERVER)) {
            state.begin_adding();
        }
    } else {
        ScrollArea::vertical().id_salt("server-cards").auto_shrink(false).show(ui, |ui| {
            for server in servers {
                ui.push_id(server.id, |ui| card(ui, server, now_ms, state, pictures, out));
                ui.add_space(CARD_GAP);
            }
        });
        // "Trying again in 8 s" counts down. "Last heard 4 s ago" is only precise to ten seconds in the view.
        let waits = servers.iter().any(|server| matches!(server.health, Health::Waiting { .. }));
        ui.ctx().request_repaint_after(Duration::from_secs(if waits { 1 } else { 5 }));
    }
    if let Some(server) = state.removing.and_then(|id| servers.iter().find(|server| server.id == id)) {
        confirm_removal(ui, server, state, out);
    } else {
        state.removing = None;
    }
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

fn card(
    ui: &mut Ui,
    server: &ServerView,
    now_ms: i64,
    state: &mut ServersState,
    pictures: &mut Pictures,
    out: &mut Outbox,
) {
    let palette = Palette::of(ui);
    widgets::card(ui).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 14.0;
            let (rect, _) = ui.allocate_exact_size(vec2(36.0, 36.0), Sense::hover());
            server_disc(ui, rect, &server.name);
            ui.vertical(|ui| {
                widgets::label_truncated(ui, &server.name, Type::CardTitle, palette.text);
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
        if server.permission == Permission::Allowed && !is_signed_out(server) {
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
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.y = 8.0;
            widgets::label(ui, texts::PERMISSION, Type::Body, palette.dim);
            permission(ui, server, out);
            if server.permission == Permission::Denied {
                widgets::label(ui, texts::NOTIFICATIONS_OFF, Type::Body, palette.amber);
            }
        });
        ui.add_space(14.0);
        actions(ui, server, state, out);
        if let Some((_, message)) = state.failed.as_ref().filter(|(id, _)| *id == server.id) {
            ui.add_space(8.0);
            widgets::label(ui, message, Type::Body, palette.red);
        }
    });
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
        widgets::label(ui, words, kind, ink);
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
    let group = format!("{}, {}", server.name, texts::PERMISSION);
    if let Some(permission) = widgets::choice_row(ui, &group, Some(chosen), &choices) {
        out.command(Command::SetPermission { server: server.id, permission });
    }
}

fn is_signed_out(server: &ServerView) -> bool {
    matches!(server.health, Health::SignedOut { .. } | Health::NotSignedIn)
}

fn actions(ui: &mut Ui, server: &ServerView, state: &mut ServersState, out: &mut Outbox) {
    let named = |text: &str| format!("{text}, {}", server.name);
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
        widgets::label(ui, texts::remove_text(texts::host(&server.url)), Type::Body, palette.dim);
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
