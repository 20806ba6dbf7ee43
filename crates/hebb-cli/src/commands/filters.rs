//! `hebb filters`: a layer's filters as a picture and a table.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use hebb_engine::{WriteError, write_whole};
use hebb_lab::LabError;
use hebb_lab::filters::{Choice, Filters};
use serde::Serialize;

use crate::args::FiltersArgs;
use crate::output::{self, grouped, plain};
use crate::target;

use super::stored::Stored;

/// What they can be written as.
const ENDINGS: [&str; 3] = ["png", "svg", "csv"];

#[derive(Serialize)]
struct FiltersReport {
    checkpoint: String,
    tensor: String,
    layer: u32,
    maps: u32,
    /// Of one filter: channels x rows x columns.
    filter: String,
    /// Rows and columns of places that have filters of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    grid: Option<[u32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    similarity: Option<Similarity>,
    written: Vec<String>,
}

/// Pearson's correlation of a map's filters, its mean over all pairs of places whose filters lie wholly in the image.
#[derive(Serialize)]
struct Similarity {
    places: usize,
    map: u32,
    of_map: Option<f64>,
    mean_over_maps: Option<f64>,
}

/// Says what filters a layer has, and writes them.
pub fn run(args: &FiltersArgs) -> Result<()> {
    let stored = Stored::read(&args.file, &args.given.table)?;
    if stored.metadata.is_some() && args.images.data.is_some() {
        bail!("--data is for a file without metadata of hebb, but {} has its own: leave it out", stored.path());
    }
    let model = stored.whole(&args.images)?;
    let weights = stored.weights(&model)?;
    let filters = Filters::of(&model, &weights, args.layer, args.of.letter())?;
    let choice = Choice { map: args.map, channel: args.channel };
    filters.check(choice)?;
    let files = args.out.as_deref().map_or(Ok(Vec::new()), |out| files(out, &stem(&filters, choice)))?;
    write(&files, &filters, choice, args.overwrite)?;
    let report = FiltersReport {
        checkpoint: args.file.display().to_string(),
        tensor: filters.name().to_owned(),
        layer: args.layer,
        maps: filters.maps(),
        filter: filters.shape().to_string(),
        grid: filters.grid().map(|(rows, columns)| [rows, columns]),
        similarity: filters.grid().map(|_| {
            let (map, whole) = (args.map.unwrap_or(0), filters.whole());
            Similarity {
                places: whole.len(),
                map,
                of_map: filters.similarity(map, &whole),
                mean_over_maps: filters.mean_similarity(),
            }
        }),
        written: files.iter().map(|(file, _)| file.display().to_string()).collect(),
    };
    if args.json { output::json(&report) } else { print(&report) }
}

/// Writes the filters, as each file's ending says. All is made before anything is written.
fn write(files: &[(PathBuf, &str)], filters: &Filters<'_>, choice: Choice, overwrite: bool) -> Result<()> {
    let Some((first, _)) = files.first() else { return Ok(()) };
    let (figure, table) = (filters.figure(choice)?, filters.table(choice)?);
    if let Some(folder) = first.parent().filter(|_| files.len() > 1) {
        fs::create_dir_all(folder).map_err(|cause| WriteError::new(folder, cause))?;
    }
    let _held = files.iter().map(|(file, _)| target::claim(file, overwrite)).collect::<Result<Vec<_>>>()?;
    for (file, ending) in files {
        let bytes = match *ending {
            "png" => figure.png().map_err(LabError::from)?,
            "svg" => figure.svg().into_bytes(),
            _ => table.csv().into_bytes(),
        };
        write_whole(file, &bytes)?;
    }
    Ok(())
}

fn print(report: &FiltersReport) -> Result<()> {
    let FiltersReport { tensor, layer, maps, filter, .. } = report;
    let own = match report.grid {
        Some([rows, columns]) => format!(", each place of {rows}x{columns} its own"),
        None => String::new(),
    };
    output::line(&format!("{tensor}, layer {layer}: {} maps, filters of {filter}{own}", grouped(u64::from(*maps))))?;
    if let Some(Similarity { places, map, of_map, mean_over_maps }) = &report.similarity {
        let text = |number: &Option<f64>| number.map_or("none".to_owned(), |number| format!("{number:.4}"));
        output::line(&format!(
            "mean correlation between places: map {map} {}, all maps {} (over all pairs of the {places} places whose filters \
             lie wholly in the image)",
            text(of_map),
            text(mean_over_maps)
        ))?;
    }
    for file in &report.written {
        output::line(&format!("wrote {}", plain(file)))?;
    }
    Ok(())
}

/// What files in a folder are called: `W1`, `W2-map3`.
fn stem(filters: &Filters<'_>, choice: Choice) -> String {
    let map = choice.map.or(filters.grid().map(|_| 0)).map_or(String::new(), |map| format!("-map{map}"));
    let channel = choice.channel.map_or(String::new(), |channel| format!("-channel{channel}"));
    format!("{}{map}{channel}", filters.name())
}

/// The files that --out asks for, each with its ending.
fn files(out: &Path, stem: &str) -> Result<Vec<(PathBuf, &'static str)>> {
    let ending = out.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let known = ENDINGS.into_iter().find(|known| ending.as_deref() == Some(known));
    if let (Some(ending), false) = (known, out.is_dir()) {
        return Ok(vec![(out.to_owned(), ending)]);
    }
    ensure!(
        ending.is_none() || out.is_dir(),
        "--out: {} ends with neither .png, .svg nor .csv: write one of these, or name a folder that is there",
        out.display()
    );
    Ok(ENDINGS.map(|ending| (out.join(format!("{stem}.{ending}")), ending)).to_vec())
}
