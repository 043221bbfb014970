//! `cargo xtask record`: records a server that we run, in the format of the recordings that `belfry replay` reads.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks on its terminal")]

use std::io::BufRead as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use belfry_agent::token_file;
use belfry_core::secret::Secret;
use belfry_net::discover::discover_as_typed;
use belfry_tests::record::{Recorder, script};
use tokio::sync::mpsc;

/// A real server may tell something a moment after it counted it.
const QUIET: Duration = Duration::from_millis(1500);
/// Lines that were typed and not read yet.
const TYPED: usize = 16;

const USAGE: &str = "\
usage: cargo xtask record [--threads on|off] [--out FILE]
       cargo xtask record --server URL --token-file FILE [--note TEXT] [--out FILE]

Without --server, the practice server is recorded while people do a bit of everything on it.
With it, type the name of an action (and a note behind it), do it there, and press Enter; end with Ctrl-D.
Record only a server that you run, with made-up people.";

struct Wishes {
    server: Option<(String, PathBuf)>,
    threads: bool,
    note: String,
    out: PathBuf,
}

fn main() -> ExitCode {
    belfry_net::install_crypto();
    let wishes = match parse(std::env::args().skip(1)) {
        Ok(wishes) => wishes,
        Err(error) => {
            eprintln!("record: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&wishes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("record: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: impl Iterator<Item = String>) -> anyhow::Result<Wishes> {
    let (mut server, mut token, mut threads, mut note) = (None, None, None, None);
    let mut out = PathBuf::from("out/recording.jsonl");
    let mut arguments = arguments;
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{name} wants a value"));
        match name.as_str() {
            "--server" => server = Some(value()?),
            "--token-file" => token = Some(PathBuf::from(value()?)),
            "--note" => note = Some(value()?),
            "--out" => out = value()?.into(),
            "--threads" => {
                threads = Some(match value()?.as_str() {
                    "on" => true,
                    "off" => false,
                    other => bail!("--threads cannot be {other}"),
                });
            }
            other => bail!("{other} is not understood"),
        }
    }
    let server = match (server, token) {
        (Some(server), Some(token)) => Some((server, token)),
        (None, None) => None,
        _ => bail!("--server and --token-file go together"),
    };
    ensure!(server.is_none() || threads.is_none(), "--threads is for the practice server");
    ensure!(server.is_some() || note.is_none(), "--note is for a server of yours");
    Ok(Wishes { server, threads: threads.unwrap_or(true), note: note.unwrap_or_default(), out })
}

fn run(wishes: &Wishes) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let text = match &wishes.server {
        None => runtime.block_on(script::record(wishes.threads))?,
        Some((server, token)) => {
            let token = token_file::read(token)?;
            runtime.block_on(watch(server, &token, &wishes.note))?
        }
    };
    if let Some(folder) = wishes.out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&wishes.out, &text)?;
    println!("{}: {} lines; look at it before you share it", wishes.out.display(), text.lines().count());
    Ok(())
}

/// Records what the developer does on their server.
async fn watch(server: &str, token: &Secret, note: &str) -> anyhow::Result<String> {
    let found = discover_as_typed(server).await?;
    let note = format!("recorded by `cargo xtask record` from Mattermost {}. {note}", found.version);
    let mut recorder = Recorder::begin(&found.url, token, note.trim(), QUIET).await?;
    println!("Recording. Type the name of an action, or Ctrl-D to end");
    let mut typing = typed()?;
    let mut open = false;
    loop {
        let action = tokio::select! {
            said = typing.recv() => said,
            written = recorder.takes_one() => {
                written?;
                continue;
            }
        };
        if std::mem::take(&mut open) {
            recorder.closes_action().await?;
            println!("Done. The next one, or Ctrl-D to end");
        }
        let Some(action) = action else { return recorder.end() };
        let (name, about) = action.trim().split_once(' ').unwrap_or((action.trim(), ""));
        if !name.is_empty() {
            recorder.opens_action(name, about.trim());
            open = true;
            println!("Do it now, then press Enter");
        }
    }
}

/// What is typed, line by line.
fn typed() -> anyhow::Result<mpsc::Receiver<String>> {
    let (sender, receiver) = mpsc::channel(TYPED);
    std::thread::Builder::new().name("typed".to_owned()).spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver)
}
