//! `hebb eval`: counts a checkpoint's errors.

use std::io::IsTerminal;
use std::ops::{ControlFlow, Range};
use std::path::Path;

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use hebb_data::{Dataset, Outline, Source, Split, disk, validation_split};
use hebb_engine::evaluate::evaluate;
use hebb_engine::from_file::{self, Loaded};
use hebb_engine::metadata::Metadata;
use hebb_engine::settings::{RunSettings, read_settings};
use hebb_engine::tensor_file::{CheckpointError, TensorFile};
use hebb_engine::weights::upload;
use hebb_spec::Shape;
use hebb_spec::backend::Backend;
use hebb_spec::system::{Sums, System};
use hebb_systems::layered::{self, Confusion, Model, Rule};
use hebb_systems::microcircuit::{Dynamics, Microcircuit, Source as Given};
use indicatif::ProgressBar;
use serde::Serialize;

use crate::args::{EvalArgs, MicrocircuitKeys, SplitName};
use crate::config::SYSTEM;
use crate::device;
use crate::images;
use crate::memory;
use crate::origin::Origin;
use crate::output::{self, Align, plain};
use crate::tuned::Tuned;

use super::family::Family;

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
    let (metadata, known) = stored(args, &file)?.unzip();
    let is_asked = args.given.table.get("data").is_some();
    let text = if is_asked { asked.data } else { trained_on(&args.checkpoint, metadata.as_ref())? };
    // Whoever named no data must hear whose these are.
    let about = |error: Error| match is_asked {
        true => error,
        false => error.context(format!("{} {}", args.checkpoint.display(), images::trained_on(&text))),
    };
    let outline = outline(&text).map_err(about)?;
    let classes = outline.classes;
    let system = system(args, known, &file, outline.shape, classes)?;
    // Eight bytes a count, and its text in the table.
    let counts = u64::from(classes).pow(2);
    memory::ask("the confusion matrix", 64 * counts, "evaluate on data of fewer classes")?;
    let Loaded { weights, messages } = from_file::stored(&system.params(), &file)?;
    messages.iter().for_each(|message| output::note(message));
    let data = images::load(outline, &text).map_err(about)?;
    // Validation is what the training kept, unless an option says otherwise.
    let training = metadata.and_then(|metadata| metadata.training);
    let validation = asked.validation.or(training.map(|training| training.validation));
    let (split, range) = part(args.split, validation, &data)?;
    ensure!(!range.is_empty(), "{text} has no {} images: name another --split", name(args.split));
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
    output::line(&format!("error {error:.4}, loss {loss:.4} ({}, {})\n", plain(&text), name(args.split)))?;
    output::line(&table(&confusion, &data.class_names))
}

fn outline(text: &str) -> Result<Outline> {
    Ok(text.parse::<Source>()?.outline()?)
}

/// What a part of a data set is called.
pub const fn name(split: SplitName) -> &'static str {
    match split {
        SplitName::Test => "test",
        SplitName::Validation => "validation",
        SplitName::Train => "train",
    }
}

/// What a checkpoint's metadata say that it is of.
enum Known {
    Layered(Box<Model>),
    Circuit(Box<Microcircuit>),
}

/// What is evaluated, on images of a shape.
fn system(
    args: &EvalArgs,
    known: Option<Known>,
    file: &TensorFile,
    input: Shape,
    classes: u32,
) -> Result<Box<dyn System>> {
    let path = args.checkpoint.display();
    let model = match known {
        Some(Known::Circuit(circuit)) => {
            let circuit = Microcircuit { source: Given::Images { shape: input, classes }, ..*circuit };
            circuit.check().map_err(|error| {
                anyhow!("{path} does not fit the data: {error}: name the --data that it was trained on")
            })?;
            return Ok(Box::new(circuit));
        }
        Some(Known::Layered(model)) => Some(*model),
        None => None,
    };
    Ok(Box::new(network(args, model, file, input, classes)?))
}

/// The checkpoint's model by its metadata, which no option replaces; without metadata, by options.
fn network(args: &EvalArgs, known: Option<Model>, file: &TensorFile, input: Shape, classes: u32) -> Result<Model> {
    let model = match known {
        Some(model) => {
            let (wanted, count) = (model.network.input, model.network.classes);
            ensure!(
                (wanted, count) == (input, classes),
                "{} takes {wanted} images of {count} classes, but the data has {input} images of {classes} classes: \
                 name the --data that it was trained on",
                args.checkpoint.display()
            );
            model
        }
        None => {
            let origin = Origin::new(&args.given.table, None);
            origin.build(&origin.spec()?, input, classes)?
        }
    };
    // A mask in the file holds, whoever wrote it; below a connectivity of 1 it must be there.
    let is_sparse = |layer: &u32| model.sparse.contains(layer) || file.has(&format!("W{layer}.mask"));
    let sparse = (1..=model.network.layers()).filter(is_sparse).collect();
    // Evaluation runs forward only: under bp there is no R.
    Ok(Model { sparse, rule: Rule::BP, ..model })
}

/// What the metadata say, and what they are of; none where there are none and options name the network.
fn stored(args: &EvalArgs, file: &TensorFile) -> Result<Option<(Metadata, Known)>> {
    let (given, path) = (&args.given.table, &args.checkpoint);
    if !file.has_metadata() {
        ensure!(given.get("net").is_some(), CheckpointError::NoMetadata { path: path.clone() });
        return Ok(None);
    }
    if let Some((key, _)) = given.0.iter().find(|(key, _)| layered::FIELDS.iter().any(|field| field.key == key)) {
        bail!("--{key} is for a file without metadata of hebb, but {} has its own: leave it out", path.display());
    }
    let metadata = file.metadata()?;
    let about = |cause: String| CheckpointError::Description { path: path.clone(), cause };
    if let Some(system) = metadata.system.get(SYSTEM) {
        if system.to_string() == MicrocircuitKeys::NAME {
            let circuit = Microcircuit::from_table(&metadata.system).map_err(|error| about(error.to_string()))?;
            if circuit.dynamics == Dynamics::TwoStep {
                return Ok(Some((metadata, Known::Circuit(Box::new(circuit)))));
            }
        }
        bail!(
            "{} is of `hebb {system}`, which has no classes to evaluate: look at it with hebb inspect",
            path.display()
        );
    }
    let model = Model::from_description(&metadata.system).map_err(|cause| about(cause.to_string()))?;
    Ok(Some((metadata, Known::Layered(Box::new(model)))))
}

/// The data that a checkpoint was trained on: as the run.toml beside it has them, if that is of its own run; else as the
/// metadata have them, which name no place.
fn trained_on(path: &Path, metadata: Option<&Metadata>) -> Result<String> {
    let path_text = path.display();
    let Some((metadata, training)) = metadata.and_then(|metadata| Some((metadata, metadata.training.as_ref()?))) else {
        bail!("nothing says which data {path_text} is for: name them with --data");
    };
    let of_run = disk::read_text(&path.with_file_name("run.toml")).ok().and_then(|text| {
        let run = RunSettings::from_table(&read_settings(&text).ok()?.0).ok()?;
        let is_own = run.data.split(':').next() == Some(training.data.as_str()) && run.seed == metadata.seed;
        is_own.then_some(run.data)
    });
    match of_run {
        Some(text) => Ok(text),
        None if training.data == "shapes" => {
            output::note(&format!("{path_text} was trained on shapes of a seed that it does not tell: taking shapes"));
            Ok(training.data.clone())
        }
        None => bail!(
            "{path_text} was trained on {}, and no run.toml of its run beside it says where they are: name them with --data",
            training.data
        ),
    }
}

/// The images asked for.
pub fn part(split: SplitName, validation: Option<usize>, data: &Dataset) -> Result<(&Split, Range<usize>)> {
    if split == SplitName::Test {
        return Ok((&data.test, 0..data.test.len()));
    }
    let records = data.train.len() - validation_split(data.train.len(), validation).context("--validation")?;
    let range = if split == SplitName::Train { 0..records } else { records..data.train.len() };
    Ok((&data.train, range))
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
