//! `hebb tune`: measures every variant of a network's heavy calls on a GPU, and keeps the fastest for each problem.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hebb::Device;
use hebb::measure::{Case, MeasureError};
use hebb::tuning::{self, Row, Table};
use hebb_gpu::Gpu;
use hebb_spec::backend::{Options, Runtime};
use hebb_spec::plan::Plan;
use hebb_spec::problem::Problem;
use hebb_spec::system::System;
use serde::Serialize;

use crate::args::TuneArgs;
use crate::device;
use crate::images::{Images, images};
use crate::origin::Origin;
use crate::output::{self, Align, Columns};

/// Seconds that one variant is measured for, about.
const PATIENCE: f64 = 2.0;

#[derive(Serialize)]
struct TuneReport {
    device: String,
    net: String,
    batch: u32,
    /// The file that keeps the choice.
    table: String,
    variants: Vec<Measured>,
    /// Problems that there was no time for.
    left_out: Vec<String>,
}

/// A variant of a problem.
#[derive(Serialize)]
struct Measured {
    problem: String,
    variant: &'static str,
    /// None where it is wrong.
    ms: Option<f64>,
    gflops: Option<f64>,
    chosen: bool,
    /// In what it is wrong.
    wrong: Option<String>,
}

/// Measures, prints and keeps.
pub fn run(args: &TuneArgs) -> Result<()> {
    let origin = Origin::new(&args.layout.given.table, None);
    let spec = origin.spec()?;
    let Images { input, classes, .. } = images(&args.layout.images)?;
    let model = origin.build(&spec, input, classes)?;
    let device = Device::find(&args.device, None)?;
    let Device::Gpu(gpu) = &device else {
        bail!("there are no variants to choose from on {}: name a GPU with --device", device.name());
    };
    let Some(path) = tuning::path(gpu.summary()) else {
        bail!("there is no folder for the table, for HEBB_DATA, XDG_CACHE_HOME and HOME are unset: set one of them");
    };
    let mut table = Table::read(&path, gpu.summary()).unwrap_or_else(|error| {
        output::note(&format!("{error}: it is replaced"));
        Table::new(gpu.summary())
    });
    // Where it cannot be written, nobody should wait for it.
    table.write(&path)?;
    let plan = model.plan(args.batch);
    device::fits(&device, &plan, &Options::default())?;

    let problems = heavy(&plan);
    let columns = columns(gpu, &problems);
    let deadline = Instant::now() + Duration::from_secs_f64(60.0 * args.minutes);
    let (mut variants, mut rows, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for problem in problems {
        let Some(measured) = measure(&device, problem, deadline)? else {
            left_out.push(problem.key());
            continue;
        };
        if !args.json {
            if variants.is_empty() {
                output::line(&format!("{}, batch {}, on {}\n", model.network.notation(), args.batch, device.name()))?;
                output::line(&columns.titles())?;
            }
            measured.iter().try_for_each(|one| output::line(&columns.row(&cells(one))))?;
        }
        let chosen = measured.iter().find(|one| one.chosen);
        rows.extend(chosen.and_then(|one| {
            let ms = (one.ms? * 1e4).round() / 1e4;
            Some(Row { problem: one.problem.clone(), variant: one.variant.to_owned(), ms })
        }));
        variants.extend(measured);
    }
    ensure!(!variants.is_empty(), "the time was up before one problem was measured: raise --minutes");
    table.merge(rows);
    table.write(&path)?;
    let table = path.display().to_string();
    if args.json {
        let (device, net) = (device.name(), model.network.notation());
        return output::json(&TuneReport { device, net, batch: args.batch, table, variants, left_out });
    }
    if !left_out.is_empty() {
        output::line(&format!("\nleft out, for the time was up (--minutes):\n  {}", left_out.join("\n  ")))?;
    }
    output::line(&format!("\nkept in {table}"))
}

/// A plan's distinct problems of the connections, those with the most operations first.
fn heavy(plan: &Plan) -> Vec<Problem> {
    let is_heavy = |problem: &Problem| {
        matches!(
            problem,
            Problem::ConnectForward { .. } | Problem::ConnectFeedback { .. } | Problem::ConnectUpdate { .. }
        )
    };
    let mut problems: Vec<Problem> = Vec::new();
    for problem in plan.calls().map(|call| call.problem).filter(is_heavy) {
        if problems.iter().all(|other| other.key() != problem.key()) {
            problems.push(problem);
        }
    }
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.flops()));
    problems
}

/// All variants of a problem, the fastest of the right ones chosen; none where the time is up before all are measured.
fn measure(device: &Device, problem: Problem, deadline: Instant) -> Result<Option<Vec<Measured>>> {
    if Instant::now() >= deadline {
        return Ok(None);
    }
    let (case, key) = (Case::new(problem), problem.key());
    let mut all = Vec::new();
    for variant in device.variants(&problem) {
        if Instant::now() >= deadline {
            return Ok(None);
        }
        let timed = case.check(device, variant).and_then(|()| case.seconds(device, variant, PATIENCE));
        let (seconds, wrong) = match timed {
            Ok(seconds) => (Some(seconds), None),
            Err(error @ MeasureError::Wrong { .. }) => (None, Some(error.to_string())),
            Err(error) => return Err(error).with_context(|| format!("{key} in variant {variant}")),
        };
        all.push(Measured {
            problem: key.clone(),
            variant,
            ms: seconds.map(|seconds| seconds * 1e3),
            gflops: seconds.map(|seconds| problem.flops() as f64 / seconds / 1e9),
            chosen: false,
            wrong,
        });
    }
    let fastest = all.iter_mut().filter(|one| one.ms.is_some()).min_by(|a, b| {
        let time = |one: &Measured| one.ms.unwrap_or(f64::INFINITY);
        time(a).total_cmp(&time(b))
    });
    if let Some(fastest) = fastest {
        fastest.chosen = true;
    }
    Ok(Some(all))
}

fn columns(gpu: &Gpu, problems: &[Problem]) -> Columns {
    let mut columns = Columns::new(&[
        ("problem", Align::Left),
        ("variant", Align::Left),
        ("        ms", Align::Right),
        (" GFLOP/s", Align::Right),
        ("", Align::Left),
    ]);
    for problem in problems {
        let key = problem.key();
        gpu.variants(problem).iter().for_each(|variant| columns.fit(&[&key, *variant]));
    }
    columns
}

fn cells(one: &Measured) -> [String; 5] {
    let number = |number: Option<f64>, digits| number.map_or(String::new(), |number| format!("{number:.digits$}"));
    let note = match (&one.wrong, one.chosen) {
        (Some(wrong), _) => wrong.clone(),
        (None, true) => "chosen".to_owned(),
        (None, false) => String::new(),
    };
    [one.problem.clone(), one.variant.to_owned(), number(one.ms, 3), number(one.gflops, 1), note]
}
