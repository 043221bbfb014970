//! A running practice server and its fault verbs.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::compat::Version;
use crate::error::Refused;
use crate::faults::HttpFault;
use crate::http;
use crate::hub::Payload;
use crate::model::Post;
use crate::person::Person;
use crate::shared::{Shared, Timing};
use crate::state::{Counts, PresenceEntry, State};
use crate::wire::{Event, Scope};
use crate::world::World;
use serde_json::json;

/// How to start a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// What it holds.
    pub world: World,
    /// Port on 127.0.0.1; zero takes a free one.
    pub port: u16,
    /// Ids and random decisions follow from this number.
    pub seed: u64,
    /// Where time comes from.
    pub clock: Clock,
    /// How long the server waits for things.
    pub timing: Timing,
    /// Whether `/practice/…` answers, the verbs for other processes.
    pub control: bool,
}

impl Default for Options {
    /// [`World::small`] on a free port, with the computer's clock and the real server's waiting times.
    fn default() -> Self {
        Self {
            world: World::small(),
            port: 0,
            seed: 1,
            clock: Clock::system(),
            timing: Timing::default(),
            control: true,
        }
    }
}

impl Options {
    /// Defaults with another world.
    pub fn with_world(world: World) -> Self {
        Self { world, ..Self::default() }
    }
}

/// A Mattermost server on loopback that does what the real one does, and fails on demand.
///
/// The handle can be cloned; the server stops when the last one is dropped.
#[derive(Clone, Debug)]
pub struct PracticeServer {
    pub(crate) shared: Arc<Shared>,
    address: SocketAddr,
    _stopper: Arc<Stopper>,
}

#[derive(Debug)]
struct Stopper(Arc<Shared>);

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// A post, as far as one looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostSaid {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub user_id: String,
    /// Where.
    pub channel_id: String,
    /// The root of its thread; empty where it is no reply.
    pub root_id: String,
}

impl PracticeServer {
    /// Starts a server on the current tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be bound, or the world names people or teams that it does not have.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let server = Self::build(options, listener.local_addr()?)?;
        let accepting = Arc::clone(&server.shared);
        server.shared.spawn(http::listen(accepting, listener));
        Ok(server)
    }

    /// Starts a server that nobody reaches but by [`Self::serve`]: no socket of the system, so that a whole world runs in
    /// one process and on tokio's paused time. It says of itself to be on 127.0.0.1 at the port of the options.
    ///
    /// # Errors
    /// When the world names people or teams that it does not have.
    pub fn start_detached(options: Options) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        Self::build(options, address)
    }

    /// Serves one more connection, until either side ends it.
    pub fn serve(&self, stream: DuplexStream) {
        self.shared.spawn(http::connection(Arc::clone(&self.shared), stream));
    }

    fn build(options: Options, address: SocketAddr) -> io::Result<Self> {
        let own_url = format!("http://{address}{}", options.world.subpath);
        let state = State::build(options.world, options.clock, options.seed, &own_url)
            .map_err(|refused| io::Error::new(io::ErrorKind::InvalidInput, refused))?;
        let shared = Arc::new(Shared::new(state, options.timing, options.control));
        let reaping = Arc::clone(&shared);
        let every = options.timing.reaper;
        shared.spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let mut inner = reaping.lock();
                let crate::shared::Inner { state, hub, .. } = &mut *inner;
                hub.reap(state);
            }
        });
        let stopper = Arc::new(Stopper(Arc::clone(&shared)));
        Ok(Self { shared, address, _stopper: stopper })
    }

    /// The address to type into a client, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.lock().state.subpath)
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Somebody on this server, by user name or id. The verbs of an unknown person fail.
    pub fn person(&self, name: &str) -> Person {
        Person::new(Arc::clone(&self.shared), name)
    }

    /// The name the server was given.
    pub fn name(&self) -> String {
        self.shared.lock().state.site_name.clone()
    }

    // Sockets.

    /// Resets every socket, without a goodbye. Lost connections can be resumed.
    pub fn drops(&self) {
        self.links(None).iter().for_each(|link| link.kill());
    }

    /// Resets the sockets of one person.
    pub fn drops_person(&self, name: &str) {
        let user = self.shared.lock().state.find_user(name).ok();
        if let Some(user) = user {
            self.links(Some(&user)).iter().for_each(|link| link.kill());
        }
    }

    /// Writes half of the next frame of every socket, then resets it.
    pub fn drops_mid_frame(&self) {
        self.links(None).iter().for_each(|link| link.cut_next_write());
    }

    /// Lets no byte through on any open connection any more; new ones work.
    pub fn stalls(&self) {
        self.shared.lock().all_links().iter().for_each(|link| link.stall(true));
    }

    /// Ends [`Self::stalls`].
    pub fn flows(&self) {
        self.shared.lock().all_links().iter().for_each(|link| link.stall(false));
    }

    fn links(&self, user: Option<&str>) -> Vec<Arc<crate::link::Link>> {
        self.shared.lock().hub.links(user)
    }

    /// Leaves a gap of `n` in the event numbers of every socket.
    pub fn skips_sequence(&self, n: u64) {
        self.shared.lock().hub.skip(n);
    }

    /// Sends the next event twice, with the same number.
    pub fn duplicates_next(&self) {
        self.shared.lock().hub.duplicate_next();
    }

    /// Puts a text frame into the sockets of a person, outside the numbering and whatever it says.
    pub fn sends_raw(&self, name: &str, text: &str) -> Result<(), Refused> {
        let mut inner = self.shared.lock();
        let user = inner.state.find_user(name)?;
        inner.hub.inject(Some(&user), &Payload::Text(text.to_owned()));
        Ok(())
    }

    /// Puts a binary frame into every socket.
    pub fn sends_binary(&self, bytes: &[u8]) {
        self.shared.lock().hub.inject(None, &Payload::Binary(bytes.to_vec()));
    }

    /// Puts frames into every socket that are not what they should be.
    pub fn sends_malformed(&self) {
        let mut inner = self.shared.lock();
        for text in MALFORMED {
            inner.hub.inject(None, &Payload::Text((*text).to_owned()));
        }
    }

    /// Tells a person's sockets about an event with any name and any data, properly numbered.
    pub fn sends_event(&self, name: &str, event: &str, data: &serde_json::Value) -> Result<(), Refused> {
        let mut inner = self.shared.lock();
        let user = inner.state.find_user(name)?;
        let mut event = Event::new(event, Scope::user(&user), []);
        event.data = data.as_object().cloned();
        inner.emit(&[event]);
        Ok(())
    }

    /// Keeps read marks from being told (`multiple_channels_viewed`), without a gap in the numbers.
    pub fn silently_drops_views(&self, on: bool) {
        self.shared.lock().hub.drops_views = on;
    }

    /// Lets the next event of this name (such as `posted`) vanish, without a gap in the numbers.
    pub fn swallows_next(&self, event: &str) {
        self.shared.lock().hub.swallow(event);
    }

    /// Takes back what [`Self::swallows_next`] was to lose and did not.
    pub fn swallows_nothing(&self) {
        self.shared.lock().hub.swallow_nothing();
    }

    /// Leaves people who were not mentioned out of `followers`, as real servers do after somebody joined a channel.
    pub fn withholds_followers(&self, on: bool) {
        self.shared.lock().state.withholds_followers = on;
    }

    /// Forgets lost connections, as if five minutes had passed.
    pub fn forgets_lost_connections(&self) {
        self.shared.lock().hub.forget_lost();
    }

    /// Resets everything and forgets every connection, as a restart does. Sessions and data survive.
    pub fn restarts(&self) {
        let links = {
            let mut inner = self.shared.lock();
            inner.hub.forget_all();
            inner.all_links()
        };
        for link in links {
            link.kill();
        }
        self.shared.touch();
    }

    // Requests.

    /// Makes the next `times` requests fail whose path contains `path` (empty: any).
    pub fn fails(&self, path: &str, fault: &HttpFault, times: usize) {
        self.shared.lock().faults.add(path, fault, times);
    }

    /// Answers the next `n` requests with a proxy's 502 page.
    pub fn answers_502(&self, n: usize) {
        self.fails("", &HttpFault::BadGateway, n);
    }

    /// Answers the next `n` requests with 429 and `Retry-After` in seconds.
    pub fn answers_429(&self, n: usize, retry_after: u32) {
        self.fails("", &HttpFault::TooMany(retry_after), n);
    }

    /// Cuts the next answer in the middle of its body.
    pub fn truncates_next_body(&self) {
        self.fails("", &HttpFault::Truncate, 1);
    }

    /// Takes back faults that have not happened yet.
    pub fn behaves(&self) {
        let mut inner = self.shared.lock();
        inner.faults.clear();
        inner.hub.drops_views = false;
        inner.hub.swallow_nothing();
    }

    // Sessions and configuration.

    /// Ends every session of a person. Their sockets stay open and fall silent.
    pub fn revokes_session(&self, name: &str) -> Result<(), Refused> {
        let mut inner = self.shared.lock();
        let user = inner.state.find_user(name)?;
        inner.state.revoke_all(&user);
        Ok(())
    }

    /// Lets every session of a person run out. Their sockets go on hearing events, but pings fail.
    pub fn expires_session(&self, name: &str) -> Result<(), Refused> {
        let mut inner = self.shared.lock();
        let user = inner.state.find_user(name)?;
        inner.state.expire_all(&user);
        Ok(())
    }

    /// Lets every session of a person end so many milliseconds from now.
    pub fn ends_sessions_in(&self, name: &str, ms: i64) -> Result<(), Refused> {
        let mut inner = self.shared.lock();
        let user = inner.state.find_user(name)?;
        let at = inner.state.now().saturating_add(ms);
        inner.state.end_all_at(&user, at);
        Ok(())
    }

    /// The single sign-on provider vouches for this person at the next sign-ins with the browser.
    pub fn vouches_for(&self, name: &str) -> Result<(), Refused> {
        let mut inner = self.shared.lock();
        let user = inner.state.find_user(name)?;
        inner.state.vouched_for = Some(user);
        Ok(())
    }

    /// Comes back as another version, after a restart.
    pub fn upgrades(&self, version: Version) {
        {
            let mut inner = self.shared.lock();
            inner.state.version = version;
            inner.state.config.insert("Version".to_owned(), version.text());
        }
        self.restarts();
    }

    /// Changes a key of the configuration and tells everybody.
    pub fn configures(&self, key: &str, value: &str) {
        {
            let mut inner = self.shared.lock();
            inner.state.config.insert(key.to_owned(), value.to_owned());
            let config = json!(inner.state.client_config(true));
            inner.emit(&[Event::new("config_changed", Scope::everyone(), [("config", config)])]);
        }
        self.shared.touch();
    }

    /// Makes a token as a browser sign-in would hand it to the desktop application.
    pub fn desktop_token(&self, name: &str) -> Result<String, Refused> {
        let mut inner = self.shared.lock();
        let user = inner.state.find_user(name)?;
        Ok(inner.state.desktop_token(&user))
    }

    // Truth.

    /// What a person has not read, by the server's own count.
    pub fn counts(&self, name: &str) -> Result<Counts, Refused> {
        let inner = self.shared.lock();
        inner.state.counts(&inner.state.find_user(name)?)
    }

    /// Every post with exactly this text, the oldest first.
    pub fn posts_saying(&self, text: &str) -> Vec<PostSaid> {
        let inner = self.shared.lock();
        let mut found: Vec<_> = inner.state.posts.values().filter(|post| post.message == text).collect();
        found.sort_by_key(|post| post.create_at);
        let said = |post: &Post| PostSaid {
            id: post.id.clone(),
            user_id: post.user_id.clone(),
            channel_id: post.channel_id.clone(),
            root_id: post.root_id.clone(),
        };
        found.into_iter().map(said).collect()
    }

    /// How many sockets a person has open.
    pub fn connections(&self, name: &str) -> usize {
        let inner = self.shared.lock();
        inner.state.find_user(name).map_or(0, |user| inner.hub.live(&user))
    }

    /// Every change of a person's availability and every message that tried to cause one.
    pub fn presence_ledger(&self, name: &str) -> Vec<PresenceEntry> {
        let inner = self.shared.lock();
        let Ok(user) = inner.state.find_user(name) else { return Vec::new() };
        inner.state.ledger.iter().filter(|entry| entry.user_id == user).cloned().collect()
    }

    /// From now on the account's notification settings are saved with this one, whatever was sent.
    pub fn forces_notify(&self, key: &str, value: &str) {
        self.shared.lock().state.forced_props.insert(key.to_owned(), value.to_owned());
    }

    /// A person's availability.
    pub fn status(&self, name: &str) -> Result<String, Refused> {
        let inner = self.shared.lock();
        Ok(inner.state.user(&inner.state.find_user(name)?)?.status.status.clone())
    }

    /// The requests so far, as `GET /api/v4/users/me`; old ones fall out.
    pub fn requests(&self) -> Vec<String> {
        self.shared.lock().requests.iter().cloned().collect()
    }

    // Conditions to wait for.

    /// Waits until a person has at least one socket.
    pub async fn wait_for_connection(&self, name: &str) {
        self.wait_until(|server| server.connections(name) > 0).await;
    }

    /// Waits until a person has no socket.
    pub async fn wait_for_disconnection(&self, name: &str) {
        self.wait_until(|server| server.connections(name) == 0).await;
    }

    /// Waits until a request whose log line contains `part` has come, such as `POST /api/v4/channels/members/me/view`.
    pub async fn wait_for_request(&self, part: &str) {
        self.wait_until(|server| server.requests().iter().any(|line| line.contains(part))).await;
    }

    /// Waits until a condition holds; it is looked at again after everything that happens to the server.
    pub async fn wait_until(&self, mut condition: impl FnMut(&Self) -> bool) {
        let mut changes = self.shared.changes();
        loop {
            changes.borrow_and_update();
            if condition(self) || changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Becomes true when somebody asks the server to end (`/practice/quit`).
    pub fn quit(&self) -> watch::Receiver<bool> {
        self.shared.quit.subscribe()
    }

    /// The speed at which somebody asked for a day to be played (`/practice/day/start`); zero until then.
    pub fn day(&self) -> watch::Receiver<f64> {
        self.shared.days.subscribe()
    }
}

/// Frames that a client must survive.
const MALFORMED: &[&str] = &[
    "",
    "{",
    "[]",
    "null",
    "42",
    "{\"event\":7}",
    "{\"event\":\"posted\"}",
    "{\"event\":\"posted\",\"data\":null,\"broadcast\":null}",
    "{\"event\":\"posted\",\"data\":{\"post\":\"{\\\"id\\\":\"},\"broadcast\":{},\"seq\":\"x\"}",
    "{\"status\":\"OK\",\"seq_reply\":\"x\"}",
    "{\"seq\":-1}",
];
