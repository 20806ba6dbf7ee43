//! Tiles of an image, and how they are read: rows and columns outside the image are 0.

use fearless_simd::Simd;
use fearless_simd::prelude::*;

use super::forms::Form;
use crate::line::{Line, vectors};

/// The tiles of an image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tiling {
    /// Rows of the image.
    pub height: usize,
    /// Its columns.
    pub width: usize,
    /// Rows, or columns, of outputs of a tile.
    pub outputs: usize,
}

impl Tiling {
    /// Tiles of a row.
    pub fn across(&self) -> usize {
        self.width.div_ceil(self.outputs)
    }

    /// Rows of tiles.
    pub fn down(&self) -> usize {
        self.height.div_ceil(self.outputs)
    }

    /// The first row and column of outputs of a tile.
    pub fn first(&self, tile: usize) -> (usize, usize) {
        (tile / self.across() * self.outputs, tile % self.across() * self.outputs)
    }

    /// Bᵀ x B of a row of tiles of one channel: from row `row` on, of which those before and behind the image are 0, and
    /// from the column left of the image on. Place p of a tile goes to line p · `gap` of where `to` says.
    #[inline(always)]
    pub fn input<S: Simd, F: Form<M, A>, const M: usize, const A: usize>(
        &self,
        simd: S,
        row: isize,
        x: &[Line],
        (room, to, gap): (&mut [Line], &[usize], usize),
    ) {
        let mut rows: [&[Line]; A] = [&[]; A];
        for (i, from) in rows.iter_mut().enumerate() {
            if let Some(row) = usize::try_from(row + i as isize).ok().filter(|&row| row < self.height) {
                *from = &x[row * self.width..][..self.width];
            }
        }
        for lane in vectors::<S>() {
            // A tile's last two columns are the next one's first two.
            let mut columns = [[S::f32s::splat(simd, 0.0); A]; A];
            columns[A - 1] = column::<S, F, M, A>(simd, &rows, 0, lane);
            for (tile, &to) in to.iter().enumerate() {
                columns[0] = columns[A - 2];
                columns[1] = columns[A - 1];
                for j in 2..A {
                    columns[j] = column::<S, F, M, A>(simd, &rows, tile * M + j - 1, lane);
                }
                let to = &mut room[to..][..(A * A - 1) * gap + 1];
                for i in 0..A {
                    let mut row = [S::f32s::splat(simd, 0.0); A];
                    for j in 0..A {
                        row[j] = columns[j][i];
                    }
                    let row = F::input(row);
                    for j in 0..A {
                        to[(i * A + j) * gap].store(simd, row[j], lane);
                    }
                }
            }
        }
    }

    /// A δ Aᵀ of the outputs of a tile, those outside the image taken for 0: place p goes to line p · `gap` of `to`.
    #[inline(always)]
    pub fn delta<S: Simd, F: Form<M, A>, const M: usize, const A: usize>(
        &self,
        simd: S,
        (row, column): (usize, usize),
        delta: &[Line],
        (to, gap): (&mut [Line], usize),
    ) {
        let to = &mut to[..(A * A - 1) * gap + 1];
        let is_whole = row + M <= self.height && column + M <= self.width;
        for lane in vectors::<S>() {
            let mut rows = [[S::f32s::splat(simd, 0.0); A]; M];
            for i in 0..M {
                let mut tile = [S::f32s::splat(simd, 0.0); M];
                if is_whole {
                    let delta = &delta[(row + i) * self.width + column..][..M];
                    for j in 0..M {
                        tile[j] = delta[j].load(simd, lane);
                    }
                } else if row + i < self.height {
                    for j in 0..M {
                        if column + j < self.width {
                            tile[j] = delta[(row + i) * self.width + column + j].load(simd, lane);
                        }
                    }
                }
                rows[i] = F::delta(tile);
            }
            for j in 0..A {
                let mut column = [S::f32s::splat(simd, 0.0); M];
                for i in 0..M {
                    column[i] = rows[i][j];
                }
                let column = F::delta(column);
                for i in 0..A {
                    to[(i * A + j) * gap].store(simd, column[i], lane);
                }
            }
        }
    }
}

/// Bᵀ of one column of `A` rows; rows that are empty, and columns behind the image, are 0.
#[inline(always)]
fn column<S: Simd, F: Form<M, A>, const M: usize, const A: usize>(
    simd: S,
    rows: &[&[Line]; A],
    column: usize,
    lane: usize,
) -> [S::f32s; A] {
    let mut of = [S::f32s::splat(simd, 0.0); A];
    for i in 0..A {
        of[i] = rows[i].get(column).unwrap_or(&Line::ZERO).load(simd, lane);
    }
    F::input(of)
}
