//! What must hold exactly, over 50 steps on each device, for tied, untied and sparse networks: URFB from R = W is
//! back-propagation, W − R stays under URFB and shrinks under KP, what is fixed stays, and a run repeats bit for bit.

use hebb_reference::Twins;
use hebb_systems::layered::{Model, Rule};
use hebb_tests::{FORMS, Tested, devices};
use libtest_mimic::Trial;

use crate::runner::Weights;
use crate::setup::{Kind, Setup, untied_start};

const STEPS: u32 = 50;

/// The tests, on all runtimes but the twins: they are slow, and have tests of their own.
pub fn trials() -> Vec<Trial> {
    devices().chain(FORMS).flat_map(of_device).collect()
}

fn of_device(tested: Tested) -> Vec<Trial> {
    let mut trials: Vec<Trial> = Kind::ALL.into_iter().flat_map(|kind| of_kind(tested, kind)).collect();
    trials.extend([
        tested.trial("control: URFB from another R is not back-propagation", |device| {
            let (urfb, bp) = (Setup::new(Kind::Tied, Rule::URFB)?, Setup::new(Kind::Tied, Rule::BP)?);
            let start = urfb.start(false);
            changed("W1", &bp.train(device, &start, STEPS)?["W1"], &urfb.train(device, &start, STEPS)?["W1"])
        }),
        tested.trial("KP shrinks W - R by its decay", |device| {
            let decay = 1.0 / 64.0;
            let setup = Setup::new(Kind::Tied, Rule::kp(decay))?;
            let start = setup.start(false);
            let end = setup.train(device, &start, STEPS)?;
            // Each step keeps 1 − λ of the difference, and rounds.
            gaps(&setup.model, &start, &end, (1.0 - f64::from(decay)).powi(STEPS as i32), 2.0)
        }),
        tested.trial("an untied network's first step from one filter looks like the tied one's forward", |device| {
            let (tied, untied) = (Setup::new(Kind::Tied, Rule::BP)?, Setup::new(Kind::Untied, Rule::BP)?);
            let start = tied.start(false);
            let loss = |setup: &Setup, start: &Weights| {
                let mut runner = setup.runner(device, start)?;
                setup.step(&mut runner, 0)?;
                Ok::<f32, String>(runner.losses()?[0])
            };
            let (a, b) = (loss(&tied, &start)?, loss(&untied, &untied_start(&untied, &start))?);
            if a == b { Ok(()) } else { Err(format!("the losses differ: {a} tied, {b} untied")) }
        }),
        tested.trial("frozen layers keep W and R, the others learn", |device| {
            let mut setup = Setup::new(Kind::Tied, Rule::kp(0.01))?;
            setup.model.frozen = vec![1, 3];
            let start = setup.start(false);
            let end = setup.train(device, &start, STEPS)?;
            for (name, values) in &end {
                let is_frozen = matches!(name.as_str(), "W1" | "W3" | "R3");
                let check = if is_frozen { same } else { changed };
                check(name, values, &start[name])?;
            }
            Ok(())
        }),
    ]);
    trials
}

fn of_kind(tested: Tested, kind: Kind) -> [Trial; 5] {
    [
        tested.trial(&format!("{kind:?}: URFB from R = W equals back-propagation bit for bit"), move |device| {
            let (urfb, bp) = (Setup::new(kind, Rule::URFB)?, Setup::new(kind, Rule::BP)?);
            let start = urfb.start(true);
            let (urfb, bp) = (urfb.train(device, &start, STEPS)?, bp.train(device, &start, STEPS)?);
            for (name, bp) in &bp {
                same(name, bp, &urfb[name])?;
                changed(name, bp, &start[name])?;
            }
            Ok(())
        }),
        tested.trial(&format!("{kind:?}: W - R stays under URFB"), move |device| {
            let mut setup = Setup::new(kind, Rule::URFB)?;
            setup.model.track_r1 = true;
            let start = setup.start(false);
            let end = setup.train(device, &start, STEPS)?;
            (1..=setup.model.network.layers())
                .map(|layer| format!("R{layer}"))
                .try_for_each(|r| changed(&r, &end[&r], &start[&r]))?;
            gaps(&setup.model, &start, &end, 1.0, 1.0)
        }),
        tested.trial(&format!("{kind:?}: FRFB leaves R as it was"), move |device| {
            let setup = Setup::new(kind, Rule::FRFB)?;
            let start = setup.start(false);
            let end = setup.train(device, &start, STEPS)?;
            for (name, values) in &end {
                let check = if name.starts_with('R') { same } else { changed };
                check(name, values, &start[name])?;
            }
            Ok(())
        }),
        tested.trial(
            &format!("{kind:?}: every rule repeats bit for bit, and what is masked or outside stays 0"),
            move |device| {
                for rule in Rule::ALL.into_iter().chain([Rule::urfb(0.5)]) {
                    let setup = Setup::new(kind, rule)?;
                    let start = setup.start(false);
                    let first = setup.train(device, &start, 10)?;
                    let second = setup.train(device, &start, 10)?;
                    first.iter().try_for_each(|(name, values)| same(name, values, &second[name]))?;
                    zeros_stay(&setup.model, &start, &first).map_err(|error| format!("{}: {error}", rule.name))?;
                }
                Ok(())
            },
        ),
        tested.trial(&format!("{kind:?}: the device follows the twins for three steps"), move |device| {
            for rule in Rule::ALL {
                let setup = Setup::new(kind, rule)?;
                let start = setup.start(false);
                let mut ends = Vec::new();
                for runtime in [device, &Twins] {
                    let mut runner = setup.runner(runtime, &start)?;
                    (0..3).try_for_each(|step| setup.step(&mut runner, step))?;
                    ends.push(runner.read()?);
                }
                for (name, values) in &ends[0] {
                    // Each pair by itself: a maximum would swallow NaN.
                    let twins = values.iter().zip(&ends[1][name]);
                    if let Some((a, b)) = twins.into_iter().find(|(a, b)| !((*a - *b).abs() <= 2e-6)) {
                        return Err(format!("{}: {name} differs: {a} on the device, {b} on the twins", rule.name));
                    }
                }
            }
            Ok(())
        }),
    ]
}

/// W − R of each layer after the steps is `factor` times what it was, where both exist, up to rounding.
fn gaps(model: &Model, start: &Weights, end: &Weights, factor: f64, roundings: f64) -> Result<(), String> {
    for layer in 1..=model.network.layers() {
        let (w, r) = (format!("W{layer}"), format!("R{layer}"));
        if !end.contains_key(&r) {
            continue;
        }
        let largest = [&end[&w], &end[&r], &start[&w], &start[&r]]
            .into_iter()
            .flatten()
            .fold(0.0_f64, |largest, &value| largest.max(f64::from(value).abs()));
        let bound = roundings * f64::from(STEPS) * 2.0_f64.powi(-23) * largest;
        let masks = [format!("{w}.mask"), format!("{r}.mask")].map(|name| start.get(&name));
        let is_sparse = model.sparse.contains(&layer);
        let mut compared = 0_usize;
        for at in 0..end[&w].len() {
            if is_sparse && masks.iter().flatten().any(|mask| mask[at] == 0.0) {
                continue;
            }
            compared += 1;
            let gap = |weights: &Weights| f64::from(weights[&w][at]) - f64::from(weights[&r][at]);
            let drift = (gap(end) - factor * gap(start)).abs();
            if !(drift <= bound) {
                return Err(format!("W - R of layer {layer} is off by {drift:e} at {at}, bound {bound:e}"));
            }
        }
        if 8 * compared < end[&w].len() {
            return Err(format!("only {compared} weights of layer {layer} were compared"));
        }
    }
    Ok(())
}

/// Masked weights and taps outside the image are exactly 0 still.
fn zeros_stay(model: &Model, start: &Weights, end: &Weights) -> Result<(), String> {
    for (layer, connection) in (1..).zip(model.network.connections()) {
        for name in [format!("W{layer}"), format!("R{layer}")] {
            let Some(values) = end.get(&name) else { continue };
            let mut forbidden = Vec::new();
            connection.each_outside(|index| forbidden.push(index));
            if let (true, Some(mask)) = (model.sparse.contains(&layer), start.get(&format!("{name}.mask"))) {
                forbidden.extend((0..mask.len()).filter(|&at| mask[at] == 0.0));
            }
            if let Some(&at) = forbidden.iter().find(|&&at| values[at] != 0.0) {
                return Err(format!("{name} is {} at {at}, where there is no weight", values[at]));
            }
        }
    }
    Ok(())
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
