//! The package: installed into a root of its own, started from there, removed without a trace.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use belfry_core::command::Command as Request;
use belfry_core::prefs::LocalPrefs;
use belfry_tests::dist::{self, APP_ID, Compression};
use belfry_tests::process::{Process, belfry, kill, terminate};
use belfry_tests::{Client, Desktop, Stage, eventually};
use futures_util::StreamExt as _;
use zbus::zvariant::OwnedValue;
use zbus::{MatchRule, MessageStream};

/// A root with nothing in it but the package manager's own books.
fn fresh_root() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for folder in ["info", "updates", "triggers"] {
        std::fs::create_dir_all(root.path().join("var/lib/dpkg").join(folder)).unwrap();
    }
    std::fs::write(root.path().join("var/lib/dpkg/status"), "").unwrap();
    root
}

/// Runs the package manager on that root; what it says.
fn dpkg(root: &Path, arguments: &[&str]) -> String {
    let is_root = rustix::process::geteuid().is_root();
    let mut command = Command::new(if is_root { "env" } else { "fakeroot" });
    let output = command
        .args(["dpkg", "--root"])
        .arg(root)
        // The libraries are the machine's own.
        .args(["--force-depends", "--force-not-root", "--log=/dev/null"])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Everything under `usr`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn the_package_installs_runs_counts_on_its_launcher_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let package = dist::deb(belfry().unwrap(), folder.path(), Compression::None).unwrap();
    let root = fresh_root();
    dpkg(root.path(), &["--install", package.to_str().unwrap()]);
    assert_eq!(dpkg(root.path(), &["--verify", "belfry"]), "", "every file is what the package says");

    // What the desktop entry starts, and the icon and the service that are named, are there.
    let entry = std::fs::read_to_string(root.path().join(format!("usr/share/applications/{APP_ID}.desktop"))).unwrap();
    let value =
        |key: &str| entry.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap().to_owned();
    let program = root.path().join("usr/bin").join(value("Exec"));
    assert!(program.is_file());
    for size in [16, 22, 24, 32, 48, 64, 128, 256, 512] {
        let icon = format!("usr/share/icons/hicolor/{size}x{size}/apps/{}.png", value("Icon"));
        let picture = image::open(root.path().join(icon)).unwrap();
        assert_eq!((picture.width(), picture.height()), (size, size));
    }
    let unit = std::fs::read_to_string(root.path().join("usr/lib/systemd/user/belfry.service")).unwrap();
    assert!(unit.contains("\nExecStart=/usr/bin/belfry --hidden\n") && unit.contains("\nRestart=on-failure\n"));

    // Started from there, it counts on the launcher of that entry.
    let desktop = Desktop::start().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // The stream says goodbye to the bus when it goes.
    let _within = runtime.enter();
    let mut signals = runtime.block_on(async {
        let listener = zbus::connection::Builder::address(desktop.bus()).unwrap().build().await.unwrap();
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .interface("com.canonical.Unity.LauncherEntry")
            .unwrap()
            .build();
        MessageStream::for_match_rule(rule, &listener, Some(16)).await.unwrap()
    });
    let mut stage = Stage::with_program(desktop, &program).unwrap();
    stage.direct("rosa", "Are you there?").unwrap();
    let counted = runtime.block_on(async {
        loop {
            let message = signals.next().await.unwrap().unwrap();
            let (launcher, shown): (String, HashMap<String, OwnedValue>) = message.body().deserialize().unwrap();
            if i64::try_from(&shown["count"]).unwrap() == 1 {
                return launcher;
            }
        }
    });
    assert_eq!(counted, format!("application://{APP_ID}.desktop"));
    let running = std::fs::read_link(format!("/proc/{}/exe", stage.agent.id())).unwrap();
    assert_eq!(running, program.canonicalize().unwrap());

    // Its entry in the menu, opened as a desktop opens it, raises the one that runs.
    let path = std::env::join_paths([program.parent().unwrap(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let mut launch = stage.desktop.command("gio");
    launch.arg("launch").arg(root.path().join(format!("usr/share/applications/{APP_ID}.desktop"))).env("PATH", path);
    assert!(Process::start(&mut launch).unwrap().wait_for_end().unwrap().success());
    eventually("the window", || {
        let windows = stage.desktop.screen.windows()?;
        Ok(windows.into_iter().find(|window| !window.override_redirect && window.viewable && window.is_belfry()))
    })
    .unwrap();

    // Starting at login means this very program.
    let base = stage.client.view().unwrap().prefs;
    let prefs = LocalPrefs { start_at_login: true, ..base.clone() };
    let wanted = Request::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) };
    stage.client.command(wanted).unwrap();
    let entry = stage.desktop.home().join(format!("config/autostart/{APP_ID}.desktop"));
    let text = eventually("the entry of the session", || Ok(std::fs::read_to_string(&entry).ok())).unwrap();
    assert!(text.contains(&format!("Exec=\"{}\" --hidden\n", running.display())), "{text}");

    // What the unit relies on: a crash is a failure, after which it starts again and knows everything; being ended is none.
    kill(stage.agent.id()).unwrap();
    assert!(!stage.agent.wait_for_end().unwrap().success());
    stage.agent = stage.desktop.belfry_at(&program, &["--hidden"]).unwrap();
    stage.client = Client::connect(&stage.desktop.socket()).unwrap();
    stage.client.until("the count of before", |view| view.badge.mentions == 1).unwrap();
    terminate(stage.agent.id()).unwrap();
    assert!(stage.agent.wait_for_end().unwrap().success());

    // By hand it is ended with a command.
    stage.agent = stage.desktop.belfry_at(&program, &["--hidden"]).unwrap();
    stage.client = Client::connect(&stage.desktop.socket()).unwrap();
    let mut quit = Process::start(stage.desktop.command(&program).arg("quit")).unwrap();
    assert!(quit.wait_for_end().unwrap().success());
    assert!(stage.agent.wait_for_end().unwrap().success());

    dpkg(root.path(), &["--purge", "belfry"]);
    assert_eq!(files(&root.path().join("usr")), Vec::<PathBuf>::new());
}
