//! Questions of a face that are too large, or too slow, for the view. Plain data: they cross the control socket.

use serde::{Deserialize, Serialize};

use crate::activity::{ActivityFilter, ActivityRow};
use crate::ids::{ServerId, UserId};
use crate::secret::Secret;

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Query {
    /// Rows of Activity, the newest first.
    Activity {
        /// Which rows.
        filter: ActivityFilter,
        /// Only rows older than this one.
        before: Option<i64>,
        /// At most this many, 1–500.
        limit: u32,
    },
    /// What is at this address? (protocol §1.1)
    Discover {
        /// What the person typed.
        address: String,
    },
    /// Sign in and, where that works, add the server or bring its entry back to life.
    SignIn {
        /// The entry to bring back to life; `None` = a new one.
        server: Option<ServerId>,
        /// Address as discovered.
        url: String,
        /// Name as discovered.
        name: String,
        /// Plain http was agreed to.
        insecure: bool,
        /// With what.
        login: Login,
    },
    /// End the session on the server, forget the token, keep the entry.
    SignOut(ServerId),
    /// How things are, in lines.
    Doctor,
    /// Pictures of these people, at most [`PictureOf::MOST`]. Answered when one of them is settled, or after a while.
    Pictures(Vec<PictureOf>),
}

/// Whose picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PictureOf {
    /// On which server.
    pub server: ServerId,
    /// Who, a person or a bot.
    pub user: UserId,
    /// The last change of it, Unix milliseconds (`User::last_picture_update`); `None` = the newest that there is.
    pub version: Option<i64>,
}

impl PictureOf {
    /// People in one question at most.
    pub const MOST: usize = 32;
}

/// How it stands with a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Picture {
    /// In this file, as the server gave it: whatever it claims to be, it is only bytes until it is decoded.
    File(String),
    /// On its way: ask again, and the answer waits for it.
    Coming,
    /// There is none at present.
    Nowhere,
}

/// What one signs in with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Login {
    /// A password, with a code where the server asked for one.
    Password {
        /// Username, e-mail address, or whatever the server calls it.
        login_id: String,
        /// The password.
        password: Secret,
        /// The code of the authenticator; empty at the first try.
        mfa: Secret,
    },
    /// A personal access token.
    AccessToken(Secret),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// Rows of Activity.
    Activity {
        /// The rows, the newest first.
        rows: Vec<ActivityRow>,
        /// Whether there are older ones.
        more: bool,
    },
    /// A Mattermost server was found.
    Discovered(Discovered),
    /// Signed in; the entry is in the view now or in a moment.
    SignedIn,
    /// Signed out.
    SignedOut,
    /// The server wants the code of an authenticator.
    MfaWanted {
        /// Whether a code was given and refused.
        refused: bool,
    },
    /// How things are, a line each.
    Doctor(Vec<DoctorLine>),
    /// Pictures, each with the person that was asked for.
    Pictures(Vec<(PictureOf, Picture)>),
    /// It did not work.
    Failed {
        /// Why, in one sentence for people.
        message: String,
    },
}

/// What was found at an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovered {
    /// The address to use, without trailing slash.
    pub url: String,
    /// Name for people.
    pub name: String,
    /// Its version, such as `11.1.0`.
    pub version: String,
    /// Plain http: the person must agree.
    pub insecure: bool,
    /// The entry that is there already.
    pub already: Option<ServerId>,
    /// What the person should know, one sentence each.
    pub warnings: Vec<String>,
}

/// One line of `belfry doctor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorLine {
    /// "Display", "Sound", …
    pub part: String,
    /// Whether it works.
    pub ok: bool,
    /// How it is, one sentence.
    pub detail: String,
}
