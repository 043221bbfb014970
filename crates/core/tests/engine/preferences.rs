//! Preferences that are being saved, and those that are this computer's own.

use belfry_core::command::Command;
use belfry_core::effect::{Effect, Effects, Write};
use belfry_core::event::{Connection, Event, NotifyProps, Saved, User, Written};
use belfry_core::ids::ServerId;
use belfry_core::prefs::{LocalPrefs, OwnSound, Permission, SoundRule};
use belfry_core::query::{Answer, Query};
use belfry_core::reach::Reach;
use belfry_core::receipt::{StepState, TestStep};
use belfry_core::settings::channels::{ChannelEdit, ChannelRef};
use belfry_core::settings::{Editable, ServerSettings, SettingKey, Trouble};
use belfry_core::signal::Signal;
use belfry_core::sound::{MessageSound, SoundChoice};
use belfry_core::{Engine, Input};

use crate::world::{NORTH, Setup, World, channel, member_of, message, person, props, user};

fn page(world: &World) -> ServerSettings {
    match world.engine.answer(&world.now(), &Query::Settings(NORTH)) {
        Some(Answer::Settings(page)) => *page,
        other => panic!("{other:?}"),
    }
}

/// The one write of a step, with its number.
fn written(effects: &Effects) -> (u64, Write) {
    let mut writes = effects.iter().filter_map(|effect| match effect {
        Effect::Write(NORTH, write) => Some(write.clone()),
        _ => None,
    });
    let write = writes.next().expect("a write");
    assert!(writes.next().is_none(), "one at a time");
    (write.number().expect("a number"), write)
}

fn saved(account: &[(&str, &str)], at: i64) -> Written {
    let me = User { notify_props: Some(props(account)), update_at: at, ..person("morgan") };
    Written::Done(Box::new(Saved { me: Some(me), ..Saved::default() }))
}

fn change(world: &mut World, key: SettingKey, to: &str) -> Effects {
    let changes = vec![page(world).change(key, to)];
    world.command(Command::ChangeSettings { server: NORTH, changes })
}

#[test]
fn a_change_is_shown_at_once_and_the_rules_follow_what_the_server_holds() {
    let mut world = World::new();
    let (number, _) = written(&change(&mut world, SettingKey::Desktop, "all"));
    assert_eq!((page(&world).value(SettingKey::Desktop), page(&world).is_saving()), ("all", true));
    world.arrives(message("1", "before it is saved"));
    assert_eq!(world.last(), "skip: not_mentioned");
    world.event(NORTH, Event::Written { number, outcome: saved(&[("desktop", "all")], 5) });
    assert!(!page(&world).is_saving());
    world.arrives(message("2", "after"));
    assert_eq!(world.last(), "notify");
}

#[test]
fn a_pause_is_a_preference_and_a_new_start_keeps_it_until_its_end() {
    let saved = |effects: &Effects| {
        effects.iter().find_map(|effect| match effect {
            Effect::SavePrefs(prefs) => Some((**prefs).clone()),
            _ => None,
        })
    };
    let mut world = World::new();
    let prefs = saved(&world.command(Command::Pause { minutes: Some(30) })).unwrap();
    let until = world.engine.view(&world.now()).paused_until_ms;
    assert!(until.is_some());
    let mut engine = Engine::new(prefs);
    engine.step(&world.now(), Input::Started { presented: Vec::new(), marks: Vec::new() });
    assert_eq!(engine.view(&world.now()).paused_until_ms, until);
    world.ms += 30 * 60_000;
    let prefs = saved(&engine.step(&world.now(), Input::Tick)).unwrap();
    assert_eq!((engine.view(&world.now()).paused_until_ms, prefs.paused_until_ms), (None, 0));
    let open_end = saved(&world.command(Command::Pause { minutes: None })).unwrap();
    assert_eq!(Engine::new(open_end).view(&world.now()).paused_until_ms, Some(i64::MAX));
}

#[test]
fn one_save_at_a_time_and_a_failed_one_takes_those_along_that_were_based_on_it() {
    let mut world = World::new();
    let (number, _) = written(&change(&mut world, SettingKey::Desktop, "all"));
    assert!(change(&mut world, SettingKey::Desktop, "none").is_empty(), "it waits");
    assert!(change(&mut world, SettingKey::Channel, "false").is_empty(), "and so does another one");
    let refused = Written::Refused { reason: "the server refused".to_owned(), unknown: false };
    let next = world.event(NORTH, Event::Written { number, outcome: refused });
    let (_, write) = written(&next);
    let Write::Settings { changes, .. } = write else { panic!("{write:?}") };
    assert_eq!(changes[0].key, SettingKey::Channel, "what was based on the refused one is not sent");
    let page = page(&world);
    assert_eq!(page.value(SettingKey::Desktop), "mention");
    assert!(page.field(SettingKey::Desktop).trouble.is_some());
    assert_eq!(page.value(SettingKey::Channel), "false", "still under way");
}

#[test]
fn after_giving_up_the_next_change_waits_for_the_old_ones_answer() {
    let mut world = World::new();
    let (old, _) = written(&change(&mut world, SettingKey::Desktop, "all"));
    world.command(Command::CancelSaving(NORTH));
    assert_eq!((page(&world).value(SettingKey::Desktop), page(&world).is_saving()), ("mention", false));
    assert!(change(&mut world, SettingKey::Channel, "false").is_empty(), "both would write the whole map");
    world.command(Command::CancelSaving(NORTH));
    assert!(change(&mut world, SettingKey::Channel, "false").is_empty(), "still the first one");
    let answer = Event::Written { number: old, outcome: saved(&[("desktop", "all"), ("channel", "true")], 5) };
    let (next, write) = written(&world.event(NORTH, answer));
    assert!(matches!(&write, Write::Settings { changes, .. } if changes[0].key == SettingKey::Channel), "{write:?}");
    assert_eq!(page(&world).value(SettingKey::Desktop), "all", "the server did it nevertheless");
    let answer = saved(&[("desktop", "all"), ("channel", "false")], 6);
    world.event(NORTH, Event::Written { number: next, outcome: answer });
    assert!(!page(&world).is_saving() && page(&world).value(SettingKey::Channel) == "false");
}

#[test]
fn an_answer_that_comes_after_a_newer_change_brings_nothing_old_back() {
    let mut world = World::new();
    let (number, _) = written(&change(&mut world, SettingKey::Desktop, "all"));
    let elsewhere = User { notify_props: Some(props(&[("desktop", "none")])), update_at: 9, ..person("morgan") };
    world.event(NORTH, Event::UserUpdated(Box::new(elsewhere)));
    world.event(NORTH, Event::Written { number, outcome: saved(&[("desktop", "all")], 5) });
    let page = page(&world);
    assert_eq!(page.value(SettingKey::Desktop), "none");
    assert!(matches!(page.field(SettingKey::Desktop).trouble, Some(Trouble::SavedOtherwise { .. })), "and says so");
}

#[test]
fn what_is_under_way_when_a_session_ends_is_not_waited_for() {
    let edit = |world: &mut World| {
        let channels = vec![ChannelRef { server: NORTH, channel: channel("ops") }];
        world.command(Command::EditChannels { channels, edits: vec![ChannelEdit::Mute(true)] })
    };
    for end in [
        Connection::SignedOut { reason: "it was ended".to_owned() },
        Connection::Failed { reason: "it broke".to_owned() },
    ] {
        let mut world = World::new();
        change(&mut world, SettingKey::Desktop, "all");
        edit(&mut world);
        world.event(NORTH, Event::Connection(end));
        assert!(!page(&world).is_saving());
        assert!(!matches!(page(&world).editable, Editable::Yes));
        assert!(change(&mut world, SettingKey::Desktop, "all").is_empty(), "nothing is sent");
        assert!(edit(&mut world).is_empty());
    }
    let mut world = World::new();
    world.event(NORTH, Event::Connection(Connection::SignedOut { reason: "it was ended".to_owned() }));
    assert_eq!(page(&world).editable, Editable::NotLoaded, "nothing is known any more, and defaults are no settings");
    let mut world = World::new();
    change(&mut world, SettingKey::Desktop, "all");
    world.command(Command::SetReach { server: NORTH, reach: Box::new(Reach::default()) });
    let trouble = page(&world).field(SettingKey::Desktop).trouble.clone();
    assert!(matches!(trouble, Some(Trouble::Refused { .. })), "{trouble:?}");
}

#[test]
fn channels_of_one_server_are_saved_four_at_a_time() {
    let mut world = World::new();
    let names = ["ops", "train", "dm", "gm"];
    for more in 0..6 {
        let id = format!("more-{more}");
        let data = crate::world::channel_data(&id, belfry_core::event::ChannelType::Public, &id);
        world.event(NORTH, Event::ChannelUpdated { channel_id: channel(&id), channel: Some(Box::new(data)) });
        world.event(NORTH, Event::MemberUpdated(Box::new(member_of(&id, NotifyProps::new()))));
    }
    let all: Vec<String> =
        names.iter().map(|name| (*name).to_owned()).chain((0..6).map(|n| format!("more-{n}"))).collect();
    let channels = all.iter().map(|name| ChannelRef { server: NORTH, channel: channel(name) }).collect();
    let sent = world.command(Command::EditChannels { channels, edits: vec![ChannelEdit::Mute(true)] });
    let mut numbers: Vec<u64> = sent
        .iter()
        .filter_map(|effect| match effect {
            Effect::Write(_, write) => write.number(),
            _ => None,
        })
        .collect();
    assert_eq!(numbers.len(), 4);
    let mut answered = 0;
    while let Some(number) = numbers.pop() {
        answered += 1;
        let next = world.event(NORTH, Event::Written { number, outcome: Written::Done(Box::default()) });
        numbers.extend(next.iter().filter_map(|effect| match effect {
            Effect::Write(_, write) => write.number(),
            _ => None,
        }));
    }
    assert_eq!(answered, 10);
    assert!(all.iter().all(|name| world.engine.server_state(NORTH).unwrap().is_muted(channel(name))));
}

#[test]
fn a_face_that_knows_too_little_of_the_table_gets_everything() {
    let mut world = World::new();
    let ask = |world: &World, known| match world.engine.answer(&world.now(), &Query::Channels { known }) {
        Some(Answer::Channels(table)) => *table,
        other => panic!("{other:?}"),
    };
    let all = ask(&world, 0);
    assert!(!all.only_changes);
    world.event(NORTH, Event::LeftChannel { channel_id: channel("train"), user_id: None });
    let gone = ask(&world, all.revision);
    assert!(gone.only_changes && gone.rows.is_empty());
    assert_eq!(gone.gone, [ChannelRef { server: NORTH, channel: channel("train") }]);
    for _ in 0..5_000 {
        world.event(NORTH, Event::MemberUpdated(Box::new(member_of("ops", NotifyProps::new()))));
    }
    assert!(!ask(&world, gone.revision).only_changes, "the log does not reach back that far");
    assert!(ask(&world, u64::MAX).rows.len() > 4, "and neither to another run");
}

fn with_rules(rules: Vec<SoundRule>) -> World {
    let mut world = World::with(&Setup { account: props(&[("desktop", "all")]), ..Setup::default() });
    let base = world.engine.prefs().clone();
    let mut prefs = base.clone();
    prefs.sound.own.push(OwnSound { id: 7, name: "Gong".to_owned(), file: "own-7.wav".to_owned() });
    prefs.sound.rules = rules;
    "Headset".clone_into(&mut prefs.sound.device);
    world.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) });
    world.effects.clear();
    world
}

fn rule(channel: Option<&str>, person: Option<&str>, choice: Option<SoundChoice>) -> SoundRule {
    SoundRule {
        server: NORTH,
        channel: channel.map(crate::world::channel),
        person: person.map(user),
        title: String::new(),
        sound: SoundRule::written(choice),
    }
}

#[test]
fn a_persons_own_sound_goes_before_a_channels_and_that_before_a_servers() {
    let heard = |world: &mut World, by: &str, place: &str| {
        world.effects.clear();
        world.pass_ms(10_000);
        world.arrives(message(&format!("{by}-{place}"), "hello").by(by).in_channel(place));
        world.effects.iter().find_map(|effect| match effect {
            Effect::PlaySound(sound) => Some((sound.sound, sound.file.clone(), sound.device.clone())),
            _ => None,
        })
    };
    let down = SoundChoice::Message(MessageSound::Down);
    let mut world = with_rules(vec![
        rule(None, None, Some(down)),
        rule(Some("train"), None, None),
        rule(None, Some("jun"), Some(SoundChoice::Own(7))),
    ]);
    let device = || "Headset".to_owned();
    assert_eq!(heard(&mut world, "rosa", "ops"), Some((down, None, device())));
    assert_eq!(heard(&mut world, "rosa", "train"), None, "silence is a choice too");
    let gong = Some((SoundChoice::Own(7), Some("own-7.wav".to_owned()), device()));
    assert_eq!(heard(&mut world, "jun", "train"), gong);
    world.command(Command::RemoveOwnSound(7));
    assert_eq!(heard(&mut world, "jun", "ops"), Some((down, None, device())), "its rule went with it");
}

#[test]
fn a_preview_plays_until_it_ends_is_stopped_or_replaced() {
    let mut world = World::new();
    let bing = SoundChoice::Message(MessageSound::Bing);
    world.command(Command::PreviewSound(bing));
    assert_eq!(world.view().previewing, Some(bing));
    world.signal(Signal::SoundStarted(bing));
    assert_eq!(world.view().previewing, Some(bing));
    world.signal(Signal::SoundEnded);
    assert_eq!(world.view().previewing, None);
    world.command(Command::PreviewSound(bing));
    let stopped = world.command(Command::StopSound);
    assert!(matches!(stopped.as_slice(), [Effect::StopSound]));
    assert_eq!(world.view().previewing, None);
}

#[test]
fn a_file_edited_by_hand_counts_without_a_restart_and_loses_no_server() {
    let mut world = World::new();
    let mut edited: LocalPrefs = world.engine.prefs().clone();
    edited.banner.max_shown = 2;
    edited.servers.retain(|server| server.id != NORTH);
    world.command(Command::PrefsEdited(Box::new(edited.clone())));
    assert_eq!((world.view().prefs.banner.max_shown, world.view().servers.len()), (2, 2));
    let mut edited = world.engine.prefs().clone();
    edited.servers[0].permission = Permission::Denied;
    edited.servers[1].name = "Lumen".to_owned();
    world.command(Command::PrefsEdited(Box::new(edited)));
    assert_eq!(world.view().servers[0].permission, Permission::Denied);
    assert_eq!(world.view().servers[1].name, "Lumen");
    world.arrives(message("1", "@morgan").mentioning_me());
    assert_eq!(world.last(), "skip: notifications_permission_disallowed");
}

#[test]
fn a_prompt_that_was_closed_is_asked_again_on_its_page_and_an_answer_is_not() {
    let mut world = World::new();
    world.command(Command::SetPermission { server: NORTH, permission: Permission::Dismissed });
    assert!(world.view().permission_prompts.is_empty());
    world.command(Command::AskPermissionAgain(NORTH));
    assert_eq!(world.view().permission_prompts, [NORTH]);
    world.command(Command::SetPermission { server: NORTH, permission: Permission::Denied });
    world.command(Command::AskPermissionAgain(NORTH));
    assert!(world.view().permission_prompts.is_empty());
    world.command(Command::AskPermissionAgain(ServerId(99)));
}

#[test]
fn without_the_number_the_badge_is_a_dot() {
    let mut world = World::new();
    world.arrives(message("1", "@morgan").mentioning_me());
    assert_eq!(world.engine.badge().text(), "1");
    let base = world.engine.prefs().clone();
    let mut prefs = base.clone();
    prefs.badge.number = false;
    world.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) });
    assert_eq!(world.engine.badge().text(), "•");
}

#[test]
fn a_test_whose_message_never_comes_says_so_after_ten_seconds() {
    let mut world = World::new();
    let (number, _) = written(&world.command(Command::SendTest(NORTH)));
    world.pass_ms(200);
    world.event(NORTH, Event::Written { number, outcome: Written::Done(Box::default()) });
    world.pass_ms(9_000);
    assert!(!world.view().test.unwrap().over);
    world.pass_ms(2_000);
    let test = world.view().test.unwrap();
    assert_eq!(test.steps[0], (TestStep::Accepted, StepState::Done { after_ms: 200 }));
    let (_, StepState::Failed { what, advice }) = &test.steps[1] else { panic!("{test:?}") };
    assert!(what.contains("did not arrive") && advice.contains("Check again"));
    assert!(test.over && !test.is_success());
}

#[test]
fn a_painted_test_waits_for_its_sound_and_says_where_none_was_due() {
    let mut world = World::new();
    let (number, _) = written(&world.command(Command::SendTest(NORTH)));
    world.event(NORTH, Event::Written { number, outcome: Written::Done(Box::default()) });
    let mut posted = message("1", "it worked").direct();
    posted.posted.post.props.force_notification = true;
    world.arrives(posted);
    world.signal(Signal::BannersFaceConnected);
    world.pass_ms(50);
    world.paints();
    let test = world.view().test.unwrap();
    assert!(!test.over && test.steps[5].1 == StepState::Waiting, "{test:?}");
    world.signal(Signal::SoundStarted(SoundChoice::Message(MessageSound::Bing)));
    assert!(world.view().test.unwrap().is_success());

    let quiet = props(&[("desktop", "all"), ("desktop_sound", "false")]);
    let mut world = World::with(&Setup { account: quiet, ..Setup::default() });
    world.command(Command::SendTest(NORTH));
    let mut posted = message("1", "it worked").direct();
    posted.posted.post.props.force_notification = true;
    world.arrives(posted);
    world.signal(Signal::BannersFaceConnected);
    world.paints();
    let test = world.view().test.unwrap();
    assert!(test.is_success() && matches!(test.steps[5].1, StepState::Skipped(_)), "{test:?}");
}
