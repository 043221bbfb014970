//! A connection that can be made to fail on demand.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;

#[derive(Debug, Default)]
struct Orders {
    killed: bool,
    stalled: bool,
    cut_next_write: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// The handle by which a fault reaches one connection.
#[derive(Debug, Default)]
pub(crate) struct Link(Mutex<Orders>);

impl Link {
    fn change(&self, change: impl FnOnce(&mut Orders)) {
        let wakers = {
            let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut orders);
            [orders.reader.take(), orders.writer.take()]
        };
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Resets the connection (RST, no goodbye).
    pub(crate) fn kill(&self) {
        self.change(|orders| orders.killed = true);
    }

    /// Stops all traffic in both directions, or lets it go on.
    pub(crate) fn stall(&self, on: bool) {
        self.change(|orders| orders.stalled = on);
    }

    /// Writes half of the next piece of data and resets the connection then.
    pub(crate) fn cut_next_write(&self) {
        self.change(|orders| orders.cut_next_write = true);
    }
}

/// What a connection is made of.
pub(crate) trait Pipe: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Makes the other side see a reset instead of an orderly end, where there is such a difference.
    fn will_reset(&self);
}

impl Pipe for TcpStream {
    fn will_reset(&self) {
        // Closing with unsent data thrown away is what makes it an RST.
        self.set_zero_linger().ok();
    }
}

impl Pipe for DuplexStream {
    fn will_reset(&self) {}
}

/// A stream under the orders of its [`Link`].
#[derive(Debug)]
pub(crate) struct FaultyStream<S> {
    stream: S,
    link: Arc<Link>,
}

enum Go {
    On,
    Half,
    Wait,
    Dead,
}

impl<S: Pipe> FaultyStream<S> {
    pub(crate) fn new(stream: S, link: Arc<Link>) -> Self {
        Self { stream, link }
    }

    fn orders(&self, cx: &Context<'_>, writing: bool) -> Go {
        let mut orders = self.link.0.lock().unwrap_or_else(PoisonError::into_inner);
        if orders.killed {
            return Go::Dead;
        }
        // Kept in every case: a fault must be able to wake a task that waits for the network.
        let waker = if writing { &mut orders.writer } else { &mut orders.reader };
        *waker = Some(cx.waker().clone());
        if orders.stalled {
            return Go::Wait;
        }
        if writing && orders.cut_next_write {
            orders.killed = true;
            return Go::Half;
        }
        Go::On
    }

    fn reset(&self) -> io::Error {
        self.stream.will_reset();
        io::Error::from(io::ErrorKind::ConnectionReset)
    }
}

impl<S: Pipe> AsyncRead for FaultyStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.orders(cx, false) {
            Go::Dead => Poll::Ready(Err(self.reset())),
            Go::Wait => Poll::Pending,
            Go::On | Go::Half => Pin::new(&mut self.stream).poll_read(cx, buf),
        }
    }
}

impl<S: Pipe> AsyncWrite for FaultyStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.orders(cx, true) {
            Go::Dead => Poll::Ready(Err(self.reset())),
            Go::Wait => Poll::Pending,
            Go::On => Pin::new(&mut self.stream).poll_write(cx, buf),
            Go::Half => {
                let half = buf.get(..buf.len() / 2).unwrap_or_default();
                // Nothing is lost if this is not ready: the connection dies either way.
                Pin::new(&mut self.stream).poll_write(cx, half).map(|_| ()).is_ready();
                Poll::Ready(Err(io::Error::from(io::ErrorKind::ConnectionReset)))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.orders(cx, true) {
            Go::Dead => Poll::Ready(Err(self.reset())),
            Go::Wait => Poll::Pending,
            Go::On | Go::Half => Pin::new(&mut self.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
