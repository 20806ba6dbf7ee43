//! `hebb predict`: what images are taken for.

use std::path::Path;

use anyhow::{Result, ensure};
use hebb_data::{Single, Source, Split, read_image};
use hebb_lab::probe::Probe;
use hebb_spec::Shape;
use hebb_spec::learning::Loss;
use hebb_spec::system::System as _;
use hebb_systems::layered::{Model, Rule};
use serde::Serialize;

use crate::args::PredictArgs;
use crate::device;
use crate::memory;
use crate::output::{self, Align};
use crate::tuned::Tuned;

use super::stored::{self, Stored};

/// Images computed at once, at most.
const BATCH: usize = 100;

#[derive(Serialize)]
struct ImageReport {
    image: String,
    /// Columns and rows of the file's image, where it was scaled.
    #[serde(skip_serializing_if = "Option::is_none")]
    scaled_from: Option<[u32; 2]>,
    classes: Vec<ClassRow>,
}

#[derive(Serialize)]
struct ClassRow {
    class: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    output: f32,
    /// Of networks that were trained by the softmax loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
}

/// Says which classes have the largest outputs.
pub fn run(args: &PredictArgs) -> Result<()> {
    let stored = Stored::read(&args.file, &args.given.table)?;
    let model = Model { rule: Rule::BP, ..stored.whole(&args.images)? };
    let names = names(args, &stored, &model)?;
    let weights = stored.weights(&model)?;
    let input = model.network.input;
    let bytes = u64::from(input.units()) * args.of.len() as u64;
    memory::ask("to hold the images", bytes, "name fewer")?;
    let read: Vec<Single> = args.of.iter().map(|path| read(path, input, args.resize)).collect::<Result<_>>()?;
    let pixels = read.iter().flat_map(|single| single.pixels.iter().copied()).collect();
    // What they show nobody knows.
    let images = Split::new(input, pixels, vec![0; read.len()])?;
    let device = device::find(&args.device, args.cpu)?;
    let plan = model.plan(read.len().min(BATCH) as u32);
    let options = Tuned::of(&device).options(&plan);
    let mut probe = Probe::on(device::prepare(&device, plan, &options)?, &model);
    probe.load(&weights)?;
    let outputs = probe.outputs(&images, &(0..read.len() as u32).collect::<Vec<_>>())?;
    let classes = outputs.chunks(model.network.classes as usize);
    let is_softmax = model.loss == Loss::Softmax;
    let report = |((path, single), outputs): ((&std::path::PathBuf, &Single), &[f32])| ImageReport {
        image: path.display().to_string(),
        scaled_from: (single.size != (input.width, input.height)).then_some([single.size.0, single.size.1]),
        classes: best(outputs, args.top as usize, names.as_deref(), is_softmax),
    };
    let reports: Vec<ImageReport> = args.of.iter().zip(&read).zip(classes).map(report).collect();
    if args.json { output::json(&reports) } else { print(&reports, is_softmax) }
}

/// The classes' names, where something tells them.
fn names(args: &PredictArgs, stored: &Stored<'_>, model: &Model) -> Result<Option<Vec<String>>> {
    let classes = model.network.classes;
    let Some(text) = &args.images.data else {
        return Ok(stored.metadata.as_ref().and_then(|metadata| stored::class_names(&args.file, metadata, classes)));
    };
    let outline = text.parse::<Source>()?.outline()?;
    ensure!(
        outline.classes == classes,
        "--data: {text} has {} classes, but {} is of {classes}: name the data that it was trained on, or leave it out",
        outline.classes,
        stored.path()
    );
    Ok(Some(outline.class_names()))
}

/// Reads an image. Says on stderr what became of it on its way.
fn read(path: &Path, input: Shape, resize: bool) -> Result<Single> {
    let single = read_image(path, input, resize)?;
    let (from, to) = (single.size, (input.width, input.height));
    if from != to {
        output::note(&format!("{}: scaled from {}x{} to {}x{} pixels", path.display(), from.0, from.1, to.0, to.1));
    }
    if single.lost_colour {
        output::note(&format!("{}: its colours are taken as grey, which is what the network sees", path.display()));
    }
    Ok(single)
}

/// The classes with the largest outputs, the first of equals first, as the device has it.
fn best(outputs: &[f32], most: usize, names: Option<&[String]>, is_softmax: bool) -> Vec<ClassRow> {
    let mut order: Vec<usize> = (0..outputs.len()).collect();
    order.sort_by(|&a, &b| outputs[b].total_cmp(&outputs[a]));
    let highest = order.first().map_or(0.0, |&first| f64::from(outputs[first]));
    let share = |output: f32| (f64::from(output) - highest).exp();
    let all: f64 = outputs.iter().map(|&output| share(output)).sum();
    let row = |class: usize| ClassRow {
        class,
        name: names.and_then(|names| names.get(class).cloned()),
        output: outputs[class],
        probability: is_softmax.then(|| share(outputs[class]) / all),
    };
    order.into_iter().take(most).map(row).collect()
}

fn print(reports: &[ImageReport], is_softmax: bool) -> Result<()> {
    let mut titles =
        vec![("image", Align::Left), ("class", Align::Right), ("name", Align::Left), ("output", Align::Right)];
    if is_softmax {
        titles.push(("probability", Align::Right));
    }
    let rows = |report: &ImageReport| -> Vec<Vec<String>> {
        let cells = |(at, row): (usize, &ClassRow)| {
            let image = if at == 0 { report.image.clone() } else { String::new() };
            let output = format!("{:.4}", row.output);
            let mut cells = vec![image, row.class.to_string(), row.name.clone().unwrap_or_default(), output];
            cells.extend(row.probability.map(|share| format!("{share:.4}")));
            cells
        };
        report.classes.iter().enumerate().map(cells).collect()
    };
    output::line(&output::table(&titles, &reports.iter().flat_map(rows).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_outputs_come_first_and_shares_add_up() {
        let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let rows = best(&[1.0, 3.0, -2.0, 3.0], 4, Some(&names), true);
        assert_eq!(rows.iter().map(|row| row.class).collect::<Vec<_>>(), [1, 3, 0, 2]);
        let all: f64 = rows.iter().filter_map(|row| row.probability).sum();
        assert!((all - 1.0).abs() < 1e-12 && rows[0].probability == rows[1].probability);
        let two = best(&[1000.0, 0.0], 1, None, false);
        assert!(two.len() == 1 && two[0].name.is_none() && two[0].probability.is_none());
    }
}
