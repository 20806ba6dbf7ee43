//! What is asked of a figure.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::AtomicBool;

use hebb_spec::backend::Runtime;

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
