//! `hebb eval`: counts a checkpoint's errors.

use std::io::IsTerminal;
use std::ops::{ControlFlow, Range};

use anyhow::Result;
use hebb_data::Split;
use hebb_engine::evaluate::evaluate;
use hebb_engine::weights::upload;
use hebb_spec::Shape;
use hebb_spec::backend::Backend;
use hebb_spec::system::{Sums, System};
use hebb_systems::layered::Confusion;
use indicatif::ProgressBar;
use serde::Serialize;

use crate::args::EvalArgs;
use crate::device;
use crate::memory;
use crate::origin::Origin;
use crate::output::{self, Align, plain};
use crate::tuned::Tuned;

use super::stored::{self, Known, Stored};

#[derive(Serialize)]
struct EvalReport {
    checkpoint: String,
    data: String,
    split: &'static str,
    images: u64,
    wrong: u64,
    error: f64,
    loss: f64,
    classes: Vec<String>,
    /// A row for each class: how often its images were taken for each class.
    confusion: Vec<Vec<u64>>,
}

/// Evaluates a checkpoint on every image of a part of a data set.
pub fn run(args: &EvalArgs) -> Result<()> {
    let stored = Stored::read(&args.checkpoint, &args.given.table)?;
    let asked = Origin::new(&args.given.table, None).run()?;
    let chosen = stored.data(asked.data)?;
    let outline = chosen.outline()?;
    let classes = outline.classes;
    let system = system(&stored, outline.shape, classes)?;
    // Eight bytes a count, and its text in the table.
    let counts = u64::from(classes).pow(2);
    memory::ask("the confusion matrix", 64 * counts, "evaluate on data of fewer classes")?;
    let weights = stored.weights(&*system)?;
    let data = chosen.load(outline)?;
    let text = chosen.text;
    let (split, range) = stored.part(args.split, asked.validation, &data, &text)?;
    let device = device::find(&args.device, args.cpu)?;
    let plan = system.plan(args.batch.min(range.len() as u32));
    let options = Tuned::of(&device).options(&plan);
    let mut backend = device::prepare(&device, plan, &options)?;
    upload(&weights, &mut *backend)?;
    let (sums, confusion) = confusion((&*system, classes), &mut *backend, split, range)?;
    let (wrong, error, loss) = (sums.get("wrong") as u64, sums.mean("wrong"), sums.mean("loss"));
    if args.json {
        return output::json(&EvalReport {
            checkpoint: args.checkpoint.display().to_string(),
            data: text,
            split: args.split.name(),
            images: sums.images,
            wrong,
            error,
            loss,
            classes: data.class_names,
            confusion: confusion.rows().map(<[u64]>::to_vec).collect(),
        });
    }
    output::line(&format!("{wrong} of {} wrong", sums.images))?;
    output::line(&format!("error {error:.4}, loss {loss:.4} ({}, {})\n", plain(&text), args.split.name()))?;
    output::line(&table(&confusion, &data.class_names))
}

/// What is evaluated, on images of a shape.
fn system(stored: &Stored<'_>, input: Shape, classes: u32) -> Result<Box<dyn System>> {
    match &stored.known {
        Some(Known::Circuit(circuit)) => Ok(Box::new(stored::circuit(circuit, stored.file.path(), input, classes)?)),
        _ => Ok(Box::new(stored.network(input, classes)?)),
    }
}

/// Evaluates, with a bar on a terminal, and notes what each image was taken for.
fn confusion(
    (system, classes): (&dyn System, u32),
    backend: &mut dyn Backend,
    split: &Split,
    range: Range<usize>,
) -> Result<(Sums, Confusion)> {
    let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(range.len() as u64));
    let progress = |done: usize| {
        if let Some(bar) = &bar {
            bar.set_position(done as u64);
        }
        ControlFlow::Continue(())
    };
    let (mut confusion, mut odd) = (Confusion::new(classes), Ok(()));
    let evaluated = evaluate(system, backend, split, range, progress, |records, outcome| {
        if odd.is_ok() {
            odd = confusion.add(&split.labels()[records], outcome);
        }
    });
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let sums = evaluated?;
    odd?;
    Ok((sums.unwrap_or_default(), confusion))
}

/// Rows are what images show, columns what they were taken for.
fn table(confusion: &Confusion, class_names: &[String]) -> String {
    let labels: Vec<String> = (0..confusion.classes()).map(|class| class.to_string()).collect();
    let mut titles = vec![("class, and what it was taken for", Align::Left)];
    titles.extend(labels.iter().map(|label| (label.as_str(), Align::Right)));
    let row = |((label, name), counts): ((&String, &String), &[u64])| {
        let counts = counts.iter().map(u64::to_string);
        std::iter::once(format!("{label} {name}")).chain(counts).collect()
    };
    let rows: Vec<Vec<String>> = labels.iter().zip(class_names).zip(confusion.rows()).map(row).collect();
    output::table(&titles, &rows)
}
