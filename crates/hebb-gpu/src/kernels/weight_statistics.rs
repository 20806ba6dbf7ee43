//! Dispatches `weight_statistics`: a workgroup for each chunk of weights.

use hebb_shaders::WeightStatisticsParams;
use hebb_spec::problem::Problem;

use super::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(vectors: u32, tuning: &Tuning) -> Launch {
    let params = WeightStatisticsParams { vectors, chunk: Problem::STATISTICS_CHUNK };
    let groups = Problem::statistics_groups(vectors) as u64;
    Launch::new(tuning.shader("weight_statistics", &[], 0), params, groups)
}
