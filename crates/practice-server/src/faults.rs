//! Faults of ordinary requests.

use std::collections::VecDeque;
use std::time::Duration;

/// What happens to the next request that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpFault {
    /// A proxy's 502 page.
    BadGateway,
    /// 429 with plain text and `Retry-After` in seconds.
    TooMany(u32),
    /// 503 of a front with `Retry-After` as a moment, so many seconds (at most an hour) after its own clock, which is wrong
    /// by years.
    BackAt(u32),
    /// 503 `api.context.server_busy.app_error`.
    Busy,
    /// 200 with a web page instead of JSON.
    WebPage,
    /// 500 with an empty id, as hardened servers answer.
    Internal,
    /// 404, as when an event is faster than the database.
    NotFound,
    /// The right answer, cut in the middle of its body.
    Truncate,
    /// The right answer with everything but its first 16 bytes overwritten: begins as a picture and is none.
    Garble,
    /// 200 with this body, which is called this (`Content-Type`).
    Content(&'static str, Vec<u8>),
    /// The right answer, but only after a while.
    Delay(Duration),
    /// 302 to this address.
    Redirect(String),
    /// The connection is reset without an answer.
    Reset,
}

/// Faults that wait for their requests.
#[derive(Debug, Default)]
pub(crate) struct HttpFaults(VecDeque<(String, HttpFault)>);

impl HttpFaults {
    /// Faults beyond this number are not accepted: nobody needs them and the queue stays bounded.
    const MOST: usize = 10_000;

    /// Adds a fault for `times` requests whose path contains `path` (empty: any).
    pub(crate) fn add(&mut self, path: &str, fault: &HttpFault, times: usize) {
        let room = Self::MOST.saturating_sub(self.0.len());
        self.0.extend(std::iter::repeat_n((path.to_owned(), fault.clone()), times.min(room)));
    }

    /// Takes the first fault that fits a path.
    pub(crate) fn take(&mut self, path: &str) -> Option<HttpFault> {
        let at = self.0.iter().position(|(part, _)| path.contains(part.as_str()))?;
        self.0.remove(at).map(|(_, fault)| fault)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
