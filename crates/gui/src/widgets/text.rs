//! Labels and laid-out text in the types of the theme.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, Galley, Painter, Response, Ui};

use crate::theme::Type;

/// One piece of text to be laid out.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// What it says.
    pub text: &'a str,
    /// Size and weight.
    pub kind: Type,
    /// Colour.
    pub color: Color32,
    /// It is cut after this width, points.
    pub width: f32,
    /// And after this many rows.
    pub rows: usize,
}

/// Lays text out, cut with "…" where it is too long.
pub fn galley(painter: &Painter, line: Line<'_>) -> Arc<Galley> {
    let Line { text, kind, color, width, rows } = line;
    let mut job = LayoutJob::single_section(text.to_owned(), kind.format(color));
    job.wrap = wrapping(width, rows);
    job.break_on_newline = rows > 1;
    painter.layout_job(job)
}

/// Wrapping that cuts after `rows` rows.
pub(super) fn wrapping(width: f32, rows: usize) -> TextWrapping {
    TextWrapping {
        max_width: width.max(0.0), max_rows: rows, break_anywhere: rows == 1, overflow_character: Some('…')
    }
}

/// A label that wraps.
pub fn label(ui: &mut Ui, text: impl Into<String>, kind: Type, color: Color32) -> Response {
    ui.add(egui::Label::new(kind.rich(text, color)).wrap())
}

/// A label in one line, cut where it is too long.
pub fn label_truncated(ui: &mut Ui, text: impl Into<String>, kind: Type, color: Color32) -> Response {
    ui.add(egui::Label::new(kind.rich(text, color)).truncate())
}
