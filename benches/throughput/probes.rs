//! What a GPU can do at best: multiply-adds on registers, a copy, and a fixed matrix product.

use hebb_gpu::Gpu;

use crate::measure::{Ceilings, seconds};

/// Runs the three probes.
pub fn measure(gpu: &Gpu) -> Result<Ceilings, String> {
    let (groups, copied) = (256, 1 << 20);
    let chains = probe(gpu, include_str!("../probes/multiply_add.wgsl"), &[64, 64 * groups], [groups, 1])?;
    let copy = probe(gpu, include_str!("../probes/copy.wgsl"), &[copied, copied], [copied / 64, 1])?;
    Ok(Ceilings {
        multiply_add: f64::from(groups) * 64.0 * 16.0 * 4.0 * 1024.0 * 2.0 / chains / 1e9,
        product: Some(product(gpu)?),
        copy: f64::from(copied) * 32.0 / copy / 1e9,
    })
}

/// The product probe alone, in GFLOP/s.
pub fn product(gpu: &Gpu) -> Result<f64, String> {
    let time = probe(gpu, include_str!("../probes/product.wgsl"), &[1 << 18; 3], [8, 64])?;
    Ok(2.0 * 1024.0_f64.powi(3) / time / 1e9)
}

/// Seconds of one dispatch over storage buffers of the given numbers of vectors.
fn probe(gpu: &Gpu, source: &str, vectors: &[u32], grid: [u32; 2]) -> Result<f64, String> {
    let (device, queue) = gpu.wgpu();
    let descriptor = wgpu::ShaderModuleDescriptor { label: None, source: wgpu::ShaderSource::Wgsl(source.into()) };
    #[expect(unsafe_code, reason = "a ceiling must not be held down by bounds checks")]
    // SAFETY: grids and buffers are fixed here, so that no probe indexes past its buffers.
    let module = unsafe { device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) };
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: Default::default(),
        cache: None,
    });
    let buffers: Vec<wgpu::Buffer> = vectors
        .iter()
        .map(|&count| {
            let size = 16 * u64::from(count);
            let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
            let buffer =
                device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false });
            let values: Vec<f32> = (0..4 * count).map(|at| (at % 13) as f32 * 0.01 - 0.06).collect();
            queue.write_buffer(&buffer, 0, bytemuck::cast_slice(&values));
            buffer
        })
        .collect();
    let entries: Vec<wgpu::BindGroupEntry<'_>> = (0..)
        .zip(&buffers)
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
        .collect();
    let layout = pipeline.get_bind_group_layout(0);
    let group =
        device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &entries });
    seconds(|times| {
        let mut encoder = device.create_command_encoder(&Default::default());
        for _ in 0..times {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &group, &[]);
            pass.dispatch_workgroups(grid[0], grid[1], 1);
        }
        queue.submit([encoder.finish()]);
        device.poll(wgpu::PollType::wait_indefinitely()).map(|_| ()).map_err(|error| error.to_string())
    })
}
