//! Dispatches `connect_update`: a workgroup for each tile of taps, tile of output channels and run of places. An untied
//! layer's runs are single places. Small filters on large images would fill no device: their places are split into runs
//! with partial sums of their own, which `connect_apply` adds. Where the weights pass the largest binding there is one
//! dispatch a piece.

use hebb_shaders::{ConnectUpdateParams, Shader, Text};
use hebb_spec::backend::Rounding;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::{self, LANE, Lane4};
use hebb_spec::learning::Learning;
use hebb_spec::operand::Slot;
use hebb_spec::problem::Problem;

use super::launch::{Bound, Launch, geometry, tiles};
use super::pieces;
use crate::variant::Tuning;

/// Runs of places with partial sums of their own; 1 where the sums go straight into the weights.
pub(crate) fn splits(connection: &Connection, tuning: &Tuning) -> u32 {
    let splits = lane4::update_splits(connection);
    // Partial sums, and the weights that they are added to, are bound whole.
    let bytes = 4 * connection.lane4_len() as u64 * u64::from(splits);
    if bytes <= tuning.caps.max_binding { splits } else { 1 }
}

/// Floats of the partial sums.
pub(crate) fn partial_len(connection: &Connection, tuning: &Tuning) -> usize {
    match splits(connection, tuning) {
        1 => 0,
        splits => connection.lane4_len() * splits as usize,
    }
}

/// Runs of places, each shared by a workgroup's lanes.
pub(crate) fn rounding(problem: &Problem, connection: &Connection, learning: Learning, tuning: &Tuning) -> Rounding {
    let runs = splits(connection, tuning);
    let shader = shader(if runs == 1 { features(learning) } else { PARTIAL }, problem, tuning);
    // In the other texts each sum belongs to one thread.
    Rounding::Runs { runs, lanes: if shader.text == Text::Plain { shader.constant("LANES") } else { 1 } }
}

/// Straight into W, and into R or the trace where there is one.
pub(crate) fn launches(problem: &Problem, connection: &Connection, learning: Learning, tuning: &Tuning) -> Vec<Launch> {
    let (shader, batch) = (shader(features(learning), problem, tuning), problem.batch());
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
            rate: learning.rate.0,
            keep: learning.keep,
            epsilon: learning.epsilon.unwrap_or(0.0),
            keep_trace: learning.trace.unwrap_or(0.0),
            ..params(connection, batch)
        };
        let mut bound = vec![Bound::whole(Slot::Delta), Bound::whole(Slot::X)];
        bound.extend(weights(learning).iter().map(|&slot| piece.bound(slot)));
        bound.extend(masks(learning).iter().map(|&slot| Bound::whole(slot)));
        launch(connection, params, shader).binding(bound)
    };
    pieces::cut(connection, tuning).into_iter().map(piece).collect()
}

/// Into partial sums of a tied connection.
pub(crate) fn launch_partial(problem: &Problem, connection: &Connection, splits: u32, tuning: &Tuning) -> Launch {
    let run_stride = connection.filter_vectors();
    let params = ConnectUpdateParams { splits, run_stride, ..params(connection, problem.batch()) };
    let bound = vec![Bound::whole(Slot::Delta), Bound::whole(Slot::X), Bound::partial()];
    launch(connection, params, shader(PARTIAL, problem, tuning)).binding(bound)
}

const PARTIAL: &[&str] = &["partial"];

/// The form of the shader that learns so.
pub(crate) fn features(learning: Learning) -> &'static [&'static str] {
    if learning.trace.is_some() {
        return &["traced"];
    }
    match (learning.epsilon.is_some(), learning.masked) {
        (false, false) => &[],
        (true, false) => &["feedback"],
        (false, true) => &["masked"],
        (true, true) => &["feedback", "masked"],
    }
}

/// What changes: the weights that learn, and the trace that W learns by.
pub(crate) fn weights(learning: Learning) -> &'static [Slot] {
    match (learning.trace.is_some(), learning.epsilon.is_some()) {
        (true, _) => &[Slot::W, Slot::Trace],
        (false, true) => &[Slot::W, Slot::R],
        (false, false) => &[Slot::W],
    }
}

/// Their masks.
pub(crate) fn masks(learning: Learning) -> &'static [Slot] {
    match (learning.masked, learning.epsilon.is_some()) {
        (false, _) => &[],
        (true, false) => &[Slot::MaskW],
        (true, true) => &[Slot::MaskW, Slot::MaskR],
    }
}

fn shader(features: &[&str], problem: &Problem, tuning: &Tuning) -> &'static Shader {
    tuning.choose(problem, "connect_update", features)
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
        rate: 0,
        keep: 1.0,
        epsilon: 0.0,
        keep_trace: 0.0,
    }
}

fn launch(connection: &Connection, params: ConnectUpdateParams, shader: &'static Shader) -> Launch {
    let taps = params.end_tap - params.first_tap;
    let (tap_tiles, out_vectors) = match shader.text {
        Text::Tiles => {
            // A tile has blocks of four input channels at one place of the filter.
            let filter = connection.kernel_h * connection.kernel_w;
            let blocks = filter * (taps / filter).div_ceil(LANE);
            let rows = shader.constant("ROWS") * shader.constant("TAP_VECTORS");
            (tiles(blocks, rows), shader.constant("COLUMNS") * shader.constant("OUT_VECTORS"))
        }
        Text::Lanes => (tiles(taps, shader.constant("TAPS")), shader.constant("LANES")),
        Text::Plain => (tiles(taps, shader.constant("TAPS")), shader.constant("OUT_VECTORS")),
    };
    let groups = tiles(connection.out_vectors(), out_vectors) * tap_tiles * u64::from(params.splits);
    Launch::new(shader, params, groups)
}
