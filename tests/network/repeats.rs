//! Lists that are repeated in one submission, on every runtime: each repeat has its own index, past any block of them that
//! a runtime keeps; what is carried lasts from repeat to repeat and starts anew with the submission.

use hebb_reference::Twins;
use hebb_spec::Layout;
use hebb_spec::backend::{Error, Numbers, Options, Runtime, Step};
use hebb_spec::builder::Builder;
use hebb_spec::operand::Slot;
use hebb_spec::plan::{List, Plan, Role, TensorId};
use hebb_spec::problem::{Euler, Noise, Problem};
use hebb_tests::devices;
use libtest_mimic::Trial;

const UNITS: u32 = 5;
const BATCH: u32 = 6;
/// Rows of the ring, each of so many repeats.
const ROWS: u32 = 50;
const EVERY: u32 = 7;

/// The tests.
pub fn trials() -> Vec<Trial> {
    let trial = |tested: hebb_tests::Tested| {
        tested.trial("repeats: each has its index, and somata run on", |runtime| {
            let of = |runtime: &dyn Runtime| run(runtime).map_err(|error| error.to_string());
            let (got, wanted) = (of(runtime)?, of(&Twins)?);
            for ((what, got), (_, wanted)) in got.iter().zip(&wanted) {
                let off = |(got, wanted): (&f32, &f32)| (got - wanted).abs() > 1e-5 * (1.0 + wanted.abs());
                if got.len() != wanted.len() || got.iter().zip(wanted).any(off) {
                    return Err(format!("{what}: {got:?} is not {wanted:?}"));
                }
            }
            same("an evaluation and the next", &got[3].1, &got[4].1)
        })
    };
    devices().map(trial).collect()
}

fn same(what: &str, one: &[f32], other: &[f32]) -> Result<(), String> {
    if one == other { Ok(()) } else { Err(format!("{what}: {one:?} is not {other:?}")) }
}

/// A noisy soma that runs on and is recorded; and one that is carried.
fn plan() -> Plan {
    let mut builder = Builder::new(BATCH);
    let activity = Layout::Activity { units: UNITS, batch: BATCH };
    let ring = Layout::Flat((ROWS * BATCH * UNITS) as usize);
    let x = builder.shared(Role::Input, "x", activity);
    let euler =
        Euler { keep: 0.9, first: 0.1, second: None, noise: Some(Noise { scale: 0.1, layer: 2 }), restart: false };
    for (list, role, name, restart) in
        [(List::TRAIN, Role::State, "u", false), (List::EVALUATE, Role::Carried, "carried", true)]
    {
        builder.list(list);
        let u = builder.shared(role, name, activity);
        let problem = Problem::Integrate { units: UNITS, batch: BATCH, euler: Euler { restart, ..euler } };
        builder.call("soma", problem, &[(Slot::V, x), (Slot::U, u)], "");
        let ring = builder.shared(Role::Readout, &format!("rows of {name}"), ring);
        let problem = Problem::Record { units: UNITS, batch: BATCH, every: EVERY, rows: ROWS };
        builder.call("record", problem, &[(Slot::X, u), (Slot::Ring, ring)], "");
    }
    builder.finish()
}

type Found = Vec<(&'static str, Vec<f32>)>;

fn run(runtime: &dyn Runtime) -> Result<Found, Error> {
    let plan = plan();
    let find = |name| plan.find(name).unwrap_or(TensorId(usize::MAX));
    let (u, rows) = (find("u"), find("rows of u"));
    let mut backend = runtime.prepare(plan.clone(), &Options::default())?;
    let images = BATCH - 1;
    let x: Vec<f32> = (0..UNITS * images).map(|at| at as f32 / 8.0).collect();
    let inputs = [("x", Numbers::Floats(&x))];
    let step = |step| Step { seed: 3, step, images, rates: &[], inputs: &inputs };
    backend.submit(List::TRAIN, &step(4), 1)?;
    // More than twice as many as any runtime keeps the numbers of.
    backend.submit(List::TRAIN, &step(5), 2500)?;
    let mut outcomes = backend.collect(0)?;
    let mut found = vec![("u", backend.read(u)?), ("rows", backend.read(rows)?)];
    found.push(("the last outcome's rows", outcomes.pop().map_or(Vec::new(), |mut last| last.readouts.remove(0).1)));
    for what in ["an evaluation", "the next"] {
        backend.submit(List::EVALUATE, &step(6), 9)?;
        let last = backend.collect(0)?.pop();
        found.push((what, last.map_or(Vec::new(), |mut last| last.readouts.remove(0).1)));
    }
    Ok(found)
}
