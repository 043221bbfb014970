//! Signing in and out (`protocol.md` §2).

use serde::Serialize;
use serde_json::{Value, json};

use super::State;
use crate::error::Refused;
use crate::model::Session;

/// Thirty days.
const SESSION_MS: i64 = 30 * 24 * 3600 * 1000;
/// How long the token of the desktop flow lives.
const DESKTOP_TOKEN_MS: i64 = 3 * 60 * 1000;
/// Wrong passwords or codes before an account is locked.
const MAX_FAILED: u32 = 10;

/// One change (or confirmation) of somebody's availability.
#[derive(Clone, Debug, Serialize)]
pub struct PresenceEntry {
    /// When, in milliseconds since the epoch on the server's clock.
    pub at_ms: i64,
    /// Whose.
    pub user_id: String,
    /// Before.
    pub from: String,
    /// After; the same as before when something only confirmed it.
    pub to: String,
    /// Chosen by the person, not by activity.
    pub manual: bool,
    /// `connect`, `disconnect`, `active_message`, `idle_message`, `pong`, `view`, `post`, `set`, `dnd_ended`.
    pub cause: String,
}

impl State {
    /// Password sign-in. The error id decides what the client has to do (`protocol.md` §2.1 and §12.13).
    pub(crate) fn sign_in(&mut self, login: &str, password: &str, code: &str) -> Result<(String, String), Refused> {
        if password.is_empty() {
            return Err(Refused::new(400, "api.user.login.blank_pwd.app_error", "Password field must not be blank"));
        }
        let masked = || {
            Refused::new(
                401,
                "api.user.login.invalid_credentials_email_username",
                "Enter a valid email or username and/or password.",
            )
        };
        let login = login.trim().to_lowercase();
        let name = login.strip_suffix("@example.com").unwrap_or(&login);
        let user = self.users.values_mut().find(|u| u.username == name).ok_or_else(masked)?;
        if user.is_bot {
            return Err(Refused::new(401, "api.user.login.bot_login_forbidden.app_error", "Bot login is forbidden."));
        }
        if user.failed_logins >= MAX_FAILED {
            return Err(Refused::new(
                401,
                "api.user.check_user_login_attempts.too_many.app_error",
                "Your account is locked because of too many failed password attempts. Please reset your password.",
            ));
        }
        if user.password != password {
            user.failed_logins += 1;
            return Err(masked());
        }
        if user.delete_at != 0 {
            return Err(Refused::new(
                401,
                "api.user.login.inactive.app_error",
                "Login failed because your account has been deactivated. Please contact an administrator.",
            ));
        }
        if let Some(right) = &user.mfa_code {
            let id = "mfa.validate_token.authenticate.app_error";
            if code.is_empty() {
                return Err(Refused::new(400, id, "Invalid MFA token."));
            }
            if code != right {
                user.failed_logins += 1;
                return Err(Refused::new(401, id, "Invalid MFA token."));
            }
        }
        user.failed_logins = 0;
        let id = user.id.clone();
        // Signing in changes `update_at` without an event (`protocol.md` §12.15).
        let at = self.tick();
        self.user_mut(&id)?.update_at = at;
        Ok((self.new_session(&id, false), id))
    }

    /// Makes a session or a personal access token and returns the token.
    pub(crate) fn new_session(&mut self, user: &str, personal: bool) -> String {
        let token = self.ids.id();
        let now = self.now();
        let session = Session {
            id: self.ids.id(),
            user_id: user.to_owned(),
            csrf: self.ids.id(),
            create_at: now,
            expires_at: now + if personal { SESSION_MS * 1200 } else { SESSION_MS },
            personal,
        };
        self.sessions.insert(token.clone(), session);
        token
    }

    /// The person whom a token belongs to.
    pub(crate) fn session_user(&self, token: &str) -> Option<&str> {
        let session = self.sessions.get(token).filter(|s| s.expires_at > self.now())?;
        let user = self.users.get(&session.user_id).filter(|u| u.delete_at == 0)?;
        Some(&user.id)
    }

    /// Signs a token out; a personal one only forgets the session that was derived from it.
    pub(crate) fn sign_out(&mut self, token: &str) {
        if self.sessions.get(token).is_some_and(|s| !s.personal) {
            self.sessions.remove(token);
        }
    }

    /// Ends every session of a person.
    pub(crate) fn revoke_all(&mut self, user: &str) {
        self.sessions.retain(|_, session| session.user_id != user);
    }

    /// Lets every session of a person run out.
    pub(crate) fn expire_all(&mut self, user: &str) {
        let now = self.now();
        for session in self.sessions.values_mut().filter(|s| s.user_id == user) {
            session.expires_at = now;
        }
    }

    /// Makes the one-time token that a browser sign-in hands to the desktop application.
    pub(crate) fn desktop_token(&mut self, user: &str) -> String {
        let mut token = self.ids.id() + &self.ids.id() + &self.ids.id();
        token.truncate(64);
        let now = self.now();
        self.desktop_tokens.insert(token.clone(), (user.to_owned(), now));
        token
    }

    /// Exchanges that token for a session. More than two tries in a second are refused with 429.
    pub(crate) fn use_desktop_token(&mut self, token: &str) -> Result<(String, String), Refused> {
        let now = self.now();
        self.desktop_tries.retain(|at| now - *at < 1000);
        if self.desktop_tries.len() >= 2 {
            return Err(Refused::new(429, "", "limit exceeded"));
        }
        self.desktop_tries.push_back(now);
        let found = self.desktop_tokens.remove(token).filter(|(_, at)| now - *at <= DESKTOP_TOKEN_MS);
        let Some((user, _)) = found else {
            return Err(Refused::new(401, "app.desktop_token.validate.invalid", "Token is not valid or has expired."));
        };
        Ok((self.new_session(&user, false), user))
    }

    /// The browser goes to the provider; gives the state that it comes back with.
    pub(crate) fn begin_sso(&mut self, client_token: String) -> String {
        let state = self.ids.id();
        self.with_provider.insert(state.clone(), client_token);
        state
    }

    /// The browser is back: the application's token, and who was vouched for.
    pub(crate) fn end_sso(&mut self, state: &str) -> Option<(String, String)> {
        let client_token = self.with_provider.remove(state)?;
        Some((client_token, self.vouched_for.clone()?))
    }

    /// Lets every session of a person end at this time.
    pub(crate) fn end_all_at(&mut self, user: &str, at_ms: i64) {
        for session in self.sessions.values_mut().filter(|s| s.user_id == user && !s.personal) {
            session.expires_at = at_ms;
        }
    }

    /// What a person does who is there: the session lasts its whole length again.
    pub(crate) fn extend(&mut self, token: &str) {
        let now = self.now();
        let extends = self.config.get("ExtendSessionLengthWithActivity").is_some_and(|value| value == "true");
        if let Some(session) = self.sessions.get_mut(token).filter(|s| extends && !s.personal) {
            // Not before a hundredth of its length has passed, and at most once a day (`protocol.md` §2.5).
            let elapsed = SESSION_MS - (session.expires_at - now);
            if elapsed > (SESSION_MS / 100).clamp(5 * 60_000, 24 * 3600 * 1000) {
                session.expires_at = now + SESSION_MS;
            }
        }
    }

    pub(crate) fn sessions_json(&self, user: &str) -> Value {
        let rows = self.sessions.values().filter(|s| s.user_id == user);
        rows.map(|s| {
            json!({
                "id": s.id, "token": "", "create_at": s.create_at, "expires_at": s.expires_at,
                "last_activity_at": s.create_at, "user_id": s.user_id, "device_id": "", "roles": "system_user",
                "is_oauth": false, "expired_notify": false, "props": {}, "team_members": null, "local": false,
            })
        })
        .collect()
    }
}
