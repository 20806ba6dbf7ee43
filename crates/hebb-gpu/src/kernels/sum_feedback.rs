//! Dispatches `sum_feedback`: one thread a four-vector.

use hebb_shaders::SumFeedbackParams;
use hebb_spec::lane4::vectors;

use super::launch::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, slope: f32, tuning: &Tuning) -> Launch {
    let params = SumFeedbackParams { vectors: units * vectors(batch), slope };
    Launch::flat(tuning.shader("sum_feedback", &[]), params, u64::from(params.vectors))
}
