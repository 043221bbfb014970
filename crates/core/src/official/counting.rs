//! What the official client counts, and how it shows the sums (notifications §2.9, §4).

use crate::badge::Badge;
use crate::event::{ChannelType, Post, ThreadCounts};
use crate::ids::{TeamId, UserId};
use crate::state::ServerState;
use crate::state::channel::ChannelState;
use crate::state::unread::is_join_leave_like;

/// What a received post does to its channel's read state (notifications §2.9, *strict*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bookkeeping {
    /// Nothing is counted.
    Ignore,
    /// The channel becomes read.
    MarkRead {
        /// The server is told that it was viewed.
        tell_server: bool,
    },
    /// Totals rise, and mentions where I am mentioned.
    CountUnread,
}

/// How the client stands to the post's channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Viewing {
    /// Reply threads are collapsed for me.
    pub crt: bool,
    /// I marked the channel unread.
    pub manually_unread: bool,
    /// It is the current channel, and the window is active.
    pub in_front: bool,
}

/// Rules U0–U3 as the official client has them: it marks my own posts read by itself, so its totals lag.
pub fn bookkeeping(post: &Post<'_>, me: Option<UserId>, viewing: Viewing) -> Bookkeeping {
    let by_me = post.user_id.is_some() && post.user_id == me;
    if viewing.crt && by_me && post.root_id.is_some() {
        return Bookkeeping::Ignore;
    }
    let adds_me =
        post.kind == "system_add_to_channel" && post.props.added_user_id.is_some() && post.props.added_user_id == me;
    if is_join_leave_like(&post.kind) && !adds_me {
        return Bookkeeping::Ignore;
    }
    if viewing.manually_unread {
        Bookkeeping::CountUnread
    } else if by_me && !post.kind.starts_with("system_") && !post.props.from_webhook {
        Bookkeeping::MarkRead { tell_server: false }
    } else if viewing.in_front {
        Bookkeeping::MarkRead { tell_server: true }
    } else {
        Bookkeeping::CountUnread
    }
}

/// A server's or a team's sum: the number where it is not 0, else a dot where `unread`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// All mentions.
    pub mentions: i64,
    /// Anything unread; true also where there are mentions.
    pub unread: bool,
    /// One of the mentions is urgent (teams only).
    pub urgent: bool,
}

/// The server-wide status of §4.2, its two defects included: the current team's unread threads wipe those of teams before
/// it, and a direct message whose other person is not loaded is left out.
///
/// `team_threads` are the team-only counters in the order in which the client holds them; `with_direct` are the current
/// team's counters including direct and group messages.
pub fn server_status(
    state: &ServerState,
    current_team: Option<TeamId>,
    team_threads: &[(TeamId, ThreadCounts)],
    with_direct: ThreadCounts,
) -> Sum {
    let crt = state.crt();
    let mut sum = Sum::default();
    let mut messages = 0;
    for channel in state.channels.values().filter(|channel| counts_for_server(state, channel)) {
        let unread = channel.counts.unread(crt);
        sum.mentions += unread.mentions;
        messages += unread.messages;
    }
    let mut threads_unread = false;
    if crt {
        for (team, counts) in team_threads {
            if Some(*team) == current_team {
                threads_unread = with_direct.unread_threads > 0;
                sum.mentions += with_direct.unread_mentions;
            } else {
                threads_unread |= counts.unread_threads > 0;
                sum.mentions += counts.unread_mentions;
            }
        }
    }
    sum.unread = sum.mentions > 0 || threads_unread || messages > 0;
    sum
}

fn is_listening(channel: &ChannelState) -> bool {
    channel.prefs.as_deref().is_some_and(|prefs| !prefs.is_muted())
}

fn counts_for_server(state: &ServerState, channel: &ChannelState) -> bool {
    is_listening(channel)
        && match channel.channel_type {
            Some(ChannelType::Direct) => state
                .teammate(&channel.name)
                .and_then(|id| state.user(id))
                .is_some_and(|teammate| teammate.delete_at == 0),
            Some(ChannelType::Public | ChannelType::Private | ChannelType::Group) | None => channel.delete_at == 0,
        }
}

/// One team's status in the sidebar (notifications §4.3): direct and group messages never light a team.
pub fn team_status(state: &ServerState, team: TeamId, threads: ThreadCounts) -> Sum {
    let crt = state.crt();
    let mut sum = Sum::default();
    let channels = state.channels.values().filter(|channel| {
        channel.team_id == Some(team)
            && matches!(channel.channel_type, Some(ChannelType::Public | ChannelType::Private))
            && channel.delete_at == 0
            && is_listening(channel)
    });
    for channel in channels {
        let unread = channel.counts.unread(crt);
        sum.mentions += unread.mentions;
        sum.unread |= unread.mentions > 0 || unread.messages > 0;
        sum.urgent |= unread.urgent;
    }
    if crt {
        sum.mentions += threads.unread_mentions;
        sum.unread |= threads.unread_threads > 0;
        sum.urgent |= threads.unread_urgent_mentions > 0;
    }
    sum
}

/// The window's title (notifications §4.3): `(3) * Ops room - North Example`.
pub fn window_title(sum: Sum, dynamic_favicon: bool, view: &str, team: &str, site: &str) -> String {
    let number = if sum.mentions > 0 { format!("({}) ", sum.mentions) } else { String::new() };
    let star = if !dynamic_favicon && (sum.unread || sum.mentions > 0) { "* " } else { "" };
    format!("{number}{star}{view} - {team} {site}").trim().to_owned()
}

/// An operating system, as far as it changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Windows
    Windows,
    /// macOS
    MacOs,
    /// Linux
    Linux,
}

/// The text on the application's icon (notifications §4.4); `None` = no badge.
///
/// Linux launchers show a count only: an ended session counts as one, and there is no dot.
pub fn icon_text(platform: Platform, badge: &Badge) -> Option<String> {
    let text = match platform {
        Platform::MacOs if badge.mentions > 0 => badge.mentions.to_string(),
        Platform::Windows | Platform::MacOs => badge.text(),
        Platform::Linux => match badge.mentions.saturating_add(u32::from(badge.signed_out)) {
            0 => String::new(),
            count => count.to_string(),
        },
    };
    (!text.is_empty()).then_some(text)
}

/// The picture of the tray icon, or of the browser's tab (notifications §4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// Nothing.
    Normal,
    /// Something unread.
    Unread,
    /// Mentions.
    Mention,
}

/// The tray icon: an ended session looks like a mention, and the dot's setting is not asked.
pub fn tray_picture(badge: &Badge) -> Picture {
    match badge {
        Badge { mentions: 1.., .. } => Picture::Mention,
        Badge { unread: true, .. } => Picture::Unread,
        Badge { signed_out: true, .. } => Picture::Mention,
        Badge { .. } => Picture::Normal,
    }
}

/// The browser's tab.
pub fn tab_picture(sum: Sum) -> Picture {
    if sum.mentions > 0 {
        Picture::Mention
    } else if sum.unread {
        Picture::Unread
    } else {
        Picture::Normal
    }
}

/// A thread's root was deleted while the thread had something unread (notifications §4.5): the official client takes the
/// number of unread *replies* from the number of unread *threads*.
pub fn root_deleted(counts: &mut ThreadCounts, unread_replies: i64, unread_mentions: i64, urgent: bool) {
    counts.total = (counts.total - 1).max(0);
    counts.unread_threads = (counts.unread_threads - unread_replies).max(0);
    counts.unread_mentions = (counts.unread_mentions - unread_mentions).max(0);
    if urgent {
        counts.unread_urgent_mentions = (counts.unread_urgent_mentions - unread_mentions).max(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ServerConfig;

    #[test]
    fn the_icon_says_the_first_thing_that_applies() {
        let badge = |mentions, unread, signed_out, dot_hidden| Badge { mentions, unread, signed_out, dot_hidden };
        for (platform, badge, text) in [
            (Platform::Windows, badge(99, false, false, false), Some("99")),
            (Platform::Windows, badge(100, false, true, false), Some("99+")),
            (Platform::MacOs, badge(100, false, false, false), Some("100")),
            (Platform::MacOs, badge(0, true, true, true), Some("!")),
            (Platform::Windows, badge(0, true, true, false), Some("•")),
            (Platform::Windows, badge(0, true, false, true), None),
            (Platform::Linux, badge(3, true, true, false), Some("4")),
            (Platform::Linux, badge(0, true, false, false), None),
        ] {
            assert_eq!(icon_text(platform, &badge).as_deref(), text, "{platform:?} {badge:?}");
        }
    }

    #[test]
    fn the_tray_shows_an_ended_session_like_a_mention_but_only_where_nothing_is_unread() {
        let badge = |unread| Badge { mentions: 0, unread, signed_out: true, dot_hidden: true };
        assert_eq!(tray_picture(&badge(true)), Picture::Unread);
        assert_eq!(tray_picture(&badge(false)), Picture::Mention);
        assert_eq!(tray_picture(&Badge::default()), Picture::Normal);
    }

    #[test]
    fn both_prefixes_of_the_title_may_appear() {
        let sum = Sum { mentions: 3, unread: true, urgent: false };
        assert_eq!(window_title(sum, false, "teammate", "North", ""), "(3) * teammate - North");
        assert_eq!(window_title(sum, true, "Threads", "North", "Example"), "(3) Threads - North Example");
        assert_eq!(window_title(Sum::default(), false, "Drafts", "North", "Example"), "Drafts - North Example");
    }

    #[test]
    fn the_current_teams_unread_threads_wipe_those_of_teams_before_it() {
        let (north, south) = (TeamId::parse("north").unwrap(), TeamId::parse("south").unwrap());
        let mut state = ServerState::default();
        state.apply_config(ServerConfig { collapsed_threads: Some("always_on".to_owned()), ..ServerConfig::default() });
        let busy = ThreadCounts { unread_threads: 2, ..ThreadCounts::default() };
        let quiet = ThreadCounts::default();
        let status = |order: &[(TeamId, ThreadCounts)]| server_status(&state, Some(north), order, quiet);
        assert!(!status(&[(south, busy), (north, quiet)]).unread);
        assert!(status(&[(north, quiet), (south, busy)]).unread);
        // Without an entry for the current team its counters are not looked at.
        let loud = ThreadCounts { unread_mentions: 4, ..ThreadCounts::default() };
        assert_eq!(server_status(&state, Some(north), &[(south, busy)], loud).mentions, 0);
        assert_eq!(server_status(&state, Some(north), &[(north, quiet)], loud).mentions, 4);
    }

    #[test]
    fn a_deleted_root_takes_its_replies_from_the_count_of_threads() {
        let mut counts = ThreadCounts { total: 1, unread_threads: 3, unread_mentions: 2, unread_urgent_mentions: 1 };
        root_deleted(&mut counts, 2, 5, false);
        assert_eq!(counts, ThreadCounts { total: 0, unread_threads: 1, unread_mentions: 0, unread_urgent_mentions: 1 });
    }
}
