//! Dispatches `loss`: one workgroup, so that the sums are added in a fixed order.

use hebb_shaders::LossParams;
use hebb_spec::lane4::vectors;
use hebb_spec::learning::Loss;

use super::launch::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(classes: u32, batch: u32, loss: Loss, mu: f32, tuning: &Tuning) -> Launch {
    let kind = match loss {
        Loss::Hinge => 0,
        Loss::Softmax => 1,
        Loss::Quadratic => 2,
    };
    let params = LossParams { classes, image_vectors: vectors(batch), kind, mu };
    Launch::new(tuning.shader("loss", &[]), params, 1)
}
