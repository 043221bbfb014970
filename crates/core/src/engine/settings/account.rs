//! Preferences of an account: one save of a server at a time, because each writes the whole map (protocol §6.1).

use std::collections::{BTreeMap, VecDeque};

use crate::effect::{Effect, Effects, Fetch, Write};
use crate::engine::settings::read_only;
use crate::engine::{Engine, Server};
use crate::event::{Event, Saved, Written};
use crate::ids::ServerId;
use crate::query::Answer;
use crate::settings::{Editable, Field, MAX_VALUE_BYTES, Offers, ServerSettings, SettingChange, SettingKey, Trouble};
use crate::state::{ServerState, version_below};
use crate::time::Now;

/// Changes that can be undone.
const UNDO: usize = 50;
/// Saves that wait for the one under way; one more is refused. Nobody clicks that fast.
const WAITING: usize = 64;

/// Why one of several changes is not saved when another one met a change from elsewhere.
const TOGETHER: &str = "It was to be saved together with something that was changed elsewhere";

/// What is being saved on one server.
#[derive(Debug, Default)]
pub(in crate::engine) struct Saves {
    /// The first is under way, unless one that was given up still is.
    queue: VecDeque<Save>,
    /// The save that nobody waits for any more: until its answer is here, another one could write its keys back.
    given_up: Option<u64>,
    numbered: u64,
    troubles: BTreeMap<SettingKey, Trouble>,
    undo: Vec<Vec<SettingChange>>,
    /// Grows when the page would look otherwise.
    pub(in crate::engine) revision: u64,
}

#[derive(Debug)]
struct Save {
    number: u64,
    changes: Vec<SettingChange>,
    since_ms: i64,
    /// It puts something back: there is nothing to undo about it.
    is_undo: bool,
}

impl Saves {
    /// What will be stored for a key once everything under way is.
    fn coming(&self, key: SettingKey) -> Option<(&Option<String>, i64)> {
        let saves = self.queue.iter().rev();
        saves
            .flat_map(|save| save.changes.iter().map(move |change| (change, save.since_ms)))
            .find_map(|(change, since)| (change.key == key).then_some((&change.to, since)))
    }

    /// A number for the next change that is sent.
    pub(in crate::engine) fn number(&mut self) -> u64 {
        self.numbered = self.numbered.saturating_add(1);
        self.numbered
    }

    /// The session is over: nothing is saved any more.
    pub(in crate::engine) fn forget(&mut self) {
        *self = Self { revision: self.revision.saturating_add(1), numbered: self.numbered, ..Self::default() };
    }

    fn touch(&mut self) {
        self.revision = self.revision.saturating_add(1);
    }
}

/// What a server holds for a key.
fn stored(state: &ServerState, key: SettingKey) -> Option<&String> {
    if key.is_notify_prop() { state.account.props().get(key.name()) } else { state.email_interval.as_ref() }
}

impl Engine {
    /// Something that pages show may have changed; whether it did.
    pub(in crate::engine) fn note_settings(&mut self, id: ServerId, event: &Event<'_>) -> bool {
        let Some(server) = self.servers.get_mut(&id) else { return false };
        let of_me = if let Event::UserUpdated(user) = event {
            user.id == server.state.me_id()
        } else {
            matches!(
                event,
                Event::Connection(_)
                    | Event::Snapshot(_)
                    | Event::PreferencesChanged(_)
                    | Event::PreferencesDeleted(_)
                    | Event::ConfigChanged(_)
                    | Event::LicenseChanged(_)
                    | Event::Fetched(_)
            )
        };
        if of_me {
            server.saves.touch();
        }
        of_me
    }

    pub(in crate::engine) fn change_settings(
        &mut self,
        now: &Now,
        id: ServerId,
        changes: Vec<SettingChange>,
        out: &mut Effects,
    ) {
        self.save_settings(now, id, changes, false, out);
    }

    fn save_settings(
        &mut self,
        now: &Now,
        id: ServerId,
        changes: Vec<SettingChange>,
        is_undo: bool,
        out: &mut Effects,
    ) {
        let refusal = read_only(self.editable(id));
        let Some(server) = self.servers.get_mut(&id) else { return };
        self.dirty = true;
        let Server { saves, state, .. } = server;
        saves.touch();
        for change in &changes {
            saves.troubles.remove(&change.key);
        }
        let current = |saves: &Saves, key| match saves.coming(key) {
            Some((coming, _)) => coming.clone(),
            None => stored(state, key).cloned(),
        };
        let reason = refusal.or_else(|| {
            let too_long = |change: &SettingChange| change.to.as_ref().is_some_and(|to| to.len() >= MAX_VALUE_BYTES);
            if changes.iter().any(too_long) {
                Some("It is longer than servers accept".to_owned())
            } else if saves.queue.len() >= WAITING {
                Some("The server is slower than you: wait until the earlier changes are saved".to_owned())
            } else {
                None
            }
        });
        let moved = |saves: &Saves, change: &SettingChange| current(saves, change.key) != change.from;
        let conflict = changes.iter().any(|change| moved(saves, change));
        if reason.is_some() || conflict {
            for change in changes {
                let is_other = reason.is_none() && moved(saves, &change);
                let SettingChange { key, to: wanted, .. } = change;
                let trouble = if is_other {
                    Trouble::ChangedElsewhere { wanted }
                } else {
                    Trouble::Refused { wanted, reason: reason.clone().unwrap_or_else(|| TOGETHER.to_owned()) }
                };
                saves.troubles.insert(key, trouble);
            }
            return;
        }
        let changes: Vec<SettingChange> = changes.into_iter().filter(|change| change.from != change.to).collect();
        if changes.is_empty() {
            return;
        }
        let number = saves.number();
        saves.queue.push_back(Save { number, changes, since_ms: now.wall_ms(), is_undo });
        if saves.queue.len() == 1 {
            send_next(id, server, out);
        }
    }

    pub(in crate::engine) fn undo_settings(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        if !server.saves.queue.is_empty() {
            // What is under way is undone once it is there.
            return;
        }
        let Some(last) = server.saves.undo.pop() else { return };
        let back = last.into_iter().map(|SettingChange { key, from, to }| SettingChange { key, from: to, to: from });
        self.save_settings(now, id, back.collect(), true, out);
    }

    pub(in crate::engine) fn forget_setting_trouble(&mut self, id: ServerId) {
        if let Some(server) = self.servers.get_mut(&id) {
            server.saves.troubles.clear();
            server.saves.touch();
            self.dirty = true;
        }
    }

    pub(in crate::engine) fn cancel_saving(&mut self, id: ServerId, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        if server.saves.queue.is_empty() {
            return;
        }
        let under_way = server.saves.queue.front().map(|save| save.number);
        server.saves.given_up = server.saves.given_up.or(under_way);
        server.saves.queue.clear();
        server.saves.touch();
        self.dirty = true;
        // The server may have saved it nevertheless.
        self.ask(id, Fetch::Me, out);
    }

    pub(super) fn settings_written(&mut self, id: ServerId, number: u64, outcome: Written, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        self.dirty = true;
        server.saves.touch();
        let is_due = match server.saves.given_up {
            Some(given_up) => given_up == number,
            None => server.saves.queue.front().is_some_and(|save| save.number == number),
        };
        let done = matches!(outcome, Written::Done(_));
        let mut fetch = None;
        let save = match server.saves.given_up {
            Some(_) if is_due => {
                server.saves.given_up = None;
                None
            }
            None if is_due => server.saves.queue.pop_front(),
            Some(_) | None => None,
        };
        match outcome {
            Written::Done(saved) | Written::ChangedElsewhere(saved) => {
                let Saved { me, preferences, member: _ } = *saved;
                // One without my preferences leads to another question.
                fetch = me.and_then(|me| server.state.apply_user(me));
                server.state.apply_preferences(&preferences);
                if let Some(save) = save {
                    settle(server, save, done);
                }
            }
            Written::Refused { reason, unknown: _ } => {
                for change in save.into_iter().flat_map(|save| save.changes) {
                    let trouble = Trouble::Refused { wanted: change.to, reason: reason.clone() };
                    server.saves.troubles.insert(change.key, trouble);
                }
            }
        }
        if let Some(fetch) = fetch {
            self.ask(id, fetch, out);
        }
        if is_due {
            self.recheck_waiting(id);
            if let Some(server) = self.servers.get_mut(&id) {
                send_next(id, server, out);
            }
        }
    }

    pub(super) fn fail_saves(&mut self, id: ServerId, reason: &str) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let saves = &mut server.saves;
        saves.given_up = None;
        for change in core::mem::take(&mut saves.queue).into_iter().flat_map(|save| save.changes) {
            let trouble = Trouble::Refused { wanted: change.to, reason: reason.to_owned() };
            saves.troubles.insert(change.key, trouble);
        }
        saves.touch();
        self.dirty = true;
    }

    /// Saves that wait are based on what was to come; where that did not come, they are not sent.
    fn recheck_waiting(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let Server { saves, state, .. } = server;
        let mut expected: BTreeMap<SettingKey, Option<String>> = BTreeMap::new();
        let mut kept = VecDeque::new();
        for save in core::mem::take(&mut saves.queue) {
            let now = |key: SettingKey| expected.get(&key).cloned().unwrap_or_else(|| stored(state, key).cloned());
            let fits = save.changes.iter().all(|change| {
                let held = now(change.key);
                same(change.key, held.as_deref(), change.from.as_deref())
            });
            if fits {
                expected.extend(save.changes.iter().map(|change| (change.key, change.to.clone())));
                kept.push_back(save);
            } else {
                for change in save.changes {
                    saves.troubles.insert(change.key, Trouble::ChangedElsewhere { wanted: change.to });
                }
            }
        }
        saves.queue = kept;
    }

    /// The Notifications page of a server.
    pub(super) fn server_settings(&self, id: ServerId) -> Answer {
        let Some(server) = self.servers.get(&id) else {
            return Answer::Failed { message: "There is no such server".to_owned() };
        };
        let Server { state, saves, calls, .. } = server;
        let field = |key: SettingKey| {
            let held = stored(state, key).cloned();
            let coming = saves.coming(key);
            let value = match coming {
                Some((coming, _)) => coming.clone(),
                None => held.clone(),
            };
            let value = value.filter(|value| key.values().is_empty() || !value.is_empty());
            let value = value.unwrap_or_else(|| key.when_missing().to_owned());
            Field {
                unknown: !key.knows(&value),
                value,
                stored: held,
                saving_since_ms: coming.map(|(_, since)| since),
                trouble: saves.troubles.get(&key).cloned(),
            }
        };
        let (config, license) = (&state.config, &state.license);
        let offers = Offers {
            threads: state.crt(),
            threads_forced: match config.collapsed_threads.as_deref() {
                None | Some("disabled" | "") => Some(false),
                Some("always_on") => Some(true),
                Some(_) => None,
            },
            ringing: calls.ringing_enabled(),
            push: config.send_push_notifications,
            email: config.send_email_notifications,
            email_batching: config.enable_email_batching,
            highlights: license.licensed && !matches!(license.sku.as_str(), "" | "starter" | "E10" | "e10"),
            auto_replies: config.enable_automatic_replies,
            test_notification: !server.version.is_empty() && !version_below(&server.version, 10, 3),
        };
        let undo = saves.undo.last().filter(|_| saves.queue.is_empty());
        Answer::Settings(Box::new(ServerSettings {
            server: id,
            revision: saves.revision,
            // Without anything read there is nothing to show, whatever the reason: defaults would look like settings.
            editable: if server.state.loaded { self.editable(id) } else { Editable::NotLoaded },
            username: state.me.username.clone(),
            first_name: state.me.first_name.clone(),
            offers,
            fields: SettingKey::ALL.into_iter().map(|key| (key, field(key))).collect(),
            stored: state.account.props().clone(),
            undo: undo.map(|changes| changes.iter().map(|change| change.key).collect()).unwrap_or_default(),
        }))
    }
}

/// Whether two values of a key mean the same to a server.
fn same(key: SettingKey, one: Option<&str>, other: Option<&str>) -> bool {
    one.map(|value| key.as_kept(value)) == other.map(|value| key.as_kept(value))
}

/// Says where the server holds something else than was wanted, and remembers how to undo.
fn settle(server: &mut Server, save: Save, done: bool) {
    let Server { saves, state, .. } = server;
    let mut undo = Vec::new();
    for change in save.changes {
        let held = stored(state, change.key).cloned();
        if !done {
            let moved = !same(change.key, held.as_deref(), change.from.as_deref());
            let wanted = change.to;
            let trouble = if moved {
                Trouble::ChangedElsewhere { wanted }
            } else {
                Trouble::Refused { wanted, reason: TOGETHER.to_owned() }
            };
            saves.troubles.insert(change.key, trouble);
        } else if same(change.key, held.as_deref(), change.to.as_deref()) {
            undo.push(SettingChange { to: held, ..change });
        } else {
            saves.troubles.insert(change.key, Trouble::SavedOtherwise { wanted: change.to });
        }
    }
    if !undo.is_empty() && !save.is_undo {
        if saves.undo.len() == UNDO {
            saves.undo.remove(0);
        }
        saves.undo.push(undo);
    }
}

/// Sends the save that is due, if one is.
fn send_next(id: ServerId, server: &mut Server, out: &mut Effects) {
    if let Some(save) = server.saves.queue.front()
        && server.saves.given_up.is_none()
    {
        out.push(Effect::Write(id, Write::Settings { number: save.number, changes: save.changes.clone() }));
    }
}
