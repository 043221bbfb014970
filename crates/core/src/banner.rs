//! The stack of banners: waiting, displayed, and what was handed to the system's own notifications.
//!
//! Everything that depends on time is a deadline here, never in a face: a covered window cannot delay it.
//! A displayed banner is painted in time or goes out as a system notification ("Delivery is acknowledged").

mod reply;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::draft::Draft;
use crate::event::Priority;
use crate::ids::{BannerId, ChannelId, PostId, ServerId, UserId};
use crate::prefs::BannerPrefs;
use crate::state::channel::Conversation;
use crate::text;
use crate::time::MonoTime;
use crate::view::{AttachedFiles, BannerKind, BannerView};

/// A running face paints a new card within this (product.md "Banner").
const PAINT_WITHIN: Duration = Duration::from_millis(1500);
/// A face that just connected has this long for its first cards.
const FIRST_PAINT_WITHIN: Duration = Duration::from_secs(3);
/// A face that was started has this long to connect before the system's notifications are used.
const FACE_STARTS_WITHIN: Duration = Duration::from_secs(5);
/// At most this many cards wait; the oldest is merged into a count beyond it.
const WAITING_LIMIT: usize = 200;
/// So many posts are remembered for one card, to take it away when they are read or deleted.
const POSTS_PER_CARD: usize = 200;
/// System notifications remembered, to take them away when their message is read.
const TOASTS_REMEMBERED: usize = 64;
/// System notifications handed over whose showing nobody has confirmed yet; more wait. The service is another process, and
/// what it cannot take in time would be lost.
const TOASTS_AT_ONCE: usize = 16;
/// More of one conversation than this wait as one, with a count.
const TOASTS_ONE_BY_ONE: usize = 32;
/// Without any answer about one for so long, none is expected: the executor gives up on the service long before.
const TOAST_ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// How important a line is: the most important one stands for a merged card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Any other message.
    Other,
    /// A direct or group message.
    Direct,
    /// It mentions the person.
    Mention,
    /// Urgent.
    Urgent,
}

/// What of a card is no text.
#[derive(Clone, Debug)]
pub struct Head {
    /// Which.
    pub id: BannerId,
    /// Grows when its content changes; painted content is acknowledged with it.
    pub version: u32,
    /// What it is.
    pub kind: BannerKind,
    /// From which server.
    pub server: ServerId,
    /// Which channel.
    pub channel_id: Option<ChannelId>,
    /// Which post (the most important one of a merged card).
    pub post_id: Option<PostId>,
    /// The root of that post's thread; `None` = it is no reply.
    pub root_id: Option<PostId>,
    /// Who: for the picture and its colour.
    pub user_id: Option<UserId>,
    /// Last change of their picture, Unix milliseconds; `None` = only initials fit.
    pub picture: Option<i64>,
    /// Priority.
    pub priority: Priority,
    /// The message mentions the person or is a direct message.
    pub mentioned: bool,
    /// How many more messages of the conversation it stands for.
    pub more: u32,
    /// Time of the message, Unix milliseconds.
    pub at_ms: i64,
    /// How long it is shown, milliseconds; `None` = until handled.
    pub lifetime_ms: Option<u64>,
}

/// What the person wants to read on cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shows {
    /// The server's name: there is more than one.
    pub server: bool,
    /// The message's text.
    pub text: bool,
    /// Small pictures of what is attached.
    pub thumbnails: bool,
}

/// A card's words: made when it is drawn, since most of a burst never is.
#[derive(Clone, Debug)]
enum Words {
    Message(Arc<Draft>, Shows),
    Said(Box<Said>),
}

#[derive(Clone, Debug, Default)]
struct Said {
    server_name: String,
    sender: String,
    place: String,
    thread: Option<String>,
    text: String,
    files: Option<AttachedFiles>,
    title: String,
    body: String,
}

impl Words {
    fn said(&self) -> Said {
        match self {
            Self::Said(said) => Said::clone(said),
            Self::Message(draft, shows) => {
                let decision = draft.decision();
                let title = if shows.server {
                    format!("{}: {}", decision.server_name, decision.title)
                } else {
                    decision.title.clone()
                };
                Said {
                    server_name: if shows.server { decision.server_name.clone() } else { String::new() },
                    sender: decision.sender.clone(),
                    place: decision.place.clone(),
                    thread: decision.thread.clone(),
                    text: if shows.text { decision.text.clone() } else { "New message".to_owned() },
                    files: draft.about().filter(|_| shows.text).and_then(|about| about.files(shows.thumbnails)),
                    title: text::neutralize(&title).into_owned(),
                    body: if shows.text { text::for_people(&decision.body) } else { format!("@{}", decision.sender) },
                }
            }
        }
    }
}

/// One card.
#[derive(Clone, Debug)]
pub struct Card {
    /// What it is.
    pub head: Head,
    words: Words,
    /// Where it belongs; `None` for a sample or a session's end.
    pub conversation: Option<Conversation>,
    /// Posts it stands for, the oldest first.
    pub posts: VecDeque<PostId>,
    /// Posts that a summary stands for, of any server and conversation.
    pub sums_up: Vec<(ServerId, PostId)>,
    /// The call it announces.
    pub call: Option<crate::ids::CallId>,
    /// Importance of the line shown.
    pub rank: Rank,
    painted_version: u32,
    paint_by: Option<MonoTime>,
    timer: Timer,
    /// What somebody writes on it.
    reply: Option<reply::Reply>,
}

/// How long a card still has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// Not painted yet, or shown until handled.
    Stopped,
    /// Leaves at this moment.
    Until(MonoTime),
    /// Held under the pointer with this much left.
    Held(Duration),
}

impl Timer {
    /// Begins now, for so many milliseconds; `None` = until handled.
    fn starting(now: MonoTime, lifetime_ms: Option<u64>, held: bool) -> Self {
        match (lifetime_ms, held) {
            (None, _) => Self::Stopped,
            (Some(ms), false) => Self::Until(now.after(Duration::from_millis(ms))),
            (Some(ms), true) => Self::Held(Duration::from_millis(ms)),
        }
    }
}

/// What the stack asks for.
#[derive(Clone, Debug)]
pub enum StackEffect {
    /// Hand it to the system's notifications.
    Toast(Box<BannerView>),
    /// Take a system notification away.
    CloseToast(BannerId),
    /// It was really presented.
    Presented(ServerId, Vec<PostId>),
}

/// Whether there is a process that paints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Face {
    #[default]
    Gone,
    Connected,
}

#[derive(Clone, Debug)]
struct Toasted {
    id: BannerId,
    kind: BannerKind,
    conversation: Option<Conversation>,
    posts: VecDeque<PostId>,
    sums_up: Vec<(ServerId, PostId)>,
    server: ServerId,
    /// Until it is known whether it was shown.
    answer_by: Option<MonoTime>,
}

/// The stack.
#[derive(Debug, Default)]
pub struct Stack {
    displayed: Vec<Card>,
    waiting: VecDeque<Card>,
    toasted: VecDeque<Toasted>,
    /// System notifications that wait for earlier ones to be shown.
    toasts: VecDeque<Card>,
    face: Face,
    held: bool,
    last_id: u64,
    /// Cards that were not painted in time, since the last one that was.
    missed: u32,
    /// Posts whose card left before it was presented, because nobody needs it any more.
    settled: Vec<(ServerId, PostId)>,
}

impl Card {
    /// A card that has not been shown yet, in words.
    pub fn new(view: BannerView, conversation: Option<Conversation>, rank: Rank) -> Self {
        let BannerView {
            id,
            version,
            kind,
            server,
            server_name,
            channel_id,
            post_id,
            root_id,
            user_id,
            picture,
            sender,
            place,
            thread,
            text,
            files,
            priority,
            mentioned,
            more,
            at_ms,
            lifetime_ms,
            remaining_ms: _,
            reply: _,
            title,
            body,
        } = view;
        let head = Head {
            id,
            version,
            kind,
            server,
            channel_id,
            post_id,
            root_id,
            user_id,
            picture,
            priority,
            mentioned,
            more,
            at_ms,
            lifetime_ms,
        };
        let said = Said { server_name, sender, place, thread, text, files, title, body };
        Self::with(head, Words::Said(Box::new(said)), conversation, rank)
    }

    /// A message's card that has not been shown yet; its words are made when it is.
    pub fn of_message(head: Head, draft: Arc<Draft>, shows: Shows, conversation: Conversation, rank: Rank) -> Self {
        Self::with(head, Words::Message(draft, shows), Some(conversation), rank)
    }

    fn with(head: Head, words: Words, conversation: Option<Conversation>, rank: Rank) -> Self {
        let posts = head.post_id.into_iter().collect();
        let timer = Timer::Stopped;
        let (sums_up, call) = (Vec::new(), None);
        let (paint_by, reply) = (None, None);
        Self { head, words, conversation, posts, sums_up, call, rank, painted_version: 0, paint_by, timer, reply }
    }

    /// The same card to be shown another time, as if it had never been on screen.
    #[must_use]
    pub fn again(self) -> Self {
        let mut again = Self::with(self.head, self.words, self.conversation, self.rank);
        again.head.id = BannerId(0);
        again.posts = self.posts;
        again.sums_up = self.sums_up;
        again
    }

    /// As it is to be drawn.
    fn view(&self, remaining_ms: Option<u64>) -> BannerView {
        let Said { server_name, sender, place, thread, text, files, title, body } = self.words.said();
        let head = self.head.clone();
        BannerView {
            id: head.id,
            version: head.version,
            kind: head.kind,
            server: head.server,
            server_name,
            channel_id: head.channel_id,
            post_id: head.post_id,
            root_id: head.root_id,
            user_id: head.user_id,
            picture: head.picture,
            sender,
            place,
            thread,
            text,
            files,
            priority: head.priority,
            mentioned: head.mentioned,
            more: head.more,
            at_ms: head.at_ms,
            lifetime_ms: head.lifetime_ms,
            remaining_ms,
            reply: self.reply_view(),
            title,
            body,
        }
    }

    /// Every post that it stands for.
    fn stands_for(&self) -> impl Iterator<Item = (ServerId, PostId)> {
        let server = self.head.server;
        self.posts.iter().map(move |post| (server, *post)).chain(self.sums_up.iter().copied())
    }

    fn is_painted(&self) -> bool {
        self.painted_version > 0
    }

    /// Takes over a newer message of the same conversation: one card, a count, and its most important line. What has no room
    /// in its memory needs no other announcement.
    fn absorb(&mut self, newer: Self, settled: &mut Vec<(ServerId, PostId)>) {
        let more = self.head.more.saturating_add(1).saturating_add(newer.head.more);
        let (id, version) = (self.head.id, self.head.version);
        for post in newer.posts {
            if self.posts.len() == POSTS_PER_CARD {
                settled.extend(self.posts.pop_front().map(|post| (self.head.server, post)));
            }
            self.posts.push_back(post);
        }
        if newer.rank >= self.rank {
            self.head = newer.head;
            self.words = newer.words;
            self.rank = newer.rank;
        }
        self.head.id = id;
        self.head.version = version.saturating_add(1);
        self.head.more = more;
    }
}

impl Stack {
    /// Cards on screen, the newest first.
    pub fn displayed(&self) -> &[Card] {
        &self.displayed
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether the pointer holds the stack.
    pub fn held(&self) -> bool {
        self.held
    }

    /// Whether cards were missed since the last one that was painted.
    pub fn missed(&self) -> u32 {
        self.missed
    }

    /// The next number.
    pub fn next_id(&mut self) -> BannerId {
        self.last_id = self.last_id.saturating_add(1);
        BannerId(self.last_id)
    }

    /// A card, on screen or waiting.
    pub fn card(&self, id: BannerId) -> Option<&Card> {
        self.displayed.iter().chain(&self.waiting).find(|card| card.head.id == id)
    }

    /// Where a system notification belongs: its conversation and its posts, the newest last.
    pub fn toast(&self, id: BannerId) -> Option<(ServerId, Option<Conversation>, Option<PostId>)> {
        self.toasted
            .iter()
            .find(|toast| toast.id == id)
            .map(|toast| (toast.server, toast.conversation, toast.posts.back().copied()))
    }

    /// Adds a card; one of the same conversation takes it in.
    pub fn push(&mut self, now: MonoTime, card: Card, prefs: &BannerPrefs) {
        let same = |other: &Card| {
            card.head.kind == BannerKind::Message
                && other.head.kind == BannerKind::Message
                && card.conversation.is_some()
                && other.conversation == card.conversation
        };
        if let Some(shown) = self.displayed.iter_mut().find(|other| same(other)) {
            shown.absorb(card, &mut self.settled);
            shown.paint_by = Some(paint_by(self.face, now));
            if shown.is_painted() && shown.reply.is_none() {
                shown.timer = Timer::starting(now, shown.head.lifetime_ms, self.held);
            }
        } else if let Some(queued) = self.waiting.iter_mut().find(|other| same(other)) {
            queued.absorb(card, &mut self.settled);
        } else {
            self.waiting.push_back(card);
            if self.waiting.len() > WAITING_LIMIT
                && let Some(mut oldest) = self.waiting.pop_front()
                && let Some(next) = self.waiting.front_mut()
            {
                // Never dropped silently: it is counted on the next one.
                oldest.head.more = oldest.head.more.saturating_add(1);
                next.head.more = next.head.more.saturating_add(oldest.head.more);
                self.settled.extend(oldest.stands_for());
            }
        }
        self.fill(now, prefs);
    }

    /// Sends a card straight to the system's notifications.
    pub fn push_toast(&mut self, now: MonoTime, card: Card, out: &mut Vec<StackEffect>) {
        self.hand_to_system(now, card, out);
    }

    /// Moves waiting cards onto the screen while there is room and the pointer holds nothing.
    pub fn fill(&mut self, now: MonoTime, prefs: &BannerPrefs) {
        let room = usize::from(prefs.max_shown.clamp(1, 6));
        while !self.held && self.displayed.len() < room {
            let Some(mut card) = self.waiting.pop_front() else { break };
            card.paint_by = Some(paint_by(self.face, now));
            self.displayed.insert(0, card);
        }
    }

    /// Sends everything to the system's notifications: there is nowhere to paint.
    pub fn all_to_toasts(&mut self, now: MonoTime, out: &mut Vec<StackEffect>) {
        self.held = false;
        let displayed: Vec<Card> = self.displayed.drain(..).collect();
        for card in displayed {
            if !card.is_painted() {
                self.hand_to_system(now, card, out);
            }
        }
        while let Some(card) = self.waiting.pop_front() {
            self.hand_to_system(now, card, out);
        }
    }

    /// Hands a card to the system's notifications, behind those that wait already.
    fn hand_to_system(&mut self, now: MonoTime, card: Card, out: &mut Vec<StackEffect>) {
        let same = |other: &&mut Card| card.conversation.is_some() && other.conversation == card.conversation;
        if self.toasts.len() >= TOASTS_ONE_BY_ONE
            && let Some(other) = self.toasts.iter_mut().rev().find(same)
        {
            other.absorb(card, &mut self.settled);
        } else if card.call.is_some() {
            self.toasts.push_front(card);
        } else {
            self.toasts.push_back(card);
        }
        self.feed_system(now, out);
    }

    /// Hands over what waits, as far as the system keeps up.
    fn feed_system(&mut self, now: MonoTime, out: &mut Vec<StackEffect>) {
        while self.toasted.iter().filter(|toast| toast.answer_by.is_some()).count() < TOASTS_AT_ONCE
            && let Some(card) = self.toasts.pop_front()
        {
            let mut view = card.view(None);
            if view.more > 0 {
                view.body = format!("{} (+{})", view.body, view.more);
            }
            out.push(StackEffect::Toast(Box::new(view)));
            if self.toasted.len() == TOASTS_REMEMBERED {
                self.toasted.pop_front();
            }
            self.toasted.push_back(Toasted {
                id: card.head.id,
                kind: card.head.kind,
                conversation: card.conversation,
                server: card.head.server,
                posts: card.posts,
                sums_up: card.sums_up,
                answer_by: Some(now.after(TOAST_ANSWER_WITHIN)),
            });
        }
    }

    /// Whether somebody paints.
    pub fn has_face(&self) -> bool {
        self.face == Face::Connected
    }

    /// The face connected: what is on screen gets its first-paint time anew.
    pub fn face_connected(&mut self, now: MonoTime) {
        self.face = Face::Connected;
        self.set_held(now, false);
        for card in self.displayed.iter_mut().filter(|card| card.painted_version < card.head.version) {
            card.paint_by = Some(now.after(FIRST_PAINT_WITHIN));
        }
    }

    /// The face is gone: what it had not painted goes out at once, the rest is shown by the next one.
    pub fn face_gone(&mut self, now: MonoTime, prefs: &BannerPrefs, out: &mut Vec<StackEffect>) {
        if self.face == Face::Gone {
            return;
        }
        self.face = Face::Gone;
        self.set_held(now, false);
        self.forget_unsent(now, prefs);
        let (painted, unpainted): (Vec<Card>, Vec<Card>) = self.displayed.drain(..).partition(Card::is_painted);
        self.displayed = painted;
        for card in unpainted {
            self.hand_to_system(now, card, out);
        }
        self.fill(now, prefs);
    }

    /// A card was painted with the content of this version.
    pub fn presented(&mut self, now: MonoTime, id: BannerId, version: u32, out: &mut Vec<StackEffect>) {
        let held = self.held;
        let Some(card) = self.displayed.iter_mut().find(|card| card.head.id == id) else { return };
        let first = !card.is_painted();
        card.painted_version = card.painted_version.max(version);
        if card.painted_version >= card.head.version {
            card.paint_by = None;
        }
        if first {
            card.timer = Timer::starting(now, card.head.lifetime_ms, held);
        }
        self.missed = 0;
        presented(card.stands_for(), out);
    }

    /// A system notification was shown.
    pub fn toast_shown(&mut self, now: MonoTime, id: BannerId, out: &mut Vec<StackEffect>) {
        if let Some(toast) = self.toasted.iter_mut().find(|toast| toast.id == id) {
            toast.answer_by = None;
            let own = toast.posts.iter().map(|post| (toast.server, *post));
            presented(own.chain(toast.sums_up.iter().copied()), out);
        }
        self.feed_system(now, out);
    }

    /// A system notification is gone.
    pub fn toast_gone(&mut self, now: MonoTime, id: BannerId, out: &mut Vec<StackEffect>) {
        self.toasted.retain(|toast| toast.id != id);
        self.feed_system(now, out);
    }

    /// A system notification could not be shown. Gives its messages, unless it was shown before.
    pub fn toast_failed(
        &mut self,
        now: MonoTime,
        id: BannerId,
        out: &mut Vec<StackEffect>,
    ) -> Option<(Conversation, Vec<PostId>)> {
        let failed = self.toasted.iter().find(|toast| toast.id == id);
        let unseen = failed
            .filter(|toast| toast.kind == BannerKind::Message && toast.answer_by.is_some())
            .and_then(|toast| Some((toast.conversation?, toast.posts.iter().copied().collect())));
        self.toast_gone(now, id, out);
        unseen
    }

    /// The pointer came or left.
    pub fn hovered(&mut self, now: MonoTime, over: bool, prefs: &BannerPrefs) {
        if over && self.displayed.is_empty() {
            return;
        }
        self.set_held(now, over);
        self.fill(now, prefs);
    }

    fn set_held(&mut self, now: MonoTime, held: bool) {
        if self.held == held {
            return;
        }
        self.held = held;
        for card in &mut self.displayed {
            card.timer = match card.timer {
                Timer::Until(at) if held => {
                    Timer::Held(at_least_a_moment(Duration::from_millis(at.0.saturating_sub(now.0))))
                }
                Timer::Held(left) if !held => Timer::Until(now.after(left)),
                other @ (Timer::Stopped | Timer::Until(_) | Timer::Held(_)) => other,
            };
        }
    }

    /// Posts that need no announcement any more although none was presented.
    pub fn take_settled(&mut self) -> Vec<(ServerId, PostId)> {
        core::mem::take(&mut self.settled)
    }

    /// What this card stands for needs no announcement any more.
    pub fn settle(&mut self, card: &Card) {
        self.settled.extend(card.stands_for());
    }

    /// Takes one away, wherever it is.
    pub fn remove(&mut self, now: MonoTime, id: BannerId, prefs: &BannerPrefs) -> Option<Card> {
        let place = self.displayed.iter().position(|card| card.head.id == id);
        let find = |cards: &VecDeque<Card>| cards.iter().position(|card| card.head.id == id);
        let card = if let Some(index) = place {
            Some(self.displayed.remove(index))
        } else if let Some(index) = find(&self.waiting) {
            self.waiting.remove(index)
        } else {
            find(&self.toasts).and_then(|index| self.toasts.remove(index))
        };
        if let Some(card) = card.as_ref().filter(|card| !card.is_painted()) {
            self.settled.extend(card.stands_for());
        }
        self.release_if_empty();
        self.fill(now, prefs);
        card
    }

    /// Takes all away but what somebody writes on.
    pub fn clear(&mut self) {
        let (replied, rest): (Vec<Card>, Vec<Card>) = self.displayed.drain(..).partition(|card| card.reply.is_some());
        self.displayed = replied;
        let cards = rest.into_iter().chain(self.waiting.drain(..)).chain(self.toasts.drain(..));
        for card in cards.filter(|card| !card.is_painted()) {
            self.settled.extend(card.stands_for());
        }
        self.release_if_empty();
    }

    /// Takes away what `gone` names: read, deleted, left. System notifications too.
    pub fn retract(
        &mut self,
        now: MonoTime,
        gone: impl Fn(ServerId, Option<Conversation>) -> bool,
        prefs: &BannerPrefs,
        out: &mut Vec<StackEffect>,
    ) {
        let settled = &mut self.settled;
        let mut stays = |card: &Card| {
            let gone = gone(card.head.server, card.conversation);
            if gone && !card.is_painted() {
                settled.extend(card.stands_for());
            }
            !gone
        };
        self.displayed.retain_mut(|card| stays(card) || card.kept_by_reply());
        self.waiting.retain(&mut stays);
        self.toasts.retain(&mut stays);
        self.toasted.retain(|toast| {
            let close = gone(toast.server, toast.conversation);
            if close {
                out.push(StackEffect::CloseToast(toast.id));
            }
            !close
        });
        self.release_if_empty();
        self.fill(now, prefs);
    }

    /// Takes away cards of a kind that belong to no conversation: signed in again, nothing to ask for.
    pub fn retract_kind(&mut self, now: MonoTime, server: ServerId, kind: BannerKind, prefs: &BannerPrefs) {
        let is_gone = |card: &Card| card.head.server == server && card.head.kind == kind;
        self.displayed.retain(|card| !is_gone(card));
        self.waiting.retain(|card| !is_gone(card));
        self.toasts.retain(|card| !is_gone(card));
        self.release_if_empty();
        self.fill(now, prefs);
    }

    /// A post was deleted: it leaves its card, and an empty card leaves the stack.
    pub fn retract_post(
        &mut self,
        now: MonoTime,
        server: ServerId,
        channel: ChannelId,
        post: PostId,
        prefs: &BannerPrefs,
        out: &mut Vec<StackEffect>,
    ) {
        let of_channel = |card_server: ServerId, conversation: Option<Conversation>| {
            card_server == server && conversation.is_some_and(|conversation| conversation.channel == channel)
        };
        let settled = &mut self.settled;
        let mut keep = |card: &mut Card| {
            if !of_channel(card.head.server, card.conversation) || !card.posts.contains(&post) {
                return true;
            }
            card.posts.retain(|id| *id != post);
            if !card.is_painted() {
                settled.push((server, post));
            }
            card.head.more = card.head.more.saturating_sub(1);
            // Without its own line a card has nothing true to say.
            !card.posts.is_empty() && card.head.post_id != Some(post)
        };
        self.displayed.retain_mut(|card| keep(card) || card.kept_by_reply());
        self.waiting.retain_mut(&mut keep);
        self.toasts.retain_mut(&mut keep);
        self.toasted.retain_mut(|toast| {
            if !of_channel(toast.server, toast.conversation) || !toast.posts.contains(&post) {
                return true;
            }
            toast.posts.retain(|id| *id != post);
            if toast.posts.is_empty() {
                out.push(StackEffect::CloseToast(toast.id));
            }
            !toast.posts.is_empty()
        });
        self.release_if_empty();
        self.fill(now, prefs);
    }

    /// The text of a shown post changed.
    pub fn edit(&mut self, server: ServerId, post: PostId, text: &str, body: &str) -> bool {
        let mut changed = false;
        for card in self.displayed.iter_mut().chain(&mut self.waiting).chain(&mut self.toasts) {
            if card.head.server != server || card.head.post_id != Some(post) {
                continue;
            }
            let said = card.words.said();
            if !said.text.is_empty() && said.text != text {
                let said = Said { text: text.to_owned(), body: body.to_owned(), ..said };
                card.words = Words::Said(Box::new(said));
                changed = true;
            }
        }
        changed
    }

    fn release_if_empty(&mut self) {
        if self.displayed.is_empty() {
            self.held = false;
        }
    }

    /// Lets time pass: what has been on screen long enough leaves, what was not painted goes to the system.
    pub fn tick(&mut self, now: MonoTime, prefs: &BannerPrefs, out: &mut Vec<StackEffect>) -> bool {
        let before = self.displayed.len();
        let mut late = Vec::new();
        let mut index = 0;
        while let Some(card) = self.displayed.get_mut(index) {
            let expired = matches!(card.timer, Timer::Until(at) if at <= now);
            let unpainted = card.paint_by.is_some_and(|at| at <= now);
            if unpainted && !card.is_painted() {
                late.push(self.displayed.remove(index));
            } else if expired {
                self.displayed.remove(index);
            } else {
                if unpainted {
                    // The card itself stands; only its newest line was not acknowledged.
                    card.paint_by = None;
                    let mut update = Card::with(card.head.clone(), card.words.clone(), card.conversation, card.rank);
                    update.head.version = 0;
                    late.push(update);
                }
                index += 1;
            }
        }
        for card in late {
            self.missed = self.missed.saturating_add(1);
            self.hand_to_system(now, card, out);
        }
        for toast in self.toasted.iter_mut().filter(|toast| toast.answer_by.is_some_and(|by| by <= now)) {
            toast.answer_by = None;
        }
        self.feed_system(now, out);
        self.release_if_empty();
        self.fill(now, prefs);
        before != self.displayed.len()
    }

    /// When `tick` is due next.
    pub fn next_deadline(&self) -> Option<MonoTime> {
        let earlier = |a: Option<MonoTime>, b: Option<MonoTime>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let answers = self.toasted.iter().filter_map(|toast| toast.answer_by.filter(|_| !self.toasts.is_empty()));
        self.displayed.iter().fold(answers.min(), |first, card| {
            let timer = match card.timer {
                Timer::Until(at) => Some(at),
                Timer::Stopped | Timer::Held(_) => None,
            };
            earlier(first, earlier(timer, card.paint_by))
        })
    }

    /// The cards on screen as they are to be drawn.
    pub fn views(&self, now: MonoTime) -> Vec<BannerView> {
        self.displayed
            .iter()
            .map(|card| {
                card.view(match card.timer {
                    Timer::Stopped => None,
                    Timer::Until(at) => Some(at.0.saturating_sub(now.0)),
                    Timer::Held(left) => u64::try_from(left.as_millis()).ok(),
                })
            })
            .collect()
    }
}

/// One effect for each server.
fn presented(posts: impl Iterator<Item = (ServerId, PostId)>, out: &mut Vec<StackEffect>) {
    let mut by_server: BTreeMap<ServerId, Vec<PostId>> = BTreeMap::new();
    for (server, post) in posts {
        by_server.entry(server).or_default().push(post);
    }
    out.extend(by_server.into_iter().map(|(server, posts)| StackEffect::Presented(server, posts)));
}

fn paint_by(face: Face, now: MonoTime) -> MonoTime {
    now.after(match face {
        Face::Connected => PAINT_WITHIN,
        Face::Gone => FACE_STARTS_WITHIN,
    })
}

/// What was about to leave stays long enough to be clicked.
fn at_least_a_moment(left: Duration) -> Duration {
    left.max(Duration::from_secs(1))
}

/// How long a card is shown, milliseconds; `None` = until handled (product.md "Banner").
pub fn lifetime_ms(prefs: &BannerPrefs, kind: BannerKind, priority: Priority, mentioned: bool) -> Option<u64> {
    let secs = match kind {
        BannerKind::Call => prefs.call_secs.clamp(5, 60),
        BannerKind::SignedOut | BannerKind::SessionEnds => return None,
        BannerKind::Message | BannerKind::Sample | BannerKind::Summary if priority == Priority::Urgent => return None,
        BannerKind::Message | BannerKind::Sample | BannerKind::Summary if mentioned => prefs.mention_secs.clamp(1, 120),
        BannerKind::Message | BannerKind::Sample | BannerKind::Summary => prefs.message_secs.clamp(1, 60),
    };
    Some(u64::from(secs) * 1000)
}
