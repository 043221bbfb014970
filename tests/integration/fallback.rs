//! What becomes of a notification where banners cannot be shown: a real notification service (dunst), one that dies, none.

use std::collections::HashMap;
use std::process::Stdio;

use belfry_core::problem::ProblemKind;
use belfry_core::view::View;
use belfry_tests::process::belfry;
use belfry_tests::process::{Process, freeze, kill};
use belfry_tests::{Desktop, Stage, eventually};
use tokio::runtime::Runtime;
use zbus::zvariant::OwnedValue;

const NOTIFICATIONS: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
const DUNST: &str = "org.dunstproject.cmd0";

/// A real notification service, and a connection to ask it.
struct Dunst {
    process: Process,
    bus: zbus::Connection,
    runtime: Runtime,
}

impl Dunst {
    fn start(desktop: &Desktop) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bus = runtime.block_on(async { zbus::connection::Builder::address(desktop.bus())?.build().await }).unwrap();
        let mut dunst = Self { process: start(desktop), bus, runtime };
        dunst.until_up();
        dunst
    }

    /// Starts another one in the place of one that ended.
    fn again(&mut self, desktop: &Desktop) {
        self.process = start(desktop);
        self.until_up();
    }

    fn until_up(&mut self) {
        eventually("dunst", || Ok(self.displayed().ok())).unwrap();
    }

    /// How many notifications it shows at present.
    fn displayed(&self) -> zbus::Result<u32> {
        let interface = "org.freedesktop.DBus.Properties";
        let ask = self.bus.call_method(Some(NOTIFICATIONS), PATH, Some(interface), "Get", &(DUNST, "displayedLength"));
        let answer = self.runtime.block_on(ask)?.body().deserialize::<OwnedValue>()?;
        u32::try_from(answer).map_err(zbus::Error::from)
    }

    /// Closes everything, and gives title and text of what it ever showed.
    fn history(&self) -> Vec<(String, String)> {
        let call =
            |method| self.runtime.block_on(self.bus.call_method(Some(NOTIFICATIONS), PATH, Some(DUNST), method, &()));
        call("NotificationCloseAll").unwrap();
        let answer = call("NotificationListHistory").unwrap();
        let body = answer.body();
        let shown: Vec<HashMap<String, OwnedValue>> = body.deserialize().unwrap();
        let text = |one: &HashMap<String, OwnedValue>, key: &str| <&str>::try_from(&one[key]).unwrap().to_owned();
        shown.iter().map(|one| (text(one, "summary"), text(one, "body"))).collect()
    }
}

fn start(desktop: &Desktop) -> Process {
    let mut command = desktop.command("dunst");
    command.args(["-config", "/dev/null", "-font", "sans 10"]);
    Process::start(command.stdout(Stdio::null()).stderr(Stdio::null())).unwrap()
}

/// A stage on which nothing paints any more: its face hangs.
fn with_a_face_that_hangs() -> Stage {
    let stage = Stage::new().unwrap();
    stage.notifications.leave().unwrap();
    stage.direct("rosa", "first").unwrap();
    stage.cards(1).unwrap();
    stage.painted().unwrap();
    freeze(stage.banners_process().unwrap()).unwrap();
    stage
}

fn has_trouble(view: &View) -> bool {
    view.problems.iter().any(|problem| problem.kind == ProblemKind::Toasts)
}

#[test]
fn what_no_banner_shows_appears_in_a_real_notification_service_and_leaves_it_when_it_is_read() {
    let stage = with_a_face_that_hangs();
    let dunst = Dunst::start(&stage.desktop);
    stage.direct("jun", "the <b>build</b> is green & done").unwrap();
    eventually("dunst to show it", || Ok((dunst.displayed()? == 1).then_some(()))).unwrap();
    stage.picture("dunst").unwrap();
    stage.practice.person("morgan").reads("@jun").unwrap();
    eventually("dunst to show it no more", || Ok((dunst.displayed()? == 0).then_some(()))).unwrap();
    stage.direct("jun", "second").unwrap();
    eventually("dunst to show the next", || Ok((dunst.displayed()? == 1).then_some(()))).unwrap();
    let shown = dunst.history();
    let (title, text) = &shown[0];
    assert!(title.contains("Direct Message") && text.contains("second"), "{shown:?}");
    // What somebody types is no markup, whatever the service does with it.
    assert!(
        shown.iter().any(|(_, text)| text.contains("the &lt;b&gt;build&lt;/b&gt; is green &amp; done")),
        "{shown:?}"
    );
    assert!(!stage.client.view().is_ok_and(|view| has_trouble(&view)));
}

#[test]
fn what_a_notification_service_took_along_when_it_died_is_said_and_summed_up_by_the_next_one() {
    let mut stage = with_a_face_that_hangs();
    let mut dunst = Dunst::start(&stage.desktop);
    freeze(dunst.process.id()).unwrap();
    stage.direct("jun", "into the void").unwrap();
    stage.client.until("the message to be counted", |view| view.badge.mentions == 2).unwrap();
    // Whether it dies before or after the call reached it: either way nobody answers.
    kill(dunst.process.id()).unwrap();
    stage.client.until("the trouble to be said", has_trouble).unwrap();
    dunst.again(&stage.desktop);
    eventually("the new one to show the summary", || Ok((dunst.displayed()? == 1).then_some(()))).unwrap();
    stage.picture("dunst-summary").unwrap();
    stage.client.until("the trouble to be over", |view| !has_trouble(view)).unwrap();
    let shown = dunst.history();
    assert!(shown[0].1.contains("1 message in 1 conversation that could not be shown at the time"), "{shown:?}");
    stage.direct("jun", "are you back?").unwrap();
    eventually("the next message", || Ok((dunst.displayed()? == 1).then_some(()))).unwrap();
    assert!(dunst.history().iter().any(|(_, text)| text.contains("are you back?")));
    assert!(stage.agent.ended().unwrap().is_none());
}

#[test]
fn without_any_bus_banners_appear_and_what_they_cannot_show_is_said_and_counted() {
    let mut desktop = Desktop::start().unwrap();
    for name in ["DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"] {
        desktop.set(name, "unix:path=/nonexistent/bus");
    }
    let mut stage = Stage::with_program(desktop, belfry().unwrap()).unwrap();
    stage.direct("rosa", "first").unwrap();
    stage.cards(1).unwrap();
    stage.painted().unwrap();
    freeze(stage.banners_process().unwrap()).unwrap();
    stage.direct("jun", "second").unwrap();
    let view = stage.client.until("the trouble to be said", has_trouble).unwrap();
    let problem = view.problems.iter().find(|problem| problem.kind == ProblemKind::Toasts).unwrap();
    assert!(problem.what.contains("bus"), "{problem:?}");
    stage.client.until("both to be counted", |view| view.badge.mentions == 2).unwrap();
    assert!(stage.agent.ended().unwrap().is_none());
}

#[test]
fn after_the_sound_server_was_restarted_the_next_message_is_heard() {
    let mut desktop = Desktop::start().unwrap();
    desktop.start_sound().unwrap();
    let mut stage = Stage::with_program(desktop, belfry().unwrap()).unwrap();
    let recording = stage.desktop.record().unwrap();
    stage.direct("rosa", "can you hear me?").unwrap();
    eventually("the sound", || Ok(recording.has_begun()?.then_some(()))).unwrap();
    // In the middle of it.
    stage.desktop.lose_sound().unwrap();
    drop(recording);
    stage.direct("jun", "and now?").unwrap();
    stage.client.until("it to be counted", |view| view.badge.mentions == 2).unwrap();
    stage.desktop.start_sound().unwrap();
    let recording = stage.desktop.record().unwrap();
    // Two sounds within a moment are one: the first may still fall into the time of the one before.
    eventually("a message to be heard", || {
        stage.direct("rosa", "better?")?;
        Ok(recording.has_begun()?.then_some(()))
    })
    .unwrap();
    assert!(stage.agent.ended().unwrap().is_none());
}
