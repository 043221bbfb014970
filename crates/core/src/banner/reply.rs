//! Replies on cards. A card with a reply on it waits for nobody: it stays until the reply was sent or given up, whatever
//! becomes of its message meanwhile, because what a person typed is theirs.

use super::{Card, Stack, Timer};
use crate::effect::Write;
use crate::ids::{BannerId, ChannelId, PostId, ServerId};
use crate::prefs::BannerPrefs;
use crate::reply::{ReplyState, ReplyView, Typed};
use crate::time::MonoTime;
use crate::view::BannerKind;

/// A reply on a card.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    state: ReplyState,
    text: Typed,
    /// Where it goes: fixed when it is begun, for a newer line may take the card over.
    channel_id: ChannelId,
    root_id: Option<PostId>,
    /// Of the write under way.
    number: Option<u64>,
    /// By which the server knows a second try of the same text.
    pending_post_id: String,
    /// The message was read or deleted meanwhile: only the reply keeps the card.
    alone: bool,
}

impl Card {
    /// The reply, as it is to be drawn.
    pub(super) fn reply_view(&self) -> Option<ReplyView> {
        self.reply.as_ref().map(|reply| ReplyView { state: reply.state.clone(), text: reply.text.clone() })
    }

    /// Whether a reply keeps it although it is not needed for anything else any more; notes that.
    pub(super) fn kept_by_reply(&mut self) -> bool {
        self.reply.as_mut().map(|reply| reply.alone = true).is_some()
    }
}

impl Stack {
    /// Somebody wants to reply to this card. Only what a person can see is replied to.
    pub fn begin_reply(&mut self, id: BannerId) {
        let Some(card) = self.displayed.iter_mut().find(|card| card.head.id == id) else { return };
        let Some(channel_id) = card.head.channel_id.filter(|_| card.head.kind == BannerKind::Message) else { return };
        if card.reply.is_some() || !card.is_painted() {
            return;
        }
        card.timer = Timer::Stopped;
        card.reply = Some(Reply {
            state: ReplyState::Writing,
            text: Typed::default(),
            channel_id,
            // A reply to a reply belongs to the same thread; servers refuse any other root.
            root_id: card.head.root_id,
            number: None,
            pending_post_id: String::new(),
            alone: false,
        });
    }

    /// The reply was given up: the card has its whole time again, unless nothing else kept it.
    pub fn end_reply(&mut self, now: MonoTime, id: BannerId, prefs: &BannerPrefs) {
        let held = self.held;
        let Some(card) = self.displayed.iter_mut().find(|card| card.head.id == id) else { return };
        let Some(reply) = card.reply.take() else { return };
        if reply.alone {
            self.remove(now, id, prefs);
        } else {
            card.timer = Timer::starting(now, card.head.lifetime_ms, held);
        }
    }

    /// The write that sends a reply, with its server. `number` is of this write, `pending_post_id` of the reply.
    pub fn send_reply(
        &mut self,
        id: BannerId,
        text: Typed,
        number: u64,
        pending_post_id: String,
    ) -> Option<(ServerId, Write)> {
        let card = self.displayed.iter_mut().find(|card| card.head.id == id)?;
        let reply = card.reply.as_mut().filter(|reply| reply.number.is_none())?;
        if reply.pending_post_id.is_empty() || reply.text != text {
            reply.pending_post_id = pending_post_id;
        }
        reply.text = text;
        reply.number = Some(number);
        reply.state = ReplyState::Sending;
        let write = Write::Reply {
            number,
            channel_id: reply.channel_id,
            root_id: reply.root_id,
            text: reply.text.clone(),
            pending_post_id: reply.pending_post_id.clone(),
        };
        Some((card.head.server, write))
    }

    /// A reply was not even sent.
    pub fn refuse_reply(&mut self, id: BannerId, text: Typed, reason: String) {
        let card = self.displayed.iter_mut().find(|card| card.head.id == id);
        if let Some(reply) = card.and_then(|card| card.reply.as_mut()).filter(|reply| reply.number.is_none()) {
            reply.text = text;
            reply.state = ReplyState::Failed { reason };
        }
    }

    /// What came of a write; `false` where it is of no reply. A message that was answered needs no card.
    pub fn reply_written(
        &mut self,
        now: MonoTime,
        server: ServerId,
        number: u64,
        refused: Option<&str>,
        prefs: &BannerPrefs,
    ) -> bool {
        let is_it = |card: &&mut Card| {
            card.head.server == server && card.reply.as_ref().is_some_and(|reply| reply.number == Some(number))
        };
        let Some(card) = self.displayed.iter_mut().find(is_it) else { return false };
        let id = card.head.id;
        match (refused, &mut card.reply) {
            (Some(reason), Some(reply)) => reply.fail(reason),
            (_, _) => {
                self.remove(now, id, prefs);
            }
        }
        true
    }

    /// Nobody will say what became of the replies to this server that are under way.
    pub fn fail_replies(&mut self, server: ServerId, reason: &str) {
        for card in self.displayed.iter_mut().filter(|card| card.head.server == server) {
            if let Some(reply) = card.reply.as_mut().filter(|reply| reply.number.is_some()) {
                reply.fail(reason);
            }
        }
    }

    /// Replies of this server keep no card any more: the person wants nothing of it.
    pub fn forget_replies(&mut self, server: ServerId) {
        for card in self.displayed.iter_mut().filter(|card| card.head.server == server) {
            card.reply = None;
        }
    }

    /// The face with what was being typed is gone. What was sent, or could not be, is held here.
    pub(super) fn forget_unsent(&mut self, now: MonoTime, prefs: &BannerPrefs) {
        let writing = |card: &&Card| card.reply.as_ref().is_some_and(|reply| reply.state == ReplyState::Writing);
        let ids: Vec<BannerId> = self.displayed.iter().filter(writing).map(|card| card.head.id).collect();
        for id in ids {
            self.end_reply(now, id, prefs);
        }
    }
}

impl Reply {
    fn fail(&mut self, reason: &str) {
        self.number = None;
        self.state = ReplyState::Failed { reason: reason.to_owned() };
    }
}
