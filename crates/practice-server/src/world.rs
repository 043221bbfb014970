//! Describes a server before it starts: its people, teams and channels, and how old it pretends to be.

use std::collections::{BTreeMap, BTreeSet};

use crate::compat::Version;

/// One account.
#[derive(Clone, Debug)]
pub struct Account {
    pub(crate) username: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) nickname: String,
    pub(crate) password: String,
    pub(crate) mfa_code: Option<String>,
    pub(crate) is_bot: bool,
    pub(crate) has_picture: bool,
    pub(crate) notify: BTreeMap<String, String>,
    pub(crate) preferences: BTreeMap<(String, String), String>,
}

impl Account {
    /// An account with this user name and the password `practice`.
    pub fn new(username: &str) -> Self {
        Self {
            username: username.to_owned(),
            first_name: String::new(),
            last_name: String::new(),
            nickname: String::new(),
            password: "practice".to_owned(),
            mfa_code: None,
            is_bot: false,
            has_picture: true,
            notify: BTreeMap::new(),
            preferences: BTreeMap::new(),
        }
    }

    /// First and last name.
    #[must_use]
    pub fn named(mut self, first: &str, last: &str) -> Self {
        first.clone_into(&mut self.first_name);
        last.clone_into(&mut self.last_name);
        self
    }

    /// Nickname.
    #[must_use]
    pub fn nicknamed(mut self, nickname: &str) -> Self {
        nickname.clone_into(&mut self.nickname);
        self
    }

    /// Another password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        password.clone_into(&mut self.password);
        self
    }

    /// Asks for a second factor at sign-in; this one code is always right.
    #[must_use]
    pub fn with_mfa(mut self, code: &str) -> Self {
        self.mfa_code = Some(code.to_owned());
        self
    }

    /// A bot account.
    #[must_use]
    pub fn bot(mut self) -> Self {
        self.is_bot = true;
        self
    }

    /// One of the account's notification settings.
    #[must_use]
    pub fn notified(mut self, key: &str, value: &str) -> Self {
        self.notify.insert(key.to_owned(), value.to_owned());
        self
    }

    /// One preference.
    #[must_use]
    pub fn prefers(mut self, category: &str, name: &str, value: &str) -> Self {
        self.preferences.insert((category.to_owned(), name.to_owned()), value.to_owned());
        self
    }

    /// Collapsed reply threads on or off for this person (where the server leaves the choice).
    #[must_use]
    pub fn with_threads(self, on: bool) -> Self {
        self.prefers("display_settings", "collapsed_reply_threads", if on { "on" } else { "off" })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct TeamPlan {
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) members: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct ChannelPlan {
    pub(crate) team: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) members: Vec<String>,
    /// User name, setting, value.
    pub(crate) settings: Vec<(String, String, String)>,
}

/// The address that the server gives as its own (`SiteURL`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SiteUrl {
    /// The address that it really has.
    #[default]
    Own,
    /// None, as on servers that were never set up completely.
    Empty,
    /// Another one, perhaps unreachable.
    Other(String),
}

/// Everything that a practice server starts with.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) site_name: String,
    pub(crate) version: Version,
    pub(crate) subpath: String,
    pub(crate) site_url: SiteUrl,
    pub(crate) accounts: Vec<Account>,
    pub(crate) teams: Vec<TeamPlan>,
    pub(crate) channels: Vec<ChannelPlan>,
    pub(crate) directs: Vec<Vec<String>>,
    pub(crate) groups: BTreeMap<String, BTreeSet<String>>,
    pub(crate) config: BTreeMap<String, String>,
    pub(crate) licence: BTreeMap<String, String>,
    pub(crate) ringing: Option<bool>,
    pub(crate) streams_lines: Option<bool>,
    pub(crate) enforces_mfa: bool,
    pub(crate) preauth_secret: Option<String>,
}

impl World {
    /// An empty server of version 11.1.0.
    pub fn empty(site_name: &str) -> Self {
        Self {
            site_name: site_name.to_owned(),
            version: Version(11, 1, 0),
            subpath: String::new(),
            site_url: SiteUrl::Own,
            accounts: Vec::new(),
            teams: Vec::new(),
            channels: Vec::new(),
            directs: Vec::new(),
            groups: BTreeMap::new(),
            config: BTreeMap::new(),
            licence: BTreeMap::new(),
            ringing: Some(true),
            streams_lines: None,
            enforces_mfa: false,
            preauth_secret: None,
        }
    }

    /// A small company: `morgan` (the one who watches), `rosa`, `jun`, `lena` and a build bot, in the team `northwind`
    /// with the channels `ops-room`, `release-train`, `incidents` and the two that every team has.
    pub fn small() -> Self {
        let all = ["morgan", "rosa", "jun", "lena", "buildbot"];
        Self::empty("Northwind")
            .with_account(Account::new("morgan").named("Morgan", "Reyes"))
            .with_account(Account::new("rosa").named("Rosa", "Almeida"))
            .with_account(Account::new("jun").named("Jun", "Okafor"))
            .with_account(Account::new("lena").named("Lena", "Maurer"))
            .with_account(Account::new("buildbot").named("Build", "bot").bot())
            .with_team("northwind", "Northwind", &all)
            .with_channel("northwind", "ops-room", "Ops room", &all)
            .with_channel("northwind", "release-train", "Release train", &all)
            .with_channel("northwind", "incidents", "Incidents", &all)
    }

    /// Adds an account.
    #[must_use]
    pub fn with_account(mut self, account: Account) -> Self {
        self.accounts.retain(|a| a.username != account.username);
        self.accounts.push(account);
        self
    }

    /// Changes one account that is already there; an unknown name changes nothing.
    #[must_use]
    pub fn changing(mut self, username: &str, change: impl FnOnce(Account) -> Account) -> Self {
        if let Some(account) = self.accounts.iter_mut().find(|a| a.username == username) {
            *account = change(account.clone());
        }
        self
    }

    /// Adds a team, with its `town-square` and `off-topic`.
    #[must_use]
    pub fn with_team(mut self, name: &str, display_name: &str, members: &[&str]) -> Self {
        self.teams.push(TeamPlan {
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            members: owned(members),
        });
        self.with_channel(name, "town-square", "Town Square", members).with_channel(
            name,
            "off-topic",
            "Off-Topic",
            members,
        )
    }

    /// Adds a public channel.
    #[must_use]
    pub fn with_channel(mut self, team: &str, name: &str, display_name: &str, members: &[&str]) -> Self {
        self.channels.push(ChannelPlan {
            team: team.to_owned(),
            kind: "O".to_owned(),
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            members: owned(members),
            settings: Vec::new(),
        });
        self
    }

    /// Adds a private channel.
    #[must_use]
    pub fn with_private_channel(self, team: &str, name: &str, display_name: &str, members: &[&str]) -> Self {
        let mut world = self.with_channel(team, name, display_name, members);
        if let Some(channel) = world.channels.last_mut() {
            "P".clone_into(&mut channel.kind);
        }
        world
    }

    /// Adds many empty public channels to a team, to make the bootstrap heavy.
    #[must_use]
    pub fn with_many_channels(mut self, team: &str, count: usize, members: &[&str]) -> Self {
        for n in 0..count {
            self = self.with_channel(team, &format!("channel-{n}"), &format!("Channel {n}"), members);
        }
        self
    }

    /// Opens a direct (two names) or group (more names) conversation.
    #[must_use]
    pub fn with_direct(mut self, people: &[&str]) -> Self {
        self.directs.push(owned(people));
        self
    }

    /// Mutes a channel for somebody.
    #[must_use]
    pub fn muted(self, username: &str, channel: &str) -> Self {
        self.notifying(username, channel, "mark_unread", "mention")
    }

    /// One setting of somebody's membership of a channel, such as `desktop` to `all`.
    #[must_use]
    pub fn notifying(mut self, username: &str, channel: &str, key: &str, value: &str) -> Self {
        for plan in self.channels.iter_mut().filter(|plan| plan.name == channel) {
            plan.settings.push((username.to_owned(), key.to_owned(), value.to_owned()));
        }
        self
    }

    /// Adds a mentionable group and the licence that it needs.
    #[must_use]
    pub fn with_group(mut self, name: &str, members: &[&str]) -> Self {
        self.groups.insert(name.to_owned(), members.iter().map(|m| (*m).to_owned()).collect());
        self.licence.insert("SkuShortName".to_owned(), "professional".to_owned());
        self
    }

    /// Pretends to be another version, such as `5.37.0`.
    #[must_use]
    pub fn of_version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Serves everything below a path such as `/mm`; elsewhere nothing is found.
    #[must_use]
    pub fn under(mut self, subpath: &str) -> Self {
        let trimmed = subpath.trim_matches('/');
        self.subpath = if trimmed.is_empty() { String::new() } else { format!("/{trimmed}") };
        self
    }

    /// What the server says its address is.
    #[must_use]
    pub fn calling_itself(mut self, site_url: SiteUrl) -> Self {
        self.site_url = site_url;
        self
    }

    /// Sets one key of the full configuration, such as `CollapsedThreads` to `always_on`.
    #[must_use]
    pub fn configured(mut self, key: &str, value: &str) -> Self {
        self.config.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Sets one key of the licence.
    #[must_use]
    pub fn licensed(mut self, key: &str, value: &str) -> Self {
        self.licence.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The Calls plugin: absent, installed without ringing, or with it.
    #[must_use]
    pub fn with_calls(mut self, ringing: Option<bool>) -> Self {
        self.ringing = ringing;
        self
    }

    /// Whether `channel_members?page=-1` answers with lines or with one array page; by default the version decides.
    #[must_use]
    pub fn streaming_lines(mut self, on: bool) -> Self {
        self.streams_lines = Some(on);
        self
    }

    /// Puts a proxy in front that wants this secret with every request.
    #[must_use]
    pub fn behind_secret(mut self, secret: &str) -> Self {
        self.preauth_secret = Some(secret.to_owned());
        self
    }

    /// Refuses everything to people without a second factor (403 `api.context.mfa_required.app_error`).
    #[must_use]
    pub fn enforcing_mfa(mut self) -> Self {
        self.enforces_mfa = true;
        self
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
