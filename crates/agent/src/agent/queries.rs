//! Answers to what faces and commands ask.

use std::sync::Arc;

use belfry_core::decide::Mode;
use belfry_core::event::User;
use belfry_core::ids::ServerId;
use belfry_core::prefs::ServerPrefs;
use belfry_core::present::{bounded, display_name};
use belfry_core::query::{Answer, FoundPerson, Query};
use belfry_core::signal::Signal;
use belfry_core::text;
use belfry_core::view::View;
use belfry_net::Inputs;
use belfry_net::secrets::SecretStore;
use tokio::sync::{mpsc, watch};

use super::browser::BrowserSignIns;
use super::farewells::Farewells;
use crate::doctor;
use crate::history::History;
use crate::link_handler::LinkHandler;
use crate::paths::Paths;
use crate::pictures::Pictures;

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
    pub(super) farewells: Arc<Farewells>,
    /// Held while tokens move and until the preference says where they are.
    pub(super) placing: Arc<tokio::sync::Mutex<()>>,
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
            Query::FindPeople { server, text } => self.find_people(server, &text).await,
            Query::SoundDevices => self.sound_devices().await,
            Query::ImportSound { path, name } => self.import_sound(path, name).await,
            Query::ExportActivity { filter, path } => self.export(filter, path).await,
            Query::ClearActivity => self.clear_activity().await,
        }
    }

    /// `Query::FindPeople`
    async fn find_people(&self, server: ServerId, text: &str) -> Answer {
        let text: String = text.trim().chars().take(FoundPerson::LONGEST_TEXT).collect();
        match self.inputs.people(server, text).await {
            Ok(users) => Answer::People(users.iter().filter_map(found).collect()),
            Err(error) => failed(&error.to_string()),
        }
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

fn found(user: &User) -> Option<FoundPerson> {
    let name = |name: String| text::neutralize(&bounded(name, Mode::Ours)).into_owned();
    let (full, username) = (name(display_name(user, "full_name")), name(user.username.clone()));
    Some(FoundPerson { user: user.id?, name: full, username })
}

pub(super) fn failed(message: &str) -> Answer {
    let mut chars = message.chars();
    let message = chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect());
    Answer::Failed { message }
}
