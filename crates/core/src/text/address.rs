//! Bare addresses in a text: `https://…`, `www.…`, `example.org/…`.

/// A scheme and a colon, or `www.`: where text stops to look for an address.
pub(super) fn begins_address(rest: &str) -> bool {
    let scheme = rest.bytes().take(33).take_while(|byte| is_scheme(*byte) && !byte.is_ascii_uppercase()).count();
    (scheme >= 2 && rest.as_bytes().get(scheme) == Some(&b':')) || www(rest).is_some()
}

const fn is_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-')
}

fn www(rest: &str) -> Option<usize> {
    let digits = rest.strip_prefix("www")?.bytes().take(3).take_while(u8::is_ascii_digit).count();
    (rest.as_bytes().get(3 + digits) == Some(&b'.')).then_some(4 + digits)
}

/// The length of the bare address that a text begins with: its underscores and asterisks are its own.
pub(super) fn address(rest: &str) -> Option<usize> {
    let first = *rest.as_bytes().first()?;
    let head = if first.is_ascii_alphabetic() {
        let scheme = rest.bytes().take(64).take_while(|byte| is_scheme(*byte)).count();
        let tail = rest.get(scheme..)?.strip_prefix(':');
        match tail {
            Some(tail) if tail.starts_with('/') => {
                Some(scheme + 1 + tail.bytes().take(3).take_while(|byte| *byte == b'/').count())
            }
            Some(tail) => tail
                .chars()
                .next()
                .filter(|next| next.is_alphabetic() || next.is_ascii_digit() || *next == '%')
                .map(|next| scheme + 1 + next.len_utf8()),
            None => www(rest),
        }
    } else {
        None
    };
    let head = head.or_else(|| host_with_path(rest))?;
    let mut end = head;
    while let Some(next) = rest.get(end..).and_then(|tail| tail.chars().next()) {
        let after = rest.get(end + next.len_utf8()..).unwrap_or_default().chars().next();
        let belongs = match next {
            '(' => {
                let group = rest.get(end..).and_then(parenthesized);
                if let Some(length) = group {
                    end += length;
                    continue;
                }
                false
            }
            '`' | '!' | '[' | ']' | '{' | ';' | ':' | '\'' | '"' | ',' | '<' | '>' | '?' | '«' | '»' | '“' | '”'
            | '‘' | '’' => {
                after.is_some_and(|after| !after.is_whitespace() && !matches!(after, '(' | ')' | '<' | '>'))
            }
            ')'
            | '\u{FF01}'..='\u{FF0F}'
            | '\u{FF1A}'..='\u{FF20}'
            | '\u{FF3B}'..='\u{FF40}'
            | '\u{FF5B}'..='\u{FF5E}'
            | '\u{3001}'
            | '\u{3002}'
            | '\u{300C}'..='\u{3011}' => false,
            _ => !next.is_whitespace(),
        };
        if !belongs {
            break;
        }
        end += next.len_utf8();
    }
    if end == head {
        return None;
    }
    let kept = rest.get(..end)?.trim_end_matches(['?', '!', '.', ',', ':', '*', '_', '~', '\'', '"']).len();
    (kept > 0).then_some(kept)
}

/// `example.org/`: a host and the slash after it.
fn host_with_path(rest: &str) -> Option<usize> {
    let length = rest
        .char_indices()
        .take(128)
        .find(|(_, next)| !(next.is_alphabetic() || next.is_ascii_digit() || matches!(next, '.' | '-')))
        .filter(|(_, next)| *next == '/')?
        .0;
    let (before, last) = rest.get(..length)?.rsplit_once('.')?;
    (!before.is_empty() && (2..=4).contains(&last.chars().count()) && last.chars().all(char::is_alphabetic))
        .then_some(length + 1)
}

/// The length of a group in parentheses without spaces, one level deep inside.
fn parenthesized(rest: &str) -> Option<usize> {
    let mut depth = 0_u8;
    for (at, next) in rest.char_indices().take(2048) {
        match next {
            '(' if depth < 2 => depth += 1,
            ')' if depth == 1 => return Some(at + 1),
            ')' => depth -= 1,
            '(' | '<' | '>' => return None,
            _ if next.is_whitespace() => return None,
            _ => {}
        }
    }
    None
}
