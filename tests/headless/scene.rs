//! A throw-away home without anything that a desktop has, and the lines of the program that runs in it.

use std::fs::{self, File, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use belfry_practice_server::{Options, World};
use belfry_tests::eventually;
use belfry_tests::practice::Practice;
use belfry_tests::process::{Process, belfry};
use serde_json::Value;
use tempfile::TempDir;

/// A home of one's own: no display, no bus, no sound.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("belfry-").tempdir().unwrap();
        for part in ["run", "config", "data", "cache", "state"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        fs::set_permissions(folder.path().join("run"), Permissions::from_mode(0o700)).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `belfry` with these arguments.
    pub(crate) fn belfry(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(belfry().unwrap());
        command.env_clear().args(arguments).stdin(Stdio::null()).current_dir(self.path());
        for name in ["PATH", "LD_LIBRARY_PATH", "RUST_BACKTRACE", "BELFRY_LOG", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        for (name, part) in [
            ("HOME", ""),
            ("XDG_RUNTIME_DIR", "run"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_STATE_HOME", "state"),
        ] {
            command.env(name, self.path().join(part));
        }
        // The machine's own bus and sound server must not be asked anything by a test.
        command
            .env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", self.path().join("no-bus").display()))
            .env("PULSE_SERVER", format!("unix:{}", self.path().join("no-sound").display()));
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.belfry(arguments).output().unwrap()
    }

    /// Writes a token where `--token-file` finds it.
    pub(crate) fn keeps(&self, token: &str) -> String {
        self.keeps_as(token, 0o600)
    }

    pub(crate) fn keeps_as(&self, token: &str, mode: u32) -> String {
        let path = self.path().join("token");
        fs::write(&path, format!("{token}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Starts `belfry headless --json` with more arguments.
    pub(crate) fn watches(&self, more: &[&str]) -> Headless {
        let mut arguments = vec!["headless", "--json"];
        arguments.extend(more);
        Headless::start(self, &arguments)
    }

    /// Starts it for morgan on a server, unattended.
    pub(crate) fn watches_server(&self, practice: &Practice) -> Headless {
        let token = self.path().join("token");
        if !token.exists() {
            self.keeps(&practice.person("morgan").makes_personal_token().unwrap());
        }
        let headless = self.watches(&["--server", &practice.url(), "--token-file", token.to_str().unwrap(), "--allow"]);
        headless.until("the connection", |lines| lines.iter().any(|line| is_state(line, "connected")));
        headless
    }

    /// What the log files of all runs say.
    pub(crate) fn logs(&self) -> String {
        let folder = self.path().join("state/belfry/logs");
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_to_string(file.path()).ok()).collect()
    }
}

/// A running one, and what it wrote.
pub(crate) struct Headless {
    pub(crate) process: Process,
    lines: Arc<Mutex<Vec<String>>>,
    errors: PathBuf,
}

impl Headless {
    pub(crate) fn start(home: &Home, arguments: &[&str]) -> Self {
        let errors = home.path().join("errors");
        let log = File::options().create(true).append(true).open(&errors).unwrap();
        let mut process = Process::start(home.belfry(arguments).stdout(Stdio::piped()).stderr(log)).unwrap();
        let out = BufReader::new(process.stdout().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&lines);
        std::thread::Builder::new()
            .name("reader".to_owned())
            .spawn(move || {
                for line in out.lines().map_while(Result::ok) {
                    shared.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            })
            .unwrap();
        Self { process, lines, errors }
    }

    pub(crate) fn text(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every line so far.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.text().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until something is true of its lines.
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&[Value]) -> bool) {
        let reached = eventually(what, || Ok(wanted(&self.lines()).then_some(())));
        if let Err(error) = reached {
            panic!("{error:#}\n{}\n{}", self.text().join("\n"), self.errors());
        }
    }

    /// Waits for the decision on a post, and gives it.
    pub(crate) fn decision(&self, post: &str) -> Value {
        self.until(&format!("the decision on {post}"), |lines| lines.iter().any(|line| is_about(line, post)));
        self.lines().into_iter().find(|line| is_about(line, post)).unwrap()
    }

    /// How often it decided about a post.
    pub(crate) fn decisions_on(&self, post: &str) -> usize {
        self.lines().iter().filter(|line| is_about(line, post)).count()
    }

    /// Waits until everything that was said before on the server went all the way.
    pub(crate) fn settles(&self, practice: &Practice) {
        practice.until_connected("morgan");
        let id = practice.person("rosa").posts("off-topic", "the last word").unwrap();
        self.decision(&id);
    }

    /// What it wrote to standard error, in this run and earlier ones of its home.
    pub(crate) fn errors(&self) -> String {
        fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// Asks it to end as a service manager would, and waits for that.
    pub(crate) fn terminates(mut self) {
        belfry_tests::process::terminate(self.process.id()).unwrap();
        let ended = self.process.wait_for_end().unwrap();
        assert!(ended.success(), "{ended}\n{}", self.errors());
    }

    /// Ends it as a crash would.
    pub(crate) fn dies(mut self) {
        belfry_tests::process::kill(self.process.id()).unwrap();
        assert!(!self.process.wait_for_end().unwrap().success());
    }
}

pub(crate) fn is_state(line: &Value, state: &str) -> bool {
    line["kind"] == "state" && line["state"] == state
}

pub(crate) fn is_about(line: &Value, post: &str) -> bool {
    line["kind"] == "decision" && line["post_id"] == post
}

/// A server on which rosa and morgan have spoken before.
pub(crate) fn world() -> World {
    World::small().with_direct(&["rosa", "morgan"])
}

pub(crate) fn practice() -> Practice {
    Practice::start(world()).unwrap()
}

/// A server on this port.
pub(crate) fn practice_at(port: u16) -> Practice {
    Practice::with(Options { port, ..Options::with_world(world()) }).unwrap()
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
