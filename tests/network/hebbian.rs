//! The Hebbian family on every runtime: what each rule comes to on a sample, by the sample's own moments; its run folder
//! resumes to the byte, its state included.

use hebb_data::gaussian::gaussian;
use hebb_data::moments::{Component, components, mean, second_moments};
use hebb_data::{VectorSpec, Vectors};
use hebb_engine::settings::Length;
use hebb_spec::backend::Runtime;
use hebb_spec::learning::Competition;
use hebb_spec::param::Weights;
use hebb_spec::system::System;
use hebb_systems::hebbian::{Hebbian, Rule};
use hebb_tests::{RUNTIMES, devices};
use libtest_mimic::Trial;

use crate::trained::Setup;

/// The third and the fourth are apart by a factor of two: the eigengap.
const VARIANCES: [f64; 9] = [3.0, 2.5, 2.0, 1.0, 0.8, 0.5, 0.3, 0.2, 0.1];
/// Those of the rules of one unit.
const FEW: [f64; 5] = [1.2, 0.5, 0.3, 0.2, 0.1];
const UNITS: usize = 3;
const RECORDS: usize = 500;

/// The tests.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for tested in RUNTIMES {
        trials.push(tested.trial("hebbian: plain Hebb runs away, with decay it stays, grows or dies", runaway));
        trials.push(tested.trial("hebbian: one unit finds the first component", pca));
        trials.push(tested.trial("hebbian: a recurrent connection becomes the covariance", covariance));
        trials.push(tested.trial("hebbian: instar and outstar rest at their means", pair));
        trials.push(tested.trial("hebbian: equal means make the pair transposes", transposes));
        trials.push(tested.trial("hebbian: subspace finds the leading components of a Gaussian", subspace));
        trials.push(tested.trial("hebbian: subspace resumes to the byte, its state included", |runtime| {
            let system = Hebbian { halving: Some(200), ..Hebbian::new(9, 3, Rule::OJA_SUBSPACE, 0.1) };
            let records = sample(&VARIANCES);
            // 22 steps an epoch: it ends within the second.
            Setup { system: &system, records: &records, batch: 20, validation: 60 }.resumes(runtime, 31, 60)
        }));
        trials.push(tested.trial("hebbian: a pair that competes resumes to the byte", |runtime| {
            let records = positive();
            let system = competing(Competition::Softmax { sharpness: 3.0 });
            Setup { system: &system, records: &records, batch: 30, validation: 0 }.resumes(runtime, 7, 40)
        }));
    }
    for tested in devices() {
        trials.push(tested.trial("hebbian: each call beside its twin", each_call));
    }
    trials
}

fn sample(variances: &[f64]) -> Vectors {
    gaussian(variances, RECORDS, 5)
}

fn positive() -> Vectors {
    let spec = VectorSpec { records: Some(RECORDS as u32), rectify: true, ..VectorSpec::default() };
    spec.load("gaussian:2,1.5,1,0.7,0.5,0.3").unwrap_or(Vectors::new(1, Vec::new()))
}

fn competing(competition: Competition) -> Hebbian {
    Hebbian { competition: Some(competition), ..Hebbian::new(6, 3, Rule::PAIR, 0.5) }
}

fn moments(vectors: &Vectors) -> Vec<Component> {
    components(&second_moments(vectors, vectors.count()), vectors.dimensions())
}

/// Trained on all records at once, so that each mean is the sample's.
fn full_batch(runtime: &dyn Runtime, system: &Hebbian, vectors: &Vectors, steps: u32) -> Result<Weights, String> {
    let setup = Setup { system, records: vectors, batch: vectors.count() as u32, validation: 0 };
    Ok(setup.trained(runtime, Length::Steps(steps), 1)?.last)
}

fn rows(weights: &Weights, name: &str, inputs: usize) -> Vec<Vec<f64>> {
    let values = weights.get(name).unwrap_or_default();
    values.chunks(inputs).map(|row| row.iter().map(|&w| f64::from(w)).collect()).collect()
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    product(a, a).sqrt()
}

/// A comparison; NaN fails.
fn within(what: &str, found: f64, wanted: f64, tolerance: f64) -> Result<(), String> {
    if (found - wanted).abs() <= tolerance {
        Ok(())
    } else {
        Err(format!("{what} is {found}, and {wanted} ± {tolerance} is right"))
    }
}

/// The seed's figure: 250 steps at η = 0.1, with γ at λ₁, below and above.
fn runaway(runtime: &dyn Runtime) -> Result<(), String> {
    let vectors = sample(&FEW);
    let first = &moments(&vectors)[0];
    let along = |rule: Rule, gamma: f64| -> Result<f64, String> {
        let system = Hebbian { gamma: gamma as f32, ..Hebbian::new(5, 1, rule, 0.1) };
        Ok(product(&rows(&full_batch(runtime, &system, &vectors, 250)?, "W1", 5)[0], &first.direction).abs())
    };
    let start = Weights::draw(&Hebbian::new(5, 1, Rule::HEBB, 0.1).params(), 1);
    let before = product(&rows(&start, "W1", 5)[0], &first.direction).abs();
    // Along the first component a step multiplies by 1 + η (λ₁ − γ), which 250 roundings hardly change.
    let factor = |gamma: f64| (1.0 + 0.1 * (first.variance - gamma)).powi(250);
    for (rule, gamma) in [
        (Rule::HEBB, 0.0),
        (Rule::HEBB_DECAY, first.variance),
        (Rule::HEBB_DECAY, 0.8 * first.variance),
        (Rule::HEBB_DECAY, 1.2 * first.variance),
    ] {
        let grown = along(rule, if gamma == 0.0 { 1.0 } else { gamma })? / before;
        within(&format!("the growth by {} with γ = {gamma}", rule.name), grown / factor(gamma), 1.0, 1e-3)?;
    }
    if !(factor(0.0) > 1e9 && factor(0.8 * first.variance) > 100.0 && factor(1.2 * first.variance) < 0.01) {
        return Err("the control shows nothing".to_owned());
    }
    Ok(())
}

/// Many to one: after 250 steps at η = 0.1 the direction is the sample's first component. The eigengap is above two.
fn pca(runtime: &dyn Runtime) -> Result<(), String> {
    let vectors = sample(&FEW);
    let all = moments(&vectors);
    let degrees = |w: &[f64]| (product(w, &all[0].direction).abs() / norm(w)).min(1.0).acos().to_degrees();
    for system in [
        Hebbian { gamma: all[0].variance as f32, ..Hebbian::new(5, 1, Rule::HEBB_DECAY, 0.1) },
        Hebbian::new(5, 1, Rule::HEBB, 0.1),
        Hebbian::new(5, 1, Rule::OJA, 0.1),
    ] {
        let w = rows(&full_batch(runtime, &system, &vectors, 250)?, "W1", 5).swap_remove(0);
        if !(degrees(&w) < 1.0) {
            return Err(format!("{}: {} degrees off", system.rule.name, degrees(&w)));
        }
        if system.rule == Rule::OJA {
            within("the norm by Oja's rule", norm(&w), 1.0, 1e-3)?;
        }
    }
    let start = rows(&Weights::draw(&Hebbian::new(5, 1, Rule::HEBB, 0.1).params(), 1), "W1", 5).swap_remove(0);
    if degrees(&start) < 5.0 { Err("the start is there already".to_owned()) } else { Ok(()) }
}

/// All to all: γ W is the covariance, whatever the batches' order; with ηγ = 1 / (1 + step) each batch weighs the same.
fn covariance(runtime: &dyn Runtime) -> Result<(), String> {
    let vectors = sample(&FEW);
    let wanted = second_moments(&vectors, RECORDS);
    let size = norm(&wanted);
    let system = Hebbian { gamma: 2.0, halving: Some(1), ..Hebbian::recurrent(5, Rule::HEBB_DECAY, 0.5) };
    let setup = Setup { system: &system, records: &vectors, batch: 20, validation: 0 };
    let far = |weights: &Weights| -> f64 {
        let w: Vec<f64> = rows(weights, "W1", 5).concat();
        norm(&w.iter().zip(&wanted).map(|(w, c)| 2.0 * w - c).collect::<Vec<f64>>()) / size
    };
    // One epoch shows each record once, two show each twice.
    for epochs in [1, 2] {
        within("what γW lacks", far(&setup.trained(runtime, Length::Epochs(epochs), 1)?.last), 0.0, 1e-5)?;
    }
    let steady = Hebbian { gamma: 2.0, ..Hebbian::recurrent(5, Rule::HEBB_DECAY, 0.1) };
    within("what γW lacks on all records at once", far(&full_batch(runtime, &steady, &vectors, 100)?), 0.0, 1e-5)?;
    let few = setup.trained(runtime, Length::Steps(3), 1)?.last;
    if far(&few) > 0.05 { Ok(()) } else { Err("three batches know all".to_owned()) }
}

/// y of each record by softmax.
fn activity(w: &[Vec<f64>], x: &[f64], sharpness: f64) -> Vec<f64> {
    let powers: Vec<f64> = w.iter().map(|row| (sharpness * product(row, x)).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// On activity that is not negative W_ji = ⟨y_j x_i⟩ / ⟨y_j⟩ and R_ij = ⟨x_i y_j⟩ / ⟨x_i⟩.
fn pair(runtime: &dyn Runtime) -> Result<(), String> {
    let vectors = positive();
    let system = competing(Competition::Softmax { sharpness: 3.0 });
    let trained = full_batch(runtime, &system, &vectors, 400)?;
    let (w, r) = (rows(&trained, "W1", 6), rows(&trained, "R1", 6));
    let (mut of_y, of_x) = (vec![0.0; 3], mean(&vectors, RECORDS));
    let mut both = vec![vec![0.0; 6]; 3];
    for at in 0..RECORDS {
        let x: Vec<f64> = vectors.vector(at).iter().map(|&x| f64::from(x)).collect();
        for (j, y) in activity(&w, &x, 3.0).into_iter().enumerate() {
            of_y[j] += y / RECORDS as f64;
            both[j].iter_mut().zip(&x).for_each(|(sum, x)| *sum += y * x / RECORDS as f64);
        }
    }
    for (j, both) in both.iter().enumerate() {
        for (i, both) in both.iter().enumerate() {
            within(&format!("W[{j}, {i}]"), w[j][i], both / of_y[j], 0.01 * both / of_y[j])?;
            within(&format!("R[{i}, {j}]"), r[j][i], both / of_x[i], 0.01 * both / of_x[i])?;
        }
    }
    let start = Weights::draw(&system.params(), 1);
    if start.get("R1") == trained.get("R1") { Err("nothing was learned".to_owned()) } else { Ok(()) }
}

/// Three patterns, as often each, of inputs as often each: W and R come to the same numbers.
fn transposes(runtime: &dyn Runtime) -> Result<(), String> {
    let pattern = |record: usize| (0..6).map(move |i| if i / 2 == record % 3 { 1.0 } else { 0.1 });
    let vectors = Vectors::new(6, (0..300).flat_map(pattern).collect());
    let system = competing(Competition::Winner);
    let mut start = Weights::draw(&system.params(), 1);
    // Each unit leans towards one pattern: else one may win all of them.
    if let Some(w) = start.get_mut("W1") {
        w.iter_mut().enumerate().for_each(|(at, w)| *w = 0.1 * *w + if at % 6 / 2 == at / 6 { 0.5 } else { 0.2 });
    }
    let setup = Setup { system: &system, records: &vectors, batch: 300, validation: 0 };
    let run = setup.from(runtime, Length::Steps(100), start)?;
    let get = |row: usize| run.rows[row].get("corr").ok_or("no correlation");
    let (first, last) = (get(0)?, get(run.rows.len() - 1)?);
    if last >= 0.99 && first < 0.9 { Ok(()) } else { Err(format!("the correlation is {first}, then {last}")) }
}

/// W Wᵀ = I, the sample's leading components' space, and what they themselves leave of it.
fn subspace(runtime: &dyn Runtime) -> Result<(), String> {
    let vectors = sample(&VARIANCES);
    let all = moments(&vectors);
    if !(all[UNITS - 1].variance > 1.6 * all[UNITS].variance) {
        return Err("the sample has no gap".to_owned());
    }
    let leading: Vec<Vec<f64>> = all[..UNITS].iter().map(|component| component.direction.clone()).collect();
    let system = Hebbian::new(9, UNITS as u32, Rule::OJA_SUBSPACE, 0.1);
    let setup = Setup { system: &system, records: &vectors, batch: RECORDS as u32, validation: 0 };
    let run = setup.trained(runtime, Length::Steps(400), 1)?;
    let w = rows(&run.last, "W1", 9);
    let get = |row: usize, column: &str| run.rows[row].get(column).ok_or_else(|| format!("no {column}"));
    let last = run.rows.len() - 1;
    within("|W Wᵀ − I|", get(last, "orthonormality")?, 0.0, 1e-3)?;
    within("the largest principal angle", largest_angle(&w, &leading), 0.0, 1.0)?;
    let whole: f64 = all.iter().map(|component| component.variance).sum();
    let best = all[UNITS..].iter().map(|component| component.variance).sum::<f64>() / whole;
    within("what is left of the power", get(last, "train_rest")?, best, 0.01 * best)?;
    if !(get(0, "train_rest")? > best + 0.05) {
        return Err("the start is there already".to_owned());
    }
    // A control: a basis of other axes is far away.
    let others: Vec<Vec<f64>> = all[UNITS + 1..2 * UNITS + 1].iter().map(|one| one.direction.clone()).collect();
    if largest_angle(&others, &leading) >= 80.0 { Ok(()) } else { Err("the angle tells nothing".to_owned()) }
}

/// The largest principal angle between two spaces, in degrees: the sine squared is the largest eigenvalue of I − M Mᵀ,
/// M_ij the products of two orthonormal bases.
fn largest_angle(rows: &[Vec<f64>], leading: &[Vec<f64>]) -> f64 {
    let mut basis = rows.to_vec();
    for at in 0..basis.len() {
        let (done, rest) = basis.split_at_mut(at);
        for _ in 0..2 {
            for other in done.iter() {
                let share = product(&rest[0], other);
                rest[0].iter_mut().zip(other).for_each(|(a, b)| *a -= share * b);
            }
        }
        let size = norm(&rest[0]);
        rest[0].iter_mut().for_each(|a| *a /= size);
    }
    let m: Vec<Vec<f64>> = basis.iter().map(|b| leading.iter().map(|l| product(b, l)).collect()).collect();
    let k = m.len();
    let g: Vec<f64> =
        (0..k * k).map(|at| f64::from(u8::from(at % (k + 1) == 0)) - product(&m[at / k], &m[at % k])).collect();
    components(&g, k)[0].variance.clamp(0.0, 1.0).sqrt().asin().to_degrees()
}

fn each_call(runtime: &dyn Runtime) -> Result<(), String> {
    let (signed, positive) = (sample(&VARIANCES), positive());
    for rule in Rule::ALL {
        let units = if rule == Rule::OJA { 1 } else { 3 };
        let mut systems = vec![(Hebbian::new(9, units, rule, 0.1), &signed)];
        if !rule.unrolls() {
            systems.push((Hebbian::recurrent(9, rule, 0.01), &signed));
            for competition in [Competition::Winner, Competition::Softmax { sharpness: 2.0 }] {
                let one = Hebbian { competition: Some(competition), ..Hebbian::new(6, 5, rule, 0.3) };
                systems.push((one, &positive));
            }
        }
        for (system, records) in systems {
            let setup = Setup { system: &system, records, batch: 18, validation: 0 };
            setup.each_call(runtime).map_err(|error| format!("{}: {error}", rule.name))?;
        }
    }
    Ok(())
}
