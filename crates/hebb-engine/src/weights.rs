//! A network's weights on the host, in a checkpoint's order, and their way to a device and back.

use std::sync::Arc;

use hebb_spec::backend::{Backend, BackendError};
use hebb_spec::connection::Connection;
use hebb_spec::plan::{Model, Plan, Role};

/// All weights of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// The weighted layers, from layer 1.
    pub layers: Vec<LayerWeights>,
}

/// A layer's weights. What is no weight — masked, or beyond the picture's edge — is 0.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerWeights {
    /// Dimensions of W, of R and of their masks.
    pub dims: Vec<usize>,
    /// Forward weights.
    pub w: Vec<f32>,
    /// Feedback weights, where the model has them.
    pub r: Option<Vec<f32>>,
    /// What training never changes.
    pub fixed: Arc<Fixed>,
}

/// What training never changes of a layer's weights.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fixed {
    /// 1 where there is a forward weight, in W's dimensions; only of a sparse layer.
    pub mask_w: Option<Vec<u8>>,
    /// 1 where there is a feedback weight; only where R does not take W's mask.
    pub mask_r: Option<Vec<u8>>,
    /// The matrix that brings the output's δ straight to the layer, where the rule has one.
    pub b: Option<Direct>,
}

/// The matrix B of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Direct {
    /// Classes, then the units of the layer's output: channel, row, column.
    pub dims: Vec<usize>,
    /// Its numbers.
    pub values: Vec<f32>,
}

/// A tensor's numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Values<'a> {
    /// Weights.
    Floats(&'a [f32]),
    /// A mask.
    Bytes(&'a [u8]),
}

impl Values<'_> {
    /// How many numbers.
    pub const fn len(&self) -> usize {
        match self {
            Values::Floats(values) => values.len(),
            Values::Bytes(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Fixed {
    /// R's mask: its own, else W's.
    fn r(&self) -> Option<&[u8]> {
        self.mask_r.as_deref().or(self.mask_w.as_deref())
    }

    /// How many connections W and R both have.
    pub(crate) fn pairs(&self, connection: &Connection) -> usize {
        match (&self.mask_w, self.r()) {
            (Some(w), Some(r)) => w.iter().zip(r).filter(|&(&w, &r)| w != 0 && r != 0).count(),
            _ => connection.weights(),
        }
    }
}

impl LayerWeights {
    /// Sets to 0 what is no weight. How many numbers of W and of R were not 0 there.
    pub(crate) fn clear(&mut self, connection: &Connection) -> [usize; 2] {
        let clear = |values: &mut [f32], mask: Option<&[u8]>| {
            let mut cleared = 0;
            let mut set = |value: &mut f32| {
                cleared += usize::from(*value != 0.0);
                *value = 0.0;
            };
            connection.each_outside(|at| set(&mut values[at]));
            let masked = values.iter_mut().zip(mask.unwrap_or_default()).filter(|(_, there)| **there == 0);
            masked.for_each(|(value, _)| set(value));
            cleared
        };
        let w = clear(&mut self.w, self.fixed.mask_w.as_deref());
        [w, self.r.as_mut().map_or(0, |r| clear(r, self.fixed.r()))]
    }
}

impl Weights {
    /// Which tensors a model has, all without numbers.
    pub(crate) fn empty(model: &Model) -> Self {
        let layer = |(number, connection): (u32, Connection)| {
            let is_sparse = model.sparse.contains(&number);
            let has_r = model.has_r(number);
            let direct = |direct: Connection| Direct { dims: direct.dims(), values: Vec::new() };
            let fixed = Fixed {
                mask_w: is_sparse.then(Vec::new),
                mask_r: (is_sparse && has_r && model.rule.has_r_mask()).then(Vec::new),
                b: model.direct(number).map(direct),
            };
            LayerWeights { dims: connection.dims(), w: Vec::new(), r: has_r.then(Vec::new), fixed: Arc::new(fixed) }
        };
        Self { layers: (1..).zip(model.network.connections()).map(layer).collect() }
    }

    /// What training never changes, from layer 1.
    pub(crate) fn fixed(&self) -> Vec<Arc<Fixed>> {
        self.layers.iter().map(|layer| Arc::clone(&layer.fixed)).collect()
    }

    /// Writes them into a plan's tensors; what the plan has no tensor for is left out.
    pub fn upload(&self, model: &Model, plan: &Plan, backend: &mut dyn Backend) -> Result<(), BackendError> {
        let mut write = |role, values: Option<Vec<f32>>| match (plan.find(role), values) {
            (Some(id), Some(values)) => backend.write(id, &values),
            _ => Ok(()),
        };
        for ((number, connection), layer) in (1..).zip(model.network.connections()).zip(&self.layers) {
            let Fixed { mask_w, mask_r, b } = &*layer.fixed;
            let weights = |values: &Vec<f32>| connection.to_device(values);
            let mask = |mask: &Vec<u8>| connection.mask_to_device(mask);
            write(Role::W(number), Some(weights(&layer.w)))?;
            write(Role::R(number), layer.r.as_ref().map(weights))?;
            write(Role::MaskW(number), mask_w.as_ref().map(mask))?;
            write(Role::MaskR(number), mask_r.as_ref().map(mask))?;
            let direct = model.direct(number).zip(b.as_ref());
            write(Role::B(number), direct.map(|(direct, b)| direct.to_device(&b.values)))?;
        }
        Ok(())
    }

    /// Reads W and R from a plan's tensors, after all that was submitted; `fixed` is what they were uploaded with.
    pub(crate) fn download(
        model: &Model,
        plan: &Plan,
        backend: &mut dyn Backend,
        fixed: &[Arc<Fixed>],
    ) -> Result<Self, BackendError> {
        let mut layers = Vec::new();
        for ((number, connection), fixed) in (1..).zip(model.network.connections()).zip(fixed) {
            let mut read = |role| -> Result<Option<Vec<f32>>, BackendError> {
                let Some(id) = plan.find(role) else { return Ok(None) };
                Ok(Some(connection.from_device(&backend.read(id)?)))
            };
            let w = read(Role::W(number))?.unwrap_or_default();
            let r = read(Role::R(number))?;
            layers.push(LayerWeights { dims: connection.dims(), w, r, fixed: Arc::clone(fixed) });
        }
        Ok(Self { layers })
    }

    /// Each tensor with its name and dimensions: W1, R1, their masks and B1, where there are any, then those of layer 2.
    pub fn tensors(&self) -> impl Iterator<Item = (String, &[usize], Values<'_>)> + '_ {
        (1..).zip(&self.layers).flat_map(|(number, layer)| {
            let Fixed { mask_w, mask_r, b } = &*layer.fixed;
            let own = |name: String, values| (name, &layer.dims[..], values);
            [
                Some(own(format!("W{number}"), Values::Floats(&layer.w))),
                layer.r.as_ref().map(|r| own(format!("R{number}"), Values::Floats(r))),
                mask_w.as_ref().map(|mask| own(format!("W{number}.mask"), Values::Bytes(mask))),
                mask_r.as_ref().map(|mask| own(format!("R{number}.mask"), Values::Bytes(mask))),
                b.as_ref().map(|b| (format!("B{number}"), &b.dims[..], Values::Floats(&b.values))),
            ]
            .into_iter()
            .flatten()
        })
    }

    /// The first tensor with a value that is no finite number.
    pub(crate) fn not_finite(&self) -> Option<String> {
        let is_finite = |values: &Values<'_>| match values {
            Values::Floats(values) => values.iter().all(|value| value.is_finite()),
            Values::Bytes(_) => true,
        };
        self.tensors().find(|(.., values)| !is_finite(values)).map(|(name, ..)| name)
    }
}
