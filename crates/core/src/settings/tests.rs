use super::*;

fn settings(stored: &[(SettingKey, &str)], offers: Offers) -> ServerSettings {
    let stored: BTreeMap<SettingKey, String> = stored.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    let field = |key: SettingKey| {
        let stored = stored.get(&key).cloned();
        let value = stored.clone().unwrap_or_else(|| key.when_missing().to_owned());
        Field { unknown: !key.knows(&value), value, stored, ..Field::default() }
    };
    ServerSettings {
        username: "morgan".to_owned(),
        first_name: "Morgan".to_owned(),
        offers,
        fields: SettingKey::ALL.into_iter().map(|key| (key, field(key))).collect(),
        ..ServerSettings::default()
    }
}

fn everything() -> Offers {
    Offers {
        threads: true,
        threads_forced: None,
        ringing: true,
        push: true,
        email: true,
        email_batching: true,
        highlights: true,
        auto_replies: true,
        test_notification: true,
    }
}

fn to(changes: &[SettingChange]) -> Vec<(SettingKey, &str)> {
    changes.iter().map(|change| (change.key, change.to.as_deref().unwrap())).collect()
}

#[test]
fn what_is_hidden_follows_the_server_and_what_is_chosen() {
    use SettingKey as Key;
    type Case<'a> = (&'a [(Key, &'a str)], Offers, bool, &'a [Key]);
    let hidden = |stored: &[(SettingKey, &str)], offers: Offers, differs: bool| -> Vec<SettingKey> {
        let settings = settings(stored, offers);
        Key::ALL.into_iter().filter(|key| !settings.shows(*key, differs)).collect()
    };
    let all = everything();
    let busy = [(Key::AutoResponderActive, "true")];
    assert_eq!(hidden(&busy, all.clone(), true), [Key::Comments], "with threads there are no thread reply settings");
    let table: [Case<'_>; 9] = [
        (
            &busy,
            Offers { threads: false, ..all.clone() },
            true,
            &[Key::DesktopThreads, Key::PushThreads, Key::EmailThreads],
        ),
        (
            &busy,
            Offers { ringing: false, ..all.clone() },
            true,
            &[Key::CallsDesktopSound, Key::CallsNotificationSound, Key::Comments],
        ),
        (
            &busy,
            Offers { push: false, ..all.clone() },
            true,
            &[Key::Push, Key::PushThreads, Key::PushStatus, Key::Comments],
        ),
        (
            &busy,
            Offers { email: false, ..all.clone() },
            true,
            &[Key::Email, Key::EmailInterval, Key::EmailThreads, Key::Comments],
        ),
        (&busy, Offers { highlights: false, ..all.clone() }, true, &[Key::HighlightKeys, Key::Comments]),
        (&[], all.clone(), true, &[Key::Comments, Key::AutoResponderMessage]),
        (&busy, all.clone(), false, &[Key::Push, Key::PushThreads, Key::Comments]),
        (
            &[(Key::Desktop, "none"), busy[0]],
            all.clone(),
            false,
            &[Key::DesktopThreads, Key::Push, Key::PushThreads, Key::PushStatus, Key::Comments],
        ),
        (&[(Key::Email, "false"), busy[0]], all, true, &[Key::EmailInterval, Key::EmailThreads, Key::Comments]),
    ];
    for (stored, offers, differs, expected) in table {
        let mut expected = expected.to_vec();
        expected.sort_by_key(|key| Key::ALL.iter().position(|other| other == key));
        assert_eq!(hidden(stored, offers.clone(), differs), expected, "{stored:?} {offers:?} {differs}");
    }
}

#[test]
fn phones_follow_the_computer_unless_they_have_settings_of_their_own() {
    use SettingKey as Key;
    let same =
        [(Key::Desktop, "mention"), (Key::Push, "mention"), (Key::DesktopThreads, "all"), (Key::PushThreads, "all")];
    let page = settings(&same, everything());
    assert!(!page.mobile_differs());
    assert_eq!(to(&page.set_desktop(Key::Desktop, "none", false)), [(Key::Desktop, "none"), (Key::Push, "none")]);
    assert_eq!(to(&page.set_desktop(Key::Desktop, "none", true)), [(Key::Desktop, "none")]);
    let apart = settings(&[(Key::Desktop, "all"), (Key::Push, "none"), (Key::DesktopThreads, "all")], everything());
    assert!(apart.mobile_differs());
    assert_eq!(to(&apart.mobile_follows()), [(Key::Push, "all"), (Key::PushThreads, "all")]);
    assert!(settings(&[], everything()).mobile_differs(), "nothing is stored: an old account");
}

#[test]
fn the_username_is_a_tick_and_the_other_words_keep_their_order() {
    let page = settings(&[(SettingKey::MentionKeys, "deploy,morgan,@Morgan,release")], everything());
    assert!(page.username_notifies());
    assert_eq!(page.words(), ["deploy", "release"]);
    assert_eq!(to(&[page.set_username(false)])[0].1, "@Morgan,deploy,release");
    let words = ["deploy".to_owned(), " new word ".to_owned(), "Deploy".to_owned(), String::new()];
    assert_eq!(to(&[page.set_words(&words)])[0].1, "morgan,@Morgan,deploy,newword");
    let without = settings(&[], everything());
    assert!(!without.username_notifies() && without.words().is_empty());
    assert_eq!(to(&[without.set_username(true)])[0].1, "morgan");
}

#[test]
fn a_word_with_a_space_that_another_app_stored_is_not_rewritten_by_changing_another_one() {
    let page = settings(&[(SettingKey::MentionKeys, "release train,deploy")], everything());
    let words = ["release train".to_owned(), "deploy".to_owned(), "new word".to_owned()];
    assert_eq!(to(&[page.set_words(&words)])[0].1, "release train,deploy,newword");
    assert_eq!(to(&[page.set_username(true)])[0].1, "morgan,release train,deploy");
}

#[test]
fn a_change_is_based_on_what_was_stored_or_is_being_saved() {
    let mut page = settings(&[(SettingKey::Desktop, "all")], everything());
    assert_eq!(page.change(SettingKey::Desktop, "none").from.as_deref(), Some("all"));
    assert_eq!(page.change(SettingKey::Push, "none").from, None, "nothing is stored");
    let field = page.fields.get_mut(&SettingKey::Desktop).unwrap();
    (field.value, field.saving_since_ms) = ("mention".to_owned(), Some(1));
    assert_eq!(page.change(SettingKey::Desktop, "none").from.as_deref(), Some("mention"));
}

#[test]
fn an_empty_automatic_reply_becomes_the_default_and_highlights_may_hold_spaces() {
    let page = settings(&[], everything());
    assert_eq!(to(&[page.set_auto_reply("  ")])[0].1, DEFAULT_AUTO_REPLY);
    assert_eq!(to(&[page.set_highlights(&[" release train ".to_owned(), "a,b".to_owned()])])[0].1, "release train,a b");
}

#[test]
fn every_value_of_the_page_is_known_and_every_default_is_one_of_them() {
    for key in SettingKey::ALL {
        assert!(key.values().iter().all(|value| key.knows(value)));
        assert!(key.knows(key.when_missing()), "{key:?}");
        assert!(key.values().is_empty() || !key.knows("someday"), "{key:?}");
    }
}
