//! How long a session lasts, as its server says (protocol §2.5).

use belfry_core::event::SessionLife;
use serde::Deserialize;

use crate::clock;
use crate::http::{HttpError, Rest, Size};
use crate::lenient;
use crate::shapes;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SessionShape {
    #[serde(deserialize_with = "lenient::text")]
    id: String,
    #[serde(deserialize_with = "lenient::int")]
    create_at: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    expires_at: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    device_id: String,
}

const PATH: &str = "/api/v4/users/me/sessions";

async fn list(rest: &Rest) -> Result<(Vec<SessionShape>, Option<i64>), HttpError> {
    let reply = rest.read(PATH, Size::Ordinary).await?;
    Ok((shapes::list::<SessionShape>(&reply.body).items, reply.server_time_ms))
}

/// The number of the session that was just made: the newest of no phone. The list says of none "this is you"; where two
/// programs sign in within one moment the other's may be taken, which ends at the same time.
pub(crate) async fn newest(rest: &Rest) -> Option<String> {
    let (sessions, _) = list(rest).await.ok()?;
    let ours = sessions.into_iter().filter(|session| session.device_id.is_empty() && !session.id.is_empty());
    ours.max_by_key(|session| session.create_at).map(|session| session.id)
}

/// How long the session with this number still lasts; `None` where the server does not list it or gives no end.
pub(crate) async fn life(rest: &Rest, id: &str) -> Result<SessionLife, HttpError> {
    let (sessions, server_time_ms) = list(rest).await?;
    let ends_at = sessions.into_iter().find(|session| session.id == id).and_then(|session| session.expires_at);
    // Measured by the server's own clock: ours may be hours apart.
    let now = server_time_ms.unwrap_or_else(|| clock::process().wall_ms());
    Ok(SessionLife { ends_in_ms: ends_at.filter(|at| *at > 0).map(|at| at.saturating_sub(now)) })
}
