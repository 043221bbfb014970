//! Pictures of people on cards: initials first, the picture when it is there, initials for good where it is none.

use belfry_core::ids::{FileId, ServerId, UserId};
use belfry_core::query::{Answer, Picture, PictureOf, Query};
use belfry_core::view::{AttachedFiles, BannerView, View};
use belfry_gui::banner::{self, BannersState, Scene};
use belfry_gui::outbox::Outbox;
use belfry_gui::{QueryId, Up, testing, theme};
use egui::{Shape, TextureId, Vec2};
use egui_kittest::Harness;
use image::{Rgba, RgbaImage};

struct World {
    view: View,
    state: BannersState,
    out: Outbox,
    time: f64,
    /// Of the first card, points.
    height: f32,
}

fn stack() -> Harness<'static, World> {
    stack_of(testing::banner(7, "Rosa Almeida", "hello"))
}

fn stack_of(card: BannerView) -> Harness<'static, World> {
    let view = View { banners: vec![card], servers: testing::view().servers, ..View::default() };
    let mut state = BannersState::default();
    state.stack.adopt(&view, 0.0);
    let world = World { view, state, out: Outbox::default(), time: 1.0, height: 0.0 };
    let mut harness = Harness::builder()
        .with_size(Vec2::new(banner::WIDTH, 740.0))
        .with_context_setup(|ctx| theme::install(ctx, theme::Fallback::None))
        .build_ui_state(
            |ui, world: &mut World| {
                let World { view, state, out, time, height } = world;
                let scene = Scene { view, now_ms: testing::NOW_MS, time: *time, composited: true, can_type: true };
                let all = egui::UiBuilder::new().max_rect(ui.ctx().content_rect());
                let drawn = ui.scope_builder(all, |ui| banner::ui(ui, &scene, state, out)).inner;
                *height = drawn.shape.first().map_or(0.0, egui::Rect::height);
                *time += 0.01;
            },
            world,
        );
    harness.run_steps(1);
    harness
}

fn asked(harness: &mut Harness<'_, World>) -> Vec<(QueryId, Vec<PictureOf>)> {
    let pictures = |up| match up {
        Up::Query(id, Query::Pictures(people)) => Some((id, people)),
        Up::Query(..) | Up::Command(_) | Up::Signal(_) => None,
    };
    harness.state_mut().out.take().into_iter().filter_map(pictures).collect()
}

/// Pictures drawn in the last frame, and whether initials were.
fn drawn(harness: &Harness<'_, World>) -> (Vec<TextureId>, bool) {
    let (mut textures, mut initials) = (Vec::new(), false);
    for clipped in &harness.output().shapes {
        match &clipped.shape {
            Shape::Rect(rect) => textures.extend(rect.brush.iter().map(|brush| brush.fill_texture_id)),
            Shape::Text(text) => initials |= text.galley.text() == "RA",
            _ => {}
        }
    }
    (textures, initials)
}

/// The only question is answered with this file; then frames are drawn until the decoder is done with it.
#[expect(clippy::unwrap_used, reason = "a test")]
fn answer_with(harness: &mut Harness<'_, World>, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture");
    std::fs::write(&path, bytes).unwrap();
    let (id, people) = asked(harness).pop().unwrap();
    let file = Picture::File(path.to_str().unwrap().to_owned());
    let answer = Answer::Pictures(people.into_iter().map(|of| (of, file.clone())).collect());
    assert_eq!(harness.state_mut().state.pictures.on_answer(id, answer), None);
    while !harness.state().state.pictures.is_settled() {
        std::thread::yield_now();
        harness.run_steps(1);
    }
    harness.run_steps(1);
    folder
}

#[expect(clippy::unwrap_used, reason = "a test")]
fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = RgbaImage::from_pixel(128, 128, Rgba([10, 200, 30, 255]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[test]
fn a_card_has_initials_in_its_first_frame_and_the_picture_once_it_is_decoded() {
    let mut harness = stack();
    assert_eq!(drawn(&harness), (Vec::new(), true));
    harness.run_steps(3);
    let mut questions = asked(&mut harness);
    assert_eq!(questions.len(), 1, "asked once while the answer is out");
    let (id, people) = questions.pop().unwrap();
    let [of] = people.as_slice() else { panic!("{people:?}") };
    let rosa = UserId::parse("rosaalmeida").unwrap();
    assert_eq!(*of, PictureOf::person(ServerId(1), rosa, Some(testing::NOW_MS)));

    // It is on its way: the next question waits for it.
    let coming = Answer::Pictures(vec![(*of, Picture::Coming)]);
    harness.state_mut().state.pictures.on_answer(id, coming);
    harness.run_steps(1);
    let _folder = answer_with(&mut harness, &png());
    let (textures, initials) = drawn(&harness);
    assert_eq!((textures.len(), initials), (1, false));
    let texture = harness.ctx.tex_manager().read().meta(textures[0]).map(|meta| meta.size);
    assert_eq!(texture, Some([40, 40]), "as large as it is drawn");
    harness.run_steps(3);
    assert!(asked(&mut harness).is_empty());
}

#[test]
fn what_cannot_be_decoded_leaves_the_initials_and_is_not_asked_for_again() {
    let mut garbled = png();
    garbled.iter_mut().skip(16).for_each(|byte| *byte = 0xA5);
    let mut huge = png();
    huge.resize(2_000_000, 0);
    for bytes in [garbled, huge, Vec::new(), b"<!DOCTYPE html>".to_vec()] {
        let mut harness = stack();
        let _folder = answer_with(&mut harness, &bytes);
        assert_eq!(drawn(&harness), (Vec::new(), true));
        harness.state_mut().time += 3600.0;
        harness.run_steps(3);
        assert!(asked(&mut harness).is_empty());
    }
}

#[test]
fn who_has_no_picture_is_asked_for_again_after_a_minute_and_a_refusal_is_the_same() {
    let mut harness = stack();
    for nothing in [None, Some(Answer::Failed { message: "Belfry is too busy to answer".to_owned() })] {
        let (id, people) = asked(&mut harness).pop().unwrap();
        let nowhere = Answer::Pictures(people.into_iter().map(|of| (of, Picture::Nowhere)).collect());
        harness.state_mut().state.pictures.on_answer(id, nothing.unwrap_or(nowhere));
        harness.run_steps(3);
        assert!(asked(&mut harness).is_empty());
        assert_eq!(drawn(&harness), (Vec::new(), true));
        harness.state_mut().time += 61.0;
        harness.run_steps(2);
    }
    assert_eq!(asked(&mut harness).len(), 1);
}

#[test]
fn a_message_under_another_name_never_has_its_accounts_picture() {
    let mut harness = stack();
    asked(&mut harness);
    let mut view = harness.state().view.clone();
    view.banners = vec![testing::banner(8, "Release bot", "hello")];
    view.banners[0].picture = None;
    let state = harness.state_mut();
    state.state.stack.adopt(&view, state.time);
    state.view = view;
    harness.run_steps(3);
    assert!(asked(&mut harness).is_empty());
}

/// A card of nobody with a picture, to which this is attached.
fn attached(files: AttachedFiles) -> Harness<'static, World> {
    let mut card = testing::banner(7, "Rosa Almeida", "hello");
    card.picture = None;
    card.files = Some(files);
    stack_of(card)
}

fn chart() -> AttachedFiles {
    AttachedFiles { name: "chart.png".to_owned(), more: 2, is_picture: true, thumbnail: FileId::parse("f1") }
}

fn height(harness: &Harness<'_, World>) -> f32 {
    harness.state().height
}

fn words(harness: &Harness<'_, World>) -> Vec<String> {
    let text = |clipped: &egui::epaint::ClippedShape| match &clipped.shape {
        Shape::Text(text) => Some(text.galley.text().to_owned()),
        _ => None,
    };
    harness.output().shapes.iter().filter_map(text).collect()
}

#[test]
fn what_is_attached_has_its_place_from_the_first_frame_and_the_picture_once_it_is_decoded() {
    let mut harness = attached(chart());
    let before = height(&harness);
    assert_eq!(drawn(&harness).0, []);
    assert!(["chart.png", "and 2 more files"].iter().all(|text| words(&harness).contains(&(*text).to_owned())));
    let _folder = answer_with(&mut harness, &png());
    let (textures, _) = drawn(&harness);
    let texture = harness.ctx.tex_manager().read().meta(textures[0]).map(|meta| meta.size);
    assert_eq!((textures.len(), texture), (1, Some([44, 44])));
    assert!((height(&harness) - before).abs() < 0.01, "nothing moved");
}

#[test]
fn what_was_attached_and_cannot_be_had_leaves_its_name_on_a_plain_field() {
    for bytes in [b"<svg/>".to_vec(), Vec::new()] {
        let mut harness = attached(chart());
        let before = height(&harness);
        let _folder = answer_with(&mut harness, &bytes);
        assert_eq!(drawn(&harness).0, []);
        assert!(words(&harness).contains(&"chart.png".to_owned()));
        assert!((height(&harness) - before).abs() < 0.01);
    }
}

#[test]
fn files_without_a_picture_are_one_line_and_ask_for_nothing() {
    let report = AttachedFiles { name: "report.pdf".to_owned(), more: 0, is_picture: false, thumbnail: None };
    for (files, line) in [
        (report.clone(), "report.pdf"),
        (AttachedFiles { more: 1, ..report.clone() }, "report.pdf and 1 more file"),
        (AttachedFiles { thumbnail: None, ..chart() }, "chart.png and 2 more files"),
        (AttachedFiles { name: String::new(), ..report }, "File"),
    ] {
        let mut harness = attached(files);
        assert!(words(&harness).contains(&line.to_owned()), "{line}: {:?}", words(&harness));
        harness.run_steps(3);
        assert!(asked(&mut harness).is_empty(), "{line}");
    }
}
