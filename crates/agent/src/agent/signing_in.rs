//! Signing in and out: what a face asks for, carried out with the token kept before anybody is told.

use std::sync::Arc;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs, SessionPrefs};
use belfry_core::problem::ProblemKind;
use belfry_core::query::{Answer, Login, Provider};
use belfry_core::reach::{Reach, ReachDraft, ReachSecrets};
use belfry_core::secret::Secret;
use belfry_core::signal::Signal;
use belfry_core::view::Health;
use belfry_net::dial::{Network, Routes as _};
use belfry_net::secrets::{Place, SecretError};
use belfry_net::sign_in::{
    BROWSER_PATIENCE, Farewell, Handover, Pending, SignInError, SignedIn, end_session, finish_in_browser, sign_in,
    sign_out, ways,
};
use belfry_net::{clock, reach};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::queries::{Answers, failed};
use crate::effects::open_url;

/// The exchange after the browser's link has its own limits; this is beyond them.
const EXCHANGE: Duration = Duration::from_secs(40);
/// A change of a preference is in the view long before this.
const CHANGE: Duration = Duration::from_secs(5);

/// An entry that stands for nothing yet.
pub(super) fn blank() -> ServerPrefs {
    ServerPrefs {
        id: ServerId(0),
        url: String::new(),
        name: String::new(),
        username: String::new(),
        auth: AuthKind::Password,
        permission: Permission::Ask,
        insecure: false,
        reach: Reach::default(),
        session: SessionPrefs::default(),
    }
}

impl Answers {
    /// What a sign-in leads to: the entry that is brought back to life, or a new one, and what it takes to get there.
    async fn wanted(
        &self,
        server: Option<ServerId>,
        url: String,
        name: String,
        insecure: bool,
        draft: Option<Box<ReachDraft>>,
    ) -> (ServerPrefs, ReachSecrets) {
        let known = server.and_then(|id| self.entry(|entry| entry.id == id));
        let secrets = self.secrets_for(known.as_ref(), draft.as_deref()).await;
        let known = known.unwrap_or_else(blank);
        let reach = draft.map_or_else(|| known.reach.clone(), |draft| draft.reach);
        let name = if known.name.is_empty() { name } else { known.name.clone() };
        (ServerPrefs { id: server.unwrap_or(ServerId(0)), url, name, insecure, reach, ..known }, secrets)
    }

    /// `Query::SignInWays`
    pub(super) async fn sign_in_ways(
        &self,
        server: Option<ServerId>,
        url: String,
        reach: Option<Box<ReachDraft>>,
    ) -> Answer {
        let (entry, secrets) = self.wanted(server, url, String::new(), false, reach).await;
        match ways(&entry.url, &Network.route(&entry, &secrets)).await {
            Ok(ways) => Answer::SignInWays(ways),
            Err(error) => failed(&error.to_string()),
        }
    }

    /// `Query::SignIn`
    pub(super) async fn sign_in(
        &self,
        server: Option<ServerId>,
        url: String,
        name: String,
        insecure: bool,
        reach: Option<Box<ReachDraft>>,
        login: &Login,
    ) -> Answer {
        if let Some(refusal) = self.no_place_for_tokens().await {
            return refusal;
        }
        let auth = match login {
            Login::Password { .. } => AuthKind::Password,
            Login::AccessToken(_) => AuthKind::AccessToken,
        };
        let (wanted, secrets) = self.wanted(server, url, name, insecure, reach).await;
        let entry = ServerPrefs { auth, ..wanted };
        match sign_in(&entry.url, insecure, &Network.route(&entry, &secrets), login).await {
            Ok(signed_in) => self.keep(server, entry, secrets, signed_in).await,
            Err(SignInError::MfaWanted { refused }) => Answer::MfaWanted { refused },
            Err(error) => failed(&error.to_string()),
        }
    }

    /// Asked before signing in: a fresh token that cannot be kept would be lost.
    async fn no_place_for_tokens(&self) -> Option<Answer> {
        let error = self.secrets.probe().await.err()?;
        let message = error.to_string();
        if error.is_about_the_keyring() {
            let raised = Signal::ProblemRaised { kind: ProblemKind::Keyring, detail: message.clone() };
            self.reports.send(raised).await.ok(); // shutting down
            return Some(Answer::KeyringMissing { message });
        }
        Some(failed(&format!("The token could not be kept: {message}")))
    }

    /// Keeps the token, then tells the engine. A session whose token cannot be kept is ended again.
    async fn keep(
        &self,
        server: Option<ServerId>,
        entry: ServerPrefs,
        secrets: ReachSecrets,
        signed_in: SignedIn,
    ) -> Answer {
        let SignedIn { token, user_id: _, username, session_id, csrf } = signed_in;
        let secrets = ReachSecrets { csrf, ..secrets };
        let before = match server {
            Some(id) => self.entry(|known| known.id == id),
            // An account that is in the list already is signed in again.
            None => self.entry(|known| known.url == entry.url && known.username == username),
        };
        let entry = ServerPrefs { username, ..entry };
        let key = entry.secret_key();
        let route = Network.route(&entry, &secrets);
        let replaced = match &before {
            Some(before) if before.auth != AuthKind::AccessToken => self.secrets.get(&before.secret_key()).await.ok(),
            Some(_) | None => None,
        };
        let kept = match reach::keep(&self.secrets, &entry, &secrets).await {
            Ok(()) => self.secrets.set(&key, &token).await,
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            if entry.auth != AuthKind::AccessToken {
                end_session(&entry.url, &route, &token).await;
            }
            return match error {
                error if error.is_about_the_keyring() => Answer::KeyringMissing { message: error.to_string() },
                error => failed(&format!("The token could not be kept: {error}")),
            };
        }
        if let Some(before) = before.filter(|before| before.secret_key() != key) {
            // Another account: nobody would ever look for the old token again.
            for old in [before.secret_key(), before.reach_key()] {
                if let Err(error) = self.secrets.delete(&old).await {
                    tracing::warn!(%error, "a secret that is of no use any more is still kept");
                }
            }
        }
        if let Some(old) = replaced.flatten().filter(|old| *old != token) {
            let (url, route) = (entry.url.clone(), route);
            // The session that this one replaces would stay in the person's list for a month.
            Handle::current().spawn(async move { end_session(&url, &route, &old).await });
        }
        let ServerPrefs { url, name, username, auth, insecure, reach, .. } = entry;
        let reach = Box::new(reach);
        let told = Command::ServerSignedIn { server, url, name, username, auth, insecure, reach, session_id };
        self.inputs.send_command(told).await;
        Answer::SignedIn
    }

    /// `Query::BrowserSignIn`
    #[expect(clippy::too_many_arguments, reason = "one question and its parts")]
    pub(super) async fn begin_in_browser(
        &self,
        server: Option<ServerId>,
        url: String,
        name: String,
        insecure: bool,
        reach: Option<Box<ReachDraft>>,
        provider: Provider,
        handover: bool,
    ) -> Answer {
        if !insecure && !url.starts_with("https://") {
            return failed(&SignInError::InsecureNotAgreed.to_string());
        }
        if let Some(refusal) = self.no_place_for_tokens().await {
            return refusal;
        }
        let Some(pending) = Pending::begin(&url, clock::process().mono()) else {
            return failed("the address is not valid");
        };
        let address = pending.address(provider);
        let (wanted, secrets) = self.wanted(server, url, name, insecure, reach).await;
        let entry = ServerPrefs { auth: AuthKind::Browser, ..wanted };
        let number = self.browser.begin(pending, entry, secrets);
        let handover = match &self.links {
            Some(links) if handover => links.register().await,
            Some(_) | None => false,
        };
        let reports = self.reports.clone();
        let page = address.clone();
        // An opener may stay as long as the browser does.
        Handle::current().spawn(async move {
            if let Err(error) = open_url::open_with(open_url::OPENER.as_ref(), &page).await {
                let raised = Signal::ProblemRaised { kind: ProblemKind::Links, detail: error.to_string() };
                reports.send(raised).await.ok(); // shutting down
            }
        });
        Answer::BrowserOpened { number, address: Secret::new(address), handover }
    }

    /// `Query::BrowserSignInDone`
    pub(super) async fn browser_done(&self, number: u64) -> Answer {
        match timeout(BROWSER_PATIENCE + EXCHANGE, self.browser.ended(number)).await {
            Ok(Some(Ok(()))) => Answer::SignedIn,
            Ok(Some(Err(message))) => failed(&message),
            Ok(None) => failed("another sign-in took the place of this one; begin again"),
            Err(_elapsed) => {
                self.browser.cancel(number);
                failed("the browser did not finish within three minutes; begin again")
            }
        }
    }

    /// `Query::FinishBrowserSignIn`
    pub(super) async fn finish_browser(&self, link: &Secret) -> Answer {
        let taken = Handover::read(link.expose()).and_then(|handover| {
            let fits = self.browser.take(&handover, clock::process().mono())?;
            Ok((handover, fits))
        });
        let (handover, fits) = match taken {
            Ok(taken) => taken,
            Err(error) => return failed(&error.to_string()),
        };
        let entry = fits.entry;
        let server = (entry.id.0 != 0).then_some(entry.id);
        let route = Network.route(&entry, &fits.secrets);
        let answer = match finish_in_browser(&entry.url, entry.insecure, &route, &handover).await {
            Ok(signed_in) => self.keep(server, entry, fits.secrets, signed_in).await,
            Err(error) => failed(&error.to_string()),
        };
        let outcome = match &answer {
            Answer::SignedIn => Ok(()),
            Answer::Failed { message } | Answer::KeyringMissing { message } => Err(message.clone()),
            _ => Err("the sign-in did not end as it should".to_owned()),
        };
        self.browser.end(fits.number, outcome);
        answer
    }

    /// `Query::SignOut`
    pub(super) async fn sign_out(&self, id: ServerId) -> Answer {
        let Some(server) = self.entry(|server| server.id == id) else { return failed("There is no such server") };
        // First, so that the end of the session is no surprise to the engine.
        self.inputs.send_command(Command::SignedOutByPerson(id)).await;
        match sign_out(&server, &self.secrets, &self.way_to(&server).await).await {
            Ok(Farewell::Ended) => Answer::SignedOut { remains: None },
            Ok(Farewell::NotTold(why)) => Answer::SignedOut { remains: Some(remains(&why)) },
            Err(error) => failed(&format!("Signed out, but the token is still kept: {error}")),
        }
    }

    /// `Query::KeepTokensInFile`
    pub(super) async fn keep_in_file(&self) -> Answer {
        // Until the preference says the same, the tokens would be taken to where it still wants them.
        let _placing = self.placing.lock().await;
        if let Err(error) = self.move_tokens(true).await {
            return failed(&error.to_string());
        }
        self.choose_place(true).await;
        Answer::Done
    }

    /// Moves every secret to where the person wants them, and lets sessions look there.
    async fn move_tokens(&self, in_file: bool) -> Result<(), SecretError> {
        let keys: Vec<String> = {
            let view = self.view.borrow();
            view.prefs.servers.iter().flat_map(|server| [server.secret_key(), server.reach_key()]).collect()
        };
        let moved = if in_file {
            self.secrets.move_to_file(&self.paths.secrets(), &keys).await?
        } else {
            self.secrets.move_to_keyring(&keys).await?
        };
        self.reports.send(Signal::ProblemCleared(ProblemKind::Keyring)).await.ok(); // shutting down
        tracing::info!(moved = moved.moved, unreadable = moved.unreadable, "where tokens are was changed");
        let waiting: Vec<ServerId> = {
            let view = self.view.borrow();
            let waits = |health: &Health| matches!(health, Health::Waiting { .. } | Health::Failed { .. });
            view.servers.iter().filter(|server| waits(&server.health)).map(|server| server.id).collect()
        };
        for id in waiting {
            self.inputs.send_command(Command::CheckAgain(id)).await;
        }
        Ok(())
    }

    /// Changes the preference, and returns when it is changed.
    async fn choose_place(&self, in_file: bool) {
        let base = self.view.borrow().prefs.clone();
        if base.tokens_in_file != in_file {
            let prefs = LocalPrefs { tokens_in_file: in_file, ..base.clone() };
            self.inputs.send_command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) }).await;
            let mut view = self.view.clone();
            let changed = view.wait_for(|view| view.prefs.tokens_in_file == in_file);
            timeout(CHANGE, changed).await.ok(); // the person may have changed it back at the same moment
        }
    }

    /// Follows the preference for the place of tokens, at once. Where it cannot be followed it is taken back, and said.
    pub(super) async fn follow_place(mut self) {
        while self.view.changed().await.is_ok() {
            let placing = Arc::clone(&self.placing);
            let _placing = placing.lock().await;
            let in_file = self.view.borrow_and_update().prefs.tokens_in_file;
            let there = match self.secrets.place().await {
                Place::Keyring => !in_file,
                Place::File => in_file,
                Place::Memory => true,
            };
            if there {
                continue;
            }
            if let Err(error) = self.move_tokens(in_file).await {
                let detail = format!("they stay where they were, because {error}");
                let raised = Signal::ProblemRaised { kind: ProblemKind::Keyring, detail };
                self.reports.send(raised).await.ok(); // shutting down
                self.choose_place(!in_file).await;
            }
        }
    }
}

fn remains(why: &str) -> String {
    format!(
        "You are signed out here, but the session goes on at the server, because {why}. End it there, under Security"
    )
}
