//! What happens on the server: the same in peace and under faults.

use belfry_practice_server::{PracticeServer, Refused, Version, World};

use super::Chance;

/// When every history begins, by the clock on the wall.
pub(super) const BEGINS_MS: i64 = 1_900_000_000_000;
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// Between two storms: longer than the longest back-off (five minutes and half a minute of jitter) after a connection that
/// died without a word (a minute), and what a load and its repetitions take.
pub(super) const CALM_MS: i64 = 12 * MINUTE;
/// The last calm: twice the longest time to the next comparison of the counts, and the looks that it takes.
const LAST_CALM_MS: i64 = 35 * MINUTE;

/// The one who watches.
pub(super) const ME: &str = "morgan";
const OTHERS: [&str; 4] = ["rosa", "jun", "lena", "buildbot"];
const CHANNELS: [&str; 6] = ["ops-room", "release-train", "incidents", "town-square", "war-room", "side-door"];

/// One thing that somebody does.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    /// Milliseconds from the beginning.
    pub(super) at_ms: i64,
    pub(super) what: What,
}

/// Posts are named by the number of their deed; channels by their address names, `@rosa` (with me) or `group`.
#[derive(Clone, Debug)]
pub(super) enum What {
    Posts { by: &'static str, channel: &'static str, text: String, urgent: bool },
    Replies { by: &'static str, to: usize, text: String },
    Edits { post: usize, text: String },
    Deletes { post: usize },
    Reads { channel: &'static str },
    ReadsThread { root: usize },
    MarksUnread { post: usize },
    Mutes { channel: &'static str, on: bool },
    SetsLevel { channel: &'static str, level: &'static str },
    Leaves { channel: &'static str },
    Joins { channel: &'static str },
    IsAdded { by: &'static str, channel: &'static str },
    Comes { who: &'static str, channel: &'static str },
    Goes { who: &'static str, channel: &'static str },
    Follows { root: usize, on: bool },
    ChangesHeader { by: &'static str, channel: &'static str },
    Types { by: &'static str, channel: &'static str },
}

/// A storm and the calm after it, milliseconds from the beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phase {
    pub(super) begins_ms: i64,
    /// The storm's end.
    pub(super) calms_ms: i64,
    /// Everything has to be right again.
    pub(super) settled_ms: i64,
    /// Nothing breaks but that messages get lost.
    pub(super) only_gaps: bool,
}

#[derive(Debug)]
pub(super) struct History {
    pub(super) world: World,
    /// The server's clock is so far ahead of Belfry's.
    pub(super) skew_ms: i64,
    pub(super) deeds: Vec<Deed>,
    pub(super) phases: Vec<Phase>,
    pub(super) threads_on: bool,
    /// Our own banners are shown; otherwise the system's notifications.
    pub(super) banners: bool,
}

/// Where a post is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) channel: &'static str,
    pub(super) root: Option<usize>,
}

struct Making {
    chance: Chance,
    deeds: Vec<Deed>,
    threads_on: bool,
    inside: Vec<&'static str>,
}

impl History {
    pub(super) fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed, 1);
        let threads_on = chance.one_in(2);
        let version = match chance.below(8) {
            0 => Version(7, 8, 0),
            1 => Version(9, 11, 0),
            2 => Version(10, 5, 0),
            _ => Version(11, 1, 0),
        };
        let all = [ME, "rosa", "jun", "lena", "buildbot"];
        let mut world = World::small()
            .of_version(version)
            .with_private_channel("northwind", "war-room", "War room", &all)
            .with_channel("northwind", "side-door", "Side door", &["rosa", "jun", "lena", "buildbot"])
            .with_direct(&["rosa", ME])
            .with_direct(&["jun", ME])
            .with_direct(&[ME, "rosa", "jun"])
            .configured("CollapsedThreads", if threads_on { "always_on" } else { "disabled" });
        if chance.one_in(2) {
            world = world.notifying(ME, "release-train", "desktop", "all");
        }
        if chance.one_in(3) {
            world = world.muted(ME, "incidents");
        }
        if chance.one_in(4) {
            world = world.notifying(ME, "war-room", "desktop", "none");
        }
        if chance.one_in(3) {
            let level = if chance.one_in(2) { "all" } else { "mention" };
            world = world.changing(ME, |account| account.notified("desktop", level));
        }
        let skew_ms = match chance.below(4) {
            0 => chance.between(-5 * SECOND, 5 * SECOND),
            1 => chance.between(-3 * 60 * MINUTE, 3 * 60 * MINUTE),
            _ => 0,
        };
        let banners = chance.one_in(2);
        let inside = CHANNELS.into_iter().filter(|name| *name != "side-door").collect();
        let mut making = Making { chance, deeds: Vec::new(), threads_on, inside };
        let mut phases = Vec::new();
        let mut at_ms = MINUTE;
        let storms = 2 + making.chance.below(2);
        for storm in 0..storms {
            let short = making.chance.one_in(2);
            let length = if short {
                making.chance.between(10 * SECOND, 2 * MINUTE)
            } else {
                making.chance.between(2 * MINUTE, 15 * MINUTE)
            };
            making.storm(at_ms, length);
            let calms_ms = at_ms + length;
            let calm = if storm + 1 == storms { LAST_CALM_MS } else { CALM_MS };
            let only_gaps = making.chance.one_in(4);
            phases.push(Phase { begins_ms: at_ms, calms_ms, settled_ms: calms_ms + calm, only_gaps });
            at_ms = calms_ms + calm + MINUTE;
            if making.chance.one_in(2) {
                making.reads_everything(at_ms - MINUTE / 2);
            }
        }
        Self { world, skew_ms, deeds: making.deeds, phases, threads_on, banners }
    }

    /// Where the post of a deed is, if it writes one.
    pub(super) fn place(&self, deed: usize) -> Option<Place> {
        match self.deeds.get(deed)?.what {
            What::Posts { channel, .. } => Some(Place { channel, root: None }),
            What::Replies { to, .. } => {
                let above = self.place(to)?;
                Some(Place { channel: above.channel, root: Some(above.root.unwrap_or(to)) })
            }
            _ => None,
        }
    }

    /// Who writes, if the deed writes a post.
    pub(super) fn author(&self, deed: usize) -> Option<&'static str> {
        match self.deeds.get(deed)?.what {
            What::Posts { by, .. } | What::Replies { by, .. } => Some(by),
            _ => None,
        }
    }
}

impl Making {
    fn storm(&mut self, begins_ms: i64, length_ms: i64) {
        let deeds = 12 + self.chance.below(30);
        let mut times: Vec<i64> = (0..deeds).map(|_| begins_ms + self.chance.between(0, length_ms)).collect();
        times.sort_unstable();
        // Deeds are numbered in the order of their times, so that a number always means what was written before.
        let mut free_ms = begins_ms;
        for at_ms in times {
            let at_ms = at_ms.max(free_ms);
            if self.chance.one_in(40) {
                let Some(by) = self.chance.pick(&OTHERS) else { continue };
                let channel = self.channel(by);
                free_ms = at_ms;
                let most = if self.chance.one_in(4) { 140 } else { 40 };
                for _ in 0..5 + self.chance.below(most) {
                    free_ms += 20;
                    let text = self.text();
                    self.deeds.push(Deed { at_ms: free_ms, what: What::Posts { by, channel, text, urgent: false } });
                }
                continue;
            }
            if let Some(what) = self.deed() {
                self.deeds.push(Deed { at_ms, what });
            }
        }
    }

    fn reads_everything(&mut self, at_ms: i64) {
        for channel in self.inside.clone().into_iter().chain(["@rosa", "@jun", "@lena", "group"]) {
            self.deeds.push(Deed { at_ms, what: What::Reads { channel } });
        }
    }

    fn deed(&mut self) -> Option<What> {
        let others = OTHERS;
        Some(match self.chance.below(100) {
            0..40 => {
                let by = self.chance.pick(&others)?;
                let urgent = self.chance.one_in(20);
                What::Posts { by, channel: self.channel(by), text: self.text(), urgent }
            }
            40..62 => {
                let by = if self.chance.one_in(8) { ME } else { self.chance.pick(&others)? };
                What::Replies { by, to: self.earlier()?, text: self.text() }
            }
            62..65 => What::Posts { by: ME, channel: self.channel(ME), text: self.text(), urgent: false },
            65..68 => What::Edits { post: self.earlier()?, text: self.text() },
            68..72 => What::Deletes { post: self.earlier()? },
            72..79 => What::Reads { channel: self.channel(ME) },
            79..83 if self.threads_on => What::ReadsThread { root: self.earlier()? },
            83..85 => What::MarksUnread { post: self.earlier()? },
            85..87 => What::Mutes { channel: self.mine(), on: self.chance.one_in(2) },
            87 => {
                let level = self.chance.pick(&["all", "mention", "none", "default"])?;
                What::SetsLevel { channel: self.mine(), level }
            }
            88 => {
                let channel = self.mine();
                self.inside.retain(|name| *name != channel || *name == "town-square");
                What::Leaves { channel }
            }
            89 => self.comes_in(|channel| What::Joins { channel }),
            90 => {
                let by = self.chance.pick(&["rosa", "jun"])?;
                self.comes_in(|channel| What::IsAdded { by, channel })
            }
            91 => What::Comes { who: self.chance.pick(&others)?, channel: self.mine() },
            92 => What::Goes { who: "lena", channel: self.mine() },
            93..95 if self.threads_on => What::Follows { root: self.earlier()?, on: self.chance.one_in(2) },
            95 => What::ChangesHeader { by: "rosa", channel: self.mine() },
            _ => What::Types { by: "jun", channel: self.mine() },
        })
    }

    fn comes_in(&mut self, how: impl FnOnce(&'static str) -> What) -> What {
        let channel = CHANNELS.into_iter().find(|name| !self.inside.contains(name)).unwrap_or("side-door");
        if !self.inside.contains(&channel) {
            self.inside.push(channel);
        }
        how(channel)
    }

    fn mine(&mut self) -> &'static str {
        let at = self.chance.index(self.inside.len());
        self.inside.get(at).copied().unwrap_or("town-square")
    }

    /// A place where somebody writes, or I read.
    fn channel(&mut self, by: &str) -> &'static str {
        match (self.chance.below(10), by) {
            (0..3, "rosa") | (0, ME) => "@rosa",
            (0..3, "jun") | (1, ME) => "@jun",
            (0..3, "lena") => "@lena",
            (2, ME) | (3, "rosa" | "jun") => "group",
            _ => self.mine(),
        }
    }

    /// A post that was written before, the newer the likelier.
    fn earlier(&mut self) -> Option<usize> {
        let writes = |what: &What| matches!(what, What::Posts { .. } | What::Replies { .. });
        let posts: Vec<usize> =
            self.deeds.iter().enumerate().filter(|(_, deed)| writes(&deed.what)).map(|(n, _)| n).collect();
        let back = self.chance.index(posts.len().min(12));
        posts.len().checked_sub(back + 1).and_then(|at| posts.get(at)).copied()
    }

    fn text(&mut self) -> String {
        let number = self.deeds.len();
        let words = ["lunch?", "the build is green", "who has the keys", "see the notes", "ship it", "again, please"];
        let words = self.chance.pick(&words).unwrap_or_default();
        match self.chance.below(12) {
            0..3 => format!("@{ME} {words} {number}"),
            3 => format!("@channel {words} {number}"),
            4 => format!("`@{ME}` {words} {number}"),
            5 => format!("@rosa {words} {number}"),
            _ => format!("{words} {number}"),
        }
    }
}

/// Whether a text that is made here mentions the one who watches.
pub(super) fn mentions_me(text: &str) -> bool {
    text.starts_with("@morgan") || text.starts_with("@channel")
}

/// Does one deed. `posts` holds the ids of posts by the numbers of their deeds, and gets that of a new one.
pub(super) fn perform(
    server: &PracticeServer,
    what: &What,
    posts: &[Option<String>],
    group: &str,
) -> Result<Option<String>, Refused> {
    let me = server.person(ME);
    let place = |channel: &'static str| if channel == "group" { group.to_owned() } else { channel.to_owned() };
    let post = |number: &usize| posts.get(*number).and_then(Option::as_deref).unwrap_or_default();
    match what {
        What::Posts { by, channel, text, urgent } => {
            let by = server.person(by);
            return match *channel {
                "@rosa" | "@jun" | "@lena" if by.id() == me.id() => me.direct(channel.trim_start_matches('@'), text),
                "@rosa" | "@jun" | "@lena" => by.direct(ME, text),
                channel if *urgent => by.posts_with_priority(&place(channel), text, "urgent"),
                channel => by.posts(&place(channel), text),
            }
            .map(Some);
        }
        What::Replies { by, to, text } => return server.person(by).replies(post(to), text).map(Some),
        What::Edits { post: number, text } => {
            // Only who wrote it may.
            for name in OTHERS.into_iter().chain([ME]) {
                if server.person(name).edits(post(number), text).is_ok() {
                    break;
                }
            }
        }
        What::Deletes { post: number } => me.deletes(post(number))?,
        What::Reads { channel } => me.reads(&place(channel))?,
        What::ReadsThread { root } => me.reads_thread(post(root))?,
        What::MarksUnread { post: number } => me.marks_unread(post(number))?,
        What::Mutes { channel, on: true } => me.mutes(channel)?,
        What::Mutes { channel, on: false } => me.unmutes(channel)?,
        What::SetsLevel { channel, level } => me.sets_channel(channel, "desktop", level)?,
        What::Leaves { channel } => me.leaves(channel)?,
        What::Joins { channel } => me.joins(channel)?,
        What::IsAdded { by, channel } => server.person(by).adds(ME, channel)?,
        What::Comes { who, channel } => server.person(who).joins(channel)?,
        What::Goes { who, channel } => server.person(who).leaves(channel)?,
        What::Follows { root, on: true } => me.follows(post(root))?,
        What::Follows { root, on: false } => me.unfollows(post(root))?,
        What::ChangesHeader { by, channel } => server.person(by).changes_header(channel, "a new header")?,
        What::Types { by, channel } => server.person(by).types(channel)?,
    }
    Ok(None)
}
