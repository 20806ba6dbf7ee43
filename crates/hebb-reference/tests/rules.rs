//! What the rules promise, on whole training steps: URFB's invariants, and that a network learns.

use hebb_reference::Reference;
use hebb_reference::sample::batch_of;
use hebb_spec::Shape;
use hebb_spec::backend::{Backend, Batch};
use hebb_spec::init::glorot;
use hebb_spec::network::Network;
use hebb_spec::plan::{List, Model, Plan, Role};
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::rule::{Loss, Preset, Rule};

const INPUT: Shape = Shape::new(2, 7, 6);
const CLASSES: u32 = 4;

struct Run {
    reference: Reference,
    layers: u32,
}

impl Run {
    /// A network with Glorot's W and R; `equal` starts R as W.
    fn new(text: &str, input: Shape, rule: Rule, batch: u32, equal: bool) -> Self {
        let network = Network::new(text, input, CLASSES, Preset::AsRun).expect("the notation is right");
        let model = Model::new(network, rule, Loss::Hinge, Preset::AsRun);
        let mut reference = Reference::new(Plan::new(&model, batch));
        let mut layers = 0;
        for (layer, connection) in (1..).zip(model.network.connections()) {
            let r = if equal { Purpose::InitW } else { Purpose::InitR };
            for (role, purpose) in [(Role::W(layer), Purpose::InitW), (Role::R(layer), r)] {
                if let Some(id) = reference.plan().find(role) {
                    let weights = connection.to_device(&glorot(&connection, 5, purpose, layer));
                    reference.write(id, &weights).expect("they fit");
                }
            }
            if let (Some(id), Some(direct)) = (reference.plan().find(Role::B(layer)), model.direct(layer)) {
                let b = direct.to_device(&glorot(&direct, 5, Purpose::InitB, layer));
                reference.write(id, &b).expect("they fit");
            }
            layers = layer;
        }
        Self { reference, layers }
    }

    fn read(&mut self, role: Role) -> Vec<f32> {
        let id = self.reference.plan().find(role).expect("the plan has it");
        self.reference.read(id).expect("floats")
    }

    fn step(&mut self, step: u32) {
        let (images, labels) = batch_of(INPUT, CLASSES, 5, step);
        self.reference
            .submit(List::Train, &Batch { images: &images, labels: &labels, step, seed: 3 })
            .expect("it fits");
    }
}

const NET: &str = "Conv 5 3x3; Maxpool 3; Drop .3; Conv 6 2x2; Maxpool 2; Full 9; Output";

#[test]
fn urfb_from_equal_weights_is_back_propagation_bit_for_bit() {
    let mut bp = Run::new(NET, INPUT, Rule::BP, 5, false);
    let mut urfb = Run::new(NET, INPUT, Rule::URFB, 5, true);
    let start = bp.read(Role::W(1));
    for step in 0..6 {
        bp.step(step);
        urfb.step(step);
        for layer in 1..=bp.layers {
            let w = urfb.read(Role::W(layer));
            assert!(w == bp.read(Role::W(layer)), "layer {layer}, step {step}");
            assert!(layer == 1 || w == urfb.read(Role::R(layer)), "layer {layer}, step {step}");
        }
    }
    assert_ne!(start, bp.read(Role::W(1)));
}

#[test]
fn other_feedback_is_not_back_propagation() {
    let mut bp = Run::new(NET, INPUT, Rule::BP, 5, false);
    let mut urfb = Run::new(NET, INPUT, Rule::URFB, 5, false);
    bp.step(0);
    urfb.step(0);
    assert_ne!(bp.read(Role::W(1)), urfb.read(Role::W(1)));
    assert_eq!(bp.read(Role::W(bp.layers)), urfb.read(Role::W(bp.layers)), "no feedback above the top");
}

#[test]
fn under_urfb_w_minus_r_stays() {
    let mut run = Run::new(NET, INPUT, Rule::URFB, 5, false);
    let difference = |run: &mut Run, layer| -> Vec<(f64, f64)> {
        let (w, r) = (run.read(Role::W(layer)), run.read(Role::R(layer)));
        let pair = |(&w, &r): (&f32, &f32)| (f64::from(w) - f64::from(r), f64::from(w.abs().max(r.abs())));
        w.iter().zip(&r).map(pair).collect()
    };
    let start: Vec<_> = (2..=run.layers).map(|layer| difference(&mut run, layer)).collect();
    let mut largest: Vec<Vec<f64>> = start.iter().map(|layer| layer.iter().map(|pair| pair.1).collect()).collect();
    for step in 0..12 {
        run.step(step);
        for layer in 2..=run.layers {
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
    let (w, r) = (run.read(Role::W(3)), run.read(Role::R(3)));
    (0..3).for_each(|step| run.step(step));
    assert_eq!(r, run.read(Role::R(3)));
    assert_ne!(w, run.read(Role::W(3)));
}

/// Pictures whose class is the quarter that is bright, with noise.
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
            let (images, labels) = quarters(20, step);
            let batch = Batch { images: &images, labels: &labels, step, seed: 1 };
            run.reference.submit(List::Train, &batch).expect("it fits");
        }
        let trained = run.reference.collect(0).expect("outcomes");
        let (images, labels) = quarters(20, 100_000);
        let batch = Batch { images: &images, labels: &labels, step: 300, seed: 1 };
        run.reference.submit(List::Evaluate, &batch).expect("it fits");
        let outcome = run.reference.collect(0).expect("outcomes")[0];
        assert_eq!(trained.len(), 300);
        assert!(outcome.errors <= 1, "{rule:?}: {outcome:?}");
        assert!(outcome.loss < 0.25 * trained[0].loss, "{rule:?}: {} at first, then {outcome:?}", trained[0].loss);
    }
}
