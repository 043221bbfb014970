//! `platform`, `os_dnd` and `permission`: the official desktop shell.

use belfry_core::official::counting::Platform;
use belfry_core::official::shell::{
    self, Answer, Origin, Shown, Stage, StoredPermission, SystemQuiet, is_under, wants_quiet,
};
use serde_json::{Value, json};

use super::{first_of, flag, flag_or, number, optional, text_of};

/// The operating system, and whether it is Windows 7.
pub(super) fn platform(input: &Value) -> Result<(Platform, bool), String> {
    let old = first_of(input, &["windows_version", "os_version", "release"])
        .map(|version| version.as_str().map_or_else(|| version.to_string(), str::to_owned))
        .is_some_and(|version| version == "7" || version.starts_with("6.1"));
    match text_of(input, "platform").to_ascii_lowercase().as_str() {
        "windows" | "win32" => Ok((Platform::Windows, old || flag(input, "windows7") || flag(input, "windows_7"))),
        "windows7" | "windows_7" | "win7" => Ok((Platform::Windows, true)),
        "macos" | "darwin" | "mac" => Ok((Platform::MacOs, false)),
        "linux" => Ok((Platform::Linux, false)),
        other => Err(format!("nobody here knows the platform {other}")),
    }
}

pub(super) fn stage(input: &Value) -> Result<Value, String> {
    let (platform, windows_7) = platform(input)?;
    let staged = shell::stage(&Stage {
        platform,
        windows_7,
        supported: flag_or(input, "supported", true),
        // An error while asking counts as no.
        system_dnd: flag(input, "os_dnd"),
        primary_view: flag_or(input, "primary_view", flag_or(input, "is_primary_view", true)),
        permitted: flag_or(input, "permission_granted", true),
        shown: shown(input),
        silent: flag(input, "silent"),
        sound_name: text_of(input, "sound_name"),
        flash_window: number(input, "flashWindow"),
        bounce_icon: flag(input, "bounceIcon"),
        bounce_icon_type: text_of(input, "bounceIconType"),
    });
    let (status, reason) = staged.objection.map_or(("success", None), |(status, code)| (status, Some(code)));
    Ok(json!({
        "banner": staged.is_shown(),
        "status": status,
        "reason": reason,
        "play_sound": staged.play_sound,
        "os_notification_silent": staged.system_silent,
        "flash": staged.flash,
        "bounce": staged.bounce,
        "closes_previous": staged.closes_previous,
    }))
}

fn shown(input: &Value) -> Shown {
    let code = first_of(input, &["hresult", "windows_hresult", "error_code"]).and_then(Value::as_i64);
    match first_of(input, &["shown", "show", "os_result"]) {
        Some(Value::Bool(false)) => Shown::TimedOut,
        Some(Value::String(word)) if word == "timeout" || word == "never" => Shown::TimedOut,
        Some(Value::String(word)) if word == "failed" || word == "error" => Shown::Failed { code },
        _ if code.is_some() || flag(input, "failed") => Shown::Failed { code },
        _ => Shown::Yes,
    }
}

/// Whether the operating system wants quiet.
pub(super) fn system_quiet(input: &Value) -> Result<Value, String> {
    let answer = match platform(input)?.0 {
        Platform::Windows => SystemQuiet::FocusAssist {
            value: number(input, "focus_assist"),
            app_is_priority: flag(input, "app_is_priority"),
        },
        Platform::MacOs => SystemQuiet::Mac(
            input
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(key, _)| *key != "platform")
                .find_map(|(_, value)| value.as_bool()),
        ),
        Platform::Linux => {
            SystemQuiet::ShowBanners(optional(input, "gnome_show_banners").filter(|printed| *printed != "error"))
        }
    };
    Ok(json!({"dnd": wants_quiet(answer)}))
}

/// What a request for the permission comes to.
pub(super) fn permission(input: &Value) -> Result<Value, String> {
    let stored = input.get("stored").filter(|stored| stored.is_object()).map(|stored| StoredPermission {
        allowed: stored.get("allowed").and_then(Value::as_bool),
        always_deny: stored.get("alwaysDeny").and_then(Value::as_bool),
    });
    let preconfigured = ["preconfigured", "gpo", "policy", "server_preconfigured", "gpo_server"]
        .into_iter()
        .any(|key| flag(input, key) || input.get(key).is_some_and(Value::is_array));
    let trusted = match (input.get("request_url"), input.get("server_url")) {
        (Some(request), Some(server)) => {
            is_under(request.as_str().unwrap_or_default(), server.as_str().unwrap_or_default())
        }
        _ => true,
    };
    let origin = if preconfigured {
        Origin::Preconfigured
    } else if trusted {
        Origin::Server
    } else {
        Origin::Foreign
    };
    let answer = match text_of(input, "answer") {
        "allow" => Answer::Allow,
        "" | "deny" | "close" | "closed" | "dismiss" | "dismissed" | "cancel" => Answer::Deny,
        "deny_permanently" | "denyPermanently" | "deny permanently" | "always_deny" | "permanently" | "never" => {
            Answer::DenyPermanently
        }
        other => return Err(format!("nobody here knows the answer {other}")),
    };
    let outcome = shell::permission(stored, origin, answer);
    let mut kept = serde_json::Map::new();
    if let Some(now) = outcome.stored {
        kept.extend(now.allowed.map(|value| ("allowed".to_owned(), Value::Bool(value))));
        kept.extend(now.always_deny.map(|value| ("alwaysDeny".to_owned(), Value::Bool(value))));
    }
    let stored = if outcome.stored.is_some() { Value::Object(kept) } else { Value::Null };
    Ok(json!({
        "granted": outcome.granted,
        "asked": outcome.asked,
        "dialogs": i32::from(outcome.asked),
        "stored": stored,
    }))
}
