//! Dispatches `pair_statistics`: a workgroup for each chunk of pairs.

use hebb_shaders::PairStatisticsParams;
use hebb_spec::problem::Problem;

use super::{Bound, Launch, pieces};
use crate::variant::Tuning;

pub(crate) fn launches(vectors: u32, masked: bool, tuning: &Tuning) -> Vec<Launch> {
    let chunk = Problem::STATISTICS_CHUNK;
    let features: &[&str] = if masked { &["masked"] } else { &[] };
    let shader = tuning.shader("pair_statistics", features, 0);
    let launch = |run: std::ops::Range<u32>| {
        let vectors = run.len() as u32;
        let params = PairStatisticsParams { vectors, chunk, first_group: run.start / chunk };
        let mut bound = vec![pieces::window(0, &run), pieces::window(1, &run)];
        bound.extend((2..3 + 2 * usize::from(masked)).map(Bound::whole));
        Launch::new(shader, params, Problem::statistics_groups(vectors) as u64).binding(bound)
    };
    pieces::runs(vectors, chunk, tuning).into_iter().map(launch).collect()
}
