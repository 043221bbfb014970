//! What stands between this computer and a server: a proxy, a login in front of it, certificates (protocol §1.6).
//!
//! [`Reach`] is kept in the preferences and may be edited by hand, so it holds plain text that is checked where it is used.
//! What is secret about it is in [`ReachSecrets`], which is kept with the token.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// How one server is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reach {
    /// [`Reach::SYSTEM`], [`Reach::NONE`], or the address of a proxy: `http://`, `https://` or `socks5://`, host and port.
    pub proxy: String,
    /// Who one is for that proxy; empty where it does not ask.
    pub proxy_user: String,
    /// Who one is for a web server in front (HTTP basic authentication); empty where there is none.
    pub front_user: String,
    /// A pre-authentication secret is sent with every request.
    pub pre_auth: bool,
    /// SHA-256 of the one certificate that is trusted here, in hexadecimal; empty = what this computer trusts.
    pub pinned_certificate: String,
    /// File with our own certificate, PEM or PKCS#12; empty = none.
    pub client_certificate: String,
    /// File with its key, where that is a PEM file of its own; empty = in the same file.
    pub client_key: String,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            proxy: Self::SYSTEM.to_owned(),
            proxy_user: String::new(),
            front_user: String::new(),
            pre_auth: false,
            pinned_certificate: String::new(),
            client_certificate: String::new(),
            client_key: String::new(),
        }
    }
}

impl Reach {
    /// The proxy that this computer's environment names, if it names one.
    pub const SYSTEM: &'static str = "system";
    /// No proxy, whatever the environment names.
    pub const NONE: &'static str = "none";

    /// Whether secrets may belong to it.
    pub fn may_have_secrets(&self) -> bool {
        self.pre_auth
            || !self.proxy_user.is_empty()
            || !self.front_user.is_empty()
            || !self.client_certificate.is_empty()
    }
}

/// The secrets of a [`Reach`]; empty ones are not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReachSecrets {
    /// Password for the proxy.
    pub proxy: Secret,
    /// Password for the web server in front.
    pub front: Secret,
    /// The pre-authentication secret.
    pub pre_auth: Secret,
    /// Password of the file with our certificate.
    pub client_certificate: Secret,
    /// What a server wants to see beside a session's cookie. Not the person's: it comes with signing in, and is needed
    /// only where a login in front takes the place of the token (protocol §2.6).
    pub csrf: Secret,
}

impl ReachSecrets {
    /// Fills in from `kept` what a person left empty because it did not change. A secret never goes to another place, or
    /// to another name, than it was given for.
    #[must_use]
    pub fn completed(self, now: &Reach, before: &Reach, kept: &Self) -> Self {
        let or = |new: Secret, old: &Secret, same: bool| if new.is_empty() && same { old.clone() } else { new };
        let same_proxy = now.proxy == before.proxy && now.proxy_user == before.proxy_user;
        let same_file = now.client_certificate == before.client_certificate && now.client_key == before.client_key;
        Self {
            proxy: or(self.proxy, &kept.proxy, same_proxy && !now.proxy_user.is_empty()),
            front: or(self.front, &kept.front, now.front_user == before.front_user && !now.front_user.is_empty()),
            pre_auth: or(self.pre_auth, &kept.pre_auth, now.pre_auth && before.pre_auth),
            client_certificate: or(self.client_certificate, &kept.client_certificate, same_file),
            csrf: or(self.csrf, &kept.csrf, true),
        }
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        let Self { proxy, front, pre_auth, client_certificate, csrf } = self;
        [proxy, front, pre_auth, client_certificate, csrf].into_iter().all(Secret::is_empty)
    }
}

/// What a person filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachDraft {
    /// What may be read.
    pub reach: Reach,
    /// What may not. Of a server in the list, an empty one stays as it is kept.
    pub secrets: ReachSecrets,
}

/// What has to be answered or filled in before a server can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Obstacle {
    /// The address leads to another host.
    Redirect {
        /// Where to: an address to try next.
        to: String,
        /// It does not look like a server that moved, but like a page to sign in at.
        sign_in_page: bool,
    },
    /// The server's certificate is not trusted.
    Certificate(Box<Untrusted>),
    /// The proxy wants a name and a password.
    ProxyLogin {
        /// Whether some were given.
        refused: bool,
    },
    /// A web server in front wants a name and a password.
    FrontLogin {
        /// Whether some were given.
        refused: bool,
    },
    /// A web server in front wants a pre-authentication secret.
    PreAuth {
        /// Whether one was given.
        refused: bool,
    },
    /// The server wants a certificate of ours.
    ClientCertificate {
        /// Whether one was shown.
        refused: bool,
    },
}

/// A certificate that is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untrusted {
    /// Why not, one sentence without a full stop.
    pub reason: String,
    /// What it says about itself.
    pub certificate: CertificateFacts,
    /// SHA-256 of the one that was trusted here until now; empty where none was.
    pub pinned: String,
}

/// What a certificate says about itself: words of whoever made it, made harmless and short.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// Whose it is.
    pub subject: String,
    /// Who says so.
    pub issuer: String,
    /// For which hosts.
    pub names: Vec<String>,
    /// From when on, as people read it.
    pub valid_from: String,
    /// Until when.
    pub valid_until: String,
    /// Pairs of hexadecimal digits with colons.
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> ReachSecrets {
        let secret = || Secret::new(text);
        ReachSecrets {
            proxy: secret(),
            front: secret(),
            pre_auth: secret(),
            client_certificate: secret(),
            csrf: secret(),
        }
    }

    #[test]
    fn a_secret_that_was_left_empty_stays_only_where_it_was_given_for() {
        let before = Reach {
            proxy: "http://proxy.example:3128".to_owned(),
            proxy_user: "ann".to_owned(),
            front_user: "ann".to_owned(),
            pre_auth: true,
            client_certificate: "/etc/belfry/me.p12".to_owned(),
            ..Reach::default()
        };
        let kept = secrets("kept");
        assert_eq!(ReachSecrets::default().completed(&before, &before, &kept), kept);
        assert_eq!(secrets("new").completed(&before, &before, &kept), secrets("new"));
        let elsewhere = Reach {
            proxy: "http://other.example:3128".to_owned(),
            front_user: "ben".to_owned(),
            pre_auth: false,
            client_certificate: "/etc/belfry/other.p12".to_owned(),
            ..before.clone()
        };
        let completed = ReachSecrets::default().completed(&elsewhere, &before, &kept);
        assert_eq!(completed, ReachSecrets { csrf: kept.csrf.clone(), ..ReachSecrets::default() });
        let nobody = Reach { proxy_user: String::new(), ..before.clone() };
        assert!(ReachSecrets::default().completed(&nobody, &before, &kept).proxy.is_empty());
    }

    #[test]
    fn secrets_are_never_printed() {
        let draft = ReachDraft { reach: Reach::default(), secrets: secrets("hunter2") };
        assert!(!format!("{draft:?}").contains("hunter2"));
    }
}
