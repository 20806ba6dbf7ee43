//! The options of `hebb report` and `hebb watch`.

use std::path::PathBuf;

use clap::Args;
use hebb::Choice;

use super::{CpuArgs, SplitName, threads_range};

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

/// `hebb watch`.
#[derive(Debug, Clone, Args)]
pub struct WatchArgs {
    /// Folders of runs, at work, finished or not begun yet, of any system
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// Port of this machine, on 127.0.0.1 alone; 0: any that is free. From another machine: ssh -L N:127.0.0.1:N HOST
    #[arg(long, value_name = "N", default_value_t = 1949)]
    pub port: u16,
    /// Another place of the data that the runs were trained on [default: the one in each run's run.toml]
    #[arg(help_heading = "Data", long, value_name = "DATA")]
    pub data: Option<String>,
    /// Images of the confusion matrix and the worst mistakes [default: validation; test where a run keeps none]
    #[arg(help_heading = "Data", long, value_enum)]
    pub split: Option<SplitName>,
    /// Device that looks at images beside the training: auto, gpu, cpu, reference or a part of an adapter's name
    #[arg(help_heading = "Running", long, value_name = "DEVICE", default_value = "cpu")]
    pub device: Choice,
    /// Threads of --device cpu, from 1 to 1024: few, so that the training keeps its own [default: 1]
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = threads_range())]
    pub threads: Option<u16>,
}

impl WatchArgs {
    /// How networks are looked at.
    pub fn look(&self) -> LookArgs {
        let threads = self.threads.or((self.device == Choice::Cpu).then_some(1));
        let cpu = CpuArgs { threads, winograd: None };
        LookArgs { data: self.data.clone(), split: self.split, device: self.device.clone(), cpu }
    }
}
