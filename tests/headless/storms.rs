//! The real program under random histories with random faults: `kill -9`, resets, restarts of the server, stumbling answers.
//! Simulated ones are in `chaos`.

use std::collections::BTreeSet;

use belfry_net::session::backoff::Dice;
use belfry_practice_server::{HttpFault, PracticeServer};
use belfry_tests::eventually;
use belfry_tests::practice::Practice;
use serde_json::Value;

use crate::scene::{Headless, Home, is_state, practice};

/// Things that happen in each of the three runs of a seed.
const STEPS: usize = 14;

struct Storm {
    dice: Dice,
    home: Home,
    practice: Practice,
    /// Posts that have to be told, and those that must not be.
    wanted: BTreeSet<String>,
    silent: BTreeSet<String>,
    /// What was recorded as presented when a run was killed.
    recorded: BTreeSet<String>,
}

impl Home {
    /// What is durably known to have been told.
    fn presented(&self) -> anyhow::Result<BTreeSet<String>> {
        let ledger = self.path().join("data/belfry/presented.db");
        let connection = rusqlite::Connection::open_with_flags(ledger, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut statement = connection.prepare("SELECT post FROM presented")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

impl Storm {
    fn new(seed: u64) -> Self {
        let (wanted, silent, recorded) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { dice: Dice::new(seed), home: Home::new(), practice: practice(), wanted, silent, recorded }
    }

    fn below(&mut self, number: u32) -> u32 {
        (u32::from(self.dice.roll().0) * number) >> 16
    }

    fn writes(&mut self) -> String {
        let rosa = self.practice.person("rosa");
        let (id, is_wanted) = match self.below(4) {
            0 | 1 => (rosa.direct("morgan", "for you").unwrap(), true),
            2 => (rosa.posts("ops-room", "look, @morgan").unwrap(), true),
            _ => (rosa.posts("ops-room", "nothing for anybody").unwrap(), false),
        };
        if is_wanted {
            self.wanted.insert(id.clone())
        } else {
            self.silent.insert(id.clone())
        };
        id
    }

    fn breaks(&mut self) {
        let server: &PracticeServer = &self.practice;
        let server = server.clone();
        match self.below(8) {
            0 => server.drops(),
            1 => server.drops_mid_frame(),
            2 => server.skips_sequence(2),
            3 => server.duplicates_next(),
            4 => server.restarts(),
            5 => server.fails("/posts", &HttpFault::BadGateway, 2),
            6 => server.fails("", &HttpFault::TooMany(1), 3),
            _ => {
                server.drops();
                server.forgets_lost_connections();
            }
        }
    }

    /// One run of the program, which may be heard to its end or be killed in the middle.
    fn run(&mut self, headless: &Headless) {
        for _ in 0..STEPS {
            match self.below(6) {
                0 => self.breaks(),
                1 => {
                    let id = self.writes();
                    // What nobody needs to hear of may stay unread after a gap.
                    if self.wanted.contains(&id) {
                        headless.decision(&id);
                    }
                }
                _ => drop(self.writes()),
            }
        }
    }

    /// Nothing is told again that was recorded as told before this run.
    fn check(&self, headless: &Headless) {
        let told = |line: &Value| {
            let post = line["post_id"].as_str().unwrap_or_default().to_owned();
            let announces = line["verdict"] == "notify" || line["reason"] == "while_away";
            (line["kind"] == "decision" && announces).then_some(post)
        };
        let told: BTreeSet<String> = headless.lines().iter().filter_map(told).collect();
        assert_eq!(told.intersection(&self.recorded).collect::<Vec<_>>(), Vec::<&String>::new(), "doubled");
        assert_eq!(told.intersection(&self.silent).collect::<Vec<_>>(), Vec::<&String>::new(), "told without need");
    }
}

fn survives(seed: u64) {
    let mut storm = Storm::new(seed);
    for _ in 0..2 {
        let headless = storm.home.watches_server(&storm.practice);
        storm.run(&headless);
        storm.check(&headless);
        headless.dies();
        storm.recorded = storm.home.presented().unwrap();
        for _ in 0..storm.below(4) {
            storm.writes();
        }
        storm.practice.behaves();
    }
    let headless = storm.home.watches_server(&storm.practice);
    storm.run(&headless);
    storm.practice.behaves();
    let all = || {
        let presented = storm.home.presented()?;
        Ok(storm.wanted.is_subset(&presented).then_some(()))
    };
    if let Err(error) = eventually("everything to be told", all) {
        let presented = storm.home.presented().unwrap();
        let lost: Vec<_> = storm.wanted.difference(&presented).collect();
        panic!("seed {seed}: {error:#}; lost: {lost:?}\n{}\n{}", headless.text().join("\n"), headless.errors());
    }
    let mentions = storm.practice.counts("morgan").unwrap().badge_mentions;
    headless.until("the server's own count", |lines| {
        lines.iter().rfind(|line| line["kind"] == "badge").is_some_and(|line| line["mentions"] == mentions)
    });
    headless.until("the connection", |lines| {
        lines.iter().rfind(|line| line["kind"] == "state").is_some_and(|line| is_state(line, "connected"))
    });
    storm.check(&headless);
}

#[test]
fn the_first_storm_loses_and_doubles_nothing() {
    survives(1);
}

#[test]
fn the_second_storm_loses_and_doubles_nothing() {
    survives(2);
}

#[test]
fn the_third_storm_loses_and_doubles_nothing() {
    survives(3);
}
