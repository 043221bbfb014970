//! Sound files of the person's own.

use belfry_core::command::Command;
use belfry_core::prefs::{SoundPrefs, SoundRule};
use belfry_core::query::{Answer, Query};
use belfry_core::sound::SoundChoice;
use egui::{Align, Layout, Ui};

use super::rule;
use crate::bridge::QueryId;
use crate::icons::Icon;
use crate::outbox::Outbox;
use crate::texts::{self, Tone, sounds as words};
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind, TextField};
use crate::window::sound_picker::{self, Offer, Shape};

/// How a stored name of an own file begins ([`SoundRule::sound`]).
pub(super) const PREFIX: &str = "own:";

/// What the card remembers.
#[derive(Debug, Default)]
pub(super) struct OwnState {
    /// The path that is being written; `None` = the button is shown.
    path: Option<String>,
    focus: bool,
    pending: Option<(QueryId, f64)>,
    failed: Option<String>,
    /// The last one was longer than is used.
    cut: bool,
}

impl OwnState {
    pub(super) fn on_answer(&mut self, id: QueryId, answer: Answer) -> Option<Answer> {
        if self.pending.is_none_or(|(wanted, _)| wanted != id) {
            return Some(answer);
        }
        self.pending = None;
        match answer {
            Answer::SoundImported { id: _, cut } => *self = Self { cut, ..Self::default() },
            Answer::Failed { message } => self.failed = Some(message),
            _ => {}
        }
        None
    }
}

/// The person's own files, to be chosen.
pub(super) fn offers(prefs: &SoundPrefs) -> Vec<Offer> {
    let offer = |own: &belfry_core::prefs::OwnSound| {
        let sound = SoundChoice::Own(own.id);
        Offer { value: SoundRule::written(Some(sound)), text: own.name.clone(), sound: Some(sound) }
    };
    prefs.own.iter().map(offer).collect()
}

pub(super) fn ui(
    ui: &mut Ui,
    state: &mut OwnState,
    prefs: &SoundPrefs,
    previewing: Option<SoundChoice>,
    out: &mut Outbox,
) {
    widgets::titled_card(
        ui,
        words::OWN,
        words::OWN_SUB,
        |_| (),
        |ui| {
            let palette = Palette::of(ui);
            if prefs.own.is_empty() {
                widgets::label(ui, words::NO_FILES, Type::Body, palette.dim);
            }
            for (index, own) in prefs.own.iter().enumerate() {
                if index > 0 {
                    rule(ui);
                }
                ui.horizontal(|ui| {
                    ui.set_min_height(30.0);
                    let width = ui.available_width() - 90.0;
                    let text = widgets::Line { text: &own.name, kind: Type::Body, color: palette.text, width, rows: 1 };
                    let name = widgets::galley(ui.painter(), text);
                    let (rect, response) = ui.allocate_exact_size(egui::vec2(width, 30.0), egui::Sense::hover());
                    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, &own.name));
                    let pos = egui::pos2(rect.left(), rect.center().y - name.size().y / 2.0);
                    ui.painter().galley(pos, name, palette.text);
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.spacing_mut().item_spacing.x = 4.0;
                        if widgets::icon_button(ui, Icon::Cross, &words::remove(&own.name), Kind::Quiet).clicked() {
                            out.command(Command::RemoveOwnSound(own.id));
                        }
                        let sound = SoundChoice::Own(own.id);
                        if let Some(command) = sound_picker::listen(ui, &own.name, sound, previewing, Shape::Icon) {
                            out.command(command);
                        }
                    });
                });
            }
            ui.add_space(12.0);
            add(ui, state, out);
        },
    );
}

fn add(ui: &mut Ui, state: &mut OwnState, out: &mut Outbox) {
    if state.cut {
        widgets::strip(ui, Tone::Plain, words::CUT, "", |_| ());
    }
    if let Some(message) = &state.failed {
        widgets::strip(ui, Tone::Urgent, message, "", |_| ());
    }
    let Some(path) = &mut state.path else {
        if ui.add(Button::new(words::ADD_FILE, Kind::Secondary)).clicked() {
            *state = OwnState { path: Some(String::new()), focus: true, ..OwnState::default() };
        }
        return;
    };
    let mut closed = false;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        let width = (ui.available_width() - 170.0).max(200.0);
        let field = TextField::new(path, words::PATH).hint(words::PATH_HINT).width(width).limit(4096).show(ui);
        if std::mem::take(&mut state.focus) {
            field.request_focus();
        }
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let blocked = match (state.pending, path.trim().is_empty()) {
            (Some(_), _) => Some(texts::LOADING),
            (None, true) => Some(texts::FILL_IN_FIRST),
            (None, false) => None,
        };
        let pressed = ui.add(Button::new(words::ADD, Kind::Primary).disabled(blocked)).clicked();
        if (pressed || entered) && blocked.is_none() {
            state.failed = None;
            let query = Query::ImportSound { path: path.trim().to_owned(), name: String::new() };
            state.pending = Some((out.query(query), ui.input(|input| input.time)));
        }
        closed = ui.add(Button::new(texts::CANCEL, Kind::Quiet)).clicked();
        if let Some((_, since)) = state.pending {
            widgets::waiting(ui, since, texts::LOADING, false);
        }
    });
    if closed {
        *state = OwnState::default();
    }
}
