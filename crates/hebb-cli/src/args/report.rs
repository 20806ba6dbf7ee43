//! The options of `hebb report`.

use std::path::PathBuf;

use clap::Args;
use hebb::Choice;

use super::{CpuArgs, SplitName};

/// `hebb report`.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// Folders of runs, finished or at work, of any system
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// Page to write; it needs no other file, no network and no script
    #[arg(long, value_name = "FILE.html")]
    pub out: PathBuf,
    /// Replace the file in --out
    #[arg(long)]
    pub overwrite: bool,
    /// How networks are looked at.
    #[command(flatten)]
    pub look: LookArgs,
}

/// How a run's network is looked at, beside its files.
#[derive(Debug, Clone, Args)]
pub struct LookArgs {
    /// Another place of the data that the runs were trained on [default: the one in each run's run.toml]
    #[arg(help_heading = "Data", long, value_name = "DATA")]
    pub data: Option<String>,
    /// Images of the confusion matrix and the worst mistakes [default: validation; test where a run keeps none]
    #[arg(help_heading = "Data", long, value_enum)]
    pub split: Option<SplitName>,
    /// Device: auto (a hardware GPU, else cpu), gpu (any adapter), cpu, reference (CPU twins, slow) or a part of an
    /// adapter's name
    #[arg(help_heading = "Running", long, value_name = "DEVICE", default_value = "auto")]
    pub device: Choice,
    /// Its threads.
    #[command(flatten)]
    pub cpu: CpuArgs,
}
