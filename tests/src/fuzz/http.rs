//! Any bytes as the answers of a server, to every question that is asked of one: looking for it, signing in, a session with
//! everything that belongs to it, and the way out.

#![expect(clippy::expect_used, clippy::panic, reason = "a fuzzer that cannot go on has found something")]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::effect::Effect;
use belfry_core::ids::{ChannelId, ServerId, UserId};
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs, SessionPrefs};
use belfry_core::query::{Login, Subject};
use belfry_core::reach::{Reach, ReachDraft};
use belfry_core::secret::Secret;
use belfry_core::signal::{Signal, Surface};
use belfry_core::view::{Health, View};
use belfry_net::clock::Clock;
use belfry_net::discover::discover_by;
use belfry_net::secrets::SecretStore;
use belfry_net::sign_in::{Handover, end_session, finish_in_browser, sign_in, ways};
use belfry_net::{Running, Setup, spawn};
use tokio::runtime::Handle;

use super::answers::{BEGINS_MS, TOKEN};
use super::host::{Host, Lie};
use super::is_hostile;

const URL: &str = "http://chat.example.org";
const SERVER: ServerId = ServerId(1);
/// Stands between two answers of an input.
const BETWEEN: u8 = 0x1E;
/// Answers of one input that are looked at.
const MOST_LIES: usize = 8;
/// Whatever is asked is over by then: a hundred pages that each take their time, and more.
const PATIENCE: Duration = Duration::from_hours(2);
/// How long a session is watched: the counts are compared within it.
const A_WHILE: Duration = Duration::from_mins(20);
/// The longest sentence that people are shown, in letters.
const LONGEST_SENTENCE: usize = 400;

static BEGAN: AtomicI64 = AtomicI64::new(BEGINS_MS + 60_000);

/// Answers, from any bytes. Each is a line with a part of the path and a status (or `raw`, where the answer begins with its
/// status line), then the body; 0x1E stands between them.
///
/// # Panics
///
/// Where a promise is broken.
pub fn run(data: &[u8]) {
    let data = data.get(..super::INPUT_BYTES).unwrap_or(data);
    let lies: Vec<Lie> = data.split(|byte| *byte == BETWEEN).filter_map(lie).take(MOST_LIES).collect();
    if lies.is_empty() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without sockets");
    runtime.block_on(async {
        strangers(&Host::lying(lies.clone())).await;
        session(&Host::lying(lies)).await;
    });
}

fn lie(text: &[u8]) -> Option<Lie> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(text.get(..end)?).ok()?;
    let (path, status) = head.split_once(' ')?;
    let status = match status.trim() {
        "raw" => None,
        status => Some(status.parse().ok().filter(|status| (200..600).contains(status))?),
    };
    // Everything else belongs to somebody; a lie to every question is told by an empty path.
    let known = path.is_empty() || path.contains(|c: char| c.is_ascii_alphabetic());
    known.then(|| Lie { path: path.to_owned(), status, body: text.get(end + 1..).unwrap_or_default().to_vec() })
}

async fn in_time<T>(what: &str, answer: impl Future<Output = T>) -> T {
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    answer.unwrap_or_else(|_elapsed| panic!("it takes for ever: {what}"))
}

/// A sentence that people may see.
fn check_sentence(sentence: &str) {
    assert!(!sentence.is_empty(), "there is always a reason");
    assert!(sentence.chars().count() <= LONGEST_SENTENCE, "too long: {sentence}");
    assert!(!sentence.contains(is_hostile), "hostile: {sentence:?}");
    assert!(!sentence.contains(TOKEN), "a token is shown: {sentence}");
}

/// What is asked before there is a session.
async fn strangers(host: &Host) {
    let route = host.route();
    match in_time("looking for it", discover_by(URL, &ReachDraft::default(), &route)).await {
        Ok(found) => {
            assert!(found.url.starts_with("http"), "{found:?}");
            check_sentence(&found.name);
            check_sentence(&format!("version {}", found.version));
            found.warnings.iter().for_each(|warning| check_sentence(warning));
        }
        Err(error) => check_sentence(&error.to_string()),
    }
    match in_time("its ways in", ways(URL, &route)).await {
        Ok(ways) => ways.browser.iter().for_each(|way| check_sentence(&way.label)),
        Err(error) => check_sentence(&error.to_string()),
    }
    let password =
        Login::Password { login_id: "morgan".into(), password: Secret::new("hunter2"), mfa: Secret::default() };
    for login in [password, Login::AccessToken(Secret::new(TOKEN))] {
        match in_time("signing in", sign_in(URL, true, &route, &login)).await {
            Ok(signed_in) => check_sentence(signed_in.user_id.as_str()),
            Err(error) => check_sentence(&error.to_string()),
        }
    }
    let page = format!("{URL}/login/desktop?client_token={}&server_token={}", "a".repeat(64), "b".repeat(64));
    let handover = Handover::read(&page).expect("the page's own form");
    if let Err(error) = in_time("the browser", finish_in_browser(URL, true, &route, &handover)).await {
        check_sentence(&error.to_string());
    }
    drop(in_time("signing out", end_session(URL, &route, &Secret::new(TOKEN))).await);
}

/// A session among lies, and after them.
async fn session(host: &Host) {
    let prefs = ServerPrefs {
        id: SERVER,
        url: URL.to_owned(),
        name: "Northwind".to_owned(),
        username: "morgan".to_owned(),
        auth: AuthKind::Password,
        permission: Permission::Allowed,
        insecure: true,
        reach: Reach::default(),
        session: SessionPrefs { id: "s1".to_owned(), warned_ms: 0 },
    };
    let secrets = SecretStore::remembering([(prefs.secret_key(), Secret::new(TOKEN))]);
    let prefs = LocalPrefs { servers: vec![prefs], ..LocalPrefs::default() };
    let setup = Setup {
        routes: Arc::new(host.clone()),
        seed: 7,
        clock: Clock::simulated(&BEGAN),
        ..Setup::new(prefs, Arc::new(secrets), Surface::Toasts)
    };
    let mut running = spawn(&Handle::current(), setup);
    watch(&mut running, A_WHILE / 4, |_| false).await;
    // More comes while nobody listens: what was missed is asked for.
    host.drops();
    let (ops, rosa) = (ChannelId::parse("ops"), UserId::parse("rosa"));
    if let (Some(channel), Some(rosa)) = (ops, rosa) {
        running.inputs.command(Command::MarkRead { server: SERVER, channel }).ok();
        running.inputs.command(Command::SetMuted { server: SERVER, channel, muted: true }).ok();
        running.inputs.signal(Signal::InputSeen { ago_ms: 0 }).await;
        drop(in_time("a picture", running.inputs.picture(SERVER, Subject::Person(rosa), 1)).await);
        drop(in_time("people", running.inputs.people(SERVER, "ro".to_owned())).await);
    }
    watch(&mut running, A_WHILE, |_| false).await;

    host.behaves();
    running.inputs.command(Command::CheckAgain(SERVER)).ok();
    watch(&mut running, PATIENCE, is_live).await;
    let view = Arc::clone(&running.view.borrow());
    assert!(is_live(&view), "it never comes back: {:?} {:?}", view.servers, host.requests());
    in_time("the end", running.shutdown()).await;
}

fn is_live(view: &View) -> bool {
    view.server(SERVER).is_some_and(|server| server.health == Health::Live)
}

/// Carries effects out for so long, or until something is true.
async fn watch(running: &mut Running, time: Duration, done: impl Fn(&View) -> bool) {
    let until = tokio::time::Instant::now() + time;
    loop {
        let view = Arc::clone(&running.view.borrow_and_update());
        check_view(&view);
        if done(&view) {
            return;
        }
        tokio::select! {
            effect = running.effects.recv() => match effect {
                Some(Effect::ShowToast(toast)) => running.inputs.signal(Signal::ToastShown(toast.id)).await,
                Some(_) => {}
                None => panic!("the driver ended"),
            },
            changed = running.view.changed() => changed.expect("the driver runs"),
            () = tokio::time::sleep_until(until) => return,
        }
    }
}

fn check_view(view: &View) {
    for server in &view.servers {
        match &server.health {
            Health::Waiting { reason, .. } | Health::SignedOut { reason } | Health::Failed { reason } => {
                check_sentence(reason);
            }
            Health::Connecting | Health::Live | Health::NotSignedIn => {}
        }
        check_sentence(&format!("version {}", server.version));
    }
    for problem in &view.problems {
        check_sentence(&problem.what);
        check_sentence(&problem.advice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked of a server at all: a lie to each of them is told by some input.
    const QUESTIONS: &[&str] = &[
        "GET /api/v4/system/ping",
        "GET /api/v4/config/client",
        "GET /api/v4/license/client",
        "POST /api/v4/users/login",
        "POST /api/v4/users/login/desktop_token",
        "POST /api/v4/users/logout",
        "GET /api/v4/users/me",
        "GET /api/v4/users/me/sessions",
        "GET /api/v4/users/me/preferences",
        "GET /api/v4/users/me/teams",
        "GET /api/v4/users/me/teams/members",
        "GET /api/v4/users/me/teams/unread",
        "GET /api/v4/users/me/status",
        "GET /api/v4/users/me/channels",
        "GET /api/v4/users/me/channel_members",
        "GET /api/v4/users/me/teams/north/threads",
        "GET /plugins/com.mattermost.calls/config",
        "GET /plugins/com.mattermost.calls/channels",
        "POST /api/v4/users/ids",
        "POST /api/v4/users/search",
        "GET /api/v4/websocket",
        "GET /api/v4/channels/new",
        "GET /api/v4/channels/new/members/me",
        "GET /api/v4/channels/dm/members/me",
        "GET /api/v4/channels/ops/members/me",
        "GET /api/v4/users/me/teams/north/channels",
        "GET /api/v4/users/me/teams/north/channels/members",
        "GET /api/v4/channels/ops/posts",
        "GET /api/v4/channels/dm/posts",
        "GET /api/v4/posts/root/thread",
        "GET /api/v4/users/rosa/image",
        "POST /api/v4/channels/members/me/mark_read",
        "POST /api/v4/channels/members/me/view",
        "PUT /api/v4/channels/ops/members/me/notify_props",
    ];

    #[tokio::test(start_paused = true)]
    async fn every_question_is_asked() {
        let today = Host::default();
        // An old server answers some of them otherwise.
        let unknown = |path: &str| Lie { path: path.to_owned(), status: Some(404), body: b"{}".to_vec() };
        let old = Host::lying(["mark_read", "users/me/channels", "channel_members"].map(unknown).into());
        let mut asked = Vec::new();
        for host in [today, old] {
            strangers(&host).await;
            session(&host).await;
            asked.extend(host.requests());
        }
        let asked: Vec<&str> = asked.iter().filter_map(|line| line.split('?').next()).collect();
        for question in QUESTIONS {
            assert!(asked.contains(question), "{question} is not among {asked:#?}");
        }
        for question in asked {
            assert!(QUESTIONS.contains(&question), "{question} is not listed");
        }
    }
}
