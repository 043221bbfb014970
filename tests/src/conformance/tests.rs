//! Edge cases of the spec, written as vectors.

use serde_json::json;

use super::*;

#[track_caller]
fn holds(kind: &str, input: &Value, expected: &Value) {
    let got = answer(kind, input, &input.to_string()).unwrap();
    assert!(compare::agrees(kind, &got, expected), "{kind}: expected {expected}, got {got}");
}

#[test]
fn an_unknown_kind_is_a_failure_and_the_schema_is_none() {
    let report = run(r#"[{"id":"_schema"},{"id":"a","kind":"moon","input":{},"expected":{}}]"#).unwrap();
    assert_eq!((report.passed(), report.failed()), (0, 1));
    assert!(report.to_string().starts_with("moon: 0/1\na\n"), "{report}");
    assert!(report.to_string().ends_with("\n0 passed, 1 failed"));
    assert!(run("{}").is_err());
}

#[test]
fn only_the_expected_keys_are_compared() {
    let text = r#"[{"id":"a","kind":"strip_markdown","input":{"text":"**x**"},"expected":{"text":"x"}},
        {"id":"b","kind":"strip_markdown","input":{"text":"x"},"expected":{"text":"y"}}]"#;
    let report = run(text).unwrap();
    assert_eq!((report.passed(), report.failed()), (1, 1));
    assert!(report.to_string().contains("b\n  expected {\"text\":\"y\"}\n  got      {\"text\":\"x\"}"), "{report}");
}

fn situation() -> Value {
    json!({
        "me": {"id": "me", "username": "morgan", "first_name": "Morgan", "group_mention_keys": []},
        "user_notify_props": {"desktop": "mention", "mention_keys": "deploy", "first_name": "true", "channel": "true"},
        "status": "online", "crt": false, "window_focused": false, "current_channel_id": "other",
        "current_team_id": "north", "open_thread_id": null, "teams": {"north": {"name": "north"}},
        "channel": {"id": "ops", "type": "O", "name": "ops", "display_name": "Ops room", "team_id": "north"},
        "channel_notify_props": {}, "author": {"id": "rosa", "username": "rosa"},
        "config": {"EnablePostUsernameOverride": "false", "TeammateNameDisplay": "username"},
        "post": {"id": "post1", "user_id": "rosa", "root_id": "", "channel_id": "ops", "type": "", "props": {}, "message": "look"},
        "event": {"channel_type": "O", "channel_name": "ops", "channel_display_name": "Ops room", "sender_name": "@rosa",
            "team_id": "north", "mentions": ["me"], "followers": null},
    })
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut input = situation();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        input.pointer_mut(parent).unwrap()[key] = value.clone();
    }
    input
}

#[test]
fn posts_are_decided_by_the_first_rule_that_objects() {
    let decided = |changes: &[(&str, Value)], reason: Value| {
        holds("posted", &with(changes), &json!({"reason": reason, "banner": reason.is_null()}));
    };
    decided(&[], Value::Null);
    decided(&[("/event/mentions", json!([]))], json!("not_mentioned"));
    decided(&[("/event/mentions", json!(null)), ("/event/followers", json!(["me"]))], Value::Null);
    decided(&[("/event/mentions", json!(null)), ("/event/channel_type", json!("D"))], Value::Null);
    decided(&[("/channel_notify_props", json!(null))], json!("no_member"));
    decided(&[("/channel_notify_props/mark_unread", json!("mention"))], json!("channel_muted"));
    decided(&[("/channel_notify_props/desktop", json!("loud")), ("/event/mentions", json!(null))], Value::Null);
    decided(&[("/user_notify_props/desktop", json!("none"))], json!("notify_level_none"));
    decided(&[("/status", json!("ooo"))], json!("user_status"));
    decided(&[("/status", json!("away"))], Value::Null);
    decided(&[("/post/type", json!("system_join_channel"))], json!("system_message"));
    decided(&[("/post/type", json!("custom_calls"))], Value::Null);
    decided(
        &[("/post/type", json!("system_add_to_channel")), ("/post/props", json!({"addedUserId": "me"}))],
        Value::Null,
    );
    decided(&[("/post/user_id", json!("me"))], json!("own_post"));
    decided(&[("/post/user_id", json!("me")), ("/post/props", json!({"from_webhook": "true"}))], Value::Null);
    decided(&[("/post/user_id", json!("me")), ("/post/props", json!({"from_webhook": true}))], json!("own_post"));
}

#[test]
fn a_forced_post_passes_over_settings_but_not_over_authorship_or_membership() {
    let forced = ("/post/props", json!({"force_notification": "yes"}));
    let quiet = ("/channel_notify_props", json!({"mark_unread": "mention", "desktop": "none"}));
    holds("posted", &with(&[forced.clone(), quiet.clone(), ("/status", json!("dnd"))]), &json!({"banner": true}));
    let own = with(&[forced.clone(), ("/post/user_id", json!("me"))]);
    holds("posted", &own, &json!({"reason": "own_post"}));
    let stranger = with(&[forced, ("/channel_notify_props", json!(null))]);
    holds("posted", &stranger, &json!({"reason": "no_member", "status": "error"}));
    let empty = with(&[("/post/props", json!({"force_notification": ""})), quiet]);
    holds("posted", &empty, &json!({"reason": "channel_muted"}));
}

#[test]
fn replies_ask_who_follows_and_which_thread_is_open() {
    let reply = |changes: &[(&str, Value)]| {
        let mut all = vec![
            ("/crt", json!(true)),
            ("/post/root_id", json!("root1")),
            ("/user_notify_props/desktop", json!("all")),
        ];
        all.extend_from_slice(changes);
        with(&all)
    };
    holds("posted", &reply(&[]), &json!({"reason": "not_following_thread"}));
    holds("posted", &reply(&[("/event/followers", json!(["me"]))]), &json!({"banner": true}));
    holds("posted", &reply(&[("/channel_notify_props/desktop", json!("mention"))]), &json!({"banner": true}));
    let open = reply(&[
        ("/event/followers", json!(["me"])),
        ("/window_focused", json!(true)),
        ("/open_thread_id", json!("root1")),
    ]);
    holds("posted", &open, &json!({"reason": "thread_is_open", "data": "root1"}));
    let channel_only = reply(&[
        ("/event/followers", json!(["me"])),
        ("/window_focused", json!(true)),
        ("/current_channel_id", json!("ops")),
    ]);
    holds("posted", &channel_only, &json!({"banner": true}));
    let mut flat = channel_only;
    flat["crt"] = json!(false);
    holds("posted", &flat, &json!({"reason": "channel_is_open", "data": "ops"}));
    flat["window_focused"] = json!(false);
    holds("posted", &flat, &json!({"banner": true}));
}

#[test]
fn a_group_message_is_matched_by_its_text_only_where_its_channel_says_mentions() {
    let group = |changes: &[(&str, Value)]| {
        let mut all = vec![
            ("/channel/type", json!("G")),
            ("/event/channel_type", json!("G")),
            ("/channel_notify_props/desktop", json!("mention")),
        ];
        all.extend_from_slice(changes);
        with(&all)
    };
    holds("posted", &group(&[]), &json!({"reason": "not_explicitly_mentioned"}));
    holds("posted", &group(&[("/channel_notify_props/desktop", json!("default"))]), &json!({"banner": true}));
    for (message, banner) in [
        ("please **deploy**", true),
        ("`deploy`", false),
        (":deploy:", false),
        ("redeploy", false),
        ("Morgan?", true),
        ("morgan?", false),
        ("@morgan_", true),
        ("@here", true),
    ] {
        holds("posted", &group(&[("/post/message", json!(message))]), &json!({"banner": banner}));
    }
    let by_group = group(&[("/me/group_mention_keys", json!([{"key": "@crew"}])), ("/post/message", json!("@crew"))]);
    holds("posted", &by_group, &json!({"banner": true}));
    for (attachments, banner) in [
        (json!([{"title": "deploy"}]), true),
        (json!([{"footer": "deploy", "fields": null}]), true),
        (json!([{"fields": [{"title": "deploy", "value": 7}]}]), true),
        (json!([{"fields": [{"title": "x", "value": "deploy"}]}]), true),
        (json!([{"fallback": "deploy"}]), false),
        (json!([{"title": "deploy"}, {"text": 7}]), false),
        (json!([{"title": "deploy", "color": 7}]), false),
        (json!([{"title": "deploy", "text": null}]), false),
        (json!([{"title": "deploy", "fields": [{"value": "no title"}]}]), false),
        (json!([{"title": "deploy", "fields": [{"title": "no value"}]}]), false),
        (json!({"title": "deploy"}), false),
    ] {
        let input = group(&[("/post/props", json!({"attachments": attachments}))]);
        holds("posted", &input, &json!({"banner": banner}));
    }
    let ignored = group(&[("/user_notify_props/channel", json!("false")), ("/post/message", json!("@all"))]);
    holds("posted", &ignored, &json!({"banner": false}));
}

#[test]
fn texts_and_addresses_are_the_official_ones() {
    let says = |changes: &[(&str, Value)], expected: Value| holds("notification_text", &with(changes), &expected);
    says(&[], json!({"title": "Ops room", "body": "@rosa: look", "url": "/north/channels/ops"}));
    says(&[("/author", json!(null))], json!({"body": "@@rosa: look"}));
    says(&[("/author", json!(null)), ("/event/sender_name", json!(""))], json!({"body": "@Someone: look"}));
    let hook = json!({"override_username": "ci", "attachments": [{"pretext": "**built**", "image_url": "x"}]});
    says(
        &[
            ("/config/EnablePostUsernameOverride", json!("true")),
            ("/post/props", hook.clone()),
            ("/post/message", json!("")),
        ],
        json!({"body": "@ci: built"}),
    );
    says(&[("/post/message", json!("---"))], json!({"body": "@rosa posted a message"}));
    says(&[("/post/message", json!("  ")), ("/post/props", hook)], json!({"body": "@rosa posted an image"}));
    says(&[("/post/message", json!("")), ("/event/image", json!("true"))], json!({"body": "@rosa uploaded an image"}));
    says(
        &[("/post/message", json!("")), ("/event/otherFile", json!("true"))],
        json!({"body": "@rosa uploaded a file"}),
    );
    says(&[("/channel", json!(null))], json!({"title": "Ops room", "url": "/north/channels/ops"}));
    says(&[("/event/team_id", json!("gone"))], json!({"url": "/channels/ops"}));
    let named = json!({"id": "rosa", "username": "rosa", "first_name": "Rosa", "last_name": "Almeida", "nickname": ""});
    says(
        &[("/author", named), ("/config/TeammateNameDisplay", json!("nickname_full_name"))],
        json!({"body": "@Rosa Almeida: look"}),
    );
    let direct = [("/channel/type", json!("G")), ("/event/team_id", json!(""))];
    says(&direct, json!({"url": "/north/channels/ops"}));
}

#[test]
fn bookkeeping_copies_the_official_drift() {
    let post = |changes: &[(&str, Value)]| {
        let mut input = json!({"me": "me", "current_channel_id": "ops", "window_active": true, "manually_unread": false,
            "crt": false, "post": {"id": "p", "channel_id": "ops", "user_id": "rosa", "root_id": "", "type": "", "props": {}},
            "mentions": null});
        for (pointer, value) in changes {
            *input.pointer_mut(pointer).unwrap() = value.clone();
        }
        input
    };
    let does = |changes: &[(&str, Value)], action: &str, tell: bool| {
        holds("post_bookkeeping", &post(changes), &json!({"action": action, "tell_server": tell}));
    };
    does(&[], "mark_read", true);
    does(&[("/window_active", json!(false))], "count_unread", false);
    does(&[("/manually_unread", json!(true))], "count_unread", false);
    does(&[("/post/user_id", json!("me")), ("/current_channel_id", json!("else"))], "mark_read", false);
    does(&[("/post/user_id", json!("me")), ("/post/props", json!({"from_webhook": "true"}))], "mark_read", true);
    does(&[("/post/user_id", json!("me")), ("/crt", json!(true)), ("/post/root_id", json!("r"))], "ignore", false);
    does(&[("/post/type", json!("system_header_change"))], "mark_read", true);
    does(&[("/post/type", json!("system_join_team"))], "ignore", false);
}

#[test]
fn thread_counters_shift_as_the_official_client_shifts_them() {
    let counts = json!({"a": {"total": 3, "total_unread_threads": 1, "total_unread_mentions": 3}});
    let after = |change: Value, expected: Value| {
        holds("thread_counters", &json!({"counts": counts, "change": change}), &expected);
    };
    after(
        json!({"type": "read_changed", "team_id": "a", "prev_mentions": 3, "new_mentions": 0}),
        json!({"a": {"total": 3, "total_unread_threads": 1, "total_unread_mentions": 0}}),
    );
    after(json!({"type": "follow_changed", "team_id": "a", "following": true}), json!({"a": {"total": 4}}));
    after(json!({"type": "follow_changed", "team_id": "a", "following": false}), json!({"a": {"total": 2}}));
    after(json!({"type": "leave_team", "team_id": "a"}), json!({"a": null}));
    let left = json!({"type": "leave_channel", "team_id": "a", "threads": [
        {"unread_replies": 2, "unread_mentions": 1}, {"unread_replies": 0, "unread_mentions": 0}]});
    after(left, json!({"a": {"total": 1, "total_unread_threads": 0, "total_unread_mentions": 2}}));
}

#[test]
fn an_incoming_call_is_judged_once() {
    let call = |changes: Value| {
        let mut input = json!({"ringing_enabled": true, "channel_type": "D", "caller": {"id": "u1", "display": "rosa"},
            "me": "me", "other_members": [], "status": "online", "user_notify_props": {"desktop": "mention"},
            "channel_notify_props": {"desktop": "default"}, "window_hidden": true, "in_call": false,
            "other_call_ringing": false, "already_rang": false, "dismissed": false});
        for (key, value) in changes.as_object().unwrap() {
            input[key] = value.clone();
        }
        input
    };
    let rings = |changes: Value, expected: Value| holds("incoming_call", &call(changes), &expected);
    rings(
        json!({}),
        json!({"card": true, "ring": "Calm", "banner": true, "title": "rosa", "message_banner_vetoed": true}),
    );
    rings(
        json!({"ringing_enabled": false}),
        json!({"card": false, "ring": null, "banner": false, "message_banner_vetoed": false}),
    );
    rings(json!({"channel_type": "O"}), json!({"card": false, "message_banner_vetoed": false}));
    rings(json!({"dismissed": true}), json!({"card": false}));
    rings(json!({"caller": {"id": "me", "display": "me"}}), json!({"card": false, "message_banner_vetoed": false}));
    rings(json!({"channel_notify_props": null}), json!({"card": true, "ring": null, "banner": false}));
    rings(
        json!({"channel_notify_props": {"desktop": "none"}}),
        json!({"ring": "Calm", "banner": false, "message_banner_vetoed": false}),
    );
    rings(json!({"user_notify_props": {"desktop": "none"}}), json!({"card": true, "ring": null, "banner": false}));
    rings(json!({"user_notify_props": {"calls_desktop_sound": "false"}}), json!({"ring": null, "banner": true}));
    rings(json!({"window_hidden": false}), json!({"ring": "Calm", "banner": false}));
    rings(json!({"in_call": true}), json!({"ring": null, "banner": true, "may_ring_later": false}));
    rings(
        json!({"channel_type": "G", "channel_notify_props": {"desktop": "mention"}, "other_members": ["tom"]}),
        json!({"title": "tom", "message_banner_vetoed": false}),
    );
}

#[test]
fn a_ring_stops_by_what_ends_it_and_by_nothing_else() {
    let after = |event: Value, ringing: bool, card: bool| {
        let mut input = json!({"ringing": true, "card": true});
        for (key, value) in event.as_object().unwrap() {
            input[key] = value.clone();
        }
        holds("call_stop", &input, &json!({"ringing": ringing, "card": card}));
    };
    after(json!({"event": "call_end"}), false, false);
    after(json!({"event": "call_end", "same_call": false}), true, true);
    after(json!({"event": "user_left", "sessions_left": 2}), true, true);
    after(json!({"event": "user_dismissed_notification"}), false, false);
    after(json!({"event": "user_joined", "same_call": false}), false, true);
    after(json!({"event": "user_joined", "user": "rosa", "me": "me"}), true, true);
    after(json!({"event": "timeout_30s"}), false, true);
    assert!(answer("call_stop", &json!({"event": "moonrise"}), "{}").is_err());
}

#[test]
fn permission_and_shell_read_what_they_are_given() {
    let permits = |input: Value, expected: Value| holds("permission", &input, &expected);
    permits(
        json!({"stored": null, "answer": "deny"}),
        json!({"granted": false, "asked": true, "stored": {"allowed": false}}),
    );
    permits(
        json!({"stored": {"allowed": false}, "answer": "deny_permanently"}),
        json!({"granted": false, "asked": true, "stored": {"allowed": false, "alwaysDeny": true}}),
    );
    permits(
        json!({"stored": {"alwaysDeny": true}, "answer": null}),
        json!({"granted": false, "asked": false, "stored": {"alwaysDeny": true}}),
    );
    permits(
        json!({"stored": null, "preconfigured": true, "answer": null}),
        json!({"granted": true, "asked": false, "stored": null}),
    );
    let shows = |input: Value, expected: Value| holds("platform", &input, &expected);
    shows(json!({"platform": "macos", "os_dnd": "error"}), json!({"banner": true, "reason": null}));
    shows(json!({"platform": "linux", "os_dnd": true}), json!({"banner": false, "reason": "os_dnd"}));
    shows(
        json!({"platform": "macos", "bounceIcon": true, "bounceIconType": "critical"}),
        json!({"bounce": true, "flash": false}),
    );
    holds("os_dnd", &json!({"platform": "macos", "dnd": "error"}), &json!({"dnd": false}));
    holds("os_dnd", &json!({"platform": "linux", "gnome_show_banners": null}), &json!({"dnd": false}));
}

#[test]
fn memberships_and_marks_are_merged() {
    let held = json!({"msg_count": 10, "mention_count": 1, "last_viewed_at": 20, "last_update_at": 10});
    let merged = |received: Value, expected: Value| {
        holds("member_update", &json!({"held": held, "received": received}), &expected);
    };
    merged(
        json!({"msg_count": 8, "mention_count": 3, "last_viewed_at": 10, "last_update_at": 10, "notify_props": {"desktop": "all"}}),
        json!({"msg_count": 10, "mention_count": 1, "last_viewed_at": 20, "notify_props": {"desktop": "all"}}),
    );
    merged(
        json!({"msg_count": 8, "mention_count": 3, "last_viewed_at": 10, "last_update_at": 11}),
        json!({"msg_count": 8, "mention_count": 3, "last_viewed_at": 10, "last_update_at": 11}),
    );
    let marked = json!({"held": {"msg_count": 5, "msg_count_root": 4, "mention_count": 0}, "event": {"msg_count": 3}});
    holds("post_unread", &marked, &json!({"msg_count": 3, "msg_count_root": 4, "manually_unread": true}));
}

#[test]
fn teams_count_their_own_channels_and_threads() {
    let input = json!({"me": "me", "crt": true, "users": {}, "channels": {
        "a": {"type": "O", "team_id": "t1", "delete_at": 0, "total_msg_count": 9, "total_msg_count_root": 3},
        "old": {"type": "O", "team_id": "t1", "delete_at": 5, "total_msg_count": 9, "total_msg_count_root": 9},
        "dm": {"type": "D", "team_id": "", "name": "me__gone", "total_msg_count": 2, "total_msg_count_root": 2},
        "quiet": {"type": "P", "team_id": "t2", "delete_at": 0, "total_msg_count": 2, "total_msg_count_root": 2}},
      "members": {
        "a": {"msg_count": 0, "msg_count_root": 2, "mention_count": 4, "mention_count_root": 1, "urgent_mention_count": 1, "notify_props": {}},
        "old": {"msg_count": 0, "msg_count_root": 0, "mention_count": 4, "mention_count_root": 4, "notify_props": {}},
        "dm": {"msg_count": 0, "msg_count_root": 0, "mention_count": 2, "mention_count_root": 2, "notify_props": {}},
        "quiet": {"msg_count": 0, "msg_count_root": 0, "mention_count": 2, "mention_count_root": 2, "notify_props": {"mark_unread": "mention"}}},
      "thread_counts": {"t2": {"total_unread_threads": 1, "total_unread_mentions": 0}}, "thread_counts_including_direct": {}});
    holds(
        "team_status",
        &input,
        &json!({"teams": {
        "t1": {"unread": true, "mentions": 1, "urgent": true}, "t2": {"unread": true, "mentions": 0}}}),
    );
    // The direct message's other person is not loaded: the official client leaves it out.
    holds("server_status", &input, &json!({"mentions": 1, "unread": true}));
}

#[test]
fn the_order_of_the_teams_decides_about_the_dot() {
    let raw = |order: &str| {
        format!(
            r#"{{"me":"me","crt":true,"current_team_id":"b","users":{{}},"channels":{{}},"members":{{}},
            "thread_counts":{{{order}}},"thread_counts_including_direct":{{"b":{{"total_unread_threads":0,"total_unread_mentions":0}}}}}}"#
        )
    };
    let (busy, quiet) =
        (r#""z":{"total_unread_threads":1,"total_unread_mentions":0}"#, r#""b":{"total_unread_threads":0}"#);
    for (order, unread) in [(format!("{busy},{quiet}"), false), (format!("{quiet},{busy}"), true)] {
        let raw = raw(&order);
        let got = answer("server_status", &serde_json::from_str(&raw).unwrap(), &raw).unwrap();
        assert_eq!(got["unread"], json!(unread), "{order}");
    }
}
