//! The scheme of the links with which a browser hands a sign-in over (protocol §2.3): a desktop entry of the person's own.
//!
//! The scheme is the one that servers use for development builds. The ordinary one belongs to the official application.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use belfry_net::sign_in::SCHEME;
use tokio::process::Command;
use tokio::time::timeout;

use crate::lean::as_it_was;

/// The desktop's own tools are quick; one that hangs costs the hand-over, never the sign-in.
const TOOL: Duration = Duration::from_secs(5);

/// Registers the scheme for one instance.
#[derive(Clone, Debug)]
pub struct LinkHandler {
    folder: PathBuf,
    program: PathBuf,
    instance: Option<String>,
}

impl LinkHandler {
    /// For this program, as the person's own or another instance. `None` where the system does not tell where it is.
    pub fn new(instance: Option<&str>) -> Option<Self> {
        let folder = directories::BaseDirs::new()?.data_local_dir().join("applications");
        // The name that stays valid: a link into the kernel's view of this process would not.
        let program = std::env::current_exe().ok()?;
        Some(Self { folder, program, instance: instance.map(str::to_owned) })
    }

    fn file_name(&self) -> String {
        match &self.instance {
            None => "org.belfry.Belfry-links.desktop".to_owned(),
            Some(name) => format!("org.belfry.Belfry-links-{name}.desktop"),
        }
    }

    fn text(&self) -> Option<String> {
        let program = quoted(self.program.to_str()?)?;
        let instance = self.instance.as_ref().map(|name| format!(" --instance {name}")).unwrap_or_default();
        Some(format!(
            "[Desktop Entry]\nType=Application\nName=Belfry\nComment=Finishes signing in to a server with the browser\n\
             Exec={program}{instance} open-url %u\nMimeType=x-scheme-handler/{SCHEME};\nNoDisplay=true\nTerminal=false\n"
        ))
    }

    /// Makes this program the one that opens such links; whether the desktop says that it is.
    pub async fn register(&self) -> bool {
        let Some(text) = self.text() else { return false };
        let path = self.folder.join(self.file_name());
        let written = tokio::task::spawn_blocking({
            let folder = self.folder.clone();
            move || write(&folder, &path, &text)
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "the scheme for signing in with the browser cannot be registered");
                return false;
            }
            Err(_panicked) => return false,
        }
        let scheme = format!("x-scheme-handler/{SCHEME}");
        // Desktops without the cache's tool look into the folder themselves.
        run("update-desktop-database", &[&self.folder.to_string_lossy()]).await;
        run("xdg-mime", &["default", &self.file_name(), &scheme]).await;
        let answer = run("xdg-mime", &["query", "default", &scheme]).await;
        answer.is_some_and(|answer| answer.trim() == self.file_name())
    }
}

/// Replaces the entry unless it says the same already.
fn write(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".belfry-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// What a tool prints, if it ends well and in time.
async fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    as_it_was(&mut command).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = command.output();
    let output = timeout(TOOL, output).await.ok()?.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A program's path as the desktop entry specification wants it: quoted, and escaped twice.
pub(crate) fn quoted(path: &str) -> Option<String> {
    if path.contains(|c: char| c.is_control()) {
        return None;
    }
    let mut text = String::from("\"");
    for character in path.chars() {
        match character {
            // Once for the quotes, once for the value.
            '"' | '`' | '$' => text.extend(['\\', '\\', character]),
            '\\' => text.push_str("\\\\\\\\"),
            '%' => text.push_str("%%"),
            other => text.push(other),
        }
    }
    text.push('"');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(program: &str, instance: Option<&str>) -> LinkHandler {
        let folder = PathBuf::from("applications");
        LinkHandler { folder, program: PathBuf::from(program), instance: instance.map(str::to_owned) }
    }

    #[test]
    fn the_entry_starts_this_program_with_the_link_and_nothing_else() {
        let text = handler("/opt/my apps/belfry", None).text().unwrap();
        assert!(text.contains("\nExec=\"/opt/my apps/belfry\" open-url %u\n"), "{text}");
        assert!(text.contains("\nMimeType=x-scheme-handler/mattermost-dev;\n"), "{text}");
        let other = handler("/opt/belfry", Some("work"));
        assert!(other.text().unwrap().contains("Exec=\"/opt/belfry\" --instance work open-url %u\n"));
        assert_ne!(other.file_name(), handler("/opt/belfry", None).file_name());
    }

    #[test]
    fn a_strange_path_cannot_become_another_command() {
        assert_eq!(quoted("/a\"b$c`d%e\\f").unwrap(), r#""/a\\"b\\$c\\`d%%e\\\\f""#);
        assert_eq!(quoted("/a\nExec=evil"), None);
    }
}
