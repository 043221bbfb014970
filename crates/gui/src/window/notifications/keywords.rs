//! Words that notify, and words that are highlighted: chips.

use belfry_core::settings::SettingKey as Key;
use belfry_core::settings::keywords::{cleaned, never_found};
use egui::{EventFilter, Id, Modifiers, Ui, vec2};

use super::{Form, sections::group_label};
use crate::texts::{Tone, notifications as words};
use crate::theme::{Palette, Type};
use crate::widgets::{self, TextField};
use crate::window::find::{Spot, spot};

/// Chips in sight; who has more words than these sees how many there are besides.
const MOST_CHIPS: usize = 200;

/// A word that is being written.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// `None` = the pill is shown instead of the field.
    text: Option<String>,
    focus: bool,
    /// Why the last one was not taken.
    refused: Option<&'static str>,
}

/// "Keywords that trigger notifications" (§5.4).
pub(super) fn triggering(ui: &mut Ui, form: &mut Form<'_>, draft: &mut Draft) {
    let keys = [Key::MentionKeys, Key::FirstName, Key::Channel];
    form.section(ui, words::KEYWORDS, "", &keys, |ui, form| {
        let settings = form.settings;
        spot(ui, Spot::Keywords, |ui| {
            if form.shows(Key::FirstName) {
                let mut on = settings.field(Key::FirstName).is_on();
                if widgets::checkbox(ui, &mut on, &words::first_name(&settings.first_name)).changed() {
                    form.set(Key::FirstName, if on { "true" } else { "false" });
                }
            }
            let mut username = settings.username_notifies();
            if widgets::checkbox(ui, &mut username, &words::username(&settings.username)).changed() {
                form.changes.push(settings.set_username(username));
            }
            spot(ui, Spot::ChannelWide, |ui| {
                let mut on = settings.field(Key::Channel).is_on();
                if widgets::checkbox(ui, &mut on, words::CHANNEL_WIDE).changed() {
                    form.set(Key::Channel, if on { "true" } else { "false" });
                }
            });
            ui.add_space(8.0);
            group_label(ui, words::OTHER_WORDS);
            let own = settings.words();
            let never = |word: &str| never_found(word).map(|why| words::never_matches(word, &words::never_found(why)));
            let taken =
                chips(ui, &own, draft, Field { button: words::ADD_WORD, name: words::NEW_WORD, spaces: false }, never);
            if let Some(taken) = taken {
                form.changes.push(settings.set_words(&taken));
            }
            ui.add_space(10.0);
            widgets::label(ui, words::always(&settings.username), Type::Small, Palette::of(ui).dim);
        });
    });
}

/// "Keywords that get highlighted" (§5.5): where licensed.
pub(super) fn highlighted(ui: &mut Ui, form: &mut Form<'_>, draft: &mut Draft) {
    form.section(ui, words::HIGHLIGHT, words::HIGHLIGHT_SUB, &[Key::HighlightKeys], |ui, form| {
        spot(ui, Spot::Highlight, |ui| {
            let phrases = form.settings.highlights();
            let field = Field { button: words::ADD_PHRASE, name: words::NEW_PHRASE, spaces: true };
            if let Some(taken) = chips(ui, &phrases, draft, field, |_| None) {
                form.changes.push(form.settings.set_highlights(&taken));
            }
        });
    });
}

/// How the field for a new word is.
#[derive(Clone, Copy)]
struct Field {
    button: &'static str,
    name: &'static str,
    /// Spaces are part of it.
    spaces: bool,
}

/// The chips and the pill that adds one; returns all words where they changed.
fn chips(
    ui: &mut Ui,
    own: &[String],
    draft: &mut Draft,
    field: Field,
    never: impl Fn(&str) -> Option<String>,
) -> Option<Vec<String>> {
    let mut changed = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(10.0, 8.0);
        for (index, word) in own.iter().enumerate().take(MOST_CHIPS) {
            let warning = never(word);
            let (text, tone) = match &warning {
                Some(warning) => (warning.as_str(), Tone::Warn),
                None => (word.as_str(), Tone::Good),
            };
            let remove = words::remove(word);
            if ui.push_id(index, |ui| widgets::chip(ui, text, tone, Some(&remove))).inner {
                let rest = own.iter().enumerate().filter(|(other, _)| *other != index);
                changed = Some(rest.map(|(_, word)| word.clone()).collect());
            }
        }
        if own.len() > MOST_CHIPS {
            widgets::chip(ui, &words::more_words(own.len() - MOST_CHIPS), Tone::Plain, None);
        }
        if draft.text.is_none() {
            if widgets::add_chip(ui, field.button).clicked() {
                *draft = Draft { text: Some(String::new()), focus: true, refused: None };
            }
        } else if let Some(words) = new_word(ui, own, draft, field) {
            changed = Some(words);
        }
    });
    if let Some(refused) = draft.refused {
        ui.add_space(6.0);
        widgets::label(ui, refused, Type::Small, Palette::of(ui).amber);
    }
    let warning =
        draft.text.as_deref().map(str::trim).filter(|text| !text.is_empty()).and_then(|text| never(&tidy(text, field)));
    if let Some(warning) = warning {
        ui.add_space(6.0);
        widgets::label(ui, warning, Type::Small, Palette::of(ui).amber);
    }
    changed
}

fn tidy(word: &str, field: Field) -> String {
    if field.spaces { word.trim().to_owned() } else { cleaned(word) }
}

/// The field: a comma, Tab, Enter or leaving it takes what was written, Escape does not.
fn new_word(ui: &mut Ui, own: &[String], draft: &mut Draft, field: Field) -> Option<Vec<String>> {
    let text = draft.text.as_mut()?;
    let id = Id::unique(("new-word", field.name));
    let focused = ui.memory(|memory| memory.has_focus(id));
    if focused {
        // Tab takes the word and leaves room for the next one, as the official page does.
        let filter =
            EventFilter { tab: !text.trim().is_empty(), horizontal_arrows: true, vertical_arrows: true, escape: true };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    }
    let pressed = |key| focused && ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let escaped = pressed(egui::Key::Escape);
    let tab = !text.trim().is_empty() && pressed(egui::Key::Tab);
    let response = TextField::new(text, field.name).hint(words::NEW_WORD_HINT).width(190.0).id(id).limit(1000).show(ui);
    if std::mem::take(&mut draft.focus) {
        response.request_focus();
    }
    if escaped {
        *draft = Draft::default();
        return None;
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    let comma = text.contains(',');
    if !(comma || tab || response.lost_focus()) {
        if response.changed() {
            draft.refused = None;
        }
        return None;
    }
    let mut all = own.to_vec();
    let mut refused = None;
    for word in text.split(',').map(|word| tidy(word, field)).filter(|word| !word.is_empty()) {
        if all.iter().any(|known| known.eq_ignore_ascii_case(&word)) {
            refused = Some(words::WORD_TWICE);
        } else if !word.chars().any(char::is_alphanumeric) {
            refused = Some(words::WORD_EMPTY);
        } else {
            all.push(word);
        }
    }
    let goes_on = comma || tab || entered && !text.trim().is_empty();
    *draft = Draft { text: goes_on.then(String::new), focus: goes_on, refused };
    (all.len() != own.len()).then_some(all)
}
