//! Dispatches `compete`: one thread for four images.

use hebb_shaders::CompeteParams;
use hebb_spec::lane4::vectors;
use hebb_spec::learning::Competition;

use super::launch::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, competition: Competition, tuning: &Tuning) -> Launch {
    let (features, sharpness): (&[&str], f32) = match competition {
        Competition::Winner => (&[], 0.0),
        Competition::Softmax { sharpness } => (&["softmax"], sharpness),
    };
    let params = CompeteParams { units, image_vectors: vectors(batch), sharpness };
    Launch::flat(tuning.shader("compete", features), params, u64::from(params.image_vectors))
}
