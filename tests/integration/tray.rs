//! The tray icon as a panel sees it, over a real bus. The panel's part is played here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use belfry_agent::mark;
use belfry_core::badge::Badge;
use belfry_tests::{Stage, eventually};
use futures_util::StreamExt as _;
use tokio::runtime::Handle;
use zbus::zvariant::{DynamicType, OwnedValue, Value};
use zbus::{Connection, MatchRule, MessageStream};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const ITEM: &str = "org.kde.StatusNotifierItem";
const ITEM_PATH: &str = "/StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";
const MENU_PATH: &str = "/MenuBar";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// Only a broken test waits so long.
const LIMIT: std::time::Duration = std::time::Duration::from_mins(1);

struct Watcher {
    items: Arc<Mutex<Vec<String>>>,
}

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: String) {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).push(service);
    }
}

/// A panel with one icon in it.
struct Panel {
    item: String,
    signals: MessageStream,
    bus: Connection,
    runtime: Handle,
}

/// A line of a menu: its number, its properties, and those below it.
type Line = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
/// Width, height, and pixels with alpha first.
type Icon = (i32, i32, Vec<u8>);

impl Panel {
    fn start(stage: &Stage, runtime: Handle) -> Self {
        let items = Arc::new(Mutex::new(Vec::new()));
        let watcher = Watcher { items: Arc::clone(&items) };
        let (bus, signals) = runtime.block_on(async {
            let bus = zbus::connection::Builder::address(stage.desktop.bus()).unwrap();
            let bus = bus.serve_at("/StatusNotifierWatcher", watcher).unwrap().name(WATCHER).unwrap();
            let bus = bus.build().await.unwrap();
            let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal).interface(ITEM).unwrap().build();
            let signals = MessageStream::for_match_rule(rule, &bus, Some(64)).await.unwrap();
            (bus, signals)
        });
        let item = eventually("an icon for the panel", || {
            Ok(items.lock().unwrap_or_else(PoisonError::into_inner).first().cloned())
        });
        Self { item: item.unwrap(), signals, bus, runtime }
    }

    fn call<B: serde::Serialize + DynamicType + Sync>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> zbus::Message {
        let call = self.bus.call_method(Some(self.item.as_str()), path, Some(interface), method, body);
        self.runtime.block_on(call).unwrap()
    }

    fn property(&self, name: &str) -> OwnedValue {
        let answer = self.call(ITEM_PATH, PROPERTIES, "Get", &(ITEM, name));
        answer.body().deserialize().unwrap()
    }

    fn icons(&self) -> Vec<Icon> {
        self.property("IconPixmap").try_into().unwrap()
    }

    /// Its words for people who see no icon.
    fn tool_tip(&self) -> String {
        let (_name, _icons, title, text): (String, Vec<Icon>, String, String) =
            self.property("ToolTip").try_into().unwrap();
        format!("{title}, {text}")
    }

    /// Waits for the signal that makes a panel look again.
    fn until(&mut self, signal: &str) {
        let came = async {
            loop {
                let message = self.signals.next().await.unwrap().unwrap();
                if message.header().member().is_some_and(|member| member.as_str() == signal) {
                    return;
                }
            }
        };
        self.runtime.block_on(async { tokio::time::timeout(LIMIT, came).await }).unwrap();
    }

    /// Lines of the menu with their numbers, those of submenus after their title.
    fn menu(&self) -> Vec<(i32, String)> {
        let answer = self.call(MENU_PATH, MENU, "GetLayout", &(0_i32, -1_i32, Vec::<&str>::new()));
        let body = answer.body();
        let (_revision, (_id, _properties, children)): (u32, Line) = body.deserialize().unwrap();
        let mut lines = Vec::new();
        let mut waiting: Vec<OwnedValue> = children.into_iter().rev().collect();
        while let Some(child) = waiting.pop() {
            let (id, properties, children): Line = child.try_into().unwrap();
            if let Some(label) = properties.get("label") {
                lines.push((id, <&str>::try_from(label).unwrap().to_owned()));
            }
            waiting.extend(children.into_iter().rev());
        }
        lines
    }

    fn click(&self, line: &str) {
        let (id, _) = self.menu().into_iter().find(|(_, label)| label == line).unwrap();
        self.call(MENU_PATH, MENU, "Event", &(id, "clicked", Value::from(0), 0_u32));
    }
}

/// What the agent paints, as a panel wants it.
fn painted(badge: Badge) -> Vec<Icon> {
    let icon = |size: i32| {
        let mut pixels = mark::paint(u32::try_from(size).unwrap(), &badge);
        pixels.chunks_exact_mut(4).for_each(|pixel| pixel.rotate_right(1));
        (size, size, pixels)
    };
    [16, 22, 24, 32, 48].map(icon).to_vec()
}

#[test]
fn a_panel_is_told_of_the_badge_and_a_click_leads_to_what_it_counts() {
    let mut stage = Stage::new().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // Its stream says goodbye to the bus when it goes.
    let _within = runtime.enter();
    let mut panel = Panel::start(&stage, runtime.handle().clone());
    assert!(panel.icons() == painted(Badge::default()));
    assert_eq!(panel.tool_tip(), "Belfry, nothing new");
    let lines: Vec<String> = panel.menu().into_iter().map(|(_, label)| label).collect();
    for wanted in ["Open Belfry", "Pause notifications", "For 1 hour", "Quit"] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}: {lines:?}");
    }
    assert!(lines.iter().any(|line| line.ends_with(" – connected")), "{lines:?}");

    stage.direct("rosa", "are you there?").unwrap();
    panel.until("NewIcon");
    let badge = stage.client.view().unwrap().badge;
    assert_eq!(badge.text(), "1");
    assert!(panel.icons() == painted(badge));
    eventually("the words", || Ok((panel.tool_tip() == "Belfry, 1 message needs you").then_some(()))).unwrap();
    eventually("the message in the menu", || {
        Ok(panel.menu().iter().any(|(_, line)| line.contains("Rosa Almeida")).then_some(()))
    })
    .unwrap();

    panel.call(ITEM_PATH, ITEM, "Activate", &(0_i32, 0_i32));
    let window = eventually("the window", || {
        let windows = stage.desktop.screen.windows()?;
        Ok(windows.into_iter().find(|window| !window.override_redirect && window.viewable && window.is_belfry()))
    })
    .unwrap();
    assert_eq!(window.title, "(1) Belfry");
    stage.clear().unwrap();
    stage.picture("tray-click").unwrap();

    stage.practice.person("morgan").reads("@rosa").unwrap();
    panel.until("NewIcon");
    assert!(panel.icons() == painted(Badge::default()));
    eventually("a title without a number", || {
        Ok(stage.desktop.screen.window(window.id)?.filter(|window| window.title == "Belfry"))
    })
    .unwrap();
    panel.click("Quit");
    assert!(stage.agent.wait_for_end().unwrap().success());
}
