//! The folder of a run: its files' names, its lock, and what may stand in it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use hebb_data::disk::{self, OpenError};

use crate::settings::RunFile;
use crate::tensor_file::CheckpointError;
use crate::{WriteError, atomic};

pub(crate) const SETTINGS: &str = "run.toml";
pub(crate) const METRICS: &str = "metrics.csv";
pub(crate) const LAST: &str = "last.safetensors";
pub(crate) const BEST: &str = "best.safetensors";
/// The weights that the run began with, until there is a last.safetensors.
pub(crate) const START: &str = ".start.safetensors";
/// The best checkpoint before the newest.
pub(crate) const FORMER: &str = ".former-best.safetensors";
pub(crate) const LOCK: &str = ".lock";
/// What TensorBoard reads of a run, which the lab writes there.
pub const EVENTS: &str = "tensorboard/events.out.tfevents.0.hebb";
const EVENTS_FOLDER: &str = "tensorboard";
/// The page of a run, which who trains it may write.
pub const REPORT: &str = "report.html";
/// What a run writes by way of a temporary name.
const WRITTEN: [&str; 7] = [SETTINGS, METRICS, LAST, BEST, START, FORMER, REPORT];

/// A run's folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is a run already.
    #[error("{} holds a run", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// Files of other kinds stand in the folder.
    #[error("{} is not empty and holds no run ({file} stands there)", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// One of the files.
        file: String,
    },
    /// There is no run to continue.
    #[error("there is no run in {} ({SETTINGS} is missing)", path.display())]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// A run without its settings: it can neither go on nor be taken for no run.
    #[error("{} has files of a run, but its {SETTINGS} is missing", path.display())]
    NoSettings {
        /// The folder.
        path: PathBuf,
    },
    /// Another process writes there.
    #[error("another process is writing to {}", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// run.toml does not read.
    #[error("{} does not read: {cause}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What the reader said, in one line.
        cause: String,
    },
    /// Other settings than the run began with.
    #[error("the settings in {} are not those that the run began with", path.display())]
    OtherSettings {
        /// The run.toml.
        path: PathBuf,
    },
    /// Other data than the run began with.
    #[error("{data} does not hold the data that the run in {} began with: images, labels or names of classes differ", path.display())]
    OtherData {
        /// The data, as the user wrote them.
        data: String,
        /// The folder.
        path: PathBuf,
    },
    /// The checkpoint and run.toml disagree.
    #[error("{} was not written by the run that its {SETTINGS} and data describe", path.display())]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
    },
    /// No checkpoint to continue from.
    #[error("{} has no {LAST} to continue from", path.display())]
    NoCheckpoint {
        /// The folder.
        path: PathBuf,
    },
    /// The run is already past its new end.
    #[error("the run in {} has done {done} steps, but would end after {total}", path.display())]
    Passed {
        /// The folder.
        path: PathBuf,
        /// Steps done.
        done: u32,
        /// Steps of the whole run.
        total: u32,
    },
    /// metrics.csv is not what this run writes.
    #[error("line {line} of {} is not what this run writes there", path.display())]
    Metrics {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// Rows of metrics.csv are doubled, lost or out of order.
    #[error("line {line} of {} is the row of epoch {found}, where that of epoch {wanted} belongs", path.display())]
    Rows {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The epoch that stands there.
        found: u32,
        /// The epoch that should.
        wanted: u32,
    },
    /// Rows of metrics.csv are lost at its end.
    #[error("{} has no row of epoch {wanted}, but {done} epochs are done", path.display())]
    LastRow {
        /// The file.
        path: PathBuf,
        /// The first epoch that it should have a row of and has none.
        wanted: u32,
        /// Epochs done.
        done: u32,
    },
    /// The system would not read something.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// What.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Something else than a regular file: it may have no end, or be a way to somebody's file.
    #[error("cannot use {}: it is {kind}, not a regular file", path.display())]
    NotRegular {
        /// What stands there.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The system would not make, lock or remove something.
    #[error("cannot {action} {}: {cause}", path.display())]
    Change {
        /// What was to be done.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A checkpoint cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// The folder of a run, locked against other writers for as long as this lives.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    /// The lock ends with the process, however it ends.
    _lock: File,
}

impl RunError {
    /// A file of a run that is not read.
    pub(crate) fn unread(path: &Path, cause: OpenError) -> Self {
        let path = path.to_owned();
        match cause {
            OpenError::NotRegular(kind) => Self::NotRegular { path, kind },
            OpenError::System(cause) => Self::Read { path, cause },
        }
    }
}

impl Folder {
    pub(crate) fn lock(path: &Path) -> Result<Self, RunError> {
        let name = path.join(LOCK);
        let fail = |cause| RunError::Change { action: "lock", path: name.clone(), cause };
        let lock = disk::open_own(&name).map_err(|cause| match cause {
            OpenError::NotRegular(kind) => RunError::NotRegular { path: name.clone(), kind },
            OpenError::System(cause) => fail(cause),
        })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(RunError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(cause)) => Err(fail(cause)),
        }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), RunError> {
        remove(&self.at(name))
    }

    /// Removes what a killed process of this program left half written, and no other file.
    pub(crate) fn sweep(&self) -> Result<(), RunError> {
        for name in names(&self.path)?.iter().filter(|name| disk::is_beside(name, &WRITTEN)) {
            if fs::symlink_metadata(self.at(name)).is_ok_and(|found| found.is_file()) {
                self.remove(name)?;
            }
        }
        Ok(())
    }

    pub(crate) fn write_settings(&self, file: &RunFile) -> Result<(), RunError> {
        let path = self.at(SETTINGS);
        match file.text() {
            Ok(text) => Ok(atomic::write(&path, text.as_bytes())?),
            Err(cause) => Err(RunError::Settings { path, cause: one_line(&cause) }),
        }
    }
}

/// A run's lock, held by who writes a file into its folder from outside the run.
#[derive(Debug)]
pub struct Held {
    _folder: Folder,
}

/// Locks the run that a file stands in; none where it stands in no run's folder. An error where the run is at work.
pub fn hold(file: &Path) -> Result<Option<Held>, RunError> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.join(LOCK).is_file() {
        return Ok(None);
    }
    Ok(Some(Held { _folder: Folder::lock(folder)? }))
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), RunError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            Err(RunError::Change { action: "remove", path: path.to_owned(), cause })
        }
        _ => Ok(()),
    }
}

/// Names of all that stands in a folder; none where there is no folder.
fn names(path: &Path) -> Result<Vec<String>, RunError> {
    let fail = |cause| RunError::Read { path: path.to_owned(), cause };
    let entries = match fs::read_dir(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(fail)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(fail)?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

pub(crate) fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether a folder has files that only a run writes.
pub(crate) fn has_files(path: &Path) -> bool {
    [METRICS, LAST, BEST, FORMER].iter().any(|name| path.join(name).is_file())
}

/// Whether a new run may be made at a path: it is absent or empty, or holds a run to replace.
pub fn check_new(path: &Path, overwrite: bool) -> Result<(), RunError> {
    let names = names(path)?;
    let is_hidden = |name: &str| [LOCK, START].contains(&name) || disk::is_beside(name, &WRITTEN);
    let is_ours =
        |name: &str| is_hidden(name) || [SETTINGS, METRICS, LAST, BEST, FORMER, EVENTS_FOLDER, REPORT].contains(&name);
    let path = path.to_owned();
    if names.iter().any(|name| name == SETTINGS) {
        return if overwrite { Ok(()) } else { Err(RunError::Exists { path }) };
    }
    match names.into_iter().find(|name| !is_hidden(name)) {
        Some(file) if !is_ours(&file) => Err(RunError::Foreign { path, file }),
        // Lost, or of a replacement that was killed half way.
        Some(_) if !overwrite => Err(RunError::NoSettings { path }),
        _ => Ok(()),
    }
}
