//! Each kernel on the shapes of the paper's networks, in every variant.

use hebb_gpu::{Gpu, Options, Session};
use hebb_reference::{Data, StepInfo, compare, expect, sample};
use hebb_shaders::Shader;
use hebb_spec::Shape;
use hebb_spec::backend::{Backend, Batch};
use hebb_spec::connection::Connection;
use hebb_spec::plan::{Call, List, Plan, Role, Tensor, TensorId};
use hebb_spec::pool::{Pool, PoolTies, PoolWindow};
use hebb_spec::problem::{Access, Learning, Magnitudes, Problem, update_splits};
use hebb_spec::rule::Loss;

use crate::measure::seconds;
use crate::probes::Ceilings;

/// A problem at a batch: built small to be checked, full to be timed.
type Make = Box<dyn Fn(u32) -> Problem>;

fn problems() -> Vec<(&'static str, u32, Make)> {
    let conv = |c, side, out, k| Connection::conv(Shape::new(c, side, side), out, k, k);
    let learning = Learning::new(2.0_f32.powi(-12), Some(1.0));
    let connections = [
        ("3>32 5x5 32x32", conv(3, 32, 32, 5)),
        ("32>32 3x3 32x32", conv(32, 32, 32, 3)),
        ("64>64 3x3 16x16", conv(64, 16, 64, 3)),
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
        let splits = update_splits(&connection);
        all.push((
            name,
            512,
            Box::new(move |batch| match splits {
                1 => Problem::ConnectUpdate { connection, batch, learning },
                _ => Problem::ConnectPartial { connection, batch, splits },
            }),
        ));
    }
    let connection = conv(32, 32, 32, 3);
    let splits = update_splits(&connection);
    all.push(("32>32 3x3", 1, Box::new(move |_| Problem::ConnectApply { connection, splits, learning })));
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
    let vectors = 8192 * 125;
    all.push(("4,096,000 weights", 1, Box::new(move |_| Problem::PairStatistics { vectors, masked: false })));
    all
}

/// Checks and times every chosen kernel in every variant.
pub fn run(gpu: &Gpu, ceilings: &Ceilings, wanted: &[String]) -> Result<(), String> {
    println!(
        "{:18} {:8} {:20} {:>6} {:>9} {:>8} {:>7} {:>7} {:>7} {:>6}",
        "kernel", "variant", "problem", "batch", "ms", "GFLOP/s", "of fma", "of prod", "GB/s", "of cp"
    );
    for (name, batch, make) in problems() {
        let problem = make(batch);
        let stem = problem.stem();
        for variant in Shader::variants(stem) {
            let label = format!("{stem} {variant}");
            if !wanted.is_empty() && !wanted.iter().any(|wanted| label.contains(wanted.as_str())) {
                continue;
            }
            let options = Options { variant: Some(variant.to_owned()), ..Options::default() };
            check(gpu, make(batch.min(6)), &options).map_err(|error| format!("{stem} {variant}, {name}: {error}"))?;
            let mut session = prepare(gpu, problem, &options)?;
            let time = seconds(|times| session.repeat(List::Train, 0, times).map_err(|error| error.to_string()))?;
            let product = Ceilings::product(gpu)?;
            let (gflops, gbytes) = (problem.flops() as f64 / time / 1e9, problem.bytes() as f64 / time / 1e9);
            println!(
                "{stem:18} {variant:8} {name:20} {batch:6} {:9.3} {gflops:8.1} {:6.0}% {:6.0}% {gbytes:7.2} {:5.0}%",
                time * 1e3,
                100.0 * gflops / ceilings.multiply_add,
                100.0 * gflops / product,
                100.0 * gbytes / ceilings.copy,
            );
        }
    }
    Ok(())
}

fn batch_of(problem: &Problem) -> u32 {
    match *problem {
        Problem::GatherImages { batch, .. }
        | Problem::Dropout { batch, .. }
        | Problem::Loss { batch, .. }
        | Problem::TargetDelta { batch, .. } => batch,
        _ => 1,
    }
}

/// A session of one call, its inputs written.
fn prepare(gpu: &Gpu, problem: Problem, options: &Options) -> Result<Session, String> {
    let shapes = problem.tensors();
    let tensor = |(slot, &(_, len)): (usize, &(Access, usize))| {
        let is_images = slot == 0 && matches!(problem, Problem::GatherImages { .. });
        let role = if is_images { Role::Images } else { Role::Scratch };
        Tensor { name: format!("tensor {slot}"), role, len, slot }
    };
    let tensors: Vec<Tensor> = shapes.iter().enumerate().map(tensor).collect();
    let call = Call { name: problem.stem().to_owned(), problem, tensors: (0..shapes.len()).map(TensorId).collect() };
    let slots = shapes.iter().map(|&(_, len)| len).collect();
    let batch = batch_of(&problem);
    let plan = Plan { batch, tensors, slots, train: vec![call], evaluate: Vec::new(), statistics: Vec::new() };
    let mut session = Session::with_options(gpu, plan, options).map_err(|error| error.to_string())?;
    let step = step(&problem);
    let mut inputs = sample::inputs(&problem, &step, 1).into_iter();
    let (mut pictures, labels) = (Vec::new(), vec![0; batch as usize]);
    for (at, &(access, _)) in shapes.iter().enumerate().filter(|(_, (access, _))| *access != Access::Write) {
        match inputs.next() {
            Some(Data::Floats(floats)) => {
                session.write(TensorId(at), &floats).map_err(|error| format!("{access:?}: {error}"))?;
            }
            Some(Data::Words(words)) => pictures = words.iter().flat_map(|word| word.to_le_bytes()).collect(),
            None => {}
        }
    }
    let batch = Batch { images: &pictures, labels: &labels, step: step.step, seed: step.seed };
    session.load(&batch).map_err(|error| error.to_string())?;
    Ok(session)
}

fn step(problem: &Problem) -> StepInfo {
    StepInfo { seed: 1, step: 1, images: batch_of(problem) }
}

/// Correct first: the variant at a small batch, within the error bound.
fn check(gpu: &Gpu, problem: Problem, options: &Options) -> Result<(), String> {
    let mut session = prepare(gpu, problem, options)?;
    let inputs = sample::inputs(&problem, &step(&problem), 1);
    session.call(List::Train, 0).map_err(|error| error.to_string())?;
    let lanes = session.update_lanes(List::Train, 0);
    let wanted = expect(&problem, &step(&problem), &inputs, lanes).map_err(|error| error.to_string())?;
    let shapes = problem.tensors();
    let written = shapes.iter().enumerate().filter(|(_, (access, _))| *access != Access::Read);
    for ((at, _), wanted) in written.zip(&wanted) {
        let got = session.read(TensorId(at)).map_err(|error| error.to_string())?;
        let comparison = compare(wanted, &got);
        if !comparison.passes() {
            return Err(format!("wrong result, not timed: {comparison:?}"));
        }
    }
    Ok(())
}
