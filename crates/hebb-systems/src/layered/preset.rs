//! Presets: what the author ran, and the paper's text.

use std::fmt;
use std::str::FromStr;

use hebb_spec::pool::{PoolTies, PoolWindow};
use hebb_spec::settings::UnknownName;

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

    /// Whether untied layers start with one filter at all places.
    pub const fn tied_start(self) -> bool {
        matches!(self, Preset::AsRun)
    }

    /// Whether a sparse network's output layer is sparse too.
    pub const fn sparse_output(self) -> bool {
        matches!(self, Preset::Paper)
    }

    /// The hinge loss's balancing factor μ = f / (C − 1).
    pub fn mu(self, classes: u32) -> f32 {
        let factor = if self == Preset::AsRun && classes == 100 { 10.0 } else { 1.0 };
        (factor / f64::from(classes.max(2) - 1)) as f32
    }
}

impl FromStr for Preset {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "as-run" => Ok(Preset::AsRun),
            "paper" => Ok(Preset::Paper),
            _ => Err(UnknownName::new("preset", text, &["as-run", "paper"])),
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
}
