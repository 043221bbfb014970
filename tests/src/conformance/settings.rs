//! What the settings pages store and show.

use belfry_core::official::settings::{
    DesktopAndMobile, channel_props_to_save, mobile_differs, shows_threads_checkbox,
};
use serde_json::{Value, json};

use super::{flag, flag_or, optional, props};

pub(super) fn answer(kind: &str, input: &Value) -> Result<Value, String> {
    match kind {
        "channel_prefs_save" => {
            let account = props(input, "user_notify_props").unwrap_or_default();
            let selected = props(input, "selected").unwrap_or_default();
            let saved = channel_props_to_save(&account, &selected, flag_or(input, "desktop_and_mobile_differ", true));
            serde_json::to_value(saved).map_err(|error| error.to_string())
        }
        "desktop_mobile_differ" => {
            let values = DesktopAndMobile {
                desktop: optional(input, "desktop"),
                push: optional(input, "push"),
                desktop_threads: optional(input, "desktop_threads"),
                push_threads: optional(input, "push_threads"),
            };
            Ok(json!({"differ": mobile_differs(values, flag(input, "crt"))}))
        }
        "threads_checkbox_visible" => {
            Ok(json!({"visible": shows_threads_checkbox(flag(input, "crt"), optional(input, "desktop"))}))
        }
        _ => Err("no kind of setting".to_owned()),
    }
}
