//! Adding a server that something stands in front of, and changing how one is reached.

use belfry_core::ids::ServerId;
use belfry_core::prefs::{AuthKind, Permission, ServerPrefs};
use belfry_core::query::{Answer, Discovered, Query};
use belfry_core::reach::{CertificateFacts, Obstacle, Reach, ReachDraft, Untrusted};
use belfry_core::view::View;
use belfry_gui::outbox::Outbox;
use belfry_gui::window::{self, WindowState};
use belfry_gui::{QueryId, Up, testing, theme};
use egui::Vec2;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

struct World {
    view: View,
    state: WindowState,
    out: Outbox,
}

impl World {
    fn queries(&mut self) -> Vec<(QueryId, Query)> {
        let asked = self.out.take().into_iter();
        asked.filter_map(|up| if let Up::Query(id, query) = up { Some((id, query)) } else { None }).collect()
    }

    /// What was asked about reaching a server since the last look.
    #[expect(clippy::unwrap_used, reason = "a test")]
    fn query(&mut self) -> (QueryId, Query) {
        let wanted = |(_, query): &(QueryId, Query)| matches!(query, Query::Discover { .. } | Query::SetReach { .. });
        self.queries().into_iter().find(wanted).unwrap()
    }
}

fn window(view: View) -> Harness<'static, World> {
    let world = World { view, state: WindowState::default(), out: Outbox::default() };
    let mut harness = Harness::builder()
        .with_size(Vec2::new(1000.0, 680.0))
        .with_context_setup(|ctx| theme::install(ctx, theme::Fallback::None))
        .build_ui_state(
            |ui, world: &mut World| window::ui(ui, &world.view, testing::NOW_MS, &mut world.state, &mut world.out),
            world,
        );
    harness.run_steps(3);
    harness
}

fn click(harness: &mut Harness<'_, World>, label: &str) {
    harness.get_by_label(label).scroll_to_me();
    harness.run_steps(3);
    harness.get_by_label(label).click();
    harness.run_steps(3);
}

fn type_into(harness: &mut Harness<'_, World>, role: Role, label: &str, text: &str) {
    harness.get_by_role_and_label(role, label).focus();
    harness.run_steps(2);
    harness.get_by_role_and_label(role, label).type_text(text);
    harness.run_steps(2);
}

fn answer(harness: &mut Harness<'_, World>, id: QueryId, answer: Answer) {
    harness.state_mut().state.on_answer(id, answer);
    harness.run_steps(3);
}

/// The form with an address, and the question that it asked.
fn looking(view: View) -> (Harness<'static, World>, QueryId, Box<ReachDraft>) {
    let mut harness = window(view);
    click(&mut harness, "Servers");
    click(&mut harness, "Add server…");
    type_into(&mut harness, Role::TextInput, "Address", "chat.example.org");
    harness.state_mut().out.take();
    click(&mut harness, "Continue");
    let (id, reach) = asked(&mut harness, "chat.example.org");
    (harness, id, reach)
}

#[expect(clippy::panic, reason = "another question is a failure")]
fn asked(harness: &mut Harness<'_, World>, wanted: &str) -> (QueryId, Box<ReachDraft>) {
    match harness.state_mut().query() {
        (id, Query::Discover { address, reach }) if address == wanted => (id, reach),
        other => panic!("{other:?}"),
    }
}

fn found() -> Discovered {
    Discovered {
        url: "https://chat.example.org".to_owned(),
        name: "Example".to_owned(),
        version: "11.1.0".to_owned(),
        ..Discovered::default()
    }
}

fn untrusted(pinned: &str) -> Answer {
    Answer::Obstacle(Obstacle::Certificate(Box::new(Untrusted {
        reason: "the server's certificate was issued by somebody this computer does not trust".to_owned(),
        certificate: CertificateFacts {
            subject: "chat.example.org, Example Ltd".to_owned(),
            issuer: "Example Authority".to_owned(),
            names: vec!["chat.example.org".to_owned()],
            valid_from: "1 January 2026, 00:00 UTC".to_owned(),
            valid_until: "1 January 2027, 00:00 UTC".to_owned(),
            sha256: "AB:CD:EF".to_owned(),
        },
        pinned: pinned.to_owned(),
    })))
}

#[test]
fn a_certificate_is_shown_with_its_issuer_dates_and_fingerprint_and_trusted_only_when_told_to() {
    let (mut harness, id, reach) = looking(testing::view());
    assert_eq!(*reach, ReachDraft::default());
    answer(&mut harness, id, untrusted(""));
    harness.get_by_role_and_label(Role::Dialog, "Trust this certificate?");
    for said in ["Example Authority", "1 January 2027, 00:00 UTC", "AB:CD:EF", "chat.example.org, Example Ltd"] {
        harness.get_by_label(said);
    }
    click(&mut harness, "Back");
    assert!(harness.state_mut().queries().is_empty(), "looking is not trusting");
    click(&mut harness, "Continue");
    let (id, _) = asked(&mut harness, "chat.example.org");
    answer(&mut harness, id, untrusted("12:34:56"));
    harness.get_by_role_and_label(Role::Dialog, "The certificate changed");
    harness.get_by_label("12:34:56");
    click(&mut harness, "Trust for this server");
    let (_, reach) = asked(&mut harness, "chat.example.org");
    assert_eq!(reach.reach.pinned_certificate, "AB:CD:EF");
}

#[test]
fn what_stands_in_front_is_said_and_its_fields_are_there() {
    let table = [
        (Obstacle::FrontLogin { refused: false }, "Password for the web server in front"),
        (Obstacle::PreAuth { refused: true }, "Pre-authentication secret"),
        (Obstacle::ClientCertificate { refused: false }, "Password of the file, where it has one"),
    ];
    for (obstacle, field) in table {
        let (mut harness, id, _) = looking(testing::view());
        answer(&mut harness, id, Answer::Obstacle(obstacle));
        harness.get_by_role_and_label(Role::PasswordInput, field);
    }
    let (mut harness, id, _) = looking(testing::view());
    answer(&mut harness, id, Answer::Obstacle(Obstacle::PreAuth { refused: false }));
    type_into(&mut harness, Role::PasswordInput, "Pre-authentication secret", "hush");
    click(&mut harness, "Continue");
    let (_, reach) = asked(&mut harness, "chat.example.org");
    assert!(reach.reach.pre_auth && reach.secrets.pre_auth.expose() == "hush");
    assert!(!format!("{:?}", harness.state().state).contains("hush"));
}

#[test]
fn a_redirect_is_followed_only_when_told_to_and_takes_no_secret_along() {
    let (mut harness, id, _) = looking(testing::view());
    answer(&mut harness, id, Answer::Obstacle(Obstacle::PreAuth { refused: false }));
    type_into(&mut harness, Role::PasswordInput, "Pre-authentication secret", "hush");
    click(&mut harness, "Continue");
    let (id, _) = asked(&mut harness, "chat.example.org");
    let to = "https://other.example".to_owned();
    answer(&mut harness, id, Answer::Obstacle(Obstacle::Redirect { to, sign_in_page: false }));
    harness.get_by_label_contains("leads to https://other.example, where nothing was sent yet");
    assert!(harness.state_mut().queries().is_empty());
    click(&mut harness, "Look there");
    let (_, reach) = asked(&mut harness, "https://other.example");
    assert_eq!(*reach, ReachDraft::default());
}

#[test]
fn a_proxy_is_filled_in_under_connection_options() {
    let mut harness = window(testing::view());
    click(&mut harness, "Servers");
    click(&mut harness, "Add server…");
    assert!(harness.query_by_label("Proxy, Another").is_none(), "most people need none of it");
    click(&mut harness, "Connection options");
    type_into(&mut harness, Role::TextInput, "Address", "chat.example.org");
    click(&mut harness, "Proxy, Another");
    harness.state_mut().out.take();
    click(&mut harness, "Continue");
    assert!(harness.state_mut().queries().is_empty(), "not without its address");
    type_into(&mut harness, Role::TextInput, "Proxy address", "socks5://proxy.example");
    type_into(&mut harness, Role::TextInput, "Proxy user name, where it asks", "ann");
    type_into(&mut harness, Role::PasswordInput, "Proxy password", "open sesame");
    click(&mut harness, "Continue");
    let (_, reach) = asked(&mut harness, "chat.example.org");
    assert_eq!((reach.reach.proxy.as_str(), reach.reach.proxy_user.as_str()), ("socks5://proxy.example", "ann"));
    assert_eq!(reach.secrets.proxy.expose(), "open sesame");
}

#[test]
fn how_a_server_of_the_list_is_reached_can_be_changed_and_saved_even_while_it_is_away() {
    let mut view = testing::view();
    let reach = Reach { pinned_certificate: "AB:CD".to_owned(), pre_auth: true, ..Reach::default() };
    view.prefs.servers.push(ServerPrefs {
        id: ServerId(1),
        url: "https://chat.northwind.example".to_owned(),
        name: "Northwind".to_owned(),
        username: "morgan".to_owned(),
        auth: AuthKind::Password,
        permission: Permission::Allowed,
        insecure: false,
        reach: reach.clone(),
        session: belfry_core::prefs::SessionPrefs::default(),
    });
    let mut harness = window(view);
    click(&mut harness, "Servers");
    harness.state_mut().out.take();
    click(&mut harness, "Connection, Northwind");
    harness.get_by_role_and_label(Role::Dialog, "Connection to Northwind");
    click(&mut harness, "Trust what this computer trusts");
    click(&mut harness, "Save");
    let (id, query) = harness.state_mut().query();
    let wanted = Reach { pinned_certificate: String::new(), ..reach };
    let set = |unchecked| Query::SetReach {
        server: ServerId(1),
        draft: Box::new(ReachDraft { reach: wanted.clone(), ..ReachDraft::default() }),
        unchecked,
    };
    assert_eq!(query, set(false));
    answer(&mut harness, id, Answer::Failed { message: "The server did not answer in time".to_owned() });
    click(&mut harness, "Save anyway");
    let (id, query) = harness.state_mut().query();
    assert_eq!(query, set(true));
    answer(&mut harness, id, Answer::ReachSet);
    assert!(harness.query_by_label("Connection to Northwind").is_none(), "it is closed");
}

#[test]
fn after_the_first_server_it_is_said_how_to_silence_the_other_apps_and_only_then() {
    let signed_in = |view: View| {
        let mut harness = window(view);
        click(&mut harness, "Servers");
        click(&mut harness, "Add server…");
        type_into(&mut harness, Role::TextInput, "Address", "chat.example.org");
        harness.state_mut().out.take();
        click(&mut harness, "Continue");
        let (id, _) = asked(&mut harness, "chat.example.org");
        answer(&mut harness, id, Answer::Discovered(found()));
        let ways = harness.state_mut().queries().pop();
        if let Some((id, Query::SignInWays { .. })) = ways {
            let ways = belfry_core::query::SignInWays { password: true, ..Default::default() };
            answer(&mut harness, id, Answer::SignInWays(ways));
        }
        type_into(&mut harness, Role::TextInput, "Username or email", "morgan");
        type_into(&mut harness, Role::PasswordInput, "Password", "practice");
        click(&mut harness, "Sign in");
        let asked = harness.state_mut().queries();
        let id = asked.into_iter().find_map(|(id, query)| matches!(query, Query::SignIn { .. }).then_some(id));
        // The list has the server before the answer is here.
        harness.state_mut().view = testing::view();
        harness.run_steps(2);
        answer(&mut harness, id.unwrap_or_else(|| panic!("it did not sign in")), Answer::SignedIn);
        harness
    };
    let mut first = signed_in(View::default());
    first.get_by_role_and_label(Role::Dialog, "So that you are told only once");
    first.get_by_label_contains("Do not choose Nothing");
    click(&mut first, "Got it");
    assert!(first.query_by_label("So that you are told only once").is_none());
    let second = signed_in(testing::view());
    assert!(second.query_by_label("So that you are told only once").is_none());
}
