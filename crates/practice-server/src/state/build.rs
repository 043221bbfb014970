//! Turns a [`World`] into the state that a server starts with.

use std::collections::{BTreeMap, VecDeque};

use super::State;
use crate::clock::Clock;
use crate::error::Refused;
use crate::ids::Ids;
use crate::model::{Member, Status, Team, User, default_member_props, default_user_props};
use crate::world::{Account, SiteUrl, World};

/// How long ago everything was made.
const AGE_MS: i64 = 90 * 24 * 3600 * 1000;

impl State {
    /// Builds the state. `own_url` is the address that the server really has.
    pub(crate) fn build(world: World, clock: Clock, seed: u64, own_url: &str) -> Result<Self, Refused> {
        let born = clock.now_ms() - AGE_MS;
        let site_url = match world.site_url {
            SiteUrl::Own => own_url.to_owned(),
            SiteUrl::Empty => String::new(),
            SiteUrl::Other(url) => url,
        };
        let mut state = Self {
            site_name: world.site_name,
            version: world.version,
            subpath: world.subpath,
            site_url,
            config: BTreeMap::new(),
            forced_props: BTreeMap::new(),
            licence: world.licence,
            groups: BTreeMap::new(),
            ringing: world.ringing.filter(|_| world.version.runs_calls()),
            streams_lines: world.streams_lines.unwrap_or(world.version.streams_lines()),
            enforces_mfa: world.enforces_mfa,
            preauth_secret: world.preauth_secret,
            withholds_followers: false,
            last_ms: clock.now_ms(),
            clock,
            ids: Ids::new(seed),
            users: BTreeMap::new(),
            teams: BTreeMap::new(),
            channels: BTreeMap::new(),
            posts: BTreeMap::new(),
            by_channel: BTreeMap::new(),
            replies: BTreeMap::new(),
            followers: BTreeMap::new(),
            sessions: BTreeMap::new(),
            desktop_tokens: BTreeMap::new(),
            desktop_tries: VecDeque::new(),
            vouched_for: None,
            with_provider: BTreeMap::new(),
            calls: BTreeMap::new(),
            pending: BTreeMap::new(),
            ledger: VecDeque::new(),
        };
        state.config = state.default_config();
        state.config.extend(world.config);
        for account in world.accounts {
            state.add_account(account, born);
        }
        for plan in world.teams {
            let id = state.ids.id();
            let members = state.find_users(&plan.members)?;
            state.teams.insert(
                id.clone(),
                Team {
                    id,
                    name: plan.name,
                    display_name: plan.display_name,
                    create_at: born,
                    delete_at: 0,
                    members: members.into_iter().collect(),
                },
            );
        }
        for plan in world.channels {
            let team = state.find_team(&plan.team)?;
            let members = state.find_users(&plan.members)?;
            let creator = members.first().cloned().unwrap_or_default();
            let channel = state.new_channel(&plan.kind, &team, &plan.name, &plan.display_name, &creator, born);
            for user in members {
                let member = state.new_member(born);
                state.channel_mut(&channel)?.members.insert(user, member);
            }
            for (name, key, value) in plan.settings {
                let user = state.find_user(&name)?;
                state.member_mut(&channel, &user)?.notify_props.insert(key, value);
            }
        }
        for (name, members) in world.groups {
            let members: Vec<String> = members.into_iter().collect();
            let members = state.find_users(&members)?;
            state.groups.insert(name, members.into_iter().collect());
        }
        for people in world.directs {
            let people = state.find_users(&people)?;
            state.open_conversation(&people)?;
        }
        Ok(state)
    }

    pub(crate) fn add_account(&mut self, account: Account, at: i64) -> String {
        let id = self.ids.id();
        let mut notify_props = default_user_props(self.version);
        notify_props.extend(account.notify);
        let user = User {
            id: id.clone(),
            username: account.username,
            first_name: account.first_name,
            last_name: account.last_name,
            nickname: account.nickname,
            roles: "system_user".to_owned(),
            is_bot: account.is_bot,
            create_at: at,
            update_at: at,
            delete_at: 0,
            last_picture_update: if account.has_picture { at } else { 0 },
            notify_props,
            preferences: account.preferences,
            status: Status {
                user_id: id.clone(),
                status: "offline".to_owned(),
                manual: false,
                last_activity_at: 0,
                dnd_end_time: 0,
                before_dnd: String::new(),
            },
            password: account.password,
            mfa_code: account.mfa_code,
            failed_logins: 0,
        };
        self.users.insert(id.clone(), user);
        id
    }

    pub(crate) fn new_member(&self, at: i64) -> Member {
        Member { notify_props: default_member_props(self.version), last_update_at: at, ..Member::default() }
    }

    fn find_users(&self, names: &[String]) -> Result<Vec<String>, Refused> {
        names.iter().map(|name| self.find_user(name)).collect()
    }

    pub(crate) fn find_team(&self, name: &str) -> Result<String, Refused> {
        self.teams
            .values()
            .find(|t| t.id == name || t.name == name)
            .map(|t| t.id.clone())
            .ok_or_else(|| Refused::new(404, "app.team.get.find.app_error", "Unable to find the existing team."))
    }
}
