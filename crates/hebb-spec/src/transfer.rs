//! Constants of the calls of neurons with dendrites (Sacramento, Costa, Bengio and Senn 2018): their transfer function, how
//! a soma is nudged, and how it is integrated over time.

use std::fmt;

/// A neuron's transfer function φ, from potential to rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TransferFunction {
    /// φ(u) = u.
    Identity,
    /// φ(u) = 1 / (1 + e^−u).
    Logistic,
    /// φ(u) = γ log(1 + e^(β (u − θ))).
    Softplus {
        /// γ.
        gamma: f32,
        /// β.
        beta: f32,
        /// θ.
        theta: f32,
    },
}

/// Its name; constants are left out, as of all problems.
impl fmt::Display for TransferFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TransferFunction::Identity => "identity",
            TransferFunction::Logistic => "logistic",
            TransferFunction::Softplus { .. } => "softplus",
        })
    }
}

/// How a soma stands between its dendrite V and what nudges it: U = keep · V + pull · Target + rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nudge {
    /// φ.
    pub transfer: TransferFunction,
    /// The dendrite's share.
    pub keep: f32,
    /// The target's share.
    pub pull: f32,
    /// What is added.
    pub rest: f32,
    /// What V is multiplied by in its own forecast of the rate.
    pub scale: f32,
}

/// A step of Euler's: U = keep · U + first · V + second · V2 + noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Euler {
    /// What is left of U.
    pub keep: f32,
    /// Share of the first input.
    pub first: f32,
    /// Share of the second, where there is one.
    pub second: Option<f32>,
    /// Noise, where there is any.
    pub noise: Option<Noise>,
    /// Whether U counts as 0 in the first repeat of a submission.
    pub restart: bool,
}

impl fmt::Display for Euler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.second.is_some() { ", two inputs" } else { ", one input" })?;
        f.write_str(if self.noise.is_some() { ", noise" } else { "" })
    }
}

/// Gaussian noise, drawn for each unit of each image in each repeat of each step: see [`crate::rng::gaussian`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Its standard deviation.
    pub scale: f32,
    /// Which population: part of the numbers' address.
    pub layer: u32,
}
