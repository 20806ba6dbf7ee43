//! Dispatches `gather_images`: one thread for a word of four pixels and a vector of four images.

use hebb_shaders::GatherImagesParams;
use hebb_spec::Shape;
use hebb_spec::lane4::{image_words, vectors};

use super::launch::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(shape: Shape, batch: u32, tuning: &Tuning) -> Launch {
    let params =
        GatherImagesParams { units: shape.units(), image_words: image_words(shape), image_vectors: vectors(batch) };
    let threads = u64::from(params.image_words) * u64::from(params.image_vectors);
    Launch::flat(tuning.shader("gather_images", &[]), params, threads)
}
