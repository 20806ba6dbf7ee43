//! A system's parameters and states by name, and their numbers on the host.

use std::sync::Arc;

use crate::layout::Layout;
use crate::start::Start;

/// What becomes of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Training changes it, and a file to start from must have it.
    Learned,
    /// Training may change it; where a file to start from lacks it, it is drawn.
    Drawn,
    /// Training never changes it: a mask, or the matrix of a direct feedback. Drawn where a file lacks it.
    Fixed,
    /// No weight, but what a step leaves for the next.
    State,
}

/// A parameter or state of a system.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Its name, in the plan and in checkpoints.
    pub name: String,
    /// The layer that it belongs to, counted from 1.
    pub layer: u32,
    /// Its numbers.
    pub layout: Layout,
    /// What becomes of it.
    pub kind: Kind,
    /// How it starts.
    pub start: Start,
    /// The parameter that tells which of its numbers there are; the others are 0.
    pub mask: Option<String>,
}

/// The numbers of a parameter, in its layout's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    /// The parameter's name.
    pub name: String,
    /// Its layout.
    pub layout: Layout,
    /// Its numbers; of a mask 1 and 0.
    pub values: Arc<Vec<f32>>,
}

/// The numbers of all parameters and states of a system.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weights(pub Vec<Weight>);

impl Weights {
    /// Draws all of a system's parameters. What is no weight — masked, or beyond an image's edge — is 0.
    pub fn draw(params: &[Param], seed: u64) -> Self {
        let mut weights = Self::draw_everywhere(params, seed);
        weights.clear(params);
        weights
    }

    /// The same with numbers also where masks leave them out: other masks may yet come from a file.
    pub fn draw_everywhere(params: &[Param], seed: u64) -> Self {
        let draw = |param: &Param| {
            let values = Arc::new(param.start.draw(&param.layout, seed));
            Weight { name: param.name.clone(), layout: param.layout, values }
        };
        Self(params.iter().map(draw).collect())
    }

    /// A parameter's numbers.
    pub fn get(&self, name: &str) -> Option<&[f32]> {
        self.0.iter().find(|weight| weight.name == name).map(|weight| &weight.values[..])
    }

    /// A parameter's numbers, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Vec<f32>> {
        self.0.iter_mut().find(|weight| weight.name == name).map(|weight| Arc::make_mut(&mut weight.values))
    }

    /// Sets to 0 what is no weight. The names of those that had other numbers there, and how many.
    pub fn clear(&mut self, params: &[Param]) -> Vec<(String, usize)> {
        let mut cleared = Vec::new();
        for param in params {
            let mask = param.mask.as_deref().and_then(|mask| self.0.iter().find(|weight| weight.name == mask));
            let mask = mask.map(|mask| Arc::clone(&mask.values));
            let Some(values) = self.get_mut(&param.name) else { continue };
            let mut count = 0;
            let mut set = |value: &mut f32| {
                count += usize::from(*value != 0.0);
                *value = 0.0;
            };
            if let Layout::Weights(connection) | Layout::Mask(connection) = param.layout {
                connection.each_outside(|at| set(&mut values[at]));
            }
            for (value, there) in values.iter_mut().zip(mask.iter().flat_map(|mask| mask.iter())) {
                if *there == 0.0 {
                    set(value);
                }
            }
            if count > 0 {
                cleared.push((param.name.clone(), count));
            }
        }
        cleared
    }

    /// The first parameter with a value that is no finite number.
    pub fn not_finite(&self) -> Option<&str> {
        let spoilt = self.0.iter().find(|weight| weight.values.iter().any(|value| !value.is_finite()));
        spoilt.map(|weight| weight.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;
    use crate::connection::Connection;
    use crate::rng::Purpose;

    #[test]
    fn what_a_mask_leaves_out_is_cleared_and_counted() {
        let connection = Connection::full(Shape::flat(3), 1);
        let param = |name: &str, layout, mask: Option<&str>, start| Param {
            name: name.to_owned(),
            layer: 1,
            layout,
            kind: Kind::Learned,
            start,
            mask: mask.map(str::to_owned),
        };
        let start = Start::Uniform { bound: 1.0, purpose: Purpose::InitW, layer: 1, one_filter: false };
        let density = Start::Bernoulli { density: 0.5, purpose: Purpose::MaskW, layer: 1 };
        let params = [
            param("W1", Layout::Weights(connection), Some("W1.mask"), start),
            param("W1.mask", Layout::Mask(connection), None, density),
        ];
        let mut weights = Weights::draw_everywhere(&params, 7);
        *weights.get_mut("W1.mask").unwrap() = vec![1.0, 0.0, 1.0];
        assert_eq!(weights.clear(&params), [("W1".to_owned(), 1)]);
        assert_eq!((weights.get("W1").unwrap()[1], weights.get("absent")), (0.0, None));
        assert_eq!(weights.clear(&params), []);
        weights.get_mut("W1").unwrap()[2] = f32::NAN;
        assert_eq!(weights.not_finite(), Some("W1"));
    }
}
