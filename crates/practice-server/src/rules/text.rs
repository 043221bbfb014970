//! Which characters of a message the keyword scan may see (`notifications.md` §2.7).
//!
//! The server walks the markdown and looks at text nodes only: code, link targets, link titles and whole web
//! addresses are invisible, emphasis and headings stay what they are. Adjacent text nodes form one run; anything else
//! ends it.

use std::collections::BTreeSet;

use super::inline::inlines;

/// Containers nested deeper than this are read as plain paragraphs, so that hostile input cannot exhaust the stack.
pub(super) const MAX_DEPTH: usize = 24;

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

/// The runs found so far, and the one that is being read.
pub(super) struct Runs {
    /// Labels of reference definitions, in lower case.
    pub(super) labels: BTreeSet<String>,
    done: Vec<String>,
    pub(super) open: String,
}

impl Runs {
    pub(super) fn finish(&mut self) {
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
