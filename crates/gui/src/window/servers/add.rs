//! Adding a server, or signing in to one again: address, then who one is, then a code where the server wants one.

use belfry_core::ids::ServerId;
use belfry_core::query::{Answer, Discovered, Login, Query};
use belfry_core::secret::Secret;
use belfry_core::view::ServerView;
use egui::{CornerRadius, Ui};

use crate::bridge::QueryId;
use crate::outbox::Outbox;
use crate::texts;
use crate::theme::{Palette, RADIUS_CONTROL, Type};
use crate::widgets::{self, Button, Kind, TextField};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Method {
    #[default]
    Password,
    Token,
}

#[derive(Debug)]
enum Step {
    /// Which server?
    Address,
    /// Who are you?
    SignIn,
}

/// One way through the form.
pub(super) struct Flow {
    step: Step,
    address: String,
    found: Discovered,
    /// The entry that is brought back to life.
    server: Option<ServerId>,
    consent: bool,
    method: Method,
    login_id: String,
    password: String,
    token: String,
    /// The code, once the server asked for one.
    mfa: Option<String>,
    pending: Option<QueryId>,
    failed: Option<String>,
    /// The first field of a step takes the focus once.
    focus: bool,
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Fields hold secrets.
        f.debug_struct("Flow").field("step", &self.step).finish_non_exhaustive()
    }
}

/// What became of an answer.
pub(super) enum Heard {
    /// Another page asked for it.
    NotOurs(Answer),
    /// The form goes on.
    GoOn,
    /// Signed in: the form closes.
    Finished,
}

impl Flow {
    /// For a new server.
    pub(super) fn new() -> Self {
        Self {
            step: Step::Address,
            address: String::new(),
            found: Discovered::default(),
            server: None,
            consent: false,
            method: Method::Password,
            login_id: String::new(),
            password: String::new(),
            token: String::new(),
            mfa: None,
            pending: None,
            failed: None,
            focus: true,
        }
    }

    /// For a server of the list that is signed out.
    pub(super) fn again(server: &ServerView) -> Self {
        let found = Discovered {
            url: server.url.clone(),
            name: server.name.clone(),
            version: server.version.clone(),
            insecure: server.url.starts_with("http://"),
            already: None,
            warnings: Vec::new(),
        };
        let login_id = server.username.clone();
        Self { step: Step::SignIn, found, server: Some(server.id), login_id, ..Self::new() }
    }

    pub(super) fn on_answer(&mut self, id: QueryId, answer: Answer) -> Heard {
        if self.pending != Some(id) {
            return Heard::NotOurs(answer);
        }
        self.pending = None;
        self.failed = None;
        match answer {
            Answer::Discovered(found) => {
                self.found = found;
                self.step = Step::SignIn;
                self.consent = false;
                self.focus = true;
            }
            Answer::SignedIn => return Heard::Finished,
            Answer::MfaWanted { refused } => {
                self.mfa = Some(String::new());
                self.focus = true;
                if refused {
                    self.failed = Some(texts::MFA_REFUSED.to_owned());
                }
            }
            Answer::Failed { message } => self.failed = Some(message),
            Answer::Activity { .. } | Answer::SignedOut | Answer::Doctor(_) | Answer::Pictures(_) => {}
        }
        Heard::GoOn
    }

    /// Why the primary button cannot be pressed.
    fn blocked(&self, consented: bool) -> Option<&'static str> {
        if self.pending.is_some() {
            return Some(texts::LOADING);
        }
        let filled = match self.step {
            Step::Address => !self.address.trim().is_empty(),
            Step::SignIn if self.found.insecure && !consented => return Some(texts::INSECURE_REASON),
            Step::SignIn => match (self.method, &self.mfa) {
                (Method::Token, _) => !self.token.trim().is_empty(),
                (Method::Password, None) => !self.login_id.trim().is_empty() && !self.password.is_empty(),
                (Method::Password, Some(code)) => !code.trim().is_empty(),
            },
        };
        (!filled).then_some(texts::FILL_IN_FIRST)
    }

    fn submit(&mut self, consented: bool, out: &mut Outbox) {
        self.failed = None;
        let query = match self.step {
            Step::Address => Query::Discover { address: self.address.trim().to_owned() },
            Step::SignIn => {
                let login = match self.method {
                    Method::Password => Login::Password {
                        login_id: self.login_id.trim().to_owned(),
                        password: Secret::new(self.password.clone()),
                        mfa: Secret::new(self.mfa.as_deref().unwrap_or_default().trim()),
                    },
                    Method::Token => Login::AccessToken(Secret::new(self.token.trim())),
                };
                Query::SignIn {
                    server: self.server,
                    url: self.found.url.clone(),
                    name: self.found.name.clone(),
                    insecure: self.found.insecure && consented,
                    login,
                }
            }
        };
        self.pending = Some(out.query(query));
    }
}

/// Draws the form; returns whether it stays open. `agreed` tells whether plain http was agreed to earlier.
pub(super) fn ui(ui: &Ui, flow: &mut Flow, agreed: impl Fn(ServerId) -> bool, out: &mut Outbox) -> bool {
    let palette = Palette::of(ui);
    let agreed_before = flow.server.is_some_and(agreed);
    let title = match flow.step {
        Step::Address => texts::ADD_TITLE.to_owned(),
        Step::SignIn => format!("Sign in to {}", flow.found.name),
    };
    let (escaped, keep) = widgets::dialog(ui.ctx(), "add-server", &title, palette, |ui| {
        widgets::label(ui, &title, Type::DialogTitle, palette.text);
        let mut keep = true;
        let mut entered = false;
        egui::ScrollArea::vertical().max_height(ui.available_height().max(200.0) - 60.0).show(ui, |ui| {
            match flow.step {
                Step::Address => entered = address(ui, flow),
                Step::SignIn => entered = sign_in(ui, flow, agreed_before),
            }
            if let Some(message) = &flow.failed {
                ui.add_space(10.0);
                let strip = egui::Frame::new()
                    .fill(palette.red_soft)
                    .corner_radius(CornerRadius::same(RADIUS_CONTROL))
                    .inner_margin(egui::Margin::symmetric(12, 8));
                strip.show(ui, |ui| {
                    ui.set_min_width(ui.available_width());
                    widgets::label(ui, message, Type::Body, palette.red);
                });
            }
        });
        ui.add_space(20.0);
        let consented = flow.consent || agreed_before;
        widgets::answers(ui, |ui| {
            let words = match flow.step {
                Step::Address => texts::CONTINUE,
                Step::SignIn => texts::SIGN_IN,
            };
            let blocked = flow.blocked(consented);
            let pressed = ui.add(Button::new(words, Kind::Primary).disabled(blocked)).clicked();
            if blocked.is_none() && (pressed || entered) {
                flow.submit(consented, out);
            }
            if ui.add(Button::new(texts::CANCEL, Kind::Quiet)).clicked() {
                keep = false;
            }
            if matches!(flow.step, Step::SignIn)
                && flow.server.is_none()
                && ui.add(Button::new(texts::BACK, Kind::Quiet)).clicked()
            {
                flow.step = Step::Address;
                flow.pending = None;
                flow.failed = None;
                flow.mfa = None;
                flow.focus = true;
            }
            if flow.pending.is_some() {
                let words = match flow.step {
                    Step::Address => texts::LOOKING,
                    Step::SignIn => texts::SIGNING_IN,
                };
                widgets::label(ui, words, Type::Body, palette.faint);
            }
        });
        keep
    });
    keep && !escaped
}

/// A label above a field; returns whether Enter was pressed in it.
fn field(ui: &mut Ui, label: &str, field: TextField<'_>, focus: bool) -> bool {
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

fn address(ui: &mut Ui, flow: &mut Flow) -> bool {
    let focus = std::mem::take(&mut flow.focus);
    let edit = TextField::new(&mut flow.address, texts::ADDRESS).hint(texts::ADDRESS_HINT);
    field(ui, texts::ADDRESS, edit, focus)
}

fn sign_in(ui: &mut Ui, flow: &mut Flow, agreed_before: bool) -> bool {
    let palette = Palette::of(ui);
    ui.add_space(4.0);
    widgets::label(ui, texts::about_address(&flow.found.url, &flow.found.version), Type::Body, palette.dim);
    if flow.found.already.is_some() {
        ui.add_space(6.0);
        widgets::label(ui, texts::ALREADY_THERE, Type::Body, palette.dim);
    }
    for warning in &flow.found.warnings {
        ui.add_space(6.0);
        widgets::label(ui, warning, Type::Body, palette.amber);
    }
    if flow.found.insecure && !agreed_before {
        ui.add_space(6.0);
        widgets::checkbox(ui, &mut flow.consent, texts::INSECURE_CONSENT);
    }
    let focus = std::mem::take(&mut flow.focus);
    if let Some(code) = &mut flow.mfa {
        return field(ui, texts::MFA_CODE, TextField::new(code, texts::MFA_CODE), focus);
    }
    ui.add_space(12.0);
    let choices = [(Method::Password, texts::WITH_PASSWORD), (Method::Token, texts::WITH_TOKEN)];
    if let Some(method) = widgets::choice_row(ui, texts::SIGN_IN, Some(flow.method), &choices) {
        flow.method = method;
        flow.failed = None;
    }
    match flow.method {
        Method::Password => {
            let name_known = !flow.login_id.is_empty();
            let name = TextField::new(&mut flow.login_id, texts::LOGIN_ID);
            let after_name = field(ui, texts::LOGIN_ID, name, focus && !name_known);
            let password = TextField::new(&mut flow.password, texts::PASSWORD).secret();
            let after_password = field(ui, texts::PASSWORD, password, focus && name_known);
            after_name || after_password
        }
        Method::Token => field(ui, texts::TOKEN, TextField::new(&mut flow.token, texts::TOKEN).secret(), focus),
    }
}
