//! One row of the table, in one line where there is room, in two where there is not.

use belfry_core::command::Command;
use belfry_core::event::ChannelType;
use belfry_core::settings::channels::{ChannelDefaults, ChannelEdit, ChannelRef, ChannelRow};
use belfry_core::sound::{MessageSound, SoundChoice};
use egui::accesskit::Role;
use egui::{
    CornerRadius, EventFilter, Id, PopupCloseBehavior, Pos2, Rect, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use crate::icons::Icon;
use crate::texts::channels as words;
use crate::theme::{Palette, RADIUS_CARD, Type};
use crate::widgets::{self, Line, ListSize, Tick};
use crate::window::sound_picker::{self, Shape};

/// Where the cells are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    two_lines: bool,
}

impl Columns {
    /// For a table so many points wide.
    pub(super) fn fit(width: f32) -> Self {
        Self { two_lines: width < 640.0 }
    }

    pub(super) fn has_head(self) -> bool {
        !self.two_lines
    }

    pub(super) fn height(self) -> f32 {
        if self.two_lines { 86.0 } else { 48.0 }
    }

    /// From the right edge: how far the cell's left edge is away, and how wide it is.
    fn cell(rect: Rect, from_right: f32, width: f32) -> Rect {
        Rect::from_min_size(pos2(rect.right() - from_right, rect.top()), vec2(width, rect.height()))
    }

    pub(super) fn name(self, rect: Rect) -> Rect {
        let right = if self.two_lines { rect.right() - 12.0 } else { rect.right() - 470.0 };
        let bottom = if self.two_lines { rect.top() + 44.0 } else { rect.bottom() };
        Rect::from_min_max(pos2(rect.left() + 40.0, rect.top()), pos2(right, bottom))
    }

    fn second(rect: Rect) -> Rect {
        Rect::from_min_max(pos2(rect.left(), rect.top() + 42.0), pos2(rect.right(), rect.bottom() - 4.0))
    }

    pub(super) fn level(self, rect: Rect) -> Rect {
        if self.two_lines {
            return Rect::from_min_size(pos2(rect.left() + 40.0, Self::second(rect).top()), vec2(136.0, 40.0));
        }
        Self::cell(rect, 462.0, 132.0)
    }

    pub(super) fn sound(self, rect: Rect) -> Rect {
        if self.two_lines {
            return Rect::from_min_size(pos2(rect.left() + 178.0, Self::second(rect).top()), vec2(100.0, 40.0));
        }
        Self::cell(rect, 320.0, 104.0)
    }

    pub(super) fn muted(self, rect: Rect) -> Rect {
        if self.two_lines {
            return Rect::from_min_size(pos2(rect.left() + 290.0, Self::second(rect).top()), vec2(56.0, 40.0));
        }
        Self::cell(rect, 204.0, 48.0)
    }

    pub(super) fn threads(self, rect: Rect) -> Rect {
        if self.two_lines {
            return Rect::from_min_size(pos2(rect.left() + 344.0, Self::second(rect).top()), vec2(56.0, 40.0));
        }
        Self::cell(rect, 150.0, 52.0)
    }

    pub(super) fn ignore(self, rect: Rect) -> Rect {
        if self.two_lines {
            return Rect::from_min_size(pos2(rect.left() + 398.0, Self::second(rect).top()), vec2(56.0, 40.0));
        }
        Self::cell(rect, 90.0, 84.0)
    }
}

/// How a row is painted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    pub(super) chosen: bool,
    pub(super) first: bool,
    pub(super) last: bool,
    /// The server's name; empty where there is only one.
    pub(super) server: &'a str,
    /// Tab leads here.
    pub(super) cursor: bool,
    pub(super) previewing: Option<SoundChoice>,
}

/// What the person did with a row.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) edit: Option<ChannelEdit>,
    pub(super) commands: Vec<Command>,
    pub(super) clicked: bool,
    pub(super) ticked: bool,
    pub(super) focused: bool,
}

/// The id of a row, whatever its place in the table.
pub(super) fn id(place: ChannelRef) -> Id {
    Id::unique(("channel-row", place))
}

/// Draws it.
pub(super) fn ui(ui: &mut Ui, row: &ChannelRow, defaults: &ChannelDefaults, columns: Columns, look: Look<'_>) -> Heard {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), columns.height()), Sense::hover());
    let mut heard = Heard::default();
    let is = row.effective(defaults);
    let has_focus = ui.memory(|memory| memory.has_focus(id(row.place())));
    let sense = if look.cursor || has_focus { Sense::click() } else { Sense::CLICK };
    let response = ui.interact(rect, id(row.place()), sense);
    response.widget_info(|| {
        let name = words::row_name(row, &is);
        WidgetInfo::selected(Role::Row, true, look.chosen, name)
    });
    heard.clicked = response.clicked();
    heard.focused = response.has_focus();
    if heard.focused {
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    }
    paint_ground(ui, rect, look, response.hovered());
    widgets::focus_ring(ui, &response, rect.shrink(4.0), RADIUS_CARD - 4);

    let square = Rect::from_center_size(pos2(rect.left() + 20.0, columns.name(rect).center().y), vec2(16.0, 16.0));
    let tick = ui.interact(square.expand(8.0), id(row.place()).with("tick"), Sense::CLICK);
    tick.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, look.chosen, words::choose(&row.name)));
    widgets::tick(ui, square, Tick { on: Some(look.chosen), hovered: tick.hovered(), enabled: true });
    heard.ticked = tick.clicked();
    name_ui(ui, columns.name(rect), row, defaults, look.server);

    let editable = defaults.read_only.is_none();
    let mut cell = |ui: &mut Ui, at: Rect, content: &mut dyn FnMut(&mut Ui) -> Option<ChannelEdit>| {
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        let mut builder = UiBuilder::new().max_rect(at).layout(layout).id_salt((row.place(), at.left() as i32));
        if !editable {
            builder = builder.disabled();
        }
        let wanted = ui.scope_builder(builder, |ui| content(ui)).inner;
        heard.edit = heard.edit.take().or(wanted);
    };
    let two = !columns.has_head();
    cell(ui, columns.level(rect), &mut |ui| {
        level(ui, row, &is.level, is.muted, defaults, columns.level(rect).width() - 6.0)
    });
    let mut commands = Vec::new();
    let silent = is.muted || is.level == "none";
    cell(ui, columns.sound(rect), &mut |ui| {
        sound(ui, row, (is.sound, &is.sound_name), silent, defaults, look.previewing, &mut commands)
    });
    cell(ui, columns.muted(rect), &mut |ui| flag(ui, row, words::MUTE, is.muted, true, two).map(ChannelEdit::Mute));
    if defaults.threads {
        let applies = !is.muted && is.level == "mention";
        cell(ui, columns.threads(rect), &mut |ui| {
            flag(ui, row, words::THREADS, is.threads, applies, two).map(ChannelEdit::Threads)
        });
    }
    cell(ui, columns.ignore(rect), &mut |ui| {
        let short = if two { words::IGNORE_SHORT } else { words::IGNORE };
        flag(ui, row, short, is.ignore_channel_mentions, true, two).map(ChannelEdit::IgnoreChannelMentions)
    });
    heard.commands = commands;
    heard
}

fn paint_ground(ui: &Ui, rect: Rect, look: Look<'_>, hovered: bool) {
    let palette = Palette::of(ui);
    let corner = |round: bool| if round { RADIUS_CARD - 1 } else { 0 };
    let (top, bottom) = (corner(look.first), corner(look.last));
    let radius = CornerRadius { nw: top, ne: top, sw: bottom, se: bottom };
    if look.chosen {
        ui.painter().rect_filled(rect, radius, palette.accent_soft);
    } else if hovered {
        ui.painter().rect_filled(rect, radius, palette.step(palette.surface));
    }
    if !look.last {
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, palette.border());
    }
}

fn name_ui(ui: &mut Ui, cell: Rect, row: &ChannelRow, defaults: &ChannelDefaults, server: &str) {
    let palette = Palette::of(ui);
    let painter = ui.painter();
    let icon = match row.kind {
        Some(ChannelType::Direct | ChannelType::Group) => Icon::Person,
        _ => Icon::Hash,
    };
    let center = cell.center().y;
    icon.paint(painter, pos2(cell.left() + 8.0, center), palette.dim);
    let left = cell.left() + 26.0;
    let width = cell.right() - left;
    let title = Line { text: &row.name, kind: Type::Body, color: palette.text, width, rows: 1 };
    let title = widgets::galley(painter, title);
    let (place, ink) = match (&row.trouble, row.saving, &defaults.read_only) {
        (Some(trouble), _, _) => (words::not_saved(trouble), palette.red),
        (None, _, Some(reason)) => (words::place(row, server, Some(reason)), palette.dim),
        (None, _, None) => (words::place(row, server, None), palette.dim),
    };
    if place.is_empty() {
        painter.galley(Pos2::new(left, center - title.size().y / 2.0), title, palette.text);
        return;
    }
    let sub = widgets::galley(painter, Line { text: &place, kind: Type::Small, color: ink, width, rows: 1 });
    painter.galley(Pos2::new(left, center - 17.0), title, palette.text);
    painter.galley(Pos2::new(left, center + 1.0), sub, ink);
}

/// The level, with the account's tagged as the default.
fn level(
    ui: &mut Ui,
    row: &ChannelRow,
    level: &str,
    muted: bool,
    defaults: &ChannelDefaults,
    width: f32,
) -> Option<ChannelEdit> {
    let name = words::cell(words::LEVEL, &row.name);
    let account = defaults.account.get("desktop").map_or("all", String::as_str);
    let shown = words::short_level(level);
    if muted {
        ui.disable();
    }
    let button = widgets::select_button(ui, &name, &shown, width);
    let levels = ["all", "mention", "none"];
    let mut wanted = widgets::arrows(ui, &button).and_then(|step| {
        let at = levels.iter().position(|other| *other == level).unwrap_or(0);
        levels.get(at.saturating_add_signed(step).min(levels.len() - 1)).copied()
    });
    let size = ListSize { width: 390.0, height: widgets::MENU_ITEM * levels.len() as f32 };
    widgets::drop_list(&button, &name, size, PopupCloseBehavior::default(), |ui| {
        for other in levels {
            if widgets::menu_item(ui, &words::level(other, other == account), other == level).clicked() {
                wanted = Some(other);
                ui.close();
            }
        }
    });
    if muted {
        button.on_disabled_hover_text(words::IS_MUTED);
    }
    wanted.filter(|wanted| *wanted != level).map(|level| ChannelEdit::Level(level.to_owned()))
}

fn sound(
    ui: &mut Ui,
    row: &ChannelRow,
    (on, sound_name): (bool, &str),
    silent: bool,
    defaults: &ChannelDefaults,
    previewing: Option<SoundChoice>,
    commands: &mut Vec<Command>,
) -> Option<ChannelEdit> {
    let name = words::cell(words::SOUND, &row.name);
    if silent {
        ui.disable();
    }
    let shown = if on { sound_name } else { words::SOUND_OFF };
    let button = widgets::select_button(ui, &name, shown, 98.0);
    let usual = defaults.account.get("desktop_notification_sound").map_or("Bing", String::as_str);
    let mut wanted = None;
    let rows = MessageSound::ALL.len() + if on { 1 } else { 2 };
    let size = ListSize { width: 230.0, height: widgets::MENU_ITEM * rows as f32 };
    widgets::drop_list(&button, &name, size, PopupCloseBehavior::CloseOnClickOutside, |ui| {
        if widgets::menu_item(ui, words::SOUND_OFF, !on).clicked() {
            wanted = Some(ChannelEdit::Sound(false));
            ui.close();
        }
        if !on && widgets::menu_item(ui, words::SOUND_ON, false).clicked() {
            wanted = Some(ChannelEdit::Sound(true));
            ui.close();
        }
        for sound in MessageSound::ALL {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                let width = ui.available_width() - sound_picker::LISTEN;
                let text = words::tagged(sound.name(), sound.name() == usual);
                let chosen = on && sound.name() == sound_name;
                if widgets::menu_item_in(ui, &text, chosen, width).clicked() {
                    wanted = Some(ChannelEdit::SoundName(sound.name().to_owned()));
                    commands.push(Command::PreviewSound(SoundChoice::Message(sound)));
                    ui.close();
                }
                let choice = SoundChoice::Message(sound);
                commands.extend(sound_picker::listen(ui, sound.name(), choice, previewing, Shape::Icon));
            });
        }
    });
    wanted
}

/// A tick of a column; returns what it becomes. `applies` is false where another setting makes it idle.
fn flag(ui: &mut Ui, row: &ChannelRow, column: &str, on: bool, applies: bool, labelled: bool) -> Option<bool> {
    let palette = Palette::of(ui);
    let enabled = applies && ui.is_enabled();
    let (rect, _) = ui.allocate_exact_size(vec2(if labelled { 56.0 } else { 30.0 }, 30.0), Sense::hover());
    let response =
        ui.interact(rect, id(row.place()).with(column), if enabled { Sense::click() } else { Sense::hover() });
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, enabled, on, words::cell(column, &row.name)));
    let center = pos2(rect.left() + 8.0, if labelled { rect.center().y - 6.0 } else { rect.center().y });
    let square = Rect::from_center_size(center, vec2(16.0, 16.0));
    widgets::tick(ui, square, Tick { on: Some(on), hovered: enabled && response.hovered(), enabled });
    if labelled {
        let line = Line { text: column, kind: Type::Tag, color: palette.dim, width: 56.0, rows: 1 };
        let words = widgets::galley(ui.painter(), line);
        ui.painter().galley(pos2(rect.left(), center.y + 10.0), words, palette.dim);
    }
    widgets::focus_ring(ui, &response, square, 4);
    response.clicked().then_some(!on)
}
