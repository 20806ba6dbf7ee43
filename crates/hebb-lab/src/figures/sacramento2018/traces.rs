//! Traces of somata and dendrites while patterns are shown.

use std::collections::BTreeMap;

use hebb_data::Patterns;
use hebb_engine::records::{Gathered, Records};
use hebb_engine::weights::{download, upload};
use hebb_spec::backend::{Options, Runtime, Step};
use hebb_spec::param::Weights;
use hebb_spec::plan::List;
use hebb_spec::system::System;
use hebb_systems::microcircuit::Microcircuit;

use super::Course;
use crate::error::LabError;
use crate::plot::{Axis, Chart, Style};

/// Rows of a trace, a pattern.
pub const ROWS: u32 = 100;

/// What was recorded, pattern after pattern.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    /// By population (`u0`, `u1`, `i1`, `vA1` …): a row each time, a number a unit.
    populations: BTreeMap<String, Vec<Vec<f32>>>,
    /// Time between two rows.
    every: f64,
    /// Rows of a pattern.
    rows: usize,
}

/// A circuit whose weights rest, with traces: what it shows is one state of its weights.
pub fn resting(circuit: &Microcircuit) -> Microcircuit {
    let still = || vec![0.0];
    Microcircuit {
        lr_up: still(),
        lr_ip: still(),
        lr_pi: still(),
        lr_down: still(),
        record: (circuit.pattern_steps / ROWS).max(1),
        ..circuit.clone()
    }
}

/// Some of the patterns held aside, each as a step's input.
pub fn held(patterns: &Patterns, range: std::ops::Range<u32>) -> Vec<Gathered> {
    let first = Records::count(patterns) as u32 - patterns.held();
    let one = |index: u32| {
        let mut gathered = Gathered::default();
        patterns.gather(0, &[first + index], &mut gathered);
        gathered
    };
    range.map(|index| one(index % patterns.held().max(1))).collect()
}

/// Traces of a course's network, whose weights rest, before and after learning: of patterns held aside, of which some lead
/// up to those that are kept.
pub fn before_and_after(
    runtime: &dyn Runtime,
    course: &Course,
    circuit: &Microcircuit,
    (lead, shown): (u32, u32),
) -> Result<[Traces; 2], LabError> {
    let circuit = resting(circuit);
    let (first, kept) = (held(&course.patterns, 0..lead), held(&course.patterns, lead..lead + shown));
    let of = |mut weights: Weights| -> Result<Traces, LabError> {
        let mut traces = Traces::default();
        Traces::default().add(runtime, &circuit, &mut weights, (&first, course.seed))?;
        traces.add(runtime, &circuit, &mut weights, (&kept, course.seed))?;
        Ok(traces)
    };
    Ok([of(course.done.start.clone())?, of(course.done.end.clone())?])
}

impl Traces {
    /// Shows inputs to a resting circuit, one after the other; `weights` are left with the states that it came to.
    pub fn add(
        &mut self,
        runtime: &dyn Runtime,
        circuit: &Microcircuit,
        weights: &mut Weights,
        (inputs, seed): (&[Gathered], u64),
    ) -> Result<(), LabError> {
        let mut backend = runtime.prepare(circuit.plan(1), &Options::default())?;
        let backend = &mut *backend;
        upload(weights, backend)?;
        self.every = f64::from(circuit.dt) * f64::from(circuit.record);
        self.rows = (circuit.pattern_steps / circuit.record.max(1)) as usize;
        let before = self.count() / self.rows.max(1);
        for (at, gathered) in inputs.iter().enumerate() {
            let (step, inputs) = ((before + at) as u32, gathered.inputs());
            let step = Step { seed, step, images: 1, rates: &circuit.rates(step, 1), inputs: &inputs };
            backend.submit(List::TRAIN, &step, circuit.repeats(List::TRAIN))?;
            for outcome in backend.collect(0)? {
                for (name, values) in &outcome.readouts {
                    let Some(population) = name.strip_prefix("trace ") else { continue };
                    let units = values.len() / self.rows.max(1);
                    let rows = values.chunks_exact(units.max(1)).map(<[f32]>::to_vec);
                    self.populations.entry(population.to_owned()).or_default().extend(rows);
                }
            }
        }
        *weights = download(&circuit.params(), weights, backend)?;
        Ok(())
    }

    /// Times recorded.
    fn count(&self) -> usize {
        self.populations.values().next().map_or(0, Vec::len)
    }

    /// A population's rows.
    pub fn of(&self, population: &str) -> &[Vec<f32>] {
        self.populations.get(population).map_or(&[], Vec::as_slice)
    }

    /// A time for each row.
    pub fn times(&self) -> impl Iterator<Item = f64> {
        (1..=self.count()).map(|row| row as f64 * self.every)
    }

    /// The pattern, counted from 0, that was there at a row's time.
    pub fn pattern(&self, time: f64) -> usize {
        ((time / self.every).round() as usize).saturating_sub(1) / self.rows.max(1)
    }

    /// What a function makes of each row of a population, by time.
    pub fn curve(&self, population: &str, of: impl Fn(&[f32]) -> f64) -> Vec<(f64, f64)> {
        self.times().zip(self.of(population)).map(|(time, row)| (time, of(row))).collect()
    }

    /// A unit's potential by time.
    pub fn unit(&self, population: &str, unit: usize) -> Vec<(f64, f64)> {
        self.curve(population, |row| row.get(unit).copied().map_or(f64::NAN, f64::from))
    }

    /// The last row of the n-th pattern.
    pub fn settled(&self, population: &str, pattern: usize) -> &[f32] {
        self.of(population).get((pattern + 1) * self.rows - 1).map_or(&[], Vec::as_slice)
    }

    /// A chart by time.
    pub fn chart(&self, title: &str, label: &str, (low, high): (f64, f64)) -> Chart {
        let last = self.count() as f64 * self.every;
        Chart::new(title, Axis::new("time (ms)").over(0.0, last), Axis::new(label).over(low, high))
    }
}

/// A range for several curves, so that charts beside each other have one.
pub fn range(curves: &[Vec<(f64, f64)>]) -> (f64, f64) {
    let values = || curves.iter().flatten().map(|(_, value)| *value).filter(|value| value.is_finite());
    let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    let margin = 0.05 * (high - low).max(1e-6);
    (low - margin, high + margin)
}

/// The style of noisy traces: thin and unbroken.
pub fn thin(n: usize) -> Style {
    Style::nth(n).solid().of_width(1.3)
}

/// The mean size of some numbers.
pub fn mean_size(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(*v).abs()).sum::<f64>() / values.len() as f64
}
