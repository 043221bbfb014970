//! Lists of posts, in the ways in which the real server makes them, its traps included.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::State;
use crate::error::Refused;
use crate::model::Post;

/// An answer to `since` is never longer.
const MOST_SINCE: usize = 1000;
/// A page is never longer.
const MOST_PAGE: usize = 200;

/// What a client asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct PostQuery {
    /// Posts that changed after this moment; zero: not asked for.
    pub(crate) since: i64,
    /// Posts before, or after, this one.
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) page: usize,
    pub(crate) per_page: usize,
    /// Without replies.
    pub(crate) collapsed: bool,
    /// Without the roots of the replies in the list.
    pub(crate) skips_roots: bool,
}

impl State {
    /// A channel's posts.
    pub(crate) fn list_posts(&self, channel: &str, query: &PostQuery) -> Value {
        let all = || self.by_channel.get(channel).into_iter().flatten().filter_map(|id| self.posts.get(id));
        let fits = |post: &&Post| !query.collapsed || post.root_id.is_empty();
        let mut page: Vec<&Post> = if query.since > 0 {
            // Whatever changed: edits, deletions, reactions and roots that were answered. One piece; where it is cut, nobody
            // can tell which posts are missing, since the cut comes before the order.
            let mut changed: Vec<&Post> = all().filter(fits).filter(|post| post.update_at > query.since).collect();
            changed.sort_by(|a, b| a.id.cmp(&b.id));
            changed.truncate(MOST_SINCE);
            changed
        } else {
            // An unknown post is before and after nothing; a deleted one still has its place.
            let place = |id: &Option<String>| id.as_ref().map(|id| self.posts.get(id).map(|post| post.create_at));
            let (before, after) = (place(&query.before), place(&query.after));
            let mut posts: Vec<&Post> = all()
                .filter(fits)
                .filter(|post| post.delete_at == 0)
                .filter(|post| before.is_none_or(|at| at.is_some_and(|at| post.create_at < at)))
                .filter(|post| after.is_none_or(|at| at.is_some_and(|at| post.create_at > at)))
                .collect();
            if after.is_none() {
                posts.sort_by_key(|post| std::cmp::Reverse(post.create_at));
            } else {
                posts.sort_by_key(|post| post.create_at);
            }
            let size = query.per_page.clamp(1, MOST_PAGE);
            posts.into_iter().skip(query.page.saturating_mul(size)).take(size).collect()
        };
        page.sort_by_key(|post| std::cmp::Reverse(post.create_at));
        let mut found: BTreeMap<&str, &Post> = page.iter().map(|post| (post.id.as_str(), *post)).collect();
        if !query.skips_roots && !query.collapsed {
            let roots = page.iter().filter_map(|post| self.posts.get(&post.root_id));
            found.extend(roots.map(|root| (root.id.as_str(), root)));
        }
        let live = page.iter().filter(|post| post.delete_at == 0);
        let order: Vec<&str> = live.map(|post| post.id.as_str()).collect();
        let found: Map<String, Value> = found.into_iter().map(|(id, post)| (id.to_owned(), json!(post))).collect();
        json!({ "order": order, "posts": found, "next_post_id": "", "prev_post_id": "", "has_next": false })
    }

    /// A thread: its root and so many of its replies after a moment, the oldest first.
    pub(crate) fn thread_posts(&self, root: &str, after: i64, most: usize) -> Result<Value, Refused> {
        let mut posts = vec![self.post(root)?];
        let mut replies: Vec<&Post> =
            self.replies.get(root).into_iter().flatten().filter_map(|id| self.post(id).ok()).collect();
        replies.sort_by_key(|post| post.create_at);
        replies.retain(|post| post.create_at > after);
        let has_next = replies.len() > most;
        replies.truncate(most);
        posts.extend(replies);
        let order: Vec<&str> = posts.iter().map(|p| p.id.as_str()).collect();
        let found: Map<String, Value> = posts.iter().map(|p| (p.id.clone(), json!(p))).collect();
        Ok(json!({ "order": order, "posts": found, "next_post_id": "", "prev_post_id": "", "has_next": has_next }))
    }
}
