//! Twin of `sum_forward`: the outputs of a SUM's two layers, added.

use crate::real::Real;

/// y `[unit][image]` = first + second, both right after σ.
pub fn sum_forward<T: Real>(first: &[T], second: &[T], y: &mut [T]) {
    for ((&first, &second), y) in first.iter().zip(second).zip(y) {
        *y = first + second;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_not_clipped() {
        let mut y = [f32::NAN; 2];
        sum_forward(&[1.0, -0.5], &[1.0, 0.25], &mut y);
        assert_eq!(y, [2.0, -0.25]);
    }
}
