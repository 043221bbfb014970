//! A scripted day among invented people on two servers.
//!
//! The script is a table; [`Player`] performs it on running servers. Whoever watches is `morgan`. By the end a number,
//! a dot and a lost session have all been there.

mod cast;
mod script;

pub use cast::{lumen_labs, northwind};
pub use script::{Act, SCRIPT, Scene};

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::error::Refused;
use crate::server::PracticeServer;

/// Who watches the day, on both servers.
pub const OBSERVER: &str = "morgan";

/// Performs scenes on servers and remembers the posts that later scenes refer to.
#[derive(Debug)]
pub struct Player {
    servers: Vec<PracticeServer>,
    posts: BTreeMap<&'static str, String>,
}

impl Player {
    /// A player for these servers, in the order of the script; scenes on servers that are not there are left out.
    pub fn new(servers: Vec<PracticeServer>) -> Self {
        Self { servers, posts: BTreeMap::new() }
    }

    /// What happened before the day: old threads and conversations, all read.
    pub fn remembers_yesterday(&mut self) -> Result<(), Refused> {
        for scene in script::YESTERDAY {
            self.perform(scene)?;
        }
        for server in &self.servers {
            let channels: Vec<String> = server.counts(OBSERVER)?.channels.into_keys().collect();
            for channel in channels {
                server.person(OBSERVER).reads(&channel)?;
            }
        }
        Ok(())
    }

    /// Plays the whole day, `speed` times as fast as written.
    pub async fn plays(&mut self, speed: f64) {
        let mut at = 0;
        for scene in SCRIPT {
            let wait = Duration::from_millis(u64::from(scene.at_ms.saturating_sub(at)));
            let wait = Duration::try_from_secs_f64(wait.as_secs_f64() / speed.max(0.001)).unwrap_or(wait);
            tokio::time::sleep(wait).await;
            at = scene.at_ms;
            // A scene may be impossible because somebody interfered; the day goes on.
            self.perform(scene).ok();
        }
    }

    /// Performs one scene.
    pub fn perform(&mut self, scene: &Scene) -> Result<(), Refused> {
        let Some(server) = self.servers.get(scene.server) else { return Ok(()) };
        let person = server.person(scene.who);
        let post = match &scene.act {
            Act::Direct(text) => person.direct(OBSERVER, text)?,
            Act::Group(with, text) => person.group(with, text)?,
            Act::Post(channel, text) => person.posts(channel, text)?,
            Act::Urgent(channel, text) => person.posts_with_priority(channel, text, "urgent")?,
            Act::File(channel, text, file) => person.posts_files(channel, text, &[file])?,
            Act::Reply(to, text) => person.replies(self.post(to)?, text)?,
            Act::UnannouncedReply(to, text) => {
                let to = self.post(to)?.to_owned();
                server.withholds_followers(true);
                let reply = person.replies(&to, text);
                server.withholds_followers(false);
                reply?
            }
            Act::Attachment(channel, title, text) => {
                let attachment = json!({ "title": title, "text": text, "fallback": title, "color": "#c2332b" });
                person.posts_with_props(channel, "", &json!({ "attachments": [attachment] }))?
            }
            other => return self.perform_quietly(server, &person, other),
        };
        if !scene.name.is_empty() {
            self.posts.insert(scene.name, post);
        }
        Ok(())
    }

    /// Acts that write nothing.
    fn perform_quietly(
        &self,
        server: &PracticeServer,
        person: &crate::person::Person,
        act: &Act,
    ) -> Result<(), Refused> {
        match act {
            Act::Typing(channel) => person.types(channel),
            Act::Edit(post, text) => person.edits(self.post(post)?, text),
            Act::Delete(post) => person.deletes(self.post(post)?),
            Act::Read(channel) => person.reads(channel),
            Act::ReadThread(post) => person.reads_thread(self.post(post)?),
            Act::Call(channel) => person.starts_call(channel).map(|_| ()),
            Act::HangUp(channel) => person.leaves_call(channel),
            Act::Status(status) => person.sets_status(status),
            Act::Join(channel) => person.joins(channel),
            Act::LoseSession => server.revokes_session(OBSERVER),
            _ => Ok(()),
        }
    }

    fn post(&self, name: &str) -> Result<&str, Refused> {
        self.posts.get(name).map(String::as_str).ok_or_else(Refused::no_post)
    }
}
