//! The little of a frame that the session itself needs; the driver decodes the rest.

use std::borrow::Cow;

use crate::json::{Broken, Reader};

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
        /// Whether it may be news by itself, and not only a change of what a load reads.
        news: bool,
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

/// Reads a frame's head; `None` where it is no JSON object.
pub(crate) fn read(frame: &str) -> Option<Head<'_>> {
    let mut reader = Reader::new(frame);
    reader.is_object().then(|| outer(&mut reader).ok()).flatten()
}

fn outer<'a>(reader: &mut Reader<'a>) -> Result<Head<'a>, Broken> {
    let (mut event, mut seq, mut status, mut seq_reply, mut data) = (None, None, None, None, None);
    let mut within = reader.object()?;
    while let Some(key) = reader.key(&mut within)? {
        match &*key {
            "event" => event = reader.cow()?,
            "seq" => seq = reader.int()?,
            "status" => status = reader.cow()?,
            "seq_reply" => seq_reply = reader.int()?,
            "data" => {
                // Only a greeting's is wanted, and its name may come later.
                data = Some(reader.clone());
                reader.skip()?;
            }
            _ => reader.skip()?,
        }
    }
    reader.end()?;
    Ok(match (event.as_deref(), status.as_deref()) {
        (Some("hello"), _) => {
            let (connection_id, version) = data.map(|mut data| greeting(&mut data)).transpose()?.unwrap_or_default();
            Head::Hello { connection_id, version, seq: seq.unwrap_or(0) }
        }
        (Some(event), _) => {
            Head::Event { seq, news: event == "posted" || event.starts_with("custom_com.mattermost.calls") }
        }
        (None, Some(status)) => Head::Reply { seq_reply, ok: status == "OK" },
        (None, None) => Head::Other,
    })
}

/// `connection_id` and `server_version`.
fn greeting<'a>(reader: &mut Reader<'a>) -> Result<(Cow<'a, str>, Cow<'a, str>), Broken> {
    let (mut connection_id, mut version) = (None, None);
    let mut within = reader.object()?;
    while let Some(key) = reader.key(&mut within)? {
        match &*key {
            "connection_id" => connection_id = reader.cow()?,
            "server_version" => version = reader.cow()?,
            _ => reader.skip()?,
        }
    }
    Ok((connection_id.unwrap_or_default(), version.unwrap_or_default()))
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
            (
                r#"{"event":"posted","data":{"post":"{\"broken"},"seq":7}"#,
                Some(Head::Event { seq: Some(7), news: true }),
            ),
            (r#"{"event":"posted","seq":"7"}"#, Some(Head::Event { seq: None, news: true })),
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
