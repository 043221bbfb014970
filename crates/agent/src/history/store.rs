//! The table of decisions, and how both files are opened.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use belfry_core::activity::{ActivityFilter, ActivityRow, Decision, Verdict};
use belfry_core::draft::Draft;
use belfry_core::prefs::HistoryPrefs;
use rusqlite::{Connection, ErrorCode, OpenFlags, params, params_from_iter, types::Value};

use super::Page;
use crate::paths;

/// Shape of both files. A file of a newer Belfry is left alone.
const SCHEMA_VERSION: i64 = 1;
/// Without a file, so many decisions are kept in memory.
const ROWS_IN_MEMORY: u32 = 1_000;
/// A page of Activity is cut here, far below the largest frame of the control socket.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

const DECISIONS: &str = "
    CREATE TABLE IF NOT EXISTS decisions (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        recorded_ms INTEGER NOT NULL,
        server INTEGER NOT NULL,
        shown INTEGER NOT NULL,
        mentioned INTEGER NOT NULL,
        words TEXT NOT NULL,
        decision TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS decisions_by_time ON decisions (recorded_ms);";

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error(transparent)]
    Folder(#[from] paths::PathsError),
    #[error("{0}")]
    Database(#[from] rusqlite::Error),
    #[error("it was written by a newer version")]
    Newer,
    #[error("it could not be protected: {0}")]
    Protect(#[from] io::Error),
}

impl OpenError {
    fn is_corrupt(&self) -> bool {
        matches!(self, Self::Database(error) if is_corrupt(error))
    }
}

pub(super) fn is_corrupt(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn open_file(path: &Path, schema: &str) -> Result<Connection, OpenError> {
    if let Some(folder) = path.parent() {
        paths::make_private(folder)?;
    }
    let connection = Connection::open(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    connection.busy_timeout(Duration::from_secs(2))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A crash of ours loses nothing; a power cut may lose the last moments, and each commit spares a sync.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    prepare(connection, schema)
}

fn prepare(connection: Connection, schema: &str) -> Result<Connection, OpenError> {
    connection.pragma_update(None, "cache_size", -256)?; // KiB: rows are written once and read by the page
    connection.set_prepared_statement_cache_capacity(32); // all that either file's writer says
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > SCHEMA_VERSION {
        return Err(OpenError::Newer);
    }
    connection.execute_batch(schema)?;
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    Ok(connection)
}

/// Opens a file; a corrupt one is set aside and replaced, and where that fails too, memory serves.
pub(super) fn open_or_replace(path: &Path, schema: &str) -> (Option<Connection>, bool, Option<String>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match open_file(path, schema) {
        Ok(connection) => (Some(connection), true, None),
        Err(error) if error.is_corrupt() => match set_aside(path).map_err(OpenError::from).and_then(|aside| {
            let connection = open_file(path, schema)?;
            Ok((aside, connection))
        }) {
            Ok((aside, connection)) => (Some(connection), true, Some(replaced(path, &aside))),
            Err(error) => (in_memory(schema), false, Some(format!("{name}: {error}"))),
        },
        Err(error) => (in_memory(schema), false, Some(format!("{name}: {error}"))),
    }
}

/// What a person is told of a damaged file.
pub(super) fn replaced(path: &Path, aside: &Path) -> String {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    format!("{} was damaged and kept as {}; a new one was begun", name(path), name(aside))
}

/// `None` only if `SQLite` cannot even use memory; then nothing is kept.
fn in_memory(schema: &str) -> Option<Connection> {
    Connection::open_in_memory().ok().and_then(|connection| prepare(connection, schema).ok())
}

pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let aside = |n: u32| path.with_file_name(format!("{stem}.broken-{n}.db"));
    let to = (1..=9).map(aside).find(|path| !path.exists()).unwrap_or_else(|| aside(9));
    fs::rename(path, &to)?;
    for companion in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(companion);
        fs::remove_file(name).ok(); // belongs to the damaged file; a new one would misread it
    }
    Ok(to)
}

fn remove(path: &Path) -> io::Result<()> {
    for companion in ["-wal", "-shm", ""] {
        let mut name = path.as_os_str().to_owned();
        name.push(companion);
        match fs::remove_file(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// How many decisions a file holds.
pub(super) fn count(path: &Path) -> Result<i64, String> {
    if !path.exists() {
        return Ok(0);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .and_then(|connection| connection.query_row("SELECT count(*) FROM decisions", [], |row| row.get(0)))
        .map_err(|error| error.to_string())
}

/// Decisions.
pub(super) struct Store {
    connection: Option<Connection>,
    on_disk: bool,
    path: PathBuf,
    days: i64,
    rows: i64,
}

impl Store {
    /// Opens the decisions, or begins them in memory; the second part says what went wrong.
    pub(super) fn open(path: &Path, prefs: &HistoryPrefs) -> (Self, Option<String>) {
        let (connection, on_disk, trouble) = if prefs.keep {
            open_or_replace(path, DECISIONS)
        } else {
            // Switched off means that nothing of it stays on disk.
            let trouble = remove(path).err().map(|error| format!("the old history could not be removed: {error}"));
            (in_memory(DECISIONS), false, trouble)
        };
        let rows = if on_disk { prefs.rows } else { prefs.rows.min(ROWS_IN_MEMORY) };
        let store =
            Self { connection, on_disk, path: path.to_owned(), days: i64::from(prefs.days), rows: i64::from(rows) };
        (store, trouble)
    }

    pub(super) fn is_on_disk(&self) -> bool {
        self.on_disk
    }

    /// Adds decisions and forgets what is too old or too much, in one transaction.
    pub(super) fn add(&mut self, decisions: &[(Arc<Draft>, i64)]) -> Result<(), String> {
        match self.try_add(decisions) {
            Ok(()) => Ok(()),
            Err(error) if is_corrupt(&error) && self.on_disk => {
                self.connection = None; // closed before its file moves
                let mut said = String::new();
                let (connection, on_disk, trouble) = match set_aside(&self.path) {
                    Ok(aside) => {
                        said = replaced(&self.path, &aside);
                        open_or_replace(&self.path, DECISIONS)
                    }
                    Err(error) => (in_memory(DECISIONS), false, Some(error.to_string())),
                };
                (self.connection, self.on_disk) = (connection, on_disk);
                self.try_add(decisions).map_err(|error| error.to_string())?;
                Err(trouble.unwrap_or(said))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn try_add(&mut self, decisions: &[(Arc<Draft>, i64)]) -> Result<(), rusqlite::Error> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO decisions (recorded_ms, server, shown, mentioned, words, decision)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for (draft, now_ms) in decisions {
                let decision = draft.decision();
                let json = serde_json::to_string(decision)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
                insert.execute(params![
                    now_ms,
                    decision.server.0,
                    decision.verdict == Verdict::Notify,
                    decision.mentioned,
                    words_of(decision),
                    json
                ])?;
            }
        }
        let newest = transaction.last_insert_rowid();
        let now_ms = decisions.iter().map(|(_, now_ms)| *now_ms).max().unwrap_or(0);
        transaction
            .prepare_cached("DELETE FROM decisions WHERE recorded_ms < ?1 OR row <= ?2")?
            .execute(params![now_ms.saturating_sub(self.days.saturating_mul(DAY_MS)), newest - self.rows])?;
        transaction.commit()
    }

    /// Forgets every decision. Numbers of rows are never given again.
    pub(super) fn clear(&mut self) -> Result<(), rusqlite::Error> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        connection.execute("DELETE FROM decisions", [])?;
        // What was deleted must not stay in the file.
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
    }

    /// Rows older than `before` that the filter lets through, the newest first.
    pub(super) fn page(
        &self,
        filter: &ActivityFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page, rusqlite::Error> {
        let Some(connection) = &self.connection else { return Ok(Page::default()) };
        let mut sql = "SELECT row, decision FROM decisions WHERE 1".to_owned();
        let mut values = Vec::new();
        if let Some(before) = before {
            sql.push_str(" AND row < ?");
            values.push(Value::from(before));
        }
        if let Some(shown) = filter.shown {
            sql.push_str(" AND shown = ?");
            values.push(Value::from(shown));
        }
        if filter.mentions {
            sql.push_str(" AND mentioned");
        }
        if let Some(server) = filter.server {
            sql.push_str(" AND server = ?");
            values.push(Value::from(server.0));
        }
        for word in filter.text.to_lowercase().split_whitespace().take(16) {
            sql.push_str(" AND instr(words, ?)");
            values.push(Value::from(word.to_owned()));
        }
        sql.push_str(" ORDER BY row DESC");
        let mut statement = connection.prepare(&sql)?;
        let mut found = statement.query(params_from_iter(values))?;
        let mut page = Page::default();
        let mut bytes = 0;
        while let Some(row) = found.next()? {
            let json = row.get_ref(1)?.as_str()?;
            if page.rows.len() >= limit as usize || (bytes > 0 && bytes + json.len() > PAGE_BYTES) {
                page.more = true;
                break;
            }
            // A row of an older shape is passed over: it can still be read by the Belfry that wrote it.
            if let Ok(decision) = serde_json::from_str(json) {
                bytes += json.len();
                page.rows.push(ActivityRow { row: row.get(0)?, decision });
            }
        }
        Ok(page)
    }
}

/// What the search looks in, folded to lower case once.
fn words_of(decision: &Decision) -> String {
    [&decision.sender, &decision.place, &decision.server_name, &decision.title, &decision.text]
        .map(|part| part.to_lowercase())
        .join("\n")
}
