//! Dispatches `pair_statistics`: a workgroup for each chunk of pairs.

use std::ops::Range;

use hebb_shaders::PairStatisticsParams;
use hebb_spec::Layout;
use hebb_spec::lane4::{self, LANE};
use hebb_spec::operand::Slot;
use hebb_spec::problem::Problem;

use super::launch::{Bound, Launch};
use super::pieces;
use crate::variant::Tuning;

pub(crate) fn launches(of: &Layout, masked: bool, tuning: &Tuning) -> Vec<Launch> {
    let chunk = Problem::STATISTICS_CHUNK;
    let features: &[&str] = if masked { &["masked"] } else { &[] };
    let shader = tuning.shader("pair_statistics", features);
    let launch = |run: Range<u32>| {
        let params = PairStatisticsParams { vectors: run.len() as u32, chunk, first_group: run.start / chunk };
        let mut bound = vec![pieces::window(Slot::A, &run), pieces::window(Slot::B, &run)];
        if masked {
            bound.extend([Bound::whole(Slot::MaskA), Bound::whole(Slot::MaskB)]);
        }
        bound.push(Bound::whole(Slot::Sums));
        Launch::new(shader, params, u64::from(params.vectors.div_ceil(chunk))).binding(bound)
    };
    let vectors = (lane4::len(of) / LANE as usize) as u32;
    pieces::runs(vectors, chunk, tuning).into_iter().map(launch).collect()
}
