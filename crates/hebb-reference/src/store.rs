//! A plan's tensors in memory, and its calls run on the twins: one vector for each tensor, no slots shared.

use hebb_spec::backend::Batch;
use hebb_spec::plan::{Call, Plan, Role, TensorId};
use hebb_spec::problem::Problem;

use crate::{Data, Real, RunError, StepInfo, run};

/// A batch that does not fit its plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// More pictures than the plan's batch.
    #[error("{images} pictures given, but the plan's batch is {batch}")]
    TooMany {
        /// Pictures given.
        images: usize,
        /// The plan's batch.
        batch: u32,
    },
    /// Bytes that are no whole number of pictures, or not one for each label.
    #[error("{bytes} bytes of pictures given, but {labels} labels of {picture} bytes each need {}", labels * picture)]
    Bytes {
        /// Bytes given.
        bytes: usize,
        /// Labels given.
        labels: usize,
        /// Bytes of one picture.
        picture: usize,
    },
}

/// The tensors of a plan, and the step that its calls run at.
#[derive(Debug, Clone)]
pub struct Store<T> {
    /// Each tensor's elements, by its id.
    pub tensors: Vec<Data<T>>,
    /// The loaded batch's step.
    pub step: StepInfo,
    batch: u32,
    picture: usize,
    images: Option<TensorId>,
    labels: Option<TensorId>,
}

impl<T: Real> Store<T> {
    /// All tensors of a plan, filled with 0.
    pub fn new(plan: &Plan) -> Self {
        let images = plan.find(Role::Images);
        let tensors = plan.tensors.iter().map(|tensor| match tensor.role {
            Role::Images => Data::Words(vec![0; tensor.len]),
            _ => Data::Floats(vec![T::ZERO; tensor.len]),
        });
        let picture = plan.train.iter().find_map(|call| match call.problem {
            Problem::GatherImages { shape, .. } => Some(shape.units() as usize),
            _ => None,
        });
        Self {
            tensors: tensors.collect(),
            step: StepInfo::default(),
            batch: plan.batch,
            picture: picture.unwrap_or(0),
            images,
            labels: plan.find(Role::Labels),
        }
    }

    /// A tensor's numbers; `None` for pictures.
    pub fn floats(&self, id: TensorId) -> Option<&[T]> {
        match self.tensors.get(id.0) {
            Some(Data::Floats(values)) => Some(values),
            _ => None,
        }
    }

    /// A tensor's numbers, to change; `None` for pictures.
    pub fn floats_mut(&mut self, id: TensorId) -> Option<&mut [T]> {
        match self.tensors.get_mut(id.0) {
            Some(Data::Floats(values)) => Some(values),
            _ => None,
        }
    }

    /// Makes a batch the input of the calls that follow. What it does not fill is 0.
    pub fn load(&mut self, batch: &Batch<'_>) -> Result<(), LoadError> {
        let (bytes, labels, picture) = (batch.images.len(), batch.labels.len(), self.picture);
        if labels > self.batch as usize {
            return Err(LoadError::TooMany { images: labels, batch: self.batch });
        }
        if bytes != labels * picture {
            return Err(LoadError::Bytes { bytes, labels, picture });
        }
        if let Some(Data::Words(words)) = self.images.and_then(|id| self.tensors.get_mut(id.0)) {
            words.fill(0);
            let packed = batch.images.chunks(picture.max(1)).flat_map(|picture| picture.chunks(4));
            for (word, bytes) in words.iter_mut().zip(packed) {
                *word = bytes.iter().rev().fold(0, |word, &byte| (word << 8) | u32::from(byte));
            }
        }
        if let Some(floats) = self.labels.and_then(|id| self.floats_mut(id)) {
            floats.fill(T::ZERO);
            for (float, &label) in floats.iter_mut().zip(batch.labels) {
                *float = T::from_index(usize::from(label));
            }
        }
        self.step = StepInfo { seed: batch.seed, step: batch.step, images: labels as u32 };
        Ok(())
    }

    /// Runs one call at the loaded step.
    pub fn call(&mut self, call: &Call) -> Result<(), RunError> {
        // The tensors are lent to the call and given back, also where it fails. One that is read twice is copied: only
        // its first place in the list is lent.
        let mut lent: Vec<Data<T>> = Vec::with_capacity(call.tensors.len());
        for (at, id) in call.tensors.iter().enumerate() {
            lent.push(match call.tensors[..at].iter().position(|earlier| earlier == id) {
                Some(earlier) => lent[earlier].clone(),
                None => std::mem::replace(&mut self.tensors[id.0], Data::Words(Vec::new())),
            });
        }
        let result = run(&call.problem, &self.step, &mut lent);
        for (id, data) in call.tensors.iter().zip(lent).rev() {
            self.tensors[id.0] = data;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;
    use hebb_spec::network::Network;
    use hebb_spec::plan::Model;
    use hebb_spec::rule::{Loss, Preset, Rule};

    #[test]
    fn pictures_start_at_words_of_their_own() {
        let network = Network::new("Output", Shape::new(1, 1, 5), 2, Preset::AsRun).unwrap();
        let plan = Plan::new(&Model::new(network, Rule::BP, Loss::Hinge, Preset::AsRun), 3);
        let mut store = Store::<f32>::new(&plan);
        let images: Vec<u8> = (1..=10).collect();
        let batch = Batch { images: &images, labels: &[1, 0], step: 4, seed: 9 };
        store.load(&batch).unwrap();
        let words = vec![0x0403_0201, 0x05, 0x0908_0706, 0x0a, 0, 0];
        assert_eq!(store.tensors[plan.find(Role::Images).unwrap().0], Data::Words(words));
        assert_eq!(store.floats(plan.find(Role::Labels).unwrap()).unwrap(), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(store.step, StepInfo { seed: 9, step: 4, images: 2 });

        let error = |batch: &Batch<'_>| store.clone().load(batch).unwrap_err().to_string();
        assert_eq!(
            error(&Batch { images: &images[1..], ..batch }),
            "9 bytes of pictures given, but 2 labels of 5 bytes each need 10"
        );
        assert_eq!(error(&Batch { labels: &[0; 4], ..batch }), "4 pictures given, but the plan's batch is 3");
    }
}
