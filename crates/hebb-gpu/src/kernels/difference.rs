//! Dispatches `difference`: one thread a four-vector.

use hebb_shaders::DifferenceParams;
use hebb_spec::lane4::vectors;

use super::launch::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, tuning: &Tuning) -> Launch {
    let params = DifferenceParams { vectors: units * vectors(batch) };
    Launch::flat(tuning.shader("difference", &[]), params, u64::from(params.vectors))
}
