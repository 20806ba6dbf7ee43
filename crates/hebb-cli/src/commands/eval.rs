//! `hebb eval`: counts a checkpoint's errors.

use std::io::IsTerminal;
use std::ops::{ControlFlow, Range};

use anyhow::{Context, Result, ensure};
use hebb_data::{Dataset, Source, Split, validation_split};
use hebb_engine::evaluate::evaluate;
use hebb_engine::from_file::{self, Loaded};
use hebb_engine::metadata::Training;
use hebb_engine::tensor_file::{CheckpointError, TensorFile};
use hebb_engine::weights::upload;
use hebb_spec::Shape;
use hebb_spec::backend::Backend;
use hebb_spec::settings::{Table, Value};
use hebb_spec::system::{Sums, System};
use hebb_systems::layered::{Confusion, Model, Rule};
use indicatif::ProgressBar;
use serde::Serialize;

use crate::args::{EvalArgs, SplitName};
use crate::device;
use crate::merge::over;
use crate::origin::Origin;
use crate::output::{self, Align};

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
    let file = TensorFile::read(&args.checkpoint)?;
    let asked = Origin::new(&args.given.table, None).run()?;
    let text = asked.data;
    let outline = text.parse::<Source>()?.outline()?;
    let (model, training) = model(args, &file, outline.shape, outline.classes)?;
    let Loaded { weights, messages } = from_file::stored(&model.params(), &file)?;
    messages.iter().for_each(|message| output::note(message));
    let data = outline.load()?;
    // Validation is what the training kept, unless an option says otherwise.
    let validation = asked.validation.or(training.map(|training| training.validation));
    let (split, range) = part(args.split, validation, &data)?;
    ensure!(!range.is_empty(), "{text} has no {} images: name another --split", name(args.split));
    let device = device::find(&args.device)?;
    let mut backend = device::prepare(&device, model.plan(args.batch.min(range.len() as u32)))?;
    upload(&weights, &mut *backend)?;
    let (sums, confusion) = confusion(&model, &mut *backend, split, range)?;
    let (wrong, error, loss) = (sums.get("wrong") as u64, sums.mean("wrong"), sums.mean("loss"));
    if args.json {
        return output::json(&EvalReport {
            checkpoint: args.checkpoint.display().to_string(),
            data: text,
            split: name(args.split),
            images: sums.images,
            wrong,
            error,
            loss,
            classes: data.class_names,
            confusion: confusion.rows().map(<[u64]>::to_vec).collect(),
        });
    }
    output::line(&format!("{wrong} of {} wrong", sums.images))?;
    output::line(&format!("error {error:.4}, loss {loss:.4} ({text}, {})\n", name(args.split)))?;
    output::line(&table(&confusion, &data.class_names))
}

const fn name(split: SplitName) -> &'static str {
    match split {
        SplitName::Test => "test",
        SplitName::Validation => "validation",
        SplitName::Train => "train",
    }
}

/// The checkpoint's model by its metadata; an option that is given wins. What trained it, if that is known.
fn model(args: &EvalArgs, file: &TensorFile, input: Shape, classes: u32) -> Result<(Model, Option<Training>)> {
    let given = &args.given.table;
    if !file.has_metadata() && given.get("net").is_none() {
        return Err(CheckpointError::NoMetadata { path: args.checkpoint.clone() }.into());
    }
    let (mut known, mut training) = (Table::default(), None);
    if file.has_metadata() {
        let metadata = file.metadata()?;
        let stored = Model::from_description(&metadata.system).map_err(|cause| CheckpointError::Description {
            path: args.checkpoint.clone(),
            cause: cause.to_string(),
        })?;
        let (wanted, count) = (stored.network.input, stored.network.classes);
        ensure!(
            (wanted, count) == (input, classes),
            "{} takes {wanted} images of {count} classes, but the data has {input} images of {classes} classes: \
             name the --data that it was trained on",
            args.checkpoint.display()
        );
        // Another preset brings its own slope and μ.
        let same = given.get("preset").is_none_or(|preset| *preset == Value::Text(stored.preset.to_string()));
        let keys: &[&str] = if same {
            &["net", "connectivity", "loss", "preset", "mu", "slope"]
        } else {
            &["net", "connectivity", "loss"]
        };
        for key in keys {
            if let Some(value) = metadata.system.get(key) {
                known.set(key, value.clone());
            }
        }
        training = metadata.training;
    }
    let origin = Origin::new(&over(given, &known), None);
    let model = origin.build(&origin.spec()?, input, classes)?;
    // A mask in the file holds, whoever wrote it; below a connectivity of 1 it must be there.
    let is_sparse = |layer: &u32| model.sparse.contains(layer) || file.has(&format!("W{layer}.mask"));
    let sparse = (1..=model.network.layers()).filter(is_sparse).collect();
    // Evaluation runs forward only: under bp there is no R.
    Ok((Model { sparse, rule: Rule::BP, ..model }, training))
}

/// The images asked for.
fn part(split: SplitName, validation: Option<usize>, data: &Dataset) -> Result<(&Split, Range<usize>)> {
    if split == SplitName::Test {
        return Ok((&data.test, 0..data.test.len()));
    }
    let records = data.train.len() - validation_split(data.train.len(), validation).context("--validation")?;
    let range = if split == SplitName::Train { 0..records } else { records..data.train.len() };
    Ok((&data.train, range))
}

/// Evaluates, with a bar on a terminal, and notes what each image was taken for.
fn confusion(
    model: &Model,
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
    let (mut confusion, mut odd) = (Confusion::new(model.network.classes), Ok(()));
    let evaluated = evaluate(model, backend, split, range, progress, |records, outcome| {
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
