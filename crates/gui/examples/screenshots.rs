//! Every page of the window as a picture, in both themes: `cargo xtask screenshots`, or
//! `cargo run -p belfry-gui --example screenshots -- FOLDER [NAME] [--quick]`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "an example that says what it wrote")]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/scenes.rs"]
mod scenes;

use std::path::PathBuf;

fn main() {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().unwrap_or_else(|| "out/screenshots".to_owned()));
    let wanted = words.next().filter(|word| word != "--quick");
    let quick = std::env::args().any(|word| word == "--quick");
    std::fs::create_dir_all(&folder).unwrap();
    for scene in scenes::ALL {
        if wanted.as_deref().is_some_and(|wanted| !scene.name.starts_with(wanted)) {
            continue;
        }
        for (theme, word) in [(egui::Theme::Light, "light"), (egui::Theme::Dark, "dark")] {
            for (scale, percent) in [(1.0, 100), (2.0, 200)] {
                if quick && percent == 200 {
                    continue;
                }
                let path = folder.join(format!("{}-{word}-{percent}.png", scene.name));
                scenes::picture(scene, theme, scale).save(&path).unwrap();
                println!("{}", path.display());
            }
        }
    }
}
