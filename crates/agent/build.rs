//! Gives the control protocol an id that changes whenever what crosses the socket may have changed.
//!
//! A hash of the sources that define it says more than a version number: two builds of one version made during
//! development may differ, and two builds from the same sources never do.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = Vec::new();
    for folder in ["../core/src", "src/control"] {
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for file in files {
        // FNV-1a: no dependency, and nobody attacks their own build.
        for byte in fs::read(&file)? {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    let mut out = io::stdout();
    io::Write::write_all(
        &mut out,
        format!(
            "cargo::rerun-if-changed=../core/src\ncargo::rerun-if-changed=src/control\n\
             cargo::rustc-env=BELFRY_BUILD={}-{:08x}\n",
            std::env::var("CARGO_PKG_VERSION").unwrap_or_default(),
            hash >> 32
        )
        .as_bytes(),
    )
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
