//! The Debian package: the program, and what makes it one of the desktop's own.
//!
//! Nothing in it runs when it is installed or removed: the desktop's databases are kept by triggers of their own packages.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::process::workspace;

/// The id of the application: its desktop file, its icons, its metadata.
pub const APP_ID: &str = "org.belfry.Belfry";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What is linked, and what is loaded when a window opens. glibc stands beside them, as new as the one it was built with.
const DEPENDS: [&str; 10] = [
    "libgcc-s1",
    "libasound2t64 | libasound2",
    "libegl1",
    "libgl1",
    "libx11-6",
    "libx11-xcb1",
    "libxcursor1",
    "libxi6",
    "libxkbcommon-x11-0",
    "libxrandr2",
];
const RECOMMENDS: &str = "dbus-user-session, gnome-keyring | kwalletmanager, notification-daemon, xdg-utils";

/// How hard it is pressed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As Debian does.
    Small,
    /// Not at all: for a test.
    None,
}

/// Makes a package of a program that was built, in this folder; gives its path.
pub fn deb(program: &Path, folder: &Path, compression: Compression) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let root = tempfile::tempdir_in(folder)?;
    let root = root.path();
    let architecture = output(Command::new("dpkg").arg("--print-architecture"))?;
    let assets = workspace().join("assets");
    let put = |from: &Path, to: &str, mode: u32| {
        let to = root.join(to);
        fs::create_dir_all(to.parent().context("no folder")?)?;
        fs::copy(from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
        fs::set_permissions(&to, fs::Permissions::from_mode(mode))?;
        anyhow::Ok(())
    };
    put(program, "usr/bin/belfry", 0o755)?;
    put(&assets.join(format!("desktop/{APP_ID}.desktop")), &format!("usr/share/applications/{APP_ID}.desktop"), 0o644)?;
    put(
        &assets.join(format!("desktop/{APP_ID}.metainfo.xml")),
        &format!("usr/share/metainfo/{APP_ID}.metainfo.xml"),
        0o644,
    )?;
    put(&assets.join("desktop/belfry.service"), "usr/lib/systemd/user/belfry.service", 0o644)?;
    for (size, icon) in icons(&assets)? {
        put(&icon, &format!("usr/share/icons/hicolor/{size}x{size}/apps/{APP_ID}.png"), 0o644)?;
    }
    put(&assets.join("desktop/belfry.1"), "usr/share/man/man1/belfry.1", 0o644)?;
    put(&workspace().join("CHANGELOG.md"), "usr/share/doc/belfry/changelog", 0o644)?;
    for long in ["usr/share/man/man1/belfry.1", "usr/share/doc/belfry/changelog"] {
        run(Command::new("gzip").args(["-9", "-n"]).arg(root.join(long)))?;
    }
    fs::write(root.join("usr/share/doc/belfry/copyright"), copyright()?)?;
    let sums = sums(root)?;
    fs::create_dir(root.join("DEBIAN"))?;
    fs::write(root.join("DEBIAN/md5sums"), sums)?;
    fs::write(root.join("DEBIAN/control"), control(&architecture, kibibytes(root)?)?)?;
    plain_permissions(root)?;
    let package = folder.join(format!("belfry_{VERSION}_{architecture}.deb"));
    let mut build = Command::new("dpkg-deb");
    if compression == Compression::None {
        build.arg("-Znone");
    }
    run(build.args(["--root-owner-group", "--build"]).arg(root).arg(&package).stdout(Stdio::null()))?;
    Ok(package)
}

/// Sizes and files of the icon.
fn icons(assets: &Path) -> anyhow::Result<Vec<(u32, PathBuf)>> {
    let mut icons = Vec::new();
    for entry in fs::read_dir(assets.join("icons"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let size = name.strip_prefix("belfry-").and_then(|size| size.parse().ok());
        icons.extend(size.map(|size| (size, path)));
    }
    icons.sort();
    ensure!(!icons.is_empty(), "there are no icons");
    Ok(icons)
}

fn control(architecture: &str, kibibytes: u64) -> anyhow::Result<String> {
    // "glibc 2.36": it runs with what it was built with, or newer.
    let glibc = output(Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
    let glibc = glibc.rsplit(' ').next().unwrap_or_default();
    let depends = DEPENDS.join(", ");
    Ok(format!(
        "Package: belfry\n\
         Version: {VERSION}\n\
         Section: net\n\
         Priority: optional\n\
         Architecture: {architecture}\n\
         Installed-Size: {kibibytes}\n\
         Depends: libc6 (>= {glibc}), {depends}\n\
         Recommends: {RECOMMENDS}\n\
         Maintainer: The Belfry authors <belfry@belfry.invalid>\n\
         Description: message notifier for Mattermost servers\n \
         Watches one or more Mattermost servers and tells one person, at once and\n \
         truthfully, what needs them: a banner, a sound, and a badge. It is also the\n \
         one place for every desktop notification preference on every server, and can\n \
         say of each message why it was shown or not.\n"
    ))
}

/// Our licence, those of the assets, and those of what is linked in.
fn copyright() -> anyhow::Result<String> {
    let mut text = "Belfry is free software under your choice of two licences, MIT or Apache-2.0.\n\
                    Copyright the Belfry authors.\n"
        .to_owned();
    for name in
        ["LICENSE-MIT", "LICENSE-APACHE", "assets/LICENSES", "assets/fonts/Inter-OFL.txt", "assets/licences.txt"]
    {
        let part = fs::read_to_string(workspace().join(name)).with_context(|| format!("cannot read {name}"))?;
        write!(text, "\n---- {name}\n\n{}\n", part.trim_end())?;
    }
    Ok(text)
}

/// What `md5sum` says of every file, by names within the root.
fn sums(root: &Path) -> anyhow::Result<String> {
    let mut files: Vec<String> = Vec::new();
    walk(root, &mut |path, meta| {
        if meta.is_file() {
            files.push(path.strip_prefix(root)?.to_string_lossy().into_owned());
        }
        Ok(())
    })?;
    files.sort();
    let mut sums = output(Command::new("md5sum").args(files).current_dir(root))?;
    sums.push('\n');
    Ok(sums)
}

fn kibibytes(root: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    walk(root, &mut |_, meta| {
        sum += meta.len().div_ceil(1024);
        Ok(())
    })?;
    Ok(sum)
}

/// Whoever builds it may keep their own files from others.
fn plain_permissions(root: &Path) -> anyhow::Result<()> {
    fs::set_permissions(root, fs::Permissions::from_mode(0o755))?;
    walk(root, &mut |path, meta| {
        let program = meta.permissions().mode() & 0o100 != 0;
        Ok(fs::set_permissions(path, fs::Permissions::from_mode(if program { 0o755 } else { 0o644 }))?)
    })
}

fn walk(folder: &Path, each: &mut dyn FnMut(&Path, &fs::Metadata) -> anyhow::Result<()>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let meta = fs::symlink_metadata(&path)?;
        each(&path, &meta)?;
        if meta.is_dir() {
            walk(&path, each)?;
        }
    }
    Ok(())
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {name}"))?;
    ensure!(status.success(), "{name} ended with {status}");
    Ok(())
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {name}"))?;
    ensure!(output.status.success(), "{name} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}
