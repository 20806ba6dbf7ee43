//! Dispatches `sum_forward`: one thread a four-vector.

use hebb_shaders::SumForwardParams;
use hebb_spec::lane4::vectors;

use super::launch::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, tuning: &Tuning) -> Launch {
    let params = SumForwardParams { vectors: units * vectors(batch) };
    Launch::flat(tuning.shader("sum_forward", &[]), params, u64::from(params.vectors))
}
