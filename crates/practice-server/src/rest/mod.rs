//! The REST API, version 4, as far as clients like ours use it.

mod auth;
mod bootstrap;
mod media;
mod plugins;
mod posts;
mod settings;
mod sso;
mod threads;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::Refused;
use crate::shared::Inner;
use crate::wire::go_json;

/// A request, read completely. The path begins after the server's base.
#[derive(Debug)]
pub(crate) struct Req {
    pub(crate) method: Method,
    pub(crate) path: String,
    query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Req {
    pub(crate) fn new(method: Method, path: String, query: &str, headers: HeaderMap, body: Bytes) -> Self {
        Self { method, path, query: parse_query(query), headers, body }
    }

    pub(crate) fn query(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    pub(crate) fn query_number(&self, key: &str) -> Option<i64> {
        self.query(key)?.parse().ok()
    }

    pub(crate) fn json(&self) -> Result<Value, Refused> {
        serde_json::from_slice(&self.body).map_err(|_broken| Refused::body("body"))
    }

    pub(crate) fn object(&self) -> Result<Map<String, Value>, Refused> {
        match self.json()? {
            Value::Object(map) => Ok(map),
            _ => Err(Refused::body("body")),
        }
    }

    /// An array of strings; an empty one is refused, as the real server does (`protocol.md` §12.16).
    pub(crate) fn ids(&self, name: &str) -> Result<Vec<String>, Refused> {
        let list: Vec<String> = serde_json::from_slice(&self.body).map_err(|_broken| Refused::body(name))?;
        if list.is_empty() { Err(Refused::body(name)) } else { Ok(list) }
    }

    pub(crate) fn header(&self, name: &header::HeaderName) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(status: u16, kind: &str, body: &str) -> Self {
        Self { status, headers: vec![("Content-Type", kind.to_owned())], body: body.as_bytes().to_vec() }
    }

    pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::text(200, "application/json", &go_json(value))
    }

    pub(crate) fn raw_json(text: &str) -> Self {
        Self::text(200, "application/json", text)
    }

    pub(crate) fn okay() -> Self {
        Self::json(&json!({ "status": "OK" }))
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn refused(refused: &Refused, request_id: Option<&str>) -> Self {
        if refused.status == 429 {
            return Self::text(429, "text/plain; charset=utf-8", "limit exceeded\n").header("Retry-After", "1");
        }
        let request_id = request_id.filter(|_| refused.detail.is_empty());
        Self::json(&refused.json(request_id)).with_status(refused.status)
    }
}

/// The result of every handler.
pub(crate) type Answer = Result<Reply, Refused>;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Me {
    pub(crate) id: String,
    pub(crate) token: String,
}

/// Splits and decodes a query.
pub(crate) fn parse_query(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// Decodes `%20` and `+`.
fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (byte, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'+', _) => out.push(b' '),
            (b'%', Some(value)) => {
                out.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The token of a request and whether it came in a cookie, which wins over the header (`protocol.md` §2.6).
pub(crate) fn token_of(headers: &HeaderMap) -> Option<(String, bool)> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
    for cookie in cookies {
        if let Some(token) = cookie.trim().strip_prefix("MMAUTHTOKEN=") {
            return Some((token.to_owned(), true));
        }
    }
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token"))
        .then(|| (token.trim().to_owned(), false))
}

/// Who sent a request; a cookie needs the CSRF header for anything but reading.
pub(crate) fn who(inner: &Inner, req: &Req) -> Result<Me, Refused> {
    let (token, cookie) = token_of(&req.headers).ok_or_else(Refused::session)?;
    let id = inner.state.session_user(&token).ok_or_else(Refused::session)?.to_owned();
    if cookie && req.method != Method::GET {
        let csrf = req.headers.get("x-csrf-token").and_then(|v| v.to_str().ok());
        if csrf != inner.state.sessions.get(&token).map(|s| s.csrf.as_str()) {
            return Err(Refused::session());
        }
    }
    Ok(Me { id, token })
}

/// Answers a request to the API, a plugin or the web application.
pub(crate) fn answer(inner: &mut Inner, req: &Req) -> Reply {
    let request_id = inner.state.ids.id();
    let late = inner.state.end_timed_dnd();
    inner.emit(&late);
    let api = req.path.strip_prefix("/api/v4");
    let result = match api {
        Some(rest) => {
            let segments: Vec<&str> = rest.split('/').filter(|s| !s.is_empty()).collect();
            dispatch(inner, req, &segments)
        }
        None if req.path.starts_with("/plugins/com.mattermost.calls") => return plugins::answer(inner, req),
        None if req.path.starts_with("/plugins/") => {
            return Reply::text(404, "text/plain; charset=utf-8", "404 page not found\n");
        }
        None if req.path.starts_with("/api/") => Err(Refused::no_endpoint(&req.path)),
        None => return sso::answer(inner, req).unwrap_or_else(|| web_application(inner)),
    };
    let mut reply = result.unwrap_or_else(|refused| Reply::refused(&refused, Some(&request_id)));
    if reply.status == 401 {
        reply.headers.push(("Set-Cookie", "MMAUTHTOKEN=; Path=/; Max-Age=0; HttpOnly".to_owned()));
    }
    reply.headers.push(("X-Version-Id", inner.state.version_id()));
    // The server's own clock, which tests may have by hand.
    reply.headers.push(("Date", http_date(inner.state.now())));
    reply.headers.push(("X-Request-Id", request_id));
    reply
}

/// Every other address shows the web application.
fn web_application(inner: &Inner) -> Reply {
    let page = "<!DOCTYPE html><html lang=\"en\"><head><title>Practice</title></head><body><div id=\"root\"></div></body></html>";
    Reply::text(200, "text/html; charset=utf-8", page).header("X-Version-Id", inner.state.version_id())
}

fn dispatch(inner: &mut Inner, req: &Req, segments: &[&str]) -> Answer {
    if let Some(result) = auth::public(inner, req, segments) {
        return result;
    }
    let known = [bootstrap::answer, settings::answer, posts::answer, threads::answer, media::answer];
    let me = who(inner, req)?;
    let user = inner.state.user(&me.id)?;
    if inner.state.enforces_mfa && user.mfa_code.is_none() && segments != ["users", "me"] {
        return Err(Refused::new(
            403,
            "api.context.mfa_required.app_error",
            "Multi-factor authentication is required on this server.",
        ));
    }
    for handler in known {
        if let Some(result) = handler(inner, req, &me, segments) {
            return result;
        }
    }
    Err(Refused::no_endpoint(&req.path))
}

/// `me`, or one's own id; anybody else's is forbidden.
pub(crate) fn own(me: &Me, id: &str) -> Result<(), Refused> {
    if id == "me" || id == me.id {
        Ok(())
    } else if crate::ids::is_id(id) {
        Err(Refused::permission())
    } else {
        Err(Refused::url("user_id"))
    }
}

/// The cookies that real answers set in passing; a client that keeps them breaks its own writes.
pub(crate) fn cookies(reply: Reply, inner: &Inner, token: &str) -> Reply {
    let Some(session) = inner.state.sessions.get(token) else { return reply };
    reply
        .header("Set-Cookie", format!("MMAUTHTOKEN={token}; Path=/; HttpOnly"))
        .header("Set-Cookie", format!("MMUSERID={}; Path=/", session.user_id))
        .header("Set-Cookie", format!("MMCSRF={}; Path=/", session.csrf))
}

/// A moment as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(at_ms: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = at_ms.div_euclid(1000).max(0);
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let name =
        |names: &[&'static str], at: i64| usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or("");
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let (mut year, mut left) = (1970, days);
    while left >= 365 + i64::from(leap(year)) {
        left -= 365 + i64::from(leap(year));
        year += 1;
    }
    let mut month = 0;
    for length in [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    let (day_name, month_name) = (name(&DAYS, days % 7), name(&MONTHS, month));
    format!("{day_name}, {:02} {month_name} {year} {hour:02}:{minute:02}:{second:02} GMT", left + 1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn moments_are_written_as_http_does() {
        assert_eq!(super::http_date(784_111_777_999), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(super::http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(super::http_date(1_709_164_799_000), "Wed, 28 Feb 2024 23:59:59 GMT");
    }
}
