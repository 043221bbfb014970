//! Made-up preferences.

use belfry_core::activity::{TraceStep, Verdict};
use belfry_core::decide::reason::Reason;
use belfry_core::event::{ChannelType, NotifyProps};
use belfry_core::ids::{ChannelId, ServerId, UserId};
use belfry_core::prefs::{OwnSound, SoundPrefs, SoundRule};
use belfry_core::query::FoundPerson;
use belfry_core::receipt::{StepState, TestReceipt, TestStep};
use belfry_core::settings::channels::{ChannelDefaults, ChannelRow, ChannelsTable};
use belfry_core::settings::{Editable, Field, Offers, ServerSettings, SettingKey};
use belfry_core::sound::{MessageSound, SoundChoice};
use belfry_core::trial::Trial;

/// A preference as a server holds it.
pub fn field(key: SettingKey, stored: &str) -> Field {
    Field { value: stored.to_owned(), stored: Some(stored.to_owned()), unknown: !key.knows(stored), ..Field::default() }
}

/// The account of the Notifications picture, on a server that offers everything.
pub fn settings(server: u32) -> ServerSettings {
    let stored = [
        (SettingKey::Desktop, "mention"),
        (SettingKey::DesktopThreads, "all"),
        (SettingKey::Push, "mention"),
        (SettingKey::PushThreads, "all"),
        (SettingKey::PushStatus, "online"),
        (SettingKey::DesktopSound, "true"),
        (SettingKey::DesktopNotificationSound, "Bing"),
        (SettingKey::CallsDesktopSound, "true"),
        (SettingKey::CallsNotificationSound, "Calm"),
        (SettingKey::MentionKeys, "morgan,deploy,release train"),
        (SettingKey::FirstName, "true"),
        (SettingKey::Channel, "true"),
        (SettingKey::Email, "true"),
        (SettingKey::EmailInterval, "900"),
        (SettingKey::EmailThreads, "all"),
        (SettingKey::HighlightKeys, "night shift"),
    ];
    let field_of = |key: SettingKey| match stored.iter().find(|(stored, _)| *stored == key) {
        Some((_, value)) => field(key, value),
        None => Field { value: key.when_missing().to_owned(), ..Field::default() },
    };
    ServerSettings {
        server: ServerId(server),
        revision: 0,
        editable: Editable::Yes,
        username: "morgan".to_owned(),
        first_name: "Morgan".to_owned(),
        offers: Offers {
            threads: true,
            threads_forced: None,
            ringing: true,
            push: true,
            email: true,
            email_batching: true,
            highlights: true,
            auto_replies: true,
            test_notification: true,
        },
        fields: SettingKey::ALL.into_iter().map(|key| (key, field_of(key))).collect(),
        stored: NotifyProps::new(),
        undo: Vec::new(),
    }
}

fn props(pairs: &[(&str, &str)]) -> NotifyProps {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn defaults(server: u32) -> ChannelDefaults {
    ChannelDefaults {
        server: ServerId(server),
        read_only: None,
        threads: true,
        push: true,
        account: props(&[
            ("desktop", "mention"),
            ("desktop_threads", "all"),
            ("desktop_sound", "true"),
            ("desktop_notification_sound", "Bing"),
            ("channel", "true"),
        ]),
    }
}

fn row(server: u32, id: &str, name: &str, team: &str, set: &[(&str, &str)]) -> Option<ChannelRow> {
    Some(ChannelRow {
        server: ServerId(server),
        channel: ChannelId::parse(id)?,
        kind: Some(if team.is_empty() { ChannelType::Direct } else { ChannelType::Public }),
        name: name.to_owned(),
        team: team.to_owned(),
        archived: false,
        last_post_at: super::NOW_MS,
        props: props(set),
        saving: false,
        trouble: None,
    })
}

/// A few channels, most of which differ from the default in one way each.
pub fn channels() -> ChannelsTable {
    let rows = [
        row(1, "incidents", "Incidents", "Platform", &[("desktop", "all"), ("desktop_notification_sound", "Upstairs")]),
        row(1, "offtopic", "Off topic", "Platform", &[("mark_unread", "mention")]),
        row(1, "opsroom", "Ops room", "Platform", &[]),
        row(1, "releasetrain", "Release train", "Platform", &[("desktop_threads", "mention")]),
        row(1, "rosadirect", "Rosa Almeida", "", &[("desktop_sound", "off")]),
        row(1, "townsquare", "Town square", "Northwind", &[("ignore_channel_mentions", "on"), ("desktop", "none")]),
        row(2, "labnotes", "Lab notes", "Research", &[("desktop", "all")]),
    ];
    ChannelsTable {
        revision: 1,
        only_changes: false,
        rows: rows.into_iter().flatten().collect(),
        gone: Vec::new(),
        servers: vec![defaults(1), defaults(2)],
    }
}

/// So many channels.
pub fn busy_channels(count: usize) -> ChannelsTable {
    let rows = (0..count).filter_map(|index| {
        let set: &[(&str, &str)] = match index % 5 {
            0 => &[("mark_unread", "mention")],
            1 => &[("desktop", "all")],
            2 => &[("desktop_notification_sound", "Ripple")],
            _ => &[],
        };
        row(1, &format!("channel{index}"), &format!("Channel number {index}"), "Platform", set)
    });
    ChannelsTable { rows: rows.collect(), ..channels() }
}

/// A message that would be shown because of a keyword.
pub fn trial(verdict: Verdict) -> Trial {
    let shown = verdict == Verdict::Notify;
    let step = |rule: &'static str, outcome: &'static str, detail: &str| TraceStep {
        rule: rule.into(),
        outcome: outcome.into(),
        detail: detail.to_owned(),
    };
    Trial {
        verdict,
        reason: (!shown).then_some(Reason::NotMentioned),
        sentence: String::new(),
        setting: None,
        word: shown.then(|| "deploy".to_owned()),
        sound: shown.then_some(SoundChoice::Message(MessageSound::Bing)),
        trace: vec![
            step("own_post", "continue", "Not your own message"),
            if shown {
                step("notify", "notify", "Your keyword deploy is in it")
            } else {
                step("level", "skip", "You were not mentioned")
            },
        ],
    }
}

/// A test that went well, or broke at its fifth step.
pub fn receipt(success: bool) -> TestReceipt {
    let times = [41, 58, 59, 83, 96, 104];
    let steps = TestStep::ALL.into_iter().zip(times).map(|(step, after_ms)| {
        let state = match step {
            TestStep::Painted if !success => StepState::Failed {
                what: "no frame was painted within a second and a half".to_owned(),
                advice: "a system notification was shown instead; look whether other windows draw".to_owned(),
            },
            TestStep::Sounded if !success => StepState::Waiting,
            _ => StepState::Done { after_ms },
        };
        (step, state)
    });
    TestReceipt { server: ServerId(1), steps: steps.collect(), over: true }
}

/// People who were looked for: one who writes directly, one who never did.
pub fn people() -> Vec<FoundPerson> {
    let people = [("rosa", "Rosa Almeida"), ("robin", "Robin Achterberg")];
    let person = |(id, name): (&str, &str)| {
        Some(FoundPerson { user: UserId::parse(id)?, name: name.to_owned(), username: id.to_owned() })
    };
    people.into_iter().filter_map(person).collect()
}

/// Two files of one's own, and two rules.
pub fn sounds() -> SoundPrefs {
    let own = |id: u32, name: &str| OwnSound { id, name: name.to_owned(), file: format!("{id}.wav") };
    let rule = |channel: &str, title: &str, sound: &str| SoundRule {
        server: ServerId(1),
        channel: ChannelId::parse(channel),
        person: None,
        title: title.to_owned(),
        sound: sound.to_owned(),
    };
    SoundPrefs {
        own: vec![own(1, "doorbell.wav"), own(2, "kettle.ogg")],
        rules: vec![rule("incidents", "Incidents · Platform", "own:1"), rule("rosadirect", "Rosa Almeida", "Ripple")],
        ..SoundPrefs::default()
    }
}
