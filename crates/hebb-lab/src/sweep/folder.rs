//! The folder of a sweep: its list, and a folder for each run with the file that it is trained by.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hebb_data::disk;
use hebb_engine::run::{self, RunError};
use hebb_engine::settings::{Length, RunSettings};
use hebb_engine::tensor_file::TensorFile;
use hebb_engine::write_whole;

use super::{Entry, Sweep, SweepError};
use crate::table::{Cell, Table};

/// The list's file.
const LIST: &str = "list.csv";
/// The folder of runs.
const RUNS: &str = "runs";
/// What the list begins with.
const HEAD: [&str; 2] = ["run", "folder"];
/// A run's settings and its newest checkpoint, as the engine calls them.
const FILES: [&str; 2] = ["run.toml", "last.safetensors"];

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing of it is there.
    Absent,
    /// It has done so many epochs and steps, fewer than it is to do.
    Begun {
        /// Epochs.
        epochs: u32,
        /// Steps.
        steps: u32,
    },
    /// It has done all that is asked for, or more.
    Done {
        /// Epochs.
        epochs: u32,
        /// Steps.
        steps: u32,
    },
}

/// A sweep's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder of a path, as it is or will be: nothing is looked at.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Makes the folder with the sweep's list, or takes one that a sweep has made. Runs that the list no longer has stay.
    pub fn claim(path: &Path, sweep: &Sweep) -> Result<Self, SweepError> {
        let fail = |action, path: &Path, cause| SweepError::Folder { action, path: path.to_owned(), cause };
        fs::create_dir_all(path).map_err(|cause| match cause.kind() {
            ErrorKind::AlreadyExists => SweepError::Taken { path: path.to_owned() },
            _ => fail("make the folder", path, cause),
        })?;
        let (list, text) = (path.join(LIST), sweep.table().csv());
        let mut found = read_list(&list);
        if found.is_none() && !is_new(path).map_err(|cause| fail("read", path, cause))? {
            // Another process may have made it by now.
            found = read_list(&list);
            if found.is_none() {
                return Err(SweepError::Taken { path: path.to_owned() });
            }
        }
        let runs = path.join(RUNS);
        fs::create_dir_all(&runs).map_err(|cause| fail("make the folder", &runs, cause))?;
        if found.as_ref() != Some(&text) {
            write_whole(&list, text.as_bytes())?;
        }
        Ok(Self { path: path.to_owned() })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A run's own folder.
    pub fn run(&self, entry: &Entry) -> PathBuf {
        self.path.join(RUNS).join(&entry.name)
    }

    /// Writes the settings that a run is trained by beside its folder, as a config file; its path.
    pub fn config(&self, entry: &Entry) -> Result<PathBuf, SweepError> {
        let path = self.path.join(RUNS).join(format!("{}.toml", entry.name));
        let text = toml::to_string(&entry.settings).map_err(|error| {
            let cause = std::io::Error::other(error.to_string());
            SweepError::Folder { action: "write", path: path.clone(), cause }
        })?;
        if disk::read_text(&path).ok().as_ref() != Some(&text) {
            write_whole(&path, text.as_bytes())?;
        }
        Ok(path)
    }

    /// Whether a run has begun, so that it goes on.
    pub fn has_begun(&self, entry: &Entry) -> bool {
        self.run(entry).join(FILES[0]).is_file()
    }

    /// How far a run is, by its newest checkpoint.
    pub fn state(&self, entry: &Entry) -> Result<State, SweepError> {
        let last = self.run(entry).join(FILES[1]);
        if !self.has_begun(entry) {
            return Ok(State::Absent);
        }
        if !last.is_file() {
            return Ok(State::Begun { epochs: 0, steps: 0 });
        }
        let progress = TensorFile::read(&last)?.metadata()?.progress;
        let (epochs, steps) = (progress.epoch, progress.step);
        // They were read when the list was made.
        let length = RunSettings::from_table(&entry.settings).map_or(Length::Epochs(u32::MAX), |run| run.length);
        let is_done = match length {
            Length::Epochs(wanted) => epochs >= wanted,
            Length::Steps(wanted) => steps >= wanted,
        };
        Ok(if is_done { State::Done { epochs, steps } } else { State::Begun { epochs, steps } })
    }

    /// Whether another process is at work on a run.
    pub fn is_at_work(&self, entry: &Entry) -> Result<bool, SweepError> {
        match run::hold(&self.run(entry).join(FILES[1])) {
            Ok(_) => Ok(false),
            Err(RunError::Locked { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

impl Sweep {
    /// The list: each run with its number, its folder, and the settings that vary.
    pub fn table(&self) -> Table {
        let mut table = Table::new(HEAD.into_iter().chain(self.varied.iter().map(String::as_str)));
        for entry in &self.entries {
            let value = |key: &String| entry.settings.get(key).map(|value| Cell::Text(value.to_string()));
            let head = [Cell::Whole(entry.index as u64), entry.name.as_str().into()];
            table.push(head.into_iter().chain(self.varied.iter().map(|key| value(key).unwrap_or(Cell::Empty))));
        }
        table
    }
}

/// The text of a list that a sweep has made.
fn read_list(path: &Path) -> Option<String> {
    disk::read_text(path).ok().filter(|text| text.starts_with(&HEAD.join(",")))
}

/// Whether a folder holds nothing, or what a sweep that was killed while it made it may have left.
fn is_new(path: &Path) -> std::io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name != RUNS && !disk::is_beside(&name, &[LIST]) {
            return Ok(false);
        }
    }
    let runs = path.join(RUNS);
    Ok(!runs.exists() || fs::read_dir(runs)?.next().is_none())
}
