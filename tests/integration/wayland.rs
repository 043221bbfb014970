//! Under Wayland, on a real compositor (weston without a screen): with Xwayland, and without.

use std::path::PathBuf;
use std::process::Stdio;

use belfry_core::command::Command;
use belfry_core::problem::ProblemKind;
use belfry_practice_server::World;
use belfry_tests::notifications::Notifications;
use belfry_tests::practice::Practice;
use belfry_tests::process::{Process, belfry};
use belfry_tests::screen::Screen;
use belfry_tests::stage::{is_live, write_preferences};
use belfry_tests::{Client, Desktop, eventually};

const SOCKET: &str = "belfry-wayland";

/// Moves a desktop's programs to a Wayland session; the X display there, where there is to be one.
fn to_wayland(desktop: &mut Desktop, xwayland: bool) -> Option<String> {
    let mut weston = desktop.command("weston");
    // The name that both older and newer ones know.
    weston.args(["--backend=headless-backend.so", "--idle-time=0", "--socket", SOCKET]);
    // Its log has every request of every client.
    weston.arg(format!("--log={}", log(desktop).display())).arg("--logger-scopes=log,proto").env_remove("DISPLAY");
    if xwayland {
        weston.arg("--xwayland");
    }
    let weston = Process::start(weston.stdout(Stdio::null()).stderr(Stdio::null())).unwrap();
    desktop.keep(weston);
    let socket = desktop.home().join("run").join(SOCKET);
    eventually("the compositor", || Ok(socket.exists().then_some(()))).unwrap();
    desktop.set("WAYLAND_DISPLAY", SOCKET);
    let display = xwayland.then(|| {
        eventually("Xwayland to be offered", || {
            let text = std::fs::read_to_string(log(desktop))?;
            let said = text.lines().find_map(|line| line.split_once("listening on display "));
            Ok(said.map(|(_, display)| display.trim().to_owned()))
        })
        .unwrap()
    });
    desktop.set("DISPLAY", display.as_deref().unwrap_or_default());
    display
}

/// What the compositor writes down.
fn log(desktop: &Desktop) -> PathBuf {
    desktop.home().join("weston.log")
}

/// The line of `belfry doctor` about the display.
fn doctor(desktop: &Desktop) -> String {
    let output = desktop.command(belfry().unwrap()).arg("doctor").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find(|line| line.contains("Display")).unwrap().to_owned()
}

struct Watching {
    client: Client,
    _agent: Process,
    practice: Practice,
    notifications: Notifications,
}

fn watching(desktop: &Desktop) -> Watching {
    let notifications = Notifications::start(desktop).unwrap();
    write_preferences(desktop, "").unwrap();
    let practice = Practice::start(World::small()).unwrap();
    let agent = desktop.belfry(&["--hidden"]).unwrap();
    let mut client = Client::connect(&desktop.socket()).unwrap();
    let server = client.add_server(&practice.url(), "morgan", "practice").unwrap();
    client.until("the server to be live", |view| view.server(server).is_some_and(is_live)).unwrap();
    practice.until_connected("morgan");
    Watching { client, _agent: agent, practice, notifications }
}

#[test]
fn without_xwayland_system_notifications_are_used_windows_work_and_the_doctor_says_so() {
    let mut desktop = Desktop::start().unwrap();
    to_wayland(&mut desktop, false);
    let said = doctor(&desktop);
    assert!(said.contains("Wayland without X11") && said.contains("system notifications"), "{said}");

    let mut watching = watching(&desktop);
    watching.practice.person("rosa").direct("morgan", "are you there?").unwrap();
    eventually("the system notification", || {
        Ok(watching.notifications.shown().iter().any(|shown| shown.body.contains("are you there?")).then_some(()))
    })
    .unwrap();

    watching.client.command(Command::ShowWindow).unwrap();
    eventually("the window on the compositor, with its badge in the title", || {
        let text = std::fs::read_to_string(log(&desktop))?;
        Ok(text.lines().any(|line| line.contains("set_title(\"(1) Belfry\")")).then_some(()))
    })
    .unwrap();
    eventually("something to be seen in it", || {
        let text = std::fs::read_to_string(log(&desktop))?;
        Ok(text.lines().any(|line| line.contains("wl_surface") && line.contains(".attach(wl_buffer")).then_some(()))
    })
    .unwrap();
    let problems = watching.client.view().unwrap().problems;
    assert!(problems.iter().all(|problem| problem.kind != ProblemKind::Window), "{problems:?}");
}

#[test]
fn with_xwayland_banners_are_shown_there_and_the_doctor_names_it() {
    let mut desktop = Desktop::start().unwrap();
    let display = to_wayland(&mut desktop, true).unwrap();
    let said = doctor(&desktop);
    assert!(said.contains("Xwayland") && said.contains("banners are shown"), "{said}");

    let watching = watching(&desktop);
    watching.client.until("the sample", |view| !view.banners.is_empty()).unwrap();
    let screen = Screen::connect(&display).unwrap();
    watching.practice.person("rosa").direct("morgan", "are you there?").unwrap();
    watching
        .client
        .until("the card to be painted", |view| {
            view.banners.iter().any(|card| card.text == "are you there?" && card.remaining_ms.is_some())
        })
        .unwrap();
    eventually("the banners' window", || {
        let windows = screen.windows()?;
        Ok(windows.into_iter().find(|window| window.override_redirect && window.viewable && window.is_belfry()))
    })
    .unwrap();
    assert_eq!(watching.notifications.shown(), [], "what was painted needs no system notification");
}
