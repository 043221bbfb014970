//! Every letter of every page, on what it stands on, in both themes.

use std::collections::BTreeMap;

use egui::epaint::ClippedShape;
use egui::{Color32, Pos2, Rect, Shape, Theme};

use crate::common::raster::Raster;
use crate::common::{built, settle};
use crate::scenes::{self, Scene};

/// WCAG 2.2, 1.4.3: text that is not large.
const LEAST: f64 = 4.5;

/// Something that fills a part of the picture, in the order of painting.
struct Fill {
    order: usize,
    clip: Rect,
    form: Form,
    color: Color32,
}

enum Form {
    Rect(Rect),
    Circle(Pos2, f32),
    Polygon(Vec<Pos2>),
}

impl Fill {
    fn covers(&self, at: Pos2) -> bool {
        self.clip.contains(at)
            && match &self.form {
                Form::Rect(rect) => rect.contains(at),
                Form::Circle(center, radius) => center.distance(at) <= *radius,
                Form::Polygon(points) => is_inside(points, at),
            }
    }
}

/// Even-odd rule.
fn is_inside(points: &[Pos2], at: Pos2) -> bool {
    let edges = points.iter().zip(points.iter().cycle().skip(1));
    let crossed =
        edges.filter(|(a, b)| (a.y > at.y) != (b.y > at.y) && at.x < (b.x - a.x) * (at.y - a.y) / (b.y - a.y) + a.x);
    crossed.count() % 2 == 1
}

/// A letter, where its middle is.
struct Letter {
    order: usize,
    at: Pos2,
    ink: Color32,
    text: String,
}

fn collect(order: usize, clip: Rect, shape: &Shape, fills: &mut Vec<Fill>, letters: &mut Vec<Letter>) {
    let mut fill = |form, color: Color32| {
        if color.a() > 0 {
            fills.push(Fill { order, clip, form, color });
        }
    };
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(order, clip, shape, fills, letters)),
        // A shadow is no ground: what it belongs to is painted over it.
        Shape::Rect(rect) if rect.blur_width > 0.0 => {}
        Shape::Rect(rect) => fill(Form::Rect(rect.rect), rect.fill),
        Shape::Circle(circle) => fill(Form::Circle(circle.center, circle.radius), circle.fill),
        Shape::Path(path) if path.closed => fill(Form::Polygon(path.points.clone()), path.fill),
        Shape::Text(text) => {
            for row in &text.galley.rows {
                for glyph in row.row.glyphs.iter().filter(|glyph| !glyph.uv_rect.is_nothing()) {
                    let own = row.row.visuals.mesh.vertices.get(glyph.first_vertex as usize).unwrap().color;
                    let own = if own == Color32::PLACEHOLDER { text.fallback_color } else { own };
                    let middle = egui::vec2(glyph.advance_width / 2.0, -glyph.font_ascent * 0.35);
                    let at = text.pos + row.pos.to_vec2() + glyph.pos.to_vec2() + middle;
                    if clip.contains(at) {
                        let ink = text.override_text_color.unwrap_or(own);
                        letters.push(Letter { order, at, ink, text: text.galley.text().to_owned() });
                    }
                }
            }
        }
        _ => {}
    }
}

/// Contrast ratio of WCAG 2.2, "relative luminance".
fn contrast(a: Color32, b: Color32) -> f64 {
    let luminance = |color: Color32| {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(color.r()) + 0.7152 * part(color.g()) + 0.0722 * part(color.b())
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// What cannot be read, and how many letters were looked at.
fn unreadable(scene: &Scene, theme: Theme) -> (BTreeMap<String, f64>, usize) {
    let mut harness = built(scene.world(), scene.size, 1.0, theme, &Raster::default());
    settle(&mut harness);
    scene.goes_on(&mut harness);
    settle(&mut harness);
    let (mut fills, mut letters) = (Vec::new(), Vec::new());
    for (order, ClippedShape { clip_rect, shape, .. }) in harness.output().shapes.iter().enumerate() {
        collect(order, *clip_rect, shape, &mut fills, &mut letters);
    }
    let mut found = BTreeMap::new();
    for letter in &letters {
        let over = |fill: &&Fill| fill.covers(letter.at);
        // What a dialog dims or a list hides is not to be read.
        if fills.iter().filter(|fill| fill.order > letter.order).any(|fill| fill.covers(letter.at)) {
            continue;
        }
        let below = fills.iter().filter(|fill| fill.order <= letter.order).filter(over);
        let ground = below.fold(Color32::BLACK, |ground, fill| ground.blend(fill.color));
        let ratio = contrast(ground.blend(letter.ink), ground);
        if ratio < LEAST {
            found.insert(format!("{:?} ({:?} on {ground:?})", letter.text, letter.ink), ratio);
        }
    }
    (found, letters.len())
}

#[test]
fn every_letter_of_every_page_can_be_read_in_both_themes() {
    let mut all = Vec::new();
    for scene in scenes::ALL {
        for theme in [Theme::Light, Theme::Dark] {
            let (found, letters) = unreadable(scene, theme);
            assert!(letters > 100, "{} shows hardly any text", scene.name);
            all.extend(found.into_iter().map(|(text, ratio)| format!("{} {theme:?}: {ratio:.2} {text}", scene.name)));
        }
    }
    assert!(all.is_empty(), "{} texts have too little contrast:\n{}", all.len(), all.join("\n"));
}
