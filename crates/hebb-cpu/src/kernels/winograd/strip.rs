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

    /// Tiles of the image.
    pub fn count(&self) -> usize {
        self.across() * self.down()
    }

    /// The first row and column of outputs of a tile.
    pub fn first(&self, tile: usize) -> (usize, usize) {
        (tile / self.across() * self.outputs, tile % self.across() * self.outputs)
    }

    /// `A` rows and columns of one channel from a row and column on that may lie before the image, transformed by `Bᵀ`
    /// from both sides: place p goes to line p · `stride` of `to`.
    #[inline(always)]
    pub fn input<S: Simd, F: Form<M, A>, const M: usize, const A: usize>(
        &self,
        simd: S,
        (row, column): (isize, isize),
        x: &[Line],
        (to, stride): (&mut [Line], usize),
    ) {
        let (height, width) = (self.height as isize, self.width as isize);
        let is_inner = row >= 0 && column >= 0 && row + A as isize <= height && column + A as isize <= width;
        for lane in vectors::<S>() {
            let mut rows = [[S::f32s::splat(simd, 0.0); A]; A];
            if is_inner {
                let first = row as usize * self.width + column as usize;
                for i in 0..A {
                    let from = &x[first + i * self.width..][..A];
                    for j in 0..A {
                        rows[i][j] = from[j].load(simd, lane);
                    }
                }
            } else {
                for i in 0..A {
                    for j in 0..A {
                        let (row, column) = (row + i as isize, column + j as isize);
                        if (0..height).contains(&row) && (0..width).contains(&column) {
                            rows[i][j] = x[row as usize * self.width + column as usize].load(simd, lane);
                        }
                    }
                }
            }
            for row in &mut rows {
                *row = F::input(*row);
            }
            for j in 0..A {
                let mut column = [S::f32s::splat(simd, 0.0); A];
                for i in 0..A {
                    column[i] = rows[i][j];
                }
                let column = F::input(column);
                for i in 0..A {
                    to[(i * A + j) * stride].store(simd, column[i], lane);
                }
            }
        }
    }

    /// A δ Aᵀ of the outputs of a tile, those outside the image taken for 0: place p goes to line p · `stride` of `to`.
    #[inline(always)]
    pub fn delta<S: Simd, F: Form<M, A>, const M: usize, const A: usize>(
        &self,
        simd: S,
        (row, column): (usize, usize),
        delta: &[Line],
        (to, stride): (&mut [Line], usize),
    ) {
        for lane in vectors::<S>() {
            let mut rows = [[S::f32s::splat(simd, 0.0); A]; M];
            for i in 0..M {
                let mut tile = [S::f32s::splat(simd, 0.0); M];
                for j in 0..M {
                    if row + i < self.height && column + j < self.width {
                        tile[j] = delta[(row + i) * self.width + column + j].load(simd, lane);
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
                    to[(i * A + j) * stride].store(simd, column[i], lane);
                }
            }
        }
    }
}
