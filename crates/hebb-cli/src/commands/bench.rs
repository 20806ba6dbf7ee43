//! `hebb bench`: a network's calls in every variant beside the device's ceilings, and whole training steps.

use anyhow::{Result, ensure};
use hebb::Device;
use hebb::measure::{CallTime, Case, Ceilings, MeasureError, StepTime, random_images, step};
use hebb_spec::backend::Runtime;
use hebb_spec::plan::Plan;
use hebb_spec::problem::Problem;
use hebb_spec::system::System;
use hebb_systems::layered::{Model, Rule};
use serde::Serialize;

use crate::args::BenchArgs;
use crate::device;
use crate::images::{Images, images};
use crate::origin::Origin;
use crate::output::{self, Align, Columns};
use crate::tuned::Tuned;

/// Seconds that one measurement takes, about.
const PATIENCE: f64 = 2.0;
/// The rules whose steps are measured, beside the one asked for.
const RULES: [Rule; 3] = [Rule::BP, Rule::FRFB, Rule::URFB];

#[derive(Serialize)]
struct BenchReport {
    device: String,
    net: String,
    ceilings: Ceilings,
    calls: Vec<CallTime>,
    steps: Vec<StepRow>,
}

/// A step of the network under a rule.
#[derive(Serialize)]
struct StepRow {
    rule: &'static str,
    #[serde(flatten)]
    time: StepTime,
}

/// Measures and prints, row by row.
pub fn run(args: &BenchArgs) -> Result<()> {
    let origin = Origin::new(&args.layout.given.table, None);
    let spec = origin.spec()?;
    let Images { input, classes, .. } = images(&args.layout.images)?;
    let model = origin.build(&spec, input, classes)?;
    let device = device::find(&args.device, args.cpu)?;
    ensure!(!matches!(device, Device::Reference), MeasureError::Twins);
    let mut batches = args.batch.clone();
    batches.sort_unstable();
    batches.dedup();
    let largest = batches.last().copied().unwrap_or(1);
    let plan = model.plan(largest);
    let tuned = Tuned::of(&device);
    device::fits(&device, &plan, &tuned.options(&plan))?;

    let (net, name) = (model.network.notation(), name(&device));
    let ceilings = Ceilings::of(&device)?;
    let tell = |text: &str| if args.json { Ok(()) } else { output::line(text) };
    tell(&format!("{net}, on {name}\n{ceilings}\n"))?;
    let calls = calls(&device, &plan, &ceilings, &tell)?;
    tell("")?;
    let steps = steps((&device, &tuned), &model, &batches, &tell)?;
    if args.json {
        return output::json(&BenchReport { device: name, net, ceilings, calls, steps });
    }
    Ok(())
}

fn name(device: &Device) -> String {
    match device {
        Device::Cpu(cpu) => format!("{}, threads: {}", cpu.name(), cpu.threads()),
        other => other.name(),
    }
}

/// Every distinct call of a plan, in every variant that the device has room for.
fn calls(
    device: &Device,
    plan: &Plan,
    ceilings: &Ceilings,
    tell: &impl Fn(&str) -> Result<()>,
) -> Result<Vec<CallTime>> {
    let mut problems: Vec<Problem> = Vec::new();
    for call in plan.calls() {
        if problems.iter().all(|other| other.key() != call.problem.key()) {
            problems.push(call.problem);
        }
    }
    let mut columns = Columns::new(&[
        ("call", Align::Left),
        ("variant", Align::Left),
        ("        ms", Align::Right),
        (" GFLOP/s", Align::Right),
        ("   GB/s", Align::Right),
        ("share", Align::Right),
        ("of the nearer ceiling", Align::Left),
    ]);
    for problem in &problems {
        device.variants(problem).iter().for_each(|variant| columns.fit(&[&problem.key(), *variant]));
    }
    tell(&columns.titles())?;
    let mut times = Vec::new();
    for problem in problems {
        let case = Case::new(problem);
        for variant in device.variants(&problem) {
            let time = case.measure(device, variant, ceilings, PATIENCE)?;
            tell(&columns.row(&[
                time.problem.clone(),
                time.variant.clone(),
                format!("{:.3}", time.ms),
                format!("{:.1}", time.gflops),
                format!("{:.2}", time.gbytes),
                format!("{:.0}%", 100.0 * time.share),
                time.ceiling.to_owned(),
            ]))?;
            times.push(time);
        }
    }
    Ok(times)
}

/// Steps by the rules at each batch, in the variants that a training would take.
fn steps(
    (device, tuned): (&Device, &Tuned),
    model: &Model,
    batches: &[u32],
    tell: &impl Fn(&str) -> Result<()>,
) -> Result<Vec<StepRow>> {
    let columns = Columns::new(&[
        ("step", Align::Left),
        ("batch", Align::Right),
        ("        ms", Align::Right),
        (" images/s", Align::Right),
        (" GFLOP/s", Align::Right),
    ]);
    tell(&columns.titles())?;
    let own = model.rule.name;
    let under = |rule: Rule| match rule.name == own {
        true => model.clone(),
        false => Model { rule, track_r1: false, delta_statistics: false, ..model.clone() },
    };
    let asked = RULES.iter().all(|rule| rule.name != own).then(|| model.clone());
    let models: Vec<Model> = RULES.into_iter().map(under).chain(asked).collect();
    let records = random_images(model.network.input, model.network.classes)?;
    let mut rows = Vec::new();
    for model in &models {
        for &batch in batches {
            let options = tuned.options(&model.plan(batch));
            let (time, rule) = (step(device, &options, (model, &records), batch, PATIENCE)?, model.rule.name);
            tell(&columns.row(&[
                rule.to_owned(),
                batch.to_string(),
                format!("{:.1}", time.ms),
                format!("{:.0}", time.images_per_second),
                format!("{:.1}", time.gflops),
            ]))?;
            rows.push(StepRow { rule, time });
        }
    }
    Ok(rows)
}
