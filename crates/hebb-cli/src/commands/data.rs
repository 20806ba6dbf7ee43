//! `hebb data`: which data sets there are, how to get one, what it holds, and how it looks.

mod fetch;

use anyhow::Result;
use hebb_data::{Dataset, FORMS, Source, Split, validation_split};
use serde::Serialize;

use crate::args::{InfoArgs, PreviewArgs, TableArgs};
use crate::images;
use crate::output::{self, Align, grouped, plain};
use crate::target;
pub use fetch::fetch;

/// Images of each class on a contact sheet.
const COLUMNS: u32 = 16;
/// Pixels of the sheet for each of an image: small images are hard to see.
const SCALE: u32 = 2;
/// Pixels of the longest side of an image there: larger ones are scaled down as they are read.
const LONGEST: u32 = 128;

#[derive(Serialize)]
struct FormRow {
    data: &'static str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct DataInfo {
    data: String,
    shape: String,
    train: usize,
    /// The last of the training records, kept for validation unless told otherwise.
    validation: usize,
    test: usize,
    classes: Vec<ClassRow>,
}

#[derive(Serialize)]
struct ClassRow {
    label: usize,
    name: String,
    train: usize,
    test: usize,
}

/// Lists what --data takes.
pub fn list(args: &TableArgs) -> Result<()> {
    let forms = FORMS.map(|form| FormRow { data: form.text, meaning: form.meaning });
    if args.json {
        return output::json(&forms);
    }
    let rows = forms.map(|form| vec![form.data.to_owned(), form.meaning.to_owned()]);
    output::line(&output::table(&[("DATA", Align::Left), ("meaning", Align::Left)], &rows))?;
    output::line(
        "\nDIR is the folder with the files, for CIFAR also the one above. Without it the download cache is meant, which `hebb data fetch` fills.",
    )
}

/// Reads a whole data set and tells what it holds.
pub fn info(args: &InfoArgs) -> Result<()> {
    let outline = args.data.parse::<Source>()?.outline()?;
    let info = describe(&args.data, &images::load(outline, &args.data)?)?;
    if args.json {
        return output::json(&info);
    }
    output::line(&format!(
        "{}: {} images, {} to train on (the last {} kept for validation unless told otherwise), {} to test on, {} classes\n",
        plain(&info.data),
        info.shape,
        grouped(info.train as u64),
        grouped(info.validation as u64),
        grouped(info.test as u64),
        info.classes.len()
    ))?;
    let titles = [("label", Align::Right), ("class", Align::Left), ("train", Align::Right), ("test", Align::Right)];
    let cells = |class: &ClassRow| {
        let counts = [class.train, class.test].map(|count| grouped(count as u64));
        [class.label.to_string(), class.name.clone()].into_iter().chain(counts).collect()
    };
    output::line(&output::table(&titles, &info.classes.iter().map(cells).collect::<Vec<_>>()))
}

fn describe(text: &str, data: &Dataset) -> Result<DataInfo> {
    let (train, test) = (count(&data.train, data.class_names.len()), count(&data.test, data.class_names.len()));
    let class = |(label, name): (usize, &String)| ClassRow {
        label,
        name: name.clone(),
        train: train[label],
        test: test[label],
    };
    Ok(DataInfo {
        data: text.to_owned(),
        shape: data.shape.to_string(),
        train: data.train.len(),
        validation: validation_split(data.train.len(), None)?,
        test: data.test.len(),
        classes: data.class_names.iter().enumerate().map(class).collect(),
    })
}

fn count(split: &Split, classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in split.labels() {
        counts[usize::from(label)] += 1;
    }
    counts
}

/// Writes a contact sheet.
pub fn preview(args: &PreviewArgs) -> Result<()> {
    let _held = target::claim(&args.out, args.overwrite)?;
    let outline = args.data.parse::<Source>()?.outline()?;
    let whole = outline.shape;
    let data = outline.sample(COLUMNS as usize, LONGEST)?;
    let is_small = data.shape == whole;
    let sheet = hebb_data::contact_sheet(&data, COLUMNS, if is_small { SCALE } else { 1 })?;
    hebb_data::save_png(&sheet, &args.out)?;
    let (width, height) = sheet.dimensions();
    let scaled = match is_small {
        true => String::new(),
        false => format!(", scaled down to {}x{}", data.shape.width, data.shape.height),
    };
    output::line(&format!(
        "wrote {}: {width} x {height}, the first {COLUMNS} training images of each of {} classes, one class a row{scaled}",
        plain(&args.out.display().to_string()),
        data.classes()
    ))
}
