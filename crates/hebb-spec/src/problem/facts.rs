//! What follows from a problem's shape: its names, its batch, its operations.

use super::Problem;
use crate::lane4;
use crate::layout::Layout;
use crate::learning::Decay;

impl Problem {
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
            Problem::Transfer { .. } => "transfer",
            Problem::TransferError { .. } => "transfer_error",
            Problem::TransferFeedback { .. } => "transfer_feedback",
            Problem::Nudge { .. } => "nudge",
            Problem::Integrate { .. } => "integrate",
            Problem::Record { .. } => "record",
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
            | Problem::Transfer { batch, .. }
            | Problem::TransferError { batch, .. }
            | Problem::TransferFeedback { batch, .. }
            | Problem::Nudge { batch, .. }
            | Problem::Integrate { batch, .. }
            | Problem::Record { batch, .. }
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
            | Problem::Transfer { batch, .. }
            | Problem::TransferError { batch, .. }
            | Problem::TransferFeedback { batch, .. }
            | Problem::Nudge { batch, .. }
            | Problem::Integrate { batch, .. }
            | Problem::Record { batch, .. }
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
            Problem::Transfer { units, batch, .. } | Problem::Record { units, batch, .. } => {
                u64::from(units) * u64::from(batch)
            }
            Problem::TransferError { units, batch, .. }
            | Problem::TransferFeedback { units, batch, .. }
            | Problem::Nudge { units, batch, .. }
            | Problem::Integrate { units, batch, .. }
            | Problem::Compete { units, batch, .. } => 4 * u64::from(units) * u64::from(batch),
            Problem::Loss { classes, batch, .. } => 4 * u64::from(classes) * u64::from(batch),
            Problem::TargetDelta { classes, batch } => u64::from(classes) * u64::from(batch),
            Problem::PairStatistics { of, .. } => 8 * of.len() as u64,
        }
    }
}
