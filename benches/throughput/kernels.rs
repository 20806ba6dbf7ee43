//! Each kernel on the shapes of the paper's networks, in every variant.

use hebb_reference::{TwinStep, compare, expect, sample};
use hebb_spec::Shape;
use hebb_spec::backend::{Options, Step};
use hebb_spec::connection::Connection;
use hebb_spec::layout::Layout;
use hebb_spec::learning::{Learning, Loss, Magnitudes, Rate};
use hebb_spec::operand::Access;
use hebb_spec::plan::{Call, List, Plan, Role, Tensor, TensorId};
use hebb_spec::pool::{Pool, PoolTies, PoolWindow};
use hebb_spec::problem::Problem;

use crate::device::{Device, Ready};
use crate::measure::{Ceilings, seconds};

/// A problem at a batch: built small to be checked, full to be timed.
type Make = Box<dyn Fn(u32) -> Problem>;

fn problems() -> Vec<(&'static str, u32, Make)> {
    let conv = |c, side, out, k| Connection::conv(Shape::new(c, side, side), out, k, k);
    let learning = Learning::new(Rate(0), Some(1.0));
    let connections = [
        ("3>32 5x5 32x32", conv(3, 32, 32, 5)),
        ("16>16 3x3 32x32", conv(16, 32, 16, 3)),
        ("32>32 3x3 32x32", conv(32, 32, 32, 3)),
        ("64>64 3x3 16x16", conv(64, 16, 64, 3)),
        ("128>128 3x3 8x8", conv(128, 8, 128, 3)),
        ("8192>500 full", Connection::full(Shape::flat(8192), 500)),
    ];
    let mut all: Vec<(&'static str, u32, Make)> = Vec::new();
    for (name, connection) in connections {
        let forward = move |batch| Problem::ConnectForward { connection, batch, slope: Some(0.5) };
        all.push((name, 512, Box::new(forward)));
    }
    for (name, connection) in connections {
        let feedback = move |batch| Problem::ConnectFeedback { connection, batch, skip: false, gate: Some(0.5) };
        all.push((name, 512, Box::new(feedback)));
    }
    for (name, connection) in connections {
        all.push((name, 512, Box::new(move |batch| Problem::ConnectUpdate { connection, batch, learning })));
    }
    let (window, ties) = (PoolWindow::FromPixel, PoolTies::All);
    let pool = Pool { input: Shape::new(32, 32, 32), size: 3, stride: 2, window, ties };
    all.push(("32x32x32, 3/2", 500, Box::new(move |batch| Problem::PoolForward { pool, batch })));
    all.push(("32x32x32, 3/2", 500, Box::new(move |batch| Problem::PoolFeedback { pool, batch, gate: Some(0.5) })));
    all.push((
        "8192 units",
        500,
        Box::new(|batch| Problem::Dropout { units: 8192, batch, index: 1, probability: 0.8 }),
    ));
    all.push(("16,384 units", 500, Box::new(|batch| Problem::SumForward { units: 16_384, batch })));
    all.push(("16,384 units", 500, Box::new(|batch| Problem::Difference { units: 16_384, batch })));
    all.push(("16,384 units", 500, Box::new(|batch| Problem::SumFeedback { units: 16_384, batch, slope: 0.5 })));
    all.push(("16,384 units", 500, Box::new(|batch| Problem::Saturation { units: 16_384, batch })));
    let full = Connection::full(Shape::flat(8192), 500);
    let magnitudes = Magnitudes::Drawn { bound: 0.1, layer: 2 };
    all.push(("8192>500 full", 1, Box::new(move |_| Problem::SignFeedback { connection: full, magnitudes })));
    let local = conv(16, 11, 64, 3).untie();
    all.push((
        "local 16>64 3x3 11x11",
        50,
        Box::new(move |batch| Problem::ConnectForward { connection: local, batch, slope: Some(0.5) }),
    ));
    all.push((
        "local 16>64 3x3 11x11",
        50,
        Box::new(move |batch| Problem::ConnectFeedback { connection: local, batch, skip: false, gate: Some(0.5) }),
    ));
    all.push((
        "local 16>64 3x3 11x11",
        50,
        Box::new(move |batch| Problem::ConnectUpdate { connection: local, batch, learning }),
    ));
    let loss = |batch| Problem::Loss { classes: 10, batch, loss: Loss::Hinge, mu: 1.0 / 9.0 };
    all.push(("10 classes", 500, Box::new(loss)));
    all.push(("10 classes", 500, Box::new(|batch| Problem::TargetDelta { classes: 10, batch })));
    let shape = Shape::new(3, 32, 32);
    all.push(("3x32x32", 500, Box::new(move |batch| Problem::GatherImages { shape, batch })));
    let of = Layout::Weights(full);
    all.push(("4,096,000 weights", 1, Box::new(move |_| Problem::PairStatistics { of, masked: false })));
    all
}

/// Checks and times every chosen kernel in every variant. One that fails is told in its place, and the others go on.
pub fn run(device: &Device, ceilings: &Ceilings, wanted: &[String]) -> Result<(), String> {
    println!(
        "{:18} {:9} {:20} {:>6} {:>9} {:>8} {:>7} {:>7} {:>7} {:>6}",
        "kernel", "variant", "problem", "batch", "ms", "GFLOP/s", "of fma", "of prod", "GB/s", "of cp"
    );
    let mut failures = 0;
    for (name, batch, make) in problems() {
        let stem = make(1).stem();
        for variant in device.runtime().variants(&make(batch)) {
            let label = format!("{stem} {variant}");
            if !wanted.is_empty() && !wanted.iter().any(|wanted| label.contains(wanted.as_str())) {
                continue;
            }
            if let Err(error) = one(device, ceilings, (name, batch, &make), variant) {
                println!("{stem:18} {variant:9} {name:20} {batch:6} FAILED: {error}");
                failures += 1;
            }
        }
    }
    if failures == 0 { Ok(()) } else { Err(format!("failed: {failures}")) }
}

/// Checks and times one variant on one problem.
fn one(
    device: &Device,
    ceilings: &Ceilings,
    (name, batch, make): (&str, u32, &Make),
    variant: &str,
) -> Result<(), String> {
    let (problem, options) = (make(batch), Options { variant: Some(variant.to_owned()), ..Options::default() });
    check(device, make(batch.min(6)), &options)?;
    let mut session = prepare(device, problem, &options)?;
    let time = seconds(|times| session.repeat(List::TRAIN, 0, times).map_err(|error| error.to_string()))?;
    let product = device.product()?;
    let (gflops, gbytes) = (problem.flops() as f64 / time / 1e9, problem.bytes() as f64 / time / 1e9);
    println!(
        "{:18} {variant:9} {name:20} {batch:6} {:9.3} {gflops:8.1} {:6.0}% {:>7} {gbytes:7.2} {:5.0}%",
        problem.stem(),
        time * 1e3,
        100.0 * gflops / ceilings.multiply_add,
        product.map_or(String::new(), |product| format!("{:.0}%", 100.0 * gflops / product)),
        100.0 * gbytes / ceilings.copy,
    );
    Ok(())
}

/// The rate of what learns: it keeps weights small over many repetitions.
const RATE: f32 = 1.0 / 4096.0;

/// A session of one call, its inputs written.
fn prepare(device: &Device, problem: Problem, options: &Options) -> Result<Ready, String> {
    let operands = problem.operands();
    let tensor = |(slot, layout): (usize, Layout)| {
        // Scratch, since a step would have to bring along the inputs.
        Tensor { name: format!("tensor {slot}"), role: Role::Scratch, layout, slot }
    };
    let tensors: Vec<Tensor> = operands.iter().map(|operand| operand.layout).enumerate().map(tensor).collect();
    let slots = tensors.len();
    let call = Call { name: problem.stem().to_owned(), problem, tensors: (0..slots).map(TensorId).collect() };
    let plan = Plan { batch: problem.batch(), tensors, slots, rates: 1, lists: vec![(List::TRAIN, vec![call])] };
    let mut session = device.prepare(plan, options).map_err(|error| error.to_string())?;
    for (slot, values) in sample::inputs(&problem, &TwinStep::from(&step(&problem)), 1) {
        let at = operands.iter().position(|operand| operand.slot == slot).ok_or("an input that is no operand")?;
        session.backend().write(TensorId(at), &values).map_err(|error| format!("{slot:?}: {error}"))?;
    }
    session.backend().load(&step(&problem)).map_err(|error| error.to_string())?;
    Ok(session)
}

fn step(problem: &Problem) -> Step<'static> {
    Step { seed: 1, step: 1, images: problem.batch(), rates: &[RATE], inputs: &[] }
}

/// Correct first: the variant at a small batch, within the error bound.
fn check(device: &Device, problem: Problem, options: &Options) -> Result<(), String> {
    let mut session = prepare(device, problem, options)?;
    let step = TwinStep::from(&step(&problem));
    let inputs = sample::inputs(&problem, &step, 1);
    session.backend().call(List::TRAIN, 0).map_err(|error| error.to_string())?;
    let rounding = session.backend().rounding(List::TRAIN, 0);
    let wanted = expect(&problem, &step, &inputs, rounding).map_err(|error| error.to_string())?;
    let operands = problem.operands();
    let written = operands.iter().enumerate().filter(|(_, operand)| operand.access != Access::Read);
    for ((at, _), wanted) in written.zip(&wanted) {
        let got = session.backend().read(TensorId(at)).map_err(|error| error.to_string())?;
        let comparison = compare(wanted, &got);
        if !comparison.passes() {
            return Err(format!("wrong result, not timed: {comparison:?}"));
        }
    }
    Ok(())
}
