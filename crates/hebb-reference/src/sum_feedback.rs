//! Twin of `sum_feedback`: δ of a SUM through the σ′ of its second layer; the first layer gets the same δ as it is, in
//! `connect_feedback`.

use crate::geometry::gated;
use crate::real::Real;

/// below `[unit][image]` = σ′(x) · δ, x of the second layer right after σ.
pub fn sum_feedback<T: Real>(slope: f32, delta: &[T], x: &[T], below: &mut [T]) {
    for ((&delta, &x), below) in delta.iter().zip(x).zip(below) {
        *below = gated(T::from_f32(slope), x, delta);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saturated_unit_stops_delta() {
        let mut below = [f32::NAN; 3];
        sum_feedback(0.5, &[3.0, 3.0, 3.0], &[1.0, 0.9, -1.0], &mut below);
        assert_eq!(below, [0.0, 1.5, 0.0]);
    }
}
