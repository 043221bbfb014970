//! How servers are reached: what a person filled in, completed with what is kept, tried, and kept in turn.

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::ServerPrefs;
use belfry_core::query::Answer;
use belfry_core::reach::{Reach, ReachDraft, ReachSecrets};
use belfry_net::dial::{Network, Route, Routes as _};
use belfry_net::discover::{DiscoverError, discover};
use belfry_net::reach;

use super::queries::{Answers, failed};

impl Answers {
    /// `Query::Discover`
    pub(super) async fn discover(&self, address: &str, draft: &ReachDraft) -> Answer {
        match discover(address, draft).await {
            Ok(mut found) => {
                found.already = self.entry(|server| server.url == found.url).map(|server| server.id);
                Answer::Discovered(found)
            }
            Err(DiscoverError::Obstacle(obstacle)) => Answer::Obstacle(obstacle),
            Err(error) => failed(&error.to_string()),
        }
    }

    /// `Query::SetReach`
    pub(super) async fn set_reach(&self, id: ServerId, draft: ReachDraft, unchecked: bool) -> Answer {
        let Some(before) = self.entry(|server| server.id == id) else { return failed("There is no such server") };
        let ReachDraft { reach, secrets } = draft;
        let kept = self.kept(&before).await;
        let secrets = secrets.completed(&reach, &before.reach, &kept);
        let draft = ReachDraft { reach, secrets };
        if !unchecked {
            match discover(&before.url, &draft).await {
                Ok(_) => {}
                Err(DiscoverError::Obstacle(obstacle)) => return Answer::Obstacle(obstacle),
                Err(error) => return failed(&error.to_string()),
            }
        }
        let entry = ServerPrefs { reach: draft.reach, ..before };
        if let Err(error) = reach::keep(&self.secrets, &entry, &draft.secrets).await {
            return failed(&format!("The passwords could not be kept: {error}"));
        }
        self.inputs.send_command(Command::SetReach { server: id, reach: Box::new(entry.reach) }).await;
        Answer::ReachSet
    }

    /// The secrets for a sign-in: of the draft, completed with what is kept for the entry, or those alone.
    pub(super) async fn secrets_for(&self, known: Option<&ServerPrefs>, draft: Option<&ReachDraft>) -> ReachSecrets {
        let kept = match known {
            Some(known) => self.kept(known).await,
            None => ReachSecrets::default(),
        };
        let before = known.map_or_else(Reach::default, |known| known.reach.clone());
        match draft {
            Some(draft) => draft.secrets.clone().completed(&draft.reach, &before, &kept),
            None => kept,
        }
    }

    /// The way to a server of the list.
    pub(super) async fn way_to(&self, server: &ServerPrefs) -> Route {
        Network.route(server, &self.kept(server).await)
    }

    /// What is kept; nothing where it cannot be read, and then what is missing is said by whoever misses it.
    async fn kept(&self, server: &ServerPrefs) -> ReachSecrets {
        reach::kept(&self.secrets, server).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the secrets of a connection");
            ReachSecrets::default()
        })
    }
}
