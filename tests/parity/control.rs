//! Negative controls: a harness that could pass wrongly is a defect. Each takes one image, one tap, one edge or one
//! output away from the device and must see the comparison fail.

use hebb_gpu::{Gpu, Options};
use hebb_reference::Data;
use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::problem::{Learning, Problem};
use hebb_tests::problem::{POISON, expected, inputs, judge, run};
use hebb_tests::{Case, Values, trial};
use libtest_mimic::Trial;

const BATCH: u32 = 129;

fn connection() -> Connection {
    Connection::conv(Shape::new(3, 6, 5), 7, 3, 3)
}

/// The controls.
pub fn trials() -> Vec<Trial> {
    let c = connection();
    let forward = Problem::ConnectForward { connection: c, batch: BATCH, slope: None };
    let feedback = Problem::ConnectFeedback { connection: c, batch: BATCH, skip: false, gate: None };
    let learning = Learning::new(1.0 / 64.0, Some(1.0));
    let update = Problem::ConnectUpdate { connection: c, batch: BATCH, learning };
    let partial = Problem::ConnectPartial { connection: c, batch: BATCH, splits: 4 };
    let (image, tap, edge) = (Cut::Image, Cut::Tap, Cut::Pixel);
    let mut trials = Vec::new();
    for (problem, tensor, cut) in [
        (forward, 1, image),
        (forward, 0, tap),
        (forward, 1, edge),
        (feedback, 1, image),
        (feedback, 0, tap),
        (feedback, 1, edge),
        (update, 0, image),
        (update, 1, image),
        (update, 0, edge),
        (update, 1, edge),
        (partial, 0, image),
        (partial, 1, edge),
    ] {
        let name = format!("control: {} notices tensor {tensor} without its last {cut:?}", problem.stem());
        trials.push(trial(name, move |gpu| notices(gpu, problem, tensor, cut)));
    }
    for (name, left) in [("unwritten", POISON), ("NaN", f32::NAN)] {
        trials.push(trial(format!("control: one {name} element is noticed"), move |gpu| {
            let case =
                Case::new("control", Problem::ConnectForward { connection: connection(), batch: 8, slope: None }, 8);
            let given = inputs(&case, Values::Random, 5);
            let (mut outputs, lanes) = run(gpu, &case, &Options::default(), &given)?;
            let wanted = expected(&case, Values::Random, &given, lanes)?;
            judge(&wanted, &outputs)?;
            if let Some(last) = outputs[0].last_mut() {
                *last = left;
            }
            must_fail(judge(&wanted, &outputs).is_err())
        }));
    }
    trials
}

#[derive(Clone, Copy, Debug)]
enum Cut {
    Image,
    Tap,
    Pixel,
}

fn must_fail(failed: bool) -> Result<(), String> {
    if failed { Ok(()) } else { Err("the comparison passed although something was missing".to_owned()) }
}

fn notices(gpu: &Gpu, problem: Problem, tensor: usize, cut: Cut) -> Result<(), String> {
    let case = Case::new("control", problem, BATCH);
    let whole = inputs(&case, Values::Whole, 9);
    let (outputs, lanes) = run(gpu, &case, &Options::default(), &whole)?;
    let wanted = expected(&case, Values::Whole, &whole, lanes)?;
    judge(&wanted, &outputs)?;

    let mut less = whole;
    let Some(Data::Floats(values)) = less.get_mut(tensor) else {
        return Err("the control cuts a tensor of floats".to_owned());
    };
    let images = (BATCH as usize).next_multiple_of(4);
    match cut {
        // Of the last unit only: one term of one sum.
        Cut::Image => {
            let at = values.len() - images + BATCH as usize - 1;
            values[at] = 0.0;
        }
        Cut::Tap => {
            let row = (connection().out_vectors() * 4) as usize;
            let at = values.len() - row;
            values[at] = 0.0;
        }
        Cut::Pixel => {
            let at = values.len() - images;
            values[at..].fill(0.0);
        }
    }
    let (outputs, _) = run(gpu, &case, &Options::default(), &less)?;
    must_fail(judge(&wanted, &outputs).is_err())
}
