//! Accounts: settings, preferences, availability.

use serde_json::{Map, Value, json};

use super::{Outcome, PresenceEntry, State};
use crate::error::Refused;
use crate::model::default_user_props;
use crate::rules::Props;
use crate::wire::{Event, Scope, go_json};

/// Entries that the presence ledger keeps; older ones fall out.
const LEDGER_SIZE: usize = 10_000;

/// `UserStatusAwayTimeout`.
pub(crate) const AWAY_AFTER_MS: i64 = 300_000;

impl State {
    /// Changes an account. `notify_props` replaces the whole map; an empty one restores the defaults.
    pub(crate) fn patch_user(&mut self, user: &str, patch: &Map<String, Value>) -> Outcome<()> {
        let at = self.tick();
        let defaults = default_user_props(self.version);
        let forced = self.forced_props.clone();
        let target = self.user_mut(user)?;
        let answers = |props: &Props| props.get("auto_responder_active").is_some_and(|value| value == "true");
        let answered = answers(&target.notify_props);
        if let Some(props) = patch.get("notify_props").filter(|value| !value.is_null()) {
            let Some(props) = props.as_object().filter(|map| map.values().all(Value::is_string)) else {
                return Err(Refused::body("user"));
            };
            target.notify_props = if props.is_empty() {
                defaults
            } else {
                props.iter().map(|(key, v)| (key.clone(), v.as_str().unwrap_or_default().to_owned())).collect()
            };
            target.notify_props.extend(forced);
            if let Some(keys) = target.notify_props.get_mut("mention_keys") {
                *keys = tidy_keywords(keys);
            }
        }
        for (key, field) in [
            ("first_name", &mut target.first_name),
            ("last_name", &mut target.last_name),
            ("nickname", &mut target.nickname),
            ("username", &mut target.username),
        ] {
            if let Some(value) = patch.get(key).and_then(Value::as_str) {
                value.clone_into(field);
            }
        }
        target.update_at = at;
        let answers = answers(&target.notify_props);
        let away = target.status.status == "ooo";
        let mut events = self.user_updated(user)?;
        // Switching automatic replies on or off moves the status (notifications §1.1).
        if answers && !answered {
            events.extend(self.move_status(user, "ooo", true, "set"));
        } else if answered && !answers && away {
            events.extend(self.move_status(user, "online", false, "set"));
        }
        Ok(((), events))
    }

    /// A new picture: its address changes.
    pub(crate) fn change_picture(&mut self, user: &str) -> Outcome<()> {
        let at = self.tick();
        let target = self.user_mut(user)?;
        target.last_picture_update = at;
        target.update_at = at;
        Ok(((), self.user_updated(user)?))
    }

    /// Deactivates an account: its sessions end.
    pub(crate) fn deactivate(&mut self, user: &str) -> Outcome<()> {
        let at = self.tick();
        self.user_mut(user)?.delete_at = at;
        self.revoke_all(user);
        Ok(((), self.user_updated(user)?))
    }

    fn user_updated(&self, user: &str) -> Result<Vec<Event>, Refused> {
        let target = self.user(user)?;
        let public = [("user", target.json(false, self.version))];
        if !self.version.tells_self_fully() {
            return Ok(vec![Event::new("user_updated", Scope::everyone(), public)]);
        }
        let others = Scope::everyone().omitting(user).without_private_data();
        let own = [("user", target.json(true, self.version))];
        Ok(vec![Event::new("user_updated", others, public), Event::new("user_updated", Scope::user(user), own)])
    }

    /// Writes (or deletes) preferences; first the payload-free sidebar event, then the change.
    pub(crate) fn set_preferences(&mut self, user: &str, rows: &[Value], delete: bool) -> Outcome<()> {
        if rows.is_empty() || rows.len() > 100 {
            return Err(Refused::body("preferences"));
        }
        let mut changed = Vec::new();
        for row in rows {
            let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            if text("user_id") != user {
                return Err(Refused::new(
                    403,
                    "api.preference.update_preferences.set.app_error",
                    "Unable to set user preferences.",
                ));
            }
            changed.push((text("category"), text("name"), text("value")));
        }
        let target = self.user_mut(user)?;
        for (category, name, value) in &changed {
            let key = (category.clone(), name.clone());
            if delete {
                target.preferences.remove(&key);
            } else {
                target.preferences.insert(key, value.clone());
            }
        }
        let rows: Vec<Value> = changed.iter().map(|(c, n, v)| preference(user, c, n, v)).collect();
        let name = if delete { "preferences_deleted" } else { "preferences_changed" };
        Ok((
            (),
            vec![
                Event::new("sidebar_category_updated", Scope::user(user), []),
                Event::new(name, Scope::user(user), [("preferences", Value::String(go_json(&rows)))]),
            ],
        ))
    }

    pub(crate) fn preferences_json(&self, user: &str) -> Result<Value, Refused> {
        let rows = self.user(user)?.preferences.iter();
        Ok(Value::Array(rows.map(|((c, n), v)| preference(user, c, n, v)).collect()))
    }

    /// Sets the availability by hand.
    pub(crate) fn set_status(&mut self, user: &str, status: &str, dnd_end_time: i64) -> Outcome<()> {
        if !matches!(status, "online" | "away" | "dnd" | "offline") {
            return Err(Refused::body("status"));
        }
        let now = self.now();
        let target = &mut self.user_mut(user)?.status;
        if status == "dnd" && target.status != "dnd" {
            target.before_dnd = target.status.clone();
        }
        // Times are truncated to the minute; milliseconds are taken for seconds without a word.
        target.dnd_end_time = if status == "dnd" { dnd_end_time - dnd_end_time.rem_euclid(60) } else { 0 };
        target.last_activity_at = now;
        Ok(((), self.move_status(user, status, status != "online", "set")))
    }

    /// Ends timed do-not-disturb that has run out.
    pub(crate) fn end_timed_dnd(&mut self) -> Vec<Event> {
        let now = self.now() / 1000;
        let due = |s: &crate::model::Status| s.status == "dnd" && s.dnd_end_time > 0 && s.dnd_end_time <= now;
        let ids: Vec<(String, String)> = self
            .users
            .values()
            .filter(|u| due(&u.status))
            .map(|u| (u.id.clone(), u.status.before_dnd.clone()))
            .collect();
        let mut events = Vec::new();
        for (id, before) in ids {
            if let Some(user) = self.users.get_mut(&id) {
                user.status.dnd_end_time = 0;
            }
            let next = if before.is_empty() { "online" } else { before.as_str() };
            events.extend(self.move_status(&id, next, false, "dnd_ended"));
        }
        events
    }

    /// Something that counts as activity: brings a person online unless they chose otherwise.
    pub(crate) fn active(&mut self, user: &str, cause: &'static str) -> Vec<Event> {
        let now = self.now();
        let Some(target) = self.users.get_mut(user) else { return Vec::new() };
        target.status.last_activity_at = now;
        if target.status.manual {
            self.note(user, cause);
            return Vec::new();
        }
        self.move_status(user, "online", false, cause)
    }

    /// Writes something into the presence ledger that changed nothing.
    pub(crate) fn note(&mut self, user: &str, cause: &'static str) {
        let Some((status, manual)) = self.users.get(user).map(|u| (u.status.status.clone(), u.status.manual)) else {
            return;
        };
        self.log_presence(user, status.clone(), status, manual, cause);
    }

    fn log_presence(&mut self, user: &str, from: String, to: String, manual: bool, cause: &'static str) {
        if self.ledger.len() >= LEDGER_SIZE {
            self.ledger.pop_front();
        }
        let at_ms = self.now();
        let (user_id, cause) = (user.to_owned(), cause.to_owned());
        self.ledger.push_back(PresenceEntry { at_ms, user_id, from, to, manual, cause });
    }

    /// Activity that refreshes the time but does not bring anybody online (the empty `view`).
    pub(crate) fn touched(&mut self, user: &str) {
        let now = self.now();
        if let Some(target) = self.users.get_mut(user) {
            target.status.last_activity_at = now;
        }
    }

    /// A connection was lost and none was left at that moment.
    pub(crate) fn gone(&mut self, user: &str) -> Vec<Event> {
        let manual = self.users.get(user).is_none_or(|u| u.status.manual);
        if manual { Vec::new() } else { self.move_status(user, "offline", false, "disconnect") }
    }

    /// An idle person turns away on the first Pong after the time-out, or when a client says so.
    pub(crate) fn idle(&mut self, user: &str, cause: &'static str) -> Vec<Event> {
        let now = self.now();
        let due = self.users.get(user).is_some_and(|u| {
            !u.status.manual && u.status.status == "online" && now - u.status.last_activity_at >= AWAY_AFTER_MS
        });
        if due {
            return self.move_status(user, "away", false, cause);
        }
        if cause == "idle_message" {
            self.note(user, cause);
        }
        Vec::new()
    }

    /// `user_is_active: false` with `manual: true`.
    pub(crate) fn away_by_hand(&mut self, user: &str) -> Vec<Event> {
        self.move_status(user, "away", true, "active_message")
    }

    fn move_status(&mut self, user: &str, to: &str, manual: bool, cause: &'static str) -> Vec<Event> {
        if self.config_value("EnableUserStatuses") == "false" {
            return Vec::new();
        }
        let Some(target) = self.users.get_mut(user) else { return Vec::new() };
        target.status.manual = manual;
        let from = std::mem::replace(&mut target.status.status, to.to_owned());
        self.log_presence(user, from.clone(), to.to_owned(), manual, cause);
        if from == to {
            return Vec::new();
        }
        let data = [("status", json!(to)), ("user_id", json!(user))];
        vec![Event::new("status_change", Scope::user(user), data)]
    }
}

fn preference(user: &str, category: &str, name: &str, value: &str) -> Value {
    json!({ "user_id": user, "category": category, "name": name, "value": value })
}

/// Lower-cases keywords and drops empty ones, as the server does on update.
fn tidy_keywords(keys: &str) -> String {
    keys.to_lowercase().split(',').filter(|key| !key.trim().is_empty()).collect::<Vec<_>>().join(",")
}
