//! Every colour, size and font of both faces (design: "Look"). Nothing else in the crate makes a colour.

use std::sync::{Arc, OnceLock};

use belfry_core::prefs::ThemeChoice;
use egui::epaint::text::{FallbackRequest, FontInsert, FontProvider};
use egui::{Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, TextFormat};
use egui_system_font_provider::SystemFontProvider;

/// Corner radius of controls.
pub const RADIUS_CONTROL: u8 = 8;
/// Corner radius of cards and banners.
pub const RADIUS_CARD: u8 = 12;
/// Corner radius of dialogs.
pub const RADIUS_DIALOG: u8 = 14;
/// Height of buttons, points.
pub const CONTROL_HEIGHT: f32 = 30.0;
/// Height of text fields, points.
pub const FIELD_HEIGHT: f32 = 32.0;
/// Width of the navigation, points.
pub const NAVIGATION_WIDTH: f32 = 208.0;
/// Content is at most this wide, points.
pub const CONTENT_MAX_WIDTH: f32 = 860.0;
/// Space between a page's edge and its content, points.
pub const PAGE_PADDING: Margin = Margin::symmetric(28, 20);
/// Space inside a card, points.
pub const CARD_PADDING: Margin = Margin::symmetric(16, 14);
/// Between a control and its label, points.
pub const CONTROL_GAP: f32 = 10.0;
/// Between cards, points.
pub const CARD_GAP: f32 = 12.0;

/// The colours of one theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Window.
    pub bg: Color32,
    /// Cards, lists, banners, inputs.
    pub surface: Color32,
    /// Navigation, secondary buttons.
    pub sunk: Color32,
    /// One-point borders and separators.
    pub line: Color32,
    /// Primary text.
    pub text: Color32,
    /// Secondary text.
    pub dim: Color32,
    /// Times and hints.
    pub faint: Color32,
    /// The one primary action, selection, focus ring.
    pub accent: Color32,
    /// Text on `accent`.
    pub accent_ink: Color32,
    /// Selection behind text.
    pub accent_soft: Color32,
    /// A warning that can wait.
    pub amber: Color32,
    /// Behind a warning.
    pub amber_soft: Color32,
    /// Urgent, signed out, failed.
    pub red: Color32,
    /// Behind something urgent.
    pub red_soft: Color32,
    /// Shown, connected.
    pub green: Color32,
    /// Behind something shown.
    pub green_soft: Color32,
    /// Whether this is the dark one.
    pub dark: bool,
}

/// The light theme.
pub const LIGHT: Palette = Palette {
    bg: Color32::from_rgb(0xF5, 0xF4, 0xF1),
    surface: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    sunk: Color32::from_rgb(0xEE, 0xEC, 0xE7),
    line: Color32::from_rgb(0xE1, 0xDE, 0xD7),
    text: Color32::from_rgb(0x1C, 0x21, 0x27),
    dim: Color32::from_rgb(0x5A, 0x63, 0x6F),
    faint: Color32::from_rgb(0x5F, 0x68, 0x74),
    accent: Color32::from_rgb(0x2F, 0x5B, 0xD7),
    accent_ink: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    accent_soft: Color32::from_rgb(0xE6, 0xEC, 0xFC),
    amber: Color32::from_rgb(0x95, 0x56, 0x00),
    amber_soft: Color32::from_rgb(0xFC, 0xEF, 0xD8),
    red: Color32::from_rgb(0xC2, 0x33, 0x2B),
    red_soft: Color32::from_rgb(0xFB, 0xE7, 0xE5),
    green: Color32::from_rgb(0x1F, 0x7A, 0x3D),
    green_soft: Color32::from_rgb(0xE2, 0xF3, 0xE7),
    dark: false,
};

/// The dark theme.
pub const DARK: Palette = Palette {
    bg: Color32::from_rgb(0x14, 0x17, 0x1C),
    surface: Color32::from_rgb(0x1C, 0x20, 0x27),
    sunk: Color32::from_rgb(0x23, 0x28, 0x30),
    line: Color32::from_rgb(0x31, 0x38, 0x43),
    text: Color32::from_rgb(0xE7, 0xEA, 0xEE),
    dim: Color32::from_rgb(0xA5, 0xAE, 0xBA),
    faint: Color32::from_rgb(0x94, 0x9E, 0xAC),
    accent: Color32::from_rgb(0x8A, 0xA6, 0xFF),
    accent_ink: Color32::from_rgb(0x10, 0x14, 0x1F),
    accent_soft: Color32::from_rgb(0x26, 0x30, 0x4B),
    amber: Color32::from_rgb(0xF2, 0xB3, 0x4B),
    amber_soft: Color32::from_rgb(0x3A, 0x2E, 0x18),
    red: Color32::from_rgb(0xFF, 0x8A, 0x80),
    red_soft: Color32::from_rgb(0x40, 0x21, 0x1F),
    green: Color32::from_rgb(0x7B, 0xD1, 0x96),
    green_soft: Color32::from_rgb(0x1C, 0x36, 0x26),
    dark: true,
};

/// The clapper of the app mark, in both themes.
pub const CLAPPER: Color32 = Color32::from_rgb(0xE8, 0x9B, 0x1C);

/// Behind the initials of a person without a picture; white text reads on all of them.
pub const AVATARS: [Color32; 8] = [
    Color32::from_rgb(0x7A, 0x5A, 0xA6),
    Color32::from_rgb(0x2E, 0x7D, 0x6B),
    Color32::from_rgb(0x53, 0x60, 0x6E),
    Color32::from_rgb(0xB5, 0x56, 0x2D),
    Color32::from_rgb(0x3B, 0x6A, 0xB0),
    Color32::from_rgb(0xA8, 0x44, 0x6E),
    Color32::from_rgb(0x5C, 0x74, 0x2C),
    Color32::from_rgb(0x8A, 0x66, 0x1E),
];

/// Initials on an avatar.
pub const AVATAR_INK: Color32 = Color32::WHITE;

impl Palette {
    /// The palette in use.
    pub fn of(ui: &egui::Ui) -> &'static Self {
        if ui.visuals().dark_mode { &DARK } else { &LIGHT }
    }

    /// One step away from `color`: what hovering does to a fill.
    pub fn step(&self, color: Color32) -> Color32 {
        color.lerp_to_gamma(self.text, if self.dark { 0.07 } else { 0.045 })
    }

    /// One step for the accent, which goes towards its ink's opposite.
    pub fn step_accent(&self) -> Color32 {
        self.accent.lerp_to_gamma(self.text, 0.15)
    }

    /// Behind a dialog.
    pub fn backdrop(&self) -> Color32 {
        if self.dark { Color32::from_black_alpha(90) } else { Color32::from_black_alpha(14) }
    }

    /// The shadow of dialogs and menus.
    pub fn shadow(&self) -> egui::Shadow {
        let alpha = if self.dark { 110 } else { 46 };
        egui::Shadow { offset: [0, 18], blur: 48, spread: 0, color: Color32::from_black_alpha(alpha) }
    }

    /// The one-point border.
    pub fn border(&self) -> Stroke {
        Stroke::new(1.0, self.line)
    }
}

/// A kind of text: size, line height and weight belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// 20/28 semibold
    PageTitle,
    /// 16/22 semibold: title of a dialog
    DialogTitle,
    /// 14/20 semibold
    CardTitle,
    /// 13/18
    Body,
    /// 13/18 semibold
    BodyStrong,
    /// 12/16
    Small,
    /// 12/16 semibold
    SmallStrong,
    /// 11/15 semibold
    Tag,
}

impl Type {
    /// Size, points.
    pub const fn size(self) -> f32 {
        match self {
            Self::PageTitle => 20.0,
            Self::DialogTitle => 16.0,
            Self::CardTitle => 14.0,
            Self::Body | Self::BodyStrong => 13.0,
            Self::Small | Self::SmallStrong => 12.0,
            Self::Tag => 11.0,
        }
    }

    /// Line height, points.
    pub const fn line_height(self) -> f32 {
        match self {
            Self::PageTitle => 28.0,
            Self::DialogTitle => 22.0,
            Self::CardTitle => 20.0,
            Self::Body | Self::BodyStrong => 18.0,
            Self::Small | Self::SmallStrong => 16.0,
            Self::Tag => 15.0,
        }
    }

    /// Whether it is semibold.
    pub const fn is_strong(self) -> bool {
        match self {
            Self::PageTitle
            | Self::DialogTitle
            | Self::CardTitle
            | Self::BodyStrong
            | Self::SmallStrong
            | Self::Tag => true,
            Self::Body | Self::Small => false,
        }
    }

    /// The font.
    pub fn font(self) -> FontId {
        FontId::new(self.size(), if self.is_strong() { semibold() } else { FontFamily::Proportional })
    }

    /// For a layout job.
    pub fn format(self, color: Color32) -> TextFormat {
        TextFormat {
            font_id: self.font(),
            line_height: Some(self.line_height()),
            color,
            valign: egui::Align::Center,
            ..TextFormat::default()
        }
    }

    /// For a label.
    pub fn rich(self, text: impl Into<String>, color: Color32) -> egui::RichText {
        egui::RichText::new(text).font(self.font()).line_height(Some(self.line_height())).color(color)
    }
}

/// The family of the semibold weight.
pub fn semibold() -> FontFamily {
    FontFamily::Name("semibold".into())
}

/// Fonts of the system, for scripts that Inter lacks. Listing them takes a while and memory,
/// so that begins with the first character that needs one.
#[derive(Default)]
struct SystemFonts(OnceLock<SystemFontProvider>);

impl FontProvider for SystemFonts {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        self.0.get_or_init(SystemFontProvider::new).font_for(request)
    }
}

/// Whether characters that the bundled fonts lack are looked for in the system's fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Yes: what a person gets.
    System,
    /// No: the same picture on every machine.
    None,
}

/// Fonts and both themes' styles.
pub fn install(ctx: &egui::Context, fallback: Fallback) {
    let mut fonts = FontDefinitions::empty();
    let regular = FontData::from_static(include_bytes!("../../../assets/fonts/Inter-Regular.otf"));
    let strong = FontData::from_static(include_bytes!("../../../assets/fonts/Inter-SemiBold.otf"));
    fonts.font_data.insert("inter".to_owned(), Arc::new(regular));
    fonts.font_data.insert("inter-semibold".to_owned(), Arc::new(strong));
    fonts.families.insert(FontFamily::Proportional, vec!["inter".to_owned()]);
    fonts.families.insert(FontFamily::Monospace, vec!["inter".to_owned()]);
    fonts.families.insert(semibold(), vec!["inter-semibold".to_owned(), "inter".to_owned()]);
    ctx.set_fonts(fonts);
    if fallback == Fallback::System {
        ctx.add_font_provider(Arc::new(SystemFonts::default()));
    }
    ctx.options_mut(|options| {
        options.fallback_theme = egui::Theme::Light;
        options.zoom_with_keyboard = true;
    });
    ctx.set_style_of(egui::Theme::Light, style(&LIGHT));
    ctx.set_style_of(egui::Theme::Dark, style(&DARK));
}

/// Follows the person's choice.
pub fn choose(ctx: &egui::Context, choice: ThemeChoice) {
    let wanted = match choice {
        ThemeChoice::System => egui::ThemePreference::System,
        ThemeChoice::Light => egui::ThemePreference::Light,
        ThemeChoice::Dark => egui::ThemePreference::Dark,
    };
    if ctx.options(|options| options.theme_preference) != wanted {
        ctx.set_theme(wanted);
    }
}

fn style(palette: &Palette) -> egui::Style {
    let mut style = egui::Style {
        visuals: if palette.dark { egui::Visuals::dark() } else { egui::Visuals::light() },
        ..egui::Style::default()
    };
    style.text_styles = [
        (egui::TextStyle::Heading, Type::PageTitle.font()),
        (egui::TextStyle::Body, Type::Body.font()),
        (egui::TextStyle::Button, Type::SmallStrong.font()),
        (egui::TextStyle::Small, Type::Small.font()),
        (egui::TextStyle::Monospace, Type::Body.font()),
    ]
    .into();
    style.spacing.item_spacing = egui::vec2(CONTROL_GAP, 0.0);
    style.spacing.button_padding = egui::vec2(13.0, 6.0);
    style.spacing.menu_margin = Margin::same(6);
    style.spacing.interact_size.y = CONTROL_HEIGHT;
    style.spacing.scroll = egui::style::ScrollStyle {
        bar_width: 8.0,
        bar_inner_margin: 2.0,
        bar_outer_margin: 2.0,
        floating_width: 4.0,
        ..egui::style::ScrollStyle::floating()
    };
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;

    let visuals = &mut style.visuals;
    // What is disabled is drawn dim by its own widget: fading would cost contrast.
    visuals.disabled_alpha = 1.0;
    visuals.panel_fill = palette.bg;
    visuals.window_fill = palette.surface;
    visuals.window_stroke = palette.border();
    visuals.window_corner_radius = CornerRadius::same(RADIUS_DIALOG);
    visuals.window_shadow = palette.shadow();
    visuals.popup_shadow = egui::Shadow { offset: [0, 6], blur: 20, spread: 0, color: Color32::from_black_alpha(40) };
    visuals.menu_corner_radius = CornerRadius::same(RADIUS_CONTROL);
    visuals.extreme_bg_color = palette.surface;
    visuals.text_edit_bg_color = Some(palette.surface);
    visuals.faint_bg_color = palette.sunk;
    visuals.code_bg_color = palette.sunk;
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.amber;
    visuals.error_fg_color = palette.red;
    visuals.weak_text_color = Some(palette.faint);
    visuals.selection.bg_fill = palette.accent_soft;
    visuals.selection.stroke = Stroke::new(1.0, palette.text);
    visuals.text_cursor.stroke = Stroke::new(1.5, palette.accent);
    visuals.text_cursor.blink = false;
    let widgets = &mut visuals.widgets;
    for (part, fill) in [
        (&mut widgets.noninteractive, palette.surface),
        (&mut widgets.inactive, palette.sunk),
        (&mut widgets.hovered, palette.step(palette.sunk)),
        (&mut widgets.active, palette.step(palette.sunk)),
        (&mut widgets.open, palette.sunk),
    ] {
        part.bg_fill = fill;
        part.weak_bg_fill = fill;
        part.bg_stroke = palette.border();
        part.fg_stroke = Stroke::new(1.0, palette.text);
        part.corner_radius = CornerRadius::same(RADIUS_CONTROL);
        part.expansion = 0.0;
    }
    style
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio of WCAG 2.2, "relative luminance".
    fn contrast(a: Color32, b: Color32) -> f64 {
        let luminance = |color: Color32| {
            let part = |value: u8| {
                let value = f64::from(value) / 255.0;
                if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(color.r()) + 0.7152 * part(color.g()) + 0.0722 * part(color.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_reads_on_what_it_stands_on() {
        for palette in [LIGHT, DARK] {
            let Palette { bg, surface, sunk, text, dim, faint, accent_soft, .. } = palette;
            let mut pairs = vec![
                (palette.accent_ink, palette.accent),
                (palette.accent, accent_soft),
                (palette.accent, surface),
                (palette.amber, palette.amber_soft),
                (text, palette.amber_soft),
                (palette.amber, sunk),
                (palette.red, palette.red_soft),
                (text, palette.red_soft),
                (palette.red, surface),
                (palette.red, sunk),
                (palette.green, palette.green_soft),
                (palette.red, bg),
                (palette.amber, bg),
                // Under the pointer.
                (palette.accent_ink, palette.step_accent()),
                (palette.accent, palette.step(accent_soft)),
                (palette.accent, palette.step(surface)),
                (faint, palette.step(surface)),
                (faint, palette.step(bg)),
            ];
            for ground in [bg, surface, sunk, accent_soft].map(|ground| palette.step(ground)) {
                pairs.extend([(text, ground), (dim, ground)]);
            }
            for ground in [bg, surface, sunk, accent_soft] {
                pairs.extend([(text, ground), (dim, ground), (faint, ground)]);
            }
            for (ink, ground) in pairs {
                let ratio = contrast(ink, ground);
                assert!(ratio >= 4.5, "{ink:?} on {ground:?} (dark: {}) has only {ratio:.2}", palette.dark);
            }
        }
        for ground in AVATARS {
            assert!(contrast(AVATAR_INK, ground) >= 4.5, "{ground:?}");
        }
    }
}
