//! Which characters of a message the keyword scan may see (`notifications.md` §2.7).
//!
//! The server walks the markdown and looks at text nodes only: code, link targets, link titles and whole web
//! addresses are invisible, emphasis and headings stay what they are. Adjacent text nodes form one run; anything else
//! ends it.

use std::collections::BTreeSet;

/// Containers nested deeper than this are read as plain paragraphs, so that hostile input cannot exhaust the stack.
const MAX_DEPTH: usize = 24;

/// The runs of text that the scan sees, in order.
pub fn text_runs(message: &str) -> Vec<String> {
    let lines: Vec<&str> = message.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let mut labels = BTreeSet::new();
    for line in &lines {
        if let Some(label) = definition(line.trim_start()) {
            labels.insert(label);
        }
    }
    let mut out = Runs { labels, done: Vec::new(), open: String::new() };
    blocks(&lines, 0, &mut out);
    out.finish();
    out.done
}

struct Runs {
    labels: BTreeSet<String>,
    done: Vec<String>,
    open: String,
}

impl Runs {
    fn finish(&mut self) {
        if !self.open.is_empty() {
            self.done.push(std::mem::take(&mut self.open));
        }
    }
}

fn indent_of(line: &str) -> usize {
    let mut width = 0;
    for c in line.chars() {
        match c {
            ' ' => width += 1,
            '\t' => width += 4 - width % 4,
            _ => break,
        }
    }
    width
}

/// Cuts up to `columns` of indentation.
fn outdent(line: &str, columns: usize) -> &str {
    let mut width = 0;
    for (at, c) in line.char_indices() {
        if width >= columns {
            return line.get(at..).unwrap_or_default();
        }
        match c {
            ' ' => width += 1,
            '\t' => width += 4 - width % 4,
            _ => return line.get(at..).unwrap_or_default(),
        }
    }
    ""
}

/// A fence's character and length, and whether something follows it.
fn fence(line: &str) -> Option<(char, usize, bool)> {
    if indent_of(line) > 3 {
        return None;
    }
    let rest = line.trim_start();
    let mark = rest.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = rest.chars().take_while(|c| *c == mark).count();
    let info = rest.get(length..).unwrap_or_default();
    if length < 3 || (mark == '`' && info.contains('`')) {
        return None;
    }
    Some((mark, length, !info.trim().is_empty()))
}

fn quote(line: &str) -> Option<&str> {
    if indent_of(line) > 3 {
        return None;
    }
    let rest = line.trim_start().strip_prefix('>')?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// The content of a list item's first line and the column where it starts.
fn item(line: &str) -> Option<(&str, usize)> {
    let indent = indent_of(line);
    if indent > 3 {
        return None;
    }
    let rest = line.trim_start();
    let marker = if rest.starts_with(['-', '+', '*']) {
        1
    } else {
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        if digits == 0 || digits > 9 || !rest.get(digits..)?.starts_with(['.', ')']) {
            return None;
        }
        digits + 1
    };
    let content = rest.get(marker..)?;
    if !content.is_empty() && !content.starts_with([' ', '\t']) {
        return None;
    }
    let gap = indent_of(content);
    // Five or more blanks belong to an indented code block inside the item.
    let gap = if gap > 4 || content.trim().is_empty() { 1 } else { gap };
    Some((outdent(content, gap), indent + marker + gap))
}

/// The label of a reference definition, `[label]: target`.
fn definition(line: &str) -> Option<String> {
    let rest = line.strip_prefix('[')?;
    let end = rest.find(']')?;
    let label = rest.get(..end)?.trim();
    let target = rest.get(end + 1..)?.strip_prefix(':')?.trim();
    (!label.is_empty() && !target.is_empty()).then(|| label.to_lowercase())
}

fn starts_block(line: &str) -> bool {
    fence(line).is_some() || quote(line).is_some() || item(line).is_some()
}

fn blocks(lines: &[&str], depth: usize, out: &mut Runs) {
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        if line.trim().is_empty() {
            rest = after;
            out.finish();
        } else if indent_of(line) >= 4 {
            rest = skip_indented(after);
            out.finish();
        } else if let Some((mark, length, _)) = fence(line) {
            rest = skip_fenced(after, mark, length);
            out.finish();
        } else if depth < MAX_DEPTH && quote(line).is_some() {
            let (inner, after) = take_quote(rest);
            blocks(&inner, depth + 1, out);
            out.finish();
            rest = after;
        } else if depth < MAX_DEPTH
            && let Some((first, column)) = item(line)
        {
            let (inner, after) = take_item(first, column, after);
            blocks(&inner, depth + 1, out);
            out.finish();
            rest = after;
        } else {
            rest = paragraph(rest, out);
        }
    }
}

fn skip_indented<'a, 'b>(mut rest: &'b [&'a str]) -> &'b [&'a str] {
    while let Some((line, after)) = rest.split_first() {
        if !line.trim().is_empty() && indent_of(line) < 4 {
            break;
        }
        rest = after;
    }
    rest
}

fn skip_fenced<'a, 'b>(mut rest: &'b [&'a str], mark: char, length: usize) -> &'b [&'a str] {
    while let Some((line, after)) = rest.split_first() {
        rest = after;
        if fence(line).is_some_and(|(m, n, info)| m == mark && n >= length && !info) {
            break;
        }
    }
    rest
}

fn take_quote<'a, 'b>(lines: &'b [&'a str]) -> (Vec<&'a str>, &'b [&'a str]) {
    let mut inner = Vec::new();
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        match quote(line) {
            Some(content) => inner.push(content),
            // A paragraph inside the quote may go on without its marker.
            None if !line.trim().is_empty()
                && !starts_block(line)
                && inner.last().is_some_and(|l| !l.trim().is_empty() && fence(l).is_none()) =>
            {
                inner.push(line);
            }
            None => break,
        }
        rest = after;
    }
    (inner, rest)
}

fn take_item<'a, 'b>(first: &'a str, column: usize, lines: &'b [&'a str]) -> (Vec<&'a str>, &'b [&'a str]) {
    let mut inner = vec![first];
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        let blank = line.trim().is_empty();
        if blank {
            // A blank line belongs to the item only when an indented line follows it.
            if after.iter().find(|l| !l.trim().is_empty()).is_none_or(|l| indent_of(l) < column) {
                break;
            }
            inner.push("");
        } else if indent_of(line) >= column {
            inner.push(outdent(line, column));
        } else if !starts_block(line) && inner.last().is_some_and(|l| !l.trim().is_empty()) {
            inner.push(line.trim_start());
        } else {
            break;
        }
        rest = after;
    }
    (inner, rest)
}

fn paragraph<'a, 'b>(lines: &'b [&'a str], out: &mut Runs) -> &'b [&'a str] {
    let mut text = String::new();
    let mut rest = lines;
    let mut first = true;
    while let Some((line, after)) = rest.split_first() {
        if line.trim().is_empty()
            || (!first && (fence(line).is_some() || quote(line).is_some() || item(line).is_some()))
        {
            break;
        }
        rest = after;
        first = false;
        let line = line.trim_start();
        if text.is_empty() && definition(line).is_some() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    let chars: Vec<char> = text.chars().collect();
    inlines(&chars, 0, out);
    out.finish();
    rest
}

fn at(chars: &[char], index: usize) -> Option<char> {
    chars.get(index).copied()
}

fn inlines(chars: &[char], depth: usize, out: &mut Runs) {
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

#[cfg(test)]
mod tests {
    use super::text_runs;

    #[test]
    fn code_is_invisible_and_emphasis_is_not() {
        assert_eq!(text_runs("**@ann** see `@bob` and\n```\n@cid\n```\nend"), ["**@ann** see ", " and", "end"]);
        assert_eq!(text_runs("a\n\n    @indented\n\nb"), ["a", "b"]);
        assert_eq!(text_runs("a\n    @continued"), ["a", "@continued"]);
    }

    #[test]
    fn link_texts_are_seen_but_targets_titles_and_addresses_are_not() {
        assert_eq!(text_runs("[foo](this \"not @channel\") x"), ["foo", " x"]);
        assert_eq!(text_runs("see https://example.com/@ann. ok"), ["see ", ". ok"]);
        assert_eq!(text_runs("[a][b]\n\n[b]: /x \"@all\""), ["a"]);
    }

    #[test]
    fn quotes_and_lists_are_read_inside() {
        assert_eq!(text_runs("> @ann\nlazy\n\n- @bob\n  more\n- two"), ["@ann", "lazy", "@bob", "more", "two"]);
    }

    #[test]
    fn deep_nesting_ends_without_a_crash() {
        text_runs(&">".repeat(50_000));
        text_runs(&"[".repeat(2_000));
        text_runs(&"- ".repeat(5_000));
    }
}
