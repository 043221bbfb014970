//! What people do on the practice server while it is recorded: a bit of everything that moves a counter.

use std::time::Duration;

use belfry_core::secret::Secret;
use belfry_practice_server::{Options, PracticeServer, World};

use super::Recorder;

/// Records the practice server, with collapsed reply threads on or off.
///
/// # Errors
/// It does not do what the script says, or the recording would hold what it must not.
pub async fn record(threads: bool) -> anyhow::Result<String> {
    let setting = if threads { "always_on" } else { "disabled" };
    let world = World::small()
        .with_direct(&["rosa", "morgan"])
        .with_direct(&["jun", "morgan"])
        .configured("CollapsedThreads", setting);
    let server = PracticeServer::start(Options::with_world(world)).await?;
    let token = Secret::new(server.person("morgan").makes_personal_token()?);
    let note = format!("recorded by `cargo xtask record` from the practice server, collapsed threads {setting}");
    let mut recorder = Recorder::begin(&server.url(), &token, &note, Duration::ZERO).await?;
    play(&mut recorder, &server).await?;
    recorder.end()
}

async fn play(recorder: &mut Recorder, server: &PracticeServer) -> anyhow::Result<()> {
    let (morgan, rosa, jun) = (server.person("morgan"), server.person("rosa"), server.person("jun"));
    let here = "ops-room";
    recorder.acts("plain_public", "no mention: unread only", || rosa.posts(here, "The build is green again.")).await?;
    recorder.acts("at_mention", "a mention", || rosa.posts(here, "@morgan can you look?")).await?;
    recorder.acts("in_code_block", "not a mention", || jun.posts(here, "`@morgan` is the name")).await?;
    recorder.acts("channel", "everybody", || jun.posts(here, "@channel lunch")).await?;
    let dm =
        recorder.acts("direct_message", "", || rosa.direct("morgan", "Got a minute? ann@example.org asks")).await?;
    recorder.acts("group_message", "", || rosa.group(&["morgan", "jun"], "All three of us")).await?;
    recorder.acts("edited", "an edit counts nothing", || rosa.edits(&dm, "Got two minutes?")).await?;
    recorder.acts("view_dm", "read elsewhere", || morgan.reads("@rosa")).await?;
    recorder.acts("view_channel", "", || morgan.reads(here)).await?;
    let mine = recorder.acts("my_root", "", || morgan.posts(here, "How do we ship?")).await?;
    recorder.acts("reply_to_my_thread", "", || rosa.replies(&mine, "by train")).await?;
    let theirs = recorder.acts("their_root", "", || rosa.posts(here, "Lunch?")).await?;
    recorder.acts("reply_not_mine", "a thread that nobody follows", || jun.replies(&theirs, "at noon")).await?;
    recorder.acts("follow_thread", "", || morgan.follows(&theirs)).await?;
    recorder.acts("reply_followed", "", || jun.replies(&theirs, "or at one")).await?;
    recorder.acts("reply_mentions", "", || jun.replies(&theirs, "@morgan?")).await?;
    recorder.acts("read_thread", "", || morgan.reads_thread(&theirs)).await?;
    recorder.acts("own_reply", "", || morgan.replies(&theirs, "at one")).await?;
    recorder.acts("unfollow_thread", "", || morgan.unfollows(&theirs)).await?;
    recorder.acts("keywords", "mention_keys=deploy", || morgan.sets_notify("mention_keys", "deploy")).await?;
    recorder.acts("keyword", "", || rosa.posts(here, "we deploy at four")).await?;
    recorder.acts("mute", "", || morgan.mutes(here)).await?;
    recorder.acts("mention_in_muted", "", || rosa.posts(here, "@morgan again")).await?;
    recorder.acts("unmute", "", || morgan.unmutes(here)).await?;
    recorder.acts("channel_level", "desktop=all", || morgan.sets_channel("incidents", "desktop", "all")).await?;
    let urgent = recorder
        .acts("urgent", "", || rosa.posts_with_priority("incidents", "@morgan the database is down", "urgent"))
        .await?;
    recorder.acts("deleted", "", || rosa.deletes(&urgent)).await?;
    recorder.acts("view_incidents", "", || morgan.reads("incidents")).await?;
    recorder.acts("leave", "", || morgan.leaves("release-train")).await?;
    recorder.acts("join", "", || morgan.joins("release-train")).await?;
    recorder.acts("webhook", "", || jun.posts_as_webhook("release-train", "Robot", "@morgan done")).await?;
    recorder.acts("do_not_disturb", "", || morgan.sets_status("dnd")).await?;
    recorder.acts("mention_while_dnd", "", || rosa.direct("morgan", "no hurry")).await?;
    recorder.acts("online", "", || morgan.sets_status("online")).await?;
    recorder.acts("read_all", "", || morgan.reads_all_threads("northwind")).await?;
    Ok(())
}
