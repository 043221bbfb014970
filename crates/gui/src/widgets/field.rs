//! A text field with our frame.

use egui::{CornerRadius, Response, Sense, Stroke, StrokeKind, TextEdit, Ui, vec2};

use super::focus_ring;
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
}

impl<'a> TextField<'a> {
    /// A field; `name` is said by screen readers.
    pub fn new(text: &'a mut String, name: &'a str) -> Self {
        Self { text, name, hint: "", secret: false, width: None, limit: 1024 }
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

    /// Points; all that there is by default.
    #[must_use]
    pub fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// Draws it.
    pub fn show(self, ui: &mut Ui) -> Response {
        let Self { text, name, hint, secret, width, limit } = self;
        let palette = Palette::of(ui);
        let size = vec2(width.unwrap_or_else(|| ui.available_width()), FIELD_HEIGHT);
        let (rect, _frame) = ui.allocate_exact_size(size, Sense::hover());
        let radius = CornerRadius::same(RADIUS_CONTROL);
        ui.painter().rect_filled(rect, radius, palette.surface);
        ui.painter().rect_stroke(rect, radius, palette.border(), StrokeKind::Inside);
        let inner = rect.shrink2(vec2(10.0, 0.0));
        let edit = TextEdit::singleline(text)
            .id(ui.auto_id_with(("field", name)))
            .frame(egui::Frame::NONE)
            .margin(0)
            .font(Type::Body.font())
            .text_color(palette.text)
            .hint_text(egui::RichText::new(hint).font(Type::Body.font()).color(palette.faint))
            .password(secret)
            .char_limit(limit)
            .align(egui::Align2::LEFT_CENTER)
            .min_size(inner.size())
            .desired_width(inner.width());
        let response = ui.put(inner, edit).accessible_name(name);
        if response.has_focus() {
            ui.painter().rect_stroke(rect, radius, Stroke::new(1.0, palette.accent), StrokeKind::Inside);
        }
        focus_ring(ui, &response, rect, RADIUS_CONTROL);
        response
    }
}
