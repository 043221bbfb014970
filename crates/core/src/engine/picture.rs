//! The view: one immutable picture of everything that stays true until it changes.

use std::sync::{Arc, OnceLock};

use crate::draft::Draft;
use crate::engine::Engine;
use crate::prefs::Permission;
use crate::text;
use crate::time::Now;
use crate::view::{RecentItem, ServerView, View};

impl Engine {
    /// The picture as of `now`.
    pub fn view(&self, now: &Now) -> View {
        let servers: Vec<ServerView> = self
            .prefs
            .servers
            .iter()
            .filter_map(|prefs| {
                let server = self.servers.get(&prefs.id)?;
                Some(ServerView {
                    id: prefs.id,
                    name: prefs.name.clone(),
                    url: prefs.url.clone(),
                    username: prefs.username.clone(),
                    health: server.health.clone(),
                    last_heard_ms: server.last_heard_ms,
                    permission: prefs.permission,
                    badge: self.server_badge(prefs.id, server),
                    unread: self.server_unread(prefs.id, server),
                    version: server.version.clone(),
                    session_ends_ms: server.session.ends_soon_ms(now),
                    settings_revision: server.saves.revision,
                })
            })
            .collect();
        let permission_prompts = self
            .prefs
            .servers
            .iter()
            .filter(|prefs| prefs.permission == Permission::Ask)
            .filter(|prefs| self.servers.get(&prefs.id).is_some_and(|server| server.state.loaded))
            .map(|prefs| prefs.id)
            .collect();
        View {
            revision: self.revision,
            badge: self.badge(),
            servers,
            banners: self.stack.views(now.mono),
            banners_waiting: u32::try_from(self.stack.waiting()).unwrap_or(u32::MAX),
            banners_held: self.stack.held(),
            permission_prompts,
            problems: self.problems.values().cloned().collect(),
            paused_until_ms: self.paused_until_ms,
            activity_revision: self.decisions,
            recent: self.recent.iter().map(|recent| recent.item().clone()).collect(),
            channels_revision: self.channels.revision,
            channels_undo: u32::try_from(self.channels.undoable()).unwrap_or(u32::MAX),
            previewing: self.previewing,
            test: self.test.as_ref().map(|test| test.receipt.clone()),
            prefs: self.prefs.clone(),
        }
    }
}

/// A message that was shown not long ago, for the tray's menu.
#[derive(Debug)]
pub(super) struct Recent {
    pub(super) draft: Arc<Draft>,
    /// Worded with the first picture that has it, not with each.
    pub(super) item: OnceLock<RecentItem>,
}

impl Recent {
    fn item(&self) -> &RecentItem {
        self.item.get_or_init(|| {
            let decision = self.draft.decision();
            let line = text::shorten(&format!("{}: {}", decision.sender, decision.text), 60);
            RecentItem { server: decision.server, post_id: decision.post_id, line }
        })
    }
}
