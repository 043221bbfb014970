//! The configuration that clients read (`protocol.md` §1.3): a short map for strangers, the full one for members.

use std::collections::BTreeMap;

use super::State;

/// Keys that only people with a session see.
const FULL_ONLY: [&str; 21] = [
    "AllowPersistentNotifications",
    "CollapsedThreads",
    "EnableChannelViewedMessages",
    "EnableCustomGroups",
    "EnableEmailBatching",
    "EnablePostIconOverride",
    "EnablePostUsernameOverride",
    "EnableReliableWebSockets",
    "EnableUserAccessTokens",
    "ExperimentalEnableAutomaticReplies",
    "ExtendSessionLengthWithActivity",
    "LockTeammateNameDisplay",
    "MaxNotificationsPerChannel",
    "MaxPostSize",
    "PersistentNotificationIntervalMinutes",
    "PersistentNotificationMaxCount",
    "PostPriority",
    "ScheduledPosts",
    "SendEmailNotifications",
    "SendPushNotifications",
    "TeammateNameDisplay",
];

impl State {
    pub(crate) fn default_config(&self) -> BTreeMap<String, String> {
        let mut config: BTreeMap<String, String> = [
            ("BuildDate", ""),
            ("BuildHash", "practice"),
            ("BuildNumber", "dev"),
            ("CollapsedThreads", "default_on"),
            ("CustomDescriptionText", ""),
            ("DefaultClientLocale", "en"),
            ("DiagnosticId", ""),
            ("EnableChannelViewedMessages", "true"),
            ("EnableCustomEmoji", "false"),
            ("EnableEmailBatching", "false"),
            ("EnableLdap", "false"),
            ("EnableMultifactorAuthentication", "true"),
            ("EnablePostIconOverride", "true"),
            ("EnablePostUsernameOverride", "true"),
            ("EnableSaml", "false"),
            ("EnableSignInWithEmail", "true"),
            ("EnableSignInWithUsername", "true"),
            ("EnableSignUpWithGitLab", "false"),
            ("EnableSignUpWithGoogle", "false"),
            ("EnableSignUpWithOffice365", "false"),
            ("EnableSignUpWithOpenId", "false"),
            ("EnableUserAccessTokens", "true"),
            ("EnableUserStatuses", "true"),
            ("ExperimentalEnableAutomaticReplies", "false"),
            ("ExtendSessionLengthWithActivity", "true"),
            ("HasImageProxy", "false"),
            ("LdapLoginFieldName", ""),
            ("LockTeammateNameDisplay", "false"),
            ("MaxNotificationsPerChannel", "1000"),
            ("MaxPostSize", "16383"),
            ("MobileExternalBrowser", "false"),
            ("PluginsEnabled", "true"),
            ("SendEmailNotifications", "true"),
            ("SendPushNotifications", "true"),
            ("TeammateNameDisplay", "username"),
            ("WebsocketPort", "80"),
            ("WebsocketSecurePort", "443"),
            ("WebsocketURL", ""),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
        let mut set = |key: &str, value: &str| config.insert(key.to_owned(), value.to_owned());
        set("Version", &self.version.text());
        set("SiteName", &self.site_name);
        set("SiteURL", &self.site_url);
        if !self.version.resumes() {
            set("EnableReliableWebSockets", "false");
        }
        if !self.version.follows() {
            set("FeatureFlagCollapsedThreads", "true");
        }
        if self.version.knows_urgent() {
            set("PostPriority", "true");
            set("AllowPersistentNotifications", "true");
            set("PersistentNotificationIntervalMinutes", "5");
            set("PersistentNotificationMaxCount", "6");
        }
        config
    }

    /// The map for a stranger or a member.
    pub(crate) fn client_config(&self, full: bool) -> BTreeMap<&str, &str> {
        let visible = self.config.iter().filter(|(key, _)| full || !FULL_ONLY.contains(&key.as_str()));
        visible.map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    /// The licence as clients see it.
    pub(crate) fn client_licence(&self) -> BTreeMap<&str, &str> {
        let mut map: BTreeMap<&str, &str> = self.licence.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        map.insert("IsLicensed", if map.is_empty() { "false" } else { "true" });
        map
    }

    /// `X-Version-Id` and `hello.server_version`: version, build, configuration hash, licence.
    pub(crate) fn version_id(&self) -> String {
        // FNV-1a: any change of the configuration has to change the string.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in self.config.iter().flat_map(|(k, v)| k.bytes().chain(v.bytes())) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        format!("{}..{hash:016x}.{}", self.version.text(), !self.licence.is_empty())
    }
}
