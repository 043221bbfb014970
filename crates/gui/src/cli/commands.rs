//! Commands that speak to a running Belfry.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use belfry_agent::control::client::{self, ClientError};
use belfry_agent::control::protocol::{Down, Face};
use belfry_agent::instance::InstanceLock;
use belfry_agent::paths::Paths;
use belfry_agent::prefs_file::PrefsFile;
use belfry_agent::{doctor as examine, platform};
use belfry_core::command::Command;
use belfry_core::prefs::Permission;
use belfry_core::query::{Answer, DoctorLine, Query};
use belfry_core::secret::Secret;
use belfry_core::view::{Health, UnreadList, View};
use belfry_gui::texts;
use belfry_net::secrets::SecretStore;
use belfry_net::{clock, lines};
use serde_json::{Value, json};

use super::{logging, print};

/// Conversations without a mention that `belfry status` lists one by one.
const DOTS_LISTED: usize = 10;
/// How long a running Belfry may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// `belfry status`
pub(super) fn status(paths: &Paths, json: bool) -> anyhow::Result<ExitCode> {
    let (mut receiver, _sender) = client::connect(&paths.socket(), Face::Command)?;
    receiver.set_patience(Some(PATIENCE))?;
    let view = receiver.view()?;
    print(&if json { as_json(&view) } else { describe(&view, clock::wall_ms()) })?;
    Ok(ExitCode::SUCCESS)
}

/// `belfry pause` and `belfry resume`
pub(super) fn send(paths: &Paths, command: Command) -> anyhow::Result<ExitCode> {
    let (mut receiver, mut sender) = client::connect(&paths.socket(), Face::Command)?;
    receiver.set_patience(Some(PATIENCE))?;
    sender.command(command)?;
    let id = sender.sync()?;
    receiver.synced(id)?;
    Ok(ExitCode::SUCCESS)
}

/// `belfry quit`: waits until it is over.
pub(super) fn quit(paths: &Paths) -> anyhow::Result<ExitCode> {
    match client::connect(&paths.socket(), Face::Command) {
        Ok((mut receiver, mut sender)) => {
            receiver.set_patience(Some(PATIENCE))?;
            sender.command(Command::Quit)?;
            while !matches!(receiver.receive()?, Some(Down::Bye) | None) {}
            wait(paths)
        }
        // Built from other sources, so it does not understand us; every build understands a signal.
        Err(ClientError::WrongBuild { process: Some(process), .. }) => {
            platform::ask_to_end(process).context("the running Belfry cannot be ended")?;
            wait(paths)
        }
        Err(error) => Err(error.into()),
    }
}

/// Until the next one could start.
fn wait(paths: &Paths) -> anyhow::Result<ExitCode> {
    ensure!(InstanceLock::wait_until_free(paths, PATIENCE), "Belfry was told to quit but has not ended yet");
    Ok(ExitCode::SUCCESS)
}

/// `belfry open-url`: hands over a sign-in of the browser, which starts this command for a link of our scheme.
///
/// The link stands in this process's arguments, since that is how desktops open links. It works once, for three minutes,
/// and is exchanged in this moment.
pub(super) fn open_url(paths: &Paths, link: Secret) -> anyhow::Result<ExitCode> {
    let (mut receiver, mut sender) = client::connect(&paths.socket(), Face::Command)?;
    receiver.set_patience(Some(PATIENCE))?;
    let id = sender.query(Query::FinishBrowserSignIn(link))?;
    let answer = receiver.answer(id)?;
    // The window says what became of it, whatever that is.
    sender.command(Command::ShowWindow)?;
    match answer {
        Answer::SignedIn => Ok(ExitCode::SUCCESS),
        Answer::Failed { message } | Answer::KeyringMissing { message } => bail!("{message}"),
        _ => bail!("Belfry is running but does not answer"),
    }
}

/// `belfry doctor`: asks the running Belfry, else looks by itself.
pub(super) fn doctor(paths: &Paths) -> anyhow::Result<ExitCode> {
    logging::to_stderr();
    let (running, parts) = match ask_doctor(paths) {
        Ok(parts) => (running(true, "It is running"), parts),
        Err(ClientError::NotRunning) => {
            (running(true, "It is not running; this is how it would find things"), look(paths)?)
        }
        Err(error) => (running(false, &error.to_string()), look(paths)?),
    };
    let mut text = String::new();
    for line in std::iter::once(&running).chain(&parts) {
        let mark = if line.ok { "ok " } else { "not" };
        writeln!(text, "{mark}  {:<21} {}", line.part, line.detail)?;
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn running(ok: bool, detail: &str) -> DoctorLine {
    DoctorLine { part: "Belfry".to_owned(), ok, detail: detail.to_owned() }
}

fn ask_doctor(paths: &Paths) -> Result<Vec<DoctorLine>, ClientError> {
    let (mut receiver, mut sender) = client::connect(&paths.socket(), Face::Command)?;
    receiver.set_patience(Some(PATIENCE))?;
    let id = sender.query(Query::Doctor)?;
    match receiver.answer(id)? {
        Answer::Doctor(lines) => Ok(lines),
        Answer::Failed { .. }
        | Answer::Activity { .. }
        | Answer::Discovered(_)
        | Answer::Obstacle(_)
        | Answer::ReachSet
        | Answer::SignedIn
        | Answer::SignedOut { .. }
        | Answer::SignInWays(_)
        | Answer::BrowserOpened { .. }
        | Answer::KeyringMissing { .. }
        | Answer::Done
        | Answer::Settings(_)
        | Answer::Channels(_)
        | Answer::Trial(_)
        | Answer::SoundDevices(_)
        | Answer::SoundImported { .. }
        | Answer::Exported { .. }
        | Answer::Pictures(_)
        | Answer::People(_)
        | Answer::MfaWanted { .. } => Err(ClientError::Silent),
    }
}

fn look(paths: &Paths) -> anyhow::Result<Vec<DoctorLine>> {
    let in_file = PrefsFile::new(paths.preferences()).examine().is_ok_and(|prefs| prefs.tokens_in_file);
    let secrets = if in_file { SecretStore::file(paths.secrets()) } else { SecretStore::keyring() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let lines = runtime.block_on(examine::examine(paths, &secrets));
    runtime.shutdown_background(); // a part that hangs is not waited for
    Ok(lines)
}

/// The view in one line for a program (`docs/headless.md`).
fn as_json(view: &View) -> String {
    let servers: Vec<Value> = view
        .servers
        .iter()
        .map(|server| {
            json!({
                "server": server.url,
                "name": server.name,
                "username": server.username,
                "state": server.health.code(),
                "reason": Some(server.health.reason()).filter(|reason| !reason.is_empty()),
                "permission": server.permission,
                "mentions": server.badge.mentions,
                "unread": server.badge.unread,
                "version": server.version,
                "last_heard_ms": Some(server.last_heard_ms).filter(|at| *at > 0),
            })
        })
        .collect();
    let problems: Vec<Value> = view
        .problems
        .iter()
        .map(|problem| json!({"part": lines::part(problem.kind), "what": problem.what, "advice": problem.advice}))
        .collect();
    let badge = &view.badge;
    let status = json!({
        "kind": "status",
        "mentions": badge.mentions,
        "unread": badge.unread,
        "signed_out": badge.signed_out,
        "text": badge.text(),
        "paused": view.paused_until_ms.is_some(),
        "paused_until_ms": view.paused_until_ms.filter(|until| *until != i64::MAX),
        "servers": servers,
        "problems": problems,
    });
    format!("{status}\n")
}

/// The view in a few lines.
fn describe(view: &View, now_ms: i64) -> String {
    let badge = &view.badge;
    let mut lines = vec![match badge.mentions {
        0 if badge.unread => "Unread messages, none of which needs you".to_owned(),
        0 => "Nothing new".to_owned(),
        1 => "1 message needs you".to_owned(),
        count => format!("{count} messages need you"),
    }];
    match view.paused_until_ms {
        None => {}
        Some(i64::MAX) => lines.push("Paused until resumed".to_owned()),
        Some(until) => {
            let minutes = until.saturating_sub(now_ms).max(0).div_euclid(60_000).saturating_add(1);
            lines.push(format!("Paused for {minutes} more min"));
        }
    }
    if view.servers.is_empty() {
        lines.push("No server is set up yet".to_owned());
    }
    for server in &view.servers {
        let health = match &server.health {
            Health::Connecting => "connecting".to_owned(),
            Health::Live => "connected".to_owned(),
            Health::Waiting { reason, .. } => format!("not reachable: {reason}"),
            Health::SignedOut { reason } => format!("signed out: {reason}"),
            Health::NotSignedIn => "not signed in".to_owned(),
            Health::Failed { reason } => format!("not working: {reason}"),
        };
        let permission = match server.permission {
            Permission::Allowed => "",
            Permission::Ask | Permission::Dismissed => ", waits for your permission",
            Permission::Denied | Permission::DeniedForGood => ", notifications are off",
        };
        lines.push(format!("{} ({} as {}): {health}{permission}", server.name, server.url, server.username));
        lines.extend(unread(&server.unread));
    }
    for problem in &view.problems {
        lines.push(format!("{}. {}", problem.what, problem.advice));
    }
    let mut text = lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// What the number is the sum of, a line each: what needs the person first, then a few of the others.
fn unread(list: &UnreadList) -> Vec<String> {
    let needed = list.rows.iter().filter(|row| row.mentions > 0).count();
    let shown = list.rows.get(..needed.saturating_add(DOTS_LISTED).min(list.rows.len())).unwrap_or_default();
    let folded: u32 = list.rows.iter().skip(shown.len()).map(texts::unread_conversations).fold(0, u32::saturating_add);
    let rest = UnreadList {
        rows: Vec::new(),
        more_mentions: list.more_mentions,
        more_places: list.more_places.saturating_add(folded),
    };
    let number = |count: u32| if count == 0 { "•".to_owned() } else { count.to_string() };
    let mut lines: Vec<String> =
        shown.iter().map(|row| format!("  {:>4}  {}", number(row.mentions), texts::unread_line(row))).collect();
    lines.extend(texts::unread_rest(&rest).map(|text| format!("        {text}")));
    lines
}

/// Names and reasons come from servers: nothing of them reaches the terminal's own language.
fn printable(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use belfry_core::badge::Badge;
    use belfry_core::ids::ServerId;
    use belfry_core::ids::{ChannelId, PostId};
    use belfry_core::problem::{Problem, ProblemKind};
    use belfry_core::view::{ServerView, UnreadList, UnreadPlace, UnreadRow};
    use belfry_gui::testing::unread as row;

    fn some_unread() -> UnreadList {
        let channel = |id: &str| UnreadPlace::Channel(ChannelId::parse(id).unwrap());
        let thread = UnreadPlace::Thread(PostId::parse("root").unwrap());
        let mut rows = vec![
            UnreadRow { team: "North".to_owned(), ..row(channel("ops"), "Ops room", 2, 5) },
            UnreadRow { channel: "Ops room".to_owned(), ..row(thread, "Which port?", 1, 0) },
        ];
        rows.extend((0..12).map(|index| row(channel(&format!("q{index}")), &format!("Quiet {index}"), 0, 1)));
        UnreadList { rows, more_mentions: 0, more_places: 2 }
    }

    #[test]
    fn the_status_says_what_needs_the_person_and_how_servers_are() {
        let server = ServerView {
            id: ServerId(1),
            name: "Har\u{1b}[31mbour".to_owned(),
            url: "https://chat.example.com".to_owned(),
            username: "rosa".to_owned(),
            health: Health::SignedOut { reason: "the session expired".to_owned() },
            last_heard_ms: 0,
            permission: Permission::Ask,
            badge: Badge::default(),
            unread: Arc::default(),
            version: String::new(),
            session_ends_ms: None,
            settings_revision: 0,
        };
        let harbor = ServerView {
            name: "Harbor".to_owned(),
            health: Health::Live,
            permission: Permission::Allowed,
            badge: Badge { mentions: 3, unread: true, signed_out: false, dot_hidden: false },
            unread: Arc::new(some_unread()),
            ..server.clone()
        };
        let view = View {
            badge: Badge { mentions: 3, unread: true, signed_out: true, dot_hidden: false },
            servers: vec![server, harbor],
            paused_until_ms: Some(90_000),
            problems: vec![Problem::new(ProblemKind::Tray, "")],
            ..View::default()
        };
        let text = describe(&view, 0);
        for part in [
            "3 messages need you\n",
            "Paused for 2 more min\n",
            "Har[31mbour (https://chat.example.com as rosa): signed out: the session expired, waits for your permission\n",
            "There is no tray.",
            "     2  Ops room, North, 5 unread\n     1  Which port?, thread · Ops room\n",
            "     •  Quiet 9, 1 unread\n        and 4 more conversations\n",
        ] {
            assert!(text.contains(part), "{part:?} is missing from {text:?}");
        }
        assert!(describe(&View::default(), 0).starts_with("Nothing new\nNo server"));
    }
}
