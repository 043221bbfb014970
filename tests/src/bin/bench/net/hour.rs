//! What goes over the wire in an hour in which nothing happens. The hour is simulated: every timer of both sides runs, on a
//! clock that jumps from one to the next, and the bytes are those of HTTP and websocket without TLS.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use belfry_core::prefs::ServerPrefs;
use belfry_core::reach::ReachSecrets;
use belfry_net::clock::{Clock, wall_ms};
use belfry_net::dial::{Dial, Dialed, Dialing, Route, Routes, Target};
use belfry_net::{Setup, spawn};
use belfry_practice_server::{Options, PracticeServer};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

const HOUR: Duration = Duration::from_hours(1);
const PIPE: usize = 64 * 1024;
static BEGAN: AtomicI64 = AtomicI64::new(0);

#[derive(Debug, Default)]
struct Traffic {
    to_server: AtomicU64,
    from_server: AtomicU64,
    /// Times that something came and was read.
    reads: AtomicU64,
}

impl Traffic {
    fn now(&self) -> [u64; 3] {
        [&self.to_server, &self.from_server, &self.reads].map(|count| count.load(Ordering::Relaxed))
    }
}

#[derive(Clone, Debug)]
struct Counted {
    practice: PracticeServer,
    traffic: Arc<Traffic>,
}

impl Dial for Counted {
    fn dial<'a>(&'a self, _: &'a Target, _: &'a [&'a str]) -> Dialing<'a> {
        Box::pin(async move {
            let (ours, theirs) = duplex(PIPE);
            self.practice.serve(theirs);
            let stream = Wire { stream: ours, traffic: Arc::clone(&self.traffic) };
            Ok(Dialed { stream: Box::new(stream), h2: false })
        })
    }
}

impl Routes for Counted {
    fn route(&self, _: &ServerPrefs, _: &ReachSecrets) -> Route {
        Route { dial: Arc::new(self.clone()), ..Route::direct() }
    }
}

struct Wire {
    stream: DuplexStream,
    traffic: Arc<Traffic>,
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let read = buf.filled().len().saturating_sub(before);
        self.traffic.from_server.fetch_add(read as u64, Ordering::Relaxed);
        self.traffic.reads.fetch_add(u64::from(read > 0), Ordering::Relaxed);
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(written)) = &polled {
            self.traffic.to_server.fetch_add(*written as u64, Ordering::Relaxed);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

pub(super) fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        BEGAN.store(wall_ms(), Ordering::Relaxed);
        let practice = PracticeServer::start_detached(Options::with_world(super::large(super::CHANNELS)))?;
        let traffic = Arc::new(Traffic::default());
        let counted = Counted { practice: practice.clone(), traffic: Arc::clone(&traffic) };
        let setup = Setup { routes: Arc::new(counted), clock: Clock::simulated(&BEGAN), ..super::setup(&practice)? };
        let mut running = spawn(&tokio::runtime::Handle::current(), setup);
        super::live(&mut running).await?;
        // What belongs to the start is over.
        tokio::time::sleep(Duration::from_secs(20)).await;
        let [to, from, _] = traffic.now();
        println!("  start with {} channels: {to} bytes to the server, {from} from it", super::CHANNELS);
        let requests = practice.requests().len();
        let before = traffic.now();
        tokio::time::sleep(HOUR).await;
        let [to, from, reads] = traffic.now();
        let [to_before, from_before, reads_before] = before;
        println!(
            "  an idle hour (simulated): {} bytes to the server, {} from it, {} arrivals, {} requests",
            to - to_before,
            from - from_before,
            reads - reads_before,
            practice.requests().len().saturating_sub(requests)
        );
        running.shutdown().await;
        Ok(())
    })
}
