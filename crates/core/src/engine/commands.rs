//! What the person wants.

use core::time::Duration;

use crate::activity::DecisionKind;
use crate::banner::Card;
use crate::command::{Command, Place};
use crate::effect::{Effect, Effects, Write};
use crate::engine::{Engine, carry_out, unread};
use crate::ids::{BannerId, PostId, ServerId};
use crate::missed::PutOff;
use crate::prefs::{LocalPrefs, Permission, ServerPrefs, SessionPrefs};
use crate::present;
use crate::reach::Reach;
use crate::settings::channels::{ChannelEdit, ChannelRef};
use crate::signal::Surface;
use crate::state::channel::Conversation;
use crate::time::Now;
use crate::view::{BannerKind, Health};

/// A card is put off for no longer than this, whatever the clock has become since.
const LONGEST_SNOOZE: Duration = Duration::from_hours(24);

impl Engine {
    pub(super) fn on_command(&mut self, now: &Now, command: Command, out: &mut Effects) {
        match command {
            Command::ServerSignedIn { server, url, name, username, auth, insecure, reach, session_id } => {
                let (id, permission) = (ServerId(0), Permission::Ask);
                let session = SessionPrefs { id: session_id, warned_ms: 0 };
                let reach = *reach;
                let entry = ServerPrefs { id, url, name, username, auth, permission, insecure, reach, session };
                self.server_signed_in(now, server, entry, out);
            }
            Command::SetReach { server, reach } => self.set_reach(server, *reach, out),
            Command::RemoveServer(id) => {
                // Noted here too: the file may be from before the highest number was kept.
                self.prefs.last_server = self.highest_number();
                self.prefs.servers.retain(|server| server.id != id);
                self.remove_server(now, id, out);
                self.save_prefs(out);
            }
            Command::SignedOutByPerson(id) => {
                if self.servers.contains_key(&id) {
                    self.stop_ringing_of(id, out);
                    out.push(Effect::StopSession(id));
                    self.reset_server(id);
                    if let Some(server) = self.servers.get_mut(&id) {
                        server.health = Health::NotSignedIn;
                        server.signed_out = true;
                    }
                    self.stack.forget_replies(id);
                    self.retract(now, |other, _| other == id, out);
                }
            }
            Command::SetPermission { server, permission } => self.set_permission(now, server, permission, out),
            Command::CheckAgain(id) => {
                if self.servers.contains_key(&id) {
                    out.push(Effect::StopSession(id));
                    out.push(Effect::StartSession(id));
                }
            }
            Command::OpenBanner(banner) => self.open_banner(now, banner, out),
            Command::DismissBanner(banner) => self.dismiss(now, banner, out),
            Command::DismissAllBanners => {
                self.stack.clear();
                self.dirty = true;
            }
            Command::MarkBannerRead(banner) => self.mark_banner_read(now, banner, out),
            Command::SnoozeBanner { banner, minutes } => self.snooze(now, banner, minutes, out),
            Command::BeginReply(banner) => self.begin_reply(banner),
            Command::SendReply { banner, text } => self.send_reply(now, banner, &text, out),
            Command::EndReply(banner) => self.end_reply(now, banner),
            Command::DismissCall(banner) => self.dismiss_call(now, banner, out),
            Command::OpenUnread { server, place } => {
                out.extend(self.unread_link(server, place).map(Effect::OpenUrl));
            }
            Command::OpenPost { server, post } => self.open_post(server, post, out),
            Command::MarkRead { server, channel } => {
                if self.servers.contains_key(&server) {
                    out.push(Effect::Write(server, Write::MarkRead(channel)));
                }
            }
            Command::SetMuted { server, channel, muted } => {
                self.edit_channels(&[ChannelRef { server, channel }], &[ChannelEdit::Mute(muted)], out);
            }
            Command::Pause { minutes } => {
                let until =
                    minutes.map_or(i64::MAX, |minutes| now.wall_ms().saturating_add(i64::from(minutes) * 60_000));
                self.set_pause(Some(until), out);
                self.stop_ringing(out);
            }
            Command::Resume => self.set_pause(None, out),
            Command::SetLocalPrefs { base, prefs } => self.set_prefs(now, &base, *prefs, out),
            Command::ChangeSettings { server, changes } => self.change_settings(now, server, changes, out),
            Command::UndoSettings(server) => self.undo_settings(now, server, out),
            Command::ForgetSettingTrouble(server) => self.forget_setting_trouble(server),
            Command::CancelSaving(server) => self.cancel_saving(server, out),
            Command::EditChannels { channels, edits } => self.edit_channels(&channels, &edits, out),
            Command::UndoChannels => self.undo_channels(out),
            Command::ForgetChannelTrouble => self.forget_channel_trouble(),
            Command::AskPermissionAgain(server) => self.ask_permission_again(server),
            Command::SendTest(server) => self.send_test(now, server, out),
            Command::ForgetTest => self.forget_test(),
            Command::AddOwnSound(own) => self.add_own_sound(own, out),
            Command::RemoveOwnSound(id) => self.remove_own_sound(id, out),
            Command::PrefsEdited(edited) => self.prefs_edited(now, *edited, out),
            Command::PreviewSound(sound) => self.preview_sound(sound, out),
            Command::StopSound => {
                self.stop_preview();
                out.push(Effect::StopSound);
            }
            Command::ShowSample(id) => self.show_sample(now, id, out),
            Command::ShowWindow => out.push(Effect::ShowWindow),
            Command::ShowPlace(place) => out.push(Effect::ShowPlace(place)),
            Command::Quit => out.push(Effect::Quit),
        }
    }

    fn server_signed_in(&mut self, now: &Now, known: Option<ServerId>, mut entry: ServerPrefs, out: &mut Effects) {
        let same = |server: &ServerPrefs| server.url == entry.url && server.username == entry.username;
        let existing = self.prefs.servers.iter_mut().find(|server| known == Some(server.id) || same(server));
        let id = if let Some(server) = existing {
            server.url = entry.url;
            server.username = entry.username;
            server.auth = entry.auth;
            server.insecure = entry.insecure;
            server.reach = entry.reach;
            server.session = entry.session;
            let id = server.id;
            out.push(Effect::StopSession(id));
            // The card that asked to sign in has done its work.
            self.take_signed_out_card(now, id);
            id
        } else {
            // Never a number that another entry had: history, ledger and pictures go by it, and a card, a link or a session
            // that is still being ended may name the old one.
            entry.id = ServerId(self.highest_number().saturating_add(1));
            self.prefs.last_server = entry.id.0;
            if self.prefs.denied_for_good.contains(&entry.url) {
                entry.permission = Permission::DeniedForGood;
            }
            let id = entry.id;
            self.prefs.servers.push(entry);
            id
        };
        self.reset_server(id);
        self.save_prefs(out);
        out.push(Effect::StartSession(id));
    }

    /// The highest number that an entry has or had.
    fn highest_number(&self) -> u32 {
        let numbers = self.prefs.servers.iter().map(|server| server.id.0);
        numbers.fold(self.prefs.last_server, u32::max)
    }

    fn set_reach(&mut self, id: ServerId, reach: Reach, out: &mut Effects) {
        let Some(entry) = self.prefs.servers.iter_mut().find(|server| server.id == id) else { return };
        entry.reach = reach;
        self.save_prefs(out);
        self.fail_writes(id, "the connection was changed meanwhile");
        // Even where nothing that can be read has changed: a secret may have.
        out.push(Effect::StopSession(id));
        out.push(Effect::StartSession(id));
    }

    pub(super) fn set_permission(&mut self, now: &Now, id: ServerId, permission: Permission, out: &mut Effects) {
        let Some(server) = self.prefs.servers.iter_mut().find(|server| server.id == id) else { return };
        let before = core::mem::replace(&mut server.permission, permission);
        let url = server.url.clone();
        self.prefs.denied_for_good.retain(|denied| *denied != url);
        if permission == Permission::DeniedForGood {
            self.prefs.denied_for_good.push(url);
        }
        self.save_prefs(out);
        match permission {
            // A sample banner and sound confirm it (product.md "Permission prompt").
            Permission::Allowed if before != Permission::Allowed => self.show_sample(now, id, out),
            Permission::Allowed => {}
            Permission::Ask | Permission::Dismissed | Permission::Denied | Permission::DeniedForGood => {
                self.stop_ringing_of(id, out);
                self.stack.forget_replies(id);
                self.retract(now, |other, _| other == id, out);
            }
        }
    }

    pub(super) fn show_sample(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        self.announce_plain(
            now,
            id,
            DecisionKind::Sample,
            BannerKind::Sample,
            "Notifications are on",
            "This is how a message looks and sounds",
            out,
        );
    }

    /// Parts that changed elsewhere since the draft was made are kept.
    pub(super) fn set_prefs(&mut self, now: &Now, base: &LocalPrefs, new: LocalPrefs, out: &mut Effects) {
        let current = &mut self.prefs;
        macro_rules! take {
            ($($field:ident),*) => {$(
                if new.$field != base.$field {
                    current.$field = new.$field;
                }
            )*};
        }
        take!(
            theme,
            reduce_motion,
            keep_running,
            use_system_notifications,
            follow_system_dnd,
            quiet_in_full_screen,
            tray,
            banner,
            badge,
            sound,
            history,
            tokens_in_file,
            start_at_login
        );
        if new.servers != base.servers {
            // Names and order are the person's; what a session decides is not in a draft.
            for server in &mut current.servers {
                if let Some(named) = new.servers.iter().find(|named| named.id == server.id) {
                    server.name.clone_from(&named.name);
                }
            }
            let place = |id: ServerId| new.servers.iter().position(|server| server.id == id).unwrap_or(usize::MAX);
            current.servers.sort_by_key(|server| place(server.id));
        }
        if self.prefs.use_system_notifications && self.surface == Surface::Banners {
            let mut effects = Vec::new();
            self.stack.all_to_toasts(now.mono, &mut effects);
            carry_out(effects, out);
        }
        self.stack.fill(now.mono, &self.prefs.banner);
        self.save_prefs(out);
    }

    /// The place and newest post of a card or a system notification.
    fn banner_target(&self, banner: BannerId) -> Option<(ServerId, Option<Conversation>, Option<PostId>, BannerKind)> {
        match self.stack.card(banner) {
            Some(card) => Some((card.head.server, card.conversation, card.head.post_id, card.head.kind)),
            None => self.stack.toast(banner).map(|(server, place, post)| (server, place, post, BannerKind::Message)),
        }
    }

    pub(super) fn open_banner(&mut self, now: &Now, banner: BannerId, out: &mut Effects) {
        let Some((server, place, post, kind)) = self.banner_target(banner) else { return };
        match (kind, post, place) {
            (BannerKind::Message | BannerKind::Call, Some(post), _) => self.open_post(server, post, out),
            // Calls of old servers have no post: one joins in the channel.
            (BannerKind::Call, None, Some(place)) => {
                let channel = self.servers.get(&server).map(|known| unread::place_of(&known.state, place.channel));
                let link = channel.and_then(|channel| self.unread_link(server, channel));
                out.extend(link.map(Effect::OpenUrl));
            }
            (BannerKind::SignedOut | BannerKind::SessionEnds, _, _) => {
                out.push(Effect::ShowPlace(Place::SignIn(server)));
            }
            (BannerKind::Summary, _, _) => out.push(Effect::ShowPlace(Place::Activity)),
            (BannerKind::Sample, _, _) | (_, None, _) => out.push(Effect::ShowWindow),
        }
        if kind == BannerKind::Call {
            // Going to the call stops all ringing (C17).
            self.stop_ringing(out);
        }
        self.dismiss(now, banner, out);
    }

    fn open_post(&mut self, server: ServerId, post: PostId, out: &mut Effects) {
        let Some(prefs) = self.server_prefs(server) else { return };
        // The redirect finds the team by itself (protocol §6, "Links to open").
        out.push(Effect::OpenUrl(present::permalink(&prefs.url, None, post.as_str())));
    }

    fn dismiss(&mut self, now: &Now, banner: BannerId, out: &mut Effects) {
        let removed = self.stack.remove(now.mono, banner, &self.prefs.banner);
        if let Some(card) = removed
            && let Some(call) = card.call
        {
            self.stop_ringing_call(card.head.server, call, out);
        }
        let mut effects = Vec::new();
        self.stack.toast_gone(now.mono, banner, &mut effects);
        carry_out(effects, out);
        self.dirty = true;
    }

    fn mark_banner_read(&mut self, now: &Now, banner: BannerId, out: &mut Effects) {
        if let Some((server, Some(place), _, BannerKind::Message)) = self.banner_target(banner) {
            let team_id = self.servers.get(&server).and_then(|known| {
                let own = known.state.channels.get(&place.channel).and_then(|channel| channel.team_id);
                own.or_else(|| known.state.teams.keys().next().copied())
            });
            let write = match place.thread {
                Some(thread_id) => Write::MarkThreadRead { team_id, thread_id, up_to_ms: now.wall_ms() },
                None => Write::MarkRead(place.channel),
            };
            out.push(Effect::Write(server, write));
        }
        self.dismiss(now, banner, out);
    }

    fn snooze(&mut self, now: &Now, banner: BannerId, minutes: u32, out: &mut Effects) {
        if let Some(card) = self.stack.remove(now.mono, banner, &self.prefs.banner) {
            // A restart must not lose it. What else the card stood for was seen with it.
            self.settle(out);
            let minutes = u64::from(minutes.clamp(1, 24 * 60));
            if let Some(post) = card.head.post_id {
                let until_ms = now.wall_ms().saturating_add_unsigned(minutes * 60_000);
                let posts = card.posts.iter().copied().collect();
                let (server, at_ms, more) = (card.head.server, card.head.at_ms, card.head.more);
                out.push(Effect::Snoozed(Box::new(PutOff { server, post, at_ms, until_ms, more, posts })));
            }
            self.snoozed.push((now.mono.after(Duration::from_secs(minutes * 60)), card.again()));
        }
        self.dirty = true;
    }

    /// A card that an earlier run put off waits for the rest of its time, as it was.
    pub(super) fn put_off_again(&mut self, now: &Now, mut card: Card, put_off: PutOff) {
        card.head.more = put_off.more;
        if !put_off.posts.is_empty() {
            card.posts = put_off.posts.into();
        }
        let left = u64::try_from(put_off.until_ms.saturating_sub(now.wall_ms())).unwrap_or(0);
        let left = Duration::from_millis(left).min(LONGEST_SNOOZE);
        self.snoozed.push((now.mono.after(left), card));
        self.dirty = true;
    }

    fn dismiss_call(&mut self, now: &Now, banner: BannerId, out: &mut Effects) {
        if let Some(card) = self.stack.card(banner)
            && let (Some(call_id), Some(place)) = (card.call, card.conversation)
        {
            let server = card.head.server;
            out.push(Effect::Write(server, Write::DismissCall { channel_id: place.channel, call_id }));
            self.stop_ringing_call(server, call_id, out);
        }
        self.dismiss(now, banner, out);
    }
}
