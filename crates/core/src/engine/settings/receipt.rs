//! A test notification, watched on its way from the server to the ear.

use core::time::Duration;

use crate::activity::{Decision, DecisionKind, Verdict};
use crate::draft::Draft;
use crate::effect::{Effect, Effects, Write};
use crate::engine::Engine;
use crate::event::{Event, Written};
use crate::ids::{BannerId, PostId, ServerId};
use crate::receipt::{StepState, TestReceipt, TestStep};
use crate::settings::Editable;
use crate::signal::Surface;
use crate::time::{MonoTime, Now};
use crate::view::BannerKind;

/// A step that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A test under way, or its receipt.
#[derive(Debug)]
pub(in crate::engine) struct Test {
    pub(in crate::engine) receipt: TestReceipt,
    /// Of the request.
    number: u64,
    started: MonoTime,
    deadline: MonoTime,
    /// The server's message; `None` = not here yet, or a sample of our own.
    post: Option<PostId>,
    /// An old server: a sample stands in.
    sample: bool,
}

impl Test {
    fn done(&mut self, now: &Now, step: TestStep) {
        let after_ms = now.mono.0.saturating_sub(self.started.0);
        self.put(step, StepState::Done { after_ms });
        self.deadline = now.mono.after(PATIENCE);
    }

    fn skip(&mut self, step: TestStep, why: &str) {
        self.put(step, StepState::Skipped(why.to_owned()));
    }

    fn fail(&mut self, step: TestStep, what: String, advice: &str) {
        self.put(step, StepState::Failed { what, advice: advice.to_owned() });
        self.receipt.over = true;
    }

    fn put(&mut self, step: TestStep, state: StepState) {
        if let Some((_, slot)) = self.receipt.steps.iter_mut().find(|(other, _)| *other == step)
            && *slot == StepState::Waiting
        {
            *slot = state;
        }
        if self.next().is_none() {
            self.receipt.over = true;
        }
    }

    fn next(&self) -> Option<TestStep> {
        let waiting = |(step, state): &(TestStep, StepState)| (*state == StepState::Waiting).then_some(*step);
        self.receipt.steps.iter().find_map(waiting)
    }

    fn is(&self, decision: &Decision) -> bool {
        let sample = self.sample && decision.kind == DecisionKind::Sample && decision.server == self.receipt.server;
        sample || (self.post.is_some() && decision.post_id == self.post)
    }
}

impl Engine {
    pub(in crate::engine) fn send_test(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        let editable = self.editable(id);
        let Some(server) = self.servers.get_mut(&id) else { return };
        let number = server.saves.number();
        let mut test = Test {
            receipt: TestReceipt {
                server: id,
                steps: TestStep::ALL.into_iter().map(|step| (step, StepState::Waiting)).collect(),
                over: false,
            },
            number,
            started: now.mono,
            deadline: now.mono.after(PATIENCE),
            post: None,
            sample: false,
        };
        match editable {
            Editable::Yes => out.push(Effect::Write(id, Write::SendTest { number })),
            Editable::NotLoaded => test.fail(
                TestStep::Accepted,
                "Nothing has been read from this server yet".to_owned(),
                "Wait until it is connected, or choose Check again in Servers",
            ),
            Editable::No { reason } => {
                test.fail(TestStep::Accepted, reason, "Choose Check again in Servers, or sign in");
            }
        }
        self.test = Some(test);
        self.dirty = true;
    }

    pub(in crate::engine) fn forget_test(&mut self) {
        self.test = None;
        self.dirty = true;
    }

    /// The answer to the request; `false` where the number is of something else.
    pub(super) fn test_answered(
        &mut self,
        now: &Now,
        id: ServerId,
        number: u64,
        outcome: &Written,
        out: &mut Effects,
    ) -> bool {
        let Some(test) = self.test.as_mut().filter(|test| test.receipt.server == id && test.number == number) else {
            return false;
        };
        self.dirty = true;
        match outcome {
            Written::Done(_) | Written::ChangedElsewhere(_) => test.done(now, TestStep::Accepted),
            Written::Refused { unknown: true, .. } => {
                let why = "This server is too old to send a test (10.3 is needed), so Belfry shows a sample of its own";
                test.skip(TestStep::Accepted, why);
                test.skip(TestStep::Received, "A sample does not come from the server");
                test.sample = true;
                self.show_sample(now, id, out);
            }
            Written::Refused { reason, .. } => test.fail(
                TestStep::Accepted,
                reason.clone(),
                "Try again; if it stays so, choose Check again in Servers",
            ),
        }
        true
    }

    /// The server's message came over the connection.
    pub(in crate::engine) fn test_received(&mut self, now: &Now, id: ServerId, event: &Event<'_>) {
        let Some(test) = &mut self.test else { return };
        if let Event::Posted(posted) = event
            && posted.post.props.force_notification
            && test.receipt.server == id
            && test.post.is_none()
            && !test.receipt.over
        {
            test.post = Some(posted.post.id);
            // It may overtake the answer to the request.
            if test.next() == Some(TestStep::Accepted) {
                test.done(now, TestStep::Accepted);
            }
            test.done(now, TestStep::Received);
            self.dirty = true;
        }
    }

    /// A decision was recorded: perhaps the test's.
    pub(in crate::engine) fn test_decided(&mut self, now: &Now, draft: &Draft) {
        let Some(test) = self.test.as_mut().filter(|test| !test.receipt.over) else { return };
        let decision = draft.decision();
        if !test.is(decision) || test.next() != Some(TestStep::Decided) {
            return;
        }
        self.dirty = true;
        if decision.verdict == Verdict::Skip {
            let advice = decision.setting.map_or("Open Activity to see why", crate::decide::setting::Setting::advice);
            test.fail(TestStep::Decided, decision.sentence.clone(), advice.trim_end_matches('.'));
            return;
        }
        test.done(now, TestStep::Decided);
        match self.surface {
            Surface::Nowhere => {
                test.fail(
                    TestStep::Mapped,
                    "There is nowhere to show notifications".to_owned(),
                    "Start Belfry in a desktop session, or start a notification service",
                );
                return;
            }
            Surface::Toasts => test.done(now, TestStep::Mapped),
            Surface::Banners if self.prefs.use_system_notifications || self.stack.has_face() => {
                test.done(now, TestStep::Mapped);
            }
            Surface::Banners => {}
        }
        let silent = decision.trace.iter().find(|step| step.rule.starts_with("sound"));
        match (decision.sound, silent) {
            (None, _) => test.skip(TestStep::Sounded, "Message sounds are off for this conversation"),
            (Some(_), Some(step)) => test.skip(TestStep::Sounded, &step.detail),
            (Some(_), None) => {}
        }
    }

    /// The window for banners is there.
    pub(in crate::engine) fn test_mapped(&mut self, now: &Now) {
        if let Some(test) = self.test.as_mut().filter(|test| test.next() == Some(TestStep::Mapped)) {
            test.done(now, TestStep::Mapped);
            self.dirty = true;
        }
    }

    /// A card was painted, or a system notification shown. Called before the stack hears of it.
    pub(in crate::engine) fn test_painted(&mut self, now: &Now, banner: BannerId) {
        let Some(test) = self.test.as_mut().filter(|test| !test.receipt.over) else { return };
        let is_it = match (self.stack.card(banner), self.stack.toast(banner)) {
            (Some(card), _) if test.sample => {
                card.head.kind == BannerKind::Sample && card.head.server == test.receipt.server
            }
            (Some(card), _) => card.head.post_id.is_some() && card.head.post_id == test.post,
            (None, Some((server, _, post))) => {
                server == test.receipt.server && (test.sample || (post.is_some() && post == test.post))
            }
            (None, None) => false,
        };
        if is_it {
            if test.next() == Some(TestStep::Mapped) {
                test.done(now, TestStep::Mapped);
            }
            test.done(now, TestStep::Painted);
            self.dirty = true;
        }
    }

    pub(in crate::engine) fn test_sounded(&mut self, now: &Now) {
        let Some(test) = self.test.as_mut().filter(|test| !test.receipt.over) else { return };
        let decided = test
            .receipt
            .steps
            .iter()
            .any(|(step, state)| *step == TestStep::Decided && matches!(state, StepState::Done { .. }));
        if decided {
            test.done(now, TestStep::Sounded);
            self.dirty = true;
        }
    }

    pub(in crate::engine) fn test_deadline(&self) -> Option<MonoTime> {
        self.test.as_ref().filter(|test| !test.receipt.over).map(|test| test.deadline)
    }

    pub(in crate::engine) fn pass_test_deadline(&mut self, now: &Now) {
        let Some(test) = self.test.as_mut().filter(|test| !test.receipt.over && test.deadline <= now.mono) else {
            return;
        };
        let Some(step) = test.next() else { return };
        let (what, advice) = match step {
            TestStep::Accepted => ("The server did not answer", "Choose Check again in Servers, then try again"),
            TestStep::Received => (
                "The server accepted it, but its message did not arrive",
                "Choose Check again in Servers: the connection may be dead, or a proxy holds websockets back",
            ),
            TestStep::Decided => ("Its message arrived, but nothing was decided", "Open Activity to see what came"),
            TestStep::Mapped => (
                "The window for banners did not open",
                "Choose system notifications in Desktop, and look at Diagnostics",
            ),
            TestStep::Painted => (
                "The notification was not painted in time",
                "Choose system notifications in Desktop, and look at Diagnostics",
            ),
            TestStep::Sounded => {
                ("The sound did not begin", "Choose another output device in Sounds, and listen to a sound there")
            }
        };
        test.fail(step, what.to_owned(), advice);
        self.dirty = true;
    }
}
