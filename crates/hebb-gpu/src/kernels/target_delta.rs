//! Dispatches `target_delta`: one thread a four-vector.

use hebb_shaders::TargetDeltaParams;
use hebb_spec::lane4::vectors;

use super::launch::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(classes: u32, batch: u32, tuning: &Tuning) -> Launch {
    let params = TargetDeltaParams { classes, image_vectors: vectors(batch) };
    let threads = u64::from(classes) * u64::from(params.image_vectors);
    Launch::flat(tuning.shader("target_delta", &[]), params, threads)
}
