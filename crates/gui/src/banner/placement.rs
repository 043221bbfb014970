//! Where the stack stands: pure geometry, in physical pixels where the screen is meant and in points within the window.

use belfry_core::prefs::Corner;
use egui::Rect;

use super::{card, reply};

/// Width of a card, points.
pub const WIDTH: f32 = 372.0;
/// Between cards, points.
pub(super) const GAP: f32 = 8.0;
/// From the edges of the work area, points.
pub const MARGIN: f32 = 16.0;
/// A card with four lines, a thread and a count, points.
const TALL_CARD: f32 = 162.0;
/// What a card grows by under the pointer or while somebody replies, small pictures on two of the tallest cards, and the
/// pill, points.
const EXTRA: f32 = 14.0 + reply::TALLEST + 2.0 * card::WITH_THUMBNAIL + GAP + 28.0;

/// A rectangle in physical pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PixelRect {
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

impl PixelRect {
    /// What both have in common; `None` where they do not touch.
    pub fn intersect(self, other: Self) -> Option<Self> {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        let width = (self.x + self.width).min(other.x + other.width) - x;
        let height = (self.y + self.height).min(other.y + other.height) - y;
        (width > 0 && height > 0).then_some(Self { x, y, width, height })
    }
}

/// Whether the stack hangs from the upper edge.
pub(super) const fn is_top(corner: Corner) -> bool {
    matches!(corner, Corner::TopRight | Corner::TopLeft)
}

/// The largest height that a stack of so many cards takes, points.
pub fn stack_height(max_shown: u8) -> f32 {
    let count = f32::from(max_shown.clamp(1, 6));
    count * TALL_CARD + (count - 1.0) * GAP + EXTRA
}

/// Where the window goes. It keeps within the work area, whatever the scale.
pub fn window_rect(work: PixelRect, max_shown: u8, scale: f32, corner: Corner) -> PixelRect {
    let scale = if scale.is_finite() { scale.clamp(0.25, 8.0) } else { 1.0 };
    let pixels = |points: f32| (points * scale).round() as i32;
    let margin = pixels(MARGIN).min(work.width / 4).min(work.height / 4).max(0);
    let width = pixels(WIDTH).min(work.width.max(1));
    let height = pixels(stack_height(max_shown)).min((work.height - 2 * margin).max(1));
    let x = match corner {
        Corner::TopRight | Corner::BottomRight => (work.x + work.width - width - margin).max(work.x),
        Corner::TopLeft | Corner::BottomLeft => (work.x + margin).min(work.x + work.width - width),
    };
    let y = match corner {
        Corner::TopRight | Corner::TopLeft => work.y + margin,
        Corner::BottomRight | Corner::BottomLeft => work.y + work.height - height - margin,
    };
    PixelRect { x, y: y.max(work.y), width, height }
}

/// Tops of cards of these heights, the first one nearest to the corner, in a room of this height (points).
/// `None` for those that do not fit any more.
pub(super) fn tops(heights: &[f32], room: f32, top_down: bool) -> Vec<Option<f32>> {
    let mut used = 0.0;
    heights
        .iter()
        .enumerate()
        .map(|(index, height)| {
            // The first card is always shown, cut or not.
            if index > 0 && used + height > room {
                used = f32::INFINITY;
                return None;
            }
            let from_edge = used;
            used += height + GAP;
            Some(if top_down { from_edge } else { room - from_edge - height })
        })
        .collect()
}

/// Points within the window to pixels within it. What is drawn was snapped to pixels before, so nothing is cut and
/// nothing undrawn is seen.
pub(super) fn to_pixels(rect: Rect, scale: f32) -> PixelRect {
    let (left, top) = ((rect.left() * scale).round() as i32, (rect.top() * scale).round() as i32);
    let (right, bottom) = ((rect.right() * scale).round() as i32, (rect.bottom() * scale).round() as i32);
    PixelRect { x: left, y: top, width: (right - left).max(1), height: (bottom - top).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: PixelRect = PixelRect { x: 0, y: 0, width: 1920, height: 1080 };

    #[test]
    fn the_stack_stands_sixteen_points_from_the_corner_of_the_work_area() {
        let work = PixelRect { x: 0, y: 30, width: 1920, height: 1050 };
        let rect = window_rect(work, 4, 1.0, Corner::TopRight);
        assert_eq!((rect.x, rect.y, rect.width), (1920 - 372 - 16, 46, 372));
        let rect = window_rect(work, 4, 2.0, Corner::TopRight);
        assert_eq!((rect.x, rect.y, rect.width), (1920 - 744 - 32, 62, 744));
        let rect = window_rect(work, 4, 1.0, Corner::BottomLeft);
        assert_eq!((rect.x, rect.y + rect.height), (16, 1080 - 16));
    }

    #[test]
    fn the_window_never_leaves_the_work_area() {
        for corner in [Corner::TopRight, Corner::TopLeft, Corner::BottomRight, Corner::BottomLeft] {
            for scale in [0.5, 1.0, 1.25, 2.0, 3.0, f32::NAN, 1e9] {
                for work in [SCREEN, PixelRect { x: -200, y: 0, width: 300, height: 100 }] {
                    let rect = window_rect(work, 6, scale, corner);
                    assert_eq!(rect.intersect(work), Some(rect), "{corner:?} at {scale} in {work:?}");
                }
            }
        }
    }

    #[test]
    fn cards_follow_each_other_and_what_does_not_fit_is_left_out() {
        assert_eq!(tops(&[100.0, 50.0, 60.0], 1000.0, true), [Some(0.0), Some(108.0), Some(166.0)]);
        assert_eq!(tops(&[100.0, 50.0], 300.0, false), [Some(200.0), Some(142.0)]);
        assert_eq!(tops(&[100.0, 300.0, 10.0], 200.0, true), [Some(0.0), None, None], "order is kept");
        assert_eq!(tops(&[500.0], 200.0, true), [Some(0.0)], "one is always shown");
    }
}
