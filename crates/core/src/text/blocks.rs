//! Markdown's blocks, as the official client splits them: which lines are a paragraph, a quote, a list, code.
//!
//! Everything works on lines that are slices of the message, and no line is looked at more than a few times a level.

use std::collections::HashSet;

/// How deep quotes and lists nest; what lies deeper is read as text.
const MAX_DEPTH: usize = 48;

/// One step of a message, in reading order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// Text with a block of its own: a paragraph or a heading.
    Paragraph(String),
    /// Text directly in a list item.
    ItemText(String),
    /// Code, as typed.
    Code(String),
    QuoteStart,
    QuoteEnd,
    ItemStart,
    ItemEnd,
}

/// The blocks of a message, and the names that its link definitions gave, in lower case.
pub(super) fn blocks(source: &str) -> (Vec<Block>, HashSet<String>) {
    let mut reader = Reader { blocks: Vec::new(), names: HashSet::new() };
    let lines: Vec<&str> = source.split('\n').collect();
    reader.read(&lines, Place { top: true, quoted: false, in_item: false, depth: 0 });
    (reader.blocks, reader.names)
}

struct Reader {
    blocks: Vec<Block>,
    names: HashSet<String>,
}

#[derive(Clone, Copy)]
struct Place {
    /// Not in a list: only there are tables and paragraphs of several lines.
    top: bool,
    quoted: bool,
    /// Directly in a tight list item.
    in_item: bool,
    depth: usize,
}

/// A run of lines, with what is known about fences that never close in it.
struct Lines<'l, 'a> {
    all: &'l [&'a str],
    unclosed_ticks: usize,
    unclosed_tildes: usize,
}

impl<'a> Lines<'_, 'a> {
    fn at(&self, index: usize) -> Option<&'a str> {
        self.all.get(index).copied()
    }

    /// Whether the text ends with a newline: an open fence then closes there.
    fn ends_with_newline(&self) -> bool {
        self.all.len() > 1 && self.all.last().is_some_and(|last| last.is_empty())
    }

    /// The fence that begins at a line: its content's lines and the line after it.
    fn fence(&mut self, index: usize) -> Option<(usize, usize, usize)> {
        let (mark, length) = fence_opener(self.at(index)?)?;
        if index + 1 >= self.all.len() {
            return None;
        }
        let unclosed = if mark == b'`' { self.unclosed_ticks } else { self.unclosed_tildes };
        if length < unclosed {
            let closer =
                (index + 1..self.all.len()).find(|&line| self.at(line).is_some_and(|it| closes(it, mark, length)));
            if let Some(closer) = closer {
                return Some((index + 1, closer, closer + 1));
            }
            *(if mark == b'`' { &mut self.unclosed_ticks } else { &mut self.unclosed_tildes }) = length;
        }
        let end = self.all.len() - 1;
        self.ends_with_newline().then_some((index + 1, end, end + 1))
    }

    /// Whether a block that interrupts a paragraph begins at a line.
    fn interrupts(&mut self, index: usize) -> bool {
        let Some(line) = self.at(index) else { return false };
        heading(line).is_some()
            || is_rule(line)
            || is_quote(line)
            || bullet(line).is_some()
            || is_block_tag(line)
            || definition(line).is_some()
            || self.is_underlined(index)
            || self.fence(index).is_some()
    }

    /// A heading by the line of `=` or `-` below it.
    fn is_underlined(&self, index: usize) -> bool {
        self.at(index)
            .is_some_and(|line| !is_blank(line) && !is_rule(line) && !is_quote(line) && bullet(line).is_none())
            && self.at(index + 1).is_some_and(|below| {
                let below = below.trim_matches(' ');
                below.len() > 1 && below.bytes().all(|byte| matches!(byte, b'=' | b'-'))
            })
    }

    /// The line after the table that begins at a line.
    fn table(&self, index: usize) -> Option<usize> {
        let (header, below) = (self.at(index)?.trim_start_matches(' '), self.at(index + 1)?.trim_start_matches(' '));
        // The line below the header must itself end with a newline.
        self.at(index + 2)?;
        let piped = header.strip_prefix('|').is_some_and(|rest| !rest.is_empty());
        let dashes = if piped { below.strip_prefix('|')?.trim_start_matches(' ') } else { below };
        let is_delimiter = dashes.starts_with(['-', ':'])
            && dashes.bytes().all(|byte| matches!(byte, b'-' | b':' | b'|' | b' '))
            && (piped || dashes.trim_start_matches(['-', ':']).trim_start_matches(' ').starts_with('|'));
        if !is_delimiter || !header.get(1..).is_some_and(|rest| piped || rest.contains('|')) {
            return None;
        }
        let is_row =
            |line: &str| if piped { line.trim_start_matches(' ').starts_with('|') } else { line.contains('|') };
        let mut end = index + 2;
        while self.at(end).is_some_and(is_row) {
            end += 1;
        }
        Some(end)
    }
}

impl Reader {
    fn read(&mut self, all: &[&str], place: Place) {
        if place.depth >= MAX_DEPTH {
            self.blocks.push(Block::Paragraph(all.join("\n")));
            return;
        }
        let mut lines = Lines { all, unclosed_ticks: usize::MAX, unclosed_tildes: usize::MAX };
        let mut index = 0;
        while let Some(line) = lines.at(index) {
            index = if line.is_empty() {
                index + 1
            } else if line.starts_with("    ") {
                self.indented_code(&lines, index)
            } else if let Some((start, end, next)) = lines.fence(index) {
                self.blocks.push(Block::Code(join(all, start, end)));
                next
            } else if let Some(text) = heading(line) {
                self.blocks.push(Block::Paragraph(text.to_owned()));
                index + 1
            } else if let Some(next) = lines.table(index).filter(|_| place.top) {
                next
            } else if lines.is_underlined(index) {
                self.blocks.push(Block::Paragraph(line.to_owned()));
                index + 2
            } else if is_rule(line) {
                index + 1
            } else if is_quote(line) {
                self.quote(&lines, index, place)
            } else if bullet(line).is_some() {
                self.list(&lines, index, place)
            } else if let Some(name) = definition(line).filter(|_| place.top && !place.quoted) {
                self.names.insert(name.to_lowercase());
                index + 1
            } else {
                self.text(&mut lines, index, place)
            };
        }
    }

    fn indented_code(&mut self, lines: &Lines<'_, '_>, start: usize) -> usize {
        let mut code: Vec<&str> = Vec::new();
        let mut next = start;
        while let Some(line) = lines.at(next) {
            match line.strip_prefix("    ") {
                Some(rest) => code.push(rest),
                None if is_blank(line) => code.push(""),
                None => break,
            }
            next += 1;
        }
        self.blocks.push(Block::Code(code.join("\n").trim_end_matches('\n').to_owned()));
        next
    }

    /// Lines up to the next blank one or the next block; in a list each may start a block.
    fn text(&mut self, lines: &mut Lines<'_, '_>, start: usize, place: Place) -> usize {
        let mut next = start + 1;
        let goes_on = |line: &str| !line.is_empty() && (place.top || !line.starts_with("    "));
        while lines.at(next).is_some_and(goes_on) && !lines.interrupts(next) {
            next += 1;
        }
        let text = join(lines.all, start, next);
        self.blocks.push(if place.in_item { Block::ItemText(text) } else { Block::Paragraph(text) });
        next
    }

    /// A quote takes every line up to a blank one, and goes on where the next text is quoted too.
    fn quote(&mut self, lines: &Lines<'_, '_>, start: usize, place: Place) -> usize {
        let mut inner: Vec<&str> = Vec::new();
        let mut next = start;
        while lines.at(next).is_some_and(is_quote) {
            while let Some(line) = lines.at(next) {
                if line.is_empty() || (next > start && definition(line).is_some()) {
                    break;
                }
                inner.push(unquoted(line));
                next += 1;
            }
            while lines.at(next).is_some_and(str::is_empty) {
                inner.push("");
                next += 1;
            }
        }
        self.blocks.push(Block::QuoteStart);
        self.read(&inner, Place { quoted: true, in_item: false, depth: place.depth + 1, ..place });
        self.blocks.push(Block::QuoteEnd);
        next
    }

    fn list(&mut self, lines: &Lines<'_, '_>, start: usize, place: Place) -> usize {
        let Some((indent, _)) = lines.at(start).and_then(bullet) else { return start + 1 };
        let mut next = start;
        let mut loose = false;
        while let Some((_, width)) = lines.at(next).and_then(bullet).filter(|(its, _)| *its == indent || next == start)
        {
            let item_start = next;
            let mut item: Vec<&str> = vec![lines.at(next).and_then(|line| line.get(width..)).unwrap_or_default()];
            next += 1;
            let mut over = false;
            while let Some(line) = lines.at(next) {
                let before_blank = item.last().is_some_and(|last| last.is_empty());
                if bullet(line).is_some_and(|(its, _)| its == indent) && !is_rule(line) {
                    break;
                }
                let ends = if line.is_empty() {
                    before_blank && next > item_start + 1
                } else {
                    let flush = !line.starts_with(' ');
                    // A line that is not indented is not the list's, whether a blank one stands before it or not.
                    (flush && (before_blank || next == item_start + 1))
                        || is_rule_at(line, indent)
                        || definition(line).is_some()
                };
                if ends {
                    over = true;
                    break;
                }
                item.push(outdented(line, width));
                next += 1;
            }
            let content = item.iter().rposition(|line| !is_blank(line)).map_or(0, |last| last + 1);
            let has_gap = item.iter().take(content).any(|line| line.is_empty());
            let spaced = !over && next < lines.all.len() && item.len() > content;
            let tight = !(loose || has_gap || spaced);
            loose = spaced;
            self.blocks.push(Block::ItemStart);
            self.read(&item, Place { top: false, in_item: tight, depth: place.depth + 1, ..place });
            self.blocks.push(Block::ItemEnd);
            if over {
                break;
            }
        }
        next
    }
}

fn join(lines: &[&str], start: usize, end: usize) -> String {
    lines.get(start..end).unwrap_or_default().join("\n")
}

fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| byte == b' ')
}

fn spaces(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Up to three spaces, a run of three or more, and an info text without either mark.
fn fence_opener(line: &str) -> Option<(u8, usize)> {
    let rest = line.trim_start_matches(' ');
    let mark = *rest.as_bytes().first().filter(|mark| matches!(mark, b'`' | b'~'))?;
    let length = rest.bytes().take_while(|byte| *byte == mark).count();
    let info = rest.get(length..)?;
    (spaces(line) <= 3 && length >= 3 && !info.contains(['`', '~'])).then_some((mark, length))
}

fn closes(line: &str, mark: u8, length: usize) -> bool {
    let rest = line.trim_start_matches(' ');
    let run = rest.bytes().take_while(|byte| *byte == mark).count();
    spaces(line) <= 3
        && run >= length
        && rest.trim_end_matches(' ').bytes().skip(run).all(|byte| matches!(byte, b'`' | b'~'))
}

/// The words of a heading: one to six `#`, then a space. `#tag` is none.
fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(' ');
    let level = rest.bytes().take_while(|byte| *byte == b'#').count();
    let words = rest.get(level..)?.strip_prefix(' ').filter(|words| !words.is_empty() && (1..=6).contains(&level))?;
    let closed = words.trim_end_matches(' ').trim_end_matches('#').trim_matches(' ');
    Some(if closed.is_empty() { words.trim_matches(' ') } else { closed })
}

/// Three or more of `-`, `*` and `_`, and nothing else.
fn is_rule(line: &str) -> bool {
    let mut marks = 0;
    for byte in line.bytes() {
        match byte {
            b'-' | b'*' | b'_' => marks += 1,
            b' ' => {}
            _ => return false,
        }
    }
    marks >= 3
}

/// A rule that ends a list: at its own indentation or none.
fn is_rule_at(line: &str, indent: usize) -> bool {
    is_rule(line) && matches!(spaces(line), own if own == indent || own == 0)
}

fn is_quote(line: &str) -> bool {
    line.trim_start_matches(' ').strip_prefix('>').is_some_and(|rest| !rest.is_empty())
}

fn unquoted(line: &str) -> &str {
    let Some(rest) = line.trim_start_matches(' ').strip_prefix('>') else { return line };
    rest.strip_prefix(' ').unwrap_or(rest)
}

/// The indentation of a list marker, and where the item's text begins.
fn bullet(line: &str) -> Option<(usize, usize)> {
    let indent = spaces(line);
    let rest = line.get(indent..)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let after = match digits {
        0 => rest.strip_prefix(['*', '+', '-']),
        _ => rest.get(digits..)?.strip_prefix('.'),
    }?;
    let text = after.trim_start_matches(' ');
    (text.len() < after.len()).then_some((indent, line.len() - text.len()))
}

fn outdented(line: &str, width: usize) -> &str {
    line.get(spaces(line).min(width)..).unwrap_or_default()
}

/// The name in a link definition: `[name]: address`.
fn definition(line: &str) -> Option<&str> {
    let (name, rest) = line.trim_start_matches(' ').strip_prefix('[')?.split_once("]:")?;
    let address = rest.trim_start_matches(' ');
    let address = address.strip_prefix('<').unwrap_or(address);
    let (address, title) = address.split_at(address.find([' ', '>']).unwrap_or(address.len()));
    let scheme = address.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let is_address = match address.as_bytes().get(scheme) {
        Some(b':') => address.len() > scheme + 1,
        Some(b'/' | b'#') => scheme == 0 && address.len() > 1,
        _ => false,
    };
    let title = title.strip_prefix('>').unwrap_or(title).trim_matches(' ');
    let is_title =
        title.is_empty() || (title.len() > 2 && title.starts_with(['"', '(']) && title.ends_with(['"', ')']));
    (!name.is_empty() && !name.contains(']') && is_address && is_title).then_some(name)
}

/// A tag that begins a block: a paragraph ends before it.
fn is_block_tag(line: &str) -> bool {
    const INLINE: &[&str] = &[
        "a", "em", "strong", "small", "s", "cite", "q", "dfn", "abbr", "data", "time", "code", "var", "samp", "kbd",
        "sub", "sup", "i", "b", "u", "mark", "ruby", "rt", "rp", "bdi", "bdo", "span", "br", "wbr", "ins", "del",
        "img",
    ];
    let Some(rest) = line.strip_prefix('<') else { return false };
    let end = rest.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_')).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    !name.is_empty() && !INLINE.contains(&name) && !after.starts_with([':', '@', '.', '-', '+'])
}
