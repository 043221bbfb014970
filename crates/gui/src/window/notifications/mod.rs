//! The Notifications page: what an account is told about, saved on its server (notifications §5.1–§5.7).
//!
//! What is drawn is the engine's answer, with what was changed in this frame put in, so that a tick moves at once. Whether it
//! was saved, refused or changed elsewhere comes back with the next answer.

mod keywords;
mod sections;
mod trial;

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::Permission;
use belfry_core::query::{Answer, Query};
use belfry_core::settings::{Editable, ServerSettings, SettingChange, SettingKey, Trouble};
use belfry_core::sound::SoundChoice;
use belfry_core::view::{Health, ServerView};
use egui::{Align, Layout, Rect, Ui, UiBuilder, vec2};

use crate::bridge::QueryId;
use crate::outbox::Outbox;
use crate::texts::{self, Tone, notifications as words};
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind, Saved, Wish};

/// The slice of the view that the page draws.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotificationsModel<'a> {
    /// All servers.
    pub(super) servers: &'a [ServerView],
    /// What plays because the person wanted to hear it.
    pub(super) previewing: Option<SoundChoice>,
    /// Wall clock, Unix milliseconds.
    pub(super) now_ms: i64,
}

/// What the page remembers.
#[derive(Debug, Default)]
pub struct NotificationsState {
    server: Option<ServerId>,
    settings: Option<ServerSettings>,
    /// A question that was not answered yet, and the revision it was asked at.
    pending: Option<QueryId>,
    asked: Option<(ServerId, u64)>,
    /// Seconds of egui's clock at which the present wait began.
    waiting_since: Option<f64>,
    failed: Option<String>,
    /// "Use different settings for my mobile devices", which is stored nowhere: as the person left it.
    mobile_differs: Option<bool>,
    words: keywords::Draft,
    phrases: keywords::Draft,
    /// The text of automatic replies while it is written.
    auto_reply: Option<String>,
    trial: trial::TrialState,
    /// The prompt was asked for again for this server since the page was opened.
    prompted: Option<ServerId>,
}

impl NotificationsState {
    /// The page is opened: a prompt that was closed comes again.
    pub(super) fn opened(&mut self) {
        self.prompted = None;
    }

    /// The page of this server.
    pub(super) fn show_server(&mut self, server: ServerId) {
        if self.server != Some(server) {
            *self = Self { server: Some(server), ..Self::default() };
        }
    }

    /// Takes an answer that this page asked for; gives back any other.
    pub(super) fn on_answer(&mut self, id: QueryId, answer: Answer) -> Option<Answer> {
        if self.pending != Some(id) {
            return self.trial.on_answer(id, answer);
        }
        self.pending = None;
        self.waiting_since = None;
        match answer {
            Answer::Settings(settings) if Some(settings.server) == self.server => {
                self.failed = None;
                self.settings = Some(*settings);
            }
            Answer::Failed { message } => self.failed = Some(message),
            _ => {}
        }
        None
    }

    /// Undoes the last change of the server's settings.
    pub(super) fn undo(&self, out: &mut Outbox) {
        let can = self.settings.as_ref().is_some_and(|settings| !settings.undo.is_empty());
        if let Some(server) = self.server.filter(|_| can) {
            out.command(Command::UndoSettings(server));
        }
    }

    fn refresh(&mut self, server: &ServerView, time: f64, out: &mut Outbox) {
        let wanted = (server.id, server.settings_revision);
        if self.asked == Some(wanted) || self.pending.is_some() {
            return;
        }
        self.asked = Some(wanted);
        self.pending = Some(out.query(Query::Settings(server.id)));
        self.waiting_since = self.waiting_since.or(Some(time));
    }
}

/// What a section of the page sees, and what it wants.
struct Form<'a> {
    settings: &'a ServerSettings,
    /// "Use different settings for my mobile devices"
    differs: bool,
    previewing: Option<SoundChoice>,
    now_ms: i64,
    changes: Vec<SettingChange>,
    commands: Vec<Command>,
}

impl Form<'_> {
    fn value(&self, key: SettingKey) -> &str {
        self.settings.value(key)
    }

    fn shows(&self, key: SettingKey) -> bool {
        self.settings.shows(key, self.differs)
    }

    fn set(&mut self, key: SettingKey, to: &str) {
        self.changes.push(self.settings.change(key, to));
    }

    fn can_edit(&self) -> bool {
        self.settings.editable == Editable::Yes
    }

    /// What was wanted and refused is wanted again.
    fn again(&mut self, keys: &[SettingKey]) {
        for key in keys {
            if let Some(Trouble::Refused { wanted: Some(wanted), .. }) = self.settings.field(*key).trouble.clone() {
                self.set(*key, &wanted);
            }
        }
    }

    /// A card of the page with its title, and what became of changes of these keys.
    fn section(
        &mut self,
        ui: &mut Ui,
        title: &str,
        sub: &str,
        keys: &[SettingKey],
        content: impl FnOnce(&mut Ui, &mut Self),
    ) {
        let time = ui.input(|input| input.time);
        let mut wish = None;
        let settings = self.settings;
        let saved = saved(settings, keys, self.now_ms, time);
        let aside = |ui: &mut Ui| wish = widgets::saved_line(ui, saved);
        widgets::titled_card(ui, title, sub, aside, |ui| {
            self.conflicts(ui, title, keys);
            let editable = self.can_edit();
            ui.scope(|ui| {
                if !editable {
                    ui.disable();
                }
                content(ui, self);
            });
        });
        match wish {
            Some(Wish::Undo) => self.commands.push(Command::UndoSettings(self.settings.server)),
            Some(Wish::Cancel) => self.commands.push(Command::CancelSaving(self.settings.server)),
            Some(Wish::Again) => self.again(keys),
            None => {}
        }
    }

    /// Somebody else changed the same, or the server saved something else: said, with both ways out.
    fn conflicts(&mut self, ui: &mut Ui, title: &str, keys: &[SettingKey]) {
        for key in keys {
            let (wanted, what) = match &self.settings.field(*key).trouble {
                Some(Trouble::ChangedElsewhere { wanted }) => (wanted.clone(), words::conflict(title)),
                Some(Trouble::SavedOtherwise { wanted }) => (wanted.clone(), words::saved_otherwise(title)),
                Some(Trouble::Refused { .. }) | None => continue,
            };
            let more =
                wanted.as_deref().map(|wanted| words::you_wanted(&words::value(*key, wanted))).unwrap_or_default();
            let mine = widgets::strip(ui, Tone::Warn, &what, &more, |ui| {
                let keep = ui.add(Button::new(words::KEEP_THEIRS, Kind::Secondary)).clicked();
                let mine = wanted.is_some() && ui.add(Button::new(words::USE_MINE, Kind::Link)).clicked();
                if keep {
                    self.commands.push(Command::ForgetSettingTrouble(self.settings.server));
                }
                mine
            });
            if let Some(wanted) = wanted.filter(|_| mine) {
                self.set(*key, &wanted);
            }
        }
    }
}

/// How it stands with these keys, for the line at the right of their card.
fn saved<'a>(settings: &'a ServerSettings, keys: &[SettingKey], now_ms: i64, time: f64) -> Saved<'a> {
    let fields = || keys.iter().map(|key| settings.field(*key));
    if let Some(since_ms) = fields().filter_map(|field| field.saving_since_ms).min() {
        let ago = now_ms.saturating_sub(since_ms).max(0) as f64 / 1000.0;
        return Saved::Saving(time - ago);
    }
    let refused = fields().find_map(|field| match &field.trouble {
        Some(Trouble::Refused { reason, .. }) => Some(reason.as_str()),
        _ => None,
    });
    match refused {
        Some(reason) => Saved::Failed(reason),
        None if keys.iter().any(|key| settings.undo.contains(key)) => Saved::Saved,
        None => Saved::Unchanged,
    }
}

/// Draws the page with its title. `notices` stand below the title.
pub(super) fn ui(
    ui: &mut Ui,
    model: &NotificationsModel<'_>,
    state: &mut NotificationsState,
    out: &mut Outbox,
    notices: impl FnOnce(&mut Ui, &mut Outbox),
) {
    let NotificationsModel { servers, previewing, now_ms } = *model;
    let top = ui.cursor().min;
    super::page_head(ui, words::TITLE, words::SUB);
    let chosen = state.server.filter(|id| servers.iter().any(|server| server.id == *id));
    let Some(server) = chosen.map_or(servers.first(), |id| servers.iter().find(|server| server.id == id)) else {
        notices(ui, out);
        return;
    };
    state.show_server(server.id);
    if servers.len() > 1
        && let Some(other) = which_server(ui, top, servers, server.id)
    {
        state.show_server(other);
    }
    notices(ui, out);
    let Some(server) = servers.iter().find(|server| state.server == Some(server.id)) else { return };
    if state.prompted != Some(server.id) {
        state.prompted = Some(server.id);
        if server.permission == Permission::Dismissed {
            out.command(Command::AskPermissionAgain(server.id));
        }
    }
    let time = ui.input(|input| input.time);
    state.refresh(server, time, out);
    widgets::page_scroll(ui, "notifications", |ui| {
        if !matches!(server.permission, Permission::Allowed) {
            let allow = widgets::strip(ui, Tone::Warn, words::OFF_HERE, words::OFF_HERE_HINT, |ui| {
                ui.add(Button::new(words::ALLOW, Kind::Secondary)).clicked()
            });
            if allow {
                out.command(Command::SetPermission { server: server.id, permission: Permission::Allowed });
            }
        }
        if let Some(message) = &state.failed {
            widgets::strip(ui, Tone::Urgent, message, "", |_| ());
        }
        let Some(settings) = state.settings.take().filter(|settings| settings.server == server.id) else {
            if let Some(since) = state.waiting_since {
                ui.horizontal(|ui| widgets::waiting(ui, since, words::NOT_KNOWN_YET, false));
            }
            return;
        };
        let settings = page(ui, server, settings, previewing, now_ms, state, out);
        state.settings = Some(settings);
    });
}

fn which_server(ui: &mut Ui, top: egui::Pos2, servers: &[ServerView], chosen: ServerId) -> Option<ServerId> {
    let width = 160.0;
    let corner = Rect::from_min_size(top, vec2(ui.available_width(), 30.0));
    let layout = Layout::right_to_left(Align::Center);
    let mut corner = ui.new_child(UiBuilder::new().max_rect(corner).layout(layout).id_salt("server"));
    let choices: Vec<(ServerId, &str)> = servers.iter().map(|server| (server.id, server.name.as_str())).collect();
    widgets::select(&mut corner, words::WHICH_SERVER, Some(chosen), &choices, "", width)
}

/// The cards; returns the settings with what was changed put in.
fn page(
    ui: &mut Ui,
    server: &ServerView,
    mut settings: ServerSettings,
    previewing: Option<SoundChoice>,
    now_ms: i64,
    state: &mut NotificationsState,
    out: &mut Outbox,
) -> ServerSettings {
    match &settings.editable {
        Editable::Yes => {}
        Editable::NotLoaded => {
            let signed_out = matches!(server.health, Health::SignedOut { .. } | Health::NotSignedIn);
            let why = if signed_out { words::SIGNED_OUT } else { words::NOT_KNOWN_YET };
            widgets::strip(ui, Tone::Plain, why, "", |_| ());
            return settings;
        }
        Editable::No { reason } => {
            widgets::strip(ui, Tone::Warn, &texts::sentence(reason), words::OFFLINE_READ_ONLY, |_| ());
        }
    }
    let differs = state.mobile_differs.unwrap_or_else(|| settings.mobile_differs());
    let (changes, commands, differs) = {
        let form = Form { settings: &settings, differs, previewing, now_ms, changes: Vec::new(), commands: Vec::new() };
        let mut form = form;
        sections::desktop_and_mobile(ui, &mut form);
        sections::sounds(ui, &mut form);
        sections::email(ui, &mut form);
        keywords::triggering(ui, &mut form, &mut state.words);
        if settings.offers.highlights {
            keywords::highlighted(ui, &mut form, &mut state.phrases);
        }
        if form.shows(SettingKey::Comments) {
            sections::replies(ui, &mut form);
        }
        if form.shows(SettingKey::AutoResponderActive) {
            sections::auto_reply(ui, &mut form, &mut state.auto_reply);
        }
        (form.changes, form.commands, form.differs)
    };
    state.mobile_differs = Some(differs);
    trial::ui(ui, &settings, server, &mut state.trial, out);
    for command in commands {
        out.command(command);
    }
    if !changes.is_empty() {
        for change in &changes {
            if let (Some(field), Some(to)) = (settings.fields.get_mut(&change.key), &change.to) {
                field.value.clone_from(to);
                field.unknown = !change.key.knows(to);
                field.saving_since_ms = Some(now_ms);
                field.trouble = None;
            }
        }
        state.trial.settings_changed();
        out.command(Command::ChangeSettings { server: settings.server, changes });
    }
    settings
}

/// A value that this version does not know is shown as it is.
fn unknown(ui: &mut Ui, settings: &ServerSettings, key: SettingKey) {
    let field = settings.field(key);
    if field.unknown {
        ui.add_space(4.0);
        widgets::label(ui, words::unknown(&field.value), Type::Small, Palette::of(ui).amber);
    }
}
