//! `hebb plan`: what a training step runs, before it runs.

use anyhow::Result;
use hebb_spec::connection::Connection;
use hebb_spec::plan::{Call, List, Model, Plan};
use hebb_spec::problem::{Magnitudes, Problem};
use serde::Serialize;

use crate::args::PlanArgs;
use crate::model;
use crate::output::{self, Align, grouped, millions};

#[derive(Serialize)]
struct Report {
    net: String,
    input: String,
    classes: u32,
    weights: u64,
    /// Layers whose places have filters of their own.
    untied: Vec<u32>,
    /// Layers with a share of their connections.
    sparse: Vec<u32>,
    connectivity: f32,
    rule: &'static str,
    epsilon: Option<f32>,
    decay: Option<f32>,
    loss: String,
    preset: String,
    batch: u32,
    train: Vec<Row>,
    evaluate: Vec<Row>,
    statistics: Vec<Row>,
    step: Totals,
    evaluation: Totals,
    /// FLOPs of a training step for one image.
    flops_per_image: u64,
    buffers: Vec<Buffer>,
    peak_bytes: u64,
}

#[derive(Serialize)]
struct Row {
    call: String,
    kernel: &'static str,
    shape: String,
    flops: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct Totals {
    calls: usize,
    flops: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct Buffer {
    bytes: u64,
    tensors: Vec<String>,
}

/// Prints the plan of a model at a batch.
pub fn run(args: &PlanArgs) -> Result<()> {
    let (model, _) = model::laid_out(&args.model)?;
    let report = report(&model, model::connectivity(&args.model.network), &Plan::new(&model, args.batch));
    if args.json { output::json(&report) } else { print(&report) }
}

fn report(model: &Model, connectivity: f32, plan: &Plan) -> Report {
    let step = totals(&plan.train);
    let buffer = |(slot, &len): (usize, &usize)| {
        let tensors = plan.tensors.iter().filter(|tensor| tensor.slot == slot);
        Buffer { bytes: 4 * len as u64, tensors: tensors.map(|tensor| tensor.name.clone()).collect() }
    };
    Report {
        net: model.network.notation(),
        input: model.network.input.to_string(),
        classes: model.network.classes,
        weights: model.network.weights() as u64,
        untied: model.network.untied_layers(),
        sparse: model.sparse.clone(),
        connectivity,
        rule: model.rule.name,
        epsilon: model.rule.takes_epsilon().then_some(model.rule.epsilon),
        decay: model.rule.takes_decay().then_some(model.rule.decay),
        loss: model.loss.to_string(),
        preset: model.preset.to_string(),
        batch: plan.batch,
        train: rows(plan.list(List::Train)),
        evaluate: rows(plan.list(List::Evaluate)),
        statistics: rows(plan.list(List::Statistics)),
        flops_per_image: step.flops / u64::from(plan.batch),
        step,
        evaluation: totals(&plan.evaluate),
        buffers: plan.slots.iter().enumerate().map(buffer).collect(),
        peak_bytes: plan.memory(),
    }
}

fn totals(calls: &[Call]) -> Totals {
    Totals {
        calls: calls.len(),
        flops: calls.iter().map(|call| call.problem.flops()).sum(),
        bytes: calls.iter().map(|call| call.problem.bytes()).sum(),
    }
}

fn rows(calls: &[Call]) -> Vec<Row> {
    let row = |call: &Call| Row {
        call: call.name.clone(),
        kernel: call.problem.stem(),
        shape: shape(&call.problem),
        flops: call.problem.flops(),
        bytes: call.problem.bytes(),
    };
    calls.iter().map(row).collect()
}

/// A problem's shape in the direction that data runs.
fn shape(problem: &Problem) -> String {
    let filter = |c: &Connection| match c.is_full() {
        true => String::new(),
        false => format!(", {}x{}{}", c.kernel_h, c.kernel_w, if c.untied { ", untied" } else { "" }),
    };
    let masked = |masked: bool| if masked { ", masked" } else { "" };
    let in_runs = |splits: u32| if splits == 1 { String::new() } else { format!(", in {splits} runs") };
    match problem {
        Problem::GatherImages { shape, .. } => shape.to_string(),
        Problem::ConnectForward { connection: c, .. } => format!("{} -> {}{}", c.input, c.output, filter(c)),
        Problem::ConnectFeedback { connection: c, .. } => format!("{} -> {}{}", c.output, c.input, filter(c)),
        Problem::ConnectUpdate { connection: c, learning, .. } => {
            format!("{} * {}{}{}", c.output, c.input, filter(c), masked(learning.masked))
        }
        Problem::ConnectPartial { connection: c, splits, .. } => {
            format!("{} * {}{}{}", c.output, c.input, filter(c), in_runs(*splits))
        }
        Problem::ConnectApply { connection, splits, learning } => {
            let weights = grouped(connection.weights() as u64);
            format!("{weights} weights{}{}", in_runs(*splits), masked(learning.masked))
        }
        Problem::SignFeedback { connection, magnitudes } => {
            let from = match magnitudes {
                Magnitudes::Uniform(_) => "one magnitude",
                Magnitudes::Kept => "magnitudes kept",
                Magnitudes::Drawn { .. } => "magnitudes drawn",
            };
            format!("{} weights, {from}", grouped(connection.weights() as u64))
        }
        Problem::SumForward { units, .. } | Problem::SumFeedback { units, .. } | Problem::Saturation { units, .. } => {
            format!("{} units", grouped(u64::from(*units)))
        }
        Problem::PoolForward { pool, .. } => {
            format!("{} -> {}, {}x{} / {}", pool.input, pool.output(), pool.size, pool.size, pool.stride)
        }
        Problem::PoolFeedback { pool, .. } => {
            format!("{} -> {}, {}x{} / {}", pool.output(), pool.input, pool.size, pool.size, pool.stride)
        }
        Problem::Dropout { units, probability, .. } => format!("{} units, {probability}", grouped(u64::from(*units))),
        Problem::Loss { classes, .. } | Problem::TargetDelta { classes, .. } => format!("{classes} classes"),
        Problem::PairStatistics { vectors, masked: is_masked } => {
            format!("{} pairs, padded{}", grouped(4 * u64::from(*vectors)), masked(*is_masked))
        }
    }
}

/// What the masks leave of the weights, in words.
fn thinned(report: &Report) -> String {
    match report.sparse.iter().map(u32::to_string).collect::<Vec<_>>().join(", ") {
        sparse if sparse.is_empty() => sparse,
        sparse => format!(" ({} of those in layer {sparse} are there)", report.connectivity),
    }
}

fn print(report: &Report) -> Result<()> {
    let number = |name: &str, value: Option<f32>| value.map_or(String::new(), |value| format!(" ({name} = {value})"));
    let (epsilon, decay) = (number("ε", report.epsilon), number("decay", report.decay));
    output::line(&report.net)?;
    output::line(&format!(
        "{} pictures, {} classes, {} weights{}; {}{epsilon}{decay}, {} loss, {}; batch {}\n",
        report.input,
        report.classes,
        grouped(report.weights),
        thinned(report),
        report.rule,
        report.loss,
        report.preset,
        report.batch
    ))?;
    for (title, rows) in
        [("training step", &report.train), ("evaluation", &report.evaluate), ("statistics", &report.statistics)]
    {
        if rows.is_empty() {
            continue;
        }
        let titles = [
            (title, Align::Left),
            ("kernel", Align::Left),
            ("shape", Align::Left),
            ("MFLOP", Align::Right),
            ("MB", Align::Right),
        ];
        let cells = |row: &Row| {
            let texts = [row.call.clone(), row.kernel.to_owned(), row.shape.clone()];
            texts.into_iter().chain([millions(row.flops), millions(row.bytes)]).collect()
        };
        output::line(&output::table(&titles, &rows.iter().map(cells).collect::<Vec<_>>()))?;
        output::line("")?;
    }
    let titles = [("buffer", Align::Right), ("MB", Align::Right), ("holds in turn", Align::Left)];
    let cells = |(number, buffer): (usize, &Buffer)| {
        vec![number.to_string(), millions(buffer.bytes), buffer.tensors.join(", ")]
    };
    output::line(&output::table(&titles, &report.buffers.iter().enumerate().map(cells).collect::<Vec<_>>()))?;
    let (step, evaluation) = (&report.step, &report.evaluation);
    output::line(&format!(
        "\na step: {} calls, {} MFLOP ({} an image), {} MB moved at least",
        step.calls,
        millions(step.flops),
        millions(report.flops_per_image),
        millions(step.bytes)
    ))?;
    output::line(&format!(
        "an evaluated batch: {} calls, {} MFLOP, {} MB",
        evaluation.calls,
        millions(evaluation.flops),
        millions(evaluation.bytes)
    ))?;
    output::line(&format!("memory: {} buffers, peak {} MB", report.buffers.len(), millions(report.peak_bytes)))
}
