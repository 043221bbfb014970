//! The engine as its users see it: situations in, verdicts, banners, counts and sounds out.
#![expect(unreachable_pub, reason = "the world is shared between the files of this test")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod banners;
mod catching_up;
mod counting;
mod deciding;
mod listing;
mod people;
mod preferences;
mod properties;
mod replies;
mod rules;
mod sessions;
mod wording;
mod world;
