//! Dispatches `pool_forward`: a workgroup for an output pixel and a tile of images.

use hebb_shaders::PoolForwardParams;
use hebb_spec::lane4::vectors;
use hebb_spec::pool::Pool;

use super::launch::{Launch, tiles};
use crate::variant::Tuning;

pub(crate) fn launch(pool: &Pool, batch: u32, tuning: &Tuning) -> Launch {
    let output = pool.output();
    let params = PoolForwardParams {
        channels: pool.input.channels,
        height: pool.input.height,
        width: pool.input.width,
        out_height: output.height,
        out_width: output.width,
        size: pool.size,
        stride: pool.stride,
        before: pool.before(),
        outside_counts: u32::from(pool.outside_counts()),
        image_vectors: vectors(batch),
    };
    let shader = tuning.shader("pool_forward", &[]);
    let groups = u64::from(output.units()) * tiles(params.image_vectors, shader.constant("LANES"));
    Launch::new(shader, params, groups)
}
