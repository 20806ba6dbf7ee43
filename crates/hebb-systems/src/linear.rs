//! Linear networks of section 5 of Amit (2019): σ(x) = x, a quadratic loss, and feedback weights that take a share ε of
//! each increment.
//!
//! y = W_k … W_1 x, and with E = T − W_k … W_1 for X = I, equation (9): Ẇ_i = R_{i+1} … R_k E W_1ᵗ … W_{i−1}ᵗ, and
//! Ṙ_i = ε Ẇ_iᵗ; back-propagation has W_iᵗ in R_i's place. A step is one of Euler's, of length η, on the sum over all
//! records. R_1, which sends nothing, learns as the others do, so that its correlation with W_1 can be told.

mod fields;
mod system;

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::settings::SettingError;

use crate::layered::Rule;

pub use fields::FIELDS;

/// A linear network, and how it learns.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Units of the input and of each layer: 40, 100, 100, 10.
    pub sizes: Vec<u32>,
    /// Back-propagation, or random feedback with a share ε: [`Rule::BP`], [`Rule::FRFB`] or [`Rule::urfb`].
    pub rule: Rule,
    /// Length of a step, η: the factor of the sum over all records.
    pub lr: f32,
    /// Standard deviation of the random start, uniform: of R; under back-propagation of W. W starts as 0 else.
    pub start_sd: f32,
    /// Standard deviation of the normal entries of the matrices whose product is T.
    pub target_sd: f32,
}

impl Default for Linear {
    /// The network of figure 12. The paper's text has neither η nor the scale of R(0).
    fn default() -> Self {
        Self { sizes: vec![40, 100, 100, 10], rule: Rule::URFB, lr: 0.001, start_sd: 0.12, target_sd: 0.2 }
    }
}

impl Linear {
    /// The rules that it learns by.
    pub const RULES: [Rule; 3] = [Rule::BP, Rule::FRFB, Rule::URFB];

    /// Numbers of an input.
    pub fn inputs(&self) -> u32 {
        self.sizes.first().copied().unwrap_or(0)
    }

    /// Numbers of an output.
    pub fn outputs(&self) -> u32 {
        self.sizes.last().copied().unwrap_or(0)
    }

    /// Number of layers, k.
    pub fn layers(&self) -> u32 {
        self.sizes.len().saturating_sub(1) as u32
    }

    /// The layers' connections, from layer 1.
    pub fn connections(&self) -> impl Iterator<Item = Connection> + '_ {
        self.sizes.windows(2).map(|pair| Connection::full(Shape::flat(pair[0]), pair[1]))
    }

    /// The targets of X = I, record by record: T = (W₁* … W_k*)ᵗ with normal entries, drawn from the seed, so that record i
    /// has row i of the product. A pure function of network and seed, but for the last bits of the machine's logarithm and
    /// cosine.
    pub fn targets(&self, seed: u64) -> Vec<f32> {
        let inputs = self.inputs() as usize;
        let mut product: Vec<f64> =
            (0..inputs * inputs).map(|at| f64::from(u8::from(at % (inputs + 1) == 0))).collect();
        for (layer, pair) in (1..).zip(self.sizes.windows(2)) {
            let (below, above) = (pair[0] as usize, pair[1] as usize);
            let stream = Stream::new(seed, Purpose::Teacher, layer, 0);
            let matrix: Vec<f64> =
                (0..(below * above) as u64).map(|at| f64::from(self.target_sd) * stream.normal(at)).collect();
            let rows = product.chunks_exact(below.max(1));
            product = rows
                .flat_map(|row| {
                    let entry =
                        |column| row.iter().zip(matrix.iter().skip(column).step_by(above)).map(|(a, b)| a * b).sum();
                    (0..above).map(entry).collect::<Vec<f64>>()
                })
                .collect();
        }
        product.into_iter().map(|value| value as f32).collect()
    }

    /// Whether every number is in its range, whoever set it.
    pub fn check(&self) -> Result<(), SettingError> {
        for field in FIELDS.iter() {
            if let Some(value) = (field.get)(self) {
                let fail = |problem| SettingError { key: field.key.to_owned(), value: value.to_string(), problem };
                (field.set)(&mut self.clone(), &value).map_err(fail)?;
            }
        }
        Ok(())
    }

    /// Whether R has weights of its own.
    fn has_r(&self) -> bool {
        self.rule.has_r()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_a_product_of_normal_matrices() {
        let linear = Linear::default();
        let target = linear.targets(1);
        assert_eq!(target.len(), 400);
        let variance = target.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / 400.0;
        // 100 · 100 products of three numbers of variance 0.04 each.
        assert!((variance / 0.64 - 1.0).abs() < 0.3, "{variance}");
        assert_ne!(target, linear.targets(2));
        let small = Linear { sizes: vec![2, 1, 3], target_sd: 1.0, ..linear };
        let of = |layer, at| Stream::new(7, Purpose::Teacher, layer, 0).normal(at);
        let wanted: Vec<f32> = (0..6).map(|at| (of(1, at / 3) * of(2, at % 3)) as f32).collect();
        assert_eq!(small.targets(7), wanted, "record by record");
    }

    #[test]
    fn a_programs_numbers_are_held_to_the_same_ranges() {
        assert_eq!(Linear::default().check(), Ok(()));
        let error = |linear: Linear| linear.check().unwrap_err().to_string();
        assert_eq!(error(Linear { lr: f32::NAN, ..Linear::default() }), "lr = NaN: write a number above 0");
        assert!(error(Linear { sizes: vec![3], ..Linear::default() }).starts_with("sizes = 3: "));
        assert!(error(Linear { rule: Rule::DFA, ..Linear::default() }).starts_with("rule = dfa: "));
    }
}
