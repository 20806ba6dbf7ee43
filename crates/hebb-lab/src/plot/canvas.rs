//! A surface to draw on, in pixels from its top left corner: the one module that knows `kuva`, which writes SVG and PNG.

use kuva::backend::png::PngBackend;
use kuva::backend::svg::SvgBackend;
use kuva::render::color::Color;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};

use super::palette::{Colour, Dash, Style};

/// Pixels of the PNG for a pixel of the drawing.
const PNG_SCALE: f32 = 1.5;
/// How much a shade covers what lies behind it.
const SHADE: f64 = 0.2;
/// How far a drawn line may be from its points, in pixels: what the eye would not see needs no room in the file.
const SIMPLIFY: f64 = 0.08;

/// A drawing that its backend did not take.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw a picture of {width:.0} x {height:.0} pixels: {reason}")]
pub struct DrawError {
    width: f64,
    height: f64,
    reason: String,
}

/// A place in the drawing, in pixels.
pub type Place = (f64, f64);

/// A rectangle in the drawing, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

/// Which part of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its begin.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Type {
    /// Height of a line, in pixels.
    pub size: u32,
    /// What stands at its place.
    pub anchor: Anchor,
    /// Thick letters.
    pub bold: bool,
    /// Upwards, as beside a vertical axis.
    pub upright: bool,
    /// Its colour.
    pub colour: Colour,
}

/// The drawing.
#[derive(Debug)]
pub struct Canvas {
    scene: Scene,
    clips: usize,
}

impl Canvas {
    /// A white one of so many pixels.
    pub fn new(width: f64, height: f64) -> Self {
        let mut scene = Scene::new(width, height);
        scene.font_family = Some("DejaVu Sans, Verdana, Arial, sans-serif".to_owned());
        Self { scene, clips: 0 }
    }

    /// Draws a line through places. Dashes go on from one piece of it to the next, in both formats.
    pub fn line(&mut self, places: &[Place], style: Style) {
        let places = simplified(places);
        for points in dashes(&places, style.dash) {
            if points.len() > 1 {
                let (stroke, stroke_width) = (colour(style.colour), style.width);
                self.scene.add(Primitive::PolyLine { points, stroke, stroke_width, stroke_dasharray: None });
            }
        }
    }

    /// Fills a polygon.
    pub fn polygon(&mut self, places: &[Place], fill: Colour) {
        self.area(places, fill, None);
    }

    /// Fills a polygon so that what lies behind shows through; places that are not finite are left out.
    pub fn shade(&mut self, places: &[Place], fill: Colour) {
        let places: Vec<Place> = places.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        if places.len() > 2 {
            self.area(&simplified(&places), fill, Some(SHADE));
        }
    }

    fn area(&mut self, places: &[Place], fill: Colour, opacity: Option<f64>) {
        let steps = places.iter().enumerate();
        let mut d: String =
            steps.map(|(at, (x, y))| format!("{}{x:.2} {y:.2} ", if at == 0 { 'M' } else { 'L' })).collect();
        d.push('Z');
        let fill = Some(colour(fill));
        let (stroke, stroke_width, stroke_dasharray) = (Color::None, 0.0, None);
        self.scene.add(Primitive::Path(Box::new(PathData {
            d,
            fill,
            stroke,
            stroke_width,
            opacity,
            stroke_dasharray,
        })));
    }

    /// Fills a rectangle.
    pub fn fill(&mut self, rect: Rect, fill: Colour) {
        let Rect { x, y, w: width, h: height } = rect;
        let (stroke, stroke_width, opacity) = (None, None, None);
        self.scene.add(Primitive::Rect { x, y, width, height, fill: colour(fill), stroke, stroke_width, opacity });
    }

    /// Fills many rectangles.
    pub fn cells(&mut self, cells: &[(Rect, Colour)]) {
        let each = |of: fn(&Rect) -> f64| cells.iter().map(|(rect, _)| of(rect)).collect();
        let fills = cells.iter().map(|(_, fill)| colour(*fill)).collect();
        let (x, y, w, h) = (each(|r| r.x), each(|r| r.y), each(|r| r.w), each(|r| r.h));
        self.scene.add(Primitive::RectBatch { x, y, w, h, fills });
    }

    /// Draws points of a radius in pixels.
    pub fn points(&mut self, places: &[Place], r: f64, fill: Colour) {
        let (cx, cy) = places.iter().copied().unzip();
        let (fill_opacity, stroke, stroke_width) = (None, None, None);
        self.scene.add(Primitive::CircleBatch { cx, cy, r, fill: colour(fill), fill_opacity, stroke, stroke_width });
    }

    /// Sets a text on a line at a height.
    pub fn text(&mut self, (x, y): Place, text: &str, set: Type) {
        let anchor = match set.anchor {
            Anchor::Start => TextAnchor::Start,
            Anchor::Middle => TextAnchor::Middle,
            Anchor::End => TextAnchor::End,
        };
        let (content, rotate, color) = (text.to_owned(), set.upright.then_some(-90.0), Some(colour(set.colour)));
        self.scene.add(Primitive::Text { x, y, content, size: set.size, anchor, rotate, bold: set.bold, color });
    }

    /// Draws within a rectangle: what reaches out is cut off.
    pub fn within(&mut self, rect: Rect, draw: impl FnOnce(&mut Self)) {
        self.clips += 1;
        let Rect { x, y, w: width, h: height } = rect;
        let id = format!("clip{}", self.clips);
        // The SVG's own: without it nothing is cut off there.
        self.scene.defs.push(format!(
            "<clipPath id=\"{id}\"><rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\"/></clipPath>"
        ));
        self.scene.add(Primitive::ClipStart { x, y, width, height, id });
        draw(self);
        self.scene.add(Primitive::ClipEnd);
    }

    /// The drawing as SVG. Its texts are texts, in whichever of its fonts the reader has.
    pub fn svg(&self) -> String {
        SvgBackend::new().render_scene(&self.scene)
    }

    /// The drawing as PNG, one and a half of its pixels for one.
    pub fn png(&self) -> Result<Vec<u8>, DrawError> {
        let (width, height) = (self.scene.width, self.scene.height);
        let drawn = PngBackend::new().with_scale(PNG_SCALE).render_scene(&self.scene);
        drawn.map_err(|reason| DrawError { width, height, reason })
    }
}

/// About how wide a text is, in pixels: by kinds of letters of DejaVu Sans, rather too wide than too narrow.
pub fn width(text: &str, size: u32) -> f64 {
    let of = |letter: char| match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | '!' | 'I' => 0.34,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '-' | '⁻' | '⁰'..='⁹' | '¹' | '²' | '³' | 'ᵗ' => {
            0.44
        }
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '→' | '−' | '=' | '+' | '<' | '>' | '⟨' | '⟩' => 0.9,
        'A'..='Z' => 0.74,
        _ => 0.64,
    };
    text.chars().map(of).sum::<f64>() * f64::from(size)
}

fn colour(colour: Colour) -> Color {
    let Colour(r, g, b) = colour;
    Color::Rgb(r, g, b)
}

/// The places that a line needs so as to pass by all others (Ramer, Douglas and Peucker).
fn simplified(places: &[Place]) -> Vec<Place> {
    let mut keeps = vec![false; places.len()];
    let mut parts = vec![(0, places.len().saturating_sub(1))];
    while let Some((from, to)) = parts.pop() {
        let Some((&a, &b)) = places.get(from).zip(places.get(to)) else { continue };
        (keeps[from], keeps[to]) = (true, true);
        let far = |at: usize| distance(places[at], (a, b));
        if let Some(at) = (from + 1..to).max_by(|&i, &j| far(i).total_cmp(&far(j))).filter(|&at| far(at) > SIMPLIFY) {
            parts.extend([(from, at), (at, to)]);
        }
    }
    places.iter().zip(keeps).filter(|(_, keep)| *keep).map(|(place, _)| *place).collect()
}

/// From a place to a line's piece.
fn distance((x, y): Place, ((ax, ay), (bx, by)): (Place, Place)) -> f64 {
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx.hypot(dy);
    if length == 0.0 { (x - ax).hypot(y - ay) } else { (dx * (y - ay) - dy * (x - ax)).abs() / length }
}

/// The drawn parts of a line. `kuva`'s PNG begins its dashes anew at each point, so that a curve of many has none.
fn dashes(places: &[Place], dash: Dash) -> Vec<Vec<Place>> {
    let pattern = dash.pattern();
    if pattern.is_empty() {
        return vec![places.to_vec()];
    }
    let (mut at, mut left) = (0, pattern[0]);
    let mut parts = vec![places.first().map(|&first| vec![first]).unwrap_or_default()];
    for pair in places.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let reach = length.min(left);
            let share = if length > 0.0 { reach / length } else { 1.0 };
            from = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            left -= reach;
            let is_drawn = at % 2 == 0;
            if let Some(part) = parts.last_mut().filter(|_| is_drawn) {
                part.push(from);
            }
            if left > 0.0 {
                break;
            }
            at += 1;
            left = pattern[at % pattern.len()];
            if at % 2 == 0 {
                parts.push(vec![from]);
            }
            if reach == length {
                break;
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_corners_alone() {
        let straight: Vec<Place> = (0..100).map(|at| (f64::from(at), 2.0 * f64::from(at))).collect();
        assert_eq!(simplified(&straight), [(0.0, 0.0), (99.0, 198.0)]);
        let mut bent = straight.clone();
        bent[40].1 += 1.0;
        assert_eq!(simplified(&bent).len(), 5);
        assert!(simplified(&[]).is_empty());
        let round = [(0.0, 0.0), (5.0, 5.0), (0.0, 0.0)];
        assert_eq!(simplified(&round), round, "a way back is no point");
    }

    #[test]
    fn dashes_go_on_over_points() {
        let length = |parts: &[Vec<Place>]| -> f64 {
            let of = |part: &Vec<Place>| part.windows(2).map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1)).sum::<f64>();
            parts.iter().map(of).sum()
        };
        let fine: Vec<Place> = (0..=1200).map(|at| (f64::from(at) / 10.0, 0.0)).collect();
        let coarse = [(0.0, 0.0), (120.0, 0.0)];
        for dash in [Dash::Long, Dash::Short, Dash::Mixed] {
            let (a, b) = (dashes(&fine, dash), dashes(&coarse, dash));
            assert!((length(&a) - length(&b)).abs() < 1e-6 && length(&a) < 100.0, "{dash:?} {}", length(&a));
            assert!(a.len().abs_diff(b.len()) <= 1 && a.len() > 5);
        }
        assert_eq!(length(&dashes(&fine, Dash::Solid)), 120.0);
    }

    #[test]
    fn both_formats_have_what_is_drawn() {
        let mut canvas = Canvas::new(60.0, 40.0);
        canvas.fill(Rect { x: 10.0, y: 10.0, w: 20.0, h: 20.0 }, Colour(200, 0, 0));
        canvas.within(Rect { x: 0.0, y: 0.0, w: 40.0, h: 40.0 }, |canvas| {
            canvas.points(&[(50.0, 20.0)], 5.0, Colour(0, 0, 200));
        });
        let set = Type { size: 12, anchor: Anchor::Start, bold: false, upright: false, colour: Colour(0, 0, 0) };
        canvas.text((0.0, 39.0), "a < b & \u{3b5}", set);
        let svg = canvas.svg();
        assert!(svg.contains("a &lt; b &amp; ε"));
        let clip = "<clipPath id=\"clip1\"><rect x=\"0.00\" y=\"0.00\" width=\"40.00\" height=\"40.00\"/></clipPath>";
        assert!(svg.contains(clip) && svg.contains("url(#clip1)"), "{svg}");
        let png = image::load_from_memory(&canvas.png().unwrap()).unwrap().to_rgb8();
        assert_eq!(png.dimensions(), (90, 60));
        assert_eq!(png.get_pixel(30, 30).0, [200, 0, 0]);
        assert_eq!(png.get_pixel(75, 30).0, [255, 255, 255], "what reaches out is cut off");
        assert!(Canvas::new(0.0, 5.0).png().is_err());
    }
}
