//! Threads: `users/{id}/teams/{team}/threads…`

use hyper::Method;
use serde_json::{Value, json};

use super::{Answer, Me, Reply, Req, own};
use crate::error::Refused;
use crate::shared::Inner;
use crate::state::State;

pub(super) fn answer(inner: &mut Inner, req: &Req, me: &Me, segments: &[&str]) -> Option<Answer> {
    let ["users", id, "teams", team, "threads", rest @ ..] = segments else { return None };
    if let Err(refused) = own(me, id).and_then(|()| in_team(&inner.state, me, team)) {
        return Some(Err(refused));
    }
    Some(match (&req.method, rest) {
        (&Method::GET, []) => Ok(list(&inner.state, req, me, team)),
        (&Method::PUT, ["read"]) => inner.act(|s| s.read_all_threads(&me.id, team)).map(|()| Reply::okay()),
        (&Method::GET, [root]) => inner.state.thread_json(root, &me.id).map(|text| Reply::raw_json(&text)),
        (&Method::PUT, [root, "following"]) => {
            inner.act(|s| s.set_following(&me.id, team, root, true)).map(|()| Reply::okay())
        }
        (&Method::DELETE, [root, "following"]) => {
            inner.act(|s| s.set_following(&me.id, team, root, false)).map(|()| Reply::okay())
        }
        (&Method::PUT, [root, "read", at]) => match at.parse() {
            Ok(at) => inner.act(|s| s.read_thread(&me.id, team, root, at)).map(|text| Reply::raw_json(&text)),
            Err(_) => Err(Refused::url("timestamp")),
        },
        (&Method::POST, [root, "set_unread", post]) if inner.state.version.tells_previous() => {
            inner.act(|s| s.unread_thread(&me.id, team, root, post)).map(|text| Reply::raw_json(&text))
        }
        _ => return None,
    })
}

fn in_team(state: &State, me: &Me, team: &str) -> Result<(), Refused> {
    let mine = state.teams.get(team).is_some_and(|t| t.members.contains(&me.id));
    if mine { Ok(()) } else { Err(Refused::permission()) }
}

/// Totals cover the team's threads and all of direct and group messages; with `totalsOnly` the list is `null`.
fn list(state: &State, req: &Req, me: &Me, team: &str) -> Reply {
    let direct = req.query("excludeDirect") != Some("true") || state.version < crate::compat::Version(10, 4, 0);
    let [total, unread, mentions, urgent] = state.thread_totals(&me.id, team, direct);
    let mut body = json!({ "total": total, "total_unread_threads": unread, "total_unread_mentions": mentions });
    let Some(map) = body.as_object_mut() else { return Reply::okay() };
    if state.version.knows_urgent() {
        map.insert("total_unread_urgent_mentions".to_owned(), json!(urgent));
    }
    let totals_only = req.query("totalsOnly") == Some("true") && state.version.follows();
    if totals_only {
        map.insert("threads".to_owned(), Value::Null);
        return Reply::json(&body);
    }
    let key = if state.version.follows() { "per_page" } else { "pageSize" };
    let size = req.query_number(key).and_then(|n| usize::try_from(n).ok()).unwrap_or(30).min(200);
    let unread_only = req.query("unread") == Some("true");
    let mut rows: Vec<Value> = state
        .followed_threads(&me.id)
        .filter(|(root, of, _)| {
            (*of == team || (direct && of.is_empty())) && (!unread_only || state.thread_unread(root, &me.id).0 > 0)
        })
        .filter_map(|(root, _, _)| serde_json::from_str(&state.thread_json(root, &me.id).ok()?).ok())
        .collect();
    rows.sort_by_key(|row: &Value| std::cmp::Reverse(row.get("last_reply_at").and_then(Value::as_i64)));
    rows.truncate(size);
    map.insert("threads".to_owned(), Value::Array(rows));
    Reply::json(&body)
}
