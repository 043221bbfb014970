//! A desktop of one's own: display, window manager, bus and sound server, under a throw-away home. Everything ends with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::poll::eventually;
use crate::process::{self, Process, first_line};
use crate::screen::Screen;

/// Width of the display in pixels.
pub const WIDTH: u16 = 1280;
/// Height of the display in pixels.
pub const HEIGHT: u16 = 800;

/// A calm grey, so that pictures show where cards and windows end.
const BACKGROUND: u32 = 0x0093_9C9F;

/// What manages windows and what composes the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// A window manager, as most people have.
    Openbox,
    /// Nothing: a bare X server.
    None,
    /// A window manager and a compositor.
    Composited,
}

/// One desktop. Field order is drop order: what uses something ends before it.
#[derive(Debug)]
pub struct Desktop {
    programs: Vec<Process>,
    /// What is on the display.
    pub screen: Screen,
    /// The sound server, where one runs.
    pub(crate) sound: Option<Process>,
    services: Vec<Process>,
    display: String,
    bus: String,
    variables: Vec<(&'static str, String)>,
    home: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// One desktop at a time: drawing in software beside another one's would miss deadlines that a person's machine keeps.
static TURN: Mutex<()> = Mutex::new(());

impl Desktop {
    /// Starts a desktop without sound.
    pub fn start() -> anyhow::Result<Self> {
        Self::sized(WIDTH, HEIGHT)
    }

    /// Starts a desktop that is managed like this, without sound.
    pub fn managed(manager: Manager) -> anyhow::Result<Self> {
        Self::with(WIDTH, HEIGHT, manager)
    }

    /// Starts a desktop of another size, in pixels, without sound.
    pub fn sized(width: u16, height: u16) -> anyhow::Result<Self> {
        Self::with(width, height, Manager::Openbox)
    }

    fn with(width: u16, height: u16, manager: Manager) -> anyhow::Result<Self> {
        // A test that failed leaves nothing behind that the next could trip over.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let home = tempfile::Builder::new().prefix("belfry-").tempdir()?;
        for folder in ["run", "config", "data", "cache", "state"] {
            std::fs::create_dir(home.path().join(folder))?;
        }
        // XDG_RUNTIME_DIR must be the owner's alone, or programs refuse it.
        set_private(&home.path().join("run"))?;
        let mut services = Vec::new();

        let size = format!("{width}x{height}x24");
        let mut xvfb = Process::start(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", &size, "-noreset", "-nolisten", "tcp"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )?;
        let display = format!(":{}", first_line(&mut xvfb.stdout()?).context("Xvfb")?);
        services.push(xvfb);

        let (bus, daemon) = start_bus(home.path())?;
        services.push(daemon);
        let screen = Screen::connect(&display)?;
        let mut desktop = Self {
            programs: Vec::new(),
            screen,
            sound: None,
            services,
            display,
            bus,
            variables: Vec::new(),
            home,
            _turn: turn,
        };

        if manager != Manager::None {
            desktop.start_quiet("openbox", &["--sm-disable"])?;
            // It names itself first and says what it found later.
            eventually("the window manager", || desktop.screen.window_manager())?;
            eventually("the work area", || Ok(desktop.screen.work_area().ok()))?;
        }
        if manager == Manager::Composited {
            desktop.start_quiet("picom", &["--backend", "xrender", "--config", "/dev/null"])?;
            eventually("the compositor", || Ok(desktop.screen.is_composited()?.then_some(())))?;
        }
        desktop.screen.paint_background(BACKGROUND)?;
        desktop.screen.move_pointer(8, height.saturating_sub(8))?;
        Ok(desktop)
    }

    fn start_quiet(&mut self, program: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = self.command(program);
        let process = Process::start(command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()))?;
        self.services.push(process);
        Ok(())
    }

    /// A command that lives on this desktop: it sees nothing of the real one.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear();
        for name in ["PATH", "LD_LIBRARY_PATH", "RUST_BACKTRACE", "BELFRY_LOG", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let home = self.home.path();
        command
            .current_dir(home)
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", home.join("run"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_STATE_HOME", home.join("state"))
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            // The machine's own system bus must not be asked anything by a test.
            .env("DBUS_SYSTEM_BUS_ADDRESS", &self.bus)
            .env("PULSE_SERVER", format!("unix:{}", self.sound_socket().display()))
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("LANG", "C.UTF-8")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// From now on commands on this desktop have this in their environment.
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.to_owned()));
    }

    /// Starts the real `belfry` with these arguments and keeps it until it is taken or the desktop ends.
    pub fn belfry(&self, arguments: &[&str]) -> anyhow::Result<Process> {
        self.belfry_at(process::belfry()?, arguments)
    }

    /// The same for a `belfry` that stands elsewhere.
    pub fn belfry_at(&self, program: &Path, arguments: &[&str]) -> anyhow::Result<Process> {
        let log = std::fs::File::options().create(true).append(true).open(self.log())?;
        Process::start(self.command(program).args(arguments).stderr(log))
    }

    /// What `belfry` wrote to standard error so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.home.path().join("belfry.log")
    }

    /// Where the agent of this desktop listens.
    pub fn socket(&self) -> PathBuf {
        self.home.path().join("run/belfry/control")
    }

    /// Where the demo's agent listens.
    pub fn demo_socket(&self) -> PathBuf {
        self.home.path().join("run/belfry-demo/control")
    }

    /// Keeps a process as long as the desktop, and ends it first.
    pub fn keep(&mut self, process: Process) {
        self.programs.push(process);
    }

    /// The throw-away home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Address of the private bus.
    pub fn bus(&self) -> &str {
        &self.bus
    }

    /// Its display, such as `:7`.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Where the sound server listens, once it is started.
    pub(crate) fn sound_socket(&self) -> PathBuf {
        self.home.path().join("run/pulse-native")
    }

    /// Ends the display, as a crash of the display server would.
    pub fn lose_display(&mut self) -> anyhow::Result<()> {
        ensure!(!self.services.is_empty(), "the display is gone already");
        drop(self.services.remove(0));
        Ok(())
    }
}

impl Drop for Desktop {
    #[expect(clippy::print_stderr, reason = "what belfry said belongs to a failed test's output")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("belfry said:\n{}", self.said());
        }
    }
}

/// A session bus that starts nothing by itself: a system's notification service must not answer in a test's place.
fn start_bus(home: &Path) -> anyhow::Result<(String, Process)> {
    let config = home.join("bus.conf");
    let socket = home.join("run/bus");
    let text = format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
"#,
        socket.display()
    );
    std::fs::write(&config, text)?;
    let mut daemon = Process::start(
        Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null()),
    )?;
    let address = first_line(&mut daemon.stdout()?).context("dbus-daemon")?;
    Ok((address, daemon))
}

fn set_private(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?)
}
