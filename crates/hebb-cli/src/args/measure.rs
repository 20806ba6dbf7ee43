//! `hebb tune` and `hebb bench`.

use clap::Args;
use hebb::Choice;

use super::{CpuArgs, LayoutArgs, batch_range};

/// `hebb tune`.
#[derive(Debug, Clone, Args)]
pub struct TuneArgs {
    /// What is laid out.
    #[command(flatten)]
    pub layout: LayoutArgs,
    /// Images in a batch: a choice holds for trainings and evaluations of this very batch
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true, default_value_t = 500)]
    #[arg(value_parser = batch_range())]
    pub batch: u32,
    /// Time after which no more is measured, the calls with the most operations come first
    #[arg(help_heading = "Running", long, value_name = "M", allow_negative_numbers = true, default_value = "5")]
    #[arg(value_parser = minutes)]
    pub minutes: f64,
    /// Device: gpu (any adapter, a software one too), auto, or a part of an adapter's name
    #[arg(help_heading = "Running", long, value_name = "DEVICE", default_value = "gpu")]
    pub device: Choice,
    /// Print JSON
    #[arg(help_heading = "Options", long)]
    pub json: bool,
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes = text.parse().ok().filter(|&minutes: &f64| minutes > 0.0 && minutes <= 1440.0);
    minutes.ok_or_else(|| "write a number of minutes above 0, up to 1440".to_owned())
}

/// `hebb bench`.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    /// What is laid out.
    #[command(flatten)]
    pub layout: LayoutArgs,
    /// Images in a batch, once or more: whole steps are measured at each, single calls at the largest
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true)]
    #[arg(default_values_t = [20, 100, 500], value_parser = batch_range())]
    pub batch: Vec<u32>,
    /// Device: gpu (any adapter, a software one too), cpu, auto, or a part of an adapter's name
    #[arg(help_heading = "Running", long, value_name = "DEVICE", default_value = "gpu")]
    pub device: Choice,
    /// How the processor is used.
    #[command(flatten)]
    pub cpu: CpuArgs,
    /// Print JSON
    #[arg(help_heading = "Options", long)]
    pub json: bool,
}
