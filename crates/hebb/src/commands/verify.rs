//! `hebb verify`: every kernel call on the device beside its twin, error beside bound.

use anyhow::{Error, Result, bail};
use hebb_data::{Dataset, Outline};
use hebb_engine::init::{RStart, draw};
use hebb_reference::check::{Row, check_list};
use hebb_spec::Shape;
use hebb_spec::backend::{BackendError, Batch};
use hebb_spec::plan::{List, Plan};
use hebb_spec::rng::{Purpose, Stream};
use serde::Serialize;

use crate::args::VerifyArgs;
use crate::device::{Device, Opened};
use crate::model;
use crate::output::{self, Align, Columns};

#[derive(Serialize)]
struct Report {
    device: String,
    variants: Vec<String>,
    net: String,
    rule: &'static str,
    batch: u32,
    steps: u32,
    seed: u64,
    calls: Vec<Row>,
    failed: usize,
}

/// Checks the training steps, then an evaluation and the statistics; fails where a call exceeds its bound.
pub fn run(args: &VerifyArgs) -> Result<()> {
    let device = Device::find(&args.device)?;
    let (model, outline) = model::laid_out(&args.model)?;
    let (input, classes) = (model.network.input, model.network.classes);
    let data = outline.map(Outline::load).transpose()?;
    let plan = Plan::new(&model, args.batch);
    let Opened { mut backend, variants } = device.open(plan.clone())?;
    let start = draw(&model, &model::drawing(&args.model.network, model.preset, args.seed, RStart::Independent));
    start.upload(&model, &plan, &mut *backend).map_err(Error::from_boxed)?;

    let columns = columns(&plan);
    if !args.json {
        output::line(&format!("{}, batch {}, on {}\n", model.network.notation(), args.batch, backend.name()))?;
        output::line(&columns.titles())?;
    }
    let mut rows = Vec::new();
    let mut each = |row: Row| -> Result<(), BackendError> {
        if !args.json {
            output::line(&columns.row(&cells(&row)))?;
        }
        rows.push(row);
        Ok(())
    };
    let train = (0..args.steps).map(|step| (List::Train, step));
    for (list, step) in train.chain([(List::Evaluate, args.steps), (List::Statistics, args.steps)]) {
        // An evaluation's last batch is seldom full: padding has to work too.
        let images = if list == List::Train { args.batch } else { (args.batch - 1).max(1) };
        let (images, labels) = match &data {
            Some(data) => take(data, images, step),
            None => random(input, classes, images, args.seed, step),
        };
        let batch = Batch { images: &images, labels: &labels, step, seed: args.seed };
        check_list(&mut *backend, &plan, list, &batch, &mut each).map_err(Error::from_boxed)?;
    }

    let failed: Vec<&Row> = rows.iter().filter(|row| !row.ok).collect();
    let verdict = verdict(&failed, rows.len());
    let count = failed.len();
    if args.json {
        output::json(&Report {
            device: backend.name(),
            variants,
            net: model.network.notation(),
            rule: model.rule.name,
            batch: args.batch,
            steps: args.steps,
            seed: args.seed,
            calls: rows,
            failed: count,
        })?;
    } else if count == 0 {
        output::line(&format!("\n{verdict}"))?;
    }
    if count > 0 { bail!(verdict) } else { Ok(()) }
}

fn verdict(failed: &[&Row], all: usize) -> String {
    let Some(first) = failed.first() else { return format!("all {all} calls are within their bounds") };
    format!(
        "{} of {all} calls exceed their bound, first '{}' ({} list, step {}): {} elements, {}[{}] is {} where {} ± {:.3e} \
         is right",
        failed.len(),
        first.call,
        first.list,
        first.step,
        first.over,
        first.tensor,
        first.element,
        first.got,
        first.expected,
        first.bound
    )
}

fn columns(plan: &Plan) -> Columns {
    let mut columns = Columns::new(&[
        ("list", Align::Left),
        ("step", Align::Right),
        ("kernel", Align::Left),
        ("call", Align::Left),
        ("max error", Align::Right),
        ("its bound", Align::Right),
        ("ratio", Align::Right),
        ("", Align::Left),
    ]);
    for call in [&plan.train, &plan.evaluate, &plan.statistics].into_iter().flatten() {
        columns.fit(&["statistics", "", call.problem.stem(), &call.name]);
    }
    columns
}

fn cells(row: &Row) -> [String; 8] {
    [
        row.list.to_owned(),
        row.step.to_string(),
        row.kernel.to_owned(),
        row.call.clone(),
        format!("{:.3e}", row.error),
        format!("{:.3e}", row.bound),
        format!("{:.4}", row.ratio),
        if row.ok { "ok" } else { "FAIL" }.to_owned(),
    ]
}

/// The data set's next training pictures, from the first again after the last.
fn take(data: &Dataset, images: u32, step: u32) -> (Vec<u8>, Vec<u16>) {
    let first = u64::from(step) * u64::from(images);
    let at = |image: u32| ((first + u64::from(image)) % data.train.len() as u64) as usize;
    (
        (0..images).flat_map(|image| data.train.image(at(image)).iter().copied()).collect(),
        (0..images).map(|image| data.train.labels()[at(image)]).collect(),
    )
}

/// Random bytes and labels.
fn random(shape: Shape, classes: u32, images: u32, seed: u64, step: u32) -> (Vec<u8>, Vec<u16>) {
    let pixels = Stream::new(seed, Purpose::Test, 1, step);
    let labels = Stream::new(seed, Purpose::Test, 2, step);
    let bytes = u64::from(shape.units()) * u64::from(images);
    (
        (0..bytes).map(|at| pixels.word(at) as u8).collect(),
        (0..u64::from(images)).map(|at| labels.below(at, classes) as u16).collect(),
    )
}
