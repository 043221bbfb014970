//! What a client reads when it starts (`protocol.md` §3).

use std::collections::BTreeSet;

use hyper::Method;
use hyper::header;
use serde_json::{Map, Value, json};

use super::auth::unchanged;
use super::{Answer, Me, Reply, Req, own};
use crate::error::Refused;
use crate::ids::is_id;
use crate::model::{Channel, Member, MemberWire, User};
use crate::shared::Inner;
use crate::state::State;
use crate::wire::go_json;

/// The largest page.
const MAX_PAGE: usize = 200;
/// Only so many group messages are looked up; the rest is dropped without a word.
const MAX_GROUP_CHANNELS: usize = 50;
/// People of one search where nobody says how many.
const SEARCH_LIMIT: usize = 100;

pub(super) fn answer(inner: &mut Inner, req: &Req, me: &Me, segments: &[&str]) -> Option<Answer> {
    let state = &inner.state;
    Some(match (&req.method, segments) {
        (&Method::GET, ["users", id]) if *id == "me" || is_id(id) => user(state, req, me, id),
        (&Method::GET, ["users", _]) => Err(Refused::url("user_id")),
        (&Method::GET, ["users", "username", name]) => state.find_user(name).and_then(|id| user(state, req, me, &id)),
        (&Method::POST, ["users", "ids"]) => users_by_ids(state, req),
        (&Method::POST, ["users", "search"]) => search(state, req),
        (&Method::POST, ["users", "usernames"]) => req.ids("usernames").map(|names| {
            let found: Vec<Value> = state
                .users
                .values()
                .filter(|u| names.contains(&u.username))
                .map(|u| u.json(false, state.version))
                .collect();
            Reply::json(&found)
        }),
        (&Method::POST, ["users", "group_channels"]) => group_channels(state, req, me),
        (&Method::GET, ["users", id, "teams"]) => own(me, id).map(|()| {
            let teams: Vec<Value> = state.teams_of(&me.id).map(|team| team.json(state.version)).collect();
            Reply::json(&teams)
        }),
        (&Method::GET, ["users", id, "teams", "members"]) => own(me, id).map(|()| {
            let rows: Vec<Value> = state.teams_of(&me.id).map(|team| team.member_json(&me.id)).collect();
            Reply::json(&rows)
        }),
        (&Method::GET, ["users", id, "teams", "unread"]) => {
            own(me, id).map(|()| Reply::json(&state.teams_unread(&me.id)))
        }
        (&Method::GET, ["users", id, "channels"]) if state.version.lists_all_channels() => {
            own(me, id).map(|()| all_channels(state, req, me))
        }
        (&Method::GET, ["users", id, "channel_members"]) if state.version.lists_all_members() => {
            own(me, id).and_then(|()| all_members(state, req, me))
        }
        (&Method::GET, ["users", id, "teams", team, "channels"]) => {
            own(me, id).and_then(|()| team_channels(state, req, me, team))
        }
        (&Method::GET, ["users", id, "teams", team, "channels", "members"]) => own(me, id).map(|()| {
            let rows: Vec<MemberWire<'_>> = state
                .channels_of(&me.id)
                .filter(|(c, _)| c.team_id == *team || c.is_direct())
                .map(|(c, m)| m.wire(&c.id, &me.id, state.version))
                .collect();
            Reply::json(&rows)
        }),
        (&Method::GET, ["users", id, "teams", team, "channels", "categories"]) => {
            own(me, id).map(|()| Reply::json(&categories(state, me, team)))
        }
        (&Method::GET, ["channels", id]) => channel(state, me, id).map(Reply::json),
        (&Method::GET, ["channels", id, "members", who]) => member(state, me, id, who),
        (&Method::GET, ["channels", id, "members"]) => channel(state, me, id).map(|channel| {
            let rows: Vec<MemberWire<'_>> =
                channel.members.iter().map(|(user, m)| m.wire(&channel.id, user, state.version)).collect();
            Reply::json(&rows)
        }),
        (&Method::GET, ["users", id, "channels", channel_id, "unread"]) => {
            own(me, id).and_then(|()| channel_unread(state, me, channel_id))
        }
        (&Method::GET, ["teams", id]) => state
            .teams
            .get(*id)
            .filter(|t| t.members.contains(&me.id))
            .map(|t| Reply::json(&t.json(state.version)))
            .ok_or_else(Refused::permission),
        (&Method::POST, ["roles", "names"]) => req.ids("rolenames").map(|names| {
            let permissions = ["create_post", "read_channel", "use_channel_mentions"];
            let role = |name: &String| json!({ "id": name, "name": name, "permissions": permissions });
            Reply::json(&names.iter().map(role).collect::<Vec<_>>())
        }),
        (&Method::GET, ["plugins", "webapp"]) => Ok(Reply::json(&match state.ringing {
            Some(_) => json!([{ "id": "com.mattermost.calls", "version": "1.11.0" }]),
            None => json!([]),
        })),
        _ => return None,
    })
}

fn user(state: &State, req: &Req, me: &Me, id: &str) -> Answer {
    let id = if id == "me" { &me.id } else { id };
    let user = state.user(id)?;
    let full = user.id == me.id;
    let etag = format!("{}.{}.{}.0.true.true", state.version.text(), user.id, user.update_at);
    if unchanged(req, &etag) {
        return Ok(Reply::text(304, "application/json", "").header("ETag", etag));
    }
    Ok(Reply::json(&user.json(full, state.version)).header("ETag", etag))
}

fn users_by_ids(state: &State, req: &Req) -> Answer {
    let ids: BTreeSet<String> = req.ids("user_ids")?.into_iter().collect();
    let found: Vec<Value> =
        ids.iter().filter_map(|id| state.users.get(id)).map(|u| u.json(false, state.version)).collect();
    Ok(Reply::json(&found))
}

/// Everybody whose names begin with each of the words.
fn search(state: &State, req: &Req) -> Answer {
    let asked = req.object()?;
    let term = asked.get("term").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    if term.is_empty() {
        return Err(Refused::body("term"));
    }
    let limit = asked.get("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
    let fits = |user: &&User| {
        let names = [&user.username, &user.first_name, &user.last_name, &user.nickname].map(|name| name.to_lowercase());
        let begins = |word: &str| names.iter().any(|name| name.starts_with(word.trim_start_matches('@')));
        user.delete_at == 0 && term.split_whitespace().all(begins)
    };
    let found: Vec<Value> = state
        .users
        .values()
        .filter(fits)
        .take(limit.unwrap_or(SEARCH_LIMIT))
        .map(|user| user.json(false, state.version))
        .collect();
    Ok(Reply::json(&found))
}

fn group_channels(state: &State, req: &Req, me: &Me) -> Answer {
    let mut found = Map::new();
    for id in req.ids("group_channel_ids")?.into_iter().take(MAX_GROUP_CHANNELS) {
        let Some(channel) = state.channels.get(&id).filter(|c| c.kind == "G" && c.members.contains_key(&me.id)) else {
            continue;
        };
        let others = channel.members.keys().filter(|user| **user != me.id);
        let users: Vec<Value> =
            others.filter_map(|user| state.users.get(user)).map(|u| u.json(false, state.version)).collect();
        found.insert(id, Value::Array(users));
    }
    Ok(Reply::json(&found))
}

fn no_channels() -> Refused {
    Refused::new(404, "app.channel.get_channels.not_found.app_error", "No channels were found.")
}

/// A streamed array. Without any channel the error is written after the opening bracket, with status 200; behind
/// compression the server notices in time and answers 404.
fn all_channels(state: &State, req: &Req, me: &Me) -> Reply {
    let deleted = req.query("include_deleted") == Some("true");
    let channels: Vec<&Channel> =
        state.channels_of(&me.id).map(|(c, _)| c).filter(|c| deleted || c.delete_at == 0).collect();
    if !channels.is_empty() {
        return Reply::json(&channels);
    }
    let refused = no_channels();
    if req.header(&header::ACCEPT_ENCODING).contains("gzip") {
        return Reply::refused(&refused, None);
    }
    Reply::raw_json(&format!("[{}", go_json(&refused.json(None))))
}

fn team_channels(state: &State, req: &Req, me: &Me, team: &str) -> Answer {
    let deleted = req.query("include_deleted") == Some("true");
    let channels: Vec<&Channel> = state
        .channels_of(&me.id)
        .map(|(c, _)| c)
        .filter(|c| (c.team_id == team || c.is_direct()) && (deleted || c.delete_at == 0))
        .collect();
    if channels.is_empty() { Err(no_channels()) } else { Ok(Reply::json(&channels)) }
}

fn all_members(state: &State, req: &Req, me: &Me) -> Answer {
    let page = req.query_number("page").unwrap_or(0);
    let size = req.query_number("per_page").and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(60);
    let size = size.min(MAX_PAGE);
    let lines = page < 0 && state.streams_lines;
    let (skip, take) =
        if lines { (0, usize::MAX) } else { (usize::try_from(page).unwrap_or(0).saturating_mul(size), size) };
    let rows: Vec<MemberWire<'_>> = state
        .channels_of(&me.id)
        .skip(skip)
        .take(take)
        .map(|(channel, member)| with_team(state, channel, member, &me.id))
        .collect();
    if !lines {
        return Ok(Reply::json(&rows));
    }
    if rows.is_empty() {
        return Err(Refused::no_member());
    }
    let text: String = rows.iter().flat_map(|row| [go_json(row), "\n".to_owned()]).collect();
    Ok(Reply::text(200, "application/x-ndjson", &text))
}

fn with_team<'a>(state: &'a State, channel: &'a Channel, member: &'a Member, user: &'a str) -> MemberWire<'a> {
    let mut wire = member.wire(&channel.id, user, state.version);
    let team = state.teams.get(&channel.team_id);
    wire.team_display_name = Some(team.map_or("", |t| &t.display_name));
    wire.team_name = Some(team.map_or("", |t| &t.name));
    wire.team_update_at = Some(team.map_or(0, |t| t.create_at));
    wire
}

/// A channel that the person may see.
pub(super) fn channel<'a>(state: &'a State, me: &Me, id: &str) -> Result<&'a Channel, Refused> {
    let channel = state.channel(id)?;
    let open = channel.kind == "O" && state.teams.get(&channel.team_id).is_some_and(|t| t.members.contains(&me.id));
    if open || channel.members.contains_key(&me.id) { Ok(channel) } else { Err(Refused::permission()) }
}

fn member(state: &State, me: &Me, id: &str, who: &str) -> Answer {
    let user = if who == "me" { &me.id } else { who };
    let channel = channel(state, me, id)?;
    let member = channel.members.get(user).ok_or_else(Refused::no_member)?;
    Ok(Reply::json(&member.wire(&channel.id, user, state.version)))
}

/// Here the counters are the *unread* ones.
fn channel_unread(state: &State, me: &Me, id: &str) -> Answer {
    let channel = channel(state, me, id)?;
    let member = state.member(id, &me.id)?;
    Ok(Reply::json(&json!({
        "team_id": channel.team_id, "channel_id": id,
        "msg_count": (channel.total_msg_count - member.msg_count).max(0),
        "mention_count": member.mention_count, "mention_count_root": member.mention_count_root,
        "urgent_mention_count": member.urgent_mention_count,
        "msg_count_root": (channel.total_msg_count_root - member.msg_count_root).max(0),
        "notify_props": member.notify_props,
    })))
}

fn categories(state: &State, me: &Me, team: &str) -> Value {
    let ids = |direct: bool| -> Vec<&str> {
        let mine = state.channels_of(&me.id).map(|(c, _)| c);
        mine.filter(|c| if direct { c.is_direct() } else { c.team_id == team }).map(|c| c.id.as_str()).collect()
    };
    let row = |kind: &str, name: &str, order: i64, channels: Vec<&str>| {
        let mut row = json!({
            "id": format!("{kind}_{}_{team}", me.id), "user_id": me.id, "team_id": team, "sorting": "", "type": kind,
            "display_name": name, "muted": false, "collapsed": false, "channel_ids": channels,
        });
        if let (true, Some(map)) = (state.version.follows(), row.as_object_mut()) {
            map.insert("sort_order".to_owned(), json!(order));
        }
        row
    };
    let rows = [
        row("favorites", "Favorites", 0, Vec::new()),
        row("channels", "Channels", 10, ids(false)),
        row("direct_messages", "Direct Messages", 20, ids(true)),
    ];
    let order: Vec<&Value> = rows.iter().filter_map(|row| row.get("id")).collect();
    json!({ "categories": rows, "order": order })
}
