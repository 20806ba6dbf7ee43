//! What the processor promises beside what every runtime does: its bytes do not depend on the number of threads, nor on
//! whether its vectors hold eight numbers or sixteen.

use hebb_cpu::{Cpu, Vectors};
use hebb_data::gaussian::gaussian;
use hebb_engine::settings::Length;
use hebb_spec::learning::Competition;
use hebb_spec::param;
use hebb_systems::hebbian::{self, Hebbian};
use hebb_systems::layered::Rule;
use hebb_tests::Forced;
use libtest_mimic::{Failed, Trial};

use crate::microcircuit;
use crate::runner::Weights;
use crate::setup::{Kind, Setup};
use crate::trained::Setup as Trained;

const STEPS: u32 = 4;
/// Batches of one block, of blocks that do not share out evenly, and of groups of several blocks.
const BATCHES: [u32; 4] = [1, 50, 100, 530];

/// What is trained: the kind of network, the batch, and the variant of its kernels.
type Made = (Kind, u32, &'static str);

/// The tests.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for kind in [Kind::Tied, Kind::Untied] {
        for batch in BATCHES {
            let name = format!("cpu: one, two and five threads compute the same bytes, {kind:?}, batch {batch}");
            let threads = [1, 2, 5].map(|threads| (Vectors::best(), threads));
            let same = move || same((kind, batch, "native"), &threads);
            trials.push(Trial::test(name, move || same().map_err(Failed::from)));
        }
        for variant in ["winograd2", "winograd4"].into_iter().filter(|_| kind == Kind::Tied) {
            let name = format!("cpu: one, two and five threads compute the same bytes, {variant}");
            let threads = [1, 2, 5].map(|threads| (Vectors::best(), threads));
            trials.push(Trial::test(name, move || same((kind, 100, variant), &threads).map_err(Failed::from)));
        }
        let levels = [(Vectors::Avx2, 2), (Vectors::Avx512, 2)];
        let is_here = levels.iter().all(|&(vectors, threads)| Cpu::with(vectors, Some(threads)).is_ok());
        for variant in ["native", "winograd2", "winograd4"].into_iter().take(if kind == Kind::Tied { 3 } else { 1 }) {
            let name = format!("cpu: avx2 and avx512 compute the same bytes, {kind:?}, {variant}");
            let trial = Trial::test(name, move || same((kind, 100, variant), &levels).map_err(Failed::from));
            trials.push(trial.with_ignored_flag(!is_here));
        }
    }
    let levels =
        [(Vectors::best(), 1), (Vectors::best(), 2), (Vectors::best(), 5), (Vectors::Avx2, 2), (Vectors::Avx512, 2)];
    let levels: Vec<_> =
        levels.into_iter().filter(|&(vectors, threads)| Cpu::with(vectors, Some(threads)).is_ok()).collect();
    let all = levels.clone();
    trials.push(Trial::test("cpu: threads and vectors leave the bytes of a pair that competes alone", move || {
        pair_is_same(&all).map_err(Failed::from)
    }));
    let all = levels.clone();
    trials.push(Trial::test("cpu: threads and vectors leave the bytes of microcircuits alone", move || {
        let (system, records) = microcircuit::large()?;
        is_same(Trained { system: &system, records: &records, batch: 10, validation: 0 }, &all).map_err(Failed::from)
    }));
    trials.push(Trial::test("control: each of Winograd's forms makes other bytes on the cpu", || {
        let of = |variant| trained((Kind::Tied, 50, variant), (Vectors::best(), 2), 0);
        let (plain, two, four) = (of("native")?, of("winograd2")?, of("winograd4")?);
        let differ = |one: &Weights, other: &Weights| one["W4"] != other["W4"] && one["W1"] != other["W1"];
        if differ(&plain, &two) && differ(&plain, &four) && differ(&two, &four) {
            return Ok(());
        }
        Err("a form that was asked for did not run".into())
    }));
    trials.push(Trial::test("control: other images make other bytes on the cpu", || {
        let on = (Vectors::best(), 2);
        let made = (Kind::Tied, 50, "native");
        let (one, other) = (trained(made, on, 0)?, trained(made, on, 1)?);
        if one["W1"] == other["W1"] { Err("the start made no difference".into()) } else { Ok(()) }
    }));
    trials
}

/// Trains on each processor and compares all weights.
fn same(made: Made, on: &[(Vectors, usize)]) -> Result<(), String> {
    let first = trained(made, on[0], 0)?;
    for &other in &on[1..] {
        let weights = trained(made, other, 0)?;
        for (name, values) in &first {
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            if bits(values) != bits(&weights[name]) {
                return Err(format!("{name} differs between {:?} and {other:?}", on[0]));
            }
        }
    }
    Ok(())
}

/// Trains a pair by softmax on each processor and compares W and R.
fn pair_is_same(on: &[(Vectors, usize)]) -> Result<(), String> {
    let records = gaussian(&[1.0; 40], 200, 3);
    let competition = Some(Competition::Softmax { sharpness: 2.0 });
    let system = Hebbian { competition, ..Hebbian::new(40, 30, hebbian::Rule::PAIR, 0.01) };
    is_same(Trained { system: &system, records: &records, batch: 50, validation: 0 }, on)
}

/// Trains any system on each processor and compares all that it has.
fn is_same(setup: Trained<'_>, on: &[(Vectors, usize)]) -> Result<(), String> {
    let mut first = None;
    for &(vectors, threads) in on {
        let cpu = Cpu::with(vectors, Some(threads)).map_err(|error| error.to_string())?;
        let last = setup.trained(&cpu, Length::Steps(STEPS), 1)?.last;
        let first = first.get_or_insert_with(|| last.clone());
        let bits = |weights: &[f32]| weights.iter().map(|weight| weight.to_bits()).collect::<Vec<_>>();
        if first.0.iter().zip(&last.0).any(|(one, other)| bits(&one.values) != bits(&other.values)) {
            return Err(format!("{threads} threads with {vectors:?} make other bytes than {:?}", on[0]));
        }
    }
    if first.is_some_and(|last| last == param::Weights::draw(&setup.system.params(), 1)) {
        Err("nothing was learned".to_owned())
    } else {
        Ok(())
    }
}

/// The weights after some steps; `skip` leaves batches out before the first.
fn trained((kind, batch, variant): Made, (vectors, threads): (Vectors, usize), skip: u32) -> Result<Weights, String> {
    let mut setup = Setup::new(kind, Rule::URFB)?;
    setup.batch = batch;
    let cpu = Cpu::with(vectors, Some(threads)).map_err(|error| error.to_string())?;
    let mut runner = setup.runner(&Forced { cpu, variant }, &setup.start(false))?;
    (skip..skip + STEPS).try_for_each(|step| setup.step(&mut runner, step))?;
    runner.read()
}
