//! Dispatches `transfer`: one thread a four-vector of rates.

use hebb_shaders::TransferParams;
use hebb_spec::lane4::vectors;
use hebb_spec::problem::TransferFunction;

use super::launch::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, (transfer, one): (TransferFunction, bool), tuning: &Tuning) -> Launch {
    let (features, [gamma, beta, theta]) = form(transfer);
    let image_vectors = vectors(batch);
    let params = TransferParams {
        image_vectors,
        vectors: units * image_vectors,
        all_vectors: (units + u32::from(one)) * image_vectors,
        gamma,
        beta,
        theta,
    };
    Launch::flat(tuning.shader("transfer", features), params, u64::from(params.all_vectors))
}

/// The form of a shader that has this φ, and φ's constants γ, β and θ, where it has any.
pub(crate) fn form(transfer: TransferFunction) -> (&'static [&'static str], [f32; 3]) {
    match transfer {
        TransferFunction::Identity => (&[], [0.0; 3]),
        TransferFunction::Logistic => (&["logistic"], [0.0; 3]),
        TransferFunction::Softplus { gamma, beta, theta } => (&["softplus"], [gamma, beta, theta]),
    }
}
