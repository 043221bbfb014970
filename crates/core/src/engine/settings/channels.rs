//! What channels are set to: edited many at once, saved a few at a time, and told to faces as changes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::effect::{Effect, Effects, Write};
use crate::engine::settings::read_only;
use crate::engine::{Engine, Server};
use crate::event::{Connection, Event, Fetched, NotifyProps, Written};
use crate::ids::{ChannelId, ServerId};
use crate::settings::channels::{
    ChannelDefaults, ChannelEdit, ChannelRef, ChannelRow, ChannelsTable, merged, to_write, undoing,
};
use crate::state::channel::ChannelState;

/// Writes of one server under way at a time: servers allow about ten requests a second, and people want some too.
const AT_A_TIME: usize = 4;
/// Changes remembered for faces that ask what is new; whoever knows less gets everything.
const LOGGED: usize = 4096;
/// Edits that can be undone.
const UNDO: usize = 20;

/// The account's keys that channels inherit.
const INHERITED: [&str; 7] =
    ["desktop", "desktop_threads", "desktop_sound", "desktop_notification_sound", "push", "push_threads", "channel"];

/// What belongs to no server.
#[derive(Debug, Default)]
pub(in crate::engine) struct Desk {
    pub(in crate::engine) revision: u64,
    log: VecDeque<(u64, ChannelRef)>,
    /// Who knows less than this gets everything.
    complete_from: u64,
    undo: Vec<Vec<Undo>>,
}

/// One channel of an edit.
#[derive(Debug)]
struct Undo {
    place: ChannelRef,
    /// What the edit made of it: if it is something else by now, it is left alone.
    made: NotifyProps,
    back: NotifyProps,
}

impl Desk {
    fn changed(&mut self, place: ChannelRef) {
        self.revision = self.revision.saturating_add(1);
        if self.log.len() == LOGGED
            && let Some((oldest, _)) = self.log.pop_front()
        {
            self.complete_from = oldest;
        }
        self.log.push_back((self.revision, place));
    }

    /// What channels inherit changed, or whether anything can be edited.
    fn defaults_changed(&mut self) {
        self.revision = self.revision.saturating_add(1);
    }

    /// Any channel may be another one.
    pub(in crate::engine) fn everything(&mut self) {
        self.revision = self.revision.saturating_add(1);
        self.log.clear();
        self.complete_from = self.revision;
    }

    /// How many channels the next undo puts back.
    pub(in crate::engine) fn undoable(&self) -> usize {
        self.undo.last().map_or(0, Vec::len)
    }
}

/// What is being saved of one server's channels.
#[derive(Debug, Default)]
pub(in crate::engine) struct Edits {
    pending: BTreeMap<ChannelId, Pending>,
    waiting: VecDeque<ChannelId>,
    under_way: usize,
    troubles: BTreeMap<ChannelId, String>,
}

#[derive(Debug, Default)]
struct Pending {
    /// What is under way.
    sent: Option<(u64, NotifyProps)>,
    /// What goes next.
    next: NotifyProps,
}

impl Edits {
    /// What a channel will be set to.
    fn coming(&self, channel: ChannelId, held: NotifyProps) -> NotifyProps {
        match self.pending.get(&channel) {
            Some(pending) => {
                let sent = pending.sent.as_ref().map(|(_, props)| merged(&held, props)).unwrap_or(held);
                merged(&sent, &pending.next)
            }
            None => held,
        }
    }

    fn put(&mut self, channel: ChannelId, props: &NotifyProps) {
        self.troubles.remove(&channel);
        let pending = self.pending.entry(channel).or_default();
        if pending.sent.is_none() && pending.next.is_empty() {
            self.waiting.push_back(channel);
        }
        pending.next = merged(&pending.next, props);
    }
}

/// What a channel is set to, as the server holds it.
fn held(server: &Server, channel: ChannelId) -> Option<NotifyProps> {
    Some(server.state.channels.get(&channel)?.prefs.as_deref()?.props())
}

/// Sends what there is room for.
fn send(id: ServerId, server: &mut Server, out: &mut Effects) {
    while server.edits.under_way < AT_A_TIME
        && let Some(channel) = server.edits.waiting.pop_front()
    {
        let number = server.saves.number();
        let Some(pending) = server.edits.pending.get_mut(&channel) else { continue };
        let props = core::mem::take(&mut pending.next);
        pending.sent = Some((number, props.clone()));
        server.edits.under_way = server.edits.under_way.saturating_add(1);
        out.push(Effect::Write(id, Write::ChannelProps { number, channel_id: channel, props }));
    }
}

impl Engine {
    /// Something that the table shows may have changed; whether it did.
    pub(in crate::engine) fn note_channels(&mut self, id: ServerId, event: &Event<'_>) -> bool {
        let desk = &mut self.channels;
        let before = desk.revision;
        if let Event::MemberUpdated(member) = event {
            desk.changed(ChannelRef { server: id, channel: member.channel_id });
        } else if let Event::ChannelUpdated { channel_id: channel, .. }
        | Event::ChannelDeleted { channel_id: channel, .. }
        | Event::JoinedChannel { channel_id: channel, .. }
        | Event::LeftChannel { channel_id: channel, .. }
        | Event::ChannelRestored(channel)
        | Event::Fetched(Fetched::Channel { channel_id: channel, .. }) = event
        {
            desk.changed(ChannelRef { server: id, channel: *channel });
        } else if matches!(event, Event::Snapshot(_) | Event::LeftTeam { .. }) {
            desk.everything();
        } else if let Event::Connection(connection) = event {
            if matches!(connection, Connection::SignedOut { .. } | Connection::NotSignedIn) {
                if let Some(server) = self.servers.get_mut(&id) {
                    server.edits = Edits::default();
                }
                desk.everything();
            }
            desk.defaults_changed();
        } else if let Event::UserUpdated(user) = event {
            if self.servers.get(&id).is_some_and(|server| user.id == server.state.me_id()) {
                desk.defaults_changed();
            }
        } else if matches!(event, Event::ConfigChanged(_) | Event::PreferencesChanged(_) | Event::PreferencesDeleted(_))
        {
            desk.defaults_changed();
        }
        desk.revision != before
    }

    pub(in crate::engine) fn edit_channels(
        &mut self,
        channels: &[ChannelRef],
        edits: &[ChannelEdit],
        out: &mut Effects,
    ) {
        let mut undo = Vec::new();
        for place in channels.iter().copied().collect::<BTreeSet<_>>() {
            let refusal = read_only(self.editable(place.server));
            let Some(server) = self.servers.get_mut(&place.server) else { continue };
            let Some(held) = held(server, place.channel) else { continue };
            if let Some(reason) = refusal {
                server.edits.troubles.insert(place.channel, reason);
                self.channels.changed(place);
                continue;
            }
            let now = server.edits.coming(place.channel, held);
            let props = to_write(&now, server.state.account.props(), edits);
            if props.is_empty() {
                continue;
            }
            undo.push(Undo { place, back: undoing(&now, &props), made: props.clone() });
            server.edits.put(place.channel, &props);
            self.channels.changed(place);
            send(place.server, server, out);
        }
        self.dirty = true;
        if !undo.is_empty() {
            let kept = &mut self.channels.undo;
            if kept.len() == UNDO {
                kept.remove(0);
            }
            kept.push(undo);
        }
    }

    pub(in crate::engine) fn undo_channels(&mut self, out: &mut Effects) {
        let Some(last) = self.channels.undo.pop() else { return };
        self.dirty = true;
        for Undo { place, made, back } in last {
            let refusal = read_only(self.editable(place.server));
            let Some(server) = self.servers.get_mut(&place.server) else { continue };
            let Some(held) = held(server, place.channel) else { continue };
            let now = server.edits.coming(place.channel, held);
            let is_ours = made.iter().all(|(key, value)| match now.get(key) {
                Some(now) => now == value,
                None => matches!(value.as_str(), "default" | "all" | "off"),
            });
            self.channels.changed(place);
            let reason =
                refusal.or_else(|| (!is_ours).then(|| "It was changed elsewhere since, and stays so".to_owned()));
            if let Some(reason) = reason {
                server.edits.troubles.insert(place.channel, reason);
            } else {
                server.edits.put(place.channel, &back);
                send(place.server, server, out);
            }
        }
    }

    pub(in crate::engine) fn forget_channel_trouble(&mut self) {
        for (id, server) in &mut self.servers {
            for channel in core::mem::take(&mut server.edits.troubles).into_keys() {
                self.channels.changed(ChannelRef { server: *id, channel });
            }
        }
        self.dirty = true;
    }

    pub(super) fn fail_edits(&mut self, id: ServerId, reason: &str) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        server.edits.waiting.clear();
        server.edits.under_way = 0;
        for channel in core::mem::take(&mut server.edits.pending).into_keys() {
            server.edits.troubles.insert(channel, reason.to_owned());
            self.channels.changed(ChannelRef { server: id, channel });
        }
    }

    /// Takes an answer to one of our writes; `false` where the number is of something else.
    pub(super) fn channel_written(&mut self, id: ServerId, number: u64, outcome: &Written, out: &mut Effects) -> bool {
        let Some(server) = self.servers.get_mut(&id) else { return false };
        let is_it = |pending: &Pending| pending.sent.as_ref().is_some_and(|(sent, _)| *sent == number);
        let Some(channel) = server.edits.pending.iter().find(|(_, pending)| is_it(pending)).map(|(id, _)| *id) else {
            return false;
        };
        let Some(pending) = server.edits.pending.get_mut(&channel) else { return false };
        let sent = pending.sent.take().map(|(_, props)| props).unwrap_or_default();
        if pending.next.is_empty() {
            server.edits.pending.remove(&channel);
        } else {
            server.edits.waiting.push_back(channel);
        }
        server.edits.under_way = server.edits.under_way.saturating_sub(1);
        match outcome {
            Written::Done(saved) | Written::ChangedElsewhere(saved) => {
                let held = held(server, channel).unwrap_or_default();
                let now = match &saved.member {
                    Some(member) => member.notify_props.clone(),
                    None => merged(&held, &sent),
                };
                let otherwise = sent.iter().any(|(key, value)| value != "default" && now.get(key) != Some(value));
                if otherwise {
                    server.edits.troubles.insert(channel, "The server saved something else".to_owned());
                }
                server.state.set_channel_prefs(channel, &now);
            }
            Written::Refused { reason, .. } => {
                server.edits.troubles.insert(channel, reason.clone());
            }
        }
        send(id, server, out);
        self.channels.changed(ChannelRef { server: id, channel });
        self.dirty = true;
        true
    }

    /// The Channels page, or what changed of it.
    pub(super) fn channels_table(&self, known: u64) -> ChannelsTable {
        let desk = &self.channels;
        let only_changes = known != 0 && known >= desk.complete_from && known <= desk.revision;
        let mut rows = Vec::new();
        let mut gone = Vec::new();
        if only_changes {
            let changed: BTreeSet<ChannelRef> =
                desk.log.iter().rev().take_while(|(revision, _)| *revision > known).map(|(_, place)| *place).collect();
            for place in changed {
                let found = self
                    .servers
                    .get(&place.server)
                    .and_then(|server| Some((server, server.state.channels.get(&place.channel)?)));
                match found.and_then(|(server, channel)| row(place, server, channel)) {
                    Some(row) => rows.push(row),
                    None => gone.push(place),
                }
            }
        } else {
            for (id, server) in &self.servers {
                let places = server.state.channels.iter();
                rows.extend(places.filter_map(|(channel_id, channel)| {
                    row(ChannelRef { server: *id, channel: *channel_id }, server, channel)
                }));
            }
        }
        let servers = self.servers.iter().map(|(id, server)| ChannelDefaults {
            server: *id,
            read_only: read_only(self.editable(*id)),
            threads: server.state.crt(),
            push: server.state.config.send_push_notifications,
            account: INHERITED
                .iter()
                .filter_map(|key| Some(((*key).to_owned(), server.state.account.props().get(*key)?.clone())))
                .collect(),
        });
        ChannelsTable { revision: desk.revision.max(1), only_changes, rows, gone, servers: servers.collect() }
    }
}

/// A row of the table; `None` where the membership is unknown.
fn row(place: ChannelRef, server: &Server, channel: &ChannelState) -> Option<ChannelRow> {
    let prefs = channel.prefs.as_deref()?;
    let team = channel.team_id.and_then(|team| server.state.teams.get(&team));
    let mut props = server.edits.coming(place.channel, prefs.props());
    props.retain(|_, value| value != "default");
    Some(ChannelRow {
        server: place.server,
        channel: place.channel,
        kind: channel.channel_type,
        name: server.state.place_title(place.channel),
        team: team.map(|team| team.display_name.clone()).unwrap_or_default(),
        archived: channel.delete_at != 0,
        last_post_at: channel.last_post_at,
        props,
        saving: server.edits.pending.contains_key(&place.channel),
        trouble: server.edits.troubles.get(&place.channel).cloned(),
    })
}
