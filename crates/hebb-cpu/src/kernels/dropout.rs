//! `dropout`: a fraction of x is set to zero and the rest scaled; its own feedback. The mask is recomputed, not stored.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, dispatch, f32x16, u32x16};
use hebb_spec::backend::Error;
use hebb_spec::learning::{drop_scale, drop_threshold};
use hebb_spec::operand::Slot;
use hebb_spec::rng::{Purpose, Stream};

use super::random::pairs;
use super::{At, Map, Operands};
use crate::line::{LANES, Line};
use crate::memory::Place;

/// A call of it.
pub(crate) struct Dropout {
    index: u32,
    threshold: u32,
    scale: f32,
    x: Place,
    y: Place,
}

impl Dropout {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, index: u32, probability: f32) -> Result<Self, Error> {
        let (threshold, scale) = (drop_threshold(probability), drop_scale(probability));
        Ok(Self { index, threshold, scale, x: operands.place(Slot::X)?, y: operands.place(Slot::Y)? })
    }
}

impl Map for Dropout {
    fn output(&self) -> (Place, usize, usize) {
        (self.y, 1, self.y.form.lines())
    }

    fn run(&self, at: &At<'_>, _parts: Range<usize>, y: &mut [Line]) {
        let key = Stream::new(at.now.seed, Purpose::Dropout, self.index, at.now.step).key;
        let x = at.lines(self.x);
        dispatch!(at.level, simd => self.mask(simd, key, at.number, x, y));
    }
}

impl Dropout {
    #[inline(always)]
    fn mask<S: Simd>(&self, simd: S, key: [u32; 2], block: usize, x: &[Line], y: &mut [Line]) {
        let (threshold, zero) = (u32x16::splat(simd, self.threshold), f32x16::splat(simd, 0.0));
        let scale = f32x16::splat(simd, self.scale);
        for (first, line, len) in self.y.form.runs() {
            // Two units make sixteen pairs of words.
            for at in (0..len).step_by(2) {
                let [even, odd] = words(simd, key, (first + at) as u32, block as u32 * LANES as u32 / 2);
                for (unit, words) in [even.zip_low(odd), even.zip_high(odd)].into_iter().enumerate().take(len - at) {
                    let kept = f32x16::from_slice(simd, &x[line + at + unit].0) * scale;
                    let dropped = words.simd_lt(threshold);
                    dropped.select(zero, kept).store_slice(&mut y[line + at + unit].0);
                }
            }
        }
    }
}

/// The random words of two units and the sixteen images from pair `pair` on: those of even images, then of odd ones, of the
/// first unit in the first half.
#[inline(always)]
fn words<S: Simd>(simd: S, key: [u32; 2], unit: u32, pair: u32) -> [u32x16<S>; 2] {
    let (mut units, mut images) = ([0; LANES], [0; LANES]);
    for lane in 0..LANES as u32 {
        units[lane as usize] = unit + lane / 8;
        images[lane as usize] = pair + lane % 8;
    }
    pairs(simd, key, (u32x16::from_slice(simd, &units), u32x16::from_slice(simd, &images)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Vectors;

    #[test]
    fn words_are_those_of_the_stream() {
        let stream = Stream::new(0x0123_4567_89AB_CDEF, Purpose::Dropout, 2, 41);
        for (unit, pair) in [(0, 0), (7, 8), (1000, 16)] {
            let level = Vectors::best().level().expect("the best is there");
            let words = dispatch!(level, simd => words(simd, stream.key, unit, pair).map(|words| words.to_array()));
            for lane in 0..2 * LANES as u32 {
                let (at, image) = (lane / 16, lane % 16);
                let word = words[image as usize % 2][(at * 8 + image / 2) as usize];
                assert_eq!(word, stream.pair(unit + at, pair + image / 2)[image as usize % 2]);
            }
        }
    }
}
