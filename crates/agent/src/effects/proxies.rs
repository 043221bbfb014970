//! The proxies that the desktop was set up with, asked of its portal. Where there is none, the environment alone decides.

use tokio::sync::OnceCell;
use zbus::Connection;

use super::toast::session_bus;

const NAME: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const RESOLVER: &str = "org.freedesktop.portal.ProxyResolver";
const DAEMON: &str = "org.freedesktop.DBus";

static BUS: OnceCell<Connection> = OnceCell::const_new();

/// Lets every connection that follows the system ask the desktop.
pub fn follow_desktop() {
    belfry_net::dial::ask_desktop(|address| {
        Box::pin(async move {
            let bus = match BUS.get_or_try_init(|| session_bus(None)).await {
                Ok(bus) => bus,
                Err(error) => {
                    tracing::debug!(%error, "the desktop is not asked for proxies");
                    return Vec::new();
                }
            };
            lookup(bus, &address).await.unwrap_or_else(|error| {
                tracing::debug!(%error, "the desktop names no proxies");
                Vec::new()
            })
        })
    });
}

/// Proxies for an address, the best first; nothing where no portal runs: it must not be started by us.
async fn lookup(bus: &Connection, address: &str) -> zbus::Result<Vec<String>> {
    let runs = bus.call_method(Some(DAEMON), "/org/freedesktop/DBus", Some(DAEMON), "NameHasOwner", &NAME).await?;
    if !runs.body().deserialize::<bool>()? {
        return Ok(Vec::new());
    }
    let answer = bus.call_method(Some(NAME), PATH, Some(RESOLVER), "Lookup", &address).await?;
    answer.body().deserialize()
}

#[cfg(test)]
mod tests {
    use super::super::bus_tests::Bus;
    use super::*;

    struct Portal;

    #[expect(clippy::unused_self, reason = "the shape that the macro wants")]
    #[zbus::interface(name = "org.freedesktop.portal.ProxyResolver")]
    impl Portal {
        fn lookup(&self, uri: &str) -> Vec<String> {
            if uri.contains("inside") { vec!["direct://".into()] } else { vec!["http://proxy.example:3128".into()] }
        }
    }

    #[tokio::test]
    async fn the_portal_names_the_proxies_of_an_address_and_nobody_is_asked_where_none_runs() {
        let bus = Bus::start();
        let ours = bus.connect().await;
        assert_eq!(lookup(&ours, "https://chat.example.org:443/").await.unwrap(), Vec::<String>::new());
        let portal = zbus::connection::Builder::address(bus.address.as_str()).unwrap();
        let _portal = portal.serve_at(PATH, Portal).unwrap().name(NAME).unwrap().build().await.unwrap();
        assert_eq!(lookup(&ours, "https://chat.example.org:443/").await.unwrap(), ["http://proxy.example:3128"]);
        assert_eq!(lookup(&ours, "https://inside.example.org:443/").await.unwrap(), ["direct://"]);
    }
}
