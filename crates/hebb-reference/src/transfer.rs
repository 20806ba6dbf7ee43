//! Twin of `transfer`: rates from potentials. And φ itself, which the other kernels of neurons with dendrites share.

use hebb_spec::lane4::padded;
use hebb_spec::transfer::TransferFunction;

use crate::real::Real;

/// φ(u).
pub fn phi<T: Real>(transfer: TransferFunction, u: T) -> T {
    match transfer {
        TransferFunction::Identity => u,
        TransferFunction::Logistic => u.logistic(),
        TransferFunction::Softplus { gamma, beta, theta } => {
            T::from_f32(gamma) * (T::from_f32(beta) * (u - T::from_f32(theta))).softplus()
        }
    }
}

/// φ′(u) from the rate g = φ(u).
pub fn slope<T: Real>(transfer: TransferFunction, g: T) -> T {
    match transfer {
        TransferFunction::Identity => T::ONE,
        TransferFunction::Logistic => g * (T::ONE - g),
        TransferFunction::Softplus { gamma, beta, .. } => {
            let gamma = T::from_f32(gamma);
            gamma * T::from_f32(beta) * (T::ONE - (-(g / gamma)).power())
        }
    }
}

/// x `[unit][image]` → y = φ(x) over the first `count` images, and a last unit of 1 where `one`; 0 beyond.
pub fn transfer<T: Real>((batch, count): (u32, u32), (phi_of, one): (TransferFunction, bool), x: &[T], y: &mut [T]) {
    let b = padded(batch);
    y.fill(T::ZERO);
    for (at, &x) in x.iter().enumerate() {
        if at % b < count.min(batch) as usize {
            y[at] = phi(phi_of, x);
        }
    }
    if one {
        y[x.len()..][..count.min(batch) as usize].fill(T::ONE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOFTPLUS: TransferFunction = TransferFunction::Softplus { gamma: 0.5, beta: 2.0, theta: 1.0 };

    #[test]
    fn rates_end_at_the_true_images_and_a_one_stands_behind() {
        let x = [0.0, 0.0, 9.0, 9.0];
        let mut y = [f32::NAN; 8];
        transfer((3, 2), (TransferFunction::Logistic, true), &x, &mut y);
        assert_eq!(y, [0.5, 0.5, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        let mut y = [f64::NAN; 4];
        transfer((1, 1), (SOFTPLUS, false), &[1.0, 0.0, 0.0, 0.0], &mut y);
        assert_eq!(y, [0.5 * 2.0_f64.ln(), 0.0, 0.0, 0.0]);
    }

    #[test]
    fn the_slope_follows_from_the_rate() {
        for transfer in [TransferFunction::Identity, TransferFunction::Logistic, SOFTPLUS] {
            for u in [-3.0_f64, -0.1, 0.0, 0.7, 4.0] {
                let h = 1e-6;
                let wanted = (phi(transfer, u + h) - phi(transfer, u - h)) / (2.0 * h);
                assert!((slope(transfer, phi(transfer, u)) - wanted).abs() < 1e-8, "{transfer} at {u}");
            }
        }
    }
}
