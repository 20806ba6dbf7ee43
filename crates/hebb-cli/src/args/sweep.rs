//! The options of `hebb sweep`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, value_parser};
use hebb::Choice;

use super::threads_range;

/// `hebb sweep`.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "hebb sweep <FILE.toml> [OPTIONS]")]
#[command(after_help = "\
FILE.toml has settings of `hebb train` by their long names, the folder of the sweep, and a table of lists:

  net = \"simpnet\"
  data = \"cifar10:DIR\"
  epochs = 30
  out = \"sweeps/rules\"

  [grid]
  rule = [\"bp\", \"urfb\", \"frfb\"]
  seed = [1, 2, 3]

Each of the nine runs has a folder of its own, called by a digest of its settings: sweeps/rules/list.csv names them. \
The same command goes on with what was stopped and passes over what is done; with more values or epochs it does the \
rest. Where not all go with all, write [[grid]] several times: the grids follow each other.")]
pub struct SweepArgs {
    /// The sweep: settings, and a grid over some of them
    #[arg(value_name = "FILE.toml")]
    pub file: PathBuf,
    /// Folder of the sweep [default: the file's `out`]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Runs at the same time, each a process of its own [default: 1]
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = threads_range())]
    pub jobs: Option<u16>,
    /// Do this run alone, counted from 1, as a job of an array does
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true, conflicts_with_all = ["jobs", "print", "json"])]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    pub index: Option<u32>,
    /// Run nothing: print the list with what is done of it, or a script that has the runs done by others
    #[arg(help_heading = "Running", long, value_name = "WHAT")]
    pub print: Option<SweepPrint>,
    /// Device of all runs, as in `hebb train` [default: the file's; of a run that goes on, its own]
    #[arg(help_heading = "Running", long, value_name = "DEVICE")]
    pub device: Option<Choice>,
    /// Threads of each run of --device cpu, from 1 to 1024; the numbers do not depend on them [default: the cores shared
    /// out among --jobs]
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = threads_range())]
    pub threads: Option<u16>,
    /// Print the list as JSON
    #[arg(long)]
    pub json: bool,
}

/// What is printed in place of running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SweepPrint {
    /// The runs and how far they are.
    List,
    /// A batch script: an array of jobs.
    Slurm,
    /// A shell script that calls GNU parallel.
    Parallel,
    /// A Snakefile.
    Snakemake,
}
