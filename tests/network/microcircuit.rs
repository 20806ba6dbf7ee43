//! Dendritic microcircuits on every runtime: apical dendrites fall silent, images are told apart, states resume to the byte.

use hebb_data::{PatternSpec, Patterns, Split};
use hebb_engine::settings::Length;
use hebb_spec::Shape;
use hebb_spec::backend::Runtime;
use hebb_spec::system::System;
use hebb_spec::transfer::TransferFunction;
use hebb_systems::microcircuit::{Learner, Microcircuit, Source};
use hebb_tests::{RUNTIMES, devices};
use libtest_mimic::Trial;

use crate::trained::{Setup, text};

const SHAPE: Shape = Shape::new(1, 4, 4);
const CLASSES: u16 = 3;
/// Images, of which some are kept for validation.
const IMAGES: (u16, usize) = (330, 30);

/// The tests.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for tested in RUNTIMES {
        trials.push(tested.trial("microcircuit: apical dendrites fall silent", silence));
        trials.push(tested.trial("microcircuit: two steps tell images apart, as back-propagation does", images));
        trials.push(tested.trial("microcircuit: somata and traces resume to the byte", |runtime| {
            let (system, records) = (taught(2), patterns(2, Some([4, 5, 2])));
            // 20 patterns an epoch: it ends within the second.
            Setup { system: &system, records: &records, batch: 1, validation: 6 }.resumes(runtime, 27, 50)
        }));
        trials.push(tested.trial("microcircuit: two steps resume to the byte", |runtime| {
            let (system, records) = (two_step(Learner::Microcircuit, false), rows()?);
            Setup { system: &system, records: &records, batch: 10, validation: IMAGES.1 }.resumes(runtime, 37, 70)
        }));
    }
    for tested in devices() {
        trials.push(tested.trial("microcircuit: each call beside its twin", each_call));
    }
    trials
}

/// A network that predicts itself: figure S1's but for sizes and rates, in long steps.
fn untaught() -> Microcircuit {
    Microcircuit {
        sizes: vec![6, 5, 3],
        lr_ip: vec![0.05],
        lr_pi: vec![0.1],
        sigma: 0.005,
        dt: 0.4,
        pattern_steps: 60,
        ..Microcircuit::continuous()
    }
}

/// Networks of which all is plastic.
fn taught(networks: u32) -> Microcircuit {
    Microcircuit {
        sizes: vec![4, 6, 2],
        networks,
        taught: true,
        transfer: TransferFunction::Softplus { gamma: 0.5, beta: 1.0, theta: 0.5 },
        lr_up: vec![0.02, 0.01],
        lr_ip: vec![0.02],
        lr_pi: vec![0.03],
        lr_down: vec![0.01],
        sigma: 0.2,
        pattern_steps: 30,
        source: Source::Pairs,
        ..Microcircuit::continuous()
    }
}

/// One hidden layer where all is plastic, else two.
fn two_step(learner: Learner, self_predicting: bool) -> Microcircuit {
    let classes = u32::from(CLASSES);
    let base = Microcircuit {
        sizes: vec![16, 20, 15, classes],
        learner,
        lr_up: vec![4.4, 1.3, 0.4],
        lr_ip: vec![2.6, 0.8],
        source: Source::Images { shape: SHAPE, classes: CLASSES.into() },
        ..Microcircuit::two_step()
    };
    match (learner, self_predicting) {
        (Learner::Bp, _) => Microcircuit { lr_up: vec![4.0, 2.0, 0.5], lr_ip: vec![0.0], ..base },
        (_, true) => base,
        (_, false) => Microcircuit {
            sizes: vec![16, 20, classes],
            self_predicting,
            lr_up: vec![1.3, 0.4],
            lr_ip: vec![0.8],
            lr_pi: vec![0.01],
            lr_down: vec![0.0005],
            ..base
        },
    }
}

fn patterns(networks: u32, teacher: Option<[u32; 3]>) -> Patterns {
    let spec = PatternSpec { patterns: 20, held: 6, teacher, ..PatternSpec::default() };
    let (system, inputs) = (taught(networks), teacher.map_or(untaught().sizes[0], |teacher| teacher[0]));
    spec.draw(inputs, networks, system.transfer, 1)
}

/// Images of which one row of four is bright, by their class.
fn rows() -> Result<Split, String> {
    let image = |record: u16| {
        (0..16).map(move |at| if at / 4 == record % CLASSES { 200 } else { (record * 7 + at * 5) as u8 % 60 })
    };
    let labels = (0..IMAGES.0).map(|record| record % CLASSES).collect();
    Split::new(SHAPE, (0..IMAGES.0).flat_map(image).collect(), labels).map_err(text)
}

/// Beside the same network without learning.
fn silence(runtime: &dyn Runtime) -> Result<(), String> {
    let (learning, records) = (untaught(), patterns(1, None));
    let resting = Microcircuit { lr_ip: vec![0.0], lr_pi: vec![0.0], ..learning.clone() };
    let run = |system: &Microcircuit, epochs| {
        let setup = Setup { system, records: &records, batch: 1, validation: 6 };
        let row = setup.trained(runtime, Length::Epochs(epochs), 1)?.rows.pop().ok_or("no row")?;
        Ok::<_, String>(["apical_1", "inter_1", "angle_2"].map(|column| row.get(column).unwrap_or(f64::NAN)))
    };
    let [loud, _, angle] = run(&resting, 1)?;
    let [quiet, follows, same_angle] = run(&learning, 16)?;
    if quiet < 0.1 * loud && follows > 0.98 && angle == same_angle {
        return Ok(());
    }
    Err(format!(
        "|v_A| from {loud} to {quiet}, correlation {follows}; the angle of what is fixed {angle}, {same_angle}"
    ))
}

fn images(runtime: &dyn Runtime) -> Result<(), String> {
    let records = rows()?;
    for (learner, self_predicting) in
        [(Learner::Microcircuit, true), (Learner::Microcircuit, false), (Learner::Bp, true)]
    {
        let system = two_step(learner, self_predicting);
        let setup = Setup { system: &system, records: &records, batch: 10, validation: IMAGES.1 };
        let run = setup.trained(runtime, Length::Epochs(50), 1)?;
        let last = run.rows.last().and_then(|row| row.get("validation_error")).unwrap_or(f64::NAN);
        let start = run.rows[0].get("train_error").unwrap_or(f64::NAN);
        if !(start > 0.2 && last == 0.0) {
            return Err(format!("{learner}, self-predicting {self_predicting}: error from {start} to {last}"));
        }
    }
    Ok(())
}

fn each_call(runtime: &dyn Runtime) -> Result<(), String> {
    for networks in [1, 3] {
        let (system, records) = (taught(networks), patterns(networks, Some([4, 5, 2])));
        Setup { system: &system, records: &records, batch: 1, validation: 6 }.each_call(runtime)?;
    }
    let logistic = Microcircuit { transfer: TransferFunction::Logistic, sizes: vec![4, 6, 5, 2], ..taught(1) };
    let several = Microcircuit { batch: 3, record: 5, lr_up: vec![0.02], ..logistic };
    let records = patterns(1, Some([4, 5, 2]));
    Setup { system: &several, records: &records, batch: 3, validation: 6 }.each_call(runtime)?;
    for (learner, self_predicting) in [(Learner::Microcircuit, false), (Learner::Bp, true)] {
        let (system, records) = (two_step(learner, self_predicting), rows()?);
        Setup { system: &system, records: &records, batch: 10, validation: IMAGES.1 }.each_call(runtime)?;
    }
    Ok(())
}

/// A network of two steps, and images for it, large enough for several threads to share its calls.
pub fn large() -> Result<(impl System, Split), String> {
    let shape = Shape::new(1, 20, 20);
    let image = |record: u32| (0..400).map(move |at| (record * 37 + at * 11) as u8);
    let split = Split::new(shape, (0..200).flat_map(image).collect(), (0..200).map(|record| record % 10).collect());
    let system = Microcircuit {
        sizes: vec![400, 300, 250, 10],
        lr_pi: vec![0.001],
        lr_down: vec![0.001],
        source: Source::Images { shape, classes: 10 },
        ..Microcircuit::two_step()
    };
    Ok((system, split.map_err(text)?))
}
