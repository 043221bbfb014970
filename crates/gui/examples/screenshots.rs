//! Every page of the window and every kind of card as a picture, in both themes: `cargo xtask screenshots`, or
//! `cargo run -p belfry-gui --example screenshots -- FOLDER [NAME] [--quick]`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "an example that says what it wrote")]

#[path = "../tests/common/cards.rs"]
mod cards;
#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/scenes.rs"]
mod scenes;

use std::path::PathBuf;

use image::RgbaImage;

fn main() {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().unwrap_or_else(|| "out/screenshots".to_owned()));
    let wanted = words.next().filter(|word| word != "--quick");
    let quick = std::env::args().any(|word| word == "--quick");
    std::fs::create_dir_all(&folder).unwrap();
    let picture = |name: &str, draw: &dyn Fn(egui::Theme, f32) -> RgbaImage| {
        if wanted.as_deref().is_some_and(|wanted| !name.starts_with(wanted)) {
            return;
        }
        for (theme, word) in [(egui::Theme::Light, "light"), (egui::Theme::Dark, "dark")] {
            for (scale, percent) in [(1.0, 100), (1.5, 150), (2.0, 200)] {
                if quick && percent > 100 {
                    continue;
                }
                let path = folder.join(format!("{name}-{word}-{percent}.png"));
                draw(theme, scale).save(&path).unwrap();
                println!("{}", path.display());
            }
        }
    };
    for scene in scenes::ALL {
        picture(scene.name, &|theme, scale| scenes::picture(scene, theme, scale));
    }
    for stack in cards::ALL {
        picture(stack.name, &|theme, scale| cards::picture(stack, theme, scale));
    }
}
