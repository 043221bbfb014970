//! The ledger: ids and times of posts that were decided, and up to when all of them were.

use std::path::{Path, PathBuf};

use belfry_core::draft::Decided;
use belfry_core::ids::{PostId, ServerId};
use belfry_core::missed::{Mark, PutOff};
use rusqlite::{Connection, Params, Transaction, params};

use super::store::{is_corrupt, open_or_replace, replaced, set_aside};

/// So many presented posts are remembered: far more than a reconnect can bring back.
const PRESENTED_ROWS: i64 = 20_000;
/// So many posts are remembered that were decided against: those around the marks, which move every minute.
const SILENT_ROWS: i64 = 8_000;
/// So many posts may wait for being presented; the oldest are then taken for presented.
const PENDING_ROWS: i64 = 4_000;

/// `pending` holds what a crash must announce again, `silent` what was decided against. A `run` is one start of the
/// program: what an earlier one left pending is decided anew by the catch-up of this one, or is gone. `put_off` says of a
/// pending post that its card was put off, and how it was.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS presented (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        server INTEGER NOT NULL,
        post TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        UNIQUE (server, post)
    );
    CREATE TABLE IF NOT EXISTS silent (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        server INTEGER NOT NULL,
        post TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        UNIQUE (server, post)
    );
    CREATE TABLE IF NOT EXISTS pending (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        server INTEGER NOT NULL,
        post TEXT NOT NULL,
        post_ms INTEGER NOT NULL,
        earlier INTEGER NOT NULL DEFAULT 0,
        UNIQUE (server, post)
    );
    CREATE TABLE IF NOT EXISTS put_off (
        server INTEGER NOT NULL,
        post TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL,
        more INTEGER NOT NULL,
        posts TEXT NOT NULL,
        PRIMARY KEY (server, post)
    );
    CREATE TABLE IF NOT EXISTS marks (
        server INTEGER PRIMARY KEY,
        from_ms INTEGER NOT NULL,
        up_to_ms INTEGER NOT NULL
    );";

/// Something to be remembered.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// A post was decided.
    Decided { server: ServerId, decided: Decided, now_ms: i64 },
    /// A post was presented, or needs it no more.
    Presented { server: ServerId, post: PostId, now_ms: i64 },
    /// A card was presented and put off: its post is pending again.
    Snoozed(Box<PutOff>),
    /// Everything up to here was decided.
    Mark(ServerId, Mark),
    /// A server is gone.
    Forget(ServerId),
}

/// The ledger.
pub(super) struct Ledger {
    connection: Option<Connection>,
    path: PathBuf,
}

impl Ledger {
    /// Opens the ledger, or begins one in memory; the second part says what went wrong.
    pub(super) fn open(path: &Path) -> (Self, Option<String>) {
        let (connection, _on_disk, trouble) = open_or_replace(path, TABLES);
        let ledger = Self { connection, path: path.to_owned() };
        if let Some(connection) = &ledger.connection
            && let Err(error) = connection.execute("UPDATE pending SET earlier = 1", [])
        {
            tracing::warn!(%error, "the ledger of decided messages could not be prepared");
        }
        (ledger, trouble)
    }

    /// Everything that was decided and needs no announcement, the oldest first.
    pub(super) fn all(&self) -> Vec<(ServerId, PostId)> {
        let read = || -> Result<Vec<_>, rusqlite::Error> {
            let Some(connection) = &self.connection else { return Ok(Vec::new()) };
            let mut statement = connection.prepare(
                "SELECT server, post, at_ms FROM presented UNION ALL SELECT server, post, at_ms FROM silent ORDER BY at_ms",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?)))?;
            Ok(rows
                .filter_map(Result::ok)
                .filter_map(|(server, post)| Some((ServerId(server), PostId::parse(&post)?)))
                .collect())
        };
        read().unwrap_or_else(|error| {
            tracing::warn!(%error, "the ledger of decided messages could not be read");
            Vec::new()
        })
    }

    /// From where each server has to be caught up with: before anything that was decided but not presented.
    pub(super) fn marks(&self) -> Vec<(ServerId, Mark)> {
        let read = || -> Result<Vec<_>, rusqlite::Error> {
            let Some(connection) = &self.connection else { return Ok(Vec::new()) };
            let mut statement = connection.prepare(
                "SELECT server, from_ms,
                    min(up_to_ms, coalesce((SELECT min(post_ms) - 1 FROM pending WHERE pending.server = marks.server), up_to_ms))
                 FROM marks",
            )?;
            let rows = statement.query_map([], |row| {
                Ok((ServerId(row.get(0)?), Mark { from_ms: row.get(1)?, up_to_ms: row.get(2)? }))
            })?;
            rows.collect()
        };
        read().unwrap_or_else(|error| {
            tracing::warn!(%error, "the marks of decided messages could not be read");
            Vec::new()
        })
    }

    /// Cards that were put off and not shown since.
    pub(super) fn put_off(&self) -> Vec<PutOff> {
        let read = || -> Result<Vec<PutOff>, rusqlite::Error> {
            let Some(connection) = &self.connection else { return Ok(Vec::new()) };
            let mut statement = connection.prepare("SELECT server, post, at_ms, until_ms, more, posts FROM put_off")?;
            let rows = statement.query_map([], |row| {
                let (post, posts): (String, String) = (row.get(1)?, row.get(5)?);
                let (server, at_ms, until_ms, more) = (ServerId(row.get(0)?), row.get(2)?, row.get(3)?, row.get(4)?);
                let posts = posts.split(' ').filter_map(PostId::parse).collect();
                Ok(PostId::parse(&post).map(|post| PutOff { server, post, at_ms, until_ms, more, posts }))
            })?;
            Ok(rows.filter_map(Result::ok).flatten().collect())
        };
        read().unwrap_or_else(|error| {
            tracing::warn!(%error, "what was put off could not be read");
            Vec::new()
        })
    }

    /// Adds entries and forgets the oldest beyond the bounds, in one transaction.
    pub(super) fn add(&mut self, entries: &[Entry]) -> Result<(), String> {
        match self.try_add(entries) {
            Ok(()) => Ok(()),
            Err(error) if is_corrupt(&error) => {
                self.connection = None; // closed before its file moves
                let aside = set_aside(&self.path).map_err(|error| error.to_string())?;
                let (connection, _on_disk, trouble) = open_or_replace(&self.path, TABLES);
                self.connection = connection;
                self.try_add(entries).map_err(|error| error.to_string())?;
                Err(trouble.unwrap_or_else(|| replaced(&self.path, &aside)))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn try_add(&mut self, entries: &[Entry]) -> Result<(), rusqlite::Error> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let transaction = connection.transaction()?;
        for entry in entries {
            match entry {
                Entry::Decided { server, decided, now_ms } if decided.pending => {
                    let values = params![server.0, decided.post.as_str(), decided.at_ms.min(*now_ms)];
                    run(
                        &transaction,
                        "INSERT INTO pending (server, post, post_ms) VALUES (?1, ?2, ?3)
                         ON CONFLICT (server, post) DO UPDATE SET earlier = 0",
                        values,
                    )?;
                }
                Entry::Decided { server, decided: Decided { post, .. }, now_ms } => {
                    run(
                        &transaction,
                        "INSERT OR IGNORE INTO silent (server, post, at_ms) VALUES (?1, ?2, ?3)",
                        params![server.0, post.as_str(), now_ms],
                    )?;
                }
                Entry::Presented { server, post, now_ms } => {
                    run(
                        &transaction,
                        "INSERT OR IGNORE INTO presented (server, post, at_ms) VALUES (?1, ?2, ?3)",
                        params![server.0, post.as_str(), now_ms],
                    )?;
                    for table in ["pending", "put_off"] {
                        run(
                            &transaction,
                            &format!("DELETE FROM {table} WHERE server = ?1 AND post = ?2"),
                            params![server.0, post.as_str()],
                        )?;
                    }
                }
                Entry::Snoozed(card) => {
                    let PutOff { server, post, at_ms, until_ms, more, posts } = &**card;
                    run(
                        &transaction,
                        "DELETE FROM presented WHERE server = ?1 AND post = ?2",
                        params![server.0, post.as_str()],
                    )?;
                    run(
                        &transaction,
                        "INSERT INTO pending (server, post, post_ms) VALUES (?1, ?2, ?3)
                         ON CONFLICT (server, post) DO UPDATE SET earlier = 0",
                        params![server.0, post.as_str(), at_ms],
                    )?;
                    // No id has a space in it.
                    let posts: Vec<&str> = posts.iter().map(PostId::as_str).collect();
                    run(
                        &transaction,
                        "INSERT OR REPLACE INTO put_off (server, post, at_ms, until_ms, more, posts)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        params![server.0, post.as_str(), at_ms, until_ms, more, posts.join(" ")],
                    )?;
                }
                Entry::Mark(server, mark) => {
                    run(
                        &transaction,
                        "INSERT OR REPLACE INTO marks (server, from_ms, up_to_ms) VALUES (?1, ?2, ?3)",
                        params![server.0, mark.from_ms, mark.up_to_ms],
                    )?;
                    // A mark is written once all that lies before it is decided, in this run.
                    run(&transaction, "DELETE FROM pending WHERE server = ?1 AND earlier", [server.0])?;
                    run(
                        &transaction,
                        "DELETE FROM put_off WHERE server = ?1
                         AND post NOT IN (SELECT post FROM pending WHERE pending.server = ?1)",
                        [server.0],
                    )?;
                }
                Entry::Forget(server) => {
                    for table in ["presented", "silent", "pending", "put_off", "marks"] {
                        run(&transaction, &format!("DELETE FROM {table} WHERE server = ?1"), [server.0])?;
                    }
                }
            }
        }
        for (table, rows) in [("presented", PRESENTED_ROWS), ("silent", SILENT_ROWS), ("pending", PENDING_ROWS)] {
            let too_old = format!("DELETE FROM {table} WHERE row <= (SELECT max(row) FROM {table}) - ?1");
            run(&transaction, &too_old, [rows])?;
        }
        transaction.commit()
    }
}

/// Compiled once: most transactions are of one decision, and cost less than compiling their statements would.
fn run(transaction: &Transaction<'_>, sql: &str, values: impl Params) -> Result<usize, rusqlite::Error> {
    transaction.prepare_cached(sql)?.execute(values)
}

#[cfg(test)]
mod tests;
