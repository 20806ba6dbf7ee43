//! A tied convolution, by plain sums or by Winograd: what forward and feedback call.

use std::ops::Range;

use fearless_simd::Level;

use super::taps::{PACK, Packed};
use super::tied::{Finish, Tied};
use super::winograd::{Filtered, Outputs};
use crate::line::Line;

/// Tiles of outputs of a part by Winograd: each part transforms its input anew.
const WINOGRAD_PART: usize = 2;

/// A convolution made ready.
#[derive(Debug)]
pub(crate) struct Convolution {
    tied: Tied,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Sums(Packed),
    Winograd(Filtered),
}

impl Convolution {
    /// By a form of Winograd's, or by plain sums.
    pub fn new(tied: Tied, form: Option<Outputs>) -> Self {
        let way = match form {
            Some(form) => Way::Winograd(Filtered::new(form, &tied)),
            None => Way::Sums(Packed::new(tied.tiles(), tied.offsets())),
        };
        Self { tied, way }
    }

    /// Tiles of eight outputs that one part has.
    fn part(&self) -> usize {
        match self.way {
            Way::Sums(_) => 1,
            Way::Winograd(_) => WINOGRAD_PART,
        }
    }

    /// In how many parts its output can be written, and lines of a part.
    pub fn parts(&self) -> (usize, usize) {
        (self.tied.tiles().div_ceil(self.part()), self.part() * PACK * self.tied.to)
    }

    /// Makes its weights ready: `weight` tells where that of a place of the filter, an input and an output lies.
    pub fn pack(&mut self, level: Level, weights: &[f32], weight: impl Fn(usize, usize, usize) -> usize + Sync) {
        let (outputs, inputs) = (self.tied.channels, self.tied.input.channels as usize);
        match &mut self.way {
            Way::Sums(packed) => packed.pack(weights, (outputs, inputs), weight),
            Way::Winograd(filtered) => filtered.pack(level, weights, outputs, weight),
        }
    }

    /// Writes some parts.
    pub fn run(&self, level: Level, parts: Range<usize>, io: (&[Line], &mut [Line]), finish: Finish<'_>) {
        let tiles = parts.start * self.part()..(parts.end * self.part()).min(self.tied.tiles());
        match &self.way {
            Way::Sums(packed) => self.tied.run(level, &packed.taps(), tiles, io, finish),
            Way::Winograd(filtered) => filtered.run(level, &self.tied, tiles, io, finish),
        }
    }
}
