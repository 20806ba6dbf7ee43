//! Runs beside each other: those that are alike but for their seed are a group, with a mean, a deviation, and a difference
//! from the first group, seed by seed.

mod draw;
mod found;
mod groups;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hebb_engine::run::RunError;
use hebb_engine::view::View;
use hebb_engine::{Row, WriteError, write_whole};

use crate::plot::DrawError;
use crate::stats::{deviation, interval, mean};
use crate::table::{Cell, Table};

pub use found::{Found, find};
pub use groups::{Group, Panel};

/// The columns that are taken where none is named: the first that all runs have.
const USUAL: [&str; 2] = ["validation_error", "train_error"];

/// Runs that cannot be compared, or a comparison that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A run that does not read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Neither a run nor a sweep.
    #[error("{} is neither a run's folder (it has no run.toml) nor a sweep's (it has no list.csv)", path.display())]
    Neither {
        /// What was named.
        path: PathBuf,
    },
    /// A sweep's list that no sweep wrote.
    #[error("line {line} of {} is not what a sweep writes there", path.display())]
    List {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// Nothing to compare.
    #[error("none of the runs has finished an epoch")]
    Nothing,
    /// A column that no run has.
    #[error("no run has numbers in a column '{column}': there are {known}")]
    Column {
        /// What was asked for.
        column: String,
        /// The columns that there are.
        known: String,
    },
    /// None of the usual columns.
    #[error("the runs have no {} in common: there are {known}", USUAL.join(" or "))]
    Usual {
        /// The columns that there are.
        known: String,
    },
    /// A setting that is no group's.
    #[error("'{key}' is no setting that groups of runs can be called by: these differ in {known}")]
    By {
        /// What was asked for.
        key: String,
        /// The settings in which they differ.
        known: String,
    },
    /// Two runs that are one.
    #[error("{} and {} are runs of the same settings and the same seed: name one of them", first.display(), second.display())]
    Same {
        /// One.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// An epoch that no run has.
    #[error("no run has a row of epoch {epoch}: the last that all have is {last}")]
    Epoch {
        /// What was asked for.
        epoch: u32,
        /// The last of all.
        last: u32,
    },
    /// Something stands where the folder should be.
    #[error("{} is there already, and is no empty folder", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// The folder cannot be made.
    #[error("cannot make the folder {}: {cause}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's words.
        cause: std::io::Error,
    },
    /// A file of it.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The picture.
    #[error(transparent)]
    Draw(#[from] DrawError),
}

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// The setting that tells a panel's groups apart; where runs differ in others, too, there is a panel for each of these.
    pub by: Option<String>,
    /// The columns; none: the usual one.
    pub columns: Vec<String>,
    /// The epoch of the table; none: the last that all runs have.
    pub epoch: Option<u32>,
}

/// Runs by group.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub columns: Vec<String>,
    /// The epoch of the table.
    pub epoch: u32,
    /// The groups, in panels.
    pub panels: Vec<Panel>,
}

/// How far a group lies from the first one of its panel, over the seeds that both have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// How many seeds.
    pub pairs: usize,
    /// The mean of the group's number less the first one's.
    pub mean: f64,
    /// The interval in which it lies at 95 %, by Student's t; none of one pair.
    pub interval: Option<(f64, f64)>,
}

/// What a group came to at an epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'a> {
    /// What is compared.
    pub column: &'a str,
    /// What its panel has in common; empty where there is one panel.
    pub panel: &'a str,
    /// The group.
    pub group: &'a str,
    /// The epoch.
    pub epoch: u32,
    /// The values by seed.
    pub values: Vec<(u64, f64)>,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation; none of one.
    pub deviation: Option<f64>,
    /// How far it lies from the first group; none of this itself, and where no seed is in both.
    pub difference: Option<Difference>,
}

impl Comparison {
    /// Puts runs into groups.
    pub fn new(runs: &[View], asked: &Asked) -> Result<Self, CompareError> {
        let panels = groups::panels(runs, asked.by.as_deref())?;
        let last = runs.iter().map(|run| run.rows.last().map_or(0, |row| row.epoch)).min().unwrap_or(0);
        if last == 0 {
            return Err(CompareError::Nothing);
        }
        let epoch = asked.epoch.unwrap_or(last);
        if !runs.iter().any(|run| at(run, epoch).is_some()) {
            return Err(CompareError::Epoch { epoch, last });
        }
        Ok(Self { columns: columns(runs, &asked.columns)?, epoch, panels })
    }

    /// What each group came to, by column and panel.
    pub fn lines(&self, epoch: u32) -> Vec<Line<'_>> {
        let each = self.columns.iter().flat_map(|column| self.panels.iter().map(move |panel| (column, panel)));
        each.flat_map(|(column, panel)| panel.groups.iter().filter_map(move |group| line(column, panel, group, epoch)))
            .collect()
    }

    /// The lines of all epochs.
    pub fn table(&self) -> Table {
        let mut table = Table::new([
            "column",
            "panel",
            "group",
            "epoch",
            "runs",
            "mean",
            "deviation",
            "lowest",
            "highest",
            "pairs",
            "difference",
            "difference_low",
            "difference_high",
        ]);
        let all = self.panels.iter().flat_map(|panel| &panel.groups).flat_map(|group| &group.runs);
        let epochs: BTreeSet<u32> = all.flat_map(|(_, run)| run.rows.iter().map(|row| row.epoch)).collect();
        for epoch in epochs {
            for line in self.lines(epoch) {
                let values = || line.values.iter().map(|(_, value)| *value);
                let difference = line.difference;
                let of = |take: fn((f64, f64)) -> f64| difference.and_then(|found| found.interval).map(take);
                table.push([
                    line.column.into(),
                    line.panel.into(),
                    line.group.into(),
                    epoch.into(),
                    Cell::Whole(line.values.len() as u64),
                    line.mean.into(),
                    line.deviation.into(),
                    values().fold(f64::INFINITY, f64::min).into(),
                    values().fold(f64::NEG_INFINITY, f64::max).into(),
                    difference.map(|found| found.pairs as u64).into(),
                    difference.map(|found| found.mean).into(),
                    of(|(low, _)| low).into(),
                    of(|(_, high)| high).into(),
                ]);
            }
        }
        table
    }

    /// Writes compare.svg, compare.png and compare.csv into a folder that is not there yet, or empty; each whole or not at
    /// all. The files, in this order.
    pub fn write(&self, path: &Path) -> Result<Vec<PathBuf>, CompareError> {
        let picture = self.picture();
        let files =
            [("svg", picture.svg().into_bytes()), ("png", picture.png()?), ("csv", self.table().csv().into_bytes())];
        check_free(path)?;
        fs::create_dir_all(path).map_err(|cause| CompareError::Folder { path: path.to_owned(), cause })?;
        let mut written = Vec::new();
        for (ending, bytes) in files {
            let file = path.join(format!("compare.{ending}"));
            write_whole(&file, &bytes)?;
            written.push(file);
        }
        Ok(written)
    }
}

/// Refuses a place where anything stands but an empty folder.
pub fn check_free(path: &Path) -> Result<(), CompareError> {
    let is_there = fs::symlink_metadata(path).is_ok();
    let is_empty = || fs::read_dir(path).is_ok_and(|mut files| files.next().is_none());
    if is_there && !is_empty() { Err(CompareError::Taken { path: path.to_owned() }) } else { Ok(()) }
}

/// A run's row of an epoch.
fn at(run: &View, epoch: u32) -> Option<&Row> {
    run.rows.iter().find(|row| row.epoch == epoch)
}

/// A group's values at an epoch, by seed.
fn values(group: &Group, column: &str, epoch: u32) -> Vec<(u64, f64)> {
    group.runs.iter().filter_map(|(seed, run)| Some((*seed, at(run, epoch)?.get(column)?))).collect()
}

fn line<'a>(column: &'a str, panel: &'a Panel, group: &'a Group, epoch: u32) -> Option<Line<'a>> {
    let own = values(group, column, epoch);
    if own.is_empty() {
        return None;
    }
    let numbers: Vec<f64> = own.iter().map(|(_, value)| *value).collect();
    let first = panel.groups.first().filter(|first| *first != group);
    let difference = first.and_then(|first| {
        let of_first = values(first, column, epoch);
        let pair = |(seed, value): &(u64, f64)| Some(value - of_first.iter().find(|(other, _)| other == seed)?.1);
        let differences: Vec<f64> = own.iter().filter_map(pair).collect();
        let found =
            || Difference { pairs: differences.len(), mean: mean(&differences), interval: interval(&differences) };
        (!differences.is_empty()).then(found)
    });
    Some(Line {
        column,
        panel: &panel.title,
        group: &group.label,
        epoch,
        mean: mean(&numbers),
        deviation: deviation(&numbers),
        values: own,
        difference,
    })
}

/// The columns that are compared: those asked for, each with numbers in some run, or the usual one.
fn columns(runs: &[View], asked: &[String]) -> Result<Vec<String>, CompareError> {
    let mut known: Vec<&str> = Vec::new();
    for (name, value) in runs.iter().flat_map(|run| &run.rows).flat_map(|row| &row.values) {
        if value.is_some() && !known.contains(&name.as_str()) {
            known.push(name);
        }
    }
    if let Some(column) = asked.iter().find(|column| !known.contains(&column.as_str())) {
        return Err(CompareError::Column { column: column.clone(), known: known.join(", ") });
    }
    if !asked.is_empty() {
        return Ok(asked.to_vec());
    }
    let has = |run: &View, column: &str| run.rows.iter().any(|row| row.get(column).is_some());
    match USUAL.iter().find(|column| runs.iter().all(|run| has(run, column))) {
        Some(usual) => Ok(vec![(*usual).to_owned()]),
        None => Err(CompareError::Usual { known: known.join(", ") }),
    }
}

#[cfg(test)]
mod tests;
