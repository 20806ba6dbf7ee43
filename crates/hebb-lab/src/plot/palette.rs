//! Colours that the colour-blind can tell apart, each with dashes of its own, so that a grey print tells them apart too.

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Text and axes.
    pub const INK: Self = Self(34, 34, 34);
    /// What stands behind.
    pub const FAINT: Self = Self(222, 222, 222);
    /// Between the two.
    pub const MIDDLE: Self = Self(130, 130, 130);
    /// Paper.
    pub const WHITE: Self = Self(255, 255, 255);

    /// The n-th of the series (Okabe and Ito 2008, without its yellow, which is too light for lines), and again from the
    /// first.
    pub fn nth(n: usize) -> Self {
        const SERIES: [Colour; 7] = [
            Colour(0, 114, 178),
            Colour(213, 94, 0),
            Colour(0, 158, 115),
            Colour(204, 121, 167),
            Colour(230, 159, 0),
            Colour(86, 180, 233),
            Colour(0, 0, 0),
        ];
        SERIES[n % SERIES.len()]
    }

    /// A grey, from 0 (black) to 1 (white).
    pub fn grey(share: f64) -> Self {
        let level = byte(share);
        Self(level, level, level)
    }

    /// Blue at −1, white at 0, red at 1: two hues that the colour-blind can tell apart.
    pub fn diverging(value: f64) -> Self {
        let value = if value.is_finite() { value.clamp(-1.0, 1.0) } else { 0.0 };
        let end = if value < 0.0 { [33.0, 102.0, 172.0] } else { [178.0, 24.0, 43.0] };
        let [r, g, b] = end.map(|end| (255.0 + value.abs() * (end - 255.0)).round() as u8);
        Self(r, g, b)
    }
}

/// A share of 1 as a byte.
pub fn byte(share: f64) -> u8 {
    (share.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// How a line is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dash {
    /// Not at all.
    Solid,
    /// Long dashes.
    Long,
    /// Short ones.
    Short,
    /// A long and a short one in turn.
    Mixed,
}

impl Dash {
    /// Pixels drawn and left out, in turn.
    pub fn pattern(self) -> &'static [f64] {
        match self {
            Dash::Solid => &[],
            Dash::Long => &[9.0, 4.0],
            Dash::Short => &[3.0, 3.0],
            Dash::Mixed => &[9.0, 3.0, 2.0, 3.0],
        }
    }
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Its colour.
    pub colour: Colour,
    /// Its dashes.
    pub dash: Dash,
    /// Its width in pixels.
    pub width: f64,
}

impl Style {
    /// The n-th line of a chart: colour and dashes both differ from those beside it.
    pub fn nth(n: usize) -> Self {
        const DASHES: [Dash; 4] = [Dash::Solid, Dash::Long, Dash::Short, Dash::Mixed];
        Self { colour: Colour::nth(n), dash: DASHES[n % DASHES.len()], width: 2.0 }
    }

    /// A thin line to hold others against.
    pub fn guide() -> Self {
        Self { colour: Colour::MIDDLE, dash: Dash::Short, width: 1.2 }
    }

    /// The same line unbroken.
    pub fn solid(self) -> Self {
        Self { dash: Dash::Solid, ..self }
    }

    /// The same line of another width.
    pub fn of_width(self, width: f64) -> Self {
        Self { width, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How bright a colour looks (Rec. 709, without gamma).
    fn luminance(Colour(r, g, b): Colour) -> f64 {
        (0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b)) / 255.0
    }

    /// What remains of a colour for an eye without the medium-wave receptor (Viénot, Brettel and Mollon 1999).
    fn deuteranope(Colour(r, g, b): Colour) -> [f64; 3] {
        let [r, g, b] = [r, g, b].map(|part| (f64::from(part) / 255.0).powf(2.2));
        let yellow = 0.2928 * r + 0.7072 * g;
        [yellow, yellow, -0.0223 * r + 0.0223 * g + b].map(|part| part.max(0.0).powf(1.0 / 2.2))
    }

    #[test]
    fn neighbours_differ_for_the_colour_blind_and_lines_stand_out_from_the_paper() {
        for n in 0..6 {
            let [a, b] = [n, n + 1].map(|n| deuteranope(Colour::nth(n)));
            let apart: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(apart > 0.2, "colours {n} and {} are {apart:.2} apart", n + 1);
            assert_ne!(Style::nth(n).dash, Style::nth(n + 1).dash);
        }
        assert!((0..7).all(|n| luminance(Colour::nth(n)) < 0.7));
    }

    #[test]
    fn maps_go_through_white() {
        assert_eq!(Colour::diverging(0.0), Colour::WHITE);
        assert_eq!(Colour::diverging(f64::NAN), Colour::WHITE);
        assert_eq!(Colour::diverging(-7.0), Colour::diverging(-1.0));
        assert_eq!((Colour::grey(1.0), Colour::grey(-1.0)), (Colour::WHITE, Colour(0, 0, 0)));
    }
}
