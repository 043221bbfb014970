//! Which crate may depend on which.

/// What each of our packages may use of our own.
const OURS: &[(&str, &[&str])] = &[
    ("belfry-core", &[]),
    ("belfry-practice-server", &[]),
    ("belfry-net", &["belfry-core"]),
    ("belfry-agent", &["belfry-core", "belfry-net"]),
    ("belfry-gui", &["belfry-core", "belfry-net", "belfry-agent", "belfry-practice-server"]),
    ("belfry-tests", &["belfry-core", "belfry-net", "belfry-agent", "belfry-practice-server"]),
    ("belfry-fuzz", &["belfry-core", "belfry-net"]),
    ("xtask", &[]),
];

/// Core takes nothing else from outside: a new one is an entry in DESIGN.md.
const CORE_TAKES: &[&str] =
    &["jiff", "pulldown-cmark", "serde", "thiserror", "unicode-bidi", "unicode-normalization", "unicode-segmentation"];

/// Packages that draw: nothing below the faces may load them.
const DRAWS: &[&str] = &["egui", "eframe", "winit", "glow", "wgpu"];

/// Complaints about one manifest.
pub(super) fn complaints(manifest: &str) -> Vec<String> {
    let Some(package) = value(manifest, "package", "name") else { return Vec::new() };
    let Some((_, allowed)) = OURS.iter().find(|(name, _)| *name == package) else {
        return vec![format!("{package} is not in tidy's list of packages: say what it may depend on")];
    };
    let mut found = Vec::new();
    if value(manifest, "lints", "workspace").as_deref() != Some("true") {
        found.push("does not inherit the workspace's lints".to_owned());
    }
    let used = dependencies(manifest, "dependencies");
    let everywhere = used.iter().chain(&dependencies(manifest, "dev-dependencies")).cloned().collect::<Vec<_>>();
    for name in &everywhere {
        if OURS.iter().any(|(ours, _)| ours == name) && !allowed.contains(&name.as_str()) {
            found.push(format!("{package} must not depend on {name}"));
        }
    }
    for name in &used {
        if package == "belfry-core" && !CORE_TAKES.contains(&name.as_str()) {
            found.push(format!("core must not depend on {name}"));
        }
        let draws = DRAWS.iter().any(|prefix| name == prefix || name.starts_with(&format!("{prefix}_")));
        if draws && package != "belfry-gui" {
            found.push(format!("{package} must not draw: {name}"));
        }
        if package == "xtask" {
            found.push(format!("xtask takes nothing: {name}"));
        }
    }
    found
}

/// Lines of a section, without comments.
fn section<'a>(manifest: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let header = format!("[{name}]");
    manifest
        .lines()
        .map(str::trim)
        .skip_while(move |line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn value(manifest: &str, name: &str, key: &str) -> Option<String> {
    section(manifest, name).find_map(|line| {
        let (found, value) = line.split_once('=')?;
        (found.trim() == key).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Names in a section of dependencies, and in its forms for one target or with a table of its own.
fn dependencies(manifest: &str, kind: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            inside = header == kind || (header.starts_with("target.") && header.ends_with(&format!(".{kind}")));
            if let Some((before, name)) = header.rsplit_once('.')
                && before == kind
            {
                names.push(name.to_owned());
            }
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            // `name.workspace = true` or `name = { .. }`; the lines of a long list have no name before their `=`.
            if let Some((name, _)) = line.split_once('=') {
                let name = name.trim().split('.').next().unwrap_or_default();
                names.push(name.trim_matches('"').to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, rest: &str, expected: &[&str]) {
        let manifest = format!("[package]\nname = \"{name}\"\n\n{rest}\n\n[lints]\nworkspace = true\n");
        assert_eq!(complaints(&manifest), expected);
    }

    #[test]
    fn dependencies_run_one_way() {
        check("belfry-net", "[dependencies]\nbelfry-core.workspace = true\nurl.workspace = true", &[]);
        check(
            "belfry-core",
            "[dependencies]\nbelfry-net = { path = \"../net\" }",
            &["belfry-core must not depend on belfry-net", "core must not depend on belfry-net"],
        );
        check(
            "belfry-net",
            "[dev-dependencies]\nbelfry-practice-server.workspace = true",
            &["belfry-net must not depend on belfry-practice-server"],
        );
    }

    #[test]
    fn core_takes_only_what_is_listed() {
        check(
            "belfry-core",
            "[dependencies]\nserde.workspace = true\n# a reason\ntokio = \"1\"",
            &["core must not depend on tokio"],
        );
    }

    #[test]
    fn nothing_below_the_faces_draws() {
        check(
            "belfry-agent",
            "[target.'cfg(unix)'.dependencies]\negui_glow = \"0.37\"",
            &["belfry-agent must not draw: egui_glow"],
        );
        check("belfry-agent", "[dependencies.eframe]\nversion = \"0.37\"", &["belfry-agent must not draw: eframe"]);
        check("belfry-gui", "[dependencies]\neframe.workspace = true", &[]);
    }

    #[test]
    fn every_package_is_known_and_keeps_the_lints() {
        assert_eq!(complaints("[workspace]\nmembers = []"), Vec::<String>::new());
        assert_eq!(complaints("[package]\nname = \"other\"").len(), 1);
        assert_eq!(complaints("[package]\nname = \"xtask\""), ["does not inherit the workspace's lints"]);
    }
}
