//! Twin of `connect_forward`: h = W x, then σ. Equation (1).

use hebb_spec::connection::Connection;
use hebb_spec::lane4::padded;

use crate::geometry::{axpy, filter_start, images, tap_input, unit, weight_row};
use crate::real::Real;

/// y `[C_out][row][column][image]` = σ(Σ W `[filter][C_in][ky][kx][C_out]` · x
/// `[C_in][row + ky − pad][column + kx − pad][image]`), the place's own filter where untied, taps outside left out;
/// σ(h) = clip(slope · h, −1, 1), or h without a slope.
pub fn connect_forward<T: Real>(c: &Connection, batch: u32, slope: Option<f32>, w: &[T], x: &[T], y: &mut [T]) {
    let (b, weight_row) = (padded(batch), weight_row(c));
    for out in 0..c.output.channels {
        for row in 0..c.output.height {
            for column in 0..c.output.width {
                let sum = &mut y[unit(c.output, out, row, column) * b..][..b];
                sum.fill(T::ZERO);
                let w = &w[filter_start(c, row, column)..];
                for channel in 0..c.input.channels {
                    for ky in 0..c.kernel_h {
                        let Some(in_row) = tap_input(row, ky, c.pad_top(), c.input.height) else { continue };
                        for kx in 0..c.kernel_w {
                            let Some(in_column) = tap_input(column, kx, c.pad_left(), c.input.width) else { continue };
                            let tap = ((channel * c.kernel_h + ky) * c.kernel_w + kx) as usize;
                            let x = images(x, unit(c.input, channel, in_row, in_column), b);
                            axpy(w[tap * weight_row + out as usize], x, sum);
                        }
                    }
                }
                if let Some(slope) = slope {
                    for h in sum {
                        *h = (T::from_f32(slope) * *h).clip();
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
    fn an_even_kernel_on_an_image_that_is_not_square() {
        // One channel, 2 rows × 3 columns, filter 1×2: h = x + 10 · right neighbour.
        let c = Connection::conv(Shape::new(1, 2, 3), 1, 1, 2);
        let w = weights(&c, &[1.0, 10.0]);
        let x: Vec<f32> = (1..=6).flat_map(|pixel| [pixel as f32, -(pixel as f32), 0.0, 100.0]).collect();
        let mut y = vec![f32::NAN; 24];
        connect_forward(&c, 2, None, &w, &x, &mut y);
        let image = |at: usize| y.iter().skip(at).step_by(4).copied().collect::<Vec<_>>();
        assert_eq!(image(0), [21.0, 32.0, 3.0, 54.0, 65.0, 6.0]);
        assert_eq!(image(1), [-21.0, -32.0, -3.0, -54.0, -65.0, -6.0]);
        assert_eq!(image(3), [1100.0, 1100.0, 100.0, 1100.0, 1100.0, 100.0], "padded images are computed too");
    }

    #[test]
    fn an_untied_place_has_its_own_filter() {
        let c = Connection::conv(Shape::new(1, 1, 2), 1, 1, 2).untie();
        let w = weights(&c, &[1.0, 10.0, 100.0, 0.0]);
        let mut y = [f32::NAN; 8];
        connect_forward(&c, 1, None, &w, &[1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0], &mut y);
        assert_eq!((y[0], y[4]), (21.0, 200.0));
    }

    #[test]
    fn sigma_scales_then_clips() {
        let c = Connection::full(Shape::flat(2), 3);
        let w = weights(&c, &[1.0, 1.0, -2.0, -2.0, 0.25, 0.0]);
        let x = [1.0, 0.5, 0.0, 0.0, 1.0, 0.25, 0.0, 0.0];
        let mut y = vec![f32::NAN; 12];
        connect_forward(&c, 2, Some(0.5), &w, &x, &mut y);
        assert_eq!(y, [1.0, 0.375, 0.0, 0.0, -1.0, -0.75, 0.0, 0.0, 0.125, 0.0625, 0.0, 0.0]);
    }

    #[test]
    fn a_filter_larger_than_the_image_sees_only_its_middle() {
        let c = Connection::conv(Shape::new(1, 1, 1), 1, 3, 3);
        let w = weights(&c, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        let mut y = [0.0_f32; 4];
        connect_forward(&c, 1, None, &w, &[1.0; 4], &mut y);
        assert_eq!(y, [5.0; 4]);
    }
}
