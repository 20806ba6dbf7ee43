//! Whole training steps of the paper's networks, the host's part included.

use hebb_reference::sample::batch_of;
use hebb_spec::Shape;
use hebb_spec::backend::{Numbers, Options, Step};
use hebb_spec::learning::Loss;
use hebb_spec::plan::List;
use hebb_spec::system::System;
use hebb_systems::layered::{Model, Network, Preset, Rule, Untied};

use crate::device::Device;
use crate::measure::seconds;

/// What is measured: network, whether it is untied, rule and batch.
const STEPS: [(&str, bool, Rule, u32); 8] = [
    ("simpnet", false, Rule::BP, 500),
    ("simpnet", false, Rule::FRFB, 500),
    ("simpnet", false, Rule::URFB, 500),
    ("simpnet", false, Rule::URFB, 100),
    ("simpnet", true, Rule::URFB, 50),
    ("deepernet", false, Rule::BP, 100),
    ("deepernet", false, Rule::URFB, 100),
    ("deepernet", false, Rule::URFB, 20),
];

/// Images a second of each.
pub fn run(device: &Device) -> Result<(), String> {
    STEPS.into_iter().try_for_each(|step| one(device, step))
}

fn one(device: &Device, (net, untied, rule, batch): (&str, bool, Rule, u32)) -> Result<(), String> {
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
    let (images, labels) = batch_of(input, 10, batch, 1);
    let mut step = 0;
    let time = seconds(|times| {
        for _ in 0..times {
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
        "train_step {}{net} {} batch {batch}: {:.1} ms, {:.0} images/s, {:.1} GFLOP/s",
        if untied { "untied " } else { "" },
        rule.name,
        time * 1e3,
        f64::from(batch) / time,
        flops as f64 / time / 1e9
    );
    Ok(())
}
