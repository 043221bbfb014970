//! Pictures of people, and small ones of what they attach: kept on the disk, fetched when a face asks, decoded by nobody here.
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
use belfry_core::query::{Picture, PictureOf, Subject};
use belfry_core::time::MonoTime;
use belfry_core::view::{BannerView, Health, View};
use belfry_net::{Inputs, WishError, clock};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use store::{Key, Limits, Store};

/// Pictures fetched at a time: a server has more urgent things to answer.
const AT_A_TIME: usize = 2;
/// Pictures that wait to be fetched; one more is told that there is no picture, and asked for again later.
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
    /// Whether there are small pictures of files, which go with their cards.
    has_files: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    /// Read from the disk when first needed.
    store: Option<Store>,
    coming: BTreeSet<Key>,
    /// When each may be tried again, and which version failed.
    failed: BTreeMap<Key, (Option<i64>, MonoTime)>,
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
        let shared = Self(Arc::new(Shared {
            folder,
            inputs,
            view,
            state,
            wishes,
            ended: watch::Sender::new(()),
            has_files: watch::Sender::new(false),
        }));
        (shared.clone(), Fetcher { shared, wishes: queue })
    }

    /// How it stands with these pictures.
    pub(crate) async fn answer(&self, mut wanted: Vec<PictureOf>) -> Vec<(PictureOf, Picture)> {
        wanted.truncate(PictureOf::MOST);
        let mut ended = self.0.ended.subscribe();
        let answer = async {
            loop {
                ended.borrow_and_update();
                let found = self.look(wanted.clone()).await;
                let is_settled = found.is_empty() || found.iter().any(|(_, picture)| *picture != Picture::Coming);
                if is_settled || ended.changed().await.is_err() {
                    return found;
                }
            }
        };
        match timeout(PATIENCE, answer).await {
            Ok(found) => found,
            Err(_elapsed) => wanted.iter().map(|of| (*of, Picture::Coming)).collect(),
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

    async fn look(&self, wanted: Vec<PictureOf>) -> Vec<(PictureOf, Picture)> {
        let this = self.clone();
        let nowhere = wanted.iter().map(|of| (*of, Picture::Nowhere)).collect();
        let looked = spawn_blocking(move || {
            let mut state = this.state();
            wanted.into_iter().map(|of| (of, this.look_for(&mut state, of))).collect()
        });
        looked.await.unwrap_or(nowhere)
    }

    /// What the disk has; what it lacks is wished for.
    fn look_for(&self, state: &mut State, wanted: PictureOf) -> Picture {
        let key = (wanted.server, wanted.subject);
        let kept = self.store(state).get(key, clock::wall_ms());
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
        let key = (wanted.server, wanted.subject);
        if state.coming.contains(&key) {
            return true;
        }
        let now = clock::process().mono();
        // A newer picture is worth another try.
        let rests = |(version, until): &(Option<i64>, MonoTime)| *until > now && *version >= wanted.version;
        if state.failed.get(&key).is_some_and(rests) || !self.is_live(wanted.server) || !self.may_have(wanted) {
            return false;
        }
        if self.0.wishes.try_send(wanted).is_err() {
            return false;
        }
        state.coming.insert(key);
        true
    }

    fn is_live(&self, server: ServerId) -> bool {
        let view = self.0.view.borrow();
        view.server(server).is_some_and(|server| server.health == Health::Live)
    }

    /// What somebody attached is fetched for a card that shows it, and for nothing else.
    fn may_have(&self, wanted: PictureOf) -> bool {
        match wanted.subject {
            Subject::Person(_) => true,
            Subject::File(_) => attached(&self.0.view.borrow()).contains(&(wanted.server, wanted.subject)),
        }
    }

    /// Deletes the small pictures of files whose card is gone.
    async fn tidy(&self) {
        let wanted = attached(&self.0.view.borrow());
        let this = self.clone();
        let tidied = spawn_blocking(move || {
            let mut state = this.state();
            let store = this.store(&mut state);
            store.keep_files(&wanted);
            let has_any = store.has_files();
            this.0.has_files.send_if_modified(|had_any| std::mem::replace(had_any, has_any) != has_any);
        });
        if tidied.await.is_err() {
            tracing::warn!("small pictures of what was attached are still kept");
        }
    }

    /// Fetches one picture.
    async fn fetch(self, wanted: PictureOf) {
        let key = (wanted.server, wanted.subject);
        // 0 is what people have who never changed it.
        let version = wanted.version.unwrap_or(0).max(0);
        let fetched = self.0.inputs.picture(wanted.server, wanted.subject, version).await;
        let this = self.clone();
        let kept = spawn_blocking(move || {
            let mut state = this.state();
            state.coming.remove(&key);
            let kept = match fetched {
                Ok(Some(picture)) => {
                    let put = this.store(&mut state).put(key, version, &picture, clock::wall_ms());
                    put.map_err(|error| error.to_string())
                }
                Ok(None) => Err("the server has none".to_owned()),
                Err(WishError::NoSession) => {
                    state.fail(key, wanted.version, REST_WITHOUT_SESSION);
                    return;
                }
                Err(WishError::Http(error)) => Err(error.to_string()),
            };
            match kept {
                Ok(()) => {
                    state.failed.remove(&key);
                    if matches!(key.1, Subject::File(_)) {
                        this.0.has_files.send_replace(true);
                    }
                }
                Err(reason) => {
                    tracing::debug!(server = wanted.server.0, %reason, "a picture was not fetched");
                    state.fail(key, wanted.version, REST);
                }
            }
        });
        if kept.await.is_err() {
            self.state().coming.remove(&key);
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
    fn fail(&mut self, key: Key, version: Option<i64>, rest: Duration) {
        if self.failed.len() >= FAILURES {
            self.failed.clear();
        }
        self.failed.insert(key, (version, clock::process().mono().after(rest)));
    }
}

/// The files of which cards on the screen show a small picture.
fn attached(view: &View) -> BTreeSet<Key> {
    let thumbnail = |card: &BannerView| Some((card.server, Subject::File(card.files.as_ref()?.thumbnail?)));
    view.banners.iter().filter_map(thumbnail).collect()
}

impl Fetcher {
    /// Runs until it is cut off: nothing that matters is lost with a fetch.
    pub(crate) async fn run(self) {
        let Self { shared, mut wishes } = self;
        let mut fetches = JoinSet::new();
        let (mut view, mut has_files) = (shared.0.view.clone(), shared.0.has_files.subscribe());
        let mut wanted = BTreeSet::new();
        loop {
            let has_any = *has_files.borrow();
            tokio::select! {
                // Only while there is something that a change may end.
                Ok(()) = view.changed(), if has_any => {
                    let now = attached(&view.borrow_and_update());
                    if now != wanted {
                        wanted = now;
                        shared.tidy().await;
                    }
                }
                // One came, perhaps after its card had left.
                Ok(()) = has_files.changed() => shared.tidy().await,
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
        let rosa = Subject::Person(UserId::parse("rosa").unwrap());
        let known = BTreeSet::from([id]);
        Store::open(home.path().to_owned(), Limits::default(), &known)
            .put((id, rosa), 7, b"\x89PNG\r\n\x1a\nand so on", 1)
            .unwrap();
        let (pictures, fetcher) = Pictures::new(home.path().to_owned(), running.inputs.clone(), running.view.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(fetcher.run());
        let asked = |user: &str, version| PictureOf::person(id, UserId::parse(user).unwrap(), version);
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
