//! What a web server in front may ask for, and redirects.

use belfry_core::command::Command;
use belfry_core::reach::{Obstacle, Reach, ReachDraft, ReachSecrets};
use belfry_core::secret::Secret;
use belfry_core::view::{ServerView, UnreadPlace, UnreadRow};
use belfry_net::discover::discover;

use crate::parts::{Authority, Demand, Front, Issued, Session, draft, found, obstacle, practice};

const PRE_AUTH: Demand = Demand {
    line: "x-mattermost-preauth-secret: hush",
    refusal: "HTTP/1.1 403 No\r\nX-Reject-Reason: Pre-Auth\r\nContent-Length: 0\r\n\r\n",
};
/// ann:open sesame
const BASIC: Demand = Demand {
    line: "authorization: Basic YW5uOm9wZW4gc2VzYW1l",
    refusal: "HTTP/1.1 401 Who?\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
};

/// The way past the certificate of a made-up authority.
async fn trusting(url: &str, reach: Reach, secrets: ReachSecrets) -> ReachDraft {
    let Obstacle::Certificate(untrusted) = obstacle(url, &ReachDraft::default()).await else { panic!("it is trusted") };
    draft(Reach { pinned_certificate: untrusted.certificate.sha256, ..reach }, secrets)
}

async fn front(server: &belfry_practice_server::PracticeServer, demands: Vec<Demand>) -> Front {
    let authority = Authority::new();
    let tls = authority.tls(&authority.issue("127.0.0.1", |_| {}), false);
    Front::start(server.address(), Some(tls), demands).await
}

fn is_upgrade(head: &str) -> bool {
    head.to_ascii_lowercase().contains("upgrade: websocket")
}

#[tokio::test]
async fn a_pre_authentication_secret_goes_with_every_request_and_with_the_websocket() {
    let server = practice().await;
    let front = front(&server, vec![PRE_AUTH]).await;
    let mut draft = trusting(&front.url(), Reach::default(), ReachSecrets::default()).await;
    assert_eq!(obstacle(&front.url(), &draft).await, Obstacle::PreAuth { refused: false });
    draft.reach.pre_auth = true;
    draft.secrets.pre_auth = Secret::new("old one");
    assert_eq!(obstacle(&front.url(), &draft).await, Obstacle::PreAuth { refused: true });
    draft.secrets.pre_auth = Secret::new("hush");
    let before = front.heads().len();
    let mut session = Session::start(&found(&front.url(), &draft).await.url, draft).await;
    session.live().await;
    let heads = front.heads().split_off(before);
    assert!(heads.iter().all(|head| head.contains("hush")));
    assert!(heads.iter().any(|head| is_upgrade(head)));
}

#[tokio::test]
async fn a_login_in_front_moves_the_token_into_a_cookie_and_writing_works_all_the_same() {
    let server = practice().await;
    let front = front(&server, vec![BASIC]).await;
    let mut draft = trusting(&front.url(), Reach::default(), ReachSecrets::default()).await;
    assert_eq!(obstacle(&front.url(), &draft).await, Obstacle::FrontLogin { refused: false });
    draft.reach.front_user = "ann".to_owned();
    assert_eq!(obstacle(&front.url(), &draft).await, Obstacle::FrontLogin { refused: true });
    draft.secrets.front = Secret::new("open sesame");
    let mut session = Session::start(&found(&front.url(), &draft).await.url, draft).await;
    session.live().await;
    server.wait_for_connection("morgan").await;
    server.person("rosa").direct("morgan", "read me").unwrap();
    session.shows("read me").await;
    let known = |server: &ServerView| {
        matches!(server.unread.rows.first(), Some(UnreadRow { place: UnreadPlace::Direct(..), .. }))
    };
    let unread = session.until(known).await.unread;
    let UnreadPlace::Direct(channel, _) = unread.rows[0].place else { panic!("{unread:?}") };
    session.command(Command::MarkRead { server: crate::parts::SERVER, channel }).await;
    session.until(|server| server.badge.mentions == 0).await;
    let heads = front.heads();
    assert!(heads.iter().any(|head| is_upgrade(head) && head.contains("cookie: MMAUTHTOKEN=")));
    assert!(heads.iter().any(|head| head.starts_with("POST") && head.to_ascii_lowercase().contains("x-csrf-token: ")));
}

/// A folder with a certificate of ours in every shape that is understood: certificate, key, password.
fn files(folder: &std::path::Path, ours: &Issued) -> Vec<(String, String, &'static str)> {
    use p12_keystore::{Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(path("both.pem"), format!("{}{}", ours.key_pem, ours.pem)).unwrap();
    std::fs::write(path("one.pem"), &ours.pem).unwrap();
    std::fs::write(path("its.key"), &ours.key_pem).unwrap();
    let key = PrivateKey::from_der(&ours.key).unwrap();
    let certificate = Certificate::from_der(&ours.certificate).unwrap();
    let mut store = KeyStore::new();
    store.add_entry("me", KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new("me", key, [certificate])));
    std::fs::write(path("new.p12"), store.writer("sesame").write().unwrap()).unwrap();
    let old = store.writer("sesame").encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc);
    std::fs::write(path("old.pfx"), old.write().unwrap()).unwrap();
    vec![
        (path("both.pem"), String::new(), ""),
        (path("one.pem"), path("its.key"), ""),
        (path("new.p12"), String::new(), "sesame"),
        (path("old.pfx"), String::new(), "sesame"),
    ]
}

#[tokio::test]
async fn a_certificate_of_ours_is_shown_from_a_pem_or_a_pkcs12_file() {
    let (server, authority) = (practice().await, Authority::new());
    let tls = authority.tls(&authority.issue("127.0.0.1", |_| {}), true);
    let front = Front::start(server.address(), Some(tls), Vec::new()).await;
    let bare = trusting(&front.url(), Reach::default(), ReachSecrets::default()).await;
    assert_eq!(obstacle(&front.url(), &bare).await, Obstacle::ClientCertificate { refused: false });

    let folder = tempfile::tempdir().unwrap();
    let with = |certificate: &str, key: &str, password: &str| {
        let mut draft = bare.clone();
        certificate.clone_into(&mut draft.reach.client_certificate);
        key.clone_into(&mut draft.reach.client_key);
        draft.secrets.client_certificate = Secret::new(password);
        draft
    };
    let ours = authority.issue("morgan", |_| {});
    for (certificate, key, password) in files(folder.path(), &ours) {
        let draft = with(&certificate, &key, password);
        assert_eq!(found(&front.url(), &draft).await.url, front.url(), "{certificate}");
        let mut session = Session::start(&front.url(), draft).await;
        session.live().await;
    }

    let stranger = folder.path().join("stranger");
    std::fs::create_dir(&stranger).unwrap();
    let theirs = files(&stranger, &Authority::new().issue("morgan", |_| {}));
    let refused = obstacle(&front.url(), &with(&theirs[0].0, "", "")).await;
    assert_eq!(refused, Obstacle::ClientCertificate { refused: true });

    let said = async |certificate: &str, key: &str, password: &str| {
        discover(&front.url(), &with(certificate, key, password)).await.unwrap_err().to_string()
    };
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("nothing.pem"), "hello").unwrap();
    for (certificate, key, password, sentence) in [
        (at("gone.pem"), String::new(), "", "cannot be read"),
        (at("new.p12"), String::new(), "wrong", "the password does not open"),
        (at("old.pfx"), String::new(), "", "the password does not open"),
        (at("nothing.pem"), String::new(), "", "does not hold a client certificate"),
        (at("one.pem"), String::new(), "", "does not hold a client certificate"),
        (at("one.pem"), theirs[1].1.clone(), "", "does not hold a client certificate"),
    ] {
        let told = said(&certificate, &key, password).await;
        assert!(told.contains(sentence), "{certificate}: {told}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_is_shown_and_nothing_goes_there_before() {
    let elsewhere = practice().await;
    let leak: &'static str = format!(
        "HTTP/1.1 301 Gone\r\nLocation: http://{}/api/v4/system/ping\r\nContent-Length: 0\r\n\r\n",
        elsewhere.address()
    )
    .leak();
    let server = practice().await;
    let front = Front::start(server.address(), None, vec![Demand { line: "never", refusal: leak }]).await;
    let seen = obstacle(&front.url(), &ReachDraft::default()).await;
    assert_eq!(seen, Obstacle::Redirect { to: elsewhere.url(), sign_in_page: false });
    assert!(elsewhere.requests().is_empty(), "{:?}", elsewhere.requests());
    let Obstacle::Redirect { to, .. } = seen else { panic!() };
    assert_eq!(found(&to, &ReachDraft::default()).await.url, elsewhere.url());
}
