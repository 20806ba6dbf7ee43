//! What there is to tell of a run.

use hebb_spec::step::Outcome;
use hebb_spec::system::{Amount, Readings, Sums};

use super::planner::{LOSS_SUMS, OUTPUT, WANTED, apical, followers};
use super::{Dynamics, Microcircuit, Source};
use crate::layered::statistics::PairSums;

/// The sum of the losses.
const LOSS: &str = "loss";
/// Images taken for another class.
pub(super) const WRONG: &str = "wrong";
/// Σ (φ(u_N) − φ(u_trgt))², a network's mean.
const ERROR: &str = "error";
/// Most hidden layers.
const MOST: usize = Microcircuit::MOST_LAYERS - 1;
/// The mean over a hidden layer's cells of |v_A|, pattern by pattern.
const APICAL: [&str; MOST] = ["apical 1", "apical 2", "apical 3", "apical 4", "apical 5", "apical 6", "apical 7"];

/// Names of an amount of each hidden layer.
macro_rules! of_layers {
    ($name:literal) => {
        [
            concat!("inter 1 ", $name),
            concat!("inter 2 ", $name),
            concat!("inter 3 ", $name),
            concat!("inter 4 ", $name),
            concat!("inter 5 ", $name),
            concat!("inter 6 ", $name),
            concat!("inter 7 ", $name),
        ]
    };
}

/// Sums over a hidden layer's interneurons u_I and the pyramidal cells u that they follow.
const INTER: [[&str; MOST]; 6] =
    [of_layers!("n"), of_layers!("i"), of_layers!("u"), of_layers!("ii"), of_layers!("uu"), of_layers!("iu")];

/// Whether images come with their classes.
pub(super) fn has_labels(circuit: &Microcircuit) -> bool {
    matches!(circuit.source, Source::Images { .. })
}

fn hidden(circuit: &Microcircuit) -> impl Iterator<Item = u32> + use<> {
    let some = circuit.has_circuit();
    circuit.hidden().filter(move |layer| some && *layer as usize <= MOST)
}

fn is_continuous(circuit: &Microcircuit) -> bool {
    circuit.dynamics == Dynamics::Continuous
}

/// The amounts, each 0.
pub(super) fn amounts(circuit: &Microcircuit) -> Vec<(&'static str, Amount)> {
    let zero = |name| (name, Amount::Real(0.0));
    let mut amounts = match circuit.source {
        Source::Images { .. } => vec![zero(LOSS), (WRONG, Amount::Count(0))],
        Source::Pairs => vec![zero(ERROR)],
        Source::Vectors => Vec::new(),
    };
    if is_continuous(circuit) {
        for at in hidden(circuit).map(|layer| layer as usize - 1) {
            amounts.push(zero(APICAL[at]));
            amounts.extend(INTER.iter().map(|names| zero(names[at])));
        }
    }
    amounts
}

/// The numbers of a readout's true images.
fn true_ones<'a>(outcome: &'a Outcome, name: &str, units: u32) -> Option<&'a [f32]> {
    let values = outcome.get(name)?;
    Some(&values[..values.len().min(units as usize * outcome.images as usize)])
}

/// A batch's amounts. A step of continuous training brings none.
pub(super) fn tally(circuit: &Microcircuit, outcome: &Outcome) -> Vec<(&'static str, Amount)> {
    let mut amounts = Vec::new();
    if let Some([loss, wrong, ..]) = outcome.get(LOSS_SUMS) {
        amounts.push((LOSS, Amount::Real(f64::from(*loss))));
        amounts.push((WRONG, Amount::Count(*wrong as u64)));
    }
    let top = circuit.units(circuit.layers());
    if let (Some(is), Some(wanted)) = (true_ones(outcome, OUTPUT, top), true_ones(outcome, WANTED, top)) {
        let square = |(is, wanted): (&f32, &f32)| (f64::from(*is) - f64::from(*wanted)).powi(2);
        let sum: f64 = is.iter().zip(wanted).map(square).sum();
        amounts.push((ERROR, Amount::Real(sum / f64::from(circuit.networks))));
    }
    for layer in hidden(circuit).filter(|_| is_continuous(circuit)) {
        let (at, units) = (layer as usize - 1, circuit.units(layer));
        if let Some(va) = true_ones(outcome, &apical(layer), units) {
            let sum: f64 = va.iter().map(|v| f64::from(*v).abs()).sum();
            amounts.push((APICAL[at], Amount::Real(sum / f64::from(units))));
        }
        let [inter, followed] = followers(layer);
        let above = circuit.units(layer + 1);
        if let (Some(i), Some(u)) = (true_ones(outcome, &inter, above), true_ones(outcome, &followed, above)) {
            let PairSums { count, w, r, ww, rr, wr } = PairSums::of(i, u);
            let sums = [count, w, r, ww, rr, wr];
            amounts.extend(INTER.iter().zip(sums).map(|(names, sum)| (names[at], Amount::Real(sum))));
        }
    }
    amounts
}

/// Columns of metrics.csv.
pub(super) fn columns(circuit: &Microcircuit) -> Vec<String> {
    let judged: &[&str] = match (circuit.source, circuit.dynamics) {
        (Source::Images { .. }, _) => &["train_loss", "train_error", "validation_loss", "validation_error"],
        (Source::Pairs, Dynamics::TwoStep) => &["train_error", "validation_error"],
        (Source::Pairs, Dynamics::Continuous) => &["validation_error"],
        (Source::Vectors, _) => &[],
    };
    let of = |name: &'static str, from: u32| move |layer: u32| format!("{name}_{}", layer + from);
    let inter = hidden(circuit).filter(|_| is_continuous(circuit));
    let mut columns: Vec<String> = judged.iter().map(|name| (*name).to_owned()).collect();
    columns.extend(hidden(circuit).map(of("apical", 0)));
    columns.extend(inter.map(of("inter", 0)));
    columns.extend(hidden(circuit).map(of("angle", 1)));
    columns.extend(hidden(circuit).map(of("ip", 0)));
    columns.extend(hidden(circuit).map(of("pi", 0)));
    columns
}

/// An epoch's values.
pub(super) fn row(circuit: &Microcircuit, readings: &Readings<'_>) -> Vec<Option<f64>> {
    let (train, validation, weights) = (readings.train, readings.validation, readings.weights);
    let mean = |name| validation.map(|sums| sums.mean(name));
    let mut row = match (circuit.source, circuit.dynamics) {
        (Source::Images { .. }, _) => {
            vec![Some(train.mean(LOSS)), Some(train.mean(WRONG)), mean(LOSS), mean(WRONG)]
        }
        (Source::Pairs, Dynamics::TwoStep) => vec![Some(train.mean(ERROR)), mean(ERROR)],
        (Source::Pairs, Dynamics::Continuous) => vec![mean(ERROR)],
        (Source::Vectors, _) => Vec::new(),
    };
    match circuit.dynamics {
        Dynamics::Continuous => {
            row.extend(hidden(circuit).map(|layer| mean(APICAL[layer as usize - 1])));
            row.extend(hidden(circuit).map(|layer| follows(validation?, layer as usize - 1)));
        }
        Dynamics::TwoStep => row.extend(hidden(circuit).map(|layer| silence(circuit, readings.observed?, layer))),
    }
    row.extend(hidden(circuit).map(|layer| circuit.angle(weights, layer + 1)));
    row.extend(hidden(circuit).map(|layer| circuit.ip_distance(weights, layer)));
    row.extend(hidden(circuit).map(|layer| circuit.pi_distance(weights, layer)));
    row
}

/// Pearson's correlation of interneurons' potentials and those that they follow.
fn follows(sums: &Sums, at: usize) -> Option<f64> {
    let [count, w, r, ww, rr, wr] = INTER.map(|names| sums.get(names[at]));
    PairSums { count, w, r, ww, rr, wr }.correlation()
}

/// The root of the mean square of a hidden layer's apical potentials.
fn silence(circuit: &Microcircuit, observed: &Outcome, layer: u32) -> Option<f64> {
    let values = true_ones(observed, &apical(layer), circuit.units(layer))?;
    let sum: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
    (!values.is_empty()).then(|| (sum / values.len() as f64).sqrt())
}
