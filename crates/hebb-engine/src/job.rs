//! Settings checked against their data: what a run will do.

use std::ops::Range;

use hebb_data::{DataError, Dataset};
use hebb_spec::network::UntieError;
use hebb_spec::notation::NotationError;
use hebb_spec::plan::{Model, Plan};
use hebb_spec::rng::{Purpose, Stream};

use crate::checkpoint::{CheckpointError, TensorFile};
use crate::init::{self, Start};
use crate::metadata::{Description, Metadata, Progress, Training};
use crate::settings::{Length, Settings};

/// Settings that do not fit their network or data.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The notation does not read, or does not fit the pictures.
    #[error("net: {0}")]
    Notation(#[from] NotationError),
    /// A layer that cannot be untied.
    #[error("untied: {0}")]
    Untie(#[from] UntieError),
    /// Layer 1 is to have what no layer has.
    #[error("track-r1 needs feedback weights R, but rule {rule} has none: leave one of them out")]
    NoR {
        /// The rule.
        rule: &'static str,
    },
    /// The validation part leaves nothing.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A number outside its range.
    #[error("{key} is {value}: it must be {range}")]
    Number {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// A layer that the network does not have.
    #[error("{key} names layer {layer}, but the network has {layers} weighted layers, counted from 1")]
    Layer {
        /// The setting.
        key: &'static str,
        /// The layer.
        layer: u32,
        /// The network's layers.
        layers: u32,
    },
    /// No whole batch.
    #[error(
        "a batch of {batch} is more than the {records} training records (beside {validation} for validation): \
         lower --batch or --validation"
    )]
    Batch {
        /// Pictures in a batch.
        batch: u32,
        /// Training records.
        records: usize,
        /// Validation records.
        validation: usize,
    },
    /// More steps than are counted.
    #[error("{epochs} epochs of {steps} steps are more than 4294967295 steps: lower --epochs")]
    Length {
        /// The epochs.
        epochs: u32,
        /// Steps in an epoch.
        steps: u32,
    },
}

/// A run that fits its data.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The settings.
    pub settings: Settings,
    /// The model that they describe.
    pub model: Model,
    /// The data's name, without a place.
    pub data: String,
    /// Training records; the validation records follow.
    pub records: usize,
    /// Steps in an epoch: the last incomplete batch is dropped.
    pub epoch_steps: u32,
    /// Steps of the whole run.
    pub total_steps: u32,
}

impl Job {
    /// Checks settings against their data.
    pub fn new(settings: Settings, data: &Dataset) -> Result<Self, JobError> {
        check_numbers(&settings)?;
        let model = settings.to_model(data.shape, data.classes())?;
        if model.track_r1 && !model.rule.has_r() {
            return Err(JobError::NoR { rule: model.rule.name });
        }
        let layers = model.network.layers();
        for (key, list) in [("freeze", &settings.freeze), ("init-layers", &settings.init_layers)] {
            if let Some(&layer) = list.iter().find(|&&layer| layer == 0 || layer > layers) {
                return Err(JobError::Layer { key, layer, layers });
            }
        }
        let (batch, validation) = (settings.batch, settings.validation);
        let records = data.train.len() - hebb_data::validation_split(data.train.len(), Some(validation))?;
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
        Ok(Self { settings, model, data: data.name.clone(), records, epoch_steps, total_steps })
    }

    /// The plan at the run's batch.
    pub fn plan(&self) -> Plan {
        Plan::new(&self.model, self.settings.batch)
    }

    /// Where the validation records stand among the training records.
    pub fn validation(&self) -> Range<usize> {
        self.records..self.records + self.settings.validation
    }

    /// The records that the statistics look at, one batch at most, the same each epoch: the first for validation; where
    /// there are none, the first to train on.
    pub fn observed(&self) -> Range<usize> {
        let all = if self.settings.validation > 0 { self.validation() } else { 0..self.records };
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

    /// The weights that the run starts with: from the settings' file, where they name one, else drawn.
    pub fn start(&self) -> Result<Start, CheckpointError> {
        let (model, settings, drawing) = (&self.model, &self.settings, self.settings.drawing());
        match &settings.init {
            Some(path) => {
                let file = TensorFile::read(path.as_ref())?;
                init::from_file(model, &drawing, &file, &settings.init_layers)
            }
            None => Ok(Start { weights: init::draw(model, &drawing), messages: Vec::new() }),
        }
    }

    /// The metadata of the run's checkpoints.
    pub fn metadata(&self, progress: Progress) -> Metadata {
        Metadata {
            network: Description::new(&self.model, self.settings.connectivity, self.settings.seed),
            training: Some(Training {
                data: self.data.clone(),
                validation: self.settings.validation,
                batch: self.settings.batch,
            }),
            progress,
        }
    }
}

/// The ranges that the command line holds to, for settings that came from a file.
fn check_numbers(settings: &Settings) -> Result<(), JobError> {
    let (epsilon, decay, connectivity) = (settings.rule.epsilon, settings.rule.decay, settings.connectivity);
    let length = match settings.length {
        Length::Epochs(count) | Length::Steps(count) => count,
    };
    let not_negative = |value: f32| value.is_finite() && value >= 0.0;
    let checks = [
        ("lr", f64::from(settings.lr), not_negative(settings.lr), "0 or more"),
        ("mu", f64::from(settings.mu), not_negative(settings.mu), "0 or more"),
        ("slope", f64::from(settings.slope), not_negative(settings.slope) && settings.slope > 0.0, "above 0"),
        ("epsilon", f64::from(epsilon), (0.0..=1.0).contains(&epsilon), "from 0 to 1"),
        ("decay", f64::from(decay), (0.0..1.0).contains(&decay), "from 0 up to but not 1"),
        ("connectivity", f64::from(connectivity), connectivity > 0.0 && connectivity <= 1.0, "above 0, and at most 1"),
        ("batch", f64::from(settings.batch), (1..=1 << 20).contains(&settings.batch), "from 1 to 1048576"),
        ("the number of epochs or steps", f64::from(length), length > 0, "1 or more"),
    ];
    match checks.into_iter().find(|&(_, _, fits, _)| !fits) {
        Some((key, value, _, range)) => Err(JobError::Number { key, value, range }),
        None => Ok(()),
    }
}
