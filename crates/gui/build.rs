//! Has the linker write relative relocations in their short form, where the C library reads it.
//!
//! The program holds 75 000 of them, for tables of functions and texts. In the long form they fill 1.8 MB that every
//! process reads at its start and then keeps; in the short one a thirtieth of that. The C library must know it
//! (glibc 2.36): a program that is made for an older one, or for another computer, is linked as usual.

use std::env;
use std::io;
use std::process::Command;

/// The first version of the C library that reads the short form.
const KNOWS: (u32, u32) = (2, 36);

fn main() -> io::Result<()> {
    let mut told = String::from("cargo::rerun-if-changed=build.rs\n");
    let var = |name| env::var(name).unwrap_or_default();
    let is_for_here = var("HOST") == var("TARGET") && var("CARGO_CFG_TARGET_ENV") == "gnu";
    if is_for_here && var("CARGO_CFG_TARGET_OS") == "linux" && c_library().is_some_and(|version| version >= KNOWS) {
        // Linkers that do not know it warn and go on.
        told.push_str("cargo::rustc-link-arg-bin=belfry=-Wl,-z,pack-relative-relocs\n");
    }
    io::Write::write_all(&mut io::stdout(), told.as_bytes())
}

/// The C library's version, from a word like `glibc 2.36`.
fn c_library() -> Option<(u32, u32)> {
    let answer = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
