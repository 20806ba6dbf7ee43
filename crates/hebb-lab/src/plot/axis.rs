//! Axes: their range, their ticks, and how numbers are written at them.

/// By how much ticks may stand closer than asked for, where a rounder step would leave hardly any.
const SLACK: f64 = 1.15;

/// Powers of ten below which a logarithmic axis has ticks between them, too.
const FEW: f64 = 2.0;

/// What an axis measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it is, with its unit in brackets where it has one.
    pub label: String,
    /// What it runs over: all that is drawn, where nothing is said.
    pub range: Option<(f64, f64)>,
    /// Names in place of numbers: the n-th stands at n.
    pub names: Vec<String>,
    /// Whether equal ways are equal factors.
    pub is_log: bool,
    /// Whether ticks stand at whole numbers alone, as of what is counted.
    pub is_whole: bool,
}

impl Axis {
    /// An axis over all that is drawn.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), range: None, names: Vec::new(), is_log: false, is_whole: false }
    }

    /// Over this range.
    pub fn over(self, from: f64, to: f64) -> Self {
        Self { range: Some((from, to)), ..self }
    }

    /// Equal ways are equal factors; what is not above 0 is left out.
    pub fn log(self) -> Self {
        Self { is_log: true, ..self }
    }

    /// Of what is counted.
    pub fn whole(self) -> Self {
        Self { is_whole: true, ..self }
    }

    /// With names at 0, 1, 2 …
    pub fn of<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let last = names.len() as f64 - 0.5;
        Self { names, range: Some((-0.5, last)), ..self }
    }

    /// The axis laid over so many pixels, for values in this range.
    pub(super) fn lay(&self, values: (f64, f64), pixels: f64) -> Scale {
        let is_log = self.is_log;
        let (mut from, mut to) = self.range.unwrap_or(values);
        if is_log {
            (from, to) = (from.log10(), to.log10());
        }
        if !(from.is_finite() && to.is_finite()) {
            (from, to) = (0.0, 1.0);
        }
        if to <= from {
            (from, to) = (from - 0.5, from + 0.5);
        } else if self.range.is_none() {
            let margin = 0.04 * (to - from);
            (from, to) = (from - margin, to + margin);
        }
        Scale { from, to, is_log, pixels }
    }

    /// The ticks of the axis laid out: where each stands, in values, and what is written at it.
    pub(super) fn ticks(&self, scale: &Scale, apart: f64) -> Vec<(f64, String)> {
        if !self.names.is_empty() {
            return self.names.iter().enumerate().map(|(at, name)| (at as f64, name.clone())).collect();
        }
        if scale.is_log && scale.to - scale.from < FEW {
            return between(scale);
        }
        let most = (scale.pixels / apart).max(2.0);
        let raw = (scale.to - scale.from) / most;
        let step = if scale.is_log || self.is_whole { nice(raw).max(1.0) } else { nice(raw) };
        let (first, last) = ((scale.from / step - 1e-9).ceil() as i64, (scale.to / step + 1e-9).floor() as i64);
        let tick = |at: i64| {
            let value = at as f64 * step;
            if scale.is_log { (10f64.powf(value), power(value as i64)) } else { (value, number(value, step)) }
        };
        (first..=last).map(tick).collect()
    }
}

/// An axis laid over pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    is_log: bool,
    pixels: f64,
}

impl Scale {
    /// Pixels from the axis's begin to a value; not finite where a logarithm has none.
    pub fn at(&self, value: f64) -> f64 {
        let value = if self.is_log { value.log10() } else { value };
        (value - self.from) / (self.to - self.from) * self.pixels
    }

    /// Pixels for a way of 1.
    pub fn unit(&self) -> f64 {
        self.pixels / (self.to - self.from)
    }

    /// The range in the axis's own units: powers of ten where it is logarithmic.
    pub fn range(&self) -> (f64, f64) {
        (self.from, self.to)
    }
}

/// 1, 2 and 5 of each power of ten that a logarithmic axis has.
fn between(scale: &Scale) -> Vec<(f64, String)> {
    let (first, last) = ((scale.from - 1e-9).floor() as i32, scale.to.ceil() as i32);
    let of_power = |exponent: i32| [1.0, 2.0, 5.0].map(|of| (of * 10f64.powi(exponent), 10f64.powi(exponent)));
    let inside = |value: f64| (scale.from - 1e-9..=scale.to + 1e-9).contains(&value.log10());
    let all = (first..=last).flat_map(of_power).filter(|(value, _)| inside(*value));
    all.map(|(value, step)| (value, number(value, step))).collect()
}

/// The next of 1, 2, 5, 10 … that is not (or hardly) below a step.
fn nice(step: f64) -> f64 {
    let decade = 10f64.powf(step.log10().floor());
    let share = step / decade;
    let of = [1.0, 2.0, 5.0].into_iter().find(|of| share <= SLACK * of).unwrap_or(10.0);
    of * decade
}

/// A number with as many decimals as a step between numbers needs.
fn number(value: f64, step: f64) -> String {
    let decimals = (-step.log10() - 1e-9).ceil().max(0.0) as usize;
    let is_plain = decimals < 6 && value.abs() < 1e6;
    let text = if is_plain { format!("{value:.decimals$}") } else { format!("{value:.1e}") };
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|letter| "0.".contains(letter)) => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// A power of ten.
fn power(exponent: i64) -> String {
    let digit = |letter: char| match letter {
        '-' => '⁻',
        letter => {
            letter.to_digit(10).map_or(letter, |at| ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][at as usize])
        }
    };
    match exponent {
        0 => "1".to_owned(),
        1 => "10".to_owned(),
        _ => format!("10{}", exponent.to_string().chars().map(digit).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, values: (f64, f64), pixels: f64) -> Vec<String> {
        axis.ticks(&axis.lay(values, pixels), 40.0).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(texts(&Axis::new("").over(0.0, 1.0), (0.0, 0.0), 240.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(&Axis::new("").over(-20.0, 10.0), (0.0, 0.0), 200.0), ["−20", "−10", "0", "10"]);
        assert_eq!(
            texts(&Axis::new("").over(0.0, 1000.0), (0.0, 0.0), 200.0),
            ["0", "200", "400", "600", "800", "1000"]
        );
        assert_eq!(texts(&Axis::new("").log(), (1e-3, 1e3), 160.0), ["10⁻²", "1", "10²"]);
        let few = ["0.02", "0.05", "0.1", "0.2", "0.5", "1"];
        assert_eq!(texts(&Axis::new("").log().over(0.015, 1.0), (0.0, 0.0), 160.0), few);
        assert_eq!(texts(&Axis::new("").over(-1e-7, 1e-7), (0.0, 0.0), 100.0)[1], "0.0e0");
        assert_eq!(texts(&Axis::new("").of(["a", "b"]), (0.0, 0.0), 90.0), ["a", "b"]);
    }

    #[test]
    fn an_axis_holds_all_that_is_drawn_even_where_that_is_nothing() {
        let scale = Axis::new("").lay((2.0, 4.0), 108.0);
        assert_eq!((scale.at(2.0).round(), scale.at(4.0).round()), (4.0, 104.0));
        assert!(Axis::new("").lay((3.0, 3.0), 10.0).at(3.0) == 5.0);
        assert!(Axis::new("").lay((f64::INFINITY, f64::NEG_INFINITY), 10.0).at(0.0).is_finite());
        assert!(!Axis::new("").log().lay((1.0, 10.0), 10.0).at(0.0).is_finite());
    }
}
