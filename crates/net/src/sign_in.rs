//! Signing in and out (protocol §2.1, §2.2, §2.6, §12.13). The server's error id decides, never its text.

use std::time::Duration;

use belfry_core::ids::UserId;
use belfry_core::prefs::{AuthKind, ServerPrefs};
use belfry_core::query::Login;
use belfry_core::secret::Secret;
use http::Method;
use thiserror::Error;

use crate::dial::Route;
use crate::http::{HttpError, Rest};
use crate::secrets::{SecretError, SecretStore};
use crate::shapes::{self, UserShape};

/// The person does not wait longer than this for a server to hear of a sign-out.
const SIGN_OUT_PATIENCE: Duration = Duration::from_secs(5);

/// A session, fresh.
#[derive(Debug)]
pub struct SignedIn {
    /// The session's token, or the personal access token itself.
    pub token: Secret,
    /// Who.
    pub user_id: UserId,
    /// Their login name.
    pub username: String,
}

/// Why signing in did not work. `Display` is one sentence without a full stop.
#[derive(Debug, Error)]
pub enum SignInError {
    /// The server wants the code of an authenticator.
    #[error("{}", if *.refused { "the code was not accepted" } else { "the server asks for the code of an authenticator" })]
    MfaWanted {
        /// Whether a code was given and refused.
        refused: bool,
    },
    /// The server does not say which of them is wrong.
    #[error("user name or password is wrong")]
    WrongCredentials,
    /// No password was given.
    #[error("type the password")]
    NoPassword,
    /// Too many tries.
    #[error("the account is locked after too many tries; ask an administrator or wait")]
    Locked,
    /// The account is deactivated.
    #[error("the account is deactivated")]
    Deactivated,
    /// The address was never confirmed.
    #[error("the account's e-mail address is not verified yet")]
    NotVerified,
    /// Bots and remote users may not.
    #[error("this account may not sign in with a password")]
    NotAllowed,
    /// An old server wants a client certificate.
    #[error("the server asks for a client certificate, which is not supported")]
    ClientCertificate,
    /// A plugin of the server refused.
    #[error("the server refused the sign-in")]
    RefusedByServer,
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
    /// Anything else on the way.
    #[error("{0}")]
    Http(#[from] HttpError),
}

/// Signs in. `url` is the address as discovered; plain http is used only with `insecure`.
/// Never tried again by itself: a wrong password counts towards the lockout.
pub async fn sign_in(url: &str, insecure: bool, login: &Login) -> Result<SignedIn, SignInError> {
    if !insecure && !url.starts_with("https://") {
        return Err(SignInError::InsecureNotAgreed);
    }
    match login {
        Login::Password { login_id, password, mfa } => with_password(url, login_id, password, mfa).await,
        Login::AccessToken(token) => with_token(url, token).await,
    }
}

async fn with_password(url: &str, login_id: &str, password: &Secret, mfa: &Secret) -> Result<SignedIn, SignInError> {
    if password.is_empty() {
        return Err(SignInError::NoPassword);
    }
    let rest = Rest::open(url, None, &Route::direct())?;
    // Every value is a JSON string, or the server drops it or the whole body (protocol §2.1).
    let body = serde_json::json!({
        "login_id": login_id.trim(),
        "password": password.expose(),
        "token": mfa.expose().trim(),
        "device_id": "",
    });
    let reply = match rest.write(Method::POST, "/api/v4/users/login", body.to_string().as_bytes()).await {
        Ok(reply) => reply,
        Err(error) => return Err(meaning(error, !mfa.is_empty())),
    };
    let user = shapes::object::<UserShape>(&reply.body).and_then(UserShape::into_user);
    let (Some(token), Some(user)) = (reply.token, user) else { return Err(SignInError::NoSession) };
    let Some(user_id) = user.id else { return Err(SignInError::NoSession) };
    Ok(SignedIn { token, user_id, username: user.username })
}

async fn with_token(url: &str, token: &Secret) -> Result<SignedIn, SignInError> {
    let token = Secret::new(token.expose().trim());
    if token.is_empty() {
        return Err(SignInError::TokenRefused);
    }
    let rest = Rest::open(url, Some(&token), &Route::direct()).map_err(|error| match error {
        // A token with a line break or the like cannot even be sent.
        HttpError::BadAddress => SignInError::TokenRefused,
        other => SignInError::Http(other),
    })?;
    let user = rest.me().await.map_err(|error| {
        if error.status() == Some(401) { SignInError::TokenRefused } else { SignInError::Http(error) }
    })?;
    let Some(user_id) = user.id else { return Err(SignInError::NoSession) };
    Ok(SignedIn { token, user_id, username: user.username })
}

fn meaning(error: HttpError, code_given: bool) -> SignInError {
    let Some(status) = error.status() else { return SignInError::Http(error) };
    match error.id() {
        "mfa.validate_token.authenticate.app_error" => SignInError::MfaWanted { refused: code_given },
        "api.user.check_user_mfa.bad_code.app_error" => SignInError::MfaWanted { refused: true },
        "api.user.login.blank_pwd.app_error" => SignInError::NoPassword,
        "api.user.check_user_login_attempts.too_many.app_error"
        | "api.user.check_user_login_attempts.too_many_ldap.app_error" => SignInError::Locked,
        "api.user.login.inactive.app_error" => SignInError::Deactivated,
        "api.user.login.not_verified.app_error" => SignInError::NotVerified,
        "api.user.login.bot_login_forbidden.app_error" | "api.user.login.remote_users.login.error" => {
            SignInError::NotAllowed
        }
        "api.user.login.client_side_cert.certificate.app_error" => SignInError::ClientCertificate,
        _ if status == 429 => SignInError::TooFast,
        // A proxy's 401 has no id of the server's.
        id if status == 401 && id.starts_with("api.") => SignInError::WrongCredentials,
        id if status == 400 && !id.is_empty() => SignInError::RefusedByServer,
        _ => SignInError::Http(error),
    }
}

/// Ends the session on the server where that is right, and forgets the token in any case. A personal access token is only
/// forgotten (protocol §2.2); an unreachable server is no obstacle.
pub async fn sign_out(server: &ServerPrefs, secrets: &SecretStore) -> Result<(), SecretError> {
    let key = server.secret_key();
    if server.auth == AuthKind::Password {
        let token = secrets.get(&key).await?;
        let farewell = async {
            let Some(token) = token else { return };
            let Ok(rest) = Rest::open(&server.url, Some(&token), &Route::direct()) else { return };
            if let Err(error) = rest.logout().await {
                tracing::debug!(%error, "the server did not hear of the sign-out");
            }
        };
        // Ignored beyond that: the token is forgotten either way.
        tokio::time::timeout(SIGN_OUT_PATIENCE, farewell).await.ok();
    }
    secrets.delete(&key).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, WebServer};

    async fn try_password(status: u16, id: &'static str, mfa: &str) -> SignInError {
        let server =
            WebServer::start(move |_| Answer::json(status, &format!(r#"{{"id":"{id}","message":"m"}}"#))).await;
        let login = Login::Password { login_id: "ann".to_owned(), password: Secret::new("pw"), mfa: Secret::new(mfa) };
        sign_in(server.url(), true, &login).await.unwrap_err()
    }

    #[tokio::test]
    async fn the_servers_reason_becomes_a_sentence() {
        let table = [
            (400, "mfa.validate_token.authenticate.app_error", "", "the server asks for the code of an authenticator"),
            (401, "mfa.validate_token.authenticate.app_error", "123456", "the code was not accepted"),
            (401, "api.user.check_user_mfa.bad_code.app_error", "1", "the code was not accepted"),
            (401, "api.user.login.invalid_credentials_email_username", "", "user name or password is wrong"),
            (
                401,
                "api.user.check_user_login_attempts.too_many.app_error",
                "",
                "the account is locked after too many tries; ask an administrator or wait",
            ),
            (401, "api.user.login.inactive.app_error", "", "the account is deactivated"),
            (400, "my.plugin.says_no", "", "the server refused the sign-in"),
            (403, "", "", "the server refused with status 403"),
        ];
        for (status, id, mfa, sentence) in table {
            assert_eq!(try_password(status, id, mfa).await.to_string(), sentence, "{status} {id}");
        }
    }

    #[tokio::test]
    async fn a_password_gives_the_token_of_the_header_and_no_session_without_it() {
        let server = WebServer::start(|_| {
            Answer::json(200, r#"{"id":"u1","username":"ann"}"#)
                .with_header("Token", "tok26")
                .with_header("Set-Cookie", "MMAUTHTOKEN=x")
        })
        .await;
        let login = Login::Password { login_id: "ann".to_owned(), password: Secret::new("pw"), mfa: Secret::new("") };
        let signed_in = sign_in(server.url(), true, &login).await.unwrap();
        assert_eq!((signed_in.token.expose(), signed_in.username.as_str()), ("tok26", "ann"));
        let silent = WebServer::start(|_| Answer::json(200, r#"{"id":"u1"}"#)).await;
        assert!(matches!(sign_in(silent.url(), true, &login).await, Err(SignInError::NoSession)));
        assert!(matches!(sign_in(silent.url(), false, &login).await, Err(SignInError::InsecureNotAgreed)));
    }

    #[tokio::test]
    async fn an_access_token_is_tried_before_it_is_kept() {
        let good = WebServer::start(|_| Answer::json(200, r#"{"id":"u1","username":"ann"}"#)).await;
        let login = Login::AccessToken(Secret::new("  pat \n"));
        assert_eq!(sign_in(good.url(), true, &login).await.unwrap().token.expose(), "pat");
        assert!(good.requests().iter().all(|request| request.contains("authorization: Bearer pat\r\n")));
        let bad = WebServer::start(|_| Answer::json(401, r#"{"id":"api.context.session_expired.app_error"}"#)).await;
        assert!(matches!(sign_in(bad.url(), true, &login).await, Err(SignInError::TokenRefused)));
    }

    #[tokio::test]
    async fn signing_out_forgets_the_token_whatever_the_server_says_and_never_logs_an_access_token_out() {
        let server = WebServer::start(|_| Answer::html(502, "<html>")).await;
        for (auth, calls) in [(AuthKind::Password, 1), (AuthKind::AccessToken, 1)] {
            let prefs = ServerPrefs {
                id: belfry_core::ids::ServerId(1),
                url: server.url().to_owned(),
                name: "x".to_owned(),
                username: "ann".to_owned(),
                auth,
                permission: belfry_core::prefs::Permission::Ask,
                insecure: true,
            };
            let secrets = SecretStore::memory();
            secrets.set(&prefs.secret_key(), &Secret::new("t")).await.unwrap();
            sign_out(&prefs, &secrets).await.unwrap();
            assert_eq!(secrets.get(&prefs.secret_key()).await, Ok(None));
            assert_eq!(server.requests().len(), calls, "{auth:?}");
        }
    }
}
