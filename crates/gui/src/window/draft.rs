//! Changes of the local preferences: shown at once, sent at once, undone at once.

use belfry_core::command::Command;
use belfry_core::prefs::LocalPrefs;

use crate::outbox::Outbox;

/// Undos remembered.
const MOST_UNDOS: usize = 50;

/// What was changed and is not in the view yet, and what undoes it.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// What the view said when it was sent, and what was sent.
    sent: Option<(LocalPrefs, LocalPrefs)>,
    /// Before and after each change, the newest last.
    undo: Vec<(LocalPrefs, LocalPrefs)>,
}

impl Draft {
    /// What the pages show: what was sent, until the view moved.
    pub(super) fn current(&mut self, view: &LocalPrefs) -> LocalPrefs {
        if self.sent.as_ref().is_some_and(|(base, _)| base != view) {
            self.sent = None;
        }
        self.sent.as_ref().map_or_else(|| view.clone(), |(_, sent)| sent.clone())
    }

    /// Sends what a page made of the preferences; nothing where it is the same.
    pub(super) fn send(&mut self, view: &LocalPrefs, before: LocalPrefs, after: LocalPrefs, out: &mut Outbox) {
        if before == after {
            return;
        }
        self.put(view, before.clone(), after.clone(), out);
        if self.undo.len() == MOST_UNDOS {
            self.undo.remove(0);
        }
        self.undo.push((before, after));
    }

    /// Whether something can be undone.
    pub(super) fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Puts back what the last change changed, and nothing that changed since.
    pub(super) fn undo(&mut self, view: &LocalPrefs, out: &mut Outbox) {
        if let Some((before, after)) = self.undo.pop() {
            self.put(view, after, before, out);
        }
    }

    fn put(&mut self, view: &LocalPrefs, base: LocalPrefs, prefs: LocalPrefs, out: &mut Outbox) {
        self.sent = Some((view.clone(), prefs.clone()));
        out.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) });
    }
}
