//! What peace and storm differ in, in words.

use std::fmt;
use std::fmt::Write as _;

use super::Played;
use super::history::{Deed, History, ME, Place, What, mentions_me};
use super::play::Story;
use super::weather::Change;

/// A lost message is known within this, milliseconds: the wait before the next connection (a few seconds and the jitter),
/// the least time between two loads (half a minute), and what a load and its repetitions take. The comparison of the counts,
/// which would find it as well, comes after ten minutes at the earliest.
const GAP_CLOSED_MS: i64 = 90_000;

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Announced in peace, never under faults.
    Lost(String),
    /// Announced again although it was recorded as presented.
    Doubled(String),
    /// Announced under faults, but not in peace.
    Extra(String),
    /// Lost on an otherwise good connection, and not announced until something else happened to bring it up.
    Late(String),
    /// The counts are not the server's.
    Miscounted(String),
    /// Belfry did not come back.
    Stuck(String),
    /// The suite itself is wrong: the two histories were not the same.
    Different(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(what) => write!(f, "lost: {what}"),
            Self::Doubled(what) => write!(f, "doubled: {what}"),
            Self::Extra(what) => write!(f, "announced under faults only: {what}"),
            Self::Late(what) => write!(f, "late: {what}"),
            Self::Miscounted(what) => write!(f, "miscounted: {what}"),
            Self::Stuck(what) => write!(f, "stuck: {what}"),
            Self::Different(what) => write!(f, "two histories: {what}"),
        }
    }
}

/// How a deed concerns a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Touch {
    /// It makes an announcement superfluous.
    Disposes,
    /// It may have changed what is to be said of the post.
    Unsettles,
    Nothing,
}

pub(super) fn compare(history: &History, peace: &Story, storm: &Story) -> (Vec<Finding>, Played) {
    let mut findings = Vec::new();
    let mut played = Played::default();
    for number in peace.refused.symmetric_difference(&storm.refused) {
        findings.push(Finding::Different(describe(history, *number)));
    }
    for number in 0..history.deeds.len() {
        if history.place(number).is_none() || peace.refused.contains(&number) {
            continue;
        }
        played.posts += 1;
        let wanted = announced(peace, number);
        let got = storm.presented.contains_key(&number);
        let said = last_word(storm, number);
        played.announced += usize::from(wanted);
        if got {
            if said == Some("notify") { played.alone += 1 } else { played.summed_up += 1 }
        }
        if wanted && !got {
            if touched(history, number, false) {
                played.excused += 1;
            } else {
                let said = said.unwrap_or("nothing was said of it");
                findings.push(Finding::Lost(format!("{} ({said})", describe(history, number))));
            }
        }
        if wanted && is_late(history, storm, number) && !touched(history, number, false) {
            findings.push(Finding::Late(describe(history, number)));
        }
        if got && !wanted && !touched(history, number, true) {
            let said = last_word(peace, number).unwrap_or("nothing was said of it");
            findings.push(Finding::Extra(format!("{} (in peace: {said})", describe(history, number))));
        }
    }
    for story in [peace, storm] {
        for (number, at_ms) in &story.doubled {
            findings.push(Finding::Doubled(format!("{}, again at {}", describe(history, *number), clock(*at_ms))));
        }
        let which = if std::ptr::eq(story, peace) { "in peace" } else { "under faults" };
        for (at_ms, what) in &story.miscounted {
            findings.push(Finding::Miscounted(format!("{which} at {}: {what}", clock(*at_ms))));
        }
        for (at_ms, what) in &story.stuck {
            findings.push(Finding::Stuck(format!("{which} at {}: {what}", clock(*at_ms))));
        }
    }
    (findings, played)
}

/// Where nothing breaks but that messages get lost, the gap in the numbers of events is all that tells of one: the next event
/// shows it, and a new connection brings the message.
fn is_late(history: &History, storm: &Story, number: usize) -> bool {
    let Some(deed) = history.deeds.get(number).filter(|_| storm.swallowed.contains(&number)) else { return false };
    let phase = history.phases.iter().find(|phase| phase.settled_ms > deed.at_ms);
    let first = storm.presented.get(&number).and_then(|times| times.first());
    phase.is_some_and(|phase| phase.only_gaps)
        && first.is_some_and(|first| first.saturating_sub(deed.at_ms) > GAP_CLOSED_MS)
}

fn announced(story: &Story, number: usize) -> bool {
    story.said.get(&number).is_some_and(|said| said.iter().any(|said| said.announced))
}

fn last_word(story: &Story, number: usize) -> Option<&'static str> {
    story.said.get(&number).and_then(|said| said.last()).map(|said| said.word)
}

/// Whether anything that happened before Belfry had to be right again concerns a post.
fn touched(history: &History, number: usize, unsettled_too: bool) -> bool {
    let (Some(place), Some(deed)) = (history.place(number), history.deeds.get(number)) else { return true };
    let Some(phase) = history.phases.iter().find(|phase| phase.settled_ms > deed.at_ms) else { return true };
    let inside = |other: &Deed| (phase.begins_ms..phase.settled_ms).contains(&other.at_ms);
    let all = history.deeds.iter().enumerate().filter(|(_, other)| inside(other));
    all.map(|(other, _)| (other, touch(history, number, place, other))).any(|(other, touch)| match touch {
        Touch::Disposes => other > number,
        // A mention that is gone is still counted, and takes another message for itself.
        Touch::Unsettles => unsettled_too,
        Touch::Nothing => false,
    })
}

fn touch(history: &History, number: usize, place: Place, by: usize) -> Touch {
    let in_thread = history.threads_on && place.root.is_some();
    let root = place.root.unwrap_or(number);
    let place_of = |post: usize| history.place(post);
    let root_of = |post: usize| place_of(post).map(|place| place.root.unwrap_or(post));
    // What is done to a channel concerns all of it; reading it reads no collapsed thread.
    let reads = |channel: &str| if place.channel == channel && !in_thread { Touch::Disposes } else { Touch::Nothing };
    let sets = |channel: &str| if place.channel == channel { Touch::Disposes } else { Touch::Nothing };
    match history.deeds.get(by).map(|deed| &deed.what) {
        Some(What::Posts { by: ME, channel, .. } | What::Reads { channel }) => reads(channel),
        Some(What::Replies { by: ME, to, .. }) => match place_of(*to) {
            Some(there) if !history.threads_on => reads(there.channel),
            Some(_) if in_thread && root_of(*to) == Some(root) => Touch::Disposes,
            _ => Touch::Nothing,
        },
        // Rule F1 waits two seconds for a thread's counter; what comes at once after a stall, or all at once after a gap, may
        // grow it for a reply that came before the thread was followed.
        Some(What::Replies { to, text, .. }) if in_thread && by > number && root_of(*to) == Some(root) => {
            if mentions_me(text) { Touch::Unsettles } else { Touch::Nothing }
        }
        Some(What::ReadsThread { root: read }) if in_thread && root_of(*read) == Some(root) => Touch::Disposes,
        Some(What::MarksUnread { post }) if root_of(*post) == Some(root) => Touch::Disposes,
        Some(What::MarksUnread { post }) => place_of(*post).map_or(Touch::Nothing, |there| reads(there.channel)),
        Some(
            What::Mutes { channel, .. }
            | What::SetsLevel { channel, .. }
            | What::Leaves { channel }
            | What::Joins { channel }
            | What::IsAdded { channel, .. },
        ) => sets(channel),
        Some(What::Follows { root: followed, .. }) if root_of(*followed) == Some(root) => Touch::Disposes,
        Some(What::Edits { post, .. } | What::Deletes { post }) => {
            if *post == number || (*post == root && by > number) {
                Touch::Disposes
            } else if place_of(*post).is_some_and(|there| there.channel == place.channel) {
                Touch::Unsettles
            } else {
                Touch::Nothing
            }
        }
        _ => Touch::Nothing,
    }
}

fn clock(ms: i64) -> String {
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

fn describe(history: &History, number: usize) -> String {
    let Some(deed) = history.deeds.get(number) else { return String::new() };
    let at = clock(deed.at_ms);
    match (&deed.what, history.place(number), history.author(number)) {
        (What::Posts { text, .. } | What::Replies { text, .. }, Some(Place { channel, root }), Some(by)) => {
            let thread = root.map(|root| format!(", in the thread of {root}")).unwrap_or_default();
            format!("{number} of {by} in {channel}{thread} at {at}: {text:?}")
        }
        (what, ..) => format!("{number} at {at}: {what:?}"),
    }
}

pub(super) fn tell(history: &History, weather: &[(i64, Change)], peace: &Story, storm: &Story) -> String {
    let mut lines: Vec<(i64, u8, String)> = Vec::new();
    for (number, deed) in history.deeds.iter().enumerate() {
        let refused = if storm.refused.contains(&number) { " (refused)" } else { "" };
        lines.push((deed.at_ms, 1, format!("          {}{refused}", describe(history, number))));
    }
    lines.extend(weather.iter().map(|(at_ms, change)| (*at_ms, 0, format!("  ~~~~~~  {change:?}"))));
    for (which, story) in [("peace", peace), ("storm", storm)] {
        for (number, said) in &story.said {
            lines.extend(said.iter().map(|said| (said.at_ms, 2, format!("  {which}   {number} {}", said.word))));
        }
        for (number, presented) in &story.presented {
            lines.extend(presented.iter().map(|at_ms| (*at_ms, 3, format!("  {which}   {number} presented"))));
        }
        for (at_ms, what) in story.miscounted.iter().chain(&story.stuck) {
            lines.push((*at_ms, 4, format!("  {which}   {what}")));
        }
    }
    for phase in &history.phases {
        lines.push((phase.settled_ms, 5, "  ------  settled".to_owned()));
    }
    lines.sort();
    let mut told = format!("threads {}, the server's clock {} ms ahead\n", history.threads_on, history.skew_ms);
    for (at_ms, _, line) in lines {
        writeln!(told, "{} {line}", clock(at_ms)).ok(); // writing into a text does not fail
    }
    told
}
