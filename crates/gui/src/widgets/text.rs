//! Labels and laid-out text in the types of the theme.

use std::sync::Arc;

use belfry_core::text::bidi::Paragraph;
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
    let laid_out = painter.layout_job(job);
    match Paragraph::new(text) {
        Some(paragraph) => turned(painter, line, &laid_out, &paragraph),
        None => laid_out,
    }
}

/// Text from right to left: the toolkit has broken the lines, and each is laid out again as it is to be read.
///
/// They stay at the left: the cards' and rows' pictures and times are there for either direction.
fn turned(painter: &Painter, line: Line<'_>, laid_out: &Galley, paragraph: &Paragraph<'_>) -> Arc<Galley> {
    let mut lines: Vec<String> = Vec::with_capacity(laid_out.rows.len());
    let mut rest = line.text;
    for (nth, row) in laid_out.rows.iter().enumerate() {
        // The last row of a text that was cut ends with the ellipsis.
        let cut = laid_out.elided && nth + 1 == laid_out.rows.len();
        let count = row.glyphs.len().saturating_sub(usize::from(cut));
        let length = rest.char_indices().nth(count).map_or(rest.len(), |(at, _)| at);
        let start = line.text.len() - rest.len();
        let words = rest.get(..length).unwrap_or_default().trim_end();
        let mut shown = paragraph.line(start..start + words.len());
        if cut {
            let end = if paragraph.is_right_to_left() { 0 } else { shown.len() };
            shown.insert(end, '…');
        }
        lines.push(shown);
        rest = rest.get(length..).unwrap_or_default();
        if row.ends_with_newline {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
    }
    let mut job = LayoutJob::single_section(lines.join("\n"), line.kind.format(line.color));
    job.wrap = TextWrapping::no_max_width();
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
