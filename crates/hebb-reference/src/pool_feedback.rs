//! Twin of `pool_feedback`: δ to the maxima of each window, gathered by each pixel from the windows that hold it.

use std::ops::Range;

use hebb_spec::lane4::padded;
use hebb_spec::pool::{Pool, PoolTies};

use crate::connect_feedback::Gate;
use crate::geometry::{gated, unit};
use crate::pool_forward::window_pixel;
use crate::real::Real;

/// δ of x `[channel][row][column][image]` = σ′ · Σ δ of y over the windows whose maximum y this x is: with ties, every
/// maximum gets δ, or only the first in row-major order, zeros outside counted where they take part.
pub fn pool_feedback<T: Real>(
    pool: &Pool,
    batch: u32,
    (x, y, delta): (&[T], &[T], &[T]),
    gate: Option<Gate<'_, T>>,
    below: &mut [T],
) {
    let (b, output) = (padded(batch), pool.output());
    for channel in 0..pool.input.channels {
        for row in 0..pool.input.height {
            for column in 0..pool.input.width {
                let at = unit(pool.input, channel, row, column);
                for image in 0..b {
                    let value = x[at * b + image];
                    let mut sum = T::ZERO;
                    for out_row in windows_holding(pool, row, output.height) {
                        for out_column in windows_holding(pool, column, output.width) {
                            let window = unit(output, channel, out_row, out_column) * b + image;
                            let wins = y[window] == value
                                && (pool.ties == PoolTies::All
                                    || is_first(pool, (out_row, out_column), (row, column), value, |row, column| {
                                        x[unit(pool.input, channel, row, column) * b + image]
                                    }));
                            if wins {
                                sum += delta[window];
                            }
                        }
                    }
                    below[at * b + image] = match &gate {
                        Some(Gate { slope, x }) => gated(T::from_f32(*slope), x[at * b + image], sum),
                        None => sum,
                    };
                }
            }
        }
    }
}

/// The output rows (or columns) whose windows hold an input row (or column).
pub(crate) fn windows_holding(pool: &Pool, at: u32, outputs: u32) -> Range<u32> {
    let last = at + pool.before();
    let first = (last + 1).saturating_sub(pool.size).div_ceil(pool.stride);
    first..(last / pool.stride + 1).min(outputs)
}

/// Whether no place of the window before `pixel`, in row-major order, has the maximum `value` too.
fn is_first<T: Real>(pool: &Pool, output: (u32, u32), pixel: (u32, u32), value: T, x: impl Fn(u32, u32) -> T) -> bool {
    for wy in 0..pool.size {
        for wx in 0..pool.size {
            match window_pixel(pool, output, (wy, wx)) {
                Some(here) if here == pixel => return true,
                Some((row, column)) if x(row, column) == value => return false,
                None if pool.outside_counts() && value == T::ZERO => return false,
                _ => {}
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool_forward::pool_forward;
    use hebb_spec::Shape;
    use hebb_spec::pool::PoolWindow;

    /// δ of the first image's pixels; the windows' δ are 1, 10, 100, …
    fn feedback(pool: Pool, gate: Option<f32>, pixels: &[f32]) -> Vec<f32> {
        let x: Vec<f32> = pixels.iter().flat_map(|&pixel| [pixel; 4]).collect();
        let mut y = vec![f32::NAN; pool.output().units() as usize * 4];
        pool_forward(&pool, 1, &x, &mut y);
        let delta: Vec<f32> = (0..y.len() / 4).flat_map(|window| [10_f32.powi(window as i32), 0.0, 0.0, 0.0]).collect();
        let mut below = vec![f32::NAN; x.len()];
        let gate = gate.map(|slope| Gate { slope, x: &x });
        pool_feedback(&pool, 1, (&x, &y, &delta), gate, &mut below);
        assert!(below.iter().enumerate().all(|(at, &below)| at % 4 == 0 || below == 0.0), "padding");
        below.into_iter().step_by(4).collect()
    }

    fn pool(side: (u32, u32), size: u32, stride: u32, window: PoolWindow, ties: PoolTies) -> Pool {
        Pool { input: Shape::new(1, side.0, side.1), size, stride, window, ties }
    }

    #[test]
    fn overlapping_windows_add_at_their_common_maximum() {
        let mut pixels = [0.1; 20];
        pixels[2] = 0.9; // row 0, column 2 of 4 × 5: in windows 0 and 1, both rows of windows start at 0 and 2
        pixels[12] = 0.5; // row 2, column 2: beaten above, the maximum of windows 3 and 4
        let below = feedback(pool((4, 5), 3, 2, PoolWindow::FromPixel, PoolTies::All), None, &pixels);
        assert_eq!(below[2], 11.0);
        assert_eq!(below[12], 11_000.0);
        assert_eq!(below[4], 100.0, "window 2 holds only column 4 and outside");
        assert_eq!(below[9], 100.0, "ties: every maximum");
        let first = feedback(pool((4, 5), 3, 2, PoolWindow::FromPixel, PoolTies::First), None, &pixels);
        assert_eq!((first[4], first[9]), (100.0, 0.0), "ties: the first");
    }

    #[test]
    fn outside_zeros_take_the_delta_of_the_first() {
        // All pixels 0. Centred windows of 2 × 2 pixels: outside lies before the pixel, so `First` gives nothing.
        let centred = |ties| feedback(pool((2, 2), 3, 2, PoolWindow::Centred, ties), None, &[0.0; 4]);
        assert_eq!(centred(PoolTies::First), [0.0; 4]);
        assert_eq!(centred(PoolTies::All), [1.0; 4]);
        // From the pixel, outside lies behind it: the pixel comes first.
        let from = |ties| feedback(pool((2, 2), 3, 2, PoolWindow::FromPixel, ties), None, &[0.0; 4]);
        assert_eq!(from(PoolTies::First), [1.0, 0.0, 0.0, 0.0]);
        // Negative pixels lose against outside.
        let lost = feedback(pool((2, 2), 3, 2, PoolWindow::FromPixel, PoolTies::All), None, &[-1.0; 4]);
        assert_eq!(lost, [0.0; 4]);
    }

    #[test]
    fn equal_stride_and_size_ignore_outside() {
        let pixels = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.5];
        let below = feedback(pool((3, 3), 2, 2, PoolWindow::Centred, PoolTies::First), None, &pixels);
        assert_eq!(below, [1.0, 0.0, 10.0, 0.0, 0.0, 0.0, 100.0, 0.0, 1000.0]);
    }

    #[test]
    fn the_gate_closes_at_one() {
        let pixels = [1.0, 0.5, -1.0, 0.25];
        let below = feedback(pool((1, 4), 1, 1, PoolWindow::FromPixel, PoolTies::All), Some(0.5), &pixels);
        assert_eq!(below, [0.0, 5.0, 0.0, 500.0]);
    }

    #[test]
    fn a_stride_above_the_size_leaves_pixels_in_no_window() {
        let below =
            feedback(pool((1, 5), 2, 3, PoolWindow::FromPixel, PoolTies::All), None, &[1.0, 2.0, 9.0, 4.0, 3.0]);
        assert_eq!(below, [0.0, 1.0, 0.0, 10.0, 0.0]);
    }
}
