//! Dendritic microcircuits of Sacramento, Costa, Bengio and Senn (2018): pyramidal cells whose apical dendrites hold the
//! error, which interneurons leave over of what the layer above sends down. Equation numbers are the paper's.
//!
//! Layers 0 … N of n_0 … n_N pyramidal cells; each hidden layer k has n_{k+1} interneurons. Four kinds of weights, all in
//! the order of the connection from layer k−1 to k: `W{k}` up, `R{k}` down, and of a hidden layer `IP{k}` from its
//! pyramidal cells to its interneurons and `PI{k}` from these to its apical dendrites.
//!
//! [`Dynamics::Continuous`] is equations (1) to (5) in Euler's steps, [`Dynamics::TwoStep`] section 3.4's simplification:
//! once up, once down, then all changes.

mod fields;
mod ideal;
mod numbers;
mod planner;
mod readings;
mod system;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::settings::{SettingError, UnknownName};
use hebb_spec::transfer::TransferFunction;

pub use fields::FIELDS;

/// How activity evolves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dynamics {
    /// Equations (1) to (5), a step of Euler's after the other.
    Continuous,
    /// Section 3.4: up, nudged at the top, and down.
    TwoStep,
}

/// What brings errors to hidden layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Learner {
    /// Apical dendrites and interneurons.
    Microcircuit,
    /// Back-propagation through the same network, equations (26) and (27): two-step only.
    Bp,
}

/// What an input pattern sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Input {
    /// The rates r_0, filtered.
    Rates,
    /// The potentials u_0, filtered: r_0 = φ(u_0).
    Potentials,
}

/// What comes in, which no setting says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Vectors `x`, without targets.
    Vectors,
    /// Vectors `x`, each with a `target`: the potentials that the output should have.
    Pairs,
    /// `images` with `labels`; two-step only.
    Images {
        /// Shape of an image.
        shape: Shape,
        /// Number of classes.
        classes: u32,
    },
}

macro_rules! names {
    ($of:ident, $what:literal, $($name:literal = $value:ident),+) => {
        impl $of {
            /// All, by name.
            const NAMED: &'static [(&'static str, Self)] = &[$(($name, Self::$value)),+];
        }

        impl FromStr for $of {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                let found = Self::NAMED.iter().find(|(name, _)| *name == text);
                let names: Vec<&str> = Self::NAMED.iter().map(|(name, _)| *name).collect();
                found.map(|(_, value)| *value).ok_or_else(|| UnknownName::new($what, text, &names))
            }
        }

        impl fmt::Display for $of {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$value => $name),+ })
            }
        }
    };
}

names!(Dynamics, "dynamics", "continuous" = Continuous, "two-step" = TwoStep);
names!(Learner, "learner", "microcircuit" = Microcircuit, "bp" = Bp);
names!(Input, "input", "rates" = Rates, "potentials" = Potentials);

/// A network of microcircuits, and how it learns.
///
/// A list of numbers has one for all layers, or one for each. Start from [`Microcircuit::continuous`] or
/// [`Microcircuit::two_step`] and change what differs; [`Microcircuit::check`] says what does not go together.
#[derive(Debug, Clone, PartialEq)]
pub struct Microcircuit {
    /// Pyramidal cells of each layer from the input: 30, 20, 10.
    pub sizes: Vec<u32>,
    /// How activity evolves.
    pub dynamics: Dynamics,
    /// Networks side by side, each with weights, patterns and noise of its own; continuous.
    pub networks: u32,
    /// What brings errors to hidden layers.
    pub learner: Learner,
    /// φ, from potential to rate.
    pub transfer: TransferFunction,
    /// W starts uniform in ± this.
    pub start_up: f32,
    /// R starts uniform in ± this.
    pub start_down: f32,
    /// IP starts uniform in ± this, where the start is not self-predicting.
    pub start_ip: f32,
    /// PI starts uniform in ± this, where the start is not self-predicting.
    pub start_pi: f32,
    /// Whether IP and PI start as (12) and (11) have them: then apical dendrites are silent until something is taught.
    pub self_predicting: bool,
    /// η of W{1} … W{N}, equation (7); 0: fixed. Empty: as the paper has it for figure 3, from the mixing factors.
    pub lr_up: Vec<f32>,
    /// η of IP{1} … IP{N−1}, equation (8); empty: twice that of the W above, as for figure 3.
    pub lr_ip: Vec<f32>,
    /// η of PI{1} … PI{N−1}, equation (9).
    pub lr_pi: Vec<f32>,
    /// η of R{2} … R{N}, equation (10).
    pub lr_down: Vec<f32>,
    /// What an input pattern sets; continuous.
    pub input: Input,
    /// Whether the output is nudged towards its target; continuous.
    pub taught: bool,
    /// g_A, from apical dendrite to soma.
    pub g_apical: f32,
    /// g_B, from basal dendrite to soma.
    pub g_basal: f32,
    /// g_D, from an interneuron's dendrite to its soma.
    pub g_dendrite: f32,
    /// g_lk.
    pub g_leak: f32,
    /// g_som, by which a soma is taught.
    pub g_soma: f32,
    /// Length of Euler's step.
    pub dt: f32,
    /// Euler's steps a pattern.
    pub pattern_steps: u32,
    /// Time constant τ_0 of the input's filter.
    pub tau_input: f32,
    /// Time constant τ_w by which changes of weights are filtered.
    pub tau_weights: f32,
    /// Strength σ of the white noise at each soma.
    pub sigma: f32,
    /// λ_N: how far the output is nudged; two-step.
    pub lambda_output: f32,
    /// λ_I: how far interneurons are nudged; two-step.
    pub lambda_inter: f32,
    /// λ_1 … λ_{N−1}: the apical dendrite's share in a hidden soma; two-step.
    pub lambda_hidden: Vec<f32>,
    /// What comes in. No setting: the data say it.
    pub source: Source,
    /// Patterns at once, each with somata of its own. No setting: the run's batch; continuous.
    pub batch: u32,
    /// A trace of each population every so many of Euler's steps, as readouts of a training step, for figures; 0: none. No
    /// setting: it changes nothing.
    pub record: u32,
}

impl Default for Microcircuit {
    fn default() -> Self {
        Self::continuous()
    }
}

impl Microcircuit {
    /// Most weighted layers.
    pub const MOST_LAYERS: usize = 8;

    /// Continuous dynamics as of figure S1: 30-20-10, random weights, of which IP and PI learn; no targets.
    pub fn continuous() -> Self {
        Self {
            sizes: vec![30, 20, 10],
            dynamics: Dynamics::Continuous,
            networks: 1,
            learner: Learner::Microcircuit,
            transfer: TransferFunction::Softplus { gamma: 1.0, beta: 1.0, theta: 0.0 },
            start_up: 1.0,
            start_down: 1.0,
            start_ip: 1.0,
            start_pi: 1.0,
            self_predicting: false,
            lr_up: vec![0.0],
            lr_ip: vec![0.000_237_5],
            lr_pi: vec![0.0005],
            lr_down: vec![0.0],
            input: Input::Potentials,
            taught: false,
            g_apical: 0.8,
            g_basal: 1.0,
            g_dendrite: 1.0,
            g_leak: 0.1,
            g_soma: 0.8,
            dt: 0.1,
            pattern_steps: 1000,
            tau_input: 3.0,
            tau_weights: 30.0,
            sigma: 0.1,
            lambda_output: 0.1,
            lambda_inter: 0.1,
            lambda_hidden: vec![0.3],
            source: Source::Vectors,
            batch: 1,
            record: 0,
        }
    }

    /// Two-step dynamics as of figure 3: 784-500-500-10 on MNIST from a self-predicting start; W and IP learn.
    pub fn two_step() -> Self {
        Self {
            sizes: vec![784, 500, 500, 10],
            dynamics: Dynamics::TwoStep,
            transfer: TransferFunction::Logistic,
            start_up: 0.1,
            self_predicting: true,
            lr_up: Vec::new(),
            lr_ip: Vec::new(),
            lr_pi: vec![0.0],
            source: Source::Images { shape: Shape::new(1, 28, 28), classes: 10 },
            ..Self::continuous()
        }
    }

    /// What the dynamics have where nothing is said.
    pub fn of(dynamics: Dynamics) -> Self {
        match dynamics {
            Dynamics::Continuous => Self::continuous(),
            Dynamics::TwoStep => Self::two_step(),
        }
    }

    /// Weighted layers, N.
    pub fn layers(&self) -> u32 {
        self.sizes.len().saturating_sub(1) as u32
    }

    /// The hidden layers: 1 … N−1.
    pub fn hidden(&self) -> std::ops::Range<u32> {
        1..self.layers().max(1)
    }

    /// The layers whose R there is: 2 … N.
    pub fn above(&self) -> std::ops::RangeInclusive<u32> {
        2..=self.layers()
    }

    /// Units of a layer, of all networks: by cell, then by network.
    pub fn units(&self, layer: u32) -> u32 {
        self.cells(layer) * self.networks
    }

    /// Cells of a layer of one network.
    pub(crate) fn cells(&self, layer: u32) -> u32 {
        self.sizes.get(layer as usize).copied().unwrap_or(0)
    }

    /// Whether layers below the output have a last unit of 1, whose weights are thresholds.
    pub fn has_thresholds(&self) -> bool {
        self.dynamics == Dynamics::TwoStep
    }

    /// Whether there are apical dendrites and interneurons.
    pub fn has_circuit(&self) -> bool {
        self.learner == Learner::Microcircuit
    }

    fn connection(&self, layer: u32, thresholds: bool) -> Connection {
        let (below, above) = (self.cells(layer - 1) + u32::from(thresholds), self.cells(layer));
        match self.networks {
            0 | 1 => Connection::full(Shape::flat(below), above),
            networks => Connection::conv(Shape::new(below, networks, 1), above, 1, 1).untie(),
        }
    }

    /// W's connection of a layer, and, of hidden layer k, IP's is that of layer k + 1.
    pub fn up(&self, layer: u32) -> Connection {
        self.connection(layer, self.has_thresholds())
    }

    /// R's of a layer, and, of hidden layer k, PI's is that of layer k + 1.
    pub fn down(&self, layer: u32) -> Connection {
        self.connection(layer, false)
    }

    /// Whether every number is in its range, whoever set it, and all go together, with the data too.
    pub fn check(&self) -> Result<(), SettingError> {
        numbers::check(self)
    }
}
