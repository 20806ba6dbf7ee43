//! Twin of `connect_apply`: adds the partial sums of `connect_update` in order, then changes W and R.

use hebb_spec::connection::Connection;
use hebb_spec::lane4::Lane4;
use hebb_spec::learning::Learning;

use crate::geometry::has_bit;
use crate::real::Real;

/// W and R as they learn: W, R where it does, and their masks where they are sparse, all `[filter][C_in][ky][kx][C_out]`.
#[derive(Debug)]
pub struct Learner<'a, T> {
    /// How they learn.
    pub learning: Learning,
    /// The step's rate: the finished factor of the sums.
    pub rate: f32,
    /// Forward weights.
    pub w: &'a mut [T],
    /// Feedback weights.
    pub r: Option<&'a mut [T]>,
    /// Which of W there are, sixteen bits a number.
    pub mask_w: Option<&'a [T]>,
    /// Which of R there are.
    pub mask_r: Option<&'a [T]>,
    /// The trace, where W learns by one.
    pub trace: Option<&'a mut [T]>,
}

/// W = keep · W + rate · Σ sums and R = keep · R + ε · rate · Σ sums, over sums
/// `[split][C_in][ky][kx][C_out, padded to four]`.
pub fn connect_apply<T: Real>(c: &Connection, sums: &[T], weights: &mut Learner<'_, T>) {
    let len = c.lane4_len();
    for index in 0..len {
        let mut sum = T::ZERO;
        for split in sums.chunks_exact(len) {
            sum += split[index];
        }
        learn(sum, index, weights);
    }
}

/// Changes one weight of W, and of R where it learns, by the same increment; none that its mask leaves out. With a trace W
/// changes by that: T = trace · T + increment.
pub(crate) fn learn<T: Real>(sum: T, index: usize, weights: &mut Learner<'_, T>) {
    let (keep, increment) = (T::from_f32(weights.learning.keep), T::from_f32(weights.rate) * sum);
    let increment = match (weights.learning.trace, weights.trace.as_deref_mut()) {
        (Some(trace), Some(traces)) => {
            traces[index] = T::from_f32(trace) * traces[index] + increment;
            traces[index]
        }
        _ => increment,
    };
    let masked = |mask: Option<&[T]>, value: T| {
        let is_there = mask.is_none_or(|mask| has_bit(mask, index));
        if is_there { value } else { T::ZERO }
    };
    weights.w[index] = keep * weights.w[index] + masked(weights.mask_w, increment);
    if let (Some(epsilon), Some(r)) = (weights.learning.epsilon, weights.r.as_deref_mut()) {
        r[index] = keep * r[index] + masked(weights.mask_r, T::from_f32(epsilon) * increment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;
    use hebb_spec::learning::Rate;

    #[test]
    fn splits_add_up_and_change_both() {
        let c = Connection::full(Shape::flat(1), 3);
        let sums = [1.0, 2.0, 3.0, 0.0, 10.0, 20.0, 30.0, 0.0, 100.0, 200.0, 300.0, 0.0];
        let (mut w, mut r) = ([1.0_f32, 1.0, 1.0, 0.0], [2.0_f32, 2.0, 2.0, 0.0]);
        let learning = Learning::new(Rate(0), Some(0.5));
        let mut weights =
            Learner { learning, rate: 0.5, w: &mut w, r: Some(&mut r), mask_w: None, mask_r: None, trace: None };
        connect_apply(&c, &sums, &mut weights);
        assert_eq!(w, [56.5, 112.0, 167.5, 0.0]);
        assert_eq!(r, [29.75, 57.5, 85.25, 0.0]);
    }

    #[test]
    fn without_epsilon_r_keeps_still() {
        let c = Connection::full(Shape::flat(1), 1);
        let mut w = [1.0_f32, 0.0, 0.0, 0.0];
        let learning = Learning::new(Rate(0), None);
        let mut weights = Learner { learning, rate: 2.0, w: &mut w, r: None, mask_w: None, mask_r: None, trace: None };
        connect_apply(&c, &[3.0, 0.0, 0.0, 0.0], &mut weights);
        assert_eq!(w, [7.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn a_trace_smooths_what_is_learnt() {
        let c = Connection::full(Shape::flat(1), 1);
        let (mut w, mut trace) = ([1.0_f32, 0.0, 0.0, 0.0], [8.0_f32, 0.0, 0.0, 0.0]);
        let learning = Learning { keep: 0.5, trace: Some(0.25), ..Learning::new(Rate(0), None) };
        let (w_of, trace_of) = (&mut w, Some(&mut trace[..]));
        let mut weights =
            Learner { learning, rate: 2.0, w: w_of, r: None, mask_w: None, mask_r: None, trace: trace_of };
        connect_apply(&c, &[3.0, 0.0, 0.0, 0.0], &mut weights);
        assert_eq!((w[0], trace[0]), (8.5, 8.0));
    }

    #[test]
    fn decay_shrinks_both_and_masks_leave_out() {
        let c = Connection::full(Shape::flat(1), 2);
        let (mut w, mut r) = ([4.0_f32, 0.0, 0.0, 0.0], [0.0_f32, 8.0, 0.0, 0.0]);
        let learning = Learning { keep: 0.5, masked: true, ..Learning::new(Rate(0), Some(1.0)) };
        let (mask_w, mask_r) = (Some(&[1.0][..]), Some(&[2.0][..]));
        let mut weights = Learner { learning, rate: 1.0, w: &mut w, r: Some(&mut r), mask_w, mask_r, trace: None };
        connect_apply(&c, &[1.0, 3.0, 0.0, 0.0], &mut weights);
        assert_eq!((w, r), ([3.0, 0.0, 0.0, 0.0], [0.0, 7.0, 0.0, 0.0]));
    }
}
