use std::ops::ControlFlow;

use hebb_cpu::Cpu;
use hebb_engine::evaluate::evaluate;
use hebb_systems::layered::{ModelSpec, Rule};

use super::*;

const SHAPE: Shape = Shape::new(2, 6, 6);
const CLASSES: u32 = 4;

fn model(net: &str, rule: Rule) -> Model {
    ModelSpec { net: net.to_owned(), rule, ..ModelSpec::default() }.build(SHAPE, CLASSES).unwrap()
}

/// Images that differ, of every class in turn.
fn images(count: usize) -> Split {
    let bytes = (0..count * SHAPE.units() as usize).map(|at| (at * 37 % 251) as u8).collect();
    Split::new(SHAPE, bytes, (0..count).map(|at| (at % CLASSES as usize) as u16).collect()).unwrap()
}

fn probe(model: &Model, batch: u32) -> (Probe, Weights) {
    let weights = Weights::draw(&model.params(), 5);
    let mut probe = Probe::new(&Cpu::open(Some(1)).unwrap(), model, batch).unwrap();
    probe.load(&weights).unwrap();
    (probe, weights)
}

const NET: &str = "Conv 3 3x3; Conv 3 3x3; SUM; Maxpool 2; Drop .5; Full 7; Output";

#[test]
fn a_judgement_is_the_engines_own_evaluation_image_by_image() {
    let (model, records) = (model(NET, Rule::URFB), images(23));
    let (mut probe, weights) = probe(&model, 4);
    let judged = probe.judge(&records, 2..23).unwrap();
    let mut backend = Cpu::open(Some(1)).unwrap().prepare(model.plan(4), &Options::default()).unwrap();
    upload(&weights, &mut *backend).unwrap();
    let mut confusion = Confusion::new(CLASSES);
    let go_on = |_| ControlFlow::Continue(());
    let sums = evaluate(&model, &mut *backend, &records, 2..23, go_on, |range, outcome| {
        confusion.add(&records.labels()[range], outcome).unwrap();
    });
    assert_eq!((judged.sums, judged.confusion), (sums.unwrap().unwrap(), confusion));
    assert_eq!(judged.images.len(), 21);
    assert!(judged.images.iter().zip(2..).all(|(image, record)| image.record == record));
    assert!(judged.images.iter().all(|image| image.is_wrong() || image.margin() == 0.0));
    assert!(judged.images.iter().all(|image| image.margin() >= 0.0));
}

#[test]
fn the_worst_mistakes_come_first() {
    let verdict = |record, taken, highest| Verdict { record, label: 1, taken, own: 0.5, highest };
    let images = vec![verdict(0, 2, 0.6), verdict(1, 1, 0.5), verdict(2, 0, 0.9), verdict(3, 3, 0.6)];
    let judged = Judged { sums: Sums::default(), confusion: Confusion::new(4), images };
    let records = |most| judged.worst(most).iter().map(|image| image.record).collect::<Vec<_>>();
    assert_eq!((records(9), records(1)), (vec![2, 0, 3], vec![2]));
}

#[test]
fn activities_are_those_of_the_formula() {
    let (model, records) = (model(NET, Rule::URFB), images(7));
    let (mut probe, weights) = probe(&model, 3);
    let indices = [6, 0, 3, 1];
    let seen = probe.activities(&records, &indices, None).unwrap();
    let names: Vec<(&str, u32, String)> =
        seen.iter().map(|seen| (seen.name.as_str(), seen.layer, seen.shape.to_string())).collect();
    let wanted = [
        ("x0", 0, "2x6x6"),
        ("x1", 1, "3x6x6"),
        ("x2", 2, "3x6x6"),
        ("x2 summed", 2, "3x6x6"),
        ("x2 summed pooled", 2, "3x3x3"),
        ("x3", 3, "7x1x1"),
        ("x4", 4, "4x1x1"),
    ];
    assert_eq!(names, wanted.map(|(name, layer, shape)| (name, layer, shape.to_owned())));
    for seen in &seen {
        assert_eq!(seen.values.len(), seen.shape.units() as usize * indices.len(), "{}", seen.name);
    }
    let bytes = indices.iter().flat_map(|&record| records.image(record as usize));
    assert!(seen[0].values.iter().zip(bytes).all(|(&x, &byte)| (x - f32::from(byte) / 255.0).abs() < 1e-6));
    let summed = seen[1].values.iter().zip(&seen[2].values).map(|(a, b)| a + b);
    assert!(seen[3].values.iter().zip(summed).all(|(&sum, wanted)| (sum - wanted).abs() < 1e-6));
    assert_eq!(probe.outputs(&records, &indices).unwrap(), seen[6].values);
    // The output is a product with the activity before it.
    let w = weights.get("W4").unwrap();
    for (x, outputs) in seen[5].values.chunks(7).zip(seen[6].values.chunks(4)) {
        for (row, &output) in w.chunks(7).zip(outputs) {
            let wanted: f32 = row.iter().zip(x).map(|(w, x)| w * x).sum();
            assert!((output - wanted).abs() < 1e-5);
        }
    }
    let second = probe.activities(&records, &indices, Some(&[2])).unwrap();
    assert_eq!(second, seen[2..5], "some layers alone");
}

#[test]
fn deltas_are_those_that_a_step_learns_from_and_nothing_learns() {
    let net = "Conv 3 3x3; Maxpool 2; Full 7; Output";
    let rules = [Rule::BP, Rule::URFB, Rule::DFA];
    for rule in rules {
        let model = Model { lr: 1.0, ..model(net, rule) };
        let records = images(5);
        let (mut probe, weights) = probe(&model, 5);
        let all = [0, 1, 2, 3, 4];
        let deltas = probe.deltas(&records, &all).unwrap();
        let names: Vec<&str> = deltas.iter().map(|delta| delta.name.as_str()).collect();
        assert_eq!(names, ["delta1", "delta2", "delta3"]);
        assert_eq!(deltas[0].shape, Shape::new(3, 6, 6));
        assert_eq!(probe.deltas(&records, &all).unwrap(), deltas, "the second time as the first");
        let seen = probe.activities(&records, &all, None).unwrap();
        // Another backend takes the step.
        let mut backend = Cpu::open(Some(1)).unwrap().prepare(model.plan(5), &Options::default()).unwrap();
        upload(&weights, &mut *backend).unwrap();
        let (mut gathered, rates) = (Gathered::default(), model.rates(0, 5));
        records.gather(0, &all, &mut gathered);
        let step = Step { seed: 0, step: 0, images: 5, rates: &rates, inputs: &gathered.inputs() };
        backend.submit(List::TRAIN, &step, 1).unwrap();
        for (layer, input) in [(2, "x1 pooled"), (3, "x2")] {
            let name = format!("W{layer}");
            let learned = backend.read(backend.plan().find(&name).unwrap()).unwrap();
            let before = weights.get(&name).unwrap();
            let delta = &deltas[layer - 1];
            let x = seen.iter().find(|seen| seen.name == input).unwrap();
            let (outputs, inputs) = (delta.shape.units() as usize, x.shape.units() as usize);
            for at in 0..learned.len() {
                let (i, j) = (at / inputs, at % inputs);
                let products = (0..5).map(|n| delta.values[n * outputs + i] * x.values[n * inputs + j]);
                let wanted = before[at] + products.sum::<f32>() / 5.0;
                assert!((learned[at] - wanted).abs() < 1e-5, "{rule:?} {name} {at}: {} {wanted}", learned[at]);
            }
        }
        let now = backend_weights(&mut probe, &model);
        assert_eq!(now, weights, "{rule:?}");
    }
}

fn backend_weights(probe: &mut Probe, model: &Model) -> Weights {
    hebb_engine::weights::download(&model.params(), &Weights::draw(&model.params(), 5), &mut *probe.backend).unwrap()
}

#[test]
fn a_frozen_layer_that_sends_its_delta_on_shows_it_and_those_below_the_lowest_have_none() {
    let spec = ModelSpec { net: "Full 5; Full 6; Full 7; Output".to_owned(), ..ModelSpec::default() };
    let of = |freeze: &[u32]| {
        let model = ModelSpec { freeze: freeze.to_vec(), ..spec.clone() }.build(SHAPE, CLASSES).unwrap();
        let (mut probe, _) = probe(&model, 4);
        let deltas = probe.deltas(&images(4), &[0, 1, 2, 3]).unwrap();
        deltas.into_iter().map(|delta| (delta.layer, delta.values)).collect::<Vec<_>>()
    };
    let all = of(&[]);
    assert_eq!(all.iter().map(|(layer, _)| *layer).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(of(&[3]), all);
    assert_eq!(of(&[1, 2]), all[2..]);
    assert_eq!(of(&[1, 2, 3, 4]), []);
}

#[test]
fn records_that_are_not_there_and_weights_of_another_network_are_refused() {
    let model = model("Full 3; Output", Rule::URFB);
    let (mut probe, weights) = probe(&model, 2);
    let records = images(3);
    let sentence = probe.judge(&records, 1..4).unwrap_err().to_string();
    assert_eq!(sentence, "there is no record 3: the images have the numbers 0 to 2");
    assert!(probe.activities(&records, &[0, 3], None).is_err() && probe.deltas(&records, &[7]).is_err());
    assert!(probe.judge(&records, 3..3).unwrap().images.is_empty());
    assert!(probe.activities(&records, &[], None).unwrap().iter().all(|seen| seen.values.is_empty()));
    let lacking = Weights(weights.0.iter().filter(|weight| weight.name != "R2").cloned().collect());
    let sentence = probe.load(&lacking).unwrap_err().to_string();
    assert_eq!(sentence, "the weights have no R2: they are of another network");
    // Images of another shape and labels of no class come to no panic.
    let small = Split::new(Shape::new(1, 2, 2), vec![0; 8], vec![0, 1]).unwrap();
    assert!(matches!(probe.judge(&small, 0..2), Err(LabError::Device(_))));
    let odd = Split::new(SHAPE, vec![0; SHAPE.units() as usize], vec![9]).unwrap();
    assert!(matches!(probe.judge(&odd, 0..1), Err(LabError::Device(_))));
}
