//! Sounds for one channel or person, on this computer.

use belfry_core::event::ChannelType;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{SoundPrefs, SoundRule};
use belfry_core::query::{Answer, FoundPerson, Query};
use belfry_core::settings::channels::ChannelRow;
use belfry_core::sound::{MessageSound, SoundChoice};
use belfry_core::view::{Health, ServerView};
use egui::{Align, Layout, ScrollArea, Ui, vec2};
use std::collections::BTreeMap;

use super::{own, rule};
use crate::bridge::QueryId;
use crate::icons::Icon;
use crate::outbox::Outbox;
use crate::texts::{self, channels, notifications, sounds as words};
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind, TextField};
use crate::window::sound_picker::{self, Offer};

/// Results in sight: who sees more writes another letter.
const MOST_RESULTS: usize = 50;
/// The list of results is at most this high, points.
const MOST_HIGH: f32 = 240.0;

/// What the card remembers.
#[derive(Debug, Default)]
pub(super) struct ParticularState {
    /// What is searched for; `None` = the button is shown.
    search: Option<String>,
    focus: bool,
    pending: Option<QueryId>,
    rows: Option<Vec<ChannelRow>>,
    people: People,
}

/// Who was looked for by name. One question a server is under way at a time; a text that changed meanwhile is asked next.
#[derive(Debug, Default)]
struct People {
    asked: BTreeMap<ServerId, String>,
    pending: BTreeMap<u64, ServerId>,
    found: BTreeMap<ServerId, Vec<FoundPerson>>,
}

impl People {
    fn on_answer(&mut self, id: QueryId, answer: Answer) -> Option<Answer> {
        let Some(server) = self.pending.remove(&id.0) else { return Some(answer) };
        // Without a connection there are the channels.
        let people = if let Answer::People(people) = answer { people } else { Vec::new() };
        self.found.insert(server, people);
        None
    }

    fn ask(&mut self, text: &str, servers: &[ServerView], out: &mut Outbox) {
        let text = text.trim();
        if text.is_empty() {
            *self = Self { pending: std::mem::take(&mut self.pending), ..Self::default() };
            return;
        }
        for server in servers.iter().filter(|server| server.health == Health::Live) {
            let waits = self.pending.values().any(|waiting| *waiting == server.id);
            if !waits && self.asked.get(&server.id).is_none_or(|asked| asked != text) {
                self.asked.insert(server.id, text.to_owned());
                let id = out.query(Query::FindPeople { server: server.id, text: text.to_owned() });
                self.pending.insert(id.0, server.id);
            }
        }
    }
}

impl ParticularState {
    pub(super) fn on_answer(&mut self, id: QueryId, answer: Answer) -> Option<Answer> {
        if self.pending != Some(id) {
            return self.people.on_answer(id, answer);
        }
        self.pending = None;
        if let Answer::Channels(table) = answer {
            let mut rows: Vec<ChannelRow> = table.rows.into_iter().filter(|row| !row.archived).collect();
            // The busiest first: that is who gets a sound of their own.
            rows.sort_by(|a, b| b.last_post_at.cmp(&a.last_post_at).then_with(|| a.place().cmp(&b.place())));
            self.rows = Some(rows);
        } else {
            self.rows = Some(Vec::new());
        }
        None
    }
}

/// Whether a rule is about one channel or person.
fn is_particular(rule: &SoundRule) -> bool {
    rule.channel.is_some() || rule.person.is_some()
}

pub(super) fn ui(
    ui: &mut Ui,
    state: &mut ParticularState,
    servers: &[ServerView],
    prefs: &mut SoundPrefs,
    previewing: Option<SoundChoice>,
    out: &mut Outbox,
) {
    widgets::titled_card(
        ui,
        words::PARTICULAR,
        words::PARTICULAR_SUB,
        |_| (),
        |ui| {
            if !prefs.rules.iter().any(is_particular) {
                widgets::label(ui, words::NO_PARTICULAR, Type::Body, Palette::of(ui).dim);
                ui.add_space(12.0);
            }
            let mut offers: Vec<Offer> =
                MessageSound::ALL.into_iter().map(|sound| Offer::built_in(SoundChoice::Message(sound))).collect();
            offers.extend(own::offers(prefs));
            offers.push(Offer { value: String::new(), text: words::SILENT.to_owned(), sound: None });
            let mut removed = None;
            for (index, entry) in prefs.rules.iter_mut().enumerate().filter(|(_, rule)| is_particular(rule)) {
                ui.push_id((entry.server, entry.channel, entry.person), |ui| {
                    if row(ui, entry, servers, &offers, previewing, out) {
                        removed = Some(index);
                    }
                });
                rule(ui);
            }
            if let Some(index) = removed {
                prefs.rules.remove(index);
            }
            add(ui, state, servers, prefs, out);
        },
    );
}

/// One rule; returns whether it was taken away.
fn row(
    ui: &mut Ui,
    entry: &mut SoundRule,
    servers: &[ServerView],
    offers: &[Offer],
    previewing: Option<SoundChoice>,
    out: &mut Outbox,
) -> bool {
    let palette = Palette::of(ui);
    let mut removed = false;
    ui.horizontal(|ui| {
        ui.set_min_height(30.0);
        ui.spacing_mut().item_spacing.x = 9.0;
        let width = (ui.available_width() - 290.0).max(100.0);
        let everywhere = words::everywhere_on(server_name(servers, entry.server));
        let server = if entry.person.is_some() { &everywhere } else { server_name(servers, entry.server) };
        let line = |text, kind, color| widgets::Line { text, kind, color, width, rows: 1 };
        let (rect, response) = ui.allocate_exact_size(vec2(width, 36.0), egui::Sense::hover());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, &entry.title));
        let title = widgets::galley(ui.painter(), line(&entry.title, Type::Body, palette.text));
        let place = widgets::galley(ui.painter(), line(server, Type::Small, palette.dim));
        ui.painter().galley(rect.min, title, palette.text);
        ui.painter().galley(rect.min + vec2(0.0, 18.0), place, palette.dim);
        let name = notifications::sound_of(&entry.title);
        let (wanted, commands) = sound_picker::ui(ui, &name, &entry.sound, offers, previewing);
        for command in commands {
            out.command(command);
        }
        if let Some(wanted) = wanted {
            entry.sound = wanted;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            removed = widgets::icon_button(ui, Icon::Cross, &words::remove(&entry.title), Kind::Quiet).clicked();
        });
    });
    removed
}

fn server_name(servers: &[ServerView], id: ServerId) -> &str {
    servers.iter().find(|server| server.id == id).map_or("", |server| server.name.as_str())
}

fn add(ui: &mut Ui, state: &mut ParticularState, servers: &[ServerView], prefs: &mut SoundPrefs, out: &mut Outbox) {
    let Some(search) = &mut state.search else {
        if ui.add(Button::new(words::ADD_PARTICULAR, Kind::Secondary)).clicked() {
            *state = ParticularState { search: Some(String::new()), focus: true, ..ParticularState::default() };
            state.pending = Some(out.query(Query::Channels { known: 0 }));
        }
        return;
    };
    let mut closed = false;
    ui.horizontal(|ui| {
        let width = ui.available_width() - 90.0;
        let field =
            TextField::new(search, words::FIND_PARTICULAR).hint(words::FIND_PARTICULAR).search().width(width).show(ui);
        if std::mem::take(&mut state.focus) {
            field.request_focus();
        }
        closed = ui.add(Button::new(texts::CANCEL, Kind::Quiet)).clicked();
    });
    state.people.ask(search, servers, out);
    ui.add_space(8.0);
    let chosen = results(ui, state, servers);
    if let Some(rule) = chosen {
        let place = |rule: &SoundRule| (rule.server, rule.channel, rule.person);
        if !prefs.rules.iter().any(|known| place(known) == place(&rule)) {
            prefs.rules.push(rule);
        }
        closed = true;
    }
    if closed {
        *state = ParticularState::default();
    }
}

/// What fits; returns the rule of what was chosen.
fn results(ui: &mut Ui, state: &ParticularState, servers: &[ServerView]) -> Option<SoundRule> {
    let palette = Palette::of(ui);
    let wanted: Vec<String> =
        state.search.as_deref().unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();
    let fits = |row: &&ChannelRow| {
        let name = row.name.to_lowercase();
        wanted.iter().all(|word| name.contains(word.as_str()))
    };
    let rows: Vec<&ChannelRow> = state.rows.iter().flatten().filter(fits).take(MOST_RESULTS).collect();
    let people: Vec<(ServerId, &FoundPerson)> =
        state.people.found.iter().flat_map(|(server, people)| people.iter().map(|person| (*server, person))).collect();
    let sound = || MessageSound::default().name().to_owned();
    let mut chosen = None;
    let head = |ui: &mut Ui, text: &str| {
        ui.add_space(6.0);
        widgets::label(ui, text, Type::SmallStrong, palette.dim);
        ui.add_space(4.0);
    };
    // Its own height also where the page has no more room in sight: the page scrolls.
    let area = ScrollArea::vertical().id_salt("found").max_height(MOST_HIGH).min_scrolled_height(MOST_HIGH);
    area.auto_shrink([false, true]).show(ui, |ui| {
        // The bar stands beside the rows.
        ui.set_max_width(ui.available_width() - 12.0);
        if !rows.is_empty() {
            head(ui, words::FOUND_CHANNELS);
        }
        for row in &rows {
            let text = channels::found(row, server_name(servers, row.server));
            if ui.push_id(row.place(), |ui| widgets::menu_item(ui, &text, false)).inner.clicked() {
                let direct = row.kind == Some(ChannelType::Direct);
                let title = if direct { row.name.clone() } else { channels::titled(row) };
                let (server, channel) = (row.server, Some(row.channel));
                chosen = Some(SoundRule { server, channel, person: None, title, sound: sound() });
            }
        }
        if !people.is_empty() {
            head(ui, words::FOUND_PEOPLE);
        }
        for (server, person) in &people {
            let text = words::found_person(&person.name, &person.username, server_name(servers, *server));
            if ui.push_id((server, person.user), |ui| widgets::menu_item(ui, &text, false)).inner.clicked() {
                let title = words::found_person(&person.name, &person.username, "");
                let (server, user) = (*server, Some(person.user));
                chosen = Some(SoundRule { server, channel: None, person: user, title, sound: sound() });
            }
        }
        let is_over = state.rows.is_some() && state.people.pending.is_empty();
        if rows.is_empty() && people.is_empty() && is_over {
            widgets::label(ui, channels::NO_MATCH, Type::Body, palette.dim);
        }
    });
    chosen
}
