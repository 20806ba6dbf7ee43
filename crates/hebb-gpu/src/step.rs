//! A step's inputs and numbers on their way to the device.

use bytemuck::Zeroable;
use hebb_shaders::StepInfo;
use hebb_spec::backend::{Numbers, Step};
use hebb_spec::lane4;
use hebb_spec::layout::Layout;
use hebb_spec::learning::MOST_RATES;
use hebb_spec::plan::Plan;

use crate::device::Gpu;
use crate::memory::Memory;

/// Repeats whose indices lie on the device at once.
pub(crate) const BLOCK: u32 = 1024;

const _: () = assert!(size_of::<StepInfo>() - std::mem::offset_of!(StepInfo, rates) == 4 * MOST_RATES);

/// The step's uniform, and what inputs are packed in.
pub(crate) struct StepInput {
    gpu: Gpu,
    /// The uniform of group 1.
    pub uniform: wgpu::Buffer,
    /// The indices of a block of repeats, once there are any.
    indices: Option<wgpu::Buffer>,
    images: Vec<u8>,
    labels: Vec<f32>,
}

impl StepInput {
    /// No step yet.
    pub(crate) fn new(gpu: &Gpu) -> Self {
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let uniform = buffer(gpu, "step", size_of::<StepInfo>() as u64, usage);
        Self { gpu: gpu.clone(), uniform, indices: None, images: Vec::new(), labels: Vec::new() }
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
        let info = StepInfo {
            seed_low: step.seed as u32,
            seed_high: (step.seed >> 32) as u32,
            step: step.step,
            images: step.images,
            repeat: 0,
            rates: bytemuck::cast(rates),
            ..StepInfo::zeroed()
        };
        self.gpu.0.queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&info));
    }

    /// Makes a repeat's index the step's, for what is recorded next. At the first of a block all that was recorded
    /// before must have been submitted.
    pub(crate) fn number(&mut self, encoder: &mut wgpu::CommandEncoder, repeat: u32) {
        let usage = wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let gpu = &self.gpu;
        let indices = self.indices.get_or_insert_with(|| buffer(gpu, "repeats", 4 * u64::from(BLOCK), usage));
        let place = repeat % BLOCK;
        if place == 0 {
            let block: Vec<u32> = (0..BLOCK).map(|place| repeat.saturating_add(place)).collect();
            gpu.0.queue.write_buffer(indices, 0, bytemuck::cast_slice(&block));
        }
        let target = std::mem::offset_of!(StepInfo, repeat) as u64;
        encoder.copy_buffer_to_buffer(indices, 4 * u64::from(place), &self.uniform, target, 4);
    }
}

fn buffer(gpu: &Gpu, label: &str, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let descriptor = wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
    gpu.0.device.create_buffer(&descriptor)
}
