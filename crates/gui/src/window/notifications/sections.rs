//! The cards of the Notifications page, but for the words.

use belfry_core::settings::SettingKey as Key;
use belfry_core::sound::{MessageSound, RingSound, SoundChoice};
use egui::{Rect, Ui, UiBuilder, vec2};

use super::{Form, unknown};
use crate::texts::notifications as words;
use crate::theme::{Palette, Type};
use crate::widgets;
use crate::window::find::{Spot, spot};
use crate::window::sound_picker::{self, Offer};

const LEVELS: [(&str, &str); 3] = [("all", words::ALL), ("mention", words::MENTION), ("none", words::NONE)];
/// Width of the selects with long words, points.
const WIDE: f32 = 320.0;

/// "Desktop and mobile notifications" (§5.1).
pub(super) fn desktop_and_mobile(ui: &mut Ui, form: &mut Form<'_>) {
    let keys = [Key::Desktop, Key::DesktopThreads, Key::Push, Key::PushThreads, Key::PushStatus];
    form.section(ui, words::DESKTOP_AND_MOBILE, "", &keys, |ui, form| {
        let settings = form.settings;
        spot(ui, Spot::Level, |ui| {
            group_label(ui, words::SEND_FOR);
            let chosen = Some(settings.value(Key::Desktop));
            if let Some(level) = widgets::radio_group(ui, words::SEND_FOR, chosen, &LEVELS) {
                form.changes.extend(settings.set_desktop(Key::Desktop, level, form.differs));
            }
            unknown(ui, settings, Key::Desktop);
        });
        if form.shows(Key::DesktopThreads) {
            ui.add_space(6.0);
            spot(ui, Spot::Threads, |ui| {
                let mut on = settings.value(Key::DesktopThreads) == "all";
                if widgets::checkbox(ui, &mut on, words::THREADS).changed() {
                    let to = if on { "all" } else { "mention" };
                    form.changes.extend(settings.set_desktop(Key::DesktopThreads, to, form.differs));
                }
                unknown(ui, settings, Key::DesktopThreads);
            });
        }
        if !settings.offers.push {
            ui.add_space(8.0);
            widgets::label(ui, words::NO_PUSH, Type::Small, Palette::of(ui).dim);
            return;
        }
        ui.add_space(if form.shows(Key::DesktopThreads) { 0.0 } else { 6.0 });
        mobile(ui, form);
    });
}

fn mobile(ui: &mut Ui, form: &mut Form<'_>) {
    let settings = form.settings;
    spot(ui, Spot::MobileDifferent, |ui| {
        let mut differs = form.differs;
        if widgets::checkbox(ui, &mut differs, words::DIFFERENT).changed() {
            form.differs = differs;
            if !differs {
                form.changes.extend(settings.mobile_follows());
            }
        }
    });
    if form.shows(Key::Push) {
        ui.add_space(10.0);
        group_label(ui, words::MOBILE_FOR);
        if let Some(level) = text_select(ui, form, Key::Push, words::MOBILE_FOR, &LEVELS) {
            form.set(Key::Push, &level);
        }
    }
    if form.shows(Key::PushThreads) {
        ui.add_space(8.0);
        let mut on = settings.value(Key::PushThreads) == "all";
        if widgets::checkbox(ui, &mut on, words::MOBILE_THREADS).changed() {
            form.set(Key::PushThreads, if on { "all" } else { "mention" });
        }
        unknown(ui, settings, Key::PushThreads);
    }
    if form.shows(Key::PushStatus) {
        ui.add_space(10.0);
        spot(ui, Spot::MobileTrigger, |ui| {
            group_label(ui, words::TRIGGER);
            let choices = [("online", words::ONLINE), ("away", words::AWAY), ("offline", words::OFFLINE)];
            if let Some(status) = text_select(ui, form, Key::PushStatus, words::TRIGGER, &choices) {
                form.set(Key::PushStatus, &status);
            }
        });
    }
}

/// A select over the stored values of a key; a value that is none of them is shown as it is.
fn text_select(ui: &mut Ui, form: &Form<'_>, key: Key, name: &str, choices: &[(&str, &str)]) -> Option<String> {
    let field = form.settings.field(key);
    let unknown = words::unknown(&field.value);
    let width = WIDE.min(ui.available_width());
    widgets::select(ui, name, Some(field.value.as_str()), choices, &unknown, width).map(str::to_owned)
}

/// The words above a group of choices or a select.
pub(super) fn group_label(ui: &mut Ui, text: &str) {
    widgets::label(ui, text, Type::Body, Palette::of(ui).dim);
    ui.add_space(6.0);
}

/// "Desktop notification sounds" (§5.2).
pub(super) fn sounds(ui: &mut Ui, form: &mut Form<'_>) {
    use Key::{CallsDesktopSound, CallsNotificationSound, DesktopNotificationSound, DesktopSound};
    let keys = [DesktopSound, DesktopNotificationSound, CallsDesktopSound, CallsNotificationSound];
    form.section(ui, words::SOUNDS, "", &keys, |ui, form| {
        ui.spacing_mut().item_spacing.y = 8.0;
        spot(ui, Spot::MessageSound, |ui| {
            let offers: Vec<Offer> =
                MessageSound::ALL.into_iter().map(|sound| Offer::built_in(SoundChoice::Message(sound))).collect();
            sound(ui, form, (DesktopSound, words::MESSAGE_SOUND), DesktopNotificationSound, &offers);
        });
        if form.shows(CallsDesktopSound) {
            spot(ui, Spot::CallSound, |ui| {
                let offers: Vec<Offer> =
                    RingSound::ALL.into_iter().map(|sound| Offer::built_in(SoundChoice::Ring(sound))).collect();
                sound(ui, form, (CallsDesktopSound, words::CALL_SOUND), CallsNotificationSound, &offers);
            });
        }
    });
}

/// A tick, and which sound; the select begins where the tick's longest words end.
fn sound(ui: &mut Ui, form: &mut Form<'_>, (switch, text): (Key, &str), which: Key, offers: &[Offer]) {
    const COLUMN: f32 = 234.0;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(9.0, 6.0);
        let start = ui.cursor().min;
        let words_column = Rect::from_min_size(start, vec2(COLUMN - 9.0, 30.0));
        let mut on = form.settings.field(switch).is_on();
        let mut column = ui.new_child(
            UiBuilder::new().max_rect(words_column).layout(egui::Layout::left_to_right(egui::Align::Center)),
        );
        if widgets::checkbox(&mut column, &mut on, text).changed() {
            form.set(switch, if on { "true" } else { "false" });
        }
        ui.allocate_exact_size(words_column.size(), egui::Sense::hover());
        let chosen = form.value(which).to_owned();
        let (wanted, commands) = ui
            .scope(|ui| {
                if !on {
                    ui.disable();
                }
                sound_picker::ui(ui, &words::sound_of(text), &chosen, offers, form.previewing)
            })
            .inner;
        form.commands.extend(commands);
        if let Some(wanted) = wanted {
            form.set(which, &wanted);
        }
    });
}

/// "Email notifications" (§5.3).
pub(super) fn email(ui: &mut Ui, form: &mut Form<'_>) {
    let keys = [Key::Email, Key::EmailInterval, Key::EmailThreads];
    form.section(ui, words::EMAIL, "", &keys, |ui, form| {
        spot(ui, Spot::Email, |ui| {
            let settings = form.settings;
            if !settings.offers.email {
                widgets::label(ui, words::NO_EMAIL, Type::Body, Palette::of(ui).dim);
                return;
            }
            let on = settings.field(Key::Email).is_on();
            let interval = settings.value(Key::EmailInterval).parse().unwrap_or(30_u32);
            let batched = [
                (Some(30), words::IMMEDIATELY),
                (Some(900), words::EVERY_15),
                (Some(3600), words::EVERY_HOUR),
                (None, words::EMAIL_NEVER),
            ];
            let plain = [(Some(30), words::EMAIL_ON), (None, words::EMAIL_OFF)];
            let (choices, chosen) = if settings.offers.email_batching {
                (batched.as_slice(), if on { Some(interval) } else { None })
            } else {
                (plain.as_slice(), on.then_some(30))
            };
            group_label(ui, words::EMAIL_SEND);
            if let Some(interval) = widgets::radio_group(ui, words::EMAIL_SEND, Some(chosen), choices) {
                form.changes.extend(settings.set_email(interval));
            }
            unknown(ui, settings, Key::Email);
            if form.shows(Key::EmailThreads) {
                ui.add_space(6.0);
                let mut all = settings.value(Key::EmailThreads) == "all";
                if widgets::checkbox(ui, &mut all, words::EMAIL_THREADS).changed() {
                    form.set(Key::EmailThreads, if all { "all" } else { "mention" });
                }
            }
        });
    });
}

/// "Thread reply notifications" (§5.6): only where threads are not collapsed.
pub(super) fn replies(ui: &mut Ui, form: &mut Form<'_>) {
    form.section(ui, words::REPLIES, "", &[Key::Comments], |ui, form| {
        spot(ui, Spot::Replies, |ui| {
            let choices = [("any", words::ANY), ("root", words::ROOT), ("never", words::NEVER)];
            let chosen = Some(form.settings.value(Key::Comments));
            if let Some(comments) = widgets::radio_group(ui, words::REPLIES, chosen, &choices) {
                form.set(Key::Comments, comments);
            }
            unknown(ui, form.settings, Key::Comments);
        });
    });
}

/// "Automatic direct message replies" (§5.7): where the server has them enabled.
pub(super) fn auto_reply(ui: &mut Ui, form: &mut Form<'_>, draft: &mut Option<String>) {
    let keys = [Key::AutoResponderActive, Key::AutoResponderMessage];
    form.section(ui, words::AUTO_REPLY, words::AUTO_REPLY_SUB, &keys, |ui, form| {
        spot(ui, Spot::AutoReply, |ui| {
            let mut on = form.settings.field(Key::AutoResponderActive).is_on();
            if widgets::checkbox(ui, &mut on, words::ENABLED).changed() {
                form.set(Key::AutoResponderActive, if on { "true" } else { "false" });
            }
            if !form.shows(Key::AutoResponderMessage) {
                return;
            }
            ui.add_space(6.0);
            let mut text = draft.clone().unwrap_or_else(|| form.value(Key::AutoResponderMessage).to_owned());
            let response = widgets::text_area(ui, &mut text, words::AUTO_REPLY_TEXT, words::AUTO_REPLY_DEFAULT, 4);
            if response.changed() {
                *draft = Some(text);
            }
            // Saved once the field is left: not a save for each letter.
            if response.lost_focus()
                && let Some(text) = draft.take().filter(|text| text != form.value(Key::AutoResponderMessage))
            {
                form.changes.push(form.settings.set_auto_reply(&text));
            }
        });
    });
}
