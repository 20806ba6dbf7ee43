//! Settings checked against their data: what a run will do.

use std::ops::Range;

use hebb_data::DataError;
use hebb_spec::param::Weights;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::settings::{SettingError, Table};
use hebb_spec::system::System;

use crate::from_file::{self, Loaded};
use crate::metadata::{Metadata, Progress, Training};
use crate::settings::{Length, RunSettings};
use crate::tensor_file::{CheckpointError, TensorFile};

/// Settings that do not fit their system or data. Its text begins with the setting at fault.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// A setting out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The validation part leaves nothing.
    #[error("validation: {0}")]
    Data(#[from] DataError),
    /// A layer that the system does not have.
    #[error("init-layers: there is no layer {layer}: the network has {layers} weighted layers, counted from 1")]
    Layer {
        /// The layer.
        layer: u32,
        /// The system's layers.
        layers: u32,
    },
    /// No whole batch.
    #[error("a batch of {batch} is more than the {records} training records (beside {validation} for validation)")]
    Batch {
        /// Images in a batch.
        batch: u32,
        /// Training records.
        records: usize,
        /// Validation records.
        validation: usize,
    },
    /// More steps than are counted.
    #[error("{epochs} epochs of {steps} steps are more than 4294967295 steps")]
    Length {
        /// The epochs.
        epochs: u32,
        /// Steps in an epoch.
        steps: u32,
    },
}

/// What can be said of settings before there are data: whether they are in range, and whether the system has the layers
/// that they name.
pub fn check(system: &dyn System, settings: &RunSettings) -> Result<(), JobError> {
    // A program may set what no file and no option can say.
    RunSettings::from_table(&settings.table())?;
    let layers = system.params().iter().map(|param| param.layer).max().unwrap_or(0);
    match settings.init_layers.iter().find(|&&layer| layer > layers) {
        Some(&layer) => Err(JobError::Layer { layer, layers }),
        None => Ok(()),
    }
}

/// The weights that a run starts with: from the settings' file, where they name one, else drawn.
pub fn start(system: &dyn System, settings: &RunSettings) -> Result<Loaded, CheckpointError> {
    let (params, seed) = (system.params(), settings.seed);
    match &settings.init {
        Some(path) => from_file::adopt(&params, seed, &TensorFile::read(path.as_ref())?, &settings.init_layers),
        None => Ok(Loaded { weights: Weights::draw(&params, seed), messages: Vec::new() }),
    }
}

/// A run that fits its data.
pub struct Job<'a> {
    /// What learns.
    pub system: &'a dyn System,
    /// The system's own settings, as run.toml keeps them.
    pub spec: Table,
    /// How the run goes; the validation records are counted.
    pub settings: RunSettings,
    /// The data's name, without a place.
    pub data: String,
    /// Training records; the validation records follow.
    pub records: usize,
    /// Validation records.
    pub validation: usize,
    /// Steps in an epoch: the last incomplete batch is dropped.
    pub epoch_steps: u32,
    /// Steps of the whole run.
    pub total_steps: u32,
}

impl<'a> Job<'a> {
    /// Checks settings against the number of training records that there are; `data` is the data's name.
    pub fn new(
        system: &'a dyn System,
        spec: Table,
        settings: RunSettings,
        (data, count): (&str, usize),
    ) -> Result<Self, JobError> {
        check(system, &settings)?;
        let validation = hebb_data::validation_split(count, settings.validation)?;
        let (batch, records) = (settings.batch, count - validation);
        let epoch_steps = u32::try_from(records / batch as usize).unwrap_or(u32::MAX);
        if epoch_steps == 0 {
            return Err(JobError::Batch { batch, records, validation });
        }
        let total_steps = match settings.length {
            Length::Steps(steps) => steps,
            Length::Epochs(epochs) => {
                epochs.checked_mul(epoch_steps).ok_or(JobError::Length { epochs, steps: epoch_steps })?
            }
        };
        let settings = RunSettings { validation: Some(validation), ..settings };
        Ok(Self { system, spec, settings, data: data.to_owned(), records, validation, epoch_steps, total_steps })
    }

    /// Where the validation records stand among the training records.
    pub fn validation(&self) -> Range<usize> {
        self.records..self.records + self.validation
    }

    /// The records that the statistics look at, one batch at most, the same each epoch: the first for validation; where
    /// there are none, the first to train on.
    pub fn observed(&self) -> Range<usize> {
        let all = if self.validation > 0 { self.validation() } else { 0..self.records };
        all.start..all.end.min(all.start + self.settings.batch as usize)
    }

    /// The order of the training records in an epoch, counted from 0.
    pub fn order(&self, epoch: u32) -> Vec<u32> {
        let count = self.records as u32;
        if self.settings.no_shuffle {
            (0..count).collect()
        } else {
            Stream::new(self.settings.seed, Purpose::Shuffle, 0, epoch).permutation(count)
        }
    }

    /// The weights that the run starts with.
    pub fn start(&self) -> Result<Loaded, CheckpointError> {
        start(self.system, &self.settings)
    }

    /// The metadata of the run's checkpoints.
    pub fn metadata(&self, progress: Progress) -> Metadata {
        Metadata {
            system: self.system.describe(),
            seed: self.settings.seed,
            training: Some(Training {
                data: self.data.clone(),
                validation: self.validation,
                batch: self.settings.batch,
            }),
            progress,
        }
    }

    /// All settings, as run.toml keeps them.
    pub fn table(&self) -> Table {
        let mut table = self.spec.clone();
        table.0.extend(self.settings.table().0);
        table
    }
}
