//! `hebb init`: a random start as a checkpoint.

use anyhow::Result;
use hebb_engine::checkpoint;
use hebb_engine::init::{self, RStart, sparse_layers};
use hebb_engine::metadata::{Description, Metadata, Progress};
use hebb_spec::plan::Model;
use hebb_spec::rule::{Loss, Rule};

use crate::args::{self, InitArgs};
use crate::model::{self, Pictures};
use crate::output::{self, grouped};

/// Draws a network's weights and writes them.
pub fn run(args: &InitArgs) -> Result<()> {
    let Pictures { input, classes, .. } = model::pictures(&args.pictures)?;
    let (preset, connectivity) = (args.preset, model::connectivity(&args.network));
    // urfb has all that any rule may start with, but B. The rest that the metadata name are defaults.
    let rule = args.rule.unwrap_or(Rule::URFB);
    model::check_r("--track-r1", args.track_r1, &rule)?;
    model::check_r("--r-start equal", args.r_start == args::RStart::Equal, &rule)?;
    let network = model::untied(&args.network, preset, input, classes)?;
    let model = Model::new(network, rule, Loss::Hinge, preset);
    let sparse = sparse_layers(&model, connectivity);
    let model = Model { sparse, track_r1: args.track_r1, ..model };
    let r_start = match args.r_start {
        args::RStart::Independent => RStart::Independent,
        args::RStart::Equal => RStart::Equal,
    };
    let weights = init::draw(&model, &model::drawing(&args.network, preset, args.seed, r_start));
    let network = Description::new(&model, connectivity, args.seed);
    let metadata = Metadata { network, training: None, progress: Progress::default() };
    checkpoint::write(&args.out, &weights, &metadata)?;
    let count = weights.tensors().map(|(.., values)| values.len() as u64).sum();
    let names: Vec<String> = weights.tensors().map(|(name, ..)| name).collect();
    output::line(&format!("{}: {} with {} numbers", args.out.display(), names.join(", "), grouped(count)))
}
