//! After the first server: how other apps of the person's are silenced without silencing Belfry.

use egui::Ui;

use crate::texts;
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind};

/// Draws it; returns whether it stays open.
pub(super) fn ui(ui: &Ui) -> bool {
    let palette = Palette::of(ui);
    let (escaped, understood) = widgets::dialog(ui.ctx(), "quiet", texts::QUIET_TITLE, palette, |ui| {
        widgets::label(ui, texts::QUIET_TITLE, Type::DialogTitle, palette.text);
        ui.add_space(6.0);
        widgets::label(ui, texts::QUIET_WHY, Type::Body, palette.dim);
        for line in texts::QUIET_HOW {
            ui.add_space(10.0);
            widgets::label(ui, line, Type::Body, palette.text);
        }
        ui.add_space(20.0);
        widgets::answers(ui, |ui| ui.add(Button::new(texts::UNDERSTOOD, Kind::Primary)).clicked())
    });
    !escaped && !understood
}
