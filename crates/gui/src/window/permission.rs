//! The permission prompt: may this server notify? (product: "Permission prompt")

use belfry_core::command::Command;
use belfry_core::prefs::Permission;
use belfry_core::view::ServerView;
use egui::{Rect, Sense, Ui, vec2};

use crate::icons::Icon;
use crate::outbox::Outbox;
use crate::texts;
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind};

/// Asks for one server. Escape or the cross leaves it undecided until the next start.
pub(super) fn ui(ui: &Ui, server: &ServerView, out: &mut Outbox) {
    let palette = Palette::of(ui);
    let title = texts::permission_title(&server.name);
    let (escaped, mut answer) = widgets::dialog(ui.ctx(), "permission", &title, palette, |ui| {
        let mut answer = None;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 14.0;
            let (rect, _) = ui.allocate_exact_size(vec2(36.0, 36.0), Sense::hover());
            server_disc(ui, rect, &server.name);
            ui.vertical(|ui| {
                widgets::label(ui, &title, Type::DialogTitle, palette.text);
                ui.add_space(6.0);
                widgets::label(ui, texts::permission_text(texts::host(&server.url)), Type::Body, palette.dim);
            });
        });
        ui.add_space(20.0);
        widgets::answers(ui, |ui| {
            for (text, kind, permission) in [
                (texts::ALLOW, Kind::Primary, Permission::Allowed),
                (texts::DENY, Kind::Secondary, Permission::Denied),
                (texts::DENY_FOR_GOOD, Kind::Quiet, Permission::DeniedForGood),
            ] {
                if ui.add(Button::new(text, kind)).clicked() {
                    answer = Some(permission);
                }
            }
        });
        let corner = Rect::from_min_size(ui.min_rect().right_top() + vec2(-10.0, -12.0), vec2(24.0, 24.0));
        let mut corner = ui.new_child(egui::UiBuilder::new().max_rect(corner).id_salt("corner"));
        if widgets::icon_button(&mut corner, Icon::Cross, texts::DISMISS_PROMPT, Kind::Quiet).clicked() {
            answer = Some(Permission::Dismissed);
        }
        answer
    });
    if escaped {
        answer = Some(Permission::Dismissed);
    }
    if let Some(permission) = answer {
        out.command(Command::SetPermission { server: server.id, permission });
    }
}

/// A server's first letter on the accent.
pub(super) fn server_disc(ui: &Ui, rect: Rect, name: &str) {
    let palette = Palette::of(ui);
    ui.painter().circle_filled(rect.center(), rect.width() / 2.0, palette.accent);
    let letter: String = widgets::initials(name).chars().take(1).collect();
    let galley = ui.painter().layout_no_wrap(letter, Type::BodyStrong.font(), palette.accent_ink);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, palette.accent_ink);
}
