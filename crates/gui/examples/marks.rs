//! The app mark in every size and state, on a light and a dark ground: `cargo run -p belfry-gui --example marks -- OUT.png`

use belfry_agent::mark;
use belfry_core::badge::Badge;
use image::{Rgba, RgbaImage, imageops};

fn main() -> anyhow::Result<()> {
    let out = std::env::args().nth(1).unwrap_or_else(|| "marks.png".to_owned());
    let badge = |mentions, unread, signed_out| Badge { mentions, unread, signed_out, dot_hidden: false };
    let states = [
        badge(0, false, false),
        badge(0, true, false),
        badge(3, true, false),
        badge(42, true, false),
        badge(100, true, false),
        badge(0, false, true),
        badge(0, true, true),
        badge(8, true, true),
        badge(67, true, true),
        badge(100, true, true),
        badge(1, true, false),
        badge(25, true, false),
        badge(90, true, false),
    ];
    let mut sheet = RgbaImage::from_pixel(1700, 800, Rgba([0xF5, 0xF4, 0xF1, 0xFF]));
    for (_, _, pixel) in sheet.enumerate_pixels_mut().filter(|(_, y, _)| *y >= 400) {
        *pixel = Rgba([0x26, 0x2A, 0x31, 0xFF]);
    }
    for half in [0_i64, 400] {
        let mut top = half + 8;
        for size in [16_u32, 22, 24, 32, 48, 64, 128] {
            for (column, state) in (0_i64..).zip(&states) {
                let pixels = mark::paint(size, state);
                if let Some(image) = RgbaImage::from_raw(size, size, pixels) {
                    imageops::overlay(&mut sheet, &image, 8 + column * (i64::from(size) + 8).max(28), top);
                }
            }
            top += i64::from(size) + 8;
        }
    }
    sheet.save(out)?;
    Ok(())
}
