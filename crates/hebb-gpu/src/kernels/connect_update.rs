//! Dispatches `connect_update`: a workgroup for each tile of taps, tile of output channels and run of places. An untied
//! layer's runs are single places. Where the weights pass the largest binding there is one dispatch a piece.

use hebb_shaders::{ConnectUpdateParams, Shader};
use hebb_spec::connection::Connection;
use hebb_spec::problem::Learning;

use super::{Bound, Launch, geometry, pieces, tiles};
use crate::variant::Tuning;

/// Straight into W, and into R where it learns.
pub(crate) fn launches(connection: &Connection, batch: u32, learning: Learning, tuning: &Tuning) -> Vec<Launch> {
    let shader = tuning.shader("connect_update", features(learning), batch);
    let weights = 2..3 + usize::from(learning.epsilon.is_some());
    let masks = weights.end..weights.end + if learning.masked { weights.len() } else { 0 };
    let filter = connection.kernel_h * connection.kernel_w;
    let piece = |piece: pieces::Piece| {
        let first_place = piece.rows.start * connection.output.width;
        let places = piece.rows.len() as u32 * connection.output.width;
        // Each place of an untied layer is a run by itself; a tied layer has one run over all of them.
        let first_vector = u64::from(first_place) * u64::from(connection.place_stride());
        let params = ConnectUpdateParams {
            splits: if connection.untied { places } else { 1 },
            first_place,
            places,
            first_tap: piece.inputs.start * filter,
            end_tap: piece.inputs.end * filter,
            run_stride: connection.place_stride(),
            w_start: (first_vector as u32).wrapping_add(piece.start()),
            mask_start: first_vector as u32,
            scale: learning.scale,
            keep: learning.keep,
            epsilon: learning.epsilon.unwrap_or(0.0),
            ..params(connection, batch)
        };
        let mut bound = vec![Bound::whole(0), Bound::whole(1)];
        bound.extend(weights.clone().map(|tensor| piece.bound(tensor)));
        bound.extend(masks.clone().map(Bound::whole));
        launch(connection, params, shader).binding(bound)
    };
    pieces::cut(connection, tuning).into_iter().map(piece).collect()
}

/// Into partial sums of a tied connection.
pub(crate) fn launch_partial(connection: &Connection, batch: u32, splits: u32, tuning: &Tuning) -> Launch {
    let run_stride = connection.filter_vectors();
    let params = ConnectUpdateParams { splits, run_stride, ..params(connection, batch) };
    launch(connection, params, tuning.shader("connect_update", &["partial"], batch))
}

/// The form of the shader that learns so.
pub(crate) fn features(learning: Learning) -> &'static [&'static str] {
    match (learning.epsilon.is_some(), learning.masked) {
        (false, false) => &[],
        (true, false) => &["feedback"],
        (false, true) => &["masked"],
        (true, true) => &["feedback", "masked"],
    }
}

/// One run over all places, which adds nothing.
fn params(connection: &Connection, batch: u32) -> ConnectUpdateParams {
    ConnectUpdateParams {
        geometry: geometry(connection, batch),
        splits: 1,
        first_place: 0,
        places: connection.input.places(),
        first_tap: 0,
        end_tap: connection.taps(),
        run_stride: 0,
        w_start: 0,
        mask_start: 0,
        scale: 0.0,
        keep: 1.0,
        epsilon: 0.0,
    }
}

fn launch(connection: &Connection, params: ConnectUpdateParams, shader: &'static Shader) -> Launch {
    let groups = tiles(connection.out_vectors(), shader.constant("OUT_VECTORS"))
        * tiles(params.end_tap - params.first_tap, shader.constant("TAPS"))
        * u64::from(params.splits);
    Launch::new(shader, params, groups)
}
