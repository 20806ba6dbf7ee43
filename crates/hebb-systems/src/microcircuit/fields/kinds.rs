//! Kinds of settings: numbers and lists of them, and what belongs to what.

use hebb_spec::settings::{Value, short};
use hebb_spec::transfer::TransferFunction;

use super::MOST_UNITS;
use crate::microcircuit::{Dynamics, Learner, Microcircuit};

/// Whether a setting belongs to a network; the error says to what it belongs.
pub(super) type Read = Result<(), String>;

/// Refuses what belongs to other dynamics.
fn only(circuit: &Microcircuit, dynamics: Dynamics) -> Read {
    match circuit.dynamics == dynamics {
        true => Ok(()),
        false => Err(format!(
            "it belongs to {dynamics} dynamics, but the dynamics are {}: leave one of them out",
            circuit.dynamics
        )),
    }
}

/// Refuses what back-propagation has not.
pub(super) fn circuits(circuit: &Microcircuit) -> Read {
    match circuit.learner {
        Learner::Microcircuit => Ok(()),
        Learner::Bp => Err("it belongs to microcircuits, but the learner is bp: leave one of them out".to_owned()),
    }
}

/// One number, or several separated by commas.
pub(super) fn list(value: &Value, allowed: fn(f32) -> bool, range: &str) -> Result<Vec<f32>, String> {
    let Value::Text(text) = value else { return Ok(vec![value.float(allowed, range)?]) };
    let one = |part: &str| Value::Text(part.to_owned()).float(allowed, range);
    let numbers: Result<Vec<f32>, String> = text.split(',').take(Microcircuit::MOST_LAYERS + 1).map(one).collect();
    numbers.map_err(|problem| format!("{problem}, or one for each layer, separated by commas"))
}

/// The same as it is written.
pub(super) fn listed(numbers: &[f32]) -> Value {
    match numbers {
        [one] => Value::Float(*one),
        _ => Value::Text(numbers.iter().map(|number| format!("{number:?}")).collect::<Vec<_>>().join(",")),
    }
}

/// A field that is one number. `$belongs` says whether it does, and is asked in reading and in writing.
macro_rules! number {
    ($key:literal, $group:ident, $name:ident, $belongs:expr, $allowed:expr, $range:literal, $help:literal) => {
        Field {
            key: $key,
            value: "F",
            group: $group,
            help: $help,
            set: |circuit, value| {
                let belongs: fn(&Microcircuit) -> kinds::Read = $belongs;
                belongs(circuit)?;
                circuit.$name = value.float($allowed, $range)?;
                Ok(())
            },
            get: |circuit| {
                let belongs: fn(&Microcircuit) -> kinds::Read = $belongs;
                belongs(circuit).is_ok().then_some(Value::Float(circuit.$name))
            },
        }
    };
}

/// A field that is a list of numbers.
macro_rules! numbers {
    ($key:literal, $group:ident, $name:ident, $belongs:expr, $allowed:expr, $range:literal, $help:literal) => {
        Field {
            key: $key,
            value: "F,F,…",
            group: $group,
            help: $help,
            set: |circuit, value| {
                let belongs: fn(&Microcircuit) -> kinds::Read = $belongs;
                belongs(circuit)?;
                circuit.$name = kinds::list(value, $allowed, $range)?;
                Ok(())
            },
            get: |circuit| {
                let belongs: fn(&Microcircuit) -> kinds::Read = $belongs;
                // An empty list is what the paper has, written out before it is kept.
                (belongs(circuit).is_ok() && !circuit.$name.is_empty()).then(|| kinds::listed(&circuit.$name))
            },
        }
    };
}

pub(super) use {number, numbers};

pub(super) fn always(_: &Microcircuit) -> Read {
    Ok(())
}

pub(super) fn continuous(circuit: &Microcircuit) -> Read {
    only(circuit, Dynamics::Continuous)
}

pub(super) fn two_step(circuit: &Microcircuit) -> Read {
    only(circuit, Dynamics::TwoStep)
}

pub(super) fn two_step_circuits(circuit: &Microcircuit) -> Read {
    two_step(circuit).and_then(|()| circuits(circuit))
}

/// Softplus has numbers of its own.
pub(super) fn softplus(circuit: &mut Microcircuit) -> Result<[&mut f32; 3], String> {
    match &mut circuit.transfer {
        TransferFunction::Softplus { gamma, beta, theta } => Ok([gamma, beta, theta]),
        other => Err(format!("it belongs to softplus, but the transfer function is {other}: leave one of them out")),
    }
}

pub(super) fn of_softplus(circuit: &Microcircuit, at: usize) -> Option<Value> {
    match circuit.transfer {
        TransferFunction::Softplus { gamma, beta, theta } => Some(Value::Float([gamma, beta, theta][at])),
        _ => None,
    }
}

/// IP and PI have a random start of their own where it is not self-predicting.
pub(super) fn random(circuit: &Microcircuit) -> Read {
    circuits(circuit)?;
    match circuit.self_predicting {
        false => Ok(()),
        true => Err("it belongs to a random start, but the start is self-predicting: leave one of them out".to_owned()),
    }
}

/// Sizes as `30-20-10`.
pub(super) fn sizes(text: &str) -> Result<Vec<u32>, String> {
    let size = |part: &str| part.trim().parse::<u32>().ok().filter(|&units| (1..=MOST_UNITS).contains(&units));
    let most = Microcircuit::MOST_LAYERS;
    let sizes: Option<Vec<u32>> = text.split('-').take(most + 2).map(size).collect();
    let fits = |sizes: &Vec<u32>| {
        (2..=most + 1).contains(&sizes.len())
            && sizes.windows(2).all(|pair| u64::from(pair[0] + 1) * u64::from(pair[1]) <= u64::from(u32::MAX / 4))
    };
    sizes.filter(fits).ok_or_else(|| {
        format!(
            "'{}' are no sizes: write the cells of the input and of 1 to {most} layers, each from 1 to {MOST_UNITS}, as in \
             30-20-10",
            short(text)
        )
    })
}
