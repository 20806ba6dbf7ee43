//! Kernel problems: one typed shape for each kernel call, all that a kernel or its twin needs but the data.

use std::fmt;

use crate::Shape;
use crate::connection::Connection;
use crate::lane4;
use crate::layout::Layout;
use crate::pool::Pool;

pub use crate::learning::{Competition, Decay, Learning, Loss, Magnitudes, Rate, drop_scale, drop_threshold};

/// One kernel call's shape and constants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Problem {
    /// Images → Y, pixel / 255.
    GatherImages {
        /// Shape of an image.
        shape: Shape,
        /// Images in a batch.
        batch: u32,
    },
    /// Y = σ(W X). Equation (1) of Amit (2019).
    ConnectForward {
        /// Geometry.
        connection: Connection,
        /// Images in a batch.
        batch: u32,
        /// Slope of σ = clip(slope · h, −1, 1); `None` where there is no σ.
        slope: Option<f32>,
    },
    /// Below = σ′ (Skip + R Delta). Equation (2).
    ConnectFeedback {
        /// Geometry.
        connection: Connection,
        /// Images in a batch.
        batch: u32,
        /// Whether a second δ, past a SUM, is added before σ′.
        skip: bool,
        /// Slope of the σ below, where σ′ is applied here: 0 where |Gate| = 1, else the slope.
        gate: Option<f32>,
    },
    /// ⟨Delta Xᵀ⟩ into W and, with ε, R at once.
    ConnectUpdate {
        /// Geometry.
        connection: Connection,
        /// Images in a batch.
        batch: u32,
        /// What to do with the sums.
        learning: Learning,
    },
    /// W = W − (rate · s) W, s = 1, or the sum over images and places of the activity at one end of each weight.
    Decay {
        /// Geometry.
        connection: Connection,
        /// Images in a batch.
        batch: u32,
        /// What s is.
        by: Decay,
        /// Which of the step's rates it is.
        rate: Rate,
    },
    /// R's signs from W.
    SignFeedback {
        /// Geometry.
        connection: Connection,
        /// Where the magnitudes come from.
        magnitudes: Magnitudes,
    },
    /// Y = X + X2: a SUM.
    SumForward {
        /// Number of units.
        units: u32,
        /// Images in a batch.
        batch: u32,
    },
    /// Y = X − X2.
    Difference {
        /// Number of units.
        units: u32,
        /// Images in a batch.
        batch: u32,
    },
    /// Y: which units win, or how much of it each has; 0 beyond the true images.
    Compete {
        /// Number of units.
        units: u32,
        /// Images in a batch.
        batch: u32,
        /// How they compete.
        competition: Competition,
    },
    /// Below = σ′ Delta: δ of a SUM through the σ′ of its second layer, whose activity is Gate.
    SumFeedback {
        /// Number of units.
        units: u32,
        /// Images in a batch.
        batch: u32,
        /// Slope of σ.
        slope: f32,
    },
    /// Y = the maximum of each window of X.
    PoolForward {
        /// Geometry.
        pool: Pool,
        /// Images in a batch.
        batch: u32,
    },
    /// Below = σ′ (Delta sent to the maxima Y of each window of X).
    PoolFeedback {
        /// Geometry.
        pool: Pool,
        /// Images in a batch.
        batch: u32,
        /// Slope of the σ below, where σ′ is applied here.
        gate: Option<f32>,
    },
    /// Y = X with a fraction set to zero and the rest scaled; its own feedback.
    Dropout {
        /// Number of units.
        units: u32,
        /// Images in a batch.
        batch: u32,
        /// Which dropout of the network, from 1: part of the mask's address.
        index: u32,
        /// The fraction set to zero.
        probability: f32,
    },
    /// Delta = −∂loss/∂X, Predictions, and Sums: loss and errors. Equations (4), (6).
    Loss {
        /// Number of classes.
        classes: u32,
        /// Images in a batch.
        batch: u32,
        /// Which.
        loss: Loss,
        /// The hinge loss's balancing factor.
        mu: f32,
    },
    /// Delta = −1 at the label's class, 0 elsewhere.
    TargetDelta {
        /// Number of classes.
        classes: u32,
        /// Images in a batch.
        batch: u32,
    },
    /// Sums: partial sums of a, b, a², b², a·b over two tensors of one layout, W and R or two δ, in rows of
    /// [`Problem::STATISTICS_LEN`] that a host adds up.
    PairStatistics {
        /// The layout of both.
        of: Layout,
        /// Whether only pairs count of which both are there.
        masked: bool,
    },
    /// Sums: partial counts of X's units that stand at ±1.
    Saturation {
        /// Number of units.
        units: u32,
        /// Images in a batch.
        batch: u32,
    },
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
            Problem::ConnectUpdate { .. } => "connect_update",
            Problem::PoolForward { .. } => "pool_forward",
            Problem::PoolFeedback { .. } => "pool_feedback",
            Problem::Dropout { .. } => "dropout",
            Problem::Loss { .. } => "loss",
            Problem::TargetDelta { .. } => "target_delta",
            Problem::Decay { .. } => "decay",
            Problem::SignFeedback { .. } => "sign_feedback",
            Problem::SumForward { .. } => "sum_forward",
            Problem::Difference { .. } => "difference",
            Problem::Compete { .. } => "compete",
            Problem::SumFeedback { .. } => "sum_feedback",
            Problem::PairStatistics { .. } => "pair_statistics",
            Problem::Saturation { .. } => "saturation",
        }
    }

    /// Images in a batch; 0 where a problem has none.
    pub const fn batch(&self) -> u32 {
        match *self {
            Problem::GatherImages { batch, .. }
            | Problem::ConnectForward { batch, .. }
            | Problem::ConnectFeedback { batch, .. }
            | Problem::ConnectUpdate { batch, .. }
            | Problem::Decay { batch, .. }
            | Problem::SumForward { batch, .. }
            | Problem::Difference { batch, .. }
            | Problem::Compete { batch, .. }
            | Problem::SumFeedback { batch, .. }
            | Problem::PoolForward { batch, .. }
            | Problem::PoolFeedback { batch, .. }
            | Problem::Dropout { batch, .. }
            | Problem::Loss { batch, .. }
            | Problem::TargetDelta { batch, .. }
            | Problem::Saturation { batch, .. } => batch,
            Problem::SignFeedback { .. } => 0,
            Problem::PairStatistics { of, .. } => match of {
                Layout::Activity { batch, .. } => batch,
                _ => 0,
            },
        }
    }

    /// Names kernel, shape and batch in one line: what a choice of variants goes by. Problems that differ in constants
    /// alone, such as a slope, share it.
    pub fn key(&self) -> String {
        match self.batch() {
            0 => format!("{} {self}", self.stem()),
            batch => format!("{} {self}, batch {batch}", self.stem()),
        }
    }

    /// The same of so many images, where it has any.
    pub const fn with_batch(mut self, images: u32) -> Self {
        match &mut self {
            Problem::GatherImages { batch, .. }
            | Problem::ConnectForward { batch, .. }
            | Problem::ConnectFeedback { batch, .. }
            | Problem::ConnectUpdate { batch, .. }
            | Problem::Decay { batch, .. }
            | Problem::SumForward { batch, .. }
            | Problem::Difference { batch, .. }
            | Problem::Compete { batch, .. }
            | Problem::SumFeedback { batch, .. }
            | Problem::PoolForward { batch, .. }
            | Problem::PoolFeedback { batch, .. }
            | Problem::Dropout { batch, .. }
            | Problem::Loss { batch, .. }
            | Problem::TargetDelta { batch, .. }
            | Problem::Saturation { batch, .. }
            | Problem::PairStatistics { of: Layout::Activity { batch, .. }, .. } => *batch = images,
            Problem::SignFeedback { .. } | Problem::PairStatistics { .. } => {}
        }
        self
    }

    /// Groups of `PairStatistics` or `Saturation` over a tensor, each with sums of its own.
    pub fn statistics_groups(of: &Layout) -> usize {
        lane4::len(of).div_ceil((Self::STATISTICS_CHUNK * lane4::LANE) as usize)
    }

    /// Floating-point operations: two for each multiply-add of the connections, one for each unit or tap elsewhere; the
    /// largest u64 where there are more.
    pub fn flops(&self) -> u64 {
        match *self {
            Problem::ConnectForward { connection, batch, .. }
            | Problem::ConnectFeedback { connection, batch, .. }
            | Problem::ConnectUpdate { connection, batch, .. } => {
                (2 * connection.multiply_adds()).saturating_mul(batch.into())
            }
            Problem::PoolForward { pool, batch } | Problem::PoolFeedback { pool, batch, .. } => {
                let window = u64::from(pool.size).pow(2);
                u64::from(pool.output().units()).saturating_mul(window).saturating_mul(batch.into())
            }
            Problem::GatherImages { shape, batch } => u64::from(shape.units()) * u64::from(batch),
            Problem::Dropout { units, batch, .. }
            | Problem::SumForward { units, batch }
            | Problem::Difference { units, batch }
            | Problem::SumFeedback { units, batch, .. }
            | Problem::Saturation { units, batch } => u64::from(units) * u64::from(batch),
            Problem::SignFeedback { connection, .. } => connection.weights() as u64,
            Problem::Decay { connection, batch, by, .. } => {
                let ends = match by {
                    Decay::Even => 0,
                    Decay::ByPost => u64::from(connection.output.units()) * u64::from(batch),
                    Decay::ByPre => u64::from(connection.input.units()) * u64::from(batch),
                };
                ends.saturating_add(2 * connection.weights() as u64)
            }
            Problem::Compete { units, batch, .. } => 4 * u64::from(units) * u64::from(batch),
            Problem::Loss { classes, batch, .. } => 4 * u64::from(classes) * u64::from(batch),
            Problem::TargetDelta { classes, batch } => u64::from(classes) * u64::from(batch),
            Problem::PairStatistics { of, .. } => 8 * of.len() as u64,
        }
    }
}

/// Its shape, in the direction that data runs.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filter = |c: &Connection| match c.is_full() {
            true => String::new(),
            false => format!(", {}x{}{}", c.kernel_h, c.kernel_w, if c.untied { ", untied" } else { "" }),
        };
        let masked = |masked: bool| if masked { ", masked" } else { "" };
        match self {
            Problem::GatherImages { shape, .. } => write!(f, "{shape}"),
            Problem::ConnectForward { connection: c, .. } => write!(f, "{} -> {}{}", c.input, c.output, filter(c)),
            Problem::ConnectFeedback { connection: c, .. } => write!(f, "{} -> {}{}", c.output, c.input, filter(c)),
            Problem::ConnectUpdate { connection: c, learning, .. } => {
                write!(f, "{} * {}{}{}", c.output, c.input, filter(c), masked(learning.masked))
            }
            Problem::SignFeedback { connection, magnitudes } => {
                let from = match magnitudes {
                    Magnitudes::Uniform(_) => "one magnitude",
                    Magnitudes::Kept => "magnitudes kept",
                    Magnitudes::Drawn { .. } => "magnitudes drawn",
                };
                write!(f, "{} weights, {from}", connection.weights())
            }
            Problem::Decay { connection, by, .. } => {
                let by = match by {
                    Decay::Even => "all alike",
                    Decay::ByPost => "by output",
                    Decay::ByPre => "by input",
                };
                write!(f, "{} weights, {by}", connection.weights())
            }
            Problem::Compete { units, competition, .. } => {
                let by = match competition {
                    Competition::Winner => "one wins",
                    Competition::Softmax { .. } => "softmax",
                };
                write!(f, "{units} units, {by}")
            }
            Problem::SumForward { units, .. }
            | Problem::Difference { units, .. }
            | Problem::SumFeedback { units, .. }
            | Problem::Saturation { units, .. } => write!(f, "{units} units"),
            Problem::PoolForward { pool, .. } => {
                write!(f, "{} -> {}, {}x{} / {}", pool.input, pool.output(), pool.size, pool.size, pool.stride)
            }
            Problem::PoolFeedback { pool, .. } => {
                write!(f, "{} -> {}, {}x{} / {}", pool.output(), pool.input, pool.size, pool.size, pool.stride)
            }
            Problem::Dropout { units, probability, .. } => write!(f, "{units} units, {probability}"),
            Problem::Loss { classes, .. } | Problem::TargetDelta { classes, .. } => write!(f, "{classes} classes"),
            Problem::PairStatistics { of, masked: is_masked } => write!(f, "{} pairs{}", of.len(), masked(*is_masked)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::{PoolTies, PoolWindow};

    #[test]
    fn operations_past_all_bounds_do_not_wrap() {
        let input = Shape::new(1, 1 << 15, 1 << 15);
        let (window, ties) = (PoolWindow::FromPixel, PoolTies::All);
        let pool = Pool { input, size: 1 << 20, stride: 1, window, ties };
        assert_eq!(Problem::PoolForward { pool, batch: 1 << 20 }.flops(), u64::MAX);
        let connection = Connection::conv(input, 1, 1 << 15, 1 << 15);
        assert_eq!(Problem::ConnectForward { connection, batch: 1 << 20, slope: None }.flops(), u64::MAX);
        let pool = Pool { size: 3, ..pool };
        assert_eq!(Problem::PoolForward { pool, batch: 2 }.flops(), 9 << 31);
    }
}
