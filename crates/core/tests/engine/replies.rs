//! Replies that are written on banners: sent where they belong, and never lost.

use belfry_core::command::Command;
use belfry_core::effect::{Effect, Effects, Write};
use belfry_core::event::{Connection, Event, Written};
use belfry_core::ids::{BannerId, ChannelId, PostId, ServerId};
use belfry_core::reply::{ReplyState, Typed};
use belfry_core::signal::Signal;

use crate::world::{NORTH, Setup, World, channel, message, post, user};

/// A world with one painted direct message, to which somebody replies.
fn replying() -> (World, BannerId) {
    let mut world = World::new();
    world.signal(Signal::BannersFaceConnected);
    world.arrives(message("1", "are you there?").direct());
    let banner = begin(&mut world);
    (world, banner)
}

fn begin(world: &mut World) -> BannerId {
    world.paints();
    let banner = world.view().banners.first().unwrap().id;
    world.command(Command::BeginReply(banner));
    banner
}

fn send(world: &mut World, banner: BannerId, text: &str) -> Option<Sent> {
    let effects = world.command(Command::SendReply { banner, text: Typed::new(text) });
    sent(&effects)
}

struct Sent {
    number: u64,
    place: (ChannelId, Option<PostId>),
    text: String,
    pending: String,
}

fn sent(effects: &Effects) -> Option<Sent> {
    effects.iter().find_map(|effect| match effect {
        Effect::Write(NORTH, Write::Reply { number, channel_id, root_id, text, pending_post_id }) => Some(Sent {
            number: *number,
            place: (*channel_id, *root_id),
            text: text.as_str().to_owned(),
            pending: pending_post_id.clone(),
        }),
        _ => None,
    })
}

fn answered(world: &mut World, number: u64) {
    world.event(NORTH, Event::Written { number, outcome: Written::Done(Box::default()) });
}

fn refused(world: &mut World, number: u64, reason: &str) {
    let outcome = Written::Refused { reason: reason.to_owned(), unknown: false };
    world.event(NORTH, Event::Written { number, outcome });
}

fn state(world: &World) -> Option<(ReplyState, String)> {
    let reply = world.view().banners.first()?.reply.clone()?;
    Some((reply.state, reply.text.as_str().to_owned()))
}

#[test]
fn a_reply_goes_to_the_channel_once_and_its_card_leaves_when_the_server_has_it() {
    let (mut world, banner) = replying();
    let sent = send(&mut world, banner, "yes, what is it?").unwrap();
    assert_eq!(sent.place, (channel("dm"), None));
    assert_eq!(sent.text, "yes, what is it?");
    assert!(sent.pending.starts_with("user-morgan:"), "{}", sent.pending);
    assert_eq!(state(&world).unwrap().0, ReplyState::Sending);
    assert!(send(&mut world, banner, "yes, what is it?").is_none(), "it is under way");
    answered(&mut world, sent.number);
    assert!(world.banners().is_empty());
}

#[test]
fn a_reply_to_a_reply_goes_into_its_thread_collapsed_or_not() {
    for crt in [false, true] {
        let mut world = World::with(&Setup { crt, ..Setup::default() });
        world.signal(Signal::BannersFaceConnected);
        let mut reply = message("7", "@morgan which port?").mentioning_me().reply_to("root");
        reply.posted.followers = Some(vec![user("morgan")]);
        world.arrives(reply);
        let banner = begin(&mut world);
        let sent = send(&mut world, banner, "8065").unwrap();
        assert_eq!(sent.place, (channel("ops"), Some(post("root"))), "collapsed: {crt}");
    }
}

#[test]
fn what_cannot_be_sent_is_kept_with_the_reason_and_a_second_try_is_the_same_message() {
    let (mut world, banner) = replying();
    let first = send(&mut world, banner, "yes").unwrap();
    refused(&mut world, first.number, "the server is busy");
    let failed = ReplyState::Failed { reason: "the server is busy".to_owned() };
    assert_eq!(state(&world).unwrap(), (failed, "yes".to_owned()));
    world.pass_ms(600_000);
    assert!(state(&world).is_some(), "it stays until it is handled");
    let again = send(&mut world, banner, "yes").unwrap();
    assert_eq!(again.pending, first.pending, "a server that had it all the same posts it once");
    refused(&mut world, again.number, "the server is busy");
    let other = send(&mut world, banner, "yes, soon").unwrap();
    assert_ne!(other.pending, first.pending);
    answered(&mut world, other.number);
    assert!(world.banners().is_empty());
}

#[test]
fn a_card_waits_while_somebody_types_even_when_its_message_is_read_elsewhere() {
    let (mut world, banner) = replying();
    world.pass_ms(60_000);
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    world.arrives(message("2", "hello?").direct());
    assert_eq!(world.view().banners.len(), 1, "one conversation, one card");
    world.paints();
    world.pass_ms(60_000);
    assert_eq!(world.view().banners.len(), 1);
    world.command(Command::DismissAllBanners);
    assert_eq!(world.view().banners.len(), 1, "a draft is not thrown away");
    world.command(Command::EndReply(banner));
    assert!(world.banners().is_empty());
}

#[test]
fn a_reply_that_is_given_up_leaves_the_card_its_time() {
    let (mut world, banner) = replying();
    world.pass_ms(60_000);
    world.command(Command::EndReply(banner));
    world.pass_ms(9_900);
    assert_eq!(world.banners(), ["are you there?"]);
    world.pass_ms(200);
    assert!(world.banners().is_empty());
}

#[test]
fn without_a_connection_the_draft_is_kept_and_says_so() {
    let (mut world, banner) = replying();
    let reason = "the host cannot be found".to_owned();
    world.event(NORTH, Event::Connection(Connection::Waiting { reason, retry_in_ms: 60_000 }));
    assert!(send(&mut world, banner, "yes").is_none());
    let (ReplyState::Failed { reason }, text) = state(&world).unwrap() else { panic!("not failed") };
    assert_eq!(
        (reason.as_str(), text.as_str()),
        ("There is no connection at present: the host cannot be found", "yes")
    );
}

#[test]
fn a_session_that_ends_under_way_fails_the_reply_and_its_late_answer_is_no_other_ones() {
    let (mut world, banner) = replying();
    let sent = send(&mut world, banner, "yes").unwrap();
    let reach = Box::new(belfry_core::reach::Reach::default());
    world.command(Command::SetReach { server: NORTH, reach });
    assert!(matches!(state(&world), Some((ReplyState::Failed { .. }, text)) if text == "yes"));
    answered(&mut world, sent.number);
    assert!(state(&world).is_some(), "a void answer changes nothing");
}

#[test]
fn another_face_shows_what_was_sent_or_could_not_be_and_forgets_what_was_only_typed() {
    let (mut world, banner) = replying();
    world.signal(Signal::BannersFaceGone);
    assert_eq!(state(&world), None);
    world.signal(Signal::BannersFaceConnected);
    world.command(Command::BeginReply(banner));
    let sent = send(&mut world, banner, "yes").unwrap();
    world.signal(Signal::BannersFaceGone);
    refused(&mut world, sent.number, "the server is busy");
    world.signal(Signal::BannersFaceConnected);
    assert_eq!(state(&world).unwrap().1, "yes");
}

#[test]
fn a_server_that_is_signed_out_of_keeps_no_reply() {
    for command in [Command::SignedOutByPerson(NORTH), Command::RemoveServer(ServerId(1))] {
        let (mut world, _) = replying();
        world.command(command);
        assert!(world.banners().is_empty());
    }
}

#[test]
fn nothing_is_not_sent_and_what_was_typed_is_never_printed() {
    let (mut world, banner) = replying();
    assert!(send(&mut world, banner, " \n\t").is_none());
    assert_eq!(state(&world).unwrap().0, ReplyState::Writing);
    let command = Command::SendReply { banner, text: Typed::new("my secret plan") };
    let effects = world.command(command.clone());
    let view = world.view();
    let printed = format!("{command:?} {effects:?} {:?}", view.banners[0].reply);
    assert!(!printed.contains("secret plan"), "{printed}");
    assert_eq!(Typed::new(&"x".repeat(20_000)).as_str().len(), Typed::MOST_LETTERS);
}
