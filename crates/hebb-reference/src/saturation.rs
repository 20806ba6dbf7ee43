//! Twin of `saturation`: how many units stand at ±1, where σ′ is 0.

use hebb_spec::lane4::LANE;
use hebb_spec::problem::Problem;

use crate::real::Real;

/// counts `[group]` of x `[unit][image]` with |x| ≥ 1. Images that are padding stand at 0 and never count.
pub fn saturation<T: Real>(x: &[T], counts: &mut [T]) {
    let chunk = (Problem::STATISTICS_CHUNK * LANE) as usize;
    for (x, count) in x.chunks(chunk).zip(counts) {
        *count = T::from_index(x.iter().filter(|x| x.abs() >= T::ONE).count());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_limits_count() {
        let mut x = vec![0.5_f32; (Problem::STATISTICS_CHUNK * LANE) as usize + 4];
        (x[0], x[1], x[2]) = (1.0, -1.0, 0.999_999_9);
        *x.last_mut().unwrap() = -1.0;
        let mut counts = [f32::NAN; 2];
        saturation(&x, &mut counts);
        assert_eq!(counts, [2.0, 1.0]);
    }
}
