//! What happens, when, and where.

/// Something that somebody does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Writes to the observer: text.
    Direct(&'static str),
    /// Writes a group message: to whom, text.
    Group(&'static [&'static str], &'static str),
    /// Writes into a channel: channel, text.
    Post(&'static str, &'static str),
    /// The same with urgent priority.
    Urgent(&'static str, &'static str),
    /// Sends a file: channel, text, file name.
    File(&'static str, &'static str, &'static str),
    /// Sends an attachment as integrations do: channel, title, text.
    Attachment(&'static str, &'static str, &'static str),
    /// Answers a named post: name, text.
    Reply(&'static str, &'static str),
    /// The same, but the server forgets to say whom it concerns, as real ones sometimes do.
    UnannouncedReply(&'static str, &'static str),
    /// Is writing in a channel.
    Typing(&'static str),
    /// Changes a named post.
    Edit(&'static str, &'static str),
    /// Deletes a named post.
    Delete(&'static str),
    /// Reads a channel on another device.
    Read(&'static str),
    /// Reads a named thread on another device.
    ReadThread(&'static str),
    /// Starts a call, or joins it.
    Call(&'static str),
    /// Leaves a call.
    HangUp(&'static str),
    /// Chooses an availability.
    Status(&'static str),
    /// Joins a channel.
    Join(&'static str),
    /// The observer's session ends on the server's side.
    LoseSession,
}

/// One line of the script.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Milliseconds after the start of the day.
    pub at_ms: u32,
    /// Which server.
    pub server: usize,
    /// User name of the one who acts.
    pub who: &'static str,
    /// A name for the post, if a later scene refers to it; else empty.
    pub name: &'static str,
    /// What they do.
    pub act: Act,
}

const NORTHWIND: usize = 0;
const LUMEN: usize = 1;

const fn scene(at_ms: u32, server: usize, who: &'static str, act: Act) -> Scene {
    Scene { at_ms, server, who, name: "", act }
}

const fn named(name: &'static str, at_ms: u32, server: usize, who: &'static str, act: Act) -> Scene {
    Scene { at_ms, server, who, name, act }
}

/// What has happened before; all of it is read.
pub(super) const YESTERDAY: &[Scene] = &[
    named("port", 0, NORTHWIND, "morgan", Act::Post("ops-room", "Which port behind the proxy?")),
    scene(0, NORTHWIND, "tomas", Act::Reply("port", "Let me look it up.")),
    scene(0, NORTHWIND, "priya", Act::Post("town-square", "Welcome to the new week, everybody.")),
    scene(0, NORTHWIND, "rosa", Act::Direct("Thanks for yesterday!")),
    scene(0, NORTHWIND, "jun", Act::Group(&["morgan", "rosa"], "Lunch plans can go here.")),
    scene(0, LUMEN, "ines", Act::Post("lab-floor", "The new lamp has arrived.")),
    scene(0, LUMEN, "kofi", Act::Direct("See you on Thursday.")),
    scene(0, NORTHWIND, "morgan", Act::ReadThread("port")),
];

/// The day, in order.
pub const SCRIPT: &[Scene] = &[
    scene(1_000, NORTHWIND, "rosa", Act::Typing("@morgan")),
    named(
        "notes",
        2_500,
        NORTHWIND,
        "rosa",
        Act::Direct("Can you look at the release notes before noon? I have put the open questions at the top."),
    ),
    // Seven in one channel become one card.
    scene(7_000, NORTHWIND, "jun", Act::Post("ops-room", "@morgan the build is green again")),
    scene(8_000, NORTHWIND, "priya", Act::Post("ops-room", "Nice. Was it the cache?")),
    scene(8_800, NORTHWIND, "jun", Act::Post("ops-room", "The cache and a wrong lock file.")),
    scene(9_600, NORTHWIND, "tomas", Act::Post("ops-room", "I can confirm, the nightly job passed too.")),
    scene(10_400, NORTHWIND, "priya", Act::Post("ops-room", "Then let us close the ticket.")),
    scene(11_200, NORTHWIND, "lena", Act::Post("ops-room", "Closed, with a link to the run.")),
    scene(12_000, NORTHWIND, "jun", Act::Post("ops-room", "Thank you all :tada:")),
    scene(16_000, NORTHWIND, "buildbot", Act::Urgent("incidents", "database primary is read-only")),
    scene(
        20_000,
        NORTHWIND,
        "lena",
        Act::UnannouncedReply("port", "8065 inside, 443 outside. I have updated the wiki page."),
    ),
    // Muted: not shown, and the window can say why.
    scene(
        24_000,
        NORTHWIND,
        "jun",
        Act::Post("release-train", "@channel freeze starts at 17:00, please hold your merges"),
    ),
    scene(
        27_000,
        NORTHWIND,
        "buildbot",
        Act::Post(
            "ops-room",
            "pipeline 4213 failed on main\n```\nerror: could not bind 127.0.0.1:8065\n       address already in use\n```",
        ),
    ),
    // A dot on the second server, then a number.
    scene(31_000, LUMEN, "ines", Act::Post("lab-floor", "The spectrometer is free from two o'clock.")),
    named("order", 34_000, LUMEN, "kofi", Act::Direct("Did the filters for the *blue* channel arrive?")),
    scene(38_000, NORTHWIND, "rosa", Act::Call("@morgan")),
    scene(46_000, NORTHWIND, "rosa", Act::HangUp("@morgan")),
    // Read on a telephone: the card goes away by itself.
    scene(50_000, NORTHWIND, "morgan", Act::Read("@rosa")),
    scene(53_000, NORTHWIND, "jun", Act::Group(&["morgan", "rosa"], "Noodles at one?")),
    named(
        "typo",
        56_000,
        NORTHWIND,
        "priya",
        Act::Post("design-corner", "@morgan the new icons are in the _shared_ fodler"),
    ),
    scene(58_000, NORTHWIND, "priya", Act::Edit("typo", "@morgan the new icons are in the _shared_ folder")),
    scene(61_000, NORTHWIND, "lena", Act::File("design-corner", "@morgan a first picture", "icons.png")),
    named("oops", 64_000, NORTHWIND, "tomas", Act::Direct("wrong window, sorry")),
    scene(66_000, NORTHWIND, "tomas", Act::Delete("oops")),
    // The second server throws us out: "!" beside the number.
    scene(70_000, LUMEN, "morgan", Act::LoseSession),
    scene(74_000, NORTHWIND, "morgan", Act::Status("dnd")),
    scene(76_000, NORTHWIND, "jun", Act::Direct("No hurry: can you send me the agenda?")),
    scene(80_000, NORTHWIND, "morgan", Act::Status("online")),
    scene(
        84_000,
        NORTHWIND,
        "buildbot",
        Act::Attachment("incidents", "Database primary", "Writable again after **4 min 12 s**."),
    ),
    scene(90_000, NORTHWIND, "rosa", Act::Reply("notes", "And thank you for the quick look!")),
];
