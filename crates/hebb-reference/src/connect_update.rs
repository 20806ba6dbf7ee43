//! Twin of `connect_update`: ⟨δ xᵀ⟩ into W and R at once, or as partial sums over runs of places.

use std::ops::Range;

use hebb_spec::connection::Connection;
use hebb_spec::lane4::{LANE, Lane4, padded, split_places};

use crate::connect_apply::{Learner, learn};
use crate::geometry::{images, tap_input, unit, weight_row};
use crate::real::Real;

/// W = keep · W + rate · S and R = keep · R + ε · rate · S, S `[filter][C_in][ky][kx][C_out]` = Σ of δ · x over the
/// filter's places (all of a tied connection, its own of an untied one) and images; computed once for both.
pub fn connect_update<T: Real>(c: &Connection, batch: u32, (delta, x): (&[T], &[T]), weights: &mut Learner<'_, T>) {
    for filter in 0..c.filters() {
        let places = if c.untied { filter..filter + 1 } else { 0..c.output.places() };
        let first = filter as usize * (c.filter_vectors() * LANE) as usize;
        each_weight(c, |tap, out, index| {
            let sum = sum(c, batch, (tap, out), places.clone(), (delta, x));
            learn(sum, first + index, weights);
        });
    }
}

/// sums `[split][C_in][ky][kx][C_out, padded to four]`: each split adds its own run of places. Padding is written as 0.
pub fn connect_partial<T: Real>(c: &Connection, batch: u32, splits: u32, (delta, x): (&[T], &[T]), sums: &mut [T]) {
    sums.fill(T::ZERO);
    for (split, sums) in (0..splits).zip(sums.chunks_exact_mut(c.lane4_len())) {
        let places = split_places(c.output.places(), splits, split);
        each_weight(c, |tap, out, index| sums[index] = sum(c, batch, (tap, out), places.clone(), (delta, x)));
    }
}

/// Visits each weight: its tap (input channel, row and column of the filter), its output channel, its index.
fn each_weight(c: &Connection, mut visit: impl FnMut([u32; 3], u32, usize)) {
    let weight_row = weight_row(c);
    for channel in 0..c.input.channels {
        for ky in 0..c.kernel_h {
            for kx in 0..c.kernel_w {
                let tap = ((channel * c.kernel_h + ky) * c.kernel_w + kx) as usize;
                for out in 0..c.output.channels {
                    visit([channel, ky, kx], out, tap * weight_row + out as usize);
                }
            }
        }
    }
}

/// Σ δ · x of one weight over a run of places, row by row, and all images: a sum for each of a four-vector's lanes, then
/// the four in order.
fn sum<T: Real>(
    c: &Connection,
    batch: u32,
    ([channel, ky, kx], out): ([u32; 3], u32),
    places: Range<u32>,
    (delta, x): (&[T], &[T]),
) -> T {
    let b = padded(batch);
    let mut sums = [T::ZERO; LANE as usize];
    for place in places {
        let (row, column) = (place / c.output.width, place % c.output.width);
        let Some(in_row) = tap_input(row, ky, c.pad_top(), c.input.height) else { continue };
        let Some(in_column) = tap_input(column, kx, c.pad_left(), c.input.width) else { continue };
        let delta = images(delta, unit(c.output, out, row, column), b).as_chunks::<{ LANE as usize }>().0;
        let x = images(x, unit(c.input, channel, in_row, in_column), b).as_chunks::<{ LANE as usize }>().0;
        for (delta, x) in delta.iter().zip(x) {
            for lane in 0..LANE as usize {
                sums[lane] += delta[lane] * x[lane];
            }
        }
    }
    sums.into_iter().fold(T::ZERO, |total, sum| total + sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;
    use hebb_spec::lane4;
    use hebb_spec::layout::Layout;
    use hebb_spec::learning::{Learning, Rate};

    fn weights(c: &Connection, values: &[f32]) -> Vec<f32> {
        lane4::pack(&Layout::Weights(*c), values)
    }

    fn learner<'a>(epsilon: Option<f32>, rate: f32, w: &'a mut [f32], r: Option<&'a mut [f32]>) -> Learner<'a, f32> {
        Learner { learning: Learning::new(Rate(0), epsilon), rate, w, r, mask_w: None, mask_r: None, trace: None }
    }

    #[test]
    fn each_tap_adds_its_products_once() {
        // 1×3 pixels, filter 1×2 (itself, right neighbour), one image and three that are padding with δ = 0.
        let c = Connection::conv(Shape::new(1, 1, 3), 1, 1, 2);
        let delta = [1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0];
        let x = [1.0, 9.0, 9.0, 9.0, 10.0, 9.0, 9.0, 9.0, 100.0, 9.0, 9.0, 9.0];
        let (mut w, mut r) = (weights(&c, &[1.0, 2.0]), weights(&c, &[3.0, 4.0]));
        let mut weights = learner(Some(0.25), 0.5, &mut w, Some(&mut r));
        connect_update(&c, 1, (&delta, &x), &mut weights);
        assert_eq!(w, [1.0 + 421.0 / 2.0, 0.0, 0.0, 0.0, 2.0 + 210.0 / 2.0, 0.0, 0.0, 0.0]);
        assert_eq!(r, [3.0 + 421.0 / 8.0, 0.0, 0.0, 0.0, 4.0 + 210.0 / 8.0, 0.0, 0.0, 0.0]);

        let mut sums = [f32::NAN; 16];
        connect_partial(&c, 1, 2, (&delta, &x), &mut sums);
        assert_eq!(sums[..8], [21.0, 0.0, 0.0, 0.0, 210.0, 0.0, 0.0, 0.0], "places 0 and 1");
        assert_eq!(sums[8..], [400.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], "place 2");
    }

    #[test]
    fn all_images_of_an_odd_batch_count() {
        let c = Connection::full(Shape::flat(1), 2);
        let delta = [1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        let x = [1.0, 10.0, 100.0, 1000.0, 10_000.0, 7.0, 7.0, 7.0];
        let mut w = [0.0_f32; 4];
        connect_update(&c, 5, (&delta, &x), &mut learner(None, 1.0, &mut w, None));
        assert_eq!(w, [54_321.0, 9_999.0, 0.0, 0.0]);
    }

    #[test]
    fn an_untied_place_learns_from_itself_alone() {
        let c = Connection::conv(Shape::new(1, 1, 2), 1, 1, 2).untie();
        let delta = [1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0];
        let x = [10.0, 0.0, 0.0, 0.0, 100.0, 0.0, 0.0, 0.0];
        let mut w = vec![0.0_f32; c.lane4_len()];
        connect_update(&c, 1, (&delta, &x), &mut learner(None, 1.0, &mut w, None));
        assert_eq!(lane4::unpack(&Layout::Weights(c), &w), [10.0, 100.0, 200.0, 0.0]);
    }
}
