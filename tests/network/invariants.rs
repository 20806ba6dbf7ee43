//! What must hold exactly, over 50 steps on the device: URFB from R = W is back-propagation, W − R stays under URFB,
//! FRFB leaves R alone, and a run repeats bit for bit.

use hebb_gpu::Gpu;
use hebb_reference::sample::batch_of;
use hebb_spec::Shape;
use hebb_spec::backend::Batch;
use hebb_spec::init::glorot;
use hebb_spec::network::Network;
use hebb_spec::plan::Model;
use hebb_spec::rng::Purpose;
use hebb_spec::rule::{Loss, Preset, Rule};
use hebb_tests::trial;
use libtest_mimic::Trial;

use crate::runner::{Runner, Weights};

const STEPS: u32 = 50;
const BATCH: u32 = 21;
const INPUT: Shape = Shape::new(3, 12, 12);
/// Split and whole updates, overlapping and tiling pools, σ′ below a pool, below a connection and below a dropout.
const NET: &str = "Conv 18 5x5; Maxpool 3; Drop .5; Conv 9 3x3; Conv 8 2x2; Maxpool 2; Full 33; Drop .3; Output";

/// The tests.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("URFB from R = W equals back-propagation bit for bit".to_owned(), |gpu| {
            let start = start(true);
            let urfb = train(gpu, Rule::Urfb { epsilon: 1.0 }, &start)?;
            let bp = train(gpu, Rule::Bp, &start)?;
            for (name, bp) in &bp {
                same(name, bp, &urfb[name])?;
                changed(name, bp, &start[name])?;
            }
            Ok(())
        }),
        trial("control: URFB from another R is not back-propagation".to_owned(), |gpu| {
            let start = start(false);
            let urfb = train(gpu, Rule::Urfb { epsilon: 1.0 }, &start)?;
            let bp = train(gpu, Rule::Bp, &start)?;
            changed("W1", &bp["W1"], &urfb["W1"])
        }),
        trial("W - R stays under URFB".to_owned(), |gpu| {
            let start = start(false);
            let end = train(gpu, Rule::Urfb { epsilon: 1.0 }, &start)?;
            for layer in 2..=5 {
                let (w, r) = (format!("W{layer}"), format!("R{layer}"));
                changed(&r, &end[&r], &start[&r])?;
                let largest = [&end[&w], &end[&r], &start[&w], &start[&r]]
                    .into_iter()
                    .flatten()
                    .fold(0.0_f64, |largest, &value| largest.max(f64::from(value).abs()));
                let bound = f64::from(STEPS) * 2.0_f64.powi(-23) * largest;
                for at in 0..end[&w].len() {
                    let gap = |weights: &Weights| f64::from(weights[&w][at]) - f64::from(weights[&r][at]);
                    let drift = (gap(&end) - gap(&start)).abs();
                    if !(drift <= bound) {
                        return Err(format!("W - R of layer {layer} drifted by {drift:e} at {at}, bound {bound:e}"));
                    }
                }
            }
            Ok(())
        }),
        trial("FRFB leaves R as it was".to_owned(), |gpu| {
            let start = start(false);
            let end = train(gpu, Rule::Frfb, &start)?;
            for layer in 2..=5 {
                let (w, r) = (format!("W{layer}"), format!("R{layer}"));
                same(&r, &end[&r], &start[&r])?;
                changed(&w, &end[&w], &start[&w])?;
            }
            Ok(())
        }),
        trial("a run repeats bit for bit".to_owned(), |gpu| {
            let start = start(false);
            let first = train(gpu, Rule::Urfb { epsilon: 0.5 }, &start)?;
            let second = train(gpu, Rule::Urfb { epsilon: 0.5 }, &start)?;
            first.iter().try_for_each(|(name, values)| same(name, values, &second[name]))
        }),
        trial("the device follows the twins for three steps".to_owned(), |gpu| {
            let (mut device, mut twins) =
                (runner(Rule::Urfb { epsilon: 1.0 }, Some(gpu))?, runner(Rule::Urfb { epsilon: 1.0 }, None)?);
            let start = start(false);
            for runner in [&mut device, &mut twins] {
                runner.write(&start)?;
                (0..3).try_for_each(|step| take(runner, step))?;
            }
            let (device, twins) = (device.read()?, twins.read()?);
            for (name, values) in &device {
                // Each pair by itself: a maximum would swallow NaN.
                if let Some((a, b)) = values.iter().zip(&twins[name]).find(|(a, b)| !((*a - *b).abs() <= 2e-6)) {
                    return Err(format!("{name} differs: {a} on the device, {b} on the twins"));
                }
            }
            Ok(())
        }),
    ]
}

fn model(rule: Rule) -> Result<Model, String> {
    let network = Network::new(NET, INPUT, 7, Preset::AsRun).map_err(|error| error.to_string())?;
    Ok(Model::new(network, rule, Loss::Hinge, Preset::AsRun))
}

fn runner(rule: Rule, gpu: Option<&Gpu>) -> Result<Runner, String> {
    Runner::new(&model(rule)?, BATCH, gpu)
}

/// Weights to start from; `equal` starts R as W.
fn start(equal: bool) -> Weights {
    let mut weights = Weights::new();
    if let Ok(model) = model(Rule::Bp) {
        for (layer, connection) in (1..).zip(model.network.connections()) {
            let w = glorot(&connection, 5, Purpose::InitW, layer);
            let r = if equal { w.clone() } else { glorot(&connection, 5, Purpose::InitR, layer) };
            weights.insert(format!("W{layer}"), w);
            weights.insert(format!("R{layer}"), r);
        }
    }
    weights
}

fn take(runner: &mut Runner, step: u32) -> Result<(), String> {
    let (images, labels) = batch_of(INPUT, 7, BATCH, step % 10);
    runner.step(&Batch { images: &images, labels: &labels, step, seed: 11 })
}

fn train(gpu: &Gpu, rule: Rule, start: &Weights) -> Result<Weights, String> {
    let mut runner = runner(rule, Some(gpu))?;
    runner.write(start)?;
    for step in 0..STEPS {
        take(&mut runner, step)?;
    }
    let outcomes = runner.outcomes()?;
    if outcomes.len() != STEPS as usize || outcomes.iter().any(|outcome| !outcome.loss.is_finite()) {
        return Err(format!("{} outcomes, or a loss that is not finite", outcomes.len()));
    }
    runner.read()
}

fn same(name: &str, a: &[f32], b: &[f32]) -> Result<(), String> {
    let differing = a.iter().zip(b).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
    if a.len() == b.len() && differing == 0 && a.iter().all(|value| value.is_finite()) {
        Ok(())
    } else {
        Err(format!("{name} differs in {differing} of {} values", a.len()))
    }
}

fn changed(name: &str, a: &[f32], b: &[f32]) -> Result<(), String> {
    if same(name, a, b).is_err() { Ok(()) } else { Err(format!("{name} did not change: the test shows nothing")) }
}
