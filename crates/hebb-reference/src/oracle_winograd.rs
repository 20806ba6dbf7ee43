//! The oracle of convolutions by Winograd: the sizes that their error bounds are made of, from a call's inputs.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::padded;
use hebb_spec::learning::Learning;
use hebb_spec::operand::Slot;
use hebb_spec::problem::Problem;

use crate::geometry::{has_bit, weight_row};
use crate::run::{Inputs, TwinError, floats};
use crate::winograd::{Seen, Winograd};

fn absolute(numbers: &[f64]) -> Vec<f64> {
    numbers.iter().map(|number| number.abs()).collect()
}

/// Of each h, before σ.
pub(crate) fn forward(
    problem: &Problem,
    (c, batch): (Connection, u32),
    outputs: u32,
    inputs: &Inputs,
) -> Result<Vec<f64>, TwinError> {
    let (w, row) = (floats(problem, inputs, Slot::W)?, weight_row(&c));
    let weight =
        |out: u32, input: u32, ky: u32, kx: u32| w[(input * 9 + ky * 3 + kx) as usize * row + out as usize].abs();
    let seen = Seen { input: c.input, channels: c.output.channels, weight: &weight };
    Ok(Winograd::of(outputs).sizes(&seen, padded(batch), &absolute(floats(problem, inputs, Slot::X)?)))
}

/// Of each δ below, through σ′: the gate is the same for absolute values, and its slope is in the size.
pub(crate) fn feedback(
    problem: &Problem,
    (c, batch, skip, gate): (Connection, u32, bool, Option<f32>),
    outputs: u32,
    inputs: &Inputs,
) -> Result<Vec<f64>, TwinError> {
    let (r, row) = (floats(problem, inputs, Slot::R)?, weight_row(&c));
    // The filter turned round.
    let weight =
        |input: u32, out: u32, ky: u32, kx: u32| r[(input * 9 + 8 - (ky * 3 + kx)) as usize * row + out as usize].abs();
    let from = Shape { channels: c.output.channels, ..c.input };
    let seen = Seen { input: from, channels: c.input.channels, weight: &weight };
    let delta = absolute(floats(problem, inputs, Slot::Delta)?);
    let mut sizes = Winograd::of(outputs).sizes(&seen, padded(batch), &delta);
    if skip {
        sizes.iter_mut().zip(floats(problem, inputs, Slot::Skip)?).for_each(|(size, skip)| *size += skip.abs());
    }
    if let Some(slope) = gate {
        for (size, x) in sizes.iter_mut().zip(floats(problem, inputs, Slot::Gate)?) {
            *size *= if x.abs() >= 1.0 { 0.0 } else { f64::from(slope).abs() };
        }
    }
    Ok(sizes)
}

/// Of the sums that W, and R where it learns, learn from: 0 of those that a mask leaves out.
pub(crate) fn update(
    problem: &Problem,
    (c, batch, learning): (Connection, u32, Learning),
    outputs: u32,
    inputs: &Inputs,
) -> Result<Vec<Vec<f64>>, TwinError> {
    let (delta, x) = (floats(problem, inputs, Slot::Delta)?, floats(problem, inputs, Slot::X)?);
    let sizes = Winograd::of(outputs).update_sizes(&c, batch, (&absolute(delta), &absolute(x)));
    let masked = |sizes: &[f64], slot: Slot| -> Result<Vec<f64>, TwinError> {
        if !learning.masked {
            return Ok(sizes.to_vec());
        }
        let mask = floats(problem, inputs, slot)?;
        Ok(sizes.iter().enumerate().map(|(at, &size)| if has_bit(mask, at) { size } else { 0.0 }).collect())
    };
    let mut all = vec![masked(&sizes, Slot::MaskW)?];
    if learning.epsilon.is_some() {
        all.push(masked(&sizes, Slot::MaskR)?);
    }
    Ok(all)
}
