//! A tied convolution by Winograd: what forward and feedback share, tile by tile.

use std::cell::RefCell;
use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};

use super::filters::Filters;
use super::forms::{Form, Four, Two};
use super::rule::Outputs;
use super::tiling::Tiling;
use crate::kernels::taps::PACK;
use crate::kernels::tied::{Finish, Tied};
use crate::line::{Line, vectors};

/// Tiles whose products with eight outputs fill the register file.
const GROUP: usize = 3;
/// Bytes of transformed tiles, about, that stay in a core's own cache.
const STRIP: usize = 256 << 10;
/// Lines of the products of a group at one place, one more than there are: planes then fall into different sets of a cache.
const PRODUCTS: usize = PACK * GROUP + 1;

thread_local! {
    /// Transformed tiles, then products: room of a thread.
    static ROOM: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

/// A convolution by Winograd.
#[derive(Debug)]
pub(crate) struct Filtered {
    form: Outputs,
    filters: Filters,
}

impl Filtered {
    /// With room for the filters of a convolution.
    pub fn new(form: Outputs, tied: &Tied) -> Self {
        Self { form, filters: Filters::new(form, tied.input.channels as usize, tied.channels) }
    }

    /// Transforms the filters of `outputs` outputs.
    pub fn pack(
        &mut self,
        level: Level,
        weights: &[f32],
        outputs: usize,
        weight: impl Fn(usize, usize, usize) -> usize + Sync,
    ) {
        self.filters.pack((level, self.form), weights, outputs, weight);
    }

    /// Writes some tiles of eight outputs.
    pub fn run(
        &self,
        level: Level,
        tied: &Tied,
        tiles: Range<usize>,
        (x, y): (&[Line], &mut [Line]),
        finish: Finish<'_>,
    ) {
        ROOM.with_borrow_mut(|room| {
            let run = Run { of: tied, filters: &self.filters, tiles, x, finish };
            match self.form {
                Outputs::Two => dispatch!(level, simd => run.strips::<_, Two, 2, 4>(simd, room, y)),
                Outputs::Four => dispatch!(level, simd => run.strips::<_, Four, 4, 6>(simd, room, y)),
            }
        });
    }
}

/// Some tiles of outputs of one block.
struct Run<'a> {
    of: &'a Tied,
    filters: &'a Filters,
    /// Tiles of eight outputs.
    tiles: Range<usize>,
    x: &'a [Line],
    finish: Finish<'a>,
}

impl Run<'_> {
    #[inline(always)]
    fn strips<S: Simd, F: Form<M, A>, const M: usize, const A: usize>(
        &self,
        simd: S,
        room: &mut Vec<Line>,
        y: &mut [Line],
    ) {
        let inputs = self.of.input.channels as usize;
        let (height, width) = (self.of.input.height as usize, self.of.input.width as usize);
        let tiling = Tiling { height, width, outputs: M };
        let across = tiling.across();
        // All places of a group of tiles and an input, and a line more: groups then fall into different sets of a cache.
        let block = A * A * GROUP + 1;
        let rows = (STRIP / (across * A * A * inputs * size_of::<Line>()).max(1)).clamp(1, tiling.down().max(1));
        let groups = (rows * across).div_ceil(GROUP);
        let room_of_tiles = groups * inputs * block;
        room.resize(room.len().max(room_of_tiles + A * A * PRODUCTS), Line::ZERO);
        let (transformed, products) = room.split_at_mut(room_of_tiles);
        let mut to = vec![0; rows * across];
        for first in (0..tiling.down()).step_by(rows) {
            let rows = first..(first + rows).min(tiling.down());
            let tiles = rows.len() * across;
            let groups = tiles.div_ceil(GROUP);
            for group in 0..groups {
                let of_group = group_of(group, groups, tiles);
                for (p, tile) in of_group.enumerate() {
                    to[tile] = group * inputs * block + p;
                }
            }
            for input in 0..inputs {
                let x = &self.x[input * self.of.from..];
                for (at, to) in rows.clone().zip(to.chunks_mut(across)) {
                    let row = (at * M) as isize - self.of.top as isize;
                    tiling.input::<S, F, M, A>(simd, row, x, (transformed, to, GROUP));
                    to.iter_mut().for_each(|to| *to += block);
                }
            }
            for tile in self.tiles.clone() {
                let y = &mut y[(tile - self.tiles.start) * PACK * self.of.to..];
                for group in 0..groups {
                    let transformed = &transformed[group * inputs * block..][..inputs * block];
                    let of_group = group_of(group, groups, tiles);
                    let one = One { of: self, tiling, tile, first: first * across + of_group.start };
                    match of_group.len() {
                        3 => one.group::<S, F, M, A, 3>(simd, transformed, products, y),
                        2 => one.group::<S, F, M, A, 2>(simd, transformed, products, y),
                        _ => one.group::<S, F, M, A, 1>(simd, transformed, products, y),
                    }
                }
            }
        }
    }
}

/// The tiles of a group: as even as can be.
#[inline(always)]
fn group_of(group: usize, groups: usize, tiles: usize) -> Range<usize> {
    group * tiles / groups..(group + 1) * tiles / groups
}

/// Eight outputs of a group of tiles.
struct One<'a> {
    of: &'a Run<'a>,
    tiling: Tiling,
    /// Tile of outputs.
    tile: usize,
    /// First tile of the image.
    first: usize,
}

impl One<'_> {
    #[inline(always)]
    fn group<S: Simd, F: Form<M, A>, const M: usize, const A: usize, const P: usize>(
        &self,
        simd: S,
        transformed: &[Line],
        products: &mut [Line],
        y: &mut [Line],
    ) {
        for place in 0..A * A {
            let weights = self.of.filters.place(self.tile, place);
            let x = (transformed, A * A * GROUP + 1, place * GROUP);
            let to = &mut products[place * PRODUCTS..][..PACK * GROUP];
            if S::f32s::LEN >= 16 {
                product::<S, PACK, P>(simd, weights, x, 0, to);
            } else {
                product::<S, 4, P>(simd, weights, x, 0, to);
                product::<S, 4, P>(simd, weights, x, 4, to);
            }
        }
        let of = self.of.of;
        let channels = (of.channels - self.tile * PACK).min(PACK);
        for o in 0..channels {
            for p in 0..P {
                let (row, column) = self.tiling.first(self.first + p);
                let products = &products[o * GROUP + p..][..(A * A - 1) * PRODUCTS + 1];
                let channel = (o, self.tile * PACK + o);
                self.outputs::<S, F, M, A>(simd, products, channel, (row, column), y);
            }
        }
    }

    /// Aᵀ m A of one output and tile, finished and written.
    #[inline(always)]
    fn outputs<S: Simd, F: Form<M, A>, const M: usize, const A: usize>(
        &self,
        simd: S,
        products: &[Line],
        (o, channel): (usize, usize),
        (row, column): (usize, usize),
        y: &mut [Line],
    ) {
        let of = self.of.of;
        let (height, width) = (self.tiling.height, self.tiling.width);
        let (y_first, read) = (o * of.to + row * width + column, channel * of.to + row * width + column);
        let is_whole = row + M <= height && column + M <= width;
        for lane in vectors::<S>() {
            let mut half = [[S::f32s::splat(simd, 0.0); A]; M];
            for j in 0..A {
                let mut sums = [S::f32s::splat(simd, 0.0); A];
                for i in 0..A {
                    sums[i] = products[(i * A + j) * PRODUCTS].load(simd, lane);
                }
                let sums = F::output(sums);
                for i in 0..M {
                    half[i][j] = sums[i];
                }
            }
            for i in 0..M {
                let sums = F::output(half[i]);
                let (read, y_first) = (read + i * width, y_first + i * width);
                if is_whole {
                    let y = &mut y[y_first..][..M];
                    for j in 0..M {
                        y[j].store(simd, self.of.finish.apply(simd, sums[j], read + j, lane), lane);
                    }
                } else if row + i < height {
                    for j in 0..M {
                        if column + j < width {
                            let sum = self.of.finish.apply(simd, sums[j], read + j, lane);
                            y[y_first + j].store(simd, sum, lane);
                        }
                    }
                }
            }
        }
    }
}

/// Products of `O` outputs from `skip` on and `P` tiles at one place, summed over the inputs, which are `block` lines apart.
#[inline(always)]
fn product<S: Simd, const O: usize, const P: usize>(
    simd: S,
    weights: &[[f32; PACK]],
    (x, block, place): (&[Line], usize, usize),
    skip: usize,
    to: &mut [Line],
) {
    for lane in vectors::<S>() {
        let mut sums = [[S::f32s::splat(simd, 0.0); P]; O];
        for (weights, x) in weights.iter().zip(x.chunks_exact(block)) {
            let x = &x[place..][..P];
            let mut tiles = [S::f32s::splat(simd, 0.0); P];
            for p in 0..P {
                tiles[p] = x[p].load(simd, lane);
            }
            for o in 0..O {
                let weight = S::f32s::splat(simd, weights[skip + o]);
                for p in 0..P {
                    sums[o][p] = tiles[p].mul_add(weight, sums[o][p]);
                }
            }
        }
        for o in 0..O {
            for p in 0..P {
                to[(skip + o) * GROUP + p].store(simd, sums[o][p], lane);
            }
        }
    }
}
