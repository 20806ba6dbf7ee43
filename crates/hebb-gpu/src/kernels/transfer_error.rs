//! Dispatches `transfer_error`: one thread a four-vector.

use hebb_shaders::TransferErrorParams;
use hebb_spec::lane4::vectors;
use hebb_spec::problem::TransferFunction;

use super::launch::Launch;
use super::transfer::form;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, (transfer, scale): (TransferFunction, f32), tuning: &Tuning) -> Launch {
    let (features, [gamma, beta, theta]) = form(transfer);
    let image_vectors = vectors(batch);
    let params = TransferErrorParams { image_vectors, vectors: units * image_vectors, scale, gamma, beta, theta };
    Launch::flat(tuning.shader("transfer_error", features), params, u64::from(params.vectors))
}
