//! The oracle: what a call must give, from the f64 twin on the very inputs that the device had, and how far off f32
//! arithmetic may be, from a forward error analysis. Valid with and without fused multiply-adds, in any order of a sum.
//!
//! For a sum of products Σ a·b the bound is γ(n) Σ|a·b|; Σ|a·b| comes from the same twin run on absolute values.

use hebb_spec::backend::Rounding;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::{self, LANE, padded, vectors};
use hebb_spec::learning::{Learning, MOST_RATES, Magnitudes};
use hebb_spec::operand::{Access, Operand, Slot};
use hebb_spec::problem::Problem;
use hebb_spec::tolerance::{SMALLEST, UNIT, sum_bound};

use crate::data::Packed;
use crate::geometry::{tap_input, tap_output};
use crate::run::{Inputs, TwinError, floats, pack, written};
use crate::step::TwinStep;
use crate::winograd::Winograd;
use crate::{oracle_decay, oracle_exponentials, oracle_loss, oracle_transfer, oracle_winograd};

/// What a tensor must hold, and how far off each number may be, in its logical order.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The tensor.
    pub slot: Slot,
    /// The numbers.
    pub values: Vec<f64>,
    /// The largest |error| of each that f32 arithmetic explains; 0 where the result is exact.
    pub bounds: Vec<f64>,
}

/// What a problem must write. `inputs` are its read and updated tensors in their logical order, as they were before;
/// the result has one entry for each tensor that it writes or updates, in binding order. `rounding`: how the sum was
/// cut, as [`hebb_spec::backend::Backend::rounding`] tells.
pub fn expect(
    problem: &Problem,
    step: &TwinStep,
    inputs: &[(Slot, Vec<f32>)],
    rounding: Rounding,
) -> Result<Vec<Expected>, TwinError> {
    let inputs = pack::<f64>(problem, inputs)?;
    let written = written(problem, step, &inputs)?;
    let values: Vec<Vec<f64>> = written.into_iter().map(|(_, values)| values).collect();
    let bounds = bounds(problem, step, &inputs, &values, rounding)?;
    let operands = problem.operands().into_iter().filter(|operand| operand.access != Access::Read);
    let logical = |((values, bounds), operand): ((Vec<f64>, Vec<f64>), Operand)| Expected {
        slot: operand.slot,
        values: lane4::unpack(&operand.layout, &values),
        bounds: lane4::unpack(&operand.layout, &bounds),
    };
    Ok(values.into_iter().zip(bounds).zip(operands).map(logical).collect())
}

/// The bounds of each tensor that is written or updated, in the lane-4 form.
fn bounds(
    problem: &Problem,
    step: &TwinStep,
    inputs: &Inputs,
    values: &[Vec<f64>],
    rounding: Rounding,
) -> Result<Vec<Vec<f64>>, TwinError> {
    let one = |bounds: Vec<f64>| vec![bounds];
    let first =
        |problem: &Problem, inputs: &Inputs| written(problem, step, inputs).map(|mut written| written.swap_remove(0).1);
    let sizes = |problem: &Problem| first(problem, &absolute(inputs, |_| true));
    let products = || one(values[0].iter().map(|&value| product_bound(value)).collect());
    Ok(match *problem {
        // One rounding at most.
        Problem::GatherImages { .. }
        | Problem::Dropout { .. }
        | Problem::SumForward { .. }
        | Problem::Difference { .. }
        | Problem::SumFeedback { .. }
        | Problem::SignFeedback { magnitudes: Magnitudes::Drawn { .. }, .. } => products(),
        Problem::Decay { rate, .. } => {
            let rate = f64::from(step.rate(rate)).abs();
            one(oracle_decay::bounds(problem, rate, inputs, &values[0])?)
        }
        Problem::Compete { batch, competition, .. } => {
            let x = floats(problem, inputs, Slot::X)?;
            one(oracle_exponentials::compete((batch, step.images), competition, x))
        }
        Problem::Transfer { .. }
        | Problem::TransferError { .. }
        | Problem::TransferFeedback { .. }
        | Problem::Nudge { .. }
        | Problem::Integrate { .. }
        | Problem::Record { .. } => oracle_transfer::bounds(problem, step, inputs, values)?,
        Problem::PoolForward { .. }
        | Problem::Saturation { .. }
        | Problem::TargetDelta { .. }
        | Problem::SignFeedback { .. } => one(vec![0.0; values[0].len()]),
        Problem::ConnectForward { connection: c, batch, slope } => {
            let linear = Problem::ConnectForward { connection: c, batch, slope: None };
            let bounds = match rounding {
                Rounding::Winograd { outputs, additions } => {
                    winograd(outputs, additions, &oracle_winograd::forward(problem, (c, batch), outputs, inputs)?)
                }
                _ => sums_bounds(&terms(&c, batch, c.input.channels, tap_input), &sizes(&linear)?),
            };
            match slope {
                Some(slope) => one(after_sigma(slope, &bounds, &first(&linear, inputs)?)),
                None => one(bounds),
            }
        }
        // |x| ≥ 1 where x does: the gate is the same, and its slope is in the sizes already.
        Problem::ConnectFeedback { connection: c, batch, skip, gate } => {
            if let Rounding::Winograd { outputs, additions } = rounding {
                let sizes = oracle_winograd::feedback(problem, (c, batch, skip, gate), outputs, inputs)?;
                return Ok(one(winograd(outputs, additions + u64::from(skip), &sizes)));
            }
            let mut terms = terms(&c, batch, c.output.channels, tap_output);
            terms.iter_mut().for_each(|terms| *terms += u64::from(skip));
            one(sums_bounds(&terms, &sizes(problem)?))
        }
        Problem::ConnectUpdate { connection: c, batch, learning } => {
            let terms = update_terms(&c, batch, rounding);
            let rate = f64::from(step.rate(learning.rate)).abs();
            let sizes = match rounding {
                Rounding::Winograd { outputs, .. } => {
                    oracle_winograd::update(problem, (c, batch, learning), outputs, inputs)?
                }
                _ => increments((c, batch, learning), step, inputs)?,
            };
            match learning.trace {
                Some(trace) => traced((learning.keep, trace, rate), terms, &sizes[0], values),
                None => learned((learning, rate), terms, &sizes, values),
            }
        }
        Problem::PoolFeedback { pool, .. } => {
            // Only δ is summed; x and y are compared, and keep their signs.
            let windows = u64::from(pool.size.div_ceil(pool.stride)).pow(2);
            let sizes = first(problem, &absolute(inputs, |slot| slot == Slot::Delta))?;
            one(sizes.into_iter().map(|size| sum_bound(windows, size)).collect())
        }
        Problem::Loss { classes, batch, loss, .. } => {
            let scores = (floats(problem, inputs, Slot::X)?, floats(problem, inputs, Slot::Labels)?);
            oracle_loss::bounds((classes, batch, step.images), loss, scores, values)
        }
        Problem::PairStatistics { of, .. } => {
            let terms = lane4::len(&of).min((Problem::STATISTICS_CHUNK * LANE) as usize) as u64;
            one(sizes(problem)?.into_iter().map(|size| sum_bound(terms, size)).collect())
        }
    })
}

/// The same inputs, of some tensors the absolute values.
fn absolute(inputs: &Inputs, of: impl Fn(Slot) -> bool) -> Vec<(Slot, Packed<f64>)> {
    let one = |(slot, data): &(Slot, Packed<f64>)| match data {
        Packed::Floats(floats) if of(*slot) => {
            (*slot, Packed::Floats(floats.iter().map(|float| float.abs()).collect()))
        }
        _ => (*slot, data.clone()),
    };
    inputs.iter().map(one).collect()
}

/// One product, correctly rounded.
fn product_bound(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { UNIT * value.abs() + SMALLEST }
}

/// How many products each place's sum has, for each image of each unit: channels × taps within the image. `other`
/// tells where a tap leads.
fn terms(c: &Connection, batch: u32, channels: u32, other: impl Fn(u32, u32, u32, u32) -> Option<u32>) -> Vec<u64> {
    let along = |at, kernel, pad, size| (0..kernel).filter(|&tap| other(at, tap, pad, size).is_some()).count() as u64;
    let shape = c.input;
    let mut terms = Vec::with_capacity(shape.places() as usize * padded(batch));
    for row in 0..shape.height {
        for column in 0..shape.width {
            let taps = along(row, c.kernel_h, c.pad_top(), shape.height)
                * along(column, c.kernel_w, c.pad_left(), shape.width);
            terms.extend(std::iter::repeat_n(u64::from(channels) * taps, padded(batch)));
        }
    }
    terms
}

/// The bound of each sum; `terms` repeat from channel to channel.
fn sums_bounds(terms: &[u64], sizes: &[f64]) -> Vec<f64> {
    sizes.iter().zip(terms.iter().cycle()).map(|(&size, &terms)| sum_bound(terms, size)).collect()
}

/// The bound of each output by Winograd.
fn winograd(outputs: u32, additions: u64, sizes: &[f64]) -> Vec<f64> {
    let roundings = additions + Winograd::of(outputs).forward_roundings();
    sizes.iter().map(|&size| sum_bound(roundings, size)).collect()
}

/// Through σ, which never widens a difference by more than its slope; a unit that is surely saturated is exactly ±1.
fn after_sigma(slope: f32, bounds: &[f64], h: &[f64]) -> Vec<f64> {
    let slope = f64::from(slope);
    let bound = |(&bound, &h): (&f64, &f64)| {
        let bound = slope.abs() * bound;
        if slope.abs() * h.abs() - bound > 1.0 { 0.0 } else { bound }
    };
    bounds.iter().zip(h).map(bound).collect()
}

/// Roundings of one sum in an update. In runs: each lane adds its share of the images at each place of its run, then the
/// lanes add up, then the runs.
fn update_terms(c: &Connection, batch: u32, rounding: Rounding) -> u64 {
    let (runs, lanes) = match rounding {
        Rounding::Runs { runs, lanes } => (runs.max(1), lanes.max(1)),
        Rounding::Additions(additions) => return additions,
        Rounding::Winograd { outputs, additions } => return additions + Winograd::of(outputs).update_roundings(),
    };
    let places = if c.untied { 1 } else { c.output.places().div_ceil(runs) };
    let share = u64::from(vectors(batch).div_ceil(lanes) * LANE);
    u64::from(places) * share + u64::from(lanes) + u64::from(runs - 1)
}

/// Σ|δ·x| of each weight that changes: the same learning without factors, run on absolute values, from weights of 0.
fn increments(
    (connection, batch, learning): (Connection, u32, Learning),
    step: &TwinStep,
    inputs: &Inputs,
) -> Result<Vec<Vec<f64>>, TwinError> {
    let learning = Learning { keep: 1.0, epsilon: learning.epsilon.map(|_| 1.0), trace: None, ..learning };
    let plain = Problem::ConnectUpdate { connection, batch, learning };
    let mut absolute = absolute(inputs, |_| true);
    absolute.retain(|(slot, _)| *slot != Slot::Trace);
    for (slot, data) in &mut absolute {
        if let (Slot::W | Slot::R, Packed::Floats(weights)) = (slot, data) {
            weights.fill(0.0);
        }
    }
    let step = TwinStep { rates: [1.0; MOST_RATES], ..*step };
    Ok(written(&plain, &step, &absolute)?.into_iter().map(|(_, sizes)| sizes).collect())
}

/// Bounds of W and its trace: the increment's own error, the roundings of T = trace · T + increment, then those of
/// W = keep · W + T.
fn traced((keep, trace, rate): (f32, f32, f64), terms: u64, sizes: &[f64], values: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let of_trace = |(&size, &value): (&f64, &f64)| {
        let increment = if size == 0.0 { 0.0 } else { rate * sum_bound(terms + 1, size) + SMALLEST };
        let kept = value.abs() + rate * size + increment;
        let product = if trace == 0.0 { 0.0 } else { UNIT * kept + SMALLEST };
        increment + product + UNIT * (value.abs() + increment + product)
    };
    let traces: Vec<f64> = sizes.iter().zip(&values[1]).map(of_trace).collect();
    let of_weight = |((&value, &trace), &error): ((&f64, &f64), &f64)| {
        let decay = if keep == 1.0 { 0.0 } else { UNIT * (value.abs() + trace.abs()) + SMALLEST };
        error + decay + UNIT * (value.abs() + error + decay)
    };
    let weights = values[0].iter().zip(&values[1]).zip(&traces).map(of_weight).collect();
    vec![weights, traces]
}

/// Bounds of W, and of R if it learns: the increment's own error (R's has one rounding more, ε), then the roundings of
/// the decay and of the addition to the weight.
fn learned((learning, rate): (Learning, f64), terms: u64, sizes: &[Vec<f64>], values: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let decays = learning.keep != 1.0;
    let shares = [1.0].into_iter().chain(learning.epsilon.map(|epsilon| f64::from(epsilon).abs()));
    let tensor = |(roundings, share): (u64, f64)| {
        let bound = |(&size, &value): (&f64, &f64)| {
            if size == 0.0 && !decays {
                return 0.0;
            }
            let most = share * rate * size;
            let increment = share * rate * sum_bound(terms + roundings, size) + SMALLEST;
            let decay = if decays { UNIT * (value.abs() + most + increment) } else { 0.0 };
            increment + decay + UNIT * (value.abs() + increment + decay)
        };
        let at = roundings as usize;
        sizes[at].iter().zip(&values[at]).map(bound).collect()
    };
    (0..).zip(shares).map(tensor).collect()
}
