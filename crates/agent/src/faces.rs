//! The processes that draw: started when needed, watched, and replaced.
//!
//! A face is this very program with other arguments. It holds no truth, so its death costs nothing but a new start;
//! one that dies again and again is given up, and system notifications take over.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use belfry_core::command::Place;
use belfry_core::time::MonoTime;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::control::protocol::{Down, Face};
use crate::control::server::ConnectionId;
use crate::lean::as_it_was;

/// A face that has not greeted by then hangs. Software rendering on a busy machine takes seconds.
const START: Duration = Duration::from_secs(20);
/// A face whose connection ended ends by itself within this time, or is ended.
const LEAVE: Duration = Duration::from_secs(2);
/// So many deaths …
const DEATHS: usize = 3;
/// … within this time mean that banners cannot be painted here.
const DEATHS_WITHIN: Duration = Duration::from_mins(1);
/// A face that ends this soon failed, whatever it says.
const TOO_SOON: Duration = Duration::from_secs(2);

/// How faces are started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program: normally [`crate::platform::own_program`].
    pub program: PathBuf,
    /// Where the control socket is.
    pub socket: PathBuf,
    /// Where they find a display, if it is not the agent's environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// The faces of one agent.
pub struct Faces {
    launch: Launch,
    window: Slot,
    banners: Slot,
    /// What the window turns to once it has begun.
    place: Option<Place>,
    children: JoinSet<Exit>,
    generation: u64,
    deaths: VecDeque<MonoTime>,
}

/// What became of a face.
#[derive(Debug)]
pub struct Exit {
    face: Face,
    generation: u64,
    status: io::Result<ExitStatus>,
}

/// What the end of a process means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// In order; another may be started at once.
    Quietly(Face),
    /// It died; another may be started.
    Died(Face),
    /// It died once too often: starting another is pointless.
    GivenUp(Face),
    /// It was replaced already.
    Nothing,
}

#[derive(Default)]
struct Slot {
    process: Option<Process>,
    connection: Option<(ConnectionId, mpsc::Sender<Down>)>,
}

struct Process {
    generation: u64,
    stage: watch::Sender<Stage>,
    started: MonoTime,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Starting,
    Connected,
    Leaving,
}

impl Slot {
    fn is_idle(&self) -> bool {
        self.process.is_none() && self.connection.is_none()
    }
}

impl Faces {
    /// No face runs yet.
    pub fn new(launch: Launch) -> Self {
        Self {
            launch,
            window: Slot::default(),
            banners: Slot::default(),
            place: None,
            children: JoinSet::new(),
            generation: 0,
            deaths: VecDeque::new(),
        }
    }

    /// Brings the main window to the front, or starts it. Turns to a place where one is named.
    pub fn show_window(&mut self, now: MonoTime, place: Option<Place>) -> io::Result<()> {
        if self.window.connection.is_none() {
            // It is told as soon as it greets.
            self.place = place.or(self.place);
        }
        if let Some((_, down)) = &self.window.connection {
            // A full queue means that it hangs; it is ended by its connection then.
            if down.try_send(Down::Raise(place)).is_ok() {
                return Ok(());
            }
        }
        if self.window.is_idle() { self.start(Face::Window, now) } else { Ok(()) }
    }

    /// Starts the banners unless they run.
    pub fn want_banners(&mut self, now: MonoTime) -> io::Result<()> {
        if self.banners.is_idle() { self.start(Face::Banners, now) } else { Ok(()) }
    }

    /// Whether banners run or start.
    pub fn has_banners(&self) -> bool {
        !self.banners.is_idle()
    }

    /// A face greeted.
    pub fn connected(&mut self, face: Face, id: ConnectionId, down: mpsc::Sender<Down>) {
        if face == Face::Window
            && let Some(place) = self.place.take()
        {
            down.try_send(Down::Raise(Some(place))).ok(); // its queue is new and empty
        }
        let Some(slot) = self.slot(face) else { return };
        slot.connection = Some((id, down));
        if let Some(process) = &slot.process {
            process.stage.send_replace(Stage::Connected);
        }
    }

    /// The connection of a face ended. True where it was the one that counts.
    pub fn gone(&mut self, face: Face, id: ConnectionId) -> bool {
        let Some(slot) = self.slot(face) else { return false };
        if slot.connection.as_ref().is_none_or(|(current, _)| *current != id) {
            return false;
        }
        slot.connection = None;
        if let Some(process) = &slot.process {
            process.stage.send_replace(Stage::Leaving);
        }
        true
    }

    /// Waits until a process ends. Never returns while there is none.
    pub async fn next_exit(&mut self) -> Exit {
        loop {
            match self.children.join_next().await {
                Some(Ok(exit)) => return exit,
                Some(Err(_cancelled)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Takes note of a process's end.
    pub fn on_exit(&mut self, exit: &Exit, now: MonoTime) -> Ended {
        let face = exit.face;
        let Some(slot) = self.slot(face) else { return Ended::Nothing };
        let Some(process) = slot.process.take_if(|process| process.generation == exit.generation) else {
            return Ended::Nothing;
        };
        // It ended with its process, whoever tells us first: a card that is due must not wait for the other to be told.
        slot.connection = None;
        let in_order = matches!(&exit.status, Ok(status) if status.success());
        let lived = now.since(process.started);
        if in_order && lived >= TOO_SOON {
            return Ended::Quietly(face);
        }
        match &exit.status {
            Ok(status) => tracing::warn!(?face, %status, ?lived, "a face ended"),
            Err(error) => tracing::warn!(?face, %error, "a face could not be watched"),
        }
        if face != Face::Banners {
            return if in_order { Ended::Quietly(face) } else { Ended::Died(face) };
        }
        self.deaths.push_back(now);
        while self.deaths.front().is_some_and(|death| now.since(*death) > DEATHS_WITHIN) {
            self.deaths.pop_front();
        }
        if self.deaths.len() >= DEATHS { Ended::GivenUp(face) } else { Ended::Died(face) }
    }

    /// Forgets earlier deaths: circumstances changed.
    pub fn forgive(&mut self) {
        self.deaths.clear();
    }

    /// Waits for all processes to end, at most [`LEAVE`]; those that do not are ended.
    pub async fn end(mut self) {
        for slot in [&self.window, &self.banners] {
            if let Some(process) = &slot.process {
                process.stage.send_replace(Stage::Leaving);
            }
        }
        while self.children.join_next().await.is_some() {}
    }

    fn slot(&mut self, face: Face) -> Option<&mut Slot> {
        match face {
            Face::Window => Some(&mut self.window),
            Face::Banners => Some(&mut self.banners),
            Face::Command => None,
        }
    }

    fn start(&mut self, face: Face, now: MonoTime) -> io::Result<()> {
        let name = match face {
            Face::Window => "window",
            Face::Banners => "banners",
            Face::Command => return Ok(()),
        };
        let child = as_it_was(&mut Command::new(&self.launch.program))
            .arg0("belfry")
            .args(["face", name, "--control"])
            .arg(&self.launch.socket)
            .envs(self.launch.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        tracing::debug!(name, "a face was started");
        self.generation += 1;
        let generation = self.generation;
        let (stage, seen) = watch::channel(Stage::Starting);
        self.children.spawn(async move { Exit { face, generation, status: watch_over(child, seen).await } });
        if let Some(slot) = self.slot(face) {
            slot.process = Some(Process { generation, stage, started: now });
        }
        Ok(())
    }
}

/// Waits for a process, and ends it where it hangs.
async fn watch_over(mut child: Child, mut stage: watch::Receiver<Stage>) -> io::Result<ExitStatus> {
    loop {
        let patience = match *stage.borrow_and_update() {
            Stage::Starting => Some(START),
            Stage::Connected => None,
            Stage::Leaving => Some(LEAVE),
        };
        let overdue = async {
            match patience {
                Some(patience) => sleep(patience).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            status = child.wait() => return status,
            () = overdue => {
                child.start_kill()?;
                return child.wait().await;
            }
            // Its owner is gone: the face sees the end of its connection as well.
            changed = stage.changed() => if changed.is_err() {
                child.start_kill()?;
                return child.wait().await;
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn faces(script: &str) -> (tempfile::TempDir, Faces) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("face");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let socket = folder.path().join("control");
        (folder, Faces::new(Launch { program, socket, environment: Vec::new() }))
    }

    #[tokio::test]
    async fn banners_that_die_three_times_in_a_minute_are_given_up() {
        let (_folder, mut faces) = faces("exit 1");
        let mut ends = Vec::new();
        for second in [0, 20, 40] {
            let now = MonoTime(second * 1000);
            faces.want_banners(now).unwrap();
            let exit = faces.next_exit().await;
            ends.push(faces.on_exit(&exit, now));
        }
        assert_eq!(ends, [Ended::Died(Face::Banners), Ended::Died(Face::Banners), Ended::GivenUp(Face::Banners)]);
    }

    #[tokio::test]
    async fn rare_deaths_are_no_reason_to_give_up() {
        let (_folder, mut faces) = faces("exit 1");
        for minute in 0..6 {
            let now = MonoTime(minute * 31_000);
            faces.want_banners(now).unwrap();
            let exit = faces.next_exit().await;
            assert_eq!(faces.on_exit(&exit, now), Ended::Died(Face::Banners));
        }
    }

    #[tokio::test]
    async fn one_face_of_a_kind_runs_at_a_time_and_the_window_is_raised_if_it_is_there() {
        let (folder, mut faces) = faces("echo \"$0 $*\" >> \"$(dirname \"$0\")/starts\"; read never_comes");
        let (down, mut raised) = mpsc::channel(4);
        faces.show_window(MonoTime(0), None).unwrap();
        faces.show_window(MonoTime(1), None).unwrap();
        let exit = faces.next_exit().await;
        assert_eq!(faces.on_exit(&exit, MonoTime(9_000)), Ended::Died(Face::Window));
        let starts = fs::read_to_string(folder.path().join("starts")).unwrap();
        assert_eq!(starts.lines().count(), 1);
        assert!(starts.contains(&format!("face window --control {}/control", folder.path().display())));
        faces.connected(Face::Window, ConnectionId(1), down);
        faces.show_window(MonoTime(9_001), Some(Place::Servers)).unwrap();
        assert!(matches!(raised.try_recv(), Ok(Down::Raise(Some(Place::Servers)))));
        assert!(!faces.gone(Face::Window, ConnectionId(7)), "an older connection does not count");
        assert!(faces.gone(Face::Window, ConnectionId(1)));
    }

    #[tokio::test]
    async fn a_face_that_ended_can_be_replaced_before_its_connection_is_seen_to_end() {
        let (_folder, mut faces) = faces("exit 0");
        faces.want_banners(MonoTime(0)).unwrap();
        let (down, _queue) = mpsc::channel(4);
        faces.connected(Face::Banners, ConnectionId(1), down);
        let exit = faces.next_exit().await;
        assert_eq!(faces.on_exit(&exit, MonoTime(30_000)), Ended::Quietly(Face::Banners));
        assert!(!faces.has_banners());
        faces.want_banners(MonoTime(30_001)).unwrap();
        assert!(faces.has_banners());
        assert!(!faces.gone(Face::Banners, ConnectionId(1)), "the new one did not lose its connection");
    }

    #[tokio::test(start_paused = true)]
    async fn a_face_that_stays_after_its_connection_ended_is_ended() {
        let (_folder, mut faces) = faces("exec sleep 3600");
        faces.want_banners(MonoTime(0)).unwrap();
        let (down, _queue) = mpsc::channel(4);
        faces.connected(Face::Banners, ConnectionId(1), down);
        assert!(faces.gone(Face::Banners, ConnectionId(1)));
        assert!(faces.has_banners());
        let exit = faces.next_exit().await;
        assert_eq!(faces.on_exit(&exit, MonoTime(30_000)), Ended::Died(Face::Banners));
        assert!(!faces.has_banners());
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_an_error_at_once() {
        let launch = Launch {
            program: "/nonexistent/belfry".into(),
            socket: "/nonexistent/control".into(),
            environment: Vec::new(),
        };
        assert!(Faces::new(launch).want_banners(MonoTime(0)).is_err());
    }
}
