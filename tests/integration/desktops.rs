//! The same behaviour on every kind of desktop: with a window manager, without any, and with a compositor.

use belfry_core::command::Command;
use belfry_core::prefs::Corner;
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

#[test]
fn banners_stand_on_the_display_that_was_chosen_and_on_the_first_one_when_that_vanishes() {
    let mut stage = Stage::managed(Manager::None).unwrap();
    stage.keep_cards().unwrap();
    let left = Rect { x: 0, y: 0, width: 640, height: 800 };
    let right = Rect { x: 640, y: 100, width: 640, height: 600 };
    stage.desktop.screen.set_monitors(&[("LEFT", left), ("RIGHT", right)]).unwrap();
    let whole = stage.desktop.screen.rect().unwrap();
    for (display, corner, monitor) in [
        ("RIGHT", Corner::TopRight, right),
        ("LEFT", Corner::BottomRight, left),
        ("RIGHT", Corner::BottomLeft, right),
        ("", Corner::TopRight, left),
    ] {
        choose(&mut stage, display, corner);
        let card = next_card(&mut stage, display);
        let at_right = matches!(corner, Corner::TopRight | Corner::BottomRight);
        let at_top = matches!(corner, Corner::TopRight | Corner::TopLeft);
        let x = if at_right { monitor.right() - MARGIN - card.width } else { monitor.x + MARGIN };
        let y = if at_top { monitor.y + MARGIN } else { monitor.bottom() - MARGIN - card.height };
        assert_eq!((card.x, card.y), (x, y), "{corner:?} of {display:?}: {card:?} in {monitor:?}");
    }
    choose(&mut stage, "RIGHT", Corner::TopRight);
    stage.direct("rosa", "on its way").unwrap();
    assert_eq!(stage.cards(1).unwrap()[0].y, right.y + MARGIN);
    stage.painted().unwrap();
    stage.desktop.screen.set_monitors(&[]).unwrap();
    eventually("the card to leave the display that is gone", || Ok((stage.cards(1)?[0].y == MARGIN).then_some(())))
        .unwrap();
    stage.clear().unwrap();
    let card = next_card(&mut stage, "gone");
    assert_eq!((card.right(), card.y), (whole.right() - MARGIN, MARGIN));
}

fn choose(stage: &mut Stage, display: &str, corner: Corner) {
    let base = stage.client.view().unwrap().prefs;
    let mut prefs = base.clone();
    display.clone_into(&mut prefs.banner.display);
    prefs.banner.corner = corner;
    stage.client.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs.clone()) }).unwrap();
    stage.client.until("the display to be chosen", |view| view.prefs.banner == prefs.banner).unwrap();
}

fn next_card(stage: &mut Stage, text: &str) -> Rect {
    stage.direct("rosa", &format!("on {text}")).unwrap();
    stage.cards(1).unwrap();
    stage.painted().unwrap();
    let card = stage.cards(1).unwrap()[0];
    stage.clear().unwrap();
    card
}
