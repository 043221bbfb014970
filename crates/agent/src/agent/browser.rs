//! Sign-ins that wait for the browser (protocol §2.3).

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use belfry_core::prefs::ServerPrefs;
use belfry_core::reach::ReachSecrets;
use belfry_core::time::MonoTime;
use belfry_net::sign_in::{Handover, HandoverError, Pending};
use tokio::sync::watch;

/// Sign-ins at a time, over all servers; beyond that the oldest is given up.
const MOST: usize = 4;

/// How a sign-in ended: the sentence of a failure.
pub(super) type Outcome = Result<(), String>;

struct Waiting {
    number: u64,
    /// Taken by the first link that fits: it works once.
    pending: Option<Pending>,
    entry: ServerPrefs,
    secrets: ReachSecrets,
    outcome: watch::Sender<Option<Outcome>>,
}

#[derive(Default)]
struct Inner {
    last: u64,
    waiting: VecDeque<Waiting>,
}

/// The sign-ins that wait.
#[derive(Default)]
pub(super) struct BrowserSignIns {
    inner: Mutex<Inner>,
}

/// One whose link came.
pub(super) struct Fits {
    pub(super) number: u64,
    pub(super) entry: ServerPrefs,
    pub(super) secrets: ReachSecrets,
}

impl BrowserSignIns {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the browser from now on; an earlier sign-in to the same server is given up. Gives its number.
    pub(super) fn begin(&self, pending: Pending, entry: ServerPrefs, secrets: ReachSecrets) -> u64 {
        let mut inner = self.lock();
        inner.waiting.retain(|other| other.entry.url != entry.url);
        while inner.waiting.len() >= MOST {
            inner.waiting.pop_front();
        }
        inner.last += 1;
        let number = inner.last;
        let outcome = watch::Sender::new(None);
        inner.waiting.push_back(Waiting { number, pending: Some(pending), entry, secrets, outcome });
        number
    }

    /// Finds the sign-in that a link finishes, and takes it: no second link fits.
    pub(super) fn take(&self, handover: &Handover, now: MonoTime) -> Result<Fits, HandoverError> {
        let mut inner = self.lock();
        // What is too old is as good as not there, even for its own link.
        inner.waiting.retain(|one| one.pending.as_ref().is_none_or(|pending| now < pending.until()));
        let mut others = false;
        for one in &mut inner.waiting {
            let Some(pending) = &one.pending else { continue };
            others = true;
            if handover.belongs_to(pending) {
                pending.check(handover, now)?;
                one.pending = None;
                return Ok(Fits { number: one.number, entry: one.entry.clone(), secrets: one.secrets.clone() });
            }
        }
        Err(if others { HandoverError::Another } else { HandoverError::NotAwaited })
    }

    /// Tells whoever waits how it ended.
    pub(super) fn end(&self, number: u64, outcome: Outcome) {
        if let Some(one) = self.lock().waiting.iter().find(|one| one.number == number) {
            one.outcome.send_replace(Some(outcome));
        }
    }

    /// Gives one up.
    pub(super) fn cancel(&self, number: u64) {
        self.lock().waiting.retain(|one| one.number != number);
    }

    /// Waits for the end of one. `None` where it was given up.
    pub(super) async fn ended(&self, number: u64) -> Option<Outcome> {
        let found = self.lock().waiting.iter().find(|one| one.number == number).map(|one| one.outcome.subscribe());
        let mut outcome = found?;
        let told = outcome.wait_for(Option::is_some).await.ok()?.clone();
        self.cancel(number);
        told
    }
}

#[cfg(test)]
mod tests {
    use super::super::signing_in::blank;
    use super::*;
    use belfry_core::query::Provider;
    use belfry_net::sign_in::BROWSER_PATIENCE;

    const NOW: MonoTime = MonoTime(5);

    fn begin(sign_ins: &BrowserSignIns, url: &str) -> (u64, Handover) {
        let pending = Pending::begin(url, NOW).unwrap();
        let address = pending.address(Provider::OpenId);
        let client = address.split_once("desktop_token=").unwrap().1.to_owned();
        let entry = ServerPrefs { url: url.to_owned(), ..blank() };
        let number = sign_ins.begin(pending, entry, ReachSecrets::default());
        (number, Handover::read(&format!("{url}/login/desktop?client_token={client}&server_token=x")).unwrap())
    }

    #[test]
    fn a_link_finishes_its_own_sign_in_once() {
        let sign_ins = BrowserSignIns::default();
        let (first, of_first) = begin(&sign_ins, "https://one.example");
        let (second, of_second) = begin(&sign_ins, "https://two.example");
        assert_eq!(sign_ins.take(&of_second, NOW).ok().map(|fits| fits.number), Some(second));
        assert!(matches!(sign_ins.take(&of_second, NOW), Err(HandoverError::Another)));
        assert_eq!(sign_ins.take(&of_first, NOW).ok().map(|fits| fits.number), Some(first));
        assert!(matches!(sign_ins.take(&of_first, NOW), Err(HandoverError::NotAwaited)));
    }

    #[test]
    fn a_link_that_comes_too_late_or_to_an_abandoned_sign_in_is_refused() {
        let sign_ins = BrowserSignIns::default();
        let (_, late) = begin(&sign_ins, "https://one.example");
        assert!(matches!(sign_ins.take(&late, NOW.after(BROWSER_PATIENCE)), Err(HandoverError::NotAwaited)));
        let (number, cancelled) = begin(&sign_ins, "https://one.example");
        sign_ins.cancel(number);
        assert!(matches!(sign_ins.take(&cancelled, NOW), Err(HandoverError::NotAwaited)));
        let (_, replaced) = begin(&sign_ins, "https://one.example");
        let (_, newest) = begin(&sign_ins, "https://one.example");
        assert!(matches!(sign_ins.take(&replaced, NOW), Err(HandoverError::Another)));
        assert!(sign_ins.take(&newest, NOW).is_ok());
    }

    #[tokio::test]
    async fn whoever_waits_is_told_how_it_ended_and_that_it_was_given_up() {
        let sign_ins = BrowserSignIns::default();
        let (number, link) = begin(&sign_ins, "https://one.example");
        sign_ins.take(&link, NOW).ok().unwrap();
        sign_ins.end(number, Err("no".to_owned()));
        assert_eq!(sign_ins.ended(number).await, Some(Err("no".to_owned())));
        assert_eq!(sign_ins.ended(number).await, None);
    }
}
