//! Dispatches `dropout`: a workgroup for a unit and a tile of images.

use hebb_shaders::DropoutParams;
use hebb_spec::lane4::vectors;
use hebb_spec::problem::{drop_scale, drop_threshold};
use hebb_spec::rng::Purpose;

use super::launch::{Launch, tiles};
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, index: u32, probability: f32, tuning: &Tuning) -> Launch {
    let params = DropoutParams {
        units,
        image_vectors: vectors(batch),
        stream: Purpose::Dropout.with_layer(index),
        threshold: drop_threshold(probability),
        scale: drop_scale(probability),
    };
    let shader = tuning.shader("dropout", &[]);
    let groups = u64::from(units) * tiles(params.image_vectors, shader.constant("LANES"));
    Launch::new(shader, params, groups)
}
