//! Whole training steps of the papers' networks, the host's part included.

use hebb::data::PatternSpec;
use hebb::engine::records::Records;
use hebb::measure::{StepTime, random_images, step};
use hebb::spec::Shape;
use hebb::spec::backend::Options;
use hebb::spec::learning::Loss;
use hebb::spec::system::System;
use hebb::systems::layered::{Model, Network, Preset, Rule, Untied};
use hebb::systems::microcircuit::{Input, Learner, Microcircuit, Source};
use hebb::{Device, Winograd};
use serde::Serialize;

use crate::{Report, text};

/// The networks, and whether their convolutions are untied.
pub const NETS: [(&str, bool); 3] = [("simpnet", false), ("deepernet", false), ("simpnet", true)];
/// The rules.
const RULES: [Rule; 3] = [Rule::BP, Rule::FRFB, Rule::URFB];
/// Images in a batch.
const BATCHES: [u32; 4] = [20, 50, 100, 500];
const INPUT: Shape = Shape::new(3, 32, 32);
const CLASSES: u32 = 10;
/// Images of a two-step microcircuit's batch, and their shape.
const DIGITS: (u32, Shape) = (10, Shape::new(1, 28, 28));

/// A step under its label.
#[derive(Serialize)]
pub struct StepRow {
    label: String,
    #[serde(flatten)]
    time: StepTime,
}

/// Images, or patterns, a second of each chosen step. One is chosen by its whole label, all by `train_step`.
pub fn run(device: &Device, wanted: &[String], report: &mut Report) -> Result<(), String> {
    let is_wanted = |label: &String| {
        wanted.is_empty() || wanted.iter().any(|name| name == label || "train_step".contains(name.as_str()))
    };
    let records = random_images(INPUT, CLASSES).map_err(text)?;
    for ((net, untied), rule, batch) in all() {
        let label = format!("train_step {}{net} {} {batch}", if untied { "untied " } else { "" }, rule.name);
        // Those with 3x3 convolutions by the processor's other forms too.
        let forms = match device {
            Device::Cpu(_) if net == "deepernet" => &[Winograd::Off, Winograd::Four][..],
            _ => &[],
        };
        let others = forms.iter().map(|&form| (format!("{label} winograd {form}"), device.clone().with_winograd(form)));
        for (label, device) in std::iter::once((label.clone(), device.clone())).chain(others) {
            if is_wanted(&label) {
                let model = model(net, untied, rule)?;
                timed(&device, label, (&model, &records), batch, report)?;
            }
        }
    }
    for (name, system) in microcircuits() {
        let label = format!("train_step microcircuit {name}");
        if !is_wanted(&label) {
            continue;
        }
        match system.source {
            Source::Images { .. } => {
                let records = random_images(DIGITS.1, CLASSES).map_err(text)?;
                timed(device, label, (&system, &records), DIGITS.0, report)?;
            }
            _ => {
                let ends = [system.sizes[0], system.sizes[system.sizes.len() - 1]];
                let spec = PatternSpec { teacher: Some([ends[0], 20, ends[1]]), ..PatternSpec::default() };
                let records = spec.draw(ends[0], system.networks, system.transfer, 1);
                timed(device, label, (&system, &records), 1, report)?;
            }
        }
    }
    Ok(())
}

fn timed(
    device: &Device,
    label: String,
    of: (&dyn System, &dyn Records),
    batch: u32,
    report: &mut Report,
) -> Result<(), String> {
    let time = step(device, &Options::default(), of, batch, f64::INFINITY).map_err(text)?;
    let (ms, each) = (time.ms, time.images_per_second);
    report.tell(&format!("{label}: {ms:.2} ms, {each:.0} records/s, {:.1} GFLOP/s", time.gflops));
    report.steps.push(StepRow { label, time });
    Ok(())
}

/// Those of figures 2 and 3 of Sacramento et al. (2018): a step of the former is a pattern, a thousand of Euler's.
fn microcircuits() -> Vec<(&'static str, Microcircuit)> {
    let source = Source::Images { shape: DIGITS.1, classes: CLASSES };
    let deep = Microcircuit { source, ..Microcircuit::two_step() };
    let plastic = Microcircuit {
        sizes: vec![DIGITS.1.units(), 1000, CLASSES],
        self_predicting: false,
        lr_pi: vec![0.002],
        lr_down: vec![0.0001],
        ..deep.clone()
    };
    let patterns = Microcircuit {
        sizes: vec![30, 50, 10],
        taught: true,
        input: Input::Rates,
        lr_up: vec![0.001],
        source: Source::Pairs,
        ..Microcircuit::continuous()
    };
    vec![
        ("784-500-500-10", deep.clone()),
        ("784-500-500-10 bp", Microcircuit { learner: Learner::Bp, ..deep }),
        ("784-1000-10 plastic", plastic),
        ("30-50-10", patterns.clone()),
        ("16 of 30-50-10", Microcircuit { networks: 16, ..patterns }),
    ]
}

fn all() -> impl Iterator<Item = ((&'static str, bool), Rule, u32)> {
    let of_net = |net| RULES.into_iter().flat_map(move |rule| BATCHES.map(|batch| (net, rule, batch)));
    // Untied steps are measured at 50 beside; tied ones are not.
    NETS.into_iter().flat_map(of_net).filter(|((_, untied), _, batch)| *untied || *batch != 50)
}

/// Images a second of deepernet by URFB at many batches, on one thread and on all, and the memory of the plan.
pub fn scaling() -> Result<(), String> {
    let open = |threads| Device::cpu(threads).map_err(|error| error.to_string());
    let count = |device: &Device| if let Device::Cpu(cpu) = device { cpu.threads() } else { 1 };
    let all = count(&open(None)?);
    let threads = if all > 1 { vec![1, all] } else { vec![1] };
    println!("scaling deepernet urfb: images/s on {threads:?} threads, memory of the plan");
    let model = model("deepernet", false, Rule::URFB)?;
    let records = random_images(INPUT, CLASSES).map_err(text)?;
    for batch in [1, 20, 50, 96, 100, 200, 500, 512, 1000] {
        let mut line = format!("batch {batch:4}:");
        let mut bytes = 0;
        for &threads in &threads {
            let device = open(Some(threads))?;
            if let Device::Cpu(cpu) = &device {
                bytes = cpu.bytes(&model.plan(batch));
            }
            let time = step(&device, &Options::default(), (&model, &records), batch, f64::INFINITY).map_err(text)?;
            line += &format!(" {:7.1}", time.images_per_second);
        }
        println!("{line}   {} MiB", bytes >> 20);
    }
    Ok(())
}

/// Whether a name chooses steps and no kernel.
pub fn is_step(name: &str) -> bool {
    "train_step".contains(name) || name.starts_with("train_step")
}

/// A network of the paper under a rule.
pub fn model(net: &str, untied: bool, rule: Rule) -> Result<Model, String> {
    let mut network = Network::new(net, INPUT, CLASSES, Preset::AsRun).map_err(|error| error.to_string())?;
    if untied {
        network = network.untie(&Untied::All, Preset::AsRun).map_err(|error| error.to_string())?;
    }
    Ok(Model::new(network, rule, Loss::Hinge, Preset::AsRun))
}
