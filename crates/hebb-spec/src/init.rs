//! The random start of the weights: uniform in ±b, Glorot's b = √(6 / (fan_in + fan_out)), W and R drawn apart.

use crate::connection::Connection;
use crate::rng::{Purpose, Stream};

/// Glorot's bound of a connection.
pub fn glorot_bound(connection: &Connection) -> f32 {
    (6.0 / (f64::from(connection.fan_in()) + f64::from(connection.fan_out()))).sqrt() as f32
}

/// Weights of layer `layer` in a checkpoint's order; `purpose` is `InitW` or `InitR`.
pub fn glorot(connection: &Connection, seed: u64, purpose: Purpose, layer: u32) -> Vec<f32> {
    let bound = glorot_bound(connection);
    let stream = Stream::new(seed, purpose, layer, 0);
    (0..connection.weights() as u64).map(|index| (2.0 * stream.unit(index) - 1.0) * bound).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;

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
