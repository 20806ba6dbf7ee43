//! `record`: the row of the first repeat; over several repeats those that are kept, in a ring that goes round.

use hebb_reference::Twins;
use hebb_spec::backend::{Error, Options, Runtime, Step};
use hebb_spec::builder::Builder;
use hebb_spec::layout::Layout;
use hebb_spec::operand::Slot;
use hebb_spec::plan::{List, Role};
use hebb_spec::problem::Problem;
use hebb_spec::transfer::Euler;
use hebb_tests::problem::GRID;
use hebb_tests::{Case, devices};
use libtest_mimic::Trial;

use super::transfer::elementwise;

/// Shapes of a ring.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (every, rows) in [(1, 1), (3, 4)] {
        cases.extend(elementwise(|units, batch| Problem::Record { units, batch, every, rows }));
    }
    cases.push(Case::new(GRID, Problem::Record { units: 4_200_000, batch: 1, every: 1, rows: 2 }));
    cases
}

/// A submission of several repeats against the twins': exactly.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for tested in devices() {
        for (every, rows, repeats) in [(1, 3, 3), (2, 3, 6), (3, 2, 11), (4, 5, 2)] {
            let name = format!("record: every {every} of {repeats} repeats, {rows} rows");
            trials.push(tested.trial(&name, move |runtime| {
                let of = |runtime| ring(runtime, (every, rows), repeats).map_err(|error| error.to_string());
                if of(runtime)? == of(&Twins)? { Ok(()) } else { Err("another row, or other numbers".to_owned()) }
            }));
        }
    }
    trials
}

/// What is kept of a soma that doubles from repeat to repeat.
fn ring(runtime: &dyn Runtime, (every, rows): (u32, u32), repeats: u32) -> Result<Vec<f32>, Error> {
    let (units, batch) = (37, 5);
    let mut builder = Builder::new(batch);
    let layout = Layout::Activity { units, batch };
    let (v, u) = (builder.shared(Role::Param, "v", layout), builder.shared(Role::State, "u", layout));
    let ring = builder.shared(Role::State, "ring", Layout::Flat((rows * batch * units) as usize));
    let euler = Euler { keep: 2.0, first: 1.0, second: None, noise: None, restart: false };
    builder.call("soma", Problem::Integrate { units, batch, euler }, &[(Slot::V, v), (Slot::U, u)], "");
    let problem = Problem::Record { units, batch, every, rows };
    builder.call("record", problem, &[(Slot::X, u), (Slot::Ring, ring)], "");
    let mut backend = runtime.prepare(builder.finish(), &Options::default())?;
    let start: Vec<f32> = (0..units * batch).map(|at| at as f32).collect();
    backend.write(v, &start)?;
    backend.write(u, &start)?;
    let step = Step { seed: 11, step: 5, images: batch, rates: &[], inputs: &[] };
    backend.submit(List::TRAIN, &step, repeats)?;
    backend.read(ring)
}
