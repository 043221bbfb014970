//! A display that falls asleep. No X server without a screen has power to save, so that extension alone is scripted, on the
//! way between the watcher and a real server.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempPath;

use super::super::*;
use super::Desktop;
use crate::effects::bus_tests::next;

/// The number that the scripted extension has.
const DPMS: u8 = 200;
const QUERY_EXTENSION: u8 = 98;
/// Requests that stand in for scripted ones, so that the real server counts on.
const GET_INPUT_FOCUS: [u8; 4] = [43, 0, 1, 0];
const NO_OPERATION: [u8; 4] = [127, 0, 1, 0];
const REPLY: u8 = 1;
const GENERIC_EVENT: u8 = 35;

/// What a reply is rewritten to.
enum Script {
    Extension,
    Version,
    Capable,
    Power,
}

struct Between {
    to_client: UnixStream,
    scripts: HashMap<u16, Script>,
    last: u16,
    minor: u16,
    asleep: bool,
}

/// The scripted part; `None` until somebody connected.
struct Power {
    between: Shared,
    /// The display to connect to.
    name: String,
    _socket: TempPath,
}

type Shared = Arc<Mutex<Option<Between>>>;

impl Power {
    /// Stands in front of the display of `desktop`, with this minor version of the extension.
    fn start(desktop: &Desktop, minor: u16) -> Self {
        let folder = Path::new("/tmp/.X11-unix");
        let free = (50_000..u16::MAX).find_map(|number| {
            let path = folder.join(format!("X{number}"));
            Some((UnixListener::bind(&path).ok()?, path, number))
        });
        let (listener, path, number) = free.unwrap();
        let server = folder.join(format!("X{}", desktop.name.trim_start_matches(':')));
        let between = Shared::default();
        let shared = Arc::clone(&between);
        start(move || {
            let (client, _) = listener.accept().unwrap();
            let server = UnixStream::connect(server).unwrap();
            let to_client = client.try_clone().unwrap();
            let between = Between { to_client, scripts: HashMap::new(), last: 0, minor, asleep: false };
            *shared.lock().unwrap() = Some(between);
            let (up, back) = (Arc::clone(&shared), server.try_clone().unwrap());
            start(move || {
                requests(&up, client, server);
            });
            answers(&shared, back);
            let ended = shared.lock().unwrap().take();
            ended.unwrap().to_client.shutdown(Shutdown::Both).ok(); // it may have closed already
        });
        Self { between, name: format!(":{number}"), _socket: TempPath::try_from_path(path).unwrap() }
    }

    /// Switches the display off or on, which it tells.
    fn sleeps(&self, asleep: bool) {
        let mut between = self.between.lock().unwrap();
        let between = between.as_mut().unwrap();
        between.asleep = asleep;
        let mut event = [0_u8; 32];
        event[..2].copy_from_slice(&[GENERIC_EVENT, DPMS]);
        event[2..4].copy_from_slice(&between.last.to_le_bytes());
        event[16] = if asleep { 3 } else { 0 };
        event[18] = 1;
        between.to_client.write_all(&event).unwrap();
    }
}

fn start(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name("power".to_owned()).spawn(work).unwrap();
}

/// Until either end closes.
fn requests(shared: &Shared, mut client: UnixStream, mut server: UnixStream) -> Option<()> {
    let setup = read(&mut client, 12)?;
    let padded = |length: u16| usize::from(length).next_multiple_of(4);
    let rest = padded(u16::from_le_bytes([setup[6], setup[7]])) + padded(u16::from_le_bytes([setup[8], setup[9]]));
    server.write_all(&[setup, read(&mut client, rest)?].concat()).ok()?;
    let mut number = 0_u16;
    loop {
        let head = read(&mut client, 4)?;
        let words = usize::from(u16::from_le_bytes([head[2], head[3]]));
        let body = read(&mut client, words * 4 - 4)?;
        number = number.wrapping_add(1);
        let script = |what| {
            shared.lock().unwrap().as_mut().unwrap().scripts.insert(number, what);
            GET_INPUT_FOCUS.to_vec()
        };
        let request = match (head[0], head[1]) {
            (QUERY_EXTENSION, _) if body[4..].starts_with(b"DPMS") => {
                script(Script::Extension);
                [head, body].concat()
            }
            (DPMS, 0) => script(Script::Version),
            (DPMS, 1) => script(Script::Capable),
            (DPMS, 7) => script(Script::Power),
            (DPMS, _) => NO_OPERATION.to_vec(),
            _ => [head, body].concat(),
        };
        server.write_all(&request).ok()?;
    }
}

/// The same the other way.
fn answers(shared: &Shared, mut server: UnixStream) -> Option<()> {
    let setup = read(&mut server, 8)?;
    let rest = usize::from(u16::from_le_bytes([setup[6], setup[7]])) * 4;
    let setup = [setup, read(&mut server, rest)?].concat();
    shared.lock().unwrap().as_mut().unwrap().to_client.write_all(&setup).ok()?;
    loop {
        let mut packet = read(&mut server, 32)?;
        if [REPLY, GENERIC_EVENT].contains(&packet[0]) {
            let more = u32::from_le_bytes([packet[4], packet[5], packet[6], packet[7]]);
            packet.extend(read(&mut server, usize::try_from(more).unwrap() * 4)?);
        }
        let mut between = shared.lock().unwrap();
        let between = between.as_mut().unwrap();
        between.last = u16::from_le_bytes([packet[2], packet[3]]);
        if packet[0] == REPLY
            && let Some(script) = between.scripts.remove(&between.last)
        {
            packet[8..].fill(0);
            let [minor, _] = between.minor.to_le_bytes();
            let level = if between.asleep { 3 } else { 0 };
            let answer = match script {
                Script::Extension => [1, DPMS, 0, 0],
                Script::Version => [1, 0, minor, 0],
                Script::Capable => [1, 0, 0, 0],
                Script::Power => [level, 0, 1, 0],
            };
            packet[8..12].copy_from_slice(&answer);
        }
        between.to_client.write_all(&packet).ok()?;
    }
}

fn read(from: &mut UnixStream, count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    from.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// Watches a display with a film on it, so that there is something to hear of.
async fn watch_through(desktop: &Desktop, power: &Power) -> (mpsc::Receiver<Signal>, watch::Sender<Arc<View>>) {
    let film = desktop.window(0, super::WIDTH);
    desktop.states(film, &["FULLSCREEN"]);
    desktop.stack(&[film]);
    let (mut reports, view) = Desktop::watch_at(&power.name);
    assert_eq!(next(&mut reports).await, Signal::FullScreen(true));
    (reports, view)
}

#[tokio::test]
async fn a_display_that_falls_asleep_is_told_and_that_it_wakes() {
    let desktop = Desktop::start();
    let power = Power::start(&desktop, 2);
    let (mut reports, _view) = watch_through(&desktop, &power).await;
    power.sleeps(true);
    assert_eq!(next(&mut reports).await, Signal::DisplayAsleep(true));
    power.sleeps(false);
    assert_eq!(next(&mut reports).await, Signal::DisplayAsleep(false));
    power.sleeps(true);
    assert_eq!(next(&mut reports).await, Signal::DisplayAsleep(true));
    // A server that goes leaves nothing asleep.
    drop(desktop);
    assert_eq!(next(&mut reports).await, Signal::FullScreen(false));
    assert_eq!(next(&mut reports).await, Signal::DisplayAsleep(false));
}

#[tokio::test]
async fn a_display_that_would_not_tell_that_it_wakes_counts_as_awake() {
    let desktop = Desktop::start();
    let power = Power::start(&desktop, 1);
    let (mut reports, _view) = watch_through(&desktop, &power).await;
    power.between.lock().unwrap().as_mut().unwrap().asleep = true;
    desktop.stack(&[]);
    assert_eq!(next(&mut reports).await, Signal::FullScreen(false), "and nothing of sleep before that");
}
