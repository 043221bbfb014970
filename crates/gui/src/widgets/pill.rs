//! Pills that filter, tags that say, counters that count.

use egui::accesskit::Role;
use egui::{Color32, CornerRadius, Pos2, Rect, Response, Sense, StrokeKind, Ui, Vec2, WidgetInfo, vec2};

use super::focus_ring;
use crate::icons::Icon;
use crate::texts::Tone;
use crate::theme::{Palette, Type};

const HEIGHT: f32 = 28.0;

/// A filter that is on or off.
pub fn pill(ui: &mut Ui, text: &str, selected: bool) -> Response {
    pill_with(ui, text, text, selected, None)
}

/// A pill that opens a list; `name` says what is chosen in it.
pub fn drop_down(ui: &mut Ui, text: &str, name: &str, selected: bool) -> Response {
    pill_with(ui, text, name, selected, Some(Icon::Chevron))
}

fn pill_with(ui: &mut Ui, text: &str, name: &str, selected: bool, icon: Option<Icon>) -> Response {
    let palette = Palette::of(ui);
    let kind = if selected { Type::SmallStrong } else { Type::Small };
    let galley = ui.painter().layout_no_wrap(text.to_owned(), kind.font(), Color32::PLACEHOLDER);
    let room = if icon.is_some() { 16.0 } else { 0.0 };
    // As wide as when it is chosen: choosing moves none of its neighbours.
    let strong = ui.painter().layout_no_wrap(text.to_owned(), Type::SmallStrong.font(), Color32::PLACEHOLDER);
    let width = if icon.is_some() { galley.size().x } else { strong.size().x };
    let size = vec2(width + 26.0 + room, HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| match icon {
        None => WidgetInfo::selected(Role::Button, ui.is_enabled(), selected, name),
        Some(_) => WidgetInfo::labeled(Role::ComboBox, ui.is_enabled(), name),
    });
    if ui.is_rect_visible(rect) {
        let radius = CornerRadius::same(14);
        let (fill, ink) = if selected { (palette.accent_soft, palette.accent) } else { (palette.surface, palette.dim) };
        let fill = if response.hovered() { palette.step(fill) } else { fill };
        ui.painter().rect_filled(rect, radius, fill);
        if !selected {
            ui.painter().rect_stroke(rect, radius, palette.border(), StrokeKind::Inside);
        }
        let left = rect.left() + (rect.width() - room - galley.size().x) / 2.0;
        ui.painter().galley(Pos2::new(left, rect.center().y - galley.size().y / 2.0), galley, ink);
        if let Some(icon) = icon {
            icon.paint(ui.painter(), Pos2::new(rect.right() - 17.0, rect.center().y), ink);
        }
        focus_ring(ui, &response, rect, 14);
    }
    response
}

/// Size of a tag with this text.
pub fn tag_size(ui: &Ui, text: &str) -> Vec2 {
    let galley = ui.painter().layout_no_wrap(text.to_owned(), Type::Tag.font(), Color32::PLACEHOLDER);
    vec2(galley.size().x + 12.0, 17.0)
}

/// Paints a tag with its left upper corner at `pos`; returns where it stands.
pub fn tag(ui: &Ui, pos: Pos2, text: &str, tone: Tone) -> Rect {
    let palette = Palette::of(ui);
    let (ink, fill) = match tone {
        Tone::Good => (palette.green, palette.green_soft),
        Tone::Plain => (palette.dim, palette.sunk),
        Tone::Urgent => (palette.red, palette.red_soft),
        Tone::Warn => (palette.amber, palette.amber_soft),
    };
    let galley = ui.painter().layout_no_wrap(text.to_owned(), Type::Tag.font(), ink);
    let rect = Rect::from_min_size(pos, vec2(galley.size().x + 12.0, 17.0));
    ui.painter().rect_filled(rect, CornerRadius::same(5), fill);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, ink);
    rect
}

/// A number in an accent pill, right-aligned at `right_center`; returns where it stands.
pub fn counter(ui: &Ui, right_center: Pos2, text: &str) -> Rect {
    let palette = Palette::of(ui);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), Type::Tag.font(), palette.accent_ink);
    let width = (galley.size().x + 14.0).max(21.0);
    let rect = Rect::from_center_size(Pos2::new(right_center.x - width / 2.0, right_center.y), vec2(width, 18.0));
    ui.painter().rect_filled(rect, CornerRadius::same(9), palette.accent);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, palette.accent_ink);
    rect
}
