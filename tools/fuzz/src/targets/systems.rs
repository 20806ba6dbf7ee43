//! The settings of the systems beside layered networks, and texts of their data: read, built, planned and read back.

use hebb_data::gaussian::Gaussian;
use hebb_data::{PatternSpec, VectorSpec};
use hebb_spec::Shape;
use hebb_spec::settings::{Table, Value};
use hebb_spec::system::System;
use hebb_systems::hebbian::{HebbianSpec, Rule};
use hebb_systems::linear::Linear;
use hebb_systems::microcircuit::{Dynamics, Microcircuit, Source};

use super::Target;
use crate::mutate;
use crate::random::Random;

const DATA: [&str; 7] =
    ["4,1,.25", "2,1/1,2", "1e9,0", "2,1,0/1,3,-1/0,-1,1", "1,1,1,1,1,1,1,1,1,1,1,1", "1/1", "1e-300,1e-300"];
const WORDS: [&str; 8] = [",", "/", "1,", "1,1/1,1/", "-", "e9", "nan", "inf"];
/// Settings, some of which fit together.
const SETTINGS: [(&str, &[&str]); 38] = [
    ("rule", &["hebb", "hebb-decay", "instar", "outstar", "pair", "oja", "oja-subspace", "bp", "frfb", "urfb"]),
    ("units", &["1", "3", "65536", "65537", "0"]),
    ("recurrent", &["true", "false"]),
    ("compete", &["none", "winner", "softmax"]),
    ("sharpness", &["1", "1e38", "0"]),
    ("gamma", &["1", "1e-45", "-1"]),
    ("halving", &["1", "4294967295", "4294967296"]),
    ("lr", &["0.1", "3e38", "0"]),
    ("records", &["1", "100000000", "100000001"]),
    ("patch", &["1", "8", "65536"]),
    ("keep-mean", &["true"]),
    ("whiten", &["true"]),
    ("rectify", &["true"]),
    ("data-seed", &["0", "9223372036854775807", "9223372036854775808"]),
    ("sizes", &["40-100-100-10", "2-1", "65536-16384-3", "65536-65536", "1-1-1-1-1-1-1-1-1-1-1-1"]),
    ("target-sd", &["0.2", "1e38"]),
    ("start-sd", &["0.1", "1e38", "1e-45"]),
    ("epsilon", &["0", "0.5", "1", "7"]),
    ("seed", &["1"]),
    ("dynamics", &["continuous", "two-step"]),
    ("networks", &["1", "3", "65536"]),
    ("learner", &["microcircuit", "bp"]),
    ("transfer", &["softplus", "logistic"]),
    ("theta", &["3", "-3e38"]),
    ("start-up", &["1", "0", "3e38"]),
    ("self-predicting", &["true", "false"]),
    ("start-ip", &["1", "1e-45"]),
    ("lr-up", &["0", "0.1", "0.1,0.2", "0,0.1,1e38", "1,1,1,1,1,1,1,1,1"]),
    ("lr-ip", &["0", "0.1", "0.1,0"]),
    ("lr-down", &["0.1", "0.1,0.2,0.3"]),
    ("lambda-output", &["0", "0.1", "1"]),
    ("lambda-hidden", &["0.3", "0.1,0", "0,0,0,0,0,0,0"]),
    ("g-leak", &["0", "0.1", "3e38"]),
    ("dt", &["0.1", "1e-45", "0.5"]),
    ("pattern-steps", &["1", "1000000"]),
    ("tau-weights", &["30", "1e-45"]),
    ("patterns", &["1", "100000000"]),
    ("teacher", &["30-20-10", "1-1-1", "65536-16384-1"]),
];
const BATCHES: [u32; 4] = [1, 3, 100, 1 << 20];

/// The target: lines of a Gaussian, batch, and `key=value` for each setting.
pub struct Systems;

impl Target for Systems {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let seed = *random.pick(&DATA);
        let data = if random.one_in(3) { seed.to_owned() } else { mutate::text(random, seed, &WORDS) };
        let mut lines = vec![data.replace('\n', " "), random.pick(&BATCHES).to_string()];
        while !random.one_in(4) {
            let (key, values) = random.pick(&SETTINGS);
            let mut value = (*random.pick(values)).to_owned();
            if random.one_in(4) {
                value = mutate::text(random, &value, &WORDS).replace('\n', " ");
            }
            lines.push(format!("{key}={value}"));
        }
        lines.join("\n").into_bytes()
    }

    fn read(&self, input: &[u8]) -> bool {
        let text = String::from_utf8_lossy(input);
        let mut lines = text.split('\n');
        let (data, batch) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let Ok(batch) = batch.parse::<u32>() else { return false };
        let mut table = Table::default();
        for (key, value) in lines.filter_map(|line| line.split_once('=')) {
            table.set(key, Value::Text(value.to_owned()));
        }
        let mut taken = false;
        if let Ok(gaussian) = data.parse::<Gaussian>() {
            assert_eq!(gaussian.to_string().parse::<Gaussian>().expect("a Gaussian reads back"), gaussian);
            if let Ok(spec) = VectorSpec::from_table(&table) {
                assert_eq!(VectorSpec::from_table(&spec.table()), Ok(spec.clone()), "settings read back");
                if let Ok(outline) = spec.outline(&format!("gaussian:{data}")) {
                    taken |= family(&table, outline.shape.units(), batch);
                    assert!(outline.bytes() > 0);
                }
            }
        }
        if let Ok(linear) = Linear::from_table(&table) {
            assert_eq!(Linear::from_table(&linear.table()), Ok(linear.clone()), "settings read back");
            assert_eq!(linear.check(), Ok(()));
            planned(&linear, linear.inputs());
            taken = true;
        }
        taken | circuit(&table, batch)
    }
}

/// Whether the settings are of a network of microcircuits, on data that fit it.
fn circuit(table: &Table, batch: u32) -> bool {
    if let Ok(spec) = PatternSpec::from_table(table) {
        assert_eq!(PatternSpec::from_table(&spec.table()), Ok(spec.clone()), "settings read back");
    }
    let Ok(circuit) = Microcircuit::from_table(table) else { return false };
    assert_eq!(Microcircuit::from_table(&circuit.table()), Ok(circuit.clone()), "settings read back");
    let source = match circuit.dynamics {
        Dynamics::Continuous => Source::Pairs,
        Dynamics::TwoStep => {
            let [first, last] = [circuit.sizes.first(), circuit.sizes.last()].map(|size| size.copied().unwrap_or(1));
            Source::Images { shape: Shape::flat(first), classes: last }
        }
    };
    let circuit = Microcircuit { source, batch, ..circuit };
    if circuit.check().is_err() {
        return false;
    }
    planned(&circuit, batch);
    true
}

/// Whether the settings are of a connection for inputs of so many numbers.
fn family(table: &Table, inputs: u32, batch: u32) -> bool {
    let Ok(spec) = HebbianSpec::from_table(table) else { return false };
    assert_eq!(HebbianSpec::from_table(&spec.table()), Ok(spec.clone()), "settings read back");
    let Ok(hebbian) = spec.build(inputs) else { return false };
    assert!(Rule::ALL.contains(&hebbian.rule));
    planned(&hebbian, batch);
    true
}

/// What is done with a system before there is a device.
fn planned(system: &dyn System, batch: u32) {
    let plan = system.plan(batch);
    for call in plan.calls() {
        call.problem.flops();
        assert!(!format!("{} {}", call.problem.stem(), call.problem).is_empty());
    }
    assert!(system.params().iter().all(|param| plan.find(&param.name).is_some()));
    assert_eq!(system.rates(u32::MAX, batch).len(), plan.rates as usize);
    assert!(!system.describe().0.is_empty() && !system.columns().is_empty());
}
