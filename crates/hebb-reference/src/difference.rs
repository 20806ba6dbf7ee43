//! Twin of `difference`: one layer's activity less another's.

use crate::real::Real;

/// y `[unit][image]` = first − second.
pub fn difference<T: Real>(first: &[T], second: &[T], y: &mut [T]) {
    for ((&first, &second), y) in first.iter().zip(second).zip(y) {
        *y = first - second;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_taken_from_the_first() {
        let mut y = [f32::NAN; 3];
        difference(&[1.0, -0.5, 2.0], &[-1.0, 0.25, 2.0], &mut y);
        assert_eq!(y, [2.0, -0.75, 0.0]);
    }
}
