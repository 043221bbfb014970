//! Servers named at the start, by the command line or the demo: signed in to with a token that somebody else keeps.
//!
//! The token is known to this process and written nowhere. The entry of the server stays in the list, so that the next run
//! knows what this one decided, and what it allowed.

use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs};
use belfry_core::query::{Discovered, Login};
use belfry_core::reach::ReachSecrets;
use belfry_core::secret::Secret;
use belfry_core::view::Health;
use belfry_net::dial::{Network, Routes as _};
use belfry_net::discover::{could_be, discover_as_typed};
use belfry_net::lines::State;
use belfry_net::secrets::SecretStore;
use belfry_net::sign_in::{SignInError, SignedIn, sign_in};
use tokio::time::{sleep, timeout};

use super::lines::Lines;
use super::queries::Answers;
use super::signing_in::blank;

/// How long the engine may take to show a server that was just added.
const PATIENCE: Duration = Duration::from_secs(10);
/// A server that cannot be reached is tried again after this long, then after twice as long each time …
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// … but at least this often: somebody who starts it waits for it.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A server to sign in to at the start.
#[derive(Clone, Debug)]
pub struct NamedServer {
    /// What the person typed.
    pub address: String,
    /// Name for people; `None` takes the server's own.
    pub name: Option<String>,
    /// Its access token.
    pub token: Secret,
}

impl NamedServer {
    /// Entries of the list that this may be, as far as that can be known before the server answers.
    fn entries<'a>(&self, prefs: &'a LocalPrefs) -> impl Iterator<Item = &'a ServerPrefs> {
        prefs.servers.iter().filter(|server| could_be(&self.address, &server.url))
    }

    /// Whether somebody allowed it in an earlier run.
    pub(super) fn was_allowed(&self, prefs: &LocalPrefs) -> bool {
        self.entries(prefs).any(|server| server.permission == Permission::Allowed)
    }

    /// Gives the token to the entry of an earlier run, so that its session begins at once and tries by itself.
    pub(super) fn give(&self, prefs: &LocalPrefs, secrets: &SecretStore) {
        let mut entries = self.entries(prefs).filter(|server| server.auth == AuthKind::AccessToken);
        // With two accounts there, only the server can tell whose token it is.
        if let (Some(entry), None) = (entries.next(), entries.next()) {
            secrets.give(entry.secret_key(), self.token.clone());
        }
    }
}

/// Why one try led to nothing. One sentence each.
enum Trouble {
    /// The next one may be better.
    Passing(String),
    /// It needs somebody.
    Lasting(String),
}

impl Answers {
    /// Signs in to a server named on the command line (or by the demo), for as long as it takes to reach it. With `allow`,
    /// its permission prompt is answered as well. The error is one sentence.
    pub(super) async fn sign_in_named(
        mut self,
        named: NamedServer,
        allow: bool,
        lines: Option<Lines>,
    ) -> Result<(), String> {
        let (found, signed_in) = self.until_reached(&named, lines.as_ref()).await?;
        let SignedIn { token, username, .. } = signed_in;
        let entry = ServerPrefs {
            url: found.url,
            name: named.name.unwrap_or(found.name),
            username,
            auth: AuthKind::AccessToken,
            insecure: found.insecure,
            ..blank()
        };
        let same = |server: &ServerPrefs| server.url == entry.url && server.username == entry.username;
        // Otherwise it began with the program.
        if self.entry(same).is_none() || !self.secrets.is_given(&entry.secret_key()) {
            self.secrets.give(entry.secret_key(), token);
            let ServerPrefs { url, name, username, auth, insecure, .. } = entry.clone();
            let (reach, session_id) = (Box::default(), String::new());
            let told = Command::ServerSignedIn { server: None, url, name, username, auth, insecure, reach, session_id };
            self.inputs.send_command(told).await;
        }
        let listed = self.view.wait_for(|view| view.prefs.servers.iter().any(same));
        let listed = match timeout(PATIENCE, listed).await {
            Ok(Ok(view)) => view.prefs.servers.iter().find(|server| same(server)).cloned(),
            Ok(Err(_)) | Err(_) => None,
        };
        if let Some(server) = listed.filter(|server| allow && server.permission != Permission::Allowed) {
            let told = Command::SetPermission { server: server.id, permission: Permission::Allowed };
            self.inputs.send_command(told).await;
        }
        Ok(())
    }

    async fn until_reached(
        &self,
        named: &NamedServer,
        lines: Option<&Lines>,
    ) -> Result<(Discovered, SignedIn), String> {
        let mut wait = FIRST_WAIT;
        let mut told = String::new();
        // One that is in the list says by itself how it is.
        let say = |health: &Health| {
            if let Some(lines) = lines
                && self.view.borrow().prefs.servers.iter().all(|server| !could_be(&named.address, &server.url))
            {
                lines.state(&State::unlisted(&named.address, health));
            }
        };
        say(&Health::Connecting);
        loop {
            let reason = match reach(named).await {
                Ok(reached) => return Ok(reached),
                Err(Trouble::Lasting(reason)) => return Err(reason),
                Err(Trouble::Passing(reason)) => reason,
            };
            if told != reason {
                tracing::warn!(server = named.address, %reason, "not reached yet; it is tried again by itself");
                say(&Health::Waiting { reason: reason.clone(), retry_at_ms: 0 });
                told = reason;
            }
            sleep(wait).await;
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }
}

/// Finds the server and asks who the token belongs to.
async fn reach(named: &NamedServer) -> Result<(Discovered, SignedIn), Trouble> {
    let found = discover_as_typed(&named.address).await.map_err(|error| {
        let text = error.to_string();
        if error.is_transient() { Trouble::Passing(text) } else { Trouble::Lasting(text) }
    })?;
    if found.insecure && !named.address.trim_start().to_ascii_lowercase().starts_with("http://") {
        let text = "the server speaks only plain http; write http:// in front of its address to agree";
        return Err(Trouble::Lasting(text.to_owned()));
    }
    let entry = ServerPrefs { id: ServerId(0), url: found.url.clone(), ..blank() };
    let route = Network.route(&entry, &ReachSecrets::default());
    let login = Login::AccessToken(named.token.clone());
    match sign_in(&found.url, found.insecure, &route, &login).await {
        Ok(signed_in) => Ok((found, signed_in)),
        Err(SignInError::Http(error)) if error.is_transient() => Err(Trouble::Passing(error.to_string())),
        Err(error) => Err(Trouble::Lasting(error.to_string())),
    }
}
