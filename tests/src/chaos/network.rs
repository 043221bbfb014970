//! A network in memory, with weather: pieces of any size, late, cut off, or never.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use std::{fmt, io};

use belfry_core::prefs::ServerPrefs;
use belfry_core::reach::ReachSecrets;
use belfry_net::dial::{Dial, Dialed, Dialing, Route, Routes, Target};
use belfry_net::trouble::Trouble;
use belfry_practice_server::PracticeServer;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::Sleep;

use super::Chance;

/// What a kernel holds for one direction of a connection.
const BUFFER: usize = 64 << 10;
/// The largest piece that arrives at once.
const PIECE: usize = 2_048;
/// The longest that a piece takes, milliseconds.
const LATE_MS: u64 = 25;

/// The way to one practice server.
#[derive(Clone)]
pub(super) struct Network(Arc<Shared>);

struct Shared {
    server: PracticeServer,
    inner: Mutex<Inner>,
}

struct Inner {
    chance: Chance,
    wires: Vec<Weak<Mutex<Orders>>>,
    down: Option<Down>,
    cuts: VecDeque<usize>,
    /// The server's ends of connections that died without its knowing.
    buried: Vec<DuplexStream>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Down {
    Refuses,
    Hangs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Flows,
    Stalled,
    /// Nothing comes any more, and what is written goes nowhere.
    Dead,
    Cut,
}

#[derive(Debug, Default)]
struct Orders {
    mode: Mode,
    /// So many bytes still arrive.
    fuse: Option<usize>,
    wakers: [Option<Waker>; 2],
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Network {
    pub(super) fn to(server: PracticeServer, seed: u64) -> Self {
        let inner = Inner {
            chance: Chance::new(seed, 3),
            wires: Vec::new(),
            down: None,
            cuts: VecDeque::new(),
            buried: Vec::new(),
        };
        Self(Arc::new(Shared { server, inner: Mutex::new(inner) }))
    }

    fn order(&self, change: impl Fn(&mut Orders)) {
        let wires: Vec<_> = lock(&self.0.inner).wires.iter().filter_map(Weak::upgrade).collect();
        for wire in wires {
            let wakers = {
                let mut orders = lock(&wire);
                change(&mut orders);
                std::mem::take(&mut orders.wakers)
            };
            wakers.into_iter().flatten().for_each(Waker::wake);
        }
    }

    /// Every open connection ends after so many more bytes.
    pub(super) fn cut_after(&self, bytes: usize) {
        self.order(|orders| orders.fuse = Some(bytes));
    }

    /// The next connections end after so many bytes each.
    pub(super) fn cut_dials(&self, cuts: &[usize]) {
        lock(&self.0.inner).cuts = cuts.iter().copied().collect();
    }

    pub(super) fn stall(&self) {
        self.order(|orders| {
            if orders.mode == Mode::Flows {
                orders.mode = Mode::Stalled;
            }
        });
    }

    pub(super) fn flow(&self) {
        self.order(|orders| {
            if orders.mode == Mode::Stalled {
                orders.mode = Mode::Flows;
            }
        });
    }

    /// Open connections are dead, and neither side knows.
    pub(super) fn die(&self) {
        self.order(|orders| {
            if orders.mode != Mode::Cut {
                orders.mode = Mode::Dead;
            }
        });
    }

    /// No new connection comes about; those that are open are dead.
    pub(super) fn down(&self, hangs: bool) {
        lock(&self.0.inner).down = Some(if hangs { Down::Hangs } else { Down::Refuses });
        self.die();
    }

    /// Nobody listens, and open connections are reset.
    pub(super) fn refuse(&self) {
        lock(&self.0.inner).down = Some(Down::Refuses);
        self.order(|orders| orders.mode = Mode::Cut);
    }

    pub(super) fn up(&self) {
        lock(&self.0.inner).down = None;
    }

    /// Nothing more goes wrong by itself.
    pub(super) fn calm(&self) {
        self.up();
        lock(&self.0.inner).cuts.clear();
        self.flow();
        self.order(|orders| orders.fuse = None);
    }

    fn late(&self) -> Duration {
        Duration::from_millis(1 + lock(&self.0.inner).chance.below(LATE_MS))
    }
}

impl Routes for Network {
    fn route(&self, _server: &ServerPrefs, _secrets: &ReachSecrets) -> Route {
        Route { dial: Arc::new(self.clone()), headers: http::HeaderMap::new() }
    }
}

impl Dial for Network {
    fn dial<'a>(&'a self, _to: &'a Target, _protocols: &'a [&'a str]) -> Dialing<'a> {
        Box::pin(async move {
            tokio::time::sleep(self.late()).await;
            let (down, fuse) = {
                let mut inner = lock(&self.0.inner);
                let down = inner.down;
                (down, if down.is_none() { inner.cuts.pop_front() } else { None })
            };
            match down {
                Some(Down::Refuses) => return Err(Trouble::Refused),
                // The caller has a limit of its own.
                Some(Down::Hangs) => std::future::pending().await,
                None => {}
            }
            let (ours, theirs) = tokio::io::duplex(BUFFER);
            self.0.server.serve(theirs);
            let orders = Arc::new(Mutex::new(Orders { fuse, ..Orders::default() }));
            {
                let mut inner = lock(&self.0.inner);
                inner.wires.retain(|wire| wire.strong_count() > 0);
                inner.wires.push(Arc::downgrade(&orders));
            }
            let wire =
                Wire { stream: Some(ours), orders, network: self.clone(), piece: Vec::new(), taken: 0, gate: None };
            Ok(Dialed { stream: Box::new(wire), h2: false })
        })
    }
}

/// Belfry's end of a connection.
struct Wire {
    stream: Option<DuplexStream>,
    orders: Arc<Mutex<Orders>>,
    network: Network,
    /// What has arrived, or will once the gate opens.
    piece: Vec<u8>,
    taken: usize,
    gate: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    fn reset(&mut self) -> io::Error {
        // The server sees the end of it too.
        self.stream = None;
        io::ErrorKind::ConnectionReset.into()
    }

    fn mode(&self, cx: &Context<'_>, direction: usize) -> Mode {
        let mut orders = lock(&self.orders);
        if let Some(waker) = orders.wakers.get_mut(direction) {
            *waker = Some(cx.waker().clone());
        }
        orders.mode
    }

    /// How many of these bytes arrive before the fuse burns down.
    fn burn(&self, bytes: usize) -> usize {
        let mut orders = lock(&self.orders);
        match &mut orders.fuse {
            Some(left) if *left <= bytes => {
                let last = *left;
                orders.fuse = None;
                orders.mode = Mode::Cut;
                last
            }
            Some(left) => {
                *left -= bytes;
                bytes
            }
            None => bytes,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match this.mode(cx, 0) {
                Mode::Flows => {}
                Mode::Stalled | Mode::Dead => return Poll::Pending,
                Mode::Cut => return Poll::Ready(Err(this.reset())),
            }
            if let Some(gate) = &mut this.gate {
                ready!(gate.as_mut().poll(cx));
                this.gate = None;
            }
            let rest = this.piece.get(this.taken..).unwrap_or_default();
            if !rest.is_empty() {
                let wanted = rest.len().min(out.remaining());
                let arrives = this.burn(wanted);
                out.put_slice(rest.get(..arrives).unwrap_or_default());
                this.taken += arrives;
                if arrives > 0 || wanted == 0 {
                    return Poll::Ready(Ok(()));
                }
                continue;
            }
            let Some(stream) = &mut this.stream else { return Poll::Ready(Ok(())) };
            let mut buffer = [0; PIECE];
            let most = 1 + lock(&this.network.0.inner).chance.index(PIECE);
            let mut piece = ReadBuf::new(buffer.get_mut(..most).unwrap_or_default());
            ready!(Pin::new(stream).poll_read(cx, &mut piece))?;
            if piece.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.piece.clear();
            this.piece.extend_from_slice(piece.filled());
            this.taken = 0;
            this.gate = Some(Box::pin(tokio::time::sleep(this.network.late())));
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match (self.mode(cx, 1), &mut self.stream) {
            (Mode::Flows, Some(stream)) => Pin::new(stream).poll_write(cx, bytes),
            (Mode::Stalled, _) => Poll::Pending,
            (Mode::Dead, _) => Poll::Ready(Ok(bytes.len())),
            (Mode::Flows | Mode::Cut, _) => Poll::Ready(Err(self.reset())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match (self.mode(cx, 1), &mut self.stream) {
            (Mode::Flows, Some(stream)) => Pin::new(stream).poll_flush(cx),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match (self.mode(cx, 1), &mut self.stream) {
            (Mode::Flows, Some(stream)) => Pin::new(stream).poll_shutdown(cx),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let (Mode::Dead, Some(stream)) = (lock(&self.orders).mode, self.stream.take()) {
            lock(&self.network.0.inner).buried.push(stream);
        }
    }
}
