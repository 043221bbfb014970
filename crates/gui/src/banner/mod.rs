//! The banners face: the stack of cards in a corner of the work area.
//!
//! The window is as large as the largest stack and shaped to the cards that are there, so its gaps show the desktop and
//! let clicks through, with a compositor or without. It never takes the focus.

mod card;
mod motion;
mod placement;
mod reply;
mod stack;

use std::sync::Arc;
use std::time::Duration;

use belfry_core::command::{Command, Place};
use belfry_core::signal::Signal;
use belfry_core::view::View;
use belfry_net::clock;
use egui::emath::GuiRounding as _;
use egui::{Pos2, Rect, Sense, Ui, ViewportCommand, WidgetInfo, pos2, vec2};

pub use card::{CardState, ui as card_ui};
pub use placement::{MARGIN, PixelRect, WIDTH, stack_height, window_rect};
pub use reply::Replies;
pub use stack::Stack;

use crate::bridge::{Bridge, News};
use crate::face::limit_textures;
use crate::outbox::Outbox;
use crate::pictures::Pictures;
use crate::shell::Shell;
use crate::theme::{self, Palette, Type};
use crate::{texts, widgets};

/// The face ends this long after the last card, seconds.
const LINGER_SECS: f64 = 30.0;
/// Frames while something moves, seconds between them.
const FRAME_SECS: f32 = 1.0 / 60.0;
/// The line of remaining time moves in steps no shorter than this, seconds.
const LINE_STEP_SECS: f32 = 0.1;
/// A frame that holds the face up for longer is told of in the log, seconds.
const SLOW_FRAME_SECS: f32 = 0.05;
/// The first frames make textures and read fonts.
const WARM_UP_FRAMES: u64 = 10;
const PILL_HEIGHT: f32 = 28.0;
/// How often the place of cards that stay is looked after, seconds.
const PLACED_EVERY_SECS: f64 = 1.0;
/// Cards that draw nothing by themselves are looked after as often as this, seconds.
const LOOK_AFTER_SECS: f32 = 5.0;
/// Frames of a wrong size are kept from the screen; where the right one never comes, something is better than nothing.
const OUTGROWN: u8 = 20;
/// A pointer found over the stack within this time did not come on purpose, seconds.
const APPEARING_SECS: f64 = 0.3;

/// What the face remembers between frames; the truth is in the view.
#[derive(Debug, Default)]
pub struct BannersState {
    /// The cards and how they move.
    pub stack: Stack,
    hovered: bool,
    /// When the stack began, seconds; `None` while it is empty.
    began: Option<f64>,
    /// Where the pointer lay when the stack appeared under it: that is no wish to keep the cards.
    resting: Option<Pos2>,
    /// Pictures of people.
    pub pictures: Pictures,
    /// Replies that are being written.
    pub replies: Replies,
    /// Which card shows its further actions.
    more_open: Option<belfry_core::ids::BannerId>,
}

impl BannersState {
    /// The pointer, unless it has not moved since the stack appeared under it.
    fn pointer(&mut self, at: Option<Pos2>, time: f64) -> Option<Pos2> {
        if self.stack.is_empty() {
            (self.began, self.resting) = (None, None);
            return at;
        }
        let began = *self.began.get_or_insert(time);
        if !self.hovered && self.resting.is_none() && time - began < APPEARING_SECS {
            self.resting = at;
        }
        let moved = |rest: Pos2| at.is_none_or(|at| at.distance(rest) > 3.0);
        if self.resting.is_some_and(moved) {
            self.resting = None;
            self.began = Some(time - APPEARING_SECS);
        }
        at.filter(|_| self.resting.is_none())
    }
}

/// How the stack is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The newest view.
    pub view: &'a View,
    /// Wall clock, Unix milliseconds.
    pub now_ms: i64,
    /// Seconds on a clock that never goes back.
    pub time: f64,
    /// Something composes the screen: corners are round and fading works.
    pub composited: bool,
    /// The window can be given the keyboard, so that replies can be typed.
    pub can_type: bool,
}

/// What was drawn.
#[derive(Debug, Default)]
pub struct Drawn {
    /// Where something can be seen, points: the shape of the window.
    pub shape: Vec<Rect>,
    /// When the next frame is due, seconds; `None` = nothing moves.
    pub next_frame_secs: Option<f32>,
    /// A field waits for the next frame to get what is typed.
    pub begins_typing: bool,
    /// Somebody wants to type into the stack.
    pub wants_keyboard: bool,
}

/// Draws the stack into `ui`'s whole area.
pub fn ui(ui: &mut Ui, scene: &Scene<'_>, state: &mut BannersState, out: &mut Outbox) -> Drawn {
    let Scene { view, now_ms, time, composited, can_type } = *scene;
    state.pictures.begin(ui.ctx(), time);
    let area = ui.max_rect();
    let scale = ui.pixels_per_point();
    let pointer = state.pointer(ui.input(|input| input.pointer.hover_pos()), time);
    let top_down = placement::is_top(view.prefs.banner.corner);
    let motion = motion::Motion { moves: !view.prefs.reduce_motion, fades: composited && !view.prefs.reduce_motion };

    // The pill stands at the far end of the stack; the nearest card touches the corner.
    let spare = PILL_HEIGHT + placement::GAP;
    let cards = if top_down { area.with_max_y(area.bottom() - spare) } else { area.with_min_y(area.top() + spare) };

    // Heights depend on which card is under the pointer, and that on where the cards are: last frame's places decide.
    let hovered_card = pointer.and_then(|at| state.stack.at(at, cards, time));
    let looks: Vec<card::Look> = state
        .stack
        .cards()
        .map(|card| {
            let id = card.banner.id;
            let open = hovered_card == Some(id);
            if !open && state.more_open == Some(id) {
                state.more_open = None;
            }
            let under = card::Under { open, more: state.more_open == Some(id), can_reply: can_type };
            card::Look::measure(ui, view, &card.banner, now_ms, under, &state.replies)
        })
        .collect();
    let heights: Vec<f32> = looks.iter().map(|look| look.height).collect();
    let hidden = state.stack.arrange(&heights, cards.height(), top_down, time, motion);

    let mut drawn = Drawn::default();
    let frozen = state.stack.line_time(time);
    let places: Vec<stack::Place> = state.stack.places(cards, time, motion);
    let mut lowest = if top_down { area.top() } else { area.bottom() };
    for (look, place) in looks.iter().zip(&places) {
        let Some(rect) = place.rect.map(|rect| rect.round_to_pixels(scale)) else { continue };
        let card_state = CardState {
            opacity: place.opacity,
            round: composited,
            remaining: state.stack.remaining(place.id, frozen),
            leaving: place.leaving,
        };
        ui.push_id(place.id, |ui| {
            let mut memory = card::Memory {
                more_open: &mut state.more_open,
                pictures: &mut state.pictures,
                replies: &mut state.replies,
                time,
            };
            card::ui(ui, rect, look, card_state, &mut memory, out);
        });
        drawn.shape.push(rect);
        if !place.leaving {
            lowest = if top_down { lowest.max(rect.bottom()) } else { lowest.min(rect.top()) };
            if place.opacity > 0.0 {
                state.stack.was_painted(place.id);
            }
        }
    }
    let waiting = view.banners_waiting.saturating_add(hidden);
    if waiting > 0 && !drawn.shape.is_empty() {
        let top = if top_down { lowest + placement::GAP } else { lowest - placement::GAP - PILL_HEIGHT };
        drawn.shape.push(pill(ui, area, top, waiting, composited, out));
    }

    let typing = state.replies.holds_for_secs(time).filter(|_| !state.stack.is_empty());
    let hovered = typing.is_some() || pointer.is_some_and(|at| drawn.shape.iter().any(|rect| rect.contains(at)));
    if hovered != state.hovered {
        state.hovered = hovered;
        state.stack.hover(hovered, time);
        out.signal(Signal::BannersHovered(hovered));
    }
    state.pictures.end(out);
    drawn.begins_typing = state.replies.begins();
    drawn.wants_keyboard = state.replies.wants_keyboard();
    drawn.next_frame_secs = next_frame(state, view, time, now_ms);
    if let Some(left) = typing {
        let left = left as f32;
        drawn.next_frame_secs = Some(drawn.next_frame_secs.map_or(left, |secs| secs.min(left)));
    }
    drawn
}

fn next_frame(state: &BannersState, view: &View, time: f64, now_ms: i64) -> Option<f32> {
    if state.stack.is_moving(time) {
        return Some(FRAME_SECS);
    }
    let line = (!state.stack.is_frozen())
        .then(|| state.stack.line_step_secs(WIDTH, time))
        .flatten()
        .map(|step| step.max(if view.prefs.reduce_motion { 1.0 } else { LINE_STEP_SECS }));
    let label = state
        .stack
        .cards()
        .map(|card| texts::ago_changes_in_ms(now_ms, card.banner.at_ms))
        .min()
        .map(|ms| Duration::from_millis(ms).as_secs_f32().max(1.0));
    match (line, label) {
        (Some(line), Some(label)) => Some(line.min(label)),
        (line, label) => line.or(label),
    }
}

fn pill(ui: &mut Ui, area: Rect, top: f32, waiting: u32, round: bool, out: &mut Outbox) -> Rect {
    let palette = Palette::of(ui);
    let text = texts::waiting(waiting);
    let words = ui.painter().layout_no_wrap(text.clone(), Type::Small.font(), palette.dim);
    let size = vec2(words.size().x + 26.0, PILL_HEIGHT);
    let rect = Rect::from_min_size(pos2(area.right() - size.x, top), size).round_to_pixels(ui.pixels_per_point());
    let response = ui.interact(rect, ui.scope_id().with("waiting"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Button, true, &text));
    let fill = if response.hovered() { palette.step(palette.surface) } else { palette.surface };
    let radius = if round { PILL_HEIGHT / 2.0 } else { 0.0 };
    ui.painter().rect_filled(rect, radius, fill);
    ui.painter().rect_stroke(rect, radius, palette.border(), egui::StrokeKind::Inside);
    ui.painter().galley(rect.center() - words.size() / 2.0, words, palette.dim);
    widgets::focus_ring(ui, &response, rect, 14);
    if response.clicked() {
        out.command(Command::ShowPlace(Place::Activity));
    }
    rect
}

/// Seconds of this process's clock, for motion.
fn seconds() -> f64 {
    clock::process().mono().0 as f64 / 1000.0
}

/// The stack as an eframe application.
pub(crate) struct BannersFace {
    bridge: Bridge,
    shell: Shell,
    view: Option<Arc<View>>,
    state: BannersState,
    out: Outbox,
    composited: bool,
    /// Seconds since when there is no card.
    empty_since: Option<f64>,
    placed: Option<PixelRect>,
    /// When its place was last looked after, seconds.
    placed_at: f64,
    frames: u64,
    /// Width and height of the window in the last frame, pixels.
    drawn_size: Option<(i32, i32)>,
    /// Frames in a row that were drawn in another size than the window has by now.
    outgrown: u8,
    /// A frame was asked for although the window counts as hidden, and did not come yet.
    asked_to_paint: bool,
    /// The pointer or a key reached the window and was not answered yet.
    reached: bool,
    keyboard: Keyboard,
    /// Whether this desktop lets the window have the keyboard at all.
    can_type: bool,
}

/// Who has the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keyboard {
    /// Somebody else.
    Theirs,
    /// It was taken; nothing has come of it yet.
    Asked,
    /// We.
    Ours,
}

impl BannersFace {
    pub(crate) fn new(ctx: &egui::Context, bridge: Bridge, shell: Shell) -> Self {
        theme::install(ctx, theme::Fallback::System);
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        bridge.wake(ctx);
        let composited = shell.is_composited();
        shell.set_shape(&[]);
        Self {
            bridge,
            shell,
            view: None,
            state: BannersState::default(),
            out: Outbox::default(),
            composited,
            empty_since: None,
            placed: None,
            placed_at: 0.0,
            frames: 0,
            drawn_size: None,
            outgrown: 0,
            asked_to_paint: false,
            reached: false,
            keyboard: Keyboard::Theirs,
            // A Wayland session gives the keyboard to windows that it manages, and this is none.
            can_type: std::env::var_os("WAYLAND_DISPLAY").is_none_or(|name| name.is_empty()),
        }
    }

    /// Takes the keyboard where a reply was begun, and gives it back to whoever had it.
    fn mind_keyboard(&mut self, ctx: &egui::Context, wanted: bool) {
        let focused = ctx.input(|input| input.viewport().focused) == Some(true);
        self.keyboard = match (self.keyboard, wanted) {
            (Keyboard::Theirs, false) => return,
            (Keyboard::Theirs, true) => {
                self.shell.take_keyboard();
                Keyboard::Asked
            }
            (Keyboard::Asked | Keyboard::Ours, false) => {
                self.shell.give_keyboard_back();
                Keyboard::Theirs
            }
            (Keyboard::Ours, true) if !focused => {
                // The person chose another window: nothing is to be given back.
                self.state.replies.lost_keyboard(ctx, &mut self.out);
                Keyboard::Theirs
            }
            (Keyboard::Asked, true) if focused => Keyboard::Ours,
            (same @ (Keyboard::Asked | Keyboard::Ours), true) => same,
        };
    }

    fn adopt(&mut self, ctx: &egui::Context, view: Arc<View>, time: f64) {
        theme::choose(ctx, view.prefs.theme);
        let new = self.state.stack.adopt(&view, time);
        self.state.replies.adopt(&view);
        if new {
            // Compositors come and go while Belfry runs.
            self.composited = self.shell.is_composited();
            self.place(ctx, &view, time);
            self.shell.raise();
            if ctx.input(|input| input.viewport().visible()) == Some(false) {
                // Something covered the one pixel that is left of an empty stack.
                ctx.send_viewport_cmd(ViewportCommand::RequestPaintWhileHidden);
            }
        }
        self.view = Some(view);
    }

    /// A window that counts as covered is not drawn of itself, but a card that is gone would stay in its shape. And a
    /// frame of the size before the last move may put every card outside the window, which then counts as covered.
    fn paint_if_hidden(&mut self, ctx: &egui::Context, time: f64) {
        let stack = &self.state.stack;
        let misplaced = !stack.is_empty() && self.placed.map(|rect| (rect.width, rect.height)) != self.drawn_size;
        let must = stack.is_leaving() || stack.is_moving(time) || self.reached || misplaced;
        if must && !self.asked_to_paint && ctx.input(|input| input.viewport().visible()) == Some(false) {
            ctx.send_viewport_cmd(ViewportCommand::RequestPaintWhileHidden);
            self.asked_to_paint = true;
        }
    }

    /// Moves the window to its corner: work areas and scales change while Belfry runs.
    fn place(&mut self, ctx: &egui::Context, view: &View, time: f64) {
        self.placed_at = time;
        let prefs = &view.prefs.banner;
        let rect =
            window_rect(self.shell.work_area(&prefs.display), prefs.max_shown, ctx.pixels_per_point(), prefs.corner);
        if self.placed != Some(rect) {
            self.shell.place(rect);
            self.placed = Some(rect);
        }
    }
}

impl eframe::App for BannersFace {
    fn raw_input_hook(&mut self, _ctx: &egui::Context, input: &mut egui::RawInput) {
        limit_textures(input);
        self.reached = !input.events.is_empty();
    }

    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        if let Some(secs) =
            frame.info().cpu_usage.filter(|secs| *secs > SLOW_FRAME_SECS && self.frames > WARM_UP_FRAMES)
        {
            tracing::warn!(secs, "a frame of the banners took long");
        }
        // The frame before this one is on the screen by now.
        for (banner, version) in self.state.stack.take_presented() {
            self.bridge.send(crate::bridge::Up::Signal(Signal::BannerPresented { banner, version }));
        }
        let time = seconds();
        let News { view, answers, raise: _, closed } = self.bridge.take();
        for (id, answer) in answers {
            // Nothing else is asked for here.
            self.state.pictures.on_answer(id, answer);
        }
        if let Some(view) = view {
            self.adopt(ctx, view, time);
        }
        if !self.state.stack.is_empty()
            && time - self.placed_at >= PLACED_EVERY_SECS
            && let Some(view) = self.view.clone()
        {
            // Nobody tells of a display that was unplugged; frames come anyway while time runs.
            self.place(ctx, &view, time);
        }
        self.paint_if_hidden(ctx, time);
        let empty = self.state.stack.is_empty();
        let since = *self.empty_since.get_or_insert(time);
        if !empty {
            self.empty_since = None;
        }
        if closed || (empty && time - since >= LINGER_SECS) {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        } else if empty {
            ctx.request_repaint_after_secs((LINGER_SECS - (time - since)).max(0.05) as f32);
        } else {
            // A card without a time to leave draws nothing by itself, and its display may be unplugged.
            ctx.request_repaint_after_secs(LOOK_AFTER_SECS);
        }
    }

    fn ui(&mut self, root: &mut Ui, _frame: &mut eframe::Frame) {
        self.frames += 1;
        self.asked_to_paint = false;
        let Some(view) = self.view.clone() else { return };
        let scene = Scene {
            view: &view,
            now_ms: clock::wall_ms(),
            time: seconds(),
            composited: self.composited,
            can_type: self.can_type,
        };
        let drawn = ui(root, &scene, &mut self.state, &mut self.out);
        self.mind_keyboard(root.ctx(), drawn.wants_keyboard);
        let scale = root.ctx().pixels_per_point();
        let whole = placement::to_pixels(root.max_rect(), scale);
        self.drawn_size = Some((whole.width, whole.height));
        let shape: Vec<PixelRect> = drawn.shape.iter().map(|rect| placement::to_pixels(*rect, scale)).collect();
        let near = |one: i32, other: i32| one.abs_diff(other) <= 1;
        let fits = self.placed.is_none_or(|to| near(to.width, whole.width) && near(to.height, whole.height));
        if fits || self.outgrown == OUTGROWN {
            self.outgrown = 0;
            self.shell.set_shape(&shape);
        } else {
            // The window was moved after this frame had its size: in the new one, everything would stand elsewhere.
            self.outgrown += 1;
            self.state.stack.was_not_painted();
            self.shell.set_shape(&[]);
            root.ctx().request_repaint();
        }
        for up in self.out.take() {
            self.bridge.send(up);
        }
        if self.state.stack.has_unpresented() || drawn.begins_typing {
            root.ctx().request_repaint();
        } else if let Some(secs) = drawn.next_frame_secs {
            root.ctx().request_repaint_after_secs(secs);
        }
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        [0.0; 4]
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        if self.keyboard != Keyboard::Theirs {
            self.shell.give_keyboard_back();
        }
        tracing::debug!(frames_drawn = self.frames, "banners face ends");
    }
}
