//! W and R as they learn from finished sums.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};
use hebb_spec::backend::Error;
use hebb_spec::learning::Learning;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;

use super::share::each;
use super::{Now, Operands};
use crate::memory::{Tensors, Whole};

/// Weights that one task changes.
const CHUNK: usize = 4096;

/// Which tensors learn, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Learner {
    /// How.
    pub learning: Learning,
    w: TensorId,
    r: Option<TensorId>,
    mask_w: Option<TensorId>,
    mask_r: Option<TensorId>,
}

/// Some weights of W, of R where it learns, and their masks where they are sparse.
pub(crate) struct Rows<'a> {
    /// W.
    pub w: &'a mut [f32],
    /// R.
    pub r: Option<&'a mut [f32]>,
    /// Which of W there are.
    pub mask_w: Option<&'a [u8]>,
    /// Which of R there are.
    pub mask_r: Option<&'a [u8]>,
}

impl Learner {
    /// From a call's tensors.
    pub fn new(operands: &Operands<'_>, learning: Learning) -> Result<Self, Error> {
        let of = |slot| operands.call.tensor(slot);
        let (w, r) = (operands.id(Slot::W)?, of(Slot::R));
        Ok(Self { learning, w, r, mask_w: of(Slot::MaskW), mask_r: of(Slot::MaskR) })
    }

    /// Cuts W, R and their masks into pieces of so many weights, and calls `change` with each piece and its number, many
    /// at once.
    pub fn each(
        &self,
        alone: bool,
        tensors: &mut Tensors,
        piece: usize,
        change: impl Fn(usize, Rows<'_>) + Sync + Send,
    ) {
        let len = tensors.floats(self.w).len();
        let mut w = std::mem::take(&mut tensors.whole[self.w.0]);
        let mut r = self.r.map(|r| std::mem::take(&mut tensors.whole[r.0])).unwrap_or_default();
        let mask = |id: Option<TensorId>| id.map(|id| tensors.bytes(id));
        let (mask_w, mask_r) = (mask(self.mask_w), mask(self.mask_r));
        let piece = piece.max(1);
        let part = |at: usize| at * piece..((at + 1) * piece).min(len);
        let none: &mut [f32] = &mut [];
        let mut of_r = match &mut r {
            Whole::Floats(r) => r[..len].chunks_mut(piece),
            _ => none.chunks_mut(piece),
        };
        if let Whole::Floats(w) = &mut w {
            let pieces = w[..len].chunks_mut(piece).enumerate();
            let rows = pieces.map(|(at, w)| {
                let (mask_w, mask_r) = (mask_w.map(|mask| &mask[part(at)]), mask_r.map(|mask| &mask[part(at)]));
                (at, Rows { w, r: of_r.next(), mask_w, mask_r })
            });
            each(alone, rows, |(at, rows)| change(at, rows));
        }
        tensors.whole[self.w.0] = w;
        if let Some(id) = self.r {
            tensors.whole[id.0] = r;
        }
    }

    /// Learns from the sums of groups, each `[weight]`, added in order.
    pub fn learn(&self, (level, now): (Level, &Now), tensors: &mut Tensors, groups: &[&[f32]]) {
        self.each(now.alone, tensors, CHUNK, |at, mut rows| {
            let mut sums = [0.0; CHUNK];
            let sums = &mut sums[..rows.w.len()];
            for group in groups {
                sums.iter_mut().zip(&group[at * CHUNK..]).for_each(|(sum, of_group)| *sum += of_group);
            }
            dispatch!(level, simd => self.change(simd, now, &mut rows, 0, sums));
        });
    }

    /// Changes a run of weights of W, and of R where it learns, by the same increments; none that its mask leaves out.
    #[inline(always)]
    pub fn change<S: Simd>(&self, simd: S, now: &Now, rows: &mut Rows<'_>, first: usize, sums: &[f32]) {
        let Learning { rate, keep, epsilon, .. } = self.learning;
        let rate = now.rates[rate.0 as usize];
        let run = first..first + sums.len();
        let mask_w = rows.mask_w.map(|mask| &mask[run.clone()]);
        change(simd, &mut rows.w[run.clone()], mask_w, sums, (keep, rate, 1.0));
        if let (Some(epsilon), Some(r)) = (epsilon, rows.r.as_deref_mut()) {
            let mask_r = rows.mask_r.map(|mask| &mask[run.clone()]);
            change(simd, &mut r[run], mask_r, sums, (keep, rate, epsilon));
        }
    }
}

/// weight ← keep · weight + share · (rate · sum), as vectors where no mask leaves any out: the same roundings either way.
#[inline(always)]
fn change<S: Simd>(
    simd: S,
    weights: &mut [f32],
    mask: Option<&[u8]>,
    sums: &[f32],
    (keep, rate, share): (f32, f32, f32),
) {
    let Some(mask) = mask else {
        let mut vectors = weights.chunks_exact_mut(S::f32s::LEN);
        let mut of_sums = sums.chunks_exact(S::f32s::LEN);
        for (weights, sums) in vectors.by_ref().zip(of_sums.by_ref()) {
            let increment = S::f32s::from_slice(simd, sums) * rate * share;
            (S::f32s::from_slice(simd, weights) * keep + increment).store_slice(weights);
        }
        for (weight, sum) in vectors.into_remainder().iter_mut().zip(of_sums.remainder()) {
            *weight = *weight * keep + sum * rate * share;
        }
        return;
    };
    for ((weight, sum), &there) in weights.iter_mut().zip(sums).zip(mask) {
        *weight = *weight * keep + if there != 0 { sum * rate * share } else { 0.0 };
    }
}
