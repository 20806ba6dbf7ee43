//! The options of `hebb reproduce`.

use std::path::PathBuf;

use clap::{Args, value_parser};
use hebb::Choice;
use hebb_lab::{Scale, Seeds};

use super::threads_range;

/// `hebb reproduce`.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "hebb reproduce list [--json]\n       hebb reproduce <PAPER/FIGURE> [OPTIONS] --out <DIR>")]
pub struct ReproduceArgs {
    /// The figure, as in amit2019/fig12; amit2019/all makes figures 4 to 12, but for those that the same command made
    /// before; list names all that there are
    #[arg(value_name = "list|PAPER/FIGURE")]
    pub what: String,
    /// Folder to make: FIGURE.svg, FIGURE.png, FIGURE.csv, and FIGURE.md, which says what ran and what was reduced. Figures
    /// whose runs take long keep these in DIR/runs, or where --runs says: the same command goes on with what was stopped
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How much of the paper's protocol runs: full, half or small (a tenth of the steps; of the 1,000 epochs of Amit's
    /// trainings, amit2019/fig4 to fig11, 20), or as much as so many minutes have room for [default: full]
    #[arg(help_heading = "Running", long, value_name = "full|half|small|MINUTES", allow_negative_numbers = true)]
    pub scale: Option<Scale>,
    /// Epochs of each run, in place of --scale, of figures that keep their runs
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true, conflicts_with = "scale")]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    pub epochs: Option<u32>,
    /// Folder of the runs of figures that keep them. Amit's are folders as `hebb train` makes them, each by the name of what
    /// it trains, as in simpnet-urfb-cifar10-1: figures share them, and those that are longer than asked for are read as far
    /// [default: runs, in the folder of --out]
    #[arg(help_heading = "Running", long, value_name = "DIR")]
    pub runs: Option<PathBuf>,
    /// Draw what the kept runs have and train nothing, of amit2019/fig4 to fig11: runs that lack or are shorter are named
    #[arg(help_heading = "Running", long)]
    pub finished: bool,
    /// Seeds, a run for each, as in 1,2,3 [default: the figure's own]
    #[arg(help_heading = "Running", long, value_name = "N,N,...", allow_negative_numbers = true)]
    pub seeds: Option<Seeds>,
    /// Images to learn from or to cut patches from, as in mnist:DIR (see `hebb data list`), given once or, for patches,
    /// amit2019/fig5 and fig6, several times, for figures that take any [default: shapes, which are built in]
    #[arg(help_heading = "Running", long, value_name = "DATA")]
    pub data: Vec<String>,
    /// Device: auto (a hardware GPU, else cpu), gpu (any adapter), cpu, reference (CPU twins, slow) or a part of an
    /// adapter's name [default: auto]
    #[arg(help_heading = "Running", long, value_name = "DEVICE")]
    pub device: Option<Choice>,
    /// Threads of --device cpu, from 1 to 1024; the numbers do not depend on them [default: all cores]
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = threads_range())]
    pub threads: Option<u16>,
    /// Print the table as JSON, with list
    #[arg(long)]
    pub json: bool,
}

impl ReproduceArgs {
    /// The option that names data, where it is given.
    pub fn names_data(&self) -> Option<&'static str> {
        (!self.data.is_empty()).then_some("--data")
    }

    /// How much runs.
    pub fn scale(&self) -> Scale {
        self.epochs.map(Scale::Epochs).or(self.scale).unwrap_or(Scale::Full)
    }

    /// The names of the options about running that are given.
    pub fn running(&self) -> Vec<&'static str> {
        let given = [
            ("--scale", self.scale.is_some()),
            ("--epochs", self.epochs.is_some()),
            ("--runs", self.runs.is_some()),
            ("--finished", self.finished),
            ("--seeds", self.seeds.is_some()),
            ("--device", self.device.is_some()),
            ("--threads", self.threads.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }
}
