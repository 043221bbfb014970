//! What nobody should send.

use belfry_core::command::Command;
use belfry_core::ids::{BannerId, ServerId};
use belfry_core::prefs::{LocalPrefs, Permission};
use belfry_core::problem::ProblemKind;
use belfry_core::signal::{Signal, Surface};
use serde_json::json;

use crate::Seed;

/// The size of a text that is nothing but marks, in bytes.
const MANY: usize = 8 * 1024;

fn seeds<const N: usize>(seeds: [(&str, String); N]) -> Vec<Seed> {
    seeds.into_iter().map(|(name, text)| (format!("hostile-{name}"), text.into_bytes())).collect()
}

fn posted(post: &str) -> String {
    let data = json!({"channel_type": "O", "sender_name": "@rosa", "post": post});
    format!("{{\"event\":\"posted\",\"data\":{data},\"broadcast\":{{\"channel_id\":\"ops\"}},\"seq\":1}}")
}

pub(crate) fn frames() -> Vec<Seed> {
    let post = r#"{"id":"p1","channel_id":"ops","user_id":"rosa","message":"hi"}"#;
    let whole = posted(post);
    let cut = |at: usize| whole.get(..at).unwrap_or_default().to_owned();
    let mut all = seeds([
        ("whole", whole.clone()),
        ("cut-in-the-post", cut(90)),
        ("cut-in-the-event", cut(12)),
        ("cut-before-the-end", cut(whole.len() - 1)),
        ("empty", String::new()),
        ("blank", " \n\t ".to_owned()),
        ("null", "null".to_owned()),
        ("nul", "\0".to_owned()),
        ("no-object", "[\"posted\"]".to_owned()),
        ("event-number", r#"{"event":7,"data":{}}"#.to_owned()),
        ("event-twice", r#"{"event":"posted","event":"typing","data":{}}"#.to_owned()),
        ("event-escaped", r#"{"event":"post\u0065d","data":{"post":"{\"id\":\"p\",\"channel_id\":\"c\"}"}}"#.to_owned()),
        ("event-last", format!("{{\"seq\":1,{}}}", whole.trim_matches(['{', '}']).replace("\"seq\":1", "\"seq\":2"))),
        ("data-null", r#"{"event":"thread_updated","data":null,"broadcast":null}"#.to_owned()),
        ("data-array", r#"{"event":"post_unread","data":[1,2],"broadcast":{"channel_id":"ops"}}"#.to_owned()),
        ("post-object", r#"{"event":"posted","data":{"post":{"id":"p1"}}}"#.to_owned()),
        ("post-broken", posted(&post[..20])),
        ("post-array", posted("[]")),
        ("post-without-id", posted(r#"{"channel_id":"ops"}"#)),
        ("post-id-long", posted(&format!("{{\"id\":\"{}\",\"channel_id\":\"ops\"}}", "x".repeat(300)))),
        ("surrogate-lone", posted(r#"{"id":"p1","channel_id":"ops","message":"\ud800 and \udc00"}"#)),
        ("surrogate-outside", r#"{"event":"posted","data":{"sender_name":"\ud83d","post":"{\"id\":\"p\",\"channel_id\":\"c\"}"}}"#.to_owned()),
        ("number-huge", posted(r#"{"id":"p1","channel_id":"ops","create_at":1e999,"edit_at":-1e999}"#)),
        ("number-long", format!("{{\"event\":\"post_unread\",\"data\":{{\"msg_count\":{},\"channel_id\":\"ops\"}}}}", "9".repeat(400))),
        ("number-edge", r#"{"event":"post_unread","data":{"msg_count":9223372036854775807,"mention_count":-9223372036854775808,"last_viewed_at":18446744073709551615},"broadcast":{"channel_id":"ops"}}"#.to_owned()),
        ("number-fraction", r#"{"event":"thread_read_changed","data":{"thread_id":"p","unread_replies":1e18,"unread_mentions":0.5}}"#.to_owned()),
        ("deep-arrays", format!("{{\"event\":\"posted\",\"data\":{{\"mentions\":{}{}}}}}", "[".repeat(4000), "]".repeat(4000))),
        ("deep-objects", format!("{}1{}", "{\"data\":".repeat(1000), "}".repeat(1000))),
        ("deep-open", "[".repeat(MANY)),
        ("mentions-odd", r#"{"event":"posted","data":{"mentions":"[1,null,\"\",\"me\"]","followers":"{}","post":"{\"id\":\"p\",\"channel_id\":\"c\"}"}}"#.to_owned()),
        ("attachments-odd", posted(r#"{"id":"p1","channel_id":"ops","props":{"attachments":[null,{"text":7,"fields":[{"title":[],"value":{}}]},"x"],"from_webhook":true,"force_notification":"yes","end_at":"soon"},"metadata":{"priority":{"priority":9}}}"#)),
        ("times-odd", r#"{"event":"multiple_channels_viewed","data":{"channel_times":{"ops":"now","":1,"é":2,"dm":-1}}}"#.to_owned()),
        ("call-odd", r#"{"event":"custom_com.mattermost.calls_call_start","data":{"id":"c","channelID":"ops","sessions":[{}],"dismissed_notification":{"me":"true"},"start_at":-1}}"#.to_owned()),
        ("me-lines", "{\"id\":\"me\",\"channel_id\":\"ops\",\"team_id\":\"north\"}\n{\"id\":\"ops\"}\nnull\n{".to_owned()),
        ("threads-overflow", threads_overflow()),
        ("calls-odd", r#"[{"channel_id":"ops","call":{"id":"c","sessions":null}},{"channel_id":1,"call":[]},null]"#.to_owned()),
        ("explain", json!({"me": {"id": "me", "username": "morgan"}, "crt": true, "channel": {"id": "ops", "type": "O", "team_id": "north"}, "member": {"notify_props": {"desktop": "all"}}, "post": {"id": "p1", "channel_id": "ops", "user_id": "rosa", "message": "hi @morgan", "root_id": "r"}, "mentions": ["me"], "followers": ["me"], "status": "dnd"}).to_string()),
    ]);
    all.push(("hostile-not-utf8".to_owned(), b"{\"event\":\"posted\",\"data\":\"\xFF\xC0\x80\"}".to_vec()));
    all
}

/// Every number at its edge: rows of every kind at once.
fn threads_overflow() -> String {
    let thread = json!({"id": "t", "unread_replies": i64::MAX, "unread_mentions": i64::MAX, "is_urgent": true, "post": {"channel_id": "north"}});
    let mut other = thread.clone();
    if let Some(fields) = other.as_object_mut() {
        fields.insert("id".to_owned(), json!("u"));
    }
    json!({
        "id": "north", "channel_id": "north", "team_id": "north", "type": "O", "total": i64::MAX,
        "total_unread_threads": 2, "total_unread_mentions": i64::MAX, "threads": [thread, other],
        "msg_count": i64::MAX, "mention_count": i64::MIN, "total_msg_count": i64::MIN,
    })
    .to_string()
}

fn command(command: &Command) -> String {
    serde_json::to_string(command).unwrap_or_default()
}

fn signal(signal: &Signal) -> String {
    serde_json::to_string(signal).unwrap_or_default()
}

pub(crate) fn histories() -> Vec<Seed> {
    let pause = command(&Command::Pause { minutes: Some(1) });
    let resume = command(&Command::Resume);
    let toasts = signal(&Signal::SurfaceChanged(Surface::Toasts));
    let nowhere = signal(&Signal::SurfaceChanged(Surface::Nowhere));
    let gone = signal(&Signal::BannersFaceGone);
    let here = signal(&Signal::BannersFaceConnected);
    let over = signal(&Signal::BannersHovered(true));
    let away = signal(&Signal::BannersHovered(false));
    let quiet = signal(&Signal::SystemDoNotDisturb(true));
    let locked = signal(&Signal::ScreenLocked(true));
    let failed = signal(&Signal::ToastFailed(BannerId(1)));
    let clicked = signal(&Signal::ToastClicked(BannerId(1)));
    let trouble = signal(&Signal::ProblemRaised { kind: ProblemKind::Wire(ServerId(1)), detail: "odd".to_owned() });
    let snooze = command(&Command::SnoozeBanner { banner: BannerId(1), minutes: 1 });
    let forever = command(&Command::SnoozeBanner { banner: BannerId(1), minutes: u32::MAX });
    let open = command(&Command::OpenBanner(BannerId(1)));
    let read = command(&Command::MarkBannerRead(BannerId(1)));
    let clear = command(&Command::DismissAllBanners);
    let remove = command(&Command::RemoveServer(ServerId(1)));
    let out = command(&Command::SignedOutByPerson(ServerId(1)));
    let deny = command(&Command::SetPermission { server: ServerId(1), permission: Permission::DeniedForGood });
    let allow = command(&Command::SetPermission { server: ServerId(1), permission: Permission::Allowed });
    let mut odd = LocalPrefs::default();
    odd.banner.max_shown = 0;
    odd.banner.message_secs = 0;
    odd.sound.volume_percent = 255;
    let odd = command(&Command::SetLocalPrefs { base: Box::default(), prefs: Box::new(odd) });
    let signed_in = r#"do {"ServerSignedIn":{"server":null,"url":"https://new.example","name":"New","username":"m","auth":"password","insecure":false}}"#;
    seeds([
        ("twice", "post p1 ops rosa - m one\npost p1 ops rosa - m one\npaint\nedit p1 ops two\npost p1 ops rosa - m two\n".to_owned()),
        ("twice-on-two-servers", "post p1 dm rosa - m one\non 2\npost p1 dm rosa - m one\non 1\npost p1 dm rosa - m one\n".to_owned()),
        ("twice-after-load", "start p0\npost p0 dm rosa - m old\npost p1 dm rosa - m new\nnet wait\nnet live\nrest GET users/me 200 {\"id\":\"me\"}\nrest GET users/me/channels 200 []\nrest GET users/me/channel_members 200 null\nload\npost p1 dm rosa - m new\nwait 3000\n".to_owned()),
        ("unknown-channel", "post p1 far rosa - m where\nwait 500\nanswer {\"id\":\"far\",\"channel_id\":\"far\",\"team_id\":\"north\",\"type\":\"O\",\"msg_count\":-5,\"mention_count\":1e18}\npost p2 farther rosa - m\nrefuse\nwait 2500\n".to_owned()),
        ("unknown-author", "post p1 dm ghost - m boo\npost p2 dm ghost - m boo\nanswer {\"id\":\"ghost\",\"username\":\"\u{202E}evil\\u0007\"}\nwait 2500\n".to_owned()),
        ("threads", "post p1 ops me - - root\npost p2 ops rosa p1 - reply\nthread p1 ops 1 0\npost p3 ops rosa p1 f again\nthread p1 ops 2 1\nread p1 0 0\nwait 2500\n".to_owned()),
        ("threads-reordered", "thread p1 ops 3 9\npost p2 ops rosa p1 - reply\nread p1 -4 -4\nthread p1 ops 0 0\nthread p1 ops 9223372036854775807 9223372036854775807\nthread p9 gone 9223372036854775807 9223372036854775807\n".to_owned()),
        ("numbers", "unread ops 9223372036854775807 9223372036854775807 9223372036854775807\npost p1 ops rosa - m x\nunread ops -9223372036854775808 -9223372036854775808 0\npost p2 ops rosa - m y\nmember ops {\"msg_count\":9223372036854775807,\"mention_count\":9223372036854775807,\"mention_count_root\":9223372036854775807,\"user_id\":\"me\"}\nmember dm {\"mention_count\":9223372036854775807,\"mention_count_root\":9223372036854775807,\"user_id\":\"me\"}\npost p3 dm rosa - m z\nview ops -1\n".to_owned()),
        ("clock-back", format!("post p1 dm rosa - m x\nwall -99999999999\nwait 10\ndo {pause}\nwall 99999999999\npost p2 dm rosa - m y\nwall -9223372036854775808\ndo {pause}\nwait 100\nwall 9223372036854775807\nwait 100\n")),
        ("sleep", "post p1 dm rosa - m x\nleap 4294967295\npost p2 dm rosa - m y\npaint\nleap 4294967295\nwait 4294967295\n".to_owned()),
        ("held-back", format!("do {pause}\npost p1 dm rosa - m x\npost p2 ops jun - m y\nsee {locked}\ndo {resume}\nsee {}\nwait 1000\nsee {quiet}\npost p3 dm rosa - u z\nwait 70000\n", signal(&Signal::ScreenLocked(false)))),
        ("no-face", format!("see {gone}\npost p1 dm rosa - m x\nwait 4000\ntoast\npost p2 dm rosa - m y\nsee {here}\npost p3 dm rosa - m z\nwait 500\npaint\nsee {gone}\nwait 5000\n")),
        ("hovered", format!("post p1 dm rosa - m x\npaint\nsee {over}\nwait 60000\npost p2 gm jun - m y\nwait 60000\nsee {away}\nwait 60000\n")),
        ("toasts", format!("see {toasts}\npost p1 dm rosa - m x\nsee {failed}\npost p2 dm rosa - m y\ntoast\nsee {clicked}\nview dm 5\nsee {nowhere}\npost p3 dm rosa - m z\nsee {trouble}\n")),
        ("snoozed", format!("post p1 dm rosa - m x\npaint\ndo {snooze}\npost p2 dm rosa - m y\nwait 61000\npaint\ndo {forever}\ndo {open}\ndo {read}\ndo {clear}\n")),
        ("permission", format!("do {deny}\npost p1 dm rosa - m x\ndo {allow}\npost p2 dm rosa - m y\npaint\ndo {remove}\npost p3 dm rosa - m z\n{signed_in}\nnet live\n")),
        ("signed-out", format!("post p1 dm rosa - m x\nnet out the session ended\npost p2 dm rosa - m y\npaint\nnet live\ndo {out}\nnet none\nnet failed for good\nnet connecting\n{signed_in}\n")),
        ("odd-preferences", format!("do {odd}\npost p1 dm rosa - m x\npost p2 gm jun - m y\nwait 60000\n")),
        ("calls", "call dm c1 rosa 1795000000000\nwait 1000\ncall gm c2 jun 1\ncall dm c1 rosa 1\npost p1 dm rosa - m x\nend dm\nview gm 1\nwait 31000\nend gm\nend nowhere\n".to_owned()),
        ("read-along", "view dm 9223372036854775807\npost p1 dm rosa - m x\nwait 300\nview dm 1\npost p2 dm rosa - m y\nwait 2000\n".to_owned()),
        ("burst", burst()),
        ("urgent", "post p1 dm rosa - u now\nrepeat p1 dm rosa - u now\nrepeat p1 dm rosa - u now\nwait 700\nrepeat p9 far ghost - u what\nedit p1 dm later\ndelete p1 dm\nrepeat p1 dm rosa - u now\n".to_owned()),
        ("status", "status dnd\npost p1 dm rosa - m x\nstatus ooo\npost p2 dm rosa - u y\nstatus \u{202E}\nstatus online\nwait 100\n".to_owned()),
        ("bidi", "post p1 dm rosa - m \u{202E}gpj.exe \u{200B}\u{2066}\u{0}x\\n\\u0007\nthread r1 ops 1 1\npost p2 ops rosa r1 f \u{202D}y\nwait 100\n".to_owned()),
        ("load-hostile", "rest GET users/me 200 {\"id\":\"me\",\"username\":5,\"notify_props\":[]}\nrest GET users/me/channels 200 [{\"id\":\"ops\",\"type\":\"?\"},{\"id\":\"ops\",\"type\":9,\"total_msg_count\":-9223372036854775808},null,{\"id\":\"\"}]\nrest GET users/me/channel_members 200 [{\"channel_id\":\"ops\",\"msg_count\":9223372036854775807,\"mention_count\":-3,\"notify_props\":{\"desktop\":{},\"mark_unread\":\"?\"}},{\"channel_id\":\"none\",\"mention_count\":7}]\nrest GET users/me/teams/north/threads 200 {\"total_unread_threads\":-1,\"total_unread_mentions\":9223372036854775807}\nload\npost p1 ops rosa - m x\nview ops 0\n".to_owned()),
    ])
}

/// Posts everywhere, of every kind in turn.
fn burst() -> String {
    let channels = ["ops", "dm", "gm", "loud"].into_iter().cycle();
    let tags = ["m", "-", "u", "f"].into_iter().flat_map(|tag| [tag; 4]).cycle();
    let lines = channels.zip(tags).take(120).enumerate();
    let line = |(n, (channel, tag)): (usize, (&str, &str))| format!("post b{n} {channel} rosa - {tag} line {n}\n");
    lines.map(line).collect::<Vec<_>>().concat()
}

/// Lists in lists, and out again.
fn lists() -> String {
    (0..200).map(|depth| format!("{}- x\n", " ".repeat(depth % 40))).collect::<Vec<_>>().concat()
}

pub(crate) fn texts() -> Vec<Seed> {
    let mut all = seeds([
        ("asterisks", "*".repeat(MANY)),
        ("brackets", "[".repeat(MANY)),
        ("backticks", "`".repeat(MANY)),
        ("underscores", "_".repeat(MANY)),
        ("quotes", "> ".repeat(MANY / 2)),
        ("lists", lists()),
        ("links", "[a](b ".repeat(800)),
        ("images", "![".repeat(1500)),
        ("entities", "&amp;".repeat(800)),
        ("codes", ":tada::x".repeat(600)),
        ("emphasis", "*a **b _c __d ~~e ".repeat(200)),
        ("fences", "```\n~~~\n`` ` ```` x\n".repeat(100)),
        ("tables", "|a|b|\n|-|-|\n|1|2|\n".repeat(60)),
        ("tags", "<b><!-- --></b><".repeat(200)),
        ("addresses", "https://x.y/(((a)) www.a.b/_c_ example.org/*d* ".repeat(60)),
        ("names", "[id]: /x \"t\"\n[id][id] [id]\n".repeat(60)),
        ("bidi", "a\u{202E}cba\u{202C} \u{2066}x\u{2069} \u{061C}שלום (עולם) 123 [abc] مرحبا\n\u{200F}٣٤".to_owned()),
        ("zero-width", "p\u{200B}a\u{200C}y\u{200D}p\u{2060}a\u{FEFF}l\u{AD} \u{180E}\u{3164}".to_owned()),
        ("marks", format!("Z{}e{}", "\u{0300}\u{0316}".repeat(400), "\u{0E49}".repeat(100))),
        ("joined", "👩\u{200D}❤️\u{200D}💋\u{200D}👨🏽\u{200D}".repeat(20)),
        ("flags", "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}🇩🇪🇩\u{E0041}".repeat(8)),
        ("prepended", "\u{0600} \u{110BD} a\u{0600}\u{0600}\n".repeat(12)),
        ("ends", "\r\n\n\r\u{2028}\u{2029}\u{85}\u{B}\u{C}\u{2424}\t \u{A0}x  \n".repeat(20)),
        ("escapes", "\\*\\_\\`\\[\\\\\\".repeat(40)),
        ("headings", "# a\n## \n####### b\n===\n---\n***\n".repeat(12)),
        (
            "keywords",
            "deploy,c++,@here,発売,нес,_\nredeploy c++x @here 発売日 перенесли _deploy_ `deploy` &deploy;".to_owned(),
        ),
        ("empty", String::new()),
    ]);
    all.push(("hostile-not-utf8".to_owned(), b"\xFF*\xC3\x28_\xF0\x9F\x98".to_vec()));
    all
}
