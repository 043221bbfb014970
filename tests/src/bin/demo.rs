//! `cargo xtask demo` without a display: the real `belfry --demo` on a desktop of its own, with pictures of what it shows.
#![expect(clippy::print_stdout, reason = "it says where the pictures are")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use belfry_core::command::Command;
use belfry_core::prefs::{Permission, ThemeChoice};
use belfry_tests::damage::Damage;
use belfry_tests::process::{Process, workspace};
use belfry_tests::screen::{Rect, Window};
use belfry_tests::stage::{cards, is_live};
use belfry_tests::{Client, Desktop, eventually};

/// A minute and a half, played in half a minute.
const SPEED: &str = "3";
/// A picture is taken when nothing was drawn for so long.
const STILL: Duration = Duration::from_millis(150);

fn main() -> anyhow::Result<()> {
    let mut show = Show::begin()?;
    show.permission()?;
    show.banners()?;
    show.window()?;
    show.end()
}

struct Show {
    client: Client,
    agent: Process,
    damage: Damage,
    desktop: Desktop,
    folder: PathBuf,
}

impl Show {
    fn begin() -> anyhow::Result<Self> {
        // Wide enough for the window and the cards beside it.
        let mut desktop = Desktop::sized(1920, 960)?;
        desktop.start_sound()?;
        let damage = Damage::watch(desktop.display())?;
        let agent = desktop.belfry(&["--demo", "--quiet-day"])?;
        let client = Client::connect(&desktop.demo_socket())?;
        let folder = workspace().join("out/demo");
        let mut show = Self { client, agent, damage, desktop, folder };
        show.theme(ThemeChoice::Light)?;
        Ok(show)
    }

    /// The prompt, then yes to every server.
    fn permission(&mut self) -> anyhow::Result<()> {
        let view = self.client.until("the permission prompt", |view| {
            view.servers.len() == 2 && view.servers.iter().all(is_live) && !view.permission_prompts.is_empty()
        })?;
        self.main_window()?;
        self.damage.settle(STILL)?;
        self.picture("permission-light", None)?;
        for server in view.servers.iter().map(|server| server.id) {
            self.client.command(Command::SetPermission { server, permission: Permission::Allowed })?;
        }
        self.client.until("the permissions", |view| view.permission_prompts.is_empty())?;
        self.client.command(Command::DismissAllBanners)?;
        self.cards("no card", |count| count == 0)?;
        Ok(())
    }

    /// The day begins: one card, then a stack of them, in both themes.
    fn banners(&mut self) -> anyhow::Result<()> {
        let first = self.client.view()?.servers.first().map(|server| server.url.clone()).context("no server")?;
        start_day(&first)?;
        self.cards("a card", |count| count == 1)?;
        self.corner("banner-light")?;
        self.cards("a stack of cards", |count| count >= 3)?;
        self.corner("banners-light")?;
        self.theme(ThemeChoice::Dark)?;
        self.corner("banners-dark")
    }

    /// The window at the end of the day, when one server has signed out, in both themes.
    fn window(&mut self) -> anyhow::Result<()> {
        self.client
            .until("a number and a signed-out server", |view| view.badge.signed_out && view.badge.mentions > 0)?;
        self.client.until("the last message of the day", |view| {
            view.recent.iter().any(|item| item.line.contains("quick look"))
        })?;
        self.client.command(Command::DismissAllBanners)?;
        self.cards("no card", |count| count == 0)?;
        // What a card covered is painted by the window below it, in its own time.
        self.damage.settle(STILL)?;
        let window = self.main_window()?;
        self.picture("window-dark", Some(window.rect))?;
        self.theme(ThemeChoice::Light)?;
        self.damage.settle(STILL)?;
        self.picture("window-light", Some(window.rect))
    }

    fn end(mut self) -> anyhow::Result<()> {
        self.client.command(Command::Quit)?;
        let status = self.agent.wait_for_end()?;
        ensure!(status.success(), "belfry ended with {status}");
        println!("the pictures are in {}", self.folder.strip_prefix(workspace()).unwrap_or(&self.folder).display());
        Ok(())
    }

    /// Changes the theme and waits until what is painted follows.
    fn theme(&mut self, theme: ThemeChoice) -> anyhow::Result<()> {
        let base = self.client.view()?.prefs.clone();
        let prefs = Box::new(belfry_core::prefs::LocalPrefs { theme, ..base.clone() });
        self.client.command(Command::SetLocalPrefs { base: Box::new(base), prefs })?;
        let dark = theme == ThemeChoice::Dark;
        let window = self.main_window()?;
        // The right edge of the window is bare ground on every page.
        let ground = Rect { x: window.rect.right() - 12, y: window.rect.bottom() - 40, width: 4, height: 4 };
        eventually("the theme on the screen", || {
            let picture = self.desktop.screen.picture(ground)?;
            let light = picture.pixels().all(|pixel| pixel.0.iter().all(|channel| *channel > 128));
            Ok((light != dark).then_some(()))
        })
    }

    fn main_window(&self) -> anyhow::Result<Window> {
        eventually("the main window", || {
            let windows = self.desktop.screen.windows()?;
            Ok(windows.into_iter().find(|window| window.is_belfry() && !window.override_redirect && window.viewable))
        })
    }

    fn cards(&self, what: &str, enough: impl Fn(usize) -> bool) -> anyhow::Result<Vec<Rect>> {
        eventually(what, || Ok(Some(cards(&self.desktop)?).filter(|cards| enough(cards.len()))))
    }

    /// The top right of the display, as far down as there are cards.
    fn corner(&self, name: &str) -> anyhow::Result<()> {
        let cards = cards(&self.desktop)?;
        let screen = self.desktop.screen.rect()?;
        let bottom = cards.last().map_or(200, |card| card.bottom());
        let left = cards.first().map_or(880, |card| card.x) - 16;
        let part = Rect { x: left, y: 0, width: screen.right() - left, height: bottom + 16 };
        self.picture(name, Some(part))
    }

    fn picture(&self, name: &str, part: Option<Rect>) -> anyhow::Result<()> {
        let path = self.folder.join(format!("{name}.png"));
        self.desktop.screen.save_picture(part, &path)?;
        println!("{}", path.strip_prefix(workspace()).unwrap_or(&path).display());
        Ok(())
    }
}

/// Tells the practice server that the day may begin.
fn start_day(url: &str) -> anyhow::Result<()> {
    let address = url.strip_prefix("http://").context("the practice server speaks plain HTTP")?;
    let mut stream = TcpStream::connect(address)?;
    let body = format!("{{\"speed\":{SPEED}}}");
    write!(
        stream,
        "POST /practice/day/start HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.lines().next().unwrap_or_default();
    ensure!(status.contains(" 200 "), "the day did not begin: {status}");
    Ok(())
}
