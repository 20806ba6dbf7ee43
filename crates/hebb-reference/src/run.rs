//! Runs any problem on its twin, each tensor by its slot.

use hebb_spec::lane4::{self, Lane4, update_splits};
use hebb_spec::layout::Layout;
use hebb_spec::learning::{Decay, Learning};
use hebb_spec::operand::{Access, Slot};
use hebb_spec::problem::Problem;

use crate::compete::compete;
use crate::connect_apply::{Learner, connect_apply};
use crate::connect_feedback::{Gate, connect_feedback};
use crate::connect_forward::connect_forward;
use crate::connect_update::{connect_partial, connect_update};
use crate::data::{Lent, Packed, Tensors};
use crate::decay::decay;
use crate::difference::difference;
use crate::dropout::dropout;
use crate::gather_images::gather_images;
use crate::integrate::integrate;
use crate::loss::{LossOutputs, loss};
use crate::nudge::{Nudged, nudge};
use crate::pair_statistics::pair_statistics;
use crate::pool_feedback::pool_feedback;
use crate::pool_forward::pool_forward;
use crate::real::Real;
use crate::record::record;
use crate::saturation::saturation;
use crate::sign_feedback::sign_feedback;
use crate::step::TwinStep;
use crate::sum_feedback::sum_feedback;
use crate::sum_forward::sum_forward;
use crate::target_delta::target_delta;
use crate::transfer::transfer;
use crate::transfer_error::transfer_error;
use crate::transfer_feedback::transfer_feedback;

/// Tensors that do not fit their problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TwinError {
    /// A tensor that the problem needs.
    #[error("{stem}: there is no {slot:?}")]
    Missing {
        /// The kernel.
        stem: &'static str,
        /// What is missing.
        slot: Slot,
    },
    /// A tensor that the problem does not take.
    #[error("{stem} takes no {slot:?}")]
    Unknown {
        /// The kernel.
        stem: &'static str,
        /// What was given.
        slot: Slot,
    },
    /// A tensor of another length.
    #[error("{stem}: {slot:?} has {got} numbers, {wanted} needed")]
    Length {
        /// The kernel.
        stem: &'static str,
        /// The tensor.
        slot: Slot,
        /// Numbers needed.
        wanted: usize,
        /// Numbers given.
        got: usize,
    },
    /// Words where numbers are needed, or the reverse.
    #[error("{stem}: {slot:?} holds words where numbers are needed, or the reverse")]
    Kind {
        /// The kernel.
        stem: &'static str,
        /// The tensor.
        slot: Slot,
    },
}

/// The tensors of a call: each is handed out once.
struct Operands<'a, T> {
    stem: &'static str,
    left: Vec<(Slot, Lent<'a, T>)>,
}

impl<'a, T> Operands<'a, T> {
    /// Those of a problem, in any order. Fails where they do not fit it.
    fn new(problem: &Problem, tensors: Vec<(Slot, Lent<'a, T>)>) -> Result<Self, TwinError> {
        let (stem, operands) = (problem.stem(), problem.operands());
        for operand in &operands {
            let slot = operand.slot;
            let given = tensors.iter().find(|(other, _)| *other == slot).ok_or(TwinError::Missing { stem, slot })?;
            let got = match &given.1 {
                Lent::Floats(floats) => floats.len(),
                Lent::Words(words) => words.len(),
            };
            let wanted = lane4::len(&operand.layout);
            if got != wanted {
                return Err(TwinError::Length { stem, slot, wanted, got });
            }
        }
        match tensors.iter().find(|(slot, _)| operands.iter().all(|operand| operand.slot != *slot)) {
            Some(&(slot, _)) => Err(TwinError::Unknown { stem, slot }),
            None => Ok(Self { stem, left: tensors }),
        }
    }

    fn find(&mut self, slot: Slot) -> Option<Lent<'a, T>> {
        let at = self.left.iter().position(|(other, _)| *other == slot)?;
        Some(self.left.swap_remove(at).1)
    }

    fn take(&mut self, slot: Slot) -> Result<&'a mut [T], TwinError> {
        self.maybe(slot)?.ok_or(TwinError::Missing { stem: self.stem, slot })
    }

    fn maybe(&mut self, slot: Slot) -> Result<Option<&'a mut [T]>, TwinError> {
        match self.find(slot) {
            Some(Lent::Floats(floats)) => Ok(Some(floats)),
            Some(Lent::Words(_)) => Err(TwinError::Kind { stem: self.stem, slot }),
            None => Ok(None),
        }
    }

    fn words(&mut self, slot: Slot) -> Result<&'a [u32], TwinError> {
        match self.find(slot) {
            Some(Lent::Words(words)) => Ok(words),
            Some(Lent::Floats(_)) => Err(TwinError::Kind { stem: self.stem, slot }),
            None => Err(TwinError::Missing { stem: self.stem, slot }),
        }
    }

    fn gate(&mut self, slope: Option<f32>) -> Result<Option<Gate<'a, T>>, TwinError> {
        slope.map(|slope| Ok(Gate { slope, x: self.take(Slot::Gate)? })).transpose()
    }

    fn learner(&mut self, learning: Learning, step: &TwinStep) -> Result<Learner<'a, T>, TwinError> {
        Ok(Learner {
            learning,
            rate: step.rate(learning.rate),
            w: self.take(Slot::W)?,
            r: self.maybe(Slot::R)?,
            mask_w: self.maybe(Slot::MaskW)?.map(|mask| &*mask),
            mask_r: self.maybe(Slot::MaskR)?.map(|mask| &*mask),
            trace: self.maybe(Slot::Trace)?,
        })
    }
}

/// Runs a problem's twin on its tensors in the lane-4 form, given in any order.
pub(crate) fn run<T: Real>(
    problem: &Problem,
    step: &TwinStep,
    tensors: Vec<(Slot, Lent<'_, T>)>,
) -> Result<(), TwinError> {
    use Slot::{
        A, B, Below, Delta, Gate, Images, Labels, MaskA, MaskB, Predictions, R, Ring, Skip, Sums, Target, U, V, V2, W,
        X, X2, Y,
    };
    let images = (problem.batch(), step.images);
    let mut of = Operands::new(problem, tensors)?;
    match *problem {
        Problem::GatherImages { shape, batch } => {
            gather_images(shape, batch, step.images, of.words(Images)?, of.take(Y)?);
        }
        Problem::ConnectForward { connection, batch, slope } => {
            connect_forward(&connection, batch, slope, of.take(W)?, of.take(X)?, of.take(Y)?);
        }
        Problem::ConnectFeedback { connection, batch, gate, .. } => {
            let (skip, gate) = (of.maybe(Skip)?.map(|skip| &*skip), of.gate(gate)?);
            connect_feedback(&connection, batch, (skip, gate), of.take(R)?, of.take(Delta)?, of.take(Below)?);
        }
        Problem::ConnectUpdate { connection, batch, learning } => {
            let (delta, x) = (&*of.take(Delta)?, &*of.take(X)?);
            let mut weights = of.learner(learning, step)?;
            let splits = update_splits(&connection);
            if splits == 1 {
                connect_update(&connection, batch, (delta, x), &mut weights);
            } else {
                let mut sums = vec![T::ZERO; splits as usize * connection.lane4_len()];
                connect_partial(&connection, batch, splits, (delta, x), &mut sums);
                connect_apply(&connection, &sums, &mut weights);
            }
        }
        Problem::SignFeedback { connection, magnitudes } => {
            sign_feedback(&connection, magnitudes, step, of.take(W)?, of.take(R)?);
        }
        Problem::SumForward { .. } => sum_forward(of.take(X)?, of.take(X2)?, of.take(Y)?),
        Problem::Difference { .. } => difference(of.take(X)?, of.take(X2)?, of.take(Y)?),
        Problem::SumFeedback { slope, .. } => {
            sum_feedback(slope, of.take(Delta)?, of.take(Gate)?, of.take(Below)?);
        }
        Problem::PoolForward { pool, batch } => pool_forward(&pool, batch, of.take(X)?, of.take(Y)?),
        Problem::PoolFeedback { pool, batch, gate } => {
            let gate = of.gate(gate)?;
            pool_feedback(&pool, batch, (of.take(X)?, of.take(Y)?, of.take(Delta)?), gate, of.take(Below)?);
        }
        Problem::Dropout { batch, index, probability, .. } => {
            dropout(batch, index, probability, step, of.take(X)?, of.take(Y)?);
        }
        Problem::Loss { classes, batch, loss: kind, mu } => {
            let (x, labels) = (of.take(X)?, of.take(Labels)?);
            let (delta, predictions, sums) = (of.take(Delta)?, of.take(Predictions)?, of.take(Sums)?);
            let mut outputs = LossOutputs { delta, predictions, sums };
            loss((classes, batch, step.images), kind, mu, (x, labels), &mut outputs);
        }
        Problem::Decay { connection, batch, by, rate } => {
            let activity: &[T] = match by {
                Decay::Even => &[],
                Decay::ByPost => of.take(Y)?,
                Decay::ByPre => of.take(X)?,
            };
            decay(&connection, batch, (by, step.rate(rate)), activity, of.take(W)?);
        }
        Problem::Compete { units, batch, competition } => {
            compete((units, batch, step.images), competition, of.take(X)?, of.take(Y)?);
        }
        Problem::Transfer { transfer: phi, one, .. } => transfer(images, (phi, one), of.take(X)?, of.take(Y)?),
        Problem::TransferError { transfer: phi, scale, .. } => {
            transfer_error(images, (phi, scale), (of.take(Y)?, of.take(V)?), of.take(Delta)?);
        }
        Problem::TransferFeedback { transfer: phi, .. } => {
            transfer_feedback(images, phi, (of.take(Delta)?, of.take(Gate)?), of.take(Below)?);
        }
        Problem::Nudge { nudge: soma, .. } => {
            let inputs = (&*of.take(V)?, &*of.take(Target)?);
            let mut to = Nudged { u: of.take(U)?, y: of.take(Y)?, delta: of.take(Delta)? };
            nudge(images, soma, inputs, &mut to);
        }
        Problem::Integrate { batch, euler, .. } => {
            let (v, v2) = (&*of.take(V)?, of.maybe(V2)?.map(|v2| &*v2));
            integrate(batch, euler, step, (v, v2), of.take(U)?);
        }
        Problem::Record { units, batch, every, rows } => {
            record((units, batch), (every, rows), step.repeat, of.take(X)?, of.take(Ring)?);
        }
        Problem::TargetDelta { batch, .. } => target_delta(batch, step.images, of.take(Labels)?, of.take(Delta)?),
        Problem::PairStatistics { .. } => {
            let masks = of.maybe(MaskA)?.zip(of.maybe(MaskB)?).map(|(a, b)| (&*a, &*b));
            pair_statistics(of.take(A)?, of.take(B)?, masks, of.take(Sums)?);
        }
        Problem::Saturation { .. } => saturation(of.take(X)?, of.take(Sums)?),
    }
    Ok(())
}

/// What a problem wrote or updated, each by its slot, in binding order.
type Written<T> = Vec<(Slot, Vec<T>)>;

/// Runs a problem on its read and updated tensors in the lane-4 form; what it wrote or updated. Tensors that are only
/// written start as NaN, so that an element which a twin leaves out shows.
pub(crate) fn written<T: Real>(
    problem: &Problem,
    step: &TwinStep,
    inputs: &[(Slot, Packed<T>)],
) -> Result<Written<T>, TwinError> {
    let operands = problem.operands();
    let mut tensors: Vec<(Slot, Packed<T>)> = inputs.to_vec();
    for operand in operands.iter().filter(|operand| operand.access == Access::Write) {
        tensors.push((operand.slot, Packed::Floats(vec![T::from_f32(f32::NAN); lane4::len(&operand.layout)])));
    }
    let lent = tensors.iter_mut().map(|(slot, data)| (*slot, data.lend(0)));
    run(problem, step, lent.collect())?;
    let changed = |slot: Slot| operands.iter().any(|operand| operand.slot == slot && operand.access != Access::Read);
    let mut written: Vec<(Slot, Vec<T>)> = Vec::new();
    for (slot, data) in tensors {
        if let (true, Packed::Floats(floats)) = (changed(slot), data) {
            written.push((slot, floats));
        }
    }
    written.sort_by_key(|(slot, _)| operands.iter().position(|operand| operand.slot == *slot));
    Ok(written)
}

/// The read and updated tensors of a problem from their logical order.
pub(crate) fn pack<T: Real>(
    problem: &Problem,
    inputs: &[(Slot, Vec<f32>)],
) -> Result<Vec<(Slot, Packed<T>)>, TwinError> {
    let (stem, operands) = (problem.stem(), problem.operands());
    let one = |(slot, values): &(Slot, Vec<f32>)| {
        let operand = operands.iter().find(|operand| operand.slot == *slot);
        let layout: Layout = operand.ok_or(TwinError::Unknown { stem, slot: *slot })?.layout;
        if values.len() != layout.len() {
            return Err(TwinError::Length { stem, slot: *slot, wanted: layout.len(), got: values.len() });
        }
        Ok((*slot, Packed::pack(&layout, values)))
    };
    inputs.iter().map(one).collect()
}

/// Runs a problem's f32 twin on its read and updated tensors in logical order; what it wrote or updated, likewise.
pub fn outputs(problem: &Problem, step: &TwinStep, inputs: &[(Slot, Vec<f32>)]) -> Result<Tensors, TwinError> {
    let written = written(problem, step, &pack::<f32>(problem, inputs)?)?;
    let layouts = problem.operands().into_iter().filter(|operand| operand.access != Access::Read);
    Ok(written
        .into_iter()
        .zip(layouts)
        .map(|((slot, floats), operand)| (slot, lane4::unpack(&operand.layout, &floats)))
        .collect())
}

/// A problem's read and updated tensors in the lane-4 form.
pub(crate) type Inputs = [(Slot, Packed<f64>)];

/// The numbers in a slot.
pub(crate) fn floats<'a>(problem: &Problem, inputs: &'a Inputs, slot: Slot) -> Result<&'a [f64], TwinError> {
    match inputs.iter().find(|(other, _)| *other == slot) {
        Some((_, Packed::Floats(floats))) => Ok(floats),
        _ => Err(TwinError::Missing { stem: problem.stem(), slot }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_that_do_not_fit_are_refused() {
        let problem = Problem::Dropout { units: 1, batch: 1, index: 1, probability: 0.5 };
        let step = TwinStep::default();
        let floats = |slot, len| (slot, Packed::Floats(vec![0.0_f32; len]));
        let error = |mut tensors: Vec<(Slot, Packed<f32>)>| {
            let lent = tensors.iter_mut().map(|(slot, data)| (*slot, data.lend(0))).collect();
            run(&problem, &step, lent).unwrap_err().to_string()
        };
        let (x, y) = (floats(Slot::X, 4), floats(Slot::Y, 4));
        assert_eq!(error(vec![x.clone()]), "dropout: there is no Y");
        assert_eq!(error(vec![x.clone(), floats(Slot::Y, 3)]), "dropout: Y has 3 numbers, 4 needed");
        assert_eq!(error(vec![x, y.clone(), floats(Slot::W, 4)]), "dropout takes no W");
        let words = (Slot::X, Packed::Words(vec![0; 4]));
        assert_eq!(error(vec![words, y]), "dropout: X holds words where numbers are needed, or the reverse");
        assert!(outputs(&problem, &step, &[(Slot::X, vec![1.0, 2.0])]).is_err());
    }
}
