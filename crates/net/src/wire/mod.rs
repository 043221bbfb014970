//! Frames become events: the only place that knows the websocket's wire (protocol §4.3, §5).
//!
//! Tolerant: a value of another type costs that field and nothing else; an unknown event is no error; text is borrowed
//! from the frame, also where it was written inside a string. The event's name decides what of the rest is read at all.

mod kind;
mod other;
pub(crate) mod posted;
#[cfg(test)]
mod tests;

use belfry_core::event::Event;
use belfry_core::ids::{ChannelId, TeamId, UserId};
use thiserror::Error;

use self::kind::Kind;
use self::other::OtherData;
use self::posted::PostData;
use crate::json::{Broken, Reader, Within};

/// A frame that could not be read. It never holds any of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// It is no JSON object.
    #[error("the frame is not a JSON object")]
    NotJson,
    /// An event without what makes it one, such as a post without id.
    #[error("the event lacks what it is about")]
    Incomplete,
}

impl From<Broken> for WireError {
    fn from(_: Broken) -> Self {
        Self::NotJson
    }
}

/// To whom an event went, where that tells what it is about.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the wire's own names")]
struct Broadcast {
    user_id: Option<UserId>,
    channel_id: Option<ChannelId>,
    team_id: Option<TeamId>,
}

impl Broadcast {
    fn of(reader: &mut Reader<'_>) -> Result<Self, Broken> {
        let mut broadcast = Self::default();
        let mut within = reader.object()?;
        while let Some(key) = reader.key(&mut within)? {
            match &*key {
                "user_id" => broadcast.user_id = reader.id()?,
                "channel_id" => broadcast.channel_id = reader.id()?,
                "team_id" => broadcast.team_id = reader.id()?,
                _ => reader.skip()?,
            }
        }
        Ok(broadcast)
    }
}

/// Reads one frame. `Ok(None)` is a frame that needs nothing: a reply, noise, an event we do not know. Nothing of
/// those is read behind the event's name, which servers write first, and of a post's nothing behind the post.
pub fn decode(frame: &str) -> Result<Option<Event<'_>>, WireError> {
    let beginning = Reader::new(frame);
    let mut reader = beginning.clone();
    if !reader.is_object() {
        return Err(WireError::NotJson);
    }
    let mut within = reader.object()?;
    let mut first = true;
    while let Some(key) = reader.key(&mut within)? {
        if key != "event" {
            reader.skip()?;
            first = false;
            continue;
        }
        let Some(kind) = reader.cow()?.as_deref().and_then(Kind::parse) else { return Ok(None) };
        if !first {
            // What stood before the name was passed over.
            reader = beginning;
            within = reader.object()?;
        }
        return event(reader, within, kind);
    }
    reader.end()?;
    Ok(None)
}

/// Reads the rest of a frame.
fn event(mut reader: Reader<'_>, within: Within, kind: Kind) -> Result<Option<Event<'_>>, WireError> {
    match kind {
        Kind::Post(kind) => {
            let mut data = PostData::default();
            let mut channel = None;
            let mut within = within;
            while let Some(key) = reader.key(&mut within)? {
                match &*key {
                    "data" => data.read(&mut reader)?,
                    "broadcast" => channel = Broadcast::of(&mut reader)?.channel_id,
                    _ => reader.skip()?,
                }
                // A post says itself where it was written. To whom the event went, which servers write behind it, is not
                // looked at then; the session has made sure that the whole frame is JSON.
                if data.knows_channel() {
                    return data.into_event(kind, channel).map(Some);
                }
            }
            reader.end()?;
            data.into_event(kind, channel).map(Some)
        }
        Kind::Other(kind) => {
            let mut data = OtherData::default();
            let mut broadcast = Broadcast::default();
            parts(
                &mut reader,
                within,
                |reader| data.read(reader, kind),
                |reader| {
                    broadcast = Broadcast::of(reader)?;
                    Ok(())
                },
            )?;
            data.into_event(kind, &broadcast)
        }
    }
}

/// Reads `data` and `broadcast` as told.
#[inline]
fn parts<'a>(
    reader: &mut Reader<'a>,
    mut within: Within,
    mut data: impl FnMut(&mut Reader<'a>) -> Result<(), Broken>,
    mut broadcast: impl FnMut(&mut Reader<'a>) -> Result<(), Broken>,
) -> Result<(), Broken> {
    while let Some(key) = reader.key(&mut within)? {
        match &*key {
            "data" => data(reader)?,
            "broadcast" => broadcast(reader)?,
            _ => reader.skip()?,
        }
    }
    reader.end()
}
