//! Twin of `decay`: weights shrink, all alike or by the activity at one end of each.

use hebb_spec::connection::Connection;
use hebb_spec::lane4::{LANE, Lane4, padded};
use hebb_spec::learning::Decay;

use crate::geometry::{images, tap_input, unit, weight_row};
use crate::real::Real;

/// W = W − (rate · s) W, which keeps more digits than (1 − rate · s) W where the rate is small.
///
/// W is `[filter][C_in][ky][kx][C_out]`. s is 1, or the sum of `activity` `[unit][image]` over images and the filter's places
/// (all of a tied connection, its own of an untied one): of the output channel, or of the input that the tap reads there.
pub fn decay<T: Real>(c: &Connection, batch: u32, (by, rate): (Decay, f32), activity: &[T], w: &mut [T]) {
    let (rate, row) = (T::from_f32(rate), weight_row(c));
    for filter in 0..c.filters() {
        let weights = &mut w[filter as usize * (c.filter_vectors() * LANE) as usize..];
        for tap in 0..c.taps() {
            for out in 0..c.output.channels {
                let s = match by {
                    Decay::Even => T::ONE,
                    _ => sum(c, batch, (by, filter, tap, out), activity),
                };
                let at = tap as usize * row + out as usize;
                weights[at] = weights[at] - rate * s * weights[at];
            }
        }
    }
}

/// Σ over the filter's places and all images at one end of a weight.
fn sum<T: Real>(c: &Connection, batch: u32, (by, filter, tap, out): (Decay, u32, u32, u32), activity: &[T]) -> T {
    let places = if c.untied { filter..filter + 1 } else { 0..c.output.places() };
    let (kx, ky, channel) = (tap % c.kernel_w, tap / c.kernel_w % c.kernel_h, tap / c.kernel_w / c.kernel_h);
    let mut total = T::ZERO;
    for place in places {
        let (row, column) = (place / c.output.width, place % c.output.width);
        let end = match by {
            Decay::ByPost => Some(unit(c.output, out, row, column)),
            _ => tap_input(row, ky, c.pad_top(), c.input.height)
                .zip(tap_input(column, kx, c.pad_left(), c.input.width))
                .map(|(row, column)| unit(c.input, channel, row, column)),
        };
        if let Some(end) = end {
            images(activity, end, padded(batch)).iter().for_each(|&value| total += value);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;

    #[test]
    fn each_weight_shrinks_by_the_activity_at_its_end() {
        // Two inputs, three outputs, two images and two of padding: W `[input][output, padded]`.
        let c = Connection::full(Shape::flat(2), 3);
        let w = [1.0_f32, 2.0, 4.0, 0.0, 8.0, 16.0, 32.0, 0.0];
        let run = |by, activity: &[f32]| {
            let mut w = w;
            decay(&c, 2, (by, 0.25), activity, &mut w);
            w
        };
        assert_eq!(run(Decay::Even, &[]), [0.75, 1.5, 3.0, 0.0, 6.0, 12.0, 24.0, 0.0]);
        let y = [1.0, 1.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, -4.0, 0.0, 0.0];
        assert_eq!(run(Decay::ByPost, &y), [0.5, 0.0, 8.0, 0.0, 4.0, 0.0, 64.0, 0.0]);
        let x = [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(run(Decay::ByPre, &x), [0.25, 0.5, 1.0, 0.0, 8.0, 16.0, 32.0, 0.0]);
    }

    #[test]
    fn a_tied_filter_counts_each_place_that_its_tap_reads() {
        // 1×3 pixels, filter 1×2 (itself, right neighbour): the second tap reads the last two.
        let c = Connection::conv(Shape::new(1, 1, 3), 1, 1, 2);
        let x = [1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0];
        let mut w = [1.0_f32, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        decay(&c, 1, (Decay::ByPre, 0.125), &x, &mut w);
        assert_eq!((w[0], w[4]), (1.0 - 7.0 / 8.0, 1.0 - 6.0 / 8.0));
        let untied = c.untie();
        let mut w = [1.0_f32; 24];
        decay(&untied, 1, (Decay::ByPre, 0.125), &x, &mut w);
        assert_eq!([w[0], w[4], w[8], w[12]], [0.875, 0.75, 0.75, 0.5], "each place its own");
        assert_eq!(w[20], 1.0, "what lies outside the image is 0");
    }
}
