//! From device memory to the host, without stopping the device.

use std::time::Duration;

use futures_intrusive::channel::shared::{OneshotReceiver, oneshot_channel};
use hebb_spec::backend::Error;

use crate::device::Gpu;

/// Longest wait for one submission.
const PATIENCE: Duration = Duration::from_secs(600);

/// A copy of device memory on its way to the host.
pub(crate) struct Readback {
    buffer: wgpu::Buffer,
    mapped: OneshotReceiver<Result<(), wgpu::BufferAsyncError>>,
    submission: wgpu::SubmissionIndex,
}

impl Readback {
    /// A buffer that can be mapped.
    pub(crate) fn buffer(gpu: &Gpu, bytes: u64) -> wgpu::Buffer {
        gpu.0.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("read-back"),
            size: bytes,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    }

    /// Maps a buffer as soon as the submission that fills it has ended.
    pub(crate) fn start(buffer: wgpu::Buffer, submission: wgpu::SubmissionIndex) -> Self {
        let (sender, mapped) = oneshot_channel();
        buffer.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver is gone only if nobody wants the data any more.
            let _ = sender.send(result);
        });
        Self { buffer, mapped, submission }
    }

    /// Waits for the data; returns the buffer for another use.
    pub(crate) fn finish(self, gpu: &Gpu) -> Result<(Vec<f32>, wgpu::Buffer), Error> {
        wait(gpu, self.submission)?;
        let failed = |reason: String| Error::Failed { device: gpu.summary().name.clone(), reason };
        match pollster::block_on(self.mapped.receive()) {
            Some(Ok(())) => {}
            Some(Err(error)) => return Err(failed(error.to_string())),
            None => return Err(failed("a read-back was dropped".to_owned())),
        }
        let view = self.buffer.get_mapped_range(..).map_err(|error| failed(error.to_string()))?;
        let values = bytemuck::pod_collect_to_vec(&view);
        drop(view);
        self.buffer.unmap();
        Ok((values, self.buffer))
    }
}

/// Waits for a submission, but not for ever: a lost device would never end it.
pub(crate) fn wait(gpu: &Gpu, submission: wgpu::SubmissionIndex) -> Result<(), Error> {
    let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(PATIENCE) };
    let polled = gpu.0.device.poll(wait);
    gpu.check(0)?;
    polled.map_err(|error| match error {
        wgpu::PollError::Timeout => Error::TimedOut { device: gpu.summary().name.clone(), seconds: PATIENCE.as_secs() },
        other => Error::Failed { device: gpu.summary().name.clone(), reason: other.to_string() },
    })?;
    Ok(())
}
