//! The verbs for other processes: `POST /practice/<verb>` with a JSON body, `GET` for questions.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::Refused;
use crate::faults::HttpFault;
use crate::hub::Payload;
use crate::person::Person;
use crate::rest::{Reply, Req};
use crate::shared::Shared;

/// What a verb was told.
struct Told {
    body: Map<String, Value>,
    shared: Arc<Shared>,
}

impl Told {
    fn text(&self, key: &str) -> &str {
        self.body.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn need(&self, key: &str) -> Result<&str, Refused> {
        self.body.get(key).and_then(Value::as_str).ok_or_else(|| Refused::body(key))
    }

    fn number(&self, key: &str, otherwise: u64) -> u64 {
        self.body.get(key).and_then(Value::as_u64).unwrap_or(otherwise)
    }

    fn flag(&self, key: &str) -> bool {
        self.body.get(key).and_then(Value::as_bool).unwrap_or(true)
    }

    fn list(&self, key: &str) -> Vec<&str> {
        self.body.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    fn person(&self) -> Result<Person, Refused> {
        Ok(Person::new(Arc::clone(&self.shared), self.need("as")?))
    }

    fn user(&self) -> Result<Option<String>, Refused> {
        match self.text("user") {
            "" => Ok(None),
            name => self.shared.lock().state.find_user(name).map(Some),
        }
    }
}

/// Answers one request; the path is the verb alone.
pub(crate) fn answer(shared: &Arc<Shared>, req: &Req) -> Reply {
    let verb = req.path.trim_matches('/');
    let result = if req.method == hyper::Method::GET {
        question(shared, req, verb)
    } else {
        let body = if req.body.is_empty() { Ok(Map::new()) } else { req.object() };
        body.and_then(|body| order(&Told { body, shared: Arc::clone(shared) }, verb))
    };
    shared.touch();
    result.unwrap_or_else(|refused| Reply::refused(&refused, None))
}

fn question(shared: &Shared, req: &Req, verb: &str) -> Result<Reply, Refused> {
    let inner = shared.lock();
    let user = || inner.state.find_user(req.query("user").unwrap_or_default());
    Ok(match verb {
        "counts" => Reply::json(&inner.state.counts(&user()?)?),
        "connections" => Reply::json(&json!({ "connections": inner.hub.live(&user()?) })),
        "presence" => {
            let user = user()?;
            Reply::json(&inner.state.ledger.iter().filter(|e| e.user_id == user).collect::<Vec<_>>())
        }
        "requests" => Reply::json(&inner.requests),
        "channel" => {
            let id = inner.state.find_channel(&user()?, req.query("name").unwrap_or_default())?;
            Reply::json(inner.state.channel(&id)?)
        }
        _ => return Err(Refused::no_endpoint(verb)),
    })
}

fn made<T: Serialize>(key: &str, value: T) -> Reply {
    Reply::json(&json!({ key: value }))
}

fn order(told: &Told, verb: &str) -> Result<Reply, Refused> {
    if let Some(reply) = fault(told, verb)? {
        return Ok(reply);
    }
    let me = told.person()?;
    let channel = || told.need("channel");
    match verb {
        "post" => {
            let text = told.text("message");
            let files = told.list("files");
            let id = if !told.text("root").is_empty() {
                me.replies(told.text("root"), text)?
            } else if let Some(props) = told.body.get("props") {
                me.posts_with_props(channel()?, text, props)?
            } else if !files.is_empty() {
                me.posts_files(channel()?, text, &files)?
            } else if !told.text("webhook").is_empty() {
                me.posts_as_webhook(channel()?, told.text("webhook"), text)?
            } else {
                me.posts_with_priority(channel()?, text, told.text("priority"))?
            };
            return Ok(made("post_id", id));
        }
        "reply" => return Ok(made("post_id", me.replies(told.need("root")?, told.text("message"))?)),
        "direct" => return Ok(made("post_id", me.direct(told.need("to")?, told.text("message"))?)),
        "group" => return Ok(made("post_id", me.group(&told.list("to"), told.text("message"))?)),
        "call" => match told.text("action") {
            "leave" => me.leaves_call(channel()?)?,
            "end" => me.ends_call(channel()?)?,
            "dismiss" => me.dismisses_call(channel()?)?,
            _ => return Ok(made("call_id", me.starts_call(channel()?)?)),
        },
        "token" => return Ok(made("token", me.signs_in()?)),
        "edit" => me.edits(told.need("post")?, told.text("message"))?,
        "delete" => me.deletes(told.need("post")?)?,
        "typing" => me.types(channel()?)?,
        "insist" => me.insists(told.need("post")?)?,
        "read" if told.text("root").is_empty() => me.reads(channel()?)?,
        "read" => me.reads_thread(told.text("root"))?,
        "unread" => me.marks_unread(told.need("post")?)?,
        "follow" if told.flag("on") => me.follows(told.need("root")?)?,
        "follow" => me.unfollows(told.need("root")?)?,
        "mute" if told.flag("on") => me.mutes(channel()?)?,
        "mute" => me.unmutes(channel()?)?,
        "channel-setting" => me.sets_channel(channel()?, told.need("key")?, told.need("value")?)?,
        "setting" => me.sets_notify(told.need("key")?, told.need("value")?)?,
        "preference" => me.prefers(told.need("category")?, told.need("name")?, told.need("value")?)?,
        "status" => me.sets_status(told.need("status")?)?,
        "join" => me.joins(channel()?)?,
        "leave" => me.leaves(channel()?)?,
        "add" => me.adds(told.need("who")?, channel()?)?,
        "remove" => me.removes(told.need("who")?, channel()?)?,
        "header" => me.changes_header(channel()?, told.text("header"))?,
        "archive" => me.archives(channel()?)?,
        _ => return Err(Refused::no_endpoint(verb)),
    }
    Ok(Reply::okay())
}

/// Verbs that concern the server itself. `None`: the verb is somebody's.
fn fault(told: &Told, verb: &str) -> Result<Option<Reply>, Refused> {
    let user = told.user()?;
    let user = user.as_deref();
    let mut inner = told.shared.lock();
    match verb {
        "drop" => inner.hub.links(user).iter().for_each(|link| link.kill()),
        "cut" => inner.hub.links(user).iter().for_each(|link| link.cut_next_write()),
        "stall" => {
            let on = told.flag("on");
            inner.all_links().iter().for_each(|link| link.stall(on));
        }
        "skip" => inner.hub.skip(told.number("n", 1)),
        "duplicate" => inner.hub.duplicate_next(),
        "raw" => inner.hub.inject(user, &Payload::Text(told.text("text").to_owned())),
        "views-dropped" => inner.hub.drops_views = told.flag("on"),
        "followers-withheld" => inner.state.withholds_followers = told.flag("on"),
        "restart" => {
            inner.hub.forget_all();
            let links = inner.all_links();
            // This request has to be answered first.
            told.shared.spawn(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                for link in links {
                    link.kill();
                }
            });
        }
        "revoke" => match user {
            Some(user) => inner.state.revoke_all(user),
            None => return Err(Refused::body("user")),
        },
        "expire" => match user {
            Some(user) => inner.state.expire_all(user),
            None => return Err(Refused::body("user")),
        },
        "fault" => {
            let fault = http_fault(told)?;
            let times = usize::try_from(told.number("times", 1)).unwrap_or(usize::MAX);
            inner.faults.add(told.text("path"), &fault, times);
        }
        "behave" => {
            inner.faults.clear();
            inner.hub.drops_views = false;
        }
        "quit" => {
            told.shared.quit.send_replace(true);
        }
        "day/start" => {
            let speed = told.body.get("speed").and_then(Value::as_f64).unwrap_or(1.0);
            if !speed.is_finite() || speed <= 0.0 {
                return Err(Refused::body("speed"));
            }
            told.shared.days.send_replace(speed);
        }
        _ => return Ok(None),
    }
    Ok(Some(Reply::okay()))
}

fn http_fault(told: &Told) -> Result<HttpFault, Refused> {
    let seconds = told.number("seconds", 1);
    Ok(match told.text("kind") {
        "502" => HttpFault::BadGateway,
        "429" => HttpFault::TooMany(u32::try_from(seconds).unwrap_or(u32::MAX)),
        "503" => HttpFault::Busy,
        "500" => HttpFault::Internal,
        "html" => HttpFault::WebPage,
        "truncate" => HttpFault::Truncate,
        "garble" => HttpFault::Garble,
        "404" => HttpFault::NotFound,
        "reset" => HttpFault::Reset,
        "delay" => HttpFault::Delay(Duration::from_millis(told.number("ms", seconds.saturating_mul(1000)))),
        "redirect" => HttpFault::Redirect(told.text("to").to_owned()),
        _ => return Err(Refused::body("kind")),
    })
}
