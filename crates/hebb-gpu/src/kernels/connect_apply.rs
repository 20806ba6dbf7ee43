//! Dispatches `connect_apply`: one thread for a four-vector of weights.

use hebb_shaders::ConnectApplyParams;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::Lane4;
use hebb_spec::learning::Learning;

use super::connect_update;
use super::launch::{Bound, Launch};
use crate::variant::Tuning;

/// From the partial sums into W, and into R or the trace where there is one.
pub(crate) fn launch(connection: &Connection, splits: u32, learning: Learning, tuning: &Tuning) -> Launch {
    let params = ConnectApplyParams {
        vectors: connection.filter_vectors(),
        splits,
        rate: learning.rate.0,
        keep: learning.keep,
        epsilon: learning.epsilon.unwrap_or(0.0),
        keep_trace: learning.trace.unwrap_or(0.0),
    };
    let shader = tuning.shader("connect_apply", connect_update::features(learning));
    let mut bound = vec![Bound::partial()];
    bound.extend(connect_update::weights(learning).iter().map(|&slot| Bound::whole(slot)));
    bound.extend(connect_update::masks(learning).iter().map(|&slot| Bound::whole(slot)));
    Launch::flat(shader, params, u64::from(params.vectors)).binding(bound)
}
