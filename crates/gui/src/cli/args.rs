//! Reading the arguments: by hand, because there are few and their wording is ours.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use belfry_core::secret::Secret;

/// Printed by `--help`.
pub(crate) const USAGE: &str = "\
Belfry tells you what needs you on your Mattermost servers.

Usage
  belfry [--hidden]             start, or bring the running one's window to the front
  belfry --demo                 try it on a practice server, with nothing to sign in to
  belfry headless [--json] [--server URL --token-file FILE] [--allow]
                                no windows: system notifications, and a line for what happens
  belfry replay FILE [--json] [--check]
                                feed a recording through the real decoder and engine
  belfry explain FILE [--json]  say what is decided in a described situation, and by which rules
  belfry status [--json]        say what is unread and how each server is
  belfry pause [MINUTES]        show nothing for a while, or until resumed
  belfry resume                 show notifications again
  belfry quit                   end the running one
  belfry doctor                 look at display, sound, keyring, tray and notifications

Options
  --hidden                      start without the window
  --json                        one JSON object a line instead of sentences
  --check                       compare with what the recording says; exit 1 if anything differs
  --server URL --token-file FILE
                                (headless) sign in with the access token in this file
  --allow                       (headless, demo) answer the permission prompt with yes
  --speed X, --quiet-day        (demo) play its day X times as fast, or not by itself
  --instance NAME               speak to, or start, another Belfry beside your own; the demo's is \"demo\"
  --version                     print the version and build
  --help                        print this

Exit codes: 0 fine, 1 a failure, said in one line, 2 wrong usage
";

/// The longest pause, in minutes: a week.
const MAX_PAUSE: u32 = 7 * 24 * 60;

/// What to do, and for which instance.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    /// `None` is the person's own.
    pub(crate) instance: Option<String>,
    /// What to do.
    pub(crate) action: Action,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Agent { hidden: bool },
    Demo { hidden: bool, allow: bool, headless: bool, json: bool, practice: Vec<OsString> },
    Headless { json: bool, server: Option<Server>, allow: bool },
    Replay { file: PathBuf, json: bool, check: bool },
    Explain { file: PathBuf, json: bool },
    Status { json: bool },
    Pause(Option<u32>),
    Resume,
    Quit,
    Doctor,
    OpenUrl(Secret),
    Face { face: Face, control: PathBuf },
    PracticeServer(Vec<OsString>),
    Version,
    Help,
}

/// A server to sign in to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) token_file: PathBuf,
}

/// Which face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    Window,
    Banners,
}

/// Wrong usage, in one sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UsageError(String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn wrong(text: impl Into<String>) -> UsageError {
    UsageError(text.into())
}

/// Every option that exists; which of them go together is checked afterwards.
#[derive(Default)]
struct Given {
    words: Vec<OsString>,
    switches: Vec<&'static str>,
    values: Vec<(&'static str, OsString)>,
}

const SWITCHES: [&str; 8] =
    ["--hidden", "--demo", "--quiet-day", "--json", "--check", "--allow", "--version", "--help"];
const VALUES: [&str; 5] = ["--instance", "--server", "--token-file", "--control", "--speed"];

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Invocation, UsageError> {
    let mut arguments = arguments.peekable();
    // Its arguments are its own.
    if arguments.next_if(|first| first == "practice-server").is_some() {
        return Ok(Invocation { instance: None, action: Action::PracticeServer(arguments.collect()) });
    }
    let mut given = Given::read(arguments)?;
    if given.take_switch("--help") {
        return Ok(Invocation { instance: None, action: Action::Help });
    }
    if given.take_switch("--version") {
        return Ok(Invocation { instance: None, action: Action::Version });
    }
    let instance = given.take_value("--instance").map(|name| text(name, "an instance's name")).transpose()?;
    let action = given.action()?;
    given.nothing_left()?;
    Ok(Invocation { instance, action })
}

impl Given {
    fn read(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut given = Self::default();
        while let Some(argument) = arguments.next() {
            let Some(option) = argument.to_str().filter(|text| text.starts_with('-')) else {
                given.words.push(argument);
                continue;
            };
            let option = match option {
                "-h" => "--help",
                "-V" => "--version",
                option => option,
            };
            let (name, inline) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
            if let Some(switch) = SWITCHES.into_iter().find(|known| *known == name) {
                if inline.is_some() {
                    return Err(wrong(format!("{switch} takes no value")));
                }
                given.switches.push(switch);
            } else if let Some(known) = VALUES.into_iter().find(|known| *known == name) {
                let value = inline
                    .map(OsString::from)
                    .or_else(|| arguments.next())
                    .ok_or_else(|| wrong(format!("{known} wants a value")))?;
                if given.values.iter().any(|(name, _)| *name == known) {
                    return Err(wrong(format!("{known} is given twice")));
                }
                given.values.push((known, value));
            } else {
                return Err(wrong(format!("there is no option {name}")));
            }
        }
        Ok(given)
    }

    fn action(&mut self) -> Result<Action, UsageError> {
        let demo = self.take_switch("--demo");
        let word = if self.words.is_empty() { None } else { Some(self.words.remove(0)) };
        let word = word.as_deref().map(|word| word.to_str().ok_or_else(|| unknown(word))).transpose()?;
        if demo && !matches!(word, None | Some("headless")) {
            return Err(wrong("--demo goes only with `headless`; to reach a running demo use --instance demo"));
        }
        Ok(match word {
            None if demo => self.demo(false),
            Some("headless") if demo => self.demo(true),
            None => Action::Agent { hidden: self.take_switch("--hidden") },
            Some("headless") => {
                let server = match (self.take_value("--server"), self.take_value("--token-file")) {
                    (Some(address), Some(file)) => {
                        Some(Server { address: text(address, "a server's address")?, token_file: file.into() })
                    }
                    (None, None) => None,
                    (Some(_), None) => return Err(wrong("--server wants a --token-file as well")),
                    (None, Some(_)) => return Err(wrong("--token-file wants a --server as well")),
                };
                let allow = self.take_switch("--allow");
                if allow && server.is_none() {
                    return Err(wrong("--allow wants a --server as well"));
                }
                Action::Headless { json: self.take_switch("--json"), server, allow }
            }
            Some("replay") => Action::Replay {
                file: self.take_word().ok_or_else(|| wrong("`replay` wants a file"))?.into(),
                json: self.take_switch("--json"),
                check: self.take_switch("--check"),
            },
            Some("explain") => Action::Explain {
                file: self.take_word().ok_or_else(|| wrong("`explain` wants a file"))?.into(),
                json: self.take_switch("--json"),
            },
            Some("status") => Action::Status { json: self.take_switch("--json") },
            Some("pause") => Action::Pause(self.take_word().map(|word| minutes(&word)).transpose()?),
            Some("resume") => Action::Resume,
            Some("quit") => Action::Quit,
            Some("doctor") => Action::Doctor,
            // Not in the usage: desktops call it, for a link of our scheme.
            Some("open-url") => {
                let link = self.take_word().ok_or_else(|| wrong("`open-url` wants a link"))?;
                Action::OpenUrl(Secret::new(link.into_string().map_err(|_hidden| wrong("the link is not text"))?))
            }
            Some("face") => {
                let face = match self.take_word().as_deref().and_then(OsStr::to_str) {
                    Some("window") => Face::Window,
                    Some("banners") => Face::Banners,
                    Some(_) | None => return Err(wrong("`face` wants `window` or `banners`")),
                };
                let control = self.take_value("--control").ok_or_else(|| wrong("`face` wants --control"))?;
                Action::Face { face, control: control.into() }
            }
            Some(other) => return Err(unknown(OsStr::new(other))),
        })
    }

    fn demo(&mut self, headless: bool) -> Action {
        let mut practice = Vec::new();
        if let Some(speed) = self.take_value("--speed") {
            practice.extend(["--speed".into(), speed]);
        }
        if self.take_switch("--quiet-day") {
            practice.push("--quiet-day".into());
        }
        Action::Demo {
            hidden: !headless && self.take_switch("--hidden"),
            allow: self.take_switch("--allow"),
            headless,
            json: headless && self.take_switch("--json"),
            practice,
        }
    }

    fn take_switch(&mut self, name: &str) -> bool {
        let before = self.switches.len();
        self.switches.retain(|given| *given != name);
        self.switches.len() < before
    }

    fn take_value(&mut self, name: &str) -> Option<OsString> {
        let at = self.values.iter().position(|(given, _)| *given == name)?;
        Some(self.values.remove(at).1)
    }

    fn take_word(&mut self) -> Option<OsString> {
        if self.words.is_empty() { None } else { Some(self.words.remove(0)) }
    }

    fn nothing_left(self) -> Result<(), UsageError> {
        if let Some(word) = self.words.first() {
            return Err(wrong(format!("{} is one word too many", word.to_string_lossy())));
        }
        match self.switches.first().or(self.values.first().map(|(name, _)| name)) {
            Some(option) => Err(wrong(format!("{option} does not go with this"))),
            None => Ok(()),
        }
    }
}

fn unknown(word: &OsStr) -> UsageError {
    wrong(format!("there is no command `{}`", word.to_string_lossy()))
}

fn text(value: OsString, what: &str) -> Result<String, UsageError> {
    value.into_string().map_err(|_not_text| wrong(format!("{what} must be plain text")))
}

fn minutes(word: &OsStr) -> Result<u32, UsageError> {
    word.to_str()
        .and_then(|word| word.parse().ok())
        .filter(|minutes| (1..=MAX_PAUSE).contains(minutes))
        .ok_or_else(|| wrong(format!("`pause` wants minutes between 1 and {MAX_PAUSE}, or nothing")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Invocation, UsageError> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn action(line: &str) -> Action {
        read(line).unwrap().action
    }

    fn refused(line: &str) -> String {
        read(line).unwrap_err().to_string()
    }

    #[test]
    fn every_command_of_the_usage_is_understood() {
        assert_eq!(action(""), Action::Agent { hidden: false });
        assert_eq!(action("--hidden"), Action::Agent { hidden: true });
        assert_eq!(action("headless --json"), Action::Headless { json: true, server: None, allow: false });
        assert_eq!(
            action("replay a.jsonl --check"),
            Action::Replay { file: "a.jsonl".into(), json: false, check: true }
        );
        assert_eq!(
            action("--json replay a.jsonl"),
            Action::Replay { file: "a.jsonl".into(), json: true, check: false }
        );
        assert_eq!(action("explain a.json"), Action::Explain { file: "a.json".into(), json: false });
        assert_eq!(action("status"), Action::Status { json: false });
        assert_eq!(action("status --json"), Action::Status { json: true });
        assert_eq!(action("pause"), Action::Pause(None));
        assert_eq!(action("pause 30"), Action::Pause(Some(30)));
        assert_eq!(action("resume"), Action::Resume);
        assert_eq!(action("quit"), Action::Quit);
        assert_eq!(action("doctor"), Action::Doctor);
        let link = "mattermost-dev://chat.example.org/login/desktop?client_token=a&server_token=b";
        assert_eq!(action(&format!("open-url {link}")), Action::OpenUrl(Secret::new(link)));
        assert!(!format!("{:?}", action(&format!("open-url {link}"))).contains("server_token"));
        assert_eq!(action("--version"), Action::Version);
        assert_eq!(action("status -h"), Action::Help);
        assert_eq!(
            action("face banners --control /run/x"),
            Action::Face { face: Face::Banners, control: "/run/x".into() }
        );
    }

    #[test]
    fn a_demo_can_be_allowed_hidden_and_headless() {
        let demo = |hidden, allow, headless, json| Action::Demo { hidden, allow, headless, json, practice: vec![] };
        assert_eq!(action("--demo"), demo(false, false, false, false));
        assert_eq!(action("--demo --hidden --allow"), demo(true, true, false, false));
        assert_eq!(action("headless --demo --json --allow"), demo(false, true, true, true));
        assert_eq!(
            action("--demo --quiet-day --speed 20"),
            Action::Demo {
                hidden: false,
                allow: false,
                headless: false,
                json: false,
                practice: ["--speed", "20", "--quiet-day"].map(OsString::from).to_vec(),
            }
        );
        assert!(refused("--demo --json").contains("--json"));
        assert!(refused("--demo quit").contains("--instance demo"));
    }

    #[test]
    fn a_server_on_the_command_line_wants_its_token_in_a_file() {
        let server = Server { address: "https://chat.example.com".to_owned(), token_file: "t".into() };
        assert_eq!(
            action("headless --server=https://chat.example.com --token-file t --allow"),
            Action::Headless { json: false, server: Some(server), allow: true }
        );
        assert!(refused("headless --server https://chat.example.com").contains("--token-file"));
        assert!(refused("headless --token-file t").contains("--server"));
        assert!(refused("headless --allow").contains("--server"));
        assert!(refused("--server https://chat.example.com --token-file t").contains("does not go with this"));
    }

    #[test]
    fn an_instance_is_named_anywhere() {
        for line in ["--instance demo quit", "quit --instance demo", "quit --instance=demo"] {
            let read = read(line).unwrap();
            assert_eq!((read.instance.as_deref(), read.action), (Some("demo"), Action::Quit), "{line}");
        }
    }

    #[test]
    fn the_practice_server_reads_its_own_arguments() {
        let arguments = ["--port".into(), "0".into()].to_vec();
        assert_eq!(action("practice-server --port 0"), Action::PracticeServer(arguments));
    }

    #[test]
    fn wrong_usage_is_said_in_one_line() {
        for (line, about) in [
            ("frobnicate", "frobnicate"),
            ("--frob", "--frob"),
            ("--frob=secret", "--frob"),
            ("replay", "file"),
            ("explain --json", "file"),
            ("replay a b", "b is one word too many"),
            ("pause 0", "minutes"),
            ("pause -5", "-5"),
            ("pause soon", "minutes"),
            ("pause 99999999999", "minutes"),
            ("pause --json", "--json"),
            ("--hidden=yes", "no value"),
            ("quit --instance", "value"),
            ("quit --instance a --instance b", "twice"),
            ("face", "window"),
            ("face window", "--control"),
            ("face door --control x", "banners"),
            ("doctor --hidden", "--hidden"),
        ] {
            let said = refused(line);
            assert!(said.contains(about) && !said.contains('\n'), "{line}: {said}");
        }
    }

    #[test]
    fn arguments_that_are_not_text_are_refused_or_taken_as_files() {
        use std::os::unix::ffi::OsStringExt as _;
        let odd = || OsString::from_vec(vec![b'a', 0xff]);
        assert!(parse([odd()].into_iter()).is_err());
        assert!(parse([OsString::from("pause"), odd()].into_iter()).is_err());
        assert!(parse([OsString::from("--instance"), odd()].into_iter()).is_err());
        let replay = parse([OsString::from("replay"), odd()].into_iter()).unwrap();
        assert_eq!(replay.action, Action::Replay { file: odd().into(), json: false, check: false });
    }
}
