//! Where the buttons of a card lead.

use belfry_core::view::BannerKind;
use belfry_tests::screen::{Rect, Window};
use belfry_tests::{Stage, eventually};

use crate::replies::{click, hover};

/// Points of buttons, from the card's left edge and from its lower edge.
const JOIN: (i32, i32) = (88, 27);
const DISMISS: (i32, i32) = (155, 27);
const MORE: (i32, i32) = (331, 27);
const WHY: (i32, i32) = (238, 27);
/// Colours of the light theme (look.md): the primary button, and a row that is chosen.
const ACCENT: [u8; 3] = [0x2F, 0x5B, 0xD7];
const ACCENT_SOFT: [u8; 3] = [0xE6, 0xEC, 0xFC];

fn window(stage: &Stage) -> Window {
    eventually("the main window", || {
        let windows = stage.desktop.screen.windows()?;
        Ok(windows.into_iter().find(|window| window.is_belfry() && !window.override_redirect && window.viewable))
    })
    .unwrap()
}

#[test]
fn why_opens_the_window_on_that_decision() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    for number in 0..20 {
        stage.practice.person("rosa").posts("ops-room", &format!("and another one, number {number}")).unwrap();
    }
    stage.clear().unwrap();
    stage.direct("jun", "the build is green").unwrap();
    let card = hover(&stage);
    click(&stage, card, MORE);
    eventually("the further actions", || {
        let at = |n: i32| Rect { x: card.x + n, y: card.bottom() - 29, width: 4, height: 4 };
        let reply = stage.desktop.screen.picture(at(70))?;
        Ok(reply.pixels().all(|pixel| pixel.0 != ACCENT).then_some(()))
    })
    .unwrap();
    stage.picture("card-more").unwrap();
    click(&stage, card, WHY);
    let window = window(&stage);
    let card = stage.cards(1).unwrap()[0];
    stage.desktop.screen.move_pointer(8, 700).unwrap();
    eventually("the panel of the decision, a line of which is a button", || {
        let picture = stage.desktop.screen.picture(window.rect)?;
        let blue = picture.pixels().filter(|pixel| pixel.0 == ACCENT_SOFT).count();
        Ok((blue > 2_000).then_some(()))
    })
    .unwrap();
    stage.picture("card-why").unwrap();
    assert_eq!(stage.cards(1).unwrap().len(), 1, "{card:?} stays");
}

#[test]
fn a_call_is_joined_or_dismissed_and_the_server_is_told() {
    let mut stage = Stage::new().unwrap();
    stage.direct("rosa", "may I call you?").unwrap();
    stage.cards(1).unwrap();
    stage.clear().unwrap();
    let rosa = stage.practice.person("rosa");
    let dismissed = || stage.practice.requests().iter().filter(|line| line.ends_with("dismiss-notification")).count();
    let rings = || {
        rosa.starts_call("@morgan").unwrap();
        let is_call = |view: &belfry_core::view::View| view.banners.iter().any(|card| card.kind == BannerKind::Call);
        stage.client.until("the call", is_call).unwrap();
        let card = stage.cards(1).unwrap()[0];
        stage.painted().unwrap();
        card
    };
    let card = rings();
    stage.picture("call").unwrap();
    click(&stage, card, DISMISS);
    stage.cards(0).unwrap();
    eventually("the server to be told", || Ok((dismissed() == 1).then_some(()))).unwrap();
    rosa.ends_call("@morgan").unwrap();

    let card = rings();
    click(&stage, card, JOIN);
    stage.cards(0).unwrap();
    assert_eq!(dismissed(), 1, "joining is no dismissal");
    assert_eq!(stage.notifications.shown(), []);
}
