//! The practice server as a program of its own: two servers and a day.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use serde_json::json;
use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::day::{self, OBSERVER, Player};
use crate::server::{Options, PracticeServer};

/// How the program is called.
const USAGE: &str = "\
usage: belfry-practice-server [--port N] [--servers 1|2] [--speed X] [--quiet-day]

  --port N      the first server's port on 127.0.0.1; the second takes the next one (default: free ones)
  --servers N   Northwind alone, or with Lumen Labs (default: 2)
  --speed X     play the day X times as fast as written (default: 1)
  --quiet-day   nothing happens until POST /practice/day/start

Prints one line of JSON with addresses, names and tokens, and ends when its input ends.";

/// Why the program ended.
#[derive(Debug)]
pub enum ProgramError {
    /// An argument that is not understood; the text says which.
    Usage(String),
    /// A server did not start, or the line could not be printed.
    Io(io::Error),
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) => write!(f, "{what}\n\n{USAGE}"),
            Self::Io(error) => write!(f, "the practice server cannot run: {error}"),
        }
    }
}

impl std::error::Error for ProgramError {}

impl From<io::Error> for ProgramError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Wishes {
    port: u16,
    servers: usize,
    speed: f64,
    quiet: bool,
}

fn parse(args: impl IntoIterator<Item = String>) -> Result<Wishes, ProgramError> {
    let mut wishes = Wishes { port: 0, servers: 2, speed: 1.0, quiet: false };
    let mut args = args.into_iter();
    while let Some(name) = args.next() {
        if name == "--quiet-day" {
            wishes.quiet = true;
            continue;
        }
        if !matches!(name.as_str(), "--port" | "--servers" | "--speed") {
            return Err(ProgramError::Usage(format!("{name} is not understood")));
        }
        let value = args.next().ok_or_else(|| ProgramError::Usage(format!("{name} needs a value")))?;
        let wrong = || ProgramError::Usage(format!("{name} cannot be {value}"));
        match name.as_str() {
            "--port" => wishes.port = value.parse().map_err(|_not_a_port| wrong())?,
            "--servers" => wishes.servers = value.parse().ok().filter(|n| (1..=2).contains(n)).ok_or_else(wrong)?,
            _ => wishes.speed = value.parse().ok().filter(|s: &f64| s.is_finite() && *s > 0.0).ok_or_else(wrong)?,
        }
    }
    Ok(wishes)
}

/// Runs the program until its input ends or somebody posts `/practice/quit`. `args` are those after the program's name.
///
/// # Errors
/// For wrong arguments, or when a server cannot start.
pub fn run_program(args: impl IntoIterator<Item = String>) -> Result<(), ProgramError> {
    let wishes = parse(args)?;
    let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("practice").enable_all().build()?;
    let input_ended = watch_input()?;
    let result = runtime.block_on(serve(&wishes, input_ended));
    runtime.shutdown_background();
    result
}

/// Becomes true at the end of standard input, so that the program never outlives its parent.
fn watch_input() -> io::Result<watch::Receiver<bool>> {
    let (ended, watching) = watch::channel(false);
    std::thread::Builder::new().name("practice-stdin".to_owned()).spawn(move || {
        let mut buffer = [0; 256];
        let mut input = io::stdin().lock();
        loop {
            match input.read(&mut buffer) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
                _ => {}
            }
        }
        ended.send_replace(true);
    })?;
    Ok(watching)
}

async fn serve(wishes: &Wishes, mut input_ended: watch::Receiver<bool>) -> Result<(), ProgramError> {
    let clock = Clock::system();
    let seed = u64::try_from(clock.now_ms()).unwrap_or_default();
    let mut servers = Vec::new();
    for (n, world) in (0_u16..).zip([day::northwind(), day::lumen_labs()].into_iter().take(wishes.servers)) {
        let port = if wishes.port == 0 { 0 } else { wishes.port.saturating_add(n) };
        let seed = seed.wrapping_add(u64::from(n));
        servers.push(PracticeServer::start(Options { port, seed, ..Options::with_world(world) }).await?);
    }
    let mut player = Player::new(servers.clone());
    player.remembers_yesterday().map_err(io::Error::other)?;
    announce(&servers)?;
    let Some(first) = servers.first() else { return Ok(()) };
    let mut quits: Vec<watch::Receiver<bool>> = servers.iter().map(PracticeServer::quit).collect();
    let mut order = first.day();
    let day = async {
        let mut pace = wishes.speed;
        tokio::select! {
            () = first.wait_for_connection(OBSERVER), if !wishes.quiet => {}
            Ok(asked) = order.wait_for(|speed| *speed > 0.0) => pace = *asked,
        }
        player.plays(pace).await;
        std::future::pending::<()>().await;
    };
    let quit = futures_util::future::select_all(quits.iter_mut().map(|quit| Box::pin(quit.wait_for(|quit| *quit))));
    tokio::select! {
        () = day => {}
        _ = quit => {}
        _ = input_ended.wait_for(|ended| *ended) => {}
    }
    Ok(())
}

/// One line for the parent: where to connect, and as whom.
fn announce(servers: &[PracticeServer]) -> Result<(), ProgramError> {
    let mut rows = Vec::new();
    for server in servers {
        let token = server.person(OBSERVER).signs_in().map_err(|refused| io::Error::other(Arc::new(refused)))?;
        rows.push(json!({
            "name": server.name(), "url": server.url(), "username": OBSERVER, "password": "practice", "token": token,
        }));
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{}", json!({ "servers": rows }))?;
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Wishes, parse};

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn arguments_are_read_and_wrong_ones_named() {
        let wishes = parse(words("--port 8065 --servers 1 --speed 4.5 --quiet-day")).expect("good arguments");
        assert_eq!(wishes, Wishes { port: 8065, servers: 1, speed: 4.5, quiet: true });
        for (text, named) in [
            ("--speed 0", "--speed cannot be 0"),
            ("--servers 3", "--servers"),
            ("--x", "--x"),
            ("--port", "needs a value"),
        ] {
            let error = parse(words(text)).expect_err(text).to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
