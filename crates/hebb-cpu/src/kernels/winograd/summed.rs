//! The sums of an update by Winograd: Σ (A δ Aᵀ) ⊙ (Bᵀ x B) over tiles and images, then Gᵀ · G once a step.
//!
//! x is turned first, so that a vector holds sixteen channels of one image: the sums of a row of weights then lie side by
//! side, and none has to be added across a vector.

use std::cell::RefCell;
use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x16};
use hebb_spec::connection::Connection;
use rayon::prelude::*;

use super::forms::{Form, Four, Two};
use super::rule::Outputs;
use super::tiling::Tiling;
use crate::line::{LANES, Line, transposed, vectors};

/// Outputs of a part of the sums.
const PART: usize = 16;
/// Lines from one place of a part's outputs to the next: an even number would fall into few sets of a cache.
const ROW: usize = PART + 1;
/// Vectors of channels of a tile of sums.
const PANEL: usize = 3;
/// Bytes of transformed tiles, about, that stay in a core's own cache.
const STRIP: usize = 1 << 20;

thread_local! {
    /// Turned and transformed lines: room of a thread.
    static ROOM: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

/// The sums of one update.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Summed {
    form: Outputs,
    c: Connection,
}

/// Activity of a block: its lines, and those from one channel to the next.
pub(crate) type Channels<'a> = (&'a [Line], usize);

impl Summed {
    /// For a convolution.
    pub fn new(form: Outputs, c: Connection) -> Self {
        Self { form, c }
    }

    fn inputs(&self) -> usize {
        (self.c.input.channels as usize).next_multiple_of(LANES)
    }

    fn tiling(&self) -> Tiling {
        let (height, width) = (self.c.output.height as usize, self.c.output.width as usize);
        Tiling { height, width, outputs: self.form.across() as usize }
    }

    /// Rows of tiles that are transformed before their products are summed.
    fn rows(&self) -> usize {
        let (tiling, places) = (self.tiling(), self.form.places());
        let channels = self.inputs() + (self.c.output.channels as usize).next_multiple_of(PART);
        let row = tiling.across() * places * channels * size_of::<Line>();
        (STRIP / row.max(1)).clamp(1, tiling.down().max(1))
    }

    /// In how many parts of equally many sums they can be added, and sums of a part: `[part][place][output][input]`.
    pub fn parts(&self) -> (usize, usize) {
        let outputs = self.c.output.channels as usize;
        (outputs.div_ceil(PART), self.form.places() * PART * self.inputs())
    }

    /// Additions that a product of a block goes through: of tiles and images of a strip, and of strips.
    pub fn additions(&self) -> (u64, u64) {
        let tiling = self.tiling();
        let tiles = self.rows() * tiling.across();
        ((tiles * LANES) as u64, tiling.down().div_ceil(self.rows()) as u64)
    }

    /// Adds a block to the sums of some parts.
    pub fn add(&self, level: Level, (delta, x): (Channels<'_>, Channels<'_>), parts: Range<usize>, sums: &mut [f32]) {
        ROOM.with_borrow_mut(|room| {
            let block = Block { of: self, delta, x, parts, rows: self.rows() };
            match self.form {
                Outputs::Two => dispatch!(level, simd => block.strips::<_, Two, 2, 4>(simd, room, sums)),
                Outputs::Four => dispatch!(level, simd => block.strips::<_, Four, 4, 6>(simd, room, sums)),
            }
        });
    }

    /// The sums of all groups, in order, as those of weights `[output][input][row][column]`.
    pub fn finish(&self, level: Level, groups: &[&[f32]], sums: &mut [f32]) {
        let (inputs, size) = (self.c.input.channels as usize, 9);
        sums.par_chunks_mut((inputs * size).max(1)).enumerate().for_each(|(output, sums)| match self.form {
            Outputs::Two => dispatch!(level, simd => self.filters::<_, Two, 2, 4>(simd, groups, output, sums)),
            Outputs::Four => dispatch!(level, simd => self.filters::<_, Four, 4, 6>(simd, groups, output, sums)),
        });
    }

    /// Gᵀ s G of all filters of an output.
    #[inline(always)]
    fn filters<S: Simd, F: Form<M, A>, const M: usize, const A: usize>(
        &self,
        simd: S,
        groups: &[&[f32]],
        output: usize,
        sums: &mut [f32],
    ) {
        let (inputs, part) = (self.inputs(), self.parts().1);
        for (input, sums) in (0..inputs).step_by(LANES).zip(sums.chunks_mut(LANES * 9)) {
            let first = output / PART * part + output % PART * inputs + input;
            let mut half = [[f32x16::splat(simd, 0.0); A]; 3];
            for j in 0..A {
                let mut column = [f32x16::splat(simd, 0.0); A];
                for i in 0..A {
                    let at = first + (i * A + j) * PART * inputs;
                    for group in groups {
                        column[i] += f32x16::from_slice(simd, &group[at..][..LANES]);
                    }
                }
                let column = F::sums(column);
                for i in 0..3 {
                    half[i][j] = column[i];
                }
            }
            for i in 0..3 {
                let row = F::sums(half[i]);
                for j in 0..3 {
                    let lanes: [f32; LANES] = row[j].to_array();
                    for (sums, lane) in sums.chunks_exact_mut(9).zip(lanes) {
                        sums[i * 3 + j] = lane;
                    }
                }
            }
        }
    }
}

/// A block, and the parts whose sums it is added to.
struct Block<'a> {
    of: &'a Summed,
    delta: Channels<'a>,
    x: Channels<'a>,
    parts: Range<usize>,
    /// Rows of tiles of a strip.
    rows: usize,
}

/// Where the lines of a strip lie.
struct Planes {
    /// Rows that are turned.
    turned_rows: usize,
    /// Lines from one turned image to the next.
    turned: usize,
    /// Tiles of a strip, at most.
    tiles: usize,
    /// Lines of all places of a panel of inputs of one image and tile.
    input: usize,
    /// Lines of all places of a part of the outputs of one tile.
    delta: usize,
}

impl Block<'_> {
    #[inline(always)]
    fn strips<S: Simd, F: Form<M, A>, const M: usize, const A: usize>(
        &self,
        simd: S,
        room: &mut Vec<Line>,
        sums: &mut [f32],
    ) {
        let tiling = self.of.tiling();
        let vectors = self.of.inputs() / LANES;
        let (across, turned_rows) = (tiling.across(), self.rows * M + 2);
        // Some lines more than they need: they then fall into different sets of a cache.
        let planes = Planes {
            turned_rows,
            turned: turned_rows * tiling.width + 1 + turned_rows * tiling.width % 2,
            tiles: self.rows * across,
            input: A * A * PANEL + 1,
            delta: A * A * ROW,
        };
        let turned = vectors * LANES * planes.turned;
        let input = vectors.div_ceil(PANEL) * planes.tiles * LANES * planes.input;
        let delta = self.parts.len() * planes.tiles * planes.delta;
        room.resize(room.len().max(turned + input + delta), Line::ZERO);
        let (turned, rest) = room.split_at_mut(turned);
        let (input, delta) = rest.split_at_mut(input);
        let mut to = vec![0; across];
        let strip = Tiling { height: turned_rows, ..tiling };
        for first in (0..tiling.down()).step_by(self.rows) {
            let rows = first..(first + self.rows).min(tiling.down());
            self.turn::<S>(simd, &tiling, first * M, &planes, turned);
            for vector in 0..vectors {
                for image in 0..LANES {
                    let plane = &turned[(vector * LANES + image) * planes.turned..][..planes.turned];
                    for row in 0..rows.len() {
                        for (tile, to) in (row * across..).zip(&mut to) {
                            let block = (vector / PANEL * planes.tiles + tile) * LANES + image;
                            *to = block * planes.input + vector % PANEL;
                        }
                        strip.input::<S, F, M, A>(simd, (row * M) as isize, plane, (input, &to, PANEL));
                    }
                }
            }
            let outputs = self.parts.start * PART..(self.parts.end * PART).min(self.of.c.output.channels as usize);
            for (at, output) in outputs.enumerate() {
                let channel = &self.delta.0[output * self.delta.1..];
                for (tile, of_image) in (rows.start * across..rows.end * across).enumerate() {
                    let to = &mut delta[(at / PART * planes.tiles + tile) * planes.delta + at % PART..];
                    tiling.delta::<S, F, M, A>(simd, tiling.first(of_image), channel, (to, ROW));
                }
            }
            self.products::<S>(simd, A * A, rows.len() * across, &planes, (input, delta), sums);
        }
    }

    /// From a line a channel to a line an image: rows of x from the one above output row `first` on, 0 outside the image.
    #[inline(always)]
    fn turn<S: Simd>(&self, simd: S, tiling: &Tiling, first: usize, planes: &Planes, turned: &mut [Line]) {
        let channels = self.of.c.input.channels as usize;
        for vector in 0..self.of.inputs() / LANES {
            let turned = &mut turned[vector * LANES * planes.turned..];
            for row in 0..planes.turned_rows {
                let from = (first + row).checked_sub(1).filter(|&row| row < tiling.height);
                for column in 0..tiling.width {
                    let to = row * tiling.width + column;
                    let mut lines = [f32x16::splat(simd, 0.0); LANES];
                    if let Some(from) = from {
                        let pixel = from * tiling.width + column;
                        for (channel, line) in (vector * LANES..channels).zip(&mut lines) {
                            *line = f32x16::from_slice(simd, &self.x.0[channel * self.x.1 + pixel].0);
                        }
                        lines = transposed(lines);
                    }
                    for (image, line) in lines.iter().enumerate() {
                        line.store_slice(&mut turned[image * planes.turned + to].0);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn products<S: Simd>(
        &self,
        simd: S,
        places: usize,
        tiles: usize,
        planes: &Planes,
        (input, delta): (&[Line], &[Line]),
        sums: &mut [f32],
    ) {
        let inputs = self.of.inputs();
        let vectors = inputs / LANES;
        for place in 0..places {
            for part in 0..self.parts.len() {
                let delta = &delta[part * planes.tiles * planes.delta..][..tiles * planes.delta];
                let sums = &mut sums[(part * places + place) * PART * inputs..][..PART * inputs];
                let delta = (delta, planes.delta, place * ROW);
                for (panel, first) in (0..vectors).step_by(PANEL).enumerate() {
                    let block = LANES * planes.input;
                    let input = &input[panel * planes.tiles * block..][..tiles * block];
                    let input = (input, planes.input, place * PANEL);
                    let to = (first * LANES, inputs);
                    match (S::f32s::LEN >= 16, vectors - first) {
                        (true, 3..) => {
                            tile::<S, 8, 3>(simd, (delta, input), 0, to, sums);
                            tile::<S, 8, 3>(simd, (delta, input), 8, to, sums);
                        }
                        (true, 2) => {
                            tile::<S, 8, 2>(simd, (delta, input), 0, to, sums);
                            tile::<S, 8, 2>(simd, (delta, input), 8, to, sums);
                        }
                        (true, _) => tile::<S, 16, 1>(simd, (delta, input), 0, to, sums),
                        (false, 3..) => {
                            for skip in (0..PART).step_by(4) {
                                tile::<S, 4, 3>(simd, (delta, input), skip, to, sums);
                            }
                        }
                        (false, 2) => {
                            for skip in (0..PART).step_by(4) {
                                tile::<S, 4, 2>(simd, (delta, input), skip, to, sums);
                            }
                        }
                        (false, _) => {
                            for skip in (0..PART).step_by(8) {
                                tile::<S, 8, 1>(simd, (delta, input), skip, to, sums);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Lines of all places, how many those of one tile are, and where those of one place begin among them.
type Places<'a> = (&'a [Line], usize, usize);

/// Adds the products of `O` outputs from `skip` on and `V` vectors of inputs, of all tiles and images at one place.
#[inline(always)]
fn tile<S: Simd, const O: usize, const V: usize>(
    simd: S,
    ((delta, part, of_delta), (input, panel, of_input)): (Places<'_>, Places<'_>),
    skip: usize,
    (first, inputs): (usize, usize),
    sums: &mut [f32],
) {
    for lane in vectors::<S>() {
        let mut held = [[S::f32s::splat(simd, 0.0); V]; O];
        for (delta, input) in delta.chunks_exact(part).zip(input.chunks_exact(LANES * panel)) {
            let delta = &delta[of_delta..][..PART];
            for (image, input) in input.chunks_exact(panel).enumerate() {
                let lines = &input[of_input..][..V];
                let mut x = [S::f32s::splat(simd, 0.0); V];
                for v in 0..V {
                    x[v] = lines[v].load(simd, lane);
                }
                for o in 0..O {
                    let delta = S::f32s::splat(simd, delta[skip + o].0[image]);
                    for v in 0..V {
                        held[o][v] = x[v].mul_add(delta, held[o][v]);
                    }
                }
            }
        }
        for o in 0..O {
            for v in 0..V {
                let sums = &mut sums[(skip + o) * inputs + first + v * LANES + lane..][..S::f32s::LEN];
                (S::f32s::from_slice(simd, sums) + held[o][v]).store_slice(sums);
            }
        }
    }
}
