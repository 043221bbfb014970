//! What the fuzzers run, and an ordinary test runs over the kept corpus: each takes any bytes at all and fails where a
//! promise is broken.
//!
//! `fuzz/` includes this folder by its path instead of depending on this package, which brings along a sound device, a
//! database and a desktop; what is here needs core and net only.

pub mod answers;
pub mod decoder;
pub mod host;
pub mod http;
mod script;
pub mod step;
pub mod text;

/// The most of an input that is looked at, in bytes: the longest message that a server takes.
const INPUT_BYTES: usize = 64 * 1024;

/// What must not reach a person: characters that turn, hide or break what is around them.
fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}
