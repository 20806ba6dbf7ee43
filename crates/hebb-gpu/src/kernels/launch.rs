//! What a dispatcher makes of a problem.

use std::ops::Range;

use bytemuck::Zeroable;
use hebb_shaders::{ConnectFeedbackParams, ConnectForwardParams, ConnectUpdateParams, Geometry, Shader};
use hebb_spec::connection::Connection;
use hebb_spec::lane4::{Lane4, vectors};
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
        places: connection.input.places(),
        out_vectors: connection.out_vectors(),
        image_vectors: vectors(batch),
        ..Geometry::zeroed()
    }
}

/// The parameters of the connect kernels begin with their geometry.
const _: () = {
    assert!(std::mem::offset_of!(ConnectForwardParams, geometry) == 0);
    assert!(std::mem::offset_of!(ConnectFeedbackParams, geometry) == 0);
    assert!(std::mem::offset_of!(ConnectUpdateParams, geometry) == 0);
};

/// A connect kernel's dispatch of `flops` operations, cut by workgroups into parts of at most `most`: one that takes
/// seconds would be ended by a driver's watchdog.
pub(crate) fn parts(launch: &Launch, flops: u64, most: u64) -> Vec<Launch> {
    let count = flops.div_ceil(most.max(1)).clamp(1, launch.groups.max(1));
    let part = |at: u64| {
        let [first, end] =
            [at, at + 1].map(|at| (u128::from(launch.groups) * u128::from(at) / u128::from(count)) as u64);
        let mut params = launch.params.clone();
        for (offset, group) in
            [(std::mem::offset_of!(Geometry, first_group), first), (std::mem::offset_of!(Geometry, end_group), end)]
        {
            params[offset..offset + 4].copy_from_slice(&(group as u32).to_ne_bytes());
        }
        Launch { shader: launch.shader, params, groups: end - first, bound: launch.bound.clone() }
    };
    (0..count).map(part).collect()
}

/// Tiles of `size` that hold `count`.
pub(crate) fn tiles(count: u32, size: u32) -> u64 {
    u64::from(count.div_ceil(size))
}

/// Tiles of `size` vectors that hold the images of each place, or those of all places on end.
pub(crate) fn columns(image_vectors: u32, places: u32, size: u32, whole: bool) -> u64 {
    match whole {
        true => (u64::from(image_vectors) * u64::from(places)).div_ceil(u64::from(size)),
        false => tiles(image_vectors, size) * u64::from(places),
    }
}
