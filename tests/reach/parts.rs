//! The real parts: an authority, a web server in front, proxies; and a session that is watched.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use belfry_core::effect::Effect;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{LocalPrefs, ServerPrefs};
use belfry_core::query::{Discovered, Login};
use belfry_core::reach::{Obstacle, Reach, ReachDraft, ReachSecrets};
use belfry_core::secret::Secret;
use belfry_core::signal::Surface;
use belfry_core::view::{Health, ServerView};
use belfry_net::dial::Route;
use belfry_net::discover::{DiscoverError, discover};
use belfry_net::secrets::SecretStore;
use belfry_net::sign_in::sign_in;
use belfry_net::{Running, Setup, reach, spawn};
use belfry_practice_server::{Options, PracticeServer, World};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Far more than anything takes.
const LIMIT: Duration = Duration::from_secs(30);
pub(crate) const SERVER: ServerId = ServerId(1);

pub(crate) async fn practice() -> PracticeServer {
    PracticeServer::start(Options::with_world(World::small())).await.unwrap()
}

/// Somebody who issues certificates, and whom nobody knows.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

/// A certificate with its key.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) pem: String,
    pub(crate) key: Vec<u8>,
    pub(crate) key_pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Northwind Authority");
        let own = params.self_signed(&key).unwrap();
        Self { certificate: own.der().clone(), pem: own.pem(), issuer: Issuer::new(params, key) }
    }

    /// For a file of authorities that a computer trusts.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    pub(crate) fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
            key_pem: key.serialize_pem(),
        }
    }

    /// A certificate that nobody issued but its own key.
    pub(crate) fn self_signed(name: &str) -> Issued {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        Issued {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
            key_pem: key.serialize_pem(),
        }
    }

    /// TLS with a certificate; with `of_ours`, whoever comes must show one that this authority issued.
    pub(crate) fn tls(&self, issued: &Issued, of_ours: bool) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
        let config = if of_ours {
            let mut roots = RootCertStore::empty();
            roots.add(self.certificate.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            config.with_client_cert_verifier(verifier)
        } else {
            config.with_no_client_auth()
        };
        let key = PrivatePkcs8KeyDer::from(issued.key.clone());
        let mut config = config.with_single_cert(vec![issued.certificate.clone()], key.into()).unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }
}

/// What a web server in front wants to see in every request, and what it says otherwise.
pub(crate) struct Demand {
    pub(crate) line: &'static str,
    pub(crate) refusal: &'static str,
}

/// A web server in front of another one, on loopback.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    tls: Arc<Mutex<Option<Arc<ServerConfig>>>>,
    _task: JoinSet<()>,
}

impl Front {
    pub(crate) async fn start(to: SocketAddr, tls: Option<ServerConfig>, demands: Vec<Demand>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let tls = Arc::new(Mutex::new(tls.map(Arc::new)));
        let (demands, log, now) = (Arc::new(demands), Arc::clone(&heads), Arc::clone(&tls));
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let (demands, log) = (Arc::clone(&demands), Arc::clone(&log));
                let tls = now.lock().unwrap().clone();
                connections.spawn(async move {
                    match tls {
                        Some(tls) => {
                            if let Ok(stream) = TlsAcceptor::from(tls).accept(tcp).await {
                                pass(stream, to, &demands, &log).await;
                            }
                        }
                        None => pass(tcp, to, &demands, &log).await,
                    }
                });
            }
        });
        Self { address, heads, tls, _task: task }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls.lock().unwrap().is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// From now on it shows another certificate.
    pub(crate) fn changes(&self, tls: ServerConfig) {
        *self.tls.lock().unwrap() = Some(Arc::new(tls));
    }

    /// The heads of the first request of every connection.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(head)
}

/// Looks at every request, which is easy since each has its own connection.
async fn pass(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    to: SocketAddr,
    demands: &[Demand],
    log: &Mutex<Vec<String>>,
) {
    let Some(head) = head(&mut stream).await else { return };
    let text = String::from_utf8_lossy(&head).into_owned();
    log.lock().unwrap().push(text.clone());
    let has = |line: &str| text.lines().any(|other| other.eq_ignore_ascii_case(line) || other == line);
    if let Some(demand) = demands.iter().find(|demand| !has(demand.line)) {
        stream.write_all(demand.refusal.as_bytes()).await.ok();
        stream.shutdown().await.ok();
        return;
    }
    let Ok(mut server) = TcpStream::connect(to).await else { return };
    // A request that is not to be upgraded is the only one of its connection.
    let upgrade = text.to_ascii_lowercase().contains("upgrade: websocket");
    let head = if upgrade { text } else { text.replacen("\r\n", "\r\nConnection: close\r\n", 1) };
    server.write_all(head.as_bytes()).await.ok();
    copy_bidirectional(&mut stream, &mut server).await.ok();
}

/// How a proxy behaves.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manners {
    /// `user`, `password`
    pub(crate) login: Option<(&'static str, &'static str)>,
    /// Lets nobody through.
    pub(crate) refuses: bool,
}

/// A proxy for which every name leads to one server.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn http(to: SocketAddr, manners: Manners) -> Self {
        Self::start(move |tcp, log| async move { http(tcp, to, manners, &log).await }).await
    }

    pub(crate) async fn socks(to: SocketAddr, manners: Manners) -> Self {
        Self::start(move |tcp, log| async move {
            socks(tcp, to, manners, &log).await;
        })
        .await
    }

    async fn start<F>(serve: impl Fn(TcpStream, Arc<Mutex<Vec<String>>>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                connections.spawn(serve(tcp, Arc::clone(&log)));
            }
        });
        Self { address, seen, _task: task }
    }

    /// Whom it was asked for, in order.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn http(mut tcp: TcpStream, to: SocketAddr, manners: Manners, log: &Mutex<Vec<String>>) {
    let Some(head) = head(&mut tcp).await else { return };
    let text = String::from_utf8(head).unwrap();
    let asked = text.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    log.lock().unwrap().push(asked);
    // ann:open sesame
    let known = text.contains("Proxy-Authorization: Basic YW5uOm9wZW4gc2VzYW1l\r\n");
    let answer = match manners {
        Manners { login: Some(_), .. } if !known => "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\n\r\n",
        Manners { refuses: true, .. } => "HTTP/1.1 403 No\r\n\r\n",
        Manners { .. } => "HTTP/1.1 200 Go on\r\nVia: test\r\n\r\n",
    };
    tcp.write_all(answer.as_bytes()).await.unwrap();
    if answer.contains(" 200 ") {
        let mut server = TcpStream::connect(to).await.unwrap();
        copy_bidirectional(&mut tcp, &mut server).await.ok();
    }
}

async fn socks(mut tcp: TcpStream, to: SocketAddr, manners: Manners, log: &Mutex<Vec<String>>) -> Option<()> {
    let mut greeting = [0; 2];
    tcp.read_exact(&mut greeting).await.ok()?;
    let mut methods = vec![0; usize::from(greeting[1])];
    tcp.read_exact(&mut methods).await.ok()?;
    match manners.login {
        None => tcp.write_all(&[5, 0]).await.ok()?,
        Some(_) if !methods.contains(&2) => {
            tcp.write_all(&[5, 255]).await.ok()?;
            return None;
        }
        Some((user, password)) => {
            tcp.write_all(&[5, 2]).await.ok()?;
            let mut given = Vec::new();
            tcp.read_u8().await.ok()?;
            for _ in 0..2 {
                let length = tcp.read_u8().await.ok()?;
                let mut part = vec![0; usize::from(length)];
                tcp.read_exact(&mut part).await.ok()?;
                given.push(String::from_utf8(part).ok()?);
            }
            let right = given == [user, password];
            tcp.write_all(&[1, u8::from(!right)]).await.ok()?;
            if !right {
                return None;
            }
        }
    }
    let mut request = [0; 5];
    tcp.read_exact(&mut request).await.ok()?;
    assert_eq!(request[..4], [5, 1, 0, 3], "a name, to be found by the proxy");
    let mut name = vec![0; usize::from(request[4])];
    tcp.read_exact(&mut name).await.ok()?;
    let port = tcp.read_u16().await.ok()?;
    log.lock().unwrap().push(format!("{}:{port}", String::from_utf8(name).ok()?));
    let refused = u8::from(manners.refuses) * 2;
    tcp.write_all(&[5, refused, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    if !manners.refuses {
        let mut server = TcpStream::connect(to).await.ok()?;
        copy_bidirectional(&mut tcp, &mut server).await.ok();
    }
    Some(())
}

/// What stands in the way of an address.
pub(crate) async fn obstacle(address: &str, draft: &ReachDraft) -> Obstacle {
    match discover(address, draft).await {
        Err(DiscoverError::Obstacle(obstacle)) => obstacle,
        other => panic!("not an obstacle: {other:?}"),
    }
}

pub(crate) async fn found(address: &str, draft: &ReachDraft) -> Discovered {
    discover(address, draft).await.unwrap()
}

pub(crate) fn draft(reach: Reach, secrets: ReachSecrets) -> ReachDraft {
    ReachDraft { reach, secrets }
}

/// A session that goes the way of a draft.
pub(crate) struct Session {
    running: Running,
}

impl Session {
    /// Signs in as morgan and begins.
    pub(crate) async fn start(url: &str, draft: ReachDraft) -> Self {
        let ReachDraft { reach, mut secrets } = draft;
        let login = Login::Password {
            login_id: "morgan".to_owned(),
            password: Secret::new("practice"),
            mfa: Secret::default(),
        };
        let signed_in = sign_in(url, false, &Route::chosen(url, &reach, &secrets), &login).await.unwrap();
        secrets.csrf = signed_in.csrf;
        Self::with(url, reach, &secrets, &signed_in.token).await
    }

    pub(crate) async fn with(url: &str, reach: Reach, secrets: &ReachSecrets, token: &Secret) -> Self {
        let entry: ServerPrefs = serde_json::from_value(serde_json::json!({
            "id": SERVER, "url": url, "name": "Northwind", "username": "morgan", "permission": "allowed",
        }))
        .unwrap();
        let entry = ServerPrefs { reach, ..entry };
        let store = SecretStore::memory();
        store.set(&entry.secret_key(), token).await.unwrap();
        reach::keep(&store, &entry, secrets).await.unwrap();
        let prefs = LocalPrefs { servers: vec![entry], ..LocalPrefs::default() };
        let running = spawn(&Handle::current(), Setup::new(prefs, Arc::new(store), Surface::Toasts));
        Self { running }
    }

    /// Waits until the server's card fits.
    pub(crate) async fn until(&mut self, fits: impl Fn(&ServerView) -> bool) -> ServerView {
        let waited = async {
            loop {
                if let Some(server) = self.running.view.borrow_and_update().server(SERVER).filter(|server| fits(server))
                {
                    return server.clone();
                }
                tokio::select! {
                    changed = self.running.view.changed() => changed.unwrap(),
                    _ = self.running.effects.recv() => {}
                }
            }
        };
        match tokio::time::timeout(LIMIT, waited).await {
            Ok(server) => server,
            Err(elapsed) => panic!("never, {elapsed}: {:?}", self.running.view.borrow().servers),
        }
    }

    pub(crate) async fn live(&mut self) {
        self.until(|server| server.health == Health::Live).await;
    }

    /// Waits for a notification with this text.
    pub(crate) async fn shows(&mut self, text: &str) {
        let shown = async {
            while let Some(effect) = self.running.effects.recv().await {
                if matches!(&effect, Effect::ShowToast(card) if card.text == text) {
                    return;
                }
            }
        };
        tokio::time::timeout(LIMIT, shown).await.unwrap();
    }

    pub(crate) async fn command(&self, command: belfry_core::command::Command) {
        self.running.inputs.send_command(command).await;
    }
}
