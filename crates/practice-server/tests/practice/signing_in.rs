//! Reaching the server, signing in and out.

use crate::common::{api, bearer, request, start};
use belfry_practice_server::{Account, Version, World};
use serde_json::{Value, json};

async fn login(server: &belfry_practice_server::PracticeServer, body: Value) -> crate::common::Answer {
    request(server, "POST", "/api/v4/users/login", &[], &body.to_string()).await
}

#[tokio::test]
async fn a_server_below_a_path_answers_there_and_only_there() {
    let server = start(World::small().under("/mm")).await;
    let ping = request(&server, "GET", "/mm/api/v4/system/ping", &[], "").await;
    assert_eq!((ping.status, ping.json()["status"].as_str()), (200, Some("OK")));
    assert!(ping.headers.contains_key("x-version-id") && ping.headers.contains_key("x-request-id"));
    assert_eq!(request(&server, "GET", "/api/v4/system/ping", &[], "").await.status, 404);
    let page = request(&server, "GET", "/mm/northwind/channels/town-square", &[], "").await;
    assert_eq!(page.status, 200);
    assert!(page.body.starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn strangers_see_a_short_configuration_even_with_a_bad_token() {
    let server = start(World::small()).await;
    let path = "/api/v4/config/client?format=old";
    let short = request(&server, "GET", path, &[bearer("nonsense")], "").await;
    assert_eq!(short.status, 200);
    assert!(short.json().get("CollapsedThreads").is_none());
    assert_eq!(short.json()["SiteURL"], server.url());
    let token = server.person("morgan").signs_in().expect("morgan");
    let full = request(&server, "GET", path, &[bearer(&token)], "").await;
    assert_eq!(full.json()["CollapsedThreads"], "default_on");
    assert_eq!(request(&server, "GET", "/api/v4/license/client", &[], "").await.status, 400);
}

#[tokio::test]
async fn old_servers_insist_on_the_old_format() {
    let server = start(World::small().of_version(Version(5, 37, 0))).await;
    assert_eq!(request(&server, "GET", "/api/v4/config/client", &[], "").await.status, 501);
    assert_eq!(request(&server, "GET", "/api/v4/config/client?format=new", &[], "").await.status, 400);
}

#[tokio::test]
async fn the_second_factor_is_asked_for_after_the_right_password_only() {
    let world = World::small().changing("morgan", |a: Account| a.with_mfa("123456"));
    let server = start(world).await;
    let wrong = login(&server, json!({ "login_id": "morgan", "password": "no", "token": "" })).await;
    assert_eq!((wrong.status, wrong.error_id().as_str()), (401, "api.user.login.invalid_credentials_email_username"));
    let missing = login(&server, json!({ "login_id": "morgan", "password": "practice", "token": "" })).await;
    assert_eq!((missing.status, missing.error_id().as_str()), (400, "mfa.validate_token.authenticate.app_error"));
    let bad = login(&server, json!({ "login_id": "morgan", "password": "practice", "token": "000000" })).await;
    assert_eq!((bad.status, bad.error_id().as_str()), (401, "mfa.validate_token.authenticate.app_error"));
    let good = login(&server, json!({ "login_id": "Morgan", "password": "practice", "token": "123456" })).await;
    assert_eq!(good.status, 200);
    let token = &good.headers["token"];
    assert_eq!(good.json()["notify_props"]["desktop"], "mention");
    assert!(!good.headers.contains_key("set-cookie"));
    assert_eq!(api(&server, token, "GET", "users/me", Value::Null).await.status, 200);
}

#[tokio::test]
async fn values_that_are_not_text_are_lost() {
    let server = start(World::small()).await;
    let lost = login(&server, json!({ "login_id": "morgan", "password": 5 })).await;
    assert_eq!((lost.status, lost.error_id().as_str()), (400, "api.user.login.blank_pwd.app_error"));
}

#[tokio::test]
async fn ten_wrong_passwords_lock_the_account_for_the_right_one_too() {
    let server = start(World::small()).await;
    for _ in 0..10 {
        login(&server, json!({ "login_id": "morgan", "password": "no" })).await;
    }
    let locked = login(&server, json!({ "login_id": "morgan", "password": "practice" })).await;
    assert_eq!(locked.error_id(), "api.user.check_user_login_attempts.too_many.app_error");
}

#[tokio::test]
async fn a_signed_out_session_answers_401_with_a_cookie_trap_and_a_personal_token_survives() {
    let server = start(World::small()).await;
    let token = server.person("morgan").signs_in().expect("morgan");
    let personal = server.person("morgan").makes_personal_token().expect("morgan");
    for token in [&token, &personal] {
        assert_eq!(api(&server, token, "POST", "users/logout", Value::Null).await.status, 200);
    }
    let after = api(&server, &token, "GET", "users/me", Value::Null).await;
    assert_eq!((after.status, after.error_id().as_str()), (401, "api.context.session_expired.app_error"));
    assert!(after.headers["set-cookie"].starts_with("MMAUTHTOKEN=;"));
    assert_eq!(api(&server, &personal, "GET", "users/me", Value::Null).await.status, 200);
    server.revokes_session("morgan").expect("morgan");
    assert_eq!(api(&server, &personal, "GET", "users/me", Value::Null).await.status, 401);
}

#[tokio::test]
async fn a_cookie_beats_a_good_header_and_needs_the_csrf_token_for_writes() {
    let server = start(World::small()).await;
    let token = server.person("morgan").signs_in().expect("morgan");
    let view = r#"{"channel_id":"","collapsed_threads_supported":true}"#;
    let path = "/api/v4/channels/members/me/view";
    let first = request(&server, "POST", path, &[bearer(&token)], view).await;
    assert_eq!(first.status, 200);
    let cookies = &first.headers["set-cookie"];
    let csrf = cookies.lines().find_map(|c| c.strip_prefix("MMCSRF=")).and_then(|c| c.split(';').next());
    let cookie = format!("Cookie: MMAUTHTOKEN={token}");
    let kept = request(&server, "POST", path, &[bearer(&token), cookie.clone()], view).await;
    assert_eq!((kept.status, kept.error_id().as_str()), (401, "api.context.session_expired.app_error"));
    let header = format!("X-CSRF-Token: {}", csrf.expect("a CSRF cookie"));
    assert_eq!(request(&server, "POST", path, &[cookie, header], view).await.status, 200);
    let bad = "Cookie: MMAUTHTOKEN=nonsense".to_owned();
    assert_eq!(request(&server, "GET", "/api/v4/users/me", &[bearer(&token), bad], "").await.status, 401);
}

#[tokio::test]
async fn the_desktop_token_works_once_and_the_third_try_is_limited() {
    let server = start(World::small()).await;
    let token = server.desktop_token("morgan").expect("morgan");
    let body = json!({ "token": token, "device_id": "" }).to_string();
    let path = "/api/v4/users/login/desktop_token";
    let first = request(&server, "POST", path, &[], &body).await;
    assert_eq!(first.status, 200);
    assert_eq!(first.headers["set-cookie"].lines().count(), 3);
    assert_eq!(request(&server, "POST", path, &[], &body).await.error_id(), "app.desktop_token.validate.invalid");
    let third = request(&server, "POST", path, &[], &body).await;
    assert_eq!((third.status, third.headers["retry-after"].as_str()), (429, "1"));
}

#[tokio::test]
async fn enforced_second_factor_leaves_only_the_own_account() {
    let server = start(World::small().enforcing_mfa()).await;
    let token = server.person("morgan").signs_in().expect("morgan");
    assert_eq!(api(&server, &token, "GET", "users/me", Value::Null).await.status, 200);
    let refused = api(&server, &token, "GET", "users/me/teams", Value::Null).await;
    assert_eq!((refused.status, refused.error_id().as_str()), (403, "api.context.mfa_required.app_error"));
}

#[tokio::test]
async fn faults_come_as_ordered_and_then_end() {
    let server = start(World::small()).await;
    let token = server.person("morgan").signs_in().expect("morgan");
    server.answers_502(1);
    server.answers_429(1, 7);
    server.truncates_next_body();
    let me = || api(&server, &token, "GET", "users/me", Value::Null);
    assert!(me().await.body.contains("502 Bad Gateway"));
    let limited = me().await;
    assert_eq!((limited.status, limited.headers["retry-after"].as_str()), (429, "7"));
    let cut = me().await;
    let whole = me().await;
    assert_eq!(cut.headers["content-length"], whole.headers["content-length"]);
    assert!(cut.body.len() < whole.body.len());
}
