//! How fast a device is: its ceilings, single calls in each variant, whole training steps. What `hebb tune`, `hebb bench`
//! and `cargo bench` measure by.

mod case;
mod step;

use std::fmt;

use hebb_cpu::VectorsError;
use hebb_data::DataError;
use hebb_reference::TwinError;
use hebb_spec::backend;
use serde::Serialize;

use crate::Device;

pub use case::{CallTime, Case};
pub use step::{StepTime, random_images, step};

/// What could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The device failed.
    #[error(transparent)]
    Device(#[from] backend::Error),
    /// The processor has not the vector instructions that it was opened with.
    #[error(transparent)]
    Vectors(#[from] VectorsError),
    /// Images that do not fit their shape.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The twin did not run.
    #[error(transparent)]
    Twin(#[from] TwinError),
    /// A variant computes something else than its twin.
    #[error(
        "'{problem}' in variant {variant} is wrong, and not timed: {over} numbers are beyond their bound, one of them by {ratio:.1} times"
    )]
    Wrong {
        /// The problem, at the batch that it was checked at.
        problem: String,
        /// The variant.
        variant: String,
        /// Numbers beyond their bound.
        over: usize,
        /// The largest error over its bound.
        ratio: f64,
    },
    /// The twins are no device to measure.
    #[error("the reference device is written to be read: its speed tells nothing")]
    Twins,
}

/// Times something: the median of five runs, each of so many repetitions that it lasts a tenth of a second; of fewer where
/// they would take longer than `patience` seconds. `run` does so many repetitions and gives the seconds that they took.
pub fn seconds<E>(patience: f64, mut run: impl FnMut(u32) -> Result<f64, E>) -> Result<f64, E> {
    // The first makes pipelines, and fills caches.
    run(1)?;
    let once = run(1)?.max(1e-7);
    let times = (0.1 / once).ceil().clamp(1.0, 1000.0);
    let runs = (patience / (times * once)).clamp(1.0, 5.0) as usize;
    let mut all = Vec::with_capacity(runs);
    for _ in 0..runs {
        all.push(run(times as u32)? / times);
    }
    all.sort_by(f64::total_cmp);
    Ok(all[runs / 2])
}

/// What a device does at best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ceilings {
    /// Multiply-adds on registers, in GFLOP/s.
    #[serde(rename = "multiply_add_gflops")]
    pub multiply_add: f64,
    /// A 1024³ product of fixed text, in GFLOP/s; of a GPU.
    #[serde(rename = "product_gflops")]
    pub product: Option<f64>,
    /// A copy, in GB/s read and written.
    #[serde(rename = "copy_gbytes")]
    pub copy: f64,
}

impl Ceilings {
    /// Measures them.
    pub fn of(device: &Device) -> Result<Self, MeasureError> {
        match device {
            Device::Gpu(gpu) => Ok(Self {
                multiply_add: gpu.multiply_add_ceiling()?,
                product: Some(gpu.product_ceiling()?),
                copy: gpu.copy_ceiling()?,
            }),
            Device::Cpu(cpu) => {
                Ok(Self { multiply_add: cpu.multiply_add_ceiling()?, product: None, copy: cpu.copy_ceiling()? })
            }
            Device::Reference => Err(MeasureError::Twins),
        }
    }

    /// The ceiling that is nearer to so many operations on so many bytes, and what share of it is reached by those who take
    /// `seconds` for them.
    pub fn share(&self, flops: u64, bytes: u64, seconds: f64) -> (&'static str, f64) {
        let floors = (flops as f64 / self.multiply_add / 1e9, bytes as f64 / self.copy / 1e9);
        if floors.0 >= floors.1 { ("multiply-add", floors.0 / seconds) } else { ("copy", floors.1 / seconds) }
    }
}

impl fmt::Display for Ceilings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ceilings: multiply-add {:.1} GFLOP/s, copy {:.1} GB/s", self.multiply_add, self.copy)?;
        self.product.map_or(Ok(()), |product| write!(f, ", plain product {product:.1} GFLOP/s"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_ceiling_is_the_one_that_takes_longer() {
        let ceilings = Ceilings { multiply_add: 100.0, product: None, copy: 10.0 };
        assert_eq!(ceilings.share(1_000_000_000, 10_000_000, 0.02), ("multiply-add", 0.5));
        assert_eq!(ceilings.share(1_000_000, 1_000_000_000, 0.2), ("copy", 0.5));
    }

    #[test]
    fn repetitions_last_long_enough_and_not_too_long() {
        let counted = |once: f64, patience: f64| {
            let mut runs = Vec::new();
            let measured = seconds(patience, |times| -> Result<f64, ()> {
                runs.push(times);
                Ok(once * f64::from(times))
            });
            assert!((measured.unwrap() - once).abs() < 1e-9);
            runs
        };
        assert_eq!(counted(0.01, f64::INFINITY), [1, 1, 10, 10, 10, 10, 10]);
        assert_eq!(counted(1.0, 2.0), [1, 1, 1, 1]);
        assert_eq!(counted(10.0, 2.0), [1, 1, 1]);
        assert_eq!(counted(1e-9, f64::INFINITY)[2], 1000);
    }
}
