//! "Would this message notify me?": what is typed is decided by the engine, with the settings as they are.

use belfry_core::activity::Verdict;
use belfry_core::event::ChannelType;
use belfry_core::query::{Answer, Query};
use belfry_core::settings::ServerSettings;
use belfry_core::trial::{Trial, TrialMessage, TrialReply};
use belfry_core::view::ServerView;
use egui::{Sense, Ui, vec2};

use crate::bridge::QueryId;
use crate::outbox::Outbox;
use crate::texts::{self, Tone, notifications as words};
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind, TextField};
use crate::window::find::{Spot, spot};
use crate::window::why;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Channel,
    Direct,
    Group,
    Reply,
}

/// What the box remembers.
#[derive(Debug, Default)]
pub(super) struct TrialState {
    text: String,
    place: Place,
    pending: Option<QueryId>,
    /// What was asked last: text, place, revision of the settings.
    asked: Option<(String, Place, u64)>,
    trial: Option<Trial>,
    failed: Option<String>,
    open: bool,
}

impl TrialState {
    pub(super) fn on_answer(&mut self, id: QueryId, answer: Answer) -> Option<Answer> {
        if self.pending != Some(id) {
            return Some(answer);
        }
        self.pending = None;
        match answer {
            Answer::Trial(trial) => (self.trial, self.failed) = (Some(*trial), None),
            Answer::Failed { message } => (self.trial, self.failed) = (None, Some(message)),
            _ => {}
        }
        None
    }

    /// The answer may be another one now.
    pub(super) fn settings_changed(&mut self) {
        self.asked = None;
    }

    fn ask(&mut self, server: &ServerView, revision: u64, out: &mut Outbox) {
        let text = self.text.trim();
        if text.is_empty() {
            (self.trial, self.asked, self.failed) = (None, None, None);
            return;
        }
        let wanted = (text.to_owned(), self.place, revision);
        if self.pending.is_some() || self.asked.as_ref() == Some(&wanted) {
            return;
        }
        let kind = match self.place {
            Place::Channel | Place::Reply => ChannelType::Public,
            Place::Direct => ChannelType::Direct,
            Place::Group => ChannelType::Group,
        };
        let message = TrialMessage {
            server: server.id,
            text: text.to_owned(),
            channel: None,
            kind,
            author: None,
            reply: if self.place == Place::Reply { TrialReply::Followed } else { TrialReply::No },
        };
        self.asked = Some(wanted);
        self.pending = Some(out.query(Query::Trial(Box::new(message))));
    }
}

pub(super) fn ui(
    ui: &mut Ui,
    settings: &ServerSettings,
    server: &ServerView,
    state: &mut TrialState,
    out: &mut Outbox,
) {
    widgets::titled_card(
        ui,
        words::TRY_IT,
        words::TRY_IT_SUB,
        |_| (),
        |ui| {
            spot(ui, Spot::TryIt, |ui| {
                let mut places = vec![
                    (Place::Channel, words::TRY_CHANNEL),
                    (Place::Direct, words::TRY_DIRECT),
                    (Place::Group, words::TRY_GROUP),
                ];
                if settings.offers.threads {
                    places.push((Place::Reply, words::TRY_REPLY));
                }
                ui.horizontal(|ui| {
                    let select = 210.0;
                    let width = (ui.available_width() - select - 10.0).max(160.0);
                    TextField::new(&mut state.text, words::TRY_TEXT)
                        .hint(words::TRY_HINT)
                        .width(width)
                        .limit(16_383)
                        .show(ui);
                    let width = ui.available_width().min(select);
                    if let Some(place) = widgets::select(ui, words::TRY_PLACE, Some(state.place), &places, "", width) {
                        state.place = place;
                    }
                });
                state.ask(server, settings.revision, out);
                verdict(ui, state);
            });
        },
    );
}

fn verdict(ui: &mut Ui, state: &mut TrialState) {
    let palette = Palette::of(ui);
    if let Some(message) = &state.failed {
        ui.add_space(8.0);
        widgets::label(ui, message, Type::Body, palette.red);
    }
    let Some(trial) = &state.trial else { return };
    ui.add_space(10.0);
    ui.horizontal(|ui| {
        let text = texts::trial_tag(trial);
        let tone = if trial.verdict == Verdict::Notify { Tone::Good } else { Tone::Plain };
        let (rect, response) = ui.allocate_exact_size(widgets::tag_size(ui, &text), Sense::hover());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Status, true, &text));
        widgets::tag(ui, rect.min, &text, tone);
        let button = Button::new(if state.open { words::HIDE_TRACE } else { words::SHOW_TRACE }, Kind::Link);
        if ui.add(button).clicked() {
            state.open = !state.open;
        }
    });
    if !trial.sentence.is_empty() {
        ui.add_space(4.0);
        widgets::label(ui, &trial.sentence, Type::Body, palette.dim);
    }
    if state.open {
        ui.add_space(6.0);
        ui.allocate_space(vec2(0.0, 0.0));
        why::trace(ui, &trial.trace);
    }
}
