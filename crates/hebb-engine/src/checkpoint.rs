//! Checkpoints: safetensors files with all parameters and states of a system, each under its name, and the metadata
//! `hebb`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use hebb_spec::layout::Layout;
use hebb_spec::param::{Weight, Weights};
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, View};

use crate::atomic;
use crate::metadata::Metadata;
use crate::tensor_file::{CheckpointError, KEY};

/// A tensor on its way into a file, floats lowest byte first.
struct Stored<'a> {
    dims: Vec<usize>,
    weight: &'a Weight,
}

impl View for Stored<'_> {
    fn dtype(&self) -> Dtype {
        match self.weight.layout {
            Layout::Mask(_) => Dtype::U8,
            _ => Dtype::F32,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.dims
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = &self.weight.values;
        match self.dtype() {
            Dtype::U8 => values.iter().map(|&value| u8::from(value != 0.0)).collect(),
            _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }

    fn data_len(&self) -> usize {
        let each = if self.dtype() == Dtype::U8 { 1 } else { 4 };
        each * self.weight.values.len()
    }
}

/// Writes a checkpoint, whole or not at all.
pub fn write(path: &Path, weights: &Weights, metadata: &Metadata) -> Result<(), CheckpointError> {
    Ok(atomic::write(path, &encode(path, weights, metadata)?)?)
}

/// A checkpoint's bytes: tensors in a fixed order, so that equal weights and metadata give equal bytes.
pub(crate) fn encode(path: &Path, weights: &Weights, metadata: &Metadata) -> Result<Vec<u8>, CheckpointError> {
    let fail = |cause| CheckpointError::Encode { path: path.to_owned(), cause };
    let json = serde_json::to_string(metadata).map_err(|cause| fail(SafeTensorError::JsonError(cause)))?;
    let tensors = weights.0.iter().map(|weight| (weight.name.as_str(), Stored { dims: weight.layout.dims(), weight }));
    safetensors::serialize(tensors, Some(HashMap::from([(KEY.to_owned(), json)]))).map_err(fail)
}
