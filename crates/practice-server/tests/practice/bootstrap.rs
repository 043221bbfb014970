//! What a client reads at start.

use crate::common::{api, bearer, request, start};
use belfry_practice_server::{Account, PracticeServer, Version, World};
use serde_json::{Value, json};

async fn get(server: &PracticeServer, token: &str, path: &str) -> crate::common::Answer {
    api(server, token, "GET", path, Value::Null).await
}

fn token(server: &PracticeServer) -> String {
    server.person("morgan").signs_in().expect("morgan")
}

#[tokio::test]
async fn memberships_come_as_lines_as_a_page_or_clamped() {
    let world = World::small().with_many_channels("northwind", 250, &["morgan"]);
    let server = start(world.clone()).await;
    let me = token(&server);
    let lines = get(&server, &me, "users/me/channel_members?page=-1&per_page=200").await;
    assert_eq!(lines.headers["content-type"], "application/x-ndjson");
    assert_eq!(lines.body.lines().count(), 255);
    let first: Value = serde_json::from_str(lines.body.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["team_name"], "northwind");
    let page = get(&server, &me, "users/me/channel_members?page=1&per_page=500").await;
    assert_eq!(page.json().as_array().map(Vec::len), Some(55));

    let server = start(world.streaming_lines(false)).await;
    let page = get(&server, &token(&server), "users/me/channel_members?page=-1&per_page=200").await;
    assert_eq!(page.json().as_array().map(Vec::len), Some(200));
}

#[tokio::test]
async fn a_person_without_channels_gets_the_broken_list() {
    let world = World::empty("Empty").with_account(Account::new("morgan"));
    let server = start(world).await;
    let me = token(&server);
    let broken = get(&server, &me, "users/me/channels").await;
    assert_eq!(broken.status, 200);
    assert!(broken.body.starts_with("[{") && broken.body.contains("app.channel.get_channels.not_found.app_error"));
    assert!(serde_json::from_str::<Value>(&broken.body).is_err());
    let zipped = [bearer(&me), "Accept-Encoding: gzip".to_owned()];
    assert_eq!(request(&server, "GET", "/api/v4/users/me/channels", &zipped, "").await.status, 404);
    let members = get(&server, &me, "users/me/channel_members?page=-1").await;
    assert_eq!(members.error_id(), "app.channel.get_member.missing.app_error");
    assert_eq!(get(&server, &me, "users/me/teams/unread").await.body, "[]");
}

#[tokio::test]
async fn an_old_server_knows_only_the_lists_of_each_team() {
    let server = start(World::small().of_version(Version(5, 37, 0)).with_direct(&["morgan", "rosa"])).await;
    let me = token(&server);
    let missing = get(&server, &me, "users/me/channels").await;
    assert_eq!((missing.status, missing.error_id().as_str()), (404, "api.context.404.app_error"));
    assert!(missing.json().get("request_id").is_none());
    let team = get(&server, &me, "users/me/teams").await.json()[0]["id"].as_str().expect("a team").to_owned();
    let channels = get(&server, &me, &format!("users/me/teams/{team}/channels")).await.json();
    assert_eq!(channels.as_array().map(Vec::len), Some(6));
    let threads = get(&server, &me, &format!("users/me/teams/{team}/threads?totalsOnly=true")).await.json();
    assert_eq!(threads["threads"], json!([]));
}

#[tokio::test]
async fn group_lookups_stop_silently_after_fifty() {
    let mut world = World::small();
    for n in 0..60 {
        let name = format!("extra{n}");
        world = world.with_account(Account::new(&name)).with_direct(&["morgan", "rosa", &name]);
    }
    let server = start(world).await;
    let me = token(&server);
    let channels = get(&server, &me, "users/me/channels").await.json();
    let groups: Vec<&Value> =
        channels.as_array().expect("a list").iter().filter(|c| c["type"] == "G").map(|c| &c["id"]).collect();
    assert_eq!(groups.len(), 60);
    let found = api(&server, &me, "POST", "users/group_channels", json!(groups)).await.json();
    assert_eq!(found.as_object().map(serde_json::Map::len), Some(50));
    let users = found.as_object().expect("a map").values().next().expect("one").as_array().expect("people").len();
    assert_eq!(users, 2, "oneself is left out");
    assert_eq!(api(&server, &me, "POST", "users/ids", json!([])).await.status, 400);
}

#[tokio::test]
async fn threads_of_direct_messages_are_in_every_teams_totals() {
    let world =
        World::small().with_team("second", "Second", &["morgan", "rosa"]).configured("CollapsedThreads", "always_on");
    let server = start(world).await;
    let me = token(&server);
    let root = server.person("morgan").direct("rosa", "a root").expect("a post");
    server.person("rosa").replies(&root, "an answer").expect("a reply");
    for row in
        get(&server, &me, "users/me/teams/unread?include_collapsed_threads=true").await.json().as_array().expect("rows")
    {
        assert_eq!(row["thread_mention_count"], 0);
        let path = format!("users/me/teams/{}/threads?totalsOnly=true", row["team_id"].as_str().expect("an id"));
        let totals = get(&server, &me, &path).await.json();
        assert_eq!(totals["threads"], Value::Null);
        assert_eq!(
            (totals["total_unread_threads"].as_i64(), totals["total_unread_mentions"].as_i64()),
            (Some(1), Some(1))
        );
        let without = get(&server, &me, &format!("{path}&excludeDirect=true")).await.json();
        assert_eq!(without["total_unread_threads"], 0);
    }
}

#[tokio::test]
async fn unchanged_accounts_and_pictures_answer_304_to_an_unquoted_tag() {
    let server = start(World::small()).await;
    let me = token(&server);
    let account = get(&server, &me, "users/me").await;
    let tag = account.headers["etag"].clone();
    assert!(!tag.contains('"'));
    let headers = [bearer(&me), format!("If-None-Match: {tag}")];
    assert_eq!(request(&server, "GET", "/api/v4/users/me", &headers, "").await.status, 304);
    let id = account.json()["id"].as_str().expect("an id").to_owned();
    let picture = get(&server, &me, &format!("users/{id}/image?_=1")).await;
    assert_eq!(picture.headers["content-type"], "image/png");
    assert!(picture.headers["etag"].bytes().all(|b| b.is_ascii_digit()));
}

#[tokio::test]
async fn calls_answer_on_their_own_terms() {
    let server = start(World::small().with_direct(&["rosa", "morgan"])).await;
    let me = token(&server);
    let base = "/plugins/com.mattermost.calls";
    assert_eq!(request(&server, "GET", &format!("{base}/version"), &[], "").await.json()["version"], "1.11.0");
    assert_eq!(request(&server, "GET", &format!("{base}/config"), &[], "").await.body, "Unauthorized\n");
    let call = server.person("rosa").starts_call("@morgan").expect("a call");
    let rows = request(&server, "GET", &format!("{base}/channels"), &[bearer(&me)], "").await.json();
    assert_eq!(rows[0]["call"]["id"], call.as_str());
    let channel = rows[0]["channel_id"].as_str().expect("an id");
    let dismissed =
        request(&server, "POST", &format!("{base}/calls/{channel}/dismiss-notification"), &[bearer(&me)], "").await;
    assert_eq!(dismissed.json()["message"], "success");
    let without = start(World::small().with_calls(None)).await;
    assert_eq!(request(&without, "GET", &format!("{base}/version"), &[], "").await.status, 404);
}
