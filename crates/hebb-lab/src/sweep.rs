//! Sweeps: a file of settings with a grid over some of them, as a numbered list of runs.
//!
//! The list's order follows from the settings alone, and each run's folder is called by a digest of what its numbers depend
//! on: the same file leads to the same list and the same folders on any machine, and a longer grid takes over what a shorter
//! one had trained.

mod check;
mod file;
mod folder;
mod script;

use std::collections::BTreeMap;
use std::path::PathBuf;

use hebb_data::Digest;
use hebb_data::disk::OpenError;
use hebb_engine::WriteError;
use hebb_engine::run::RunError;
use hebb_engine::settings::{FIELDS as RUN_FIELDS, RunSettings, digest};
use hebb_engine::tensor_file::CheckpointError;
use hebb_spec::settings::{Table, Value, short};
use hebb_systems::layered::{FIELDS, ModelSpec};

pub use file::{Known, SweepFile};
pub use folder::{Folder, State};
pub use script::{Call, Script};

/// Most runs of a sweep.
pub const MOST: usize = 10_000;
/// Digits of a digest that call a run's folder.
const DIGITS: usize = 16;
/// Most characters of a run's differing settings in an error.
const SAID: usize = 200;

/// A sweep that cannot be made of a file, or a folder that it cannot use.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The file is not read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: OpenError,
    },
    /// It is no sweep.
    #[error("{}: line {line}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Where in it.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// More runs than anyone sees through.
    #[error("{} asks for more than {MOST} runs: take values out of its grid, or make several sweeps of it", path.display())]
    Many {
        /// The file.
        path: PathBuf,
    },
    /// A run whose settings do not go together.
    #[error("run {index} ({what}): {cause}")]
    Run {
        /// Its number.
        index: usize,
        /// Its settings that differ from others'.
        what: String,
        /// What is wrong.
        cause: String,
    },
    /// Two runs that come to the same.
    #[error(
        "runs {first} and {second} have the same settings ({what}), but for what a run that goes on may change: name each once"
    )]
    Twice {
        /// The first one's number.
        first: usize,
        /// The other's.
        second: usize,
        /// The settings that differ from others'.
        what: String,
    },
    /// No run has this number.
    #[error("there is no run {index}: the sweep has {count}, counted from 1")]
    Index {
        /// What was asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// Something stands where the folder should be.
    #[error("{} is there already, and is neither empty nor a sweep's folder", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// The folder cannot be made or read.
    #[error("cannot {action} {}: {cause}", path.display())]
    Folder {
        /// What was to be done.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's words.
        cause: std::io::Error,
    },
    /// A file of the folder.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A run's checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A run's folder.
    #[error(transparent)]
    Kept(#[from] RunError),
}

/// A run of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number, counted from 1.
    pub index: usize,
    /// What its folder is called.
    pub name: String,
    /// Its settings, as the file and its grid give them.
    pub settings: Table,
}

/// A numbered list of runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// The settings in which runs differ, in the order of files.
    pub varied: Vec<String>,
    /// The runs.
    pub entries: Vec<Entry>,
}

impl Sweep {
    /// The runs of a file, with settings laid over all of them. The settings that vary first in a run.toml vary slowest,
    /// each through its values as they stand; grids follow each other.
    pub fn new(file: &SweepFile, over: &Table) -> Result<Self, SweepError> {
        let count = file.grids.iter().map(|grid| {
            grid.iter().try_fold(1_usize, |count, (_, values)| count.checked_mul(values.len()).filter(|&n| n <= MOST))
        });
        let count = count.sum::<Option<usize>>().filter(|&count| count <= MOST);
        if count.is_none() {
            return Err(SweepError::Many { path: file.path.clone() });
        }
        let mut all = Vec::new();
        for grid in &file.grids {
            let mut tables = vec![file.fixed.clone()];
            for (key, values) in grid {
                let with = |table: &Table, value: &Value| {
                    let mut table = table.clone();
                    table.0.push((key.clone(), value.clone()));
                    table
                };
                tables = tables.iter().flat_map(|table| values.iter().map(|value| with(table, value))).collect();
            }
            all.extend(tables);
        }
        for table in &mut all {
            over.0.iter().for_each(|(key, value)| table.set(key, value.clone()));
            table.0.sort_by_key(|(key, _)| rank(key));
        }
        let varied = varied(&all);
        let mut entries: Vec<Entry> = Vec::with_capacity(all.len());
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (index, settings) in (1..).zip(all) {
            let what = || said(&varied, &settings);
            let name = name(&settings).map_err(|cause| SweepError::Run { index, what: what(), cause })?;
            if let Some(first) = seen.insert(name.clone(), index) {
                return Err(SweepError::Twice { first, second: index, what: what() });
            }
            entries.push(Entry { index, name, settings });
        }
        Ok(Self { varied, entries })
    }

    /// The run of a number.
    pub fn entry(&self, index: usize) -> Result<&Entry, SweepError> {
        let found = index.checked_sub(1).and_then(|at| self.entries.get(at));
        found.ok_or(SweepError::Index { index, count: self.entries.len() })
    }

    /// The settings of a run that differ from others', as in `rule = bp, seed = 1`.
    pub fn what(&self, entry: &Entry) -> String {
        said(&self.varied, &entry.settings)
    }
}

/// Where a setting stands in a file; those of other systems behind all.
pub(crate) fn rank(key: &str) -> usize {
    let keys = FIELDS.iter().map(|field| field.key).chain(RUN_FIELDS.iter().map(|field| field.key));
    keys.into_iter().position(|known| known == key).unwrap_or(usize::MAX)
}

/// The settings in which tables differ.
fn varied(all: &[Table]) -> Vec<String> {
    let mut keys: Vec<&str> = all.iter().flat_map(|table| table.0.iter().map(|(key, _)| key.as_str())).collect();
    keys.sort_by_key(|key| rank(key));
    keys.dedup();
    let differs = |key: &&str| all.windows(2).any(|pair| pair[0].get(key) != pair[1].get(key));
    keys.into_iter().filter(differs).map(str::to_owned).collect()
}

fn said(varied: &[String], settings: &Table) -> String {
    let one = |key: &String| settings.get(key).map(|value| format!("{key} = {value}"));
    let all = varied.iter().filter_map(one).collect::<Vec<_>>().join(", ");
    match all.char_indices().nth(SAID) {
        Some((end, _)) => format!("{}…", &all[..end]),
        None => all,
    }
}

/// The name of a run's folder: a digest of the settings that its numbers depend on, however they are written. A network is
/// its notation; what a run that goes on may change is left out, and of data the place.
fn name(settings: &Table) -> Result<String, String> {
    let spec = ModelSpec::from_table(settings).map_err(|error| error.to_string())?;
    let run = RunSettings::from_table(settings).map_err(|error| error.to_string())?;
    // The number of classes sets no more than μ, which stays with the preset here.
    let net = spec.resolved(2).map_err(|error| error.to_string())?.net;
    let mut table = ModelSpec { net, ..spec }.table();
    table.0.extend(run.table().0);
    let mut all = Digest::default();
    all.add(digest(&table).as_bytes());
    all.add(placeless(&run.data).as_bytes());
    Ok(all.text()[..DIGITS].to_owned())
}

/// What data are, wherever they lie: a known set's name; a folder of images is known by its place alone.
pub(crate) fn placeless(data: &str) -> &str {
    match data.split_once(':') {
        Some((name, _)) if !["shapes", "folder"].contains(&name) => name,
        _ => data,
    }
}

#[cfg(test)]
mod tests;
