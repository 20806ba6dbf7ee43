//! `hebb init`: a random start as a checkpoint.

use anyhow::{Result, ensure};
use hebb_engine::checkpoint;
use hebb_engine::metadata::{Metadata, Progress};
use hebb_spec::param::Weights;
use hebb_spec::system::System;
use hebb_systems::layered::{Model, RStart};

use crate::args::InitArgs;
use crate::connected;
use crate::images::{Images, images};
use crate::memory;
use crate::origin::Origin;
use crate::output::{self, grouped, plain};
use crate::target;

/// Draws a network's weights and writes them.
pub fn run(args: &InitArgs) -> Result<()> {
    let _held = target::claim(&args.out, args.overwrite)?;
    let origin = Origin::new(&args.given.table, None);
    let (spec, seed) = (origin.spec()?, origin.run()?.seed);
    ensure!(
        args.r_start == RStart::Independent || spec.rule.has_r(),
        "--r-start equal needs feedback weights R, but the rule is {}: leave one of them out",
        spec.rule.name
    );
    let Images { input, classes, .. } = images(&args.images)?;
    let model = Model { r_start: args.r_start, ..origin.build(&spec, input, classes)? };
    memory::ask_for_weights(&model.params())?;
    let weights = Weights::draw(&model.params(), seed);
    connected::check(&weights)?;
    let metadata = Metadata { system: model.describe(), seed, training: None, progress: Progress::start(&model) };
    checkpoint::write(&args.out, &weights, &metadata)?;
    let count = weights.0.iter().map(|weight| weight.values.len() as u64).sum();
    let names: Vec<&str> = weights.0.iter().map(|weight| weight.name.as_str()).collect();
    let path = plain(&args.out.display().to_string());
    output::line(&format!("{path}: {} with {} numbers", names.join(", "), grouped(count)))
}
