//! The preferences file: TOML that people may edit, with what we do not know kept as it was.
//!
//! Written to a temporary file beside it, synced and renamed, so that a crash leaves the old file or the new one.
//! Before each change the text is read again: keys and comments that others added meanwhile survive.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use belfry_core::prefs::{LocalPrefs, PREFS_VERSION, Permission};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike};

use crate::paths;

/// Files set aside are numbered; after this many the oldest is replaced.
const MAX_SET_ASIDE: u32 = 9;
/// A file larger than this is not ours.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// The preferences file.
#[derive(Clone, Debug)]
pub struct PrefsFile {
    path: PathBuf,
    written: Arc<Mutex<Option<LocalPrefs>>>,
}

/// What was read at the start.
#[derive(Debug)]
pub struct Loaded {
    /// The preferences, or the defaults.
    pub prefs: LocalPrefs,
    /// What went wrong, one sentence without a full stop; never a value of the file.
    pub problem: Option<String>,
}

/// Why the preferences could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The folder cannot be made.
    #[error(transparent)]
    Folder(#[from] paths::PathsError),
    /// The file cannot be written.
    #[error("the file {} cannot be written: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A value has no place in TOML.
    #[error("the preferences cannot be written as text")]
    Encode,
}

enum Read {
    Missing,
    Text(Box<DocumentMut>, LocalPrefs),
    Broken(String),
}

impl PrefsFile {
    /// The file at this path, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self { path, written: Arc::default() }
    }

    /// What a person wrote into the file since we wrote or read it last; `None` where they did not. The error says what is
    /// wrong with it.
    ///
    /// Not what counts by now is the measure: a preference that has changed and is not saved yet would make the file look
    /// like a wish to have it back.
    pub fn edited(&self) -> Result<Option<LocalPrefs>, String> {
        let mut written = self.written();
        let found = match self.read() {
            // Taken away: it comes back with the next change.
            Read::Missing => return Ok(None),
            Read::Text(_, prefs) => within_ranges(prefs),
            Read::Broken(why) => return Err(why),
        };
        if written.as_ref() == Some(&found) {
            return Ok(None);
        }
        *written = Some(found.clone());
        Ok(Some(found))
    }

    /// What the file held when it was last ours. Held while it is read or replaced, so that both belong together.
    fn written(&self) -> MutexGuard<'_, Option<LocalPrefs>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the file. One that cannot be used is kept aside and the defaults are given.
    pub fn load(&self) -> Loaded {
        match self.read() {
            Read::Missing => Loaded { prefs: LocalPrefs::default(), problem: None },
            Read::Text(_, prefs) => {
                let prefs = within_ranges(prefs);
                *self.written() = Some(prefs.clone());
                Loaded { prefs, problem: None }
            }
            Read::Broken(why) => {
                let kept = match self.set_aside() {
                    Ok(aside) => format!("it was kept as {}", name_of(&aside)),
                    Err(error) => format!("it could not be set aside: {error}"),
                };
                Loaded { prefs: LocalPrefs::default(), problem: Some(format!("{why}, and {kept}")) }
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at the file without touching it; the error says what is wrong with it.
    pub fn examine(&self) -> Result<LocalPrefs, String> {
        match self.read() {
            Read::Missing => Ok(LocalPrefs::default()),
            Read::Text(_, prefs) => Ok(within_ranges(prefs)),
            Read::Broken(why) => Err(why),
        }
    }

    /// Writes the preferences, keeping unknown keys, comments and the previous text as `.bak`.
    ///
    /// Blocks for two disk syncs: never call it on a task.
    pub fn save(&self, prefs: &LocalPrefs) -> Result<(), SaveError> {
        let mut written = self.written();
        let mut prefs = prefs.clone();
        for server in &mut prefs.servers {
            if server.permission == Permission::Dismissed {
                server.permission = Permission::Ask; // asked again at the next start
            }
        }
        // A link that the person made (a folder of dotfiles) stays one: its target is replaced.
        let target = fs::canonicalize(&self.path).unwrap_or_else(|_missing| self.path.clone());
        let fail = |source| SaveError::Write { path: target.clone(), source };
        let (mut document, old) = match self.read() {
            Read::Text(document, _) => {
                let old = document.to_string();
                (document, Some(old))
            }
            Read::Missing => (Box::default(), None),
            Read::Broken(_) => {
                self.set_aside().map_err(fail)?;
                (Box::default(), None)
            }
        };
        let written_by = document.get("version").and_then(Item::as_integer).unwrap_or(0);
        prefs.version = u32::try_from(written_by).unwrap_or(0).max(PREFS_VERSION); // a newer Belfry's file stays one
        let fresh = toml_edit::ser::to_string_pretty(&prefs).map_err(|_hidden| SaveError::Encode)?;
        let fresh: DocumentMut = fresh.parse().map_err(|_hidden| SaveError::Encode)?;
        merge(document.as_table_mut(), fresh.as_table());
        let text = document.to_string();
        // As it will be read: the file may hold more than we know.
        let read_back = toml_edit::de::from_str(&text).map(within_ranges).map_err(|_hidden| SaveError::Encode)?;
        if old.as_deref() == Some(&text) {
            *written = Some(read_back);
            return Ok(());
        }
        if let Some(folder) = target.parent() {
            paths::make_private(folder)?;
        }
        if let Some(old) = old {
            replace(&backup_of(&target), &old).map_err(fail)?;
        }
        replace(&target, &text).map_err(fail)?;
        *written = Some(read_back);
        Ok(())
    }

    fn read(&self) -> Read {
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Read::Missing,
            Err(error) => return Read::Broken(format!("it cannot be read: {error}")),
            Ok(found) if !found.is_file() => return Read::Broken("it is not a file".to_owned()),
            Ok(found) if found.len() > MAX_FILE_BYTES => return Read::Broken("it is far too large".to_owned()),
            Ok(_) => {}
        }
        let text = match fs::read(&self.path).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => return Read::Broken("it is not text".to_owned()),
            Err(error) => return Read::Broken(format!("it cannot be read: {error}")),
        };
        let line_of = |span: Option<std::ops::Range<usize>>| {
            let end = span.map_or(0, |span| span.start).min(text.len());
            text.as_bytes().iter().take(end).filter(|byte| **byte == b'\n').count() + 1
        };
        let document: DocumentMut = match text.parse() {
            Ok(document) => document,
            Err(error) => {
                let error: toml_edit::TomlError = error;
                return Read::Broken(format!("line {} is not TOML", line_of(error.span())));
            }
        };
        match toml_edit::de::from_str(&text) {
            Ok(prefs) => Read::Text(Box::new(document), prefs),
            Err(error) => Read::Broken(format!("the value in line {} is not allowed there", line_of(error.span()))),
        }
    }

    fn set_aside(&self) -> io::Result<PathBuf> {
        let aside = |n: u32| self.path.with_file_name(format!("preferences.broken-{n}.toml"));
        let free = (1..=MAX_SET_ASIDE).map(aside).find(|path| fs::symlink_metadata(path).is_err());
        let to = free.unwrap_or_else(|| aside(MAX_SET_ASIDE));
        fs::rename(&self.path, &to)?;
        Ok(to)
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn backup_of(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}.bak", name_of(path)))
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".preferences-")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    fs::File::open(folder)?.sync_all()
}

/// Values that a person typed are brought into their ranges (documented at each field).
fn within_ranges(mut prefs: LocalPrefs) -> LocalPrefs {
    let banner = &mut prefs.banner;
    banner.max_shown = banner.max_shown.clamp(1, 6);
    banner.message_secs = banner.message_secs.clamp(1, 60);
    banner.mention_secs = banner.mention_secs.clamp(1, 120);
    banner.call_secs = banner.call_secs.clamp(5, 60);
    banner.text_lines = banner.text_lines.clamp(1, 4);
    prefs.sound.volume_percent = prefs.sound.volume_percent.min(100);
    prefs.history.days = prefs.history.days.clamp(1, 365);
    prefs.history.rows = prefs.history.rows.clamp(100, 100_000);
    prefs
}

/// Puts every value of `fresh` into `kept`, leaving alone what is equal or unknown.
fn merge(kept: &mut dyn TableLike, fresh: &dyn TableLike) {
    for (key, new) in fresh.iter() {
        match (kept.get_mut(key), new) {
            (Some(old), new) if old.as_table_like().is_some() && new.as_table_like().is_some() => {
                if let (Some(old), Some(new)) = (old.as_table_like_mut(), new.as_table_like()) {
                    merge(old, new);
                }
            }
            (Some(Item::ArrayOfTables(old)), Item::ArrayOfTables(new)) => merge_entries(old, new),
            (Some(Item::Value(old)), Item::Value(new)) => {
                if !same_value(old, new) {
                    let decor = old.decor().clone();
                    *old = new.clone();
                    *old.decor_mut() = decor;
                }
            }
            (Some(old), new) => *old = new.clone(),
            (None, new) => {
                kept.insert(key, new.clone());
            }
        }
    }
}

/// Entries of a list belong together by their `id`, so that what is unknown stays with its server.
fn merge_entries(kept: &mut ArrayOfTables, fresh: &ArrayOfTables) {
    let id = |table: &Table| table.get("id").and_then(Item::as_integer);
    // Entries of one place are written in the order of the list, wherever they stood in the text.
    let place = kept.iter().chain(fresh).filter_map(Table::position).min().unwrap_or(0);
    let mut merged = ArrayOfTables::new();
    for new in fresh {
        let old = kept.iter().find(|old| id(old).is_some() && id(old) == id(new));
        let mut entry = old.unwrap_or(new).clone();
        merge(&mut entry, new);
        entry.set_position(place);
        merged.push(entry);
    }
    *kept = merged;
}

fn same_value(one: &toml_edit::Value, other: &toml_edit::Value) -> bool {
    let plain = |value: &toml_edit::Value| {
        let mut value = value.clone();
        value.decor_mut().clear();
        value.to_string()
    };
    match (one.as_array(), other.as_array()) {
        (Some(one), Some(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_value(one, other))
        }
        _ => match (one.as_str(), other.as_str()) {
            (Some(one), Some(other)) => one == other, // however they are quoted
            _ => plain(one) == plain(other),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use belfry_core::ids::ServerId;
    use belfry_core::prefs::{AuthKind, ServerPrefs, ThemeChoice};

    fn file() -> (tempfile::TempDir, PrefsFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = PrefsFile::new(folder.path().join("belfry/preferences.toml"));
        (folder, file)
    }

    fn write(file: &PrefsFile, text: &str) {
        fs::create_dir_all(file.path.parent().unwrap()).unwrap();
        fs::write(&file.path, text).unwrap();
    }

    fn text(file: &PrefsFile) -> String {
        fs::read_to_string(&file.path).unwrap()
    }

    fn server(id: u32) -> ServerPrefs {
        ServerPrefs {
            id: ServerId(id),
            url: format!("https://{id}.example.com"),
            name: format!("Server {id}"),
            username: "rosa".to_owned(),
            auth: AuthKind::Password,
            permission: Permission::Allowed,
            insecure: false,
            reach: belfry_core::reach::Reach::default(),
            session: belfry_core::prefs::SessionPrefs::default(),
        }
    }

    #[test]
    fn what_we_wrote_is_no_hand_edit_however_much_has_changed_since() {
        let (_folder, file) = file();
        file.save(&LocalPrefs::default()).unwrap();
        assert_eq!(file.edited().unwrap(), None);
        assert_eq!(file.clone().edited().unwrap(), None, "whoever asks");
        file.save(&LocalPrefs { tray: false, ..LocalPrefs::default() }).unwrap();
        assert_eq!(file.edited().unwrap(), None);
        let by_hand = text(&file).replace("tray = false", "tray = true");
        write(&file, &by_hand);
        assert!(file.edited().unwrap().unwrap().tray);
        assert_eq!(file.edited().unwrap(), None, "told once");
        write(&file, "tray = maybe");
        assert!(file.edited().is_err());
    }

    #[test]
    fn preferences_come_back_as_they_were_saved() {
        let (_folder, file) = file();
        let mut prefs = LocalPrefs { theme: ThemeChoice::Dark, ..LocalPrefs::default() };
        file.save(&prefs).unwrap();
        prefs.servers = vec![server(1), server(2)];
        prefs.denied_for_good = vec!["https://spam.example.com".to_owned()];
        file.save(&prefs).unwrap();
        let loaded = file.load();
        assert_eq!((loaded.prefs, loaded.problem), (prefs.clone(), None));
        prefs.servers.remove(0);
        file.save(&prefs).unwrap();
        assert_eq!(file.load().prefs, prefs);
        prefs.servers.clear();
        file.save(&prefs).unwrap();
        assert_eq!(file.load().prefs, prefs);
        assert_eq!(fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn how_a_server_is_reached_is_written_beside_its_address_and_can_be_set_back() {
        let (_folder, file) = file();
        write(
            &file,
            "[[servers]]\nid = 4\nurl = \"https://4.example.com\"\nname = \"Four\"\nusername = \"rosa\"\n\
             proxy = \"socks5://10.0.0.1\" # the office\npre_auth = true\n",
        );
        let mut prefs = file.load().prefs;
        let reach = &prefs.servers[0].reach;
        assert_eq!((reach.proxy.as_str(), reach.pre_auth, reach.front_user.as_str()), ("socks5://10.0.0.1", true, ""));
        prefs.servers[0].reach.front_user = "ann".to_owned();
        file.save(&prefs).unwrap();
        assert!(text(&file).contains("proxy = \"socks5://10.0.0.1\" # the office"));
        assert_eq!(file.load().prefs, prefs);
        prefs.servers[0].reach = belfry_core::reach::Reach::default();
        file.save(&prefs).unwrap();
        let loaded = file.load().prefs;
        assert_eq!(loaded.servers[0].reach, belfry_core::reach::Reach::default());
        assert!(!text(&file).contains("10.0.0.1"), "{}", text(&file));
    }

    #[test]
    fn comments_and_unknown_keys_survive_a_change() {
        let (_folder, file) = file();
        write(
            &file,
            "# mine\ntheme = 'light' # I like it bright\nfuture = { a = 1 }\n\n[banner]\n# two is plenty\nmax_shown = 2\nshape = \"round\"\n\n\
             [[servers]]\nid = 4\nurl = \"https://4.example.com\"\nname = \"Four\" # the old one\nusername = \"rosa\"\ncolor = \"red\"\n",
        );
        let mut prefs = file.load().prefs;
        assert_eq!((prefs.theme, prefs.banner.max_shown), (ThemeChoice::Light, 2));
        prefs.banner.max_shown = 3;
        prefs.servers.insert(0, server(1));
        file.save(&prefs).unwrap();
        let text = text(&file);
        for kept in [
            "# mine",
            "theme = 'light' # I like it bright",
            "future = { a = 1 }",
            "# two is plenty\nmax_shown = 3",
            "shape = \"round\"",
            "name = \"Four\" # the old one",
            "color = \"red\"",
        ] {
            assert!(text.contains(kept), "{kept} is missing from\n{text}");
        }
        assert_eq!(file.load().prefs, prefs);
    }

    #[test]
    fn the_text_before_the_last_change_is_kept_as_a_backup() {
        let (_folder, file) = file();
        write(&file, "reduce_motion = true\n");
        file.save(&LocalPrefs::default()).unwrap();
        assert_eq!(fs::read_to_string(backup_of(&file.path)).unwrap(), "reduce_motion = true\n");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_kept_aside_and_said() {
        for (broken, line) in [
            ("theme = \"purple\"\n", "line 1"),
            ("tray = true\nthis is not toml\n", "line 2"),
            ("\n[banner]\nmax_shown = 300\n", "line 3"),
        ] {
            let (_folder, file) = file();
            write(&file, broken);
            let loaded = file.load();
            assert_eq!(loaded.prefs, LocalPrefs::default());
            let problem = loaded.problem.unwrap();
            assert!(problem.contains(line) && problem.contains("preferences.broken-1.toml"), "{problem}");
            assert!(!problem.contains("purple"));
            file.save(&LocalPrefs::default()).unwrap();
            assert_eq!(fs::read_to_string(file.path.with_file_name("preferences.broken-1.toml")).unwrap(), broken);
        }
    }

    #[test]
    fn something_that_is_not_a_readable_text_file_stops_nothing() {
        let (_folder, file) = file();
        fs::create_dir_all(&file.path).unwrap();
        assert!(file.load().problem.unwrap().contains("not a file"));
        write(&file, "");
        fs::write(&file.path, [0xff, 0xfe, 0x00]).unwrap();
        assert!(file.load().problem.unwrap().contains("not text"));
        file.save(&LocalPrefs::default()).unwrap();
        assert!(file.load().problem.is_none());
    }

    #[test]
    fn a_file_that_may_not_be_read_or_is_somebody_elses_is_said_and_kept() {
        use std::os::unix::fs::{MetadataExt as _, chown, symlink};
        // Nothing is closed to root, who runs tests in containers: a link to itself is as good as another's private file.
        let (_folder, file) = file();
        write(&file, "");
        fs::remove_file(&file.path).unwrap();
        symlink("preferences.toml", &file.path).unwrap();
        let loaded = file.load();
        assert_eq!(loaded.prefs, LocalPrefs::default());
        let problem = loaded.problem.unwrap();
        assert!(problem.contains("cannot be read") && problem.contains("preferences.broken-1.toml"), "{problem}");
        file.save(&LocalPrefs::default()).unwrap();
        assert!(file.load().problem.is_none());

        write(&file, "tray = false\n");
        let me = fs::metadata(&file.path).unwrap().uid();
        let can_give_away = chown(&file.path, Some(me + 1), None).is_ok();
        let loaded = file.load();
        assert!(!loaded.prefs.tray && loaded.problem.is_none(), "who may read it may use it");
        file.save(&LocalPrefs { reduce_motion: true, ..loaded.prefs }).unwrap();
        let ours = fs::metadata(&file.path).unwrap();
        assert_eq!((ours.uid(), ours.permissions().mode() & 0o777), (me, 0o600), "given away: {can_give_away}");
        assert!(!file.load().prefs.tray);
    }

    #[test]
    fn a_file_broken_while_we_ran_is_set_aside_and_not_overwritten() {
        let (_folder, file) = file();
        file.save(&LocalPrefs::default()).unwrap();
        write(&file, "theme = [oops");
        file.save(&LocalPrefs::default()).unwrap();
        assert_eq!(fs::read_to_string(file.path.with_file_name("preferences.broken-1.toml")).unwrap(), "theme = [oops");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_with_its_name() {
        let (folder, _) = file();
        fs::write(folder.path().join("belfry"), "a file where the folder should be").unwrap();
        let file = PrefsFile::new(folder.path().join("belfry/preferences.toml"));
        assert!(file.save(&LocalPrefs::default()).unwrap_err().to_string().contains("belfry"));
    }

    #[test]
    fn a_prompt_that_was_closed_is_asked_again_next_time() {
        let (_folder, file) = file();
        let closed = ServerPrefs { permission: Permission::Dismissed, ..server(1) };
        file.save(&LocalPrefs { servers: vec![closed], ..LocalPrefs::default() }).unwrap();
        assert_eq!(file.load().prefs.servers[0].permission, Permission::Ask);
    }

    #[test]
    fn values_out_of_range_are_brought_into_it() {
        let (_folder, file) = file();
        write(
            &file,
            "[banner]\nmax_shown = 0\nmessage_secs = 9999\n[history]\nrows = 4000000000\n[sound]\nvolume_percent = 250\n",
        );
        let prefs = file.load().prefs;
        assert_eq!((prefs.banner.max_shown, prefs.banner.message_secs), (1, 60));
        assert_eq!((prefs.history.rows, prefs.sound.volume_percent), (100_000, 100));
    }

    #[test]
    fn a_newer_file_keeps_its_version() {
        let (_folder, file) = file();
        write(&file, "version = 9\nnew_thing = true\n");
        let prefs = file.load().prefs;
        file.save(&LocalPrefs { reduce_motion: true, ..prefs }).unwrap();
        assert!(text(&file).contains("version = 9") && text(&file).contains("new_thing = true"));
    }

    #[test]
    fn a_link_to_the_file_stays_a_link() {
        let (folder, file) = file();
        fs::create_dir_all(file.path.parent().unwrap()).unwrap();
        let target = folder.path().join("dotfiles.toml");
        fs::write(&target, "tray = false\n").unwrap();
        std::os::unix::fs::symlink(&target, &file.path).unwrap();
        let prefs = file.load().prefs;
        file.save(&LocalPrefs { reduce_motion: true, ..prefs }).unwrap();
        assert!(fs::symlink_metadata(&file.path).unwrap().is_symlink());
        assert!(fs::read_to_string(target).unwrap().contains("reduce_motion = true"));
    }
}
