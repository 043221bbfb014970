//! Signing in and out (protocol §2, §12.13). The server's error id decides what is asked next; its own words are shown.

mod browser;
mod ways;

use std::time::Duration;

use belfry_core::ids::UserId;
use belfry_core::prefs::{AuthKind, ServerPrefs};
use belfry_core::query::Login;
use belfry_core::secret::Secret;
use http::Method;
use serde::Deserialize;
use thiserror::Error;

use crate::dial::Route;
use crate::http::{HttpError, Reply, Rest};
use crate::lenient;
use crate::secrets::{SecretError, SecretStore};
use crate::session_facts;
use crate::shapes::{self, UserShape};

pub use browser::{Handover, HandoverError, PATIENCE as BROWSER_PATIENCE, Pending, SCHEME};
pub use ways::ways;

/// The person does not wait longer than this for a server to hear of a sign-out.
const SIGN_OUT_PATIENCE: Duration = Duration::from_secs(5);
/// A server's words in letters: two sentences.
const LONGEST_WORDS: usize = 240;
/// The exchange of a browser's token is limited to two in a second even where nothing else is (protocol §12.13). Waiting
/// that out is right, since a refusal by the limiter does not use the token up.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A session, fresh.
#[derive(Debug)]
pub struct SignedIn {
    /// The session's token, or the personal access token itself.
    pub token: Secret,
    /// Who.
    pub user_id: UserId,
    /// Their login name.
    pub username: String,
    /// The server's number for the session, which is no secret; empty where it did not tell.
    pub session_id: String,
    /// What the server wants to see beside a cookie; empty where there is none (`Route::sign`).
    pub csrf: Secret,
}

/// Why signing in did not work. `Display` is one sentence without a full stop: the server's own where it has one. Do not
/// log it: a server may repeat in it what it was given.
#[derive(Debug, Error)]
pub enum SignInError {
    /// The server wants the code of an authenticator.
    #[error("{}", if *.refused { "the code was not accepted" } else { "the server asks for the code of an authenticator" })]
    MfaWanted {
        /// Whether a code was given and refused.
        refused: bool,
    },
    /// The server said why.
    #[error("{}", .0.0)]
    Refused(Words),
    /// No password was given.
    #[error("type the password")]
    NoPassword,
    /// Too many tries in a short time.
    #[error("too many tries in a short time; wait a moment")]
    TooFast,
    /// The access token is wrong, expired or not allowed.
    #[error("the access token was not accepted")]
    TokenRefused,
    /// Plain http needs the person's consent.
    #[error("the connection is not encrypted, and nobody agreed to that")]
    InsecureNotAgreed,
    /// The server said yes but gave no session.
    #[error("the server gave no session")]
    NoSession,
    /// The browser's link is no good.
    #[error("{0}")]
    Handover(#[from] HandoverError),
    /// Anything else on the way.
    #[error("{0}")]
    Http(#[from] HttpError),
}

/// A server's words, made harmless. They may repeat what was typed, so `Debug` does not show them.
pub struct Words(String);

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words(…)")
    }
}

/// Signs in. `url` is the address as discovered; plain http is used only with `insecure`.
/// Never tried again by itself: a wrong password counts towards the lockout.
pub async fn sign_in(url: &str, insecure: bool, route: &Route, login: &Login) -> Result<SignedIn, SignInError> {
    agreed(url, insecure)?;
    match login {
        Login::Password { login_id, password, mfa } => with_password(url, route, login_id, password, mfa).await,
        Login::AccessToken(token) => with_token(url, route, token).await,
    }
}

/// Finishes a sign-in of the browser: exchanges what it handed over for a session. The caller has checked the link and
/// forgotten the sign-in that waited for it.
pub async fn finish_in_browser(
    url: &str,
    insecure: bool,
    route: &Route,
    handover: &Handover,
) -> Result<SignedIn, SignInError> {
    agreed(url, insecure)?;
    let rest = Rest::open(url, None, route)?;
    let body = serde_json::json!({ "token": handover.server_token().expose(), "device_id": "" }).to_string();
    let path = "/api/v4/users/login/desktop_token";
    let mut reply = rest.submit(path, body.as_bytes()).await?;
    if reply.status == 429 {
        let wait = reply.retry_after().unwrap_or(Duration::ZERO).clamp(Duration::from_secs(1), LONGEST_WAIT);
        tokio::time::sleep(wait).await;
        reply = rest.submit(path, body.as_bytes()).await?;
    }
    session_of(url, route, path, reply, false).await
}

fn agreed(url: &str, insecure: bool) -> Result<(), SignInError> {
    if insecure || url.starts_with("https://") { Ok(()) } else { Err(SignInError::InsecureNotAgreed) }
}

async fn with_password(
    url: &str,
    route: &Route,
    login_id: &str,
    password: &Secret,
    mfa: &Secret,
) -> Result<SignedIn, SignInError> {
    if password.is_empty() {
        return Err(SignInError::NoPassword);
    }
    let rest = Rest::open(url, None, route)?;
    // Every value is a JSON string, or the server drops it or the whole body (protocol §2.1).
    let body = serde_json::json!({
        "login_id": login_id.trim(),
        "password": password.expose(),
        "token": mfa.expose().trim(),
        "device_id": "",
    });
    let path = "/api/v4/users/login";
    let reply = rest.submit(path, body.to_string().as_bytes()).await?;
    session_of(url, route, path, reply, !mfa.is_empty()).await
}

/// The session that an answer carries.
async fn session_of(
    url: &str,
    route: &Route,
    path: &str,
    reply: Reply,
    code_given: bool,
) -> Result<SignedIn, SignInError> {
    if !reply.is_ok() {
        return Err(meaning(path, &reply, code_given));
    }
    let user = shapes::object::<UserShape>(&reply.body).and_then(UserShape::into_user);
    let (Some(token), Some(user)) = (reply.token, user) else { return Err(SignInError::NoSession) };
    let Some(user_id) = user.id else { return Err(SignInError::NoSession) };
    let session_id = match Rest::open(url, Some(&token), route) {
        Ok(rest) => session_facts::newest(&rest).await.unwrap_or_default(),
        Err(_) => String::new(),
    };
    Ok(SignedIn { token, user_id, username: user.username, session_id, csrf: reply.csrf.unwrap_or_default() })
}

async fn with_token(url: &str, route: &Route, token: &Secret) -> Result<SignedIn, SignInError> {
    let token = Secret::new(token.expose().trim());
    if token.is_empty() {
        return Err(SignInError::TokenRefused);
    }
    let rest = Rest::open(url, Some(&token), route).map_err(|error| match error {
        // A token with a line break or the like cannot even be sent.
        HttpError::BadAddress => SignInError::TokenRefused,
        other => SignInError::Http(other),
    })?;
    let user = rest.me().await.map_err(|error| {
        if error.status() == Some(401) { SignInError::TokenRefused } else { SignInError::Http(error) }
    })?;
    let Some(user_id) = user.id else { return Err(SignInError::NoSession) };
    // A token's session is derived anew with each use: there is none to follow (protocol §2.2).
    Ok(SignedIn { token, user_id, username: user.username, session_id: String::new(), csrf: Secret::default() })
}

fn meaning(path: &str, reply: &Reply, code_given: bool) -> SignInError {
    let id = reply.error_id();
    match id.as_str() {
        "mfa.validate_token.authenticate.app_error" => SignInError::MfaWanted { refused: code_given },
        "api.user.check_user_mfa.bad_code.app_error" => SignInError::MfaWanted { refused: true },
        _ if reply.status == 429 => SignInError::TooFast,
        _ => {
            let words = said(&reply.body);
            let words = if words.is_empty() { our_words(&id).to_owned() } else { words };
            // A proxy's refusal has no id of the server's, and its page says nothing to a person.
            if id.is_empty() || words.is_empty() {
                SignInError::Http(Rest::refusal(path, reply))
            } else {
                SignInError::Refused(Words(words))
            }
        }
    }
}

/// For servers that send the id alone.
fn our_words(id: &str) -> &'static str {
    match id {
        "api.user.check_user_login_attempts.too_many.app_error"
        | "api.user.check_user_login_attempts.too_many_ldap.app_error" => {
            "the account is locked after too many tries; ask an administrator or wait"
        }
        "api.user.login.inactive.app_error" => "the account is deactivated",
        "api.user.login.not_verified.app_error" => "the account's email address is not verified yet",
        "api.user.login.bot_login_forbidden.app_error" | "api.user.login.remote_users.login.error" => {
            "this account may not sign in with a password"
        }
        "api.user.login.client_side_cert.certificate.app_error" => "the server asks for a client certificate",
        "app.desktop_token.validate.invalid" => "the sign-in took too long or was used already; begin again",
        "api.user.login_with_desktop_token.not_oauth_or_saml_user.app_error" => {
            "this account signs in with a password, not with the browser"
        }
        id if id.starts_with("api.user.login.invalid_credentials") => "user name or password is wrong",
        id if id.starts_with("api.") => "the server refused the sign-in",
        _ => "",
    }
}

/// The message of a server's error.
fn said(body: &[u8]) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct ErrorBody {
        #[serde(deserialize_with = "lenient::text")]
        message: String,
    }
    let message = shapes::object::<ErrorBody>(body.get(..body.len().min(64 << 10)).unwrap_or_default());
    let words = harmless(&message.map(|error| error.message).unwrap_or_default(), LONGEST_WORDS);
    words.strip_suffix('.').unwrap_or(&words).to_owned()
}

/// A stranger's words in one line of bounded length, without what turns or hides text.
pub(crate) fn harmless(text: &str, longest: usize) -> String {
    let line = belfry_core::text::neutralize(text).split_whitespace().collect::<Vec<_>>().join(" ");
    belfry_core::text::shorten(&line, longest)
}

/// What a sign-out came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// The server ended the session, or there was none to end.
    Ended,
    /// The session goes on there, since the server could not be told: one sentence without a full stop.
    NotTold(String),
}

/// Ends the session on the server where that is right, and forgets the token in any case. A personal access token is only
/// forgotten (protocol §2.2); an unreachable server is no obstacle, but it is said.
pub async fn sign_out(server: &ServerPrefs, secrets: &SecretStore, route: &Route) -> Result<Farewell, SecretError> {
    let key = server.secret_key();
    let farewell = match server.auth {
        AuthKind::AccessToken => Farewell::Ended,
        AuthKind::Password | AuthKind::Browser => match secrets.get(&key).await {
            Ok(Some(token)) => end_session(&server.url, route, &token).await,
            Ok(None) => Farewell::Ended,
            Err(error) => Farewell::NotTold(error.to_string()),
        },
    };
    secrets.delete(&key).await?;
    Ok(farewell)
}

/// Tells a server that a session is over.
pub async fn end_session(url: &str, route: &Route, token: &Secret) -> Farewell {
    let tell = async {
        let rest = Rest::open(url, Some(token), route)?;
        rest.write(Method::POST, "/api/v4/users/logout", b"").await.map(drop)
    };
    match tokio::time::timeout(SIGN_OUT_PATIENCE, tell).await {
        Ok(Ok(())) => Farewell::Ended,
        // It was over before.
        Ok(Err(error)) if error.status() == Some(401) => Farewell::Ended,
        Ok(Err(error)) => Farewell::NotTold(error.to_string()),
        Err(_elapsed) => Farewell::NotTold("the server did not answer".to_owned()),
    }
}

#[cfg(test)]
mod tests;
