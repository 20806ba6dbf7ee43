//! What the pages and pictures of these figures have in common.

use super::compare::{end, percent};
use super::runs::{Course, EPOCHS, Runs};
use crate::words::grouped;

/// Several seeds, in words: how they are drawn.
pub const SEEDS: &str = "Where there are several seeds, lines and bars are means over them, at the epochs that all have; bands and error bars \
                         go from the least to the most.";

/// What errors at the end are.
pub const END: &str =
    "At the end is the mean of the last five epochs, for from one to the next these errors differ by points.";

/// Letters on a line below a title.
const LINE: usize = 90;

/// Below a picture's title: how much of the paper's protocol it is of, and which runs are shorter; those that lack, too, where
/// the picture has no place for them.
pub fn subtitle(runs: &Runs<'_>, names_missing: bool) -> String {
    let epochs =
        if runs.epochs == EPOCHS { "1,000 epochs".to_owned() } else { format!("{} of 1,000 epochs", runs.epochs) };
    let seeds = &runs.request.seeds;
    let seeds = if seeds.0.len() == 1 { format!("seed {seeds}") } else { format!("seeds {seeds}") };
    let data = runs.data().collect::<Vec<_>>().join(" and ");
    let mut text = format!("{data}, {epochs}, {seeds}");
    // What is shorter than the rest looks as if it had ended.
    let mut used = LINE;
    for lacking in lacking(runs, names_missing) {
        let letters = lacking.chars().count() + 2;
        let is_new = used + letters > LINE;
        text += &format!("{}{lacking}", if is_new { "\n" } else { "; " });
        used = if is_new { letters } else { used + letters };
    }
    text
}

/// Runs that lack, and those that are shorter than asked for. Where all runs of a training lack, a picture may tell it in its
/// place.
fn lacking(runs: &Runs<'_>, names_missing: bool) -> Vec<String> {
    let is_alone = runs.images.len() == 1 && runs.request.seeds.0.len() == 1;
    let lacks = |course: &Course| {
        let place = if is_alone { String::new() } else { format!(" ({}, seed {})", course.data, course.seed) };
        let what = course.training.what();
        match course.epochs() {
            0 => (names_missing || !runs.get(&course.training, &course.data).is_empty())
                .then(|| format!("no run of {what}{place}")),
            epochs if epochs < runs.epochs => Some(format!("{what}{place} has {epochs} epochs")),
            _ => None,
        }
    };
    runs.courses.iter().filter_map(lacks).collect()
}

/// What is less than the paper's. `data`: how many sets of images the figure has there.
pub fn reduced(runs: &Runs<'_>, data: usize) -> Vec<String> {
    let mut reduced = Vec::new();
    if runs.epochs < EPOCHS {
        reduced.push(format!("{} of 1,000 epochs", runs.epochs));
    }
    if runs.request.data.is_empty() {
        reduced.push("the built-in shapes, in place of images named with --data".to_owned());
    } else if runs.images.len() < data {
        reduced.push(format!("{} of {data} data sets", runs.images.len()));
    }
    reduced.extend(lacking(runs, true));
    reduced
}

/// What ran.
pub fn ran(runs: &Runs<'_>) -> Vec<(&'static str, String)> {
    let mut ran = Vec::new();
    for images in &runs.images {
        let [training, validation] = [images.training(), images.validation].map(|count| grouped(count as u64));
        ran.push(("data", format!("{}: {training} images to train on, {validation} for validation", images.name)));
    }
    ran.push(("protocol", "preset as-run, η 0.1, no momentum, decay or schedule".to_owned()));
    for course in &runs.courses {
        let last = |name: &str| end(course, name, course.rows.len()).map_or_else(String::new, percent);
        let Course { training, data, seed, device, .. } = course;
        if course.epochs() > 0 {
            let (epochs, batch) = (course.epochs(), training.batch);
            ran.push((
                "run",
                format!(
                    "{}: {}, {data}, seed {seed}, batch {batch}, {epochs} epochs on {device}; error at the end {} in training, \
                     {} in validation",
                    training.folder(data, *seed),
                    training.what(),
                    last("train_error"),
                    last("validation_error")
                ),
            ));
        }
    }
    ran
}

/// What is as the paper leaves it open.
pub fn remarks() -> Vec<String> {
    vec![
        "The error of training is that of the epoch's own batches, with dropout; that of validation is of the images kept back, \
         without it. The text does not say whether its figures have validation or test images: here none was tuned on the \
         validation images."
            .to_owned(),
        "The interval of a difference between several seeds is Student's, of the differences seed by seed. With one seed it is that of \
         the choice of validation images alone, as if each of the two had been counted on images of its own, and not of the seeds."
            .to_owned(),
    ]
}
