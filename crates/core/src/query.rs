//! Questions of a face that are too large, or too slow, for the view. Plain data: they cross the control socket.

use serde::{Deserialize, Serialize};

use crate::activity::{ActivityFilter, ActivityRow, Decision};
use crate::ids::{FileId, ServerId, UserId};
use crate::reach::{Obstacle, ReachDraft};
use crate::secret::Secret;
use crate::settings::ServerSettings;
use crate::settings::channels::ChannelsTable;
use crate::trial::{Trial, TrialMessage, WhatIf};

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
        /// How to get there.
        reach: Box<ReachDraft>,
    },
    /// Reach a server of the list in another way, and look first whether that works.
    SetReach {
        /// Which.
        server: ServerId,
        /// How.
        draft: Box<ReachDraft>,
        /// Do not look: it is not there at present.
        unchecked: bool,
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
        /// How to get there; `None` = as the entry has it.
        reach: Option<Box<ReachDraft>>,
        /// With what.
        login: Login,
    },
    /// In which ways does this server let people in?
    SignInWays {
        /// The entry, where there is one.
        server: Option<ServerId>,
        /// Address as discovered.
        url: String,
        /// How to get there; `None` = as the entry has it.
        reach: Option<Box<ReachDraft>>,
    },
    /// Begin to sign in with the browser, and open it. Answered with [`Answer::BrowserOpened`].
    BrowserSignIn {
        /// The entry to bring back to life; `None` = a new one.
        server: Option<ServerId>,
        /// Address as discovered.
        url: String,
        /// Name as discovered.
        name: String,
        /// Plain http was agreed to.
        insecure: bool,
        /// How to get there; `None` = as the entry has it.
        reach: Option<Box<ReachDraft>>,
        /// Who vouches for the person.
        provider: Provider,
        /// The browser may hand the sign-in over by a link: its scheme is registered for Belfry.
        handover: bool,
    },
    /// Answered when the sign-in with this number has ended, one way or the other.
    BrowserSignInDone(u64),
    /// The link, or the address of the page, with which a sign-in in the browser ends.
    FinishBrowserSignIn(Secret),
    /// Nobody waits for the sign-in with this number any more.
    CancelBrowserSignIn(u64),
    /// Keep tokens in a file that only the person can read, from now on. The person was asked.
    KeepTokensInFile,
    /// End the session on the server, forget the token, keep the entry.
    SignOut(ServerId),
    /// How things are, in lines.
    Doctor,
    /// The Notifications page of a server. Ask again when `ServerView::settings_revision` moved.
    Settings(ServerId),
    /// The Channels page. Ask again when `View::channels_revision` moved, and not before the answer to the last one is there.
    Channels {
        /// `ChannelsTable::revision` of what is held already: only what changed since is answered. 0 = everything.
        known: u64,
    },
    /// Would this message notify me?
    Trial(Box<TrialMessage>),
    /// Would this message have been shown under other settings?
    Reconsider {
        /// As Activity has it.
        decision: Box<Decision>,
        /// The other settings.
        what_if: Vec<WhatIf>,
    },
    /// The output devices for sound.
    SoundDevices,
    /// Take a sound file of the person's over: it is read, checked and copied. The first ten seconds are used.
    ImportSound {
        /// Where it is.
        path: String,
        /// Its name for people; empty = the file's.
        name: String,
    },
    /// Write Activity to a file, a JSON line for each row, without the text of any message.
    ExportActivity {
        /// Which rows.
        filter: ActivityFilter,
        /// Where to; `None` = a new file in the person's folder for downloads.
        path: Option<String>,
    },
    /// Forget everything in Activity.
    ClearActivity,
    /// People of a server whom this text fits: a part of a name, from its beginning. Answered with [`Answer::People`].
    FindPeople {
        /// Which server.
        server: ServerId,
        /// What the person typed.
        text: String,
    },
    /// These pictures, at most [`PictureOf::MOST`]. Answered when one of them is settled, or after a while.
    Pictures(Vec<PictureOf>),
}

/// Which picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PictureOf {
    /// On which server.
    pub server: ServerId,
    /// Of whom or what.
    pub subject: Subject,
    /// The last change of it, Unix milliseconds (`User::last_picture_update`); `None` = the newest that there is.
    pub version: Option<i64>,
}

/// Of whom or what a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// A person or a bot.
    Person(UserId),
    /// A file of a message: the small picture that its server made. It is there only while a card shows it.
    File(FileId),
}

impl PictureOf {
    /// Pictures in one question at most.
    pub const MOST: usize = 32;

    /// A person's picture, of this version or the newest.
    pub fn person(server: ServerId, user: UserId, version: Option<i64>) -> Self {
        Self { server, subject: Subject::Person(user), version }
    }

    /// The small picture of a file, which never changes.
    pub fn thumbnail(server: ServerId, file: FileId) -> Self {
        Self { server, subject: Subject::File(file), version: None }
    }
}

/// Somebody who was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPerson {
    /// Who.
    pub user: UserId,
    /// First and last name; the username where there is none.
    pub name: String,
    /// Login name.
    pub username: String,
}

impl FoundPerson {
    /// People in one answer at most.
    pub const MOST: usize = 20;
    /// Letters that are looked for at most.
    pub const LONGEST_TEXT: usize = 128;
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
    /// The person has to answer or to fill in something first.
    Obstacle(Obstacle),
    /// The server is reached in the new way.
    ReachSet,
    /// Signed in; the entry is in the view now or in a moment.
    SignedIn,
    /// Signed out here.
    SignedOut {
        /// Why the session may go on at the server, one sentence; `None` = it has ended there too.
        remains: Option<String>,
    },
    /// In which ways one signs in.
    SignInWays(SignInWays),
    /// The browser was asked to open a page.
    BrowserOpened {
        /// Names this sign-in.
        number: u64,
        /// The page, to be opened by hand where the browser did not. It holds our half of the secret.
        address: Secret,
        /// Whether the browser can hand the sign-in over; otherwise the last page's address is pasted.
        handover: bool,
    },
    /// There is no keyring to keep the token in, or none that answers: the person chooses.
    KeyringMissing {
        /// What is the matter, one sentence without a full stop.
        message: String,
    },
    /// It is done.
    Done,
    /// The server wants the code of an authenticator.
    MfaWanted {
        /// Whether a code was given and refused.
        refused: bool,
    },
    /// How things are, a line each.
    Doctor(Vec<DoctorLine>),
    /// A server's Notifications page.
    Settings(Box<ServerSettings>),
    /// The Channels page.
    Channels(Box<ChannelsTable>),
    /// What would happen.
    Trial(Box<Trial>),
    /// The output devices for sound, by name.
    SoundDevices(Vec<String>),
    /// The file was taken over; its entry is in the preferences now or in a moment.
    SoundImported {
        /// Its number: `SoundChoice::Own`.
        id: u32,
        /// Only its first ten seconds are used.
        cut: bool,
    },
    /// Activity was written.
    Exported {
        /// Where it is.
        path: String,
        /// How many rows.
        rows: u64,
    },
    /// People who were looked for, at most [`FoundPerson::MOST`], as the server orders them.
    People(Vec<FoundPerson>),
    /// Pictures, each with what was asked for.
    Pictures(Vec<(PictureOf, Picture)>),
    /// It did not work.
    Failed {
        /// Why, in one sentence for people.
        message: String,
    },
}

/// In which ways a server lets people in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInWays {
    /// With a password.
    pub password: bool,
    /// What the server calls the name that goes with it; empty = username or email.
    pub login_id: String,
    /// With the browser.
    pub browser: Vec<BrowserWay>,
    /// It would offer the browser, but is too old to hand the sign-in over.
    pub browser_too_old: bool,
}

/// A way in through the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserWay {
    /// Who vouches for the person.
    pub provider: Provider,
    /// What the server calls it.
    pub label: String,
}

/// Who vouches for a person in the browser (protocol §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Provider {
    /// GitLab, or what pretends to be it.
    GitLab,
    /// Google.
    Google,
    /// Microsoft Entra ID, once Office 365.
    Office365,
    /// Any `OpenID` Connect provider.
    OpenId,
    /// Any SAML provider.
    Saml,
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
