//! What a dispatcher makes of a problem.

use std::ops::Range;

use hebb_shaders::{Geometry, Shader};
use hebb_spec::connection::Connection;
use hebb_spec::lane4::vectors;
use hebb_spec::operand::Slot;

/// Where the numbers of a binding lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// In a tensor of the problem.
    Operand(Slot),
    /// In the partial sums, which the session keeps beside the plan's tensors.
    Partial,
}

/// What a dispatch binds: a buffer or a window of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Of which numbers.
    pub source: Source,
    /// The bytes bound; `None`: all.
    pub window: Option<Range<u64>>,
}

impl Bound {
    /// A whole tensor.
    pub(crate) fn whole(slot: Slot) -> Self {
        Self { source: Source::Operand(slot), window: None }
    }

    /// The partial sums.
    pub(crate) fn partial() -> Self {
        Self { source: Source::Partial, window: None }
    }

    /// A window of a tensor.
    pub(crate) fn window(slot: Slot, window: Range<u64>) -> Self {
        Self { source: Source::Operand(slot), window: Some(window) }
    }
}

/// One dispatch of a problem.
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
    /// A dispatch of so many workgroups.
    pub(crate) fn new<P: bytemuck::Pod>(shader: &'static Shader, params: P, groups: u64) -> Self {
        Self { shader, params: bytemuck::bytes_of(&params).to_vec(), groups, bound: Vec::new() }
    }

    /// One thread for each of `threads` elements.
    pub(crate) fn flat<P: bytemuck::Pod>(shader: &'static Shader, params: P, threads: u64) -> Self {
        Self::new(shader, params, threads.div_ceil(u64::from(shader.constant("LANES"))))
    }

    /// The same with these bindings.
    pub(crate) fn binding(self, bound: Vec<Bound>) -> Self {
        Self { bound, ..self }
    }
}

/// What the connect kernels know of their layer and batch.
pub(crate) fn geometry(connection: &Connection, batch: u32) -> Geometry {
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
pub(crate) fn tiles(count: u32, size: u32) -> u64 {
    u64::from(count.div_ceil(size))
}
