//! What it does not begin with, said in one line.

use crate::scene::{Home, practice, said};

fn one_line(words: &str) -> &str {
    assert_eq!(words.trim().lines().count(), 1, "one line: {words}");
    words
}

#[test]
fn without_permission_it_says_that_nobody_allowed_it_and_ends() {
    let (home, practice) = (Home::new(), practice());
    let token = home.keeps(&practice.person("morgan").makes_personal_token().unwrap());
    let output = home.run(&["headless", "--json", "--server", &practice.url(), "--token-file", &token]);
    assert_eq!(output.status.code(), Some(1));
    let words = said(&output);
    assert!(one_line(&words).contains("nobody has allowed") && words.contains("--allow"), "{words}");
    assert!(output.stdout.is_empty());
    assert_eq!(practice.connections("morgan"), 0);

    let nothing = home.run(&["headless"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(one_line(&said(&nothing)).contains("no server"), "{}", said(&nothing));
}

#[test]
fn a_token_that_the_server_refuses_is_said() {
    let (home, practice) = (Home::new(), practice());
    let token = home.keeps("abcdefghijklmnopqrstuvwxyz");
    let output = home.run(&["headless", "--server", &practice.url(), "--token-file", &token, "--allow"]);
    assert_eq!(output.status.code(), Some(1));
    let words = said(&output);
    assert!(one_line(&words).contains("the access token was not accepted"), "{words}");
    assert!(words.contains(&practice.url()) && !words.contains("abcdefghijklmnopqrstuvwxyz"), "{words}");
}

#[test]
fn a_token_file_that_others_can_read_is_refused() {
    let (home, practice) = (Home::new(), practice());
    let token = home.keeps_as(&practice.person("morgan").makes_personal_token().unwrap(), 0o644);
    let output = home.run(&["headless", "--server", &practice.url(), "--token-file", &token, "--allow"]);
    assert_eq!(output.status.code(), Some(1));
    let words = said(&output);
    assert!(one_line(&words).contains("chmod 600") && words.contains(&token), "{words}");
    let missing = home.run(&["headless", "--server", &practice.url(), "--token-file", "nowhere", "--allow"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(one_line(&said(&missing)).contains("nowhere"));
}

#[test]
fn what_is_no_mattermost_server_is_said_at_once() {
    let home = Home::new();
    let token = home.keeps("abcdefghijklmnopqrstuvwxyz");
    let web = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", web.local_addr().unwrap());
    std::thread::Builder::new()
        .name("web".to_owned())
        .spawn(move || {
            for mut stream in web.incoming().flatten() {
                let page = "<html>welcome</html>";
                let answer =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}", page.len());
                std::io::Read::read(&mut stream, &mut [0; 4096]).ok();
                std::io::Write::write_all(&mut stream, answer.as_bytes()).ok();
            }
        })
        .unwrap();
    let output = home.run(&["headless", "--server", &url, "--token-file", &token, "--allow"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(one_line(&said(&output)).contains("a web page answered"), "{}", said(&output));
}

#[test]
fn wrong_usage_is_two_and_names_what_is_missing() {
    let home = Home::new();
    for (arguments, named) in [
        (&["headless", "--allow"][..], "--server"),
        (&["headless", "--server", "http://127.0.0.1:1"], "--token-file"),
        (&["headless", "--token-file", "token"], "--server"),
        (&["headless", "--hidden"], "--hidden"),
        (&["headless", "now"], "now"),
    ] {
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).lines().next().unwrap().contains(named), "{}", said(&output));
    }
}
