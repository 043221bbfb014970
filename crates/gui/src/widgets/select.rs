//! A select: a framed button that says what is chosen and opens the list of what else there is.

use egui::accesskit::Role;
use egui::{
    CornerRadius, EventFilter, Key, Modifiers, Popup, PopupCloseBehavior, Pos2, Response, Sense, StrokeKind, Ui,
    WidgetInfo, vec2,
};

use super::focus_ring;
use super::list::{ListSize, drop_list};
use super::text::{Line, galley};
use crate::icons::Icon;
use crate::theme::{CONTROL_HEIGHT, Palette, RADIUS_CONTROL, Type};

/// Height of a line of an opened list, points.
pub const MENU_ITEM: f32 = 28.0;

/// The framed button; `name` says what is chosen with it.
pub fn select_button(ui: &mut Ui, name: &str, shown: &str, width: f32) -> Response {
    let palette = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, CONTROL_HEIGHT), Sense::click());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, ui.is_enabled(), name);
        info.current_text_value = Some(shown.to_owned());
        info
    });
    if ui.is_rect_visible(rect) {
        let enabled = ui.is_enabled();
        let radius = CornerRadius::same(RADIUS_CONTROL);
        let ground = if enabled { palette.surface } else { palette.bg };
        let fill = if enabled && response.hovered() { palette.step(ground) } else { ground };
        ui.painter().rect_filled(rect, radius, fill);
        ui.painter().rect_stroke(rect, radius, palette.border(), StrokeKind::Inside);
        let ink = if enabled { palette.text } else { palette.faint };
        let words = Line { text: shown, kind: Type::Body, color: ink, width: width - 38.0, rows: 1 };
        let words = galley(ui.painter(), words);
        ui.painter().galley(Pos2::new(rect.left() + 11.0, rect.center().y - words.size().y / 2.0), words, ink);
        Icon::Chevron.paint(ui.painter(), Pos2::new(rect.right() - 16.0, rect.center().y), ink);
        focus_ring(ui, &response, rect, RADIUS_CONTROL);
    }
    response
}

/// One line of an opened list.
pub fn menu_item(ui: &mut Ui, text: &str, selected: bool) -> Response {
    menu_item_in(ui, text, selected, ui.available_width())
}

/// The same, so many points wide: something stands beside it.
pub fn menu_item_in(ui: &mut Ui, text: &str, selected: bool, width: f32) -> Response {
    let palette = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, MENU_ITEM), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::MenuItemRadio, ui.is_enabled(), selected, text));
    if ui.is_rect_visible(rect) {
        let fill = if selected { palette.accent_soft } else { palette.surface };
        let fill = if response.hovered() || response.has_focus() { palette.step(fill) } else { fill };
        ui.painter().rect_filled(rect, CornerRadius::same(6), fill);
        let (kind, ink) = if selected { (Type::BodyStrong, palette.accent) } else { (Type::Body, palette.text) };
        let words = galley(ui.painter(), Line { text, kind, color: ink, width: width - 20.0, rows: 1 });
        ui.painter().galley(Pos2::new(rect.left() + 10.0, rect.center().y - words.size().y / 2.0), words, ink);
        focus_ring(ui, &response, rect.shrink(3.0), 4);
    }
    response
}

/// A whole select over a few values; returns the one that the person wants instead. `unknown` is said where none is chosen.
///
/// With the focus on it, the up and down arrows choose without opening it.
pub fn select<T: Copy + PartialEq>(
    ui: &mut Ui,
    name: &str,
    chosen: Option<T>,
    choices: &[(T, &str)],
    unknown: &str,
    width: f32,
) -> Option<T> {
    let position = choices.iter().position(|(value, _)| chosen == Some(*value));
    let shown = position.and_then(|index| choices.get(index)).map_or(unknown, |(_, text)| *text);
    let button = select_button(ui, name, shown, width);
    let mut wanted = arrows(ui, &button).and_then(|step| {
        let last = choices.len().saturating_sub(1);
        let next = position.map_or(0, |index| index.saturating_add_signed(step).min(last));
        choices.get(next).map(|(value, _)| *value)
    });
    let size = ListSize { width: (width - 12.0).max(120.0), height: MENU_ITEM * choices.len() as f32 };
    drop_list(&button, name, size, PopupCloseBehavior::default(), |ui| {
        for (value, text) in choices {
            if menu_item(ui, text, chosen == Some(*value)).clicked() {
                wanted = Some(*value);
                ui.close();
            }
        }
    });
    wanted.filter(|value| chosen != Some(*value))
}

/// One up or down, where `response` has the focus and its list is closed.
pub fn arrows(ui: &Ui, response: &Response) -> Option<isize> {
    if !response.has_focus() || Popup::is_any_open(ui.ctx()) {
        return None;
    }
    let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    match (pressed(Key::ArrowDown), pressed(Key::ArrowUp)) {
        (true, _) => Some(1),
        (_, true) => Some(-1),
        _ => None,
    }
}
