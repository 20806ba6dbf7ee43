//! A network's weights on the host, in a checkpoint's order, and their way to a device and back.

use hebb_spec::backend::{Backend, BackendError};
use hebb_spec::network::Network;
use hebb_spec::plan::{Plan, Role};

/// All weights of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// The weighted layers, from layer 1.
    pub layers: Vec<LayerWeights>,
}

/// W and R of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerWeights {
    /// Dimensions of both.
    pub dims: Vec<usize>,
    /// Forward weights.
    pub w: Vec<f32>,
    /// Feedback weights; none in layer 1 and under bp.
    pub r: Option<Vec<f32>>,
}

impl Weights {
    /// Writes them into a plan's tensors; what the plan has no tensor for is left out.
    pub fn upload(&self, network: &Network, plan: &Plan, backend: &mut dyn Backend) -> Result<(), BackendError> {
        for ((number, connection), layer) in (1..).zip(network.connections()).zip(&self.layers) {
            for (role, values) in [(Role::W(number), Some(&layer.w)), (Role::R(number), layer.r.as_ref())] {
                if let (Some(id), Some(values)) = (plan.find(role), values) {
                    backend.write(id, &connection.to_device(values))?;
                }
            }
        }
        Ok(())
    }

    /// Reads them from a plan's tensors, after all that was submitted.
    pub fn download(network: &Network, plan: &Plan, backend: &mut dyn Backend) -> Result<Self, BackendError> {
        let mut layers = Vec::new();
        for (number, connection) in (1..).zip(network.connections()) {
            let mut read = |role| -> Result<Option<Vec<f32>>, BackendError> {
                let Some(id) = plan.find(role) else { return Ok(None) };
                Ok(Some(connection.from_device(&backend.read(id)?)))
            };
            let w = read(Role::W(number))?.unwrap_or_default();
            layers.push(LayerWeights { dims: connection.dims(), w, r: read(Role::R(number))? });
        }
        Ok(Self { layers })
    }

    /// Each tensor with its name and dimensions: W and R of layer 1, then of layer 2.
    pub fn tensors(&self) -> impl Iterator<Item = (String, &[usize], &[f32])> + '_ {
        (1..).zip(&self.layers).flat_map(|(number, layer)| {
            let w = (format!("W{number}"), &layer.dims[..], &layer.w[..]);
            let r = layer.r.as_ref().map(|r| (format!("R{number}"), &layer.dims[..], &r[..]));
            std::iter::once(w).chain(r)
        })
    }

    /// The first tensor with a value that is no finite number.
    pub(crate) fn not_finite(&self) -> Option<String> {
        self.tensors().find(|(.., values)| !values.iter().all(|value| value.is_finite())).map(|(name, ..)| name)
    }
}
