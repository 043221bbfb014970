//! What a person can do with a banner, and what the agent is told.

use belfry_core::command::{Command, Place};
use belfry_core::ids::{BannerId, ChannelId, PostId, ServerId};
use belfry_core::prefs::Corner;
use belfry_core::query::Query;
use belfry_core::reply::{ReplyState, ReplyView, Typed};
use belfry_core::signal::Signal;
use belfry_core::view::{BannerKind, View};
use belfry_gui::banner::{self, BannersState, Drawn, Scene};
use belfry_gui::outbox::Outbox;
use belfry_gui::{Up, testing, theme};
use egui::{PointerButton, Pos2, Rect, Vec2, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

struct World {
    view: View,
    state: BannersState,
    out: Outbox,
    drawn: Drawn,
    time: f64,
    composited: bool,
    can_type: bool,
}

fn stack(view: View) -> Harness<'static, World> {
    let mut state = BannersState::default();
    state.stack.adopt(&view, 0.0);
    let world = World {
        view,
        state,
        out: Outbox::default(),
        drawn: Drawn::default(),
        time: 1.0,
        composited: true,
        can_type: true,
    };
    let mut harness = Harness::builder()
        .with_size(Vec2::new(banner::WIDTH, 740.0))
        .with_context_setup(|ctx| theme::install(ctx, theme::Fallback::None))
        .build_ui_state(
            |ui, world: &mut World| {
                let World { view, state, out, drawn, time, composited, can_type } = world;
                let scene =
                    Scene { view, now_ms: testing::NOW_MS, time: *time, composited: *composited, can_type: *can_type };
                // The window of the face has no margin.
                let all = egui::UiBuilder::new().max_rect(ui.ctx().content_rect());
                *drawn = ui.scope_builder(all, |ui| banner::ui(ui, &scene, state, out)).inner;
                *time += 1.0;
            },
            world,
        );
    harness.run_steps(3);
    harness
}

fn one(kind: BannerKind) -> Harness<'static, World> {
    let mut card = testing::banner(7, "Rosa Almeida", "hello");
    card.kind = kind;
    stack(View { banners: vec![card], servers: testing::view().servers, ..View::default() })
}

fn ups(harness: &mut Harness<'_, World>) -> Vec<Up> {
    let ups = harness.state_mut().out.take();
    // Pictures are asked for besides.
    ups.into_iter().filter(|up| !matches!(up, Up::Query(_, Query::Pictures(_)))).collect()
}

fn commands(harness: &mut Harness<'_, World>) -> Vec<Command> {
    ups(harness).into_iter().filter_map(|up| if let Up::Command(command) = up { Some(command) } else { None }).collect()
}

fn point_at(harness: &mut Harness<'_, World>, at: Pos2) {
    harness.hover_at(at);
    harness.run_steps(3);
}

fn click_at(harness: &mut Harness<'_, World>, at: Pos2, button: PointerButton) {
    point_at(harness, at);
    for pressed in [true, false] {
        harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers: egui::Modifiers::NONE });
    }
    harness.run_steps(2);
}

fn tops(harness: &Harness<'_, World>) -> Vec<(f32, f32)> {
    harness.state().drawn.shape.iter().map(|rect| (rect.top(), rect.bottom())).collect()
}

#[test]
fn cards_stand_eight_points_apart_and_the_pill_counts_the_rest() {
    let harness = stack(testing::view());
    let places = tops(&harness);
    assert_eq!(places.len(), 5, "four cards and the pill");
    assert!(places[0].0.abs() < 0.01);
    for pair in places.windows(2) {
        assert!((pair[1].0 - pair[0].1 - 8.0).abs() < 0.01, "{places:?}");
    }
    harness.get_by_label("+7 more waiting");
}

#[test]
fn the_newest_card_touches_the_corner_and_the_pill_stands_at_the_far_end() {
    for corner in [Corner::TopRight, Corner::TopLeft, Corner::BottomRight, Corner::BottomLeft] {
        let at_top = matches!(corner, Corner::TopRight | Corner::TopLeft);
        let mut view = testing::view();
        view.prefs.banner.corner = corner;
        for full in [true, false] {
            if !full {
                view.banners.truncate(1);
                view.banners_waiting = 0;
            }
            let mut harness = stack(view.clone());
            let places = tops(&harness);
            assert_eq!(places.len(), if full { 5 } else { 1 });
            let touches = if at_top { places[0].0 } else { 740.0 - places[0].1 };
            assert!(touches.abs() < 0.01, "{corner:?}: {places:?}");
            for pair in places.windows(2) {
                let gap = if at_top { pair[1].0 - pair[0].1 } else { pair[0].0 - pair[1].1 };
                assert!((gap - 8.0).abs() < 0.01, "{corner:?}: {places:?}");
            }
            // The pointer finds a card where it is drawn.
            let shape = &harness.state().drawn.shape;
            let nearest = shape[usize::from(full)];
            point_at(&mut harness, nearest.center());
            harness.get_by_label("Mark as read");
        }
    }
}

#[test]
fn buttons_appear_under_the_pointer_and_the_upper_edge_stays() {
    let mut harness = stack(testing::view());
    let before = tops(&harness);
    assert!(harness.query_by_label("Mark as read").is_none());
    let second = harness.state().drawn.shape[1];
    point_at(&mut harness, second.center());
    let after = tops(&harness);
    assert_eq!(after[0], before[0]);
    assert!((after[1].0 - before[1].0).abs() < 0.01, "its upper edge stays");
    assert!(after[1].1 > before[1].1 + 30.0, "it grows downwards");
    harness.get_by_label("Mark as read").click();
    harness.run_steps(2);
    assert_eq!(commands(&mut harness), [Command::MarkBannerRead(BannerId(3))]);
}

#[test]
fn the_pointer_over_the_stack_is_told_once_and_once_when_it_leaves() {
    let mut harness = stack(testing::view());
    ups(&mut harness);
    point_at(&mut harness, pos2(100.0, 20.0));
    point_at(&mut harness, pos2(120.0, 25.0));
    assert_eq!(ups(&mut harness), [Up::Signal(Signal::BannersHovered(true))]);
    harness.remove_cursor();
    harness.run_steps(3);
    assert_eq!(ups(&mut harness), [Up::Signal(Signal::BannersHovered(false))]);
}

#[test]
fn a_stack_that_appears_under_a_resting_pointer_is_not_kept_by_it() {
    let mut harness = one(BannerKind::Message);
    harness.state_mut().state = BannersState::default();
    harness.state_mut().drawn = Drawn::default();
    harness.hover_at(pos2(200.0, 30.0));
    harness.run_steps(2);
    let view = harness.state().view.clone();
    let time = harness.state().time;
    harness.state_mut().state.stack.adopt(&view, time);
    harness.run_steps(5);
    assert_eq!(ups(&mut harness), [], "it lay there before");
    point_at(&mut harness, pos2(205.0, 34.0));
    assert_eq!(ups(&mut harness), [Up::Signal(Signal::BannersHovered(true))]);
}

#[test]
fn a_click_opens_a_middle_click_and_the_cross_dismiss() {
    let mut harness = one(BannerKind::Message);
    click_at(&mut harness, pos2(200.0, 30.0), PointerButton::Primary);
    assert_eq!(commands(&mut harness), [Command::OpenBanner(BannerId(7))]);
    click_at(&mut harness, pos2(200.0, 30.0), PointerButton::Middle);
    assert_eq!(commands(&mut harness), [Command::DismissBanner(BannerId(7))]);
    harness.get_by_label("Dismiss").click();
    harness.run_steps(2);
    assert_eq!(commands(&mut harness), [Command::DismissBanner(BannerId(7))]);
}

#[test]
fn further_actions_mute_the_channel() {
    let mut harness = one(BannerKind::Message);
    point_at(&mut harness, pos2(200.0, 30.0));
    harness.get_by_label("Show again in 10 minutes").click();
    harness.run_steps(2);
    harness.get_by_label("More").click();
    harness.run_steps(2);
    harness.get_by_label("Mute channel").click();
    harness.run_steps(2);
    let channel = ChannelId::parse("opsroom").unwrap();
    assert_eq!(
        commands(&mut harness),
        [
            Command::SnoozeBanner { banner: BannerId(7), minutes: 10 },
            Command::SetMuted { server: ServerId(1), channel, muted: true },
            Command::DismissBanner(BannerId(7)),
        ]
    );
}

#[test]
fn further_actions_lead_to_the_reason_and_to_the_settings() {
    let mut harness = one(BannerKind::Message);
    point_at(&mut harness, pos2(200.0, 30.0));
    ups(&mut harness);
    harness.get_by_label("More").click();
    harness.run_steps(2);
    let card = harness.state().drawn.shape[0];
    for label in ["Back", "Mute channel", "Why?", "Settings"] {
        let place = harness.get_by_label(label).rect();
        assert!(card.shrink(11.0).contains_rect(place), "{label}: {place:?} in {card:?}");
    }
    harness.get_by_label("Why?").click();
    harness.run_steps(2);
    harness.get_by_label("Settings").click();
    harness.run_steps(2);
    let post = PostId::parse("post7").unwrap();
    assert_eq!(
        commands(&mut harness),
        [Command::ShowPlace(Place::Why(ServerId(1), post)), Command::ShowPlace(Place::Notifications(ServerId(1))),]
    );
}

#[test]
fn a_call_is_joined_where_it_is_held() {
    let mut harness = one(BannerKind::Call);
    harness.get_by_label("Join").click();
    harness.run_steps(2);
    assert_eq!(commands(&mut harness), [Command::OpenBanner(BannerId(7))]);
}

#[test]
fn a_call_is_dismissed_and_a_signed_out_server_leads_to_its_dialog() {
    let mut harness = one(BannerKind::Call);
    harness.get_by_label("Dismiss").click();
    harness.run_steps(2);
    assert_eq!(commands(&mut harness), [Command::DismissCall(BannerId(7))]);
    for kind in [BannerKind::SignedOut, BannerKind::SessionEnds] {
        let mut harness = one(kind);
        harness.get_by_label("Sign in…").click();
        harness.run_steps(2);
        let sent = commands(&mut harness);
        assert_eq!(
            sent,
            [Command::ShowPlace(Place::SignIn(ServerId(1))), Command::DismissBanner(BannerId(7))],
            "{kind:?}"
        );
    }
}

#[test]
fn the_pill_opens_the_window() {
    let mut harness = stack(testing::view());
    ups(&mut harness);
    harness.get_by_label("+7 more waiting").click();
    harness.run_steps(2);
    assert_eq!(commands(&mut harness), [Command::ShowPlace(Place::Activity)]);
}

#[test]
fn a_painted_banner_is_presented_once() {
    let mut harness = one(BannerKind::Message);
    assert_eq!(harness.state_mut().state.stack.take_presented(), [(BannerId(7), 1)]);
    harness.run_steps(3);
    assert_eq!(harness.state_mut().state.stack.take_presented(), []);
}

#[test]
fn hostile_text_stays_within_its_card() {
    let mut card = testing::banner(1, &"W".repeat(400), &format!("{}\n\n\n{}", "x".repeat(5000), "word ".repeat(900)));
    card.place = "p".repeat(300);
    card.thread = Some("t ".repeat(900));
    card.more = u32::MAX;
    let harness = stack(View { banners: vec![card], ..View::default() });
    let shape = &harness.state().drawn.shape;
    let window = Rect::from_min_size(Pos2::ZERO, Vec2::new(banner::WIDTH, 740.0));
    assert_eq!(shape.len(), 1);
    assert!(window.contains_rect(shape[0]) && shape[0].height() < 170.0, "four lines at most: {shape:?}");
}

#[test]
fn no_frame_is_due_when_nothing_changes() {
    let mut card = testing::banner(1, "Build bot", "urgent");
    (card.lifetime_ms, card.remaining_ms) = (None, None);
    let harness = stack(View { banners: vec![card], ..View::default() });
    let next = harness.state().drawn.next_frame_secs;
    assert!(next.is_some_and(|secs| secs > 50.0), "only the time label will change: {next:?}");
    let harness = stack(View::default());
    assert_eq!(harness.state().drawn.next_frame_secs, None);
    assert!(harness.state().drawn.shape.is_empty());
}

fn answered(harness: &mut Harness<'_, World>, reply: Option<ReplyView>) {
    let world = harness.state_mut();
    if let Some(card) = world.view.banners.first_mut() {
        card.reply = reply;
    }
    let (view, time) = (world.view.clone(), world.time);
    world.state.stack.adopt(&view, time);
    world.state.replies.adopt(&view);
    harness.run_steps(3);
}

fn begin_reply(harness: &mut Harness<'_, World>) {
    point_at(harness, pos2(200.0, 30.0));
    ups(harness);
    harness.get_by_label("Reply").click();
    harness.run_steps(3);
}

#[test]
fn a_reply_is_written_on_the_card_and_enter_sends_it() {
    let mut harness = one(BannerKind::Message);
    begin_reply(&mut harness);
    assert_eq!(commands(&mut harness), [Command::BeginReply(BannerId(7))]);
    assert!(harness.state().drawn.wants_keyboard);
    assert!(harness.query_by_label("Mark as read").is_none(), "the card is about the reply alone");
    harness.event(egui::Event::Text("first".to_owned()));
    harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::Enter);
    harness.event(egui::Event::Text("second".to_owned()));
    harness.run_steps(2);
    assert_eq!(commands(&mut harness), []);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    assert_eq!(commands(&mut harness), [Command::SendReply { banner: BannerId(7), text: Typed::new("first\nsecond") }]);
    assert!(!harness.state().drawn.wants_keyboard, "the keyboard goes back at once");
    let text = Typed::new("first\nsecond");
    answered(&mut harness, Some(ReplyView { state: ReplyState::Sending, text }));
    harness.get_by_label("Sending…");
}

#[test]
fn nothing_is_not_sent_and_escape_closes() {
    let mut harness = one(BannerKind::Message);
    let before = harness.state().drawn.shape[0].height();
    begin_reply(&mut harness);
    ups(&mut harness);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    assert_eq!(commands(&mut harness), []);
    harness.key_press(egui::Key::Escape);
    harness.remove_cursor();
    harness.run_steps(3);
    assert_eq!(commands(&mut harness), [Command::EndReply(BannerId(7))]);
    assert!(!harness.state().drawn.wants_keyboard);
    assert!((harness.state().drawn.shape[0].height() - before).abs() < 0.01);
}

#[test]
fn somebody_who_types_holds_the_stack_and_nobody_holds_it_for_ever() {
    let mut harness = one(BannerKind::Message);
    begin_reply(&mut harness);
    harness.remove_cursor();
    harness.run_steps(3);
    assert!(!ups(&mut harness).contains(&Up::Signal(Signal::BannersHovered(false))), "the pointer may go");
    harness.state_mut().time += 100.0;
    harness.run_steps(2);
    assert_eq!(ups(&mut harness), [Up::Signal(Signal::BannersHovered(false))], "others wait");
    harness.event(egui::Event::Text("back".to_owned()));
    harness.run_steps(2);
    assert_eq!(ups(&mut harness), [Up::Signal(Signal::BannersHovered(true))]);
}

#[test]
fn what_was_not_sent_comes_back_with_the_reason_in_any_face() {
    let mut harness = one(BannerKind::Message);
    let reason = "The server is busy".to_owned();
    answered(&mut harness, Some(ReplyView { state: ReplyState::Failed { reason }, text: Typed::new("yes") }));
    assert!(!harness.state().drawn.wants_keyboard, "nobody asked for the keyboard");
    harness.get_by_label("Try again").click();
    harness.run_steps(2);
    assert_eq!(commands(&mut harness), [Command::SendReply { banner: BannerId(7), text: Typed::new("yes") }]);
    harness.get_by_label("Discard").click();
    harness.run_steps(2);
    assert_eq!(commands(&mut harness), [Command::EndReply(BannerId(7))]);
}

#[test]
fn where_nothing_can_be_typed_no_reply_is_offered() {
    let mut harness = one(BannerKind::Message);
    harness.state_mut().can_type = false;
    point_at(&mut harness, pos2(200.0, 30.0));
    assert!(harness.query_by_label("Reply").is_none());
    harness.get_by_label("Mark as read");
}
