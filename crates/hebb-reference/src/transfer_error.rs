//! Twin of `transfer_error`: how far a rate is from what a dendrite foretells.

use hebb_spec::lane4::padded;
use hebb_spec::transfer::TransferFunction;

use crate::real::Real;
use crate::transfer::phi;

/// y, v `[unit][image]` → delta = y − φ(scale · v) over the first `count` images; 0 beyond.
pub fn transfer_error<T: Real>(
    (batch, count): (u32, u32),
    (transfer, scale): (TransferFunction, f32),
    (y, v): (&[T], &[T]),
    delta: &mut [T],
) {
    let b = padded(batch);
    for (at, delta) in delta.iter_mut().enumerate() {
        let counts = at % b < count.min(batch) as usize;
        *delta = if counts { y[at] - phi(transfer, T::from_f32(scale) * v[at]) } else { T::ZERO };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forecast_is_attenuated() {
        let (y, v) = ([0.75_f64, 1.0, 1.0, 1.0], [2.0 * 3.0_f64.ln(), 0.0, 5.0, 5.0]);
        let mut delta = [f64::NAN; 4];
        transfer_error((3, 2), (TransferFunction::Logistic, 0.5), (&y, &v), &mut delta);
        assert!(delta[0].abs() < 1e-15);
        assert_eq!(delta[1..], [0.5, 0.0, 0.0]);
    }
}
