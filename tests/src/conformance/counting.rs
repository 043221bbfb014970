//! Unread counts, thread counters, and how sums are shown.

use belfry_core::badge::Badge;
use belfry_core::event::{Channel, ChannelType, Event, Member, ServerConfig, ThreadCounts};
use belfry_core::ids::{ChannelId, TeamId};
use belfry_core::official::counting::{self, Bookkeeping, Picture, Sum, Viewing};
use belfry_core::state::ServerState;
use belfry_core::state::channel::{ChannelState, Counts};
use belfry_core::state::threads::{Before, shift};
use belfry_net::shapes;
use belfry_net::wire;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::posted::{frame, with_posted};
use super::{first_of, flag, flag_or, number, optional, platform, text_of, user};

pub(super) fn bookkeeping(input: &Value) -> Result<Value, String> {
    let post = input.get("post").unwrap_or(&Value::Null);
    let event = json!({"mentions": input.get("mentions")});
    with_posted(&frame(post, &event), |posted| {
        let in_front = flag(input, "window_active")
            && optional(input, "current_channel_id").is_some_and(|id| id == posted.post.channel_id.as_str());
        let viewing = Viewing { crt: flag(input, "crt"), manually_unread: flag(input, "manually_unread"), in_front };
        let me = belfry_core::ids::UserId::parse(text_of(input, "me"));
        let (action, tell_server) = match counting::bookkeeping(&posted.post, me, viewing) {
            Bookkeeping::Ignore => ("ignore", false),
            Bookkeeping::MarkRead { tell_server } => ("mark_read", tell_server),
            Bookkeeping::CountUnread => ("count_unread", false),
        };
        json!({"action": action, "tell_server": tell_server})
    })
}

/// The keys of a map as they were written.
#[derive(Debug, Default)]
struct Order(Vec<String>);

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OrderVisitor;

        impl<'de> Visitor<'de> for OrderVisitor {
            type Value = Order;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("counters by team")
            }

            fn visit_unit<E>(self) -> Result<Order, E> {
                Ok(Order::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Order, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Order(keys))
            }
        }

        deserializer.deserialize_any(OrderVisitor)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ordered {
    thread_counts: Order,
}

/// A server with the described channels, memberships and people.
fn server(input: &Value) -> ServerState {
    let mut state = ServerState::default();
    state.me = user(Some(&json!({"id": text_of(input, "me")}))).unwrap_or_default().into();
    if flag(input, "crt") {
        state.apply_config(ServerConfig { collapsed_threads: Some("always_on".to_owned()), ..ServerConfig::default() });
    }
    for (id, described) in objects(input, "users") {
        let mut described = described.clone();
        described.insert("id".to_owned(), Value::from(id.as_str()));
        if let Some(person) = user(Some(&Value::Object(described))) {
            state.apply_user(person);
        }
    }
    let members = input.get("members");
    for (id, described) in objects(input, "channels") {
        let with_id = |object: &Map<String, Value>, key: &str| {
            let mut object = object.clone();
            object.insert(key.to_owned(), Value::from(id.as_str()));
            Value::Object(object).to_string()
        };
        let Some(channel) = shapes::channel(&with_id(described, "id")) else { continue };
        let mut held = ChannelState::from_channel(&channel);
        if let Some(member) = members.and_then(|members| members.get(id)).and_then(Value::as_object)
            && let Some(read) = shapes::member(&with_id(member, "channel_id"))
        {
            held.set_member(&read);
            // A side that was not described is unknown: then nothing is unread (notifications §4.1).
            if described.get("total_msg_count").is_none_or(Value::is_null) || !member.contains_key("msg_count") {
                held.counts = Counts::default();
            }
        }
        state.channels.insert(channel.id, held);
    }
    state
}

fn objects<'a>(input: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Map<String, Value>)> {
    let map = input.get(key).and_then(Value::as_object);
    map.into_iter().flatten().filter_map(|(id, value)| Some((id, value.as_object()?)))
}

fn counters(value: Option<&Value>) -> ThreadCounts {
    let of = |key: &str| value.map_or(0, |value| number(value, key));
    ThreadCounts {
        total: of("total"),
        unread_threads: of("total_unread_threads"),
        unread_mentions: of("total_unread_mentions"),
        unread_urgent_mentions: of("total_unread_urgent_mentions"),
    }
}

/// Team-only counters in the order in which they are described.
fn team_threads(input: &Value, raw: &str) -> Vec<(TeamId, ThreadCounts)> {
    let Ok(ordered) = serde_json::from_str::<Ordered>(raw) else { return Vec::new() };
    ordered
        .thread_counts
        .0
        .iter()
        .filter_map(|id| Some((TeamId::parse(id)?, counters(input.get("thread_counts")?.get(id)))))
        .collect()
}

pub(super) fn server_status(input: &Value, raw: &str) -> Value {
    let current = optional(input, "current_team_id");
    let with_direct = counters(
        input.get("thread_counts_including_direct").and_then(|counts| counts.get(current.unwrap_or_default())),
    );
    let current = current.and_then(TeamId::parse);
    let sum = counting::server_status(&server(input), current, &team_threads(input, raw), with_direct);
    json!({"mentions": sum.mentions, "unread": sum.unread})
}

pub(super) fn team_status(input: &Value, raw: &str) -> Value {
    let state = server(input);
    let threads = team_threads(input, raw);
    let mut teams: Vec<TeamId> = state.channels.values().filter_map(|channel| channel.team_id).collect();
    teams.extend(threads.iter().map(|(team, _)| *team));
    teams.extend(objects(input, "teams").filter_map(|(team, _)| TeamId::parse(team)));
    let teams: Map<String, Value> = teams
        .into_iter()
        .map(|team| {
            let counts = threads.iter().find(|(id, _)| *id == team).map(|(_, counts)| *counts).unwrap_or_default();
            let sum = counting::team_status(&state, team, counts);
            let told =
                json!({"unread": sum.unread, "mentions": sum.mentions, "urgent": sum.urgent, "has_urgent": sum.urgent});
            (team.to_string(), told)
        })
        .collect();
    json!({ "teams": teams })
}

/// A change of thread counters. Where one number per counter is described, it is the one including direct messages.
pub(super) fn thread_counters(input: &Value) -> Result<Value, String> {
    let change = input.get("change").unwrap_or(&Value::Null);
    let kind = text_of(change, "type");
    let team = optional(change, "team_id").filter(|team| !team.is_empty());
    let direct =
        flag(change, "direct") || flag(change, "is_direct") || matches!(text_of(change, "channel_type"), "D" | "G");
    let mut result = Map::new();
    for (id, described) in objects(input, "counts") {
        // A thread of a direct message belongs to no team: it changes the counter of every team.
        let concerned = team.is_none_or(|team| team == id) || direct;
        if concerned && matches!(kind, "leave_team" | "team_left" | "delete_team") {
            continue;
        }
        let mut counts = counters(Some(&Value::Object(described.clone())));
        if concerned {
            apply(&mut counts, kind, change, input)?;
        }
        result.insert(
            id.clone(),
            json!({
                "total": counts.total,
                "total_unread_threads": counts.unread_threads,
                "total_unread_mentions": counts.unread_mentions,
                "total_unread_urgent_mentions": counts.unread_urgent_mentions,
            }),
        );
    }
    Ok(Value::Object(result))
}

fn apply(counts: &mut ThreadCounts, kind: &str, change: &Value, input: &Value) -> Result<(), String> {
    let of = |keys: &[&str]| first_of(change, keys).and_then(Value::as_i64).unwrap_or(0);
    let urgent = ["urgent", "is_urgent", "is_urgent_thread"].into_iter().any(|key| flag(change, key));
    match kind {
        "all_team_read" | "all_team_threads_read" | "team_read" => {
            counts.unread_threads = 0;
            counts.unread_mentions = 0;
            counts.unread_urgent_mentions = 0;
        }
        "read_changed" | "thread_read_changed" | "thread_updated" | "updated" => {
            let before = Before {
                replies: of(&["prev_replies", "previous_unread_replies"]),
                mentions: of(&["prev_mentions", "previous_unread_mentions"]),
            };
            let after = Before {
                replies: of(&["new_replies", "unread_replies"]),
                mentions: of(&["new_mentions", "unread_mentions"]),
            };
            shift(counts, before, after, urgent);
        }
        "follow_changed" | "thread_follow_changed" => {
            let followed = flag_or(change, "following", flag(change, "state"));
            counts.total = (counts.total + if followed { 1 } else { -1 }).max(0);
        }
        "follow" | "followed" => counts.total += 1,
        "unfollow" | "unfollowed" => counts.total = (counts.total - 1).max(0),
        "received_counts" | "received" | "counts" => *counts = counters(Some(change)),
        "root_deleted" | "post_deleted" | "thread_deleted" | "decrement" | "decrement_counts" => {
            counting::root_deleted(
                counts,
                of(&["unread_replies", "replies"]),
                of(&["unread_mentions", "mentions"]),
                urgent,
            );
        }
        "leave_channel" | "channel_left" | "left_channel" | "channel_deleted" => {
            let channel = optional(change, "channel_id");
            let threads = first_of(change, &["threads"]).or_else(|| input.get("threads"));
            let listed = threads.and_then(Value::as_array).into_iter().flatten();
            let mapped = threads.and_then(Value::as_object).into_iter().flatten().map(|(_, thread)| thread);
            for thread in listed.chain(mapped).filter(|thread| {
                let own = thread.get("post").unwrap_or(thread);
                channel.is_none() || optional(own, "channel_id").is_none_or(|own| Some(own) == channel)
            }) {
                leave(counts, thread);
            }
        }
        other => return Err(format!("nobody here knows the change {other}")),
    }
    Ok(())
}

/// A held thread leaves with its channel (notifications §4.5).
fn leave(counts: &mut ThreadCounts, thread: &Value) {
    let mentions = number(thread, "unread_mentions");
    counts.total = (counts.total - 1).max(0);
    counts.unread_threads = (counts.unread_threads - i64::from(number(thread, "unread_replies") > 0)).max(0);
    counts.unread_mentions = (counts.unread_mentions - mentions).max(0);
    if flag(thread, "is_urgent") {
        counts.unread_urgent_mentions = (counts.unread_urgent_mentions - mentions).max(0);
    }
}

/// A described membership, held or received.
fn member(input: &Value, key: &str) -> Result<Member, String> {
    let mut object = input.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    object.entry("channel_id").or_insert_with(|| Value::from("channel"));
    shapes::member(&Value::Object(object).to_string()).ok_or_else(|| format!("`{key}` is no membership"))
}

fn told(input: &Value, key: &str, channel: &ChannelState) -> Value {
    let counts = channel.counts;
    let mut told = input.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in [
        ("msg_count", counts.read),
        ("msg_count_root", counts.read_root),
        ("mention_count", counts.mentions),
        ("mention_count_root", counts.mentions_root),
        ("urgent_mention_count", counts.urgent),
        ("last_viewed_at", counts.last_viewed_at),
        ("last_update_at", counts.last_update_at),
    ] {
        told.insert(name.to_owned(), Value::from(value));
    }
    told.insert("manually_unread".to_owned(), Value::from(channel.manually_unread));
    Value::Object(told)
}

/// A membership that came by itself.
pub(super) fn member_update(input: &Value) -> Result<Value, String> {
    let mut channel = ChannelState::default();
    if input.get("held").is_some_and(Value::is_object) {
        channel.set_member(&member(input, "held")?);
    }
    channel.merge_member(&member(input, "received")?);
    Ok(told(input, "received", &channel))
}

/// `post_unread`, through the decoder.
pub(super) fn post_unread(input: &Value) -> Result<Value, String> {
    let id = ChannelId::parse("channel").ok_or("no id")?;
    let frame = json!({"event": "post_unread", "data": input.get("event"), "broadcast": {"channel_id": id}});
    let mut state = ServerState::default();
    let mut channel = ChannelState::from_channel(&Channel {
        id,
        team_id: None,
        channel_type: ChannelType::Public,
        name: String::new(),
        display_name: String::new(),
        delete_at: 0,
        last_post_at: 0,
        total_msg_count: 0,
        total_msg_count_root: None,
    });
    channel.set_member(&member(input, "held")?);
    state.channels.insert(id, channel);
    let frame = frame.to_string();
    let Ok(Some(Event::PostUnread(event))) = wire::decode(&frame) else {
        return Err("the described event is no post_unread".to_owned());
    };
    state.apply_post_unread(&event);
    let channel = state.channels.get(&id).ok_or("the channel is gone")?;
    Ok(told(input, "held", channel))
}

/// Titles, icons and their texts.
pub(super) fn shown(kind: &str, input: &Value) -> Result<Value, String> {
    let mentions = number(input, "mentions");
    let unread = flag(input, "unread");
    let sum = Sum { mentions, unread, urgent: false };
    let badge = Badge {
        mentions: u32::try_from(mentions.max(0)).unwrap_or(u32::MAX),
        unread,
        signed_out: flag(input, "session_expired"),
        dot_hidden: !flag_or(input, "showUnreadBadge", true),
    };
    Ok(match kind {
        "window_title" => {
            let view = match text_of(input, "view") {
                "threads" => "Threads",
                "drafts" => "Drafts",
                "scheduled" => "Scheduled",
                _ => first_of(input, &["channel", "teammate"]).and_then(Value::as_str).unwrap_or_default(),
            };
            let favicon = flag(input, "dynamic_favicon");
            json!({"title": counting::window_title(sum, favicon, view, text_of(input, "team"), text_of(input, "site_name"))})
        }
        "icon_state" => json!({"state": match counting::tab_picture(sum) {
            Picture::Mention => "Mention",
            Picture::Unread => "Unread",
            Picture::Normal => "None",
        }}),
        "icon_badge" => {
            let text = counting::icon_text(platform::platform(input)?.0, &badge);
            let count = text.as_deref().and_then(|text| text.parse::<u32>().ok());
            json!({"text": text, "count": count.unwrap_or(0)})
        }
        _ => json!({"state": match counting::tray_picture(&badge) {
            Picture::Mention => "mention",
            Picture::Unread => "unread",
            Picture::Normal => "normal",
        }}),
    })
}
