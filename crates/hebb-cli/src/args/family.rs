//! The options of `hebb hebbian`, `hebb linear` and `hebb microcircuit`: the same of every system beside layered networks, but for its own
//! settings.

use std::path::PathBuf;

use clap::{Args, Subcommand, value_parser};
use hebb::Choice;
use hebb_data::patches;
use hebb_systems::{hebbian, linear};

use super::given::{Given, Takes};
use super::{CpuArgs, batch_range, seed};
use crate::fields::{Setting, of_microcircuit, of_run};

/// What a connection of the Hebbian family takes.
#[derive(Debug, Clone)]
pub enum HebbianKeys {}

impl Takes for HebbianKeys {
    fn settings() -> Vec<Setting> {
        let own = hebbian::FIELDS.iter().map(Setting::of);
        let of_data = patches::FIELDS.iter().map(Setting::of);
        let help = [
            (
                "data",
                "Vectors to learn from: gaussian: with variances, as in gaussian:4,1,.25, or with the rows of a covariance, \
                 as in gaussian:2,1/1,2; or a data set of images (see `hebb data list`), cut into patches \
                 [default: gaussian:4,2,1,0.5]",
            ),
            ("validation", "Vectors kept for validation, the last ones [default: 5000, but at most a tenth]"),
            ("no-shuffle", "Take the vectors in their own order instead of a new one each epoch"),
            ("batch", "Vectors in a batch [default: 100]"),
            ("seed", "Seed of start and order [default: 1]"),
            ("init", "Checkpoint to start from, by names and shapes of its tensors"),
        ];
        own.chain(run_settings(&help)).chain(of_data).collect()
    }
}

/// What a linear network takes.
#[derive(Debug, Clone)]
pub enum LinearKeys {}

impl Takes for LinearKeys {
    fn settings() -> Vec<Setting> {
        let own = linear::FIELDS.iter().map(Setting::of);
        let help = [
            ("epochs", "Steps, each on all records: of the whole run, those before a resume included [default: 1000]"),
            ("seed", "Seed of target and start [default: 1]"),
            ("init", "Checkpoint to start from, by names and shapes of its tensors"),
        ];
        own.chain(run_settings(&help)).collect()
    }
}

/// What a network of microcircuits takes.
#[derive(Debug, Clone)]
pub enum MicrocircuitKeys {}

impl Takes for MicrocircuitKeys {
    fn settings() -> Vec<Setting> {
        let help = [
            (
                "data",
                "Images to learn from, two-step (see `hebb data list`), as in mnist:DIR; continuous dynamics learn patterns, \
                 which are drawn [default: shapes]",
            ),
            ("validation", "Images kept for validation, the last ones; two-step [default: 5000, but at most a tenth]"),
            ("no-shuffle", "Take the images in their own order instead of a new one each epoch"),
            ("batch", "Patterns or images in a batch [default: 1; two-step 10]"),
            ("seed", "Seed of start, patterns, teacher, noise and order [default: 1]"),
            ("init", "Checkpoint to start from, by names and shapes of its tensors"),
        ];
        of_microcircuit().into_iter().chain(run_settings(&help)).collect()
    }
}

/// Those of a run that have help of their own here, and its length and device.
fn run_settings(help: &[(&'static str, &'static str)]) -> Vec<Setting> {
    let one = |setting: Setting| match help.iter().find(|(key, _)| *key == setting.key) {
        Some((_, own)) => Some(setting.with_help(own)),
        None => ["epochs", "steps", "device"].contains(&setting.key).then_some(setting),
    };
    // Where each step is an epoch one word is enough.
    let has_steps = help.iter().all(|(key, _)| *key != "epochs");
    of_run().filter_map(one).filter(|setting| has_steps || setting.key != "steps").collect()
}

/// `hebb hebbian`, `hebb linear` and `hebb microcircuit`.
#[derive(Debug, Clone, Args)]
pub struct FamilyArgs<K: Takes> {
    /// Folder to write: run.toml, metrics.csv, last.safetensors
    #[arg(long, value_name = "RUN", required_unless_present = "config")]
    pub out: Option<PathBuf>,
    /// Settings of what learns and of the run.
    #[command(flatten)]
    pub given: Given<K>,
    /// Continue the run in --out as if it had never stopped, on its own device; only its length, --device and the place of
    /// its data may change
    #[arg(help_heading = "Running", long, conflicts_with = "overwrite")]
    pub resume: bool,
    /// Replace the run in --out
    #[arg(help_heading = "Running", long)]
    pub overwrite: bool,
    /// TOML file with any of these options by their long names, as in lr = 0.1; an option given here wins
    #[arg(help_heading = "Running", long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// Its threads.
    #[command(flatten)]
    pub cpu: CpuArgs,
    /// Print the result as JSON
    #[arg(help_heading = "Options", long)]
    pub json: bool,
}

/// What a connection of the Hebbian family takes where it is verified.
#[derive(Debug, Clone)]
pub enum HebbianCheck {}

impl Takes for HebbianCheck {
    fn settings() -> Vec<Setting> {
        without_run(HebbianKeys::settings())
    }
}

/// What a linear network takes where it is verified.
#[derive(Debug, Clone)]
pub enum LinearCheck {}

impl Takes for LinearCheck {
    fn settings() -> Vec<Setting> {
        without_run(LinearKeys::settings())
    }
}

/// What a network of microcircuits takes where it is verified.
#[derive(Debug, Clone)]
pub enum MicrocircuitCheck {}

impl Takes for MicrocircuitCheck {
    fn settings() -> Vec<Setting> {
        without_run(MicrocircuitKeys::settings())
    }
}

/// Those that say what is computed: of the run its data alone.
fn without_run(settings: Vec<Setting>) -> Vec<Setting> {
    let is_runs = |key: &str| of_run().any(|setting| setting.key == key && key != "data");
    settings.into_iter().filter(|setting| !is_runs(setting.key)).collect()
}

/// The systems that `hebb verify` knows beside layered networks.
#[derive(Debug, Clone, Subcommand)]
pub enum VerifySystem {
    /// A connection of the Hebbian family
    Hebbian(VerifyFamilyArgs<HebbianCheck>),
    /// A linear network
    Linear(VerifyFamilyArgs<LinearCheck>),
    /// A network of dendritic microcircuits
    Microcircuit(VerifyFamilyArgs<MicrocircuitCheck>),
}

/// `hebb verify hebbian`, `hebb verify linear` and `hebb verify microcircuit`.
#[derive(Debug, Clone, Args)]
pub struct VerifyFamilyArgs<K: Takes> {
    /// What is verified.
    #[command(flatten)]
    pub given: Given<K>,
    /// Records in a batch [default: 20; of a linear network all]
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true, value_parser = batch_range())]
    pub batch: Option<u32>,
    /// Training steps to check, each call of each
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true, default_value_t = 2)]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    pub steps: u32,
    /// Seed of the start
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
