//! `hebb plan`: what a training step runs, before it runs.

use anyhow::Result;
use hebb_spec::lane4;
use hebb_spec::plan::{Call, List, Plan};
use hebb_spec::system::System;
use hebb_systems::layered::Model;
use serde::Serialize;

use crate::args::PlanArgs;
use crate::images::{Images, images};
use crate::origin::Origin;
use crate::output::{self, Align, grouped, millions};

#[derive(Serialize)]
struct PlanReport {
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
    train: Vec<CallRow>,
    evaluate: Vec<CallRow>,
    statistics: Vec<CallRow>,
    step: Totals,
    evaluation: Totals,
    /// FLOPs of a training step for one image.
    flops_per_image: u64,
    buffers: Vec<Buffer>,
    peak_bytes: u64,
}

#[derive(Serialize)]
struct CallRow {
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
    let origin = Origin::new(&args.layout.given.table, None);
    let spec = origin.spec()?;
    let Images { input, classes, .. } = images(&args.layout.images)?;
    let model = origin.build(&spec, input, classes)?;
    let report = report(&model, &model.plan(args.batch));
    if args.json { output::json(&report) } else { print(&report) }
}

fn report(model: &Model, plan: &Plan) -> PlanReport {
    let (step, buffers) = (totals(plan.list(List::TRAIN)), buffers(plan));
    PlanReport {
        net: model.network.notation(),
        input: model.network.input.to_string(),
        classes: model.network.classes,
        weights: model.network.weights() as u64,
        untied: model.network.untied_layers(),
        sparse: model.sparse.clone(),
        connectivity: model.connectivity,
        rule: model.rule.name,
        epsilon: model.rule.takes_epsilon().then_some(model.rule.epsilon),
        decay: model.rule.takes_decay().then_some(model.rule.decay),
        loss: model.loss.to_string(),
        preset: model.preset.to_string(),
        batch: plan.batch,
        train: rows(plan.list(List::TRAIN)),
        evaluate: rows(plan.list(List::EVALUATE)),
        statistics: rows(plan.list(List::STATISTICS)),
        flops_per_image: step.flops / u64::from(plan.batch),
        step,
        evaluation: totals(plan.list(List::EVALUATE)),
        peak_bytes: buffers.iter().map(|buffer| buffer.bytes).sum(),
        buffers,
    }
}

/// The memory of each lifetime class: that of its largest tensor, as a GPU holds it.
fn buffers(plan: &Plan) -> Vec<Buffer> {
    let mut buffers: Vec<Buffer> = Vec::new();
    buffers.resize_with(plan.slots, || Buffer { bytes: 0, tensors: Vec::new() });
    for tensor in &plan.tensors {
        let buffer = &mut buffers[tensor.slot];
        buffer.bytes = buffer.bytes.max(4 * lane4::len(&tensor.layout) as u64);
        buffer.tensors.push(tensor.name.clone());
    }
    buffers
}

fn totals(calls: &[Call]) -> Totals {
    Totals {
        calls: calls.len(),
        flops: calls.iter().fold(0, |sum, call| sum.saturating_add(call.problem.flops())),
        bytes: calls.iter().map(|call| call.problem.bytes()).sum(),
    }
}

fn rows(calls: &[Call]) -> Vec<CallRow> {
    let row = |call: &Call| CallRow {
        call: call.name.clone(),
        kernel: call.problem.stem(),
        shape: call.problem.to_string(),
        flops: call.problem.flops(),
        bytes: call.problem.bytes(),
    };
    calls.iter().map(row).collect()
}

/// What the masks leave of the weights, in words.
fn thinned(report: &PlanReport) -> String {
    match report.sparse.iter().map(u32::to_string).collect::<Vec<_>>().join(", ") {
        sparse if sparse.is_empty() => sparse,
        sparse => format!(" ({} of those in layer {sparse} are there)", report.connectivity),
    }
}

fn print(report: &PlanReport) -> Result<()> {
    let number = |name: &str, value: Option<f32>| value.map_or(String::new(), |value| format!(" ({name} = {value})"));
    let (epsilon, decay) = (number("ε", report.epsilon), number("decay", report.decay));
    output::line(&report.net)?;
    output::line(&format!(
        "{} images, {} classes, {} weights{}; {}{epsilon}{decay}, {} loss, {}; batch {}\n",
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
        let cells = |row: &CallRow| {
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
