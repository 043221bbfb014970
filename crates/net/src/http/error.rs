//! Why a call did not work, and whether it may work later.

use std::time::Duration;

use thiserror::Error;

use crate::trouble::Trouble;

/// Only this id on the API means that the session is over (protocol §2.5).
pub(super) const SESSION_EXPIRED: &str = "api.context.session_expired.app_error";
/// Policy wants an authenticator that the person has not set up (protocol §2.1).
const MFA_REQUIRED: &str = "api.context.mfa_required.app_error";

/// Why a call did not work. `Display` is one sentence without a full stop; it never holds a URL, a token or a body.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The address is no web address.
    #[error("the address is not valid")]
    BadAddress,
    /// No answer came.
    #[error("{0}")]
    Unreachable(Trouble),
    /// The server refused.
    #[error("{}", refusal(*.status, .id))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's own error id; empty where it sent none.
        id: String,
        /// How long it asked us to wait.
        retry_after: Option<Duration>,
        /// Whether this ends the session.
        session_expired: bool,
    },
    /// The server sent us elsewhere, which after sign-in mostly means a wrong address.
    #[error("the server redirected the request elsewhere")]
    Redirected,
    /// The answer was larger than anything we keep.
    #[error("the server's answer was larger than any should be; if that stays so, tell its administrator")]
    TooLarge,
    /// The answer was not what it should be.
    #[error("the server's answer could not be read; if that stays so, tell its administrator")]
    Malformed,
}

fn refusal(status: u16, id: &str) -> String {
    match (status, id) {
        (_, SESSION_EXPIRED) => "the server ended the session".to_owned(),
        (_, MFA_REQUIRED) => "the server wants two-step sign-in to be set up".to_owned(),
        (429, _) => "the server asked us to slow down".to_owned(),
        (502..=504, _) => "the server is not available at present".to_owned(),
        (_, "") => format!("the server refused with status {status}"),
        (_, id) => format!("the server refused with status {status} ({id})"),
    }
}

impl HttpError {
    /// Whether the same call may work later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(trouble) => !trouble.is_certificate(),
            Self::Refused { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Malformed => true,
            Self::BadAddress | Self::Redirected | Self::TooLarge => false,
        }
    }

    /// Whether the server said that the session is over.
    pub fn is_session_expired(&self) -> bool {
        matches!(self, Self::Refused { session_expired: true, .. })
    }

    /// Whether the server wants two-step sign-in to be set up first.
    pub fn is_mfa_required(&self) -> bool {
        matches!(self, Self::Refused { status: 403, id, .. } if id == MFA_REQUIRED)
    }

    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::BadAddress | Self::Unreachable(_) | Self::Redirected | Self::TooLarge | Self::Malformed => None,
        }
    }

    /// The server's error id of a refusal; empty otherwise.
    pub fn id(&self) -> &str {
        match self {
            Self::Refused { id, .. } => id,
            Self::BadAddress | Self::Unreachable(_) | Self::Redirected | Self::TooLarge | Self::Malformed => "",
        }
    }

    /// How long the server asked us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::BadAddress | Self::Unreachable(_) | Self::Redirected | Self::TooLarge | Self::Malformed => None,
        }
    }
}
