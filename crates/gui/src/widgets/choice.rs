//! Ticks, and choices of which one is chosen. A group of choices is one stop of Tab; arrows move within it.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{
    CornerRadius, EventFilter, Galley, Id, Key, Modifiers, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui,
    UiBuilder, Vec2, WidgetInfo, vec2,
};

use super::focus_ring;
use super::text::{Line, galley};
use crate::theme::{CONTROL_GAP, Palette, RADIUS_CONTROL, Type};

/// Side of a tick and of a radio button, points.
const SIDE: f32 = 16.0;
/// Height of a row of one line, points.
const ROW: f32 = 26.0;

/// The words beside a tick, laid out.
fn words(ui: &Ui, text: &str) -> Arc<Galley> {
    let palette = Palette::of(ui);
    let color = if ui.is_enabled() { palette.text } else { palette.faint };
    galley(
        ui.painter(),
        Line { text, kind: Type::Body, color, width: ui.available_width() - SIDE - CONTROL_GAP, rows: 6 },
    )
}

/// A tick with a label that wraps.
pub fn checkbox(ui: &mut Ui, checked: &mut bool, text: &str) -> Response {
    let palette = Palette::of(ui);
    let words = words(ui, text);
    let size = vec2(SIDE + CONTROL_GAP + words.size().x, words.size().y.max(ROW));
    let (rect, mut response) = ui.allocate_exact_size(size, Sense::click());
    if response.clicked() {
        *checked = !*checked;
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), *checked, text));
    if ui.is_rect_visible(rect) {
        let square = Rect::from_center_size(Pos2::new(rect.left() + SIDE / 2.0, rect.center().y), Vec2::splat(SIDE));
        let enabled = ui.is_enabled();
        tick(ui, square, Tick { on: Some(*checked), hovered: enabled && response.hovered(), enabled });
        let pos = Pos2::new(square.right() + CONTROL_GAP, rect.center().y - words.size().y / 2.0);
        ui.painter().galley(pos, words, palette.text);
        focus_ring(ui, &response, square, 4);
    }
    response
}

/// How the square of a tick is painted.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    /// Ticked or not; `None` = some of several are.
    pub on: Option<bool>,
    /// The pointer is over it.
    pub hovered: bool,
    /// It can be changed.
    pub enabled: bool,
}

/// Paints the square of a tick.
pub fn tick(ui: &Ui, square: Rect, Tick { on, hovered, enabled }: Tick) {
    let palette = Palette::of(ui);
    let radius = CornerRadius::same(4);
    let at = |x: f32, y: f32| square.min + vec2(x, y);
    if on == Some(false) {
        let fill = if hovered { palette.step(palette.surface) } else { palette.surface };
        ui.painter().rect_filled(square, radius, fill);
        ui.painter().rect_stroke(square, radius, Stroke::new(1.5, palette.faint), StrokeKind::Inside);
        return;
    }
    let (fill, ink) = if enabled { (palette.accent, palette.accent_ink) } else { (palette.dim, palette.surface) };
    ui.painter().rect_filled(square, radius, fill);
    let points = if on == Some(true) {
        vec![at(4.0, 8.4), at(7.0, 11.2), at(12.0, 5.4)]
    } else {
        vec![at(4.0, 8.0), at(12.0, 8.0)]
    };
    ui.painter().add(egui::Shape::line(points, Stroke::new(1.5, ink)));
}

/// A group of which one can be chosen: only that one (or the first) is reached with Tab.
struct Roving {
    id: Id,
    chosen: Option<usize>,
    count: usize,
}

impl Roving {
    fn interact(&self, ui: &Ui, rect: Rect, index: usize) -> Response {
        let id = self.id.with(index);
        // One that the arrows have just led to keeps the focus until it is the chosen one.
        let is_stop = self.chosen.unwrap_or(0) == index || ui.memory(|memory| memory.has_focus(id));
        ui.interact(rect, id, if is_stop { Sense::click() } else { Sense::CLICK })
    }

    /// Which one the arrows lead to, where the group has the focus.
    fn arrows(&self, ui: &Ui) -> Option<usize> {
        let current = (0..self.count).find(|index| ui.memory(|memory| memory.has_focus(self.id.with(*index))))?;
        let id = self.id.with(current);
        if !ui.is_enabled() {
            return None;
        }
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let step = if pressed(Key::ArrowDown) || pressed(Key::ArrowRight) {
            1
        } else if pressed(Key::ArrowUp) || pressed(Key::ArrowLeft) {
            self.count.saturating_sub(1)
        } else {
            return None;
        };
        let next = (current + step) % self.count.max(1);
        ui.memory_mut(|memory| memory.request_focus(self.id.with(next)));
        Some(next)
    }
}

/// Choices one below the other, one of them chosen; returns the one that the person wants instead.
/// `group` names what is chosen, for screen readers.
pub fn radio_group<T: Copy + PartialEq>(
    ui: &mut Ui,
    group: &str,
    chosen: Option<T>,
    choices: &[(T, &str)],
) -> Option<T> {
    let palette = Palette::of(ui);
    let builder = UiBuilder::new().id_salt(group).accessibility_role(Role::RadioGroup).accessibility_label(group);
    ui.scope_builder(builder, |ui| {
        let selected = choices.iter().position(|(value, _)| chosen == Some(*value));
        let roving = Roving { id: ui.unique_id().with("choice"), chosen: selected, count: choices.len() };
        let mut wanted = roving.arrows(ui);
        for (index, (_, text)) in choices.iter().enumerate() {
            let words = words(ui, text);
            let size = vec2(SIDE + CONTROL_GAP + words.size().x, words.size().y.max(ROW));
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            let response = roving.interact(ui, rect, index);
            let is_selected = selected == Some(index);
            response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), is_selected, *text));
            if response.clicked() {
                wanted = Some(index);
            }
            if ui.is_rect_visible(rect) {
                let center = Pos2::new(rect.left() + SIDE / 2.0, rect.center().y);
                let enabled = ui.is_enabled();
                if is_selected {
                    let (fill, ink) =
                        if enabled { (palette.accent, palette.accent_ink) } else { (palette.dim, palette.surface) };
                    ui.painter().circle_filled(center, SIDE / 2.0, fill);
                    ui.painter().circle_filled(center, 3.0, ink);
                } else {
                    let fill =
                        if enabled && response.hovered() { palette.step(palette.surface) } else { palette.surface };
                    ui.painter().circle(center, SIDE / 2.0 - 1.5, fill, Stroke::new(1.5, palette.faint));
                }
                let pos = Pos2::new(rect.left() + SIDE + CONTROL_GAP, rect.center().y - words.size().y / 2.0);
                ui.painter().galley(pos, words, palette.text);
                focus_ring(ui, &response, Rect::from_center_size(center, Vec2::splat(SIDE)), 8);
            }
        }
        wanted.filter(|index| selected != Some(*index)).and_then(|index| choices.get(index)).map(|(value, _)| *value)
    })
    .inner
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
    // As wide as in the heavier weight, so that choosing does not move the neighbours.
    let strong = Type::SmallStrong.font();
    let width = |text: &str| {
        ui.painter().layout_no_wrap(text.to_owned(), strong.clone(), egui::Color32::PLACEHOLDER).size().x + 24.0
    };
    let widths: Vec<f32> = choices.iter().map(|(_, text)| width(text)).collect();
    let (whole, _) = ui.allocate_exact_size(vec2(widths.iter().sum(), 28.0), Sense::hover());
    let builder = UiBuilder::new().max_rect(whole).id_salt(group).accessibility_role(Role::RadioGroup);
    let mut row = ui.new_child(builder);
    let ui = &mut row;
    {
        let count = choices.len();
        let selected = choices.iter().position(|(value, _)| chosen == Some(*value));
        let roving = Roving { id: ui.unique_id().with("choice"), chosen: selected, count };
        let mut wanted = roving.arrows(ui);
        let mut left = whole.left();
        for (index, ((_, text), width)) in choices.iter().zip(&widths).enumerate() {
            let is_selected = selected == Some(index);
            let kind = if is_selected { Type::SmallStrong } else { Type::Small };
            let words = ui.painter().layout_no_wrap((*text).to_owned(), kind.font(), egui::Color32::PLACEHOLDER);
            let rect = Rect::from_min_size(Pos2::new(left, whole.top()), vec2(*width, whole.height()));
            left += width;
            let response = roving.interact(ui, rect, index);
            response.widget_info(|| {
                WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), is_selected, format!("{group}, {text}"))
            });
            if response.clicked() {
                wanted = Some(index);
            }
            if ui.is_rect_visible(rect) {
                let mut radius = CornerRadius::ZERO;
                if index == 0 {
                    (radius.nw, radius.sw) = (RADIUS_CONTROL, RADIUS_CONTROL);
                }
                if index + 1 == count {
                    (radius.ne, radius.se) = (RADIUS_CONTROL, RADIUS_CONTROL);
                }
                let fill = if is_selected { palette.accent_soft } else { palette.surface };
                let fill = if ui.is_enabled() && response.hovered() { palette.step(fill) } else { fill };
                let joined = if index == 0 { rect } else { rect.with_min_x(rect.left() - 1.0) };
                ui.painter().rect_filled(joined, radius, fill);
                ui.painter().rect_stroke(joined, radius, palette.border(), StrokeKind::Inside);
                let ink = match (is_selected, ui.is_enabled()) {
                    (true, true) => palette.accent,
                    (false, true) => palette.dim,
                    (_, false) => palette.faint,
                };
                ui.painter().galley(rect.center() - words.size() / 2.0, words, ink);
                focus_ring(ui, &response, rect, RADIUS_CONTROL);
            }
        }
        wanted.filter(|index| selected != Some(*index)).and_then(|index| choices.get(index)).map(|(value, _)| *value)
    }
}
