//! Buttons: primary, secondary, quiet.

use egui::accesskit::Role;
use egui::{CornerRadius, Response, Sense, StrokeKind, Ui, Widget, WidgetInfo, vec2};

use super::focus_ring;
use crate::icons::{Icon, SIZE};
use crate::theme::{CONTROL_HEIGHT, Palette, RADIUS_CONTROL, Type};

/// Left and right of a link's words, points.
pub(super) const LINK_PADDING: f32 = 12.0;

/// How much a button asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The one of its view.
    Primary,
    /// Any other.
    Secondary,
    /// Without a fill, dim.
    Quiet,
    /// Without a fill, in the accent colour: leads somewhere.
    Link,
    /// Destroys something.
    Danger,
}

/// A button with words.
#[derive(Debug)]
pub struct Button<'a> {
    text: &'a str,
    kind: Kind,
    name: Option<&'a str>,
    disabled: Option<&'a str>,
}

impl<'a> Button<'a> {
    /// A button that says `text`.
    pub fn new(text: &'a str, kind: Kind) -> Self {
        Self { text, kind, name: None, disabled: None }
    }

    /// A longer name for screen readers, shown as a tooltip too.
    #[must_use]
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// Dim, with the reason as a tooltip; `None` leaves it enabled.
    #[must_use]
    pub fn disabled(mut self, reason: Option<&'a str>) -> Self {
        self.disabled = reason;
        self
    }
}

impl Widget for Button<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let Self { text, kind, name, disabled } = self;
        let enabled = disabled.is_none() && ui.is_enabled();
        let palette = Palette::of(ui);
        let padding = if matches!(kind, Kind::Link) { LINK_PADDING } else { 13.0 };
        let galley = ui.painter().layout_no_wrap(text.to_owned(), Type::SmallStrong.font(), egui::Color32::PLACEHOLDER);
        let size = vec2(galley.size().x + 2.0 * padding, CONTROL_HEIGHT);
        let (rect, response) = ui.allocate_exact_size(size, if enabled { Sense::click() } else { Sense::hover() });
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name.unwrap_or(text)));
        if ui.is_rect_visible(rect) {
            let hovered = enabled && (response.hovered() || response.is_pointer_button_down_on());
            let (fill, ink, border) = match kind {
                Kind::Primary if !enabled => (palette.sunk, palette.faint, Some(palette.border())),
                Kind::Primary => {
                    (if hovered { palette.step_accent() } else { palette.accent }, palette.accent_ink, None)
                }
                Kind::Secondary | Kind::Danger => {
                    let fill = match (hovered, kind) {
                        (false, _) => palette.sunk,
                        // Red does not read on a darker step of it.
                        (true, Kind::Danger) => palette.red_soft,
                        (true, _) => palette.step(palette.sunk),
                    };
                    let ink = match kind {
                        _ if !enabled => palette.faint,
                        Kind::Danger => palette.red,
                        Kind::Primary | Kind::Secondary | Kind::Quiet | Kind::Link => palette.text,
                    };
                    (fill, ink, Some(palette.border()))
                }
                Kind::Quiet | Kind::Link => {
                    let fill = if hovered { palette.step(palette.surface) } else { egui::Color32::TRANSPARENT };
                    let ink = if !enabled {
                        palette.faint
                    } else if kind == Kind::Link {
                        palette.accent
                    } else {
                        palette.dim
                    };
                    (fill, ink, None)
                }
            };
            let radius = CornerRadius::same(RADIUS_CONTROL);
            ui.painter().rect_filled(rect, radius, fill);
            if let Some(border) = border {
                ui.painter().rect_stroke(rect, radius, border, StrokeKind::Inside);
            }
            let pos = rect.center() - galley.size() / 2.0;
            ui.painter().galley(pos, galley, ink);
            focus_ring(ui, &response, rect, RADIUS_CONTROL);
        }
        match (disabled, name) {
            (Some(reason), _) => response.on_hover_text(reason),
            (None, Some(name)) if name != text => response.on_hover_text(name),
            (None, _) => response,
        }
    }
}

/// A button that is only an icon; `name` is said by screen readers and shown as a tooltip.
pub fn icon_button(ui: &mut Ui, icon: Icon, name: &str, kind: Kind) -> Response {
    let palette = Palette::of(ui);
    let framed = matches!(kind, Kind::Secondary);
    let size = if framed { vec2(38.0, CONTROL_HEIGHT) } else { vec2(24.0, 24.0) };
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    if ui.is_rect_visible(rect) {
        let hovered = ui.is_enabled() && (response.hovered() || response.is_pointer_button_down_on());
        let radius = CornerRadius::same(if framed { RADIUS_CONTROL } else { 6 });
        if framed || hovered {
            let fill = match (framed, hovered) {
                (true, false) => palette.sunk,
                (true, true) => palette.step(palette.sunk),
                (false, _) => palette.step(palette.surface),
            };
            ui.painter().rect_filled(rect, radius, fill);
        }
        if framed {
            ui.painter().rect_stroke(rect, radius, palette.border(), StrokeKind::Inside);
        }
        let ink = match (ui.is_enabled(), framed) {
            (false, _) => palette.line,
            (true, true) => palette.text,
            (true, false) => palette.faint,
        };
        debug_assert!(rect.width() >= SIZE, "an icon fits");
        icon.paint(ui.painter(), rect.center(), ink);
        focus_ring(ui, &response, rect, if framed { RADIUS_CONTROL } else { 6 });
    }
    response.on_hover_text(name)
}
