//! Carries one request to a server and the answer back: connections kept for a while, redirects, decompression, and never
//! more than a given number of bytes.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use flate2::write::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, LOCATION};
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::legacy::{self, Client as Pool};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tower_service::Service;
use url::Url;

use super::{HttpError, Redirects};
use crate::dial::{Dial, Dialed, Target};
use crate::trouble::Trouble;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Below the server's 60 s, so that we never write into a connection it is just closing (protocol §7.3).
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// Redirects that are followed in a row.
const MOST_REDIRECTS: usize = 5;

/// An answer as it came.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Decompressed.
    pub(super) body: Vec<u8>,
    /// Which address answered in the end.
    pub(super) url: Url,
}

/// Connections to one server.
#[derive(Debug)]
pub(super) struct Client {
    pool: Pool<Connector, Full<Bytes>>,
    dial: Arc<dyn Dial>,
    redirects: Redirects,
}

impl Client {
    pub(super) fn new(dial: Arc<dyn Dial>, redirects: Redirects) -> Self {
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(1)
            .build(Connector(Arc::clone(&dial)));
        Self { pool, dial, redirects }
    }

    /// The same without any connection yet.
    pub(super) fn anew(&self) -> Self {
        Self::new(Arc::clone(&self.dial), self.redirects)
    }

    /// One request, with redirects where they are followed. The caller limits how long it may take.
    pub(super) async fn send(
        &self,
        method: &Method,
        mut url: Url,
        headers: &HeaderMap,
        body: Option<&[u8]>,
        cap: usize,
    ) -> Result<Answer, HttpError> {
        let body = body.map(Bytes::copy_from_slice).unwrap_or_default();
        let mut followed = 0;
        loop {
            let mut request = Request::new(Full::new(body.clone()));
            *request.method_mut() = method.clone();
            *request.uri_mut() = Uri::try_from(url.as_str()).map_err(|_unusable| HttpError::BadAddress)?;
            *request.headers_mut() = headers.clone();
            let response = self.pool.request(request).await.map_err(|error| failure(&error))?;
            if followed < MOST_REDIRECTS
                && let Some(next) = self.next(method, &url, &response)
            {
                followed += 1;
                url = next;
                continue;
            }
            let (head, incoming) = response.into_parts();
            let body = read(&head.headers, incoming, cap).await?;
            return Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, url });
        }
    }

    /// Where to ask instead, if that is followed: the same origin, or the same host's usual https instead of its usual
    /// http. Anything else is somebody else, who must not see what is meant for this one.
    fn next(&self, method: &Method, url: &Url, response: &Response<Incoming>) -> Option<Url> {
        let follows = self.redirects == Redirects::SameHost && *method == Method::GET;
        if !follows || !response.status().is_redirection() {
            return None;
        }
        let next = url.join(response.headers().get(LOCATION)?.to_str().ok()?).ok()?;
        let usual = |url: &Url, scheme| url.scheme() == scheme && url.port().is_none();
        let upgraded = usual(url, "http") && usual(&next, "https") && next.host_str() == url.host_str();
        let same = next.origin() == url.origin() || upgraded;
        (same && next.username().is_empty() && next.password().is_none()).then_some(next)
    }
}

async fn read(headers: &HeaderMap, mut body: Incoming, cap: usize) -> Result<Vec<u8>, HttpError> {
    let mut read = match headers.get(CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
        Some(coding) if coding.eq_ignore_ascii_case(b"gzip") => {
            Reading::Packed { decoder: Box::new(MultiGzDecoder::new(Capped::new(cap))), begun: false }
        }
        None | Some(b"" | b"identity") => Reading::Plain(Capped::new(cap)),
        // It was not asked for.
        Some(_) => return Err(HttpError::Malformed),
    };
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| trouble(&error))?;
        if let Ok(data) = frame.into_data() {
            read.take(&data)?;
        }
    }
    read.finish()
}

/// A body on its way, never longer than its cap.
enum Reading {
    Plain(Capped),
    Packed { decoder: Box<MultiGzDecoder<Capped>>, begun: bool },
}

impl Reading {
    fn take(&mut self, data: &[u8]) -> Result<(), HttpError> {
        match self {
            Self::Plain(sink) => sink.write_all(data).map_err(|_full| HttpError::TooLarge),
            Self::Packed { decoder, begun } => {
                *begun |= !data.is_empty();
                decoder.write_all(data).map_err(|_unreadable| wrong(decoder.get_ref()))
            }
        }
    }

    fn finish(self) -> Result<Vec<u8>, HttpError> {
        match self {
            Self::Plain(sink) => Ok(sink.bytes),
            // An empty body of whatever coding is empty.
            Self::Packed { begun: false, .. } => Ok(Vec::new()),
            Self::Packed { mut decoder, begun: true } => {
                decoder.try_finish().map_err(|_unreadable| wrong(decoder.get_ref()))?;
                Ok(std::mem::take(&mut decoder.get_mut().bytes))
            }
        }
    }
}

fn wrong(sink: &Capped) -> HttpError {
    if sink.overflowed { HttpError::TooLarge } else { HttpError::Malformed }
}

/// Bytes up to a number, so that little that was sent cannot become much.
struct Capped {
    bytes: Vec<u8>,
    cap: usize,
    overflowed: bool,
}

impl Capped {
    fn new(cap: usize) -> Self {
        Self { bytes: Vec::new(), cap, overflowed: false }
    }
}

impl Write for Capped {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(data.len()) > self.cap {
            self.overflowed = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failure(error: &legacy::Error) -> HttpError {
    // The error itself is dropped: its text may hold the address with its query.
    if error.is_connect() { HttpError::Unreachable(Trouble::of(error)) } else { trouble(error) }
}

/// What went wrong once there was a connection: it ended early, unless it says something better.
fn trouble(error: &(dyn std::error::Error + 'static)) -> HttpError {
    let mut next = Some(error);
    while let Some(error) = next {
        match error.downcast_ref::<hyper::Error>() {
            Some(error) if error.is_parse() => return HttpError::Malformed,
            Some(_) | None => next = error.source(),
        }
    }
    HttpError::Unreachable(match Trouble::of(error) {
        Trouble::Other => Trouble::Lost,
        trouble => trouble,
    })
}

/// Our way of connecting, as the pool wants it.
#[derive(Clone, Debug)]
struct Connector(Arc<dyn Dial>);

impl Service<Uri> for Connector {
    type Response = TokioIo<Dialed>;
    type Error = Trouble;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Trouble>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Trouble>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dial = Arc::clone(&self.0);
        Box::pin(async move {
            let url = Url::parse(&uri.to_string()).map_err(|_unusable| Trouble::Other)?;
            let to = Target::of(&url)?;
            match tokio::time::timeout(CONNECT_TIMEOUT, dial.dial(&to, &["h2", "http/1.1"])).await {
                Ok(dialed) => Ok(TokioIo::new(dialed?)),
                Err(_elapsed) => Err(Trouble::TimedOut),
            }
        })
    }
}

impl Connection for Dialed {
    fn connected(&self) -> Connected {
        if self.h2 { Connected::new().negotiated_h2() } else { Connected::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dial::Route;
    use crate::http::{Rest, Size};
    use crate::testing::{Answer, WebServer};

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn get(body: Vec<u8>) -> Result<Vec<u8>, HttpError> {
        let answer = move |_: &str| Answer::bytes(200, body.clone()).with_header("Content-Encoding", "gzip");
        let server = WebServer::start(answer).await;
        let rest = Rest::open(server.url(), None, &Route::direct()).unwrap();
        let reply = rest.get("/api/v4/x", Size::Ordinary).await;
        assert!(server.requests()[0].contains("accept-encoding: gzip\r\n"));
        reply.map(|reply| reply.body)
    }

    #[tokio::test]
    async fn a_compressed_answer_is_unpacked_and_a_bomb_is_cut_at_the_same_limit_as_any_answer() {
        assert_eq!(get(packed(b"{}")).await.unwrap(), b"{}");
        assert_eq!(get(Vec::new()).await.unwrap(), b"");
        let bomb = packed(&vec![0; (4 << 20) + 1]);
        assert!(bomb.len() < 10_000);
        assert!(matches!(get(bomb).await, Err(HttpError::TooLarge)));
        let whole = packed(&vec![7; 4 << 20]);
        assert_eq!(get(whole.clone()).await.unwrap().len(), 4 << 20);
        assert!(matches!(get(whole[..whole.len() / 2].to_vec()).await, Err(HttpError::Malformed)));
        assert!(matches!(get(b"not packed at all".to_vec()).await, Err(HttpError::Malformed)));
    }

    #[tokio::test]
    async fn redirects_are_followed_only_where_that_was_asked_for_and_not_for_ever() {
        let server = WebServer::start(|_| Answer::redirect("/again")).await;
        let rest = Rest::open(server.url(), None, &Route::direct()).unwrap();
        let reply = rest.get("/api/v4/x", Size::Ordinary).await.unwrap();
        assert_eq!((reply.status, reply.location.as_deref(), server.requests().len()), (302, Some("/again"), 1));
        let rest = Rest::open_with(server.url(), None, &Route::direct(), Redirects::SameHost).unwrap();
        let reply = rest.get("/api/v4/x", Size::Ordinary).await.unwrap();
        assert_eq!((reply.status, reply.url.path(), server.requests().len()), (302, "/again", 1 + 1 + MOST_REDIRECTS));
    }
}
