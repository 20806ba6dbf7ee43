//! Dispatches `integrate`: one thread a four-vector.

use hebb_shaders::IntegrateParams;
use hebb_spec::lane4::vectors;
use hebb_spec::problem::Euler;
use hebb_spec::rng::Purpose;

use super::launch::Launch;
use crate::variant::Tuning;

pub(crate) fn launch(units: u32, batch: u32, euler: Euler, tuning: &Tuning) -> Launch {
    let features: &[&str] = match (euler.second.is_some(), euler.noise.is_some()) {
        (false, false) => &[],
        (true, false) => &["second"],
        (false, true) => &["noise"],
        (true, true) => &["second", "noise"],
    };
    let params = IntegrateParams {
        units,
        image_vectors: vectors(batch),
        keep: euler.keep,
        first: euler.first,
        second: euler.second.unwrap_or(0.0),
        scale: euler.noise.map_or(0.0, |noise| noise.scale),
        stream: euler.noise.map_or(0, |noise| Purpose::Noise.with_layer(noise.layer)),
        restart: u32::from(euler.restart),
    };
    let threads = u64::from(units) * u64::from(params.image_vectors);
    Launch::flat(tuning.shader("integrate", features), params, threads)
}
