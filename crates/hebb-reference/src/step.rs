//! What a call knows beside its problem and its tensors.

use hebb_spec::backend::Step;
use hebb_spec::learning::{MOST_RATES, Rate};

/// Where in the run a call stands, how many images are true, and the step's rates.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TwinStep {
    /// The run's seed.
    pub seed: u64,
    /// The batch's step.
    pub step: u32,
    /// Images that are no padding.
    pub images: u32,
    /// Which repeat of the list this is, from 0.
    pub repeat: u32,
    /// The finished factors of what learns.
    pub rates: [f32; MOST_RATES],
}

impl TwinStep {
    /// One of the step's rates; not a number where there is none, so that it shows.
    pub fn rate(&self, rate: Rate) -> f32 {
        self.rates.get(rate.0 as usize).copied().unwrap_or(f32::NAN)
    }
}

impl From<&Step<'_>> for TwinStep {
    fn from(step: &Step<'_>) -> Self {
        let mut rates = [0.0; MOST_RATES];
        for (rate, &given) in rates.iter_mut().zip(step.rates) {
            *rate = given;
        }
        Self { seed: step.seed, step: step.step, images: step.images, repeat: 0, rates }
    }
}
