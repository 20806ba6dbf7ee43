//! A model on a backend, with weights by name.

use std::collections::BTreeMap;

use hebb_gpu::{Gpu, Session};
use hebb_reference::Reference;
use hebb_spec::backend::{Backend, BackendError, Batch, Outcome};
use hebb_spec::connection::Connection;
use hebb_spec::plan::{List, Model, Plan, Role, TensorId};

/// Weights in a checkpoint's order, by name.
pub type Weights = BTreeMap<String, Vec<f32>>;

/// A model made ready on a backend.
pub struct Runner {
    backend: Box<dyn Backend>,
    tensors: Vec<(String, TensorId, Connection)>,
}

impl Runner {
    /// On a device, or on the twins.
    pub fn new(model: &Model, batch: u32, gpu: Option<&Gpu>) -> Result<Self, String> {
        let plan = Plan::new(model, batch);
        let mut tensors = Vec::new();
        for (layer, connection) in (1..).zip(model.network.connections()) {
            for (name, role) in [(format!("W{layer}"), Role::W(layer)), (format!("R{layer}"), Role::R(layer))] {
                tensors.extend(plan.find(role).map(|id| (name, id, connection)));
            }
        }
        let backend: Box<dyn Backend> = match gpu {
            Some(gpu) => Box::new(Session::new(gpu, plan).map_err(|error| error.to_string())?),
            None => Box::new(Reference::new(plan)),
        };
        Ok(Self { backend, tensors })
    }

    /// Writes every weight of the model; each must be there.
    pub fn write(&mut self, weights: &Weights) -> Result<(), String> {
        for (name, id, connection) in &self.tensors {
            let values = weights.get(name).ok_or_else(|| format!("no {name}"))?;
            self.backend.write(*id, &connection.to_device(values)).map_err(text)?;
        }
        Ok(())
    }

    /// Every weight of the model.
    pub fn read(&mut self) -> Result<Weights, String> {
        let mut weights = Weights::new();
        for (name, id, connection) in &self.tensors {
            let device = self.backend.read(*id).map_err(text)?;
            weights.insert(name.clone(), connection.from_device(&device));
        }
        Ok(weights)
    }

    /// One training step.
    pub fn step(&mut self, batch: &Batch<'_>) -> Result<(), String> {
        self.backend.submit(List::Train, batch).map_err(text)
    }

    /// Outcomes of all steps since the last call.
    pub fn outcomes(&mut self) -> Result<Vec<Outcome>, String> {
        self.backend.collect(0).map_err(text)
    }
}

fn text(error: BackendError) -> String {
    error.to_string()
}
