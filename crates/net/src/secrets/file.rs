//! The token file: JSON that only the person can read, replaced as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use belfry_core::secret::Secret;
use rustix::fs::OFlags;

use super::SecretError;

/// Tokens are short; a larger file is not ours.
const CAP: u64 = 1 << 20;

fn failed(error: &io::Error) -> SecretError {
    SecretError::File(error.kind().to_string())
}

/// Flags as `std` takes them. A link is not followed: whoever can put one here could make us read or believe any file.
/// Not waiting matters where somebody put a pipe.
fn flags() -> i32 {
    i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or(0)
}

/// Everything in the file; nothing where there is none. One that others may read, or that belongs to somebody else, is
/// refused rather than mended: what was in it may be known already.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, Secret>, SecretError> {
    let file = match fs::OpenOptions::new().read(true).custom_flags(flags()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(_) if path.is_symlink() => return Err(SecretError::FileIsNoFile),
        Err(error) => return Err(failed(&error)),
    };
    let found = file.metadata().map_err(|error| failed(&error))?;
    if !found.is_file() {
        return Err(SecretError::FileIsNoFile);
    }
    if found.mode() & 0o077 != 0 || found.uid() != rustix::process::getuid().as_raw() {
        return Err(SecretError::FileOpenToOthers);
    }
    if found.len() > CAP {
        return Err(SecretError::FileDamaged);
    }
    let mut text = Vec::new();
    file.take(CAP).read_to_end(&mut text).map_err(|error| failed(&error))?;
    serde_json::from_slice(&text).map_err(|error| {
        // Its text would quote what it found.
        tracing::warn!(line = error.line(), column = error.column(), "the token file is damaged");
        SecretError::FileDamaged
    })
}

/// Replaces the file. A crash leaves the old one or the new one.
pub(super) fn write(path: &Path, secrets: &BTreeMap<String, Secret>) -> Result<(), SecretError> {
    let attempt = || -> io::Result<()> {
        let text = serde_json::to_vec_pretty(secrets)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(format!(".{}.tmp", std::process::id()));
        let temporary = PathBuf::from(temporary);
        let written = (|| {
            let mut file = create(&temporary)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&temporary, path)
        })();
        if written.is_err() {
            fs::remove_file(&temporary).ok(); // whoever comes next replaces it
        }
        written?;
        // The new name must survive a power cut as well.
        fs::File::open(folder)?.sync_all()
    };
    attempt().map_err(|error| failed(&error))
}

/// A new file that was private from its first moment. It never follows a link: an existing name is an error.
fn create(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Left by a crash of a process that had our number.
            fs::remove_file(path)?;
            options.open(path)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn one(secret: &str) -> BTreeMap<String, Secret> {
        BTreeMap::from([("https://x#ann".to_owned(), Secret::new(secret))])
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn file_and_folder_are_private_from_the_start_and_nothing_is_left_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/tokens.json");
        write(&path, &one("first")).unwrap();
        write(&path, &one("second")).unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert_eq!(read(&path).unwrap(), one("second"));
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        write(&path, &one("secret")).unwrap();
        for open in [0o640, 0o604, 0o660, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
            assert_eq!(read(&path), Err(SecretError::FileOpenToOthers), "{open:o}");
        }
        assert_eq!(mode(&path), 0o601);
    }

    #[test]
    fn a_link_is_neither_read_nor_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (folder.path().join("tokens.json"), folder.path().join("elsewhere.json"));
        write(&target, &one("of somebody else")).unwrap();
        let before = fs::read(&target).unwrap();
        symlink(&target, &path).unwrap();
        assert_eq!(read(&path), Err(SecretError::FileIsNoFile));
        // The name under which the new file is made may be a trap as well.
        let trap = folder.path().join(format!("tokens.json.{}.tmp", std::process::id()));
        symlink(&target, &trap).unwrap();
        write(&path, &one("ours")).unwrap();
        assert_eq!(fs::read(&target).unwrap(), before, "the target of a link was written to");
        assert!(!path.is_symlink() && !trap.exists());
        assert_eq!(read(&path).unwrap(), one("ours"));
    }

    #[test]
    fn a_pipe_or_a_folder_in_its_place_is_said_and_does_not_hang() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        fs::create_dir(&path).unwrap();
        assert_eq!(read(&path), Err(SecretError::FileIsNoFile));
        fs::remove_dir(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
        assert_eq!(read(&path), Err(SecretError::FileIsNoFile));
    }

    #[test]
    fn a_damaged_or_huge_file_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        write(&path, &one("secret")).unwrap();
        fs::write(&path, "{broken").unwrap();
        assert_eq!(read(&path), Err(SecretError::FileDamaged));
        fs::File::options().write(true).open(&path).unwrap().set_len(CAP + 1).unwrap();
        assert_eq!(read(&path), Err(SecretError::FileDamaged));
    }
}
