//! The icons in the repository are the mark that the tray paints.

use belfry_core::badge::Badge;
use belfry_tests::process::workspace;

#[test]
fn the_icon_files_are_what_xtask_icons_makes() {
    for size in [16, 22, 24, 32, 48, 64, 128, 256] {
        let path = workspace().join(format!("assets/icons/belfry-{size}.png"));
        let file = image::open(&path).unwrap().into_rgba8();
        let painted = belfry_agent::mark::paint(size, &Badge::default());
        assert_eq!(file.dimensions(), (size, size));
        // The last bit of an edge may differ between processors.
        let close = file.as_raw().iter().zip(&painted).all(|(a, b)| a.abs_diff(*b) <= 2);
        assert!(close && painted.len() == file.as_raw().len(), "{}: run `cargo xtask icons`", path.display());
    }
}
