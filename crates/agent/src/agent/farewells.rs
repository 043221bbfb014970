//! Sessions of servers that were removed while they could not be told. They are ended as soon as that is possible: until
//! then the server's list of the person's sessions would show one that nobody uses.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use belfry_core::prefs::{AuthKind, ServerPrefs};
use belfry_net::sign_in::{Farewell, end_session};
use belfry_net::{clock, reach};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Notify};
use tokio::time::sleep;

use super::queries::Answers;

/// So many are remembered; beyond that the oldest ends by its own age.
const MOST: usize = 16;
/// Servers end a session that nobody uses after a month.
const LONGEST_MS: i64 = 31 * 24 * 3_600_000;
/// How long until the next try.
const BETWEEN: Duration = Duration::from_mins(10);
/// A larger file is not ours.
const CAP: u64 = 1 << 20;

/// What is still to be ended. Tokens are where tokens are, each under the key of its entry here.
#[derive(Debug)]
pub(super) struct Farewells {
    path: PathBuf,
    /// One at a time reads and replaces the file.
    turn: Mutex<()>,
    added: Notify,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Due {
    server: ServerPrefs,
    since_ms: i64,
}

impl Farewells {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, turn: Mutex::default(), added: Notify::new() }
    }

    fn read(&self) -> Vec<Due> {
        let read = || -> io::Result<Vec<Due>> {
            if fs::metadata(&self.path)?.len() > CAP {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            Ok(serde_json::from_slice(&fs::read(&self.path)?)?)
        };
        match read() {
            Ok(due) => due,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                tracing::warn!(%error, "sessions that are still to be ended are not known");
                Vec::new()
            }
        }
    }

    fn write(&self, due: &[Due]) {
        let written = if due.is_empty() { remove(&self.path) } else { replace(&self.path, due) };
        if let Err(error) = written {
            tracing::warn!(%error, "sessions that are still to be ended cannot be remembered");
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn replace(path: &Path, due: &[Due]) -> io::Result<()> {
    let new = path.with_extension("new");
    remove(&new)?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec_pretty(due)?)?;
    file.sync_all()?;
    fs::rename(new, path)
}

/// The entry under another account's name, so that the same account can be added again meanwhile.
fn apart(server: &ServerPrefs) -> ServerPrefs {
    ServerPrefs { username: format!("{} (removed)", server.username), ..server.clone() }
}

impl Answers {
    /// Ends the session of a server that was removed, and forgets its token; where the server cannot be told, later.
    pub(super) async fn sign_out_removed(&self, server: &ServerPrefs) {
        let route = self.way_to(server).await;
        match (server.auth, self.secrets.get(&server.secret_key()).await) {
            (AuthKind::AccessToken, _) | (_, Ok(None)) => {}
            (AuthKind::Password | AuthKind::Browser, Ok(Some(token))) => {
                if let Farewell::NotTold(why) = end_session(&server.url, &route, &token).await {
                    tracing::warn!(%why, "the session of a removed server is ended later");
                    let later = apart(server);
                    let kept = match reach::kept(&self.secrets, server).await {
                        Ok(secrets) => reach::keep(&self.secrets, &later, &secrets).await,
                        Err(error) => Err(error),
                    };
                    let kept = match kept {
                        Ok(()) => self.secrets.set(&later.secret_key(), &token).await,
                        Err(error) => Err(error),
                    };
                    match kept {
                        Ok(()) => self.remember(later).await,
                        Err(error) => tracing::warn!(%error, "the session of a removed server goes on there"),
                    }
                }
            }
            (AuthKind::Password | AuthKind::Browser, Err(error)) => {
                tracing::warn!(%error, "the session of a removed server goes on there");
            }
        }
        self.forget_secrets(server).await;
    }

    async fn forget_secrets(&self, server: &ServerPrefs) {
        for key in [server.secret_key(), server.reach_key()] {
            if let Err(error) = self.secrets.delete(&key).await {
                tracing::warn!(%error, "a secret of a removed server is still kept");
            }
        }
    }

    async fn remember(&self, server: ServerPrefs) {
        let _turn = self.farewells.turn.lock().await;
        let mut due = self.farewells.read();
        due.retain(|known| known.server.secret_key() != server.secret_key());
        due.push(Due { server, since_ms: clock::wall_ms() });
        let over = due.len().saturating_sub(MOST);
        let given_up: Vec<Due> = due.drain(..over).collect();
        self.farewells.write(&due);
        for Due { server, .. } in given_up {
            self.forget_secrets(&server).await;
        }
        self.farewells.added.notify_one();
    }

    /// Ends what an earlier run, or this one, could not. Nothing happens while nothing is due.
    pub(super) async fn say_farewells(self) {
        loop {
            if self.try_farewells().await == 0 {
                self.farewells.added.notified().await;
            }
            sleep(BETWEEN).await;
        }
    }

    /// How many are left.
    async fn try_farewells(&self) -> usize {
        let due = {
            let _turn = self.farewells.turn.lock().await;
            self.farewells.read()
        };
        for Due { server, since_ms } in due {
            let over = match self.secrets.get(&server.secret_key()).await {
                Ok(None) => true,
                Ok(Some(token)) => {
                    let ended = end_session(&server.url, &self.way_to(&server).await, &token).await;
                    ended == Farewell::Ended || clock::wall_ms().saturating_sub(since_ms) > LONGEST_MS
                }
                Err(_locked) => false,
            };
            if over {
                self.forget_secrets(&server).await;
                let _turn = self.farewells.turn.lock().await;
                let mut due = self.farewells.read();
                due.retain(|known| known.server.secret_key() != server.secret_key());
                self.farewells.write(&due);
                tracing::info!("the session of a removed server was ended");
            }
        }
        let _turn = self.farewells.turn.lock().await;
        self.farewells.read().len()
    }
}
