//! Through a proxy: HTTP (`CONNECT`) or SOCKS 5, from the environment or as a person chose.
//!
//! Every server is reached by a tunnel, plain http included, so that REST and websockets go the same way and the proxy sees
//! none of our headers. Names are resolved by the proxy: often nobody else can.

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use belfry_core::reach::Reach;
use belfry_core::secret::Secret;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::{Host, Url};

use super::{Stream, Target, desktop, direct};
use crate::http::user_agent;
use crate::trouble::Trouble;

/// A proxy's answer to `CONNECT` is a few lines.
const LARGEST_HEAD: usize = 8 << 10;
/// SOCKS gives names one byte for their length.
const LONGEST_SOCKS: usize = 255;

/// The environment does not change while we run.
static SYSTEM: LazyLock<Matcher> = LazyLock::new(Matcher::from_system);

/// Which way.
#[derive(Clone, Debug)]
pub(super) enum Choice {
    /// As the environment says.
    System,
    /// Straight there.
    Straight,
    /// This proxy, or why it is none.
    Named(Result<Arc<Proxy>, Trouble>),
}

impl Choice {
    /// What the preferences say.
    pub(super) fn of(reach: &Reach, password: &Secret) -> Self {
        match reach.proxy.trim() {
            "" | Reach::SYSTEM => Self::System,
            Reach::NONE => Self::Straight,
            address => Self::Named(Proxy::named(address, reach.proxy_user.trim(), password).map(Arc::new)),
        }
    }

    /// The proxy to use for a server, if any.
    pub(super) async fn proxy_for(&self, to: &Target) -> Result<Option<Arc<Proxy>>, Trouble> {
        match self {
            Self::System if to.is_this_computer() => Ok(None),
            Self::System => {
                let proxy = match Proxy::of_system(&SYSTEM, to)? {
                    Some(proxy) => Some(proxy),
                    None => Proxy::of_desktop(&desktop::proxies(to).await)?,
                };
                Ok(proxy.map(Arc::new))
            }
            Self::Straight => Ok(None),
            Self::Named(proxy) => proxy.clone().map(Some),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Http,
    /// The way to the proxy itself is encrypted.
    Https,
    Socks5,
}

impl Kind {
    fn of(scheme: &str) -> Result<(Self, u16), Trouble> {
        match scheme {
            "http" => Ok((Self::Http, 80)),
            "https" => Ok((Self::Https, 443)),
            "socks5" | "socks5h" => Ok((Self::Socks5, 1080)),
            _ => Err(Trouble::ProxyAddress),
        }
    }
}

/// One proxy.
#[derive(Clone, Debug)]
pub(super) struct Proxy {
    pub(super) kind: Kind,
    pub(super) host: Host<String>,
    pub(super) port: u16,
    login: Login,
}

#[derive(Clone, Debug)]
enum Login {
    None,
    /// For HTTP; marked as sensitive.
    Header(HeaderValue),
    /// For SOCKS.
    Pair(Secret, Secret),
}

/// `Basic …` for a name and a password.
pub(super) fn basic(user: &str, password: &Secret) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", password.expose()));
    let mut value = HeaderValue::try_from(format!("Basic {pair}"))?;
    value.set_sensitive(true);
    Ok(value)
}

impl Proxy {
    fn named(address: &str, user: &str, password: &Secret) -> Result<Self, Trouble> {
        let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
        let (kind, usual_port) = Kind::of(&scheme.to_ascii_lowercase())?;
        // As http, which every parser knows in the same way; 80 there would hide that no port was given.
        let url = Url::parse(&format!("ftp://{rest}")).map_err(|_not_an_address| Trouble::ProxyAddress)?;
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !plain || !matches!(url.path(), "" | "/") {
            return Err(Trouble::ProxyAddress);
        }
        let host = Self::host(url.host_str().unwrap_or_default())?;
        let login = match kind {
            _ if user.is_empty() => Login::None,
            Kind::Socks5 => Login::Pair(Secret::new(user), password.clone()),
            Kind::Http | Kind::Https => {
                Login::Header(basic(user, password).map_err(|_unusable| Trouble::ProxyLoginRefused)?)
            }
        };
        Ok(Self { kind, host, port: url.port().unwrap_or(usual_port), login })
    }

    fn host(text: &str) -> Result<Host<String>, Trouble> {
        Host::parse(text).map_err(|_not_a_host| Trouble::ProxyAddress)
    }

    fn of_system(system: &Matcher, to: &Target) -> Result<Option<Self>, Trouble> {
        let scheme = if to.secure { "https" } else { "http" };
        let uri = Uri::try_from(format!("{scheme}://{}:{}", to.host, to.port)).map_err(|_unusable| Trouble::Other)?;
        let Some(found) = system.intercept(&uri) else { return Ok(None) };
        let uri = found.uri();
        let (kind, usual_port) = Kind::of(uri.scheme_str().unwrap_or("http"))?;
        let login = match (found.basic_auth(), found.raw_auth()) {
            (Some(header), _) => {
                let mut header = header.clone();
                header.set_sensitive(true);
                Login::Header(header)
            }
            (None, Some((user, password))) => Login::Pair(Secret::new(user), Secret::new(password)),
            (None, None) => Login::None,
        };
        let host = Self::host(uri.host().unwrap_or_default())?;
        Ok(Some(Self { kind, host, port: uri.port_u16().unwrap_or(usual_port), login }))
    }

    /// The first of a desktop's proxies that we can speak to; none where it says so, or says nothing.
    fn of_desktop(named: &[String]) -> Result<Option<Self>, Trouble> {
        let mut trouble = None;
        for address in named {
            if address.starts_with("direct:") {
                return Ok(None);
            }
            // They always say which kind it is.
            if !address.contains("://") {
                trouble = Some(Trouble::ProxyAddress);
                continue;
            }
            // What desktops call `socks` is version 5 wherever it is not said otherwise.
            let address = address.replacen("socks://", "socks5://", 1);
            match Self::named(address.trim_end_matches('/'), "", &Secret::default()) {
                Ok(proxy) => return Ok(Some(proxy)),
                Err(unusable) => trouble = Some(unusable),
            }
        }
        trouble.map_or(Ok(None), Err)
    }

    /// Opens a tunnel to a server.
    pub(super) async fn open(&self, to: &Target) -> Result<Box<dyn Stream>, Trouble> {
        let tcp = direct::connect(&self.host, self.port).await.map_err(|trouble| {
            tracing::debug!(%trouble, "proxy");
            Trouble::ProxyUnreachable
        })?;
        match self.kind {
            Kind::Http => self.connect(Box::new(tcp), to).await,
            Kind::Https => {
                let way =
                    super::chosen::encrypted(&self.host, tcp, super::chosen::ordinary().await?, &["http/1.1"]).await?;
                self.connect(way.stream, to).await
            }
            Kind::Socks5 => self.socks(Box::new(tcp), to).await,
        }
    }

    async fn connect(&self, mut stream: Box<dyn Stream>, to: &Target) -> Result<Box<dyn Stream>, Trouble> {
        let authority = format!("{}:{}", to.host, to.port);
        let mut request =
            format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {}\r\n", user_agent())
                .into_bytes();
        if let Login::Header(header) = &self.login {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(header.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await.map_err(|error| lost(&error))?;
        let mut head = Vec::new();
        // Byte by byte: what comes after the head is the server's.
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() >= LARGEST_HEAD {
                return Err(Trouble::NotAProxy);
            }
            head.push(stream.read_u8().await.map_err(|error| lost(&error))?);
        }
        let status = head.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..5));
        let status = status.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u16>().ok());
        let page = head
            .to_ascii_lowercase()
            .windows(b"content-type: text/html".len())
            .any(|window| window == b"content-type: text/html");
        match status {
            // A web server that answers everything with its page.
            Some(200..=299) if page => Err(Trouble::NotAProxy),
            Some(200..=299) => Ok(stream),
            Some(407) => Err(self.login_wanted()),
            Some(502..=504) => Err(Trouble::ProxyInVain),
            Some(_) => Err(Trouble::ProxyRefused),
            None => Err(Trouble::NotAProxy),
        }
    }

    fn login_wanted(&self) -> Trouble {
        match self.login {
            Login::None => Trouble::ProxyLogin,
            Login::Header(_) | Login::Pair(..) => Trouble::ProxyLoginRefused,
        }
    }

    /// SOCKS 5 (RFC 1928), with a name and a password (RFC 1929) where there are some.
    async fn socks(&self, mut stream: Box<dyn Stream>, to: &Target) -> Result<Box<dyn Stream>, Trouble> {
        let greeting: &[u8] = if matches!(self.login, Login::Pair(..)) { &[5, 2, 0, 2] } else { &[5, 1, 0] };
        stream.write_all(greeting).await.map_err(|error| lost(&error))?;
        let mut chosen = [0; 2];
        stream.read_exact(&mut chosen).await.map_err(|error| lost(&error))?;
        match (chosen, &self.login) {
            ([5, 0], _) => {}
            ([5, 2], Login::Pair(user, password)) => {
                let mut request = vec![1];
                for part in [user, password] {
                    let length = u8::try_from(part.expose().len()).map_err(|_too_long| Trouble::ProxyLoginRefused)?;
                    request.push(length);
                    request.extend_from_slice(part.expose().as_bytes());
                }
                stream.write_all(&request).await.map_err(|error| lost(&error))?;
                let mut outcome = [0; 2];
                stream.read_exact(&mut outcome).await.map_err(|error| lost(&error))?;
                if outcome[1] != 0 {
                    return Err(Trouble::ProxyLoginRefused);
                }
            }
            ([5, _], _) => return Err(self.login_wanted()),
            _ => return Err(Trouble::NotAProxy),
        }
        let mut request = vec![5, 1, 0];
        match &to.host {
            Host::Ipv4(ip) => {
                request.push(1);
                request.extend_from_slice(&ip.octets());
            }
            Host::Ipv6(ip) => {
                request.push(4);
                request.extend_from_slice(&ip.octets());
            }
            Host::Domain(name) => {
                let length = u8::try_from(name.len().min(LONGEST_SOCKS)).unwrap_or(u8::MAX);
                if usize::from(length) != name.len() {
                    return Err(Trouble::NameNotFound);
                }
                request.extend_from_slice(&[3, length]);
                request.extend_from_slice(name.as_bytes());
            }
        }
        request.extend_from_slice(&to.port.to_be_bytes());
        stream.write_all(&request).await.map_err(|error| lost(&error))?;
        let mut reply = [0; 4];
        stream.read_exact(&mut reply).await.map_err(|error| lost(&error))?;
        match reply {
            [5, 0, ..] => {}
            [5, 2, ..] => return Err(Trouble::ProxyRefused),
            [5, ..] => return Err(Trouble::ProxyInVain),
            _ => return Err(Trouble::NotAProxy),
        }
        // Where the proxy stands for us, which is of no use here.
        let length = match reply[3] {
            1 => 4,
            4 => 16,
            3 => usize::from(stream.read_u8().await.map_err(|error| lost(&error))?),
            _ => return Err(Trouble::NotAProxy),
        };
        let mut bound = vec![0; length + 2];
        stream.read_exact(&mut bound).await.map_err(|error| lost(&error))?;
        Ok(stream)
    }
}

/// A proxy that hangs up in the middle does not speak our language.
fn lost(error: &std::io::Error) -> Trouble {
    tracing::debug!(kind = %error.kind(), "the proxy hung up");
    Trouble::NotAProxy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::of(&Url::parse(url).unwrap()).unwrap()
    }

    #[test]
    fn the_first_usable_proxy_of_the_desktop_is_taken() {
        let first = |named: &[&str]| {
            let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
            Proxy::of_desktop(&named).map(|proxy| proxy.map(|proxy| (proxy.kind, proxy.host.to_string(), proxy.port)))
        };
        let host = || "proxy.example".to_owned();
        assert_eq!(first(&[]), Ok(None));
        assert_eq!(first(&["direct://", "http://proxy.example:3128"]), Ok(None));
        assert_eq!(first(&["http://proxy.example:3128/", "direct://"]), Ok(Some((Kind::Http, host(), 3128))));
        assert_eq!(
            first(&["socks4://old.example:1", "socks://proxy.example:1080"]),
            Ok(Some((Kind::Socks5, host(), 1080)))
        );
        assert_eq!(first(&["socks4://old.example:1"]), Err(Trouble::ProxyAddress));
        assert_eq!(first(&["nonsense:", "direct://"]), Ok(None));
    }

    #[test]
    fn a_proxys_address_is_a_scheme_a_host_and_a_port_and_nothing_else() {
        for (address, kind, host, port) in [
            ("proxy.example:3128", Kind::Http, "proxy.example", 3128),
            ("http://proxy.example", Kind::Http, "proxy.example", 80),
            ("HTTPS://proxy.example/", Kind::Https, "proxy.example", 443),
            ("socks5://10.0.0.1", Kind::Socks5, "10.0.0.1", 1080),
            ("socks5h://[::1]:9050", Kind::Socks5, "[::1]", 9050),
        ] {
            let proxy = Proxy::named(address, "", &Secret::default()).unwrap();
            assert_eq!((proxy.kind, proxy.host.to_string().as_str(), proxy.port), (kind, host, port), "{address}");
        }
        for wrong in ["socks4://x", "ftp://x", "http://", "http://ann:pw@x:1", "http://x/path", "http://x:99999", "a b"]
        {
            assert_eq!(Proxy::named(wrong, "", &Secret::default()).unwrap_err(), Trouble::ProxyAddress, "{wrong}");
        }
    }

    #[tokio::test]
    async fn the_environment_says_which_proxy_and_which_hosts_need_none() {
        let system = Matcher::builder()
            .https("http://ann:pw@proxy.example:3128")
            .http("socks5://socks.example")
            .no("inside.example,10.0.0.0/8")
            .build();
        let proxy = Proxy::of_system(&system, &target("https://chat.example.org")).unwrap().unwrap();
        assert_eq!((proxy.kind, proxy.host.to_string().as_str(), proxy.port), (Kind::Http, "proxy.example", 3128));
        assert!(matches!(&proxy.login, Login::Header(header) if header == "Basic YW5uOnB3" && header.is_sensitive()));
        let socks = Proxy::of_system(&system, &target("http://chat.example.org")).unwrap().unwrap();
        assert_eq!((socks.kind, socks.port), (Kind::Socks5, 1080));
        for inside in ["https://chat.inside.example", "https://10.1.2.3", "http://inside.example:8065"] {
            assert!(Proxy::of_system(&system, &target(inside)).unwrap().is_none(), "{inside}");
        }
        let choice = Choice::of(&Reach::default(), &Secret::default());
        let here = choice.proxy_for(&target("http://localhost:8065")).await.unwrap();
        assert!(here.is_none(), "this computer needs no proxy");
    }

    #[test]
    fn a_password_is_never_printed() {
        let proxy = Proxy::named("http://x", "ann", &Secret::new("hunter2")).unwrap();
        let socks = Proxy::named("socks5://x", "ann", &Secret::new("hunter2")).unwrap();
        let printed = format!("{proxy:?} {socks:?}");
        assert!(!printed.contains("hunter2") && !printed.contains("YW5uOmh1bnRlcjI="), "{printed}");
    }
}
