//! Banners: in time, in order, gone when they should be, and never lost.

use belfry_core::command::Command;
use belfry_core::effect::{Effect, Write};
use belfry_core::event::{Event, Files, ServerConfig, Status, User};
use belfry_core::ids::FileId;
use belfry_core::prefs::LocalPrefs;
use belfry_core::problem::ProblemKind;
use belfry_core::signal::{Signal, Surface};

use crate::world::{NORTH, Setup, World, channel, message, person, props};

#[test]
fn a_banner_leaves_after_its_time_on_screen() {
    let mut world = World::new();
    world.signal(Signal::BannersFaceConnected);
    world.arrives(message("1", "hi").direct());
    world.paints();
    world.pass_ms(9_900);
    assert_eq!(world.banners(), ["hi"], "direct messages stay ten seconds");
    world.pass_ms(200);
    assert!(world.banners().is_empty());
    assert_eq!(world.toasts(), 0);
}

#[test]
fn a_banner_that_nobody_paints_goes_out_as_a_system_notification() {
    let mut world = World::new();
    world.signal(Signal::BannersFaceConnected);
    world.arrives(message("1", "hi").direct());
    world.pass_ms(1_600);
    assert_eq!(world.toasts(), 1);
    assert!(world.banners().is_empty(), "never both");
    assert_eq!(world.view().problems.len(), 1, "and the person is told");
}

#[test]
fn a_face_that_dies_costs_a_system_notification_for_what_it_had_not_painted() {
    let mut world = World::new();
    world.signal(Signal::BannersFaceConnected);
    world.arrives(message("1", "painted").direct());
    world.paints();
    world.arrives(message("2", "not painted @morgan").mentioning_me());
    world.signal(Signal::BannersFaceGone);
    assert_eq!(world.toasts(), 1);
    assert_eq!(world.banners(), ["painted"], "the next face shows the same");
}

#[test]
fn without_a_place_for_banners_everything_is_a_system_notification() {
    let mut world = World::with(&Setup { surface: Surface::Toasts, ..Setup::default() });
    world.arrives(message("1", "hi").direct());
    assert_eq!(world.toasts(), 1);
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    assert!(world.effects.iter().any(|effect| matches!(effect, Effect::CloseToast(_))), "and goes when it is read");
}

#[test]
fn a_busy_conversation_is_one_banner_with_a_count_and_its_most_important_line() {
    let mut world = World::with(&Setup { ops: props(&[("desktop", "all")]), ..Setup::default() });
    world.arrives(message("1", "build 1"));
    world.arrives(message("2", "@morgan look").mentioning_me());
    world.arrives(message("3", "build 3"));
    let view = world.view();
    assert_eq!(view.banners.len(), 1);
    assert_eq!(view.banners[0].text, "@morgan look");
    assert_eq!(view.banners[0].more, 2);
}

#[test]
fn at_most_four_are_shown_and_the_rest_wait() {
    let mut world = World::new();
    world.signal(Signal::BannersFaceConnected);
    for index in 0..7 {
        let name = format!("c{index}");
        world.event(
            NORTH,
            Event::ChannelUpdated {
                channel_id: channel(&name),
                channel: Some(Box::new(crate::world::channel_data(
                    &name,
                    belfry_core::event::ChannelType::Public,
                    &name,
                ))),
            },
        );
        world.event(NORTH, Event::MemberUpdated(Box::new(crate::world::member_of(&name, props(&[])))));
        world.arrives(message(&name, &name).in_channel(&name).mentioning_me());
    }
    world.paints();
    assert_eq!(world.banners(), ["c3", "c2", "c1", "c0"]);
    assert_eq!(world.view().banners_waiting, 3);
    world.pass_ms(10_100);
    assert_eq!(world.banners(), ["c6", "c5", "c4"]);
}

#[test]
fn hovering_freezes_every_timer_and_keeps_newcomers_waiting() {
    let mut world = World::new();
    world.signal(Signal::BannersFaceConnected);
    world.arrives(message("1", "hi").direct());
    world.paints();
    world.pass_ms(5_000);
    world.signal(Signal::BannersHovered(true));
    world.pass_ms(60_000);
    world.arrives(message("2", "@morgan").mentioning_me());
    assert_eq!(world.banners(), ["hi"]);
    world.signal(Signal::BannersHovered(false));
    assert_eq!(world.banners().len(), 2);
    world.paints();
    world.pass_ms(5_100);
    assert_eq!(world.banners(), ["@morgan"], "the first had five seconds left");
}

#[test]
fn urgent_messages_stay_until_handled() {
    let mut world = World::new();
    world.signal(Signal::BannersFaceConnected);
    world.arrives(message("1", "database is read-only").urgent().mentioning_me());
    world.paints();
    world.pass_ms(600_000);
    assert_eq!(world.banners(), ["database is read-only"]);
    let banner = world.view().banners[0].id;
    world.command(Command::DismissBanner(banner));
    assert!(world.banners().is_empty());
}

#[test]
fn marking_a_banner_read_tells_the_server_and_opening_it_opens_the_permalink() {
    let mut world = World::new();
    world.arrives(message("1", "@morgan").mentioning_me());
    let banner = world.view().banners[0].id;
    let effects = world.command(Command::MarkBannerRead(banner));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Write(NORTH, Write::MarkRead(id)) if *id == channel("ops")))
    );
    world.arrives(message("2", "hi").direct());
    let banner = world.view().banners[0].id;
    let effects = world.command(Command::OpenBanner(banner));
    assert!(effects.iter().any(
        |effect| matches!(effect, Effect::OpenUrl(url) if url == "https://northwind.example/_redirect/pl/post-2")
    ));
    assert!(world.banners().is_empty());
}

#[test]
fn what_is_attached_is_named_and_an_image_is_shown_where_the_person_wants_that() {
    let sent = |files: Files, kind: &str, change: fn(&mut LocalPrefs)| {
        let mut world = World::new();
        let base = world.view().prefs;
        let mut prefs = base.clone();
        change(&mut prefs);
        world.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) });
        let mut message = message("1", "look").direct();
        message.posted.post.files = Some(Box::new(files));
        message.posted.post.kind = kind.to_owned().into();
        world.arrives(message);
        world.view().banners[0].files.clone()
    };
    let chart = Files { count: 3, name: "chart.png".to_owned(), image: FileId::parse("f1") };
    let usual = sent(chart.clone(), "", |_| ()).unwrap();
    assert_eq!((usual.name.as_str(), usual.more, usual.is_picture), ("chart.png", 2, true));
    assert_eq!(usual.thumbnail, FileId::parse("f1"));
    let by_name = sent(chart.clone(), "", |prefs| prefs.banner.thumbnails = false).unwrap();
    assert_eq!((by_name.is_picture, by_name.thumbnail), (true, None));
    assert_eq!(sent(chart.clone(), "", |prefs| prefs.banner.show_text = false), None, "a name tells as much as a text");
    assert_eq!(sent(chart, "burn_on_read", |_| ()), None, "nothing of it is seen before it is opened");
    let odd = Files { count: 1, name: format!("a\u{202e}gnp.exe\n{}", "x".repeat(900)), image: None };
    let name = sent(odd, "", |_| ()).unwrap().name;
    assert!(!name.contains(['\u{202e}', '\n']) && name.chars().count() <= 81, "{name:?}");
}

#[test]
fn a_snoozed_banner_comes_back_unless_it_was_read() {
    let mut world = World::new();
    world.arrives(message("1", "hi").direct());
    let banner = world.view().banners[0].id;
    world.command(Command::SnoozeBanner { banner, minutes: 10 });
    assert!(world.banners().is_empty());
    world.pass_ms(10 * 60_000 + 1);
    assert_eq!(world.banners(), ["hi"]);
    let banner = world.view().banners[0].id;
    world.command(Command::SnoozeBanner { banner, minutes: 10 });
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    world.pass_ms(11 * 60_000);
    assert!(world.banners().is_empty());
}

#[test]
fn deleting_a_message_takes_its_banner_away_and_editing_changes_it() {
    let mut world = World::new();
    world.arrives(message("1", "typo").direct());
    let mut edited = message("1", "corrected").direct().posted.post;
    edited.edit_at = 2_000;
    world.event(NORTH, Event::PostEdited(Box::new(edited.clone())));
    assert_eq!(world.banners(), ["corrected"]);
    world.event(NORTH, Event::PostDeleted(Box::new(edited)));
    assert!(world.banners().is_empty());
}

#[test]
fn a_burst_makes_one_sound_and_the_first_is_never_lost() {
    let mut world = World::new();
    for index in 0..5 {
        world.arrives(message(&format!("m{index}"), "hi").direct());
    }
    assert_eq!(world.sounds(), 1);
    world.pass_ms(1_000);
    world.arrives(message("other", "@morgan").mentioning_me());
    assert_eq!(world.sounds(), 2, "another conversation is heard");
    world.pass_ms(3_100);
    world.arrives(message("later", "hi").direct());
    assert_eq!(world.sounds(), 3);
}

#[test]
fn a_skipped_message_makes_no_sound() {
    let mut world = World::new();
    world.arrives(message("1", "not for me"));
    assert_eq!(world.sounds(), 0);
    assert!(world.banners().is_empty());
}

#[test]
fn what_was_held_back_is_summed_up_afterwards_and_not_dropped() {
    let mut world = World::new();
    world.command(Command::Pause { minutes: Some(30) });
    world.arrives(message("1", "hi").direct());
    world.arrives(message("2", "again").direct());
    world.arrives(message("3", "@morgan").mentioning_me());
    world.arrives(message("4", "nothing for me"));
    assert!(world.banners().is_empty());
    world.pass_ms(31 * 60_000);
    assert_eq!(world.banners(), ["3 messages in 2 conversations while notifications were paused"]);
    assert_eq!(world.sounds(), 1);
}

#[test]
fn what_was_read_meanwhile_is_not_summed_up() {
    let mut world = World::new();
    world.signal(Signal::ScreenLocked(true));
    world.arrives(message("1", "hi").direct());
    world.arrives(message("2", "@morgan").mentioning_me());
    assert_eq!(world.last(), "skip: screen_locked");
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    world.signal(Signal::ScreenLocked(false));
    assert_eq!(world.banners(), ["1 message in 1 conversation while the screen was locked"]);
}

#[test]
fn do_not_disturb_on_the_server_is_summed_up_too_but_only_what_would_have_been_shown() {
    let mut world = World::new();
    let me = crate::world::user("morgan");
    world.event(NORTH, Event::StatusChanged { user_id: me, status: Status::DoNotDisturb });
    world.arrives(message("1", "hi").direct());
    world.arrives(message("2", "nothing for me"));
    world.event(NORTH, Event::StatusChanged { user_id: me, status: Status::Online });
    assert_eq!(world.banners(), ["1 message in 1 conversation during do not disturb"]);
}

#[test]
fn a_new_face_lets_go_of_what_the_pointer_held_in_the_old_one() {
    let mut world = World::new();
    world.signal(Signal::BannersFaceConnected);
    world.arrives(message("1", "hi").direct());
    world.paints();
    world.signal(Signal::BannersHovered(true));
    world.signal(Signal::BannersFaceConnected);
    world.pass_ms(11_000);
    assert!(world.banners().is_empty());
}

#[test]
fn a_card_says_which_picture_fits_and_that_none_does_under_another_name() {
    let mut world = World::new();
    let rosa = User { last_picture_update: 77, ..person("rosa") };
    world.event(NORTH, Event::UserUpdated(Box::new(rosa)));
    world.arrives(message("1", "from rosa").direct());
    assert_eq!(world.view().banners[0].picture, Some(77));

    let signed = |id| {
        let mut hook = message(id, "from a webhook").mentioning_me();
        hook.posted.post.props.from_webhook = true;
        hook.posted.post.props.override_username = Some("Release bot".into());
        hook
    };
    world.arrives(signed("2"));
    assert_eq!(world.view().banners[0].picture, Some(77), "the server does not let it sign");
    let config = ServerConfig { enable_post_username_override: true, ..ServerConfig::default() };
    world.event(NORTH, Event::ConfigChanged(Box::new(config)));
    world.arrives(signed("3"));
    let decisions = world.decisions();
    let signs: Vec<(&str, bool)> = decisions.iter().map(|decision| (&*decision.sender, decision.alias)).collect();
    assert_eq!(signs, [("rosa", false), ("rosa", false), ("Release bot", true)]);
    assert_eq!(world.view().banners[0].picture, None);
}

#[test]
fn what_nothing_could_show_is_summed_up_as_soon_as_something_can() {
    let mut world = World::with(&Setup { surface: Surface::Toasts, ..Setup::default() });
    let last = |world: &World| {
        let mut shown = world.effects.iter().filter_map(|effect| match effect {
            Effect::ShowToast(view) => Some((view.id, view.text.clone())),
            _ => None,
        });
        shown.next_back().unwrap()
    };
    for (number, text) in [("1", "one"), ("2", "two")] {
        world.arrives(message(number, text).direct());
        let (toast, _) = last(&world);
        world.signal(Signal::ToastFailed(toast));
    }
    world.arrives(message("3", "@morgan").mentioning_me());
    world.signal(Signal::ToastFailed(last(&world).0));
    assert_eq!(last(&world).1, "@morgan", "as long as nothing shows, nothing is summed up");
    // One of them was read elsewhere meanwhile.
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("ops"), None)]));
    world.signal(Signal::ProblemCleared(ProblemKind::Toasts));
    let (toast, text) = last(&world);
    assert_eq!(text, "2 messages in 1 conversation that could not be shown at the time");
    world.signal(Signal::ToastShown(toast));
    let presented: usize = world
        .effects
        .iter()
        .map(|effect| if let Effect::Presented { posts, .. } = effect { posts.len() } else { 0 })
        .sum();
    assert_eq!(presented, 2, "and a restart does not repeat them");
    // What was shown before and cannot be shown anew was seen.
    world.signal(Signal::ToastFailed(toast));
    world.signal(Signal::ProblemCleared(ProblemKind::Toasts));
    assert_eq!(last(&world).0, toast);
}

#[test]
fn what_no_service_could_show_is_summed_up_by_a_banner_that_is_painted() {
    let mut world = World::new();
    world.signal(Signal::BannersFaceConnected);
    world.arrives(message("1", "lost").direct());
    world.pass_ms(1_600);
    let toast = world.effects.iter().find_map(|effect| match effect {
        Effect::ShowToast(view) => Some(view.id),
        _ => None,
    });
    world.signal(Signal::ToastFailed(toast.unwrap()));
    assert!(world.banners().is_empty());
    world.arrives(message("2", "seen").direct());
    world.paints();
    assert_eq!(world.banners(), ["1 message in 1 conversation that could not be shown at the time", "seen"]);
}

#[test]
fn a_flood_of_system_notifications_waits_for_the_system_and_none_of_it_is_lost() {
    let mut world =
        World::with(&Setup { surface: Surface::Toasts, ops: props(&[("desktop", "all")]), ..Setup::default() });
    for number in 0..300 {
        world.arrives(message(&format!("{number}"), &format!("message {number}")));
    }
    assert_eq!(world.toasts(), 16, "the service is not flooded");
    let mut shown = 0;
    while let Some(Effect::ShowToast(view)) =
        world.effects.iter().filter(|effect| matches!(effect, Effect::ShowToast(_))).nth(shown).cloned()
    {
        shown += 1;
        world.signal(Signal::ToastShown(view.id));
    }
    let presented: usize = world
        .effects
        .iter()
        .map(|effect| match effect {
            Effect::Presented { posts, .. } | Effect::Settled { posts, .. } => posts.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(presented, 300);
    assert_eq!(shown, 48, "the last one stands for the rest");
}

#[test]
fn a_system_that_never_answers_is_still_told() {
    let mut world = World::with(&Setup { surface: Surface::Toasts, ..Setup::default() });
    for number in 0..20 {
        world.arrives(message(&format!("{number}"), "hi").direct());
    }
    assert_eq!(world.toasts(), 16);
    world.pass_ms(30_000);
    assert_eq!(world.toasts(), 20);
}
