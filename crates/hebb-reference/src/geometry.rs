//! Where taps and images lie: the index arithmetic that several twins share.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::{LANE, Lane4, MASK_BITS};

use crate::real::Real;

/// Floats of one tap's weights: output channels, padded to whole four-vectors.
pub(crate) fn weight_row(connection: &Connection) -> usize {
    (connection.out_vectors() * LANE) as usize
}

/// Index of a unit in `[channel][row][column]`.
pub(crate) const fn unit(shape: Shape, channel: u32, row: u32, column: u32) -> usize {
    ((channel * shape.height + row) * shape.width + column) as usize
}

/// Where the filter of a place begins in the weights: at the start for all places of a tied connection.
pub(crate) fn filter_start(connection: &Connection, row: u32, column: u32) -> usize {
    let place = (row * connection.output.width + column) as usize;
    place * (connection.place_stride() * LANE) as usize
}

/// Whether a mask, sixteen bits a number, has the weight at `index`.
pub(crate) fn has_bit<T: Real>(mask: &[T], index: usize) -> bool {
    (mask[index / MASK_BITS].to_f64() as u32 >> (index % MASK_BITS)) & 1 == 1
}

/// The images of a unit.
pub(crate) fn images<T>(activity: &[T], unit: usize, padded: usize) -> &[T] {
    &activity[unit * padded..][..padded]
}

/// The input row (or column) that tap `tap` of the filter at `at` reads; `None` outside the image.
pub(crate) fn tap_input(at: u32, tap: u32, pad: u32, size: u32) -> Option<u32> {
    (at + tap).checked_sub(pad).filter(|&input| input < size)
}

/// The output row (or column) whose filter reads `at` with tap `tap`; `None` outside the image.
pub(crate) fn tap_output(at: u32, tap: u32, pad: u32, size: u32) -> Option<u32> {
    (at + pad).checked_sub(tap).filter(|&output| output < size)
}

/// sum += weight · x, for each image.
pub(crate) fn axpy<T: Real>(weight: T, x: &[T], sum: &mut [T]) {
    for (sum, &x) in sum.iter_mut().zip(x) {
        *sum += weight * x;
    }
}

/// σ′ from the activity right after σ: 0 exactly where |x| = 1 (equation 3), else `sum` times the slope.
pub(crate) fn gated<T: Real>(slope: T, x: T, sum: T) -> T {
    if x.abs() >= T::ONE { T::ZERO } else { slope * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_kernels_pad_the_end_only() {
        let c = Connection::conv(Shape::new(1, 3, 3), 1, 2, 4);
        assert_eq!((c.pad_top(), c.pad_left()), (0, 1));
        assert_eq!((tap_input(0, 0, 0, 3), tap_input(2, 1, 0, 3)), (Some(0), None));
        assert_eq!((tap_input(0, 0, 1, 3), tap_input(0, 3, 1, 3), tap_input(2, 2, 1, 3)), (None, Some(2), None));
    }

    #[test]
    fn tap_output_turns_tap_input_round() {
        for (size, kernel) in [(1, 1), (3, 2), (5, 3), (4, 6)] {
            let pad = (kernel - 1) / 2;
            for at in 0..size {
                for tap in 0..kernel {
                    if let Some(input) = tap_input(at, tap, pad, size) {
                        assert_eq!(tap_output(input, tap, pad, size), Some(at));
                    }
                    if let Some(output) = tap_output(at, tap, pad, size) {
                        assert_eq!(tap_input(output, tap, pad, size), Some(at));
                    }
                }
            }
        }
    }
}
