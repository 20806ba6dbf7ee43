//! Dispatches `record`: one thread a number of a row. In the repeats that keep none they return at once.

use hebb_shaders::RecordParams;
use hebb_spec::lane4::vectors;

use super::launch::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, (every, rows): (u32, u32), tuning: &Tuning) -> Launch {
    let params = RecordParams { units, images: batch, image_vectors: vectors(batch), every, rows };
    Launch::flat(tuning.shader("record", &[]), params, u64::from(units) * u64::from(batch))
}
