//! Waiting: nothing for a moment, then a ring that turns.

use egui::accesskit::Role;
use egui::{Color32, Painter, Pos2, Sense, Shape, Stroke, Ui, WidgetInfo, vec2};

use super::{Button, Kind, label};
use crate::texts;
use crate::theme::{Palette, Type};

/// Most answers are there before this, seconds: until then nothing is drawn.
const PATIENCE: f64 = 0.3;

/// Whether something that began at `since` (seconds of egui's clock) is late; asks for the frame in which it becomes so.
pub fn is_late(ui: &Ui, since: f64) -> bool {
    let left = since + PATIENCE - ui.input(|input| input.time);
    if left > 0.0 {
        ui.ctx().request_repaint_after_secs(left as f32);
    }
    left <= 0.0
}

/// Words beside a ring once something is late, with a way to give up; returns whether that was chosen.
pub fn waiting(ui: &mut Ui, since: f64, words: &str, cancel: bool) -> bool {
    if !is_late(ui, since) {
        return false;
    }
    spinner(ui);
    label(ui, words, Type::Small, Palette::of(ui).dim);
    cancel && ui.add(Button::new(texts::CANCEL, Kind::Link)).clicked()
}

/// The ring. It turns eight times a second in steps; without motion it stands.
pub fn spinner(ui: &mut Ui) {
    let palette = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(16.0, 16.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, texts::LOADING));
    let moves = ui.style().animation_time > 0.0;
    let turn = if moves { (ui.input(|input| input.time) * 8.0).floor() as f32 } else { 0.0 };
    ring(ui.painter(), rect.center(), turn / 8.0, palette.accent);
    if moves {
        ui.ctx().request_repaint_after_secs(0.125);
    }
}

fn ring(painter: &Painter, center: Pos2, turned: f32, color: Color32) {
    let points = (0..=18)
        .map(|step| {
            let angle = (turned + step as f32 / 24.0) * std::f32::consts::TAU;
            center + 5.5 * vec2(angle.cos(), angle.sin())
        })
        .collect();
    painter.add(Shape::line(points, Stroke::new(2.0, color)));
}
