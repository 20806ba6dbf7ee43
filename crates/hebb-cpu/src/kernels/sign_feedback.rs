//! `sign_feedback`: R = |M| ⊙ sign(W) (Liao, Leibo and Poggio 2016; Moskovitz et al. 2018).

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x16, u32x16};
use hebb_spec::backend::Error;
use hebb_spec::connection::Connection;
use hebb_spec::learning::Magnitudes;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;
use hebb_spec::rng::{Purpose, Stream};

use super::random::pairs;
use super::share::each;
use super::{All, Now, Operands};
use crate::line::LANES;
use crate::memory::{Group, Tensors, Whole};

/// Weights that one task changes.
const CHUNK: usize = 8192;

/// A call of it.
pub(crate) struct SignFeedback {
    len: usize,
    magnitudes: Magnitudes,
    w: TensorId,
    r: TensorId,
}

impl SignFeedback {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, c: Connection, magnitudes: Magnitudes) -> Result<Self, Error> {
        Ok(Self { len: c.len(), magnitudes, w: operands.id(Slot::W)?, r: operands.id(Slot::R)? })
    }
}

impl All for SignFeedback {
    fn run(&mut self, level: Level, now: &Now, _groups: &mut [Group], tensors: &mut Tensors) {
        let mut taken = std::mem::take(&mut tensors.whole[self.r.0]);
        if let Whole::Floats(r) = &mut taken {
            let w = tensors.floats(self.w);
            let pieces = r[..self.len].chunks_mut(CHUNK).zip(w.chunks(CHUNK)).enumerate();
            each(now.alone, pieces, |(at, (r, w))| {
                dispatch!(level, simd => signs(simd, self.magnitudes, now, at * CHUNK, w, r));
            });
        }
        tensors.whole[self.r.0] = taken;
    }
}

/// R of a run of weights from number `first`, an even one, on.
#[inline(always)]
fn signs<S: Simd>(simd: S, magnitudes: Magnitudes, now: &Now, first: usize, w: &[f32], r: &mut [f32]) {
    match magnitudes {
        Magnitudes::Uniform(s) => r.iter_mut().zip(w).for_each(|(r, &w)| *r = s * sign(w)),
        // A w of exactly 0 counts as positive, so that no magnitude is lost.
        Magnitudes::Kept => r.iter_mut().zip(w).for_each(|(r, &w)| *r = if w < 0.0 { -r.abs() } else { r.abs() }),
        Magnitudes::Drawn { bound, layer } => {
            let key = Stream::new(now.seed, Purpose::Magnitudes, layer, now.step).key;
            for (at, (r, w)) in r.chunks_mut(2 * LANES).zip(w.chunks(2 * LANES)).enumerate() {
                let drawn = magnitudes_of(simd, key, bound, (first / 2 + at * LANES) as u64);
                for ((r, &w), drawn) in r.iter_mut().zip(w).zip(drawn.as_flattened()) {
                    *r = drawn * sign(w);
                }
            }
        }
    }
}

#[inline(always)]
fn sign(w: f32) -> f32 {
    f32::from(i8::from(w > 0.0) - i8::from(w < 0.0))
}

/// |2u − 1| · bound of the thirty-two numbers from pair `pair` of the stream on.
#[inline(always)]
fn magnitudes_of<S: Simd>(simd: S, key: [u32; 2], bound: f32, pair: u64) -> [[f32; LANES]; 2] {
    let (mut low, mut high) = ([0; LANES], [0; LANES]);
    for (lane, (low, high)) in (pair..).zip(low.iter_mut().zip(&mut high)) {
        (*low, *high) = (lane as u32, (lane >> 32) as u32);
    }
    let [even, odd] = pairs(simd, key, (u32x16::from_slice(simd, &low), u32x16::from_slice(simd, &high)));
    let mut drawn = [[0.0; LANES]; 2];
    for (words, drawn) in [even.zip_low(odd), even.zip_high(odd)].into_iter().zip(&mut drawn) {
        // 2 `Stream::unit` − 1.
        let centred = (words >> 8).to_float::<f32x16<S>>() * (1.0 / 8_388_608.0) - 1.0;
        (centred * bound).abs().store_slice(drawn);
    }
    drawn
}
