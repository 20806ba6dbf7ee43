//! `hebb activations`: what each layer makes of images, as arrays.

use anyhow::{Result, anyhow};
use hebb_engine::write_whole;
use hebb_lab::npy;
use hebb_lab::probe::{self, Activity, Probe};
use hebb_lab::table::Table;
use hebb_spec::Shape;
use hebb_spec::system::System as _;
use serde::Serialize;

use crate::args::ActivationsArgs;
use crate::device;
use crate::memory;
use crate::origin::Origin;
use crate::output::{self, Align, grouped, plain};
use crate::target;
use crate::tuned::Tuned;

use super::stored::Stored;

#[derive(Serialize)]
struct ActivationsReport {
    checkpoint: String,
    data: String,
    split: &'static str,
    images: usize,
    classes: Vec<String>,
    out: String,
    arrays: Vec<ArrayRow>,
}

#[derive(Serialize)]
struct ArrayRow {
    file: String,
    what: String,
    layer: u32,
    /// Of one image.
    shape: String,
}

/// Writes what the layers make of some images of a data set.
pub fn run(args: &ActivationsArgs) -> Result<()> {
    let stored = Stored::read(&args.file, &args.given.table)?;
    let asked = Origin::new(&args.given.table, None).run()?;
    let chosen = stored.data(asked.data)?;
    let outline = chosen.outline()?;
    let model = stored.network(outline.shape, outline.classes)?;
    let layers = model.network.layers();
    let wanted = args.layers.as_ref().map(|wanted| &wanted.0[..]);
    if let Some(&layer) = wanted.and_then(|wanted| wanted.iter().find(|&&layer| layer > layers)) {
        return Err(anyhow!("--layers: there is no layer {layer}: the network has {layers} weighted layers"));
    }
    let weights = stored.weights(&model)?;
    let _taken = target::claim_folder(&args.out)?;
    let data = chosen.load(outline)?;
    let text = chosen.text;
    let (split, range) = stored.part(args.split, asked.validation, &data, &text)?;
    let numbers = args.images.records(range.len()).map_err(|record| {
        let (part, last) = (args.split.name(), range.len() - 1);
        anyhow!("--images: there is no record {record}: the {part} images of {text} have the numbers 0 to {last}")
    })?;
    let records: Vec<u32> = numbers.iter().map(|number| range.start as u32 + number).collect();
    // As numbers, and an array at a time as bytes.
    let is_wanted = |layer: u32| wanted.is_none_or(|wanted| wanted.contains(&layer));
    let seen = probe::shapes(&model).into_iter().filter(|(layer, _)| is_wanted(*layer));
    let units: u64 = seen.map(|(_, shape)| u64::from(shape.units())).sum();
    memory::ask("to hold the activity", 8 * units * records.len() as u64, "take fewer --images or --layers")?;
    let device = device::find(&args.device, args.cpu)?;
    let plan = model.plan(args.batch.min(records.len() as u32));
    let options = Tuned::of(&device).options(&plan);
    let mut probe = Probe::on(device::prepare(&device, plan, &options)?, &model);
    probe.load(&weights)?;
    let seen = probe.activities(split, &records, wanted)?;
    let names = names(&seen);
    let mut table = Table::new(["file", "what", "layer", "channels", "rows", "columns"]);
    let mut arrays = Vec::new();
    for (seen, name) in seen.iter().zip(names) {
        let file = format!("{name}.npy");
        let Shape { channels, height, width } = seen.shape;
        let sizes = [channels, height, width].map(|size| size as usize);
        let shape = match sizes {
            [units, 1, 1] => vec![records.len(), units],
            _ => [&[records.len()], &sizes[..]].concat(),
        };
        write_whole(&args.out.join(&file), &npy::floats(&shape, &seen.values))?;
        let what = seen.name.clone();
        let numbers = [seen.layer, channels, height, width].map(Into::into);
        table.push([file.as_str().into(), what.as_str().into()].into_iter().chain(numbers));
        arrays.push(ArrayRow { file, what, layer: seen.layer, shape: seen.shape.to_string() });
    }
    let labels: Vec<u16> = records.iter().map(|&record| split.labels()[record as usize]).collect();
    write_whole(&args.out.join("labels.npy"), &npy::classes(&labels))?;
    write_whole(&args.out.join("records.npy"), &npy::indices(&numbers))?;
    write_whole(&args.out.join("activations.csv"), table.csv().as_bytes())?;
    let report = ActivationsReport {
        checkpoint: args.file.display().to_string(),
        data: text,
        split: args.split.name(),
        images: records.len(),
        classes: data.class_names,
        out: args.out.display().to_string(),
        arrays,
    };
    if args.json { output::json(&report) } else { print(&report) }
}

fn print(report: &ActivationsReport) -> Result<()> {
    let images = grouped(report.images as u64);
    output::line(&format!("{images} images ({}, {}) in {}\n", plain(&report.data), report.split, plain(&report.out)))?;
    let titles =
        [("file", Align::Left), ("what", Align::Left), ("layer", Align::Right), ("shape of an image's", Align::Left)];
    let cells = |row: &ArrayRow| vec![row.file.clone(), row.what.clone(), row.layer.to_string(), row.shape.clone()];
    output::line(&output::table(&titles, &report.arrays.iter().map(cells).collect::<Vec<_>>()))?;
    output::line("\nand labels.npy, records.npy, activations.csv")
}

/// What the files are called: as the activity, without spaces; long names may not be the only ones of their kind.
fn names(seen: &[Activity]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for activity in seen {
        let name = activity.name.replace(' ', "-");
        let same = seen[..names.len()].iter().filter(|other| other.name == activity.name).count();
        names.push(if same == 0 { name } else { format!("{name}-{}", same + 1) });
    }
    names
}
