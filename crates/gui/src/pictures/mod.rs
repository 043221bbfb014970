//! Pictures of people and of what they attach: asked of the agent, decoded on a thread of their own.
//!
//! Initials, or a plain field with a sign, are drawn until a picture is ready, and for good where it is none: no frame
//! waits for one. Only what is drawn is asked for.

mod decode;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use belfry_core::query::{Answer, Picture, PictureOf, Query};
use egui::epaint::RectShape;
use egui::{
    Color32, ColorImage, Context, CornerRadius, Rect, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui, pos2,
};

use crate::bridge::QueryId;
use crate::icons::Icon;
use crate::outbox::Outbox;
use crate::theme::{Palette, RADIUS_CONTROL};
use crate::widgets;

/// Pictures held; what was not drawn for the longest time goes first. Each has a few kilobytes.
const HELD: usize = 160;
/// Questions under way at a time, so that one that waits for a slow server does not hold up the next.
const QUESTIONS: usize = 2;
/// Pictures on their way to the decoder.
const JOBS: usize = 64;
/// What has no picture is asked for again after this time, seconds.
const ASK_AGAIN_SECS: f64 = 60.0;
/// A question that was not answered by then was lost, seconds.
const LOST_AFTER_SECS: f64 = 30.0;

/// One picture at one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    of: PictureOf,
    /// Pixels.
    edge: u32,
}

enum State {
    Wanted,
    Asked,
    Decoding,
    Ready(TextureHandle),
    /// Nothing to draw until this time, seconds.
    Nowhere(f64),
}

struct Slot {
    state: State,
    /// The frame that last drew it.
    drawn: u64,
}

struct Question {
    id: QueryId,
    pictures: Vec<PictureOf>,
    asked_at: f64,
}

struct Job {
    key: Key,
    path: String,
}

struct Done {
    key: Key,
    image: Option<ColorImage>,
}

struct Decoder {
    jobs: SyncSender<Job>,
    done: Receiver<Done>,
}

/// The pictures of one face.
#[derive(Default)]
pub struct Pictures {
    slots: BTreeMap<Key, Slot>,
    questions: Vec<Question>,
    /// Files that wait for the next frame.
    found: Vec<(PictureOf, String)>,
    decoder: Option<Decoder>,
    frame: u64,
    /// Seconds of the present frame.
    time: f64,
}

impl std::fmt::Debug for Pictures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pictures").field("held", &self.slots.len()).finish_non_exhaustive()
    }
}

impl Pictures {
    /// Call it before a frame draws. `time` is in seconds, on a clock that never goes back.
    pub fn begin(&mut self, ctx: &Context, time: f64) {
        self.frame += 1;
        self.time = time;
        let done: Vec<Done> = self.decoder.iter().flat_map(|decoder| decoder.done.try_iter()).collect();
        for Done { key, image } in done {
            let Some(slot) = self.slots.get_mut(&key) else { continue };
            slot.state = match image {
                Some(image) => State::Ready(ctx.load_texture("picture", image, TextureOptions::LINEAR)),
                // It stays as it is until the person changes it, which makes it another picture.
                None => State::Nowhere(f64::INFINITY),
            };
        }
        for (of, path) in std::mem::take(&mut self.found) {
            self.decode(ctx, of, &path);
        }
        let (lost, kept) = std::mem::take(&mut self.questions)
            .into_iter()
            .partition(|question: &Question| time - question.asked_at > LOST_AFTER_SECS);
        self.questions = kept;
        for question in lost {
            for of in question.pictures {
                self.settle(of, || State::Wanted);
            }
        }
    }

    /// Draws a person in a circle that fills `rect`: the picture where it is ready, else initials on their colour.
    pub fn paint(&mut self, ui: &Ui, rect: Rect, of: Option<PictureOf>, key: &str, name: &str) {
        let edge = edge(ui, rect);
        let Some(texture) = of.and_then(|of| self.texture(Key { of, edge })) else {
            widgets::avatar(ui.painter(), rect, key, name);
            return;
        };
        let radius = CornerRadius::from(rect.width() / 2.0);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().add(RectShape::filled(rect, radius, Color32::WHITE).with_texture(texture, whole));
        ui.painter().circle_stroke(rect.center(), rect.width() / 2.0 - 0.5, rim(Palette::of(ui)));
    }

    /// Draws what somebody attached in a small square that fills `rect`, cut at its sides: the picture where it is ready,
    /// else a sign on a plain field.
    pub fn paint_attached(&mut self, ui: &Ui, rect: Rect, of: Option<PictureOf>) {
        let palette = Palette::of(ui);
        let radius = CornerRadius::same(RADIUS_CONTROL);
        let edge = edge(ui, rect);
        if let Some(texture) = of.and_then(|of| self.texture(Key { of, edge })) {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().add(RectShape::filled(rect, radius, Color32::WHITE).with_texture(texture, whole));
        } else {
            ui.painter().rect_filled(rect, radius, palette.sunk);
            Icon::Picture.paint(ui.painter(), rect.center(), palette.faint);
        }
        ui.painter().rect_stroke(rect, radius, rim(palette), StrokeKind::Inside);
    }

    /// Call it after a frame was drawn: asks for what it lacked.
    pub fn end(&mut self, out: &mut Outbox) {
        while self.slots.len() > HELD {
            let oldest = self.slots.iter().min_by_key(|(_, slot)| slot.drawn).map(|(key, _)| *key);
            let Some(oldest) = oldest else { break };
            self.slots.remove(&oldest);
        }
        if self.questions.len() >= QUESTIONS {
            return;
        }
        let wanted = |(key, slot): (&Key, &Slot)| matches!(slot.state, State::Wanted).then_some(key.of);
        let mut pictures: Vec<PictureOf> = self.slots.iter().filter_map(wanted).collect();
        pictures.dedup();
        pictures.truncate(PictureOf::MOST);
        if pictures.is_empty() {
            return;
        }
        for of in &pictures {
            self.settle(*of, || State::Asked);
        }
        let id = out.query(Query::Pictures(pictures.clone()));
        self.questions.push(Question { id, pictures, asked_at: self.time });
    }

    /// Takes an answer that was asked for here; gives back any other.
    pub fn on_answer(&mut self, id: QueryId, answer: Answer) -> Option<Answer> {
        let Some(at) = self.questions.iter().position(|question| question.id == id) else { return Some(answer) };
        let question = self.questions.remove(at);
        let again_at = self.time + ASK_AGAIN_SECS;
        // What is not in the answer is asked for again later.
        let mut missing = question.pictures;
        if let Answer::Pictures(pictures) = answer {
            for (of, picture) in pictures {
                missing.retain(|other| *other != of);
                match picture {
                    Picture::File(path) => self.found.push((of, path)),
                    Picture::Coming => self.settle(of, || State::Wanted),
                    Picture::Nowhere => self.settle(of, || State::Nowhere(again_at)),
                }
            }
        }
        for of in missing {
            self.settle(of, || State::Nowhere(again_at));
        }
        None
    }

    /// Whether nothing is asked for and nothing is being decoded.
    pub fn is_settled(&self) -> bool {
        let settled = |slot: &Slot| matches!(slot.state, State::Ready(_) | State::Nowhere(_));
        self.found.is_empty() && self.slots.values().all(settled)
    }

    fn texture(&mut self, key: Key) -> Option<egui::TextureId> {
        let slot = self.slots.entry(key).or_insert(Slot { state: State::Wanted, drawn: 0 });
        slot.drawn = self.frame;
        match &slot.state {
            State::Ready(texture) => return Some(texture.id()),
            State::Nowhere(until) if *until <= self.time => slot.state = State::Wanted,
            State::Nowhere(_) | State::Wanted | State::Asked | State::Decoding => {}
        }
        None
    }

    /// Changes how it stands with a person's picture, at every size that is not on its way to the screen.
    fn settle(&mut self, of: PictureOf, state: impl Fn() -> State) {
        for (_, slot) in self.slots.iter_mut().filter(|(key, _)| key.of == of) {
            if matches!(slot.state, State::Wanted | State::Asked) {
                slot.state = state();
            }
        }
    }

    fn decode(&mut self, ctx: &Context, of: PictureOf, path: &str) {
        let decoder = match &self.decoder {
            Some(decoder) => decoder,
            None => match Decoder::start(ctx.clone()) {
                Ok(decoder) => self.decoder.insert(decoder),
                Err(error) => {
                    tracing::warn!(%error, "pictures cannot be decoded");
                    self.settle(of, || State::Nowhere(f64::INFINITY));
                    return;
                }
            },
        };
        for (key, slot) in self.slots.iter_mut().filter(|(key, _)| key.of == of) {
            if matches!(slot.state, State::Wanted | State::Asked) {
                let job = Job { key: *key, path: path.to_owned() };
                // A full queue: the next frame asks again.
                slot.state = if decoder.jobs.try_send(job).is_ok() { State::Decoding } else { State::Wanted };
            }
        }
    }
}

/// Pixels of a square's edge.
fn edge(ui: &Ui, rect: Rect) -> u32 {
    let edge = (rect.width() * ui.pixels_per_point()).round().clamp(1.0, 512.0) as i32;
    u32::try_from(edge).unwrap_or(1)
}

/// A picture as light or as dark as the card would lose its edge. Everywhere else this is hardly seen.
fn rim(palette: &Palette) -> Stroke {
    Stroke::new(1.0, palette.text.gamma_multiply(0.12))
}

impl Decoder {
    fn start(ctx: Context) -> std::io::Result<Self> {
        let (jobs, todo) = sync_channel::<Job>(JOBS);
        let (finished, done) = sync_channel(JOBS);
        std::thread::Builder::new().name("pictures".to_owned()).spawn(move || {
            while let Ok(Job { key, path }) = todo.recv() {
                // A decoder that trips over a hostile file costs that picture and nothing else.
                let decoded = std::panic::catch_unwind(|| decode::file(path.as_ref(), key.edge));
                let image = match decoded {
                    Ok(Ok(image)) => Some(image),
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "a picture is not drawn");
                        None
                    }
                    Err(_panicked) => None,
                };
                if finished.send(Done { key, image }).is_err() {
                    break;
                }
                ctx.request_repaint();
            }
        })?;
        Ok(Self { jobs, done })
    }
}
