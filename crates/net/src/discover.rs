//! From what a person typed to a Mattermost server's address (protocol §1.1).

use std::collections::BTreeMap;

use belfry_core::query::Discovered;
use serde::Deserialize;
use thiserror::Error;
use url::Url;

use crate::dial::Route;
use crate::http::{HttpError, Redirects, Reply, Rest, Size};
use crate::lenient::{self, TextMap};
use crate::shapes;
use crate::trouble::Trouble;

/// The longest address that is tried, in bytes.
const LONGEST: usize = 2_000;
/// The most parts of a pasted path that are stripped one by one.
const DEEPEST: usize = 8;
/// Older servers are refused: their frames and counters are others (protocol §1.5).
const OLDEST: (u32, u32) = (5, 37);
/// Below this the person is warned.
const AGED: (u32, u32) = (9, 11);

const PING: &str = "/api/v4/system/ping";
const CONFIG: &str = "/api/v4/config/client?format=old";

/// Why no server was found. `Display` is one sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DiscoverError {
    /// Nothing was typed.
    #[error("type the address of a server")]
    Empty,
    /// It cannot be a web address.
    #[error("that is not a web address")]
    NotAnAddress,
    /// It holds a user name or password.
    #[error("leave user name and password out of the address")]
    Credentials,
    /// Something answered, but no Mattermost server.
    #[error("there is no Mattermost server at this address")]
    NotMattermost,
    /// A web page came instead.
    #[error("a web page answered instead of a Mattermost server; a sign-in page of the network may be in the way")]
    WebPage,
    /// It points to another host, which is not followed.
    #[error("this address redirects to {host}, which was not followed; type that address if it is the right one")]
    Elsewhere {
        /// Where to.
        host: String,
    },
    /// A proxy wants its own sign-in.
    #[error("a proxy in front of the server asks for its own sign-in")]
    ProxyLogin,
    /// A proxy wants a secret of its own (protocol §1.6).
    #[error("the server asks for a pre-authentication secret, which is not supported yet")]
    PreAuth,
    /// A proxy wants a client certificate.
    #[error("the server asks for a client certificate, which is not supported")]
    ClientCertificate,
    /// The server is too old.
    #[error("this server runs Mattermost {version}; 5.37 or newer is needed")]
    TooOld {
        /// Its version.
        version: String,
    },
    /// It could not be reached, or its certificate is not trusted.
    #[error("{0}")]
    Unreachable(Trouble),
    /// It answered that it is in trouble.
    #[error("the server answers with errors at present (status {0})")]
    Failing(u16),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    /// None typed.
    Missing,
    Http,
    Https,
}

/// What was typed, brought into shape: scheme, and the rest as an https address without query and fragment.
fn normalise(typed: &str) -> Result<(Scheme, Url), DiscoverError> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(DiscoverError::Empty);
    }
    let strange = |c: char| c.is_control() || c.is_whitespace();
    if typed.len() > LONGEST || typed.contains(strange) || typed.to_ascii_lowercase().contains("%00") {
        return Err(DiscoverError::NotAnAddress);
    }
    let (scheme, rest) = match typed.split_once("://") {
        None => (Scheme::Missing, typed.trim_start_matches('/')),
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "http" => (Scheme::Http, rest),
            "https" | "mattermost" => (Scheme::Https, rest),
            _ => return Err(DiscoverError::NotAnAddress),
        },
    };
    let mut url = Url::parse(&format!("https://{rest}")).map_err(|error| {
        tracing::debug!(%error, "not an address");
        DiscoverError::NotAnAddress
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(DiscoverError::Credentials);
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(DiscoverError::NotAnAddress);
    }
    url.set_query(None);
    url.set_fragment(None);
    let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).take(DEEPEST).collect();
    let path = parts.join("/");
    url.set_path(&path);
    Ok((scheme, url))
}

/// The addresses to try, the longest path first.
fn prefixes(url: &Url) -> Vec<String> {
    let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
    (0..=parts.len())
        .rev()
        .map(|kept| {
            let mut prefix = url.clone();
            prefix.set_path(&parts.get(..kept).unwrap_or_default().join("/"));
            prefix.as_str().trim_end_matches('/').to_owned()
        })
        .collect()
}

/// The same address over plain http. A port that was typed stays; https's own becomes http's.
fn without_tls(url: &Url) -> Option<Url> {
    let mut plain = url.clone();
    plain.set_scheme("http").ok()?;
    Some(plain)
}

struct Found {
    base: String,
    config: BTreeMap<String, String>,
    healthy: bool,
}

/// Looks for a Mattermost server where the person said. Tries https first, then plain http where that is not what was
/// ruled out by typing `https`; the answer then says `insecure`, and the person must agree.
/// `Discovered::already` is left for who knows the list of servers.
pub async fn discover(address: &str) -> Result<Discovered, DiscoverError> {
    let (scheme, url) = normalise(address)?;
    let found = match walk(&url).await {
        Ok(found) => found,
        Err(error) => {
            // A certificate that is wrong is a warning, not a reason to give up on safety.
            let give_up = scheme == Scheme::Https
                || !matches!(error, DiscoverError::Unreachable(trouble) if !trouble.is_certificate());
            let plain = if give_up && scheme != Scheme::Http { None } else { without_tls(&url) };
            let Some(plain) = plain else { return Err(error) };
            match walk(&plain).await {
                Ok(found) => found,
                Err(DiscoverError::Unreachable(_)) => return Err(error),
                Err(other) => return Err(other),
            }
        }
    };
    let found = adopt_site_url(found).await;
    describe(found)
}

async fn walk(url: &Url) -> Result<Found, DiscoverError> {
    let mut first = None;
    for base in prefixes(url) {
        match probe(&base).await {
            Ok(found) => return Ok(found),
            // Nobody there at all: another path changes nothing.
            Err(error @ (DiscoverError::Unreachable(_) | DiscoverError::TooOld { .. })) => return Err(error),
            Err(error) => {
                // The page under the longest path is the least telling: the root decides, unless it only lacks the API.
                if first.is_none() || error != DiscoverError::NotMattermost {
                    first = Some(error);
                }
            }
        }
    }
    Err(first.unwrap_or(DiscoverError::NotMattermost))
}

async fn probe(base: &str) -> Result<Found, DiscoverError> {
    let rest = Rest::open_with(base, None, &Route::direct(), Redirects::SameHost).map_err(|error| failure(&error))?;
    let ping = rest.get(PING, Size::Ordinary).await.map_err(|error| failure(&error))?;
    let healthy = is_ping(&ping)?;
    let base = base_of(&ping.url, PING).unwrap_or_else(|| base.to_owned());
    let config = rest.get(CONFIG, Size::Ordinary).await.map_err(|error| failure(&error))?;
    check(&config)?;
    let config = match shapes::object::<TextMap>(&config.body) {
        Some(TextMap(map)) if map.contains_key("Version") => map,
        Some(_) | None => return Err(DiscoverError::NotMattermost),
    };
    Ok(Found { base, config, healthy })
}

fn failure(error: &HttpError) -> DiscoverError {
    match error {
        HttpError::BadAddress => DiscoverError::NotAnAddress,
        HttpError::Unreachable(Trouble::ClientCertificateWanted) => DiscoverError::ClientCertificate,
        HttpError::Unreachable(trouble) => DiscoverError::Unreachable(*trouble),
        HttpError::Refused { status, .. } => DiscoverError::Failing(*status),
        HttpError::Redirected | HttpError::TooLarge | HttpError::Malformed => DiscoverError::NotMattermost,
    }
}

/// The answer to a ping: healthy or not, or no ping at all.
fn is_ping(reply: &Reply) -> Result<bool, DiscoverError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Ping {
        #[serde(deserialize_with = "lenient::text")]
        status: String,
    }
    let ping = shapes::object::<Ping>(&reply.body).map(|ping| ping.status).unwrap_or_default();
    if reply.status == 500 && ping == "UNHEALTHY" {
        return Ok(false);
    }
    check(reply)?;
    if ping.is_empty() { Err(DiscoverError::NotMattermost) } else { Ok(true) }
}

/// Words for an answer that is not what a Mattermost server gives to anybody.
fn check(reply: &Reply) -> Result<(), DiscoverError> {
    let head = String::from_utf8_lossy(reply.body.get(..reply.body.len().min(2_048)).unwrap_or_default());
    let html = head.trim_start().starts_with('<');
    match reply.status {
        200 if html => Err(DiscoverError::WebPage),
        200 => Ok(()),
        300..=399 => {
            let target = reply.location.as_deref().and_then(|location| reply.url.join(location).ok());
            match target.as_ref().and_then(Url::host_str) {
                Some(host) if Some(host) != reply.url.host_str() => {
                    Err(DiscoverError::Elsewhere { host: host.to_owned() })
                }
                _ => Err(DiscoverError::NotMattermost),
            }
        }
        400 if head.contains("No required SSL certificate") => Err(DiscoverError::ClientCertificate),
        401 | 407 if reply.proxy_login => Err(DiscoverError::ProxyLogin),
        403 if reply.pre_auth => Err(DiscoverError::PreAuth),
        500..=599 => Err(DiscoverError::Failing(reply.status)),
        _ => Err(DiscoverError::NotMattermost),
    }
}

/// The base of the address that answered in the end, after redirects within the host.
fn base_of(answered: &Url, probe: &str) -> Option<String> {
    let mut url = answered.clone();
    url.set_query(None);
    url.set_fragment(None);
    let base = url.as_str().trim_end_matches('/').strip_suffix(probe)?;
    Some(base.trim_end_matches('/').to_owned())
}

fn same_address(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme()
        && a.host_str() == b.host_str()
        && a.port_or_known_default() == b.port_or_known_default()
        && a.path().trim_end_matches('/') == b.path().trim_end_matches('/')
}

/// The server's own address (`SiteURL`) is used where it is reachable; it is never adopted unprobed, nor where that
/// would give up https.
async fn adopt_site_url(mut found: Found) -> (Found, bool) {
    let site = found.config.get("SiteURL").map(|site| site.trim()).filter(|site| !site.is_empty());
    let Some(site) = site.and_then(|site| Url::parse(site).ok()) else { return (found, false) };
    let Ok(base) = Url::parse(&found.base) else { return (found, false) };
    if same_address(&site, &base) {
        return (found, false);
    }
    if (site.scheme() == "https" || base.scheme() == "http")
        && let Ok(theirs) = probe(site.as_str().trim_end_matches('/')).await
    {
        found = theirs;
        return (found, false);
    }
    (found, true)
}

/// The first two numbers of a version; `None` where it begins otherwise.
pub(crate) fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn describe((found, mismatch): (Found, bool)) -> Result<Discovered, DiscoverError> {
    let Found { base, config, healthy } = found;
    let version = config.get("Version").cloned().unwrap_or_default();
    let numbers = version_of(&version);
    if numbers.is_some_and(|numbers| numbers < OLDEST) {
        return Err(DiscoverError::TooOld { version });
    }
    let insecure = base.starts_with("http://");
    let mut warnings = Vec::new();
    if insecure {
        warnings.push("The connection is not encrypted: others on the way can read messages and passwords".to_owned());
    }
    if numbers.is_some_and(|numbers| numbers < AGED) {
        warnings.push(format!("This server is old (Mattermost {version}); some things may be missing"));
    }
    if mismatch {
        warnings.push("The server calls itself by another address; the one you typed is used".to_owned());
    }
    if !healthy {
        warnings.push("The server says that it is not healthy at present".to_owned());
    }
    let host = Url::parse(&base).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let name = config.get("SiteName").map(|name| name.trim()).filter(|name| !name.is_empty()).map(str::to_owned);
    Ok(Discovered { url: base, name: name.unwrap_or(host), version, insecure, already: None, warnings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, WebServer};

    #[test]
    fn what_people_type_becomes_an_address() {
        let table = [
            ("chat.example.com", Scheme::Missing, "https://chat.example.com/"),
            ("  chat.example.com:8065/ ", Scheme::Missing, "https://chat.example.com:8065/"),
            ("HTTPS://Chat.Example.com//mm//", Scheme::Https, "https://chat.example.com/mm"),
            ("http://x.org/chat/login?redirect=a#b", Scheme::Http, "https://x.org/chat/login"),
            ("mattermost://x.org/team/pl/abc", Scheme::Https, "https://x.org/team/pl/abc"),
        ];
        for (typed, scheme, address) in table {
            let (got, url) = normalise(typed).unwrap();
            assert_eq!((got, url.as_str()), (scheme, address), "{typed}");
        }
        for (typed, error) in [
            ("", DiscoverError::Empty),
            ("   ", DiscoverError::Empty),
            ("ftp://x.org", DiscoverError::NotAnAddress),
            ("https://ann:secret@x.org", DiscoverError::Credentials),
            ("x.org/a%00b", DiscoverError::NotAnAddress),
            ("x .org", DiscoverError::NotAnAddress),
            ("https://", DiscoverError::NotAnAddress),
        ] {
            assert_eq!(normalise(typed).unwrap_err(), error, "{typed}");
        }
        assert_eq!(normalise(&"x".repeat(LONGEST + 1)).unwrap_err(), DiscoverError::NotAnAddress);
    }

    #[test]
    fn a_pasted_page_is_stripped_part_by_part() {
        let (_, url) = normalise("https://x.org/chat/team/channels/town").unwrap();
        assert_eq!(
            prefixes(&url),
            [
                "https://x.org/chat/team/channels/town",
                "https://x.org/chat/team/channels",
                "https://x.org/chat/team",
                "https://x.org/chat",
                "https://x.org",
            ]
        );
    }

    fn mattermost(base: &'static str, version: &'static str) -> impl Fn(&str) -> Answer + Send + Sync + 'static {
        move |path| {
            let Some(path) = path.strip_prefix(base) else { return Answer::json(404, "{}") };
            match path {
                PING => Answer::json(200, r#"{"status":"OK"}"#),
                CONFIG => Answer::json(200, &format!(r#"{{"Version":"{version}","SiteName":"Harbor","SiteURL":""}}"#)),
                _ => Answer::html(200, "<html>the web app</html>"),
            }
        }
    }

    #[tokio::test]
    async fn a_server_below_a_path_is_found_from_a_pasted_page_over_plain_http() {
        let server = WebServer::start(mattermost("/mm", "11.1.0")).await;
        let found = discover(&format!("{}/mm/team/channels/town-square?x=1", server.url())).await.unwrap();
        assert_eq!(found.url, format!("{}/mm", server.url()));
        assert_eq!((found.name.as_str(), found.version.as_str(), found.insecure), ("Harbor", "11.1.0", true));
        assert_eq!(found.warnings.len(), 1);
    }

    #[tokio::test]
    async fn an_address_typed_with_https_never_becomes_plain_http() {
        let server = WebServer::start(mattermost("", "11.1.0")).await;
        let secure = server.url().replace("http://", "https://");
        assert!(matches!(discover(&secure).await, Err(DiscoverError::Unreachable(_))));
    }

    #[tokio::test]
    async fn what_is_no_mattermost_server_is_named() {
        let html = WebServer::start(|_| Answer::html(200, "<!doctype html><title>Welcome</title>")).await;
        assert_eq!(discover(html.url()).await, Err(DiscoverError::WebPage));
        let other = WebServer::start(|_| Answer::json(404, r#"{"error":"no"}"#)).await;
        assert_eq!(discover(other.url()).await, Err(DiscoverError::NotMattermost));
        let elsewhere = WebServer::start(|_| Answer::redirect("http://sso.example.com/login?x=1")).await;
        assert_eq!(
            discover(elsewhere.url()).await,
            Err(DiscoverError::Elsewhere { host: "sso.example.com".to_owned() })
        );
        let failing = WebServer::start(|_| Answer::html(502, "<html>bad gateway</html>")).await;
        assert_eq!(discover(failing.url()).await, Err(DiscoverError::Failing(502)));
    }

    #[tokio::test]
    async fn a_server_that_is_too_old_is_refused_and_an_old_one_is_warned_about() {
        let ancient = WebServer::start(mattermost("", "5.36.1")).await;
        assert_eq!(discover(ancient.url()).await, Err(DiscoverError::TooOld { version: "5.36.1".to_owned() }));
        let old = WebServer::start(mattermost("", "5.37.0")).await;
        assert_eq!(discover(old.url()).await.unwrap().warnings.len(), 2);
    }

    #[tokio::test]
    async fn an_unreachable_address_of_the_server_itself_is_a_warning_only() {
        let server = WebServer::start(|path| match path {
            PING => Answer::json(200, r#"{"status":"OK"}"#),
            _ => Answer::json(200, r#"{"Version":"11.1.0","SiteURL":"http://127.0.0.1:1"}"#),
        })
        .await;
        let found = discover(server.url()).await.unwrap();
        assert_eq!(found.url, server.url());
        assert!(found.warnings.iter().any(|warning| warning.contains("another address")));
    }
}
