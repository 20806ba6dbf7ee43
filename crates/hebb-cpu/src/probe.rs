//! What the processor can do at best: multiply-adds on registers, and a copy.

use std::hint::black_box;
use std::time::Instant;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, dispatch};
use rayon::prelude::*;

use crate::level::VectorsError;
use crate::line::{Line, vectors};
use crate::runtime::Cpu;

/// Chains of multiply-adds that are independent of one another: enough to hide that each takes some cycles.
const CHAINS: usize = 12;
/// Multiply-adds of each chain.
const LENGTH: usize = 1 << 20;
/// Lines that one thread copies: more than any cache of its own.
const LINES: usize = 1 << 19;
/// The best of so many runs.
const RUNS: usize = 7;

impl Cpu {
    /// Multiply-adds on registers on all threads at once, in GFLOP/s.
    pub fn multiply_add_ceiling(&self) -> Result<f64, VectorsError> {
        let (level, threads) = (self.vectors().level()?, self.threads());
        let flops = 2 * CHAINS * LENGTH * self.vectors().lanes() * threads;
        Ok(self.best(flops as f64, || {
            let one = |_: usize| dispatch!(level, simd => chains(simd, black_box(LENGTH)));
            black_box((0..threads).into_par_iter().map(one).sum::<f32>());
        }))
    }

    /// A copy on all threads at once, in GB/s read and written.
    pub fn copy_ceiling(&self) -> Result<f64, VectorsError> {
        let (level, threads) = (self.vectors().level()?, self.threads());
        let from = vec![Line::ZERO; LINES * threads];
        let mut to = from.clone();
        let bytes = 2 * size_of_val(&from[..]);
        Ok(self.best(bytes as f64, || {
            let pairs = to.par_chunks_mut(LINES).zip(from.par_chunks(LINES));
            pairs.for_each(|(to, from)| dispatch!(level, simd => copy(simd, from, to)));
        }))
    }

    /// Thousand millions a second of what one run does.
    fn best(&self, amount: f64, run: impl FnMut() + Send) -> f64 {
        let mut run = run;
        let seconds = self.install(|| {
            let mut time = || {
                let start = Instant::now();
                run();
                start.elapsed().as_secs_f64()
            };
            (0..RUNS).map(|_| time()).fold(f64::INFINITY, f64::min)
        });
        amount / seconds / 1e9
    }
}

#[inline(always)]
fn chains<S: Simd>(simd: S, length: usize) -> f32 {
    let mut sums = [S::f32s::splat(simd, 0.0); CHAINS];
    let (factor, term) = (S::f32s::splat(simd, 0.5), S::f32s::splat(simd, 0.25));
    for _ in 0..length {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, term);
        }
    }
    sums.iter().map(|sum| sum.as_slice()[0]).sum()
}

#[inline(always)]
fn copy<S: Simd>(simd: S, from: &[Line], to: &mut [Line]) {
    for (from, to) in from.iter().zip(to) {
        for lane in vectors::<S>() {
            to.store(simd, from.load(simd, lane), lane);
        }
    }
}
