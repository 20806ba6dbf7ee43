//! Kernel problems: one typed shape for each kernel call, all that a kernel or its twin needs but the data.
//!
//! Activity and δ lie as `[channel][row][column][image]`, images padded to a multiple of four; weights as
//! `[input channel][filter row][filter column][output channel, padded to four]`, R in W's own order.

use crate::Shape;
use crate::connection::{Connection, LANE, vectors};
use crate::pool::Pool;
use crate::rule::Loss;

/// How a kernel uses one of its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only read.
    Read,
    /// Wholly written, never read.
    Write,
    /// Read and changed in place.
    Update,
}

/// How W and R learn from ⟨δ xᵀ⟩.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learning {
    /// η divided by the batch.
    pub scale: f32,
    /// Share of the increment that R gets; `None` where R does not change.
    pub epsilon: Option<f32>,
}

/// One kernel call's shape and constants. Each variant names its tensors in binding order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Problem {
    /// Pictures → activity, pixel / 255. Tensors: images (read), activity (write).
    GatherImages {
        /// Shape of a picture.
        shape: Shape,
        /// Pictures in a batch.
        batch: u32,
    },
    /// h = W x, then σ. Tensors: W, x (read), x of the next layer (write). Equation (1).
    ConnectForward {
        /// Geometry.
        connection: Connection,
        /// Pictures in a batch.
        batch: u32,
        /// Slope of σ = clip(slope · h, −1, 1); `None` at the output layer.
        slope: Option<f32>,
    },
    /// R δ, then σ′. Tensors: R, δ of the output (read), [x of the input (read), if gated], δ of the input (write). Equation (2).
    ConnectFeedback {
        /// Geometry.
        connection: Connection,
        /// Pictures in a batch.
        batch: u32,
        /// Slope of the σ below, where σ′ is applied here: 0 where |x| = 1, else the slope.
        gate: Option<f32>,
    },
    /// ⟨δ xᵀ⟩ into W and R at once. Tensors: δ, x (read), W (update), [R (update), if ε].
    ConnectUpdate {
        /// Geometry.
        connection: Connection,
        /// Pictures in a batch.
        batch: u32,
        /// What to do with the sums.
        learning: Learning,
    },
    /// Partial sums of δ xᵀ over `splits` runs of places. Tensors: δ, x (read), sums (write).
    ConnectPartial {
        /// Geometry.
        connection: Connection,
        /// Pictures in a batch.
        batch: u32,
        /// Number of runs.
        splits: u32,
    },
    /// Adds partial sums in order and changes W and R. Tensors: sums (read), W (update), [R (update), if ε].
    ConnectApply {
        /// Geometry.
        connection: Connection,
        /// Number of runs.
        splits: u32,
        /// What to do with the sums.
        learning: Learning,
    },
    /// Maximum of each window. Tensors: x (read), y (write).
    PoolForward {
        /// Geometry.
        pool: Pool,
        /// Pictures in a batch.
        batch: u32,
    },
    /// δ to the maxima of each window, then σ′. Tensors: x, y, δ of y (read), [the gate's x (read), if gated], δ of x
    /// (write).
    PoolFeedback {
        /// Geometry.
        pool: Pool,
        /// Pictures in a batch.
        batch: u32,
        /// Slope of the σ below, where σ′ is applied here.
        gate: Option<f32>,
    },
    /// Sets a fraction to zero and scales the rest; its own feedback. Tensors: x (read), y (write).
    Dropout {
        /// Number of units.
        units: u32,
        /// Pictures in a batch.
        batch: u32,
        /// Which dropout of the network, from 1: part of the mask's address.
        index: u32,
        /// The fraction set to zero.
        probability: f32,
    },
    /// δ_L, the loss and the errors. Tensors: x_L, labels (read), δ_L, predictions, sums (write). Equations (4), (6).
    Loss {
        /// Number of classes.
        classes: u32,
        /// Pictures in a batch.
        batch: u32,
        /// Hinge or softmax.
        loss: Loss,
        /// The hinge loss's balancing factor.
        mu: f32,
    },
    /// Partial sums of w, r, w², r², w·r over all weights. Tensors: W, R (read), sums (write).
    WeightStatistics {
        /// Four-vectors of weights.
        vectors: u32,
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

/// Four-byte words of one picture, as the host sends it.
pub const fn image_words(shape: Shape) -> u32 {
    shape.units().div_ceil(4)
}

/// Floats of an activity tensor: units × images padded to four.
pub const fn activity_len(units: u32, batch: u32) -> usize {
    units as usize * (vectors(batch) * LANE) as usize
}

/// Runs of places into which a connection's update is split, so that small filters on large pictures still fill a
/// device: about 2¹⁸ sums at a time. 1: no split.
pub fn update_splits(connection: &Connection) -> u32 {
    let wanted = (1 << 18) / connection.device_len().max(1);
    (wanted as u32).clamp(1, connection.input.places())
}

/// The run of places of one split: all runs are equally long, but for one place that the first runs have more.
pub const fn split_places(places: u32, splits: u32, split: u32) -> std::ops::Range<u32> {
    let (length, longer) = (places / splits, places % splits);
    let first = split * length + if split < longer { split } else { longer };
    first..first + length + (split < longer) as u32
}

impl Problem {
    /// Four-vectors that one group of `WeightStatistics` sums.
    pub const STATISTICS_CHUNK: u32 = 2048;
    /// Floats that one group of `WeightStatistics` writes: five sums, padded.
    pub const STATISTICS_LEN: usize = 8;
    /// Floats of the sums that `Loss` writes: loss and errors, padded.
    pub const LOSS_SUMS: usize = 4;

    /// The kernel's stem: its shader, dispatcher, twin and parity test bear this name.
    pub const fn stem(&self) -> &'static str {
        match self {
            Problem::GatherImages { .. } => "gather_images",
            Problem::ConnectForward { .. } => "connect_forward",
            Problem::ConnectFeedback { .. } => "connect_feedback",
            Problem::ConnectUpdate { .. } | Problem::ConnectPartial { .. } => "connect_update",
            Problem::ConnectApply { .. } => "connect_apply",
            Problem::PoolForward { .. } => "pool_forward",
            Problem::PoolFeedback { .. } => "pool_feedback",
            Problem::Dropout { .. } => "dropout",
            Problem::Loss { .. } => "loss",
            Problem::WeightStatistics { .. } => "weight_statistics",
        }
    }

    /// Each tensor's use and length in elements (4 bytes each), in binding order.
    pub fn tensors(&self) -> Vec<(Access, usize)> {
        use Access::{Read, Update, Write};
        match *self {
            Problem::GatherImages { shape, batch } => {
                vec![(Read, image_words(shape) as usize * batch as usize), (Write, activity_len(shape.units(), batch))]
            }
            Problem::ConnectForward { connection: c, batch, .. } => vec![
                (Read, c.device_len()),
                (Read, activity_len(c.input.units(), batch)),
                (Write, activity_len(c.output.units(), batch)),
            ],
            Problem::ConnectFeedback { connection: c, batch, gate } => {
                let input = activity_len(c.input.units(), batch);
                let mut tensors = vec![(Read, c.device_len()), (Read, activity_len(c.output.units(), batch))];
                tensors.extend(gate.map(|_| (Read, input)));
                tensors.push((Write, input));
                tensors
            }
            Problem::ConnectUpdate { connection: c, batch, learning } => {
                let mut tensors = vec![
                    (Read, activity_len(c.output.units(), batch)),
                    (Read, activity_len(c.input.units(), batch)),
                    (Update, c.device_len()),
                ];
                tensors.extend(learning.epsilon.map(|_| (Update, c.device_len())));
                tensors
            }
            Problem::ConnectPartial { connection: c, batch, splits } => vec![
                (Read, activity_len(c.output.units(), batch)),
                (Read, activity_len(c.input.units(), batch)),
                (Write, c.device_len() * splits as usize),
            ],
            Problem::ConnectApply { connection: c, splits, learning } => {
                let mut tensors = vec![(Read, c.device_len() * splits as usize), (Update, c.device_len())];
                tensors.extend(learning.epsilon.map(|_| (Update, c.device_len())));
                tensors
            }
            Problem::PoolForward { pool, batch } => vec![
                (Read, activity_len(pool.input.units(), batch)),
                (Write, activity_len(pool.output().units(), batch)),
            ],
            Problem::PoolFeedback { pool, batch, gate } => {
                let (input, output) =
                    (activity_len(pool.input.units(), batch), activity_len(pool.output().units(), batch));
                let mut tensors = vec![(Read, input), (Read, output), (Read, output)];
                tensors.extend(gate.map(|_| (Read, input)));
                tensors.push((Write, input));
                tensors
            }
            Problem::Dropout { units, batch, .. } => {
                vec![(Read, activity_len(units, batch)), (Write, activity_len(units, batch))]
            }
            Problem::Loss { classes, batch, .. } => vec![
                (Read, activity_len(classes, batch)),
                (Read, activity_len(1, batch)),
                (Write, activity_len(classes, batch)),
                (Write, activity_len(1, batch)),
                (Write, Self::LOSS_SUMS),
            ],
            Problem::WeightStatistics { vectors } => {
                let weights = (vectors * LANE) as usize;
                vec![(Read, weights), (Read, weights), (Write, Self::statistics_groups(vectors) * Self::STATISTICS_LEN)]
            }
        }
    }

    /// Groups of `WeightStatistics`, each with sums of its own.
    pub const fn statistics_groups(vectors: u32) -> usize {
        vectors.div_ceil(Self::STATISTICS_CHUNK) as usize
    }

    /// Floating-point operations: two for each multiply-add of the connections, one for each unit or tap elsewhere.
    pub fn flops(&self) -> u64 {
        match *self {
            Problem::ConnectForward { connection, batch, .. }
            | Problem::ConnectFeedback { connection, batch, .. }
            | Problem::ConnectUpdate { connection, batch, .. }
            | Problem::ConnectPartial { connection, batch, .. } => 2 * connection.multiply_adds() * u64::from(batch),
            Problem::ConnectApply { connection, splits, .. } => connection.weights() as u64 * (u64::from(splits) + 4),
            Problem::PoolForward { pool, batch } | Problem::PoolFeedback { pool, batch, .. } => {
                u64::from(pool.output().units()) * u64::from(pool.size).pow(2) * u64::from(batch)
            }
            Problem::GatherImages { shape, batch } => u64::from(shape.units()) * u64::from(batch),
            Problem::Dropout { units, batch, .. } => u64::from(units) * u64::from(batch),
            Problem::Loss { classes, batch, .. } => 4 * u64::from(classes) * u64::from(batch),
            Problem::WeightStatistics { vectors } => 8 * u64::from(vectors * LANE),
        }
    }

    /// Bytes that must at least be read and written.
    pub fn bytes(&self) -> u64 {
        let touch = |access| if access == Access::Update { 8 } else { 4 };
        self.tensors().into_iter().map(|(access, len)| touch(access) * len as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
