//! Pictures of people and of what they attach: never before the card, never instead of it.

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

/// Edge of the small picture of what is attached, and its place on a card with one line of text (look.md).
const ATTACHED: i32 = 44;
const ATTACHED_AT: (i32, i32) = (64, 12 + 20 + 2 + 18 + 8);

/// What is on the screen in the place of a card's small picture of what is attached.
pub(crate) fn attached(stage: &Stage, card: Rect) -> RgbImage {
    let place = Rect { x: card.x + ATTACHED_AT.0, y: card.y + ATTACHED_AT.1, width: ATTACHED, height: ATTACHED };
    stage.desktop.screen.picture(place).unwrap()
}

/// What is on the screen in the place of a card's picture.
pub(crate) fn on_card(stage: &Stage, card: Rect) -> RgbImage {
    let place = Rect { x: card.x + PADDING, y: card.y + PADDING, width: EDGE, height: EDGE };
    stage.desktop.screen.picture(place).unwrap()
}

/// The colour that most of somebody's picture has: a pattern on a plain ground.
pub(crate) fn ground(stage: &Stage, name: &str) -> [u8; 3] {
    let picture = stage.practice.person(name).picture().unwrap();
    image::load_from_memory(&picture).unwrap().to_rgb8().get_pixel(0, 0).0
}

/// How much of a picture has this colour, 0 to 1.
pub(crate) fn share(picture: &RgbImage, colour: [u8; 3]) -> f64 {
    let near = |pixel: &&image::Rgb<u8>| pixel.0.iter().zip(colour).all(|(is, wanted)| is.abs_diff(wanted) <= 5);
    f64::from(u32::try_from(picture.pixels().filter(near).count()).unwrap())
        / f64::from(picture.width() * picture.height())
}

/// How often the server was asked for pictures of people.
fn requests(stage: &Stage) -> usize {
    asked(stage, "/image")
}

fn asked(stage: &Stage, path: &str) -> usize {
    stage.practice.requests().iter().filter(|line| line.ends_with(path)).count()
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
        let of = PictureOf::person(stage.server, user, None);
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

#[test]
fn an_image_that_is_attached_is_shown_small_and_goes_with_its_card() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    let rosa = stage.practice.person("rosa");
    stage.practice.fails("/thumbnail", &HttpFault::Delay(Duration::from_secs(3)), 1);
    let post = rosa.direct_files("morgan", "the new charts", &["chart.png", "notes.pdf", "more.png"]).unwrap();
    let colour = image::load_from_memory(&rosa.thumbnail(&post).unwrap()).unwrap().to_rgb8().get_pixel(0, 0).0;
    let card = stage.cards(1).unwrap()[0];
    stage.painted().unwrap();
    assert!(share(&attached(&stage, card), colour) < 0.05, "the card was first");
    assert!(share(&on_card(&stage, card), [0; 3]) < 0.3, "drawn where it stands, from its first frame on");
    stage.picture("thumbnail-not-there-yet").unwrap();
    eventually("the thumbnail", || Ok((share(&attached(&stage, card), colour) > 0.3).then_some(()))).unwrap();
    stage.picture("thumbnail").unwrap();
    assert_eq!(stage.cards(1).unwrap(), [card], "nothing moved");

    let files = stage.client.view().unwrap().banners[0].files.clone().unwrap();
    assert_eq!((files.name.as_str(), files.more), ("chart.png", 2));
    let of = PictureOf::thumbnail(stage.server, files.thumbnail.unwrap());
    let ask = |stage: &mut Stage| {
        let Answer::Pictures(mut found) = stage.client.ask(Query::Pictures(vec![of])).unwrap() else {
            panic!("no answer")
        };
        found.pop().unwrap().1
    };
    let Picture::File(path) = ask(&mut stage) else { panic!("no file") };
    assert!(std::path::Path::new(&path).exists());
    stage.clear().unwrap();
    eventually("the small picture to go", || Ok((!std::path::Path::new(&path).exists()).then_some(()))).unwrap();
    assert_eq!(ask(&mut stage), Picture::Nowhere, "without a card nobody may have it");
    assert_eq!(asked(&stage, "/thumbnail"), 1);
}

#[test]
fn where_no_small_picture_is_wanted_or_made_only_the_name_is_shown() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    stage.practice.person("rosa").direct_files("morgan", "", &["report.pdf"]).unwrap();
    let view = stage.client.until("the card", |view| !view.banners.is_empty()).unwrap();
    let files = view.banners[0].files.clone().unwrap();
    assert_eq!((files.name.as_str(), files.is_picture, files.thumbnail), ("report.pdf", false, None));
    stage.cards(1).unwrap();
    stage.painted().unwrap();
    stage.picture("attached-file").unwrap();
    stage.clear().unwrap();
    for (text, thumbnails) in [(true, false), (false, true)] {
        let base = stage.client.view().unwrap().prefs;
        let mut prefs = base.clone();
        (prefs.banner.show_text, prefs.banner.thumbnails) = (text, thumbnails);
        let change = Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs.clone()) };
        stage.client.command(change).unwrap();
        stage.client.until("the choice", |view| view.prefs.banner == prefs.banner).unwrap();
        stage.practice.person("rosa").direct_files("morgan", "look", &["chart.png"]).unwrap();
        let view = stage.client.until("the card", |view| !view.banners.is_empty()).unwrap();
        let files = view.banners[0].files.clone();
        assert_eq!(
            files.as_ref().map(|files| (files.name.as_str(), files.thumbnail)),
            text.then_some(("chart.png", None))
        );
        stage.cards(1).unwrap();
        stage.painted().unwrap();
        stage.picture(if text { "attached-image-by-name" } else { "attached-image-hidden" }).unwrap();
        stage.clear().unwrap();
    }
    assert_eq!(asked(&stage, "/thumbnail"), 0);
}
