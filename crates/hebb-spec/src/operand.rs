//! What a problem's tensors are to it: named slots, each with its use and its layout.

use crate::layout::Layout;
use crate::problem::{Decay, Magnitudes, Problem};

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

/// What a tensor is to a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Images as bytes.
    Images,
    /// Their classes.
    Labels,
    /// Input activity; of a SUM the first layer's.
    X,
    /// The second layer's activity that a SUM or a difference reads.
    X2,
    /// Output activity.
    Y,
    /// δ of the output.
    Delta,
    /// A second δ that is added, past a SUM.
    Skip,
    /// The activity right after the σ whose σ′ is applied.
    Gate,
    /// δ of the input.
    Below,
    /// Forward weights.
    W,
    /// Feedback weights: R, or W or B in its place.
    R,
    /// Which of W there are.
    MaskW,
    /// Which of R there are.
    MaskR,
    /// The first of a pair of tensors that are compared.
    A,
    /// The second.
    B,
    /// Which of A there are.
    MaskA,
    /// Which of B there are.
    MaskB,
    /// The class that each image was taken for.
    Predictions,
    /// Sums over images or pairs.
    Sums,
    /// The potential of a dendrite.
    V,
    /// The potential of a second one, or of what pulls at a soma.
    V2,
    /// The potential of a soma.
    U,
    /// The potential that a soma is nudged towards.
    Target,
    /// Rows kept of many repeats.
    Ring,
    /// The trace of what W learns.
    Trace,
}

/// A tensor that a problem takes: what it is, how it is used, and its layout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Operand {
    /// What it is.
    pub slot: Slot,
    /// How it is used.
    pub access: Access,
    /// Its layout.
    pub layout: Layout,
}

impl Problem {
    /// Its tensors, in binding order.
    pub fn operands(&self) -> Vec<Operand> {
        use Access::{Read, Update, Write};
        use Slot::{
            A, B, Below, Delta, Gate, Images, Labels, MaskA, MaskB, MaskR, MaskW, Predictions, R, Ring, Skip, Sums,
            Target, Trace, U, V, V2, W, X, X2, Y,
        };
        let one = |slot, access, layout| Operand { slot, access, layout };
        let activity = |units, batch| Layout::Activity { units, batch };
        match *self {
            Problem::GatherImages { shape, batch } => {
                vec![one(Images, Read, Layout::Images { shape, batch }), one(Y, Write, activity(shape.units(), batch))]
            }
            Problem::ConnectForward { connection: c, batch, .. } => vec![
                one(W, Read, Layout::Weights(c)),
                one(X, Read, activity(c.input.units(), batch)),
                one(Y, Write, activity(c.output.units(), batch)),
            ],
            Problem::ConnectFeedback { connection: c, batch, skip, gate } => {
                let input = activity(c.input.units(), batch);
                let mut operands =
                    vec![one(R, Read, Layout::Weights(c)), one(Delta, Read, activity(c.output.units(), batch))];
                operands.extend(skip.then_some(one(Skip, Read, input)));
                operands.extend(gate.map(|_| one(Gate, Read, input)));
                operands.push(one(Below, Write, input));
                operands
            }
            Problem::ConnectUpdate { connection: c, batch, learning } => {
                let mut operands = vec![
                    one(Delta, Read, activity(c.output.units(), batch)),
                    one(X, Read, activity(c.input.units(), batch)),
                    one(W, Update, Layout::Weights(c)),
                ];
                let has_r = learning.epsilon.is_some();
                operands.extend(has_r.then_some(one(R, Update, Layout::Weights(c))));
                if learning.masked {
                    operands.push(one(MaskW, Read, Layout::Mask(c)));
                    operands.extend(has_r.then_some(one(MaskR, Read, Layout::Mask(c))));
                }
                operands.extend(learning.trace.map(|_| one(Trace, Update, Layout::Weights(c))));
                operands
            }
            Problem::SignFeedback { connection: c, magnitudes } => {
                let r = if magnitudes == Magnitudes::Kept { Update } else { Write };
                vec![one(W, Read, Layout::Weights(c)), one(R, r, Layout::Weights(c))]
            }
            Problem::Decay { connection: c, batch, by, .. } => {
                let mut operands = match by {
                    Decay::Even => Vec::new(),
                    Decay::ByPost => vec![one(Y, Read, activity(c.output.units(), batch))],
                    Decay::ByPre => vec![one(X, Read, activity(c.input.units(), batch))],
                };
                operands.push(one(W, Update, Layout::Weights(c)));
                operands
            }
            Problem::Compete { units, batch, .. } => {
                vec![one(X, Read, activity(units, batch)), one(Y, Write, activity(units, batch))]
            }
            Problem::Transfer { units, batch, one: more, .. } => {
                vec![one(X, Read, activity(units, batch)), one(Y, Write, activity(units + u32::from(more), batch))]
            }
            Problem::TransferError { units, batch, .. } => {
                let all = activity(units, batch);
                vec![one(Y, Read, all), one(V, Read, all), one(Delta, Write, all)]
            }
            Problem::TransferFeedback { units, batch, one: more, .. } => {
                let above = activity(units + u32::from(more), batch);
                vec![one(Delta, Read, above), one(Gate, Read, above), one(Below, Write, activity(units, batch))]
            }
            Problem::Nudge { units, batch, .. } => {
                let all = activity(units, batch);
                let written = [U, Y, Delta].map(|slot| one(slot, Write, all));
                [one(V, Read, all), one(Target, Read, all)].into_iter().chain(written).collect()
            }
            Problem::Integrate { units, batch, euler } => {
                let all = activity(units, batch);
                let mut operands = vec![one(V, Read, all)];
                operands.extend(euler.second.map(|_| one(V2, Read, all)));
                operands.push(one(U, Update, all));
                operands
            }
            Problem::Record { units, batch, rows, .. } => {
                let ring = Layout::Flat(rows as usize * batch as usize * units as usize);
                vec![one(X, Read, activity(units, batch)), one(Ring, Update, ring)]
            }
            Problem::SumForward { units, batch } | Problem::Difference { units, batch } => {
                let all = activity(units, batch);
                vec![one(X, Read, all), one(X2, Read, all), one(Y, Write, all)]
            }
            Problem::SumFeedback { units, batch, .. } => {
                let all = activity(units, batch);
                vec![one(Delta, Read, all), one(Gate, Read, all), one(Below, Write, all)]
            }
            Problem::PoolForward { pool, batch } => vec![
                one(X, Read, activity(pool.input.units(), batch)),
                one(Y, Write, activity(pool.output().units(), batch)),
            ],
            Problem::PoolFeedback { pool, batch, gate } => {
                let (input, output) = (activity(pool.input.units(), batch), activity(pool.output().units(), batch));
                let mut operands = vec![one(X, Read, input), one(Y, Read, output), one(Delta, Read, output)];
                operands.extend(gate.map(|_| one(Gate, Read, input)));
                operands.push(one(Below, Write, input));
                operands
            }
            Problem::Dropout { units, batch, .. } => {
                vec![one(X, Read, activity(units, batch)), one(Y, Write, activity(units, batch))]
            }
            Problem::Loss { classes, batch, .. } => vec![
                one(X, Read, activity(classes, batch)),
                one(Labels, Read, Layout::Labels { batch }),
                one(Delta, Write, activity(classes, batch)),
                one(Predictions, Write, activity(1, batch)),
                one(Sums, Write, Layout::Flat(Self::LOSS_SUMS)),
            ],
            Problem::TargetDelta { classes, batch } => {
                vec![one(Labels, Read, Layout::Labels { batch }), one(Delta, Write, activity(classes, batch))]
            }
            Problem::PairStatistics { of, masked } => {
                let mut operands = vec![one(A, Read, of), one(B, Read, of)];
                if let (true, Layout::Weights(c)) = (masked, of) {
                    operands.extend([one(MaskA, Read, Layout::Mask(c)), one(MaskB, Read, Layout::Mask(c))]);
                }
                operands.push(one(Sums, Write, Layout::Flat(Self::statistics_groups(&of) * Self::STATISTICS_LEN)));
                operands
            }
            Problem::Saturation { units, batch } => {
                let all = activity(units, batch);
                vec![one(X, Read, all), one(Sums, Write, Layout::Flat(Self::statistics_groups(&all)))]
            }
        }
    }

    /// Bytes that must at least be read and written.
    pub fn bytes(&self) -> u64 {
        let times = |access| if access == Access::Update { 2 } else { 1 };
        self.operands().iter().map(|operand| times(operand.access) * operand.layout.bytes()).sum()
    }
}
