//! About & test: a test notification with its receipt, how things are, versions, licences.

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::Permission;
use belfry_core::query::{Answer, DoctorLine, Query};
use belfry_core::receipt::{StepState, TestReceipt, TestStep};
use belfry_core::view::{Health, ServerView, View};
use egui::{Sense, Ui, vec2};

use super::find::{Spot, spot};
use crate::bridge::QueryId;
use crate::icons::Icon;
use crate::outbox::Outbox;
use crate::texts::{self, Tone, about as words};
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind};

/// What is linked into the program, a line each: `name version|licence`. Made by `cargo xtask licences`.
const PACKAGES: &str = include_str!("../../../../assets/licences.txt");
/// Height of a line of the list, points.
const LINE: f32 = 20.0;

/// What the page knows.
#[derive(Debug, Default)]
pub(super) struct AboutState {
    pending: Option<QueryId>,
    lines: Option<Vec<DoctorLine>>,
    failed: Option<String>,
    /// The server that is tested.
    server: Option<ServerId>,
    copied: bool,
    packages: bool,
}

impl AboutState {
    pub(super) fn on_answer(&mut self, id: QueryId, answer: Answer) {
        if self.pending != Some(id) {
            return;
        }
        self.pending = None;
        match answer {
            Answer::Doctor(lines) => (self.lines, self.failed) = (Some(lines), None),
            Answer::Failed { message } => self.failed = Some(message),
            _ => {}
        }
    }
}

pub(super) fn ui(ui: &mut Ui, view: &View, state: &mut AboutState, out: &mut Outbox) {
    if state.lines.is_none() && state.failed.is_none() && state.pending.is_none() {
        state.pending = Some(out.query(Query::Doctor));
    }
    widgets::page_scroll(ui, "about", |ui| {
        spot(ui, Spot::Test, |ui| test(ui, view, state, out));
        spot(ui, Spot::Diagnostics, |ui| diagnostics(ui, view, state, out));
        versions(ui, view);
        spot(ui, Spot::Licences, |ui| licences(ui, state));
    });
}

fn test(ui: &mut Ui, view: &View, state: &mut AboutState, out: &mut Outbox) {
    widgets::titled_card(
        ui,
        words::TEST,
        words::TEST_SUB,
        |_| (),
        |ui| {
            let allowed: Vec<&ServerView> =
                view.servers.iter().filter(|server| server.permission == Permission::Allowed).collect();
            let is_there = state.server.filter(|id| allowed.iter().any(|server| server.id == *id));
            let live = allowed.iter().find(|server| server.health == Health::Live).or(allowed.first());
            state.server = is_there.or(live.map(|server| server.id));
            ui.horizontal(|ui| {
                let running = view.test.as_ref().is_some_and(|test| !test.over);
                let reason = match (state.server, running) {
                    (None, _) => Some(words::ALLOW_FIRST),
                    (Some(_), true) => Some(words::UNDER_WAY),
                    (Some(_), false) => None,
                };
                if ui.add(Button::new(words::SEND_TEST, Kind::Primary).disabled(reason)).clicked()
                    && let Some(server) = state.server
                {
                    out.command(Command::SendTest(server));
                }
                if allowed.len() > 1 {
                    let choices: Vec<(ServerId, &str)> =
                        allowed.iter().map(|server| (server.id, server.name.as_str())).collect();
                    if let Some(server) = widgets::select(ui, words::WITH, state.server, &choices, "", 180.0) {
                        state.server = Some(server);
                    }
                }
            });
            if let Some(receipt) = &view.test {
                ui.add_space(12.0);
                receipt_ui(ui, receipt, view);
            }
        },
    );
}

/// Each step with its time, and what to do about one that failed.
fn receipt_ui(ui: &mut Ui, receipt: &TestReceipt, view: &View) {
    let palette = Palette::of(ui);
    if view.servers.len() > 1
        && let Some(server) = view.server(receipt.server)
    {
        widgets::label(ui, &server.name, Type::SmallStrong, palette.dim);
        ui.add_space(4.0);
    }
    let mut failed = false;
    for (step, state) in &receipt.steps {
        let name = step_name(*step);
        let (icon, ink, time) = match state {
            StepState::Done { after_ms } => (Some(Icon::Check), palette.green, words::after(*after_ms)),
            StepState::Waiting if failed || receipt.over => (None, palette.faint, words::NOT_REACHED.to_owned()),
            StepState::Waiting => (None, palette.faint, words::WAITING.to_owned()),
            StepState::Skipped(why) => (None, palette.dim, why.clone()),
            StepState::Failed { .. } => (Some(Icon::Cross), palette.red, String::new()),
        };
        let row = ui.horizontal(|ui| {
            ui.set_min_height(24.0);
            ui.spacing_mut().item_spacing.x = 8.0;
            let (rect, _) = ui.allocate_exact_size(vec2(16.0, 18.0), Sense::hover());
            match icon {
                Some(icon) => icon.paint(ui.painter(), rect.center(), ink),
                None => {
                    ui.painter().circle_stroke(rect.center(), 3.0, egui::Stroke::new(1.5, palette.faint));
                }
            }
            let text = if icon.is_some() { palette.text } else { palette.dim };
            widgets::label(ui, name, Type::Body, text);
            if !time.is_empty() {
                widgets::label(ui, &time, Type::Small, palette.dim);
            }
        });
        row.response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::ListItem, true, texts::listed(&[name, &time]))
        });
        if let StepState::Failed { what, advice } = state {
            failed = true;
            widgets::strip(ui, Tone::Urgent, &texts::sentence(what), &texts::sentence(advice), |_| ());
        }
    }
    if receipt.is_success() {
        let done = receipt.steps.iter().filter_map(|(_, state)| match state {
            StepState::Done { after_ms } => Some(*after_ms),
            _ => None,
        });
        ui.add_space(8.0);
        widgets::strip(ui, Tone::Good, &words::all_well(done.max().unwrap_or(0)), "", |_| ());
    }
}

fn step_name(step: TestStep) -> &'static str {
    match step {
        TestStep::Accepted => words::ACCEPTED,
        TestStep::Received => words::RECEIVED,
        TestStep::Decided => words::DECIDED,
        TestStep::Mapped => words::MAPPED,
        TestStep::Painted => words::PAINTED,
        TestStep::Sounded => words::SOUNDED,
    }
}

fn diagnostics(ui: &mut Ui, view: &View, state: &mut AboutState, out: &mut Outbox) {
    let (mut again, mut copy) = (false, false);
    let (busy, copied) = (state.pending.is_some().then_some(texts::LOADING), state.copied);
    let unknown = state.lines.is_none().then_some(texts::LOADING);
    let aside = |ui: &mut Ui| {
        again = ui.add(Button::new(texts::RUN_AGAIN, Kind::Secondary).disabled(busy)).clicked();
        copy = ui.add(Button::new(words::COPY, Kind::Secondary).disabled(unknown)).clicked();
    };
    widgets::titled_card(ui, words::DIAGNOSTICS, "", aside, |ui| {
        let palette = Palette::of(ui);
        if copied {
            widgets::label(ui, words::COPIED, Type::Small, palette.green);
            ui.add_space(4.0);
        }
        if let Some(message) = &state.failed {
            widgets::label(ui, message, Type::Body, palette.red);
        }
        for line in state.lines.as_deref().unwrap_or_default() {
            ui.add_space(6.0);
            ui.horizontal_top(|ui| {
                let (rect, _) = ui.allocate_exact_size(vec2(16.0, 18.0), Sense::hover());
                let (icon, color) = if line.ok { (Icon::Check, palette.green) } else { (Icon::Cross, palette.amber) };
                icon.paint(ui.painter(), rect.center(), color);
                ui.vertical(|ui| {
                    widgets::label(ui, &line.part, Type::BodyStrong, palette.text);
                    widgets::label(ui, &line.detail, Type::Body, palette.dim);
                });
            });
        }
    });
    if again {
        state.copied = false;
        state.pending = Some(out.query(Query::Doctor));
    }
    if copy {
        state.copied = true;
        let lines = state.lines.as_deref().unwrap_or_default();
        ui.ctx().copy_text(texts::diagnostics(env!("CARGO_PKG_VERSION"), view, lines));
    }
}

fn versions(ui: &mut Ui, view: &View) {
    widgets::titled_card(
        ui,
        words::VERSIONS,
        "",
        |_| (),
        |ui| {
            let palette = Palette::of(ui);
            let ours = texts::version(env!("CARGO_PKG_VERSION"));
            widgets::label(ui, ours, Type::Body, palette.text);
            for server in view.servers.iter().filter(|server| !server.version.is_empty()) {
                ui.add_space(4.0);
                widgets::label(ui, texts::server_version(&server.name, &server.version), Type::Body, palette.dim);
            }
            ui.add_space(4.0);
            widgets::label(ui, texts::NOT_AFFILIATED, Type::Small, palette.dim);
        },
    );
}

fn licences(ui: &mut Ui, state: &mut AboutState) {
    widgets::titled_card(
        ui,
        words::LICENCES,
        words::LICENCES_SUB,
        |_| (),
        |ui| {
            let count = PACKAGES.lines().count();
            let text = if state.packages { words::HIDE_LICENCES } else { words::SHOW_LICENCES };
            ui.horizontal(|ui| {
                if ui.add(Button::new(text, Kind::Secondary)).clicked() {
                    state.packages = !state.packages;
                }
                widgets::label(ui, words::packages(count), Type::Small, Palette::of(ui).dim);
            });
            if !state.packages {
                return;
            }
            ui.add_space(10.0);
            let lines: Vec<&str> = PACKAGES.lines().collect();
            ui.spacing_mut().item_spacing.y = 0.0;
            let height = LINE * 12.0;
            let area = egui::ScrollArea::vertical().id_salt("packages").max_height(height).min_scrolled_height(height);
            let area = area.auto_shrink(false);
            area.show_rows(ui, LINE, count, |ui, range| {
                for line in lines.get(range).unwrap_or_default() {
                    let (package, licence) = line.split_once('|').unwrap_or((line, ""));
                    let palette = Palette::of(ui);
                    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
                    let name = texts::listed(&[package, licence]);
                    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ListItem, true, &name));
                    let part = |text, color, width| widgets::Line { text, kind: Type::Small, color, width, rows: 1 };
                    let half = rect.width() * 0.5;
                    let left = widgets::galley(ui.painter(), part(package, palette.text, half - 12.0));
                    let right = widgets::galley(ui.painter(), part(licence, palette.dim, half - 12.0));
                    ui.painter().galley(rect.min, left, palette.text);
                    ui.painter().galley(rect.min + vec2(half, 0.0), right, palette.dim);
                }
            });
        },
    );
}
