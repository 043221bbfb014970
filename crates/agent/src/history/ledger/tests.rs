use std::fs;

use super::*;

const NORTH: ServerId = ServerId(1);
const LUMEN: ServerId = ServerId(2);
/// The time of the computer in tests that do not care.
const NOW_MS: i64 = 1_000_000;

fn post(name: &str) -> PostId {
    PostId::parse(name).unwrap()
}

/// The ledger, through as many starts of the program as wanted.
struct Runs {
    folder: tempfile::TempDir,
}

impl Runs {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("presented.db")
    }

    /// One more start; the one before it ended without a word.
    fn start(&self) -> Ledger {
        let (ledger, trouble) = Ledger::open(&self.path());
        assert_eq!(trouble, None);
        ledger
    }
}

fn wanted(server: ServerId, name: &str, at_ms: i64) -> Entry {
    Entry::Decided { server, decided: Decided { post: post(name), at_ms, pending: true }, now_ms: NOW_MS }
}

fn silent(server: ServerId, name: &str, now_ms: i64) -> Entry {
    Entry::Decided { server, decided: Decided { post: post(name), at_ms: 5, pending: false }, now_ms }
}

fn presented(server: ServerId, name: &str, now_ms: i64) -> Entry {
    Entry::Presented { server, post: post(name), now_ms }
}

fn mark(server: ServerId, up_to_ms: i64) -> Entry {
    Entry::Mark(server, Mark { from_ms: 10, up_to_ms })
}

fn up_to(ledger: &Ledger, server: ServerId) -> Option<i64> {
    ledger.marks().into_iter().find(|(id, _)| *id == server).map(|(_, mark)| mark.up_to_ms)
}

fn names(ledger: &Ledger) -> Vec<String> {
    ledger.all().into_iter().map(|(server, post)| format!("{server}:{post}")).collect()
}

#[test]
fn the_next_run_knows_what_was_presented_or_decided_against_the_oldest_first_and_nothing_else() {
    let runs = Runs::new();
    let mut ledger = runs.start();
    let entries = [
        silent(NORTH, "quiet", 30),
        wanted(NORTH, "waits", 20),
        presented(LUMEN, "shown", 10),
        presented(LUMEN, "shown", 40),
        silent(NORTH, "quiet", 50),
    ];
    ledger.add(&entries).unwrap();
    drop(ledger);
    let ledger = runs.start();
    assert_eq!(names(&ledger), ["2:shown", "1:quiet"], "a message that was not presented is decided anew");
}

#[test]
fn a_restart_begins_before_whatever_was_to_be_shown_and_was_not() {
    let runs = Runs::new();
    let mut ledger = runs.start();
    ledger.add(&[wanted(NORTH, "late", 700), wanted(NORTH, "early", 400), mark(NORTH, 900), mark(LUMEN, 900)]).unwrap();
    assert_eq!((up_to(&ledger, NORTH), up_to(&ledger, LUMEN)), (Some(399), Some(900)));
    ledger.add(&[presented(NORTH, "early", NOW_MS)]).unwrap();
    assert_eq!(up_to(&ledger, NORTH), Some(699));
    // One of another server with the same name changes nothing here.
    ledger.add(&[presented(LUMEN, "late", NOW_MS)]).unwrap();
    assert_eq!(up_to(&ledger, NORTH), Some(699));
    ledger.add(&[presented(NORTH, "late", NOW_MS)]).unwrap();
    assert_eq!(up_to(&ledger, NORTH), Some(900));
    assert_eq!(ledger.marks()[0].1.from_ms, 10, "nothing from before the server was first seen is news");
}

#[test]
fn what_a_crash_left_unshown_is_kept_until_the_next_run_has_decided_all_of_it() {
    let runs = Runs::new();
    let mut ledger = runs.start();
    ledger.add(&[mark(NORTH, 900), wanted(NORTH, "gone", 300), wanted(NORTH, "still", 400)]).unwrap();
    drop(ledger);
    // A run that dies before it has caught up leaves everything as it was.
    drop(runs.start());
    let mut ledger = runs.start();
    assert_eq!(up_to(&ledger, NORTH), Some(299));
    // One was decided again to be shown; of the other nothing came any more. The mark of this run says that this was all.
    ledger.add(&[wanted(NORTH, "still", 400), mark(LUMEN, 950)]).unwrap();
    assert_eq!(up_to(&ledger, NORTH), Some(299), "the mark of another server says nothing of this one");
    ledger.add(&[mark(NORTH, 950)]).unwrap();
    assert_eq!(up_to(&ledger, NORTH), Some(399));
    drop(ledger);
    assert_eq!(up_to(&runs.start(), NORTH), Some(399), "still not presented");
}

#[test]
fn a_clock_that_runs_ahead_on_the_server_does_not_put_a_message_behind_the_mark() {
    let runs = Runs::new();
    let mut ledger = runs.start();
    ledger.add(&[mark(NORTH, NOW_MS + 50_000), wanted(NORTH, "ahead", NOW_MS + 90_000)]).unwrap();
    assert!(up_to(&ledger, NORTH).unwrap() < NOW_MS, "a message is at most as young as its arrival");
}

#[test]
fn a_removed_server_leaves_nothing_behind_and_takes_nothing_of_another_with_it() {
    let runs = Runs::new();
    let mut ledger = runs.start();
    for server in [NORTH, LUMEN] {
        let entries = [
            presented(server, "shown", 1),
            silent(server, "quiet", 2),
            wanted(server, "waits", 500),
            mark(server, 900),
        ];
        ledger.add(&entries).unwrap();
    }
    ledger.add(&[Entry::Forget(NORTH)]).unwrap();
    assert_eq!(names(&ledger), ["2:shown", "2:quiet"]);
    assert_eq!((up_to(&ledger, NORTH), up_to(&ledger, LUMEN)), (None, Some(499)));
    // The same address again is a server seen for the first time.
    ledger.add(&[mark(NORTH, 950)]).unwrap();
    assert_eq!(up_to(&ledger, NORTH), Some(950));
}

#[test]
fn each_part_is_bounded_and_forgets_the_oldest_first() {
    let runs = Runs::new();
    let mut ledger = runs.start();
    let many = |rows: i64, entry: &dyn Fn(&str, i64) -> Entry| -> Vec<Entry> {
        (0..rows + 3).map(|n| entry(&format!("p{n}"), n)).collect()
    };
    ledger.add(&many(PRESENTED_ROWS, &|name, n| presented(NORTH, name, n))).unwrap();
    let known = ledger.all();
    assert_eq!(known.len(), usize::try_from(PRESENTED_ROWS).unwrap());
    assert_eq!(known[0].1, post("p3"));
    ledger.add(&many(SILENT_ROWS, &|name, n| silent(LUMEN, name, n))).unwrap();
    let known = ledger.all().into_iter().filter(|(server, _)| *server == LUMEN).collect::<Vec<_>>();
    assert_eq!((known.len(), known[0].1), (usize::try_from(SILENT_ROWS).unwrap(), post("p3")));
    ledger.add(&[mark(LUMEN, NOW_MS)]).unwrap();
    ledger.add(&many(PENDING_ROWS, &|name, n| wanted(LUMEN, name, n + 1))).unwrap();
    assert_eq!(up_to(&ledger, LUMEN), Some(3), "those before it are taken for presented");
}

#[test]
fn damage_that_shows_while_running_costs_what_was_known_and_not_what_is_told_now() {
    let runs = Runs::new();
    let mut ledger = runs.start();
    let many: Vec<Entry> = (0..2_000).map(|n| presented(NORTH, &format!("old{n}"), n)).collect();
    ledger.add(&many).unwrap();
    drop(ledger);
    // Every page but the first is overwritten: the file opens, and fails when a row is added.
    let mut bytes = fs::read(runs.path()).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(runs.path(), bytes).unwrap();
    let (mut ledger, _) = Ledger::open(&runs.path());
    let told = ledger.add(&[presented(NORTH, "new", 1), mark(NORTH, 900)]).unwrap_err();
    assert_eq!(told, "presented.db was damaged and kept as presented.broken-1.db; a new one was begun");
    assert_eq!((names(&ledger), up_to(&ledger, NORTH)), (vec!["1:new".to_owned()], Some(900)));
    drop(ledger);
    assert_eq!(names(&runs.start()), ["1:new"]);
}

#[test]
fn without_a_disk_this_run_still_remembers() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data"), "a file where the folder should be").unwrap();
    let (mut ledger, trouble) = Ledger::open(&folder.path().join("data/presented.db"));
    assert!(trouble.unwrap().starts_with("presented.db: "));
    ledger.add(&[presented(NORTH, "shown", 1), mark(NORTH, 900)]).unwrap();
    assert_eq!((names(&ledger), up_to(&ledger, NORTH)), (vec!["1:shown".to_owned()], Some(900)));
}

#[test]
fn only_ids_and_times_are_kept() {
    let runs = Runs::new();
    drop(runs.start());
    let connection = Connection::open(runs.path()).unwrap();
    let columns: String = connection
        .query_row(
            "SELECT group_concat(DISTINCT column.name) FROM sqlite_schema AS one, pragma_table_info(one.name) AS column
             WHERE one.type = 'table' AND one.name NOT LIKE 'sqlite_%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let mut columns: Vec<&str> = columns.split(',').collect();
    columns.sort_unstable();
    assert_eq!(
        columns,
        ["at_ms", "earlier", "from_ms", "more", "post", "post_ms", "posts", "row", "server", "until_ms", "up_to_ms"]
    );
}

#[test]
fn a_card_that_was_put_off_is_known_to_the_next_run_until_it_was_shown_or_is_gone() {
    let runs = Runs::new();
    let mut ledger = runs.start();
    let card = |server, name: &str| PutOff {
        server,
        post: post(name),
        at_ms: 500,
        until_ms: 9_000,
        more: 2,
        posts: vec![post("one"), post("two"), post(name)],
    };
    let off = |server, name: &str| Entry::Snoozed(Box::new(card(server, name)));
    ledger.add(&[off(NORTH, "read"), off(NORTH, "shown"), off(LUMEN, "waits"), mark(LUMEN, 900)]).unwrap();
    assert_eq!(up_to(&ledger, LUMEN), Some(499), "its post is pending");
    let mut ledger = runs.start();
    let mut known = ledger.put_off();
    known.sort_by_key(|card| (card.server, card.post));
    assert_eq!(known, [card(NORTH, "read"), card(NORTH, "shown"), card(LUMEN, "waits")]);
    // One comes up again and is shown, one again and waits on; one was read elsewhere and never came up.
    ledger
        .add(&[wanted(NORTH, "shown", 500), wanted(LUMEN, "waits", 500), mark(NORTH, 950), mark(LUMEN, 950)])
        .unwrap();
    ledger.add(&[presented(NORTH, "shown", 1)]).unwrap();
    assert_eq!(runs.start().put_off(), [card(LUMEN, "waits")]);
    ledger.add(&[Entry::Forget(LUMEN)]).unwrap();
    assert_eq!(runs.start().put_off(), []);
}
