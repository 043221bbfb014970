//! Opens the websocket: a connection as REST has it, and the upgrade (protocol §4.1, §4.2).

use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderValue;
use http::header::{HeaderName, USER_AGENT, WWW_AUTHENTICATE};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Utf8Bytes};
use url::Url;

use crate::dial::{Route, Stream, Target};
use crate::http::{retry_after, user_agent};
use crate::trouble::Trouble;

/// A whole connection, from the name to the upgrade.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Larger frames end the connection (protocol §4.3 asks for at least this).
const LARGEST_FRAME: usize = 16 << 20;
/// Why a web server in front lets nobody through (protocol §1.6).
const REJECT_REASON: HeaderName = HeaderName::from_static("x-reject-reason");
const READ_BUFFER: usize = 8 << 10;

/// An open websocket.
pub(super) type Socket = WebSocketStream<Box<dyn Stream>>;

/// A frame's text.
pub(crate) type Text = Utf8Bytes;

/// Why no connection came about.
#[derive(Debug)]
pub(super) struct Refusal {
    /// For people.
    pub(super) reason: String,
    /// How long the server asked us to wait.
    pub(super) retry_after: Option<Duration>,
    /// The token itself was refused.
    pub(super) doubt: bool,
    /// Something answered, but it does not speak websocket: another port may.
    other_port: bool,
}

impl Refusal {
    /// The server answers, but not with what is needed.
    pub(super) fn unavailable(reason: String, retry_after: Option<Duration>) -> Self {
        Self { reason, retry_after, doubt: false, other_port: false }
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        let reason = format!("{trouble}{}", trouble.advice());
        Self { reason, retry_after: None, doubt: false, other_port: false }
    }
}

/// The addresses to try, as http or https, in order: the configured one or the server's own, then the same with the
/// configured port. A server reached by https never gets the token over plain http.
pub(super) fn addresses(base: &Url, config: &BTreeMap<String, String>) -> Vec<Url> {
    let configured = config.get("WebsocketURL").map(|url| url.trim()).filter(|url| !url.is_empty());
    let first = configured.and_then(|url| as_http(url, base)).unwrap_or_else(|| base.clone());
    let port_key = if first.scheme() == "https" { "WebsocketSecurePort" } else { "WebsocketPort" };
    let port = config.get(port_key).and_then(|port| port.trim().parse::<u16>().ok());
    let mut addresses = vec![first];
    if let (Some(port), Some(first)) = (port, addresses.first().cloned())
        && first.port().is_none()
        && first.port_or_known_default() != Some(port)
    {
        let mut second = first;
        if second.set_port(Some(port)).is_ok() {
            addresses.push(second);
        }
    }
    addresses
}

fn as_http(url: &str, base: &Url) -> Option<Url> {
    let rewritten = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => format!("https://{rest}"),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => format!("http://{rest}"),
        Some(_) => url.to_owned(),
        None => return None,
    };
    let url = Url::parse(&rewritten).ok()?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && base.scheme() == "http");
    (safe && url.host().is_some() && url.username().is_empty()).then_some(url)
}

/// Opens the first address that works; asks for a resume where `connection_id` is not empty.
pub(super) async fn open(
    addresses: &[Url],
    route: &Route,
    token: &HeaderValue,
    connection_id: &str,
    sequence_number: i64,
) -> Result<Socket, Refusal> {
    let mut refusal = Refusal::from(Trouble::Other);
    for address in addresses {
        let attempt = open_one(address, route, token, connection_id, sequence_number);
        match tokio::time::timeout(CONNECT_TIMEOUT, attempt).await {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(refused)) => refusal = refused,
            Err(_elapsed) => refusal = Trouble::TimedOut.into(),
        }
        if !refusal.other_port {
            break;
        }
    }
    Err(refusal)
}

async fn open_one(
    address: &Url,
    route: &Route,
    token: &HeaderValue,
    connection_id: &str,
    sequence_number: i64,
) -> Result<Socket, Refusal> {
    // A websocket needs HTTP/1.1; with h2 agreed there would be no upgrade.
    let stream = route.dial.dial(&Target::of(address)?, &["http/1.1"]).await?.stream;
    let request = upgrade(address, route, token, connection_id, sequence_number)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(LARGEST_FRAME))
        .max_frame_size(Some(LARGEST_FRAME));
    match tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _response)) => Ok(socket),
        Err(error) => Err(refused(&error)),
    }
}

/// The upgrade request. No `Origin`: a foreign or empty one is refused, an absent one is not (§12.6). No cookies.
fn upgrade(
    address: &Url,
    route: &Route,
    token: &HeaderValue,
    connection_id: &str,
    sequence_number: i64,
) -> Result<tungstenite::handshake::client::Request, Trouble> {
    let mut url = address.clone();
    let path = format!("{}/api/v4/websocket", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.query_pairs_mut()
        .clear()
        .append_pair("connection_id", connection_id)
        .append_pair("sequence_number", &sequence_number.to_string());
    // `http` becomes `ws` and `https` becomes `wss`.
    let text = url.as_str().replacen("http", "ws", 1);
    let mut request = text.into_client_request().map_err(|_malformed| Trouble::Other)?;
    let headers = request.headers_mut();
    headers.extend(route.headers.clone());
    route.sign(headers, token);
    if let Ok(agent) = HeaderValue::try_from(user_agent()) {
        headers.insert(USER_AGENT, agent);
    }
    Ok(request)
}

fn refused(error: &tungstenite::Error) -> Refusal {
    match error {
        tungstenite::Error::Http(response) => {
            let status = response.status().as_u16();
            let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if status == 401 && header(WWW_AUTHENTICATE).to_ascii_lowercase().starts_with("basic") {
                return Trouble::FrontLogin.into();
            }
            if status == 403 && header(REJECT_REASON).to_ascii_lowercase().contains("pre-auth") {
                return Trouble::PreAuth.into();
            }
            if matches!(status, 200 | 300..=399) {
                return Refusal { other_port: true, ..Trouble::WebPage.into() };
            }
            let reason = match status {
                400 | 404 | 405 | 426 => {
                    format!("the server, or something before it, does not let websockets through (status {status})")
                }
                429 => "the server asked us to slow down".to_owned(),
                502..=504 => "the server is not available at present".to_owned(),
                status => format!("the server refused the connection with status {status}"),
            };
            Refusal {
                reason,
                retry_after: retry_after(response.headers()),
                doubt: status == 401,
                other_port: status != 401 && status != 429,
            }
        }
        tungstenite::Error::Io(error) => Trouble::of(error).into(),
        // Headers without end, or none that are any.
        tungstenite::Error::Protocol(_)
        | tungstenite::Error::AttackAttempt
        | tungstenite::Error::Capacity(_)
        | tungstenite::Error::HttpFormat(_)
        | tungstenite::Error::Utf8(_) => Refusal {
            reason: "the server, or something before it, does not speak websocket".to_owned(),
            other_port: true,
            ..Trouble::Other.into()
        },
        _ => Trouble::Other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses_of(base: &str, config: &[(&str, &str)]) -> Vec<String> {
        let config = config.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        addresses(&Url::parse(base).unwrap(), &config).iter().map(|url| url.as_str().to_owned()).collect()
    }

    #[test]
    fn the_websocket_is_sought_where_the_configuration_says_but_never_less_safely() {
        type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);
        let table: [Case; 6] = [
            ("https://x.org/mm", &[], &["https://x.org/mm"]),
            (
                "https://x.org",
                &[("WebsocketURL", ""), ("WebsocketSecurePort", "4443"), ("WebsocketPort", "8080")],
                &["https://x.org/", "https://x.org:4443/"],
            ),
            ("https://x.org", &[("WebsocketSecurePort", "443")], &["https://x.org/"]),
            ("https://x.org", &[("WebsocketURL", "wss://ws.x.org/mm")], &["https://ws.x.org/mm"]),
            ("https://x.org", &[("WebsocketURL", "ws://ws.x.org")], &["https://x.org/"]),
            ("http://127.0.0.1:8065", &[("WebsocketPort", "80")], &["http://127.0.0.1:8065/"]),
        ];
        for (base, config, expected) in table {
            assert_eq!(addresses_of(base, config), expected, "{base} {config:?}");
        }
    }

    #[test]
    fn the_upgrade_carries_the_token_and_no_origin() {
        let token = HeaderValue::from_static("Bearer t");
        let request = upgrade(&Url::parse("https://x.org/mm").unwrap(), &Route::direct(), &token, "k&1", 7).unwrap();
        assert_eq!(request.uri(), "wss://x.org/mm/api/v4/websocket?connection_id=k%261&sequence_number=7");
        assert_eq!(request.headers()["authorization"], "Bearer t");
        assert!(!request.headers().contains_key("origin"));
        assert!(!request.headers().contains_key("cookie"));
    }
}
