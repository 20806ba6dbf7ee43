//! Dispatches `connect_feedback`: a workgroup for each place, tile of input channels and tile of images. Where the
//! weights pass the largest binding there is one dispatch a piece. Of an untied layer each adds its share of δ, and the
//! last one adds the second δ and applies σ′; of a tied or full one each has input channels of its own.

use hebb_shaders::{ConnectFeedbackParams, Shader, Text};
use hebb_spec::connection::Connection;
use hebb_spec::lane4::{LANE, Lane4, vectors};
use hebb_spec::operand::Slot;
use hebb_spec::problem::Problem;

use super::launch::{Bound, Launch, columns, geometry, tiles};
use super::pieces;
use crate::variant::Tuning;

pub(crate) fn launches(
    problem: &Problem,
    connection: &Connection,
    skip: bool,
    gate: Option<f32>,
    tuning: &Tuning,
) -> Vec<Launch> {
    let (runs, batch) = (pieces::cut(connection, tuning), problem.batch());
    let last = runs.len() - 1;
    let launch = |(at, piece): (usize, pieces::Piece)| {
        let is_sum_whole = !connection.untied || at == last;
        let features: &[&str] = match (gate.is_some() && is_sum_whole, skip && is_sum_whole) {
            (false, false) => &[],
            (true, false) => &["gate"],
            (false, true) => &["skip"],
            (true, true) => &["gate", "skip"],
        };
        let shader = tuning.choose(problem, "connect_feedback", features);
        let params = ConnectFeedbackParams {
            geometry: geometry(connection, batch),
            place_stride: connection.place_stride(),
            first_row: piece.rows.start,
            rows: piece.rows.len() as u32,
            first_in: piece.inputs.start,
            end_in: piece.inputs.end,
            r_start: piece.start(),
            goes_on: u32::from(piece.rows.start > 0),
            slope: gate.unwrap_or(0.0),
        };
        let (channels, image_vectors, whole) = tile(shader);
        let groups = columns(vectors(batch), connection.input.places(), image_vectors, whole)
            * tiles(piece.inputs.len() as u32, channels);
        let mut bound = vec![piece.bound(Slot::R), Bound::whole(Slot::Delta)];
        bound.extend((skip && is_sum_whole).then(|| Bound::whole(Slot::Skip)));
        bound.extend((gate.is_some() && is_sum_whole).then(|| Bound::whole(Slot::Gate)));
        bound.push(Bound::whole(Slot::Below));
        Launch::new(shader, params, groups).binding(bound)
    };
    runs.into_iter().enumerate().map(launch).collect()
}

/// Input channels and vectors of images of a workgroup's tile, and whether it goes over the places too.
fn tile(shader: &Shader) -> (u32, u32, bool) {
    let images = shader.constant("IMAGE_VECTORS");
    match shader.text {
        Text::Tiles => {
            let channels = LANE * shader.constant("ROWS") * shader.constant("IN_VECTORS");
            (channels, shader.constant("COLUMNS") * images, shader.constant("PIXELS") != 0)
        }
        Text::Lanes => (LANE * shader.constant("LANES"), images, false),
        Text::Plain => (shader.constant("IN_CHANNELS"), shader.constant("LANES") * images, false),
    }
}
