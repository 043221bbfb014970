//! People's pictures: never before the card, never instead of it.

use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::query::{Answer, Picture, PictureOf, Query};
use belfry_practice_server::HttpFault;
use belfry_tests::screen::{Rect, difference};
use belfry_tests::{Stage, eventually};
use image::RgbImage;

/// Edge of a picture on a card, and its distance from the card's edges (look.md).
const EDGE: i32 = 40;
const PADDING: i32 = 12;

/// What is on the screen in the place of a card's picture.
fn on_card(stage: &Stage, card: Rect) -> RgbImage {
    let place = Rect { x: card.x + PADDING, y: card.y + PADDING, width: EDGE, height: EDGE };
    stage.desktop.screen.picture(place).unwrap()
}

/// The colour that most of somebody's picture has: a pattern on a plain ground.
fn ground(stage: &Stage, name: &str) -> [u8; 3] {
    let picture = stage.practice.person(name).picture().unwrap();
    image::load_from_memory(&picture).unwrap().to_rgb8().get_pixel(0, 0).0
}

/// How much of a picture has this colour, 0 to 1.
fn share(picture: &RgbImage, colour: [u8; 3]) -> f64 {
    let near = |pixel: &&image::Rgb<u8>| pixel.0.iter().zip(colour).all(|(is, wanted)| is.abs_diff(wanted) <= 5);
    f64::from(u32::try_from(picture.pixels().filter(near).count()).unwrap())
        / f64::from(picture.width() * picture.height())
}

/// How often the server was asked for pictures.
fn requests(stage: &Stage) -> usize {
    stage.practice.requests().iter().filter(|line| line.ends_with("/image")).count()
}

#[test]
fn a_card_comes_with_initials_and_turns_to_the_picture_when_it_is_there() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    let colour = ground(&stage, "rosa");
    stage.practice.fails("/image", &HttpFault::Delay(Duration::from_secs(6)), 1);
    stage.direct("rosa", "Can you look at the release notes before noon?").unwrap();
    let card = stage.cards(1).unwrap()[0];
    stage.painted().unwrap();
    let before = on_card(&stage, card);
    assert!(share(&before, colour) < 0.05, "the card was first");
    stage.picture("picture-not-there-yet").unwrap();

    let after = eventually("the picture", || {
        let seen = on_card(&stage, card);
        Ok((share(&seen, colour) > 0.3).then_some(seen))
    })
    .unwrap();
    stage.picture("picture-on-card").unwrap();
    // A circle: its corners are the card's.
    assert_eq!(before.get_pixel(0, 0), after.get_pixel(0, 0));
    assert_eq!(stage.cards(1).unwrap(), [card], "nothing moved");

    // The next message of the same person has it at once, from the disk.
    stage.clear().unwrap();
    stage.direct("rosa", "And the screenshots?").unwrap();
    let card = stage.cards(1).unwrap()[0];
    eventually("the picture again", || Ok((share(&on_card(&stage, card), colour) > 0.3).then_some(()))).unwrap();
    assert_eq!(requests(&stage), 1);

    // And a new one replaces it with the next message.
    stage.practice.person("rosa").changes_picture().unwrap();
    let newer = ground(&stage, "rosa");
    let is_newer = |seen: &RgbImage| if newer == colour { *seen != after } else { share(seen, newer) > 0.3 };
    stage.clear().unwrap();
    stage.direct("rosa", "Like it?").unwrap();
    let card = stage.cards(1).unwrap()[0];
    eventually("the new picture", || Ok(is_newer(&on_card(&stage, card)).then_some(()))).unwrap();
}

#[test]
fn a_broken_picture_costs_nothing_but_itself() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    stage.practice.fails("/image", &HttpFault::Garble, 1000);
    stage.direct("rosa", "first").unwrap();
    let card = stage.cards(1).unwrap()[0];
    stage.painted().unwrap();
    let initials = on_card(&stage, card);
    stage.practice.until(|server| server.requests().iter().any(|line| line.ends_with("/image")));
    stage.direct("jun", "second").unwrap();
    let cards = stage.cards(2).unwrap();
    stage.painted().unwrap();
    // The first card is on its way to its new place for a moment.
    eventually("the initials", || Ok((difference(&on_card(&stage, cards[1]), &initials)? < 0.01).then_some(())))
        .unwrap();
    assert_eq!(stage.client.view().unwrap().badge.mentions, 2);
    assert_eq!(stage.notifications.shown(), [], "both were painted");
    assert!(!stage.desktop.said().contains("panicked"), "{}", stage.desktop.said());
    stage.picture("broken-picture").unwrap();
}

#[test]
fn what_failed_is_not_asked_for_again_at_once_and_a_removed_server_leaves_no_pictures() {
    let mut stage = Stage::new().unwrap();
    let rosa = stage.practice.person("rosa").id().unwrap();
    let jun = stage.practice.person("jun").id().unwrap();
    let ask = |stage: &mut Stage, user: &str| {
        let user = belfry_core::ids::UserId::parse(user).unwrap();
        let of = PictureOf { server: stage.server, user, version: None };
        let Answer::Pictures(pictures) = stage.client.ask(Query::Pictures(vec![of])).unwrap() else {
            panic!("no answer")
        };
        pictures.into_iter().map(|(_, picture)| picture).next().unwrap()
    };
    stage.practice.fails("/image", &HttpFault::NotFound, 1000);
    assert_eq!(ask(&mut stage, &rosa), Picture::Nowhere);
    let asked = requests(&stage);
    assert_eq!(ask(&mut stage, &rosa), Picture::Nowhere);
    assert_eq!(requests(&stage), asked, "a failure rests for minutes");

    stage.practice.behaves();
    let Picture::File(path) = ask(&mut stage, &jun) else { panic!("no picture") };
    assert_eq!(std::fs::read(&path).unwrap(), stage.practice.person("jun").picture().unwrap());
    assert!(std::path::Path::new(&path).starts_with(stage.desktop.home().join("cache")), "{path}");
    stage.client.command(Command::RemoveServer(stage.server)).unwrap();
    eventually("the picture to go", || Ok((!std::path::Path::new(&path).exists()).then_some(()))).unwrap();
}
