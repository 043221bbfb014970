//! A modal dialog in the upper part of the window.

use egui::{Align, Align2, CornerRadius, Id, Layout, Margin, Modal, Ui, vec2};

use crate::theme::{CONTROL_HEIGHT, Palette, RADIUS_DIALOG};

/// Width of dialogs, points.
const WIDTH: f32 = 438.0;

/// Shows a dialog over everything else. Returns whether it was closed with Escape, and what `content` returned.
///
/// A click outside does not close it: an answer must not be given by accident.
pub fn dialog<R>(
    ctx: &egui::Context,
    id: &str,
    name: &str,
    palette: &Palette,
    content: impl FnOnce(&mut Ui) -> R,
) -> (bool, R) {
    let window = ctx.content_rect();
    let id = Id::unique(("dialog", id));
    let top = (window.height() * 0.178).clamp(16.0, 160.0);
    let area = Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, top));
    let frame = egui::Frame::new()
        .fill(palette.surface)
        .stroke(palette.border())
        .corner_radius(CornerRadius::same(RADIUS_DIALOG))
        .shadow(palette.shadow())
        .inner_margin(Margin { left: 24, right: 24, top: 22, bottom: 22 });
    let shown = Modal::new(id).area(area).frame(frame).backdrop_color(palette.backdrop()).show(ctx, |ui| {
        ui.set_width((WIDTH - 48.0).min(window.width() - 80.0));
        ui.set_max_height(window.height() - top - 60.0);
        content(ui)
    });
    ctx.accesskit_node_builder(shown.response.id, |node| {
        node.set_role(egui::accesskit::Role::Dialog);
        node.set_label(name);
        node.set_modal();
    });
    let escaped = shown.is_top_modal
        && !shown.any_popup_open
        && ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape));
    (escaped, shown.inner)
}

/// The row of buttons at the foot of a dialog, from the right.
pub fn answers<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let size = vec2(ui.available_width(), CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), content).inner
}
