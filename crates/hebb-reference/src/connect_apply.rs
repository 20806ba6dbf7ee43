//! Twin of `connect_apply`: adds the partial sums of `connect_update` in order, then changes W and R.

use hebb_spec::connection::Connection;
use hebb_spec::problem::Learning;

use crate::Real;

/// W += scale · Σ sums and R += ε · scale · Σ sums, over sums `[split][C_in][ky][kx][C_out, padded to four]`.
pub fn connect_apply<T: Real>(c: &Connection, learning: Learning, sums: &[T], w: &mut [T], mut r: Option<&mut [T]>) {
    let len = c.device_len();
    for index in 0..len {
        let mut sum = T::ZERO;
        for split in sums.chunks_exact(len) {
            sum += split[index];
        }
        learn(learning, sum, index, w, r.as_deref_mut());
    }
}

/// Changes one weight of W, and of R where it learns, by the same increment.
pub(crate) fn learn<T: Real>(learning: Learning, sum: T, index: usize, w: &mut [T], r: Option<&mut [T]>) {
    let increment = T::from_f32(learning.scale) * sum;
    w[index] += increment;
    if let (Some(epsilon), Some(r)) = (learning.epsilon, r) {
        r[index] += T::from_f32(epsilon) * increment;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;

    #[test]
    fn splits_add_up_and_change_both() {
        let c = Connection::full(Shape::flat(1), 3);
        let sums = [1.0, 2.0, 3.0, 0.0, 10.0, 20.0, 30.0, 0.0, 100.0, 200.0, 300.0, 0.0];
        let (mut w, mut r) = ([1.0_f32, 1.0, 1.0, 0.0], [2.0_f32, 2.0, 2.0, 0.0]);
        connect_apply(&c, Learning { scale: 0.5, epsilon: Some(0.5) }, &sums, &mut w, Some(&mut r));
        assert_eq!(w, [56.5, 112.0, 167.5, 0.0]);
        assert_eq!(r, [29.75, 57.5, 85.25, 0.0]);
    }

    #[test]
    fn without_epsilon_r_keeps_still() {
        let c = Connection::full(Shape::flat(1), 1);
        let mut w = [1.0_f32, 0.0, 0.0, 0.0];
        connect_apply(&c, Learning { scale: 2.0, epsilon: None }, &[3.0, 0.0, 0.0, 0.0], &mut w, None);
        assert_eq!(w, [7.0, 0.0, 0.0, 0.0]);
    }
}
