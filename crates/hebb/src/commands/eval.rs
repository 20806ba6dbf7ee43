//! `hebb eval`: counts a checkpoint's errors.

use std::io::IsTerminal;
use std::ops::Range;

use anyhow::{Context, Result, ensure};
use hebb_data::{Dataset, Split, validation_split};
use hebb_engine::checkpoint::{CheckpointError, TensorFile};
use hebb_engine::evaluate::{Confusion, confusion};
use hebb_engine::init::{Start, stored};
use hebb_engine::metadata::Training;
use hebb_spec::plan::{Model, Plan};
use hebb_spec::rule::Rule;
use indicatif::ProgressBar;
use serde::Serialize;

use crate::args::{DetailArgs, EvalArgs, LossArgs, NetworkArgs, RuleArgs, SplitName};
use crate::device::{Device, Opened};
use crate::model;
use crate::output::{self, Align};

#[derive(Serialize)]
struct Report {
    checkpoint: String,
    data: String,
    split: &'static str,
    images: u64,
    wrong: u64,
    error: f64,
    loss: f64,
    classes: Vec<String>,
    /// A row for each class: how often its pictures were taken for each class.
    confusion: Vec<Vec<u64>>,
}

/// Evaluates a checkpoint on every picture of a part of a data set.
pub fn run(args: &EvalArgs) -> Result<()> {
    let file = TensorFile::read(&args.checkpoint)?;
    ensure!(
        file.has_metadata() || args.network.net.is_some(),
        "{} (and --untied, --connectivity, --loss, --preset, --slope and --mu where they are not the defaults)",
        CheckpointError::NoMetadata { path: args.checkpoint.clone() }
    );
    let device = Device::find(&args.device)?;
    let text = args.data.data.as_deref().unwrap_or("shapes");
    let data = hebb_data::load(text)?;
    let (model, training) = model(args, &file, &data)?;
    let Start { weights, messages } = stored(&model, &file)?;
    messages.iter().for_each(|message| output::note(message));
    let (split, range) = part(args, training.as_ref(), &data)?;
    ensure!(!range.is_empty(), "{text} has no {} pictures: name another --split", name(args.split));
    let plan = Plan::new(&model, args.batch.min(range.len() as u32));
    let Opened { mut backend, .. } = device.open(plan.clone())?;
    weights.upload(&model, &plan, &mut *backend).map_err(anyhow::Error::from_boxed)?;
    let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(range.len() as u64));
    let progress = |done: usize| {
        if let Some(bar) = &bar {
            bar.set_position(done as u64);
        }
    };
    let evaluated = confusion(&mut *backend, &plan, split, range, data.classes(), progress);
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let (sums, confusion) = evaluated?;
    if args.json {
        return output::json(&Report {
            checkpoint: args.checkpoint.display().to_string(),
            data: text.to_owned(),
            split: name(args.split),
            images: sums.images,
            wrong: sums.wrong,
            error: sums.error(),
            loss: sums.mean_loss(),
            classes: data.class_names,
            confusion: confusion.rows().map(<[u64]>::to_vec).collect(),
        });
    }
    output::line(&format!("{} of {} wrong", sums.wrong, sums.images))?;
    output::line(&format!("error {:.4}, loss {:.4} ({text}, {})\n", sums.error(), sums.mean_loss(), name(args.split)))?;
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
fn model(args: &EvalArgs, file: &TensorFile, data: &Dataset) -> Result<(Model, Option<Training>)> {
    let (mut network, mut loss, mut training) = (args.network.clone(), args.loss.clone(), None);
    let (input, classes) = (data.shape, data.classes());
    if file.has_metadata() {
        let metadata = file.metadata()?;
        let stored = metadata
            .network
            .model()
            .map_err(|cause| CheckpointError::Description { path: args.checkpoint.clone(), cause })?;
        let (wanted, count) = (stored.network.input, stored.network.classes);
        ensure!(
            (wanted, count) == (input, classes),
            "{} takes {wanted} pictures of {count} classes, but the data has {input} pictures of {classes} classes: \
             name the --data that it was trained on",
            args.checkpoint.display()
        );
        network = NetworkArgs {
            net: network.net.or(Some(stored.network.notation())),
            connectivity: network.connectivity.or(Some(metadata.network.connectivity)),
            ..network
        };
        // Another preset brings its own slope and μ.
        let same = loss.preset.is_none_or(|preset| preset == stored.preset);
        loss = LossArgs {
            loss: loss.loss.or(Some(stored.loss)),
            mu: loss.mu.or(same.then_some(stored.mu)),
            slope: loss.slope.or(same.then_some(stored.slope)),
            preset: loss.preset.or(Some(stored.preset)),
        };
        training = metadata.training;
    }
    // Evaluation runs forward only: a plan under bp holds no R.
    let rule = RuleArgs { rule: Some(Rule::BP), loss, ..RuleArgs::default() };
    let model = model::model(&network, &rule, None, &DetailArgs::default(), input, classes)?;
    // A mask in the file holds, whoever wrote it; below a connectivity of 1 it must be there.
    let is_sparse = |layer: &u32| model.sparse.contains(layer) || file.has(&format!("W{layer}.mask"));
    let sparse = (1..=model.network.layers()).filter(is_sparse).collect();
    Ok((Model { sparse, ..model }, training))
}

/// The pictures asked for. Validation is what the training kept, unless an option says otherwise.
fn part<'a>(args: &EvalArgs, training: Option<&Training>, data: &'a Dataset) -> Result<(&'a Split, Range<usize>)> {
    if args.split == SplitName::Test {
        return Ok((&data.test, 0..data.test.len()));
    }
    let count = args.data.validation.or(training.map(|training| training.validation));
    let records = data.train.len() - validation_split(data.train.len(), count).context("--validation")?;
    let range = if args.split == SplitName::Train { 0..records } else { records..data.train.len() };
    Ok((&data.train, range))
}

/// Rows are what pictures show, columns what they were taken for.
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
