//! δ on its way down, and the updates.

use hebb_spec::connection::Connection;
use hebb_spec::learning::{Learning, Magnitudes};
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;
use hebb_spec::problem::Problem;
use hebb_spec::start::{glorot_bound, uniform_magnitude};

use super::{Flow, Planner};
use crate::layered::network::Stage;
use crate::layered::rule::{Feedback, Magnitude};

/// One way of δ down the network.
struct Pass {
    /// Where δ comes from.
    feedback: Feedback,
    /// The lowest layer whose δ is wanted.
    lowest: u32,
    /// Whether layers learn as δ passes them.
    learns: bool,
}

impl Planner<'_> {
    /// Feedback from the top, each layer's update right behind the feedback through its R: by then its W and R have
    /// done their work of this step (Remark 1: a step uses W and R as they were when it began).
    pub(super) fn train(&mut self, flow: &Flow, delta: TensorId) {
        let model = self.model;
        self.refresh_signs();
        let learning = (1..=model.network.layers()).find(|layer| !model.frozen.contains(layer));
        if let Some(lowest) = learning {
            let feedback = model.rule.feedback;
            self.backward(&Pass { feedback, lowest, learns: true }, flow, delta);
        }
    }

    /// δ of each hidden layer, from the top, by a kind of feedback: nothing learns.
    pub(super) fn deltas(&mut self, feedback: Feedback, flow: &Flow, delta: TensorId) -> Vec<(u32, TensorId)> {
        self.backward(&Pass { feedback, lowest: 1, learns: false }, flow, delta)
    }

    /// Takes R's signs from W, where the rule does: before the feedback of a step, and before R is looked at.
    pub(super) fn refresh_signs(&mut self) {
        let Some(magnitude) = self.model.rule.signs() else { return };
        for (layer, connection) in (1..).zip(self.model.network.connections()) {
            if !self.model.has_r(layer) {
                continue;
            }
            let magnitudes = match magnitude {
                Magnitude::Uniform => Magnitudes::Uniform(uniform_magnitude(&connection)),
                Magnitude::Kept => Magnitudes::Kept,
                Magnitude::Drawn => Magnitudes::Drawn { bound: glorot_bound(&connection), layer },
            };
            let (w, r) = (self.weights('W', layer, &connection), self.weights('R', layer, &connection));
            let problem = Problem::SignFeedback { connection, magnitudes };
            self.builder.call(&format!("layer {layer} signs"), problem, &[(Slot::W, w), (Slot::R, r)], "");
        }
    }

    fn backward(&mut self, pass: &Pass, flow: &Flow, delta: TensorId) -> Vec<(u32, TensorId)> {
        match pass.feedback {
            Feedback::Direct | Feedback::Target => self.direct(pass, flow, delta),
            _ => self.through_layers(pass, flow, delta),
        }
    }

    fn through_layers(&mut self, pass: &Pass, flow: &Flow, mut delta: TensorId) -> Vec<(u32, TensorId)> {
        let (model, batch) = (self.model, self.builder.batch());
        let stages = &model.network.stages;
        let mut hidden = Vec::new();
        // δ of a SUM, on its way past the second layer to the first.
        let mut skip: Option<TensorId> = None;
        // The stage below each that is no dropout.
        let mut lower = None;
        let below: Vec<Option<usize>> = stages
            .iter()
            .enumerate()
            .map(|(at, stage)| if matches!(stage, Stage::Drop { .. }) { lower } else { lower.replace(at) })
            .collect();
        for (at, stage) in stages.iter().enumerate().rev() {
            let (input, output) = flow.activity[at];
            // σ′ of the layer below is applied by the first stage above it that is no dropout: the shapes still agree,
            // and dropout's factor commutes with σ′.
            let below = below[at];
            let gated = below.filter(|&below| matches!(stages[below], Stage::Weighted { .. }));
            let gate = gated.zip(model.clip()).map(|(below, slope)| (slope, flow.activity[below].1));
            match *stage {
                Stage::Weighted { layer, connection, is_output } => {
                    let above = delta;
                    if !is_output {
                        hidden.push((layer, above));
                    }
                    if layer > pass.lowest {
                        let letter = if pass.feedback == Feedback::Transposed { 'W' } else { 'R' };
                        let r = self.weights(letter, layer, &connection);
                        let (name, below) = (format!("layer {layer} feedback"), format!("delta below {layer}"));
                        delta = self.builder.back(&name, (r, above), skip.take(), gate, &below);
                    }
                    if pass.learns {
                        self.update(layer, connection, above, input);
                    }
                    if layer == pass.lowest {
                        break;
                    }
                }
                Stage::Sum { shape } => {
                    skip = Some(delta);
                    let Some(slope) = model.clip() else { continue };
                    let problem = Problem::SumFeedback { units: shape.units(), batch, slope };
                    // The stage below is the second layer: its output is the sum's input.
                    let given = [(Slot::Delta, delta), (Slot::Gate, input)];
                    delta = self.builder.call("sum feedback", problem, &given, "delta summed");
                }
                Stage::Pool(pool) => {
                    let problem = Problem::PoolFeedback { pool, batch, gate: gate.map(|(slope, _)| slope) };
                    let mut given = vec![(Slot::X, input), (Slot::Y, output), (Slot::Delta, delta)];
                    given.extend(gate.map(|(_, x)| (Slot::Gate, x)));
                    delta = self.builder.call("pool feedback", problem, &given, "delta pooled");
                }
                Stage::Drop { index, shape, probability } if pass.learns => {
                    let problem = Problem::Dropout { units: shape.units(), batch, index, probability };
                    let name = format!("drop {index} feedback");
                    delta = self.builder.call(&name, problem, &[(Slot::X, delta)], "delta dropped");
                }
                Stage::Drop { .. } => {}
            }
        }
        hidden
    }

    /// From the output's δ, or the label's, straight to each layer, right behind its σ: no pool, dropout or SUM lies
    /// between.
    fn direct(&mut self, pass: &Pass, flow: &Flow, top: TensorId) -> Vec<(u32, TensorId)> {
        let model = self.model;
        let source = match pass.feedback {
            Feedback::Target => self.target(),
            _ => top,
        };
        let mut hidden = Vec::new();
        for (at, stage) in model.network.stages.iter().enumerate().rev() {
            let Stage::Weighted { layer, connection, .. } = *stage else { continue };
            if layer < pass.lowest {
                break;
            }
            let (input, x) = flow.activity[at];
            let mut delta = top;
            if let Some(direct) = model.direct(layer) {
                let b = self.weights('B', layer, &direct);
                let name = format!("layer {layer} direct feedback");
                let gate = model.clip().map(|slope| (slope, x));
                delta = self.builder.back(&name, (b, source), None, gate, &format!("delta{layer}"));
                hidden.push((layer, delta));
            }
            if pass.learns {
                self.update(layer, connection, delta, input);
            }
        }
        hidden
    }

    /// The label as a δ.
    fn target(&mut self) -> TensorId {
        let problem = Problem::TargetDelta { classes: self.model.network.classes, batch: self.builder.batch() };
        let labels = self.labels();
        self.builder.call("target delta", problem, &[(Slot::Labels, labels)], "delta target")
    }

    fn update(&mut self, layer: u32, connection: Connection, delta: TensorId, x: TensorId) {
        let model = self.model;
        if model.frozen.contains(&layer) {
            return;
        }
        let epsilon = model.rule.epsilon().filter(|_| model.has_r(layer));
        let masked = model.sparse.contains(&layer);
        let learning = Learning { rate: self.rate, keep: 1.0 - model.rule.decay, epsilon, masked, trace: None };
        let mut into = vec![(Slot::W, self.weights('W', layer, &connection))];
        into.extend(epsilon.map(|_| (Slot::R, self.weights('R', layer, &connection))));
        if masked {
            into.push((Slot::MaskW, self.mask('W', layer, &connection)));
            into.extend(epsilon.map(|_| (Slot::MaskR, self.mask('R', layer, &connection))));
        }
        self.builder.outer(&format!("layer {layer} update"), (delta, x), learning, &into);
    }
}
