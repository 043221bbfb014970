//! What must not be in a recording: tokens, addresses of people and of servers. Ids are given other names, the same
//! everywhere, so that nobody finds the server's own again.

use std::collections::HashMap;

use anyhow::ensure;
use belfry_core::secret::Secret;
use serde_json::{Map, Value};

/// Length of a server's ids, tokens included.
const ID: usize = 26;
/// Stands for the server.
const NOWHERE: &str = "recorded.example";
/// Stands for a computer (RFC 5737).
const NO_COMPUTER: &str = "192.0.2.1";
/// Values that are never written, wherever they stand.
const SECRET_KEYS: [&str; 9] =
    ["token", "password", "secret", "mfa_secret", "auth_data", "device_id", "csrf", "server_hostname", "email"];
/// Letters of new ids: without digits, none of them looks like a token.
const LETTERS: &[u8; 16] = b"abcdefghijkmnopq";

/// Scrubs values, and remembers what became of each id.
#[derive(Debug)]
pub struct Scrub {
    ids: HashMap<String, String>,
    /// How the server can be called, the longest first.
    addresses: Vec<String>,
    token: Secret,
}

impl Scrub {
    /// For the server at this address, spoken to with this token.
    pub fn new(url: &str, token: &Secret) -> Self {
        let host_and_path = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = host_and_path.split('/').next().unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let mut addresses: Vec<String> =
            [url, host_and_path, host, name].iter().map(|part| (*part).to_owned()).collect();
        addresses.retain(|part| !part.is_empty());
        addresses.dedup();
        Self { ids: HashMap::new(), addresses, token: token.clone() }
    }

    /// A value without what must not be in it.
    pub fn value(&mut self, value: Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(key, value)| {
                    let value = match &value {
                        // `notify_props.email` is "true" or "false".
                        Value::String(text) if is_secret(&key, text) => Value::String(String::new()),
                        _ => self.value(value),
                    };
                    (self.text(&key), value)
                })
                .collect::<Map<_, _>>()
                .into(),
        }
    }

    fn text(&mut self, text: &str) -> String {
        // Servers put JSON into strings.
        if text.starts_with(['{', '['])
            && let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text)
        {
            return self.value(inner).to_string();
        }
        let mut text = text.to_owned();
        for address in &self.addresses {
            text = text.replace(address, NOWHERE);
        }
        text = without(&text, is_of_mail, |word| mail(word).then(String::new));
        text = without(&text, |c| c.is_ascii_digit() || c == '.', |word| is_computer(word).then(|| NO_COMPUTER.into()));
        without(&text, |c| c.is_ascii_alphanumeric(), |word| is_id(word).then(|| self.renamed(word)))
    }

    fn renamed(&mut self, id: &str) -> String {
        let next = self.ids.len() as u64 + 1;
        self.ids
            .entry(id.to_owned())
            .or_insert_with(|| {
                // The number in its first letters makes it unique, the rest only looks like the server's.
                let mut bits =
                    u128::from(next.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 24 | u128::from(next & 0xFF_FFFF);
                (0..ID)
                    .map(|_| {
                        let letter = usize::try_from(bits & 15).ok().and_then(|at| LETTERS.get(at));
                        bits >>= 4;
                        letter.map_or('a', |letter| char::from(*letter))
                    })
                    .collect()
            })
            .clone()
    }

    /// Looks once more for what must not be there.
    ///
    /// # Errors
    /// It is there. The error does not repeat it.
    pub fn check(&self, text: &str) -> anyhow::Result<()> {
        ensure!(!text.contains(self.token.expose()), "the token would be in the recording");
        for address in &self.addresses {
            ensure!(!text.contains(address.as_str()), "the server's address would be in the recording");
        }
        let mut mails = text.split(|c| !is_of_mail(c)).filter(|word| mail(word));
        ensure!(mails.next().is_none(), "somebody's e-mail address would be in the recording");
        Ok(())
    }
}

/// A server's settings without keys and links: no client decides by them.
pub fn settings(path: &str, body: Value) -> Value {
    let of_settings = path.starts_with("/config/client") || path.starts_with("/license/client");
    match body {
        Value::Object(map) if of_settings => map
            .into_iter()
            .map(|(key, value)| {
                let private = ["Key", "Secret", "Dsn", "DiagnosticId", "Email", "URL", "Url", "Link"];
                let named =
                    private.iter().any(|part| key.contains(part)) && !matches!(value.as_str(), Some("true" | "false"));
                let linked = value.as_str().is_some_and(|text| text.contains("://"));
                (key, if named || linked { "".into() } else { value })
            })
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

fn is_secret(key: &str, value: &str) -> bool {
    SECRET_KEYS.contains(&key) && (key != "email" || value.contains('@'))
}

/// Replaces words (runs of such characters) as told.
fn without(text: &str, is_part: impl Fn(char) -> bool, mut instead: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, more) = rest.split_at(end);
        match instead(word) {
            Some(other) => out.push_str(&other),
            None => out.push_str(word),
        }
        let gap = more.find(&is_part).unwrap_or(more.len());
        let (between, more) = more.split_at(gap);
        out.push_str(between);
        rest = more;
    }
    out
}

fn is_id(word: &str) -> bool {
    word.len() == ID && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_of_mail(c: char) -> bool {
    c.is_alphanumeric() || "@._%+-".contains(c)
}

/// `name@place.top`
fn mail(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, place)| {
        let labels: Vec<&str> = place.trim_end_matches('.').split('.').collect();
        !name.is_empty() && labels.len() > 1 && labels.iter().all(|label| !label.is_empty())
    })
}

/// Four numbers below 256; a version has another count of them.
fn is_computer(word: &str) -> bool {
    let parts: Vec<&str> = word.trim_end_matches('.').split('.').collect();
    parts.len() == 4 && parts.iter().all(|part| part.parse::<u8>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ONE: &str = "o9zzduwiq78ppcyi8t3451p9ky";
    const TWO: &str = "tik4oct41bb37bded96nuqgoja";

    fn scrub() -> Scrub {
        Scrub::new("http://127.0.0.1:8065/mm", &Secret::new("hunter2hunter2hunter2hunt2"))
    }

    #[test]
    fn an_id_has_one_other_name_wherever_it_stands() {
        let mut scrub = scrub();
        let inner = json!({"user_id": ONE, "props": {"x": [TWO]}}).to_string();
        let frame = json!({"data": {"post": inner, "name": format!("{ONE}__{TWO}")}, "omit_users": {TWO: true}});
        let out = scrub.value(frame);
        let post: Value = serde_json::from_str(out["data"]["post"].as_str().unwrap()).unwrap();
        let (one, two) = (post["user_id"].as_str().unwrap(), post["props"]["x"][0].as_str().unwrap());
        assert_ne!(one, two);
        assert_eq!(out["data"]["name"], format!("{one}__{two}"));
        assert_eq!(out["omit_users"][two], true);
        for id in [one, two] {
            assert!(id.len() == ID && id.bytes().all(|byte| byte.is_ascii_lowercase()), "{id}");
        }
        assert!(!out.to_string().contains(ONE) && !out.to_string().contains(TWO));
        let many: std::collections::HashSet<String> =
            (0..5_000).map(|n| scrub.value(format!("{n:026}").into()).to_string()).collect();
        assert_eq!(many.len(), 5_000, "no two ids share a name");
    }

    #[test]
    fn addresses_of_people_computers_and_the_server_are_removed_and_versions_are_not() {
        let mut scrub = scrub();
        for (text, left) in [
            ("write to ann.b+c@mail.example.org, please", "write to , please"),
            ("@rosa and @jun.", "@rosa and @jun."),
            ("see http://127.0.0.1:8065/mm/pl/x", "see recorded.example/pl/x"),
            ("from 10.1.2.3", "from 192.0.2.1"),
            ("11.1.0.11.1.0.abc.false", "11.1.0.11.1.0.abc.false"),
            ("11.1.0", "11.1.0"),
        ] {
            assert_eq!(scrub.value(text.into()), left);
        }
        let user = json!({"email": "ann@example.org", "notify_props": {"email": "true"}, "auth_data": "x", "id": 5});
        assert_eq!(
            scrub.value(user),
            json!({"email": "", "notify_props": {"email": "true"}, "auth_data": "", "id": 5})
        );
    }

    #[test]
    fn settings_keep_what_clients_decide_by() {
        let config = json!({
            "Version": "11.1.0", "CollapsedThreads": "always_on", "SiteURL": "https://x.org", "AboutLink": "https://y",
            "DiagnosticId": "abc", "AsymmetricSigningPublicKey": "MFkw", "EnableCustomUserStatuses": "true",
            "SendEmailNotifications": "true",
        });
        let out = settings("/config/client?format=old", config);
        assert_eq!(
            out,
            json!({
                "Version": "11.1.0", "CollapsedThreads": "always_on", "SiteURL": "", "AboutLink": "",
                "DiagnosticId": "", "AsymmetricSigningPublicKey": "", "EnableCustomUserStatuses": "true",
                "SendEmailNotifications": "true",
            })
        );
        assert_eq!(settings("/users/me", json!({"PublicKey": "x"})), json!({"PublicKey": "x"}));
    }

    #[test]
    fn what_slipped_through_is_found_and_not_repeated() {
        let scrub = scrub();
        for text in ["hunter2hunter2hunter2hunt2", "to ann@example.org", "at 127.0.0.1:8065"] {
            let error = scrub.check(text).unwrap_err().to_string();
            assert!(!error.contains("hunter") && !error.contains("ann") && !error.contains("8065"), "{error}");
        }
        assert!(scrub.check("@rosa, 11.1.0").is_ok());
    }
}
