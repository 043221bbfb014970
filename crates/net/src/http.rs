//! The REST calls, behind one struct.
//!
//! No cookies ever (a cookie beats the bearer token, protocol §2.6), no redirects, four requests at a time, bodies capped,
//! `Retry-After` honoured. What the calls mean is written in `session::load`, `discover` and `sign_in`; here is how.

mod client;
mod error;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use belfry_core::event::User;
use belfry_core::ids::{CallId, ChannelId, PostId, TeamId};
use belfry_core::query::{FoundPerson, Subject};
use belfry_core::secret::Secret;
use http::Method;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER, SET_COOKIE,
    USER_AGENT, WWW_AUTHENTICATE,
};
use serde::Deserialize;
use tokio::sync::Semaphore;
use url::Url;

use crate::dial::Route;
use crate::lenient;
use crate::shapes::{self, UserShape};
use crate::trouble::Trouble;

use client::Client;
pub use error::HttpError;
use error::SESSION_EXPIRED;

const ORDINARY_TIMEOUT: Duration = Duration::from_secs(30);
const BULK_TIMEOUT: Duration = Duration::from_mins(2);
const IMAGE_TIMEOUT: Duration = Duration::from_secs(20);
const ORDINARY_CAP: usize = 4 << 20;
const BULK_CAP: usize = 64 << 20;
/// Largest picture that is read, in bytes.
pub const IMAGE_CAP: usize = 8 << 20;
const AT_A_TIME: usize = 4;
/// Tokens have 26 letters; those of others in front of a server may have more.
const LONGEST_TOKEN: usize = 4096;
/// Tries of a request that changes nothing, the first included.
const TRIES: u32 = 5;

/// `Belfry/<version> (<os>)`; servers class sessions by it (protocol §1.5).
pub fn user_agent() -> String {
    format!("Belfry/{} ({})", env!("CARGO_PKG_VERSION"), std::env::consts::OS)
}

/// How large and slow an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 4 MiB in 30 seconds.
    Ordinary,
    /// 64 MiB in 120 seconds: the lists of channels and memberships.
    Bulk,
    /// 8 MiB in 20 seconds.
    Image,
}

impl Size {
    fn limits(self) -> (usize, Duration) {
        match self {
            Self::Ordinary => (ORDINARY_CAP, ORDINARY_TIMEOUT),
            Self::Bulk => (BULK_CAP, BULK_TIMEOUT),
            Self::Image => (IMAGE_CAP, IMAGE_TIMEOUT),
        }
    }
}

/// An answer of any status.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, decompressed.
    pub body: Vec<u8>,
    /// `Token`, after a sign-in.
    pub token: Option<Secret>,
    /// The server's clock, Unix milliseconds, to the second (`Date`).
    pub server_time_ms: Option<i64>,
    /// `X-Version-Id`, which moves when configuration or version change (protocol §1.5).
    pub version_id: Option<String>,
    /// The address that answered, where redirects were followed.
    pub url: Url,
    /// `Location` of a redirect that was not followed.
    pub location: Option<String>,
    /// Whether a proxy asks for its own credentials, or a client certificate is missing.
    pub proxy_login: bool,
    /// Whether it asks for them in the one way that we have: HTTP basic authentication.
    pub front_login: bool,
    /// What a server wants to see beside the session's cookie (`MMCSRF`, protocol §2.6), after a sign-in.
    pub csrf: Option<Secret>,
    /// Whether a proxy asks for a pre-authentication secret (protocol §1.6).
    pub pre_auth: bool,
    retry_after: Option<Duration>,
}

impl Reply {
    /// Whether the status says yes.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The server's error id; empty where there is none.
    pub fn error_id(&self) -> String {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct ErrorBody {
            #[serde(deserialize_with = "lenient::text")]
            id: String,
        }
        let body = self.body.get(..self.body.len().min(64 << 10)).unwrap_or_default();
        let id = shapes::object::<ErrorBody>(body).map(|error| error.id).unwrap_or_default();
        // It is shown and logged: only what looks like an id of the server may be.
        let is_id = id.len() <= 120 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-<>".contains(&byte));
        if is_id { id } else { String::new() }
    }

    /// How long the server asked us to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What nginx says where a certificate of ours is missing or wrong (protocol §1.6).
    pub(crate) fn lacks_certificate(&self) -> bool {
        let head = String::from_utf8_lossy(self.body.get(..self.body.len().min(2_048)).unwrap_or_default());
        self.status == 400 && head.contains("SSL certificate")
    }

    fn looks_like_json(&self) -> bool {
        matches!(self.body.trim_ascii_start().first(), Some(b'{' | b'['))
    }

    /// Whether this is a page for people: none of the calls after sign-in is answered with one.
    pub(crate) fn is_web_page(&self) -> bool {
        self.body.trim_ascii_start().first() == Some(&b'<')
    }

    fn refusal(&self, path: &str) -> HttpError {
        if (300..400).contains(&self.status) {
            return HttpError::Redirected;
        }
        match self.status {
            401 if self.front_login => return HttpError::Unreachable(Trouble::FrontLogin),
            403 if self.pre_auth => return HttpError::Unreachable(Trouble::PreAuth),
            400 if self.lacks_certificate() => return HttpError::Unreachable(Trouble::ClientCertificateWanted),
            _ => {}
        }
        let id = self.error_id();
        // A 401 of a plugin or of a proxy says nothing about the session (protocol §2.5).
        let on_api = path.starts_with("/api/v4/") && !path.starts_with("/api/v4/users/login");
        let about_me = path == "/api/v4/users/me" && self.looks_like_json() && !self.proxy_login;
        let session_expired = self.status == 401 && on_api && (id == SESSION_EXPIRED || about_me);
        HttpError::Refused { status: self.status, id, retry_after: self.retry_after, session_expired }
    }
}

/// One server's REST interface, with or without a session.
#[derive(Debug)]
pub struct Rest {
    client: Client,
    base: Url,
    /// Sent with every request.
    headers: HeaderMap,
    permits: Semaphore,
    no_mark_read: AtomicBool,
}

/// Whether redirects are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redirects {
    /// Never: everything after sign-in.
    Never,
    /// Within the same host: probing an address.
    SameHost,
}

/// Reads an address of a server: http or https, no credentials in it.
pub fn parse_base(url: &str) -> Result<Url, HttpError> {
    let mut base = Url::parse(url.trim_end_matches('/')).map_err(|error| {
        tracing::debug!(%error, "not an address");
        HttpError::BadAddress
    })?;
    let plain = base.username().is_empty() && base.password().is_none();
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() || !plain {
        return Err(HttpError::BadAddress);
    }
    base.set_query(None);
    base.set_fragment(None);
    Ok(base)
}

impl Rest {
    /// A client for the server at `base`, signed in where a token is given. Connects with the first call.
    pub fn open(base: &str, token: Option<&Secret>, route: &Route) -> Result<Self, HttpError> {
        Self::open_with(base, token, route, Redirects::Never)
    }

    pub(crate) fn open_with(
        base: &str,
        token: Option<&Secret>,
        route: &Route,
        redirects: Redirects,
    ) -> Result<Self, HttpError> {
        let base = parse_base(base)?;
        let mut headers = route.headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if let Ok(agent) = HeaderValue::try_from(user_agent()) {
            headers.insert(USER_AGENT, agent);
        }
        if let Some(token) = token {
            route.sign(&mut headers, &bearer(token)?);
        }
        let client = Client::new(Arc::clone(&route.dial), redirects);
        Ok(Self { client, base, headers, permits: Semaphore::new(AT_A_TIME), no_mark_read: AtomicBool::new(false) })
    }

    /// The same on new connections: those that are kept may be dead after a sleep or on another network, where nothing but
    /// the time-out of a request would tell.
    pub(crate) fn anew(&self) -> Self {
        Self {
            client: self.client.anew(),
            base: self.base.clone(),
            headers: self.headers.clone(),
            permits: Semaphore::new(AT_A_TIME),
            no_mark_read: AtomicBool::new(self.no_mark_read.load(Ordering::Relaxed)),
        }
    }

    /// The server's address.
    pub fn base(&self) -> &Url {
        &self.base
    }

    fn url(&self, path: &str) -> Result<Url, HttpError> {
        let base = self.base.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}")).map_err(|error| {
            tracing::debug!(%error, "not an address");
            HttpError::BadAddress
        })
    }

    /// One try. `path` begins with `/api/v4/` or `/plugins/`.
    async fn once(&self, method: Method, path: &str, body: Option<&[u8]>, size: Size) -> Result<Reply, HttpError> {
        let (cap, timeout) = size.limits();
        let url = self.url(path)?;
        let mut headers = self.headers.clone();
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let _permit = self.permits.acquire().await;
        let sent = self.client.send(&method, url, &headers, body, cap);
        let answer =
            tokio::time::timeout(timeout, sent).await.unwrap_or(Err(HttpError::Unreachable(Trouble::TimedOut)))?;
        let headers = &answer.headers;
        let all = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Reply {
            status: answer.status,
            token: text("token").filter(|token| (1..=LONGEST_TOKEN).contains(&token.len())).map(Secret::new),
            server_time_ms: server_time(headers),
            // An answer from a cache tells the version of another day (protocol §1.5).
            version_id: text("x-version-id").filter(|_| !headers.contains_key(CACHE_CONTROL)),
            location: text("location"),
            proxy_login: headers.contains_key(WWW_AUTHENTICATE),
            front_login: all(WWW_AUTHENTICATE).any(|way| way.trim_start().to_ascii_lowercase().starts_with("basic")),
            csrf: all(SET_COOKIE).find_map(|cookie| {
                let value = cookie.strip_prefix("MMCSRF=")?.split(';').next()?.trim();
                (1..=LONGEST_TOKEN).contains(&value.len()).then(|| Secret::new(value))
            }),
            pre_auth: text("x-reject-reason").is_some_and(|reason| reason.to_ascii_lowercase().contains("pre-auth")),
            retry_after: retry_after(headers),
            body: answer.body,
            url: answer.url,
        })
    }

    /// Asks, without changing anything, and tries again where that may help. Any status but 429 and 502–504 is an answer.
    pub async fn get(&self, path: &str, size: Size) -> Result<Reply, HttpError> {
        self.patient(Method::GET, path, None, size).await
    }

    /// As [`Rest::get`], for questions that are asked by POST (`users/ids`).
    pub async fn ask(&self, path: &str, body: &[u8]) -> Result<Reply, HttpError> {
        self.patient(Method::POST, path, Some(body), Size::Ordinary).await
    }

    async fn patient(&self, method: Method, path: &str, body: Option<&[u8]>, size: Size) -> Result<Reply, HttpError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let outcome = self.once(method.clone(), path, body, size).await;
            let wait = match &outcome {
                Ok(reply) if reply.status == 429 => {
                    Some(reply.retry_after.unwrap_or(Duration::ZERO).max(Duration::from_secs(1)))
                }
                // A pooled connection that the server has just closed.
                Err(HttpError::Unreachable(Trouble::Lost)) if tries == 1 => Some(Duration::ZERO),
                Ok(_) | Err(_) => None,
            };
            match wait {
                // A server that wants more than this is better asked by the session's own back-off.
                Some(wait) if tries < TRIES && wait <= ORDINARY_TIMEOUT => tokio::time::sleep(wait).await,
                Some(_) | None => return outcome,
            }
        }
    }

    /// Changes something; never tried again by itself.
    pub async fn write(&self, method: Method, path: &str, body: &[u8]) -> Result<Reply, HttpError> {
        let reply = self.once(method, path, Some(body), Size::Ordinary).await?;
        if reply.status == 200 && reply.is_web_page() {
            // Nothing was changed by whoever made this page.
            return Err(HttpError::Unreachable(Trouble::WebPage));
        }
        if reply.is_ok() { Ok(reply) } else { Err(reply.refusal(path_only(path))) }
    }

    /// As [`Rest::write`] by POST, where a refusal is an answer too: what a sign-in was told.
    pub(crate) async fn submit(&self, path: &str, body: &[u8]) -> Result<Reply, HttpError> {
        self.once(Method::POST, path, Some(body), Size::Ordinary).await
    }

    /// Asks, and takes any refusal as an error.
    pub async fn read(&self, path: &str, size: Size) -> Result<Reply, HttpError> {
        let reply = self.get(path, size).await?;
        if reply.status == 200 && reply.is_web_page() {
            return Err(HttpError::Unreachable(Trouble::WebPage));
        }
        if reply.status == 200 { Ok(reply) } else { Err(reply.refusal(path_only(path))) }
    }

    /// The error that a reply of another status than 200 stands for.
    pub(crate) fn refusal(path: &str, reply: &Reply) -> HttpError {
        reply.refusal(path_only(path))
    }

    /// Whether the session is alive: the signed-in person.
    pub async fn me(&self) -> Result<User, HttpError> {
        let reply = self.read("/api/v4/users/me", Size::Ordinary).await?;
        shapes::object::<UserShape>(&reply.body).and_then(UserShape::into_user).ok_or(HttpError::Malformed)
    }

    /// Lets the session last longer where the server does that for people who are there. Marks nothing (protocol §2.5), but
    /// counts as presence (§12.2).
    pub async fn extend_session(&self) -> Result<(), HttpError> {
        let body = r#"{"channel_id":"","collapsed_threads_supported":true}"#;
        self.write(Method::POST, "/api/v4/channels/members/me/view", body.as_bytes()).await.map(drop)
    }

    /// Marks a channel read. Where the server has no `mark_read` (before 9.0), `view` does it, and is remembered.
    pub async fn mark_read(&self, channel: ChannelId) -> Result<(), HttpError> {
        if !self.no_mark_read.load(Ordering::Relaxed) {
            let body = serde_json::json!([channel]).to_string();
            match self.write(Method::POST, "/api/v4/channels/members/me/mark_read", body.as_bytes()).await {
                Ok(_) => return Ok(()),
                Err(error) if matches!(error.status(), Some(404 | 405 | 501)) => {
                    self.no_mark_read.store(true, Ordering::Relaxed);
                }
                Err(error) => return Err(error),
            }
        }
        let body = serde_json::json!({
            "channel_id": channel,
            "prev_channel_id": "",
            "collapsed_threads_supported": true,
        });
        self.write(Method::POST, "/api/v4/channels/members/me/view", body.to_string().as_bytes()).await?;
        Ok(())
    }

    /// Marks a thread read up to a time in Unix milliseconds.
    pub async fn mark_thread_read(&self, team: TeamId, thread: PostId, up_to_ms: i64) -> Result<(), HttpError> {
        let path = format!(
            "/api/v4/users/me/teams/{}/threads/{}/read/{up_to_ms}",
            segment(team.as_str()),
            segment(thread.as_str())
        );
        self.write(Method::PUT, &path, b"").await?;
        Ok(())
    }

    /// Says that a call need not ring any more. The path takes the channel, not the call (protocol §6.9).
    pub async fn dismiss_call(&self, channel: ChannelId, _call: CallId) -> Result<(), HttpError> {
        let path = format!("/plugins/com.mattermost.calls/calls/{}/dismiss-notification", segment(channel.as_str()));
        self.write(Method::POST, &path, b"{}").await?;
        Ok(())
    }

    /// A picture as the server has it; `None` where it has none (protocol §8). Of a person, `version` is
    /// `last_picture_update`.
    pub async fn picture(&self, subject: Subject, version: i64) -> Result<Option<Vec<u8>>, HttpError> {
        let path = match subject {
            Subject::Person(user) => format!("/api/v4/users/{}/image?_={version}", segment(user.as_str())),
            Subject::File(file) => format!("/api/v4/files/{}/thumbnail", segment(file.as_str())),
        };
        let reply = self.get(&path, Size::Image).await?;
        match reply.status {
            200 if !reply.body.is_empty() => Ok(Some(reply.body)),
            200 | 404 => Ok(None),
            _ => Err(reply.refusal(path_only(&path))),
        }
    }

    /// Active people of the server whom a text fits, at most [`FoundPerson::MOST`].
    pub async fn people(&self, text: &str) -> Result<Vec<User>, HttpError> {
        const PATH: &str = "/api/v4/users/search";
        let body = serde_json::json!({ "term": text, "limit": FoundPerson::MOST }).to_string();
        let reply = self.ask(PATH, body.as_bytes()).await?;
        if reply.status != 200 {
            return Err(reply.refusal(PATH));
        }
        let found = shapes::list::<UserShape>(&reply.body).items.into_iter().filter_map(UserShape::into_user);
        Ok(found.filter(|user| user.delete_at == 0).take(FoundPerson::MOST).collect())
    }

    /// Ends the session on the server. Never for a personal access token (protocol §2.2).
    pub async fn logout(&self) -> Result<(), HttpError> {
        self.write(Method::POST, "/api/v4/users/logout", b"").await?;
        Ok(())
    }
}

/// The `Authorization` header, kept out of debug output.
pub(crate) fn bearer(token: &Secret) -> Result<HeaderValue, HttpError> {
    let mut value =
        HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_unprintable| HttpError::BadAddress)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Ids are opaque and come from servers: none of them may add to a path.
pub(crate) fn segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

fn path_only(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}

/// How long the server, or something before it, asks us to wait: seconds, or a moment, as proxies and CDNs send it.
///
/// A moment counts from the answer's own `Date`, so that a wrong clock of this computer lengthens no wait; without one it
/// says nothing.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let wish = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = wish.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wait_ms = moment(wish)?.saturating_sub(server_time(headers)?);
    Some(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)))
}

/// An HTTP date (RFC 9110, 5.6.7; the form that is sent, not the two that are only read), Unix milliseconds.
fn moment(text: &str) -> Option<i64> {
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond())
}

fn server_time(headers: &HeaderMap) -> Option<i64> {
    moment(headers.get(DATE)?.to_str().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_understood_as_seconds_and_as_a_moment_by_the_servers_own_clock() {
        let wait = |after: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, after.parse().unwrap());
            headers.extend(date.map(|date| (DATE, date.parse().unwrap())));
            retry_after(&headers)
        };
        let date = Some("Tue, 03 Mar 2026 09:00:00 GMT");
        for (after, expected) in [
            (" 120 ", Some(120)),
            ("0", Some(0)),
            ("Tue, 03 Mar 2026 09:01:30 GMT", Some(90)),
            ("Wed, 04 Mar 2026 09:00:00 GMT", Some(24 * 60 * 60)),
            // Over already: no reason to wait, and none to fail.
            ("Tue, 03 Mar 2026 08:59:00 GMT", Some(0)),
            ("-5", None),
            ("soon", None),
            ("Tue, 43 Mar 2026 09:01:30 GMT", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(wait(after, date), expected.map(Duration::from_secs), "{after}");
        }
        // Whose clock would it be by? The usual wait grows by itself.
        assert_eq!(wait("Tue, 03 Mar 2026 09:01:30 GMT", None), None);
        assert_eq!(wait("Tue, 03 Mar 2026 09:01:30 GMT", Some("yesterday")), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            body: body.as_bytes().to_vec(),
            token: None,
            server_time_ms: None,
            version_id: None,
            url: Url::parse("http://x").unwrap(),
            location: None,
            proxy_login: false,
            front_login: false,
            csrf: None,
            pre_auth: false,
            retry_after: None,
        }
    }

    #[test]
    fn only_the_api_itself_can_end_a_session() {
        let expired = r#"{"id":"api.context.session_expired.app_error","message":"x","status_code":401}"#;
        let table = [
            ("/api/v4/users/me/teams", 401, expired, true),
            ("/api/v4/users/me", 401, expired, true),
            ("/api/v4/users/me", 401, r#"{"id":"something.else"}"#, true),
            ("/api/v4/users/me", 401, "<html>sign in to the proxy</html>", false),
            ("/api/v4/users/me/teams", 401, r#"{"id":"something.else"}"#, false),
            ("/api/v4/users/login", 401, expired, false),
            ("/plugins/com.mattermost.calls/channels", 401, expired, false),
            ("/api/v4/users/me", 403, expired, false),
        ];
        for (path, status, body, ends) in table {
            assert_eq!(reply(status, body).refusal(path).is_session_expired(), ends, "{path} {status} {body}");
        }
    }

    #[test]
    fn a_message_in_place_of_an_id_is_not_repeated() {
        let body = r#"{"id":"token abcdef is wrong","message":"x"}"#;
        assert_eq!(reply(401, body).error_id(), "");
        assert_eq!(reply(501, r#"{"id":"<untranslated>"}"#).error_id(), "<untranslated>");
    }

    #[test]
    fn the_date_header_is_the_servers_clock() {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static("Tue, 23 Nov 2027 03:05:00 GMT"));
        assert_eq!(server_time(&headers), Some(1_826_939_100_000));
    }

    #[test]
    fn an_address_with_credentials_or_another_scheme_is_refused() {
        for bad in ["ftp://x", "https://a:b@x", "mailto:x", "x", ""] {
            assert!(parse_base(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_base("https://x/mm/").unwrap().as_str(), "https://x/mm");
    }
}
