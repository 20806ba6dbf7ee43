//! `hebb verify`: every kernel call on the device beside its twin, error beside bound.

use anyhow::{Error, Result, bail};
use hebb_engine::records::{Column, Gathered, Records};
use hebb_engine::settings::MOST_BATCH;
use hebb_engine::weights::upload;
use hebb_reference::check::{CallReport, check_list};
use hebb_spec::Shape;
use hebb_spec::backend::{Backend, Runtime, Step};
use hebb_spec::param::Weights;
use hebb_spec::plan::{List, Plan};
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::system::System;
use serde::Serialize;

use crate::args::VerifyArgs;
use crate::connected;
use crate::device;
use crate::images::{self, Images, images};
use crate::memory;
use crate::origin::Origin;
use crate::output::{self, Align, Columns};
use crate::tuned::Tuned;

#[derive(Serialize)]
struct VerifyReport {
    device: String,
    variants: Vec<String>,
    net: String,
    rule: &'static str,
    batch: u32,
    steps: u32,
    seed: u64,
    calls: Vec<CallReport>,
    failed: usize,
}

/// Checks the training steps, then an evaluation and the statistics; fails where a call exceeds its bound.
pub fn run(args: &VerifyArgs) -> Result<()> {
    let origin = Origin::new(&args.layout.given.table, None);
    let spec = origin.spec()?;
    let Images { input, classes, data } = images(&args.layout.images)?;
    let model = origin.build(&spec, input, classes)?;
    let device = device::find(&args.device, args.cpu)?;
    let plan = model.plan(args.batch);
    // Before weights are drawn, which may be many.
    let options = Tuned::of(&device).options(&plan);
    device::fits(&device, &plan, &options)?;
    memory::ask_for_weights(&model.params())?;
    let weights = Weights::draw(&model.params(), args.seed);
    connected::check(&weights)?;
    let named = args.layout.images.data.as_deref().unwrap_or_default();
    let data = data.map(|outline| images::load(outline, named)).transpose()?;
    let mut backend = device::prepare(&device, plan.clone(), &options)?;
    upload(&weights, &mut *backend)?;

    let columns = columns(&plan, &*backend);
    if !args.json {
        output::line(&format!("{}, batch {}, on {}\n", model.network.notation(), args.batch, device.name()))?;
        output::line(&columns.titles())?;
    }
    let mut rows = Vec::new();
    let mut each = |row: CallReport| -> Result<(), Error> {
        if !args.json {
            output::line(&columns.row(&cells(&row)))?;
        }
        rows.push(row);
        Ok(())
    };
    let train = (0..args.steps).map(|step| (List::TRAIN, step));
    for (list, step) in train.chain([(List::EVALUATE, args.steps), (List::STATISTICS, args.steps)]) {
        // An evaluation's last batch is seldom full: padding has to work too.
        let images = if list == List::TRAIN { args.batch } else { (args.batch - 1).max(1) };
        let gathered = match &data {
            Some(data) => take(&data.train, images, step),
            None => random(input, classes, images, args.seed, step),
        };
        let (rates, inputs) = (model.rates(step, args.batch), gathered.inputs());
        let step = Step { seed: args.seed, step, images, rates: &rates, inputs: &inputs };
        check_list(&mut *backend, &plan, list, &step, &mut each)?;
    }

    let failed: Vec<&CallReport> = rows.iter().filter(|row| !row.ok).collect();
    let verdict = verdict(&failed, rows.len());
    let count = failed.len();
    if args.json {
        output::json(&VerifyReport {
            device: device.name(),
            variants: device::variants(&*backend),
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

fn verdict(failed: &[&CallReport], all: usize) -> String {
    let Some(first) = failed.first() else { return format!("all {all} calls are within their bounds") };
    // A kernel is at fault only where its numbers are ones that f32 can hold.
    let Some(first) = failed.iter().find(|report| !is_out_of_range(report)) else { return out_of_range(first) };
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

/// Whether the right number is larger than f32 holds, or smaller than it holds with all its digits.
fn is_out_of_range(report: &CallReport) -> bool {
    let is_small = |number: f64| number.abs() < f64::from(f32::MIN_POSITIVE);
    // A mean that f32 holds may have a sum over the batch that it does not.
    let largest = f64::from(f32::MAX) / if report.got.is_infinite() { f64::from(MOST_BATCH) } else { 1.0 };
    let is_large = report.expected.is_nan() || report.expected.abs() > largest;
    is_large || (is_small(report.expected) && is_small(report.got.into()))
}

fn out_of_range(first: &CallReport) -> String {
    let is_small = first.expected.abs() < 1.0;
    let (how, what) = match is_small {
        true => ("underflow", "raise --slope, --lr or --mu"),
        false => ("overflow", "lower --lr or --mu"),
    };
    format!(
        "the numbers {how} f32 in '{}' ({} list, step {}), {}[{}] is {:e} where {:.3e} is right, so that nothing is said of the \
         kernels: {what}",
        first.call, first.list, first.step, first.tensor, first.element, first.got, first.expected
    )
}

fn columns(plan: &Plan, backend: &dyn Backend) -> Columns {
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
    for &(list, _) in &plan.lists {
        for (at, call) in plan.list(list).iter().enumerate() {
            let kernel = kernel(call.problem.stem(), &backend.rounding(list, at).form());
            columns.fit(&["statistics", "", &kernel, &call.name]);
        }
    }
    columns
}

/// A kernel's name, with its form where it is no plain sum.
fn kernel(stem: &str, form: &str) -> String {
    if form.is_empty() { stem.to_owned() } else { format!("{stem} {form}") }
}

fn cells(row: &CallReport) -> [String; 8] {
    [
        row.list.to_owned(),
        row.step.to_string(),
        kernel(row.kernel, &row.form),
        row.call.clone(),
        format!("{:.3e}", row.error),
        format!("{:.3e}", row.bound),
        format!("{:.4}", row.ratio),
        if row.ok { "ok" } else { "FAIL" }.to_owned(),
    ]
}

/// The next training records, from the first again after the last.
fn take(records: &dyn Records, images: u32, step: u32) -> Gathered {
    let (first, count) = (u64::from(step) * u64::from(images), records.count() as u64);
    let indices: Vec<u32> = (0..u64::from(images)).map(|image| ((first + image) % count) as u32).collect();
    let mut gathered = Gathered::default();
    records.gather(&indices, &mut gathered);
    gathered
}

/// Random bytes and labels.
fn random(shape: Shape, classes: u32, images: u32, seed: u64, step: u32) -> Gathered {
    let pixels = Stream::new(seed, Purpose::Test, 1, step);
    let labels = Stream::new(seed, Purpose::Test, 2, step);
    let bytes = u64::from(shape.units()) * u64::from(images);
    Gathered(vec![
        ("images", Column::Bytes((0..bytes).map(|at| pixels.word(at) as u8).collect())),
        ("labels", Column::Classes((0..u64::from(images)).map(|at| labels.below(at, classes) as u16).collect())),
    ])
}
