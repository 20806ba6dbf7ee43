//! The command line: every command, option, unit and default.
//!
//! Options that a config file or a preset may set are `Option`s: absent means that nobody gave them, and the default
//! that the help names is filled in by [`crate::model`] or by the command.

mod data;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use hebb_spec::Shape;
use hebb_spec::rule::{Loss, Preset, Rule};

use crate::device::Choice;
use crate::layers::Layers;
pub use data::{DataCommand, FetchArgs, InfoArgs, PreviewArgs};

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

/// NETWORK: what is trained.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// A named network (see `hebb nets`) or a notation, as in "Conv 32 5x5; Maxpool 3; Drop .8; Full 500; Output"
    /// [default: simpnet]
    #[arg(long, value_name = "NAME|NOTATION")]
    pub net: Option<String>,
}

/// What forward and loss need to know beside the network, also for evaluation.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Rule")]
pub struct LossArgs {
    /// Loss at the output layer [default: hinge]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(["hinge", "softmax"]).try_map(|name| name.parse::<Loss>()))]
    pub loss: Option<Loss>,
    /// The hinge loss's balancing factor μ, 0 or more [default: 1/(classes − 1); 10/99 under as-run with 100 classes]
    #[arg(long, value_name = "F", value_parser = not_negative, allow_negative_numbers = true)]
    pub mu: Option<f32>,
    /// Slope of σ(h) = clip(slope · h, −1, 1), above 0 [default: 0.5 under as-run, 1 under paper]
    #[arg(long, value_name = "F", value_parser = positive, allow_negative_numbers = true)]
    pub slope: Option<f32>,
    /// Numbers and conventions: what the author ran, or the paper's text; sets slope, μ, pool windows and ties
    /// [default: as-run]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(["as-run", "paper"]).try_map(|name| name.parse::<Preset>()))]
    pub preset: Option<Preset>,
}

/// RULE: how it learns.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Rule")]
pub struct RuleArgs {
    /// Learning rule: back-propagation, fixed or updated random feedback [default: urfb]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Rule::NAMES).try_map(|name| name.parse::<Rule>()))]
    pub rule: Option<Rule>,
    /// Share ε of W's increment that R gets, from 0 to 1; urfb only [default: 1]
    #[arg(long, value_name = "F", value_parser = fraction, allow_negative_numbers = true)]
    pub epsilon: Option<f32>,
    /// Learning rate η, 0 or more [default: 0.1]
    #[arg(long, value_name = "F", value_parser = not_negative, allow_negative_numbers = true)]
    pub lr: Option<f32>,
    /// Loss, μ, slope and preset.
    #[command(flatten)]
    pub loss: LossArgs,
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

/// RUNNING: how long, from where and on what.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Running")]
pub struct RunningArgs {
    /// Epochs, each once through the training records, in all [default: 10]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=1_000_000), conflicts_with = "steps")]
    pub epochs: Option<u32>,
    /// Batches to train on, in all, in place of --epochs
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub steps: Option<u32>,
    /// Pictures in a batch [default: 500]
    #[arg(long, value_name = "N", value_parser = batch_range())]
    pub batch: Option<u32>,
    /// Seed of start, order and dropout [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Weighted layers that keep their W and R, counted from 1, as in 1 or 2,3 or 2-5 [default: none]
    #[arg(long, value_name = "LAYERS")]
    pub freeze: Option<Layers>,
    /// Checkpoint to start from; a missing R is drawn
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// Take only these layers from --init, which it needs, and draw the rest from the seed
    #[arg(long, value_name = "LAYERS")]
    pub init_layers: Option<Layers>,
    /// Continue the run in --out as if it had never stopped; only --epochs, --steps and --device may change
    #[arg(long, conflicts_with = "overwrite")]
    pub resume: bool,
    /// Replace the run in --out
    #[arg(long)]
    pub overwrite: bool,
    /// Device: auto (a hardware GPU, else any), gpu, reference (CPU twins, slow) or a part of an adapter's name
    /// [default: auto]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<Choice>,
    /// TOML file with any of these options by their long names, as in lr = 0.1; an option given here wins
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
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
    /// Seed of W and R
    #[arg(help_heading = "Running", long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Draw R apart from W, or start it as W
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
    /// What is trained.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// How it learns.
    #[command(flatten)]
    pub rule: RuleArgs,
    /// The pictures it is for.
    #[command(flatten)]
    pub pictures: PictureArgs,
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
    /// What is trained.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// How it learns.
    #[command(flatten)]
    pub rule: RuleArgs,
    /// The pictures: a data set's, or random ones.
    #[command(flatten)]
    pub pictures: PictureArgs,
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

/// At most 2²⁰ pictures: beyond, no device holds the activity, and padded lengths would overflow.
fn batch_range() -> clap::builder::RangedI64ValueParser<u32> {
    value_parser!(u32).range(1..=1 << 20)
}

fn number(text: &str, allowed: impl Fn(f32) -> bool, range: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if value.is_finite() && allowed(value) => Ok(value),
        _ => Err(format!("write a number {range}")),
    }
}

fn positive(text: &str) -> Result<f32, String> {
    number(text, |value| value > 0.0, "above 0")
}

fn not_negative(text: &str) -> Result<f32, String> {
    number(text, |value| value >= 0.0, "of 0 or more")
}

fn fraction(text: &str) -> Result<f32, String> {
    number(text, |value| (0.0..=1.0).contains(&value), "from 0 to 1")
}
