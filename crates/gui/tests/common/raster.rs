//! A small rasterizer on the processor: what a frame looks like, the same on every machine.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::many_single_char_names,
    clippy::float_cmp,
    clippy::iter_over_hash_type,
    reason = "pixels are counted, and triangles have three corners"
)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use egui::epaint::{ImageData, Primitive, Vertex};
use egui::{Color32, Context, FullOutput, TextureId, TexturesDelta, Vec2};
use egui_kittest::TestRenderer;
use image::{Rgba, RgbaImage};

/// Keeps the textures of a harness; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Raster(Rc<RefCell<HashMap<TextureId, Texture>>>);

#[derive(Default)]
struct Texture {
    size: [usize; 2],
    pixels: Vec<Color32>,
}

impl TestRenderer for Raster {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        let mut textures = self.0.borrow_mut();
        for (id, changes) in delta.set.drain() {
            let texture = textures.entry(id).or_default();
            for change in changes {
                let ImageData::Color(image) = &change.image;
                let [x, y] = change.pos.unwrap_or_default();
                if change.pos.is_none() {
                    *texture = Texture { size: image.size, pixels: image.pixels.clone() };
                    continue;
                }
                for (row, line) in image.pixels.chunks(image.size[0].max(1)).enumerate() {
                    let start = (y + row) * texture.size[0] + x;
                    texture.pixels[start..start + line.len()].copy_from_slice(line);
                }
            }
        }
        for id in delta.free.drain() {
            textures.remove(&id);
        }
    }
}

impl Raster {
    /// The last frame, in pixels.
    pub(crate) fn picture(&self, ctx: &Context, output: &FullOutput, size: Vec2, pixels_per_point: f32) -> RgbaImage {
        let (width, height) = ((size.x * pixels_per_point) as u32, (size.y * pixels_per_point) as u32);
        let mut picture = RgbaImage::from_pixel(width, height, Rgba([0, 0, 0, 255]));
        let textures = self.0.borrow();
        for part in ctx.tessellate(output.shapes.clone(), pixels_per_point) {
            let Primitive::Mesh(mesh) = part.primitive else { continue };
            let Some(texture) = textures.get(&mesh.texture_id) else { continue };
            let clip = part.clip_rect * pixels_per_point;
            let bounds = [
                clip.min.x.round().max(0.0) as i64,
                clip.min.y.round().max(0.0) as i64,
                (clip.max.x.round() as i64).min(i64::from(width)),
                (clip.max.y.round() as i64).min(i64::from(height)),
            ];
            for triangle in mesh.indices.chunks_exact(3) {
                let corner = |index: usize| mesh.vertices[triangle[index] as usize];
                fill(&mut picture, texture, bounds, [corner(0), corner(1), corner(2)], pixels_per_point);
            }
        }
        picture
    }
}

/// Twice the area of a triangle, signed.
fn area(a: [f32; 2], b: [f32; 2], c: [f32; 2]) -> f32 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

fn fill(picture: &mut RgbaImage, texture: &Texture, bounds: [i64; 4], corners: [Vertex; 3], scale: f32) {
    let [a, mut b, mut c] = corners;
    let at = |vertex: &Vertex| [vertex.pos.x * scale, vertex.pos.y * scale];
    if area(at(&a), at(&b), at(&c)) < 0.0 {
        std::mem::swap(&mut b, &mut c);
    }
    let (pa, pb, pc) = (at(&a), at(&b), at(&c));
    let whole = area(pa, pb, pc);
    if whole <= 0.0 {
        return;
    }
    // Pixels on an edge that two triangles share belong to one of them only.
    let owns = |p: [f32; 2], q: [f32; 2]| (p[1] == q[1] && q[0] > p[0]) || q[1] < p[1];
    let edges = [(pb, pc, owns(pb, pc)), (pc, pa, owns(pc, pa)), (pa, pb, owns(pa, pb))];
    let inside = |x: i64, y: i64| {
        let p = [x as f32 + 0.5, y as f32 + 0.5];
        edges.iter().all(|(from, to, owned)| {
            let weight = area(*from, *to, p);
            weight > 0.0 || (weight == 0.0 && *owned)
        })
    };
    let least = |n: usize| pa[n].min(pb[n]).min(pc[n]).floor() as i64;
    let most = |n: usize| pa[n].max(pb[n]).max(pc[n]).ceil() as i64;
    let plain = a.uv == b.uv && b.uv == c.uv;
    let flat = plain && a.color == b.color && b.color == c.color;
    let color = |vertex: &Vertex| vertex.color.to_array().map(f32::from);
    let (ca, cb, cc) = (color(&a), color(&b), color(&c));
    let texel = sample(texture, [a.uv.x, a.uv.y]);
    let flat_source: [f32; 4] = std::array::from_fn(|channel| ca[channel] * texel[channel] / 255.0);
    let width = picture.width() as usize;
    for y in least(1).max(bounds[1])..most(1).min(bounds[3]) {
        // The span of the row, by its edges, and then exactly.
        let middle = y as f32 + 0.5;
        let (mut left, mut right) = (least(0) as f32, most(0) as f32);
        for (from, to, _) in &edges {
            let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
            if dy == 0.0 {
                continue;
            }
            let x = from[0] + dx * (middle - from[1]) / dy;
            if dy > 0.0 { right = right.min(x) } else { left = left.max(x) }
        }
        let mut start = (left.floor() as i64 - 1).max(least(0)).max(bounds[0]);
        let mut end = (right.ceil() as i64 + 1).min(most(0)).min(bounds[2]);
        while start < end && !inside(start, y) {
            start += 1;
        }
        while end > start && !inside(end - 1, y) {
            end -= 1;
        }
        if start >= end {
            continue;
        }
        let row = y as usize * width;
        let pixels: &mut [u8] = picture;
        for x in start..end {
            let at = (row + x as usize) * 4;
            let source = if flat {
                flat_source
            } else {
                let p = [x as f32 + 0.5, middle];
                let [wa, wb, wc] = [area(pb, pc, p) / whole, area(pc, pa, p) / whole, area(pa, pb, p) / whole];
                let texel = if plain {
                    texel
                } else {
                    let u = wa * a.uv.x + wb * b.uv.x + wc * c.uv.x;
                    let v = wa * a.uv.y + wb * b.uv.y + wc * c.uv.y;
                    sample(texture, [u, v])
                };
                if texel[3] == 0.0 {
                    continue;
                }
                let mix = |channel: usize| wa * ca[channel] + wb * cb[channel] + wc * cc[channel];
                [
                    mix(0) * texel[0] / 255.0,
                    mix(1) * texel[1] / 255.0,
                    mix(2) * texel[2] / 255.0,
                    mix(3) * texel[3] / 255.0,
                ]
            };
            let rest = 1.0 - source[3] / 255.0;
            for channel in 0..3 {
                let below = if rest > 0.0 { f32::from(pixels[at + channel]) * rest } else { 0.0 };
                pixels[at + channel] = (source[channel] + below + 0.5) as u8;
            }
        }
    }
}

/// Between the four nearest, premultiplied.
fn sample(texture: &Texture, uv: [f32; 2]) -> [f32; 4] {
    let [width, height] = texture.size;
    let (x, y) = (uv[0] * width as f32 - 0.5, uv[1] * height as f32 - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let (right_part, bottom_part) = (x - left, y - top);
    let texel = |x: f32, y: f32| {
        let x = (x.max(0.0) as usize).min(width.saturating_sub(1));
        let y = (y.max(0.0) as usize).min(height.saturating_sub(1));
        texture.pixels[y * width + x].to_array().map(f32::from)
    };
    if right_part == 0.0 && bottom_part == 0.0 {
        return texel(left, top);
    }
    let corners = [texel(left, top), texel(left + 1.0, top), texel(left, top + 1.0), texel(left + 1.0, top + 1.0)];
    std::array::from_fn(|channel| {
        let mix = |a: f32, b: f32, part: f32| a + (b - a) * part;
        let upper = mix(corners[0][channel], corners[1][channel], right_part);
        let lower = mix(corners[2][channel], corners[3][channel], right_part);
        mix(upper, lower, bottom_part)
    })
}
