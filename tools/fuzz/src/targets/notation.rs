//! A network's notation with the settings beside it: read, built, planned, described and read back.

use std::collections::HashSet;

use hebb_spec::Shape;
use hebb_spec::settings::{Table, Value};
use hebb_spec::system::System;
use hebb_systems::layered::{FIELDS, Model, ModelSpec, NAMED, Network};

use super::Target;
use crate::mutate;
use crate::random::Random;

/// Notations that read, beside the named networks'.
const NOTATIONS: [&str; 6] = [
    "Output",
    "Conv 4 3x3; Maxpool 3; Drop .3; Full 20; Output",
    "Local 2 2x5; Maxpool 3, stride 3; full conn. 7; Output",
    "Conv 4 3x3; Conv 4 3x3; SUM; Maxpool 2, stride 1; Output",
    "Full 32768; Full 32767; Output",
    "Conv 1 32768x32768; Drop .5; Output",
];
const WORDS: [&str; 16] = [
    "Conv ",
    "Local ",
    "SUM",
    "Maxpool ",
    "Drop ",
    "Full ",
    "full conn. ",
    "Output",
    "; ",
    ", stride ",
    "x",
    "simpnet",
    "deepernet",
    "Conv 3 3x3; ",
    "Drop .5; ",
    "Maxpool 3; ",
];
/// Settings, some of which fit together.
const SETTINGS: [(&str, &[&str]); 14] = [
    ("untied", &["all", "none", "1", "1-2", "1-65536", "1-65536,1-65536"]),
    ("untied-start", &["tied", "independent"]),
    ("connectivity", &["1", "0.5", "1e-30", "0"]),
    ("rule", &["urfb", "bp", "frfb", "kp", "usf", "frsf", "brsf", "dfa", "drtp"]),
    ("epsilon", &["0", "0.5", "1", "7"]),
    ("decay", &["0", "0.01", "1"]),
    ("loss", &["hinge", "softmax", "quadratic"]),
    ("activation", &["clip", "identity"]),
    ("mu", &["0", "1e38", "-5"]),
    ("slope", &["0.5", "1e-45", "0"]),
    ("preset", &["as-run", "paper"]),
    ("freeze", &["1", "2-3", "1-65536"]),
    ("track-r1", &["true", "false"]),
    ("statistics", &["basic", "full"]),
];
const SHAPES: [&str; 6] = ["3x32x32", "1x28x28", "1x1x1", "3x7x5", "1x65535x1", "1x65535x65535"];
const BATCHES: [u32; 5] = [1, 3, 16, 500, 1 << 20];

/// The target: lines of input's shape, classes, batch, notation, and `key=value` for each setting.
pub struct Notation;

impl Target for Notation {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let seeds: Vec<&str> = NOTATIONS.into_iter().chain(NAMED.map(|(_, notation)| notation)).collect();
        let mut net = (*random.pick(&seeds)).to_owned();
        if random.one_in(50) {
            let count = random.below(200);
            net = String::from_utf8_lossy(&random.bytes(count)).into_owned();
        } else if !random.one_in(20) {
            net = mutate::text(random, &net, &WORDS);
        }
        let classes = if random.one_in(8) { 1 + random.below(65_536) } else { 10 };
        let shape = if random.one_in(3) { *random.pick(&SHAPES) } else { SHAPES[0] };
        let mut lines = vec![shape.to_owned(), classes.to_string(), random.pick(&BATCHES).to_string()];
        lines.push(net.replace('\n', " "));
        while random.one_in(2) {
            let (key, values) = random.pick(&SETTINGS);
            let mut value = (*random.pick(values)).to_owned();
            if random.one_in(4) {
                value = mutate::text(random, &value, &["all", "-", ",", "1-65536,"]).replace('\n', " ");
            }
            lines.push(format!("{key}={value}"));
        }
        lines.join("\n").into_bytes()
    }

    fn read(&self, input: &[u8]) -> bool {
        let text = String::from_utf8_lossy(input);
        let mut lines = text.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        let (shape, classes, batch, net) = (next(), next(), next(), next());
        let (Ok(shape), Ok(classes), Ok(batch)) = (shape.parse::<Shape>(), classes.parse(), batch.parse()) else {
            return false;
        };
        let mut table = Table::default();
        table.set("net", Value::Text(net.to_owned()));
        for (key, value) in lines.filter_map(|line| line.split_once('=')) {
            table.set(key, Value::Text(value.to_owned()));
        }
        let Ok(spec) = ModelSpec::from_table(&table) else { return false };
        let Ok(model) = spec.build(shape, classes) else { return false };
        whole(&spec, &model, batch);
        true
    }
}

/// What is done with a model before there is a device; what it says of itself must read back.
fn whole(spec: &ModelSpec, model: &Model, batch: u32) {
    for field in FIELDS {
        spec.idle(field.key, model);
    }
    assert_eq!(&ModelSpec::from_table(&spec.table()).expect("settings read back"), spec);
    let network = &model.network;
    let again = Network::new(&network.notation(), network.input, network.classes, model.preset);
    assert_eq!(again.as_ref(), Ok(network), "the notation reads back");
    let described = Model::from_description(&model.describe()).expect("the description reads back");
    assert_eq!(described.network, *network);
    let resolved = spec.resolved(network.classes).expect("the settings are in range");
    assert_eq!(resolved.build(network.input, network.classes).expect("it was built before").network, *network);
    let plan = model.plan(batch);
    for call in plan.calls() {
        call.problem.flops();
        assert!(!format!("{} {}", call.problem.stem(), call.problem).is_empty());
    }
    assert!(plan.tensors.iter().all(|tensor| tensor.slot < plan.slots));
    let names: HashSet<&str> = plan.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    assert!(model.params().iter().all(|param| names.contains(param.name.as_str())));
}
