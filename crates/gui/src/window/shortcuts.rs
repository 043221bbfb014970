//! Shortcuts of the window, and the list of them.

use belfry_core::command::Command;
use belfry_core::view::View;
use egui::{Event, Key, Modifiers, Ui, vec2};

use super::{Page, WindowState};
use crate::outbox::Outbox;
use crate::texts::find as words;
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind};

/// Carries out what a key asks for; nothing while a dialog is open.
pub(super) fn keys(ui: &Ui, view: &View, state: &mut WindowState, out: &mut Outbox) {
    if state.is_dialog_open() || !view.permission_prompts.is_empty() {
        return;
    }
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::COMMAND, Key::F) {
        state.find.open();
    }
    for (key, page) in [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8]
        .into_iter()
        .zip(Page::ALL)
    {
        if pressed(Modifiers::COMMAND, key) {
            state.page = page;
        }
    }
    if pressed(Modifiers::NONE, Key::F5) {
        for server in &view.servers {
            out.command(Command::CheckAgain(server.id));
        }
    }
    // In a field, these are letters and the field's own undo.
    if ui.ctx().text_edit_focused() {
        return;
    }
    if pressed(Modifiers::COMMAND, Key::Z) {
        state.undo(view, out);
    }
    let asked = ui.input(|input| input.events.iter().any(|event| matches!(event, Event::Text(text) if text == "?")));
    state.shortcuts |= asked;
}

/// Draws the list; returns whether it stays open.
pub(super) fn ui(ui: &Ui) -> bool {
    let palette = Palette::of(ui);
    let (escaped, closed) = widgets::dialog(ui.ctx(), "shortcuts", words::SHORTCUTS, palette, |ui| {
        widgets::label(ui, words::SHORTCUTS, Type::DialogTitle, palette.text);
        ui.add_space(8.0);
        let height = (ui.available_height() - 60.0).max(160.0);
        widgets::dialog_scroll(ui, "keys", height, |ui| {
            for (keys, does) in words::KEYS {
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = 12.0;
                    ui.allocate_ui_with_layout(vec2(150.0, 18.0), egui::Layout::top_down(egui::Align::Min), |ui| {
                        ui.set_width(150.0);
                        widgets::label(ui, keys, Type::BodyStrong, palette.text);
                    });
                    ui.vertical(|ui| widgets::label(ui, does, Type::Body, palette.dim));
                });
                ui.add_space(8.0);
            }
        });
        ui.add_space(12.0);
        widgets::answers(ui, |ui| ui.add(Button::new(words::CLOSE, Kind::Primary)).clicked())
    });
    !escaped && !closed
}
