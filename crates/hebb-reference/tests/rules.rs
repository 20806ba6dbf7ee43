//! What the rules promise, on whole training steps: URFB's invariants, and that a network learns.

use hebb_reference::Twins;
use hebb_reference::sample::batch_of;
use hebb_spec::Shape;
use hebb_spec::backend::{Backend, Numbers, Options, Outcome, Runtime, Step};
use hebb_spec::learning::Loss;
use hebb_spec::param::Weights;
use hebb_spec::plan::List;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::system::System;
use hebb_systems::layered::{Model, Network, Preset, RStart, Rule};

const INPUT: Shape = Shape::new(2, 7, 6);
const CLASSES: u32 = 4;

struct Run {
    model: Model,
    backend: Box<dyn Backend>,
}

impl Run {
    /// A network with Glorot's W and R; `equal` starts R as W.
    fn new(text: &str, input: Shape, rule: Rule, batch: u32, equal: bool) -> Self {
        let network = Network::new(text, input, CLASSES, Preset::AsRun).expect("the notation is right");
        let r_start = if equal { RStart::Equal } else { RStart::Independent };
        let model = Model { r_start, ..Model::new(network, rule, Loss::Hinge, Preset::AsRun) };
        let mut backend = Twins.prepare(model.plan(batch), &Options::default()).expect("the twins take any plan");
        for weight in Weights::draw(&model.params(), 5).0 {
            let id = backend.plan().find(&weight.name).expect("the plan has all parameters");
            backend.write(id, &weight.values).expect("they fit");
        }
        Self { model, backend }
    }

    fn layers(&self) -> u32 {
        self.model.network.layers()
    }

    /// Weights `W` or `R` of a layer.
    fn weights(&mut self, letter: char, layer: u32) -> Vec<f32> {
        let id = self.backend.plan().find(&format!("{letter}{layer}")).expect("the plan has it");
        self.backend.read(id).expect("it can be read")
    }

    fn submit(&mut self, list: List, (pixels, labels): &(Vec<u8>, Vec<u16>), step: u32, seed: u64) {
        let inputs = [("images", Numbers::Bytes(pixels)), ("labels", Numbers::Classes(labels))];
        let rates = self.model.rates(step, self.backend.plan().batch);
        let step = Step { seed, step, images: labels.len() as u32, rates: &rates, inputs: &inputs };
        self.backend.submit(list, &step, 1).expect("it fits");
    }

    fn step(&mut self, step: u32) {
        self.submit(List::TRAIN, &batch_of(INPUT, CLASSES, 5, step), step, 3);
    }

    fn outcomes(&mut self) -> Vec<Outcome> {
        self.backend.collect(0).expect("outcomes")
    }
}

const NET: &str = "Conv 5 3x3; Maxpool 3; Drop .3; Conv 6 2x2; Maxpool 2; Full 9; Output";

#[test]
fn urfb_from_equal_weights_is_back_propagation_bit_for_bit() {
    let mut bp = Run::new(NET, INPUT, Rule::BP, 5, false);
    let mut urfb = Run::new(NET, INPUT, Rule::URFB, 5, true);
    let start = bp.weights('W', 1);
    for step in 0..6 {
        bp.step(step);
        urfb.step(step);
        for layer in 1..=bp.layers() {
            let w = urfb.weights('W', layer);
            assert!(w == bp.weights('W', layer), "layer {layer}, step {step}");
            assert!(layer == 1 || w == urfb.weights('R', layer), "layer {layer}, step {step}");
        }
    }
    assert_ne!(start, bp.weights('W', 1));
}

#[test]
fn other_feedback_is_not_back_propagation() {
    let mut bp = Run::new(NET, INPUT, Rule::BP, 5, false);
    let mut urfb = Run::new(NET, INPUT, Rule::URFB, 5, false);
    bp.step(0);
    urfb.step(0);
    assert_ne!(bp.weights('W', 1), urfb.weights('W', 1));
    assert_eq!(bp.weights('W', bp.layers()), urfb.weights('W', bp.layers()), "no feedback above the top");
}

#[test]
fn under_urfb_w_minus_r_stays() {
    let mut run = Run::new(NET, INPUT, Rule::URFB, 5, false);
    let difference = |run: &mut Run, layer| -> Vec<(f64, f64)> {
        let (w, r) = (run.weights('W', layer), run.weights('R', layer));
        let pair = |(&w, &r): (&f32, &f32)| (f64::from(w) - f64::from(r), f64::from(w.abs().max(r.abs())));
        w.iter().zip(&r).map(pair).collect()
    };
    let start: Vec<_> = (2..=run.layers()).map(|layer| difference(&mut run, layer)).collect();
    let mut largest: Vec<Vec<f64>> = start.iter().map(|layer| layer.iter().map(|pair| pair.1).collect()).collect();
    for step in 0..12 {
        run.step(step);
        for layer in 2..=run.layers() {
            let at = layer as usize - 2;
            for (index, (now, size)) in difference(&mut run, layer).into_iter().enumerate() {
                largest[at][index] = largest[at][index].max(size);
                let drift = f64::from(step + 1) * f64::from(f32::EPSILON) * largest[at][index];
                let moved = (now - start[at][index].0).abs();
                assert!(moved <= drift, "layer {layer}, weight {index}: {moved} beyond {drift}");
            }
        }
    }
}

#[test]
fn frfb_keeps_r() {
    let mut run = Run::new(NET, INPUT, Rule::FRFB, 5, false);
    let (w, r) = (run.weights('W', 3), run.weights('R', 3));
    (0..3).for_each(|step| run.step(step));
    assert_eq!(r, run.weights('R', 3));
    assert_ne!(w, run.weights('W', 3));
}

/// Images whose class is the quarter that is bright, with noise.
fn quarters(images: u32, seed: u32) -> (Vec<u8>, Vec<u16>) {
    let stream = Stream::new(u64::from(seed), Purpose::Test, 3, 3);
    let labels: Vec<u16> = (0..u64::from(images)).map(|image| stream.below(image, 4) as u16).collect();
    let mut pixels = Vec::new();
    for (image, &label) in labels.iter().enumerate() {
        for pixel in 0..36_u64 {
            let quarter = (pixel / 6 / 3 * 2 + pixel % 6 / 3) as u16;
            let noise = stream.below(1000 + 36 * image as u64 + pixel, 100) as u8;
            pixels.push(if quarter == label { 150 + noise } else { noise });
        }
    }
    (pixels, labels)
}

#[test]
fn every_rule_learns_which_quarter_is_bright() {
    for rule in Rule::ALL.into_iter().chain([Rule::urfb(0.5)]) {
        let mut run = Run::new("Conv 4 3x3; Maxpool 2; Full 16; Output", Shape::new(1, 6, 6), rule, 20, false);
        for step in 0..300 {
            run.submit(List::TRAIN, &quarters(20, step), step, 1);
        }
        let trained = run.outcomes();
        run.submit(List::EVALUATE, &quarters(20, 100_000), 300, 1);
        let outcome = &run.outcomes()[0];
        assert_eq!(trained.len(), 300);
        let [first, last] = [&trained[0], outcome].map(|outcome| outcome.get("loss sums").expect("a loss"));
        assert!(last[1] <= 1.0, "{rule:?}: {outcome:?}");
        assert!(last[0] < 0.25 * first[0], "{rule:?}: {} at first, then {outcome:?}", first[0]);
    }
}
