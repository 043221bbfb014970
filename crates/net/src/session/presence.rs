//! What a server is told of the person's presence (protocol §4.10, §12.1–2), without a clock.
//!
//! Only input at this computer makes anybody active; nothing that Belfry does by itself ever does. A new socket counts as
//! activity on the server, so a person of whom nothing is known is reported idle once it has been open long enough.

use belfry_core::time::MonoTime;

use super::backoff::Timing;

/// What is known of the person at this computer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// When they last touched keyboard or pointer; `None` = nobody can tell, which counts as away.
    pub last_input: Option<MonoTime>,
    /// The screen is locked: whoever types there is not at work yet.
    pub locked: bool,
}

/// What was told on one socket. The server forgets nothing of it before the socket is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// When the socket was opened, which the server takes for activity.
    since: MonoTime,
    active: Option<MonoTime>,
    idle: bool,
}

impl Told {
    /// Nothing but the socket itself.
    pub(super) fn nothing(since: MonoTime) -> Self {
        Self { since, active: None, idle: false }
    }

    /// When the next word is due, and whether it is "active".
    pub(super) fn due(&self, person: &Person, timing: &Timing) -> Option<(MonoTime, bool)> {
        let active = person.last_input.filter(|_| !person.locked).and_then(|input| {
            let at = match self.active {
                // The first word mends what a hasty reconnect left behind (§12.1), so it does not wait.
                None => input.max(self.since),
                Some(told) if input > told => told.after(timing.active_every),
                Some(_) => return None,
            };
            // What is a minute old is no news: it may be the last thing before the person left.
            (at < input.after(timing.active_every)).then_some((at, true))
        });
        let idle = (!self.idle).then(|| (self.active.unwrap_or(self.since).after(timing.idle_after), false));
        [active, idle].into_iter().flatten().min_by_key(|(at, active)| (*at, !active))
    }

    /// The word that is due by now, noted as told. Input that came too long ago to be told is forgotten.
    pub(super) fn take(&mut self, person: &mut Person, now: MonoTime, timing: &Timing) -> Option<bool> {
        if person.last_input.is_some_and(|input| input.after(timing.active_every) <= now) {
            person.last_input = None;
        }
        let (at, active) = self.due(person, timing)?;
        if at > now {
            return None;
        }
        if active {
            self.active = Some(now);
        }
        self.idle = !active;
        Some(active)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn timing() -> Timing {
        Timing::default()
    }

    /// Everything that is told from the opening of a socket at zero on, as (seconds, active), while the person touches
    /// something at these seconds and is looked at as soon as they do.
    fn story(inputs: &[u64], until: u64) -> Vec<(u64, bool)> {
        let (mut told, mut person, timing) = (Told::nothing(MonoTime(0)), Person::default(), timing());
        let mut inputs = inputs.iter().map(|second| MonoTime(second * 1_000)).peekable();
        let mut out = Vec::new();
        loop {
            let due = told.due(&person, &timing).map(|(at, _)| at);
            let next = [due, inputs.peek().copied()].into_iter().flatten().min();
            let Some(now) = next.filter(|now| now.0 <= until * 1_000) else { return out };
            if let Some(input) = inputs.next_if(|input| *input == now) {
                person.last_input = Some(input);
            }
            if let Some(active) = told.take(&mut person, now, &timing) {
                out.push((now.0 / 1_000, active));
            }
        }
    }

    #[test]
    fn a_person_of_whom_nothing_is_known_is_never_active_and_idle_once() {
        assert_eq!(story(&[], 86_400), [(302, false)]);
    }

    #[test]
    fn somebody_who_works_is_active_at_most_once_a_minute_and_idle_five_minutes_after_the_last_word() {
        let typing: Vec<u64> = (10..=200).collect();
        assert_eq!(
            story(&typing, 7_200),
            [(10, true), (70, true), (130, true), (190, true), (250, true), (552, false)]
        );
        // A single touch is told when it happens.
        assert_eq!(story(&[400], 7_200), [(302, false), (400, true), (702, false)]);
        assert_eq!(story(&[10], 7_200), [(10, true), (312, false)]);
        // The second touch is less than a minute old when the next word may be said.
        assert_eq!(story(&[10, 11], 7_200), [(10, true), (70, true), (372, false)]);
    }

    #[test]
    fn a_locked_screen_is_never_active() {
        let (mut told, timing) = (Told::nothing(MonoTime(0)), timing());
        let mut person = Person { last_input: Some(MonoTime(1_000)), locked: true };
        assert_eq!(told.take(&mut person, MonoTime(1_000), &timing), None);
        person.locked = false;
        assert_eq!(told.take(&mut person, MonoTime(1_500), &timing), Some(true));
    }

    #[test]
    fn input_before_a_socket_counts_for_a_minute() {
        let timing = timing();
        let before = |ago: u64| {
            let mut person = Person { last_input: Some(MonoTime(10 * MINUTE - ago)), locked: false };
            Told::nothing(MonoTime(10 * MINUTE)).take(&mut person, MonoTime(10 * MINUTE), &timing)
        };
        assert_eq!(before(1_000), Some(true));
        assert_eq!(before(59_000), Some(true));
        assert_eq!(before(MINUTE), None);
    }

    #[test]
    fn nothing_is_due_for_ever_in_the_past() {
        let timing = timing();
        let mut told = Told::nothing(MonoTime(0));
        let mut person = Person { last_input: Some(MonoTime(5_000)), locked: false };
        // Looked at much too late, as after a sleep.
        assert_eq!(told.take(&mut person, MonoTime(3_600_000), &timing), Some(false));
        assert_eq!(told.due(&person, &timing), None);
    }
}
