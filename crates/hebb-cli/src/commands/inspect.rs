//! `hebb inspect`: what a checkpoint holds.

use anyhow::Result;
use hebb_engine::metadata::Metadata;
use hebb_engine::tensor_file::{Entry, TensorFile};
use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::settings::Value;
use hebb_systems::layered::statistics::PairSums;
use serde::Serialize;

use crate::args::InspectArgs;
use crate::output::{self, Align, grouped};

#[derive(Serialize)]
struct FileReport {
    file: String,
    metadata: Option<Metadata>,
    tensors: Vec<TensorRow>,
    layers: Vec<LayerRow>,
}

#[derive(Serialize)]
struct TensorRow {
    name: String,
    dtype: String,
    shape: Vec<usize>,
    /// Whether each place has a filter of its own.
    untied: bool,
    /// The share of connections that a mask leaves; none of what is no mask.
    density: Option<f64>,
    /// √Σw²; none for a tensor of no floats.
    norm: Option<f64>,
}

/// A layer that has both W and R: the norm of each, and how they compare over the connections that both have.
#[derive(Serialize)]
struct LayerRow {
    layer: u32,
    w_norm: f64,
    r_norm: f64,
    /// Pearson's; none where W or R does not vary.
    correlation: Option<f64>,
    /// Between W and R, in degrees; none where one is 0.
    angle: Option<f64>,
}

/// Shows a file's tensors, metadata and statistics.
pub fn run(args: &InspectArgs) -> Result<()> {
    let file = TensorFile::read(&args.file)?;
    let report = describe(&file)?;
    if args.json { output::json(&report) } else { print(&report) }
}

fn describe(file: &TensorFile) -> Result<FileReport> {
    let mut entries = file.entries();
    entries.sort_by_key(|entry| place(&entry.name));
    let norm = |entry: &Entry| {
        let values = file.floats(&entry.name, &entry.dims).ok()?;
        Some(values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt())
    };
    let layers = entries.iter().filter_map(|entry| layer(file, entry)).collect();
    let tensor = |entry: Entry| {
        let (norm, density, untied) = (norm(&entry), density(file, &entry), untied(&entry.dims).is_some());
        TensorRow { name: entry.name, dtype: entry.dtype, shape: entry.dims, untied, density, norm }
    };
    Ok(FileReport {
        file: file.path().display().to_string(),
        metadata: if file.has_metadata() { Some(file.metadata()?) } else { None },
        tensors: entries.into_iter().map(tensor).collect(),
        layers,
    })
}

/// W1, R1, their masks, B1, W2, …, then what bears other names.
fn place(name: &str) -> (u32, usize, String) {
    const KINDS: [(char, &str); 5] = [('W', ""), ('R', ""), ('W', ".mask"), ('R', ".mask"), ('B', "")];
    let found = KINDS.iter().enumerate().find_map(|(rank, (letter, suffix))| {
        let number = name.strip_prefix(*letter)?.strip_suffix(suffix)?;
        Some((number.parse().ok()?, rank))
    });
    let (number, rank) = found.unwrap_or((u32::MAX, 0));
    (number, rank, name.to_owned())
}

/// The connection that an untied tensor's dimensions, `[H, W, C_out, C_in, kh, kw]`, tell of.
fn untied(dims: &[usize]) -> Option<Connection> {
    let dims: Vec<u32> =
        dims.iter().map(|&dim| u32::try_from(dim).ok().filter(|&dim| dim > 0)).collect::<Option<_>>()?;
    let [height, width, outputs, inputs, kernel_h, kernel_w] = dims[..] else { return None };
    Some(Connection::conv(Shape::new(inputs, height, width), outputs, kernel_h, kernel_w).untie())
}

/// The share of a tensor's connections that its mask leaves; none where it is no mask.
fn density(file: &TensorFile, entry: &Entry) -> Option<f64> {
    let mask = file.mask(&entry.name, &entry.dims).ok().filter(|_| entry.name.ends_with(".mask"))?;
    let there = mask.iter().filter(|&&there| there != 0.0).count();
    let all = untied(&entry.dims).map_or(mask.len(), |connection| connection.weights());
    (all > 0).then(|| there as f64 / all as f64)
}

/// The layer of a W that has an R.
fn layer(file: &TensorFile, entry: &Entry) -> Option<LayerRow> {
    let number = entry.name.strip_prefix('W')?;
    let w = file.floats(&entry.name, &entry.dims).ok()?;
    let r = file.floats(&format!("R{number}"), &entry.dims).ok()?;
    let masks = [format!("W{number}.mask"), format!("R{number}.mask")];
    let masks: Vec<Vec<f32>> = masks.iter().filter_map(|name| file.mask(name, &entry.dims).ok()).collect();
    let masks: Vec<&[f32]> = masks.iter().map(Vec::as_slice).collect();
    let sums = PairSums::of_connections(untied(&entry.dims).as_ref(), &masks, &w, &r);
    let all = PairSums::of(&w, &r);
    Some(LayerRow {
        layer: number.parse().ok()?,
        w_norm: all.ww.sqrt(),
        r_norm: all.rr.sqrt(),
        correlation: sums.correlation(),
        angle: sums.angle(),
    })
}

fn print(report: &FileReport) -> Result<()> {
    match &report.metadata {
        Some(metadata) => output::line(&about(metadata))?,
        None => output::line("no metadata of hebb: evaluate it with --net")?,
    }
    output::line("")?;
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.4}"));
    let titles = [
        ("tensor", Align::Left),
        ("type", Align::Left),
        ("shape", Align::Left),
        ("numbers", Align::Right),
        ("norm", Align::Right),
        ("density", Align::Right),
    ];
    let cells = |tensor: &TensorRow| {
        let shape = tensor.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
        let shape = if tensor.untied { format!("{shape} (untied)") } else { shape };
        let count = grouped(tensor.shape.iter().product::<usize>() as u64);
        vec![tensor.name.clone(), tensor.dtype.clone(), shape, count, number(tensor.norm), number(tensor.density)]
    };
    output::line(&output::table(&titles, &report.tensors.iter().map(cells).collect::<Vec<_>>()))?;
    if report.layers.is_empty() {
        return Ok(());
    }
    let titles = [
        ("layer", Align::Right),
        ("norm of W", Align::Right),
        ("norm of R", Align::Right),
        ("W-R correlation", Align::Right),
        ("angle", Align::Right),
    ];
    let cells = |layer: &LayerRow| {
        let angle = layer.angle.map_or(String::new(), |angle| format!("{angle:.1}°"));
        let norms = [Some(layer.w_norm), Some(layer.r_norm), layer.correlation].map(number);
        std::iter::once(layer.layer.to_string()).chain(norms).chain([angle]).collect()
    };
    output::line("")?;
    output::line(&output::table(&titles, &report.layers.iter().map(cells).collect::<Vec<_>>()))
}

/// The metadata in words: of a layered network as its options say it, of any other system key by key.
fn about(metadata: &Metadata) -> String {
    let (table, progress) = (&metadata.system, &metadata.progress);
    let text = |key: &str| match table.get(key) {
        Some(Value::Float(number)) => number.to_string(),
        Some(value) => value.to_string(),
        None => "?".to_owned(),
    };
    let with = |key: &str, lead: &str, tail: &str| match table.get(key) {
        Some(_) => format!("{lead}{}{tail}", text(key)),
        None => String::new(),
    };
    let mut lines: Vec<String> = if table.get("net").is_some() {
        let rule = [text("rule"), with("epsilon", " (ε = ", ")"), with("decay", " (decay = ", ")")].concat();
        let tracked = if table.get("track-r1") == Some(&Value::Switch(true)) { ", R1 tracked" } else { "" };
        let (images, sparse) = (text("input"), with("connectivity", ", connectivity ", ""));
        vec![
            text("net"),
            format!("{images} images, {} classes, untied: {}{sparse}", text("classes"), text("untied")),
            format!(
                "{rule}{tracked}, {} loss, μ {}{}, slope {}, preset {}",
                text("loss"),
                text("mu"),
                with("activation", ", activation ", ""),
                text("slope"),
                text("preset")
            ),
            format!("pools: windows {}, ties {}", text("pool_window"), text("pool_ties")),
        ]
    } else {
        table.0.iter().map(|(key, _)| format!("{key}: {}", text(key))).collect()
    };
    lines.push(format!("seed {}, {} epochs and {} steps done", metadata.seed, progress.epoch, progress.step));
    if let Some(training) = &metadata.training {
        let (data, validation, batch) = (&training.data, training.validation, training.batch);
        lines.push(format!("trained on {data} in batches of {batch}, {validation} records kept for validation"));
    }
    if progress.epoch_step > 0 {
        lines.push(format!("within an epoch: {} of its steps done", progress.epoch_step));
    }
    lines.iter().map(|line| output::plain(line)).collect::<Vec<_>>().join("\n")
}
