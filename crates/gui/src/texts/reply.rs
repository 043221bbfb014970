//! Words of replies on banners.

use belfry_core::view::BannerView;

/// Button.
pub const REPLY: &str = "Reply";
/// Button.
pub const SEND: &str = "Send";
/// Button, after a failure.
pub const TRY_AGAIN: &str = "Try again";
/// Button.
pub const CANCEL: &str = "Cancel";
/// Button, after a failure.
pub const DISCARD: &str = "Discard";
/// While the server has not answered yet.
pub const SENDING: &str = "Sending…";
/// Faint, beside the buttons.
pub const KEYS: &str = "Enter sends, Esc closes";

/// Name of the field, and what stands in it while it is empty: where the reply will go.
pub fn field(banner: &BannerView) -> String {
    if banner.root_id.is_some() {
        "Reply in thread".to_owned()
    } else if banner.place.is_empty() {
        format!("Reply to {}", banner.sender)
    } else {
        format!("Reply in {}", banner.place)
    }
}

/// Why the draft is still there.
pub fn not_sent(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_lowercase().collect::<String>()).unwrap_or_default();
    format!("Not sent · {first}{}", letters.as_str())
}
