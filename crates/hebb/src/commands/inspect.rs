//! `hebb inspect`: what a checkpoint holds.

use anyhow::Result;
use hebb_engine::checkpoint::{Entry, TensorFile};
use hebb_engine::metadata::Metadata;
use hebb_engine::statistics::PairSums;
use serde::Serialize;

use crate::args::InspectArgs;
use crate::output::{self, Align, grouped};

#[derive(Serialize)]
struct Report {
    file: String,
    metadata: Option<Metadata>,
    tensors: Vec<Tensor>,
    layers: Vec<Layer>,
}

#[derive(Serialize)]
struct Tensor {
    name: String,
    dtype: String,
    shape: Vec<usize>,
    /// √Σw²; none for a tensor of other numbers than F32.
    norm: Option<f64>,
}

/// A layer that has both W and R.
#[derive(Serialize)]
struct Layer {
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

fn describe(file: &TensorFile) -> Result<Report> {
    let mut entries = file.entries();
    entries.sort_by_key(|entry| place(&entry.name));
    let norm = |entry: &Entry| {
        let values = file.floats(&entry.name, &entry.dims).ok()?;
        Some(values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt())
    };
    let layers = entries.iter().filter_map(|entry| layer(file, entry)).collect();
    let tensor = |entry: Entry| {
        let norm = norm(&entry);
        Tensor { name: entry.name, dtype: entry.dtype, shape: entry.dims, norm }
    };
    Ok(Report {
        file: file.path().display().to_string(),
        metadata: if file.has_metadata() { Some(file.metadata()?) } else { None },
        tensors: entries.into_iter().map(tensor).collect(),
        layers,
    })
}

/// W1, W2, R2, W3, R3, …, then what bears other names.
fn place(name: &str) -> (u32, bool, String) {
    let number = name.strip_prefix(['W', 'R']).and_then(|number| number.parse().ok());
    (number.unwrap_or(u32::MAX), name.starts_with('R'), name.to_owned())
}

/// The layer of a W that has an R.
fn layer(file: &TensorFile, entry: &Entry) -> Option<Layer> {
    let number = entry.name.strip_prefix('W')?;
    let w = file.floats(&entry.name, &entry.dims).ok()?;
    let r = file.floats(&format!("R{number}"), &entry.dims).ok()?;
    let sums = PairSums::of(&w, &r);
    let norms = (sums.ww * sums.rr).sqrt();
    Some(Layer {
        layer: number.parse().ok()?,
        w_norm: sums.ww.sqrt(),
        r_norm: sums.rr.sqrt(),
        correlation: sums.correlation(),
        angle: (norms > 0.0).then(|| (sums.wr / norms).clamp(-1.0, 1.0).acos().to_degrees()),
    })
}

fn print(report: &Report) -> Result<()> {
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
    ];
    let cells = |tensor: &Tensor| {
        let shape = tensor.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
        let count = grouped(tensor.shape.iter().product::<usize>() as u64);
        vec![tensor.name.clone(), tensor.dtype.clone(), shape, count, number(tensor.norm)]
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
    let cells = |layer: &Layer| {
        let angle = layer.angle.map_or(String::new(), |angle| format!("{angle:.1}°"));
        let norms = [Some(layer.w_norm), Some(layer.r_norm), layer.correlation].map(number);
        std::iter::once(layer.layer.to_string()).chain(norms).chain([angle]).collect()
    };
    output::line("")?;
    output::line(&output::table(&titles, &report.layers.iter().map(cells).collect::<Vec<_>>()))
}

/// The metadata in words.
fn about(metadata: &Metadata) -> String {
    let (network, progress) = (&metadata.network, &metadata.progress);
    let rule = match network.rule {
        hebb_spec::rule::Rule::Urfb { epsilon } => format!("urfb (ε = {epsilon})"),
        rule => rule.name().to_owned(),
    };
    let mut lines = vec![
        network.net.clone(),
        format!("{} pictures, {} classes, untied: {}", network.input, network.classes, network.untied),
        format!("{rule}, {} loss, μ {}, slope {}, preset {}", network.loss, network.mu, network.slope, network.preset),
        format!("pools: windows {}, ties {}", network.pool_window, network.pool_ties),
        format!("seed {}, {} epochs and {} steps done", network.seed, progress.epoch, progress.step),
    ];
    if let Some(training) = &metadata.training {
        let (data, validation, batch) = (&training.data, training.validation, training.batch);
        lines.push(format!("trained on {data} in batches of {batch}, {validation} records kept for validation"));
    }
    if progress.epoch_step > 0 {
        lines.push(format!("within an epoch: {} of its steps done", progress.epoch_step));
    }
    lines.join("\n")
}
