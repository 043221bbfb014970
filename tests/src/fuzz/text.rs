//! Any text as a message, a name, a line to draw.

use std::borrow::Cow;

use belfry_core::decide::Mode;
use belfry_core::event::{Attachment, ChannelType, NotifyProps, Post, PostProps, Posted, Priority, User};
use belfry_core::ids::{ChannelId, PostId, UserId};
use belfry_core::official::{counting, shell, wording};
use belfry_core::{mention, present, text};
use unicode_segmentation::UnicodeSegmentation as _;

/// The longest grapheme that is kept whole when a text is shortened, in bytes.
const WHOLE_GRAPHEME_BYTES: usize = 96;

/// A text, from any bytes.
///
/// # Panics
///
/// Where a function that prepares text for people breaks a promise.
pub fn run(data: &[u8]) {
    let data = data.get(..super::INPUT_BYTES).unwrap_or(data);
    let source = String::from_utf8_lossy(data);
    plain(&source);
    for_people(&source);
    let starts: Vec<usize> =
        source.grapheme_indices(true).map(|(start, _)| start).take(text::PREVIEW_GRAPHEMES + 1).collect();
    let lengths = starts.windows(2).map(|pair| if let [start, end] = *pair { end - start } else { 0 });
    let usual = lengths.max().is_none_or(|longest| longest <= WHOLE_GRAPHEME_BYTES);
    for limit in [0, 1, 5, 80, text::PREVIEW_GRAPHEMES] {
        shortened(&source, limit, starts.get(..=limit).filter(|_| usual));
    }
    drawn(&source);
    mentions(&source);
    worded(&source);
}

/// Markdown to one line.
fn plain(source: &str) {
    let ours = text::strip_markdown(source);
    let strict = text::strip_markdown_strict(source);
    for plain in [&ours, &strict] {
        // A tab is four spaces in code; nothing else grows.
        assert!(plain.len() <= 4 * source.len(), "{} bytes from {}", plain.len(), source.len());
        assert_eq!(plain.trim(), plain);
    }
    assert!(!ours.contains('\n'), "{ours:?}");
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(squeezed(&ours), squeezed(&strict), "both modes read the same words");
}

/// What a card shows.
fn for_people(source: &str) {
    let harmless = text::neutralize(source);
    assert!(harmless.len() <= source.len());
    assert!(!harmless.contains(|it| super::is_hostile(it) && it != '\n'), "{harmless:?}");
    assert_eq!(text::neutralize(&harmless), harmless, "harmless is harmless");
    let shown = text::for_people(source);
    assert!(!shown.contains(super::is_hostile), "{shown:?}");
    assert!(shown.graphemes(true).count() <= text::PREVIEW_GRAPHEMES + 1);
    let emoji = text::emoji::replace(source);
    // Four bytes of code at least; the longest emoji has eight characters of four bytes and joiners.
    assert!(emoji.len() <= 12 * source.len(), "{} bytes from {}", emoji.len(), source.len());
}

/// `starts` are those of the first `limit` graphemes and the next one; `None` where there are no more, or one is absurd.
fn shortened(source: &str, limit: usize, starts: Option<&[usize]>) {
    let shown = text::shorten(source, limit);
    assert!(shown.graphemes(true).count() <= limit + 1, "{limit}: {shown:?}");
    let cut = text::cut_at_char(source, limit);
    assert!(source.starts_with(cut) && cut.len() <= limit && cut.len() + 4 > limit.min(source.len()));
    let Some(end) = starts.and_then(<[usize]>::last) else { return };
    // Blanks at the end of what is kept are dropped.
    let kept = source.get(..*end).unwrap_or_default().trim_end();
    assert_eq!(shown.strip_suffix('…'), Some(kept), "ends where a character of {source:?} does");
}

/// Lines as they are drawn: turned, but nothing added or lost.
fn drawn(source: &str) {
    let count = |text: &str| text.chars().count();
    assert_eq!(count(&text::bidi::display(source)), count(source));
    let Some(paragraph) = text::bidi::Paragraph::new(source) else {
        assert!(!text::bidi::needs_bidi(source));
        return;
    };
    let _direction = paragraph.is_right_to_left();
    // Wrapped at some places: together the lines hold every character.
    let mut bounds: Vec<usize> = source.grapheme_indices(true).map(|(start, _)| start).step_by(7).take(64).collect();
    bounds.push(source.len());
    let mut characters = 0;
    for line in bounds.windows(2) {
        if let [start, end] = *line {
            characters += count(&paragraph.line(start..end));
        }
    }
    assert_eq!(characters, count(source));
    // Ranges that make no sense are empty lines.
    assert_eq!(paragraph.line(source.len() + 1..source.len() + 2), "");
    let _within_a_character = paragraph.line(1..source.len().saturating_sub(1).max(1));
}

/// The first line holds the words that a person watches for.
fn mentions(source: &str) {
    let (words, rest) = source.split_once('\n').unwrap_or(("deploy", source));
    let me = User { username: "morgan".to_owned(), first_name: words.to_owned(), ..User::default() };
    let props: NotifyProps = [("mention_keys", words), ("first_name", "true"), ("channel", "true")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let keys = mention::keys(&me, &props, &["crew".to_owned()], true);
    for escaped in [false, true] {
        let reduced = mention::reduce(rest, escaped);
        // An escaped quote is six characters; each mark may leave a blank.
        assert!(reduced.len() <= 8 * rest.len() + 8, "{} bytes from {}", reduced.len(), rest.len());
        if let Some(found) = mention::find(&reduced, &keys) {
            assert!(!found.text.is_empty());
        }
    }
}

/// Titles, bodies and names.
fn worded(source: &str) {
    let mut lines = source.split('\n');
    let mut line = || Cow::Borrowed(lines.next().unwrap_or_default());
    let (Some(id), Some(channel_id)) = (PostId::parse("p"), ChannelId::parse("c")) else { return };
    let author = User {
        id: UserId::parse("rosa"),
        username: line().into_owned(),
        first_name: line().into_owned(),
        nickname: line().into_owned(),
        remote_username: Some(line().into_owned()),
        ..User::default()
    };
    let attachment =
        Attachment { fallback: line(), pretext: line(), text: line(), image_url: line(), ..Attachment::default() };
    let posted = Posted {
        channel_type: ChannelType::parse(&line()),
        channel_display_name: line(),
        channel_name: line(),
        sender_name: line(),
        team_id: None,
        image: false,
        other_file: false,
        mentions: None,
        followers: None,
        post: Post {
            id,
            user_id: author.id,
            channel_id,
            root_id: None,
            kind: line(),
            message: line(),
            create_at: 0,
            edit_at: 0,
            delete_at: 0,
            priority: Priority::Standard,
            props: PostProps { override_username: Some(line()), attachments: vec![attachment], ..PostProps::default() },
            files: None,
        },
    };
    let post = &posted.post;
    let text = present::plain_text(post, Mode::Ours);
    let phrase = present::fallback_phrase(&posted);
    for format in ["username", "nickname_full_name", "full_name", &*posted.sender_name] {
        for known in [None, Some(&author)] {
            for overrides in [false, true] {
                let name = present::author_name(post, &posted.sender_name, known, format, overrides);
                let body = present::body(&name, &text, phrase);
                assert!(body.starts_with('@') && body.len() > name.len());
                drop(wording::author(post, &posted.sender_name, known, format, overrides));
            }
            drop(wording::name_of(known, format, true));
        }
    }
    for reply in [false, true] {
        let title = present::title(Some(&posted.channel_display_name), &posted, reply);
        assert_eq!(title.starts_with("Reply in "), reply || title.starts_with("Reply in "));
        drop(wording::click_target(&posted, reply, None, wording::TeamNames::default()));
    }
    let address = present::permalink(&posted.channel_name, Some(&posted.sender_name), id.as_str());
    assert!(address.ends_with("/pl/p"));
    let names: Vec<&str> = source.split('\n').take(8).collect();
    drop((wording::call_title(&author.username, &names), wording::call_body(&author.username)));
    drop(counting::window_title(
        counting::Sum::default(),
        true,
        &author.username,
        &author.first_name,
        &author.nickname,
    ));
    let _under = shell::is_under(&author.username, &author.first_name);
    assert!(shell::is_under("https://example.org/a", "https://example.org/a"));
    let _quiet = shell::wants_quiet(shell::SystemQuiet::ShowBanners(Some(source)));
}
