//! The little of a frame that the session itself needs; the driver decodes the rest.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient;

/// What kind of frame it is (protocol §4.3).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Head<'a> {
    /// The first event of a new connection.
    Hello {
        /// Empty where the server cannot resume.
        connection_id: Cow<'a, str>,
        /// `server_version`.
        version: Cow<'a, str>,
        /// Its sequence number.
        seq: i64,
    },
    /// Another event; without a number it counts as unreadable.
    Event {
        /// Its sequence number.
        seq: Option<i64>,
    },
    /// A reply to something we sent. The message of a refusal is not even read: it may hold the token (§12.5).
    Reply {
        /// To which of ours.
        seq_reply: Option<i64>,
        /// Whether it was granted.
        ok: bool,
    },
    /// A JSON object of another kind: ignored.
    Other,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Outer<'a> {
    #[serde(borrow, deserialize_with = "lenient::cow")]
    event: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "lenient::int")]
    seq: Option<i64>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    status: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "lenient::int")]
    seq_reply: Option<i64>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Greeting<'a> {
    #[serde(borrow, deserialize_with = "lenient::cow")]
    connection_id: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "lenient::cow")]
    server_version: Option<Cow<'a, str>>,
}

/// Reads a frame's head; `None` where it is no JSON object.
pub(crate) fn read(frame: &str) -> Option<Head<'_>> {
    let outer = serde_json::from_str::<lenient::One<Outer<'_>>>(frame).ok()?.0?;
    Some(match (outer.event.as_deref(), outer.status.as_deref()) {
        (Some("hello"), _) => {
            let data =
                outer.data.and_then(|data| serde_json::from_str::<lenient::One<Greeting<'_>>>(data.get()).ok()?.0);
            let greeting = data.unwrap_or_default();
            Head::Hello {
                connection_id: greeting.connection_id.unwrap_or_default(),
                version: greeting.server_version.unwrap_or_default(),
                seq: outer.seq.unwrap_or(0),
            }
        }
        (Some(_), _) => Head::Event { seq: outer.seq },
        (None, Some(status)) => Head::Reply { seq_reply: outer.seq_reply, ok: status == "OK" },
        (None, None) => Head::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_told_apart_and_nothing_else_is_read() {
        let table = [
            (
                r#"{"event":"hello","data":{"server_version":"11.1.0.x","connection_id":"k1"},"broadcast":{},"seq":0}"#,
                Some(Head::Hello { connection_id: "k1".into(), version: "11.1.0.x".into(), seq: 0 }),
            ),
            (
                r#"{"event":"hello","data":null,"seq":0}"#,
                Some(Head::Hello { connection_id: "".into(), version: "".into(), seq: 0 }),
            ),
            (r#"{"event":"posted","data":{"post":"{\"broken"},"seq":7}"#, Some(Head::Event { seq: Some(7) })),
            (r#"{"event":"posted","seq":"7"}"#, Some(Head::Event { seq: None })),
            (
                r#"{"status":"OK","seq_reply":3,"data":{"text":"pong"}}"#,
                Some(Head::Reply { seq_reply: Some(3), ok: true }),
            ),
            (
                r#"{"status":"FAIL","error":{"id":"x","message":"the token"}}"#,
                Some(Head::Reply { seq_reply: None, ok: false }),
            ),
            ("{}", Some(Head::Other)),
            ("[]", None),
            ("", None),
            (r#"{"event":"#, None),
            ("{\"event\":\"posted\"}garbage", None),
        ];
        for (frame, head) in table {
            assert_eq!(read(frame), head, "{frame}");
        }
    }
}
