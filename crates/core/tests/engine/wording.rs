//! Titles, bodies and names: the server's words, of sensible lengths, and nothing in them that deceives.

use std::borrow::Cow;

use belfry_core::activity::Decision;
use belfry_core::event::{ActiveCall, CallEvent, ChannelType, Event, Preference, User};
use belfry_core::ids::CallId;
use belfry_core::present;

use crate::world::{Message, NORTH, Setup, World, channel, channel_data, message, person, post, user};

fn strict() -> Setup {
    Setup { strict: true, ..Setup::default() }
}

fn decided(setup: &Setup, message: Message) -> Decision {
    let mut world = World::with(setup);
    world.arrives(message);
    world.pass_ms(3_000);
    world.decisions().pop().expect("a decision")
}

fn graphemes(text: &str) -> usize {
    unicode_segmentation::UnicodeSegmentation::graphemes(text, true).count()
}

#[test]
fn strict_mode_keeps_the_official_clients_line_breaks_and_ours_joins_them() {
    let text = "one\n```\ncode\n```\ntwo";
    assert_eq!(decided(&Setup::default(), message("1", text).mentioning_me()).body, "@rosa: one code two");
    assert_eq!(decided(&strict(), message("1", text).mentioning_me()).body, "@rosa: one codetwo");
}

#[test]
fn an_unknown_author_has_one_at_sign_and_two_in_strict_mode() {
    let unknown = || message("1", "hello").by("stranger").mentioning_me();
    assert_eq!(decided(&Setup::default(), unknown()).body, "@stranger: hello");
    assert_eq!(decided(&strict(), unknown()).body, "@@stranger: hello");
}

#[test]
fn an_edited_message_changes_its_banner_but_not_in_strict_mode() {
    for (setup, expected) in [(Setup::default(), "second"), (strict(), "first")] {
        let mut world = World::with(&setup);
        world.arrives(message("1", "first").mentioning_me());
        let mut edited = message("1", "second").posted.post;
        edited.edit_at = 5_000;
        world.event(NORTH, Event::PostEdited(Box::new(edited)));
        assert_eq!(world.banners(), [expected]);
        assert_eq!(world.view().banners[0].body, format!("@rosa: {expected}"));
    }
}

#[test]
fn names_of_hostile_length_are_cut_between_letters_and_ordinary_ones_never() {
    // A family of four is one letter for people, and twenty-five bytes.
    let family = "👨‍👩‍👧‍👦";
    let hostile = |length: usize| {
        let mut message = message("1", "hello").in_channel("unheard-of").by("stranger").mentioning_me();
        message.posted.sender_name = Cow::Owned(family.repeat(length));
        message.posted.channel_display_name = Cow::Owned(family.repeat(length));
        message
    };
    let decision = decided(&Setup::default(), hostile(10_000));
    for text in [&decision.sender, &decision.place, &decision.title] {
        assert_eq!(graphemes(text), present::NAME_GRAPHEMES + 1, "and an ellipsis");
        assert!(text.ends_with("👦…"));
    }
    assert!(graphemes(&decision.body) < 300 && decision.body.ends_with(": hello"));
    assert!(
        decision.trace.iter().all(|step| graphemes(&step.detail) < 400),
        "no sentence is longer than its names allow"
    );
    let longest = decided(&Setup::default(), hostile(200));
    assert_eq!((longest.sender.as_str(), longest.title.as_str()), (&*family.repeat(200), &*family.repeat(200)));
    let copied = decided(&strict(), hostile(10_000));
    assert_eq!(graphemes(&copied.title), 10_000, "the official client has no limit");
}

#[test]
fn a_body_is_whole_as_long_as_a_server_could_have_taken_it() {
    // 16 383 characters, of four bytes each at worst.
    let whole = decided(&Setup::default(), message("1", &"𝒳".repeat(16_383)).mentioning_me());
    assert_eq!(graphemes(&whole.body), "@rosa: ".len() + 16_383);
    let hostile = decided(&Setup::default(), message("1", &"é".repeat(1_000_000)).mentioning_me());
    assert!(hostile.body.len() < 70_000);
}

#[test]
fn nothing_in_a_sentence_turns_the_rest_of_it_round() {
    let mut hostile = message("1", "hello").in_channel("unheard-of").mentioning_me();
    hostile.posted.channel_display_name = Cow::Borrowed("Ops\u{202E}moor");
    let decision = decided(&Setup::default(), hostile);
    assert_eq!(decision.place, "Opsmoor");
    let told = format!("{} {:?}", decision.sentence, decision.trace);
    assert!(told.contains("Opsmoor") && !told.contains('\u{202E}'), "{told}");
    assert_eq!(decision.title, "Ops\u{202E}moor", "the plain wording is the server's; a card makes it harmless");
}

#[test]
fn a_calls_message_is_said_in_words_where_the_server_has_none_for_it() {
    let mut world = World::new();
    let started = |key| message("call", key).of_kind("custom_calls").direct();
    world.arrives(started("app.call.started_message_fullname"));
    assert_eq!(world.banners(), ["Started a call"]);
    let mut ended = started("app.call.ended_message").posted.post;
    ended.edit_at = 2_000;
    world.event(NORTH, Event::PostEdited(Box::new(ended)));
    assert_eq!(world.banners(), ["Call ended"]);
    // What a person writes stays what it is.
    let decision = decided(&Setup::default(), message("1", "app.call.ended_message").direct());
    assert_eq!(decision.text, "app.call.ended_message");
}

#[test]
fn a_call_in_a_group_is_named_by_two_of_the_others() {
    let mut world = World::new();
    let nicknames = Preference {
        category: "display_settings".to_owned(),
        name: "name_format".to_owned(),
        value: "nickname_full_name".to_owned(),
    };
    world.event(NORTH, Event::PreferencesChanged(vec![nicknames]));
    let rosa = User { nickname: "Rosie".to_owned(), ..person("rosa") };
    world.event(NORTH, Event::UserUpdated(Box::new(rosa)));
    for (members, title) in [
        ("jun, morgan, rosa", "Rosie"),
        ("jun, morgan, rosa, tom", "Rosie and tom"),
        ("ada, jun, morgan, rosa, tom, una", "ada, Rosie, and 2 others"),
    ] {
        let group = channel_data("gm", ChannelType::Group, members);
        world.event(NORTH, Event::ChannelUpdated { channel_id: group.id, channel: Some(Box::new(group)) });
        world.event(NORTH, Event::Call(CallEvent::Ended { channel_id: channel("gm") }));
        let call = ActiveCall {
            call_id: CallId::parse(&format!("call{}", members.len())).unwrap(),
            channel_id: channel("gm"),
            owner_id: Some(user("jun")),
            post_id: Some(post("call")),
            start_at: 1,
            sessions: vec![("session".to_owned(), Some(user("jun")))],
            dismissed_by_me: false,
        };
        world.event(NORTH, Event::Call(CallEvent::Started(call)));
        let decision = world.decisions().pop().unwrap();
        assert_eq!((decision.title.as_str(), decision.body.as_str()), (title, "jun is inviting you to a call"));
    }
}
