//! The Channels page: one table over every channel of every server (notifications §5.9).
//!
//! The rows are the face's own copy: only what changed comes with an answer. Which rows are shown, and in which order, is
//! worked out when something that decides it changed, never per frame.

mod edit;
mod row;

use std::collections::BTreeMap;

use belfry_core::command::Command;
use belfry_core::event::ChannelType;
use belfry_core::ids::ServerId;
use belfry_core::query::{Answer, Query};
use belfry_core::settings::channels::{ChannelDefaults, ChannelRef, ChannelRow, ChannelsTable, Effective};
use belfry_core::sound::SoundChoice;
use belfry_core::view::ServerView;
use egui::{Align, CornerRadius, Layout, Rect, ScrollArea, Sense, Ui, UiBuilder, vec2};

use crate::bridge::QueryId;
use crate::outbox::Outbox;
use crate::texts::{self, Tone, channels as words, notifications};
use crate::theme::{Palette, RADIUS_CARD, Type};
use crate::widgets::{self, Button, Kind, Selection, TextField};
use crate::window::find::{Spot, spot};

/// The slice of the view that the page draws.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChannelsModel<'a> {
    /// All servers.
    pub(super) servers: &'a [ServerView],
    /// Grows when the table would look otherwise.
    pub(super) revision: u64,
    /// How many channels an undo puts back.
    pub(super) undo: u32,
    /// What plays because the person wanted to hear it.
    pub(super) previewing: Option<SoundChoice>,
}

/// Which rows are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Show {
    #[default]
    Differs,
    All,
    Muted,
    Direct,
}

/// By what they are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Column {
    #[default]
    Name,
    Level,
    Muted,
    Threads,
    Sound,
    Ignore,
}

/// What decides which rows are shown, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wanted {
    show: Show,
    server: Option<ServerId>,
    text: String,
    column: Column,
    descending: bool,
    /// Of the rows.
    generation: u64,
}

/// What the page remembers.
#[derive(Debug, Default)]
pub struct ChannelsState {
    wanted: Wanted,
    rows: BTreeMap<ChannelRef, ChannelRow>,
    defaults: BTreeMap<ServerId, ChannelDefaults>,
    known: u64,
    loaded: bool,
    pending: Option<QueryId>,
    asked: Option<u64>,
    waiting_since: Option<f64>,
    failed: Option<String>,
    /// The rows shown, and what they were worked out from.
    order: Vec<ChannelRef>,
    ordered_for: Option<Wanted>,
    chosen: Selection<ChannelRef>,
    /// This row comes into sight with the next frame.
    reveal: Option<ChannelRef>,
}

impl ChannelsState {
    /// The table opens with this channel alone: "Channel settings…" of a message.
    pub(super) fn show_channel(&mut self, place: ChannelRef) {
        self.wanted.show = Show::All;
        self.wanted.server = None;
        self.wanted.text = String::new();
        self.chosen.clear();
        self.chosen.toggle(place);
        self.reveal = Some(place);
    }

    /// Takes an answer that this page asked for; gives back any other.
    pub(super) fn on_answer(&mut self, id: QueryId, answer: Answer) -> Option<Answer> {
        if self.pending != Some(id) {
            return Some(answer);
        }
        self.pending = None;
        self.waiting_since = None;
        match answer {
            Answer::Channels(table) => {
                self.failed = None;
                self.loaded = true;
                self.merge(*table);
            }
            Answer::Failed { message } => self.failed = Some(message),
            _ => {}
        }
        None
    }

    fn merge(&mut self, table: ChannelsTable) {
        let ChannelsTable { revision, only_changes, rows, gone, servers } = table;
        if !only_changes {
            self.rows.clear();
        }
        for place in gone {
            self.rows.remove(&place);
        }
        self.rows.extend(rows.into_iter().map(|row| (row.place(), row)));
        self.defaults = servers.into_iter().map(|defaults| (defaults.server, defaults)).collect();
        self.known = revision;
        self.wanted.generation += 1;
        let rows = &self.rows;
        self.chosen.retain(|place| rows.contains_key(&place));
    }

    fn refresh(&mut self, revision: u64, time: f64, out: &mut Outbox) {
        if self.pending.is_none() && self.asked != Some(revision) {
            self.asked = Some(revision);
            self.pending = Some(out.query(Query::Channels { known: self.known }));
            self.waiting_since = (!self.loaded).then_some(time);
        }
    }

    fn defaults(&self, server: ServerId) -> Option<&ChannelDefaults> {
        self.defaults.get(&server)
    }

    /// Works the order out anew where it may be another one.
    fn put_in_order(&mut self) {
        if self.ordered_for.as_ref() == Some(&self.wanted) {
            return;
        }
        let nothing = ChannelDefaults::default();
        let Wanted { show, server, text, column, descending, generation: _ } = &self.wanted;
        let searched: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let mut listed: Vec<(&ChannelRow, Effective, String)> = Vec::new();
        for row in self.rows.values() {
            let defaults = self.defaults.get(&row.server).unwrap_or(&nothing);
            let is_there = match show {
                Show::All => true,
                Show::Differs => row.differs(defaults) || row.trouble.is_some() || self.chosen.contains(row.place()),
                Show::Muted => row.effective(defaults).muted,
                Show::Direct => matches!(row.kind, Some(ChannelType::Direct | ChannelType::Group)),
            };
            if !is_there || row.archived || server.is_some_and(|server| row.server != server) {
                continue;
            }
            let name = row.name.to_lowercase();
            let team = row.team.to_lowercase();
            if searched.iter().all(|word| name.contains(word.as_str()) || team.contains(word.as_str())) {
                listed.push((row, row.effective(defaults), name));
            }
        }
        listed.sort_by(|(a, a_is, a_name), (b, b_is, b_name)| {
            let by_column = match column {
                Column::Name => a_name.cmp(b_name),
                Column::Level => level_rank(&a_is.level).cmp(&level_rank(&b_is.level)),
                Column::Muted => b_is.muted.cmp(&a_is.muted),
                Column::Threads => b_is.threads.cmp(&a_is.threads),
                Column::Sound => (!a_is.sound, &a_is.sound_name).cmp(&(!b_is.sound, &b_is.sound_name)),
                Column::Ignore => b_is.ignore_channel_mentions.cmp(&a_is.ignore_channel_mentions),
            };
            let by_column = if *descending { by_column.reverse() } else { by_column };
            by_column.then_with(|| a_name.cmp(b_name)).then_with(|| a.place().cmp(&b.place()))
        });
        self.order = listed.into_iter().map(|(row, _, _)| row.place()).collect();
        self.ordered_for = Some(self.wanted.clone());
    }

    /// Carries edits out: sent, and shown at once.
    fn carry_out(&mut self, edit: edit::Edit, out: &mut Outbox) {
        let edit::Edit { channels, edits } = edit;
        let nothing = ChannelDefaults::default();
        for place in &channels {
            let Some(row) = self.rows.get_mut(place) else { continue };
            let defaults = self.defaults.get(&place.server).unwrap_or(&nothing);
            let written = belfry_core::settings::channels::to_write(&row.props, &defaults.account, &edits);
            row.props = belfry_core::settings::channels::merged(&row.props, &written);
            (row.saving, row.trouble) = (true, None);
        }
        // A row stays where it is until the order is asked for again: it must not run away from the pointer.
        out.command(Command::EditChannels { channels, edits });
    }
}

fn level_rank(level: &str) -> u8 {
    match level {
        "all" => 0,
        "mention" => 1,
        "none" => 2,
        _ => 3,
    }
}

/// Draws the page below its title. `notices` stand above the table.
pub(super) fn ui(
    ui: &mut Ui,
    model: &ChannelsModel<'_>,
    state: &mut ChannelsState,
    out: &mut Outbox,
    notices: impl FnOnce(&mut Ui, &mut Outbox),
) {
    let ChannelsModel { servers, revision, undo, previewing } = *model;
    let top = ui.cursor().min;
    super::page_head(ui, words::TITLE, words::SUB);
    if undo > 0 {
        undo_line(ui, top, undo, out);
    }
    notices(ui, out);
    if servers.is_empty() {
        return;
    }
    let time = ui.input(|input| input.time);
    state.refresh(revision, time, out);
    if let Some(message) = &state.failed {
        widgets::strip(ui, Tone::Urgent, message, "", |_| ());
    }
    if !state.loaded {
        if let Some(since) = state.waiting_since {
            ui.horizontal(|ui| widgets::waiting(ui, since, texts::LOADING, false));
        }
        return;
    }
    troubles(ui, state, out);
    spot(ui, Spot::ChannelTable, |ui| {
        spot(ui, Spot::ChannelLevel, |ui| spot(ui, Spot::ChannelIgnore, |ui| filters(ui, servers, state)));
    });
    ui.add_space(12.0);
    state.put_in_order();
    let first = state.chosen.iter().next();
    if let Some(first) = first
        && let Some(edit) = edit::strip(ui, state, first)
    {
        state.carry_out(edit, out);
    }
    if state.order.is_empty() {
        nothing(ui, state);
        return;
    }
    if let Some(edit) = table(ui, servers, previewing, state, out) {
        state.carry_out(edit, out);
    }
}

fn undo_line(ui: &mut Ui, top: egui::Pos2, undo: u32, out: &mut Outbox) {
    let corner = Rect::from_min_size(top, vec2(ui.available_width(), 30.0));
    let layout = Layout::right_to_left(Align::Center);
    let mut corner = ui.new_child(UiBuilder::new().max_rect(corner).layout(layout).id_salt("undo"));
    widgets::flush_link(&mut corner);
    if corner.add(Button::new(notifications::UNDO, Kind::Link)).clicked() {
        out.command(Command::UndoChannels);
    }
    let count = usize::try_from(undo).unwrap_or(usize::MAX);
    widgets::label(&mut corner, words::changed(count), Type::Small, Palette::of(ui).dim);
}

/// What could not be saved, said once above the table; each row says it too.
fn troubles(ui: &mut Ui, state: &ChannelsState, out: &mut Outbox) {
    let mut failed = state.rows.values().filter_map(|row| row.trouble.as_deref());
    let Some(first) = failed.next() else { return };
    let count = 1 + failed.count();
    let seen = widgets::strip(ui, Tone::Urgent, &words::failed(count, first), "", |ui| {
        ui.add(Button::new(texts::UNDERSTOOD, Kind::Secondary)).clicked()
    });
    if seen {
        out.command(Command::ForgetChannelTrouble);
    }
}

fn filters(ui: &mut Ui, servers: &[ServerView], state: &mut ChannelsState) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
        for (show, text) in [
            (Show::Differs, words::DIFFERS),
            (Show::All, words::ALL),
            (Show::Muted, words::MUTED),
            (Show::Direct, words::DIRECT),
        ] {
            if widgets::pill(ui, text, state.wanted.show == show).clicked() {
                state.wanted.show = show;
                // The same filter again puts rows that changed in order.
                state.ordered_for = None;
            }
        }
        if servers.len() > 1 {
            super::activity::server_menu(ui, servers, &mut state.wanted.server);
        }
        let width = if ui.available_width() >= 200.0 { ui.available_width() } else { ui.max_rect().width() };
        TextField::new(&mut state.wanted.text, words::SEARCH).hint(words::SEARCH).search().width(width).show(ui);
    });
}

fn nothing(ui: &mut Ui, state: &mut ChannelsState) {
    let (title, hint) = if state.rows.is_empty() {
        (words::NOT_LOADED, words::NOT_LOADED_HINT)
    } else if state.wanted.text.trim().is_empty() && state.wanted.show == Show::Differs {
        (words::NOTHING_DIFFERS, words::NOTHING_DIFFERS_HINT)
    } else {
        (words::NO_MATCH, words::NO_MATCH_HINT)
    };
    let button = (!state.rows.is_empty() && state.wanted.show != Show::All).then_some(words::ALL);
    if widgets::empty(ui, title, hint, button) {
        state.wanted.show = Show::All;
    }
}

/// The head and the rows; returns what the person wants changed.
fn table(
    ui: &mut Ui,
    servers: &[ServerView],
    previewing: Option<SoundChoice>,
    state: &mut ChannelsState,
    out: &mut Outbox,
) -> Option<edit::Edit> {
    let several = servers.len() > 1;
    let palette = Palette::of(ui);
    let columns = row::Columns::fit(ui.available_width());
    if columns.has_head() {
        head(ui, columns, state);
    }
    let footer = 24.0;
    let room = (ui.available_height() - footer).max(columns.height() * 3.0);
    let height = (columns.height() * state.order.len() as f32 + 2.0).min(room);
    let outer = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), height));
    let radius = CornerRadius::same(RADIUS_CARD);
    ui.painter().rect_filled(outer, radius, palette.surface);
    #[expect(clippy::cast_sign_loss, reason = "heights are never below zero")]
    let rows_in_sight = ((height / columns.height()) as usize).max(2);
    let mut wanted = None;
    let builder = UiBuilder::new()
        .max_rect(outer.shrink(1.0))
        .id_salt("table")
        .accessibility_role(egui::accesskit::Role::Grid)
        .accessibility_label(words::TITLE);
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let count = state.order.len();
        // The bar begins and ends within the round corners.
        let bar = outer.shrink2(vec2(1.0, f32::from(RADIUS_CARD)));
        let area = ScrollArea::vertical().id_salt("rows").auto_shrink(false).scroll_bar_rect(bar);
        let mut area = area.max_height(height - 2.0);
        let found = state.reveal.take().and_then(|place| state.order.iter().position(|other| *other == place));
        if let Some(index) = found {
            let middle = columns.height() * index as f32 - height / 2.0 + columns.height();
            area = area.vertical_scroll_offset(middle.max(0.0));
        }
        area.show_rows(ui, columns.height(), count, |ui, range| {
            // Where the keyboard is; else the first row in sight takes the focus.
            let cursor = state
                .chosen
                .cursor()
                .filter(|cursor| state.order.get(range.clone()).is_some_and(|order| order.contains(cursor)));
            let cursor = cursor.or_else(|| state.order.get(range.start).copied());
            for index in range {
                let Some(place) = state.order.get(index).copied() else { break };
                let Some(row) = state.rows.get(&place) else { continue };
                let nothing = ChannelDefaults::default();
                let defaults = state.defaults.get(&place.server).unwrap_or(&nothing);
                let server = servers.iter().find(|server| several && server.id == place.server);
                let look = row::Look {
                    chosen: state.chosen.contains(place),
                    first: index == 0,
                    last: index + 1 == count,
                    server: server.map_or("", |server| server.name.as_str()),
                    cursor: cursor == Some(place),
                    previewing,
                };
                let heard = row::ui(ui, row, defaults, columns, look);
                for command in heard.commands {
                    out.command(command);
                }
                if heard.focused
                    && let Some(next) = state.chosen.keys(ui, &state.order, rows_in_sight)
                {
                    state.reveal = Some(next);
                    ui.memory_mut(|memory| memory.request_focus(row::id(next)));
                    ui.ctx().request_repaint();
                }
                if heard.ticked {
                    state.chosen.toggle(place);
                } else if heard.clicked {
                    let modifiers = ui.input(|input| input.modifiers);
                    state.chosen.click(&state.order, place, modifiers);
                    ui.memory_mut(|memory| memory.request_focus(row::id(place)));
                }
                if let Some(edit) = heard.edit {
                    // A row that is one of several chosen ones changes them all.
                    let all = state.chosen.contains(place) && state.chosen.len() > 1;
                    let channels = if all { state.chosen.iter().collect() } else { vec![place] };
                    wanted = Some(edit::Edit { channels, edits: vec![edit] });
                }
            }
        });
    });
    ui.painter().rect_stroke(outer, radius, palette.border(), egui::StrokeKind::Inside);
    ui.allocate_rect(outer, Sense::hover());
    ui.add_space(6.0);
    widgets::label(ui, words::count(state.order.len(), state.rows.len()), Type::Small, palette.faint);
    wanted
}

/// A small chevron that says which way the rows are ordered.
fn arrow(ui: &Ui, center: egui::Pos2, [side, tip]: [f32; 2], ink: egui::Color32) {
    let points = vec![center + vec2(-3.0, -side), center + vec2(0.0, -tip), center + vec2(3.0, -side)];
    ui.painter().add(egui::Shape::line(points, egui::Stroke::new(1.5, ink)));
}

/// The names of the columns: each orders by it.
fn head(ui: &mut Ui, columns: row::Columns, state: &mut ChannelsState) {
    let palette = Palette::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 28.0), Sense::hover());
    for (column, text, cell) in [
        (Column::Name, words::CHANNEL, columns.name(rect)),
        (Column::Level, words::LEVEL, columns.level(rect)),
        (Column::Sound, words::SOUND, columns.sound(rect)),
        (Column::Muted, words::MUTE, columns.muted(rect)),
        (Column::Threads, words::THREADS, columns.threads(rect)),
        (Column::Ignore, words::IGNORE, columns.ignore(rect)),
    ] {
        let response = ui.interact(cell, ui.unique_id().with(text), Sense::click());
        let sorted = state.wanted.column == column;
        response.widget_info(|| {
            let name = words::sort_by(text, sorted.then_some(state.wanted.descending));
            egui::WidgetInfo::labeled(egui::accesskit::Role::ColumnHeader, true, name)
        });
        let ink = if sorted || response.hovered() { palette.text } else { palette.dim };
        let line = widgets::Line { text, kind: Type::SmallStrong, color: ink, width: cell.width(), rows: 1 };
        let words = widgets::galley(ui.painter(), line);
        let pos = egui::pos2(cell.left(), cell.center().y - words.size().y / 2.0);
        let right = pos.x + words.size().x;
        ui.painter().galley(pos, words, ink);
        if sorted && right + 14.0 < cell.right() + 10.0 {
            let points = if state.wanted.descending { [-1.5, 1.5] } else { [1.5, -1.5] };
            arrow(ui, egui::pos2(right + 9.0, cell.center().y), points, ink);
        }
        widgets::focus_ring(ui, &response, cell.shrink2(vec2(0.0, 5.0)), 4);
        if response.clicked() {
            state.wanted.descending = sorted && !state.wanted.descending;
            state.wanted.column = column;
        }
    }
}
