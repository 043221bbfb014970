//! `replay --check`: the engine's bookkeeping against the server's, its decisions against the official client's.

use std::collections::{BTreeMap, BTreeSet};

use belfry_core::activity::{Decision, DecisionKind};
use belfry_core::decide::reason::Reason;
use belfry_core::ids::{CallId, ChannelId, TeamId};
use serde::Deserialize;

use crate::replay::{Bookkeeping, ChannelCounts, Decided, ThreadTotals};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Differences, a sentence each; those marked "recovered" are ours by intent.
    pub differences: Vec<String>,
    /// `truth` lines that agree.
    pub truth_agreed: usize,
    /// `truth` lines.
    pub truth_lines: usize,
    /// `official` lines, and decisions of ours, that agree.
    pub official_agreed: usize,
    /// `official` lines, and decisions of ours without one.
    pub official_lines: usize,
    /// Differences by intent.
    pub recovered: usize,
}

impl Summary {
    /// Whether everything agreed, intended differences aside.
    pub fn agrees(&self) -> bool {
        self.truth_agreed == self.truth_lines && self.official_agreed == self.official_lines
    }

    /// The closing line.
    pub fn line(&self) -> String {
        format!(
            "truth: {} of {} agree; official: {} of {} agree, {} recovered",
            self.truth_agreed, self.truth_lines, self.official_agreed, self.official_lines, self.recovered
        )
    }
}

/// A `truth` line.
#[derive(Debug)]
pub(super) struct Truth {
    after: i64,
    channels: BTreeMap<ChannelId, ChannelCounts>,
    threads: BTreeMap<TeamId, ThreadTotals>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TruthShape {
    after: i64,
    members: BTreeMap<String, Vec<MemberRow>>,
    channels: BTreeMap<String, Vec<ChannelRow>>,
    threads: BTreeMap<String, ThreadRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MemberRow {
    channel_id: String,
    msg_count: i64,
    msg_count_root: Option<i64>,
    mention_count: i64,
    mention_count_root: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ChannelRow {
    id: String,
    total_msg_count: i64,
    total_msg_count_root: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ThreadRow {
    total_unread_threads: i64,
    total_unread_mentions: i64,
}

impl Truth {
    /// Reads a line; `None` where it is none.
    pub(super) fn read(text: &str, crt: bool) -> Option<Self> {
        let shape: TruthShape = serde_json::from_str(text).ok()?;
        let totals: BTreeMap<&str, (i64, i64)> = shape
            .channels
            .values()
            .flatten()
            .map(|row| {
                (row.id.as_str(), (row.total_msg_count, row.total_msg_count_root.unwrap_or(row.total_msg_count)))
            })
            .collect();
        let mut channels = BTreeMap::new();
        for row in shape.members.values().flatten() {
            // A membership without its channel cannot be counted: an archived channel is not listed.
            let Some((total, total_root)) = totals.get(row.channel_id.as_str()) else { continue };
            let counts = if crt {
                ChannelCounts {
                    mentions: row.mention_count_root.unwrap_or(row.mention_count),
                    unread: total_root - row.msg_count_root.unwrap_or(row.msg_count),
                }
            } else {
                ChannelCounts { mentions: row.mention_count, unread: total - row.msg_count }
            };
            channels.extend(ChannelId::parse(&row.channel_id).map(|id| (id, counts)));
        }
        let threads = shape
            .threads
            .iter()
            .filter_map(|(team, row)| {
                let totals = ThreadTotals {
                    unread_threads: row.total_unread_threads,
                    unread_mentions: row.total_unread_mentions,
                };
                TeamId::parse(team).map(|team| (team, totals))
            })
            .collect();
        Some(Self { after: shape.after, channels, threads })
    }
}

#[derive(Debug)]
struct Official {
    action: i64,
    line: Shown,
}

#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Notification { title: String, body: String },
    Sound(String),
}

/// Collects both sides.
#[derive(Debug, Default)]
pub(super) struct Checker {
    names: BTreeMap<i64, String>,
    truths: Vec<(Truth, Bookkeeping)>,
    officials: Vec<Official>,
    pub(super) stopped: Vec<(i64, CallId)>,
    pub(super) printed: usize,
}

impl Checker {
    pub(super) fn action(&mut self, number: i64, name: &str) {
        self.names.insert(number, name.to_owned());
    }

    pub(super) fn ring_stopped(&mut self, action: i64, call: CallId) {
        self.stopped.push((action, call));
    }

    pub(super) fn truth(&mut self, truth: Truth, book: Bookkeeping) {
        self.truths.push((truth, book));
    }

    pub(super) fn official(&mut self, action: i64, kind: &str, title: &str, text: &str, sound: &str) {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default, deserialize_with = "crate::lenient::text")]
            body: String,
        }
        let line = match kind {
            "notification" => {
                let body = serde_json::from_str::<Body>(text).map(|line| line.body).unwrap_or_default();
                Shown::Notification { title: title.to_owned(), body }
            }
            "sound" => Shown::Sound(sound.to_owned()),
            _ => return,
        };
        self.officials.push(Official { action, line });
    }

    fn name(&self, action: i64) -> String {
        format!("action {action} {}", self.names.get(&action).map_or("", String::as_str))
    }

    pub(super) fn finish(&self, decisions: &[Decided]) -> Summary {
        let mut summary = Summary::default();
        for (truth, book) in &self.truths {
            summary.truth_lines += 1;
            let before = summary.differences.len();
            self.compare_counts(truth, book, &mut summary.differences);
            if summary.differences.len() == before {
                summary.truth_agreed += 1;
            }
        }
        if !self.officials.is_empty() {
            self.compare_official(decisions, &mut summary);
        }
        summary
    }

    fn compare_counts(&self, truth: &Truth, book: &Bookkeeping, out: &mut Vec<String>) {
        let name = self.name(truth.after);
        for (channel, expected) in &truth.channels {
            if book.stale.contains(channel) {
                continue;
            }
            match book.channels.get(channel) {
                Some(got) if got == expected => {}
                Some(got) => out.push(format!(
                    "{name}: channel {channel}: the server counts {} mentions and {} unread, Belfry {} and {}",
                    expected.mentions, expected.unread, got.mentions, got.unread
                )),
                None => out.push(format!("{name}: channel {channel}: the server lists it, Belfry does not")),
            }
        }
        if !book.crt {
            return;
        }
        for (team, expected) in &truth.threads {
            let got = book.threads.get(team).copied().unwrap_or(ThreadTotals { unread_threads: 0, unread_mentions: 0 });
            if got != *expected {
                out.push(format!(
                    "{name}: threads of {team}: the server counts {} unread and {} mentions, Belfry {} and {}",
                    expected.unread_threads, expected.unread_mentions, got.unread_threads, got.unread_mentions
                ));
            }
        }
    }

    fn compare_official(&self, decisions: &[Decided], summary: &mut Summary) {
        let mut used: BTreeSet<usize> = BTreeSet::new();
        for official in &self.officials {
            summary.official_lines += 1;
            let name = self.name(official.action);
            let of_action = || decisions.iter().enumerate().filter(|(_, decided)| decided.action == official.action);
            match &official.line {
                Shown::Sound(sound) => {
                    // At most one sound in 3 s: it proves that one of the action's messages has it.
                    let agreed = of_action().any(|(_, decided)| sound_of(&decided.decision) == Some(sound.as_str()));
                    let vetoed = of_action()
                        .any(|(_, decided)| decided.decision.reason == Some(Reason::DesktopNotificationHook));
                    if agreed {
                        summary.official_agreed += 1;
                    } else if vetoed {
                        summary.official_agreed += 1;
                        summary.recovered += 1;
                        summary.differences.push(format!(
                            "{name}: recovered by calls: a call is announced as a call, not with the sound {sound}"
                        ));
                    } else {
                        summary.differences.push(format!("{name}: the official client played {sound}, Belfry nothing"));
                    }
                }
                Shown::Notification { title, body } => {
                    let exact = of_action().find(|(index, decided)| {
                        !used.contains(index)
                            && is_shown(&decided.decision)
                            && decided.decision.title == *title
                            && decided.decision.body == *body
                    });
                    if let Some((index, _)) = exact {
                        used.insert(index);
                        summary.official_agreed += 1;
                        continue;
                    }
                    let known = of_action().find_map(|(index, decided)| {
                        (!used.contains(&index))
                            .then(|| intended(&decided.decision, title, body))
                            .flatten()
                            .map(|rule| (index, rule))
                    });
                    if let Some((index, rule)) = known {
                        used.insert(index);
                        summary.official_agreed += 1;
                        summary.recovered += 1;
                        summary.differences.push(format!(
                            "{name}: recovered by {rule}: the official client showed {title:?} {body:?}"
                        ));
                    } else {
                        summary
                            .differences
                            .push(format!("{name}: the official client showed {title:?} {body:?}, Belfry did not"));
                    }
                }
            }
        }
        for (index, decided) in decisions.iter().enumerate() {
            let decision = &decided.decision;
            if used.contains(&index) || !is_shown(decision) || decision.kind != DecisionKind::Post {
                continue;
            }
            summary.official_lines += 1;
            let name = self.name(decided.action);
            let siblings = self.officials.iter().filter(|official| official.action == decided.action).count();
            let many = decisions.iter().filter(|other| other.action == decided.action).count();
            if let Some(rule) = &decision.recovered {
                summary.official_agreed += 1;
                summary.recovered += 1;
                summary.differences.push(format!("{name}: recovered by {rule}: Belfry shows {:?}", decision.body));
            } else if many > 5 && siblings > 0 {
                // The official client drops posts when more than five arrive within 100 ms (notifications §2.2).
                summary.official_agreed += 1;
                summary.recovered += 1;
            } else {
                summary.differences.push(format!(
                    "{name}: Belfry shows {:?} {:?}, the official client did not",
                    decision.title, decision.body
                ));
            }
        }
    }
}

fn is_shown(decision: &Decision) -> bool {
    decision.reason.is_none() && decision.kind == DecisionKind::Post
}

fn sound_of(decision: &Decision) -> Option<&'static str> {
    is_shown(decision).then(|| decision.sound.map(belfry_core::sound::SoundChoice::name)).flatten()
}

/// The rule by which a decision differs on purpose from what the official client showed.
fn intended(decision: &Decision, title: &str, body: &str) -> Option<&'static str> {
    if decision.reason == Some(Reason::DesktopNotificationHook) && decision.title == title {
        return Some("calls");
    }
    // It prints `@@name` for a bot that it has not loaded.
    if is_shown(decision) && decision.title == title && body.strip_prefix('@') == Some(decision.body.as_str()) {
        return Some("sender_name");
    }
    None
}
