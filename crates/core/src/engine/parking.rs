//! Posts that wait: for a fact that could turn the verdict round, or for being read on another device.

use core::time::Duration;
use std::collections::BTreeSet;

use crate::activity::DecisionKind;
use crate::decide::reason::Reason;
use crate::decide::says::{Step, Took};
use crate::decide::{Mode, Verdict, decide};
use crate::effect::{Effects, Fetch};
use crate::engine::Engine;
use crate::engine::posts::facts;
use crate::event::{Posted, Priority};
use crate::ids::{ChannelId, PostId, ServerId};
use crate::state::channel::Conversation;
use crate::time::{MonoTime, Now};

/// A missing fact is waited for so long, then the decision is made with what there is.
const PARK_FOR: Duration = Duration::from_secs(2);
/// A conversation that was read on another device this recently is being read along.
const READ_RECENTLY: Duration = Duration::from_mins(1);
/// A post in a conversation that is read along waits so long for being read.
const VIEW_WAIT: Duration = Duration::from_secs(1);
/// Posts parked at a time; beyond it the oldest is decided at once.
const PARKED_LIMIT: usize = 256;

/// A post that waits for a fact.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) server: ServerId,
    pub(super) deadline: MonoTime,
    pub(super) posted: Box<Posted<'static>>,
    wants: Wants,
    /// Later replies in its thread that mention me: their threads' growth says nothing of this one.
    later_mentions: u32,
}

/// Which fact is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// The channel or my membership.
    Channel,
    /// The author's profile.
    Author,
    /// Whether the thread's unread count grows (rule F1).
    Thread(PostId),
    /// Whether the person reads it on another device (rule "reading along").
    View,
    /// How the channel and the account are set, after a gap that is not closed yet.
    Settings,
}

/// What was asked anew on a connection on which not everything could be read yet.
#[derive(Debug, Default)]
pub(super) struct Anew {
    channels: BTreeSet<ChannelId>,
    me: bool,
}

impl Anew {
    /// An answer came.
    pub(super) fn channel(&mut self, id: ChannelId) {
        self.channels.insert(id);
    }

    /// My own user came.
    pub(super) fn me(&mut self) {
        self.me = true;
    }

    fn has(&self, channel: ChannelId) -> bool {
        self.me && self.channels.contains(&channel)
    }
}

impl Engine {
    /// The thread to wait for, where rule F1 could turn the verdict round (notifications §1.8).
    pub(super) fn waits_for_thread(&self, id: ServerId, posted: &Posted<'_>, verdict: &Verdict) -> Option<PostId> {
        if self.mode == Mode::Strict || verdict.notifies() {
            return None;
        }
        let server = self.servers.get(&id)?;
        let state = &server.state;
        let root = posted.post.root_id?;
        let mentioned = state.me_id().is_some_and(|me| posted.mentions.as_ref().is_some_and(|list| list.contains(&me)));
        // A server that never sends `followers` (5.37) leaves them out for mentions too.
        if !state.crt() || posted.followers.is_some() || (mentioned && state.saw_followers) {
            return None;
        }
        let facts = facts(server, posted, true, self.mode);
        if facts.is_mine() || !facts.would_be_follower(state.saw_followers) {
            return None;
        }
        decide(&facts).notifies().then_some(root)
    }

    pub(super) fn park(&mut self, now: &Now, id: ServerId, posted: Box<Posted<'_>>, wants: Wants, out: &mut Effects) {
        if self.parked.len() >= PARKED_LIMIT {
            let oldest = self.parked.remove(0);
            self.consider(now, oldest.server, oldest.posted, false, out);
        }
        let wait = if wants == Wants::View { VIEW_WAIT } else { PARK_FOR };
        self.parked.push(Parked {
            server: id,
            deadline: now.mono.after(wait),
            posted: posted.into_owned(),
            wants,
            later_mentions: 0,
        });
    }

    /// Whether a post must wait until it is known how its channel and the account are set: they may have been changed during
    /// a gap, and everything is read anew only in a while (one load in half a minute). Not what no setting could change.
    pub(super) fn waits_for_settings(&self, id: ServerId, posted: &Posted<'_>, verdict: &Verdict) -> bool {
        let Some(server) = self.servers.get(&id).filter(|_| self.mode != Mode::Strict) else { return false };
        let settled = [Reason::OwnPost, Reason::SystemMessage].map(Some).contains(&verdict.skip);
        !settled && server.has_open_gap() && !server.anew.has(posted.post.channel_id)
    }

    pub(super) fn ask_settings(&mut self, id: ServerId, channel: ChannelId, out: &mut Effects) {
        let Some(server) = self.servers.get(&id) else { return };
        let (has_channel, has_me) = (server.anew.channels.contains(&channel), server.anew.me);
        if !has_channel {
            self.ask(id, Fetch::Channel(channel), out);
        }
        if !has_me {
            self.ask(id, Fetch::Me, out);
        }
    }

    /// Everything was read anew: what waited for settings is decided, after what was missed before it.
    pub(super) fn settings_are_known(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        while let Some(index) =
            self.parked.iter().position(|parked| parked.server == id && parked.wants == Wants::Settings)
        {
            let parked = self.parked.remove(index);
            if let Some(posted) = self.waits_for_missed(now, id, parked.posted) {
                self.decide_live(now, id, posted, out);
            }
        }
    }

    /// Rule "reading along" (not in strict mode): the conversation was read on another device a moment ago, so this post
    /// probably is in front of the person already. Urgent and forced posts do not wait.
    pub(super) fn is_read_along(&self, now: &Now, id: ServerId, posted: &Posted<'_>) -> bool {
        if self.mode == Mode::Strict || posted.post.priority == Priority::Urgent || posted.post.props.force_notification
        {
            return false;
        }
        let Some(server) = self.servers.get(&id) else { return false };
        let state = &server.state;
        let read = match posted.post.root_id.filter(|_| state.crt()) {
            Some(root) => state.threads.get(root).and_then(|thread| thread.read_elsewhere),
            None => state.channels.get(&posted.post.channel_id).and_then(|channel| channel.read_elsewhere),
        };
        read.is_some_and(|at| now.mono.since(at) < READ_RECENTLY)
    }

    /// Posts that waited for being read, and were: silent, with their reason.
    pub(super) fn read_along(
        &mut self,
        now: &Now,
        id: ServerId,
        is_read: impl Fn(&Conversation) -> bool,
        out: &mut Effects,
    ) {
        let mut index = 0;
        while let Some(parked) = self.parked.get(index) {
            if parked.server == id && parked.wants == Wants::View && is_read(&self.conversation(id, &parked.posted)) {
                let parked = self.parked.remove(index);
                let mut verdict = self.judge(id, &parked.posted, false);
                verdict.skip = Some(Reason::ReadElsewhere);
                verdict.trace.push(Step::plain(
                    "reading_along",
                    Took::Skip,
                    "You read it on another device as it came",
                ));
                self.conclude(now, id, parked.posted, verdict, DecisionKind::Post, None, out);
            } else {
                index += 1;
            }
        }
    }

    /// Decides what has waited long enough.
    pub(super) fn decide_overdue(&mut self, now: &Now, out: &mut Effects) {
        while let Some(index) = self.parked.iter().position(|parked| parked.deadline <= now.mono) {
            let parked = self.parked.remove(index);
            if parked.wants == Wants::Settings && self.was_read(parked.server, &parked.posted) {
                self.decide_live(now, parked.server, parked.posted, out);
            } else {
                self.consider(now, parked.server, parked.posted, false, out);
            }
        }
    }

    /// Decides what waited for an answer that came.
    pub(super) fn decide_waiting_for(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        let mut index = 0;
        while let Some(parked) = self.parked.get(index) {
            let ready = parked.server == id
                && self.servers.get(&id).is_some_and(|server| match parked.wants {
                    Wants::Channel => server
                        .state
                        .channels
                        .get(&parked.posted.post.channel_id)
                        .is_some_and(|channel| channel.prefs.is_some()),
                    Wants::Author => {
                        parked.posted.post.user_id.is_none_or(|author| server.state.user(author).is_some())
                    }
                    Wants::Settings => server.anew.has(parked.posted.post.channel_id),
                    Wants::Thread(_) | Wants::View => false,
                });
            if ready {
                let parked = self.parked.remove(index);
                if parked.wants == Wants::Settings {
                    self.decide_live(now, id, parked.posted, out);
                } else {
                    self.consider(now, id, parked.posted, true, out);
                }
            } else {
                index += 1;
            }
        }
    }

    /// A followed thread changed: decides the replies that waited for it (rule F1).
    pub(super) fn thread_grew(&mut self, now: &Now, id: ServerId, root: PostId, grew: bool, out: &mut Effects) {
        let mut index = 0;
        while let Some(parked) = self.parked.get_mut(index) {
            if parked.server != id || parked.wants != Wants::Thread(root) {
                index += 1;
                continue;
            }
            // A mention is followed by its own word about the thread; a reply in a thread that was followed before has one
            // of its own besides.
            if grew && parked.later_mentions > 0 {
                parked.later_mentions = parked.later_mentions.saturating_sub(1);
                index += 1;
                continue;
            }
            let parked = self.parked.remove(index);
            if grew {
                let verdict = self.judge(id, &parked.posted, true);
                let recovered = verdict.notifies().then_some("followers_recovered");
                self.conclude(now, id, parked.posted, verdict, DecisionKind::Post, recovered, out);
            } else {
                self.consider(now, id, parked.posted, false, out);
            }
        }
    }

    /// A reply came that mentions me: from now on I follow its thread, whatever was so before.
    pub(super) fn note_mention_in_thread(&mut self, id: ServerId, posted: &Posted<'_>) {
        let Some(root) = posted.post.root_id.filter(|_| !self.parked.is_empty()) else { return };
        let me = self.servers.get(&id).and_then(|server| server.state.me_id());
        if !me.is_some_and(|me| posted.mentions.as_ref().is_some_and(|list| list.contains(&me))) {
            return;
        }
        for parked in &mut self.parked {
            if parked.server == id && parked.wants == Wants::Thread(root) {
                parked.later_mentions = parked.later_mentions.saturating_add(1);
            }
        }
    }
}
