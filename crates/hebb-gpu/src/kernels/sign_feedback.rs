//! Dispatches `sign_feedback`: one thread a four-vector of weights.

use std::ops::Range;

use hebb_shaders::SignFeedbackParams;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::{LANE, Lane4};
use hebb_spec::learning::Magnitudes;
use hebb_spec::operand::Slot;
use hebb_spec::rng::Purpose;

use super::launch::Launch;
use super::pieces;
use crate::variant::Tuning;

pub(crate) fn launches(connection: &Connection, magnitudes: Magnitudes, tuning: &Tuning) -> Vec<Launch> {
    let (features, magnitude, layer): (&[&str], f32, u32) = match magnitudes {
        Magnitudes::Uniform(magnitude) => (&[], magnitude, 0),
        Magnitudes::Kept => (&["kept"], 0.0, 0),
        Magnitudes::Drawn { bound, layer } => (&["drawn"], bound, layer),
    };
    let shader = tuning.shader("sign_feedback", features);
    let launch = |run: Range<u32>| {
        let params = SignFeedbackParams {
            vectors: run.len() as u32,
            first_vector: run.start,
            taps: connection.taps(),
            out_channels: connection.output.channels,
            stream: Purpose::Magnitudes.with_layer(layer),
            magnitude,
        };
        let bound = vec![pieces::window(Slot::W, &run), pieces::window(Slot::R, &run)];
        Launch::flat(shader, params, u64::from(params.vectors)).binding(bound)
    };
    let vectors = (connection.lane4_len() / LANE as usize) as u32;
    pieces::runs(vectors, 1, tuning).into_iter().map(launch).collect()
}
