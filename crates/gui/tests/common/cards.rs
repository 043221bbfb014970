//! Banners as pictures: a stack, one that is pointed at, a reply, a call, and what is attached.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "made-up worlds")]

use belfry_core::query::{Answer, Picture, Query, Subject};
use belfry_core::reply::{ReplyState, ReplyView, Typed};
use belfry_core::view::{AttachedFiles, BannerKind, BannerView, View};
use belfry_gui::banner::{self, BannersState, Scene};
use belfry_gui::outbox::Outbox;
use belfry_gui::{Up, testing, theme};
use egui::{Color32, Rect, Theme, UiBuilder, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use image::{Rgba, RgbaImage};

use crate::common::raster::Raster;

/// Around the cards, points.
const MARGIN: f32 = 16.0;

struct World {
    view: View,
    state: BannersState,
    out: Outbox,
    drawn: Vec<Rect>,
    /// Seconds.
    time: f64,
}

type Face = Harness<'static, World>;

/// What is pictured: its name, its cards, and how one gets there.
pub(crate) struct Cards {
    pub(crate) name: &'static str,
    view: fn() -> View,
    then: fn(&mut Face),
}

/// Everything that is looked at.
pub(crate) const ALL: &[Cards] = &[
    Cards { name: "cards-stack", view: stack, then: |_| () },
    Cards { name: "cards-actions", view: || of(vec![rosa()]), then: point },
    Cards { name: "cards-more", view: || of(vec![rosa()]), then: more },
    Cards { name: "cards-reply", view: || of(vec![kept()]), then: reply },
    Cards { name: "cards-reply-failed", view: || of(vec![failed()]), then: |_| () },
    Cards { name: "cards-call", view: || of(vec![call()]), then: |_| () },
    Cards { name: "cards-attached", view: || of(attached()), then: |_| () },
];

fn of(banners: Vec<BannerView>) -> View {
    View { banners, banners_waiting: 0, ..testing::view() }
}

/// As in the look's drawing, with what is attached.
fn stack() -> View {
    let mut view = testing::view();
    view.banners[0].files = Some(files("release-chart.png", 0, true));
    view
}

fn rosa() -> BannerView {
    testing::view().banners.swap_remove(0)
}

/// A card that somebody replies on has no time limit.
fn kept() -> BannerView {
    BannerView { remaining_ms: None, ..rosa() }
}

fn failed() -> BannerView {
    let text = Typed::new("Yes, before eleven. I will add the part about the proxy.");
    let reason = "the server does not answer".to_owned();
    BannerView { reply: Some(ReplyView { state: ReplyState::Failed { reason }, text }), ..kept() }
}

fn call() -> BannerView {
    let mut call = testing::banner(5, "Lena Maurer", "is inviting you to a call");
    (call.kind, call.place, call.server_name) = (BannerKind::Call, String::new(), String::new());
    (call.lifetime_ms, call.remaining_ms) = (Some(30_000), Some(21_000));
    call
}

fn files(name: &str, more: u32, is_picture: bool) -> AttachedFiles {
    let thumbnail = belfry_core::ids::FileId::parse("chart").filter(|_| is_picture);
    AttachedFiles { name: name.to_owned(), more, is_picture, thumbnail }
}

fn attached() -> Vec<BannerView> {
    let mut chart = testing::banner(6, "Jun Okafor", "Latency since the deploy; the spike is the backup");
    chart.files = Some(files("latency-p95.png", 2, true));
    let mut report = testing::banner(7, "Rosa Almeida", "Uploaded a file");
    report.files = Some(files("Release notes 4.2 (draft).pdf", 0, false));
    vec![chart, report]
}

fn point(face: &mut Face) {
    let card = face.state().drawn[0];
    face.hover_at(card.min + Vec2::new(MARGIN + 200.0, MARGIN + 30.0));
    face.run_steps(4);
}

fn press(face: &mut Face, label: &str) {
    face.get_by_label(label).click();
    face.run_steps(4);
}

fn more(face: &mut Face) {
    point(face);
    press(face, "More");
}

fn reply(face: &mut Face) {
    point(face);
    press(face, "Reply");
    face.event(egui::Event::Text("Yes, before eleven. I will add the part about the proxy.".to_owned()));
    face.run_steps(4);
}

/// An image as a server makes it small: bars on paper.
fn chart() -> Vec<u8> {
    let (paper, bar, peak) = ([0xF5, 0xF4, 0xF1, 255], [0x2F, 0x5B, 0xD7, 255], [0xC2, 0x33, 0x2B, 255]);
    let heights = [22, 30, 26, 34, 84, 40, 28, 36];
    let picture = RgbaImage::from_fn(120, 100, |x, y| {
        let (column, within) = (x / 15, x % 15);
        let height = heights[usize::try_from(column).unwrap()];
        let is_bar = (3..13).contains(&within) && y < 94 && y >= 94 - height;
        Rgba(if !is_bar {
            paper
        } else if height > 80 {
            peak
        } else {
            bar
        })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Answers what the face asks: nobody has a picture, and every image is the chart.
fn settle(face: &mut Face, chart: &str) {
    for _ in 0..200 {
        face.run_steps(1);
        for up in face.state_mut().out.take() {
            if let Up::Query(id, Query::Pictures(wanted)) = up {
                let found = wanted.into_iter().map(|of| match of.subject {
                    Subject::Person(_) => (of, Picture::Nowhere),
                    Subject::File(_) => (of, Picture::File(chart.to_owned())),
                });
                let answer = Answer::Pictures(found.collect());
                face.state_mut().state.pictures.on_answer(id, answer);
            }
        }
        if face.state().state.pictures.is_settled() {
            break;
        }
        std::thread::yield_now();
    }
    face.run_steps(2);
}

/// What it looks like on a desktop of one colour.
pub(crate) fn picture(cards: &Cards, theme: Theme, pixels_per_point: f32) -> RgbaImage {
    let size = Vec2::new(banner::WIDTH + 2.0 * MARGIN, 760.0);
    let ground =
        if theme == Theme::Dark { Color32::from_rgb(0x3A, 0x47, 0x58) } else { Color32::from_rgb(0xB4, 0xC0, 0xCE) };
    let raster = Raster::default();
    let view = (cards.view)();
    let mut state = BannersState::default();
    state.stack.adopt(&view, 0.0);
    state.replies.adopt(&view);
    let world = World { view, state, out: Outbox::default(), drawn: Vec::new(), time: 0.0 };
    let mut face = Harness::builder()
        .with_size(size)
        .with_pixels_per_point(pixels_per_point)
        .with_theme(theme)
        .renderer(raster.clone())
        .with_context_setup(|ctx| theme::install(ctx, theme::Fallback::None))
        .build_ui_state(
            move |ui, world: &mut World| {
                let World { view, state, out, drawn, time } = world;
                let whole = ui.ctx().content_rect();
                ui.painter().rect_filled(whole, 0.0, ground);
                let scene = Scene { view, now_ms: testing::NOW_MS, time: *time, composited: true, can_type: true };
                let inner = UiBuilder::new().max_rect(whole.shrink(MARGIN));
                *drawn = ui.scope_builder(inner, |ui| banner::ui(ui, &scene, state, out)).inner.shape;
            },
            world,
        );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart");
    std::fs::write(&path, chart()).unwrap();
    settle(&mut face, path.to_str().unwrap());
    // Time stands still from here on: what moves has arrived, and the pointer did not lie there before.
    face.state_mut().time = 1.0;
    (cards.then)(&mut face);
    settle(&mut face, path.to_str().unwrap());
    let bottom = face.state().drawn.iter().map(Rect::bottom).fold(0.0, f32::max) + MARGIN;
    let picture = raster.picture(&face.ctx, face.output(), size, pixels_per_point);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels")]
    let height = (bottom * pixels_per_point).round() as u32;
    image::imageops::crop_imm(&picture, 0, 0, picture.width(), height).to_image()
}
