//! The practice server of `belfry --demo`: a child process, so that its memory is not counted as ours.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use belfry_core::secret::Secret;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use crate::lean::as_it_was;

/// How long it may take to listen.
const START: Duration = Duration::from_secs(20);
/// How long it may take to end once its input is closed.
const LEAVE: Duration = Duration::from_secs(2);
/// Its announcement is far shorter.
const MAX_LINE: u64 = 64 * 1024;

/// How the practice server is started.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// One server of the demo, and who to be there.
#[derive(Clone, Debug, Deserialize)]
pub struct Announced {
    /// Name for people.
    pub name: String,
    /// Address.
    pub url: String,
    /// The account.
    pub username: String,
    /// Its access token.
    pub token: Secret,
}

#[derive(Deserialize)]
struct Announcement {
    servers: Vec<Announced>,
}

/// Why there is no practice server.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// It cannot be started.
    #[error("the practice server cannot be started: {0}")]
    Start(#[source] io::Error),
    /// It said nothing, or nothing that makes sense.
    #[error("the practice server did not say where it listens")]
    Silent,
}

/// A practice server that runs; it ends when this is dropped.
#[derive(Debug)]
pub struct PracticeServer {
    child: Child,
    input: ChildStdin,
}

impl PracticeServer {
    /// Starts it and waits until it listens.
    pub async fn start(program: &Program) -> Result<(Self, Vec<Announced>), DemoError> {
        let mut child = as_it_was(&mut Command::new(&program.path))
            .arg0("belfry")
            .args(&program.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(DemoError::Start)?;
        let input = child.stdin.take().ok_or(DemoError::Silent)?;
        let output = child.stdout.take().ok_or(DemoError::Silent)?;
        let mut line = String::new();
        let mut reader = BufReader::new(output.take(MAX_LINE));
        match timeout(START, reader.read_line(&mut line)).await {
            Ok(Ok(1..)) => {}
            Ok(Ok(_) | Err(_)) | Err(_) => return Err(DemoError::Silent),
        }
        // The error would quote the token.
        let announced: Announcement = serde_json::from_str(&line).map_err(|_hidden| DemoError::Silent)?;
        Ok((Self { child, input }, announced.servers))
    }

    /// Closes its input, which ends it, and waits for that.
    pub async fn end(self) {
        let Self { mut child, input } = self;
        drop(input);
        if timeout(LEAVE, child.wait()).await.is_err() {
            child.kill().await.ok(); // it ended in this moment
        }
    }
}

/// Where a demo keeps its things: below the demo's own data folder, and gone with it.
///
/// What a killed demo left is removed first: call it only while holding the lock of the demo's instance.
pub fn folder(data: &Path) -> io::Result<tempfile::TempDir> {
    const PREFIX: &str = "run-";
    crate::paths::make_private(data).map_err(io::Error::other)?;
    for entry in std::fs::read_dir(data)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            std::fs::remove_dir_all(entry.path()).ok(); // left for the next demo
        }
    }
    tempfile::Builder::new().prefix(PREFIX).tempdir_in(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        Program { path: "/bin/sh".into(), arguments: vec!["-c".into(), script.into()] }
    }

    #[tokio::test]
    async fn it_says_where_it_listens_and_ends_with_its_input() {
        let line =
            r#"{"servers":[{"name":"Harbour","url":"http://127.0.0.1:1","username":"rosa","token":"t","more":1}]}"#;
        let (server, announced) =
            PracticeServer::start(&shell(&format!("echo '{line}'; echo more; cat > /dev/null"))).await.unwrap();
        assert_eq!((announced[0].name.as_str(), announced[0].token.expose()), ("Harbour", "t"));
        assert!(!format!("{announced:?}").contains("\"t\""));
        server.end().await;
    }

    #[tokio::test]
    async fn one_that_fails_or_talks_nonsense_is_an_error_without_quotes() {
        for script in ["exit 3", "echo 'token: hunter2'; cat"] {
            let error = PracticeServer::start(&shell(script)).await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn what_a_killed_demo_left_is_removed_by_the_next() {
        let data = tempfile::tempdir().unwrap();
        let left = folder(data.path()).unwrap().keep();
        let next = folder(data.path()).unwrap();
        assert!(!left.exists() && next.path().exists());
    }
}
