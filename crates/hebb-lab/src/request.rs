//! What is asked of a figure.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::AtomicBool;

use hebb_data::DataError;
use hebb_engine::WriteError;
use hebb_engine::job::JobError;
use hebb_engine::run::RunError;
use hebb_engine::tensor_file::CheckpointError;
use hebb_engine::trainer::TrainError;
use hebb_spec::backend::{self, Runtime};
use hebb_spec::settings::SettingError;
use hebb_systems::layered::SpecError;
use hebb_systems::section5::circuits::CircuitError;
use hebb_systems::section5::integrate::IntegrateError;

use crate::filters::FilterError;
use crate::plot::DrawError;
use crate::probe::ProbeError;

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

/// A text that is no scale or no list of seeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(&'static str);

/// How much of the paper's own protocol runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// All of it.
    Full,
    /// Half the steps.
    Half,
    /// A tenth of the steps.
    Small,
    /// As many steps as so many minutes have room for, at most all.
    Minutes(f64),
    /// So many epochs of each run.
    Epochs(u32),
}

impl Scale {
    /// How many of a run's steps, or epochs, are done; `seconds` times what all runs of the figure take for one.
    pub fn steps(self, full: u32, seconds: impl FnOnce() -> f64) -> u32 {
        let share = match self {
            Scale::Full => return full,
            Scale::Epochs(epochs) => return epochs.min(full),
            Scale::Half => 0.5,
            Scale::Small => 0.1,
            Scale::Minutes(minutes) => minutes * 60.0 / (seconds() * f64::from(full)),
        };
        ((f64::from(full) * share).min(f64::from(full)) as u32).max(1)
    }
}

impl FromStr for Scale {
    type Err = ReadError;

    fn from_str(text: &str) -> Result<Self, ReadError> {
        match text {
            "full" => Ok(Scale::Full),
            "half" => Ok(Scale::Half),
            "small" => Ok(Scale::Small),
            _ => match text.parse() {
                Ok(minutes) if minutes > 0.0 && minutes < 1e6 => Ok(Scale::Minutes(minutes)),
                _ => Err(ReadError("write full, half, small or a number of minutes above 0")),
            },
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scale::Full => f.write_str("full"),
            Scale::Half => f.write_str("half"),
            Scale::Small => f.write_str("small"),
            Scale::Minutes(minutes) => write!(f, "{minutes}"),
            Scale::Epochs(epochs) => write!(f, "{epochs} epochs"),
        }
    }
}

/// Seeds of runs, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeds(pub Vec<u64>);

impl FromStr for Seeds {
    type Err = ReadError;

    fn from_str(text: &str) -> Result<Self, ReadError> {
        const NONE: ReadError = ReadError("write whole numbers with commas between them, as in 1,2,3");
        let seeds: Vec<u64> =
            text.split(',').map(|seed| seed.trim().parse().map_err(|_| NONE)).collect::<Result<_, _>>()?;
        let mut sorted = seeds.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() < seeds.len() { Err(ReadError("a seed stands there twice")) } else { Ok(Self(seeds)) }
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
    }
}

/// How a figure is to be made.
pub struct Request<'a> {
    /// How much of its protocol runs.
    pub scale: Scale,
    /// A run for each.
    pub seeds: Seeds,
    /// Images to learn from or to cut patches from, as DATA texts; none: those that are built in.
    pub data: &'a [String],
    /// What computes the runs.
    pub runtime: &'a dyn Runtime,
    /// Hears what is being done, a sentence at a time.
    pub tell: &'a dyn Fn(&str),
    /// Where the runs of figures that keep them have their folders, so that they go on another time; none: in memory.
    pub runs: Option<&'a Path>,
    /// Whether only what the kept runs have is drawn, and nothing trained.
    pub finished: bool,
    /// Which of Winograd's forms the runtime takes, as runs' records have it; none where it knows none.
    pub winograd: Option<&'a str>,
    /// Set from elsewhere, it ends the figures that keep runs after the step at hand.
    pub stop: &'a AtomicBool,
}

/// What is never set.
static NEVER: AtomicBool = AtomicBool::new(false);

impl<'a> Request<'a> {
    /// A figure of these seeds, of data that are built in; nothing is told, kept or stopped.
    pub fn new(runtime: &'a dyn Runtime, scale: Scale, seeds: Seeds) -> Self {
        Self {
            scale,
            seeds,
            data: &[],
            runtime,
            tell: &|_| {},
            runs: None,
            finished: false,
            winograd: None,
            stop: &NEVER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_and_seeds_read_what_they_write() {
        for text in ["full", "half", "small", "2.5"] {
            assert_eq!(text.parse::<Scale>().unwrap().to_string(), text);
        }
        for text in ["", "0", "-1", "inf", "NaN", "big", "1e99"] {
            assert!(text.parse::<Scale>().is_err(), "{text}");
        }
        assert_eq!("1, 2,9".parse::<Seeds>().unwrap().to_string(), "1,2,9");
        for text in ["", "1,", "1,1", "-1", "a", "1.5", "18446744073709551616"] {
            assert!(text.parse::<Seeds>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_scale_is_a_share_of_the_steps() {
        let steps = |scale: Scale, seconds: f64| scale.steps(1000, || seconds);
        assert_eq!([Scale::Full, Scale::Half, Scale::Small].map(|scale| steps(scale, 1.0)), [1000, 500, 100]);
        assert_eq!(steps(Scale::Minutes(1.0), 0.1), 600);
        assert_eq!(steps(Scale::Minutes(1.0), 1e-9), 1000, "never more than all");
        assert_eq!(steps(Scale::Minutes(0.001), 10.0), 1, "nor none");
        assert_eq!([7, 7000].map(|epochs| steps(Scale::Epochs(epochs), 1.0)), [7, 1000]);
    }
}
