//! System notifications and the launcher's count, over a private session bus and against a service of our own.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{launcher, toast};
use belfry_core::badge::Badge;
use belfry_core::event::Priority;
use belfry_core::ids::{BannerId, ServerId};
use belfry_core::problem::ProblemKind;
use belfry_core::signal::Signal;
use belfry_core::view::{BannerKind, BannerView, View};
use futures_util::StreamExt as _;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use zbus::fdo::RequestNameFlags;
use zbus::message::Header;
use zbus::zvariant::OwnedValue;
use zbus::{Connection, MatchRule, MessageStream};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// Only a broken test waits so long.
const LIMIT: Duration = Duration::from_secs(30);

/// A session bus that starts nothing by itself: a notification service of this machine's must not answer in a test's place.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
"#;

pub(super) struct Bus {
    daemon: Child,
    pub(super) address: String,
}

impl Bus {
    pub(super) fn start() -> Self {
        let mut config = tempfile::NamedTempFile::new().unwrap();
        config.write_all(CONFIG.as_bytes()).unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.path().display()))
            .args(["--nofork", "--nopidfile", "--print-address"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon is installed");
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { daemon, address: address.trim().to_owned() }
    }

    pub(super) async fn connect(&self) -> Connection {
        zbus::connection::Builder::address(self.address.as_str()).unwrap().build().await.unwrap()
    }

    async fn service(&self, capabilities: &'static [&'static str]) -> Running {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let service = Service { calls: Arc::clone(&calls), capabilities, last: 40 };
        let connection = zbus::connection::Builder::address(self.address.as_str())
            .unwrap()
            .serve_at(PATH, service)
            .unwrap()
            .name(NAME)
            .unwrap()
            .build()
            .await
            .unwrap();
        Running { connection, calls }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.daemon.kill().ok();
        self.daemon.wait().ok();
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Call {
    Notify { replaces: u32, summary: String, body: String, actions: Vec<String>, urgency: u8, quiet: bool, expire: i32 },
    Close(u32),
}

struct Service {
    calls: Arc<Mutex<Vec<(Call, String)>>>,
    capabilities: &'static [&'static str],
    last: u32,
}

#[expect(clippy::needless_pass_by_value, clippy::unused_self, reason = "the shape that the macro wants")]
#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    fn get_capabilities(&self) -> Vec<String> {
        self.capabilities.iter().map(ToString::to_string).collect()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        ("private".to_owned(), "belfry".to_owned(), "1".to_owned(), "1.2".to_owned())
    }

    #[expect(clippy::too_many_arguments, reason = "the specification has them")]
    fn notify(
        &mut self,
        #[zbus(header)] header: Header<'_>,
        app_name: String,
        replaces: u32,
        icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expire: i32,
    ) -> u32 {
        assert_eq!((app_name.as_str(), icon.as_str()), ("Belfry", "org.belfry.Belfry"));
        let urgency = hints.get("urgency").and_then(|hint| u8::try_from(hint).ok()).unwrap();
        let quiet = hints.get("suppress-sound").and_then(|hint| bool::try_from(hint).ok()).unwrap();
        let call = Call::Notify { replaces, summary, body, actions, urgency, quiet, expire };
        self.calls.lock().unwrap().push((call, header.sender().unwrap().to_string()));
        if replaces == 0 {
            self.last += 1;
            self.last
        } else {
            replaces
        }
    }

    fn close_notification(&mut self, #[zbus(header)] header: Header<'_>, id: u32) {
        self.calls.lock().unwrap().push((Call::Close(id), header.sender().unwrap().to_string()));
    }
}

struct Running {
    connection: Connection,
    calls: Arc<Mutex<Vec<(Call, String)>>>,
}

impl Running {
    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().iter().map(|(call, _)| call.clone()).collect()
    }

    /// To the caller of the first notification alone, as GNOME does it.
    async fn tell_caller(&self, signal: &str, body: &(impl serde::Serialize + zbus::zvariant::DynamicType + Sync)) {
        let caller = self.calls.lock().unwrap()[0].1.clone();
        self.connection.emit_signal(Some(caller.as_str()), PATH, NAME, signal, body).await.unwrap();
    }
}

fn banner(id: u64, title: &str, body: &str) -> Box<BannerView> {
    Box::new(BannerView {
        id: BannerId(id),
        version: 1,
        kind: BannerKind::Message,
        server: ServerId(1),
        server_name: String::new(),
        channel_id: None,
        post_id: None,
        root_id: None,
        user_id: None,
        picture: None,
        sender: String::new(),
        place: String::new(),
        thread: None,
        text: String::new(),
        files: None,
        priority: Priority::default(),
        mentioned: false,
        more: 0,
        at_ms: 0,
        lifetime_ms: Some(6_000),
        remaining_ms: None,
        reply: None,
        title: title.to_owned(),
        body: body.to_owned(),
    })
}

pub(super) async fn next(reports: &mut mpsc::Receiver<Signal>) -> Signal {
    tokio::time::timeout(LIMIT, reports.recv()).await.expect("a report").expect("the task runs")
}

#[tokio::test]
async fn a_notification_is_shown_replaced_clicked_and_taken_away() {
    let bus = Bus::start();
    let service = bus.service(&["body", "actions", "body-markup"]).await;
    let (sender, mut reports) = mpsc::channel(16);
    let (toasts, _task) = toast::start(&Handle::current(), Some(bus.address.clone()), sender);
    assert!(toasts.show(banner(7, "Rosa in Ops", "<b>1 & 2</b>\u{7}\nlook")));
    assert_eq!(next(&mut reports).await, Signal::ToastShown(BannerId(7)));
    let first = Call::Notify {
        replaces: 0,
        summary: "Rosa in Ops".to_owned(),
        body: "&lt;b&gt;1 &amp; 2&lt;/b&gt;\nlook".to_owned(),
        actions: vec!["default".to_owned(), "Open".to_owned()],
        urgency: 1,
        quiet: true,
        expire: 6_000,
    };
    assert_eq!(service.calls(), [first]);
    let urgent = BannerView { priority: Priority::Urgent, lifetime_ms: None, ..*banner(7, "Rosa in Ops", "again") };
    toasts.show(Box::new(urgent));
    assert_eq!(next(&mut reports).await, Signal::ToastShown(BannerId(7)));
    assert!(matches!(service.calls()[1], Call::Notify { replaces: 41, urgency: 2, expire: 0, .. }));
    service.tell_caller("ActionInvoked", &(41_u32, "default")).await;
    assert_eq!(next(&mut reports).await, Signal::ToastClicked(BannerId(7)));
    service.tell_caller("ActionInvoked", &(99_u32, "default")).await;
    // The specification's order: a click comes right after a token for raising a window.
    for _ in 0..8 {
        service.tell_caller("ActivationToken", &(41_u32, "token")).await;
        service.tell_caller("ActionInvoked", &(41_u32, "default")).await;
    }
    for _ in 0..8 {
        assert_eq!(next(&mut reports).await, Signal::ToastClicked(BannerId(7)));
    }
    service.tell_caller("NotificationClosed", &(41_u32, 2_u32)).await;
    assert_eq!(next(&mut reports).await, Signal::ToastClosed(BannerId(7)));
    toasts.show(banner(8, "Rosa", ""));
    assert_eq!(next(&mut reports).await, Signal::ToastShown(BannerId(8)));
    toasts.close(BannerId(7));
    toasts.close(BannerId(8));
    toasts.show(banner(9, "Rosa", ""));
    assert_eq!(next(&mut reports).await, Signal::ToastShown(BannerId(9)), "what we took away is no news");
    assert_eq!(service.calls()[3], Call::Close(42));
}

#[tokio::test]
async fn a_simple_service_gets_what_it_can_show() {
    let bus = Bus::start();
    let service = bus.service(&[]).await;
    let (sender, mut reports) = mpsc::channel(16);
    let (toasts, _task) = toast::start(&Handle::current(), Some(bus.address.clone()), sender);
    toasts.show(banner(1, "Rosa", "1 < 2"));
    next(&mut reports).await;
    let calls = service.calls();
    let Call::Notify { summary, body, actions, .. } = &calls[0] else { panic!("{calls:?}") };
    assert_eq!((summary.as_str(), body.as_str(), actions.len()), ("Rosa: 1 < 2", "", 0));
}

#[tokio::test]
async fn markup_stays_inert_in_every_service_that_may_read_it() {
    for (capabilities, expected) in [
        (&["body", "body-markup"], "&lt;b&gt;"),
        (&["body", "body-hyperlinks"], "&lt;b&gt;"),
        (&["body", "body-images"], "&lt;b&gt;"),
        (&["body", "actions"], "<b>"),
    ] {
        let bus = Bus::start();
        let service = bus.service(capabilities).await;
        let (sender, mut reports) = mpsc::channel(16);
        let (toasts, _task) = toast::start(&Handle::current(), Some(bus.address.clone()), sender);
        toasts.show(banner(1, "Rosa", "<b>"));
        next(&mut reports).await;
        let calls = service.calls();
        assert!(matches!(&calls[..], [Call::Notify { body, .. }] if body == expected), "{calls:?}");
    }
}

#[tokio::test]
async fn a_missing_service_is_said_once_and_a_new_one_is_used_with_its_own_abilities() {
    let bus = Bus::start();
    let (sender, mut reports) = mpsc::channel(16);
    let (toasts, _task) = toast::start(&Handle::current(), Some(bus.address.clone()), sender);
    toasts.show(banner(1, "one", ""));
    assert_eq!(next(&mut reports).await, Signal::ToastFailed(BannerId(1)));
    assert!(matches!(next(&mut reports).await, Signal::ProblemRaised { kind: ProblemKind::Toasts, .. }));
    toasts.show(banner(2, "two", ""));
    assert_eq!(next(&mut reports).await, Signal::ToastFailed(BannerId(2)));
    let service = bus.service(&["body", "body-markup"]).await;
    assert_eq!(next(&mut reports).await, Signal::ProblemCleared(ProblemKind::Toasts), "what it missed is due");
    toasts.show(banner(3, "three", "<"));
    assert_eq!(next(&mut reports).await, Signal::ToastShown(BannerId(3)));
    assert!(matches!(&service.calls()[0], Call::Notify { body, .. } if body == "&lt;"));
    // Its end closes what it showed; another one is asked again what it can.
    service.connection.close().await.unwrap();
    assert_eq!(next(&mut reports).await, Signal::ToastClosed(BannerId(3)));
    let service = bus.service(&["body"]).await;
    toasts.show(banner(4, "four", "<"));
    assert_eq!(next(&mut reports).await, Signal::ToastShown(BannerId(4)));
    assert!(matches!(&service.calls()[0], Call::Notify { body, .. } if body == "<"));
}

/// A service that hangs in the middle of a notification.
struct Hanging {
    called: Arc<tokio::sync::Notify>,
}

#[expect(clippy::unused_self, reason = "the shape that the macro wants")]
#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Hanging {
    fn get_capabilities(&self) -> Vec<String> {
        Vec::new()
    }

    #[expect(clippy::too_many_arguments, reason = "the specification has them")]
    async fn notify(
        &self,
        app_name: String,
        replaces: u32,
        icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expire: i32,
    ) -> u32 {
        let _unused = (app_name, replaces, icon, summary, body, actions, hints, expire);
        self.called.notify_one();
        std::future::pending().await
    }
}

#[tokio::test]
async fn what_a_service_took_along_when_it_died_is_shown_by_the_next_one() {
    let bus = Bus::start();
    let called = Arc::new(tokio::sync::Notify::new());
    let first = bus.connect().await;
    first.object_server().at(PATH, Hanging { called: Arc::clone(&called) }).await.unwrap();
    first.request_name(NAME).await.unwrap();
    let (second, calls) = (bus.connect().await, Arc::new(Mutex::new(Vec::new())));
    let service = Service { calls: Arc::clone(&calls), capabilities: &["body"], last: 40 };
    second.object_server().at(PATH, service).await.unwrap();
    // It waits for the name, as one that the bus starts is there as soon as it is asked.
    second.request_name_with_flags(NAME, RequestNameFlags::AllowReplacement.into()).await.unwrap();
    let (sender, mut reports) = mpsc::channel(16);
    let (toasts, _task) = toast::start(&Handle::current(), Some(bus.address.clone()), sender);
    toasts.show(banner(1, "one", "text"));
    called.notified().await;
    first.close().await.unwrap();
    assert_eq!(next(&mut reports).await, Signal::ToastShown(BannerId(1)));
    toasts.close(BannerId(1));
    toasts.show(banner(2, "two", ""));
    assert_eq!(next(&mut reports).await, Signal::ToastShown(BannerId(2)), "nothing was closed meanwhile");
    let calls: Vec<Call> = calls.lock().unwrap().iter().map(|(call, _)| call.clone()).collect();
    assert!(matches!(&calls[..], [Call::Notify { body, .. }, Call::Close(41), _] if body == "text"), "{calls:?}");
}

#[tokio::test]
async fn without_a_bus_a_notification_fails_at_once() {
    let (sender, mut reports) = mpsc::channel(16);
    let (toasts, _task) = toast::start(&Handle::current(), Some("unix:path=/nonexistent/bus".to_owned()), sender);
    toasts.show(banner(1, "one", ""));
    assert_eq!(next(&mut reports).await, Signal::ToastFailed(BannerId(1)));
    let Signal::ProblemRaised { detail, .. } = next(&mut reports).await else { panic!("no problem was raised") };
    assert!(detail.contains("no session bus"), "{detail}");
}

#[tokio::test]
async fn the_doctor_names_the_notification_service() {
    let bus = Bus::start();
    assert!(toast::probe(Some(&bus.address)).await.is_err());
    let _service = bus.service(&[]).await;
    assert_eq!(toast::probe(Some(&bus.address)).await.unwrap(), "private 1");
}

#[tokio::test]
async fn the_launcher_shows_the_count_and_urgency_and_is_told_only_of_changes() {
    let bus = Bus::start();
    let listener = bus.connect().await;
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .interface("com.canonical.Unity.LauncherEntry")
        .unwrap()
        .build();
    let mut seen = MessageStream::for_match_rule(rule, &listener, Some(16)).await.unwrap();
    let badge = |mentions, signed_out| Badge { mentions, unread: mentions > 0, signed_out, dot_hidden: false };
    let view = |revision, badge| Arc::new(View { revision, badge, ..View::default() });
    let (sender, receiver) = watch::channel(view(1, badge(3, false)));
    let _task = Handle::current().spawn(launcher::run(Some(bus.address.clone()), receiver));
    let mut told = async || {
        let message = tokio::time::timeout(LIMIT, seen.next()).await.expect("a signal").unwrap().unwrap();
        let (application, properties): (String, HashMap<String, OwnedValue>) = message.body().deserialize().unwrap();
        assert_eq!(application, "application://org.belfry.Belfry.desktop");
        (
            i64::try_from(&properties["count"]).unwrap(),
            bool::try_from(&properties["count-visible"]).unwrap(),
            bool::try_from(&properties["urgent"]).unwrap(),
        )
    };
    assert_eq!(told().await, (3, true, false));
    sender.send_replace(view(2, badge(3, false)));
    sender.send_replace(view(3, badge(0, true)));
    assert_eq!(told().await, (0, false, true));
    sender.send_replace(view(4, badge(0, false)));
    assert_eq!(told().await, (0, false, false));
}
