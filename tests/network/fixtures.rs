//! One and three steps of small networks against an independent float64 implementation (tools/oracle), stored in
//! tests/fixtures. Its images and weights keep away from thresholds and near-ties, so f32 must agree to 2e-6.

use std::fs;
use std::path::{Path, PathBuf};

use hebb_spec::Shape;
use hebb_spec::backend::Runtime;
use hebb_spec::settings::{Table, Value as Setting};
use hebb_systems::layered::{FIELDS, Model, ModelSpec, Rule};
use hebb_tests::RUNTIMES;
use libtest_mimic::{Failed, Trial};
use safetensors::SafeTensors;
use serde_json::Value;

use crate::runner::{Batch, Runner, Weights};

const TOLERANCE: f64 = 2e-6;

/// A test for each fixture, on each runtime.
pub fn trials() -> Vec<Trial> {
    // A suite that was carried to another machine has them elsewhere.
    let there = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folder = std::env::var_os("HEBB_TEST_FIXTURES").map_or(there, PathBuf::from);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .map(|entries| entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
        .unwrap_or_default();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "safetensors"));
    files.sort();
    let count = files.len();
    let mut trials = vec![Trial::test("fixtures are there", move || {
        if count >= 50 { Ok(()) } else { Err(Failed::from(format!("only {count} fixtures in {}", folder.display()))) }
    })];
    for tested in RUNTIMES {
        for file in files.clone() {
            let name = format!("fixture {}", stem(&file));
            trials.push(tested.trial(&name, move |runtime| run(&file, runtime, 1.0)));
        }
        let first = files.first().cloned();
        trials.push(tested.trial("control: a fixture with another η is noticed", move |runtime| {
            let file = first.ok_or("no fixture")?;
            match run(&file, runtime, 1.01) {
                Err(error) if error.contains("differs") => Ok(()),
                other => Err(format!("a wrong η gave {other:?}")),
            }
        }));
    }
    trials
}

fn stem(file: &Path) -> String {
    file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn run(file: &Path, runtime: &dyn Runtime, lr_factor: f32) -> Result<(), String> {
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| error.to_string())?;
    let meta = header.metadata().as_ref().and_then(|meta| meta.get("hebb_fixture")).ok_or("no fixture metadata")?;
    let meta: Value = serde_json::from_str(meta).map_err(|error| error.to_string())?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| error.to_string())?;
    let data =
        |name: &str| tensors.tensor(name).map(|view| view.data().to_vec()).map_err(|error| format!("{name}: {error}"));
    let number = |key: &str| meta[key].as_f64().ok_or_else(|| format!("{key} is no number"));

    let mut model = model(&meta)?;
    model.lr = number("lr")? as f32 * lr_factor;
    model.mu = number("mu")? as f32;
    let batch = number("batch")? as u32;
    let seed = meta["seed"].as_u64().unwrap_or(1);
    let has_mask = |layer: &u32| tensors.names().iter().any(|name| *name == format!("init.W{layer}.mask"));
    model.sparse = (1..=model.network.layers()).filter(has_mask).collect();
    let mut runner = Runner::new(&model, batch, runtime)?;
    let mut weights = Weights::new();
    for name in tensors.names().into_iter().filter_map(|name| name.strip_prefix("init.")) {
        let bytes = data(&format!("init.{name}"))?;
        let values = if name.ends_with(".mask") {
            bytes.into_iter().map(f32::from).collect()
        } else {
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
        };
        weights.insert(name.to_owned(), values);
    }
    starts_of_signs(&model, &mut weights);
    runner.write(&weights)?;

    let (images, labels) = (data("images")?, data("labels")?);
    let labels: Vec<u16> = labels.into_iter().map(u16::from).collect();
    let unit = model.network.input.units() as usize;
    let doubles = |name: &str| -> Result<Vec<f64>, String> {
        let of = |b: &[u8]| b.try_into().map(f64::from_le_bytes).unwrap_or(f64::NAN);
        Ok(data(name)?.chunks_exact(8).map(of).collect())
    };
    let expected_loss = doubles("loss")?;
    for (step, &expected_loss) in expected_loss.iter().enumerate() {
        let (first, end) = (step * batch as usize, (step + 1) * batch as usize);
        let of_step = &images[first * unit..end * unit];
        let batch_at = |step| Batch { images: of_step, labels: &labels[first..end], step, seed };
        runner.step(&batch_at(step as u32))?;
        let loss = f64::from(*runner.losses()?.first().ok_or("no loss")?) / f64::from(batch);
        if !((loss - expected_loss).abs() <= 1e-5 * expected_loss.abs().max(1.0)) {
            return Err(format!("the loss of step {} differs: {loss}, expected {}", step + 1, expected_loss));
        }
        if step == 1 {
            continue;
        }
        if model.rule.signs().is_some() {
            runner.observe(&batch_at(step as u32 + 1))?;
        }
        let got = runner.read()?;
        let prefix = format!("step{}.", step + 1);
        let wanted: Vec<&str> = tensors.names().into_iter().filter_map(|name| name.strip_prefix(&prefix)).collect();
        if wanted.is_empty() {
            return Err(format!("nothing to compare after {} steps", step + 1));
        }
        // Both ways: neither may have a tensor that the other lacks. B and masks do not change, and stand in the start.
        if let Some(name) = got.keys().find(|name| !name.starts_with('B') && !wanted.contains(&name.as_str())) {
            return Err(format!("nothing is expected of {name}"));
        }
        for name in wanted {
            let got = got.get(name).ok_or_else(|| format!("the model has no {name}"))?;
            let expected = doubles(&format!("{prefix}{name}"))?;
            // Each pair by itself: a maximum would swallow NaN.
            let apart = |(got, expected): &(&f32, &f64)| !((f64::from(**got) - **expected).abs() <= TOLERANCE);
            if got.len() != expected.len() {
                return Err(format!("{name} has {} numbers, {} expected", got.len(), expected.len()));
            }
            if let Some((got, expected)) = got.iter().zip(&expected).find(apart) {
                return Err(format!("{name} differs after {} steps: {got}, expected {expected}", step + 1));
            }
        }
    }
    Ok(())
}

/// Sign-symmetric feedback: R starts as 0 where it takes nothing from its start, and is as sparse as W.
fn starts_of_signs(model: &Model, weights: &mut Weights) {
    if model.rule.signs().is_none() {
        return;
    }
    for (layer, connection) in (2..).zip(model.network.connections().skip(1)) {
        let mask = weights.get(&format!("W{layer}.mask")).cloned();
        let r = weights.entry(format!("R{layer}")).or_insert_with(|| vec![0.0; connection.len()]);
        for (r, bit) in r.iter_mut().zip(mask.into_iter().flatten()) {
            *r *= bit;
        }
    }
}

/// The model of a fixture: its keys are those of the settings.
fn model(meta: &Value) -> Result<Model, String> {
    let rule: Rule = meta["rule"].as_str().ok_or("rule is no text")?.parse().map_err(|error| format!("{error}"))?;
    let mut table = Table::default();
    for key in FIELDS.iter().map(|field| field.key) {
        let belongs = match key {
            "epsilon" => rule.takes_epsilon(),
            "decay" => rule.takes_decay(),
            _ => true,
        };
        let value = meta.get(key).or_else(|| meta.get(key.replace('-', "_"))).filter(|_| belongs);
        match value {
            Some(Value::String(text)) if !text.is_empty() => table.set(key, Setting::Text(text.clone())),
            Some(Value::Number(number)) => {
                table.set(key, Setting::Float(number.as_f64().ok_or("a number is none")? as f32));
            }
            Some(Value::Bool(on)) => table.set(key, Setting::Switch(*on)),
            _ => {}
        }
    }
    let shape = match &meta["input"] {
        Value::Array(sizes) => sizes.iter().map(Value::to_string).collect::<Vec<_>>().join("x"),
        other => other.as_str().ok_or("input is no text")?.to_owned(),
    };
    let input: Shape = shape.parse().map_err(|error| format!("{error}"))?;
    let classes = meta["classes"].as_u64().ok_or("classes is no number")? as u32;
    let spec = ModelSpec::from_table(&table).map_err(|error| error.to_string())?;
    spec.build(input, classes).map_err(|error| error.to_string())
}
