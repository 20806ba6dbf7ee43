//! Dispatches `nudge`: one thread a four-vector.

use hebb_shaders::NudgeParams;
use hebb_spec::lane4::vectors;
use hebb_spec::problem::Nudge;

use super::launch::Launch;
use super::transfer::form;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, nudge: Nudge, tuning: &Tuning) -> Launch {
    let (features, [gamma, beta, theta]) = form(nudge.transfer);
    let (image_vectors, Nudge { keep, pull, rest, scale, .. }) = (vectors(batch), nudge);
    let vectors = units * image_vectors;
    let params = NudgeParams { image_vectors, vectors, keep, pull, rest, scale, gamma, beta, theta };
    Launch::flat(tuning.shader("nudge", features), params, u64::from(vectors))
}
