//! A whole training step of simpnet, by each rule.

use hebb_gpu::Gpu;
use hebb_reference::sample::batch_of;
use hebb_spec::Shape;
use hebb_spec::backend::{Numbers, Options, Runtime, Step};
use hebb_spec::learning::Loss;
use hebb_spec::plan::List;
use hebb_spec::system::System;
use hebb_systems::layered::{Model, Network, Preset, Rule};

use crate::measure::seconds;

/// Images a second, the host's part included.
pub fn run(gpu: &Gpu) -> Result<(), String> {
    let input = Shape::new(3, 32, 32);
    for (rule, batch) in [(Rule::BP, 500), (Rule::FRFB, 500), (Rule::URFB, 500), (Rule::URFB, 100)] {
        let network = Network::new("simpnet", input, 10, Preset::AsRun).map_err(|error| error.to_string())?;
        let model = Model::new(network, rule, Loss::Hinge, Preset::AsRun);
        let plan = model.plan(batch);
        let flops: u64 = plan.list(List::TRAIN).iter().map(|call| call.problem.flops()).sum();
        let mut session = gpu.prepare(plan, &Options::default()).map_err(|error| error.to_string())?;
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
            "train_step simpnet {} batch {batch}: {:.1} ms, {:.0} images/s, {:.1} GFLOP/s",
            rule.name,
            time * 1e3,
            f64::from(batch) / time,
            flops as f64 / time / 1e9
        );
    }
    Ok(())
}
