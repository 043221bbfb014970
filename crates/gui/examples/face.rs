//! A face with a made-up view, without an agent: `cargo run -p belfry-gui --example face -- window|banners [light|dark] [permission]`

use std::sync::Arc;
use std::time::Duration;

use belfry_core::prefs::ThemeChoice;
use belfry_core::query::{Answer, Query};
use belfry_core::view::View;
use belfry_gui::{Down, Link, Up, testing};

fn main() -> Result<(), belfry_gui::FaceError> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|given| given == word);
    let shift = belfry_net::clock::wall_ms() - testing::NOW_MS;
    let mut view = testing::view();
    view.prefs.theme = if has("dark") { ThemeChoice::Dark } else { ThemeChoice::Light };
    for banner in &mut view.banners {
        banner.at_ms += shift;
    }
    for server in &mut view.servers {
        server.last_heard_ms += shift;
    }
    if has("permission") {
        view.permission_prompts = view.servers.iter().map(|server| server.id).take(1).collect();
    }
    if let Some(first) = view.banners.first_mut().filter(|_| has("scripts")) {
        "שלום мир 你好 안녕 สวัสดี नमस्ते مرحبا Ա 🎉👍 ⌘☃ ½ → ✓".clone_into(&mut first.text);
    }
    if has("empty") {
        view = View { prefs: view.prefs, ..View::default() };
    }
    // "eof": the agent ends soon.
    let patience = if has("eof") { Duration::from_secs(2) } else { Duration::from_hours(1) };
    let (link, peer) = Link::pair();
    let first = Down::View(Arc::new(view.clone()));
    let scripted = std::thread::Builder::new().name("agent".to_owned()).spawn(move || {
        let mut rows = testing::activity();
        for row in &mut rows {
            row.decision.at_ms += shift;
        }
        if peer.down.send(first).is_err() {
            return;
        }
        while let Ok(up) = peer.ups.recv_timeout(patience) {
            report(&up);
            if let Up::Query(id, Query::Activity { .. }) = up {
                let answer = Answer::Activity { rows: rows.clone(), more: false };
                if peer.down.send(Down::Answer(id, answer)).is_err() {
                    return;
                }
            }
        }
    });
    assert!(scripted.is_ok(), "a thread");
    if has("banners") { belfry_gui::run_banners(link) } else { belfry_gui::run_window(link) }
}

#[expect(clippy::print_stderr, reason = "an example says what the face sent")]
fn report(up: &Up) {
    eprintln!("{up:?}");
}
