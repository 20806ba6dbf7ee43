//! Twin of `loss`: δ at the output layer, the loss and the errors. Equations (4) and (6), softmax, or the quadratic loss.

use hebb_spec::lane4::padded;
use hebb_spec::learning::Loss;
use hebb_spec::problem::Problem;

use crate::compete::first_maximum;
use crate::real::Real;

/// What `loss` writes.
#[derive(Debug)]
pub struct LossOutputs<'a, T> {
    /// δ_L `[class][image]` = −∂loss/∂x_L; 0 beyond the true images.
    pub delta: &'a mut [T],
    /// The class that each image was taken for; 0 beyond the true images.
    pub predictions: &'a mut [T],
    /// Loss and errors, each added over the true images, then padding.
    pub sums: &'a mut [T],
}

/// x `[class][image]`, labels `[image]` → δ, predictions and sums over the first `count` images.
pub fn loss<T: Real>(
    (classes, batch, count): (u32, u32, u32),
    loss: Loss,
    mu: f32,
    (x, labels): (&[T], &[T]),
    outputs: &mut LossOutputs<'_, T>,
) {
    let (b, count, classes) = (padded(batch), count.min(batch) as usize, classes as usize);
    outputs.delta.fill(T::ZERO);
    outputs.predictions.fill(T::ZERO);
    let mut total = T::ZERO;
    let mut errors = 0;
    for image in 0..count {
        let label = labels[image].to_f64() as usize;
        let scores: Vec<T> = (0..classes).map(|class| x[class * b + image]).collect();
        let mut set = |class: usize, delta: T| outputs.delta[class * b + image] = delta;
        total += match loss {
            Loss::Hinge => hinge(&scores, label, T::from_f32(mu), &mut set),
            Loss::Softmax => softmax(&scores, label, &mut set),
            Loss::Quadratic => quadratic(&scores, label, &mut set),
        };
        let prediction = first_maximum(&scores);
        outputs.predictions[image] = T::from_index(prediction);
        // A NaN is equal to nothing: a label's score that is NaN is an error, whatever was predicted.
        let is_number = scores.get(label).is_some_and(|score| score.partial_cmp(score).is_some());
        errors += usize::from(prediction != label || !is_number);
    }
    outputs.sums[..Problem::LOSS_SUMS].copy_from_slice(&[total, T::from_index(errors), T::ZERO, T::ZERO]);
}

/// max(1 − x_c, 0) + μ Σ_{i≠c} max(1 + x_i, 0); δ_c = 1 if x_c ≤ 1, δ_i = −μ if x_i ≥ −1, else 0.
fn hinge<T: Real>(scores: &[T], label: usize, mu: T, set: &mut impl FnMut(usize, T)) -> T {
    let (mut right, mut wrong) = (T::ZERO, T::ZERO);
    for (class, &x) in scores.iter().enumerate() {
        if class == label {
            right = positive(T::ONE - x);
            set(class, if x <= T::ONE { T::ONE } else { T::ZERO });
        } else {
            wrong += positive(T::ONE + x);
            set(class, if x >= -T::ONE { -mu } else { T::ZERO });
        }
    }
    right + mu * wrong
}

/// log Σ exp(x_i) − x_c with the maximum taken out; δ_i = y_i − p_i.
fn softmax<T: Real>(scores: &[T], label: usize, set: &mut impl FnMut(usize, T)) -> T {
    let most = scores[first_maximum(scores)];
    let powers: Vec<T> = scores.iter().map(|&x| (x - most).exp()).collect();
    let sum = powers.iter().fold(T::ZERO, |sum, &power| sum + power);
    let mut of_label = most;
    for (class, &power) in powers.iter().enumerate() {
        let is_label = class == label;
        set(class, if is_label { T::ONE } else { T::ZERO } - power / sum);
        if is_label {
            of_label = scores[class];
        }
    }
    sum.ln() + (most - of_label)
}

/// ½ Σ (y_i − x_i)²; δ_i = y_i − x_i.
fn quadratic<T: Real>(scores: &[T], label: usize, set: &mut impl FnMut(usize, T)) -> T {
    let mut sum = T::ZERO;
    for (class, &x) in scores.iter().enumerate() {
        let delta = if class == label { T::ONE } else { T::ZERO } - x;
        set(class, delta);
        sum += delta * delta;
    }
    T::from_f32(0.5) * sum
}

/// max(value, 0), NaN left as it is: a diverged net must show.
fn positive<T: Real>(value: T) -> T {
    if value < T::ZERO { T::ZERO } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// δ, predictions and sums of a batch of 5 with 3 true images and 3 classes.
    fn run(kind: Loss, scores: [[f32; 3]; 3], labels: [f32; 3]) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let mut x = vec![50.0; 24];
        for (image, scores) in scores.iter().enumerate() {
            for (class, &score) in scores.iter().enumerate() {
                x[class * 8 + image] = score;
            }
        }
        let labels = [&labels[..], &[0.0; 5]].concat();
        let (mut delta, mut predictions, mut sums) = (vec![f32::NAN; 24], vec![f32::NAN; 8], vec![f32::NAN; 4]);
        let mut outputs = LossOutputs { delta: &mut delta, predictions: &mut predictions, sums: &mut sums };
        loss((3, 5, 3), kind, 0.5, (&x, &labels), &mut outputs);
        (delta, predictions, sums)
    }

    #[test]
    fn hinge_follows_equations_4_and_6() {
        let scores = [[0.5, -2.0, 0.0], [1.0, -1.0, -1.5], [3.0, 3.0, 1.5]];
        let (delta, predictions, sums) = run(Loss::Hinge, scores, [0.0, 0.0, 2.0]);
        assert_eq!(delta[..8], [1.0, 1.0, -0.5, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(delta[8..16], [0.0, -0.5, -0.5, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(delta[16..], [-0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(predictions, [0.0; 8], "the first maximum wins");
        assert_eq!(sums, [(0.5 + 0.5) + 0.0 + (0.5 * 8.0), 1.0, 0.0, 0.0]);
    }

    #[test]
    fn quadratic_is_half_the_squared_distance() {
        let scores = [[0.5, -2.0, 0.0], [1.0, 0.0, 0.0], [3.0, 3.0, 1.5]];
        let (delta, predictions, sums) = run(Loss::Quadratic, scores, [0.0, 0.0, 2.0]);
        assert_eq!(delta[..8], [0.5, 0.0, -3.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(delta[8..16], [2.0, 0.0, -3.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(delta[16..], [0.0, 0.0, -0.5, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(predictions, [0.0; 8]);
        assert_eq!(sums, [0.5 * (0.25 + 4.0) + 0.5 * (9.0 + 9.0 + 0.25), 1.0, 0.0, 0.0]);
    }

    #[test]
    fn softmax_is_y_minus_p() {
        let ln = |x: f32| x.ln();
        let scores = [[0.0, 0.0, 0.0], [ln(2.0), 0.0, 0.0], [1000.0, 1000.0, 0.0]];
        let (delta, predictions, sums) = run(Loss::Softmax, scores, [1.0, 0.0, 1.0]);
        let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} {b}");
        close(delta[0], -1.0 / 3.0);
        close(delta[8], 2.0 / 3.0);
        close(delta[1], 0.5);
        close(delta[9], -0.25);
        close(delta[2], -0.5);
        close(delta[18], 0.0);
        assert_eq!(predictions[..3], [0.0, 0.0, 0.0]);
        close(sums[0], ln(3.0) + ln(2.0) + ln(2.0));
        assert_eq!(sums[1..], [2.0, 0.0, 0.0]);
        assert!((3..8).all(|image| (0..3).all(|class| delta[class * 8 + image] == 0.0)));
    }

    #[test]
    fn nan_never_wins_and_is_always_an_error() {
        let nan = f32::NAN;
        let scores = [[nan, 1.0, 2.0], [0.0, nan, 1.0], [0.0, 1.0, nan]];
        let (_, predictions, sums) = run(Loss::Hinge, scores, [0.0, 2.0, 2.0]);
        assert_eq!(predictions[..3], [0.0, 2.0, 1.0]);
        assert_eq!(sums[1], 2.0);
        assert!(sums[0].is_nan());
    }
}
