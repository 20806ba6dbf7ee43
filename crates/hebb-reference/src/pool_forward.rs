//! Twin of `pool_forward`: the maximum of each window.

use hebb_spec::lane4::padded;
use hebb_spec::pool::Pool;

use crate::geometry::{images, unit};
use crate::real::Real;

/// y `[channel][row][column][image]` = the maximum of x over the window; zeros outside the image take part where the
/// pool says so.
pub fn pool_forward<T: Real>(pool: &Pool, batch: u32, x: &[T], y: &mut [T]) {
    let (b, output) = (padded(batch), pool.output());
    for channel in 0..output.channels {
        for row in 0..output.height {
            for column in 0..output.width {
                let best = &mut y[unit(output, channel, row, column) * b..][..b];
                best.fill(T::LOWEST);
                for wy in 0..pool.size {
                    for wx in 0..pool.size {
                        if let Some((in_row, in_column)) = window_pixel(pool, (row, column), (wy, wx)) {
                            let x = images(x, unit(pool.input, channel, in_row, in_column), b);
                            for (best, &x) in best.iter_mut().zip(x) {
                                raise(best, x);
                            }
                        } else if pool.outside_counts() {
                            best.iter_mut().for_each(|best| raise(best, T::ZERO));
                        }
                    }
                }
            }
        }
    }
}

fn raise<T: Real>(best: &mut T, value: T) {
    if value > *best {
        *best = value;
    }
}

/// The pixel at a place of an output's window; `None` outside the image.
pub(crate) fn window_pixel(pool: &Pool, output: (u32, u32), within: (u32, u32)) -> Option<(u32, u32)> {
    let pixel = |output: u32, within: u32, size: u32| {
        (output * pool.stride + within).checked_sub(pool.before()).filter(|&pixel| pixel < size)
    };
    Some((pixel(output.0, within.0, pool.input.height)?, pixel(output.1, within.1, pool.input.width)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;
    use hebb_spec::pool::{PoolTies, PoolWindow};

    fn first_image(pool: Pool, pixels: &[f32]) -> Vec<f32> {
        let x: Vec<f32> = pixels.iter().flat_map(|&pixel| [pixel, -pixel, 0.0, 0.0]).collect();
        let mut y = vec![f32::NAN; pool.output().units() as usize * 4];
        pool_forward(&pool, 2, &x, &mut y);
        y.into_iter().step_by(4).collect()
    }

    fn pool(height: u32, width: u32, size: u32, stride: u32, window: PoolWindow) -> Pool {
        Pool { input: Shape::new(1, height, width), size, stride, window, ties: PoolTies::All }
    }

    #[test]
    fn windows_from_their_pixel_see_zeros_below_and_right() {
        let pixels = [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0, -8.0, 5.0, -9.0, -10.0, -11.0];
        let y = first_image(pool(3, 4, 3, 2, PoolWindow::FromPixel), &pixels);
        assert_eq!(y, [5.0, 0.0, 5.0, 0.0]);
    }

    #[test]
    fn centred_windows_see_zeros_all_round() {
        let pixels = [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0, -8.0, -9.0, -10.0, -11.0, -12.0];
        let y = first_image(pool(3, 4, 3, 2, PoolWindow::Centred), &pixels);
        assert_eq!(y, [0.0, 0.0, 0.0, 0.0]);
        let wide = first_image(pool(5, 5, 3, 2, PoolWindow::Centred), &[-1.0; 25]);
        assert_eq!(wide[4], -1.0, "the middle window touches no border");
    }

    #[test]
    fn outside_never_wins_where_stride_is_size() {
        let pixels = [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0, -8.0, -9.0];
        for window in [PoolWindow::FromPixel, PoolWindow::Centred] {
            assert_eq!(first_image(pool(3, 3, 2, 2, window), &pixels), [-1.0, -3.0, -7.0, -9.0]);
        }
    }
}
