//! What became of a change: on its way, saved, or not; with the way back.

use egui::{Align, CornerRadius, Frame, Layout, Margin, Rect, Sense, Ui, UiBuilder, pos2, vec2};

use super::button::LINK_PADDING;
use super::{Button, Kind, label, progress};
use crate::texts::{self, Tone, notifications as words};
use crate::theme::{CONTROL_HEIGHT, Palette, RADIUS_CONTROL, Type};

/// How it stands with a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Saved<'a> {
    /// Nothing was changed.
    Unchanged,
    /// It is on its way since then, seconds of egui's clock.
    Saving(f64),
    /// It is saved.
    Saved,
    /// It was put back; why, in one sentence.
    Failed(&'a str),
}

/// What the person wants done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Put back what was before.
    Undo,
    /// Try again to save.
    Again,
    /// Do not wait for it any more.
    Cancel,
}

/// In a layout from the right: the words of the link that comes first end where everything else does.
pub fn flush_link(ui: &mut Ui) {
    ui.add_space(-LINK_PADDING);
}

/// The line at the right of a card's title. Call it in a layout from the right.
pub fn saved_line(ui: &mut Ui, saved: Saved<'_>) -> Option<Wish> {
    let palette = Palette::of(ui);
    ui.spacing_mut().item_spacing.x = 4.0;
    flush_link(ui);
    match saved {
        Saved::Unchanged => None,
        Saved::Saving(since) => {
            if !progress::is_late(ui, since) {
                return None;
            }
            let cancel = ui.add(Button::new(texts::CANCEL, Kind::Link)).clicked();
            label(ui, words::SAVING, Type::Small, palette.dim);
            progress::spinner(ui);
            cancel.then_some(Wish::Cancel)
        }
        Saved::Saved => {
            let undo = ui.add(Button::new(words::UNDO, Kind::Link)).clicked();
            label(ui, words::SAVED, Type::Small, palette.green);
            undo.then_some(Wish::Undo)
        }
        Saved::Failed(why) => {
            let again = ui.add(Button::new(words::TRY_AGAIN, Kind::Link)).clicked();
            let width = (ui.available_width() - 8.0).max(80.0);
            let text = words::not_saved(why);
            let line = super::Line { text: &text, kind: Type::Small, color: palette.red, width, rows: 1 };
            let galley = super::galley(ui.painter(), line);
            let elided = galley.elided;
            let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, &text));
            ui.painter().galley(rect.min, galley, palette.red);
            if elided {
                response.on_hover_text(&text);
            }
            again.then_some(Wish::Again)
        }
    }
}

/// A quiet strip with a sentence that wants to be read, and what can be done about it at the right.
pub fn strip<R>(ui: &mut Ui, tone: Tone, what: &str, more: &str, aside: impl FnOnce(&mut Ui) -> R) -> R {
    let palette = Palette::of(ui);
    let (fill, ink) = match tone {
        Tone::Warn => (palette.amber_soft, palette.amber),
        Tone::Urgent => (palette.red_soft, palette.red),
        Tone::Good => (palette.green_soft, palette.green),
        Tone::Plain => (palette.sunk, palette.dim),
    };
    let frame = Frame::new()
        .fill(fill)
        .corner_radius(CornerRadius::same(RADIUS_CONTROL))
        .inner_margin(Margin::symmetric(12, 8));
    let shown = frame.show(ui, |ui| {
        let whole = ui.available_rect_before_wrap().with_max_y(ui.cursor().top() + CONTROL_HEIGHT);
        let layout = Layout::right_to_left(Align::Center);
        let mut side = ui.new_child(UiBuilder::new().max_rect(whole).layout(layout).id_salt("aside"));
        let result = aside(&mut side);
        let taken = side.min_rect().width();
        let has_side = taken > 1.0;
        let width = whole.width() - if has_side { taken + 16.0 } else { 0.0 };
        let lines = [(what, Type::BodyStrong, ink), (more, Type::Body, palette.text)];
        let shown = || lines.into_iter().filter(|(text, ..)| !text.is_empty());
        let height: f32 = shown()
            .map(|(text, kind, color)| {
                super::galley(ui.painter(), super::Line { text, kind, color, width, rows: 20 }).size().y
            })
            .sum();
        let high = if has_side { height.max(CONTROL_HEIGHT) } else { height };
        let top = whole.top() + (high - height) / 2.0;
        let words = Rect::from_min_size(pos2(whole.left(), top), vec2(width, height));
        let mut words = ui.new_child(UiBuilder::new().max_rect(words).id_salt("words"));
        for (text, kind, color) in shown() {
            label(&mut words, text, kind, color);
        }
        ui.allocate_exact_size(vec2(whole.width(), high), Sense::hover());
        result
    });
    ui.add_space(8.0);
    shown.inner
}
