//! Adding a server, or changing how one of the list is reached. Who one is there is asked by `sign_in`.

use belfry_core::ids::ServerId;
use belfry_core::prefs::ServerPrefs;
use belfry_core::query::{Answer, Discovered, Query};
use belfry_core::reach::{Obstacle, ReachDraft, Untrusted};
use egui::{Color32, CornerRadius, Ui};

use super::connection::Form;
use crate::bridge::QueryId;
use crate::outbox::Outbox;
use crate::texts;
use crate::theme::{Palette, RADIUS_CONTROL, Type};
use crate::widgets::{self, Button, Kind, TextField};

/// One way through the form.
pub(super) struct Flow {
    address: String,
    /// The server of the list whose connection is changed, with its name.
    server: Option<(ServerId, String)>,
    form: Form,
    /// The connection's part is shown.
    options: bool,
    /// What was tried last, as it was then.
    tried: Box<ReachDraft>,
    obstacle: Option<Obstacle>,
    pending: Option<QueryId>,
    failed: Option<String>,
    /// The field takes the focus once.
    focus: bool,
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flow").finish_non_exhaustive()
    }
}

/// What became of an answer.
pub(super) enum Heard {
    /// Another page asked for it.
    NotOurs(Answer),
    /// The form goes on.
    GoOn,
    /// A server is there: it is signed in to next, on the way that was found.
    Found(Discovered, Box<ReachDraft>),
    /// The connection was changed.
    Saved,
}

/// What the person wants besides filling in.
enum Wish {
    Submit { unchecked: bool },
    Close,
    Trust(String),
    GoTo(String),
    Back,
}

impl Flow {
    /// For a new server.
    pub(super) fn new() -> Self {
        Self {
            address: String::new(),
            server: None,
            form: Form::default(),
            options: false,
            tried: Box::default(),
            obstacle: None,
            pending: None,
            failed: None,
            focus: true,
        }
    }

    /// For another address than the one that led to a server, with what was filled in on the way.
    pub(super) fn at(address: String, draft: Option<&ReachDraft>) -> Self {
        let form = draft.map(Form::again).unwrap_or_default();
        let options = draft.is_some_and(|draft| *draft != ReachDraft::default());
        Self { address, form, options, ..Self::new() }
    }

    /// For the connection of a server of the list.
    pub(super) fn connection(server: &ServerPrefs) -> Self {
        Self {
            address: server.url.clone(),
            server: Some((server.id, server.name.clone())),
            form: Form::of(&server.reach),
            options: true,
            ..Self::new()
        }
    }

    pub(super) fn on_answer(&mut self, id: QueryId, answer: Answer) -> Heard {
        if self.pending != Some(id) {
            return Heard::NotOurs(answer);
        }
        self.pending = None;
        self.failed = None;
        match answer {
            Answer::Discovered(found) => return Heard::Found(found, std::mem::take(&mut self.tried)),
            Answer::ReachSet => return Heard::Saved,
            Answer::Obstacle(obstacle) => {
                self.form.open_for(&obstacle);
                self.options |= !matches!(obstacle, Obstacle::Redirect { .. } | Obstacle::Certificate(_));
                self.obstacle = Some(obstacle);
            }
            Answer::Failed { message } => self.failed = Some(message),
            _ => {}
        }
        Heard::GoOn
    }

    fn title(&self) -> String {
        match (&self.obstacle, &self.server) {
            (Some(Obstacle::Certificate(untrusted)), _) if untrusted.pinned.is_empty() => {
                texts::CERTIFICATE_TITLE.to_owned()
            }
            (Some(Obstacle::Certificate(_)), _) => texts::CERTIFICATE_CHANGED_TITLE.to_owned(),
            (_, Some((_, name))) => texts::connection_title(name),
            (_, None) => texts::ADD_TITLE.to_owned(),
        }
    }

    /// Why the primary button cannot be pressed.
    fn blocked(&self) -> Option<&'static str> {
        if self.pending.is_some() {
            return Some(texts::LOADING);
        }
        (self.address.trim().is_empty() || self.form.lacks_something()).then_some(texts::FILL_IN_FIRST)
    }

    fn submit(&mut self, unchecked: bool, out: &mut Outbox) {
        self.failed = None;
        self.obstacle = None;
        *self.tried = self.form.draft();
        let draft = self.tried.clone();
        let query = match self.server {
            Some((server, _)) => Query::SetReach { server, draft, unchecked },
            None => Query::Discover { address: self.address.trim().to_owned(), reach: draft },
        };
        self.pending = Some(out.query(query));
    }
}

/// Draws the form; returns whether it stays open.
pub(super) fn ui(ui: &Ui, flow: &mut Flow, out: &mut Outbox) -> bool {
    let palette = Palette::of(ui);
    let title = flow.title();
    let (escaped, wish) = widgets::dialog(ui.ctx(), "add-server", &title, palette, |ui| {
        widgets::label(ui, &title, Type::DialogTitle, palette.text);
        match flow.obstacle.clone() {
            Some(Obstacle::Certificate(untrusted)) => certificate(ui, &untrusted),
            _ => filling_in(ui, flow),
        }
    });
    match wish {
        _ if escaped => return false,
        Some(Wish::Close) => return false,
        Some(Wish::Submit { unchecked }) => flow.submit(unchecked, out),
        Some(Wish::Trust(sha256)) => {
            flow.form.trust(&sha256);
            flow.submit(false, out);
        }
        Some(Wish::GoTo(address)) => {
            flow.form.leave_host();
            flow.address = address;
            flow.submit(false, out);
        }
        Some(Wish::Back) => flow.obstacle = None,
        None => {}
    }
    true
}

fn filling_in(ui: &mut Ui, flow: &mut Flow) -> Option<Wish> {
    let palette = Palette::of(ui);
    let mut wish = None;
    let mut entered = false;
    let most = ui.available_height().max(200.0) - 60.0;
    widgets::dialog_scroll(ui, "form", most, |ui| {
        if let Some(obstacle) = &flow.obstacle {
            strip(ui, &texts::obstacle(obstacle), palette.amber_soft, palette.amber);
            if let Obstacle::Redirect { to, sign_in_page: false } = obstacle {
                ui.add_space(8.0);
                if ui.add(Button::new(texts::GO_THERE, Kind::Secondary)).clicked() {
                    wish = Some(Wish::GoTo(to.clone()));
                }
            }
        }
        if flow.server.is_none() {
            let focus = std::mem::take(&mut flow.focus);
            let edit = TextField::new(&mut flow.address, texts::ADDRESS).hint(texts::ADDRESS_HINT);
            entered |= field(ui, texts::ADDRESS, edit, focus);
        } else {
            ui.add_space(4.0);
            widgets::label(ui, texts::host(&flow.address), Type::Body, palette.dim);
        }
        if flow.options {
            entered |= flow.form.ui(ui);
        }
        if let Some(message) = &flow.failed {
            strip(ui, message, palette.red_soft, palette.red);
        }
    });
    ui.add_space(20.0);
    widgets::answers(ui, |ui| {
        let blocked = flow.blocked();
        let words = if flow.server.is_some() { texts::SAVE } else { texts::CONTINUE };
        let pressed = ui.add(Button::new(words, Kind::Primary).disabled(blocked)).clicked();
        if blocked.is_none() && (pressed || entered) {
            wish = Some(Wish::Submit { unchecked: false });
        }
        if ui.add(Button::new(texts::CANCEL, Kind::Quiet)).clicked() {
            wish = Some(Wish::Close);
        }
        if flow.pending.is_some() {
            let words = if flow.server.is_some() { texts::TRYING } else { texts::LOOKING };
            widgets::label(ui, words, Type::Body, palette.faint);
        } else if flow.server.is_some() && flow.failed.is_some() {
            let anyway = Button::new(texts::SAVE_ANYWAY, Kind::Secondary).disabled(blocked);
            if ui.add(anyway).clicked() && blocked.is_none() {
                wish = Some(Wish::Submit { unchecked: true });
            }
        } else if !flow.options && ui.add(Button::new(texts::OPTIONS, Kind::Link)).clicked() {
            flow.options = true;
        }
    });
    wish
}

/// What a certificate says, and whether to trust it all the same.
fn certificate(ui: &mut Ui, untrusted: &Untrusted) -> Option<Wish> {
    let palette = Palette::of(ui);
    let Untrusted { reason, certificate, pinned } = untrusted;
    let mut wish = None;
    let most = ui.available_height().max(200.0) - 60.0;
    widgets::dialog_scroll(ui, "certificate", most, |ui| {
        strip(ui, &texts::sentence(reason), palette.amber_soft, palette.amber);
        ui.add_space(8.0);
        let names = certificate.names.join(", ");
        for (name, value) in [
            (texts::ISSUED_TO, certificate.subject.as_str()),
            (texts::ISSUED_BY, certificate.issuer.as_str()),
            (texts::VALID_FOR, names.as_str()),
            (texts::VALID_FROM, certificate.valid_from.as_str()),
            (texts::VALID_UNTIL, certificate.valid_until.as_str()),
            (texts::FINGERPRINT, certificate.sha256.as_str()),
            (texts::TRUSTED_UNTIL_NOW, pinned.as_str()),
        ] {
            if name == texts::TRUSTED_UNTIL_NOW && value.is_empty() {
                continue;
            }
            ui.add_space(6.0);
            let value = if value.is_empty() { texts::NOT_SAID } else { value };
            widgets::label(ui, name, Type::SmallStrong, palette.dim);
            widgets::label(ui, value, Type::Body, palette.text);
        }
        ui.add_space(12.0);
        widgets::label(ui, texts::CERTIFICATE_ADVICE, Type::Body, palette.text);
        ui.add_space(6.0);
        widgets::label(ui, texts::CERTIFICATE_MEANS, Type::Small, palette.dim);
    });
    ui.add_space(20.0);
    widgets::answers(ui, |ui| {
        if ui.add(Button::new(texts::BACK, Kind::Primary)).clicked() {
            wish = Some(Wish::Back);
        }
        if ui.add(Button::new(texts::TRUST, Kind::Danger)).clicked() {
            wish = Some(Wish::Trust(certificate.sha256.clone()));
        }
        if ui.add(Button::new(texts::CANCEL, Kind::Quiet)).clicked() {
            wish = Some(Wish::Close);
        }
    });
    wish
}

/// A sentence that wants to be read.
fn strip(ui: &mut Ui, words: &str, fill: Color32, ink: Color32) {
    ui.add_space(10.0);
    let frame = egui::Frame::new()
        .fill(fill)
        .corner_radius(CornerRadius::same(RADIUS_CONTROL))
        .inner_margin(egui::Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        widgets::label(ui, words, Type::Body, ink);
    });
}

/// A label above a field; returns whether Enter was pressed in it.
pub(super) fn field(ui: &mut Ui, label: &str, field: TextField<'_>, focus: bool) -> bool {
    let palette = Palette::of(ui);
    ui.add_space(12.0);
    widgets::label(ui, label, Type::SmallStrong, palette.dim);
    ui.add_space(4.0);
    let response = field.show(ui);
    if focus {
        response.request_focus();
    }
    response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter))
}
