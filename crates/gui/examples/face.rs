//! A face with a made-up view, without an agent:
//! `cargo run -p belfry-gui --example face -- window|banners [light|dark] [permission] [certificate] [pictures=FOLDER]`

use std::sync::Arc;
use std::time::Duration;

use belfry_core::command::Place;
use belfry_core::prefs::{AuthKind, ThemeChoice};
use belfry_core::query::{Answer, BrowserWay, Picture, PictureOf, Provider, Query, SignInWays, Subject};
use belfry_core::reach::{CertificateFacts, Obstacle, Untrusted};
use belfry_core::secret::Secret;
use belfry_core::view::{Health, View};
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
    // "signed-out": its dialog signs in with the browser. "ends": a session ends today.
    if let Some(first) = view.servers.first_mut().filter(|_| has("signed-out")) {
        first.health = Health::SignedOut { reason: "the server ended the session".to_owned() };
        view.prefs.servers = vec![testing::entry(first.id.0, AuthKind::Browser)];
    }
    if let Some(first) = view.servers.first_mut().filter(|_| has("ends")) {
        first.session_ends_ms = Some(belfry_net::clock::wall_ms() + 20 * 3_600_000);
    }
    // "eof": the agent ends soon.
    let patience = if has("eof") { Duration::from_secs(2) } else { Duration::from_hours(1) };
    // People get the files of this folder, each always the same one.
    let files: Vec<String> = words
        .iter()
        .find_map(|word| word.strip_prefix("pictures="))
        .and_then(|folder| std::fs::read_dir(folder).ok())
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|file| file.path().into_os_string().into_string().ok())
        .collect();
    let certificate = has("certificate");
    let raise = has("signed-out").then(|| view.servers.first().map(|server| Place::SignIn(server.id))).flatten();
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
        if let Some(page) = raise {
            peer.down.send(Down::Raise(Some(page))).ok(); // the face ends already
        }
        while let Ok(up) = peer.ups.recv_timeout(patience) {
            report(&up);
            let (id, answer) = match up {
                Up::Query(id, Query::Activity { .. }) => (id, Answer::Activity { rows: rows.clone(), more: false }),
                Up::Query(id, Query::Pictures(people)) => (id, pictures(people, &files)),
                Up::Query(id, Query::SignInWays { .. }) => (id, Answer::SignInWays(ways())),
                Up::Query(id, Query::BrowserSignIn { .. }) => {
                    let address = Secret::new("https://chat.example.org/oauth/gitlab/login?desktop_token=made-up");
                    (id, Answer::BrowserOpened { number: 1, address, handover: true })
                }
                Up::Query(id, Query::SignIn { .. }) => {
                    (id, Answer::KeyringMissing { message: "there is no system keyring".to_owned() })
                }
                Up::Query(id, Query::Discover { .. } | Query::SetReach { .. }) if certificate => (id, untrusted()),
                Up::Query(id, Query::Discover { .. }) => (id, Answer::Obstacle(Obstacle::FrontLogin { refused: true })),
                Up::Query(..) | Up::Command(_) | Up::Signal(_) => continue,
            };
            if peer.down.send(Down::Answer(id, answer)).is_err() {
                return;
            }
        }
    });
    assert!(scripted.is_ok(), "a thread");
    if has("banners") { belfry_gui::run_banners(link) } else { belfry_gui::run_window(link) }
}

fn untrusted() -> Answer {
    let sha256 = |text: &str| vec![text; 16].join(":");
    Answer::Obstacle(Obstacle::Certificate(Box::new(Untrusted {
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
    })))
}

fn ways() -> SignInWays {
    let way = |provider, label: &str| BrowserWay { provider, label: label.to_owned() };
    let browser = vec![way(Provider::GitLab, "Forge"), way(Provider::Saml, "Company login")];
    SignInWays { password: true, browser, ..SignInWays::default() }
}

fn subject(of: &PictureOf) -> String {
    match of.subject {
        Subject::Person(user) => user.to_string(),
        Subject::File(file) => file.to_string(),
    }
}

fn pictures(people: Vec<PictureOf>, files: &[String]) -> Answer {
    let of_person = |of: &PictureOf| {
        let number: usize = subject(of).bytes().map(usize::from).sum();
        files.get(number % files.len().max(1)).map_or(Picture::Nowhere, |file| Picture::File(file.clone()))
    };
    Answer::Pictures(people.into_iter().map(|of| (of, of_person(&of))).collect())
}

#[expect(clippy::print_stderr, reason = "an example says what the face sent")]
fn report(up: &Up) {
    eprintln!("{up:?}");
}
