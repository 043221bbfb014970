//! Controls that write more than one preference at once.

use crate::settings::keywords;
use crate::settings::{ServerSettings, SettingChange, SettingKey};

impl ServerSettings {
    /// "Send notifications for" (or, with [`SettingKey::DesktopThreads`], its threads tick): without different settings
    /// for phones, theirs follow (notifications §5.1).
    pub fn set_desktop(&self, key: SettingKey, to: &str, mobile_differs: bool) -> Vec<SettingChange> {
        let mut changes = vec![self.change(key, to)];
        if !mobile_differs {
            changes.extend(self.follow(key, to));
        }
        changes
    }

    /// "Use different settings for my mobile devices" was unticked: phones follow the computer. Ticking it saves nothing.
    pub fn mobile_follows(&self) -> Vec<SettingChange> {
        [SettingKey::Desktop, SettingKey::DesktopThreads]
            .into_iter()
            .filter_map(|key| self.follow(key, self.value(key)))
            .collect()
    }

    fn follow(&self, key: SettingKey, to: &str) -> Option<SettingChange> {
        let followers =
            [(SettingKey::Desktop, SettingKey::Push), (SettingKey::DesktopThreads, SettingKey::PushThreads)];
        let (_, follower) = followers.into_iter().find(|(leader, _)| *leader == key)?;
        (self.field(follower).basis().as_deref() != Some(to)).then(|| self.change(follower, to))
    }

    /// E-mails: off, or with this interval in seconds (30, 900, 3600).
    pub fn set_email(&self, interval: Option<u32>) -> Vec<SettingChange> {
        let on = if interval.is_some() { "true" } else { "false" };
        let changes = [
            self.change(SettingKey::Email, on),
            self.change(SettingKey::EmailInterval, interval.unwrap_or(0).to_string()),
        ];
        changes.into_iter().filter(|change| change.from != change.to).collect()
    }

    /// Your non case-sensitive username: the bare word in `mention_keys`.
    pub fn username_notifies(&self) -> bool {
        let words = self.value(SettingKey::MentionKeys);
        words.split(',').any(|word| !self.username.is_empty() && word.eq_ignore_ascii_case(&self.username))
    }

    /// Ticks or unticks the username.
    pub fn set_username(&self, on: bool) -> SettingChange {
        self.with_words(on, &self.words())
    }

    /// The other words that notify, in their order: neither the username nor `@username` is listed (notifications §5.4).
    pub fn words(&self) -> Vec<String> {
        let own = self.username.to_lowercase();
        let listed = |word: &str| word.strip_prefix('@').unwrap_or(word).to_lowercase() != own || own.is_empty();
        let words = self.value(SettingKey::MentionKeys).split(',');
        words.filter(|word| !word.is_empty() && listed(word)).map(str::to_owned).collect()
    }

    /// The same with these words instead; each is cleaned as the official page does ([`keywords::cleaned`]).
    pub fn set_words(&self, words: &[String]) -> SettingChange {
        self.with_words(self.username_notifies(), words)
    }

    fn with_words(&self, username: bool, words: &[String]) -> SettingChange {
        let mut keys: Vec<String> = Vec::new();
        let own = username.then(|| self.username.clone());
        // `@username` always notifies; where somebody stored it, it stays.
        let at = format!("@{}", self.username);
        let kept = self.value(SettingKey::MentionKeys).split(',').find(|word| word.eq_ignore_ascii_case(&at));
        // Words that are stored already stay as they are, whatever another app put into them.
        let stored = self.words();
        let as_stored = |word: &String| if stored.contains(word) { word.clone() } else { keywords::cleaned(word) };
        for word in own.into_iter().chain(kept.map(str::to_owned)).chain(words.iter().map(as_stored)) {
            if !word.is_empty() && !keys.iter().any(|known| known.eq_ignore_ascii_case(&word)) {
                keys.push(word);
            }
        }
        self.change(SettingKey::MentionKeys, keys.join(","))
    }

    /// The words that are highlighted.
    pub fn highlights(&self) -> Vec<String> {
        let words = self.value(SettingKey::HighlightKeys).split(',');
        words.map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// The same with these; they may hold spaces.
    pub fn set_highlights(&self, words: &[String]) -> SettingChange {
        let words: Vec<String> =
            words.iter().map(|word| word.replace(',', " ").trim().to_owned()).filter(|word| !word.is_empty()).collect();
        self.change(SettingKey::HighlightKeys, words.join(","))
    }

    /// The text of automatic replies; an empty one saves the default (notifications §5.7).
    pub fn set_auto_reply(&self, text: &str) -> SettingChange {
        let text = if text.trim().is_empty() { super::DEFAULT_AUTO_REPLY } else { text };
        self.change(SettingKey::AutoResponderMessage, text)
    }
}
