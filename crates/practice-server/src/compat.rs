//! What each generation of the server can do (`protocol.md` §9).

/// A server version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// Reads `11.1.0`; missing parts are zero.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| part.parse().ok());
        Some(Self(parts.next()??, parts.next().unwrap_or(Some(0))?, parts.next().unwrap_or(Some(0))?))
    }

    fn since(self, major: u16, minor: u16) -> bool {
        (self.0, self.1) >= (major, minor)
    }

    pub(crate) fn text(self) -> String {
        format!("{}.{}.{}", self.0, self.1, self.2)
    }

    /// `users/me/channels`.
    pub(crate) fn lists_all_channels(self) -> bool {
        self.since(6, 1)
    }

    /// `users/me/channel_members`.
    pub(crate) fn lists_all_members(self) -> bool {
        self.since(6, 2)
    }

    /// `channel_members?page=-1` streams lines.
    pub(crate) fn streams_lines(self) -> bool {
        self.since(10, 0)
    }

    /// Sockets can be resumed.
    pub(crate) fn resumes(self) -> bool {
        self.since(6, 5)
    }

    /// `multiple_channels_viewed` and `mark_read`.
    pub(crate) fn views_many(self) -> bool {
        self.since(9, 0)
    }

    /// `mentions` holds the recipient's id only.
    pub(crate) fn scopes_mentions(self) -> bool {
        self.since(9, 3)
    }

    /// `followers`, `totalsOnly`, `thread_*` in the unread list.
    pub(crate) fn follows(self) -> bool {
        self.since(6, 0)
    }

    /// `previous_*` in thread events, and thread reading that knows about unread marks.
    pub(crate) fn tells_previous(self) -> bool {
        self.since(6, 1)
    }

    /// Every post of a group message mentions its members.
    pub(crate) fn group_messages_mention(self) -> bool {
        self.since(9, 1)
    }

    /// `urgent_mention_count`, priorities.
    pub(crate) fn knows_urgent(self) -> bool {
        self.since(7, 7)
    }

    /// Own `user_updated` carries `notify_props`, and joining is told in two copies.
    pub(crate) fn tells_self_fully(self) -> bool {
        self.since(6, 6)
    }

    /// `connection_id` and `omit_connection_id` in `broadcast`.
    pub(crate) fn broadcasts_connections(self) -> bool {
        self.since(7, 0)
    }

    /// `server_hostname` in `hello`.
    pub(crate) fn names_host(self) -> bool {
        self.since(10, 4)
    }

    /// `notifications/test`.
    pub(crate) fn sends_test_notification(self) -> bool {
        self.since(10, 3)
    }

    /// Posts without `parent_id`, with `file_ids`.
    pub(crate) fn modern_posts(self) -> bool {
        self.since(6, 0)
    }

    /// Channels with banners, policies and default categories.
    pub(crate) fn has_channel_policies(self) -> bool {
        self.since(11, 0)
    }

    /// `channel_auto_follow_threads`.
    pub(crate) fn auto_follows(self) -> bool {
        self.since(8, 0)
    }

    /// The Calls plugin can be installed.
    pub(crate) fn runs_calls(self) -> bool {
        self.since(6, 3)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_read_and_compared() {
        assert_eq!(Version::parse("5.37"), Some(Version(5, 37, 0)));
        assert_eq!(Version::parse("x"), None);
        assert!(Version(11, 1, 0).resumes() && !Version(5, 37, 0).resumes());
    }
}
