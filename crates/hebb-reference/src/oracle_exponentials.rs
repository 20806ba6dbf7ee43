//! The error of shares e_i / Σ e_k of exponentials e_i = exp(sharpness · (x_i − m)), m the largest x: what softmax in `loss`
//! and in `compete` have in common.

use hebb_spec::lane4::padded;
use hebb_spec::learning::Competition;
use hebb_spec::tolerance::{DIVISION_ULPS, EXP_ULPS, SMALLEST, ULP, UNIT, gamma};

/// Exponentials of one image's numbers, and how far off f32 arithmetic may be.
pub(crate) struct Exponentials {
    /// m.
    pub most: f64,
    /// Σ e_i.
    pub sum: f64,
    /// The relative error of that sum, at most.
    pub rho: f64,
    powers: Vec<f64>,
    own: Vec<f64>,
}

impl Exponentials {
    /// 1. d_i = x_i − m rounds once, and once more where a sharpness multiplies it, so the exponent is off by u |d_i| a
    ///    rounding: a factor e^{u |d_i|} each. WGSL's exp adds 3 + 2 |d_i| ULP. Together e_i has relative error r_i.
    /// 2. s = Σ e_i: the e_i's own errors, then γ(n) for the additions; relative error ρ (exponentials below the smallest
    ///    normal number may be 0).
    pub fn new(numbers: &[f64], sharpness: Option<f32>) -> Self {
        let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (factor, roundings) = sharpness.map_or((1.0, 1), |sharpness| (f64::from(sharpness), 2));
        let powers: Vec<f64> = numbers.iter().map(|x| (factor * (x - most)).exp()).collect();
        let sum: f64 = powers.iter().sum();
        let relative = |x: &f64| {
            let d = (factor * (x - most)).abs();
            (gamma(roundings) * d).exp() * (1.0 + ULP * (EXP_ULPS.0 + EXP_ULPS.1 * d * (1.0 + gamma(roundings)))) - 1.0
        };
        let own: Vec<f64> = numbers.iter().map(relative).collect();
        let terms = numbers.len() as u64;
        let added: f64 = powers.iter().zip(&own).map(|(e, r)| e * r + gamma(terms) * e * (1.0 + r) + SMALLEST).sum();
        Self { most, sum, rho: added / sum, powers, own }
    }

    /// Each p_i = e_i / s with its error: (1 + r_i) / (1 − ρ), times the division's.
    pub fn shares(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.powers.iter().zip(&self.own).map(|(e, r)| {
            let p = e / self.sum;
            let share = (1.0 + r) / (1.0 - self.rho) * (1.0 + ULP * DIVISION_ULPS) * (1.0 + UNIT) - 1.0;
            (p, p * share + 2.0 * SMALLEST)
        })
    }
}

/// Bounds of `compete`, in the lane-4 form: a winner follows from comparisons of the inputs and is exact.
pub(crate) fn compete((batch, count): (u32, u32), competition: Competition, x: &[f64]) -> Vec<f64> {
    let (b, mut bounds) = (padded(batch), vec![0.0; x.len()]);
    if let Competition::Softmax { sharpness } = competition {
        for image in 0..count.min(batch) as usize {
            let numbers: Vec<f64> = x.iter().skip(image).step_by(b).copied().collect();
            let exponentials = Exponentials::new(&numbers, Some(sharpness));
            exponentials.shares().enumerate().for_each(|(unit, (_, error))| bounds[unit * b + image] = error);
        }
    }
    bounds
}
