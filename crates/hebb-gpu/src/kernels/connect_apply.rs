//! Dispatches `connect_apply`: one thread for a four-vector of weights.

use hebb_shaders::ConnectApplyParams;
use hebb_spec::connection::Connection;
use hebb_spec::problem::Learning;

use super::{Launch, connect_update};
use crate::variant::Tuning;

pub(crate) fn launch(connection: &Connection, splits: u32, learning: Learning, tuning: &Tuning) -> Launch {
    let params = ConnectApplyParams {
        vectors: connection.taps() * connection.out_vectors(),
        splits,
        scale: learning.scale,
        keep: learning.keep,
        epsilon: learning.epsilon.unwrap_or(0.0),
    };
    Launch::flat(
        tuning.shader("connect_apply", connect_update::features(learning), 0),
        params,
        u64::from(params.vectors),
    )
}
