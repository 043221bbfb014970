//! The `server_*` kinds: what the practice server's rules, as the real server's, make of a post.

use std::collections::{BTreeMap, BTreeSet};

use belfry_practice_server::rules::{
    Audience, FollowerFacts, KeywordOwner, Keywords, Kind, Listener, MentionSource, Named, Props, Scan, ThreadVoices,
    channel_name, channel_wide_allowed, in_followers, in_notify_list, keywords_of, scan_post, scan_word,
    scanned_fields, sender_name, should_ack, who_is_mentioned,
};
use serde_json::{Map, Value, json};

use super::{first_of, flag, text_of};

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
        id: text_of(value, "id"),
        username: text_of(value, "username"),
        first_name: text_of(value, "first_name"),
        last_name: text_of(value, "last_name"),
        nickname: text_of(value, "nickname"),
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
            let own = props(
                first_of(input, &["notify_props", "user_notify_props"])
                    .and_then(|all| all.get(id))
                    .unwrap_or(&Value::Null),
            );
            let own = if own.is_empty() { [("channel".to_owned(), "true".to_owned())].into() } else { own };
            (id, own)
        })
        .collect();
    let members: Vec<Listener<'_>> = user_props
        .iter()
        .map(|(id, own)| Listener {
            id,
            username: id,
            first_name: "",
            user_props: own,
            channel_props: &none,
            status: Some("online"),
            // For everybody, or for each.
            crt: flag(input, "crt") || input.get("crt").is_some_and(|crt| flag(crt, id)),
        })
        .collect();
    let licensed = matches!(text_of(input, "licence"), "professional" | "enterprise" | "advanced");
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
        channel_type: text_of(input, "channel_type"),
        archived: flag(input, "archived"),
        members: &members,
        author: text_of(input, "author"),
        from_webhook: flag(input, "from_webhook"),
        post_type: text_of(input, "type"),
        message: text_of(input, "message"),
        attachments: &attachments,
        added_user: first_of(input, &["added_user", "added_user_id", "addedUserId"]).and_then(Value::as_str),
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

/// What the rules answer; `None` for an unknown kind.
pub(super) fn answer(kind: &str, input: &Value) -> Option<Value> {
    Some(match kind {
        "server_scan" => {
            let attachments = input["attachments"].as_array().cloned().unwrap_or_default();
            found(&scan_post(text_of(input, "message"), &attachments, &keywords(input)))
        }
        "server_word" => {
            let mut scan = Scan::default();
            scan_word(text_of(input, "word"), &keywords(input), &mut scan);
            found(&scan)
        }
        "server_keywords" => {
            let owner = KeywordOwner {
                username: text_of(input, "username"),
                first_name: text_of(input, "first_name"),
                user_props: &props(&input["user_notify_props"]),
                channel_props: &props(&input["channel_notify_props"]),
                status: input["status"].as_str(),
            };
            json!(keywords_of(&owner, flag(input, "channel_mentions_allowed")))
        }
        "server_who" => who(input),
        "server_scanned_fields" => {
            let attachments = input["attachments"].as_array().cloned().unwrap_or_default();
            json!({ "texts": scanned_fields(text_of(input, "message"), &attachments) })
        }
        "server_channel_wide_allowed" => json!({ "allowed": channel_wide_allowed(
            flag(input, "permission"), text_of(input, "type"), number(input, "members"), number(input, "limit")) }),
        "server_followers" => json!({ "in_followers": in_followers(&FollowerFacts {
            user_props: &props(&input["user_notify_props"]),
            channel_props: &props(&input["channel_notify_props"]),
            mentioned: flag(input, "mentioned"),
            following: flag(input, "following"),
            crt: flag(input, "crt"),
        }) }),
        "server_should_ack" => json!({ "should_ack": should_ack(
            flag(input, "posted_ack"), flag(input, "author_is_me"), text_of(input, "channel_type"),
            flag(input, "mentioned"), flag(input, "following"), flag(input, "in_notify_list")) }),
        "server_in_notify_list" => json!({ "in_list": in_notify_list(
            text_of(input, "channel_type"), text_of(input, "user_level"), text_of(input, "channel_level")) }),
        "server_channel_name" => {
            let members: Vec<Named<'_>> = input["members"].as_array().into_iter().flatten().map(named).collect();
            json!({ "name": channel_name(
                text_of(&input["channel"], "type"), text_of(&input["channel"], "display_name"), &named(&input["sender"]),
                &members, text_of(input, "exclude_id"), text_of(input, "name_format")) })
        }
        "server_sender_name" => {
            let post = &input["post"];
            let props = post["props"].as_object().cloned().unwrap_or_default();
            json!({ "name": sender_name(
                text_of(input, "channel_type"), text_of(post, "type"), &props, &named(&input["sender"]),
                text_of(input, "name_format"), flag(input, "overrides_allowed")) })
        }
        _ => return None,
    })
}
