//! Negative controls: a harness that could pass wrongly is a defect. Each takes one image, one tap, one edge or one
//! output away from the runtime and must see the comparison fail; or writes where nothing may be.

use hebb_spec::Shape;
use hebb_spec::backend::{Options, Runtime};
use hebb_spec::connection::Connection;
use hebb_spec::learning::Learning;
use hebb_spec::operand::Slot;
use hebb_spec::problem::Problem;
use hebb_tests::problem::{POISON, RATE, expected, inputs, judge, run};
use hebb_tests::{Case, FORMS, RUNTIMES, Values};
use libtest_mimic::{Failed, Trial};

use crate::spoiling::Spoils;

const BATCH: u32 = 129;

fn connection() -> Connection {
    Connection::conv(Shape::new(3, 6, 5), 7, 3, 3)
}

/// The controls.
pub fn trials() -> Vec<Trial> {
    let c = connection();
    let forward = Problem::ConnectForward { connection: c, batch: BATCH, slope: None };
    let feedback = Problem::ConnectFeedback { connection: c, batch: BATCH, skip: false, gate: None };
    let learning = Learning::new(RATE, Some(1.0));
    // Cut into runs of places, and whole.
    let cut = Problem::ConnectUpdate { connection: c, batch: BATCH, learning };
    let whole = Problem::ConnectUpdate { connection: c.untie(), batch: BATCH, learning };
    let mut controls = Vec::new();
    for (problem, activity) in [(forward, Slot::X), (feedback, Slot::Delta)] {
        controls.extend([(problem, activity, Less::Image), (problem, activity, Less::Edge)]);
    }
    controls.extend([(forward, Slot::W, Less::Tap), (feedback, Slot::R, Less::Tap)]);
    for (problem, slot) in [(cut, Slot::Delta), (cut, Slot::X), (whole, Slot::Delta), (whole, Slot::X)] {
        controls.extend([(problem, slot, Less::Image), (problem, slot, Less::Edge)]);
    }
    let mut trials = Vec::new();
    for tested in RUNTIMES.into_iter().chain(FORMS) {
        // What F(4×4, 3×3) makes of whole numbers is not exact: there a bound must notice.
        let values = if tested.name == FORMS[1].name { Values::Random } else { Values::Whole };
        let is_form = FORMS.iter().any(|form| form.name == tested.name);
        for &(problem, slot, less) in controls.iter().filter(|(problem, ..)| !is_form || *problem != whole) {
            let kind = if problem == whole { ", untied," } else { "" };
            let name = format!("control: {}{kind} notices {slot:?} without its last {less:?}", problem.stem());
            trials.push(tested.trial(&name, move |runtime| notices(runtime, problem, slot, (less, values))));
        }
    }
    for tested in RUNTIMES {
        for (name, left) in [("unwritten", POISON), ("NaN", f32::NAN)] {
            let name = format!("control: one {name} element is noticed");
            trials.push(tested.trial(&name, move |runtime| notices_left(runtime, left)));
        }
    }
    for (spoils, told) in [(Spoils::Behind, "behind its end"), (Spoils::Padding, "padding")] {
        trials.push(Trial::test(format!("control: a write is noticed, {spoils:?}"), move || {
            let case = Case::new("control", cut);
            match run(&spoils, &case, &Options::default(), &inputs(&case, Values::Whole, 9)) {
                Err(error) if error.contains("'W'") && error.contains(told) => Ok(()),
                other => Err(Failed::from(format!("it came to {other:?}"))),
            }
        }));
    }
    trials
}

/// What an input lacks: one term of one sum, or those of one pixel.
#[derive(Clone, Copy, Debug)]
enum Less {
    /// The last unit of the last image.
    Image,
    /// The last tap of the first output.
    Tap,
    /// The last unit of all images.
    Edge,
}

fn must_fail(failed: bool) -> Result<(), String> {
    if failed { Ok(()) } else { Err("the comparison passed although something was missing".to_owned()) }
}

fn notices(runtime: &dyn Runtime, problem: Problem, slot: Slot, (less, kind): (Less, Values)) -> Result<(), String> {
    let case = Case::new("control", problem);
    let mut given = inputs(&case, kind, 9);
    let (outputs, rounding) = run(runtime, &case, &Options::default(), &given)?;
    let wanted = expected(&case, kind, &given, rounding)?;
    judge(&wanted, &outputs)?;

    let (_, values) = given.iter_mut().find(|(other, _)| *other == slot).ok_or("the control cuts no input")?;
    let units = values.len() / BATCH as usize;
    match less {
        Less::Image => *values.last_mut().ok_or("nothing to cut")? = 0.0,
        Less::Tap => values[connection().taps() as usize - 1] = 0.0,
        Less::Edge => values.chunks_exact_mut(units).for_each(|image| image[units - 1] = 0.0),
    }
    let (outputs, _) = run(runtime, &case, &Options::default(), &given)?;
    must_fail(judge(&wanted, &outputs).is_err())
}

fn notices_left(runtime: &dyn Runtime, left: f32) -> Result<(), String> {
    let problem = Problem::ConnectForward { connection: connection(), batch: 8, slope: None };
    let case = Case::new("control", problem);
    let given = inputs(&case, Values::Random, 5);
    let (mut outputs, rounding) = run(runtime, &case, &Options::default(), &given)?;
    let wanted = expected(&case, Values::Random, &given, rounding)?;
    judge(&wanted, &outputs)?;
    if let Some(last) = outputs[0].1.last_mut() {
        *last = left;
    }
    must_fail(judge(&wanted, &outputs).is_err())
}
