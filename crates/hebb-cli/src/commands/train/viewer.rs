//! How a training is seen on stderr: a bar on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use hebb_engine::Row;
use hebb_engine::job::Job;
use hebb_engine::observe::{Observer, StepReport};
use hebb_spec::param::Weights;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{self, grouped};

/// How often the bar's text changes.
const BAR_EVERY: Duration = Duration::from_millis(100);
/// How often a line tells of an epoch in progress, where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Shows progress, and keeps the last row.
pub struct Viewer {
    bar: Option<ProgressBar>,
    shown: Instant,
    batch: f64,
    epochs: u32,
    images_per_second: f64,
    last: Option<Row>,
}

impl Viewer {
    /// A run that has done some steps.
    pub fn new(job: &Job<'_>, done: u32) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{wide_bar} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::with_draw_target(Some(u64::from(job.total_steps)), ProgressDrawTarget::stderr());
            bar.with_style(style).with_position(u64::from(done))
        });
        Self {
            bar,
            shown: Instant::now(),
            batch: f64::from(job.settings.batch),
            epochs: job.total_steps.div_ceil(job.epoch_steps),
            images_per_second: 0.0,
            last: None,
        }
    }

    /// Clears the bar and gives the last row that was written.
    pub fn finish(self) -> Option<Row> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.last
    }

    /// Whether it is time to show something again.
    fn is_due(&mut self) -> bool {
        let every = if self.bar.is_some() { BAR_EVERY } else { LINE_EVERY };
        let due = self.shown.elapsed() >= every;
        if due {
            self.shown = Instant::now();
        }
        due
    }

    fn show(&self, text: String) {
        match &self.bar {
            Some(bar) => bar.set_message(text),
            None => output::note(&text),
        }
    }

    /// A line that stays.
    fn tell(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(text)),
            None => output::note(text),
        }
    }
}

impl Observer for Viewer {
    fn step(&mut self, report: &StepReport) {
        self.images_per_second = report.images_per_second;
        if let Some(bar) = &self.bar {
            bar.set_position(u64::from(report.step));
        }
        if self.is_due() {
            let left = f64::from(report.total_steps - report.step) * self.batch / report.images_per_second;
            self.show(format!(
                "epoch {}/{} step {}/{}: {} images/s, loss {:.4}, error {:.4}, {} left",
                report.epoch,
                self.epochs,
                report.epoch_step,
                report.epoch_steps,
                grouped(report.images_per_second as u64),
                report.sums.mean("loss"),
                report.sums.mean("wrong"),
                time(left),
            ));
        }
    }

    fn validating(&mut self, done: usize, of: usize) {
        if self.is_due() {
            self.show(format!("validating: {} of {}", grouped(done as u64), grouped(of as u64)));
        }
    }

    fn epoch(&mut self, row: &Row, _weights: &Weights) {
        let part = |name: &str, loss, error| match (row.get(loss), row.get(error)) {
            (Some(loss), Some(error)) => format!("{name} loss {loss:.4}, error {error:.4}; "),
            _ => String::new(),
        };
        self.tell(&format!(
            "epoch {}/{}: {}{}{} images/s",
            row.epoch,
            self.epochs,
            part("training", "train_loss", "train_error"),
            part("validation", "validation_loss", "validation_error"),
            grouped(self.images_per_second as u64),
        ));
        self.last = Some(row.clone());
    }

    fn message(&mut self, text: &str) {
        self.tell(text);
    }
}

/// Seconds as `1:02:03` or `2:03`; nothing is known of no speed.
fn time(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "?".to_owned();
    }
    let seconds = seconds.ceil() as u64;
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{rest:02}") } else { format!("{minutes}:{rest:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        assert_eq!([time(0.2), time(61.0), time(3725.0), time(f64::INFINITY)], ["0:01", "1:01", "1:02:05", "?"]);
    }
}
