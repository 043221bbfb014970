//! What anybody may ask: whether the server is there, and signing in and out.

use hyper::Method;
use hyper::header;
use serde_json::{Value, json};

use super::{Answer, Reply, Req, cookies, token_of, who};
use crate::error::Refused;
use crate::shared::Inner;

/// Answers the public part of the API.
pub(super) fn public(inner: &mut Inner, req: &Req, segments: &[&str]) -> Option<Answer> {
    Some(match (&req.method, segments) {
        (&Method::GET, ["system", "ping"]) if inner.state.version.modern_posts() => Ok(Reply::json(&json!({
            "ActiveSearchBackend": "database", "AndroidLatestVersion": "", "AndroidMinVersion": "",
            "IosLatestVersion": "", "IosMinVersion": "", "status": "OK",
        }))),
        (&Method::GET, ["system", "ping"]) => Ok(Reply::json(&json!({
            "AndroidLatestVersion": "", "AndroidMinVersion": "", "DesktopLatestVersion": "", "DesktopMinVersion": "",
            "IosLatestVersion": "", "IosMinVersion": "", "status": "OK",
        }))),
        (&Method::GET, ["config", "client"]) => client_config(inner, req),
        (&Method::GET, ["license", "client"]) => {
            if req.query("format").is_some() {
                Ok(Reply::json(&inner.state.client_licence()))
            } else {
                Err(Refused::url("format"))
            }
        }
        (&Method::POST, ["users", "login"]) => login(inner, req),
        (&Method::POST, ["users", "login", "desktop_token"]) => desktop(inner, req),
        (&Method::POST, ["users", "login", "type"]) => Err(Refused::no_endpoint(&req.path)),
        (&Method::POST, ["users", "logout"]) => {
            if let Some((token, _)) = token_of(&req.headers) {
                inner.state.sign_out(&token);
            }
            Ok(Reply::okay())
        }
        _ => return None,
    })
}

/// An invalid token is ignored here: the short map comes, with 200.
fn client_config(inner: &Inner, req: &Req) -> Answer {
    let old = inner.state.version < crate::compat::Version(10, 0, 0);
    match req.query("format") {
        None if old => {
            return Err(Refused::new(
                501,
                "api.config.client.old_format.app_error",
                "New format is not supported yet.",
            ));
        }
        Some(format) if old && format != "old" => return Err(Refused::url("format")),
        _ => {}
    }
    Ok(Reply::json(&inner.state.client_config(who(inner, req).is_ok())))
}

/// All values are strings; any other type voids the field.
fn login(inner: &mut Inner, req: &Req) -> Answer {
    let body = req.object()?;
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    let (token, user) = inner.state.sign_in(text("login_id"), text("password"), text("token"))?;
    let reply = Reply::json(&inner.state.user(&user)?.json(true, inner.state.version)).header("Token", token.clone());
    let browser = req.headers.get("x-requested-with").is_some_and(|v| v.as_bytes() == b"XMLHttpRequest");
    Ok(if browser { cookies(reply, inner, &token) } else { reply })
}

fn desktop(inner: &mut Inner, req: &Req) -> Answer {
    let body = req.object()?;
    let wanted = body.get("token").and_then(Value::as_str).unwrap_or_default();
    let (token, user) = inner.state.use_desktop_token(wanted)?;
    let reply = Reply::json(&inner.state.user(&user)?.json(true, inner.state.version)).header("Token", token.clone());
    Ok(cookies(reply, inner, &token))
}

/// Whether the client already has this version of a resource. The tag is not quoted.
pub(super) fn unchanged(req: &Req, etag: &str) -> bool {
    req.header(&header::IF_NONE_MATCH) == etag
}
