//! A whole training step of simpnet, by each rule.

use hebb_gpu::{Gpu, Session};
use hebb_reference::sample::batch_of;
use hebb_spec::Shape;
use hebb_spec::backend::{Backend, Batch};
use hebb_spec::network::Network;
use hebb_spec::plan::{List, Model, Plan};
use hebb_spec::rule::{Loss, Preset, Rule};

use crate::measure::seconds;

/// Images a second, the host's part included.
pub fn run(gpu: &Gpu) -> Result<(), String> {
    let input = Shape::new(3, 32, 32);
    for (rule, batch) in [(Rule::BP, 500), (Rule::FRFB, 500), (Rule::URFB, 500), (Rule::URFB, 100)] {
        let network = Network::new("simpnet", input, 10, Preset::AsRun).map_err(|error| error.to_string())?;
        let plan = Plan::new(&Model::new(network, rule, Loss::Hinge, Preset::AsRun), batch);
        let flops: u64 = plan.train.iter().map(|call| call.problem.flops()).sum();
        let mut session = Session::new(gpu, plan).map_err(|error| error.to_string())?;
        let (images, labels) = batch_of(input, 10, batch, 1);
        let mut step = 0;
        let time = seconds(|times| {
            for _ in 0..times {
                session
                    .submit(List::Train, &Batch { images: &images, labels: &labels, step, seed: 1 })
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
