//! Certificates that are not trusted, are trusted for one server, and change.

use belfry_core::reach::{Obstacle, Reach, ReachDraft, ReachSecrets, Untrusted};
use belfry_core::view::Health;
use rcgen::{CertificateParams, date_time_ymd};

use crate::parts::{Authority, Front, SERVER, Session, draft, found, obstacle, practice};

async fn untrusted(address: &str, draft: &ReachDraft) -> Untrusted {
    match obstacle(address, draft).await {
        Obstacle::Certificate(untrusted) => *untrusted,
        other => panic!("{other:?}"),
    }
}

fn pinned(sha256: &str) -> ReachDraft {
    draft(Reach { pinned_certificate: sha256.to_owned(), ..Reach::default() }, ReachSecrets::default())
}

#[tokio::test]
async fn a_person_sees_whose_certificate_it_is_and_why_it_is_not_trusted() {
    let (server, authority) = (practice().await, Authority::new());
    let tls = authority.tls(&authority.issue("127.0.0.1", |_| {}), false);
    let front = Front::start(server.address(), Some(tls), Vec::new()).await;
    let seen = untrusted(&front.url(), &ReachDraft::default()).await;
    assert_eq!(seen.reason, "the server's certificate was issued by somebody this computer does not trust");
    assert_eq!(
        (seen.certificate.subject.as_str(), seen.certificate.issuer.as_str()),
        ("127.0.0.1", "Northwind Authority")
    );
    assert_eq!(seen.certificate.names, ["127.0.0.1"]);
    assert_eq!((seen.certificate.sha256.len(), seen.pinned.as_str()), (95, ""));
    assert!(seen.certificate.valid_until.ends_with("UTC"));
    assert!(front.heads().is_empty(), "nothing was said to it");
}

#[tokio::test]
async fn a_certificate_that_was_trusted_works_whatever_its_names_and_dates() {
    let (server, authority) = (practice().await, Authority::new());
    let old = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    };
    for issued in [authority.issue("127.0.0.1", old), authority.issue("other.example", |_| {})] {
        let front = Front::start(server.address(), Some(authority.tls(&issued, false)), Vec::new()).await;
        let seen = untrusted(&front.url(), &ReachDraft::default()).await;
        assert_eq!(found(&front.url(), &pinned(&seen.certificate.sha256)).await.url, front.url());
    }
}

#[tokio::test]
async fn a_changed_certificate_is_never_accepted_silently() {
    let (server, authority) = (practice().await, Authority::new());
    let first = authority.issue("127.0.0.1", |_| {});
    let front = Front::start(server.address(), Some(authority.tls(&first, false)), Vec::new()).await;
    let trusted = untrusted(&front.url(), &ReachDraft::default()).await.certificate.sha256;
    let mut session = Session::start(&front.url(), pinned(&trusted)).await;
    session.live().await;

    front.changes(authority.tls(&authority.issue("127.0.0.1", |_| {}), false));
    server.drops();
    let card = session.until(|server| matches!(server.health, Health::Waiting { .. })).await;
    let card = match card.health {
        Health::Waiting { reason, .. } if reason.contains("changed") => reason,
        _ => match session
            .until(|server| matches!(&server.health, Health::Waiting { reason, .. } if reason.contains("changed")))
            .await
            .health
        {
            Health::Waiting { reason, .. } => reason,
            other => panic!("{other:?}"),
        },
    };
    assert!(card.contains(&trusted[..20]), "{card}");
    let heads = front.heads().len();
    let seen = untrusted(&front.url(), &pinned(&trusted)).await;
    assert_eq!(seen.pinned, trusted);
    assert_ne!(seen.certificate.sha256, trusted);
    assert!(card.contains(&seen.certificate.sha256[..20]), "{card}");
    assert_eq!(front.heads().len(), heads, "nothing was said to whoever it is");
    // Trusting the new one is a decision of its own.
    assert_eq!(found(&front.url(), &pinned(&seen.certificate.sha256)).await.url, front.url());
}

#[tokio::test]
async fn a_fingerprint_that_is_none_is_said_and_trusts_nobody() {
    let (server, authority) = (practice().await, Authority::new());
    let tls = authority.tls(&authority.issue("127.0.0.1", |_| {}), false);
    let front = Front::start(server.address(), Some(tls), Vec::new()).await;
    let error = belfry_net::discover::discover(&front.url(), &pinned("my certificate")).await.unwrap_err().to_string();
    assert!(error.contains("not a SHA-256 fingerprint"), "{error}");
}

/// The address that the test below gives to a process of its own.
const ADDRESS: &str = "BELFRY_TEST_ADDRESS";

#[tokio::test]
#[ignore = "run by the next test, in a process that trusts the authority"]
async fn reach_a_server_of_a_trusted_authority() {
    let address = std::env::var(ADDRESS).unwrap();
    assert_eq!(found(&address, &ReachDraft::default()).await.url, address);
    // A name that the certificate does not have is another matter.
    let other = address.replace("127.0.0.1", "localhost");
    assert!(untrusted(&other, &ReachDraft::default()).await.reason.contains("another name"));
}

/// Runs an ignored test of this file in a process that trusts the authorities of a file.
async fn in_a_process_that_trusts(roots: &std::path::Path, address: &str, test: &str) {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", &format!("certificates::{test}")]);
    command.env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR").env(ADDRESS, address);
    let output = command.kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[tokio::test]
#[ignore = "run by the next test, in a process that trusts the authority"]
async fn meet_foreign_certificates() {
    let (server, authority) = (practice().await, Authority::new());
    std::fs::write(std::env::var("SSL_CERT_FILE").unwrap(), authority.pem()).unwrap();
    let good = || authority.tls(&authority.issue("127.0.0.1", |_| {}), false);
    let front = Front::start(server.address(), Some(good()), Vec::new()).await;
    let mut session = Session::start(&front.url(), ReachDraft::default()).await;
    session.live().await;
    let dated = |from: i32, until: i32| {
        authority.issue("127.0.0.1", |params| {
            params.not_before = date_time_ymd(from, 1, 1);
            params.not_after = date_time_ymd(until, 1, 1);
        })
    };
    // What is told while adding a server, and what its card says where it worked before.
    for (what, issued, told, advice) in [
        (
            "of another host",
            authority.issue("other.example", |_| {}),
            "the server's certificate belongs to another name",
            "; if this network wants you to sign in, do that in a browser first",
        ),
        (
            "signed by itself",
            Authority::self_signed("127.0.0.1"),
            "the server's certificate was issued by somebody this computer does not trust",
            "; if this network wants you to sign in, do that in a browser first",
        ),
        (
            "of another authority of the same name",
            Authority::new().issue("127.0.0.1", |_| {}),
            "the server's certificate was issued by somebody this computer does not trust",
            "; if this network wants you to sign in, do that in a browser first",
        ),
        (
            "expired",
            dated(2020, 2021),
            "the server's certificate has expired",
            "; whoever runs the server has to renew it",
        ),
        (
            "not valid yet",
            dated(2090, 2091),
            "the server's certificate is not valid yet; is this computer's clock right?",
            "",
        ),
    ] {
        front.changes(authority.tls(&issued, false));
        let heads = front.heads().len();
        let seen = untrusted(&front.url(), &ReachDraft::default()).await;
        assert_eq!((seen.reason.as_str(), seen.pinned.as_str()), (told, ""), "{what}");
        assert_eq!(front.heads().len(), heads, "nothing was said to whoever shows one {what}");
        // The connection that is open ends, and no other comes about: each card says why, in its turn.
        server.drops();
        session.command(belfry_core::command::Command::CheckAgain(SERVER)).await;
        let card = format!("{told}{advice}");
        session.until(|server| matches!(&server.health, Health::Waiting { reason, .. } if *reason == card)).await;
        assert_eq!(front.heads().len(), heads, "no token went to whoever shows one {what}");
    }
    front.changes(good());
    session.command(belfry_core::command::Command::CheckAgain(SERVER)).await;
    session.live().await;
    server.person("rosa").posts("ops-room", "back again, @morgan").unwrap();
    session.shows("back again, @morgan").await;
}

#[tokio::test]
async fn foreign_certificates_are_refused_with_a_sentence_each_and_get_no_word_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    in_a_process_that_trusts(&folder.path().join("roots.pem"), "", "meet_foreign_certificates").await;
}

#[tokio::test]
async fn an_authority_that_this_computer_trusts_needs_no_question() {
    let (server, authority) = (practice().await, Authority::new());
    let tls = authority.tls(&authority.issue("127.0.0.1", |_| {}), false);
    let front = Front::start(server.address(), Some(tls), Vec::new()).await;
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, authority.pem()).unwrap();
    in_a_process_that_trusts(&roots, &front.url(), "reach_a_server_of_a_trusted_authority").await;
}
