//! `transfer`: each transfer function, with a last unit of 1 and without, batches that are not full.

use hebb_reference::Twins;
use hebb_spec::backend::{Error, Options, Runtime, Step};
use hebb_spec::builder::Builder;
use hebb_spec::layout::Layout;
use hebb_spec::operand::Slot;
use hebb_spec::plan::{List, Role};
use hebb_spec::problem::Problem;
use hebb_spec::transfer::TransferFunction;
use hebb_tests::problem::GRID;
use hebb_tests::{Case, devices};
use libtest_mimic::Trial;

/// Each transfer function; that of the paper's figures, and one with all its constants.
pub const FUNCTIONS: [TransferFunction; 4] = [
    TransferFunction::Identity,
    TransferFunction::Logistic,
    TransferFunction::Softplus { gamma: 1.0, beta: 1.0, theta: 0.0 },
    TransferFunction::Softplus { gamma: 0.1, beta: 1.7, theta: 3.0 },
];

/// Units, batch and true images that every elementwise kernel of these neurons must serve.
pub const SHAPES: [(&str, u32, u32, u32); 8] = [
    ("one unit", 1, 1, 1),
    ("one image", 50, 1, 1),
    ("ten images", 333, 10, 10),
    ("odd", 37, 21, 21),
    ("a batch that is not full", 10, 37, 18),
    ("four blocks, the last empty", 19, 61, 47),
    ("no image", 5, 4, 0),
    ("many", 5000, 67, 66),
];

/// Cases of a problem of each of them.
pub fn elementwise(problem: impl Fn(u32, u32) -> Problem) -> Vec<Case> {
    SHAPES.map(|(name, units, batch, images)| Case::new(name, problem(units, batch)).with(images)).to_vec()
}

/// Shapes of the rates.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for transfer in FUNCTIONS {
        for one in [false, true] {
            cases.extend(elementwise(|units, batch| Problem::Transfer { units, batch, transfer, one }));
        }
    }
    for one in [false, true] {
        let problem = Problem::Transfer { units: 4_200_000, batch: 1, transfer: TransferFunction::Logistic, one };
        cases.push(Case::new(GRID, problem));
    }
    cases
}

/// Potentials past all that an exponential holds, and none at all: NaN must come out where it went in.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for tested in devices() {
        for transfer in FUNCTIONS {
            let name = format!("transfer: what is past all bounds, {transfer:?}");
            trials.push(tested.trial(&name, move |runtime| {
                for &checked in tested.checks {
                    let of = |runtime| past(runtime, transfer, checked).map_err(|error| error.to_string());
                    let (got, wanted) = (of(runtime)?, of(&Twins)?);
                    let is_off = |(got, wanted): (&f32, &f32)| {
                        let near = (got - wanted).abs() <= 1e-6 * wanted.abs() + 1e-30;
                        !(got == wanted || near || got.is_nan() && wanted.is_nan())
                    };
                    if got.iter().zip(&wanted).any(is_off) {
                        return Err(format!("{got:?} is not {wanted:?}"));
                    }
                }
                Ok(())
            }));
        }
    }
    trials
}

fn past(runtime: &dyn Runtime, transfer: TransferFunction, checked: bool) -> Result<Vec<f32>, Error> {
    let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e6, -1e6, 88.5, -87.5, 3e38, -3e38, 100.0, -100.0, 0.0];
    let (units, batch) = (x.len() as u32, 1);
    let mut builder = Builder::new(batch);
    let id = builder.shared(Role::Param, "x", Layout::Activity { units, batch });
    let y = builder.call("rates", Problem::Transfer { units, batch, transfer, one: false }, &[(Slot::X, id)], "y");
    let mut backend = runtime.prepare(builder.finish(), &Options { checked, ..Options::default() })?;
    backend.write(id, &x)?;
    backend.load(&Step { seed: 11, step: 5, images: batch, rates: &[], inputs: &[] })?;
    backend.call(List::TRAIN, 0)?;
    backend.read(y)
}
