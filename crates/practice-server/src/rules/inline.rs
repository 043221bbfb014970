//! The inside of a paragraph: code spans, links, addresses, escapes, and the text between them.

use super::text::{MAX_DEPTH, Runs};

fn at(chars: &[char], index: usize) -> Option<char> {
    chars.get(index).copied()
}

/// Reads the inside of a paragraph.
pub(super) fn inlines(chars: &[char], depth: usize, out: &mut Runs) {
    let mut i = 0;
    while let Some(c) = at(chars, i) {
        match c {
            '\\' => match at(chars, i + 1) {
                Some(next) if next.is_ascii_punctuation() => {
                    out.open.push(next);
                    i += 2;
                }
                Some('\n') => {
                    out.finish();
                    i += 2;
                }
                _ => {
                    out.open.push(c);
                    i += 1;
                }
            },
            '\n' => {
                out.finish();
                i += 1;
            }
            '`' => {
                let run = run_length(chars, i);
                if let Some(end) = closing_run(chars, i + run, run) {
                    out.finish();
                    i = end;
                } else {
                    out.open.extend(std::iter::repeat_n('`', run));
                    i += run;
                }
            }
            '!' if at(chars, i + 1) == Some('[') && link(chars, i + 1, out).is_some() => {
                out.finish();
                i += 1;
            }
            '[' if depth < MAX_DEPTH => {
                if let Some((inner_end, end)) = link(chars, i, out) {
                    out.finish();
                    inlines(chars.get(i + 1..inner_end).unwrap_or_default(), depth + 1, out);
                    out.finish();
                    i = end;
                } else {
                    out.open.push(c);
                    i += 1;
                }
            }
            '&' => {
                if let Some((decoded, end)) = entity(chars, i) {
                    out.open.push(decoded);
                    i = end;
                } else {
                    out.open.push(c);
                    i += 1;
                }
            }
            _ => {
                if let Some(end) = web_address(chars, i) {
                    out.finish();
                    i = end;
                } else {
                    out.open.push(c);
                    i += 1;
                }
            }
        }
    }
}

fn run_length(chars: &[char], from: usize) -> usize {
    chars.iter().skip(from).take_while(|c| **c == '`').count()
}

/// The index after the run of exactly `length` backticks that closes a code span.
fn closing_run(chars: &[char], from: usize, length: usize) -> Option<usize> {
    let mut i = from;
    while i < chars.len() {
        if at(chars, i) == Some('`') {
            let run = run_length(chars, i);
            i += run;
            if run == length {
                return Some(i);
            }
        } else {
            i += 1;
        }
    }
    None
}

/// For a `[` at `start`: the index of its `]` and the index after the whole link, if it is one.
fn link(chars: &[char], start: usize, out: &Runs) -> Option<(usize, usize)> {
    let close = matching_bracket(chars, start)?;
    match at(chars, close + 1) {
        Some('(') => {
            if let Some(end) = destination(chars, close + 2) {
                return Some((close, end));
            }
        }
        Some('[') => {
            if let Some(end) = matching_bracket(chars, close + 1) {
                let label = text_of(chars, close + 2, end);
                let label = if label.is_empty() { text_of(chars, start + 1, close) } else { label };
                if out.labels.contains(&label) {
                    return Some((close, end + 1));
                }
            }
        }
        _ => {}
    }
    out.labels.contains(&text_of(chars, start + 1, close)).then_some((close, close + 1))
}

fn text_of(chars: &[char], from: usize, to: usize) -> String {
    chars.get(from..to).unwrap_or_default().iter().collect::<String>().trim().to_lowercase()
}

fn matching_bracket(chars: &[char], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut i = start;
    while let Some(c) = at(chars, i) {
        match c {
            '\\' => i += 1,
            '`' => {
                let run = run_length(chars, i);
                i = closing_run(chars, i + run, run).unwrap_or(i + run);
                continue;
            }
            '[' => depth += 1,
            ']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
        i += 1;
    }
    None
}

fn skip_blank(chars: &[char], mut i: usize) -> usize {
    while at(chars, i).is_some_and(char::is_whitespace) {
        i += 1;
    }
    i
}

/// Reads `target "title")` and returns the index after the closing parenthesis.
fn destination(chars: &[char], from: usize) -> Option<usize> {
    let mut i = skip_blank(chars, from);
    if at(chars, i) == Some('<') {
        while at(chars, i)? != '>' {
            i += 1;
        }
        i += 1;
    } else {
        let mut depth = 0_usize;
        loop {
            match at(chars, i)? {
                '\\' => i += 1,
                '(' => depth += 1,
                ')' if depth == 0 => break,
                ')' => depth -= 1,
                c if c.is_whitespace() => break,
                _ => {}
            }
            i += 1;
        }
    }
    i = skip_blank(chars, i);
    let closer = match at(chars, i)? {
        ')' => return Some(i + 1),
        '"' => '"',
        '\'' => '\'',
        '(' => ')',
        _ => return None,
    };
    i += 1;
    while at(chars, i)? != closer {
        i += if at(chars, i) == Some('\\') { 2 } else { 1 };
    }
    i = skip_blank(chars, i + 1);
    (at(chars, i) == Some(')')).then_some(i + 1)
}

fn entity(chars: &[char], start: usize) -> Option<(char, usize)> {
    let end = (start + 1..(start + 12).min(chars.len())).find(|i| at(chars, *i) == Some(';'))?;
    let name: String = chars.get(start + 1..end)?.iter().collect();
    let decoded = match name.as_str() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "commat" => '@',
        "colon" => ':',
        "period" => '.',
        "lowbar" => '_',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code).filter(|c| *c != '\0').unwrap_or('\u{fffd}')
        }
    };
    Some((decoded, end + 1))
}

/// The index after a bare web address that starts at `start`.
fn web_address(chars: &[char], start: usize) -> Option<usize> {
    const STARTS: [&str; 6] = ["http://", "https://", "ftp://", "mailto:", "tel:", "www."];
    if start > 0 && at(chars, start - 1).is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let prefix = STARTS.iter().find(|prefix| {
        prefix.chars().enumerate().all(|(n, p)| at(chars, start + n).is_some_and(|c| c.eq_ignore_ascii_case(&p)))
    })?;
    let body = start + prefix.len();
    let mut end = body;
    while at(chars, end).is_some_and(|c| !c.is_whitespace() && c != '<') {
        end += 1;
    }
    loop {
        let last = end.checked_sub(1).filter(|last| *last >= body).and_then(|last| at(chars, last))?;
        let inside = chars.get(start..end).unwrap_or_default();
        let unbalanced =
            last == ')' && inside.iter().filter(|c| **c == ')').count() > inside.iter().filter(|c| **c == '(').count();
        if unbalanced || matches!(last, '?' | '!' | '.' | ',' | ':' | ';' | '*' | '_' | '~' | '"' | '\'' | ']') {
            end -= 1;
        } else {
            break;
        }
    }
    Some(end)
}
