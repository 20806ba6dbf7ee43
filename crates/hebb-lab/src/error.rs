//! What goes wrong in the lab.

use std::path::PathBuf;

use hebb_data::DataError;
use hebb_engine::WriteError;
use hebb_engine::job::JobError;
use hebb_engine::run::RunError;
use hebb_engine::tensor_file::CheckpointError;
use hebb_engine::trainer::TrainError;
use hebb_spec::backend;
use hebb_spec::settings::SettingError;
use hebb_systems::layered::{ConfusionError, SpecError};
use hebb_systems::section5::circuits::CircuitError;
use hebb_systems::section5::integrate::IntegrateError;

use crate::filters::FilterError;
use crate::plot::DrawError;

/// A figure that was not made. Its sentence names the option at fault, where one is.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// No figure has this name.
    #[error("there is no figure '{name}'")]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// An option that the figure has no use for.
    #[error("{option}: {figure} {why}")]
    Unused {
        /// The figure.
        figure: &'static str,
        /// The option.
        option: &'static str,
        /// Why it would change nothing.
        why: &'static str,
    },
    /// More data than a figure takes.
    #[error("--data: {figure} takes one data set: name one")]
    Several {
        /// The figure.
        figure: &'static str,
    },
    /// The same data twice.
    #[error("--data: {figure} has {name} twice: name each data set once")]
    Twice {
        /// The figure.
        figure: &'static str,
        /// The data, without a place.
        name: String,
    },
    /// Something stands where the folder should be.
    #[error("{path} is there already, and is no empty folder")]
    Taken {
        /// The folder.
        path: String,
    },
    /// The figure's own files stand there, beside its runs.
    #[error("{path} has the files of {stem} already")]
    Done {
        /// The folder.
        path: String,
        /// What the figure's files are called.
        stem: &'static str,
    },
    /// The folder cannot be made.
    #[error("cannot make the folder {path}: {cause}")]
    Folder {
        /// The folder.
        path: String,
        /// The system's words.
        cause: std::io::Error,
    },
    /// A file of the figure.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The picture.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// A picture of pixels.
    #[error("cannot write a picture: {0}")]
    Pixels(#[from] image::ImageError),
    /// Its theory.
    #[error(transparent)]
    Integrate(#[from] IntegrateError),
    /// A circuit that is none.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// The device.
    #[error(transparent)]
    Device(#[from] backend::Error),
    /// Its data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A run that does not fit its data.
    #[error(transparent)]
    Job(#[from] JobError),
    /// A run that failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A system that is none.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A network that does not fit its images.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A run's folder.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A kept run of other settings.
    #[error("{} holds a run with {key} = {found}, and the figure's has {wanted}", path.display())]
    Changed {
        /// The run's folder.
        path: PathBuf,
        /// The setting.
        key: String,
        /// Its value there; empty where there is none.
        found: String,
        /// Its value in the figure.
        wanted: String,
    },
    /// A kept run that began otherwise.
    #[error("{} holds a run of another start or on other data than the figure's", path.display())]
    OtherRun {
        /// The run's folder.
        path: PathBuf,
    },
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint of another system.
    #[error("{} is of `hebb {system}`, and no layered network", path.display())]
    NotLayered {
        /// The file.
        path: PathBuf,
        /// The system.
        system: String,
    },
    /// What a network was asked beside its training.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// Filters that a network does not have.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// Something else stands where a run's events should.
    #[error("{} is no file of events as this program writes them", path.display())]
    NoEvents {
        /// The file.
        path: PathBuf,
    },
    /// A kept run that has no rows of its first epochs.
    #[error("{} has a metrics.csv without the first epochs of its run", path.display())]
    LostRows {
        /// The run's folder.
        path: PathBuf,
    },
    /// It was asked to stop.
    #[error("stopped before the figure was done")]
    Stopped,
}

/// What a network cannot be asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProbeError {
    /// Weights of another network.
    #[error("the weights have no {0}: they are of another network")]
    Weights(String),
    /// A record past the last one.
    #[error("there is no record {record}: the images have the numbers 0 to {}", count.saturating_sub(1))]
    Record {
        /// The record.
        record: usize,
        /// How many there are.
        count: usize,
    },
    /// More numbers than the memory holds.
    #[error("there is no memory for {what} of {classes} classes")]
    Memory {
        /// What would hold them.
        what: &'static str,
        /// The classes.
        classes: u32,
    },
    /// The device's answer is no class.
    #[error(transparent)]
    Class(#[from] ConfusionError),
}
