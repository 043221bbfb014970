//! "Would this message notify me?": the real rules on a message that never came, or on one that did under other settings.

use std::borrow::Cow;

use crate::activity::{Decision, Verdict as Shown};
use crate::decide::facts::Facts;
use crate::decide::reason::Reason;
use crate::decide::says::{Step, Took};
use crate::decide::{Verdict, decide};
use crate::draft::{sentence, setting_of};
use crate::engine::posts::facts;
use crate::engine::{Engine, Server};
use crate::event::{ChannelType, Post, PostProps, Posted, Priority, Status};
use crate::ids::{ChannelId, PostId, ServerId, UserId};
use crate::mention;
use crate::prefs::Permission;
use crate::present;
use crate::query::Answer;
use crate::settings::keywords::OwnWords;
use crate::sound::SoundChoice;
use crate::state::account::Account;
use crate::state::channel::{ChannelPrefs, Level};
use crate::time::Now;
use crate::trial::{Trial, TrialMessage, TrialReply, WhatIf};

/// An id for what has none: real ones have letters and digits only.
const NOWHERE: &str = "-";

/// What of a trial is not in the engine.
struct Case<'a> {
    server: ServerId,
    posted: Posted<'a>,
    prefs: Option<ChannelPrefs>,
    account: Option<Account>,
    kind: Option<ChannelType>,
    /// The person's status stands in the way, where it does.
    status: bool,
    /// As if the server were allowed to notify.
    allowed: bool,
    /// As if nothing were paused.
    awake: bool,
    word: Option<String>,
    place: String,
    sender: String,
}

impl Engine {
    pub(super) fn trial(&self, _now: &Now, message: &TrialMessage) -> Answer {
        let Some(server) = self.servers.get(&message.server).filter(|server| server.state.loaded) else {
            return failed("Nothing has been read from this server yet");
        };
        let (Some(post_id), Some(nowhere)) = (PostId::parse(NOWHERE), ChannelId::parse(NOWHERE)) else {
            return failed("That cannot be tried");
        };
        let state = &server.state;
        let channel = message.channel.and_then(|id| state.channels.get(&id));
        let kind = channel.and_then(|channel| channel.channel_type).unwrap_or(message.kind);
        let prefs = channel.and_then(|channel| channel.prefs.as_deref()).cloned().unwrap_or_default();
        let me = state.me_id();
        let text = mention::reduce(&message.text, false);
        let word = own_words(server, &prefs).find(&text).map(str::to_owned);
        let is_reply = message.reply != TrialReply::No;
        let comments = state.account.props().get("comments").map(String::as_str);
        // Without collapsed threads, a reply may be told as a mention (notifications §1.8).
        let by_comment =
            !state.crt() && message.reply == TrialReply::Followed && matches!(comments, Some("any" | "root"));
        let mentioned = word.is_some() || by_comment || matches!(kind, ChannelType::Direct | ChannelType::Group);
        let mentions: Vec<UserId> = me.into_iter().filter(|_| mentioned).collect();
        let place = message.channel.map(|id| state.place_title(id)).filter(|_| kind != ChannelType::Direct);
        let sender = message.author.and_then(|id| state.user(id));
        let sender =
            sender.map_or_else(|| "Somebody".to_owned(), |user| present::display_name(user, state.name_format()));
        let post = Post {
            message: Cow::Borrowed(&message.text),
            ..blank(post_id, message.channel.unwrap_or(nowhere), message.author, is_reply.then_some(post_id))
        };
        let mut case = Case {
            server: message.server,
            posted: posted(post, kind, Some(mentions), Some(Vec::new())),
            prefs: Some(prefs),
            account: None,
            kind: Some(kind),
            status: true,
            allowed: false,
            awake: false,
            word,
            place: place.unwrap_or_default(),
            sender,
        };
        if state.crt() && message.reply == TrialReply::Followed {
            let follows = {
                let facts = self.case_facts(server, &case);
                facts.would_be_follower(state.saw_followers)
            };
            case.posted.followers = Some(me.into_iter().filter(|_| follows).collect());
        }
        Answer::Trial(Box::new(self.conclude_case(server, &case)))
    }

    pub(super) fn reconsider(&self, _now: &Now, decision: &Decision, what_if: &[WhatIf]) -> Answer {
        let known = self.servers.get(&decision.server).filter(|server| server.state.loaded);
        let (Some(server), Some(channel_id), Some(post_id)) = (known, decision.channel_id, decision.post_id) else {
            return failed("Too little is known of this message to try it again");
        };
        let state = &server.state;
        let channel = state.channels.get(&channel_id);
        let kind = channel.and_then(|channel| channel.channel_type);
        let kind = kind.unwrap_or(if decision.direct { ChannelType::Direct } else { ChannelType::Public });
        let me = state.me_id();
        let followed = decision.root_id.is_some_and(|root| state.threads.get(root).is_some())
            || what_if.contains(&WhatIf::ThreadFollowed)
            || decision.trace.iter().any(|step| step.rule == "following_thread" && step.outcome == "continue");
        let mine = |is: bool| -> Vec<UserId> { me.into_iter().filter(|_| is).collect() };
        let post = Post {
            message: Cow::Borrowed(&decision.text),
            priority: decision.priority,
            ..blank(post_id, channel_id, decision.user_id, decision.root_id)
        };
        let mut prefs = channel.and_then(|channel| channel.prefs.as_deref()).cloned();
        let mut account = None;
        for change in what_if {
            match change {
                WhatIf::ChannelMuted(muted) => {
                    prefs.get_or_insert_default().muted = *muted;
                }
                WhatIf::ChannelLevel(level) => {
                    prefs.get_or_insert_default().desktop = Level::read(Some(level));
                }
                WhatIf::AccountLevel(level) => {
                    let mut props = state.account.props().clone();
                    props.insert("desktop".to_owned(), level.clone());
                    account = Some(Account::read(props));
                }
                WhatIf::ThreadFollowed | WhatIf::StatusOnline | WhatIf::Allowed | WhatIf::NotPaused => {}
            }
        }
        let case = Case {
            server: decision.server,
            posted: posted(post, kind, Some(mine(decision.mentioned || decision.direct)), Some(mine(followed))),
            prefs,
            account,
            kind: Some(kind),
            status: !what_if.contains(&WhatIf::StatusOnline),
            allowed: what_if.contains(&WhatIf::Allowed),
            awake: what_if.contains(&WhatIf::NotPaused),
            word: None,
            place: decision.place.clone(),
            sender: decision.sender.clone(),
        };
        Answer::Trial(Box::new(self.conclude_case(server, &case)))
    }

    fn case_facts<'a>(&self, server: &'a Server, case: &'a Case<'_>) -> Facts<'a> {
        let posted: &'a Posted<'_> = &case.posted;
        let mut facts = facts_of(server, posted, self.mode);
        facts.channel_prefs = case.prefs.as_ref();
        facts.account = case.account.as_ref().unwrap_or(&server.state.account);
        facts.channel_type = case.kind;
        facts.event_channel_type = case.kind;
        if !case.status {
            facts.status = Some(&Status::Online);
        }
        facts
    }

    fn conclude_case(&self, server: &Server, case: &Case<'_>) -> Trial {
        let mut verdict = decide(&self.case_facts(server, case));
        if verdict.notifies() {
            self.platform_case(case, &mut verdict);
        }
        let account = case.account.as_ref().unwrap_or(&server.state.account);
        let sound = verdict
            .notifies()
            .then(|| present::message_sound(case.prefs.as_ref(), account))
            .flatten()
            .map(SoundChoice::Message);
        let post = &case.posted.post;
        let own_level = case.prefs.as_ref().is_some_and(|prefs| prefs.desktop != Level::Default);
        let setting = setting_of(verdict.skip, own_level);
        let direct = case.kind == Some(ChannelType::Direct);
        Trial {
            verdict: if verdict.notifies() { Shown::Notify } else { Shown::Skip },
            reason: verdict.skip,
            sentence: sentence(&verdict, setting, &case.place, &case.sender, direct),
            setting,
            word: case.word.clone(),
            sound: self.prefs.sound.instead(sound, case.server, post.channel_id, post.user_id),
            trace: verdict.trace.iter().map(|step| step.worded(&case.place)).collect(),
        }
    }

    /// What stands above all servers, as far as it is not wished away.
    fn platform_case(&self, case: &Case<'_>, verdict: &mut Verdict) {
        let allowed = case.allowed || self.permission(case.server) == Permission::Allowed;
        if !allowed || !case.awake {
            if allowed && self.permission(case.server) != Permission::Allowed {
                let paused = self.is_quiet();
                if !paused {
                    verdict.trace.push(Step::plain("shown", Took::Notify, "Nothing speaks against it, so it is shown"));
                    return;
                }
                verdict.skip = Some(Reason::Paused);
                verdict.trace.push(Step::plain("paused", Took::Skip, "Notifications are paused"));
                return;
            }
            self.ask_platform(case.server, verdict);
            return;
        }
        verdict.trace.push(Step::plain("shown", Took::Notify, "Nothing speaks against it, so it is shown"));
    }
}

fn failed(message: &str) -> Answer {
    Answer::Failed { message: message.to_owned() }
}

fn facts_of<'a>(server: &'a Server, posted: &'a Posted<'_>, mode: crate::decide::Mode) -> Facts<'a> {
    facts(server, posted, false, mode)
}

/// My words in a channel, as the server looks for them (notifications §2.7).
fn own_words(server: &Server, prefs: &ChannelPrefs) -> OwnWords {
    use crate::state::channel::Switch;
    let state = &server.state;
    let props = state.account.props();
    let is = |key: &str| props.get(key).is_some_and(|value| value == "true");
    let mut loose = vec![format!("@{}", state.me.username.to_lowercase())];
    let stored = props.get("mention_keys").map(String::as_str).unwrap_or_default();
    loose.extend(stored.split(',').map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()));
    let ignored = match prefs.ignore_channel_mentions {
        Switch::On => true,
        Switch::Off => false,
        Switch::Default | Switch::Unknown => prefs.muted,
    };
    if is("channel") && !ignored {
        loose.extend(["@channel", "@all"].map(str::to_owned));
        // Only who is online is "here".
        loose.extend((state.status == Some(Status::Online)).then(|| "@here".to_owned()));
    }
    let first = state.me.first_name.clone();
    OwnWords { loose, exact: (is("first_name") && !first.is_empty()).then_some(first) }
}

fn blank(id: PostId, channel_id: ChannelId, user_id: Option<UserId>, root_id: Option<PostId>) -> Post<'static> {
    Post {
        id,
        user_id,
        channel_id,
        root_id,
        kind: Cow::Borrowed(""),
        message: Cow::Borrowed(""),
        create_at: 0,
        edit_at: 0,
        delete_at: 0,
        priority: Priority::Standard,
        props: PostProps::default(),
        files: None,
    }
}

fn posted(
    post: Post<'_>,
    kind: ChannelType,
    mentions: Option<Vec<UserId>>,
    followers: Option<Vec<UserId>>,
) -> Posted<'_> {
    Posted {
        post,
        channel_type: Some(kind),
        channel_display_name: Cow::Borrowed(""),
        channel_name: Cow::Borrowed(""),
        sender_name: Cow::Borrowed(""),
        team_id: None,
        image: false,
        other_file: false,
        mentions,
        followers,
    }
}
