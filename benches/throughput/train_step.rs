//! Whole training steps of the paper's networks, the host's part included.

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
    for (net, untied, rule, batch) in STEPS {
        let label = format!("train_step {}{net} {} {batch}", if untied { "untied " } else { "" }, rule.name);
        if wanted.is_empty() || wanted.iter().any(|name| *name == label || "train_step".contains(name.as_str())) {
            one(device, &label, (net, untied, rule, batch))?;
        }
    }
    Ok(())
}

/// Whether a name chooses steps and no kernel.
pub fn is_step(name: &str) -> bool {
    "train_step".contains(name) || name.starts_with("train_step")
}

fn one(device: &Device, label: &str, (net, untied, rule, batch): (&str, bool, Rule, u32)) -> Result<(), String> {
    let input = Shape::new(3, 32, 32);
    let mut network = Network::new(net, input, 10, Preset::AsRun).map_err(|error| error.to_string())?;
    if untied {
        network = network.untie(&Untied::All, Preset::AsRun).map_err(|error| error.to_string())?;
    }
    let model = Model::new(network, rule, Loss::Hinge, Preset::AsRun);
    let plan = model.plan(batch);
    let flops: u64 = plan.list(List::TRAIN).iter().map(|call| call.problem.flops()).sum();
    let mut ready = device.prepare(plan, &Options::default()).map_err(|error| error.to_string())?;
    let session = ready.backend();
    let (set, classes) = batch_of(input, 10, IMAGES, 1);
    let order = Stream::new(1, Purpose::Shuffle, 0, 0).permutation(IMAGES);
    let mut order = order.into_iter().cycle();
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    let mut step = 0;
    let time = seconds(|times| {
        for _ in 0..times {
            images.clear();
            labels.clear();
            for at in order.by_ref().take(batch as usize).map(|at| at as usize) {
                images.extend_from_slice(&set[at * input.units() as usize..][..input.units() as usize]);
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
    println!(
        "{label}: {:.1} ms, {:.0} images/s, {:.1} GFLOP/s",
        time * 1e3,
        f64::from(batch) / time,
        flops as f64 / time / 1e9
    );
    Ok(())
}
