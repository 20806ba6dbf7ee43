//! Dispatches `transfer_feedback`: one thread a four-vector of what is below. A last unit that is always 1 lies behind
//! all others, so that nothing needs to know of it.

use hebb_shaders::TransferFeedbackParams;
use hebb_spec::lane4::vectors;
use hebb_spec::problem::TransferFunction;

use super::launch::Launch;
use super::transfer::form;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, transfer: TransferFunction, tuning: &Tuning) -> Launch {
    let (features, [gamma, beta, theta]) = form(transfer);
    let image_vectors = vectors(batch);
    let params = TransferFeedbackParams { image_vectors, vectors: units * image_vectors, gamma, beta, theta };
    Launch::flat(tuning.shader("transfer_feedback", features), params, u64::from(params.vectors))
}
