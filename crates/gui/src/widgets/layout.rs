//! How pages are put together: scrolling, cards with a title, rows of settings, empty pages.

use egui::accesskit::Role;
use egui::{Align, Id, Layout, Margin, Pos2, Rect, ScrollArea, Sense, Ui, UiBuilder, vec2};

use super::text::{Line, galley, label};
use super::{Button, Kind, card};
use crate::theme::{CARD_GAP, PAGE_PADDING, Palette, Type};

/// How far right of the content the scroll bar stands: in the page's padding, never on a card's edge.
const GUTTER: f32 = 20.0;

/// A page that scrolls. Its bar stands in the padding at the right, and the last card keeps its distance to the window's
/// edge.
pub fn page_scroll<R>(ui: &mut Ui, id: &str, content: impl FnOnce(&mut Ui) -> R) -> R {
    let width = ui.available_width();
    let mut rect = ui.available_rect_before_wrap();
    rect.max.x += GUTTER;
    rect.max.y += f32::from(PAGE_PADDING.bottom);
    // Focus rings reach out of the cards, and a field is higher than the pills beside it.
    rect.min.x -= 6.0;
    rect.min.y -= 4.0;
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        let area = ScrollArea::vertical().id_salt(id).auto_shrink(false);
        area.show(ui, |ui| {
            let mut inner = ui.available_rect_before_wrap();
            inner.min.x += 6.0;
            inner.min.y += 4.0;
            inner.max.x = inner.min.x + width;
            ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
                let result = content(ui);
                ui.add_space(f32::from(PAGE_PADDING.bottom));
                follow_focus(ui);
                result
            })
            .inner
        })
        .inner
    })
    .inner
}

/// The part of a dialog that scrolls where it has no room, at most `most` points high. Its bar stands in the dialog's
/// padding, never on a field's edge.
pub fn dialog_scroll<R>(ui: &mut Ui, id: &str, most: f32, content: impl FnOnce(&mut Ui) -> R) -> R {
    // Rings of focused fields reach out of them.
    const RING: f32 = 6.0;
    const BAR: f32 = 18.0;
    let width = ui.available_width();
    let start = ui.cursor().min;
    let rect = Rect::from_min_size(start, vec2(width, most));
    let around = Rect::from_min_max(rect.min - vec2(RING, 0.0), rect.max + vec2(BAR, 0.0));
    let mut child = ui.new_child(UiBuilder::new().max_rect(around).id_salt(id));
    let area = ScrollArea::vertical().id_salt(id).max_height(most).auto_shrink([false, true]);
    let shown = area.show(&mut child, |ui| {
        let mut inner = ui.available_rect_before_wrap();
        inner.min.x += RING;
        inner.max.x = inner.min.x + width;
        let content = |ui: &mut Ui| {
            let result = content(ui);
            follow_focus(ui);
            result
        };
        ui.scope_builder(UiBuilder::new().max_rect(inner), content).inner
    });
    // What it shows of its content, which `inner_rect` is not: that has room for more.
    let height = shown.content_size.y.min(shown.inner_rect.height());
    ui.advance_cursor_after_rect(Rect::from_min_size(start, vec2(width, height)));
    shown.inner
}

/// Brings what the keyboard moved to into sight: egui moves the focus to what is scrolled away too, and leaves it there.
fn follow_focus(ui: &Ui) {
    // A card's title or hint above it is seen as well.
    const AROUND: f32 = 28.0;
    let last = ui.scope_id().with("focused");
    let focused = ui.memory(egui::Memory::focused);
    let before: Option<Id> = ui.data(|data| data.get_temp::<Option<Id>>(last)).flatten();
    if focused == before {
        return;
    }
    ui.data_mut(|data| data.insert_temp(last, focused));
    let Some(response) = focused.and_then(|id| ui.ctx().read_response(id)) else { return };
    if response.layer_id == ui.layer_id() && ui.min_rect().contains(response.rect.center()) {
        ui.scroll_to_rect(response.rect.expand(AROUND), None);
    }
}

/// A card with a title, and what stands at the right of it; `CARD_GAP` below it.
pub fn titled_card<R>(
    ui: &mut Ui,
    title: &str,
    sub: &str,
    aside: impl FnOnce(&mut Ui),
    content: impl FnOnce(&mut Ui) -> R,
) -> R {
    let palette = Palette::of(ui);
    let builder = UiBuilder::new().id_salt(title).accessibility_role(Role::Group).accessibility_label(title);
    ui.scope_builder(builder, |ui| {
        let shown = card(ui).show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            let row = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), Type::CardTitle.line_height()));
            let words =
                ui.scope_builder(UiBuilder::new().max_rect(row), |ui| heading(ui, title, Type::CardTitle)).response;
            // What stands beside the title comes and goes, and is higher: nothing below moves for it.
            let beside =
                Rect::from_x_y_ranges(words.rect.right() + 12.0..=row.right(), row.y_range()).expand2(vec2(0.0, 5.0));
            let layout = Layout::right_to_left(Align::Center);
            aside(&mut ui.new_child(UiBuilder::new().max_rect(beside).layout(layout).id_salt("aside")));
            if !sub.is_empty() {
                ui.add_space(2.0);
                label(ui, sub, Type::Body, palette.dim);
            }
            ui.add_space(8.0);
            content(ui)
        });
        ui.add_space(CARD_GAP);
        shown.inner
    })
    .inner
}

/// A title that screen readers find as one.
pub fn heading(ui: &mut Ui, text: &str, kind: Type) {
    let heading = label(ui, text, kind, Palette::of(ui).text);
    ui.ctx().accesskit_node_builder(heading.id, |node| {
        node.set_role(Role::Heading);
        node.set_label(text);
        node.clear_value();
    });
}

/// A setting of this computer: words at the left, its control at the right, a line below all but the last.
pub fn setting<R>(ui: &mut Ui, title: &str, hint: &str, last: bool, control: impl FnOnce(&mut Ui) -> R) -> R {
    const CONTROLS: f32 = 300.0;
    const ABOVE: f32 = 11.0;
    let palette = Palette::of(ui);
    let width = ui.available_width();
    let room = (width - CONTROLS).max(200.0);
    let line = |text, kind, color, rows| Line { text, kind, color, width: room, rows };
    let title = galley(ui.painter(), line(title, Type::Body, palette.text, 2));
    let hint = (!hint.is_empty()).then(|| galley(ui.painter(), line(hint, Type::Small, palette.dim, 4)));
    let words = title.size().y + hint.as_ref().map_or(0.0, |hint| hint.size().y + 2.0);
    let height = words.max(30.0);
    let (rect, _) = ui.allocate_exact_size(vec2(width, height + 2.0 * ABOVE), Sense::hover());
    let mut top = rect.center().y - words / 2.0;
    let step = title.size().y + 2.0;
    ui.painter().galley(Pos2::new(rect.left(), top), title, palette.text);
    top += step;
    if let Some(hint) = hint {
        ui.painter().galley(Pos2::new(rect.left(), top), hint, palette.dim);
    }
    if !last {
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, palette.border());
    }
    let right = Rect::from_min_max(Pos2::new(rect.left() + room, rect.top()), rect.max);
    let builder = UiBuilder::new().max_rect(right).layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(builder, control).inner
}

/// An empty page that says what to do; returns whether its button was pressed.
pub fn empty(ui: &mut Ui, title: &str, hint: &str, button: Option<&str>) -> bool {
    let palette = Palette::of(ui);
    let mut pressed = false;
    card(ui).inner_margin(Margin::symmetric(24, 28)).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        label(ui, title, Type::CardTitle, palette.text);
        ui.add_space(4.0);
        label(ui, hint, Type::Body, palette.dim);
        if let Some(button) = button {
            ui.add_space(14.0);
            pressed = ui.add(Button::new(button, Kind::Primary)).clicked();
        }
    });
    pressed
}
