//! Where log lines go: files that rotate for the agent, standard error for everything short-lived.
//!
//! Only our own crates may say more than warnings. Those of others log what they send and receive at their lower
//! levels, and message text belongs into no log at any level.

use std::io;
use std::path::Path;

use belfry_agent::paths::make_private;
use tracing::level_filters::LevelFilter;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// A file a day, and so many days.
const FILES: usize = 7;
/// Our crates.
const OURS: [&str; 6] = ["belfry", "belfry_agent", "belfry_core", "belfry_gui", "belfry_net", "belfry_practice_server"];

/// Logs into files in this folder, and warnings to standard error. A folder that cannot be used costs the files only.
pub(crate) fn to_file(folder: &Path) {
    let stderr = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_filter(ours(LevelFilter::WARN));
    let registry = tracing_subscriber::registry().with(stderr);
    match open(folder) {
        Ok(file) => {
            let level = std::env::var("BELFRY_LOG").ok().and_then(|level| level.parse().ok());
            let file = tracing_subscriber::fmt::layer()
                .with_writer(file)
                .with_ansi(false)
                .with_filter(ours(level.unwrap_or(LevelFilter::INFO)));
            registry.with(file).init();
        }
        Err(error) => {
            registry.init();
            tracing::warn!(folder = %folder.display(), %error, "no log is written");
        }
    }
}

/// Warnings to standard error.
pub(crate) fn to_stderr() {
    let stderr = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_filter(ours(LevelFilter::WARN));
    tracing_subscriber::registry().with(stderr).init();
}

fn ours(level: LevelFilter) -> Targets {
    Targets::new().with_default(LevelFilter::WARN.min(level)).with_targets(OURS.map(|name| (name, level)))
}

fn open(folder: &Path) -> anyhow::Result<std::sync::Mutex<RollingFileAppender>> {
    make_private(folder)?;
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("belfry")
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(folder)?;
    Ok(std::sync::Mutex::new(appender))
}
