//! Verbs of one person, as if they used another device.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::error::Refused;
use crate::rules::Props;
use crate::shared::Shared;
use crate::state::{NewPost, Outcome, State};

/// Somebody on a practice server. Channels are named by id, address name, title, or `@name` for a direct one.
#[derive(Clone, Debug)]
pub struct Person {
    shared: Arc<Shared>,
    name: String,
}

type Done = Result<(), Refused>;

impl Person {
    pub(crate) fn new(shared: Arc<Shared>, name: &str) -> Self {
        Self { shared, name: name.to_owned() }
    }

    /// The person's id.
    pub fn id(&self) -> Result<String, Refused> {
        self.shared.lock().state.find_user(&self.name)
    }

    /// The id of a channel, by any of its names.
    pub fn channel(&self, name: &str) -> Result<String, Refused> {
        let inner = self.shared.lock();
        inner.state.find_channel(&inner.state.find_user(&self.name)?, name)
    }

    fn act<T>(&self, action: impl FnOnce(&mut State, &str) -> Outcome<T>) -> Result<T, Refused> {
        self.shared.act(|state| {
            let me = state.find_user(&self.name)?;
            action(state, &me)
        })
    }

    fn act_in<T>(
        &self,
        channel: &str,
        action: impl FnOnce(&mut State, &str, &str) -> Outcome<T>,
    ) -> Result<T, Refused> {
        self.act(|state, me| {
            let channel = state.find_channel(me, channel)?;
            action(state, me, &channel)
        })
    }

    fn write(&self, channel: &str, new: NewPost) -> Result<String, Refused> {
        self.act_in(channel, |state, me, channel| {
            let new = NewPost { channel_id: channel.to_owned(), ..new };
            let (post, events) = state.create_post(me, new)?;
            Ok((post.id, events))
        })
    }

    // Writing. Each verb returns the id of the new post.

    /// Writes into a channel.
    pub fn posts(&self, channel: &str, text: &str) -> Result<String, Refused> {
        self.write(channel, message(text))
    }

    /// Writes with a priority, `urgent` or `important`.
    pub fn posts_with_priority(&self, channel: &str, text: &str, priority: &str) -> Result<String, Refused> {
        self.write(channel, NewPost { priority: priority.to_owned(), ..message(text) })
    }

    /// Writes with `props`, such as attachments.
    pub fn posts_with_props(&self, channel: &str, text: &str, props: &Value) -> Result<String, Refused> {
        self.write(channel, NewPost { props: object(props), ..message(text) })
    }

    /// Sends files, by name.
    pub fn posts_files(&self, channel: &str, text: &str, files: &[&str]) -> Result<String, Refused> {
        self.write(channel, NewPost { files: files.iter().map(|f| (*f).to_owned()).collect(), ..message(text) })
    }

    /// Sends files directly, by name; the conversation is opened if need be.
    pub fn direct_files(&self, to: &str, text: &str, files: &[&str]) -> Result<String, Refused> {
        self.opens(&[to])?;
        self.posts_files(&format!("@{to}"), text, files)
    }

    /// The small picture that the server made of a file, a PNG.
    pub fn thumbnail(&self, post: &str) -> Result<Vec<u8>, Refused> {
        self.act(|state, _| {
            let files = state.post(post)?.file_ids.clone().unwrap_or_default();
            Ok((crate::avatar::png(files.first().map_or("", String::as_str)), Vec::new()))
        })
    }

    /// Writes through an incoming webhook of this person, under another name.
    pub fn posts_as_webhook(&self, channel: &str, shown_name: &str, text: &str) -> Result<String, Refused> {
        let props =
            json!({ "from_webhook": "true", "override_username": shown_name, "webhook_display_name": shown_name });
        self.write(channel, NewPost { props: object(&props), set_online: false, ..message(text) })
    }

    /// Answers a post; an answer to an answer goes to the same thread.
    pub fn replies(&self, post: &str, text: &str) -> Result<String, Refused> {
        self.act(|state, me| {
            let target = state.post(post)?;
            let root = if target.root_id.is_empty() { &target.id } else { &target.root_id };
            let new = NewPost { channel_id: target.channel_id.clone(), root_id: root.clone(), ..message(text) };
            let (post, events) = state.create_post(me, new)?;
            Ok((post.id, events))
        })
    }

    /// Writes a direct message; the conversation is opened if need be.
    pub fn direct(&self, to: &str, text: &str) -> Result<String, Refused> {
        self.group(&[to], text)
    }

    /// Writes a group message (or a direct one, with one name).
    pub fn group(&self, to: &[&str], text: &str) -> Result<String, Refused> {
        self.act(|state, me| {
            let mut people = vec![me.to_owned()];
            for name in to {
                people.push(state.find_user(name)?);
            }
            let (channel, mut events) = state.open_conversation(&people)?;
            let (post, told) = state.create_post(me, NewPost { channel_id: channel, ..message(text) })?;
            events.extend(told);
            Ok((post.id, events))
        })
    }

    /// Opens a conversation without writing and returns the channel's id.
    pub fn opens(&self, with: &[&str]) -> Result<String, Refused> {
        self.act(|state, me| {
            let mut people = vec![me.to_owned()];
            for name in with {
                people.push(state.find_user(name)?);
            }
            state.open_conversation(&people)
        })
    }

    /// Changes a text.
    pub fn edits(&self, post: &str, text: &str) -> Done {
        self.act(|state, me| state.edit_post(me, post, text)).map(|_| ())
    }

    /// Deletes a post.
    pub fn deletes(&self, post: &str) -> Done {
        self.act(|state, _| state.delete_post(post))
    }

    /// Is writing.
    pub fn types(&self, channel: &str) -> Done {
        self.act_in(channel, |_, me, channel| Ok(((), vec![State::typing(me, channel, "")])))
    }

    /// Sends the persistent notification of an urgent post once more.
    pub fn insists(&self, post: &str) -> Done {
        self.act(|state, _| state.notify_persistently(post))
    }

    /// Gets a message that only they see.
    pub fn is_told(&self, channel: &str, text: &str) -> Done {
        self.act_in(channel, |state, me, channel| state.ephemeral(me, channel, text))
    }

    // Reading.

    /// Reads a channel on another device.
    pub fn reads(&self, channel: &str) -> Done {
        self.act_in(channel, |state, me, channel| {
            let (_, mut events) = state.view(me, &[channel.to_owned()], true)?;
            events.extend(state.active(me, "view"));
            Ok(((), events))
        })
    }

    /// Marks a channel unread from a post on.
    pub fn marks_unread(&self, post: &str) -> Done {
        self.act(|state, me| state.mark_unread(me, post, true)).map(|_| ())
    }

    /// Reads a thread.
    pub fn reads_thread(&self, root: &str) -> Done {
        self.act(|state, me| {
            let team = team_of_thread(state, me, root)?;
            let now = state.tick();
            state.read_thread(me, &team, root, now)
        })
        .map(|_| ())
    }

    /// Reads all threads of a team.
    pub fn reads_all_threads(&self, team: &str) -> Done {
        self.act(|state, me| {
            let team = state.find_team(team)?;
            state.read_all_threads(me, &team)
        })
    }

    /// Follows a thread.
    pub fn follows(&self, root: &str) -> Done {
        self.set_following(root, true)
    }

    /// Stops following a thread.
    pub fn unfollows(&self, root: &str) -> Done {
        self.set_following(root, false)
    }

    fn set_following(&self, root: &str, on: bool) -> Done {
        self.act(|state, me| {
            let team = team_of_thread(state, me, root)?;
            state.set_following(me, &team, root, on)
        })
    }

    // Settings.

    /// Mutes a channel.
    pub fn mutes(&self, channel: &str) -> Done {
        self.sets_channel(channel, "mark_unread", "mention")
    }

    /// Ends a mute.
    pub fn unmutes(&self, channel: &str) -> Done {
        self.sets_channel(channel, "mark_unread", "all")
    }

    /// Changes one setting of a membership.
    pub fn sets_channel(&self, channel: &str, key: &str, value: &str) -> Done {
        let props = object(&json!({ key: value }));
        self.act_in(channel, |state, me, channel| state.set_member_props(me, channel, &props))
    }

    /// Changes one of the account's notification settings.
    pub fn sets_notify(&self, key: &str, value: &str) -> Done {
        self.act(|state, me| {
            let mut props = state.user(me)?.notify_props.clone();
            props.insert(key.to_owned(), value.to_owned());
            state.patch_user(me, &object(&json!({ "notify_props": props })))
        })
    }

    /// The account's notification settings, as the server holds them.
    pub fn notify_props(&self) -> Result<Props, Refused> {
        self.act(|state, me| Ok((state.user(me)?.notify_props.clone(), Vec::new())))
    }

    /// A membership's notification settings, as the server holds them.
    pub fn channel_props(&self, channel: &str) -> Result<Props, Refused> {
        self.act_in(channel, |state, me, channel| Ok((state.member(channel, me)?.notify_props.clone(), Vec::new())))
    }

    /// A preference, as the server holds it.
    pub fn preference(&self, category: &str, name: &str) -> Result<Option<String>, Refused> {
        self.act(|state, me| {
            let all = state.preferences_json(me)?;
            let rows = all.as_array().into_iter().flatten();
            let mut found = rows.filter(|row| row["category"] == category && row["name"] == name);
            Ok((found.next().and_then(|row| row["value"].as_str()).map(str::to_owned), Vec::new()))
        })
    }

    /// Changes a preference.
    pub fn prefers(&self, category: &str, name: &str, value: &str) -> Done {
        self.act(|state, me| {
            let row = json!({ "user_id": me, "category": category, "name": name, "value": value });
            state.set_preferences(me, &[row], false)
        })
    }

    /// Changes names: `username`, `first_name`, `last_name`, `nickname`.
    pub fn renames(&self, key: &str, value: &str) -> Done {
        let patch = object(&json!({ key: value }));
        self.act(|state, me| state.patch_user(me, &patch))
    }

    /// The picture that the server gives for them, a PNG.
    pub fn picture(&self) -> Result<Vec<u8>, Refused> {
        self.act(|state, me| Ok((crate::avatar::png(&state.user(me)?.picture_seed()), Vec::new())))
    }

    /// Gets a new picture.
    pub fn changes_picture(&self) -> Done {
        self.act(State::change_picture)
    }

    /// Chooses an availability: `online`, `away`, `dnd`, `offline`.
    pub fn sets_status(&self, status: &str) -> Done {
        self.act(|state, me| state.set_status(me, status, 0))
    }

    /// Is deactivated; all sessions end.
    pub fn is_deactivated(&self) -> Done {
        self.act(State::deactivate)
    }

    // Channels and teams.

    /// Joins a channel.
    pub fn joins(&self, channel: &str) -> Done {
        self.act_in(channel, |state, me, channel| state.join(me, channel, None))
    }

    /// Leaves a channel.
    pub fn leaves(&self, channel: &str) -> Done {
        self.act_in(channel, |state, me, channel| state.leave(me, channel, None))
    }

    /// Adds somebody to a channel.
    pub fn adds(&self, who: &str, channel: &str) -> Done {
        self.act_in(channel, |state, me, channel| {
            let who = state.find_user(who)?;
            state.join(&who, channel, Some(me))
        })
    }

    /// Removes somebody from a channel.
    pub fn removes(&self, who: &str, channel: &str) -> Done {
        self.act_in(channel, |state, me, channel| {
            let who = state.find_user(who)?;
            state.leave(&who, channel, Some(me))
        })
    }

    /// Makes a public channel and returns its id.
    pub fn makes_channel(&self, team: &str, name: &str, display_name: &str) -> Result<String, Refused> {
        self.act(|state, me| {
            let team = state.find_team(team)?;
            let at = state.tick();
            let id = state.new_channel("O", &team, name, display_name, me, at);
            let ((), events) = state.join(me, &id, None)?;
            Ok((id, events))
        })
    }

    /// Changes a channel's header.
    pub fn changes_header(&self, channel: &str, header: &str) -> Done {
        self.act_in(channel, |state, me, channel| state.change_header(me, channel, header))
    }

    /// Archives a channel.
    pub fn archives(&self, channel: &str) -> Done {
        self.act_in(channel, State::archive_by)
    }

    /// Takes a channel out of the archive.
    pub fn restores(&self, channel: &str) -> Done {
        self.act_in(channel, |state, _, channel| state.restore(channel))
    }

    /// Joins a team.
    pub fn joins_team(&self, team: &str) -> Done {
        self.act(|state, me| state.join_team(me, team))
    }

    /// Leaves a team.
    pub fn leaves_team(&self, team: &str) -> Done {
        self.act(|state, me| state.leave_team(me, team))
    }

    // Calls.

    /// Starts a call (or joins the one that runs) and returns its id; empty if calls are not allowed there.
    pub fn starts_call(&self, channel: &str) -> Result<String, Refused> {
        self.act_in(channel, State::join_call)
    }

    /// Leaves a call.
    pub fn leaves_call(&self, channel: &str) -> Done {
        self.act_in(channel, State::leave_call)
    }

    /// Ends a call for everybody.
    pub fn ends_call(&self, channel: &str) -> Done {
        self.act_in(channel, |state, _, channel| state.end_call(channel))
    }

    /// Ignores a call on another device.
    pub fn dismisses_call(&self, channel: &str) -> Done {
        self.act_in(channel, State::dismiss_call)
    }

    // Sessions.

    /// Signs in on another device and returns the token.
    pub fn signs_in(&self) -> Result<String, Refused> {
        self.act(|state, me| Ok((state.new_session(me, false), Vec::new())))
    }

    /// Makes a personal access token.
    pub fn makes_personal_token(&self) -> Result<String, Refused> {
        self.act(|state, me| Ok((state.new_session(me, true), Vec::new())))
    }
}

impl State {
    fn archive_by(&mut self, me: &str, channel: &str) -> Outcome<()> {
        self.archive(me, channel)
    }
}

fn message(text: &str) -> NewPost {
    NewPost { message: text.to_owned(), set_online: true, ..NewPost::default() }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// The team in the address that a client would use: the channel's, or any of one's own.
fn team_of_thread(state: &State, me: &str, root: &str) -> Result<String, Refused> {
    let channel = state.channel(&state.post(root)?.channel_id)?;
    if !channel.team_id.is_empty() {
        return Ok(channel.team_id.clone());
    }
    Ok(state.teams_of(me).next().map(|team| team.id.clone()).unwrap_or_default())
}
