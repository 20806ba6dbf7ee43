//! Dispatches `connect_feedback`: a workgroup for each place, tile of input channels and tile of images.

use hebb_shaders::ConnectFeedbackParams;
use hebb_spec::connection::{Connection, vectors};

use super::{Launch, tiles};
use crate::variant::Tuning;

pub(crate) fn launch(connection: &Connection, batch: u32, gate: Option<f32>, tuning: &Tuning) -> Launch {
    let features: &[&str] = if gate.is_some() { &["gate"] } else { &[] };
    let shader = tuning.shader("connect_feedback", features, batch);
    let params = ConnectFeedbackParams {
        in_channels: connection.input.channels,
        out_channels: connection.output.channels,
        height: connection.input.height,
        width: connection.input.width,
        kernel_h: connection.kernel_h,
        kernel_w: connection.kernel_w,
        pad_top: connection.pad_top(),
        pad_left: connection.pad_left(),
        image_vectors: vectors(batch),
        place_stride: connection.place_stride(),
        slope: gate.unwrap_or(0.0),
    };
    let groups = tiles(vectors(batch), shader.constant("LANES") * shader.constant("IMAGE_VECTORS"))
        * u64::from(connection.input.places())
        * tiles(connection.input.channels, shader.constant("IN_CHANNELS"));
    Launch::new(shader, params, groups)
}
