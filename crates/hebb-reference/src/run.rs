//! Runs any problem on its twin.

use hebb_spec::problem::{Access, Learning, Problem};

use crate::Real;
use crate::connect_apply::{Learner, connect_apply};
use crate::connect_feedback::{Gate, connect_feedback};
use crate::connect_forward::connect_forward;
use crate::connect_update::{connect_partial, connect_update};
use crate::dropout::dropout;
use crate::gather_images::gather_images;
use crate::loss::{LossOutputs, loss};
use crate::pair_statistics::pair_statistics;
use crate::pool_feedback::pool_feedback;
use crate::pool_forward::pool_forward;
use crate::saturation::saturation;
use crate::sign_feedback::sign_feedback;
use crate::sum_feedback::sum_feedback;
use crate::sum_forward::sum_forward;
use crate::target_delta::target_delta;

/// What a call knows beside its problem: where in the run it stands, and how many images are true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StepInfo {
    /// The run's seed.
    pub seed: u64,
    /// The batch's step.
    pub step: u32,
    /// Images that are no padding.
    pub images: u32,
}

/// A tensor's elements.
#[derive(Debug, Clone, PartialEq)]
pub enum Data<T> {
    /// Numbers: all tensors but the pictures.
    Floats(Vec<T>),
    /// Pictures, four bytes a word.
    Words(Vec<u32>),
}

impl<T> Data<T> {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Data::Floats(values) => values.len(),
            Data::Words(words) => words.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Tensors that do not fit their problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// Another number of tensors.
    #[error("{stem}: {got} tensors given, {wanted} needed")]
    Count {
        /// The kernel.
        stem: &'static str,
        /// Tensors needed.
        wanted: usize,
        /// Tensors given.
        got: usize,
    },
    /// A tensor of another length.
    #[error("{stem}: tensor {index} has {got} elements, {wanted} needed")]
    Length {
        /// The kernel.
        stem: &'static str,
        /// The tensor, in binding order.
        index: usize,
        /// Elements needed.
        wanted: usize,
        /// Elements given.
        got: usize,
    },
    /// Words where numbers are needed, or the reverse.
    #[error("{0}: a tensor holds words where numbers are needed, or the reverse")]
    Kind(&'static str),
}

/// Runs a problem's twin on its tensors, given in the problem's binding order.
pub fn run<T: Real>(problem: &Problem, step: &StepInfo, tensors: &mut [Data<T>]) -> Result<(), RunError> {
    use Data::{Floats, Words};
    check(problem, tensors)?;
    match (*problem, tensors) {
        (Problem::GatherImages { shape, batch }, [Words(words), Floats(x)]) => {
            gather_images(shape, batch, step.images, words, x);
        }
        (Problem::ConnectForward { connection, batch, slope }, [Floats(w), Floats(x), Floats(y)]) => {
            connect_forward(&connection, batch, slope, w, x, y);
        }
        (
            Problem::ConnectFeedback { connection, batch, skip, gate },
            [Floats(r), Floats(delta), more @ .., Floats(below)],
        ) => {
            let (skips, gates) = more.split_at(usize::from(skip));
            let gate = match (gate, gates) {
                (Some(slope), [Floats(x)]) => Some(Gate { slope, x }),
                (None, []) => None,
                _ => return Err(RunError::Kind(problem.stem())),
            };
            let skip = match skips {
                [Floats(skip)] => Some(&skip[..]),
                _ => None,
            };
            connect_feedback(&connection, batch, (skip, gate), r, delta, below);
        }
        (Problem::ConnectUpdate { connection, batch, learning }, [Floats(delta), Floats(x), weights @ ..]) => {
            let mut weights = learner(learning, weights).ok_or(RunError::Kind(problem.stem()))?;
            connect_update(&connection, batch, learning, (delta, x), &mut weights);
        }
        (Problem::ConnectPartial { connection, batch, splits }, [Floats(delta), Floats(x), Floats(sums)]) => {
            connect_partial(&connection, batch, splits, (delta, x), sums);
        }
        (Problem::ConnectApply { connection, learning, .. }, [Floats(sums), weights @ ..]) => {
            let mut weights = learner(learning, weights).ok_or(RunError::Kind(problem.stem()))?;
            connect_apply(&connection, learning, sums, &mut weights);
        }
        (Problem::SignFeedback { connection, magnitudes }, [Floats(w), Floats(r)]) => {
            sign_feedback(&connection, magnitudes, step, w, r);
        }
        (Problem::SumForward { .. }, [Floats(first), Floats(second), Floats(y)]) => sum_forward(first, second, y),
        (Problem::SumFeedback { slope, .. }, [Floats(delta), Floats(x), Floats(below)]) => {
            sum_feedback(slope, delta, x, below);
        }
        (Problem::PoolForward { pool, batch }, [Floats(x), Floats(y)]) => pool_forward(&pool, batch, x, y),
        (
            Problem::PoolFeedback { pool, batch, gate: Some(slope) },
            [Floats(x), Floats(y), Floats(delta), Floats(gate_x), Floats(below)],
        ) => pool_feedback(&pool, batch, (x, y, delta), Some(Gate { slope, x: gate_x }), below),
        (Problem::PoolFeedback { pool, batch, gate: None }, [Floats(x), Floats(y), Floats(delta), Floats(below)]) => {
            pool_feedback(&pool, batch, (x, y, delta), None, below)
        }
        (Problem::Dropout { batch, index, probability, .. }, [Floats(x), Floats(y)]) => {
            dropout(batch, index, probability, step, x, y);
        }
        (
            Problem::Loss { classes, batch, loss: kind, mu },
            [Floats(x), Floats(labels), Floats(delta), Floats(predictions), Floats(sums)],
        ) => {
            let mut outputs = LossOutputs { delta, predictions, sums };
            loss((classes, batch, step.images), kind, mu, (x, labels), &mut outputs);
        }
        (Problem::PairStatistics { .. }, [Floats(a), Floats(b), Floats(sums)]) => pair_statistics(a, b, None, sums),
        (Problem::PairStatistics { .. }, [Floats(a), Floats(b), Floats(mask_a), Floats(mask_b), Floats(sums)]) => {
            pair_statistics(a, b, Some((mask_a, mask_b)), sums);
        }
        (Problem::TargetDelta { batch, .. }, [Floats(labels), Floats(delta)]) => {
            target_delta(batch, step.images, labels, delta);
        }
        (Problem::Saturation { .. }, [Floats(x), Floats(counts)]) => saturation(x, counts),
        _ => return Err(RunError::Kind(problem.stem())),
    }
    Ok(())
}

/// W, [R], [W's mask, [R's mask]].
fn learner<T>(learning: Learning, tensors: &mut [Data<T>]) -> Option<Learner<'_, T>> {
    use Data::Floats;
    let (mut r, mut mask_w, mut mask_r) = (None, None, None);
    let w = match (tensors, learning.masked) {
        ([Floats(w)], false) => w,
        ([Floats(w), Floats(second)], false) => {
            r = Some(&mut second[..]);
            w
        }
        ([Floats(w), Floats(mask)], true) => {
            mask_w = Some(&mask[..]);
            w
        }
        ([Floats(w), Floats(second), Floats(first_mask), Floats(second_mask)], true) => {
            (r, mask_w, mask_r) = (Some(&mut second[..]), Some(&first_mask[..]), Some(&second_mask[..]));
            w
        }
        _ => return None,
    };
    Some(Learner { w, r, mask_w, mask_r })
}

/// Runs a problem on its read and updated tensors; what it wrote or updated. Tensors that are only written start as
/// NaN, so that an element which a twin leaves out shows.
pub fn outputs<T: Real>(problem: &Problem, step: &StepInfo, inputs: &[Data<T>]) -> Result<Vec<Vec<T>>, RunError> {
    let wanted = problem.tensors();
    let reads = wanted.iter().filter(|(access, _)| *access != Access::Write).count();
    if inputs.len() != reads {
        return Err(RunError::Count { stem: problem.stem(), wanted: reads, got: inputs.len() });
    }
    let mut given = inputs.iter().cloned();
    let mut tensors: Vec<Data<T>> = wanted
        .iter()
        .filter_map(|&(access, len)| match access {
            Access::Write => Some(Data::Floats(vec![T::from_f32(f32::NAN); len])),
            Access::Read | Access::Update => given.next(),
        })
        .collect();
    run(problem, step, &mut tensors)?;
    Ok(wanted
        .iter()
        .zip(tensors)
        .filter_map(|(&(access, _), data)| match data {
            Data::Floats(floats) if access != Access::Read => Some(floats),
            _ => None,
        })
        .collect())
}

/// Number and lengths; `run`'s match sees to the kinds.
fn check<T>(problem: &Problem, tensors: &[Data<T>]) -> Result<(), RunError> {
    let (stem, wanted) = (problem.stem(), problem.tensors());
    if tensors.len() != wanted.len() {
        return Err(RunError::Count { stem, wanted: wanted.len(), got: tensors.len() });
    }
    for (index, (tensor, (_, wanted))) in tensors.iter().zip(wanted).enumerate() {
        if tensor.len() != wanted {
            return Err(RunError::Length { stem, index, wanted, got: tensor.len() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_that_do_not_fit_are_refused() {
        let problem = Problem::Dropout { units: 1, batch: 1, index: 1, probability: 0.5 };
        let step = StepInfo::default();
        let four = || Data::Floats(vec![0.0_f32; 4]);
        let error = |tensors: &mut [Data<f32>]| run(&problem, &step, tensors).unwrap_err().to_string();
        assert_eq!(error(&mut [four()]), "dropout: 1 tensors given, 2 needed");
        let short = Data::Floats(vec![0.0; 3]);
        assert_eq!(error(&mut [four(), short]), "dropout: tensor 1 has 3 elements, 4 needed");
        assert!(error(&mut [four(), Data::Words(vec![0; 4])]).starts_with("dropout: a tensor holds words"));
    }
}
