//! The Hebbian family, linear networks and microcircuits after 1, 3 and 100 steps against an independent float64
//! implementation (tools/oracle), stored in tests/fixtures/systems: of five seeds' largest differences the median is at most
//! 2e-6. Traces of what microcircuits learn are far below 1: theirs is at most 1e-5 of their largest number.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hebb_spec::backend::{Numbers, Options, Runtime, Step};
use hebb_spec::plan::List;
use hebb_spec::settings::{Table, Value as Setting};
use hebb_spec::system::System;
use hebb_systems::hebbian::HebbianSpec;
use hebb_systems::linear::Linear;
use hebb_systems::microcircuit::{Microcircuit, Source};
use hebb_tests::RUNTIMES;
use libtest_mimic::{Failed, Trial};
use safetensors::SafeTensors;
use serde_json::Value;

use crate::trained::text;

const TOLERANCE: f64 = 2e-6;
const TRACE_TOLERANCE: f64 = 1e-5;
const SEEDS: std::ops::RangeInclusive<u32> = 1..=5;
/// The steps after which the fixtures tell the tensors.
const AFTER: [u32; 3] = [1, 3, 100];

/// A test for each fixture, on each runtime.
pub fn trials() -> Vec<Trial> {
    // A suite that was carried to another machine has them elsewhere.
    let there = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folder = std::env::var_os("HEBB_TEST_FIXTURES").map_or(there, PathBuf::from).join("systems");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .map(|entries| entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
        .unwrap_or_default();
    files.sort();
    let count = files.len();
    let mut trials = vec![Trial::test("system fixtures are there", move || {
        if count >= 19 { Ok(()) } else { Err(Failed::from(format!("only {count} fixtures in {}", folder.display()))) }
    })];
    for tested in RUNTIMES {
        for file in files.clone() {
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let again = file.clone();
            trials.push(tested.trial(&format!("system {stem}"), move |runtime| run(&file, runtime, 1.0)));
            trials.push(tested.trial(&format!("control: {stem} with another η is noticed"), move |runtime| match run(
                &again, runtime, 1.001,
            ) {
                Err(error) if error.contains("differ") => Ok(()),
                other => Err(format!("a wrong η gave {other:?}")),
            }));
        }
    }
    trials
}

fn run(file: &Path, runtime: &dyn Runtime, lr_factor: f32) -> Result<(), String> {
    let bytes = fs::read(file).map_err(text)?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(text)?;
    let meta = header.metadata().as_ref().and_then(|meta| meta.get("hebb_system")).ok_or("no metadata")?;
    let meta: Value = serde_json::from_str(meta).map_err(text)?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(text)?;
    let mut furthest: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for seed in SEEDS {
        for (after, apart) in differences(&meta, &tensors, (runtime, seed), lr_factor)? {
            furthest.entry(after).or_default().push(apart);
        }
    }
    for after in AFTER {
        let mut of_seeds = furthest.remove(&after).unwrap_or_default();
        of_seeds.sort_by(f64::total_cmp);
        // NaN sorts behind all numbers.
        let median = *of_seeds.get(of_seeds.len() / 2).ok_or("nothing to compare")?;
        if !(of_seeds.len() == SEEDS.count() && median <= TOLERANCE) {
            return Err(format!("the tensors differ after {after} steps: {of_seeds:?} by seed"));
        }
    }
    Ok(())
}

/// Of a seed, the largest difference of any number of any tensor, by the steps done.
fn differences(
    meta: &Value,
    tensors: &SafeTensors<'_>,
    (runtime, seed): (&dyn Runtime, u32),
    lr_factor: f32,
) -> Result<Vec<(u32, f64)>, String> {
    let bytes = |name: &str| {
        let name = format!("{seed}.{name}");
        tensors.tensor(&name).map(|view| view.data().to_vec()).map_err(|error| format!("{name}: {error}"))
    };
    let floats = |name: &str| -> Result<Vec<f32>, String> {
        Ok(bytes(name)?.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    };
    let doubles = |name: &str| -> Result<Vec<f64>, String> {
        let of = |b: &[u8]| b.try_into().map(f64::from_le_bytes).unwrap_or(f64::NAN);
        Ok(bytes(name)?.chunks_exact(8).map(of).collect())
    };
    let x = floats("x")?;
    let view = tensors.tensor(&format!("{seed}.x")).map_err(text)?;
    let &[count, inputs] = view.shape() else { return Err("x is no list of vectors".to_owned()) };
    let system = system(meta, inputs as u32, lr_factor)?;
    let batch = meta["batch"].as_u64().ok_or("batch is no number")? as usize;
    let plan = system.plan(batch as u32);
    let has_target = plan.find("target").is_some();
    let target = if has_target { floats("target")? } else { Vec::new() };
    let mut backend = runtime.prepare(plan, &Options::default()).map_err(text)?;
    let names: Vec<String> = system.params().into_iter().map(|param| param.name).filter(|name| name != "YY").collect();
    for name in &names {
        let id = backend.plan().find(name).ok_or_else(|| format!("no {name}"))?;
        backend.write(id, &floats(&format!("init.{name}"))?).map_err(text)?;
    }
    let mut found = Vec::new();
    for step in 0..AFTER[AFTER.len() - 1] {
        let first = step as usize % (count / batch) * batch;
        let outputs = target.len() / count;
        let part = Numbers::Floats(&x[first * inputs..(first + batch) * inputs]);
        let wanted = Numbers::Floats(&target[first * outputs..(first + batch) * outputs]);
        let both = [("x", part), ("target", wanted)];
        let (rates, inputs) = (system.rates(step, batch as u32), &both[..1 + usize::from(has_target)]);
        let of_step = Step { seed: u64::from(seed), step, images: batch as u32, rates: &rates, inputs };
        backend.submit(List::TRAIN, &of_step, system.repeats(List::TRAIN)).map_err(text)?;
        backend.collect(0).map_err(text)?;
        if !AFTER.contains(&(step + 1)) {
            continue;
        }
        let mut furthest = 0.0;
        for name in &names {
            let expected = doubles(&format!("step{}.{name}", step + 1))?;
            let id = backend.plan().find(name).ok_or_else(|| format!("no {name}"))?;
            let got = backend.read(id).map_err(text)?;
            if got.len() != expected.len() {
                return Err(format!("{name} has {} numbers, {} expected", got.len(), expected.len()));
            }
            let largest = expected.iter().fold(f64::MIN_POSITIVE, |largest, number| largest.max(number.abs()));
            let scale = if name.ends_with(".trace") { TOLERANCE / (TRACE_TOLERANCE * largest) } else { 1.0 };
            for (got, expected) in got.iter().zip(&expected) {
                let apart = (f64::from(*got) - expected).abs() * scale;
                // A maximum would swallow NaN.
                if !(apart <= furthest) {
                    furthest = apart;
                }
            }
        }
        found.push((step + 1, furthest));
    }
    Ok(found)
}

/// The system of a fixture: its keys are those of the settings.
fn system(meta: &Value, inputs: u32, lr_factor: f32) -> Result<Box<dyn System>, String> {
    let mut table = Table::default();
    for (key, value) in meta.as_object().ok_or("the metadata are no table")? {
        match value {
            Value::String(text) if key.starts_with("lr") => table.set(key, Setting::Text(scaled(text, lr_factor)?)),
            Value::String(text) => table.set(key, Setting::Text(text.clone())),
            Value::Bool(on) => table.set(key, Setting::Switch(*on)),
            Value::Number(number) => {
                let number = number.as_f64().ok_or("a number is none")?;
                let factor = if key.starts_with("lr") { lr_factor } else { 1.0 };
                let whole = ["units", "halving", "batch", "networks", "pattern-steps"].contains(&key.as_str());
                table.set(
                    key,
                    if whole { Setting::Integer(number as u64) } else { Setting::Float(number as f32 * factor) },
                );
            }
            _ => return Err(format!("{key} is neither text nor number")),
        }
    }
    match meta["system"].as_str() {
        Some("linear") => Ok(Box::new(Linear::from_table(&table).map_err(text)?)),
        Some("hebbian") => Ok(Box::new(HebbianSpec::from_table(&table).map_err(text)?.build(inputs).map_err(text)?)),
        Some("microcircuit") => {
            let circuit = Microcircuit::from_table(&table).map_err(text)?;
            let source = if meta["taught"] == false { Source::Vectors } else { Source::Pairs };
            Ok(Box::new(Microcircuit { source, ..circuit }))
        }
        other => Err(format!("{other:?} is no system")),
    }
}

/// A list of rates, one a layer, each times a factor.
fn scaled(list: &str, factor: f32) -> Result<String, String> {
    let one = |rate: &str| rate.trim().parse::<f32>().map(|rate| (rate * factor).to_string()).map_err(text);
    Ok(list.split(',').map(one).collect::<Result<Vec<String>, String>>()?.join(","))
}
