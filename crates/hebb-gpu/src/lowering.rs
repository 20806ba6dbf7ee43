//! Calls lowered to dispatches: pipelines, bind groups and grids.

use hebb_shaders::Shader;
use hebb_spec::backend::{Error, Rounding};
use hebb_spec::plan::Call;

use crate::device::Gpu;
use crate::grid;
use crate::kernels::{self, Bound, Launch, Source};
use crate::memory::Memory;
use crate::variant::Tuning;

/// A call as dispatches.
pub(crate) struct Lowered {
    /// In this order.
    pub dispatches: Vec<Dispatch>,
    /// How its sums are cut.
    pub rounding: Rounding,
    /// Floating-point operations.
    pub flops: u64,
}

/// One dispatch.
pub(crate) struct Dispatch {
    /// Its shader.
    pub shader: &'static Shader,
    /// Its share of the call's operations.
    pub flops: u64,
    pipeline: wgpu::ComputePipeline,
    tensors: wgpu::BindGroup,
    step: Option<wgpu::BindGroup>,
    grid: [u32; 2],
}

impl Dispatch {
    /// Adds it to a pass.
    pub(crate) fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.tensors, &[]);
        if let Some(step) = &self.step {
            pass.set_bind_group(1, step, &[]);
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
    /// The step's uniform.
    pub step: &'a wgpu::Buffer,
    /// Choice of variants and pieces.
    pub tuning: &'a Tuning,
    /// Whether wgpu's bounds checks stay.
    pub checked: bool,
}

impl Lowering<'_> {
    /// The dispatches of a call.
    pub(crate) fn lower(&self, call: &Call) -> Result<Lowered, Error> {
        let launches = kernels::launches(&call.problem, self.tuning);
        let flops = call.problem.flops();
        let share = flops / launches.len().max(1) as u64;
        let dispatches = launches.into_iter().map(|launch| self.dispatch(call, launch, share));
        let dispatches = dispatches.collect::<Result<_, _>>()?;
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
        let group = |index, entries: &[wgpu::BindGroupEntry<'_>]| {
            let layout = pipeline.get_bind_group_layout(index);
            device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(&call.name), layout: &layout, entries })
        };
        let step = [wgpu::BindGroupEntry { binding: 0, resource: self.step.as_entire_binding() }];
        Ok(Dispatch {
            tensors: group(0, &entries),
            step: launch.shader.reads_step.then(|| group(1, &step)),
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
