//! Why? — the rules that were consulted, in sentences, and buttons that change the deciding one.

use belfry_core::activity::{ActivityRow, Decision, DecisionKind, Verdict};
use belfry_core::command::Command;
use belfry_core::decide::reason::Reason;
use belfry_core::prefs::Permission;
use belfry_core::view::ServerView;
use egui::{Align, Layout, ScrollArea, Sense, Ui, vec2};

use crate::icons::Icon;
use crate::outbox::Outbox;
use crate::texts;
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind};

/// What the panel remembers.
#[derive(Debug, Default)]
pub(super) struct WhyState {
    /// How high it was last time, points.
    height: f32,
    /// Rows whose setting was changed here.
    changed: Vec<i64>,
}

impl WhyState {
    /// How much room the panel needs, points.
    pub(super) fn height(&self) -> f32 {
        if self.height > 0.0 { self.height } else { 180.0 }
    }
}

/// Draws the panel; returns whether it stays open, and where it stands.
pub(super) fn ui(
    ui: &mut Ui,
    row: &ActivityRow,
    servers: &[ServerView],
    state: &mut WhyState,
    out: &mut Outbox,
) -> (bool, egui::Rect) {
    let palette = Palette::of(ui);
    let decision = &row.decision;
    let mut keep = true;
    let shown = widgets::card(ui).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            let title = if decision.verdict == Verdict::Notify { texts::WHY_SHOWN } else { texts::WHY_NOT_SHOWN };
            widgets::label(ui, title, Type::BodyStrong, palette.text);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                if widgets::icon_button(ui, Icon::Cross, texts::CLOSE, Kind::Quiet).clicked() {
                    keep = false;
                }
                if let Some(post) = decision.post_id
                    && ui.add(Button::new(texts::OPEN_MESSAGE, Kind::Link)).clicked()
                {
                    out.command(Command::OpenPost { server: decision.server, post });
                }
            });
        });
        // A long trace scrolls: the buttons below it must stay in reach.
        let most = 24.0 * 8.0;
        ScrollArea::vertical().id_salt(("trace", row.row)).max_height(most).auto_shrink([false, true]).show(ui, |ui| {
            trace(ui, decision);
        });
        ui.add_space(8.0);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            if state.changed.contains(&row.row) {
                widgets::label(ui, texts::ASKED, Type::Body, palette.dim);
                return;
            }
            if let Some((text, kind, command)) = remedy(decision, servers)
                && ui.add(Button::new(text, kind)).clicked()
            {
                out.command(command);
                state.changed.push(row.row);
            }
            if !decision.sentence.is_empty() {
                let words = Type::Body.rich(&decision.sentence, palette.dim);
                ui.add(egui::Label::new(words).wrap());
            }
        });
    });
    state.height = shown.response.rect.height();
    (keep, shown.response.rect)
}

/// The rules that let it pass are ticked; the one that decided stands out.
fn trace(ui: &mut Ui, decision: &Decision) {
    let palette = Palette::of(ui);
    for step in &decision.trace {
        let deciding = step.outcome != "continue";
        let icon = if step.outcome == "skip" { Icon::Cross } else { Icon::Check };
        let (kind, color) = if deciding { (Type::BodyStrong, palette.text) } else { (Type::Body, palette.dim) };
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let (rect, _) = ui.allocate_exact_size(vec2(26.0, 24.0), Sense::hover());
            icon.paint(ui.painter(), rect.left_center() + vec2(5.5, 0.0), color);
            ui.vertical(|ui| {
                ui.add_space(3.0);
                widgets::label(ui, &step.detail, kind, color);
                ui.add_space(3.0);
            });
        });
    }
}

/// The button that changes what decided.
fn remedy(decision: &Decision, servers: &[ServerView]) -> Option<(&'static str, Kind, Command)> {
    let server = servers.iter().find(|server| server.id == decision.server)?;
    match (decision.verdict, decision.reason) {
        (Verdict::Skip, Some(Reason::ChannelMuted)) => {
            let channel = decision.channel_id?;
            Some((texts::UNMUTE_CHANNEL, Kind::Primary, Command::SetMuted { server: server.id, channel, muted: false }))
        }
        (Verdict::Skip, Some(Reason::Paused)) => Some((texts::RESUME, Kind::Primary, Command::Resume)),
        (Verdict::Skip, Some(Reason::NotificationsPermissionDisallowed)) => Some((
            texts::ALLOW_NOTIFICATIONS,
            Kind::Primary,
            Command::SetPermission { server: server.id, permission: Permission::Allowed },
        )),
        (Verdict::Skip, _) => None,
        (Verdict::Notify, _) => match (decision.kind, decision.channel_id) {
            (DecisionKind::Post | DecisionKind::Urgent, Some(channel)) => Some((
                texts::MUTE_CHANNEL,
                Kind::Secondary,
                Command::SetMuted { server: server.id, channel, muted: true },
            )),
            _ => None,
        },
    }
}
