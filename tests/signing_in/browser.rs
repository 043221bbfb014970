//! Signing in with the browser, from the first page to the session, with the practice server as server and as provider.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use belfry_core::query::{Answer, Provider, Query};
use belfry_core::secret::Secret;
use belfry_practice_server::World;
use belfry_tests::practice::Practice;
use belfry_tests::process::{self, Process};
use belfry_tests::stage::{is_live, write_preferences};
use belfry_tests::{Client, Desktop, eventually};

struct Scene {
    client: Client,
    _agent: Process,
    practice: Practice,
    opened: PathBuf,
    desktop: Desktop,
}

impl Scene {
    /// A desktop on which links are only noted down.
    fn new() -> Self {
        let desktop = Desktop::start().unwrap();
        write_preferences(&desktop, "").unwrap();
        let world = World::small()
            .configured("EnableSignUpWithGitLab", "true")
            .configured("GitLabButtonText", "Forge")
            .under("/chat");
        let practice = Practice::start(world).unwrap();
        practice.vouches_for("morgan").unwrap();
        let (programs, opened) = (desktop.home().join("bin"), desktop.home().join("opened"));
        std::fs::create_dir_all(&programs).unwrap();
        let program = programs.join("xdg-open");
        std::fs::write(&program, format!("#!/bin/sh\nprintf '%s' \"$1\" > '{}'\n", opened.display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        let mut command = desktop.command(process::belfry().unwrap());
        let agent = Process::start(command.arg("--hidden").env("PATH", path)).unwrap();
        let client = Client::connect(&desktop.socket()).unwrap();
        Self { client, _agent: agent, practice, opened, desktop }
    }

    fn begins(&mut self, handover: bool) -> (u64, bool) {
        let answer = self.client.ask(Query::BrowserSignIn {
            server: None,
            url: self.practice.url(),
            name: "Northwind".to_owned(),
            insecure: true,
            reach: None,
            provider: Provider::GitLab,
            handover,
        });
        let Answer::BrowserOpened { number, handover, .. } = answer.unwrap() else { panic!("no browser") };
        (number, handover)
    }

    /// What the browser does: goes where it is sent, and gives the address of the last page and the link on it.
    fn browses(&self) -> (String, String) {
        let opened = || Ok(std::fs::read_to_string(&self.opened).ok().filter(|address| !address.is_empty()));
        let mut address = eventually("the browser to be opened", opened).unwrap();
        for _ in 0..6 {
            let answer = get(&address);
            if let Some(to) = answer.lines().find_map(|line| line.strip_prefix("location: ")) {
                to.trim().clone_into(&mut address);
                continue;
            }
            let link = answer.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            return (address, link.to_owned());
        }
        panic!("the pages lead in a circle");
    }

    fn open_url(&self, link: &str) -> (Option<i32>, String) {
        let output = self.desktop.command(process::belfry().unwrap()).args(["open-url", link]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    fn until_live(&self) {
        let live = |view: &belfry_core::view::View| {
            view.servers.first().is_some_and(|server| is_live(server) && server.username == "morgan")
        };
        self.client.until("the server to be live", live).unwrap();
    }
}

/// The head and body of an answer, the names of its headers in small letters.
fn get(address: &str) -> String {
    let rest = address.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_browser_hands_the_sign_in_over_by_a_link_of_our_scheme() {
    let mut scene = Scene::new();
    let ways = Query::SignInWays { server: None, url: scene.practice.url(), reach: None };
    let Answer::SignInWays(ways) = scene.client.ask(ways).unwrap() else { panic!("no ways") };
    assert_eq!(ways.browser[0].label, "Forge");
    let (_, registered) = scene.begins(true);
    assert!(registered, "the desktop opens our links with us");
    let entry = scene.desktop.home().join("data/applications/org.belfry.Belfry-links.desktop");
    let entry = std::fs::read_to_string(entry).unwrap();
    assert!(entry.contains("open-url %u") && entry.contains("x-scheme-handler/mattermost-dev;"), "{entry}");
    let (_, link) = scene.browses();
    assert!(link.starts_with("mattermost-dev://"), "the other scheme is the official application's");
    assert_eq!(scene.open_url(&link), (Some(0), String::new()));
    scene.until_live();
    let (code, said) = scene.open_url(&link);
    assert_eq!(code, Some(1));
    assert!(said.contains("sign-in waits") && !said.contains("server_token"), "it works once: {said}");
}

#[test]
fn the_address_of_the_last_page_is_as_good_when_it_is_pasted() {
    let mut scene = Scene::new();
    let (_, registered) = scene.begins(false);
    assert!(!registered && !scene.desktop.home().join("data/applications").exists(), "nobody allowed that");
    let (page, _) = scene.browses();
    let answer = scene.client.ask(Query::FinishBrowserSignIn(Secret::new(format!("  {page}\n")))).unwrap();
    assert_eq!(answer, Answer::SignedIn);
    scene.until_live();
    let requests = scene.practice.requests();
    assert!(requests.iter().any(|line| line == "POST /api/v4/users/login/desktop_token"), "{requests:?}");
}

#[test]
fn whoever_waits_is_told_and_a_strange_or_abandoned_link_signs_nobody_in() {
    let mut scene = Scene::new();
    let (number, _) = scene.begins(false);
    let (page, _) = scene.browses();
    for (strange, said) in [
        (page.replace("/chat/", "/other/"), "another server"),
        (page.replace("client_token=dev-", "client_token=dev-0"), "another sign-in"),
        ("https://chat.example.org/".to_owned(), "not the address"),
    ] {
        let Answer::Failed { message } = scene.client.ask(Query::FinishBrowserSignIn(Secret::new(strange))).unwrap()
        else {
            panic!("{said}")
        };
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(scene.client.ask(Query::CancelBrowserSignIn(number)).unwrap(), Answer::Done);
    let late = scene.client.ask(Query::FinishBrowserSignIn(Secret::new(page))).unwrap();
    assert!(matches!(&late, Answer::Failed { message } if message.contains("waits")), "{late:?}");
    let Answer::Failed { message } = scene.client.ask(Query::BrowserSignInDone(number)).unwrap() else { panic!() };
    assert!(message.contains("begin again"), "{message}");
    assert!(scene.client.view().unwrap().servers.is_empty());
    let requests = scene.practice.requests();
    assert!(!requests.iter().any(|line| line.contains("desktop_token")), "no token was spent: {requests:?}");
}
