//! Our own icons: 16 × 16 points, 1.5-point strokes, drawn as shapes.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};

use crate::theme::CLAPPER;

/// Side of an icon, points.
pub const SIZE: f32 = 16.0;

/// One of our icons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Activity
    Clock,
    /// Notifications
    Bell,
    /// Channels
    Hash,
    /// Quiet hours
    Moon,
    /// Sounds
    Note,
    /// Servers
    Server,
    /// Desktop
    Desktop,
    /// About
    Question,
    /// Passed
    Check,
    /// Failed, or close
    Cross,
    /// Opens a list
    Chevron,
    /// Search
    Search,
    /// More
    Dots,
    /// Goes back
    Back,
    /// A call
    Phone,
    /// Signed out
    Warning,
    /// A thread: an answer below something
    Thread,
    /// Adds
    Plus,
    /// Plays a sound
    Play,
    /// Stops a sound
    Stop,
    /// A person
    Person,
    /// Up in a list
    Up,
    /// Down in a list
    Down,
    /// An image
    Picture,
    /// A file
    File,
}

impl Icon {
    /// Draws the icon around `center`.
    pub fn paint(self, painter: &Painter, center: Pos2, color: Color32) {
        let stroke = Stroke::new(1.5, color);
        // Coordinates are those of a 16 × 16 grid.
        let origin = center - Vec2::splat(SIZE / 2.0);
        let at = |x: f32, y: f32| origin + vec2(x, y);
        let line = |points: &[(f32, f32)]| {
            painter.add(Shape::line(points.iter().map(|&(x, y)| at(x, y)).collect(), stroke));
        };
        match self {
            Self::Clock => {
                painter.circle_stroke(center, 6.0, stroke);
                line(&[(8.0, 4.5), (8.0, 8.0), (10.6, 9.4)]);
            }
            Self::Bell => {
                line(&bell_outline());
                line(&[(6.6, 13.4), (8.0, 14.2), (9.4, 13.4)]);
            }
            Self::Hash => {
                line(&[(6.4, 2.6), (5.0, 13.4)]);
                line(&[(11.0, 2.6), (9.6, 13.4)]);
                line(&[(3.0, 6.0), (13.4, 6.0)]);
                line(&[(2.6, 10.0), (13.0, 10.0)]);
            }
            Self::Moon => {
                let outer = arc((8.0, 8.0), 5.6, 40.0, 310.0);
                let mut points = outer;
                points.extend(arc((11.0, 6.4), 4.9, 285.0, 75.0));
                line(&points);
            }
            Self::Note => {
                line(&[(6.4, 12.0), (6.4, 3.4), (12.6, 2.4), (12.6, 10.8)]);
                painter.circle_stroke(at(4.6, 12.0), 1.8, stroke);
                painter.circle_stroke(at(10.8, 10.8), 1.8, stroke);
            }
            Self::Server => {
                for top in [2.6, 8.6] {
                    let rect = Rect::from_min_size(at(2.4, top), vec2(11.2, 4.8));
                    painter.rect_stroke(rect, 1.5, stroke, egui::StrokeKind::Middle);
                    painter.circle_filled(at(5.0, top + 2.4), 0.9, color);
                }
            }
            Self::Desktop => {
                let rect = Rect::from_min_size(at(2.0, 2.8), vec2(12.0, 8.4));
                painter.rect_stroke(rect, 1.5, stroke, egui::StrokeKind::Middle);
                line(&[(5.4, 13.6), (10.6, 13.6)]);
                line(&[(8.0, 11.4), (8.0, 13.4)]);
            }
            Self::Question => {
                painter.circle_stroke(center, 6.2, stroke);
                line(&[
                    (6.2, 6.4),
                    (6.5, 5.3),
                    (7.4, 4.8),
                    (8.4, 4.8),
                    (9.4, 5.4),
                    (9.7, 6.4),
                    (9.2, 7.4),
                    (8.0, 8.2),
                    (8.0, 9.0),
                ]);
                painter.circle_filled(at(8.0, 11.2), 0.95, color);
            }
            Self::Check => line(&[(3.4, 8.6), (6.4, 11.4), (12.6, 4.8)]),
            Self::Cross => {
                line(&[(4.4, 4.4), (11.6, 11.6)]);
                line(&[(11.6, 4.4), (4.4, 11.6)]);
            }
            Self::Chevron => line(&[(4.6, 6.4), (8.0, 9.8), (11.4, 6.4)]),
            Self::Search => {
                painter.circle_stroke(at(7.0, 7.0), 4.2, stroke);
                line(&[(10.2, 10.2), (13.4, 13.4)]);
            }
            Self::Dots => {
                for x in [3.6, 8.0, 12.4] {
                    painter.circle_filled(at(x, 8.0), 1.25, color);
                }
            }
            Self::Back => line(&[(9.6, 4.4), (6.0, 8.0), (9.6, 11.6)]),
            Self::Phone => {
                line(&[
                    (3.4, 3.2),
                    (5.8, 2.8),
                    (7.0, 5.8),
                    (5.6, 7.0),
                    (6.6, 8.8),
                    (8.6, 10.4),
                    (10.2, 9.2),
                    (13.2, 10.6),
                    (12.6, 13.0),
                    (9.4, 12.8),
                    (5.4, 9.8),
                    (3.2, 5.8),
                    (3.4, 3.2),
                ]);
            }
            Self::Warning => {
                line(&[(8.0, 2.8), (14.0, 13.2), (2.0, 13.2), (8.0, 2.8), (8.6, 3.8)]);
                line(&[(8.0, 6.6), (8.0, 9.6)]);
                painter.circle_filled(at(8.0, 11.4), 0.9, color);
            }
            Self::Plus => {
                line(&[(8.0, 4.0), (8.0, 12.0)]);
                line(&[(4.0, 8.0), (12.0, 8.0)]);
            }
            Self::Play => {
                let triangle = vec![at(5.4, 3.8), at(12.2, 8.0), at(5.4, 12.2)];
                painter.add(Shape::convex_polygon(triangle, color, Stroke::NONE));
            }
            Self::Stop => {
                painter.rect_filled(Rect::from_min_size(at(4.4, 4.4), vec2(7.2, 7.2)), 1.5, color);
            }
            Self::Person => {
                painter.circle_stroke(at(8.0, 5.4), 2.8, stroke);
                line(&arc((8.0, 14.0), 5.4, 190.0, 350.0));
            }
            Self::Up => {
                line(&[(8.0, 12.6), (8.0, 3.6)]);
                line(&[(4.4, 7.2), (8.0, 3.4), (11.6, 7.2)]);
            }
            Self::Down => {
                line(&[(8.0, 3.4), (8.0, 12.4)]);
                line(&[(4.4, 8.8), (8.0, 12.6), (11.6, 8.8)]);
            }
            Self::Picture => {
                let rect = Rect::from_min_size(at(2.0, 3.0), vec2(12.0, 10.0));
                painter.rect_stroke(rect, 1.5, stroke, egui::StrokeKind::Middle);
                line(&[(2.6, 11.6), (6.2, 7.6), (8.8, 10.2), (10.6, 8.6), (13.4, 11.2)]);
                painter.circle_filled(at(10.6, 6.0), 1.0, color);
            }
            Self::File => {
                line(&[
                    (9.4, 2.2),
                    (4.0, 2.2),
                    (4.0, 13.8),
                    (12.0, 13.8),
                    (12.0, 4.8),
                    (9.4, 2.2),
                    (9.4, 4.8),
                    (12.0, 4.8),
                ]);
            }
            Self::Thread => {
                line(&[(3.2, 2.8), (3.2, 7.4), (4.6, 9.4), (13.0, 9.4)]);
                line(&[(9.8, 6.2), (13.0, 9.4), (9.8, 12.6)]);
            }
        }
    }
}

/// The small cross of a chip.
pub fn small_cross(painter: &Painter, center: Pos2, color: Color32) {
    let stroke = Stroke::new(1.5, color);
    for (x, y) in [(2.8, 2.8), (2.8, -2.8)] {
        painter.line_segment([center - vec2(x, y), center + vec2(x, y)], stroke);
    }
}

/// Points of an arc on the 16 × 16 grid, degrees clockwise from the right.
fn arc((x, y): (f32, f32), radius: f32, from: f32, to: f32) -> Vec<(f32, f32)> {
    (0..=16)
        .map(|step| {
            let angle = (from + (to - from) * step as f32 / 16.0).to_radians();
            (x + radius * angle.cos(), y + radius * angle.sin())
        })
        .collect()
}

fn bell_outline() -> Vec<(f32, f32)> {
    let mut points = vec![(2.8, 11.4), (4.2, 9.6)];
    points.extend(arc((8.0, 6.8), 3.8, 180.0, 360.0));
    points.extend([(11.8, 9.6), (13.2, 11.4), (2.8, 11.4)]);
    points
}

/// The app mark without a badge, 16 points high: in the navigation. The window's icon is painted by `belfry_agent::mark`.
pub fn mark(painter: &Painter, center: Pos2, ink: Color32) {
    let at = |x: f32, y: f32| center + vec2(x - 8.0, y - 8.0);
    painter.circle_filled(at(8.0, 1.7), 1.3, ink);
    let mut dome: Vec<Pos2> = arc((8.0, 6.3), 4.6, 180.0, 360.0).into_iter().map(|(x, y)| at(x, y)).collect();
    dome.extend([at(12.6, 9.6), at(3.4, 9.6)]);
    painter.add(Shape::convex_polygon(dome, ink, Stroke::NONE));
    let skirt = vec![at(3.4, 9.4), at(12.6, 9.4), at(14.4, 12.1), at(1.6, 12.1)];
    painter.add(Shape::convex_polygon(skirt, ink, Stroke::NONE));
    painter.circle_filled(at(8.0, 14.2), 1.7, CLAPPER);
}

/// A circle that says how something is, in the navigation and on cards.
pub fn dot(painter: &Painter, center: Pos2, color: Color32) {
    painter.circle_filled(pos2(center.x, center.y), 4.0, color);
}
