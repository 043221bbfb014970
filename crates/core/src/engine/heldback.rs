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
    Status(ServerId),
}

#[derive(Debug)]
struct Held {
    cause: Cause,
    server: ServerId,
    conversation: Conversation,
    post: PostId,
}

/// Messages that would have been shown.
#[derive(Debug, Default)]
pub(super) struct HeldBack {
    items: VecDeque<Held>,
    /// Held back and forgotten one by one: still counted.
    overflow: u32,
}

impl HeldBack {
    /// Takes out what was read, deleted or left meanwhile.
    pub(super) fn retract(&mut self, gone: impl Fn(ServerId, Option<Conversation>) -> bool) {
        self.items.retain(|held| !gone(held.server, Some(held.conversation)));
    }

    pub(super) fn retract_post(&mut self, server: ServerId, post: PostId) {
        self.items.retain(|held| held.server != server || held.post != post);
    }
}

impl Engine {
    /// Keeps a message that only the moment speaks against.
    pub(super) fn hold_back(&mut self, id: ServerId, posted: &Posted<'_>, reason: Option<Reason>) {
        let cause = if reason == Some(Reason::Paused) {
            Cause::Paused
        } else if reason == Some(Reason::OsDnd) {
            Cause::SystemDnd
        } else if reason == Some(Reason::ScreenLocked) {
            Cause::ScreenLocked
        } else if reason == Some(Reason::UserStatus) && self.would_notify_but_for_status(id, posted) {
            Cause::Status(id)
        } else {
            return;
        };
        if self.held_back.items.len() == REMEMBERED {
            self.held_back.items.pop_front();
            self.held_back.overflow = self.held_back.overflow.saturating_add(1);
        }
        let conversation = self.conversation(id, posted);
        self.held_back.items.push_back(Held { cause, server: id, conversation, post: posted.post.id });
    }

    fn still_holds(&self, cause: Cause) -> bool {
        match cause {
            Cause::Paused => self.paused_until_ms.is_some(),
            Cause::SystemDnd => self.system_dnd,
            Cause::ScreenLocked => self.screen_locked,
            Cause::Status(id) => self
                .servers
                .get(&id)
                .is_some_and(|server| matches!(server.state.status, Some(Status::DoNotDisturb | Status::OutOfOffice))),
        }
    }

    /// Says in one banner what was held back by something that is over now.
    pub(super) fn sum_up(&mut self, now: &Now, out: &mut Effects) {
        if self.held_back.items.is_empty() {
            return;
        }
        let (kept, over): (VecDeque<Held>, VecDeque<Held>) =
            core::mem::take(&mut self.held_back.items).into_iter().partition(|held| self.still_holds(held.cause));
        self.held_back.items = kept;
        let over: Vec<Held> =
            over.into_iter().filter(|held| self.permission(held.server) == Permission::Allowed).collect();
        let Some(first) = over.first() else { return };
        let server = first.server;
        let causes: BTreeSet<Cause> = over.iter().map(|held| held.cause).collect();
        let places: BTreeSet<Conversation> = over.iter().map(|held| held.conversation).collect();
        let messages =
            u32::try_from(over.len()).unwrap_or(u32::MAX).saturating_add(core::mem::take(&mut self.held_back.overflow));
        let when = match causes.first() {
            Some(Cause::Paused) if causes.len() == 1 => "while notifications were paused",
            Some(Cause::ScreenLocked) if causes.len() == 1 => "while the screen was locked",
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
            user_id: None,
            picture: None,
            sender: "Belfry".to_owned(),
            place: String::new(),
            thread: None,
            text: text.clone(),
            priority: Priority::Standard,
            mentioned: true,
            more: 0,
            at_ms: now.wall_ms(),
            lifetime_ms: lifetime_ms(&self.prefs.banner, BannerKind::Summary, Priority::Standard, true),
            remaining_ms: None,
            title: "While you were away".to_owned(),
            body: text,
        };
        self.play(now, SoundChoice::Message(MessageSound::Bing), None, out);
        self.show(now, Card::new(view, None, Rank::Direct), out);
    }
}
