//! Builds the plan of a network of microcircuits: what both dynamics have.

mod continuous;
mod two_step;

use hebb_spec::builder::Builder;
use hebb_spec::connection::Connection;
use hebb_spec::layout::Layout;
use hebb_spec::learning::{Learning, Rate};
use hebb_spec::operand::Slot;
use hebb_spec::plan::{Plan, Role, TensorId};
use hebb_spec::problem::Problem;
use hebb_spec::transfer::TransferFunction;

use super::{Dynamics, Microcircuit, Source};

pub(super) use continuous::followers;

/// The input of vectors.
const X: &str = "x";
/// The potentials that the output should have.
const TARGET: &str = "target";
/// Images as bytes.
const IMAGES: &str = "images";
/// Their classes.
const LABELS: &str = "labels";
/// The readout of loss and errors.
pub(super) const LOSS_SUMS: &str = "loss sums";
/// The readout of the class that each image was taken for.
const PREDICTIONS: &str = "predictions";
/// The readout of the output's rates.
pub(super) const OUTPUT: &str = "output";
/// The readout of the rates that it should have.
pub(super) const WANTED: &str = "wanted";

/// The readout of the apical potentials of a hidden layer.
pub(super) fn apical(layer: u32) -> String {
    format!("apical {layer}")
}

/// The rates of what learns, in the order of [`Microcircuit::finished`]; none of what is fixed. W's and R's stand at their
/// layer less one, IP's and PI's at their hidden layer less one.
struct Rates {
    up: Vec<Option<Rate>>,
    ip: Vec<Option<Rate>>,
    pi: Vec<Option<Rate>>,
    down: Vec<Option<Rate>>,
}

/// Something that learns from ⟨δ xᵀ⟩.
struct Change {
    /// The weights' name.
    name: String,
    connection: Connection,
    rate: Rate,
    delta: TensorId,
    x: TensorId,
}

/// Builds the lists of a plan.
struct Planner<'a> {
    circuit: &'a Microcircuit,
    builder: Builder,
    rates: Rates,
}

/// Plans a network at a batch.
pub(super) fn plan(circuit: &Microcircuit, batch: u32) -> Plan {
    let mut builder = Builder::new(batch);
    let mut of = |rates: Vec<f64>| rates.iter().map(|&rate| (rate != 0.0).then(|| builder.rate())).collect();
    let [up, ip, pi, down] = circuit.all_rates();
    let rates = Rates { up: of(up), ip: of(ip), pi: of(pi), down: of(down) };
    let mut planner = Planner { circuit, builder, rates };
    match circuit.dynamics {
        Dynamics::Continuous => planner.continuous(),
        Dynamics::TwoStep => planner.two_step(),
    }
    for param in circuit.all_params() {
        let role = if param.kind == hebb_spec::param::Kind::State { Role::State } else { Role::Param };
        planner.builder.shared(role, &param.name, param.layout);
    }
    planner.builder.finish()
}

impl Microcircuit {
    /// η of W, IP, PI and R, layer by layer; 0 where there is none.
    fn all_rates(&self) -> [Vec<f64>; 4] {
        let hidden = || self.hidden().filter(|_| self.has_circuit());
        [
            (1..=self.layers()).map(|layer| self.rate_up(layer)).collect(),
            hidden().map(|layer| self.rate_ip(layer)).collect(),
            hidden().map(|layer| self.rate_pi(layer)).collect(),
            (1..=self.layers())
                .map(|layer| if layer > 1 && self.has_circuit() { self.rate_down(layer) } else { 0.0 })
                .collect(),
        ]
    }

    /// A step's rates, finished: over the batch, and of (9), which goes down where the apical potential is above rest,
    /// negative.
    pub(super) fn finished(&self, batch: u32) -> Vec<f32> {
        let factor = match self.dynamics {
            Dynamics::Continuous => self.of_trace(),
            Dynamics::TwoStep => 1.0,
        };
        let over = |rate: f64| (rate * factor / f64::from(batch)) as f32;
        let [up, ip, pi, down] = self.all_rates();
        let down_hill = pi.into_iter().map(|rate| -rate);
        up.into_iter().chain(ip).chain(down_hill).chain(down).filter(|rate| *rate != 0.0).map(over).collect()
    }
}

impl Planner<'_> {
    fn transfer(&self) -> TransferFunction {
        self.circuit.transfer
    }

    fn activity(&self, units: u32) -> Layout {
        Layout::Activity { units, batch: self.builder.batch() }
    }

    /// A tensor for a call to write: a readout of its name, or scratch.
    fn output(&mut self, role: Role, name: &str, units: u32) -> TensorId {
        let layout = self.activity(units);
        match role {
            Role::Scratch => self.builder.scratch(name, layout),
            role => self.builder.shared(role, name, layout),
        }
    }

    fn weights(&mut self, name: &str, connection: Connection) -> TensorId {
        self.builder.shared(Role::Param, name, Layout::Weights(connection))
    }

    /// W of a layer.
    fn up(&mut self, layer: u32) -> TensorId {
        self.weights(&format!("W{layer}"), self.circuit.up(layer))
    }

    /// R of a layer.
    fn down(&mut self, layer: u32) -> TensorId {
        self.weights(&format!("R{layer}"), self.circuit.down(layer))
    }

    /// IP of a hidden layer.
    fn ip(&mut self, layer: u32) -> TensorId {
        self.weights(&format!("IP{layer}"), self.circuit.up(layer + 1))
    }

    /// PI of a hidden layer.
    fn pi(&mut self, layer: u32) -> TensorId {
        self.weights(&format!("PI{layer}"), self.circuit.down(layer + 1))
    }

    fn given_x(&mut self) -> TensorId {
        let layout = self.activity(self.circuit.units(0));
        self.builder.shared(Role::Input, X, layout)
    }

    fn given_target(&mut self) -> TensorId {
        let layout = self.activity(self.circuit.units(self.circuit.layers()));
        self.builder.shared(Role::Input, TARGET, layout)
    }

    /// Y = φ(X) of so many units, with a last one of 1 where `one`.
    fn rate(&mut self, what: &str, x: TensorId, (transfer, units, one): (TransferFunction, u32, bool), y: TensorId) {
        let problem = Problem::Transfer { units, batch: self.builder.batch(), transfer, one };
        self.builder.call(what, problem, &[(Slot::X, x), (Slot::Y, y)], "");
    }

    /// Delta = Y − φ(scale · V).
    fn error(&mut self, what: &str, (rate, v): (TensorId, TensorId), units: u32, scale: f64) -> TensorId {
        let (batch, transfer) = (self.builder.batch(), self.transfer());
        let problem = Problem::TransferError { units, batch, transfer, scale: scale as f32 };
        self.builder.call(what, problem, &[(Slot::Y, rate), (Slot::V, v)], &format!("{what} of rates"))
    }

    /// v_TD = R_{k+1}ᵀ r_{k+1} and v_A = v_TD + PI_kᵀ r_I, of a hidden layer: equation (4).
    fn apical(&mut self, layer: u32, (above, inter): (TensorId, TensorId), role: Role) -> (TensorId, TensorId) {
        let (r, pi) = (self.down(layer + 1), self.pi(layer));
        let down =
            self.builder.back(&format!("layer {layer} top-down"), (r, above), None, None, &format!("vTD{layer}"));
        let connection = self.circuit.down(layer + 1);
        let out = self.output(role, &apical(layer), self.circuit.units(layer));
        let problem = Problem::ConnectFeedback { connection, batch: self.builder.batch(), skip: true, gate: None };
        let given = [(Slot::R, pi), (Slot::Delta, inter), (Slot::Skip, down), (Slot::Below, out)];
        self.builder.call(&format!("layer {layer} apical"), problem, &given, "");
        (down, out)
    }

    /// All changes, each by a trace where the dynamics are continuous. They come when nothing reads weights any more.
    fn learn(&mut self, changes: &[Change]) {
        let circuit = self.circuit;
        let trace = circuit.trace_keep();
        for Change { name, connection, rate, delta, x } in changes {
            let mut into = vec![(Slot::W, self.weights(name, *connection))];
            if trace.is_some() {
                let layout = Layout::Weights(*connection);
                into.push((Slot::Trace, self.builder.shared(Role::State, &format!("{name}.trace"), layout)));
            }
            let learning = Learning { trace, ..Learning::new(*rate, None) };
            self.builder.outer(&format!("{name} update"), (*delta, *x), learning, &into);
        }
    }

    /// The rates that the output should have, as a readout.
    fn wanted(&mut self) {
        if self.circuit.source == Source::Pairs {
            let (target, top) = (self.given_target(), self.circuit.units(self.circuit.layers()));
            let wanted = self.output(Role::Readout, WANTED, top);
            self.rate("wanted rates", target, (self.transfer(), top, false), wanted);
        }
    }
}
