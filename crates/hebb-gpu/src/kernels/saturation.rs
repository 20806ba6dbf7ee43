//! Dispatches `saturation`: a workgroup for each chunk of activity.

use hebb_shaders::SaturationParams;
use hebb_spec::Layout;
use hebb_spec::lane4::vectors;
use hebb_spec::problem::Problem;

use super::launch::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, tuning: &Tuning) -> Launch {
    let params = SaturationParams { vectors: units * vectors(batch), chunk: Problem::STATISTICS_CHUNK };
    let groups = Problem::statistics_groups(&Layout::Activity { units, batch }) as u64;
    Launch::new(tuning.shader("saturation", &[]), params, groups)
}
