//! Dispatches `decay`: one thread a four-vector of weights.

use std::ops::Range;

use hebb_shaders::DecayParams;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::{LANE, Lane4};
use hebb_spec::learning::{Decay, Rate};
use hebb_spec::operand::Slot;

use super::launch::{Bound, Launch, geometry};
use super::pieces;
use crate::variant::Tuning;

pub(crate) fn launches(connection: &Connection, batch: u32, (by, rate): (Decay, Rate), tuning: &Tuning) -> Vec<Launch> {
    let (features, end): (&[&str], Option<Slot>) = match by {
        Decay::Even => (&[], None),
        Decay::ByPost => (&["post"], Some(Slot::Y)),
        Decay::ByPre => (&["pre"], Some(Slot::X)),
    };
    let shader = tuning.shader("decay", features);
    let launch = |run: Range<u32>| {
        let params = DecayParams {
            geometry: geometry(connection, batch),
            vectors: run.len() as u32,
            first_vector: run.start,
            filter_vectors: connection.filter_vectors(),
            filter_places: if connection.untied { 1 } else { connection.input.places() },
            rate: rate.0,
        };
        let mut bound: Vec<Bound> = end.map(Bound::whole).into_iter().collect();
        bound.push(pieces::window(Slot::W, &run));
        Launch::flat(shader, params, u64::from(params.vectors)).binding(bound)
    };
    let vectors = (connection.lane4_len() / LANE as usize) as u32;
    pieces::runs(vectors, 1, tuning).into_iter().map(launch).collect()
}
