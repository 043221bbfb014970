//! Replying on a banner: the keyboard is taken only for that, and what is typed is never lost.

use belfry_core::reply::ReplyState;
use belfry_practice_server::HttpFault;
use belfry_tests::desktop::Manager;
use belfry_tests::screen::{ESCAPE, Rect};
use belfry_tests::{Stage, eventually};

/// Points of the card's buttons, from its left edge, and from its lower edge while it is under the pointer.
const REPLY_BUTTON: (i32, i32) = (92, 27);
/// Height of a form of one row: padding, field, gap, buttons.
const FORM_HEIGHT: i32 = 14 + 30 + 8 + 30;

#[test]
fn a_reply_is_typed_sent_and_the_keyboard_given_back_with_a_window_manager() {
    a_reply_is_typed_and_sent(Manager::Openbox);
}

#[test]
fn a_reply_is_typed_sent_and_the_keyboard_given_back_without_a_window_manager() {
    a_reply_is_typed_and_sent(Manager::None);
}

#[test]
fn a_reply_is_typed_sent_and_the_keyboard_given_back_with_a_compositor() {
    a_reply_is_typed_and_sent(Manager::Composited);
}

fn a_reply_is_typed_and_sent(manager: Manager) {
    let mut stage = Stage::managed(manager).unwrap();
    stage.keep_cards().unwrap();
    let active = stage.desktop.screen.active_window().unwrap();
    stage.direct("rosa", "are you there?").unwrap();
    hover(&stage);
    stage.picture(&format!("reply-buttons-{manager:?}").to_lowercase()).unwrap();
    assert_eq!(stage.desktop.screen.keyboard_focus().unwrap(), stage.victim, "the pointer alone takes nothing");
    begin(&stage);
    stage.desktop.screen.keys_reached().unwrap();
    stage.desktop.screen.type_text("yes what is it").unwrap();
    draft_seen(&stage);
    stage.picture(&format!("reply-{manager:?}").to_lowercase()).unwrap();
    assert_eq!(stage.desktop.screen.keys_reached().unwrap(), 0, "the other window hears nothing of it");
    stage.desktop.screen.type_text("\n").unwrap();
    stage.cards(0).unwrap();
    given_back(&stage, active);
    stage.desktop.screen.type_text("mine").unwrap();
    assert_eq!(stage.desktop.screen.keys_reached().unwrap(), 4);

    let morgan = stage.practice.person("morgan");
    let said = stage.practice.posts_saying("yes what is it");
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].user_id, morgan.id().unwrap());
    assert_eq!((&said[0].channel_id, said[0].root_id.as_str()), (&morgan.channel("@rosa").unwrap(), ""));
    assert!(!stage.desktop.said().contains("what is it"), "what was typed is in no log");
}

#[test]
fn a_reply_to_a_reply_arrives_in_its_thread() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    let root = stage.practice.person("morgan").direct("rosa", "which port behind the proxy").unwrap();
    stage.practice.person("rosa").replies(&root, "do you mean inside").unwrap();
    hover(&stage);
    begin(&stage);
    stage.desktop.screen.type_text("yes inside\n").unwrap();
    stage.cards(0).unwrap();
    let said = stage.practice.posts_saying("yes inside");
    assert_eq!(said.iter().map(|post| post.root_id.as_str()).collect::<Vec<_>>(), [root.as_str()]);
}

#[test]
fn a_draft_that_could_not_be_sent_is_shown_with_the_reason_and_can_be_sent_again() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    stage.direct("rosa", "are you there?").unwrap();
    hover(&stage);
    begin(&stage);
    stage.practice.fails("/api/v4/posts", &HttpFault::Busy, 1);
    stage.desktop.screen.type_text("yes\n").unwrap();
    let failed = |view: &belfry_core::view::View| {
        let reply = view.banners.first().and_then(|banner| banner.reply.as_ref());
        reply.is_some_and(|reply| matches!(reply.state, ReplyState::Failed { .. }) && reply.text.as_str() == "yes")
    };
    stage.client.until("the draft to come back", failed).unwrap();
    given_back(&stage, Some(stage.victim));
    // The reason makes the card taller, which shows that it was painted.
    let card = eventually("the reason on the card", || {
        let card = stage.cards(1)?[0];
        Ok((card.height > FORM_HEIGHT + 60).then_some(card))
    })
    .unwrap();
    stage.picture("reply-failed").unwrap();
    assert_eq!(stage.practice.posts_saying("yes"), []);

    click(&stage, card, (104, 27));
    stage.cards(0).unwrap();
    assert_eq!(stage.practice.posts_saying("yes").len(), 1);
}

#[test]
fn escape_closes_the_reply_and_another_window_takes_the_keyboard_without_losing_the_draft() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    stage.direct("rosa", "are you there?").unwrap();
    let closed = hover(&stage);
    begin(&stage);
    stage.desktop.screen.press_key(ESCAPE).unwrap();
    given_back(&stage, Some(stage.victim));
    stage.client.until("no reply", |view| view.banners.iter().all(|banner| banner.reply.is_none())).unwrap();

    eventually("the card as it was", || Ok((stage.cards(1)?[0] == closed).then_some(()))).unwrap();
    begin(&stage);
    stage.desktop.screen.type_text("half a sen").unwrap();
    draft_seen(&stage);
    stage.desktop.screen.click(200, 300).unwrap();
    given_back(&stage, Some(stage.victim));
    stage.practice.person("morgan").reads("@rosa").unwrap();
    stage.client.until("an empty badge", |view| view.badge.text().is_empty()).unwrap();
    let card = stage.cards(1).unwrap()[0];
    stage.picture("reply-draft-waits").unwrap();
    click(&stage, card, (200, 27 + 8 + 30));
    has_keyboard(&stage);
    stage.desktop.screen.type_text("tence\n").unwrap();
    stage.cards(0).unwrap();
    assert_eq!(stage.practice.posts_saying("half a sentence").len(), 1);
}

/// Puts the pointer on the only card and waits for its buttons.
pub(crate) fn hover(stage: &Stage) -> Rect {
    let card = stage.cards(1).unwrap()[0];
    stage.painted().unwrap();
    let at = |n: i32| u16::try_from(n).unwrap();
    let mut nudge = 0;
    eventually("the buttons", || {
        // A pointer that was there as the stack appeared, or nearly so, is no wish: it has to move.
        nudge = 8 - nudge;
        stage.desktop.screen.move_pointer(at(card.x + 200 + nudge), at(card.y + 30))?;
        let open = stage.cards(1)?[0];
        Ok((open.height > card.height + 30).then_some(open))
    })
    .unwrap()
}

/// Clicks Reply on the only card, whose buttons are there, and waits until it has the keyboard.
fn begin(stage: &Stage) {
    let card = stage.cards(1).unwrap()[0];
    click(stage, card, REPLY_BUTTON);
    has_keyboard(stage);
}

fn has_keyboard(stage: &Stage) {
    let banners = stage.banners().unwrap().unwrap().id;
    let has = || Ok((stage.desktop.screen.keyboard_focus()? == banners).then_some(()));
    eventually("the reply to have the keyboard", has).unwrap();
    // The window library has to hear of it too before it takes keys.
    stage.client.until("the reply", |view| view.banners.iter().any(|banner| banner.reply.is_some())).unwrap();
}

/// Waits until what was typed is on the screen: the hint that stands there before is lighter.
fn draft_seen(stage: &Stage) {
    eventually("the draft in its field", || {
        let card = stage.cards(1)?[0];
        let field = Rect { x: card.x + 64, y: card.bottom() - 12 - 30 - 8 - 30, width: 296, height: 30 };
        let ink = |pixel: &&image::Rgb<u8>| pixel.0.iter().all(|channel| *channel < 70);
        let picture = stage.desktop.screen.picture(field)?;
        Ok((picture.pixels().filter(ink).count() > 40).then_some(()))
    })
    .unwrap();
}

fn given_back(stage: &Stage, active: Option<u32>) {
    let screen = &stage.desktop.screen;
    let has = || Ok((screen.keyboard_focus()? == stage.victim).then_some(()));
    eventually("the keyboard to be given back", has).unwrap();
    let is_active = || Ok((active.is_none() || screen.active_window()? == active).then_some(()));
    eventually("the same window to be active", is_active).unwrap();
}

/// Clicks so far from the left and from the lower edge of a card.
pub(crate) fn click(stage: &Stage, card: Rect, (right, up): (i32, i32)) {
    let at = |n: i32| u16::try_from(n).unwrap();
    stage.desktop.screen.click(at(card.x + right), at(card.bottom() - up)).unwrap();
}
