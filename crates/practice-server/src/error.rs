//! Refusals, as the API writes them.

use std::fmt;

use serde_json::{Value, json};

/// The server would not do something: a status, an error id and a sentence (`protocol.md` §7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// Error id; it decides, the text does not.
    pub id: String,
    /// A sentence in English.
    pub message: String,
    /// Written into `detailed_error`, which the API leaves empty but for unknown paths.
    pub detail: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.id, self.message)
    }
}

impl std::error::Error for Refused {}

impl Refused {
    pub(crate) fn new(status: u16, id: &str, message: impl Into<String>) -> Self {
        Self { status, id: id.to_owned(), message: message.into(), detail: String::new() }
    }

    pub(crate) fn session() -> Self {
        Self::new(401, "api.context.session_expired.app_error", "Invalid or expired session, please login again.")
    }

    pub(crate) fn permission() -> Self {
        Self::new(403, "api.context.permissions.app_error", "You do not have the appropriate permissions.")
    }

    pub(crate) fn body(name: &str) -> Self {
        Self::new(
            400,
            "api.context.invalid_body_param.app_error",
            format!("Invalid or missing {name} in request body."),
        )
    }

    pub(crate) fn url(name: &str) -> Self {
        Self::new(
            400,
            "api.context.invalid_url_param.app_error",
            format!("Invalid or missing {name} parameter in request URL."),
        )
    }

    pub(crate) fn no_channel(id: &str) -> Self {
        Self::new(404, "app.channel.get.existing.app_error", format!("Unable to find the existing channel {id}."))
    }

    pub(crate) fn no_member() -> Self {
        Self::new(
            404,
            "app.channel.get_member.missing.app_error",
            "No channel member found for that user ID and channel ID.",
        )
    }

    pub(crate) fn no_user() -> Self {
        Self::new(404, "app.user.missing_account.const", "Unable to find the user.")
    }

    pub(crate) fn no_post() -> Self {
        Self::new(404, "app.post.get.app_error", "Unable to get the post.")
    }

    pub(crate) fn no_thread() -> Self {
        Self::new(404, "app.user.get_threads_for_user.not_found", "Unable to find that user's thread membership.")
    }

    /// The answer to a path that this version does not have.
    pub(crate) fn no_endpoint(path: &str) -> Self {
        Self {
            status: 404,
            id: "api.context.404.app_error".to_owned(),
            message: "Sorry, we could not find the page.".to_owned(),
            detail: format!("There doesn't appear to be an api call for the url='{path}'."),
        }
    }

    pub(crate) fn json(&self, request_id: Option<&str>) -> Value {
        let mut body = json!({
            "id": self.id, "message": self.message, "detailed_error": self.detail, "status_code": self.status,
        });
        if let (Some(id), Some(map)) = (request_id, body.as_object_mut()) {
            map.insert("request_id".to_owned(), json!(id));
        }
        body
    }
}
