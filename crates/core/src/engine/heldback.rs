//! What could not be shown at the time is summed up afterwards, not dropped (product.md, promise 1).

use std::collections::{BTreeSet, VecDeque};

use crate::banner::{Card, Rank, lifetime_ms};
use crate::decide::reason::Reason;
use crate::effect::Effects;
use crate::engine::Engine;
use crate::event::{Posted, Priority, Status};
use crate::ids::{BannerId, PostId, ServerId};
use crate::prefs::Permission;
use crate::sound::{MessageSound, SoundChoice};
use crate::state::channel::Conversation;
use crate::time::Now;
use crate::view::{BannerKind, BannerView};

/// Messages remembered one by one; older ones are only counted.
const REMEMBERED: usize = 1000;

/// Why a message was held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    Paused,
    SystemDnd,
    ScreenLocked,
    FullScreen,
    DisplayAsleep,
    /// Neither a banner nor a system notification could be shown.
    Unshown,
    Status(ServerId),
    /// It came while nobody listened.
    Away(ServerId),
}

#[derive(Debug)]
struct Held {
    cause: Cause,
    server: ServerId,
    conversation: Conversation,
    /// `None` where only a number is known.
    post: Option<PostId>,
    count: u32,
}

/// Messages that would have been shown.
#[derive(Debug, Default)]
pub(super) struct HeldBack {
    items: VecDeque<Held>,
    /// Held back and forgotten one by one: still counted.
    overflow: u32,
    settled: Vec<(ServerId, PostId)>,
}

impl HeldBack {
    /// Takes out what was read, deleted or left meanwhile.
    pub(super) fn retract(&mut self, gone: impl Fn(ServerId, Option<Conversation>) -> bool) {
        self.take_out(|held| gone(held.server, Some(held.conversation)));
    }

    pub(super) fn retract_post(&mut self, server: ServerId, post: PostId) {
        self.take_out(|held| held.server == server && held.post == Some(post));
    }

    fn take_out(&mut self, gone: impl Fn(&Held) -> bool) {
        let settled = &mut self.settled;
        self.items.retain(|held| {
            let gone = gone(held);
            if gone {
                settled.extend(held.post.map(|post| (held.server, post)));
            }
            !gone
        });
    }

    /// Posts that need no summary any more.
    pub(super) fn take_settled(&mut self) -> Vec<(ServerId, PostId)> {
        core::mem::take(&mut self.settled)
    }

    fn push(&mut self, held: Held) {
        if self.items.len() == REMEMBERED
            && let Some(oldest) = self.items.pop_front()
        {
            self.overflow = self.overflow.saturating_add(oldest.count);
            self.settled.extend(oldest.post.map(|post| (oldest.server, post)));
        }
        self.items.push_back(held);
    }
}

impl Engine {
    /// Keeps a message that only the moment speaks against; `false` where more does.
    pub(super) fn hold_back(&mut self, id: ServerId, posted: &Posted<'_>, reason: Option<Reason>) -> bool {
        let cause = if reason == Some(Reason::Paused) {
            Cause::Paused
        } else if reason == Some(Reason::OsDnd) {
            Cause::SystemDnd
        } else if reason == Some(Reason::ScreenLocked) {
            Cause::ScreenLocked
        } else if reason == Some(Reason::FullScreen) {
            Cause::FullScreen
        } else if reason == Some(Reason::DisplayAsleep) {
            Cause::DisplayAsleep
        } else if reason == Some(Reason::WhileAway) {
            Cause::Away(id)
        } else if reason == Some(Reason::UserStatus) && self.would_notify_but_for_status(id, posted) {
            Cause::Status(id)
        } else {
            return false;
        };
        let conversation = self.conversation(id, posted);
        self.held_back.push(Held { cause, server: id, conversation, post: Some(posted.post.id), count: 1 });
        true
    }

    /// Keeps messages that were to be shown, and that neither banners nor the system could.
    pub(super) fn hold_back_unshown(&mut self, conversation: Conversation, posts: &[PostId]) {
        self.nothing_shows = true;
        for post in posts {
            let (cause, server) = (Cause::Unshown, conversation.server);
            self.held_back.push(Held { cause, server, conversation, post: Some(*post), count: 1 });
        }
    }

    /// Keeps so many messages of which nothing but their number is known.
    pub(super) fn hold_back_number(&mut self, id: ServerId, conversation: Conversation, count: u32) {
        if count > 0 {
            self.held_back.push(Held { cause: Cause::Away(id), server: id, conversation, post: None, count });
        }
    }

    fn still_holds(&self, cause: Cause) -> bool {
        match cause {
            // Whatever held it back: a summary would be a banner too.
            _ if self.is_quiet() => true,
            Cause::Away(id) => self.is_catching_up(id) || self.still_holds(Cause::Status(id)),
            Cause::Unshown => self.nothing_shows,
            Cause::Paused | Cause::SystemDnd | Cause::ScreenLocked | Cause::FullScreen | Cause::DisplayAsleep => false,
            Cause::Status(id) => self
                .servers
                .get(&id)
                .is_some_and(|server| matches!(server.state.status, Some(Status::DoNotDisturb | Status::OutOfOffice))),
        }
    }

    /// Whether anything waits for a summary.
    pub(super) fn has_held_back(&self) -> bool {
        !self.held_back.items.is_empty()
    }

    /// Says in one banner what was held back by something that is over now.
    pub(super) fn sum_up(&mut self, now: &Now, out: &mut Effects) {
        if self.held_back.items.is_empty() {
            return;
        }
        let (kept, over): (VecDeque<Held>, VecDeque<Held>) =
            core::mem::take(&mut self.held_back.items).into_iter().partition(|held| self.still_holds(held.cause));
        self.held_back.items = kept;
        let (over, silent): (Vec<Held>, Vec<Held>) =
            over.into_iter().partition(|held| self.permission(held.server) == Permission::Allowed);
        self.held_back.settled.extend(silent.iter().filter_map(|held| Some((held.server, held.post?))));
        let Some(first) = over.first() else { return };
        let server = first.server;
        let causes: BTreeSet<Cause> = over.iter().map(|held| held.cause).collect();
        let places: BTreeSet<Conversation> = over.iter().map(|held| held.conversation).collect();
        let overflow = core::mem::take(&mut self.held_back.overflow);
        let messages = over.iter().fold(overflow, |sum, held| sum.saturating_add(held.count));
        let when = match causes.first() {
            Some(Cause::Paused) if causes.len() == 1 => "while notifications were paused",
            Some(Cause::ScreenLocked) if causes.len() == 1 => "while the screen was locked",
            Some(Cause::FullScreen) if causes.len() == 1 => "behind a full-screen program",
            Some(Cause::Unshown) if causes.len() == 1 => "that could not be shown at the time",
            Some(Cause::DisplayAsleep) if causes.len() == 1 => "while the display was off",
            Some(Cause::SystemDnd | Cause::Status(_)) if causes.len() == 1 => "during do not disturb",
            _ => "while you were away",
        };
        let plural = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        let text = format!(
            "{} in {} {when}",
            plural(usize::try_from(messages).unwrap_or(usize::MAX), "message", "messages"),
            plural(places.len(), "conversation", "conversations")
        );
        let server_name = self.server_prefs(server).map(|prefs| prefs.name.clone()).unwrap_or_default();
        let several = over.iter().any(|held| held.server != server);
        let view = BannerView {
            id: BannerId(0),
            version: 1,
            kind: BannerKind::Summary,
            server,
            server_name: if several { String::new() } else { server_name },
            channel_id: None,
            post_id: None,
            root_id: None,
            user_id: None,
            picture: None,
            sender: "Belfry".to_owned(),
            place: String::new(),
            thread: None,
            text: text.clone(),
            files: None,
            priority: Priority::Standard,
            mentioned: true,
            more: 0,
            at_ms: now.wall_ms(),
            lifetime_ms: lifetime_ms(&self.prefs.banner, BannerKind::Summary, Priority::Standard, true),
            remaining_ms: None,
            reply: None,
            title: "While you were away".to_owned(),
            body: text,
        };
        self.play(now, SoundChoice::Message(MessageSound::Bing), None, out);
        let mut card = Card::new(view, None, Rank::Direct);
        card.sums_up = over.iter().filter_map(|held| Some((held.server, held.post?))).collect();
        self.show(now, card, out);
    }
}
