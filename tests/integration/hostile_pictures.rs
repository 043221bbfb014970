//! Pictures that somebody made to do harm, of people and of what they attach: no picture, and nothing worse.

use std::fmt::Write as _;
use std::io::Write as _;

use belfry_core::query::{Answer, Picture, PictureOf, Query};
use belfry_practice_server::HttpFault;
use belfry_tests::process::peak_memory_kib;
use belfry_tests::screen::difference;
use belfry_tests::{Stage, eventually};
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, Rgba, RgbaImage};

use crate::pictures::{attached, ground, on_card, share};

/// What decoding the largest bomb would take at least, in KiB, and far more than anything else here does.
const BOMB_KIB: u64 = 100 * 1024;

/// Entities that become three billion letters.
fn svg_bomb() -> Vec<u8> {
    let mut bomb = "<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY a0 \"lol\">".to_owned();
    for level in 1..10 {
        let ten = format!("&a{};", level - 1).repeat(10);
        write!(bomb, "<!ENTITY a{level} \"{ten}\">").unwrap();
    }
    bomb.push_str("]><svg xmlns=\"http://www.w3.org/2000/svg\"><text>&a9;</text></svg>");
    bomb.into_bytes()
}

/// 20 000 × 20 000 pixels of one bit, whole and valid, in some fifty kilobytes.
fn huge_png() -> Vec<u8> {
    const EDGE: u32 = 20_000;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let row = vec![0; 1 + usize::try_from(EDGE).unwrap() / 8];
    for _ in 0..EDGE {
        packed.write_all(&row).unwrap();
    }
    let mut header = [EDGE.to_be_bytes(), EDGE.to_be_bytes()].concat();
    header.extend([1, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", header), (b"IDAT", packed.finish().unwrap()), (b"IEND", Vec::new())] {
        let mut sum = flate2::Crc::new();
        sum.update(name);
        sum.update(&data);
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        png.extend(name);
        png.extend(data);
        png.extend(sum.sum().to_be_bytes());
    }
    png
}

/// A first frame of one colour, and two hundred of another.
fn animated_gif(first: [u8; 3], later: [u8; 3]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
    encoder.set_repeat(Repeat::Infinite).unwrap();
    for number in 0..201 {
        let [red, green, blue] = if number == 0 { first } else { later };
        let picture = RgbaImage::from_pixel(128, 128, Rgba([red, green, blue, 255]));
        let frame = Frame::from_parts(picture, 0, 0, Delay::from_numer_denom_ms(20, 1));
        encoder.encode_frame(frame).unwrap();
    }
    drop(encoder);
    bytes
}

/// Asks the agent until it has made up its mind about both pictures of the only card.
fn settled(stage: &mut Stage) -> Vec<Picture> {
    let card = stage.client.view().unwrap().banners[0].clone();
    let rosa = PictureOf::person(card.server, card.user_id.unwrap(), card.picture);
    let file = PictureOf::thumbnail(card.server, card.files.unwrap().thumbnail.unwrap());
    eventually("both pictures to be settled", || {
        let Answer::Pictures(found) = stage.client.ask(Query::Pictures(vec![rosa, file]))? else {
            anyhow::bail!("no answer")
        };
        let found: Vec<Picture> = found.into_iter().map(|(_, picture)| picture).collect();
        Ok((!found.contains(&Picture::Coming)).then_some(found))
    })
    .unwrap()
}

#[test]
fn bombs_are_no_pictures_and_cost_no_memory() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    // What a face is without any of it.
    stage.direct("jun", "hello").unwrap();
    stage.cards(1).unwrap();
    stage.painted().unwrap();
    let face = stage.banners_process().unwrap();
    let before = peak_memory_kib(face).unwrap() + peak_memory_kib(stage.agent.id()).unwrap();
    stage.clear().unwrap();

    let page = b"<!DOCTYPE html><html><script>alert(1)</script></html>".to_vec();
    let mut plain = None;
    for (name, kind, bomb) in [
        ("a page", "image/png", page),
        ("an SVG bomb", "image/svg+xml", svg_bomb()),
        ("an SVG bomb that is called a PNG", "image/png", svg_bomb()),
        ("a PNG of 20 000 × 20 000 pixels", "image/png", huge_png()),
    ] {
        let bomb = HttpFault::Content(kind, bomb);
        stage.practice.fails("/image", &bomb, 1);
        stage.practice.fails("/thumbnail", &bomb, 1);
        stage.practice.person("rosa").changes_picture().unwrap();
        stage.practice.person("rosa").direct_files("morgan", "look", &["chart.png"]).unwrap();
        let card = stage.cards(1).unwrap()[0];
        stage.painted().unwrap();
        let (person, file) = (on_card(&stage, card), attached(&stage, card));
        let (first_person, first_file) = plain.get_or_insert((person, file));
        settled(&mut stage);
        // Whoever would draw it does so within the next frames; a good picture behind it is waited for.
        stage.direct("lena", "and this").unwrap();
        let cards = stage.cards(2).unwrap();
        let colour = ground(&stage, "lena");
        eventually("a good picture", || Ok((share(&on_card(&stage, cards[0]), colour) > 0.3).then_some(()))).unwrap();
        let (person, file) = (on_card(&stage, cards[1]), attached(&stage, cards[1]));
        stage.picture("picture-bomb").unwrap();
        assert!(difference(&person, first_person).unwrap() < 0.01, "{name}: still initials");
        assert!(difference(&file, first_file).unwrap() < 0.01, "{name}: still a plain field");
        stage.clear().unwrap();
    }
    assert_eq!(stage.banners_process().unwrap(), face, "it lives");
    let after = peak_memory_kib(face).unwrap() + peak_memory_kib(stage.agent.id()).unwrap();
    assert!(after < before + BOMB_KIB, "{before} KiB before, {after} KiB after");
    assert!(!stage.desktop.said().contains("panicked"), "{}", stage.desktop.said());
    assert_eq!(stage.notifications.shown(), [], "every card was painted");
}

#[test]
fn a_picture_that_moves_shows_its_first_frame_and_stands_still() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    let (first, later) = ([200, 40, 40], [40, 40, 200]);
    let film = HttpFault::Content("image/gif", animated_gif(first, later));
    stage.practice.fails("/image", &film, 1);
    stage.practice.fails("/thumbnail", &film, 1);
    stage.practice.person("rosa").direct_files("morgan", "look", &["film.gif"]).unwrap();
    let card = stage.cards(1).unwrap()[0];
    stage.painted().unwrap();
    eventually("the first frames", || {
        let both = share(&on_card(&stage, card), first) > 0.5 && share(&attached(&stage, card), first) > 0.8;
        Ok(both.then_some(()))
    })
    .unwrap();
    stage.picture("picture-film").unwrap();
    // Two hundred frames would be over four seconds later; the next message comes with frames of its own.
    stage.direct("jun", "nice").unwrap();
    let cards = stage.cards(2).unwrap();
    stage.painted().unwrap();
    assert!(share(&attached(&stage, cards[1]), first) > 0.8);
}
