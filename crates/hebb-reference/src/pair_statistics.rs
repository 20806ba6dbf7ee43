//! Twin of `pair_statistics`: partial sums of a, b, a², b², a·b, from which correlation, angle and norms follow.

use hebb_spec::lane4::LANE;
use hebb_spec::problem::Problem;

use crate::geometry::has_bit;
use crate::real::Real;

/// sums `[group][8]` = Σa, Σb, Σa², Σb², Σa·b, 0, 0, 0 over the group's pairs, with masks only of those that both have.
/// Padding is 0 and adds nothing.
pub fn pair_statistics<T: Real>(a: &[T], b: &[T], masks: Option<(&[T], &[T])>, sums: &mut [T]) {
    let chunk = (Problem::STATISTICS_CHUNK * LANE) as usize;
    for (group, sums) in sums.chunks_exact_mut(Problem::STATISTICS_LEN).enumerate() {
        sums.fill(T::ZERO);
        for at in group * chunk..((group + 1) * chunk).min(a.len()) {
            if masks.is_some_and(|(mask_a, mask_b)| !has_bit(mask_a, at) || !has_bit(mask_b, at)) {
                continue;
            }
            let (a, b) = (a[at], b[at]);
            for (sum, term) in sums.iter_mut().zip([a, b, a * a, b * b, a * b]) {
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
        pair_statistics(&w, &r, None, &mut sums);
        let n = chunk as f32;
        assert_eq!(sums[..8], [n, -3.0 * n, n, 9.0 * n, -3.0 * n, 0.0, 0.0, 0.0]);
        assert_eq!(sums[8..], [8.0, -12.0, 16.0, 36.0, -24.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn a_pair_counts_only_where_both_are_there() {
        let (a, b) = ([1.0_f32, 2.0, 4.0, 8.0], [1.0_f32; 4]);
        let mut sums = [f32::NAN; 8];
        pair_statistics(&a, &b, Some((&[7.0], &[14.0])), &mut sums);
        assert_eq!(sums[..5], [6.0, 2.0, 20.0, 2.0, 6.0]);
    }
}
