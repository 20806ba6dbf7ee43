//! How a training is seen on stderr: a bar on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use hebb_engine::Row;
use hebb_engine::job::Job;
use hebb_engine::observe::{Observer, StepReport};
use hebb_spec::param::Weights;
use hebb_spec::system::Sums;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::heartbeat::Heartbeat;
use crate::output::{self, grouped};

/// How often the bar's text changes.
const BAR_EVERY: Duration = Duration::from_millis(100);
/// How often a line tells of an epoch in progress, where there is no bar; and of a step that takes longer.
const LINE_EVERY: Duration = Duration::from_secs(30);
/// How often the bar tells of a step that takes longer.
const SIGN_EVERY: Duration = Duration::from_secs(3);
/// How often the lines of ended epochs come at most: nobody reads more, and a log would grow by hundreds a second.
const EPOCHS_EVERY: Duration = Duration::from_millis(250);

/// Shows progress, and keeps the last row.
pub struct Viewer {
    bar: Option<ProgressBar>,
    heart: Heartbeat,
    shown: Instant,
    batch: f64,
    /// What a record is called.
    records: &'static str,
    epochs: u32,
    epoch_steps: u32,
    total_steps: u32,
    /// Steps done before this viewer came.
    before: u32,
    /// When an epoch's line came last.
    told: Option<Instant>,
    /// The line of the newest epoch, where it has not come.
    untold: Option<String>,
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
        let heart = {
            let bar = bar.clone();
            let every = if bar.is_some() { SIGN_EVERY } else { LINE_EVERY };
            Heartbeat::start(work(done, job.total_steps), every, move |work, since| {
                let text = format!("still at {work}, for {}", time(since.as_secs_f64()));
                match &bar {
                    Some(bar) => bar.set_message(text),
                    None => output::note(&text),
                }
            })
        };
        Self {
            bar,
            heart,
            shown: Instant::now(),
            batch: f64::from(job.settings.batch),
            records: if is_layered(&job.system.columns()) { "images" } else { "records" },
            epochs: job.total_steps.div_ceil(job.epoch_steps),
            epoch_steps: job.epoch_steps,
            total_steps: job.total_steps,
            before: done,
            told: None,
            untold: None,
            last: None,
        }
    }

    /// Clears the bar, tells of the last epoch if nobody has heard of it, and gives its row.
    pub fn finish(self) -> Option<Row> {
        if let Some(line) = &self.untold {
            self.tell(line);
        }
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

    /// Steps of an epoch that the run takes: the last one may end early.
    fn steps_of(&self, epoch: u32) -> u32 {
        let before = (epoch - 1).saturating_mul(self.epoch_steps);
        self.total_steps.saturating_sub(before).min(self.epoch_steps)
    }

    /// Speed over all steps that an epoch's seconds were measured on; empty where there were none.
    fn speed_of(&self, row: &Row) -> String {
        let first = (row.epoch - 1).saturating_mul(self.epoch_steps);
        let steps = (first + self.steps_of(row.epoch)).saturating_sub(self.before.max(first));
        let images = f64::from(steps) * self.batch;
        if images > 0.0 && row.seconds > 0.0 {
            format!("{} {}/s", speed(images / row.seconds), self.records)
        } else {
            String::new()
        }
    }

    /// What an epoch came to.
    fn line(&self, row: &Row) -> String {
        let part = |name: &str, loss, error| match (row.get(loss), row.get(error)) {
            (Some(loss), Some(error)) => format!("{name} loss {loss:.4}, error {error:.4}"),
            _ => String::new(),
        };
        let mut parts = vec![
            values(row),
            part("training", "train_loss", "train_error"),
            part("validation", "validation_loss", "validation_error"),
            self.speed_of(row),
        ];
        parts.retain(|part| !part.is_empty());
        let steps = self.steps_of(row.epoch);
        let early = match steps == self.epoch_steps {
            true => String::new(),
            false => format!(" ({} of its {} steps)", grouped(steps.into()), grouped(self.epoch_steps.into())),
        };
        format!("epoch {}/{}{early}: {}", row.epoch, self.epochs, parts.join("; "))
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
        self.heart.heard(work(report.step, report.total_steps));
        if let Some(bar) = &self.bar {
            bar.set_position(u64::from(report.step));
        }
        if self.is_due() {
            let left = f64::from(report.total_steps - report.step) * self.batch / report.images_per_second;
            self.show(format!(
                "epoch {}/{} step {}/{}: {} {}/s{}, {} left",
                report.epoch,
                self.epochs,
                report.epoch_step,
                self.steps_of(report.epoch),
                speed(report.images_per_second),
                self.records,
                found(&report.sums),
                time(left),
            ));
        }
    }

    fn validating(&mut self, done: usize, of: usize) {
        self.heart.heard("the validation".to_owned());
        if self.is_due() {
            self.show(format!("validating: {} of {}", grouped(done as u64), grouped(of as u64)));
        }
    }

    fn epoch(&mut self, row: &Row, _weights: &Weights) {
        let done = row.epoch.saturating_mul(self.epoch_steps).min(self.total_steps);
        self.heart.heard(work(done, self.total_steps));
        let line = self.line(row);
        if self.told.is_none_or(|told| told.elapsed() >= EPOCHS_EVERY) {
            self.tell(&line);
            (self.told, self.untold) = (Some(Instant::now()), None);
        } else {
            self.untold = Some(line);
        }
        self.last = Some(row.clone());
    }

    fn message(&mut self, text: &str) {
        self.tell(text);
    }
}

/// Whether the columns are those of a network with a loss.
fn is_layered(columns: &[String]) -> bool {
    columns.iter().any(|column| column == "train_loss")
}

/// A row's values, where they are not loss and error.
fn values(row: &Row) -> String {
    let columns: Vec<String> = row.values.iter().map(|(name, _)| name.clone()).collect();
    if is_layered(&columns) {
        return String::new();
    }
    let told = row.values.iter().filter_map(|(name, value)| Some(format!("{name} {:.4}", (*value)?)));
    told.collect::<Vec<_>>().join(", ")
}

/// What an epoch's steps found so far, as images see it; other systems tell at its end.
fn found(sums: &Sums) -> String {
    match sums.amounts.iter().any(|(name, _)| name == "loss") {
        true => format!(", loss {:.4}, error {:.4}", sums.mean("loss"), sums.mean("wrong")),
        false => String::new(),
    }
}

/// What is at work after some steps.
fn work(done: u32, of: u32) -> String {
    format!("step {} of {}", grouped(u64::from(done + 1).min(of.into())), grouped(of.into()))
}

/// Images a second, with decimals where there are few: two digits always.
fn speed(images: f64) -> String {
    match images {
        10.0.. => grouped(images as u64),
        0.95.. => format!("{images:.1}"),
        0.095.. => format!("{images:.2}"),
        0.0095.. => format!("{images:.3}"),
        _ => format!("{images:.1e}"),
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
    use hebb_engine::settings::{Length, RunSettings};
    use hebb_spec::Shape;
    use hebb_systems::layered::ModelSpec;

    #[test]
    fn times_are_short() {
        assert_eq!([time(0.2), time(61.0), time(3725.0), time(f64::INFINITY)], ["0:01", "1:01", "1:02:05", "?"]);
    }

    /// What the viewer of a run of 8 steps, 6 an epoch, makes of an epoch's row.
    fn lines(done: u32, epoch: u32, seconds: f64) -> (u32, String) {
        let spec = ModelSpec { net: "Output".to_owned(), ..ModelSpec::default() };
        let model = spec.build(Shape::new(1, 2, 2), 2).unwrap();
        let settings =
            RunSettings { batch: 3, length: Length::Steps(8), validation: Some(2), ..RunSettings::default() };
        let job = Job::new(&model, spec.table(), settings, ("tiny", 20)).unwrap();
        let viewer = Viewer::new(&job, done);
        (viewer.steps_of(epoch), viewer.line(&Row { epoch, seconds, values: Vec::new(), step: None }))
    }

    #[test]
    fn an_epoch_that_ends_early_has_its_own_number_of_steps() {
        assert_eq!(lines(0, 1, 0.0), (6, "epoch 1/2: ".to_owned()));
        assert_eq!(lines(0, 2, 0.0), (2, "epoch 2/2 (2 of its 6 steps): ".to_owned()));
    }

    /// Outcomes come some steps late, but a row knows its time: no step needs to have been heard of.
    #[test]
    fn speed_is_that_of_the_steps_that_were_timed() {
        assert_eq!(lines(0, 1, 0.5).1, "epoch 1/2: 36 images/s");
        assert_eq!(lines(4, 1, 0.5).1, "epoch 1/2: 12 images/s");
        assert_eq!(lines(7, 2, 10.0).1, "epoch 2/2 (2 of its 6 steps): 0.30 images/s");
        assert_eq!(lines(8, 2, 0.1).1, "epoch 2/2 (2 of its 6 steps): ", "nothing was left to do");
    }

    #[test]
    fn few_images_have_decimals() {
        let texts = [0.00025, 0.027, 0.25, 0.999, 9.96, 1234.5].map(speed);
        assert_eq!(texts, ["2.5e-4", "0.027", "0.25", "1.0", "10.0", "1,234"]);
    }
}
