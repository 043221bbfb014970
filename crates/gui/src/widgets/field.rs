//! A text field with our frame.

use egui::accesskit::Role;
use egui::{CornerRadius, Id, Rect, Response, Sense, Stroke, StrokeKind, TextEdit, Ui, WidgetInfo, pos2, vec2};

use super::focus_ring;
use crate::icons::{Icon, small_cross};
use crate::texts;
use crate::theme::{FIELD_HEIGHT, Palette, RADIUS_CONTROL, Type};

/// One line of text.
#[derive(Debug)]
pub struct TextField<'a> {
    text: &'a mut String,
    name: &'a str,
    hint: &'a str,
    secret: bool,
    width: Option<f32>,
    limit: usize,
    search: bool,
    id: Option<Id>,
}

impl<'a> TextField<'a> {
    /// A field; `name` is said by screen readers.
    pub fn new(text: &'a mut String, name: &'a str) -> Self {
        Self { text, name, hint: "", secret: false, width: None, limit: 1024, search: false, id: None }
    }

    /// Shown while the field is empty.
    #[must_use]
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// Its text is not shown.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Letters that it takes; 1024 by default.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// With a magnifying glass, and a cross once there is text.
    #[must_use]
    pub fn search(mut self) -> Self {
        self.search = true;
        self
    }

    /// Its id, where somebody gives it the focus from outside.
    #[must_use]
    pub fn id(mut self, id: Id) -> Self {
        self.id = Some(id);
        self
    }

    /// Points; all that there is by default.
    #[must_use]
    pub fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// Draws it.
    pub fn show(self, ui: &mut Ui) -> Response {
        let Self { text, name, hint, secret, width, limit, search, id } = self;
        let palette = Palette::of(ui);
        let size = vec2(width.unwrap_or_else(|| ui.available_width()), FIELD_HEIGHT);
        let (rect, _frame) = ui.allocate_exact_size(size, Sense::hover());
        let radius = CornerRadius::same(RADIUS_CONTROL);
        ui.painter().rect_filled(rect, radius, palette.surface);
        ui.painter().rect_stroke(rect, radius, palette.border(), StrokeKind::Inside);
        let mut inner = rect.shrink2(vec2(10.0, 0.0));
        if search {
            Icon::Search.paint(ui.painter(), pos2(rect.left() + 18.0, rect.center().y), palette.faint);
            inner.min.x += 22.0;
            let clear = Rect::from_center_size(pos2(rect.right() - 16.0, rect.center().y), vec2(20.0, 20.0));
            inner.max.x -= 20.0;
            if !text.is_empty() {
                let response = ui.interact(clear, ui.auto_id_with(("clear", name)), Sense::click());
                response.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::CLEAR_SEARCH));
                small_cross(ui.painter(), clear.center(), palette.dim);
                focus_ring(ui, &response, clear.shrink(3.0), 7);
                if response.on_hover_text(texts::CLEAR_SEARCH).clicked() {
                    text.clear();
                }
            }
        }
        let ink = if ui.is_enabled() { palette.text } else { palette.faint };
        let edit = TextEdit::singleline(text)
            .id(id.unwrap_or_else(|| ui.auto_id_with(("field", name))))
            .frame(egui::Frame::NONE)
            .margin(0)
            .font(Type::Body.font())
            .text_color(ink)
            .hint_text(egui::RichText::new(hint).font(Type::Body.font()).color(palette.faint))
            .password(secret)
            .char_limit(limit)
            .align(egui::Align2::LEFT_CENTER)
            .min_size(inner.size())
            .desired_width(inner.width());
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(inner).layout(layout).id_salt(("edit", name)));
        let response = child.add(edit).accessible_name(name);
        if response.has_focus() {
            ui.painter().rect_stroke(rect, radius, Stroke::new(1.0, palette.accent), StrokeKind::Inside);
        }
        focus_ring(ui, &response, rect, RADIUS_CONTROL);
        response
    }
}

/// Several lines of text.
pub fn text_area(ui: &mut Ui, text: &mut String, name: &str, hint: &str, rows: usize) -> Response {
    let palette = Palette::of(ui);
    let height = Type::Body.line_height() * rows as f32 + 16.0;
    let (rect, _frame) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let radius = CornerRadius::same(RADIUS_CONTROL);
    ui.painter().rect_filled(rect, radius, palette.surface);
    ui.painter().rect_stroke(rect, radius, palette.border(), StrokeKind::Inside);
    let inner = rect.shrink2(vec2(10.0, 8.0));
    let ink = if ui.is_enabled() { palette.text } else { palette.faint };
    let edit = TextEdit::multiline(text)
        .id(ui.auto_id_with(("area", name)))
        .frame(egui::Frame::NONE)
        .margin(0)
        .font(Type::Body.font())
        .text_color(ink)
        .hint_text(egui::RichText::new(hint).font(Type::Body.font()).color(palette.faint))
        .char_limit(16_383)
        .desired_width(inner.width())
        .desired_rows(rows);
    // The bar stands in the padding, not on the words.
    let builder = egui::UiBuilder::new().max_rect(inner.with_max_x(rect.right() - 1.0));
    let shown = ui.scope_builder(builder, |ui| {
        let area = egui::ScrollArea::vertical().id_salt(name).max_height(inner.height()).auto_shrink(false);
        area.show(ui, |ui| ui.add(edit)).inner
    });
    let response = shown.inner.accessible_name(name);
    focus_ring(ui, &response, rect, RADIUS_CONTROL);
    response
}
