//! One card: who, where, when, what; actions under the pointer.

use std::sync::Arc;

use belfry_core::command::{Command, Place};
use belfry_core::event::Priority;
use belfry_core::ids::BannerId;
use belfry_core::query::PictureOf;
use belfry_core::view::{AttachedFiles, BannerKind, BannerView, View};
use egui::accesskit::Role;
use egui::text::LayoutJob;
use egui::{CornerRadius, Galley, Pos2, Rect, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::placement::WIDTH;
use super::reply::{Form, Replies};
use crate::icons::Icon;
use crate::outbox::Outbox;
use crate::pictures::Pictures;
use crate::texts::{self, Tone};
use crate::theme::{CONTROL_HEIGHT, Palette, RADIUS_CARD, Type};
use crate::widgets::{self, Button, Kind, Line};

const PADDING: f32 = 12.0;
const AVATAR: f32 = 40.0;
/// Where text begins.
const TEXT_LEFT: f32 = PADDING + AVATAR + 12.0;
const TEXT_WIDTH: f32 = WIDTH - TEXT_LEFT - PADDING;
const TITLE_HEIGHT: f32 = 20.0;
const GAP: f32 = 2.0;
const BUTTONS_GAP: f32 = 14.0;
const TEXT_ROWS: usize = 4;
/// Edge of the small picture of what is attached, and what is above it.
const THUMBNAIL: f32 = 44.0;
const FILES_GAP: f32 = 8.0;
/// What a card grows by for that picture.
pub(super) const WITH_THUMBNAIL: f32 = FILES_GAP + THUMBNAIL;

/// How a card is drawn in this frame.
#[derive(Clone, Copy, Debug)]
pub struct CardState {
    /// 0–1.
    pub opacity: f32,
    /// Round corners; square ones where nothing composes the screen.
    pub round: bool,
    /// How much of its time is left, 0–1.
    pub remaining: Option<f32>,
    /// On its way out: answers nothing.
    pub leaving: bool,
}

/// What is under the pointer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Under {
    /// The card is.
    pub open: bool,
    /// Its further actions are shown.
    pub more: bool,
    /// Replies can be typed.
    pub can_reply: bool,
}

/// What a card remembers between frames, and the time.
#[derive(Debug)]
pub struct Memory<'a> {
    /// Which card shows its further actions.
    pub more_open: &'a mut Option<BannerId>,
    /// Pictures of people.
    pub pictures: &'a mut Pictures,
    /// What is being written.
    pub replies: &'a mut Replies,
    /// Seconds on a clock that never goes back.
    pub time: f64,
}

/// Everything about a card that decides its height, laid out.
#[derive(Debug)]
pub struct Look {
    banner: BannerView,
    place: String,
    time: String,
    open: bool,
    more: bool,
    can_reply: bool,
    form: Option<Form>,
    thread: Option<Arc<Galley>>,
    text: Option<Arc<Galley>>,
    files: Option<Files>,
    tag: Option<(&'static str, Tone)>,
    merged: Option<Arc<Galley>>,
    /// Points.
    pub height: f32,
}

impl Look {
    /// Lays a card out.
    pub(super) fn measure(
        ui: &Ui,
        view: &View,
        banner: &BannerView,
        now_ms: i64,
        under: Under,
        replies: &Replies,
    ) -> Self {
        let Under { open, more, can_reply } = under;
        let form = Form::measure(ui, banner, replies, TEXT_WIDTH);
        // While somebody writes, the card is about that alone.
        let open = open && form.is_none();
        let palette = Palette::of(ui);
        let quoted = |text: &str| {
            let line = Line { text, kind: Type::Small, color: palette.dim, width: TEXT_WIDTH - 10.0, rows: 1 };
            widgets::galley(ui.painter(), line)
        };
        let thread = banner.thread.as_deref().map(|root| quoted(&one_line(root)));
        let tag = match (banner.kind, banner.priority) {
            (BannerKind::Message, Priority::Urgent) => Some((texts::URGENT, Tone::Urgent)),
            (BannerKind::Message, Priority::Important) => Some((texts::IMPORTANT, Tone::Warn)),
            _ => None,
        };
        let words = match banner.kind {
            BannerKind::Call if banner.text.is_empty() => texts::CALLING,
            BannerKind::SignedOut if banner.text.is_empty() => texts::SIGNED_OUT_CARD,
            BannerKind::Message
            | BannerKind::Call
            | BannerKind::SignedOut
            | BannerKind::SessionEnds
            | BannerKind::Sample
            | BannerKind::Summary => &banner.text,
        };
        let username = view.server(banner.server).map_or("", |server| server.username.as_str());
        let rows = usize::from(view.prefs.banner.text_lines.max(1)).min(TEXT_ROWS);
        let text = (!words.is_empty() || tag.is_some())
            .then(|| body(ui, words, banner.mentioned.then_some(username), tag, rows));
        let merged = (banner.more > 0).then(|| quoted(&texts::more_in(banner)));
        let files = banner.files.as_ref().map(|files| Files::measure(ui, banner, files));
        let has_buttons = match banner.kind {
            BannerKind::Call | BannerKind::SignedOut | BannerKind::SessionEnds => true,
            BannerKind::Message => open,
            BannerKind::Sample | BannerKind::Summary => false,
        };
        let mut inner = TITLE_HEIGHT;
        if thread.is_some() {
            inner += GAP + 18.0;
        }
        if let Some(text) = &text {
            inner += GAP + text.size().y;
        }
        if let Some(files) = &files {
            inner += files.height();
        }
        if merged.is_some() {
            inner += GAP + 18.0;
        }
        inner = inner.max(AVATAR);
        if let Some(form) = &form {
            inner += BUTTONS_GAP + form.height();
        } else if has_buttons {
            inner += BUTTONS_GAP + CONTROL_HEIGHT;
        }
        Self {
            place: texts::banner_place(banner),
            time: texts::ago(now_ms, banner.at_ms),
            banner: banner.clone(),
            open,
            more,
            can_reply,
            form,
            thread,
            text,
            files,
            tag,
            merged,
            height: (inner + 2.0 * PADDING).round(),
        }
    }
}

/// What is attached: a small picture with its name, or a sign with the name of the first file.
#[derive(Debug)]
struct Files {
    /// The small picture that may be shown.
    thumbnail: Option<PictureOf>,
    sign: Icon,
    name: Arc<Galley>,
    /// "and 2 more files", below the name.
    more: Option<Arc<Galley>>,
}

impl Files {
    fn measure(ui: &Ui, banner: &BannerView, files: &AttachedFiles) -> Self {
        let palette = Palette::of(ui);
        let thumbnail = files.thumbnail.map(|file| PictureOf::thumbnail(banner.server, file));
        let sign = if files.is_picture { Icon::Picture } else { Icon::File };
        let line = |text: &str, color, beside: f32| {
            let width = TEXT_WIDTH - beside;
            widgets::galley(ui.painter(), Line { text, kind: Type::Small, color, width, rows: 1 })
        };
        let (name, more) = if thumbnail.is_some() {
            let more = (files.more > 0).then(|| line(&texts::more_files(files.more), palette.faint, THUMBNAIL + 10.0));
            (line(texts::file_name(files), palette.dim, THUMBNAIL + 10.0), more)
        } else {
            (line(&texts::attached(files), palette.dim, 22.0), None)
        };
        Self { thumbnail, sign, name, more }
    }

    /// With the gap above it, points.
    fn height(&self) -> f32 {
        if self.thumbnail.is_some() { WITH_THUMBNAIL } else { GAP + 18.0 }
    }

    /// Draws it below `top`.
    fn ui(&self, ui: &Ui, left: f32, top: f32, pictures: &mut Pictures) {
        let palette = Palette::of(ui);
        let words = |at: Pos2, words: &Arc<Galley>, color| ui.painter().galley(at, Arc::clone(words), color);
        if self.thumbnail.is_some() {
            let square = Rect::from_min_size(pos2(left, top + FILES_GAP), vec2(THUMBNAIL, THUMBNAIL));
            pictures.paint_attached(ui, square, self.thumbnail);
            let beside = square.right() + 10.0;
            let more = self.more.as_ref().map_or(0.0, |more| more.size().y);
            let first = square.center().y - f32::midpoint(self.name.size().y, more);
            words(pos2(beside, first), &self.name, palette.dim);
            if let Some(more) = &self.more {
                words(pos2(beside, first + self.name.size().y), more, palette.faint);
            }
        } else {
            let middle = top + GAP + 9.0;
            self.sign.paint(ui.painter(), pos2(left + 8.0, middle), palette.faint);
            words(pos2(left + 22.0, middle - self.name.size().y / 2.0), &self.name, palette.dim);
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text in at most so many rows, with room for the tag and the person's own name in semibold.
fn body(ui: &Ui, words: &str, username: Option<&str>, tag: Option<(&str, Tone)>, rows: usize) -> Arc<Galley> {
    let palette = Palette::of(ui);
    let (plain, strong) = (Type::Body.format(palette.text), Type::BodyStrong.format(palette.text));
    let compose = |words: &str| {
        let mut job = LayoutJob::default();
        let mut lead = tag.map_or(0.0, |(tag, _)| widgets::tag_size(ui, tag).x + 4.0);
        if words.is_empty() {
            job.append(" ", lead, plain.clone());
        }
        for (part, mention) in mentions(words, username) {
            job.append(part, std::mem::take(&mut lead), if mention { strong.clone() } else { plain.clone() });
        }
        job
    };
    let mut job = compose(words);
    job.wrap.max_width = TEXT_WIDTH;
    job.wrap.max_rows = rows;
    let laid_out = ui.painter().layout_job(job);
    match widgets::turned(words, &laid_out) {
        Some(turned) => ui.painter().layout_job(compose(&turned)),
        None => laid_out,
    }
}

/// Cuts a text at the names that called the person: `@name` and the channel-wide ones.
fn mentions<'a>(text: &'a str, username: Option<&str>) -> Vec<(&'a str, bool)> {
    let Some(username) = username else { return vec![(text, false)] };
    let wanted = |name: &str| {
        let bare = name.trim_end_matches(['.', '_', '-']);
        [name, bare].iter().any(|name| {
            !name.is_empty()
                && (name.eq_ignore_ascii_case(username)
                    || ["channel", "all", "here"].contains(&name.to_ascii_lowercase().as_str()))
        })
    };
    let mut parts = Vec::new();
    let mut rest = text;
    let mut searched = 0;
    while let Some(at) = rest.get(searched..).and_then(|tail| tail.find('@')).map(|found| searched + found) {
        let after = rest.get(at + 1..).unwrap_or_default();
        let length = after
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-')))
            .unwrap_or(after.len());
        let name = after.get(..length).unwrap_or_default();
        let stands_alone = !rest.get(..at).is_some_and(|before| before.ends_with(|c: char| c.is_alphanumeric()));
        if stands_alone && wanted(name) {
            let (before, tail) = rest.split_at(at);
            let (mention, tail) = tail.split_at(1 + name.trim_end_matches(['.', '_', '-']).len());
            if !before.is_empty() {
                parts.push((before, false));
            }
            parts.push((mention, true));
            rest = tail;
            searched = 0;
        } else {
            searched = at + 1;
        }
    }
    if !rest.is_empty() {
        parts.push((rest, false));
    }
    parts
}

/// Draws a card at `rect` and answers to clicks on it.
pub fn ui(ui: &mut Ui, rect: Rect, look: &Look, state: CardState, memory: &mut Memory<'_>, out: &mut Outbox) {
    let palette = Palette::of(ui);
    let banner = &look.banner;
    ui.set_opacity(state.opacity);
    let sense = if state.leaving || look.form.is_some() { Sense::hover() } else { Sense::click() };
    let response = ui.interact(rect, ui.scope_id().with("card"), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, !state.leaving, spoken(look)));
    let radius = if state.round { CornerRadius::same(RADIUS_CARD) } else { CornerRadius::ZERO };
    let painter = ui.painter().clone();
    painter.rect_filled(rect, radius, palette.surface);
    if banner.priority == Priority::Urgent && banner.kind == BannerKind::Message {
        let edge = rect.with_max_x(rect.left() + 3.0);
        painter.with_clip_rect(edge).rect_filled(rect, radius, palette.red);
    }
    painter.rect_stroke(rect, radius, palette.border(), StrokeKind::Inside);
    if let Some(part) = state.remaining.filter(|_| !state.leaving) {
        let line = Rect::from_min_max(
            pos2(rect.left(), rect.bottom() - 2.0),
            pos2(rect.left() + rect.width() * part, rect.bottom()),
        );
        painter.with_clip_rect(line).rect_filled(rect, radius, palette.accent);
    }
    let picture = Rect::from_min_size(rect.min + vec2(PADDING, PADDING), vec2(AVATAR, AVATAR));
    picture_ui(ui, picture, banner, memory.pictures);
    title(ui, rect, look);
    let mut top = rect.top() + PADDING + TITLE_HEIGHT;
    let left = rect.left() + TEXT_LEFT;
    let quote = |top: f32, words: &Arc<Galley>| {
        painter.vline(left + 1.0, top + 1.0..=top + 17.0, egui::Stroke::new(2.0, palette.line));
        painter.galley(pos2(left + 10.0, top + 9.0 - words.size().y / 2.0), Arc::clone(words), palette.dim);
    };
    if let Some(thread) = &look.thread {
        top += GAP;
        quote(top, thread);
        top += 18.0;
    }
    if let Some(text) = &look.text {
        top += GAP;
        if let Some((tag, tone)) = look.tag {
            widgets::tag(ui, pos2(left, top + 0.5), tag, tone);
        }
        painter.galley(pos2(left, top), Arc::clone(text), palette.text);
        top += text.size().y;
    }
    if let Some(files) = &look.files {
        files.ui(ui, left, top, memory.pictures);
        top += files.height();
    }
    if let Some(merged) = &look.merged {
        top += GAP;
        quote(top, merged);
    }
    if state.leaving {
        return;
    }
    if let Some(form) = &look.form {
        let corner = pos2(left, rect.bottom() - PADDING - form.height());
        form.ui(ui, corner, banner, memory.replies, memory.time, out);
        return;
    }
    let buttons = Rect::from_min_size(
        pos2(left, rect.bottom() - PADDING - CONTROL_HEIGHT),
        vec2(WIDTH - TEXT_LEFT - PADDING, CONTROL_HEIGHT),
    );
    ui.scope_builder(egui::UiBuilder::new().max_rect(buttons), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            actions(ui, look, memory, out);
        });
    });
    if look.open {
        let corner = Rect::from_min_size(pos2(rect.right() - 32.0, rect.top() + 10.0), vec2(24.0, 24.0));
        let cross = ui.scope_builder(egui::UiBuilder::new().max_rect(corner), |ui| {
            widgets::icon_button(ui, Icon::Cross, texts::DISMISS, Kind::Quiet).clicked()
        });
        if cross.inner {
            dismiss(banner, out);
            return;
        }
    }
    if response.middle_clicked() {
        dismiss(banner, out);
    } else if response.clicked() {
        match banner.kind {
            BannerKind::Message | BannerKind::Call => out.command(Command::OpenBanner(banner.id)),
            BannerKind::SignedOut | BannerKind::SessionEnds => sign_in(banner, out),
            BannerKind::Summary => {
                out.command(Command::ShowPlace(Place::Activity));
                out.command(Command::DismissBanner(banner.id));
            }
            BannerKind::Sample => out.command(Command::DismissBanner(banner.id)),
        }
    }
}

fn dismiss(banner: &BannerView, out: &mut Outbox) {
    out.command(match banner.kind {
        BannerKind::Call => Command::DismissCall(banner.id),
        BannerKind::Message
        | BannerKind::SignedOut
        | BannerKind::SessionEnds
        | BannerKind::Sample
        | BannerKind::Summary => Command::DismissBanner(banner.id),
    });
}

/// One click leads to the dialog that signs in.
fn sign_in(banner: &BannerView, out: &mut Outbox) {
    out.command(Command::ShowPlace(Place::SignIn(banner.server)));
    out.command(Command::DismissBanner(banner.id));
}

fn picture_ui(ui: &Ui, rect: Rect, banner: &BannerView, pictures: &mut Pictures) {
    let palette = Palette::of(ui);
    let key = banner.user_id.map_or_else(|| banner.sender.clone(), |id| id.as_str().to_owned());
    match banner.kind {
        BannerKind::SignedOut => {
            ui.painter().circle_filled(rect.center(), rect.width() / 2.0, palette.red_soft);
            Icon::Warning.paint(ui.painter(), rect.center(), palette.red);
        }
        BannerKind::SessionEnds => {
            ui.painter().circle_filled(rect.center(), rect.width() / 2.0, palette.amber_soft);
            Icon::Warning.paint(ui.painter(), rect.center(), palette.amber);
        }
        BannerKind::Summary => {
            ui.painter().circle_filled(rect.center(), rect.width() / 2.0, palette.accent_soft);
            Icon::Bell.paint(ui.painter(), rect.center(), palette.accent);
        }
        BannerKind::Message | BannerKind::Call | BannerKind::Sample => {
            let of = banner.user_id.zip(banner.picture);
            let of = of.map(|(user, version)| PictureOf::person(banner.server, user, Some(version)));
            pictures.paint(ui, rect, of, &key, &banner.sender);
        }
    }
    if banner.kind == BannerKind::Call {
        let badge = Rect::from_center_size(rect.max - vec2(6.0, 6.0), vec2(22.0, 22.0));
        ui.painter().circle_filled(badge.center(), 12.0, palette.surface);
        ui.painter().circle_filled(badge.center(), 10.0, palette.green_soft);
        Icon::Phone.paint(ui.painter(), badge.center(), palette.green);
    }
}

/// Sender semibold, place dim and cut first, time at the right and never cut.
fn title(ui: &Ui, rect: Rect, look: &Look) {
    let palette = Palette::of(ui);
    let painter = ui.painter();
    let line = |text, kind, color, width| Line { text, kind, color, width, rows: 1 };
    let middle = rect.top() + PADDING + TITLE_HEIGHT / 2.0;
    let mut right = rect.right() - 16.0;
    if look.open {
        right -= 22.0;
    }
    let time = widgets::galley(painter, line(&look.time, Type::Small, palette.faint, 80.0));
    right -= time.size().x;
    painter.galley(pos2(right, middle - time.size().y / 2.0), time, palette.faint);
    right -= 10.0;
    let left = rect.left() + TEXT_LEFT;
    let sender = one_line(&look.banner.sender);
    let sender = widgets::galley(painter, line(&sender, Type::BodyStrong, palette.text, right - left));
    let place_left = left + sender.size().x + 6.0;
    painter.galley(pos2(left, middle - sender.size().y / 2.0), sender, palette.text);
    if right - place_left > 28.0 && !look.place.is_empty() {
        let place = one_line(&look.place);
        let place = widgets::galley(painter, line(&place, Type::Body, palette.dim, right - place_left));
        painter.galley(pos2(place_left, middle - place.size().y / 2.0), place, palette.dim);
    }
}

fn actions(ui: &mut Ui, look: &Look, memory: &mut Memory<'_>, out: &mut Outbox) {
    let banner = &look.banner;
    let secondary = |text| Button::new(text, Kind::Secondary);
    match banner.kind {
        BannerKind::Call => {
            if ui.add(Button::new(texts::JOIN, Kind::Primary)).clicked() {
                // In the browser or the official app, where calls are held; that stops the ringing too.
                out.command(Command::OpenBanner(banner.id));
            }
            if ui.add(secondary(texts::DISMISS)).clicked() {
                out.command(Command::DismissCall(banner.id));
            }
        }
        BannerKind::SignedOut | BannerKind::SessionEnds => {
            if ui.add(Button::new(texts::SIGN_IN_MORE, Kind::Primary)).clicked() {
                sign_in(banner, out);
            }
        }
        BannerKind::Sample | BannerKind::Summary => {}
        BannerKind::Message if !look.open => {}
        BannerKind::Message if look.more => {
            if widgets::icon_button(ui, Icon::Back, texts::BACK, Kind::Secondary).clicked() {
                *memory.more_open = None;
            }
            if let Some(channel) = banner.channel_id
                && ui.add(secondary(texts::MUTE_CHANNEL)).clicked()
            {
                out.command(Command::SetMuted { server: banner.server, channel, muted: true });
                out.command(Command::DismissBanner(banner.id));
            }
            if let Some(post) = banner.post_id
                && ui.add(secondary(texts::WHY)).clicked()
            {
                out.command(Command::ShowPlace(Place::Why(banner.server, post)));
            }
            if ui.add(secondary(texts::SETTINGS)).clicked() {
                out.command(Command::ShowPlace(Place::Notifications(banner.server)));
            }
        }
        BannerKind::Message => {
            if look.can_reply && ui.add(Button::new(texts::reply::REPLY, Kind::Primary)).clicked() {
                memory.replies.begin(banner.id, memory.time, out);
            }
            if ui.add(secondary(texts::MARK_AS_READ)).clicked() {
                out.command(Command::MarkBannerRead(banner.id));
            }
            if ui.add(secondary(texts::SNOOZE).name(texts::SNOOZE_NAME)).clicked() {
                out.command(Command::SnoozeBanner { banner: banner.id, minutes: texts::SNOOZE_MINUTES });
            }
            if widgets::icon_button(ui, Icon::Dots, texts::MORE, Kind::Secondary).clicked() {
                *memory.more_open = Some(banner.id);
            }
        }
    }
}

/// The whole card in words.
fn spoken(look: &Look) -> String {
    let banner = &look.banner;
    let mut words = banner.sender.clone();
    for part in [&look.place, &look.time, &banner.text] {
        if !part.is_empty() {
            words.push_str(", ");
            words.push_str(part);
        }
    }
    if let Some(files) = &banner.files {
        words.push_str(", ");
        words.push_str(&texts::attached(files));
    }
    if banner.more > 0 {
        words.push_str(", ");
        words.push_str(&texts::more_in(banner));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_persons_own_name_stands_out_and_others_do_not() {
        let cut = |text| mentions(text, Some("morgan"));
        assert_eq!(cut("@morgan the build is green"), [("@morgan", true), (" the build is green", false)]);
        assert_eq!(cut("ask @rosa or @Morgan."), [("ask @rosa or ", false), ("@Morgan", true), (".", false)]);
        assert_eq!(cut("@channel freeze"), [("@channel", true), (" freeze", false)]);
        assert_eq!(cut("morgan@morgan.example"), [("morgan@morgan.example", false)]);
        assert_eq!(cut("@morgana"), [("@morgana", false)]);
        assert_eq!(cut("日本 @morgan"), [("日本 ", false), ("@morgan", true)]);
        assert_eq!(mentions("@morgan", None), [("@morgan", false)]);
        assert!(mentions("", Some("morgan")).is_empty());
    }
}
