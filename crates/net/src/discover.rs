//! From what a person typed to a Mattermost server's address (protocol §1.1).

use std::collections::BTreeMap;

use belfry_core::query::Discovered;
use belfry_core::reach::{Obstacle, Reach, ReachDraft, Untrusted};
use serde::Deserialize;
use thiserror::Error;
use url::Url;

use crate::certificate;
use crate::dial::{Refused, Route};
use crate::http::{HttpError, Redirects, Reply, Rest, Size};
use crate::lenient::{self, TextMap};
use crate::shapes;
use crate::sign_in::harmless;
use crate::trouble::Trouble;

/// The longest name of a server that is shown, in letters: more than the 30 that a server lets itself be called.
const LONGEST_NAME: usize = 80;
/// The same of a version, which has about ten.
const LONGEST_VERSION: usize = 40;
/// The longest address that is tried, in bytes.
const LONGEST: usize = 2_000;
/// The most parts of a pasted path that are stripped one by one.
const DEEPEST: usize = 8;
/// Older servers are refused: their frames and counters are others (protocol §1.5).
const OLDEST: (u32, u32) = (5, 37);
/// Below this the person is warned.
const AGED: (u32, u32) = (9, 11);

/// Both fingerprints stand beside it.
const CHANGED: &str = "the server shows another certificate than the one that was trusted for it";

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
    /// A person has to answer or to fill in something first.
    #[error("{}", obstacle(.0))]
    Obstacle(Obstacle),
    /// What stands in front wants to know who asks in a way that we do not have.
    #[error(
        "a web server in front asks for a kind of sign-in that Belfry does not have; ask its administrator for another way"
    )]
    StrangeLogin,
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

impl DiscoverError {
    /// Whether trying again later can help, with nothing changed by anybody.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(trouble) => !trouble.is_certificate(),
            Self::Failing(_) => true,
            Self::Empty
            | Self::NotAnAddress
            | Self::Credentials
            | Self::NotMattermost
            | Self::WebPage
            | Self::Obstacle(_)
            | Self::StrangeLogin
            | Self::TooOld { .. } => false,
        }
    }
}

/// For those who cannot answer: the command line.
fn obstacle(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::Redirect { to, sign_in_page: false } => {
            format!("this address leads to {to}; type that address if it is the right one")
        }
        Obstacle::Redirect { to, sign_in_page: true } => {
            format!("this address leads to {to}, which looks like a sign-in page in front of the server")
        }
        Obstacle::Certificate(untrusted) => untrusted.reason.clone(),
        Obstacle::ProxyLogin { refused: false } => Trouble::ProxyLogin.to_string(),
        Obstacle::ProxyLogin { refused: true } => Trouble::ProxyLoginRefused.to_string(),
        Obstacle::FrontLogin { .. } => Trouble::FrontLogin.to_string(),
        Obstacle::PreAuth { .. } => Trouble::PreAuth.to_string(),
        Obstacle::ClientCertificate { .. } => Trouble::ClientCertificateWanted.to_string(),
    }
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

/// The way to one address, and what is known of it.
struct Way<'a> {
    reach: &'a Reach,
    route: Route,
    refused: Refused,
}

/// Looks for a Mattermost server where the person said, and as they said. Tries https first, then plain http where that is
/// not what was ruled out by typing `https`; the answer then says `insecure`, and the person must agree.
/// `Discovered::already` is left for who knows the list of servers.
///
/// # Errors
/// [`DiscoverError::Obstacle`] where a person can help; anything else is a sentence.
pub async fn discover(address: &str, draft: &ReachDraft) -> Result<Discovered, DiscoverError> {
    let (_, url) = normalise(address)?;
    let (route, refused) = Route::with_refused(url.as_str(), &draft.reach, &draft.secrets);
    let (way, found) = look(address, draft, route, refused).await?;
    describe(way.adopt_site_url(found).await)
}

/// The same for an address that stands on a command line: the server's own address is not used in its place, so that
/// [`could_be`] knows the entry again before the server answers.
///
/// # Errors
/// As [`discover`].
pub async fn discover_as_typed(address: &str) -> Result<Discovered, DiscoverError> {
    let draft = ReachDraft::default();
    let (_, url) = normalise(address)?;
    let (route, refused) = Route::with_refused(url.as_str(), &draft.reach, &draft.secrets);
    let (_, found) = look(address, &draft, route, refused).await?;
    describe((found, None))
}

/// Whether [`discover_as_typed`] may find the server with this address where the person typed `address`.
pub fn could_be(address: &str, url: &str) -> bool {
    let Ok((scheme, typed)) = normalise(address) else { return false };
    let plain = if scheme == Scheme::Https { None } else { without_tls(&typed) };
    [Some(typed), plain].iter().flatten().flat_map(prefixes).any(|prefix| prefix == url)
}

/// As [`discover`], by a way of the caller's choice.
///
/// # Errors
/// As there.
pub async fn discover_by(address: &str, draft: &ReachDraft, route: &Route) -> Result<Discovered, DiscoverError> {
    let (way, found) = look(address, draft, route.clone(), Refused::default()).await?;
    describe(way.adopt_site_url(found).await)
}

async fn look<'a>(
    address: &str,
    draft: &'a ReachDraft,
    route: Route,
    refused: Refused,
) -> Result<(Way<'a>, Found), DiscoverError> {
    let (scheme, url) = normalise(address)?;
    let way = Way { reach: &draft.reach, route, refused };
    let found = match way.walk(&url).await {
        Ok(found) => found,
        Err(error) => {
            // A certificate that is wrong is a warning, not a reason to give up on safety.
            let give_up = scheme == Scheme::Https
                || !matches!(error, DiscoverError::Unreachable(trouble) if !trouble.is_certificate());
            let plain = if give_up && scheme != Scheme::Http { None } else { without_tls(&url) };
            let Some(plain) = plain else { return Err(error) };
            match way.walk(&plain).await {
                Ok(found) => found,
                Err(DiscoverError::Unreachable(_)) => return Err(error),
                Err(other) => return Err(other),
            }
        }
    };
    Ok((way, found))
}

impl Way<'_> {
    async fn walk(&self, url: &Url) -> Result<Found, DiscoverError> {
        let mut first = None;
        for base in prefixes(url) {
            match self.probe(&base).await {
                Ok(found) => return Ok(found),
                // Another path leads to somebody else, perhaps.
                Err(error @ DiscoverError::Obstacle(Obstacle::Redirect { .. })) => first = Some(error),
                // Nobody there at all, or somebody in front: another path changes nothing.
                Err(
                    error @ (DiscoverError::Unreachable(_)
                    | DiscoverError::TooOld { .. }
                    | DiscoverError::Obstacle(_)
                    | DiscoverError::StrangeLogin),
                ) => return Err(error),
                Err(error) => {
                    // The page under the longest path is the least telling: the root decides, unless it only lacks the
                    // API.
                    if first.is_none() || error != DiscoverError::NotMattermost {
                        first = Some(error);
                    }
                }
            }
        }
        Err(first.unwrap_or(DiscoverError::NotMattermost))
    }

    async fn probe(&self, base: &str) -> Result<Found, DiscoverError> {
        let rest = Rest::open_with(base, None, &self.route, Redirects::SameHost);
        let rest = rest.map_err(|error| self.failure(&error))?;
        let ping = rest.get(PING, Size::Ordinary).await.map_err(|error| self.failure(&error))?;
        let healthy = self.is_ping(&ping)?;
        let base = base_of(&ping.url, PING).unwrap_or_else(|| base.to_owned());
        let config = rest.get(CONFIG, Size::Ordinary).await.map_err(|error| self.failure(&error))?;
        self.check(&config)?;
        let config = match shapes::object::<TextMap>(&config.body) {
            Some(TextMap(map)) if map.contains_key("Version") => map,
            Some(_) | None => return Err(DiscoverError::NotMattermost),
        };
        Ok(Found { base, config, healthy })
    }

    fn failure(&self, error: &HttpError) -> DiscoverError {
        match error {
            HttpError::BadAddress => DiscoverError::NotAnAddress,
            HttpError::Unreachable(trouble) => self.trouble(*trouble),
            HttpError::Refused { status, .. } => DiscoverError::Failing(*status),
            HttpError::Redirected | HttpError::TooLarge | HttpError::Malformed => DiscoverError::NotMattermost,
        }
    }

    fn trouble(&self, trouble: Trouble) -> DiscoverError {
        let refused = !self.reach.client_certificate.trim().is_empty();
        let obstacle = match trouble {
            Trouble::ClientCertificateWanted => Obstacle::ClientCertificate { refused },
            Trouble::ProxyLogin => Obstacle::ProxyLogin { refused: false },
            Trouble::ProxyLoginRefused => Obstacle::ProxyLogin { refused: true },
            other if other.is_about_their_certificate() => {
                let Some(certificate) = self.refused.take() else { return DiscoverError::Unreachable(other) };
                let pinned = match other {
                    Trouble::CertificateChanged { trusted, .. } => trusted.to_string(),
                    _ => String::new(),
                };
                let reason = match other {
                    Trouble::CertificateChanged { .. } => CHANGED.to_owned(),
                    _ => other.to_string(),
                };
                let certificate = certificate::describe(&certificate);
                Obstacle::Certificate(Box::new(Untrusted { reason, certificate, pinned }))
            }
            other => return DiscoverError::Unreachable(other),
        };
        DiscoverError::Obstacle(obstacle)
    }

    /// The answer to a ping: healthy or not, or no ping at all.
    fn is_ping(&self, reply: &Reply) -> Result<bool, DiscoverError> {
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
        self.check(reply)?;
        if ping.is_empty() { Err(DiscoverError::NotMattermost) } else { Ok(true) }
    }

    /// Words for an answer that is not what a Mattermost server gives to anybody.
    fn check(&self, reply: &Reply) -> Result<(), DiscoverError> {
        let head = String::from_utf8_lossy(reply.body.get(..reply.body.len().min(2_048)).unwrap_or_default());
        let html = head.trim_start().starts_with('<');
        match reply.status {
            200 if html => Err(DiscoverError::WebPage),
            200 => Ok(()),
            300..=399 => {
                let target = reply.location.as_deref().and_then(|location| reply.url.join(location).ok());
                match target.filter(|target| target.origin() != reply.url.origin() && target.has_host()) {
                    Some(target) => Err(DiscoverError::Obstacle(redirect(target))),
                    None => Err(DiscoverError::NotMattermost),
                }
            }
            400 if head.contains("SSL certificate") => Err(self.trouble(Trouble::ClientCertificateWanted)),
            401 if reply.front_login => {
                Err(DiscoverError::Obstacle(Obstacle::FrontLogin { refused: self.route.takes_cookies() }))
            }
            401 | 407 if reply.proxy_login => Err(DiscoverError::StrangeLogin),
            403 if reply.pre_auth => Err(DiscoverError::Obstacle(Obstacle::PreAuth { refused: self.reach.pre_auth })),
            500..=599 => Err(DiscoverError::Failing(reply.status)),
            _ => Err(DiscoverError::NotMattermost),
        }
    }

    /// The server's own address (`SiteURL`) is used where it is reachable; it is never adopted unprobed, nor where that
    /// would give up https. What was given for the address that was typed goes to no other.
    async fn adopt_site_url(&self, mut found: Found) -> (Found, Option<Mismatch>) {
        let site = found.config.get("SiteURL").map(|site| site.trim()).filter(|site| !site.is_empty());
        let Some(site) = site.and_then(|site| Url::parse(site).ok()) else { return (found, None) };
        let Ok(base) = Url::parse(&found.base) else { return (found, None) };
        if same_address(&site, &base) {
            return (found, None);
        }
        let safe = site.scheme() == "https" || (site.scheme() == "http" && base.scheme() == "http");
        let bound = self.reach.may_have_secrets() || !self.reach.pinned_certificate.trim().is_empty();
        if safe
            && (site.origin() == base.origin() || !bound)
            && let Ok(theirs) = self.probe(site.as_str().trim_end_matches('/')).await
        {
            let elsewhere = theirs.base.split('/').nth(2) != found.base.split('/').nth(2);
            found = theirs;
            return (found, elsewhere.then_some(Mismatch::Adopted));
        }
        (found, Some(Mismatch::Typed))
    }
}

/// The server calls itself by another address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mismatch {
    /// On another host, and that one is used.
    Adopted,
    /// The one that was typed is used.
    Typed,
}

/// Where a redirect leads, as an address to try.
fn redirect(mut target: Url) -> Obstacle {
    let moved = base_of(&target, PING);
    target.set_query(None);
    target.set_fragment(None);
    // A name and a password in it are not for us.
    target.set_username("").ok();
    target.set_password(None).ok();
    let sign_in_page = moved.is_none();
    Obstacle::Redirect { to: moved.unwrap_or_else(|| target.to_string()), sign_in_page }
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

/// The first two numbers of a version; `None` where it begins otherwise.
pub(crate) fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn describe((found, mismatch): (Found, Option<Mismatch>)) -> Result<Discovered, DiscoverError> {
    let Found { base, config, healthy } = found;
    let version = config.get("Version").map(|version| harmless(version, LONGEST_VERSION)).unwrap_or_default();
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
    match mismatch {
        Some(Mismatch::Typed) => {
            warnings.push("The server calls itself by another address; the one you typed is used".to_owned());
        }
        Some(Mismatch::Adopted) => {
            warnings
                .push("The server calls itself by this address, which is used instead of the one you typed".to_owned());
        }
        None => {}
    }
    if !healthy {
        warnings.push("The server says that it is not healthy at present".to_owned());
    }
    let host = Url::parse(&base).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let name = config.get("SiteName").map(|name| harmless(name, LONGEST_NAME)).filter(|name| !name.is_empty());
    Ok(Discovered { url: base, name: name.unwrap_or(host), version, insecure, already: None, warnings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, WebServer};

    async fn look(address: &str) -> Result<Discovered, DiscoverError> {
        discover(address, &ReachDraft::default()).await
    }

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
        let found = look(&format!("{}/mm/team/channels/town-square?x=1", server.url())).await.unwrap();
        assert_eq!(found.url, format!("{}/mm", server.url()));
        assert_eq!((found.name.as_str(), found.version.as_str(), found.insecure), ("Harbor", "11.1.0", true));
        assert_eq!(found.warnings.len(), 1);
    }

    #[test]
    fn an_entry_is_known_again_by_what_was_typed_before_its_server_answers() {
        assert!(could_be("chat.example.org", "https://chat.example.org"));
        assert!(could_be("chat.example.org/mm/team/channels/town", "https://chat.example.org/mm"));
        assert!(could_be("HTTP://Chat.example.org:8065/", "http://chat.example.org:8065"));
        assert!(could_be("chat.example.org:8065", "http://chat.example.org:8065"));
        assert!(!could_be("https://chat.example.org:8065", "http://chat.example.org:8065"));
        assert!(!could_be("chat.example.org", "https://chat.example.com"));
        assert!(!could_be("", "https://chat.example.com"));
    }

    #[tokio::test]
    async fn an_address_typed_with_https_never_becomes_plain_http() {
        let server = WebServer::start(mattermost("", "11.1.0")).await;
        let secure = server.url().replace("http://", "https://");
        assert!(matches!(look(&secure).await, Err(DiscoverError::Unreachable(_))));
    }

    #[tokio::test]
    async fn what_is_no_mattermost_server_is_named() {
        let html = WebServer::start(|_| Answer::html(200, "<!doctype html><title>Welcome</title>")).await;
        assert_eq!(look(html.url()).await, Err(DiscoverError::WebPage));
        let other = WebServer::start(|_| Answer::json(404, r#"{"error":"no"}"#)).await;
        assert_eq!(look(other.url()).await, Err(DiscoverError::NotMattermost));
        let elsewhere = WebServer::start(|_| Answer::redirect("http://sso.example.com/login?x=1")).await;
        assert_eq!(
            look(elsewhere.url()).await,
            Err(DiscoverError::Obstacle(Obstacle::Redirect {
                to: "http://sso.example.com/login".to_owned(),
                sign_in_page: true
            }))
        );
        let failing = WebServer::start(|_| Answer::html(502, "<html>bad gateway</html>")).await;
        assert_eq!(look(failing.url()).await, Err(DiscoverError::Failing(502)));
    }

    #[tokio::test]
    async fn a_server_that_is_too_old_is_refused_and_an_old_one_is_warned_about() {
        let ancient = WebServer::start(mattermost("", "5.36.1")).await;
        assert_eq!(look(ancient.url()).await, Err(DiscoverError::TooOld { version: "5.36.1".to_owned() }));
        let old = WebServer::start(mattermost("", "5.37.0")).await;
        assert_eq!(look(old.url()).await.unwrap().warnings.len(), 2);
    }

    #[tokio::test]
    async fn an_unreachable_address_of_the_server_itself_is_a_warning_only() {
        let server = WebServer::start(|path| match path {
            PING => Answer::json(200, r#"{"status":"OK"}"#),
            _ => Answer::json(200, r#"{"Version":"11.1.0","SiteURL":"http://127.0.0.1:1"}"#),
        })
        .await;
        let found = look(server.url()).await.unwrap();
        assert_eq!(found.url, server.url());
        assert!(found.warnings.iter().any(|warning| warning.contains("another address")));
    }
}
