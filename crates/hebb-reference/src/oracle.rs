//! The oracle: what a call must give, from the f64 twin on the very inputs that the device had, and how far off f32
//! arithmetic may be, from a forward error analysis. Valid with and without fused multiply-adds, in any order of a sum.
//!
//! For a sum of products Σ a·b the bound is γ(n) Σ|a·b|; Σ|a·b| comes from the same twin run on absolute values.

use hebb_spec::connection::{Connection, LANE, vectors};
use hebb_spec::problem::{Access, Learning, Magnitudes, Problem};

use crate::geometry::{padded, tap_input, tap_output};
use crate::tolerance::{SMALLEST, UNIT, sum_bound};
use crate::{Data, RunError, StepInfo, oracle_loss, outputs};

/// What a tensor must hold, and how far off each element may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The elements.
    pub values: Vec<f64>,
    /// The largest |error| of each that f32 arithmetic explains; 0 where the result is exact.
    pub bounds: Vec<f64>,
}

/// What a problem must write. `inputs` are its read and updated tensors in binding order, as they were before; the
/// result has one entry for each tensor that it writes or updates, in binding order. `update_lanes`: how many lanes
/// share one sum in `connect_update`, as [`hebb_spec::backend::Backend::update_lanes`] tells.
pub fn expect(
    problem: &Problem,
    step: &StepInfo,
    inputs: &[Data<f32>],
    update_lanes: u32,
) -> Result<Vec<Expected>, RunError> {
    let inputs: Vec<Data<f64>> = inputs.iter().map(exactly).collect();
    let values = outputs(problem, step, &inputs)?;
    let one = |bounds: Vec<f64>| vec![bounds];
    let sizes = |problem: &Problem, inputs: &[Data<f64>]| {
        let absolute: Vec<Data<f64>> = inputs.iter().map(absolute).collect();
        outputs(problem, step, &absolute).map(|mut outputs| outputs.swap_remove(0))
    };
    let bounds = match *problem {
        Problem::GatherImages { .. } | Problem::Dropout { .. } | Problem::SumForward { .. } => {
            one(values[0].iter().map(|&value| product_bound(value)).collect())
        }
        Problem::PoolForward { .. } | Problem::Saturation { .. } | Problem::TargetDelta { .. } => {
            one(vec![0.0; values[0].len()])
        }
        Problem::ConnectForward { connection: c, batch, slope } => {
            let linear = Problem::ConnectForward { connection: c, batch, slope: None };
            let terms = terms(&c, batch, c.input.channels, tap_input);
            let bounds = sums_bounds(&terms, &sizes(&linear, &inputs)?);
            match slope {
                Some(slope) => one(after_sigma(slope, &bounds, &outputs(&linear, step, &inputs)?[0])),
                None => one(bounds),
            }
        }
        Problem::SumFeedback { .. } => one(values[0].iter().map(|&value| product_bound(value)).collect()),
        // One rounding at most, where the magnitude is drawn.
        Problem::SignFeedback { magnitudes, .. } => {
            let is_drawn = matches!(magnitudes, Magnitudes::Drawn { .. });
            one(values[0].iter().map(|&value| if is_drawn { product_bound(value) } else { 0.0 }).collect())
        }
        // |x| ≥ 1 where x does: the gate is the same, and its slope is in the sizes already.
        Problem::ConnectFeedback { connection: c, batch, skip, .. } => {
            let mut terms = terms(&c, batch, c.output.channels, tap_output);
            terms.iter_mut().for_each(|terms| *terms += u64::from(skip));
            one(sums_bounds(&terms, &sizes(problem, &inputs)?))
        }
        Problem::ConnectUpdate { connection: c, batch, learning } => {
            let places = if c.untied { 1 } else { c.output.places() };
            let plain = Problem::ConnectUpdate { connection: c, batch, learning: increment_of(learning) };
            let terms = update_terms(places, batch, update_lanes);
            learnt(learning, terms, &increments(&plain, step, &inputs, 2)?, &values)
        }
        Problem::ConnectPartial { connection: c, batch, splits } => {
            let terms = update_terms(c.output.places().div_ceil(splits), batch, update_lanes);
            one(sizes(problem, &inputs)?.into_iter().map(|size| sum_bound(terms, size)).collect())
        }
        Problem::ConnectApply { connection, splits, learning } => {
            let plain = Problem::ConnectApply { connection, splits, learning: increment_of(learning) };
            learnt(learning, u64::from(splits), &increments(&plain, step, &inputs, 1)?, &values)
        }
        Problem::PoolFeedback { pool, .. } => {
            // Only δ is summed; x and y are compared, and keep their signs.
            let windows = u64::from(pool.size.div_ceil(pool.stride)).pow(2);
            let mut absolute_delta = inputs.clone();
            absolute_delta[2] = absolute(&inputs[2]);
            let sizes = outputs(problem, step, &absolute_delta)?;
            one(sizes[0].iter().map(|&size| sum_bound(windows, size)).collect())
        }
        Problem::Loss { classes, batch, loss, .. } => {
            oracle_loss::bounds((classes, batch, step.images), loss, &inputs, &values)
        }
        Problem::PairStatistics { vectors, .. } => {
            let terms = u64::from(vectors.min(Problem::STATISTICS_CHUNK) * LANE);
            one(sizes(problem, &inputs)?.into_iter().map(|size| sum_bound(terms, size)).collect())
        }
    };
    Ok(values.into_iter().zip(bounds).map(|(values, bounds)| Expected { values, bounds }).collect())
}

fn exactly(data: &Data<f32>) -> Data<f64> {
    match data {
        Data::Floats(floats) => Data::Floats(floats.iter().map(|&float| f64::from(float)).collect()),
        Data::Words(words) => Data::Words(words.clone()),
    }
}

fn absolute(data: &Data<f64>) -> Data<f64> {
    match data {
        Data::Floats(floats) => Data::Floats(floats.iter().map(|float| float.abs()).collect()),
        Data::Words(words) => Data::Words(words.clone()),
    }
}

/// One product, correctly rounded.
fn product_bound(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { UNIT * value.abs() + SMALLEST }
}

/// How many products each place's sum has, for each image of each unit: channels × taps within the picture. `other`
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

/// Through σ, which never widens a difference by more than its slope; a unit that is surely saturated is exactly ±1.
fn after_sigma(slope: f32, bounds: &[f64], h: &[f64]) -> Vec<f64> {
    let slope = f64::from(slope);
    let bound = |(&bound, &h): (&f64, &f64)| {
        let bound = slope.abs() * bound;
        if slope.abs() * h.abs() - bound > 1.0 { 0.0 } else { bound }
    };
    bounds.iter().zip(h).map(bound).collect()
}

/// Roundings of one sum in `connect_update`: each lane adds its share of the images at each place, then the lanes add up.
fn update_terms(places: u32, batch: u32, lanes: u32) -> u64 {
    let share = u64::from(vectors(batch).div_ceil(lanes.max(1)) * LANE);
    u64::from(places) * share + u64::from(lanes)
}

/// The same learning without factors: what it adds is the sum itself.
fn increment_of(learning: Learning) -> Learning {
    Learning { scale: 1.0, keep: 1.0, epsilon: learning.epsilon.map(|_| 1.0), ..learning }
}

/// Σ|δ·x| of each weight that changes: the problem run on absolute values, from weights of 0. `first` is the first
/// tensor of weights.
fn increments(
    problem: &Problem,
    step: &StepInfo,
    inputs: &[Data<f64>],
    first: usize,
) -> Result<Vec<Vec<f64>>, RunError> {
    let mut absolute: Vec<Data<f64>> = inputs.iter().map(absolute).collect();
    for (access, data) in problem.tensors().iter().map(|(access, _)| access).zip(&mut absolute).skip(first) {
        if let (Access::Update, Data::Floats(weights)) = (access, data) {
            weights.fill(0.0);
        }
    }
    outputs(problem, step, &absolute)
}

/// Bounds of W, and of R if it learns: the increment's own error (R's has one rounding more, ε), then the roundings of
/// the decay and of the addition to the weight.
fn learnt(learning: Learning, terms: u64, sizes: &[Vec<f64>], values: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (scale, decays) = (f64::from(learning.scale).abs(), learning.keep != 1.0);
    let shares = [1.0].into_iter().chain(learning.epsilon.map(|epsilon| f64::from(epsilon).abs()));
    let tensor = |(roundings, share): (u64, f64)| {
        let bound = |(&size, &value): (&f64, &f64)| {
            if size == 0.0 && !decays {
                return 0.0;
            }
            let most = share * scale * size;
            let increment = share * scale * sum_bound(terms + roundings, size) + SMALLEST;
            let decay = if decays { UNIT * (value.abs() + most + increment) } else { 0.0 };
            increment + decay + UNIT * (value.abs() + increment + decay)
        };
        let at = roundings as usize;
        sizes[at].iter().zip(&values[at]).map(bound).collect()
    };
    (0..).zip(shares).map(tensor).collect()
}
