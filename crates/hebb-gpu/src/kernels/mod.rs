//! One dispatcher a kernel: from a problem to a shader, its parameters and its number of workgroups.

mod connect_apply;
mod connect_feedback;
mod connect_forward;
mod connect_update;
mod dropout;
mod gather_images;
mod loss;
mod pair_statistics;
mod pieces;
mod pool_feedback;
mod pool_forward;
mod saturation;
mod sign_feedback;
mod sum_feedback;
mod sum_forward;
mod target_delta;

use std::ops::Range;

use hebb_shaders::{Geometry, Shader};
use hebb_spec::connection::{Connection, vectors};
use hebb_spec::problem::Problem;

use crate::variant::Tuning;

/// A tensor of the problem, or a window of it, as a dispatch binds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Which of the problem's tensors.
    pub tensor: usize,
    /// The bytes bound; `None`: all.
    pub window: Option<Range<u64>>,
}

impl Bound {
    /// A whole tensor.
    fn whole(tensor: usize) -> Self {
        Self { tensor, window: None }
    }
}

/// What a dispatcher makes of a problem: one dispatch of it.
pub(crate) struct Launch {
    /// The shader, in a form and variant.
    pub shader: &'static Shader,
    /// Its parameters, as bytes.
    pub params: Vec<u8>,
    /// Workgroups.
    pub groups: u64,
    /// What is bound, in binding order; empty: all tensors of the problem, whole.
    pub bound: Vec<Bound>,
}

impl Launch {
    fn new<P: bytemuck::Pod>(shader: &'static Shader, params: P, groups: u64) -> Self {
        Self { shader, params: bytemuck::bytes_of(&params).to_vec(), groups, bound: Vec::new() }
    }

    /// One thread for each of `threads` elements.
    fn flat<P: bytemuck::Pod>(shader: &'static Shader, params: P, threads: u64) -> Self {
        Self::new(shader, params, threads.div_ceil(u64::from(shader.constant("LANES"))))
    }

    fn binding(self, bound: Vec<Bound>) -> Self {
        Self { bound, ..self }
    }
}

/// The smallest piece of a tensor that a dispatch can bind, in bytes; `None` where it binds only the whole.
pub(crate) fn smallest_window(problem: &Problem, tensor: usize) -> Option<u64> {
    match problem {
        Problem::ConnectForward { connection, .. } | Problem::ConnectFeedback { connection, .. } if tensor == 0 => {
            Some(pieces::smallest(connection))
        }
        Problem::ConnectUpdate { connection, learning, .. }
            if (2..3 + usize::from(learning.epsilon.is_some())).contains(&tensor) =>
        {
            Some(pieces::smallest(connection))
        }
        Problem::SignFeedback { .. } => Some(0),
        Problem::PairStatistics { .. } if tensor < 2 => Some(16 * u64::from(Problem::STATISTICS_CHUNK)),
        _ => None,
    }
}

/// What the connect kernels know of their layer and batch.
fn geometry(connection: &Connection, batch: u32) -> Geometry {
    Geometry {
        out_channels: connection.output.channels,
        height: connection.input.height,
        width: connection.input.width,
        kernel_h: connection.kernel_h,
        kernel_w: connection.kernel_w,
        pad_top: connection.pad_top(),
        pad_left: connection.pad_left(),
        image_vectors: vectors(batch),
    }
}

/// Tiles of `size` that hold `count`.
fn tiles(count: u32, size: u32) -> u64 {
    u64::from(count.div_ceil(size))
}

/// The dispatches of any problem, to run in this order.
pub(crate) fn launches(problem: &Problem, tuning: &Tuning) -> Vec<Launch> {
    let one = |launch| vec![launch];
    match *problem {
        Problem::GatherImages { shape, batch } => one(gather_images::launch(shape, batch, tuning)),
        Problem::ConnectForward { connection, batch, slope } => {
            connect_forward::launches(&connection, batch, slope, tuning)
        }
        Problem::ConnectFeedback { connection, batch, skip, gate } => {
            connect_feedback::launches(&connection, batch, skip, gate, tuning)
        }
        Problem::ConnectUpdate { connection, batch, learning } => {
            connect_update::launches(&connection, batch, learning, tuning)
        }
        Problem::ConnectPartial { connection, batch, splits } => {
            one(connect_update::launch_partial(&connection, batch, splits, tuning))
        }
        Problem::ConnectApply { connection, splits, learning } => {
            one(connect_apply::launch(&connection, splits, learning, tuning))
        }
        Problem::SignFeedback { connection, magnitudes } => sign_feedback::launches(&connection, magnitudes, tuning),
        Problem::SumForward { units, batch } => one(sum_forward::launch(units, batch, tuning)),
        Problem::SumFeedback { units, batch, slope } => one(sum_feedback::launch(units, batch, slope, tuning)),
        Problem::PoolForward { pool, batch } => one(pool_forward::launch(&pool, batch, tuning)),
        Problem::PoolFeedback { pool, batch, gate } => one(pool_feedback::launch(&pool, batch, gate, tuning)),
        Problem::Dropout { units, batch, index, probability } => {
            one(dropout::launch(units, batch, index, probability, tuning))
        }
        Problem::Loss { classes, batch, loss, mu } => one(loss::launch(classes, batch, loss, mu, tuning)),
        Problem::TargetDelta { classes, batch } => one(target_delta::launch(classes, batch, tuning)),
        Problem::PairStatistics { vectors, masked } => pair_statistics::launches(vectors, masked, tuning),
        Problem::Saturation { units, batch } => one(saturation::launch(units, batch, tuning)),
    }
}
