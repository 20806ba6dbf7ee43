//! What Winograd's F(m×m, 3×3) does to the error bound of a convolution's sums: the same computation on absolute values,
//! with the absolute values of its matrices (Lavin and Gray 2016, with one sign of F(2×2, 3×3) moved from A to B).
//!
//! y = Aᵀ[(G w Gᵀ) ⊙ (Bᵀ x B)] A: each number that goes in passes a product with an entry of each matrix and a known number
//! of roundings, so the error is at most γ(roundings) · |Aᵀ|[(|G||w||Gᵀ|) ⊙ (|Bᵀ||x||B|)]|A|, summed over what is summed.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::{Lane4, padded};

use crate::geometry::{unit, weight_row};

/// One form.
pub(crate) struct Winograd {
    /// Outputs of a tile along one axis.
    m: usize,
    /// |Bᵀ|, a × a.
    b: &'static [&'static [f64]],
    /// |G|, a × 3.
    g: &'static [&'static [f64]],
    /// |Aᵀ|, m × a.
    a: &'static [&'static [f64]],
    /// Roundings of one application of Bᵀ, G, Aᵀ, A and Gᵀ, each along one axis: additions, products with what is no power
    /// of two, and the rounding of such a factor.
    roundings: [u64; 5],
}

const TWO: Winograd = Winograd {
    m: 2,
    b: &[&[1.0, 0.0, 1.0, 0.0], &[0.0, 1.0, 1.0, 0.0], &[0.0, 1.0, 1.0, 0.0], &[0.0, 1.0, 0.0, 1.0]],
    g: &[&[1.0, 0.0, 0.0], &[0.5, 0.5, 0.5], &[0.5, 0.5, 0.5], &[0.0, 0.0, 1.0]],
    a: &[&[1.0, 1.0, 1.0, 0.0], &[0.0, 1.0, 1.0, 1.0]],
    roundings: [1, 2, 2, 1, 2],
};

const FOUR: Winograd = Winograd {
    m: 4,
    b: &[
        &[4.0, 0.0, 5.0, 0.0, 1.0, 0.0],
        &[0.0, 4.0, 4.0, 1.0, 1.0, 0.0],
        &[0.0, 4.0, 4.0, 1.0, 1.0, 0.0],
        &[0.0, 2.0, 1.0, 2.0, 1.0, 0.0],
        &[0.0, 2.0, 1.0, 2.0, 1.0, 0.0],
        &[0.0, 4.0, 0.0, 5.0, 0.0, 1.0],
    ],
    g: &[
        &[1.0 / 4.0, 0.0, 0.0],
        &[1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0],
        &[1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0],
        &[1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
        &[1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
        &[0.0, 0.0, 1.0],
    ],
    a: &[
        &[1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
        &[0.0, 1.0, 1.0, 2.0, 2.0, 0.0],
        &[0.0, 1.0, 1.0, 4.0, 4.0, 0.0],
        &[0.0, 1.0, 1.0, 8.0, 8.0, 1.0],
    ],
    roundings: [3, 4, 3, 2, 5],
};

/// A convolution as its output sees it: feedback is the forward pass of the filter turned round.
pub(crate) struct Seen<'a> {
    /// The shape of what is read; what is written has the same rows and columns.
    pub input: Shape,
    /// Channels of what is written.
    pub channels: u32,
    /// |w| of an output, an input, a row and a column of the filter.
    pub weight: &'a dyn Fn(u32, u32, u32, u32) -> f64,
}

impl Winograd {
    /// The form of so many outputs a tile along one axis.
    ///
    /// # Panics
    /// If it is none whose bound is known: that is a fault of the backend that names it.
    pub fn of(outputs: u32) -> &'static Self {
        match outputs {
            2 => &TWO,
            4 => &FOUR,
            other => panic!("no bound is known of F({other}x{other}, 3x3)"),
        }
    }

    /// Roundings of an output besides the additions between the transforms: the transforms' and the product's.
    pub fn forward_roundings(&self) -> u64 {
        let [input, filter, output, _, _] = self.roundings;
        2 * (input + filter + output) + 1
    }

    /// The same of a weight's sum.
    pub fn update_roundings(&self) -> u64 {
        let [input, _, _, delta, sums] = self.roundings;
        2 * (input + delta + sums) + 1
    }

    /// The sizes of all outputs `[unit][image]` of |x| `[unit][image]`, `b` images.
    pub fn sizes(&self, seen: &Seen<'_>, b: usize, x: &[f64]) -> Vec<f64> {
        let places = self.b.len().pow(2);
        let shape = Shape { channels: seen.channels, ..seen.input };
        let mut sizes = vec![0.0; shape.units() as usize * b];
        let inputs = seen.input.channels;
        let filters: Vec<f64> = (0..seen.channels)
            .flat_map(|out| (0..inputs).map(move |input| (out, input)))
            .flat_map(|(out, input)| {
                both(self.g, 3, 1, |row, column, _| (seen.weight)(out, input, row as u32, column as u32))
            })
            .collect();
        for (top, left) in tiles(shape, self.m) {
            let taps: Vec<Vec<f64>> =
                (0..inputs).map(|input| self.taps(seen.input, input, (top, left), b, x)).collect();
            for out in 0..seen.channels {
                let mut products = vec![0.0; places * b];
                for (input, taps) in (0..inputs).zip(&taps) {
                    let filter = &filters[(out * inputs + input) as usize * places..][..places];
                    for (at, (product, tap)) in products.iter_mut().zip(taps).enumerate() {
                        *product += filter[at / b] * tap;
                    }
                }
                let side = self.b.len();
                let tile = both(self.a, side, b, |row, column, image| products[(row * side + column) * b + image]);
                self.each_output(shape, out, (top, left), b, |at, of_tile, image| {
                    sizes[at * b + image] = tile[of_tile * b + image];
                });
            }
        }
        sizes
    }

    /// The sizes of all weights' sums, in the lane-4 form, of |δ| and |x| `[unit][image]`.
    pub fn update_sizes(&self, c: &Connection, batch: u32, (delta, x): (&[f64], &[f64])) -> Vec<f64> {
        let (b, side) = (padded(batch), self.b.len());
        let mut sums = vec![vec![0.0; side * side]; (c.output.channels * c.input.channels) as usize];
        let columns = transposed(self.a);
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        for (top, left) in tiles(c.output, self.m) {
            let taps: Vec<Vec<f64>> =
                (0..c.input.channels).map(|input| self.taps(c.input, input, (top, left), b, x)).collect();
            for out in 0..c.output.channels {
                let mut tile = vec![0.0; self.m * self.m * b];
                self.each_output(c.output, out, (top, left), b, |at, of_tile, image| {
                    tile[of_tile * b + image] = delta[at * b + image];
                });
                let spread = both(&columns, self.m, b, |row, column, image| tile[(row * self.m + column) * b + image]);
                for (input, taps) in (0..c.input.channels).zip(&taps) {
                    let sums = &mut sums[(out * c.input.channels + input) as usize];
                    for (at, (delta, tap)) in spread.iter().zip(taps).enumerate() {
                        sums[at / b] += delta * tap;
                    }
                }
            }
        }
        let rows = transposed(self.g);
        let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let mut sizes = vec![0.0; c.lane4_len()];
        for out in 0..c.output.channels {
            for input in 0..c.input.channels {
                let sums = &sums[(out * c.input.channels + input) as usize];
                let filter = both(&rows, side, 1, |row, column, _| sums[row * side + column]);
                for (tap, size) in filter.into_iter().enumerate() {
                    sizes[(input as usize * 9 + tap) * weight_row(c) + out as usize] = size;
                }
            }
        }
        sizes
    }

    /// |Bᵀ||x||B| of one channel and tile, `[place][image]`.
    fn taps(&self, shape: Shape, channel: u32, (top, left): (u32, u32), b: usize, x: &[f64]) -> Vec<f64> {
        both(self.b, self.b.len(), b, |row, column, image| {
            let inside = |first: u32, at: usize, size: u32| (first + at as u32).checked_sub(1).filter(|&at| at < size);
            match (inside(top, row, shape.height), inside(left, column, shape.width)) {
                (Some(row), Some(column)) => x[unit(shape, channel, row, column) * b + image],
                _ => 0.0,
            }
        })
    }

    /// Visits the outputs of a tile that lie within the image: unit, number in the tile, image.
    fn each_output(
        &self,
        shape: Shape,
        channel: u32,
        (top, left): (u32, u32),
        b: usize,
        mut visit: impl FnMut(usize, usize, usize),
    ) {
        for row in 0..self.m as u32 {
            for column in 0..self.m as u32 {
                if top + row < shape.height && left + column < shape.width {
                    let at = unit(shape, channel, top + row, left + column);
                    (0..b).for_each(|image| visit(at, row as usize * self.m + column as usize, image));
                }
            }
        }
    }
}

/// The first row and column of each tile.
fn tiles(shape: Shape, m: usize) -> impl Iterator<Item = (u32, u32)> {
    let rows = (0..shape.height).step_by(m);
    rows.flat_map(move |row| (0..shape.width).step_by(m).map(move |column| (row, column)))
}

fn transposed(matrix: &[&[f64]]) -> Vec<Vec<f64>> {
    let columns = matrix.first().map_or(0, |row| row.len());
    (0..columns).map(|column| matrix.iter().map(|row| row[column]).collect()).collect()
}

/// M v Mᵀ of a square v of `side` rows, for each of `b` images: `[place][image]`.
fn both(matrix: &[&[f64]], side: usize, b: usize, v: impl Fn(usize, usize, usize) -> f64) -> Vec<f64> {
    let to = matrix.len();
    let mut half = vec![0.0; to * side * b];
    for (row, factors) in matrix.iter().enumerate() {
        for (from, &factor) in factors.iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
            for column in 0..side {
                let half = &mut half[(row * side + column) * b..][..b];
                half.iter_mut().enumerate().for_each(|(image, half)| *half += factor * v(from, column, image));
            }
        }
    }
    let mut all = vec![0.0; to * to * b];
    for row in 0..to {
        for (column, factors) in matrix.iter().enumerate() {
            for (from, &factor) in factors.iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
                let all = &mut all[(row * to + column) * b..][..b];
                let half = &half[(row * side + from) * b..][..b];
                all.iter_mut().zip(half).for_each(|(all, half)| *all += factor * half);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes are at least the sums of absolute products, and for one place of ones what the matrices say.
    #[test]
    fn sizes_bound_the_plain_sums() {
        let shape = Shape::new(2, 5, 3);
        let weight = |_: u32, _: u32, _: u32, _: u32| 1.0;
        let seen = Seen { input: shape, channels: 1, weight: &weight };
        let x = vec![1.0; shape.units() as usize * 4];
        for outputs in [2, 4] {
            let sizes = Winograd::of(outputs).sizes(&seen, 4, &x);
            assert_eq!(sizes.len(), 15 * 4);
            for (at, size) in sizes.iter().enumerate() {
                let (row, column) = (at / 4 / 3, at / 4 % 3);
                let taps = if row % 4 == 0 { 2.0 } else { 3.0 } * if column == 1 { 3.0 } else { 2.0 };
                assert!(*size >= 2.0 * taps, "{outputs}: {size} for {taps} taps");
            }
        }
        let c = Connection::conv(shape, 1, 3, 3);
        let sizes = Winograd::of(2).update_sizes(&c, 4, (&x[..60], &x));
        assert!(sizes.iter().step_by(4).all(|&size| size >= 4.0 * 8.0), "{sizes:?}");
    }
}
