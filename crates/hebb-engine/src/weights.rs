//! Weights on their way to a backend and back.

use std::sync::Arc;

use hebb_spec::backend::{Backend, Error};
use hebb_spec::param::{Kind, Param, Weight, Weights};
use hebb_spec::request::RequestError;

/// Writes all of them into a backend's tensors of the same names. What its plan has no tensor for is left out.
pub fn upload(weights: &Weights, backend: &mut dyn Backend) -> Result<(), Error> {
    for Weight { name, values, .. } in &weights.0 {
        if let Some(id) = backend.plan().find(name) {
            backend.write(id, values)?;
        }
    }
    Ok(())
}

/// Reads what training may have changed, after all that was submitted; the rest is as in `uploaded`.
pub fn download(params: &[Param], uploaded: &Weights, backend: &mut dyn Backend) -> Result<Weights, Error> {
    let mut weights = uploaded.clone();
    for param in params.iter().filter(|param| param.kind != Kind::Fixed) {
        let id = backend.plan().find(&param.name).ok_or_else(|| RequestError::Unknown(param.name.clone()))?;
        let values = backend.read(id)?;
        // Not through `get_mut`: it would first copy what is replaced.
        if let Some(weight) = weights.0.iter_mut().find(|weight| weight.name == param.name) {
            weight.values = Arc::new(values);
        }
    }
    Ok(weights)
}
