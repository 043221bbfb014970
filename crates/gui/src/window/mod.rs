//! The main window: navigation on the left, one page on the right, the permission prompt above both.

mod about;
mod activity;
mod navigation;
mod permission;
mod servers;
mod why;

use std::sync::Arc;
use std::time::Duration;

use belfry_agent::control::protocol::Page as AgentPage;
use belfry_agent::mark;
use belfry_core::badge::Badge;
use belfry_core::query::Answer;
use belfry_core::view::View;
use egui::{CentralPanel, CornerRadius, Frame, Id, Panel, Ui, ViewportCommand};

pub use activity::{ActivityModel, ActivityState};
pub use servers::{ServersModel, ServersState};

use crate::bridge::{Bridge, News, QueryId};
use crate::outbox::Outbox;
use crate::pictures::Pictures;
use crate::texts;
use crate::theme::{self, NAVIGATION_WIDTH, PAGE_PADDING, Palette, Type};
use crate::widgets::{self, Button, Kind};

/// Pages of the window that exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// What arrived and what became of it.
    #[default]
    Activity,
    /// The list of servers.
    Servers,
    /// Version, licences, test, diagnostics.
    About,
}

/// Everything that belongs to the window and to nobody else: pages, drafts, selections.
#[derive(Debug, Default)]
pub struct WindowState {
    /// Which page is open.
    pub page: Page,
    /// The Activity page.
    pub activity: ActivityState,
    /// The Servers page.
    pub servers: ServersState,
    about: about::AboutState,
    /// Pictures of people.
    pub pictures: Pictures,
}

impl WindowState {
    /// Hands an answer to the page that asked.
    pub fn on_answer(&mut self, id: QueryId, answer: Answer) {
        let Some(answer) = self.pictures.on_answer(id, answer) else { return };
        let Some(answer) = self.activity.on_answer(id, answer) else { return };
        let Some(answer) = self.servers.on_answer(id, answer) else { return };
        // An answer that no page waits for any more is of no use.
        self.about.on_answer(id, answer);
    }

    fn turn_to(&mut self, page: AgentPage) {
        self.page = match page {
            AgentPage::Activity => Page::Activity,
            AgentPage::Servers => Page::Servers,
            AgentPage::SignIn(server) => {
                self.servers.wants_sign_in(server);
                Page::Servers
            }
        };
    }
}

/// Draws the whole window. `now_ms` is the wall clock in Unix milliseconds.
pub fn ui(ui: &mut Ui, view: &View, now_ms: i64, state: &mut WindowState, out: &mut Outbox) {
    state.pictures.begin(ui.ctx(), ui.input(|input| input.time));
    let palette = Palette::of(ui);
    let side = Frame::new().fill(palette.sunk);
    Panel::left("navigation")
        .exact_size(NAVIGATION_WIDTH)
        .resizable(false)
        .frame(side)
        .show_separator_line(false)
        .show(ui, |ui| match navigation::ui(ui, view, state.page) {
            Some(navigation::Target::Page(page)) => state.page = page,
            Some(navigation::Target::Unread) => {
                state.page = Page::Servers;
                state.servers.list_unread(&view.servers);
            }
            None => {}
        });
    CentralPanel::default_margins().frame(Frame::new().fill(palette.bg).inner_margin(PAGE_PADDING)).show(ui, |ui| {
        ui.set_max_width(theme::CONTENT_MAX_WIDTH.min(ui.available_width()));
        match state.page {
            Page::Activity => {
                let model = ActivityModel { servers: &view.servers, revision: view.activity_revision, now_ms };
                page_head(ui, texts::ACTIVITY, texts::ACTIVITY_SUB);
                notices(ui, view, now_ms, out);
                if view.servers.is_empty() {
                    if empty(ui, texts::NO_SERVERS, texts::NO_SERVERS_HINT, Some(texts::ADD_SERVER)) {
                        state.page = Page::Servers;
                        state.servers.begin_adding();
                    }
                } else {
                    activity::ui(ui, &model, &mut state.activity, &mut state.pictures, out);
                }
            }
            Page::Servers => {
                let model = ServersModel { servers: &view.servers, prefs: &view.prefs.servers, now_ms };
                let notices = |ui: &mut Ui, out: &mut Outbox| notices(ui, view, now_ms, out);
                servers::ui(ui, &model, &mut state.servers, &mut state.pictures, out, notices);
            }
            Page::About => {
                page_head(ui, texts::ABOUT_TITLE, texts::NOT_AFFILIATED);
                notices(ui, view, now_ms, out);
                about::ui(ui, &view.servers, &mut state.about, out);
            }
        }
    });
    state.pictures.end(out);
    let asked = view.permission_prompts.first().and_then(|id| view.server(*id));
    if let Some(server) = asked.filter(|_| !state.servers.is_dialog_open()) {
        permission::ui(ui, server, out);
    }
}

/// Title and subtitle of a page.
fn page_head(ui: &mut Ui, title: &str, sub: &str) {
    let palette = Palette::of(ui);
    let heading = widgets::label(ui, title, Type::PageTitle, palette.text);
    ui.ctx().accesskit_node_builder(heading.id, |node| node.set_role(egui::accesskit::Role::Heading));
    ui.add_space(4.0);
    widgets::label_truncated(ui, sub, Type::Body, palette.dim);
    ui.add_space(16.0);
}

/// Trouble that lasts, and the pause: quiet strips above the content.
fn notices(ui: &mut Ui, view: &View, now_ms: i64, out: &mut Outbox) {
    let palette = Palette::of(ui);
    let strip = Frame::new()
        .fill(palette.amber_soft)
        .corner_radius(CornerRadius::same(theme::RADIUS_CONTROL))
        .inner_margin(egui::Margin::symmetric(12, 8));
    if let Some(until_ms) = view.paused_until_ms {
        strip.show(ui, |ui| {
            ui.horizontal(|ui| {
                widgets::label(ui, texts::paused(now_ms, until_ms), Type::BodyStrong, palette.amber);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if ui.add(Button::new(texts::RESUME, Kind::Secondary)).clicked() {
                        out.command(belfry_core::command::Command::Resume);
                    }
                });
            });
        });
        ui.add_space(theme::CARD_GAP);
        ui.ctx().request_repaint_after(Duration::from_secs(30));
    }
    for problem in view.problems.iter().take(3) {
        strip.show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            widgets::label(ui, &problem.what, Type::BodyStrong, palette.amber);
            if !problem.advice.is_empty() {
                widgets::label(ui, &problem.advice, Type::Body, palette.text);
            }
        });
        ui.add_space(8.0);
    }
}

/// An empty page that says what to do; returns whether its button was pressed.
fn empty(ui: &mut Ui, title: &str, hint: &str, button: Option<&str>) -> bool {
    let palette = Palette::of(ui);
    let mut pressed = false;
    widgets::card(ui).inner_margin(egui::Margin::symmetric(24, 28)).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        widgets::label(ui, title, Type::CardTitle, palette.text);
        ui.add_space(4.0);
        widgets::label(ui, hint, Type::Body, palette.dim);
        if let Some(button) = button {
            ui.add_space(14.0);
            pressed = ui.add(Button::new(button, Kind::Primary)).clicked();
        }
    });
    pressed
}

/// The window as an eframe application.
pub(crate) struct WindowFace {
    bridge: Bridge,
    view: Option<Arc<View>>,
    state: WindowState,
    out: Outbox,
    /// What the title and icon show.
    shown_badge: Option<Badge>,
    frames: u64,
}

impl WindowFace {
    pub(crate) fn new(ctx: &egui::Context, bridge: Bridge) -> Self {
        theme::install(ctx, theme::Fallback::System);
        bridge.wake(ctx);
        Self { bridge, view: None, state: WindowState::default(), out: Outbox::default(), shown_badge: None, frames: 0 }
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

impl eframe::App for WindowFace {
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
            if let Some(page) = raise.page {
                self.state.turn_to(page);
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
        if let Some(view) = &self.view {
            ui(root, view, belfry_net::clock::wall_ms(), &mut self.state, &mut self.out);
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

/// A stable id for something of ours.
fn id_of(part: &str, key: impl std::hash::Hash + std::fmt::Debug) -> Id {
    Id::unique((part, key))
}
