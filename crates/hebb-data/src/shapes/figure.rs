//! What one image shows: one of ten forms with its place, size, aspect and tilt.
//!
//! Lengths are in 1/64 pixel; in the figure's own coordinates it reaches from −1024 to 1024 along each axis.

use super::SIDE;
use super::draws::Draws;

/// One pixel.
pub(super) const PIXEL: i32 = 64;

/// Half a figure's extent in its own coordinates, and 1 in the tables below.
const UNIT: i32 = 1024;

/// Cosine and sine of −12°, −8° … 12°: a table, since a platform's own `sin` may differ in its last bit.
const TILTS: [(i32, i32); 7] =
    [(1002, -213), (1014, -143), (1022, -71), (1024, 0), (1022, 71), (1014, 143), (1002, 213)];

/// Normals of the five lines that make a star.
const STAR: [(i32, i32); 5] = [(0, 1024), (974, 316), (602, -828), (-602, -828), (-974, 316)];

/// How far from the centre those lines run: cos 72°, a little more so that the points are not lost between pixels.
const STAR_LINE: i32 = 336;

/// 1/√2.
const DIAGONAL: i32 = 724;

/// The ten forms, in the order of the labels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Disc,
    Square,
    Triangle,
    Ring,
    Cross,
    Star,
    HorizontalStripes,
    VerticalStripes,
    DiagonalStripes,
    Checkerboard,
}

impl Form {
    pub(super) const ALL: [Self; 10] = [
        Self::Disc,
        Self::Square,
        Self::Triangle,
        Self::Ring,
        Self::Cross,
        Self::Star,
        Self::HorizontalStripes,
        Self::VerticalStripes,
        Self::DiagonalStripes,
        Self::Checkerboard,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Disc => "disc",
            Self::Square => "square",
            Self::Triangle => "triangle",
            Self::Ring => "ring",
            Self::Cross => "cross",
            Self::Star => "star",
            Self::HorizontalStripes => "horizontal stripes",
            Self::VerticalStripes => "vertical stripes",
            Self::DiagonalStripes => "diagonal stripes",
            Self::Checkerboard => "checkerboard",
        }
    }
}

/// A form at a place.
pub(super) struct Figure {
    form: Form,
    centre: (i32, i32),
    /// No point further than this from the centre along an axis is covered.
    bound: i32,
    /// Cosine and sine of the turn.
    turn: (i32, i32),
    /// UNIT / half-extent along each axis, times 2¹².
    scale: (i32, i32),
    /// Width of a stripe or of a checkerboard's field.
    band: i32,
    /// Where the first stripe begins, along each axis.
    phase: (i32, i32),
    /// Whether stripes and fields fill a disc, not a square.
    round: bool,
}

impl Figure {
    pub(super) fn draw(form: Form, draws: &mut Draws) -> Self {
        let half = draws.between(8 * PIXEL, 12 * PIXEL);
        let tall = half * draws.between(UNIT * 5 / 6, UNIT * 7 / 6) / UNIT;
        let middle = SIDE as i32 * PIXEL / 2;
        let reach = (middle - half) * 7 / 8;
        let centre = (middle + draws.between(-reach, reach), middle + draws.between(-reach, reach));
        let mut turn = TILTS[draws.between(0, TILTS.len() as i32 - 1) as usize];
        if matches!(form, Form::Triangle | Form::Star) {
            for _ in 0..draws.between(0, 3) {
                turn = (-turn.1, turn.0);
            }
        }
        // A field needs more room than a stripe: its neighbours differ along both axes.
        let wider = if form == Form::Checkerboard { PIXEL * 3 / 2 } else { 0 };
        let band = draws.between(2 * PIXEL, 4 * PIXEL) + wider;
        let phase = (draws.between(0, 2 * band), draws.between(0, 2 * band));
        let scale = ((UNIT << 12) / half, (UNIT << 12) / tall);
        // A square's corners reach furthest: 7/8 · √2 of its half-extent.
        let bound = half.max(tall) * 5 / 4;
        Self { form, centre, bound, turn, scale, band, phase, round: draws.coin() }
    }

    /// Whether the figure covers the point.
    pub(super) fn covers(&self, x: i32, y: i32) -> bool {
        let (dx, dy) = (x - self.centre.0, y - self.centre.1);
        if dx.abs().max(dy.abs()) > self.bound {
            return false;
        }
        let p = (self.turn.0 * dx + self.turn.1 * dy) >> 10;
        let q = (self.turn.0 * dy - self.turn.1 * dx) >> 10;
        let u = (p * self.scale.0) >> 12;
        let v = (q * self.scale.1) >> 12;
        let (near, far) = (u.abs().min(v.abs()), u.abs().max(v.abs()));
        let radius = u * u + v * v;
        let (disc, square) = (radius <= UNIT * UNIT, far <= UNIT * 7 / 8);
        let window = if self.round { disc } else { square };
        let odd = |length: i32, phase: i32| (length + phase).div_euclid(self.band) % 2 != 0;
        match self.form {
            Form::Disc => disc,
            Form::Square => square,
            Form::Triangle => v <= UNIT * 3 / 4 && 2 * u.abs() <= v + UNIT,
            Form::Ring => disc && 3 * radius >= UNIT * UNIT,
            Form::Cross => near <= UNIT / 3 && far <= UNIT,
            // Within the pentagon, or beyond one of its sides alone: a point of the star.
            Form::Star => STAR.iter().filter(|(a, b)| (a * u + b * v) >> 10 > STAR_LINE).count() <= 1 && disc,
            Form::HorizontalStripes => window && odd(q, self.phase.0),
            Form::VerticalStripes => window && odd(p, self.phase.0),
            Form::DiagonalStripes => window && odd(((p + q) * DIAGONAL) >> 10, self.phase.0),
            Form::Checkerboard => window && odd(p, self.phase.0) != odd(q, self.phase.1),
        }
    }
}
