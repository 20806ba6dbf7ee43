//! A step's inputs and numbers on their way to the device.

use std::ops::Range;

use bytemuck::Zeroable;
use hebb_shaders::StepInfo;
use hebb_spec::backend::{Numbers, Step};
use hebb_spec::lane4;
use hebb_spec::layout::Layout;
use hebb_spec::learning::MOST_RATES;
use hebb_spec::plan::Plan;

use crate::device::Gpu;
use crate::memory::Memory;

/// Repeats whose numbers lie on the device at once.
pub(crate) const BLOCK: u32 = 1024;

/// Bytes from one repeat's numbers to the next: what every device can bind at.
const STRIDE: usize = 256;

const _: () = assert!(size_of::<StepInfo>() - std::mem::offset_of!(StepInfo, rates) == 4 * MOST_RATES);
const _: () = assert!(size_of::<StepInfo>() <= STRIDE);

/// The step's uniform, and what inputs are packed in.
pub(crate) struct StepInput {
    gpu: Gpu,
    /// Group 1: the numbers of one repeat, at its offset.
    pub group: wgpu::BindGroup,
    uniform: wgpu::Buffer,
    /// The numbers of the loaded step's first repeat.
    info: StepInfo,
    images: Vec<u8>,
    labels: Vec<f32>,
}

impl StepInput {
    /// No step yet.
    pub(crate) fn new(gpu: &Gpu) -> Self {
        let device = &gpu.0.device;
        let uniform = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("step"),
            size: u64::from(BLOCK) * STRIDE as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let one = wgpu::BufferBinding {
            buffer: &uniform,
            offset: 0,
            size: wgpu::BufferSize::new(size_of::<StepInfo>() as u64),
        };
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("step"),
            layout: &gpu.0.step_layout,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(one) }],
        });
        let (gpu, info) = (gpu.clone(), StepInfo::zeroed());
        Self { gpu, group, uniform, info, images: Vec::new(), labels: Vec::new() }
    }

    /// Writes a checked step before what is submitted next.
    pub(crate) fn load(&mut self, plan: &Plan, memory: &Memory, step: &Step<'_>) {
        for (name, numbers) in step.inputs {
            let Some(id) = plan.find(name) else { continue };
            match (plan.tensor(id).layout, numbers) {
                (Layout::Images { shape, .. }, Numbers::Bytes(images)) if shape.units().is_multiple_of(4) => {
                    memory.write_packed(id, images);
                }
                (Layout::Images { shape, .. }, Numbers::Bytes(images)) => {
                    lane4::pack_images(shape, images, &mut self.images);
                    memory.write_packed(id, &self.images);
                }
                (Layout::Labels { batch }, Numbers::Classes(labels)) => {
                    self.labels.clear();
                    self.labels.extend(labels.iter().map(|&label| f32::from(label)));
                    self.labels.resize(lane4::padded(batch), 0.0);
                    memory.write_packed(id, bytemuck::cast_slice(&self.labels));
                }
                (layout, Numbers::Floats(values)) => memory.write(id, &layout, values),
                // The check of the step lets no other pair through.
                _ => {}
            }
        }
        let mut rates = [0.0; MOST_RATES];
        rates[..step.rates.len()].copy_from_slice(step.rates);
        self.info = StepInfo {
            seed_low: step.seed as u32,
            seed_high: (step.seed >> 32) as u32,
            step: step.step,
            images: step.images,
            repeat: 0,
            rates: bytemuck::cast(rates),
            ..StepInfo::zeroed()
        };
        self.gpu.0.queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&self.info));
    }

    /// Writes the numbers of a block of repeats, from the first of it on, before what is submitted next. All that was
    /// recorded of the block before must have been submitted.
    pub(crate) fn number(&self, repeats: Range<u32>) {
        let mut block = vec![0; repeats.len() * STRIDE];
        for (place, repeat) in block.chunks_exact_mut(STRIDE).zip(repeats) {
            place[..size_of::<StepInfo>()].copy_from_slice(bytemuck::bytes_of(&StepInfo { repeat, ..self.info }));
        }
        self.gpu.0.queue.write_buffer(&self.uniform, 0, &block);
    }

    /// Where a repeat's numbers lie.
    pub(crate) fn offset(repeat: u32) -> u32 {
        repeat % BLOCK * STRIDE as u32
    }
}
