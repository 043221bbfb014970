//! The app mark with its badge, painted into pixels: for the tray, the window's icon and the launcher.
//!
//! A pure function without dependencies. Shapes are tested point by point, several times per pixel, so every size is
//! drawn for itself: a 16-pixel mark is not a shrunken 256-pixel one. Below 20 pixels digits come from a 3 × 5 grid,
//! because strokes blur there.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels of an icon are few, and a float cast saturates"
)]

use belfry_core::badge::Badge;

/// Straight (not premultiplied) red, green, blue, alpha.
type Rgba = [u8; 4];

const BODY: Rgba = [0x3D, 0x4A, 0x5C, 0xFF];
/// Around the bell, so that it stands out on dark panels too.
const HALO: Rgba = [0xF4, 0xF5, 0xF7, 0xFF];
const CLAPPER: Rgba = [0xE8, 0x9B, 0x1C, 0xFF];
const RED: Rgba = [0xC2, 0x33, 0x2B, 0xFF];
const ACCENT: Rgba = [0x2F, 0x5B, 0xD7, 0xFF];
const AMBER: Rgba = [0xF2, 0xA9, 0x2E, 0xFF];
const WHITE: Rgba = [0xFF, 0xFF, 0xFF, 0xFF];
const DARK: Rgba = [0x2A, 0x1D, 0x05, 0xFF];

/// Below this size digits come from the grid, in whole pixels.
const GRID_BELOW: u32 = 20;

/// Paints the mark, `size` pixels wide and high (8 to 512), with its badge on it.
///
/// Returns rows of straight RGBA, `size × size × 4` bytes.
pub fn paint(size: u32, badge: &Badge) -> Vec<u8> {
    Bell::new(size).with(badge)
}

/// The mark without a badge: most of the work, and the same for every badge.
#[derive(Clone, Debug)]
pub struct Bell(Canvas);

impl Bell {
    /// Paints it, `size` pixels wide and high (8 to 512).
    pub fn new(size: u32) -> Self {
        let mut canvas = Canvas::new(size.clamp(8, 512));
        canvas.bell();
        Self(canvas)
    }

    /// Pixels wide and high.
    pub fn size(&self) -> u32 {
        self.0.size
    }

    /// What [`paint`] returns.
    pub fn with(&self, badge: &Badge) -> Vec<u8> {
        let mut canvas = self.0.clone();
        let text = badge.text();
        match text.as_str() {
            "" | "!" => {}
            "•" => canvas.dot(),
            number => canvas.number(number),
        }
        if badge.signed_out {
            canvas.exclamation();
        }
        canvas.pixels.into_iter().flatten().collect()
    }
}

#[derive(Clone, Copy)]
struct Point {
    x: f32,
    y: f32,
}

const fn at(x: f32, y: f32) -> Point {
    Point { x, y }
}

impl Point {
    fn distance(self, other: Self) -> f32 {
        let (x, y) = (self.x - other.x, self.y - other.y);
        // Not `hypot`: nothing here is large enough to overflow, and that took half of the agent's time.
        (x * x + y * y).sqrt()
    }

    fn to_segment(self, from: Self, to: Self) -> f32 {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = dx * dx + dy * dy;
        let part = if length > 0.0 { ((self.x - from.x) * dx + (self.y - from.y) * dy) / length } else { 0.0 };
        let part = part.clamp(0.0, 1.0);
        self.distance(at(from.x + part * dx, from.y + part * dy))
    }
}

/// Where a shape lies, so that the rest is not asked.
#[derive(Clone, Copy)]
struct Area {
    from: Point,
    to: Point,
}

impl Area {
    /// Around `center`, `reach` to each side.
    const fn around(center: Point, reach: f32) -> Self {
        Self::between(center, center, reach)
    }

    /// Around the line between two points of which the first is not right of or below the second.
    const fn between(from: Point, to: Point, reach: f32) -> Self {
        Self { from: at(from.x - reach, from.y - reach), to: at(to.x + reach, to.y + reach) }
    }

    /// Whether it has to do with the pixel whose left upper corner this is.
    fn touches(&self, left: f32, top: f32) -> bool {
        left + 1.0 >= self.from.x && left <= self.to.x && top + 1.0 >= self.from.y && top <= self.to.y
    }
}

#[derive(Clone, Debug)]
struct Canvas {
    size: u32,
    /// Samples per pixel and axis.
    fine: u32,
    pixels: Vec<Rgba>,
}

impl Canvas {
    fn new(size: u32) -> Self {
        let fine = if size <= 64 { 6 } else { 3 };
        let count = usize::try_from(size).unwrap_or(0).pow(2);
        Self { size, fine, pixels: vec![[0; 4]; count] }
    }

    /// Side in pixels.
    fn side(&self) -> f32 {
        self.size as f32
    }

    fn everywhere(&self) -> Area {
        Area { from: at(0.0, 0.0), to: at(self.side(), self.side()) }
    }

    /// Lays `color` over every pixel of the area as far as `inside` (in pixels) covers it.
    fn fill(&mut self, color: Rgba, area: Area, inside: impl Fn(Point) -> bool) {
        self.each(area, inside, |pixel, cover| over(pixel, color, cover));
    }

    /// Takes away what `inside` covers: a gap around a badge.
    fn erase(&mut self, area: Area, inside: impl Fn(Point) -> bool) {
        self.each(area, inside, |pixel, cover| {
            let [red, green, blue, alpha] = *pixel;
            *pixel = [red, green, blue, byte(f32::from(alpha) * (1.0 - cover))];
        });
    }

    fn each(&mut self, area: Area, inside: impl Fn(Point) -> bool, lay: impl Fn(&mut Rgba, f32)) {
        let (size, fine) = (self.size, self.fine);
        let step = 1.0 / fine as f32;
        for (index, pixel) in (0_u32..).zip(&mut self.pixels) {
            let (left, top) = ((index % size) as f32, (index / size) as f32);
            if !area.touches(left, top) {
                continue;
            }
            let mut hits = 0_u32;
            for row in 0..fine {
                for column in 0..fine {
                    let point = at(left + (column as f32 + 0.5) * step, top + (row as f32 + 0.5) * step);
                    hits += u32::from(inside(point));
                }
            }
            if hits > 0 {
                lay(pixel, hits as f32 * step * step);
            }
        }
    }

    fn bell(&mut self) {
        let side = self.side();
        let halo = (side / 22.0).max(0.7);
        let everywhere = self.everywhere();
        self.fill(HALO, everywhere, |point| bell_distance(point, side) < halo);
        self.fill(BODY, everywhere, |point| bell_distance(point, side) < 0.0);
        let clapper = at(side * 0.5, side * 0.855);
        let radius = side * 0.105;
        let area = Area::around(clapper, radius + halo);
        self.fill(HALO, area, |point| point.distance(clapper) < radius + halo * 0.8);
        self.fill(CLAPPER, area, |point| point.distance(clapper) < radius);
    }

    fn gap(&self) -> f32 {
        (self.side() / 20.0).max(1.0)
    }

    fn dot(&mut self) {
        let side = self.side();
        let radius = (side * 0.2).max(3.0);
        let center = at(side - radius - side * 0.02, side - radius - side * 0.02);
        let gap = self.gap();
        let area = Area::around(center, radius + gap);
        self.erase(area, |point| point.distance(center) < radius + gap);
        self.fill(ACCENT, area, |point| point.distance(center) < radius);
    }

    fn exclamation(&mut self) {
        let side = self.side();
        let radius = (side * 0.22).max(4.0);
        let center = if self.size < GRID_BELOW { at(4.0, 4.0) } else { at(radius, radius) };
        let gap = self.gap();
        let area = Area::around(center, radius + gap);
        self.erase(area, |point| point.distance(center) < radius + gap);
        self.fill(AMBER, area, |point| point.distance(center) < radius);
        if self.size < GRID_BELOW {
            self.fill(DARK, area, |point| {
                (3.0..5.0).contains(&point.x) && ((1.0..4.4).contains(&point.y) || (5.3..7.0).contains(&point.y))
            });
        } else {
            let thick = radius * 0.17;
            let (top, waist) = (at(center.x, center.y - radius * 0.55), at(center.x, center.y + radius * 0.12));
            let foot = at(center.x, center.y + radius * 0.56);
            self.fill(DARK, area, |point| point.to_segment(top, waist) < thick || point.distance(foot) < thick * 1.15);
        }
    }

    fn number(&mut self, text: &str) {
        if self.size < GRID_BELOW { self.number_on_grid(text) } else { self.number_in_strokes(text) }
    }

    fn pill(&mut self, width: f32, height: f32) -> Point {
        let side = self.side();
        let (left, top) = (side - width, side - height);
        let radius = height / 2.0;
        let (from, to) = (at(left + radius, top + radius), at(side - radius, top + radius));
        let gap = self.gap();
        let area = Area::between(from, to, radius + gap);
        self.erase(area, |point| point.to_segment(from, to) < radius + gap);
        self.fill(RED, area, |point| point.to_segment(from, to) < radius);
        at(left, top)
    }

    fn number_on_grid(&mut self, text: &str) {
        let count = text.chars().count() as f32;
        let digits = count * 4.0 - 1.0;
        let width = (digits + 4.0).max(9.0).min(self.side());
        let origin = self.pill(width, 9.0);
        let left = (origin.x + (width - digits) / 2.0).round();
        for (index, glyph) in text.chars().enumerate() {
            let rows = grid(glyph);
            let corner = at(left + index as f32 * 4.0, origin.y + 2.0);
            let area = Area::between(corner, at(corner.x + 3.0, corner.y + 5.0), 0.0);
            self.fill(WHITE, area, |point| {
                let (x, y) = (point.x - corner.x, point.y - corner.y);
                (0.0..3.0).contains(&x)
                    && (0.0..5.0).contains(&y)
                    && rows.get(y as usize).is_some_and(|row| row & (0b100 >> (x as u8)) != 0)
            });
        }
    }

    fn number_in_strokes(&mut self, text: &str) {
        let side = self.side();
        let count = text.chars().count() as f32;
        // Small marks need a larger pill to stay legible.
        let share = if self.size < 40 { 0.54 } else { 0.48 };
        let height = (side * share).round();
        let digit = height * if count > 2.0 { 0.5 } else { 0.58 };
        let advance = digit * 0.78;
        let words = advance * (count - 1.0) + digit * 0.56;
        let width = (words + height * 0.46).clamp(height, side);
        let origin = self.pill(width, height);
        let left = origin.x + (width - words) / 2.0;
        let top = origin.y + (height - digit) / 2.0;
        let thick = digit * 0.095 + 0.12;
        for (index, glyph) in text.chars().enumerate() {
            let corner = at(left + index as f32 * advance, top);
            let strokes: Vec<Vec<Point>> = strokes(glyph)
                .into_iter()
                .map(|line| line.into_iter().map(|p| at(corner.x + p.x * digit, corner.y + p.y * digit)).collect())
                .collect();
            let area = Area::between(corner, at(corner.x + digit * 0.56, corner.y + digit), thick + digit * 0.03);
            self.fill(WHITE, area, |point| {
                strokes.iter().any(|line| {
                    line.windows(2).any(|pair| matches!(pair, [from, to] if point.to_segment(*from, *to) < thick))
                })
            });
        }
    }
}

/// Negative inside the bell, else roughly the distance to it, in pixels.
fn bell_distance(point: Point, side: f32) -> f32 {
    let (x, y) = ((point.x / side - 0.5).abs(), point.y / side);
    let knob = at(x, y).distance(at(0.0, 0.135)) - 0.075;
    // The dome narrows towards the top like an ellipse and flares out towards the rim.
    let half = if y < 0.42 {
        let rise = ((0.42 - y) / 0.3).min(1.0);
        0.275 * (1.0 - rise * rise).max(0.0).sqrt()
    } else {
        let fall = ((y - 0.42) / 0.34).clamp(0.0, 1.0);
        0.275 + 0.125 * fall * fall * fall + 0.02 * fall
    };
    let above = 0.12 - y;
    let below = y - 0.74;
    let body = (x - half).max(above).max(below);
    // A rounded rim closes the bell.
    let rim = at(x, y).to_segment(at(0.0, 0.725), at(0.375, 0.725)) - 0.045;
    knob.min(body).min(rim) * side
}

fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// `color` over `pixel`, both straight.
fn over(pixel: &mut Rgba, color: Rgba, cover: f32) {
    let above = f32::from(color[3]) / 255.0 * cover.min(1.0);
    let below = f32::from(pixel[3]) / 255.0 * (1.0 - above);
    let alpha = above + below;
    if alpha <= 0.0 {
        return;
    }
    let mut mixed = [0; 4];
    for ((target, top), bottom) in mixed.iter_mut().zip(color).zip(*pixel) {
        *target = byte((f32::from(top) * above + f32::from(bottom) * below) / alpha);
    }
    mixed[3] = byte(alpha * 255.0);
    *pixel = mixed;
}

/// Three columns, five rows; the leftmost column is the highest bit.
const fn grid(glyph: char) -> [u8; 5] {
    match glyph {
        '0' => [0b111, 0b101, 0b101, 0b101, 0b111],
        '1' => [0b010, 0b110, 0b010, 0b010, 0b111],
        '2' => [0b111, 0b001, 0b111, 0b100, 0b111],
        '3' => [0b111, 0b001, 0b011, 0b001, 0b111],
        '4' => [0b101, 0b101, 0b111, 0b001, 0b001],
        '5' => [0b111, 0b100, 0b111, 0b001, 0b111],
        '6' => [0b111, 0b100, 0b111, 0b101, 0b111],
        '7' => [0b111, 0b001, 0b010, 0b010, 0b010],
        '8' => [0b111, 0b101, 0b111, 0b101, 0b111],
        '9' => [0b111, 0b101, 0b111, 0b001, 0b111],
        _ => [0b000, 0b010, 0b111, 0b010, 0b000],
    }
}

/// Part of an ellipse, degrees clockwise from the right.
fn bow(center: Point, radii: Point, from: f32, to: f32) -> Vec<Point> {
    (0..=14)
        .map(|step| {
            let angle = (from + (to - from) * step as f32 / 14.0).to_radians();
            at(center.x + radii.x * angle.cos(), center.y + radii.y * angle.sin())
        })
        .collect()
}

/// Lines of a digit in a box 0.56 wide and 1 high.
fn strokes(glyph: char) -> Vec<Vec<Point>> {
    match glyph {
        '0' => vec![bow(at(0.28, 0.5), at(0.26, 0.5), 0.0, 360.0)],
        '1' => vec![vec![at(0.1, 0.2), at(0.34, 0.0), at(0.34, 1.0)]],
        '2' => {
            let mut line = bow(at(0.28, 0.27), at(0.26, 0.27), 190.0, 390.0);
            line.extend([at(0.03, 1.0), at(0.56, 1.0)]);
            vec![line]
        }
        '3' => {
            vec![bow(at(0.26, 0.25), at(0.24, 0.25), 200.0, 450.0), bow(at(0.26, 0.74), at(0.28, 0.26), 270.0, 520.0)]
        }
        '4' => vec![vec![at(0.42, 1.0), at(0.42, 0.0), at(0.0, 0.68), at(0.58, 0.68)]],
        '5' => {
            let mut line = vec![at(0.5, 0.0), at(0.1, 0.0), at(0.06, 0.46)];
            line.extend(bow(at(0.27, 0.68), at(0.28, 0.32), 235.0, 510.0));
            vec![line]
        }
        '6' => {
            let mut line = vec![at(0.46, 0.0), at(0.2, 0.28), at(0.05, 0.56)];
            line.extend(bow(at(0.28, 0.69), at(0.26, 0.31), 200.0, 560.0));
            vec![line]
        }
        '7' => vec![vec![at(0.0, 0.0), at(0.55, 0.0), at(0.2, 1.0)]],
        '8' => vec![bow(at(0.28, 0.24), at(0.23, 0.24), 0.0, 360.0), bow(at(0.28, 0.74), at(0.28, 0.26), 0.0, 360.0)],
        '9' => strokes('6')
            .into_iter()
            .map(|line| line.into_iter().map(|point| at(0.56 - point.x, 1.0 - point.y)).collect())
            .collect(),
        _ => vec![vec![at(0.28, 0.24), at(0.28, 0.8)], vec![at(0.0, 0.52), at(0.56, 0.52)]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(image: &[u8], size: usize, x: usize, y: usize) -> [u8; 4] {
        let start = (y * size + x) * 4;
        image[start..start + 4].try_into().unwrap()
    }

    fn badge(mentions: u32, unread: bool, signed_out: bool) -> Badge {
        Badge { mentions, unread, signed_out, dot_hidden: false }
    }

    #[test]
    fn every_size_and_state_has_its_own_pixels() {
        // Larger ones are drawn as 48 is, and take long without optimisation.
        for size in [16_u32, 22, 24, 48] {
            let states = [
                badge(0, false, false),
                badge(0, true, false),
                badge(3, true, false),
                badge(3, true, true),
                badge(42, true, false),
                badge(100, true, false),
                badge(0, false, true),
                badge(0, true, true),
            ];
            let images: Vec<_> = states.iter().map(|state| paint(size, state)).collect();
            for (index, image) in images.iter().enumerate() {
                assert_eq!(image.len(), (size * size * 4) as usize);
                assert!(images.iter().skip(index + 1).all(|other| other != image), "{size}: {index} differs");
            }
        }
    }

    #[test]
    fn the_number_is_red_and_the_exclamation_rides_on_the_other_corner() {
        for size in [16_usize, 22, 24, 32, 48, 128] {
            let image = paint(size as u32, &badge(8, true, true));
            let reds = (0..size * size).filter(|index| pixel(&image, size, index % size, index / size) == RED).count();
            assert!(reds * 20 > size * size / 2, "{size}: {reds} red pixels");
            let white = (0..size * size).filter(|i| pixel(&image, size, i % size, i / size) == WHITE).count();
            assert!(white > 0, "{size}: digits are white");
            let amber = pixel(&image, size, size / 12 + 1, size / 5);
            assert_eq!(amber, AMBER, "{size}");
        }
    }

    #[test]
    fn digits_of_the_smallest_marks_are_whole_pixels() {
        for mentions in [1, 3, 8, 42, 99, 100] {
            let image = paint(16, &badge(mentions, true, false));
            let between = (0..256).map(|index| pixel(&image, 16, index % 16, index / 16)).filter(|pixel| {
                let [red, green, blue, alpha] = *pixel;
                let pink = green > RED[1] && green.abs_diff(blue) < 16 && red.saturating_sub(green) > 8;
                alpha == 255 && pink
            });
            assert_eq!(between.count(), 0, "{mentions}: nothing between the red and the white");
        }
    }

    #[test]
    fn corners_are_clear_without_a_badge() {
        let image = paint(64, &badge(0, false, false));
        for (x, y) in [(0, 0), (63, 0), (0, 63), (63, 63)] {
            assert_eq!(pixel(&image, 64, x, y)[3], 0);
        }
    }
}
