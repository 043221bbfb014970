//! Every page as a picture.
#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::indexing_slicing, clippy::assigning_clones, clippy::unwrap_used, reason = "made-up worlds")]

use belfry_core::ids::ServerId;
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission};
use belfry_core::query::Answer;
use belfry_core::reach::{CertificateFacts, Obstacle, Untrusted};
use belfry_core::settings::{Editable, SettingKey, Trouble};
use belfry_core::view::{Health, View};
use belfry_gui::Up;
use belfry_gui::testing;
use belfry_gui::window::Page;
use egui::{Theme, Vec2};
use egui_kittest::kittest::Queryable as _;
use image::RgbaImage;

use crate::common::raster::Raster;
use crate::common::{self, Window, World, built, settle, world};

/// What is pictured: its name, its window, and how one gets there.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) size: Vec2,
    world: fn() -> World,
    then: fn(&mut Window),
}

const WIDE: Vec2 = common::SIZE;
const SMALL: Vec2 = Vec2::new(720.0, 520.0);

fn page(page: Page) -> World {
    let mut view = testing::view();
    view.prefs = LocalPrefs {
        servers: vec![testing::entry(1, AuthKind::Password), testing::entry(2, AuthKind::Browser)],
        sound: testing::sounds(),
        ..LocalPrefs::default()
    };
    let mut world = world(view);
    world.state.page = page;
    world
}

fn nothing(_: &mut Window) {}

fn press(harness: &mut Window, label: &str) {
    harness.get_by_label(label).click();
    settle(harness);
}

fn why(harness: &mut Window) {
    harness.get_by_label_contains("Jun Okafor").click();
    settle(harness);
}

fn scroll(harness: &mut Window, by: f32) {
    harness.hover_at(egui::pos2(500.0, 300.0));
    harness.run_steps(1);
    for _ in 0..2 {
        harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            source: egui::MouseWheelSource::Wheel,
            delta: Vec2::new(0.0, -by / 2.0),
            phase: egui::TouchPhase::Move,
            modifiers: egui::Modifiers::NONE,
        });
        harness.run_steps(12);
    }
    harness.hover_at(egui::pos2(2.0, 2.0));
    settle(harness);
}

fn try_it(harness: &mut Window) {
    scroll(harness, 3000.0);
    common::write(harness, "A message", "Starting the deploy now");
    press(harness, "Why?");
    scroll(harness, 3000.0);
}

fn person(harness: &mut Window) {
    scroll(harness, 3000.0);
    press(harness, "Add a channel or person…");
    common::write(harness, "Search for a channel or person", "ro");
    scroll(harness, 3000.0);
}

/// The list of the lowest picker in a small window.
fn low_list(harness: &mut Window) {
    let picker = harness.get_by_label("Messages, Lumen Labs, which").rect();
    scroll(harness, picker.bottom() - 500.0);
    press(harness, "Messages, Lumen Labs, which");
}

fn trouble() -> World {
    let mut world = page(Page::Notifications);
    let refused = Trouble::Refused { wanted: Some("all".to_owned()), reason: "the server does not answer".to_owned() };
    let elsewhere = Trouble::ChangedElsewhere { wanted: Some("Hello".to_owned()) };
    let fields = &mut world.settings.fields;
    fields.get_mut(&SettingKey::Desktop).unwrap().trouble = Some(refused);
    fields.get_mut(&SettingKey::DesktopNotificationSound).unwrap().trouble = Some(elsewhere);
    world
}

fn offline() -> World {
    let mut world = page(Page::Notifications);
    world.settings.editable = Editable::No { reason: "the server does not answer".to_owned() };
    world.view.servers[0].permission = Permission::Denied;
    world
}

fn certificate(harness: &mut Window) {
    press(harness, "Connection, Northwind");
    harness.get_by_role_and_label(egui::accesskit::Role::Button, "Save").click();
    harness.run_steps(2);
    let ups = harness.state_mut().out.take();
    let id = ups.into_iter().find_map(|up| if let Up::Query(id, _) = up { Some(id) } else { None }).unwrap();
    let sha256 = |text: &str| vec![text; 16].join(":");
    let untrusted = Untrusted {
        reason: "the server shows another certificate than the one that was trusted for it".to_owned(),
        certificate: CertificateFacts {
            subject: "chat.northwind.example, Northwind Ltd".to_owned(),
            issuer: "Northwind Authority".to_owned(),
            names: vec!["chat.northwind.example".to_owned(), "10.0.0.7".to_owned()],
            valid_from: "1 January 2026, 00:00 UTC".to_owned(),
            valid_until: "1 January 2027, 00:00 UTC".to_owned(),
            sha256: sha256("AB:4F"),
        },
        pinned: sha256("07:D2"),
    };
    let answer = Answer::Obstacle(Obstacle::Certificate(Box::new(untrusted)));
    harness.state_mut().state.on_answer(id, answer);
    settle(harness);
}

fn options(harness: &mut Window) {
    press(harness, "Connection, Northwind");
    press(harness, "Proxy, Another");
    press(harness, "A web server in front asks for a name and password");
}

fn thirty() -> World {
    let mut world = page(Page::Notifications);
    world.view.servers =
        (1..=30).map(|id| testing::server(id, &format!("Server {id}"), "https://chat.example.org")).collect();
    world.view.servers[0].name = "The European Society for Long Names of Servers and Their Abbreviations".to_owned();
    world.view.servers[1].name = "שרת הבדיקות שלנו".to_owned();
    world.view.servers[2].health =
        Health::Waiting { reason: "the server does not answer".to_owned(), retry_at_ms: testing::NOW_MS + 9_000 };
    world
}

/// Everything that is looked at.
pub(crate) const ALL: &[Scene] = &[
    Scene { name: "activity", size: WIDE, world: || page(Page::Activity), then: why },
    Scene { name: "notifications", size: WIDE, world: || page(Page::Notifications), then: nothing },
    Scene { name: "notifications-middle", size: WIDE, world: || page(Page::Notifications), then: |h| scroll(h, 500.0) },
    Scene { name: "notifications-try", size: WIDE, world: || page(Page::Notifications), then: try_it },
    Scene { name: "notifications-trouble", size: WIDE, world: trouble, then: nothing },
    Scene { name: "notifications-offline", size: WIDE, world: offline, then: nothing },
    Scene { name: "channels", size: WIDE, world: || page(Page::Channels), then: nothing },
    Scene {
        name: "channels-chosen",
        size: WIDE,
        world: || page(Page::Channels),
        then: |h| {
            press(h, "Select Off topic");
            press(h, "Select Incidents");
        },
    },
    Scene { name: "quiet", size: WIDE, world: || page(Page::QuietHours), then: nothing },
    Scene { name: "sounds", size: WIDE, world: || page(Page::Sounds), then: nothing },
    Scene { name: "sounds-end", size: WIDE, world: || page(Page::Sounds), then: |h| scroll(h, 3000.0) },
    Scene {
        name: "sounds-list",
        size: WIDE,
        world: || page(Page::Notifications),
        then: |h| press(h, "Message notification sound, which"),
    },
    Scene { name: "sounds-person", size: WIDE, world: || page(Page::Sounds), then: person },
    Scene { name: "servers", size: WIDE, world: || page(Page::Servers), then: nothing },
    Scene {
        name: "servers-unread",
        size: WIDE,
        world: || page(Page::Servers),
        then: |h| press(h, "List the 3 messages that need you"),
    },
    Scene {
        name: "servers-plain-connection",
        size: WIDE,
        world: || page(Page::Servers),
        then: |h| press(h, "Connection, Northwind"),
    },
    Scene { name: "servers-connection", size: WIDE, world: || page(Page::Servers), then: options },
    Scene { name: "servers-certificate", size: WIDE, world: || page(Page::Servers), then: certificate },
    Scene { name: "desktop", size: WIDE, world: || page(Page::Desktop), then: nothing },
    Scene { name: "desktop-end", size: WIDE, world: || page(Page::Desktop), then: |h| scroll(h, 3000.0) },
    Scene {
        name: "about",
        size: WIDE,
        world: || {
            let mut world = page(Page::About);
            world.view.test = Some(testing::receipt(false));
            world
        },
        then: nothing,
    },
    Scene {
        name: "about-end",
        size: WIDE,
        world: || page(Page::About),
        then: |h| {
            scroll(h, 3000.0);
            press(h, "Show what Belfry is made of");
            scroll(h, 3000.0);
        },
    },
    Scene {
        name: "find",
        size: WIDE,
        world: || page(Page::Activity),
        then: |h| {
            h.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::F);
            settle(h);
            common::write(h, "Find a setting", "sound");
        },
    },
    Scene {
        name: "shortcuts",
        size: WIDE,
        world: || page(Page::Activity),
        then: |h| {
            h.event(egui::Event::Text("?".to_owned()));
            settle(h);
        },
    },
    Scene {
        name: "permission",
        size: WIDE,
        world: || {
            let mut world = page(Page::Servers);
            world.view.permission_prompts = vec![ServerId(1)];
            world
        },
        then: nothing,
    },
    Scene {
        name: "empty",
        size: WIDE,
        world: || {
            let mut w = page(Page::Activity);
            w.view = View::default();
            w
        },
        then: nothing,
    },
    Scene { name: "small-activity", size: SMALL, world: || page(Page::Activity), then: why },
    Scene { name: "small-notifications", size: SMALL, world: thirty, then: nothing },
    Scene { name: "small-channels", size: SMALL, world: || page(Page::Channels), then: nothing },
    Scene { name: "small-sounds", size: SMALL, world: || page(Page::Sounds), then: |h| scroll(h, 260.0) },
    Scene { name: "small-sounds-list", size: SMALL, world: || page(Page::Sounds), then: low_list },
    Scene {
        name: "small-connection",
        size: SMALL,
        world: || page(Page::Servers),
        then: |h| {
            options(h);
            h.hover_at(egui::pos2(400.0, 300.0));
            h.run_steps(12);
        },
    },
    Scene { name: "small-desktop", size: SMALL, world: || page(Page::Desktop), then: nothing },
    Scene { name: "small-servers", size: SMALL, world: || page(Page::Servers), then: nothing },
];

impl Scene {
    /// Its window, before anything happens in it.
    pub(crate) fn world(&self) -> World {
        (self.world)()
    }

    /// How one gets there.
    pub(crate) fn goes_on(&self, harness: &mut Window) {
        (self.then)(harness);
    }
}

/// What it looks like.
pub(crate) fn picture(scene: &Scene, theme: Theme, pixels_per_point: f32) -> RgbaImage {
    let raster = Raster::default();
    let mut harness = built((scene.world)(), scene.size, pixels_per_point, theme, &raster);
    settle(&mut harness);
    (scene.then)(&mut harness);
    settle(&mut harness);
    raster.picture(&harness.ctx, harness.output(), scene.size, pixels_per_point)
}
