use super::*;
use belfry_core::activity::{Decision, DecisionKind, Verdict};
use belfry_core::decide::reason::Reason;
use belfry_core::effect::Effect;
use belfry_core::event::{ChannelType, Connection, Event, Post, PostProps, Posted, Priority, Snapshot, User};
use belfry_core::ids::{ChannelId, UserId};
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs};
use belfry_core::signal::Surface;
use belfry_core::time::Now;
use belfry_core::{Engine, Input};
use std::fs;
use std::path::Path;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// As the engine hands it over.
fn kept(decision: Decision) -> Arc<Draft> {
    Arc::new(Draft::from(decision))
}

fn decision(text: &str) -> Decision {
    Decision {
        seq: 1,
        kind: DecisionKind::Post,
        server: ServerId(1),
        server_name: "Harbour".to_owned(),
        channel_id: None,
        post_id: None,
        root_id: None,
        call_id: None,
        user_id: None,
        sender: "Rosa Almeida".to_owned(),
        alias: false,
        place: "Ops room".to_owned(),
        direct: false,
        thread: None,
        title: String::new(),
        body: String::new(),
        text: text.to_owned(),
        verdict: Verdict::Notify,
        reason: None,
        sentence: String::new(),
        setting: None,
        recovered: None,
        priority: Priority::default(),
        mentioned: false,
        sound: None,
        ring: None,
        at_ms: 0,
        permalink: String::new(),
        trace: Vec::new(),
    }
}

fn setup(folder: &Path) -> HistorySetup {
    HistorySetup {
        history: folder.join("data/history.db"),
        presented: folder.join("data/presented.db"),
        prefs: HistoryPrefs::default(),
    }
}

struct Running {
    history: History,
    presented: Vec<(ServerId, PostId)>,
    marks: Vec<(ServerId, Mark)>,
    reports: mpsc::Receiver<Signal>,
    thread: JoinHandle<()>,
}

impl Running {
    fn new(setup: HistorySetup) -> Self {
        let (sender, reports) = mpsc::channel(16);
        let Started { history, presented, marks, put_off: _, thread } = start(setup, sender).unwrap();
        Self { history, presented, marks, reports, thread }
    }

    fn texts(&self, filter: ActivityFilter, before: Option<i64>, limit: u32) -> (Vec<String>, bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let page = runtime.block_on(self.history.page(filter, before, limit)).unwrap();
        (page.rows.into_iter().map(|row| row.decision.text).collect(), page.more)
    }

    fn all(&self) -> Vec<String> {
        self.texts(ActivityFilter::default(), None, 500).0
    }

    fn end(self) -> Vec<Signal> {
        let Self { history, mut reports, thread, .. } = self;
        drop(history);
        thread.join().unwrap();
        std::iter::from_fn(|| reports.try_recv().ok()).collect()
    }
}

fn post(text: &str) -> PostId {
    PostId::parse(text).unwrap()
}

#[test]
fn what_was_decided_and_presented_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::new(setup(folder.path()));
    running.history.record(kept(decision("one")), 1).unwrap();
    running.history.record(kept(decision("two")), 2).unwrap();
    running.history.presented(ServerId(3), vec![post("p1"), post("p2")], 2).unwrap();
    running.history.presented(ServerId(3), vec![post("p1")], 3).unwrap();
    assert!(running.end().is_empty());
    let running = Running::new(setup(folder.path()));
    assert_eq!(running.all(), ["two", "one"]);
    assert_eq!(running.presented, [(ServerId(3), post("p1")), (ServerId(3), post("p2"))]);
}

/// What the engine decided about a direct message.
fn decided(engine: &mut Engine, now: &Now, id: &str) -> Option<Reason> {
    let posted = Posted {
        post: Post {
            id: post(id),
            user_id: UserId::parse("rosa"),
            channel_id: ChannelId::parse("dm").unwrap(),
            root_id: None,
            kind: "".into(),
            message: "hello".into(),
            create_at: 1_000,
            edit_at: 0,
            delete_at: 0,
            priority: Priority::default(),
            props: PostProps::default(),
            files: None,
        },
        channel_type: Some(ChannelType::Direct),
        channel_display_name: "@rosa".into(),
        channel_name: "morgan__rosa".into(),
        sender_name: "@rosa".into(),
        team_id: None,
        image: false,
        other_file: false,
        mentions: UserId::parse("morgan").map(|me| vec![me]),
        followers: None,
    };
    let mut effects = engine.step(now, Input::Server(ServerId(1), Event::Posted(Box::new(posted))));
    // Its channel is not known; the engine waits for that a moment, then decides without.
    let later = Now::utc(now.mono.0 + 5_000, 5_000);
    effects.extend(engine.step(&later, Input::Tick));
    let decision = effects.into_iter().find_map(|effect| match effect {
        Effect::Record(draft) => Some(draft),
        _ => None,
    });
    decision.expect("a decision").decision().reason
}

#[test]
fn a_message_that_was_presented_before_a_restart_is_not_announced_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::new(setup(folder.path()));
    running.history.presented(ServerId(1), vec![post("p1")], 2).unwrap();
    running.end();
    let running = Running::new(setup(folder.path()));
    let mut engine = Engine::new(LocalPrefs {
        servers: vec![ServerPrefs {
            id: ServerId(1),
            url: "https://north.example".to_owned(),
            name: "Northwind".to_owned(),
            username: "morgan".to_owned(),
            auth: AuthKind::Password,
            permission: Permission::Allowed,
            insecure: false,
            reach: belfry_core::reach::Reach::default(),
            session: belfry_core::prefs::SessionPrefs::default(),
        }],
        ..LocalPrefs::default()
    });
    let now = Now::utc(0, 0);
    engine.step(&now, Input::Signal(Signal::SurfaceChanged(Surface::Toasts)));
    engine.step(&now, Input::Started { presented: running.presented.clone(), marks: running.marks.clone() });
    let live = Connection::Live { version: "11.1.0".to_owned() };
    engine.step(&now, Input::Server(ServerId(1), Event::Connection(live)));
    let person = |name: &str| User { id: UserId::parse(name), username: name.to_owned(), ..User::default() };
    let snapshot = Snapshot { me: Some(person("morgan")), users: vec![person("rosa")], ..Snapshot::default() };
    engine.step(&now, Input::Server(ServerId(1), Event::Snapshot(Box::new(snapshot))));
    assert_eq!(decided(&mut engine, &now, "p1"), Some(Reason::Duplicate));
    assert_ne!(decided(&mut engine, &Now::utc(10_000, 10_000), "p2"), Some(Reason::Duplicate));
}

#[test]
fn a_page_goes_on_where_the_last_one_ended() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::new(setup(folder.path()));
    for n in 0..5 {
        running.history.record(kept(decision(&n.to_string())), n).unwrap();
    }
    assert_eq!(running.texts(ActivityFilter::default(), None, 2), (vec!["4".to_owned(), "3".to_owned()], true));
    assert_eq!(running.texts(ActivityFilter::default(), Some(4), 2), (vec!["2".to_owned(), "1".to_owned()], true));
    assert_eq!(running.texts(ActivityFilter::default(), Some(2), 2), (vec!["0".to_owned()], false));
}

#[test]
fn filters_narrow_and_words_are_found_whatever_their_case() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::new(setup(folder.path()));
    let muted = Decision {
        verdict: Verdict::Skip,
        reason: Some(Reason::ChannelMuted),
        place: "Straße".to_owned(),
        ..decision("muted")
    };
    let mention = Decision { mentioned: true, server: ServerId(2), ..decision("Größe 100%_") };
    for (n, decision) in [decision("plain"), muted, mention].into_iter().enumerate() {
        running.history.record(kept(decision), i64::try_from(n).unwrap()).unwrap();
    }
    let only = |filter: ActivityFilter| running.texts(filter, None, 10).0;
    assert_eq!(only(ActivityFilter { shown: Some(false), ..ActivityFilter::default() }), ["muted"]);
    assert_eq!(only(ActivityFilter { shown: Some(true), ..ActivityFilter::default() }), ["Größe 100%_", "plain"]);
    assert_eq!(only(ActivityFilter { mentions: true, ..ActivityFilter::default() }), ["Größe 100%_"]);
    assert_eq!(only(ActivityFilter { server: Some(ServerId(1)), ..ActivityFilter::default() }), ["muted", "plain"]);
    for (words, expected) in [
        ("GRÖSSE", vec![]),
        ("GRÖßE rosa", vec!["Größe 100%_"]),
        ("0%_", vec!["Größe 100%_"]),
        ("straße", vec!["muted"]),
        ("ops plain", vec!["plain"]),
        ("' OR 1 --", vec![]),
    ] {
        assert_eq!(only(ActivityFilter { text: words.to_owned(), ..ActivityFilter::default() }), expected, "{words}");
    }
}

#[test]
fn history_is_bounded_by_days_and_by_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut setup = setup(folder.path());
    setup.prefs = HistoryPrefs { keep: true, days: 2, rows: 100 };
    let running = Running::new(setup);
    running.history.record(kept(decision("old")), 0).unwrap();
    running.history.record(kept(decision("yesterday")), 2 * DAY_MS).unwrap();
    assert_eq!(running.all(), ["yesterday", "old"]);
    running.history.record(kept(decision("today")), 3 * DAY_MS).unwrap();
    assert_eq!(running.all(), ["today", "yesterday"]);
    for n in 0..100 {
        running.history.record(kept(decision(&n.to_string())), 3 * DAY_MS).unwrap();
    }
    assert_eq!(running.all().len(), 100);
    assert_eq!(running.all().last().unwrap(), "0");
}

#[test]
fn a_damaged_file_is_kept_aside_and_the_next_decision_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(folder.path());
    fs::create_dir_all(setup.history.parent().unwrap()).unwrap();
    fs::write(&setup.history, "this is no database ".repeat(500)).unwrap();
    let running = Running::new(setup.clone());
    running.history.record(kept(decision("after")), 1).unwrap();
    assert_eq!(running.all(), ["after"]);
    let reports = running.end();
    assert!(
        matches!(&reports[..], [Signal::ProblemRaised { detail, .. }, ..] if detail.contains("history.broken-1.db"))
    );
    assert!(fs::read_to_string(setup.history.with_file_name("history.broken-1.db")).unwrap().starts_with("this is no"));
    assert_eq!(Running::new(setup).all(), ["after"]);
}

#[test]
fn damage_that_shows_only_while_running_loses_no_new_decision() {
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(folder.path());
    let running = Running::new(setup.clone());
    for n in 0..200 {
        running.history.record(kept(decision(&format!("{n} {}", "x".repeat(2000)))), n).unwrap();
        running.all();
    }
    assert!(running.end().is_empty());
    // Every page but the first is overwritten: the file opens, and fails when a row is added.
    let mut bytes = fs::read(&setup.history).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(&setup.history, bytes).unwrap();
    let running = Running::new(setup);
    running.history.record(kept(decision("new")), 300).unwrap();
    assert_eq!(running.all(), ["new"]);
    let reports = running.end();
    let said = reports.iter().find_map(|report| match report {
        Signal::ProblemRaised { detail, .. } => Some(detail.as_str()),
        _ => None,
    });
    assert_eq!(said, Some("history.db was damaged and kept as history.broken-1.db; a new one was begun"));
}

#[test]
fn a_folder_that_cannot_be_used_costs_a_problem_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data"), "a file where the folder should be").unwrap();
    let running = Running::new(setup(folder.path()));
    running.history.record(kept(decision("kept in memory")), 1).unwrap();
    running.history.presented(ServerId(1), vec![post("p")], 1).unwrap();
    assert_eq!(running.all(), ["kept in memory"]);
    assert!(matches!(running.end()[..], [Signal::ProblemRaised { kind: ProblemKind::History, .. }, ..]));
}

#[test]
fn switching_history_off_leaves_no_text_on_disk_but_keeps_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::new(setup(folder.path()));
    running.history.record(kept(decision("secret plans")), 1).unwrap();
    running.history.presented(ServerId(1), vec![post("p")], 1).unwrap();
    assert!(running.history.set_prefs(HistoryPrefs { keep: false, ..HistoryPrefs::default() }));
    running.history.record(kept(decision("more plans")), 2).unwrap();
    assert_eq!(running.all(), ["more plans"]);
    for entry in fs::read_dir(folder.path().join("data")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(5).any(|window| window == b"plans"));
    }
    assert!(running.end().is_empty());
    assert_eq!(Running::new(setup(folder.path())).presented, [(ServerId(1), post("p"))]);
}

#[test]
fn the_files_are_readable_by_this_user_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let running = Running::new(setup(folder.path()));
    running.history.record(kept(decision("one")), 1).unwrap();
    running.all();
    for entry in fs::read_dir(folder.path().join("data")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn a_disk_that_stands_still_for_a_moment_costs_no_line_of_a_burst() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::new(setup(folder.path()));
    running.history.record(kept(decision("first")), 0).unwrap();
    assert_eq!(running.all(), ["first"]);
    let other = rusqlite::Connection::open(folder.path().join("data/history.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for n in 1..400 {
        running.history.record(kept(decision(&n.to_string())), n).unwrap();
    }
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(running.all().len(), 400);
    assert!(running.end().is_empty(), "nobody is told of trouble");
}

#[test]
fn a_decision_without_room_in_activity_is_still_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::new(setup(folder.path()));
    let other = rusqlite::Connection::open(folder.path().join("data/presented.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let long = Decision { text: "x".repeat(1 << 20), ..decision("") };
    let refused = (0..100).take_while(|n| running.history.record(kept(long.clone()), *n).is_ok()).count() < 100;
    assert!(refused, "what waits is bounded");
    running.history.presented(ServerId(1), vec![post("p1")], 200).unwrap();
    other.execute_batch("COMMIT").unwrap();
    running.end();
    let running = Running::new(setup(folder.path()));
    assert_eq!(running.presented, [(ServerId(1), post("p1"))]);
}
