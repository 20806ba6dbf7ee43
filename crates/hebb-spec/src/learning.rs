//! Constants of the calls that learn, lose and drop.

use std::fmt;
use std::str::FromStr;

use crate::settings::UnknownName;

/// Names one of the rates that each step brings along: the finished factor of a sum, such as η over the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate(pub u32);

/// Rates that a step can bring along.
pub const MOST_RATES: usize = 32;

/// How W and R learn from ⟨δ xᵀ⟩: W ← keep · W + rate · Σ δ x, and R likewise with ε · rate. With a trace T the change is
/// smoothed over steps: T ← trace · T + rate · Σ δ x, and W ← keep · W + T.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learning {
    /// Which of the step's rates scales the sum.
    pub rate: Rate,
    /// What decay leaves of W and R: 1 without decay.
    pub keep: f32,
    /// Share of the increment that R gets; `None` where R does not change.
    pub epsilon: Option<f32>,
    /// Whether masks, one for W and one for R, tell which weights there are.
    pub masked: bool,
    /// What is left of the trace from step to step, where there is one: then neither R nor masks.
    pub trace: Option<f32>,
}

impl Learning {
    /// Learning without decay, masks or trace.
    pub const fn new(rate: Rate, epsilon: Option<f32>) -> Self {
        Self { rate, keep: 1.0, epsilon, masked: false, trace: None }
    }
}

/// What sign-symmetric feedback takes its magnitudes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Magnitudes {
    /// One number.
    Uniform(f32),
    /// R's own, kept.
    Kept,
    /// Drawn anew each step, uniform in 0…bound; the layer is part of the numbers' address.
    Drawn {
        /// The largest.
        bound: f32,
        /// The weighted layer, from 1.
        layer: u32,
    },
}

/// What a decay of weights goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decay {
    /// All weights alike: w ← (1 − rate) w.
    Even,
    /// The activity of the unit that a weight leads to, summed over images and places: w ← (1 − rate Σ y) w. With Hebb's
    /// increment it is the instar rule (Grossberg 1976).
    ByPost,
    /// The activity of the unit that a weight comes from: w ← (1 − rate Σ x) w. With Hebb's increment it is the outstar
    /// rule.
    ByPre,
}

/// How units compete for an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Competition {
    /// The first of the largest is 1, all others are 0.
    Winner,
    /// y_j = exp(sharpness · x_j) / Σ_k exp(sharpness · x_k).
    Softmax {
        /// What x is multiplied by.
        sharpness: f32,
    },
}

/// The loss at an output layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// Multi-class hinge loss, equation (4) of Amit (2019).
    Hinge,
    /// Cross-entropy after softmax.
    Softmax,
    /// ½ Σ (y_i − x_i)², y the label's one-hot code (Amit 2019, section 5).
    Quadratic,
}

impl Loss {
    /// All losses, by name.
    const NAMED: [(&str, Self); 3] =
        [("hinge", Self::Hinge), ("softmax", Self::Softmax), ("quadratic", Self::Quadratic)];
}

impl FromStr for Loss {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::NAMED.iter().find(|(name, _)| *name == text);
        found.map(|(_, loss)| *loss).ok_or_else(|| UnknownName::new("loss", text, &Self::NAMED.map(|(name, _)| name)))
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::Hinge => "hinge",
            Loss::Softmax => "softmax",
            Loss::Quadratic => "quadratic",
        })
    }
}

/// Bits below which a unit's random word drops it.
pub fn drop_threshold(probability: f32) -> u32 {
    (f64::from(probability) * 4_294_967_296.0).round().min(4_294_967_295.0) as u32
}

/// What survivors of a dropout are multiplied by: 1 / (1 − p).
pub fn drop_scale(probability: f32) -> f32 {
    (1.0 / (1.0 - f64::from(probability))) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drop_constants_are_exact_where_they_can_be() {
        assert_eq!(drop_threshold(0.5), 1 << 31);
        assert_eq!(drop_threshold(0.0), 0);
        assert_eq!(drop_scale(0.5), 2.0);
        assert!((drop_scale(0.8) - 5.0).abs() < 1e-5);
    }
}
