//! Kernel problems: one typed shape for each kernel call, all that a kernel or its twin needs but the data.

mod display;
mod facts;

use crate::Shape;
use crate::connection::Connection;
use crate::layout::Layout;
use crate::pool::Pool;

pub use crate::learning::{Competition, Decay, Learning, Loss, Magnitudes, Rate, drop_scale, drop_threshold};
pub use crate::transfer::{Euler, Noise, Nudge, TransferFunction};

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
    /// Y = φ(X), with a last unit of 1 behind where `one`: an input fixed at one, whose weights are thresholds. Here and in
    /// the four that follow everything beyond the true images is 0.
    Transfer {
        /// Number of units of X.
        units: u32,
        /// Images in a batch.
        batch: u32,
        /// φ.
        transfer: TransferFunction,
        /// Whether Y has one unit more.
        one: bool,
    },
    /// Delta = Y − φ(scale · V): how far a rate is from what a dendrite foretells. Equations (7), (8) of Sacramento et al.
    /// (2018).
    TransferError {
        /// Number of units.
        units: u32,
        /// Images in a batch.
        batch: u32,
        /// φ.
        transfer: TransferFunction,
        /// What V is multiplied by: a dendrite's attenuation.
        scale: f32,
    },
    /// Below = φ′ Delta, φ′ from Gate = φ(u), both with one unit more where `one`.
    TransferFeedback {
        /// Number of units of Below.
        units: u32,
        /// Images in a batch.
        batch: u32,
        /// φ.
        transfer: TransferFunction,
        /// Whether Delta and Gate have one unit more, which sends nothing back.
        one: bool,
    },
    /// U = keep · V + pull · Target + rest, Y = φ(U), Delta = Y − φ(scale · V): a soma between its dendrite and what
    /// nudges it.
    Nudge {
        /// Number of units.
        units: u32,
        /// Images in a batch.
        batch: u32,
        /// The soma.
        nudge: Nudge,
    },
    /// U = keep · U + first · V + second · V2 + noise: a step of Euler's.
    Integrate {
        /// Number of units.
        units: u32,
        /// Images in a batch.
        batch: u32,
        /// The step.
        euler: Euler,
    },
    /// Every so many repeats X becomes a row of Ring, image by image; the other rows stay.
    Record {
        /// Number of units.
        units: u32,
        /// Images in a batch.
        batch: u32,
        /// A row for the first of so many repeats.
        every: u32,
        /// Rows of the ring; after the last comes the first again.
        rows: u32,
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
