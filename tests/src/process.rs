//! Child processes that end with us, and what the system says about them.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal};

use crate::poll::eventually;

/// A child that is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
}

impl Process {
    /// Starts a command without standard input.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name, child })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard output, where that was piped and not taken before.
    pub fn stdout(&mut self) -> anyhow::Result<std::process::ChildStdout> {
        self.child.stdout.take().with_context(|| format!("{} has no piped output", self.name))
    }

    /// How it ended; `None` while it runs.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until it has ended by itself.
    pub fn wait_for_end(&mut self) -> anyhow::Result<ExitStatus> {
        let name = self.name.clone();
        eventually(&format!("the end of {name}"), || self.ended())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; either way it is reaped.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Reads one line of a child's output, which tells that it is ready.
pub fn first_line(output: &mut impl std::io::Read) -> anyhow::Result<String> {
    let mut line = Vec::new();
    for byte in std::io::BufReader::new(output).bytes() {
        match byte? {
            b'\n' => break,
            byte => line.push(byte),
        }
    }
    ensure!(!line.is_empty(), "the program ended before it was ready");
    Ok(String::from_utf8(line)?)
}

/// The workspace's folder.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The real `belfry`: `BELFRY_BIN` where xtask built it before, else built now, so that no test meets a stale one.
pub fn belfry() -> anyhow::Result<&'static Path> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| find_belfry().map_err(|error| format!("{error:#}")))
        .as_deref()
        .map_err(|error| anyhow::anyhow!("{error}"))
}

fn find_belfry() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("BELFRY_BIN") {
        return Ok(path.into());
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = ["build", "--quiet", "--package", "belfry-gui", "--bin", "belfry"];
    let status = Command::new(cargo).args(build).current_dir(workspace()).stdin(Stdio::null()).status()?;
    ensure!(status.success(), "building belfry ended with {status}");
    // This program is target/<profile>/deps/integration-… or target/<profile>/<bin>.
    let own = std::env::current_exe()?;
    let target =
        own.ancestors().find(|folder| folder.join("debug").is_dir()).context("no target folder above this program")?;
    Ok(target.join("debug").join(format!("belfry{}", std::env::consts::EXE_SUFFIX)))
}

/// Ends a process at once, as a crash would.
pub fn kill(id: u32) -> anyhow::Result<()> {
    Ok(rustix::process::kill_process(pid(id)?, Signal::KILL)?)
}

/// Asks a process to end, as a service manager does.
pub fn terminate(id: u32) -> anyhow::Result<()> {
    Ok(rustix::process::kill_process(pid(id)?, Signal::TERM)?)
}

/// Stops a process where it stands, as a hang would.
pub fn freeze(id: u32) -> anyhow::Result<()> {
    Ok(rustix::process::kill_process(pid(id)?, Signal::STOP)?)
}

fn pid(id: u32) -> anyhow::Result<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw).context("not a process number")
}

/// Children of a process, and theirs, with their command lines (arguments joined by spaces).
pub fn descendants(of: u32) -> anyhow::Result<Vec<(u32, String)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may end while we look.
        let Some(parent) = stat(id).and_then(|fields| fields.get(1)?.parse::<u32>().ok()) else { continue };
        let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        all.push((id, parent, String::from_utf8_lossy(&line).replace('\0', " ").trim().to_owned()));
    }
    let mut found = vec![of];
    let mut result = Vec::new();
    while let Some(parent) = found.pop() {
        for (id, _, line) in all.iter().filter(|(_, its_parent, _)| *its_parent == parent) {
            found.push(*id);
            result.push((*id, line.clone()));
        }
    }
    Ok(result)
}

/// Fields of `/proc/ID/stat` from the state on (the name before it may hold anything).
fn stat(id: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// Memory that a process accounts for, shared pages divided among their users (PSS), in KiB.
pub fn memory_kib(id: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).context("cannot read a process's memory")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss line")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// The most memory that a process ever had in use at a time (its peak resident set), in KiB.
pub fn peak_memory_kib(id: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).context("cannot read a process's memory")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM line")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// Processor time a process has used, in hundredths of a second.
pub fn cpu_ticks(id: u32) -> anyhow::Result<u64> {
    let fields = stat(id).context("the process has ended")?;
    let tick = |at: usize| -> anyhow::Result<u64> { Ok(fields.get(at).context("a short stat line")?.parse()?) };
    Ok(tick(11)? + tick(12)?)
}

/// How often threads of a process have gone to sleep and were woken since they began. Those that ended are not counted.
pub fn wakeups(id: u32) -> anyhow::Result<u64> {
    let mut count = 0;
    for thread in std::fs::read_dir(format!("/proc/{id}/task"))? {
        // A thread may end while we look.
        let text = std::fs::read_to_string(thread?.path().join("status")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        count += line.and_then(|line| line.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(count)
}

/// How long a process has lived, in seconds.
pub fn age_secs(id: u32) -> anyhow::Result<f64> {
    let fields = stat(id).context("the process has ended")?;
    let started: f64 = fields.get(19).context("a short stat line")?.parse()?;
    let uptime = std::fs::read_to_string("/proc/uptime")?;
    let uptime: f64 = uptime.split_whitespace().next().context("no uptime")?.parse()?;
    // Linux tells it in hundredths, whatever the kernel's own clock does.
    Ok(uptime - started / 100.0)
}

/// Files that a process has mapped.
pub fn mapped_files(id: u32) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{id}/maps"))?;
    let mut files: Vec<String> =
        text.lines().filter_map(|line| Some(line.get(line.find('/')?..)?.to_owned())).collect();
    files.sort();
    files.dedup();
    if files.is_empty() {
        bail!("process {id} has nothing mapped");
    }
    Ok(files)
}
