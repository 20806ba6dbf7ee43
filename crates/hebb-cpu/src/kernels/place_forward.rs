//! `connect_forward` of full and untied layers: h = W x, then σ. Each weight is read once for all blocks.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};
use hebb_spec::backend::Error;
use hebb_spec::connection::Connection;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;

use super::place::{Places, Run, blocks, parts, put, ranges, take};
use super::share::each;
use super::tied::sigma;
use super::{All, Now, Operands};
use crate::line::{Line, vectors};
use crate::memory::{Group, Place, Tensors};

/// Outputs of one task where there are several, and of a tile.
const TASK: usize = 8;

/// A call of it.
pub(crate) struct PlaceForward {
    places: Places,
    slope: Option<f32>,
    w: TensorId,
    x: Place,
    y: Place,
}

impl PlaceForward {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, c: Connection, slope: Option<f32>) -> Result<Self, Error> {
        let (x, y) = (operands.place(Slot::X)?, operands.place(Slot::Y)?);
        Ok(Self { places: Places { c, x: x.form }, slope, w: operands.id(Slot::W)?, x, y })
    }

    /// The line of an output at a place.
    fn line(&self, output: usize, place: usize) -> usize {
        match self.places.c.is_full() {
            true => self.y.form.line(output),
            false => output * self.y.form.channel(self.places.c.output.places() as usize) + place,
        }
    }
}

impl All for PlaceForward {
    fn run(&mut self, level: Level, now: &Now, groups: &mut [Group], tensors: &mut Tensors) {
        let mut taken = take(groups, self.y.slot);
        {
            let outputs = self.places.c.output.channels as usize;
            let xs: Vec<&[Line]> = blocks(groups).map(|block| &block.slots[self.x.slot][..]).collect();
            let w = tensors.floats(self.w);
            let tasks = ranges(outputs, if now.alone { outputs } else { TASK });
            let ends = tasks.clone().map(|task| self.line(task.end, 0).min(self.y.form.lines()));
            let parts = parts(&mut taken, ends);
            each(now.alone, tasks.zip(parts), |(outputs, mut ys)| {
                let task = Task { of: self, w, xs: &xs, outputs };
                dispatch!(level, simd => task.run(simd, &mut ys));
            });
        }
        put(groups, self.y.slot, taken);
    }
}

/// Some outputs of all places and blocks.
struct Task<'a> {
    of: &'a PlaceForward,
    w: &'a [f32],
    xs: &'a [&'a [Line]],
    outputs: Range<usize>,
}

impl Task<'_> {
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, ys: &mut [&mut [Line]]) {
        for place in 0..self.of.places.count() {
            let runs = self.of.places.runs(place);
            for first in self.outputs.clone().step_by(TASK) {
                let mut block = 0;
                while block < self.xs.len() {
                    block += match self.xs.len() - block {
                        3.. => self.outputs::<S, 3>(simd, place, &runs, (first, block), ys),
                        2 => self.outputs::<S, 2>(simd, place, &runs, (first, block), ys),
                        _ => self.outputs::<S, 1>(simd, place, &runs, (first, block), ys),
                    };
                }
            }
        }
    }

    #[inline(always)]
    fn outputs<S: Simd, const P: usize>(
        &self,
        simd: S,
        place: usize,
        runs: &[Run],
        (first, block): (usize, usize),
        ys: &mut [&mut [Line]],
    ) -> usize {
        match S::f32s::LEN >= 16 {
            true => self.tile::<S, TASK, P>(simd, place, runs, (first, block), ys),
            false => {
                for output in (first..(first + TASK).min(self.outputs.end)).step_by(4) {
                    self.tile::<S, 4, P>(simd, place, runs, (output, block), ys);
                }
            }
        }
        P
    }

    #[inline(always)]
    fn tile<S: Simd, const O: usize, const P: usize>(
        &self,
        simd: S,
        place: usize,
        runs: &[Run],
        (output, block): (usize, usize),
        ys: &mut [&mut [Line]],
    ) {
        let (taps, channels) = (self.of.places.c.taps() as usize, self.of.places.c.output.channels as usize);
        let outputs = O.min(self.outputs.end - output);
        let mut rows: [&[f32]; O] = [&[]; O];
        for (o, row) in rows.iter_mut().enumerate() {
            // A tile with fewer outputs computes its last one again.
            let output = output + o.min(outputs - 1);
            *row = &self.w[(place * channels + output) * taps..][..taps];
        }
        for lane in vectors::<S>() {
            let mut sums = [[S::f32s::splat(simd, 0.0); P]; O];
            for &Run { weight, line, step, len } in runs {
                let mut cut: [&[f32]; O] = [&[]; O];
                for o in 0..O {
                    cut[o] = &rows[o][weight..][..len];
                }
                let mut xs: [&[Line]; P] = [&[]; P];
                for p in 0..P {
                    xs[p] = &self.xs[block + p][line..];
                }
                sums = match (step, P) {
                    (1, 1) => dense::<S, O, P, 4>(simd, (cut, xs, len), lane, sums),
                    (1, _) => dense::<S, O, P, 1>(simd, (cut, xs, len), lane, sums),
                    _ => strided(simd, (cut, xs, len), (lane, step), sums),
                };
            }
            let start = self.of.line(self.outputs.start, 0);
            // Indices that the compiler knows keep the sums in registers.
            for o in 0..O {
                if o < outputs {
                    let line = self.of.line(output + o, place) - start;
                    for p in 0..P {
                        let h = match self.of.slope {
                            Some(slope) => sigma(simd, slope, sums[o][p]),
                            None => sums[o][p],
                        };
                        ys[block + p][line].store(simd, h, lane);
                    }
                }
            }
        }
    }
}

/// Weights of some outputs, lines of some blocks, and how many taps are added.
type Taps<'a, const O: usize, const P: usize> = ([&'a [f32]; O], [&'a [Line]; P], usize);

/// Adds taps whose lines stand side by side, `U` in a turn: of a single block a turn of one tap would cost as much as its
/// multiply-adds.
#[inline(always)]
fn dense<S: Simd, const O: usize, const P: usize, const U: usize>(
    simd: S,
    (rows, lines, len): Taps<'_, O, P>,
    lane: usize,
    sums: [[S::f32s; P]; O],
) -> [[S::f32s; P]; O] {
    let mut sums = sums;
    let (mut weights, mut xs): ([&[[f32; U]]; O], [&[[Line; U]]; P]) = ([&[]; O], [&[]; P]);
    for o in 0..O {
        weights[o] = &rows[o][..len].as_chunks::<U>().0[..len / U];
    }
    for p in 0..P {
        xs[p] = &lines[p][..len].as_chunks::<U>().0[..len / U];
    }
    for turn in 0..len / U {
        for u in 0..U {
            let mut x = [S::f32s::splat(simd, 0.0); P];
            for p in 0..P {
                x[p] = xs[p][turn][u].load(simd, lane);
            }
            for o in 0..O {
                let weight = S::f32s::splat(simd, weights[o][turn][u]);
                for p in 0..P {
                    sums[o][p] = x[p].mul_add(weight, sums[o][p]);
                }
            }
        }
    }
    if U == 1 || len.is_multiple_of(U) {
        return sums;
    }
    for o in 0..O {
        for p in 0..P {
            for tap in len / U * U..len {
                let weight = S::f32s::splat(simd, rows[o][tap]);
                sums[o][p] = lines[p][tap].load(simd, lane).mul_add(weight, sums[o][p]);
            }
        }
    }
    sums
}

/// Adds taps whose lines stand apart: those of an untied layer of single pixels.
#[inline(always)]
fn strided<S: Simd, const O: usize, const P: usize>(
    simd: S,
    (rows, lines, len): Taps<'_, O, P>,
    (lane, step): (usize, usize),
    sums: [[S::f32s; P]; O],
) -> [[S::f32s; P]; O] {
    let mut sums = sums;
    for tap in 0..len {
        for p in 0..P {
            let x = lines[p][tap * step].load(simd, lane);
            for o in 0..O {
                sums[o][p] = x.mul_add(S::f32s::splat(simd, rows[o][tap]), sums[o][p]);
            }
        }
    }
    sums
}
