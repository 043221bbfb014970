use std::path::Path;

use super::*;

struct RestLine {
    method: String,
    path: String,
    status: u16,
    body: Vec<u8>,
}

/// The answers of action 0. The recordings live beside the repository; `None` where they are not at hand.
fn start_of(recording: &str) -> Option<Vec<RestLine>> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings").join(recording);
    let text = std::fs::read_to_string(shared).ok()?;
    let mut lines = Vec::new();
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        match value["k"].as_str() {
            Some("action") if value["n"] != 0 => break,
            Some("rest") => lines.push(RestLine {
                method: value["method"].as_str().unwrap().to_owned(),
                path: value["path"].as_str().unwrap().to_owned(),
                status: u16::try_from(value["status"].as_u64().unwrap()).unwrap(),
                body: value["body"].to_string().into_bytes(),
            }),
            _ => {}
        }
    }
    Some(lines)
}

fn collect(lines: &[RestLine]) -> Snapshot {
    let mut collector = Collector::default();
    for line in lines {
        collector.absorb(&line.method, &line.path, line.status, &line.body);
    }
    collector.finish().unwrap()
}

#[test]
fn the_start_of_every_recording_becomes_a_whole_snapshot() {
    // Recording, version, CollapsedThreads, own choice, channels.
    let table = [
        ("server-11.1-threads-on.jsonl", "11.1.0", "on"),
        ("server-11.1-threads-off.jsonl", "11.1.0", "off"),
        ("server-5.37-threads-on.jsonl", "5.37", "on"),
        ("server-5.37-threads-off.jsonl", "5.37", "off"),
    ];
    for (recording, version, threads) in table {
        let Some(lines) = start_of(recording) else { return };
        let snapshot = collect(&lines);
        let me = snapshot.me.as_ref().unwrap();
        assert!(me.username.starts_with("morgan"), "{recording}");
        assert!(me.notify_props.as_ref().unwrap().contains_key("desktop"), "{recording}");
        assert!(snapshot.config.version.starts_with(version), "{recording}: {}", snapshot.config.version);
        assert!(snapshot.config.collapsed_threads.is_some(), "{recording}");
        assert_eq!(snapshot.teams.len(), 2, "{recording}");
        assert_eq!(snapshot.channels.len(), 8, "{recording}");
        assert_eq!(snapshot.members.len(), snapshot.channels.len(), "{recording}");
        assert_eq!(snapshot.users.len(), 2, "{recording}");
        assert!(snapshot.status.is_some(), "{recording}");
        let chosen = snapshot.preferences.iter().find(|p| p.name == "collapsed_reply_threads").unwrap();
        assert_eq!(chosen.value, threads, "{recording}");
        assert!(snapshot.direct_threads.is_some(), "{recording}");
        assert!(snapshot.threads_complete, "{recording}");
        assert!(!snapshot.team_threads.is_empty(), "{recording}");
    }
}

#[test]
fn a_cut_member_stream_does_not_hide_the_lists_per_team() {
    let mut collector = Collector::default();
    collector.absorb("GET", "/users/me", 200, br#"{"id":"u1"}"#);
    collector.absorb("GET", "/users/me/channels", 200, br#"[{"id":"c1","type":"O","team_id":"t1"}]"#);
    let cut = collector.absorb("GET", "/users/me/channel_members?page=-1", 200, br#"{"_not_json":"{\"channel_id\":"}"#);
    assert_eq!(cut, Absorbed::Cut);
    assert!(!collector.has_members());
    let rows = br#"[{"channel_id":"c1","mention_count":3}]"#;
    assert_eq!(collector.absorb("GET", "users/me/teams/t1/channels/members", 200, rows), Absorbed::Used { rows: 1 });
    assert_eq!(collector.finish().unwrap().members[0].mention_count, 3);
}

#[test]
fn members_are_read_from_an_array_from_lines_and_from_a_stream_that_was_cut() {
    let body = |text: &str| {
        let mut collector = Collector::default();
        let absorbed = collector.absorb("GET", "/users/me/channel_members?page=-1", 200, text.as_bytes());
        (absorbed, collector.members.len())
    };
    let one = r#"{"channel_id":"c1"}"#;
    let two = r#"{"channel_id":"c2"}"#;
    assert_eq!(body(&format!("[{one},{two}]")), (Absorbed::Used { rows: 2 }, 2));
    assert_eq!(body(&format!("{one}\n{two}\n")), (Absorbed::Used { rows: 2 }, 2));
    assert_eq!(body(&format!("{one}\n{}", &two[..9])), (Absorbed::Cut, 1));
    assert_eq!(body(&format!("[{one},{}", &two[..9])), (Absorbed::Cut, 1));
    assert_eq!(body("<html>"), (Absorbed::Cut, 0));
}

#[test]
fn a_person_without_channels_has_an_empty_list_and_no_error() {
    let broken = br#"[{"id":"app.channel.get_channels.not_found.app_error","message":"x","status_code":404}"#;
    let missing = br#"{"id":"app.channel.get_member.missing.app_error","status_code":404}"#;
    for status in [200, 404] {
        let mut collector = Collector::default();
        collector.absorb("GET", "/users/me", 200, br#"{"id":"u1"}"#);
        collector.absorb("GET", "/users/me/channels", status, broken);
        collector.absorb("GET", "/users/me/channel_members?page=-1", 404, missing);
        assert!(collector.finish().unwrap().channels.is_empty());
    }
}

#[test]
fn an_unknown_path_leaves_the_lists_unanswered() {
    let mut collector = Collector::default();
    let unknown = br#"{"id":"api.context.404.app_error"}"#;
    assert_eq!(collector.absorb("GET", "/users/me/channels", 404, unknown), Absorbed::Ignored);
    assert!(!collector.has_channels());
    assert_eq!(collector.finish().unwrap_err(), BootstrapError::NoMe);
}

#[test]
fn one_wrong_type_costs_one_field() {
    let channel = shapes::channel(
        r#"{"id":"c1","type":7,"team_id":{},"name":"a__b","total_msg_count":"9","last_post_at":5,"delete_at":null}"#,
    )
    .unwrap();
    assert_eq!((channel.last_post_at, channel.total_msg_count), (5, 0));
    assert_eq!(channel.channel_type, ChannelType::Direct);
    let user = shapes::user(r#"{"id":"u1","username":"ann","notify_props":[1],"props":"x","is_bot":"true"}"#).unwrap();
    assert_eq!((user.username.as_str(), user.notify_props, user.is_bot), ("ann", None, false));
    let member =
        shapes::member(r#"{"channel_id":"c1","msg_count":2.0,"notify_props":{"desktop":1,"push":"all"}}"#).unwrap();
    assert_eq!((member.msg_count, member.notify_props.len()), (2, 1));
    assert!(shapes::channel(r#"{"name":"no id"}"#).is_none());
    assert!(shapes::channel("[]").is_none());
}

#[test]
fn a_limited_configuration_never_replaces_the_full_one() {
    let mut collector = Collector::default();
    collector.absorb(
        "GET",
        "/config/client?format=old",
        200,
        br#"{"Version":"11.1.0","CollapsedThreads":"always_on"}"#,
    );
    collector.absorb("GET", "/config/client?format=old", 200, br#"{"Version":"11.1.0","SiteName":"x"}"#);
    assert_eq!(collector.config.unwrap().collapsed_threads.as_deref(), Some("always_on"));
}

#[test]
fn running_calls_know_whether_this_person_dismissed_them() {
    let mut collector = Collector::default();
    collector.absorb("GET", "/users/me", 200, br#"{"id":"u1"}"#);
    collector.absorb("GET", "/users/me/channels", 200, b"[]");
    collector.absorb("GET", "/users/me/channel_members", 200, b"[]");
    collector.absorb("GET", "/plugins/com.mattermost.calls/config", 200, br#"{"EnableRinging":true}"#);
    let calls = br#"[{"channel_id":"c1","call":{"id":"k1","start_at":5,"sessions":[{"session_id":"s","user_id":"u2"}],
        "owner_id":"u2","dismissed_notification":{"u1":true,"u3":1}}},{"channel_id":"c2","enabled":true}]"#;
    collector.absorb("GET", "/plugins/com.mattermost.calls/channels", 200, calls);
    let setup = collector.finish().unwrap().calls.unwrap();
    assert!(setup.ringing);
    assert_eq!(setup.active.len(), 1);
    assert!(setup.active[0].dismissed_by_me);
    assert_eq!(setup.active[0].sessions.len(), 1);
}

#[test]
fn an_old_server_lists_threads_and_direct_ones_are_counted_once() {
    let mut collector = Collector::default();
    collector.absorb("GET", "/users/me", 200, br#"{"id":"u1"}"#);
    let channels = br#"[{"id":"c1","type":"O","team_id":"t1"},{"id":"d1","type":"D","name":"u1__u2"}]"#;
    collector.absorb("GET", "/users/me/teams/t1/channels", 200, channels);
    collector.absorb("GET", "/users/me/teams/t1/channels/members", 200, b"[]");
    let direct = r#"{"id":"p2","unread_replies":2,"unread_mentions":2,"post":{"channel_id":"d1","message":"hey"}}"#;
    let own = r#"{"id":"p1","unread_replies":1,"unread_mentions":0,"post":{"channel_id":"c1"}}"#;
    let first =
        format!(r#"{{"total":2,"total_unread_threads":2,"total_unread_mentions":2,"threads":[{own},{direct}]}}"#);
    let second = format!(r#"{{"total":1,"total_unread_threads":1,"total_unread_mentions":2,"threads":[{direct}]}}"#);
    collector.absorb("GET", "/users/me/teams/t1/threads?unread=true", 200, first.as_bytes());
    collector.absorb("GET", "/users/me/teams/t2/threads?unread=true", 200, second.as_bytes());
    let snapshot = collector.finish().unwrap();
    assert!(snapshot.threads_complete);
    assert_eq!(snapshot.threads.len(), 2);
    let mentions: Vec<i64> = snapshot.team_threads.iter().map(|(_, counts)| counts.unread_mentions).collect();
    assert_eq!(mentions, [0, 0]);
    assert_eq!(snapshot.direct_threads.unwrap().1.unread_mentions, 2);
}

#[test]
fn absurd_thread_counters_are_summed_without_overflow() {
    let mut collector = Collector::default();
    collector.absorb("GET", "/users/me", 200, br#"{"id":"u1"}"#);
    collector.absorb("GET", "/users/me/channels", 200, br#"[{"id":"c1","type":"O","team_id":"t1"}]"#);
    collector.absorb("GET", "/users/me/channel_members", 200, b"[]");
    let thread = |id: &str| {
        format!(
            r#"{{"id":"{id}","unread_replies":1,"unread_mentions":{},"is_urgent":true,"post":{{"channel_id":"c1"}}}}"#,
            i64::MAX
        )
    };
    let list = format!(
        r#"{{"total":2,"total_unread_threads":2,"total_unread_mentions":2,"threads":[{},{}]}}"#,
        thread("p1"),
        thread("p2")
    );
    collector.absorb("GET", "/users/me/teams/t1/threads", 200, list.as_bytes());
    let (_, counts) = collector.finish().unwrap().team_threads[0];
    assert_eq!((counts.unread_mentions, counts.unread_urgent_mentions), (i64::MAX, i64::MAX));
}
