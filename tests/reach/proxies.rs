//! Proxies: HTTP and SOCKS 5, with and without a login.

use belfry_core::reach::{Obstacle, Reach, ReachDraft, ReachSecrets};
use belfry_core::secret::Secret;
use belfry_net::discover::discover;

use crate::parts::{Authority, Front, Manners, Proxy, Session, draft, found, obstacle, practice};

/// A name that only the proxy can find.
const NAME: &str = "chat.behind-the-proxy.test";
const LOGIN: Manners = Manners { login: Some(("ann", "open sesame")), refuses: false };

fn through(proxy: &str, user: &str, password: &str) -> ReachDraft {
    let reach = Reach { proxy: proxy.to_owned(), proxy_user: user.to_owned(), ..Reach::default() };
    draft(reach, ReachSecrets { proxy: Secret::new(password), ..ReachSecrets::default() })
}

/// From the first try without a login to a message that arrives.
async fn all_the_way(proxy: &Proxy, scheme: &str, server: &belfry_practice_server::PracticeServer) {
    let proxy_url = format!("{scheme}://{}", proxy.address);
    assert_eq!(obstacle(NAME, &through(&proxy_url, "", "")).await, Obstacle::ProxyLogin { refused: false });
    assert_eq!(obstacle(NAME, &through(&proxy_url, "ann", "wrong")).await, Obstacle::ProxyLogin { refused: true });
    let mut right = through(&proxy_url, "ann", "open sesame");
    let Obstacle::Certificate(untrusted) = obstacle(NAME, &right).await else { panic!("the certificate is unknown") };
    right.reach.pinned_certificate = untrusted.certificate.sha256;
    let found = found(&format!("https://{NAME}/team/channels/town-square"), &right).await;
    assert_eq!(found.url, format!("https://{NAME}"));
    let before = proxy.seen().len();
    let mut session = Session::start(&found.url, right).await;
    session.live().await;
    server.wait_for_connection("morgan").await;
    server.person("rosa").direct("morgan", "through the tunnel").unwrap();
    session.shows("through the tunnel").await;
    let seen = proxy.seen();
    assert!(seen.len() >= before + 2, "REST and websocket went through it: {seen:?}");
    assert!(seen.iter().all(|asked| *asked == format!("{NAME}:443")), "{seen:?}");
}

#[tokio::test]
async fn an_http_proxy_with_a_login_carries_rest_and_websocket_to_a_name_that_only_it_knows() {
    let (server, authority) = (practice().await, Authority::new());
    let tls = authority.tls(&authority.issue(NAME, |_| {}), false);
    let front = Front::start(server.address(), Some(tls), Vec::new()).await;
    let proxy = Proxy::http(front.address, LOGIN).await;
    all_the_way(&proxy, "http", &server).await;
}

#[tokio::test]
async fn so_does_a_socks_proxy() {
    let (server, authority) = (practice().await, Authority::new());
    let tls = authority.tls(&authority.issue(NAME, |_| {}), false);
    let front = Front::start(server.address(), Some(tls), Vec::new()).await;
    let proxy = Proxy::socks(front.address, LOGIN).await;
    all_the_way(&proxy, "socks5", &server).await;
}

#[tokio::test]
async fn what_is_wrong_about_a_proxy_is_said_in_a_sentence() {
    let server = practice().await;
    let refusing = Manners { refuses: true, login: None };
    let (http, socks) = (Proxy::http(server.address(), refusing).await, Proxy::socks(server.address(), refusing).await);
    let said = |proxy: String| async move { discover(NAME, &through(&proxy, "", "")).await.unwrap_err().to_string() };
    for proxy in [format!("http://{}", http.address), format!("socks5://{}", socks.address)] {
        assert!(said(proxy).await.contains("does not let connections to this server through"));
    }
    // A server that is no proxy, of either kind.
    for scheme in ["http", "socks5"] {
        let told = said(format!("{scheme}://{}", server.address())).await;
        assert!(told.contains("proxy"), "{told}");
    }
    assert!(said("http://127.0.0.1:1".to_owned()).await.contains("the proxy could not be reached"));
    for wrong in ["socks4://proxy.example", "http://ann:secret@proxy.example"] {
        let told = said(wrong.to_owned()).await;
        assert!(told.contains("not a proxy's address") && !told.contains("secret"), "{told}");
    }
}

#[tokio::test]
async fn no_proxy_means_none() {
    let server = practice().await;
    let straight = draft(Reach { proxy: Reach::NONE.to_owned(), ..Reach::default() }, ReachSecrets::default());
    assert_eq!(found(&server.url(), &straight).await.url, server.url());
}
