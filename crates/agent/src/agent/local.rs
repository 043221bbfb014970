//! Answers about this computer: sound files and devices, and what Activity holds.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use belfry_core::activity::{ActivityFilter, ActivityRow};
use belfry_core::command::Command;
use belfry_core::prefs::OwnSound;
use belfry_core::query::Answer;
use belfry_core::text;
use belfry_core::view::View;
use belfry_net::clock;
use tokio::sync::watch;
use tokio::time::timeout;

use super::queries::{Answers, failed};
use crate::effects::sound;
use crate::own_sounds::{self, Imported};

/// A sound system that does not answer costs the list, nothing else.
const DEVICES: Duration = Duration::from_secs(4);
/// Rows asked for at a time.
const PAGE: u32 = 500;
/// Letters of a sound's name.
const NAME: usize = 60;

impl Answers {
    /// `Query::SoundDevices`
    pub(super) async fn sound_devices(&self) -> Answer {
        match timeout(DEVICES, tokio::task::spawn_blocking(sound::devices)).await {
            Ok(Ok(Ok(names))) => Answer::SoundDevices(names),
            Ok(Ok(Err(error))) => failed(&error),
            Ok(Err(_)) | Err(_) => failed("The sound system does not answer"),
        }
    }

    /// `Query::ImportSound`
    pub(super) async fn import_sound(&self, path: String, name: String) -> Answer {
        let path = at_home(&path);
        let taken = self.view.borrow().prefs.sound.own.iter().map(|own| own.id).collect();
        let name = if name.trim().is_empty() {
            path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
        } else {
            name
        };
        match own_sounds::import(self.paths.sounds(), path, taken).await {
            Ok(Imported { id, file, cut }) => {
                let name = text::shorten(&text::neutralize(name.trim()), NAME);
                self.inputs.send_command(Command::AddOwnSound(OwnSound { id, name, file })).await;
                Answer::SoundImported { id, cut }
            }
            Err(error) => failed(&error.to_string()),
        }
    }

    /// `Query::ClearActivity`
    pub(super) async fn clear_activity(&self) -> Answer {
        match self.history.clear().await {
            Some(Ok(())) => Answer::Done,
            Some(Err(error)) => failed(&format!("The history could not be cleared: {error}")),
            None => failed("The history is busy; try again in a moment"),
        }
    }

    /// `Query::ExportActivity`
    pub(super) async fn export(&self, filter: ActivityFilter, path: Option<String>) -> Answer {
        let path = match path {
            Some(path) => at_home(&path),
            None => free_name(&downloads(), clock::wall_ms()),
        };
        let mut lines = Vec::new();
        let mut rows = 0_u64;
        let mut before = None;
        loop {
            let Some(page) = self.history.page(filter.clone(), before, PAGE).await else {
                return failed("The history is busy; try again in a moment");
            };
            for row in &page.rows {
                rows += 1;
                lines.extend(line(row).into_bytes());
                lines.push(b'\n');
            }
            before = page.rows.last().map(|row| row.row);
            if !page.more || before.is_none() {
                break;
            }
        }
        let shown = path.display().to_string();
        match tokio::task::spawn_blocking(move || write_new(&path, &lines)).await {
            Ok(Ok(())) => Answer::Exported { path: shown, rows },
            Ok(Err(error)) => failed(&format!("{shown} cannot be written: {error}")),
            Err(_panicked) => failed("The file was not written"),
        }
    }
}

/// Takes copies of sounds away when their entries are.
pub(super) async fn forget_sounds(folder: PathBuf, mut view: watch::Receiver<Arc<View>>) {
    let mut before = view.borrow().prefs.sound.own.clone();
    while view.changed().await.is_ok() {
        let now = view.borrow_and_update().prefs.sound.own.clone();
        for gone in before.iter().filter(|own| !now.iter().any(|kept| kept.file == own.file)) {
            own_sounds::remove(&folder, &gone.file);
        }
        before = now;
    }
}

/// A row as a line, without anything that somebody wrote: no text, and no word of the person's that was found in one.
fn line(row: &ActivityRow) -> String {
    let decision = &row.decision;
    serde_json::json!({
        "row": row.row,
        "at_ms": decision.at_ms,
        "kind": decision.kind,
        "server": decision.server_name,
        "place": decision.place,
        "sender": decision.sender,
        "direct": decision.direct,
        "mentioned": decision.mentioned,
        "priority": decision.priority,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "setting": decision.setting,
        "recovered": decision.recovered,
        "sound": decision.sound.map(belfry_core::sound::SoundChoice::name),
        "post_id": decision.post_id,
        "permalink": decision.permalink,
        "trace": decision.trace.iter().map(|step| [&*step.rule, &*step.outcome]).collect::<Vec<_>>(),
    })
    .to_string()
}

/// Never replaces a file, and only the person reads it.
fn write_new(path: &Path, lines: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(lines)?;
    file.sync_all()
}

fn downloads() -> PathBuf {
    let folders = directories::UserDirs::new();
    let folder = folders.as_ref().map(|folders| folders.download_dir().unwrap_or(folders.home_dir()).to_owned());
    folder.unwrap_or_else(|| PathBuf::from("."))
}

fn free_name(folder: &Path, now_ms: i64) -> PathBuf {
    folder.join(format!("belfry-activity-{}.jsonl", now_ms / 1000))
}

/// A path as people type it.
fn at_home(path: &str) -> PathBuf {
    let path = path.trim();
    match (path.strip_prefix("~/"), directories::BaseDirs::new()) {
        (Some(rest), Some(folders)) => folders.home_dir().join(rest),
        _ => PathBuf::from(path),
    }
}
