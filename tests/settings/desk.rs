//! The driver and one session, as a face has it: commands in, views and answers out.

use std::sync::Arc;
use std::time::Duration;

use belfry_core::activity::Decision;
use belfry_core::command::Command;
use belfry_core::effect::Effect;
use belfry_core::event::User;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{LocalPrefs, ServerPrefs};
use belfry_core::query::{Answer, Query};
use belfry_core::secret::Secret;
use belfry_core::settings::channels::{ChannelRow, ChannelsTable};
use belfry_core::settings::{Editable, ServerSettings, SettingChange};
use belfry_core::signal::{Signal, Surface};
use belfry_core::sound::SoundChoice;
use belfry_core::view::View;
use belfry_net::secrets::SecretStore;
use belfry_net::session::backoff::Timing;
use belfry_net::{Running, Setup, spawn};
use belfry_practice_server::{Options, PracticeServer, World};
use tokio::runtime::Handle;

pub(crate) const SERVER: ServerId = ServerId(1);
/// Far more than anything takes.
const LIMIT: Duration = Duration::from_secs(30);

fn timing() -> Timing {
    Timing {
        base: Duration::from_millis(250),
        jitter: Duration::ZERO,
        jitter_after_close: Duration::ZERO,
        reconnect_gap: Duration::from_millis(5),
        load_gap: Duration::ZERO,
        ..Timing::default()
    }
}

/// One server, and Belfry as somebody at a window sees it.
pub(crate) struct Desk {
    pub(crate) server: Arc<PracticeServer>,
    running: Running,
    decisions: Vec<Decision>,
}

impl Desk {
    pub(crate) async fn new(world: World) -> Self {
        Self::on(Arc::new(PracticeServer::start(Options::with_world(world)).await.unwrap())).await
    }

    /// The same person on another computer.
    pub(crate) async fn elsewhere(&self) -> Self {
        Self::on(Arc::clone(&self.server)).await
    }

    async fn on(server: Arc<PracticeServer>) -> Self {
        let entry: ServerPrefs = serde_json::from_value(serde_json::json!({
            "id": SERVER, "url": server.url(), "name": "Northwind", "username": "morgan", "permission": "allowed",
            "insecure": true,
        }))
        .unwrap();
        let secrets = SecretStore::memory();
        let token = server.person("morgan").signs_in().unwrap();
        secrets.set(&entry.secret_key(), &Secret::new(&token)).await.unwrap();
        let prefs = LocalPrefs { servers: vec![entry], ..LocalPrefs::default() };
        let setup = Setup { timing: timing(), ..Setup::new(prefs, Arc::new(secrets), Surface::Toasts) };
        let running = spawn(&Handle::current(), setup);
        let mut desk = Self { server, running, decisions: Vec::new() };
        desk.until("editable", |page| page.editable == Editable::Yes).await;
        desk
    }

    pub(crate) async fn command(&self, command: Command) {
        self.running.inputs.send_command(command).await;
    }

    pub(crate) async fn signal(&self, signal: Signal) {
        self.running.inputs.signal(signal).await;
    }

    pub(crate) async fn change(&self, changes: Vec<SettingChange>) {
        self.command(Command::ChangeSettings { server: SERVER, changes }).await;
    }

    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.running.view.borrow())
    }

    pub(crate) async fn ask(&self, query: Query) -> Answer {
        self.running.inputs.ask(query).await.unwrap()
    }

    /// Who is found by this text.
    pub(crate) async fn people(&self, text: &str) -> Vec<User> {
        self.running.inputs.people(SERVER, text.to_owned()).await.unwrap()
    }

    /// The next sound that is to be played.
    pub(crate) async fn next_sound(&mut self) -> SoundChoice {
        let reached = tokio::time::timeout(LIMIT, async {
            loop {
                if let Effect::PlaySound(play) = self.running.effects.recv().await.unwrap() {
                    return play.sound;
                }
            }
        });
        reached.await.unwrap()
    }

    pub(crate) async fn page(&self) -> ServerSettings {
        match self.ask(Query::Settings(SERVER)).await {
            Answer::Settings(page) => *page,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn table(&self, known: u64) -> ChannelsTable {
        match self.ask(Query::Channels { known }).await {
            Answer::Channels(table) => *table,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn row(&self, name: &str) -> ChannelRow {
        let rows = self.table(0).await.rows;
        rows.into_iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}"))
    }

    /// Asks for the page whenever the view says that it is another one, until it is as wanted.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&ServerSettings) -> bool) -> ServerSettings {
        let reached = tokio::time::timeout(LIMIT, async {
            loop {
                let at = self.view().revision;
                let page = self.page().await;
                if wanted(&page) {
                    return page;
                }
                self.after(at).await;
            }
        });
        match reached.await {
            Ok(page) => page,
            Err(tokio::time::error::Elapsed { .. }) => panic!("never happened: {what}; {:#?}", self.page().await),
        }
    }

    /// The same for the row of a channel.
    pub(crate) async fn until_row(
        &mut self,
        name: &str,
        what: &str,
        wanted: impl Fn(&ChannelRow) -> bool,
    ) -> ChannelRow {
        let reached = tokio::time::timeout(LIMIT, async {
            loop {
                let at = self.view().revision;
                let row = self.row(name).await;
                if wanted(&row) {
                    return row;
                }
                self.after(at).await;
            }
        });
        match reached.await {
            Ok(row) => row,
            Err(tokio::time::error::Elapsed { .. }) => panic!("never happened: {what}; {:#?}", self.row(name).await),
        }
    }

    /// The same for the view.
    pub(crate) async fn until_view(&mut self, what: &str, wanted: impl Fn(&View) -> bool) -> Arc<View> {
        let reached = tokio::time::timeout(LIMIT, async {
            loop {
                let view = self.view();
                if wanted(&view) {
                    return view;
                }
                self.after(view.revision).await;
            }
        });
        match reached.await {
            Ok(view) => view,
            Err(tokio::time::error::Elapsed { .. }) => panic!("never happened: {what}; {:#?}", self.view()),
        }
    }

    /// The decision about a message with this text.
    pub(crate) async fn decision(&mut self, text: &str) -> Decision {
        let reached = tokio::time::timeout(LIMIT, async {
            loop {
                if let Some(found) = self.decisions.iter().find(|decision| decision.text == text) {
                    return found.clone();
                }
                if let Effect::Record(draft) = self.running.effects.recv().await.unwrap() {
                    self.decisions.push(draft.decision().clone());
                }
            }
        });
        reached.await.unwrap_or_else(|_| panic!("nothing was decided about {text}"))
    }

    /// Waits for another view than that one; toasts are shown at once, and sounds heard.
    async fn after(&mut self, at: u64) {
        while self.view().revision == at {
            tokio::select! {
                effect = self.running.effects.recv() => match effect.unwrap() {
                    Effect::ShowToast(toast) => self.running.inputs.signal(Signal::ToastShown(toast.id)).await,
                    Effect::Record(draft) => self.decisions.push(draft.decision().clone()),
                    Effect::PlaySound(sound) => self.running.inputs.signal(Signal::SoundStarted(sound.sound)).await,
                    _ => {}
                },
                changed = self.running.view.changed() => changed.unwrap(),
            }
        }
    }
}
