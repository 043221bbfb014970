//! The controls of both faces. Each has a name for screen readers, a focus ring, and colours from [`crate::theme`].

mod avatar;
mod button;
mod chip;
mod choice;
mod dialog;
mod field;
mod layout;
mod list;
mod pill;
mod progress;
mod saved;
mod select;
mod selection;
mod slider;
mod switch;
mod text;

pub use avatar::{avatar, initials, tint};
pub use button::{Button, Kind, icon_button};
pub use chip::{add_chip, chip};
pub use choice::{Tick, checkbox, choice_row, radio_group, tick};
pub use dialog::{answers, dialog};
pub use field::{TextField, text_area};
pub use layout::{dialog_scroll, empty, heading, page_scroll, setting, titled_card};
pub use list::{ListSize, drop_list};
pub use pill::{counter, drop_down, pill, tag, tag_size};
pub use progress::{is_late, spinner, waiting};
pub use saved::{Saved, Wish, flush_link, saved_line, strip};
pub use select::{MENU_ITEM, arrows, menu_item, menu_item_in, select, select_button};
pub use selection::Selection;
pub use slider::{Range, slider};
pub use switch::switch;
pub use text::{Line, galley, label, label_truncated, turned};

use egui::{CornerRadius, Rect, Response, Stroke, StrokeKind};

use crate::theme::Palette;

/// The focus ring: 2 points of accent, 2 points away.
pub fn focus_ring(ui: &egui::Ui, response: &Response, rect: Rect, radius: u8) {
    if response.has_focus() {
        let ring = Stroke::new(2.0, Palette::of(ui).accent);
        let radius = CornerRadius::same(radius.saturating_add(2));
        ui.painter().rect_stroke(rect.expand(2.0), radius, ring, StrokeKind::Outside);
    }
}

/// A card: surface, border, padding.
pub fn card(ui: &egui::Ui) -> egui::Frame {
    let palette = Palette::of(ui);
    egui::Frame::new()
        .fill(palette.surface)
        .stroke(palette.border())
        .corner_radius(CornerRadius::same(crate::theme::RADIUS_CARD))
        .inner_margin(crate::theme::CARD_PADDING)
}
