//! Message text for people: markdown to one plain line, emoji codes to emoji, hostile characters made harmless, sensible
//! lengths, right-to-left lines for drawing.

use std::borrow::Cow;

mod address;
pub mod bidi;
mod blocks;
pub mod emoji;
mod inline;
mod markdown;
mod shorten;
#[cfg(test)]
mod tests;

pub use markdown::{strip_markdown, strip_markdown_strict};
pub use shorten::{PREVIEW_GRAPHEMES, cut_at_char, neutralize, shorten};

/// The most of a text that is prepared for a card or a row, in bytes: far more than [`PREVIEW_GRAPHEMES`] ever are.
const PEOPLE_BYTES: usize = 64 * 1024;

/// A text as people see it in a card or a row: emoji for their codes, harmless, without gaps, of sensible length.
pub fn for_people(plain: &str) -> String {
    let harmless = neutralize(cut_at_char(plain, PEOPLE_BYTES));
    let shown = emoji::replace(&harmless);
    if shown.contains("  ") || shown.contains('\n') {
        // Indentation of code is kept in the plain wording; in a card it is only a hole.
        let words: Cow<'_, str> = shown.split_whitespace().collect::<Vec<_>>().join(" ").into();
        return shorten(&words, PREVIEW_GRAPHEMES);
    }
    shorten(&shown, PREVIEW_GRAPHEMES)
}
