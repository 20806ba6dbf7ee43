//! How long a call takes: by the device's own clock where it has one, else by the host's.

use std::time::Instant;

use hebb_spec::backend::Error;
use hebb_spec::plan::List;
use hebb_spec::request;

use super::Session;
use crate::device::Gpu;
use crate::readback::{Readback, wait};

/// Bytes of the two ticks that a measurement leaves.
const TICKS: u64 = 16;

/// A pair of ticks of the device's clock.
struct Clock {
    set: wgpu::QuerySet,
    resolved: wgpu::Buffer,
}

impl Clock {
    /// None where the device has no clock.
    fn new(gpu: &Gpu) -> Option<Self> {
        let device = &gpu.0.device;
        device.features().contains(wgpu::Features::TIMESTAMP_QUERY).then(|| Self {
            set: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("ticks"),
                ty: wgpu::QueryType::Timestamp,
                count: 2,
            }),
            resolved: device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("ticks"),
                size: TICKS,
                usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
        })
    }

    fn writes(&self) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.set,
            beginning_of_pass_write_index: Some(0),
            end_of_pass_write_index: Some(1),
        }
    }

    /// Copies the ticks out.
    fn resolve(&self, gpu: &Gpu, encoder: &mut wgpu::CommandEncoder) -> wgpu::Buffer {
        let copy = Readback::buffer(gpu, TICKS);
        encoder.resolve_query_set(&self.set, 0..2, &self.resolved, 0);
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &copy, 0, TICKS);
        copy
    }
}

impl Session {
    /// Runs one call of a list `times` times in one submission and waits; the seconds that all of them took.
    pub fn time(&mut self, list: List, call: usize, times: u32) -> Result<f64, Error> {
        request::call(&self.plan, list, call)?;
        let at = request::list(&self.plan, list)?;
        let clock = Clock::new(&self.gpu);
        let mut encoder = self.gpu.0.device.create_command_encoder(&Default::default());
        {
            let timestamp_writes = clock.as_ref().map(Clock::writes);
            let descriptor = wgpu::ComputePassDescriptor { label: Some("timed"), timestamp_writes };
            let mut pass = encoder.begin_compute_pass(&descriptor);
            for _ in 0..times {
                self.lists[at].calls[call].dispatches.iter().for_each(|dispatch| dispatch.record(&mut pass, 0));
            }
        }
        let copy = clock.map(|clock| clock.resolve(&self.gpu, &mut encoder));
        let start = Instant::now();
        let submission = self.gpu.0.queue.submit([encoder.finish()]);
        let ticks = match copy {
            None => {
                wait(&self.gpu, submission)?;
                None
            }
            Some(copy) => {
                let (words, _) = Readback::start(copy, submission).finish(&self.gpu)?;
                ticks(&words)
            }
        };
        let host = start.elapsed().as_secs_f64();
        let device = ticks.map(|ticks| ticks as f64 * f64::from(self.gpu.0.queue.get_timestamp_period()) / 1e9);
        // A clock that stands still, or tells more than went by, is none.
        Ok(device.filter(|&seconds| seconds > 0.0 && seconds <= host).unwrap_or(host))
    }
}

/// Ticks between two stamps of 64 bits, which come as four words.
fn ticks(words: &[f32]) -> Option<u64> {
    let stamp = |low: f32, high: f32| u64::from(low.to_bits()) | u64::from(high.to_bits()) << 32;
    match *words {
        [a, b, c, d] => stamp(c, d).checked_sub(stamp(a, b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_words_of_64_bits() {
        let words = |a: u64, b: u64| [a, a >> 32, b, b >> 32].map(|word| f32::from_bits(word as u32));
        assert_eq!(ticks(&words(u64::from(u32::MAX), 1 << 32)), Some(1));
        assert_eq!(ticks(&words(0x7fc0_0001_7f80_0001, 0x7fc0_0001_ffff_ffff)), Some(0x807f_fffe));
        assert_eq!((ticks(&words(2, 1)), ticks(&[])), (None, None));
    }
}
