//! Twin of `weight_statistics`: partial sums of w, r, w², r², w·r, from which the W–R correlation follows.

use hebb_spec::connection::LANE;
use hebb_spec::problem::Problem;

use crate::Real;

/// sums `[group][8]` = Σw, Σr, Σw², Σr², Σw·r, 0, 0, 0 over the group's weights. Padding is 0 and adds nothing.
pub fn weight_statistics<T: Real>(w: &[T], r: &[T], sums: &mut [T]) {
    let chunk = (Problem::STATISTICS_CHUNK * LANE) as usize;
    for ((w, r), sums) in w.chunks(chunk).zip(r.chunks(chunk)).zip(sums.chunks_exact_mut(Problem::STATISTICS_LEN)) {
        sums.fill(T::ZERO);
        for (&w, &r) in w.iter().zip(r) {
            for (sum, term) in sums.iter_mut().zip([w, r, w * w, r * r, w * r]) {
                *sum += term;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_group_has_its_own_sums() {
        let chunk = (Problem::STATISTICS_CHUNK * LANE) as usize;
        let w: Vec<f32> = (0..chunk + 4).map(|at| if at < chunk { 1.0 } else { 2.0 }).collect();
        let r = vec![-3.0; chunk + 4];
        let mut sums = [f32::NAN; 16];
        weight_statistics(&w, &r, &mut sums);
        let n = chunk as f32;
        assert_eq!(sums[..8], [n, -3.0 * n, n, 9.0 * n, -3.0 * n, 0.0, 0.0, 0.0]);
        assert_eq!(sums[8..], [8.0, -12.0, 16.0, 36.0, -24.0, 0.0, 0.0, 0.0]);
    }
}
