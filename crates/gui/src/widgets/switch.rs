//! A switch: on or off, at once.

use egui::accesskit::Role;
use egui::{CornerRadius, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};

use super::focus_ring;
use crate::theme::Palette;

const SIZE: Vec2 = vec2(34.0, 20.0);

/// A switch without words; `name` is said by screen readers. The words stand beside it ([`super::setting`]).
pub fn switch(ui: &mut Ui, on: &mut bool, name: &str) -> Response {
    let palette = Palette::of(ui);
    let (rect, mut response) = ui.allocate_exact_size(SIZE, Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), *on, name));
    if ui.is_rect_visible(rect) {
        let enabled = ui.is_enabled();
        let radius = CornerRadius::same(10);
        // Where it stands is drawn at once: nothing is gained by watching a knob move.
        let (fill, knob) = match (*on, enabled) {
            (true, true) => (palette.accent, palette.accent_ink),
            (true, false) => (palette.dim, palette.surface),
            (false, _) => (palette.surface, palette.faint),
        };
        let fill = if enabled && response.hovered() { palette.step(fill) } else { fill };
        ui.painter().rect_filled(rect, radius, fill);
        if !*on {
            ui.painter().rect_stroke(rect, radius, Stroke::new(1.5, palette.faint), StrokeKind::Inside);
        }
        let x = if *on { rect.right() - 10.0 } else { rect.left() + 10.0 };
        ui.painter().circle_filled(Pos2::new(x, rect.center().y), if *on { 7.0 } else { 5.5 }, knob);
        focus_ring(ui, &response, Rect::from_center_size(rect.center(), SIZE), 10);
    }
    response
}
