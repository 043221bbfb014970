//! What each invocation does.

pub(crate) mod args;
mod commands;
mod logging;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use belfry_agent::agent::{self, Format, NamedServer, Shape};
use belfry_agent::control::client::{self, ClientError};
use belfry_agent::control::protocol;
use belfry_agent::demo::Program;
use belfry_agent::paths::Paths;
use belfry_agent::{lean, platform, token_file};
use belfry_core::command::Command;
use belfry_gui::Link;
use belfry_net::{explain, replay};

use args::{Action, Face, Invocation, Server};

/// The instance of the demo.
const DEMO: &str = "demo";

/// Does it. Errors are one sentence for people.
pub(crate) fn run(invocation: Invocation) -> anyhow::Result<ExitCode> {
    let Invocation { instance, action } = invocation;
    let instance = instance.as_deref();
    // Nothing is open yet.
    let lean = match action {
        Action::Agent { .. } | Action::Demo { .. } | Action::Headless { .. } => lean::start_again(),
        _ => Ok(()),
    };
    match action {
        Action::Agent { hidden } => {
            run_agent(agent::Options { instance: owned(instance), hidden, ..agent::Options::default() }, lean)
        }
        Action::Demo { hidden, allow, headless, json, practice } => {
            let options = agent::Options {
                instance: Some(instance.unwrap_or(DEMO).to_owned()),
                hidden,
                demo: Some(practice_server(practice)?),
                allow,
                shape: if headless { headless_shape(json) } else { Shape::Desktop },
                ..agent::Options::default()
            };
            run_agent(options, lean)
        }
        Action::Headless { json, server, allow } => {
            let options = agent::Options {
                instance: owned(instance),
                shape: headless_shape(json),
                servers: server.map(named_server).transpose()?.into_iter().collect(),
                allow,
                ..agent::Options::default()
            };
            run_agent(options, lean)
        }
        Action::Replay { file, json, check } => run_replay(&file, json, check),
        Action::Explain { file, json } => run_explain(&file, json),
        Action::Status { json } => commands::status(&Paths::of(instance)?, json),
        Action::Pause(minutes) => commands::send(&Paths::of(instance)?, Command::Pause { minutes }),
        Action::Resume => commands::send(&Paths::of(instance)?, Command::Resume),
        Action::Quit => commands::quit(&Paths::of(instance)?),
        Action::Doctor => commands::doctor(&Paths::of(instance)?),
        Action::OpenUrl(link) => commands::open_url(&Paths::of(instance)?, link),
        Action::Face { face, control } => run_face(face, &control),
        Action::PracticeServer(arguments) => run_practice_server(arguments),
        Action::Version => {
            print(&format!("belfry {}\n", protocol::BUILD))?;
            Ok(ExitCode::SUCCESS)
        }
        Action::Help => {
            print(args::USAGE)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn owned(instance: Option<&str>) -> Option<String> {
    instance.map(str::to_owned)
}

fn run_agent(options: agent::Options, lean: io::Result<()>) -> anyhow::Result<ExitCode> {
    platform::name_process(c"belfry");
    logging::to_file(&Paths::of(options.instance.as_deref())?.logs());
    if let Err(error) = lean {
        tracing::debug!(%error, "memory is used as the C library likes");
    }
    let ended = agent::run(options)?;
    tracing::info!(?ended, "over");
    Ok(ExitCode::SUCCESS)
}

fn headless_shape(json: bool) -> Shape {
    Shape::Headless { format: if json { Format::Json } else { Format::Plain }, out: Box::new(io::stdout()) }
}

fn named_server(server: Server) -> anyhow::Result<NamedServer> {
    let token = token_file::read(&server.token_file)?;
    Ok(NamedServer { address: server.address, name: None, token })
}

/// The practice server is this very program again.
fn practice_server(arguments: Vec<OsString>) -> anyhow::Result<Program> {
    let path = platform::own_program().context("this program cannot be found")?;
    let arguments = std::iter::once(OsString::from("practice-server")).chain(arguments).collect();
    Ok(Program { path, arguments })
}

fn run_practice_server(arguments: Vec<OsString>) -> anyhow::Result<ExitCode> {
    platform::name_process(c"belfry-practice");
    let arguments = arguments.into_iter().map(OsString::into_string).collect::<Result<Vec<_>, _>>();
    let Ok(arguments) = arguments else { bail!("the practice server's arguments must be plain text") };
    belfry_practice_server::run_program(arguments)?;
    Ok(ExitCode::SUCCESS)
}

fn run_replay(file: &Path, json: bool, check: bool) -> anyhow::Result<ExitCode> {
    logging::to_stderr();
    let mut out = BufWriter::new(io::stdout().lock());
    match replay::run(file, replay::Options { json, check }, &mut out) {
        Ok(summary) if check && !summary.agrees() => Ok(ExitCode::FAILURE),
        Ok(_) => Ok(ExitCode::SUCCESS),
        // Someone looked at the first lines only.
        Err(replay::ReplayError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
    }
}

fn run_explain(file: &Path, json: bool) -> anyhow::Result<ExitCode> {
    logging::to_stderr();
    match explain::run(file, json, &mut io::stdout().lock()) {
        Err(explain::ExplainError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
    }
}

fn run_face(face: Face, control: &Path) -> anyhow::Result<ExitCode> {
    logging::to_stderr();
    let (role, name) = match face {
        Face::Window => (protocol::Face::Window, c"belfry-window"),
        Face::Banners => (protocol::Face::Banners, c"belfry-banners"),
    };
    platform::name_process(name);
    let link = match client::connect(control, role) {
        Ok((receiver, sender)) => Link::over(receiver, sender),
        // It ended while we started: so do we.
        Err(ClientError::NotRunning) => return Ok(ExitCode::SUCCESS),
        Err(error) => return Err(error.into()),
    };
    match face {
        Face::Window => belfry_gui::run_window(link),
        Face::Banners => belfry_gui::run_banners(link),
    }
    // Some causes cannot leave this thread, so the sentence does.
    .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints to standard output; a reader that left early is no error.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("standard output"),
        Ok(()) | Err(_) => Ok(()),
    }
}
