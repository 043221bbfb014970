//! Runs the `server_*` vectors of the shared conformance file against the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{
    Audience, FollowerFacts, KeywordOwner, Keywords, Kind, Listener, MentionSource, Named, Props, Scan, ThreadVoices,
    channel_name, channel_wide_allowed, in_followers, in_notify_list, keywords_of, scan_post, scan_word,
    scanned_fields, sender_name, should_ack, who_is_mentioned,
};

fn text<'a>(input: &'a Value, key: &str) -> &'a str {
    input[key].as_str().unwrap_or_default()
}

fn flag(input: &Value, key: &str) -> bool {
    input[key].as_bool().unwrap_or(false)
}

fn props(value: &Value) -> Props {
    value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn keywords(input: &Value) -> Keywords {
    let mut keywords = Keywords::default();
    for (word, people) in input["keywords"].as_object().into_iter().flatten() {
        for person in people.as_array().into_iter().flatten().filter_map(Value::as_str) {
            keywords.add(word.clone(), person);
        }
    }
    for (id, name) in input["groups"].as_object().into_iter().flatten() {
        keywords.add_group(name.as_str().unwrap_or_default(), id.clone());
    }
    keywords
}

fn found(scan: &Scan) -> Value {
    let kind = |kind: &Kind| match kind {
        Kind::ChannelWide => "channel",
        Kind::Keyword => "keyword",
        _ => "other",
    };
    let mentions: Map<String, Value> = scan.mentions.iter().map(|(id, k)| (id.clone(), json!(kind(k)))).collect();
    json!({
        "mentions": mentions, "group_mentions": scan.groups, "here": scan.here, "channel": scan.channel,
        "all": scan.all, "other_potential": scan.other_potential,
    })
}

fn named(value: &Value) -> Named<'_> {
    Named {
        id: text(value, "id"),
        username: text(value, "username"),
        first_name: text(value, "first_name"),
        last_name: text(value, "last_name"),
        nickname: text(value, "nickname"),
    }
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn who(input: &Value) -> Value {
    let none = Props::default();
    let user_props: BTreeMap<&str, Props> = list(&input["members"])
        .into_iter()
        .map(|id| {
            let own = props(&input["notify_props"][id]);
            let own = if own.is_empty() { [("channel".to_owned(), "true".to_owned())].into() } else { own };
            (id, own)
        })
        .collect();
    let members: Vec<Listener<'_>> = list(&input["members"])
        .into_iter()
        .map(|id| Listener {
            id,
            username: id,
            first_name: "",
            user_props: &user_props[id],
            channel_props: &none,
            status: Some("online"),
            crt: flag(input, "crt"),
        })
        .collect();
    let licensed = matches!(text(input, "licence"), "professional" | "enterprise" | "advanced");
    let mut groups = BTreeMap::new();
    if licensed {
        for (name, people) in input["groups"].as_object().into_iter().flatten() {
            let people: BTreeSet<String> = list(people).into_iter().map(str::to_owned).collect();
            groups.insert(name.clone(), people);
        }
    }
    let attachments = input["attachments"].as_array().cloned().unwrap_or_default();
    let thread = input.get("thread").filter(|t| !t.is_null()).map(|thread| ThreadVoices {
        root_author: thread["root_author"].as_str(),
        authors: list(&thread["authors"]).into_iter().collect(),
    });
    let scan = who_is_mentioned(&Audience {
        channel_type: text(input, "channel_type"),
        archived: flag(input, "archived"),
        members: &members,
        author: text(input, "author"),
        from_webhook: flag(input, "from_webhook"),
        post_type: text(input, "type"),
        message: text(input, "message"),
        attachments: &attachments,
        added_user: input["added_user"].as_str(),
        thread,
        groups: &groups,
        channel_wide_permission: true,
        channel_wide_limit: 1000,
        source: MentionSource::default(),
    });
    json!({ "mentioned": scan.mentions.keys().collect::<Vec<_>>() })
}

fn number(input: &Value, key: &str) -> usize {
    usize::try_from(input[key].as_u64().unwrap_or_default()).unwrap_or(usize::MAX)
}

fn answer(kind: &str, input: &Value) -> Option<Value> {
    Some(match kind {
        "server_scan" => {
            let attachments = input["attachments"].as_array().cloned().unwrap_or_default();
            found(&scan_post(text(input, "message"), &attachments, &keywords(input)))
        }
        "server_word" => {
            let mut scan = Scan::default();
            scan_word(text(input, "word"), &keywords(input), &mut scan);
            found(&scan)
        }
        "server_keywords" => {
            let owner = KeywordOwner {
                username: text(input, "username"),
                first_name: text(input, "first_name"),
                user_props: &props(&input["user_notify_props"]),
                channel_props: &props(&input["channel_notify_props"]),
                status: input["status"].as_str(),
            };
            json!(keywords_of(&owner, flag(input, "channel_mentions_allowed")))
        }
        "server_who" => who(input),
        "server_scanned_fields" => {
            let attachments = input["attachments"].as_array().cloned().unwrap_or_default();
            json!({ "texts": scanned_fields(text(input, "message"), &attachments) })
        }
        "server_channel_wide_allowed" => json!({ "allowed": channel_wide_allowed(
            flag(input, "permission"), text(input, "type"), number(input, "members"), number(input, "limit")) }),
        "server_followers" => json!({ "in_followers": in_followers(&FollowerFacts {
            user_props: &props(&input["user_notify_props"]),
            channel_props: &props(&input["channel_notify_props"]),
            mentioned: flag(input, "mentioned"),
            following: flag(input, "following"),
            crt: flag(input, "crt"),
        }) }),
        "server_should_ack" => json!({ "should_ack": should_ack(
            flag(input, "posted_ack"), flag(input, "author_is_me"), text(input, "channel_type"),
            flag(input, "mentioned"), flag(input, "following"), flag(input, "in_notify_list")) }),
        "server_in_notify_list" => json!({ "in_list": in_notify_list(
            text(input, "channel_type"), text(input, "user_level"), text(input, "channel_level")) }),
        "server_channel_name" => {
            let members: Vec<Named<'_>> = input["members"].as_array().into_iter().flatten().map(named).collect();
            json!({ "name": channel_name(
                text(&input["channel"], "type"), text(&input["channel"], "display_name"), &named(&input["sender"]),
                &members, text(input, "exclude_id"), text(input, "name_format")) })
        }
        "server_sender_name" => {
            let post = &input["post"];
            let props = post["props"].as_object().cloned().unwrap_or_default();
            json!({ "name": sender_name(
                text(input, "channel_type"), text(post, "type"), &props, &named(&input["sender"]),
                text(input, "name_format"), flag(input, "overrides_allowed")) })
        }
        _ => return None,
    })
}

fn agrees(kind: &str, got: &Value, expected: &Value) -> bool {
    if kind == "server_keywords" {
        let words: BTreeSet<&str> = list(got).into_iter().collect();
        return list(&expected["contains"]).iter().all(|w| words.contains(w))
            && list(&expected["not_contains"]).iter().all(|w| !words.contains(w));
    }
    expected.as_object().is_some_and(|expected| {
        expected.iter().all(|(key, want)| match (key.as_str(), want) {
            ("group_mentions" | "mentioned" | "other_potential", Value::Array(_)) => {
                list(&got[key]).into_iter().collect::<BTreeSet<_>>() == list(want).into_iter().collect()
            }
            _ => &got[key] == want,
        })
    })
}

#[test]
fn every_server_vector_of_the_shared_file_holds() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/cases.json");
    let Ok(bytes) = std::fs::read(path) else { return };
    let cases: Vec<Value> = serde_json::from_slice(&bytes).expect("the conformance file is JSON");
    let mut wrong = Vec::new();
    let mut run = 0;
    for case in &cases {
        let kind = text(case, "kind");
        let Some(got) = answer(kind, &case["input"]) else { continue };
        run += 1;
        if !agrees(kind, &got, &case["expected"]) {
            wrong.push(format!("{}: got {got}, expected {}", text(case, "id"), case["expected"]));
        }
    }
    assert!(run > 0, "no server vectors in the file");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
