//! The Quiet hours page: pause now, for as long as is wanted.

use belfry_core::command::Command;
use egui::{Ui, vec2};

use super::find::{Spot, spot};
use crate::outbox::Outbox;
use crate::texts::{self, quiet as words};
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind, TextField};

/// The slice of the view that the page draws.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "all are times, and the unit belongs in each name")]
pub(super) struct QuietModel {
    /// Paused until then, Unix milliseconds; `i64::MAX` = until resumed.
    pub(super) paused_until_ms: Option<i64>,
    /// Wall clock, Unix milliseconds.
    pub(super) now_ms: i64,
    /// Eight o'clock tomorrow where the person is, Unix milliseconds; `None` = not known.
    pub(super) morning_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Unit {
    #[default]
    Minutes,
    Hours,
}

/// What the page remembers.
#[derive(Debug)]
pub(super) struct QuietState {
    count: String,
    unit: Unit,
}

impl Default for QuietState {
    fn default() -> Self {
        Self { count: "90".to_owned(), unit: Unit::Minutes }
    }
}

impl QuietState {
    /// The other time in minutes; `None` = it is none.
    fn minutes(&self) -> Option<u32> {
        let count: u32 = self.count.trim().parse().ok().filter(|count| (1..=999).contains(count))?;
        Some(if self.unit == Unit::Hours { count * 60 } else { count })
    }
}

pub(super) fn ui(ui: &mut Ui, model: &QuietModel, state: &mut QuietState, out: &mut Outbox) {
    let QuietModel { paused_until_ms, now_ms, morning_ms } = *model;
    widgets::page_scroll(ui, "quiet", |ui| {
        spot(ui, Spot::Pause, |ui| {
            widgets::titled_card(
                ui,
                words::PAUSE,
                words::PAUSE_HINT,
                |_| (),
                |ui| {
                    let palette = Palette::of(ui);
                    if paused_until_ms.is_none() {
                        ui.horizontal(|ui| {
                            let (rect, _) = ui.allocate_exact_size(vec2(10.0, 18.0), egui::Sense::hover());
                            crate::icons::dot(ui.painter(), rect.center(), palette.green);
                            widgets::label(ui, words::NOT_PAUSED, Type::Body, palette.dim);
                        });
                        ui.add_space(10.0);
                    }
                    ui.horizontal_wrapped(|ui| {
                        ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
                        let mut pause = |minutes| out.command(Command::Pause { minutes });
                        if ui.add(Button::new(words::HALF_HOUR, Kind::Secondary)).clicked() {
                            pause(Some(30));
                        }
                        if ui.add(Button::new(words::HOUR, Kind::Secondary)).clicked() {
                            pause(Some(60));
                        }
                        if let Some(morning_ms) = morning_ms
                            && ui.add(Button::new(words::TOMORROW, Kind::Secondary)).clicked()
                        {
                            let minutes = (morning_ms.saturating_sub(now_ms) + 59_999) / 60_000;
                            pause(u32::try_from(minutes.max(1)).ok());
                        }
                        if ui.add(Button::new(words::UNTIL_RESUMED, Kind::Secondary)).clicked() {
                            pause(None);
                        }
                    });
                    ui.add_space(16.0);
                    widgets::label(ui, words::CUSTOM, Type::Body, palette.dim);
                    ui.add_space(6.0);
                    custom(ui, state, out);
                },
            );
        });
        widgets::titled_card(ui, words::SNOOZED, words::NOTHING_SNOOZED, |_| (), |_| ());
    });
}

fn custom(ui: &mut Ui, state: &mut QuietState, out: &mut Outbox) {
    ui.horizontal(|ui| {
        let field = TextField::new(&mut state.count, words::HOW_LONG).width(72.0).limit(3).show(ui);
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let units = [(Unit::Minutes, words::MINUTES), (Unit::Hours, words::HOURS)];
        if let Some(unit) = widgets::choice_row(ui, texts::quiet::CUSTOM, Some(state.unit), &units) {
            state.unit = unit;
        }
        let minutes = state.minutes();
        let reason = minutes.is_none().then_some(words::NO_NUMBER);
        let pressed = ui.add(Button::new(words::BEGIN, Kind::Primary).disabled(reason)).clicked();
        if (pressed || entered) && minutes.is_some() {
            out.command(Command::Pause { minutes });
        }
    });
}
