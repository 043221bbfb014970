//! Reads what was missed during a gap, and the server's own sums of what is unread.
//!
//! Channels are read by pages from the newest post back, never with `since`: that answer is one piece of up to 1000 posts
//! in no order, whatever their size, with every old post that was edited, reacted to or replied to meanwhile. Pages hold
//! live posts only, have a bound, and going on with `before` does not shift while new posts come. Everything is bounded;
//! what is not read is named, so that the engine can tell it as a number.

use std::collections::BTreeSet;

use belfry_core::event::Post;
use belfry_core::ids::{ChannelId, PostId, UserId};
use belfry_core::missed::{Missed, MissedChannel, MissedPlan, MissedThread, TeamSums, UnreadSums};
use futures_util::future::join_all;

use super::load::{self, Known};
use crate::http::{HttpError, Reply, Rest, Size, segment};
use crate::json::{Broken, Reader};
use crate::shapes::{self, TeamUnreadShape, ThreadListShape, UserShape};
use crate::wire::posted;

/// Posts of a page. The longest posts fill four megabytes with so many, the cap of an answer.
const PAGE: usize = 60;
/// Pages of a channel or thread: nobody reads more of one conversation at once, and a summary counts the rest.
const PAGES: usize = 4;
/// Posts of one gap.
const POSTS: usize = 1_500;
/// Bytes of one gap, as they come.
const BYTES: usize = 16 << 20;
/// Requests at a time: half of what a session may have, so that a person's click is not last in line.
const AT_A_TIME: usize = 2;
/// Teams whose unread threads are listed.
const TEAMS: usize = 20;
/// Unread threads of one team that are listed, the most that a server gives.
const THREADS: usize = 200;
/// Threads that are read.
const THREADS_READ: usize = 40;
/// Authors asked about, the most that one question may name.
const AUTHORS: usize = 200;

/// What of a list of posts matters.
#[derive(Debug, Default)]
struct PostList {
    posts: Vec<Post<'static>>,
    /// How many posts of the page there are: roots that only explain replies are not among them.
    rows: usize,
    /// The last in the server's order.
    last: Option<PostId>,
}

impl PostList {
    fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(std::str::from_utf8(body).ok()?);
        let list = Self::read_from(&mut reader).ok()?;
        reader.end().is_ok().then_some(list)?
    }

    fn read_from(reader: &mut Reader<'_>) -> Result<Option<Self>, Broken> {
        if !reader.is_object() {
            return Ok(None);
        }
        let mut list = Self::default();
        let mut within = reader.object()?;
        while let Some(key) = reader.key(&mut within)? {
            match &*key {
                "order" => {
                    let mut order = reader.array()?;
                    while reader.element(&mut order)? {
                        list.rows += 1;
                        list.last = reader.id()?;
                    }
                }
                "posts" => {
                    let mut posts = reader.object()?;
                    while reader.key(&mut posts)?.is_some() {
                        list.posts.extend(posted::post(reader)?.map(Post::into_owned));
                    }
                }
                _ => reader.skip()?,
            }
        }
        Ok(Some(list))
    }
}

/// What one channel or thread came to.
struct Place {
    posts: Vec<Post<'static>>,
    bytes: usize,
    complete: bool,
}

/// Whether an error concerns one place only: the others are still worth asking about.
fn is_local(error: &HttpError) -> bool {
    match error.status() {
        Some(401 | 429 | 502..=504) => false,
        Some(_) => !error.is_session_expired() && !error.is_mfa_required(),
        None => matches!(error, HttpError::Malformed | HttpError::TooLarge),
    }
}

/// Whether the place is simply not there any more.
fn is_gone(error: &HttpError) -> bool {
    matches!(error.status(), Some(403 | 404 | 410))
}

/// Reads the posts of a gap.
pub(super) async fn missed(rest: &Rest, known: &Known, plan: &MissedPlan) -> Result<Missed, HttpError> {
    let mut missed = Missed { number: plan.number, ..Missed::default() };
    let mut bytes = 0;
    if plan.threads_after_ms.is_some() {
        missed.threads = unread_threads(rest, known).await?;
    }
    let mut channels = plan.channels.as_slice();
    while let Some((now, later)) =
        channels.split_at_checked(AT_A_TIME.min(channels.len())).filter(|(now, _)| !now.is_empty())
    {
        channels = later;
        if missed.posts.len() >= POSTS || bytes >= BYTES {
            missed.incomplete_channels.extend(now.iter().map(|channel| channel.channel_id));
            continue;
        }
        for (channel, place) in
            now.iter().zip(join_all(now.iter().map(|channel| read_channel(rest, plan, channel))).await)
        {
            let place = place?;
            bytes += place.bytes;
            missed.posts.extend(place.posts);
            if !place.complete {
                missed.incomplete_channels.push(channel.channel_id);
            }
        }
    }
    if let Some(after_ms) = plan.threads_after_ms {
        for (read, thread) in missed.threads.iter().enumerate() {
            let root = thread.thread.id;
            let after_ms = after_ms.max(thread.last_viewed_at);
            if read >= THREADS_READ || missed.posts.len() >= POSTS || bytes >= BYTES {
                missed.incomplete_threads.push(root);
                continue;
            }
            let place = read_thread(rest, root, after_ms).await?;
            bytes += place.bytes;
            missed.posts.extend(place.posts);
            if !place.complete {
                missed.incomplete_threads.push(root);
            }
        }
    }
    let authors: BTreeSet<UserId> = missed.posts.iter().filter_map(|post| post.user_id).collect();
    let authors: Vec<UserId> = authors.into_iter().take(AUTHORS).collect();
    if !authors.is_empty() {
        let body = serde_json::json!(authors).to_string();
        // Names are a comfort: the engine asks again for the few that it shows.
        if let Ok(reply) = rest.ask("/api/v4/users/ids", body.as_bytes()).await
            && reply.status == 200
        {
            let list = shapes::list::<UserShape>(&reply.body);
            missed.users = list.items.into_iter().filter_map(UserShape::into_user).collect();
        }
    }
    Ok(missed)
}

/// Reads a channel from the newest post back to where it was left.
async fn read_channel(rest: &Rest, plan: &MissedPlan, channel: &MissedChannel) -> Result<Place, HttpError> {
    let id = segment(channel.channel_id.as_str());
    // Replies of collapsed threads are read with their threads; roots that only explain replies are not wanted.
    let collapsed = if plan.collapsed { "&collapsedThreads=true" } else { "" };
    let mut place = Place { posts: Vec::new(), bytes: 0, complete: false };
    let mut before: Option<PostId> = None;
    for _ in 0..PAGES {
        let from = before.map(|post| format!("&before={}", segment(post.as_str()))).unwrap_or_default();
        let path = format!("/api/v4/channels/{id}/posts?page=0&per_page={PAGE}&skipFetchThreads=true{collapsed}{from}");
        let Some(list) = page(rest, &path, &mut place).await? else { return Ok(place) };
        // Roots of old threads may be among the posts: the page itself decides how far back it went.
        let oldest =
            list.last.and_then(|last| list.posts.iter().find(|post| post.id == last)).map(|post| post.create_at);
        before = list.last;
        place.posts.extend(list.posts.into_iter().filter(|post| post.create_at > channel.after_ms));
        if list.rows < PAGE || oldest.is_none_or(|at| at <= channel.after_ms) {
            place.complete = true;
            return Ok(place);
        }
    }
    Ok(place)
}

/// Reads a thread from a moment on. Servers that do not know the moment give all of it.
async fn read_thread(rest: &Rest, root: PostId, after_ms: i64) -> Result<Place, HttpError> {
    let id = segment(root.as_str());
    let mut place = Place { posts: Vec::new(), bytes: 0, complete: false };
    let mut from_ms = after_ms;
    for _ in 0..PAGES {
        let path = format!(
            "/api/v4/posts/{id}/thread?perPage={PAGE}&direction=down&fromCreateAt={from_ms}&skipFetchThreads=false"
        );
        let Some(list) = page(rest, &path, &mut place).await? else { return Ok(place) };
        let newest = list.posts.iter().filter(|post| post.id != root).map(|post| post.create_at).max();
        let replies = list.posts.into_iter().filter(|post| post.id != root && post.create_at > from_ms);
        let before = place.posts.len();
        place.posts.extend(replies);
        if list.rows < PAGE || place.posts.len() == before {
            place.complete = true;
            return Ok(place);
        }
        from_ms = newest.unwrap_or(from_ms);
    }
    Ok(place)
}

/// One page; `None` where this place cannot be read (on).
async fn page(rest: &Rest, path: &str, place: &mut Place) -> Result<Option<PostList>, HttpError> {
    let reply: Result<Reply, HttpError> = rest.read(path, Size::Ordinary).await;
    let list = reply.and_then(|reply| {
        place.bytes += reply.body.len();
        PostList::read(&reply.body).ok_or(HttpError::Malformed)
    });
    match list {
        Ok(list) => Ok(Some(list)),
        Err(error) if is_local(&error) => {
            tracing::debug!(%error, "a place was not read after a gap");
            place.complete = is_gone(&error);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Followed threads with anything unread, of all teams and of direct and group messages, the newest first.
async fn unread_threads(rest: &Rest, known: &Known) -> Result<Vec<MissedThread>, HttpError> {
    let mut threads: Vec<(i64, MissedThread)> = Vec::new();
    for team in known.teams().iter().take(TEAMS) {
        let path = load::unread_threads_path(*team, THREADS);
        let reply = match rest.read(&path, Size::Bulk).await {
            Ok(reply) => reply,
            Err(error) if is_local(&error) => continue,
            Err(error) => return Err(error),
        };
        let list = shapes::object::<ThreadListShape>(&reply.body).ok_or(HttpError::Malformed)?;
        for shape in list.threads.unwrap_or_default() {
            let (last_reply_at, last_viewed_at) = (shape.last_reply_at(), shape.last_viewed_at());
            let root_user_id = shape.root_user_id();
            let Some(thread) = shape.into_thread() else { continue };
            let is_new = !threads.iter().any(|(_, known)| known.thread.id == thread.id);
            // Those of direct and group messages are listed for every team.
            if is_new && (thread.unread_replies > 0 || thread.unread_mentions > 0) {
                threads.push((last_reply_at, MissedThread { thread, root_user_id, last_viewed_at }));
            }
        }
    }
    threads.sort_by_key(|(last_reply_at, _)| std::cmp::Reverse(*last_reply_at));
    Ok(threads.into_iter().map(|(_, thread)| thread).collect())
}

/// The server's own sums: one request, one more for threads, and one for each channel that no sum covers.
pub(super) async fn unread_sums(rest: &Rest, known: &Known, single: &[ChannelId]) -> Result<UnreadSums, HttpError> {
    let reply = rest.read("/api/v4/users/me/teams/unread?include_collapsed_threads=true", Size::Ordinary).await?;
    let list = shapes::list::<TeamUnreadShape>(&reply.body);
    if !list.complete {
        return Err(HttpError::Malformed);
    }
    let mut sums = UnreadSums::default();
    for shape in &list.items {
        let threads = shape.threads().map(|(_, counts)| counts);
        if let (Some(team), Some((messages, messages_root, mentions, mentions_root))) = (shape.team_id, shape.sums()) {
            sums.teams.push((team, TeamSums { messages, messages_root, mentions, mentions_root, threads }));
        }
    }
    // An old server has no totals, and its lists are too long to be asked for now and then.
    if let (false, Some(team)) = (known.lacks_thread_totals(), known.teams().first()) {
        let reply = rest.read(&load::totals_path(*team), Size::Ordinary).await?;
        let counts = shapes::object::<ThreadListShape>(&reply.body).and_then(|list| list.counts());
        sums.direct_threads = Some((*team, counts.ok_or(HttpError::Malformed)?));
    }
    for channel in single {
        match load::member(rest, *channel).await {
            Ok(member) => {
                let root = member.mention_count_root.unwrap_or(member.mention_count);
                sums.channels.push((*channel, member.mention_count, root));
            }
            Err(error) if is_local(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sums)
}
