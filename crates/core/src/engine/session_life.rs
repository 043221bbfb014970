//! How long sessions last: the warning a day before one ends, and the day's extension while a person is really there
//! (protocol §2.5). Listening extends nothing, so a session ends however long we were connected.

use crate::activity::DecisionKind;
use crate::effect::{Effect, Effects, Fetch, Write};
use crate::engine::{Engine, Server};
use crate::event::SessionLife;
use crate::ids::ServerId;
use crate::prefs::AuthKind;
use crate::time::Now;
use crate::view::{BannerKind, Health};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Within this the Servers page says when a session ends.
const SOON_MS: i64 = 7 * DAY_MS;
/// The end moves where another program of the person's extends the session, so it is asked for again.
const ASK_EVERY_MS: i64 = 12 * HOUR_MS;

/// What is known of a server's session.
#[derive(Debug, Default)]
#[expect(clippy::struct_field_names, reason = "all are times, and the unit belongs in each name")]
pub(super) struct Session {
    /// On this computer's clock, Unix milliseconds.
    ends_ms: Option<i64>,
    /// When the server was last asked; 0 = never in this run.
    asked_ms: i64,
    /// When it was last extended; 0 = never in this run.
    extended_ms: i64,
}

impl Session {
    pub(super) fn told(&mut self, now: &Now, life: SessionLife) {
        self.ends_ms = life.ends_in_ms.map(|left| now.wall_ms().saturating_add(left));
    }

    /// When it ends, if that is so soon that the person is warned.
    fn ends_within_a_day(&self, now: &Now) -> Option<i64> {
        self.ends_ms.filter(|ends| (ends.saturating_sub(DAY_MS)..*ends).contains(&now.wall_ms()))
    }

    /// When it ends, if that is soon.
    pub(super) fn ends_soon_ms(&self, now: &Now) -> Option<i64> {
        self.ends_ms.filter(|ends| ends.saturating_sub(now.wall_ms()) <= SOON_MS)
    }
}

impl Server {
    /// Whether the session's end is to be asked for again, or the person warned of it.
    pub(super) fn session_is_due(&self, now: &Now) -> bool {
        self.asks_for_session(now) || self.session.ends_within_a_day(now).is_some()
    }

    fn asks_for_session(&self, now: &Now) -> bool {
        self.session.asked_ms > 0
            && self.health == Health::Live
            // A clock that was set back must not silence the question for ever.
            && (now.wall_ms().saturating_sub(self.session.asked_ms)).abs() >= ASK_EVERY_MS
    }
}

impl Engine {
    /// Asks when the session ends, unless it was asked a short while ago.
    pub(super) fn ask_for_session(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        let Some(prefs) = self.server_prefs(id) else { return };
        let session = prefs.session.id.clone();
        if session.is_empty() || prefs.auth == AuthKind::AccessToken {
            return;
        }
        let Some(server) = self.servers.get_mut(&id) else { return };
        if server.health != Health::Live && !server.state.loaded {
            return;
        }
        server.session.asked_ms = now.wall_ms();
        self.ask(id, Fetch::Session(session), out);
    }

    /// The next moment at which a session is to be spoken of, or asked about.
    pub(super) fn session_deadline_ms(&self) -> Option<i64> {
        let of_server = |id: &ServerId| {
            let server = self.servers.get(id)?;
            let warned_ms = self.server_prefs(*id)?.session.warned_ms;
            let ask = (server.session.asked_ms > 0 && server.health == Health::Live)
                .then(|| server.session.asked_ms.saturating_add(ASK_EVERY_MS));
            let warn = server.session.ends_ms.map(|ends| (ends - DAY_MS).max(warned_ms.saturating_add(DAY_MS)));
            let warn = warn.filter(|warn| server.session.ends_ms.is_some_and(|ends| *warn < ends));
            [ask, warn].into_iter().flatten().min()
        };
        self.servers.keys().filter_map(of_server).min()
    }

    pub(super) fn pass_session_deadlines(&mut self, now: &Now, out: &mut Effects) {
        let due: Vec<(ServerId, bool, Option<i64>)> = self
            .servers
            .iter()
            .filter(|(_, server)| server.session_is_due(now))
            .map(|(id, server)| (*id, server.asks_for_session(now), server.session.ends_within_a_day(now)))
            .collect();
        for (id, asks, ends) in due {
            if asks {
                self.ask_for_session(now, id, out);
            }
            if let Some(ends) = ends {
                self.warn_of_end(now, id, ends, out);
            }
        }
    }

    /// Once a day at most, in this run and in the next.
    fn warn_of_end(&mut self, now: &Now, id: ServerId, ends_ms: i64, out: &mut Effects) {
        let wall = now.wall_ms();
        let Some(entry) = self.prefs.servers.iter_mut().find(|server| server.id == id) else { return };
        let warned_today = (wall.saturating_sub(entry.session.warned_ms)).abs() < DAY_MS;
        if warned_today {
            return;
        }
        entry.session.warned_ms = wall;
        let name = entry.name.clone();
        self.save_prefs(out);
        let hours = (ends_ms - wall).saturating_add(HOUR_MS - 1) / HOUR_MS;
        let when = if hours <= 1 { "within an hour".to_owned() } else { format!("in {hours} hours") };
        self.announce_plain(
            now,
            id,
            DecisionKind::SessionEnds,
            BannerKind::SessionEnds,
            &format!("Your sign-in to {name} ends {when}"),
            "Sign in again before then to miss nothing",
            out,
        );
    }

    /// The person is really at this computer: once a day their session may last longer, where the server does that for
    /// people who are there. The call counts as presence, so nothing but a person's own activity may lead to it.
    pub(super) fn extend_sessions(&mut self, now: &Now, out: &mut Effects) {
        let wall = now.wall_ms();
        let mut asking = Vec::new();
        for (id, server) in &mut self.servers {
            let follows = self.prefs.servers.iter().any(|entry| entry.id == *id && !entry.session.id.is_empty());
            let again = (wall.saturating_sub(server.session.extended_ms)).abs() >= DAY_MS;
            if follows && again && server.health == Health::Live && server.state.config.extend_session_with_activity {
                server.session.extended_ms = wall;
                out.push(Effect::Write(*id, Write::ExtendSession));
                asking.push(*id);
            }
        }
        // The answer to the question follows the change on the same connection only by chance, so it is asked a little
        // later, with the next round.
        for id in asking {
            if let Some(server) = self.servers.get_mut(&id) {
                server.session.asked_ms = wall.saturating_sub(ASK_EVERY_MS - 60_000);
            }
        }
    }
}
