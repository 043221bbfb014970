//! Words of signing in, and of sessions that end.

/// Way in.
pub const IN_BROWSER: &str = "Browser";
/// Which of several ways through the browser, for screen readers.
pub const PROVIDER: &str = "Sign in with";
/// While the server is asked how one signs in.
pub const ASKING_WAYS: &str = "Asking the server how people sign in…";
/// Said where the server would offer the browser.
pub const BROWSER_TOO_OLD: &str =
    "This server is too old to sign in with the browser: use a personal access token, made in your profile there";
/// Consent to the registered scheme.
pub const HAND_OVER: &str = "Let the browser hand the sign-in back to Belfry";
/// What that means.
pub const HAND_OVER_HINT: &str = "Belfry registers for links that begin with mattermost-dev";
/// Title of the second step.
pub const FINISH_IN_BROWSER: &str = "Finish in your browser";
/// Text of the second step, where the browser hands over.
pub const WAITING_FOR_LINK: &str = "Sign in on the page that has opened, and allow it to open Belfry. This window goes on by itself, within three minutes";
/// Text of the second step, where it does not.
pub const WAITING_FOR_PASTE: &str = "Sign in on the page that has opened. Then copy the address of the last page, and paste it here within three minutes";
/// Label of the field for the last page's address.
pub const PASTE: &str = "Address of the last page";
/// The same, where it is the second best.
pub const PASTE_INSTEAD: &str = "If nothing happens, paste the address of the last page";
/// Button.
pub const COPY_ADDRESS: &str = "Copy the page's address";
/// Said once it is copied.
pub const COPIED: &str = "Copied: open it in a browser on this computer";
/// Button.
pub const KEEP_IN_FILE: &str = "Keep it in a file";
/// Title of the question.
pub const KEYRING_TITLE: &str = "Where should the token be kept?";
/// Button on a server whose session ends soon.
pub const SIGN_IN_AGAIN_MORE: &str = "Sign in again…";

/// Why the question is asked, and what the choice means.
pub fn keyring_question(trouble: &str) -> String {
    let trouble = super::sentence(trouble);
    format!(
        "{trouble}. Belfry can keep its tokens in a file that only you can read. Whoever gets at your files could then use them"
    )
}

/// The primary button of the browser's way.
pub fn continue_with(label: &str) -> String {
    format!("Continue with {label}…")
}

/// "Signed in until Monday": how long a session still lasts.
pub fn session_ends(now_ms: i64, ends_ms: i64) -> String {
    let hours = ends_ms.saturating_sub(now_ms).max(0) / 3_600_000;
    match hours {
        0 => "Your sign-in ends within an hour".to_owned(),
        1 => "Your sign-in ends in 1 hour".to_owned(),
        2..48 => format!("Your sign-in ends in {hours} hours"),
        _ => format!("Your sign-in ends in {} days", hours / 24),
    }
}

/// Whether that is near enough to be amber.
pub fn session_ends_soon(now_ms: i64, ends_ms: i64) -> bool {
    ends_ms.saturating_sub(now_ms) <= 86_400_000
}
