//! The options of `hebb compare`.

use std::path::PathBuf;

use clap::{Args, value_parser};

/// `hebb compare`.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "hebb compare <RUN|SWEEP>... [OPTIONS]")]
pub struct CompareArgs {
    /// Run folders, or folders of `hebb sweep`, which stand for the runs of their lists. Runs that are alike but for their
    /// seed are a group; the first one's is what the others are held against
    #[arg(value_name = "RUN|SWEEP", required = true)]
    pub runs: Vec<PathBuf>,
    /// Setting that the groups are called by, as in rule; where runs differ in other settings, too, each has panels of its
    /// own [default: all settings in which runs differ]
    #[arg(long, value_name = "SETTING")]
    pub by: Option<String>,
    /// Columns of metrics.csv, as in validation_error,corr_2 [default: validation_error, else train_error]
    #[arg(long, value_name = "NAME,NAME,...", value_delimiter = ',')]
    pub column: Vec<String>,
    /// Epoch of the table [default: the last that all runs have]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = value_parser!(u32).range(1..))]
    pub epoch: Option<u32>,
    /// Folder to make: compare.svg and .png (means by epoch, bands of ± one standard deviation), and compare.csv, which has
    /// the table of every epoch
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the table as JSON
    #[arg(long)]
    pub json: bool,
}
