//! Dispatches `pool_feedback`: a workgroup for an input pixel and a tile of images, or a thread for a block of pixels.

use hebb_shaders::{PoolFeedbackParams, Text};
use hebb_spec::lane4::vectors;
use hebb_spec::pool::{Pool, PoolTies};
use hebb_spec::problem::Problem;

use super::launch::{Launch, tiles};
use crate::variant::Tuning;

pub(crate) fn launch(problem: &Problem, pool: &Pool, gate: Option<f32>, tuning: &Tuning) -> Launch {
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
        image_vectors: vectors(problem.batch()),
        slope: gate.unwrap_or(0.0),
    };
    let features: &[&str] = match (pool.ties, gate) {
        (PoolTies::All, None) => &[],
        (PoolTies::All, Some(_)) => &["gate"],
        (PoolTies::First, None) => &["first"],
        (PoolTies::First, Some(_)) => &["first", "gate"],
    };
    let shader = tuning.choose(problem, "pool_feedback", features);
    if shader.text == Text::Tiles {
        // The blocks begin where windows do, which may be above the image and left of it.
        let down = (pool.input.height + pool.before()).div_ceil(pool.stride);
        let across = (pool.input.width + pool.before()).div_ceil(pool.stride * shader.constant("WIDE"));
        let blocks = u64::from(pool.input.channels) * u64::from(down) * u64::from(across);
        return Launch::flat(shader, params, blocks * u64::from(params.image_vectors));
    }
    let groups = u64::from(pool.input.units()) * tiles(params.image_vectors, shader.constant("LANES"));
    Launch::new(shader, params, groups)
}
