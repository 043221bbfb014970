//! Pictures of people: kept on the disk, fetched when a face asks, decoded by nobody here.
//!
//! A face asks and never waits: it draws initials meanwhile. The answer comes as soon as one of the pictures is settled,
//! and tells of the others that they are coming; asking again waits for those.
//! Nothing here is a reason to trouble a person: what fails is tried again later, and initials do.

mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use belfry_core::ids::ServerId;
use belfry_core::query::{Picture, PictureOf};
use belfry_core::time::MonoTime;
use belfry_core::view::{Health, View};
use belfry_net::{Inputs, WishError, clock};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use store::{Limits, Person, Store};

/// Pictures fetched at a time: a server has more urgent things to answer.
const AT_A_TIME: usize = 2;
/// People who wait to be fetched; one more is told that there is no picture, and asked for again later.
const WAITING: usize = 128;
/// What failed is not tried again for this long.
const REST: Duration = Duration::from_mins(5);
/// The same where there was no session: it comes back, and the picture with it.
const REST_WITHOUT_SESSION: Duration = Duration::from_secs(20);
/// Failures remembered; beyond these they are all forgotten.
const FAILURES: usize = 2_000;
/// An answer waits this long for the first picture.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers for pictures. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pictures(Arc<Shared>);

struct Shared {
    folder: PathBuf,
    inputs: Inputs,
    view: watch::Receiver<Arc<View>>,
    state: Mutex<State>,
    wishes: mpsc::Sender<PictureOf>,
    /// Moves whenever a fetch ended.
    ended: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    /// Read from the disk when first needed.
    store: Option<Store>,
    coming: BTreeSet<Person>,
    /// When each may be tried again, and which version failed.
    failed: BTreeMap<Person, (Option<i64>, MonoTime)>,
}

/// Fetches what faces wished for, until it is cut off.
pub(crate) struct Fetcher {
    shared: Pictures,
    wishes: mpsc::Receiver<PictureOf>,
}

impl Pictures {
    /// Pictures in this folder, and the task that fetches them.
    pub(crate) fn new(folder: PathBuf, inputs: Inputs, view: watch::Receiver<Arc<View>>) -> (Self, Fetcher) {
        let (wishes, queue) = mpsc::channel(WAITING);
        let state = Mutex::default();
        let shared = Self(Arc::new(Shared { folder, inputs, view, state, wishes, ended: watch::Sender::new(()) }));
        (shared.clone(), Fetcher { shared, wishes: queue })
    }

    /// How it stands with these people's pictures.
    pub(crate) async fn answer(&self, mut people: Vec<PictureOf>) -> Vec<(PictureOf, Picture)> {
        people.truncate(PictureOf::MOST);
        let mut ended = self.0.ended.subscribe();
        let answer = async {
            loop {
                ended.borrow_and_update();
                let found = self.look(people.clone()).await;
                let is_settled = found.is_empty() || found.iter().any(|(_, picture)| *picture != Picture::Coming);
                if is_settled || ended.changed().await.is_err() {
                    return found;
                }
            }
        };
        match timeout(PATIENCE, answer).await {
            Ok(found) => found,
            Err(_elapsed) => people.iter().map(|person| (*person, Picture::Coming)).collect(),
        }
    }

    /// Deletes the pictures of a removed server's people.
    pub(crate) async fn forget(&self, server: ServerId) {
        let this = self.clone();
        let forgotten = spawn_blocking(move || {
            let mut state = this.state();
            state.failed.retain(|(of, _), _| *of != server);
            this.store(&mut state).forget(server);
        });
        if forgotten.await.is_err() {
            tracing::warn!("pictures of a removed server are still kept");
        }
    }

    async fn look(&self, people: Vec<PictureOf>) -> Vec<(PictureOf, Picture)> {
        let this = self.clone();
        let nowhere = people.iter().map(|person| (*person, Picture::Nowhere)).collect();
        let looked = spawn_blocking(move || {
            let mut state = this.state();
            people.into_iter().map(|person| (person, this.look_for(&mut state, person))).collect()
        });
        looked.await.unwrap_or(nowhere)
    }

    /// What the disk has; what it lacks is wished for.
    fn look_for(&self, state: &mut State, wanted: PictureOf) -> Picture {
        let person = (wanted.server, wanted.user);
        let kept = self.store(state).get(person, clock::wall_ms());
        let is_new_enough = |version: i64| wanted.version.is_none_or(|wanted| version >= wanted.max(0));
        let file = |path: PathBuf| path.into_os_string().into_string().map_or(Picture::Nowhere, Picture::File);
        match kept {
            Some(kept) if is_new_enough(kept.version) => return file(kept.path),
            // An older one is better than none where the newer one cannot be had.
            Some(kept) if !self.wish(state, wanted) => return file(kept.path),
            None if !self.wish(state, wanted) => return Picture::Nowhere,
            Some(_) | None => {}
        }
        Picture::Coming
    }

    /// Has a picture fetched; false where it cannot be had at present.
    fn wish(&self, state: &mut State, wanted: PictureOf) -> bool {
        let person = (wanted.server, wanted.user);
        if state.coming.contains(&person) {
            return true;
        }
        let now = clock::process().mono();
        // A newer picture is worth another try.
        let rests = |(version, until): &(Option<i64>, MonoTime)| *until > now && *version >= wanted.version;
        if state.failed.get(&person).is_some_and(rests) || !self.is_live(wanted.server) {
            return false;
        }
        if self.0.wishes.try_send(wanted).is_err() {
            return false;
        }
        state.coming.insert(person);
        true
    }

    fn is_live(&self, server: ServerId) -> bool {
        let view = self.0.view.borrow();
        view.server(server).is_some_and(|server| server.health == Health::Live)
    }

    /// Fetches one picture.
    async fn fetch(self, wanted: PictureOf) {
        let person = (wanted.server, wanted.user);
        // 0 is what people have who never changed it.
        let version = wanted.version.unwrap_or(0).max(0);
        let fetched = self.0.inputs.avatar(wanted.server, wanted.user, version).await;
        let this = self.clone();
        let kept = spawn_blocking(move || {
            let mut state = this.state();
            state.coming.remove(&person);
            let kept = match fetched {
                Ok(Some(picture)) => {
                    let put = this.store(&mut state).put(person, version, &picture, clock::wall_ms());
                    put.map_err(|error| error.to_string())
                }
                Ok(None) => Err("the server has none".to_owned()),
                Err(WishError::NoSession) => {
                    state.fail(person, wanted.version, REST_WITHOUT_SESSION);
                    return;
                }
                Err(WishError::Http(error)) => Err(error.to_string()),
            };
            match kept {
                Ok(()) => {
                    state.failed.remove(&person);
                }
                Err(reason) => {
                    tracing::debug!(server = wanted.server.0, %reason, "a picture was not fetched");
                    state.fail(person, wanted.version, REST);
                }
            }
        });
        if kept.await.is_err() {
            self.state().coming.remove(&person);
        }
        self.0.ended.send_replace(());
    }

    /// A panic while the lock is held leaves at worst an index that lacks a picture.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store<'a>(&self, state: &'a mut State) -> &'a mut Store {
        state.store.get_or_insert_with(|| {
            let known = self.0.view.borrow().prefs.servers.iter().map(|server| server.id).collect();
            Store::open(self.0.folder.clone(), Limits::default(), &known)
        })
    }
}

impl State {
    fn fail(&mut self, person: Person, version: Option<i64>, rest: Duration) {
        if self.failed.len() >= FAILURES {
            self.failed.clear();
        }
        self.failed.insert(person, (version, clock::process().mono().after(rest)));
    }
}

impl Fetcher {
    /// Runs until it is cut off: nothing that matters is lost with a fetch.
    pub(crate) async fn run(self) {
        let Self { shared, mut wishes } = self;
        let mut fetches = JoinSet::new();
        loop {
            tokio::select! {
                // While enough are under way, wishes wait in their own queue, which is bounded.
                Some(wanted) = wishes.recv(), if fetches.len() < AT_A_TIME => {
                    fetches.spawn(shared.clone().fetch(wanted));
                }
                Some(_ended) = fetches.join_next() => {}
                else => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use belfry_core::ids::UserId;
    use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs};
    use belfry_core::signal::Surface;
    use belfry_net::Setup;
    use belfry_net::secrets::SecretStore;
    use tokio::runtime::Handle;

    #[tokio::test]
    async fn without_a_connection_what_is_kept_is_shown_and_the_rest_is_nowhere() {
        let home = tempfile::tempdir().unwrap();
        let id = ServerId(1);
        let entry = ServerPrefs {
            id,
            url: "http://127.0.0.1:1".to_owned(),
            name: "Northwind".to_owned(),
            username: "morgan".to_owned(),
            auth: AuthKind::Password,
            permission: Permission::Allowed,
            insecure: true,
            reach: belfry_core::reach::Reach::default(),
            session: belfry_core::prefs::SessionPrefs::default(),
        };
        let prefs = LocalPrefs { servers: vec![entry], ..LocalPrefs::default() };
        // Without a token there is no session, only the entry.
        let setup = Setup::new(prefs, Arc::new(SecretStore::memory()), Surface::Nowhere);
        let mut running = belfry_net::spawn(&Handle::current(), setup);
        drop(running.view.wait_for(|view| view.server(id).is_some()).await.unwrap());
        let rosa = UserId::parse("rosa").unwrap();
        let known = BTreeSet::from([id]);
        Store::open(home.path().to_owned(), Limits::default(), &known)
            .put((id, rosa), 7, b"\x89PNG\r\n\x1a\nand so on", 1)
            .unwrap();
        let (pictures, fetcher) = Pictures::new(home.path().to_owned(), running.inputs.clone(), running.view.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(fetcher.run());
        let asked = |user: &str, version| PictureOf { server: id, user: UserId::parse(user).unwrap(), version };
        let one = async |asked: PictureOf| pictures.answer(vec![asked]).await.pop().unwrap().1;
        for version in [None, Some(3), Some(7), Some(9)] {
            assert!(matches!(one(asked("rosa", version)).await, Picture::File(_)), "{version:?}");
        }
        assert_eq!(one(asked("jun", Some(1))).await, Picture::Nowhere);
        assert_eq!(one(PictureOf { server: ServerId(9), ..asked("rosa", None) }).await, Picture::Nowhere);
        pictures.forget(id).await;
        assert_eq!(one(asked("rosa", None)).await, Picture::Nowhere);
        tasks.shutdown().await;
        running.shutdown().await;
    }
}
