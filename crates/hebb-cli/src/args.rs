//! The command line: every command, option, unit and default.
//!
//! Options that are settings of a model or a run come from the lists of these ([`Given`]); here stand the others.

mod compare;
mod data;
mod family;
mod given;
mod look;
mod measure;
mod report;
mod reproduce;
mod sweep;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, RangedI64ValueParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, value_parser};
use hebb::{Choice, Winograd};
use hebb_engine::settings::MOST_BATCH;
use hebb_spec::Shape;
use hebb_spec::settings::Value;
use hebb_systems::layered::RStart;

pub use compare::CompareArgs;
pub use data::{DataCommand, FetchArgs, InfoArgs, PreviewArgs};
pub use family::{FamilyArgs, HebbianKeys, LinearKeys, MicrocircuitKeys, VerifyFamilyArgs, VerifySystem};
use given::{EvalKeys, InitKeys, LayoutKeys, TrainKeys};
pub use given::{Given, Takes};
pub use look::{ActivationsArgs, FiltersArgs, PredictArgs};
pub use measure::{BenchArgs, TuneArgs};
pub use report::{LookArgs, ReportArgs, WatchArgs};
pub use reproduce::ReproduceArgs;
pub use sweep::{SweepArgs, SweepPrint};

/// Trains deep networks with Hebbian updates and asymmetric feedback on any GPU or processor.
#[derive(Debug, Parser)]
#[command(name = "hebb", version, about, max_term_width = 110)]
pub struct Cli {
    /// Log what happens to stderr, -vv each step too; RUST_LOG, where it is set, says what instead
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a network and write checkpoints and metrics to a folder
    Train(Box<TrainArgs>),
    /// Train a connection by a rule of the Hebbian family: Hebb's, with decay, instar, outstar, Oja's
    Hebbian(Box<FamilyArgs<HebbianKeys>>),
    /// Train a linear network by back-propagation or random feedback, towards a target matrix
    Linear(Box<FamilyArgs<LinearKeys>>),
    /// Train pyramidal cells whose apical dendrites hold the error, with interneurons, in continuous time or in two steps
    Microcircuit(Box<FamilyArgs<MicrocircuitKeys>>),
    /// Count the errors of a checkpoint on a data set
    Eval(Box<EvalArgs>),
    /// Say what images are taken for: the classes with the largest outputs
    Predict(Box<PredictArgs>),
    /// Show a layer's filters as a picture and a table, and how much alike an untied layer's are
    Filters(Box<FiltersArgs>),
    /// Write what each layer makes of images, as .npy
    Activations(Box<ActivationsArgs>),
    /// Compare every kernel call on the device with its CPU twin, each error beside its bound
    Verify(VerifyArgs),
    /// Show what a training step runs: calls, shapes, FLOPs, bytes, buffers, peak memory
    Plan(PlanArgs),
    /// Measure the variants of a network's kernels on a GPU and keep the fastest of each, for trainings to come
    Tune(TuneArgs),
    /// Measure a network's calls in every variant beside the device's ceilings, and whole training steps
    Bench(BenchArgs),
    /// Draw a network's random start and write it as a checkpoint
    Init(InitArgs),
    /// Show what a checkpoint holds
    Inspect(InspectArgs),
    /// List the devices that a run can use
    Devices(TableArgs),
    /// List the named networks, each with its notation, shapes and weights
    Nets(TableArgs),
    /// Make a paper's figure again: a picture, its numbers and a page
    Reproduce(ReproduceArgs),
    /// Train a grid of settings, here or by Slurm, GNU parallel or Snakemake
    Sweep(SweepArgs),
    /// Put runs beside each other: curves with bands, means, differences by seed
    Compare(CompareArgs),
    /// Write runs as one page of HTML: curves, layers, filters, confusion matrix, worst mistakes, settings
    Report(ReportArgs),
    /// Show the same page of runs at work in a browser, anew after each epoch
    Watch(WatchArgs),
    /// List, fetch, describe and preview data sets
    #[command(subcommand)]
    Data(DataCommand),
}

/// How the processor is used.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct CpuArgs {
    /// Threads of --device cpu, from 1 to 1024; the numbers do not depend on them [default: all cores]
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = threads_range())]
    pub threads: Option<u16>,
    /// Which 3x3 convolutions --device cpu does by Winograd: auto (2x2 tiles where it pays, errors as of plain sums, or
    /// twice them), off, or 4 (4x4 tiles: faster, with some ten times the errors) [default: auto; with --resume, the run's own]
    #[arg(help_heading = "Running", long, value_name = "WHICH")]
    pub winograd: Option<Winograd>,
}

/// The images that a network is laid out for, where none are trained on.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Images")]
pub struct ImageArgs {
    /// Take shape and classes from a data set (see `hebb data list`)
    #[arg(long, value_name = "DATA", conflicts_with_all = ["input", "classes"])]
    pub data: Option<String>,
    /// Shape of an image: channels x rows x columns [default: 3x32x32]
    #[arg(long, value_name = "CxHxW")]
    pub input: Option<Shape>,
    /// Number of classes, from 2 to 65536 [default: 10]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = value_parser!(u32).range(2..=65_536))]
    pub classes: Option<u32>,
}

/// A model that is laid out, and the images it is for.
#[derive(Debug, Clone, Args)]
pub struct LayoutArgs {
    /// What is trained, and how it learns.
    #[command(flatten)]
    pub given: Given<LayoutKeys>,
    /// The images it is for.
    #[command(flatten)]
    pub images: ImageArgs,
}

/// `hebb train`.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "hebb train [OPTIONS] --out <RUN>")]
pub struct TrainArgs {
    /// Folder to write: run.toml, metrics.csv, last.safetensors, best.safetensors
    #[arg(long, value_name = "RUN", required_unless_present = "config")]
    pub out: Option<PathBuf>,
    /// Settings of model and run.
    #[command(flatten)]
    pub given: Given<TrainKeys>,
    /// Continue the run in --out as if it had never stopped, on its own device; only --epochs, --steps and --device may
    /// change, and --data name another place of the same data
    #[arg(help_heading = "Running", long, conflicts_with = "overwrite")]
    pub resume: bool,
    /// Replace the run in --out
    #[arg(help_heading = "Running", long)]
    pub overwrite: bool,
    /// Write RUN/tensorboard for TensorBoard, as the run goes: the columns of metrics.csv, the first layer's filters,
    /// histograms of W, R and δ; a resume goes on with it
    #[arg(help_heading = "Running", long)]
    pub tensorboard: bool,
    /// TOML file with any of these options by their long names, as in lr = 0.1; an option given here wins
    #[arg(help_heading = "Running", long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// Write RUN/report.html after each epoch: what `hebb report` tells of the run. Its numbers and files stay as they are
    #[arg(help_heading = "Options", long)]
    pub report: bool,
    /// Its threads.
    #[command(flatten)]
    pub cpu: CpuArgs,
    /// Print the result as JSON
    #[arg(help_heading = "Options", long)]
    pub json: bool,
}

/// `hebb eval`.
#[derive(Debug, Clone, Args)]
pub struct EvalArgs {
    /// Checkpoint to evaluate
    #[arg(long, value_name = "FILE")]
    pub checkpoint: PathBuf,
    /// Data set and validation; for a file without hebb's metadata its network and loss, too.
    #[command(flatten)]
    pub given: Given<EvalKeys>,
    /// Which images
    #[arg(long, value_enum, default_value_t = SplitName::Test, help_heading = "Data")]
    pub split: SplitName,
    /// Images computed at once
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true, default_value_t = 500)]
    #[arg(value_parser = batch_range())]
    pub batch: u32,
    /// Device: auto (a hardware GPU, else cpu), gpu (any adapter), cpu, reference (CPU twins, slow) or a part of an
    /// adapter's name
    #[arg(help_heading = "Running", long, value_name = "DEVICE", default_value = "auto")]
    pub device: Choice,
    /// Its threads.
    #[command(flatten)]
    pub cpu: CpuArgs,
    /// Print JSON
    #[arg(help_heading = "Options", long)]
    pub json: bool,
}

/// The part of a data set to evaluate on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SplitName {
    /// The test images.
    Test,
    /// The last training records, kept for validation.
    Validation,
    /// The other training records.
    Train,
}

impl SplitName {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            SplitName::Test => "test",
            SplitName::Validation => "validation",
            SplitName::Train => "train",
        }
    }
}

/// `hebb init`.
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// What to draw.
    #[command(flatten)]
    pub given: Given<InitKeys>,
    /// The images it is for.
    #[command(flatten)]
    pub images: ImageArgs,
    /// Draw R apart from W, or start it as W, with W's mask
    #[arg(help_heading = "Running", long, value_name = "NAME", value_parser = r_starts(), default_value = "independent")]
    pub r_start: RStart,
    /// Checkpoint to write
    #[arg(help_heading = "Options", long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace the file in --out
    #[arg(help_heading = "Options", long)]
    pub overwrite: bool,
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
    pub layout: LayoutArgs,
    /// Images in a batch
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true, default_value_t = 500)]
    #[arg(value_parser = batch_range())]
    pub batch: u32,
    /// Print JSON
    #[arg(help_heading = "Options", long)]
    pub json: bool,
}

/// `hebb verify`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct VerifyArgs {
    /// Another system than a layered network.
    #[command(subcommand)]
    pub system: Option<VerifySystem>,
    /// What is laid out.
    #[command(flatten)]
    pub layout: LayoutArgs,
    /// Images in a batch
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true, default_value_t = 20)]
    #[arg(value_parser = batch_range())]
    pub batch: u32,
    /// Training steps to check, each call of each
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true, default_value_t = 2)]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    pub steps: u32,
    /// Seed of the start, the dropout and random images
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true, default_value_t = 1)]
    #[arg(value_parser = seed)]
    pub seed: u64,
    /// Device: gpu (any adapter, a software one too), cpu, auto, reference, or a part of an adapter's name
    #[arg(help_heading = "Running", long, value_name = "DEVICE", default_value = "gpu")]
    pub device: Choice,
    /// Its threads.
    #[command(flatten)]
    pub cpu: CpuArgs,
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

/// Threads that may be asked for.
fn threads_range() -> RangedI64ValueParser<u16> {
    value_parser!(u16).range(1..=1024)
}

fn batch_range() -> RangedI64ValueParser<u32> {
    value_parser!(u32).range(1..=i64::from(MOST_BATCH))
}

/// A seed as a training reads it, with the same words for what is none.
fn seed(text: &str) -> Result<u64, String> {
    Value::Text(text.to_owned()).integer(0, u64::MAX)
}

fn r_starts() -> impl TypedValueParser<Value = RStart> {
    let start = |name: String| if name == "equal" { RStart::Equal } else { RStart::Independent };
    PossibleValuesParser::new(["independent", "equal"]).map(start)
}
