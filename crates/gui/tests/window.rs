//! What a person can do in the main window, and what the agent is asked for then.

use std::sync::Arc;

use belfry_core::activity::ActivityFilter;
use belfry_core::command::{Command, Place};
use belfry_core::ids::{ChannelId, PostId, ServerId};
use belfry_core::prefs::{AuthKind, Permission};
use belfry_core::problem::{Problem, ProblemKind};
use belfry_core::query::{Answer, BrowserWay, Discovered, DoctorLine, Login, Provider, Query, SignInWays};
use belfry_core::secret::Secret;
use belfry_core::view::{Health, UnreadList, UnreadPlace, View};
use belfry_gui::outbox::Outbox;
use belfry_gui::window::{self, WindowState};
use belfry_gui::{QueryId, Up, testing, theme};
use egui::accesskit::Role;
use egui::{Key, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

struct World {
    view: View,
    state: WindowState,
    out: Outbox,
}

fn window(view: View) -> Harness<'static, World> {
    window_of(view, Vec2::new(1000.0, 680.0))
}

fn window_of(view: View, size: Vec2) -> Harness<'static, World> {
    let world = World { view, state: WindowState::default(), out: Outbox::default() };
    let mut harness = Harness::builder()
        .with_size(size)
        .with_context_setup(|ctx| theme::install(ctx, theme::Fallback::None))
        .build_ui_state(
            |ui, world: &mut World| window::ui(ui, &world.view, testing::NOW_MS, &mut world.state, &mut world.out),
            world,
        );
    harness.run_steps(3);
    harness
}

impl World {
    fn commands(&mut self) -> Vec<Command> {
        self.out
            .take()
            .into_iter()
            .filter_map(|up| if let Up::Command(command) = up { Some(command) } else { None })
            .collect()
    }

    /// The only question since the last look.
    #[expect(clippy::unwrap_used, reason = "a test")]
    fn query(&mut self) -> (QueryId, Query) {
        self.queries().pop().unwrap()
    }

    fn queries(&mut self) -> Vec<(QueryId, Query)> {
        self.out
            .take()
            .into_iter()
            .filter_map(|up| if let Up::Query(id, query) = up { Some((id, query)) } else { None })
            // Pictures are asked for besides, by whatever shows people.
            .filter(|(_, query)| !matches!(query, Query::Pictures(_)))
            .collect()
    }
}

fn click(harness: &mut Harness<'_, World>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(3);
}

fn type_into(harness: &mut Harness<'_, World>, label: &str, text: &str, role: Role) {
    harness.get_by_role_and_label(role, label).focus();
    harness.run_steps(2);
    harness.get_by_role_and_label(role, label).type_text(text);
    harness.run_steps(2);
}

fn answer(harness: &mut Harness<'_, World>, id: QueryId, answer: Answer) {
    harness.state_mut().state.on_answer(id, answer);
    harness.run_steps(3);
}

/// A window whose Activity page has the four rows of the picture.
fn with_activity() -> Harness<'static, World> {
    let mut harness = window(testing::view());
    let (id, _) = harness.state_mut().query();
    answer(&mut harness, id, Answer::Activity { rows: testing::activity(), more: false });
    harness
}

#[test]
fn the_permission_prompt_has_four_outcomes() {
    let asked = || {
        let mut view = testing::view();
        view.permission_prompts = vec![ServerId(1)];
        let mut harness = window(view);
        harness.get_by_role_and_label(Role::Dialog, "Let Northwind notify you?");
        harness.state_mut().out.take();
        harness
    };
    for (button, permission) in [
        ("Allow", Permission::Allowed),
        ("Deny", Permission::Denied),
        ("Deny permanently", Permission::DeniedForGood),
        ("Not now", Permission::Dismissed),
    ] {
        let mut harness = asked();
        click(&mut harness, button);
        let given = harness.state_mut().commands();
        assert_eq!(given, [Command::SetPermission { server: ServerId(1), permission }], "{button}");
    }
    let mut harness = asked();
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    let given = harness.state_mut().commands();
    assert_eq!(given, [Command::SetPermission { server: ServerId(1), permission: Permission::Dismissed }], "Escape");
}

#[test]
fn nothing_behind_the_prompt_answers_to_a_click() {
    let mut view = testing::view();
    view.permission_prompts = vec![ServerId(1)];
    let mut harness = window(view);
    harness.state_mut().out.take();
    click(&mut harness, "Not shown");
    assert!(harness.state_mut().out.take().is_empty());
}

#[test]
fn activity_is_asked_for_once_and_again_when_something_was_decided() {
    let mut harness = window(testing::view());
    let asked = harness.state_mut().queries();
    assert_eq!(asked.len(), 1, "{asked:?}");
    harness.state_mut().view.activity_revision = 2;
    harness.run_steps(3);
    assert!(harness.state_mut().queries().is_empty(), "one question at a time");
    answer(&mut harness, asked[0].0, Answer::Activity { rows: testing::activity(), more: false });
    let again = harness.state_mut().queries();
    assert!(matches!(again[..], [(_, Query::Activity { before: None, .. })]), "{again:?}");
}

#[test]
fn a_new_decision_goes_on_top_and_older_rows_stay() {
    let mut harness = with_activity();
    harness.state_mut().view.activity_revision = 2;
    harness.run_steps(2);
    let (id, _) = harness.state_mut().query();
    let mut rows = testing::activity();
    let mut newest = rows[0].clone();
    newest.row = 5;
    newest.decision = testing::decision(5, "Ada Quill", "one more thing");
    rows.insert(0, newest);
    rows.truncate(2);
    answer(&mut harness, id, Answer::Activity { rows, more: true });
    harness.get_by_label_contains("Ada Quill");
    for name in ["Rosa Almeida", "Jun Okafor", "Build bot", "Lena Maurer"] {
        harness.get_by_label_contains(name);
    }
}

#[test]
fn filters_and_words_change_the_question() {
    let mut harness = with_activity();
    let filter_of = |harness: &mut Harness<'_, World>| match harness.state_mut().queries().pop() {
        Some((_, Query::Activity { filter, .. })) => filter,
        other => panic!("{other:?}"),
    };
    click(&mut harness, "Not shown");
    assert_eq!(filter_of(&mut harness), ActivityFilter { shown: Some(false), ..ActivityFilter::default() });
    click(&mut harness, "Mentions");
    assert_eq!(filter_of(&mut harness), ActivityFilter { mentions: true, ..ActivityFilter::default() });
    click(&mut harness, "All");
    filter_of(&mut harness);
    type_into(&mut harness, "Search people, channels, words", "freeze", Role::TextInput);
    assert_eq!(filter_of(&mut harness).text, "freeze");
    click(&mut harness, "Server, All servers");
    harness.run_steps(3);
    harness.get_by_role_and_label(Role::MenuItemRadio, "Lumen Labs").click();
    harness.run_steps(3);
    assert_eq!(filter_of(&mut harness).server, Some(ServerId(2)));
}

#[test]
fn why_names_the_rule_and_offers_what_changes_it() {
    let mut harness = with_activity();
    harness.get_by_label_contains("Jun Okafor").click();
    harness.run_steps(3);
    harness.get_by_label("Why was this not shown?");
    harness.get_by_label("Release train is muted, so only its badge counts");
    click(&mut harness, "Open message");
    click(&mut harness, "Unmute channel");
    let given = harness.state_mut().commands();
    let channel = ChannelId::parse("releasetrain").unwrap();
    assert_eq!(
        given,
        [
            Command::OpenPost { server: ServerId(1), post: PostId::parse("post3").unwrap() },
            Command::SetMuted { server: ServerId(1), channel, muted: false },
        ]
    );
    assert!(harness.query_by_label("Unmute channel").is_none(), "it was pressed");
    click(&mut harness, "Close");
    assert!(harness.query_by_label("Why was this not shown?").is_none());
}

#[test]
fn a_long_history_draws_what_is_seen_and_asks_for_more_at_its_end() {
    let mut harness = window(testing::view());
    let (id, _) = harness.state_mut().query();
    let rows = (0..100_i64)
        .map(|index| belfry_core::activity::ActivityRow {
            row: 1000 - index,
            decision: testing::decision(index.unsigned_abs() + 1, &format!("Person {index}"), "hello"),
        })
        .collect();
    answer(&mut harness, id, Answer::Activity { rows, more: true });
    assert!(harness.query_by_label_contains("Person 2 ").is_some());
    assert!(harness.query_by_label_contains("Person 60 ").is_none(), "rows out of sight are not built");
    assert!(harness.state_mut().queries().is_empty());
    harness.get_by_label_contains("Person 2 ").hover();
    for _ in 0..30 {
        let delta = Vec2::new(0.0, -400.0);
        harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            source: egui::MouseWheelSource::Wheel,
            delta,
            phase: egui::TouchPhase::Move,
            modifiers: egui::Modifiers::NONE,
        });
        harness.run_steps(2);
    }
    let asked = harness.state_mut().queries();
    assert!(matches!(asked[..], [(_, Query::Activity { before: Some(901), .. })]), "{asked:?}");
}

#[test]
fn empty_pages_say_what_to_do() {
    let mut harness = window(View::default());
    harness.get_by_label("No server yet");
    click(&mut harness, "Add server…");
    harness.get_by_role_and_label(Role::TextInput, "Address");

    let mut harness = window(testing::view());
    let (id, _) = harness.state_mut().query();
    answer(&mut harness, id, Answer::Activity { rows: Vec::new(), more: false });
    harness.get_by_label("Nothing has arrived yet");
}

/// Opens the form, gives an address, and answers the discovery.
fn discovered(found: Discovered) -> Harness<'static, World> {
    let mut harness = window(testing::view());
    click(&mut harness, "Servers");
    click(&mut harness, "Add server…");
    type_into(&mut harness, "Address", "chat.example.org", Role::TextInput);
    harness.state_mut().out.take();
    harness.get_by_role_and_label(Role::Button, "Continue").click();
    harness.run_steps(3);
    let (id, query) = harness.state_mut().query();
    assert_eq!(query, Query::Discover { address: "chat.example.org".to_owned(), reach: Box::default() });
    answer(&mut harness, id, Answer::Discovered(found));
    let (id, query) = harness.state_mut().query();
    assert!(matches!(query, Query::SignInWays { server: None, .. }), "{query:?}");
    let ways = SignInWays { password: true, ..SignInWays::default() };
    answer(&mut harness, id, Answer::SignInWays(ways));
    harness
}

fn found() -> Discovered {
    Discovered {
        url: "https://chat.example.org".to_owned(),
        name: "Example".to_owned(),
        version: "11.1.0".to_owned(),
        ..Discovered::default()
    }
}

#[test]
fn adding_a_server_goes_from_address_to_password_to_code() {
    let mut harness = discovered(found());
    harness.get_by_label("chat.example.org · version 11.1.0");
    type_into(&mut harness, "Username or email", "morgan", Role::TextInput);
    type_into(&mut harness, "Password", "correct horse", Role::PasswordInput);
    click(&mut harness, "Sign in");
    let (id, query) = harness.state_mut().query();
    let sign_in = |mfa: &str| Query::SignIn {
        server: None,
        url: "https://chat.example.org".to_owned(),
        name: "Example".to_owned(),
        insecure: false,
        reach: Some(Box::default()),
        login: Login::Password {
            login_id: "morgan".to_owned(),
            password: Secret::new("correct horse"),
            mfa: Secret::new(mfa),
        },
    };
    assert_eq!(query, sign_in(""));

    answer(&mut harness, id, Answer::MfaWanted { refused: false });
    type_into(&mut harness, "Code from your authenticator app", "123456", Role::TextInput);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    let (id, query) = harness.state_mut().query();
    assert_eq!(query, sign_in("123456"));
    answer(&mut harness, id, Answer::MfaWanted { refused: true });
    harness.get_by_label("That code was not accepted, wait for the next one and try again");
    type_into(&mut harness, "Code from your authenticator app", "654321", Role::TextInput);
    click(&mut harness, "Sign in");
    let (id, query) = harness.state_mut().query();
    assert_eq!(query, sign_in("654321"));
    answer(&mut harness, id, Answer::SignedIn);
    assert!(harness.query_by_label("Sign in to Example").is_none(), "the form is closed");
}

#[test]
fn a_failure_is_said_and_the_form_stays_as_it_was() {
    let mut harness = discovered(found());
    type_into(&mut harness, "Username or email", "morgan", Role::TextInput);
    type_into(&mut harness, "Password", "wrong", Role::PasswordInput);
    click(&mut harness, "Sign in");
    let (id, _) = harness.state_mut().query();
    answer(&mut harness, id, Answer::Failed { message: "The username or password is not right".to_owned() });
    harness.get_by_label("The username or password is not right");
    let name = harness.get_by_role_and_label(Role::TextInput, "Username or email");
    assert_eq!(name.value().as_deref(), Some("morgan"));
}

#[test]
fn an_unencrypted_server_needs_consent_first() {
    let mut harness = discovered(Discovered { url: "http://chat.example.org".to_owned(), insecure: true, ..found() });
    type_into(&mut harness, "Username or email", "morgan", Role::TextInput);
    type_into(&mut harness, "Password", "secret", Role::PasswordInput);
    harness.state_mut().out.take();
    click(&mut harness, "Sign in");
    assert!(harness.state_mut().queries().is_empty(), "not without consent");
    click(&mut harness, "I understand that others on the network can read my password and messages");
    click(&mut harness, "Sign in");
    let (_, query) = harness.state_mut().query();
    assert!(matches!(query, Query::SignIn { insecure: true, .. }), "{query:?}");
}

#[test]
fn a_personal_access_token_signs_in_too_and_is_never_readable() {
    let mut harness = discovered(found());
    click(&mut harness, "Sign in, Personal access token");
    type_into(&mut harness, "Personal access token", "abcdefg", Role::PasswordInput);
    let field = harness.get_by_role_and_label(Role::PasswordInput, "Personal access token");
    assert!(!field.value().unwrap_or_default().contains("abcdefg"), "screen readers get dots");
    click(&mut harness, "Sign in");
    let (_, query) = harness.state_mut().query();
    assert!(matches!(&query, Query::SignIn { login: Login::AccessToken(token), .. } if token.expose() == "abcdefg"));
    assert!(!format!("{query:?} {:?}", harness.state().state).contains("abcdefg"));
}

/// A server of the list that signs people in with the browser, its dialog open.
fn in_browser() -> Harness<'static, World> {
    let mut view = testing::view();
    for server in view.servers.iter_mut().take(1) {
        server.health = Health::SignedOut { reason: "the server ended the session".to_owned() };
    }
    view.prefs.servers = vec![testing::entry(1, AuthKind::Browser)];
    let mut harness = window(view);
    click(&mut harness, "Servers");
    harness.state_mut().out.take();
    click(&mut harness, "Sign in, Northwind");
    let (id, _) = harness.state_mut().query();
    let browser = vec![BrowserWay { provider: Provider::GitLab, label: "Forge".to_owned() }];
    answer(&mut harness, id, Answer::SignInWays(SignInWays { browser, ..SignInWays::default() }));
    harness
}

#[test]
fn signing_in_again_with_the_browser_is_one_button_and_ends_by_itself() {
    let mut harness = in_browser();
    click(&mut harness, "Continue with Forge…");
    let (id, query) = harness.state_mut().query();
    let Query::BrowserSignIn { server, provider, handover, reach, .. } = query else { panic!("{query:?}") };
    assert_eq!((server, provider, handover, reach), (Some(ServerId(1)), Provider::GitLab, true, None));
    let address = Secret::new("https://chat.example.org/oauth/gitlab/login?desktop_token=dev-1");
    answer(&mut harness, id, Answer::BrowserOpened { number: 3, address, handover: true });
    harness.get_by_role_and_label(Role::Dialog, "Finish in your browser");
    let (id, query) = harness.state_mut().query();
    assert_eq!(query, Query::BrowserSignInDone(3));
    answer(&mut harness, id, Answer::SignedIn);
    assert!(harness.query_by_label("Finish in your browser").is_none(), "the dialog is closed");
}

#[test]
fn the_last_pages_address_can_be_pasted_and_giving_up_is_told() {
    let mut harness = in_browser();
    click(&mut harness, "Let the browser hand the sign-in back to Belfry");
    click(&mut harness, "Continue with Forge…");
    let (id, query) = harness.state_mut().query();
    assert!(matches!(query, Query::BrowserSignIn { handover: false, .. }), "{query:?}");
    answer(&mut harness, id, Answer::BrowserOpened { number: 4, address: Secret::new("https://x"), handover: false });
    let link = "https://chat.example.org/login/desktop?client_token=a&server_token=b";
    type_into(&mut harness, "Address of the last page", link, Role::TextInput);
    harness.state_mut().out.take();
    click(&mut harness, "Sign in");
    let (id, query) = harness.state_mut().query();
    assert_eq!(query, Query::FinishBrowserSignIn(Secret::new(link)));
    answer(&mut harness, id, Answer::Failed { message: "That link comes from another server".to_owned() });
    harness.get_by_label("That link comes from another server");
    click(&mut harness, "Cancel");
    assert_eq!(harness.state_mut().query().1, Query::CancelBrowserSignIn(4));
}

#[test]
fn without_a_keyring_the_person_is_asked_before_a_file_is_used() {
    let mut harness = discovered(found());
    type_into(&mut harness, "Username or email", "morgan", Role::TextInput);
    type_into(&mut harness, "Password", "correct horse", Role::PasswordInput);
    click(&mut harness, "Sign in");
    let (id, first) = harness.state_mut().query();
    answer(&mut harness, id, Answer::KeyringMissing { message: "there is no system keyring".to_owned() });
    harness.get_by_label_contains("There is no system keyring. Belfry can keep its tokens in a file");
    assert!(harness.state_mut().queries().is_empty(), "not without asking");
    click(&mut harness, "Keep it in a file");
    let (id, query) = harness.state_mut().query();
    assert_eq!(query, Query::KeepTokensInFile);
    answer(&mut harness, id, Answer::Done);
    assert_eq!(harness.state_mut().query().1, first, "what was wanted goes on by itself");
}

#[test]
fn a_session_that_ends_soon_is_said_on_its_card_with_the_way_out() {
    let mut view = testing::view();
    view.servers[0].session_ends_ms = Some(testing::NOW_MS + 20 * 3_600_000);
    let mut harness = window(view);
    click(&mut harness, "Servers");
    harness.get_by_label("Your sign-in ends in 20 hours");
    click(&mut harness, "Sign in, Northwind");
    harness.get_by_role_and_label(Role::Dialog, "Sign in to Northwind");
}

#[test]
fn a_session_that_could_not_be_ended_at_the_server_is_said() {
    let mut harness = window(testing::view());
    click(&mut harness, "Servers");
    harness.state_mut().out.take();
    click(&mut harness, "Sign out, Northwind");
    let (id, _) = harness.state_mut().query();
    answer(&mut harness, id, Answer::SignedOut { remains: Some("The session goes on there".to_owned()) });
    harness.get_by_label("The session goes on there");
}

#[test]
fn a_server_is_removed_only_after_saying_what_is_lost() {
    let mut harness = window(testing::view());
    click(&mut harness, "Servers");
    harness.state_mut().out.take();
    click(&mut harness, "Remove, Northwind");
    assert!(harness.state_mut().out.take().is_empty());
    harness.get_by_label_contains("forgets its token");
    click(&mut harness, "Cancel");
    click(&mut harness, "Remove, Northwind");
    click(&mut harness, "Remove");
    assert_eq!(harness.state_mut().commands(), [Command::RemoveServer(ServerId(1))]);
}

#[test]
fn the_number_opens_as_the_list_of_what_it_counts_and_each_row_opens_in_the_browser() {
    let mut harness = window(testing::view());
    harness.state_mut().out.take();
    click(&mut harness, "List the 3 messages that need you");
    for row in [
        "Rosa Almeida, direct message, 1 message",
        "Incidents, urgent, 1 mention, 4 unread",
        "Which port behind the proxy?, thread · Ops room, 1 mention, 2 unread",
        "Release train, 12 unread",
        "2 threads you follow, in direct and group messages",
    ] {
        harness.get_by_role_and_label(Role::Link, row);
    }
    click(&mut harness, "Incidents, urgent, 1 mention, 4 unread");
    let place = UnreadPlace::Channel(ChannelId::parse("incidents").unwrap());
    assert_eq!(harness.state_mut().commands(), [Command::OpenUnread { server: ServerId(1), place }]);
    // The line on the card closes it again.
    click(&mut harness, "Northwind, Unread, 3 messages need you");
    assert!(harness.query_by_label_contains("Incidents").is_none());
}

#[test]
fn a_click_on_the_tray_opens_the_list_of_what_the_badge_counts_or_shows_a_dot_for() {
    let mut harness = window(testing::view());
    harness.state_mut().state.turn_to(Place::Unread);
    harness.run_steps(3);
    harness.get_by_role_and_label(Role::Link, "Rosa Almeida, direct message, 1 message");
    // A face that was started by the click knows nothing yet when it is told the page.
    let mut view = testing::view();
    for server in &mut view.servers {
        server.badge.mentions = 0;
        server.unread = Arc::default();
    }
    let place = UnreadPlace::Channel(ChannelId::parse("c1").unwrap());
    Arc::make_mut(&mut view.servers[0].unread).rows = vec![testing::unread(place, "Release train", 0, 12)];
    let mut harness = window(view);
    harness.state_mut().state.turn_to(Place::Unread);
    harness.run_steps(3);
    harness.get_by_role_and_label(Role::Link, "Release train, 12 unread");
}

#[test]
fn a_list_is_opened_on_its_servers_card_and_says_what_it_has_no_room_for() {
    let mut view = testing::view();
    let place = |id: &str| UnreadPlace::Channel(ChannelId::parse(id).unwrap());
    let quiet = &mut view.servers[0];
    quiet.badge.mentions = 0;
    quiet.unread = Arc::new(UnreadList {
        rows: (0..100)
            .map(|index| testing::unread(place(&format!("c{index}")), &format!("Channel {index}"), 0, 1))
            .collect(),
        more_mentions: 0,
        more_places: 12,
    });
    view.badge.mentions = 0;
    let mut harness = window(view);
    click(&mut harness, "Servers");
    click(&mut harness, "Northwind, Unread, New messages in 112 conversations");
    harness.get_by_label("Channel 0, 1 unread");
    assert!(harness.query_by_label("Channel 60, 1 unread").is_none(), "rows out of sight are not built");
    harness.get_by_label("Channel 0, 1 unread").hover();
    for _ in 0..12 {
        harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            source: egui::MouseWheelSource::Wheel,
            delta: Vec2::new(0.0, -400.0),
            phase: egui::TouchPhase::Move,
            modifiers: egui::Modifiers::NONE,
        });
        harness.run_steps(2);
    }
    harness.get_by_label("and 12 more conversations");
    // Everything was read elsewhere: nothing is left to open.
    harness.state_mut().view.servers[0].unread = Arc::default();
    harness.run_steps(3);
    harness.get_by_label("Nothing");
    assert!(harness.query_by_label_contains("more conversations").is_none());
}

#[test]
fn the_servers_page_changes_permission_checks_again_and_signs_out() {
    let mut harness = window(testing::view());
    click(&mut harness, "Servers");
    harness.state_mut().out.take();
    harness.get_by_label("Live, heard within the last minute");
    harness.get_by_label("Signed out: the session was revoked");
    click(&mut harness, "Northwind, Notifications, Deny");
    click(&mut harness, "Northwind, Notifications, Ask again");
    click(&mut harness, "Check again, Northwind");
    assert_eq!(
        harness.state_mut().commands(),
        [
            Command::SetPermission { server: ServerId(1), permission: Permission::Denied },
            Command::SetPermission { server: ServerId(1), permission: Permission::Ask },
            Command::CheckAgain(ServerId(1)),
        ]
    );
    click(&mut harness, "Sign out, Northwind");
    let (id, query) = harness.state_mut().query();
    assert_eq!(query, Query::SignOut(ServerId(1)));
    answer(&mut harness, id, Answer::Failed { message: "The server does not answer".to_owned() });
    harness.get_by_label("The server does not answer");
    click(&mut harness, "Sign in, Lumen Labs");
    let name = harness.get_by_role_and_label(Role::TextInput, "Username or email");
    assert_eq!(name.value().as_deref(), Some("morgan"), "who it was is known");
}

#[test]
fn every_page_fits_a_small_window_and_names_its_controls() {
    let mut view = testing::view();
    view.problems = vec![Problem::new(ProblemKind::Sound, "no device")];
    view.paused_until_ms = Some(testing::NOW_MS + 25 * 60_000);
    view.servers[0].health =
        Health::Waiting { reason: "the server does not answer".to_owned(), retry_at_ms: testing::NOW_MS + 9_000 };
    for size in [Vec2::new(720.0, 520.0), Vec2::new(1600.0, 1000.0)] {
        let mut harness = window_of(view.clone(), size);
        let (id, _) = harness.state_mut().query();
        answer(&mut harness, id, Answer::Activity { rows: testing::activity(), more: false });
        harness.get_by_label_contains("Jun Okafor").click();
        harness.run_steps(6);
        harness.check_accessibility();
        let button = harness.get_by_label("Unmute channel").rect();
        assert!(button.max.y <= size.y && button.max.x <= size.x, "{size:?}: {button:?} can be reached");
        click(&mut harness, "Resume notifications");
        assert!(harness.state_mut().commands().contains(&Command::Resume));
        for page in window::Page::ALL.into_iter().skip(1) {
            harness.get_by_role_and_label(Role::Tab, page.title()).click();
            harness.run_steps(3);
            harness.check_accessibility();
        }
        let (id, query) = harness.state_mut().query();
        assert_eq!(query, Query::Doctor);
        let line = DoctorLine { part: "Display".to_owned(), ok: true, detail: "X11, with a compositor".to_owned() };
        answer(&mut harness, id, Answer::Doctor(vec![line]));
        harness.get_by_label("X11, with a compositor");
        click(&mut harness, "Send test notification");
        assert_eq!(harness.state_mut().commands(), [Command::SendTest(ServerId(1))]);
    }
}

#[test]
fn everything_is_reached_with_the_keyboard() {
    let mut harness = window(testing::view());
    harness.state_mut().out.take();
    let tab = |harness: &mut Harness<'_, World>| {
        harness.key_press(Key::Tab);
        harness.run_steps(2);
    };
    tab(&mut harness);
    assert!(harness.get_by_label("Find a setting (Ctrl+F)").is_focused());
    tab(&mut harness);
    assert!(harness.get_by_role_and_label(Role::Tab, "Activity").is_focused());
    tab(&mut harness);
    assert!(harness.get_by_label("List the 3 messages that need you").is_focused());
    for page in window::Page::ALL.into_iter().skip(1).take(5) {
        tab(&mut harness);
        assert!(harness.get_by_role_and_label(Role::Tab, page.title()).is_focused(), "{page:?}");
    }
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    harness.get_by_label("Check again, Northwind");
}
