//! Charts: marks between two axes.

use super::axis::{Axis, Scale};
use super::canvas::{Anchor, Canvas, Place, Rect, Type, width};
use super::palette::{Colour, Style};

/// Size of the numbers at axes, in pixels.
const SMALL: u32 = 12;
/// Size of labels and titles.
const LARGE: u32 = 13;
/// Height of a line of labels.
const LINE: f64 = 15.0;
/// Least way between ticks, in pixels: across a chart, and up it.
const APART: (f64, f64) = (62.0, 34.0);

/// One diagram.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What stands above it.
    pub title: String,
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// What is drawn, from the back to the front.
    pub marks: Vec<Mark>,
    /// Whether a way of 1 is as long upwards as to the right, as in a plane of states.
    pub is_square: bool,
}

/// What a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line through points; one that is not finite breaks it.
    Curve {
        /// x and y.
        points: Vec<(f64, f64)>,
        /// How it is drawn.
        style: Style,
        /// What stands at its end, where something does.
        label: Option<String>,
    },
    /// Points.
    Points {
        /// x and y.
        points: Vec<(f64, f64)>,
        /// Their colour.
        colour: Colour,
        /// Their radius in pixels.
        radius: f64,
    },
    /// An arrow from a point to another.
    Arrow {
        /// Where it begins.
        from: (f64, f64),
        /// Where its head is.
        to: (f64, f64),
        /// How it is drawn.
        style: Style,
    },
    /// Bars from 0 at the names of the x axis, one of several beside each other.
    Bars {
        /// The n-th stands at the n-th name.
        values: Vec<f64>,
        /// Which of those beside each other, from 0, and how many these are.
        place: (usize, usize),
        /// Their colour.
        colour: Colour,
        /// From where to where the n-th may as well reach, as a line at its end; empty: of none.
        spans: Vec<Option<(f64, f64)>>,
    },
    /// What lies between two lines, pale, behind the curve of its colour.
    Band {
        /// x and y of the lower one.
        low: Vec<(f64, f64)>,
        /// Of the upper one.
        high: Vec<(f64, f64)>,
        /// Its colour.
        colour: Colour,
    },
    /// A text at a point.
    Note {
        /// Where it begins.
        at: (f64, f64),
        /// What it says.
        text: String,
    },
}

/// Room around a panel's drawing, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Margins {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Chart {
    /// A diagram without marks.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self { title: title.into(), x, y, marks: Vec::new(), is_square: false }
    }

    /// With a curve.
    pub fn curve(self, points: Vec<(f64, f64)>, style: Style) -> Self {
        self.with(Mark::Curve { points, style, label: None })
    }

    /// With a curve and a name at its end.
    pub fn named(self, points: Vec<(f64, f64)>, style: Style, label: impl Into<String>) -> Self {
        self.with(Mark::Curve { points, style, label: Some(label.into()) })
    }

    /// With what lies between two lines.
    pub fn band(self, low: Vec<(f64, f64)>, high: Vec<(f64, f64)>, colour: Colour) -> Self {
        self.with(Mark::Band { low, high, colour })
    }

    /// With a mark in front of the others.
    pub fn with(mut self, mark: Mark) -> Self {
        self.marks.push(mark);
        self
    }

    /// With ways of 1 equally long.
    pub fn square(self) -> Self {
        Self { is_square: true, ..self }
    }

    fn scales(&self, w: f64, h: f64) -> (Scale, Scale) {
        let all = || self.marks.iter().flat_map(Mark::reach);
        let range = |axis: &Axis, values: &mut dyn Iterator<Item = f64>| {
            values
                .filter(|value| value.is_finite() && (!axis.is_log || *value > 0.0))
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
        };
        let x = self.x.lay(range(&self.x, &mut all().map(|(x, _)| x)), w);
        let y = self.y.lay(range(&self.y, &mut all().map(|(_, y)| y)), h);
        if !self.is_square {
            return (x, y);
        }
        // The axis whose unit is longer gets more to show.
        let widened = |axis: &Axis, scale: &Scale, unit: f64, pixels: f64| {
            let ((from, to), wants) = (scale.range(), pixels / unit);
            let more = (wants - (to - from)) / 2.0;
            Axis { range: Some((from - more, to + more)), ..axis.clone() }.lay((0.0, 1.0), pixels)
        };
        let unit = x.unit().min(y.unit());
        (widened(&self.x, &x, unit, w), widened(&self.y, &y, unit, h))
    }

    /// The room that numbers, labels and names need around a drawing of this size.
    pub(super) fn margins(&self, w: f64, h: f64) -> Margins {
        let (_, y) = self.scales(w, h);
        let widest =
            |texts: &mut dyn Iterator<Item = &str>, size| texts.map(|text| width(text, size)).fold(0.0, f64::max);
        let ticks = self.y.ticks(&y, APART.1);
        let numbers = widest(&mut ticks.iter().map(|(_, text)| text.as_str()), SMALL);
        let names = widest(&mut self.marks.iter().filter_map(Mark::label), SMALL);
        Margins {
            left: numbers + 10.0 + if self.y.label.is_empty() { 0.0 } else { 20.0 },
            right: if names > 0.0 { names + 14.0 } else { 12.0 },
            top: if self.title.is_empty() { 8.0 } else { 26.0 },
            bottom: if self.x.label.is_empty() { 24.0 } else { 44.0 },
        }
    }

    /// Draws it into a rectangle, axes and labels around it.
    pub(super) fn draw(&self, canvas: &mut Canvas, area: Rect) {
        let (x, y) = self.scales(area.w, area.h);
        let place = |(px, py): (f64, f64)| (area.x + x.at(px), area.y + area.h - y.at(py));
        self.axes(canvas, area, &place);
        canvas.within(Rect { y: area.y - 1.0, h: area.h + 2.0, ..area }, |canvas| {
            for mark in &self.marks {
                mark.draw(canvas, &place, x.unit());
            }
        });
        let low = area.y + area.h;
        canvas.line(&[(area.x, area.y), (area.x, low), (area.x + area.w, low)], line(Colour::INK, 1.0));
        self.names(canvas, area, &place);
    }

    fn axes(&self, canvas: &mut Canvas, area: Rect, place: &dyn Fn((f64, f64)) -> Place) {
        let (x, y) = self.scales(area.w, area.h);
        let (low, right) = (area.y + area.h, area.x + area.w);
        let longest = self.x.ticks(&x, APART.0).iter().map(|(_, text)| width(text, SMALL)).fold(0.0, f64::max);
        for (value, text) in self.x.ticks(&x, APART.0.max(1.2 * (longest + 12.0))) {
            let (at, _) = place((value, 0.0));
            if self.x.names.is_empty() {
                canvas.line(&[(at, area.y), (at, low)], line(Colour::FAINT, 1.0));
            }
            canvas.line(&[(at, low), (at, low + 4.0)], line(Colour::INK, 1.0));
            canvas.text((at, low + 17.0), &text, set(SMALL, Anchor::Middle));
        }
        for (value, text) in self.y.ticks(&y, APART.1) {
            let at = area.y + area.h - y.at(value);
            canvas.line(&[(area.x, at), (right, at)], line(Colour::FAINT, 1.0));
            canvas.line(&[(area.x - 4.0, at), (area.x, at)], line(Colour::INK, 1.0));
            canvas.text((area.x - 7.0, at + 4.0), &text, set(SMALL, Anchor::End));
        }
        let middle = (area.x + area.w / 2.0, area.y + area.h / 2.0);
        canvas.text((middle.0, area.y - 9.0), &self.title, Type { bold: true, ..set(LARGE, Anchor::Middle) });
        canvas.text((middle.0, low + 37.0), &self.x.label, set(LARGE, Anchor::Middle));
        let left = area.x - self.margins(area.w, area.h).left + 12.0;
        canvas.text((left, middle.1), &self.y.label, Type { upright: true, ..set(LARGE, Anchor::Middle) });
    }

    /// The names at the curves' ends, moved so far that none lies on another.
    fn names(&self, canvas: &mut Canvas, area: Rect, place: &dyn Fn((f64, f64)) -> Place) {
        let mut names = Vec::new();
        for mark in &self.marks {
            if let Mark::Curve { points, style, label: Some(label) } = mark {
                let ends = points.iter().rev().map(|&point| place(point));
                let inside = |&(_, y): &Place| y.is_finite() && y > area.y - 1.0 && y < area.y + area.h + 1.0;
                let end = ends.into_iter().find(inside).map_or(area.y, |(_, y)| y);
                names.push((end + 4.0, label, style.colour));
            }
        }
        let wished: Vec<f64> = names.iter().map(|(at, ..)| *at).collect();
        for (at, (_, label, colour)) in apart(&wished, (area.y, area.y + area.h + 6.0)).into_iter().zip(&names) {
            canvas.text((area.x + area.w + 6.0, at), label, Type { colour: *colour, ..set(SMALL, Anchor::Start) });
        }
    }
}

impl Mark {
    fn label(&self) -> Option<&str> {
        match self {
            Mark::Curve { label, .. } => label.as_deref(),
            _ => None,
        }
    }

    /// The points that its axes must hold.
    fn reach(&self) -> Vec<(f64, f64)> {
        match self {
            Mark::Curve { points, .. } | Mark::Points { points, .. } => points.clone(),
            Mark::Arrow { from, to, .. } => vec![*from, *to],
            Mark::Bars { values, spans, .. } => {
                let bars = values.iter().enumerate().flat_map(|(at, &value)| [(at as f64, 0.0), (at as f64, value)]);
                let spans = spans.iter().enumerate().filter_map(|(at, span)| Some((at as f64, (*span)?)));
                bars.chain(spans.flat_map(|(at, (low, high))| [(at, low), (at, high)])).collect()
            }
            Mark::Band { low, high, .. } => low.iter().chain(high).copied().collect(),
            Mark::Note { at, .. } => vec![*at],
        }
    }

    /// Draws it; `unit` is how many pixels a way of 1 to the right has.
    fn draw(&self, canvas: &mut Canvas, place: &dyn Fn((f64, f64)) -> Place, unit: f64) {
        match self {
            Mark::Curve { points, style, .. } => {
                let places: Vec<Place> = points.iter().map(|&point| place(point)).collect();
                for part in places.split(|(x, y)| !(x.is_finite() && y.is_finite())) {
                    canvas.line(part, *style);
                }
            }
            Mark::Points { points, colour, radius } => {
                let places = points.iter().map(|&point| place(point)).filter(|(x, y)| x.is_finite() && y.is_finite());
                canvas.points(&places.collect::<Vec<_>>(), *radius, *colour);
            }
            Mark::Arrow { from, to, style } => arrow(canvas, place(*from), place(*to), *style),
            Mark::Bars { values, place: (index, of), colour, spans } => {
                let wide = 0.8 * unit / *of as f64;
                for (at, &value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
                    let ((x, base), (_, top)) = (place((at as f64, 0.0)), place((at as f64, value)));
                    let (x, w) = (x + (*index as f64 - *of as f64 / 2.0) * wide, 0.92 * wide);
                    canvas.fill(Rect { x, y: base.min(top), w, h: (base - top).abs() }, *colour);
                    if let Some(&Some((low, high))) = spans.get(at) {
                        let ((_, low), (_, high)) = (place((at as f64, low)), place((at as f64, high)));
                        whisker(canvas, x + w / 2.0, (low, high), w.min(14.0) / 2.0);
                    }
                }
            }
            Mark::Band { low, high, colour } => {
                let places: Vec<Place> = low.iter().chain(high.iter().rev()).map(|&point| place(point)).collect();
                canvas.shade(&places, *colour);
            }
            Mark::Note { at, text } => canvas.text(place(*at), text, set(SMALL, Anchor::Start)),
        }
    }
}

/// A line between two heights, with an end at each.
fn whisker(canvas: &mut Canvas, x: f64, (low, high): (f64, f64), half: f64) {
    let style = line(Colour::INK, 1.5);
    canvas.line(&[(x, low), (x, high)], style);
    [low, high].into_iter().for_each(|y| canvas.line(&[(x - half, y), (x + half, y)], style));
}

/// A line with a head of 8 pixels.
fn arrow(canvas: &mut Canvas, from: Place, to: Place, style: Style) {
    const HEAD: (f64, f64) = (8.0, 3.5);
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    if !(length > 0.0) {
        return;
    }
    let (ux, uy) = (dx / length, dy / length);
    let foot = (to.0 - HEAD.0 * ux, to.1 - HEAD.0 * uy);
    canvas.line(&[from, foot], style);
    let side = |way: f64| (foot.0 - way * HEAD.1 * uy, foot.1 + way * HEAD.1 * ux);
    canvas.polygon(&[to, side(1.0), side(-1.0)], style.colour);
}

/// A thin unbroken line.
fn line(colour: Colour, width: f64) -> Style {
    Style { colour, width, ..Style::nth(0) }
}

/// Plain dark text.
pub(super) fn set(size: u32, anchor: Anchor) -> Type {
    Type { size, anchor, bold: false, upright: false, colour: Colour::INK }
}

/// Heights of names: the wished ones, moved apart by a line's height, within a range where they fit into it.
fn apart(wished: &[f64], (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wished.len()).collect();
    order.sort_by(|&a, &b| wished[a].total_cmp(&wished[b]));
    let mut placed = vec![0.0; wished.len()];
    let mut next = top + 4.0;
    for &at in &order {
        placed[at] = wished[at].max(next);
        next = placed[at] + LINE;
    }
    let mut lowest = bottom;
    for &at in order.iter().rev() {
        placed[at] = placed[at].min(lowest);
        lowest = placed[at] - LINE;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_lie_on_each_other() {
        let placed = apart(&[50.0, 50.0, 52.0, 200.0, 199.0], (0.0, 200.0));
        let mut sorted = placed.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= LINE - 1e-9), "{placed:?}");
        assert!(placed[0] < placed[2] && placed[4] < placed[3] && sorted[4] <= 200.0);
        assert!(apart(&[], (0.0, 1.0)).is_empty());
    }

    #[test]
    fn a_square_chart_has_one_unit() {
        let wide = vec![(0.0, 0.0), (10.0, 1.0)];
        let chart = Chart::new("", Axis::new("x"), Axis::new("y")).curve(wide, Style::nth(0)).square();
        let (x, y) = chart.scales(300.0, 200.0);
        assert!((x.unit() - y.unit()).abs() < 1e-9);
        assert!((y.at(0.5) - 100.0).abs() < 1e-9, "it stays in the middle");
    }

    #[test]
    fn a_range_is_of_finite_numbers_and_of_those_that_have_a_logarithm() {
        let points = vec![(0.0, f64::NAN), (1.0, 0.0), (2.0, 100.0), (3.0, 1.0)];
        let chart = Chart::new("", Axis::new("x"), Axis::new("y").log()).curve(points, Style::nth(0));
        let (_, y) = chart.scales(100.0, 100.0);
        let (from, to) = y.range();
        assert!(from > -0.2 && to < 2.2 && from < 0.0 && to > 2.0);
    }
}
