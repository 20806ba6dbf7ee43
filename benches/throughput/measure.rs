//! Timing: enough repetitions in one submission, the median of several; and what a device does at best.

use std::fmt;
use std::time::Instant;

/// Ceilings of a device, measured in this run.
pub struct Ceilings {
    /// Multiply-adds on registers, in GFLOP/s.
    pub multiply_add: f64,
    /// A 1024³ product of fixed text, in GFLOP/s; of a GPU.
    pub product: Option<f64>,
    /// A copy, in GB/s read and written.
    pub copy: f64,
}

impl fmt::Display for Ceilings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ceilings: multiply-add probe {:.1} GFLOP/s, copy probe {:.1} GB/s", self.multiply_add, self.copy)?;
        self.product.map_or(Ok(()), |product| write!(f, ", product probe {product:.1} GFLOP/s"))
    }
}

/// Seconds of one run: the median of five submissions, each at least 0.1 s long.
pub fn seconds(mut run: impl FnMut(u32) -> Result<(), String>) -> Result<f64, String> {
    let mut time = |times: u32| -> Result<f64, String> {
        let start = Instant::now();
        run(times)?;
        Ok(start.elapsed().as_secs_f64())
    };
    time(1)?;
    let once = time(1)?.max(1e-6);
    let times = (0.1 / once).ceil().clamp(1.0, 1000.0) as u32;
    let mut all = [0.0; 5];
    for slot in &mut all {
        *slot = time(times)? / f64::from(times);
    }
    all.sort_by(f64::total_cmp);
    Ok(all[2])
}
