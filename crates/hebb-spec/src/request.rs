//! What every backend asks of a request before it runs: sizes, labels below the number of classes, finite rates.

use crate::layout::Dtype;
use crate::operand::Slot;
use crate::plan::{Call, List, Plan, Role, Tensor, TensorId};
use crate::problem::Problem;
use crate::step::{Numbers, Step};

/// A request that does not fit its plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// No such tensor.
    #[error("the plan has no tensor with number {0}")]
    NoTensor(usize),
    /// Values of another length.
    #[error("tensor '{tensor}' has {wanted} numbers, {got} were given")]
    Length {
        /// The tensor's name.
        tensor: String,
        /// Its numbers.
        wanted: usize,
        /// Numbers given.
        got: usize,
    },
    /// No such list.
    #[error("the plan has no list '{0}'")]
    NoList(&'static str),
    /// No such call.
    #[error("the list '{list}' has {len} calls: there is no call {call}")]
    NoCall {
        /// The list.
        list: &'static str,
        /// Its calls.
        len: usize,
        /// The call asked for, counted from 0.
        call: usize,
    },
    /// More images than the plan's batch.
    #[error("{images} images given, but the plan's batch is {batch}")]
    TooMany {
        /// Images given.
        images: u32,
        /// The plan's batch.
        batch: u32,
    },
    /// An input that the step lacks.
    #[error("the step brings nothing for '{0}'")]
    Missing(String),
    /// An input that the plan lacks.
    #[error("the plan has no input '{0}'")]
    Unknown(String),
    /// Numbers of another type.
    #[error("'{tensor}' takes {wanted:?}")]
    Kind {
        /// The tensor's name.
        tensor: String,
        /// The type of its numbers.
        wanted: Dtype,
    },
    /// Not as many numbers as the step's images have.
    #[error("'{tensor}' takes {each} numbers an image: {images} images need {}, {got} were given", *images as usize * each)]
    Input {
        /// The tensor's name.
        tensor: String,
        /// Numbers of one image.
        each: usize,
        /// Images of the step.
        images: u32,
        /// Numbers given.
        got: usize,
    },
    /// A label that names no class.
    #[error("label {label} of image {image}: there are {classes} classes, from 0")]
    Label {
        /// The label.
        label: u16,
        /// The image's place in the batch.
        image: usize,
        /// The number of classes.
        classes: u32,
    },
    /// Not as many rates as the plan has.
    #[error("the plan takes {wanted} rates, {got} were given")]
    Rates {
        /// The plan's.
        wanted: u32,
        /// Given.
        got: usize,
    },
    /// A rate that is no finite number.
    #[error("rate {at} is {value}, which is not finite")]
    Rate {
        /// Which, from 0.
        at: usize,
        /// Its value.
        value: f32,
    },
}

/// The tensor, if values of this length fill it.
pub fn tensor(plan: &Plan, id: TensorId, len: usize) -> Result<&Tensor, RequestError> {
    let tensor = plan.tensors.get(id.0).ok_or(RequestError::NoTensor(id.0))?;
    let wanted = tensor.layout.len();
    if len != wanted {
        return Err(RequestError::Length { tensor: tensor.name.clone(), wanted, got: len });
    }
    Ok(tensor)
}

/// Where the list stands in the plan.
pub fn list(plan: &Plan, list: List) -> Result<usize, RequestError> {
    plan.position(list).ok_or(RequestError::NoList(list.0))
}

/// The call of a list.
pub fn call(plan: &Plan, name: List, call: usize) -> Result<&Call, RequestError> {
    let calls = &plan.lists[list(plan, name)?].1;
    calls.get(call).ok_or(RequestError::NoCall { list: name.0, len: calls.len(), call })
}

/// Whether a step has all that its plan needs, in the right sizes.
pub fn step(plan: &Plan, step: &Step<'_>) -> Result<(), RequestError> {
    if step.images > plan.batch {
        return Err(RequestError::TooMany { images: step.images, batch: plan.batch });
    }
    if step.rates.len() != plan.rates as usize {
        return Err(RequestError::Rates { wanted: plan.rates, got: step.rates.len() });
    }
    if let Some((at, &value)) = step.rates.iter().enumerate().find(|(_, rate)| !rate.is_finite()) {
        return Err(RequestError::Rate { at, value });
    }
    let known = |name: &str| plan.find(name).filter(|&id| plan.tensor(id).role == Role::Input);
    if let Some((name, _)) = step.inputs.iter().find(|(name, _)| known(name).is_none()) {
        return Err(RequestError::Unknown((*name).to_owned()));
    }
    for id in plan.of_role(Role::Input) {
        let tensor = plan.tensor(id);
        let given = step.inputs.iter().find(|(name, _)| *name == tensor.name);
        let (_, numbers) = given.ok_or_else(|| RequestError::Missing(tensor.name.clone()))?;
        input(plan, step.images, (id, tensor), numbers)?;
    }
    Ok(())
}

fn input(
    plan: &Plan,
    images: u32,
    (id, tensor): (TensorId, &Tensor),
    numbers: &Numbers<'_>,
) -> Result<(), RequestError> {
    let dtype = match numbers {
        Numbers::Bytes(_) => Dtype::U8,
        Numbers::Classes(_) => Dtype::U16,
        Numbers::Floats(_) => Dtype::F32,
    };
    if dtype != tensor.layout.dtype() {
        return Err(RequestError::Kind { tensor: tensor.name.clone(), wanted: tensor.layout.dtype() });
    }
    let each = tensor.layout.per_image().unwrap_or(0);
    let (got, wanted) = (numbers.len(), images as usize * each);
    if got != wanted {
        return Err(RequestError::Input { tensor: tensor.name.clone(), each, images, got });
    }
    if let (Numbers::Classes(labels), Some(classes)) = (numbers, classes(plan, id))
        && let Some(image) = labels.iter().position(|&label| u32::from(label) >= classes)
    {
        return Err(RequestError::Label { label: labels[image], image, classes });
    }
    Ok(())
}

/// The least number of classes that a call takes labels for.
fn classes(plan: &Plan, labels: TensorId) -> Option<u32> {
    let of = |call: &Call| match call.problem {
        Problem::Loss { classes, .. } | Problem::TargetDelta { classes, .. } => {
            (call.tensor(Slot::Labels) == Some(labels)).then_some(classes)
        }
        _ => None,
    };
    plan.calls().filter_map(of).min()
}
