//! Words of the Sounds page.

/// Page.
pub const TITLE: &str = "Sounds";
/// Under the title.
pub const SUB: &str = "What you hear, how loud, and where it plays";
/// Card.
pub const SERVERS: &str = "Sounds by server";
/// What it means.
pub const SERVERS_SUB: &str = "Saved on the server, except a file of your own, which is for this computer";
/// Label of a row.
pub const MESSAGES: &str = "Messages";
/// Label of a row.
pub const CALLS: &str = "Incoming calls";
/// Said where the server does not ring.
pub const NO_RINGING: &str = "Ringing is not enabled on this server";
/// Card.
pub const PLAYBACK: &str = "Playback";
/// Setting.
pub const VOLUME: &str = "Volume";
/// What it means.
pub const VOLUME_HINT: &str = "Of everything that Belfry plays on this computer";
/// Setting.
pub const DEVICE: &str = "Output device";
/// What it means.
pub const DEVICE_HINT: &str = "A device that is not connected leaves sounds to the system's default until it is back";
/// Choice.
pub const DEFAULT_DEVICE: &str = "The system's default";
/// Card.
pub const OWN: &str = "Your own files";
/// What it means.
pub const OWN_SUB: &str =
    "WAV, Ogg Vorbis, MP3 or FLAC; the first ten seconds are used, and the file is copied into Belfry's folder";
/// Button.
pub const ADD_FILE: &str = "Add a file…";
/// Name of the field.
pub const PATH: &str = "Path of the file";
/// In the empty field.
pub const PATH_HINT: &str = "The whole path of a sound file";
/// Button.
pub const ADD: &str = "Add";
/// Said of a long file.
pub const CUT: &str = "The file is longer than ten seconds: only its beginning is used";
/// Empty state.
pub const NO_FILES: &str = "No file of your own yet";
/// Card.
pub const PARTICULAR: &str = "Sounds for a channel or person";
/// What it means.
pub const PARTICULAR_SUB: &str = "On this computer only; it wins over the server's choice";
/// Button.
pub const ADD_PARTICULAR: &str = "Add a channel or person…";
/// Empty state.
pub const NO_PARTICULAR: &str = "Every channel and person sounds as its server is set";
/// Name of the field.
pub const FIND_PARTICULAR: &str = "Search for a channel or person";
/// Above results.
pub const FOUND_CHANNELS: &str = "Channels and direct messages";
/// Above results.
pub const FOUND_PEOPLE: &str = "People, wherever they write";
/// Choice.
pub const SILENT: &str = "No sound";

/// "80 %".
pub fn percent(value: u32) -> String {
    format!("{value} %")
}

/// Name of the cross of a file.
pub fn remove(name: &str) -> String {
    format!("Remove {name}")
}

/// Somebody in a list of results.
pub fn found_person(name: &str, username: &str, server: &str) -> String {
    let at = format!("@{username}");
    let name = if name == username { at.clone() } else { format!("{name} ({at})") };
    if server.is_empty() { name } else { format!("{name} · {server}") }
}

/// Where the sound of a person is heard.
pub fn everywhere_on(server: &str) -> String {
    format!("Everywhere on {server}")
}

/// Name of a server's row.
pub fn setting_of(what: &str, server: &str) -> String {
    format!("{what}, {server}")
}
