//! The start of a system, from a file.

use std::sync::Arc;

use hebb_spec::layout::Layout;
use hebb_spec::param::{Kind, Param, Weight, Weights};

use crate::tensor_file::{CheckpointError, TensorFile};

/// A start, and what is worth saying about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The weights.
    pub weights: Weights,
    /// One sentence each.
    pub messages: Vec<String>,
}

/// Takes weights from a file by name and shape, whatever its metadata say: of all layers, or of those in `layers` where
/// it is not empty. The rest is drawn from the seed, and so is what the file lacks, but for what is learned first of all.
/// A tied filter goes to every place of an untied layer.
pub fn adopt(params: &[Param], seed: u64, file: &TensorFile, layers: &[u32]) -> Result<Loaded, CheckpointError> {
    let mut weights = Weights::draw_everywhere(params, seed);
    let (mut drawn, mut taken) = (Vec::new(), Vec::new());
    for (param, weight) in params.iter().zip(&mut weights.0) {
        if !layers.is_empty() && !layers.contains(&param.layer) {
            continue;
        }
        if param.kind == Kind::Learned || file.has(&param.name) {
            weight.values = Arc::new(read(file, param, true)?);
            taken.push(param.name.as_str());
        } else if param.kind != Kind::State {
            drawn.push(param.name.as_str());
        }
    }
    let path = file.path().display();
    let mut messages = Vec::new();
    if !drawn.is_empty() {
        messages.push(format!("{path} has no {}: drawn from seed {seed}", drawn.join(", ")));
    }
    let names = file.entries().into_iter().map(|entry| entry.name);
    let surplus: Vec<String> = names.filter(|name| !params.iter().any(|param| param.name == *name)).collect();
    if !surplus.is_empty() {
        messages.push(format!("{path}: ignored {}, which the network does not use", surplus.join(", ")));
    }
    messages.extend(halves(file, &taken));
    messages.extend(clear(params, &mut weights, file, &taken));
    Ok(Loaded { weights, messages })
}

/// Takes all of a system's weights and states from a file, which must have every one in its own shape.
pub fn stored(params: &[Param], file: &TensorFile) -> Result<Loaded, CheckpointError> {
    let weight = |param: &Param| -> Result<Weight, CheckpointError> {
        let values = Arc::new(read(file, param, false)?);
        Ok(Weight { name: param.name.clone(), layout: param.layout, values })
    };
    let mut weights = Weights(params.iter().map(weight).collect::<Result<_, _>>()?);
    let taken: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
    let mut messages: Vec<String> = halves(file, &taken).into_iter().collect();
    messages.extend(clear(params, &mut weights, file, &taken));
    Ok(Loaded { weights, messages })
}

/// A parameter's numbers, all finite, even those that a mask or the image's edge leaves out; `copies`: a tied filter may stand for those of all places.
fn read(file: &TensorFile, param: &Param, copies: bool) -> Result<Vec<f32>, CheckpointError> {
    let values = |dims: &[usize]| match param.layout {
        Layout::Mask(_) => file.mask(&param.name, dims),
        _ => file.finite(&param.name, dims),
    };
    if let Layout::Weights(connection) | Layout::Mask(connection) = param.layout {
        let tied = connection.tie().dims();
        if copies && connection.untied && file.dims(&param.name) == Some(&tied) {
            let mut filters = values(&tied)?.repeat(connection.filters() as usize);
            connection.each_outside(|at| filters[at] = 0.0);
            return Ok(filters);
        }
        let mut all = values(&connection.dims())?;
        if matches!(param.layout, Layout::Mask(_)) {
            connection.each_outside(|at| all[at] = 0.0);
        }
        return Ok(all);
    }
    values(&param.layout.dims())
}

/// What to say of numbers in half precision.
fn halves(file: &TensorFile, taken: &[&str]) -> Option<String> {
    let halves: Vec<&str> = taken.iter().copied().filter(|name| file.is_half(name)).collect();
    let path = file.path().display();
    (!halves.is_empty()).then(|| format!("{path}: {} in half precision, read as f32", halves.join(", ")))
}

/// Sets to 0 what is no weight; what to say of numbers of the file that were none.
fn clear(params: &[Param], weights: &mut Weights, file: &TensorFile, taken: &[&str]) -> Option<String> {
    let cleared = weights.clear(params);
    // Of what was drawn, numbers where there is no weight are nothing to tell.
    let told: Vec<&(String, usize)> = cleared.iter().filter(|(name, _)| taken.contains(&name.as_str())).collect();
    let count: usize = told.iter().map(|(_, count)| count).sum();
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    let (path, names) = (file.path().display(), names.join(", "));
    (count > 0)
        .then(|| format!("{path}: set {count} numbers of {names} to 0, for a mask or the image's edge leaves them out"))
}
