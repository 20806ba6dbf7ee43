//! Calls lowered to dispatches: pipelines, bind groups and grids.

use hebb_shaders::Shader;
use hebb_spec::backend::{Error, Rounding};
use hebb_spec::plan::Call;

use crate::device::Gpu;
use crate::grid;
use crate::kernels::{self, Bound, Launch, Source};
use crate::memory::Memory;
use crate::variant::Tuning;

/// Operations that a dispatch counts for at least: some microseconds pass for one that does nearly nothing, and a list
/// of few operations may be repeated a thousand times.
const LEAST: u64 = 100_000;

/// A call as dispatches.
pub(crate) struct Lowered {
    /// In this order.
    pub dispatches: Vec<Dispatch>,
    /// How its sums are cut.
    pub rounding: Rounding,
    /// Operations that its dispatches count for.
    pub flops: u64,
}

/// One dispatch.
pub(crate) struct Dispatch {
    /// Its shader.
    pub shader: &'static Shader,
    /// Operations that it counts for: its share of the call's, if not less than a dispatch takes anyway.
    pub flops: u64,
    pipeline: wgpu::ComputePipeline,
    tensors: wgpu::BindGroup,
    step: Option<wgpu::BindGroup>,
    grid: [u32; 2],
}

impl Dispatch {
    /// Adds it to a pass, with the numbers that lie there in the step's uniform.
    pub(crate) fn record(&self, pass: &mut wgpu::ComputePass<'_>, step: u32) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.tensors, &[]);
        if let Some(group) = &self.step {
            pass.set_bind_group(1, group, &[step]);
        }
        pass.dispatch_workgroups(self.grid[0], self.grid[1], 1);
    }
}

/// What calls are lowered with.
pub(crate) struct Lowering<'a> {
    /// The device.
    pub gpu: &'a Gpu,
    /// The plan's tensors.
    pub memory: &'a Memory,
    /// The step's numbers.
    pub step: &'a wgpu::BindGroup,
    /// Choice of variants and pieces.
    pub tuning: &'a Tuning,
    /// Whether wgpu's bounds checks stay.
    pub checked: bool,
}

impl Lowering<'_> {
    /// The dispatches of a call.
    pub(crate) fn lower(&self, call: &Call) -> Result<Lowered, Error> {
        let launches = kernels::launches(&call.problem, self.tuning);
        let share = (call.problem.flops() / launches.len().max(1) as u64).max(LEAST);
        let dispatches = launches.into_iter().map(|launch| self.dispatch(call, launch, share));
        let dispatches = dispatches.collect::<Result<Vec<_>, _>>()?;
        let flops = share.saturating_mul(dispatches.len() as u64);
        Ok(Lowered { dispatches, rounding: kernels::rounding(&call.problem, self.tuning), flops })
    }

    fn dispatch(&self, call: &Call, launch: Launch, flops: u64) -> Result<Dispatch, Error> {
        let device = &self.gpu.0.device;
        let grid = grid::split(launch.groups)
            .ok_or_else(|| Error::GridTooLarge { call: call.name.clone(), groups: launch.groups })?;
        let pipeline = self.gpu.pipeline(launch.shader, self.checked);
        let params = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("params"),
            size: launch.params.len().next_multiple_of(16) as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.gpu.0.queue.write_buffer(&params, 0, &launch.params);
        let bound = match launch.bound.is_empty() {
            true => call.operands().map(|(_, operand)| Bound::whole(operand.slot)).collect(),
            false => launch.bound,
        };
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: params.as_entire_binding() }];
        entries.extend((1..).zip(&bound).map(|(binding, bound)| {
            let buffer = self.buffer(call, bound.source);
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
        let tensors = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(&call.name),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        Ok(Dispatch {
            tensors,
            step: launch.shader.reads_step.then(|| self.step.clone()),
            shader: launch.shader,
            flops,
            grid,
            pipeline,
        })
    }

    fn buffer(&self, call: &Call, source: Source) -> &wgpu::Buffer {
        match source {
            Source::Partial => self.memory.partial(),
            Source::Operand(slot) => match call.tensor(slot) {
                Some(id) => self.memory.buffer(id),
                None => unreachable!("the dispatcher of {} binds only what is an operand: {slot:?}", call.name),
            },
        }
    }
}
