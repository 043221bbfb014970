//! From a decision to its card and its sound, and notices that are about no post.

use std::sync::{Arc, OnceLock};

use crate::activity::{Decision, DecisionKind, Verdict as Shown};
use crate::banner::{Card, Head, Rank, Shows, lifetime_ms};
use crate::decide::Verdict;
use crate::decide::says::{Step, Took};
use crate::draft::{About, Draft, Label, Title, sentence, setting_of};
use crate::effect::{Effect, Effects};
use crate::engine::picture::Recent;
use crate::engine::{Engine, RECENT_ITEMS};
use crate::event::{ChannelType, Posted, Priority};
use crate::ids::{BannerId, ServerId};
use crate::present::{self, Named};
use crate::sound::{MessageSound, SoundChoice};
use crate::state::ServerState;
use crate::state::channel::{ChannelState, Conversation, Level};
use crate::time::Now;
use crate::view::{BannerKind, BannerView};

/// How a decision about a post came out.
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) kind: DecisionKind,
    /// Shown by this rule of ours.
    pub(super) recovered: Option<&'static str>,
    /// What was chosen to be heard, played or not.
    pub(super) sound: Option<SoundChoice>,
    /// It was kept back for a summary.
    pub(super) held_back: bool,
}

impl About {
    fn is_group(&self) -> bool {
        self.event_type == Some(ChannelType::Group)
    }

    /// Importance of its line.
    pub(super) fn rank(&self) -> Rank {
        match (self.post.priority, self.mentioned, self.is_direct() || self.is_group()) {
            (Priority::Urgent, _, _) => Rank::Urgent,
            // Every direct message mentions its reader: that alone is no mention.
            (_, _, true) => Rank::Direct,
            (_, true, false) => Rank::Mention,
            (_, false, false) => Rank::Other,
        }
    }
}

impl Engine {
    /// What is heard for a post that is shown.
    pub(super) fn sound_of(&self, id: ServerId, posted: &Posted<'_>) -> Option<SoundChoice> {
        let state = &self.servers.get(&id)?.state;
        let post = &posted.post;
        let channel_prefs = state.channels.get(&post.channel_id).and_then(|channel| channel.prefs.as_deref());
        let sound = present::message_sound(channel_prefs, &state.account).map(SoundChoice::Message);
        self.prefs.sound.instead(sound, id, post.channel_id, post.user_id)
    }

    /// What a decision is made from, kept for its words. It is made where it stays: it is large, and every post has one.
    pub(super) fn draft(
        &mut self,
        now: &Now,
        id: ServerId,
        posted: Box<Posted<'_>>,
        outcome: Outcome,
    ) -> Option<Arc<Draft>> {
        let Outcome { verdict, kind, recovered, sound, held_back } = outcome;
        self.decisions = self.decisions.saturating_add(1);
        let prefs = self.prefs.servers.iter().find(|server| server.id == id)?;
        let server = self.servers.get_mut(&id)?;
        if server.label.name != prefs.name || server.label.url != prefs.url {
            server.label = Arc::new(Label { name: prefs.name.clone(), url: prefs.url.clone() });
        }
        let state = &server.state;
        let post = &posted.post;
        let channel = state.channels.get(&post.channel_id);
        let channel_prefs = channel.and_then(|channel| channel.prefs.as_deref());
        let crt_reply = state.crt() && post.root_id.is_some();
        let author = post.user_id.and_then(|user| state.user(user));
        Some(Arc::new(Draft::of_post(About {
            seq: self.decisions,
            kind,
            mode: self.mode,
            server: id,
            label: Arc::clone(&server.label),
            phrase: present::fallback_phrase(&posted),
            channel_type: channel.and_then(|channel| channel.channel_type).or(posted.channel_type),
            event_type: posted.channel_type,
            title: title(state, channel, &posted),
            author: author.map(Arc::clone).ok_or_else(|| posted.sender_name.as_ref().into()),
            name_format: present::known_format(state.name_format()),
            overrides_allowed: state.config.enable_post_username_override,
            crt_reply,
            root_message: post
                .root_id
                .filter(|_| crt_reply)
                .and_then(|root| state.threads.get(root))
                .map(|held| held.root_message.clone()),
            team: posted.team_id.and_then(|team| state.teams.get(&team)).map(Arc::clone),
            mentioned: state.me_id().is_some_and(|me| posted.mentions.as_ref().is_some_and(|list| list.contains(&me))),
            own_level: channel_prefs.is_some_and(|prefs| prefs.desktop != Level::Default),
            verdict,
            recovered,
            sound,
            at_ms: if post.create_at > 0 { post.create_at } else { now.wall_ms() },
            post: posted.post.into_owned(),
            held_back,
        })))
    }

    /// What of a message's card does not need words.
    pub(super) fn head(&self, about: &About) -> Head {
        let post = &about.post;
        let personal = about.mentioned || about.is_direct() || about.is_group();
        Head {
            id: BannerId(0),
            version: 1,
            kind: BannerKind::Message,
            server: about.server,
            channel_id: Some(post.channel_id),
            post_id: Some(post.id),
            root_id: post.root_id,
            user_id: post.user_id,
            picture: about.author.as_ref().ok().filter(|_| !about.is_alias()).map(|author| author.last_picture_update),
            priority: post.priority,
            mentioned: personal,
            more: 0,
            at_ms: about.at_ms,
            lifetime_ms: lifetime_ms(&self.prefs.banner, BannerKind::Message, post.priority, personal),
        }
    }

    pub(super) fn message_card(&self, head: Head, draft: &Arc<Draft>, conversation: Conversation, rank: Rank) -> Card {
        let shows = Shows {
            server: self.prefs.servers.len() > 1,
            text: self.prefs.banner.show_text,
            thumbnails: self.prefs.banner.thumbnails,
        };
        Card::of_message(head, Arc::clone(draft), shows, conversation, rank)
    }

    /// Plays a sound unless one was heard a moment ago; says so where it did not.
    pub(super) fn play(
        &mut self,
        now: &Now,
        sound: SoundChoice,
        conversation: Option<Conversation>,
        out: &mut Effects,
    ) -> Option<Step> {
        let silent = |rule, sentence| Some(Step::plain(rule, Took::Continue, sentence));
        if self.prefs.sound.volume_percent == 0 {
            return silent("sound", "Belfry's volume is at zero, so there was no sound");
        }
        if self.ringing.is_some() {
            return silent("sound_throttled", "A call was ringing, so there was no sound of its own");
        }
        if !self.sounds.allows(now.mono, conversation) {
            return silent("sound_throttled", "Another sound was heard just before, so there was none of its own");
        }
        out.push(Effect::PlaySound(self.sound_to_play(sound, None)));
        None
    }

    pub(super) fn remember_recent(&mut self, draft: &Arc<Draft>) {
        if self.recent.len() == RECENT_ITEMS {
            self.recent.pop_back();
        }
        self.recent.push_front(Recent { draft: Arc::clone(draft), item: OnceLock::new() });
    }

    /// The title with the server's name before it, where there is more than one (notifications §3.1).
    fn titled(&self, server_name: &str, title: &str) -> String {
        if self.prefs.servers.len() > 1 { format!("{server_name}: {title}") } else { title.to_owned() }
    }

    /// A notice without a post: a session's end, the sample on Allow.
    #[expect(clippy::too_many_arguments, reason = "one notice and its words")]
    pub(super) fn announce_plain(
        &mut self,
        now: &Now,
        id: ServerId,
        kind: DecisionKind,
        banner: BannerKind,
        title: &str,
        text: &str,
        out: &mut Effects,
    ) {
        let Some(prefs) = self.server_prefs(id) else { return };
        let server_name = prefs.name.clone();
        let mut verdict = Verdict { skip: None, trace: Vec::new() };
        self.ask_platform(id, &mut verdict);
        self.decisions = self.decisions.saturating_add(1);
        let sound = verdict.notifies().then_some(SoundChoice::Message(MessageSound::Bing));
        let mut decision = Decision {
            seq: self.decisions,
            kind,
            server: id,
            server_name: server_name.clone(),
            channel_id: None,
            post_id: None,
            root_id: None,
            call_id: None,
            user_id: None,
            sender: server_name.clone(),
            alias: false,
            place: String::new(),
            direct: false,
            thread: None,
            title: title.to_owned(),
            body: text.to_owned(),
            text: format!("{title}. {text}"),
            verdict: if verdict.notifies() { Shown::Notify } else { Shown::Skip },
            reason: verdict.skip,
            sentence: sentence(&verdict, setting_of(verdict.skip, false), "", &server_name, false),
            setting: setting_of(verdict.skip, false),
            recovered: None,
            priority: Priority::Standard,
            mentioned: false,
            sound,
            at_ms: now.wall_ms(),
            ring: None,
            permalink: String::new(),
            trace: verdict.trace.iter().map(|step| step.worded("")).collect(),
        };
        if verdict.notifies() {
            if let Some(sound) = sound {
                decision.trace.extend(self.play(now, sound, None, out).map(|step| step.worded("")));
            }
            let view = BannerView {
                id: BannerId(0),
                version: 1,
                kind: banner,
                server: id,
                server_name: String::new(),
                channel_id: None,
                post_id: None,
                root_id: None,
                user_id: None,
                picture: None,
                sender: server_name.clone(),
                place: String::new(),
                thread: None,
                text: decision.text.clone(),
                files: None,
                priority: Priority::Standard,
                mentioned: true,
                more: 0,
                at_ms: decision.at_ms,
                lifetime_ms: lifetime_ms(&self.prefs.banner, banner, Priority::Standard, true),
                remaining_ms: None,
                reply: None,
                title: self.titled(&server_name, title),
                body: text.to_owned(),
            };
            self.show(now, Card::new(view, None, Rank::Direct), out);
        }
        self.record(now, Arc::new(Draft::from(decision)), out);
    }
}

/// A conversation's name: as the client knows it, else as the event says (notifications §3.1).
fn title(state: &ServerState, channel: Option<&ChannelState>, posted: &Posted<'_>) -> Title {
    let known = channel.and_then(|channel| Some((channel.channel_type?, &*channel.display_name)));
    // A group that was not fetched yet is named by the event, which lists every member.
    let group = match known {
        Some((ChannelType::Group, name)) => Some(name),
        None if posted.channel_type == Some(ChannelType::Group) => Some(&*posted.channel_display_name),
        _ => None,
    };
    let members = group.map(|name| state.group_members(name)).unwrap_or_default();
    if members.iter().any(Named::is_named) {
        return Title::Group(members);
    }
    match known {
        Some((ChannelType::Direct, _)) => Title::Direct,
        Some((ChannelType::Public | ChannelType::Private, name)) if !name.is_empty() => Title::Text(name.into()),
        _ if posted.channel_type == Some(ChannelType::Direct) => Title::Direct,
        _ => Title::Text(posted.channel_display_name.as_ref().into()),
    }
}
