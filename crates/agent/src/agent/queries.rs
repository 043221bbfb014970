//! Answers to what faces and commands ask.

use std::sync::Arc;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{AuthKind, Permission, ServerPrefs};
use belfry_core::problem::ProblemKind;
use belfry_core::query::{Answer, Login, Query};
use belfry_core::signal::Signal;
use belfry_core::view::View;
use belfry_net::Inputs;
use belfry_net::discover::discover;
use belfry_net::secrets::{SecretError, SecretStore};
use belfry_net::sign_in::{SignInError, sign_in, sign_out};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::doctor;
use crate::history::History;
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
}

impl Answers {
    /// Answers one question. Never fails: a failure is an answer.
    pub(super) async fn answer(self, query: Query) -> Answer {
        match query {
            Query::Activity { filter, before, limit } => match self.history.page(filter, before, limit).await {
                Some(page) => Answer::Activity { rows: page.rows, more: page.more },
                None => failed("The history is busy; try again in a moment"),
            },
            Query::Discover { address } => match discover(&address).await {
                Ok(mut found) => {
                    found.already = self.entry(|server| server.url == found.url).map(|server| server.id);
                    Answer::Discovered(found)
                }
                Err(error) => failed(&error.to_string()),
            },
            Query::SignIn { server, url, name, insecure, login } => {
                self.sign_in(server, url, name, insecure, &login).await
            }
            Query::SignOut(id) => match self.entry(|server| server.id == id) {
                Some(server) => {
                    // First, so that the end of the session is no surprise to the engine.
                    self.inputs.send_command(Command::SignedOutByPerson(id)).await;
                    match sign_out(&server, &self.secrets).await {
                        Ok(()) => Answer::SignedOut,
                        Err(error) => failed(&format!("Signed out, but the token is still kept: {error}")),
                    }
                }
                None => failed("There is no such server"),
            },
            Query::Doctor => Answer::Doctor(doctor::examine(&self.paths, &self.secrets).await),
            Query::Pictures(people) => Answer::Pictures(self.pictures.answer(people).await),
        }
    }

    async fn sign_in(
        &self,
        server: Option<ServerId>,
        url: String,
        name: String,
        insecure: bool,
        login: &Login,
    ) -> Answer {
        // Asked before signing in: a fresh token that cannot be kept would be lost.
        if let Err(error) = self.secrets.probe().await {
            if error == SecretError::NoKeyring {
                let raised = Signal::ProblemRaised { kind: ProblemKind::Keyring, detail: String::new() };
                self.reports.send(raised).await.ok(); // shutting down
            }
            return failed(&format!("The token could not be kept: {error}"));
        }
        let signed_in = match sign_in(&url, insecure, login).await {
            Ok(signed_in) => signed_in,
            Err(SignInError::MfaWanted { refused }) => return Answer::MfaWanted { refused },
            Err(error) => return failed(&error.to_string()),
        };
        let auth = match login {
            Login::Password { .. } => AuthKind::Password,
            Login::AccessToken(_) => AuthKind::AccessToken,
        };
        let entry = ServerPrefs {
            id: server.unwrap_or(ServerId(0)),
            url,
            name,
            username: signed_in.username,
            auth,
            permission: Permission::Ask,
            insecure,
        };
        if let Err(error) = self.secrets.set(&entry.secret_key(), &signed_in.token).await {
            return failed(&format!("The token could not be kept: {error}"));
        }
        self.inputs
            .send_command(Command::ServerSignedIn {
                server,
                url: entry.url,
                name: entry.name,
                username: entry.username,
                auth,
                insecure,
            })
            .await;
        Answer::SignedIn
    }

    /// Signs in to a server named on the command line (or by the demo), on the way that a person would take.
    /// With `allow`, its permission prompt is answered as well. The error is one sentence.
    pub(super) async fn sign_in_named(mut self, named: NamedServer, allow: bool) -> Result<(), String> {
        let found = discover(&named.address).await.map_err(|error| error.to_string())?;
        if found.insecure && !named.address.starts_with("http://") {
            return Err("the server speaks only plain http; write http:// in front of its address to agree".to_owned());
        }
        let url = found.url.clone();
        let name = named.name.unwrap_or(found.name);
        let query = Query::SignIn { server: None, url: found.url, name, insecure: found.insecure, login: named.login };
        match self.clone().answer(query).await {
            Answer::SignedIn => {}
            Answer::Failed { message } => return Err(message),
            Answer::MfaWanted { .. }
            | Answer::Activity { .. }
            | Answer::Discovered(_)
            | Answer::SignedOut
            | Answer::Pictures(_)
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
        if let Err(error) = sign_out(&server, &self.secrets).await {
            tracing::warn!(%error, "the token of a removed server is still kept");
        }
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

fn failed(message: &str) -> Answer {
    let mut chars = message.chars();
    let message = chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect());
    Answer::Failed { message }
}
