//! A desktop with the real `belfry` on it, signed in to a practice server.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::view::{Health, ServerView, View};
use belfry_practice_server::World;

use crate::desktop::Manager;
use crate::notifications::Notifications;
use crate::practice::Practice;
use crate::process::{self, Process, descendants, workspace};
use crate::screen::{Rect, Window};
use crate::{Client, Desktop, eventually};

/// Height of the panel on every stage: the work area is not the display.
pub const PANEL: u16 = 28;

/// Everything that a test of the whole needs. Field order is drop order.
#[derive(Debug)]
pub struct Stage {
    /// A hand on the agent.
    pub client: Client,
    /// The entry of [`Stage::practice`].
    pub server: ServerId,
    /// The agent itself.
    pub agent: Process,
    /// The server that it is signed in to, as `morgan`.
    pub practice: Practice,
    /// The system's notification service.
    pub notifications: Notifications,
    /// A person's window that has the focus.
    pub victim: u32,
    /// Where all that happens.
    pub desktop: Desktop,
}

impl Stage {
    /// Without sound.
    pub fn new() -> anyhow::Result<Self> {
        Self::with_program(Desktop::start()?, process::belfry()?)
    }

    /// With a sound server.
    pub fn with_sound() -> anyhow::Result<Self> {
        let mut desktop = Desktop::start()?;
        desktop.start_sound()?;
        Self::with_program(desktop, process::belfry()?)
    }

    /// On a desktop that is managed like this, without sound.
    pub fn managed(manager: Manager) -> anyhow::Result<Self> {
        Self::with_program(Desktop::managed(manager)?, process::belfry()?)
    }

    /// The part of the display where banners may stand.
    pub fn work_area(&self) -> anyhow::Result<Rect> {
        let screen = &self.desktop.screen;
        if screen.window_manager()?.is_some() { screen.work_area() } else { screen.rect() }
    }

    /// On a desktop that is there, with a `belfry` that stands elsewhere.
    pub fn with_program(desktop: Desktop, program: &Path) -> anyhow::Result<Self> {
        Self::with_world(desktop, program, World::small().configured("TeammateNameDisplay", "full_name"))
    }

    /// The same, signed in to a server of another world that knows `morgan` and a few more.
    pub fn with_world(desktop: Desktop, program: &Path, world: World) -> anyhow::Result<Self> {
        // In this order: an active window proves that the window manager is up, which a panel needs to be heeded.
        let victim = desktop.screen.open_victim()?;
        if desktop.screen.window_manager()?.is_some() {
            desktop.screen.open_panel(PANEL)?;
        }
        let notifications = Notifications::start(&desktop)?;
        write_preferences(&desktop, "")?;
        let practice = Practice::start(world)?;
        let agent = desktop.belfry_at(program, &["--hidden"])?;
        let mut client = Client::connect(&desktop.socket())?;
        let server = client.add_server(&practice.url(), "morgan", "practice")?;
        client.until("the server to be live", |view| view.server(server).is_some_and(is_live))?;
        practice.until_connected("morgan");
        let mut stage = Self { client, server, agent, practice, notifications, victim, desktop };
        // Allowing shows a sample; a stage begins with nothing on the screen.
        stage.client.until("the sample", |view| !view.banners.is_empty())?;
        stage.clear()?;
        Ok(stage)
    }

    /// Takes every banner away and waits until the screen is empty.
    pub fn clear(&mut self) -> anyhow::Result<()> {
        self.client.command(Command::DismissAllBanners)?;
        self.client.until("no banner", |view| view.banners.is_empty())?;
        self.cards(0)?;
        Ok(())
    }

    /// From now on cards stay long enough for any machine, and stand still.
    pub fn keep_cards(&mut self) -> anyhow::Result<()> {
        let base = self.client.view()?.prefs;
        let mut prefs = base.clone();
        prefs.banner.mention_secs = 120;
        prefs.reduce_motion = true;
        self.client.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) })?;
        self.client.until("two minutes for a mention", |view| view.prefs.banner.mention_secs == 120)?;
        Ok(())
    }

    /// Somebody writes to the observer directly.
    pub fn direct(&self, from: &str, text: &str) -> anyhow::Result<String> {
        Ok(self.practice.person(from).direct("morgan", text)?)
    }

    /// The banners' window, where there is one.
    pub fn banners(&self) -> anyhow::Result<Option<Window>> {
        banners(&self.desktop)
    }

    /// Waits until exactly this many cards are on the screen, and gives their places from the top down.
    pub fn cards(&self, count: usize) -> anyhow::Result<Vec<Rect>> {
        let what = format!("{count} cards on the screen");
        let found = eventually(&what, || {
            let cards = cards(&self.desktop)?;
            Ok((cards.len() == count).then_some(cards))
        });
        found.with_context(|| format!("the view has {:#?}", self.client.view().map(|view| view.banners.clone())))
    }

    /// Waits until every card of the view is known to have been painted: their time runs from then on.
    pub fn painted(&self) -> anyhow::Result<()> {
        let is_painted = |view: &View| view.banners.iter().all(|card| card.remaining_ms.is_some());
        self.client.until("the cards to be painted", |view| !view.banners.is_empty() && is_painted(view))?;
        Ok(())
    }

    /// The process of the banners' face, once there is one.
    pub fn banners_process(&self) -> anyhow::Result<u32> {
        eventually("the banners' face to run", || {
            let children = descendants(self.agent.id())?;
            Ok(children.into_iter().find(|(_, line)| line.contains("face banners")).map(|(id, _)| id))
        })
    }

    /// Saves what is on the screen.
    pub fn picture(&self, name: &str) -> anyhow::Result<()> {
        self.desktop.screen.save_picture(None, &pictures().join(format!("{name}.png")))
    }
}

/// The banners' window of a desktop, where there is one.
fn banners(desktop: &Desktop) -> anyhow::Result<Option<Window>> {
    Ok(desktop.screen.windows()?.into_iter().find(|window| window.override_redirect && window.is_belfry()))
}

/// Places of the cards on a desktop at this moment, from the top down.
pub fn cards(desktop: &Desktop) -> anyhow::Result<Vec<Rect>> {
    let Some(window) = banners(desktop)?.filter(|window| window.viewable) else { return Ok(Vec::new()) };
    // A window that ends while we look has no cards.
    Ok(desktop.screen.shape(window.id).map(stacked).unwrap_or_default())
}

/// Joins the parts of a shape that touch: a rounded card has a part for each row of its corners.
fn stacked(mut parts: Vec<Rect>) -> Vec<Rect> {
    // One pixel means that there is no card.
    parts.retain(|part| part.width > 1 || part.height > 1);
    parts.sort_by_key(|part| part.y);
    let mut cards: Vec<Rect> = Vec::new();
    for part in parts {
        match cards.last_mut().filter(|card| part.y <= card.bottom()) {
            Some(card) => {
                let (x, right) = (card.x.min(part.x), card.right().max(part.right()));
                let bottom = card.bottom().max(part.bottom());
                *card = Rect { x, y: card.y, width: right - x, height: bottom - card.y };
            }
            None => cards.push(part),
        }
    }
    cards
}

/// Where tests leave pictures and recordings to be looked at.
pub fn pictures() -> PathBuf {
    workspace().join("target/screenshots")
}

/// Preferences for a machine without a keyring, with more lines if wanted.
pub fn write_preferences(desktop: &Desktop, more: &str) -> anyhow::Result<()> {
    let folder = desktop.home().join("config/belfry");
    std::fs::create_dir_all(&folder)?;
    let text = format!("version = 1\ntokens_in_file = true\nreduce_motion = true\n{more}");
    Ok(std::fs::write(folder.join("preferences.toml"), text)?)
}

/// Whether events arrive from a server.
pub fn is_live(server: &ServerView) -> bool {
    server.health == Health::Live
}
