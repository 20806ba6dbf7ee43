//! Each kernel in every variant: on the layers of the paper's networks, and those that these do not have.

use hebb::Device;
use hebb::measure::{Case, Ceilings};
use hebb::spec::Shape;
use hebb::spec::backend::Runtime;
use hebb::spec::connection::Connection;
use hebb::spec::learning::{Competition, Decay, Learning, Loss, Magnitudes, Rate};
use hebb::spec::problem::Problem;
use hebb::spec::system::System;
use hebb::spec::transfer::{Euler, Noise, Nudge, TransferFunction};
use hebb::systems::layered::Rule;

use crate::Report;
use crate::train_step::{NETS, model};

/// Images in a batch, of tied layers and of untied ones.
const BATCHES: [u32; 2] = [500, 50];

/// Each problem of the networks' plans once, then those of kernels that they lack.
fn problems() -> Result<Vec<Problem>, String> {
    let mut all: Vec<Problem> = Vec::new();
    for (net, untied) in NETS {
        let plan = model(net, untied, Rule::URFB)?.plan(BATCHES[usize::from(untied)]);
        all.extend(plan.calls().map(|call| call.problem));
    }
    let (full, batch) = (Connection::full(Shape::flat(8192), 500), BATCHES[0]);
    all.extend([
        Problem::SumForward { units: 16_384, batch },
        Problem::Difference { units: 16_384, batch },
        Problem::SumFeedback { units: 16_384, batch, slope: 0.5 },
        Problem::Saturation { units: 16_384, batch },
        Problem::SignFeedback { connection: full, magnitudes: Magnitudes::Drawn { bound: 0.1, layer: 2 } },
        Problem::Loss { classes: 10, batch, loss: Loss::Softmax, mu: 1.0 },
        Problem::TargetDelta { classes: 10, batch },
        Problem::Compete { units: 500, batch, competition: Competition::Softmax { sharpness: 1.0 } },
        Problem::Decay { connection: full, batch, by: Decay::ByPost, rate: Rate(0) },
    ]);
    all.extend(neurons(16_384, batch));
    let traced = Learning { trace: Some(0.997), ..Learning::new(Rate(0), None) };
    all.push(Problem::ConnectUpdate { connection: full, batch, learning: traced });
    let mut keys: Vec<String> = Vec::new();
    all.retain(|problem| {
        let (key, is_new) = (problem.key(), !keys.contains(&problem.key()));
        keys.push(key);
        is_new
    });
    all.sort_by_key(Problem::stem);
    Ok(all)
}

/// The kernels of neurons with dendrites.
fn neurons(units: u32, batch: u32) -> Vec<Problem> {
    let transfer = TransferFunction::Logistic;
    let noise = Some(Noise { scale: 0.1, layer: 1 });
    let euler = Euler { keep: 0.81, first: 0.1, second: Some(0.08), noise, restart: false };
    vec![
        Problem::Transfer { units, batch, transfer, one: true },
        Problem::TransferError { units, batch, transfer, scale: 0.5 },
        Problem::TransferFeedback { units, batch, transfer, one: true },
        Problem::Nudge { units, batch, nudge: Nudge { transfer, keep: 0.7, pull: 0.3, rest: 0.0, scale: 0.7 } },
        Problem::Integrate { units, batch, euler },
        Problem::Record { units, batch, every: 1, rows: 1 },
    ]
}

/// Checks and times every chosen kernel in every variant.
pub fn run(device: &Device, ceilings: &Ceilings, wanted: &[String], report: &mut Report) -> Result<(), String> {
    report.tell(&format!(
        "{:70} {:9} {:>9} {:>8} {:>7}  of the nearer ceiling",
        "call", "variant", "ms", "GFLOP/s", "GB/s"
    ));
    let mut failures = 0;
    for problem in problems()? {
        let is_wanted = |variant: &&str| {
            let label = format!("{} {variant}", problem.stem());
            wanted.is_empty() || wanted.iter().any(|wanted| label.contains(wanted.as_str()))
        };
        let variants: Vec<&str> = device.variants(&problem).into_iter().filter(is_wanted).collect();
        // Inputs are drawn for those alone that are asked for.
        let key = problem.key();
        let Some(case) = (!variants.is_empty()).then(|| Case::new(problem)) else { continue };
        for variant in variants {
            // One that fails is told in its place, and the others go on.
            let time = match case.measure(device, variant, ceilings, f64::INFINITY) {
                Ok(time) => time,
                Err(error) => {
                    report.tell(&format!("{:70} {variant:9} FAILED: {error}", key));
                    failures += 1;
                    continue;
                }
            };
            report.tell(&format!(
                "{:70} {variant:9} {:9.3} {:8.1} {:7.2} {:4.0}% {}",
                time.problem,
                time.ms,
                time.gflops,
                time.gbytes,
                100.0 * time.share,
                time.ceiling
            ));
            report.calls.push(time);
        }
    }
    if failures == 0 { Ok(()) } else { Err(format!("failed: {failures}")) }
}
