//! Right-to-left text for a toolkit without the bidirectional algorithm.
//!
//! The faces' toolkit (egui 0.37) shapes: letters join, marks sit, and a run of right-to-left letters in one font is
//! itself laid out from right to left. What it lacks is everything beyond such a run: words stand in the order in which
//! they were typed, brackets are not mirrored, numbers and Latin words do not turn around each other. So a line from
//! here has its *words* in visual order, while the letters within a right-to-left word stay in typed order: turning them
//! too would turn them twice, and would break Arabic joining.
//!
//! What it can: whole lines, mixed lines, numbers, brackets, and wrapped text, if the text is wrapped first and each line
//! is then asked for by its range, because directions are worked out over the whole paragraph. What it cannot: selecting
//! or editing such text (positions are those of the turned line), and fonts whose Latin and Hebrew or Arabic letters
//! are one face: the toolkit then gives the whole run one direction.

use std::borrow::Cow;
use std::ops::Range;

use unicode_bidi::{BidiInfo, Level};
use unicode_segmentation::UnicodeSegmentation as _;

/// Whether anything in a text runs from right to left. Cheap, and false for nearly all text.
pub fn needs_bidi(text: &str) -> bool {
    // Nothing of the kind is encoded in one byte, nor below U+0590.
    text.bytes().any(|byte| byte >= 0xD6) && text.chars().any(is_right_to_left)
}

/// One line as it is to be drawn. A text of several lines is drawn line by line: see [`Paragraph`].
pub fn display(line: &str) -> Cow<'_, str> {
    match Paragraph::new(line) {
        Some(paragraph) => Cow::Owned(paragraph.line(0..line.len())),
        None => Cow::Borrowed(line),
    }
}

/// A paragraph whose directions are worked out, ready to give its lines.
#[derive(Debug)]
pub struct Paragraph<'t> {
    text: &'t str,
    info: BidiInfo<'t>,
}

impl<'t> Paragraph<'t> {
    /// Works the directions out; `None` where the text can be drawn as it is.
    pub fn new(text: &'t str) -> Option<Self> {
        needs_bidi(text).then(|| Self { text, info: BidiInfo::new(text, None) })
    }

    /// Whether the paragraph as a whole runs from right to left: by its first letter.
    pub fn is_right_to_left(&self) -> bool {
        self.info.paragraphs.first().is_some_and(|first| first.level.is_rtl())
    }

    /// The line that wrapping made of these bytes, as it is to be drawn. Empty for a range that is not of this text.
    pub fn line(&self, bytes: Range<usize>) -> String {
        let mut line = String::with_capacity(bytes.len());
        if self.text.get(bytes.clone()).is_none() {
            return line;
        }
        // A newline ends a paragraph of the algorithm: each part is turned by itself.
        for part in &self.info.paragraphs {
            let range = part.range.start.max(bytes.start)..part.range.end.min(bytes.end);
            let words = self.text.get(range.clone()).map_or("", |text| text.trim_end_matches(['\n', '\r']));
            if !words.is_empty() {
                self.turn(part, range.start..range.start + words.len(), &mut line);
            }
            line.push_str(self.text.get(range.start + words.len()..range.end).unwrap_or_default());
        }
        line
    }

    fn turn(&self, part: &unicode_bidi::ParagraphInfo, range: Range<usize>, line: &mut String) {
        let (levels, runs) = self.info.visual_runs(part, range);
        let mut visual: Vec<Cow<'_, str>> = Vec::new();
        for run in runs {
            let text = self.text.get(run.clone()).unwrap_or_default();
            if levels.get(run.start).is_some_and(Level::is_rtl) {
                visual.extend(text.graphemes(true).rev().map(mirrored));
            } else {
                visual.extend(text.graphemes(true).map(Cow::Borrowed));
            }
        }
        // What the toolkit will turn by itself is handed over unturned.
        let mut rest = visual.as_slice();
        while let Some(first) = rest.first() {
            let together = rest.iter().take_while(|grapheme| is_of_right_to_left_font(grapheme)).count();
            let (run, after) = rest.split_at(together.max(1));
            if together == 0 {
                line.push_str(first);
            } else if run.iter().any(|grapheme| grapheme.chars().any(has_right_to_left_script)) {
                line.extend(run.iter().rev().map(AsRef::<str>::as_ref));
            } else {
                line.extend(run.iter().map(AsRef::<str>::as_ref));
            }
            rest = after;
        }
    }
}

/// Hebrew, Arabic, Syriac, Thaana, `NKo` and their kin, presentation forms, and the plane's further scripts.
const fn is_right_to_left(character: char) -> bool {
    matches!(character, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}' | '\u{10800}'..='\u{10FFF}'
        | '\u{1E800}'..='\u{1EFFF}' | '\u{200F}' | '\u{202B}' | '\u{202E}' | '\u{2067}')
}

/// Whether the toolkit takes a grapheme from the font of a right-to-left script: what stands together there is one run.
fn is_of_right_to_left_font(grapheme: &str) -> bool {
    grapheme.chars().next().is_some_and(|first| is_right_to_left(first) && !matches!(first, '\u{2000}'..='\u{206F}'))
}

/// Whether a character alone makes the toolkit lay its run out from right to left: not punctuation and marks that
/// scripts share. The scripts' own digits do, although they read from left to right.
const fn has_right_to_left_script(character: char) -> bool {
    is_right_to_left(character)
        && !matches!(character, '\u{060C}' | '\u{061B}' | '\u{061F}' | '\u{0640}' | '\u{064B}'..='\u{0655}' | '\u{0670}'
            | '\u{06DD}' | '\u{FD3E}' | '\u{FD3F}' | '\u{2000}'..='\u{206F}')
}

/// The mirror image of a bracket; anything else as it is.
fn mirrored(grapheme: &str) -> Cow<'_, str> {
    const PAIRS: [(&str, &str); 20] = [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("<", ">"),
        ("«", "»"),
        ("‹", "›"),
        ("≤", "≥"),
        ("≪", "≫"),
        ("⟨", "⟩"),
        ("⟪", "⟫"),
        ("〈", "〉"),
        ("《", "》"),
        ("「", "」"),
        ("『", "』"),
        ("【", "】"),
        ("〔", "〕"),
        ("〖", "〗"),
        ("（", "）"),
        ("［", "］"),
        ("⁅", "⁆"),
    ];
    let image = PAIRS.iter().find_map(|(open, close)| match grapheme {
        it if it == *open => Some(*close),
        it if it == *close => Some(*open),
        _ => None,
    });
    Cow::Borrowed(image.unwrap_or(grapheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, drawn: &str) {
        assert_eq!(display(typed), drawn, "{typed:?}");
    }

    #[test]
    fn text_from_left_to_right_is_left_alone() {
        for text in ["", "plain", "naïve café 🎉", "Привет (мир)", "你好"] {
            assert!(!needs_bidi(text), "{text}");
            assert!(matches!(display(text), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn words_stand_from_right_to_left_and_their_letters_as_typed() {
        check("שלום", "שלום");
        check("שלום עולם", "עולם שלום");
        check("مرحبا بالعالم", "بالعالم مرحبا");
    }

    #[test]
    fn latin_words_and_numbers_keep_their_own_direction() {
        check("שלום Bob 42 טוב", "טוב Bob 42 שלום");
        check("Bob: שלום עולם", "Bob: עולם שלום");
        check("מחיר 1,250 שח", "שח 1,250 מחיר");
        // Digits of the script's own read from left to right, but the toolkit turns them: handed over turned.
        check("عدد ١٢٣", "٣٢١ عدد");
        check("عدد١٢٣", "عدد٣٢١");
    }

    #[test]
    fn brackets_are_mirrored_where_they_turn() {
        check("שלום (עולם)", "(עולם) שלום");
        check("ok (שלום)", "ok (שלום)");
        check("[א] ב", "ב [א]");
    }

    #[test]
    fn marks_and_joiners_stay_with_their_letter() {
        check("שָׁלוֹם עוֹלָם", "עוֹלָם שָׁלוֹם");
        check("می\u{200C}خواهم رفت", "رفت می\u{200C}خواهم");
        check("שלום 👨‍👩‍👧 טוב", "טוב 👨‍👩‍👧 שלום");
    }

    #[test]
    fn wrapped_lines_share_the_paragraphs_direction() {
        let text = "שלום עולם Bob Alice טוב";
        let paragraph = Paragraph::new(text).unwrap();
        assert!(paragraph.is_right_to_left());
        let wrapped = text.find("Alice").unwrap();
        assert_eq!(paragraph.line(0..wrapped).trim(), "Bob עולם שלום");
        // By itself this line would begin with Alice.
        assert_eq!(paragraph.line(wrapped..text.len()), "טוב Alice");
        assert_eq!(paragraph.line(0..text.len() + 9), "");
        assert_eq!(paragraph.line(1..3), "");
    }

    #[test]
    fn each_line_of_a_text_turns_by_itself() {
        assert_eq!(display("שלום עולם\nplain text"), "עולם שלום\nplain text");
    }
}
