//! A hand on a running agent: the same control socket that faces and commands use.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context as _;
use belfry_agent::control::client::{ClientError, Sender, connect};
use belfry_agent::control::protocol::{Down, Face};
use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::Permission;
use belfry_core::query::{Answer, Login, Query};
use belfry_core::secret::Secret;
use belfry_core::view::View;

use crate::poll::eventually;

/// Answers that nobody has taken yet; more than one question at a time is never asked.
const ANSWERS: usize = 4;

/// A connection to an agent, with the newest view at hand.
#[derive(Debug)]
pub struct Client {
    sender: Sender,
    newest: Arc<Mutex<Newest>>,
    answers: Receiver<(u64, Answer)>,
}

#[derive(Debug, Default)]
struct Newest {
    view: Option<Box<View>>,
    banners_since: Option<Instant>,
    gone: bool,
}

impl Client {
    /// Connects as a command does, as soon as the agent listens at this socket.
    pub fn connect(socket: &Path) -> anyhow::Result<Self> {
        let (receiver, sender) = eventually("the agent to listen", || match connect(socket, Face::Command) {
            Ok(ends) => Ok(Some(ends)),
            Err(ClientError::NotRunning | ClientError::Silent) => Ok(None),
            Err(error) => Err(error.into()),
        })?;
        let newest = Arc::new(Mutex::new(Newest::default()));
        let (answered, answers) = sync_channel(ANSWERS);
        let shared = Arc::clone(&newest);
        std::thread::Builder::new().name("client".to_owned()).spawn(move || listen(receiver, &shared, &answered))?;
        let client = Self { sender, newest, answers };
        eventually("the first view", || Ok(client.view().ok()))?;
        Ok(client)
    }

    /// Ends the connection; the newest view stays as it was.
    pub fn close(&self) {
        self.sender.close();
    }

    /// The newest view.
    pub fn view(&self) -> anyhow::Result<Box<View>> {
        self.newest().view.clone().context("no view yet")
    }

    /// When the view came that first had banners again; `None` while the newest has none.
    pub fn banners_since(&self) -> Option<Instant> {
        self.newest().banners_since
    }

    fn newest(&self) -> std::sync::MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the view is as wanted, and gives it.
    pub fn until(&self, what: &str, wanted: impl Fn(&View) -> bool) -> anyhow::Result<Box<View>> {
        let found = eventually(what, || Ok(self.view().ok().filter(|view| wanted(view))));
        found.with_context(|| format!("the view is {:#?}", self.view()))
    }

    /// Waits until the agent has ended the connection.
    pub fn until_gone(&self) -> anyhow::Result<()> {
        eventually("the agent to end the connection", || Ok(self.newest().gone.then_some(())))
    }

    /// Tells the agent to do something.
    pub fn command(&mut self, command: Command) -> anyhow::Result<()> {
        Ok(self.sender.command(command)?)
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, query: Query) -> anyhow::Result<Answer> {
        let asked = self.sender.query(query)?;
        eventually("an answer", || {
            Ok(self.answers.try_recv().ok().filter(|(id, _)| *id == asked).map(|(_, answer)| answer))
        })
    }

    /// Signs in with a password, allows notifications, and gives the entry's number.
    pub fn add_server(&mut self, url: &str, username: &str, password: &str) -> anyhow::Result<ServerId> {
        let Answer::Discovered(found) = self.ask(Query::Discover { address: url.to_owned(), reach: Box::default() })?
        else {
            anyhow::bail!("no Mattermost server was found at {url}");
        };
        let login =
            Login::Password { login_id: username.to_owned(), password: Secret::new(password), mfa: Secret::new("") };
        let query = Query::SignIn {
            server: None,
            url: found.url.clone(),
            name: found.name,
            insecure: found.insecure,
            reach: None,
            login,
        };
        let answer = self.ask(query)?;
        anyhow::ensure!(answer == Answer::SignedIn, "signing in ended with {answer:?}");
        let is_it =
            |view: &View| view.servers.iter().find(|s| s.url == found.url && s.username == username).map(|s| s.id);
        let view = self.until("the server in the list", |view| is_it(view).is_some())?;
        let server = is_it(&view).context("the server vanished")?;
        self.command(Command::SetPermission { server, permission: Permission::Allowed })?;
        self.until("the permission", |view| view.server(server).is_some_and(|s| s.permission == Permission::Allowed))?;
        Ok(server)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.sender.close();
    }
}

fn listen(
    mut receiver: belfry_agent::control::client::Receiver,
    newest: &Mutex<Newest>,
    answers: &SyncSender<(u64, Answer)>,
) {
    let lock = || newest.lock().unwrap_or_else(PoisonError::into_inner);
    while let Ok(Some(message)) = receiver.receive() {
        match message {
            Down::View(view) => {
                let mut newest = lock();
                newest.banners_since = match newest.banners_since {
                    _ if view.banners.is_empty() => None,
                    None => Some(belfry_net::clock::monotonic()),
                    since @ Some(_) => since,
                };
                newest.view = Some(view);
            }
            // A full queue means that nobody waits for this answer.
            Down::Answer { id, answer } => answers.try_send((id, *answer)).ok().unwrap_or_default(),
            Down::Welcome { .. } | Down::WrongBuild { .. } | Down::Synced(_) | Down::Raise(_) => {}
            Down::Bye => break,
        }
    }
    lock().gone = true;
}
