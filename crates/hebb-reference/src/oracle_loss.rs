//! The bounds of `loss`: its sums, and softmax's exponentials, logarithm and division.

use hebb_spec::lane4::padded;
use hebb_spec::learning::Loss;
use hebb_spec::tolerance::{DIVISION_ULPS, EXP_ULPS, LOG_ABSOLUTE, LOG_ULPS, SMALLEST, ULP, UNIT, gamma};

/// Bounds of δ, predictions and sums, all in the lane-4 form. Predictions and errors depend on comparisons of the inputs
/// only: they are exact, as is the hinge's δ.
pub(crate) fn bounds(
    (classes, batch, count): (u32, u32, u32),
    loss: Loss,
    (x, labels): (&[f64], &[f64]),
    values: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    let mut bounds: Vec<Vec<f64>> = values.iter().map(|values| vec![0.0; values.len()]).collect();
    let count = count.min(batch);
    bounds[2][0] = match loss {
        // Only terms that are not negative are added: each of 1 ± x, μ · and the additions over classes and images
        // rounds once, so the sum's relative error is γ of their number.
        Loss::Hinge => gamma(u64::from(classes) + u64::from(count) + 3) * values[2][0],
        Loss::Softmax => {
            let (b, mut error) = (padded(batch), 0.0);
            for image in 0..count as usize {
                let scores: Vec<f64> = x.iter().skip(image).step_by(b).copied().collect();
                let (deltas, loss) = softmax(&scores, labels[image] as usize);
                error += loss;
                for (class, bound) in deltas.into_iter().enumerate() {
                    bounds[0][class * b + image] = bound;
                }
            }
            // Each image's own error, then the additions of losses, none of them negative.
            error + gamma(u64::from(count)) * (values[2][0] + error)
        }
    };
    bounds
}

/// Bounds of one image's δ = y − p and loss = log Σ exp(x_i − m) + m − x_c, m the maximum.
///
/// 1. d_i = x_i − m rounds once, so the exponent is off by u |d_i|: a factor e^{u |d_i|}. WGSL's exp adds 3 + 2 |d_i|
///    ULP. Together e_i = exp(d_i) has relative error r_i.
/// 2. s = Σ e_i: the e_i's own errors, then γ(C) for the additions; relative error ρ (exponentials below the smallest
///    normal number may be 0).
/// 3. p_i = e_i / s: (1 + r_i) / (1 − ρ), times the division's error; δ_i = y_i − p_i rounds once more.
/// 4. log s: −log(1 − ρ) from s, then WGSL's log. The loss adds log s, m and −x_c, in either order: two roundings of no
///    more than |log s| + |m| + |x_c|.
fn softmax(scores: &[f64], label: usize) -> (Vec<f64>, f64) {
    let classes = scores.len() as u64;
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|x| (x - most).exp()).collect();
    let sum: f64 = powers.iter().sum();

    let relative = |x: &f64| {
        let d = (x - most).abs();
        (UNIT * d).exp() * (1.0 + ULP * (EXP_ULPS.0 + EXP_ULPS.1 * d * (1.0 + UNIT))) - 1.0
    };
    let own: Vec<f64> = scores.iter().map(relative).collect();
    let added: f64 = powers.iter().zip(&own).map(|(e, r)| e * r + gamma(classes) * e * (1.0 + r) + SMALLEST).sum();
    let rho = added / sum;

    let delta = |(class, (e, r)): (usize, (&f64, &f64))| {
        let p = e / sum;
        let share = (1.0 + r) / (1.0 - rho) * (1.0 + ULP * DIVISION_ULPS) * (1.0 + UNIT) - 1.0;
        let error = p * share + 2.0 * SMALLEST;
        let value = if class == label { 1.0 - p } else { p };
        error + UNIT * (value + error)
    };
    let deltas = powers.iter().zip(&own).enumerate().map(delta).collect();

    let of_sum = -(1.0 - rho).ln();
    let log = of_sum + LOG_ABSOLUTE + LOG_ULPS * ULP * (sum.ln() + of_sum);
    let terms = sum.ln() + log + most.abs() + scores.get(label).map_or(f64::NAN, |x| x.abs());
    (deltas, log + gamma(2) * terms)
}
