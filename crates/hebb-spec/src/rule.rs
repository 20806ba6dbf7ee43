//! Learning rules, losses and presets.

use std::fmt;
use std::str::FromStr;

use crate::pool::{PoolTies, PoolWindow};

/// How δ travels down and what changes R.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Back-propagation: R is Wᵀ, always.
    Bp,
    /// Fixed random feedback (feedback alignment): R stays at its random start.
    Frfb,
    /// Updated random feedback (Amit 2019): ΔR = ε ΔWᵀ.
    Urfb {
        /// Share of W's increment that R gets, from 0 to 1.
        epsilon: f32,
    },
}

impl Rule {
    /// Names of all rules.
    pub const NAMES: [&'static str; 3] = ["bp", "frfb", "urfb"];

    /// The rule's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Rule::Bp => "bp",
            Rule::Frfb => "frfb",
            Rule::Urfb { .. } => "urfb",
        }
    }

    /// Whether feedback runs through weights of its own.
    pub const fn has_r(&self) -> bool {
        !matches!(self, Rule::Bp)
    }

    /// The ε by which R follows W; `None` where R does not change.
    pub const fn epsilon(&self) -> Option<f32> {
        match self {
            Rule::Urfb { epsilon } if *epsilon != 0.0 => Some(*epsilon),
            _ => None,
        }
    }
}

/// A text that names no rule, loss or preset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} '{text}': known are {known}")]
pub struct NameError {
    what: &'static str,
    text: String,
    known: String,
}

impl NameError {
    fn new(what: &'static str, text: &str, known: &[&str]) -> Self {
        Self { what, text: text.to_owned(), known: known.join(", ") }
    }
}

impl FromStr for Rule {
    type Err = NameError;

    /// `urfb` reads as ε = 1.
    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "bp" => Ok(Rule::Bp),
            "frfb" => Ok(Rule::Frfb),
            "urfb" => Ok(Rule::Urfb { epsilon: 1.0 }),
            _ => Err(NameError::new("rule", text, &Self::NAMES)),
        }
    }
}

/// The loss at the output layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// Multi-class hinge loss, equation (4).
    Hinge,
    /// Cross-entropy after softmax.
    Softmax,
}

impl FromStr for Loss {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "hinge" => Ok(Loss::Hinge),
            "softmax" => Ok(Loss::Softmax),
            _ => Err(NameError::new("loss", text, &["hinge", "softmax"])),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::Hinge => "hinge",
            Loss::Softmax => "softmax",
        })
    }
}

/// A set of numbers and conventions; it never changes a network's notation, batch or η.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// What the author's 2018 runs did.
    AsRun,
    /// The paper's text, to the letter.
    Paper,
}

impl Preset {
    /// Slope of σ inside its limits.
    pub const fn slope(self) -> f32 {
        match self {
            Preset::AsRun => 0.5,
            Preset::Paper => 1.0,
        }
    }

    /// Place of overlapping pool windows.
    pub const fn pool_window(self) -> PoolWindow {
        match self {
            Preset::AsRun => PoolWindow::FromPixel,
            Preset::Paper => PoolWindow::Centred,
        }
    }

    /// Who gets δ at a pool's ties.
    pub const fn pool_ties(self) -> PoolTies {
        match self {
            Preset::AsRun => PoolTies::All,
            Preset::Paper => PoolTies::First,
        }
    }

    /// The hinge loss's balancing factor μ = f / (C − 1).
    pub fn mu(self, classes: u32) -> f32 {
        let factor = if self == Preset::AsRun && classes == 100 { 10.0 } else { 1.0 };
        (factor / f64::from(classes.max(2) - 1)) as f32
    }
}

impl FromStr for Preset {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "as-run" => Ok(Preset::AsRun),
            "paper" => Ok(Preset::Paper),
            _ => Err(NameError::new("preset", text, &["as-run", "paper"])),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Preset::AsRun => "as-run",
            Preset::Paper => "paper",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mu_follows_the_preset() {
        assert_eq!(Preset::AsRun.mu(10), 1.0 / 9.0);
        assert_eq!(Preset::AsRun.mu(100), 10.0 / 99.0);
        assert_eq!(Preset::Paper.mu(100), 1.0 / 99.0);
    }

    #[test]
    fn an_unknown_rule_is_named_with_the_known_ones() {
        let error = "hebb".parse::<Rule>().unwrap_err().to_string();
        assert_eq!(error, "unknown rule 'hebb': known are bp, frfb, urfb");
    }

    #[test]
    fn urfb_with_epsilon_zero_leaves_r_alone() {
        assert_eq!(Rule::Urfb { epsilon: 0.0 }.epsilon(), None);
        assert_eq!(Rule::Frfb.epsilon(), None);
        assert_eq!("urfb".parse::<Rule>().map(|rule| rule.epsilon()), Ok(Some(1.0)));
    }
}
