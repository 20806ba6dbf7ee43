//! What a finished run came to.

use anyhow::Result;
use hebb_engine::Row;
use hebb_engine::job::Job;
use hebb_engine::run::Run;
use hebb_engine::store::Store;
use serde::Serialize;

use crate::output::{self, Align, grouped};

#[derive(Serialize)]
struct RunReport {
    run: String,
    epochs: u32,
    steps: u32,
    /// The last epoch's, as all that follows it; none where a resume found the run finished.
    train_loss: Option<f64>,
    train_error: Option<f64>,
    validation_loss: Option<f64>,
    validation_error: Option<f64>,
    lowest_validation_error: Option<f64>,
    /// When that was.
    lowest_at: Option<String>,
    last: String,
    best: Option<String>,
    metrics: String,
    /// What is done, in words.
    #[serde(skip)]
    epochs_text: String,
}

/// Prints the result of a run that is finished. A resume that finds it so has no last row.
pub fn print(run: &Run, job: &Job<'_>, last: Option<&Row>, json: bool) -> Result<()> {
    let report = report(run, job, last);
    if json { output::json(&report) } else { output::line(&table(&report)) }
}

fn report(run: &Run, job: &Job<'_>, last: Option<&Row>) -> RunReport {
    let progress = run.progress();
    let best = progress.best.map(|best| (best.score as f64 / job.validation as f64, format!("epoch {}", best.epoch)));
    // Steps that end within an epoch can be the best, too.
    let end = last.filter(|row| row.epoch > progress.epoch).and_then(|row| row.get("validation_error"));
    let end = end.map(|error| (error, format!("step {}", progress.step)));
    let lowest = best.into_iter().chain(end).reduce(|a, b| if b.0 < a.0 { b } else { a });
    let value = |column| last.and_then(|row| row.get(column));
    RunReport {
        epochs_text: match progress.epoch_step {
            0 => progress.epoch.to_string(),
            steps => format!(
                "{}, and {} of {} steps of the next",
                progress.epoch,
                grouped(steps.into()),
                grouped(job.epoch_steps.into())
            ),
        },
        run: run.path().display().to_string(),
        epochs: progress.epoch,
        steps: progress.step,
        train_loss: value("train_loss"),
        train_error: value("train_error"),
        validation_loss: value("validation_loss"),
        validation_error: value("validation_error"),
        lowest_validation_error: lowest.as_ref().map(|(error, _)| *error),
        lowest_at: lowest.map(|(_, when)| when),
        last: run.last().display().to_string(),
        best: run.best().map(|path| path.display().to_string()),
        metrics: run.metrics().display().to_string(),
    }
}

fn table(report: &RunReport) -> String {
    let mut rows = vec![("epochs", report.epochs_text.clone()), ("steps", report.steps.to_string())];
    let mut add = |name, error: Option<f64>, rest: Option<String>| {
        rows.extend(error.zip(rest).map(|(error, rest)| (name, format!("{error:.4} ({rest})"))));
    };
    let loss = |loss: Option<f64>| loss.map(|loss| format!("loss {loss:.4}"));
    add("training error", report.train_error, loss(report.train_loss));
    add("validation error", report.validation_error, loss(report.validation_loss));
    add("lowest validation error", report.lowest_validation_error, report.lowest_at.clone());
    rows.push(("last weights", report.last.clone()));
    rows.extend(report.best.clone().map(|best| ("best weights", best)));
    rows.push(("metrics", report.metrics.clone()));
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    output::table(&[("run", Align::Left), (&report.run, Align::Left)], &rows)
}
