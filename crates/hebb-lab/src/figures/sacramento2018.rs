//! Dendritic microcircuits of Sacramento, Costa, Bengio and Senn (2018). The paper's figures 1 to 3, S1 and S2.

mod fig1;
mod fig2;
mod fig3;
mod s1;
mod s2;
mod traces;

use hebb_data::{PatternSpec, Patterns};
use hebb_spec::Shape;
use hebb_spec::settings::Table as Settings;
use hebb_spec::system::System;
use hebb_spec::transfer::TransferFunction;
use hebb_systems::microcircuit::Microcircuit;

use super::Made;
use crate::error::LabError;
use crate::kept::{Beside, Done, Long};
use crate::plot::{Axis, Chart, Style};
use crate::request::Request;

pub use fig1::make as fig1;
pub use fig2::make as fig2;
pub use fig3::make as fig3;
pub use s1::make as s1;
pub use s2::make as s2;

/// Patterns at once: a network's states run on from each to the next.
const BATCH: u32 = 1;

/// A network in continuous time, the patterns that it sees, and for how long.
#[derive(Clone)]
struct Protocol {
    circuit: Microcircuit,
    spec: PatternSpec,
    /// Epochs at full size.
    epochs: u32,
}

/// A protocol as it ran from a seed.
struct Course {
    seed: u64,
    patterns: Patterns,
    done: Done,
}

impl Protocol {
    fn patterns(&self, seed: u64) -> Patterns {
        let Microcircuit { networks, transfer, .. } = self.circuit;
        self.spec.draw(self.circuit.units(0) / networks.max(1), networks, transfer, seed)
    }

    /// The run; `what` is what it is called beside its seed, `name` its folder without the seed.
    fn long<'a>(&'a self, patterns: &'a Patterns, (name, what): (&str, &str), seed: u64) -> Long<'a> {
        Long {
            name: format!("{name}-{seed}"),
            what: format!("{what}, seed {seed}"),
            system: &self.circuit,
            records: patterns,
            data: "patterns",
            source: "patterns",
            digest: patterns.digest(),
            spec: settings(&self.circuit, self.spec.table()),
            kind: (Shape::flat(self.circuit.units(0)), 0),
            validation: self.spec.held as usize,
            batch: BATCH,
            epochs: self.epochs,
            seed,
            tells: if self.spec.teacher.is_some() { "validation_error" } else { "apical_1" },
        }
    }

    /// The epochs that the request's scale has, where there are so many runs.
    fn scaled(&self, request: &Request<'_>, names: (&str, &str), runs: usize) -> Result<u32, LabError> {
        let seed = request.seeds.0.first().copied().unwrap_or(1);
        self.long(&self.patterns(seed), names, seed).scaled(request, runs)
    }

    fn course(&self, request: &Request<'_>, names: (&str, &str), seed: u64) -> Result<Course, LabError> {
        self.circuit.check()?;
        let patterns = self.patterns(seed);
        let run = self.long(&patterns, names, seed);
        let done = run.train(request, run.start(), Beside { columns: &[], of: &mut |_, _| Ok(Vec::new()) })?;
        Ok(Course { seed, patterns, done })
    }

    /// Patterns that so many epochs have.
    fn seen(&self, epochs: u32) -> u64 {
        u64::from(self.spec.patterns) * u64::from(epochs)
    }

    /// What was reduced of the patterns.
    fn reduced(&self, epochs: u32) -> Vec<String> {
        let (seen, full) = (self.seen(epochs), self.seen(self.epochs));
        if seen < full { vec![format!("{seen} of {full} patterns")] } else { Vec::new() }
    }
}

impl Course {
    /// A column by patterns seen.
    fn by_pattern(&self, protocol: &Protocol, values: &[f64]) -> Vec<(f64, f64)> {
        let at = |(epoch, value): (usize, &f64)| (protocol.seen(epoch as u32) as f64, *value);
        values.iter().enumerate().map(at).collect()
    }
}

/// A network's settings and those of its data.
fn settings(circuit: &Microcircuit, data: Settings) -> Settings {
    Settings(circuit.describe().0.into_iter().chain(data.0).collect())
}

/// A column's first and last numbers.
fn ends(values: &[f64]) -> (f64, f64) {
    (values.first().copied().unwrap_or(f64::NAN), values.last().copied().unwrap_or(f64::NAN))
}

/// Of each course something said, seed by seed.
fn each(courses: &[Course], of: &dyn Fn(&Course) -> String) -> String {
    let text = |course: &Course| format!("seed {}: {}", course.seed, of(course));
    courses.iter().map(text).collect::<Vec<_>>().join("; ")
}

/// A chart by patterns seen.
fn by_patterns(title: &str, label: &str, last: u64, is_log: bool) -> Chart {
    let y = Axis::new(label);
    Chart::new(title, Axis::new("patterns").over(0.0, last as f64), if is_log { y.log() } else { y })
}

/// A thin line at a height.
fn guide(chart: Chart, at: f64, last: u64) -> Chart {
    chart.curve(vec![(0.0, at), (last as f64, at)], Style::guide())
}

/// Sizes as 30-20-10.
fn sizes(circuit: &Microcircuit) -> String {
    circuit.sizes.iter().map(u32::to_string).collect::<Vec<_>>().join("-")
}

/// φ with its constants.
fn phi(circuit: &Microcircuit) -> String {
    match circuit.transfer {
        TransferFunction::Softplus { gamma, beta, theta } => {
            format!("φ(u) = γ log(1 + e^(β(u − θ))), γ {gamma}, β {beta}, θ {theta}")
        }
        other => format!("φ {other}"),
    }
}

/// Euler's steps, noise and such, as a page tells them.
fn dynamics(circuit: &Microcircuit) -> String {
    let Microcircuit { g_apical, g_basal, g_dendrite, g_leak, g_soma, dt, pattern_steps, .. } = circuit;
    let Microcircuit { tau_input, tau_weights, sigma, .. } = circuit;
    format!(
        "{pattern_steps} of Euler's steps of {dt} a pattern, states run on; g_A {g_apical}, g_B {g_basal}, g_D \
         {g_dendrite}, g_lk {g_leak}, g_som {g_soma}; τ₀ {tau_input}, τ_w {tau_weights}; noise σ√dt a step, σ {sigma}"
    )
}

/// Numbers with commas between them.
fn list(numbers: &[f32]) -> String {
    numbers.iter().map(f32::to_string).collect::<Vec<_>>().join(", ")
}
