//! The list that a control opens: below it, or above it where there is more room, and never out of the window.

use egui::{Popup, PopupCloseBehavior, Response, ScrollArea, Ui};

use super::select::MENU_ITEM;

/// Space around the rows, points: the menu's margins, its border, and a little distance to the window's edge.
const AROUND: f32 = 24.0;
/// What the scroll bar needs beside the rows, points.
const BAR: f32 = 12.0;
/// A list is at most this high, points.
const MOST: f32 = 400.0;

/// How large a list is.
#[derive(Clone, Copy, Debug)]
pub struct ListSize {
    /// Points.
    pub width: f32,
    /// Of all rows together, points.
    pub height: f32,
}

/// Opens and closes with `button`; `content` draws the rows, as wide as there is room. Choosing closes it, or only what
/// `content` closes, by `behavior`.
pub fn drop_list(
    button: &Response,
    name: &str,
    size: ListSize,
    behavior: PopupCloseBehavior,
    content: impl FnOnce(&mut Ui),
) {
    let window = button.ctx.content_rect();
    let room = (window.bottom() - button.rect.bottom()).max(button.rect.top() - window.top()) - AROUND;
    let most = room.clamp(84.0, MOST);
    Popup::menu(button).accessible_name(name).close_behavior(behavior).show(|ui| {
        ui.set_width(size.width);
        // Rows that are laid out in a line are no higher than the others.
        ui.spacing_mut().interact_size.y = MENU_ITEM;
        if size.height <= most {
            content(ui);
            return;
        }
        ScrollArea::vertical().max_height(most).show(ui, |ui| {
            // The bar stands beside the rows, not on what can be pressed in them.
            ui.set_max_width(size.width - BAR);
            content(ui);
            ui.set_min_width(size.width);
        });
    });
}
