//! Sensible lengths, and nothing that deceives: what every text passes before a person sees it.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

/// The longest text kept for a banner or a row of Activity, in graphemes.
///
/// Four lines of a card hold about 200; some notification services freeze on huge bodies (notifications §7.14).
pub const PREVIEW_GRAPHEMES: usize = 400;

/// The longest single grapheme kept, in bytes: the longest emoji sequences in use have about half of it.
const GRAPHEME_BYTES: usize = 96;

/// The most marks kept on one letter. Writing needs three of the general ones at most; other scripts' own marks stack
/// higher.
const GENERAL_MARKS: usize = 4;

/// The most characters that can join into one grapheme.
const GRAPHEME_CHARS: usize = 24;

/// Cuts at a character boundary at or below `limit` bytes.
pub fn cut_at_char(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit;
    while end > 0 && !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Shortens to `limit` graphemes with an ellipsis, never inside one.
///
/// A single grapheme of absurd length (a letter under a thousand marks) keeps its beginning only.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.len() <= limit && text.len() <= GRAPHEME_BYTES {
        return text.to_owned();
    }
    // A cut first: nothing beyond can be kept, and a grapheme without end need not be read to its end.
    let most = limit.saturating_add(1).saturating_mul(GRAPHEME_BYTES);
    let reach = cut_at_char(text, most);
    let mut kept = String::with_capacity(reach.len().min(limit.saturating_mul(4)) + 3);
    for (count, grapheme) in reach.graphemes(true).enumerate() {
        if count == limit {
            return ended(kept);
        }
        kept.push_str(cut_at_char(grapheme, GRAPHEME_BYTES));
    }
    if reach.len() < text.len() { ended(kept) } else { kept }
}

fn ended(mut kept: String) -> String {
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// Takes out what deceives or breaks a line: bidi controls, invisible and control characters, hidden tags, and letters
/// buried in marks. Line separators become spaces; newlines stay.
///
/// Joiners and variation selectors stay where scripts and emoji need them: one, after a character that can use it.
/// Flags of regions keep their tags.
pub fn neutralize(text: &str) -> Cow<'_, str> {
    // The quick look: everything that could have to go is above Latin-1, or a control character.
    if text.bytes().all(|byte| (b' '..0x7F).contains(&byte) || byte == b'\n') || !text.chars().any(is_suspect) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut state = Cluster::default();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match fate(character) {
            Fate::Blank => state.push(&mut kept, ' '),
            Fate::Gone => {}
            Fate::Selector => {
                if !state.selected && state.last.is_some_and(|last| !last.is_whitespace() && !is_joiner(last)) {
                    state.push(&mut kept, character);
                    state.selected = true;
                }
            }
            Fate::Joiner => {
                let begins = |next| is_joinable(next) && matches!(fate(next), Fate::Kept);
                let needed = state.last.is_some_and(is_joinable) && rest.clone().next().is_some_and(begins);
                if needed {
                    state.push(&mut kept, character);
                    state.selected = false;
                }
            }
            Fate::Mark => {
                if state.marks < GENERAL_MARKS {
                    state.push(&mut kept, character);
                    state.marks += 1;
                }
            }
            Fate::Kept if character == BLACK_FLAG => {
                state.push(&mut kept, character);
                if let Some(length) = region_tags(rest.as_str()) {
                    let (tags, after) = rest.as_str().split_at_checked(length).unwrap_or_default();
                    kept.push_str(tags);
                    rest = after.chars();
                }
            }
            Fate::Kept => state.push(&mut kept, character),
        }
    }
    let kept = uncrowded(kept);
    if kept == text { Cow::Borrowed(text) } else { Cow::Owned(kept) }
}

/// What was kept of the grapheme at hand.
#[derive(Default)]
struct Cluster {
    last: Option<char>,
    marks: usize,
    selected: bool,
}

impl Cluster {
    fn push(&mut self, kept: &mut String, character: char) {
        kept.push(character);
        self.last = Some(character);
        if !matches!(fate(character), Fate::Mark | Fate::Selector) {
            self.marks = 0;
            self.selected = false;
        }
    }
}

/// Cuts graphemes of absurd length, which scripts with marks of their own could still build.
fn uncrowded(text: String) -> String {
    let crowded = |grapheme: &str| grapheme.len() > GRAPHEME_CHARS && grapheme.chars().nth(GRAPHEME_CHARS).is_some();
    if !text.graphemes(true).any(crowded) {
        return text;
    }
    let mut kept = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        match grapheme.char_indices().nth(GRAPHEME_CHARS) {
            // A joiner at the end would have nothing to join.
            Some((end, _)) => kept.push_str(grapheme.get(..end).unwrap_or_default().trim_end_matches(is_joiner)),
            None => kept.push_str(grapheme),
        }
    }
    kept
}

const BLACK_FLAG: char = '\u{1F3F4}';

enum Fate {
    Kept,
    Gone,
    /// Becomes a space.
    Blank,
    Selector,
    Joiner,
    Mark,
}

const fn fate(character: char) -> Fate {
    match character {
        '\n' => Fate::Kept,
        '\t' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Blank,
        // Control characters.
        '\u{0}'..='\u{1F}' | '\u{7F}'..='\u{9F}'
        // Bidi marks, embeddings, overrides and isolates, and the old shaping switches.
        | '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}'
        // Without width or ink: soft hyphen, joiners of graphemes and words, spaces, fillers, invisible operators.
        | '\u{AD}' | '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}' | '\u{200B}'
        | '\u{2060}'..='\u{2065}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFC}'
        // Shorthand and music formatting; tags outside flags; what is not a character at all.
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}'
        | '\u{FDD0}'..='\u{FDEF}' => Fate::Gone,
        '\u{200C}' | '\u{200D}' => Fate::Joiner,
        '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => Fate::Selector,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}' => Fate::Mark,
        other if other as u32 & 0xFFFE == 0xFFFE => Fate::Gone,
        _ => Fate::Kept,
    }
}

/// Whether a character is a reason to look closer. Marks of other scripts are: they may be stacked without end.
const fn is_suspect(character: char) -> bool {
    !matches!(fate(character), Fate::Kept) || character == BLACK_FLAG || is_scripts_own_mark(character)
}

/// Blocks in which scripts keep their own marks, roughly: from Hebrew to Balinese, and beyond the basic plane.
const fn is_scripts_own_mark(character: char) -> bool {
    matches!(character, '\u{0591}'..='\u{1CFF}' | '\u{302A}'..='\u{302F}' | '\u{3099}'..='\u{309A}' | '\u{A66F}'..='\u{ABFF}' | '\u{FB1E}'
        | '\u{1F3FB}'..='\u{1F3FF}' | '\u{10000}'..='\u{1EFFF}')
}

const fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}')
}

/// Beside these a joiner has a use: scripts from Armenian on, selectors, emoji; not Latin, Greek or Cyrillic.
fn is_joinable(character: char) -> bool {
    character >= '\u{0530}'
        && !is_joiner(character)
        && !character.is_whitespace()
        && !matches!(fate(character), Fate::Gone | Fate::Blank)
        && !matches!(character, '\u{2000}'..='\u{206F}')
}

/// The length in bytes of the tags that make a black flag the flag of a region, their end included.
fn region_tags(rest: &str) -> Option<usize> {
    let mut length = 0;
    for (count, tag) in rest.chars().take(8).enumerate() {
        length += tag.len_utf8();
        match tag {
            '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}' => {}
            '\u{E007F}' if count >= 3 => return Some(length),
            _ => return None,
        }
    }
    None
}
