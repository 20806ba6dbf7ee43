//! The error of φ, by the polynomials of `polynomials` in f32, and of the calls that go by it.

use hebb_spec::lane4::padded;
use hebb_spec::operand::Slot;
use hebb_spec::problem::Problem;
use hebb_spec::rng::{GAUSSIAN, GAUSSIAN_SCALE, Purpose, Stream, byte_sum};
use hebb_spec::tolerance::{DIVISION_ULPS, SMALLEST, ULP, UNIT, gamma, sum_bound};
use hebb_spec::transfer::{Euler, Nudge, TransferFunction};

use crate::run::{Inputs, TwinError, floats};
use crate::step::TwinStep;
use crate::transfer::phi;

/// Relative error of e^x by the polynomial, in roundings: r has three of its parts' sizes (at most ½ log 2 each, but the
/// first: 1.1), Horner's rule on terms that shrink adds three, the last addition one, the approximation 1e-8 less than one.
const POWER: u64 = 6;
/// Relative error of log(1 + e) by the polynomial, in roundings beside e's own and the division's: s², Horner's rule, two
/// products, the approximation.
const LOG: u64 = 8;

/// How far off e^x is where x is off by `error`, relative to it.
fn power(error: f64) -> f64 {
    error.exp() * (1.0 + gamma(POWER)) - 1.0
}

/// φ(u), and how far off f32 arithmetic may be where u is off by `error`.
fn rate(transfer: TransferFunction, u: f64, error: f64) -> (f64, f64) {
    let value = phi(transfer, u);
    // A function of slope at most 1, and at most `slope` times e^error within it.
    let moved = |slope: f64, most: f64, error: f64| (slope * error * error.exp()).min(most * error);
    match transfer {
        TransferFunction::Identity => (value, error),
        TransferFunction::Logistic => {
            let slope = value * (1.0 - value);
            let division = value * (UNIT + ULP * DIVISION_ULPS);
            (value, moved(slope, 0.25, error) + slope * power(0.0) + division + 2.0 * SMALLEST)
        }
        TransferFunction::Softplus { gamma: scale, beta, theta } => {
            let [scale, beta, theta] = [scale, beta, theta].map(f64::from);
            let t = beta * (u - theta);
            let off = beta.abs() * (error + UNIT * ((u - theta).abs() + error)) + UNIT * t.abs();
            let log = (-t.abs()).exp().ln_1p();
            let own = log * (power(0.0) + UNIT + ULP * DIVISION_ULPS + gamma(LOG)) + 2.0 * SMALLEST;
            let steep = phi(TransferFunction::Logistic, t);
            let sum = moved(steep, 1.0, off) + own + UNIT * (t.max(0.0) + log + own);
            (value, scale.abs() * sum * (1.0 + UNIT) + UNIT * value.abs() + SMALLEST)
        }
    }
}

/// The bounds of each tensor that is written, in the lane-4 form; 0 beyond the true images.
pub(crate) fn bounds(
    problem: &Problem,
    step: &TwinStep,
    inputs: &Inputs,
    values: &[Vec<f64>],
) -> Result<Vec<Vec<f64>>, TwinError> {
    let (batch, b) = (problem.batch(), padded(problem.batch()));
    let count = step.images.min(batch) as usize;
    let each = |bound: &dyn Fn(usize) -> f64| -> Vec<f64> {
        (0..values[0].len()).map(|at| if at % b < count { bound(at) } else { 0.0 }).collect()
    };
    let of = |slot| floats(problem, inputs, slot);
    Ok(match *problem {
        Problem::Transfer { transfer, .. } => {
            let x = of(Slot::X)?;
            // The last unit, where there is one more, is exact.
            vec![each(&|at| x.get(at).map_or(0.0, |&x| rate(transfer, x, 0.0).1))]
        }
        Problem::TransferError { transfer, scale, .. } => {
            let v = of(Slot::V)?;
            vec![each(&|at| error(values[0][at], forecast(transfer, scale, v[at])))]
        }
        Problem::TransferFeedback { transfer, .. } => {
            let (delta, gate) = (of(Slot::Delta)?, of(Slot::Gate)?);
            vec![each(&|at| feedback(transfer, gate[at], delta[at]))]
        }
        Problem::Nudge { nudge, .. } => {
            let (v, target) = (of(Slot::V)?, of(Slot::Target)?);
            let of_soma = |at: usize| soma(nudge, v[at], target[at]);
            let rates = |at: usize| rate(nudge.transfer, values[0][at], of_soma(at));
            let of_delta = |at: usize| rates(at).1 + error(values[2][at], forecast(nudge.transfer, nudge.scale, v[at]));
            vec![each(&of_soma), each(&|at| rates(at).1), each(&|at| of_delta(at) * (1.0 + UNIT))]
        }
        Problem::Integrate { euler, .. } => {
            let (v, u) = (of(Slot::V)?, of(Slot::U)?);
            let v2 = euler.second.map(|second| Ok((f64::from(second), of(Slot::V2)?))).transpose()?;
            let units = u.len() / b;
            vec![each(&|at| {
                let before = if euler.restart && step.repeat == 0 { 0.0 } else { u[at] };
                let second = v2.map_or(0.0, |(second, v2)| (second * v2[at]).abs());
                let sizes = (f64::from(euler.keep) * before).abs() + (f64::from(euler.first) * v[at]).abs() + second;
                let noise = noise(euler, step, (at / b, at % b, units));
                sum_bound(4, sizes + noise) + noise * gamma(14)
            })]
        }
        // Moves numbers as they are.
        _ => values.iter().map(|values| vec![0.0; values.len()]).collect(),
    })
}

/// φ(scale · v), and how far off it may be.
fn forecast(transfer: TransferFunction, scale: f32, v: f64) -> f64 {
    let u = f64::from(scale) * v;
    rate(transfer, u, UNIT * u.abs() + SMALLEST).1
}

/// A difference whose second part is off by `part`.
fn error(value: f64, part: f64) -> f64 {
    part + UNIT * (value.abs() + part)
}

/// keep · v + pull · target + rest.
fn soma(nudge: Nudge, v: f64, target: f64) -> f64 {
    let sizes = (f64::from(nudge.keep) * v).abs() + (f64::from(nudge.pull) * target).abs();
    sum_bound(3, sizes + f64::from(nudge.rest).abs())
}

/// φ′ from the rate, times δ. 1 less an exponential or a rate keeps an absolute error.
fn feedback(transfer: TransferFunction, g: f64, delta: f64) -> f64 {
    let (size, own) = match transfer {
        TransferFunction::Identity => (0.0, 0.0),
        TransferFunction::Logistic => ((g * delta).abs(), gamma(3) * (1.0 - g).abs()),
        TransferFunction::Softplus { gamma: scale, beta, .. } => {
            let x = g / f64::from(scale);
            let power_of = (-x).exp();
            let own = power_of * power(x.abs() * (ULP * DIVISION_ULPS + UNIT)) + SMALLEST;
            let rest = (1.0 - power_of).abs();
            ((f64::from(scale) * f64::from(beta) * delta).abs(), own + gamma(4) * (rest + own))
        }
    };
    if size == 0.0 { 0.0 } else { size * own + 4.0 * SMALLEST }
}

/// The size of a Gaussian number's terms, scaled.
fn noise(euler: Euler, step: &TwinStep, (unit, image, units): (usize, usize, usize)) -> f64 {
    let Some(noise) = euler.noise else { return 0.0 };
    let stream = Stream::new(step.seed, Purpose::Noise, noise.layer, step.step);
    let z = f64::from(byte_sum(stream.pair(step.repeat, (image * units + unit) as u32))) * f64::from(GAUSSIAN_SCALE);
    let polynomial = GAUSSIAN.iter().rev().fold(0.0, |sum, &c| sum * z * z + f64::from(c).abs());
    (f64::from(noise.scale) * z).abs() * polynomial
}
