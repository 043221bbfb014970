//! A slider over whole numbers, with its value beside it.

use egui::accesskit::Action;
use egui::{CornerRadius, EventFilter, Key, Modifiers, Pos2, Rect, Response, Sense, Stroke, Ui, WidgetInfo, vec2};

use super::focus_ring;
use super::text::{Line, galley};
use crate::theme::{CONTROL_HEIGHT, Palette, Type};

/// What a slider moves over.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// The least.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// What one press of an arrow adds.
    pub step: u32,
}

/// Draws it; returns the value that the person wants instead. `shown` is the value in words ("6 s").
/// While it is dragged, only its picture follows the pointer: letting go returns the value.
pub fn slider(ui: &mut Ui, name: &str, value: u32, range: Range, shown: impl Fn(u32) -> String) -> Option<u32> {
    let Range { least, most, step } = range;
    let palette = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(220.0, CONTROL_HEIGHT), Sense::click_and_drag());
    let track = Rect::from_min_max(
        Pos2::new(rect.left() + 8.0, rect.center().y - 2.0),
        Pos2::new(rect.right() - 62.0, rect.center().y + 2.0),
    );
    let span = most.saturating_sub(least).max(1);
    let at = |x: f32| {
        let part = ((x - track.left()) / track.width()).clamp(0.0, 1.0);
        #[expect(clippy::cast_sign_loss, reason = "a part of a span is never below zero")]
        let steps = (part * span as f32 / step.max(1) as f32).round() as u32;
        least.saturating_add(steps.saturating_mul(step)).min(most)
    };
    let held = ui.unique_id().with(("held", name));
    let mut dragged: Option<u32> = ui.data(|data| data.get_temp(held));
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked()) {
        dragged = Some(at(pointer.x));
        ui.data_mut(|data| data.insert_temp(held, at(pointer.x)));
    }
    let mut wanted = None;
    if response.drag_stopped() || response.clicked() {
        wanted = dragged;
        ui.data_mut(|data| data.remove::<u32>(held));
    }
    wanted = keys(ui, &response, value, range).or(wanted);
    let before = value;
    let value = wanted.or(dragged).unwrap_or(value);
    response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), f64::from(value), name));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_min_numeric_value(f64::from(least));
        node.set_max_numeric_value(f64::from(most));
        node.set_numeric_value_step(f64::from(step));
        node.set_value(shown(value));
        node.add_action(Action::Increment);
        node.add_action(Action::Decrement);
    });
    if ui.is_rect_visible(rect) {
        let enabled = ui.is_enabled();
        let ink = if enabled { palette.accent } else { palette.faint };
        let part = (value.clamp(least, most) - least) as f32 / span as f32;
        let x = track.left() + part * track.width();
        let radius = CornerRadius::same(2);
        ui.painter().rect_filled(track, radius, palette.line);
        ui.painter().rect_filled(track.with_max_x(x), radius, ink);
        let knob = Pos2::new(x, rect.center().y);
        ui.painter().circle(knob, 7.0, palette.surface, Stroke::new(2.0, ink));
        focus_ring(ui, &response, Rect::from_center_size(knob, vec2(14.0, 14.0)), 7);
        let text = shown(value);
        let color = if enabled { palette.text } else { palette.faint };
        let words = galley(ui.painter(), Line { text: &text, kind: Type::Body, color, width: 54.0, rows: 1 });
        let pos = Pos2::new(rect.right() - words.size().x, rect.center().y - words.size().y / 2.0);
        ui.painter().galley(pos, words, color);
    }
    wanted.filter(|wanted| *wanted != before)
}

fn keys(ui: &Ui, response: &Response, value: u32, Range { least, most, step }: Range) -> Option<u32> {
    let asked = |action| ui.input(|input| input.has_accesskit_action_request(response.id, action));
    let (mut up, mut down) = (asked(Action::Increment), asked(Action::Decrement));
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        up |= pressed(Key::ArrowRight) || pressed(Key::ArrowUp);
        down |= pressed(Key::ArrowLeft) || pressed(Key::ArrowDown);
    }
    match (up, down) {
        (true, false) => Some(value.saturating_add(step).min(most)),
        (false, true) => Some(value.saturating_sub(step).max(least)),
        _ => None,
    }
    .filter(|wanted| *wanted != value)
}
