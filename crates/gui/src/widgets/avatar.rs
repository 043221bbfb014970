//! A person: their picture, or their initials on a colour that stays theirs.

use egui::{Color32, Painter, Rect};

use crate::theme::{AVATAR_INK, AVATARS, Type};

/// The colour that goes with a key (a user's id, a server's address): always the same one.
pub fn tint(key: &str) -> Color32 {
    // FNV-1a: small, and the same in every version of the program.
    let hash = key.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let mixed = (hash ^ (hash >> 15)).wrapping_mul(0x27D4_EB2F);
    AVATARS.get(usize::try_from(mixed >> 29).unwrap_or(0) % AVATARS.len()).copied().unwrap_or(Color32::GRAY)
}

/// At most two letters: of the first and the last word.
pub fn initials(name: &str) -> String {
    let first_letter = |word: &str| word.chars().find(|letter| letter.is_alphanumeric());
    let mut words =
        name.split(|letter: char| letter.is_whitespace() || letter == '.' || letter == '_' || letter == '-');
    let Some(first) = words.by_ref().find_map(first_letter) else {
        return "?".to_owned();
    };
    let last = words.filter_map(first_letter).next_back();
    [Some(first), last].into_iter().flatten().flat_map(char::to_uppercase).collect()
}

/// Paints initials in a circle that fills `rect`.
pub fn avatar(painter: &Painter, rect: Rect, key: &str, name: &str) {
    painter.circle_filled(rect.center(), rect.width() / 2.0, tint(key));
    let mut font = Type::SmallStrong.font();
    font.size = rect.width() * 0.34;
    let galley = painter.layout_no_wrap(initials(name), font, AVATAR_INK);
    painter.galley(rect.center() - galley.size() / 2.0, galley, AVATAR_INK);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_last_word() {
        for (name, letters) in [
            ("Rosa Almeida", "RA"),
            ("jun.okafor", "JO"),
            ("ci", "C"),
            ("Ana Maria de la Cruz", "AC"),
            ("", "?"),
            ("— …", "?"),
            ("李 小龙", "李小"),
        ] {
            assert_eq!(initials(name), letters, "{name:?}");
        }
    }

    #[test]
    fn a_colour_stays_with_its_person() {
        assert_eq!(tint("rosa"), tint("rosa"));
        let names = ["rosa", "jun", "lena", "ci", "morgan", "ada", "grace", "linus"];
        let mut tints: Vec<_> = names.iter().map(|name| tint(name).to_array()).collect();
        tints.sort_unstable();
        tints.dedup();
        assert!(tints.len() >= 4, "people differ");
    }
}
