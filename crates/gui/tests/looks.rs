//! What pages look like, in both themes: half-size pictures in `tests/looks`, compared with what is drawn now.
//!
//! A picture that changed on purpose is made again with `BELFRY_LOOKS=update cargo test -p belfry-gui --test looks`, looked
//! at, and committed with what changed it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "common/scenes.rs"]
mod scenes;

use std::path::PathBuf;

use egui::Theme;
use image::RgbaImage;
use image::imageops::{FilterType, resize};

/// Channels of pixels that may differ by more than a shade, of a thousand: rounding differs between processors.
const MOST_OF_A_THOUSAND: usize = 2;

fn compare(names: &[&str]) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/looks");
    let updates = std::env::var("BELFRY_LOOKS").is_ok_and(|word| word == "update");
    let mut changed = Vec::new();
    for scene in scenes::ALL.iter().filter(|scene| names.contains(&scene.name)) {
        for (theme, word) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
            let drawn = scenes::picture(scene, theme, 1.0);
            let drawn = resize(&drawn, drawn.width() / 2, drawn.height() / 2, FilterType::Triangle);
            let path = folder.join(format!("{}-{word}.png", scene.name));
            if updates {
                image::DynamicImage::ImageRgba8(drawn).to_rgb8().save(&path).unwrap();
                continue;
            }
            let there = image::open(&path).map(|picture| picture.to_rgba8()).unwrap_or_default();
            if !is_same(&there, &drawn) {
                changed.push(format!("{}-{word}", scene.name));
            }
        }
    }
    assert!(changed.is_empty(), "these look different now: {changed:?}");
}

fn is_same(there: &RgbaImage, drawn: &RgbaImage) -> bool {
    let all = drawn.as_raw().len();
    let differs = there.as_raw().iter().zip(drawn.as_raw()).filter(|(a, b)| a.abs_diff(**b) > 6).count();
    there.dimensions() == drawn.dimensions() && differs * 1000 <= all * MOST_OF_A_THOUSAND
}

#[test]
fn pages_of_servers_settings_look_as_they_did() {
    compare(&["notifications", "notifications-trouble", "channels-chosen", "servers-unread"]);
}

#[test]
fn pages_of_this_computer_look_as_they_did() {
    compare(&["desktop", "sounds-end", "quiet", "about"]);
}

#[test]
fn activity_dialogs_and_small_windows_look_as_they_did() {
    compare(&["activity", "find", "permission", "servers-connection", "small-notifications", "small-channels"]);
}
