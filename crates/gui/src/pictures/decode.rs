//! From a file that somebody uploaded to pixels. Nothing about it is trusted: not its kind, not its size, not its end.

use std::fs::File;
use std::io::{Cursor, Read as _};
use std::path::Path;

use egui::ColorImage;
use image::imageops::{self, FilterType};
use image::{ImageReader, Limits, RgbImage};

/// A file has at most this, bytes; the agent keeps no larger ones.
const LARGEST_FILE: u64 = 1024 * 1024;
/// Width and height at most, pixels; servers give 128.
const LARGEST_EDGE: u32 = 1024;
/// Memory that a decoder may take, bytes: the largest picture with 16 bits a channel, twice.
const LARGEST_ALLOCATION: u64 = 16 * 1024 * 1024;

/// Why a file is not drawn. Says nothing of what is in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotDrawn {
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
    #[error("the file is larger than a picture of a person may be")]
    TooLarge,
    #[error("it is broken, of an unknown kind, or too large")]
    Broken,
}

/// Reads a picture and scales its middle square to `edge` × `edge` pixels.
pub(super) fn file(path: &Path, edge: u32) -> Result<ColorImage, NotDrawn> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(NotDrawn::TooLarge);
    }
    let pixels = scaled(&bytes, edge)?;
    let size = [edge as usize, edge as usize];
    Ok(ColorImage::from_rgb(size, pixels.as_raw()))
}

fn scaled(bytes: &[u8], edge: u32) -> Result<RgbImage, NotDrawn> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_EDGE);
    limits.max_image_height = Some(LARGEST_EDGE);
    limits.max_alloc = Some(LARGEST_ALLOCATION);
    reader.limits(limits);
    // The error may quote the file.
    let picture = reader.decode().map_err(|_error| NotDrawn::Broken)?.into_rgba8();
    let (width, height) = picture.dimensions();
    let side = width.min(height);
    if side == 0 || width > LARGEST_EDGE || height > LARGEST_EDGE {
        return Err(NotDrawn::Broken);
    }
    let square = imageops::crop_imm(&picture, (width - side) / 2, (height - side) / 2, side, side).to_image();
    let mut opaque = RgbImage::new(side, side);
    for (to, from) in opaque.pixels_mut().zip(square.pixels()) {
        // On white, as browsers show them: a dark logo without a background is seen in the dark theme too.
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let over_white = |value: u32| u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(255);
        to.0 = [over_white(red), over_white(green), over_white(blue)];
    }
    Ok(if side == edge { opaque } else { imageops::resize(&opaque, edge, edge, FilterType::Lanczos3) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

    fn encoded(picture: &RgbaImage, format: ImageFormat) -> Vec<u8> {
        let picture = DynamicImage::ImageRgba8(picture.clone());
        let picture = if format == ImageFormat::Jpeg { picture.to_rgb8().into() } else { picture };
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn plain(width: u32, height: u32) -> RgbaImage {
        RgbaImage::from_pixel(width, height, Rgba([200, 40, 40, 255]))
    }

    #[test]
    fn every_kind_that_servers_keep_is_scaled_to_what_is_drawn_whatever_it_is_called() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
            let pixels = scaled(&encoded(&plain(128, 128), format), 40).unwrap();
            assert_eq!(pixels.dimensions(), (40, 40), "{format:?}");
            let middle = pixels.get_pixel(20, 20).0;
            let near = middle.iter().zip([200, 40, 40]).all(|(is, wanted)| is.abs_diff(wanted) <= 6);
            assert!(near, "{format:?}: {middle:?}");
        }
    }

    #[test]
    fn the_middle_square_of_a_wide_picture_is_taken_and_what_is_transparent_is_white() {
        let wide = RgbaImage::from_fn(300, 100, |x, _| {
            if (100..200).contains(&x) { Rgba([0, 0, 0, 0]) } else { Rgba([0, 200, 0, 255]) }
        });
        let pixels = scaled(&encoded(&wide, ImageFormat::Png), 50).unwrap();
        assert!(pixels.pixels().all(|pixel| pixel.0 == [255; 3]), "nothing of the green sides");
    }

    #[test]
    fn broken_huge_and_empty_files_are_refused() {
        let good = encoded(&plain(64, 64), ImageFormat::Png);
        let noisy = RgbaImage::from_fn(64, 64, |x, y| Rgba([((x * 37) ^ (y * 91)) as u8, (x * y) as u8, y as u8, 255]));
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
            let whole = encoded(&noisy, format);
            let mut garbled = whole.clone();
            garbled.iter_mut().skip(16).for_each(|byte| *byte = 0xA5);
            assert!(scaled(&garbled, 40).is_err(), "{format:?}");
            assert!(scaled(whole.get(..20).unwrap(), 40).is_err(), "{format:?}");
            // Whatever comes of it, nothing falls over.
            for at in (8..whole.len()).step_by(61) {
                let mut flipped = whole.clone();
                flipped.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 0xFF);
                scaled(&flipped, 40).ok();
            }
        }
        assert!(scaled(&[], 40).is_err());
        assert!(scaled(b"<!DOCTYPE html><title>Sign in</title>", 40).is_err());
        assert!(scaled(&encoded(&plain(1025, 8), ImageFormat::Png), 40).is_err(), "too wide");
        assert!(scaled(&encoded(&plain(8, 4000), ImageFormat::Gif), 40).is_err(), "too high");
        assert!(scaled(&good, 40).is_ok());

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture");
        let mut padded = good;
        padded.resize(usize::try_from(LARGEST_FILE).unwrap() + 1, 0);
        std::fs::write(&path, padded).unwrap();
        assert!(matches!(file(&path, 40), Err(NotDrawn::TooLarge)));
        assert!(matches!(file(&folder.path().join("none"), 40), Err(NotDrawn::File(_))));
    }
}
