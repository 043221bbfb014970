//! What servers, and the hostile, send.

use belfry_core::event::{CallEvent, ChannelType, Event, Priority, ThreadReadChanged};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{WireError, decode};

const ME: &str = "o9zzduwiq78ppcyi8t3451p9ky";
const ROSA: &str = "tik4oct41bb37bded96nuqgoja";
const OPS: &str = "qwoz1rx9b3ysdfd35xpm3i9fza";
const POST: &str = "9azh6kwr7pdsfejiosxy1549yy";

fn frame(event: &str, data: &Value, broadcast: &Value) -> String {
    format!(r#"{{"event":"{event}","data":{data},"broadcast":{broadcast},"seq":7}}"#)
}

fn post(extra: &Value) -> Value {
    let mut post = json!({"id": POST, "user_id": ROSA, "channel_id": OPS, "root_id": "", "message": "hi\n@morgan", "type": "", "create_at": 1000, "props": {}});
    if let (Some(post), Some(extra)) = (post.as_object_mut(), extra.as_object()) {
        post.extend(extra.clone());
    }
    post
}

fn posted(extra_data: &Value, extra_post: &Value) -> String {
    let mut data = json!({"channel_type": "O", "channel_display_name": "Ops room", "channel_name": "ops", "sender_name": "@rosa", "post": post(extra_post).to_string()});
    if let (Some(data), Some(extra)) = (data.as_object_mut(), extra_data.as_object()) {
        data.extend(extra.clone());
    }
    frame("posted", &data, &json!({"channel_id": OPS}))
}

/// Debug text of what a frame becomes: enough to see which event it is and what it kept.
fn read(frame: &str) -> String {
    match decode(frame) {
        Ok(Some(event)) => format!("{event:?}"),
        Ok(None) => "nothing".to_owned(),
        Err(error) => format!("error: {error}"),
    }
}

#[track_caller]
fn with_posted(frame: &str, check: impl Fn(&belfry_core::event::Posted<'_>)) {
    match decode(frame) {
        Ok(Some(Event::Posted(posted))) => check(&posted),
        other => panic!("no post: {other:?}"),
    }
}

#[test]
fn a_post_is_read_with_the_lists_that_were_written_inside_strings() {
    let lists = json!({"mentions": format!("[\"{ME}\"]"), "image": "true"});
    with_posted(&posted(&lists, &json!({"metadata": {"priority": {"priority": "urgent"}}})), |posted| {
        assert_eq!(posted.channel_type, Some(ChannelType::Public));
        assert_eq!(posted.mentions.as_ref().map(|list| list[0].as_str()), Some(ME));
        assert!(posted.followers.is_none(), "absent is not empty");
        assert!(posted.image && !posted.other_file);
        assert_eq!(posted.post.message, "hi\n@morgan");
        assert_eq!(posted.post.priority, Priority::Urgent);
        assert!(posted.post.root_id.is_none());
    });
}

#[test]
fn a_wrong_type_costs_its_field_and_nothing_else() {
    let data =
        json!({"sender_name": 5, "mentions": {"a": 1}, "followers": "not json", "channel_type": ["O"], "team_id": 7});
    let broken = json!({"create_at": "yesterday", "metadata": "none", "props": [1, 2], "type": null, "root_id": {}});
    with_posted(&posted(&data, &broken), |posted| {
        assert_eq!(posted.post.message, "hi\n@morgan");
        assert_eq!(posted.sender_name, "");
        assert_eq!((posted.channel_type, posted.team_id), (None, None));
        assert!(posted.mentions.is_none(), "a list of another type was not sent");
        assert_eq!(posted.followers.as_deref(), Some(&[][..]), "an unreadable list is empty, not absent");
    });
}

#[test]
fn of_files_their_number_and_the_first_picture_are_kept() {
    let file = |id: &str, name: &str, has_picture: bool| json!({"id": id, "name": name, "has_preview_image": has_picture, "mini_preview": "/9j/2w==", "size": 5});
    let files = |files: Value| {
        let mut kept = None;
        let decoded =
            decode(&posted(&json!({}), &json!({"metadata": {"files": files, "priority": {"priority": "urgent"}}})))
                .map(|event| match event {
                    Some(Event::Posted(posted)) => {
                        assert_eq!(posted.post.priority, Priority::Urgent);
                        kept = posted
                            .post
                            .files
                            .map(|files| (files.count, files.name, files.image.map(|id| id.to_string())));
                    }
                    other => panic!("no post: {other:?}"),
                });
        decoded.unwrap();
        kept
    };
    let report = file("f1", "report.pdf", false);
    let chart = file("f2", "chart.png", true);
    assert_eq!(files(json!([report])), Some((1, "report.pdf".to_owned(), None)));
    let both = Some((2, "chart.png".to_owned(), Some("f2".to_owned())));
    assert_eq!(files(json!([report, chart])), both);
    assert_eq!(files(json!([chart, file("f3", "other.png", true)])), both, "the first picture");
    let mut archived = chart.clone();
    archived["archived"] = json!(true);
    assert_eq!(files(json!([archived])), Some((1, "chart.png".to_owned(), None)), "there is no preview of it");
    for none in [json!([]), Value::Null, json!("none"), json!({"a": 1})] {
        assert_eq!(files(none), None);
    }
    let odd = json!([7, {"id": {}, "name": ["x"], "has_preview_image": "yes"}, chart]);
    assert_eq!(files(odd), Some((3, "chart.png".to_owned(), Some("f2".to_owned()))));
    let (_, long, _) = files(json!([file("f1", &"ä".repeat(5_000), true)])).unwrap();
    assert!(long.len() <= 512 && long.starts_with('ä'));
}

#[test]
fn only_the_text_true_makes_a_webhook() {
    for (value, expected) in [(json!("true"), true), (json!(true), false), (json!("1"), false), (Value::Null, false)] {
        with_posted(&posted(&json!({}), &json!({"props": {"from_webhook": value}})), |posted| {
            assert_eq!(posted.post.props.from_webhook, expected, "{value}");
        });
    }
}

#[test]
fn one_malformed_attachment_makes_all_of_them_ignored() {
    let good = json!({"fallback": "f", "fields": [{"title": "t", "value": 5, "short": true}]});
    with_posted(&posted(&json!({}), &json!({"props": {"attachments": [good]}})), |posted| {
        assert_eq!(posted.post.props.attachments.len(), 1);
        assert_eq!(posted.post.props.attachments[0].fields[0].1, None, "a number is no text");
    });
    for bad in [json!([{"text": 5}]), json!([{"text": "x"}, {"fields": "no list"}]), json!("text"), json!([5])] {
        with_posted(&posted(&json!({}), &json!({"props": {"attachments": bad}})), |posted| {
            assert!(posted.post.props.attachments.is_empty(), "{bad}");
            assert_eq!(posted.post.message, "hi\n@morgan");
        });
    }
}

#[test]
fn what_cannot_be_read_is_an_error_that_holds_nothing_of_it() {
    let secret = "SECRETSECRETSECRET";
    for (frame, error) in [
        ("", WireError::NotJson),
        ("{", WireError::NotJson),
        (&format!(r#"{{"event":"posted","data":{{"post":"{secret}"#), WireError::NotJson),
        (&frame("posted", &json!({}), &json!({})), WireError::Incomplete),
        (&frame("posted", &json!({"post": secret}), &json!({})), WireError::NotJson),
        (&frame("posted", &json!({"post": "{}"}), &json!({})), WireError::Incomplete),
        (&frame("posted", &json!({"post": "[1,2"}), &json!({})), WireError::NotJson),
        (&frame("thread_updated", &json!({"thread": "null"}), &json!({})), WireError::Incomplete),
        (&frame("channel_member_updated", &json!({}), &json!({})), WireError::Incomplete),
        (&frame("user_updated", &json!({"user": "text"}), &json!({})), WireError::Incomplete),
    ] {
        let got = decode(frame).unwrap_err();
        assert_eq!(got, error, "{frame}");
        assert!(!format!("{got} {got:?}").contains(secret));
    }
}

#[test]
fn unknown_events_replies_and_noise_need_nothing() {
    for frame in [
        frame("typing", &json!({"user_id": ROSA}), &json!({})),
        frame("recap_updated", &json!({"x": 1}), &json!({})),
        frame("custom_com.example_thing", &Value::Null, &json!({})),
        frame("custom_com.mattermost.calls_user_voice_on", &json!({"channelID": OPS}), &json!({})),
        r#"{"status":"OK","seq_reply":1}"#.to_owned(),
        r#"{"event":5,"data":{}}"#.to_owned(),
        r#"{"data":{},"seq":1,"event":"typing"}"#.to_owned(),
        "{}".to_owned(),
    ] {
        assert_eq!(read(&frame), "nothing", "{frame}");
    }
}

#[test]
fn a_huge_frame_is_read_or_refused_but_never_fatal() {
    let text = "a".repeat(8 * 1024 * 1024);
    with_posted(&posted(&json!({}), &json!({"message": text})), |posted| {
        assert_eq!(posted.post.message.len(), 8 * 1024 * 1024);
    });
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(read(&format!(r#"{{"event":"posted","data":{deep}}}"#)).starts_with("error"));
}

#[test]
fn reads_come_in_an_old_and_a_new_form() {
    let new = frame("multiple_channels_viewed", &json!({"channel_times": {OPS: 5}}), &json!({}));
    assert!(matches!(decode(&new), Ok(Some(Event::ChannelsViewed(list))) if list[0].1 == Some(5)));
    let old = frame("channel_viewed", &json!({"channel_id": OPS}), &json!({}));
    assert!(matches!(decode(&old), Ok(Some(Event::ChannelsViewed(list))) if list[0].0.as_str() == OPS));
}

#[test]
fn threads_are_read_in_three_shapes() {
    let one = frame("thread_read_changed", &json!({"thread_id": POST, "unread_replies": 0}), &json!({"team_id": ME}));
    assert!(matches!(decode(&one), Ok(Some(Event::ThreadReadChanged(ThreadReadChanged::One { .. })))));
    let channel = frame("thread_read_changed", &json!({"timestamp": 1}), &json!({"channel_id": OPS}));
    assert!(matches!(decode(&channel), Ok(Some(Event::ThreadReadChanged(ThreadReadChanged::Channel(_))))));
    let team = frame("thread_read_changed", &Value::Null, &json!({"team_id": ME}));
    assert!(matches!(decode(&team), Ok(Some(Event::ThreadReadChanged(ThreadReadChanged::Team(_))))));
}

#[test]
fn removals_tell_whether_they_are_mine() {
    let mine = read(&frame("user_removed", &json!({"channel_id": OPS}), &json!({"user_id": ME})));
    assert!(mine.contains(ME), "{mine}");
    let other = read(&frame("user_removed", &json!({"user_id": ROSA}), &json!({"channel_id": OPS})));
    assert!(other.contains(ROSA), "{other}");
}

#[test]
fn a_limited_configuration_never_replaces_the_full_one() {
    assert_eq!(read(&frame("config_changed", &json!({"config": {"Version": "11.1.0"}}), &json!({}))), "nothing");
}

#[test]
fn an_object_that_an_event_is_not_about_changes_nothing() {
    let team = json!({"id": ME}).to_string();
    let others = json!({"team": team, "user": {"id": ROSA}, "config": {"x": "y"}, "preferences": "[]", "userID": POST});
    assert!(read(&frame("delete_team", &others, &json!({}))).contains(ME));
    assert!(read(&frame("user_removed", &others, &json!({"channel_id": OPS}))).contains("user_id: None"));
}

#[test]
fn calls_begin_and_end() {
    let start = frame(
        "custom_com.mattermost.calls_call_start",
        &json!({"channelID": OPS, "id": POST, "owner_id": ROSA, "post_id": POST, "start_at": 5}),
        &json!({"channel_id": OPS}),
    );
    assert!(matches!(decode(&start), Ok(Some(Event::Call(CallEvent::Started(call)))) if call.start_at == 5));
    let end = frame("custom_com.mattermost.calls_call_end", &Value::Null, &json!({"channel_id": OPS}));
    assert!(matches!(decode(&end), Ok(Some(Event::Call(CallEvent::Ended { .. })))));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from(OPS)),
        Just(Value::from("{\"id\":5}")),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,10}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

const EVENTS: [&str; 28] = [
    "posted",
    "persistent_notification_triggered",
    "ephemeral_message",
    "post_edited",
    "post_deleted",
    "post_unread",
    "multiple_channels_viewed",
    "channel_viewed",
    "thread_updated",
    "thread_read_changed",
    "thread_follow_changed",
    "channel_updated",
    "channel_converted",
    "channel_deleted",
    "channel_restored",
    "channel_member_updated",
    "user_added",
    "direct_added",
    "user_removed",
    "added_to_team",
    "leave_team",
    "delete_team",
    "user_updated",
    "status_change",
    "preferences_changed",
    "preference_changed",
    "config_changed",
    "custom_com.mattermost.calls_call_start",
];

const FIELDS: [&str; 14] = [
    "post",
    "thread",
    "channel",
    "channelMember",
    "preferences",
    "preference",
    "user",
    "config",
    "channel_times",
    "channel_id",
    "user_id",
    "thread_id",
    "mentions",
    "status",
];

proptest! {
    // The same histories in every run of the gate; more, and others, by hand: PROPTEST_CASES=100000.
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_fatal(text in ".{0,200}") {
        read(&text);
        read(&format!("{{\"event\":\"posted\",\"data\":{text}}}"));
    }

    #[test]
    fn no_value_in_any_field_is_fatal(event in prop::sample::select(&EVENTS[..]), field in prop::sample::select(&FIELDS[..]), value in any_json(), quoted in any::<bool>(), broadcast in any_json()) {
        let value = if quoted { Value::from(value.to_string()) } else { value };
        read(&frame(event, &json!({field: value, "channel_id": OPS}), &broadcast));
    }
}
