//! Signing in, where tokens are kept, and how sessions end: the real program against real sockets and a real bus.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod browser;
mod keyring;
mod secrecy;
mod sessions;

use belfry_core::query::{Answer, Login, Query};
use belfry_core::secret::Secret;
use belfry_tests::{Client, Desktop};

/// Signs in with a password.
fn sign_in(client: &mut Client, url: &str) -> Answer {
    let login =
        Login::Password { login_id: "morgan".to_owned(), password: Secret::new("practice"), mfa: Secret::new("") };
    let (url, name) = (url.to_owned(), "Northwind".to_owned());
    client.ask(Query::SignIn { server: None, url, name, insecure: true, reach: None, login }).unwrap()
}

/// Preferences that say nothing of where tokens are: the keyring.
fn plain_preferences(desktop: &Desktop) {
    let folder = desktop.home().join("config/belfry");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("preferences.toml"), "version = 1\nreduce_motion = true\n").unwrap();
}
