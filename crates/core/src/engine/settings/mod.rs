//! Preferences that servers own: saved one after the other, shown at once, put back where a server refuses; and questions
//! of the kind "what would happen if".

pub(super) mod account;
pub(super) mod channels;
mod local;
pub(super) mod receipt;
mod trials;

use crate::effect::Effects;
use crate::engine::Engine;
use crate::event::Written;
use crate::ids::ServerId;
use crate::query::{Answer, Query};
use crate::settings::Editable;
use crate::time::Now;
use crate::view::Health;

impl Engine {
    /// Answers a question that only the engine can; `None` where it is none of those.
    pub fn answer(&self, now: &Now, query: &Query) -> Option<Answer> {
        match query {
            Query::Settings(id) => Some(self.server_settings(*id)),
            Query::Channels { known } => Some(Answer::Channels(Box::new(self.channels_table(*known)))),
            Query::Trial(message) => Some(self.trial(now, message)),
            Query::Reconsider { decision, what_if } => Some(self.reconsider(now, decision, what_if)),
            Query::Activity { .. }
            | Query::Discover { .. }
            | Query::SetReach { .. }
            | Query::SignIn { .. }
            | Query::SignInWays { .. }
            | Query::BrowserSignIn { .. }
            | Query::BrowserSignInDone(_)
            | Query::FinishBrowserSignIn(_)
            | Query::CancelBrowserSignIn(_)
            | Query::KeepTokensInFile
            | Query::SignOut(_)
            | Query::Doctor
            | Query::SoundDevices
            | Query::ImportSound { .. }
            | Query::ExportActivity { .. }
            | Query::ClearActivity
            | Query::FindPeople { .. }
            | Query::Pictures(_) => None,
        }
    }

    /// A change that the engine asked for came to something.
    pub(super) fn on_written(&mut self, now: &Now, id: ServerId, number: u64, outcome: Written, out: &mut Effects) {
        if self.reply_written(now, id, number, &outcome)
            || self.test_answered(now, id, number, &outcome, out)
            || self.channel_written(id, number, &outcome, out)
        {
            return;
        }
        self.settings_written(id, number, outcome, out);
    }

    /// The session with everything under way was ended: nobody will say what came of it.
    pub(super) fn fail_writes(&mut self, id: ServerId, reason: &str) {
        self.fail_saves(id, reason);
        self.fail_edits(id, reason);
        self.stack.fail_replies(id, reason);
    }

    /// Whether anything can be changed on a server now.
    pub(super) fn editable(&self, id: ServerId) -> Editable {
        let Some(server) = self.servers.get(&id) else { return Editable::NotLoaded };
        let reason = match &server.health {
            Health::Live if server.state.loaded => return Editable::Yes,
            Health::SignedOut { .. } | Health::NotSignedIn => "You are signed out".to_owned(),
            Health::Failed { reason } => format!("There is no connection: {reason}"),
            _ if !server.state.loaded => return Editable::NotLoaded,
            Health::Waiting { reason, .. } => format!("There is no connection at present: {reason}"),
            Health::Connecting | Health::Live => "Connecting".to_owned(),
        };
        Editable::No { reason }
    }
}

/// Why nothing can be changed, for a refusal.
pub(super) fn read_only(editable: Editable) -> Option<String> {
    match editable {
        Editable::Yes => None,
        Editable::NotLoaded => Some("Nothing has been read from this server yet".to_owned()),
        Editable::No { reason } => Some(reason),
    }
}
