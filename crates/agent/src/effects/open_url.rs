//! Opening a link in the person's browser.
//!
//! Links come from servers, so only web addresses pass, and no shell ever sees one.

use std::io;
use std::process::{ExitStatus, Stdio};

use tokio::process::Command;

use crate::lean::as_it_was;

/// The longest address that is passed on, in bytes.
const MAX_BYTES: usize = 4096;

/// Why a link was not opened. Does not quote it: it may hold what nobody should log.
#[derive(Debug, thiserror::Error)]
pub enum OpenUrlError {
    /// Not a web address.
    #[error("only web addresses are opened")]
    Refused,
    /// The desktop's opener cannot be started.
    #[error("`{OPENER}` cannot be started: {0}")]
    Start(#[source] io::Error),
    /// The desktop's opener failed.
    #[error("`{OPENER}` failed: {0}")]
    Failed(ExitStatus),
}

/// The desktop's own way to open a link.
pub const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Whether an address may be opened: http or https, a host, no spaces and no control characters.
pub fn may_open(url: &str) -> bool {
    let after = |scheme: &str| {
        url.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)).and(url.get(scheme.len()..))
    };
    url.len() <= MAX_BYTES
        && !url.contains(|c: char| c.is_whitespace() || c.is_control())
        && after("https://")
            .or_else(|| after("http://"))
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
}

/// Opens an address with this program, normally [`OPENER`], and waits until it ends (it hands over to the browser
/// and returns).
pub async fn open_with(opener: &std::ffi::OsStr, url: &str) -> Result<(), OpenUrlError> {
    if !may_open(url) {
        return Err(OpenUrlError::Refused);
    }
    let status = as_it_was(&mut Command::new(opener))
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await
        .map_err(OpenUrlError::Start)?;
    if status.success() { Ok(()) } else { Err(OpenUrlError::Failed(status)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn only_web_addresses_are_opened() {
        for good in ["https://chat.example.com/ops/pl/abc", "HTTP://127.0.0.1:8065/x?y=1#z", "https://[::1]/"] {
            assert!(may_open(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "https:///etc/passwd",
            "http://-oProxyCommand",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "mattermost://chat.example.com",
            "-h",
            "https://a b",
            "https://a\n--help",
            " https://a",
            &format!("https://{}", "a".repeat(MAX_BYTES)),
        ] {
            assert!(!may_open(bad), "{bad}");
        }
    }

    #[tokio::test]
    async fn the_opener_gets_the_address_as_one_argument_and_its_failure_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let opener = folder.path().join("opener");
        let seen = folder.path().join("seen");
        fs::write(&opener, format!("#!/bin/sh\nprintf '%s|' \"$@\" > '{}'\n", seen.display())).unwrap();
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
        open_with(opener.as_os_str(), "https://a.example/$(id)?a=1&b='2'").await.unwrap();
        assert_eq!(fs::read_to_string(seen).unwrap(), "https://a.example/$(id)?a=1&b='2'|");
        let missing = folder.path().join("missing");
        assert!(matches!(open_with(missing.as_os_str(), "https://a").await, Err(OpenUrlError::Start(_))));
        assert!(matches!(open_with("false".as_ref(), "https://a").await, Err(OpenUrlError::Failed(_))));
    }
}
