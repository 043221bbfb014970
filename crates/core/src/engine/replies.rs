//! Replies that are written on banners, on their way to the server.

use crate::effect::{Effect, Effects};
use crate::engine::Engine;
use crate::engine::settings::read_only;
use crate::event::Written;
use crate::ids::{BannerId, ServerId};
use crate::reply::Typed;
use crate::time::Now;

impl Engine {
    pub(super) fn begin_reply(&mut self, banner: BannerId) {
        self.stack.begin_reply(banner);
        self.dirty = true;
    }

    pub(super) fn end_reply(&mut self, now: &Now, banner: BannerId) {
        self.stack.end_reply(now.mono, banner, &self.prefs.banner);
        self.dirty = true;
    }

    pub(super) fn send_reply(&mut self, now: &Now, banner: BannerId, text: &Typed, out: &mut Effects) {
        // Whoever sent the command may be another build's face: what servers refuse is not sent.
        let text = Typed::new(text.as_str());
        let Some(id) = self.stack.card(banner).map(|card| card.head.server) else { return };
        if text.is_blank() {
            return;
        }
        self.dirty = true;
        if let Some(reason) = read_only(self.editable(id)) {
            self.stack.refuse_reply(banner, text, reason);
            return;
        }
        let Some(server) = self.servers.get_mut(&id) else { return };
        let number = server.saves.number();
        let me = server.state.me_id().map(|me| me.as_str().to_owned()).unwrap_or_default();
        let pending_post_id = format!("{me}:{}", now.wall_ms());
        let write = self.stack.send_reply(banner, text, number, pending_post_id);
        out.extend(write.map(|(server, write)| Effect::Write(server, write)));
    }

    /// What came of a write; `false` where it is of no reply.
    pub(super) fn reply_written(&mut self, now: &Now, id: ServerId, number: u64, outcome: &Written) -> bool {
        let refused = match outcome {
            Written::Done(_) | Written::ChangedElsewhere(_) => None,
            Written::Refused { reason, .. } => Some(reason.as_str()),
        };
        let is_ours = self.stack.reply_written(now.mono, id, number, refused, &self.prefs.banner);
        self.dirty |= is_ours;
        is_ours
    }
}
