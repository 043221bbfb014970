//! Pictures on the disk: a folder of files that can all be fetched again, bounded in number and in bytes.
//!
//! One picture for a person, the newest. A file's name says everything that is known of it, so the folder is its own
//! index: `<server>-<user in hexadecimal>-<version>`. An id is opaque text from a server and may contain slashes or dots;
//! in hexadecimal it is a plain name, and no two ids share one.
//!
//! Small pictures of files stand beside them, with an `f` before the id. They are what somebody wrote to the person, so they
//! stay no longer than a card shows them, and never survive a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use belfry_core::ids::{FileId, ServerId, UserId};
use belfry_core::query::Subject;

use crate::paths::make_private;

/// What a file has at most, bytes: pictures of people have some ten thousand.
const LARGEST: usize = 1024 * 1024;
/// A file's time says when it was last used, as precisely as this, milliseconds.
const USE_NOTED_EVERY_MS: i64 = 60 * 60 * 1000;
/// Files that are being written begin with this.
const UNFINISHED: &str = ".new-";

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) files: usize,
    pub(super) bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { files: 2_000, bytes: 32 * 1024 * 1024 }
    }
}

/// A person or a file on a server.
pub(super) type Key = (ServerId, Subject);

#[derive(Clone, Copy, Debug)]
struct Entry {
    version: i64,
    bytes: u64,
    /// Last use, Unix milliseconds.
    used_ms: i64,
    /// Last use as the file's time says, Unix milliseconds.
    noted_ms: i64,
}

/// A picture that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) path: PathBuf,
    pub(super) version: i64,
}

/// Why a picture was not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum PutError {
    #[error("it is larger than a picture of a person may be")]
    TooLarge,
    #[error("it is no picture")]
    NoPicture,
    #[error("its server was removed")]
    ServerGone,
    #[error("{0}")]
    Disk(#[from] io::Error),
}

/// The folder.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    limits: Limits,
    entries: BTreeMap<Key, Entry>,
    bytes: u64,
    gone: BTreeSet<ServerId>,
}

impl Store {
    /// Reads the folder, which need not exist. Pictures of servers that are not `known` are deleted.
    pub(super) fn open(folder: PathBuf, limits: Limits, known: &BTreeSet<ServerId>) -> Self {
        let mut store = Self { folder, limits, entries: BTreeMap::new(), bytes: 0, gone: BTreeSet::new() };
        for file in fs::read_dir(&store.folder).into_iter().flatten().flatten() {
            let name = file.file_name();
            let Some(name) = name.to_str() else { continue };
            let Some((key, version)) = key_of(name) else {
                if name.starts_with(UNFINISHED) {
                    remove(&file.path());
                }
                continue;
            };
            let Ok(metadata) = file.metadata() else { continue };
            let is_older = store.entries.get(&key).is_some_and(|entry| entry.version >= version);
            if !metadata.is_file() || !known.contains(&key.0) || is_older || is_of_file(&key) {
                remove(&file.path());
                continue;
            }
            let used_ms = metadata.modified().map_or(0, unix_ms);
            store.enter(key, Entry { version, bytes: metadata.len(), used_ms, noted_ms: used_ms });
        }
        store.make_room();
        store
    }

    /// The picture, where there is one. A file that is not what it was is forgotten.
    pub(super) fn get(&mut self, key: Key, now_ms: i64) -> Option<Kept> {
        let entry = self.entries.get_mut(&key)?;
        let version = entry.version;
        let path = self.folder.join(name_of(key, version));
        if !is_whole(&path, entry.bytes) {
            self.drop_entry(key);
            return None;
        }
        entry.used_ms = now_ms;
        if now_ms.saturating_sub(entry.noted_ms) >= USE_NOTED_EVERY_MS {
            entry.noted_ms = now_ms;
            note_use(&path, now_ms);
        }
        Some(Kept { path, version })
    }

    /// Keeps a picture, in place of an older one of the same. What was used longest ago makes room.
    pub(super) fn put(&mut self, key: Key, version: i64, picture: &[u8], now_ms: i64) -> Result<(), PutError> {
        // A version is a time; a server that names one before 1970 has one version more than it thinks.
        let version = version.max(0);
        if picture.len() > LARGEST {
            return Err(PutError::TooLarge);
        }
        if !is_picture(picture) {
            return Err(PutError::NoPicture);
        }
        if self.gone.contains(&key.0) {
            return Err(PutError::ServerGone);
        }
        make_private(&self.folder).map_err(io::Error::other)?;
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)?;
        file.write_all(picture)?;
        file.persist(self.folder.join(name_of(key, version))).map_err(|error| error.error)?;
        let bytes = u64::try_from(picture.len()).unwrap_or(u64::MAX);
        self.enter(key, Entry { version, bytes, used_ms: now_ms, noted_ms: now_ms });
        self.make_room();
        Ok(())
    }

    /// Deletes the pictures of a server's people and keeps no more of them: its number is never used again.
    pub(super) fn forget(&mut self, server: ServerId) {
        self.gone.insert(server);
        self.drop_if(|(of, _)| *of == server);
    }

    /// Deletes the small pictures of files that are not wanted any more.
    pub(super) fn keep_files(&mut self, wanted: &BTreeSet<Key>) {
        self.drop_if(|key| is_of_file(key) && !wanted.contains(key));
    }

    /// Whether there is a small picture of any file.
    pub(super) fn has_files(&self) -> bool {
        self.entries.keys().any(is_of_file)
    }

    fn drop_if(&mut self, is_over: impl Fn(&Key) -> bool) {
        let over: Vec<Key> = self.entries.keys().copied().filter(is_over).collect();
        for key in over {
            self.drop_entry(key);
        }
    }

    fn enter(&mut self, key: Key, entry: Entry) {
        self.bytes = self.bytes.saturating_add(entry.bytes);
        if let Some(old) = self.entries.insert(key, entry) {
            self.bytes = self.bytes.saturating_sub(old.bytes);
            if old.version != entry.version {
                remove(&self.folder.join(name_of(key, old.version)));
            }
        }
    }

    fn drop_entry(&mut self, key: Key) {
        if let Some(entry) = self.entries.remove(&key) {
            self.bytes = self.bytes.saturating_sub(entry.bytes);
            remove(&self.folder.join(name_of(key, entry.version)));
        }
    }

    fn make_room(&mut self) {
        while self.entries.len() > self.limits.files || self.bytes > self.limits.bytes {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used_ms).map(|(key, _)| *key);
            let Some(oldest) = oldest else { return };
            self.drop_entry(oldest);
        }
    }
}

/// Whether the bytes begin as one of the kinds of pictures that faces draw. A server's word for it counts nothing.
pub(super) fn is_picture(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89PNG\r\n\x1a\n")
        || bytes.starts_with(b"\xff\xd8\xff")
        || bytes.starts_with(b"GIF87a")
        || bytes.starts_with(b"GIF89a")
        || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"))
}

fn is_of_file((_, subject): &Key) -> bool {
    matches!(subject, Subject::File(_))
}

fn name_of((server, subject): Key, version: i64) -> String {
    let (mark, id) = match &subject {
        Subject::Person(user) => ("", user.as_str()),
        // No id begins with this digit: they are printable ASCII.
        Subject::File(file) => ("f", file.as_str()),
    };
    let mut name = format!("{server}-{mark}");
    for byte in id.bytes() {
        for half in [byte >> 4, byte & 15] {
            name.extend(char::from_digit(half.into(), 16));
        }
    }
    name + &format!("-{version}")
}

fn key_of(name: &str) -> Option<(Key, i64)> {
    let mut parts = name.splitn(3, '-');
    let (server, id, version) = (parts.next()?, parts.next()?, parts.next()?);
    let (digits, is_file) = id.strip_prefix('f').map_or((id, false), |digits| (digits, true));
    let (digits, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let byte = |pair: &[u8; 2]| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
    let id: Option<Vec<u8>> = digits.iter().map(byte).collect();
    let id = id?;
    let id = core::str::from_utf8(&id).ok()?;
    let subject = if is_file { Subject::File(FileId::parse(id)?) } else { Subject::Person(UserId::parse(id)?) };
    let key = (ServerId(server.parse().ok()?), subject);
    let version: i64 = version.parse().ok().filter(|version| *version >= 0)?;
    // Only names that we would give: others are not ours to read or delete.
    (name_of(key, version) == name).then_some((key, version))
}

/// Whether the file still has its length and begins as a picture.
fn is_whole(path: &Path, bytes: u64) -> bool {
    let look = || -> io::Result<bool> {
        let file = File::open(path)?;
        if file.metadata()?.len() != bytes {
            return Ok(false);
        }
        let mut head = Vec::with_capacity(16);
        file.take(16).read_to_end(&mut head)?;
        Ok(is_picture(&head))
    };
    look().unwrap_or(false)
}

fn note_use(path: &Path, now_ms: i64) {
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now_ms).unwrap_or(0));
    if let Err(error) = File::options().append(true).open(path).and_then(|file| file.set_modified(at)) {
        // At worst it goes a little early.
        tracing::debug!(%error, "the use of a picture was not noted");
    }
}

fn unix_ms(time: SystemTime) -> i64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::debug!(%error, "a picture was not deleted");
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
