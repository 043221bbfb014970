//! A sound for somebody who never wrote directly: found by name, heard wherever they write.

use belfry_core::command::Command;
use belfry_core::prefs::SoundRule;
use belfry_core::sound::{MessageSound, SoundChoice};
use belfry_practice_server::World;

use crate::desk::{Desk, SERVER};

#[tokio::test]
async fn a_person_is_found_by_any_part_of_a_name_and_sounds_as_chosen_in_every_channel() {
    let mut desk = Desk::new(World::small()).await;
    for text in ["lena", "maur", "Lena M", "@lena"] {
        let found = desk.people(text).await;
        assert_eq!(found.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["lena"], "{text}");
    }
    assert!(desk.people("nobody at all").await.is_empty());

    let person = desk.people("lena").await.remove(0).id;
    let base = desk.view().prefs.clone();
    let mut prefs = base.clone();
    prefs.sound.rules.push(SoundRule {
        server: SERVER,
        channel: None,
        person,
        title: "Lena Maurer (@lena)".to_owned(),
        sound: "Upstairs".to_owned(),
    });
    desk.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) }).await;
    desk.until_view("the rule", |view| view.prefs.sound.rules.len() == 1).await;
    desk.server.person("lena").posts("ops-room", "@morgan, a word?").unwrap();
    assert_eq!(desk.next_sound().await, SoundChoice::Message(MessageSound::Upstairs));
}
