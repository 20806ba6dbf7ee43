//! The Hebbian family: one connection y = W x of k units, and rules made of ingredients.
//!
//! Increments are η ⟨y xᵀ⟩, or η ⟨y (x − Wᵀy)ᵀ⟩ of what the units cannot unroll back into x; decays go by no activity, by
//! the unit that a weight leads to (instar) or by the one that it comes from (outstar); units may compete. A feedback
//! connection R, in W's own order, may learn beside W by a rule of its own. In a recurrent connection all inputs are
//! connected to all, and their activity is what comes in: y = x.

mod fields;
mod planner;
mod rule;
mod spec;
mod system;
#[cfg(test)]
mod tests;

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::learning::Competition;

pub use fields::FIELDS;
pub use rule::{Pre, Rule, Update};
pub use spec::{Contest, HebbianError, HebbianSpec};

/// One connection that learns by a rule of the family.
#[derive(Debug, Clone, PartialEq)]
pub struct Hebbian {
    /// Numbers of an input x.
    pub inputs: u32,
    /// Units, k; of a recurrent connection as many as inputs.
    pub units: u32,
    /// The rule.
    pub rule: Rule,
    /// Whether the inputs are connected among themselves, all to all: y = x.
    pub recurrent: bool,
    /// How units compete; none: y = W x.
    pub competition: Option<Competition>,
    /// Learning rate η, of the mean over a batch.
    pub lr: f32,
    /// γ: what a decay that goes by no activity is multiplied by.
    pub gamma: f32,
    /// Steps after which η has fallen to its half: η / (1 + step / halving). None: η stays.
    pub halving: Option<u32>,
}

impl Hebbian {
    /// A connection from `inputs` to `units` by a rule, without competition, whose η stays; γ = 1.
    pub const fn new(inputs: u32, units: u32, rule: Rule, lr: f32) -> Self {
        Self { inputs, units, rule, recurrent: false, competition: None, lr, gamma: 1.0, halving: None }
    }

    /// The same inputs connected among themselves.
    pub const fn recurrent(inputs: u32, rule: Rule, lr: f32) -> Self {
        Self { recurrent: true, ..Self::new(inputs, inputs, rule, lr) }
    }

    /// W's connection, and R's.
    pub const fn connection(&self) -> Connection {
        Connection::full(Shape::flat(self.inputs), self.units)
    }

    /// That of the units' covariance.
    const fn lateral(&self) -> Connection {
        Connection::full(Shape::flat(self.units), self.units)
    }
}
