//! A plan's tensors in device memory: packed in the lane-4 form, a buffer for each lifetime class.

use hebb_spec::backend::Error;
use hebb_spec::lane4;
use hebb_spec::layout::Layout;
use hebb_spec::plan::{Plan, Role, Tensor, TensorId};

use crate::device::Gpu;
use crate::readback::Readback;

/// Floats behind a guarded tensor that no kernel may touch.
const GUARD: usize = 64;
const SENTINEL: f32 = 12_345.678;

/// Bytes of a tensor.
pub(crate) fn bytes(tensor: &Tensor) -> u64 {
    4 * lane4::len(&tensor.layout) as u64
}

/// Buffers of a plan's tensors, and one for partial sums.
pub(crate) struct Memory {
    gpu: Gpu,
    /// Which buffer holds a tensor: its lifetime class's, or with guards one of its own.
    home: Vec<usize>,
    buffers: Vec<wgpu::Buffer>,
    partial: wgpu::Buffer,
    partial_len: usize,
    /// Sentinels behind each tensor.
    guard: usize,
    /// Bytes of all buffers.
    pub bytes: u64,
}

impl Memory {
    /// Buffers of 0.
    pub(crate) fn new(gpu: &Gpu, plan: &Plan, partial_len: usize, is_guarded: bool) -> Result<Self, Error> {
        let guard = if is_guarded { GUARD } else { 0 };
        let home = |(at, tensor): (usize, &Tensor)| if is_guarded { at } else { tensor.slot };
        let home: Vec<usize> = plan.tensors.iter().enumerate().map(home).collect();
        let mut lens = vec![0; if is_guarded { home.len() } else { plan.slots }];
        for (tensor, &home) in plan.tensors.iter().zip(&home) {
            lens[home] = lens[home].max(lane4::len(&tensor.layout));
        }
        let mut bytes = 0;
        let mut buffer = |len: usize| {
            // Of the smallest tensors a kernel still binds one four-vector.
            let size = 4 * (len + guard).max(4) as u64;
            bytes += size;
            let buffer = gpu.0.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("tensor"),
                size,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            gpu.0.queue.write_buffer(&buffer, 4 * len as u64, bytemuck::cast_slice(&vec![SENTINEL; guard]));
            buffer
        };
        let buffers = lens.iter().map(|&len| buffer(len)).collect();
        let partial = buffer(partial_len);
        gpu.check(bytes)?;
        Ok(Self { gpu: gpu.clone(), home, buffers, partial, partial_len, guard, bytes })
    }

    /// The buffer that holds a tensor.
    pub(crate) fn buffer(&self, id: TensorId) -> &wgpu::Buffer {
        &self.buffers[self.home[id.0]]
    }

    /// The buffer of partial sums.
    pub(crate) fn partial(&self) -> &wgpu::Buffer {
        &self.partial
    }

    /// Writes a packed tensor, or its first part, before what is submitted next.
    pub(crate) fn write_packed(&self, id: TensorId, packed: &[u8]) {
        self.gpu.0.queue.write_buffer(self.buffer(id), 0, packed);
    }

    /// Writes a tensor from its logical order.
    pub(crate) fn write(&self, id: TensorId, layout: &Layout, values: &[f32]) {
        match *layout {
            Layout::Images { shape, .. } => {
                let images: Vec<u8> = values.iter().map(|&value| value as u8).collect();
                let mut packed = Vec::new();
                lane4::pack_images(shape, &images, &mut packed);
                self.write_packed(id, &packed);
            }
            _ => self.write_packed(id, bytemuck::cast_slice(&lane4::pack(layout, values))),
        }
    }

    /// Reads a tensor into its logical order.
    pub(crate) fn read(&self, id: TensorId, layout: &Layout) -> Result<Vec<f32>, Error> {
        let packed = self.fetch(self.buffer(id), lane4::len(layout))?;
        Ok(unpack(layout, &packed))
    }

    /// The first floats of a buffer, after all that was submitted.
    fn fetch(&self, buffer: &wgpu::Buffer, len: usize) -> Result<Vec<f32>, Error> {
        if len == 0 {
            return Ok(Vec::new());
        }
        let mut encoder = self.gpu.0.device.create_command_encoder(&Default::default());
        let copy = Readback::buffer(&self.gpu, 4 * len as u64);
        encoder.copy_buffer_to_buffer(buffer, 0, &copy, 0, copy.size());
        let submission = self.gpu.0.queue.submit([encoder.finish()]);
        Ok(Readback::start(copy, submission).finish(&self.gpu)?.0)
    }

    /// Whether the padding of weights, masks and labels is still 0, and all sentinels are there.
    pub(crate) fn intact(&self, plan: &Plan) -> Result<(), Error> {
        let spoilt = |tensor: &str, what| Err(Error::Spoilt { tensor: tensor.to_owned(), what });
        let is_harmed = |guard: &[f32]| guard.iter().any(|&value| value != SENTINEL);
        let behind = "something was written behind its end";
        for (at, tensor) in plan.tensors.iter().enumerate() {
            // Scratch that shares its memory may hold another tensor's numbers by now.
            let is_padded = matches!(tensor.layout, Layout::Weights(_) | Layout::Mask(_) | Layout::Labels { .. });
            if self.guard == 0 && (tensor.role == Role::Scratch || !is_padded) {
                continue;
            }
            let len = lane4::len(&tensor.layout);
            let held = self.fetch(self.buffer(TensorId(at)), len + self.guard)?;
            if is_harmed(&held[len..]) {
                return spoilt(&tensor.name, behind);
            }
            if !lane4::padding_is_zero(&tensor.layout, &held[..len]) {
                return spoilt(&tensor.name, "its padding is not 0");
            }
        }
        if self.guard > 0 && is_harmed(&self.fetch(&self.partial, self.partial_len + self.guard)?[self.partial_len..]) {
            return spoilt("partial sums", behind);
        }
        Ok(())
    }
}

/// From the lane-4 form to the logical order; images come as bytes in words.
pub(crate) fn unpack(layout: &Layout, packed: &[f32]) -> Vec<f32> {
    match *layout {
        Layout::Images { shape, .. } => {
            let stored = 4 * lane4::image_words(shape) as usize;
            let image = |bytes: &[u8]| bytes[..shape.units() as usize].iter().map(|&byte| f32::from(byte)).collect();
            let images = bytemuck::cast_slice(packed).chunks_exact(stored.max(1));
            images.flat_map(|bytes| -> Vec<f32> { image(bytes) }).collect()
        }
        _ => lane4::unpack(layout, packed),
    }
}
