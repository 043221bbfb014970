//! The left column: the mark, the pages, and how each server is.

use belfry_core::view::{Health, ServerView, View};
use egui::accesskit::Role;
use egui::{CornerRadius, Rect, ScrollArea, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::Page;
use crate::icons::{self, Icon};
use crate::texts;
use crate::theme::{NAVIGATION_WIDTH, Palette, RADIUS_CONTROL, Type};
use crate::widgets::{self, Line};

/// Where the person wants to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// To a page.
    Page(Page),
    /// To the list of everything that is counted.
    Unread,
    /// To the search over all settings.
    Find,
}

const ROW: f32 = 34.0;
const STATUS_ROW: f32 = 32.0;

/// Draws the column; says where the person wants to go.
pub(super) fn ui(ui: &mut Ui, view: &View, page: Page) -> Option<Target> {
    let palette = Palette::of(ui);
    let mut wanted_target = None;
    let area = ui.max_rect();
    ui.painter().vline(area.right() - 0.5, area.y_range(), palette.border());
    icons::mark(ui.painter(), area.min + vec2(30.0, 28.0), palette.text);
    let name = Line { text: texts::APP, kind: Type::CardTitle, color: palette.text, width: 140.0, rows: 1 };
    let name = widgets::galley(ui.painter(), name);
    ui.painter().galley(area.min + vec2(48.0, 28.0 - name.size().y / 2.0), name, palette.text);
    if find(ui, pos2(area.left() + NAVIGATION_WIDTH - 30.0, area.top() + 28.0)) {
        wanted_target = Some(Target::Find);
    }

    for (index, target) in Page::ALL.into_iter().enumerate() {
        let (icon, text) = (target.icon(), target.title());
        let top = area.top() + 54.0 + ROW * index as f32;
        let rect = Rect::from_min_size(pos2(area.left() + 12.0, top), vec2(NAVIGATION_WIDTH - 25.0, ROW - 2.0));
        let counted = if target == Page::Activity { view.badge.mentions } else { 0 };
        if item(ui, rect, icon, text, page == target) {
            wanted_target = Some(Target::Page(target));
        }
        if counted > 0 && number(ui, rect, counted) {
            wanted_target = Some(Target::Unread);
        }
    }

    let wanted = STATUS_ROW * view.servers.len() as f32;
    let room = (area.height() - 54.0 - ROW * Page::ALL.len() as f32 - 24.0).max(STATUS_ROW);
    let height = wanted.min(room);
    let bottom = Rect::from_min_max(pos2(area.left(), area.bottom() - 15.0 - height), area.max - vec2(0.0, 15.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(bottom), |ui| {
        ScrollArea::vertical().id_salt("servers").auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for server in &view.servers {
                if status(ui, server) {
                    wanted_target = Some(Target::Page(Page::Servers));
                }
            }
        });
    });
    wanted_target
}

/// The magnifying glass.
fn find(ui: &Ui, center: egui::Pos2) -> bool {
    let palette = Palette::of(ui);
    let rect = Rect::from_center_size(center, vec2(28.0, 28.0));
    let response = ui.interact(rect, ui.scope_id().with("find"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), texts::find::BUTTON));
    if response.hovered() {
        ui.painter().rect_filled(rect, CornerRadius::same(RADIUS_CONTROL), palette.step(palette.sunk));
    }
    Icon::Search.paint(ui.painter(), center, palette.dim);
    widgets::focus_ring(ui, &response, rect, RADIUS_CONTROL);
    response.on_hover_text(texts::find::BUTTON).clicked()
}

fn item(ui: &Ui, rect: Rect, icon: Icon, text: &str, selected: bool) -> bool {
    let palette = Palette::of(ui);
    let response = ui.interact(rect, ui.scope_id().with(("page", text)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), selected, text));
    let radius = CornerRadius::same(RADIUS_CONTROL);
    if selected {
        ui.painter().rect_filled(rect, radius, palette.surface);
        ui.painter().rect_stroke(rect, radius, palette.border(), StrokeKind::Inside);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, radius, palette.step(palette.sunk));
    }
    let ink = if selected { palette.text } else { palette.dim };
    icon.paint(ui.painter(), pos2(rect.left() + 18.0, rect.center().y), ink);
    let kind = if selected { Type::BodyStrong } else { Type::Body };
    let words = Line { text, kind, color: ink, width: rect.width() - 80.0, rows: 1 };
    let words = widgets::galley(ui.painter(), words);
    ui.painter().galley(pos2(rect.left() + 36.0, rect.center().y - words.size().y / 2.0), words, ink);
    widgets::focus_ring(ui, &response, rect, RADIUS_CONTROL);
    response.clicked()
}

/// The number on a page's item: a target of its own, which opens exactly what it counts.
fn number(ui: &Ui, item: Rect, counted: u32) -> bool {
    let text = if counted > 99 { "99+".to_owned() } else { counted.to_string() };
    let pill = widgets::counter(ui, pos2(item.right() - 10.0, item.center().y), &text);
    let response = ui.interact(pill.expand(4.0), ui.scope_id().with("number"), Sense::click());
    let name = texts::list_unread(counted);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &name));
    widgets::focus_ring(ui, &response, pill, 9);
    response.on_hover_text(name).clicked()
}

fn status(ui: &mut Ui, server: &ServerView) -> bool {
    let palette = Palette::of(ui);
    let word = texts::health_word(&server.health);
    let (color, word_color, kind) = match server.health {
        Health::Live => (palette.green, palette.dim, Type::Small),
        Health::Connecting => (palette.amber, palette.dim, Type::Small),
        Health::Waiting { .. } => (palette.amber, palette.amber, Type::SmallStrong),
        Health::SignedOut { .. } | Health::Failed { .. } => (palette.red, palette.red, Type::SmallStrong),
        Health::NotSignedIn => (palette.faint, palette.faint, Type::Small),
    };
    let (rect, response) = ui.allocate_exact_size(vec2(NAVIGATION_WIDTH - 1.0, STATUS_ROW), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), texts::listed(&[&server.name, word])));
    if ui.is_rect_visible(rect) {
        let tile = rect.shrink2(vec2(12.0, 2.0));
        if response.hovered() {
            // Amber and red read on it too.
            ui.painter().rect_filled(tile, CornerRadius::same(RADIUS_CONTROL), palette.bg);
        }
        icons::dot(ui.painter(), pos2(rect.left() + 26.0, rect.center().y), color);
        let line = |text, kind, color, width| Line { text, kind, color, width, rows: 1 };
        let state = widgets::galley(ui.painter(), line(word, kind, word_color, 90.0));
        let right = rect.right() - 22.0;
        let room = right - state.size().x - 10.0 - (rect.left() + 38.0);
        let name = widgets::galley(ui.painter(), line(&server.name, Type::Small, palette.dim, room));
        let center = rect.center().y;
        ui.painter().galley(pos2(rect.left() + 38.0, center - name.size().y / 2.0), name, palette.dim);
        ui.painter().galley(pos2(right - state.size().x, center - state.size().y / 2.0), state, word_color);
        widgets::focus_ring(ui, &response, tile, RADIUS_CONTROL);
    }
    response.clicked()
}
