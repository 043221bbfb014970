//! The Calls plugin's own little API. Its 401 says nothing about the session.

use hyper::Method;
use serde_json::{Value, json};

use super::{Reply, Req, who};
use crate::shared::Inner;

fn plain(status: u16, text: &str) -> Reply {
    Reply::text(status, "text/plain; charset=utf-8", text)
}

pub(super) fn answer(inner: &mut Inner, req: &Req) -> Reply {
    let Some(ringing) = inner.state.ringing else { return plain(404, "404 page not found\n") };
    let rest = req.path.strip_prefix("/plugins/com.mattermost.calls").unwrap_or_default();
    let segments: Vec<&str> = rest.split('/').filter(|s| !s.is_empty()).collect();
    if (&req.method, segments.as_slice()) == (&Method::GET, &["version"]) {
        return Reply::json(&json!({ "version": "1.11.0", "build": "" }));
    }
    let Ok(me) = who(inner, req) else { return plain(401, "Unauthorized\n") };
    match (&req.method, segments.as_slice()) {
        (&Method::GET, ["config"]) => Reply::json(&json!({
            "AllowEnableCalls": true, "DefaultEnabled": true, "EnableRinging": ringing, "GroupCallsAllowed": false,
            "sku_short_name": "starter", "MaxCallParticipants": 0,
        })),
        (&Method::GET, ["channels"]) => {
            let mine = inner.state.calls.keys().filter(|id| inner.state.member(id, &me.id).is_ok());
            let rows: Vec<Value> = mine.map(|id| inner.state.call_json(&me.id, id)).collect();
            Reply::json(&rows)
        }
        (&Method::POST, ["calls", channel, "dismiss-notification"]) => {
            match inner.act(|s| s.dismiss_call(&me.id, channel)) {
                Ok(()) => Reply::json(&json!({ "message": "success", "status_code": 200 })),
                Err(refused) => {
                    let body = json!({ "detailed_error": refused.message, "status_code": refused.status });
                    Reply::json(&body).with_status(refused.status)
                }
            }
        }
        (&Method::GET, ["calls", channel, "active"]) => {
            Reply::json(&json!({ "active": inner.state.calls.contains_key(*channel) }))
        }
        (&Method::GET, [channel]) if inner.state.member(channel, &me.id).is_ok() => {
            Reply::json(&inner.state.call_json(&me.id, channel))
        }
        _ => plain(403, "Forbidden\n"),
    }
}
