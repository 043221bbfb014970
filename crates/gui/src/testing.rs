//! Made-up views, shaped like the look's pictures: for tests, pictures and examples. Every name is invented.

mod settings;

pub use settings::{busy_channels, channels, field, people, receipt, settings, sounds, trial};

use std::sync::Arc;

use belfry_core::activity::{ActivityRow, Decision, DecisionKind, TraceStep, Verdict};
use belfry_core::badge::Badge;
use belfry_core::decide::reason::Reason;
use belfry_core::event::Priority;
use belfry_core::ids::{BannerId, ChannelId, PostId, ServerId, UserId};
use belfry_core::prefs::{AuthKind, Permission, ServerPrefs, SessionPrefs};
use belfry_core::reach::Reach;
use belfry_core::sound::{MessageSound, SoundChoice};
use belfry_core::view::{BannerKind, BannerView, Health, ServerView, UnreadList, UnreadPlace, UnreadRow, View};

/// The present of the made-up world, Unix milliseconds.
pub const NOW_MS: i64 = 1_790_000_000_000;

const MINUTE_MS: i64 = 60_000;

/// A server that is live and allowed.
pub fn server(id: u32, name: &str, url: &str) -> ServerView {
    ServerView {
        id: ServerId(id),
        name: name.to_owned(),
        url: url.to_owned(),
        username: "morgan".to_owned(),
        health: Health::Live,
        last_heard_ms: NOW_MS - 4_000,
        permission: Permission::Allowed,
        badge: Badge::default(),
        unread: Arc::default(),
        version: "11.1.0".to_owned(),
        session_ends_ms: None,
        settings_revision: 0,
    }
}

/// The local preferences of a server.
pub fn entry(id: u32, auth: AuthKind) -> ServerPrefs {
    ServerPrefs {
        id: ServerId(id),
        url: "https://chat.example.org".to_owned(),
        name: "Northwind".to_owned(),
        username: "morgan".to_owned(),
        auth,
        permission: Permission::Allowed,
        insecure: false,
        reach: Reach::default(),
        session: SessionPrefs::default(),
    }
}

/// A channel or thread with something unread.
pub fn unread(place: UnreadPlace, title: &str, mentions: u32, messages: u32) -> UnreadRow {
    UnreadRow {
        place,
        title: title.to_owned(),
        channel: String::new(),
        team: String::new(),
        mentions,
        messages,
        urgent: false,
        muted: false,
    }
}

/// What is unread on the first server: the badge's three, and what makes a dot.
fn unread_list() -> UnreadList {
    let channel = |id| ChannelId::parse(id).map(UnreadPlace::Channel);
    let rosa = ChannelId::parse("rosadirect").map(|id| UnreadPlace::Direct(id, UserId::parse("rosaalmeida")));
    let thread = PostId::parse("post1").map(UnreadPlace::Thread);
    let rows = [
        rosa.map(|place| unread(place, "Rosa Almeida", 1, 1)),
        channel("incidents").map(|place| UnreadRow { urgent: true, ..unread(place, "Incidents", 1, 4) }),
        thread.map(|place| UnreadRow {
            channel: "Ops room".to_owned(),
            ..unread(place, "Which port behind the proxy?", 1, 2)
        }),
        channel("releasetrain").map(|place| unread(place, "Release train", 0, 12)),
        Some(unread(UnreadPlace::Threads(None, 2), "", 0, 0)),
    ];
    UnreadList { rows: rows.into_iter().flatten().collect(), more_mentions: 0, more_places: 0 }
}

/// A message on a card, of the first server.
pub fn banner(id: u64, sender: &str, text: &str) -> BannerView {
    BannerView {
        id: BannerId(id),
        version: 1,
        kind: BannerKind::Message,
        server: ServerId(1),
        server_name: "Northwind".to_owned(),
        channel_id: ChannelId::parse("opsroom"),
        post_id: PostId::parse(&format!("post{id}")),
        root_id: None,
        user_id: UserId::parse(&sender.replace(' ', "").to_lowercase()),
        picture: Some(NOW_MS),
        sender: sender.to_owned(),
        place: "Ops room".to_owned(),
        thread: None,
        text: text.to_owned(),
        files: None,
        priority: Priority::Standard,
        mentioned: true,
        more: 0,
        at_ms: NOW_MS,
        lifetime_ms: Some(10_000),
        remaining_ms: Some(10_000),
        reply: None,
        title: format!("{sender} in Ops room"),
        body: text.to_owned(),
    }
}

/// A decision like those of the Activity picture.
pub fn decision(seq: u64, sender: &str, text: &str) -> Decision {
    Decision {
        seq,
        kind: DecisionKind::Post,
        server: ServerId(1),
        server_name: "Northwind".to_owned(),
        channel_id: ChannelId::parse("releasetrain"),
        post_id: PostId::parse(&format!("post{seq}")),
        root_id: None,
        call_id: None,
        user_id: UserId::parse(&sender.replace(' ', "").to_lowercase()),
        sender: sender.to_owned(),
        alias: false,
        place: "Release train".to_owned(),
        direct: false,
        thread: None,
        title: sender.to_owned(),
        body: text.to_owned(),
        text: text.to_owned(),
        verdict: Verdict::Notify,
        reason: None,
        sentence: String::new(),
        setting: None,
        recovered: None,
        priority: Priority::Standard,
        mentioned: true,
        sound: Some(SoundChoice::Message(MessageSound::Bing)),
        at_ms: NOW_MS,
        ring: None,
        permalink: String::new(),
        trace: vec![
            step("own_post", "continue", "Not your own message"),
            step("notify", "notify", "You were mentioned"),
        ],
    }
}

fn step(rule: &'static str, outcome: &'static str, detail: &str) -> TraceStep {
    TraceStep { rule: rule.into(), outcome: outcome.into(), detail: detail.to_owned() }
}

/// The four rows of the Activity picture, the newest first.
pub fn activity() -> Vec<ActivityRow> {
    let mut rosa = decision(4, "Rosa Almeida", "Can you look at the release notes before noon?");
    (rosa.direct, rosa.place, rosa.at_ms) = (true, String::new(), NOW_MS - 2 * MINUTE_MS);
    let mut jun = decision(3, "Jun Okafor", "@channel freeze starts at 17:00, please hold your merges");
    (jun.verdict, jun.reason, jun.at_ms) = (Verdict::Skip, Some(Reason::ChannelMuted), NOW_MS - 6 * MINUTE_MS);
    "With this change it would have been shown, with the sound Bing".clone_into(&mut jun.sentence);
    jun.trace = vec![
        step("own_post", "continue", "Not your own message"),
        step("member", "continue", "You are a member of Release train"),
        step("muted", "skip", "Release train is muted, so only its badge counts"),
    ];
    let mut ci = decision(2, "Build bot", "pipeline 4213 failed on main");
    (ci.priority, ci.at_ms) = (Priority::Urgent, NOW_MS - 11 * MINUTE_MS);
    "Ops room".clone_into(&mut ci.place);
    let mut lena = decision(1, "Lena Maurer", "8065 inside, 443 outside");
    (lena.thread, lena.recovered, lena.at_ms) =
        (Some("Which port behind the proxy?".to_owned()), Some("thread_recovered".into()), NOW_MS - 24 * MINUTE_MS);
    [rosa, jun, ci, lena]
        .into_iter()
        .map(|decision| ActivityRow { row: i64::try_from(decision.seq).unwrap_or(0), decision })
        .collect()
}

/// The view behind the pictures: two servers, one signed out, four cards, seven more waiting.
pub fn view() -> View {
    let mut lumen = server(2, "Lumen Labs", "https://chat.lumen.example");
    lumen.health = Health::SignedOut { reason: "the session was revoked".to_owned() };
    let mut rosa = banner(
        4,
        "Rosa Almeida",
        "Can you look at the release notes before noon? I have put the open questions at the top.",
    );
    (rosa.place, rosa.server_name) = (String::new(), String::new());
    let mut jun = banner(3, "Jun Okafor", "@morgan the build is green again");
    (jun.more, jun.at_ms, jun.remaining_ms) = (6, NOW_MS - MINUTE_MS, Some(6_200));
    let mut ci = banner(2, "Build bot", "database primary is read-only");
    (ci.place, ci.priority, ci.at_ms) = ("Incidents".to_owned(), Priority::Urgent, NOW_MS - 2 * MINUTE_MS);
    (ci.lifetime_ms, ci.remaining_ms) = (None, None);
    let mut lena = banner(1, "Lena Maurer", "8065 inside, 443 outside. I have updated the wiki page.");
    (lena.place, lena.at_ms) = ("Which port behind the proxy?".to_owned(), NOW_MS - 4 * MINUTE_MS);
    (lena.lifetime_ms, lena.remaining_ms) = (None, None);
    let mut northwind = server(1, "Northwind", "https://chat.northwind.example");
    northwind.badge = Badge { mentions: 3, unread: true, ..Badge::default() };
    northwind.unread = Arc::new(unread_list());
    View {
        revision: 1,
        badge: Badge { mentions: 3, unread: true, signed_out: true, dot_hidden: false },
        servers: vec![northwind, lumen],
        banners: vec![rosa, jun, ci, lena],
        banners_waiting: 7,
        activity_revision: 1,
        ..View::default()
    }
}
