//! Back-propagation through every kind of layer and both losses is the gradient: in f64, the change of W by one step
//! agrees with central differences of the loss.

use hebb_reference::TwinMemory;
use hebb_reference::sample::batch_of;
use hebb_spec::Shape;
use hebb_spec::backend::{Numbers, Step};
use hebb_spec::connection::Connection;
use hebb_spec::lane4::{LANE, Lane4};
use hebb_spec::learning::Loss;
use hebb_spec::plan::{List, Plan, TensorId};
use hebb_spec::problem::Problem;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::start::glorot;
use hebb_spec::system::System;
use hebb_systems::layered::{Model, Network, Preset, Rule};

const INPUT: Shape = Shape::new(2, 7, 6);
const CLASSES: u32 = 4;
const BATCH: u32 = 5;
const SAMPLES: u64 = 40;

struct Trial {
    plan: Plan,
    store: TwinMemory<f64>,
    layers: Vec<(TensorId, Connection)>,
    /// η over the batch.
    rate: f64,
}

impl Trial {
    /// A network with random weights, `gain` times Glorot's (so that some units saturate), and a loaded batch.
    fn new(text: &str, loss: Loss, preset: Preset, images: u32, gain: f64) -> Self {
        let network = Network::new(text, INPUT, CLASSES, preset).expect("the notation is right");
        let model = Model::new(network, Rule::BP, loss, preset);
        let plan = model.plan(BATCH);
        let mut store = TwinMemory::new(&plan);
        let mut layers = Vec::new();
        for (layer, connection) in (1..).zip(model.network.connections()) {
            let id = plan.find(&format!("W{layer}")).expect("every layer has weights");
            store.write(id, &glorot(&connection, 8, Purpose::InitW, layer));
            store.floats_mut(id).expect("weights").iter_mut().for_each(|weight| *weight *= gain);
            layers.push((id, connection));
        }
        let (pixels, labels) = batch_of(INPUT, CLASSES, images, 1);
        let inputs = [("images", Numbers::Bytes(&pixels)), ("labels", Numbers::Classes(&labels))];
        let rates = model.rates(6, BATCH);
        let step = Step { seed: 2, step: 6, images, rates: &rates, inputs: &inputs };
        store.load(&plan, &step).expect("the batch fits");
        Self { plan, store, layers, rate: f64::from(rates[0]) }
    }

    /// Sum of the losses with one weight moved: the train list up to the loss, with this step's dropout masks.
    fn loss(&self, id: TensorId, index: usize, by: f64) -> f64 {
        let mut store = self.store.clone();
        store.floats_mut(id).expect("weights")[index] += by;
        for call in self.plan.list(List::TRAIN) {
            store.call(call).expect("the plan fits");
            if matches!(call.problem, Problem::Loss { .. }) {
                break;
            }
        }
        let sums = self.plan.find("loss sums").expect("a loss");
        store.floats(sums).expect("sums")[0]
    }

    fn difference(&self, id: TensorId, index: usize, step: f64) -> f64 {
        (self.loss(id, index, step) - self.loss(id, index, -step)) / (2.0 * step)
    }

    /// Checks sampled weights of each layer; a layer's share of coordinates that could be checked is at least 0.9.
    fn check(&self, what: &str) {
        let mut after = self.store.clone();
        for call in self.plan.list(List::TRAIN) {
            after.call(call).expect("the plan fits");
        }
        for (layer, &(id, connection)) in self.layers.iter().enumerate() {
            let (was, is) = (self.store.floats(id).expect("weights"), after.floats(id).expect("weights"));
            let stream = Stream::new(layer as u64, Purpose::Test, 7, 0);
            let row = connection.out_vectors() * LANE;
            let (mut smooth, mut moved) = (0, 0);
            for sample in 0..SAMPLES {
                let tap = stream.below(2 * sample, connection.filters() * connection.taps());
                let index = (tap * row + stream.below(2 * sample + 1, connection.output.channels)) as usize;
                let descent = (is[index] - was[index]) / self.rate;
                let (wide, narrow) = (self.difference(id, index, 2e-6), self.difference(id, index, 1e-6));
                let size = 1.0 + narrow.abs();
                // A kink within the step makes the two differ.
                if (wide - narrow).abs() > 1e-6 * size {
                    continue;
                }
                smooth += 1;
                moved += u32::from(descent != 0.0);
                let error = (descent + narrow).abs();
                assert!(error <= 1e-6 * size, "{what}: layer {}, weight {index}: {descent} {narrow}", layer + 1);
            }
            assert!(10 * smooth >= 9 * SAMPLES, "{what}: layer {}: only {smooth} smooth", layer + 1);
            // Few places of an untied layer win a pool's window.
            let share = if connection.untied { 10 } else { 4 };
            assert!(share * u64::from(moved) >= SAMPLES, "{what}: layer {}: only {moved} change at all", layer + 1);
        }
    }
}

fn check(text: &str) {
    check_presets(text, &[Preset::AsRun, Preset::Paper]);
}

fn check_presets(text: &str, presets: &[Preset]) {
    for &preset in presets {
        for loss in [Loss::Hinge, Loss::Softmax] {
            for (images, gain) in [(BATCH, 1.0), (3, 1.0), (BATCH, 2.0)] {
                Trial::new(text, loss, preset, images, gain)
                    .check(&format!("{text}, {preset}, {loss}, {images} images, gain {gain}"));
            }
        }
    }
}

#[test]
fn every_kind_of_layer_together() {
    check("Conv 3 3x3; Maxpool 3; Drop .3; Conv 2 2x2; Maxpool 2; Full 5; Output");
}

#[test]
fn convolutions_odd_and_even() {
    check("Conv 3 3x3; Conv 2 2x4; Conv 3 1x2; Output");
}

#[test]
fn untied_layers() {
    check("Local 3 3x3; Maxpool 3; Local 2 2x2; Full 5; Output");
}

#[test]
fn sums_of_two_layers() {
    check("Conv 3 3x3; Conv 3 2x2; SUM; Conv 4 2x2; Local 4 3x3; SUM; Output");
    check("Local 3 3x3; Conv 3 3x3; SUM; Drop .3; Maxpool 3; Conv 3 2x2; Conv 3 3x3; SUM; Maxpool 2; Drop .5; Output");
}

#[test]
fn full_layers_and_dropout() {
    check("Full 6; Drop .3; Full 5; Drop .5; Output");
}

#[test]
fn pools_of_every_stride() {
    check("Conv 3 3x3; Maxpool 3, stride 3; Conv 4 2x2; Maxpool 3, stride 1; Output");
}

#[test]
fn pools_upon_pools() {
    // Two windows of the lower pool may have one pixel as their maximum: an exact tie above, at which `as-run` gives δ to
    // both, twice the gradient. `paper` gives it to one.
    check_presets("Conv 3 3x3; Maxpool 3; Maxpool 2; Full 5; Output", &[Preset::Paper]);
}

#[test]
fn a_pool_above_a_dropout() {
    check("Conv 3 3x3; Drop .3; Maxpool 2; Full 5; Output");
}
