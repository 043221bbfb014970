//! How a server is reached: proxies, certificates, what stands in front; and the advice after the first server.

use belfry_core::reach::Obstacle;

/// Button that shows more.
pub const OPTIONS: &str = "Connection options";
/// Button of a server's card that asks more.
pub const CONNECTION_MORE: &str = "Connection…";
/// Label.
pub const CONNECTION: &str = "Connection";
/// Label.
pub const PROXY: &str = "Proxy";
/// Choice.
pub const PROXY_SYSTEM: &str = "As this computer";
/// Choice.
pub const PROXY_NONE: &str = "None";
/// Choice.
pub const PROXY_OWN: &str = "Another";
/// Label.
pub const PROXY_ADDRESS: &str = "Proxy address";
/// In the empty field.
pub const PROXY_HINT: &str = "http://proxy.example.org:3128 or socks5://proxy.example.org";
/// Label.
pub const PROXY_USER: &str = "Proxy user name, where it asks";
/// Label.
pub const PROXY_PASSWORD: &str = "Proxy password";
/// Tick.
pub const FRONT: &str = "A web server in front asks for a name and password";
/// Label.
pub const FRONT_USER: &str = "Name for the web server in front";
/// Label.
pub const FRONT_PASSWORD: &str = "Password for the web server in front";
/// Tick.
pub const PRE_AUTH: &str = "A web server in front asks for a pre-authentication secret";
/// Label.
pub const PRE_AUTH_SECRET: &str = "Pre-authentication secret";
/// Tick.
pub const IDENTITY: &str = "The server asks for a client certificate";
/// Label.
pub const IDENTITY_FILE: &str = "File with the certificate";
/// In the empty field.
pub const IDENTITY_HINT: &str = "The whole path of a PEM or PKCS#12 file";
/// Label.
pub const IDENTITY_KEY: &str = "File with its key, where that is another one";
/// Label.
pub const IDENTITY_PASSWORD: &str = "Password of the file, where it has one";
/// In an empty field of a secret that is kept.
pub const UNCHANGED: &str = "Left as it is";
/// Label.
pub const TRUSTED: &str = "Trusted certificate (SHA-256)";
/// Button.
pub const FORGET_CERTIFICATE: &str = "Trust what this computer trusts";
/// Button.
pub const SAVE: &str = "Save";
/// Button, after a check that failed.
pub const SAVE_ANYWAY: &str = "Save anyway";
/// While it is tried.
pub const TRYING: &str = "Trying to reach the server…";
/// Button.
pub const GO_THERE: &str = "Look there";
/// Title.
pub const CERTIFICATE_TITLE: &str = "Trust this certificate?";
/// Title.
pub const CERTIFICATE_CHANGED_TITLE: &str = "The certificate changed";
/// What to do about it.
pub const CERTIFICATE_ADVICE: &str = "Somebody could pretend to be the server. Ask its administrator whether the fingerprint is right before you trust it";
/// What trusting means.
pub const CERTIFICATE_MEANS: &str =
    "Only this certificate is trusted, only for this server; another one is never accepted silently";
/// Button.
pub const TRUST: &str = "Trust for this server";
/// Row.
pub const ISSUED_TO: &str = "Issued to";
/// Row.
pub const ISSUED_BY: &str = "Issued by";
/// Row.
pub const VALID_FOR: &str = "Valid for";
/// Row.
pub const VALID_FROM: &str = "Valid from";
/// Row.
pub const VALID_UNTIL: &str = "Valid until";
/// Row.
pub const FINGERPRINT: &str = "SHA-256";
/// Row.
pub const TRUSTED_UNTIL_NOW: &str = "Trusted until now";
/// Where a certificate says nothing.
pub const NOT_SAID: &str = "Not said";

/// Title.
pub const QUIET_TITLE: &str = "So that you are told only once";
/// First paragraph.
pub const QUIET_WHY: &str = "The Mattermost app, or its page in a browser, goes on notifying you beside Belfry. If you keep one of them open, silence it where it runs.";
/// What to do, a line each.
pub const QUIET_HOW: [&str; 3] = [
    "In the Mattermost app: open the list of servers, edit this server, and switch its permission for notifications off",
    "In a browser: click the icon in front of the page's address, and block notifications for it",
    "Do not choose Nothing in Mattermost's own notification settings: they are kept on the server, so Belfry would be silent too",
];
/// Button.
pub const UNDERSTOOD: &str = "Got it";

/// Title of the dialog for a server of the list.
pub fn connection_title(server: &str) -> String {
    format!("Connection to {server}")
}

/// What stands in the way, and what to do; nothing for a certificate, which has a page of its own.
pub fn obstacle(obstacle: &Obstacle) -> String {
    let given = |refused: bool, asks: &str, wrong: &str| if refused { wrong.to_owned() } else { asks.to_owned() };
    match obstacle {
        Obstacle::Redirect { to, sign_in_page: false } => {
            format!("This address leads to {to}, where nothing was sent yet. Go there only if you know it")
        }
        Obstacle::Redirect { to, sign_in_page: true } => format!(
            "This address leads to {to}, which looks like a sign-in page in front of the server. Ask its administrator how apps get through"
        ),
        Obstacle::Certificate(_) => String::new(),
        Obstacle::ProxyLogin { refused } => given(
            *refused,
            "The proxy asks for a user name and password: fill them in below",
            "The proxy did not accept the user name and password: correct them below",
        ),
        Obstacle::FrontLogin { refused } => given(
            *refused,
            "A web server in front asks for a name and password of its own: fill them in below",
            "The web server in front did not accept the name and password: correct them below",
        ),
        Obstacle::PreAuth { refused } => given(
            *refused,
            "A web server in front asks for a pre-authentication secret: your administrator knows it",
            "The pre-authentication secret was not accepted: ask your administrator for the present one",
        ),
        Obstacle::ClientCertificate { refused } => given(
            *refused,
            "The server asks for a client certificate: choose its file below",
            "The server did not accept the client certificate: choose another one below",
        ),
    }
}
