//! Answers to what faces and commands ask.

use std::sync::Arc;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::prefs::{Permission, ServerPrefs};
use belfry_core::query::{Answer, Login, Query};
use belfry_core::reach::ReachDraft;
use belfry_core::signal::Signal;
use belfry_core::view::View;
use belfry_net::Inputs;
use belfry_net::discover::discover;
use belfry_net::secrets::SecretStore;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::browser::BrowserSignIns;
use crate::doctor;
use crate::history::History;
use crate::link_handler::LinkHandler;
use crate::paths::Paths;
use crate::pictures::Pictures;

/// How long the engine may take to show a server that was just added.
const PATIENCE: Duration = Duration::from_secs(10);

/// What answers need. Cheap to clone.
#[derive(Clone)]
pub(super) struct Answers {
    pub(super) paths: Paths,
    pub(super) secrets: Arc<SecretStore>,
    pub(super) history: History,
    pub(super) inputs: Inputs,
    pub(super) view: watch::Receiver<Arc<View>>,
    pub(super) reports: mpsc::Sender<Signal>,
    pub(super) pictures: Pictures,
    pub(super) browser: Arc<BrowserSignIns>,
    /// `None` in a demonstration, which changes nothing on this computer.
    pub(super) links: Option<LinkHandler>,
}

impl Answers {
    /// Answers one question. Never fails: a failure is an answer.
    pub(super) async fn answer(self, query: Query) -> Answer {
        match query {
            Query::Activity { filter, before, limit } => match self.history.page(filter, before, limit).await {
                Some(page) => Answer::Activity { rows: page.rows, more: page.more },
                None => failed("The history is busy; try again in a moment"),
            },
            Query::Discover { address, reach } => self.discover(&address, &reach).await,
            Query::SignInWays { server, url, reach } => self.sign_in_ways(server, url, reach).await,
            Query::SignIn { server, url, name, insecure, reach, login } => {
                self.sign_in(server, url, name, insecure, reach, &login).await
            }
            Query::BrowserSignIn { server, url, name, insecure, reach, provider, handover } => {
                self.begin_in_browser(server, url, name, insecure, reach, provider, handover).await
            }
            Query::BrowserSignInDone(number) => self.browser_done(number).await,
            Query::FinishBrowserSignIn(link) => self.finish_browser(&link).await,
            Query::CancelBrowserSignIn(number) => {
                self.browser.cancel(number);
                Answer::Done
            }
            Query::KeepTokensInFile => self.keep_in_file().await,
            Query::SetReach { server, draft, unchecked } => self.set_reach(server, *draft, unchecked).await,
            Query::SignOut(id) => self.sign_out(id).await,
            Query::Doctor => Answer::Doctor(doctor::examine(&self.paths, &self.secrets).await),
            Query::Pictures(people) => Answer::Pictures(self.pictures.answer(people).await),
            Query::Settings(_) | Query::Channels { .. } | Query::Trial(_) | Query::Reconsider { .. } => {
                self.inputs.ask(query).await.unwrap_or_else(|| failed("Belfry is too busy to answer"))
            }
            Query::SoundDevices => self.sound_devices().await,
            Query::ImportSound { path, name } => self.import_sound(path, name).await,
            Query::ExportActivity { filter, path } => self.export(filter, path).await,
            Query::ClearActivity => self.clear_activity().await,
        }
    }

    /// Signs in to a server named on the command line (or by the demo), on the way that a person would take.
    /// With `allow`, its permission prompt is answered as well. The error is one sentence.
    pub(super) async fn sign_in_named(mut self, named: NamedServer, allow: bool) -> Result<(), String> {
        let found = discover(&named.address, &ReachDraft::default()).await.map_err(|error| error.to_string())?;
        if found.insecure && !named.address.starts_with("http://") {
            return Err("the server speaks only plain http; write http:// in front of its address to agree".to_owned());
        }
        let url = found.url.clone();
        let name = named.name.unwrap_or(found.name);
        let query = Query::SignIn {
            server: None,
            url: found.url,
            name,
            insecure: found.insecure,
            reach: None,
            login: named.login,
        };
        match self.clone().answer(query).await {
            Answer::SignedIn => {}
            Answer::Failed { message } => return Err(message),
            Answer::KeyringMissing { message } => return Err(format!("the token could not be kept: {message}")),
            Answer::MfaWanted { .. }
            | Answer::Activity { .. }
            | Answer::Discovered(_)
            | Answer::SignedOut { .. }
            | Answer::SignInWays(_)
            | Answer::BrowserOpened { .. }
            | Answer::Done
            | Answer::Obstacle(_)
            | Answer::ReachSet
            | Answer::Pictures(_)
            | Answer::Settings(_)
            | Answer::Channels(_)
            | Answer::Trial(_)
            | Answer::SoundDevices(_)
            | Answer::SoundImported { .. }
            | Answer::Exported { .. }
            | Answer::Doctor(_) => return Err("the server wants something that cannot be given here".to_owned()),
        }
        let listed = self.view.wait_for(|view| view.prefs.servers.iter().any(|server| server.url == url));
        let id = match timeout(PATIENCE, listed).await {
            Ok(Ok(view)) => view.prefs.servers.iter().rfind(|server| server.url == url).map(|server| server.id),
            Ok(Err(_)) | Err(_) => None,
        };
        if let Some(server) = id.filter(|_| allow) {
            self.inputs.send_command(Command::SetPermission { server, permission: Permission::Allowed }).await;
        }
        Ok(())
    }

    /// Forgets the token of a server that is being removed, and the pictures of its people.
    pub(super) async fn forget(self, server: ServerPrefs) {
        self.pictures.forget(server.id).await;
        self.sign_out_removed(&server).await;
    }

    /// The entry of the list that fits.
    pub(super) fn entry(&self, fits: impl Fn(&ServerPrefs) -> bool) -> Option<ServerPrefs> {
        self.view.borrow().prefs.servers.iter().find(|server| fits(server)).cloned()
    }
}

/// A server to sign in to at the start.
#[derive(Clone, Debug)]
pub struct NamedServer {
    /// What the person typed.
    pub address: String,
    /// Name for people; `None` takes the server's own.
    pub name: Option<String>,
    /// With what.
    pub login: Login,
}

pub(super) fn failed(message: &str) -> Answer {
    let mut chars = message.chars();
    let message = chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect());
    Answer::Failed { message }
}
