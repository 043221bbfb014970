//! Signing in to a server that was found, or again to one of the list: with a password and a code, in the browser, or with
//! an access token.

use belfry_core::ids::ServerId;
use belfry_core::prefs::AuthKind;
use belfry_core::query::{Answer, Discovered, Login, Provider, Query, SignInWays};
use belfry_core::reach::ReachDraft;
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
    Browser,
    Token,
}

/// A browser that is being waited for.
struct Waiting {
    number: u64,
    address: Secret,
    handover: bool,
    /// `None` until the next frame, which has an outbox to ask with.
    done: Option<QueryId>,
    paste: String,
    pasted: Option<QueryId>,
    copied: bool,
}

/// One way through the dialog.
pub(super) struct SignIn {
    /// The entry that is brought back to life.
    server: Option<ServerId>,
    found: Discovered,
    reach: Option<Box<ReachDraft>>,
    consent: bool,
    ways: Option<SignInWays>,
    asked_ways: Option<QueryId>,
    method: Method,
    provider: Option<Provider>,
    handover: bool,
    login_id: String,
    password: String,
    token: String,
    /// The code, once the server asked for one.
    mfa: Option<String>,
    waiting: Option<Waiting>,
    /// Why there is no place for the token, while the person is asked.
    keyring: Option<String>,
    keeping: Option<QueryId>,
    pending: Option<QueryId>,
    failed: Option<String>,
    /// What was wanted is asked for again: there is a place for the token now.
    again: bool,
    /// The first field of a step takes the focus once.
    focus: bool,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Fields hold secrets.
        f.debug_struct("SignIn").field("server", &self.server).finish_non_exhaustive()
    }
}

/// What became of an answer.
pub(super) enum Heard {
    /// Another page asked for it.
    NotOurs(Answer),
    /// The dialog goes on.
    GoOn,
    /// Signed in: the dialog closes.
    Finished,
}

/// What a frame of the dialog came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// It stays open.
    No,
    /// It was closed.
    Closed,
    /// The person wants another address.
    Back,
}

impl SignIn {
    /// To a server that was just found; `reach` as it was filled in on the way.
    pub(super) fn to(found: Discovered, reach: Option<Box<ReachDraft>>) -> Self {
        Self {
            server: None,
            found,
            reach,
            consent: false,
            ways: None,
            asked_ways: None,
            method: Method::Password,
            provider: None,
            handover: true,
            login_id: String::new(),
            password: String::new(),
            token: String::new(),
            mfa: None,
            waiting: None,
            keyring: None,
            keeping: None,
            pending: None,
            failed: None,
            again: false,
            focus: true,
        }
    }

    /// To a server of the list that is signed out, or soon will be.
    pub(super) fn again(server: &ServerView, auth: AuthKind) -> Self {
        let found = Discovered {
            url: server.url.clone(),
            name: server.name.clone(),
            version: server.version.clone(),
            insecure: server.url.starts_with("http://"),
            already: None,
            warnings: Vec::new(),
        };
        let method = match auth {
            AuthKind::Password => Method::Password,
            AuthKind::Browser => Method::Browser,
            AuthKind::AccessToken => Method::Token,
        };
        Self { server: Some(server.id), login_id: server.username.clone(), method, ..Self::to(found, None) }
    }

    pub(super) fn on_answer(&mut self, id: QueryId, answer: Answer) -> Heard {
        if self.asked_ways == Some(id) {
            self.asked_ways = None;
            self.on_ways(answer);
            return Heard::GoOn;
        }
        if self.keeping == Some(id) {
            self.keeping = None;
            match answer {
                Answer::Done => {
                    self.keyring = None;
                    self.again = true;
                }
                Answer::Failed { message } => self.failed = Some(message),
                _ => {}
            }
            return Heard::GoOn;
        }
        if let Some(waiting) = &mut self.waiting {
            let (done, pasted) = (waiting.done == Some(id), waiting.pasted == Some(id));
            if done || pasted {
                if pasted {
                    waiting.pasted = None;
                }
                return self.on_browser(answer, done);
            }
        }
        if self.pending != Some(id) {
            return Heard::NotOurs(answer);
        }
        self.pending = None;
        self.failed = None;
        match answer {
            Answer::SignedIn => return Heard::Finished,
            Answer::MfaWanted { refused } => {
                self.mfa = Some(String::new());
                self.focus = true;
                if refused {
                    self.failed = Some(texts::MFA_REFUSED.to_owned());
                }
            }
            Answer::KeyringMissing { message } => self.keyring = Some(message),
            Answer::BrowserOpened { number, address, handover } => {
                self.focus = true;
                self.waiting = Some(Waiting {
                    number,
                    address,
                    handover,
                    done: None,
                    paste: String::new(),
                    pasted: None,
                    copied: false,
                });
            }
            Answer::Failed { message } => self.failed = Some(message),
            _ => {}
        }
        Heard::GoOn
    }

    fn on_ways(&mut self, answer: Answer) {
        let ways = match answer {
            Answer::SignInWays(ways) => ways,
            // Passwords and access tokens work without knowing; only the browser does not.
            Answer::Failed { message } => {
                if self.method == Method::Browser {
                    self.failed = Some(message);
                }
                SignInWays { password: true, ..SignInWays::default() }
            }
            _ => SignInWays { password: true, ..SignInWays::default() },
        };
        self.provider = ways.browser.first().map(|way| way.provider);
        match self.method {
            // Nothing was typed for a way that does not exist.
            Method::Password if !ways.password && self.password.is_empty() => {
                self.method = if ways.browser.is_empty() { Method::Token } else { Method::Browser };
            }
            Method::Browser if ways.browser.is_empty() => self.method = Method::Password,
            Method::Password | Method::Browser | Method::Token => {}
        }
        self.ways = Some(ways);
    }

    /// The browser's sign-in ended (`done`), or what was pasted for it was looked at.
    fn on_browser(&mut self, answer: Answer, done: bool) -> Heard {
        match answer {
            Answer::SignedIn => return Heard::Finished,
            Answer::Failed { message } | Answer::KeyringMissing { message } => {
                self.failed = Some(message);
                if done {
                    self.waiting = None;
                }
            }
            _ => {}
        }
        Heard::GoOn
    }

    /// How it is reached, as it was filled in on the way.
    pub(super) fn reach(&self) -> Option<&ReachDraft> {
        self.reach.as_deref()
    }

    /// The server's address.
    pub(super) fn address(&self) -> &str {
        &self.found.url
    }

    fn browser_ways(&self) -> &[belfry_core::query::BrowserWay] {
        self.ways.as_ref().map_or(&[], |ways| &ways.browser)
    }

    /// Why the primary button cannot be pressed.
    fn blocked(&self, consented: bool) -> Option<&'static str> {
        if self.pending.is_some() || self.keeping.is_some() {
            return Some(texts::LOADING);
        }
        if self.keyring.is_some() {
            return None;
        }
        if let Some(waiting) = &self.waiting {
            return match waiting {
                _ if waiting.pasted.is_some() => Some(texts::LOADING),
                _ if waiting.paste.trim().is_empty() => Some(texts::FILL_IN_FIRST),
                _ => None,
            };
        }
        if self.found.insecure && !consented {
            return Some(texts::INSECURE_REASON);
        }
        let filled = match (self.method, &self.mfa) {
            (Method::Token, _) => !self.token.trim().is_empty(),
            (Method::Browser, _) if self.ways.is_none() => return Some(texts::LOADING),
            (Method::Browser, _) => self.provider.is_some(),
            (Method::Password, None) => !self.login_id.trim().is_empty() && !self.password.is_empty(),
            (Method::Password, Some(code)) => !code.trim().is_empty(),
        };
        (!filled).then_some(texts::FILL_IN_FIRST)
    }

    fn submit(&mut self, consented: bool, out: &mut Outbox) {
        self.failed = None;
        if self.keyring.is_some() {
            self.keeping = Some(out.query(Query::KeepTokensInFile));
            return;
        }
        if let Some(waiting) = &mut self.waiting {
            let link = Secret::new(waiting.paste.trim());
            waiting.pasted = Some(out.query(Query::FinishBrowserSignIn(link)));
            return;
        }
        let (server, url, name) = (self.server, self.found.url.clone(), self.found.name.clone());
        let (insecure, reach) = (self.found.insecure && consented, self.reach.clone());
        let login = match self.method {
            Method::Password => Login::Password {
                login_id: self.login_id.trim().to_owned(),
                password: Secret::new(self.password.clone()),
                mfa: Secret::new(self.mfa.as_deref().unwrap_or_default().trim()),
            },
            Method::Token => Login::AccessToken(Secret::new(self.token.trim())),
            Method::Browser => {
                let Some(provider) = self.provider else { return };
                let handover = self.handover;
                let query = Query::BrowserSignIn { server, url, name, insecure, reach, provider, handover };
                self.pending = Some(out.query(query));
                return;
            }
        };
        self.pending = Some(out.query(Query::SignIn { server, url, name, insecure, reach, login }));
    }

    fn primary(&self) -> String {
        match (&self.keyring, &self.waiting, self.method) {
            (Some(_), _, _) => texts::KEEP_IN_FILE.to_owned(),
            (None, None, Method::Browser) => {
                let label = self.browser_ways().iter().find(|way| Some(way.provider) == self.provider);
                texts::continue_with(label.map_or(texts::IN_BROWSER, |way| way.label.as_str()))
            }
            (None, _, _) => texts::SIGN_IN.to_owned(),
        }
    }

    fn give_up_browser(&mut self, out: &mut Outbox) {
        if let Some(waiting) = self.waiting.take() {
            out.query(Query::CancelBrowserSignIn(waiting.number));
        }
    }
}

/// Draws the dialog. `agreed` tells whether plain http was agreed to earlier.
pub(super) fn ui(ui: &Ui, flow: &mut SignIn, agreed: impl Fn(ServerId) -> bool, out: &mut Outbox) -> Left {
    if flow.ways.is_none() && flow.asked_ways.is_none() {
        let (server, url, reach) = (flow.server, flow.found.url.clone(), flow.reach.clone());
        flow.asked_ways = Some(out.query(Query::SignInWays { server, url, reach }));
    }
    if let Some(waiting) = flow.waiting.as_mut().filter(|waiting| waiting.done.is_none()) {
        waiting.done = Some(out.query(Query::BrowserSignInDone(waiting.number)));
    }
    let palette = Palette::of(ui);
    let agreed_before = flow.server.is_some_and(agreed);
    if std::mem::take(&mut flow.again) {
        flow.submit(flow.consent || agreed_before, out);
    }
    let title = match (&flow.keyring, &flow.waiting) {
        (Some(_), _) => texts::KEYRING_TITLE.to_owned(),
        (None, Some(_)) => texts::FINISH_IN_BROWSER.to_owned(),
        (None, None) => texts::sign_in_to(&flow.found.name),
    };
    let (escaped, left) = widgets::dialog(ui.ctx(), "sign-in", &title, palette, |ui| {
        widgets::label(ui, &title, Type::DialogTitle, palette.text);
        let mut entered = false;
        let most = ui.available_height().max(200.0) - 60.0;
        widgets::dialog_scroll(ui, "form", most, |ui| {
            entered = if let Some(trouble) = &flow.keyring {
                ui.add_space(4.0);
                widgets::label(ui, texts::keyring_question(trouble), Type::Body, palette.dim);
                false
            } else if flow.waiting.is_some() {
                waiting_ui(ui, flow)
            } else {
                form(ui, flow, agreed_before)
            };
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
        answers(ui, flow, agreed_before, entered, out)
    });
    let left = if escaped { Left::Closed } else { left };
    if left != Left::No {
        flow.give_up_browser(out);
    }
    left
}

fn answers(ui: &mut Ui, flow: &mut SignIn, agreed_before: bool, entered: bool, out: &mut Outbox) -> Left {
    let palette = Palette::of(ui);
    let consented = flow.consent || agreed_before;
    let mut left = Left::No;
    widgets::answers(ui, |ui| {
        let blocked = flow.blocked(consented);
        let pressed = ui.add(Button::new(&flow.primary(), Kind::Primary).disabled(blocked)).clicked();
        if blocked.is_none() && (pressed || entered) {
            flow.submit(consented, out);
        }
        if ui.add(Button::new(texts::CANCEL, Kind::Quiet)).clicked() {
            left = Left::Closed;
        }
        let inside = flow.keyring.is_some() || flow.waiting.is_some() || flow.mfa.is_some();
        if (inside || flow.server.is_none()) && ui.add(Button::new(texts::BACK, Kind::Quiet)).clicked() {
            flow.failed = None;
            flow.pending = None;
            flow.focus = true;
            if flow.keyring.take().is_none() && flow.waiting.is_none() && flow.mfa.take().is_none() {
                left = Left::Back;
            }
            flow.give_up_browser(out);
        }
        if flow.pending.is_some() || flow.waiting.as_ref().is_some_and(|waiting| waiting.pasted.is_some()) {
            widgets::label(ui, texts::SIGNING_IN, Type::Body, palette.faint);
        }
    });
    left
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

/// Who are you?
fn form(ui: &mut Ui, flow: &mut SignIn, agreed_before: bool) -> bool {
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
    let mut choices = Vec::new();
    let ways = flow.ways.as_ref();
    if flow.method == Method::Password || ways.is_none_or(|ways| ways.password) {
        choices.push((Method::Password, texts::WITH_PASSWORD));
    }
    if flow.method == Method::Browser || ways.is_some_and(|ways| !ways.browser.is_empty()) {
        choices.push((Method::Browser, texts::IN_BROWSER));
    }
    choices.push((Method::Token, texts::WITH_TOKEN));
    if let Some(method) = widgets::choice_row(ui, texts::SIGN_IN, Some(flow.method), &choices) {
        flow.method = method;
        flow.failed = None;
        flow.focus = true;
    }
    if ways.is_some_and(|ways| ways.browser_too_old) {
        ui.add_space(6.0);
        widgets::label(ui, texts::BROWSER_TOO_OLD, Type::Body, palette.amber);
    }
    match flow.method {
        Method::Password => {
            let name_known = !flow.login_id.is_empty();
            let called = ways.map(|ways| ways.login_id.clone()).filter(|called| !called.is_empty());
            let called = called.as_deref().unwrap_or(texts::LOGIN_ID);
            let name = TextField::new(&mut flow.login_id, called);
            let after_name = field(ui, called, name, focus && !name_known);
            let password = TextField::new(&mut flow.password, texts::PASSWORD).secret();
            let after_password = field(ui, texts::PASSWORD, password, focus && name_known);
            after_name || after_password
        }
        Method::Token => field(ui, texts::TOKEN, TextField::new(&mut flow.token, texts::TOKEN).secret(), focus),
        Method::Browser => {
            browser_choice(ui, flow);
            false
        }
    }
}

fn browser_choice(ui: &mut Ui, flow: &mut SignIn) {
    let palette = Palette::of(ui);
    ui.add_space(12.0);
    if flow.ways.is_none() {
        widgets::label(ui, texts::ASKING_WAYS, Type::Body, palette.faint);
        return;
    }
    let ways = flow.browser_ways();
    if ways.len() > 1 {
        let choices: Vec<(Provider, &str)> = ways.iter().map(|way| (way.provider, way.label.as_str())).collect();
        if let Some(provider) = widgets::choice_row(ui, texts::PROVIDER, flow.provider, &choices) {
            flow.provider = Some(provider);
        }
        ui.add_space(12.0);
    }
    widgets::checkbox(ui, &mut flow.handover, texts::HAND_OVER);
    ui.add_space(2.0);
    widgets::label(ui, texts::HAND_OVER_HINT, Type::Small, palette.faint);
}

/// The browser has opened; the last page comes back as a link or by hand.
fn waiting_ui(ui: &mut Ui, flow: &mut SignIn) -> bool {
    let palette = Palette::of(ui);
    let focus = std::mem::take(&mut flow.focus);
    let Some(waiting) = &mut flow.waiting else { return false };
    ui.add_space(4.0);
    let (text, label) = if waiting.handover {
        (texts::WAITING_FOR_LINK, texts::PASTE_INSTEAD)
    } else {
        (texts::WAITING_FOR_PASTE, texts::PASTE)
    };
    widgets::label(ui, text, Type::Body, palette.dim);
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        if ui.add(Button::new(texts::COPY_ADDRESS, Kind::Secondary)).clicked() {
            ui.ctx().copy_text(waiting.address.expose().to_owned());
            waiting.copied = true;
        }
        if waiting.copied {
            widgets::label(ui, texts::COPIED, Type::Small, palette.faint);
        }
    });
    let paste = TextField::new(&mut waiting.paste, label).limit(4096);
    field(ui, label, paste, focus && !waiting.handover)
}
