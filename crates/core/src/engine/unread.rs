//! What the badge's number is the sum of, and where each part opens.

use core::cmp::Reverse;

use crate::event::{ChannelType, ThreadCounts};
use crate::ids::{ChannelId, PostId, ServerId, TeamId};
use crate::present;
use crate::state::ServerState;
use crate::state::threads::HeldThread;
use crate::state::unread::clamped;
use crate::text;
use crate::view::{UnreadList, UnreadPlace, UnreadRow};

/// The longest title in a row, in graphemes.
const TITLE_GRAPHEMES: usize = 80;

/// Lists what a server adds to the badge. Costs what is listed, not what there is: both orders are kept as things change.
pub(super) fn list(state: &ServerState) -> UnreadList {
    let most = UnreadList::MOST_ROWS;
    let mut mentions = state.sum.mentions();
    let mut places = u64::try_from(state.sum.len()).unwrap_or(u64::MAX);
    let mut channels: Vec<(ChannelId, u32)> = state.sum.channels().take(most).collect();
    // The sum keeps them by the minute.
    channels.sort_by_key(|(id, mentions)| {
        (Reverse(*mentions), Reverse(state.channels.get(id).map_or(0, |channel| channel.last_post_at)))
    });
    let mut rows: Vec<UnreadRow> =
        channels.into_iter().filter_map(|(id, mentions)| channel_row(state, id, mentions)).collect();
    for (team, counts) in state.counted_threads() {
        mentions = mentions.saturating_add(clamped(counts.unread_mentions).into());
        places = places.saturating_add(thread_rows(state, team, counts, most, &mut rows));
    }
    // Stable: channels of equal weight stay before threads, and the newest before the others. What only is a number comes last.
    rows.sort_by_key(|row| (Reverse(row.mentions), matches!(row.place, UnreadPlace::Threads(..))));
    rows.truncate(most);
    let listed = rows.iter().fold((0_u64, 0_u64), |(mentions, places), row| {
        let stands_for = if let UnreadPlace::Threads(_, count) = row.place { count } else { 1 };
        (mentions + u64::from(row.mentions), places + u64::from(stands_for))
    });
    let left = |all: u64, listed: u64| u32::try_from(all.saturating_sub(listed)).unwrap_or(u32::MAX);
    UnreadList { more_mentions: left(mentions, listed.0), more_places: left(places, listed.1), rows }
}

fn channel_row(state: &ServerState, id: ChannelId, mentions: u32) -> Option<UnreadRow> {
    let channel = state.channels.get(&id)?;
    let unread = channel.counts.unread(state.crt());
    Some(UnreadRow {
        place: place_of(state, id),
        title: shown(&state.place_title(id)),
        channel: String::new(),
        team: team_name(state, channel.team_id),
        mentions,
        messages: clamped(unread.messages),
        urgent: unread.urgent && mentions > 0,
        muted: false,
    })
}

/// A channel as what it is.
pub(super) fn place_of(state: &ServerState, id: ChannelId) -> UnreadPlace {
    let channel = state.channels.get(&id);
    match channel.and_then(|channel| channel.channel_type) {
        Some(ChannelType::Direct) => UnreadPlace::Direct(id, channel.and_then(|channel| state.teammate(&channel.name))),
        Some(ChannelType::Group) => UnreadPlace::Group(id),
        Some(ChannelType::Public | ChannelType::Private) | None => UnreadPlace::Channel(id),
    }
}

/// Adds the threads of a team; gives how many there are.
///
/// The server's counters are what counts. Threads that are held explain them one by one, never more of them than is counted;
/// the rest is one row with its number.
fn thread_rows(
    state: &ServerState,
    team: Option<TeamId>,
    counts: ThreadCounts,
    most: usize,
    rows: &mut Vec<UnreadRow>,
) -> u64 {
    let mut threads_left = clamped(counts.unread_threads);
    let mut mentions_left = clamped(counts.unread_mentions);
    let mut found = 0_u64;
    for (id, held) in state.threads.unread_of(team).take(most) {
        let mentions = clamped(held.unread_mentions).min(mentions_left);
        let counted = held.unread_replies > 0 && threads_left > 0;
        if mentions == 0 && !counted {
            continue;
        }
        mentions_left -= mentions;
        threads_left -= u32::from(counted);
        found += 1;
        rows.push(thread_row(state, id, held, mentions));
    }
    if threads_left > 0 || mentions_left > 0 {
        let count = threads_left.max(1);
        found += u64::from(count);
        rows.push(UnreadRow {
            place: UnreadPlace::Threads(team, count),
            title: String::new(),
            channel: String::new(),
            team: team_name(state, team),
            mentions: mentions_left,
            messages: 0,
            urgent: mentions_left > 0 && counts.unread_urgent_mentions > 0,
            muted: false,
        });
    }
    found
}

fn thread_row(state: &ServerState, id: PostId, held: &HeldThread, mentions: u32) -> UnreadRow {
    UnreadRow {
        place: UnreadPlace::Thread(id),
        title: shown(&text::strip_markdown(&held.root_message)),
        channel: held.channel_id.map(|channel| shown(&state.place_title(channel))).unwrap_or_default(),
        team: team_name(state, held.team_id),
        mentions,
        messages: clamped(held.unread_replies),
        urgent: held.is_urgent && mentions > 0,
        muted: held.channel_id.is_some_and(|channel| state.is_muted(channel)),
    }
}

/// A team's name, where it tells anything.
fn team_name(state: &ServerState, team: Option<TeamId>) -> String {
    let team = team.filter(|_| state.teams.len() > 1).and_then(|team| state.teams.get(&team));
    team.map(|team| shown(if team.display_name.is_empty() { &team.name } else { &team.display_name }))
        .unwrap_or_default()
}

fn shown(title: &str) -> String {
    text::shorten(&text::for_people(title), TITLE_GRAPHEMES)
}

impl super::Engine {
    /// Where a row of the unread list opens (protocol §6, "Links to open").
    pub(super) fn unread_link(&self, id: ServerId, place: UnreadPlace) -> Option<String> {
        let base = self.server_prefs(id)?.url.as_str();
        let state = &self.servers.get(&id)?.state;
        let team_of = |team: Option<TeamId>| {
            // Direct and group messages open in any team of the person.
            let team = team.and_then(|team| state.teams.get(&team)).or_else(|| state.teams.values().next());
            team.map(|team| team.name.as_str())
        };
        Some(match place {
            UnreadPlace::Thread(root) => present::permalink(base, None, root.as_str()),
            UnreadPlace::Threads(team, _) => present::link(base, team_of(team), &["threads"]),
            UnreadPlace::Channel(id) | UnreadPlace::Direct(id, _) | UnreadPlace::Group(id) => {
                let channel = state.channels.get(&id);
                let team = team_of(channel.and_then(|channel| channel.team_id));
                let name = channel.map(|channel| &*channel.name).filter(|name| !name.is_empty());
                let teammate = if let UnreadPlace::Direct(_, Some(user)) = place { state.user(user) } else { None };
                match (place, teammate, name) {
                    (_, Some(user), _) => present::link(base, team, &["messages", &format!("@{}", user.username)]),
                    (UnreadPlace::Group(_), None, Some(name)) => present::link(base, team, &["messages", name]),
                    (_, None, name) => present::link(base, team, &["channels", name.unwrap_or(id.as_str())]),
                }
            }
        })
    }
}
