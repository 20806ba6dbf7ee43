//! A system that is no network: Oja's subspace rule trained by the engine on every runtime. It finds the leading
//! components of a Gaussian sample, and its run folder resumes to the byte, its state included.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use hebb_data::Vectors;
use hebb_data::gaussian::gaussian;
use hebb_engine::job::Job;
use hebb_engine::run::{Existing, Run};
use hebb_engine::settings::{Length, Record, RunSettings};
use hebb_engine::store::{Memory, Store};
use hebb_engine::trainer::Trainer;
use hebb_reference::check::{CallReport, CheckError, check_list};
use hebb_spec::Shape;
use hebb_spec::backend::{Numbers, Options, Runtime, Step};
use hebb_spec::param::Weights;
use hebb_spec::plan::List;
use hebb_spec::system::System;
use hebb_systems::hebbian::{Hebbian, Rule};
use hebb_tests::{RUNTIMES, devices};
use libtest_mimic::Trial;

const UNITS: usize = 3;
const BATCH: u32 = 20;
/// The third and the fourth are apart by a factor of two: the eigengap.
const VARIANCES: [f64; 9] = [3.0, 2.5, 2.0, 1.0, 0.8, 0.5, 0.3, 0.2, 0.1];

/// The tests.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for tested in RUNTIMES {
        trials.push(tested.trial("subspace finds the leading components of a Gaussian", finds));
        trials.push(tested.trial("subspace resumes to the byte, its state included", resumes));
    }
    for tested in devices() {
        trials.push(tested.trial("subspace: each call beside its twin", each_call));
    }
    trials
}

fn subspace() -> Hebbian {
    Hebbian { halving: Some(200), ..Hebbian::new(VARIANCES.len() as u32, UNITS as u32, Rule::OJA_SUBSPACE, 0.1) }
}

fn sample() -> Vectors {
    gaussian(&VARIANCES, 1000, 5)
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

fn settings(length: Length) -> RunSettings {
    RunSettings { data: "gaussian".to_owned(), validation: Some(100), length, batch: BATCH, ..RunSettings::default() }
}

fn train(runtime: &dyn Runtime, job: &Job<'_>, store: &mut dyn Store) -> Result<(), String> {
    let mut backend = runtime.prepare(job.system.plan(BATCH), &Options::default()).map_err(text)?;
    let (records, stop) = (sample(), AtomicBool::new(false));
    let trainer = Trainer { job, records: &records, backend: &mut *backend, store, stop: &stop, observers: &mut [] };
    trainer.train().map(|_| ()).map_err(text)
}

fn finds(runtime: &dyn Runtime) -> Result<(), String> {
    let system = subspace();
    let job = Job::new(&system, system.describe(), settings(Length::Epochs(40)), ("gaussian", 1000)).map_err(text)?;
    let mut run = Memory::new(&job, Weights::draw(&system.params(), 1));
    train(runtime, &job, &mut run)?;
    let w = run.last.get("W1").ok_or("no W1")?;
    let rows: Vec<Vec<f64>> =
        w.chunks(VARIANCES.len()).map(|row| row.iter().map(|&w| f64::from(w)).collect()).collect();
    let sample = sample();
    let leading = leading(&sample, job.records);
    let (first, last) = (&run.rows[0], &run.rows[run.rows.len() - 1]);
    let get = |column: &str| last.get(column).ok_or_else(|| format!("no {column}"));
    // The rows are orthonormal, and no direction of theirs is more than a few degrees off the leading components' space.
    let angle = largest_angle(&rows, &leading);
    if !(get("orthonormality")? < 0.05 && angle < 3.0) {
        return Err(format!("orthonormality {:?}, largest principal angle {angle}", last.get("orthonormality")));
    }
    // What the sample itself leaves beyond its three leading components, within a hundredth.
    let power = |vectors: &[Vec<f64>]| -> f64 {
        (job.records..1000)
            .map(|at| vectors.iter().map(|axis| along(sample.vector(at), axis).powi(2)).sum::<f64>())
            .sum()
    };
    let all: f64 = (job.records..1000).flat_map(|at| sample.vector(at)).map(|x| f64::from(*x).powi(2)).sum();
    let best = 1.0 - power(&leading) / all;
    let rest = get("validation_rest")?;
    if !((rest - best).abs() < 0.01 && first.get("train_rest").is_some_and(|first| first > rest + 0.05)) {
        return Err(format!("{rest} of the power is left, {best} by the leading components; at first {first:?}"));
    }
    // A control: a basis of other axes is far away.
    let others: Vec<Vec<f64>> =
        (0..UNITS).map(|at| (0..VARIANCES.len()).map(|k| f64::from(k == 8 - at)).collect()).collect();
    if !(largest_angle(&others, &leading) >= 30.0) { Err("the angle tells nothing".to_owned()) } else { Ok(()) }
}

fn resumes(runtime: &dyn Runtime) -> Result<(), String> {
    let system = subspace();
    let folder = tempfile::tempdir().map_err(text)?;
    let job =
        |steps| Job::new(&system, system.describe(), settings(Length::Steps(steps)), ("gaussian", 1000)).map_err(text);
    let record = Record::new(Shape::flat(VARIANCES.len() as u32), 0, runtime.name(), Vec::new());
    let create = |path: &Path, job: &Job<'_>| {
        Run::create(path, false, job, &record, Weights::draw(&system.params(), 1)).map_err(text)
    };
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    let long = job(130)?;
    train(runtime, &long, &mut create(&whole, &long)?)?;
    // Ends within the second epoch of 45 steps.
    let short = job(70)?;
    train(runtime, &short, &mut create(&parts, &short)?)?;
    let mut run = Existing::open(&parts).map_err(text)?.resume(&long, &record).map_err(text)?;
    train(runtime, &long, &mut run)?;
    drop(run);
    let read = |path: &Path, name| std::fs::read(path.join(name)).map_err(text);
    if read(&whole, "last.safetensors")? != read(&parts, "last.safetensors")? {
        return Err("the checkpoints differ".to_owned());
    }
    let rows = |path: &Path| -> Result<Vec<Vec<String>>, String> {
        let file = String::from_utf8(read(path, "metrics.csv")?).map_err(text)?;
        let fields = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        // The second column is the time it took.
        Ok(file
            .lines()
            .map(|line| {
                let mut all = fields(line);
                all.remove(1);
                all
            })
            .collect())
    };
    let (all, again) = (rows(&whole)?, rows(&parts)?);
    if all != again || all.len() != 4 {
        return Err(format!("the rows differ: {all:?} {again:?}"));
    }
    let file = hebb_engine::tensor_file::TensorFile::read(&whole.join("last.safetensors")).map_err(text)?;
    let state = file.floats("YY", &[UNITS, UNITS]).map_err(text)?;
    if state.iter().any(|value| *value != 0.0) { Ok(()) } else { Err("the state is 0".to_owned()) }
}

fn each_call(runtime: &dyn Runtime) -> Result<(), String> {
    let system = subspace();
    let plan = system.plan(BATCH);
    let mut backend = runtime.prepare(plan.clone(), &Options::default()).map_err(text)?;
    hebb_engine::weights::upload(&Weights::draw(&system.params(), 1), &mut *backend).map_err(text)?;
    let values: Vec<f32> = (0..17).flat_map(|at| sample().vector(at).to_vec()).collect();
    let inputs = [("x", Numbers::Floats(&values))];
    let rates = system.rates(0, BATCH);
    let step = Step { seed: 1, step: 0, images: 17, rates: &rates, inputs: &inputs };
    let mut failed = Vec::new();
    for list in [List::TRAIN, List::EVALUATE] {
        check_list(&mut *backend, &plan, list, &step, |report: CallReport| -> Result<(), CheckError> {
            if !report.ok {
                failed.push(format!("{report:?}"));
            }
            Ok(())
        })
        .map_err(text)?;
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}

fn along(x: &[f32], axis: &[f64]) -> f64 {
    x.iter().zip(axis).map(|(x, a)| f64::from(*x) * a).sum()
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Makes vectors orthonormal, in order.
fn orthonormal(mut vectors: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for at in 0..vectors.len() {
        let (done, rest) = vectors.split_at_mut(at);
        for _ in 0..2 {
            for other in done.iter() {
                let share = product(&rest[0], other);
                rest[0].iter_mut().zip(other).for_each(|(a, b)| *a -= share * b);
            }
        }
        let norm = product(&rest[0], &rest[0]).sqrt();
        rest[0].iter_mut().for_each(|a| *a /= norm);
    }
    vectors
}

/// The leading components of the first vectors of a sample, by orthogonal iteration.
fn leading(sample: &Vectors, count: usize) -> Vec<Vec<f64>> {
    let n = VARIANCES.len();
    let mut basis: Vec<Vec<f64>> = (0..UNITS).map(|at| (0..n).map(|k| 1.0 / (1 + at + k) as f64).collect()).collect();
    for _ in 0..200 {
        basis = orthonormal(basis);
        let times = |axis: &Vec<f64>| {
            let mut sum = vec![0.0; n];
            for at in 0..count {
                let (x, share) = (sample.vector(at), along(sample.vector(at), axis));
                sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += share * f64::from(*x));
            }
            sum
        };
        basis = basis.iter().map(times).collect();
    }
    orthonormal(basis)
}

/// The largest principal angle between two spaces, in degrees: of the first's directions the one that the second holds
/// least of, found by iteration on what is left over.
fn largest_angle(rows: &[Vec<f64>], leading: &[Vec<f64>]) -> f64 {
    let basis = orthonormal(rows.to_vec());
    // G = I - M Mᵀ with M_ij = basis_i · leading_j: its largest eigenvalue is the sine squared.
    let m: Vec<Vec<f64>> = basis.iter().map(|b| leading.iter().map(|l| product(b, l)).collect()).collect();
    let g = |i: usize, j: usize| f64::from(u8::from(i == j)) - product(&m[i], &m[j]);
    let mut v = vec![1.0, 0.7, 0.4];
    let mut size = 0.0;
    for _ in 0..500 {
        let next: Vec<f64> = (0..UNITS).map(|i| (0..UNITS).map(|j| g(i, j) * v[j]).sum()).collect();
        size = product(&next, &next).sqrt() / product(&v, &v).sqrt();
        if size < 1e-30 {
            return 0.0;
        }
        v = next.iter().map(|x| x / size).collect();
    }
    size.clamp(0.0, 1.0).sqrt().asin().to_degrees()
}
