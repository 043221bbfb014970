//! Makes the Debian package of a program that was built: `dist PROGRAM FOLDER`.
#![expect(clippy::print_stdout, reason = "a command talks on its terminal")]

use std::path::PathBuf;

use anyhow::bail;
use belfry_tests::dist::{Compression, deb};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [program, folder] = arguments.as_slice() else { bail!("usage: dist PROGRAM FOLDER") };
    println!("{}", deb(program, folder, Compression::Small)?.display());
    Ok(())
}
