//! Labels and laid-out text in the types of the theme.

use std::sync::Arc;

use belfry_core::text::bidi::{Paragraph, needs_bidi};
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
    let Some(turned) = turned(text, &laid_out) else { return laid_out };
    let mut job = LayoutJob::single_section(turned, kind.format(color));
    job.wrap = TextWrapping::no_max_width();
    painter.layout_job(job)
}

/// A text that runs from right to left, with the line breaks that the toolkit found and each line as it is to be read:
/// to be laid out again, without wrapping. `None` where the galley is right as it is.
///
/// Such lines stay at the left: pictures and times stand where they do for either direction.
pub fn turned(text: &str, laid_out: &Galley) -> Option<String> {
    let paragraph = Paragraph::new(text)?;
    let mut lines: Vec<String> = Vec::with_capacity(laid_out.rows.len());
    let mut rest = text;
    for (nth, row) in laid_out.rows.iter().enumerate() {
        // The last row of a text that was cut ends with the ellipsis.
        let last = nth + 1 == laid_out.rows.len();
        let cut = laid_out.elided && last;
        let length = match (last, row.ends_with_newline) {
            (true, _) if !cut => rest.len(),
            (false, true) => rest.find('\n').unwrap_or(rest.len()),
            _ => taken(rest, &row.text(), cut),
        };
        let start = text.len() - rest.len();
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
    Some(lines.join("\n"))
}

/// How many bytes of `rest` a row holds. Blanks are counted, because the toolkit has more glyphs than letters for a word
/// that it turned; of such a word that was cut nothing is kept, if there are others.
fn taken(rest: &str, row: &str, cut: bool) -> usize {
    let row = if cut { row.trim_end_matches('…') } else { row };
    let after = |(at, blank): (usize, char)| at + blank.len_utf8();
    let blanks = row.chars().filter(|letter| letter.is_whitespace()).count();
    let whole = match blanks.checked_sub(1) {
        Some(last) => {
            rest.char_indices().filter(|(_, letter)| letter.is_whitespace()).nth(last).map_or(rest.len(), after)
        }
        None => 0,
    };
    let tail = row.rsplit(char::is_whitespace).next().unwrap_or_default();
    let letters = match (needs_bidi(tail), cut && whole > 0) {
        (false, _) => tail.chars().count(),
        (true, true) => 0,
        (true, false) => tail.chars().count().div_ceil(2),
    };
    let remaining = rest.get(whole..).unwrap_or_default();
    whole + remaining.char_indices().nth(letters).map_or(remaining.len(), |(at, _)| at)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_whole_words_even_where_the_toolkit_has_more_glyphs_than_letters() {
        // As egui reports it: a turned word has a glyph more for nearly each of its letters.
        assert_eq!(taken("שלום עולם Bob", "שלוםםםם עולםםםם ", false), "שלום עולם ".len());
        assert_eq!(taken("one-two three", "one-", false), "one-".len());
        assert_eq!(taken("שלום עולם", "שלוםםםם עו…", true), "שלום ".len());
        assert_eq!(taken("שלום", "שלוםםםם", false), "שלום".len());
        assert_eq!(taken("", "", true), 0);
    }
}
