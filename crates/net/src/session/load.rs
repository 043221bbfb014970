//! What a session asks over REST: everything at once, single answers for the engine, and its few writes.

use std::time::Duration;

use belfry_core::effect::{Fetch, Write};
use belfry_core::event::{Fetched, Snapshot};
use belfry_core::ids::{ChannelId, TeamId};
use futures_util::future::join_all;

use super::catch_up;
use super::machine::Identity;
use crate::bootstrap::{Absorbed, Collector};
use crate::clock;
use crate::http::{HttpError, Reply, Rest, Size, segment};
use crate::session_facts;
use crate::shapes::{self, ChannelShape, MemberShape, TeamUnreadShape, ThreadListShape, UserShape};
use crate::trouble::Trouble;

/// Rows of a page, the most a server gives (protocol §3.3).
const PAGE: usize = 200;
/// Pages at most: a hundred thousand memberships.
const PAGES: usize = 500;
/// Ids in one question (the body must stay below 300 kB).
const IDS: usize = 200;
/// People of direct messages whose names are read at once; others follow when they write.
const PARTNERS: usize = 400;
/// A channel just joined may not be visible yet (protocol §5.7).
const SECOND_LOOK: Duration = Duration::from_secs(1);

const CALLS_CONFIG: &str = "/plugins/com.mattermost.calls/config";
const CALLS_CHANNELS: &str = "/plugins/com.mattermost.calls/channels";

/// What later questions need to know of the last load.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The person's teams.
    teams: Vec<TeamId>,
    /// The server does not count threads per team.
    no_thread_totals: bool,
}

impl Known {
    pub(super) fn teams(&self) -> &[TeamId] {
        &self.teams
    }

    /// Whether `Fetch::ThreadTotals` can only be answered by reading everything.
    pub(super) fn lacks_thread_totals(&self) -> bool {
        self.no_thread_totals
    }
}

/// Whether nothing can be counted rightly without this answer. The others are done without, rather than showing nothing.
fn is_needed(path: &str) -> bool {
    const SPARED: [&str; 5] = ["/license/", "/teams/members", "/status", "/teams/unread", "/threads"];
    !SPARED.iter().any(|part| path.contains(part))
}

/// Takes one answer in. Refusals that end or block the session are errors; so is trouble of the server with an answer that
/// is needed. What the server does not know (404, 410, 501) is another matter: it is old, or the thing is switched off.
fn take(collector: &mut Collector, method: &str, path: &str, reply: &Reply) -> Result<Absorbed, HttpError> {
    let absorbed = collector.absorb(method, path, reply.status, &reply.body);
    let refusal = || Rest::refusal(path, reply);
    match reply.status {
        401 | 403 if refusal().is_session_expired() || refusal().is_mfa_required() => Err(refusal()),
        401 | 403 | 429 | 500 | 502..=599 if is_needed(path) => Err(refusal()),
        // A captive portal, or a proxy's own page: what it says is nobody's data.
        200 | 300..=399 if reply.status != 200 || reply.is_web_page() => Err(HttpError::Unreachable(Trouble::WebPage)),
        200 | 404 => Ok(absorbed),
        status => {
            tracing::debug!(status, "an answer is missing from a load");
            Ok(absorbed)
        }
    }
}

/// Reads everything that a client reads at start (protocol §3.1).
pub(super) async fn everything(rest: &Rest) -> Result<(Snapshot, Known), HttpError> {
    const FIRST: [(&str, Size); 10] = [
        ("/api/v4/config/client?format=old", Size::Ordinary),
        ("/api/v4/license/client?format=old", Size::Ordinary),
        ("/api/v4/users/me", Size::Ordinary),
        ("/api/v4/users/me/preferences", Size::Ordinary),
        ("/api/v4/users/me/teams", Size::Ordinary),
        ("/api/v4/users/me/teams/members", Size::Ordinary),
        ("/api/v4/users/me/status", Size::Ordinary),
        ("/api/v4/users/me/teams/unread?include_collapsed_threads=true", Size::Ordinary),
        ("/api/v4/users/me/channels", Size::Bulk),
        (MEMBERS, Size::Bulk),
    ];
    let mut collector = Collector::default();
    let mut taken_at_ms = None;
    let replies = join_all(FIRST.map(|(path, size)| rest.get(path, size))).await;
    for ((path, size), reply) in FIRST.into_iter().zip(replies) {
        let reply = reply?;
        taken_at_ms = taken_at_ms.or(reply.server_time_ms);
        let mut absorbed = take(&mut collector, "GET", path, &reply)?;
        let mut body = reply.body;
        if absorbed == Absorbed::Cut && size == Size::Bulk {
            // Proxies cut long streams: once more, then team by team.
            let again = rest.get(path, size).await?;
            absorbed = take(&mut collector, "GET", path, &again)?;
            body = again.body;
        }
        if path == MEMBERS {
            more_members(rest, &mut collector, absorbed, &body).await?;
        }
    }
    team_by_team(rest, &mut collector).await?;
    threads(rest, &mut collector).await?;
    calls(rest, &mut collector).await;
    partners(rest, &mut collector).await?;
    let known = Known { teams: collector.teams().collect(), no_thread_totals: !collector.has_team_thread_counts() };
    let mut snapshot = collector.finish().map_err(|error| {
        tracing::warn!(%error, "a load was incomplete");
        HttpError::Malformed
    })?;
    snapshot.taken_at_ms = taken_at_ms.unwrap_or_else(clock::wall_ms);
    Ok((snapshot, known))
}

const MEMBERS: &str = "/api/v4/users/me/channel_members?page=-1&per_page=200";

/// A server that answers with an array gave one page, whatever page was asked for (protocol §3.3).
async fn more_members(
    rest: &Rest,
    collector: &mut Collector,
    mut absorbed: Absorbed,
    first: &[u8],
) -> Result<(), HttpError> {
    if first.trim_ascii_start().first() != Some(&b'[') {
        return Ok(());
    }
    for page in 1..PAGES {
        if absorbed != (Absorbed::Used { rows: PAGE }) {
            break;
        }
        let path = format!("/api/v4/users/me/channel_members?page={page}&per_page={PAGE}");
        let reply = rest.get(&path, Size::Bulk).await?;
        absorbed = take(collector, "GET", &path, &reply)?;
    }
    Ok(())
}

/// Old servers list channels and memberships per team only (below 6.1 and 6.2).
async fn team_by_team(rest: &Rest, collector: &mut Collector) -> Result<(), HttpError> {
    let teams: Vec<TeamId> = collector.teams().collect();
    for (missing, list) in [(!collector.has_channels(), "channels"), (!collector.has_members(), "channels/members")] {
        if !missing {
            continue;
        }
        for team in &teams {
            let path = format!("/api/v4/users/me/teams/{}/{list}", segment(team.as_str()));
            let reply = rest.get(&path, Size::Bulk).await?;
            if take(collector, "GET", &path, &reply)? == Absorbed::Cut {
                return Err(HttpError::Malformed);
            }
        }
        if teams.is_empty() {
            // Without a team such a server offers no list at all, and there is nothing in it.
            collector.absorb(
                "GET",
                &format!("/api/v4/users/me/{}", list.replace("channels/members", "channel_members")),
                200,
                b"[]",
            );
        }
    }
    Ok(())
}

async fn threads(rest: &Rest, collector: &mut Collector) -> Result<(), HttpError> {
    if !collector.threads_possible() {
        return Ok(());
    }
    let teams: Vec<TeamId> = collector.teams().collect();
    let one_is_enough = collector.has_team_thread_counts();
    for team in teams.iter().take(if one_is_enough { 1 } else { usize::MAX }) {
        let path = if one_is_enough { totals_path(*team) } else { unread_threads_path(*team, PAGE) };
        let reply = rest.get(&path, Size::Bulk).await?;
        take(collector, "GET", &path, &reply)?;
    }
    Ok(())
}

pub(super) fn totals_path(team: TeamId) -> String {
    format!("/api/v4/users/me/teams/{}/threads?totalsOnly=true&per_page=1", segment(team.as_str()))
}

/// `pageSize` is what 5.37 and 5.38 call `per_page`.
pub(super) fn unread_threads_path(team: TeamId, most: usize) -> String {
    let team = segment(team.as_str());
    format!("/api/v4/users/me/teams/{team}/threads?unread=true&extended=false&per_page={most}&pageSize={most}")
}

/// Without the plugin there is a 404, and that is all: calls are a comfort.
async fn calls(rest: &Rest, collector: &mut Collector) {
    for path in [CALLS_CONFIG, CALLS_CHANNELS] {
        match rest.get(path, Size::Ordinary).await {
            Ok(reply) if reply.status == 200 => {
                collector.absorb("GET", path, reply.status, &reply.body);
            }
            Ok(_) => return,
            Err(error) => {
                tracing::debug!(%error, "calls are not known");
                return;
            }
        }
    }
}

async fn partners(rest: &Rest, collector: &mut Collector) -> Result<(), HttpError> {
    for ids in collector.direct_partners(PARTNERS).chunks(IDS) {
        let body = serde_json::json!(ids).to_string();
        let reply = rest.ask("/api/v4/users/ids", body.as_bytes()).await?;
        take(collector, "POST", "/api/v4/users/ids", &reply)?;
    }
    Ok(())
}

/// Answers one question of the engine. `Everything` is the machine's business, not ours.
pub(super) async fn fetch(rest: &Rest, known: &Known, fetch: &Fetch) -> Result<Fetched, HttpError> {
    match fetch {
        Fetch::Everything => Err(HttpError::Malformed),
        Fetch::Channel(channel) => match channel_and_member(rest, *channel).await {
            Err(error) if matches!(error.status(), Some(403 | 404)) => {
                tokio::time::sleep(SECOND_LOOK).await;
                channel_and_member(rest, *channel).await
            }
            other => other,
        },
        Fetch::Member(channel) => {
            let member = Some(Box::new(member(rest, *channel).await?));
            Ok(Fetched::Channel { channel_id: *channel, channel: None, member })
        }
        Fetch::Users(ids) => {
            let mut users = Vec::new();
            for ids in ids.chunks(IDS) {
                let body = serde_json::json!(ids).to_string();
                let reply = rest.ask("/api/v4/users/ids", body.as_bytes()).await?;
                if reply.status != 200 {
                    return Err(Rest::refusal("/api/v4/users/ids", &reply));
                }
                let list = shapes::list::<UserShape>(&reply.body);
                users.extend(list.items.into_iter().filter_map(UserShape::into_user));
            }
            Ok(Fetched::Users(users))
        }
        Fetch::Me => Ok(Fetched::Me(Box::new(rest.me().await?))),
        Fetch::ThreadTotals => thread_totals(rest, known).await,
        Fetch::Session(id) => Ok(Fetched::Session(session_facts::life(rest, id).await?)),
        Fetch::Missed(plan) => Ok(Fetched::Missed(Box::new(catch_up::missed(rest, known, plan).await?))),
        Fetch::UnreadSums(single) => {
            Ok(Fetched::UnreadSums(Box::new(catch_up::unread_sums(rest, known, single).await?)))
        }
    }
}

async fn channel_and_member(rest: &Rest, id: ChannelId) -> Result<Fetched, HttpError> {
    let path = format!("/api/v4/channels/{}", segment(id.as_str()));
    // The membership after the channel: its counters then never claim more than the totals.
    let reply = rest.read(&path, Size::Ordinary).await?;
    let channel = shapes::object::<ChannelShape>(&reply.body).and_then(ChannelShape::into_channel);
    let channel = channel.ok_or(HttpError::Malformed)?;
    let member = member(rest, id).await?;
    Ok(Fetched::Channel { channel_id: id, channel: Some(Box::new(channel)), member: Some(Box::new(member)) })
}

pub(super) async fn member(rest: &Rest, id: ChannelId) -> Result<belfry_core::event::Member, HttpError> {
    let path = format!("/api/v4/channels/{}/members/me", segment(id.as_str()));
    let reply = rest.read(&path, Size::Ordinary).await?;
    shapes::object::<MemberShape>(&reply.body).and_then(MemberShape::into_member).ok_or(HttpError::Malformed)
}

async fn thread_totals(rest: &Rest, known: &Known) -> Result<Fetched, HttpError> {
    let reply = rest.read("/api/v4/users/me/teams/unread?include_collapsed_threads=true", Size::Ordinary).await?;
    let teams =
        shapes::list::<TeamUnreadShape>(&reply.body).items.iter().filter_map(TeamUnreadShape::threads).collect();
    let direct = match known.teams.first() {
        None => None,
        Some(team) => {
            let reply = rest.read(&totals_path(*team), Size::Ordinary).await?;
            let counts = shapes::object::<ThreadListShape>(&reply.body).and_then(|list| list.counts());
            Some((*team, counts.ok_or(HttpError::Malformed)?))
        }
    };
    Ok(Fetched::ThreadTotals { teams, direct })
}

/// Changes something on the server.
pub(super) async fn write(rest: &Rest, known: &Known, write: &Write) -> Result<(), HttpError> {
    match write {
        Write::ExtendSession => rest.extend_session().await,
        Write::MarkRead(channel) => rest.mark_read(*channel).await,
        Write::MarkThreadRead { team_id, thread_id, up_to_ms } => {
            // A person without any team cannot have threads (protocol §3.6).
            let Some(team) = team_id.or_else(|| known.teams.first().copied()) else { return Ok(()) };
            rest.mark_thread_read(team, *thread_id, *up_to_ms).await
        }
        Write::DismissCall { channel_id, call_id } => rest.dismiss_call(*channel_id, *call_id).await,
        // Answered, by `saving`.
        Write::Settings { .. } | Write::ChannelProps { .. } | Write::SendTest { .. } | Write::Reply { .. } => Ok(()),
    }
}

/// Asks whether the session is alive. `users/me` answers even where two-step sign-in is missing, so another call follows.
pub(super) async fn identity(rest: &Rest) -> Identity {
    let asked = async {
        rest.me().await?;
        rest.read("/api/v4/users/me/status", Size::Ordinary).await
    };
    match asked.await {
        Ok(_) => Identity::Alive,
        Err(error) if error.is_session_expired() => Identity::Over,
        Err(error) if error.is_mfa_required() => Identity::MfaRequired,
        Err(error) => Identity::Unreachable { reason: error.to_string(), retry_after: error.retry_after() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dial::Route;
    use crate::testing::{Answer, WebServer};

    async fn load(
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Result<(Snapshot, Vec<String>), HttpError> {
        let server = WebServer::start(answer).await;
        let rest = Rest::open(server.url(), None, &Route::direct())?;
        let (snapshot, _) = everything(&rest).await?;
        let paths = server.requests().iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect();
        Ok((snapshot, paths))
    }

    fn ordinary(path: &str) -> Option<Answer> {
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        Some(match path {
            "/api/v4/config/client" => Answer::json(200, r#"{"Version":"11.1.0","CollapsedThreads":"always_on"}"#),
            "/api/v4/license/client" => Answer::json(200, r#"{"IsLicensed":"false"}"#),
            "/api/v4/users/me" => Answer::json(200, r#"{"id":"u1","username":"ann"}"#),
            "/api/v4/users/me/teams" => Answer::json(200, r#"[{"id":"t1"},{"id":"t2"}]"#),
            "/api/v4/users/me/preferences" | "/api/v4/users/me/teams/members" => Answer::json(200, "[]"),
            "/api/v4/users/me/status" => Answer::json(200, r#"{"status":"online"}"#),
            "/api/v4/users/ids" => Answer::json(200, r#"[{"id":"u2","username":"ben"}]"#),
            _ => return None,
        })
    }

    fn not_found() -> Answer {
        Answer::json(404, r#"{"id":"api.context.404.app_error","status_code":404}"#)
    }

    #[tokio::test]
    async fn a_server_of_today_is_read_with_few_questions() {
        let (snapshot, paths) = load(|path| {
            ordinary(path).unwrap_or_else(|| match path.split('?').next().unwrap() {
                "/api/v4/users/me/channels" => Answer::json(
                    200,
                    r#"[{"id":"c1","type":"O","team_id":"t1"},{"id":"d1","type":"D","name":"u1__u2"}]"#,
                ),
                "/api/v4/users/me/channel_members" => {
                    Answer::json(200, "{\"channel_id\":\"c1\"}\n{\"channel_id\":\"d1\",\"mention_count\":2}\n")
                }
                "/api/v4/users/me/teams/unread" => {
                    Answer::json(200, r#"[{"team_id":"t1","thread_count":1,"thread_mention_count":1}]"#)
                }
                "/api/v4/users/me/teams/t1/threads" => Answer::json(
                    200,
                    r#"{"total":2,"total_unread_threads":2,"total_unread_mentions":3,"threads":null}"#,
                ),
                _ => not_found(),
            })
        })
        .await
        .unwrap();
        assert_eq!((snapshot.channels.len(), snapshot.members.len(), snapshot.users.len()), (2, 2, 1));
        assert_eq!(snapshot.direct_threads.unwrap().1.unread_mentions, 3);
        assert!(snapshot.calls.is_none());
        assert_eq!(paths.len(), 13, "{paths:?}");
    }

    #[tokio::test]
    async fn an_old_server_is_read_team_by_team() {
        let (snapshot, _) = load(|path| {
            ordinary(path).unwrap_or_else(|| match path.split('?').next().unwrap() {
                "/api/v4/users/me/teams/unread" => Answer::json(200, r#"[{"team_id":"t1","mention_count":1}]"#),
                "/api/v4/users/me/teams/t1/channels" | "/api/v4/users/me/teams/t2/channels" => {
                    Answer::json(200, r#"[{"id":"d1","type":"D","name":"u1__u2"}]"#)
                }
                "/api/v4/users/me/teams/t1/channels/members" | "/api/v4/users/me/teams/t2/channels/members" => {
                    Answer::json(200, r#"[{"channel_id":"d1","mention_count":1}]"#)
                }
                "/api/v4/users/me/teams/t1/threads" | "/api/v4/users/me/teams/t2/threads" => {
                    Answer::json(200, r#"{"total":0,"total_unread_threads":0,"total_unread_mentions":0,"threads":[]}"#)
                }
                _ => not_found(),
            })
        })
        .await
        .unwrap();
        assert_eq!((snapshot.channels.len(), snapshot.members.len()), (1, 1));
        assert!(snapshot.threads_complete);
    }

    #[tokio::test]
    async fn pages_are_read_to_the_last_one() {
        let page = |from: usize, rows: usize| {
            let rows: Vec<String> = (from..from + rows).map(|n| format!(r#"{{"channel_id":"c{n}"}}"#)).collect();
            format!("[{}]", rows.join(","))
        };
        let channels: Vec<String> = (0..203).map(|n| format!(r#"{{"id":"c{n}","type":"O"}}"#)).collect();
        let channels = format!("[{}]", channels.join(","));
        let (snapshot, _) = load(move |path| {
            ordinary(path).unwrap_or_else(|| match path {
                MEMBERS => Answer::json(200, &page(0, 200)),
                "/api/v4/users/me/channel_members?page=1&per_page=200" => Answer::json(200, &page(200, 3)),
                "/api/v4/users/me/channels" => Answer::json(200, &channels),
                _ => not_found(),
            })
        })
        .await
        .unwrap();
        assert_eq!(snapshot.members.len(), 203);
    }

    #[tokio::test]
    async fn what_a_server_has_switched_off_is_done_without_and_trouble_is_not() {
        let with = |status: u16, about: &'static str| {
            load(move |path| match path.split('?').next().unwrap() {
                path if path == about => Answer::json(status, r#"{"id":"x"}"#),
                "/api/v4/users/me/channels" | "/api/v4/users/me/channel_members" => Answer::json(200, "[]"),
                _ => ordinary(path).unwrap_or_else(not_found),
            })
        };
        assert!(with(501, "/api/v4/users/me/status").await.unwrap().0.status.is_none());
        assert!(with(500, "/api/v4/users/me/teams/unread").await.is_ok());
        assert!(with(403, "/api/v4/license/client").await.is_ok());
        for needed in ["/api/v4/users/me/preferences", "/api/v4/users/me/channels", "/api/v4/config/client"] {
            assert_eq!(with(500, needed).await.unwrap_err().status(), Some(500), "{needed}");
        }
    }

    #[tokio::test]
    async fn an_ended_session_and_missing_two_step_sign_in_are_told_apart_from_trouble() {
        let table = [
            (401, r#"{"id":"api.context.session_expired.app_error"}"#, "over"),
            (403, r#"{"id":"api.context.mfa_required.app_error"}"#, "mfa"),
            (502, "<html>", "trouble"),
        ];
        for (status, body, expected) in table {
            let server = WebServer::start(move |path| match path {
                "/api/v4/users/me" if status == 403 => Answer::json(200, r#"{"id":"u1"}"#),
                _ => Answer::json(status, body),
            })
            .await;
            let rest = Rest::open(server.url(), None, &Route::direct()).unwrap();
            let told = match identity(&rest).await {
                Identity::Alive => "alive",
                Identity::Over => "over",
                Identity::MfaRequired => "mfa",
                Identity::Unreachable { .. } => "trouble",
            };
            assert_eq!(told, expected);
            assert!(everything(&rest).await.is_err());
        }
    }
}
