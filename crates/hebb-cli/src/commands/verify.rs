//! `hebb verify`: every kernel call on the device beside its twin, error beside bound.

use anyhow::{Error, Result, bail};
use hebb::Choice;
use hebb_engine::records::{Column, Gathered, Records};
use hebb_engine::settings::{MOST_BATCH, RunSettings};
use hebb_engine::weights::upload;
use hebb_reference::check::{CallReport, check_list};
use hebb_spec::Shape;
use hebb_spec::backend::{Backend, Runtime, Step};
use hebb_spec::param::Weights;
use hebb_spec::plan::{List, Plan};
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::system::System;
use serde::Serialize;

use super::family::{self, Family, Learner};
use crate::args::{
    CpuArgs, HebbianKeys, LinearKeys, MicrocircuitKeys, Takes, VerifyArgs, VerifyFamilyArgs, VerifySystem,
};
use crate::connected;
use crate::device;
use crate::images::{self, Images, images};
use crate::memory;
use crate::origin::Origin;
use crate::output::{self, Align, Columns};
use crate::tuned::Tuned;

/// Records in a batch where nothing is said of them.
const BATCH: u32 = 20;

#[derive(Serialize)]
struct VerifyReport {
    device: String,
    variants: Vec<String>,
    net: String,
    rule: String,
    batch: u32,
    steps: u32,
    seed: u64,
    calls: Vec<CallReport>,
    failed: usize,
}

/// What is verified, and on what.
struct Subject<'a> {
    system: &'a dyn System,
    /// Its name, for people.
    title: String,
    rule: String,
    device: &'a Choice,
    cpu: CpuArgs,
    batch: u32,
    steps: u32,
    seed: u64,
    json: bool,
}

/// Checks the training steps, then an evaluation and the statistics; fails where a call exceeds its bound.
pub fn run(args: &VerifyArgs) -> Result<()> {
    match &args.system {
        None => layered(args),
        Some(VerifySystem::Hebbian(args)) => family::<HebbianKeys, _>(args),
        Some(VerifySystem::Linear(args)) => family::<LinearKeys, _>(args),
        Some(VerifySystem::Microcircuit(args)) => family::<MicrocircuitKeys, _>(args),
    }
}

fn layered(args: &VerifyArgs) -> Result<()> {
    let origin = Origin::new(&args.layout.given.table, None);
    let spec = origin.spec()?;
    let Images { input, classes, data } = images(&args.layout.images)?;
    let model = origin.build(&spec, input, classes)?;
    let VerifyArgs { cpu, batch, steps, seed, json, .. } = *args;
    let (title, rule, device) = (model.network.notation(), model.rule.name.to_owned(), &args.device);
    let named = args.layout.images.data.as_deref().unwrap_or_default();
    let records = move || data.map(|outline| images::load(outline, named)).transpose();
    verify(
        &Subject { system: &model, title, rule, device, cpu, batch, steps, seed, json },
        records,
        |data, images, step| match data {
            Some(data) => take(&data.train, images, step),
            None => random(input, classes, images, seed, step),
        },
    )
}

fn family<F: Family, K: Takes>(args: &VerifyFamilyArgs<K>) -> Result<()> {
    let origin = Origin::of(&args.given.table, None, &F::settings());
    let settings = RunSettings { seed: args.seed, ..family::settings::<F>(&origin)? };
    let whole = if F::NAME == LinearKeys::NAME { settings.batch } else { BATCH };
    let batch = args.batch.unwrap_or(whole);
    let Learner { system, bytes, load, .. } = F::learner(&origin, &RunSettings { batch, ..settings })?;
    let VerifyFamilyArgs { cpu, steps, seed, json, .. } = *args;
    let rule = system.describe().get("rule").map_or_else(String::new, ToString::to_string);
    let (system, device) = (&*system, &args.device);
    let subject = Subject { system, title: F::NAME.to_owned(), rule, device, cpu, batch, steps, seed, json };
    verify(&subject, || Learner::load(load, bytes), |loaded, images, step| take(&*loaded.records, images, step))
}

/// Checks every call; `load` gives the records and `gather` some of them.
fn verify<T>(
    subject: &Subject<'_>,
    load: impl FnOnce() -> Result<T>,
    gather: impl Fn(&T, u32, u32) -> Gathered,
) -> Result<()> {
    let Subject { system, batch, seed, json, .. } = *subject;
    let device = device::find(subject.device, subject.cpu)?;
    let plan = system.plan(batch);
    // Before weights are drawn, which may be many.
    let options = Tuned::of(&device).options(&plan);
    device::fits(&device, &plan, &options)?;
    memory::ask_for_weights(&system.params())?;
    let weights = Weights::draw(&system.params(), seed);
    connected::check(&weights)?;
    let records = load()?;
    let mut backend = device::prepare(&device, plan.clone(), &options)?;
    upload(&weights, &mut *backend)?;

    let columns = columns(&plan, &*backend);
    if !json {
        output::line(&format!("{}, batch {batch}, on {}\n", subject.title, device.name()))?;
        output::line(&columns.titles())?;
    }
    let mut rows = Vec::new();
    let mut each = |row: CallReport| -> Result<(), Error> {
        if !json {
            output::line(&columns.row(&cells(&row)))?;
        }
        rows.push(row);
        Ok(())
    };
    let train = (0..subject.steps).map(|step| (List::TRAIN, step));
    for (list, step) in train.chain([(List::EVALUATE, subject.steps), (List::STATISTICS, subject.steps)]) {
        if plan.position(list).is_none() {
            continue;
        }
        // An evaluation's last batch is seldom full: padding has to work too.
        let images = if list == List::TRAIN { batch } else { (batch - 1).max(1) };
        let gathered = gather(&records, images, step);
        let (rates, inputs) = (system.rates(step, batch), gathered.inputs());
        let step = Step { seed, step, images, rates: &rates, inputs: &inputs };
        check_list(&mut *backend, &plan, list, &step, &mut each)?;
    }

    let failed: Vec<&CallReport> = rows.iter().filter(|row| !row.ok).collect();
    let verdict = verdict(&failed, rows.len());
    let count = failed.len();
    if json {
        output::json(&VerifyReport {
            device: device.name(),
            variants: device::variants(&*backend),
            net: subject.title.clone(),
            rule: subject.rule.clone(),
            batch,
            steps: subject.steps,
            seed,
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
    records.gather(0, &indices, &mut gathered);
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
