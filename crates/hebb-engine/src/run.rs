//! A run's folder: run.toml, metrics.csv, last.safetensors and best.safetensors.
//!
//! Each file is replaced whole, in an order that leaves a state to resume from whenever the process is killed. At an
//! epoch's end come best.safetensors, metrics.csv, last.safetensors: what the last one does not know of yet is undone
//! by a resume, which then does it again. For that, the former best checkpoint stays under a hidden name until
//! last.safetensors knows of the new one; where `--steps` end within an epoch, until a resume has taken it back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hebb_data::disk;
use hebb_spec::param::Weights;
use hebb_spec::settings::Table;
use tracing::debug;

use crate::Row;
use crate::atomic;
use crate::checkpoint;
use crate::from_file::{self, Loaded};
use crate::job::Job;
use crate::metadata::{Best, Progress};
use crate::metrics::{Found, Metrics};
use crate::run_folder::{BEST, FORMER, Folder, LAST, LOCK, METRICS, SETTINGS, START, has_files, one_line, remove};
use crate::settings::{Record, RunFile};
use crate::store::Store;
use crate::tensor_file::TensorFile;

pub use crate::run_folder::{EVENTS, Held, REPORT, RunError, check_new, hold};

/// A run to continue: locked, its settings read, nothing changed yet.
#[derive(Debug)]
pub struct Existing {
    folder: Folder,
    file: RunFile,
}

impl Existing {
    /// Opens a run's folder.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let name = path.join(SETTINGS);
        if !name.exists() {
            let path = path.to_owned();
            if path.is_file() {
                return Err(RunError::Read { path, cause: io::ErrorKind::NotADirectory.into() });
            }
            return Err(if has_files(&path) { RunError::NoSettings { path } } else { RunError::Absent { path } });
        }
        let unread = |cause| RunError::unread(&name, cause);
        // What is no run stays as it is, without a lock.
        disk::open(&name).map_err(unread)?;
        let folder = Folder::lock(path)?;
        let text = disk::read_text(&name).map_err(unread)?;
        match RunFile::read(&text) {
            Ok(file) => Ok(Self { folder, file }),
            Err(cause) => Err(RunError::Settings { path: name, cause: one_line(&cause) }),
        }
    }

    /// Where its run.toml stands.
    pub fn settings_path(&self) -> PathBuf {
        self.folder.at(SETTINGS)
    }

    /// The settings in its run.toml: the system's and the run's.
    pub fn settings(&self) -> &Table {
        &self.file.settings
    }

    /// What its run.toml says that it was made with.
    pub fn record(&self) -> &Record {
        &self.file.record
    }

    /// Refuses settings that were changed since the run began, where its run.toml can tell.
    pub fn check_settings(&self) -> Result<(), RunError> {
        match self.file.is_as_bound() {
            true => Ok(()),
            false => Err(RunError::OtherSettings { path: self.settings_path() }),
        }
    }

    /// The record of the run as it goes on, if its data are those that it began with, where its run.toml can tell.
    fn goes_on(&self, job: &Job<'_>, record: &Record) -> Result<Record, RunError> {
        let (before, now) = (&self.file.record.data_sha256, &record.data_sha256);
        if before.as_ref().zip(now.as_ref()).is_some_and(|(before, now)| before != now) {
            return Err(RunError::OtherData { data: job.settings.data.clone(), path: self.folder.path.clone() });
        }
        Ok(Record { data_sha256: now.clone().or_else(|| before.clone()), ..record.clone() })
    }

    /// The run, ready to go on from its last checkpoint. Notes the job's settings and the new record.
    pub fn resume(self, job: &Job<'_>, record: &Record) -> Result<Run, RunError> {
        self.check_settings()?;
        let record = self.goes_on(job, record)?;
        let before = &self.file.record;
        let (is_bound, lost) = (before.settings_sha256.is_some(), before.lost_rows);
        let folder = self.folder;
        let name = [LAST, START].map(|name| folder.at(name)).into_iter().find(|name| name.exists());
        let path = name.ok_or_else(|| RunError::NoCheckpoint { path: folder.path.clone() })?;
        let file = TensorFile::read(&path)?;
        let metadata = file.metadata()?;
        let progress = metadata.progress.clone();
        let step = u64::from(progress.epoch) * u64::from(job.epoch_steps) + u64::from(progress.epoch_step);
        let fits = u64::from(progress.step) == step && progress.epoch_step <= job.epoch_steps;
        if !fits || metadata != job.metadata(progress.clone()) {
            return Err(RunError::OtherRun { path });
        }
        if progress.step > job.total_steps {
            let (done, total) = (progress.step, job.total_steps);
            return Err(RunError::Passed { path: folder.path, done, total });
        }
        let Loaded { weights, mut messages } = from_file::stored(&job.system.params(), &file)?;
        let found = Metrics::read(job.system, &folder.at(METRICS), progress.epoch, is_bound.then_some(lost))?;
        let Found { metrics, surplus, lost } = found;
        if lost > 0 {
            messages.push(format!("{} has no rows of the epochs up to {lost}", folder.at(METRICS).display()));
        }
        if !is_bound {
            messages.push(format!(
                "{} is of version 0.1 and has no digests: whether its settings and data are those that it began with cannot \
                 be told, from now on it can",
                folder.path.display()
            ));
        }
        folder.sweep()?;
        if surplus {
            metrics.write(&folder.at(METRICS))?;
        }
        folder.write_settings(&RunFile::bound(job.table(), Record { lost_rows: lost, ..record }))?;
        Ok(Run { folder, metrics, weights, progress, messages })
    }
}

/// Makes best.safetensors the one that the last checkpoint knows of. Returns a message where it is lost.
fn restore_best(folder: &Folder, best: Option<Best>) -> Result<Option<String>, RunError> {
    let (path, former) = (folder.at(BEST), folder.at(FORMER));
    let Some(best) = best else {
        remove(&path)?;
        remove(&former)?;
        return Ok(None);
    };
    let is_best = |path: &Path| {
        let metadata = TensorFile::read(path).and_then(|file| file.metadata());
        metadata.is_ok_and(|metadata| metadata.progress.epoch == best.epoch && metadata.progress.epoch_step == 0)
    };
    if is_best(&path) {
        remove(&former)?;
    } else if is_best(&former) {
        fs::rename(&former, &path).map_err(|cause| RunError::Change {
            action: "restore",
            path: path.clone(),
            cause,
        })?;
        atomic::sync_folder(&path);
    } else {
        return Ok(Some(format!(
            "{} of epoch {} is lost: it comes back with a better epoch",
            path.display(),
            best.epoch
        )));
    }
    Ok(None)
}

/// A run in progress: its folder, and where its training stands.
#[derive(Debug)]
pub struct Run {
    folder: Folder,
    metrics: Metrics,
    /// The newest weights.
    weights: Weights,
    /// How far it is.
    progress: Progress,
    /// What is worth saying about its folder.
    messages: Vec<String>,
}

impl Run {
    /// Makes a run's folder, or replaces the run in it. Where this fails, nothing new is left.
    pub fn create(
        path: &Path,
        overwrite: bool,
        job: &Job<'_>,
        record: &Record,
        weights: Weights,
    ) -> Result<Self, RunError> {
        check_new(path, overwrite)?;
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(|cause| RunError::Change { action: "make", path: path.to_owned(), cause })?;
        let folder = Folder::lock(path)?;
        // Once more, now that nobody else can change it.
        check_new(path, overwrite)?;
        let made = Self::fill(folder, job, record, weights);
        if is_new && made.is_err() {
            // The first failure is the one to report.
            fs::remove_file(path.join(START)).ok();
            fs::remove_file(path.join(LOCK)).ok();
            fs::remove_dir(path).ok();
        }
        made
    }

    fn fill(folder: Folder, job: &Job<'_>, record: &Record, weights: Weights) -> Result<Self, RunError> {
        folder.sweep()?;
        let progress = Progress::start(job.system);
        checkpoint::write(&folder.at(START), &weights, &job.metadata(progress.clone()))?;
        for name in [SETTINGS, LAST, BEST, FORMER, METRICS, EVENTS, REPORT] {
            folder.remove(name)?;
        }
        folder.write_settings(&RunFile::bound(job.table(), record.clone()))?;
        Ok(Self { folder, metrics: Metrics::new(job.system), weights, progress, messages: Vec::new() })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder.path
    }

    /// Its rows so far.
    pub fn rows(&self) -> &[Row] {
        self.metrics.rows()
    }

    /// Where its newest weights stand.
    pub fn last(&self) -> PathBuf {
        self.folder.at(LAST)
    }

    /// Where its best weights stand, if it has any.
    pub fn best(&self) -> Option<PathBuf> {
        Some(self.folder.at(BEST)).filter(|path| path.is_file())
    }

    /// Where its rows stand.
    pub fn metrics(&self) -> PathBuf {
        self.folder.at(METRICS)
    }

    fn write_last(&mut self, bytes: &[u8], weights: &Weights, progress: Progress) -> Result<(), RunError> {
        atomic::write(&self.folder.at(LAST), bytes)?;
        self.weights = weights.clone();
        debug!(epoch = progress.epoch, step = progress.step, "saved");
        self.progress = progress;
        self.folder.remove(START)
    }
}

impl Store for Run {
    fn progress(&self) -> &Progress {
        &self.progress
    }

    fn begin(&mut self) -> Result<Weights, RunError> {
        self.metrics.keep(self.progress.epoch);
        self.messages.extend(restore_best(&self.folder, self.progress.best)?);
        Ok(self.weights.clone())
    }

    fn take_messages(&mut self) -> Vec<String> {
        std::mem::take(&mut self.messages)
    }

    fn save(&mut self, job: &Job<'_>, weights: &Weights, progress: Progress) -> Result<(), RunError> {
        let path = self.folder.at(LAST);
        let bytes = checkpoint::encode(&path, weights, &job.metadata(progress.clone()))?;
        self.write_last(&bytes, weights, progress)
    }

    /// Writes the row's files: the best checkpoint, if this is it, metrics.csv, the last checkpoint.
    fn save_row(
        &mut self,
        job: &Job<'_>,
        weights: &Weights,
        progress: Progress,
        row: &Row,
        is_best: bool,
    ) -> Result<(), RunError> {
        let (best, former) = (self.folder.at(BEST), self.folder.at(FORMER));
        let bytes = checkpoint::encode(&self.folder.at(LAST), weights, &job.metadata(progress.clone()))?;
        if is_best {
            remove(&former)?;
            if best.is_file() {
                atomic::duplicate(&best, &former)?;
            }
            atomic::write(&best, &bytes)?;
        }
        self.metrics.push(row);
        self.metrics.write(&self.folder.at(METRICS))?;
        let is_whole = progress.epoch_step == 0;
        self.write_last(&bytes, weights, progress)?;
        if is_whole {
            remove(&former)?;
        }
        Ok(())
    }
}
