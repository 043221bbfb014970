//! The scripted day.

use belfry_practice_server::day::{OBSERVER, Player, SCRIPT, lumen_labs, northwind};

use crate::common::{connected, inner, start};

#[tokio::test]
async fn the_day_brings_a_number_a_dot_and_a_lost_session() {
    let (first, second) = (start(northwind()).await, start(lumen_labs()).await);
    let mut player = Player::new(vec![first.clone(), second.clone()]);
    player.remembers_yesterday().expect("yesterday");
    for server in [&first, &second] {
        let counts = server.counts(OBSERVER).expect("morgan");
        assert!(!counts.badge_unread, "the day begins with everything read: {counts:?}");
    }
    let (mut socket, ..) = connected(&first, OBSERVER).await;
    let (_other, _, token) = connected(&second, OBSERVER).await;
    let (mut dot, mut number) = (false, false);
    for scene in SCRIPT {
        player.perform(scene).unwrap_or_else(|refused| panic!("{scene:?}: {refused}"));
        let counts = second.counts(OBSERVER).expect("morgan");
        dot |= counts.badge_unread && counts.badge_mentions == 0;
        number |= counts.badge_mentions > 0;
        socket.ping().await;
    }
    assert!(dot && number);
    assert!(first.counts(OBSERVER).expect("morgan").badge_mentions > 0);
    let path = "users/me";
    assert_eq!(crate::common::api(&second, &token, "GET", path, serde_json::Value::Null).await.status, 401);
    let events = std::mem::take(&mut socket.events);
    let recovered = events.iter().find(|e| {
        e["event"] == "posted" && inner(e, "post")["message"].as_str().is_some_and(|m| m.starts_with("8065 inside"))
    });
    assert!(recovered.expect("Lena's reply")["data"].get("followers").is_none());
    let urgent = events.iter().filter(|e| e["event"] == "posted").map(|e| inner(e, "post"));
    assert_eq!(urgent.filter(|p| p["metadata"]["priority"]["priority"] == "urgent").count(), 1);
}
