//! δ on its way down, and the updates.

use super::{Flow, Planner};
use crate::connection::Connection;
use crate::init::{glorot_bound, uniform_magnitude};
use crate::network::Stage;
use crate::plan::{List, Role, TensorId};
use crate::problem::{Learning, Magnitudes, Problem, update_splits};
use crate::rule::{Feedback, Magnitude};

/// One way of δ down the network.
struct Pass {
    list: List,
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
        self.refresh_signs(List::Train);
        let learning = (1..=model.network.layers()).find(|layer| !model.frozen.contains(layer));
        if let Some(lowest) = learning {
            let feedback = model.rule.feedback;
            self.backward(&Pass { list: List::Train, feedback, lowest, learns: true }, flow, delta);
        }
    }

    /// δ of each hidden layer, from the top, by a kind of feedback: nothing learns.
    pub(super) fn deltas(&mut self, feedback: Feedback, flow: &Flow, delta: TensorId) -> Vec<(u32, TensorId)> {
        self.backward(&Pass { list: List::Statistics, feedback, lowest: 1, learns: false }, flow, delta)
    }

    /// Takes R's signs from W, where the rule does: before the feedback of a step, and before R is looked at.
    pub(super) fn refresh_signs(&mut self, list: List) {
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
            let (w, r) = (self.weights(Role::W(layer), &connection), self.weights(Role::R(layer), &connection));
            let problem = Problem::SignFeedback { connection, magnitudes };
            self.call(list, &format!("layer {layer} signs"), problem, &[w, r], None);
        }
    }

    fn backward(&mut self, pass: &Pass, flow: &Flow, delta: TensorId) -> Vec<(u32, TensorId)> {
        match pass.feedback {
            Feedback::Direct | Feedback::Target => self.direct(pass, flow, delta),
            _ => self.through_layers(pass, flow, delta),
        }
    }

    fn through_layers(&mut self, pass: &Pass, flow: &Flow, mut delta: TensorId) -> Vec<(u32, TensorId)> {
        let (model, batch, list) = (self.model, self.batch, pass.list);
        let stages = &model.network.stages;
        let mut hidden = Vec::new();
        // δ of a SUM, on its way past the second layer to the first.
        let mut skip: Option<TensorId> = None;
        for (at, stage) in stages.iter().enumerate().rev() {
            let (input, output) = flow.activity[at];
            // σ′ of the layer below is applied by the first stage above it that is no dropout: the shapes still agree,
            // and dropout's factor commutes with σ′.
            let below = stages[..at].iter().rposition(|stage| !matches!(stage, Stage::Drop { .. }));
            let gated = below.filter(|&below| matches!(stages[below], Stage::Weighted { .. }));
            let gate = gated.map(|_| model.slope);
            let gate_x = gated.map(|below| flow.activity[below].1);
            match *stage {
                Stage::Weighted { layer, connection, is_output } => {
                    let above = delta;
                    if !is_output {
                        hidden.push((layer, above));
                    }
                    if layer > pass.lowest {
                        let r = match pass.feedback {
                            Feedback::Transposed => Role::W(layer),
                            _ => Role::R(layer),
                        };
                        let past = skip.take();
                        let mut given = vec![self.weights(r, &connection), above];
                        given.extend(past);
                        given.extend(gate_x);
                        let problem = Problem::ConnectFeedback { connection, batch, skip: past.is_some(), gate };
                        let name = format!("layer {layer} feedback");
                        delta = self.call(list, &name, problem, &given, Some(format!("delta below {layer}")));
                    }
                    if pass.learns {
                        self.update(layer, connection, above, input);
                    }
                    if layer == pass.lowest {
                        break;
                    }
                }
                Stage::Sum { shape } => {
                    let problem = Problem::SumFeedback { units: shape.units(), batch, slope: model.slope };
                    skip = Some(delta);
                    // The stage below is the second layer: its output is the sum's input.
                    delta = self.call(list, "sum feedback", problem, &[delta, input], Some("delta summed".to_owned()));
                }
                Stage::Pool(pool) => {
                    let problem = Problem::PoolFeedback { pool, batch, gate };
                    let mut given = vec![input, output, delta];
                    given.extend(gate_x);
                    delta = self.call(list, "pool feedback", problem, &given, Some("delta pooled".to_owned()));
                }
                Stage::Drop { index, shape, probability } if list == List::Train => {
                    let problem = Problem::Dropout { units: shape.units(), batch, index, probability };
                    let name = format!("drop {index} feedback");
                    delta = self.call(list, &name, problem, &[delta], Some("delta dropped".to_owned()));
                }
                Stage::Drop { .. } => {}
            }
        }
        hidden
    }

    /// From the output's δ, or the label's, straight to each layer, right behind its σ: no pool, dropout or SUM lies
    /// between.
    fn direct(&mut self, pass: &Pass, flow: &Flow, top: TensorId) -> Vec<(u32, TensorId)> {
        let (model, batch) = (self.model, self.batch);
        let source = match pass.feedback {
            Feedback::Target => self.target(pass.list),
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
                let b = self.weights(Role::B(layer), &direct);
                let gate = Some(model.slope);
                let problem = Problem::ConnectFeedback { connection: direct, batch, skip: false, gate };
                let name = format!("layer {layer} direct feedback");
                delta = self.call(pass.list, &name, problem, &[b, source, x], Some(format!("delta{layer}")));
                hidden.push((layer, delta));
            }
            if pass.learns {
                self.update(layer, connection, delta, input);
            }
        }
        hidden
    }

    /// The label as a δ.
    fn target(&mut self, list: List) -> TensorId {
        let problem = Problem::TargetDelta { classes: self.model.network.classes, batch: self.batch };
        let labels = self.shared("labels", Role::Labels, problem.tensors()[0].1);
        self.call(list, "target delta", problem, &[labels], Some("delta target".to_owned()))
    }

    fn update(&mut self, layer: u32, connection: Connection, delta: TensorId, x: TensorId) {
        let (model, batch) = (self.model, self.batch);
        if model.frozen.contains(&layer) {
            return;
        }
        let scale = (f64::from(model.lr) / f64::from(batch)) as f32;
        let epsilon = model.rule.epsilon().filter(|_| model.has_r(layer));
        let masked = model.sparse.contains(&layer);
        let learning = Learning { scale, keep: 1.0 - model.rule.decay, epsilon, masked };
        let mut weights = vec![self.weights(Role::W(layer), &connection)];
        weights.extend(epsilon.map(|_| self.weights(Role::R(layer), &connection)));
        if masked {
            weights.push(self.weights(Role::MaskW(layer), &connection));
            weights.extend(epsilon.map(|_| self.weights(Role::MaskR(layer), &connection)));
        }
        let splits = update_splits(&connection);
        let name = format!("layer {layer} update");
        if splits == 1 {
            let problem = Problem::ConnectUpdate { connection, batch, learning };
            self.call(List::Train, &name, problem, &[&[delta, x], &weights[..]].concat(), None);
        } else {
            let problem = Problem::ConnectPartial { connection, batch, splits };
            let sums = self.call(List::Train, &name, problem, &[delta, x], Some(format!("sums {layer}")));
            let problem = Problem::ConnectApply { connection, splits, learning };
            self.call(List::Train, &format!("layer {layer} apply"), problem, &[&[sums], &weights[..]].concat(), None);
        }
    }
}
