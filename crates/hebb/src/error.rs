//! Whatever can go wrong in the library: what and where.

use hebb_data::DataError;
use hebb_engine::WriteError;
use hebb_engine::job::JobError;
use hebb_engine::run::RunError;
use hebb_engine::tensor_file::CheckpointError;
use hebb_engine::trainer::TrainError;
use hebb_spec::settings::SettingError;
use hebb_systems::hebbian::HebbianError;
use hebb_systems::layered::notation::NotationError;
use hebb_systems::layered::{DescriptionError, SpecError};

use crate::device::DeviceError;

/// Any failure of the library.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Data that cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// No such device.
    #[error(transparent)]
    NoDevice(#[from] DeviceError),
    /// The device failed, or was asked for what does not fit.
    #[error(transparent)]
    Device(#[from] hebb_spec::backend::Error),
    /// A notation that does not read.
    #[error(transparent)]
    Notation(#[from] NotationError),
    /// A description of no network.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A description of no connection.
    #[error(transparent)]
    Hebbian(#[from] HebbianError),
    /// A setting that does not read.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A name that no setting has.
    #[error("there is no setting '{0}'")]
    NoSetting(String),
    /// Settings that do not fit their data.
    #[error(transparent)]
    Job(#[from] JobError),
    /// A training that failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A run's folder that cannot be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A checkpoint that cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Metadata that are of no network.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// A file that cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A tensor or layer that the network does not have.
    #[error("the network has no {0}")]
    Absent(String),
    /// Records that there are not.
    #[error("record {record} of {count}: they are counted from 0")]
    Record {
        /// The record.
        record: u32,
        /// How many there are.
        count: usize,
    },
    /// More images than a step takes, or none.
    #[error("a step takes from 1 to {batch} images, not {images}")]
    Images {
        /// Images given.
        images: usize,
        /// The batch.
        batch: u32,
    },
    /// A sum or weight that is no finite number.
    #[error("{0} is not finite: the weights ran away")]
    NotFinite(String),
}

/// What a call of the library gives.
pub type Result<T> = std::result::Result<T, Error>;
