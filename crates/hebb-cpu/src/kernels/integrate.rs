//! `integrate`: a step of Euler's, u = keep · u + first · v + second · v2 + noise.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, dispatch, f32x16, u32x16};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::rng::{GAUSSIAN, GAUSSIAN_SCALE, Purpose, Stream};
use hebb_spec::transfer::{Euler, Noise};

use super::polynomials::horner;
use super::random::pairs;
use super::transfer::{FEW, all, first};
use super::{At, Map, Now, Operands, lines};
use crate::line::{LANES, Line};
use crate::memory::Place;

/// A call of it.
pub(crate) struct Integrate {
    euler: Euler,
    v: Place,
    second: Option<(f32, Place)>,
    u: Place,
}

impl Integrate {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, euler: Euler) -> Result<Self, Error> {
        let second = euler.second.map(|second| Ok::<_, Error>((second, operands.place(Slot::V2)?))).transpose()?;
        Ok(Self { euler, v: operands.place(Slot::V)?, second, u: operands.place(Slot::U)? })
    }

    #[inline(always)]
    fn leak<S: Simd>(&self, simd: S, (now, count): (&Now, usize), (v, v2): (&[Line], &[Line]), u: &mut [Line]) {
        let (there, zero) = (first(simd, count), f32x16::splat(simd, 0.0));
        let (keep, share) = (f32x16::splat(simd, self.euler.keep), f32x16::splat(simd, self.euler.first));
        let is_new = self.euler.restart && now.repeat == 0;
        let second = self.second.map_or(zero, |(second, _)| f32x16::splat(simd, second));
        for (at, (v, u)) in v.iter().zip(u).enumerate() {
            let before = if is_new { zero } else { all(simd, u) };
            let mut next = keep * before + share * all(simd, v);
            if self.second.is_some() {
                next += second * all(simd, &v2[at]);
            }
            there.select(next, zero).store_slice(&mut u.0);
        }
    }

    /// Adds noise to the images of a block, the first of which is image number `image`.
    #[inline(always)]
    fn shake<S: Simd>(&self, simd: S, now: &Now, noise: Noise, (image, count): (usize, usize), u: &mut [Line]) {
        let key = Stream::new(now.seed, Purpose::Noise, noise.layer, now.step).key;
        let (repeat, units) = (u32x16::splat(simd, now.repeat), self.u.form.units as u32);
        let scale = f32x16::splat(simd, noise.scale);
        let index: [u32; LANES] = std::array::from_fn(|lane| lane as u32);
        let index = u32x16::from_slice(simd, &index);
        let image = image as u32;
        if count > FEW {
            let (there, zero) = (first(simd, count), f32x16::splat(simd, 0.0));
            let images = (index + image) * units;
            for (first, line, len) in self.u.form.runs() {
                for (unit, u) in (first as u32..).zip(&mut u[line..][..len]) {
                    let drawn = gaussian(simd, pairs(simd, key, (repeat, images + unit))) * scale;
                    (all(simd, u) + there.select(drawn, zero)).store_slice(&mut u.0);
                }
            }
            return;
        }
        for (first, line, len) in self.u.form.runs() {
            for (unit, u) in (first as u32..).step_by(LANES).zip(u[line..][..len].chunks_mut(LANES)) {
                for lane in 0..count {
                    let of = index + (image + lane as u32).wrapping_mul(units).wrapping_add(unit);
                    let drawn = (gaussian(simd, pairs(simd, key, (repeat, of))) * scale).to_array();
                    for (u, drawn) in u.iter_mut().zip(drawn) {
                        u.0[lane] += drawn;
                    }
                }
            }
        }
    }
}

/// Sixteen Gaussian numbers, those of [`hebb_spec::rng::gaussian`] but for a rounding.
#[inline(always)]
fn gaussian<S: Simd>(simd: S, words: [u32x16<S>; 2]) -> f32x16<S> {
    let bytes = u32x16::splat(simd, 0x00FF_00FF);
    let [a, b] = words;
    // Two sums of four bytes each, side by side.
    let sums = (a & bytes) + ((a >> 8) & bytes) + (b & bytes) + ((b >> 8) & bytes);
    let sum = (sums & u32x16::splat(simd, 0xFFFF)) + (sums >> 16);
    let z = (sum.to_float::<f32x16<S>>() - f32x16::splat(simd, 1020.0)) * f32x16::splat(simd, GAUSSIAN_SCALE);
    z * horner(simd, &GAUSSIAN, z * z)
}

impl Map for Integrate {
    fn output(&self) -> (Place, usize, usize) {
        // Noise is addressed by units.
        if self.euler.noise.is_some() { (self.u, 1, self.u.form.lines()) } else { lines(self.u) }
    }

    fn run(&self, at: &At<'_>, parts: Range<usize>, u: &mut [Line]) {
        let from = parts.start * self.output().2;
        let v2 = self.second.map_or(&[][..], |(_, v2)| &at.lines(v2)[from..]);
        let (v, count) = (&at.lines(self.v)[from..], at.images());
        dispatch!(at.level, simd => self.leak(simd, (at.now, count), (v, v2), u));
        if let Some(noise) = self.euler.noise {
            dispatch!(at.level, simd => self.shake(simd, at.now, noise, (at.number * LANES, count), u));
        }
    }
}

#[cfg(test)]
mod tests {
    use hebb_spec::rng;

    use super::*;
    use crate::level::Vectors;

    #[test]
    fn numbers_are_those_of_the_stream() {
        let stream = Stream::new(0x0123_4567_89AB_CDEF, Purpose::Noise, 2, 41);
        let level = Vectors::best().level().expect("the best is there");
        let index: [u32; LANES] = std::array::from_fn(|lane| 100 + lane as u32);
        let drawn = dispatch!(level, simd => {
            let words = pairs(simd, stream.key, (u32x16::splat(simd, 999), u32x16::from_slice(simd, &index)));
            gaussian(simd, words).to_array()
        });
        for (index, drawn) in index.into_iter().zip(drawn) {
            let wanted = rng::gaussian(stream.pair(999, index));
            assert!((drawn - wanted).abs() <= 4e-7 * wanted.abs(), "{drawn} for {wanted}");
        }
    }
}
