//! The tray icon: a `StatusNotifierItem` with the badge painted into it, and a menu.
//!
//! What it shows is a pure function of the view; the desktop is told only when that changed. A desktop without a tray
//! is not an error (plain GNOME has none): the item waits for one to appear.

use std::sync::Arc;
use std::time::Duration;

use belfry_core::badge::Badge;
use belfry_core::command::{Command, Place};
use belfry_core::ids::{PostId, ServerId};
use belfry_core::prefs::Permission;
use belfry_core::view::{Health, ServerView, View};
use ksni::menu::{MenuItem, StandardItem, SubMenu};
use ksni::{Category, Handle, Icon, ToolTip, Tray, TrayMethods as _};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::mark::Bell;

/// The sizes that panels ask for, in pixels.
const SIZES: [u32; 5] = [16, 22, 24, 32, 48];
/// The view may go on changing for so long before the tray follows.
const SETTLE: Duration = Duration::from_millis(100);
/// Longer lines are cut: menus do not wrap.
const LINE_CHARS: usize = 60;
/// The minutes offered in the menu.
const PAUSES: [(&str, Option<u32>); 3] =
    [("For 30 minutes", Some(30)), ("For 1 hour", Some(60)), ("Until I resume", None)];

/// Shows the tray icon while the preferences want it, until the view ends.
///
/// Clicks arrive in `commands`; one that finds it full is dropped, which a person notices and repeats.
pub async fn run(mut view: watch::Receiver<Arc<View>>, commands: mpsc::Sender<Command>) {
    let mut handle: Option<Handle<Item>> = None;
    let mut shown = None;
    let mut refused = false;
    loop {
        let newest = Arc::clone(&view.borrow_and_update());
        if newest.prefs.tray && !refused {
            let model = Model::of(&newest);
            if let Some(handle) = &handle {
                // Every update makes us describe icon and menu anew, and the desktop read them: only real changes do.
                if shown.as_ref() != Some(&model) {
                    shown = Some(model.clone());
                    let told = handle.update(move |item| item.become_like(model)).await;
                    tracing::trace!(gone = told.is_none(), "tray");
                }
            } else {
                shown = Some(model.clone());
                let item = Item::new(model, commands.clone());
                match item.assume_sni_available(true).spawn().await {
                    Ok(spawned) => handle = Some(spawned),
                    Err(error) => {
                        // Without a session bus there never is a tray; asked again when switched off and on.
                        tracing::info!(%error, "there is no tray");
                        refused = true;
                    }
                }
            }
        } else if !newest.prefs.tray {
            refused = false;
            if let Some(handle) = handle.take() {
                handle.shutdown().await;
            }
        }
        let mut same = true;
        while same {
            if view.changed().await.is_err() {
                return;
            }
            // Pings change the view too, and waiting for it to settle wakes the machine.
            let newest = view.borrow_and_update();
            same = if refused {
                newest.prefs.tray
            } else if newest.prefs.tray {
                shown.as_ref() == Some(&Model::of(&newest))
            } else {
                handle.is_none()
            };
        }
        // Painting takes a few milliseconds: what hurries goes first, and a burst of messages is one change here.
        sleep(SETTLE).await;
    }
}

/// Whether a panel shows tray icons, for `belfry doctor`.
pub async fn probe(bus: Option<&str>) -> Result<(), String> {
    let connection =
        super::toast::session_bus(bus).await.map_err(|error| format!("there is no session bus: {error}"))?;
    let proxy = zbus::fdo::DBusProxy::new(&connection).await.map_err(|error| error.to_string())?;
    let name = zbus::names::BusName::try_from("org.kde.StatusNotifierWatcher").map_err(|error| error.to_string())?;
    match proxy.name_has_owner(name).await {
        Ok(true) => Ok(()),
        Ok(false) => Err("this desktop shows no tray icons; start Belfry again to open its window".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// What the tray shows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Model {
    badge: Badge,
    paused: bool,
    servers: Vec<ServerLine>,
    recent: Vec<RecentLine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ServerLine {
    line: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct RecentLine {
    server: ServerId,
    post: Option<PostId>,
    line: String,
}

impl Model {
    fn of(view: &View) -> Self {
        Self {
            badge: view.badge,
            paused: view.paused_until_ms.is_some(),
            servers: view.servers.iter().map(|server| ServerLine { line: server_line(server) }).collect(),
            recent: view
                .recent
                .iter()
                .take(5)
                .map(|item| RecentLine { server: item.server, post: item.post_id, line: one_line(&item.line) })
                .collect(),
        }
    }

    /// The badge in words, for people who cannot see it.
    fn sentence(&self) -> String {
        let mut parts = Vec::new();
        match self.badge.mentions {
            0 if self.badge.unread && !self.badge.dot_hidden => parts.push("unread messages".to_owned()),
            0 => {}
            1 => parts.push("1 message needs you".to_owned()),
            count => parts.push(format!("{count} messages need you")),
        }
        if self.badge.signed_out {
            parts.push("signed out of a server".to_owned());
        }
        if self.paused {
            parts.push("paused".to_owned());
        }
        if parts.is_empty() { "nothing new".to_owned() } else { parts.join(", ") }
    }
}

fn server_line(server: &ServerView) -> String {
    let state = match (&server.health, server.permission) {
        (Health::SignedOut { .. }, _) => "signed out",
        (Health::NotSignedIn, _) => "not signed in",
        (Health::Failed { .. }, _) => "not working",
        (Health::Waiting { .. }, _) => "not reachable",
        (Health::Connecting, _) => "connecting",
        (Health::Live, Permission::Denied | Permission::DeniedForGood) => "notifications are off",
        (Health::Live, Permission::Ask | Permission::Dismissed) => "waits for your permission",
        (Health::Live, Permission::Allowed) => "connected",
    };
    one_line(&format!("{} – {state}", server.name))
}

/// One line of a menu, whatever is in the text: a single underscore would become an access key.
fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let cut = if text.chars().count() > LINE_CHARS {
        text.chars().take(LINE_CHARS - 1).chain(['…']).collect()
    } else {
        text
    };
    cut.replace('_', "__")
}

/// The mark at one size as the desktop wants it: alpha first, most significant byte first.
fn pixmap(bell: &Bell, badge: Badge) -> Option<Icon> {
    let mut pixels = bell.with(&badge);
    for pixel in pixels.chunks_exact_mut(4) {
        pixel.rotate_right(1);
    }
    let edge = i32::try_from(bell.size()).ok()?;
    Some(Icon { width: edge, height: edge, data: pixels })
}

struct Item {
    model: Model,
    bells: [Bell; SIZES.len()],
    /// Painted when the badge changes, because they are asked for far more often.
    icons: Vec<Icon>,
    commands: mpsc::Sender<Command>,
}

fn icons(bells: &[Bell], badge: Badge) -> Vec<Icon> {
    bells.iter().filter_map(|bell| pixmap(bell, badge)).collect()
}

impl Item {
    fn new(model: Model, commands: mpsc::Sender<Command>) -> Self {
        let bells = SIZES.map(Bell::new);
        Self { icons: icons(&bells, model.badge), bells, model, commands }
    }

    fn become_like(&mut self, model: Model) {
        if model.badge != self.model.badge {
            self.icons = icons(&self.bells, model.badge);
        }
        self.model = model;
    }

    fn say(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::warn!("a click in the tray was dropped");
        }
    }
}

fn entry(label: &str, command: Command) -> MenuItem<Item> {
    StandardItem {
        label: label.to_owned(),
        activate: Box::new(move |item: &mut Item| item.say(command.clone())),
        ..StandardItem::default()
    }
    .into()
}

fn heading(label: &str) -> MenuItem<Item> {
    StandardItem { label: label.to_owned(), enabled: false, ..StandardItem::default() }.into()
}

impl Tray for Item {
    fn id(&self) -> String {
        "org.belfry.Belfry".to_owned()
    }

    fn category(&self) -> Category {
        Category::Communications
    }

    fn title(&self) -> String {
        "Belfry".to_owned()
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        self.icons.clone()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip { title: "Belfry".to_owned(), description: self.model.sentence(), ..ToolTip::default() }
    }

    /// Whoever clicks a number wants to see what it counts.
    fn activate(&mut self, _x: i32, _y: i32) {
        let counts = !self.model.badge.text().is_empty();
        self.say(if counts { Command::ShowPlace(Place::Unread) } else { Command::ShowWindow });
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let mut menu = vec![entry("Open Belfry", Command::ShowWindow), MenuItem::Separator];
        if self.model.paused {
            menu.push(entry("Resume notifications", Command::Resume));
        } else {
            let pauses = PAUSES.into_iter().map(|(label, minutes)| entry(label, Command::Pause { minutes })).collect();
            menu.push(
                SubMenu { label: "Pause notifications".to_owned(), submenu: pauses, ..SubMenu::default() }.into(),
            );
        }
        if !self.model.servers.is_empty() {
            menu.push(MenuItem::Separator);
            menu.extend(self.model.servers.iter().map(|server| entry(&server.line, Command::ShowWindow)));
        }
        if !self.model.recent.is_empty() {
            menu.extend([MenuItem::Separator, heading("Last notifications")]);
            menu.extend(self.model.recent.iter().map(|recent| {
                let command =
                    recent.post.map_or(Command::ShowWindow, |post| Command::OpenPost { server: recent.server, post });
                entry(&recent.line, command)
            }));
        }
        menu.extend([MenuItem::Separator, entry("Quit", Command::Quit)]);
        menu
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark;
    use belfry_core::view::RecentItem;

    fn server(name: &str, health: Health, permission: Permission) -> ServerView {
        ServerView {
            id: ServerId(1),
            name: name.to_owned(),
            url: String::new(),
            username: String::new(),
            health,
            last_heard_ms: 0,
            permission,
            badge: Badge::default(),
            unread: Arc::default(),
            version: String::new(),
            session_ends_ms: None,
            settings_revision: 0,
        }
    }

    fn item(view: &View) -> (Item, mpsc::Receiver<Command>) {
        let (commands, clicks) = mpsc::channel(4);
        (Item::new(Model::of(view), commands), clicks)
    }

    /// The lines of a menu, submenus after their title.
    fn lines(menu: &[MenuItem<Item>]) -> Vec<String> {
        menu.iter()
            .flat_map(|entry| match entry {
                MenuItem::Standard(entry) => vec![entry.label.clone()],
                MenuItem::SubMenu(menu) => [vec![menu.label.clone()], lines(&menu.submenu)].concat(),
                _ => Vec::new(),
            })
            .collect()
    }

    type Click = Box<dyn Fn(&mut Item) + Send>;

    fn click(item: &mut Item, line: &str) {
        fn find(menu: Vec<MenuItem<Item>>, line: &str) -> Option<Click> {
            menu.into_iter().find_map(|entry| match entry {
                MenuItem::Standard(entry) if entry.label == line => Some(entry.activate),
                MenuItem::SubMenu(menu) => find(menu.submenu, line),
                _ => None,
            })
        }
        find(item.menu(), line).unwrap()(item);
    }

    #[test]
    fn the_menu_has_servers_with_their_state_and_the_last_five() {
        let post = PostId::parse("p1").unwrap();
        let view = View {
            servers: vec![
                server("Harbour", Health::Live, Permission::Allowed),
                server("Old", Health::SignedOut { reason: String::new() }, Permission::Allowed),
            ],
            recent: (0..7)
                .map(|n| RecentItem { server: ServerId(1), post_id: Some(post), line: format!("Rosa: {n}") })
                .collect(),
            ..View::default()
        };
        let (mut item, mut clicks) = item(&view);
        assert_eq!(
            lines(&item.menu()),
            [
                "Open Belfry",
                "Pause notifications",
                "For 30 minutes",
                "For 1 hour",
                "Until I resume",
                "Harbour – connected",
                "Old – signed out",
                "Last notifications",
                "Rosa: 0",
                "Rosa: 1",
                "Rosa: 2",
                "Rosa: 3",
                "Rosa: 4",
                "Quit",
            ]
        );
        for (line, command) in [
            ("For 1 hour", Command::Pause { minutes: Some(60) }),
            ("Rosa: 3", Command::OpenPost { server: ServerId(1), post }),
            ("Old – signed out", Command::ShowWindow),
            ("Quit", Command::Quit),
        ] {
            click(&mut item, line);
            assert_eq!(clicks.try_recv().unwrap(), command);
        }
        item.activate(0, 0);
        assert_eq!(clicks.try_recv().unwrap(), Command::ShowWindow, "nothing is counted");
    }

    #[test]
    fn a_click_on_a_badge_leads_to_what_it_counts() {
        let badge = |mentions, unread, signed_out| Badge { mentions, unread, signed_out, dot_hidden: false };
        for shown in [badge(3, true, false), badge(0, true, false), badge(0, false, true)] {
            let (mut item, mut clicks) = item(&View { badge: shown, ..View::default() });
            item.activate(0, 0);
            assert_eq!(clicks.try_recv().unwrap(), Command::ShowPlace(Place::Unread), "{shown:?}");
        }
    }

    #[test]
    fn while_paused_the_menu_offers_to_resume_and_says_so() {
        let (mut item, mut clicks) = item(&View { paused_until_ms: Some(i64::MAX), ..View::default() });
        assert!(!lines(&item.menu()).contains(&"Pause notifications".to_owned()));
        click(&mut item, "Resume notifications");
        assert_eq!(clicks.try_recv().unwrap(), Command::Resume);
        assert_eq!(item.tool_tip().description, "paused");
    }

    #[test]
    fn hostile_text_stays_one_short_line_without_access_keys() {
        let line = one_line(&format!("a_b\n\u{1b}[31m{}", "x".repeat(200)));
        assert!(line.starts_with("a__b  [31m") && line.ends_with('…'), "{line}");
        assert_eq!(line.chars().count(), LINE_CHARS + 1);
    }

    #[test]
    fn the_tool_tip_says_what_the_badge_shows() {
        let says = |badge| Model::of(&View { badge, ..View::default() }).sentence();
        let badge = |mentions, unread, signed_out| Badge { mentions, unread, signed_out, dot_hidden: false };
        assert_eq!(says(badge(0, false, false)), "nothing new");
        assert_eq!(says(badge(0, true, false)), "unread messages");
        assert_eq!(says(badge(1, true, false)), "1 message needs you");
        assert_eq!(says(badge(120, true, true)), "120 messages need you, signed out of a server");
        assert_eq!(says(Badge { dot_hidden: true, ..badge(0, true, false) }), "nothing new");
    }

    #[test]
    fn icons_come_in_all_sizes_with_alpha_first_and_follow_the_badge() {
        let (mut item, _clicks) = item(&View::default());
        for badge in [Badge::default(), Badge { mentions: 3, ..Badge::default() }] {
            item.become_like(Model::of(&View { badge, ..View::default() }));
            let icons = item.icon_pixmap();
            assert_eq!(icons.iter().map(|icon| icon.width).collect::<Vec<_>>(), [16, 22, 24, 32, 48]);
            for icon in icons {
                assert_eq!(icon.data.len(), usize::try_from(icon.width * icon.height * 4).unwrap());
                let painted = mark::paint(u32::try_from(icon.width).unwrap(), &badge);
                for (argb, rgba) in icon.data.chunks(4).zip(painted.chunks(4)) {
                    assert_eq!((argb[0], &argb[1..]), (rgba[3], &rgba[..3]));
                }
            }
        }
    }
}
