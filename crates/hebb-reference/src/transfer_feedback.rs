//! Twin of `transfer_feedback`: δ through φ′, which follows from the rate.

use hebb_spec::lane4::padded;
use hebb_spec::transfer::TransferFunction;

use crate::real::Real;
use crate::transfer::slope;

/// delta, gate = φ(u) `[unit][image]` → below = φ′(u) · delta over the first `count` images; 0 beyond. A last unit of delta
/// and gate that below lacks is passed over.
pub fn transfer_feedback<T: Real>(
    (batch, count): (u32, u32),
    transfer: TransferFunction,
    (delta, gate): (&[T], &[T]),
    below: &mut [T],
) {
    let b = padded(batch);
    for (at, below) in below.iter_mut().enumerate() {
        let counts = at % b < count.min(batch) as usize;
        *below = if counts { slope(transfer, gate[at]) * delta[at] } else { T::ZERO };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_sends_nothing_back() {
        let (delta, gate) = ([8.0_f32, 8.0, 8.0, 8.0, 5.0, 5.0, 5.0, 5.0], [0.5, 1.0, 0.25, 9.0, 1.0, 1.0, 1.0, 1.0]);
        let mut below = [f32::NAN; 4];
        transfer_feedback((4, 3), TransferFunction::Logistic, (&delta, &gate), &mut below);
        assert_eq!(below, [2.0, 0.0, 1.5, 0.0]);
    }
}
