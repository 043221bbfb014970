//! Makes `assets/icons`: the app mark as the tray paints it, in the sizes that desktops ask for.

use anyhow::Context as _;
use belfry_core::badge::Badge;
use image::RgbaImage;

/// Sizes of an icon theme, in pixels.
const SIZES: [u32; 9] = [16, 22, 24, 32, 48, 64, 128, 256, 512];

fn main() -> anyhow::Result<()> {
    let folder = belfry_tests::process::workspace().join("assets/icons");
    for size in SIZES {
        let pixels = belfry_agent::mark::paint(size, &Badge::default());
        let picture = RgbaImage::from_raw(size, size, pixels).context("the mark has an unexpected size")?;
        picture.save(folder.join(format!("belfry-{size}.png")))?;
    }
    Ok(())
}
