//! Two-step dynamics, section 3.4: dendrites and rates from the bottom up, the output nudged, somata from the top down, then
//! all changes.

use hebb_spec::layout::Layout;
use hebb_spec::learning::Loss;
use hebb_spec::operand::Slot;
use hebb_spec::plan::{List, Role, TensorId};
use hebb_spec::problem::Problem;
use hebb_spec::transfer::{Nudge, TransferFunction};

use super::super::{Microcircuit, Source};
use super::{Change, IMAGES, LABELS, LOSS_SUMS, OUTPUT, PREDICTIONS, Planner};

/// The rates of an output that is the label's and of one that is not.
const CLASS: f64 = 0.8;
const ELSEWHERE: f64 = 0.1;

/// From the bottom up.
struct Up {
    /// r_0 … r_{N−1}, each with a last unit of 1; those before anything is nudged.
    r: Vec<TensorId>,
    /// v_B,1 … v_B,N.
    vb: Vec<TensorId>,
    /// φ(v_B,N).
    output: TensorId,
}

/// A population that was nudged: its potential, its rate, and what is left of its own forecast.
#[derive(Clone, Copy)]
struct Nudged {
    u: TensorId,
    rate: TensorId,
    error: TensorId,
}

/// A hidden layer on the way down.
#[derive(Clone, Copy)]
struct Hidden {
    /// u_I.
    inter: Nudged,
    /// u_k.
    soma: Nudged,
    /// R_{k+1}ᵀ φ(u_{k+1}) alone.
    vtd: TensorId,
    /// v_A,k.
    va: TensorId,
}

/// φ⁻¹.
fn potential(transfer: TransferFunction, rate: f64) -> f64 {
    match transfer {
        TransferFunction::Identity => rate,
        TransferFunction::Logistic => (rate / (1.0 - rate)).ln(),
        TransferFunction::Softplus { gamma, beta, theta } => {
            let [gamma, beta, theta] = [gamma, beta, theta].map(f64::from);
            theta + (rate / gamma).exp_m1().ln() / beta
        }
    }
}

impl Microcircuit {
    /// The potentials that a label asks for: of its class, and of all others.
    pub fn label_potentials(&self) -> [f64; 2] {
        [CLASS, ELSEWHERE].map(|rate| potential(self.transfer, rate))
    }
}

impl Planner<'_> {
    pub(super) fn two_step(&mut self) {
        self.builder.list(List::TRAIN);
        let up = self.up_pass();
        self.judge(&up);
        let output = self.taught_output(&up);
        let changes = if self.circuit.has_circuit() { self.of_circuit(&up, output) } else { self.of_bp(&up, output) };
        self.learn(&changes);
        self.builder.list(List::EVALUATE);
        let up = self.up_pass();
        self.judge(&up);
        if self.circuit.has_circuit() && !self.circuit.hidden().is_empty() {
            self.builder.list(List::STATISTICS);
            self.silence();
        }
    }

    /// r_0, with its unit of 1.
    fn bottom(&mut self) -> TensorId {
        let (units, batch) = (self.circuit.units(0), self.builder.batch());
        let x = match self.circuit.source {
            Source::Images { shape, .. } => {
                let images = self.builder.shared(Role::Input, IMAGES, Layout::Images { shape, batch });
                let gather = Problem::GatherImages { shape, batch };
                self.builder.call("gather images", gather, &[(Slot::Images, images)], "x")
            }
            Source::Vectors | Source::Pairs => self.given_x(),
        };
        let r0 = self.output(Role::Scratch, "r0", units + 1);
        self.rate("input rates", x, (TransferFunction::Identity, units, true), r0);
        r0
    }

    /// Dendrites and rates as without apical dendrites, (3).
    fn up_pass(&mut self) -> Up {
        let (circuit, phi) = (self.circuit, self.transfer());
        let top = circuit.layers();
        let mut up = Up { r: vec![self.bottom()], vb: Vec::new(), output: TensorId(0) };
        for layer in 1..=top {
            let (w, below, units) = (self.up(layer), up.r[layer as usize - 1], circuit.units(layer));
            let vb = self.builder.forward(&format!("layer {layer} basal"), w, below, None, &format!("vB{layer}"));
            up.vb.push(vb);
            let (name, is_top) = (format!("layer {layer} rates"), layer == top);
            let y = match is_top {
                true if self.circuit.source == Source::Pairs => self.output(Role::Readout, OUTPUT, units),
                true => self.output(Role::Scratch, OUTPUT, units),
                false => self.output(Role::Scratch, &format!("r{layer}"), units + 1),
            };
            self.rate(&name, vb, (phi, units, !is_top), y);
            if is_top {
                up.output = y;
            } else {
                up.r.push(y);
            }
        }
        up
    }

    fn labels(&mut self) -> TensorId {
        let batch = self.builder.batch();
        self.builder.shared(Role::Input, LABELS, Layout::Labels { batch })
    }

    /// Loss and errors of the output as it is without a teacher; of vectors the rates beside those wanted.
    fn judge(&mut self, up: &Up) {
        if let Source::Images { classes, .. } = self.circuit.source {
            let batch = self.builder.batch();
            let labels = self.labels();
            let taken = Layout::Activity { units: 1, batch };
            let predictions = self.builder.shared(Role::Readout, PREDICTIONS, taken);
            let sums = self.builder.shared(Role::Readout, LOSS_SUMS, Layout::Flat(Problem::LOSS_SUMS));
            let problem = Problem::Loss { classes, batch, loss: Loss::Quadratic, mu: 1.0 };
            let ends = [(Slot::X, up.output), (Slot::Labels, labels)];
            let given = [&ends[..], &[(Slot::Predictions, predictions), (Slot::Sums, sums)]].concat();
            self.builder.call("loss", problem, &given, "delta of the loss");
        }
        self.wanted();
    }

    /// U = keep · V + pull · Target + rest, φ(U) and φ(U) − φ(scale · V).
    fn nudge(&mut self, name: &str, (v, target): (TensorId, TensorId), units: u32, nudge: Nudge) -> Nudged {
        let mut made = |of: &str| self.output(Role::Scratch, &format!("{name}'s {of}"), units);
        let (u, rate, error) = (made("potential"), made("rate"), made("error"));
        let problem = Problem::Nudge { units, batch: self.builder.batch(), nudge };
        let ends = [(Slot::V, v), (Slot::Target, target)];
        let given = [&ends[..], &[(Slot::U, u), (Slot::Y, rate), (Slot::Delta, error)]].concat();
        self.builder.call(name, problem, &given, "");
        Nudged { u, rate, error }
    }

    /// The output with its teacher, u_N = (1 − λ_N) v_B,N + λ_N u_trgt, and e_N, equation (27).
    fn taught_output(&mut self, up: &Up) -> Nudged {
        let (circuit, transfer) = (self.circuit, self.transfer());
        let (top, lambda) = (circuit.layers(), circuit.lambda(circuit.layers()));
        let keep = (1.0 - lambda) as f32;
        let (target, pull, rest) = match circuit.source {
            Source::Images { classes, .. } => {
                let labels = self.labels();
                let problem = Problem::TargetDelta { classes, batch: self.builder.batch() };
                let target = self.builder.call("target", problem, &[(Slot::Labels, labels)], "target of labels");
                // −1 at the label's class, 0 elsewhere.
                let [high, low] = circuit.label_potentials();
                (target, -lambda * (high - low), lambda * low)
            }
            Source::Vectors | Source::Pairs => (self.given_target(), lambda, 0.0),
        };
        let nudge = Nudge { transfer, keep, pull: pull as f32, rest: rest as f32, scale: 1.0 };
        let vb = up.vb[top as usize - 1];
        self.nudge(&format!("layer {top} soma"), (vb, target), circuit.units(top), nudge)
    }

    /// The hidden layers from the top down, each nudged by what the layer above has come to: interneurons, apical
    /// dendrites, somata.
    fn down_pass(&mut self, up: &Up, above: (TensorId, TensorId), role: Role) -> Vec<Hidden> {
        let (circuit, transfer) = (self.circuit, self.transfer());
        let (mut u, mut rate) = above;
        let mut hidden = Vec::new();
        for layer in circuit.hidden().rev() {
            let (ip, of, vb) = (self.ip(layer), up.r[layer as usize], up.vb[layer as usize - 1]);
            let name = format!("layer {layer} interneurons' dendrites");
            let vi = self.builder.forward(&name, ip, of, None, &format!("vI{layer}"));
            let lambda = f64::from(circuit.lambda_inter);
            let convex = |lambda: f64, scale: f32| {
                let (keep, pull) = ((1.0 - lambda) as f32, lambda as f32);
                Nudge { transfer, keep, pull, rest: 0.0, scale }
            };
            let units = circuit.units(layer + 1);
            let inter = self.nudge(&format!("layer {layer} interneurons"), (vi, u), units, convex(lambda, 1.0));
            let (vtd, va) = self.apical(layer, (rate, inter.rate), role);
            let lambda = circuit.lambda(layer);
            let nudge = convex(lambda, (1.0 - lambda) as f32);
            let soma = self.nudge(&format!("layer {layer} soma"), (vb, va), circuit.units(layer), nudge);
            hidden.push(Hidden { inter, soma, vtd, va });
            (u, rate) = (soma.u, soma.rate);
        }
        hidden.reverse();
        hidden
    }

    /// What learns from what, equations (7) to (10).
    fn of_circuit(&mut self, up: &Up, output: Nudged) -> Vec<Change> {
        let circuit = self.circuit;
        let hidden = self.down_pass(up, (output.u, output.rate), Role::Scratch);
        let e: Vec<TensorId> = hidden.iter().map(|layer| layer.soma.error).chain([output.error]).collect();
        let mut changes = self.changes_up(up, &e);
        for layer in circuit.hidden() {
            let (at, above) = (layer as usize - 1, layer as usize + 1);
            let Hidden { inter, soma, vtd, va } = hidden[at];
            if let Some(rate) = self.rates.ip[at] {
                let (name, connection) = (format!("IP{layer}"), circuit.up(layer + 1));
                changes.push(Change { name, connection, rate, delta: inter.error, x: up.r[layer as usize] });
            }
            if let Some(rate) = self.rates.pi[at] {
                let (name, connection) = (format!("PI{layer}"), circuit.down(layer + 1));
                changes.push(Change { name, connection, rate, delta: inter.rate, x: va });
            }
            if let Some(rate) = self.rates.down[above - 1] {
                let what = format!("layer {layer} top-down error");
                let x = self.error(&what, (soma.rate, vtd), circuit.units(layer), 1.0);
                let delta = hidden.get(at + 1).map_or(output.rate, |above| above.soma.rate);
                let (name, connection) = (format!("R{above}"), circuit.down(layer + 1));
                changes.push(Change { name, connection, rate, delta, x });
            }
        }
        changes
    }

    /// W from errors and the rates before anything was nudged, (7) and (26).
    fn changes_up(&mut self, up: &Up, e: &[TensorId]) -> Vec<Change> {
        let circuit = self.circuit;
        let of = |(at, &delta): (usize, &TensorId)| {
            let layer = at as u32 + 1;
            let (name, connection) = (format!("W{layer}"), circuit.up(layer));
            self.rates.up[at].map(|rate| Change { name, connection, rate, delta, x: up.r[at] })
        };
        e.iter().enumerate().filter_map(of).collect()
    }

    /// e_k = φ′(v_B,k) ∘ W_{k+1}ᵀ e_{k+1}, (27).
    fn of_bp(&mut self, up: &Up, output: Nudged) -> Vec<Change> {
        let (circuit, transfer, batch) = (self.circuit, self.transfer(), self.builder.batch());
        let mut e = vec![output.error];
        for layer in circuit.hidden().rev() {
            let (w, above, units) = (self.up(layer + 1), e[e.len() - 1], circuit.units(layer));
            let sent =
                self.builder.back(&format!("layer {layer} feedback"), (w, above), None, None, &format!("sent {layer}"));
            let problem = Problem::TransferFeedback { units, batch, transfer, one: true };
            let given = [(Slot::Delta, sent), (Slot::Gate, up.r[layer as usize])];
            e.push(self.builder.call(&format!("layer {layer} error"), problem, &given, &format!("e{layer}")));
        }
        e.reverse();
        self.changes_up(up, &e)
    }

    /// Apical potentials without a teacher: the output is as its dendrite has it.
    fn silence(&mut self) {
        let up = self.up_pass();
        let vb = up.vb[up.vb.len() - 1];
        self.down_pass(&up, (vb, up.output), Role::Readout);
    }
}
