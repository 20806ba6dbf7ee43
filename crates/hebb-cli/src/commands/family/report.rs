//! What a finished run came to.

use anyhow::Result;
use hebb_engine::Row;
use hebb_engine::run::Run;
use hebb_engine::store::Store;
use serde::Serialize;

use crate::output::{self, Align};

#[derive(Serialize)]
struct RunReport {
    run: String,
    epochs: u32,
    steps: u32,
    /// The last row; none where a resume found the run finished.
    row: Option<Row>,
    last: String,
    metrics: String,
}

/// Prints the result of a run that is finished. A resume that finds it so has no last row.
pub fn print(run: &Run, last: Option<&Row>, json: bool) -> Result<()> {
    let progress = run.progress();
    let report = RunReport {
        run: run.path().display().to_string(),
        epochs: progress.epoch,
        steps: progress.step,
        row: last.cloned(),
        last: run.last().display().to_string(),
        metrics: run.metrics().display().to_string(),
    };
    if json { output::json(&report) } else { output::line(&table(&report)) }
}

fn table(report: &RunReport) -> String {
    let mut rows =
        vec![vec!["epochs".to_owned(), report.epochs.to_string()], vec!["steps".to_owned(), report.steps.to_string()]];
    let values = report.row.iter().flat_map(|row| &row.values);
    rows.extend(values.filter_map(|(name, value)| Some(vec![name.clone(), format!("{:.6}", (*value)?)])));
    rows.push(vec!["last weights".to_owned(), report.last.clone()]);
    rows.push(vec!["metrics".to_owned(), report.metrics.clone()]);
    output::table(&[("run", Align::Left), (&report.run, Align::Left)], &rows)
}
