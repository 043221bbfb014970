//! Sounds that are this computer's own business: files of the person's own, choices per server, channel and person, and
//! what plays because the person wanted to hear it.

use crate::effect::{Effect, Effects, PlaySound};
use crate::engine::Engine;
use crate::prefs::OwnSound;
use crate::sound::{MessageSound, SoundChoice};
use crate::time::Now;

/// A ring is heard for this long when previewed (notifications §5.2).
const RING_PREVIEW_MS: u64 = 5000;
/// Files of the person's own at most: more than anybody can tell apart.
const OWN_SOUNDS: usize = 100;

impl Engine {
    /// A sound with everything that the player needs.
    pub(super) fn sound_to_play(&self, sound: SoundChoice, loop_for_ms: Option<u64>) -> PlaySound {
        let prefs = &self.prefs.sound;
        let file = match sound {
            SoundChoice::Own(id) => prefs.own_file(id).map(|own| own.file.clone()),
            SoundChoice::Message(_) | SoundChoice::Ring(_) => None,
        };
        PlaySound {
            // A file that is gone is no reason for silence.
            sound: match (sound, &file) {
                (SoundChoice::Own(_), None) => SoundChoice::Message(MessageSound::default()),
                _ => sound,
            },
            volume_percent: prefs.volume_percent,
            loop_for_ms,
            file,
            device: prefs.device.clone(),
        }
    }

    pub(super) fn preview_sound(&mut self, sound: SoundChoice, out: &mut Effects) {
        let loop_for_ms = matches!(sound, SoundChoice::Ring(_)).then_some(RING_PREVIEW_MS);
        let play = self.sound_to_play(sound, loop_for_ms);
        // A volume of zero is silence, and silence does not end.
        self.previewing = (play.volume_percent > 0).then_some(sound);
        self.dirty = true;
        out.push(Effect::PlaySound(play));
    }

    pub(super) fn sound_started(&mut self, now: &Now, sound: SoundChoice) {
        self.test_sounded(now);
        if self.previewing.is_some_and(|previewed| previewed != sound) {
            self.stop_preview();
        }
    }

    pub(super) fn sound_ended(&mut self) {
        self.stop_preview();
    }

    /// Another sound plays, or none any more.
    pub(super) fn stop_preview(&mut self) {
        if self.previewing.take().is_some() {
            self.dirty = true;
        }
    }

    pub(super) fn add_own_sound(&mut self, own: OwnSound, out: &mut Effects) {
        let sounds = &mut self.prefs.sound.own;
        sounds.retain(|known| known.id != own.id);
        if sounds.len() < OWN_SOUNDS {
            sounds.push(own);
        }
        self.save_prefs(out);
    }

    pub(super) fn remove_own_sound(&mut self, id: u32, out: &mut Effects) {
        let sound = &mut self.prefs.sound;
        sound.own.retain(|own| own.id != id);
        sound.rules.retain(|rule| rule.choice() != Some(SoundChoice::Own(id)));
        self.save_prefs(out);
    }
}
