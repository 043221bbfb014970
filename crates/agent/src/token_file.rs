//! `--token-file`: the token stands in a file, because arguments and environments can be read by others.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use belfry_core::secret::Secret;

use crate::platform;

/// A larger file holds no token: those of servers have 26 letters, and what stands in for them rarely a thousand.
const CAP: u64 = 16 * 1024;
/// Owns what a service manager hands to its services.
const ROOT: u32 = 0;

/// Why there is no token. Never quotes the file's content.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// It cannot be opened or read.
    #[error("the token file {} cannot be read: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder, a pipe or a device.
    #[error("the token file {} is no regular file", .0.display())]
    NotRegular(PathBuf),
    /// Others may know the token.
    #[error(
        "the token file {} can be read or changed by others (mode {mode:o}); run `chmod 600` on it, and give it a new token if others had a chance to read it",
        path.display()
    )]
    OpenToOthers {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Whoever owns it can change it.
    #[error("the token file {} belongs to another user", .0.display())]
    Foreign(PathBuf),
    /// Empty, far too large, or more than a token.
    #[error("the token file {} must hold one access token and nothing else", .0.display())]
    NoToken(PathBuf),
}

/// Reads a token. A link is followed (services get theirs that way); what it leads to is looked at.
pub fn read(path: &Path) -> Result<Secret, TokenFileError> {
    let unreadable = |source| TokenFileError::Unreadable { path: path.to_owned(), source };
    // Not waiting matters where somebody put a pipe.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    if !found.is_file() {
        return Err(TokenFileError::NotRegular(path.to_owned()));
    }
    if found.uid() != platform::user_id() && found.uid() != ROOT {
        return Err(TokenFileError::Foreign(path.to_owned()));
    }
    if found.mode() & 0o077 != 0 {
        return Err(TokenFileError::OpenToOthers { path: path.to_owned(), mode: found.mode() & 0o777 });
    }
    let mut bytes = Vec::new();
    file.take(CAP.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    let text = str::from_utf8(&bytes).map_err(|_not_text| TokenFileError::NoToken(path.to_owned()))?.trim();
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if text.is_empty() || text.contains(odd) || u64::try_from(bytes.len()).is_ok_and(|length| length > CAP) {
        return Err(TokenFileError::NoToken(path.to_owned()));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn file(folder: &Path, content: &[u8], mode: u32) -> PathBuf {
        let path = folder.join("token");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_private_file_with_one_token_is_read_with_its_line_end_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o600, 0o400] {
            let path = file(folder.path(), b"  abcdefghijklmnopqrstuvwxyz\r\n", mode);
            assert_eq!(read(&path).unwrap().expose(), "abcdefghijklmnopqrstuvwxyz");
            let link = folder.path().join("link");
            symlink(&path, &link).unwrap();
            assert_eq!(read(&link).unwrap().expose(), "abcdefghijklmnopqrstuvwxyz");
            fs::remove_file(link).unwrap();
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o640, 0o604, 0o620] {
            let error = read(&file(folder.path(), b"hunter2", mode)).unwrap_err().to_string();
            assert!(error.contains("chmod 600") && error.contains(&format!("{mode:o}")), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_holds_no_token_is_refused_and_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let long = vec![b'x'; usize::try_from(CAP).unwrap() + 1];
        for content in [b"".as_slice(), b" \n", b"hunter2 hunter3", b"hunter2\nhunter3", b"\xff\xfe", b"a\0b", &long] {
            let error = read(&file(folder.path(), content, 0o600)).unwrap_err();
            assert!(matches!(error, TokenFileError::NoToken(_)), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_folder_a_pipe_or_nothing_is_said_and_does_not_hang() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Err(TokenFileError::NotRegular(_))));
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        assert!(matches!(read(&pipe), Err(TokenFileError::NotRegular(_))));
        assert!(matches!(read(&folder.path().join("none")), Err(TokenFileError::Unreadable { .. })));
    }
}
