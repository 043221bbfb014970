//! The window as an eframe application.

use std::sync::Arc;

use belfry_agent::mark;
use belfry_core::badge::Badge;
use belfry_core::view::View;
use egui::{CentralPanel, Event, Frame, Key, Ui, ViewportCommand};

use super::WindowState;
use crate::bridge::{Bridge, News};
use crate::face::limit_textures;
use crate::outbox::Outbox;
use crate::texts;
use crate::theme::{self, PAGE_PADDING, Palette, Type};
use crate::widgets;

/// A pause until tomorrow ends at this hour.
const MORNING: i64 = 8;

/// The window as an eframe application.
pub(crate) struct WindowFace {
    bridge: Bridge,
    view: Option<Arc<View>>,
    state: WindowState,
    out: Outbox,
    /// What the title and icon show.
    shown_badge: Option<Badge>,
    frames: u64,
    /// What was typed after a Tab, for the next frames.
    later: Vec<Event>,
}

impl WindowFace {
    pub(crate) fn new(ctx: &egui::Context, bridge: Bridge, displays: Vec<String>) -> Self {
        theme::install(ctx, theme::Fallback::System);
        bridge.wake(ctx);
        let state = WindowState { displays, ..WindowState::default() };
        Self { bridge, view: None, state, out: Outbox::default(), shown_badge: None, frames: 0, later: Vec::new() }
    }

    fn show_badge(&mut self, ctx: &egui::Context, badge: Badge) {
        if self.shown_badge != Some(badge) {
            self.shown_badge = Some(badge);
            ctx.send_viewport_cmd(ViewportCommand::Title(texts::window_title(badge)));
            ctx.send_viewport_cmd(ViewportCommand::Icon(Some(Arc::new(icon(badge)))));
        }
    }
}

/// The window's icon with its badge.
pub(crate) fn icon(badge: Badge) -> egui::IconData {
    const SIZE: u32 = 64;
    egui::IconData { rgba: mark::paint(SIZE, &badge), width: SIZE, height: SIZE }
}

/// Eight o'clock tomorrow, Unix milliseconds.
fn morning_ms() -> Option<i64> {
    let tomorrow = belfry_net::clock::now().wall.tomorrow().ok()?.start_of_day().ok()?;
    Some(tomorrow.timestamp().as_millisecond().saturating_add(MORNING * 3_600_000))
}

/// Leaves a frame what was typed before a Tab, or that Tab alone, and keeps the rest. egui moves the focus once a frame and
/// gives everything typed in it to one field: half a password would be readable in the field before.
fn up_to_tab(events: &mut Vec<Event>, later: &mut Vec<Event>) {
    let is_tab = |event: &Event| matches!(event, Event::Key { key: Key::Tab, pressed: true, .. });
    later.append(events);
    let end = match later.iter().position(is_tab) {
        Some(0) => 1,
        Some(tab) => tab,
        None => later.len(),
    };
    events.extend(later.drain(..end));
}

impl eframe::App for WindowFace {
    fn raw_input_hook(&mut self, ctx: &egui::Context, input: &mut egui::RawInput) {
        limit_textures(input);
        up_to_tab(&mut input.events, &mut self.later);
        if !self.later.is_empty() {
            ctx.request_repaint();
        }
    }

    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let News { view, answers, raise, closed } = self.bridge.take();
        for (id, answer) in answers {
            self.state.on_answer(id, answer);
        }
        if let Some(view) = view {
            theme::choose(ctx, view.prefs.theme);
            let reduce = view.prefs.reduce_motion;
            ctx.all_styles_mut(|style| style.animation_time = if reduce { 0.0 } else { 0.14 });
            self.show_badge(ctx, view.badge);
            self.view = Some(view);
        }
        if let Some(raise) = raise {
            if let Some(place) = raise.place {
                self.state.turn_to(place);
            }
            ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
            ctx.send_viewport_cmd(ViewportCommand::Focus);
        }
        if closed {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    fn ui(&mut self, root: &mut Ui, _frame: &mut eframe::Frame) {
        self.frames += 1;
        self.state.morning_ms = morning_ms();
        if let Some(view) = &self.view {
            super::ui(root, view, belfry_net::clock::wall_ms(), &mut self.state, &mut self.out);
        } else {
            let palette = Palette::of(root);
            CentralPanel::default_margins()
                .frame(Frame::new().fill(palette.bg).inner_margin(PAGE_PADDING))
                .show(root, |ui| widgets::label(ui, texts::CONNECTING, Type::Body, palette.dim));
        }
        for up in self.out.take() {
            self.bridge.send(up);
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        tracing::debug!(frames_drawn = self.frames, "window closed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_around_tab_is_of_different_frames_and_in_order() {
        let tab = Event::Key {
            key: Key::Tab,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: egui::Modifiers::NONE,
        };
        let text = |text: &str| Event::Text(text.to_owned());
        let mut later = Vec::new();
        let mut frames = Vec::new();
        let mut typed = vec![text("morgan"), tab.clone(), text("prac")];
        for more in [vec![text("ti")], vec![text("ce")], Vec::new()] {
            up_to_tab(&mut typed, &mut later);
            frames.push(std::mem::replace(&mut typed, more));
        }
        assert_eq!(frames, [vec![text("morgan")], vec![tab], vec![text("prac"), text("ti"), text("ce")]]);
        assert!(later.is_empty());
    }
}
