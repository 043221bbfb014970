//! Choosing a sound: a select whose rows can each be heard, and a button that plays what is chosen.

use belfry_core::command::Command;
use belfry_core::sound::SoundChoice;
use egui::accesskit::Role;
use egui::{CornerRadius, PopupCloseBehavior, Pos2, Response, Sense, StrokeKind, Ui, WidgetInfo, vec2};

use crate::icons::Icon;
use crate::texts::notifications as words;
use crate::theme::{CONTROL_HEIGHT, Palette, RADIUS_CONTROL, Type};
use crate::widgets::{self, ListSize};

/// A sound that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// What is stored for it.
    pub(super) value: String,
    /// What it is called.
    pub(super) text: String,
    /// What is heard; `None` = nothing can be.
    pub(super) sound: Option<SoundChoice>,
}

impl Offer {
    /// One of Belfry's own, stored by its name.
    pub(super) fn built_in(sound: SoundChoice) -> Self {
        Self { value: sound.name().to_owned(), text: sound.name().to_owned(), sound: Some(sound) }
    }
}

/// Width of the select, points.
const WIDTH: f32 = 130.0;
/// What the button of a row takes of the list's width, points.
pub(super) const LISTEN: f32 = 32.0;

/// Draws the select and the button; returns the value that the person wants instead, and what is to be heard.
pub(super) fn ui(
    ui: &mut Ui,
    name: &str,
    chosen: &str,
    offers: &[Offer],
    previewing: Option<SoundChoice>,
) -> (Option<String>, Vec<Command>) {
    let mut commands = Vec::new();
    let position = offers.iter().position(|offer| offer.value == chosen);
    let current = position.and_then(|index| offers.get(index));
    let unknown = words::unknown(chosen);
    let button = widgets::select_button(ui, name, current.map_or(unknown.as_str(), |offer| &offer.text), WIDTH);
    let mut wanted: Option<&Offer> = widgets::arrows(ui, &button).and_then(|step| {
        let last = offers.len().saturating_sub(1);
        offers.get(position.map_or(0, |index| index.saturating_add_signed(step)).min(last))
    });
    let size = ListSize { width: 214.0, height: widgets::MENU_ITEM * offers.len() as f32 };
    widgets::drop_list(&button, name, size, PopupCloseBehavior::CloseOnClickOutside, |ui| {
        for offer in offers {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                let width = ui.available_width() - LISTEN;
                if widgets::menu_item_in(ui, &offer.text, offer.value == chosen, width).clicked() {
                    wanted = Some(offer);
                    ui.close();
                }
                if let Some(sound) = offer.sound {
                    commands.extend(listen(ui, &offer.text, sound, previewing, Shape::Icon));
                }
            });
        }
    });
    let wanted = wanted.filter(|offer| offer.value != chosen);
    // Choosing plays it, as the official page does.
    commands.extend(wanted.and_then(|offer| offer.sound).map(Command::PreviewSound));
    if let Some(sound) = current.and_then(|offer| offer.sound) {
        let text = current.map_or("", |offer| offer.text.as_str());
        commands.extend(listen(ui, text, sound, previewing, Shape::Words));
    }
    (wanted.map(|offer| offer.value.clone()), commands)
}

/// How the button looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// With the word beside the triangle.
    Words,
    /// The triangle alone.
    Icon,
}

/// Plays a sound, or stops it while it plays.
pub(super) fn listen(
    ui: &mut Ui,
    text: &str,
    sound: SoundChoice,
    previewing: Option<SoundChoice>,
    shape: Shape,
) -> Option<Command> {
    let plays = previewing == Some(sound);
    let (icon, word) = if plays { (Icon::Stop, words::STOP) } else { (Icon::Play, words::PREVIEW) };
    let name = if plays { words::stop_of(text) } else { words::preview_of(text) };
    // A sound can be heard where its setting cannot be changed.
    let response = button(ui, icon, word, &name, shape);
    response.clicked().then_some(if plays { Command::StopSound } else { Command::PreviewSound(sound) })
}

/// What the picker takes of a row, with the space before it and between its parts, points.
pub(super) fn room(ui: &Ui) -> f32 {
    2.0 * ui.spacing().item_spacing.x + WIDTH + button_width(ui)
}

/// As wide as the longer word, so that nothing moves when it begins.
fn button_width(ui: &Ui) -> f32 {
    let ink = Palette::of(ui).text;
    ui.painter().layout_no_wrap(words::PREVIEW.to_owned(), Type::SmallStrong.font(), ink).size().x + 40.0
}

fn button(ui: &mut Ui, icon: Icon, word: &str, name: &str, shape: Shape) -> Response {
    let palette = Palette::of(ui);
    let ink = if ui.is_enabled() { palette.text } else { palette.faint };
    let galley = ui.painter().layout_no_wrap(word.to_owned(), Type::SmallStrong.font(), ink);
    let size = match shape {
        Shape::Words => vec2(button_width(ui), CONTROL_HEIGHT),
        Shape::Icon => vec2(28.0, 28.0),
    };
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    let hovered = ui.is_enabled() && response.hovered();
    let radius = CornerRadius::same(if shape == Shape::Words { RADIUS_CONTROL } else { 6 });
    let ground = if shape == Shape::Words { palette.sunk } else { palette.surface };
    ui.painter().rect_filled(rect, radius, if hovered { palette.step(ground) } else { ground });
    if shape == Shape::Words {
        ui.painter().rect_stroke(rect, radius, palette.border(), StrokeKind::Inside);
        icon.paint(ui.painter(), Pos2::new(rect.left() + 18.0, rect.center().y), ink);
        let pos = Pos2::new(rect.left() + 28.0, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(pos, galley, ink);
    } else {
        icon.paint(ui.painter(), rect.center(), palette.dim);
    }
    widgets::focus_ring(ui, &response, rect, if shape == Shape::Words { RADIUS_CONTROL } else { 6 });
    response.on_hover_text(name)
}
