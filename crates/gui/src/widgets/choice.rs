//! Ticks and rows of choices.

use egui::accesskit::Role;
use egui::{CornerRadius, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};

use super::focus_ring;
use super::text::{Line, galley};
use crate::theme::{CONTROL_GAP, Palette, RADIUS_CONTROL, Type};

/// A tick with a label that wraps.
pub fn checkbox(ui: &mut Ui, checked: &mut bool, text: &str) -> Response {
    let palette = Palette::of(ui);
    let side = 16.0;
    let line =
        Line { text, kind: Type::Body, color: palette.text, width: ui.available_width() - side - CONTROL_GAP, rows: 6 };
    let words = galley(ui.painter(), line);
    let height = words.size().y.max(26.0);
    let (rect, mut response) =
        ui.allocate_exact_size(vec2(side + CONTROL_GAP + words.size().x, height), Sense::click());
    if response.clicked() {
        *checked = !*checked;
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), *checked, text));
    if ui.is_rect_visible(rect) {
        let square = Rect::from_center_size(Pos2::new(rect.left() + side / 2.0, rect.center().y), Vec2::splat(side));
        let radius = CornerRadius::same(4);
        if *checked {
            ui.painter().rect_filled(square, radius, palette.accent);
            let at = |x: f32, y: f32| square.min + vec2(x, y);
            let stroke = Stroke::new(1.5, palette.accent_ink);
            ui.painter().add(egui::Shape::line(vec![at(4.0, 8.4), at(7.0, 11.2), at(12.0, 5.4)], stroke));
        } else {
            let fill = if response.hovered() { palette.step(palette.surface) } else { palette.surface };
            ui.painter().rect_filled(square, radius, fill);
            ui.painter().rect_stroke(square, radius, Stroke::new(1.5, palette.faint), StrokeKind::Inside);
        }
        let pos = Pos2::new(square.right() + CONTROL_GAP, rect.center().y - words.size().y / 2.0);
        ui.painter().galley(pos, words, palette.text);
        focus_ring(ui, &response, square, 4);
    }
    response
}

/// Choices side by side, one of them chosen. Returns the one that was clicked.
/// `group` names what is chosen, for screen readers.
pub fn choice_row<T: Copy + PartialEq>(
    ui: &mut Ui,
    group: &str,
    chosen: Option<T>,
    choices: &[(T, &str)],
) -> Option<T> {
    let palette = Palette::of(ui);
    let mut clicked = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let count = choices.len();
        for (index, (value, text)) in choices.iter().enumerate() {
            let selected = chosen == Some(*value);
            let kind = if selected { Type::SmallStrong } else { Type::Small };
            let words = ui.painter().layout_no_wrap((*text).to_owned(), kind.font(), egui::Color32::PLACEHOLDER);
            // As wide as in the heavier weight, so that choosing does not move the neighbours.
            let widest =
                ui.painter().layout_no_wrap((*text).to_owned(), Type::SmallStrong.font(), egui::Color32::PLACEHOLDER);
            let (rect, response) = ui.allocate_exact_size(vec2(widest.size().x + 24.0, 28.0), Sense::click());
            response.widget_info(|| {
                WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), selected, format!("{group}, {text}"))
            });
            if response.clicked() && !selected {
                clicked = Some(*value);
            }
            if ui.is_rect_visible(rect) {
                let mut radius = CornerRadius::ZERO;
                if index == 0 {
                    (radius.nw, radius.sw) = (RADIUS_CONTROL, RADIUS_CONTROL);
                }
                if index + 1 == count {
                    (radius.ne, radius.se) = (RADIUS_CONTROL, RADIUS_CONTROL);
                }
                let fill = if selected { palette.accent_soft } else { palette.surface };
                let fill = if response.hovered() { palette.step(fill) } else { fill };
                let joined = if index == 0 { rect } else { rect.with_min_x(rect.left() - 1.0) };
                ui.painter().rect_filled(joined, radius, fill);
                ui.painter().rect_stroke(joined, radius, palette.border(), StrokeKind::Inside);
                let ink = if selected { palette.accent } else { palette.dim };
                ui.painter().galley(rect.center() - words.size() / 2.0, words, ink);
                focus_ring(ui, &response, rect, RADIUS_CONTROL);
            }
        }
    });
    clicked
}
