//! Dispatches `pool_feedback`: a workgroup for an input pixel and a tile of images.

use hebb_shaders::PoolFeedbackParams;
use hebb_spec::lane4::vectors;
use hebb_spec::pool::{Pool, PoolTies};

use super::launch::{Launch, tiles};
use crate::variant::Tuning;

pub(crate) fn launch(pool: &Pool, batch: u32, gate: Option<f32>, tuning: &Tuning) -> Launch {
    let output = pool.output();
    let params = PoolFeedbackParams {
        channels: pool.input.channels,
        height: pool.input.height,
        width: pool.input.width,
        out_height: output.height,
        out_width: output.width,
        size: pool.size,
        stride: pool.stride,
        before: pool.before(),
        outside_counts: u32::from(pool.outside_counts()),
        first_only: u32::from(pool.ties == PoolTies::First),
        image_vectors: vectors(batch),
        slope: gate.unwrap_or(0.0),
    };
    let features: &[&str] = if gate.is_some() { &["gate"] } else { &[] };
    let shader = tuning.shader("pool_feedback", features, batch);
    let groups = u64::from(pool.input.units()) * tiles(params.image_vectors, shader.constant("LANES"));
    Launch::new(shader, params, groups)
}
