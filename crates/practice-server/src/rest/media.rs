//! Pictures (`protocol.md` §8).

use hyper::Method;

use super::auth::unchanged;
use super::{Answer, Me, Reply, Req};
use crate::avatar;
use crate::error::Refused;
use crate::shared::Inner;

pub(super) fn answer(inner: &mut Inner, req: &Req, _me: &Me, segments: &[&str]) -> Option<Answer> {
    Some(match (&req.method, segments) {
        (&Method::GET, ["users", id, "image"]) => picture(inner, req, id),
        (&Method::GET, ["users", id, "image", "default"]) => inner.state.user(id).map(|user| png(&user.id)),
        (&Method::GET, ["files", id, "thumbnail" | "preview"]) => thumbnail(inner, id),
        (&Method::GET, ["teams", _, "image"]) => {
            Err(Refused::new(404, "api.team.get_team_icon.read_file.app_error", "Unable to read the team icon file."))
        }
        (&Method::GET, ["emoji", "name", _]) => {
            Err(Refused::new(501, "api.emoji.disabled.app_error", "Custom emoji have been disabled."))
        }
        _ => return None,
    })
}

/// A picture that was never uploaded is generated, and its first answer has no tag.
fn picture(inner: &Inner, req: &Req, id: &str) -> Answer {
    let user = inner.state.user(id)?;
    let etag = user.last_picture_update.to_string();
    if unchanged(req, &etag) {
        return Ok(Reply::text(304, "image/png", "").header("ETag", etag));
    }
    let reply = png(&user.picture_seed());
    Ok(if user.last_picture_update > 0 { reply.header("ETag", etag) } else { reply })
}

/// Only images have one.
fn thumbnail(inner: &Inner, id: &str) -> Answer {
    if inner.state.has_preview(id) {
        return Ok(png(id));
    }
    let message = "File doesn't have a thumbnail image.";
    Err(Refused::new(404, "api.file.get_file_thumbnail.no_thumbnail.app_error", message))
}

fn png(seed: &str) -> Reply {
    Reply {
        status: 200,
        headers: vec![("Content-Type", "image/png".to_owned()), ("Cache-Control", "max-age=86400, private".to_owned())],
        body: avatar::png(seed),
    }
}
