//! What the person asked for. Plain data: commands cross the control socket.

use serde::{Deserialize, Serialize};

use crate::ids::{BannerId, ChannelId, PostId, ServerId};
use crate::prefs::{AuthKind, LocalPrefs, OwnSound, Permission};
use crate::reach::Reach;
use crate::reply::Typed;
use crate::settings::SettingChange;
use crate::settings::channels::{ChannelEdit, ChannelRef};
use crate::sound::SoundChoice;
use crate::view::UnreadPlace;

/// A place in the main window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// What was shown and what was not.
    Activity,
    /// The same, with Why? of what was decided about this post.
    Why(ServerId, PostId),
    /// What the badge counts, listed.
    Unread,
    /// The preferences of this server's account.
    Notifications(ServerId),
    /// The list of servers.
    Servers,
    /// The same, with the dialog that signs in to this one.
    SignIn(ServerId),
}

/// Something that a person wants done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// A server was signed in to: add it, or bring the entry with the same address and account back to life.
    /// Sent by the agent after the token is stored; never by a face.
    ServerSignedIn {
        /// The entry that was signed in again; `None` adds one.
        server: Option<ServerId>,
        /// Its address (`{base}` of the protocol spec).
        url: String,
        /// Name for people.
        name: String,
        /// The account.
        username: String,
        /// How it signed in.
        auth: AuthKind,
        /// Plain http was agreed to.
        insecure: bool,
        /// What stands between this computer and it.
        #[serde(default)]
        reach: Box<Reach>,
        /// The server's number for the session (`SessionPrefs::id`).
        #[serde(default)]
        session_id: String,
    },
    /// A server is reached in another way from now on. Sent by the agent after the secrets are stored; never by a face.
    SetReach {
        /// Which server.
        server: ServerId,
        /// How.
        reach: Box<Reach>,
    },
    /// Take a server out of the list.
    RemoveServer(ServerId),
    /// The session was ended by the person; the entry stays.
    SignedOutByPerson(ServerId),
    /// Answer to the permission prompt, or a change of mind later.
    SetPermission {
        /// Which server.
        server: ServerId,
        /// The answer.
        permission: Permission,
    },
    /// Connect again now instead of waiting.
    CheckAgain(ServerId),
    /// Open the message of a banner.
    OpenBanner(BannerId),
    /// Take a banner away without reading its message.
    DismissBanner(BannerId),
    /// Take every banner away, waiting ones included.
    DismissAllBanners,
    /// Mark read what a banner stands for.
    MarkBannerRead(BannerId),
    /// Show a banner again later.
    SnoozeBanner {
        /// Which banner.
        banner: BannerId,
        /// Minutes from now, 1–1440.
        minutes: u32,
    },
    /// Reply to a banner's message: the card stays until the reply is sent or ended.
    BeginReply(BannerId),
    /// Send what was typed, where its message is: into its thread, if it was in one. A draft that cannot be sent is kept.
    SendReply {
        /// Which banner.
        banner: BannerId,
        /// What.
        text: Typed,
    },
    /// Give a reply up.
    EndReply(BannerId),
    /// Do not ring for this call any more.
    DismissCall(BannerId),
    /// Open a message in the browser.
    OpenPost {
        /// Which server.
        server: ServerId,
        /// Which post.
        post: PostId,
    },
    /// Open a channel or thread of the unread list in the browser.
    OpenUnread {
        /// Which server.
        server: ServerId,
        /// What.
        place: UnreadPlace,
    },
    /// Mark a channel read.
    MarkRead {
        /// Which server.
        server: ServerId,
        /// Which channel.
        channel: ChannelId,
    },
    /// Mute or unmute a channel, on the server.
    SetMuted {
        /// Which server.
        server: ServerId,
        /// Which channel.
        channel: ChannelId,
        /// Muted from now on.
        muted: bool,
    },
    /// Show nothing for a while; `None` = until resumed.
    Pause {
        /// Minutes from now.
        minutes: Option<u32>,
    },
    /// Show notifications again.
    Resume,
    /// Change the local preferences. `base` is what the draft was made from: parts that changed since are kept.
    SetLocalPrefs {
        /// The preferences that the draft began with.
        base: Box<LocalPrefs>,
        /// The new ones.
        prefs: Box<LocalPrefs>,
    },
    /// Change preferences of the account on its server, all of them at once. Saved at once, shown at once, and put back if
    /// the server refuses. Where one was changed elsewhere since, none is saved.
    ChangeSettings {
        /// Which server.
        server: ServerId,
        /// What is to be changed.
        changes: Vec<SettingChange>,
    },
    /// Put back what the last change of a server's preferences changed.
    UndoSettings(ServerId),
    /// The person has seen what went wrong with these; what the server holds stays.
    ForgetSettingTrouble(ServerId),
    /// Do not wait for what is being saved any more; what the server made of it is read.
    CancelSaving(ServerId),
    /// Change what channels are set to, on any servers.
    EditChannels {
        /// Which.
        channels: Vec<ChannelRef>,
        /// What.
        edits: Vec<ChannelEdit>,
    },
    /// Put back what the last change of channels changed.
    UndoChannels,
    /// The person has seen what went wrong with channels.
    ForgetChannelTrouble,
    /// The page with a server's notifications was opened: a prompt that was closed is asked again (product.md).
    AskPermissionAgain(ServerId),
    /// Have a test notification sent, and watch it arrive.
    SendTest(ServerId),
    /// The receipt was seen.
    ForgetTest,
    /// A sound file was taken over. Sent by the agent; never by a face.
    AddOwnSound(OwnSound),
    /// Take a sound of the person's own away, with everything that names it.
    RemoveOwnSound(u32),
    /// The preferences file was edited by hand. Sent by the agent; never by a face.
    PrefsEdited(Box<LocalPrefs>),
    /// Play a sound to hear it.
    PreviewSound(SoundChoice),
    /// Stop the sound that plays.
    StopSound,
    /// Show a sample banner and play the sample sound.
    ShowSample(ServerId),
    /// Raise or start the main window.
    ShowWindow,
    /// The same, at this place.
    ShowPlace(Place),
    /// End the program.
    Quit,
}
