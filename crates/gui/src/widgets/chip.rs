//! Chips: words that were chosen, each with a cross, and the pill that adds one.

use egui::accesskit::Role;
use egui::{CornerRadius, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::focus_ring;
use super::text::{Line, galley};
use crate::icons::{Icon, small_cross};
use crate::texts::Tone;
use crate::theme::{Palette, Type};

const HEIGHT: f32 = 28.0;
/// Beyond this a chip is cut with "…", points.
const MOST: f32 = 360.0;

/// A word, with a cross where it can be taken away; returns whether that was clicked. `name` says what the cross does.
pub fn chip(ui: &mut Ui, text: &str, tone: Tone, remove: Option<&str>) -> bool {
    let palette = Palette::of(ui);
    let (fill, ink, border, kind) = match tone {
        Tone::Warn => (palette.surface, palette.amber, Some(Stroke::new(1.0, palette.amber)), Type::Small),
        Tone::Urgent => (palette.surface, palette.red, Some(Stroke::new(1.0, palette.red)), Type::Small),
        Tone::Good | Tone::Plain => (palette.accent_soft, palette.accent, None, Type::SmallStrong),
    };
    let (fill, ink) = if ui.is_enabled() || tone != Tone::Good { (fill, ink) } else { (palette.sunk, palette.dim) };
    let most = MOST.min(ui.max_rect().width() - 50.0);
    let words = galley(ui.painter(), Line { text, kind, color: ink, width: most, rows: 1 });
    let cross = if remove.is_some() { 18.0 } else { 0.0 };
    let size = vec2(words.size().x + 26.0 + cross, HEIGHT);
    let (rect, whole) = ui.allocate_exact_size(size, Sense::hover());
    whole.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    let painter = ui.painter();
    painter.rect_filled(rect, CornerRadius::same(14), fill);
    if let Some(border) = border {
        painter.rect_stroke(rect, CornerRadius::same(14), border, StrokeKind::Inside);
    }
    let elided = words.elided;
    painter.galley(Pos2::new(rect.left() + 13.0, rect.center().y - words.size().y / 2.0), words, ink);
    if elided {
        whole.on_hover_text(text);
    }
    let Some(name) = remove else { return false };
    let target = Rect::from_center_size(Pos2::new(rect.right() - 16.0, rect.center().y), vec2(20.0, 20.0));
    let response = ui.interact(target, ui.unique_id().with(("remove", text)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    if ui.is_enabled() && response.hovered() {
        ui.painter().circle_filled(target.center(), 9.0, palette.step(fill));
    }
    small_cross(ui.painter(), target.center(), ink);
    focus_ring(ui, &response, target.shrink(3.0), 7);
    response.on_hover_text(name).clicked()
}

/// The pill that adds something: a plus and words.
pub fn add_chip(ui: &mut Ui, text: &str) -> Response {
    let palette = Palette::of(ui);
    let line = Line { text, kind: Type::Small, color: palette.dim, width: MOST, rows: 1 };
    let words = galley(ui.painter(), line);
    let (rect, response) = ui.allocate_exact_size(vec2(words.size().x + 40.0, HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), text));
    let radius = CornerRadius::same(14);
    let hovered = ui.is_enabled() && response.hovered();
    let fill = if hovered { palette.step(palette.surface) } else { palette.surface };
    ui.painter().rect_filled(rect, radius, fill);
    ui.painter().rect_stroke(rect, radius, palette.border(), StrokeKind::Inside);
    Icon::Plus.paint(ui.painter(), Pos2::new(rect.left() + 18.0, rect.center().y), palette.dim);
    let pos = Pos2::new(rect.left() + 29.0, rect.center().y - words.size().y / 2.0);
    ui.painter().galley(pos, words, palette.dim);
    focus_ring(ui, &response, rect, 14);
    response
}
