//! A model on a backend, with weights by name.

use std::collections::BTreeMap;

use hebb_gpu::{Gpu, Session};
use hebb_reference::Reference;
use hebb_spec::backend::{Backend, BackendError, Batch, Outcome};
use hebb_spec::connection::Connection;
use hebb_spec::plan::{List, Model, Plan, Role, TensorId};

/// Weights and masks in a checkpoint's order, by name: `W1`, `R2`, `B1`, `W3.mask`.
pub type Weights = BTreeMap<String, Vec<f32>>;

/// A tensor of a checkpoint, and how it lies on a device.
pub struct Held {
    name: String,
    id: TensorId,
    connection: Connection,
    is_mask: bool,
}

/// The weights, matrices and masks of a model that its plan has.
pub fn held(model: &Model, plan: &Plan) -> Vec<Held> {
    let mut held = Vec::new();
    for (layer, connection) in (1..).zip(model.network.connections()) {
        let direct = model.direct(layer).unwrap_or(connection);
        let tensors = [
            (format!("W{layer}"), Role::W(layer), connection),
            (format!("R{layer}"), Role::R(layer), connection),
            (format!("B{layer}"), Role::B(layer), direct),
            (format!("W{layer}.mask"), Role::MaskW(layer), connection),
            (format!("R{layer}.mask"), Role::MaskR(layer), connection),
        ];
        for (name, role, connection) in tensors {
            let is_mask = matches!(role, Role::MaskW(_) | Role::MaskR(_));
            held.extend(plan.find(role).map(|id| Held { name, id, connection, is_mask }));
        }
    }
    held
}

/// Writes each of them; all must be there.
pub fn write(held: &[Held], weights: &Weights, backend: &mut dyn Backend) -> Result<(), String> {
    for held in held {
        let values = weights.get(&held.name).ok_or_else(|| format!("no {}", held.name))?;
        let device = if held.is_mask {
            let mask: Vec<u8> = values.iter().map(|&bit| u8::from(bit != 0.0)).collect();
            held.connection.mask_to_device(&mask)
        } else {
            held.connection.to_device(values)
        };
        backend.write(held.id, &device).map_err(text)?;
    }
    Ok(())
}

/// A model made ready on a backend.
pub struct Runner {
    backend: Box<dyn Backend>,
    held: Vec<Held>,
}

impl Runner {
    /// On a device, or on the twins.
    pub fn new(model: &Model, batch: u32, gpu: Option<&Gpu>) -> Result<Self, String> {
        let plan = Plan::new(model, batch);
        let held = held(model, &plan);
        let backend: Box<dyn Backend> = match gpu {
            Some(gpu) => Box::new(Session::new(gpu, plan).map_err(|error| error.to_string())?),
            None => Box::new(Reference::new(plan)),
        };
        Ok(Self { backend, held })
    }

    /// Writes every tensor of the model; each must be there.
    pub fn write(&mut self, weights: &Weights) -> Result<(), String> {
        write(&self.held, weights, &mut *self.backend)
    }

    /// Every weight of the model, without masks.
    pub fn read(&mut self) -> Result<Weights, String> {
        let mut weights = Weights::new();
        for held in self.held.iter().filter(|held| !held.is_mask) {
            let device = self.backend.read(held.id).map_err(text)?;
            weights.insert(held.name.clone(), held.connection.from_device(&device));
        }
        Ok(weights)
    }

    /// Runs the statistics, which leave R as the next step, that of the batch, will use it.
    pub fn observe(&mut self, batch: &Batch<'_>) -> Result<(), String> {
        self.backend.submit(List::Statistics, batch).map_err(text)
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
