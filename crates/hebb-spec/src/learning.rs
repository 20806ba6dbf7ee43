//! Constants of the learning kernels, and how the update of a tied connection is split.

use crate::connection::Connection;
use crate::problem::Access;

/// How W and R learn from ⟨δ xᵀ⟩: W ← keep · W + scale · Σ δ x, and R likewise with ε · scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learning {
    /// η divided by the batch.
    pub scale: f32,
    /// What decay leaves of W and R: 1 without decay.
    pub keep: f32,
    /// Share of the increment that R gets; `None` where R does not change.
    pub epsilon: Option<f32>,
    /// Whether masks, one for W and one for R, tell which weights there are.
    pub masked: bool,
}

impl Learning {
    /// Learning without decay or masks.
    pub const fn new(scale: f32, epsilon: Option<f32>) -> Self {
        Self { scale, keep: 1.0, epsilon, masked: false }
    }

    /// The weights that change, and the masks: W, [R, if ε], [W's mask, [R's mask, if ε], if masked].
    pub(crate) fn tensors(&self, connection: &Connection) -> Vec<(Access, usize)> {
        let count = 1 + usize::from(self.epsilon.is_some());
        let mut tensors = vec![(Access::Update, connection.device_len()); count];
        if self.masked {
            tensors.extend(vec![(Access::Read, connection.mask_len()); count]);
        }
        tensors
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

/// Bits below which a unit's random word drops it.
pub fn drop_threshold(probability: f32) -> u32 {
    (f64::from(probability) * 4_294_967_296.0).round().min(4_294_967_295.0) as u32
}

/// What survivors of a dropout are multiplied by: 1 / (1 − p).
pub fn drop_scale(probability: f32) -> f32 {
    (1.0 / (1.0 - f64::from(probability))) as f32
}

/// Runs of places into which a connection's update is split, so that small filters on large pictures still fill a
/// device: about 2¹⁸ sums at a time. 1: no split.
pub fn update_splits(connection: &Connection) -> u32 {
    if connection.untied {
        return 1; // Each place has weights of its own to sum into.
    }
    let wanted = (1 << 18) / connection.device_len().max(1);
    (wanted as u32).clamp(1, connection.input.places())
}

/// The run of places of one split: all runs are equally long, but for one place that the first runs have more.
pub const fn split_places(places: u32, splits: u32, split: u32) -> std::ops::Range<u32> {
    let (length, longer) = (places / splits, places % splits);
    let first = split * length + if split < longer { split } else { longer };
    first..first + length + (split < longer) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;

    #[test]
    fn splits_fill_small_filters_only() {
        let conv = Connection::conv(Shape::new(3, 32, 32), 32, 5, 5);
        assert_eq!(update_splits(&conv), 109);
        assert_eq!(update_splits(&Connection::full(Shape::new(32, 16, 16), 500)), 1);
        assert_eq!(update_splits(&Connection::conv(Shape::new(1, 2, 2), 1, 1, 1)), 4);
    }

    #[test]
    fn runs_of_places_follow_each_other() {
        for (places, splits) in [(1, 1), (35, 8), (90_000, 70_000), (1024, 109)] {
            let mut next = 0;
            for split in 0..splits {
                let run = split_places(places, splits, split);
                assert!(run.start == next && !run.is_empty(), "split {split} of {places} in {splits}");
                next = run.end;
            }
            assert_eq!(next, places);
        }
    }

    #[test]
    fn drop_constants_are_exact_where_they_can_be() {
        assert_eq!(drop_threshold(0.5), 1 << 31);
        assert_eq!(drop_threshold(0.0), 0);
        assert_eq!(drop_scale(0.5), 2.0);
        assert!((drop_scale(0.8) - 5.0).abs() < 1e-5);
    }
}
