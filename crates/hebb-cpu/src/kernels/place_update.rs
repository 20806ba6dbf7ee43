//! `connect_update` of full and untied layers: the weights are shared out, and each is summed over all images in order.
//!
//! x is turned first, so that a vector holds the taps of one image: the sums of a row of weights then lie as the weights
//! do, and none has to be added across a vector.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x16};
use hebb_spec::backend::Error;
use hebb_spec::connection::Connection;
use hebb_spec::learning::Learning;
use hebb_spec::operand::Slot;

use super::learner::{Learner, Rows};
use super::place::{Places, Run, blocks};
use super::share::each;
use super::{All, Now, Operands};
use crate::line::{LANES, Line, flat, transposed, vectors};
use crate::memory::{Group, Place, Tensors};

/// Outputs of a full layer of one task, at most: they share turned images that a cache holds.
const TASK: usize = 64;
/// Outputs of a tile.
const TILE: usize = 8;
/// Panels of sixteen taps whose sums are kept before the weights change.
const STRETCH: usize = 12;
/// A tap outside the image.
const OUTSIDE: usize = usize::MAX;

/// A call of it.
pub(crate) struct PlaceUpdate {
    places: Places,
    batch: usize,
    learner: Learner,
    delta: Place,
    x: Place,
    /// The line of each tap of a full layer.
    lines: Vec<usize>,
    /// The turned images of a full layer: memory that is asked for once.
    turned: Vec<Line>,
}

impl PlaceUpdate {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, c: Connection, learning: Learning) -> Result<Self, Error> {
        let (delta, x) = (operands.place(Slot::Delta)?, operands.place(Slot::X)?);
        let batch = operands.call.problem.batch() as usize;
        let learner = Learner::new(operands, learning)?;
        let places = Places { c, x: x.form };
        let lines = if c.is_full() { lines(&places, 0) } else { Vec::new() };
        Ok(Self { places, batch, learner, delta, x, lines, turned: Vec::new() })
    }

    /// The line of an output at a place.
    fn line(&self, output: usize, place: usize) -> usize {
        match self.places.c.is_full() {
            true => self.delta.form.line(output),
            false => output * self.delta.form.channel(self.places.c.output.places() as usize) + place,
        }
    }
}

/// The line of each tap of a place.
fn lines(places: &Places, place: usize) -> Vec<usize> {
    let mut lines = vec![OUTSIDE; places.c.taps() as usize];
    for Run { weight, line, step, len } in places.runs(place) {
        lines[weight..][..len].iter_mut().zip((line..).step_by(step)).for_each(|(to, line)| *to = line);
    }
    lines
}

impl All for PlaceUpdate {
    fn run(&mut self, level: Level, now: &Now, groups: &mut [Group], tensors: &mut Tensors) {
        let mut turned = std::mem::take(&mut self.turned);
        let xs: Vec<&[Line]> = blocks(groups).map(|block| &block.slots[self.x.slot][..]).collect();
        let deltas: Vec<&[Line]> = blocks(groups).map(|block| &block.slots[self.delta.slot][..]).collect();
        let (taps, outputs) = (self.places.c.taps() as usize, self.places.c.output.channels as usize);
        let of = |first: usize, place: usize| Task { of: self, now, deltas: &deltas, first, place };
        if self.places.c.is_full() {
            turned.resize(taps.div_ceil(LANES) * self.batch, Line::ZERO);
            let runs = turned.chunks_mut(self.batch.max(1)).zip(self.lines.chunks(LANES));
            each(now.alone, runs, |(turned, lines)| dispatch!(level, simd => turn(simd, lines, &xs, turned)));
            // As many as leave each thread a few tasks: what is summed does not depend on it.
            let tasks = if now.alone { 1 } else { 4 * rayon::current_num_threads() };
            let outputs = outputs.div_ceil(tasks).next_multiple_of(TILE).min(TASK);
            let learn = |at: usize, mut rows: Rows<'_>| {
                let task = of(at * outputs, 0);
                dispatch!(level, simd => task.run(simd, &turned, &mut rows));
            };
            self.learner.each(now.alone, tensors, outputs * taps, learn);
            self.turned = turned;
        } else {
            let learn = |place: usize, mut rows: Rows<'_>| {
                let mut turned = vec![Line::ZERO; taps.div_ceil(LANES) * self.batch];
                let lines = lines(&self.places, place);
                for (turned, lines) in turned.chunks_mut(self.batch.max(1)).zip(lines.chunks(LANES)) {
                    dispatch!(level, simd => turn(simd, lines, &xs, turned));
                }
                dispatch!(level, simd => of(0, place).run(simd, &turned, &mut rows));
            };
            self.learner.each(now.alone, tensors, outputs * taps, learn);
        }
    }
}

/// Up to sixteen taps of all images: from a line a tap to a line an image.
#[inline(always)]
fn turn<S: Simd>(simd: S, taps: &[usize], xs: &[&[Line]], turned: &mut [Line]) {
    for (x, turned) in xs.iter().zip(turned.chunks_mut(LANES)) {
        let mut rows = [f32x16::splat(simd, 0.0); LANES];
        for (row, &tap) in rows.iter_mut().zip(taps) {
            if tap != OUTSIDE {
                *row = f32x16::from_slice(simd, &x[tap].0);
            }
        }
        for (row, turned) in transposed(rows).iter().zip(turned) {
            row.store_slice(&mut turned.0);
        }
    }
}

/// The weights of some outputs of a place.
struct Task<'a> {
    of: &'a PlaceUpdate,
    now: &'a Now,
    deltas: &'a [&'a [Line]],
    first: usize,
    place: usize,
}

impl Task<'_> {
    /// Stretches of panels: long enough that the weights of a row come from memory one after another, short enough that
    /// their turned images stay in a cache.
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, turned: &[Line], rows: &mut Rows<'_>) {
        let taps = self.of.places.c.taps() as usize;
        let (outputs, panels) = (rows.w.len() / taps.max(1), taps.div_ceil(LANES));
        let mut totals = [[Line::ZERO; STRETCH]; TILE];
        for first in (0..panels).step_by(STRETCH) {
            let stretch = first..(first + STRETCH).min(panels);
            let mut output = 0;
            while output < outputs {
                let count = match (S::f32s::LEN >= 16, outputs - output) {
                    (true, TILE..) => self.panels::<S, TILE>(simd, (output, &stretch), turned, &mut totals),
                    (_, 4..) => self.panels::<S, 4>(simd, (output, &stretch), turned, &mut totals),
                    _ => self.panels::<S, 1>(simd, (output, &stretch), turned, &mut totals),
                };
                for (o, totals) in totals.iter().enumerate().take(count) {
                    let tap = first * LANES;
                    let sums = &flat(totals)[..(taps - tap).min(stretch.len() * LANES)];
                    self.of.learner.change(simd, self.now, rows, (output + o) * taps + tap, sums);
                }
                output += count;
            }
        }
    }

    /// The sums of `O` outputs over a stretch of panels.
    #[inline(always)]
    fn panels<S: Simd, const O: usize>(
        &self,
        simd: S,
        (output, stretch): (usize, &Range<usize>),
        turned: &[Line],
        totals: &mut [[Line; STRETCH]; TILE],
    ) -> usize {
        let mut panel = stretch.start;
        while panel < stretch.end {
            let at = (output, panel, panel - stretch.start);
            panel += match stretch.end - panel {
                3.. => self.tile::<S, O, 3>(simd, at, turned, totals),
                _ => self.tile::<S, O, 1>(simd, at, turned, totals),
            };
        }
        O
    }

    /// `O` outputs from `output` on and `V` panels of sixteen taps from `panel` on, into the totals from `to` on.
    #[inline(always)]
    fn tile<S: Simd, const O: usize, const V: usize>(
        &self,
        simd: S,
        (output, panel, to): (usize, usize, usize),
        turned: &[Line],
        totals: &mut [[Line; STRETCH]; TILE],
    ) -> usize {
        let batch = self.of.batch;
        let mut panels: [&[Line]; V] = [&[]; V];
        for (v, lines) in panels.iter_mut().enumerate() {
            *lines = &turned[(panel + v) * batch..][..batch];
        }
        let mut lines = [0; O];
        for (o, line) in lines.iter_mut().enumerate() {
            *line = self.of.line(self.first + output + o, self.place);
        }
        for lane in vectors::<S>() {
            let mut sums = [[S::f32s::splat(simd, 0.0); V]; O];
            let mut held = sums;
            for (block, delta) in self.deltas.iter().enumerate() {
                let mut deltas = [&Line::ZERO; O];
                for (of, &line) in deltas.iter_mut().zip(&lines) {
                    *of = &delta[line];
                }
                let images = (batch - block * LANES).min(LANES);
                let mut lines: [&[Line]; V] = [&[]; V];
                for v in 0..V {
                    lines[v] = &panels[v][block * LANES..][..images];
                }
                for image in 0..images {
                    let mut x = [S::f32s::splat(simd, 0.0); V];
                    for v in 0..V {
                        x[v] = lines[v][image].load(simd, lane);
                    }
                    for o in 0..O {
                        let delta = S::f32s::splat(simd, deltas[o].0[image]);
                        for v in 0..V {
                            held[o][v] = x[v].mul_add(delta, held[o][v]);
                        }
                    }
                }
            }
            for o in 0..O {
                for v in 0..V {
                    sums[o][v] = held[o][v];
                }
            }
            for o in 0..O {
                for v in 0..V {
                    totals[o][to + v].store(simd, sums[o][v], lane);
                }
            }
        }
        V
    }
}
