//! Words that notify: how they are cleaned, which of them a server finds in a text, and which it never will.

/// Why a server never finds a word (notifications §2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeverFound {
    /// It has a space in it: the server looks at one word at a time.
    Space,
    /// It holds this sign, at which the server splits texts into words.
    Sign(char),
    /// It begins with this sign, which the server strips from words before it compares them.
    Begins(char),
    /// It is longer than any message.
    TooLong,
}

/// No message is longer, characters (protocol §6.6).
const LONGEST: usize = 16_383;
/// What may follow a word, as in "deploy:" or "deploy.".
const ENDINGS: [char; 4] = ['.', '-', ':', '_'];

/// A word as the official page stores it: without any white space, and no comma can be part of it (notifications §5.4).
pub fn cleaned(word: &str) -> String {
    word.chars().filter(|character| !character.is_whitespace() && *character != ',').collect()
}

/// Why the server's scan will never find a stored word (notifications §2.7); `None` = it can.
pub fn never_found(word: &str) -> Option<NeverFound> {
    if word.chars().nth(LONGEST).is_some() {
        return Some(NeverFound::TooLong);
    }
    if let Some(splits) = word.chars().find(|character| is_separator(*character)) {
        return Some(if splits.is_whitespace() { NeverFound::Space } else { NeverFound::Sign(splits) });
    }
    // Of scripts without spaces, a word is found inside another one, whatever it begins with.
    let first = word.chars().next().filter(|first| matches!(first, '.' | '-' | ':') && word.is_ascii());
    first.map(NeverFound::Begins)
}

/// Whether texts are split here.
fn is_separator(character: char) -> bool {
    !(character.is_alphabetic() || character.is_numeric() || matches!(character, ':' | '.' | '-' | '_' | '@'))
}

/// The words of one person: those compared in lower case, and the first name as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnWords {
    /// In lower case.
    pub loose: Vec<String>,
    /// As written.
    pub exact: Option<String>,
}

impl OwnWords {
    fn holds(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        self.loose.contains(&lower) || self.exact.as_deref().is_some_and(|exact| exact == lower || exact == word)
    }

    /// The word of a text, already free of code and addresses, that means this person to a server.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        text.split(is_separator).find_map(|token| self.in_token(token))
    }

    fn in_token<'t>(&self, token: &'t str) -> Option<&'t str> {
        if token.starts_with(':') && token.ends_with(':') {
            return None; // an emoji
        }
        let word = token.trim_start_matches(ENDINGS);
        let mut shorter = word;
        while !shorter.is_empty() {
            if self.holds(shorter) {
                return Some(shorter);
            }
            match shorter.strip_suffix(ENDINGS) {
                Some(next) => shorter = next,
                None => break,
            }
        }
        let is_name = word.starts_with('@') && !matches!(word, "@here" | "@channel" | "@all");
        if !is_name && let Some(piece) = word.split(['.', '-', ':']).find(|piece| self.holds(piece)) {
            return Some(piece);
        }
        let inside = !word.is_ascii()
            && self.loose.iter().chain(&self.exact).any(|own| !own.is_ascii() && word.contains(own.as_str()));
        inside.then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_a_space_or_a_sign_inside_is_never_found_and_says_why() {
        assert_eq!(never_found("deploy"), None);
        assert_eq!(never_found("release train"), Some(NeverFound::Space));
        assert_eq!(never_found("c++"), Some(NeverFound::Sign('+')));
        assert_eq!(never_found("#ops"), Some(NeverFound::Sign('#')));
        assert_eq!(never_found("-v"), Some(NeverFound::Begins('-')));
        assert_eq!(never_found("user.name."), None);
        assert_eq!(never_found("発売"), None);
        assert_eq!(never_found(&"x".repeat(64 * 1024)), Some(NeverFound::TooLong));
    }

    #[test]
    fn what_is_never_found_is_indeed_not_found_in_its_own_text() {
        for word in ["release train", "c++", "#ops", "-v", ":x:"] {
            let own = OwnWords { loose: vec![word.to_owned()], exact: None };
            assert!(never_found(word).is_some() && own.find(&format!("about {word} today")).is_none(), "{word}");
        }
    }

    #[test]
    fn words_are_found_as_the_server_finds_them() {
        let own = OwnWords {
            loose: vec!["test".to_owned(), "@ann".to_owned(), "発売".to_owned()],
            exact: Some("William".to_owned()),
        };
        for text in ["a Test.", "test-two", "ask @Ann: now", "William went", "今日は発売日です", "(test)"] {
            assert!(own.find(text).is_some(), "{text}");
        }
        for text in ["testing", "@test-two", "@annika", "william went", ":test:"] {
            assert_eq!(own.find(text), None, "{text}");
        }
    }

    #[test]
    fn white_space_and_commas_cannot_be_part_of_a_word() {
        assert_eq!(cleaned(" release\ttrain, "), "releasetrain");
    }
}
