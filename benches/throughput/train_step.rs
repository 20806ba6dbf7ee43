//! Whole training steps of the paper's networks, the host's part included.

use hebb_cpu::{Cpu, Winograd};
use hebb_reference::sample::batch_of;
use hebb_spec::Shape;
use hebb_spec::backend::{Numbers, Options, Step};
use hebb_spec::learning::Loss;
use hebb_spec::plan::List;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::system::System;
use hebb_systems::layered::{Model, Network, Preset, Rule, Untied};

use crate::device::Device;
use crate::measure::seconds;

/// What is measured: network, whether it is untied, rule and batch.
const STEPS: [(&str, bool, Rule, u32); 11] = [
    ("simpnet", false, Rule::BP, 500),
    ("simpnet", false, Rule::FRFB, 500),
    ("simpnet", false, Rule::URFB, 500),
    ("simpnet", false, Rule::URFB, 100),
    ("simpnet", true, Rule::URFB, 50),
    ("deepernet", false, Rule::BP, 20),
    ("deepernet", false, Rule::URFB, 20),
    ("deepernet", false, Rule::BP, 100),
    ("deepernet", false, Rule::URFB, 100),
    ("deepernet", false, Rule::BP, 500),
    ("deepernet", false, Rule::URFB, 500),
];
/// Images of the data set that batches are drawn from.
const IMAGES: u32 = 5000;

/// Images a second of each chosen step. One is chosen by its whole label, all by `train_step`.
pub fn run(device: &Device, wanted: &[String]) -> Result<(), String> {
    let is_wanted = |label: &String| {
        wanted.is_empty() || wanted.iter().any(|name| name == label || "train_step".contains(name.as_str()))
    };
    for (net, untied, rule, batch) in STEPS {
        let label = format!("train_step {}{net} {} {batch}", if untied { "untied " } else { "" }, rule.name);
        if is_wanted(&label) {
            one(device, &label, (net, untied, rule, batch))?;
        }
        // Those with 3x3 convolutions by the processor's other forms too.
        let Device::Cpu(cpu) = device else { continue };
        for winograd in [Winograd::Off, Winograd::Four].into_iter().filter(|_| net == "deepernet") {
            let label = format!("{label} winograd {winograd}");
            if is_wanted(&label) {
                one(&Device::Cpu(cpu.clone().with_winograd(winograd)), &label, (net, untied, rule, batch))?;
            }
        }
    }
    Ok(())
}

/// Images a second of deepernet by URFB at many batches, on one thread and on all, and the memory of the plan.
pub fn scaling() -> Result<(), String> {
    let all = Cpu::open(None).map_err(|error| error.to_string())?.threads();
    let threads = if all > 1 { vec![1, all] } else { vec![1] };
    println!("scaling deepernet urfb: images/s on {threads:?} threads, memory of the plan");
    for batch in [1, 20, 50, 96, 100, 200, 500, 512, 1000] {
        let mut line = format!("batch {batch:4}:");
        let plan = model("deepernet", false, Rule::URFB)?.plan(batch);
        let mut bytes = 0;
        for &threads in &threads {
            let cpu = Cpu::open(Some(threads)).map_err(|error| error.to_string())?;
            bytes = cpu.bytes(&plan);
            let measured = measure(&Device::Cpu(cpu), ("deepernet", false, Rule::URFB, batch))?;
            line += &format!(" {:7.1}", f64::from(batch) / measured.seconds);
        }
        println!("{line}   {} MiB", bytes >> 20);
    }
    Ok(())
}

/// Whether a name chooses steps and no kernel.
pub fn is_step(name: &str) -> bool {
    "train_step".contains(name) || name.starts_with("train_step")
}

fn one(device: &Device, label: &str, step: (&str, bool, Rule, u32)) -> Result<(), String> {
    let Measured { seconds, flops } = measure(device, step)?;
    println!(
        "{label}: {:.1} ms, {:.0} images/s, {:.1} GFLOP/s",
        seconds * 1e3,
        f64::from(step.3) / seconds,
        flops as f64 / seconds / 1e9
    );
    Ok(())
}

/// A step's time and operations.
struct Measured {
    seconds: f64,
    flops: u64,
}

const INPUT: Shape = Shape::new(3, 32, 32);

fn model(net: &str, untied: bool, rule: Rule) -> Result<Model, String> {
    let mut network = Network::new(net, INPUT, 10, Preset::AsRun).map_err(|error| error.to_string())?;
    if untied {
        network = network.untie(&Untied::All, Preset::AsRun).map_err(|error| error.to_string())?;
    }
    Ok(Model::new(network, rule, Loss::Hinge, Preset::AsRun))
}

fn measure(device: &Device, (net, untied, rule, batch): (&str, bool, Rule, u32)) -> Result<Measured, String> {
    let model = model(net, untied, rule)?;
    let plan = model.plan(batch);
    let flops: u64 = plan.list(List::TRAIN).iter().map(|call| call.problem.flops()).sum();
    let mut ready = device.prepare(plan, &Options::default()).map_err(|error| error.to_string())?;
    let session = ready.backend();
    let (set, classes) = batch_of(INPUT, 10, IMAGES, 1);
    let order = Stream::new(1, Purpose::Shuffle, 0, 0).permutation(IMAGES);
    let mut order = order.into_iter().cycle();
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    let mut step = 0;
    let seconds = seconds(|times| {
        for _ in 0..times {
            images.clear();
            labels.clear();
            for at in order.by_ref().take(batch as usize).map(|at| at as usize) {
                images.extend_from_slice(&set[at * INPUT.units() as usize..][..INPUT.units() as usize]);
                labels.push(classes[at]);
            }
            let inputs = [("images", Numbers::Bytes(&images)), ("labels", Numbers::Classes(&labels))];
            let rates = model.rates(step, batch);
            session
                .submit(List::TRAIN, &Step { seed: 1, step, images: batch, rates: &rates, inputs: &inputs }, 1)
                .and_then(|()| session.collect(2))
                .map_err(|error| error.to_string())?;
            step += 1;
        }
        session.collect(0).map(|_| ()).map_err(|error| error.to_string())
    })?;
    Ok(Measured { seconds, flops })
}
