//! `integrate`: one input and two, with noise and without, begun anew and not; over several repeats, each with numbers of
//! its own.

use hebb_reference::Twins;
use hebb_spec::backend::{Options, Runtime, Step};
use hebb_spec::builder::Builder;
use hebb_spec::layout::Layout;
use hebb_spec::operand::Slot;
use hebb_spec::plan::{List, Plan, Role, TensorId};
use hebb_spec::problem::Problem;
use hebb_spec::transfer::{Euler, Noise};
use hebb_tests::problem::GRID;
use hebb_tests::{Case, devices};
use libtest_mimic::Trial;

use super::transfer::elementwise;

const NOISE: Noise = Noise { scale: 0.75, layer: 3 };
const REPEATS: u32 = 7;

/// Shapes of a step, in every form.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for second in [None, Some(-0.5)] {
        for noise in [None, Some(NOISE)] {
            for restart in [false, true] {
                let euler = Euler { keep: 0.75, first: 0.25, second, noise, restart };
                cases.extend(elementwise(|units, batch| Problem::Integrate { units, batch, euler }));
            }
        }
    }
    let euler = Euler { keep: 0.75, first: 0.25, second: None, noise: Some(NOISE), restart: false };
    cases.push(Case::new(GRID, Problem::Integrate { units: 4_200_000, batch: 1, euler }));
    cases
}

/// A submission of several repeats against the twins': the repeat is part of a number's address, and only the first one
/// begins anew.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for tested in devices() {
        for (batch, restart) in [(1, false), (1, true), (21, false), (21, true)] {
            let name = format!("integrate: {REPEATS} repeats, batch {batch}, restart {restart}");
            trials.push(tested.trial(&name, move |runtime| {
                let (got, wanted) = (somata(runtime, batch, restart)?, somata(&Twins, batch, restart)?);
                let far = got.iter().zip(&wanted).position(|(got, wanted)| !((got - wanted).abs() < 1e-4));
                far.map_or(Ok(()), |at| Err(format!("number {at} is {} and not {}", got[at], wanted[at])))
            }));
        }
    }
    trials
}

/// A soma that is carried from repeat to repeat, and what pulls at it.
fn plan(batch: u32, restart: bool) -> (Plan, [TensorId; 2]) {
    let mut builder = Builder::new(batch);
    let layout = Layout::Activity { units: 37, batch };
    let (v, u) = (builder.shared(Role::Param, "v", layout), builder.shared(Role::Carried, "u", layout));
    let euler = Euler { keep: 0.5, first: 0.25, second: None, noise: Some(NOISE), restart };
    builder.call("soma", Problem::Integrate { units: 37, batch, euler }, &[(Slot::V, v), (Slot::U, u)], "");
    (builder.finish(), [v, u])
}

/// U after several repeats of a list.
fn somata(runtime: &dyn Runtime, batch: u32, restart: bool) -> Result<Vec<f32>, String> {
    let (plan, [v, u]) = plan(batch, restart);
    let len = plan.tensor(u).layout.len();
    let run = || {
        let mut backend = runtime.prepare(plan, &Options::default())?;
        let start: Vec<f32> = (0..len).map(|at| at as f32 / 16.0).collect();
        backend.write(v, &start)?;
        backend.write(u, &start)?;
        let step = Step { seed: 11, step: 5, images: batch, rates: &[], inputs: &[] };
        backend.submit(List::TRAIN, &step, REPEATS)?;
        backend.read(u)
    };
    run().map_err(|error: hebb_spec::backend::Error| error.to_string())
}
