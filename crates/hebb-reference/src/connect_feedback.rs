//! Twin of `connect_feedback`: R δ, then σ′ of the layer below. Equation (2); back-propagation reads W as R.

use hebb_spec::connection::Connection;
use hebb_spec::lane4::padded;

use crate::geometry::{axpy, filter_start, gated, images, tap_output, unit, weight_row};
use crate::real::Real;

/// σ′ of the layer below: its slope and its activity right after σ, `[C_in][row][column][image]`.
#[derive(Debug, Clone, Copy)]
pub struct Gate<'a, T> {
    /// Slope of σ.
    pub slope: f32,
    /// The activity right after σ.
    pub x: &'a [T],
}

/// below `[C_in][row][column][image]` = σ′ · (skip + Σ R `[filter][C_in][ky][kx][C_out]` · δ
/// `[C_out][row − ky + pad][column − kx + pad][image]`), where untied with the filter of the place that δ comes from.
pub fn connect_feedback<T: Real>(
    c: &Connection,
    batch: u32,
    (skip, gate): (Option<&[T]>, Option<Gate<'_, T>>),
    r: &[T],
    delta: &[T],
    below: &mut [T],
) {
    let (b, weight_row) = (padded(batch), weight_row(c));
    for channel in 0..c.input.channels {
        for row in 0..c.input.height {
            for column in 0..c.input.width {
                let at = unit(c.input, channel, row, column);
                let sum = &mut below[at * b..][..b];
                match skip {
                    Some(skip) => sum.copy_from_slice(images(skip, at, b)),
                    None => sum.fill(T::ZERO),
                }
                for ky in 0..c.kernel_h {
                    let Some(out_row) = tap_output(row, ky, c.pad_top(), c.output.height) else { continue };
                    for kx in 0..c.kernel_w {
                        let Some(out_column) = tap_output(column, kx, c.pad_left(), c.output.width) else { continue };
                        let tap = ((channel * c.kernel_h + ky) * c.kernel_w + kx) as usize;
                        let r = &r[filter_start(c, out_row, out_column)..];
                        for out in 0..c.output.channels {
                            let delta = images(delta, unit(c.output, out, out_row, out_column), b);
                            axpy(r[tap * weight_row + out as usize], delta, sum);
                        }
                    }
                }
                if let Some(Gate { slope, x }) = gate {
                    for (sum, &x) in sum.iter_mut().zip(images(x, at, b)) {
                        *sum = gated(T::from_f32(slope), x, *sum);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;
    use hebb_spec::lane4;
    use hebb_spec::layout::Layout;

    fn weights(c: &Connection, values: &[f32]) -> Vec<f32> {
        lane4::pack(&Layout::Weights(*c), values)
    }

    #[test]
    fn an_even_kernel_sends_delta_to_the_pixels_it_read() {
        // Forward is h = x + 10 · right neighbour, so a pixel gets its own δ and 10 times its left neighbour's.
        let c = Connection::conv(Shape::new(1, 1, 3), 1, 1, 2);
        let r = weights(&c, &[1.0, 10.0]);
        let delta = [1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 3.0, -1.0, 0.0, 0.0];
        let mut below = [f32::NAN; 12];
        connect_feedback(&c, 2, (None, None), &r, &delta, &mut below);
        assert_eq!(below, [1.0, 0.0, 0.0, 0.0, 12.0, 0.0, 0.0, 0.0, 23.0, -1.0, 0.0, 0.0]);
    }

    #[test]
    fn saturated_units_send_nothing() {
        let c = Connection::full(Shape::flat(3), 2);
        let r = weights(&c, &[1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
        let delta = [1.0, 1.0, 1.0, 1.0, 0.0, 1.0, -1.0, 2.0];
        let x = [1.0, -1.0, 0.999, 0.0, 0.5, 0.5, 0.5, 0.5, -0.5, 1.0, -1.0, 0.0];
        let mut below = [f32::NAN; 12];
        let gate = Gate { slope: 0.5, x: &x };
        connect_feedback(&c, 4, (None, Some(gate)), &r, &delta, &mut below);
        assert_eq!(below, [0.0, 0.0, -4.5, 10.5, 1.0, 11.0, -9.0, 21.0, 1.5, 0.0, 0.0, 31.5]);
        connect_feedback(&c, 4, (Some(&[2.0; 12]), Some(gate)), &r, &delta, &mut below);
        assert_eq!(below[..4], [0.0, 0.0, -3.5, 11.5], "the second δ passes the same σ′");
    }

    #[test]
    fn an_untied_place_sends_through_its_own_filter() {
        // Forward is h = x + 10 · right neighbour at the first place, 100 · x at the second.
        let c = Connection::conv(Shape::new(1, 1, 2), 1, 1, 2).untie();
        let r = weights(&c, &[1.0, 10.0, 100.0, 0.0]);
        let mut below = [f32::NAN; 8];
        connect_feedback(&c, 1, (None, None), &r, &[1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0], &mut below);
        assert_eq!((below[0], below[4]), (1.0, 210.0));
    }
}
