//! What a device can do at best: multiply-adds on registers, a copy, and a fixed matrix product.

use std::time::Instant;

use hebb_spec::backend::Error;

use crate::device::Gpu;
use crate::readback::wait;
use crate::variant::Kind;

/// Threads of a workgroup of the first two.
const LANES: u32 = 64;
/// Bytes of a four-vector.
const VECTOR: u64 = 16;
/// Seconds that a run lasts at least, unless it does so much already.
const LONG: f64 = 0.05;
/// Dispatches of a run, at most.
const MOST: u32 = 1 << 12;
/// The best of so many runs.
const RUNS: usize = 3;

impl Gpu {
    /// Multiply-adds on registers, in GFLOP/s.
    pub fn multiply_add_ceiling(&self) -> Result<f64, Error> {
        let groups = if self.caps().kind == Kind::Software { 256 } else { 8192 };
        let seconds = self.probe(include_str!("../probes/multiply_add.wgsl"), &[LANES, LANES * groups], [groups, 1])?;
        Ok(f64::from(groups * LANES) * 16.0 * 4.0 * 1024.0 * 2.0 / seconds / 1e9)
    }

    /// A copy, in GB/s read and written: of more than a cache holds.
    pub fn copy_ceiling(&self) -> Result<f64, Error> {
        let caps = self.caps();
        let vectors = if caps.kind == Kind::Software { 1 << 20 } else { 1 << 23 };
        // Of rows of 512 workgroups.
        let row = 512 * LANES;
        let rows = (vectors.min(caps.max_binding / VECTOR) as u32 / row).max(1);
        let seconds = self.probe(include_str!("../probes/copy.wgsl"), &[row * rows; 2], [512, rows])?;
        Ok((2 * VECTOR * u64::from(row * rows)) as f64 / seconds / 1e9)
    }

    /// A 1024³ product of fixed text, in GFLOP/s: what a plain kernel reaches.
    pub fn product_ceiling(&self) -> Result<f64, Error> {
        let seconds = self.probe(include_str!("../probes/product.wgsl"), &[1 << 18; 3], [8, 64])?;
        Ok(2.0 * 1024.0_f64.powi(3) / seconds / 1e9)
    }

    /// Seconds of one dispatch over storage buffers of these numbers of vectors.
    fn probe(&self, source: &str, vectors: &[u32], grid: [u32; 2]) -> Result<f64, Error> {
        let (device, queue) = (&self.0.device, &self.0.queue);
        let descriptor = wgpu::ShaderModuleDescriptor { label: None, source: wgpu::ShaderSource::Wgsl(source.into()) };
        #[expect(unsafe_code, reason = "a ceiling must not be held down by bounds checks")]
        // SAFETY: grids and buffers are fixed here, so that no probe indexes past its buffers.
        let module = unsafe { device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) };
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("probe"),
            layout: None,
            module: &module,
            entry_point: None,
            compilation_options: Default::default(),
            cache: None,
        });
        let buffer = |&count: &u32| {
            let size = VECTOR * u64::from(count);
            let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
            let descriptor = wgpu::BufferDescriptor { label: Some("probe"), size, usage, mapped_at_creation: false };
            let buffer = device.create_buffer(&descriptor);
            let values: Vec<f32> = (0..4 * count).map(|at| (at % 13) as f32 * 0.01 - 0.06).collect();
            queue.write_buffer(&buffer, 0, bytemuck::cast_slice(&values));
            buffer
        };
        let buffers: Vec<wgpu::Buffer> = vectors.iter().map(buffer).collect();
        self.check(VECTOR * vectors.iter().map(|&count| u64::from(count)).sum::<u64>())?;
        let entries: Vec<wgpu::BindGroupEntry<'_>> = (0..)
            .zip(&buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        let layout = pipeline.get_bind_group_layout(0);
        let group =
            device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &entries });
        let run = |times: u32| -> Result<f64, Error> {
            let mut encoder = device.create_command_encoder(&Default::default());
            for _ in 0..times {
                let mut pass = encoder.begin_compute_pass(&Default::default());
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, &group, &[]);
                pass.dispatch_workgroups(grid[0], grid[1], 1);
            }
            let start = Instant::now();
            wait(self, queue.submit([encoder.finish()]))?;
            Ok(start.elapsed().as_secs_f64())
        };
        let mut times = 1;
        // The first run makes the pipeline's code.
        run(times)?;
        while run(times)? < LONG && times < MOST {
            times *= 2;
        }
        let mut best = f64::INFINITY;
        for _ in 0..RUNS {
            best = best.min(run(times)?);
        }
        Ok(best / f64::from(times))
    }
}
