//! About & test: version, licences, a test notification, and how things are.

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::Permission;
use belfry_core::query::{Answer, DoctorLine, Query};
use belfry_core::view::ServerView;
use egui::{Sense, Ui, vec2};

use crate::bridge::QueryId;
use crate::icons::Icon;
use crate::outbox::Outbox;
use crate::texts;
use crate::theme::{CARD_GAP, Palette, Type};
use crate::widgets::{self, Button, Kind};

/// What the page knows.
#[derive(Debug, Default)]
pub(super) struct AboutState {
    pending: Option<QueryId>,
    lines: Option<Vec<DoctorLine>>,
    failed: Option<String>,
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
            Answer::Activity { .. }
            | Answer::Discovered(_)
            | Answer::Obstacle(_)
            | Answer::ReachSet
            | Answer::SignedIn
            | Answer::SignedOut { .. }
            | Answer::SignInWays(_)
            | Answer::BrowserOpened { .. }
            | Answer::KeyringMissing { .. }
            | Answer::Done
            | Answer::Pictures(_)
            | Answer::MfaWanted { .. } => {}
        }
    }
}

pub(super) fn ui(ui: &mut Ui, servers: &[ServerView], state: &mut AboutState, out: &mut Outbox) {
    let palette = Palette::of(ui);
    if state.lines.is_none() && state.failed.is_none() && state.pending.is_none() {
        state.pending = Some(out.query(Query::Doctor));
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        widgets::card(ui).show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            let version = format!("{} {}", texts::APP, env!("CARGO_PKG_VERSION"));
            widgets::label(ui, version, Type::CardTitle, palette.text);
            ui.add_space(4.0);
            widgets::label(ui, texts::LICENCES, Type::Body, palette.dim);
            ui.add_space(12.0);
            let allowed = |server: &&ServerView| server.permission == Permission::Allowed;
            let target: Option<ServerId> = servers.iter().find(allowed).map(|server| server.id);
            let reason = target.is_none().then_some("Allow notifications of a server first");
            if ui.add(Button::new(texts::SEND_TEST, Kind::Primary).disabled(reason)).clicked()
                && let Some(server) = target
            {
                out.command(Command::ShowSample(server));
            }
        });
        ui.add_space(CARD_GAP);
        widgets::card(ui).show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            ui.horizontal(|ui| {
                widgets::label(ui, texts::DIAGNOSTICS, Type::CardTitle, palette.text);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let busy = state.pending.is_some().then_some(texts::LOADING);
                    if ui.add(Button::new(texts::RUN_AGAIN, Kind::Secondary).disabled(busy)).clicked() {
                        state.pending = Some(out.query(Query::Doctor));
                    }
                });
            });
            if let Some(message) = &state.failed {
                widgets::label(ui, message, Type::Body, palette.red);
            }
            for line in state.lines.as_deref().unwrap_or_default() {
                ui.add_space(6.0);
                ui.horizontal_top(|ui| {
                    let (rect, _) = ui.allocate_exact_size(vec2(16.0, 18.0), Sense::hover());
                    let (icon, color) =
                        if line.ok { (Icon::Check, palette.green) } else { (Icon::Cross, palette.amber) };
                    icon.paint(ui.painter(), rect.center(), color);
                    ui.vertical(|ui| {
                        widgets::label(ui, &line.part, Type::BodyStrong, palette.text);
                        widgets::label(ui, &line.detail, Type::Body, palette.dim);
                    });
                });
            }
        });
    });
}
