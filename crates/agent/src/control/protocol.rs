//! What crosses the control socket: frames of a length and JSON, in both directions.

use std::io::{self, Read, Write};

use belfry_core::command::{Command, Place};
use belfry_core::query::{Answer, Query};
use belfry_core::signal::Signal;
use belfry_core::view::View;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The largest frame, in bytes. A view has a few kilobytes; a page of Activity is cut far below this.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// Names the sources from which this program was built, as far as they touch the protocol.
pub const BUILD: &str = env!("BELFRY_BUILD");

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Face {
    /// The main window.
    Window,
    /// The stack of banners.
    Banners,
    /// A command line.
    Command,
}

/// From a face or a command to the agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Up {
    /// The first frame. Its shape never changes, so that builds which differ can still say so.
    Hello {
        /// [`BUILD`] of the sender.
        build: String,
        /// Who it is.
        role: Face,
    },
    /// The person wants something.
    Command(Box<Command>),
    /// The desktop reported something.
    Signal(Signal),
    /// A question; its answer carries the same number.
    Query {
        /// Chosen by the asker.
        id: u64,
        /// The question.
        query: Box<Query>,
    },
    /// Asks for [`Down::Synced`] once everything sent before was handed to the engine.
    Sync(u64),
}

/// From the agent to a face or a command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Down {
    /// The answer to a hello from the same build.
    Welcome {
        /// [`BUILD`] of the agent.
        build: String,
        /// Whether it can show windows: `belfry headless` cannot.
        windows: bool,
    },
    /// The answer to a hello from another build; the connection ends. Its shape never changes.
    WrongBuild {
        /// [`BUILD`] of the agent.
        build: String,
    },
    /// The newest view, whole. Ones in between may have been left out.
    View(Box<View>),
    /// The answer to a question.
    Answer {
        /// The number of the question.
        id: u64,
        /// The answer.
        answer: Box<Answer>,
    },
    /// Everything sent before the [`Up::Sync`] with this number was handed to the engine.
    Synced(u64),
    /// To the main window: come to the front, and turn to this place if one is named.
    Raise(Option<Place>),
    /// The agent ends; so does the connection.
    Bye,
}

/// [`Down::View`] without owning the view: it is shared by all connections.
#[derive(Serialize)]
#[serde(rename = "Down")]
pub(crate) enum DownRef<'a> {
    View(&'a View),
}

/// Why a frame could not be read or written. Says nothing of what was in it.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The socket failed or ended within a frame.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// Larger than [`MAX_FRAME_BYTES`].
    #[error("a frame of {0} bytes is larger than allowed")]
    TooLarge(usize),
    /// Not JSON, or not of the shape that this build knows. The position is within the frame.
    #[error("a frame was not understood (byte {column})")]
    Malformed {
        /// Where reading stopped.
        column: usize,
    },
}

impl FrameError {
    // Serde quotes what it found, which may be a password: only the position is kept.
    fn malformed(error: &serde_json::Error) -> Self {
        Self::Malformed { column: error.column() }
    }
}

/// Makes a frame: four bytes of length, big-endian, then JSON.
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message).map_err(|error| FrameError::malformed(&error))?;
    let length = frame.len() - 4;
    if length > MAX_FRAME_BYTES {
        return Err(FrameError::TooLarge(length));
    }
    let prefix = u32::try_from(length).map_err(|_too_large| FrameError::TooLarge(length))?.to_be_bytes();
    for (place, byte) in frame.iter_mut().zip(prefix) {
        *place = byte;
    }
    Ok(frame)
}

/// Reads the JSON of a frame.
pub fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(json).map_err(|error| FrameError::malformed(&error))
}

/// Checks the length of a frame.
pub fn frame_length(prefix: [u8; 4]) -> Result<usize, FrameError> {
    match usize::try_from(u32::from_be_bytes(prefix)) {
        Ok(length) if length <= MAX_FRAME_BYTES => Ok(length),
        Ok(length) => Err(FrameError::TooLarge(length)),
        Err(_too_large) => Err(FrameError::TooLarge(usize::MAX)),
    }
}

/// Reads one frame; `None` where the other end closed between two frames.
pub fn read_frame<T: DeserializeOwned>(from: &mut impl Read) -> Result<Option<T>, FrameError> {
    let mut prefix = [0; 4];
    match from.read(&mut prefix)? {
        0 => return Ok(None),
        got => from.read_exact(prefix.get_mut(got..).unwrap_or_default())?,
    }
    let length = frame_length(prefix)?;
    // Grown as the bytes arrive: a length alone reserves nothing.
    let mut json = Vec::new();
    from.take(length as u64).read_to_end(&mut json)?;
    if json.len() < length {
        return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()));
    }
    decode(&json).map(Some)
}

/// Writes one frame.
pub fn write_frame(to: &mut impl Write, message: &impl Serialize) -> Result<(), FrameError> {
    to.write_all(&encode(message)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_view_reads_as_an_owned_one() {
        let view = View { revision: 7, ..View::default() };
        let frame = encode(&DownRef::View(&view)).unwrap();
        let Some(Down::View(read)) = read_frame(&mut frame.as_slice()).unwrap() else { panic!("not a view") };
        assert_eq!(*read, view);
    }

    #[test]
    fn a_frame_that_claims_too_much_is_refused_before_it_is_read() {
        let mut claim = (u32::try_from(MAX_FRAME_BYTES).unwrap() + 1).to_be_bytes().to_vec();
        claim.extend_from_slice(b"{}");
        assert!(matches!(read_frame::<Up>(&mut claim.as_slice()), Err(FrameError::TooLarge(_))));
    }

    #[test]
    fn a_cut_frame_is_an_error_and_a_closed_connection_is_not() {
        let frame = encode(&Up::Sync(1)).unwrap();
        assert!(read_frame::<Up>(&mut io::empty()).unwrap().is_none());
        for end in 1..frame.len() {
            assert!(read_frame::<Up>(&mut &frame[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn the_error_of_a_broken_frame_does_not_quote_it() {
        let json = br#"{"Command":{"hunter2":1}}"#;
        let mut frame = u32::try_from(json.len()).unwrap().to_be_bytes().to_vec();
        frame.extend_from_slice(json);
        let error = read_frame::<Up>(&mut frame.as_slice()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
