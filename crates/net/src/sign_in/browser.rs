//! Signing in with the browser: the desktop flow of servers with single sign-on (protocol §2.3 A).
//!
//! We make a token, the browser signs in with it, and its last page hands back that token together with one of the
//! server's. Whoever shows both may exchange the second for a session, once, within three minutes.

use std::fmt;
use std::time::Duration;

use belfry_core::query::Provider;
use belfry_core::secret::Secret;
use belfry_core::time::MonoTime;
use thiserror::Error;
use url::Url;

use crate::http::parse_base;

/// How long a sign-in may take; the server's own token lives as long (protocol §2.3).
pub const PATIENCE: Duration = Duration::from_mins(3);
/// What was pasted is an address, not a book.
const LONGEST: usize = 4096;
/// Random bytes in a token of ours: 64 hexadecimal digits.
const TOKEN_BYTES: usize = 32;
/// Tokens of ours begin with this. It makes the server's page open links of the scheme [`SCHEME`]: the other one belongs
/// to the official application, which would swallow the sign-in where it is installed.
const PREFIX: &str = "dev-";
/// The scheme of the links that hand a sign-in over to us.
pub const SCHEME: &str = "mattermost-dev";
/// The path of the last page, below the server's address.
const LAST_PAGE: &str = "/login/desktop";

/// Why a link does not finish a sign-in. One sentence without a full stop; never a part of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HandoverError {
    /// It is something else.
    #[error("that is not the address of the page that ends the sign-in; copy it whole from the browser")]
    NotOne,
    /// Nobody waits for it, or not any more.
    #[error("no sign-in waits for that link; begin again, and finish within three minutes")]
    NotAwaited,
    /// It belongs to another sign-in.
    #[error("that link belongs to another sign-in; use the newest page in the browser")]
    Another,
    /// It comes from another server.
    #[error("that link comes from another server")]
    AnotherServer,
}

/// A sign-in that waits for the browser.
pub struct Pending {
    base: Url,
    token: Secret,
    until: MonoTime,
}

// The token is a secret.
impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("until", &self.until).finish_non_exhaustive()
    }
}

impl Pending {
    /// Begins one for the server at `base`; `None` where that is no web address or this computer gives no randomness.
    pub fn begin(base: &str, now: MonoTime) -> Option<Self> {
        let base = parse_base(base).ok()?;
        let mut bytes = [0; TOKEN_BYTES];
        rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).ok()?;
        let mut token = PREFIX.to_owned();
        for byte in bytes {
            token.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0')));
        }
        Some(Self { base, token: Secret::new(token), until: now.after(PATIENCE) })
    }

    /// The page at which the browser begins.
    pub fn address(&self, provider: Provider) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        let path = match provider {
            Provider::GitLab => "/oauth/gitlab/login",
            Provider::Google => "/oauth/google/login",
            Provider::Office365 => "/oauth/office365/login",
            Provider::OpenId => "/oauth/openid/login",
            Provider::Saml => "/login/sso/saml",
        };
        format!("{base}{path}?desktop_token={}", self.token.expose())
    }

    /// When it is forgotten.
    pub fn until(&self) -> MonoTime {
        self.until
    }

    /// Whether a link finishes this sign-in. Whoever accepts one must forget the sign-in at once.
    pub fn check(&self, handover: &Handover, now: MonoTime) -> Result<(), HandoverError> {
        if now >= self.until {
            return Err(HandoverError::NotAwaited);
        }
        if !same(self.token.expose(), handover.client_token.expose()) {
            return Err(HandoverError::Another);
        }
        // Ports that are not written are those of the server's own scheme.
        let scheme = handover.scheme.unwrap_or_else(|| self.base.scheme());
        let from =
            Url::parse(&format!("{scheme}://{}", handover.place)).map_err(|_unreadable| HandoverError::NotOne)?;
        let ends = format!("{}{LAST_PAGE}", self.base.path().trim_end_matches('/'));
        let same_host = from.host_str().is_some() && from.host_str() == self.base.host_str();
        let same_port = from.port_or_known_default() == self.base.port_or_known_default();
        if same_host && same_port && from.path().trim_end_matches('/') == ends {
            Ok(())
        } else {
            Err(HandoverError::AnotherServer)
        }
    }
}

/// What the browser's last page hands over, as a link or pasted.
pub struct Handover {
    /// http or https, where the link says which.
    scheme: Option<&'static str>,
    /// Host, port and path.
    place: String,
    client_token: Secret,
    server_token: Secret,
}

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handover(…)")
    }
}

impl Handover {
    /// Reads a link of any of the forms in which it may arrive: the page's address, or that with another scheme.
    pub fn read(text: &str) -> Result<Self, HandoverError> {
        let text = text.trim().trim_matches(['"', '\'', '<', '>']).trim();
        if text.len() > LONGEST || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(HandoverError::NotOne);
        }
        let (scheme, rest) = text.split_once("://").ok_or(HandoverError::NotOne)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Some("https"),
            "http" => Some("http"),
            "mattermost" | SCHEME => None,
            _ => return Err(HandoverError::NotOne),
        };
        let (place, query) = rest.split_once('?').ok_or(HandoverError::NotOne)?;
        let query = query.split('#').next().unwrap_or_default();
        let token = |wanted: &str| {
            let mut found = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == wanted);
            let value = found.next().map(|(_, value)| value);
            // Two of them are nobody's.
            value
                .filter(|value| found.next().is_none() && is_token(value))
                .map(Secret::new)
                .ok_or(HandoverError::NotOne)
        };
        let (client_token, server_token) = (token("client_token")?, token("server_token")?);
        if place.contains('@') || place.is_empty() {
            return Err(HandoverError::NotOne);
        }
        Ok(Self { scheme, place: place.to_owned(), client_token, server_token })
    }

    /// What is exchanged for a session.
    pub(super) fn server_token(&self) -> &Secret {
        &self.server_token
    }

    /// For callers that look for the sign-in it belongs to: whether this could be it.
    pub fn belongs_to(&self, pending: &Pending) -> bool {
        same(pending.token.expose(), self.client_token.expose())
    }
}

fn is_token(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Takes as long for any two texts of one length, so that nobody can guess a token a letter at a time.
fn same(one: &str, other: &str) -> bool {
    let differs = one.bytes().zip(other.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
    one.len() == other.len() && std::hint::black_box(differs) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: MonoTime = MonoTime(1_000);

    fn pending(base: &str) -> Pending {
        Pending::begin(base, NOW).unwrap()
    }

    fn link(pending: &Pending, start: &str) -> String {
        format!("{start}?client_token={}&server_token=s3rver&isDesktopDev=true", pending.token.expose())
    }

    fn verdict(pending: &Pending, text: &str) -> Result<(), HandoverError> {
        Handover::read(text).and_then(|handover| pending.check(&handover, NOW))
    }

    #[test]
    fn the_browser_begins_where_the_provider_is() {
        let pending = pending("https://chat.example.org/mm/");
        let token = pending.token.expose().to_owned();
        assert_eq!((token.len(), token.starts_with("dev-")), (68, true));
        let begins = |provider| pending.address(provider).replace(&token, "T");
        assert_eq!(begins(Provider::GitLab), "https://chat.example.org/mm/oauth/gitlab/login?desktop_token=T");
        assert_eq!(begins(Provider::Saml), "https://chat.example.org/mm/login/sso/saml?desktop_token=T");
        let another = Pending::begin("https://chat.example.org", NOW).unwrap();
        assert_ne!(another.token, pending.token);
        assert!(!format!("{pending:?}").contains(&token));
    }

    #[test]
    fn a_handover_is_taken_in_every_form_in_which_it_arrives() {
        let of_subpath = pending("https://Chat.example.org/mm");
        for start in [
            "mattermost-dev://chat.example.org/mm/login/desktop",
            "mattermost://chat.example.org/mm/login/desktop",
            "MATTERMOST://CHAT.example.org/mm/login/desktop/",
            "https://chat.example.org/mm/login/desktop",
            "https://chat.example.org:443/mm/login/desktop",
        ] {
            assert_eq!(verdict(&of_subpath, &link(&of_subpath, start)), Ok(()), "{start}");
        }
        let text = format!("  <{}>\n", link(&of_subpath, "https://chat.example.org/mm/login/desktop"));
        assert_eq!(verdict(&of_subpath, &text), Ok(()));
        let of_port = pending("http://127.0.0.1:8065");
        assert_eq!(verdict(&of_port, &link(&of_port, "mattermost-dev://127.0.0.1:8065/login/desktop")), Ok(()));
    }

    #[test]
    fn a_handover_of_another_sign_in_or_server_or_time_is_refused() {
        let ours = pending("https://chat.example.org");
        let theirs = pending("https://chat.example.org");
        let page = "https://chat.example.org/login/desktop";
        assert_eq!(verdict(&ours, &link(&theirs, page)), Err(HandoverError::Another));
        for start in [
            "https://evil.example/login/desktop",
            "https://chat.example.org.evil.example/login/desktop",
            "https://chat.example.org:8443/login/desktop",
            "https://chat.example.org/other/login/desktop",
            "https://chat.example.org/login/desktop/more",
            "https://chat.example.org/login",
        ] {
            assert_eq!(verdict(&ours, &link(&ours, start)), Err(HandoverError::AnotherServer), "{start}");
        }
        let late = NOW.after(PATIENCE);
        let handover = Handover::read(&link(&ours, page)).unwrap();
        assert_eq!(ours.check(&handover, late), Err(HandoverError::NotAwaited));
    }

    #[test]
    fn anything_else_that_is_pasted_is_no_handover() {
        for text in [
            "",
            "hello",
            "https://chat.example.org/login/desktop",
            "https://chat.example.org/login/desktop?client_token=a",
            "https://chat.example.org/login/desktop?client_token=a&server_token=",
            "https://chat.example.org/login/desktop?client_token=a&client_token=b&server_token=c",
            "https://chat.example.org/login/desktop?client_token=a&server_token=b%0Ac",
            "https://user@chat.example.org/login/desktop?client_token=a&server_token=b",
            "file:///etc/passwd?client_token=a&server_token=b",
            "javascript://x?client_token=a&server_token=b",
            "mattermost://?client_token=a&server_token=b",
            "https://chat.example.org/login/desktop?client_token=a b&server_token=c",
            &format!("https://chat.example.org/{}?client_token=a&server_token=b", "x".repeat(LONGEST)),
        ] {
            assert!(matches!(Handover::read(text), Err(HandoverError::NotOne)), "{text:.80}");
        }
    }
}
