//! What belongs to this computer: the prompt that is asked again, and a file that was edited by hand.

use crate::effect::Effects;
use crate::engine::Engine;
use crate::ids::ServerId;
use crate::prefs::{LocalPrefs, Permission};
use crate::time::Now;

impl Engine {
    /// A prompt that was closed is asked again when its page is opened (product.md "Permission prompt").
    pub(in crate::engine) fn ask_permission_again(&mut self, id: ServerId) {
        if let Some(server) = self.prefs.servers.iter_mut().find(|server| server.id == id)
            && server.permission == Permission::Dismissed
        {
            server.permission = Permission::Ask;
            self.dirty = true;
        }
    }

    /// Takes over what a person changed in the file. Servers are neither added nor removed by it: a session needs a sign-in.
    pub(in crate::engine) fn prefs_edited(&mut self, now: &Now, mut edited: LocalPrefs, out: &mut Effects) {
        let base = self.prefs.clone();
        let permissions: Vec<(ServerId, Permission)> =
            edited.servers.iter().map(|server| (server.id, server.permission)).collect();
        // A list without our servers is a list that was cut: names and order come from one that has them all.
        let has_all = base.servers.iter().all(|known| edited.servers.iter().any(|server| server.id == known.id));
        if !has_all {
            edited.servers.clone_from(&base.servers);
        }
        self.set_prefs(now, &base, edited, out);
        for (id, permission) in permissions {
            let held = base.servers.iter().find(|server| server.id == id).map(|server| server.permission);
            // A closed prompt stands in the file as one that is still to be asked.
            let is_change = held.is_some_and(|held| {
                held != permission && !(held == Permission::Dismissed && permission == Permission::Ask)
            });
            if is_change {
                self.set_permission(now, id, permission, out);
            }
        }
    }
}
