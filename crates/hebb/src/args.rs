//! The command line: every command, option, unit and default.
//!
//! Options that a config file or a preset may set are `Option`s: absent means that nobody gave them, and the default
//! that the help names is filled in by [`crate::model`] or by the command.

mod data;
mod groups;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use hebb_spec::Shape;
use hebb_spec::rule::{Preset, Rule};

use crate::device::Choice;
pub use data::{DataCommand, FetchArgs, InfoArgs, PreviewArgs};
pub use groups::{DetailArgs, LossArgs, NetworkArgs, RuleArgs, RunningArgs};
use groups::{batch_range, presets, rules};

/// Trains deep networks with Hebbian updates and asymmetric feedback on any GPU.
#[derive(Debug, Parser)]
#[command(name = "hebb", version, about, max_term_width = 110)]
pub struct Cli {
    /// Log what happens to stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a network and write checkpoints and metrics to a folder
    Train(Box<TrainArgs>),
    /// Count the errors of a checkpoint on a data set
    Eval(Box<EvalArgs>),
    /// Compare every kernel call on the device with its CPU twin, each error beside its bound
    Verify(VerifyArgs),
    /// Show what a training step runs: calls, shapes, FLOPs, bytes, buffers, peak memory
    Plan(PlanArgs),
    /// Draw a network's random start and write it as a checkpoint
    Init(InitArgs),
    /// Show what a checkpoint holds
    Inspect(InspectArgs),
    /// List the devices that a run can use
    Devices(TableArgs),
    /// List the named networks, each with its notation, shapes and weights
    Nets(TableArgs),
    /// List, fetch, describe and preview data sets
    #[command(subcommand)]
    Data(DataCommand),
}

/// DATA: what it learns from.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// Data set, as in shapes, shapes:SEED, cifar10:DIR, folder:DIR (see `hebb data list`) [default: shapes]
    #[arg(long, value_name = "DATA")]
    pub data: Option<String>,
    /// Training records kept for validation, the last ones [default: 5000, but at most a tenth]
    #[arg(long, value_name = "N")]
    pub validation: Option<usize>,
}

/// The pictures that a network is laid out for, where none are trained on.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Pictures")]
pub struct PictureArgs {
    /// Take shape and classes from a data set (see `hebb data list`)
    #[arg(long, value_name = "DATA", conflicts_with_all = ["input", "classes"])]
    pub data: Option<String>,
    /// Shape of a picture: channels x rows x columns [default: 3x32x32]
    #[arg(long, value_name = "CxHxW")]
    pub input: Option<Shape>,
    /// Number of classes, from 2 to 65536 [default: 10]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(2..=65_536))]
    pub classes: Option<u32>,
}

/// A model that is laid out, and the pictures it is for.
#[derive(Debug, Clone, Args)]
pub struct ModelArgs {
    /// What is trained.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// How it learns.
    #[command(flatten)]
    pub rule: RuleArgs,
    /// The pictures it is for.
    #[command(flatten)]
    pub pictures: PictureArgs,
    /// What is seen of the layers.
    #[command(flatten)]
    pub detail: DetailArgs,
}

/// `hebb train`.
#[derive(Debug, Clone, Default, Args)]
pub struct TrainArgs {
    /// Folder to write: run.toml, metrics.csv, last.safetensors, best.safetensors
    #[arg(long, value_name = "RUN")]
    pub out: PathBuf,
    /// What is trained.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// How it learns.
    #[command(flatten)]
    pub rule: RuleArgs,
    /// What it learns from.
    #[command(flatten)]
    pub data: DataArgs,
    /// Take the training records in their own order instead of a new one each epoch
    #[arg(long, help_heading = "Data")]
    pub no_shuffle: bool,
    /// How it runs.
    #[command(flatten)]
    pub running: RunningArgs,
}

/// `hebb eval`.
#[derive(Debug, Clone, Args)]
pub struct EvalArgs {
    /// Checkpoint to evaluate
    #[arg(long, value_name = "FILE")]
    pub checkpoint: PathBuf,
    /// Data set and validation.
    #[command(flatten)]
    pub data: DataArgs,
    /// Which pictures
    #[arg(long, value_enum, default_value_t = SplitName::Test, help_heading = "Data")]
    pub split: SplitName,
    /// For a file without hebb's metadata.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// For a file without hebb's metadata.
    #[command(flatten)]
    pub loss: LossArgs,
    /// Pictures computed at once
    #[arg(long, value_name = "N", value_parser = batch_range(), help_heading = "Running", default_value_t = 500)]
    pub batch: u32,
    /// Device: auto (a hardware GPU, else any), gpu, reference (CPU twins, slow) or a part of an adapter's name
    #[arg(help_heading = "Running", long, value_name = "DEVICE", default_value = "auto")]
    pub device: Choice,
    /// Print JSON
    #[arg(help_heading = "Options", long)]
    pub json: bool,
}

/// The part of a data set to evaluate on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SplitName {
    /// The test pictures.
    Test,
    /// The last training records, kept for validation.
    Validation,
    /// The other training records.
    Train,
}

/// `hebb init`.
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// What to draw.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// The pictures it is for.
    #[command(flatten)]
    pub pictures: PictureArgs,
    /// Draw what this rule needs: no R for bp, B for dfa and drtp [default: R, with a mask of its own where sparse]
    #[arg(help_heading = "Rule", long, value_name = "NAME", value_parser = rules())]
    pub rule: Option<Rule>,
    /// Numbers and conventions: sets the start of untied layers and whether a sparse network's output is sparse
    #[arg(help_heading = "Rule", long, value_name = "NAME", value_parser = presets(), default_value = "as-run")]
    pub preset: Preset,
    /// Draw an R for layer 1, too
    #[arg(help_heading = "Running", long)]
    pub track_r1: bool,
    /// Seed of W, R, B and masks
    #[arg(help_heading = "Running", long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Draw R apart from W, or start it as W, with W's mask
    #[arg(help_heading = "Running", long, value_enum, default_value_t = RStart::Independent)]
    pub r_start: RStart,
    /// Checkpoint to write
    #[arg(help_heading = "Options", long, value_name = "FILE")]
    pub out: PathBuf,
}

/// How the feedback weights start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RStart {
    /// Drawn apart from W.
    Independent,
    /// As W: URFB is then back-propagation.
    Equal,
}

/// `hebb inspect`.
#[derive(Debug, Clone, Args)]
pub struct InspectArgs {
    /// Checkpoint to show
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `hebb plan`.
#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    /// What is laid out.
    #[command(flatten)]
    pub model: ModelArgs,
    /// Pictures in a batch
    #[arg(long, value_name = "N", value_parser = batch_range(), help_heading = "Running", default_value_t = 500)]
    pub batch: u32,
    /// Print JSON
    #[arg(help_heading = "Options", long)]
    pub json: bool,
}

/// `hebb verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// What is laid out.
    #[command(flatten)]
    pub model: ModelArgs,
    /// Pictures in a batch
    #[arg(long, value_name = "N", value_parser = batch_range(), help_heading = "Running", default_value_t = 20)]
    pub batch: u32,
    /// Training steps to check, each call of each
    #[arg(help_heading = "Running", long, value_name = "N", value_parser = value_parser!(u32).range(1..), default_value_t = 2)]
    pub steps: u32,
    /// Seed of the start, the dropout and random pictures
    #[arg(help_heading = "Running", long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Device: gpu (any adapter, a software one too), auto, reference, or a part of an adapter's name
    #[arg(help_heading = "Running", long, value_name = "DEVICE", default_value = "gpu")]
    pub device: Choice,
    /// Print JSON
    #[arg(help_heading = "Options", long)]
    pub json: bool,
}

/// Commands that only print a table.
#[derive(Debug, Clone, Copy, Args)]
pub struct TableArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
