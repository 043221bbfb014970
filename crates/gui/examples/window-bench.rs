//! What a frame of each page costs, with ten thousand channels: `cargo xtask bench window`.
//!
//! Measured is what our code and the toolkit do on the processor, from input to triangles. A still window draws no frame,
//! so this is the price of a frame in which something moves under the pointer. Time in which other programs had the
//! processor does not count.
#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a measurement is printed")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Duration;

use belfry_gui::testing;
use belfry_gui::window::Page;
use common::raster::Raster;

const CHANNELS: usize = 10_000;
const FRAMES: u32 = 300;
const LIMIT: Duration = Duration::from_millis(4);

/// Processor time of this thread up to now, as Linux tells it: exact to a tick, so it is read before and after all frames.
fn spent() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn main() {
    println!("a frame with {CHANNELS} channels, 1000 x 680 points, {FRAMES} frames a page");
    let mut slow = false;
    for page in Page::ALL {
        let mut world = common::world(testing::view());
        world.channels = testing::busy_channels(CHANNELS);
        world.view.prefs.sound = testing::sounds();
        world.state.page = page;
        let mut harness = common::built(world, common::SIZE, 1.0, egui::Theme::Light, &Raster::default());
        common::settle(&mut harness);
        if page == Page::Channels {
            common::click_role(&mut harness, egui::accesskit::Role::Button, "All");
        }
        let mut samples = Vec::new();
        let before = spent();
        for frame in 0..FRAMES {
            // The pointer wanders, so that nothing is the same twice.
            harness.hover_at(egui::pos2(300.0 + (frame % 60) as f32 * 10.0, 120.0 + (frame % 50) as f32 * 10.0));
            let began = belfry_net::clock::monotonic();
            harness.step();
            let shapes = harness.output().shapes.clone();
            let triangles = harness.ctx.tessellate(shapes, 1.0);
            samples.push(began.elapsed());
            drop(triangles);
        }
        let mean = before.zip(spent()).map(|(before, after)| after.saturating_sub(before) / FRAMES);
        samples.sort_unstable();
        let at = |part: usize| samples.get(samples.len() * part / 100).copied().unwrap_or_default();
        let (middle, late) = (at(50), at(95));
        slow |= mean.unwrap_or(late) > LIMIT;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "  {:14} p50 {:.2} ms, p95 {:.2} ms, processor {:.2} ms",
            page.title(),
            ms(middle),
            ms(late),
            ms(mean.unwrap_or_default())
        );
    }
    println!("{}", if slow { "some page needs more than 4 ms" } else { "every page stays below 4 ms" });
}
