//! The part of a form that says how a server is reached.

use belfry_core::reach::{Obstacle, Reach, ReachDraft, ReachSecrets};
use belfry_core::secret::Secret;
use egui::Ui;

use super::add::field;
use crate::texts;
use crate::theme::{Palette, Type};
use crate::widgets::{self, Button, Kind, TextField};

/// Files may lie deep.
const LONGEST_PATH: usize = 4096;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ProxyChoice {
    #[default]
    System,
    None,
    Own,
}

/// What is filled in. Holds secrets, so it has no `Debug`.
#[derive(Default)]
pub(super) struct Form {
    proxy: ProxyChoice,
    proxy_address: String,
    proxy_user: String,
    proxy_password: String,
    front: bool,
    front_user: String,
    front_password: String,
    pre_auth: bool,
    pre_auth_secret: String,
    identity: bool,
    identity_file: String,
    identity_key: String,
    identity_password: String,
    pinned: String,
    /// Secrets that are kept need not be typed again.
    kept: bool,
}

impl Form {
    /// As a server of the list has it.
    pub(super) fn of(reach: &Reach) -> Self {
        let proxy = match reach.proxy.trim() {
            "" | Reach::SYSTEM => ProxyChoice::System,
            Reach::NONE => ProxyChoice::None,
            _ => ProxyChoice::Own,
        };
        let own = proxy == ProxyChoice::Own;
        Self {
            proxy,
            proxy_address: if own { reach.proxy.clone() } else { String::new() },
            proxy_user: reach.proxy_user.clone(),
            front: !reach.front_user.is_empty(),
            front_user: reach.front_user.clone(),
            pre_auth: reach.pre_auth,
            identity: !reach.client_certificate.is_empty(),
            identity_file: reach.client_certificate.clone(),
            identity_key: reach.client_key.clone(),
            pinned: reach.pinned_certificate.clone(),
            kept: true,
            ..Self::default()
        }
    }

    /// Brings back what was filled in.
    pub(super) fn again(draft: &ReachDraft) -> Self {
        let ReachSecrets { proxy, front, pre_auth, client_certificate, csrf: _ } = &draft.secrets;
        Self {
            proxy_password: proxy.expose().to_owned(),
            front_password: front.expose().to_owned(),
            pre_auth_secret: pre_auth.expose().to_owned(),
            identity_password: client_certificate.expose().to_owned(),
            kept: false,
            ..Self::of(&draft.reach)
        }
    }

    /// What is filled in, without what was not chosen.
    pub(super) fn draft(&self) -> ReachDraft {
        let own = self.proxy == ProxyChoice::Own;
        let text = |chosen: bool, text: &str| if chosen { text.trim().to_owned() } else { String::new() };
        let secret = |chosen: bool, text: &str| Secret::new(if chosen { text } else { "" });
        ReachDraft {
            reach: Reach {
                proxy: match self.proxy {
                    ProxyChoice::System => Reach::SYSTEM.to_owned(),
                    ProxyChoice::None => Reach::NONE.to_owned(),
                    ProxyChoice::Own => self.proxy_address.trim().to_owned(),
                },
                proxy_user: text(own, &self.proxy_user),
                front_user: text(self.front, &self.front_user),
                pre_auth: self.pre_auth,
                pinned_certificate: self.pinned.clone(),
                client_certificate: text(self.identity, &self.identity_file),
                client_key: text(self.identity, &self.identity_key),
            },
            secrets: ReachSecrets {
                proxy: secret(own, &self.proxy_password),
                front: secret(self.front, &self.front_password),
                pre_auth: secret(self.pre_auth, self.pre_auth_secret.trim()),
                client_certificate: secret(self.identity, &self.identity_password),
                csrf: Secret::default(),
            },
        }
    }

    /// Whether something that was chosen lacks what it needs.
    pub(super) fn lacks_something(&self) -> bool {
        let empty = |text: &str| text.trim().is_empty();
        (self.proxy == ProxyChoice::Own && empty(&self.proxy_address))
            || (self.front && empty(&self.front_user))
            || (self.pre_auth && empty(&self.pre_auth_secret) && !self.kept)
            || (self.identity && empty(&self.identity_file))
    }

    /// Ticks what an obstacle asks for, so that its fields are there.
    pub(super) fn open_for(&mut self, obstacle: &Obstacle) {
        match obstacle {
            Obstacle::FrontLogin { .. } => self.front = true,
            Obstacle::PreAuth { .. } => self.pre_auth = true,
            Obstacle::ClientCertificate { .. } => self.identity = true,
            Obstacle::ProxyLogin { .. } | Obstacle::Redirect { .. } | Obstacle::Certificate(_) => {}
        }
    }

    /// Trusts one certificate.
    pub(super) fn trust(&mut self, sha256: &str) {
        sha256.clone_into(&mut self.pinned);
    }

    /// Forgets what was meant for one host: another one must not see it.
    pub(super) fn leave_host(&mut self) {
        let Self { proxy, proxy_address, proxy_user, proxy_password, .. } = std::mem::take(self);
        *self = Self { proxy, proxy_address, proxy_user, proxy_password, ..Self::default() };
    }

    /// Draws it; returns whether Enter was pressed in a field.
    pub(super) fn ui(&mut self, ui: &mut Ui) -> bool {
        let palette = Palette::of(ui);
        let mut entered = false;
        let unchanged = if self.kept { texts::UNCHANGED } else { "" };
        ui.add_space(14.0);
        widgets::label(ui, texts::PROXY, Type::SmallStrong, palette.dim);
        ui.add_space(4.0);
        let choices = [
            (ProxyChoice::System, texts::PROXY_SYSTEM),
            (ProxyChoice::None, texts::PROXY_NONE),
            (ProxyChoice::Own, texts::PROXY_OWN),
        ];
        if let Some(proxy) = widgets::choice_row(ui, texts::PROXY, Some(self.proxy), &choices) {
            self.proxy = proxy;
        }
        if self.proxy == ProxyChoice::Own {
            let edit = TextField::new(&mut self.proxy_address, texts::PROXY_ADDRESS).hint(texts::PROXY_HINT);
            entered |= field(ui, texts::PROXY_ADDRESS, edit, false);
            let edit = TextField::new(&mut self.proxy_user, texts::PROXY_USER);
            entered |= field(ui, texts::PROXY_USER, edit, false);
            if !self.proxy_user.trim().is_empty() {
                let edit = TextField::new(&mut self.proxy_password, texts::PROXY_PASSWORD).hint(unchanged).secret();
                entered |= field(ui, texts::PROXY_PASSWORD, edit, false);
            }
        }
        ui.add_space(12.0);
        widgets::checkbox(ui, &mut self.front, texts::FRONT);
        if self.front {
            let edit = TextField::new(&mut self.front_user, texts::FRONT_USER);
            entered |= field(ui, texts::FRONT_USER, edit, false);
            let edit = TextField::new(&mut self.front_password, texts::FRONT_PASSWORD).hint(unchanged).secret();
            entered |= field(ui, texts::FRONT_PASSWORD, edit, false);
            ui.add_space(8.0);
        }
        widgets::checkbox(ui, &mut self.pre_auth, texts::PRE_AUTH);
        if self.pre_auth {
            let edit = TextField::new(&mut self.pre_auth_secret, texts::PRE_AUTH_SECRET).hint(unchanged).secret();
            entered |= field(ui, texts::PRE_AUTH_SECRET, edit, false);
            ui.add_space(8.0);
        }
        widgets::checkbox(ui, &mut self.identity, texts::IDENTITY);
        if self.identity {
            let edit = TextField::new(&mut self.identity_file, texts::IDENTITY_FILE).hint(texts::IDENTITY_HINT);
            entered |= field(ui, texts::IDENTITY_FILE, edit.limit(LONGEST_PATH), false);
            let edit = TextField::new(&mut self.identity_key, texts::IDENTITY_KEY);
            entered |= field(ui, texts::IDENTITY_KEY, edit.limit(LONGEST_PATH), false);
            let edit = TextField::new(&mut self.identity_password, texts::IDENTITY_PASSWORD).hint(unchanged).secret();
            entered |= field(ui, texts::IDENTITY_PASSWORD, edit, false);
        }
        if !self.pinned.is_empty() {
            ui.add_space(12.0);
            widgets::label(ui, texts::TRUSTED, Type::SmallStrong, palette.dim);
            ui.add_space(4.0);
            widgets::label(ui, &self.pinned, Type::Small, palette.text);
            ui.add_space(4.0);
            if ui.add(Button::new(texts::FORGET_CERTIFICATE, Kind::Secondary)).clicked() {
                self.pinned.clear();
            }
        }
        entered
    }
}
