//! Dispatches `connect_forward`: a workgroup for each place, tile of output channels and tile of images; one dispatch, or
//! one a piece where the weights pass the largest binding. Of a tied or full layer each adds its share of h, and the last
//! one applies σ.

use hebb_shaders::{ConnectForwardParams, Shader, Text};
use hebb_spec::connection::Connection;
use hebb_spec::lane4::{Lane4, vectors};
use hebb_spec::operand::Slot;
use hebb_spec::problem::Problem;

use super::launch::{Bound, Launch, columns, geometry, tiles};
use super::pieces;
use crate::variant::Tuning;

pub(crate) fn launches(problem: &Problem, connection: &Connection, slope: Option<f32>, tuning: &Tuning) -> Vec<Launch> {
    let (shader, batch) = (tuning.choose(problem, "connect_forward", &[]), problem.batch());
    let runs = pieces::cut(connection, tuning);
    let last = runs.len() - 1;
    let launch = |(at, piece): (usize, pieces::Piece)| {
        let is_sum_whole = connection.untied || at == last;
        let params = ConnectForwardParams {
            geometry: geometry(connection, batch),
            place_stride: connection.place_stride(),
            first_row: piece.rows.start,
            rows: piece.rows.len() as u32,
            first_in: piece.inputs.start,
            end_in: piece.inputs.end,
            w_start: piece.start(),
            goes_on: u32::from(piece.inputs.start > 0),
            slope: slope.filter(|_| is_sum_whole).unwrap_or(0.0),
        };
        let (out_vectors, image_vectors, whole) = tile(shader);
        let places = params.rows * params.geometry.width;
        let groups =
            columns(vectors(batch), places, image_vectors, whole) * tiles(connection.out_vectors(), out_vectors);
        Launch::new(shader, params, groups).binding(vec![
            piece.bound(Slot::W),
            Bound::whole(Slot::X),
            Bound::whole(Slot::Y),
        ])
    };
    runs.into_iter().enumerate().map(launch).collect()
}

/// Vectors of output channels and of images of a workgroup's tile, and whether it goes over the places too.
fn tile(shader: &Shader) -> (u32, u32, bool) {
    match shader.text {
        Text::Tiles => {
            let (rows, columns) =
                (shader.constant("ROWS") * shader.constant("OUT_VECTORS"), shader.constant("COLUMNS"));
            (rows, columns * shader.constant("IMAGE_VECTORS"), shader.constant("PIXELS") != 0)
        }
        Text::Lanes => (shader.constant("LANES"), shader.constant("IMAGE_VECTORS"), false),
        Text::Plain => {
            (shader.constant("OUT_VECTORS"), shader.constant("LANES") * shader.constant("IMAGE_VECTORS"), false)
        }
    }
}
