//! Asks an X server how long ago the last input was (the screen saver extension).
//!
//! Its protocol blocks, so it has a thread of its own. Nothing happens there between two questions.

use std::ffi::OsStr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use x11rb::connection::Connection as _;
use x11rb::protocol::screensaver::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

type Question = oneshot::Sender<Duration>;

/// Why a display does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mute {
    /// It did not answer the last question yet.
    Busy,
    /// It is gone, or cannot.
    Over,
}

/// A display, and the thread that asks it.
pub(super) struct Screen {
    /// One may wait: with the queue full, the display is stuck, and is not asked again until it is not.
    questions: mpsc::SyncSender<Question>,
}

impl Screen {
    /// Starts the thread; it connects with the first question, and ends when this is dropped or the display is gone.
    pub(super) fn start(display: &OsStr) -> Option<Self> {
        let display = display.to_str()?.to_owned();
        let (questions, queue) = mpsc::sync_channel(1);
        let thread = thread::Builder::new().name("idle".to_owned()).stack_size(256 << 10);
        thread.spawn(move || answer(&display, &queue)).ok()?;
        Some(Self { questions })
    }

    /// How long ago the last input was.
    pub(super) async fn idle(&self) -> Result<Duration, Mute> {
        let (answer, answered) = oneshot::channel();
        self.questions.try_send(answer).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => Mute::Busy,
            mpsc::TrySendError::Disconnected(_) => Mute::Over,
        })?;
        answered.await.map_err(|_ended| Mute::Over)
    }
}

fn answer(display: &str, queue: &mpsc::Receiver<Question>) {
    let Ok(first) = queue.recv() else { return };
    let connected = x11rb::connect(Some(display)).ok().and_then(|(connection, screen)| {
        let root = connection.setup().roots.get(screen)?.root;
        Some((connection, root))
    });
    let Some((connection, root)) = connected else { return };
    let mut next = Some(first);
    while let Some(question) = next.take() {
        let Some(idle) = ask(&connection, root) else { return };
        question.send(idle).ok(); // nobody waits any more
        next = queue.recv().ok();
    }
}

fn ask(connection: &RustConnection, root: u32) -> Option<Duration> {
    let info = connection.screensaver_query_info(root).ok()?.reply().ok()?;
    Some(Duration::from_millis(u64::from(info.ms_since_user_input)))
}
