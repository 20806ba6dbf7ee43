//! Dispatches `connect_update`: a workgroup for each tile of taps, tile of output channels and run of places.

use hebb_shaders::{ConnectUpdateParams, Shader};
use hebb_spec::connection::{Connection, vectors};
use hebb_spec::problem::Learning;

use super::{Launch, tiles};
use crate::variant::Tuning;

/// Straight into W, and into R where it learns.
pub(crate) fn launch_whole(connection: &Connection, batch: u32, learning: Learning, tuning: &Tuning) -> Launch {
    let features: &[&str] = if learning.epsilon.is_some() { &["feedback"] } else { &[] };
    launch(connection, batch, 1, learning, tuning.shader("connect_update", features, batch))
}

/// Into partial sums.
pub(crate) fn launch_partial(connection: &Connection, batch: u32, splits: u32, tuning: &Tuning) -> Launch {
    let unused = Learning { scale: 0.0, epsilon: None };
    launch(connection, batch, splits, unused, tuning.shader("connect_update", &["partial"], batch))
}

fn launch(connection: &Connection, batch: u32, splits: u32, learning: Learning, shader: &'static Shader) -> Launch {
    let params = ConnectUpdateParams {
        in_channels: connection.input.channels,
        out_channels: connection.output.channels,
        height: connection.input.height,
        width: connection.input.width,
        kernel_h: connection.kernel_h,
        kernel_w: connection.kernel_w,
        pad_top: connection.pad_top(),
        pad_left: connection.pad_left(),
        image_vectors: vectors(batch),
        splits,
        scale: learning.scale,
        epsilon: learning.epsilon.unwrap_or(0.0),
    };
    let groups = tiles(connection.out_vectors(), shader.constant("OUT_VECTORS"))
        * tiles(connection.taps(), shader.constant("TAPS"))
        * u64::from(splits);
    Launch::new(shader, params, groups)
}
