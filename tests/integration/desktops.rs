//! The same behaviour on every kind of desktop: with a window manager, without any, and with a compositor.

use belfry_tests::desktop::Manager;
use belfry_tests::screen::Rect;
use belfry_tests::{Stage, eventually};

/// Distance of cards from the edges of the work area (look.md).
const MARGIN: i32 = 16;

#[test]
fn banners_stand_in_the_corner_above_everything_and_take_nothing_with_a_compositor() {
    stands_takes_nothing_and_leaves(Manager::Composited);
}

#[test]
fn banners_stand_in_the_corner_above_everything_and_take_nothing_without_a_window_manager() {
    stands_takes_nothing_and_leaves(Manager::None);
}

#[test]
fn banners_stand_in_the_corner_above_everything_and_take_nothing_with_a_window_manager() {
    stands_takes_nothing_and_leaves(Manager::Openbox);
}

fn stands_takes_nothing_and_leaves(manager: Manager) {
    let mut stage = Stage::managed(manager).unwrap();
    stage.keep_cards().unwrap();
    let area = stage.work_area().unwrap();
    let screen = &stage.desktop.screen;
    let (active, focus) = (screen.active_window().unwrap(), screen.keyboard_focus().unwrap());
    assert_eq!(focus, stage.victim);
    // A person's window lies where the cards will be.
    let corner = Rect { x: area.right() - 500, y: area.y, width: 500, height: 300 };
    let other = screen.open_window(corner).unwrap();
    if screen.window_manager().unwrap().is_some() {
        eventually("the victim to have the keyboard again", || {
            screen.activate(stage.victim)?;
            Ok((screen.keyboard_focus()? == focus).then_some(()))
        })
        .unwrap();
    }
    screen.keys_reached().unwrap();

    stage.direct("rosa", "Can you look at the release notes before noon?").unwrap();
    let cards = stage.cards(1).unwrap();
    stage.painted().unwrap();
    stage.picture(&format!("desktop-{manager:?}").to_lowercase()).unwrap();
    assert_eq!((cards[0].right(), cards[0].y), (area.right() - MARGIN, area.y + MARGIN), "{cards:?} in {area:?}");

    assert_eq!(screen.active_window().unwrap(), active);
    assert_eq!(screen.keyboard_focus().unwrap(), focus);
    screen.type_text("still mine").unwrap();
    assert_eq!(screen.keys_reached().unwrap(), 10, "what is typed goes where it went before");

    let above = |one: u32, other: u32| {
        let order = screen.stacking()?;
        let place =
            |window| Ok::<_, anyhow::Error>(order.iter().position(|id| *id == screen.outermost(window).unwrap_or(0)));
        Ok::<_, anyhow::Error>(place(one)? > place(other)?)
    };
    let banners = stage.banners().unwrap().unwrap().id;
    assert!(above(banners, stage.victim).unwrap() && above(banners, other).unwrap(), "nothing covers a card");
    let covering = screen.open_window(corner).unwrap();
    stage.direct("jun", "The build is green again").unwrap();
    stage.cards(2).unwrap();
    assert!(above(banners, covering).unwrap(), "a new card comes to the top again");

    stage
        .desktop
        .screen
        .move_pointer(u16::try_from(cards[0].middle().0).unwrap(), u16::try_from(cards[0].middle().1).unwrap())
        .unwrap();
    stage.client.until("the pointer to hold the stack", |view| view.banners_held).unwrap();
    stage.desktop.screen.move_pointer(8, 700).unwrap();
    stage.client.until("the stack to go on", |view| !view.banners_held).unwrap();

    for person in ["@rosa", "@jun"] {
        stage.practice.person("morgan").reads(person).unwrap();
    }
    stage.cards(0).unwrap();
    assert_eq!(stage.notifications.shown(), [], "what was painted needs no system notification");
}
