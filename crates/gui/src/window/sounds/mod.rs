//! The Sounds page: what each server plays, how loud and where, and sounds of the person's own.

mod own;
mod particular;

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{LocalPrefs, SoundPrefs, SoundRule};
use belfry_core::query::{Answer, Query};
use belfry_core::settings::{Editable, ServerSettings, SettingKey as Key};
use belfry_core::sound::{MessageSound, RingSound, SoundChoice};
use belfry_core::view::ServerView;
use egui::{Ui, vec2};
use std::collections::BTreeMap;

use super::find::{Spot, spot};
use super::sound_picker::{self, Offer};
use crate::bridge::QueryId;
use crate::outbox::Outbox;
use crate::texts::{notifications, sounds as words};
use crate::theme::{Palette, Type};
use crate::widgets::{self, Range, setting};

/// The slice of the view that the page draws.
#[derive(Clone, Copy, Debug)]
pub(super) struct SoundsModel<'a> {
    /// All servers.
    pub(super) servers: &'a [ServerView],
    /// What plays because the person wanted to hear it.
    pub(super) previewing: Option<SoundChoice>,
    /// Wall clock, Unix milliseconds.
    pub(super) now_ms: i64,
}

/// What the page remembers.
#[derive(Debug, Default)]
pub struct SoundsState {
    devices: Option<Vec<String>>,
    asked_devices: Option<QueryId>,
    settings: BTreeMap<ServerId, ServerSettings>,
    /// Questions that were not answered yet, and the revision each server was asked at.
    pending: BTreeMap<u64, ServerId>,
    asked: BTreeMap<ServerId, u64>,
    own: own::OwnState,
    particular: particular::ParticularState,
}

impl SoundsState {
    /// The page is opened: devices come and go.
    pub(super) fn opened(&mut self) {
        self.asked_devices = None;
        self.devices = None;
    }

    /// Takes an answer that this page asked for; gives back any other.
    pub(super) fn on_answer(&mut self, id: QueryId, answer: Answer) -> Option<Answer> {
        if self.asked_devices == Some(id) {
            // Without the list, the present choice is still there.
            self.devices = Some(if let Answer::SoundDevices(devices) = answer { devices } else { Vec::new() });
            return None;
        }
        if self.pending.remove(&id.0).is_some() {
            if let Answer::Settings(settings) = answer {
                self.settings.insert(settings.server, *settings);
            }
            return None;
        }
        let answer = self.own.on_answer(id, answer)?;
        self.particular.on_answer(id, answer)
    }

    fn refresh(&mut self, servers: &[ServerView], out: &mut Outbox) {
        if self.devices.is_none() && self.asked_devices.is_none() {
            self.asked_devices = Some(out.query(Query::SoundDevices));
        }
        for server in servers {
            let waits = self.pending.values().any(|waiting| *waiting == server.id);
            if !waits && self.asked.get(&server.id) != Some(&server.settings_revision) {
                self.asked.insert(server.id, server.settings_revision);
                let id = out.query(Query::Settings(server.id));
                self.pending.insert(id.0, server.id);
            }
        }
    }
}

/// Draws the page; what is this computer's is changed in `prefs`.
pub(super) fn ui(
    ui: &mut Ui,
    model: &SoundsModel<'_>,
    state: &mut SoundsState,
    prefs: &mut LocalPrefs,
    out: &mut Outbox,
) {
    let SoundsModel { servers, previewing, now_ms } = *model;
    state.refresh(servers, out);
    widgets::page_scroll(ui, "sounds", |ui| {
        playback(ui, state, &mut prefs.sound, out);
        if !servers.is_empty() {
            spot(ui, Spot::ServerSounds, |ui| {
                widgets::titled_card(
                    ui,
                    words::SERVERS,
                    words::SERVERS_SUB,
                    |_| (),
                    |ui| {
                        for (index, server) in servers.iter().enumerate() {
                            if index > 0 {
                                rule(ui);
                            }
                            ui.push_id(server.id, |ui| {
                                server_sounds(
                                    ui,
                                    server,
                                    state.settings.get_mut(&server.id),
                                    &mut prefs.sound,
                                    previewing,
                                    now_ms,
                                    out,
                                );
                            });
                        }
                    },
                );
            });
        }
        spot(ui, Spot::OwnFiles, |ui| own::ui(ui, &mut state.own, &prefs.sound, previewing, out));
        spot(ui, Spot::Particular, |ui| {
            particular::ui(ui, &mut state.particular, servers, &mut prefs.sound, previewing, out);
        });
    });
}

/// A line between two parts of a card.
fn rule(ui: &mut Ui) {
    let palette = Palette::of(ui);
    ui.add_space(11.0);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), egui::Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, palette.border());
    ui.add_space(11.0);
}

fn playback(ui: &mut Ui, state: &SoundsState, prefs: &mut SoundPrefs, out: &mut Outbox) {
    widgets::titled_card(
        ui,
        words::PLAYBACK,
        "",
        |_| (),
        |ui| {
            spot(ui, Spot::Volume, |ui| {
                setting(ui, words::VOLUME, words::VOLUME_HINT, false, |ui| {
                    let range = Range { least: 0, most: 100, step: 5 };
                    let volume = u32::from(prefs.volume_percent);
                    if let Some(volume) = widgets::slider(ui, words::VOLUME, volume, range, words::percent) {
                        prefs.volume_percent = u8::try_from(volume).unwrap_or(100);
                        // What it is like is heard at once.
                        out.command(Command::PreviewSound(SoundChoice::Message(MessageSound::Bing)));
                    }
                });
            });
            spot(ui, Spot::Device, |ui| {
                setting(ui, words::DEVICE, words::DEVICE_HINT, true, |ui| {
                    let mut choices: Vec<(&str, &str)> = vec![("", words::DEFAULT_DEVICE)];
                    let devices = state.devices.as_deref().unwrap_or_default();
                    choices.extend(devices.iter().map(|name| (name.as_str(), name.as_str())));
                    let missing = crate::texts::desktop::not_connected(&prefs.device);
                    let chosen = Some(prefs.device.as_str());
                    let device = widgets::select(ui, words::DEVICE, chosen, &choices, &missing, 240.0);
                    if let Some(device) = device.map(str::to_owned) {
                        prefs.device = device;
                    }
                });
            });
        },
    );
}

/// What is heard for a server: its own setting, or a file of the person's own on this computer.
fn server_sounds(
    ui: &mut Ui,
    server: &ServerView,
    settings: Option<&mut ServerSettings>,
    prefs: &mut SoundPrefs,
    previewing: Option<SoundChoice>,
    now_ms: i64,
    out: &mut Outbox,
) {
    let palette = Palette::of(ui);
    widgets::label(ui, &server.name, Type::BodyStrong, palette.text);
    ui.add_space(6.0);
    let Some(settings) = settings.filter(|settings| settings.editable != Editable::NotLoaded) else {
        widgets::label(ui, notifications::NOT_KNOWN_YET, Type::Body, palette.dim);
        return;
    };
    let editable = settings.editable == Editable::Yes;
    if let Editable::No { reason } = &settings.editable {
        widgets::label(ui, crate::texts::sentence(reason), Type::Small, palette.amber);
        ui.add_space(6.0);
    }
    ui.spacing_mut().item_spacing.y = 8.0;
    let mut changes = Vec::new();
    let mut offers: Vec<Offer> =
        MessageSound::ALL.into_iter().map(|sound| Offer::built_in(SoundChoice::Message(sound))).collect();
    offers.extend(own::offers(prefs));
    let on_server = |rule: &SoundRule| rule.server == server.id && rule.channel.is_none() && rule.person.is_none();
    let here = prefs.rules.iter().find(|rule| on_server(rule)).map(|rule| rule.sound.clone());
    let chosen = here.clone().unwrap_or_else(|| settings.value(Key::DesktopNotificationSound).to_owned());
    let name = words::setting_of(words::MESSAGES, &server.name);
    if let Some(wanted) = line(
        ui,
        (words::MESSAGES, &name),
        settings,
        Key::DesktopSound,
        &chosen,
        &offers,
        editable,
        previewing,
        &mut changes,
        out,
    ) {
        prefs.rules.retain(|rule| !on_server(rule));
        if wanted.starts_with(own::PREFIX) {
            let (server, title) = (server.id, server.name.clone());
            prefs.rules.push(SoundRule { server, channel: None, person: None, title, sound: wanted });
        } else if wanted != settings.value(Key::DesktopNotificationSound) {
            changes.push(settings.change(Key::DesktopNotificationSound, wanted));
        }
    }
    if settings.offers.ringing {
        let rings: Vec<Offer> =
            RingSound::ALL.into_iter().map(|sound| Offer::built_in(SoundChoice::Ring(sound))).collect();
        let chosen = settings.value(Key::CallsNotificationSound).to_owned();
        let name = words::setting_of(words::CALLS, &server.name);
        if let Some(wanted) = line(
            ui,
            (words::CALLS, &name),
            settings,
            Key::CallsDesktopSound,
            &chosen,
            &rings,
            editable,
            previewing,
            &mut changes,
            out,
        ) {
            changes.push(settings.change(Key::CallsNotificationSound, wanted));
        }
    } else if editable {
        // Without a connection it is not known.
        widgets::label(ui, words::NO_RINGING, Type::Small, palette.dim);
    }
    if !changes.is_empty() {
        for change in &changes {
            if let (Some(field), Some(to)) = (settings.fields.get_mut(&change.key), &change.to) {
                field.value.clone_from(to);
                field.saving_since_ms = Some(now_ms);
            }
        }
        out.command(Command::ChangeSettings { server: server.id, changes });
    }
}

/// On or off, and which; returns the value that the person wants instead.
#[expect(clippy::too_many_arguments, reason = "one line of a form, called twice")]
fn line(
    ui: &mut Ui,
    (text, name): (&str, &str),
    settings: &ServerSettings,
    switch: Key,
    chosen: &str,
    offers: &[Offer],
    editable: bool,
    previewing: Option<SoundChoice>,
    changes: &mut Vec<belfry_core::settings::SettingChange>,
    out: &mut Outbox,
) -> Option<String> {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 9.0;
        let mut on = settings.field(switch).is_on();
        ui.scope(|ui| {
            if !editable {
                ui.disable();
            }
            if widgets::switch(ui, &mut on, name).changed() {
                changes.push(settings.change(switch, if on { "true" } else { "false" }));
            }
        });
        // Never so much that the picker would leave a small window's card.
        let width = (ui.available_width() - sound_picker::room(ui)).clamp(90.0, 150.0);
        let (rect, _) = ui.allocate_exact_size(vec2(width, 30.0), egui::Sense::hover());
        let color = Palette::of(ui).text;
        let words = widgets::galley(ui.painter(), widgets::Line { text, kind: Type::Body, color, width, rows: 1 });
        ui.painter().galley(egui::pos2(rect.left(), rect.center().y - words.size().y / 2.0), words, color);
        let (wanted, commands) = sound_picker::ui(ui, &notifications::sound_of(name), chosen, offers, previewing);
        for command in commands {
            out.command(command);
        }
        wanted.filter(|_| editable)
    })
    .inner
}
