//! Calls made ready: pipelines, bind groups and grids.

use hebb_spec::plan::{Call, Plan};
use hebb_spec::problem::Problem;

use crate::device::Gpu;
use crate::error::GpuError;
use crate::grid;
use crate::kernels::{self, Bound, Launch};
use crate::session::Options;
use crate::variant::Tuning;

/// A call, ready to be recorded.
pub(crate) struct Ready {
    /// In this order.
    pub dispatches: Vec<Dispatch>,
    /// Kernel and variant.
    pub variant: String,
    /// Lanes that share one sum in `connect_update`.
    pub update_lanes: u32,
    /// Floating-point operations.
    pub flops: u64,
}

/// One dispatch.
pub(crate) struct Dispatch {
    pub pipeline: wgpu::ComputePipeline,
    pub tensors: wgpu::BindGroup,
    pub step: Option<wgpu::BindGroup>,
    pub grid: [u32; 2],
}

/// What a device and the options make of variants and bindings.
pub(crate) fn tuning(gpu: &Gpu, options: &Options) -> Tuning {
    let summary = gpu.summary();
    let limit = summary.max_binding.min(summary.max_buffer);
    Tuning {
        software: summary.software,
        variant: options.variant.clone(),
        max_binding: options.max_binding.map_or(limit, |most| most.min(limit)),
        alignment: u64::from(gpu.0.device.limits().min_storage_buffer_offset_alignment),
    }
}

/// Whether the device can bind every tensor of a plan, whole or in pieces.
pub(crate) fn fits(gpu: &Gpu, plan: &Plan, tuning: &Tuning) -> Result<(), GpuError> {
    let summary = gpu.summary();
    let refuse = |tensor: &str, needs: u64, limit: u64, place| {
        Err(GpuError::TensorTooLarge {
            tensor: tensor.to_owned(),
            needs: needs.div_ceil(1 << 20),
            limit: limit >> 20,
            device: summary.name.clone(),
            place,
        })
    };
    // The largest first: it is the one to name.
    let mut tensors: Vec<_> = plan.tensors.iter().enumerate().filter(|(_, t)| t.bytes() > tuning.max_binding).collect();
    tensors.sort_by_key(|(_, tensor)| std::cmp::Reverse(tensor.len));
    for (id, tensor) in tensors {
        if tensor.bytes() > summary.max_buffer {
            return refuse(&tensor.name, tensor.bytes(), summary.max_buffer, "in a buffer");
        }
        for call in [&plan.train, &plan.evaluate, &plan.statistics].into_iter().flatten() {
            for at in (0..call.tensors.len()).filter(|&at| call.tensors[at].0 == id) {
                match kernels::smallest_window(&call.problem, at) {
                    Some(piece) if piece + tuning.alignment <= tuning.max_binding => {}
                    Some(piece) => {
                        return refuse(&tensor.name, piece, tuning.max_binding, "for one row or input of it");
                    }
                    None => return refuse(&tensor.name, tensor.bytes(), tuning.max_binding, "at once"),
                }
            }
        }
    }
    Ok(())
}

/// Makes the calls of a plan ready.
pub(crate) struct Maker<'a> {
    pub gpu: &'a Gpu,
    pub plan: &'a Plan,
    pub slots: &'a [wgpu::Buffer],
    pub step: &'a wgpu::Buffer,
    pub tuning: Tuning,
    pub checked: bool,
}

impl Maker<'_> {
    pub(crate) fn ready(&self, call: &Call) -> Result<Ready, GpuError> {
        let launches = kernels::launches(&call.problem, &self.tuning);
        let shader = launches[launches.len() - 1].shader;
        let is_update = matches!(call.problem, Problem::ConnectUpdate { .. } | Problem::ConnectPartial { .. });
        Ok(Ready {
            variant: format!("{} {}", shader.stem, shader.variant),
            update_lanes: if is_update { shader.constant("LANES") } else { 1 },
            flops: call.problem.flops(),
            dispatches: launches.iter().map(|launch| self.dispatch(call, launch)).collect::<Result<_, _>>()?,
        })
    }

    fn dispatch(&self, call: &Call, launch: &Launch) -> Result<Dispatch, GpuError> {
        let device = &self.gpu.0.device;
        let grid = grid::split(launch.groups)
            .ok_or_else(|| GpuError::GridTooLarge { call: call.name.clone(), groups: launch.groups })?;
        let pipeline = self.gpu.pipeline(launch.shader, self.checked);
        let params = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("params"),
            size: launch.params.len().next_multiple_of(16) as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.gpu.0.queue.write_buffer(&params, 0, &launch.params);
        let whole: Vec<Bound>;
        let bound = if launch.bound.is_empty() {
            whole = (0..call.tensors.len()).map(|tensor| Bound { tensor, window: None }).collect();
            &whole
        } else {
            &launch.bound
        };
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: params.as_entire_binding() }];
        entries.extend((1..).zip(bound).map(|(binding, bound)| {
            let buffer = &self.slots[self.plan.tensor(call.tensors[bound.tensor]).slot];
            let resource = match &bound.window {
                None => buffer.as_entire_binding(),
                Some(window) => wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer,
                    offset: window.start,
                    size: wgpu::BufferSize::new(window.end - window.start),
                }),
            };
            wgpu::BindGroupEntry { binding, resource }
        }));
        let group = |index, entries: &[wgpu::BindGroupEntry<'_>]| {
            let layout = pipeline.get_bind_group_layout(index);
            device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(&call.name), layout: &layout, entries })
        };
        let step = [wgpu::BindGroupEntry { binding: 0, resource: self.step.as_entire_binding() }];
        Ok(Dispatch {
            tensors: group(0, &entries),
            step: launch.shader.reads_step.then(|| group(1, &step)),
            grid,
            pipeline,
        })
    }
}
