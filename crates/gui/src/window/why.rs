//! Why? — the rules that were consulted, in sentences, and buttons that change the deciding one.

use belfry_core::activity::{ActivityRow, Decision, DecisionKind, TraceStep, Verdict};
use belfry_core::command::Command;
use belfry_core::decide::reason::Reason;
use belfry_core::decide::setting::Setting;
use belfry_core::ids::ServerId;
use belfry_core::prefs::Permission;
use belfry_core::query::{Answer, Query};
use belfry_core::settings::channels::{ChannelEdit, ChannelRef, ChannelRow};
use belfry_core::trial::{Trial, WhatIf};
use belfry_core::view::ServerView;
use egui::{Align, Layout, ScrollArea, Sense, Ui, vec2};

use super::activity::ActivityModel;
use crate::bridge::QueryId;
use crate::icons::Icon;
use crate::outbox::Outbox;
use crate::texts;
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind};

/// A change that nothing is heard of is asked about again after this, seconds.
const ASK_AGAIN_SECS: f64 = 1.0;
/// So often; where nothing changed by then, nothing had to.
const MOST_TRIES: u8 = 3;

/// What the panel remembers.
#[derive(Debug, Default)]
pub(super) struct WhyState {
    /// How high it was last time, points.
    height: f32,
    /// What was changed here, the newest last.
    changes: Vec<Change>,
    /// Rows whose channel was marked read here.
    read: Vec<i64>,
    /// The row that is asked about, and what would have happened with its remedy.
    asked: Option<i64>,
    pending: Option<QueryId>,
    trial: Option<(i64, Trial)>,
}

/// A setting that was changed here, for a row.
#[derive(Debug)]
struct Change {
    row: i64,
    of: Changed,
    /// Seconds of egui's clock.
    since: f64,
    outcome: Outcome,
    /// `View::channels_revision` before it.
    known: u64,
    question: Option<QueryId>,
    /// The revision that was asked at, and when to ask again though it did not move.
    asked_at: u64,
    again_at: f64,
    tries: u8,
}

/// What was changed, as far as it tells what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changed {
    /// A channel, on its server.
    Channel(ChannelRef),
    /// Whether this server may notify, here.
    Permission(ServerId),
    /// The pause, here.
    Pause,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Saving,
    Done,
    /// Why not, in a sentence.
    Refused(String),
}

impl Change {
    fn new(row: i64, of: Changed, known: u64, since: f64) -> Self {
        let (outcome, question) = (Outcome::Saving, None);
        Self { row, of, since, outcome, known, question, asked_at: 0, again_at: since, tries: 0 }
    }

    /// Looks whether it came true, or asks.
    fn follow(&mut self, model: &ActivityModel<'_>, time: f64, out: &mut Outbox) {
        let is_done = match self.of {
            Changed::Pause => !model.paused,
            Changed::Permission(id) => {
                model.servers.iter().any(|server| server.id == id && server.permission == Permission::Allowed)
            }
            Changed::Channel(_) => {
                let moved = self.asked_at != model.channels_revision;
                if self.question.is_none() && (moved || time >= self.again_at) {
                    (self.asked_at, self.again_at) = (model.channels_revision, time + ASK_AGAIN_SECS);
                    self.question = Some(out.query(Query::Channels { known: self.known }));
                }
                false
            }
        };
        if is_done {
            self.outcome = Outcome::Done;
        }
    }

    /// What the channel is set to by now.
    fn on_answer(&mut self, answer: Answer) {
        self.question = None;
        let (Answer::Channels(table), Changed::Channel(place)) = (answer, self.of) else { return };
        self.tries = self.tries.saturating_add(1);
        let is_it = |row: &&ChannelRow| row.server == place.server && row.channel == place.channel;
        match table.rows.iter().find(is_it).filter(|_| table.revision > self.known) {
            Some(row) if row.saving => {}
            Some(ChannelRow { trouble: Some(reason), .. }) => self.outcome = Outcome::Refused(reason.clone()),
            Some(_) => self.outcome = Outcome::Done,
            // It was so already, and nothing had to be saved.
            None if self.tries >= MOST_TRIES => self.outcome = Outcome::Done,
            None => {}
        }
    }
}

/// Where a button of the panel leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// To this channel's row on the Channels page.
    Channel(ChannelRef),
    /// To this server's Notifications page.
    Notifications(ServerId),
    /// To the Desktop page.
    Desktop,
}

/// What a frame of the panel came to.
#[derive(Debug)]
pub(super) struct Shown {
    /// It stays open.
    pub(super) keep: bool,
    /// Where it stands.
    pub(super) rect: egui::Rect,
    /// Another page is wanted.
    pub(super) leads: Option<Leads>,
}

impl WhyState {
    /// How much room the panel needs, points.
    pub(super) fn height(&self) -> f32 {
        if self.height > 0.0 { self.height } else { 180.0 }
    }

    /// Takes an answer that the panel asked for; gives back any other.
    pub(super) fn on_answer(&mut self, id: QueryId, answer: Answer) -> Option<Answer> {
        if let Some(change) = self.changes.iter_mut().find(|change| change.question == Some(id)) {
            change.on_answer(answer);
            return None;
        }
        if self.pending != Some(id) {
            return Some(answer);
        }
        self.pending = None;
        if let (Answer::Trial(trial), Some(row)) = (answer, self.asked) {
            self.trial = Some((row, *trial));
        }
        None
    }

    /// What would have happened: asked once for each row that is opened.
    fn ask(&mut self, row: &ActivityRow, remedy: Option<&Remedy>, out: &mut Outbox) {
        if self.asked == Some(row.row) {
            return;
        }
        self.asked = Some(row.row);
        self.trial = None;
        self.pending = remedy.and_then(|remedy| remedy.what_if.clone()).map(|what_if| {
            out.query(Query::Reconsider { decision: Box::new(row.decision.clone()), what_if: vec![what_if] })
        });
    }
}

/// Draws the panel.
pub(super) fn ui(
    ui: &mut Ui,
    row: &ActivityRow,
    model: &ActivityModel<'_>,
    state: &mut WhyState,
    out: &mut Outbox,
) -> Shown {
    let palette = Palette::of(ui);
    let decision = &row.decision;
    let remedy = remedy(decision, model.servers);
    state.ask(row, remedy.as_ref(), out);
    let time = ui.input(|input| input.time);
    for change in state.changes.iter_mut().filter(|change| change.outcome == Outcome::Saving) {
        change.follow(model, time, out);
        ui.ctx().request_repaint_after_secs(ASK_AGAIN_SECS as f32);
    }
    let mut keep = true;
    let mut leads = None;
    let shown = widgets::card(ui).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            let title = if decision.verdict == Verdict::Notify { texts::WHY_SHOWN } else { texts::WHY_NOT_SHOWN };
            widgets::label(ui, title, Type::BodyStrong, palette.text);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                if widgets::icon_button(ui, Icon::Cross, texts::CLOSE, Kind::Quiet).clicked() {
                    keep = false;
                }
                if let Some(post) = decision.post_id
                    && ui.add(Button::new(texts::OPEN_MESSAGE, Kind::Link)).clicked()
                {
                    out.command(Command::OpenPost { server: decision.server, post });
                }
                if let Some(channel) = decision.channel_id {
                    let done = state.read.contains(&row.row).then_some(texts::MARKED_READ);
                    if ui.add(Button::new(texts::MARK_AS_READ, Kind::Link).disabled(done)).clicked() {
                        out.command(Command::MarkRead { server: decision.server, channel });
                        state.read.push(row.row);
                    }
                }
            });
        });
        // A long trace scrolls: the buttons below it must stay in reach.
        let most = 24.0 * 8.0;
        let area = ScrollArea::vertical().id_salt(("trace", row.row)).max_height(most).min_scrolled_height(most);
        area.auto_shrink([false, true]).show(ui, |ui| {
            trace(ui, &decision.trace);
        });
        ui.add_space(8.0);
        leads = buttons(ui, row, remedy, model, state, out);
    });
    state.height = shown.response.rect.height();
    Shown { keep, rect: shown.response.rect, leads }
}

fn buttons(
    ui: &mut Ui,
    row: &ActivityRow,
    remedy: Option<Remedy>,
    model: &ActivityModel<'_>,
    state: &mut WhyState,
    out: &mut Outbox,
) -> Option<Leads> {
    let palette = Palette::of(ui);
    let decision = &row.decision;
    let mut leads = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let trial = state.trial.as_ref().filter(|(asked, _)| *asked == row.row).map(|(_, trial)| trial);
        let change = state.changes.iter().rev().find(|change| change.row == row.row);
        let (since, outcome) = change.map(|change| (change.since, change.outcome.clone())).unzip();
        let again = matches!(outcome, None | Some(Outcome::Refused(_)));
        if let Some(remedy) = remedy.filter(|_| again) {
            match remedy.action {
                Action::Command(command, of) => {
                    if ui.add(Button::new(remedy.text, remedy.kind)).clicked() {
                        out.command(command);
                        let time = ui.input(|input| input.time);
                        let known = model.channels_revision.max(1);
                        state.changes.retain(|change| change.row != row.row);
                        state.changes.push(Change::new(row.row, of, known, time));
                        ui.ctx().request_repaint();
                    }
                }
                Action::Leads(to) => {
                    if ui.add(Button::new(remedy.text, remedy.kind)).clicked() {
                        leads = Some(to);
                    }
                }
            }
        }
        if decision.setting == Some(Setting::AccountLevel)
            && ui.add(Button::new(texts::NOTIFICATION_SETTINGS_MORE, Kind::Secondary)).clicked()
        {
            leads = Some(Leads::Notifications(decision.server));
        }
        if let Some(channel) = decision.channel_id
            && ui.add(Button::new(texts::CHANNEL_SETTINGS_MORE, Kind::Secondary)).clicked()
        {
            leads = Some(Leads::Channel(ChannelRef { server: decision.server, channel }));
        }
        if let (Some(since), Some(Outcome::Saving)) = (since, &outcome) {
            widgets::waiting(ui, since, texts::notifications::SAVING, false);
        }
        let color = if matches!(outcome, Some(Outcome::Refused(_))) { palette.red } else { palette.dim };
        let words = match (outcome, trial) {
            (Some(Outcome::Saving), _) => String::new(),
            (Some(Outcome::Refused(reason)), _) => texts::channels::not_saved(&reason),
            (Some(Outcome::Done), Some(trial)) => texts::now_it_would(trial),
            (Some(Outcome::Done), None) => texts::ASKED.to_owned(),
            (None, Some(trial)) => texts::it_would_have(trial),
            (None, None) => decision.sentence.clone(),
        };
        if !words.is_empty() {
            // Beside the buttons where it fits as a whole, else below them as a whole.
            let line = widgets::Line { text: &words, kind: Type::Body, color, width: f32::INFINITY, rows: 1 };
            if widgets::galley(ui.painter(), line).size().x > ui.available_size_before_wrap().x {
                ui.end_row();
            }
            ui.add(egui::Label::new(Type::Body.rich(words, color)).wrap());
        }
    });
    leads
}

/// The rules that let it pass are ticked; the one that decided stands out.
pub(super) fn trace(ui: &mut Ui, steps: &[TraceStep]) {
    let palette = Palette::of(ui);
    for step in steps {
        let deciding = step.outcome != "continue";
        let icon = if step.outcome == "skip" { Icon::Cross } else { Icon::Check };
        let (kind, color) = if deciding { (Type::BodyStrong, palette.text) } else { (Type::Body, palette.dim) };
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let (rect, _) = ui.allocate_exact_size(vec2(26.0, 24.0), Sense::hover());
            icon.paint(ui.painter(), rect.left_center() + vec2(5.5, 0.0), color);
            ui.vertical(|ui| {
                ui.add_space(3.0);
                widgets::label(ui, &step.detail, kind, color);
                ui.add_space(3.0);
            });
        });
    }
}

/// What the button does.
#[derive(Clone, Debug)]
enum Action {
    Command(Command, Changed),
    Leads(Leads),
}

/// The button that changes what decided, and under which other setting the verdict is looked at again.
#[derive(Clone, Debug)]
struct Remedy {
    text: &'static str,
    kind: Kind,
    action: Action,
    what_if: Option<WhatIf>,
}

fn remedy(decision: &Decision, servers: &[ServerView]) -> Option<Remedy> {
    let server = servers.iter().find(|server| server.id == decision.server)?.id;
    let place = decision.channel_id.map(|channel| ChannelRef { server, channel });
    let command = |text, command, of, what_if| {
        Some(Remedy { text, kind: Kind::Primary, action: Action::Command(command, of), what_if: Some(what_if) })
    };
    if decision.verdict == Verdict::Notify {
        let channel = decision.channel_id?;
        return matches!(decision.kind, DecisionKind::Post | DecisionKind::Urgent).then_some(Remedy {
            text: texts::MUTE_CHANNEL,
            kind: Kind::Secondary,
            action: Action::Command(
                Command::SetMuted { server, channel, muted: true },
                Changed::Channel(ChannelRef { server, channel }),
            ),
            what_if: None,
        });
    }
    let all_here = |place: ChannelRef| {
        let edits = vec![ChannelEdit::Level("all".to_owned())];
        command(
            texts::ALL_OF_CHANNEL,
            Command::EditChannels { channels: vec![place], edits },
            Changed::Channel(place),
            WhatIf::ChannelLevel("all".to_owned()),
        )
    };
    // Rows of older versions have no setting, only a reason.
    let setting = decision.setting.or(match decision.reason {
        Some(Reason::ChannelMuted) => Some(Setting::ChannelMuted),
        Some(Reason::Paused) => Some(Setting::Pause),
        Some(Reason::NotificationsPermissionDisallowed) => Some(Setting::Permission),
        _ => None,
    })?;
    match setting {
        Setting::ChannelMuted => command(
            texts::UNMUTE_CHANNEL,
            Command::SetMuted { server, channel: place?.channel, muted: false },
            Changed::Channel(place?),
            WhatIf::ChannelMuted(false),
        ),
        Setting::ChannelLevel | Setting::AccountLevel => all_here(place?),
        Setting::Permission => command(
            texts::ALLOW_NOTIFICATIONS,
            Command::SetPermission { server, permission: Permission::Allowed },
            Changed::Permission(server),
            WhatIf::Allowed,
        ),
        Setting::Pause => command(texts::RESUME, Command::Resume, Changed::Pause, WhatIf::NotPaused),
        Setting::CallSound => Some(Remedy {
            text: texts::NOTIFICATION_SETTINGS_MORE,
            kind: Kind::Primary,
            action: Action::Leads(Leads::Notifications(server)),
            what_if: None,
        }),
        Setting::SystemDoNotDisturb | Setting::FullScreen => Some(Remedy {
            text: texts::DESKTOP_SETTINGS_MORE,
            kind: Kind::Primary,
            action: Action::Leads(Leads::Desktop),
            what_if: None,
        }),
        Setting::ThreadFollowing | Setting::Status => None,
    }
}
