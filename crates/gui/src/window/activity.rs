//! The Activity page: every decision, newest first, and why.

use std::time::Duration;

use belfry_core::activity::{ActivityFilter, ActivityRow, DecisionKind, Verdict};
use belfry_core::ids::{PostId, ServerId};
use belfry_core::query::{Answer, PictureOf, Query};
use belfry_core::view::ServerView;
use egui::accesskit::Role;
use egui::{CornerRadius, Popup, PopupCloseBehavior, Rect, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::why;
use crate::bridge::QueryId;
use crate::icons::Icon;
use crate::outbox::Outbox;
use crate::pictures::Pictures;
use crate::texts::{self, Tone};
use crate::theme::{CARD_GAP, Palette, RADIUS_CARD, Type};
use crate::widgets::{self, Button, Kind, Line, ListSize, TextField};

/// Height of a row with its separator, points.
const ROW: f32 = 59.0;
/// Rows asked for at once.
const PAGE_ROWS: u32 = 100;
/// Rows kept; beyond these a person searches instead of scrolling.
const ROWS_KEPT: usize = 5000;
/// Rows among which a decision is looked for: a card that is on the screen is not older.
const ROWS_SOUGHT: usize = 2000;

/// The slice of the view that the page draws.
#[derive(Clone, Copy, Debug)]
pub struct ActivityModel<'a> {
    /// All servers.
    pub servers: &'a [ServerView],
    /// Grows with every decision.
    pub revision: u64,
    /// Grows when something that channels are set to changes.
    pub channels_revision: u64,
    /// Nothing is shown for a while.
    pub paused: bool,
    /// Wall clock, Unix milliseconds.
    pub now_ms: i64,
}

/// Which verdicts are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Show {
    #[default]
    All,
    Shown,
    NotShown,
    Mentions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Newest,
    Older,
}

/// What the page remembers.
#[derive(Debug, Default)]
pub struct ActivityState {
    show: Show,
    server: Option<ServerId>,
    text: String,
    rows: Vec<ActivityRow>,
    more: bool,
    pending: Option<(QueryId, Part)>,
    /// What the newest rows were asked for with.
    asked: Option<(ActivityFilter, u64)>,
    /// Seconds of egui's clock at which the present wait began.
    waiting_since: Option<f64>,
    loaded: bool,
    failed: Option<String>,
    selected: Option<i64>,
    sought: Sought,
    /// The list is to show this row in its middle, for so many frames: the first with new rows only measures them.
    scroll_to: Option<(usize, u8)>,
    /// For so many frames the panel is scrolled into sight.
    reveal: u8,
    why: why::WhyState,
    /// Where the export stands.
    export: Export,
    /// The question before everything is forgotten is open.
    clearing: bool,
    cleared: Option<QueryId>,
    /// A button led to another page.
    leads: Option<why::Leads>,
}

/// A decision that was asked for outside the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sought {
    #[default]
    Nothing,
    Post(ServerId, PostId),
    /// It was looked for and is not there.
    Missing,
}

/// How it stands with the export.
#[derive(Debug, Default)]
enum Export {
    #[default]
    None,
    Asked(QueryId, f64),
    Done {
        path: String,
        rows: u64,
    },
    Failed(String),
}

impl ActivityState {
    /// Opens Why? of what was decided about a post, as soon as its row is there.
    pub(super) fn show_decision(&mut self, server: ServerId, post: PostId) {
        (self.show, self.server, self.selected, self.asked) = (Show::All, None, None, None);
        self.text.clear();
        self.sought = Sought::Post(server, post);
    }

    /// Looks for the decision that was asked for among the rows, and asks for older ones where it is not there.
    fn seek(&mut self, out: &mut Outbox) {
        let Sought::Post(server, post) = self.sought else { return };
        if !self.loaded {
            return;
        }
        let is_it = |row: &ActivityRow| row.decision.server == server && row.decision.post_id == Some(post);
        // One that came twice has a row that says so; the one that was shown is meant.
        let shown = self.rows.iter().position(|row| is_it(row) && row.decision.verdict == Verdict::Notify);
        match shown.or_else(|| self.rows.iter().position(is_it)) {
            Some(index) => {
                self.selected = self.rows.get(index).map(|row| row.row);
                (self.scroll_to, self.reveal) = (Some((index, 2)), 2);
                self.sought = Sought::Nothing;
            }
            None if self.pending.is_some() => {}
            None if self.more && self.rows.len() < ROWS_SOUGHT => self.ask_older(out),
            None => self.sought = Sought::Missing,
        }
    }

    /// Where a button of the page led, once.
    pub(super) fn take_leads(&mut self) -> Option<why::Leads> {
        self.leads.take()
    }

    /// Takes an answer that this page asked for; gives back any other.
    pub fn on_answer(&mut self, id: QueryId, answer: Answer) -> Option<Answer> {
        if matches!(self.export, Export::Asked(wanted, _) if wanted == id) {
            self.export = match answer {
                Answer::Exported { path, rows } => Export::Done { path, rows },
                Answer::Failed { message } => Export::Failed(message),
                _ => Export::None,
            };
            return None;
        }
        if self.cleared == Some(id) {
            self.cleared = None;
            if let Answer::Failed { message } = answer {
                self.failed = Some(message);
            } else {
                // Everything is asked for anew.
                (self.asked, self.selected) = (None, None);
            }
            self.rows.clear();
            return None;
        }
        let answer = self.why.on_answer(id, answer)?;
        let Some((_, part)) = self.pending.filter(|(wanted, _)| *wanted == id) else { return Some(answer) };
        self.pending = None;
        self.waiting_since = None;
        match answer {
            Answer::Activity { rows, more } => {
                self.failed = None;
                self.merge(rows, more, part);
                self.loaded = true;
            }
            Answer::Failed { message } => {
                self.failed = Some(message);
                self.loaded = true;
            }
            _ => {}
        }
        None
    }

    fn merge(&mut self, rows: Vec<ActivityRow>, more: bool, part: Part) {
        match part {
            Part::Older => {
                self.rows.extend(rows);
                self.more = more;
            }
            Part::Newest => {
                // What is older than the answer is kept, unless there is a gap in between.
                let oldest = rows.last().map(|row| row.row);
                let overlaps = oldest.is_some_and(|oldest| self.rows.iter().any(|row| row.row >= oldest));
                if overlaps && self.loaded {
                    self.rows.retain(|row| oldest.is_some_and(|oldest| row.row < oldest));
                    if self.rows.is_empty() {
                        self.more = more;
                    }
                    self.rows.splice(0..0, rows);
                } else {
                    self.rows = rows;
                    self.more = more;
                }
            }
        }
        if self.rows.len() >= ROWS_KEPT {
            self.rows.truncate(ROWS_KEPT);
            self.more = false;
        }
    }

    fn filter(&self) -> ActivityFilter {
        ActivityFilter {
            shown: match self.show {
                Show::All | Show::Mentions => None,
                Show::Shown => Some(true),
                Show::NotShown => Some(false),
            },
            mentions: self.show == Show::Mentions,
            server: self.server,
            text: self.text.trim().to_owned(),
        }
    }

    /// Asks for what is missing: everything after a change of the filter, the newest after a new decision.
    fn refresh(&mut self, revision: u64, time: f64, out: &mut Outbox) {
        let wanted = (self.filter(), revision);
        let same_filter = self.asked.as_ref().is_some_and(|(filter, _)| *filter == wanted.0);
        if self.asked.as_ref() == Some(&wanted) || (same_filter && self.pending.is_some()) {
            return;
        }
        if !same_filter {
            self.rows.clear();
            self.loaded = false;
            self.more = false;
        }
        let query = Query::Activity { filter: wanted.0.clone(), before: None, limit: PAGE_ROWS };
        self.asked = Some(wanted);
        self.pending = Some((out.query(query), Part::Newest));
        self.waiting_since = Some(time);
    }

    fn ask_older(&mut self, out: &mut Outbox) {
        if self.more && self.pending.is_none() {
            let before = self.rows.last().map(|row| row.row);
            let query = Query::Activity { filter: self.filter(), before, limit: PAGE_ROWS };
            self.pending = Some((out.query(query), Part::Older));
        }
    }
}

/// Draws the page below its title.
pub(super) fn ui(
    ui: &mut Ui,
    model: &ActivityModel<'_>,
    state: &mut ActivityState,
    pictures: &mut Pictures,
    out: &mut Outbox,
) {
    // In a small window, list and panel together may need more room than there is: then the page scrolls as a whole.
    let room = ui.available_height();
    widgets::page_scroll(ui, "activity", |ui| page(ui, room, model, state, pictures, out));
}

/// What stands at the right of the title: the menu, and what became of an export.
pub(super) fn head(ui: &mut Ui, top: egui::Pos2, state: &mut ActivityState, out: &mut Outbox) {
    let corner = Rect::from_min_size(top, vec2(ui.available_width(), 30.0));
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    let mut corner = ui.new_child(egui::UiBuilder::new().max_rect(corner).layout(layout).id_salt("menu"));
    let button = widgets::icon_button(&mut corner, Icon::Dots, texts::MORE, Kind::Secondary);
    Popup::menu(&button).accessible_name(texts::MORE).show(|ui| {
        ui.set_width(230.0);
        if widgets::menu_item(ui, texts::EXPORT, false).clicked() {
            let query = Query::ExportActivity { filter: state.filter(), path: None };
            state.export = Export::Asked(out.query(query), ui.input(|input| input.time));
            ui.close();
        }
        if widgets::menu_item(ui, texts::CLEAR_MORE, false).clicked() {
            state.clearing = true;
            ui.close();
        }
    });
    if let Export::Asked(_, since) = state.export {
        widgets::waiting(&mut corner, since, texts::EXPORTING, false);
    }
    let close = match &state.export {
        Export::None | Export::Asked(..) => false,
        Export::Done { path, rows } => widgets::strip(ui, Tone::Good, &texts::exported(*rows), path, |ui| {
            ui.add(Button::new(texts::CLOSE, Kind::Link)).clicked()
        }),
        Export::Failed(message) => {
            widgets::strip(ui, Tone::Urgent, message, "", |ui| ui.add(Button::new(texts::CLOSE, Kind::Link)).clicked())
        }
    };
    if close {
        state.export = Export::None;
    }
    if state.clearing {
        confirm_clearing(ui, state, out);
    }
}

fn confirm_clearing(ui: &Ui, state: &mut ActivityState, out: &mut Outbox) {
    let palette = Palette::of(ui);
    let (escaped, done) = widgets::dialog(ui.ctx(), "clear", texts::CLEAR_TITLE, palette, |ui| {
        widgets::label(ui, texts::CLEAR_TITLE, Type::DialogTitle, palette.text);
        ui.add_space(6.0);
        widgets::label(ui, texts::CLEAR_TEXT, Type::Body, palette.dim);
        ui.add_space(20.0);
        widgets::answers(ui, |ui| {
            let clear = ui.add(Button::new(texts::CLEAR, Kind::Danger)).clicked();
            if clear {
                state.cleared = Some(out.query(Query::ClearActivity));
            }
            ui.add(Button::new(texts::CANCEL, Kind::Quiet)).clicked() || clear
        })
    });
    state.clearing = !(escaped || done);
}

fn page(
    ui: &mut Ui,
    room: f32,
    model: &ActivityModel<'_>,
    state: &mut ActivityState,
    pictures: &mut Pictures,
    out: &mut Outbox,
) {
    let ActivityModel { servers, revision, .. } = *model;
    let top = ui.cursor().top();
    filters(ui, servers, state);
    ui.add_space(14.0);
    let time = ui.input(|input| input.time);
    state.refresh(revision, time, out);
    state.seek(out);

    if state.sought == Sought::Missing {
        let close = widgets::strip(ui, Tone::Warn, texts::NOT_IN_ACTIVITY, "", |ui| {
            ui.add(Button::new(texts::CLOSE, Kind::Link)).clicked()
        });
        if close {
            state.sought = Sought::Nothing;
        }
    }
    if let Some(message) = &state.failed {
        let palette = Palette::of(ui);
        widgets::label(ui, message, Type::Body, palette.red);
        ui.add_space(8.0);
    }
    if state.rows.is_empty() {
        if state.loaded {
            let filtered = state.filter() != ActivityFilter::default();
            let (title, hint) = if filtered {
                (texts::NO_MATCH, texts::NO_MATCH_HINT)
            } else {
                (texts::NOTHING_YET, texts::NOTHING_YET_HINT)
            };
            widgets::empty(ui, title, hint, None);
        } else if let Some(since) = state.waiting_since {
            ui.horizontal(|ui| widgets::waiting(ui, since, texts::LOADING, false));
        }
        return;
    }

    let selected = state.selected.and_then(|wanted| state.rows.iter().find(|row| row.row == wanted)).cloned();
    let why_room = if selected.is_some() { state.why.height() + CARD_GAP + 2.0 } else { 0.0 };
    let wanted = ROW * state.rows.len() as f32 + 2.0;
    let room = room - (ui.cursor().top() - top);
    let height = wanted.min((room - why_room).max(ROW * 2.0));
    list(ui, height, model, state, pictures, out);
    if let Some(row) = selected {
        ui.add_space(CARD_GAP + 2.0);
        let why::Shown { keep, rect, leads } = why::ui(ui, &row, model, &mut state.why, out);
        state.leads = leads;
        if state.reveal > 0 {
            // Its height is known after the first of these frames.
            state.reveal -= 1;
            ui.scroll_to_rect_animation(rect, None, egui::style::ScrollAnimation::none());
            ui.ctx().request_repaint();
        }
        if !keep {
            state.selected = None;
        }
    }
}

fn filters(ui: &mut Ui, servers: &[ServerView], state: &mut ActivityState) {
    let field = |ui: &mut Ui, text: &mut String, width: f32| {
        TextField::new(text, texts::SEARCH).hint(texts::SEARCH).search().width(width).show(ui);
    };
    let mut right = 0.0;
    let row = ui.horizontal(|ui| {
        ui.set_min_height(32.0);
        for (show, text) in [
            (Show::All, texts::ALL),
            (Show::Shown, texts::SHOWN),
            (Show::NotShown, texts::NOT_SHOWN),
            (Show::Mentions, texts::MENTIONS),
        ] {
            if widgets::pill(ui, text, state.show == show).clicked() {
                state.show = show;
            }
        }
        if servers.len() > 1 {
            server_menu(ui, servers, &mut state.server);
        }
        right = ui.cursor().left();
        let room = ui.max_rect().right() - right;
        if room >= 200.0 {
            field(ui, &mut state.text, room);
        }
        room
    });
    if row.inner < 200.0 {
        ui.add_space(8.0);
        let width = ui.available_width();
        field(ui, &mut state.text, width);
    }
}

pub(super) fn server_menu(ui: &mut Ui, servers: &[ServerView], chosen: &mut Option<ServerId>) {
    let current = chosen.and_then(|id| servers.iter().find(|server| server.id == id));
    if current.is_none() {
        *chosen = None;
    }
    let text = current.map_or(texts::ALL_SERVERS, |server| server.name.as_str());
    let name = texts::listed(&[texts::SERVER_FILTER, text]);
    let button = widgets::drop_down(ui, text, &name, current.is_some());
    let size = ListSize { width: 200.0, height: widgets::MENU_ITEM * (servers.len() + 1) as f32 };
    widgets::drop_list(&button, texts::SERVER_FILTER, size, PopupCloseBehavior::default(), |ui| {
        let mut choice = |ui: &mut Ui, text: &str, value: Option<ServerId>| {
            if widgets::menu_item(ui, text, *chosen == value).clicked() {
                *chosen = value;
                ui.close();
            }
        };
        choice(ui, texts::ALL_SERVERS, None);
        for server in servers {
            choice(ui, &server.name, Some(server.id));
        }
    });
}

fn list(
    ui: &mut Ui,
    height: f32,
    model: &ActivityModel<'_>,
    state: &mut ActivityState,
    pictures: &mut Pictures,
    out: &mut Outbox,
) {
    let ActivityModel { servers, now_ms, .. } = *model;
    let several = servers.len() > 1;
    let palette = Palette::of(ui);
    let outer = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), height));
    let radius = CornerRadius::same(RADIUS_CARD);
    ui.painter().rect_filled(outer, radius, palette.surface);
    let mut changes_in_ms = u64::MAX;
    let mut reached_end = false;
    ui.scope_builder(egui::UiBuilder::new().max_rect(outer.shrink(1.0)), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let count = state.rows.len();
        // The bar begins and ends within the round corners.
        let bar = outer.shrink2(vec2(1.0, f32::from(RADIUS_CARD)));
        let area = ScrollArea::vertical().id_salt("rows").auto_shrink(false).scroll_bar_rect(bar);
        let area = area.max_height(height - 2.0);
        area.show_rows(ui, ROW, count, |ui, range| {
            reached_end = range.end + 20 >= count;
            if let Some((index, frames)) = state.scroll_to.take() {
                state.scroll_to = (frames > 1).then_some((index, frames - 1));
                let top = ui.max_rect().top() + ROW * (index as f32 - range.start as f32);
                let row = Rect::from_min_size(pos2(ui.max_rect().left(), top), vec2(1.0, ROW));
                ui.scroll_to_rect_animation(row, Some(egui::Align::Center), egui::style::ScrollAnimation::none());
                ui.ctx().request_repaint();
            }
            for index in range {
                let Some(row) = state.rows.get(index) else { break };
                changes_in_ms = changes_in_ms.min(texts::ago_changes_in_ms(now_ms, row.decision.at_ms));
                let edges = Edges { first: index == 0, last: index + 1 == count };
                let selected = state.selected == Some(row.row);
                let server = if several && row.decision.kind != DecisionKind::SignedOut {
                    row.decision.server_name.as_str()
                } else {
                    ""
                };
                if row_ui(ui, row, server, now_ms, selected, edges, pictures) {
                    state.selected = if selected { None } else { Some(row.row) };
                    state.reveal = 2;
                }
            }
        });
    });
    ui.painter().rect_stroke(outer, radius, palette.border(), egui::StrokeKind::Inside);
    ui.allocate_rect(outer, Sense::hover());
    if reached_end {
        state.ask_older(out);
    }
    if changes_in_ms < u64::MAX {
        ui.ctx().request_repaint_after(Duration::from_millis(changes_in_ms.max(1000)));
    }
}

#[derive(Clone, Copy)]
struct Edges {
    first: bool,
    last: bool,
}

fn row_ui(
    ui: &mut Ui,
    row: &ActivityRow,
    server: &str,
    now_ms: i64,
    selected: bool,
    edges: Edges,
    pictures: &mut Pictures,
) -> bool {
    let palette = Palette::of(ui);
    let decision = &row.decision;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let response = ui.interact(rect, super::id_of("activity-row", row.row), Sense::click());
    let place = texts::place_of(decision, server);
    let (verdict, tone) = texts::verdict_tag(decision);
    let ago = texts::ago(now_ms, decision.at_ms);
    response.widget_info(|| {
        let name = format!("{} {place}, {ago}, {verdict}, {}", decision.sender, decision.text);
        WidgetInfo::selected(Role::ListItem, ui.is_enabled(), selected, name)
    });
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let corner = |round: bool| if round { RADIUS_CARD - 1 } else { 0 };
    let radius = CornerRadius {
        nw: corner(edges.first),
        ne: corner(edges.first),
        sw: corner(edges.last),
        se: corner(edges.last),
    };
    let painter = ui.painter();
    if selected {
        painter.rect_filled(rect, radius, palette.accent_soft);
    } else if response.hovered() {
        painter.rect_filled(rect, radius, palette.step(palette.surface));
    }
    if !edges.last {
        painter.hline(rect.x_range(), rect.bottom() - 0.5, palette.border());
    }
    let picture = Rect::from_center_size(pos2(rect.left() + 32.0, rect.top() + 29.0), vec2(36.0, 36.0));
    let key = decision.user_id.map_or_else(|| decision.sender.clone(), |id| id.as_str().to_owned());
    let user = decision.user_id.filter(|_| !decision.alias);
    let of = user.map(|user| PictureOf::person(decision.server, user, None));
    pictures.paint(ui, picture, of, &key, &decision.sender);

    let right = rect.right() - 14.0;
    let line = |text, kind, color, width| Line { text, kind, color, width, rows: 1 };
    let time = widgets::galley(painter, line(&ago, Type::Small, palette.faint, 80.0));
    let tag_size = widgets::tag_size(ui, &verdict);
    let time_left = right - time.size().x;
    painter.galley(pos2(time_left, rect.top() + 20.0 - time.size().y / 2.0), time, palette.faint);
    widgets::tag(ui, pos2(right - tag_size.x, rect.top() + 30.0), &verdict, tone);

    let left = rect.left() + 62.0;
    let first_room = time_left - 12.0 - left;
    let sender = widgets::galley(painter, line(&decision.sender, Type::BodyStrong, palette.text, first_room));
    let place_left = left + sender.size().x + 4.0;
    painter.galley(pos2(left, rect.top() + 20.0 - sender.size().y / 2.0), sender, palette.text);
    let place_room = time_left - 12.0 - place_left;
    if place_room > 24.0 {
        let place = widgets::galley(painter, line(&place, Type::Body, palette.dim, place_room));
        painter.galley(pos2(place_left, rect.top() + 20.0 - place.size().y / 2.0), place, palette.dim);
    }
    let text = decision.text.replace(['\n', '\r', '\t'], " ");
    let text = widgets::galley(painter, line(&text, Type::Body, palette.dim, right - tag_size.x - 14.0 - left));
    painter.galley(pos2(left, rect.top() + 38.0 - text.size().y / 2.0), text, palette.dim);
    widgets::focus_ring(ui, &response, rect.shrink(4.0), RADIUS_CARD - 2);
    response.clicked()
}
