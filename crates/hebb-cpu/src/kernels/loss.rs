//! `loss`: δ at the output layer, the loss and the errors. Equations (4) and (6), softmax, or the
//! quadratic loss.

use hebb_spec::backend::Error;
use hebb_spec::learning;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;
use hebb_spec::problem::Problem;

use super::compete::first_maximum;
use super::{At, Operands};
use crate::line::{LANES, Line};
use crate::memory::{Place, Tensors};

/// A call of it.
pub(crate) struct Loss {
    classes: usize,
    loss: learning::Loss,
    mu: f32,
    x: Place,
    labels: TensorId,
    /// Where δ goes.
    pub delta: Place,
    /// Where the class goes that each image was taken for.
    pub predictions: Place,
    sums: TensorId,
}

impl Loss {
    /// Sums of a group: loss and errors.
    pub const SUMS: usize = 2;

    /// From its tensors.
    pub fn new(operands: &Operands<'_>, classes: u32, loss: learning::Loss, mu: f32) -> Result<Self, Error> {
        Ok(Self {
            classes: classes as usize,
            loss,
            mu,
            x: operands.place(Slot::X)?,
            labels: operands.id(Slot::Labels)?,
            delta: operands.place(Slot::Delta)?,
            predictions: operands.place(Slot::Predictions)?,
            sums: operands.id(Slot::Sums)?,
        })
    }

    /// δ and predictions of a block, whose loss and errors it adds to a group's.
    pub fn run(&self, at: &At<'_>, (delta, predictions): (&mut [Line], &mut [Line]), sums: &mut [f32]) {
        delta[..self.delta.form.lines()].fill(Line::ZERO);
        predictions[..self.predictions.form.lines()].fill(Line::ZERO);
        let x = at.lines(self.x);
        let first = at.number * LANES;
        let there = at.now.images.saturating_sub(first).min(LANES);
        let mut scores = vec![0.0; self.classes];
        for (lane, &label) in at.tensors.classes(self.labels).iter().skip(first).take(there).enumerate() {
            let label = usize::from(label);
            for (class, score) in scores.iter_mut().enumerate() {
                *score = x[self.x.form.line(class)].0[lane];
            }
            let mut set = |class: usize, value: f32| delta[self.delta.form.line(class)].0[lane] = value;
            sums[0] += match self.loss {
                learning::Loss::Hinge => hinge(&scores, label, self.mu, &mut set),
                learning::Loss::Softmax => softmax(&scores, label, &mut set),
                learning::Loss::Quadratic => quadratic(&scores, label, &mut set),
            };
            let prediction = first_maximum(&scores);
            predictions[0].0[lane] = prediction as f32;
            // A label's score that is NaN is an error, whatever was predicted.
            let is_number = scores.get(label).is_some_and(|score| !score.is_nan());
            sums[1] += f32::from(u8::from(prediction != label || !is_number));
        }
    }

    /// The sums of all groups, in order.
    pub fn finish(&self, tensors: &mut Tensors, groups: &[&[f32]]) {
        let mut total = [0.0; Problem::LOSS_SUMS];
        for group in groups {
            total.iter_mut().zip(*group).for_each(|(total, sum)| *total += sum);
        }
        tensors.floats_mut(self.sums).copy_from_slice(&total);
    }
}

/// max(1 − x_c, 0) + μ Σ_{i≠c} max(1 + x_i, 0); δ_c = 1 if x_c ≤ 1, δ_i = −μ if x_i ≥ −1, else 0.
fn hinge(scores: &[f32], label: usize, mu: f32, set: &mut impl FnMut(usize, f32)) -> f32 {
    let (mut right, mut wrong) = (0.0, 0.0);
    for (class, &x) in scores.iter().enumerate() {
        if class == label {
            right = positive(1.0 - x);
            set(class, if x <= 1.0 { 1.0 } else { 0.0 });
        } else {
            wrong += positive(1.0 + x);
            set(class, if x >= -1.0 { -mu } else { 0.0 });
        }
    }
    right + mu * wrong
}

/// log Σ exp(x_i) − x_c with the maximum taken out; δ_i = y_i − p_i.
fn softmax(scores: &[f32], label: usize, set: &mut impl FnMut(usize, f32)) -> f32 {
    let most = scores[first_maximum(scores)];
    let sum: f32 = scores.iter().map(|&x| (x - most).exp()).sum();
    let mut of_label = most;
    for (class, &x) in scores.iter().enumerate() {
        let is_label = class == label;
        set(class, f32::from(u8::from(is_label)) - (x - most).exp() / sum);
        if is_label {
            of_label = x;
        }
    }
    sum.ln() + (most - of_label)
}

/// ½ Σ (y_i − x_i)²; δ_i = y_i − x_i.
fn quadratic(scores: &[f32], label: usize, set: &mut impl FnMut(usize, f32)) -> f32 {
    let mut sum = 0.0;
    for (class, &x) in scores.iter().enumerate() {
        let delta = f32::from(u8::from(class == label)) - x;
        set(class, delta);
        sum += delta * delta;
    }
    0.5 * sum
}

/// max(value, 0), NaN left as it is: a diverged net must show.
fn positive(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}
