//! The options of `hebb filters`, `hebb activations` and `hebb predict`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum, value_parser};
use hebb::Choice;
use hebb_lab::filters::Letter;
use hebb_spec::settings::{layers, short};

use super::given::{ActivationsKeys, FiltersKeys, PredictKeys};
use super::{CpuArgs, Given, ImageArgs, SplitName, batch_range};

/// `hebb filters`.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "hebb filters <FILE> [OPTIONS]")]
pub struct FiltersArgs {
    /// Checkpoint whose filters are shown
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Layer, counted from 1
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 1)]
    pub layer: u32,
    /// Forward or feedback weights
    #[arg(long, value_name = "w|r", default_value = "w", hide_possible_values = true)]
    pub of: LetterName,
    /// Only those of one map (output channel, or unit of a full layer), counted from 0 [default: all; 0 in an untied layer,
    /// of which they are shown place by place]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub map: Option<u32>,
    /// Only one of their channels, counted from 0 [default: all, 3 as colours; 0 in an untied layer without colours]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub channel: Option<u32>,
    /// Where to write: a file that ends with .png, .svg or .csv, or a folder, which gets all three
    #[arg(long, value_name = "DIR|FILE")]
    pub out: Option<PathBuf>,
    /// Replace the files in --out
    #[arg(long)]
    pub overwrite: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The network of a file that does not tell.
    #[command(flatten)]
    pub given: Given<FiltersKeys>,
    /// The images that it is for.
    #[command(flatten)]
    pub images: ImageArgs,
}

/// W or R, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LetterName {
    /// Forward weights.
    W,
    /// Feedback weights.
    R,
}

impl LetterName {
    /// What it names.
    pub const fn letter(self) -> Letter {
        match self {
            LetterName::W => Letter::W,
            LetterName::R => Letter::R,
        }
    }
}

/// `hebb activations`.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "hebb activations <FILE> [OPTIONS] --out <DIR>")]
pub struct ActivationsArgs {
    /// Checkpoint of the network
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Folder to make: an .npy file for each layer's activity (images x channels x rows x columns), labels.npy,
    /// records.npy, and activations.csv, which says what is what
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Data set; for a file without hebb's metadata its network, too.
    #[command(flatten)]
    pub given: Given<ActivationsKeys>,
    /// Which part of the data
    #[arg(long, value_enum, default_value_t = SplitName::Test, help_heading = "Data")]
    pub split: SplitName,
    /// Which images of it: so many of the first, or records counted from 0, as in 3,17,40-45
    #[arg(long, value_name = "N|LIST", allow_negative_numbers = true, default_value = "100", help_heading = "Data")]
    pub images: Which,
    /// Weighted layers, counted from 1, as in 1,3-4; behind each come its SUM and its pool [default: all, and the images
    /// themselves as x0]
    #[arg(long, value_name = "LAYERS", allow_negative_numbers = true, help_heading = "Data")]
    pub layers: Option<Layers>,
    /// Images computed at once
    #[arg(help_heading = "Running", long, value_name = "N", allow_negative_numbers = true, default_value_t = 100)]
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

/// `hebb predict`.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "hebb predict <FILE> <IMAGE>... [OPTIONS]")]
pub struct PredictArgs {
    /// Checkpoint of the network
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// PNG, JPEG or BMP images of the network's size
    #[arg(value_name = "IMAGE", required = true)]
    pub of: Vec<PathBuf>,
    /// So many classes of each image, those with the largest outputs
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 5)]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    pub top: u32,
    /// Scale images of another size to the network's, each way by itself; which ones is said
    #[arg(long)]
    pub resize: bool,
    /// The network of a file that does not tell.
    #[command(flatten)]
    pub given: Given<PredictKeys>,
    /// The images that it is for.
    #[command(flatten)]
    pub images: ImageArgs,
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

/// Weighted layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers(pub Vec<u32>);

impl FromStr for Layers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        layers(text).map(Self)
    }
}

/// Some of a data set's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// So many of the first.
    First(u32),
    /// Runs of records, each with its first and its last.
    Runs(Vec<(u32, u32)>),
}

impl Which {
    /// The records, of so many that there are; else the first that is missing.
    pub fn records(&self, count: usize) -> Result<Vec<u32>, u32> {
        let runs = match self {
            Which::First(first) => return Ok((0..(*first).min(count.min(u32::MAX as usize) as u32)).collect()),
            Which::Runs(runs) => runs,
        };
        if let Some((_, last)) = runs.iter().find(|(_, last)| *last as usize >= count) {
            return Err(*last);
        }
        // A short text may name all of them a thousand times: each once, as `--layers` has it.
        let mut records: Vec<u32> = Vec::new();
        let mut seen = vec![false; count];
        for record in runs.iter().flat_map(|&(first, last)| first..=last) {
            if !std::mem::replace(&mut seen[record as usize], true) {
                records.push(record);
            }
        }
        Ok(records)
    }
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let run = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some((first, last))
        };
        let read = || match text.contains([',', '-']) {
            true => text.split(',').map(run).collect::<Option<Vec<_>>>().map(Which::Runs),
            false => number(text).filter(|&first| first > 0).map(Which::First),
        };
        read().ok_or_else(|| {
            format!(
                "'{}' names no images: write how many of the first, or records from 0, as in 3,17,40-45",
                short(text)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_so_many_or_those_listed() {
        let records = |text: &str, count| text.parse::<Which>().unwrap().records(count);
        assert_eq!(records("3", 9), Ok(vec![0, 1, 2]));
        assert_eq!(records("30", 4), Ok(vec![0, 1, 2, 3]), "no more than there are");
        assert_eq!(records("8,2-4, 3", 9), Ok(vec![8, 2, 3, 4]), "in the order asked for, each once");
        assert_eq!(records("5-5", 9), Ok(vec![5]));
        assert_eq!(records("0,9", 9), Err(9));
        assert_eq!(records("0-4294967295", 9), Err(u32::MAX));
        for text in ["", "0", "-1", "x", "1,", ",1", "4-2", "1-2-3", "1.5", "99999999999"] {
            assert!(text.parse::<Which>().is_err(), "{text}");
        }
    }
}
