//! Dispatches `sum_forward`: one thread a four-vector.

use hebb_shaders::SumForwardParams;
use hebb_spec::connection::vectors;

use super::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, tuning: &Tuning) -> Launch {
    let params = SumForwardParams { vectors: units * vectors(batch) };
    Launch::flat(tuning.shader("sum_forward", &[], 0), params, u64::from(params.vectors))
}
