//! Single sign-on, both sides of it (`protocol.md` §2.3 A): the server's pages, and a provider that vouches for one person
//! without asking anything.

use hyper::Method;

use super::{Reply, Req};
use crate::shared::Inner;

/// Which key of the configuration switches a service on.
const SERVICES: [(&str, &str); 4] = [
    ("gitlab", "EnableSignUpWithGitLab"),
    ("google", "EnableSignUpWithGoogle"),
    ("office365", "EnableSignUpWithOffice365"),
    ("openid", "EnableSignUpWithOpenId"),
];

/// Answers the pages of a sign-in; `None` for every other page.
pub(super) fn answer(inner: &mut Inner, req: &Req) -> Option<Reply> {
    if req.method != Method::GET {
        return None;
    }
    let segments: Vec<&str> = req.path.split('/').filter(|part| !part.is_empty()).collect();
    Some(match segments.as_slice() {
        ["oauth", service, "login"] => {
            let key = SERVICES.iter().find(|(name, _)| name == service).map(|(_, key)| *key);
            begin(inner, req, key, "/provider/authorize")
        }
        ["login", "sso", "saml"] => begin(inner, req, Some("EnableSaml"), "/provider/authorize"),
        // The provider knows who sits at the browser.
        ["provider", "authorize"] => {
            let state = req.query("state").unwrap_or_default();
            redirect(inner, &format!("/oauth/complete?code=practice&state={state}"))
        }
        ["oauth", "complete"] => complete(inner, req.query("state").unwrap_or_default()),
        ["login", "desktop"] => last_page(inner, req),
        _ => return None,
    })
}

fn begin(inner: &mut Inner, req: &Req, key: Option<&str>, provider: &str) -> Reply {
    let on = key.is_some_and(|key| inner.state.config.get(key).is_some_and(|value| value == "true"));
    if !on {
        return page(501, "This way of signing in is switched off");
    }
    let client_token = req.query("desktop_token").unwrap_or_default().to_owned();
    let state = inner.state.begin_sso(client_token);
    redirect(inner, &format!("{provider}?state={state}"))
}

/// The provider sent the browser back.
fn complete(inner: &mut Inner, state: &str) -> Reply {
    let Some((client_token, user)) = inner.state.end_sso(state) else {
        return page(400, "Nobody is vouched for, or the sign-in is not known");
    };
    // A browser that signs in for itself only gets its cookie, which nobody here needs.
    if client_token.is_empty() {
        return redirect(inner, "/");
    }
    let server_token = inner.state.desktop_token(&user);
    let dev = if client_token.starts_with("dev-") { "&isDesktopDev=true" } else { "" };
    redirect(inner, &format!("/login/desktop?client_token={client_token}&server_token={server_token}{dev}"))
}

/// The page that opens the desktop application.
fn last_page(inner: &Inner, req: &Req) -> Reply {
    let scheme = if req.query("isDesktopDev") == Some("true") { "mattermost-dev" } else { "mattermost" };
    let place = inner.state.site_url.split_once("://").map_or("", |(_, place)| place);
    let token = |key: &str| req.query(key).unwrap_or_default().replace(['"', '<', '>', '&'], "");
    let (client, server) = (token("client_token"), token("server_token"));
    let link = format!("{scheme}://{place}/login/desktop?client_token={client}&server_token={server}");
    page(200, &format!("<a id=\"open\" href=\"{link}\">Open the application</a>"))
}

fn page(status: u16, text: &str) -> Reply {
    Reply::text(status, "text/html; charset=utf-8", &format!("<!DOCTYPE html><html><body>{text}</body></html>"))
}

fn redirect(inner: &Inner, to: &str) -> Reply {
    Reply::text(302, "text/html; charset=utf-8", "").header("Location", format!("{}{to}", inner.state.site_url))
}
