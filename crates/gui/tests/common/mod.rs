//! A window with a made-up view, and an agent that answers what it asks.
#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

pub(crate) mod raster;

use belfry_core::activity::{ActivityRow, Verdict};
use belfry_core::command::Command;
use belfry_core::query::{Answer, DoctorLine, Query};
use belfry_core::settings::ServerSettings;
use belfry_core::settings::channels::ChannelsTable;
use belfry_core::view::View;
use belfry_gui::outbox::Outbox;
use belfry_gui::window::{self, WindowState};
use belfry_gui::{QueryId, Up, testing, theme};
use egui::accesskit::Role;
use egui::{Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use raster::Raster;

/// The window's size where nothing else is said, points.
pub(crate) const SIZE: Vec2 = Vec2::new(1000.0, 680.0);

pub(crate) struct World {
    pub(crate) view: View,
    pub(crate) state: WindowState,
    pub(crate) out: Outbox,
    pub(crate) now_ms: i64,
    /// What the agent answers.
    pub(crate) settings: ServerSettings,
    pub(crate) channels: ChannelsTable,
    pub(crate) rows: Vec<ActivityRow>,
    pub(crate) verdict: Verdict,
}

pub(crate) type Window = Harness<'static, World>;

pub(crate) fn world(view: View) -> World {
    let mut state = WindowState::default();
    state.morning_ms = Some(testing::NOW_MS + 10 * 3_600_000);
    state.displays = vec!["DP-1".to_owned(), "HDMI-2".to_owned()];
    World {
        view,
        state,
        out: Outbox::default(),
        now_ms: testing::NOW_MS,
        settings: testing::settings(1),
        channels: testing::channels(),
        rows: testing::activity(),
        verdict: Verdict::Notify,
    }
}

pub(crate) fn window(view: View) -> Window {
    built(world(view), SIZE, 1.0, egui::Theme::Light, &Raster::default())
}

pub(crate) fn built(world: World, size: Vec2, pixels_per_point: f32, theme: egui::Theme, raster: &Raster) -> Window {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_pixels_per_point(pixels_per_point)
        .with_theme(theme)
        .renderer(raster.clone())
        .allow_missing_glyphs()
        .with_context_setup(|ctx| theme::install(ctx, theme::Fallback::None))
        .build_ui_state(
            |ui, world: &mut World| {
                // The harness leaves a margin, a window does not.
                let all = egui::UiBuilder::new().max_rect(ui.ctx().content_rect());
                ui.scope_builder(all, |ui| window::ui(ui, &world.view, world.now_ms, &mut world.state, &mut world.out));
            },
            world,
        );
    harness.run_steps(3);
    harness
}

impl World {
    pub(crate) fn commands(&mut self) -> Vec<Command> {
        let command = |up| if let Up::Command(command) = up { Some(command) } else { None };
        self.out.take().into_iter().filter_map(command).collect()
    }

    pub(crate) fn queries(&mut self) -> Vec<(QueryId, Query)> {
        let query = |up| if let Up::Query(id, query) = up { Some((id, query)) } else { None };
        self.out
            .take()
            .into_iter()
            .filter_map(query)
            .filter(|(_, query)| !matches!(query, Query::Pictures(_)))
            .collect()
    }

    fn answer_to(&self, query: &Query) -> Option<Answer> {
        Some(match query {
            Query::Activity { .. } => Answer::Activity { rows: self.rows.clone(), more: false },
            Query::Settings(server) => {
                let revision = self.view.server(*server).map_or(0, |server| server.settings_revision);
                Answer::Settings(Box::new(ServerSettings { server: *server, revision, ..self.settings.clone() }))
            }
            Query::Channels { .. } => Answer::Channels(Box::new(self.channels.clone())),
            Query::Trial(_) | Query::Reconsider { .. } => Answer::Trial(Box::new(testing::trial(self.verdict))),
            Query::SoundDevices => Answer::SoundDevices(vec!["Speakers".to_owned(), "Headphones".to_owned()]),
            Query::Doctor => Answer::Doctor(vec![
                DoctorLine { part: "Display".to_owned(), ok: true, detail: "X11, with a compositor".to_owned() },
                DoctorLine { part: "Tray".to_owned(), ok: false, detail: "No tray answers".to_owned() },
            ]),
            Query::FindPeople { .. } => Answer::People(testing::people()),
            _ => return None,
        })
    }
}

/// Answers whatever pages ask, until they ask no more; returns the commands sent meanwhile.
pub(crate) fn settle(harness: &mut Window) -> Vec<Command> {
    let mut commands = Vec::new();
    for _ in 0..20 {
        harness.run_steps(2);
        let ups = harness.state_mut().out.take();
        let mut asked = false;
        for up in ups {
            match up {
                Up::Query(id, query) => {
                    if let Some(answer) = harness.state().answer_to(&query) {
                        asked = true;
                        harness.state_mut().state.on_answer(id, answer);
                    }
                }
                Up::Command(command) => commands.push(command),
                Up::Signal(_) => {}
            }
        }
        if !asked {
            break;
        }
    }
    commands
}

/// A window with this page open and answered.
pub(crate) fn on_page(world: World, page: window::Page) -> Window {
    let mut world = world;
    world.state.page = page;
    let mut harness = built(world, SIZE, 1.0, egui::Theme::Light, &Raster::default());
    settle(&mut harness);
    harness
}

pub(crate) fn click(harness: &mut Window, label: &str) -> Vec<Command> {
    harness.get_by_label(label).click();
    settle(harness)
}

pub(crate) fn click_role(harness: &mut Window, role: Role, label: &str) -> Vec<Command> {
    harness.get_by_role_and_label(role, label).click();
    settle(harness)
}

pub(crate) fn press(harness: &mut Window, key: Key) -> Vec<Command> {
    harness.key_press(key);
    settle(harness)
}

pub(crate) fn press_with(harness: &mut Window, modifiers: Modifiers, key: Key) -> Vec<Command> {
    harness.key_press_modifiers(modifiers, key);
    settle(harness)
}

pub(crate) fn focus(harness: &mut Window, role: Role, label: &str) {
    harness.get_by_role_and_label(role, label).focus();
    harness.run_steps(3);
}

pub(crate) fn write(harness: &mut Window, label: &str, text: &str) -> Vec<Command> {
    focus(harness, Role::TextInput, label);
    harness.get_by_role_and_label(Role::TextInput, label).type_text(text);
    settle(harness)
}

/// Whether the tick, switch or radio button with this name is on.
pub(crate) fn is_on(harness: &Window, role: Role, label: &str) -> bool {
    use egui::accesskit::Toggled;
    harness.get_by_role_and_label(role, label).accesskit_node().toggled() == Some(Toggled::True)
}

/// The command that a change of one preference is.
pub(crate) fn changed(commands: &[Command]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for command in commands {
        if let Command::ChangeSettings { changes, .. } = command {
            all.extend(
                changes.iter().map(|change| (change.key.name().to_owned(), change.to.clone().unwrap_or_default())),
            );
        }
    }
    all
}
