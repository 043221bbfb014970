//! Replying on a card: what is typed, who has the keyboard, and the field itself.
//!
//! What is typed lives here until it is sent; the engine keeps the card meanwhile, and what could not be sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use belfry_core::command::Command;
use belfry_core::ids::BannerId;
use belfry_core::reply::{ReplyState, ReplyView, Typed};
use belfry_core::view::{BannerView, View};
use egui::{CornerRadius, Event, Galley, Id, Key, Modifiers, Rect, Stroke, StrokeKind, TextEdit, Ui, vec2};

use crate::outbox::Outbox;
use crate::texts::reply as texts;
use crate::theme::{CONTROL_HEIGHT, Palette, RADIUS_CONTROL, Type};
use crate::widgets::{self, Button, Kind, Line};

/// Somebody who types nothing for so long holds the stack no more, seconds: others wait.
const HOLDS_SECS: f64 = 60.0;
/// Rows of the field at most; beyond them it scrolls.
const ROWS: usize = 4;
const FIELD_PADDING: egui::Vec2 = vec2(10.0, 6.0);
const GAP: f32 = 8.0;
/// The largest height that [`Form::height`] gives, points.
pub(super) const TALLEST: f32 = 36.0 + 6.0 + 4.0 * 18.0 + 12.0 + GAP + CONTROL_HEIGHT;

/// Replies that were begun in this face.
#[derive(Debug, Default)]
pub struct Replies {
    drafts: BTreeMap<BannerId, Draft>,
    /// The one that gets what is typed.
    active: Option<BannerId>,
    /// The field is to be given the focus with the next frame.
    focus: bool,
    typed_at: f64,
}

#[derive(Debug, Default)]
struct Draft {
    text: String,
    /// Begun in this face. The others are of the view, which came with them and may take them back.
    ours: bool,
}

impl Replies {
    /// The person wants to reply.
    pub(super) fn begin(&mut self, id: BannerId, time: f64, out: &mut Outbox) {
        out.command(Command::BeginReply(id));
        self.drafts.entry(id).or_default().ours = true;
        self.activate(id, time);
    }

    fn activate(&mut self, id: BannerId, time: f64) {
        self.active = Some(id);
        self.focus = true;
        self.typed_at = time;
    }

    /// Cards that left take their drafts along. A draft that came back with a reason is shown again, by whatever face.
    pub fn adopt(&mut self, view: &View) {
        let banner = |id: BannerId| view.banners.iter().find(|banner| banner.id == id);
        self.drafts.retain(|id, draft| banner(*id).is_some_and(|banner| draft.ours || banner.reply.is_some()));
        self.active = self.active.filter(|id| self.drafts.contains_key(id));
        for banner in &view.banners {
            // Whoever only writes does so here, or nowhere any more.
            if let Some(ReplyView { text, state: ReplyState::Sending | ReplyState::Failed { .. } }) = &banner.reply
                && !self.drafts.contains_key(&banner.id)
            {
                self.drafts.insert(banner.id, Draft { text: text.as_str().to_owned(), ours: false });
            }
        }
    }

    /// The keyboard went elsewhere. A draft stays, an empty field closes.
    pub(crate) fn lost_keyboard(&mut self, ctx: &egui::Context, out: &mut Outbox) {
        let Some(id) = self.active.take() else { return };
        ctx.memory_mut(|memory| memory.surrender_focus(field_id(id)));
        if self.drafts.get(&id).is_none_or(|draft| draft.text.trim().is_empty()) {
            self.end(id, out);
        }
    }

    /// Whether the keyboard is wanted.
    pub(super) fn wants_keyboard(&self) -> bool {
        self.active.is_some()
    }

    /// Whether a field is to be given the focus.
    pub(super) fn begins(&self) -> bool {
        self.focus && self.active.is_some()
    }

    /// For how long the stack is still held by somebody who types, seconds; `None` = it is not.
    pub(super) fn holds_for_secs(&self, time: f64) -> Option<f64> {
        let left = self.typed_at + HOLDS_SECS - time;
        self.active.filter(|_| left > 0.0).map(|_| left)
    }

    fn end(&mut self, id: BannerId, out: &mut Outbox) {
        out.command(Command::EndReply(id));
        self.drafts.remove(&id);
        self.active = self.active.filter(|active| *active != id);
    }

    fn send(&mut self, id: BannerId, out: &mut Outbox) {
        let text = Typed::new(self.drafts.get(&id).map_or("", |draft| draft.text.as_str()));
        if !text.is_blank() {
            out.command(Command::SendReply { banner: id, text });
            self.active = self.active.filter(|active| *active != id);
        }
    }
}

/// Takes Enter from what was typed; with Shift it is a new line and stays.
fn enter_pressed(ui: &Ui) -> bool {
    let is_enter = |event: &Event| matches!(event, Event::Key { key: Key::Enter, pressed: true, modifiers, .. } if !modifiers.shift);
    ui.input_mut(|input| {
        let count = input.events.len();
        input.events.retain(|event| !is_enter(event));
        input.events.len() < count
    })
}

fn field_id(id: BannerId) -> Id {
    Id::unique(("reply", id))
}

/// The form of one card, laid out.
#[derive(Debug)]
pub(super) struct Form {
    reason: Option<Arc<Galley>>,
    sending: bool,
    field: f32,
    width: f32,
}

impl Form {
    /// Lays out the form of a card on which somebody replies; `None` for the others.
    pub(super) fn measure(ui: &Ui, banner: &BannerView, replies: &Replies, width: f32) -> Option<Self> {
        let draft = replies.drafts.get(&banner.id)?;
        let state = banner.reply.as_ref().map(|reply| &reply.state);
        let reason = match state {
            Some(ReplyState::Failed { reason }) => {
                let text = texts::not_sent(reason);
                let color = Palette::of(ui).red;
                Some(widgets::galley(ui.painter(), Line { text: &text, kind: Type::Small, color, width, rows: 2 }))
            }
            Some(ReplyState::Writing | ReplyState::Sending) | None => None,
        };
        let inner = width - 2.0 * FIELD_PADDING.x;
        let laid_out = ui.painter().layout(draft.text.clone(), Type::Body.font(), egui::Color32::PLACEHOLDER, inner);
        let rows = laid_out.rows.len().clamp(1, ROWS) as f32;
        let field = rows * Type::Body.line_height() + 2.0 * FIELD_PADDING.y;
        Some(Self { reason, sending: state == Some(&ReplyState::Sending), field, width })
    }

    /// Points.
    pub(super) fn height(&self) -> f32 {
        let reason = self.reason.as_ref().map_or(0.0, |reason| reason.size().y + 6.0);
        (reason + self.field + GAP + CONTROL_HEIGHT).min(TALLEST)
    }

    /// Draws the form with its upper left corner here.
    pub(super) fn ui(
        &self,
        ui: &mut Ui,
        min: egui::Pos2,
        banner: &BannerView,
        replies: &mut Replies,
        time: f64,
        out: &mut Outbox,
    ) {
        let palette = Palette::of(ui);
        let mut top = min.y;
        if let Some(reason) = &self.reason {
            ui.painter().galley(egui::pos2(min.x, top), Arc::clone(reason), palette.red);
            top += reason.size().y + 6.0;
        }
        let field = Rect::from_min_size(egui::pos2(min.x, top), vec2(self.width, self.field));
        let buttons = Rect::from_min_size(egui::pos2(min.x, field.bottom() + GAP), vec2(self.width, CONTROL_HEIGHT));
        if replies.active == Some(banner.id) && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            replies.end(banner.id, out);
            return;
        }
        let sends = self.field_ui(ui, field, banner, replies, time);
        let layout = egui::UiBuilder::new().max_rect(buttons);
        ui.scope_builder(layout, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                self.buttons_ui(ui, banner, replies, out);
            });
        });
        if sends {
            replies.send(banner.id, out);
        }
        if replies.active != Some(banner.id) {
            // What gets no keys shows no caret.
            ui.memory_mut(|memory| memory.surrender_focus(field_id(banner.id)));
        }
    }

    /// Draws the field; whether Enter was pressed in it.
    fn field_ui(&self, ui: &mut Ui, rect: Rect, banner: &BannerView, replies: &mut Replies, time: f64) -> bool {
        let palette = Palette::of(ui);
        let id = field_id(banner.id);
        let radius = CornerRadius::same(RADIUS_CONTROL);
        let active = replies.active == Some(banner.id);
        if active && std::mem::take(&mut replies.focus) {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        let typing = active && ui.memory(|memory| memory.has_focus(id));
        let sends = typing && enter_pressed(ui);
        let (fill, ink) = if self.sending { (palette.sunk, palette.dim) } else { (palette.surface, palette.text) };
        ui.painter().rect_filled(rect, radius, fill);
        let border = if typing { Stroke::new(1.5, palette.accent) } else { palette.border() };
        ui.painter().rect_stroke(rect, radius, border, StrokeKind::Inside);
        let Some(draft) = replies.drafts.get_mut(&banner.id) else { return false };
        let name = texts::field(banner);
        let inner = rect.shrink2(FIELD_PADDING);
        let edit = TextEdit::multiline(&mut draft.text)
            .id(id)
            .frame(egui::Frame::NONE)
            .margin(0)
            .font(Type::Body.font())
            .text_color(ink)
            .hint_text(egui::RichText::new(&name).font(Type::Body.font()).color(palette.faint))
            .char_limit(Typed::MOST_LETTERS)
            .return_key(Some(egui::KeyboardShortcut::new(Modifiers::SHIFT, Key::Enter)))
            .interactive(!self.sending)
            .desired_width(inner.width())
            .desired_rows(1);
        let shown = ui.scope_builder(egui::UiBuilder::new().max_rect(inner), |ui| {
            egui::ScrollArea::vertical()
                .id_salt(id)
                .max_height(inner.height())
                .scroll_bar_visibility(egui::scroll_area::ScrollBarVisibility::AlwaysHidden)
                .show(ui, |ui| ui.add(edit))
                .inner
        });
        let response = shown.inner.accessible_name(&name);
        if response.changed() {
            replies.typed_at = time;
        }
        if !active && !self.sending && (response.gained_focus() || response.clicked()) {
            replies.activate(banner.id, time);
        }
        sends
    }

    fn buttons_ui(&self, ui: &mut Ui, banner: &BannerView, replies: &mut Replies, out: &mut Outbox) {
        let palette = Palette::of(ui);
        if self.sending {
            ui.add_space(2.0);
            widgets::label(ui, texts::SENDING, Type::Small, palette.faint);
            return;
        }
        let failed = self.reason.is_some();
        let (send, end) = if failed { (texts::TRY_AGAIN, texts::DISCARD) } else { (texts::SEND, texts::CANCEL) };
        if ui.add(Button::new(send, Kind::Primary)).clicked() {
            replies.send(banner.id, out);
        }
        if ui.add(Button::new(end, Kind::Secondary)).clicked() {
            replies.end(banner.id, out);
        } else if !failed {
            ui.add_space(4.0);
            widgets::label_truncated(ui, texts::KEYS, Type::Small, palette.faint);
        }
    }
}
