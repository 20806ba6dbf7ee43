//! `hebb init`: a random start as a checkpoint.

use anyhow::Result;
use hebb_engine::checkpoint;
use hebb_engine::init::{self, RStart};
use hebb_engine::metadata::{Description, Metadata, Progress};
use hebb_spec::plan::Model;
use hebb_spec::rule::{Loss, Preset, Rule};

use crate::args::{self, InitArgs};
use crate::model::{self, Pictures};
use crate::output::{self, grouped};

/// Draws a network's weights and writes them.
pub fn run(args: &InitArgs) -> Result<()> {
    let Pictures { input, classes, .. } = model::pictures(&args.pictures)?;
    // A start holds no numbers of rule or preset; the metadata name the defaults, so that it can be evaluated.
    let network = model::network(&args.network, Preset::AsRun, input, classes)?;
    let model = Model::new(network, Rule::Urfb { epsilon: 1.0 }, Loss::Hinge, Preset::AsRun);
    let r_start = match args.r_start {
        args::RStart::Independent => RStart::Independent,
        args::RStart::Equal => RStart::Equal,
    };
    let weights = init::draw(&model.network, args.seed, Some(r_start));
    let network = Description::new(&model, args.seed);
    let metadata = Metadata { network, training: None, progress: Progress::default() };
    checkpoint::write(&args.out, &weights, &metadata)?;
    let count = weights.tensors().map(|(.., values)| values.len() as u64).sum();
    let names: Vec<String> = weights.tensors().map(|(name, ..)| name).collect();
    output::line(&format!("{}: {} with {} weights", args.out.display(), names.join(", "), grouped(count)))
}
