//! Where things are kept: the platform's folders, one set per instance.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::platform;

/// The folders of one instance. On Linux they follow the XDG variables, which also isolates tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Preferences.
    pub config: PathBuf,
    /// History.
    pub data: PathBuf,
    /// Logs.
    pub state: PathBuf,
    /// Pictures that can be fetched again.
    pub cache: PathBuf,
    /// Socket and lock; gone after logging out where the system provides such a folder.
    pub runtime: PathBuf,
}

/// Why the folders cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// Neither `HOME` nor an entry of the user database says where.
    #[error("there is no home folder to keep preferences in")]
    NoHome,
    /// An instance name that cannot be part of a file name.
    #[error("an instance is named with 1 to 32 letters, digits or hyphens")]
    BadInstance,
    /// A folder cannot be made.
    #[error("the folder {} cannot be made: {source}", path.display())]
    Make {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder of the socket belongs to someone else.
    #[error("the folder {} belongs to another user, so Belfry does not trust it", path.display())]
    Foreign {
        /// Which.
        path: PathBuf,
    },
}

impl Paths {
    /// The folders of an instance; `None` is the one that people use, others stand beside it as `belfry-<name>`.
    pub fn of(instance: Option<&str>) -> Result<Self, PathsError> {
        let name = match instance {
            None => "belfry".to_owned(),
            Some(name)
                if (1..=32).contains(&name.len())
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
            {
                format!("belfry-{name}")
            }
            Some(_) => return Err(PathsError::BadInstance),
        };
        let project = directories::ProjectDirs::from("org", "belfry", &name).ok_or(PathsError::NoHome)?;
        let data = project.data_local_dir().to_owned();
        Ok(Self {
            config: project.config_local_dir().to_owned(),
            state: project.state_dir().map_or_else(|| data.join("state"), Path::to_owned),
            cache: project.cache_dir().to_owned(),
            // Without a runtime folder (no login session) the data folder serves: it is private as well.
            runtime: project.runtime_dir().map_or_else(|| data.join("run"), Path::to_owned),
            data,
        })
    }

    /// All folders but the socket's below one folder: for the demo, which leaves nothing behind.
    pub fn below(folder: &Path, runtime: PathBuf) -> Self {
        Self {
            config: folder.join("config"),
            data: folder.join("data"),
            state: folder.join("state"),
            cache: folder.join("cache"),
            runtime,
        }
    }

    /// Makes the folder of socket and lock, readable by this user only, and refuses one that is someone else's.
    pub fn make_runtime(&self) -> Result<(), PathsError> {
        make_private(&self.runtime)?;
        let fail = |source| PathsError::Make { path: self.runtime.clone(), source };
        let metadata = fs::symlink_metadata(&self.runtime).map_err(fail)?;
        if metadata.uid() != platform::user_id() || !metadata.is_dir() {
            return Err(PathsError::Foreign { path: self.runtime.clone() });
        }
        if metadata.mode() & 0o077 != 0 {
            fs::set_permissions(&self.runtime, fs::Permissions::from_mode(0o700)).map_err(fail)?;
        }
        Ok(())
    }

    /// The control socket.
    pub fn socket(&self) -> PathBuf {
        self.runtime.join("control")
    }

    /// The lock that makes an instance single.
    pub fn lock(&self) -> PathBuf {
        self.runtime.join("lock")
    }

    /// Preferences.
    pub fn preferences(&self) -> PathBuf {
        self.config.join("preferences.toml")
    }

    /// Tokens, where the person chose a file.
    pub fn secrets(&self) -> PathBuf {
        self.data.join("tokens.json")
    }

    /// Sessions that are still to be ended.
    pub fn farewells(&self) -> PathBuf {
        self.data.join("farewells.json")
    }

    /// Decisions.
    pub fn history(&self) -> PathBuf {
        self.data.join("history.db")
    }

    /// What was presented already.
    pub fn presented(&self) -> PathBuf {
        self.data.join("presented.db")
    }

    /// Pictures of people.
    pub fn pictures(&self) -> PathBuf {
        self.cache.join("pictures")
    }

    /// Sound files of the person's own.
    pub fn sounds(&self) -> PathBuf {
        self.data.join("sounds")
    }

    /// Logs.
    pub fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }
}

/// Makes a folder and its parents for this user only. Folders that exist are left as they are.
pub fn make_private(folder: &Path) -> Result<(), PathsError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| PathsError::Make { path: folder.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_instance_shares_no_folder_with_the_first() {
        let (first, demo) = (Paths::of(None).unwrap(), Paths::of(Some("demo")).unwrap());
        for (one, other) in [
            (&first.config, &demo.config),
            (&first.data, &demo.data),
            (&first.state, &demo.state),
            (&first.cache, &demo.cache),
            (&first.runtime, &demo.runtime),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn an_instance_name_cannot_leave_the_folders() {
        for bad in ["", "..", "a/b", "a b", "ä", &"x".repeat(33)] {
            assert!(matches!(Paths::of(Some(bad)), Err(PathsError::BadInstance)), "{bad:?}");
        }
    }

    #[test]
    fn the_socket_folder_is_closed_to_others_even_if_it_was_open_before() {
        let folder = tempfile::tempdir().unwrap();
        let runtime = folder.path().join("run");
        fs::create_dir(&runtime).unwrap();
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o755)).unwrap();
        let paths = Paths::below(folder.path(), runtime.clone());
        paths.make_runtime().unwrap();
        assert_eq!(fs::metadata(runtime).unwrap().mode() & 0o777, 0o700);
    }
}
