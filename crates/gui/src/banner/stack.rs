//! The cards on screen: which there are, where each is going, and which were really painted.

use belfry_core::ids::BannerId;
use belfry_core::view::{BannerView, View};
use egui::{Pos2, Rect, pos2, vec2};

use super::motion::{FADE_SECS, GLIDE_SECS, Motion, SLIDE, Track};
use super::placement::{WIDTH, tops};

/// One card.
#[derive(Clone, Debug)]
pub struct Card {
    /// What it shows.
    pub banner: BannerView,
    top: Option<Track>,
    height: f32,
    opacity: Track,
    slide: Track,
    leaving: bool,
    /// Version that the last frame painted.
    painted: Option<u32>,
    /// Version that was reported as presented.
    presented: Option<u32>,
    /// When its time is over, on the clock of the frames.
    ends_at: Option<f64>,
}

/// Where a card is in this frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Which card.
    pub id: BannerId,
    /// `None` where there was no room for it.
    pub rect: Option<Rect>,
    /// 0–1.
    pub opacity: f32,
    /// It is on its way out and answers nothing.
    pub leaving: bool,
}

/// The stack, newest first; cards that fade out are still in it.
#[derive(Debug, Default)]
pub struct Stack {
    cards: Vec<Card>,
    /// The lines stand still since then.
    frozen_at: Option<f64>,
    hovered: bool,
}

impl Stack {
    /// Takes over the banners of a view; returns whether there is a new one.
    pub fn adopt(&mut self, view: &View, now: f64) -> bool {
        let mut old = std::mem::take(&mut self.cards);
        let mut new = false;
        for banner in &view.banners {
            let ends_at = banner.remaining_ms.map(|ms| now + ms as f64 / 1000.0);
            let known = old.iter().position(|card| card.banner.id == banner.id && !card.leaving);
            if let Some(position) = known {
                let mut card = old.remove(position);
                card.banner = banner.clone();
                card.ends_at = ends_at;
                self.cards.push(card);
            } else {
                new = true;
                self.cards.push(Card {
                    banner: banner.clone(),
                    top: None,
                    height: 0.0,
                    opacity: Track::at(0.0),
                    slide: Track::at(SLIDE),
                    leaving: false,
                    painted: None,
                    presented: None,
                    ends_at,
                });
            }
        }
        for mut card in old {
            // A card that was never drawn has nothing to fade.
            if card.top.is_some() {
                card.leaving = true;
                self.cards.push(card);
            }
        }
        if view.banners_held || self.hovered {
            self.frozen_at = self.frozen_at.or(Some(now));
            if view.banners_held {
                self.frozen_at = Some(now);
            }
        } else {
            self.frozen_at = None;
        }
        new
    }

    /// All cards, those on their way out included.
    pub fn cards(&self) -> impl Iterator<Item = &Card> {
        self.cards.iter()
    }

    /// Whether nothing is left, not even fading.
    pub fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// Whether a card that is gone was not yet taken off the screen.
    pub(super) fn is_leaving(&self) -> bool {
        self.cards.iter().any(|card| card.leaving)
    }

    /// Which card is at this point.
    pub fn at(&self, point: Pos2, area: Rect, now: f64) -> Option<BannerId> {
        self.cards.iter().filter(|card| !card.leaving).find_map(|card| {
            let top = area.top() + card.top?.value(now);
            let rect = Rect::from_min_size(pos2(area.left(), top), vec2(WIDTH, card.height));
            rect.contains(point).then_some(card.banner.id)
        })
    }

    /// Sends every card to its place; `heights` go with [`Stack::cards`]. Returns how many found no room.
    pub(super) fn arrange(&mut self, heights: &[f32], room: f32, top_down: bool, now: f64, motion: Motion) -> u32 {
        let staying: Vec<f32> =
            self.cards.iter().zip(heights).filter(|(card, _)| !card.leaving).map(|(_, height)| *height).collect();
        let mut places = tops(&staying, room, top_down).into_iter();
        let (glide, fade) = (if motion.moves { GLIDE_SECS } else { 0.0 }, if motion.fades { FADE_SECS } else { 0.0 });
        let mut hidden = 0;
        for (card, height) in self.cards.iter_mut().zip(heights) {
            if card.leaving {
                card.opacity.go(0.0, now, fade);
                continue;
            }
            card.height = *height;
            match (places.next().flatten(), &mut card.top) {
                (Some(top), Some(track)) => track.go(top, now, glide),
                (Some(top), none) => {
                    *none = Some(Track::at(top));
                    card.opacity.go(1.0, now, fade);
                    card.slide.go(0.0, now, if motion.moves { FADE_SECS } else { 0.0 });
                }
                (None, place) => {
                    hidden += 1;
                    *place = None;
                }
            }
        }
        self.cards.retain(|card| !card.leaving || card.opacity.is_moving(now));
        hidden
    }

    /// Where every card is now, in the order of [`Stack::cards`].
    pub(super) fn places(&self, area: Rect, now: f64, motion: Motion) -> Vec<Place> {
        let place = |card: &Card| {
            let rect = card.top.map(|top| {
                let slide = if motion.moves { card.slide.value(now) } else { 0.0 };
                let min = pos2(area.left(), (area.top() + top.value(now) + slide).round());
                Rect::from_min_size(min, vec2(WIDTH, card.height))
            });
            let opacity = if motion.fades { card.opacity.value(now) } else { card.opacity.target() };
            Place { id: card.banner.id, rect, opacity, leaving: card.leaving }
        };
        self.cards.iter().map(place).collect()
    }

    /// Whether the next frame looks different.
    pub fn is_moving(&self, now: f64) -> bool {
        self.cards.iter().any(|card| {
            card.opacity.is_moving(now) || card.slide.is_moving(now) || card.top.is_some_and(|top| top.is_moving(now))
        })
    }

    /// The pointer came over the stack or left it.
    pub(super) fn hover(&mut self, hovered: bool, now: f64) {
        self.hovered = hovered;
        // Leaving thaws with the next view, which says how much time is left.
        if hovered && self.frozen_at.is_none() {
            self.frozen_at = Some(now);
        }
    }

    /// Whether the lines of remaining time stand still.
    pub(super) fn is_frozen(&self) -> bool {
        self.frozen_at.is_some()
    }

    /// The moment for which the lines are drawn.
    pub(super) fn line_time(&self, now: f64) -> f64 {
        self.frozen_at.unwrap_or(now)
    }

    /// How much of a card's time is left, 0–1; `None` where it stays until handled.
    pub(super) fn remaining(&self, id: BannerId, line_time: f64) -> Option<f32> {
        let card = self.cards.iter().find(|card| card.banner.id == id)?;
        let lifetime = card.banner.lifetime_ms.filter(|ms| *ms > 0)? as f64 / 1000.0;
        let left = card.ends_at? - line_time;
        Some((left / lifetime).clamp(0.0, 1.0) as f32)
    }

    /// How long the fastest line takes for one point of `width`, seconds.
    pub(super) fn line_step_secs(&self, width: f32, now: f64) -> Option<f32> {
        let runs = |card: &&Card| card.ends_at.is_some_and(|end| end > now);
        let lifetimes = self.cards.iter().filter(runs).filter_map(|card| card.banner.lifetime_ms);
        lifetimes.min().map(|ms| ms as f32 / 1000.0 / width)
    }

    /// This frame shows the card.
    pub(super) fn was_painted(&mut self, id: BannerId) {
        if let Some(card) = self.cards.iter_mut().find(|card| card.banner.id == id && !card.leaving) {
            card.painted = Some(card.banner.version);
        }
    }

    /// This frame is not shown after all.
    pub(super) fn was_not_painted(&mut self) {
        for card in &mut self.cards {
            card.painted = card.presented;
        }
    }

    /// Whether a painted card waits to be reported.
    pub fn has_unpresented(&self) -> bool {
        self.cards.iter().any(|card| card.painted.is_some() && card.painted != card.presented)
    }

    /// Cards that the last frame painted for the first time with this content. Each is told once.
    pub fn take_presented(&mut self) -> Vec<(BannerId, u32)> {
        self.cards
            .iter_mut()
            .filter_map(|card| {
                let painted = card.painted.filter(|version| card.presented != Some(*version))?;
                card.presented = Some(painted);
                Some((card.banner.id, painted))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const STILL: Motion = Motion { moves: false, fades: false };
    const ALL: Motion = Motion { moves: true, fades: true };
    const AREA: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(WIDTH, 800.0) };

    fn view(ids: &[u64]) -> View {
        View {
            banners: ids.iter().map(|id| testing::banner(*id, "Rosa Almeida", "hello")).collect(),
            ..View::default()
        }
    }

    fn tops_of(stack: &Stack, now: f64) -> Vec<f32> {
        stack
            .places(AREA, now, STILL)
            .iter()
            .filter(|place| !place.leaving)
            .filter_map(|place| place.rect)
            .map(|rect| rect.top())
            .collect()
    }

    #[test]
    fn a_new_card_pushes_the_others_down_and_a_gone_one_lets_them_up() {
        let mut stack = Stack::default();
        assert!(stack.adopt(&view(&[1]), 0.0));
        stack.arrange(&[64.0], 700.0, true, 0.0, STILL);
        assert!(stack.adopt(&view(&[2, 1]), 1.0));
        stack.arrange(&[64.0, 64.0], 700.0, true, 1.0, STILL);
        assert_eq!(tops_of(&stack, 1.0), [0.0, 72.0]);
        assert!(!stack.adopt(&view(&[1]), 2.0));
        stack.arrange(&[64.0, 64.0], 700.0, true, 2.0, STILL);
        assert_eq!(tops_of(&stack, 2.0), [0.0]);
        assert_eq!(stack.cards().count(), 1, "without motion nothing fades");
    }

    #[test]
    fn each_content_is_presented_once_and_only_after_it_was_painted() {
        let mut stack = Stack::default();
        stack.adopt(&view(&[1]), 0.0);
        assert_eq!(stack.take_presented(), []);
        stack.arrange(&[64.0], 700.0, true, 0.0, STILL);
        stack.was_painted(BannerId(1));
        assert!(stack.has_unpresented());
        assert_eq!(stack.take_presented(), [(BannerId(1), 1)]);
        stack.was_painted(BannerId(1));
        assert_eq!(stack.take_presented(), []);
        let mut changed = view(&[1]);
        changed.banners[0].version = 2;
        stack.adopt(&changed, 1.0);
        assert_eq!(stack.take_presented(), []);
        stack.was_painted(BannerId(1));
        assert_eq!(stack.take_presented(), [(BannerId(1), 2)]);
    }

    #[test]
    fn a_card_fades_out_without_answering_and_is_gone_afterwards() {
        let mut stack = Stack::default();
        stack.adopt(&view(&[1]), 0.0);
        stack.arrange(&[64.0], 700.0, true, 0.0, ALL);
        stack.adopt(&view(&[]), 5.0);
        stack.arrange(&[64.0], 700.0, true, 5.0, ALL);
        assert!(stack.is_moving(5.05));
        assert_eq!(stack.at(pos2(10.0, 10.0), AREA, 5.05), None);
        stack.arrange(&[64.0], 700.0, true, 5.3, ALL);
        assert!(stack.is_empty());
    }

    #[test]
    fn the_line_stands_still_under_the_pointer_and_goes_on_with_the_next_view() {
        let mut stack = Stack::default();
        let mut now = view(&[1]);
        now.banners[0].lifetime_ms = Some(10_000);
        now.banners[0].remaining_ms = Some(8_000);
        stack.adopt(&now, 100.0);
        let left = |stack: &Stack, at: f64| stack.remaining(BannerId(1), stack.line_time(at)).unwrap();
        assert!((left(&stack, 102.0) - 0.6).abs() < 1e-4);
        stack.hover(true, 102.0);
        assert!((left(&stack, 105.0) - 0.6).abs() < 1e-4);
        stack.hover(false, 106.0);
        now.banners[0].remaining_ms = Some(6_000);
        stack.adopt(&now, 106.0);
        assert!((left(&stack, 107.0) - 0.5).abs() < 1e-4);
    }

    #[test]
    fn cards_without_room_are_not_painted_and_counted() {
        let mut stack = Stack::default();
        stack.adopt(&view(&[3, 2, 1]), 0.0);
        assert_eq!(stack.arrange(&[100.0, 100.0, 100.0], 210.0, true, 0.0, STILL), 1);
        assert_eq!(tops_of(&stack, 0.0), [0.0, 108.0]);
    }
}
