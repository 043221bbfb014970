//! System notifications: a task that speaks to the notification service of the desktop.
//!
//! One connection serves all of them, made with the first notification; where our own banners are used, there is
//! none. Desktops such as GNOME send "clicked" and "closed" only to the connection that asked, and let only that one
//! replace a notification. So whoever shows must also listen and replace, and notify-rust (4.18.2) is not used:
//!
//! - its waiting (`wait_for_action_signal` in `xdg/zbus_rs.rs`) begins a new stream with every message, so a click that
//!   follows another message closely, as it follows `ActivationToken`, is lost: 77 of 100 when tried;
//! - `NotificationHandle::update` and `get_capabilities` exist only as blocking calls on a runtime and threads of their
//!   own, which a service that hangs would hold for ever;
//! - the connection and the restart of the service are out of reach.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use belfry_core::event::Priority;
use belfry_core::ids::BannerId;
use belfry_core::problem::ProblemKind;
use belfry_core::signal::Signal;
use belfry_core::view::{BannerKind, BannerView};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zbus::zvariant::Value;
use zbus::{Connection, MatchRule, MessageStream};

/// The service's name on the bus and of its interface.
const SERVICE: &str = "org.freedesktop.Notifications";
const OBJECT: &str = "/org/freedesktop/Notifications";
/// Notifications waiting for the service. When it is full the next one is reported as failed.
const QUEUE: usize = 32;
/// So many are remembered for their clicks; beyond that the oldest is forgotten, though it stays on screen.
const REMEMBERED: usize = 128;
/// A service that takes longer than this counts as missing.
const PATIENCE: Duration = Duration::from_secs(3);
/// Signals of the service waiting to be read.
const SIGNALS: usize = 64;

/// The queue in front of the task, which ends when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Toasts {
    jobs: mpsc::Sender<Job>,
}

#[derive(Debug)]
enum Job {
    Show(Box<BannerView>),
    Close(BannerId),
}

/// Starts the task. `bus` is the address of the session bus; `None` takes the environment's.
pub fn start(handle: &Handle, bus: Option<String>, reports: mpsc::Sender<Signal>) -> (Toasts, JoinHandle<()>) {
    let (jobs, queue) = mpsc::channel(QUEUE);
    let worker = Worker { bus, reports, service: None, shown: BTreeMap::new(), trouble: false };
    (Toasts { jobs }, handle.spawn(worker.run(queue)))
}

impl Toasts {
    /// Shows a banner's content, replacing the notification of the same banner. False where the queue is full.
    pub fn show(&self, banner: Box<BannerView>) -> bool {
        !matches!(self.jobs.try_send(Job::Show(banner)), Err(TrySendError::Full(_)))
    }

    /// Takes a notification away. When the queue is full it stays until its own time is over.
    pub fn close(&self, banner: BannerId) {
        if self.jobs.try_send(Job::Close(banner)).is_err() {
            tracing::debug!("a notification could not be taken away");
        }
    }
}

struct Worker {
    bus: Option<String>,
    reports: mpsc::Sender<Signal>,
    service: Option<Service>,
    /// Which banner each of the service's numbers stands for.
    shown: BTreeMap<u32, BannerId>,
    trouble: bool,
}

struct Service {
    connection: Connection,
    signals: MessageStream,
    owners: MessageStream,
    /// Asked once per owner of the name.
    capabilities: Option<HashSet<String>>,
}

#[derive(Debug, thiserror::Error)]
enum ToastError {
    #[error("there is no session bus: {0}")]
    Bus(#[source] zbus::Error),
    #[error("no notification service answers: {0}")]
    Service(#[source] zbus::Error),
    #[error("the notification service does not answer")]
    Silent,
}

enum Woken {
    Job(Option<Job>),
    Signal(zbus::Message),
    OwnerChanged(zbus::Message),
    BusGone,
}

impl Worker {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        loop {
            let woken = match &mut self.service {
                None => Woken::Job(queue.recv().await),
                Some(service) => tokio::select! {
                    job = queue.recv() => Woken::Job(job),
                    signal = service.signals.next() => signal.and_then(Result::ok).map_or(Woken::BusGone, Woken::Signal),
                    owner = service.owners.next() => owner.and_then(Result::ok).map_or(Woken::BusGone, Woken::OwnerChanged),
                },
            };
            match woken {
                Woken::Job(None) => return,
                Woken::Job(Some(Job::Show(banner))) => self.show(&banner).await,
                Woken::Job(Some(Job::Close(banner))) => self.close(banner).await,
                Woken::Signal(message) => self.on_signal(&message).await,
                Woken::OwnerChanged(message) => {
                    if let Some(service) = &mut self.service {
                        service.capabilities = None;
                    }
                    if has_ended(&message) {
                        self.all_closed().await;
                    }
                    if has_begun(&message) && std::mem::take(&mut self.trouble) {
                        // What it missed is summed up.
                        self.report(Signal::ProblemCleared(ProblemKind::Toasts)).await;
                    }
                }
                Woken::BusGone => {
                    self.service = None;
                    self.all_closed().await;
                }
            }
        }
    }

    async fn show(&mut self, banner: &BannerView) {
        let id = banner.id;
        self.hear_of_owners().await;
        let mut shown = self.show_in_time(banner).await;
        if matches!(&shown, Err(ToastError::Service(error)) if is_death(error)) {
            // It ended in the middle of the call, and what it showed with it. Another one may wait for its name, or the bus
            // starts one.
            self.shown.retain(|_, shown| *shown != id);
            self.hear_of_owners().await;
            shown = self.show_in_time(banner).await;
        }
        match shown {
            Ok(number) => {
                self.shown.retain(|_, shown| *shown != id);
                self.shown.insert(number, id);
                if self.shown.len() > REMEMBERED {
                    self.shown.pop_first();
                }
                self.report(Signal::ToastShown(id)).await;
                if std::mem::take(&mut self.trouble) {
                    self.report(Signal::ProblemCleared(ProblemKind::Toasts)).await;
                }
            }
            Err(error) => {
                // A broken connection is not used again.
                if !matches!(error, ToastError::Service(zbus::Error::MethodError(..))) {
                    self.service = None;
                }
                self.report(Signal::ToastFailed(id)).await;
                if !std::mem::replace(&mut self.trouble, true) {
                    tracing::warn!(%error, "system notification");
                    let detail = error.to_string();
                    self.report(Signal::ProblemRaised { kind: ProblemKind::Toasts, detail }).await;
                }
            }
        }
    }

    /// Hears of services that came and went before now: what is shown from now on is not theirs.
    async fn hear_of_owners(&mut self) {
        let Some(service) = &mut self.service else { return };
        let mut ended = false;
        while let Some(Some(Ok(message))) = service.owners.next().now_or_never() {
            service.capabilities = None;
            ended |= has_ended(&message);
        }
        if ended {
            self.all_closed().await;
        }
    }

    async fn show_in_time(&mut self, banner: &BannerView) -> Result<u32, ToastError> {
        let replaces = self.shown.iter().find(|(_, shown)| **shown == banner.id).map_or(0, |(number, _)| *number);
        match timeout(PATIENCE, self.try_show(banner, replaces)).await {
            Ok(shown) => shown,
            Err(_elapsed) => Err(ToastError::Silent),
        }
    }

    async fn try_show(&mut self, banner: &BannerView, replaces: u32) -> Result<u32, ToastError> {
        let service = match &mut self.service {
            Some(service) => service,
            None => self.service.insert(Service::connect(self.bus.as_deref()).await.map_err(ToastError::Bus)?),
        };
        if service.capabilities.is_none() {
            service.capabilities = Some(capabilities(&service.connection).await.map_err(ToastError::Service)?);
        }
        let capabilities = service.capabilities.get_or_insert_default();
        let content = Content::of(banner, capabilities);
        let answer = service
            .connection
            .call_method(
                Some(SERVICE),
                OBJECT,
                Some(SERVICE),
                "Notify",
                &(
                    "Belfry",
                    replaces,
                    "org.belfry.Belfry",
                    content.summary.as_str(),
                    content.body.as_str(),
                    content.actions,
                    content.hints,
                    content.expire_ms,
                ),
            )
            .await
            .map_err(ToastError::Service)?;
        answer.body().deserialize().map_err(ToastError::Service)
    }

    async fn close(&mut self, banner: BannerId) {
        let Some(number) = self.shown.iter().find(|(_, shown)| **shown == banner).map(|(number, _)| *number) else {
            return;
        };
        // Forgotten first: that it closes is no news then.
        self.shown.remove(&number);
        if let Some(service) = &self.service {
            let call =
                service.connection.call_method(Some(SERVICE), OBJECT, Some(SERVICE), "CloseNotification", &number);
            match timeout(PATIENCE, call).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a notification could not be taken away"),
                Err(_elapsed) => tracing::debug!("a notification could not be taken away in time"),
            }
        }
    }

    async fn on_signal(&mut self, message: &zbus::Message) {
        let header = message.header();
        match header.member().map(zbus::names::MemberName::as_str) {
            Some("ActionInvoked") => {
                let Ok((number, _action)) = message.body().deserialize::<(u32, String)>() else { return };
                if let Some(banner) = self.shown.get(&number) {
                    self.report(Signal::ToastClicked(*banner)).await;
                }
            }
            Some("NotificationClosed") => {
                let Ok((number, _reason)) = message.body().deserialize::<(u32, u32)>() else { return };
                if let Some(banner) = self.shown.remove(&number) {
                    self.report(Signal::ToastClosed(banner)).await;
                }
            }
            Some(_) | None => {}
        }
    }

    /// The service was replaced or is gone, and everything it showed with it.
    async fn all_closed(&mut self) {
        for banner in std::mem::take(&mut self.shown).into_values() {
            self.report(Signal::ToastClosed(banner)).await;
        }
    }

    async fn report(&self, signal: Signal) {
        self.reports.send(signal).await.ok(); // shutting down
    }
}

impl Service {
    async fn connect(bus: Option<&str>) -> zbus::Result<Self> {
        let connection = session_bus(bus).await?;
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(SERVICE)?
            .interface(SERVICE)?
            .path(OBJECT)?
            .build();
        let signals = MessageStream::for_match_rule(rule, &connection, Some(SIGNALS)).await?;
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender("org.freedesktop.DBus")?
            .interface("org.freedesktop.DBus")?
            .member("NameOwnerChanged")?
            .arg(0, SERVICE)?
            .build();
        let owners = MessageStream::for_match_rule(rule, &connection, Some(SIGNALS)).await?;
        Ok(Self { connection, signals, owners, capabilities: None })
    }
}

/// Whether this says that a service is gone, or another one took its place; one that was started took nobody's.
fn has_ended(message: &zbus::Message) -> bool {
    let body = message.body();
    let owners = body.deserialize::<(&str, &str, &str)>();
    owners.map_or(true, |(_name, old, _new)| !old.is_empty())
}

/// Whether this says that a service is there.
fn has_begun(message: &zbus::Message) -> bool {
    let body = message.body();
    let owners = body.deserialize::<(&str, &str, &str)>();
    owners.is_ok_and(|(_name, _old, new)| !new.is_empty())
}

/// Whether the bus says that whoever was asked ended before answering.
fn is_death(error: &zbus::Error) -> bool {
    matches!(error, zbus::Error::MethodError(name, ..) if name.as_str() == "org.freedesktop.DBus.Error.NoReply")
}

/// Connects to the session bus at this address; `None` takes the environment's.
pub(crate) async fn session_bus(address: Option<&str>) -> zbus::Result<Connection> {
    match address {
        Some(address) => zbus::connection::Builder::address(address)?.build().await,
        None => Connection::session().await,
    }
}

async fn capabilities(connection: &Connection) -> zbus::Result<HashSet<String>> {
    let answer = connection.call_method(Some(SERVICE), OBJECT, Some(SERVICE), "GetCapabilities", &()).await?;
    Ok(answer.body().deserialize::<Vec<String>>()?.into_iter().collect())
}

/// Who shows system notifications, for `belfry doctor`.
pub async fn probe(bus: Option<&str>) -> Result<String, String> {
    let ask = async {
        let connection = session_bus(bus).await.map_err(ToastError::Bus)?;
        let answer = connection
            .call_method(Some(SERVICE), OBJECT, Some(SERVICE), "GetServerInformation", &())
            .await
            .map_err(ToastError::Service)?;
        let (name, _vendor, version, _spec): (String, String, String, String) =
            answer.body().deserialize().map_err(ToastError::Service)?;
        Ok(format!("{name} {version}"))
    };
    timeout(PATIENCE, ask).await.unwrap_or(Err(ToastError::Silent)).map_err(|error: ToastError| error.to_string())
}

/// A notification as its service understands it.
struct Content {
    summary: String,
    body: String,
    actions: Vec<&'static str>,
    hints: HashMap<&'static str, Value<'static>>,
    expire_ms: i32,
}

impl Content {
    fn of(banner: &BannerView, capabilities: &HashSet<String>) -> Self {
        let can = |what: &str| capabilities.contains(what);
        // Links and pictures are markup too: dunst (1.9.0) reads it, and without a configuration says only that it has links.
        let reads_markup = ["body-markup", "body-hyperlinks", "body-images"].into_iter().any(can);
        let (mut summary, mut body) = (printable(&banner.title), printable(&banner.body));
        if !can("body") && !body.is_empty() {
            summary = format!("{summary}: {body}");
            body.clear();
        } else if reads_markup {
            body = escape(&body);
        }
        let urgency: u8 = match (banner.kind, banner.priority) {
            (BannerKind::Call, _) | (_, Priority::Urgent) => 2,
            (
                BannerKind::Message
                | BannerKind::SignedOut
                | BannerKind::SessionEnds
                | BannerKind::Sample
                | BannerKind::Summary,
                _,
            ) => 1,
        };
        let hints = HashMap::from([
            ("urgency", Value::from(urgency)),
            ("category", Value::from("im.received")),
            ("desktop-entry", Value::from("org.belfry.Belfry")),
            // The sound is ours: two would play otherwise.
            ("suppress-sound", Value::from(true)),
        ]);
        Self {
            summary,
            body,
            actions: if can("actions") { vec!["default", "Open"] } else { Vec::new() },
            hints,
            // 0 = until the person closes it.
            expire_ms: banner.lifetime_ms.map_or(0, |ms| i32::try_from(ms.max(1)).unwrap_or(i32::MAX)),
        }
    }
}

/// Without control characters: D-Bus refuses some, and a notification needs none but line ends.
fn printable(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// Text that reads as itself where the service understands markup: links and pictures stay inert.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
