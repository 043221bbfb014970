//! One way to reach a server: REST and websockets both ask here for a stream of bytes.
//!
//! What a person chose for a server (a proxy, a certificate of their own) is part of its [`Route`]; nothing above knows of
//! it. Tests hand in other [`Routes`] and need no network.

mod direct;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use belfry_core::prefs::ServerPrefs;
use http::{HeaderMap, HeaderName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use url::{Host, Url};

use crate::trouble::Trouble;

pub use direct::Direct;

/// A stream of bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Whom to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether the stream is encrypted.
    pub secure: bool,
    /// A name or an address.
    pub host: Host<String>,
    /// TCP port.
    pub port: u16,
}

impl Target {
    /// Whom an http or https address means.
    ///
    /// # Errors
    /// [`Trouble::Other`] for an address of another kind.
    pub fn of(url: &Url) -> Result<Self, Trouble> {
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Trouble::Other),
        };
        let host = url.host().ok_or(Trouble::Other)?.to_owned();
        let port = url.port_or_known_default().ok_or(Trouble::Other)?;
        Ok(Self { secure, host, port })
    }
}

/// An open connection.
pub struct Dialed {
    /// What is read and written; decrypted.
    pub stream: Box<dyn Stream>,
    /// Whether both sides agreed on HTTP/2.
    pub h2: bool,
}

impl fmt::Debug for Dialed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialed").field("h2", &self.h2).finish_non_exhaustive()
    }
}

impl AsyncRead for Dialed {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Dialed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A connection on its way.
pub type Dialing<'a> = Pin<Box<dyn Future<Output = Result<Dialed, Trouble>> + Send + 'a>>;

/// Opens connections.
pub trait Dial: fmt::Debug + Send + Sync {
    /// Opens one, and offers these protocols in the handshake where it is encrypted (`h2`, `http/1.1`). The caller limits
    /// how long all of it may take.
    fn dial<'a>(&'a self, to: &'a Target, protocols: &'a [&'a str]) -> Dialing<'a>;
}

/// How one server is reached.
#[derive(Clone)]
pub struct Route {
    /// What opens its connections.
    pub dial: Arc<dyn Dial>,
    /// What every request to it carries besides our own headers, which win.
    pub headers: HeaderMap,
}

impl Route {
    /// Straight there, with nothing added.
    pub fn direct() -> Self {
        Self { dial: Arc::new(Direct), headers: HeaderMap::new() }
    }
}

// The values may be secrets.
impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Route").field("dial", &self.dial).field("headers", &headers).finish()
    }
}

/// Knows how each server is reached.
pub trait Routes: fmt::Debug + Send + Sync {
    /// The way to a server, as its preferences have it.
    fn route(&self, server: &ServerPrefs) -> Route;
}

/// The real network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Network;

impl Routes for Network {
    fn route(&self, _server: &ServerPrefs) -> Route {
        Route::direct()
    }
}
