//! Nothing secret is where others could find it: looked for in the running program and in everything that it wrote.

use std::path::{Path, PathBuf};

use belfry_core::command::Command;
use belfry_core::query::{Answer, Login, Query};
use belfry_core::secret::Secret;
use belfry_practice_server::{Account, World};
use belfry_tests::Stage;
use belfry_tests::eventually;
use belfry_tests::process::descendants;

/// Found nowhere by chance.
const PASSWORD: &str = "Quartz-Vexing-Jumble-42";
const MESSAGE: &str = "zephyrous kumquat at dawn";

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn no_token_password_or_message_is_in_logs_arguments_environment_or_preferences_and_no_process_leaves_a_core() {
    let mut stage = Stage::new().unwrap();
    let world = World::small().changing("morgan", |account: Account| account.with_password(PASSWORD));
    let other = belfry_tests::practice::Practice::seeded(world, 7).unwrap();
    let login = |password: &str| Login::Password {
        login_id: "morgan".to_owned(),
        password: Secret::new(password),
        mfa: Secret::new(""),
    };
    for (password, works) in [("wrong-but-also-secret", false), (PASSWORD, true)] {
        let (url, name) = (other.url(), "Other".to_owned());
        let login = login(password);
        let query = Query::SignIn { server: None, url, name, insecure: true, reach: None, login };
        assert_eq!(stage.client.ask(query).unwrap() == Answer::SignedIn, works);
    }
    stage.client.command(Command::ShowWindow).unwrap();
    stage.direct("rosa", MESSAGE).unwrap();
    stage.cards(1).unwrap();
    let faces = eventually("both faces to run", || {
        let faces = descendants(stage.agent.id())?;
        let count = faces.iter().filter(|(_, line)| line.contains(" face ")).count();
        Ok((count >= 2).then_some(faces))
    })
    .unwrap();
    // An expired session and a refused frame leave their traces in the log as well.
    other.sends_malformed();
    other.expires_session("morgan").unwrap();
    let tokens = std::fs::read_to_string(stage.desktop.home().join("data/belfry/tokens.json")).unwrap();
    let tokens: std::collections::BTreeMap<String, String> = serde_json::from_str(&tokens).unwrap();
    assert_eq!(tokens.len(), 2);
    let mut secrets: Vec<&str> = tokens.values().map(String::as_str).collect();
    secrets.extend([PASSWORD, "wrong-but-also-secret"]);

    for (id, line) in std::iter::once((stage.agent.id(), "the agent".to_owned())).chain(faces) {
        let read = |file: &str| std::fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
        for (file, bytes) in [("cmdline", read("cmdline")), ("environ", read("environ")), ("comm", read("comm"))] {
            for secret in secrets.iter().chain([&MESSAGE]) {
                assert!(!contains(&bytes, secret), "a secret in {file} of {line}");
            }
        }
        let limits = String::from_utf8(read("limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
        let numbers: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
        assert_eq!(numbers, ["0", "0"], "{line}: {core}");
    }

    stage.client.command(Command::Quit).unwrap();
    assert!(stage.agent.wait_for_end().unwrap().success());
    let mut written = Vec::new();
    files(stage.desktop.home(), &mut written);
    assert!(written.iter().any(|path| path.extension().is_some_and(|kind| kind == "log")), "a log was written");
    for path in written.iter().filter(|path| !path.ends_with("tokens.json")) {
        let bytes = std::fs::read(path).unwrap_or_default();
        for secret in &secrets {
            assert!(!contains(&bytes, secret), "a secret in {}", path.display());
        }
        let is_history = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("history.db"));
        assert!(is_history || !contains(&bytes, MESSAGE), "message text in {}", path.display());
    }
    assert!(!contains(stage.desktop.said().as_bytes(), MESSAGE));
}
