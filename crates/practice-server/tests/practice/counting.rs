//! Bookkeeping: what posts, reading and threads do to the numbers, and what is told about it.

use crate::common::{api, connected, inner, start};
use belfry_practice_server::{Account, PracticeServer, Version, World};
use serde_json::json;

fn channel(server: &PracticeServer, name: &str) -> (i64, i64) {
    let counts = server.counts("morgan").expect("morgan");
    let row = counts.channels.values().find(|c| c.name == name).expect("the channel");
    (row.unread, row.mentions)
}

fn without_threads() -> World {
    World::small().configured("CollapsedThreads", "disabled")
}

#[tokio::test]
async fn posts_mentions_and_reading_are_counted() {
    let server = start(without_threads()).await;
    let rosa = server.person("rosa");
    rosa.posts("ops-room", "plain").expect("a post");
    rosa.posts("ops-room", "hello @morgan").expect("a post");
    rosa.posts_with_priority("ops-room", "@morgan now", "urgent").expect("a post");
    assert_eq!(channel(&server, "ops-room"), (3, 2));
    server.person("jun").leaves("ops-room").expect("jun leaves");
    assert_eq!(channel(&server, "ops-room"), (3, 2), "comings and goings do not count");
    server.person("morgan").reads("ops-room").expect("morgan reads");
    assert_eq!(channel(&server, "ops-room"), (0, 0));
}

#[tokio::test]
async fn marking_unread_goes_back_to_a_post() {
    let server = start(without_threads()).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    let rosa = server.person("rosa");
    rosa.posts("ops-room", "one").expect("a post");
    let second = rosa.posts("ops-room", "@morgan two").expect("a post");
    rosa.posts("ops-room", "three").expect("a post");
    server.person("morgan").reads("ops-room").expect("morgan reads");
    socket.fresh().await;
    server.person("morgan").marks_unread(&second).expect("marks");
    assert_eq!(channel(&server, "ops-room"), (2, 1));
    let event = socket.fresh().await.pop().expect("post_unread");
    assert_eq!((event["event"].as_str(), event["data"]["msg_count"].as_i64()), (Some("post_unread"), Some(1)));
    assert_eq!(event["data"]["urgent_mention_count"], 0);
}

#[tokio::test]
async fn a_read_mark_is_told_only_if_something_was_unread() {
    let server = start(without_threads()).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    server.person("morgan").reads("ops-room").expect("reads");
    assert!(socket.names().await.is_empty());
    server.person("rosa").posts("ops-room", "x").expect("a post");
    server.person("morgan").reads("ops-room").expect("reads");
    assert_eq!(socket.names().await, ["posted", "multiple_channels_viewed"]);
    server.silently_drops_views(true);
    server.person("rosa").posts("ops-room", "y").expect("a post");
    server.person("morgan").reads("ops-room").expect("reads");
    assert_eq!(socket.names().await, ["posted"]);
    assert_eq!(channel(&server, "ops-room"), (0, 0));
}

#[tokio::test]
async fn an_old_server_tells_every_viewing_and_lists_all_mentions() {
    let server = start(without_threads().of_version(Version(5, 37, 0))).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    server.person("morgan").reads("ops-room").expect("reads");
    assert_eq!(socket.names().await, ["channel_viewed"]);
    server.person("rosa").posts("ops-room", "@jun only").expect("a post");
    let event = socket.fresh().await.pop().expect("posted");
    assert_eq!(inner(&event, "mentions").as_array().map(Vec::len), Some(1));
    assert!(inner(&event, "post").get("parent_id").is_some());
}

#[tokio::test]
async fn own_posts_leave_the_channel_read_and_are_told() {
    let server = start(without_threads()).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    for _ in 0..12 {
        server.person("morgan").posts("ops-room", "mine").expect("a post");
        let mut names = socket.names().await;
        names.sort();
        assert_eq!(names, ["multiple_channels_viewed", "posted"]);
    }
    assert_eq!(channel(&server, "ops-room"), (0, 0));
}

#[tokio::test]
async fn direct_and_group_messages_mention_everybody_but_the_author() {
    let server = start(without_threads()).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    server.person("rosa").direct("morgan", "hi").expect("a post");
    let events = socket.fresh().await;
    assert_eq!(events[0]["event"], "direct_added");
    assert_eq!(events[1]["data"]["channel_display_name"], "@rosa");
    assert!(events[1]["data"].get("should_ack").is_none(), "only with posted_ack");
    server.person("rosa").group(&["morgan", "jun"], "all of you").expect("a post");
    let events = socket.fresh().await;
    assert_eq!(events[0]["event"], "group_added");
    assert_eq!(events[1]["data"]["channel_display_name"], "jun, morgan, rosa");
    assert_eq!(inner(&events[1], "mentions"), json!([server.person("morgan").id().expect("an id")]));
    assert_eq!(server.counts("morgan").expect("morgan").badge_mentions, 2);
}

#[tokio::test]
async fn replies_with_threads_move_thread_counters_instead_of_root_counters() {
    let server = start(World::small()).await;
    let (mut socket, _, token) = connected(&server, "morgan").await;
    let root = server.person("morgan").posts("ops-room", "a topic").expect("a post");
    socket.fresh().await;
    server.person("rosa").replies(&root, "an answer").expect("a reply");
    let events = socket.fresh().await;
    let names: Vec<&str> = events.iter().filter_map(|e| e["event"].as_str()).collect();
    assert_eq!(names, ["posted", "thread_updated"]);
    assert!(events[0]["data"].get("mentions").is_none());
    assert_eq!(inner(&events[0], "followers").as_array().map(Vec::len), Some(1));
    assert_eq!(inner(&events[1], "thread")["unread_replies"], 1);
    assert_eq!(events[1]["data"]["previous_unread_replies"], 0);
    assert_eq!(channel(&server, "ops-room"), (0, 0));
    let second = server.person("jun").replies(&root, "@morgan see").expect("a reply");
    let events = socket.fresh().await;
    assert_eq!(events[1]["data"]["previous_unread_replies"], 1);
    assert_eq!(inner(&events[1], "thread")["unread_mentions"], 1);
    let threads = server.counts("morgan").expect("morgan").threads;
    let row = threads.values().next().expect("a row");
    assert_eq!((row.unread_threads, row.unread_mentions), (1, 1));

    server.person("jun").deletes(&second).expect("deletes");
    let events = socket.fresh().await;
    assert_eq!(events[0]["event"], "post_deleted");
    assert_eq!(events[1]["data"]["previous_unread_mentions"], 0);
    assert_eq!(inner(&events[1], "thread")["unread_mentions"], 0);

    let me = server.counts("morgan").expect("morgan");
    let team = me.threads.keys().next().expect("a team").clone();
    let path = format!("users/me/teams/{team}/threads/{root}/set_unread/{root}");
    assert_eq!(api(&server, &token, "POST", &path, json!({})).await.status, 200);
    assert_eq!(socket.names().await, ["thread_follow_changed", "thread_read_changed"]);
    server.person("morgan").reads_thread(&root).expect("reads");
    let event = socket.fresh().await.pop().expect("an event");
    assert_eq!(
        (event["event"].as_str(), event["data"]["unread_replies"].as_i64()),
        (Some("thread_read_changed"), Some(0))
    );
    server.person("morgan").unfollows(&root).expect("unfollows");
    assert_eq!(socket.fresh().await[0]["data"]["state"], false);
    server.person("rosa").replies(&root, "quiet now").expect("a reply");
    assert_eq!(socket.names().await, ["posted"]);
    let path = format!("users/me/teams/{team}/threads/{root}/read/5");
    assert_eq!(
        api(&server, &token, "PUT", &path, json!({})).await.error_id(),
        "app.user.get_threads_for_user.not_found"
    );
}

#[tokio::test]
async fn comments_mention_only_people_without_threads() {
    let world = World::small()
        .changing("morgan", |a: Account| a.notified("comments", "any").with_threads(false))
        .changing("rosa", |a: Account| a.notified("comments", "any"));
    let server = start(world).await;
    for name in ["morgan", "rosa"] {
        let root = server.person(name).posts("ops-room", "topic").expect("a post");
        server.person("jun").replies(&root, "answer").expect("a reply");
    }
    assert_eq!(channel(&server, "ops-room").1, 1);
    let rosa = server.counts("rosa").expect("rosa");
    assert!(rosa.channels.values().all(|c| c.mentions == 0));
    assert_eq!(rosa.threads.values().map(|t| t.unread_mentions).sum::<i64>(), 0);
}

#[tokio::test]
async fn here_reaches_only_people_who_are_online() {
    let server = start(without_threads()).await;
    server.person("rosa").posts("ops-room", "@here anybody").expect("a post");
    assert_eq!(channel(&server, "ops-room").1, 0);
    let (_socket, ..) = connected(&server, "morgan").await;
    server.person("rosa").posts("ops-room", "@here again").expect("a post");
    assert_eq!(channel(&server, "ops-room").1, 1);
    server.person("morgan").mutes("ops-room").expect("mutes");
    server.person("rosa").posts("ops-room", "@all muted").expect("a post");
    assert_eq!(channel(&server, "ops-room").1, 1);
    assert!(!server.counts("morgan").expect("morgan").badge_unread);
}

#[tokio::test]
async fn settings_are_replaced_merged_and_told() {
    let server = start(World::small()).await;
    let (mut socket, _, token) = connected(&server, "morgan").await;
    let patch = json!({ "notify_props": { "desktop": "all", "mention_keys": "Deploy,,ship" } });
    let user = api(&server, &token, "PUT", "users/me/patch", patch).await.json();
    assert_eq!(user["notify_props"], json!({ "desktop": "all", "mention_keys": "deploy,ship" }));
    let event = socket.fresh().await.pop().expect("an event");
    assert_eq!(event["data"]["user"]["notify_props"]["desktop"], "all");
    let bad = api(&server, &token, "PUT", "users/me/patch", json!({ "notify_props": 5 })).await;
    assert_eq!(bad.status, 400);
    api(&server, &token, "PUT", "users/me/patch", json!({ "notify_props": {} })).await;
    assert_eq!(api(&server, &token, "GET", "users/me", json!(null)).await.json()["notify_props"]["desktop"], "mention");
    socket.fresh().await;

    let channel = server.person("morgan").channel("ops-room").expect("a channel");
    let url = format!("channels/{channel}/members/me/notify_props");
    api(&server, &token, "PUT", &url, json!({ "mark_unread": "mention", "made_up": "x", "desktop": "bogus" })).await;
    let event = socket.fresh().await.pop().expect("an event");
    let props = inner(&event, "channelMember")["notify_props"].clone();
    assert_eq!((props["mark_unread"].as_str(), props["desktop"].as_str()), (Some("mention"), Some("bogus")));
    assert!(props.get("made_up").is_none());

    server.person("morgan").prefers("display_settings", "name_format", "full_name").expect("prefers");
    let events = socket.fresh().await;
    assert_eq!(events[0]["event"], "sidebar_category_updated");
    assert_eq!(events[0]["data"], json!({}));
    assert_eq!(inner(&events[1], "preferences")[0]["value"], "full_name");
}

#[tokio::test]
async fn writes_are_checked_and_repeated_ones_return_the_first_post() {
    let server = start(World::small()).await;
    let token = server.person("morgan").signs_in().expect("morgan");
    let channel = server.person("morgan").channel("ops-room").expect("a channel");
    let write = |message: &str, root: &str, pending: &str| {
        let body = json!({ "channel_id": channel, "message": message, "root_id": root, "pending_post_id": pending });
        let (server, token) = (server.clone(), token.clone());
        async move { api(&server, &token, "POST", "posts?set_online=false", body).await }
    };
    let first = write("one", "", "me:1").await;
    assert_eq!(first.status, 201);
    assert_eq!(write("two", "", "me:1").await.json()["id"], first.json()["id"]);
    let root = first.json()["id"].as_str().expect("an id").to_owned();
    let reply = write("reply", &root, "").await.json()["id"].as_str().expect("an id").to_owned();
    let nested = write("nested", &reply, "").await;
    assert_eq!((nested.status, nested.error_id().as_str()), (400, "api.post.create_post.root_id.app_error"));
    assert_eq!(write(&"x".repeat(16_384), "", "").await.error_id(), "model.post.is_valid.message_length.app_error");
    assert_eq!(server.status("morgan").as_deref(), Ok("offline"));
    let since = api(&server, &token, "GET", &format!("channels/{channel}/posts?since=0"), json!(null)).await.json();
    assert_eq!(since["order"], json!([reply, root]));
}

#[tokio::test]
async fn calls_ring_with_the_post_first_and_end_without_call_end() {
    let server = start(World::small().with_direct(&["rosa", "morgan"])).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    server.person("rosa").starts_call("@morgan").expect("a call");
    let names = socket.names().await;
    assert_eq!(names, ["posted", "custom_com.mattermost.calls_call_start", "custom_com.mattermost.calls_user_joined"]);
    server.person("morgan").dismisses_call("@rosa").expect("dismisses");
    server.person("rosa").leaves_call("@morgan").expect("leaves");
    let names = socket.names().await;
    assert_eq!(
        names,
        [
            "custom_com.mattermost.calls_user_dismissed_notification",
            "custom_com.mattermost.calls_user_left",
            "post_edited"
        ]
    );
    assert_eq!(server.person("rosa").starts_call("ops-room").as_deref(), Ok(""), "no group calls without a licence");
}

#[tokio::test]
async fn joining_and_leaving_are_told_to_oneself_differently() {
    let world = World::small().with_channel("northwind", "late", "Late", &["rosa"]);
    let server = start(world).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    server.person("rosa").adds("morgan", "late").expect("adds");
    let events = socket.fresh().await;
    assert_eq!(events[0]["event"], "user_added");
    assert_eq!(events[0]["broadcast"]["user_id"], json!(server.person("morgan").id().expect("an id")));
    assert!(events[1]["data"].get("mentions").is_some());
    assert_eq!(channel(&server, "late"), (0, 1));
    server.person("rosa").removes("morgan", "late").expect("removes");
    let events = socket.fresh().await;
    assert_eq!(events.len(), 1);
    assert!(events[0]["data"].get("user_id").is_none());
    server.person("rosa").archives("ops-room").expect("archives");
    let names = socket.names().await;
    assert_eq!(names, ["posted", "channel_deleted"]);
}
