//! The bounds of `loss`: its sums, and softmax's exponentials, logarithm and division.

use hebb_spec::lane4::padded;
use hebb_spec::learning::Loss;
use hebb_spec::tolerance::{LOG_ABSOLUTE, LOG_ULPS, ULP, UNIT, gamma, sum_bound};

use crate::oracle_exponentials::Exponentials;

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
        // 1 − x or −x rounds once, its square once more: three factors of 1 + u, then the additions; halving is exact.
        Loss::Quadratic => {
            bounds[0].iter_mut().zip(&values[0]).for_each(|(bound, delta)| *bound = UNIT * delta.abs());
            sum_bound(u64::from(classes) + u64::from(count) + 3, values[2][0])
        }
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
/// p_i has its own error; δ_i = y_i − p_i rounds once more. log s: −log(1 − ρ) from s, then WGSL's log. The loss adds
/// log s, m and −x_c, in either order: two roundings of no more than |log s| + |m| + |x_c|.
fn softmax(scores: &[f64], label: usize) -> (Vec<f64>, f64) {
    let exponentials = Exponentials::new(scores, None);
    let delta = |(class, (p, error)): (usize, (f64, f64))| {
        let value = if class == label { 1.0 - p } else { p };
        error + UNIT * (value + error)
    };
    let deltas = exponentials.shares().enumerate().map(delta).collect();

    let Exponentials { most, sum, rho, .. } = exponentials;
    let of_sum = -(1.0 - rho).ln();
    let log = of_sum + LOG_ABSOLUTE + LOG_ULPS * ULP * (sum.ln() + of_sum);
    let terms = sum.ln() + log + most.abs() + scores.get(label).map_or(f64::NAN, |x| x.abs());
    (deltas, log + gamma(2) * terms)
}
