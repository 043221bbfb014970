use super::*;
use crate::testing::{Answer, WebServer};
use belfry_core::time::MonoTime;

fn password(mfa: &str) -> Login {
    Login::Password { login_id: "ann".to_owned(), password: Secret::new("pw"), mfa: Secret::new(mfa) }
}

async fn try_password(status: u16, id: &'static str, message: &'static str, mfa: &str) -> SignInError {
    let answer = move |_: &str| Answer::json(status, &serde_json::json!({"id": id, "message": message}).to_string());
    let server = WebServer::start(answer).await;
    sign_in(server.url(), true, &Route::direct(), &password(mfa)).await.unwrap_err()
}

#[tokio::test]
async fn what_the_server_says_is_shown_as_it_says_it() {
    let table = [
        (
            401,
            "api.user.login.invalid_credentials_email",
            "Enter a valid email and/or password.",
            "Enter a valid email and/or password",
        ),
        (401, "api.user.login.inactive.app_error", "Konto ist deaktiviert.", "Konto ist deaktiviert"),
        (400, "my.plugin.says_no", "Not on\r\n a Sunday\u{202e}", "Not on a Sunday"),
        (401, "api.user.login.inactive.app_error", "", "the account is deactivated"),
        (
            401,
            "api.user.check_user_login_attempts.too_many.app_error",
            "",
            "the account is locked after too many tries; ask an administrator or wait",
        ),
        (400, "my.plugin.says_no", "", "the server refused with status 400 (my.plugin.says_no)"),
        (403, "", "A proxy's page", "the server refused with status 403"),
    ];
    for (status, id, message, sentence) in table {
        assert_eq!(try_password(status, id, message, "").await.to_string(), sentence, "{status} {id}");
    }
    let long =
        try_password(401, "api.user.login.inactive.app_error", Box::leak("x ".repeat(4000).into_boxed_str()), "");
    assert!(long.await.to_string().chars().count() <= LONGEST_WORDS + 1);
}

#[tokio::test]
async fn the_id_decides_that_a_code_is_wanted_whatever_the_words() {
    let id = "mfa.validate_token.authenticate.app_error";
    assert!(matches!(try_password(400, id, "Invalid MFA token.", "").await, SignInError::MfaWanted { refused: false }));
    // A wrong code comes with another status, and on other servers with another id (protocol §12.13).
    assert!(matches!(try_password(401, id, "x", "123456").await, SignInError::MfaWanted { refused: true }));
    let other = "api.user.check_user_mfa.bad_code.app_error";
    assert!(matches!(try_password(401, other, "x", "1").await, SignInError::MfaWanted { refused: true }));
}

#[tokio::test]
async fn what_a_server_says_about_a_sign_in_is_not_in_the_errors_debug_text() {
    let error = try_password(401, "api.user.login.inactive.app_error", "ann's password is hunter2", "").await;
    assert!(!format!("{error:?}").contains("hunter2"));
}

/// A server on which signing in works, with sessions.
fn welcoming(path: &str) -> Answer {
    if path.contains("/users/me/sessions") {
        return Answer::json(
            200,
            r#"[{"id":"old","create_at":5,"expires_at":99},{"id":"phone","create_at":900,"device_id":"android:x"},
                {"id":"new","create_at":80,"expires_at":1000}]"#,
        );
    }
    Answer::json(200, r#"{"id":"u1","username":"ann"}"#)
        .with_header("Token", "tok26")
        .with_header("Set-Cookie", "MMAUTHTOKEN=x")
}

#[tokio::test]
async fn a_password_gives_the_token_of_the_header_and_no_session_without_it() {
    let server = WebServer::start(welcoming).await;
    let signed_in = sign_in(server.url(), true, &Route::direct(), &password("")).await.unwrap();
    assert_eq!((signed_in.token.expose(), signed_in.username.as_str()), ("tok26", "ann"));
    assert_eq!(signed_in.session_id, "new", "the newest that is no phone's");
    let silent = WebServer::start(|_| Answer::json(200, r#"{"id":"u1"}"#)).await;
    let route = Route::direct();
    assert!(matches!(sign_in(silent.url(), true, &route, &password("")).await, Err(SignInError::NoSession)));
    assert!(matches!(sign_in(silent.url(), false, &route, &password("")).await, Err(SignInError::InsecureNotAgreed)));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let server = WebServer::start(|_| Answer::json(401, r#"{"id":"api.user.login.invalid_credentials_email"}"#)).await;
    sign_in(server.url(), true, &Route::direct(), &password("")).await.unwrap_err();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_access_token_is_tried_before_it_is_kept() {
    let route = Route::direct();
    let good = WebServer::start(|_| Answer::json(200, r#"{"id":"u1","username":"ann"}"#)).await;
    let login = Login::AccessToken(Secret::new("  pat \n"));
    assert_eq!(sign_in(good.url(), true, &route, &login).await.unwrap().token.expose(), "pat");
    assert!(good.requests().iter().all(|request| request.contains("authorization: Bearer pat\r\n")));
    let bad = WebServer::start(|_| Answer::json(401, r#"{"id":"api.context.session_expired.app_error"}"#)).await;
    assert!(matches!(sign_in(bad.url(), true, &route, &login).await, Err(SignInError::TokenRefused)));
}

fn handover(server: &WebServer) -> (Pending, Handover) {
    let pending = Pending::begin(server.url(), MonoTime(0)).unwrap();
    let address = pending.address(belfry_core::query::Provider::GitLab);
    let client = address.split_once("desktop_token=").unwrap().1;
    let link = format!("{}/login/desktop?client_token={client}&server_token=once", server.url());
    let handover = Handover::read(&link).unwrap();
    assert_eq!(pending.check(&handover, MonoTime(1)), Ok(()));
    (pending, handover)
}

#[tokio::test]
async fn the_browsers_token_is_exchanged_for_a_session() {
    let server = WebServer::start(welcoming).await;
    let (_, handover) = handover(&server);
    let signed_in = finish_in_browser(server.url(), true, &Route::direct(), &handover).await.unwrap();
    assert_eq!((signed_in.token.expose(), signed_in.session_id.as_str()), ("tok26", "new"));
    assert!(server.requests()[0].starts_with("POST /api/v4/users/login/desktop_token "));
}

#[tokio::test]
async fn the_limiter_of_the_exchange_is_waited_out_once() {
    let tries = std::sync::atomic::AtomicU32::new(0);
    let server = WebServer::start(move |path| {
        if path.ends_with("desktop_token") && tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 {
            return Answer::html(429, "limit exceeded").with_header("Retry-After", "1");
        }
        welcoming(path)
    })
    .await;
    let (_, handover) = handover(&server);
    assert!(finish_in_browser(server.url(), true, &Route::direct(), &handover).await.is_ok());
    let busy = WebServer::start(|_| Answer::html(429, "limit exceeded").with_header("Retry-After", "1")).await;
    let refused = finish_in_browser(busy.url(), true, &Route::direct(), &handover).await;
    assert!(matches!(refused, Err(SignInError::TooFast)));
    assert_eq!(busy.requests().len(), 2);
}

fn entry(server: &WebServer, auth: AuthKind) -> ServerPrefs {
    ServerPrefs {
        id: belfry_core::ids::ServerId(1),
        url: server.url().to_owned(),
        name: "x".to_owned(),
        username: "ann".to_owned(),
        auth,
        permission: belfry_core::prefs::Permission::Ask,
        insecure: true,
        reach: belfry_core::reach::Reach::default(),
        session: belfry_core::prefs::SessionPrefs::default(),
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_there_and_says_where_it_could_not() {
    let table: [(u16, &str, bool); 4] = [
        (200, r#"{"status":"OK"}"#, true),
        (401, r#"{"id":"api.context.session_expired.app_error"}"#, true),
        (502, "<html>", false),
        (500, "{}", false),
    ];
    for (status, body, ended) in table {
        let server = WebServer::start(move |_| Answer::json(status, body)).await;
        let prefs = entry(&server, AuthKind::Browser);
        let secrets = SecretStore::remembering([(prefs.secret_key(), Secret::new("t"))]);
        let farewell = sign_out(&prefs, &secrets, &Route::direct()).await.unwrap();
        assert_eq!(farewell == Farewell::Ended, ended, "{status}: {farewell:?}");
        assert_eq!(secrets.get(&prefs.secret_key()).await, Ok(None), "forgotten whatever the server says");
        assert!(server.requests()[0].starts_with("POST /api/v4/users/logout "));
    }
}

#[tokio::test]
async fn an_access_token_is_forgotten_and_never_logged_out() {
    let server = WebServer::start(|_| Answer::json(200, "{}")).await;
    let prefs = entry(&server, AuthKind::AccessToken);
    let secrets = SecretStore::remembering([(prefs.secret_key(), Secret::new("t"))]);
    assert_eq!(sign_out(&prefs, &secrets, &Route::direct()).await, Ok(Farewell::Ended));
    assert_eq!((secrets.get(&prefs.secret_key()).await, server.requests().len()), (Ok(None), 0));
}
