//! The random start of the weights: uniform in ±b, Glorot's b = √(6 / (fan_in + fan_out)), W and R drawn apart.

use crate::connection::Connection;
use crate::layout::Layout;
use crate::rng::{Purpose, Stream};

/// Glorot's bound of a connection.
pub fn glorot_bound(connection: &Connection) -> f32 {
    (6.0 / (f64::from(connection.fan_in()) + f64::from(connection.fan_out()))).sqrt() as f32
}

/// The one magnitude of uniform sign-symmetric feedback: s = √(2 / (fan_in + fan_out)).
pub fn uniform_magnitude(connection: &Connection) -> f32 {
    (2.0 / (f64::from(connection.fan_in()) + f64::from(connection.fan_out()))).sqrt() as f32
}

/// Weights of layer `layer` in a checkpoint's order; `purpose` is `InitW`, `InitR` or `InitB`. Taps outside the image
/// are 0.
pub fn glorot(connection: &Connection, seed: u64, purpose: Purpose, layer: u32) -> Vec<f32> {
    uniform(connection, glorot_bound(connection), Stream::new(seed, purpose, layer, 0))
}

fn uniform(connection: &Connection, bound: f32, stream: Stream) -> Vec<f32> {
    let mut weights: Vec<f32> =
        (0..connection.len() as u64).map(|index| (2.0 * stream.unit(index) - 1.0) * bound).collect();
    connection.each_outside(|index| weights[index] = 0.0);
    weights
}

/// One filter, of the tied connection, at every place of the untied one. Taps outside the image are 0.
///
/// # Panics
/// If `filter` has another length than the tied connection's weights.
pub fn at_every_place(connection: &Connection, filter: &[f32]) -> Vec<f32> {
    assert_eq!(filter.len(), connection.tie().len(), "one filter of {connection:?}");
    let mut weights = filter.repeat(connection.filters() as usize);
    connection.each_outside(|index| weights[index] = 0.0);
    weights
}

/// The mask of a sparse layer in a checkpoint's order: 1 where there is a weight, each with probability `density`, by
/// itself. `purpose` is `MaskW` or `MaskR`. Taps outside the image are 0.
pub fn mask(connection: &Connection, seed: u64, purpose: Purpose, layer: u32, density: f32) -> Vec<f32> {
    let stream = Stream::new(seed, purpose, layer, 0);
    let there = |index| f32::from(u8::from(stream.unit(index) < density));
    let mut mask: Vec<f32> = (0..connection.len() as u64).map(there).collect();
    connection.each_outside(|index| mask[index] = 0.0);
    mask
}

/// How a parameter starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// As 0.
    Zero,
    /// Uniform in ±bound.
    Uniform {
        /// The largest size.
        bound: f32,
        /// What the numbers are for.
        purpose: Purpose,
        /// The layer, from 1: part of the numbers' address.
        layer: u32,
        /// Whether all places of an untied layer start with one filter, that of the tied layer.
        one_filter: bool,
    },
    /// 1 with a probability, else 0: a mask.
    Bernoulli {
        /// The probability.
        density: f32,
        /// What the numbers are for.
        purpose: Purpose,
        /// The layer, from 1: part of the numbers' address.
        layer: u32,
    },
}

impl Start {
    /// Glorot's range of a connection.
    pub fn glorot(connection: &Connection, purpose: Purpose, layer: u32) -> Self {
        Self::Uniform { bound: glorot_bound(connection), purpose, layer, one_filter: false }
    }

    /// The numbers, a pure function of seed and address. Only weights and masks are drawn.
    pub fn draw(&self, layout: &Layout, seed: u64) -> Vec<f32> {
        match (*self, layout) {
            (Start::Uniform { bound, purpose, layer, one_filter }, Layout::Weights(connection)) => {
                if one_filter && connection.untied {
                    at_every_place(connection, &uniform(&connection.tie(), bound, Stream::new(seed, purpose, layer, 0)))
                } else {
                    uniform(connection, bound, Stream::new(seed, purpose, layer, 0))
                }
            }
            (Start::Bernoulli { density, purpose, layer }, Layout::Mask(connection)) => {
                mask(connection, seed, purpose, layer, density)
            }
            _ => vec![0.0; layout.len()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;

    #[test]
    fn a_tied_start_copies_one_filter() {
        let connection = Connection::conv(Shape::new(1, 2, 1), 1, 2, 1).untie();
        assert_eq!(at_every_place(&connection, &[3.0, 4.0]), [3.0, 4.0, 3.0, 0.0]);
        assert_eq!(glorot(&connection, 1, Purpose::InitW, 1)[3], 0.0);
    }

    #[test]
    fn a_mask_has_its_density_and_nothing_outside() {
        let connection = Connection::conv(Shape::new(8, 9, 9), 8, 3, 3).untie();
        let drawn = mask(&connection, 1, Purpose::MaskW, 1, 0.25);
        let share = drawn.iter().map(|&bit| f64::from(bit)).sum::<f64>() / connection.weights() as f64;
        assert!((share - 0.25).abs() < 0.01, "{share}");
        connection.each_outside(|index| assert_eq!(drawn[index], 0.0));
        assert_ne!(drawn, mask(&connection, 1, Purpose::MaskR, 1, 0.25));
    }

    #[test]
    fn weights_fill_glorots_range() {
        let connection = Connection::full(Shape::flat(100), 100);
        let weights = glorot(&connection, 1, Purpose::InitW, 2);
        let bound = glorot_bound(&connection);
        let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
        assert!((bound - (6.0_f32 / 200.0).sqrt()).abs() < 1e-7);
        assert!(largest <= bound && largest > 0.99 * bound, "{largest} of {bound}");
        let variance = weights.iter().map(|w| f64::from(w * w)).sum::<f64>() / weights.len() as f64;
        assert!((variance / (f64::from(bound).powi(2) / 3.0) - 1.0).abs() < 0.05);
        assert_ne!(weights, glorot(&connection, 1, Purpose::InitR, 2));
    }
}
