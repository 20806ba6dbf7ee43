//! One dispatcher a kernel: from a problem to a shader, its parameters and its number of workgroups.

mod connect_apply;
mod connect_feedback;
mod connect_forward;
mod connect_update;
mod dropout;
mod gather_images;
mod loss;
mod pool_feedback;
mod pool_forward;
mod weight_statistics;

use hebb_shaders::Shader;
use hebb_spec::problem::Problem;

use crate::variant::Tuning;

/// What a dispatcher makes of a problem.
pub(crate) struct Launch {
    /// The shader, in a form and variant.
    pub shader: &'static Shader,
    /// Its parameters, as bytes.
    pub params: Vec<u8>,
    /// Workgroups.
    pub groups: u64,
}

impl Launch {
    fn new<P: bytemuck::Pod>(shader: &'static Shader, params: P, groups: u64) -> Self {
        Self { shader, params: bytemuck::bytes_of(&params).to_vec(), groups }
    }

    /// One thread for each of `threads` elements.
    fn flat<P: bytemuck::Pod>(shader: &'static Shader, params: P, threads: u64) -> Self {
        Self::new(shader, params, threads.div_ceil(u64::from(shader.constant("LANES"))))
    }
}

/// Tiles of `size` that hold `count`.
fn tiles(count: u32, size: u32) -> u64 {
    u64::from(count.div_ceil(size))
}

/// The launch of any problem.
pub(crate) fn launch(problem: &Problem, tuning: &Tuning) -> Launch {
    match *problem {
        Problem::GatherImages { shape, batch } => gather_images::launch(shape, batch, tuning),
        Problem::ConnectForward { connection, batch, slope } => {
            connect_forward::launch(&connection, batch, slope, tuning)
        }
        Problem::ConnectFeedback { connection, batch, gate } => {
            connect_feedback::launch(&connection, batch, gate, tuning)
        }
        Problem::ConnectUpdate { connection, batch, learning } => {
            connect_update::launch_whole(&connection, batch, learning, tuning)
        }
        Problem::ConnectPartial { connection, batch, splits } => {
            connect_update::launch_partial(&connection, batch, splits, tuning)
        }
        Problem::ConnectApply { connection, splits, learning } => {
            connect_apply::launch(&connection, splits, learning, tuning)
        }
        Problem::PoolForward { pool, batch } => pool_forward::launch(&pool, batch, tuning),
        Problem::PoolFeedback { pool, batch, gate } => pool_feedback::launch(&pool, batch, gate, tuning),
        Problem::Dropout { units, batch, index, probability } => {
            dropout::launch(units, batch, index, probability, tuning)
        }
        Problem::Loss { classes, batch, loss, mu } => loss::launch(classes, batch, loss, mu, tuning),
        Problem::WeightStatistics { vectors } => weight_statistics::launch(vectors, tuning),
    }
}
