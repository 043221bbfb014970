use std::collections::VecDeque;

use super::*;

/// Drives a machine along a script and shows its actions as short words.
struct Script {
    machine: Machine,
    now: MonoTime,
    jitter: Jitter,
}

fn words(actions: &[Action]) -> Vec<String> {
    actions
        .iter()
        .map(|action| match action {
            Action::Connect { connection_id, sequence_number } => format!("connect({connection_id},{sequence_number})"),
            Action::SendPing { seq } => format!("ping({seq})"),
            Action::TellActivity { seq, active: true } => format!("active({seq})"),
            Action::TellActivity { seq, active: false } => format!("idle({seq})"),
            Action::Close => "close".to_owned(),
            Action::Load => "load".to_owned(),
            Action::CheckIdentity => "identity".to_owned(),
            Action::CompareCounts => "counts".to_owned(),
            Action::Report(Connection::Connecting) => "connecting".to_owned(),
            Action::Report(Connection::Live { version }) => format!("live({version})"),
            Action::Report(Connection::Waiting { retry_in_ms, .. }) => format!("waiting({retry_in_ms})"),
            Action::Report(Connection::SignedOut { .. }) => "signed-out".to_owned(),
            Action::Report(Connection::NotSignedIn) => "not-signed-in".to_owned(),
            Action::Report(Connection::Failed { .. }) => "failed".to_owned(),
        })
        .collect()
}

impl Script {
    fn new() -> Self {
        Self { machine: Machine::new(Timing::default()), now: MonoTime(0), jitter: Jitter(0) }
    }

    /// Lets time pass without telling the machine.
    fn wait(&mut self, ms: u64) -> &mut Self {
        self.now = MonoTime(self.now.0 + ms);
        self
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "scripts read better without a reference on every line")]
    fn step(&mut self, input: Input<'_>, expected: &[&str]) -> &mut Self {
        let actions = words(&self.machine.step(self.now, self.jitter, input.clone()));
        assert_eq!(actions, expected, "after {input:?} at {}", self.now.0);
        self
    }

    /// Goes to the next moment the machine asks for, which must be `ms` away.
    #[track_caller]
    fn wake(&mut self, ms: u64, expected: &[&str]) -> &mut Self {
        let wake = self.machine.next_wake().expect("something is due");
        assert_eq!(wake.0 - self.now.0, ms, "when the machine wants to wake");
        self.now = wake;
        self.step(Input::Tick, expected)
    }

    fn hello(id: &'static str) -> Input<'static> {
        Input::Hello { connection_id: id, seq: 0, version: "11.1.0.11.1.0.abc.true" }
    }

    /// Connected, loaded and live as `k1`, with the first ping answered.
    fn live() -> Self {
        let mut script = Self::new();
        script
            .step(Input::Start, &["connecting", "connect(,0)"])
            .step(Input::Opened, &["ping(1)"])
            .step(Self::hello("k1"), &["load"])
            .step(Input::Reply { seq_reply: Some(1), ok: true }, &[])
            .step(Input::Loaded, &["live(11.1.0)"]);
        script
    }

    /// Live, three events later disconnected, and opened again as a resume.
    fn resuming() -> Self {
        let mut script = Self::live();
        for seq in 1..=3 {
            script.step(Input::Event { seq }, &[]);
        }
        script
            .wait(60_000)
            .step(Input::Closed(Ending::Lost), &["waiting(3000)"])
            .wake(3_000, &["connecting", "connect(k1,4)"])
            .step(Input::Opened, &["ping(1)"]);
        script
    }
}

#[test]
fn the_first_connection_loads_everything_and_holds_frames_until_then() {
    let mut script = Script::new();
    assert!(script.machine.holds_frames());
    script
        .step(Input::Start, &["connecting", "connect(,0)"])
        .step(Input::Opened, &["ping(1)"])
        .step(Script::hello("k1"), &["load"])
        .step(Input::Event { seq: 1 }, &[]);
    assert!(script.machine.holds_frames());
    script.step(Input::Loaded, &["live(11.1.0)"]);
    assert!(!script.machine.holds_frames());
}

#[test]
fn case_a_and_d_a_hello_after_a_resume_was_asked_for_loads_everything_again() {
    let mut script = Script::resuming();
    script.step(Script::hello("k2"), &["load"]);
    assert!(script.machine.holds_frames());
    script
        .step(Input::Event { seq: 1 }, &[])
        .step(Input::Loaded, &["live(11.1.0)"])
        .wait(1_000)
        .step(Input::Closed(Ending::Lost), &["waiting(3000)"])
        .wake(3_000, &["connecting", "connect(k2,2)"]);
}

#[test]
fn case_b_replayed_events_continue_without_a_load() {
    let mut script = Script::resuming();
    script.step(Input::Event { seq: 4 }, &["live(11.1.0)"]).step(Input::Event { seq: 5 }, &[]);
    assert!(!script.machine.holds_frames());
    script.step(Input::Reply { seq_reply: Some(1), ok: true }, &[]);
}

#[test]
fn case_c_a_ping_reply_without_hello_means_that_nothing_was_missed() {
    let mut script = Script::resuming();
    script.step(Input::Reply { seq_reply: Some(1), ok: true }, &["live(11.1.0)"]).step(Input::Event { seq: 4 }, &[]);
}

#[test]
fn case_e_a_refused_resume_is_forgotten() {
    let mut script = Script::resuming();
    script
        .wait(50)
        .step(Input::Closed(Ending::Lost), &["identity"])
        .step(Input::Identity(Identity::Alive), &["waiting(3000)"])
        .wake(3_000, &["connecting", "connect(,0)"])
        .step(Input::Opened, &["ping(1)"])
        .step(Script::hello("k2"), &["load"]);
}

#[test]
fn a_resume_that_dies_later_is_tried_again() {
    let mut script = Script::resuming();
    script
        .wait(5_000)
        .step(Input::Closed(Ending::Lost), &["identity"])
        .step(Input::Identity(Identity::Alive), &["waiting(3000)"])
        .wake(3_000, &["connecting", "connect(k1,4)"]);
}

#[test]
fn a_gap_in_the_numbers_closes_forgets_the_connection_and_loads_again() {
    for wrong in [2, 0, -1, 7] {
        let mut script = Script::live();
        script.wait(31_000).step(Input::Tick, &["ping(2)"]).step(Input::Reply { seq_reply: Some(2), ok: true }, &[]);
        script
            .step(Input::Event { seq: wrong }, &["close", "waiting(3000)"])
            .wake(3_000, &["connecting", "connect(,0)"])
            .step(Input::Opened, &["ping(1)"])
            .step(Script::hello("k2"), &["load"])
            .step(Input::Loaded, &["live(11.1.0)"]);
    }
}

#[test]
fn a_server_without_resume_is_loaded_anew_after_every_reconnect() {
    let mut script = Script::new();
    script
        .step(Input::Start, &["connecting", "connect(,0)"])
        .step(Input::Opened, &["ping(1)"])
        .step(Input::Hello { connection_id: "", seq: 0, version: "5.37.0.5.37.0.x.false" }, &["load"])
        .step(Input::Loaded, &["live(5.37.0)"])
        .step(Input::Event { seq: 1 }, &[])
        .wait(60_000)
        .step(Input::Closed(Ending::Lost), &["waiting(3000)"])
        .wake(3_000, &["connecting", "connect(,0)"])
        .step(Input::Opened, &["ping(1)"])
        .step(Script::hello(""), &["load"]);
}

#[test]
fn an_unreadable_frame_may_have_been_an_event_or_not() {
    for next in [1, 2] {
        let mut script = Script::live();
        script
            .step(Input::Unreadable, &[])
            .step(Input::Event { seq: next }, &[])
            .step(Input::Event { seq: next + 1 }, &[]);
    }
    let mut script = Script::live();
    script.step(Input::Unreadable, &[]).step(Input::Event { seq: 3 }, &["close", "waiting(3000)"]);
}

#[test]
fn pings_go_out_every_thirty_seconds_and_an_unanswered_one_ends_the_connection() {
    let mut script = Script::live();
    script
        .wake(30_000, &["ping(2)"])
        .wait(10)
        .step(Input::Reply { seq_reply: Some(2), ok: true }, &[])
        .wake(30_000, &["ping(3)"])
        .wait(29_000)
        .step(Input::Tick, &[])
        .wake(1_000, &["close", "waiting(3000)"])
        // The connection itself may still be known: a resume is worth a try.
        .wake(3_000, &["connecting", "connect(k1,1)"]);
}

#[test]
fn after_a_sleep_the_connection_is_proved_within_five_seconds() {
    let mut script = Script::live();
    script
        .step(Input::Woke, &["ping(2)"])
        .wake(5_000, &["close", "waiting(3000)"])
        .step(Input::Woke, &[])
        .wake(3_000, &["connecting", "connect(k1,1)"]);
    let mut script = Script::live();
    script
        .wake(30_000, &["ping(2)"])
        .step(Input::Woke, &[])
        .wait(100)
        .step(Input::Reply { seq_reply: Some(2), ok: true }, &[])
        .wake(30_000, &["ping(3)"]);
}

#[test]
fn a_socket_that_closes_before_hello_puts_the_session_in_doubt() {
    let silent = || {
        let mut script = Script::new();
        script
            .step(Input::Start, &["connecting", "connect(,0)"])
            .step(Input::Opened, &["ping(1)"])
            .wait(5_000)
            .step(Input::Closed(Ending::Lost), &["identity"]);
        script
    };
    silent().step(Input::Identity(Identity::Over), &["signed-out"]);
    silent().step(Input::Identity(Identity::Alive), &["waiting(3000)"]);
    silent().step(Input::Identity(Identity::MfaRequired), &["failed"]).wake(300_000, &["identity"]);
    let unreachable = Identity::Unreachable { reason: "x".to_owned(), retry_after: Some(Duration::from_secs(9)) };
    silent().step(Input::Identity(unreachable), &["waiting(9000)"]);
}

#[test]
fn a_socket_that_stays_silent_is_given_up_after_ten_seconds() {
    let mut script = Script::new();
    script
        .step(Input::Start, &["connecting", "connect(,0)"])
        .step(Input::Opened, &["ping(1)"])
        .wake(10_000, &["close", "identity"])
        .step(Input::Identity(Identity::Alive), &["waiting(3000)"]);
}

#[test]
fn a_refused_ping_asks_who_we_are() {
    let refused = Input::Reply { seq_reply: Some(1), ok: false };
    for (identity, expected) in [
        (Identity::Over, vec!["close", "signed-out"]),
        (Identity::Alive, vec!["close", "waiting(3000)"]),
        (Identity::MfaRequired, vec!["close", "failed"]),
        (Identity::Unreachable { reason: "x".to_owned(), retry_after: None }, vec!["close", "waiting(3000)"]),
    ] {
        let mut script = Script::live();
        script
            .step(refused.clone(), &["identity"])
            // Asked once, whatever else is refused meanwhile.
            .step(Input::Reply { seq_reply: None, ok: false }, &[])
            .step(Input::Identity(identity), &expected);
    }
}

#[test]
fn a_session_that_is_over_stays_so_until_the_person_acts() {
    let mut script = Script::live();
    script.step(Input::Suspicion, &["identity"]).step(Input::Identity(Identity::Over), &["close", "signed-out"]);
    assert_eq!(script.machine.next_wake(), None);
    script
        .wait(1_000_000)
        .step(Input::Tick, &[])
        .step(Input::Woke, &[])
        .step(Input::Closed(Ending::Lost), &[])
        .step(Input::CheckAgain, &["identity", "connecting"])
        .step(Input::Identity(Identity::Over), &["signed-out"])
        .step(Input::CheckAgain, &["identity", "connecting"])
        .step(Input::Identity(Identity::Alive), &["connect(,0)"]);
}

#[test]
fn the_session_is_checked_now_and_then_although_all_looks_well() {
    let mut script = Script::live();
    script.machine.timing.counts_every = Duration::from_hours(1);
    script.machine.timing.idle_after = Duration::from_hours(1);
    script.machine.compare_counts_later(script.now, Jitter(0));
    for ping in 2..=30 {
        script.wake(30_000, &[&format!("ping({ping})")]).step(Input::Reply { seq_reply: Some(ping), ok: true }, &[]);
    }
    script
        .wake(30_000, &["ping(31)"])
        .step(Input::Reply { seq_reply: Some(31), ok: true }, &["identity"])
        .step(Input::Identity(Identity::Alive), &[])
        .wait(29_000)
        .step(Input::Tick, &[]);
}

#[test]
fn nothing_reconnects_within_six_hundred_milliseconds_of_losing_a_socket() {
    let mut script = Script::live();
    script.step(Input::Closed(Ending::Lost), &["waiting(3000)"]).wait(10).step(Input::CheckAgain, &[]);
    script.wake(590, &["connecting", "connect(k1,1)"]);
    let mut script = Script::live();
    script
        .step(Input::Closed(Ending::Lost), &["waiting(3000)"])
        .wait(700)
        .step(Input::CheckAgain, &["connecting", "connect(k1,1)"]);
}

#[test]
fn waits_grow_only_until_a_connection_was_ready() {
    let failed = || Input::NotOpened { reason: "x".to_owned(), retry_after: None, doubt: false };
    let mut script = Script::new();
    script.step(Input::Start, &["connecting", "connect(,0)"]);
    for _ in 0..7 {
        script.step(failed(), &["waiting(3000)"]).wake(3_000, &["connecting", "connect(,0)"]);
    }
    script
        .step(failed(), &["waiting(192000)"])
        .wake(192_000, &["connecting", "connect(,0)"])
        // An upgrade alone is no success.
        .step(Input::Opened, &["ping(1)"])
        .step(Input::Closed(Ending::Lost), &["identity"])
        .step(Input::Identity(Identity::Alive), &["waiting(243000)"])
        .step(Input::Woke, &[])
        .wake(3_000, &["connecting", "connect(,0)"])
        .step(Input::Opened, &["ping(1)"])
        .step(Script::hello("k1"), &["load"])
        .step(Input::Loaded, &["live(11.1.0)"])
        .step(Input::Closed(Ending::Lost), &["waiting(3000)"]);
}

#[test]
fn a_close_by_the_server_spreads_the_return_and_its_wishes_are_honoured() {
    let mut script = Script::live();
    script.jitter = Jitter(1 << 15);
    script.step(Input::Closed(Ending::ByServer), &["waiting(18000)"]);
    let mut script = Script::live();
    script.jitter = Jitter(1 << 15);
    script.step(Input::Closed(Ending::Lost), &["waiting(4000)"]);
    let mut script = Script::new();
    let refused = Input::NotOpened { reason: "x".to_owned(), retry_after: Some(Duration::from_mins(1)), doubt: false };
    script.step(Input::Start, &["connecting", "connect(,0)"]).step(refused, &["waiting(60000)"]);
}

#[test]
fn a_token_refused_at_the_upgrade_is_looked_into() {
    let mut script = Script::new();
    let refused = Input::NotOpened { reason: "x".to_owned(), retry_after: None, doubt: true };
    script
        .step(Input::Start, &["connecting", "connect(,0)"])
        .step(refused, &["identity"])
        .step(Input::Identity(Identity::Over), &["signed-out"]);
}

#[test]
fn loads_that_are_asked_for_keep_thirty_seconds_apart() {
    let mut script = Script::live();
    script
        .wait(10_000)
        .step(Input::ResyncWanted, &[])
        .step(Input::ResyncWanted, &[])
        .wake(20_000, &["ping(2)", "load"])
        .step(Input::Reply { seq_reply: Some(2), ok: true }, &[])
        .step(Input::Loaded, &[]);
}

#[test]
fn a_load_that_fails_is_tried_again_and_later_ones_let_frames_through_meanwhile() {
    let failed = || Input::LoadFailed { reason: "x".to_owned(), retry_after: None };
    let mut script = Script::new();
    script
        .step(Input::Start, &["connecting", "connect(,0)"])
        .step(Input::Opened, &["ping(1)"])
        .step(Script::hello("k1"), &["load"])
        .step(failed(), &["waiting(3000)"]);
    assert!(script.machine.holds_frames());
    script
        .step(Input::Reply { seq_reply: Some(1), ok: true }, &[])
        .wake(3_000, &["load"])
        .step(Input::Loaded, &["live(11.1.0)"])
        .wait(20_000)
        .step(Input::ResyncWanted, &[]);
    script.wake(7_000, &["ping(2)"]).step(Input::Reply { seq_reply: Some(2), ok: true }, &[]);
    script.wake(3_000, &["load"]);
    assert!(script.machine.holds_frames());
    script.step(failed(), &[]);
    assert!(!script.machine.holds_frames());
    script.wake(3_000, &["load"]);
}

#[test]
fn frames_lost_during_a_load_lead_to_another_one() {
    let mut script = Script::new();
    script
        .step(Input::Start, &["connecting", "connect(,0)"])
        .step(Input::Opened, &["ping(1)"])
        .step(Script::hello("k1"), &["load"])
        .step(Input::Reply { seq_reply: Some(1), ok: true }, &[])
        .step(Input::Overflowed, &[])
        .step(Input::Loaded, &["live(11.1.0)"])
        .wake(30_000, &["ping(2)", "load"]);
}

#[test]
fn a_load_survives_a_resume_and_is_given_up_for_a_new_connection() {
    let interrupted = || {
        let mut script = Script::new();
        script
            .step(Input::Start, &["connecting", "connect(,0)"])
            .step(Input::Opened, &["ping(1)"])
            .step(Script::hello("k1"), &["load"])
            .step(Input::Closed(Ending::Lost), &["waiting(3000)"])
            .wake(3_000, &["connecting", "connect(k1,1)"])
            .step(Input::Opened, &["ping(1)"]);
        script
    };
    interrupted().step(Input::Reply { seq_reply: Some(1), ok: true }, &[]).step(Input::Loaded, &["live(11.1.0)"]);
    interrupted().step(Script::hello("k2"), &["load"]).step(Input::Loaded, &["live(11.1.0)"]);
}

#[test]
fn an_unreadable_connection_is_not_resumed() {
    let mut script = Script::live();
    script.step(Input::Closed(Ending::Broken), &["waiting(3000)"]).wake(3_000, &["connecting", "connect(,0)"]);
}

#[test]
fn nothing_that_comes_too_late_or_too_early_moves_the_machine() {
    let mut script = Script::new();
    script
        .step(Input::Tick, &[])
        .step(Input::Event { seq: 4 }, &[])
        .step(Input::Reply { seq_reply: Some(1), ok: false }, &[])
        .step(Input::Loaded, &[])
        .step(Input::Closed(Ending::Lost), &[])
        .step(Input::Woke, &[])
        .step(Input::Opened, &["close"]);
}

#[test]
fn versions_are_the_first_three_numbers() {
    for (told, version) in [
        ("11.6.0.11.6.0.5f0c.true", "11.6.0"),
        ("11.1.0..abc.false", "11.1.0"),
        ("5.37.dev", "5.37"),
        ("", ""),
        ("dev", ""),
    ] {
        assert_eq!(plain_version(told), version);
    }
}

#[test]
fn the_counts_are_compared_every_ten_to_fifteen_minutes_while_events_keep_them() {
    let mut script = Script::live();
    let every = Duration::from_mins(10);
    let due = |script: &Script| script.machine.counts_due().map(|at| at.0);
    assert_eq!(due(&script), Some(u64::try_from(every.as_millis()).unwrap()), "without chance, the earliest moment");
    // Pings go on; the first tick at or after that moment compares once.
    let (mut compared, mut wakes) = (0, 0);
    while script.now.0 < 25 * 60_000 {
        script.now = script.machine.next_wake().unwrap();
        wakes += 1;
        assert!(wakes < 200, "it wakes without end at {}", script.now.0);
        for action in script.machine.step(script.now, script.jitter, Input::Tick) {
            match action {
                Action::SendPing { seq } => {
                    script.machine.step(script.now, script.jitter, Input::Reply { seq_reply: Some(seq), ok: true });
                }
                Action::CheckIdentity => {
                    script.machine.step(script.now, script.jitter, Input::Identity(Identity::Alive));
                }
                Action::CompareCounts => compared += 1,
                _ => {}
            }
        }
    }
    assert_eq!(compared, 2, "after ten minutes and after twenty");
    script.step(Input::ResyncWanted, &["load"]);
    assert_eq!(due(&script), None, "what is being read anew need not be compared");
}

#[test]
fn chance_delays_a_comparison_by_five_minutes_at_most_and_a_load_puts_it_off() {
    let mut script = Script::new();
    script.jitter = Jitter(u16::MAX);
    script
        .step(Input::Start, &["connecting", "connect(,0)"])
        .step(Input::Opened, &["ping(1)"])
        .step(Script::hello("k1"), &["load"]);
    assert_eq!(script.machine.counts_due(), None);
    script.step(Input::Loaded, &["live(11.1.0)"]);
    let due = script.machine.counts_due().unwrap().0;
    assert!((14 * 60_000..15 * 60_000).contains(&due), "{due}");
}

/// The person touched something now.
fn input(script: &Script) -> Input<'static> {
    Input::Person(Person { last_input: Some(script.now), locked: false })
}

#[test]
fn somebody_at_work_is_told_after_ready_and_then_once_a_minute() {
    let mut script = Script::new();
    script
        .step(Input::Person(Person { last_input: Some(MonoTime(0)), locked: false }), &[])
        .wait(5_000)
        .step(Input::Start, &["connecting", "connect(,0)"])
        // Not before the server knows who we are, or it would not hear it.
        .step(Input::Opened, &["ping(1)"])
        .step(Script::hello("k1"), &["load", "active(2)"])
        .step(Input::Reply { seq_reply: Some(1), ok: true }, &[])
        .step(Input::Reply { seq_reply: Some(2), ok: true }, &[])
        .step(Input::Loaded, &["live(11.1.0)"])
        .wait(25_000);
    let touched = input(&script);
    script.step(touched, &[]).wait(5_000).step(Input::Tick, &["ping(3)"]);
    script.step(Input::Reply { seq_reply: Some(3), ok: true }, &[]).wake(30_000, &["ping(4)", "active(5)"]);
}

#[test]
fn somebody_of_whom_nothing_is_known_is_called_idle_once_connecting_is_five_minutes_ago() {
    let mut script = Script::live();
    for ping in 2..=11 {
        script.wake(30_000, &[&format!("ping({ping})")]).step(Input::Reply { seq_reply: Some(ping), ok: true }, &[]);
    }
    script.wake(2_000, &["idle(12)"]).step(Input::Reply { seq_reply: Some(12), ok: true }, &[]);
    script.wake(28_000, &["ping(13)"]);
}

#[test]
fn after_a_reconnect_only_a_person_who_is_there_is_called_active() {
    let reconnected = |last_input, locked| {
        let mut script = Script::resuming();
        let person = Person { last_input, locked };
        script.step(Input::Person(person), &[]);
        words(&script.machine.step(script.now, Jitter(0), Input::Reply { seq_reply: Some(1), ok: true }))
    };
    assert_eq!(reconnected(Some(MonoTime(60_000)), false), ["active(2)", "live(11.1.0)"]);
    assert_eq!(reconnected(Some(MonoTime(60_000)), true), ["live(11.1.0)"]);
    assert_eq!(reconnected(Some(MonoTime(2_000)), false), ["live(11.1.0)"], "it was a minute ago");
    assert_eq!(reconnected(None, false), ["live(11.1.0)"]);
}

#[test]
fn input_before_a_sleep_makes_nobody_active_after_it() {
    let mut script = Script::live();
    script.wait(10_000);
    let touched = input(&script);
    script
        .step(touched.clone(), &["active(2)"])
        .step(Input::Reply { seq_reply: Some(2), ok: true }, &[])
        .step(Input::Woke, &["ping(3)"])
        .wait(60)
        .step(Input::Closed(Ending::Lost), &["waiting(3000)"])
        // The display's clock stood still as well: it still tells the same.
        .step(touched, &[])
        .wake(3_000, &["connecting", "connect(k1,1)"])
        .step(Input::Opened, &["ping(1)"])
        .step(Input::Reply { seq_reply: Some(1), ok: true }, &["live(11.1.0)"])
        .wait(1_000);
    let touched = input(&script);
    script.step(touched, &["active(2)"]);
}

#[test]
fn a_refused_word_about_presence_says_nothing_of_the_session() {
    let mut script = Script::live();
    let touched = input(&script);
    script.step(touched, &["active(2)"]).step(Input::Reply { seq_reply: Some(2), ok: false }, &[]);
    script.wake(30_000, &["ping(3)"]).step(Input::Reply { seq_reply: Some(3), ok: false }, &["identity"]);
}

#[test]
fn a_network_that_returns_ends_long_waits_but_not_the_servers_own_wish() {
    let refused = |retry_after| Input::NotOpened { reason: "x".to_owned(), retry_after, doubt: false };
    let wait = Some(Duration::from_mins(2));
    for (change, until) in [(Input::NetworkUp, 120_000), (Input::Woke, 120_000), (Input::CheckAgain, 1_000)] {
        let mut script = Script::new();
        script.step(Input::Start, &["connecting", "connect(,0)"]).step(refused(wait), &["waiting(120000)"]).wait(1_000);
        if matches!(change, Input::CheckAgain) {
            script.step(change, &["connecting", "connect(,0)"]);
        } else {
            script.step(change, &[]).wake(until - 1_000, &["connecting", "connect(,0)"]);
        }
    }
    let mut script = Script::new();
    script.step(Input::Start, &["connecting", "connect(,0)"]);
    for _ in 0..7 {
        script.step(refused(None), &["waiting(3000)"]).wake(3_000, &["connecting", "connect(,0)"]);
    }
    script
        .step(refused(None), &["waiting(192000)"])
        .step(Input::NetworkUp, &[])
        .wake(3_000, &["connecting", "connect(,0)"])
        // And short waits are short again: it failed for a reason that is gone.
        .step(refused(None), &["waiting(3000)"]);
}

#[test]
fn an_attempt_that_hangs_on_a_network_that_is_gone_begins_anew() {
    let mut script = Script::new();
    script
        .step(Input::Start, &["connecting", "connect(,0)"])
        .wait(20_000)
        .step(Input::NetworkUp, &["close"])
        // It came about in the same moment: too late.
        .step(Input::Opened, &["close"])
        .wake(3_000, &["connect(,0)"])
        // The person's own wish does not disturb one that runs.
        .step(Input::CheckAgain, &[])
        .step(Input::Opened, &["ping(1)"]);
}

#[test]
fn a_network_change_proves_a_connection_without_forgetting_who_is_there() {
    let mut script = Script::live();
    let touched = input(&script);
    script
        .step(touched, &["active(2)"])
        .step(Input::NetworkUp, &["ping(3)"])
        .wake(5_000, &["close", "waiting(3000)"])
        .wake(3_000, &["connecting", "connect(k1,1)"])
        .step(Input::Opened, &["ping(1)"])
        .step(Input::Reply { seq_reply: Some(1), ok: true }, &["active(2)", "live(11.1.0)"]);
}

#[test]
fn an_idle_connection_wakes_the_computer_twice_a_minute() {
    let mut script = Script::live();
    let (mut wakes, end) = (0_u64, script.now.0 + 3_600_000);
    while let Some(wake) = script.machine.next_wake().filter(|wake| wake.0 < end) {
        script.now = wake;
        wakes += 1;
        let mut actions = VecDeque::from(script.machine.step(script.now, script.jitter, Input::Tick));
        while let Some(action) = actions.pop_front() {
            let reply = match action {
                Action::SendPing { seq } | Action::TellActivity { seq, .. } => {
                    Input::Reply { seq_reply: Some(seq), ok: true }
                }
                Action::CheckIdentity => Input::Identity(Identity::Alive),
                Action::Load => Input::Loaded,
                Action::CompareCounts | Action::Close | Action::Connect { .. } | Action::Report(_) => continue,
            };
            actions.extend(script.machine.step(script.now, script.jitter, reply));
        }
    }
    assert!((119..=135).contains(&wakes), "{wakes} in an hour");
}

#[test]
fn a_gap_that_could_not_be_closed_is_said_until_it_is() {
    let mut script = Script::resuming();
    script
        .step(Script::hello("k2"), &["load"])
        .step(Input::Reply { seq_reply: Some(1), ok: true }, &[])
        .step(Input::LoadFailed { reason: "x".to_owned(), retry_after: None }, &["waiting(3000)"]);
    assert!(!script.machine.holds_frames(), "what comes now is told meanwhile");
    script.step(Input::Event { seq: 1 }, &[]).wake(3_000, &["load"]).step(Input::Loaded, &["live(11.1.0)"]);
}
