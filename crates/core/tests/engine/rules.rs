//! The rules one by one, as tables of the specification: what a situation of the whole engine would reach only by detours.

use belfry_core::decide::calls::{CallFacts, CallVerdict, decide_call};
use belfry_core::decide::facts::Focus;
use belfry_core::decide::reason::Reason;
use belfry_core::decide::rules::data;
use belfry_core::decide::{Facts, Mode, Verdict, decide};
use belfry_core::event::{ChannelType, NotifyProps, Status};
use belfry_core::sound::RingSound;
use belfry_core::state::account::Account;
use belfry_core::state::channel::ChannelPrefs;

use crate::world::{Message, Setup, World, channel, message, person, post, props, user};

/// A message and everything that the rules look at.
struct Case {
    message: Message,
    account: NotifyProps,
    channel: NotifyProps,
    status: Status,
    focus: Focus,
    crt: bool,
    ringing: bool,
    in_call: bool,
}

fn case(message: Message) -> Case {
    Case {
        message,
        account: props(&[("desktop", "all")]),
        channel: props(&[]),
        status: Status::Online,
        focus: Focus { applicable: true, ..Focus::default() },
        crt: false,
        ringing: false,
        in_call: false,
    }
}

impl Case {
    fn with<T>(&self, look: impl FnOnce(&Facts<'_>) -> T) -> T {
        let posted = &self.message.posted;
        let me = person("morgan");
        let account = Account::read(self.account.clone());
        let channel = ChannelPrefs::read(&self.channel);
        look(&Facts {
            mode: Mode::Ours,
            me: &me,
            account: &account,
            status: Some(&self.status),
            channel_prefs: Some(&channel),
            channel_archived: false,
            channel_type: posted.channel_type,
            event_channel_type: posted.channel_type,
            crt: self.crt,
            post: &posted.post,
            mentions: posted.mentions.as_deref(),
            followers: posted.followers.as_deref(),
            follower_recovered: false,
            groups: &[],
            focus: self.focus,
            ringing: self.ringing,
            in_this_calls_thread: self.in_call,
        })
    }

    /// The reason, and what the official client reports beside it.
    fn outcome(&self) -> (Option<&'static str>, Option<String>) {
        self.with(|facts| {
            let Verdict { skip, .. } = decide(facts);
            (skip.map(Reason::code), skip.and_then(|reason| data(reason, facts)))
        })
    }
}

#[test]
fn a_reason_carries_what_it_is_about() {
    let about = |text: &str| Some(text.to_owned());
    assert_eq!(case(message("1", "hello")).outcome(), (None, None));
    let dnd = Case { status: Status::DoNotDisturb, ..case(message("1", "hello")) };
    assert_eq!(dnd.outcome(), (Some("user_status"), about("dnd")));
    let ooo = Case { status: Status::OutOfOffice, ..case(message("1", "hello")) };
    assert_eq!(ooo.outcome(), (Some("user_status"), about("ooo")));
    let own = case(message("1", "hello").by("morgan"));
    assert_eq!(own.outcome(), (Some("own_post"), None));
}

#[test]
fn what_is_on_screen_is_not_announced() {
    let here =
        Focus { applicable: true, window_focused: true, current_channel: Some(channel("ops")), open_thread: None };
    let with = |focus: Focus| Case { focus, ..case(message("1", "hello")) };
    assert_eq!(with(here).outcome(), (Some("channel_is_open"), Some("channel-ops".to_owned())));
    assert_eq!(with(Focus { window_focused: false, ..here }).outcome().0, None, "the window is behind another");
    assert_eq!(with(Focus { applicable: false, ..here }).outcome().0, None, "the client shows no channels");
    assert_eq!(with(Focus { current_channel: Some(channel("train")), ..here }).outcome().0, None);

    let collapsed = Case { focus: here, crt: true, ..case(message("1", "a root post")) };
    assert_eq!(collapsed.outcome().0, Some("channel_is_open"));

    // With collapsed threads the thread counts, not its channel.
    let mut reply = message("2", "a reply").reply_to("1");
    reply.posted.followers = Some(vec![user("morgan")]);
    let with = |focus: Focus| Case { focus, crt: true, ..case(reply.clone()) };
    assert_eq!(with(here).outcome().0, None);
    let open = Focus { open_thread: Some(post("1")), ..here };
    assert_eq!(with(open).outcome(), (Some("thread_is_open"), Some("post-1".to_owned())));
    assert_eq!(with(Focus { open_thread: Some(post("9")), ..here }).outcome().0, None);
    assert_eq!(with(Focus { window_focused: false, ..open }).outcome().0, None);
}

#[test]
fn a_group_is_all_or_nothing_until_it_is_set_to_mentions_itself() {
    let code = |text: &str, account: &[(&str, &str)], group: &[(&str, &str)]| {
        let mut message = message("1", text).mentioning_me();
        message.posted.channel_type = Some(ChannelType::Group);
        Case { account: props(account), channel: props(group), ..case(message) }.outcome().0
    };
    let mentions = [("desktop", "mention"), ("mention_keys", "deploy")];
    assert_eq!(code("hello", &mentions, &[]), None, "the account's mentions mean every message of a group");
    let set = [("desktop", "mention")];
    assert_eq!(code("hello", &mentions, &set), Some("not_explicitly_mentioned"));
    assert_eq!(code("hello @morgan", &mentions, &set), None);
    assert_eq!(code("deploy at noon", &mentions, &set), None);
    assert_eq!(code("hello @all", &[("channel", "true")], &set), None);
    let ignoring = [("desktop", "mention"), ("ignore_channel_mentions", "on")];
    assert_eq!(code("hello @all", &[("channel", "true")], &ignoring), Some("not_explicitly_mentioned"));
    assert_eq!(code("hello @all", &[("channel", "false")], &set), Some("not_explicitly_mentioned"));
    let heeding = [("desktop", "mention"), ("ignore_channel_mentions", "off")];
    assert_eq!(code("hello @all", &[("channel", "true")], &heeding), None);
    let escaped = [("desktop", "mention"), ("mention_keys", "amp")];
    assert_eq!(code("salt & pepper", &escaped, &set), Some("not_explicitly_mentioned"), "only in strict mode");
}

#[test]
fn a_thread_that_is_not_followed_is_silent_at_all_messages_and_heard_where_it_mentions_me() {
    for (level, mentioned, follows, crt, expected) in [
        ("all", false, false, true, Some("not_following_thread")),
        ("all", true, false, true, Some("not_following_thread")),
        ("all", false, true, true, None),
        ("all", false, false, false, None),
        ("mention", true, false, true, None),
        ("mention", false, true, true, None),
    ] {
        let mut reply = message("2", "so?").reply_to("1");
        if mentioned {
            reply = reply.mentioning_me();
        }
        reply.posted.followers = Some(if follows { vec![user("morgan")] } else { vec![user("jun")] });
        let case = Case { account: props(&[("desktop", level)]), crt, ..case(reply) };
        let outcome = case.with(|facts| decide(facts).skip.map(Reason::code));
        assert_eq!(outcome, expected, "{level}, mentioned {mentioned}, follows {follows}, collapsed {crt}");
    }
}

#[test]
fn a_trace_says_what_each_rule_did() {
    let outcomes = |message: Message, setup: &Setup| {
        let mut world = World::with(setup);
        world.arrives(message);
        let trace = world.decisions().pop().unwrap().trace;
        trace.iter().map(|step| step.outcome.to_string()).collect::<Vec<_>>()
    };
    let shown = outcomes(message("1", "hello").direct(), &Setup::default());
    assert_eq!(shown.last().unwrap(), "notify");
    assert!(shown.iter().rev().skip(1).all(|outcome| outcome == "continue"), "{shown:?}");
    let muted = Setup { ops: props(&[("mark_unread", "mention")]), ..Setup::default() };
    let skipped = outcomes(message("1", "hello"), &muted);
    assert_eq!(skipped.last().unwrap(), "skip");
    assert!(skipped.iter().rev().skip(1).all(|outcome| outcome == "continue"), "{skipped:?}");
}

#[test]
fn a_call_speaks_for_its_message_and_for_its_thread() {
    let call = |kind: &str| {
        let mut call = message("1", "started a call").of_kind("custom_calls").mentioning_me();
        call.posted.channel_type = ChannelType::parse(kind);
        call
    };
    let code = |message: Message, ringing: bool, in_call: bool| Case { ringing, in_call, ..case(message) }.outcome().0;
    for (kind, ringing, expected) in [
        ("D", true, Some("desktop_notification_hook")),
        ("G", true, Some("desktop_notification_hook")),
        ("D", false, None),
        ("O", true, None),
        ("P", true, None),
    ] {
        assert_eq!(code(call(kind), ringing, false), expected, "{kind}, ringing {ringing}");
    }
    assert_eq!(code(message("1", "in the thread"), false, true), Some("desktop_notification_hook"));
    assert_eq!(code(message("1", "in the thread").mentioning_me(), false, true), None, "a mention is heard in a call");
    let mut forced = message("1", "a test that the server forces");
    forced.posted.post.props.force_notification = true;
    assert_eq!(code(forced, false, true), None, "nothing vetoes what the server forces");
}

#[test]
fn the_servers_formula_for_followers_is_ours_too() {
    let follows = |mention: bool, account: &[(&str, &str)], ops: &[(&str, &str)], sends: bool| {
        let reply = message("2", "a reply").reply_to("1");
        let message = if mention { reply.mentioning_me() } else { reply };
        Case { account: props(account), channel: props(ops), ..case(message) }
            .with(|facts| facts.would_be_follower(sends))
    };
    for (mention, account, ops, expected) in [
        // The account's level, while the channel has none.
        (false, &[("desktop", "all")][..], &[][..], true),
        (false, &[("desktop", "mention")], &[], false),
        (true, &[("desktop", "mention")], &[], true),
        (false, &[("desktop", "mention"), ("desktop_threads", "all")], &[], true),
        (false, &[("desktop", "mention"), ("desktop_threads", "mention")], &[], false),
        (true, &[("desktop", "none"), ("desktop_threads", "all")], &[], false),
        (false, &[("desktop", "none"), ("desktop_threads", "all")], &[("desktop", "default")], false),
        // The channel's own level.
        (false, &[("desktop", "none")], &[("desktop", "all")], true),
        (false, &[("desktop", "all"), ("desktop_threads", "all")], &[("desktop", "mention")], false),
        (true, &[("desktop", "none")], &[("desktop", "mention")], true),
        (false, &[("desktop", "all")], &[("desktop", "mention"), ("desktop_threads", "all")], true),
        (
            false,
            &[("desktop", "all"), ("desktop_threads", "mention")],
            &[("desktop", "mention"), ("desktop_threads", "all")],
            false,
        ),
        (true, &[("desktop", "all")], &[("desktop", "none"), ("desktop_threads", "all")], false),
    ] {
        assert_eq!(follows(mention, account, ops, true), expected, "mention {mention}, {account:?}, {ops:?}");
    }
    // A server that sends no followers at all counts an absent value as all (rule F1).
    assert!(follows(false, &[("desktop", "mention")], &[], false));
    assert!(!follows(false, &[("desktop", "mention"), ("desktop_threads", "mention")], &[], false));
}

/// A call in a direct message of somebody else, and what speaks against it.
fn call(account: &[(&str, &str)], ops: &[(&str, &str)], change: impl FnOnce(&mut CallFacts<'_>)) -> CallVerdict {
    let (account, prefs) = (props(account), ChannelPrefs::read(&props(ops)));
    let mut facts = CallFacts {
        ringing: true,
        channel_type: Some(ChannelType::Direct),
        own: false,
        dismissed: false,
        duplicate: false,
        in_same_call: false,
        in_call: false,
        other_ringing: false,
        already_rang: false,
        channel_prefs: Some(&prefs),
        status: Some(&Status::Online),
        props: &account,
        window_hidden: true,
    };
    change(&mut facts);
    decide_call(&facts)
}

#[test]
fn a_call_that_is_nothing_to_us_has_no_card() {
    type Change = fn(&mut CallFacts<'_>);
    let cases: [(Change, &str); 8] = [
        (|facts| facts.ringing = false, "call_ringing_disabled"),
        (|facts| facts.in_same_call = true, "call_in_same_call"),
        (|facts| facts.channel_type = Some(ChannelType::Public), "call_not_dm_gm"),
        (|facts| facts.channel_type = Some(ChannelType::Private), "call_not_dm_gm"),
        (|facts| facts.channel_type = None, "call_not_dm_gm"),
        (|facts| facts.dismissed = true, "call_dismissed"),
        (|facts| facts.duplicate = true, "call_duplicate"),
        (|facts| facts.own = true, "call_own"),
    ];
    for (change, code) in cases {
        let verdict = call(&[], &[], change);
        assert!(!verdict.card && verdict.ring.is_none() && !verdict.banner, "{code}");
        assert_eq!(verdict.reason.map(Reason::code), Some(code));
    }
}

#[test]
fn a_quiet_call_has_a_card_and_neither_ring_nor_banner() {
    type Change = fn(&mut CallFacts<'_>);
    let cases: [(Change, &str); 3] = [
        (|facts| facts.channel_prefs = None, "no_member"),
        (|facts| facts.status = Some(&Status::DoNotDisturb), "user_status"),
        (|facts| facts.status = Some(&Status::OutOfOffice), "user_status"),
    ];
    for (change, code) in cases {
        let verdict = call(&[], &[], change);
        assert!(verdict.card && verdict.ring.is_none() && !verdict.banner, "{code}");
        assert_eq!(verdict.reason.map(Reason::code), Some(code));
    }
    let muted = call(&[], &[("mark_unread", "mention")], |_| {});
    assert_eq!((muted.card, muted.ring, muted.reason), (true, None, Some(Reason::ChannelMuted)));
    assert!(call(&[], &[], |facts| facts.status = Some(&Status::Away)).ring.is_some(), "away is no objection");
    assert!(call(&[], &[], |facts| facts.status = None).ring.is_some(), "nor is an unknown status");
}

#[test]
fn a_call_rings_unless_something_speaks_against_it() {
    type Stored = &'static [(&'static str, &'static str)];
    type Change = fn(&mut CallFacts<'_>);
    let cases: [(Stored, Change, Option<&str>); 9] = [
        (&[], |_| {}, None),
        (&[("calls_desktop_sound", "")], |_| {}, None),
        (&[("calls_desktop_sound", "true")], |_| {}, None),
        (&[("calls_desktop_sound", "false")], |_| {}, Some("call_sound_off")),
        (&[("desktop", "none")], |_| {}, Some("notify_level_none")),
        (&[("desktop", "mention")], |_| {}, None),
        (&[], |facts| facts.in_call = true, Some("call_in_call")),
        (&[], |facts| facts.other_ringing = true, Some("call_other_ringing")),
        (&[], |facts| facts.already_rang = true, Some("call_already_rang")),
    ];
    for (account, change, code) in cases {
        let verdict = call(account, &[], change);
        assert_eq!(verdict.reason.map(Reason::code), code, "{account:?}");
        assert_eq!(verdict.ring.is_some(), code.is_none(), "{account:?}");
        assert!(verdict.card);
    }
    // The channel's own level and sound do not touch the ring.
    for ops in [("desktop", "none"), ("desktop_sound", "off")] {
        assert!(call(&[], &[ops], |_| {}).ring.is_some(), "{ops:?}");
    }
    let sound = |name: &str| call(&[("calls_notification_sound", name)], &[], |_| {}).ring;
    assert_eq!(sound("Urgent"), Some(RingSound::Urgent));
    assert_eq!(sound("Trumpet"), Some(RingSound::Calm), "an unknown name is the default");
    assert_eq!(call(&[], &[], |_| {}).ring, Some(RingSound::Calm));
}

#[test]
fn a_calls_banner_has_rules_of_its_own() {
    assert!(call(&[], &[], |_| {}).banner);
    let seen = call(&[], &[], |facts| facts.window_hidden = false);
    assert_eq!((seen.banner, seen.banner_reason), (false, Some(Reason::CallWindowVisible)));
    assert!(seen.ring.is_some(), "it rings all the same");
    for (account, ops) in [([("desktop", "none")], [("desktop", "all")]), ([("desktop", "all")], [("desktop", "none")])]
    {
        let verdict = call(&account, &ops, |_| {});
        assert_eq!(
            (verdict.banner, verdict.banner_reason),
            (false, Some(Reason::NotifyLevelNone)),
            "{account:?} {ops:?}"
        );
    }
    // C14: silent unless the account says that messages sound.
    let sound = |account: &[(&str, &str)], ops: &[(&str, &str)]| call(account, ops, |_| {}).banner_sound;
    let on = ("desktop_sound", "true");
    assert_eq!(sound(&[], &[]), None);
    assert_eq!(sound(&[("desktop_sound", "false")], &[("desktop_sound", "on")]), None);
    assert_eq!(sound(&[on], &[("desktop_sound", "off")]), None);
    assert_eq!(sound(&[on], &[]).as_deref(), Some("Bing"));
    assert_eq!(sound(&[on, ("desktop_notification_sound", "Ripple")], &[]).as_deref(), Some("Ripple"));
    let own = [("desktop_notification_sound", "Down")];
    assert_eq!(sound(&[on, ("desktop_notification_sound", "Ripple")], &own).as_deref(), Some("Down"));
    assert_eq!(sound(&[on], &[("desktop_notification_sound", "Trumpet")]).as_deref(), Some("Trumpet"));
    assert_eq!(call(&[on], &[], |facts| facts.window_hidden = false).banner_sound, None, "no banner, no sound of it");
}

/// Every reason, so that a new one is thought of here.
const REASONS: [Reason; 33] = [
    Reason::OwnPost,
    Reason::SystemMessage,
    Reason::NoMember,
    Reason::ChannelMuted,
    Reason::UserStatus,
    Reason::NotifyLevelNone,
    Reason::NotExplicitlyMentioned,
    Reason::NotMentioned,
    Reason::NotFollowingThread,
    Reason::ThreadIsOpen,
    Reason::ChannelIsOpen,
    Reason::DesktopNotificationHook,
    Reason::OsDnd,
    Reason::NotificationsPermissionDisallowed,
    Reason::TooManyPosts,
    Reason::Paused,
    Reason::Duplicate,
    Reason::ReadElsewhere,
    Reason::ScreenLocked,
    Reason::FullScreen,
    Reason::DisplayAsleep,
    Reason::ArchivedChannel,
    Reason::CallRingingDisabled,
    Reason::CallInSameCall,
    Reason::CallNotDmGm,
    Reason::CallDismissed,
    Reason::CallDuplicate,
    Reason::CallOwn,
    Reason::CallSoundOff,
    Reason::CallInCall,
    Reason::CallOtherRinging,
    Reason::CallAlreadyRang,
    Reason::CallWindowVisible,
];

#[test]
fn every_reason_has_a_code_of_its_own_and_words() {
    let codes: std::collections::BTreeSet<&str> = REASONS.into_iter().map(Reason::code).collect();
    assert_eq!(codes.len(), REASONS.len());
    for reason in REASONS {
        let tag = reason.tag();
        assert!(tag.contains(' ') || tag == "dismissed" || tag == "paused", "{reason:?}: {tag}");
        assert!(tag.chars().next().is_some_and(char::is_lowercase), "it follows a dot: {tag}");
        if let Some(advice) = reason.advice() {
            assert!(advice.ends_with('.') && advice.contains(' '), "{reason:?}: {advice}");
        }
    }
    assert_eq!(Reason::ArchivedChannel.advice(), Some("Archived channels notify nobody."));
}
