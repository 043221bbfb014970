//! What a server's number is the sum of: a line on its card that opens the list, and the list.

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::Permission;
use belfry_core::query::PictureOf;
use belfry_core::view::{ServerView, UnreadPlace, UnreadRow};
use egui::accesskit::Role;
use egui::{CornerRadius, CursorIcon, Pos2, Rect, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::icons::{self, Icon};
use crate::outbox::Outbox;
use crate::pictures::Pictures;
use crate::texts::{self, Tone};
use crate::theme::{Palette, RADIUS_CONTROL, Type};
use crate::widgets::{self, Line};

/// Height of a row, points.
const ROW: f32 = 36.0;
/// Rows in sight; beyond these the list scrolls in itself, so that the next server stays in reach.
const ROWS_IN_SIGHT: f32 = 7.5;

/// Draws the line and, where it is open, the list.
pub(super) fn ui(ui: &mut Ui, server: &ServerView, open: &mut bool, pictures: &mut Pictures, out: &mut Outbox) {
    let palette = Palette::of(ui);
    // The line stays where nothing is counted: else a second click on Deny would meet what moved there, Sign out.
    let counts = server.permission == Permission::Allowed;
    let some = counts && !server.unread.is_empty();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        widgets::label(ui, texts::UNREAD, Type::Body, palette.dim);
        let words = if counts { texts::unread_summary(server) } else { texts::UNREAD_NOT_COUNTED.to_owned() };
        if some {
            let name = texts::listed(&[&server.name, texts::UNREAD, &words]);
            if widgets::drop_down(ui, &words, &name, *open).clicked() {
                *open = !*open;
            }
        } else {
            widgets::label(ui, words, Type::Body, palette.faint);
        }
    });
    if !some {
        *open = false;
    }
    if *open {
        ui.add_space(8.0);
        list(ui, server, pictures, out);
    }
}

fn list(ui: &mut Ui, server: &ServerView, pictures: &mut Pictures, out: &mut Outbox) {
    let palette = Palette::of(ui);
    let unread = &server.unread;
    let rest = texts::unread_rest(unread);
    let count = unread.rows.len() + usize::from(rest.is_some());
    let height = ROW * (count as f32).min(ROWS_IN_SIGHT);
    let outer = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), height + 2.0));
    let radius = CornerRadius::same(RADIUS_CONTROL);
    ui.painter().rect_filled(outer, radius, palette.bg);
    ui.scope_builder(egui::UiBuilder::new().max_rect(outer.shrink(1.0)), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = ScrollArea::vertical().id_salt("unread").auto_shrink(false).max_height(height);
        area.show_rows(ui, ROW, count, |ui, range| {
            for index in range {
                let edges = Edges { first: index == 0, last: index + 1 == count };
                match (unread.rows.get(index), &rest) {
                    (Some(row), _) => {
                        if row_ui(ui, server.id, row, edges, pictures) {
                            out.command(Command::OpenUnread { server: server.id, place: row.place });
                        }
                    }
                    (None, Some(rest)) => rest_ui(ui, rest),
                    (None, None) => {}
                }
            }
        });
    });
    ui.painter().rect_stroke(outer, radius, palette.border(), egui::StrokeKind::Inside);
    ui.allocate_rect(outer, Sense::hover());
}

#[derive(Clone, Copy)]
struct Edges {
    first: bool,
    last: bool,
}

impl Edges {
    fn radius(self) -> CornerRadius {
        let corner = |round: bool| if round { RADIUS_CONTROL - 1 } else { 0 };
        let (top, bottom) = (corner(self.first), corner(self.last));
        CornerRadius { nw: top, ne: top, sw: bottom, se: bottom }
    }
}

/// One channel or thread; returns whether it was clicked.
fn row_ui(ui: &mut Ui, server: ServerId, row: &UnreadRow, edges: Edges, pictures: &mut Pictures) -> bool {
    let palette = Palette::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let response = ui.interact(rect, ui.scope_id().with(("unread-row", row.place)), Sense::click());
    let title = texts::unread_title(row);
    let place = texts::unread_place(row);
    let left_over = texts::unread_left_over(row);
    response.widget_info(|| WidgetInfo::labeled(Role::Link, ui.is_enabled(), texts::unread_name(row)));
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let painter = ui.painter();
    if response.hovered() {
        painter.rect_filled(rect, edges.radius(), palette.step(palette.bg));
    }
    if !edges.last {
        painter.hline(rect.x_range(), rect.bottom() - 0.5, palette.border());
    }
    let middle = rect.center().y;
    symbol(ui, pos2(rect.left() + 22.0, middle), server, row, &title, pictures);

    // From the right: the number or the dot, then what is unread besides, then a tag.
    let mut right = rect.right() - 12.0;
    if row.mentions > 0 {
        let number = if row.mentions > 99 { "99+".to_owned() } else { row.mentions.to_string() };
        right = widgets::counter(ui, pos2(right, middle), &number).left();
    } else {
        icons::dot(painter, pos2(right - 10.0, middle), palette.accent);
        right -= 20.0;
    }
    let line = |text, kind, color, width| Line { text, kind, color, width, rows: 1 };
    if !left_over.is_empty() {
        let words = widgets::galley(painter, line(&left_over, Type::Small, palette.faint, 120.0));
        right -= words.size().x + 10.0;
        painter.galley(pos2(right, middle - words.size().y / 2.0), words, palette.faint);
    }
    if row.urgent {
        right -= widgets::tag_size(ui, texts::URGENT).x + 10.0;
        widgets::tag(ui, pos2(right, middle - 8.5), texts::URGENT, Tone::Urgent);
    }

    let left = rect.left() + 42.0;
    let room = (right - 12.0 - left).max(0.0);
    let kind = if row.mentions > 0 { Type::BodyStrong } else { Type::Body };
    let title = widgets::galley(painter, line(&title, kind, palette.text, room));
    let place_left = left + title.size().x + 6.0;
    painter.galley(pos2(left, middle - title.size().y / 2.0), title, palette.text);
    let place_room = right - 12.0 - place_left;
    if place_room > 24.0 && !place.is_empty() {
        let place = widgets::galley(painter, line(&place, Type::Body, palette.dim, place_room));
        painter.galley(pos2(place_left, middle - place.size().y / 2.0), place, palette.dim);
    }
    widgets::focus_ring(ui, &response, rect.shrink2(vec2(4.0, 3.0)), RADIUS_CONTROL - 2);
    response.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

/// People have a picture, everything else a sign.
fn symbol(ui: &Ui, center: Pos2, server: ServerId, row: &UnreadRow, title: &str, pictures: &mut Pictures) {
    let palette = Palette::of(ui);
    let picture = Rect::from_center_size(center, vec2(22.0, 22.0));
    match row.place {
        UnreadPlace::Direct(channel, user) => {
            let key = user.map_or_else(|| channel.to_string(), |user| user.to_string());
            let of = user.map(|user| PictureOf::person(server, user, None));
            pictures.paint(ui, picture, of, &key, title);
        }
        UnreadPlace::Group(channel) => widgets::avatar(ui.painter(), picture, channel.as_str(), title),
        UnreadPlace::Channel(_) => Icon::Hash.paint(ui.painter(), center, palette.dim),
        UnreadPlace::Thread(_) | UnreadPlace::Threads(..) => Icon::Thread.paint(ui.painter(), center, palette.dim),
    }
}

fn rest_ui(ui: &mut Ui, text: &str) {
    let palette = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    let line = Line { text, kind: Type::Body, color: palette.dim, width: rect.width() - 54.0, rows: 1 };
    let words = widgets::galley(ui.painter(), line);
    ui.painter().galley(pos2(rect.left() + 42.0, rect.center().y - words.size().y / 2.0), words, palette.dim);
}
