//! As a person chose: through which proxy, believing whom, showing which certificate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use belfry_core::reach::{Reach, ReachSecrets};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use url::Host;

use super::identity::{Source, Wallet};
use super::pin::{Judge, Pin, Refused};
use super::proxy::Choice;
use super::{Dial, Dialed, Dialing, Stream, Target, direct};
use crate::certificate::Fingerprint;
use crate::tls;
use crate::trouble::Trouble;

/// Opens the connections to one server.
#[derive(Debug)]
pub(crate) struct Chosen {
    proxy: Choice,
    pin: Result<Option<Pin>, Trouble>,
    identity: Option<Source>,
    refused: Refused,
    /// Made with the first encrypted connection: it reads files.
    tls: OnceCell<Arc<ClientConfig>>,
    asked: Arc<AtomicBool>,
}

impl Chosen {
    /// `host` is the server's, as it stands in its address. What is wrong about the choice is said by the first dial.
    pub(crate) fn new(host: &str, reach: &Reach, secrets: &ReachSecrets) -> Self {
        let pinned = reach.pinned_certificate.trim();
        let pin = match Fingerprint::parse(pinned) {
            Some(fingerprint) => Ok(Some(Pin { host: host.to_owned(), fingerprint })),
            None if pinned.is_empty() => Ok(None),
            None => Err(Trouble::BadFingerprint),
        };
        let file = |name: &str| Some(name.trim()).filter(|name| !name.is_empty()).map(Into::into);
        let identity = file(&reach.client_certificate).map(|certificate| Source {
            certificate,
            key: file(&reach.client_key),
            password: secrets.client_certificate.clone(),
        });
        Self {
            proxy: Choice::of(reach, &secrets.proxy),
            pin,
            identity,
            refused: Refused::default(),
            tls: OnceCell::new(),
            asked: Arc::default(),
        }
    }

    /// Where certificates that were refused are left.
    pub(crate) fn refused(&self) -> Refused {
        self.refused.clone()
    }

    async fn open(&self, to: &Target, protocols: &[&str]) -> Result<Dialed, Trouble> {
        let config = if to.secure { Some(self.config().await?) } else { None };
        let stream: Box<dyn Stream> = match self.proxy.proxy_for(to).await? {
            Some(proxy) => proxy.open(to).await?,
            None => Box::new(direct::connect(&to.host, to.port).await?),
        };
        let Some(config) = config else { return Ok(Dialed { stream, h2: false }) };
        self.asked.store(false, Ordering::Relaxed);
        encrypted(&to.host, stream, config, protocols).await.map_err(|trouble| match trouble {
            Trouble::HandshakeRefused if self.asked.load(Ordering::Relaxed) => Trouble::ClientCertificateWanted,
            Trouble::HandshakeRefused => Trouble::Tls,
            other => other,
        })
    }

    async fn config(&self) -> Result<Arc<ClientConfig>, Trouble> {
        let make = || async {
            let pin = self.pin.clone()?;
            let (identity, refused, asked) = (self.identity.clone(), self.refused.clone(), Arc::clone(&self.asked));
            let made = tokio::task::spawn_blocking(move || {
                let identity = identity.map(|source| source.load(&tls::provider())).transpose()?.map(Arc::new);
                let platform = tls::platform().map_err(|error| no_roots(&error))?;
                let judge = Judge { platform, pin, refused };
                tls::config(Arc::new(judge), Arc::new(Wallet { identity, asked })).map_err(|error| no_roots(&error))
            });
            made.await.unwrap_or(Err(Trouble::Tls)).map(Arc::new)
        };
        self.tls.get_or_try_init(make).await.cloned()
    }
}

impl Dial for Chosen {
    fn dial<'a>(&'a self, to: &'a Target, protocols: &'a [&'a str]) -> Dialing<'a> {
        Box::pin(self.open(to, protocols))
    }
}

fn no_roots(error: &rustls::Error) -> Trouble {
    tracing::warn!(%error, "TLS cannot be set up");
    Trouble::NoRoots
}

/// What this computer trusts, with nothing of ours to show.
pub(super) async fn ordinary() -> Result<Arc<ClientConfig>, Trouble> {
    let made = tokio::task::spawn_blocking(|| {
        let judge = Judge {
            platform: tls::platform().map_err(|error| no_roots(&error))?,
            pin: None,
            refused: Refused::default(),
        };
        tls::config(Arc::new(judge), Arc::new(Wallet::default())).map_err(|error| no_roots(&error))
    });
    made.await.unwrap_or(Err(Trouble::Tls)).map(Arc::new)
}

/// TLS over a stream.
pub(super) async fn encrypted(
    host: &Host<String>,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    config: Arc<ClientConfig>,
    protocols: &[&str],
) -> Result<Dialed, Trouble> {
    let name = match host {
        Host::Domain(domain) => ServerName::try_from(domain.clone()).map_err(|_not_a_name| Trouble::WrongName)?,
        Host::Ipv4(ip) => ServerName::IpAddress((*ip).into()),
        Host::Ipv6(ip) => ServerName::IpAddress((*ip).into()),
    };
    let connector = TlsConnector::from(config);
    let stream = connector.with_alpn(tls::names(protocols)).connect(name, stream).await.map_err(|error| {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match inner {
            Some(rustls::Error::AlertReceived(AlertDescription::HandshakeFailure)) => Trouble::HandshakeRefused,
            _ => Trouble::of(&error),
        }
    })?;
    let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok(Dialed { stream: Box::new(stream), h2 })
}
