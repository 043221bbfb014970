//! Changing several channels at once: the strip above the table while some are chosen.

use belfry_core::settings::channels::{ChannelEdit, ChannelRef};
use belfry_core::sound::MessageSound;
use egui::{CornerRadius, Frame, Margin, PopupCloseBehavior, Ui, vec2};

use super::ChannelsState;
use crate::texts::channels as words;
use crate::theme::{Palette, RADIUS_CONTROL, Type};
use crate::widgets::{self, Button, Kind, ListSize};

/// What is to be changed, where.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) channels: Vec<ChannelRef>,
    pub(super) edits: Vec<ChannelEdit>,
}

/// Draws the strip; returns what the person wants. `first` is one of the chosen ones.
pub(super) fn strip(ui: &mut Ui, state: &mut ChannelsState, first: ChannelRef) -> Option<Edit> {
    let palette = Palette::of(ui);
    let read_only = state.defaults(first.server).and_then(|defaults| defaults.read_only.clone());
    let mut wanted = None;
    let mut cleared = false;
    let frame = Frame::new()
        .fill(palette.accent_soft)
        .corner_radius(CornerRadius::same(RADIUS_CONTROL))
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
            widgets::label(ui, words::selected(state.chosen.len()), Type::BodyStrong, palette.text);
            let why = read_only.as_deref();
            for (text, muted) in [(words::MUTE_THEM, true), (words::UNMUTE_THEM, false)] {
                if ui.add(Button::new(text, Kind::Secondary).disabled(why)).clicked() {
                    wanted = Some(ChannelEdit::Mute(muted));
                }
            }
            if why.is_none() {
                menus(ui, &mut wanted);
            }
            if ui.add(Button::new(words::RESET, Kind::Secondary).disabled(why)).clicked() {
                wanted = Some(ChannelEdit::ResetDesktop);
            }
            cleared = ui.add(Button::new(words::CLEAR_SELECTION, Kind::Link)).clicked();
        });
    });
    ui.add_space(10.0);
    let edit = wanted.map(|edit| Edit { channels: state.chosen.iter().collect(), edits: vec![edit] });
    if cleared {
        state.chosen.clear();
    }
    edit
}

fn menus(ui: &mut Ui, wanted: &mut Option<ChannelEdit>) {
    let levels =
        ["all", "mention", "none"].map(|level| (words::level(level, false), ChannelEdit::Level(level.to_owned())));
    menu(ui, words::SET_LEVEL, 390.0, &levels, wanted);
    let mut sounds = vec![
        (words::SOUND_OFF.to_owned(), ChannelEdit::Sound(false)),
        (words::SOUND_ON.to_owned(), ChannelEdit::Sound(true)),
    ];
    sounds.extend(
        MessageSound::ALL.map(|sound| (sound.name().to_owned(), ChannelEdit::SoundName(sound.name().to_owned()))),
    );
    menu(ui, words::SET_SOUND, 200.0, &sounds, wanted);
    let threads = [(words::THREADS_ON, true), (words::THREADS_OFF, false)]
        .map(|(text, on)| (text.to_owned(), ChannelEdit::Threads(on)));
    menu(ui, words::SET_THREADS, 330.0, &threads, wanted);
    let ignore = [(words::IGNORE_ON, true), (words::IGNORE_OFF, false)]
        .map(|(text, on)| (text.to_owned(), ChannelEdit::IgnoreChannelMentions(on)));
    menu(ui, words::SET_IGNORE, 330.0, &ignore, wanted);
}

fn menu(ui: &mut Ui, name: &str, width: f32, choices: &[(String, ChannelEdit)], wanted: &mut Option<ChannelEdit>) {
    let button = ui.add(Button::new(name, Kind::Secondary));
    let size = ListSize { width, height: widgets::MENU_ITEM * choices.len() as f32 };
    widgets::drop_list(&button, name, size, PopupCloseBehavior::default(), |ui| {
        for (text, edit) in choices {
            if widgets::menu_item(ui, text, false).clicked() {
                *wanted = Some(edit.clone());
                ui.close();
            }
        }
    });
}
