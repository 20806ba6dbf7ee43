//! The bounds of `decay`: the sum at one end of each weight, and the roundings of rate · s, of its product with the weight, and of the
//! difference.

use hebb_spec::lane4::{Lane4, padded};
use hebb_spec::learning::{Decay, MOST_RATES};
use hebb_spec::operand::Slot;
use hebb_spec::problem::Problem;
use hebb_spec::tolerance::{SMALLEST, UNIT, sum_bound};

use crate::data::Packed;
use crate::run::{Inputs, TwinError, floats, written};
use crate::step::TwinStep;

/// Bounds of W, in the lane-4 form; `rate` is the step's, without its sign.
///
/// With S = Σ|activity| at the weight's end: s is off by γ(n) S, rate · s rounds, then its product with the weight, then
/// the difference.
pub(crate) fn bounds(problem: &Problem, rate: f64, inputs: &Inputs, values: &[f64]) -> Result<Vec<f64>, TwinError> {
    let Problem::Decay { connection, batch, by, .. } = *problem else { return Ok(vec![0.0; values.len()]) };
    let places = if connection.untied { 1 } else { u64::from(connection.output.places()) };
    let terms = places * padded(batch) as u64;
    let sizes = sizes(problem, connection.lane4_len(), inputs)?;
    let bound = |((&size, &w), &value): ((&f64, &f64), &f64)| {
        let w = w.abs();
        if w == 0.0 {
            return 0.0;
        }
        let of_sum = if by == Decay::Even { 0.0 } else { sum_bound(terms, size) };
        let product = rate * (size + of_sum);
        let factor = rate * of_sum + UNIT * product + SMALLEST;
        let away = w * factor + UNIT * w * (product + factor) + SMALLEST;
        away + UNIT * (value.abs() + away) + SMALLEST
    };
    Ok(sizes.iter().zip(floats(problem, inputs, Slot::W)?).zip(values).map(bound).collect())
}

/// S of each weight: what the twin adds to weights of 1 at a rate of −1 and activity without signs.
fn sizes(problem: &Problem, weights: usize, inputs: &Inputs) -> Result<Vec<f64>, TwinError> {
    let without_signs = |(slot, data): &(Slot, Packed<f64>)| match data {
        Packed::Floats(_) if *slot == Slot::W => (*slot, Packed::Floats(vec![1.0; weights])),
        Packed::Floats(floats) => (*slot, Packed::Floats(floats.iter().map(|float| float.abs()).collect())),
        Packed::Words(_) => (*slot, data.clone()),
    };
    let inputs: Vec<(Slot, Packed<f64>)> = inputs.iter().map(without_signs).collect();
    let step = TwinStep { rates: [-1.0; MOST_RATES], ..TwinStep::default() };
    let grown = written(problem, &step, &inputs)?.swap_remove(0).1;
    Ok(grown.into_iter().map(|weight| weight - 1.0).collect())
}
