//! W and R as they learn from finished sums.

use std::slice::ChunksMut;

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
    trace: Option<TensorId>,
}

/// Some weights of W, of R where it learns, their masks where they are sparse, and the trace that W learns by.
pub(crate) struct Rows<'a> {
    /// W.
    pub w: &'a mut [f32],
    /// R.
    pub r: Option<&'a mut [f32]>,
    /// Which of W there are.
    pub mask_w: Option<&'a [u8]>,
    /// Which of R there are.
    pub mask_r: Option<&'a [u8]>,
    /// The trace.
    pub trace: Option<&'a mut [f32]>,
}

impl Learner {
    /// From a call's tensors.
    pub fn new(operands: &Operands<'_>, learning: Learning) -> Result<Self, Error> {
        let of = |slot| operands.call.tensor(slot);
        let (w, r) = (operands.id(Slot::W)?, of(Slot::R));
        Ok(Self { learning, w, r, mask_w: of(Slot::MaskW), mask_r: of(Slot::MaskR), trace: of(Slot::Trace) })
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
        let mut other =
            |id: Option<TensorId>| id.map(|id| std::mem::take(&mut tensors.whole[id.0])).unwrap_or_default();
        let (mut r, mut trace) = (other(self.r), other(self.trace));
        let mask = |id: Option<TensorId>| id.map(|id| tensors.bytes(id));
        let (mask_w, mask_r) = (mask(self.mask_w), mask(self.mask_r));
        let piece = piece.max(1);
        let part = |at: usize| at * piece..((at + 1) * piece).min(len);
        let (mut of_r, mut of_trace) = (chunks(&mut r, len, piece), chunks(&mut trace, len, piece));
        if let Whole::Floats(w) = &mut w {
            let pieces = w[..len].chunks_mut(piece).enumerate();
            let rows = pieces.map(|(at, w)| {
                let (mask_w, mask_r) = (mask_w.map(|mask| &mask[part(at)]), mask_r.map(|mask| &mask[part(at)]));
                (at, Rows { w, r: of_r.next(), mask_w, mask_r, trace: of_trace.next() })
            });
            each(alone, rows, |(at, rows)| change(at, rows));
        }
        tensors.whole[self.w.0] = w;
        for (id, taken) in [(self.r, r), (self.trace, trace)] {
            if let Some(id) = id {
                tensors.whole[id.0] = taken;
            }
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
        if let (Some(left), Some(trace)) = (self.learning.trace, rows.trace.as_deref_mut()) {
            return smooth(simd, (&mut rows.w[run.clone()], &mut trace[run]), sums, (keep, rate, left));
        }
        let mask_w = rows.mask_w.map(|mask| &mask[run.clone()]);
        change(simd, &mut rows.w[run.clone()], mask_w, sums, (keep, rate, 1.0));
        if let (Some(epsilon), Some(r)) = (epsilon, rows.r.as_deref_mut()) {
            let mask_r = rows.mask_r.map(|mask| &mask[run.clone()]);
            change(simd, &mut r[run], mask_r, sums, (keep, rate, epsilon));
        }
    }
}

/// The first so many numbers of a tensor in pieces, none of one that is not there.
fn chunks(whole: &mut Whole, len: usize, piece: usize) -> ChunksMut<'_, f32> {
    match whole {
        Whole::Floats(floats) => floats[..len].chunks_mut(piece),
        _ => [].chunks_mut(piece),
    }
}

/// trace ← left · trace + rate · sum, and weight ← keep · weight + trace.
#[inline(always)]
fn smooth<S: Simd>(
    simd: S,
    (weights, trace): (&mut [f32], &mut [f32]),
    sums: &[f32],
    (keep, rate, left): (f32, f32, f32),
) {
    let len = S::f32s::LEN;
    let Some(last) = weights.len().checked_sub(len) else {
        for ((weight, trace), sum) in weights.iter_mut().zip(trace).zip(sums) {
            *trace = *trace * left + sum * rate;
            *weight = *weight * keep + *trace;
        }
        return;
    };
    // The last vector reaches back over others: it is made of what was there before, and so the same.
    let of_last = S::f32s::from_slice(simd, &trace[last..]) * left + S::f32s::from_slice(simd, &sums[last..]) * rate;
    let behind = S::f32s::from_slice(simd, &weights[last..]) * keep + of_last;
    let pieces = weights.chunks_exact_mut(len).zip(trace.chunks_exact_mut(len)).zip(sums.chunks_exact(len));
    for ((weights, trace), sums) in pieces {
        let changed = S::f32s::from_slice(simd, trace) * left + S::f32s::from_slice(simd, sums) * rate;
        changed.store_slice(trace);
        (S::f32s::from_slice(simd, weights) * keep + changed).store_slice(weights);
    }
    of_last.store_slice(&mut trace[last..]);
    behind.store_slice(&mut weights[last..]);
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
        let len = S::f32s::LEN;
        let Some(last) = weights.len().checked_sub(len) else {
            weights.iter_mut().zip(sums).for_each(|(weight, sum)| *weight = *weight * keep + sum * rate * share);
            return;
        };
        // The last vector reaches back over others: it is made of what was there before, and so the same.
        let behind = S::f32s::from_slice(simd, &sums[last..]) * rate * share;
        let behind = S::f32s::from_slice(simd, &weights[last..]) * keep + behind;
        for (weights, sums) in weights.chunks_exact_mut(len).zip(sums.chunks_exact(len)) {
            let increment = S::f32s::from_slice(simd, sums) * rate * share;
            (S::f32s::from_slice(simd, weights) * keep + increment).store_slice(weights);
        }
        behind.store_slice(&mut weights[last..]);
        return;
    };
    for ((weight, sum), &there) in weights.iter_mut().zip(sums).zip(mask) {
        *weight = *weight * keep + if there != 0 { sum * rate * share } else { 0.0 };
    }
}
