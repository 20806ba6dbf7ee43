//! What stands in a run's folder, for whoever only looks.

use std::path::{Path, PathBuf};

use hebb_data::disk;
use hebb_spec::settings::Table;

use crate::Row;
use crate::metrics::Metrics;
use crate::run_folder::{BEST, LAST, METRICS, RunError, SETTINGS, START, has_files, one_line};
use crate::settings::{Record, RunFile};

/// A run as it stood when it was looked at. It is not locked and may be at work: each of its files is whole, but one may be
/// newer than another.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Its folder.
    pub path: PathBuf,
    /// The settings in its run.toml: the system's and the run's.
    pub settings: Table,
    /// What its run.toml says that it was made with.
    pub record: Record,
    /// The rows of its metrics.csv, in the order of the file.
    pub rows: Vec<Row>,
}

impl View {
    /// Reads a folder's run.toml and metrics.csv.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        let name = path.join(SETTINGS);
        if !name.exists() {
            let path = path.to_owned();
            return Err(if has_files(&path) { RunError::NoSettings { path } } else { RunError::Absent { path } });
        }
        let text = disk::read_text(&name).map_err(|cause| RunError::unread(&name, cause))?;
        let RunFile { settings, record } =
            RunFile::read(&text).map_err(|cause| RunError::Settings { path: name, cause: one_line(&cause) })?;
        let rows = Metrics::view(&path.join(METRICS))?;
        Ok(Self { path: path.to_owned(), settings, record, rows })
    }

    /// Its newest weights, where it has any: those of the start until the first are saved.
    pub fn last(&self) -> Option<PathBuf> {
        [LAST, START].map(|name| self.path.join(name)).into_iter().find(|path| path.is_file())
    }

    /// Its best weights, where it has any.
    pub fn best(&self) -> Option<PathBuf> {
        Some(self.path.join(BEST)).filter(|path| path.is_file())
    }
}
