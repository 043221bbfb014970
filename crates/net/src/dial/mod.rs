//! One way to reach a server: REST and websockets both ask here for a stream of bytes.
//!
//! What a person chose for a server (a proxy, a certificate of their own) is part of its [`Route`]; nothing above knows of
//! it. Tests hand in other [`Routes`] and need no network.

mod chosen;
mod desktop;
mod direct;
mod identity;
mod pin;
mod proxy;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use belfry_core::prefs::ServerPrefs;
use belfry_core::reach::{Reach, ReachSecrets};
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use url::{Host, Url};

use crate::trouble::Trouble;

use chosen::Chosen;
pub use desktop::{Proxies, ask_desktop};
pub(crate) use pin::Refused;

/// A web server in front lets only those through who know the secret (protocol §1.6).
const PRE_AUTH: HeaderName = HeaderName::from_static("x-mattermost-preauth-secret");
/// Says that a browser's page asks.
const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");
/// What a server wants to see beside a session's cookie (protocol §2.6).
const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");

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

    /// Whether it is this very computer, by its address or by its usual name.
    fn is_this_computer(&self) -> bool {
        match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.is_loopback(),
        }
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
        let reach = Reach { proxy: Reach::NONE.to_owned(), ..Reach::default() };
        Self { dial: Arc::new(Chosen::new("", &reach, &ReachSecrets::default())), headers: HeaderMap::new() }
    }

    /// As a person chose for the server at `url`. What is wrong about the choice is said by the first connection.
    pub fn chosen(url: &str, reach: &Reach, secrets: &ReachSecrets) -> Self {
        Self::with_refused(url, reach, secrets).0
    }

    /// The same, and where a certificate is left that was refused on the way.
    pub(crate) fn with_refused(url: &str, reach: &Reach, secrets: &ReachSecrets) -> (Self, Refused) {
        let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let mut headers = HeaderMap::new();
        if let Some(value) = basic(reach, secrets) {
            headers.insert(AUTHORIZATION, value);
            // Only then does a sign-in give what is needed beside the cookie (protocol §2.1).
            headers.insert(REQUESTED_WITH, HeaderValue::from_static("XMLHttpRequest"));
            if let Some(csrf) = sensitive(secrets.csrf.expose()).filter(|_| !secrets.csrf.is_empty()) {
                headers.insert(CSRF, csrf);
            }
        }
        if let Some(secret) = sensitive(secrets.pre_auth.expose().trim()).filter(|_| reach.pre_auth) {
            headers.insert(PRE_AUTH, secret);
        }
        let dial = Chosen::new(&host, reach, secrets);
        let refused = dial.refused();
        (Self { dial: Arc::new(dial), headers }, refused)
    }

    /// Whether the session's token has to travel as a cookie.
    pub(crate) fn takes_cookies(&self) -> bool {
        self.headers.contains_key(AUTHORIZATION)
    }

    /// Adds a session's token (`Bearer …`) to a request's headers. Where a login in front takes `Authorization`, a cookie is
    /// the one place left (protocol §1.6).
    pub(crate) fn sign(&self, headers: &mut HeaderMap, token: &HeaderValue) {
        let bare = token.to_str().ok().and_then(|token| token.strip_prefix("Bearer "));
        let cookie = bare.and_then(|token| sensitive(&format!("MMAUTHTOKEN={token}")));
        match cookie.filter(|_| self.takes_cookies()) {
            Some(cookie) => headers.insert(COOKIE, cookie),
            None => headers.insert(AUTHORIZATION, token.clone()),
        };
    }
}

fn basic(reach: &Reach, secrets: &ReachSecrets) -> Option<HeaderValue> {
    let user = reach.front_user.trim();
    if user.is_empty() { None } else { proxy::basic(user, &secrets.front).ok() }
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
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
    fn route(&self, server: &ServerPrefs, secrets: &ReachSecrets) -> Route;
}

/// The real network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Network;

impl Routes for Network {
    fn route(&self, server: &ServerPrefs, secrets: &ReachSecrets) -> Route {
        Route::chosen(&server.url, &server.reach, secrets)
    }
}
