//! How much work goes into one submission: about a tenth of a second of it, by what earlier ones took, so that no
//! watchdog bites and a busy desktop still draws.

use std::time::{Duration, Instant};

/// Operations of the first submissions, before anything was measured: a tenth of a second at 100 GFLOP/s.
const FIRST: f64 = 1e10;
/// What a submission is to take.
const WANTED: f64 = 0.1;
/// The least and the most that one may hold, whatever a clock says.
const LEAST: f64 = 1e9;
const MOST: f64 = 1e12;

/// Rate of a device.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Operations of a submission.
    most: f64,
    /// When the last known work ended.
    idle_since: Option<Instant>,
}

impl Pace {
    /// Nothing measured yet.
    pub(crate) fn new() -> Self {
        Self { most: FIRST, idle_since: None }
    }

    /// Operations after which a list goes on in another submission.
    pub(crate) fn most(&self) -> u64 {
        self.most as u64
    }

    /// Work that was submitted at one moment was found done at another: what came before it had to end first. Who looks
    /// late finds the device slower than it is; then submissions are shorter than they might be, and no harm is done.
    pub(crate) fn done(&mut self, flops: u64, submitted: Instant, found: Instant) {
        let begun = self.idle_since.map_or(submitted, |idle| idle.max(submitted));
        self.idle_since = Some(found);
        let seconds = found.saturating_duration_since(begun).max(Duration::from_micros(10)).as_secs_f64();
        // Half of what is new: one odd step changes little.
        let fits = flops as f64 / seconds * WANTED;
        self.most = (0.5 * (self.most + fits)).clamp(LEAST, MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_comes_to_a_tenth_of_a_second() {
        let start = Instant::now();
        for gflops in [20.0, 500.0, 5000.0_f64] {
            let mut pace = Pace::new();
            let mut now = start;
            for _ in 0..20 {
                let flops = 3e10;
                let end = now + Duration::from_secs_f64(flops / (gflops * 1e9));
                // Submitted while the one before still ran.
                pace.done(flops as u64, start, end);
                now = end;
            }
            let wanted = gflops * 1e8;
            assert!((pace.most() as f64 / wanted - 1.0).abs() < 0.01, "{gflops}: {}", pace.most());
        }
    }

    #[test]
    fn no_clock_makes_it_nothing_or_endless() {
        let start = Instant::now();
        let mut pace = Pace::new();
        for _ in 0..100 {
            pace.done(u64::MAX, start, start);
        }
        assert_eq!(pace.most(), MOST as u64);
        for _ in 0..100 {
            pace.done(0, start, start + Duration::from_secs(9));
        }
        assert_eq!(pace.most(), LEAST as u64);
    }
}
