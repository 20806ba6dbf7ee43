//! `sign_feedback`: R = |M| ⊙ sign(W) (Liao, Leibo and Poggio 2016; Moskovitz et al. 2018).

use fearless_simd::Level;
use hebb_spec::backend::Error;
use hebb_spec::connection::Connection;
use hebb_spec::learning::Magnitudes;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;
use hebb_spec::rng::{Purpose, Stream};
use rayon::prelude::*;

use super::{All, Now, Operands};
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
    fn run(&mut self, _level: Level, now: &Now, _groups: &mut [Group], tensors: &mut Tensors) {
        let mut taken = std::mem::take(&mut tensors.whole[self.r.0]);
        if let Whole::Floats(r) = &mut taken {
            let w = tensors.floats(self.w);
            let pieces = r[..self.len].par_chunks_mut(CHUNK).zip(w.par_chunks(CHUNK)).enumerate();
            pieces.for_each(|(at, (r, w))| signs(self.magnitudes, now, at * CHUNK, w, r));
        }
        tensors.whole[self.r.0] = taken;
    }
}

/// R of a run of weights from number `first` on.
fn signs(magnitudes: Magnitudes, now: &Now, first: usize, w: &[f32], r: &mut [f32]) {
    let sign = |w: f32| match w {
        w if w > 0.0 => 1.0,
        w if w < 0.0 => -1.0,
        _ => 0.0,
    };
    match magnitudes {
        Magnitudes::Uniform(s) => r.iter_mut().zip(w).for_each(|(r, &w)| *r = s * sign(w)),
        // A w of exactly 0 counts as positive, so that no magnitude is lost.
        Magnitudes::Kept => r.iter_mut().zip(w).for_each(|(r, &w)| *r = if w < 0.0 { -r.abs() } else { r.abs() }),
        Magnitudes::Drawn { bound, layer } => {
            let stream = Stream::new(now.seed, Purpose::Magnitudes, layer, now.step);
            for (index, (r, &w)) in (first as u64..).zip(r.iter_mut().zip(w)) {
                *r = ((2.0 * stream.unit(index) - 1.0) * bound).abs() * sign(w);
            }
        }
    }
}
