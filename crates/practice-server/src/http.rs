//! The HTTP side: connections, faults, the upgrade, and the way to the handlers.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::error::Refused;
use crate::faults::HttpFault;
use crate::hub::Wanted;
use crate::link::{FaultyStream, Link, Pipe};
use crate::rest::{self, Reply, Req};
use crate::shared::Shared;
use crate::{control, socket};

/// Bodies larger than this are refused with 413.
const MAX_BODY: usize = 300_000;
/// Addresses longer than this are refused with 414.
const MAX_URL: usize = 2048;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Accepts connections until the server stops.
pub(crate) async fn listen(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                tcp.set_nodelay(true).ok();
                let server = Arc::clone(&shared);
                shared.spawn(connection(server, tcp));
            }
            // Out of file descriptors: give others time to close theirs.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Serves one connection to its end.
pub(crate) async fn connection(shared: Arc<Shared>, stream: impl Pipe) {
    let link = Arc::new(Link::default());
    shared.lock().remember_link(&link);
    let stream = FaultyStream::new(stream, Arc::clone(&link));
    let service = service_fn(move |request| {
        let (shared, link) = (Arc::clone(&shared), Arc::clone(&link));
        async move { Ok::<_, Infallible>(answer(shared, link, request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .preserve_header_case(false)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    serving.await.ok();
}

async fn answer(shared: Arc<Shared>, link: Arc<Link>, request: Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let full = request.uri().path_and_query().map_or(0, |p| p.as_str().len());
    if full > MAX_URL {
        return plain(414, "URI Too Long");
    }
    let (subpath, secret) = {
        let inner = shared.lock();
        (inner.state.subpath.clone(), inner.state.preauth_secret.clone())
    };
    if let Some(verb) = path.strip_prefix("/practice/").filter(|_| shared.control) {
        return practice(&shared, request, verb.to_owned()).await;
    }
    // The proxy in front of the server looks for its own secret first.
    let shown = request.headers().get("x-mattermost-preauth-secret").map(HeaderValue::as_bytes);
    if secret.as_deref().is_some_and(|secret| shown != Some(secret.as_bytes())) {
        return respond(
            Reply::text(403, "text/html; charset=utf-8", "Forbidden").header("X-Reject-Reason", "pre-auth"),
        );
    }
    // Outside the subpath there is another web server.
    let inside = path.strip_prefix(subpath.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let Some(inside) = inside else { return plain(404, "404 page not found") };
    let inside = inside.trim_end_matches('/').to_owned();
    shared.lock().log_request(request.method().as_str(), &inside);
    shared.touch();
    if inside == "/api/v4/websocket" {
        return upgrade(&shared, &link, request);
    }
    let backend = inside.starts_with("/api/") || inside.starts_with("/plugins/");
    let fault = if backend { shared.lock().faults.take(&inside) } else { None };
    match fault {
        Some(HttpFault::Delay(time)) => tokio::time::sleep(time).await,
        Some(HttpFault::Truncate) => {
            let reply = handle(&shared, request, inside).await;
            return truncated(&reply);
        }
        Some(HttpFault::Garble) => {
            let mut reply = handle(&shared, request, inside).await;
            reply.body.iter_mut().skip(16).for_each(|byte| *byte = 0xA5);
            return respond(reply);
        }
        Some(HttpFault::Reset) => {
            link.kill();
            return plain(502, "");
        }
        Some(fault) => return fault_reply(&fault),
        None => {}
    }
    let reply = handle(&shared, request, inside).await;
    respond(reply)
}

async fn read(request: Request<Incoming>, path: String) -> Result<Req, Refused> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(|_too_long| {
        Refused::new(413, "api.context.request_body_too_large.app_error", "The request body is too large.")
    })?;
    Ok(Req::new(head.method, path, head.uri.query().unwrap_or_default(), head.headers, body.to_bytes()))
}

async fn handle(shared: &Shared, request: Request<Incoming>, path: String) -> Reply {
    match read(request, path).await {
        Err(refused) => Reply::refused(&refused, None),
        Ok(req) => {
            let reply = rest::answer(&mut shared.lock(), &req);
            shared.touch();
            reply
        }
    }
}

/// The second door: verbs for other processes. A web page must not get through it.
async fn practice(shared: &Arc<Shared>, request: Request<Incoming>, verb: String) -> Response<Body> {
    if request.headers().contains_key(header::ORIGIN) {
        return plain(403, "not for web pages");
    }
    respond(match read(request, verb).await {
        Err(refused) => Reply::refused(&refused, None),
        Ok(req) => control::answer(shared, &req),
    })
}

/// The handshake of a WebSocket. A bad token is accepted here; the connection just never hears a word.
fn upgrade(shared: &Arc<Shared>, link: &Arc<Link>, mut request: Request<Incoming>) -> Response<Body> {
    if let Some(fault) = shared.lock().faults.take("/api/v4/websocket") {
        if fault == HttpFault::Reset {
            link.kill();
        }
        return fault_reply(&fault);
    }
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let site = shared.lock().state.site_url.clone();
    if headers.contains_key(header::ORIGIN) && !(same_origin(text(header::ORIGIN), &site)) {
        let refused = Refused::new(403, "api.web_socket.connect.upgrade.app_error", "URL Blocked because of CORS.");
        let body = format!("Forbidden\n{}", refused.json(None));
        return plain(403, &body);
    }
    let is_upgrade = request.method() == Method::GET && text(header::UPGRADE).eq_ignore_ascii_case("websocket");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()));
    let (Some(accept), true) = (key, is_upgrade) else {
        return plain(400, "Bad Request");
    };
    let Ok(accept) = HeaderValue::from_str(&accept) else { return plain(400, "Bad Request") };
    let query = rest::parse_query(request.uri().query().unwrap_or_default());
    let find = |key: &str| query.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
    let wanted = Wanted {
        connection_id: find("connection_id").unwrap_or_default(),
        sequence_number: find("sequence_number"),
        posted_ack: find("posted_ack").as_deref() == Some("true"),
    };
    let who = {
        let inner = shared.lock();
        let token = rest::token_of(headers).map(|(token, _)| token);
        token.and_then(|token| Some((inner.state.session_user(&token)?.to_owned(), token)))
    };
    let upgraded = hyper::upgrade::on(&mut request);
    let (server, link) = (Arc::clone(shared), Arc::clone(link));
    shared.spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            socket::serve(server, upgraded, link, who, wanted).await;
        }
    });
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

fn same_origin(origin: &str, site: &str) -> bool {
    let part = |url: &str| url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/").to_lowercase();
    !origin.is_empty() && part(origin) == part(site)
}

fn boxed(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

fn empty() -> Body {
    boxed(Bytes::new())
}

fn respond(reply: Reply) -> Response<Body> {
    let mut response = Response::new(boxed(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    put_headers(response.headers_mut(), &reply.headers);
    response
}

fn put_headers(map: &mut HeaderMap, headers: &[(&'static str, String)]) {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            map.append(name, value);
        }
    }
}

fn plain(status: u16, text: &str) -> Response<Body> {
    respond(Reply::text(status, "text/plain; charset=utf-8", text))
}

/// The right headers and half of the body; then the connection breaks.
fn truncated(reply: &Reply) -> Response<Body> {
    let half = reply.body.get(..reply.body.len() / 2).unwrap_or_default().to_vec();
    let body = stream::unfold(Some(half), |half| async {
        match half {
            Some(half) if !half.is_empty() => Some((Ok(Frame::data(Bytes::from(half))), Some(Vec::new()))),
            Some(_) => {
                // Once around the scheduler, so that the first half is on its way before the end.
                tokio::task::yield_now().await;
                Some((Err(io::Error::from(io::ErrorKind::BrokenPipe)), None))
            }
            None => None,
        }
    });
    let mut response = Response::new(StreamBody::new(body).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    put_headers(response.headers_mut(), &reply.headers);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(reply.body.len()));
    response
}

fn fault_reply(fault: &HttpFault) -> Response<Body> {
    const PAGE: &str = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";
    const PORTAL: &str = "<!DOCTYPE html><html><head><title>Sign in to the network</title></head><body></body></html>";
    let html = "text/html; charset=utf-8";
    respond(match fault {
        HttpFault::BadGateway => Reply::text(502, html, PAGE),
        HttpFault::WebPage => Reply::text(200, html, PORTAL),
        HttpFault::TooMany(after) => {
            let mut reply = Reply::text(429, "text/plain; charset=utf-8", "limit exceeded\n");
            reply.headers.push(("Retry-After", after.to_string()));
            reply.headers.push(("X-RateLimit-Limit", "10".to_owned()));
            reply.headers.push(("X-RateLimit-Remaining", "0".to_owned()));
            reply.headers.push(("X-RateLimit-Reset", after.to_string()));
            reply
        }
        HttpFault::BackAt(after) => {
            let after = (*after).min(3_599);
            let mut reply = Reply::text(503, html, "<!DOCTYPE html><html><body>We will be right back</body></html>");
            reply.headers.push(("Date", "Tue, 03 Mar 2015 09:00:00 GMT".to_owned()));
            let moment = format!("Tue, 03 Mar 2015 09:{:02}:{:02} GMT", after / 60, after % 60);
            reply.headers.push(("Retry-After", moment));
            reply
        }
        HttpFault::Busy => {
            let refused = Refused::new(503, "api.context.server_busy.app_error", "Server is busy, please try again.");
            Reply::refused(&refused, None)
        }
        HttpFault::NotFound => {
            let refused = Refused::new(404, "app.channel.get.existing.app_error", "Unable to find the channel.");
            Reply::refused(&refused, None)
        }
        HttpFault::Content(kind, body) => Reply { body: body.clone(), ..Reply::text(200, kind, "") },
        HttpFault::Redirect(to) => {
            let mut reply = Reply::text(302, html, "");
            reply.headers.push(("Location", to.clone()));
            reply
        }
        _ => Reply::refused(&Refused::new(500, "", "Internal Server Error"), None),
    })
}
