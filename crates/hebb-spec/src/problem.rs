//! Kernel problems: one typed shape for each kernel call, all that a kernel or its twin needs but the data.
//!
//! Activity and δ lie as `[channel][row][column][image]`, images padded to a multiple of four; weights as
//! `[input channel][filter row][filter column][output channel, padded to four]`, R in W's own order.

use crate::Shape;
use crate::connection::{Connection, LANE, MASK_BITS, vectors};
use crate::pool::Pool;
use crate::rule::Loss;

pub use crate::learning::{Learning, Magnitudes, drop_scale, drop_threshold, split_places, update_splits};

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
    /// R δ, then σ′. Tensors: R, δ of the output (read), [a second δ of the input (read), if any], [x of the input
    /// (read), if gated], δ of the input (write). Equation (2).
    ConnectFeedback {
        /// Geometry.
        connection: Connection,
        /// Pictures in a batch.
        batch: u32,
        /// Whether a second δ, past a SUM, is added before σ′.
        skip: bool,
        /// Slope of the σ below, where σ′ is applied here: 0 where |x| = 1, else the slope.
        gate: Option<f32>,
    },
    /// ⟨δ xᵀ⟩ into W and R at once. Tensors: δ, x (read), W (update), [R (update), if ε], [masks of W and R (read)].
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
    /// Adds partial sums in order and changes W and R. Tensors: sums (read), W (update), [R (update), if ε], [masks of W
    /// and R (read)].
    ConnectApply {
        /// Geometry.
        connection: Connection,
        /// Number of runs.
        splits: u32,
        /// What to do with the sums.
        learning: Learning,
    },
    /// R's signs from W. Tensors: W (read), R (update where its magnitudes are kept, else write).
    SignFeedback {
        /// Geometry.
        connection: Connection,
        /// Where the magnitudes come from.
        magnitudes: Magnitudes,
    },
    /// x of a SUM. Tensors: x of both layers (read), their sum (write).
    SumForward {
        /// Number of units.
        units: u32,
        /// Pictures in a batch.
        batch: u32,
    },
    /// δ of a SUM through the σ′ of its second layer. Tensors: δ of the sum, the second layer's x (read), its δ (write).
    SumFeedback {
        /// Number of units.
        units: u32,
        /// Pictures in a batch.
        batch: u32,
        /// Slope of σ.
        slope: f32,
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
    /// The label as a δ: −1 at its class, 0 elsewhere. Tensors: labels (read), δ (write).
    TargetDelta {
        /// Number of classes.
        classes: u32,
        /// Pictures in a batch.
        batch: u32,
    },
    /// Partial sums of a, b, a², b², a·b over two tensors, W and R or two δ. Tensors: a, b (read), [their masks (read),
    /// if masked], sums (write).
    PairStatistics {
        /// Four-vectors of each.
        vectors: u32,
        /// Whether only pairs count of which both are there.
        masked: bool,
    },
    /// Partial counts of units that stand at ±1. Tensors: x (read), counts (write).
    Saturation {
        /// Number of units.
        units: u32,
        /// Pictures in a batch.
        batch: u32,
    },
}

/// Four-byte words of one picture, as the host sends it.
pub const fn image_words(shape: Shape) -> u32 {
    shape.units().div_ceil(4)
}

/// Floats of an activity tensor: units × images padded to four.
pub const fn activity_len(units: u32, batch: u32) -> usize {
    units as usize * (vectors(batch) * LANE) as usize
}

impl Problem {
    /// Four-vectors that one group of `PairStatistics` or `Saturation` sums.
    pub const STATISTICS_CHUNK: u32 = 2048;
    /// Floats that one group of `PairStatistics` writes: five sums, padded.
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
            Problem::TargetDelta { .. } => "target_delta",
            Problem::SignFeedback { .. } => "sign_feedback",
            Problem::SumForward { .. } => "sum_forward",
            Problem::SumFeedback { .. } => "sum_feedback",
            Problem::PairStatistics { .. } => "pair_statistics",
            Problem::Saturation { .. } => "saturation",
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
            Problem::ConnectFeedback { connection: c, batch, skip, gate } => {
                let input = activity_len(c.input.units(), batch);
                let mut tensors = vec![(Read, c.device_len()), (Read, activity_len(c.output.units(), batch))];
                tensors.extend(skip.then_some((Read, input)));
                tensors.extend(gate.map(|_| (Read, input)));
                tensors.push((Write, input));
                tensors
            }
            Problem::ConnectUpdate { connection: c, batch, learning } => {
                let mut tensors =
                    vec![(Read, activity_len(c.output.units(), batch)), (Read, activity_len(c.input.units(), batch))];
                tensors.extend(learning.tensors(&c));
                tensors
            }
            Problem::ConnectPartial { connection: c, batch, splits } => vec![
                (Read, activity_len(c.output.units(), batch)),
                (Read, activity_len(c.input.units(), batch)),
                (Write, c.device_len() * splits as usize),
            ],
            Problem::ConnectApply { connection: c, splits, learning } => {
                let mut tensors = vec![(Read, c.device_len() * splits as usize)];
                tensors.extend(learning.tensors(&c));
                tensors
            }
            Problem::SignFeedback { connection: c, magnitudes } => {
                let r = if magnitudes == Magnitudes::Kept { Update } else { Write };
                vec![(Read, c.device_len()), (r, c.device_len())]
            }
            Problem::SumForward { units, batch } | Problem::SumFeedback { units, batch, .. } => {
                let len = activity_len(units, batch);
                vec![(Read, len), (Read, len), (Write, len)]
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
            Problem::TargetDelta { classes, batch } => {
                vec![(Read, activity_len(1, batch)), (Write, activity_len(classes, batch))]
            }
            Problem::PairStatistics { vectors, masked } => {
                let len = (vectors * LANE) as usize;
                let mut tensors = vec![(Read, len), (Read, len)];
                if masked {
                    tensors.extend([(Read, len.div_ceil(MASK_BITS)), (Read, len.div_ceil(MASK_BITS))]);
                }
                tensors.push((Write, Self::statistics_groups(vectors) * Self::STATISTICS_LEN));
                tensors
            }
            Problem::Saturation { units, batch } => {
                let len = activity_len(units, batch);
                vec![(Read, len), (Write, Self::statistics_groups((len / LANE as usize) as u32))]
            }
        }
    }

    /// Groups of `PairStatistics` or `Saturation`, each with sums of its own.
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
            Problem::Dropout { units, batch, .. }
            | Problem::SumForward { units, batch }
            | Problem::SumFeedback { units, batch, .. }
            | Problem::Saturation { units, batch } => u64::from(units) * u64::from(batch),
            Problem::SignFeedback { connection, .. } => connection.weights() as u64,
            Problem::Loss { classes, batch, .. } => 4 * u64::from(classes) * u64::from(batch),
            Problem::TargetDelta { classes, batch } => u64::from(classes) * u64::from(batch),
            Problem::PairStatistics { vectors, .. } => 8 * u64::from(vectors) * u64::from(LANE),
        }
    }

    /// Bytes that must at least be read and written.
    pub fn bytes(&self) -> u64 {
        let touch = |access| if access == Access::Update { 8 } else { 4 };
        self.tensors().into_iter().map(|(access, len)| touch(access) * len as u64).sum()
    }
}
