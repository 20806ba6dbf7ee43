//! Options that several commands share, or that belong together: network, rule, statistics, running.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, value_parser};
use hebb_engine::init::UntiedStart;
use hebb_engine::settings::Detail;
use hebb_spec::rule::{Loss, Preset, Rule};

use crate::device::Choice;
use crate::layers::{Layers, Untying};

/// NETWORK: what is trained.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// A named network (see `hebb nets`) or a notation, as in "Conv 32 5x5; Maxpool 3; Drop .8; Full 500; Output"
    /// [default: simpnet]
    #[arg(long, value_name = "NAME|NOTATION")]
    pub net: Option<String>,
    /// Give these layers a filter of their own at each place: all convolutions, none, or weighted layers counted from 1,
    /// as in 1 or 2,3 or 2-5; beside those that the notation writes as Local [default: none]
    #[arg(long, value_name = "all|none|LAYERS")]
    pub untied: Option<Untying>,
    /// Whether all places of an untied layer start with one filter, that of the tied layer, or each draws its own
    /// [default: tied under as-run, independent under paper]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(["tied", "independent"]).map(untied_start))]
    pub untied_start: Option<UntiedStart>,
    /// Share of each layer's connections that there are, above 0, up to 1, by fixed random masks for W and for R; the
    /// output layer stays dense under as-run [default: 1]
    #[arg(long, value_name = "F", value_parser = share, allow_negative_numbers = true)]
    pub connectivity: Option<f32>,
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
    /// Numbers and conventions: what the author ran, or the paper's text; sets slope, μ, pool windows and ties, the start
    /// of untied layers and whether a sparse network's output is sparse [default: as-run]
    #[arg(long, value_name = "NAME", value_parser = presets())]
    pub preset: Option<Preset>,
}

/// RULE: how it learns.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Rule")]
pub struct RuleArgs {
    /// Learning rule: back-propagation (bp), random feedback that is fixed (frfb), updated (urfb) or updated with decay
    /// (kp), feedback with W's signs and uniform, fixed or newly drawn magnitudes (usf, frsf, brsf), direct feedback
    /// of the output's δ (dfa) or of the label (drtp) [default: urfb]
    #[arg(long, value_name = "NAME", value_parser = rules())]
    pub rule: Option<Rule>,
    /// Share ε of W's increment that R gets, from 0 to 1; urfb only [default: 1]
    #[arg(long, value_name = "F", value_parser = fraction, allow_negative_numbers = true)]
    pub epsilon: Option<f32>,
    /// Share of W and R that each step takes away, from 0 up to but not 1; kp only [default: 0.001]
    #[arg(long, value_name = "F", value_parser = decay, allow_negative_numbers = true)]
    pub decay: Option<f32>,
    /// Learning rate η, 0 or more [default: 0.1]
    #[arg(long, value_name = "F", value_parser = not_negative, allow_negative_numbers = true)]
    pub lr: Option<f32>,
    /// Loss, μ, slope and preset.
    #[command(flatten)]
    pub loss: LossArgs,
}

/// What is seen of the layers beside the training.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Running")]
pub struct DetailArgs {
    /// Give layer 1 an R too, which learns as the rule says and sends nothing
    #[arg(long)]
    pub track_r1: bool,
    /// What is told of each layer: how W and R compare and how many units are saturated (basic); also the angle between
    /// the δ that the rule sends and back-propagation's (full) [default: basic]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(["basic", "full"]).map(detail))]
    pub statistics: Option<Detail>,
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
    /// Checkpoint to start from, by names and shapes of its tensors; what it lacks beside W is drawn, and a tied filter
    /// goes to every place of an untied layer
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// Take only these layers from --init, which it needs, and draw the rest from the seed
    #[arg(long, value_name = "LAYERS")]
    pub init_layers: Option<Layers>,
    /// What is seen of the layers.
    #[command(flatten)]
    pub detail: DetailArgs,
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

/// At most 2²⁰ pictures: beyond, no device holds the activity, and padded lengths would overflow.
pub fn batch_range() -> clap::builder::RangedI64ValueParser<u32> {
    value_parser!(u32).range(1..=1 << 20)
}

/// Names of rules.
pub fn rules() -> impl TypedValueParser<Value = Rule> {
    PossibleValuesParser::new(Rule::names()).try_map(|name| name.parse())
}

/// Names of presets.
pub fn presets() -> impl TypedValueParser<Value = Preset> {
    PossibleValuesParser::new(["as-run", "paper"]).try_map(|name| name.parse())
}

fn untied_start(name: String) -> UntiedStart {
    if name == "tied" { UntiedStart::Tied } else { UntiedStart::Independent }
}

fn detail(name: String) -> Detail {
    if name == "full" { Detail::Full } else { Detail::Basic }
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

fn share(text: &str) -> Result<f32, String> {
    number(text, |value| value > 0.0 && value <= 1.0, "above 0, and at most 1")
}

fn decay(text: &str) -> Result<f32, String> {
    number(text, |value| (0.0..1.0).contains(&value), "from 0 up to but not 1")
}
